"""Claims that are still outstanding: one factor for the year, or an amount for each month by its run-out."""

from collections.abc import Mapping, Sequence
from typing import Any

from p4v.contract.blocks.cost import CostCategory, Expenditure, RunOutFactor
from p4v.formulas import completion_multiplier, completion_percent, expenditure, run_out_multiplier, run_out_percent
from p4v.periods import Period
from p4v.programs.course import Course
from p4v.worksheet import Line

BLOCK = "expenditure"
COMPLETION: Mapping[str, Any] = {
    "percent_complete": completion_percent.completed_expenditure,
    "multiplier": completion_multiplier.completed_expenditure,
}
OUTSTANDING: Mapping[str, Any] = {
    "percent_complete": run_out_percent.outstanding_claims,
    "multiplier": run_out_multiplier.outstanding_claims,
}
Path = tuple[str | int, ...]


def outstanding_claims(course: Course) -> list[Line]:
    """A line for each month whose factor is not 1: of all dollars, or category by category.

    Raises `Refusal` where no day is known through which claims are paid, and for a month below the first factor.
    """
    block = course.need(BLOCK, Expenditure)
    assert block.completion is not None
    categories = list(enumerate(block.categories or []))
    stated, path = block.completion.by_run_out, ("completion", "by_run_out")
    if stated is None:
        return [
            line
            for place, item in categories
            if item.by_run_out is not None
            for line in _of_months(course, ("categories", place, "by_run_out"), item.by_run_out, (place, item))
        ]
    if all(item.benefit_factor is None for _, item in categories):
        return _of_months(course, path, stated, None)
    return [line for category in categories for line in _of_months(course, path, stated, category)]


def _of_months(
    course: Course, path: Path, rows: Sequence[RunOutFactor], category: tuple[int, CostCategory] | None
) -> list[Line]:
    lines = []
    for month in course.terms.period.months():
        place = _row(course, path, rows, month)
        if rows[place].factor != 1:
            lines.append(_of_month(course, (*path, place), rows[place], month.first_month, category))
    return lines


def _row(course: Course, path: Path, rows: Sequence[RunOutFactor], month: Period) -> int:
    """The last row that a month's run-out reaches."""
    months = course.terms.run_out_of(month)
    if months is None:
        allowed = "`--paid-through DATE`, the last day of paid claims (in a figures file or case `paid_through`)"
        raise course.terms.refused("P4V-C022", BLOCK, path, "no day through which claims are paid", allowed)
    reached = [place for place, row in enumerate(rows) if row.from_ <= months]
    if not reached:
        found = f"no factor for a run-out of {months} month{'' if months == 1 else 's'}, that of {month.first_month}"
        allowed = "a row from there on, or a later day through which claims are paid"
        raise course.terms.refused("P4V-C044", BLOCK, path, found, allowed)
    return reached[-1]


def _of_month(
    course: Course, path: Path, row: RunOutFactor, month: str, category: tuple[int, CostCategory] | None
) -> Line:
    key = month
    if category is not None:
        key = f"{category[1].id}-{month}"
        course.sheet.name_key(key, f"{category[1].id.replace('_', ' ')}, {month}")
    amount = course.given_of_part(f"incurred_expenditure.{key}", BLOCK)
    if category is not None and category[1].benefit_factor is not None:
        place, item = category
        richness = course.item(BLOCK, ("categories", place), item, "benefit_factor", item.id)
        amount = course.compute(
            expenditure.normalised_expenditure, BLOCK, key, reported_expenditure=amount, benefit_factor=richness
        )
    completion = course.need(BLOCK, Expenditure).completion
    assert completion is not None
    factor = course.item(BLOCK, path, row, "factor", key)
    formula = OUTSTANDING[completion.convention]
    return course.compute(formula, BLOCK, key, incurred_expenditure=amount, run_out_factor=factor)
