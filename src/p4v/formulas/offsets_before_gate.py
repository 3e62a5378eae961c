"""What comes off gross savings before any gate."""

from p4v.primitives import higher_of, lower_of
from p4v.units import Usd


def savings_after_fee_offset(amount: Usd, coordination_fees_paid: Usd) -> Usd:
    """Gross savings less the fees; may be a loss.

    Source: p4v design, order of operations, case O3: 140,000 less 36,000 does not reach 120,000.

    >>> savings_after_fee_offset(Fraction(140_000), Fraction(36_000))
    Fraction(104000, 1)
    """
    return amount - coordination_fees_paid


def savings_after_prior_deficit(amount: Usd, prior_deficit: Usd) -> Usd:
    """Gross savings less the deficit, never below zero; a loss stays as it is, since the deficit is carried on.

    Source: p4v design, order of operations, case O5.

    >>> savings_after_prior_deficit(Fraction(300_000), Fraction(120_000))
    Fraction(180000, 1)
    """
    return higher_of(amount - prior_deficit, lower_of(amount, 0))
