"""Figures files: one group's summary for one period, as YAML or CSV, each number with its place.

What is wrong in one is a finding of data: no source frame, and never a value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from p4v.contract.blocks import Strict
from p4v.contract.documents import checked, shown_path
from p4v.contract.models import PeriodText, Status, period_of
from p4v.contract.values import Day, Id, Text
from p4v.contract.yaml_tree import Entry, Node, Place, Scalar, YamlFile, read_yaml
from p4v.contract.yaml_tree import Mapping as YamlMapping
from p4v.data.table import CsvTable, Row, read_bytes, table_of
from p4v.errors import Finding, Refusal
from p4v.periods import Period

HEADER = ("name", "key", "value")
ORIGIN_TABLE = "figures"
"""What a line's origin says of a figures file: its own name is no part of a settlement."""
_HEADINGS = ("group", "period", "status", "known_at", "paid_through", "fee_period", "source")
_AS_DATA = {
    "P4V-C001": "P4V-D030", "P4V-C007": "P4V-D006", "P4V-C008": "P4V-D007",
    "P4V-C009": "P4V-D010", "P4V-C010": "P4V-D008", "P4V-C020": "P4V-D011",
    "P4V-C022": "P4V-D013", "P4V-C030": "P4V-D012", "P4V-C031": "P4V-D020",
    "P4V-C033": "P4V-D020", "P4V-C035": "P4V-D033", "P4V-C036": "P4V-D033",
    "P4V-C052": "P4V-D036", "P4V-C005": "P4V-D005", "P4V-C011": "P4V-D020",
}  # fmt: skip
"""What a fault of a contract file is called in a figures file; any other fault of its form is D016."""


class FiguresDocument(Strict):
    """A figures file as it is written in YAML."""

    group: Id
    """The group's id, as in the contract."""
    period: PeriodText
    """The whole months that are settled: 2014, 2014-07 to 2015-06, or {from: 2014-07, to: 2015-06}."""
    status: Status = "final"
    """Whether the settlement is projected, interim or final."""
    known_at: Day | None = None
    """The newest day that the figures know about."""
    paid_through: Day | None = None
    """The last day of paid claims, where completion goes by run-out."""
    fee_period: PeriodText | None = None
    """The months of the fee, where they are not those of the period."""
    source: Text | None = None
    """Where the figures come from."""
    figures: dict[str, Any] = Field(default_factory=dict)
    """The figures by name; name.key where there are several of one name."""
    measures: dict[str, Any] = Field(default_factory=dict)
    """Quality results by measure: numerator, denominator, and what else its kind needs."""
    prior: dict[str, Any] = Field(default_factory=dict)
    """The same group's figures of the period before."""
    paid: Any = None
    """What was already paid: one amount, or one to each payment stream."""


@dataclass(frozen=True, slots=True)
class Written:
    """One number as text, and where it stands."""

    field: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One group's summary, before its numbers are read."""

    path: Path
    shown: str
    content: bytes
    group: str
    period: Period
    status: Status
    known_at: date | None
    written: Mapping[str, Written]
    places: Mapping[str, Place] = field(default_factory=dict)
    paid_through: date | None = None
    fee_period: Period | None = None

    @property
    def name(self) -> str:
        """What its copy in a run is called."""
        return f"figures{self.path.suffix.lower()}"

    def finding(
        self, code: str, place: Place | None, name: str | None, found: str, allowed: str, remedy: str | None = None
    ) -> Finding:
        line, column = (place.line, place.column) if place else (1, None)
        return Finding(code, self.shown, found, allowed, name, line, column, help=remedy)


def read_figures(path: Path) -> GroupFigures:
    """The summary of a file. Raises `Refusal` with all that is wrong in its form."""
    if path.suffix.lower() == ".csv":
        content = read_bytes(path, shown_path(path))
        return _from_csv(path, content, table_of(content, path.name, shown_path(path)))
    try:
        file = read_yaml(path, shown_path(path), path.name)
        document = checked(file, FiguresDocument)
    except Refusal as refusal:
        raise Refusal([_as_data(finding) for finding in refusal.findings]) from refusal
    written, findings = written_numbers(file.root, ())
    if findings:
        raise Refusal([_data_fault(file, fault) for fault in findings])
    places = {name: entry.value.place for name, entry in file.root.entries.items()}
    return _group_figures(path, (file.shown, file.content), document, written, places)


def _group_figures(
    path: Path,
    read: tuple[str, bytes],
    document: FiguresDocument,
    written: Mapping[str, Written],
    places: Mapping[str, Place],
) -> GroupFigures:
    return GroupFigures(
        path, *read, document.group, period_of(document.period), document.status, document.known_at, written, places,
        document.paid_through, period_of(document.fee_period) if document.fee_period else None,
    )  # fmt: skip


def _as_data(finding: Finding) -> Finding:
    """The finding without the frame, under a code of data."""
    code = _AS_DATA.get(finding.code, "P4V-D016")
    if finding.code.startswith("P4V-S"):
        return finding
    return replace(finding, code=code, frame=())


@dataclass(frozen=True, slots=True)
class FormFault:
    """A place in the tree where no number stands, or one that stands twice."""

    field: str
    place: Place
    again: bool = False


def written_numbers(node: Node, path: tuple[str, ...]) -> tuple[dict[str, Written], list[FormFault]]:
    """The numbers of `figures`, `measures`, `paid` and `prior` below a node, by the names that lines have.

    `measures.bcs.numerator` is `numerator.bcs`, and `prior.fee` keeps both its words.
    """
    written: dict[str, Written] = {}
    faults: list[FormFault] = []
    for name, steps, leaf, key in _leaves(node):
        where = ".".join((*path, *steps))
        if not isinstance(leaf, Scalar):
            faults.append(FormFault(where, leaf.place))
        elif name in written:
            faults.append(FormFault(where, key, again=True))
        else:
            written[name] = Written(where, leaf.text, leaf.place)
    return written, faults


def _leaves(node: Node) -> Iterator[tuple[str, tuple[str, ...], Node, Place]]:
    """Each number's name, its path, its node and its key's place."""
    sections = {name: _entries(node, name) for name in ("figures", "measures", "prior", "paid")}
    for name, entry in sections["figures"].items():
        yield name, ("figures", name), entry.value, entry.key
    for measure, entry in sections["measures"].items():
        if not isinstance(entry.value, YamlMapping):
            yield measure, ("measures", measure), YamlMapping(entry.value.place), entry.key
            continue
        for part, inner in entry.value.entries.items():
            yield f"{part}.{measure}", ("measures", measure, part), inner.value, inner.key
    for name, entry in sections["prior"].items():
        yield f"prior.{name}", ("prior", name), entry.value, entry.key
    paid = node.entries.get("paid") if isinstance(node, YamlMapping) else None
    if paid is not None and not isinstance(paid.value, YamlMapping):
        yield "paid", ("paid",), paid.value, paid.key
    for stream, entry in sections["paid"].items():
        yield f"paid.{stream}", ("paid", stream), entry.value, entry.key


def _entries(node: Node, name: str) -> dict[str, Any]:
    entry = node.entries.get(name) if isinstance(node, YamlMapping) else None
    return dict(entry.value.entries) if entry is not None and isinstance(entry.value, YamlMapping) else {}


def _data_fault(file: YamlFile, fault: FormFault) -> Finding:
    if fault.again:
        code, found, allowed = "P4V-D030", "a figure that stands elsewhere too", "each figure once"
    else:
        code, found, allowed = "P4V-D016", "another shape", "one number"
    return Finding(code, file.shown, found, allowed, fault.field, fault.place.line, fault.place.column)


# CSV: the headings are rows of their own, and `key` is empty where a figure has none


def _from_csv(path: Path, content: bytes, table: CsvTable) -> GroupFigures:
    """The summary of a CSV; what a run keeps of it are the bytes that were read."""
    if tuple(table.columns) != HEADER:
        raise Refusal([Finding("P4V-D004", table.shown, "another header", ",".join(HEADER), line=1)])
    findings: list[Finding] = []
    headings: dict[str, tuple[str, Row]] = {}
    written: dict[str, Written] = {}
    for row in table.rows:
        name, key, text = row.cells
        if not key and name in _HEADINGS:
            full, again = name, name in headings
            headings.setdefault(name, (text, row))
        else:
            full = f"{name}.{key}" if key else name
            again = full in written
            written.setdefault(full, Written(full, text, Place(row.line, len(HEADER))))
        if again:
            findings.append(table.finding("P4V-D030", row, "name", "a figure that stands elsewhere too", "each once"))
    document = _headings(table, headings, findings)
    if findings or document is None:
        raise Refusal(sorted(findings, key=lambda finding: finding.line or 0))
    places = {name: Place(row.line, len(HEADER)) for name, (_, row) in headings.items()}
    return _group_figures(path, (table.shown, content), document, written, places)


def _headings(
    table: CsvTable, headings: Mapping[str, tuple[str, Row]], findings: list[Finding]
) -> FiguresDocument | None:
    """Group, period and status of a CSV file, held to the same rules as those of a YAML file."""
    root = YamlMapping(Place(1, 1))
    for name, (text, row) in headings.items():
        place = Place(row.line, len(HEADER))
        root.entries[name] = Entry(Place(row.line, 1), Scalar(text, place))
    file = YamlFile(Path(table.name), table.shown, table.name, b"", root)
    try:
        return checked(file, FiguresDocument)
    except Refusal as refusal:
        findings += [_as_data(finding) for finding in refusal.findings]
        return None
