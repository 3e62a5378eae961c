"""Who counts: members with enough months, the size of a panel, and months that are there twice."""

import numpy as np
from numpy.typing import NDArray

from p4v.kernels.checked import Ints, exact, same_length


def enough_months(months: Ints, minimum: int) -> NDArray[np.bool_]:
    """Whether each member `(n,)` has at least so many months, in one unit.

    >>> enough_months(np.array([2, 3, 4]), 3).tolist()
    [False, True, True]
    """
    return exact(months) >= minimum


def members_with_months(codes: Ints, months: Ints, groups: int) -> list[int]:
    """How many members of each group have a month, group 0 first; one row `(n,)` for each member of a group.

    Raises `ValueError` for codes outside 0 to groups - 1.

    >>> members_with_months(np.array([0, 0, 2]), np.array([12, 0, 1]), 3)
    [1, 0, 1]
    """
    places, units = exact(codes), exact(months)
    same_length(places, units)
    counts = np.bincount(places[units > 0], minlength=groups)
    if counts.size > groups:
        raise ValueError(f"codes from 0 to below {groups} wanted")
    return [int(count) for count in counts]


def average_members(months: int, full_months: int) -> int:
    """Member months over the months of the period, in one unit, rounded down.

    >>> average_members(59_999, 12)
    4999
    """
    return months // full_months


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
