"""Average risk scores and how they changed."""

from p4v.primitives import ratio
from p4v.units import Factor, MemberMonths


def average_risk_score(risk_points: MemberMonths, member_months: MemberMonths) -> Factor:
    """The score of an average member month: scores x member months over member months.

    Source: p4v design, terms of risk: risk scores of members.

    >>> average_risk_score(Fraction(12_600), Fraction(12_000))
    Fraction(21, 20)
    """
    return ratio(risk_points, member_months, 0)


def baseline_average_risk_score(baseline_risk_points: MemberMonths, baseline_member_months: MemberMonths) -> Factor:
    """The same of the baseline year.

    Source: p4v design, terms of risk: risk scores of members.

    >>> baseline_average_risk_score(Fraction(12_000), Fraction(12_000))
    Fraction(1, 1)
    """
    return ratio(baseline_risk_points, baseline_member_months, 0)


def market_average_risk_score(market_risk_points: MemberMonths, market_member_months: MemberMonths) -> Factor:
    """The same of the market in the performance period.

    Source: p4v design, practice of settlement, risk: normalised to the market.

    >>> market_average_risk_score(Fraction(10_200), Fraction(10_000))
    Fraction(51, 50)
    """
    return ratio(market_risk_points, market_member_months, 0)


def market_base_average_risk_score(
    market_base_risk_points: MemberMonths, market_base_member_months: MemberMonths
) -> Factor:
    """The same of the market in the base period.

    Source: p4v design, practice of settlement, risk: normalised to the market.

    >>> market_base_average_risk_score(Fraction(10_000), Fraction(10_000))
    Fraction(1, 1)
    """
    return ratio(market_base_risk_points, market_base_member_months, 0)


def risk_ratio(average_risk_score: Factor, baseline_average_risk_score: Factor) -> Factor:
    """The change of the group's average score.

    Source: p4v design, terms of risk: the ratio to the baseline.

    >>> risk_ratio(Fraction(105, 100), Fraction(1))
    Fraction(21, 20)
    """
    return ratio(average_risk_score, baseline_average_risk_score, 0)
