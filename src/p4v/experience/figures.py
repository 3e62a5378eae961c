"""The figures of one group from what was rolled up: each name that the contract's lines ask for, exactly."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p4v.contract.blocks.benchmark import BaselinePeriod, Benchmark, Market, Risk
from p4v.contract.blocks.cost import Expenditure, LargeClaims
from p4v.contract.blocks.members import MemberMonths
from p4v.experience.plan import CENTS, FEE, MARKET, MARKET_BASE, PERFORMANCE, REGION, Plan, Served, baseline_window
from p4v.experience.rollup import RejectedRows
from p4v.experience.rules import STANDING, USED, DataRules, Experience
from p4v.figures import Figure
from p4v.kernels.checked import Exact, Ints, total, weighted
from p4v.kernels.large_claims import Excluded, excess, excluded
from p4v.periods import Period

TABLE, REFERENCE = "member_months", "reference"
RISK_SCALE = 10**4
_YEAR = 12
_MONTH_TEXT = 7
_FEW = 8
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truncated:
    """How many of the members of a period were above the point: worth a word where it is many."""

    members: int
    of: int


@dataclass(slots=True)
class GroupReader:
    """Reads the figures of one group. `points` are percentile points by reference, in dollars."""

    plan: Plan
    group: str
    experience: Mapping[DataRules, Experience]
    contracted: frozenset[str]
    point_of_reference: Callable[[LargeClaims], Fraction]
    rejected: Sequence[RejectedRows] = ()
    truncated: Truncated | None = None
    _rows: dict[str, "Selection"] = field(default_factory=dict)
    """The cells of each window, once looked for: every figure begins with them."""

    def figures(self) -> dict[str, Figure]:
        """Every figure that is asked for and that rows give, by its name."""
        found: dict[str, Figure] = {}
        for name, wanted in self.plan.asked.items():
            stem, _, key = name.partition(".")
            read = _STEMS.get(stem)
            if read is None or key == "*":
                continue
            value, column = read(self, key)
            if value is not None:
                table = REFERENCE if stem == "truncation_point" else TABLE
                found[name] = Figure(value, wanted.unit, wanted.clause, {"table": table, "column": column})
        return found

    def has(self, window: str) -> bool:
        return window in self.plan.windows

    def rows(self, window: str) -> "Selection":
        """The cells of the group in a window; of a pool those of all its groups."""
        if window not in self._rows:
            self._rows[window] = self._rows_of(window)
        return self._rows[window]

    def _rows_of(self, window: str) -> "Selection":
        served = self.plan.windows[window]
        experience = self.experience[served.rules]
        of_all = [_place(experience.groups, group) for group in self.plan.groups]
        mine = among(experience.cells.group, of_all) & (experience.cells.window == served.window)
        if window == FEE:
            months = [_month_number(month) for month in self.plan.terms.fee_period.months()]
            mine &= among(experience.cells.month, months)
        return Selection(experience, served, mine)

    def market(self, window: str, exclude: str) -> "Selection":
        """The cells of a market, without those whom the contract takes out of it."""
        served = self.plan.windows[window]
        experience = self.experience[served.rules]
        stays = ~among(experience.cells.group, self._out_of_market(experience, exclude))
        return Selection(experience, served, stays & (experience.cells.window == served.window))

    def _out_of_market(self, experience: Experience, exclude: str) -> list[int]:
        """The groups whose members are no part of a market."""
        out = {"group": frozenset({self.group}), "all_contracted": self.contracted | {self.group}}.get(
            exclude, frozenset()
        )
        return [place for place, name in enumerate(experience.groups) if name in out]

    def of_part(self, key: str) -> "Selection":
        """The cells of a part of the population: a product, or another group of the pool."""
        if self.by_product():
            return self.rows(PERFORMANCE).of_cell(key)
        return self.of_group(PERFORMANCE, key)

    def by_product(self) -> bool:
        """Whether the parts of the population are products, and not groups. Raises `Refusal` where nothing says so."""
        against = self.plan.terms.need("benchmark", Benchmark)
        if against.parts is None:
            raise self.plan.terms.lacks("benchmark", "parts", "the parts are settled from member months")
        return against.parts == "products"

    def parted(self, key: str, known: Callable[[str], bool]) -> tuple[str, str | None]:
        """Item and part of `<item>-<part>`, `<part>` or, where the contract has no parts, `<item>`."""
        against = self.plan.terms.block("benchmark", Benchmark)
        cells = [cell.id for cell in (against.cells or [])] if against is not None else []
        if key in cells:
            return "", key
        # Either id may have a dash in it, so that the place to part them is where both are known.
        parted = ((key.removesuffix(f"-{cell}"), cell) for cell in cells if key.endswith(f"-{cell}"))
        return next(((item, cell) for item, cell in parted if known(item)), (key, None))

    def of_group(self, window: str, group: str) -> "Selection":
        """The cells of a group of the pool."""
        served = self.plan.windows[window]
        experience = self.experience[served.rules]
        theirs = experience.cells.group == _place(experience.groups, group)
        return Selection(experience, served, theirs & (experience.cells.window == served.window))

    # Large claims

    def large_claims(self) -> LargeClaims:
        block = self.plan.terms.need("expenditure", Expenditure).large_claims
        assert block is not None
        for term in ("threshold", "across_moves"):
            if getattr(block, term) is None:
                raise self.plan.terms.lacks("expenditure", "large_claims", f"its `{term}`: members are read from rows")
        return block

    def point(self, window: str) -> Fraction:
        """The truncation point in dollars: a baseline year's own, or that of the performance period."""
        block = self.large_claims()
        year = self.year(window)
        if year is not None and year.point is not None:
            return year.point
        return block.point if block.point is not None else self.point_of_reference(block)

    def reference(self) -> str:
        """The id of the frozen amounts that the point is read off."""
        percentile = self.large_claims().percentile
        return percentile.reference if percentile is not None else ""

    def year(self, window: str) -> BaselinePeriod | None:
        against = self.plan.terms.block("benchmark", Benchmark)
        years = (against.baseline_periods or []) if against is not None else []
        return next((year for year in years if baseline_window(year.id) == window), None)

    def excess(self, window: str, part: str | None = None) -> Fraction:
        found = [
            excess(amount, months, whole, point, full, whole_months)
            for amount, months, whole, whole_months, point, full in self._of_years(window, part)
        ]
        self._note_truncated(window, sum(year.members for year in found), part)
        return sum((year.dollars for year in found), Fraction(0)) * self.plan.windows[window].unit

    def excess_of_market(self, window: str, market: Market, cell: str | None) -> Fraction:
        """Dollars above the point of a market's members, of all or of one of its cells: a member who has dollars in two
        cells has the point in each.
        """
        served = self.plan.windows[window]
        experience = self.experience[served.rules]
        years, cells = experience.member_years, len(served.weights)
        place = 0 if cell is None else _place([part.cells[0] for part in served.rules.parts[:cells]], cell)
        mine = ~among(years.group, self._out_of_market(experience, market.exclude)) & (years.window == served.window)
        point, full = self._point_of_market(window) / served.unit, self._full_months(experience)
        found = Fraction(0)
        for year in range(experience.rules.years):
            part = year * cells + place
            amount, whole = years.amount[mine, part], years.whole[mine, part]
            months, whole_months = years.year_months[mine, year], years.whole_year_months[mine, year]
            found += excess(amount, months, whole, point, full, whole_months).dollars
        return found * served.unit

    def _point_of_market(self, window: str) -> Fraction:
        """The point of the performance period; in the base, that of a baseline year of the same months."""
        against = self.plan.terms.need("benchmark", Benchmark)
        base = against.market_trend.base if against.market_trend is not None and window == MARKET_BASE else None
        same = [year.id for year in against.baseline_periods or [] if year.period == base]
        return self.point(baseline_window(same[0]) if same else PERFORMANCE)

    def excluded(self, window: str, part: str | None = None) -> Excluded:
        if self.large_claims().months is None:
            raise self.plan.terms.lacks("expenditure", "large_claims", "its `months`: members are excluded from rows")
        found = [
            excluded(amount, months, point, full, whole, whole_months)
            for amount, months, whole, whole_months, point, full in self._of_years(window, part)
        ]
        members = sum(year.members for year in found)
        self._note_truncated(window, members, part)
        dollars = sum((year.dollars for year in found), Fraction(0)) * self.plan.windows[window].unit
        return Excluded(dollars, sum(year.months for year in found), members)

    def _of_years(
        self, window: str, part: str | None
    ) -> Iterator[tuple[Exact, Exact, Exact, Exact, Fraction, int | None]]:
        """Of each year of a window its members: amount and months, those over all groups (and products), the point in
        units of the amounts, and the months of a full year where the point is prorated. A `part` is a group of the
        pool, with its own members, or a product, with what members have of it.
        """
        of_product = part is not None and self.by_product()
        served, experience, mine = self._member_years(window, None if of_product else part)
        years = experience.member_years
        point, full, parts = self.point(window) / served.unit, self._full_months(experience), len(served.weights)
        for year in range(experience.rules.years):
            of_year = slice(year * parts, (year + 1) * parts)
            amount, whole = years.amount[mine, of_year], weighted(years.whole[mine, of_year], served.weights)
            if of_product:
                own = [place for place, of in enumerate(served.rules.parts[:parts]) if of.cells == (part,)]
                amount = weighted(amount[:, own], [served.weights[place] for place in own])
            else:
                amount = weighted(amount, served.weights)
            yield amount, years.year_months[mine, year], whole, years.whole_year_months[mine, year], point, full

    def _note_truncated(self, window: str, members: int, part: str | None) -> None:
        """Counts members above the point: of a pool those of each group; of products all, as each one looks at all."""
        if window != PERFORMANCE:
            return
        if part is None or self.by_product():
            self.truncated = Truncated(members, self.members(window))
        else:
            before = self.truncated or Truncated(0, 0)
            self.truncated = Truncated(before.members + members, before.of + self.members(window, part))

    def _member_years(self, window: str, group: str | None = None) -> tuple[Served, Experience, slice]:
        served = self.plan.windows[window]
        experience = self.experience[served.rules]
        years = experience.member_years
        # They lie in the order of groups and windows.
        place = _place(experience.groups, group or self.group)
        first, end = np.searchsorted(years.group, [place, place + 1])
        mine = slice(*(first + np.searchsorted(years.window[first:end], [served.window, served.window + 1])))
        return served, experience, mine

    def _full_months(self, experience: Experience) -> int | None:
        """The months for which the point holds in full: a year's."""
        return _YEAR * experience.months_scale if self.large_claims().threshold == "prorated" else None

    def members(self, window: str, group: str | None = None) -> int:
        """Members of the group, or another of the pool, with a counted month."""
        _, experience, mine = self._member_years(window, group)
        return int(np.count_nonzero(experience.member_years.months[mine] > 0))

    def panel(self, group: str | None = None) -> Fraction:
        """The panel of all groups of the contract, who moves between them counted once; or of one."""
        groups = self.plan.groups if group is None else [group]
        members = self.plan.terms.block("member_months", MemberMonths)
        if members is None or members.panel is None:
            raise self.plan.terms.lacks(
                "member_months" if members else "rounding", "panel", "the panel is counted from member months"
            )
        if members.panel == "members" and group is None and len(groups) > 1:
            served = self.plan.windows[PERFORMANCE]
            return Fraction(self.experience[served.rules].panel.get(served.window, 0))
        if members.panel == "members":
            return Fraction(sum(self.members(PERFORMANCE, one) for one in groups))
        months = sum((self.of_group(PERFORMANCE, group).months() for group in groups), Fraction(0))
        return Fraction(months // len(self.plan.terms.period.months()))

    def waived(self, faults: Collection[int]) -> tuple[Fraction, Fraction]:
        """Rows of the group that break one of some row rules first, and what can be read of their dollars."""
        mine = [row for row in self.rejected if row.group == self.group and row.fault in faults]
        columns = self.plan.cost_columns()
        cents = sum(amount for row in mine for column, amount in row.cents.items() if column in columns)
        return Fraction(sum(row.rows for row in mine)), Fraction(cents, CENTS)

    # The fee's roster

    def recovered(self, key: str, beyond: bool) -> Fraction:
        """Months on the fee's roster that a rule takes out, within its look-back or beyond it: all, those of a risk
        tier, or those of a rate that changes (`<rule>-<tier>`, `<rule>-<first month of the rate>`).
        """
        rows = self.rows(FEE)
        block = self.plan.terms.need("member_months", MemberMonths)
        named = [item for item in block.exclusions or [] if key == item.id or key.startswith(f"{item.id}-")]
        item = max(named, key=lambda rule: len(rule.id))
        part = key.removeprefix(item.id).removeprefix("-")
        last = _month_number(self.plan.terms.fee_period.months()[-1])
        back = last - rows.experience.cells.month
        far = np.zeros(len(back), dtype=bool) if item.look_back_months is None else back > int(item.look_back_months)
        if part:
            rows = rows.where(self._at_rate_from(item.id, part, rows)) if _is_month(part) else rows.of_cell(part)
        rows = rows.of_status([place for place, name in enumerate(rows.experience.statuses) if name == item.id])
        return rows.where(far if beyond else ~far).all_months()

    def _at_rate_from(self, rule: str, month: str, rows: "Selection") -> Mask:
        """Months from that in which a rate began up to that in which the next one does."""
        stem = f"recovered_member_months.{rule}-"
        begun = sorted(name.removeprefix(stem) for name in self.plan.asked if name.startswith(stem))
        later = next((other for other in begun if other > month), "9999-12")
        numbers = [int(text[:4]) * _YEAR + int(text[5:]) - 1 for text in (month, later)]
        months = rows.experience.cells.month
        return (months >= numbers[0]) & (months < numbers[1])


@dataclass(frozen=True, slots=True)
class Selection:
    """Some of the cells of an experience."""

    experience: Experience
    served: Served
    mask: Mask

    def where(self, mask: Mask) -> "Selection":
        return Selection(self.experience, self.served, self.mask & mask)

    def of_cell(self, cell: str) -> "Selection":
        return self.where(self.experience.cells.cell == _place(self.experience.cells_named, cell))

    def of_other_cells(self, cells: Collection[str]) -> "Selection":
        """The cells that have none of these names."""
        places = [_place(self.experience.cells_named, cell) for cell in cells]
        return self.where(~among(self.experience.cells.cell, places))

    def of_month(self, month: str) -> "Selection":
        return self.where(self.experience.cells.month == int(month[:4]) * _YEAR + int(month[5:]) - 1)

    def of_status(self, statuses: list[int]) -> "Selection":
        return self.where(among(self.experience.cells.status, statuses))

    def _used(self) -> "Selection":
        return self.of_status([STANDING.index(USED)])

    def _staying(self) -> "Selection":
        """Used rows, and those of exclusions whose months stay."""
        exclusions = self.served.rules.exclusions
        stay = [len(STANDING) + place for place, rule in enumerate(exclusions) if not rule.months_leave]
        return self.of_status([STANDING.index(USED), *stay])

    def months(self) -> Fraction:
        """Member months that count."""
        return self._staying().all_months()

    def counted_rows(self) -> int:
        """Rows whose months count."""
        staying = self._staying()
        return total(self.experience.cells.rows[staying.mask])

    def all_months(self) -> Fraction:
        """Member months of every status."""
        return Fraction(total(self.experience.cells.months[self.mask]), self.experience.months_scale)

    def roster_months(self) -> Fraction:
        """Member months as rostered: with those that a rule takes out again."""
        ids = {rule.id for rule in self.served.rules.exclusions}
        taken = [place for place, name in enumerate(self.experience.statuses) if name in ids]
        return self.of_status([STANDING.index(USED), *taken]).all_months()

    def dollars(self, item: str | None = None) -> Fraction:
        """Dollars that count: all categories of the contract, or one."""
        used = self._used()
        costs = self.served.rules.costs
        places = [place for place, cost in enumerate(costs) if cost.counted and item in (None, cost.name)]
        cells = used.experience.cells.dollars[used.mask]
        return Fraction(total(cells[:, places]), CENTS)

    def risk(self) -> Fraction:
        """Risk scores times member months."""
        staying = self._staying()
        scale = RISK_SCALE * self.experience.months_scale
        return Fraction(total(self.experience.cells.risk[staying.mask]), scale)

    def revenue(self) -> Fraction:
        staying = self._staying()
        return Fraction(total(self.experience.cells.revenue[staying.mask]), CENTS)


def among(values: Ints, wanted: Sequence[int]) -> Mask:
    """Whether each value is one of a few: numpy's own way sorts them first, which takes longer for so few."""
    if len(wanted) > _FEW:
        return np.isin(values, wanted)
    found = np.zeros(len(values), dtype=bool)
    for number in wanted:
        found |= values == number
    return found


def _place(names: Any, name: str) -> int:
    """The number of a name; of one that no row has, a number that no row has."""
    try:
        return list(names).index(name)
    except ValueError:
        return -2


def _month_number(month: Period) -> int:
    return month.first_day.year * _YEAR + month.first_day.month - 1


def _of_year(reader: GroupReader, key: str) -> tuple[str | None, str | None]:
    """Category and window of the baseline year of `<category>-<year>` or `<year>`."""
    if reader.has(baseline_window(key)):
        return None, baseline_window(key)
    cost = reader.plan.terms.block("expenditure", Expenditure)
    categories = [item.id for item in cost.categories or []] if cost is not None else []
    # Either id may have a dash in it, so that the place to part them is where both are known.
    parted = (
        (name, baseline_window(key.removeprefix(f"{name}-"))) for name in categories if key.startswith(f"{name}-")
    )
    return next(((name, window) for name, window in parted if reader.has(window)), (None, None))


def _reported(reader: GroupReader, window: str, item: str | None) -> tuple[Fraction, str]:
    return _dollars(reader, reader.rows(window), item)


def _dollars(reader: GroupReader, rows: Selection, item: str | None) -> tuple[Fraction, str]:
    """Dollars that count, and their column: of all categories or products, or one."""
    cost = reader.plan.terms.need("expenditure", Expenditure)
    if item is None:
        items = [row.id for row in cost.categories or []] if cost.by == "products" else []
        amount = sum((rows.of_cell(product).dollars() for product in items), Fraction(0)) if items else rows.dollars()
        return amount, cost.basis
    amount = rows.of_cell(item).dollars() if cost.by == "products" else rows.dollars(item)
    return amount, cost.basis if cost.by == "products" else f"{cost.basis}.{item}"


def _reported_now(reader: GroupReader, key: str) -> tuple[Fraction, str]:
    """Dollars of `<category>`, `<part>`, `<category>-<part>`, or all."""
    cost = reader.plan.terms.need("expenditure", Expenditure)
    item, part = reader.parted(key, lambda item: item in [row.id for row in cost.categories or []])
    rows = reader.rows(PERFORMANCE) if part is None else reader.of_part(part)
    return _dollars(reader, rows, item or None)


def _of_product(reader: GroupReader, key: str) -> tuple[Fraction, str]:
    """Dollars of `<product>`, or `<product>-<part>`."""
    cost = reader.plan.terms.need("expenditure", Expenditure)
    product, part = reader.parted(key, lambda item: item in [row.id for row in cost.benefit_by_product or []])
    rows = reader.rows(PERFORMANCE) if part is None else reader.of_part(part)
    return rows.of_cell(product).dollars(), _basis(reader)


def _of_product_in_year(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
    """Dollars of `<product>-<year>`."""
    cost = reader.plan.terms.need("expenditure", Expenditure)
    products = [item.id for item in cost.benefit_by_product or []]
    parted = ((id_, baseline_window(key.removeprefix(f"{id_}-"))) for id_ in products if key.startswith(f"{id_}-"))
    product, window = next((id_, window) for id_, window in parted if reader.has(window))
    return reader.rows(window).of_cell(product).dollars(), _basis(reader)


def _basis(reader: GroupReader) -> str:
    return reader.plan.terms.need("expenditure", Expenditure).basis


Read = Callable[[GroupReader, str], tuple[Fraction | None, str]]


def _baseline(stem: Callable[[GroupReader, str, str | None], Fraction]) -> Read:
    """A figure of a baseline year, which only rows with `baseline_periods` give."""

    def read(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
        item, year = _of_year(reader, key)
        if year is None:
            return None, ""
        return stem(reader, year, item), _basis(reader)

    return read


def _member_months(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
    if key:
        return reader.of_part(key).months(), "member_months"
    return reader.rows(PERFORMANCE).months(), "member_months"


def _expenditure(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
    if key:
        return reader.of_part(key).dollars(), _basis(reader)
    return _reported(reader, PERFORMANCE, None)


def _revenue(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
    rows = reader.of_part(key) if key else reader.rows(PERFORMANCE)
    if not np.any(rows.experience.cells.revenue):
        return None, ""
    return rows.revenue(), "revenue"


def _incurred(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
    """Dollars of `<month>`, `<category>-<month>`, or either with `-<part>`."""
    key, part = reader.parted(key, lambda item: _is_month(item[-_MONTH_TEXT:]))
    month, item = key[-_MONTH_TEXT:], key[: -_MONTH_TEXT - 1] or None
    rows = (reader.rows(PERFORMANCE) if part is None else reader.of_part(part)).of_month(month)
    cost = reader.plan.terms.need("expenditure", Expenditure)
    if item is not None and cost.by == "products":
        return rows.of_cell(item).dollars(), cost.basis
    return rows.dollars(item), cost.basis


def _fee_months(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
    rows = reader.rows(FEE)
    if key:
        rows = rows.of_month(key) if _is_month(key) else rows.of_cell(key)
    fee_roster = reader.plan.windows[FEE].rules.roster == "fee"
    return (rows.roster_months() if fee_roster else rows.months()), "member_months"


def _is_month(key: str) -> bool:
    return len(key) == _MONTH_TEXT and key[4] == "-" and key.replace("-", "").isdigit()


def _market_of(reader: GroupReader, window: str) -> Market:
    against = reader.plan.terms.need("benchmark", Benchmark)
    market = against.regional if window == REGION else against.market_trend
    assert market is not None
    return market


def _excess_of_market(window: str) -> Read:
    return lambda reader, key: (
        reader.excess_of_market(window, _market_of(reader, window), key or None),
        _basis(reader),
    )


def _of_market(window: str, dollars: bool) -> Read:
    def read(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
        market = _market_of(reader, window)
        rows = reader.market(window, market.exclude)
        rows = rows.of_cell(key) if key else rows
        return (rows.dollars(), _basis(reader)) if dollars else (rows.months(), "member_months")

    return read


def _risk(window: str | None, market: bool) -> Read:
    def read(reader: GroupReader, _: str) -> tuple[Fraction | None, str]:
        if market:
            against = reader.plan.terms.need("benchmark", Benchmark)
            assert against.market_trend is not None
            rows = reader.market(window or "", against.market_trend.exclude)
            return sum((rows.of_cell(cell).risk() for cell in against.market_trend.cells), Fraction(0)), "risk_score"
        risk = reader.plan.terms.need("risk", Risk).scores
        assert risk is not None
        return reader.rows(window or baseline_window(risk.base)).risk(), "risk_score"

    return read


def _stratum(dollars: str) -> Read:
    def read(reader: GroupReader, key: str) -> tuple[Fraction | None, str]:
        rows = reader.rows(PERFORMANCE).of_cell(key)
        if dollars == "months":
            return rows.months(), "member_months"
        return (rows.revenue(), "revenue") if dollars == "revenue" else (rows.dollars(), _basis(reader))

    return read


def _recovered(beyond: bool) -> Read:
    return lambda reader, key: (reader.recovered(key, beyond), "member_months")


def _months_of_excluded(reader: GroupReader, window: str) -> Fraction:
    return Fraction(reader.excluded(window).months, reader.rows(window).experience.months_scale)


def _capitation_months(reader: GroupReader, _: str) -> tuple[Fraction | None, str]:
    """Those of the quarter alone."""
    rows = reader.rows(PERFORMANCE)
    months = [rows.of_month(month.first_month).months() for month in reader.plan.terms.fee_period.months()]
    return sum(months, Fraction(0)), "member_months"


_STEMS: Mapping[str, Read] = {
    "member_months": _member_months,
    "member_months_before_exclusion": lambda reader, _: (reader.rows(PERFORMANCE).months(), "member_months"),
    "panel_size": lambda reader, key: (reader.panel(key or None), "member_id"),
    "expenditure": _expenditure,
    "reported_expenditure": _reported_now,
    "product_expenditure": _of_product,
    "baseline_product_expenditure": _of_product_in_year,
    "truncation_point": lambda reader, _: (reader.point(PERFORMANCE), reader.reference()),
    "large_claims_excess": lambda reader, key: (reader.excess(PERFORMANCE, key or None), _basis(reader)),
    "large_claims_excluded": lambda reader, key: (
        reader.excluded(PERFORMANCE, key or None).dollars,
        _basis(reader),
    ),
    "large_claims_excluded_member_months": lambda reader, _: (
        _months_of_excluded(reader, PERFORMANCE),
        "member_months",
    ),
    "incurred_expenditure": _incurred,
    "baseline_member_months": _baseline(lambda reader, year, _: reader.rows(year).months()),
    "baseline_member_months_before_exclusion": _baseline(lambda reader, year, _: reader.rows(year).months()),
    "baseline_large_claims_excluded_member_months": _baseline(
        lambda reader, year, _: _months_of_excluded(reader, year)
    ),
    "capitation_member_months": _capitation_months,
    "baseline_reported_expenditure": _baseline(lambda reader, year, item: _reported(reader, year, item)[0]),
    "baseline_large_claims_excess": _baseline(lambda reader, year, _: reader.excess(year)),
    "baseline_large_claims_excluded": _baseline(lambda reader, year, _: reader.excluded(year).dollars),
    "mix_member_months": lambda reader, key: (reader.rows(PERFORMANCE).of_cell(key).months(), "member_months"),
    "market_large_claims_excess": _excess_of_market(MARKET),
    "market_base_large_claims_excess": _excess_of_market(MARKET_BASE),
    "regional_large_claims_excess": _excess_of_market(REGION),
    "market_expenditure": _of_market(MARKET, dollars=True),
    "market_member_months": _of_market(MARKET, dollars=False),
    "market_base_expenditure": _of_market(MARKET_BASE, dollars=True),
    "market_base_member_months": _of_market(MARKET_BASE, dollars=False),
    "regional_expenditure": _of_market(REGION, dollars=True),
    "regional_member_months": _of_market(REGION, dollars=False),
    "risk_points": _risk(PERFORMANCE, market=False),
    "baseline_risk_points": _risk(None, market=False),
    "market_risk_points": _risk(MARKET, market=True),
    "market_base_risk_points": _risk(MARKET_BASE, market=True),
    "revenue": _revenue,
    "stratum_member_months": _stratum("months"),
    "stratum_expenditure": _stratum("dollars"),
    "stratum_revenue": _stratum("revenue"),
    "fee_member_months": _fee_months,
    "recovered_member_months": _recovered(beyond=False),
    "unrecovered_member_months": _recovered(beyond=True),
}
"""Stem of a figure to how it is read; unit and clause are those that the contract's lines ask for."""
