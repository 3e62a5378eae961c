"""A cap that is an amount."""

from p4v.primitives import lower_of
from p4v.units import Usd


def capped_savings(amount: Usd, payment_cap: Usd) -> Usd:
    """Never more than the amount.

    Source: p4v design, terms of savings: cap on the payment after sharing.

    >>> capped_savings(Fraction(500), Fraction(400))
    Fraction(400, 1)
    """
    return lower_of(amount, payment_cap)
