"""Completion of outstanding claims: the factor is the part that is complete."""

from p4v.primitives import ratio
from p4v.units import Factor, Usd


def completed_expenditure(amount: Usd, completion_factor: Factor) -> Usd:
    """Reported dollars over the part that is complete.

    Source: p4v design, practice of settlement: 96,000 at 0.96 is 100,000.00.

    >>> completed_expenditure(Fraction(96_000), Fraction(96, 100))
    Fraction(100000, 1)
    """
    return ratio(amount, completion_factor, 0)
