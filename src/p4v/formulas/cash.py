"""From what is earned to what is paid."""

from p4v.primitives import higher_of, ratio, rounded, size, total, when
from p4v.units import Count, Flag, Rate, Usd, UsdList


def withheld(capitation: Usd, withhold_rate: Rate) -> Usd:
    """The part of the capitation that was held back.

    Source: Understanding Healthcare Financial Management, end-of-chapter problem: 15% of the capitation.

    >>> withheld(Fraction(144_000), Fraction(15, 100))
    Fraction(21600, 1)
    """
    return capitation * withhold_rate


def capitation_less_withheld(capitation: Usd, withheld: Usd) -> Usd:
    """What of the capitation is due whatever the results: what was held back comes only as it is returned.

    Source: Understanding Healthcare Financial Management, end-of-chapter problem: 15% of 144,000 are held back.

    >>> capitation_less_withheld(Fraction(144_000), Fraction(21_600))
    Fraction(122400, 1)
    """
    return capitation - withheld


def withhold_forfeited(withheld: Usd, withhold_returned: Usd) -> Usd:
    """What of the withhold is not returned.

    Source: p4v design, invariants: withhold taken is returned and forfeited.

    >>> withhold_forfeited(Fraction(21_600), Fraction(0))
    Fraction(21600, 1)
    """
    return withheld - withhold_returned


def withhold_interest(amount: Usd, withhold_interest_rate: Rate) -> Usd:
    """Interest on what is returned.

    Source: p4v design, nine contracts: withhold 5% with interest.

    >>> withhold_interest(Fraction(1_000), Fraction(2, 100))
    Fraction(20, 1)
    """
    return amount * withhold_interest_rate


def withhold_returned(amount: Usd) -> Usd:
    """What is returned of the withhold.

    Source: Understanding Healthcare Financial Management, end-of-chapter problem.

    >>> withhold_returned(Fraction(28_800))
    Fraction(28800, 1)
    """
    return amount


def returned_by_score(withheld: Usd, quality_score: Rate) -> Usd:
    """The quality score's part of the withhold.

    Source: p4v design, terms of cash: withhold with return rule.

    >>> returned_by_score(Fraction(1_000), Fraction(9, 10))
    Fraction(900, 1)
    """
    return withheld * quality_score


def returned_if_met(withheld: Usd, all_gates_met: Flag) -> Usd:
    """All of the withhold where every gate was met.

    Source: p4v design, terms of cash: withhold with return rule.

    >>> returned_if_met(Fraction(1_000), Fraction(0))
    Fraction(0, 1)
    """
    return when(all_gates_met == 1, withheld, 0)


def returned_less_losses(withheld: Usd, gross_savings: Usd) -> Usd:
    """What a loss leaves of the withhold, never below zero.

    Source: Understanding Healthcare Financial Management, end-of-chapter problem: own loss reduces the withhold.

    >>> returned_less_losses(Fraction(21_600), Fraction(-144_000))
    Fraction(0, 1)
    """
    return higher_of(withheld - higher_of(0 - gross_savings, 0), 0)


def interim_target(amount: Usd, interim_share: Rate) -> Usd:
    """The share of what is earned so far: rounded once, and never what is earned first.

    Source: p4v design, practice of settlement: T(k) is the rounded interim share of E(k).

    >>> interim_target(Fraction(44), Fraction(1, 2))
    Fraction(22, 1)
    """
    return amount * interim_share


def movement(target: Usd, already_released: Usd) -> Usd:
    """What is still to be released of the period's reward; negative was released too much.

    Source: p4v design, practice of settlement: M(k) is T(k) less R.

    >>> movement(Fraction(0), Fraction(110))
    Fraction(-110, 1)
    """
    return target - already_released


def movement_held(movement: Usd) -> Usd:
    """An interim movement below zero is held: nothing is paid, and nothing recovered.

    Source: p4v design, practice of settlement: hold.

    >>> movement_held(Fraction(-110))
    Fraction(0, 1)
    """
    return higher_of(movement, 0)


def amounts_due(amounts: UsdList) -> Usd:
    """All settled amounts of this statement; (a) -> ().

    Source: OneCare Vermont, 2019 results: settlement and fixed payment performance together.

    >>> amounts_due([Fraction(-6_505_293), Fraction(8_245_865)])
    Fraction(1740572, 1)
    """
    return total(amounts)


def due_less_paid(amount: Usd, paid: Usd) -> Usd:
    """What is due less what was paid already; negative is owed by the group.

    Source: p4v design, terms of cash: net is earned less already paid.

    >>> due_less_paid(Fraction(100), Fraction(120))
    Fraction(-20, 1)
    """
    return amount - paid


def due_with_carried(amount: Usd, carried_payment: Usd) -> Usd:
    """What is due and what was too small to be paid before.

    Source: p4v design, nine contracts: minimum payment 500, carry-forward.

    >>> due_with_carried(Fraction(300), Fraction(250))
    Fraction(550, 1)
    """
    return amount + carried_payment


def held_in_reserve(amount: Usd, reserve_rate: Rate) -> Usd:
    """What is kept of an amount that is due to the group; of one that the group owes, nothing.

    Source: p4v design, terms of cash: reserve.

    >>> held_in_reserve(Fraction(1_000), Fraction(10, 100))
    Fraction(100, 1)
    """
    return higher_of(amount, 0) * reserve_rate


def due_less_reserve(amount: Usd, held_in_reserve: Usd) -> Usd:
    """What is due now.

    Source: p4v design, terms of cash: reserve.

    >>> due_less_reserve(Fraction(1_000), Fraction(100))
    Fraction(900, 1)
    """
    return amount - held_in_reserve


def paid_now(amount: Usd, minimum_payment: Usd) -> Usd:
    """Nothing where the amount is smaller than the minimum, either way.

    Source: p4v design, nine contracts: minimum payment 500.

    >>> paid_now(Fraction(-499), Fraction(500))
    Fraction(0, 1)
    """
    return when(size(amount) >= minimum_payment, amount, 0)


def carried_forward(amount: Usd, paid_now: Usd) -> Usd:
    """What is carried to the next statement.

    Source: p4v design, nine contracts: minimum payment 500, carry-forward.

    >>> carried_forward(Fraction(-499), Fraction(0))
    Fraction(-499, 1)
    """
    return amount - paid_now


def late_interest(amount: Usd, late_interest_rate: Rate, days_late: Count, days_of_year: Count) -> Usd:
    """Simple interest for the days that a payment was late.

    Source: p4v design, terms of cash: interest on late settlement.

    >>> late_interest(Fraction(36_500), Fraction(5, 100), Fraction(10), Fraction(365))
    Fraction(50, 1)
    """
    return amount * late_interest_rate * ratio(days_late, days_of_year, 0)


def net_payment(amount: Usd) -> Usd:
    """What is paid now; negative is owed by the group.

    Source: p4v design, terms of cash: a negative net is owed by the group, and says so.

    >>> net_payment(Fraction(-20))
    Fraction(-20, 1)
    """
    return amount


def owed_by_group(net_payment: Usd) -> Usd:
    """What the group owes.

    Source: p4v design, third acceptance scenario: 646,875.00 owed.

    >>> owed_by_group(Fraction(-646_875))
    Fraction(646875, 1)
    """
    return higher_of(0 - net_payment, 0)


def full_setoffs(owed_by_group: Usd, setoff_per_month: Usd, places: int, rule: str) -> Count:
    """How many full monthly amounts are taken.

    Source: p4v design, third acceptance scenario: 10 payments of 60,000.

    >>> full_setoffs(Fraction(646_875), Fraction(60_000), 0, "down")
    Fraction(10, 1)
    """
    return rounded(ratio(owed_by_group, setoff_per_month, 0), places, rule)


def last_setoff(owed_by_group: Usd, setoff_per_month: Usd, full_setoffs: Count) -> Usd:
    """What is taken in the month after them.

    Source: p4v design, third acceptance scenario: and 46,875.

    >>> last_setoff(Fraction(646_875), Fraction(60_000), Fraction(10))
    Fraction(46875, 1)
    """
    return owed_by_group - full_setoffs * setoff_per_month


def compensation(capitation: Usd, withhold_forfeited: Usd) -> Usd:
    """The capitation less what of the withhold was forfeited.

    Source: Understanding Healthcare Financial Management, end-of-chapter problem: 144,000 less 21,600 is 122,400.

    >>> compensation(Fraction(144_000), Fraction(21_600))
    Fraction(122400, 1)
    """
    return capitation - withhold_forfeited
