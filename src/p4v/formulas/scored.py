"""Whether a measure counts."""

from p4v.units import Size, Test


def scored(denominator: Size, minimum_denominator: Size) -> Test:
    """Whether the denominator is large enough, and not zero.

    Source: p4v design, terms of quality: not scored below a minimum.

    >>> scored(Fraction(29), Fraction(30))
    False
    """
    return (denominator >= minimum_denominator) & (denominator > 0)
