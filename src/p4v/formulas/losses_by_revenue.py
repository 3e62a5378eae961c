"""A loss limit that revenue can lower."""

from p4v.primitives import lower_of
from p4v.units import Usd


def limited_losses(amount: Usd, loss_limit_by_benchmark: Usd, loss_limit_by_revenue: Usd) -> Usd:
    """Never more than the lower of the two limits.

    Source: 42 CFR 425.605(d).

    >>> limited_losses(Fraction(3_000_000), Fraction(4_000_000), Fraction(1_600_000))
    Fraction(1600000, 1)
    """
    return lower_of(amount, loss_limit_by_benchmark, loss_limit_by_revenue)
