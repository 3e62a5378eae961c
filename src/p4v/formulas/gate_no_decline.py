"""The gate of no decline against the prior period."""

from p4v.units import Factor, Flag, Measured, Rate, Test


def gate_met(quality_score: Rate, prior_quality_score: Rate, decline_tolerance: Rate) -> Test:
    """Whether the score was maintained or improved, but for the tolerance.

    Source: HealthLeaders Media, 8 July 2013: quality must be maintained or improved.

    >>> gate_met(Fraction(784, 1000), Fraction(784, 1000), Fraction(0))
    True
    """
    return quality_score >= prior_quality_score - decline_tolerance


def gate_distance(quality_score: Rate, prior_quality_score: Rate, decline_tolerance: Rate) -> Rate:
    """The points above the prior score and the tolerance; negative is the decline.

    Source: p4v's own reading of a gate.

    >>> gate_distance(Fraction(783, 1000), Fraction(784, 1000), Fraction(0))
    Fraction(-1, 1000)
    """
    return quality_score - (prior_quality_score - decline_tolerance)


def maintained(
    performance: Measured, prior_rate: Measured, better: Factor, decline_tolerance: Rate, scored: Flag
) -> Test:
    """Whether one measure did not get worse, in its own direction, but for the tolerance; one not scored did not.

    Source: p4v design, terms of quality: no decline of each, with a tolerance.

    >>> maintained(Fraction(8, 100), Fraction(7, 100), Fraction(-1), Fraction(0), Fraction(1))
    False
    """
    return (scored == 0) | ((performance - prior_rate) * better + decline_tolerance >= 0)
