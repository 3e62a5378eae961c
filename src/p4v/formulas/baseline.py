"""A baseline per member per month, and what brings it to the performance period."""

from p4v.primitives import higher_of, lower_of, rounded
from p4v.units import Factor, Rate, UsdPmpm


def category_pmpm_trended(category_pmpm: UsdPmpm, category_trend: Factor) -> UsdPmpm:
    """A category's base at its own trend.

    Source: p4v design, terms of a benchmark: trend by category.

    >>> category_pmpm_trended(Fraction(100), Fraction(105, 100))
    Fraction(105, 1)
    """
    return category_pmpm * category_trend


def collared_trend(trend: Factor, lowest_trend: Factor, highest_trend: Factor) -> Factor:
    """The trend within its collar.

    Source: p4v design, practice of settlement: min(max(trend, low), high), before risk.

    >>> collared_trend(Fraction(11, 10), Fraction(1), Fraction(105, 100))
    Fraction(21, 20)
    """
    return lower_of(higher_of(trend, lowest_trend), highest_trend)


def trended_pmpm(pmpm: UsdPmpm, trend: Factor) -> UsdPmpm:
    """The base at the trend.

    Source: p4v design, first acceptance scenario: 412.50 x 1.024 is 422.40.

    >>> trended_pmpm(Fraction(41250, 100), Fraction(1024, 1000))
    Fraction(2112, 5)
    """
    return pmpm * trend


def blended_pmpm(pmpm: UsdPmpm, regional_pmpm: UsdPmpm, own_weight: Rate) -> UsdPmpm:
    """The group's own budget and the region's, by weight.

    Source: p4v design, terms of a benchmark: a blend of any two.

    >>> blended_pmpm(Fraction(400), Fraction(410), Fraction(1, 2))
    Fraction(405, 1)
    """
    return own_weight * pmpm + (1 - own_weight) * regional_pmpm


def risk_adjusted_pmpm(pmpm: UsdPmpm, risk_ratio: Factor) -> UsdPmpm:
    """The budget for a population whose risk changed.

    Source: p4v design, order of operations, case O6: 400.00 at 1.100 is 440.00.

    >>> risk_adjusted_pmpm(Fraction(400), Fraction(11, 10))
    Fraction(440, 1)
    """
    return pmpm * risk_ratio


def pmpm_with_prior_savings(pmpm: UsdPmpm, prior_savings_pmpm: UsdPmpm) -> UsdPmpm:
    """The budget with what earlier savings add, so that they do not lower it for good.

    Source: p4v design, terms of a benchmark: prior-savings adjustment.

    >>> pmpm_with_prior_savings(Fraction(400), Fraction(5))
    Fraction(405, 1)
    """
    return pmpm + prior_savings_pmpm


def discounted_pmpm(pmpm: UsdPmpm, benchmark_discount: Rate) -> UsdPmpm:
    """The budget after the purchaser's discount.

    Source: p4v design, terms of a benchmark: a discount off the top.

    >>> discounted_pmpm(Fraction(400), Fraction(1, 100))
    Fraction(396, 1)
    """
    return pmpm * (1 - benchmark_discount)


def rounded_pmpm(pmpm: UsdPmpm, places: int, rule: str) -> UsdPmpm:
    """The budget rounded before it is multiplied.

    Source: p4v design, order of operations, case O9: 12.34567 rounded to 12.35 changes 1,829,788.79 to 1,830,430.55.

    >>> rounded_pmpm(Fraction(1234567, 100_000), 2, "half_up")
    Fraction(247, 20)
    """
    return rounded(pmpm, places, rule)


def benchmark_pmpm(pmpm: UsdPmpm) -> UsdPmpm:
    """The budget per member per month after everything that changes it.

    Source: p4v design, order of operations: the benchmark's steps.

    >>> benchmark_pmpm(Fraction(2112, 5))
    Fraction(2112, 5)
    """
    return pmpm
