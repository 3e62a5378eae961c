"""A pool that is earned by a count."""

from p4v.units import Rate, Usd


def earned_of_pool(quality_pool: Usd, share_of_pool: Rate) -> Usd:
    """The share of the pool.

    Source: p4v design, nine contracts: pool by count of 12 met.

    >>> earned_of_pool(Fraction(144_000), Fraction(1, 2))
    Fraction(72000, 1)
    """
    return quality_pool * share_of_pool
