"""A cliff on the side of savings, in the words of a contract whose steps may come before the gate."""

from p4v.primitives import higher_of, when
from p4v.units import Rate, Usd


def generated_savings(amount: Usd, benchmark: Usd, minimum_savings_rate: Rate) -> Usd:
    """All savings once the minimum rate is met, from the first dollar; nothing below it, and never a loss.

    Source: Axene Health Partners, minimum savings rates: first dollar once met.

    >>> generated_savings(Fraction(625_000), Fraction(62_500_000), Fraction(1, 100))
    Fraction(625000, 1)
    """
    return when(amount >= minimum_savings_rate * benchmark, higher_of(amount, 0), 0)
