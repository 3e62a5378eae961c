"""A minimum savings rate by rows of panel sizes."""

from p4v.primitives import step
from p4v.units import Count, Rate, TableOf


def minimum_savings_rate(panel_size: Count, minimum_savings_rates_by_size: TableOf) -> Rate:
    """The rate of the last row that the panel reaches.

    Source: p4v design, terms of savings: a size table.

    >>> sizes = Table.of_pairs([(Fraction(5_000), Fraction(39, 1000)), (Fraction(7_000), Fraction(35, 1000))])
    >>> minimum_savings_rate(Fraction(6_000), sizes)
    Fraction(39, 1000)
    """
    return step(panel_size, minimum_savings_rates_by_size)
