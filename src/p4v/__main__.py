"""The command `p4v`, also as `python -m p4v`: an interruption is told in a word from the first moment on."""

import gc
import os
import sys

_INTERRUPTED = 130
_NEW_OBJECTS = 100_000
"""How many objects are made before some are looked at again: nearly all of a command's live as long as it does."""


def main() -> None:
    """Runs the command line. Interrupted it ends at once, with that exit code, whatever a library makes of it."""
    gc.set_threshold(_NEW_OBJECTS)
    try:
        from p4v.cli import main as run  # noqa: PLC0415 - reading it takes a while, too

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was written\n")
    except SystemExit as end:
        if end.code != _INTERRUPTED:
            raise
    else:
        return
    sys.stderr.flush()
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
