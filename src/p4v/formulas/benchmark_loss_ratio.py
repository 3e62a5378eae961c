"""A benchmark that is a share of revenue."""

from p4v.units import Rate, Usd


def benchmark(revenue: Usd, loss_ratio_target: Rate) -> Usd:
    """The medical loss ratio target of revenue.

    Source: HL7 Da Vinci value-based performance reporting: target is revenue x 85%.

    >>> benchmark(Fraction(10_000), Fraction(85, 100))
    Fraction(8500, 1)
    """
    return revenue * loss_ratio_target


def unadjusted_benchmark(revenue: Usd, loss_ratio_target: Rate) -> Usd:
    """The same, where something still changes it.

    Source: HL7 Da Vinci value-based performance reporting.

    >>> unadjusted_benchmark(Fraction(10_000), Fraction(85, 100))
    Fraction(8500, 1)
    """
    return revenue * loss_ratio_target
