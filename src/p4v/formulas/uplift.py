"""Percentage points on the next period's fee schedule."""

from p4v.primitives import higher_of, lower_of, step, total, when
from p4v.units import Count, Rate, RateList, TableOf


def quality_row(quality_score: Rate, quality_rows: TableOf) -> Count:
    """Which row of the savings-by-quality table applies, counted from 1: the last that the score reaches.

    Source: p4v design, contract shapes: a savings-by-quality table.

    >>> quality_row(Fraction(7, 10), Table.of_pairs([(Fraction(0), Fraction(1)), (Fraction(6, 10), Fraction(2))]))
    Fraction(2, 1)
    """
    return step(quality_score, quality_rows)


def points_of_row(savings_rate: Rate, uplift_by_savings: TableOf, quality_row: Count, row: int) -> Rate:
    """The points of one row at the savings rate, where that row applies; a loss reads the first column.

    Source: p4v design, contract shapes: a savings-by-quality table.

    >>> by_savings = Table.of_pairs([(Fraction(0), Fraction(0)), (Fraction(2, 100), Fraction(1, 100))])
    >>> points_of_row(Fraction(3, 100), by_savings, Fraction(2), 2)
    Fraction(1, 100)
    """
    return when(quality_row == row, step(higher_of(savings_rate, 0), uplift_by_savings), 0)


def uplift_points(rows: RateList) -> Rate:
    """The points of the row that applies; (r) -> ().

    Source: p4v design, contract shapes: a savings-by-quality table.

    >>> uplift_points([Fraction(0), Fraction(1, 100)])
    Fraction(1, 100)
    """
    return total(rows)


def uplift_with_carried(uplift_points: Rate, carried_uplift: Rate) -> Rate:
    """The points of this period and those carried from the one before.

    Source: p4v design, contract shapes: carry-forward.

    >>> uplift_with_carried(Fraction(5, 100), Fraction(2, 100))
    Fraction(7, 100)
    """
    return uplift_points + carried_uplift


def fee_schedule_uplift(amount: Rate, highest_uplift: Rate) -> Rate:
    """Never more than the most of one period.

    Source: p4v design, nine contracts: up to 3 clinical and 3 financial points.

    >>> fee_schedule_uplift(Fraction(7, 100), Fraction(6, 100))
    Fraction(3, 50)
    """
    return lower_of(amount, highest_uplift)


def uplift_carried_forward(amount: Rate, highest_uplift: Rate) -> Rate:
    """What lies above the most of one period.

    Source: p4v design, contract shapes: carry-forward.

    >>> uplift_carried_forward(Fraction(7, 100), Fraction(6, 100))
    Fraction(1, 100)
    """
    return higher_of(amount - highest_uplift, 0)
