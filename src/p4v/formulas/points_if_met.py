"""All points of a measure once its threshold is met."""

from p4v.primitives import when
from p4v.units import Flag, Points


def attainment_points(threshold_met: Flag, full_points: Points) -> Points:
    """All or nothing.

    Source: p4v design, terms of quality: a count of thresholds.

    >>> attainment_points(Fraction(1), Fraction(1))
    Fraction(1, 1)
    """
    return when(threshold_met == 1, full_points, 0)
