"""A group's own cost trend."""

from p4v.primitives import ratio
from p4v.units import Factor, UsdPmpm


def cost_trend(expenditure_pmpm: UsdPmpm, prior_expenditure_pmpm: UsdPmpm) -> Factor:
    """The cost per member per month of the period over that of the period before.

    Source: p4v design, contract shapes: trend gate.

    >>> cost_trend(Fraction(412), Fraction(400))
    Fraction(103, 100)
    """
    return ratio(expenditure_pmpm, prior_expenditure_pmpm, 0)
