"""Whether a measure without a minimum denominator counts."""

from p4v.units import Size, Test


def scored(denominator: Size) -> Test:
    """Whether there is a denominator at all.

    Source: p4v design, terms of quality: a zero denominator is a named state, never a 0% rate.

    >>> scored(Fraction(0))
    False
    """
    return denominator > 0
