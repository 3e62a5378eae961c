"""A share of losses that the contract states."""

from p4v.units import Rate


def final_loss_rate(loss_sharing_rate: Rate) -> Rate:
    """The stated share, whatever the quality.

    Source: 42 CFR 425.605(d).

    >>> final_loss_rate(Fraction(30, 100))
    Fraction(3, 10)
    """
    return loss_sharing_rate
