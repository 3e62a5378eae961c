"""LibreOffice recomputes every workbook, ties included, and every vector of the primitives (make test-office)."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from settlements import documents, is_half_cent
from spreadsheet import by_libreoffice, cells_of, write_poisoned
from test_workbooks import assert_equal
from vectors import REFUSED, VECTORS, as_document

pytestmark = pytest.mark.office


def test_two_hundred_settlements(tmp_path: Path) -> None:
    settled = documents(tmp_path)
    books = [tmp_path / f"settlement-{number}.xlsx" for number in range(len(settled))]
    for document, book in zip(settled, books, strict=True):
        assert write_poisoned(document, book) >= 2
    recomputed = by_libreoffice(books, tmp_path)
    compared = ties = 0
    for document, book in zip(settled, books, strict=True):
        lines = {line["name"]: line for line in document["lines"]}
        for name, place in cells_of(document, book).items():
            assert_equal(lines[name], recomputed[book.name][place])
            compared += lines[name]["expression"] is not None
        ties += is_half_cent(document)
    assert len(settled) == 200
    assert ties >= 25
    assert compared >= 2000


def test_every_vector_of_the_primitives(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], Path]] = []
    for number, vector in enumerate([*VECTORS, *REFUSED]):
        document = as_document(vector, vector.get("exact", "0"))
        book = tmp_path / f"vector-{number}.xlsx"
        write_poisoned(document, book)
        cases.append((document, book))
    recomputed = by_libreoffice([book for _, book in cases], tmp_path)
    for (document, book), vector in zip(cases, [*VECTORS, *REFUSED], strict=True):
        found = recomputed[book.name][cells_of(document, book)["result"]]
        if "exact" in vector:
            assert abs(Fraction(float(found)) - Fraction(vector["exact"])) < Fraction(1, 10**12), vector["expression"]
        else:
            assert isinstance(found, str), vector["expression"]
            assert found.startswith("#"), vector["expression"]
