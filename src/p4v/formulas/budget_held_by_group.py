"""A group that holds the budget: it has its gains and losses already, and settles the payer's part."""

from p4v.units import Usd


def earned(savings: Usd, losses: Usd) -> Usd:
    """The payer's part of a loss is made good; its part of a gain is given up.

    Source: 42 U.S.C. 18062: payments in for costs above the target, out for costs below it.

    >>> earned(Fraction(0), Fraction(410_000))
    Fraction(410000, 1)
    """
    return losses - savings


def reward_to_date(savings: Usd, losses: Usd) -> Usd:
    """The same before it is rounded, for an interim share of it.

    Source: p4v design, practice of settlement: one rounding, never of what is earned first.

    >>> reward_to_date(Fraction(0), Fraction(410_000))
    Fraction(410000, 1)
    """
    return losses - savings
