"""The command `p4v`, also as `python -m p4v`: an interruption is told in a word from the first moment on."""

import os
import sys

_INTERRUPTED = 130


def main() -> None:
    """Runs the command line. Interrupted it ends at once, with that exit code, whatever a library makes of it."""
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
