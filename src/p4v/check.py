"""`p4v check`: contracts, programs, bindings and cases held against every rule, and the cases computed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from p4v.asked import SETTLED_LATE, figures_asked
from p4v.cases import case_findings, cases_of, read_case
from p4v.contract.documents import Program, library_for, shown_path
from p4v.contract.terms import NotInForce, rule_findings
from p4v.contract.yaml_tree import Listing, Mapping, Node, Place, Scalar, YamlFile, place_at, read_yaml
from p4v.data.binding import read_binding
from p4v.errors import Finding, Refusal
from p4v.money import decimal_text
from p4v.probe import Moved, moved_dollars
from p4v.settlement import terms_for

CENT_PLACES = 2
HEAD_BYTES = 65536
SEALED = "manifest.json"
"""What every run has."""
TO_FILL_IN = "<fill in>"
"""What a new contract says where its parties must."""
_KINDS = ("contract", "program", "keys")
_OURS = frozenset({*_KINDS, "case", "extends", "terms", "agreement", "amendments"})
"""Words that begin a part of such a file, and of no other."""
_ROOMS = ("contracts", "programs", "tables")
"""Folders in which such files lie."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: what is wrong in it and in what it rests on, and how many cases were computed."""

    shown: str
    findings: Sequence[Finding]
    cases: int = 0
    notes: Sequence[str] = ()
    """What is worth a second look though nothing is wrong."""


def files_below(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and the YAML files of folders and what lies below them. Raises `Refusal` (command line)."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [file for file in sorted(path.rglob("*.yaml")) if file.is_file() and not _is_other(file)]
            if not inside:
                raise Refusal([Finding("P4V-U009", str(path), "a folder without YAML files", "contracts or programs")])
            found |= dict.fromkeys(inside)
        else:
            found[path] = None
    return list(found)


def _is_other(path: Path) -> bool:
    """Figures, a workspace's file, a map, YAML of others, or a copy within a run: found in a folder, passed over.

    A contract whose first word is misspelled, or that cannot be read, is still one by what else it says; and whatever
    lies in a folder of contracts, programs or bindings but figures is meant to be one.
    """
    if any((above / SEALED).is_file() for above in path.parents):
        return True
    keys = _first_words(path)
    return not keys & _OURS and (path.parent.name not in _ROOMS or "figures" in keys)


def _first_words(path: Path) -> set[str]:
    """The keys of a file; of one that cannot be read, the words of ours that begin a line."""
    try:
        return set(read_yaml(path, shown_path(path), path.name).root.entries)
    except Refusal:
        try:
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES).split(b"\n")
        except OSError:
            return set(_OURS)
        return {key for key in (*_OURS, "figures") if any(line.startswith(f"{key}:".encode()) for line in head)}


def check_file(path: Path) -> Checked:
    """What is wrong in a file, everything at once."""
    try:
        findings, cases = _checked(path)
        notes = [] if findings else list(_notes(path))
    except Refusal as refusal:
        findings, cases, notes = list(refusal.findings), 0, []
    return Checked(shown_path(path), _each_once(findings), cases, notes)


def _notes(path: Path) -> Iterator[str]:
    """Of a sound contract: terms without effect, and what its order is worth on its own cases."""
    file = read_yaml(path, shown_path(path), path.name)
    if "contract" not in file.root.entries or file.root.entries.keys() & {"keys", "case"}:
        return
    program = library_for(path).contract(path)
    assert program.contract is not None
    yield from _idle_amendments(program)
    try:
        terms = terms_for(program, program.contract.first_period(), None)
    except (Refusal, NotInForce):
        return
    for source, field, why in terms.idle():
        yield f"note   {source.origin['contract']}:{source.origin['line']} {field}: has no effect; {why}"
    for moved in _most_moved(program):
        sign = "+" if moved.dollars > 0 else "\N{MINUS SIGN}"
        whole, _, cents = decimal_text(abs(moved.dollars), CENT_PLACES).partition(".")
        amount = f"{sign}${int(whole):,}.{cents}"
        yield f"probe  {moved.later} before {moved.earlier} would change `{moved.line}` by {amount}: {moved.case}"


def _idle_amendments(program: Program) -> Iterator[str]:
    """Amendments that take effect on a day for which the agreement does not hold."""
    contract = program.contract
    assert contract is not None
    ends, begins = contract.agreement.ends, contract.agreement.effective
    for index, amendment in enumerate(contract.amendments):
        if not begins <= amendment.effective <= ends:
            place = place_at(program.file.root, ("amendments", index, "effective"))
            why = f"{amendment.effective} lies outside the agreement, {begins} to {ends}"
            yield f"note   {program.file.shown}:{place.line} amendments.{index}: has no effect; {why}"


def _most_moved(program: Program) -> Iterable[Moved]:
    """Of each two steps the case in which the most dollars move, and the first line that they move."""
    most: dict[tuple[str, str], Moved] = {}
    for case in cases_of(program):
        for moved in moved_dollars(program, case):
            known = most.get((moved.earlier, moved.later))
            if known is None or abs(moved.dollars) > abs(known.dollars):
                most[(moved.earlier, moved.later)] = moved
    return most.values()


def _checked(path: Path) -> tuple[list[Finding], int]:
    file = read_yaml(path, shown_path(path), path.name)
    keys = file.root.entries
    if "case" in keys:
        program, case = read_case(path)
        return case_findings(program, case), 1
    if "contract" in keys and "keys" not in keys:
        return _contract_findings(file, path)
    if "program" in keys and "keys" not in keys:
        return list(library_for(path).program_at(path).findings), 0
    if "keys" in keys:
        read_binding(path, library_for(path))
        return [], 0
    allowed = "`contract`, `program`, or the `keys` of a binding"
    return [file.finding("P4V-C022", Place(1, 1), None, f"none of {', '.join(_KINDS)}", allowed)], 0


def _contract_findings(file: YamlFile, path: Path) -> tuple[list[Finding], int]:
    """A contract's faults; once it is sound, what its cases give."""
    empty = {(field, place.line, place.column) for field, place in places_to_fill(file.root, ())}
    to_fill = [
        file.finding("P4V-C028", Place(line, column, len(TO_FILL_IN)), field, "a place to be filled in", "your own")
        for field, line, column in sorted(empty, key=lambda place: place[1:])
    ]
    try:
        program = library_for(path).contract(path)
        findings = [*program.findings, *rule_findings(program)]
    except Refusal as refusal:
        findings = list(refusal.findings)
    places = {(line, column) for _, line, column in empty}
    findings = [
        finding for finding in findings if finding.file != file.shown or (finding.line, finding.column) not in places
    ]
    if findings or to_fill:
        return [*to_fill, *findings], 0
    findings = list(_period_findings(program))
    return (findings, 0) if findings else _case_findings(program)


def _period_findings(program: Program) -> Iterator[Finding]:
    """What keeps the terms from settling a period of the agreement, before any figures are there."""
    assert program.contract is not None
    for period in program.contract.periods() or program.contract.years():
        try:
            figures_asked(program, period, paid_through=SETTLED_LATE)
        except Refusal as refusal:
            yield from refusal.findings
        except NotInForce:
            continue


def _case_findings(program: Program) -> tuple[list[Finding], int]:
    cases = cases_of(program)
    return [finding for case in cases for finding in case_findings(program, case)], len(cases)


def places_to_fill(node: Node, path: tuple[str, ...]) -> Iterator[tuple[str, Place]]:
    """Where a contract still says what a new one says."""
    match node:
        case Scalar(text=text):
            if text == TO_FILL_IN:
                yield ".".join(path), node.place
        case Mapping():
            for key, entry in node.entries.items():
                yield from places_to_fill(entry.value, (*path, key))
        case Listing():
            for index, item in enumerate(node.items):
                yield from places_to_fill(item, (*path, str(index)))


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    seen: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.code, finding.file, finding.line, finding.column, finding.field), finding)
    return sorted(seen.values(), key=lambda finding: (finding.file, finding.line or 0, finding.column or 0))
