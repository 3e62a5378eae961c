"""The cost of a baseline year per member per month, and what brings it to the performance period."""

from p4v.primitives import ratio
from p4v.units import Factor, MemberMonths, Usd, UsdPmpm


def baseline_expenditure(amount: Usd) -> Usd:
    """What the contract counts of a baseline year, after the cost steps.

    Source: p4v design, order of operations: the baseline takes the same cost steps.

    >>> baseline_expenditure(Fraction(4_500_000))
    Fraction(4500000, 1)
    """
    return amount


def baseline_pmpm(baseline_expenditure: Usd, baseline_member_months: MemberMonths) -> UsdPmpm:
    """A baseline year's cost per member per month.

    Source: p4v design, terms of a benchmark: one to three baseline years.

    >>> baseline_pmpm(Fraction(4_500_000), Fraction(12_000))
    Fraction(375, 1)
    """
    return ratio(baseline_expenditure, baseline_member_months, 0)


def baseline_pmpm_trended(baseline_pmpm: UsdPmpm, year_trend: Factor) -> UsdPmpm:
    """A baseline year at its own trend to the performance period.

    Source: p4v design, terms of a benchmark: trended forward.

    >>> baseline_pmpm_trended(Fraction(375), Fraction(104, 100))
    Fraction(390, 1)
    """
    return baseline_pmpm * year_trend


def baseline_part_counted(baseline_expenditure: Usd, reported: Usd) -> Factor:
    """The part of a year's reported dollars that counts after large claims and the other steps in total.

    Source: p4v design, practice of settlement: truncation applies to member-years and not to categories.

    >>> baseline_part_counted(Fraction(4_500_000), Fraction(4_800_000))
    Fraction(15, 16)
    """
    return ratio(baseline_expenditure, reported, 0)
