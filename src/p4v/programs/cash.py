"""From what is earned to what is paid: interim share, withhold, other amounts, what was paid, minimum, setoff."""

from typing import Any

from p4v.contract.blocks.cash import Cash, Interim, SettledRoundings, Withhold
from p4v.formulas import cash
from p4v.money import Rounding
from p4v.programs.course import Course
from p4v.worksheet import Line

INTERIM, WITHHOLD, CASH = "interim", "withhold", "cash"
_SETTLED = ("net_payment", "earned", "quality_incentive", "care_coordination_fee", "capitation", "fee_reset_true_up",
            "withhold_returned")  # fmt: skip


def write_interim(course: Course, unrounded: Line | None, earned: Line | None) -> Line | None:
    """At an interim settlement the target to date, and the movement towards it; else what is earned."""
    block = course.block(INTERIM, Interim)
    if block is None or course.figures.status != "interim" or unrounded is None:
        return earned
    target = course.sheet.settle(
        cash.interim_target, clause=course.clause(INTERIM), rounding=course.rounding("earned"),
        amount=unrounded, interim_share=course.term(INTERIM, "share"),
    )  # fmt: skip
    if not course.has_figure("paid", INTERIM):
        return target
    moved = course.compute(cash.movement, INTERIM, target=target, already_released=course.given("paid", INTERIM))
    if block.negative == "recover":
        return moved
    return course.compute(cash.movement_held, INTERIM, movement=moved)


def write_withhold(course: Course, capitation: Line | None, gross: Line | None) -> Line | None:
    """The settled line `withhold_returned`; None where nothing is withheld, and before the final settlement."""
    block = course.block(WITHHOLD, Withhold)
    if block is None:
        return None
    if block.given:
        held = course.given("withheld", WITHHOLD)
    elif capitation is None:
        raise course.terms.lacks(WITHHOLD, "of_capitation", "there is a block `capitation`")
    else:
        rate = course.term(WITHHOLD, "of_capitation")
        held = course.compute(cash.withheld, WITHHOLD, capitation=capitation, withhold_rate=rate)
    if course.figures.status == "interim":
        return None
    back = _returned(course, block, held, gross)
    settled = course.settle(cash.withhold_returned, "withhold_returned", amount=back)
    lost = course.compute(cash.withhold_forfeited, WITHHOLD, withheld=held, withhold_returned=settled)
    if capitation is not None:
        course.compute(cash.compensation, WITHHOLD, capitation=capitation, withhold_forfeited=lost)
    return settled


def write_capitation_due(course: Course, capitation: Line | None) -> Line | None:
    """The capitation less what is withheld of it, which counts only as it is returned."""
    block = course.block(WITHHOLD, Withhold)
    if capitation is None or block is None or block.given:
        return capitation
    held = course.sheet["withheld"]
    return course.compute(cash.capitation_less_withheld, WITHHOLD, capitation=capitation, withheld=held)


def write_withhold_interest(course: Course, returned: Line | None) -> Line | None:
    """Interest on what is returned of a withhold."""
    block = course.block(WITHHOLD, Withhold)
    if block is None or block.interest is None or returned is None:
        return None
    rate = course.term(WITHHOLD, "interest")
    rounding = course.rounding("withhold_returned")
    return course.sheet.settle(
        cash.withhold_interest, clause=course.clause(WITHHOLD), rounding=rounding,
        amount=returned, withhold_interest_rate=rate,
    )  # fmt: skip


def _returned(course: Course, block: Withhold, held: Line, gross: Line | None) -> Line:
    if block.returned == "by_quality_score":
        return course.compute(cash.returned_by_score, WITHHOLD, withheld=held, quality_score=course.score(WITHHOLD))
    if block.returned == "if_gates_are_met":
        if "all_gates_met" not in course.sheet:
            raise course.terms.lacks(WITHHOLD, "returned", "there is a block `quality_gate`")
        return course.compute(
            cash.returned_if_met, WITHHOLD, withheld=held, all_gates_met=course.sheet["all_gates_met"]
        )
    if gross is None:
        raise course.terms.lacks(WITHHOLD, "returned", "there is a block `benchmark`")
    return course.compute(cash.returned_less_losses, WITHHOLD, withheld=held, gross_savings=gross)


def write_net(course: Course, amounts: list[Line]) -> None:
    """The settled line `net_payment`, where there is more to a statement than one amount."""
    block = course.block(CASH, Cash)
    if block is not None:
        _printed_terms(course, block)
        amounts = [*amounts, *(course.given(f"other_amount.{row.id}", CASH) for row in block.other_amounts or [])]
    of = CASH if block is not None else "rounding"
    at_interim = "interim_target" in course.sheet
    paid = not at_interim and course.has_figure("paid", of)
    if not amounts or not (paid or at_interim or block is not None or len(amounts) > 1):
        return
    amount = course.compute(cash.amounts_due, of, amounts=amounts)
    if paid:
        amount = course.compute(cash.due_less_paid, of, amount=amount, paid=course.given("paid", of))
    if block is not None:
        amount = _with_interest(course, block, amount)
        amount = _above_minimum(course, block, _less_reserve(course, block, amount))
    rounding = _net_rounding(course)
    net = course.sheet.settle(cash.net_payment, clause=course.clause(of), rounding=rounding, amount=amount)
    if block is not None and block.setoff is not None:
        _setoff(course, net)


def _printed_terms(course: Course, block: Cash) -> None:
    for name in ("due_days", "dispute_days", "runout_months"):
        if getattr(block, name) is not None:
            course.term(CASH, name)


def _with_interest(course: Course, block: Cash, amount: Line) -> Line:
    if block.late_interest is None:
        return amount
    interest = course.compute(
        cash.late_interest, CASH, amount=amount, late_interest_rate=course.term(CASH, "late_interest"),
        days_late=course.given("days_late", CASH), days_of_year=course.term(CASH, "days_of_year"),
    )  # fmt: skip
    return course.compute(cash.amounts_due, CASH, "with_interest", amounts=[amount, interest])


def _less_reserve(course: Course, block: Cash, amount: Line) -> Line:
    if block.reserve is None:
        return amount
    rate = course.term(CASH, "reserve")
    kept = course.compute(cash.held_in_reserve, CASH, amount=amount, reserve_rate=rate)
    return course.compute(cash.due_less_reserve, CASH, amount=amount, held_in_reserve=kept)


def _above_minimum(course: Course, block: Cash, amount: Line) -> Line:
    if block.minimum_payment is None:
        return amount
    carried = course.given("carried_payment", CASH)
    whole = course.compute(cash.due_with_carried, CASH, amount=amount, carried_payment=carried)
    least = course.term(CASH, "minimum_payment")
    now = course.compute(cash.paid_now, CASH, amount=whole, minimum_payment=least)
    course.compute(cash.carried_forward, CASH, amount=whole, paid_now=now)
    return now


def _net_rounding(course: Course) -> Rounding:
    """The rule of the net payment; without one, that of its finest amount, so that no cent of another is lost."""
    block = course.need("rounding", SettledRoundings)
    if block.net_payment is not None:
        return course.rounding("net_payment")
    stated = [course.rounding(name) for name in _SETTLED if getattr(block, name) is not None]
    return max(stated, key=lambda rounding: rounding.places)


def _setoff(course: Course, net: Line) -> None:
    """How what the group owes is taken from other payments."""
    owed = course.compute(cash.owed_by_group, CASH, net_payment=net)
    monthly = course.term(CASH, "setoff")
    inputs: dict[str, Any] = {"owed_by_group": owed, "setoff_per_month": monthly}
    full = course.compute(cash.full_setoffs, CASH, places=0, rule="down", **inputs)
    course.compute(cash.last_setoff, CASH, full_setoffs=full, **inputs)
