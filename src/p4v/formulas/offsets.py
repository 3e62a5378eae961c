"""What comes off savings: coordination fees that were paid, and deficits of earlier periods."""

from p4v.primitives import higher_of, lower_of
from p4v.units import Usd


def savings_after_fee_offset(amount: Usd, coordination_fees_paid: Usd) -> Usd:
    """Savings less the fees, never below zero.

    Source: p4v design, order of operations, case O3: 70,000 less 36,000 is 34,000.

    >>> savings_after_fee_offset(Fraction(70_000), Fraction(36_000))
    Fraction(34000, 1)
    """
    return higher_of(amount - coordination_fees_paid, 0)


def savings_after_prior_deficit(amount: Usd, prior_deficit: Usd) -> Usd:
    """Savings less the deficit, never below zero.

    Source: p4v design, order of operations, case O5: 150,000 less 120,000 is 30,000.

    >>> savings_after_prior_deficit(Fraction(150_000), Fraction(120_000))
    Fraction(30000, 1)
    """
    return higher_of(amount - prior_deficit, 0)


def prior_deficit_left(prior_deficit: Usd, before: Usd) -> Usd:
    """What the savings before this step leave of the deficit.

    Source: p4v design, terms of savings: prior deficit carried forward.

    >>> prior_deficit_left(Fraction(120_000), Fraction(50_000))
    Fraction(70000, 1)
    """
    return prior_deficit - lower_of(prior_deficit, higher_of(before, 0))


def deficit_carried_forward(prior_deficit_left: Usd, gross_savings: Usd) -> Usd:
    """What is left of the deficit, and the loss of this period.

    Source: p4v design, terms of savings: prior deficit carried forward.

    >>> deficit_carried_forward(Fraction(70_000), Fraction(-5_000))
    Fraction(75000, 1)
    """
    return prior_deficit_left + higher_of(0 - gross_savings, 0)
