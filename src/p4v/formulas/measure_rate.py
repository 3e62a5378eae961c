"""A measure that is a share of members."""

from p4v.primitives import ratio
from p4v.units import Count, Rate


def rate(numerator: Count, denominator: Count) -> Rate:
    """Members counted over members that could be.

    Source: p4v design, practice of settlement: kind `rate`.

    >>> rate(Fraction(784), Fraction(1_000))
    Fraction(98, 125)
    """
    return ratio(numerator, denominator, 0)


def performance(numerator: Count, denominator: Count) -> Rate:
    """The rate as it is compared: 0 where there is no denominator, which then carries no points.

    Source: p4v design, formulas: absent is 0 with a flag of 0.

    >>> performance(Fraction(0), Fraction(0))
    Fraction(0, 1)
    """
    return ratio(numerator, denominator, 0)
