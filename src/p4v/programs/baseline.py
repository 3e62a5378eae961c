"""Baseline years whose cost comes from members: the contract's cost steps for each year, with lines of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from p4v.contract.blocks.benchmark import BaselinePeriod, Benchmark, CategoryBase
from p4v.contract.blocks.cost import CostCategory, Expenditure
from p4v.formulas import (
    baseline_by_category,
    baseline_category,
    baseline_pooled,
    baseline_weighted,
    baseline_year,
    expenditure,
    members,
)
from p4v.formulas.baseline import category_pmpm_trended
from p4v.programs.adjustments import BEFORE_LARGE_CLAIMS, adjustment_lines, after_large_claims
from p4v.programs.completion import COMPLETION
from p4v.programs.course import Course
from p4v.programs.reference_benefit import at_reference_benefit, by_product, products_or
from p4v.worksheet import Line

BLOCK, COST, REPORTED = "benchmark", "expenditure", "baseline_reported_expenditure"
PRODUCTS = "baseline_product_expenditure"
BEFORE, EXCLUDED = "baseline_member_months_before_exclusion", "baseline_large_claims_excluded_member_months"


@dataclass(frozen=True, slots=True)
class Year:
    """What one baseline year came to; `categories` are reported dollars at the reference benefit, by id."""

    id: str
    reported: Line
    categories: Mapping[str, Line]
    expenditure: Line
    member_months: Line


def write_baseline(course: Course, block: Benchmark) -> Line:
    """The line `baseline_pmpm`: the years' cost, each at its own trend, weighted or pooled, in total or by category."""
    years = {year.id: _write_year(course, place, year) for place, year in enumerate(block.baseline_periods or [])}
    if block.categories is not None:
        parts = [_category(course, block, place, item, years) for place, item in enumerate(block.categories)]
        return course.compute(baseline_by_category.baseline_pmpm, BLOCK, categories=parts)
    if block.years is None:
        pooled = [years[id_] for id_ in block.pooled_years or []]
        return course.compute(
            baseline_pooled.baseline_pmpm, BLOCK,
            expenditures=[year.expenditure for year in pooled], member_months=[year.member_months for year in pooled],
        )  # fmt: skip
    costs = [
        year_pmpm(course, block, place, _pmpm(course, years[year.id].expenditure, years[year.id], year.id), year.id)
        for place, year in enumerate(block.years)
    ]
    return course.compute(baseline_weighted.baseline_pmpm, BLOCK, years=costs, weights=weights(course, block))


def weights(course: Course, block: Benchmark) -> list[Line]:
    """The weights of the years."""
    return [
        course.item(BLOCK, ("years", place), year, "weight", year.id) for place, year in enumerate(block.years or [])
    ]


def year_pmpm(course: Course, block: Benchmark, place: int, pmpm: Line, key: str) -> Line:
    """A year's cost per member per month at the year's own trend, if it has one."""
    year = (block.years or [])[place]
    if year.trend is None:
        return pmpm
    trend = course.item(BLOCK, ("years", place), year, "trend", year.id)
    return course.compute(baseline_year.baseline_pmpm_trended, BLOCK, key, baseline_pmpm=pmpm, year_trend=trend)


def months_of_year(course: Course, id_: str) -> Line:
    """A baseline year's member months that count; those of excluded members leave with them where the contract says."""
    name = f"baseline_member_months.{id_}"
    if name in course.sheet or not course.months_leave():
        return course.given(name, BLOCK)
    return course.compute(
        members.baseline_member_months, BLOCK, id_,
        baseline_member_months_before_exclusion=course.given(f"{BEFORE}.{id_}", BLOCK),
        baseline_large_claims_excluded_member_months=course.given(f"{EXCLUDED}.{id_}", BLOCK),
    )  # fmt: skip


def _write_year(course: Course, place: int, year: BaselinePeriod) -> Year:
    course.refuse_shared_months(BLOCK, ("baseline_periods", place, "period"), year.period)
    reported, categories = _reported(course, year)
    amount = by_product(course, reported, PRODUCTS, year.id)
    for step in course.terms.cost_order:
        if step in STEPS:
            amount = STEPS[step](course, year, place, amount)
    counted = course.compute(baseline_year.baseline_expenditure, BLOCK, year.id, amount=amount)
    return Year(year.id, reported, categories, counted, months_of_year(course, year.id))


def _reported(course: Course, year: BaselinePeriod) -> tuple[Line, Mapping[str, Line]]:
    block = course.block(COST, Expenditure)
    if block is None or block.categories is None:
        return course.given(f"baseline_reported_expenditure.{year.id}", BLOCK), {}
    parts = {item.id: _of_category(course, year, place, item) for place, item in enumerate(block.categories)}
    total = course.compute(expenditure.total_reported_expenditure, COST, year.id, categories=list(parts.values()))
    return total, parts


def _of_category(course: Course, year: BaselinePeriod, place: int, item: CostCategory) -> Line:
    key = f"{item.id}-{year.id}"
    course.sheet.name_key(key, f"{item.id.replace('_', ' ')}, {year.id}")
    amount = course.given(f"baseline_reported_expenditure.{key}", BLOCK)
    if item.benefit_factor is None:
        return amount
    factor = course.item(COST, ("categories", place), item, "benefit_factor", item.id)
    return course.compute(
        expenditure.normalised_expenditure, COST, key, reported_expenditure=amount, benefit_factor=factor
    )


def _truncate(course: Course, year: BaselinePeriod, place: int, amount: Line) -> Line:
    """What becomes of members of very high cost, at the year's own point if it has one."""
    large = course.need(COST, Expenditure).large_claims
    assert large is not None
    if year.point is not None:
        course.item(BLOCK, ("baseline_periods", place), year, "point", year.id)
    amount = _adjusted(course, year, amount, (BEFORE_LARGE_CLAIMS,), f"{BEFORE_LARGE_CLAIMS}-{year.id}")
    stem, ids = products_or(course.need(COST, Expenditure), REPORTED, PRODUCTS)
    keys = [f"{id_}-{year.id}" for id_ in ids]
    if large.form == "exclude":
        excluded = course.given(f"baseline_large_claims_excluded.{year.id}", BLOCK)
        excluded = at_reference_benefit(course, excluded, stem, keys, year.id)
        return course.compute(
            expenditure.expenditure_without_excluded, COST, year.id, amount=amount, large_claims_excluded=excluded
        )
    excess = course.given(f"baseline_large_claims_excess.{year.id}", BLOCK)
    excess = at_reference_benefit(course, excess, stem, keys, year.id)
    if large.form == "truncate":
        return course.compute(
            expenditure.expenditure_without_excess, COST, year.id, amount=amount, large_claims_excess=excess
        )
    share = course.item(COST, ("large_claims",), large, "pooled_share", None)
    return course.compute(
        expenditure.expenditure_after_pooling, COST, year.id,
        amount=amount, large_claims_excess=excess, pooled_share=share,
    )  # fmt: skip


def _complete(course: Course, year: BaselinePeriod, place: int, amount: Line) -> Line:
    """A baseline year is complete, unless it states a factor of its own."""
    if year.factor is None:
        return amount
    completion = course.need(COST, Expenditure).completion
    assert completion is not None
    factor = course.item(BLOCK, ("baseline_periods", place), year, "factor", year.id)
    formula = COMPLETION[completion.convention]
    return course.compute(formula, COST, year.id, amount=amount, completion_factor=factor)


def _gross_up(course: Course, year: BaselinePeriod, _: int, amount: Line) -> Line:
    share = course.term(COST, "administrative_share")
    return course.compute(expenditure.expenditure_grossed_up, COST, year.id, amount=amount, administrative_share=share)


def _adjustments(course: Course, year: BaselinePeriod, _: int, amount: Line) -> Line:
    """Named adjustments of the year; those before large claims were taken there."""
    return _adjusted(course, year, amount, after_large_claims(course), year.id)


def _adjusted(course: Course, year: BaselinePeriod, amount: Line, places: Sequence[str], key: str) -> Line:
    changes = adjustment_lines(course, "expenditure", places, year.id, lambda: months_of_year(course, year.id))
    if not changes:
        return amount
    formula = expenditure.adjusted_expenditure
    return course.compute(formula, "adjustments", key, amount=amount, adjustments=changes)


def _pooling_charge(course: Course, year: BaselinePeriod, _: int, amount: Line) -> Line:
    large = course.need(COST, Expenditure).large_claims
    assert large is not None
    charge = course.item(COST, ("large_claims",), large, "charge_pmpm", None)
    months = months_of_year(course, year.id)
    return course.compute(
        expenditure.expenditure_with_pooling_charge, COST, year.id,
        amount=amount, pooling_charge_pmpm=charge, member_months=months,
    )  # fmt: skip


STEPS: Mapping[str, Callable[[Course, BaselinePeriod, int, Line], Line]] = {
    "truncate": _truncate,
    "complete": _complete,
    "gross_up": _gross_up,
    "adjustments": _adjustments,
    "pooling_charge": _pooling_charge,
}
"""The cost steps that a baseline year takes too; an adjustment only where its `periods` name the year."""


def _category(course: Course, block: Benchmark, place: int, item: CategoryBase, years: Mapping[str, Year]) -> Line:
    """A category's base from all years, at its own trend."""
    dollars = {id_: _counted(course, item.id, year) for id_, year in years.items()}
    if block.years is None:
        pooled = block.pooled_years or []
        base = course.compute(
            baseline_pooled.category_pmpm, BLOCK, item.id,
            expenditures=[dollars[id_] for id_ in pooled], member_months=[years[id_].member_months for id_ in pooled],
        )  # fmt: skip
    else:
        costs = []
        for index, year in enumerate(block.years):
            key = f"{item.id}-{year.id}"
            pmpm = _pmpm(course, dollars[year.id], years[year.id], key)
            costs.append(year_pmpm(course, block, index, pmpm, key))
        base = course.compute(
            baseline_category.category_pmpm, BLOCK, item.id, years=costs, weights=weights(course, block)
        )
    trend = course.item(BLOCK, ("categories", place), item, "trend", item.id)
    return course.compute(category_pmpm_trended, BLOCK, item.id, category_pmpm=base, category_trend=trend)


def _counted(course: Course, category: str, year: Year) -> Line:
    """A category's dollars after the steps that know no categories: large claims, and what comes with them."""
    name = f"baseline_part_counted.{year.id}"
    part = course.sheet[name] if name in course.sheet else course.compute(
        baseline_year.baseline_part_counted, BLOCK, year.id,
        baseline_expenditure=year.expenditure, reported=year.reported,
    )  # fmt: skip
    return course.compute(
        baseline_category.baseline_expenditure, BLOCK, f"{category}-{year.id}",
        reported=year.categories[category], baseline_part_counted=part,
    )  # fmt: skip


def _pmpm(course: Course, dollars: Line, year: Year, key: str) -> Line:
    return course.compute(
        baseline_year.baseline_pmpm, BLOCK, key,
        baseline_expenditure=dollars, baseline_member_months=year.member_months,
    )  # fmt: skip
