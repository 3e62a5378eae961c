"""The market's cost, and its trend at the group's own mix."""

from p4v.primitives import ratio, total, weighted_total
from p4v.units import Factor, MemberMonths, MemberMonthsList, Usd, UsdPmpm, UsdPmpmList


def market_expenditure_without_excess(reported: Usd, excess: Usd) -> Usd:
    """The cost of the market in the performance period, in one cell, when each of its members is truncated.

    Source: p4v design, terms of expenditure: truncate at an amount; the market beside the group by the same steps.

    >>> market_expenditure_without_excess(Fraction(620_000), Fraction(375_000))
    Fraction(245000, 1)
    """
    return reported - excess


def market_pmpm(market_expenditure: Usd, market_member_months: MemberMonths) -> UsdPmpm:
    """The market's cost per member per month of the performance period, in one cell.

    Source: p4v design, practice of settlement, trend.

    >>> market_pmpm(Fraction(4_120_000), Fraction(10_000))
    Fraction(412, 1)
    """
    return ratio(market_expenditure, market_member_months, 0)


def market_base_expenditure_without_excess(reported: Usd, excess: Usd) -> Usd:
    """The cost of the market in the base period, in one cell, when each of its members is truncated.

    Source: p4v design, terms of expenditure: truncate at an amount; the market beside the group by the same steps.

    >>> market_base_expenditure_without_excess(Fraction(620_000), Fraction(375_000))
    Fraction(245000, 1)
    """
    return reported - excess


def market_base_pmpm(market_base_expenditure: Usd, market_base_member_months: MemberMonths) -> UsdPmpm:
    """The same of the base period.

    Source: p4v design, practice of settlement, trend.

    >>> market_base_pmpm(Fraction(4_000_000), Fraction(10_000))
    Fraction(400, 1)
    """
    return ratio(market_base_expenditure, market_base_member_months, 0)


def market_trend(
    mix_member_months: MemberMonthsList, market_pmpm: UsdPmpmList, market_base_pmpm: UsdPmpmList
) -> Factor:
    """What the group's own member months would cost at the market's cost of each cell, now over then; (c) -> ().

    Source: p4v design, practice of settlement: by cell, weighted with the group's own mix.

    >>> market_trend([Fraction(7), Fraction(3)], [Fraction(412), Fraction(303)], [Fraction(400), Fraction(300)])
    Fraction(3793, 3700)
    """
    return ratio(weighted_total(mix_member_months, market_pmpm), weighted_total(mix_member_months, market_base_pmpm), 0)


def regional_expenditure_without_excess(reported: Usd, excess: Usd) -> Usd:
    """The cost of the region, when each of its members is truncated.

    Source: p4v design, terms of expenditure: truncate at an amount; the market beside the group by the same steps.

    >>> regional_expenditure_without_excess(Fraction(620_000), Fraction(375_000))
    Fraction(245000, 1)
    """
    return reported - excess


def regional_pmpm(regional_expenditure: Usd, regional_member_months: MemberMonths) -> UsdPmpm:
    """The region's cost per member per month of the performance period.

    Source: p4v design, terms of a benchmark: regional blend.

    >>> regional_pmpm(Fraction(4_100_000), Fraction(10_000))
    Fraction(410, 1)
    """
    return ratio(regional_expenditure, regional_member_months, 0)


def market_member_months(cells: MemberMonthsList) -> MemberMonths:
    """The market's member months of all cells; (c) -> ().

    Source: p4v design, practice of settlement, risk: normalised to the market.

    >>> market_member_months([Fraction(6_000), Fraction(4_000)])
    Fraction(10000, 1)
    """
    return total(cells)


def market_base_member_months(cells: MemberMonthsList) -> MemberMonths:
    """The same of the base period; (c) -> ().

    Source: p4v design, practice of settlement, risk: normalised to the market.

    >>> market_base_member_months([Fraction(5_000), Fraction(5_000)])
    Fraction(10000, 1)
    """
    return total(cells)
