"""Points of a measure without improvement."""

from p4v.units import Points


def points(attainment_points: Points) -> Points:
    """Attainment alone.

    Source: p4v design, terms of quality: points.

    >>> points(Fraction(1, 2))
    Fraction(1, 2)
    """
    return attainment_points
