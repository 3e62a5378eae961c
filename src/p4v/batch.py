"""The settlements of a table of groups: every row settled, or every fault reported."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from p4v.contract.documents import Program, library_for
from p4v.contract.terms import NotInForce
from p4v.contract.yaml_tree import place_at
from p4v.data.binding import Binding, Case, Reader, read_binding
from p4v.data.table import CsvTable, Row, read_table
from p4v.errors import Finding, Refusal
from p4v.figures import FigureMissing
from p4v.settlement import Settlement, worksheet
from p4v.worksheet import LineFault

Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class SettledRow:
    """One row and what it gives."""

    case: Case
    settlement: Settlement


@dataclass(frozen=True, slots=True)
class Batch:
    """A table, its binding, and the rows that were asked for."""

    binding: Binding
    table: CsvTable
    rows: Sequence[SettledRow]


def settle_table(
    binding_path: Path, table_path: Path, only: Sequence[Mapping[str, str]], step: Step = lambda: None
) -> Batch:
    """Settles the rows of a table that match every one of `only` (column to value).

    `step` is called once a row. Raises `Refusal` with the findings of all rows.
    """
    binding = read_binding(binding_path, library_for(binding_path))
    table = read_table(table_path, str(table_path))
    reader = Reader(binding, table)
    findings = list(reader.column_findings())
    if findings:
        raise Refusal(findings)
    findings += [*reader.unbound_findings(), *reader.key_findings()]
    wanted = _matching(reader, table, only)
    settled: list[SettledRow] = []
    for row in wanted:
        step()
        _settle(reader, row, settled, findings)
    if findings:
        raise Refusal(sorted(set(findings), key=lambda finding: (finding.file, finding.line or 0, finding.column or 0)))
    return Batch(binding, table, settled)


def _settle(reader: Reader, row: Row, settled: list[SettledRow], findings: list[Finding]) -> None:
    """One row settled, or its faults among the findings."""
    binding, table = reader.binding, reader.table
    try:
        case = reader.case(row, findings)
        if case is None:
            return
        sheet = worksheet(case.program, case.period, case.agreement_start, case.figures)
    except Refusal as refusal:
        findings += [finding for finding in refusal.findings if finding not in findings]
        return
    except NotInForce as error:
        column = binding.document.period.column()
        findings.append(table.finding("P4V-D035", row, column, f"the period {error.period}", error.allowed))
        return
    except FigureMissing as missing:
        findings.append(_missing(table, row, reader.program(row), missing))
        return
    except LineFault as fault:
        found = f"figures from which `{fault.name}` cannot be computed ({fault.reason})"
        findings.append(table.finding("P4V-D045", row, fault.name, found, "figures that the formula takes"))
        return
    status = binding.document.status
    settled.append(SettledRow(case, Settlement(case.group, case.program.id, case.period, status, sheet.lines)))


def _missing(table: CsvTable, row: Row, program: Program | None, missing: FigureMissing) -> Finding:
    """A figure that the terms need: the program does not ask for it, or this row does not give it."""
    if missing.asked_for or program is None:
        return table.finding("P4V-D013", row, missing.name, "a figure that is not given", "a value: the terms need it")
    file = program.file
    found, allowed = f"no `{missing.name}`", f"`{missing.name}`, with unit and clause: the terms need it"
    return file.finding("P4V-C022", place_at(file.root, ("figures",)), "figures", found, allowed)


def _matching(reader: Reader, table: CsvTable, only: Sequence[Mapping[str, str]]) -> list[Row]:
    conditions = [pair for some in only for pair in some.items()]
    for column, _ in conditions:
        if column not in table.columns:
            known = ", ".join(table.columns)
            raise Refusal([Finding("P4V-U003", "--only", "an unknown column", known, column)])
    rows = [row for row in table.rows if all(reader.cell(row, column) == value for column, value in conditions)]
    if not rows:
        found = "no row that matches --only"
        raise Refusal([Finding("P4V-D037", table.shown, found, "at least one row to settle")])
    return rows


def columns_of(rows: Iterable[SettledRow], terms: bool) -> list[str]:
    """The lines that hold a single number, over all rows, in the order in which they first appear."""
    names: dict[str, None] = {}
    for row in rows:
        for line in row.settlement.lines:
            if line.unit != "table" and (terms or line.kind != "term"):
                names.setdefault(line.name)
    return list(names)
