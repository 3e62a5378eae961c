"""Rewards of the next period: a new care coordination fee, or points on the fee schedule."""

from fractions import Fraction

from p4v.contract.blocks.rewards import FeeReset, FeeScheduleUplift
from p4v.formulas import fee_reset, savings, uplift
from p4v.money import Rounding
from p4v.programs.against import write_benchmark_pmpm
from p4v.programs.course import Course
from p4v.programs.fees import rate_of_month
from p4v.programs.gates import expenditure_pmpm, trend_gate
from p4v.programs.quality import PERCENT_PLACES
from p4v.units import Table, Unit
from p4v.worksheet import Line

RESET, UPLIFT = "fee_reset", "fee_schedule_uplift"


def write_fee_reset(course: Course) -> Line | None:
    """The settled line `next_care_coordination_fee`; returns what is paid at once for months that have passed."""
    block = course.block(RESET, FeeReset)
    if block is None:
        return None
    current = rate_of_month(course, course.terms.period.months()[-1])
    amount = _decrease(course, block)
    if block.cost_increase == "leaves_the_fee":
        amount = course.compute(fee_reset.decrease_that_counts, RESET, decrease_pmpm=amount)
    change = course.compute(
        fee_reset.fee_change_pmpm, RESET, decrease_pmpm=amount, share_of_decrease=course.term(RESET, "share")
    )
    change = _past_gates(course, change)
    fee = course.compute(fee_reset.next_fee_pmpm, RESET, care_coordination_fee_pmpm=current, fee_change_pmpm=change)
    if block.floor is not None:
        fee = course.compute(fee_reset.fee_with_floor, RESET, amount=fee, fee_floor=course.term(RESET, "floor"))
    if block.ceiling is not None:
        ceiling = course.term(RESET, "ceiling")
        fee = course.compute(fee_reset.fee_with_ceiling, RESET, amount=fee, fee_ceiling=ceiling)
    if block.months is not None:
        course.term(RESET, "months")
    settled = course.settle(fee_reset.next_care_coordination_fee, "next_care_coordination_fee", amount=fee)
    if not block.known_late:
        return None
    months = course.given("fee_reset_member_months", RESET)
    return course.settle(
        fee_reset.fee_reset_true_up, "fee_reset_true_up", next_care_coordination_fee=settled,
        care_coordination_fee_pmpm=current, fee_reset_member_months=months,
    )  # fmt: skip


def _decrease(course: Course, block: FeeReset) -> Line:
    if block.decrease == "given":
        return course.given("decrease_pmpm", RESET)
    name = "benchmark_pmpm"
    against = course.sheet[name] if name in course.sheet else write_benchmark_pmpm(course)
    spent = expenditure_pmpm(course, RESET)
    return course.compute(fee_reset.decrease_pmpm, RESET, benchmark_pmpm=against, expenditure_pmpm=spent)


def _past_gates(course: Course, change: Line) -> Line:
    """The change that the gates let through, each with what it stopped."""
    flags = {"quality": course.sheet["all_gates_met"]} if course.has("quality_gate") else {}
    if course.has("trend_gate"):
        flags["trend"] = trend_gate(course)
    for name, met in flags.items():
        block = "quality_gate" if name == "quality" else "trend_gate"
        course.compute(fee_reset.fee_change_not_earned, block, name, fee_change_pmpm=change, gate_met=met)
        change = course.compute(fee_reset.fee_change_past_gate, block, name, fee_change_pmpm=change, gate_met=met)
    return change


def write_uplift(course: Course, gross: Line | None, against: Line | None) -> Line | None:
    """The settled line `fee_schedule_uplift`, or None where the contract has none."""
    block = course.block(UPLIFT, FeeScheduleUplift)
    if block is None:
        return None
    if gross is None or against is None:
        raise course.terms.lacks(UPLIFT, "benchmark", "points go by the savings rate")
    if "savings_rate" in course.sheet:
        rate = course.sheet["savings_rate"]
    else:
        rate = course.compute(savings.savings_rate, "benchmark", gross_savings=gross, benchmark=against)
    tiers = Table.of_pairs([(row.from_, Fraction(place)) for place, row in enumerate(block.by_quality, start=1)])
    table = course.named("quality_rows", tiers, Unit.TABLE, UPLIFT, "by_quality")
    row = course.compute(uplift.quality_row, UPLIFT, quality_score=course.score(UPLIFT), quality_rows=table)
    parts = []
    for place, item in enumerate(block.by_quality):
        name = f"uplift_by_savings.{item.id}"
        by_savings = course.named(name, item.table(), Unit.TABLE, UPLIFT, "by_quality", place, "by_savings")
        parts.append(
            course.compute(
                uplift.points_of_row, UPLIFT, item.id,
                savings_rate=rate, uplift_by_savings=by_savings, quality_row=row, row=place + 1,
            )
        )  # fmt: skip
    amount = course.compute(uplift.uplift_points, UPLIFT, rows=parts)
    if block.carry_forward:
        carried = course.given("carried_uplift", UPLIFT)
        amount = course.compute(uplift.uplift_with_carried, UPLIFT, uplift_points=amount, carried_uplift=carried)
    most = course.term(UPLIFT, "most")
    points = course.rounding(UPLIFT)
    settled = course.sheet.settle(
        uplift.fee_schedule_uplift, clause=course.clause("rounding", UPLIFT),
        rounding=Rounding(points.places + PERCENT_PLACES, points.rule), amount=amount, highest_uplift=most,
    )  # fmt: skip
    if block.carry_forward:
        course.compute(uplift.uplift_carried_forward, UPLIFT, amount=amount, highest_uplift=most)
    return settled
