"""Gates beside the minimum rates: what each shows, and what it lets through."""

from typing import Any

from p4v.contract.blocks.members import MemberMonths
from p4v.contract.blocks.quality import TrendGate
from p4v.formulas import cost_trend, expenditure, gate_panel, gate_trend, gate_trend_below, gates
from p4v.programs.course import Course
from p4v.programs.market import market_trend
from p4v.worksheet import Line


def gate_lines(course: Course, block: str, name: str, met: Line, before: Line) -> Line:
    """The dollars that a gate stopped, and what it lets through."""
    course.compute(gates.not_earned, block, name, before=before, gate_met=met)
    return course.compute(gates.savings_past_gate, block, name, amount=before, gate_met=met)


def panel_gate(course: Course) -> Line:
    """Whether the panel is large enough; one line for all parts."""
    name = "gate_met.panel_size"
    if name in course.sheet:
        return course.sheet[name]
    assert course.need("member_months", MemberMonths).smallest_panel is not None
    clause = course.clause("member_months")
    inputs: dict[str, Any] = {
        "panel_size": course.given("panel_size", "member_months"),
        "smallest_panel": course.term("member_months", "smallest_panel"),
    }
    met = course.sheet.compute(gate_panel.gate_met, clause=clause, key="panel_size", **inputs)
    course.sheet.compute(gate_panel.gate_distance, clause=clause, key="panel_size", **inputs)
    return met


def trend_gate(course: Course) -> Line:
    """Whether the group's own cost trend passes; one line for all parts."""
    name = "gate_met.trend"
    if name in course.sheet:
        return course.sheet[name]
    block = course.need("trend_gate", TrendGate)
    limit = market_trend(course, "trend_gate") if block.limit is None else course.term("trend_gate", "limit")
    clause = course.clause("trend_gate")
    own = course.sheet.compute(
        cost_trend.cost_trend, clause=clause, expenditure_pmpm=expenditure_pmpm(course, "trend_gate"),
        prior_expenditure_pmpm=course.given("prior_expenditure_pmpm", "trend_gate"),
    )  # fmt: skip
    formula = gate_trend.gate_met if block.comparison == "at_most" else gate_trend_below.gate_met
    met = course.sheet.compute(formula, clause=clause, key="trend", cost_trend=own, trend_limit=limit)
    course.sheet.compute(gate_trend.gate_distance, clause=clause, key="trend", cost_trend=own, trend_limit=limit)
    return met


def expenditure_pmpm(course: Course, block: str) -> Line:
    """Expenditure per member per month, computed once."""
    if "expenditure_pmpm" in course.sheet:
        return course.sheet["expenditure_pmpm"]
    spent = course.sheet["expenditure"] if "expenditure" in course.sheet else course.given("expenditure", block)
    months = course.given("member_months", block)
    return course.sheet.compute(
        expenditure.expenditure_pmpm, clause=course.clause(block), expenditure=spent, member_months=months
    )
