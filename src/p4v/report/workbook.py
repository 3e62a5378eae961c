"""The settlement as a workbook whose every computed figure is a live formula, its value written beside it.

Terms and given figures stand on the sheet Inputs, tables and lists on Lists, what was computed on Settlement; Summary
and Scorecard take their figures from there, Controls says what became of every row of the tables. Each figure is a
defined name, `p4v.` and the line's name.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet as Sheet

from p4v.expressions import Block, rounded_cell, spreadsheet_formula
from p4v.report.parsing import parsed
from p4v.report.scorecard import measure_ids
from p4v.report.shown import NO_VALUE, UNIT_WORDS, figure, origin_text, period_text
from p4v.report.workbook_controls import write_controls
from p4v.report.workbook_formats import Formats
from p4v.report.workbook_summary import write_scorecard, write_summary
from p4v.spreadsheets import safe_text

_CREATED = datetime(2000, 1, 1)
"""A fixed date, so that the same settlement gives the same bytes."""
_HEADINGS = ("Line", "Name", "Item", "Value", "Unit", "Formula", "Clause", "Origin")
_WIDTHS = (6, 32, 40, 19, 16, 60, 34, 38)
_FORMULA_COLUMN = 5
_LINE_HEIGHT = 15
_FIRST_ROW = 4


def workbook(document: Mapping[str, Any], digest: str, manifest: Mapping[str, Any] | None = None) -> bytes:
    """The bytes of the workbook of a stored settlement."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": _CREATED, "title": "Settlement", "comments": f"settlement digest {digest}"})
    _Writer(book, document, digest, manifest or {}).write()
    book.close()
    return buffer.getvalue()


class _Writer:
    """Writes the sheets of one settlement."""

    def __init__(self, book: Workbook, document: Mapping[str, Any], digest: str, manifest: Mapping[str, Any]) -> None:
        self.book = book
        self.document = document
        self.digest = digest
        self.manifest = manifest
        self.lines: dict[str, Mapping[str, Any]] = {line["name"]: line for line in document["lines"]}
        self.names = defined_names(list(self.lines))
        self.formats = Formats(book)
        self.summary = book.add_worksheet("Summary")
        self.settlement = book.add_worksheet("Settlement")
        self.scorecard = book.add_worksheet("Scorecard") if measure_ids(self.lines) else None
        self.controls = book.add_worksheet("Controls") if document.get("controls") else None
        self.inputs = book.add_worksheet("Inputs")
        self.lists = book.add_worksheet("Lists")
        self.blocks: dict[tuple[str, ...], Block] = {}
        self.list_column = 0

    def write(self) -> None:
        for sheet in (self.settlement, self.inputs):
            for column, (heading, width) in enumerate(zip(_HEADINGS, _WIDTHS, strict=True)):
                style = self.formats.heading_right if heading == "Value" else self.formats.heading
                sheet.write_string(_FIRST_ROW - 1, column, heading, style)
                sheet.set_column(column, column, width)
            sheet.freeze_panes(_FIRST_ROW, 3)
        self.inputs.set_column(_FORMULA_COLUMN, _FORMULA_COLUMN, 0, None, {"hidden": True})
        for sheet in self.book.worksheets():
            self.head(sheet)
        rows = {"Inputs": _FIRST_ROW, "Settlement": _FIRST_ROW}
        for line in self.lines.values():
            title, sheet = (
                ("Inputs", self.inputs) if line["kind"] in ("term", "given") else ("Settlement", self.settlement)
            )
            if line["unit"] == "table":
                self.table(line)
            self.line(sheet, title, rows[title], line)
            rows[title] += 1
        write_summary(self.summary, self.document, self.manifest, self.names, self.formats)
        if self.scorecard is not None:
            write_scorecard(self.scorecard, self.lines, self.names, self.formats)
        if self.controls is not None:
            write_controls(self.controls, self.document["controls"], self.manifest, self.formats)
        self.summary.activate()

    def head(self, sheet: Sheet) -> None:
        """What a sheet is of, and how it prints: across one page, headings on each, numbered."""
        group = self.manifest.get("group_name") or self.document["group"]
        title = f"{group}, {self.document['contract']}, {period_text(self.document['period'])}"
        sheet.write_string(0, 0, safe_text(title), self.formats.title)
        sheet.write_string(1, 0, f"settlement digest {self.digest}", self.formats.soft)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_FIRST_ROW - 1)
        sheet.set_footer(f"&L&8{self.digest[:16]}&C&8&A&R&8&P / &N")
        sheet.hide_gridlines(2)

    def line(self, sheet: Sheet, title: str, row: int, line: Mapping[str, Any]) -> None:
        sheet.write_number(row, 0, line["number"], self.formats.number)
        unit = UNIT_WORDS.get(line["unit"], line["unit"])
        cells = (line["name"], line["label"], None, unit, line["expression"] or "", line["clause"])
        for column, text in enumerate(cells, start=1):
            if text is not None:
                sheet.write_string(row, column, safe_text(text), self.formats.wrapped)
        origin = safe_text(origin_text(line["origin"]))
        sheet.write_string(row, 7, origin, self.formats.wrapped)
        sheet.set_row(row, _LINE_HEIGHT * _rows_of([*cells, origin]))
        self.value(sheet, row, line)
        if line["unit"] != "table":
            cell = xl_rowcol_to_cell(row, 3, row_abs=True, col_abs=True)
            self.book.define_name(self.names[line["name"]], f"={title}!{cell}")

    def value(self, sheet: Sheet, row: int, line: Mapping[str, Any]) -> None:
        style = self.formats.of(line)
        if line["value"] is None:
            sheet.write_string(row, 3, NO_VALUE[line["state"]], self.formats.right)
        elif line["unit"] == "table":
            sheet.write_string(row, 3, "see Lists", self.formats.right)
        elif line["expression"] is None:
            sheet.write_number(row, 3, float(figure(line)), style)
        else:
            sheet.write_formula(row, 3, f"={self.formula(line)}", style, float(figure(line)))

    def formula(self, line: Mapping[str, Any]) -> str:
        cells, blocks = {}, {}
        for parameter, given in line["inputs"].items():
            if isinstance(given, list):
                blocks[parameter] = self.listed(given)
            elif self.lines[given]["unit"] == "table":
                blocks[parameter] = self.blocks[(given,)]
            else:
                cells[parameter] = self.names[given]
        formula = spreadsheet_formula(parsed(line["expression"]), cells, blocks)
        rounding = line["rounding"]
        return formula if rounding is None else rounded_cell(formula, rounding["places"], rounding["rule"])

    def table(self, line: Mapping[str, Any]) -> None:
        """x, y and the rise of y, in three columns of the sheet Lists."""
        pairs = [(Fraction(x), Fraction(y)) for x, y in line["value"]]
        column, rows = self.list_column, len(pairs)
        self.list_column += 4
        for place, heading in enumerate((line["name"], "", "rise")):
            self.lists.write_string(_FIRST_ROW - 1, column + place, heading, self.formats.heading)
        before = Fraction(0)
        for row, (x, y) in enumerate(pairs, start=_FIRST_ROW):
            self.lists.write_number(row, column, float(x))
            self.lists.write_number(row, column + 1, float(y))
            above = xl_rowcol_to_cell(row - 1, column + 1) if row > _FIRST_ROW else "0"
            rise = f"={xl_rowcol_to_cell(row, column + 1)}-{above}"
            self.lists.write_formula(row, column + 2, rise, None, float(y - before))
            before = y
        xs, ys, rises = (_range(column + place, rows) for place in range(3))
        self.blocks[(line["name"],)] = Block(values=ys, xs=xs, rises=rises, rows=rows)

    def listed(self, names: Sequence[str]) -> Block:
        """A list of lines as one column, once for each list."""
        key = ("list", *names)
        if key not in self.blocks:
            column = self.list_column
            self.list_column += 2
            self.lists.write_string(_FIRST_ROW - 1, column, "list", self.formats.heading)
            for row, name in enumerate(names, start=_FIRST_ROW):
                self.lists.write_formula(row, column, f"={self.names[name]}", None, float(figure(self.lines[name])))
            self.blocks[key] = Block(values=_range(column, len(names)), rows=len(names))
        return self.blocks[key]


def _rows_of(texts: Sequence[str | None]) -> int:
    """How many rows of text the fullest cell of a line takes, for no program finds the height of a row alike."""
    widths = _WIDTHS[1 : 1 + len(texts)]
    return max(1 + (len(text) - 1) // width for text, width in zip(texts, widths, strict=True) if text is not None)


def defined_names(lines: Sequence[str]) -> dict[str, str]:
    """A defined name for each line: `p4v.` and its name; a spreadsheet takes no hyphen and no difference in case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for line in lines:
        stem = name = f"p4v.{line.replace('-', '_')}"
        number = 2
        while name.lower() in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name.lower())
        names[line] = name
    return names


def _range(column: int, rows: int) -> str:
    first = xl_rowcol_to_cell(_FIRST_ROW, column, row_abs=True, col_abs=True)
    last = xl_rowcol_to_cell(_FIRST_ROW - 1 + rows, column, row_abs=True, col_abs=True)
    return f"Lists!{first}:{last}"
