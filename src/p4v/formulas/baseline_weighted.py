"""A baseline of weighted years."""

from p4v.primitives import weighted_total
from p4v.units import RateList, UsdPmpm, UsdPmpmList


def baseline_pmpm(years: UsdPmpmList, weights: RateList) -> UsdPmpm:
    """Each year's cost per member per month at its weight; (y), (y) -> ().

    Source: p4v design, terms of a benchmark: one to three baseline years, weighted.

    >>> baseline_pmpm([Fraction(340), Fraction(360)], [Fraction(40, 100), Fraction(60, 100)])
    Fraction(352, 1)
    """
    return weighted_total(years, weights)
