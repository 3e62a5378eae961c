"""The terms in force: a program's own, then each amendment that had been signed and takes effect, in order of date."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError

from p4v.contract.blocks import KINDS, NEEDED, Block, Called
from p4v.contract.documents import REMOVED, Part, Program, findings_of, node_at
from p4v.contract.lint import (
    idle_terms,
    ill_matched,
    missing_partners,
    named_alike,
    one_sided,
    other_basis,
    pooling_unsaid,
    unused_blocks,
)
from p4v.contract.models import Amendment, ContractDocument, Document, days_of
from p4v.contract.order import (
    Order,
    OrderFault,
    active_steps,
    counted_twice,
    ordered_steps,
    silent_pairs,
)
from p4v.contract.yaml_tree import Mapping as YamlMapping
from p4v.contract.yaml_tree import Node, Place, Scalar, YamlFile, place_at, plain
from p4v.errors import Finding, Refusal
from p4v.periods import Period, agreement_year
from p4v.units import Table, Unit
from p4v.worksheet import Source

Known = TypeVar("Known", bound=Block)
MONTHLY = frozenset({"care_coordination_fee"})
"""Blocks whose terms may change inside a period: what they say holds month by month."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One term where it was last set, and the block that it was set in."""

    node: Node
    block: YamlMapping
    key: Place
    file: YamlFile
    amendment: str | None
    clause: str | None


@dataclass(frozen=True, slots=True)
class Term:
    """A term as a line shows it."""

    name: str
    value: Fraction | Table
    unit: Unit
    source: Source


@dataclass(frozen=True, slots=True)
class Occasion:
    """What terms are asked for: a period, the start of the agreement, and the day of knowledge.

    `paid_through` is the last day of paid claims, from which run-out counts; `fee_period` the months for which the
    fee is settled, where they are not those of the period.
    """

    period: Period
    agreement_start: date | None
    known: date | None
    paid_through: date | None = None
    fee_period: Period | None = None


class Terms:
    """The blocks of terms in force for one period, validated, and where each term comes from."""

    def __init__(
        self,
        program: Program,
        blocks: Mapping[str, Block],
        placed: Mapping[str, Mapping[str, Placed]],
        occasion: Occasion,
    ) -> None:
        self.program = program
        self.occasion = occasion
        self.cost_order, self.order = _order(program, blocks)
        self._blocks = blocks
        self._placed = placed
        self._sources: dict[tuple[str | int, ...], Source] = {}
        self._terms: dict[tuple[str, str], Term] = {}

    @property
    def period(self) -> Period:
        return self.occasion.period

    @property
    def fee_period(self) -> Period:
        """The months whose fee is settled."""
        return self.occasion.fee_period or self.occasion.period

    def run_out_of(self, month: Period) -> int | None:
        """Whole months from a month to that through which claims are paid; None where no day is known."""
        day = self.occasion.paid_through
        return None if day is None else Period.of_months(day.year, day.month, 1).months_since(month)

    def for_month(self, month: Period) -> "Terms":
        """The terms of one month. Raises `NotInForce` for one that the contract does not cover."""
        asked = self.occasion
        return terms_of_month(self.program, month, asked.agreement_start, asked.known)

    def reordered(self, steps: tuple[str, ...], cost: bool) -> "Terms":
        """The same terms with their cost steps, or their savings steps, in another sequence."""
        other = copy(self)
        other.cost_order, other.order = (steps, self.order) if cost else (self.cost_order, steps)
        return other

    def idle(self) -> Iterator[tuple[Source, str, str]]:
        """Terms whose value changes nothing: where they stand, their path, and why."""
        for block, term, why in idle_terms(self._blocks):
            yield self.source(block, term), f"terms.{block}.{term}", why

    def changes_inside(self, block: str) -> bool:
        """Whether an amendment changes a block after the period's first day."""
        asked = self.occasion
        inside = _amendments_in_force(self.program, asked.period, asked.agreement_start, asked.known, whole=False)
        return any(
            block in amendment.terms and amendment.effective > asked.period.first_day for _, _, amendment in inside
        )

    def block(self, name: str, kind: type[Known]) -> Known | None:
        """A block that the contract may have."""
        block = self._blocks.get(name)
        assert block is None or isinstance(block, kind)
        return block

    def need(self, name: str, kind: type[Known]) -> Known:
        """A block that a program of this kind cannot do without. Raises `Refusal` if it is missing."""
        block = self.block(name, kind)
        if block is None:
            file = self.program.parts[-1].file
            field = f"terms.{name}"
            raise Refusal(
                [file.finding("P4V-C022", Place(1, 1), field, f"no block `{name}`", f"`{name}`, with its clause")]
            )
        return block

    def lacks(self, block: str, field: str, because: str) -> Refusal:
        """The refusal of a block without a term that the contract's own switches make necessary."""
        placed = next(iter(self._placed[block].values()))
        file, place, remedy = placed.file, placed.key, None
        leaf = self.program.parts[-1].file
        if block == "rounding":
            remedy = f"add `{{{field}: {{places: 2, rule: half_up}}, clause: …}}` under `rounding` of the terms"
            file, place = leaf, place_at(leaf.root, ("terms", block))
        where, allowed = f"terms.{block}.{field}", f"`{field}`: {because}"
        return Refusal([file.finding("P4V-C022", place, where, f"no `{field}`", allowed, remedy=remedy)])

    def refused(self, code: str, block: str, path: tuple[str | int, ...], found: str, allowed: str) -> Refusal:
        """The refusal of a term that does not go together with what is settled."""
        placed = self._placed[block].get(str(path[0])) or self._placed[block]["clause"]
        place = place_at(placed.node, path[1:]) if path[1:] else placed.key
        where = ".".join(str(step) for step in ("terms", block, *path))
        return Refusal([placed.file.finding(code, place, where, found, allowed)])

    def term(self, block: str, field: str) -> Term:
        """A term as a line: its name, unit, clause and origin."""
        known = self._terms.get((block, field))
        if known is None:
            known = self._terms[(block, field)] = self._term(block, field)
        return known

    def _term(self, block: str, field: str) -> Term:
        spec = type(self._blocks[block]).model_fields[field]
        units = [mark for mark in spec.metadata if isinstance(mark, Unit)] or _units_within(spec.annotation)
        names = [mark.name for mark in spec.metadata if isinstance(mark, Called)]
        value: Any = getattr(self._blocks[block], field)
        if isinstance(value, bool):
            value = Fraction(int(value))
        return Term(names[0] if names else field, value, units[0] if units else Unit.TABLE, self.source(block, field))

    def source(self, block: str, field: str, *within: str | int) -> Source:
        """Clause and origin of a term; of one that no file sets, those of its block."""
        place = (block, field, *within)
        known = self._sources.get(place)
        if known is None:
            known = self._sources[place] = self._source(block, field, within)
        return known

    def _source(self, block: str, field: str, within: tuple[str | int, ...]) -> Source:
        placed = self._placed[block].get(field) or self._placed[block]["clause"]
        place = place_at(placed.node, within) if within else placed.key
        origin = {"contract": placed.file.relative, "line": place.line, "amendment": placed.amendment}
        return Source(placed.clause or self._blocks[block].clause, origin)


def terms_in_force(
    program: Program,
    period: Period,
    agreement_start: date | None,
    known: date | None = None,
    paid_through: date | None = None,
    fee_period: Period | None = None,
) -> Terms:
    """The terms for a period, as known on a day (None: all that is signed).

    A contract's agreement starts when it says; of a program's, the start is given. Raises `Refusal` where terms are
    missing or do not go together, and `NotInForce` before the program began or outside the contract's days.
    """
    for part in program.parts:
        _refuse_outside(program, part.document, period, known)
    if program.contract is not None:
        agreement_start = program.contract.agreement.effective
    placed = _placed(program, _amendments_in_force(program, period, agreement_start, known, whole=True))
    occasion = Occasion(period, agreement_start, known, paid_through, fee_period)
    return Terms(program, _blocks(program, placed), placed, occasion)


terms_of_month = cache(terms_in_force)
"""The same, worked out once: a settlement asks for its months again and again."""


def terms_on(program: Program, day: date, known: date | None = None) -> dict[str, dict[str, Placed]]:
    """Every term that holds on a day, as known on a day, where it was last set. Raises `NotInForce`."""
    period = Period(day, day)
    for part in program.parts:
        _refuse_outside(program, part.document, period, known)
    start = program.contract.agreement.effective if program.contract else None
    return _placed(program, _amendments_in_force(program, period, start, known, whole=False))


def _placed(program: Program, amendments: Iterable[tuple[Part, int, Amendment]]) -> dict[str, dict[str, Placed]]:
    """Every term where it was last set, by block and name."""
    placed: dict[str, dict[str, Placed]] = {}
    for part in program.parts:
        _overlay(placed, part, ("terms",), None)
    for part, index, amendment in amendments:
        _overlay(placed, part, ("amendments", index, "terms"), amendment)
    return placed


class NotInForce(Exception):
    """A period before the program began, or outside the days of a contract, or a day before it was signed."""

    def __init__(
        self, program: str, period: Period, effective: date, ends: date | None = None, signed: date | None = None
    ) -> None:
        super().__init__(program)
        self.program = program
        self.period = period
        self.effective = effective
        self.ends = ends
        self.signed = signed

    @property
    def allowed(self) -> str:
        """What would be in force, in words."""
        if self.signed is not None:
            return f"a day from {self.signed} on, when `{self.program}` was signed"
        if self.ends is not None:
            return f"a period within {self.effective} to {self.ends}, the days of `{self.program}`"
        return f"a period from {self.effective} on, when {self.program} takes effect"


def _refuse_outside(
    program: Program, document: Document | ContractDocument, period: Period, known: date | None
) -> None:
    if isinstance(document, ContractDocument):
        agreement = document.agreement
        if known is not None and known < agreement.signed:
            raise NotInForce(program.id, period, agreement.effective, signed=agreement.signed)
        if not agreement.covers(period):
            raise NotInForce(program.id, period, agreement.effective, agreement.ends)
    elif (first := document.in_force) is not None and (
        period.first_day < first.effective or (known is not None and known < first.signed)
    ):
        raise NotInForce(program.id, period, first.effective)


def _amendments_in_force(
    program: Program, period: Period, agreement_start: date | None, known: date | None, whole: bool
) -> Iterator[tuple[Part, int, Amendment]]:
    """The amendments for a period in order of date. Where terms hold for the `whole` of it, none begins inside it."""
    dated = [
        (amendment.effective, depth, index, part, amendment)
        for depth, part in enumerate(program.parts)
        for index, amendment in enumerate(part.document.amendments)
        if (known is None or amendment.signed <= known) and _concerns(amendment, period, agreement_start)
    ]
    for effective, _, index, part, amendment in sorted(dated, key=lambda row: row[:3]):
        if effective > period.last_day:
            continue
        if whole and effective > period.first_day:
            if set(amendment.terms) <= MONTHLY:
                continue
            place = place_at(part.file.root, ("amendments", index, "effective"))
            field = f"amendments.{index}.effective"
            found = f"{effective}, inside the period {period}"
            allowed = "the first day of a performance period: these terms hold for a whole one"
            raise Refusal([part.file.finding("P4V-C051", place, field, found, allowed)])
        yield part, index, amendment


def _concerns(amendment: Amendment, period: Period, agreement_start: date | None) -> bool:
    """Whether an amendment is for this agreement; where its start is not known, a rule that needs it does not apply."""
    if amendment.agreements_from is None and amendment.agreement_year is None:
        return True
    if agreement_start is None:
        return False
    if amendment.agreements_from is not None and agreement_start < amendment.agreements_from:
        return False
    return amendment.agreement_year is None or agreement_year(agreement_start, period) == amendment.agreement_year


def _overlay(
    placed: dict[str, dict[str, Placed]], part: Part, path: tuple[str | int, ...], amendment: Amendment | None
) -> None:
    node = node_at(part.file.root, path)
    if not isinstance(node, YamlMapping):
        return
    for name, block in node.entries.items():
        if isinstance(block.value, Scalar) and block.value.text == REMOVED:
            placed.pop(name, None)
            continue
        if not isinstance(block.value, YamlMapping):
            continue
        own = block.value.entries.get("clause")
        stated = own.value.text if own and isinstance(own.value, Scalar) else None
        clause = stated or (amendment.clause if amendment else None)
        kept = placed.setdefault(name, {})
        for key, entry in block.value.entries.items():
            id_ = amendment.id if amendment else None
            kept[key] = Placed(entry.value, block.value, entry.key, part.file, id_, clause)


def _blocks(program: Program, placed: Mapping[str, Mapping[str, Placed]]) -> dict[str, Block]:
    blocks: dict[str, Block] = {}
    findings: list[Finding] = []
    for name, terms in placed.items():
        model = KINDS[program.kind][name]
        try:
            blocks[name] = model.model_validate({key: plain(term.node) for key, term in terms.items()})
        except ValidationError as error:
            findings += _merged_findings(name, terms, error, model)
    findings += _missing_blocks(program, placed)
    if findings:
        raise Refusal(findings)
    return blocks


def _merged_findings(
    name: str, terms: Mapping[str, Placed], error: ValidationError, model: type[Block]
) -> Iterator[Finding]:
    """A fault of a block that several files and dates made: at the term concerned, or at the term set last."""
    last = list(terms.values())[-1]
    for fault in error.errors():
        loc, context = fault["loc"], fault.get("ctx", {})
        key = str(loc[0]) if loc else context.get("term")
        at = terms.get(key or "", last)
        field = ".".join(str(part) for part in ("terms", name, *loc))
        if not loc:
            place = place_at(at.node, ()) if context.get("term") else at.key
            yield at.file.finding(context["code"], place, field, context["found"], context["allowed"])
        elif fault["type"] == "missing":
            yield at.file.finding("P4V-C022", at.key, field, f"no `{loc[-1]}`", f"`{loc[-1]}`")
        else:
            yield from findings_of(at.file, at.block, ("terms", name), error, model)


def rule_findings(program: Program) -> list[Finding]:
    """What is wrong between the terms of a program, on any day and for any agreement that its amendments know."""
    seen: set[tuple[tuple[int, int], ...]] = set()
    found: list[Finding] = []
    for period, start in _occasions(program):
        amendments = list(_amendments_in_force(program, period, start, None, whole=False))
        key = tuple((program.parts.index(part), index) for part, index, _ in amendments)
        if key not in seen:
            seen.add(key)
            placed = _placed(program, amendments)
            known = {(finding.code, finding.field, finding.found) for finding in found}
            found += [
                finding
                for finding in _between(program, placed)
                if (finding.code, finding.field, finding.found) not in known
            ]
    return found


def _between(program: Program, placed: Mapping[str, Mapping[str, Placed]]) -> Iterator[Finding]:
    """Faults between terms: of a block as a whole, a block that is missing, a move that cannot be made."""
    blocks: dict[str, Block] = {}
    sound = True
    for name, terms in placed.items():
        model = KINDS[program.kind].get(name)
        if model is None:
            sound = False
            continue
        try:
            blocks[name] = model.model_validate({key: plain(term.node) for key, term in terms.items()})
        except ValidationError as error:
            sound = False
            if all(not fault["loc"] or fault["type"] == "missing" for fault in error.errors()):
                yield from _merged_findings(name, terms, error, model)
    if not program.findings:
        yield from _missing_blocks(program, placed)
    if sound and not program.findings:
        try:
            _order(program, blocks)
        except Refusal as refusal:
            yield from refusal.findings


def _missing_blocks(program: Program, placed: Mapping[str, Any]) -> Iterator[Finding]:
    file = program.parts[-1].file
    for name in NEEDED[program.kind]:
        if name not in placed:
            yield file.finding(
                "P4V-C022", Place(1, 1), f"terms.{name}", f"no block `{name}`", f"`{name}`, with its clause"
            )


def _occasions(program: Program) -> Iterator[tuple[Period, date | None]]:
    """A month and the start of an agreement for every way in which the amendments can meet."""
    amendments = [amendment for part in program.parts for amendment in part.document.amendments]
    agreement = program.contract.agreement if program.contract else None
    days = sorted({day for part in program.parts for day in days_of(part.document)})
    if agreement is not None:
        days = sorted({max(day, agreement.effective) for day in days})
    for day in days or [date.min]:
        period = Period.of_months(day.year, day.month, 1)
        starts: set[date] = {amendment.agreements_from for amendment in amendments if amendment.agreements_from}
        years = {int(amendment.agreement_year) for amendment in amendments if amendment.agreement_year}
        starts |= {period.first_day.replace(year=period.first_day.year - year + 1) for year in years}
        if agreement is not None:
            yield period, agreement.effective
        else:
            yield from ((period, start) for start in (None, *sorted(starts)))


def _order(program: Program, blocks: Mapping[str, Block]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The cost steps and the savings steps in their sequence. Raises `Refusal` with all that is wrong in the order."""
    order: Order = program.order
    active = active_steps(program.kind, blocks)
    findings = list(_block_findings(program, blocks))
    try:
        steps = ordered_steps(order, active)
        findings += _silent_findings(program, order, active)
        if program.kind == "pay_for_value":
            findings += [_at_block(program, "P4V-C066", *fault) for fault in other_basis(blocks, steps[0])]
    except OrderFault as fault:
        findings.insert(0, _order_finding(program, fault))
    if findings:
        raise Refusal(findings)
    return steps


def _order_finding(program: Program, fault: OrderFault) -> Finding:
    """At the move concerned; else at the order of the last file, or at a block of it that makes the step active."""
    if fault.path:
        item, index = str(fault.path[0]), int(fault.path[1])
        file, path = program.ordering(item)[index]
        place, field = place_at(file.root, path), f"order.{item}.{index}"
        return file.finding(fault.code, place, field, fault.found, fault.allowed, remedy=fault.remedy)
    file = program.parts[-1].file
    place = place_at(file.root, ("order",))
    if "order" not in file.root.entries:
        terms = node_at(file.root, ("terms",))
        named = [entry.key for name, entry in terms.entries.items() if f"`{name}`" in fault.found] if isinstance(
            terms, YamlMapping
        ) else []  # fmt: skip
        place = named[0] if named else Place(1, 1)
    return file.finding(fault.code, place, "order", fault.found, fault.allowed)


def _silent_findings(program: Program, order: Order, active: Collection[str]) -> Iterator[Finding]:
    for first, second in silent_pairs(order, active):
        found = f"nothing about the sequence of `{first}` and `{second}`, which changes the money"
        confirm = f"{{pair: [{first}, {second}], clause: …}}"
        remedy = f"add `order: {{confirms: [{confirm}]}}` at the top of the file, or a move"
        fault = OrderFault("P4V-C062", (), found, "a move or a confirmation, with its clause")
        yield replace(_order_finding(program, fault), help=remedy)


def _block_findings(program: Program, blocks: Mapping[str, Block]) -> Iterator[Finding]:
    """Blocks that count the same dollars twice, that nothing uses, or that lack another one."""
    if program.kind != "pay_for_value":
        return
    checks = (
        ("P4V-C063", counted_twice),
        ("P4V-C065", unused_blocks),
        ("P4V-C022", missing_partners),
        ("P4V-C023", pooling_unsaid),
        ("P4V-C066", ill_matched),
        ("P4V-C046", named_alike),
        ("P4V-C067", one_sided),
    )
    for code, check in checks:
        for name, found, allowed in check(blocks):
            yield _at_block(program, code, name, found, allowed)


def _at_block(program: Program, code: str, where: str, found: str, allowed: str) -> Finding:
    """At a block, or at a term in it, in the last file that has it; an item of a list is named by its place."""
    name, *within = where.split(".")
    path = tuple(int(step) if step.isdigit() else step for step in within)
    parts = [part for part in program.parts if name in part.document.terms]
    exact = [part for part in parts if node_at(part.file.root, ("terms", name, *path)) is not None]
    file = (exact or parts or program.parts)[-1].file
    terms = node_at(file.root, ("terms",))
    place = Place(1, 1)
    if isinstance(terms, YamlMapping) and name in terms.entries:
        entry = terms.entries[name]
        place = place_at(entry.value, path) if path and exact else entry.key
    return file.finding(code, place, f"terms.{where}", found, allowed)


def _units_within(annotation: Any) -> list[Unit]:
    """The unit of an optional term, which pydantic keeps inside the union."""
    found: list[Unit] = []
    for inner in getattr(annotation, "__args__", ()):
        found += [mark for mark in getattr(inner, "__metadata__", ()) if isinstance(mark, Unit)]
    return found
