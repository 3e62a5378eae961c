"""A loss limit by revenue alone."""

from p4v.primitives import lower_of
from p4v.units import Usd


def limited_losses(amount: Usd, loss_limit_by_revenue: Usd) -> Usd:
    """Never more than a share of revenue.

    Source: p4v design, terms of losses: loss limit as a share of revenue.

    >>> limited_losses(Fraction(500), Fraction(400))
    Fraction(400, 1)
    """
    return lower_of(amount, loss_limit_by_revenue)
