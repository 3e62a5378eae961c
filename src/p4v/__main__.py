"""The command `p4v`, also as `python -m p4v`: an interruption is told in a word from the first moment on."""

import sys


def main() -> None:
    """Runs the command line."""
    try:
        from p4v.cli import main as run  # noqa: PLC0415 - reading it takes a while, too

        run()
    except KeyboardInterrupt:
        _stop()


def _stop() -> None:
    from p4v.errors import INTERRUPTED  # noqa: PLC0415

    sys.stderr.write("interrupted; nothing was written\n")
    sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
