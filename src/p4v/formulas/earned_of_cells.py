"""What is earned where parts of the population are settled apart."""

from p4v.primitives import total
from p4v.units import Usd, UsdList


def earned(parts: UsdList) -> Usd:
    """What all parts earned; (c) -> ().

    Source: p4v design, order of operations, case O8: settle apart.

    >>> earned([Fraction(100_000), Fraction(0)])
    Fraction(100000, 1)
    """
    return total(parts)
