"""The sheets Summary and Scorecard: live figures, recomputed by the package `formulas`, and cells that say what ties."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from p4v.report.shown import figure
from p4v.report.workbook import workbook
from p4v.report.workbook_summary import DOES_NOT_TIE, TIES, tie_outs
from spreadsheet import by_formulas, cells_of, cents, write_poisoned
from statement_samples import SAMPLES, Sample, happy


def book_of(sample: Sample, data_only: bool = False) -> Any:
    document, manifest, digest = sample
    return openpyxl.load_workbook(io.BytesIO(workbook(document, digest, manifest)), data_only=data_only)


def rows(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def part(sheet: Any, title: str) -> list[list[Any]]:
    """The rows of a section, without its headings."""
    found = rows(sheet)
    start = next(place for place, row in enumerate(found) if row[0] == title) + 2
    end = next((place for place in range(start, len(found)) if found[place][0] is None), len(found))
    return found[start:end]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "not_scored"])
def test_recomputed_by_formulas(name: str, tmp_path: Path) -> None:
    document = SAMPLES[name]()[0]
    path = tmp_path / "book.xlsx"
    write_poisoned(document, path)
    cells = by_formulas(path)
    lines = {line["name"]: line for line in document["lines"]}
    for line, place in cells_of(document, path).items():
        expected = figure(lines[line])
        if lines[line]["kind"] == "settled" and lines[line]["unit"] == "usd":
            assert cents(cells[place]) == expected
        else:
            assert abs(Fraction(float(cells[place])) - expected) <= Fraction(1, 10**6), line
    book = openpyxl.load_workbook(path)
    results = [cell for row in book["Summary"].iter_rows() for cell in row if str(cell.value).startswith("=IF(ROUND(")]
    assert len(results) == len(list(tie_outs(lines)))
    assert {cells[("Summary", cell.coordinate)] for cell in results} <= {TIES}


def test_what_ties_in_a_statement_with_everything() -> None:
    sheet = book_of(happy(), data_only=True)["Summary"]
    assert [(row[0], row[3]) for row in part(sheet, "Tie-out")] == [
        ("Bars of the waterfall", TIES), ("Earned by measure", TIES), ("Not earned by measure", TIES),
    ]  # fmt: skip
    assert part(sheet, "Tie-out")[0][1:3] == [963393.41, 963393.41]


def test_what_does_not_tie_says_so() -> None:
    document, manifest, digest = happy()
    lines = [
        line | {"value": "1.00", "exact": "1"} if line["name"] == "waterfall.share" else line
        for line in document["lines"]
    ]
    sheet = book_of((document | {"lines": lines}, manifest, digest), data_only=True)["Summary"]
    assert part(sheet, "Tie-out")[0][3] == DOES_NOT_TIE


def test_the_summary_has_the_sentences_and_every_settled_amount() -> None:
    sample = happy()
    sheet = book_of(sample, data_only=True)["Summary"]
    assert rows(sheet)[3][0].startswith("Riverbend Medical Group earned $963,393.41")
    assert [row[:2] for row in part(sheet, "Settled")] == [
        ["Shared savings earned", 963393.41], ["Net payable to the group", 713393.41],
    ]  # fmt: skip
    assert [row[2] for row in part(sheet, "Waterfall")][-1] == 963393.41
    assert [row[0] for row in part(sheet, "Gates")] == ["Minimum savings rate", "Quality score"]


def test_the_scorecard_has_the_measures_and_their_sums() -> None:
    found = rows(book_of(happy(), data_only=True)["Scorecard"])
    assert found[3] == [
        "Measure", "Numerator", "Denominator", "Rate", "Prior", "Threshold", "Target", "Points", "Most points", "Earned",
        "Not earned",
    ]  # fmt: skip
    assert found[4][:3] == ["Breast cancer screening", 1124, 1466]
    assert found[-1][0] == "Total"
    assert found[-1][8:] == [9, 963393.41, 356726.43]
    live = rows(book_of(happy())["Scorecard"])
    assert live[4][3] == "=p4v.rate.bcs"
    assert live[-1][9] == "=SUM(J5:J12)"


def test_a_measure_that_is_not_scored_says_so() -> None:
    found = rows(book_of(SAMPLES["not_scored"](), data_only=True)["Scorecard"])
    assert next(row for row in found if row[0] == "Asthma medication ratio")[3] == "not scored"


def test_without_measures_there_is_no_scorecard() -> None:
    assert book_of(SAMPLES["fee_reset"]()).sheetnames == ["Summary", "Settlement", "Inputs", "Lists"]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_figure_is_live_and_every_sheet_prints(name: str) -> None:
    book = book_of(SAMPLES[name]())
    for title in ("Summary", "Settlement", "Scorecard"):
        if title in book.sheetnames:
            numbers = [
                cell.value
                for row in book[title].iter_rows()
                for cell in row
                if isinstance(cell.value, int | float) and (title != "Settlement" or cell.column != 1)
            ]
            assert numbers == []
    for sheet in book:
        assert sheet.page_setup.fitToHeight == 0
        assert "&P / &N" in str(sheet.oddFooter.right.text) or sheet.oddFooter.right.text is not None
    for title in ("Settlement", "Inputs"):
        assert book[title].freeze_panes == "D5"


def test_the_same_bytes_again() -> None:
    document, manifest, digest = happy()
    assert workbook(document, digest, manifest) == workbook(document, digest, manifest)


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1", "-1", "@x", "\tx"])
def test_text_is_never_a_formula(name: str) -> None:
    document, manifest, digest = happy(group_name=name)
    lines = [
        line | {"label": name, "clause": name} if line["name"] == "benchmark" else line for line in document["lines"]
    ]
    book = book_of((document | {"lines": lines}, manifest, digest))
    texts = [cell for sheet in book for row in sheet.iter_rows() for cell in row if name.strip() in str(cell.value)]
    assert len(texts) >= 3
    assert {cell.data_type for cell in texts if not str(cell.value).startswith("=")} == {"s"}
    assert not [cell for cell in texts if str(cell.value).startswith(name)]
