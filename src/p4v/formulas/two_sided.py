"""What savings and losses are together, where an agreement has both sides."""

from p4v.units import Usd


def generated_savings(qualified_savings: Usd, qualified_losses: Usd) -> Usd:
    """Savings or losses that met their minimum rate; a loss is negative.

    Source: 42 CFR 425.606(c).

    >>> generated_savings(Fraction(0), Fraction(6_000_000))
    Fraction(-6000000, 1)
    """
    return qualified_savings - qualified_losses


def earned(savings: Usd, losses: Usd) -> Usd:
    """What the contract gives after all steps; negative is owed by the group.

    Source: 42 CFR 425.606(d) to (h).

    >>> earned(Fraction(0), Fraction(2_000_000))
    Fraction(-2000000, 1)
    """
    return savings - losses


def reward_to_date(savings: Usd, losses: Usd) -> Usd:
    """The same before it is rounded, for an interim share of it.

    Source: p4v design, practice of settlement: one rounding, never of what is earned first.

    >>> reward_to_date(Fraction(0), Fraction(2_000_000))
    Fraction(-2000000, 1)
    """
    return savings - losses
