"""Pay for performance: pools, tiers, measures, gaps and acts, behind the contract's gates."""

from p4v.contract.blocks.rewards import PayForPerformance
from p4v.formulas import fees, incentives, pool_by_count, waterfall
from p4v.programs.course import Course
from p4v.programs.gates import gate_lines, trend_gate
from p4v.programs.quality import Scored, thresholds_of
from p4v.programs.scorecard import write_measure_pay, write_scorecard
from p4v.programs.steps import Bar, write_waterfall
from p4v.units import Table, Unit
from p4v.worksheet import Line

BLOCK = "pay_for_performance"
POOL = "quality_pool"
"""The first bar of a pool's waterfall."""


def write_incentives(course: Course, counted: list[Scored]) -> Line | None:
    """The settled line `quality_incentive`, or None where the contract pays none."""
    block = course.block(BLOCK, PayForPerformance)
    if block is None:
        return None
    parts: list[Line] = []
    if block.left_over is not None:
        parts.append(_pool(course, block, counted))
    if block.tiers is not None:
        parts.append(_tier(course, block))
    if block.measures is not None:
        parts += _measures(course, block, counted)
    parts += _gaps_and_acts(course, block)
    if block.challenge is not None:
        parts.append(_challenge(course, block, counted))
    amount = parts[0] if len(parts) == 1 else course.compute(incentives.total_incentive, BLOCK, parts=parts)
    earned = course.settle(incentives.quality_incentive, "quality_incentive", amount=amount)
    course.explain()
    if block.left_over is not None and len(parts) == 1:
        write_waterfall(course.sheet, earned, course.bars)
    return earned


def _behind_gates(course: Course, amount: Line, key: str | None = None) -> Line:
    """What the gates of quality and of the cost trend let through."""
    flags = {"quality": course.sheet["all_gates_met"]} if course.has("quality_gate") else {}
    if course.has("trend_gate"):
        flags["trend"] = trend_gate(course)
    for name, met in flags.items():
        block = "quality_gate" if name == "quality" else "trend_gate"
        amount = gate_lines(course, block, name if key is None else f"{name}-{key}", met, amount)
    return amount


def _pool(course: Course, block: PayForPerformance, counted: list[Scored]) -> Line:
    """What is earned of a pool, and what becomes of the rest."""
    if block.pool_pmpm is not None:
        months = course.given("member_months", BLOCK)
        pool = course.compute(
            incentives.quality_pool, BLOCK, quality_pool_pmpm=course.term(BLOCK, "pool_pmpm"), member_months=months
        )
    else:
        pool = course.given(POOL, BLOCK)
    if block.by_measures_met is not None:
        met = course.compute(incentives.measures_met, BLOCK, thresholds=_core_flags(course, block, counted))
        rows = Table.of_pairs([(row.from_, row.share) for row in block.by_measures_met])
        table = course.named("pool_shares_by_measures_met", rows, Unit.TABLE, BLOCK, "by_measures_met")
        share = course.compute(incentives.share_of_pool, BLOCK, measures_met=met, pool_shares_by_measures_met=table)
        earned = course.compute(pool_by_count.earned_of_pool, BLOCK, quality_pool=pool, share_of_pool=share)
    else:
        earned = course.compute(incentives.earned_of_pool, BLOCK, quality_pool=pool, quality_score=course.score(BLOCK))
    after = _behind_gates(course, earned)
    course.compute(incentives.pool_left_over, BLOCK, quality_pool=pool, earned_of_pool=after)
    course.bars.append(Bar(POOL, pool, course.clause(BLOCK)))
    for step, block_name, before, left in (
        ("quality", BLOCK, pool, earned), ("quality_gate", "quality_gate", earned, after),
    ):  # fmt: skip
        if before is not left:
            change = course.compute(waterfall.savings_change, BLOCK, step, before=before, after=left)
            course.bars.append(Bar(step, change, course.clause(block_name if course.has(block_name) else BLOCK)))
    apart = set(block.challenge.measures) if block.challenge is not None else set()
    core = [measure for measure in counted if measure.measure.id not in apart]
    write_scorecard(course, core, pool, after, BLOCK, in_proportion=block.by_measures_met is None)
    return after


def _core_flags(course: Course, block: PayForPerformance, counted: list[Scored]) -> list[Line]:
    """The flags of all measures but the challenge's."""
    apart = set(block.challenge.measures) if block.challenge is not None else set()
    flags = [measure.met for measure in counted if measure.met is not None and measure.measure.id not in apart]
    if not flags:
        raise course.terms.lacks(BLOCK, "by_measures_met", "`quality` has measures with thresholds to count")
    return flags


def _tier(course: Course, block: PayForPerformance) -> Line:
    rows = Table.of_pairs([(row.from_, row.pmpm) for row in block.tiers or []])
    table = course.named("pmpm_by_quality_score", rows, Unit.TABLE, BLOCK, "tiers")
    rate = course.compute(
        incentives.pmpm_at_score, BLOCK, quality_score=course.score(BLOCK), pmpm_by_quality_score=table
    )
    months = course.given("member_months", BLOCK)
    paid = course.compute(incentives.incentive_of_tier, BLOCK, pmpm_at_score=rate, member_months=months)
    return _behind_gates(course, paid, "tier" if len(_forms(block)) > 1 else None)


def _forms(block: PayForPerformance) -> list[str]:
    return [name for name in ("left_over", "tiers", "measures", "gaps", "acts") if getattr(block, name) is not None]


def _measures(course: Course, block: PayForPerformance, counted: list[Scored]) -> list[Line]:
    known = {measure.measure.id: measure for measure in counted}
    pays = block.measures or []
    if any(pay.measure not in known for pay in pays):
        raise course.terms.lacks(BLOCK, "measures", "each of them is a measure of `quality` that is scored")
    if any(known[pay.measure].bonus is not None for pay in pays):
        raise course.terms.lacks(
            BLOCK, "measures", "a measure that is paid alone has improvement that `counts: better_of`"
        )
    dollars: list[Line] = []
    parts: list[Line] = []
    for place, pay in enumerate(pays):
        id_, path = pay.measure, ("measures", place)
        if pay.dollars is not None:
            most = course.item(BLOCK, path, pay, "dollars", id_)
        else:
            stated = course.item(BLOCK, path, pay, "pmpm", id_)
            months = course.given("member_months", BLOCK)
            most = course.compute(
                incentives.measure_dollars_of_months, BLOCK, id_, measure_pmpm=stated, member_months=months
            )
        paid = course.compute(
            incentives.measure_incentive, BLOCK, id_, measure_dollars=most,
            points=known[id_].points, full_points=course.sheet[f"full_points.{id_}"],
        )  # fmt: skip
        dollars.append(most)
        parts.append(_behind_gates(course, paid, id_))
    write_measure_pay(course, [known[pay.measure] for pay in pays], dollars, parts, BLOCK)
    return parts


def _gaps_and_acts(course: Course, block: PayForPerformance) -> list[Line]:
    gaps = [
        course.compute(
            incentives.gap_incentive, BLOCK, gap.id, gaps_closed=course.given(f"gaps_closed.{gap.id}", BLOCK),
            dollars_per_gap_closed=course.item(BLOCK, ("gaps", place), gap, "dollars", gap.id),
        )
        for place, gap in enumerate(block.gaps or [])
    ]  # fmt: skip
    acts = [
        course.compute(
            fees.fee_of_act, BLOCK, act.id, acts=course.given(f"acts.{act.id}", BLOCK),
            dollars_per_act=course.item(BLOCK, ("acts", place), act, "dollars", act.id),
        )
        for place, act in enumerate(block.acts or [])
    ]  # fmt: skip
    if not (course.has("quality_gate") or course.has("trend_gate")):
        return [*gaps, *acts]
    keys = [gap.id for gap in block.gaps or []] + [act.id for act in block.acts or []]
    return [_behind_gates(course, line, key) for line, key in zip([*gaps, *acts], keys, strict=True)]


def _challenge(course: Course, block: PayForPerformance, counted: list[Scored]) -> Line:
    rule = block.challenge
    assert rule is not None
    flags = thresholds_of(course, counted, rule.measures, BLOCK, "challenge")
    met = course.compute(incentives.challenge_measures_met, BLOCK, thresholds=flags)
    months = course.given("member_months", BLOCK)
    own = course.compute(incentives.challenge_points, BLOCK, challenge_measures_met=met, member_months=months)
    earned = course.compute(
        incentives.challenge_incentive, BLOCK, challenge_pool=course.given("challenge_pool", BLOCK),
        challenge_points=own, challenge_points_of_all_groups=course.given("challenge_points_of_all_groups", BLOCK),
    )  # fmt: skip
    return _behind_gates(course, earned, "challenge")
