"""The benchmark of a reporting stratum by loss ratio."""

from p4v.units import Rate, Usd


def stratum_benchmark(stratum_revenue: Usd, loss_ratio_target: Rate) -> Usd:
    """The loss ratio target of the stratum's revenue.

    Source: HL7 Da Vinci value-based performance reporting: 3,000 x 85% is 2,550.

    >>> stratum_benchmark(Fraction(3_000), Fraction(85, 100))
    Fraction(2550, 1)
    """
    return stratum_revenue * loss_ratio_target
