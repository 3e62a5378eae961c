"""Claim lines as charges, each once: header amounts repeated on lines, lines given twice, a float's noise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter

from p4v.claims.map import Category, Claims, MapDocument
from p4v.claims.reading import MONEY_ALLOWED, Faults, Source, money_finding, money_of, read_date, read_id

LINES, REPEATED, DUPLICATES, CLAIMS = "lines", "repeated_header_amounts", "duplicates_dropped", "claims"
PLACED, OUTSIDE = "placed", "outside_every_span"
NOT_COUNTED, OTHER_PERIOD = "month_not_counted", "outside_the_period"
ENTRIES = (LINES, REPEATED, DUPLICATES, CLAIMS, PLACED, OUTSIDE, NOT_COUNTED, OTHER_PERIOD)
_KINDS = 65536
"""Combinations of cells whose category is remembered."""
Cents = tuple[int, ...]
"""An amount of each measure that the map names, in cents."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What one claim, or one of its lines, costs."""

    line: int
    member: str
    day: date
    category: int
    cents: Cents


@dataclass(slots=True)
class Tally:
    """How many amounts, and what they come to."""

    amounts: int
    cents: list[int]

    def add(self, cents: Sequence[int]) -> None:
        self.amounts += 1
        for place, amount in enumerate(cents):
            self.cents[place] += amount


@dataclass(slots=True)
class Control:
    """What became of the amounts of one file."""

    source: Source
    measures: tuple[str, ...]
    tallies: dict[str, Tally] = field(default_factory=dict)
    noisy: int = 0
    """Amounts with a float's noise."""
    moved: Fraction = Fraction(0)
    """What taking them to the cent moved, without signs, in dollars."""
    empty: int = 0
    """Empty amounts that the map takes as zero."""
    alike: Tally = field(init=False)
    """Claims of several lines with one amount on each, which the map says are amounts of lines; dollars of the lines
    after the first."""

    def __post_init__(self) -> None:
        nothing = [0] * len(self.measures)
        self.tallies = {entry: Tally(0, list(nothing)) for entry in ENTRIES}
        self.alike = Tally(0, list(nothing))

    def add(self, entry: str, cents: Sequence[int]) -> None:
        self.tallies[entry].add(cents)

    def ties(self) -> bool:
        """Whether nothing was lost: all lines are repeated, dropped or claims, and all claims have a place."""
        parts = ((LINES, (REPEATED, DUPLICATES, CLAIMS)), (CLAIMS, (PLACED, OUTSIDE, NOT_COUNTED, OTHER_PERIOD)))
        return all(self._whole(whole) == self._sum(entries) for whole, entries in parts)

    def _whole(self, entry: str) -> list[int]:
        return [self.tallies[entry].amounts, *self.tallies[entry].cents]

    def _sum(self, entries: Sequence[str]) -> list[int]:
        return [sum(column) for column in zip(*(self._whole(entry) for entry in entries), strict=True)]


@dataclass(slots=True)
class _Claim:
    """What the lines of one claim say so far."""

    charge: Charge
    second: int = 0
    """The line of its second line."""
    lines: int = 1
    alike: bool = True
    """Whether all its lines have the same amount."""


def charges_of(source: Source, table: Claims, document: MapDocument, control: Control) -> list[Charge]:
    """Every charge of a file, once. Raises `Refusal` with every line that the map does not take."""
    return _Reading(source, table, document, control).charges()


class _Reading:
    """One pass over a file of claim lines."""

    def __init__(self, source: Source, table: Claims, document: MapDocument, control: Control) -> None:
        self.source = source
        self.table = table
        self.control = control
        self.noise_taken = document.float_noise == "to_cent"
        self.faults = Faults()
        self.places = {name: source.place(name) - 1 for name in source.columns}
        self.categories = [
            (place, category) for place, category in enumerate(document.categories) if category.claims == source.role
        ]
        headers = {header for _, category in self.categories for header in category.where}
        self.where = {header: source.headers.index(header) for header in sorted(headers)}
        self.kind_of = lru_cache(maxsize=_KINDS)(self._kind)
        self.read = itemgetter(*sorted({*self.places.values(), *self.where.values()}))
        self.lines: dict[tuple[str, str], tuple[int, int]] = {}
        self.headers: dict[str, _Claim] = {}
        self.by_line: dict[str, _Claim] = {}
        self.silent: set[str] = set()

    def charges(self) -> list[Charge]:
        found = list(self._all())
        self._refuse_silent()
        self.faults.refuse()
        return found

    def _all(self) -> Iterator[Charge]:
        for line, cells in self.source.lines():
            cents = self._cents(line, cells)
            if cents is None:
                continue
            self.control.add(LINES, cents)
            if self._given_twice(line, cells, cents):
                continue
            charge = self._charge(line, cells, cents)
            if charge is None:
                continue
            stated = self._stated(line, cells)
            claim = cells[self.places["claim_id"]]
            if stated == "header":
                if not self._first_of_claim(claim, charge):
                    continue
            else:
                self._note(claim, charge, silent=stated is None)
            self.control.add(CLAIMS, cents)
            yield charge

    def _cents(self, line: int, cells: Sequence[str]) -> Cents | None:
        """The amounts of a line, one for each measure; nothing if one of them is none."""
        found = [self._amount(line, name, cells) for name in self.control.measures]
        whole = tuple(cents for cents in found if cents is not None)
        return whole if len(whole) == len(found) else None

    def _amount(self, line: int, name: str, cells: Sequence[str]) -> int | None:
        text = cells[self.places[name]]
        if not text and self.table.empty == "zero":
            self.control.empty += 1
            return 0
        money = money_of(text)
        if money is None:
            self.faults.add(money_finding(self.source, line, name, text))
            return None
        if money.noise:
            self.control.noisy += 1
            self.control.moved += abs(money.noise)
            if not self.noise_taken:
                remedy = "take them to the cent with --float-noise to_cent, or `float_noise: to_cent` in the map"
                found = f"{len(text.partition('.')[2])} decimals, the noise of a float"
                self.faults.add(self.source.finding("P4V-D064", line, name, found, MONEY_ALLOWED, remedy))
        return money.cents

    def _given_twice(self, line: int, cells: Sequence[str], cents: Cents) -> bool:
        """Whether a line was there before; with other content it is refused whatever the map says."""
        key = (cells[self.places["claim_id"]], cells[self.places["line"]])
        content = hash(self.read(cells))
        first, known = self.lines.setdefault(key, (line, content))
        if first == line:
            return False
        if known != content:
            found = f"the claim line of line {first} again, with other content"
            remedy = "keep the version that holds; reversals need a line number of their own"
            self.faults.add(self.source.finding("P4V-D030", line, "line", found, "each claim line once", remedy))
        elif self.table.duplicates == "refuse":
            found = f"the claim line of line {first} again"
            remedy = "take it away, or say `duplicates: drop` in the map"
            self.faults.add(self.source.finding("P4V-D030", line, "line", found, "each claim line once", remedy))
        self.control.add(DUPLICATES, cents)
        return True

    def _charge(self, line: int, cells: Sequence[str], cents: Cents) -> Charge | None:
        member = read_id(self.source, line, "member_id", cells[self.places["member_id"]], self.faults)
        day = read_date(self.source, line, "date", cells[self.places["date"]], self.faults)
        category = self._category(line, cells)
        if member is None or day is None or category is None:
            return None
        return Charge(line, member, day, category, cents)

    def _category(self, line: int, cells: Sequence[str]) -> int | None:
        place = self.kind_of(tuple(cells[column] for column in self.where.values()))
        if place is None:
            remedy = "end the map's categories with one that has no `where`"
            found, allowed = "a claim that fits no category of the map", "a claim of one of the categories"
            self.faults.add(self.source.finding("P4V-D036", line, "claim_id", found, allowed, remedy))
        return place

    def _kind(self, cells: tuple[str, ...]) -> int | None:
        """The first category that fits the cells of the columns that tell categories apart."""
        by_header = dict(zip(self.where, cells, strict=True))
        return next((place for place, category in self.categories if _fits(category, by_header)), None)

    def _stated(self, line: int, cells: Sequence[str]) -> str | None:
        """What the map says of the amounts of this line's claim type."""
        claim_type = cells[self.places["claim_type"]] if "claim_type" in self.places else ""
        try:
            return self.table.stated(claim_type)
        except KeyError:
            found, allowed = "a claim type that `amount_on` does not name", "one of those of the map"
            self.faults.add(self.source.finding("P4V-D036", line, "claim_type", found, allowed))
            return "line"

    def _first_of_claim(self, claim_id: str, charge: Charge) -> bool:
        """Whether this is a claim's first line; later ones must say the same and count as repeated."""
        claim = self.headers.setdefault(claim_id, _Claim(charge))
        first = claim.charge
        if first is charge:
            return True
        self.control.add(REPEATED, charge.cents)
        for name, same in (
            (self.control.measures[0], first.cents == charge.cents),
            ("member_id", first.member == charge.member),
            ("date", first.day == charge.day),
            ("claim_id", first.category == charge.category),
        ):
            if not same:
                what = "category" if name == "claim_id" else "amount" if name in self.control.measures else name
                remedy = "if amounts are the lines' own, say `amount_on: line` for this claim type"
                found = f"another {what} than the claim has on line {first.line}"
                allowed = "lines of one claim that agree, as `amount_on: header` says"
                self.faults.add(self.source.finding("P4V-D061", charge.line, name, found, allowed, remedy))
        return False

    def _note(self, claim_id: str, charge: Charge, silent: bool) -> None:
        """Remembers whether the lines of a claim all have one amount."""
        claim = self.by_line.setdefault(claim_id, _Claim(charge))
        if silent:
            self.silent.add(claim_id)
        if claim.charge is not charge:
            claim.lines += 1
            claim.second = claim.second or charge.line
            claim.alike &= claim.charge.cents == charge.cents

    def _refuse_silent(self) -> None:
        """Repeated amounts of which the map says nothing are refused; others that it calls the lines' are counted."""
        repeated = [
            (claim_id, claim)
            for claim_id, claim in self.by_line.items()
            if claim.lines > 1 and claim.alike and any(claim.charge.cents)
        ]
        unsaid = [claim for claim_id, claim in repeated if claim_id in self.silent]
        for claim_id, claim in repeated:
            if claim_id not in self.silent:
                self.control.alike.add([cents * (claim.lines - 1) for cents in claim.charge.cents])
        if unsaid:
            first = min(unsaid, key=lambda claim: claim.charge.line)
            many = f"{len(unsaid)} claims" if len(unsaid) > 1 else "a claim"
            found = f"one amount on all lines of {many}, first on lines {first.charge.line} and {first.second}"
            remedy = "ask the source, and say `amount_on: header` (each claim once) or `amount_on: line` (all lines)"
            allowed = "amounts of which the map says whose they are"
            self.faults.add(
                self.source.finding("P4V-D060", first.charge.line, self.control.measures[0], found, allowed, remedy)
            )


def _fits(category: Category, cells: Mapping[str, str]) -> bool:
    return all(
        any(cells[header].startswith(value[:-1]) if value.endswith("*") else cells[header] == value for value in values)
        for header, values in category.where.items()
    )
