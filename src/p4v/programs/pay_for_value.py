"""A pay-for-value contract: quality, fees, benchmark, cost, then the reward in the form that the contract gives it."""

from p4v.contract.blocks.benchmark import Benchmark
from p4v.contract.blocks.rewards import FeeReset
from p4v.contract.terms import Terms
from p4v.figures import Figures
from p4v.formulas import savings
from p4v.programs.against import write_benchmark
from p4v.programs.cash import (
    write_capitation_due,
    write_interim,
    write_net,
    write_withhold,
    write_withhold_interest,
)
from p4v.programs.cost import write_expenditure
from p4v.programs.course import Course
from p4v.programs.fees import write_capitation, write_fee
from p4v.programs.incentives import write_incentives
from p4v.programs.quality import write_quality, write_quality_gate
from p4v.programs.resets import write_fee_reset, write_uplift
from p4v.programs.savings import write_savings
from p4v.programs.split import write_category_split, write_distribution, write_funders
from p4v.programs.strata import write_strata
from p4v.programs.waivers import write_waivers
from p4v.worksheet import Line, Worksheet

PAYING = ("care_coordination_fee", "capitation", "share", "category_split", "fee_reset", "pay_for_performance",
          "fee_schedule_uplift", "withhold", "cash")  # fmt: skip
"""Blocks that settle an amount; a contract has one of them at least."""


def settle(sheet: Worksheet, terms: Terms, figures: Figures) -> None:
    """Writes the lines of one settlement, stage by stage."""
    course = Course(sheet, terms, figures)
    if not any(course.has(block) for block in PAYING):
        raise terms.lacks("rounding", "earned", f"nothing is paid; a contract has one of {', '.join(PAYING)}")
    counted = write_quality(course)
    write_quality_gate(course, counted)
    fee, capitation = write_fee(course, counted), write_capitation(course)
    against, gross = _gross(course)
    reward = unrounded = None
    if course.has("share"):
        assert gross is not None
        reward, unrounded = write_savings(course, gross, counted)
    else:
        reward = unrounded = write_category_split(course)
    due_now = write_fee_reset(course)
    write_uplift(course, gross, against)
    incentive = write_incentives(course, counted)
    returned = write_withhold(course, capitation, gross)
    interest = write_withhold_interest(course, returned)
    released = write_interim(course, unrounded, reward)
    amounts = [fee, write_capitation_due(course, capitation), released, due_now, incentive, returned, interest]
    write_net(course, [line for line in amounts if line is not None])
    write_funders(course, reward or incentive)
    write_distribution(course)
    write_strata(course, fee, gross)
    write_waivers(course)


def _gross(course: Course) -> tuple[Line | None, Line | None]:
    """Benchmark and gross savings, where anything rests on dollars of the period."""
    if not course.has("benchmark"):
        if course.has("share"):
            course.need("benchmark", Benchmark)
        return None, None
    reset = course.block("fee_reset", FeeReset)
    per_member_alone = reset is not None and not (course.has("share") or course.has("fee_schedule_uplift"))
    if per_member_alone:
        write_expenditure(course)
        return None, None
    against = write_benchmark(course)
    spent = write_expenditure(course)
    gross = course.compute(savings.gross_savings, "benchmark", benchmark=against, expenditure=spent)
    course.compute(savings.savings_rate, "benchmark", gross_savings=gross, benchmark=against)
    return against, gross
