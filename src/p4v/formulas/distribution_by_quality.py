"""A split by quality points."""

from p4v.primitives import allocated
from p4v.units import PointsList, Usd


def participant_share(amount: Usd, weights: PointsList, i: int) -> Usd:
    """One participant's share by quality points, in cents that add up; (p) -> ().

    Source: p4v design, terms of distribution: by quality.

    >>> participant_share(Fraction(10), [Fraction(3), Fraction(1)], 1)
    Fraction(5, 2)
    """
    return allocated(amount, weights, i)
