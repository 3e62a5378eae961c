"""What a lag triangle says of completion: dollars paid by run-out age, and the part that is paid at each.

Months are numbers, year x 12 + month - 1.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import numpy as np

from p4v.kernels.checked import Ints, exact, grouped_totals, same_length


@dataclass(frozen=True, slots=True)
class Triangle:
    """Dollars paid by run-out age, added up: `paid[i][age]` for `months[i]`, up to the age that the month has."""

    months: tuple[int, ...]
    paid: tuple[tuple[int, ...], ...]


def cumulative_paid(incurred: Ints, paid: Ints, amounts: Ints, through: int) -> Triangle:
    """The lag triangle of payments `(n,)` made through a month; later ones are left out.

    Raises `ValueError` for a payment before its month.

    >>> cumulative_paid(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([60, 30, 70]), 1)
    Triangle(months=(0, 1), paid=((60, 90), (70,)))
    """
    months, when, values = exact(incurred), exact(paid), exact(amounts)
    same_length(months, when, values)
    if np.any(when < months):
        raise ValueError("a claim is paid in its month or later")
    known = when <= through
    rows, places = np.unique(months[known], return_inverse=True)
    starts = rows.tolist()
    width = through - starts[0] + 1 if starts else 0
    cells = grouped_totals(places * width + (when - months)[known], values[known], len(starts) * width)
    ends = [place * width + through - month + 1 for place, month in enumerate(starts)]
    paid_by_age = tuple(tuple(accumulate(cells[place * width : end])) for place, end in enumerate(ends))
    return Triangle(tuple(starts), paid_by_age)


def percent_complete(triangle: Triangle) -> tuple[Fraction | None, ...]:
    """The part of its dollars that is paid at each run-out age, from age 0, by chain-ladder; the last age counts as 1.

    From one age to the next, dollars grow as those of all months did that have reached the next. None where they say
    nothing: nothing was paid by that age or, by all months together, nothing by a later one.

    >>> percent_complete(Triangle(months=(0, 1), paid=((60, 90), (70,))))
    (Fraction(2, 3), Fraction(1, 1))
    """
    parts: list[Fraction | None] = [Fraction(1)]
    for age in range(max(map(len, triangle.paid), default=1) - 1, 0, -1):
        rows = [row for row in triangle.paid if len(row) > age]
        now, later = sum(row[age - 1] for row in rows), sum(row[age] for row in rows)
        part = parts[-1]
        parts.append(part * now / later if part is not None and now > 0 and later > 0 else None)
    return tuple(reversed(parts))
