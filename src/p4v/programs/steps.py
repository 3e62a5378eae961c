"""What all programs write alike: term lines, and the waterfall from gross savings to what is earned."""

from collections.abc import Sequence
from dataclasses import dataclass

from p4v.contract.terms import Terms
from p4v.formulas import waterfall
from p4v.worksheet import Line, Worksheet

CENT_PLACES = 2
GROSS = "gross_savings"
"""The first bar."""


def term_line(sheet: Worksheet, terms: Terms, block: str, field: str) -> Line:
    """The line of a term, made when first asked for."""
    term = terms.term(block, field)
    return sheet.term(term.name, term.value, term.unit, term.source)


@dataclass(frozen=True, slots=True)
class Bar:
    """A step's place in the waterfall: its name, what it changed, its clause."""

    step: str
    change: Line
    clause: str


def write_waterfall(sheet: Worksheet, earned: Line, bars: Sequence[Bar], held_by_group: bool = False) -> None:
    """One line to a bar, in the order of the steps; the cents are split in the order of their names.

    Where the group holds the budget a last bar takes off what it has already.
    """
    if held_by_group:
        changes = [bar.change for bar in bars]
        rest = sheet.compute(waterfall.held_change, clause=earned.clause, earned=earned, changes=changes)
        bars = [*bars, Bar("held_by_group", rest, earned.clause)]
    if earned.rounding is not None and earned.rounding.places < CENT_PLACES:
        changes = [bar.change for bar in bars]
        rest = sheet.compute(waterfall.rounding_change, clause=earned.clause, earned=earned, changes=changes)
        bars = [*bars, Bar("rounding", rest, earned.clause)]
    by_name = sorted(bars, key=lambda bar: bar.step)
    changes = [bar.change for bar in by_name]
    for bar in bars:
        sheet.compute(
            waterfall.waterfall, key=bar.step, clause=bar.clause, earned=earned, changes=changes, i=by_name.index(bar)
        )
