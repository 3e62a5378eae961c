"""What tables say beside member months: quality results, and any other figure, each for a group and a period."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from p4v.contract.documents import shown_path
from p4v.contract.yaml_tree import Place
from p4v.data.figures_file import Written
from p4v.data.frames import rows_of_frame
from p4v.data.given import Fault
from p4v.data.spec import Role, TableInput, TableSpec
from p4v.data.table import CsvTable, read_table
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.periods import Period, read_day, read_month, read_months

QUALITY_KEYS = ("group_id", "measure_id", "performance_period_begin", "performance_period_end")
QUALITY_PARTS = ("numerator", "denominator", "expected", "score", "prior_rate", "market_rate", "exclusions")
FIGURE_COLUMNS = ("group_id", "period", "name", "key", "value")
_MONTH_LENGTH = 7


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a figure stands: its table, line and field."""

    table: CsvTable
    line: int
    column: str


@dataclass(slots=True)
class GivenTables:
    """The figures of all groups and periods, with their places."""

    written: dict[tuple[str, Period], dict[str, Written]] = field(default_factory=dict)
    stands: dict[tuple[str, Period, str], Stands] = field(default_factory=dict)
    roles: dict[tuple[str, Period, str], Role] = field(default_factory=dict)
    inputs: list[TableInput] = field(default_factory=list)

    def of(self, group: str, period: Period, asked: Mapping[str, object]) -> dict[str, Written]:
        """The figures of a group and period: of quality results those that the contract asks for."""
        found = self.written.get((group, period), {})
        return {
            name: written
            for name, written in found.items()
            if self.roles[(group, period, name)] == "figures" or name in asked
        }

    def role(self, group: str, period: Period, name: str) -> Role:
        return self.roles[(group, period, name)]

    def finding(self, code: str, fault: Fault, group: str, period: Period) -> Finding:
        """A fault of a figure at its place."""
        stands = self.stands[(group, period, fault.name)]
        place = list(stands.table.columns).index(stands.column) + 1
        return Finding(
            code, stands.table.shown, fault.found, fault.allowed, fault.name, stands.line, place, help=fault.remedy
        )


def read_given(specs: Sequence[TableSpec]) -> GivenTables:
    """Quality results and figures. Raises `Refusal` with all that is wrong in their form."""
    given = GivenTables()
    findings: list[Finding] = []
    for spec in specs:
        if spec.role not in ("quality", "figures"):
            continue
        for table in _tables(spec, findings):
            columns = _columns(spec, table, findings)
            if columns is None:
                continue
            read = _quality if spec.role == "quality" else _figures
            findings += list(read(given, table, columns))
            given.inputs.append(
                TableInput(spec.role, table.name, table.size, table.digest, len(table.rows), spec.known_at)
            )
    if findings:
        raise Refusal(findings)
    return given


def _tables(spec: TableSpec, findings: list[Finding]) -> Iterator[CsvTable]:
    if spec.frame is not None:
        yield rows_of_frame(spec.frame, spec.role)
        return
    for path in spec.files:
        try:
            yield read_table(path, shown_path(path))
        except Refusal as refusal:
            findings += refusal.findings


def _columns(spec: TableSpec, table: CsvTable, findings: list[Finding]) -> dict[str, int] | None:
    """Canonical name to the place of its column; every column is known or ignored by name."""
    keys = QUALITY_KEYS if spec.role == "quality" else FIGURE_COLUMNS
    known = (*keys, *(QUALITY_PARTS if spec.role == "quality" else ()))
    before = len(findings)
    found: dict[str, int] = {}
    theirs = {spec.columns.get(name, name): name for name in known}
    for place, column in enumerate(table.columns):
        if column in theirs:
            found[theirs[column]] = place
        elif column not in spec.ignore:
            help_ = did_you_mean(column, theirs) or "name it under `ignore`"
            words = "a column that nobody asked for", ", ".join(theirs)
            findings.append(Finding("P4V-D011", table.shown, *words, column, 1, place + 1, help=help_))
    missing = [name for name in keys if name not in found and name != "key"]
    findings += [Finding("P4V-D004", table.shown, f"no column `{name}`", ", ".join(keys), name, 1) for name in missing]
    return found if len(findings) == before else None


def _quality(given: GivenTables, table: CsvTable, columns: Mapping[str, int]) -> Iterator[Finding]:
    """One row to each group, measure and period; an empty cell is no result of that part."""
    for row in table.rows:
        cells = {name: row.cells[place] for name, place in columns.items()}
        try:
            period = Period.from_to(_month(cells["performance_period_begin"]), _month(cells["performance_period_end"]))
        except ValueError:
            place = "performance_period_begin"
            yield table.finding(
                "P4V-D033", row, table.columns[columns[place]], "no period", "days or months, from and to"
            )
            continue
        for part in QUALITY_PARTS[:-1]:
            if cells.get(part):
                name = f"{part}.{cells['measure_id']}"
                yield from _keep(
                    given, table, row.line, table.columns[columns[part]], cells, (period, name, part), "quality"
                )


def _month(text: str) -> str:
    """The month of a day or month. Raises `ValueError`."""
    return read_month(text) if len(text) == _MONTH_LENGTH else read_day(text).isoformat()[:_MONTH_LENGTH]


def _figures(given: GivenTables, table: CsvTable, columns: Mapping[str, int]) -> Iterator[Finding]:
    for row in table.rows:
        cells = {name: row.cells[place] for name, place in columns.items()}
        try:
            period = read_months(cells["period"])
        except ValueError:
            allowed = "a year, a month, or months such as 2014-07 to 2015-06"
            yield table.finding("P4V-D033", row, table.columns[columns["period"]], "no period", allowed)
            continue
        key = cells.get("key", "")
        name = f"{cells['name']}.{key}" if key else cells["name"]
        yield from _keep(
            given, table, row.line, table.columns[columns["value"]], cells, (period, name, "value"), "figures"
        )


def _keep(
    given: GivenTables, table: CsvTable, line: int, column: str, cells: Mapping[str, str],
    figure: tuple[Period, str, str], role: Role,
) -> Iterator[Finding]:  # fmt: skip
    """One figure kept, or the finding that it stands twice."""
    period, name, part = figure
    key = (cells["group_id"], period, name)
    place = list(table.columns).index(column) + 1
    if key in given.stands:
        first = given.stands[key]
        found = f"a figure that stands in line {first.line} of {first.table.shown} too"
        yield Finding("P4V-D030", table.shown, found, "each figure once", name, line, place)
        return
    given.stands[key] = Stands(table, line, column)
    given.roles[key] = role
    by_name = given.written.setdefault((cells["group_id"], period), {})
    by_name[name] = Written(name, cells[part], Place(line, place))
