"""The command `p4v`, also as `python -m p4v`: an interruption is told in a word from the first moment on."""

import gc
import sys

from p4v.ending import leave
from p4v.garbage import NEW_OBJECTS

_INTERRUPTED = 130


def main() -> None:
    """Runs the command line. Interrupted it ends at once, with that exit code, whatever a library makes of it."""
    gc.set_threshold(NEW_OBJECTS)
    code = 0
    try:
        from p4v.cli import main as run  # noqa: PLC0415 - reading it takes a while, too

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was written\n")
        code = _INTERRUPTED
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        code = end.code or 0
    leave(code)


if __name__ == "__main__":
    main()
