"""From gross savings to what is earned: gate, share, caps and limits in the contract's order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from p4v.contract.blocks.benchmark import Benchmark
from p4v.contract.blocks.members import MemberMonths
from p4v.contract.blocks.quality import QualityGate
from p4v.contract.blocks.savings import (
    FeeOffset,
    FinalMultiplier,
    Gate,
    LossLimit,
    LossShare,
    PaymentCap,
    PriorDeficit,
    QualityEffect,
    SavingsShare,
)
from p4v.formulas import (
    budget_held_by_group,
    cap_of_dollars,
    cap_of_gross,
    caps,
    caps_before_gate,
    earned_of_cells,
    gate_at_least,
    gate_cliff,
    gate_deductible,
    gate_more_than,
    gate_open,
    gates,
    limit_by_revenue,
    loss_complement,
    losses,
    losses_by_revenue,
    minimum_rate_of_panel,
    minimum_rate_of_row,
    offsets,
    offsets_before_gate,
    quality_effect,
    quality_ladder,
    savings,
    share_bands,
    share_by_count,
    share_by_score,
    share_flat,
    split_shift,
    two_sided,
    waterfall,
)
from p4v.programs.course import Course
from p4v.programs.gates import gate_lines, panel_gate, trend_gate
from p4v.programs.panels import parts_by_panel
from p4v.programs.quality import Scored
from p4v.programs.scorecard import write_scorecard
from p4v.programs.steps import GROSS, Bar, write_waterfall
from p4v.units import Table, Unit
from p4v.worksheet import Line


@dataclass(slots=True)
class Sides:
    """The two sides of zero: `savings` carries the signed amount until the gate has parted them."""

    course: Course
    savings: Line
    losses: Line | None = None
    parted: bool = False
    counted: list[Scored] = field(default_factory=list)

    def save(self, step: str, block: str, after: Line) -> None:
        """Takes a step on the side of savings."""
        self._bar(waterfall.savings_change, step, block, self.savings, after)
        self.savings = after

    def lose(self, step: str, block: str, after: Line) -> None:
        """Takes a step on the side of losses."""
        assert self.losses is not None
        self._bar(waterfall.losses_change, step, block, self.losses, after)
        self.losses = after

    def _bar(self, formula: Any, step: str, block: str, before: Line, after: Line) -> None:
        course = self.course

        def write() -> None:
            change = course.compute(formula, block, step, before=before, after=after)
            name = step if course.key is None else f"{step}-{course.key}"
            course.bars.append(Bar(name, change, course.clause(block)))

        course.later.append(write)


def write_savings(course: Course, gross: Line, counted: list[Scored]) -> tuple[Line, Line]:
    """The lines from gross savings to `earned`, and the waterfall; in parts where the contract settles them apart.

    Returns what is earned, rounded and before rounding.
    """
    block = course.need("benchmark", Benchmark)
    if block.cells is None or block.pooling == "together":
        course.bars.append(Bar(GROSS, gross, gross.clause))
        earned, unrounded = _settle(course, block, gross, counted)
    else:
        parts = []
        for part in _parts(course, block):
            own = part.compute(
                savings.gross_savings, "benchmark",
                benchmark=part.line("benchmark"), expenditure=part.line("expenditure"),
            )  # fmt: skip
            part.compute(savings.savings_rate, "benchmark", gross_savings=own, benchmark=part.line("benchmark"))
            course.bars.append(Bar(f"{GROSS}-{part.key}", own, own.clause))
            parts.append(_settle(part, block, own, [])[0])
        earned = course.sheet.settle(
            earned_of_cells.earned, clause=course.clause("rounding", "earned"),
            rounding=course.rounding("earned"), parts=parts,
        )  # fmt: skip
        unrounded = earned
    course.explain()
    write_waterfall(course.sheet, earned, course.bars, held_by_group=block.held_by == "group")
    return earned, unrounded


def _parts(course: Course, block: Benchmark) -> list[Course]:
    """What is settled on its own: each part, or what the size of the panels says."""
    if _pools_by_panel(course):
        return parts_by_panel(course, block)
    return [replace(course, key=cell.id) for cell in block.cells or []]


def _pools_by_panel(course: Course) -> bool:
    members = course.block("member_months", MemberMonths)
    return members is not None and members.pools()


def _settle(course: Course, block: Benchmark, gross: Line, counted: list[Scored]) -> tuple[Line, Line]:
    sides = Sides(course, gross, counted=counted)
    for step in course.terms.order:
        STEPS[step](sides)
    if sides.losses is None:
        return course.settle(savings.earned, "earned", amount=sides.savings), sides.savings
    held = block.held_by == "group"
    formulas = budget_held_by_group if held else two_sided
    both: dict[str, Any] = {"savings": sides.savings, "losses": sides.losses}
    unrounded = course.compute(formulas.reward_to_date, "share", **both) if course.has("interim") else sides.savings
    return course.settle(formulas.earned, "earned", **both), unrounded


def gate(sides: Sides) -> None:
    """What savings and losses count: the panel, the trend, the minimum rates."""
    course, block = sides.course, sides.course.block("gate", Gate)
    owes = course.has("loss_share")
    amount = sides.savings
    if block is None:
        counted = course.compute(gate_open.generated_savings, "share", amount=amount)
        lost = course.compute(gate_open.generated_losses, "share", amount=amount) if owes else None
    else:
        minimum = _minimum_savings_rate(course, block)
        counted = _counted(course, block, amount, minimum)
        lost = _lost(course, block, amount, minimum) if owes else None
        course.later.append(partial(_minimum_rate_lines, course, block, amount, minimum))
    counted = _past_other_gates(course, counted)
    lost = None if lost is None else _losses_past_panel(course, lost)
    if lost is not None:
        generated = course.compute(
            gates.generated_savings_or_losses, "gate" if block else "share",
            generated_savings=counted, generated_losses=lost,
        )  # fmt: skip
        sides.save("gate", "gate" if block else "share", generated)
    else:
        sides.save("gate", "gate" if block else "share", counted)
    sides.savings, sides.losses, sides.parted = counted, lost, True


def _counted(course: Course, block: Gate, amount: Line, minimum: Line) -> Line:
    inputs: dict[str, Any] = {"benchmark": course.line("benchmark"), "minimum_savings_rate": minimum}
    if block.form == "deductible":
        return course.compute(gate_deductible.generated_savings, "gate", amount=amount, **inputs)
    if block.comparison == "more_than":
        return course.compute(gate_more_than.generated_savings, "gate", amount=amount, **inputs)
    if amount.name.split(".", 1)[0] == GROSS:
        return course.compute(savings.generated_savings, "gate", gross_savings=amount, **inputs)
    return course.compute(gate_cliff.generated_savings, "gate", amount=amount, **inputs)


def _lost(course: Course, block: Gate, amount: Line, minimum: Line) -> Line:
    if block.minimum_loss_rate is None and block.losses is None:
        raise course.terms.lacks("gate", "minimum_loss_rate", "losses are shared")
    if block.losses == "from_the_first_dollar":
        return course.compute(gate_open.generated_losses, "gate", amount=amount)
    rate = minimum if block.losses == "same_as_savings" else course.term("gate", "minimum_loss_rate")
    formulas = {"at_least": gate_at_least.generated_losses, "more_than": gate_more_than.generated_losses}
    formula = gate_deductible.generated_losses if block.form == "deductible" else formulas[block.comparison]
    return course.compute(formula, "gate", amount=amount, benchmark=course.line("benchmark"), minimum_loss_rate=rate)


def _minimum_rate_lines(course: Course, block: Gate, amount: Line, minimum: Line) -> None:
    """Whether the minimum rate was met, by how much, and the dollars that it stopped."""
    inputs: dict[str, Any] = {
        "amount": amount, "benchmark": course.line("benchmark"), "minimum_savings_rate": minimum,
    }  # fmt: skip
    formula = gate_more_than.gate_met if block.comparison == "more_than" else gate_at_least.gate_met
    met = course.compute(formula, "gate", "minimum_savings_rate", **inputs)
    course.compute(gates.gate_distance, "gate", "minimum_savings_rate", **inputs)
    course.compute(gates.not_earned, "gate", "minimum_savings_rate", before=amount, gate_met=met)


def _minimum_savings_rate(course: Course, block: Gate) -> Line:
    if block.minimum_savings_rate is not None:
        return course.term("gate", "minimum_savings_rate")
    if "minimum_savings_rate" in course.sheet:
        return course.sheet["minimum_savings_rate"]
    name = "minimum_savings_rates_by_size"
    table = course.named(name, block.sizes(), Unit.TABLE, "gate", name)
    formula = (
        minimum_rate_of_panel.minimum_savings_rate
        if block.between_sizes == "interpolated"
        else minimum_rate_of_row.minimum_savings_rate
    )
    size = course.given("panel_size", "gate")
    return course.sheet.compute(
        formula, clause=course.clause("gate"), panel_size=size, minimum_savings_rates_by_size=table
    )


def _past_other_gates(course: Course, counted: Line) -> Line:
    """The smallest panel, and the cost trend."""
    panel = course.block("member_months", MemberMonths)
    if panel is not None and panel.smallest_panel is not None and not panel.pools():
        counted = gate_lines(course, "member_months", "panel_size", panel_gate(course), counted)
    if course.has("trend_gate"):
        counted = gate_lines(course, "trend_gate", "trend", trend_gate(course), counted)
    return counted


def _losses_past_panel(course: Course, lost: Line) -> Line:
    """The losses of a panel that is large enough, where the contract spares smaller ones."""
    panel = course.block("member_months", MemberMonths)
    if panel is None or panel.below != "neither_reward_nor_loss":
        return lost
    met = panel_gate(course)
    return course.compute(gates.savings_past_gate, "member_months", "panel_size-losses", amount=lost, gate_met=met)


def cap_gross(sides: Sides) -> None:
    """The most savings that count, and the most losses."""
    course = sides.course
    inputs: dict[str, Any] = {
        "benchmark": course.line("benchmark"), "savings_cap_of_benchmark": course.term("cap_gross", "of_benchmark"),
    }  # fmt: skip
    formulas = caps if sides.parted else caps_before_gate
    within = course.compute(formulas.savings_within_cap, "cap_gross", amount=sides.savings, **inputs)
    sides.save("cap_gross", "cap_gross", within)
    if sides.losses is not None:
        lost = course.compute(caps.losses_within_cap, "cap_gross", amount=sides.losses, **inputs)
        sides.lose("cap_gross_losses", "cap_gross", lost)


def share(sides: Sides) -> None:
    """The group's share of savings, and of losses where it bears them."""
    course = sides.course
    rate = _sharing_rate(course)
    if rate is None:
        table = _bands(course, "share", "savings_bands")
        shared = course.compute(
            share_bands.shared_savings, "share",
            amount=sides.savings, benchmark=course.line("benchmark"), savings_bands=table,
        )  # fmt: skip
    elif rate.name == "sharing_rate":
        shared = course.compute(share_flat.shared_savings, "share", amount=sides.savings, sharing_rate=rate)
    else:
        shared = course.compute(savings.shared_savings, "share", amount=sides.savings, final_sharing_rate=rate)
    sides.save("share", "share", shared)
    if sides.losses is not None:
        sides.lose("loss_share", "loss_share", _shared_losses(course, sides.losses, rate))


def _sharing_rate(course: Course) -> Line | None:
    """The one rate of savings; None where bands share them."""
    block = course.need("share", SavingsShare)
    if block.sharing_rate is None and _shifts(course):
        raise course.terms.lacks("share", "sharing_rate", "`quality_effect` shifts one rate")
    if block.bands is not None:
        return None
    if "final_sharing_rate" in course.sheet:
        return course.sheet["final_sharing_rate"]
    clause = course.clause("share")
    if block.by_thresholds_met is not None:
        name = "sharing_rates_by_thresholds_met"
        ladder = course.named(name, block.ladder(), Unit.TABLE, "share", "by_thresholds_met")
        return course.sheet.compute(
            share_by_count.final_sharing_rate,
            clause=clause,
            thresholds_met=course.thresholds_met("share"),
            sharing_rates_by_thresholds_met=ladder,
        )
    if block.by_quality_score is not None:
        name = "sharing_rates_by_quality_score"
        ladder = course.named(name, block.ladder(), Unit.TABLE, "share", "by_quality_score")
        return course.sheet.compute(
            share_by_score.final_sharing_rate,
            clause=clause,
            quality_score=course.score("share"),
            sharing_rates_by_quality_score=ladder,
        )
    rate = course.term("share", "sharing_rate")
    shift = _split_shift(course)
    if shift is None:
        return rate
    clause = course.clause("quality_effect")
    return course.sheet.compute(split_shift.final_sharing_rate, clause=clause, sharing_rate=rate, split_shift=shift)


def _shifts(course: Course) -> bool:
    block = course.block("quality_effect", QualityEffect)
    return block is not None and block.form == "split_shift"


def _split_shift(course: Course) -> Line | None:
    if not _shifts(course):
        return None
    block = course.need("quality_effect", QualityEffect)
    if "split_shift" in course.sheet:
        return course.sheet["split_shift"]
    table = course.named("split_shifts", block.table(), Unit.TABLE, "quality_effect", "shifts")
    return course.sheet.compute(
        split_shift.split_shift, clause=course.clause("quality_effect"),
        quality_score=course.score("quality_effect"), split_shifts=table,
    )  # fmt: skip


def _shared_losses(course: Course, lost: Line, rate: Line | None) -> Line:
    block = course.need("loss_share", LossShare)
    if block.bands is not None:
        if _shifts(course):
            raise course.terms.lacks("loss_share", "sharing_rate", "`quality_effect` shifts one rate")
        table = _bands(course, "loss_share", "loss_bands")
        return course.compute(
            share_bands.shared_losses, "loss_share",
            amount=lost, benchmark=course.line("benchmark"), loss_bands=table,
        )  # fmt: skip
    if block.sharing_rate is None:
        if rate is None:
            raise course.terms.lacks("loss_share", "sharing_rate", "savings are shared by bands")
        own = course.compute(
            loss_complement.final_loss_rate, "loss_share", final_sharing_rate=rate,
            lowest_loss_sharing_rate=course.term("loss_share", "lowest"),
            highest_loss_sharing_rate=course.term("loss_share", "highest"),
        )  # fmt: skip
        return course.compute(losses.shared_losses, "loss_share", amount=lost, final_loss_rate=own)
    stated = course.term("loss_share", "sharing_rate")
    shift = _split_shift(course)
    if shift is None:
        return course.compute(share_flat.shared_losses, "loss_share", amount=lost, loss_sharing_rate=stated)
    own = course.compute(split_shift.final_loss_rate, "quality_effect", loss_sharing_rate=stated, split_shift=shift)
    return course.compute(losses.shared_losses, "loss_share", amount=lost, final_loss_rate=own)


def _bands(course: Course, block: str, name: str) -> Line:
    bands = course.need(block, SavingsShare).bands if block == "share" else course.need(block, LossShare).bands
    from_ = [(band.above, band.share) for band in bands or []]
    return course.named(name, Table.of_pairs(from_), Unit.TABLE, block, "bands")


def quality(sides: Sides) -> None:
    """What quality leaves of the share: its gate, then its effect."""
    course = sides.course
    before = after = sides.savings
    if course.block("quality_gate", QualityGate) is not None:
        after = gate_lines(course, "quality_gate", "quality", course.sheet["all_gates_met"], after)
        sides.save("quality_gate", "quality_gate", after)
    block = course.block("quality_effect", QualityEffect)
    if block is None or block.form == "split_shift":
        return
    score = course.score("quality_effect")
    if block.form == "multiplier":
        after = course.compute(
            quality_effect.savings_after_quality, "quality_effect", amount=after, quality_score=score
        )
    else:
        table = course.named("quality_ladder", block.table(), Unit.TABLE, "quality_effect", "ladder")
        after = course.compute(
            quality_ladder.savings_after_quality, "quality_effect",
            amount=after, quality_score=score, quality_ladder=table,
        )  # fmt: skip
    sides.save("quality", "quality_effect", after)
    linear = block.form == "multiplier"
    course.later.append(partial(write_scorecard, course, sides.counted, before, after, "quality_effect", linear))


def cap_payment(sides: Sides) -> None:
    """The most that is paid."""
    course, block, amount = sides.course, sides.course.need("cap_payment", PaymentCap), sides.savings
    if block.of_benchmark is not None:
        capped = course.compute(
            savings.capped_savings, "cap_payment", amount=amount, benchmark=course.line("benchmark"),
            payment_cap_of_benchmark=course.term("cap_payment", "of_benchmark"),
        )  # fmt: skip
    elif block.of_gross_savings is not None:
        capped = course.compute(
            cap_of_gross.capped_savings, "cap_payment", amount=amount, gross_savings=course.line(GROSS),
            payment_cap_of_gross_savings=course.term("cap_payment", "of_gross_savings"),
        )  # fmt: skip
    else:
        capped = course.compute(
            cap_of_dollars.capped_savings, "cap_payment", amount=amount, payment_cap=_cap_in_dollars(course, block)
        )
    sides.save("cap_payment", "cap_payment", capped)


def _cap_in_dollars(course: Course, block: PaymentCap) -> Line:
    if block.dollars is not None:
        return course.term("cap_payment", "dollars")
    months = course.given_of_part("member_months", "cap_payment")
    stated = course.term("cap_payment", "pmpm")
    return course.compute(caps.cap_in_dollars, "cap_payment", payment_cap_pmpm=stated, member_months=months)


def loss_limit(sides: Sides) -> None:
    """The most that is owed: the lower of the contract's limits."""
    course, block, lost = sides.course, sides.course.need("loss_limit", LossLimit), sides.losses
    assert lost is not None
    limits: dict[str, Any] = {}
    if block.of_benchmark is not None:
        limits["loss_limit_by_benchmark"] = course.compute(
            losses.loss_limit_by_benchmark, "loss_limit", benchmark=course.line("benchmark"),
            loss_limit_of_benchmark=course.term("loss_limit", "of_benchmark"),
        )  # fmt: skip
    if block.of_revenue is not None:
        limits["loss_limit_by_revenue"] = course.compute(
            losses.loss_limit_by_revenue, "loss_limit", revenue=course.given_of_part("revenue", "loss_limit"),
            loss_limit_of_revenue=course.term("loss_limit", "of_revenue"),
        )  # fmt: skip
    formulas = {
        "loss_limit_by_benchmark": losses.limited_losses,
        "loss_limit_by_revenue": limit_by_revenue.limited_losses,
    }
    formula = losses_by_revenue.limited_losses if len(limits) > 1 else formulas[next(iter(limits))]
    sides.lose("loss_limit", "loss_limit", course.compute(formula, "loss_limit", amount=lost, **limits))


def disaster(sides: Sides) -> None:
    """What disasters take off a loss."""
    course = sides.course
    left = course.compute(
        losses.losses_after_disaster, "disaster", amount=sides.losses,
        relieved_share_of_losses=course.term("disaster", "relieved_share_of_losses"),
        disaster_adjustment=course.given_of_part("disaster_adjustment", "disaster"),
    )  # fmt: skip
    sides.lose("disaster", "disaster", left)


def final_multiplier(sides: Sides) -> None:
    """A multiplier on savings, and on losses where the contract says so."""
    course, block = sides.course, sides.course.need("final_multiplier", FinalMultiplier)
    multiplier = course.term("final_multiplier", "savings")
    left = course.compute(
        savings.savings_after_final_multiplier, "final_multiplier", amount=sides.savings, final_multiplier=multiplier
    )
    sides.save("final_multiplier", "final_multiplier", left)
    if sides.losses is not None and block.losses is not None:
        own = course.term("final_multiplier", "losses")
        owed = course.compute(
            caps.losses_after_final_multiplier, "final_multiplier",
            amount=sides.losses, final_multiplier_of_losses=own,
        )  # fmt: skip
        sides.lose("final_multiplier_losses", "final_multiplier", owed)


def floor(sides: Sides) -> None:
    """The least that is paid."""
    least = sides.course.term("floor", "dollars")
    after = sides.course.compute(caps.savings_with_floor, "floor", amount=sides.savings, payment_floor=least)
    sides.save("floor", "floor", after)


def fee_offset(sides: Sides) -> None:
    """Coordination fees that come off the savings."""
    course, block = sides.course, sides.course.need("fee_offset", FeeOffset)
    if block.fees == "given":
        fees = course.given_of_part("coordination_fees_paid", "fee_offset")
    elif course.key is not None:
        raise course.terms.lacks("fee_offset", "fees", "`given`, as parts that are settled apart have their own")
    else:
        fees = course.fees_of_period("fee_offset")
    formulas = offsets if sides.parted else offsets_before_gate
    after = course.compute(
        formulas.savings_after_fee_offset, "fee_offset", amount=sides.savings, coordination_fees_paid=fees
    )
    sides.save("fee_offset", "fee_offset", after)


def prior_deficit(sides: Sides) -> None:
    """A deficit of earlier periods, made up first; what is left of it, and what is carried on."""
    course, block = sides.course, sides.course.need("prior_deficit", PriorDeficit)
    deficit = course.given_of_part("prior_deficit", "prior_deficit")
    course.term("prior_deficit", "years")
    formulas = offsets if sides.parted else offsets_before_gate
    before = sides.savings
    after = course.compute(formulas.savings_after_prior_deficit, "prior_deficit", amount=before, prior_deficit=deficit)
    sides.save("prior_deficit", "prior_deficit", after)
    left = course.compute(offsets.prior_deficit_left, "prior_deficit", prior_deficit=deficit, before=before)
    if block.carry_forward:
        gross = course.line(GROSS)
        course.compute(offsets.deficit_carried_forward, "prior_deficit", prior_deficit_left=left, gross_savings=gross)


STEPS: Mapping[str, Callable[[Sides], None]] = {
    "gate": gate,
    "cap_gross": cap_gross,
    "share": share,
    "quality": quality,
    "cap_payment": cap_payment,
    "loss_limit": loss_limit,
    "disaster": disaster,
    "final_multiplier": final_multiplier,
    "floor": floor,
    "fee_offset": fee_offset,
    "prior_deficit": prior_deficit,
}
"""The savings steps, by the names that a contract's order uses."""
