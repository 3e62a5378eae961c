"""A benchmark that is adjusted for health equity."""

from p4v.units import Usd


def benchmark(final_benchmark: Usd, health_equity_adjustment_up: Usd, health_equity_adjustment_down: Usd) -> Usd:
    """The final benchmark and its two equity adjustments; the one that lowers it is negative.

    Source: ACO REACH public use file: gross savings are measured against the adjusted benchmark.

    >>> benchmark(Fraction(100_000_000), Fraction(500_000), Fraction(-200_000))
    Fraction(100300000, 1)
    """
    return final_benchmark + health_equity_adjustment_up + health_equity_adjustment_down
