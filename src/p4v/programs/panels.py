"""Groups of a pool that are settled apart or together by the size of their own panels."""

from collections.abc import Mapping
from dataclasses import replace

from p4v.contract.blocks.benchmark import Benchmark
from p4v.contract.blocks.members import MemberMonths
from p4v.formulas import panels_apart, panels_pooled
from p4v.programs.course import Course
from p4v.worksheet import Line

BLOCK = "member_months"
POOLED = "pooled"
"""The key of what is settled together; a group that is settled apart has its id and `-apart`."""


def parts_by_panel(course: Course, block: Benchmark) -> list[Course]:
    """A course for each group, apart, and one for the pool, each with a benchmark and an expenditure of its own.

    All are written, as no program branches on data: a group is in one of them and counts for nothing in the other.
    """
    ids = [cell.id for cell in block.cells or []]
    apart = _settled_apart(course, ids)
    courses = []
    for id_ in ids:
        key = f"{id_}-apart"
        course.sheet.name_key(key, f"{id_}, apart")
        part = replace(course, key=key)
        part.compute(
            panels_apart.benchmark, BLOCK, benchmark=course.sheet[f"benchmark.{id_}"], settled_apart=apart[id_]
        )
        part.compute(
            panels_apart.expenditure, BLOCK, expenditure=course.sheet[f"expenditure.{id_}"], settled_apart=apart[id_]
        )
        courses.append(part)
    pool = replace(course, key=POOLED)
    pool.compute(
        panels_pooled.benchmark, BLOCK,
        benchmark=course.sheet["benchmark"], apart=[part.line("benchmark") for part in courses],
    )  # fmt: skip
    pool.compute(
        panels_pooled.expenditure, BLOCK,
        expenditure=course.sheet["expenditure"], apart=[part.line("expenditure") for part in courses],
    )  # fmt: skip
    return [*courses, pool]


def _settled_apart(course: Course, ids: list[str]) -> Mapping[str, Line]:
    """For each group whether it is settled apart: if its own panel is large enough, or if all are."""
    found = {}
    for id_ in ids:
        size, least = course.given(f"panel_size.{id_}", BLOCK), course.term(BLOCK, "smallest_panel")
        found[id_] = course.compute(panels_apart.panel_large_enough, BLOCK, id_, panel_size=size, smallest_panel=least)
    if course.need(BLOCK, MemberMonths).pooled_with == "those_below":
        return found
    formula = panels_apart.all_panels_large_enough
    return dict.fromkeys(ids, course.compute(formula, BLOCK, panels=list(found.values()), groups=len(ids)))
