"""Whole numbers that look random and are the same on every machine: the raw stream of PCG64, whose words are fixed."""

import hashlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
_LOW_BITS = 32


class Draws:
    """A stream of its own for each name.

    >>> Draws("an example").below(6, 8).tolist()
    [2, 3, 5, 5, 0, 2, 5, 1]
    """

    def __init__(self, name: str) -> None:
        seed = int.from_bytes(hashlib.sha256(f"p4v demo: {name}".encode()).digest()[:16])
        self._bits = np.random.PCG64(seed)

    def below(self, bound: int, size: int | tuple[int, ...]) -> Ints:
        """Whole numbers from 0 to `bound` - 1, `bound` below 2^31."""
        shape = (size,) if isinstance(size, int) else size
        words = self._bits.random_raw(int(np.prod(shape, dtype=np.int64)))
        # the upper half of each word, times the bound, over 2^32: a product and a shift, no division
        found = ((words >> np.uint64(_LOW_BITS)) * np.uint64(bound)) >> np.uint64(_LOW_BITS)
        return found.astype(np.int64).reshape(shape)

    def shuffled(self, size: int) -> Ints:
        """The whole numbers from 0 to `size` - 1 in another order."""
        return np.argsort(self._bits.random_raw(size), kind="stable")
