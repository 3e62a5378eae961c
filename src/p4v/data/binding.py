"""Bindings: what the columns of a table of groups mean, and each row as a group, a period, a program and figures.

A fault of the binding is a finding of configuration; where table and binding do not fit, of data, at the row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Discriminator, Field, PlainValidator, Tag, model_validator

from p4v.asked import figures_asked, figures_ever_asked
from p4v.contract.blocks import Strict
from p4v.contract.documents import Library, Program, checked, shown_path
from p4v.contract.models import FigureUnit, Status
from p4v.contract.terms import rule_findings
from p4v.contract.values import ID_ALLOWED, ID_PATTERN, Id, LineName, Number, Text, fault
from p4v.contract.yaml_tree import Mapping as YamlMapping
from p4v.contract.yaml_tree import Place, YamlFile, place_at, read_yaml
from p4v.data.given import check_range, wanted
from p4v.data.headers import shown_name, shown_names
from p4v.data.table import CsvTable, Row
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.figures import Figure, Figures, Wanted
from p4v.numbers import FIGURE_DECIMALS, NumberFault, read_number
from p4v.periods import Period, read_day

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
    """A program or contract for each value of a column."""

    column: Text
    choose: Annotated[dict[str, Id], Field(min_length=1)]


ProgramChoice = Annotated[
    Annotated[Id, Tag("<text>")] | Annotated[ProgramColumn, Tag("<mapping>")],
    Discriminator(lambda written: "<text>" if isinstance(written, str) else "<mapping>"),
]
"""One program for all rows, or one for each value of a column."""


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
        if self.choose is not None and self.given is not None:
            raise fault("P4V-C023", "`choose` and `given`", "one of them", term="given")
        return _with_reason(self, self.empty is not None, self.because)

    def constants(self) -> Iterator[tuple[tuple[str, ...], Fraction]]:
        """The numbers that the binding itself states, each with its path."""
        yield from ((("choose", text), number) for text, number in (self.choose or {}).items())
        for name, number in (("given", self.given), ("empty", self.empty)):
            if isinstance(number, Fraction):
                yield (name,), number


def _with_reason(model: Model, empty: bool, because: str | None) -> Model:
    if empty is not (because is not None):
        raise fault("P4V-C023", "one of `empty` and `because`", "both or neither: what empty means, and why")
    return model


class BindingDocument(Strict):
    """A binding as it is written."""

    keys: Annotated[list[Text], Field(min_length=1)]
    group: GroupColumns
    period: PeriodColumns
    program: ProgramChoice | None = None
    contract: ProgramChoice | None = None
    agreement: AgreementColumn | None = None
    status: Status = "final"
    figures: Annotated[dict[LineName, FigureColumn], Field(min_length=1)]
    ignore: list[Text] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if (self.program is None) is (self.contract is None):
            found = "no `program`" if self.program is None else "`program` and `contract`"
            raise fault("P4V-C022" if self.program is None else "P4V-C023", found, "one of `program` and `contract`")
        return self

    def choice(self) -> tuple[str, str | ProgramColumn]:
        """`program` or `contract`, and what it says."""
        if self.contract is not None:
            return "contract", self.contract
        assert self.program is not None
        return "program", self.program


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding, its file, and the programs that it chooses from."""

    name: str
    file: YamlFile
    document: BindingDocument
    programs: Mapping[str, Program]

    def paths(self) -> list[Path]:
        """The files that the binding was read from."""
        return [self.file.path, *(part.file.path for program in self.programs.values() for part in program.parts)]

    def used_columns(self) -> Iterator[tuple[str, tuple[str | int, ...]]]:
        """Every column that the binding names, with the path where it names it."""
        document = self.document
        yield from ((column, ("keys", place)) for place, column in enumerate(document.keys))
        yield document.group.id, ("group", "id")
        if document.group.name is not None:
            yield document.group.name, ("group", "name")
        yield document.period.column(), ("period",)
        word, chosen = document.choice()
        if isinstance(chosen, ProgramColumn):
            yield chosen.column, (word, "column")
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
    programs, findings = _programs(file, document, library)
    binding = Binding(path.stem, file, document, programs)
    findings += _figure_findings(binding, all_read=not findings)
    if findings:
        raise Refusal(findings)
    return binding


def _programs(file: YamlFile, document: BindingDocument, library: Library) -> tuple[dict[str, Program], list[Finding]]:
    """The programs by the value that chooses them, and what is wrong in any of them, each fault once."""
    programs: dict[str, Program] = {}
    found: list[Finding] = []
    word, chosen = document.choice()
    for value, name, at in _chosen(word, chosen):
        try:
            programs[value] = library.program(name) if word == "program" else _contract(library, name)
            found += [*programs[value].findings, *rule_findings(programs[value])]
        except KeyError:
            known = library.known(f"{word}s")
            remedy, place, field = did_you_mean(name, known), place_at(file.root, at), ".".join(map(str, at))
            allowed = f"one of {', '.join(known)}"
            found.append(file.finding("P4V-C014", place, field, f"an unknown {word}", allowed, remedy=remedy))
        except Refusal as refusal:
            found += refusal.findings
    return programs, list(
        {(fault.code, fault.file, fault.line, fault.column): fault for fault in reversed(found)}.values()
    )[::-1]


def _contract(library: Library, name: str) -> Program:
    """The contract of that id. Raises `KeyError` if there is none."""
    path = library.path("contracts", name)
    if path is None:
        raise KeyError(name)
    contract = library.contract(path)
    if contract.id != name:
        place = place_at(contract.file.root, ("contract",))
        found, allowed = "another id than the file's name", f"`{name}`"
        raise Refusal([contract.file.finding("P4V-C015", place, "contract", found, allowed)])
    return contract


def _chosen(word: str, chosen: str | ProgramColumn) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    if isinstance(chosen, ProgramColumn):
        for value, name in chosen.choose.items():
            yield value, name, (word, "choose", value)
    else:
        yield "", chosen, (word,)


def _figure_findings(binding: Binding, all_read: bool) -> Iterator[Finding]:
    """Units and numbers that do not fit the programs; and, where all of those could be read, names that do not."""
    known: dict[str, Wanted] = {}
    for program in binding.programs.values():
        if all_read or program.figures():
            known |= figures_ever_asked(program, binding.document.status)
    file, bound = binding.file, binding.document.figures
    for name, column in bound.items():
        path = ("figures", name)
        spec = wanted(known, name)
        if spec is not None:
            if column.unit is not spec.unit:
                place = place_at(file.root, (*path, "unit"))
                yield file.finding("P4V-C025", place, f"figures.{name}.unit", f"{column.unit}", f"{spec.unit}")
            yield from _constant_findings(file, name, column, spec)
        elif all_read:
            place, remedy = _key_place(file, path), did_you_mean(name, known)
            allowed = ", ".join(known)
            yield file.finding("P4V-C020", place, f"figures.{name}", "an unknown figure", allowed, remedy=remedy)
    for name, spec in known.items():
        if all_read and name not in bound and not spec.optional:
            place = _key_place(file, ("figures",))
            yield file.finding("P4V-C022", place, "figures", f"no `{name}`", f"`{name}`, bound to a column")


def _constant_findings(file: YamlFile, name: str, column: FigureColumn, spec: Wanted) -> Iterator[Finding]:
    """A number that the binding states must be one that the program takes."""
    for path, number in column.constants():
        try:
            check_range(spec, number)
        except NumberFault as error:
            at = ("figures", name, *path)
            yield file.finding("P4V-C040", place_at(file.root, at), ".".join(at), error.found, error.allowed)
    if column.empty == NOT_GIVEN and not spec.optional:
        at = ("figures", name, "empty")
        found, allowed = f"`{NOT_GIVEN}` for a figure that is needed", "a number, or no `empty`"
        yield file.finding("P4V-C027", place_at(file.root, at), ".".join(at), found, allowed)


def _key_place(file: YamlFile, path: Sequence[str]) -> Place:
    node: Any = file.root
    place: Place = file.root.place
    for part in path:
        if not isinstance(node, YamlMapping) or part not in node.entries:
            break
        place, node = node.entries[part].key, node.entries[part].value
    return place


def _asked(
    program: Program | None, period: Period | None, agreement_start: date | None, status: str
) -> Mapping[str, Wanted]:
    """What a row is asked for; of one without a sound period, what any could be."""
    if program is None:
        return {}
    if period is None:
        return figures_ever_asked(program, status)
    return figures_asked(program, period, agreement_start, status=status)


def _name_of(program: Program, group: str) -> str | None:
    """The group's name where the contract is its own."""
    contract = program.contract
    return contract.group.name if contract is not None and contract.group.id == group else None


class Reader:
    """Reads the rows of one table through one binding."""

    def __init__(self, binding: Binding, table: CsvTable) -> None:
        self.binding = binding
        self.table = table
        self._index = {column: place for place, column in enumerate(table.columns)}

    def cell(self, row: Row, column: str) -> str:
        return row.cells[self._index[column]]

    def case(self, row: Row, findings: list[Finding]) -> Case | None:
        """The row as a case; its faults go to `findings`."""
        before = len(findings)
        document = self.binding.document
        period = self._period(row, findings)
        program = self.program(row, findings)
        agreement_start = self._agreement_start(row, findings)
        figures = self._figures(row, _asked(program, period, agreement_start, document.status), findings)
        group = self.cell(row, document.group.id)
        if not ID_PATTERN.fullmatch(group):
            findings.append(self.table.finding("P4V-D020", row, document.group.id, "text that is no id", ID_ALLOWED))
        if len(findings) > before or period is None or program is None:
            return None
        name = self.cell(row, document.group.name) if document.group.name else _name_of(program, group)
        keys = [self.cell(row, column) for column in document.keys]
        return Case(row, keys, group, name or None, period, program, agreement_start, figures)

    def column_findings(self) -> Iterator[Finding]:
        """Columns that the binding names and the table lacks."""
        named = dict(self.binding.used_columns())
        columns = self.table.columns
        if not {*named, *self.binding.document.ignore} & {*columns}:
            found, allowed = "none of the binding's columns", "a header with the names of the columns"
            yield Finding("P4V-D004", self.table.shown, found, allowed, line=1)
            return
        for column, path in named.items():
            if column not in columns:
                field = ".".join(str(part) for part in path)
                remedy = did_you_mean(column, shown_names(columns))
                allowed = f"the column `{column}`, which the binding's `{field}` names"
                yield Finding("P4V-D004", self.table.shown, "no such column", allowed, column, 1, help=remedy)
        for column in self.binding.document.ignore:
            if column not in columns:
                allowed = f"the column `{column}`, which the binding ignores by name"
                yield Finding("P4V-D004", self.table.shown, "no such column", allowed, column, 1)

    def unbound_findings(self) -> Iterator[Finding]:
        """Columns that the binding does not name."""
        named = dict(self.binding.used_columns())
        for place, column in enumerate(self.table.columns, start=1):
            if column not in named and column not in self.binding.document.ignore:
                name = shown_name(self.table.columns, place)
                found, allowed = "a column that the binding does not name", "columns bound or ignored"
                remedy = "bind it, or name it under `ignore`"
                yield Finding("P4V-D011", self.table.shown, found, allowed, name, 1, place, help=remedy)

    def key_findings(self) -> Iterator[Finding]:
        """Keys that are no ids or stand twice, and groups that differ only in case, in any row."""
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

    def program(self, row: Row, findings: list[Finding] | None = None) -> Program | None:
        """The program or contract of a row; None where its cell chooses none."""
        _, chosen = self.binding.document.choice()
        if not isinstance(chosen, ProgramColumn):
            return self.binding.programs[""]
        value = self.cell(row, chosen.column)
        if value not in self.binding.programs:
            allowed = f"one of {', '.join(chosen.choose)}"
            if findings is not None:
                found = "a value that `choose` lacks"
                findings.append(self.table.finding("P4V-D036", row, chosen.column, found, allowed))
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
            return read_day(text)
        except ValueError:
            found = "an empty cell" if text == "" else "no such date"
            findings.append(self.table.finding("P4V-D033", row, column.start, found, "a date, as YYYY-MM-DD"))
            return None

    def _figures(self, row: Row, specs: Mapping[str, Wanted], findings: list[Finding]) -> Figures:
        figures: dict[str, Figure] = {}
        for name, bound in self.binding.document.figures.items():
            spec = wanted(specs, name)
            if spec is None:
                continue
            text = self.cell(row, bound.column)
            try:
                value = self._value(bound, text)
                check_range(spec, value)
            except NumberFault as error:
                code = "P4V-D013" if text == "" else "P4V-D012"
                findings.append(self.table.finding(code, row, bound.column, error.found, error.allowed))
                continue
            label = None
            if text == "":
                label = f"{spec.label or name} ({bound.because})"
            origin = {"table": self.binding.name, "column": bound.column}
            figures[name] = Figure(value, bound.unit, spec.clause, origin, label)
        return Figures(figures, self.binding.document.status)

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
