"""The files of a table: found, told apart by their first bytes, bound by their headers, and shown to the engine.

A schema is judged from the header or the footer alone: no row is read for it.
"""

import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from p4v.contract.documents import shown_path
from p4v.contract.values import ID_ALLOWED, ID_PATTERN
from p4v.data.columns import Bound, bound_columns
from p4v.data.engine import Engine, name_literal, text_literal
from p4v.data.scan import scan_csv
from p4v.data.spec import TableInput, TableSpec
from p4v.data.table import file_kind
from p4v.data.typed import ROW, Form, Source, highest_of, lowest_of
from p4v.errors import SHOWN_FINDINGS, Finding, Refusal

Format = Literal["csv", "csv.gz", "parquet", "duckdb", "frame"]
FRAME = "table in memory"
_SAVE_AS_CSV = "save the table as CSV, UTF-8"
_FOREIGN = {
    b"PK\x03\x04": "a zip file or workbook",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel",
    b"SQLite format 3": "an SQLite file",
    b"\xfd7zXZ": "an xz file",
    b"(\xb5/\xfd": "a zstd file",
}
_ARROW_OF_TYPES = "text, decimal, whole cents in a column whose name ends in _cents, months as text, date or YYYYMM"


@dataclass(frozen=True)
class TableFile:
    """One file of a table, or a frame: how it is shown, how large it is, how many rows it has."""

    spec: TableSpec
    path: Path
    shown: str
    format: Format
    size: int
    rows: int
    changed: int = 0
    known_digest: str | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's bytes. Raises `Refusal` if the file is not the one that was opened."""
        if self.known_digest is not None:
            return self.known_digest
        with self.path.open("rb") as stream:
            return _digest_of(iter(lambda: stream.read(_BLOCK), b""))

    def check_unchanged(self) -> None:
        """Raises `Refusal` if somebody wrote the file since it was opened."""
        if self.format == "frame":
            return
        status = self.path.stat()
        if (status.st_size, status.st_mtime_ns) != (self.size, self.changed):
            found = "a file that changed while it was read"
            raise Refusal([Finding("P4V-S005", self.shown, found, "a file at rest", help="run it again")])

    def input(self) -> TableInput:
        """What a manifest says of it."""
        self.check_unchanged()
        return TableInput(self.spec.role, self.path.name, self.size, self.digest, self.rows, self.spec.known_at)


_BLOCK = 4 * 1024 * 1024


def _digest_of(blocks: Iterable[bytes]) -> str:
    digest = sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True)
class Part:
    """Files of one layout, and the view through which the engine reads them under canonical names."""

    view: str
    sources: Sequence[Source]
    files: Sequence[TableFile]
    engine: Engine
    relation: Mapping[Path, str]
    """SQL for each file on its own, with the number of each row."""

    @property
    def paths(self) -> list[Path]:
        """What the engine opens."""
        return [] if self.files[0].format == "frame" else list(self.relation)


@dataclass(frozen=True, slots=True)
class _Layout:
    """A file with its headers, and how each column is stored."""

    file: TableFile
    headers: Sequence[str]
    forms: Sequence[Form | None]
    whole: Sequence[tuple[bool, int | None, int | None]]
    """For each column: never null, and the smallest and largest number, where the file proves it."""
    reading: str = ""
    """SQL of a table in a DuckDB file or in memory."""
    types: Sequence[str] = ()


def find_parts(spec: TableSpec, root: Path | None, engine: Engine) -> list[Part]:
    """The table's files in parts of one layout each. Raises `Refusal` with all that is wrong in their structure."""
    layouts = list(_layouts(spec, root, engine))
    if not sum(layout.file.rows for layout in layouts):
        first = layouts[0].file
        found = "a header and no rows" if first.format in ("csv", "csv.gz") else "no rows"
        line = 1 if first.format in ("csv", "csv.gz") else None
        raise Refusal([Finding("P4V-D006", first.shown, found, "at least one row", line=line)])
    groups: dict[Any, list[tuple[_Layout, list[Source]]]] = {}
    findings: list[Finding] = []
    for layout in layouts:
        sources, wrong = _sources(spec, layout)
        findings += wrong
        places = tuple((source.bound, source.form) for source in sources)
        groups.setdefault((layout.file.format, places, layout.reading), []).append((layout, sources))
    findings = findings or list(_uneven(list(groups.values())))
    if findings:
        raise Refusal(findings)
    return [_part(f"{spec.role}_{number}", group, engine) for number, group in enumerate(groups.values(), start=1)]


def _layouts(spec: TableSpec, root: Path | None, engine: Engine) -> Iterator[_Layout]:
    if spec.frame is not None:
        yield _frame_layout(spec, engine)
        return
    files = list(_expanded(spec, root))
    findings: list[Finding] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for result in pool.map(lambda found: _layout_or_findings(spec, engine, *found), files):
            if isinstance(result, _Layout):
                yield result
            else:
                findings += result
    if findings:
        raise Refusal(findings)


def _layout_or_findings(
    spec: TableSpec, engine: Engine, path: Path, shown: str, form: Format
) -> "_Layout | Sequence[Finding]":
    try:
        match form:
            case "parquet":
                return _parquet_layout(spec, path, shown)
            case "duckdb":
                return _duckdb_layout(spec, path, shown, engine)
            case _:
                return _csv_layout(spec, path, shown, form)
    except Refusal as refusal:
        return refusal.findings


def _expanded(spec: TableSpec, root: Path | None) -> Iterator[tuple[Path, str, Format]]:
    """Each file with its shown name and format. Raises `Refusal` for what is no table."""
    paths: list[Path] = []
    for path in spec.files:
        paths += _of_folder(path, _shown(path, root)) if path.is_dir() else [path]
    found: list[tuple[Path, str, Format]] = []
    findings: list[Finding] = []
    seen: set[Path] = set()
    for path in paths:
        shown = _shown(path, root)
        try:
            found.append((path, shown, _format(path, shown)))
        except Refusal as refusal:
            findings += refusal.findings
        if path.resolve() in seen:
            findings.append(Finding("P4V-D030", shown, "the same file again", "each file once"))
        seen.add(path.resolve())
    formats = {form.removesuffix(".gz") for _, _, form in found}
    if len(formats) > 1 and not findings:
        different = next(
            shown for _, shown, form in found if form.removesuffix(".gz") != found[0][2].removesuffix(".gz")
        )
        findings.append(Finding("P4V-D009", different, "another format than the first file's", "tables of one format"))
    if findings:
        raise Refusal(findings)
    return iter(found)


def _shown(path: Path, root: Path | None) -> str:
    return shown_path(path) if root is None else _relative(path, root)


def _relative(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def _of_folder(folder: Path, shown: str) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    if not paths:
        raise Refusal([Finding("P4V-D006", shown, "a folder without files", "at least one table")])
    return paths


def _format(path: Path, shown: str) -> Format:
    try:
        status = path.stat()
    except OSError as error:
        raise Refusal([Finding("P4V-D007", shown, "no such file", "a table")]) from error
    if not stat.S_ISREG(status.st_mode):
        raise Refusal([Finding("P4V-D009", shown, file_kind(status.st_mode), "a table")])
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
    except OSError as error:
        found = error.strerror or "an error of the disk"
        raise Refusal([Finding("P4V-S005", shown, found, "a file that can be read")]) from error
    for magic, kind in _FOREIGN.items():
        if start.startswith(magic):
            kind = "a workbook" if path.suffix.lower() in (".xlsx", ".xls") else kind
            raise Refusal([Finding("P4V-D009", shown, kind, "CSV, Parquet or DuckDB", help=_SAVE_AS_CSV)])
    if start.startswith(b"PAR1"):
        return "parquet"
    if start[8:12] == b"DUCK":
        return "duckdb"
    if path.suffix.lower() in (".parquet", ".duckdb", ".xlsx", ".xls"):
        found = f"no {path.suffix.lower().removeprefix('.')} file, by its first bytes"
        raise Refusal([Finding("P4V-D009", shown, found, "CSV, Parquet or DuckDB", help=_SAVE_AS_CSV)])
    return "csv.gz" if start.startswith(b"\x1f\x8b") else "csv"


def _csv_layout(spec: TableSpec, path: Path, shown: str, form: Format) -> _Layout:
    changed = path.stat().st_mtime_ns
    scan = scan_csv(path, shown)
    file = TableFile(spec, path, shown, form, scan.size, scan.rows, changed, scan.sha256)
    return _Layout(file, scan.headers, ["text"] * len(scan.headers), [(False, None, None)] * len(scan.headers))


def _parquet_layout(spec: TableSpec, path: Path, shown: str) -> _Layout:
    status = path.stat()
    try:
        with pq.ParquetFile(path) as footer:
            schema: pa.Schema = footer.schema_arrow
            metadata: Any = footer.metadata
            proofs = _proofs(metadata)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        found = "a Parquet file that is damaged or cut short"
        raise Refusal([Finding("P4V-D009", shown, found, "a whole Parquet file")]) from error
    file = TableFile(spec, path, shown, "parquet", status.st_size, metadata.num_rows, status.st_mtime_ns)
    whole = [proofs.get(name, (False, None, None)) for name in schema.names]
    return _arrow_layout(file, schema, whole)


def _proofs(metadata: Any) -> dict[str, tuple[bool, int | None, int | None]]:
    """Of each column, what the statistics of all its chunks prove together."""
    proofs: dict[str, tuple[bool, int | None, int | None]] = {}
    for group in range(metadata.num_row_groups):
        chunks = metadata.row_group(group)
        for place in range(chunks.num_columns):
            chunk = chunks.column(place)
            statistics = chunk.statistics if chunk.is_stats_set else None
            here = _proof(statistics)
            before = proofs.get(chunk.path_in_schema)
            proofs[chunk.path_in_schema] = here if before is None else _both(before, here)
    return proofs


def _proof(statistics: Any) -> tuple[bool, int | None, int | None]:
    if statistics is None:
        return False, None, None
    never_null = bool(statistics.has_null_count and statistics.null_count == 0)
    if not (statistics.has_min_max and statistics.physical_type in ("INT32", "INT64")):
        return never_null, None, None
    lowest, highest = statistics.min, statistics.max
    numbers = type(lowest) is int and type(highest) is int
    return never_null, lowest if numbers else None, highest if numbers else None


def _both(
    one: tuple[bool, int | None, int | None], other: tuple[bool, int | None, int | None]
) -> tuple[bool, int | None, int | None]:
    lowest = None if one[1] is None or other[1] is None else min(one[1], other[1])
    highest = None if one[2] is None or other[2] is None else max(one[2], other[2])
    return one[0] and other[0], lowest, highest


def _duckdb_layout(spec: TableSpec, path: Path, shown: str, engine: Engine) -> _Layout:
    if spec.table is None:
        remedy = "name it as `table:`"
        raise Refusal([Finding("P4V-D009", shown, "a DuckDB file", "the name of its table", help=remedy)])
    if not ID_PATTERN.fullmatch(spec.table):
        raise Refusal([Finding("P4V-C031", shown, "no name of a table", ID_ALLOWED, "table")])
    status = path.stat()
    try:
        database = engine.attach(path)
        reading = f"{name_literal(database)}.{name_literal(spec.table)}"
        described = engine.raw.execute(f"DESCRIBE SELECT * FROM {reading}").fetchall()  # noqa: S608 - an id
        schema = engine.raw.execute(f"SELECT * FROM {reading} LIMIT 0").to_arrow_table().schema  # noqa: S608
        rows = engine.raw.execute(f"SELECT count(*) FROM {reading}").fetchall()[0][0]  # noqa: S608
    except duckdb.CatalogException as error:
        raise Refusal([Finding("P4V-D004", shown, "no such table", "a table of the file", "table")]) from error
    except duckdb.Error as error:
        found = "a DuckDB file that cannot be opened: damaged, encrypted, in use, or of another release"
        raise Refusal([Finding("P4V-D009", shown, found, "a DuckDB file")]) from error
    file = TableFile(spec, path, shown, "duckdb", status.st_size, rows, status.st_mtime_ns)
    layout = _arrow_layout(file, schema, [(False, None, None)] * len(schema))
    forms = [
        "integer" if "INT" in str(kind[1]) and form is not None else form
        for kind, form in zip(described, layout.forms, strict=True)
    ]
    return replace(layout, reading=reading, forms=forms)


def _frame_layout(spec: TableSpec, engine: Engine) -> _Layout:
    table = _arrow_table(spec.frame)
    rows, size = table.num_rows, table.nbytes
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    file = TableFile(spec, Path(FRAME), FRAME, "frame", size, rows, 0, sha256(sink.getvalue()).hexdigest())
    whole = [(column.null_count == 0, None, None) for column in table.columns]
    layout = _arrow_layout(file, table.schema, whole)
    name = f"{spec.role}_frame"
    engine.raw.register(name, table)
    return replace(layout, reading=name_literal(name))


def _arrow_table(frame: Any) -> pa.Table:
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
            findings.append(_wrong_type(FRAME, name, "values of several types", place + 1))
    if findings:
        raise Refusal(findings)
    return pa.Table.from_arrays(arrays, names=names)


def _arrow_layout(file: TableFile, schema: pa.Schema, whole: Sequence[tuple[bool, int | None, int | None]]) -> _Layout:
    findings = list(_twice(schema.names, file.shown))
    if findings:
        raise Refusal(findings)
    types = [str(kind) for kind in schema.types]
    return _Layout(file, schema.names, [_form(kind) for kind in schema.types], whole, types=types)


def _twice(names: Sequence[str], shown: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if name.lower() in first:
            found = f"the column name of field {first[name.lower()]} again"
            yield Finding("P4V-D002", shown, found, "each column name once", name, column=place)
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


def _sources(spec: TableSpec, layout: _Layout) -> tuple[list[Source], list[Finding]]:
    """The bound columns of a layout with their storage, and what is wrong with headers or types."""
    shown = layout.file.shown
    columns, findings = bound_columns(spec, layout.headers, shown)
    if layout.file.format not in ("csv", "csv.gz"):
        findings = [replace(finding, line=None) for finding in findings]
    yearly = any(column.kind == "year" for column in columns)
    sources = []
    for column in columns:
        form, proof = layout.forms[column.place - 1], layout.whole[column.place - 1]
        if form is None or form not in _forms_of(column):
            stored = layout.types[column.place - 1] if layout.types else "text"
            findings.append(_wrong_type(shown, column.theirs, stored, column.place))
            continue
        sources.append(_source(column, form, layout, proof, yearly))
    return sources, findings


def _forms_of(column: Bound) -> tuple[Form, ...]:
    match column.kind:
        case "money":
            return ("text", "decimal", "integer") if column.in_cents else ("text", "decimal")
        case "month":
            return ("text", "date", "integer")
        case "year" | "day":
            return ("text", "integer")
        case "months":
            return ("text", "decimal", "integer")
        case "risk":
            return ("text", "decimal")
        case _:
            return ("text",)


def _source(
    column: Bound, form: Form, layout: _Layout, proof: tuple[bool, int | None, int | None], yearly: bool
) -> Source:
    never_null, lowest, highest = proof
    counted = layout.file.format not in ("csv", "csv.gz")
    within = False
    if form == "integer" and column.kind in ("money", "day") and lowest is not None and highest is not None:
        within = lowest_of(column.kind) <= lowest and highest <= highest_of(column.kind, yearly)
    return Source(column, form, counted, never_null, within)


def _wrong_type(shown: str, name: str, stored: str, place: int) -> Finding:
    remedy = "store it as text, as a decimal, or as whole cents in a column whose name ends in _cents"
    return Finding("P4V-D051", shown, f"cells of type {stored}", _ARROW_OF_TYPES, name, column=place, help=remedy)


def _uneven(groups: Sequence[Sequence[tuple[_Layout, list[Source]]]]) -> Iterator[Finding]:
    """Files of one table have the same canonical columns."""
    first, sources = groups[0][0]
    names = {source.bound.name for source in sources}
    for group in groups[1:]:
        layout, others = group[0]
        different = sorted(names ^ {source.bound.name for source in others})
        for name in different[:SHOWN_FINDINGS]:
            here = name not in names
            found = "a column that the first file lacks" if here else "no such column"
            yield Finding("P4V-D004", layout.file.shown, found, f"the columns of {first.file.shown}", name)


def _part(view: str, group: Sequence[tuple[_Layout, list[Source]]], engine: Engine) -> Part:
    layouts = [layout for layout, _ in group]
    # What a footer proves holds for a part only if all its footers do.
    sources = [
        replace(
            column[0],
            never_null=all(source.never_null for source in column),
            within=all(source.within for source in column),
        )
        for column in zip(*(sources for _, sources in group), strict=True)
    ]
    opened = {_opened(layout.file, engine): layout for layout in layouts}
    selected = ", ".join(f"{_cell(source, layouts[0])} AS {name_literal(source.bound.name)}" for source in sources)
    together = _reading(layouts[0], list(opened), numbered=False)
    engine.raw.execute(f"CREATE VIEW {name_literal(view)} AS SELECT {selected} FROM {together}")  # noqa: S608
    relation = {
        path: f"SELECT {selected}, {_row(layout)} AS {ROW} FROM {_reading(layout, [path], numbered=True)}"  # noqa: S608
        for path, layout in opened.items()
    }
    return Part(view, sources, [layout.file for layout in layouts], engine, relation)


def _opened(file: TableFile, engine: Engine) -> Path:
    return file.path if file.format == "frame" else engine.linked(file.path)


def _cell(source: Source, layout: _Layout) -> str:
    if layout.file.format in ("csv", "csv.gz"):
        return f"c{source.bound.place}"
    cell = name_literal(source.bound.theirs)
    stored = layout.types[source.bound.place - 1]
    if stored.startswith("timestamp"):
        return f"replace(CAST({cell} AS VARCHAR), ' 00:00:00', '')"
    return f"CAST({cell} AS VARCHAR)" if stored.startswith(("dictionary", "null")) else cell


def _row(layout: _Layout) -> str:
    return "file_row_number + 1" if layout.file.format == "parquet" else "row_number() OVER ()"


def _reading(layout: _Layout, paths: Sequence[Path], numbered: bool) -> str:
    """SQL that reads files as they stand: nothing guessed, nothing repaired."""
    files = f"[{', '.join(text_literal(str(path)) for path in paths)}]"
    match layout.file.format:
        case "parquet":
            return f"read_parquet({files}, hive_partitioning = false, file_row_number = {str(numbered).lower()})"
        case "duckdb" | "frame":
            return layout.reading
        case form:
            columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(1, len(layout.headers) + 1))
            compression = "gzip" if form == "csv.gz" else "none"
            return (
                f"read_csv({files}, auto_detect = false, header = false, skip = 1, delim = ',', quote = '\"', "
                f"escape = '\"', strict_mode = true, null_padding = false, hive_partitioning = false, "
                f"compression = '{compression}', parallel = {str(not numbered).lower()}, columns = {{{columns}}})"
            )
