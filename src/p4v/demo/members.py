"""Member months of a block: who is there, what they cost by month, and that it comes to what the demo says."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from p4v.demo.blocks import CATEGORIES, MONTHS, Block, PersonYears, Window
from p4v.demo.draws import Draws, Ints, Mask

TENTHS = 10
"""Member months are counted in tenths."""
GENERAL, TRANSPLANT, OTHER_PROGRAMME = 0, 1, 2
COHORTS = ("general", "transplant", "other_programme")
TIERS = ("low", "medium", "high")
_LEAVE_IN_A_YEAR, _LEAVE_BETWEEN = 8, 5
"""Percent of the members who are followed by another, during a window and between two."""
_OUTPATIENT, _INPATIENT, _PHARMACY, _OTHER = (
    CATEGORIES.index(name) for name in ("outpatient", "inpatient", "pharmacy", "other")
)
_HUNDRED = 100
_ROUNDS = 8
_LARGE_STEP = 500
"""Amounts of members of high cost are whole multiples of 5 dollars, so that a share of their excess is whole cents."""
_SCORE_STEP = 250
"""Risk scores are multiples of 0.0250, in ten-thousandths, so that a growth in thousandths stays exact."""
_TRANSPLANT_CENTS = 3_000_000
_ODD_CENTS = 5_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of member months; `person` counts from 0 within the block, `cents` has a column to each category."""

    person: Ints
    month: Ints
    tenths: Ints
    cents: Ints
    risk: Ints
    tier: Ints
    cohort: Ints

    def __len__(self) -> int:
        return len(self.person)

    def taken(self, which: Ints | Mask) -> "Rows":
        """Some of the rows, by their places or by a mask."""
        return Rows(*(getattr(self, name)[which] for name in self.__slots__))


def joined(parts: list[Rows]) -> Rows:
    """Rows after rows."""
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__slots__))


@dataclass(frozen=True, slots=True)
class Made:
    """What a block gave: its rows, persons, and who died when (person, month)."""

    rows: Rows
    persons: int
    deaths: tuple[tuple[int, int], ...]
    counted: tuple[int, ...]
    """Cents that the contract counts, window by window."""


def make(block: Block, sample: PersonYears, before: tuple[int, ...] = ()) -> Made:
    """The rows of a block. `before` are the cents that the group's earlier blocks count, window by window."""
    panel = _Panel(block, sample)
    parts: list[Rows] = []
    counted: list[int] = []
    for place, window in enumerate(block.windows):
        if window.of_group:
            assert window.cents is not None
            window = replace(window, cents=window.cents - before[place])
        rows = settled_at(block, window, panel.window(window))
        counted.append(counted_cents(block, window, rows))
        parts.append(rows)
        parts += panel.oddities(window, rows, is_last=place == len(block.windows) - 1)
    return Made(joined(parts), panel.persons, tuple(panel.deaths), tuple(counted))


class _Panel:
    """The members of a block over its windows."""

    def __init__(self, block: Block, sample: PersonYears) -> None:
        self.block, self.sample = block, sample
        self.draws = Draws(f"{block.group} {block.product} {block.funding}")
        self.size = block.members
        self.who = np.arange(self.size)
        self.persons = self.size
        self.rank = self.draws.shuffled(self.size)
        self.deaths: list[tuple[int, int]] = []
        # by the cost of the first year: 60% low, 30% medium, 10% high; scores rise with it, and faster at the top
        tenth = self.rank * TENTHS
        self.tier = (tenth >= 6 * self.size).astype(np.int64) + (tenth >= 9 * self.size)
        steep = np.maximum(tenth - 9 * self.size, 0) * 60 // self.size
        self.score = (20 + self.rank * 30 // self.size + steep) * _SCORE_STEP
        self.transplanted = self._join(block.oddities.get("transplants", 0))
        self.first = True
        self.left = np.empty(0, dtype=np.int64)
        self.left_in = np.empty(0, dtype=np.int64)

    def window(self, window: Window) -> Rows:
        """The members and their months, before their cost is brought to the cent."""
        if not self.first:
            self._between()
        self.first = False
        annual = self._annual(window)
        change = self._changes(annual)
        place = np.arange(MONTHS)
        after = place[None, :] >= change[:, None]
        old = self.who
        new = old.copy()
        moved = change < MONTHS
        new[moved] = self._join(int(moved.sum()))
        self.left, self.left_in = old[moved], window.first + change[moved] - 1
        person = np.where(after, new[:, None], old[:, None])
        self.who = new
        monthly = _by_month(annual, self.draws)
        rows = Rows(
            person.ravel(),
            np.tile(window.first + place, self.size),
            np.full(self.size * MONTHS, TENTHS),
            monthly.reshape(-1, len(CATEGORIES)),
            np.repeat(self.score * window.risk // 1000, MONTHS),
            np.repeat(self.tier, MONTHS),
            np.full(self.size * MONTHS, GENERAL),
        )
        return self._halved(rows, old, change) if self.block.half_months else rows

    def _join(self, number: int) -> Ints:
        """New persons."""
        found = np.arange(self.persons, self.persons + number)
        self.persons += number
        return found

    def _between(self) -> None:
        """Some leave between two windows, and who costs much now more often did so before."""
        leaving = self.draws.below(_HUNDRED, self.size) < _LEAVE_BETWEEN
        self.who[leaving] = self._join(int(leaving.sum()))
        key = self.rank + self.draws.below(2 * self.size, self.size)
        self.rank = np.empty_like(self.rank)
        self.rank[np.argsort(key, kind="stable")] = np.arange(self.size)

    def _annual(self, window: Window) -> Ints:
        """Cents of a year by category: members spread evenly over the person-years, at the level that is wanted."""
        place = (2 * self.rank + 1) * self.sample.persons // (2 * self.size)
        raw = self.sample.cents[np.searchsorted(self.sample.upto, place, side="right")]
        raw = raw * self.draws.below(11, raw.shape) + raw * 95  # 95% to 105% of it
        wanted = window.cents if window.cents is not None else window.cents_pmpm * self.size * MONTHS
        level = wanted // self.size
        amounts = raw
        for _ in range(_ROUNDS):
            amounts = raw * level // (_HUNDRED * self.sample.total // self.sample.persons)
            level = level * wanted // max(1, self._counted(amounts))
        if self.block.large.form == "capped":
            amounts = _capped(amounts, self.block.large.point)
        return amounts if self.block.large.form != "pool" else self._stepped(amounts)

    def _counted(self, annual: Ints) -> int:
        """About what the contract counts of annual amounts."""
        total = annual.sum(axis=1) * self.block.factor // _HUNDRED
        large = self.block.large
        if large.form == "exclude":
            return int(total[total < large.point].sum())
        if large.form == "none":
            return int(total.sum())
        excess = np.maximum(total - large.point, 0)
        pooled = excess * large.share // _HUNDRED if large.form == "pool" else excess
        return int((total - pooled).sum())

    def _stepped(self, annual: Ints) -> Ints:
        large = self._large(annual)
        annual[large] -= annual[large] % _LARGE_STEP
        return annual

    def _large(self, annual: Ints) -> Mask:
        total: Ints = annual.sum(axis=1)
        return total * 2 >= self.block.large.point

    def _changes(self, annual: Ints) -> Ints:
        """The month, from 1 to 11, in which another member follows; 12 for those who stay."""
        leaves = self.draws.below(_HUNDRED, self.size) < _LEAVE_IN_A_YEAR
        month = 1 + self.draws.below(MONTHS - 1, self.size)
        if self.block.large.form in ("pool", "exclude"):
            leaves &= ~self._large(annual)
        return np.where(leaves, month, MONTHS)

    def _halved(self, rows: Rows, old: Ints, change: Ints) -> Rows:
        """Who leaves or joins in the middle of a month counts half of it: two rows in place of one."""
        moved = np.flatnonzero(change < MONTHS)
        at = moved * MONTHS + change[moved]
        rows.tenths[at] = TENTHS // 2
        leaving = rows.taken(at)
        leaving = replace(leaving, person=old[moved], cents=np.zeros_like(leaving.cents))
        return joined([rows, leaving])

    def oddities(self, window: Window, rows: Rows, is_last: bool) -> Iterator[Rows]:
        """Rows that the contract's exclusions take out again."""
        wanted = self.block.oddities
        if len(self.transplanted):
            months = np.tile(window.first + np.arange(MONTHS), len(self.transplanted))
            yield self._odd(np.repeat(self.transplanted, MONTHS), months, TRANSPLANT, _TRANSPLANT_CENTS)
        if not is_last:
            return
        late = wanted.get("after_death", 0)
        if late:
            here = np.flatnonzero(self.left_in < window.first + MONTHS - 1)[:late]
            self.deaths += [
                (int(who), int(when)) for who, when in zip(self.left[here], self.left_in[here], strict=True)
            ]
            yield self._odd(self.left[here], self.left_in[here] + 1, GENERAL, _ODD_CENTS)
        twice = wanted.get("twice", 0)
        if twice:
            step = len(rows) // twice
            yield rows.taken(np.arange(twice) * (step + 1))
        others = wanted.get("other_programme", 0)
        if others:
            yield self._odd(self._join(others), np.full(others, window.first), OTHER_PROGRAMME, _ODD_CENTS)

    def _odd(self, person: Ints, month: Ints, cohort: int, cents: int) -> Rows:
        size = len(person)
        amounts = np.zeros((size, len(CATEGORIES)), dtype=np.int64)
        amounts[:, _INPATIENT] = cents
        full, low = np.full(size, TENTHS), np.zeros(size, dtype=np.int64)
        return Rows(person, month, full, amounts, np.full(size, 40 * _SCORE_STEP), low, np.full(size, cohort))


def _capped(annual: Ints, point: int) -> Ints:
    total = annual.sum(axis=1)
    return np.where((total > point)[:, None], annual * point // np.maximum(total, 1)[:, None], annual)


def _by_month(annual: Ints, draws: Draws) -> Ints:
    """Cents by member, month and category: a stay in one month, drugs in all, visits here and there."""
    size = len(annual)
    each = np.arange(size)
    monthly = np.zeros((size, MONTHS, len(CATEGORIES)), dtype=np.int64)
    for category in (_INPATIENT, _OTHER):
        monthly[each, draws.below(MONTHS, size), category] = annual[:, category]
    weights = draws.below(4, (size, MONTHS))
    visit = draws.below(MONTHS, size)
    weights[each, visit] += 1
    for category, share in ((_OUTPATIENT, weights), (_PHARMACY, np.ones_like(weights))):
        parts = annual[:, category, None] * share // share.sum(axis=1)[:, None]
        parts[each, visit] += annual[:, category] - parts.sum(axis=1)
        monthly[:, :, category] = parts
    return monthly


# What the contract counts, and bringing it to the cent


def _by_person(rows: Rows, values: Ints) -> Ints:
    found = np.zeros(int(rows.person.max()) + 1, dtype=np.int64)
    np.add.at(found, rows.person, values)
    return found


def counted_cents(block: Block, window: Window, rows: Rows) -> int:
    """What the contract counts of the rows of a window, worked out here and not by p4v's roll-up.

    A figure that is no whole number of cents is a fault of the demo's own numbers.
    """
    amounts = rows.cents.sum(axis=1)
    total = _by_person(rows, amounts) * block.factor
    scale = _HUNDRED * _HUNDRED
    large = block.large
    point = _points(block, rows) * _HUNDRED
    whole = int(total.sum()) * _HUNDRED
    if large.form == "exclude":
        whole = int(total[total < point].sum()) * _HUNDRED
    elif large.form in ("truncate", "prorated", "pool"):
        share = large.share if large.form == "pool" else _HUNDRED
        whole -= int(np.maximum(total - point, 0).sum()) * share
    assert whole % scale == 0, f"{block.group} counts no whole number of cents"
    return whole // scale + sum(_outstanding(window, rows))


def _points(block: Block, rows: Rows) -> Ints:
    """Each person's point of large claims, in cents."""
    tenths = _by_person(rows, rows.tenths)
    if block.large.form == "prorated":
        return block.large.point // (MONTHS * TENTHS) * tenths
    return np.full(len(tenths), block.large.point)


def _outstanding(window: Window, rows: Rows) -> Iterator[int]:
    """What completion adds, month by month."""
    for place, percent in enumerate(window.complete):
        if percent < _HUNDRED:
            paid = int(rows.cents[rows.month == window.first + place].sum())
            assert paid % percent == 0, "a month that its factor does not divide"
            yield paid // percent * (_HUNDRED - percent)


def months_counted(block: Block, rows: Rows) -> int:
    """Member months, in tenths, that are left once members of very high cost are excluded."""
    total = _by_person(rows, rows.cents.sum(axis=1))
    return int(_by_person(rows, rows.tenths)[total < block.large.point].sum())


def settled_at(block: Block, window: Window, rows: Rows) -> Rows:
    """The rows with their cost brought to the cent: a little more or less for visits of members who cost little."""
    cents = rows.cents
    usual = np.full(int(rows.person.max()) + 1, block.large.form == "none")
    usual |= _by_person(rows, cents.sum(axis=1)) * 4 < _points(block, rows)
    complete = np.array(window.complete)[rows.month - window.first] == _HUNDRED
    movable = usual[rows.person] & (cents[:, _OUTPATIENT] > 0)
    for place, percent in enumerate(window.complete):
        here = rows.month == window.first + place
        if percent < _HUNDRED:
            # so that what is outstanding is whole cents
            first = np.flatnonzero(here & movable)[0]
            cents[first, _OUTPATIENT] += -int(cents[here].sum()) % percent
    if block.factor != _HUNDRED:
        # so that what the factor makes of it is whole cents
        first = np.flatnonzero(movable)[0]
        cents[first, _OUTPATIENT] += -int(cents.sum()) % (_HUNDRED * _HUNDRED)
    if window.about:
        return rows
    wanted = window.cents
    if wanted is None:
        wanted = window.cents_pmpm * months_counted(block, rows) // TENTHS
    _move(cents[:, _OUTPATIENT], movable & complete, wanted - counted_cents(block, window, rows))
    if window.mix:
        _mix(cents, usual[rows.person], window.mix)
    return rows


def _mix(cents: Ints, usual: Mask, mix: tuple[int, ...]) -> None:
    """Calls some dollars another category's, within a row, until the categories times `mix` come to nothing."""
    assert (mix[_INPATIENT], mix[_OUTPATIENT], mix[_OTHER]) == (-1, 1, 0)
    off = int((cents.sum(axis=0) * np.array(mix)).sum())
    source, target = (_OUTPATIENT, _INPATIENT) if off > 0 else (_INPATIENT, _OUTPATIENT)
    if off % 2:
        # one cent from the category that counts nothing changes it by one
        row = np.flatnonzero(usual & (cents[:, _OTHER] > 0))[0]
        cents[row, _OTHER] -= 1
        cents[row, target] += 1
        off -= 1 if off > 0 else -1
    before = cents[:, source].copy()
    _move(cents[:, source], usual & (cents[:, source] > 0), -abs(off) // 2)
    cents[:, target] += before - cents[:, source]


def _move(cents: Ints, where: Mask, by: int) -> None:
    """Adds an amount, in proportion to what is there; what is left over, a cent to each of the first."""
    chosen = np.flatnonzero(where)
    there = cents[chosen]
    total = int(there.sum())
    assert abs(by) * 8 < total, "the demo's costs are far from what they should be"
    more = there * by // total
    rest = by - int(more.sum())
    more[:rest] += 1
    cents[chosen] = there + more
