"""Large claims where dollars are normalised after them: what was taken out is brought to the same benefit."""

from collections.abc import Sequence

from p4v.contract.blocks.cost import Expenditure
from p4v.formulas import expenditure
from p4v.programs.course import Course
from p4v.worksheet import Line

BLOCK = "expenditure"


def by_product(course: Course, amount: Line, stem: str, year: str | None = None) -> Line:
    """Reported dollars with those of each product at its benefit factor, where the contract has factors by product.

    `stem` names the figures of the products' dollars; `year` is a baseline year.
    """
    block = course.block(BLOCK, Expenditure)
    if block is None or block.benefit_by_product is None:
        return amount
    reported, normalised = [], []
    for place, item in enumerate(block.benefit_by_product):
        key = item.id if year is None else f"{item.id}-{year}"
        if year is not None:
            course.sheet.name_key(key, f"{item.id.replace('_', ' ')}, {year}")
        dollars = course.given_of_part(f"{stem}.{key}", BLOCK)
        factor = course.item(BLOCK, ("benefit_by_product", place), item, "benefit_factor", item.id)
        reported.append(dollars)
        normalised.append(
            course.compute(
                expenditure.normalised_expenditure, BLOCK, key, reported_expenditure=dollars, benefit_factor=factor
            )
        )
    formula = expenditure.expenditure_at_reference_benefit
    return course.compute(formula, BLOCK, year, amount=amount, reported=reported, normalised=normalised)


def products_or(block: Expenditure, stem: str, products: str) -> tuple[str, list[str]]:
    """The stem of the dollars that benefit factors change, and what tells them apart: products, or categories."""
    if block.benefit_by_product is not None:
        return products, [item.id for item in block.benefit_by_product]
    return stem, [item.id for item in block.categories or []]


def at_reference_benefit(
    course: Course, dollars: Line, stem: str, categories: Sequence[str], year: str | None = None
) -> Line:
    """Dollars taken out of members' dollars as reported, where these are normalised only afterwards.

    `stem` and `categories` name the lines of reported dollars; `year` is a baseline year.
    """
    order = course.terms.cost_order
    if "normalise" not in order or order.index("normalise") < order.index("truncate"):
        return dollars
    keys = [category if course.key is None else f"{category}-{course.key}" for category in categories]
    reported = [course.sheet[f"{stem}.{key}"] for key in keys]
    normalised = [
        course.sheet[name] if (name := f"normalised_expenditure.{key}") in course.sheet else line
        for key, line in zip(keys, reported, strict=True)
    ]
    formula = expenditure.large_claims_at_reference_benefit
    return course.compute(formula, BLOCK, year, large_claims=dollars, reported=reported, normalised=normalised)
