"""A minimum rate that is met by savings of exactly that rate."""

from p4v.primitives import higher_of, when
from p4v.units import Rate, Test, Usd


def gate_met(amount: Usd, benchmark: Usd, minimum_savings_rate: Rate) -> Test:
    """Whether savings reach the minimum rate.

    Source: Axene Health Partners, minimum savings rates: exactly the minimum qualifies.

    >>> gate_met(Fraction(625_000), Fraction(62_500_000), Fraction(1, 100))
    True
    """
    return amount >= minimum_savings_rate * benchmark


def generated_losses(amount: Usd, benchmark: Usd, minimum_loss_rate: Rate) -> Usd:
    """All losses once the minimum loss rate is met; nothing below it. A loss is positive here.

    Source: 42 CFR 425.606(b), as two-sided contracts take it over.

    >>> generated_losses(Fraction(-2_000), Fraction(100_000), Fraction(2, 100))
    Fraction(2000, 1)
    """
    return when(0 - amount >= minimum_loss_rate * benchmark, higher_of(0 - amount, 0), 0)
