"""A table small enough to hold: quality results, figures, lag triangles, totals. Every cell as text, with its place.

CSV, in gzip or not, is read by the strict reader; Parquet, DuckDB and tables in memory give their cells as the same
text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from p4v.contract.values import ID_ALLOWED, ID_PATTERN
from p4v.data.columns import CENTS
from p4v.data.engine import Engine, engine_faults
from p4v.data.files import Found, TableFile, find_files
from p4v.data.headers import header_fault, unasked
from p4v.data.layouts import MONEY_TYPES, Layout, frame_layout, layout_of, wrong_type
from p4v.data.spec import TableInput, TableSpec
from p4v.data.table import read_bytes, table_of, unpacked
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.numbers import FIGURE_DECIMALS, NumberFault, read_number, read_percent
from p4v.periods import read_month

Value = TypeVar("Value")
_CENT_PLACES = 2
_TEXTS = ("csv", "csv.gz")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: its file, the line in a CSV or the row elsewhere, and the table's own column."""

    file: str
    line: int | None
    row: int
    column: str
    field: int | None

    def finding(self, code: str, found: str, allowed: str, remedy: str | None = None) -> Finding:
        """A finding here."""
        where = "" if self.line is not None else f", in row {self.row}"
        field = self.field if self.line is not None else None
        return Finding(code, self.file, f"{found}{where}", allowed, self.column, self.line, field, help=remedy)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line is not None else f"{self.file}, row {self.row}"


@dataclass(frozen=True, slots=True)
class Columns:
    """The canonical columns of a kind of table: those that must be there, and those that may."""

    required: Sequence[str]
    optional: Sequence[str] = ()
    others: bool = False
    """Whether a column that is mapped may have any name."""
    money: Sequence[str] = ()
    """Dollars, or whole cents in a column whose own name ends in `_cents`; anywhere else a whole number is neither."""


@dataclass(frozen=True, slots=True)
class SmallRow:
    """One row: cells by canonical name, each with its place; faults go to `findings`."""

    cells: Mapping[str, str]
    places: Mapping[str, Place]
    findings: list[Finding]

    def has(self, name: str) -> bool:
        """Whether there is something in a cell."""
        return self.cells.get(name, "") != ""

    def read(self, name: str, reader: Callable[[str], Value], code: str, found: str, allowed: str) -> Value | None:
        """What a cell says, or nothing, with a finding, if it is empty or cannot be read."""
        if not self.has(name):
            self.findings.append(self.places[name].finding("P4V-D013", "an empty cell", allowed))
            return None
        try:
            return reader(self.cells[name])
        except NumberFault as error:
            self.findings.append(self.places[name].finding(code, error.found, error.allowed))
        except ValueError:
            self.findings.append(self.places[name].finding(code, found, allowed))
        return None

    def id(self, name: str) -> str | None:
        """An id, or nothing, with a finding."""
        return self.read(name, _id, "P4V-D020", "no id", ID_ALLOWED)

    def month(self, name: str) -> int | None:
        """A month as year * 12 + month - 1, or nothing, with a finding."""
        return self.read(name, month_number, "P4V-D033", "no month", "a month as YYYY-MM")

    def number(self, name: str, decimals: int = FIGURE_DECIMALS, percent: bool = False) -> Fraction | None:
        """An exact number, or nothing, with a finding; with `percent` it may carry its sign."""

        def exact(text: str) -> Fraction:
            return read_percent(text, decimals) if percent and text.endswith("%") else read_number(text, decimals)

        return self.read(name, exact, "P4V-D012", "no number", "a number")

    def dollars(self, name: str) -> Fraction | None:
        """An amount to the cent, or nothing, with a finding; the column's own name says if it is in cents."""
        if not self.places[name].column.endswith(CENTS):
            return self.number(name, decimals=_CENT_PLACES)
        cents = self.number(name, decimals=0)
        return None if cents is None else cents / 10**_CENT_PLACES


def _id(text: str) -> str:
    if not ID_PATTERN.fullmatch(text):
        raise ValueError("no id")
    return text


def month_number(text: str) -> int:
    """The number of a month, year * 12 + month - 1. Raises `ValueError`."""
    day = text.removesuffix("-01") if len(text) == len("YYYY-MM-DD") else text
    coded = f"{text[:4]}-{text[4:]}" if len(text) == len("YYYYMM") and text.isdigit() else day
    month = read_month(coded)
    return int(month[:4]) * 12 + int(month[5:]) - 1


@dataclass(frozen=True, slots=True)
class SmallTable:
    """The rows of all files of a table, and what was read."""

    rows: Sequence[SmallRow]
    inputs: Sequence[TableInput]
    findings: list[Finding] = field(default_factory=list)

    def refuse(self) -> None:
        """Raises `Refusal` if anything was found, in the order of the rows."""
        if self.findings:
            raise Refusal(self.findings)

    def refuse_twice(self, keys: Sequence[tuple[object, Place]], allowed: str) -> None:
        """Finds each key that has been there before, at its place."""
        first: dict[object, Place] = {}
        for key, place in keys:
            before = first.setdefault(key, place)
            if before is not place:
                self.findings.append(place.finding("P4V-D030", f"what {before} gives, again", allowed))


def read_small(spec: TableSpec, columns: Columns, root: Path | None) -> SmallTable:
    """The rows of a table. Raises `Refusal` with all that is wrong in its structure."""
    findings: list[Finding] = []
    rows: list[SmallRow] = []
    inputs: list[TableInput] = []
    for read in _contents(spec, root):
        names = _bound(spec, columns, read, findings)
        inputs.append(read.file.input())
        rows += [_row(row, names, read, findings) for row in read.rows] if not findings else []
    if findings:
        raise Refusal(findings)
    if not rows:
        raise Refusal([Finding("P4V-D006", inputs[0].name, "no rows", "at least one row")])
    return SmallTable(rows, inputs, findings)


@dataclass(frozen=True, slots=True)
class _Content:
    file: TableFile
    headers: Sequence[str]
    rows: Sequence[tuple[int | None, int, Sequence[str]]]
    """Line, number and cells of each row."""
    layout: Layout | None = None
    """How the columns are stored, where they are not text."""


def _contents(spec: TableSpec, root: Path | None) -> Iterator[_Content]:
    if spec.frame is None:
        found = find_files(spec, root)
        if all(file.format in _TEXTS for file in found):
            yield from (_csv(spec, file) for file in found)
            return
    engine = Engine(threads=1, memory=None)
    try:
        with engine_faults():
            if spec.frame is not None:
                yield _arrow(frame_layout(spec, engine), engine)
                return
            engine.lock([engine.linked(file.path) for file in found])
            for file in found:
                yield _csv(spec, file) if file.format in _TEXTS else _arrow(layout_of(spec, file, engine), engine)
    finally:
        engine.close()


def _csv(spec: TableSpec, found: Found) -> _Content:
    changed = found.path.stat().st_mtime_ns
    content = read_bytes(found.path, found.shown)
    table = table_of(unpacked(content, found.shown), found.path.name, found.shown)
    # The manifest names the file as it lies there, packed or not.
    size, digest = len(content), sha256(content).hexdigest()
    file = TableFile(spec, found.path, found.shown, found.format, size, len(table.rows), digest, changed)
    return _Content(file, table.columns, [(row.line, row.number, row.cells) for row in table.rows])


def _arrow(layout: Layout, engine: Engine) -> _Content:
    table: pa.Table = engine.raw.sql(f"SELECT * FROM {layout.reading}").to_arrow_table()  # noqa: S608 - our own SQL
    columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    rows = [(None, number, cells) for number, cells in enumerate(zip(*columns, strict=True), start=1)]
    return _Content(layout.file, layout.headers, rows, layout)


def _text(value: Any) -> str:
    """A cell as a CSV would have it."""
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case datetime() if (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0):
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _bound(spec: TableSpec, columns: Columns, read: _Content, findings: list[Finding]) -> dict[str, int]:
    """Canonical name to the place of its column; what does not fit is found."""
    known = [*columns.required, *columns.optional]
    mapped = {theirs: name for name, theirs in spec.columns.items()}
    line = 1 if read.file.has_lines else None
    places: dict[str, int] = {}
    unknown: list[int] = []
    for place, header in enumerate(read.headers, start=1):
        name = mapped.get(header, header)
        if header in spec.ignore:
            continue
        if name not in known and not (columns.others and header in mapped):
            unknown.append(place)
            continue
        if name in places:
            where = Place(read.file.shown, line, 0, header, place)
            findings.append(where.finding("P4V-D002", "a second column of that meaning", "one column of each meaning"))
        findings += _type_faults(read, place, name in columns.money)
        places.setdefault(name, place)
    fault = header_fault(read.headers, unknown, read.file.shown, line, known=bool(places))
    if fault is not None:
        findings.append(fault)
        return places
    for place in unknown:
        remedy = did_you_mean(read.headers[place - 1], known) or "bind it under `columns`, or name it under `ignore`"
        findings.append(unasked(read.headers, place, read.file.shown, line, remedy))
    findings += _missing(spec, columns, read, places)
    return places


def _missing(spec: TableSpec, columns: Columns, read: _Content, places: Mapping[str, int]) -> Iterator[Finding]:
    for name in (*columns.required, *spec.columns):
        if name not in places:
            theirs = spec.columns.get(name, name)
            line = 1 if read.file.has_lines else None
            yield Finding("P4V-D004", read.file.shown, "no such column", f"the column of {name}", theirs, line)


def _type_faults(read: _Content, place: int, money: bool) -> Iterator[Finding]:
    """Cells of a type that no table has; amounts as whole numbers in a column that does not say that they are cents."""
    header, layout = read.headers[place - 1], read.layout
    if layout is None:
        return
    form, stored = layout.forms[place - 1], layout.types[place - 1]
    if form is None:
        yield wrong_type(read.file.shown, header, stored)
    elif money and form == "integer" and not header.endswith(CENTS):
        yield wrong_type(read.file.shown, header, stored, MONEY_TYPES)


def _row(
    row: tuple[int | None, int, Sequence[str]], names: Mapping[str, int], read: _Content, findings: list[Finding]
) -> SmallRow:
    line, number, cells = row
    places = {
        name: Place(read.file.shown, line, number, read.headers[place - 1], place) for name, place in names.items()
    }
    return SmallRow({name: cells[place - 1] for name, place in names.items()}, places, findings)
