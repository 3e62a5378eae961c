"""Savings, from the gate to what is earned, each step dollars in and dollars out."""

from p4v.primitives import higher_of, lower_of, ratio, when
from p4v.units import Rate, Usd


def gross_savings(benchmark: Usd, expenditure: Usd) -> Usd:
    """Benchmark less expenditure; negative is a loss.

    Source: 42 CFR 425.604(a).

    >>> gross_savings(Fraction(450_902_466), Fraction(418_729_017))
    Fraction(32173449, 1)
    """
    return benchmark - expenditure


def savings_rate(gross_savings: Usd, benchmark: Usd) -> Rate:
    """Gross savings as a share of the benchmark, for the reader: the gate compares dollars.

    Source: 42 CFR 425.604(b).

    >>> savings_rate(Fraction(562_500), Fraction(62_500_000))
    Fraction(9, 1000)
    """
    return ratio(gross_savings, benchmark, 0)


def generated_savings(gross_savings: Usd, benchmark: Usd, minimum_savings_rate: Rate) -> Usd:
    """All savings once the minimum savings rate is met, from the first dollar; nothing below it.

    Source: 42 CFR 425.604(c).

    >>> generated_savings(Fraction(1_200_000), Fraction(60_000_000), Fraction(2, 100))
    Fraction(1200000, 1)
    """
    return when(gross_savings >= minimum_savings_rate * benchmark, gross_savings, 0)


def qualified_savings(gross_savings: Usd, benchmark: Usd, minimum_savings_rate: Rate) -> Usd:
    """The savings side of an agreement with two sides: as generated savings, and never below zero.

    Source: 42 CFR 425.606(c).

    >>> qualified_savings(Fraction(-1_200_000), Fraction(60_000_000), Fraction(2, 100))
    Fraction(0, 1)
    """
    return when(gross_savings >= minimum_savings_rate * benchmark, higher_of(gross_savings, 0), 0)


def shared_savings(amount: Usd, final_sharing_rate: Rate) -> Usd:
    """The group's share of the savings that count.

    Source: 42 CFR 425.604(d).

    >>> shared_savings(Fraction(625_000), Fraction(1, 2))
    Fraction(312500, 1)
    """
    return final_sharing_rate * amount


def savings_after_final_multiplier(amount: Usd, final_multiplier: Rate) -> Usd:
    """What a final multiplier, such as sequestration, leaves of savings.

    Source: Budget Control Act of 2011, as the published settlements of Medicare apply it.

    >>> savings_after_final_multiplier(Fraction(100_000), Fraction(98, 100))
    Fraction(98000, 1)
    """
    return amount * final_multiplier


def capped_savings(amount: Usd, benchmark: Usd, payment_cap_of_benchmark: Rate) -> Usd:
    """Never more than a share of the benchmark.

    Source: 42 CFR 425.604(e).

    >>> capped_savings(Fraction(7_350_000), Fraction(50_000_000), Fraction(10, 100))
    Fraction(5000000, 1)
    """
    return lower_of(amount, payment_cap_of_benchmark * benchmark)


def earned(amount: Usd) -> Usd:
    """What the contract gives after all steps.

    Source: 42 CFR 425.604(e).

    >>> earned(Fraction(312_500))
    Fraction(312500, 1)
    """
    return amount
