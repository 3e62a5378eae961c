"""A minimum rate that savings of exactly that rate do not meet."""

from p4v.primitives import higher_of, when
from p4v.units import Rate, Test, Usd


def gate_met(amount: Usd, benchmark: Usd, minimum_savings_rate: Rate) -> Test:
    """Whether savings exceed the minimum rate.

    Source: p4v design, second acceptance scenario: an exclusive gate.

    >>> gate_met(Fraction(625_000), Fraction(62_500_000), Fraction(1, 100))
    False
    """
    return amount > minimum_savings_rate * benchmark


def generated_savings(amount: Usd, benchmark: Usd, minimum_savings_rate: Rate) -> Usd:
    """All savings once they exceed the minimum rate; nothing at or below it.

    Source: p4v design, second acceptance scenario.

    >>> generated_savings(Fraction(625_000), Fraction(62_500_000), Fraction(1, 100))
    Fraction(0, 1)
    """
    return when(amount > minimum_savings_rate * benchmark, higher_of(amount, 0), 0)


def generated_losses(amount: Usd, benchmark: Usd, minimum_loss_rate: Rate) -> Usd:
    """All losses once they exceed the minimum loss rate. A loss is positive here.

    Source: p4v design, terms of savings and losses: `more_than`.

    >>> generated_losses(Fraction(-2_000), Fraction(100_000), Fraction(2, 100))
    Fraction(0, 1)
    """
    return when(0 - amount > minimum_loss_rate * benchmark, higher_of(0 - amount, 0), 0)
