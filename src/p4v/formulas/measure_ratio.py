"""A measure of observed to expected events."""

from p4v.primitives import ratio
from p4v.units import Count, Factor


def rate(observed: Count, expected: Count) -> Factor:
    """Observed over expected events.

    Source: p4v design, practice of settlement: kind `ratio`.

    >>> rate(Fraction(45), Fraction(50))
    Fraction(9, 10)
    """
    return ratio(observed, expected, 0)


def performance(observed: Count, expected: Count) -> Factor:
    """The ratio as it is compared: 0 where nothing was expected.

    Source: p4v design, practice of settlement: kind `ratio`.

    >>> performance(Fraction(45), Fraction(50))
    Fraction(9, 10)
    """
    return ratio(observed, expected, 0)
