"""A share of losses that is what the sharing rate leaves."""

from p4v.primitives import higher_of, lower_of
from p4v.units import Rate


def final_loss_rate(final_sharing_rate: Rate, lowest_loss_sharing_rate: Rate, highest_loss_sharing_rate: Rate) -> Rate:
    """The complement of the final sharing rate, within bounds.

    Source: p4v design, terms of savings and losses: the complement of the gain share within bounds.

    >>> final_loss_rate(Fraction(70, 100), Fraction(40, 100), Fraction(60, 100))
    Fraction(2, 5)
    """
    return lower_of(higher_of(1 - final_sharing_rate, lowest_loss_sharing_rate), highest_loss_sharing_rate)
