"""The sheet Controls of a workbook: what became of every row, with live sums that say whether it adds up."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet as Sheet

from p4v.report.controls import (
    HEADS,
    PARTS,
    Control,
    Window,
    number,
    rule_words,
    shown_windows,
    table_digests,
    tied_text,
)
from p4v.report.workbook_formats import Formats
from p4v.report.workbook_summary import DOES_NOT_TIE, TIES
from p4v.spreadsheets import safe_text

_FORMATS = {"rows": "count", "member_months": "member_months", "dollars": "usd"}
_PLACES = {"rows": 0, "member_months": 6, "dollars": 2}
_FIRST_ROW = 3
_WIDTHS = (52, 16, 20, 22)


def write_controls(sheet: Sheet, controls: Sequence[Control], manifest: Mapping[str, Any], formats: Formats) -> None:
    """A block to each window: in, what was taken out, used; beneath it their live sum, held against what came in."""
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.set_portrait()
    sheet.write_string(_FIRST_ROW, 0, safe_text(tied_text(manifest.get("tied"))), formats.text)
    row = _FIRST_ROW + 2
    for window in shown_windows(controls):
        row = _window(sheet, row, window, formats) + 1
    digests = list(table_digests(manifest))
    if digests:
        sheet.write_string(row, 0, "Tables", formats.section)
        for place, (words, sha256) in enumerate(digests, start=row + 1):
            sheet.write_string(place, 0, safe_text(words), formats.wrapped)
            sheet.write_string(place, 1, sha256, formats.soft)
    rule = {"type": "cell", "criteria": "==", "value": f'"{DOES_NOT_TIE}"', "format": formats.bad}
    sheet.conditional_format(_FIRST_ROW, 1, row, len(PARTS), rule)


def _window(sheet: Sheet, row: int, window: Window, formats: Formats) -> int:
    """Writes one window; the next free row."""
    sheet.write_string(row, 0, safe_text(window.title), formats.section)
    row += 1
    for column, heading in enumerate(("", *HEADS)):
        sheet.write_string(row, column, heading, formats.heading_right if column else formats.heading)
    first = row + 1
    entries = (window.whole, *window.parts, window.used)
    for row, control in enumerate(entries, start=first):
        sheet.write_string(row, 0, safe_text(rule_words(control)), formats.wrapped)
        for column, name in enumerate(PARTS, start=1):
            if control.get(name) is not None:
                value = number(control, name)
                sheet.write_number(row, column, float(value), formats.unit(_FORMATS[name]))
    last = first + len(entries) - 1
    sheet.write_string(last + 1, 0, "Excluded, rejected and used together", formats.strong)
    sheet.write_string(last + 2, 0, "The same as in the table", formats.wrapped)
    for column, name in enumerate(PARTS, start=1):
        total = sum((number(control, name) for control in entries[1:]), start=Fraction(0))
        cells = f"{xl_rowcol_to_cell(first + 1, column)}:{xl_rowcol_to_cell(last, column)}"
        sheet.write_formula(last + 1, column, f"=SUM({cells})", formats.total(_FORMATS[name]), float(total))
        whole, summed = xl_rowcol_to_cell(first, column), xl_rowcol_to_cell(last + 1, column)
        cell = f'=IF(ROUND({whole}-{summed},{_PLACES[name]})=0,"{TIES}","{DOES_NOT_TIE}")'
        result = TIES if total == number(window.whole, name) else DOES_NOT_TIE
        sheet.write_formula(last + 2, column, cell, formats.right, result)
    return last + 3
