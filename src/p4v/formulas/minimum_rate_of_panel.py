"""A minimum savings rate by the size of the panel."""

from p4v.primitives import interpolated
from p4v.units import Count, Rate, TableOf


def minimum_savings_rate(panel_size: Count, minimum_savings_rates_by_size: TableOf) -> Rate:
    """Read between the rows of the table, flat beyond its ends.

    Source: p4v design, terms of savings: a size table with interpolation.

    >>> sizes = Table.of_pairs([(Fraction(5_000), Fraction(39, 1000)), (Fraction(7_000), Fraction(35, 1000))])
    >>> minimum_savings_rate(Fraction(6_000), sizes)
    Fraction(37, 1000)
    """
    return interpolated(panel_size, minimum_savings_rates_by_size)
