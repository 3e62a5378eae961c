"""Two hundred workbooks with poisoned cached values, recomputed by the package `formulas`, equal the settlement.

Its ROUND multiplies by a power of ten in binary and then cuts: a tie is rounded down where that product lies below the
half (1.005 x 100 is 100.49999999999999, so ROUND(1.005, 2) gives 1.00). Excel and LibreOffice round the decimal that they
show. So settlements at such a tie are left to LibreOffice (`make test-office`), and a test says exactly which those are.
"""

import io
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from p4v.report.workbook import defined_names, workbook
from settlements import documents, is_half_cent, settled_line
from spreadsheet import POISON, by_formulas, cells_of, cents, write_poisoned

CHUNKS = 20


def product_lies_below(tie: Fraction) -> bool:
    """Whether a tie in dollars times 100 in binary is nearer to zero than the half cent that it is."""
    return Fraction(abs(float(tie)) * 100.0) < abs(tie) * 100


def formulas_rounds_wrong(document: dict[str, Any]) -> bool:
    line = settled_line(document)
    return is_half_cent(document) and line is not None and product_lies_below(Fraction(line["exact"]))


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return documents(tmp_path_factory.mktemp("ties"))


def test_the_sample_holds_what_it_should(books: list[dict[str, Any]]) -> None:
    assert len(books) == 200
    assert sum(map(is_half_cent, books)) >= 25
    assert len({document["contract"] for document in books}) >= 12
    at_a_gate = [
        document
        for document in books
        for lines in [{line["name"]: line for line in document["lines"]}]
        if "minimum_savings_rate" in lines
        and abs(Fraction(lines["gross_savings"]["exact"]))
        == Fraction(lines["minimum_savings_rate"]["exact"]) * Fraction(lines["benchmark"]["exact"])
    ]
    assert len(at_a_gate) >= 10
    assert 1 <= sum(map(formulas_rounds_wrong, books)) <= 20


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_recomputed_by_formulas(books: list[dict[str, Any]], chunk: int, tmp_path: Path) -> None:
    compared = 0
    for number, document in enumerate(books[chunk::CHUNKS]):
        if formulas_rounds_wrong(document):
            continue
        book = tmp_path / f"{number}.xlsx"
        assert write_poisoned(document, book) >= 2
        cells = by_formulas(book)
        for name, place in cells_of(document, book).items():
            line = next(line for line in document["lines"] if line["name"] == name)
            assert_equal(line, cells[place])
            compared += line["expression"] is not None
    assert compared >= 30


def assert_equal(line: dict[str, Any], found: Any) -> None:
    """Settled lines and bars to the cent; unrounded dollars to the millionth that a difference of binary amounts of up to
    a billion leaves, other units to twelve decimals."""
    if line["value"] is None:
        assert isinstance(found, str)
    elif line["kind"] == "settled" or line["name"].startswith("waterfall."):
        assert cents(found) == Fraction(line["value"]), line["name"]
    elif line["unit"] != "table":
        expected = Fraction(line["exact"])
        tolerance = Fraction(1, 10**6) if line["unit"] == "usd" else Fraction(1, 10**12)
        assert abs(Fraction(float(found)) - expected) <= tolerance, line["name"]


def test_which_ties_the_package_formulas_rounds_wrong(tmp_path: Path) -> None:
    """Exactly where the product lies below the half; if this fails, less need be left out above."""
    ties = [Fraction(2 * n + 1, 200) for n in (0, 1, 14, 28, 100, 12345, 999_999, 3_967_828, 61_728_394, 98_000_024)]
    book = tmp_path / "ties.xlsx"
    with xlsxwriter.Workbook(book) as writer:
        sheet = writer.add_worksheet("Settlement")
        for row, tie in enumerate(ties):
            sheet.write_number(row, 0, float(tie))
            sheet.write_formula(row, 1, f"=ROUND(A{row + 1},2)")
    cells = by_formulas(book)
    wrong = [
        tie for row, tie in enumerate(ties) if cents(cells[("Settlement", f"B{row + 1}")]) != tie + Fraction(1, 200)
    ]
    assert wrong == [tie for tie in ties if product_lies_below(tie)]
    assert Fraction("1.005") in wrong
    assert 3 <= len(wrong) < len(ties)


class TestFile:
    def document(self, books: list[dict[str, Any]]) -> dict[str, Any]:
        return books[0]

    def test_the_same_settlement_gives_the_same_bytes(self, books: list[dict[str, Any]]) -> None:
        document = self.document(books)
        assert workbook(document, "d" * 64) == workbook(document, "d" * 64)

    def test_cached_values_stand_beside_the_formulas(self, books: list[dict[str, Any]], tmp_path: Path) -> None:
        document = self.document(books)
        content = workbook(document, "d" * 64)
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            sheet = parts.read("xl/worksheets/sheet2.xml").decode()  # Summary, then Settlement
        earned = next(line for line in document["lines"] if line["name"] == "earned")
        assert f"<v>{float(earned['value']):.16G}</v>" in sheet
        assert POISON not in sheet
        formulas = [line for line in document["lines"] if line["expression"] is not None]
        assert sheet.count("<f>") == len(formulas)

    def test_text_is_never_a_formula_or_a_link(self, books: list[dict[str, Any]], tmp_path: Path) -> None:
        document = self.document(books)
        lines = [line | {"clause": "=cmd|'/c calc'!A1", "label": "https://example.org"} for line in document["lines"]]
        content = workbook(document | {"lines": lines}, "d" * 64)
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            for name in parts.namelist():
                part = parts.read(name).decode()
                assert "<hyperlink" not in part
                if name.startswith("xl/worksheets/"):
                    assert "calc" not in part

    def test_defined_names(self) -> None:
        names = defined_names(["fee.2014-03", "rate.BCS", "rate.bcs", "fee.2014_03"])
        assert names == {
            "fee.2014-03": "p4v.fee.2014_03",
            "rate.BCS": "p4v.rate.BCS",
            "rate.bcs": "p4v.rate.bcs_2",
            "fee.2014_03": "p4v.fee.2014_03_2",
        }
