"""The gates of quality: a score, a count, measures that must be met, no decline."""

from p4v.units import Rate, Test


def gate_met(quality_score: Rate, minimum_quality_score: Rate) -> Test:
    """Whether the score reaches the minimum.

    Source: p4v design, terms of quality: a minimum score.

    >>> gate_met(Fraction(6, 10), Fraction(6, 10))
    True
    """
    return quality_score >= minimum_quality_score


def gate_distance(quality_score: Rate, minimum_quality_score: Rate) -> Rate:
    """The points above the minimum; negative is what was missing.

    Source: p4v design, terms of quality: a minimum score.

    >>> gate_distance(Fraction(7, 10), Fraction(6, 10))
    Fraction(1, 10)
    """
    return quality_score - minimum_quality_score
