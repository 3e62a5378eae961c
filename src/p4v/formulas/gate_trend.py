"""The gate of the group's own cost trend."""

from p4v.units import Factor, Test


def gate_met(cost_trend: Factor, trend_limit: Factor) -> Test:
    """Whether the trend is at most the limit.

    Source: p4v design, contract shapes: trend gate.

    >>> gate_met(Fraction(103, 100), Fraction(103, 100))
    True
    """
    return cost_trend <= trend_limit


def gate_distance(cost_trend: Factor, trend_limit: Factor) -> Factor:
    """How far the trend lies below the limit; negative is above it.

    Source: p4v design, contract shapes: trend gate.

    >>> gate_distance(Fraction(102, 100), Fraction(103, 100))
    Fraction(1, 100)
    """
    return trend_limit - cost_trend
