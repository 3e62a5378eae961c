"""A cap that is a share of gross savings."""

from p4v.primitives import higher_of, lower_of
from p4v.units import Rate, Usd


def capped_savings(amount: Usd, gross_savings: Usd, payment_cap_of_gross_savings: Rate) -> Usd:
    """Never more than a share of gross savings.

    Source: p4v design, nine contracts: cap 8% of gross.

    >>> capped_savings(Fraction(500), Fraction(5_000), Fraction(8, 100))
    Fraction(400, 1)
    """
    return lower_of(amount, higher_of(payment_cap_of_gross_savings * gross_savings, 0))
