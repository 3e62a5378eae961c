"""`p4v.yaml`: where a workspace keeps contracts, tables and runs, and what the columns of its tables mean."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, PlainValidator, Tag

from p4v.contract.blocks import Strict
from p4v.contract.documents import checked, shown_path
from p4v.contract.values import Day, Id, LineName, Text, fault
from p4v.contract.yaml_tree import YamlFile, place_at, read_yaml
from p4v.data.spec import Purpose, Role, TableSpec
from p4v.errors import Finding, Refusal
from p4v.periods import Period, read_months
from p4v.workspace.store import newest

FILE = "p4v.yaml"
STORE = "store"
"""What `files` says of a table whose extracts `p4v data add` keeps."""
_QUARTER = re.compile(r"([1-9][0-9]{3})Q([1-4])", re.ASCII)
_MONTHS_OF_QUARTER = 3
_BESIDE = ".."


def _path(value: Any) -> str:
    """A path below the workspace, or in a folder beside it.

    `..` stands at the front or nowhere: after a link it leads to the link's other end, and no text says where.
    """
    if not isinstance(value, str):
        raise fault("P4V-C021", "a list or a mapping", "one path")
    if not value:
        raise fault("P4V-C033", "no text", "a path")
    parts = Path(value).parts
    if Path(value).is_absolute() or _BESIDE in parts[1:] or parts == (_BESIDE,):
        remedy = "put the file there, or the workspace near the file"
        raise fault("P4V-X012", "a path that leads elsewhere", "a path below the workspace or beside it", remedy)
    return value


PathText = Annotated[str, PlainValidator(_path)]
PathTexts = Annotated[
    Annotated[PathText, Tag("<text>")] | Annotated[list[PathText], Field(min_length=1), Tag("<mapping>")],
    Discriminator(lambda written: "<mapping>" if isinstance(written, list) else "<text>"),
]
"""One path, or several."""


OtherGroups = Annotated[
    Annotated[Literal["allowed"], Tag("<text>")] | Annotated[list[Id], Field(min_length=1), Tag("<mapping>")],
    Discriminator(lambda written: "<mapping>" if isinstance(written, list) else "<text>"),
]
"""Ids of groups, or any."""


class Table(Strict):
    """One table: its files and what its columns mean."""

    files: PathTexts
    """A file, several, a folder, or `store` for what `p4v data add` keeps."""
    table: Id | None = None
    """The table of a DuckDB file."""
    columns: dict[LineName, Text] = Field(default_factory=dict)
    """p4v's name of a column to the table's own."""
    ignore: list[Text] = Field(default_factory=list)
    """Columns that are not read."""
    known_at: Day | None = None
    """The newest day that the table knows about."""
    other_groups: OtherGroups | None = None
    """Groups without a contract that may have rows, such as those of a market: their ids, or `allowed` for any."""

    def paths(self) -> list[str]:
        """The files as a list; none where the store keeps them."""
        if self.files == STORE:
            return []
        return [self.files] if isinstance(self.files, str) else self.files


class MemberMonthsTable(Table):
    """Member months: one row for each member, month and group."""

    months: Literal["counted", "covered_days"] = "counted"
    """`covered_days` where first and last day of the month are given in place of a counted month."""
    map: Id | None = None
    """A ready map of columns, such as `tuva`; what `columns` says comes on top."""
    purpose: Purpose | None = None
    """What all rows count for: fee, cost or quality. The table then has no column of purposes."""


MonthsTables = Annotated[
    Annotated[MemberMonthsTable, Tag("<text>")]
    | Annotated[list[MemberMonthsTable], Field(min_length=1), Tag("<mapping>")],
    Discriminator(lambda written: "<mapping>" if isinstance(written, list) else "<text>"),
]
"""One table, or one to each purpose."""


class Tables(Strict):
    """The tables by their role."""

    member_months: MonthsTables
    quality: Table | None = None
    figures: Table | None = None
    deaths: Table | None = None
    lag_triangle: Table | None = None
    expected_totals: Table | None = None


class Reference(Strict):
    """Frozen amounts for a percentile."""

    file: PathText


class WorkspaceDocument(Strict):
    """`p4v.yaml` as it is written."""

    workspace: Literal["p4v-workspace/1"]
    """The form of this file."""
    contracts: PathText = "contracts"
    """The folder of contract files."""
    runs: PathText = "runs"
    """Where runs, their reports and the register go."""
    templates: PathText | None = None
    """A folder with templates of your own."""
    store: PathText = "data/store"
    """Where `p4v data add` keeps extracts."""
    references: dict[Id, Reference] = Field(default_factory=dict)
    """Frozen amounts by the name that a contract gives them."""
    tables: Tables
    """What is read."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as it was read; paths are whole. A table whose store is empty has no files."""

    root: Path
    contracts: Path
    runs: Path
    templates: Path | None
    store: Path
    references: Mapping[str, Path]
    tables: Mapping[Role, TableSpec]
    file: YamlFile


@dataclass(frozen=True, slots=True)
class Asked:
    """The period that a command names. Of a quarter, `period` is the quarter too: where its performance period
    begins, each contract says.
    """

    period: Period
    quarter: Period | None = None

    def __str__(self) -> str:
        return str(self.period)


def read_asked(text: str) -> Asked:
    """The period of a text: a year, a quarter, months from one to another, or one month. Raises `ValueError`.

    >>> str(read_asked("2014")), str(read_asked("2014Q2").quarter), str(read_asked("2014-07 to 2015-06"))
    ('2014-01 to 2014-12', '2014-04 to 2014-06', '2014-07 to 2015-06')
    """
    match = _QUARTER.fullmatch(text)
    if match is None:
        return Asked(read_months(text))
    year, number = (int(part) for part in match.groups())
    quarter = Period.of_months(year, (number - 1) * _MONTHS_OF_QUARTER + 1, _MONTHS_OF_QUARTER)
    return Asked(quarter, quarter)


def read_workspace(folder: Path, known: date | None = None, stored: bool = True) -> Workspace:
    """The workspace of a folder; a table kept in the store is the newest extract known on a day.

    With `stored` the store must have one. Raises `Refusal` with all that is wrong in `p4v.yaml`.
    """
    path = folder / FILE
    if not path.exists():
        remedy = "`p4v init DIR` makes a workspace; --workspace names one"
        raise Refusal([Finding("P4V-C008", shown_path(path), "no such file", "a workspace", help=remedy)])
    file = read_yaml(path, shown_path(path), FILE)
    document = checked(file, WorkspaceDocument)
    findings = [*_purpose_findings(file, document), *_place_findings(file, document, folder)]
    if findings:
        raise Refusal(findings)
    tables = _specs(folder, document, known)
    if stored and (missing := list(_store_findings(file, tables, known))):
        raise Refusal(missing)
    return Workspace(
        folder, folder / document.contracts, folder / document.runs,
        folder / document.templates if document.templates else None, folder / document.store,
        {name: folder / reference.file for name, reference in document.references.items()},
        tables, file,
    )  # fmt: skip


def _tables(document: WorkspaceDocument) -> Iterator[tuple[Role, int | None, Table]]:
    """Each table with its role, and its place where several of one role are listed."""
    for role in get_args(Role):
        table = getattr(document.tables, role)
        if isinstance(table, list):
            yield from ((role, place, one) for place, one in enumerate(table))
        elif table is not None:
            yield role, None, table


def _specs(root: Path, document: WorkspaceDocument, known: date | None) -> dict[Role, TableSpec]:
    """The tables by their role; those of several purposes together as one."""
    found: dict[Role, TableSpec] = {}
    for role, place, table in _tables(document):
        spec = replace(_spec(role, table, root, document, known), number=place)
        before = found[role].purposes if role in found else ()
        found[role] = spec if place is None else TableSpec(role, months=spec.months, purposes=(*before, spec))
    return found


def _spec(role: Role, table: Table, root: Path, document: WorkspaceDocument, known: date | None) -> TableSpec:
    ready = table if isinstance(table, MemberMonthsTable) else None
    purpose = ready.purpose if ready else None
    files, known_at = tuple(root / text for text in table.paths()), table.known_at
    newest_of_all = known_at
    if table.files == STORE:
        extract, last = (newest(root / document.store, role, day, purpose) for day in (known, None))
        files, known_at = ((extract.path,), extract.known_at) if extract else ((), None)
        newest_of_all = last.known_at if last else None
    return TableSpec(
        role, files, table.table, ready.months if ready else "counted", table.columns, tuple(table.ignore), known_at,
        newest_known_at=newest_of_all, other_groups=_other_groups(table), map=ready.map if ready else None,
        purpose=purpose,
    )  # fmt: skip


def _other_groups(table: Table) -> frozenset[str] | None:
    return None if table.other_groups == "allowed" else frozenset(table.other_groups or [])


def _store_findings(file: YamlFile, tables: Mapping[Role, TableSpec], known: date | None) -> Iterator[Finding]:
    """Tables of which the store knows nothing yet."""
    for spec in (one for table in tables.values() for one in table.apart()):
        if not spec.files:
            path = (*spec.path(), "files")
            found = "no extract in the store" + (f" that was known on {known}" if known else "")
            which = f"--table {spec.role}" + (f" --purpose {spec.purpose}" if spec.purpose else "")
            remedy = f"`p4v data add FILE --known-at DATE {which}` keeps one"
            yield file.finding(
                "P4V-D007", place_at(file.root, path), ".".join(map(str, path)), found, "an extract", remedy=remedy
            )


def _purpose_findings(file: YamlFile, document: WorkspaceDocument) -> Iterator[Finding]:
    """Tables in a list have one purpose each, no two the same, and months of one kind."""
    listed = document.tables.member_months
    if not isinstance(listed, list):
        return
    seen: list[MemberMonthsTable] = []
    for place, table in enumerate(listed):
        path = ("tables", "member_months", place)
        if table.purpose is None:
            allowed = "`purpose` of each table in a list: fee, cost or quality"
            yield _fault(file, "P4V-C022", (*path, "purpose"), "no `purpose`", allowed)
        elif table.purpose in [other.purpose for other in seen]:
            remedy = "name all files of a purpose under `files` of one table"
            found, allowed = f"a second table of `{table.purpose}`", "one table to each purpose"
            yield _fault(file, "P4V-C023", (*path, "purpose"), found, allowed, remedy)
        if table.months != listed[0].months:
            found, allowed = f"`{table.months}`", f"`{listed[0].months}`, as in the first table"
            yield _fault(file, "P4V-C023", (*path, "months"), found, allowed)
        seen.append(table)


def _fault(
    file: YamlFile, code: str, path: tuple[str | int, ...], found: str, allowed: str, remedy: str | None = None
) -> Finding:
    return file.finding(code, place_at(file.root, path), ".".join(map(str, path)), found, allowed, remedy=remedy)


def _place_findings(file: YamlFile, document: WorkspaceDocument, root: Path) -> Iterator[Finding]:
    """A planted link on the way to a file, and a folder of contracts that is not there."""
    for path, text in _paths_named(document):
        if _leads_through_link(root, text):
            field, allowed = ".".join(map(str, path)), "a file or folder of its own"
            yield file.finding("P4V-X010", place_at(file.root, path), field, "a symbolic link", allowed)
    if not (root / document.contracts).is_dir():
        place = place_at(file.root, ("contracts",))
        yield file.finding("P4V-C008", place, "contracts", "no such folder", "the folder of the contract files")


def _paths_named(document: WorkspaceDocument) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every path of the file, with what leads to it."""
    for name in ("contracts", "runs", "templates", "store"):
        text = getattr(document, name)
        if text is not None:
            yield (name,), text
    for name, reference in document.references.items():
        yield ("references", name, "file"), reference.file
    for role, number, table in _tables(document):
        listed = isinstance(table.files, list)
        path = ("tables", role, *(() if number is None else (number,)), "files")
        for place, text in enumerate(table.paths()):
            yield (*path, *((place,) if listed else ())), text


def _leads_through_link(root: Path, text: str) -> bool:
    """Whether a part of the path below the workspace, or beside it, is a symbolic link."""
    place = root
    for part in Path(text).parts:
        place = place / part
        if part != _BESIDE and place.is_symlink():
            return True
    return False
