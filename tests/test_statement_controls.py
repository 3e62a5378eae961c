"""Member months and dollars on the statement, in its message and in the workbook: they foot, and say whether they tie."""

import io
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import openpyxl
import pytest

from controls_samples import BASELINE, CONTROLS, FEE, MARKET, PERFORMANCE, READ, control
from p4v.report.controls import PARTS, ControlsView, number, windows
from p4v.report.statement import statements
from p4v.report.view import statement_view
from p4v.report.workbook import workbook
from statement_samples import SAMPLES

Sample = tuple[dict[str, Any], dict[str, Any], str]


def sample(controls: Any = CONTROLS, **manifest: Any) -> Sample:
    document, known, digest = next(iter(SAMPLES.values()))()
    document["controls"] = list(controls)
    return document, known | READ | manifest, digest


def add_line(document: dict[str, Any], name: str, value: str, unit: str) -> None:
    document["lines"].append(
        {
            "number": len(document["lines"]) + 1, "name": name, "label": name, "kind": "given", "value": value,
            "exact": value, "unit": unit, "rounding": None, "expression": None, "inputs": {}, "clause": "Am. 2 §3",
            "origin": {"table": "member_months", "column": "rows"}, "state": None,
        }
    )  # fmt: skip


def view_of(made: Sample) -> ControlsView:
    found = statement_view(*made).controls
    assert found is not None
    return found


def shown_number(text: str) -> Fraction:
    return Fraction(text.replace("$", "").replace(",", "").replace("−", "-") or 0)


@pytest.mark.parametrize(
    "controls", [PERFORMANCE, BASELINE, MARKET, FEE], ids=["performance", "baseline", "market", "fee"]
)
def test_a_window_foots_as_it_is_shown(controls: Any) -> None:
    (table,) = view_of(sample(controls)).windows
    assert table.total is not None
    for column in range(len(table.columns) - 1):
        assert sum(shown_number(row.cells[column]) for row in table.rows) == shown_number(table.total.cells[column])


def test_the_windows_in_words() -> None:
    found = view_of(sample())
    assert [table.title for table in found.windows] == [
        "Performance period", "Baseline 2012", "Market", "Months of the care coordination fee",
    ]  # fmt: skip
    assert [row.label for row in found.windows[0].rows] == [
        "In the table", "Death", "Transplant", "Fewer months than the minimum", "Duplicate rows", "Rejected, P4V-D012",
    ]  # fmt: skip
    assert found.windows[0].rows[2].cells == ["−96", "−94.5", "−$1,210,040.10"]
    assert found.windows[0].total is not None
    assert (found.windows[0].total.label, found.windows[0].total.cells) == (
        "Used", ["117,404", "117,404", "$44,525,643.28"],
    )  # fmt: skip
    assert found.foots


def test_dollars_are_left_out_where_none_are_known() -> None:
    (table,) = view_of(sample(FEE)).windows
    assert table.columns == ["", "Rows", "Member months"]
    assert table.rows[1].cells == ["−31", "−31"]


def test_totals_that_do_not_add_up_say_so() -> None:
    broken = [*PERFORMANCE[:-1], PERFORMANCE[-1] | {"dollars": "44525643.27"}]
    made = sample(broken)
    assert not view_of(made).foots
    for content in statements(*made).values():
        assert b"These totals do not add up" in content
    assert [window.foots for window in windows(CONTROLS)] == [True] * 4


def test_thirds_of_a_month_add_up_exactly() -> None:
    third = [
        control("performance", "in", 3, "1", "0.00"), control("performance", "excluded", 1, "1/3", "0.00", "death"),
        control("performance", "used", 2, "2/3", "0.00"),
    ]  # fmt: skip
    assert windows(third)[0].foots
    assert number(third[1], "member_months") == Fraction(1, 3)


def test_tied_to_source_or_not() -> None:
    tied, untied = sample(), sample(tied=None)
    assert view_of(tied).tied == "Tied to the expected totals of Northlake data warehouse, 2 July 2015."
    assert view_of(untied).tied.startswith("Not tied to source")
    assert b"Tied to the expected totals" in statements(*tied)["statement.html"]
    assert b'class="untied">Not tied to source' in statements(*untied)["statement.html"]
    assert b"Not tied to source" in statements(*untied)["statement.md"]


def test_the_day_of_paid_claims_and_the_digests_of_the_tables() -> None:
    made = sample()
    seen = statement_view(*made)
    assert ("Claims paid through", "31 March 2015") in seen.facts
    words = "member months: member_months.csv.gz, 2,626,252 rows, known on 30 June 2015"
    assert (words, "ab" * 32) in seen.inputs
    message = statements(*made)["statement.md"].decode()
    assert "member\\_months.csv.gz, 2,626,252 rows, known on 30 June 2015: `" + "ab" * 32 + "`" in message


def test_waivers_with_their_rows_dollars_and_reason() -> None:
    made = sample()
    add_line(made[0], "waived_rows.late-file", "5", "count")
    add_line(made[0], "waived_dollars.late-file", "812.50", "usd")
    waivers = view_of(made).waivers
    assert waivers is not None
    assert [(row.label, row.clause, list(row.cells)) for row in waivers.rows] == [
        ("Late file, P4V-D012: One file of a hospital came damaged", "Am. 2 §3", ["5", "$812.50"])
    ]
    assert b"One file of a hospital came damaged" in statements(*made)["statement.html"]
    assert view_of(sample(waivers=[])).waivers is None


def test_no_section_without_tables() -> None:
    made = sample([])
    assert statement_view(*made).controls is None
    assert b"Member months and dollars" not in b"".join(statements(*made).values())
    assert "Controls" not in openpyxl.load_workbook(io.BytesIO(workbook(made[0], made[2], made[1]))).sheetnames


def test_the_sheet_has_live_sums() -> None:
    made = sample()
    content = workbook(made[0], made[2], made[1])
    values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Controls"]
    formulas = openpyxl.load_workbook(io.BytesIO(content))["Controls"]
    first = {row[0].value: row for row in formulas.iter_rows(max_row=16)}
    assert [cell.value for cell in first["Used"][1:4]] == [117404, 117404, 44525643.28]
    together = first["Excluded, rejected and used together"]
    assert [cell.value for cell in together[1:4]] == ["=SUM(B9:B14)", "=SUM(C9:C14)", "=SUM(D9:D14)"]
    row = together[0].row
    assert [values.cell(row, column).value for column in (2, 3, 4)] == [118204, 117931.5, 46203118.07]
    results = [cell.value for line in values.iter_rows() for cell in line if cell.value in ("ties", "DOES NOT TIE")]
    assert results == ["ties"] * 12


def test_the_sheet_says_what_does_not_tie() -> None:
    broken = [*PERFORMANCE[:-1], PERFORMANCE[-1] | {"rows": 1}]
    made = sample(broken)
    values = openpyxl.load_workbook(io.BytesIO(workbook(made[0], made[2], made[1])), data_only=True)["Controls"]
    results = [cell.value for line in values.iter_rows() for cell in line if cell.value in ("ties", "DOES NOT TIE")]
    assert results == ["DOES NOT TIE", "ties", "ties"]


def test_names_of_files_and_owners_are_text_in_the_workbook() -> None:
    made = sample(tied={"owner": "=cmd|x", "date": "2015-07-02"}, tables=[READ["tables"][0] | {"role": "=1+1"}])
    cells = [
        cell
        for line in openpyxl.load_workbook(io.BytesIO(workbook(made[0], made[2], made[1])))["Controls"].iter_rows()
        for cell in line
    ]
    assert [
        cell.value for cell in cells if cell.data_type == "f" and not str(cell.value).startswith(("=SUM(", "=IF("))
    ] == []
    assert "'=1+1: member_months.csv.gz, 2,626,252 rows, known on 30 June 2015" in [cell.value for cell in cells]


def lines_of(count: int) -> list[str]:
    return [f"baseline_reported_expenditure.c{place}-2012" for place in range(count)]


@pytest.mark.parametrize("count, apart", [(12, False), (13, True)])
def test_a_long_baseline_stands_apart(count: int, apart: bool) -> None:
    made = sample()
    for name in lines_of(count):
        add_line(made[0], name, "1", "usd")
    parts = statement_view(*made).parts
    given = {line.name for line in parts.given} & set(lines_of(count))
    assert ([line.name for line in parts.baseline], given) == (
        (lines_of(count), set()) if apart else ([], set(lines_of(count)))
    )
    page = statements(*made)["statement.html"].decode()
    assert ("The baseline line by line" in page) is apart
    numbers: Mapping[int, Any] = {
        line.number: line
        for part in (parts.main, parts.given, parts.terms, parts.working, parts.quality, parts.baseline, parts.market)
        for line in part
    }
    assert sorted(numbers) == [line["number"] for line in made[0]["lines"]]


def test_a_long_market_stands_apart() -> None:
    made = sample()
    stems = ("mix_member_months", "market_expenditure", "market_member_months", "regional_expenditure")
    names = [f"{stem}.p{place}" for stem in stems for place in range(4)]
    for name in names:
        add_line(made[0], name, "1", "usd")
    parts = statement_view(*made).parts
    assert ([line.name for line in parts.market], parts.baseline) == (names, [])
    assert "The market line by line" in statements(*made)["statement.html"].decode()


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_amount_counts_as_none(part: str) -> None:
    assert number({part: None}, part) == 0
