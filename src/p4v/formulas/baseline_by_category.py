"""A baseline of service categories."""

from p4v.primitives import total
from p4v.units import UsdPmpm, UsdPmpmList


def baseline_pmpm(categories: UsdPmpmList) -> UsdPmpm:
    """All categories together; (c) -> ().

    Source: p4v design, terms of a benchmark: by category or in total.

    >>> baseline_pmpm([Fraction(300), Fraction(100)])
    Fraction(400, 1)
    """
    return total(categories)
