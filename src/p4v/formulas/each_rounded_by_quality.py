"""Shares by quality points, each rounded on its own."""

from p4v.primitives import ratio, rounded, total
from p4v.units import Points, PointsList, Usd


def participant_share(amount: Usd, weight: Points, weights: PointsList, places: int, rule: str) -> Usd:
    """One participant's share by quality points, rounded on its own; (p) -> ().

    Source: HL7 Da Vinci value-based performance reporting: each cell rounded to the cent on its own.

    >>> participant_share(Fraction(11_900), Fraction(50), [Fraction(50), Fraction(250)], 2, "half_up")
    Fraction(198333, 100)
    """
    return rounded(amount * ratio(weight, total(weights), 0), places, rule)
