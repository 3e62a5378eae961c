"""Caps on savings and payments, floors, and multipliers at the end."""

from p4v.primitives import higher_of, lower_of
from p4v.units import MemberMonths, Rate, Usd, UsdPmpm


def savings_within_cap(amount: Usd, benchmark: Usd, savings_cap_of_benchmark: Rate) -> Usd:
    """Savings that count are never more than a share of the benchmark: a cap before sharing.

    Source: Next Generation ACO participation agreement: gross savings limited to 5% of the benchmark, then shared.

    >>> savings_within_cap(Fraction(1_200_000), Fraction(10_000_000), Fraction(5, 100))
    Fraction(500000, 1)
    """
    return lower_of(amount, savings_cap_of_benchmark * benchmark)


def losses_within_cap(amount: Usd, benchmark: Usd, savings_cap_of_benchmark: Rate) -> Usd:
    """Losses that count are never more than the same share of the benchmark.

    Source: Next Generation ACO participation agreement: the cap limits savings and losses alike.

    >>> losses_within_cap(Fraction(1_200_000), Fraction(10_000_000), Fraction(5, 100))
    Fraction(500000, 1)
    """
    return lower_of(amount, savings_cap_of_benchmark * benchmark)


def savings_with_floor(amount: Usd, payment_floor: Usd) -> Usd:
    """The guaranteed amount where it is higher.

    Source: p4v design, order of operations: floor.

    >>> savings_with_floor(Fraction(400), Fraction(500))
    Fraction(500, 1)
    """
    return higher_of(amount, payment_floor)


def losses_after_final_multiplier(amount: Usd, final_multiplier_of_losses: Rate) -> Usd:
    """What a final multiplier leaves of losses, where it applies to them.

    Source: p4v design, terms of savings and losses: whether a final multiplier applies to losses.

    >>> losses_after_final_multiplier(Fraction(1_000), Fraction(98, 100))
    Fraction(980, 1)
    """
    return amount * final_multiplier_of_losses


def cap_in_dollars(payment_cap_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """A cap per member per month, for the months of the period.

    Source: p4v design, terms of savings: cap on the payment.

    >>> cap_in_dollars(Fraction(5), Fraction(1_000))
    Fraction(5000, 1)
    """
    return payment_cap_pmpm * member_months
