"""Reporting strata: the same lines for parts of the population, which change nothing that is paid."""

from p4v.primitives import total
from p4v.units import MemberMonths, Usd, UsdList, UsdPmpm


def stratum_fee(care_coordination_fee_pmpm: UsdPmpm, stratum_member_months: MemberMonths) -> Usd:
    """The flat fee for the member months of one stratum.

    Source: HL7 Da Vinci value-based performance reporting: 50 member months of a region at 5 are 250.

    >>> stratum_fee(Fraction(5), Fraction(50))
    Fraction(250, 1)
    """
    return care_coordination_fee_pmpm * stratum_member_months


def stratum_benchmark(benchmark_pmpm: UsdPmpm, stratum_member_months: MemberMonths) -> Usd:
    """The budget for the member months of one stratum.

    Source: p4v design, terms: reporting strata.

    >>> stratum_benchmark(Fraction(400), Fraction(50))
    Fraction(20000, 1)
    """
    return benchmark_pmpm * stratum_member_months


def stratum_savings(stratum_benchmark: Usd, stratum_expenditure: Usd) -> Usd:
    """A stratum's benchmark less its expenditure; negative is a loss.

    Source: HL7 Da Vinci value-based performance reporting: 2,550 less 2,000 is 550.

    >>> stratum_savings(Fraction(2_550), Fraction(2_000))
    Fraction(550, 1)
    """
    return stratum_benchmark - stratum_expenditure


def outside_strata(whole: Usd, strata: UsdList) -> Usd:
    """What the strata leave of the whole: zero where they cover it once; (s) -> ().

    Source: p4v design, controls: in is used and excluded.

    >>> outside_strata(Fraction(1_500), [Fraction(500), Fraction(1_000)])
    Fraction(0, 1)
    """
    return whole - total(strata)
