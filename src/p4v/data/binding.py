"""Bindings: what the columns of a table of groups mean, and each row as a group, a period, a program and figures.

A fault of the binding is a finding of configuration; where table and binding do not fit, of data, at the row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, PlainValidator, model_validator

from p4v.contract.blocks import Strict
from p4v.contract.documents import FigureSpec, FigureUnit, Library, Program, checked, shown_path
from p4v.contract.values import ID_ALLOWED, ID_PATTERN, LineName, Number, Text, fault
from p4v.contract.yaml_tree import Mapping as YamlMapping
from p4v.contract.yaml_tree import Place, YamlFile, place_at, read_yaml
from p4v.data.table import CsvTable, Row
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.figures import Figure, Figures
from p4v.numbers import FIGURE_DECIMALS, NumberFault, read_number
from p4v.periods import Period
from p4v.units import Unit

Model = TypeVar("Model")
NOT_GIVEN = "not_given"


class GroupColumns(Strict):
    """The column of the group's id, and of its name where the table has one."""

    id: Text
    name: Text | None = None


def _month(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and 1 <= int(value) <= 12:
        return int(value)
    raise fault("P4V-C035", "no month", "1 to 12")


class PeriodColumns(Strict):
    """A calendar year, or a fiscal year that is named for the calendar year it ends in, with its first month."""

    year: Text | None = None
    fiscal_year: Text | None = None
    first_month: Annotated[int | None, PlainValidator(_month)] = None

    @model_validator(mode="after")
    def _one_year(self) -> Self:
        if (self.year is None) is (self.fiscal_year is None):
            raise fault("P4V-C023", "both or neither", "`year` or `fiscal_year`")
        if (self.fiscal_year is None) is not (self.first_month is None):
            raise fault("P4V-C023", "one of `fiscal_year` and `first_month`", "both or neither")
        return self

    def column(self) -> str:
        return self.year or self.fiscal_year or ""


class ProgramColumn(Strict):
    """A program for each value of a column."""

    column: Text
    choose: Annotated[dict[str, Text], Field(min_length=1)]


class AgreementColumn(Strict):
    """The column of the day on which the group's agreement began, and what an empty cell means."""

    start: Text
    empty: Literal["not_known"] | None = None
    because: Text | None = None

    @model_validator(mode="after")
    def _reason(self) -> Self:
        return _with_reason(self, self.empty is not None, self.because)


def _empty(value: Any) -> Fraction | str:
    if value == NOT_GIVEN:
        return NOT_GIVEN
    try:
        return read_number(value if isinstance(value, str) else "", FIGURE_DECIMALS)
    except NumberFault as error:
        raise fault("P4V-C030", error.found, f"a number, or `{NOT_GIVEN}`") from error


class FigureColumn(Strict):
    """Where a figure is read: a number, one for each text (`choose`), or one wherever a cell is filled (`given`)."""

    column: Text
    unit: FigureUnit
    choose: dict[str, Number] | None = None
    given: Number | None = None
    empty: Annotated[Fraction | str | None, PlainValidator(_empty)] = None
    because: Text | None = None

    @model_validator(mode="after")
    def _reason(self) -> Self:
        return _with_reason(self, self.empty is not None, self.because)


def _with_reason(model: Model, empty: bool, because: str | None) -> Model:
    if empty is not (because is not None):
        raise fault("P4V-C023", "one of `empty` and `because`", "both or neither: what empty means, and why")
    return model


class BindingDocument(Strict):
    """A binding as it is written."""

    keys: Annotated[list[Text], Field(min_length=1)]
    group: GroupColumns
    period: PeriodColumns
    program: ProgramColumn | Text
    agreement: AgreementColumn | None = None
    status: Literal["projected", "interim", "final"] = "final"
    figures: Annotated[dict[LineName, FigureColumn], Field(min_length=1)]
    ignore: list[Text] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding, its file, and the programs that it chooses from."""

    name: str
    file: YamlFile
    document: BindingDocument
    programs: Mapping[str, Program]

    def used_columns(self) -> Iterator[tuple[str, tuple[str | int, ...]]]:
        """Every column that the binding names, with the path where it names it."""
        document = self.document
        yield from ((column, ("keys", place)) for place, column in enumerate(document.keys))
        yield document.group.id, ("group", "id")
        if document.group.name is not None:
            yield document.group.name, ("group", "name")
        yield document.period.column(), ("period",)
        if isinstance(document.program, ProgramColumn):
            yield document.program.column, ("program", "column")
        if document.agreement is not None:
            yield document.agreement.start, ("agreement", "start")
        yield from ((figure.column, ("figures", name, "column")) for name, figure in document.figures.items())


@dataclass(frozen=True, slots=True)
class Case:
    """One row as a settlement needs it."""

    row: Row
    keys: Sequence[str]
    group: str
    group_name: str | None
    period: Period
    program: Program
    agreement_start: date | None
    figures: Figures


def read_binding(path: Path, library: Library) -> Binding:
    """The binding of a file, with its programs. Raises `Refusal` with all that is wrong in any of them."""
    file = read_yaml(path, shown_path(path), f"tables/{path.name}")
    document = checked(file, BindingDocument)
    if not ID_PATTERN.fullmatch(path.stem):
        raise Refusal([file.finding("P4V-C031", Place(1, 1), None, "a file name that is no id", ID_ALLOWED)])
    findings: list[Finding] = []
    programs: dict[str, Program] = {}
    for value, name, at in _program_names(document):
        try:
            programs[value] = library.program(name)
        except KeyError:
            known = [other for other in library.known() if other]
            remedy = did_you_mean(name, known)
            place = place_at(file.root, at)
            findings.append(
                file.finding(
                    "P4V-C014",
                    place,
                    ".".join(map(str, at)),
                    "an unknown program",
                    "one of `configs/programs`",
                    remedy=remedy,
                )
            )
        except Refusal as refusal:
            findings += [finding for finding in refusal.findings if finding not in findings]
    binding = Binding(path.stem, file, document, programs)
    findings += list(_figure_findings(binding))
    if findings:
        raise Refusal(findings)
    return binding


def _program_names(document: BindingDocument) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    if isinstance(document.program, ProgramColumn):
        for value, name in document.program.choose.items():
            yield value, name, ("program", "choose", value)
    else:
        yield "", document.program, ("program",)


def _figure_findings(binding: Binding) -> Iterator[Finding]:
    """Every figure that a program needs is bound, every bound figure is known, and the units are the same."""
    known: dict[str, FigureSpec] = {}
    for program in binding.programs.values():
        known |= {name: spec for name, (spec, _) in program.figures().items()}
    if not binding.programs:
        return
    bound = binding.document.figures
    for name, column in bound.items():
        path = ("figures", name)
        if name not in known:
            place = _key_place(binding.file, path)
            remedy = did_you_mean(name, known)
            yield binding.file.finding(
                "P4V-C020", place, f"figures.{name}", "an unknown figure", ", ".join(known), remedy=remedy
            )
        elif column.unit is not known[name].unit:
            place = place_at(binding.file.root, (*path, "unit"))
            yield binding.file.finding(
                "P4V-C025", place, f"figures.{name}.unit", f"{column.unit}", f"{known[name].unit}"
            )
    for name, spec in known.items():
        if name not in bound and not spec.optional:
            place = _key_place(binding.file, ("figures",))
            yield binding.file.finding("P4V-C022", place, "figures", f"no `{name}`", f"`{name}`, bound to a column")


def _key_place(file: YamlFile, path: Sequence[str]) -> Place:
    node: Any = file.root
    place: Place = file.root.place
    for part in path:
        if not isinstance(node, YamlMapping) or part not in node.entries:
            break
        place, node = node.entries[part].key, node.entries[part].value
    return place


class Reader:
    """Reads the rows of one table through one binding."""

    def __init__(self, binding: Binding, table: CsvTable) -> None:
        self.binding = binding
        self.table = table
        self._index = {column: place for place, column in enumerate(table.columns)}
        self._specs = {program.id: program.figures() for program in binding.programs.values()}

    def fit_findings(self) -> list[Finding]:
        """Where table and binding do not fit as a whole: columns, keys, ids."""
        findings = list(self._column_findings())
        return findings or [*self._key_findings()]

    def cell(self, row: Row, column: str) -> str:
        return row.cells[self._index[column]]

    def case(self, row: Row, findings: list[Finding]) -> Case | None:
        """The row as a case; its faults go to `findings`."""
        before = len(findings)
        document = self.binding.document
        period = self._period(row, findings)
        program = self._program(row, findings)
        agreement_start = self._agreement_start(row, findings)
        figures = self._figures(row, program, findings) if program else None
        group = self.cell(row, document.group.id)
        if not ID_PATTERN.fullmatch(group):
            findings.append(self.table.finding("P4V-D020", row, document.group.id, "text that is no id", ID_ALLOWED))
        if len(findings) > before or period is None or program is None or figures is None:
            return None
        name = self.cell(row, document.group.name) if document.group.name else None
        keys = [self.cell(row, column) for column in document.keys]
        return Case(row, keys, group, name or None, period, program, agreement_start, figures)

    def _column_findings(self) -> Iterator[Finding]:
        named = dict(self.binding.used_columns())
        columns = self.table.columns
        for column, path in named.items():
            if column not in columns:
                field = ".".join(str(part) for part in path)
                remedy = did_you_mean(column, columns)
                allowed = f"the column `{column}`, which the binding's `{field}` names"
                yield Finding("P4V-D004", self.table.shown, "no such column", allowed, column, 1, help=remedy)
        for column in self.binding.document.ignore:
            if column not in columns:
                allowed = f"the column `{column}`, which the binding ignores by name"
                yield Finding("P4V-D004", self.table.shown, "no such column", allowed, column, 1)
        for column in columns:
            if column not in named and column not in self.binding.document.ignore:
                remedy = "bind it, or name it under `ignore`"
                yield self.table.finding(
                    "P4V-D011",
                    None,
                    column,
                    "a column that the binding does not name",
                    "columns bound or ignored",
                    remedy,
                )

    def _key_findings(self) -> Iterator[Finding]:
        seen: dict[tuple[str, ...], int] = {}
        ids: dict[str, str] = {}
        keys = self.binding.document.keys
        for row in self.table.rows:
            cells = tuple(self.cell(row, column) for column in keys)
            for column, cell in zip(keys, cells, strict=True):
                if not ID_PATTERN.fullmatch(cell):
                    yield self.table.finding("P4V-D020", row, column, "text that is no id", ID_ALLOWED)
            if cells in seen:
                yield self.table.finding(
                    "P4V-D030", row, keys[-1], f"the key of line {seen[cells]} again", "each key once"
                )
            seen.setdefault(cells, row.line)
            group = self.cell(row, self.binding.document.group.id)
            if ids.setdefault(group.lower(), group) != group:
                yield self.table.finding(
                    "P4V-D020",
                    row,
                    self.binding.document.group.id,
                    "an id that differs from another only in case",
                    "one spelling",
                )

    def _period(self, row: Row, findings: list[Finding]) -> Period | None:
        columns = self.binding.document.period
        text = self.cell(row, columns.column())
        if not (len(text) == 4 and text.isascii() and text.isdigit() and text >= "1000"):
            findings.append(self.table.finding("P4V-D033", row, columns.column(), "no year", "a year of four digits"))
            return None
        if columns.first_month is None:
            return Period.of_months(int(text), 1, 12)
        return Period.of_months(int(text) - 1, columns.first_month, 12)

    def _program(self, row: Row, findings: list[Finding]) -> Program | None:
        chosen = self.binding.document.program
        if not isinstance(chosen, ProgramColumn):
            return self.binding.programs[""]
        value = self.cell(row, chosen.column)
        if value not in self.binding.programs:
            allowed = f"one of {', '.join(chosen.choose)}"
            findings.append(self.table.finding("P4V-D036", row, chosen.column, "a value that `choose` lacks", allowed))
            return None
        return self.binding.programs[value]

    def _agreement_start(self, row: Row, findings: list[Finding]) -> date | None:
        column = self.binding.document.agreement
        if column is None:
            return None
        text = self.cell(row, column.start)
        if text == "" and column.empty is not None:
            return None
        try:
            if len(text) == 10:
                return date.fromisoformat(text)
        except ValueError:
            pass
        found = "an empty cell" if text == "" else "no such date"
        findings.append(self.table.finding("P4V-D033", row, column.start, found, "a date such as 2014-01-31"))
        return None

    def _figures(self, row: Row, program: Program, findings: list[Finding]) -> Figures:
        specs = self._specs[program.id]
        figures: dict[str, Figure] = {}
        for name, bound in self.binding.document.figures.items():
            if name not in specs:
                continue
            spec, _ = specs[name]
            text = self.cell(row, bound.column)
            try:
                value = self._value(bound, text)
                _check_range(spec, value)
            except NumberFault as error:
                code = "P4V-D013" if text == "" else "P4V-D012"
                findings.append(self.table.finding(code, row, bound.column, error.found, error.allowed))
                continue
            label = None
            if text == "" and bound.unit is not Unit.FLAG:
                label = f"{spec.label or name} ({bound.because})"
            origin = {"table": self.binding.name, "column": bound.column}
            figures[name] = Figure(value, bound.unit, spec.clause, origin, label)
        return Figures(figures)

    def _value(self, bound: FigureColumn, text: str) -> Fraction | None:
        if text == "":
            if bound.empty is None:
                raise NumberFault("an empty cell", "a value; the binding says of no empty cell here what it means")
            return bound.empty if isinstance(bound.empty, Fraction) else None
        if bound.choose is not None:
            if text not in bound.choose:
                raise NumberFault("a value that `choose` lacks", f"one of {', '.join(bound.choose)}")
            return bound.choose[text]
        number = read_number(text, FIGURE_DECIMALS)
        return number if bound.given is None else bound.given


def _check_range(spec: FigureSpec, value: Fraction | None) -> None:
    """Raises `NumberFault` for a figure outside what the program allows; messages name the bound, not the figure."""
    if value is None:
        return
    if spec.unit is Unit.FLAG and value not in (0, 1):
        raise NumberFault("a number that is no flag", "1 or 0")
    if spec.whole and value.denominator != 1:
        raise NumberFault("a fraction", "a whole number")
    if spec.at_least is not None and value < spec.at_least:
        raise NumberFault(f"a number below {spec.at_least}", f"{spec.at_least} or more")
    if spec.at_most is not None and value > spec.at_most:
        raise NumberFault(f"a number above {spec.at_most}", f"{spec.at_most} or less")
