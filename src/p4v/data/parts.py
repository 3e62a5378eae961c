"""The parts of a table: files of one layout, bound by their headers, and the views that show them to the engine."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from p4v.data.columns import Bound, Kind, bound_columns
from p4v.data.engine import Engine, name_literal, text_literal
from p4v.data.files import Found, TableFile
from p4v.data.layouts import MONEY_TYPES, Layout, Proof, frame_layout, layout_of, wrong_type
from p4v.data.spec import Purpose, TableSpec
from p4v.data.typed import MONTH_UNITS, ROW, Form, Source, highest_of, lowest_of
from p4v.errors import SHOWN_FINDINGS, Finding, Refusal


@dataclass(frozen=True)
class Part:
    """Files of one layout, and the view through which the engine reads them under canonical names."""

    view: str
    sources: Sequence[Source]
    files: Sequence[TableFile]
    engine: Engine
    relation: Mapping[Path, str]
    """SQL for each file on its own, with the number of each row."""

    def column(self, name: str) -> Bound | None:
        """The table's own column of a canonical name."""
        return next((source.bound for source in self.sources if source.bound.name == name), None)

    @property
    def purpose(self) -> Purpose | None:
        """What all of its rows count for, if its table says so."""
        return self.files[0].spec.purpose

    def names(self) -> frozenset[str]:
        """The canonical names of its columns."""
        return frozenset(source.bound.name for source in self.sources)


def find_parts(spec: TableSpec, found: Sequence[Found], engine: Engine) -> list[Part]:
    """The table's files in parts of one layout each. Raises `Refusal` with all that is wrong in their structure."""
    layouts = _layouts(spec, found, engine)
    if not sum(layout.file.rows for layout in layouts):
        first = layouts[0].file
        found_here, line = ("a header and no rows", 1) if first.has_lines else ("no rows", None)
        raise Refusal([Finding("P4V-D006", first.shown, found_here, "at least one row", line=line)])
    groups: dict[Hashable, list[tuple[Layout, list[Source]]]] = {}
    findings: list[Finding] = []
    for layout in layouts:
        sources, wrong = _sources(spec, layout)
        findings += wrong
        groups.setdefault(_read_alike(layout, sources), []).append((layout, sources))
    findings = findings or list(_uneven(list(groups.values())))
    if findings:
        raise Refusal(findings)
    name = spec.role if spec.purpose is None else f"{spec.role}_{spec.purpose}"
    return [_part(f"{name}_{number}", group, engine) for number, group in enumerate(groups.values(), start=1)]


def _read_alike(layout: Layout, sources: Sequence[Source]) -> Hashable:
    """What files must have in common to be read in one go.

    The exact types are part of it: an engine casts the cells of every file to the types of the first, and so rounds
    12.345 to the cents of another file in silence. Of a CSV the number of columns is, ignored ones included.
    """
    types = tuple((source.bound, layout.types[source.bound.place - 1]) for source in sources)
    table = layout.reading if layout.file.format == "duckdb" else None
    columns = len(layout.headers) if layout.file.has_lines else None
    return layout.file.format, types, columns, table


def _layouts(spec: TableSpec, found: Sequence[Found], engine: Engine) -> list[Layout]:
    if spec.frame is not None:
        return [frame_layout(spec, engine)]
    layouts: list[Layout] = []
    findings: list[Finding] = []

    def layout_or_findings(file: Found) -> Layout | Sequence[Finding]:
        try:
            return layout_of(spec, file, engine)
        except Refusal as refusal:
            return refusal.findings

    # An engine's connection is for one thread; looking over the bytes of a CSV is for as many as there are.
    workers = engine.threads if all(file.format in ("csv", "csv.gz") for file in found) else 1
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for result in pool.map(layout_or_findings, found):
            if isinstance(result, Layout):
                layouts.append(result)
            else:
                findings += result
    if findings:
        raise Refusal(findings)
    return layouts


def _sources(spec: TableSpec, layout: Layout) -> tuple[list[Source], list[Finding]]:
    """The bound columns of a layout with their storage, and what is wrong with headers or types."""
    shown = layout.file.shown
    columns, findings = bound_columns(spec, layout.headers, shown)
    if not layout.file.has_lines:
        findings = [replace(finding, line=None, column=None) for finding in findings]
    yearly = any(column.kind == "year" for column in columns)
    sources = []
    for column in columns:
        form = layout.forms[column.place - 1]
        if form is None or form not in _forms_of(column):
            findings.append(wrong_type(shown, column.theirs, layout.types[column.place - 1], _types_of(column)))
            continue
        proof = layout.proofs[column.place - 1]
        never_null = proof.never_null and (proof.never_empty or not _empty_is_null(column, form))
        within = _within(column, form, proof, yearly)
        sources.append(Source(column, form, not layout.file.has_lines, never_null, within))
    return sources, findings


def _empty_is_null(column: Bound, form: Form) -> bool:
    """An empty text is an empty cell, as in a CSV; an empty id is no id anyway."""
    return form == "text" and column.kind not in ("id", "text")


def _within(column: Bound, form: Form, proof: Proof, yearly: bool) -> bool:
    if form != "integer" or column.kind not in ("money", "day", "months"):
        return False
    if proof.lowest is None or proof.highest is None:
        return False
    unit = MONTH_UNITS if column.kind == "months" else 1
    return lowest_of(column.kind) <= proof.lowest * unit and proof.highest * unit <= highest_of(column.kind, yearly)


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


def _types_of(column: Bound) -> str:
    """What a column of this kind is stored as, in words."""
    match column.kind:
        case "money":
            return MONEY_TYPES
        case "month":
            return "text, a date, or a whole number YYYYMM"
        case "months":
            return "text, a decimal or a whole number"
        case "year" | "day":
            return "text or a whole number"
        case "risk":
            return "text or decimal"
        case _:
            return "text"


def _uneven(groups: Sequence[Sequence[tuple[Layout, list[Source]]]]) -> Iterator[Finding]:
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


_OF_COST: tuple[Kind, ...] = ("money", "risk")
"""Numbers that a row of the cost needs, and no other: dollars, revenue and risk scores."""
_OF_TIME = frozenset({"month", "year"})


def lacking(parts: Sequence[Part]) -> dict[str, frozenset[str]]:
    """The columns that a table of one purpose lacks and another beside it has."""
    everything = frozenset[str]().union(*(part.names() for part in parts))
    return {part.purpose: everything - part.names() for part in parts if part.purpose is not None}


def unlike(parts: Sequence[Part]) -> Iterator[Finding]:
    """What tables of several purposes must have in common: months or years; and for the cost every column of dollars
    and risk scores, because a cost that nobody gave would be a cost of nothing.
    """
    first: dict[str, tuple[Bound, TableFile]] = {}
    for part in parts:
        for source in part.sources:
            first.setdefault(source.bound.name, (source.bound, part.files[0]))
    of_purpose: dict[str | None, TableFile] = {part.purpose: part.files[0] for part in reversed(parts)}
    whole = next((name for name in first if name in _OF_TIME), None)
    for purpose, names in lacking(parts).items():
        file = of_purpose[purpose]
        line = 1 if file.has_lines else None
        for name in sorted(names):
            bound, other = first[name]
            if name == whole:
                (here,) = _OF_TIME - {name}
                yield Finding("P4V-D004", file.shown, f"`{here}`", f"`{name}`, as in {other.shown}", here, line)
            elif purpose == "cost" and bound.kind in _OF_COST:
                allowed = f"the columns of dollars and risk scores of {other.shown}"
                remedy = "bind it here, or name it under `ignore` there"
                yield Finding("P4V-D004", file.shown, "no such column", allowed, name, line, help=remedy)


def _part(view: str, group: Sequence[tuple[Layout, list[Source]]], engine: Engine) -> Part:
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


def _cell(source: Source, layout: Layout) -> str:
    if layout.file.format in ("csv", "csv.gz"):
        return f"c{source.bound.place}"
    cell = name_literal(source.bound.theirs)
    stored = layout.types[source.bound.place - 1]
    if stored.startswith("timestamp"):
        return f"replace(CAST({cell} AS VARCHAR), ' 00:00:00', '')"
    if stored.startswith(("dictionary", "null")):
        cell = f"CAST({cell} AS VARCHAR)"
    maybe_empty = _empty_is_null(source.bound, source.form) and not source.never_null
    return f"nullif({cell}, '')" if maybe_empty else cell


def _row(layout: Layout) -> str:
    return "file_row_number + 1" if layout.file.format == "parquet" else "row_number() OVER ()"


def _reading(layout: Layout, paths: Sequence[Path], numbered: bool) -> str:
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
