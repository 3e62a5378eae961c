"""Marginal bands of savings and losses."""

from p4v.primitives import bands, ratio
from p4v.units import TableOf, Usd


def shared_savings(amount: Usd, benchmark: Usd, savings_bands: TableOf) -> Usd:
    """The share of each band of savings.

    Source: p4v design, third acceptance scenario: nothing to 2%, 50% to 5%, 30% beyond.

    >>> shares = Table.of_pairs([(Fraction(0), Fraction(0)), (Fraction(2, 100), Fraction(1, 2))])
    >>> shared_savings(Fraction(5_000), Fraction(100_000), shares)
    Fraction(1500, 1)
    """
    return benchmark * bands(ratio(amount, benchmark, 0), savings_bands)


def shared_losses(amount: Usd, benchmark: Usd, loss_bands: TableOf) -> Usd:
    """The share of each band of losses.

    Source: p4v design, third acceptance scenario.

    >>> shares = Table.of_pairs([(Fraction(0), Fraction(0)), (Fraction(2, 100), Fraction(1, 2))])
    >>> shared_losses(Fraction(5_000), Fraction(100_000), shares)
    Fraction(1500, 1)
    """
    return benchmark * bands(ratio(amount, benchmark, 0), loss_bands)
