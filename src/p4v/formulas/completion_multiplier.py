"""Completion of outstanding claims: the factor multiplies."""

from p4v.units import Factor, Usd


def completed_expenditure(amount: Usd, completion_factor: Factor) -> Usd:
    """Reported dollars x the factor.

    Source: p4v design, practice of settlement: 96,000 at 0.96 is 92,160.00 under this convention.

    >>> completed_expenditure(Fraction(96_000), Fraction(96, 100))
    Fraction(92160, 1)
    """
    return amount * completion_factor
