"""Claims not yet paid: run-out age, dollars completed by factor, and what a lag triangle says of completion.

Months are numbers, year x 12 + month - 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Literal

import numpy as np

from p4v.kernels.checked import Exact, Ints, exact, grouped_totals, same_length

Convention = Literal["percent_complete", "multiplier"]


def run_out_age(incurred: Ints, paid_through: int) -> Exact:
    """Months from the incurred month `(n,)` to the month through which claims are paid; below 0 for later months.

    >>> run_out_age(np.array([24168, 24179]), 24182).tolist()
    [14, 3]
    """
    return paid_through - exact(incurred)


def step_reached(ages: Ints, starts: Sequence[int]) -> Ints:
    """The place of the last start that each age `(n,)` has reached, -1 below the first; starts ascend.

    >>> step_reached(np.array([2, 3, 5, 6]), [3, 6]).tolist()
    [-1, 0, 0, 1]
    """
    return np.searchsorted(np.asarray(starts), exact(ages), side="right") - 1


@dataclass(frozen=True, slots=True)
class Completed:
    """Reported dollars, and what they come to when all claims are paid."""

    reported: Fraction
    completed: Fraction

    @property
    def outstanding(self) -> Fraction:
        """Dollars still to be paid; less than nothing where recoveries are still to come."""
        return self.completed - self.reported


def completed(amounts: Ints, steps: Ints, factors: Sequence[Fraction], convention: Convention) -> Completed:
    """Amounts `(n,)`, each at the factor of its step: over the part that is complete, or times a multiplier.

    Raises `ValueError` for a step without factor, or a factor that is not above 0.

    >>> completed(np.array([96_000]), np.array([0]), [Fraction(96, 100)], "percent_complete").completed
    Fraction(100000, 1)
    >>> completed(np.array([96_000]), np.array([0]), [Fraction(96, 100)], "multiplier").completed
    Fraction(92160, 1)
    """
    if any(factor <= 0 for factor in factors):
        raise ValueError("a completion factor above 0 wanted")
    totals = grouped_totals(steps, amounts, len(factors))
    pairs = list(zip(totals, factors, strict=True))
    grown = [amount / factor if convention == "percent_complete" else amount * factor for amount, factor in pairs]
    return Completed(Fraction(sum(totals)), sum(grown, start=Fraction(0)))


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
