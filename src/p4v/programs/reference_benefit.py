"""Large claims where dollars are normalised after them: what was taken out is brought to the same benefit."""

from collections.abc import Sequence

from p4v.formulas import expenditure
from p4v.programs.course import Course
from p4v.worksheet import Line

BLOCK = "expenditure"


def at_reference_benefit(
    course: Course, dollars: Line, stem: str, categories: Sequence[str], key: str | None = None
) -> Line:
    """Dollars taken out of members' dollars as reported, where these are normalised only afterwards.

    `stem` and `categories` name the lines of reported dollars; `key` is a baseline year.
    """
    order = course.terms.cost_order
    if "normalise" not in order or order.index("normalise") < order.index("truncate"):
        return dollars
    reported = [course.sheet[f"{stem}.{category}"] for category in categories]
    normalised = [
        course.sheet[name] if (name := f"normalised_expenditure.{category}") in course.sheet else line
        for category, line in zip(categories, reported, strict=True)
    ]
    formula = expenditure.large_claims_at_reference_benefit
    return course.compute(formula, BLOCK, key, large_claims=dollars, reported=reported, normalised=normalised)
