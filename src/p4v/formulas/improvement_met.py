"""Improvement points that are earned or not."""

from p4v.primitives import when
from p4v.units import Factor, Flag, Measured, Points, Rate


def improvement_wanted(target: Measured, threshold: Measured, better: Factor, improvement_share: Rate) -> Measured:
    """A fraction of target less threshold.

    Source: MassHealth ACO contract: a fifth of goal less attainment threshold.

    >>> improvement_wanted(Fraction(655, 1000), Fraction(550, 1000), Fraction(1), Fraction(1, 5))
    Fraction(21, 1000)
    """
    return (target - threshold) * better * improvement_share


def improvement_points(
    improvement: Measured, improvement_wanted: Measured, improvement_points_if_met: Points, scored: Flag
) -> Points:
    """All points once the change reaches what is wanted.

    Source: MassHealth ACO contract: points if the change is at least the improvement target.

    >>> improvement_points(Fraction(36, 1000), Fraction(21, 1000), Fraction(5), Fraction(1))
    Fraction(5, 1)
    """
    return when((scored == 1) & (improvement >= improvement_wanted), improvement_points_if_met, 0)
