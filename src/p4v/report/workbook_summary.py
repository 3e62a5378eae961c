"""The first sheet of a workbook, and its scorecard: live figures, and cells that say whether the parts add up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet as Sheet

from p4v.report.gates import gate_label, gates
from p4v.report.scorecard import measure_ids, measure_label
from p4v.report.sentences import main_line, sentences
from p4v.report.shown import NO_VALUE, figure, key_of, period_text
from p4v.report.waterfall import REWARDS, bars_of, step_label
from p4v.report.wording import Lines
from p4v.report.workbook_formats import Formats
from p4v.spreadsheets import safe_text

TIES, DOES_NOT_TIE = "ties", "DOES NOT TIE"
_KEY_FIGURES = (
    "member_months", "assigned_beneficiaries", "benchmark", "benchmark_pmpm", "expenditure", "expenditure_pmpm",
    "gross_savings", "savings_rate", "minimum_savings_rate", "minimum_loss_rate", "quality_score", "paid",
)  # fmt: skip
_SHARES = {"participant_share": "Participants' shares", "funder_share": "Funders' shares"}
_COLUMNS = (
    ("numerator", "Numerator"), ("denominator", "Denominator"), ("rate", "Rate"), ("prior_rate", "Prior"),
    ("threshold", "Threshold"), ("target", "Target"), ("points", "Points"), ("maximum_points", "Most points"),
    ("measure_earned", "Earned"), ("measure_not_earned", "Not earned"),
)  # fmt: skip
_TEXTS = ("Item", "Step", "Gate", "What should add up", "Clause", "Result")
_ADDED = ("points", "maximum_points", "measure_earned", "measure_not_earned")


@dataclass(frozen=True, slots=True)
class TieOut:
    """Parts that should add up to a whole: names of lines."""

    label: str
    parts: Sequence[str]
    whole: str


def tie_outs(lines: Lines) -> Iterator[TieOut]:
    """What should add up in a settlement."""
    bars = [name for name in lines if name.startswith("waterfall.")]
    reward = next((name for name in REWARDS if name in lines), None)
    if bars and reward:
        yield TieOut("Bars of the waterfall", bars, reward)
    for stem, label in (("earned", "Earned by measure"), ("not_earned", "Not earned by measure")):
        parts = [name for name in lines if name.startswith(f"measure_{stem}.") and lines[name]["value"] is not None]
        if parts and f"quality_dollars_{stem}" in lines:
            yield TieOut(label, parts, f"quality_dollars_{stem}")
    for stem, label in _SHARES.items():
        parts = [name for name in lines if name.startswith(f"{stem}.")]
        if parts and reward:
            yield TieOut(label, parts, reward)


class _Rows:
    """Writes a sheet row by row."""

    def __init__(self, sheet: Sheet, lines: Lines, names: Mapping[str, str], formats: Formats) -> None:
        self.sheet, self.lines, self.names, self.formats = sheet, lines, names, formats
        self.row = 3

    def section(self, title: str, *headings: str) -> None:
        self.row += 1
        self.sheet.write_string(self.row, 0, title, self.formats.section)
        self.row += 1
        for column, heading in enumerate(headings):
            style = self.formats.heading if heading in _TEXTS else self.formats.heading_right
            self.sheet.write_string(self.row, column, heading, style)
        self.row += bool(headings)

    def text(self, column: int, text: str) -> None:
        self.sheet.write_string(self.row, column, safe_text(text), self.formats.wrapped)

    def live(self, column: int, name: str) -> None:
        """A line's figure, taken from its own cell."""
        line = self.lines[name]
        if line["value"] is None:
            self.sheet.write_string(self.row, column, NO_VALUE[line["state"]], self.formats.right)
        else:
            cell = f"={self.names[name]}"
            self.sheet.write_formula(self.row, column, cell, self.formats.of(line), float(figure(line)))


def write_summary(
    sheet: Sheet, document: Mapping[str, Any], manifest: Mapping[str, Any], names: Mapping[str, str], formats: Formats
) -> None:
    """What was settled, what decided it, and whether it adds up."""
    lines = {line["name"]: line for line in document["lines"]}
    rows = _Rows(sheet, lines, names, formats)
    for column, width in enumerate((46, 22, 22, 22, 44)):
        sheet.set_column(column, column, width)
    sheet.set_portrait()
    for sentence in _sentences(document, lines, manifest):
        sheet.merge_range(rows.row, 0, rows.row, 4, safe_text(sentence), formats.text)
        rows.row += 1
    _settled(rows)
    _key_figures(rows)
    _waterfall(rows)
    _gates(rows)
    _tie_outs(rows)


def _sentences(document: Mapping[str, Any], lines: Lines, manifest: Mapping[str, Any]) -> list[str]:
    payer = manifest.get("payer")
    payer = payer.get("name") if isinstance(payer, Mapping) else payer
    group = manifest.get("group_name") or document["group"]
    period = period_text(document["period"])
    return sentences(lines, bars_of(lines), gates(lines), group, str(payer or "the payer"), period)


def _settled(rows: _Rows) -> None:
    settled = [name for name, line in rows.lines.items() if line["kind"] == "settled"] or [main_line(rows.lines)]
    rows.section("Settled", "Item", "Amount", "Clause")
    for name in settled:
        rows.text(0, rows.lines[name]["label"])
        rows.live(1, name)
        rows.text(2, rows.lines[name]["clause"])
        rows.row += 1


def _key_figures(rows: _Rows) -> None:
    found = [name for name in _KEY_FIGURES if name in rows.lines]
    if found:
        rows.section("Key figures", "Item", "Figure", "Clause")
    for name in found:
        rows.text(0, rows.lines[name]["label"])
        rows.live(1, name)
        rows.text(2, rows.lines[name]["clause"])
        rows.row += 1


def _waterfall(rows: _Rows) -> None:
    bars = [name for name in rows.lines if name.startswith("waterfall.")]
    if not bars:
        return
    rows.section("Waterfall", "Step", "Change", "Sum so far")
    first = rows.row
    at = Fraction(0)
    for name in bars:
        at += figure(rows.lines[name])
        rows.text(0, step_label(rows.lines[name], rows.lines))
        rows.live(1, name)
        cells = f"{xl_rowcol_to_cell(first, 1, row_abs=True)}:{xl_rowcol_to_cell(rows.row, 1)}"
        rows.sheet.write_formula(rows.row, 2, f"=SUM({cells})", rows.formats.unit("usd"), float(at))
        rows.row += 1


def _gates(rows: _Rows) -> None:
    met = [name for name in rows.lines if name.startswith("gate_met.")]
    if not met:
        return
    rows.section("Gates", "Gate", "Met", "Distance", "Stopped", "Clause")
    for name in met:
        rows.text(0, gate_label(rows.lines[name]))
        rows.live(1, name)
        for column, stem in ((2, "gate_distance"), (3, "not_earned")):
            other = f"{stem}.{key_of(name)}"
            if other in rows.lines:
                rows.live(column, other)
        rows.text(4, rows.lines[name]["clause"])
        rows.row += 1


def _tie_outs(rows: _Rows) -> None:
    found = list(tie_outs(rows.lines))
    if not found:
        return
    rows.section("Tie-out", "What should add up", "Sum of the parts", "The whole", "Result")
    first = rows.row
    for tie in found:
        total = sum((figure(rows.lines[part]) for part in tie.parts), start=Fraction(0))
        rows.text(0, tie.label)
        parts = f"={'+'.join(rows.names[part] for part in tie.parts)}"
        rows.sheet.write_formula(rows.row, 1, parts, rows.formats.unit("usd"), float(total))
        rows.live(2, tie.whole)
        parts_cell, whole_cell = xl_rowcol_to_cell(rows.row, 1), xl_rowcol_to_cell(rows.row, 2)
        result = TIES if total == figure(rows.lines[tie.whole]) else DOES_NOT_TIE
        cell = f'=IF(ROUND({parts_cell}-{whole_cell},2)=0,"{TIES}","{DOES_NOT_TIE}")'
        rows.sheet.write_formula(rows.row, 3, cell, rows.formats.strong, result)
        rows.row += 1
    rule = {"type": "cell", "criteria": "==", "value": f'"{DOES_NOT_TIE}"', "format": rows.formats.bad}
    rows.sheet.conditional_format(first, 3, rows.row - 1, 3, rule)


def write_scorecard(sheet: Sheet, lines: Lines, names: Mapping[str, str], formats: Formats) -> None:
    """A row for each measure, and the sums of points and dollars."""
    measures = measure_ids(lines)
    columns = [
        (stem, heading) for stem, heading in _COLUMNS if any(f"{stem}.{measure}" in lines for measure in measures)
    ]
    rows = _Rows(sheet, lines, names, formats)
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, len(columns), 14)
    sheet.write_string(3, 0, "Measure", formats.heading)
    for column, (_, heading) in enumerate(columns, start=1):
        sheet.write_string(3, column, heading, formats.heading_right)
    sheet.freeze_panes(4, 1)
    rows.row = 4
    for measure in measures:
        rows.text(0, measure_label(lines, measure))
        for column, (stem, _) in enumerate(columns, start=1):
            if f"{stem}.{measure}" in lines:
                rows.live(column, f"{stem}.{measure}")
        rows.row += 1
    sheet.write_string(rows.row, 0, "Total", formats.strong)
    for column, (stem, _) in enumerate(columns, start=1):
        if stem in _ADDED:
            _sum(rows, column, stem, measures)


def _sum(rows: _Rows, column: int, stem: str, measures: Sequence[str]) -> None:
    found = [rows.lines[name] for measure in measures if (name := f"{stem}.{measure}") in rows.lines]
    total = sum((figure(line) for line in found if line["value"] is not None), start=Fraction(0))
    cells = f"{xl_rowcol_to_cell(4, column)}:{xl_rowcol_to_cell(rows.row - 1, column)}"
    rows.sheet.write_formula(rows.row, column, f"=SUM({cells})", rows.formats.total(found[0]["unit"]), float(total))
