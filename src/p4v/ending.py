"""The end of a process that has closed everything: what it has said goes out, and the system takes the rest back."""

import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """Ends the process with this exit code. Python would take each object apart first, which after a settlement takes
    half a second.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # whoever listened has gone: as Python ends it
        raise SystemExit(code) from None
    os._exit(code)
