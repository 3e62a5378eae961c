"""A point read off the amounts of many: nearest rank, an element of the data.

The k-th smallest of n amounts, k = share x n rounded up, in whole numbers. Any other definition has another name.
"""

from collections import Counter
from fractions import Fraction

import numpy as np

from p4v.kernels.checked import Exact, Ints, exact, same_length


def rank(share: Fraction, count: int) -> int:
    """Which of `count` ordered elements stands at a share, from 1. Raises `ValueError` outside (0, 1], or for none.

    >>> rank(Fraction(99, 100), 200), rank(Fraction(99, 100), 201)
    (198, 199)
    """
    if not 0 < share <= 1:
        raise ValueError("a share above 0 and at most 1 wanted")
    if count < 1:
        raise ValueError("there are no amounts to rank")
    return -(-share.numerator * count // share.denominator)


def nearest_rank(amounts: Ints, share: Fraction) -> int:
    """The amount `(n,)` at a share of the members.

    >>> nearest_rank(np.array([400, 100, 300, 200]), Fraction(1, 2))
    200
    """
    values = exact(amounts)
    return _smallest(values, rank(share, values.size))


def annualised_rank(amounts: Ints, months: Ints, full_months: int, share: Fraction) -> Fraction:
    """The annualised amount, amount x full_months / months, at a share of the members; amounts and months `(n,)`.

    Raises `ValueError` for members without months, for whom there is no such amount.

    1,200 in twelve months, 900 in three (3,600 a year), 700 in six (1,400):

    >>> annualised_rank(np.array([1200, 900, 700]), np.array([12, 3, 6]), 12, Fraction(2, 3))
    Fraction(1400, 1)
    """
    values, units = exact(amounts), exact(months)
    same_length(values, units)
    k = rank(share, values.size)
    if units.min() < 1:
        raise ValueError("a member without months has no annualised amount")
    # Rounding down keeps the order, so that the k-th smallest is among those with the k-th smallest whole part.
    wholes = values // units
    whole = _smallest(wholes, k)
    tied = wholes == whole
    before = int(np.count_nonzero(wholes < whole))
    return (whole + _among((values - wholes * units)[tied], units[tied], k - before)) * full_months


def _smallest(values: Exact, k: int) -> int:
    return int(np.partition(values, k - 1)[k - 1])


def _among(rests: Exact, units: Exact, k: int) -> Fraction:
    """The k-th smallest of rests / units."""
    counts: Counter[Fraction] = Counter()
    for (rest, unit), count in Counter(zip(rests.tolist(), units.tolist(), strict=True)).items():
        counts[Fraction(rest, unit)] += count
    ordered = sorted(counts)
    reached = np.cumsum([counts[value] for value in ordered])
    return ordered[int(np.searchsorted(reached, k))]
