"""The gate on the side of losses."""

from p4v.units import Rate


def minimum_loss_rate(minimum_savings_rate: Rate) -> Rate:
    """The minimum savings rate on the other side of zero.

    Source: 42 CFR 425.606(b).

    >>> minimum_loss_rate(Fraction(2, 100))
    Fraction(-1, 50)
    """
    return 0 - minimum_savings_rate
