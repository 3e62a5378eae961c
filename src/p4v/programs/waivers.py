"""Faults of the data that the parties let pass: what was held back, for the reader; nothing paid rests on it."""

from p4v.contract.blocks.members import Waivers
from p4v.programs.course import Course

BLOCK = "waivers"


def write_waivers(course: Course) -> None:
    """For each waiver the most rows that it covers, and the rows and dollars that it held back."""
    block = course.block(BLOCK, Waivers)
    for place, item in enumerate(block.items if block else []):
        course.item(BLOCK, ("items", place), item, "most_rows", item.id)
        for stem in ("waived_rows", "waived_dollars"):
            if course.has_figure(f"{stem}.{item.id}", BLOCK):
                course.given(f"{stem}.{item.id}", BLOCK)
