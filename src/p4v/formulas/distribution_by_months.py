"""A split by member months."""

from p4v.primitives import allocated
from p4v.units import MemberMonthsList, Usd


def participant_share(amount: Usd, weights: MemberMonthsList, i: int) -> Usd:
    """One participant's share by member months, in cents that add up; (p) -> ().

    Source: p4v design, fourth acceptance scenario: 357,158.00 by months is 208,342.17 and 148,815.83.

    >>> participant_share(Fraction(357_158), [Fraction(84_000), Fraction(60_000)], 0)
    Fraction(20834217, 100)
    """
    return allocated(amount, weights, i)
