"""A cap on gross savings before any gate has parted savings from losses."""

from p4v.primitives import higher_of, lower_of
from p4v.units import Rate, Usd


def savings_within_cap(amount: Usd, benchmark: Usd, savings_cap_of_benchmark: Rate) -> Usd:
    """Neither savings nor losses that count are more than a share of the benchmark.

    Source: Next Generation ACO participation agreement: the cap limits savings and losses alike.

    >>> savings_within_cap(Fraction(-10_000_000), Fraction(100_000_000), Fraction(5, 100))
    Fraction(-5000000, 1)
    """
    return higher_of(lower_of(amount, savings_cap_of_benchmark * benchmark), 0 - savings_cap_of_benchmark * benchmark)
