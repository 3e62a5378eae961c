"""What every gate shows: how far from it a group was, and the dollars that it stopped."""

from p4v.primitives import count_of, higher_of, when
from p4v.units import Flag, FlagList, Rate, Test, Usd


def gate_distance(amount: Usd, benchmark: Usd, minimum_savings_rate: Rate) -> Usd:
    """The dollars above the minimum rate; negative is what was missing.

    Source: p4v's own reading of a gate.

    >>> gate_distance(Fraction(562_500), Fraction(62_500_000), Fraction(1, 100))
    Fraction(-62500, 1)
    """
    return amount - minimum_savings_rate * benchmark


def not_earned(before: Usd, gate_met: Flag) -> Usd:
    """The dollars that a gate stopped: nothing if it was met.

    Source: p4v design, terms of quality: a failed gate is a line of its own with the dollars not earned.

    >>> not_earned(Fraction(562_500), Fraction(0))
    Fraction(562500, 1)
    """
    return when(gate_met == 1, 0, higher_of(before, 0))


def savings_past_gate(amount: Usd, gate_met: Flag) -> Usd:
    """What a gate lets through.

    Source: p4v design, terms of quality: a gate.

    >>> savings_past_gate(Fraction(562_500), Fraction(0))
    Fraction(0, 1)
    """
    return when(gate_met == 1, amount, 0)


def all_gates_met(gates_met: FlagList, gates: int) -> Test:
    """Whether every one of the gates is met; (g) -> ().

    Source: p4v design, terms of quality: all that are set must be met.

    >>> all_gates_met([Fraction(1), Fraction(0)], 2)
    False
    """
    return count_of(gates_met) >= gates


def generated_savings_or_losses(generated_savings: Usd, generated_losses: Usd) -> Usd:
    """Savings or losses that count; a loss is negative.

    Source: p4v design, formulas: two-sided terms are two paths.

    >>> generated_savings_or_losses(Fraction(0), Fraction(6_000_000))
    Fraction(-6000000, 1)
    """
    return generated_savings - generated_losses
