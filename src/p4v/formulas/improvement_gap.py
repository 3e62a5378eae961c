"""A share of the gap to the target."""

from p4v.primitives import higher_of
from p4v.units import Factor, Measured, Rate


def improvement_wanted(target: Measured, prior_rate: Measured, better: Factor, improvement_share: Rate) -> Measured:
    """A share of what was missing to the target; nothing where it was reached before.

    Source: p4v design, terms of quality: share of the gap closed.

    >>> improvement_wanted(Fraction(76, 100), Fraction(66, 100), Fraction(1), Fraction(1, 10))
    Fraction(1, 100)
    """
    return higher_of((target - prior_rate) * better, 0) * improvement_share
