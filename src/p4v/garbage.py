"""How often Python looks for objects that nobody needs any more: seldom, where nearly all live to the end."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_OBJECTS = 100_000
"""How many objects are made before some are looked at again."""


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Around work that makes many objects which live as long as it does; afterwards all is as it was."""
    before = gc.get_threshold()
    gc.set_threshold(max(NEW_OBJECTS, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
