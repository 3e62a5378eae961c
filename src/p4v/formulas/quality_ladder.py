"""What quality leaves of the group's share: a ladder of multipliers."""

from p4v.primitives import step
from p4v.units import Rate, TableOf, Usd


def savings_after_quality(amount: Usd, quality_score: Rate, quality_ladder: TableOf) -> Usd:
    """The part of the last row that the score reaches.

    Source: p4v design, terms of quality: a ladder.

    >>> ladder = Table.of_pairs([(Fraction(0), Fraction(0)), (Fraction(6, 10), Fraction(1, 2))])
    >>> savings_after_quality(Fraction(1_000), Fraction(7, 10), ladder)
    Fraction(500, 1)
    """
    return amount * step(quality_score, quality_ladder)
