"""A sharing rate by the quality score."""

from p4v.primitives import step
from p4v.units import Rate, TableOf


def final_sharing_rate(quality_score: Rate, sharing_rates_by_quality_score: TableOf) -> Rate:
    """The share of the last row that the score reaches.

    Source: p4v design, terms of savings: a share by quality score.

    >>> ladder = Table.of_pairs([(Fraction(0), Fraction(30, 100)), (Fraction(8, 10), Fraction(50, 100))])
    >>> final_sharing_rate(Fraction(8, 10), ladder)
    Fraction(1, 2)
    """
    return step(quality_score, sharing_rates_by_quality_score)
