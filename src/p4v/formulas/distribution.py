"""How an amount is split: among those who pay it, and among the participants of the group."""

from p4v.primitives import allocated, higher_of, total, when
from p4v.units import RateList, Usd, UsdList


def distributable(amount: Usd, expenses_first: Usd) -> Usd:
    """What is left after the group's expenses, never below zero; what the group owes is split whole.

    Source: p4v design, terms of distribution: expenses first.

    >>> distributable(Fraction(1_000), Fraction(100))
    Fraction(900, 1)
    >>> distributable(Fraction(50), Fraction(100))
    Fraction(0, 1)
    """
    return when(amount > 0, higher_of(amount - expenses_first, 0), amount)


def funder_share(amount: Usd, funder_rates: RateList, i: int) -> Usd:
    """What one account bears of what is earned; (f) -> ().

    Source: p4v design, practice of settlement: earned by funder, by largest remainder; never split the net.

    >>> funder_share(Fraction(1), [Fraction(1, 3), Fraction(2, 3)], 1)
    Fraction(67, 100)
    """
    return allocated(amount, funder_rates, i)


def funder_net(funder_share: Usd, paid_by: Usd) -> Usd:
    """What one account still pays; negative gets back.

    Source: p4v design, practice of settlement: earned by funder less paid by funder.

    >>> funder_net(Fraction(67), Fraction(60))
    Fraction(7, 1)
    """
    return funder_share - paid_by


def participant_share(amount: Usd, weights: RateList, i: int) -> Usd:
    """One participant's share in cents that add up; (p) -> ().

    Source: p4v's own convention: splits by largest remainder.

    >>> participant_share(Fraction(1), [Fraction(6, 10), Fraction(4, 10)], 0)
    Fraction(3, 5)
    """
    return allocated(amount, weights, i)


def residual_cents(amount: Usd, shares: UsdList) -> Usd:
    """The cents that rounding each share on its own leaves, or takes too much; (p) -> ().

    Source: HL7 Da Vinci value-based performance reporting: two regions sum to one cent less than their total.

    >>> residual_cents(Fraction(396667, 100), [Fraction(198333, 100), Fraction(198333, 100)])
    Fraction(1, 100)
    """
    return amount - total(shares)
