"""The improvement wanted, to the contract's digits."""

from p4v.primitives import rounded
from p4v.units import Measured


def rounded_improvement_wanted(improvement_wanted: Measured, digits: int, rule: str) -> Measured:
    """The change wanted, rounded before the change is compared with it.

    Source: MassHealth ACO contract: rounded to one decimal.

    >>> rounded_improvement_wanted(Fraction(214, 10_000), 3, "half_up")
    Fraction(21, 1000)
    """
    return rounded(improvement_wanted, digits, rule)
