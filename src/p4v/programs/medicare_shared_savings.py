"""Shared savings, with or without shared losses: gate, share, limits and multipliers in the contract's order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from p4v.contract.blocks.medicare import Benchmark, Disaster, Gate, LossLimit, LossShare, SettledRounding
from p4v.contract.terms import Terms
from p4v.figures import Figures
from p4v.formulas import (
    benchmark,
    guardrail,
    loss_rate_by_quality,
    loss_rate_fixed,
    losses,
    losses_by_revenue,
    minimum_loss_rate,
    minimum_rate_by_size,
    minimum_rate_elected,
    reduced_share,
    savings,
    sharing_rate,
    two_sided,
    waterfall,
)
from p4v.programs.steps import GROSS, Bar, term_line, write_waterfall
from p4v.units import Unit
from p4v.worksheet import Line, Worksheet


@dataclass(slots=True)
class Course:
    """Where a settlement stands between two steps: the savings and the losses in dollars, and the bars so far."""

    sheet: Worksheet
    terms: Terms
    figures: Figures
    savings: Line
    losses: Line | None = None
    bars: list[Bar] = field(default_factory=list)

    def term(self, block: str, field: str) -> Line:
        return term_line(self.sheet, self.terms, block, field)

    def given(self, name: str) -> Line:
        return self.figures.line(self.sheet, name)

    def clause(self, block: str) -> str:
        return self.terms.source(block, "clause").clause

    def save(self, step: str, block: str, after: Line) -> None:
        """Takes a step on the side of savings."""
        clause = self.clause(block)
        change = self.sheet.compute(waterfall.savings_change, key=step, clause=clause, before=self.savings, after=after)
        self.bars.append(Bar(step, change, clause))
        self.savings = after

    def lose(self, step: str, block: str, before: Line, after: Line) -> None:
        """Takes a step on the side of losses."""
        clause = self.clause(block)
        change = self.sheet.compute(waterfall.losses_change, key=step, clause=clause, before=before, after=after)
        self.bars.append(Bar(step, change, clause))
        self.losses = after


def settle(sheet: Worksheet, terms: Terms, figures: Figures) -> None:
    """Writes the lines of one settlement, from the benchmark to what is earned, and the waterfall."""
    gross = _gross_savings(sheet, terms, figures)
    course = Course(sheet, terms, figures, savings=gross)
    for step in terms.order:
        STEPS[step](course)
    earned = _earned(course)
    write_waterfall(sheet, earned, [Bar(GROSS, gross, gross.clause), *course.bars])


def _gross_savings(sheet: Worksheet, terms: Terms, figures: Figures) -> Line:
    block = terms.need("benchmark", Benchmark)
    clause = terms.source("benchmark", "clause").clause
    if block.basis == "pmpm":
        against = sheet.compute(
            benchmark.benchmark,
            clause=clause,
            benchmark_pmpm=term_line(sheet, terms, "benchmark", "pmpm"),
            member_months=figures.line(sheet, "member_months"),
        )
    else:
        against = figures.line(sheet, "benchmark")
    spent = figures.line(sheet, "expenditure")
    return sheet.compute(savings.gross_savings, clause=clause, benchmark=against, expenditure=spent)


def gate(course: Course) -> None:
    """What savings and losses count: minimum rates, and what a rule lets through or holds back."""
    sheet, block = course.sheet, course.terms.need("gate", Gate)
    clause = course.clause("gate")
    gross, against = course.savings, sheet["benchmark"]
    sheet.compute(savings.savings_rate, clause=clause, gross_savings=gross, benchmark=against)
    minimum = _minimum_savings_rate(course, block, clause)
    needed: dict[str, Any] = {"gross_savings": gross, "benchmark": against}
    owes = course.terms.block("loss_share", LossShare) is not None
    if owes and block.minimum_loss_rate is None:
        raise course.terms.lacks("gate", "minimum_loss_rate", "losses are shared")
    plain = not (owes or block.losses_printed_though_not_owed or block.guardrail or block.reduced_share_multiplier)
    if plain:
        counted = sheet.compute(savings.generated_savings, clause=clause, minimum_savings_rate=minimum, **needed)
        course.save("gate", "gate", counted)
        return

    saved = sheet.compute(savings.qualified_savings, clause=clause, minimum_savings_rate=minimum, **needed)
    if block.reduced_share_multiplier is not None:
        flag = sheet.compute(
            reduced_share.meets_reduced_share,
            clause=course.terms.source("gate", "reduced_share_multiplier").clause,
            minimum_savings_rate=minimum,
            low_revenue=course.given("low_revenue"),
            assigned_beneficiaries=course.given("assigned_beneficiaries"),
            reduced_share_smallest_population=course.term("gate", "reduced_share_smallest_population"),
            **needed,
        )
        saved = sheet.compute(
            reduced_share.savings_with_reduced_share,
            clause=flag.clause, amount=saved, gross_savings=gross, meets_reduced_share=flag,
        )  # fmt: skip
    if block.guardrail:
        raised = course.given("guardrail")
        rule = course.terms.source("gate", "guardrail").clause
        saved = sheet.compute(guardrail.savings_after_guardrail, clause=rule, amount=saved, guardrail=raised)
    if not (owes or block.losses_printed_though_not_owed):
        course.save("gate", "gate", _generated(course, clause, saved, None))
        return
    floor = sheet.compute(minimum_loss_rate.minimum_loss_rate, clause=clause, minimum_savings_rate=minimum)
    lost = sheet.compute(losses.qualified_losses, clause=clause, minimum_loss_rate=floor, **needed)
    generated = _generated(course, clause, saved, lost)
    course.save("gate", "gate", generated if owes else saved)
    course.savings = saved
    course.losses = lost if owes else None


def _generated(course: Course, clause: str, saved: Line, lost: Line | None) -> Line:
    """The line `generated_savings` where rules stand between the gate and it."""
    if lost is None:
        return course.sheet.compute(guardrail.generated_savings, clause=clause, qualified_savings=saved)
    return course.sheet.compute(
        two_sided.generated_savings, clause=clause, qualified_savings=saved, qualified_losses=lost
    )


def _minimum_savings_rate(course: Course, block: Gate, clause: str) -> Line:
    if block.minimum_savings_rate is not None:
        return course.term("gate", "minimum_savings_rate")
    terms, sheet = course.terms, course.sheet
    source = terms.source("gate", "minimum_savings_rates_by_size")
    table = sheet.term("minimum_savings_rates_by_size", block.rates_by_size(), Unit.TABLE, source)
    sizes: dict[str, Any] = {
        "assigned_beneficiaries": course.given("assigned_beneficiaries"),
        "printed_minimum_savings_rate": course.given("printed_minimum_savings_rate"),
        "smallest_population_of_table": course.term("gate", "smallest_population_of_table"),
        "minimum_savings_rates_by_size": table,
    }
    if block.minimum_savings_rate_elections is None:
        return sheet.compute(minimum_rate_by_size.minimum_savings_rate, clause=clause, **sizes)
    elected = terms.source("gate", "minimum_savings_rate_elections")
    elections = sheet.term("minimum_savings_rate_elections", block.elections(), Unit.TABLE, elected)
    return sheet.compute(
        minimum_rate_elected.minimum_savings_rate,
        clause=elected.clause, minimum_savings_rate_elections=elections, **sizes,
    )  # fmt: skip


def share(course: Course) -> None:
    """The group's share of savings by quality, and of losses where it bears them."""
    clause = course.clause("share")
    rate = _final_sharing_rate(course, clause)
    saved = course.sheet.compute(savings.shared_savings, clause=clause, amount=course.savings, final_sharing_rate=rate)
    course.save("share", "share", saved)
    if course.losses is not None:
        clause = course.clause("loss_share")
        loss_rate = _final_loss_rate(course, clause)
        owed = course.sheet.compute(
            losses.shared_losses, clause=clause, amount=course.losses, final_loss_rate=loss_rate
        )
        course.lose("loss_share", "loss_share", course.losses, owed)


def _final_sharing_rate(course: Course, clause: str) -> Line:
    sheet = course.sheet
    factor = sheet.compute(
        sharing_rate.quality_factor,
        clause=course.clause("quality_standard"),
        quality_score=course.given("quality_score"),
        met_quality_standard=course.given("met_quality_standard"),
        met_alternative_standard=course.given("met_alternative_standard"),
        score_scales_sharing_rate=course.term("quality_standard", "score_scales_sharing_rate"),
        alternative_standard_counts=course.term("quality_standard", "alternative_standard_counts"),
    )
    rates: dict[str, Any] = {
        "maximum_sharing_rate": course.term("share", "maximum_sharing_rate"),
        "quality_factor": factor,
    }
    if "meets_reduced_share" not in sheet:
        return sheet.compute(sharing_rate.final_sharing_rate, clause=clause, **rates)
    return sheet.compute(
        reduced_share.final_sharing_rate,
        clause=sheet["meets_reduced_share"].clause,
        meets_reduced_share=sheet["meets_reduced_share"],
        reduced_share_multiplier=course.term("gate", "reduced_share_multiplier"),
        **rates,
    )


def _final_loss_rate(course: Course, clause: str) -> Line:
    sheet, block = course.sheet, course.terms.need("loss_share", LossShare)
    if block.loss_sharing_rate is not None:
        fixed = course.term("loss_share", "loss_sharing_rate")
        return sheet.compute(loss_rate_fixed.final_loss_rate, clause=clause, loss_sharing_rate=fixed)
    met = sheet.compute(
        losses.quality_standard_met,
        clause=course.clause("quality_standard"),
        met_quality_standard=course.given("met_quality_standard"),
        met_alternative_standard=course.given("met_alternative_standard"),
        alternative_standard_counts=course.term("quality_standard", "alternative_standard_counts"),
    )
    return sheet.compute(
        loss_rate_by_quality.final_loss_rate,
        clause=clause,
        maximum_sharing_rate=course.term("share", "maximum_sharing_rate"),
        quality_score=course.given("quality_score"),
        quality_standard_met=met,
        lowest_loss_sharing_rate=course.term("loss_share", "lowest"),
        highest_loss_sharing_rate=course.term("loss_share", "highest"),
    )


def final_multiplier(course: Course) -> None:
    """A multiplier on savings, such as sequestration."""
    left = course.sheet.compute(
        savings.savings_after_final_multiplier,
        clause=course.clause("final_multiplier"),
        amount=course.savings,
        final_multiplier=course.term("final_multiplier", "savings"),
    )
    course.save("final_multiplier", "final_multiplier", left)


def cap_payment(course: Course) -> None:
    """The most that is paid."""
    capped = course.sheet.compute(
        savings.capped_savings,
        clause=course.clause("cap_payment"),
        amount=course.savings,
        benchmark=course.sheet["benchmark"],
        payment_cap_of_benchmark=course.term("cap_payment", "of_benchmark"),
    )
    course.save("cap_payment", "cap_payment", capped)


def loss_limit(course: Course) -> None:
    """The most that is owed; the limit by revenue is shown, and applies where revenue is given."""
    if course.losses is None:
        return
    sheet, block = course.sheet, course.terms.need("loss_limit", LossLimit)
    clause, before = course.clause("loss_limit"), course.losses
    limit = sheet.compute(
        losses.loss_limit_by_benchmark,
        clause=clause,
        benchmark=sheet["benchmark"],
        loss_limit_of_benchmark=course.term("loss_limit", "of_benchmark"),
    )
    limits: dict[str, Any] = {"amount": before, "loss_limit_by_benchmark": limit}
    if block.of_revenue is not None and course.figures.has("revenue"):
        limits["loss_limit_by_revenue"] = sheet.compute(
            losses.loss_limit_by_revenue,
            clause=clause,
            revenue=course.given("revenue"),
            loss_limit_of_revenue=course.term("loss_limit", "of_revenue"),
        )
        limited = sheet.compute(losses_by_revenue.limited_losses, clause=clause, **limits)
    else:
        if block.of_revenue is not None:
            course.term("loss_limit", "of_revenue")
            source = course.terms.source("loss_limit", "of_revenue")
            sheet.absent("loss_limit_by_revenue", Unit.USD, "not_given", source)
        limited = sheet.compute(losses.limited_losses, clause=clause, **limits)
    course.lose("loss_limit", "loss_limit", before, limited)


def disaster(course: Course) -> None:
    """What disasters take off a loss."""
    if course.losses is None:
        return
    course.terms.need("disaster", Disaster)
    before = course.losses
    left = course.sheet.compute(
        losses.losses_after_disaster,
        clause=course.clause("disaster"),
        amount=before,
        relieved_share_of_losses=course.term("disaster", "relieved_share_of_losses"),
        disaster_adjustment=course.given("disaster_adjustment"),
    )
    course.lose("disaster", "disaster", before, left)


def _earned(course: Course) -> Line:
    rounding = course.terms.need("rounding", SettledRounding).earned.rounding()
    clause = course.clause("rounding")
    if course.losses is None:
        return course.sheet.settle(savings.earned, clause=clause, rounding=rounding, amount=course.savings)
    return course.sheet.settle(
        two_sided.earned, clause=clause, rounding=rounding, savings=course.savings, losses=course.losses
    )


STEPS: Mapping[str, Callable[[Course], None]] = {
    "gate": gate,
    "share": share,
    "final_multiplier": final_multiplier,
    "cap_payment": cap_payment,
    "loss_limit": loss_limit,
    "disaster": disaster,
}
"""The savings steps of this kind of program, by the names that a contract's order uses."""
