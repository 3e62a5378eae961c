"""Losses, from the gate to what is owed, each step dollars in and dollars out; a loss is a positive amount here."""

from p4v.primitives import higher_of, lower_of, when
from p4v.units import Flag, Rate, Test, Usd


def qualified_losses(gross_savings: Usd, benchmark: Usd, minimum_loss_rate: Rate) -> Usd:
    """All losses once the minimum loss rate is met, from the first dollar; nothing above it.

    Source: 42 CFR 425.606(c).

    >>> qualified_losses(Fraction(-6_000_000), Fraction(100_000_000), Fraction(-2, 100))
    Fraction(6000000, 1)
    """
    return when(gross_savings <= minimum_loss_rate * benchmark, higher_of(0 - gross_savings, 0), 0)


def quality_standard_met(
    met_quality_standard: Flag, met_alternative_standard: Flag, alternative_standard_counts: Flag
) -> Test:
    """The quality standard, or the alternative one where that counts.

    Source: 42 CFR 425.610(f), as amended by 87 FR 69404.

    >>> quality_standard_met(Fraction(0), Fraction(1), Fraction(1))
    True
    """
    return (met_quality_standard == 1) | ((met_alternative_standard == 1) & (alternative_standard_counts == 1))


def shared_losses(amount: Usd, final_loss_rate: Rate) -> Usd:
    """The group's share of the losses that count.

    Source: 42 CFR 425.606(f).

    >>> shared_losses(Fraction(6_000_000), Fraction(40, 100))
    Fraction(2400000, 1)
    """
    return final_loss_rate * amount


def loss_limit_by_benchmark(benchmark: Usd, loss_limit_of_benchmark: Rate) -> Usd:
    """The most that can be owed, as a share of the benchmark.

    Source: 42 CFR 425.606(g).

    >>> loss_limit_by_benchmark(Fraction(100_000_000), Fraction(15, 100))
    Fraction(15000000, 1)
    """
    return loss_limit_of_benchmark * benchmark


def loss_limit_by_revenue(revenue: Usd, loss_limit_of_revenue: Rate) -> Usd:
    """The most that can be owed, as a share of the group's revenue.

    Source: 42 CFR 425.605(d).

    >>> loss_limit_by_revenue(Fraction(20_000_000), Fraction(8, 100))
    Fraction(1600000, 1)
    """
    return loss_limit_of_revenue * revenue


def limited_losses(amount: Usd, loss_limit_by_benchmark: Usd) -> Usd:
    """Never more than the limit.

    Source: 42 CFR 425.606(g).

    >>> limited_losses(Fraction(31_250_000), Fraction(15_000_000))
    Fraction(15000000, 1)
    """
    return lower_of(amount, loss_limit_by_benchmark)


def losses_after_disaster(amount: Usd, relieved_share_of_losses: Rate, disaster_adjustment: Usd) -> Usd:
    """What disasters leave of a loss: their share of the year comes off, then the dollars given; never below zero.

    Source: 42 CFR 425.605(f), 425.606(i), 425.610(i).

    >>> losses_after_disaster(Fraction(2_400_000), Fraction(0), Fraction(400_000))
    Fraction(2000000, 1)
    """
    return higher_of(amount * (1 - relieved_share_of_losses) - disaster_adjustment, 0)
