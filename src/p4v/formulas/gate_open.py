"""No minimum rate: the two sides of zero."""

from p4v.primitives import higher_of
from p4v.units import Usd


def generated_savings(amount: Usd) -> Usd:
    """Savings from the first dollar.

    Source: p4v design, formulas: two-sided terms are two paths.

    >>> generated_savings(Fraction(-5))
    Fraction(0, 1)
    """
    return higher_of(amount, 0)


def generated_losses(amount: Usd) -> Usd:
    """Losses from the first dollar. A loss is positive here.

    Source: p4v design, formulas: two-sided terms are two paths.

    >>> generated_losses(Fraction(-5))
    Fraction(5, 1)
    """
    return higher_of(0 - amount, 0)
