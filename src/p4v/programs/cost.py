"""The expenditure that the contract counts, from a group's summary figures: the cost steps in the contract's order."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from p4v.contract.blocks.benchmark import Benchmark
from p4v.contract.blocks.cost import Completion, CostCategory, Expenditure, LargeClaims
from p4v.formulas import benchmark_of_cells, expenditure
from p4v.programs.adjustments import BEFORE_LARGE_CLAIMS, adjustment_lines, after_large_claims
from p4v.programs.against import risk_ratio
from p4v.programs.completion import COMPLETION, outstanding_claims
from p4v.programs.course import Course
from p4v.programs.reference_benefit import at_reference_benefit, by_product, products_or
from p4v.worksheet import Line

BLOCK = "expenditure"
REPORTED, PRODUCTS = "reported_expenditure", "product_expenditure"


def write_expenditure(course: Course) -> Line:
    """The line `expenditure`: given, or what the cost steps make of reported dollars; of each part, where the benchmark
    has parts with budgets of their own.
    """
    against = course.block("benchmark", Benchmark)
    clause_of = BLOCK if course.has(BLOCK) else "benchmark" if course.has("benchmark") else "rounding"
    if against is not None and against.cells is not None:
        parts = [_counted(replace(course, key=cell.id), clause_of) for cell in against.cells]
        return course.compute(benchmark_of_cells.expenditure, clause_of, parts=parts)
    return _counted(course, clause_of)


def _counted(course: Course, clause_of: str) -> Line:
    block = course.block(BLOCK, Expenditure)
    by_category = block is not None and block.categories is not None and course.key is None
    if not course.terms.cost_order and not by_category:
        return course.given_of_part("expenditure", clause_of)
    amount = _reported(course, block, clause_of)
    for step in course.terms.cost_order:
        amount = STEPS[step](course, amount)
    return course.compute(expenditure.expenditure, clause_of, amount=amount)


def _reported(course: Course, block: Expenditure | None, clause_of: str) -> Line:
    if block is None or block.categories is None:
        return by_product(course, course.given_of_part(REPORTED, clause_of), PRODUCTS)
    parts = [_category(course, block, place, item) for place, item in enumerate(block.categories)]
    return by_product(course, course.compute(expenditure.total_reported_expenditure, BLOCK, categories=parts), PRODUCTS)


def _category(course: Course, block: Expenditure, place: int, item: CostCategory) -> Line:
    """One category's dollars, at its benefit factor and its own completion, in the contract's order."""
    amount = course.given_of_part(f"{REPORTED}.{item.id}", BLOCK)
    for step in course.terms.cost_order:
        if step == "normalise" and item.benefit_factor is not None:
            factor = course.item(BLOCK, ("categories", place), item, "benefit_factor", item.id)
            amount = course.compute(
                expenditure.normalised_expenditure, BLOCK, item.id, reported_expenditure=amount, benefit_factor=factor
            )
        if step == "complete" and item.completion_factor is not None:
            assert block.completion is not None
            factor = course.item(BLOCK, ("categories", place), item, "completion_factor", item.id)
            formula = COMPLETION[block.completion.convention]
            amount = course.compute(formula, BLOCK, item.id, amount=amount, completion_factor=factor)
    return amount


def _cost(course: Course) -> Expenditure:
    return course.need(BLOCK, Expenditure)


def normalise(_: Course, amount: Line) -> Line:
    """Done category by category, or by product, where dollars are reported."""
    return amount


def truncate(course: Course, amount: Line) -> Line:
    """What becomes of members of very high cost."""
    large = _cost(course).large_claims
    assert isinstance(large, LargeClaims)
    if large.percentile is None:
        course.item(BLOCK, ("large_claims",), large, "point", None)
    else:
        course.given("truncation_point", BLOCK)
    before = adjustment_lines(course, "expenditure", (BEFORE_LARGE_CLAIMS,))
    if before:
        amount = course.compute(
            expenditure.adjusted_expenditure, "adjustments", BEFORE_LARGE_CLAIMS, amount=amount, adjustments=before
        )
    stem, ids = products_or(_cost(course), REPORTED, PRODUCTS)
    if large.form == "exclude":
        excluded = at_reference_benefit(course, course.given_of_part("large_claims_excluded", BLOCK), stem, ids)
        return course.compute(
            expenditure.expenditure_without_excluded, BLOCK, amount=amount, large_claims_excluded=excluded
        )
    excess = at_reference_benefit(course, course.given_of_part("large_claims_excess", BLOCK), stem, ids)
    if large.form == "truncate":
        return course.compute(expenditure.expenditure_without_excess, BLOCK, amount=amount, large_claims_excess=excess)
    share = course.item(BLOCK, ("large_claims",), large, "pooled_share", None)
    return course.compute(
        expenditure.expenditure_after_pooling, BLOCK, amount=amount, large_claims_excess=excess, pooled_share=share
    )


def complete(course: Course, amount: Line) -> Line:
    """Claims still outstanding, by one factor for the year or month by month; those by category's own are complete."""
    completion = _cost(course).completion
    assert isinstance(completion, Completion)
    if completion.factor is None:
        outstanding = outstanding_claims(course)
        if not outstanding:
            return amount
        formula = expenditure.expenditure_with_outstanding_claims
        return course.compute(formula, BLOCK, amount=amount, outstanding=outstanding)
    factor = course.item(BLOCK, ("completion",), completion, "factor", None)
    return course.compute(COMPLETION[completion.convention], BLOCK, amount=amount, completion_factor=factor)


def gross_up(course: Course, amount: Line) -> Line:
    """The share of administration."""
    share = course.term(BLOCK, "administrative_share")
    return course.compute(expenditure.expenditure_grossed_up, BLOCK, amount=amount, administrative_share=share)


def adjustments(course: Course, amount: Line) -> Line:
    """Named adjustments; those before large claims were taken there."""
    later = adjustment_lines(course, "expenditure", after_large_claims(course))
    if not later:
        return amount
    return course.compute(expenditure.adjusted_expenditure, "adjustments", amount=amount, adjustments=later)


def pooling_charge(course: Course, amount: Line) -> Line:
    """What the pool of large claims costs."""
    large = _cost(course).large_claims
    assert isinstance(large, LargeClaims)
    charge = course.item(BLOCK, ("large_claims",), large, "charge_pmpm", None)
    months = course.given_of_part("member_months", BLOCK)
    return course.compute(
        expenditure.expenditure_with_pooling_charge, BLOCK,
        amount=amount, pooling_charge_pmpm=charge, member_months=months,
    )  # fmt: skip


def late_claims(course: Course, amount: Line) -> Line:
    """Claims of earlier periods."""
    late = course.given_of_part("late_claims", BLOCK)
    return course.compute(expenditure.expenditure_with_late_claims, BLOCK, amount=amount, late_claims=late)


def fees_in_cost(course: Course, amount: Line) -> Line:
    """The care coordination fees of the period."""
    fee = course.fees_of_period(BLOCK)
    return course.compute(
        expenditure.expenditure_with_coordination_fees, BLOCK, amount=amount, care_coordination_fee=fee
    )


def risk(course: Course, amount: Line) -> Line:
    """The cost at the risk of the baseline."""
    ratio = risk_ratio(course)
    return course.compute(expenditure.risk_adjusted_expenditure, "risk", amount=amount, risk_ratio=ratio)


STEPS: Mapping[str, Callable[[Course, Line], Line]] = {
    "normalise": normalise,
    "truncate": truncate,
    "complete": complete,
    "gross_up": gross_up,
    "adjustments": adjustments,
    "pooling_charge": pooling_charge,
    "late_claims": late_claims,
    "fees_in_cost": fees_in_cost,
    "risk": risk,
}
"""The cost steps, by the names that a contract's order uses."""
