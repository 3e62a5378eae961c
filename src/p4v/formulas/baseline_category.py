"""A service category of a baseline year."""

from p4v.primitives import weighted_total
from p4v.units import Factor, RateList, Usd, UsdPmpm, UsdPmpmList


def baseline_expenditure(reported: Usd, baseline_part_counted: Factor) -> Usd:
    """A category's reported dollars x the part of all reported dollars that counts after the steps in total.

    Source: p4v design, practice of settlement: what large claims take off is spread over the categories by dollars.

    >>> baseline_expenditure(Fraction(1_600_000), Fraction(15, 16))
    Fraction(1500000, 1)
    """
    return reported * baseline_part_counted


def category_pmpm(years: UsdPmpmList, weights: RateList) -> UsdPmpm:
    """A category's cost per member per month of each year at the year's weight; (y), (y) -> ().

    Source: p4v design, nine contracts: two years 40/60, four categories with own trends.

    >>> category_pmpm([Fraction(100), Fraction(110)], [Fraction(40, 100), Fraction(60, 100)])
    Fraction(106, 1)
    """
    return weighted_total(years, weights)
