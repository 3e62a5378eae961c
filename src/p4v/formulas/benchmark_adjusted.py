"""What changes a benchmark in dollars."""

from p4v.primitives import higher_of, lower_of, total
from p4v.units import Factor, MemberMonths, Rate, Usd, UsdList, UsdPmpm


def unadjusted_benchmark(benchmark_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """The budget per member per month for the months of the period, before named adjustments.

    Source: p4v design, order of operations: x member months.

    >>> unadjusted_benchmark(Fraction(400), Fraction(100))
    Fraction(40000, 1)
    """
    return benchmark_pmpm * member_months


def capped_risk_ratio(risk_ratio: Factor, lowest_risk_ratio: Factor, highest_risk_ratio: Factor) -> Factor:
    """The change of risk within its caps.

    Source: p4v design, practice of settlement: cap both ways.

    >>> capped_risk_ratio(Fraction(11, 10), Fraction(97, 100), Fraction(103, 100))
    Fraction(103, 100)
    """
    return lower_of(higher_of(risk_ratio, lowest_risk_ratio), highest_risk_ratio)


def risk_adjusted_benchmark(amount: Usd, risk_ratio: Factor) -> Usd:
    """The benchmark for a population whose risk changed.

    Source: p4v design, order of operations, case O6.

    >>> risk_adjusted_benchmark(Fraction(4_000_000), Fraction(11, 10))
    Fraction(4400000, 1)
    """
    return amount * risk_ratio


def discounted_benchmark(amount: Usd, benchmark_discount: Rate) -> Usd:
    """The benchmark after the purchaser's discount.

    Source: p4v design, terms of a benchmark: a discount off the top.

    >>> discounted_benchmark(Fraction(4_000_000), Fraction(1, 100))
    Fraction(3960000, 1)
    """
    return amount * (1 - benchmark_discount)


def benchmark(amount: Usd, adjustments: UsdList) -> Usd:
    """The benchmark with its named adjustments; (a) -> ().

    Source: p4v design, practice of settlement: named adjustments, each a line.

    >>> benchmark(Fraction(4_000_000), [Fraction(-50_000), Fraction(20_000)])
    Fraction(3970000, 1)
    """
    return amount + total(adjustments)
