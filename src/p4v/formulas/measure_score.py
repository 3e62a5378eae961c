"""A measure that comes as a score."""

from p4v.units import Measured


def rate(score: Measured) -> Measured:
    """The score as it is given.

    Source: p4v design, practice of settlement: kind `score`.

    >>> rate(Fraction(80))
    Fraction(80, 1)
    """
    return score


def performance(score: Measured) -> Measured:
    """The score as it is compared.

    Source: p4v design, practice of settlement: kind `score`.

    >>> performance(Fraction(80))
    Fraction(80, 1)
    """
    return score
