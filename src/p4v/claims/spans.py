"""Eligibility spans as covered months: which months of a member count, for which group, and on which days."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise

from p4v.claims.map import MapDocument
from p4v.claims.reading import Faults, Source, read_date, read_id, read_label
from p4v.periods import Period

_LONGEST = 36525
"""Days of a span, without a period that cuts it: a hundred years."""
_FIFTEENTH = 15
_CUT = "name the months that are wanted with --period: spans are cut to them"
Labels = tuple[str, ...]
"""Group, and the attributes that are carried into the member months."""


@dataclass(frozen=True, slots=True)
class Span:
    """One row of the eligibility file."""

    line: int
    first: date
    last: date
    labels: Labels


@dataclass(frozen=True, slots=True)
class Days:
    """Days of one month, first and last, and the line of the span that they come from."""

    first: int
    last: int
    line: int


@dataclass(frozen=True, slots=True)
class Covered:
    """A member's month: the days by labels, the labels that count, and how much of the month."""

    days: Mapping[Labels, tuple[Days, ...]]
    labels: Labels | None
    """None where the month has covered days and does not count."""
    share: Fraction

    def counts_on(self, day: int) -> bool:
        """Whether a day is covered under the labels that count."""
        return self.labels is not None and any(days.first <= day <= days.last for days in self.days[self.labels])

    def has_day(self, day: int) -> bool:
        """Whether a day is covered at all."""
        return any(days.first <= day <= days.last for stretches in self.days.values() for days in stretches)


@dataclass(slots=True)
class Coverage:
    """All members with their months (year x 12 + month - 1), and what was done by rule."""

    months: dict[str, dict[int, Covered]] = field(default_factory=dict)
    folded: dict[str, str] = field(default_factory=dict)
    """Ids in small letters, to find those that differ in case alone."""
    merged: int = 0
    """Spans that share days with an earlier one and agree with it."""
    dropped: int = 0
    """Spans that end before they start."""
    cut: int = 0
    """Spans that reach beyond the period that was asked for."""


def coverage_of(source: Source, document: MapDocument, period: Period | None) -> Coverage:
    """The covered months of an eligibility file. Raises `Refusal` with every span that the map does not take."""
    faults = Faults()
    coverage = Coverage()
    members: dict[str, list[Span]] = {}
    for member, span in _spans(source, document, coverage, faults):
        reach = _cut_to(source, span, period, coverage, faults)
        members.setdefault(member, [])
        if reach is not None:
            members[member].append(reach)
    faults.refuse()
    for member, spans in members.items():
        spans.sort(key=lambda span: (span.first, span.last, span.line))
        before = len(faults.found)
        _check_overlaps(source, spans, document, coverage, faults)
        if len(faults.found) == before:
            coverage.months[member] = dict(_months(source, spans, document, faults))
    faults.refuse()
    return coverage


def _spans(source: Source, document: MapDocument, coverage: Coverage, faults: Faults) -> Iterator[tuple[str, Span]]:
    """Every span with its member, but those that end before they start."""
    places = {name: source.place(name) - 1 for name in source.columns}
    names = document.eligibility.attributes()
    constant = document.member_months.group_id.constant
    groups: dict[str, str] = {}
    for line, cells in source.lines():
        member = read_id(source, line, "member_id", cells[places["member_id"]], faults, coverage.folded)
        group = constant or read_id(source, line, "group_id", cells[places["group_id"]], faults, groups)
        first = read_date(source, line, "start", cells[places["start"]], faults)
        last = read_date(source, line, "end", cells[places["end"]], faults)
        others = [read_label(source, line, name, cells[places[name]], faults) for name in names]
        if member is None or group is None or first is None or last is None:
            continue
        if last < first:
            coverage.dropped += 1
            if document.eligibility.end_before_start == "refuse":
                remedy = "correct the span, or say `end_before_start: drop` in the map"
                found = "a day before the start of the span"
                faults.add(source.finding("P4V-D062", line, "end", found, "the start, or a later day", remedy))
            continue
        yield member, Span(line, first, last, (group, *others))


def _cut_to(source: Source, span: Span, period: Period | None, coverage: Coverage, faults: Faults) -> Span | None:
    """The part of a span within the period, if it has one."""
    if period is None:
        if (span.last - span.first).days > _LONGEST:
            found = "a span of more than a hundred years"
            faults.add(source.finding("P4V-D033", span.line, "end", found, "a day within a hundred years", _CUT))
        return span
    first, last = max(span.first, period.first_day), min(span.last, period.last_day)
    coverage.cut += (first, last) != (span.first, span.last)
    return Span(span.line, first, last, span.labels) if first <= last else None


def _check_overlaps(
    source: Source, spans: list[Span], document: MapDocument, coverage: Coverage, faults: Faults
) -> None:
    """Counts or refuses spans that share days with the span before that reaches farthest."""
    farthest: Span | None = None
    for span in spans:
        if farthest is not None and span.first <= farthest.last:
            agree = span.labels == farthest.labels
            coverage.merged += agree
            if not agree or document.eligibility.overlaps == "refuse":
                remedy = "correct the spans" + (", or say `overlaps: merge` in the map" if agree else "")
                found = f"days that the span on line {farthest.line} has too"
                found += "" if agree else ", with another group or attribute"
                faults.add(source.finding("P4V-D063", span.line, "start", found, "a day after that span", remedy))
        if farthest is None or span.last > farthest.last:
            farthest = span


def _months(
    source: Source, spans: Iterable[Span], document: MapDocument, faults: Faults
) -> Iterator[tuple[int, Covered]]:
    """Every month in which a member has covered days."""
    days: dict[int, dict[Labels, list[Days]]] = {}
    for span in spans:
        for month, part in _parts(span):
            days.setdefault(month, {}).setdefault(span.labels, []).append(part)
    for month, found in days.items():
        joined = {labels: _joined(parts) for labels, parts in found.items()}
        yield month, _covered(source, month, joined, document, faults)


def _parts(span: Span) -> Iterator[tuple[int, Days]]:
    first, last = span.first.year * 12 + span.first.month - 1, span.last.year * 12 + span.last.month - 1
    for month in range(first, last + 1):
        start = span.first.day if month == first else 1
        end = span.last.day if month == last else month_length(month)
        yield month, Days(start, end, span.line)


def month_length(month: int) -> int:
    """Days of a month, counted from year 0."""
    return monthrange(month // 12, month % 12 + 1)[1]


def _joined(parts: list[Days]) -> tuple[Days, ...]:
    """Days that touch or overlap as one stretch. Parts come by their first day."""
    stretches = [parts[0]]
    for part in parts[1:]:
        before = stretches[-1]
        if part.first <= before.last + 1:
            stretches[-1] = Days(before.first, max(before.last, part.last), before.line)
        else:
            stretches.append(part)
    return tuple(stretches)


def _covered(
    source: Source, month: int, days: dict[Labels, tuple[Days, ...]], document: MapDocument, faults: Faults
) -> Covered:
    """A month with what counts of it: one group, and the part of the month."""
    rule = document.member_months.counting
    shares = {labels: _share(rule, stretches, month_length(month)) for labels, stretches in days.items()}
    counted = [labels for labels, share in shares.items() if share]
    if len(counted) > 1:
        line = max(days[labels][0].line for labels in counted)
        remedy = "count by first_of_month, fifteenth_of_month or full_month, which give a month to one group at most"
        found = "a month that another span gives to another group or attribute"
        faults.add(source.finding("P4V-D063", line, "start", found, "one group and attribute in a month", remedy))
    if rule == "covered_days":
        for earlier, later in pairwise(days[counted[0]]):
            remedy = "count by another rule than covered_days"
            found = f"a second stretch of days in one month, after the span on line {earlier.line}"
            faults.add(source.finding("P4V-D063", later.line, "start", found, "one stretch of days", remedy))
    chosen = counted[0] if counted else None
    return Covered(days, chosen, shares[chosen] if chosen is not None else Fraction(0))


def _share(rule: str, stretches: tuple[Days, ...], length: int) -> Fraction:
    """How much of a month its covered days count for."""
    covered = sum(days.last - days.first + 1 for days in stretches)
    match rule:
        case "first_of_month":
            return Fraction(any(days.first == 1 for days in stretches))
        case "fifteenth_of_month":
            return Fraction(any(days.first <= _FIFTEENTH <= days.last for days in stretches))
        case "full_month":
            return Fraction(covered == length)
        case "pro_rata_days":
            return Fraction(covered, length)
    return Fraction(1)
