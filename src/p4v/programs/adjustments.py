"""Named adjustments: a line for each, of the performance period or of a baseline year, by its place among the steps."""

from collections.abc import Callable, Sequence

from p4v.contract.blocks.cost import PERFORMANCE, AdjustedPeriod, Adjustment, Adjustments
from p4v.formulas import expenditure
from p4v.programs.course import Course
from p4v.worksheet import Line

BLOCK = "adjustments"
BEFORE_LARGE_CLAIMS, AFTER_LARGE_CLAIMS = "before_large_claims", "after_large_claims"
Path = tuple[str | int, ...]
Months = Callable[[], Line] | None


def adjusts_benchmark(course: Course) -> bool:
    """Whether the contract changes its benchmark by a named amount."""
    block = course.block(BLOCK, Adjustments)
    return block is not None and any(item.side == "benchmark" for item in block.items)


def after_large_claims(course: Course) -> tuple[str, ...]:
    """The places whose adjustments are made after large claims: all, where the contract deals with none of these."""
    truncated = "truncate" in course.terms.cost_order
    return (AFTER_LARGE_CLAIMS,) if truncated else (BEFORE_LARGE_CLAIMS, AFTER_LARGE_CLAIMS)


def adjustment_lines(
    course: Course,
    side: str,
    places: Sequence[str] = (BEFORE_LARGE_CLAIMS, AFTER_LARGE_CLAIMS),
    year: str | None = None,
    months: Months = None,
) -> list[Line]:
    """A line for each named adjustment of one side at some places among the steps; of a baseline `year`, whose member
    months `months` gives, or else of the performance period.
    """
    block = course.block(BLOCK, Adjustments)
    found = []
    for place, item in enumerate(block.items if block else []):
        if item.side == side and item.when in places:
            found += [
                _adjustment(course, path, item.id, amount, year, months)
                for path, amount in _amounts(place, item)
                if year == _year_of(amount)
            ]
    return found


def _amounts(place: int, item: Adjustment) -> list[tuple[Path, Adjustment | AdjustedPeriod]]:
    """The amount of each period, and where it stands."""
    if item.periods is None:
        return [(("items", place), item)]
    return [(("items", place, "periods", number), period) for number, period in enumerate(item.periods)]


def _year_of(amount: Adjustment | AdjustedPeriod) -> str | None:
    return amount.id if isinstance(amount, AdjustedPeriod) and amount.id != PERFORMANCE else None


def _adjustment(
    course: Course, path: Path, id_: str, amount: Adjustment | AdjustedPeriod, year: str | None, months: Months
) -> Line:
    key = id_ if year is None else f"{id_}-{year}"
    if year is not None:
        course.sheet.name_key(key, f"{id_.replace('_', ' ')}, {year}")
    if amount.given:
        return course.given(f"adjustment.{key}", BLOCK)
    if amount.dollars is not None:
        return course.item(BLOCK, path, amount, "dollars", key)
    stated = course.item(BLOCK, path, amount, "pmpm", key)
    return course.compute(
        expenditure.adjustment_of_months, BLOCK, key,
        adjustment_pmpm=stated, member_months=months() if months else course.given("member_months", BLOCK),
    )  # fmt: skip
