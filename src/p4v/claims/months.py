"""Eligibility and claims as member months: every claim dollar has a place, or a line that says why it has none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from p4v.claims.charges import NOT_COUNTED, OTHER_PERIOD, OUTSIDE, PLACED, Charge, Control, charges_of
from p4v.claims.map import ClaimsMap
from p4v.claims.reading import Faults, Source, opened
from p4v.claims.spans import Coverage, Covered, coverage_of
from p4v.contract.documents import shown_path
from p4v.errors import Finding, Refusal
from p4v.periods import Period


@dataclass(frozen=True, slots=True)
class MemberMonth:
    """A row of the table: a member's month, and its dollars in cents by measure and category."""

    member: str
    month: int
    covered: Covered
    cents: Sequence[int]


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """A charge that no member month holds, and why."""

    source: Source
    line: int
    entry: str
    cents: Sequence[int]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an extract gave. `rows` are in the order of group, member and month."""

    claims_map: ClaimsMap
    period: Period | None
    eligibility: Source
    coverage: Coverage
    controls: Sequence[Control]
    rows: Sequence[MemberMonth]
    not_placed: Sequence[NotPlaced]

    def member_months(self) -> Fraction:
        return sum((row.covered.share for row in self.rows), Fraction(0))

    def members(self) -> int:
        """Members with a month that counts."""
        return len({row.member for row in self.rows})


def import_claims(
    claims_map: ClaimsMap, eligibility: Path, files: Mapping[str, Path], period: Period | None
) -> Imported:
    """The member months of an extract; `files` are the claims by role. Raises `Refusal` with all that is wrong."""
    document = claims_map.document
    _refuse_other_files(claims_map, files)
    group = document.member_months.group_id.column
    spans = opened(
        "eligibility", eligibility, shown_path(eligibility),
        {**document.eligibility.columns, **({"group_id": group} if group is not None else {})},
    )  # fmt: skip
    sources = [_claims_source(claims_map, role, path) for role, path in sorted(files.items())]
    coverage = coverage_of(spans, document, period)
    places = {
        (member, month): [0] * (len(document.measures()) * len(document.categories))
        for member, months in coverage.months.items()
        for month, covered in months.items()
        if covered.labels is not None
    }
    controls = [Control(source, document.measures()) for source in sources]
    not_placed: list[NotPlaced] = []
    for control, charges in zip(controls, _all_charges(controls, claims_map, coverage), strict=True):
        not_placed += list(_placed(charges, control, places, coverage, claims_map, period))
        if not control.ties():
            raise AssertionError("dollars of claims were lost")
    rows = [
        MemberMonth(member, month, coverage.months[member][month], cents) for (member, month), cents in places.items()
    ]
    rows.sort(key=lambda row: (row.covered.labels or (), row.member, row.month))
    return Imported(claims_map, period, spans, coverage, controls, rows, not_placed)


def _all_charges(controls: Sequence[Control], claims_map: ClaimsMap, coverage: Coverage) -> Sequence[Sequence[Charge]]:
    """The charges of every file. Raises `Refusal` with what is wrong in all of them."""
    charges: list[Sequence[Charge]] = []
    findings: list[Finding] = []
    for control in controls:
        table = claims_map.document.tables()[control.source.role]
        try:
            charges.append(charges_of(control.source, table, claims_map.document, control))
            _refuse_other_spelling(control.source, charges[-1], coverage)
        except Refusal as refusal:
            findings += refusal.findings
    if findings:
        raise Refusal(findings)
    return charges


def _refuse_other_files(claims_map: ClaimsMap, files: Mapping[str, Path]) -> None:
    """The map and the command name the same files of claims."""
    known = claims_map.document.tables()
    findings = [
        Finding("P4V-U001", f"--{role}", "no file", "a file of claims: the map has its columns")
        for role in known
        if role not in files
    ]
    findings += [
        claims_map.file.finding("P4V-C022", claims_map.file.root.place, role, f"no `{role}`", "the columns of the file")
        for role in files
        if role not in known
    ]
    if findings:
        raise Refusal(findings)


def _claims_source(claims_map: ClaimsMap, role: str, path: Path) -> Source:
    wanted = claims_map.document.columns_of_categories(role)
    return opened(role, path, shown_path(path), claims_map.document.tables()[role].columns, wanted)


def _refuse_other_spelling(source: Source, charges: Sequence[Charge], coverage: Coverage) -> None:
    """A member who is known in another spelling is not outside every span but misspelled."""
    faults = Faults()
    for charge in charges:
        if coverage.folded.get(charge.member.casefold(), charge.member) != charge.member:
            found = "an id that differs from one of the eligibility in case alone"
            faults.add(source.finding("P4V-D020", charge.line, "member_id", found, "one spelling of each id"))
    faults.refuse()


def _placed(
    charges: Sequence[Charge],
    control: Control,
    places: Mapping[tuple[str, int], list[int]],
    coverage: Coverage,
    claims_map: ClaimsMap,
    period: Period | None,
) -> Iterator[NotPlaced]:
    """Adds every charge to its member month, and gives those that have none."""
    by_day = claims_map.document.member_months.claims_by == "day"
    categories = len(claims_map.document.categories)
    for charge in charges:
        month = charge.day.year * 12 + charge.day.month - 1
        entry = _entry(charge, coverage.months.get(charge.member, {}).get(month), by_day, period)
        control.add(entry, charge.cents)
        if entry != PLACED:
            yield NotPlaced(control.source, charge.line, entry, charge.cents)
            continue
        row = places[charge.member, month]
        for measure, cents in enumerate(charge.cents):
            row[measure * categories + charge.category] += cents


def _entry(charge: Charge, covered: Covered | None, by_day: bool, period: Period | None) -> str:
    """What becomes of a charge."""
    if period is not None and not period.first_day <= charge.day <= period.last_day:
        return OTHER_PERIOD
    if covered is None or (by_day and not covered.has_day(charge.day.day)):
        return OUTSIDE
    if covered.labels is None or (by_day and not covered.counts_on(charge.day.day)):
        return NOT_COUNTED
    return PLACED
