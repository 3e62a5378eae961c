"""A benchmark of parts of the population."""

from p4v.primitives import total
from p4v.units import MemberMonths, MemberMonthsList, Usd, UsdList


def benchmark(parts: UsdList) -> Usd:
    """The benchmarks of all parts; (c) -> ().

    Source: p4v design, fourth acceptance scenario: a pooled pair.

    >>> benchmark([Fraction(29_601_600), Fraction(20_469_000)])
    Fraction(50070600, 1)
    """
    return total(parts)


def expenditure(parts: UsdList) -> Usd:
    """The expenditure of all parts; (c) -> ().

    Source: p4v design, fourth acceptance scenario.

    >>> expenditure([Fraction(28_710_000), Fraction(20_530_000)])
    Fraction(49240000, 1)
    """
    return total(parts)


def member_months(parts: MemberMonthsList) -> MemberMonths:
    """The member months of all parts; (c) -> ().

    Source: p4v design, fourth acceptance scenario.

    >>> member_months([Fraction(84_000), Fraction(60_000)])
    Fraction(144000, 1)
    """
    return total(parts)
