"""Quality that moves the split on both sides."""

from p4v.primitives import higher_of, lower_of, step
from p4v.units import Rate, TableOf


def split_shift(quality_score: Rate, split_shifts: TableOf) -> Rate:
    """The points of the last row that the score reaches.

    Source: p4v design, terms of quality: a shift of the split on both sides.

    >>> shifts = Table.of_pairs([(Fraction(0), Fraction(-5, 100)), (Fraction(8, 10), Fraction(5, 100))])
    >>> split_shift(Fraction(9, 10), shifts)
    Fraction(1, 20)
    """
    return step(quality_score, split_shifts)


def final_sharing_rate(sharing_rate: Rate, split_shift: Rate) -> Rate:
    """The share of savings with the points of quality, within 0% and 100%.

    Source: p4v design, terms of quality: a shift of the split on both sides.

    >>> final_sharing_rate(Fraction(50, 100), Fraction(5, 100))
    Fraction(11, 20)
    """
    return lower_of(higher_of(sharing_rate + split_shift, 0), 1)


def final_loss_rate(loss_sharing_rate: Rate, split_shift: Rate) -> Rate:
    """The share of losses less the points of quality, within 0% and 100%.

    Source: p4v design, terms of quality: a shift of the split on both sides.

    >>> final_loss_rate(Fraction(50, 100), Fraction(5, 100))
    Fraction(9, 20)
    """
    return lower_of(higher_of(loss_sharing_rate - split_shift, 0), 1)
