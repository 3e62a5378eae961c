"""Workbooks with poisoned cached values, and two spreadsheet engines that recompute them."""

import contextlib
import io
import os
import re
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl

from p4v.report.workbook import defined_names, workbook

POISON = "987654321.25"
_CACHED = re.compile(rb"(<f>[^<]*</f>)<v>[^<]*</v>")


def poisoned(content: bytes) -> tuple[bytes, int]:
    """The workbook with every cached value of a formula replaced by a wrong one, and how many there were."""
    target = io.BytesIO()
    count = 0
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/"):
                part, replaced = _CACHED.subn(rb"\1<v>" + POISON.encode() + b"</v>", part)
                count += replaced
            book.writestr(name, part)
    return target.getvalue(), count


def write_poisoned(document: Mapping[str, Any], path: Path) -> int:
    """Writes the poisoned workbook of a settlement; how many formulas it has."""
    content, count = poisoned(workbook(document, "0" * 64))
    path.write_bytes(content)
    return count


def cells_of(document: Mapping[str, Any], book: Path) -> dict[str, tuple[str, str]]:
    """Line name to sheet and cell, by the workbook's own defined names."""
    names = defined_names([line["name"] for line in document["lines"]])
    defined = openpyxl.load_workbook(book).defined_names
    places = {}
    for line, name in names.items():
        if name in defined:
            sheet, cell = defined[name].attr_text.split("!")
            places[line] = (sheet, cell.replace("$", ""))
    return places


def by_formulas(book: Path) -> dict[tuple[str, str], Any]:
    """Every cell as the package `formulas` computes it, by sheet and cell."""
    import formulas

    with contextlib.redirect_stderr(io.StringIO()):
        solution = formulas.ExcelModel().loads(str(book)).finish().calculate()
    computed = {}
    for key, ranges in solution.items():
        match = re.fullmatch(r"'\[[^]]*\]([^']+)'!([A-Z]+[0-9]+)", str(key))
        if match:
            computed[(match.group(1).capitalize(), match.group(2))] = ranges.value[0, 0]
    return computed


def by_libreoffice(books: Sequence[Path], folder: Path) -> dict[str, dict[tuple[str, str], Any]]:
    """Every cell of each workbook as LibreOffice recomputes it, by the workbook's file name.

    LibreOffice keeps cached values unless its profile says `OOXMLRecalcMode` 0, which is: always recalculate.
    """
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_RECALCULATE, encoding="utf-8")
    out = folder / "recomputed"
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    subprocess.run(
        [*command, "--outdir", str(out), *map(str, books)],
        check=True,
        capture_output=True,
        timeout=900,
        env=environment,
    )
    return {book.name: _cached_values(out / book.name) for book in books}


def _cached_values(book: Path) -> dict[tuple[str, str], Any]:
    loaded = openpyxl.load_workbook(book, data_only=True)
    return {(sheet.title, cell.coordinate): cell.value for sheet in loaded for row in sheet.iter_rows() for cell in row}


def cents(number: Any) -> Decimal:
    """A spreadsheet's number as the cents that it shows; a binary number within a millionth of a cent of them."""
    shown = Decimal(repr(float(number))).quantize(Decimal("0.01"))
    assert abs(Decimal(float(number)) - shown) < Decimal("1e-6"), number
    return shown


def as_fraction(number: Any) -> Fraction:
    return Fraction(float(number))


_ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
</oor:items>
"""
