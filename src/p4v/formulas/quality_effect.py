"""What quality leaves of the group's share: the score as a multiplier."""

from p4v.units import Rate, Usd


def savings_after_quality(amount: Usd, quality_score: Rate) -> Usd:
    """The score's part of the share.

    Source: p4v design, third acceptance scenario: 1,035,000 x 90% is 931,500.

    >>> savings_after_quality(Fraction(1_035_000), Fraction(9, 10))
    Fraction(931500, 1)
    """
    return amount * quality_score
