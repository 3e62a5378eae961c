"""A contract's own cases: figures, and the lines that both parties agreed they give, compared exactly."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from p4v.asked import figures_asked
from p4v.contract.documents import Program, checked, library_for, node_at, shown_path
from p4v.contract.models import CaseDocument, period_of
from p4v.contract.terms import NotInForce
from p4v.contract.yaml_tree import Mapping as YamlMapping
from p4v.contract.yaml_tree import Node, Place, YamlFile, place_at, plain, read_yaml
from p4v.data.figures_file import written_numbers
from p4v.data.given import Fault, given_figures, number_of
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.figures import FigureMissing, Figures
from p4v.money import decimal_text
from p4v.numbers import NumberFault
from p4v.periods import Period
from p4v.settlement import worksheet
from p4v.single import read_contract
from p4v.units import Unit
from p4v.worksheet import Line, LineFault

CENT_PLACES = 2
CODES = {
    "number": "P4V-C030", "empty": "P4V-C030", "range": "P4V-C040", "missing": "P4V-C022", "unknown": "P4V-C020",
    "people": "P4V-C040",
    "above": "P4V-C041",
}  # fmt: skip
"""What a fault of a figure is called in a contract."""


@dataclass(frozen=True, slots=True)
class PlacedCase:
    """A case and where it stands."""

    document: CaseDocument
    file: YamlFile
    path: tuple[str | int, ...]

    @property
    def node(self) -> Node:
        return node_at(self.file.root, self.path) or self.file.root

    def finding(
        self, code: str, steps: tuple[str | int, ...], found: str, allowed: str, remedy: str | None = None
    ) -> Finding:
        """A finding at a place below the case."""
        field = ".".join(str(step) for step in (*self.path, *steps))
        place = place_at(self.node, steps)
        return self.file.finding(code, place, field, found, allowed, f"case: {self.document.case}", remedy)

    def at(self, code: str, place: Place, field: str, found: str, allowed: str, remedy: str | None = None) -> Finding:
        return self.file.finding(code, place, field, found, allowed, remedy=remedy)


def cases_of(program: Program) -> list[PlacedCase]:
    """The cases that a contract states itself."""
    stated = program.contract.cases if program.contract else []
    return [PlacedCase(case, program.file, ("cases", index)) for index, case in enumerate(stated)]


def refuse_disagreed(programs: Iterable[Program]) -> None:
    """Raises `Refusal` where a contract's own cases do not come out: such a contract settles nothing."""
    found = [finding for program in programs for case in cases_of(program) for finding in case_findings(program, case)]
    if found:
        raise Refusal(found)


def read_case(path: Path) -> tuple[Program, PlacedCase]:
    """A case that stands in a file of its own, with its contract. Raises `Refusal`."""
    file = read_yaml(path, shown_path(path), f"cases/{path.name}")
    document = checked(file, CaseDocument)
    library = library_for(path)
    if document.contract is None:
        place = Place(1, 1)
        raise Refusal([file.finding("P4V-C022", place, "contract", "no `contract`", "`contract`, the id of one")])
    found = library.path("contracts", document.contract)
    if found is None:
        place = place_at(file.root, ("contract",))
        remedy = did_you_mean(document.contract, library.known("contracts"))
        finding = file.finding("P4V-C014", place, "contract", "an unknown contract", "the id of one", remedy=remedy)
        raise Refusal([finding])
    return read_contract(found), PlacedCase(document, file, ())


def case_findings(program: Program, case: PlacedCase) -> list[Finding]:
    """What keeps a case from coming out as both parties agreed: one finding to each line that differs."""
    document = case.document
    assert program.contract is not None
    period = period_of(document.period) if document.period else program.contract.first_period()
    try:
        lines = _lines(program, case, period)
    except Refusal as refusal:
        return list(refusal.findings)
    except NotInForce as error:
        return [case.finding("P4V-C037", ("period",), f"the period {period}", error.allowed)]
    except FigureMissing as missing:
        found, allowed = f"no `{missing.name}`", f"`{missing.name}`: the terms need it"
        return [case.finding("P4V-C022", ("figures",), found, allowed)]
    except LineFault as fault:
        found = f"figures from which `{fault.name}` cannot be computed ({fault.reason})"
        return [case.finding("P4V-C040", ("figures",), found, "figures that the formula takes")]
    return list(_differences(case, lines))


def _lines(program: Program, case: PlacedCase, period: Period) -> Mapping[str, Line]:
    """The lines that a case's figures give. Raises `Refusal` for figures that do not fit."""
    figures = figures_of_case(program, case, period)
    said = case.document
    sheet = worksheet(
        program, period, None, figures, known=said.known, paid_through=said.paid_through, fee_period=said.fee_months()
    )
    return {line.name: line for line in sheet.lines}


def figures_of_case(program: Program, case: PlacedCase, period: Period) -> Figures:
    """What a case gives. Raises `Refusal` for figures that do not fit."""
    document = case.document
    written, forms = written_numbers(case.node, tuple(str(step) for step in case.path))
    findings = [_form_finding(case, form.field, form.place, form.again) for form in forms]
    faults: list[Fault] = []
    asked = figures_asked(
        program, period, None, document.known, document.status, document.paid_through, document.fee_months()
    )
    figures = given_figures(written, asked, faults.append, document.status)
    findings += [_fault_finding(case, fault) for fault in faults]
    if findings:
        raise Refusal(findings)
    return figures


def _form_finding(case: PlacedCase, field: str, place: Place, again: bool) -> Finding:
    if again:
        return case.at("P4V-C001", place, field, "a figure that stands elsewhere too", "each figure once")
    return case.at("P4V-C021", place, field, "another shape", "one number")


def _fault_finding(case: PlacedCase, fault: Fault) -> Finding:
    code = CODES[fault.kind]
    if fault.written is None:
        return case.finding(code, ("figures",), fault.found, fault.allowed, fault.remedy)
    return case.at(code, fault.written.place, fault.written.field, fault.found, fault.allowed, fault.remedy)


def _differences(case: PlacedCase, lines: Mapping[str, Line]) -> Iterator[Finding]:
    expected = node_at(case.node, ("lines",))
    assert isinstance(expected, YamlMapping)
    for name, entry in expected.entries.items():
        steps = ("lines", name)
        text = plain(entry.value)
        if name not in lines:
            remedy = did_you_mean(name, lines)
            yield case.finding("P4V-V007", steps, "no such line", "a line of the settlement", remedy)
            continue
        line = lines[name]
        found = line.value_text()
        if not isinstance(text, str) or isinstance(found, list):
            yield case.finding("P4V-C021", steps, "another shape", "one number, of a line that holds one")
        elif found is None or text == line.state:
            if text != line.state:
                yield case.finding("P4V-V007", steps, f"{line.state}, computed", f"{text}, as the case says")
        else:
            yield from _number_difference(case, steps, line, found, text)


def _number_difference(
    case: PlacedCase, steps: tuple[str, ...], line: Line, found: str, text: str
) -> Iterator[Finding]:
    try:
        agreed = number_of(text, line.unit)
    except NumberFault as error:
        yield case.finding("P4V-C030", steps, error.found, error.allowed)
        return
    if agreed != number_of(found, line.unit):
        computed = number_of(found, line.unit)
        yield case.finding(
            "P4V-V007",
            steps,
            f"{_as_written(computed, line)}, computed",
            f"{_as_written(agreed, line)}, as the case says",
        )


def _as_written(number: Fraction, line: Line) -> str:
    """A figure as a case writes it: a rate with its sign, money in cents where it has no more."""
    if line.unit is Unit.RATE:
        return f"{decimal_text(number * 100)}%"
    cents = line.unit in (Unit.USD, Unit.USD_PMPM) and (number * 100).denominator == 1
    return decimal_text(number, CENT_PLACES if cents else None)
