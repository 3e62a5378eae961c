"""A minimum rate as a deductible: only what lies above it counts."""

from p4v.primitives import higher_of
from p4v.units import Rate, Usd


def generated_savings(amount: Usd, benchmark: Usd, minimum_savings_rate: Rate) -> Usd:
    """The savings above the minimum rate.

    Source: p4v design, terms of savings and losses: a deductible, only the excess.

    >>> generated_savings(Fraction(725_000), Fraction(62_500_000), Fraction(1, 100))
    Fraction(100000, 1)
    """
    return higher_of(amount - minimum_savings_rate * benchmark, 0)


def generated_losses(amount: Usd, benchmark: Usd, minimum_loss_rate: Rate) -> Usd:
    """The losses above the minimum loss rate. A loss is positive here.

    Source: p4v design, terms of savings and losses: a deductible, only the excess.

    >>> generated_losses(Fraction(-3_000), Fraction(100_000), Fraction(2, 100))
    Fraction(1000, 1)
    """
    return higher_of(0 - amount - minimum_loss_rate * benchmark, 0)
