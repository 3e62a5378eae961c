"""What savings are measured against."""

from p4v.units import MemberMonths, Usd, UsdPmpm


def benchmark(benchmark_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """A budget per member per month, for the months of the period.

    Source: Axene Health Partners, Minimum savings rates in shared savings arrangements (target PMPM x member months).

    >>> benchmark(Fraction(500), Fraction(125_000))
    Fraction(62500000, 1)
    """
    return benchmark_pmpm * member_months
