"""Points of a measure: attainment between threshold and target, improvement on the group's own prior result."""

from p4v.primitives import higher_of, lower_of, ratio, rounded, when
from p4v.units import Factor, Flag, Measured, Points, Test


def threshold_met(performance: Measured, threshold: Measured, better: Factor, scored: Flag) -> Test:
    """Whether a scored measure reached its threshold in its own direction: `better` is 1 for higher, -1 for lower.

    Source: p4v design, terms of quality: direction.

    >>> threshold_met(Fraction(8, 100), Fraction(8, 100), Fraction(-1), Fraction(1))
    True
    """
    return (scored == 1) & ((performance - threshold) * better >= 0)


def attainment_points(
    performance: Measured, threshold: Measured, target: Measured, full_points: Points, scored: Flag
) -> Points:
    """Nothing at the threshold, full points at the target, linear between them.

    Source: p4v design, terms of quality: threshold and target with linear points between.

    >>> attainment_points(Fraction(72, 100), Fraction(68, 100), Fraction(76, 100), Fraction(1), Fraction(1))
    Fraction(1, 2)
    """
    return when(
        scored == 1,
        full_points * lower_of(higher_of(ratio(performance - threshold, target - threshold, 0), 0), 1),
        0,
    )


def improvement(performance: Measured, prior_rate: Measured, better: Factor) -> Measured:
    """The change in the measure's own direction.

    Source: MassHealth ACO contract, improvement points: current less best prior year.

    >>> improvement(Fraction(5817, 10_000), Fraction(5454, 10_000), Fraction(1))
    Fraction(363, 10000)
    """
    return (performance - prior_rate) * better


def rounded_improvement(improvement: Measured, digits: int, rule: str) -> Measured:
    """The change to the contract's digits, after subtraction.

    Source: MassHealth ACO contract: the change is rounded to one decimal, 3.63 is 3.6.

    >>> rounded_improvement(Fraction(363, 10_000), 3, "half_up")
    Fraction(9, 250)
    """
    return rounded(improvement, digits, rule)


def points(attainment_points: Points, improvement_points: Points) -> Points:
    """The better of attainment and improvement.

    Source: p4v design, terms of quality: the better of two.

    >>> points(Fraction(1, 2), Fraction(3, 4))
    Fraction(3, 4)
    """
    return higher_of(attainment_points, improvement_points)


def maximum_points(full_points: Points, scored: Flag) -> Points:
    """The points that count in the denominator: none where the measure is not scored.

    Source: p4v design, terms of quality: small denominators.

    >>> maximum_points(Fraction(10), Fraction(0))
    Fraction(0, 1)
    """
    return when(scored == 1, full_points, 0)
