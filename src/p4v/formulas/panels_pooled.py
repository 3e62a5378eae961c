"""Groups that are settled together, as the panel of one or more of them is too small: all that is not settled apart."""

from p4v.primitives import total
from p4v.units import Usd, UsdList


def benchmark(benchmark: Usd, apart: UsdList) -> Usd:
    """The benchmarks of the groups in the pool; (g) -> ().

    Source: p4v design, terms of member months: minimum panel size, and what happens below it.

    >>> benchmark(Fraction(50_070_600), [Fraction(29_601_600), Fraction(0)])
    Fraction(20469000, 1)
    """
    return benchmark - total(apart)


def expenditure(expenditure: Usd, apart: UsdList) -> Usd:
    """The expenditure of the groups in the pool; (g) -> ().

    Source: p4v design, terms of member months: minimum panel size, and what happens below it.

    >>> expenditure(Fraction(49_240_000), [Fraction(28_710_000), Fraction(0)])
    Fraction(20530000, 1)
    """
    return expenditure - total(apart)
