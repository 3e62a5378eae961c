"""Months that a member has more than once."""

import numpy as np
from numpy.typing import NDArray

from p4v.kernels.checked import Ints, exact, same_length


def months_twice(bits: Ints, count: Ints) -> NDArray[np.bool_]:
    """Whether a member has a month more than once, from the sum of 2^month over the rows, and the number of rows.

    The sum has as many bits set as there are rows exactly where no month repeats; for months 0 to 61. Raises
    `ValueError` for sums or counts below 0.

    >>> months_twice(np.array([0b111, 0b100]), np.array([3, 2])).tolist()
    [False, True]
    """
    sums, rows = exact(bits), exact(count)
    same_length(sums, rows)
    if np.any(sums < 0) or np.any(rows < 0):
        raise ValueError("sums of month bits and counts of 0 or more wanted")
    return np.bitwise_count(sums) < rows
