"""A minimum savings rate that falls with the size of the population."""

from p4v.primitives import interpolated, when
from p4v.units import Count, Rate, TableOf


def minimum_savings_rate(
    assigned_beneficiaries: Count,
    printed_minimum_savings_rate: Rate,
    smallest_population_of_table: Count,
    minimum_savings_rates_by_size: TableOf,
) -> Rate:
    """Read between the rows of the table; below its smallest population, the rate that the payer printed.

    Source: 42 CFR 425.604(b), table 2.

    >>> sizes = Table.of_pairs([(Fraction(10_000), Fraction(3, 100)), (Fraction(14_999), Fraction(27, 1000))])
    >>> minimum_savings_rate(Fraction(12_000), Fraction(0), Fraction(500), sizes)
    Fraction(14397, 499900)
    """
    return when(
        assigned_beneficiaries < smallest_population_of_table,
        printed_minimum_savings_rate,
        interpolated(assigned_beneficiaries, minimum_savings_rates_by_size),
    )
