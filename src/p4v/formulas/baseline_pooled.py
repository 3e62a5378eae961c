"""A baseline of pooled years."""

from p4v.primitives import ratio, total
from p4v.units import MemberMonthsList, UsdList, UsdPmpm


def baseline_pmpm(expenditures: UsdList, member_months: MemberMonthsList) -> UsdPmpm:
    """The dollars of all years over their member months; (y), (y) -> ().

    Source: p4v design, terms of a benchmark: baseline years, pooled.

    >>> baseline_pmpm([Fraction(3000), Fraction(5000)], [Fraction(10), Fraction(10)])
    Fraction(400, 1)
    """
    return ratio(total(expenditures), total(member_months), 0)


def category_pmpm(expenditures: UsdList, member_months: MemberMonthsList) -> UsdPmpm:
    """A category's dollars of all years over their member months; (y), (y) -> ().

    Source: p4v design, terms of a benchmark: pooled years, by category.

    >>> category_pmpm([Fraction(1000), Fraction(1000)], [Fraction(10), Fraction(10)])
    Fraction(100, 1)
    """
    return ratio(total(expenditures), total(member_months), 0)
