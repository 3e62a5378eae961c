"""The change of risk beyond that of the market."""

from p4v.primitives import ratio
from p4v.units import Factor


def own_risk_change(average_risk_score: Factor, baseline_average_risk_score: Factor) -> Factor:
    """The change of the group's average score.

    Source: p4v design, terms of risk: the ratio to the baseline.

    >>> own_risk_change(Fraction(105, 100), Fraction(1))
    Fraction(21, 20)
    """
    return ratio(average_risk_score, baseline_average_risk_score, 0)


def market_risk_change(market_average_risk_score: Factor, market_base_average_risk_score: Factor) -> Factor:
    """The change of the market's average score.

    Source: p4v design, practice of settlement, risk: normalised to the market.

    >>> market_risk_change(Fraction(102, 100), Fraction(1))
    Fraction(51, 50)
    """
    return ratio(market_average_risk_score, market_base_average_risk_score, 0)


def risk_ratio(own_risk_change: Factor, market_risk_change: Factor) -> Factor:
    """The group's change of risk over the market's: coding that grows everywhere earns nothing.

    Source: p4v design, practice of settlement, risk: normalised to the market.

    >>> risk_ratio(Fraction(105, 100), Fraction(102, 100))
    Fraction(35, 34)
    """
    return ratio(own_risk_change, market_risk_change, 0)
