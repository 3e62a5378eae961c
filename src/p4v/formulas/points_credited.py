"""A measure that was retired in the year and counts as met."""

from p4v.units import Points


def points(full_points: Points) -> Points:
    """Full credit.

    Source: p4v design, practice of settlement: weights 25% and others 80, 60, 100 give 85.00% with full credit.

    >>> points(Fraction(1))
    Fraction(1, 1)
    """
    return full_points


def maximum_points(full_points: Points) -> Points:
    """What counts in the denominator.

    Source: p4v design, practice of settlement: full credit.

    >>> maximum_points(Fraction(1))
    Fraction(1, 1)
    """
    return full_points
