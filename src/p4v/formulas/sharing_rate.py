"""The sharing rate that quality leaves of the highest."""

from p4v.primitives import when
from p4v.units import Flag, Rate


def quality_factor(
    quality_score: Rate,
    met_quality_standard: Flag,
    met_alternative_standard: Flag,
    score_scales_sharing_rate: Flag,
    alternative_standard_counts: Flag,
) -> Rate:
    """The part of the highest sharing rate that quality earns.

    With the standard met: the quality score where it scales the rate, else all. With only the alternative standard met,
    where that counts: the quality score. Otherwise nothing.

    Source: 42 CFR 425.604(d), 425.605(d), as amended by 85 FR 84472 and 87 FR 69404.

    >>> quality_factor(Fraction(9, 10), Fraction(1), Fraction(0), Fraction(1), Fraction(0))
    Fraction(9, 10)
    >>> quality_factor(Fraction(9, 10), Fraction(0), Fraction(1), Fraction(0), Fraction(1))
    Fraction(9, 10)
    """
    return when(
        met_quality_standard == 1,
        when(score_scales_sharing_rate == 1, quality_score, 1),
        when((met_alternative_standard == 1) & (alternative_standard_counts == 1), quality_score, 0),
    )


def final_sharing_rate(maximum_sharing_rate: Rate, quality_factor: Rate) -> Rate:
    """The highest sharing rate x the part that quality earns.

    Source: 42 CFR 425.604(d).

    >>> final_sharing_rate(Fraction(1, 2), Fraction(9, 10))
    Fraction(9, 20)
    """
    return maximum_sharing_rate * quality_factor
