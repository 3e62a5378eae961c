"""Points in proportion to the gap that was closed."""

from p4v.primitives import higher_of, lower_of, ratio, when
from p4v.units import Factor, Flag, Measured, Points


def improvement_points(
    performance: Measured,
    prior_rate: Measured,
    target: Measured,
    better: Factor,
    improvement_points_if_met: Points,
    scored: Flag,
) -> Points:
    """The part of the gap to the target that was closed; all of it where the target was and is reached.

    Source: p4v design, terms of quality: improvement on the group's own prior.

    >>> improvement_points(
    ...     Fraction(70, 100), Fraction(66, 100), Fraction(76, 100), Fraction(1), Fraction(1), Fraction(1)
    ... )
    Fraction(2, 5)
    """
    return when(
        scored == 1,
        improvement_points_if_met
        * when(
            (target - prior_rate) * better > 0,
            lower_of(higher_of(ratio(performance - prior_rate, target - prior_rate, 0), 0), 1),
            when((performance - target) * better >= 0, 1, 0),
        ),
        0,
    )
