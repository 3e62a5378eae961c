"""A minimum savings rate that the group may elect, in place of the one by size."""

from p4v.primitives import interpolated, step, when
from p4v.units import Count, Rate, TableOf


def minimum_savings_rate(
    assigned_beneficiaries: Count,
    printed_minimum_savings_rate: Rate,
    smallest_population_of_table: Count,
    minimum_savings_rates_by_size: TableOf,
    minimum_savings_rate_elections: TableOf,
) -> Rate:
    """A printed rate that is exactly one of the elections is the election; any other is the table's.

    The elections are a table of each rate with itself: the last at or below the printed rate is that rate.

    Source: 42 CFR 425.605(b), 425.606(b), 425.610(b).

    >>> sizes = Table.of_pairs([(Fraction(60_000), Fraction(2, 100))])
    >>> elections = Table.of_pairs([(Fraction(0), Fraction(0)), (Fraction(1, 200), Fraction(1, 200))])
    >>> minimum_savings_rate(Fraction(70_000), Fraction(1, 200), Fraction(500), sizes, elections)
    Fraction(1, 200)
    >>> minimum_savings_rate(Fraction(70_000), Fraction(1, 199), Fraction(500), sizes, elections)
    Fraction(1, 50)
    """
    return when(
        step(printed_minimum_savings_rate, minimum_savings_rate_elections) == printed_minimum_savings_rate,
        printed_minimum_savings_rate,
        when(
            assigned_beneficiaries < smallest_population_of_table,
            printed_minimum_savings_rate,
            interpolated(assigned_beneficiaries, minimum_savings_rates_by_size),
        ),
    )
