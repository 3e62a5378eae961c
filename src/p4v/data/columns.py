"""The columns that a table may have: canonical names, what kind each is, and how a table's own headers become them.

Every header is bound or ignored by name; one that is neither is a finding, because a column that is passed over may be
dollars that nobody counts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from p4v.data.headers import header_fault, shown_names, unasked
from p4v.data.spec import Role, TableSpec
from p4v.errors import Finding, did_you_mean

Kind = Literal["id", "month", "year", "word", "text", "months", "day", "risk", "money"]
"""`word` is a text that may not be empty, `text` one that may."""
COSTS = ("allowed", "paid")
CENTS = "_cents"
_CATEGORY = re.compile(r"(allowed|paid)\.[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_OTHER = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_KINDS: Mapping[str, Kind] = {
    "group_id": "id",
    "member_id": "id",
    "month": "month",
    "year": "year",
    "purpose": "word",
    "product": "word",
    "funding": "word",
    "cohort": "text",
    "area": "text",
    "tier": "text",
    "member_months": "months",
    "first_day": "day",
    "last_day": "day",
    "risk_score": "risk",
    "revenue": "money",
    "allowed": "money",
    "paid": "money",
}
_DEATHS: Mapping[str, Kind] = {"member_id": "id", "death_month": "month"}
_OTHER_NAMES = {"year_month": "month"}


@dataclass(frozen=True, slots=True)
class ReadyMap:
    """What the headers of a table that many people have are called here, and which of them are left aside."""

    columns: Mapping[str, str]
    """Their header to the canonical name. Where several stand for one name, the first that the table has."""
    ignore: re.Pattern[str] = field(default_factory=lambda: re.compile("(?!)"))


_TUVA_CATEGORIES = {
    "inpatient": "inpatient",
    "outpatient": "outpatient",
    "office_based": "office",
    "office_visit": "office",
    "ancillary": "ancillary",
    "other": "other",
    "pharmacy": "pharmacy",
}
READY_MAPS: Mapping[str, ReadyMap] = MappingProxyType(
    {
        "tuva": ReadyMap(
            {
                "payer_attributed_provider_organization": "group_id",
                "custom_attributed_provider_organization": "group_id",
                "person_id": "member_id",
                "patient_id": "member_id",
                "year_month": "month",
                "plan": "product",
                **{f"{theirs}_allowed": f"allowed.{name}" for theirs, name in _TUVA_CATEGORIES.items()},
                **{f"{theirs}_paid": f"paid.{name}" for theirs, name in _TUVA_CATEGORIES.items()},
            },
            # The second level of service categories splits the first level's dollars; totals repeat them.
            re.compile(
                r"\w+_(allowed|paid)(_2)?|(payer|custom|tuva)_attributed_\w+|member_id|member_month_(key|id)|payer"
                r"|data_source|tuva_last_run",
                re.ASCII,
            ),
        )
    }
)
"""`tuva`: the Tuva Project's `member_months` joined with `pmpm_prep`, at the first level of service categories."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A column of a table: its canonical name and kind, its own header, and its number from 1 in the table."""

    name: str
    kind: Kind
    theirs: str
    place: int

    @property
    def in_cents(self) -> bool:
        """Whether the table's own header says that it holds whole cents."""
        return self.theirs.endswith(CENTS)


def kind_of(role: Role, name: str) -> Kind | None:
    """The kind of a canonical name, or nothing if it is none."""
    if role == "deaths":
        return _DEATHS.get(name)
    if name in _KINDS:
        return _KINDS[name]
    if _CATEGORY.fullmatch(name):
        return "money"
    return "text" if _OTHER.fullmatch(name) else None


def canonical_name(role: Role, header: str) -> str | None:
    """The canonical name of a header that nobody mapped: its own name, with `_` for `.` after allowed and paid."""
    if role == "deaths":
        return header if header in _DEATHS else None
    if header in _KINDS:
        return header
    if header in _OTHER_NAMES:
        return _OTHER_NAMES[header]
    bare = header.removesuffix(CENTS)
    if bare in (*COSTS, "revenue"):
        return bare
    for cost in COSTS:
        category = bare.removeprefix(f"{cost}_") if bare.startswith(f"{cost}_") else bare.removeprefix(f"{cost}.")
        if category != bare and _CATEGORY.fullmatch(f"{cost}.{category}"):
            return f"{cost}.{category}"
    return None


def bound_columns(spec: TableSpec, headers: Sequence[str], shown: str) -> tuple[list[Bound], list[Finding]]:
    """The columns of one file in the order of their canonical names, and what does not fit."""
    findings: list[Finding] = []
    # `allowed_inpatient` is what a header may be called; under `columns` it means the same.
    own = {canonical_name(spec.role, name) or name: theirs for name, theirs in spec.columns.items()}
    spec = replace(spec, columns=own)
    theirs, unknown = _names(spec, headers, shown, findings)
    fault = header_fault(headers, unknown, shown, 1, known=bool(theirs))
    if fault is not None:
        return [], [fault]
    findings += [_unasked(spec, headers, place, shown) for place in unknown]
    bound = []
    for place, header in enumerate(headers, start=1):
        name = theirs.get(header)
        kind = kind_of(spec.role, name) if name is not None else None
        if name is not None and kind is not None:
            bound.append(Bound(name, kind, header, place))
        elif name is not None:
            allowed = "a canonical column, such as group_id, month or allowed.inpatient"
            findings.append(Finding("P4V-D004", shown, "no canonical column", allowed, name, 1, place))
    findings += _missing(spec, {column.name for column in bound}, headers, shown)
    findings += _own_purpose(spec, bound, shown)
    return sorted(bound, key=lambda column: column.name), findings


def _own_purpose(spec: TableSpec, bound: Sequence[Bound], shown: str) -> Iterator[Finding]:
    """A column of purposes in a table whose rows all have one."""
    for column in bound if spec.purpose is not None else ():
        if column.name == "purpose":
            found, allowed = f"a column of purposes, and `purpose: {spec.purpose}` for all rows", "one of them"
            remedy = "name the column under `ignore`, or take `purpose` away"
            yield Finding("P4V-D002", shown, found, allowed, column.theirs, 1, column.place, help=remedy)


def _unasked(spec: TableSpec, headers: Sequence[str], place: int, shown: str) -> Finding:
    known = [*_DEATHS] if spec.role == "deaths" else [*_KINDS]
    remedy = did_you_mean(headers[place - 1], known) or "bind it under `columns`, or name it under `ignore`"
    return unasked(headers, place, shown, 1, remedy)


def _names(
    spec: TableSpec, headers: Sequence[str], shown: str, findings: list[Finding]
) -> tuple[dict[str, str], list[int]]:
    """Header to canonical name: as mapped, then as a ready map has it, then by the header's own name.

    And the places of headers that are none of these, nor ignored.
    """
    mapped = {theirs: name for name, theirs in spec.columns.items()}
    names = {header: mapped[header] for header in headers if header in mapped}
    taken = {*names.values(), *(name for name, theirs in spec.columns.items() if theirs not in headers)}
    ready = READY_MAPS.get(spec.map or "")
    for theirs, name in ready.columns.items() if ready else ():
        if theirs in headers and theirs not in names and name not in taken and theirs not in spec.ignore:
            names[theirs] = name
            taken.add(name)
    unknown = []
    for place, header in enumerate(headers, start=1):
        if header in names or header in spec.ignore or (ready and ready.ignore.fullmatch(header)):
            continue
        own = canonical_name(spec.role, header)
        if own is None:
            unknown.append(place)
        elif own in taken:
            found = "a second column of that meaning"
            findings.append(Finding("P4V-D002", shown, found, "one column of each meaning", header, 1, place))
        else:
            names[header] = own
            taken.add(own)
    return names, unknown


def _missing(spec: TableSpec, names: set[str], headers: Sequence[str], shown: str) -> Iterator[Finding]:
    for name, theirs in spec.columns.items():
        if theirs not in headers:
            remedy = did_you_mean(theirs, shown_names(headers))
            yield Finding("P4V-D004", shown, "no such column", f"the column of {name}", theirs, 1, help=remedy)
    unmapped = names | set(spec.columns)
    for name in _required(spec):
        if name == "month" and "year" in unmapped:
            continue
        if name not in unmapped:
            yield Finding("P4V-D004", shown, "no such column", _needed(name), name, 1)
    if spec.role == "member_months" and {"month", "year"} <= names:
        yield Finding("P4V-D004", shown, "`month` and `year`", "one of them", "year", 1)


def _needed(name: str) -> str:
    return "a column of that meaning, `month` or `year`" if name == "month" else "a column of that meaning"


def _required(spec: TableSpec) -> tuple[str, ...]:
    if spec.role == "deaths":
        return ("member_id", "death_month")
    days = ("first_day", "last_day") if spec.months == "covered_days" else ()
    return ("group_id", "member_id", "month", *days)
