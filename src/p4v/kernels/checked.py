"""Sums and products of whole numbers that cannot wrap.

numpy lets int64 wrap without a word, so that every product and every sum is checked before it is made: the largest
size times the largest size, and the number of addends times the largest size, against 2^63. What does not fit is made
of smaller parts or of Python's own numbers, and is exact all the same.
"""

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Exact = NDArray[Any]
"""int64, or Python ints (dtype object) where a number does not fit."""
LARGEST = 2**63 - 1


def exact(values: ArrayLike) -> Exact:
    """The values as int64, or as Python ints where they are that already or do not fit.

    Raises `TypeError` for numbers that are not whole by type, such as float64.

    >>> exact([True, False]).tolist()
    [1, 0]
    """
    array = np.asarray(values)
    if array.dtype == object:
        return array
    if array.dtype.kind not in ("i", "u", "b") and array.size > 0:
        raise TypeError(f"whole numbers wanted, not {array.dtype}")
    return np.asarray(array, object if array.dtype == np.uint64 else np.int64)


def largest(values: ArrayLike) -> int:
    """The largest size among the values, 0 where there is none. The size of -2^63 is 2^63.

    >>> largest([3, -7, 5])
    7
    """
    array = exact(values)
    if array.size == 0:
        return 0
    return max(index(array.max()), -index(array.min()))


def same_length(*arrays: Exact) -> None:
    """Raises `ValueError` for arrays of different shapes: a shorter one would be repeated, or cut, without a word.

    >>> same_length(exact([1, 2]), exact([3]))
    Traceback (most recent call last):
    ValueError: arrays of one length wanted, not (2,) and (1,)
    """
    if len({array.shape for array in arrays}) > 1:
        raise ValueError(f"arrays of one length wanted, not {' and '.join(str(array.shape) for array in arrays)}")


def total(values: ArrayLike) -> int:
    """The sum of whole numbers of any shape.

    >>> total(np.full(95_000, 99_999_999_999 * 10**6))
    9499999999905000000000
    """
    array = exact(values).ravel()
    # As many addends at a time as can be added without leaving int64; their sums are added as Python ints.
    fit = max(LARGEST // max(largest(array), 1), 1)
    return index(sum(np.add.reduceat(array, np.arange(0, array.size, fit)).tolist()))


def scaled(values: ArrayLike, factor: int) -> Exact:
    """The values times a whole number: int64 where every product fits, else Python ints.

    >>> scaled([1, -2], 3).dtype.name, scaled([2**40], 2**40).dtype.name
    ('int64', 'object')
    """
    array = exact(values)
    return _wide(array, abs(factor)) * factor


def weighted(columns: ArrayLike, weights: Sequence[int]) -> Exact:
    """The sum of columns `(n, k)`, each times a whole number: int64 where every sum fits, else Python ints.

    Raises `ValueError` for another number of weights.

    >>> weighted([[1, 2], [3, -4]], [10, 1]).tolist()
    [12, 26]
    """
    array = exact(columns)
    if array.ndim != 2 or array.shape[1] != len(weights):
        raise ValueError(f"{len(weights)} columns wanted, not the shape {array.shape}")
    if len(weights) == 1 and weights[0] == 1:
        return array[:, 0]
    size = sum(largest(array[:, place]) * abs(weight) for place, weight in enumerate(weights))
    wide = array if size <= LARGEST else array.astype(object)
    sums = np.zeros(len(array), wide.dtype)
    for place, weight in enumerate(weights):
        sums += wide[:, place] * weight
    return sums


def _wide(array: Exact, size: int) -> Exact:
    """The array, as Python ints where it could not be multiplied by a number of this size."""
    return array if max(largest(array), 1) * size <= LARGEST else array.astype(object)


def grouped_totals(codes: ArrayLike, values: ArrayLike, groups: int) -> list[int]:
    """The sum of the values of each group, group 0 first; 0 for a group without any.

    `codes` and `values` are `(n,)`, codes from 0 to groups - 1. Raises `ValueError` for other codes or lengths.

    >>> grouped_totals([0, 2, 0], [5, 7, -1], 3)
    [4, 0, 7]
    """
    places, array = exact(codes), exact(values)
    same_length(places, array)
    if array.size and not 0 <= places.min() <= places.max() < groups:
        raise ValueError(f"codes from 0 to below {groups} wanted")
    return _grouped(places, array, groups)


def _grouped(places: Ints, array: Exact, groups: int) -> list[int]:
    most = int(np.bincount(places, minlength=1).max())
    if most * largest(array) <= LARGEST:
        sums = np.zeros(groups, np.int64)
        np.add.at(sums, places, np.asarray(array, np.int64))
        return sums.tolist()
    # A number is its upper part x 2^32 and its lower 32 bits; sums of either fit for two thousand million addends.
    upper = _grouped(places, array >> 32, groups)
    lower = _grouped(places, array & 0xFFFFFFFF, groups)
    return [(high << 32) + low for high, low in zip(upper, lower, strict=True)]
