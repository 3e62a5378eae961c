"""Risk corridors: marginal shares of savings or losses, both ways alike."""

from p4v.primitives import bands, ratio, size, when
from p4v.units import Rate, TableOf, Usd


def shared_savings(gross_savings: Usd, benchmark: Usd, corridor: TableOf) -> Usd:
    """The share of each band of savings or losses, with their sign.

    Source: ACO REACH financial settlement overview, risk corridors.

    >>> bands_paid = Table.of_pairs([(Fraction(0), Fraction(1)), (Fraction(1, 4), Fraction(1, 2))])
    >>> shared_savings(Fraction(-3_000_000), Fraction(10_000_000), bands_paid)
    Fraction(-2750000, 1)
    """
    return when(gross_savings < 0, 0 - benchmark, benchmark) * bands(ratio(size(gross_savings), benchmark, 0), corridor)


def shared_savings_after_sequestration(amount: Usd, final_multiplier: Rate) -> Usd:
    """Sequestration takes its part of savings, and nothing of losses.

    Source: Budget Control Act of 2011; ACO REACH public use file.

    >>> shared_savings_after_sequestration(Fraction(100), Fraction(98, 100))
    Fraction(98, 1)
    >>> shared_savings_after_sequestration(Fraction(-100), Fraction(98, 100))
    Fraction(-100, 1)
    """
    return when(amount > 0, amount * final_multiplier, amount)
