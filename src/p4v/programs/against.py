"""The benchmark: a basis, then what changes it, in the order of the design."""

from p4v.contract.blocks.benchmark import Benchmark, CategoryBase, Cell, OtherBudget, Risk
from p4v.formulas import (
    baseline,
    baseline_by_category,
    baseline_pooled,
    baseline_weighted,
    benchmark,
    benchmark_adjusted,
    benchmark_loss_ratio,
    benchmark_of_cells,
    blended_budget,
)
from p4v.programs.adjustments import adjustment_lines, adjusts_benchmark
from p4v.programs.baseline import weights, write_baseline, year_pmpm
from p4v.programs.course import Course
from p4v.programs.market import market_trend, regional_pmpm, risk_of_scores
from p4v.units import Unit
from p4v.worksheet import Line

BLOCK = "benchmark"


def write_benchmark(course: Course) -> Line:
    """The line `benchmark`, in dollars of the period."""
    block = course.need(BLOCK, Benchmark)
    if block.cells is not None:
        return _of_cells(course, block)
    if block.in_dollars():
        return _in_dollars(course, block)
    budget = write_benchmark_pmpm(course)
    months = course.given("member_months", BLOCK)
    if not adjusts_benchmark(course):
        return course.compute(benchmark.benchmark, BLOCK, benchmark_pmpm=budget, member_months=months)
    amount = course.compute(benchmark_adjusted.unadjusted_benchmark, BLOCK, benchmark_pmpm=budget, member_months=months)
    return _with_adjustments(course, amount)


def write_benchmark_pmpm(course: Course) -> Line:
    """The line `benchmark_pmpm`: the base, its trend, blend, risk, prior savings and discount."""
    block = course.need(BLOCK, Benchmark)
    changed = block.changes_pmpm() or _risk_on_benchmark(course) is not None
    amount = _baseline(course, block, "baseline_pmpm" if changed else "benchmark_pmpm")
    if amount.name == "benchmark_pmpm":
        return amount
    trend = _trend(course, block)
    if trend is not None:
        amount = course.compute(baseline.trended_pmpm, BLOCK, pmpm=amount, trend=trend)
    if block.blended_with is not None:
        amount = course.compute(
            blended_budget.blended_pmpm, BLOCK, pmpm=amount,
            other_budget_pmpm=_other_budget(course, block.blended_with), own_weight=course.term(BLOCK, "own_weight"),
        )  # fmt: skip
    elif block.own_weight is not None:
        amount = course.compute(
            baseline.blended_pmpm, BLOCK, pmpm=amount,
            regional_pmpm=regional_pmpm(course, block), own_weight=course.term(BLOCK, "own_weight"),
        )  # fmt: skip
    risk = _risk_on_benchmark(course)
    if risk is not None:
        amount = course.compute(baseline.risk_adjusted_pmpm, "risk", pmpm=amount, risk_ratio=risk)
    if block.prior_savings_adjustment:
        given = course.given("prior_savings_pmpm", BLOCK)
        amount = course.compute(baseline.pmpm_with_prior_savings, BLOCK, pmpm=amount, prior_savings_pmpm=given)
    if block.discount is not None:
        discount = course.term(BLOCK, "discount")
        amount = course.compute(baseline.discounted_pmpm, BLOCK, pmpm=amount, benchmark_discount=discount)
    if block.pmpm_rounding is not None:
        rule = block.pmpm_rounding
        amount = course.compute(baseline.rounded_pmpm, BLOCK, pmpm=amount, places=rule.places, rule=str(rule.rule))
    return course.compute(baseline.benchmark_pmpm, BLOCK, pmpm=amount)


def _baseline(course: Course, block: Benchmark, stated_name: str) -> Line:
    if block.baseline_periods is not None:
        return write_baseline(course, block)
    if block.categories is not None:
        parts = [_category(course, block, place, item) for place, item in enumerate(block.categories)]
        return course.compute(baseline_by_category.baseline_pmpm, BLOCK, categories=parts)
    if block.years is not None:
        costs = [
            year_pmpm(course, block, place, course.given(f"baseline_pmpm.{year.id}", BLOCK), year.id)
            for place, year in enumerate(block.years)
        ]
        return course.compute(baseline_weighted.baseline_pmpm, BLOCK, years=costs, weights=weights(course, block))
    if block.pooled_years is not None:
        return course.compute(
            baseline_pooled.baseline_pmpm, BLOCK,
            expenditures=[course.given(f"baseline_expenditure.{year}", BLOCK) for year in block.pooled_years],
            member_months=[course.given(f"baseline_member_months.{year}", BLOCK) for year in block.pooled_years],
        )  # fmt: skip
    if block.given or block.loss_ratio is not None:
        return _own_budget(course, block)
    if block.pmpm is not None:
        return course.named(stated_name, block.pmpm, Unit.USD_PMPM, BLOCK, "pmpm")
    return course.given("baseline_pmpm", BLOCK)


def _own_budget(course: Course, block: Benchmark) -> Line:
    """A budget in dollars per member month, as the first of two."""
    if block.given:
        dollars = course.given("own_budget", BLOCK)
    else:
        dollars = course.compute(
            blended_budget.own_budget, BLOCK,
            revenue=course.given("revenue", BLOCK), loss_ratio_target=course.term(BLOCK, "loss_ratio"),
        )  # fmt: skip
    months = course.given("member_months", BLOCK)
    return course.compute(blended_budget.own_budget_pmpm, BLOCK, own_budget=dollars, member_months=months)


def _other_budget(course: Course, other: OtherBudget) -> Line:
    """The other of two budgets, per member month."""
    path = ("blended_with",)
    if other.pmpm is not None:
        return course.item(BLOCK, path, other, "pmpm", None)
    if other.given:
        dollars = course.given("other_budget", BLOCK)
    else:
        dollars = course.compute(
            blended_budget.other_budget, BLOCK, revenue=course.given("revenue", BLOCK),
            other_loss_ratio_target=course.item(BLOCK, path, other, "loss_ratio", None),
        )  # fmt: skip
    months = course.given("member_months", BLOCK)
    return course.compute(blended_budget.other_budget_pmpm, BLOCK, other_budget=dollars, member_months=months)


def _category(course: Course, block: Benchmark, place: int, item: CategoryBase) -> Line:
    if item.pmpm is not None:
        base = course.item(BLOCK, ("categories", place), item, "pmpm", item.id)
    else:
        years = block.pooled_years or []
        base = course.compute(
            baseline_pooled.category_pmpm, BLOCK, item.id,
            expenditures=[course.given(f"baseline_expenditure.{item.id}-{year}", BLOCK) for year in years],
            member_months=[course.given(f"baseline_member_months.{year}", BLOCK) for year in years],
        )  # fmt: skip
    trend = course.item(BLOCK, ("categories", place), item, "trend", item.id)
    return course.compute(baseline.category_pmpm_trended, BLOCK, item.id, category_pmpm=base, category_trend=trend)


def _trend(course: Course, block: Benchmark) -> Line | None:
    if block.trend is not None:
        trend = course.term(BLOCK, "trend")
    elif block.trend_given or block.market_trend is not None:
        trend = market_trend(course, BLOCK)
    else:
        return None
    if block.lowest_trend is None:
        return trend
    return course.compute(
        baseline.collared_trend, BLOCK, trend=trend,
        lowest_trend=course.term(BLOCK, "lowest_trend"), highest_trend=course.term(BLOCK, "highest_trend"),
    )  # fmt: skip


def risk_ratio(course: Course) -> Line:
    """The change of risk, given or from members' scores, within its caps."""
    block = course.need("risk", Risk)
    ratio = course.given("risk_ratio", "risk") if block.scores is None else risk_of_scores(course, block.scores)
    if block.lowest is None:
        return ratio
    return course.compute(
        benchmark_adjusted.capped_risk_ratio, "risk", risk_ratio=ratio,
        lowest_risk_ratio=course.term("risk", "lowest"), highest_risk_ratio=course.term("risk", "highest"),
    )  # fmt: skip


def _risk_on_benchmark(course: Course) -> Line | None:
    block = course.block("risk", Risk)
    if block is None or block.on != "benchmark":
        return None
    if "capped_risk_ratio" in course.sheet:
        return course.sheet["capped_risk_ratio"]
    return risk_ratio(course)


def _in_dollars(course: Course, block: Benchmark) -> Line:
    risk = _risk_on_benchmark(course)
    changed = risk is not None or block.discount is not None or adjusts_benchmark(course)
    if block.given:
        if not changed:
            return course.given("benchmark", BLOCK)
        amount = course.given("unadjusted_benchmark", BLOCK)
    else:
        formula = benchmark_loss_ratio.unadjusted_benchmark if changed else benchmark_loss_ratio.benchmark
        amount = course.compute(
            formula, BLOCK, revenue=course.given("revenue", BLOCK), loss_ratio_target=course.term(BLOCK, "loss_ratio")
        )
    if not changed:
        return amount
    if risk is not None:
        amount = course.compute(benchmark_adjusted.risk_adjusted_benchmark, "risk", amount=amount, risk_ratio=risk)
    if block.discount is not None:
        discount = course.term(BLOCK, "discount")
        amount = course.compute(
            benchmark_adjusted.discounted_benchmark, BLOCK, amount=amount, benchmark_discount=discount
        )
    return _with_adjustments(course, amount)


def _with_adjustments(course: Course, amount: Line) -> Line:
    changes = adjustment_lines(course, "benchmark")
    return course.compute(benchmark_adjusted.benchmark, BLOCK, amount=amount, adjustments=changes)


def _of_cells(course: Course, block: Benchmark) -> Line:
    parts = [_cell(course, place, cell) for place, cell in enumerate(block.cells or [])]
    return course.compute(benchmark_of_cells.benchmark, BLOCK, parts=parts)


def _cell(course: Course, place: int, cell: Cell) -> Line:
    if cell.pmpm is None:
        return course.compute(
            benchmark_loss_ratio.benchmark, BLOCK, cell.id,
            revenue=course.given(f"revenue.{cell.id}", BLOCK), loss_ratio_target=course.term(BLOCK, "loss_ratio"),
        )  # fmt: skip
    budget = course.item(BLOCK, ("cells", place), cell, "pmpm", cell.id)
    months = course.given(f"member_months.{cell.id}", BLOCK)
    return course.compute(benchmark.benchmark, BLOCK, cell.id, benchmark_pmpm=budget, member_months=months)
