"""The gate of measures that must be met."""

from p4v.primitives import count_of
from p4v.units import FlagList, Test


def gate_met(thresholds: FlagList, needed: int) -> Test:
    """Whether every one of the measures was met; (m) -> ().

    Source: p4v design, terms of quality: must-pass measures.

    >>> gate_met([Fraction(1), Fraction(0)], 2)
    False
    """
    return count_of(thresholds) >= needed
