"""Results that a contract rounds before it compares them."""

from p4v.primitives import rounded
from p4v.units import Measured


def compared(performance: Measured, digits: int, rule: str) -> Measured:
    """The result to the contract's digits.

    Source: MassHealth ACO contract, improvement points: rounded to one decimal before the test.

    >>> compared(Fraction(78349, 100_000), 3, "half_up")
    Fraction(783, 1000)
    """
    return rounded(performance, digits, rule)
