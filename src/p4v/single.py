"""The settlement of one group, from its contract and a figures file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from p4v.asked import figures_asked
from p4v.contract.documents import Library, Program, library_for
from p4v.contract.models import ContractDocument, Status
from p4v.contract.terms import NotInForce, rule_findings
from p4v.data.figures_file import GroupFigures, read_figures
from p4v.data.given import Fault, given_figures, prior_numbers
from p4v.errors import Finding, Refusal
from p4v.figures import FigureMissing
from p4v.periods import Period
from p4v.settlement import Settlement, worksheet
from p4v.worksheet import LineFault

CODES = {
    "number": "P4V-D012", "empty": "P4V-D013", "range": "P4V-D012", "missing": "P4V-D013", "unknown": "P4V-D011",
    "people": "P4V-D042",
    "above": "P4V-D041",
}  # fmt: skip
"""What a fault of a figure is called in a file of data."""


@dataclass(frozen=True, slots=True)
class SettledContract:
    """A contract, the figures, and what they give."""

    program: Program
    given: GroupFigures
    settlement: Settlement
    known: date | None
    prior: Mapping[str, Fraction]


class OutOfForce(Refusal):
    """A period for which no agreement is in force: refused, or stated on a page that says so."""

    def __init__(self, findings: list[Finding], program: Program, given: GroupFigures, allowed: str) -> None:
        super().__init__(findings)
        self.program = program
        self.given = given
        self.allowed = allowed


def read_contract(path: Path, library: Library | None = None) -> Program:
    """The contract of a file, sound on every day; contracts of one folder share a `library`.

    Raises `Refusal` with all that is wrong in it or its programs.
    """
    program = (library or library_for(path)).contract(path)
    findings = [*program.findings, *rule_findings(program)]
    if findings:
        raise Refusal(findings)
    return program


def settle_contract(
    contract: Path, figures: Path, known: date | None = None, status: Status | None = None
) -> SettledContract:
    """Settles one group. `known` takes the terms as known on a day. Raises `Refusal` with all findings."""
    program = read_contract(contract)
    given = read_figures(figures)
    status = status or given.status
    findings = list(_party_findings(program, given, status, known))
    faults: list[Fault] = []
    try:
        days = (given.paid_through, given.fee_period)
        asked = figures_asked(program, given.period, None, known, status, *days)
        numbers = given_figures(given.written, asked, faults.append, status)
        prior = prior_numbers(given.written, faults.append)
        findings += [_finding(given, fault) for fault in faults]
        if findings:
            raise Refusal(sorted(findings, key=lambda finding: (finding.line or 0, finding.column or 0)))
        sheet = worksheet(program, given.period, None, numbers, "exact", known, *days)
    except NotInForce as error:
        raise OutOfForce([*findings, _not_in_force(given, error, known)], program, given, error.allowed) from None
    except FigureMissing as missing:
        found, allowed = f"no `{missing.name}`", f"`{missing.name}`: the terms need it"
        raise Refusal([given.finding("P4V-D013", given.places.get("figures"), "figures", found, allowed)]) from None
    except LineFault as fault:
        found = f"figures from which `{fault.name}` cannot be computed ({fault.reason})"
        finding = given.finding("P4V-D045", given.places.get("figures"), fault.name, found, "figures that it takes")
        raise Refusal([finding]) from None
    settlement = Settlement(given.group, program.id, given.period, status, sheet.lines)
    return SettledContract(program, given, settlement, known, prior)


def _not_in_force(given: GroupFigures, error: NotInForce, known: date | None) -> Finding:
    found = f"the period {given.period}" if error.signed is None else f"the terms as known on {known}"
    return given.finding("P4V-D035", given.places.get("period"), "period", found, error.allowed)


def _party_findings(program: Program, given: GroupFigures, status: Status, known: date | None) -> list[Finding]:
    """Whose figures they are, for what period, and up to which day they know."""
    contract = program.contract
    assert contract is not None
    findings: list[Finding] = []
    if given.group != contract.group.id:
        found, allowed = "another group's figures", f"`{contract.group.id}`, the group of contract `{program.id}`"
        findings.append(given.finding("P4V-D038", given.places.get("group"), "group", found, allowed))
    if not _is_period(contract, given.period, status):
        allowed = ", ".join(str(period) for period in contract.periods())
        if status != "final":
            allowed += ", or the first months of one"
        found = f"the period {given.period}"
        findings.append(given.finding("P4V-D032", given.places.get("period"), "period", found, allowed))
    if known is not None and given.known_at is not None and known > given.known_at:
        allowed = f"{given.known_at} or earlier, the newest day that the figures know about"
        findings.append(Finding("P4V-C050", "--known", f"{known}", allowed))
    return findings


def _is_period(contract: ContractDocument, period: Period, status: Status) -> bool:
    """Whether a contract that names its performance periods has this one, or one that begins with it."""
    stated = contract.periods()
    if not stated or period in stated:
        return True
    return status != "final" and any(
        period.first_day == whole.first_day and period.last_day <= whole.last_day for whole in stated
    )


def _finding(given: GroupFigures, fault: Fault) -> Finding:
    place = fault.written.place if fault.written else given.places.get("figures")
    name = fault.written.field if fault.written else "figures"
    return given.finding(CODES[fault.kind], place, name, fault.found, fault.allowed, fault.remedy)
