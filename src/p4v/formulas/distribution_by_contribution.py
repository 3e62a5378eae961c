"""A split by contribution."""

from p4v.primitives import allocated
from p4v.units import Usd, UsdList


def participant_share(amount: Usd, weights: UsdList, i: int) -> Usd:
    """One participant's share by what each contributed, in cents that add up; (p) -> ().

    Source: p4v design, terms of distribution: by contribution.

    >>> participant_share(Fraction(10), [Fraction(300), Fraction(100)], 1)
    Fraction(5, 2)
    """
    return allocated(amount, weights, i)
