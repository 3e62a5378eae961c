"""How a file is laid out: its headers, how each column is stored, and what its footer proves, before a row is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from p4v.contract.values import ID_ALLOWED, ID_PATTERN
from p4v.data.engine import Engine, name_literal, text_literal
from p4v.data.files import Found, TableFile, refuse_log
from p4v.data.headers import shown_name
from p4v.data.scan import scan_csv
from p4v.data.spec import TableSpec
from p4v.data.typed import Form
from p4v.errors import Finding, Refusal


@dataclass(frozen=True, slots=True)
class Proof:
    """What a footer proves of a column in all rows: no null, no empty text, and the smallest and largest number."""

    never_null: bool = False
    lowest: int | None = None
    highest: int | None = None
    never_empty: bool = False

    def both(self, other: "Proof") -> "Proof":
        """What two proofs prove together."""
        lowest = None if self.lowest is None or other.lowest is None else min(self.lowest, other.lowest)
        highest = None if self.highest is None or other.highest is None else max(self.highest, other.highest)
        never_empty = self.never_empty and other.never_empty
        return Proof(self.never_null and other.never_null, lowest, highest, never_empty)


NOTHING_PROVEN = Proof()


@dataclass(frozen=True, slots=True)
class Layout:
    """A file with its headers, and how each column is stored; no form is one that cannot be taken."""

    file: TableFile
    headers: Sequence[str]
    types: Sequence[str]
    forms: Sequence[Form | None]
    proofs: Sequence[Proof]
    reading: str = ""
    """SQL of a table in a DuckDB file or in memory."""


def layout_of(spec: TableSpec, found: Found, engine: Engine) -> Layout:
    """The layout of a file. Raises `Refusal` with all that is wrong in its structure."""
    match found.format:
        case "parquet":
            return _parquet_layout(spec, found, engine)
        case "duckdb":
            return _duckdb_layout(spec, found, engine)
        case _:
            return _csv_layout(spec, found)


def _csv_layout(spec: TableSpec, found: Found) -> Layout:
    changed = found.path.stat().st_mtime_ns
    scan = scan_csv(found.path, found.shown)
    file = TableFile(spec, found.path, found.shown, found.format, scan.size, scan.rows, scan.sha256, changed)
    columns = len(scan.headers)
    return Layout(file, scan.headers, ["text"] * columns, ["text"] * columns, [NOTHING_PROVEN] * columns)


def _parquet_layout(spec: TableSpec, found: Found, engine: Engine) -> Layout:
    status = found.path.stat()
    try:
        with pq.ParquetFile(found.path) as footer:
            schema: pa.Schema = footer.schema_arrow
            metadata: Any = footer.metadata
            proofs = _proofs(metadata)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        allowed = "a whole Parquet file"
        raise Refusal([Finding("P4V-D009", found.shown, "a Parquet file that is damaged", allowed)]) from error
    _refuse_twice(schema.names, found.shown)
    digest = engine.digest(found.path)
    rows = metadata.num_rows
    file = TableFile(spec, found.path, found.shown, "parquet", status.st_size, rows, digest, status.st_mtime_ns)
    layout = _arrow_layout(file, schema, [proofs.get(name, NOTHING_PROVEN) for name in schema.names])
    return replace(layout, reading=f"read_parquet({text_literal(str(engine.linked(found.path)))})")


def _proofs(metadata: Any) -> dict[str, Proof]:
    """Of each column, what the statistics of all its chunks prove together."""
    proofs: dict[str, Proof] = {}
    for group in range(metadata.num_row_groups):
        chunks = metadata.row_group(group)
        for place in range(chunks.num_columns):
            chunk = chunks.column(place)
            here = _proof(chunk.statistics if chunk.is_stats_set else None)
            before = proofs.get(chunk.path_in_schema)
            proofs[chunk.path_in_schema] = here if before is None else before.both(here)
    return proofs


def _proof(statistics: Any) -> Proof:
    if statistics is None:
        return NOTHING_PROVEN
    never_null = bool(statistics.has_null_count and statistics.null_count == 0)
    if not statistics.has_min_max:
        return Proof(never_null)
    if statistics.physical_type == "BYTE_ARRAY":
        # An empty text comes first in every order; one that is cut short is no later than the first.
        return Proof(never_null, never_empty=bool(statistics.min_raw))
    if not (type(statistics.min) is int and type(statistics.max) is int):
        return Proof(never_null)
    return Proof(never_null, statistics.min, statistics.max)


def _duckdb_layout(spec: TableSpec, found: Found, engine: Engine) -> Layout:
    shown = found.shown
    if spec.table is None:
        remedy = "name it as `table:`"
        raise Refusal([Finding("P4V-D009", shown, "a DuckDB file", "the name of its table too", help=remedy)])
    if not ID_PATTERN.fullmatch(spec.table):
        raise Refusal([Finding("P4V-C031", shown, "no name of a table", ID_ALLOWED, "table")])
    refuse_log(found.path, shown)
    status = found.path.stat()
    try:
        reading = f"{name_literal(engine.attach(found.path))}.{name_literal(spec.table)}"
        described = engine.raw.execute(f"DESCRIBE SELECT * FROM {reading}").fetchall()  # noqa: S608 - an id
        schema = engine.raw.sql(f"SELECT * FROM {reading} LIMIT 0").to_arrow_table().schema  # noqa: S608
        ((rows,),) = engine.raw.execute(f"SELECT count(*) FROM {reading}").fetchall()  # noqa: S608
    except duckdb.CatalogException as error:
        raise Refusal([Finding("P4V-D004", shown, "no such table", "a table of the file", "table")]) from error
    except duckdb.PermissionException as error:
        found_here = "a view that reads other files"
        raise Refusal([Finding("P4V-D009", shown, found_here, "a table", "table")]) from error
    except (duckdb.IOException, duckdb.SerializationException, duckdb.InvalidInputException) as error:
        found_here = "a DuckDB file that is damaged, encrypted, in use, or of another release"
        raise Refusal([Finding("P4V-D009", shown, found_here, "a DuckDB file")]) from error
    digest = engine.digest(found.path)
    file = TableFile(spec, found.path, shown, "duckdb", status.st_size, rows, digest, status.st_mtime_ns)
    layout = _arrow_layout(file, schema, [NOTHING_PROVEN] * len(schema))
    # The widest integers come as decimals.
    wide = ["HUGEINT" in str(column[1]) for column in described]
    forms: list[Form | None] = ["integer" if big else form for big, form in zip(wide, layout.forms, strict=True)]
    return replace(layout, reading=reading, forms=forms)


def frame_layout(spec: TableSpec, engine: Engine) -> Layout:
    """The layout of a frame in memory, which the engine reads where it is."""
    shown = f"{spec.shown} in memory"
    table = _arrow_table(spec.frame, shown)
    _refuse_twice(table.column_names, shown)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content = sink.getvalue()
    digest = sha256(content).hexdigest()
    file = TableFile(spec, Path(shown), shown, "frame", len(content), table.num_rows, digest)
    name = f"{spec.shown} frame"
    engine.tables.register(name, table)
    layout = _arrow_layout(file, table.schema, [Proof(column.null_count == 0) for column in table.columns])
    return replace(layout, reading=name_literal(name))


def _arrow_table(frame: Any, shown: str) -> pa.Table:
    """A frame of pandas, polars or pyarrow as an Arrow table. Raises `Refusal` for a column of mixed types."""
    if isinstance(frame, pa.Table):
        return frame
    if hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    names = [str(name) for name in frame.columns]
    arrays, findings = [], []
    for place, name in enumerate(names):
        try:
            arrays.append(pa.Array.from_pandas(frame.iloc[:, place]))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            findings.append(wrong_type(shown, name, "several"))
    if findings:
        raise Refusal(findings)
    return pa.Table.from_arrays(arrays, names=names)


def _arrow_layout(file: TableFile, schema: pa.Schema, proofs: Sequence[Proof]) -> Layout:
    types = [str(kind) for kind in schema.types]
    return Layout(file, schema.names, types, [_form(kind) for kind in schema.types], proofs)


def _refuse_twice(names: Sequence[str], shown: str) -> None:
    findings = list(_twice(names, shown))
    if findings:
        raise Refusal(findings)


def _twice(names: Sequence[str], shown: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if name.lower() in first:
            found = f"the column name of field {first[name.lower()]} again"
            yield Finding("P4V-D002", shown, found, "each column name once", shown_name(names, place))
        first.setdefault(name.lower(), place)


def _form(kind: pa.DataType) -> Form | None:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    if pa.types.is_null(kind):
        return "text"
    if pa.types.is_decimal(kind):
        return "decimal"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None):
        return "date"
    return None


MONEY_TYPES = "text or decimal, or whole cents in a column whose name ends in _cents"
"""What amounts are stored as, in words."""


def wrong_type(shown: str, name: str, stored: str, allowed: str = "text, decimals, whole numbers or dates") -> Finding:
    """A column whose cells are stored as what they cannot be, such as money as a float."""
    remedy = "a float has lost its cents: store the column anew from where it comes" if _is_floating(stored) else None
    return Finding("P4V-D051", shown, f"cells of type {stored}", allowed, name, help=remedy)


def _is_floating(stored: str) -> bool:
    return stored in ("double", "float", "halffloat")
