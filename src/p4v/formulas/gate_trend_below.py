"""The gate of the group's own cost trend, where exactly the limit does not pass."""

from p4v.units import Factor, Test


def gate_met(cost_trend: Factor, trend_limit: Factor) -> Test:
    """Whether the trend is below the limit.

    Source: p4v design, contract shapes: trend gate.

    >>> gate_met(Fraction(103, 100), Fraction(103, 100))
    False
    """
    return cost_trend < trend_limit
