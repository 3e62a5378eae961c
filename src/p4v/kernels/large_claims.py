"""What members of very high cost hold above a point, or altogether.

Arrays are `(n,)`, one row for each group and member of a window. Amounts and the point are in one unit (cents x
millionths), months and full_months in one unit (such as millionths). The threshold is the point, or, where
`full_months` is given, point x months / full_months (prorated): a member without months then has a threshold of 0. A
negative amount is below every threshold.

Cost that a contract scales first (completes, normalises) by f: f x what the kernel gives at point / f.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from p4v.kernels.checked import Exact, Ints, exact, same_length, scaled, total


@dataclass(frozen=True, slots=True)
class Excess:
    """Dollars above the threshold, and the number of members above it."""

    dollars: Fraction
    members: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """What members at or above the threshold take with them."""

    dollars: Fraction
    months: int
    members: int


def excess(
    amount: Ints,
    months: Ints,
    whole: Ints,
    point: Fraction,
    full_months: int | None,
    whole_months: Ints | None = None,
) -> Excess:
    """Dollars above the threshold.

    One threshold over a move between groups: `whole`, and for a prorated threshold `whole_months`, are the member's
    over all groups of the window; the excess of the whole falls on the group in proportion amount / whole (less than
    nothing for a negative amount). Each group by itself: `whole` is `amount`. Raises `ValueError` for a point or
    months below 0, full_months below 1, or arrays of different lengths.

    Members of 300,000 and 90,000 at 125,000; then the same with six months of twelve each:

    >>> amount, months = np.array([300_000, 90_000]), np.array([6, 6])
    >>> excess(amount, months, amount, Fraction(125_000), None)
    Excess(dollars=Fraction(175000, 1), members=1)
    >>> excess(amount, months, amount, Fraction(125_000), 12)
    Excess(dollars=Fraction(265000, 1), members=2)

    A member of 200,000 over two groups, of which 150,000 with this one:

    >>> excess(np.array([150_000]), np.array([6]), np.array([200_000]), Fraction(125_000), None)
    Excess(dollars=Fraction(56250, 1), members=1)
    """
    parts, wholes = exact(amount), exact(whole)
    rate, units = _threshold(months if whole_months is None else whole_months, point, full_months)
    same_length(parts, wholes, units)
    rows = _reached(wholes, units, rate, np.greater)
    parts, wholes, units = parts[rows], wholes[rows], units[rows]
    stayed = parts == wholes
    dollars = total(wholes[stayed]) - rate * total(units[stayed])
    moved = ~stayed
    for part, all_of_it, unit in zip(parts[moved].tolist(), wholes[moved].tolist(), units[moved].tolist(), strict=True):
        dollars += Fraction(part, all_of_it) * (all_of_it - rate * unit)
    return Excess(dollars, rows.size)


def excluded(
    amount: Ints,
    months: Ints,
    point: Fraction,
    full_months: int | None,
    whole: Ints | None = None,
    whole_months: Ints | None = None,
) -> Excluded:
    """Dollars and months with the group of members at or above the threshold; who has no dollars is never excluded.

    `whole` and `whole_months`, where given, are the member's over all groups of the window, and decide. Raises
    `ValueError` as `excess` does.

    Of 4,800,000 over 12,000 months a member of 300,000 leaves, without and with the months:

    >>> gone = excluded(np.array([300_000, 199_999]), np.array([12, 12]), Fraction(200_000), None)
    >>> gone
    Excluded(dollars=Fraction(300000, 1), months=12, members=1)
    >>> (4_800_000 - gone.dollars) / 12_000, (4_800_000 - gone.dollars) / (12_000 - gone.months)
    (Fraction(375, 1), Fraction(125000, 333))
    """
    parts, own_months = exact(amount), exact(months)
    wholes = parts if whole is None else exact(whole)
    rate, units = _threshold(months if whole_months is None else whole_months, point, full_months)
    same_length(parts, own_months, wholes, units)
    rows = _reached(wholes, units, rate, np.greater_equal)
    return Excluded(Fraction(total(parts[rows])), total(own_months[rows]), rows.size)


def _threshold(months: Ints, point: Fraction, full_months: int | None) -> tuple[Fraction, Exact]:
    """A rate and units of which every member's threshold is the product: a month's part of the point, or the point."""
    units = exact(months)
    if point < 0 or (full_months is not None and full_months < 1) or np.any(units < 0):
        raise ValueError("a point and months of 0 or more wanted, and full months of 1 or more")
    if full_months is None:
        return point, np.ones_like(units)
    return point / full_months, units


def _reached(amounts: Exact, units: Exact, rate: Fraction, compare: np.ufunc) -> Ints:
    """The places of the rows above 0 whose amount compares so with rate x units: greater, or greater or equal."""
    # First the few that come near in whole numbers, so that the exact comparison may use numbers of any size.
    whole_rate = rate.numerator // rate.denominator
    near = np.flatnonzero((amounts > 0) & (amounts >= scaled(units, whole_rate)))
    sizes, thresholds = scaled(amounts[near], rate.denominator), scaled(units[near], rate.numerator)
    reached: NDArray[np.bool_] = compare(sizes, thresholds)
    return near[reached]
