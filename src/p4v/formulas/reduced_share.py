"""Savings below the minimum rate that are shared all the same, at a reduced rate."""

from p4v.primitives import when
from p4v.units import Count, Flag, Rate, Test, Usd


def meets_reduced_share(
    gross_savings: Usd,
    benchmark: Usd,
    minimum_savings_rate: Rate,
    low_revenue: Flag,
    assigned_beneficiaries: Count,
    reduced_share_smallest_population: Count,
) -> Test:
    """A low-revenue group that is large enough, with savings above zero and below the minimum rate.

    Source: 42 CFR 425.605(h), from 88 FR 78818 and 87 FR 69404.

    >>> meets_reduced_share(Fraction(2), Fraction(100), Fraction(3, 100), Fraction(1), Fraction(8000), Fraction(5000))
    True
    """
    return (
        ((low_revenue == 1) & (assigned_beneficiaries >= reduced_share_smallest_population))
        & ((gross_savings > 0) & (gross_savings < minimum_savings_rate * benchmark))
    )  # fmt: skip


def savings_with_reduced_share(amount: Usd, gross_savings: Usd, meets_reduced_share: Flag) -> Usd:
    """All savings where the reduced share applies; else what the gate let through.

    Source: 42 CFR 425.605(h).

    >>> savings_with_reduced_share(Fraction(0), Fraction(2_000_000), Fraction(1))
    Fraction(2000000, 1)
    """
    return when(meets_reduced_share == 1, gross_savings, amount)


def final_sharing_rate(
    maximum_sharing_rate: Rate, quality_factor: Rate, meets_reduced_share: Flag, reduced_share_multiplier: Rate
) -> Rate:
    """The highest sharing rate x the part that quality earns, and of that the reduced part where it applies.

    Source: 42 CFR 425.605(h).

    >>> final_sharing_rate(Fraction(40, 100), Fraction(1), Fraction(1), Fraction(1, 2))
    Fraction(1, 5)
    """
    return maximum_sharing_rate * quality_factor * when(meets_reduced_share == 1, reduced_share_multiplier, 1)
