"""Slow, plain reference of a workspace: from rows of member months to the lines of each group's settlement.

Written from the design's words alone (`terms.md`, `practice.md`, 2), one row after another, in whole numbers and exact
fractions. What becomes of savings is `reference.contracts`; this is everything before it.

Where the terms leave something open, this is how it is read here:

1.  `products` and `funding` take a row out as `not_covered_by_the_contract`, then the month rule as `month_rule`, each
    with its dollars: cost of a month that does not count is not the group's cost. In a table of ready months nothing is
    taken out: a row of 0 member months keeps its dollars (reversals come so).
2.  Exclusions run in their order, and what one takes the next does not see: a row is counted under the first that fits,
    and its months leave or stay as that one says. `members` looks at the rows that are left of the group, roster and
    window. Of copies that are alike one stays.
3.  `after_death`: months after the month of death; the month of death counts.
4.  Where months stay, the row is an excluded row with its dollars, and its months are among those used. Revenue and risk
    go with the months.
5.  An exclusion's `market` means both market windows and the region; its fee roster needs `performance` and `fee`.
6.  Minimum months are those of a member in one group and one window, after exclusions; in every window of cost, not in
    the fee's.
7.  Dollars of a window are those of the categories that the contract counts. `by: products`: the basis of a row of that
    product; months of other products count all the same.
8.  Prorated: point x the member's months / 12, whatever the length of the window (100,000 in a six-month first period
    is 50,000). A window of more than a year has the point in each of its years, counted from its first month; the last
    may be shorter. Under one threshold over a move the months are those in all groups.
9.  One threshold over a move: all rows of the member in the table for that roster and window, under any group, counted
    by this contract's rules; the excess falls on the group in proportion to its dollars. `exclude` compares the same
    whole.
10. A percentile is the nearest rank, k = ceil(p x n), of the rows of the reference; annualised: amount x 12 / months.
11. Truncation compares dollars as the steps before it left them: normalised, and completed if one factor for the year
    comes first. Factors by run-out or by category complete reported (normalised) dollars, and the sum is added: both are
    lines against reported cost. If normalising comes after, what is left is normalised in the group's own proportion.
    An adjustment before large claims comes right before them; without large claims it is one like the others.
12. The baseline runs the same steps but late claims, fees and risk, and of named adjustments those that name the year;
    per member month these are times the months left after large claims. Members excluded with their months leave them
    there too; its point is the year's own or the performance period's; its factor the year's own or
    none.
13. Own trends by category: what truncation and the other steps make of a year's dollars falls on its categories in
    proportion to their dollars; factors by product change all categories alike.
14. The market's dollars and months are those of its rows after exclusions and minimum months; `as_reported`: no
    truncation, no completion. `same_steps`: a member of the market has one point with each of its groups, in each product or in
    the region, prorated by the months in all products. With one threshold over moves the whole is that of the member in
    the product under any group, also one whose members are no part of the market, where `where` fits. In the base the
    point is that of a baseline year of the same months, or else that of the performance period. Its cells and the
    group's mix are products. Own members are out by `group_id`; `all_contracted`: every group with a contract in the
    workspace. The mix is that of months before large claims.
15. Risk by scores: score x months over months, performance over base; relative to the market: over the same of the
    market in its two windows.
16. Parts that are groups: each counted on its own, the panel and a fee over all of them. Every part takes the steps of
    the cost; of products, a member's whole is that of all products, or with one threshold over moves under any group,
    and what is above the point falls on the products in proportion to their dollars. The panel of all counts
    a member who moved between them once. With `below: pool` each group has a panel of its own; one group below the
    smallest is a pool of one.
17. The panel counts members with a counted month of the performance period (average: months over the period's months,
    cut), before large claims; so does a fee on the roster of cost.
18. A fee's own roster is counted before its exclusions; what is excluded with its months is recovered at the fee's rate
    where its month is at most `look_back_months` before the last month that the fee is settled for.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from reference import contracts
from reference.contracts import PERFORMANCE, ZERO, Lines, Terms, completed, in_order, number
from workspaces.tables import (
    SCALE,
    Row,
    Tables,
    days_of_month,
    month_number,
    month_text,
    period_months,
    read_contracts,
    read_tables,
)

Group = str
MemberYear = tuple[str, int]
"""A member, and which year of the window it is."""
Control = dict[str, Any]
WHOLE = ""
"""The one category of a contract that names none."""


# ---- windows, and the rows that count in them


@dataclass(frozen=True)
class Window:
    """Months, a roster and groups: what a contract looks at. `kind` is what an exclusion's `periods` name."""

    name: str
    kind: str
    first: int
    last: int
    roster: str
    where: tuple[tuple[str, frozenset[str]], ...] = ()
    without: frozenset[str] = frozenset()

    @property
    def months(self) -> int:
        return self.last - self.first + 1

    def holds(self, row: Row) -> bool:
        return (
            self.first <= row.month <= self.last
            and row.purpose in (None, self.roster)
            and row.group not in self.without
            and all(row.text.get(column) in values for column, values in self.where)
        )


@dataclass
class Counted:
    """One row as a contract counts it: its months, dollars by category and by what has a factor of its own, and the
    rule that takes it out, if any."""

    row: Row
    months: int
    items: dict[str, int]
    parts: dict[str, int] = field(default_factory=dict)
    whole: int = 0
    year: int = 0
    rule: str | None = None
    stays: bool = False

    @property
    def used(self) -> bool:
        return self.rule is None

    @property
    def months_used(self) -> int:
        return self.months if self.used or self.stays else 0

    @property
    def cents(self) -> int:
        return sum(self.items.values())


class Rules:
    """What one contract says about rows."""

    def __init__(self, terms: Terms, tables: Tables) -> None:
        self.tables = tables
        self.months = terms.get("member_months", {})
        self.cost = terms.get("expenditure", {})
        self.counting = self.months.get("counting", "counted")
        self.least = number(self.months.get("minimum_months", 0))
        self.by_group: dict[Group, list[Row]] = defaultdict(list)
        for row in tables.rows:
            self.by_group[row.group].append(row)

    # -- one row

    def month_units(self, row: Row) -> int:
        """Member months of a row by the contract's month rule, where days are known."""
        if row.days is None:
            assert row.given is not None
            return row.given
        first, last = row.days
        length = days_of_month(row.month)
        if self.counting == "pro_rata_days":
            return SCALE * (last - first + 1) // length
        counts = {
            "any_day": True,
            "first_of_month": first == 1,
            "fifteenth_of_month": first <= 15 <= last,
            "full_month": first == 1 and last == length,
        }[self.counting]
        return SCALE if counts else 0

    def items(self, row: Row) -> dict[str, int]:
        """Cents of a row by the contract's categories."""
        basis = self.cost.get("basis", "allowed")
        parts = {name: cents for name, cents in row.cents.items() if name.partition(".")[0] == basis}
        if "categories" not in self.cost:
            return {WHOLE: sum(parts.values())}
        ids = [category["id"] for category in self.cost["categories"]]
        if self.cost.get("by") == "products":
            return {id_: sum(parts.values()) if row.text.get("product") == id_ else 0 for id_ in ids}
        return {id_: parts.get(f"{basis}.{id_}", 0) for id_ in ids}

    def parts(self, row: Row) -> dict[str, int]:
        """Cents of a row by what has a benefit factor of its own: by category, or by product."""
        items = self.items(row)
        if "benefit_by_product" not in self.cost:
            return items
        return {row.text["product"]: sum(items.values())}

    def whole(self, row: Row) -> int:
        """Cents of a row by the contract's basis, whatever the category."""
        basis = self.cost.get("basis", "allowed")
        return sum(cents for name, cents in row.cents.items() if name.partition(".")[0] == basis)

    # -- rows of one group in one window

    def exclusions(self, window: Window) -> list[Terms]:
        roster = "fee" if window.name == "fee" else "cost"
        return [
            rule
            for rule in self.months.get("exclusions", [])
            if window.kind in rule["periods"] and roster in rule["rosters"]
        ]

    def counted(self, group: Group, window: Window) -> list[Counted]:
        """Every row of a group in a window, used or under the rule that takes it out."""
        rows = [row for row in self.by_group.get(group, []) if window.holds(row)]
        found = [Counted(row, self.month_units(row), self.items(row), self.parts(row), self.whole(row)) for row in rows]
        for one in found:
            one.year = (one.row.month - window.first) // 12
            one.rule = self.filtered(one.row, one.months)
        for rule in self.exclusions(window):
            left = [one for one in found if one.used]
            for one in self.fit(rule, left):
                one.rule, one.stays = rule["id"], rule["months"] == "stay"
        if window.name != "fee":
            self.take_out_the_short(found)
        return found

    def everything(self, group: Group) -> list[Counted]:
        rows = self.by_group.get(group, [])
        return [Counted(row, self.month_units(row), {}, {}, self.whole(row)) for row in rows]

    def filtered(self, row: Row, months: int) -> str | None:
        """Products and funding, then the month rule."""
        for column, term in (("product", "products"), ("funding", "funding")):
            if term in self.months and row.text.get(column) not in self.months[term]:
                return "not_covered_by_the_contract"
        return "month_rule" if row.days is not None and months == 0 else None

    def fit(self, rule: Terms, left: Sequence[Counted]) -> list[Counted]:
        """The rows that an exclusion fits, of those that are left."""
        kind = rule["rule"]
        if kind == "after_death":
            deaths = self.tables.deaths
            return [one for one in left if one.row.member in deaths and one.row.month > deaths[one.row.member]]
        if kind == "duplicates":
            seen: set[tuple[str, int]] = set()
            again = []
            for one in left:
                key = (one.row.member, one.row.month)
                if key in seen:
                    again.append(one)
                seen.add(key)
            return again
        hit = [one for one in left if one.row.text[rule["column"]] in rule["values"]]
        if kind == "rows":
            return hit
        members = {one.row.member for one in hit}
        return [one for one in left if one.row.member in members]

    def take_out_the_short(self, found: Iterable[Counted]) -> None:
        """Members with fewer months than the least leave, with months and dollars."""
        months: dict[str, int] = defaultdict(int)
        for one in found:
            months[one.row.member] += one.months_used
        for one in found:
            if one.used and months[one.row.member] < self.least * SCALE:
                one.rule = "minimum_months"
            elif one.stays and months[one.row.member] < self.least * SCALE:
                one.stays = False


def control(window: str, rows: Sequence[Counted]) -> list[Control]:
    """Rows, member months and dollars: in = used + each exclusion. Dollars are those of the contract's basis; what
    counted rows have in other categories is an exclusion without rows."""

    def entry(name: str, rule: str | None, count: int, months: int, cents: int) -> Control:
        return {
            "window": window, "entry": name, "rule": rule, "rows": count,
            "member_months": Fraction(months, SCALE), "dollars": Fraction(cents, 100),
        }  # fmt: skip

    found = [entry("in", None, len(rows), sum(one.months for one in rows), sum(one.whole for one in rows))]
    for rule in sorted({one.rule for one in rows if one.rule is not None}):
        part = [one for one in rows if one.rule == rule]
        months = sum(one.months for one in part if not one.stays)
        found.append(entry("excluded", rule, len(part), months, sum(one.whole for one in part)))
    used = [one for one in rows if one.used]
    cents = sum(one.cents for one in used)
    found.append(entry("excluded", "categories_not_counted", 0, 0, sum(one.whole for one in used) - cents))
    found.append(entry("used", None, len(used), sum(one.months_used for one in rows), cents))
    return found


@dataclass
class Totals:
    """What a group's rows of one window add up to. Cents and months as whole numbers."""

    months: int = 0
    items: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    parts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_month: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    members: dict[MemberYear, tuple[int, dict[str, int]]] = field(default_factory=dict)
    cell_months: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cell_cents: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cell_revenue: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    risk_points: Fraction = ZERO
    revenue: int = 0

    def member_months(self) -> Fraction:
        return Fraction(self.months, SCALE)


ByMember = Mapping[tuple[Group, MemberYear], tuple[int, Mapping[str, int]]]
"""Months and dollars by group, member and year."""


def by_member(rows: Iterable[Counted], product: str | None, over_moves: bool) -> ByMember:
    """Of each member with each group, or over all groups: all months, and the dollars of one product or of all."""
    parts: dict[tuple[Group, MemberYear], list[Counted]] = defaultdict(list)
    for one in rows:
        if one.used or one.stays:
            parts[WHOLE if over_moves else one.row.group, (one.row.member, one.year)].append(one)
    found = {}
    for key, part in parts.items():
        of_product = totals(one for one in part if product in (None, one.row.text.get("product")))
        found[key] = (totals(part).months, of_product.parts)
    return found


def totals(rows: Iterable[Counted]) -> Totals:
    found = Totals()
    members: dict[MemberYear, tuple[int, dict[str, int]]] = {}
    for one in rows:
        if not one.used and not one.stays:
            continue
        product = one.row.text.get("product", "")
        found.months += one.months
        found.cell_months[product] += one.months
        found.risk_points += one.row.score * Fraction(one.months, SCALE)
        found.revenue += one.row.revenue
        found.cell_revenue[product] += one.row.revenue
        for id_, cents in one.items.items() if one.used else ():
            found.items[id_] += cents
            found.by_month[id_, one.row.month] += cents
            found.cell_cents[product] += cents
        months, parts = members.get((one.row.member, one.year), (0, {}))
        kept = one.parts if one.used else {}
        for id_, cents in kept.items():
            found.parts[id_] += cents
        members[one.row.member, one.year] = (
            months + one.months, {id_: parts.get(id_, 0) + kept.get(id_, 0) for id_ in {*parts, *kept}},
        )  # fmt: skip
    found.members = members
    return found


# ---- cost of one window


def nearest_rank(amounts: Sequence[Fraction], share: Fraction) -> Fraction:
    return sorted(amounts)[math.ceil(share * len(amounts)) - 1]


@dataclass
class Cost:
    """The steps of one window, from reported dollars on."""

    reported: dict[str, Fraction]
    excess: Fraction = ZERO
    excluded: Fraction = ZERO
    excluded_months: Fraction = ZERO
    months: Fraction = ZERO
    amount: Fraction = ZERO
    incurred: dict[str, Fraction] = field(default_factory=dict)
    truncated: int = 0


class Steps:
    """What a contract does with dollars: the same in the performance period and the baseline."""

    def __init__(self, terms: Terms, moves: Sequence[Terms], references: Mapping[str, Any]) -> None:
        self.terms = terms
        self.cost: Terms = terms.get("expenditure", {})
        self.large: Terms | None = self.cost.get("large_claims")
        self.completion: Terms | None = self.cost.get("completion")
        self.categories = self.cost.get("categories", [{"id": WHOLE}])
        by_product = self.cost.get("benefit_by_product")
        self.factors = {row["id"]: number(row.get("benefit_factor", 1)) for row in by_product or self.categories}
        self.references = references
        self.adjustments = [
            item for item in terms.get("adjustments", {}).get("items", []) if item["side"] == "expenditure"
        ]
        pool = self.large is not None and self.large["form"] == "pool"
        present = {
            "normalise": any("benefit_factor" in row for row in by_product or self.categories),
            "truncate": self.large is not None,
            "complete": self.completion is not None,
            "gross_up": "administrative_share" in self.cost,
            "adjustments": bool(self.adjustments),
            "pooling_charge": pool,
            "late_claims": self.cost.get("late_claims", "ignored") != "ignored",
            "fees_in_cost": self.cost.get("coordination_fees") == "counted_in",
            "risk": terms.get("risk", {}).get("on") == "expenditure",
        }
        self.order = in_order(contracts.BASE_OF_COST, present.__getitem__, moves)

    def point(self) -> Fraction:
        """The point in dollars, or the rank of the frozen reference."""
        assert self.large is not None
        if "point" in self.large:
            return number(self.large["point"])
        percentile = self.large["percentile"]
        amounts = []
        for record in self.references[percentile["reference"]]:
            amount = number(record[{"members": "amount_of_member"}.get(percentile["of"], "amount_of_member_year")])
            annualised = percentile["amounts"] == "annualised"
            amounts.append(amount * 12 / number(record["member_months"]) if annualised else amount)
        return nearest_rank(amounts, number(percentile["at"]))

    def one_factor(self) -> Fraction | None:
        """The factor that completes all dollars of the year alike."""
        return number(self.completion["factor"]) if self.completion and "factor" in self.completion else None

    def before(self, step: str, than: str) -> bool:
        return step in self.order and than in self.order and self.order.index(step) < self.order.index(than)

    def compared(self, items: Mapping[str, int], factor: Fraction | None) -> Fraction:
        """A member's dollars as the steps before large claims left them."""
        normal = self.before("normalise", "truncate")
        dollars = sum(
            (Fraction(cents, 100) * (self.factors[id_] if normal else 1) for id_, cents in items.items()), ZERO
        )
        if factor is not None and self.before("complete", "truncate"):
            assert self.completion is not None
            dollars = completed(dollars, factor, self.completion["convention"])
        return dollars

    def threshold(self, point: Fraction, months: int) -> Fraction:
        """The point in full, or in proportion to a member's months."""
        prorated = self.large is not None and self.large.get("threshold") == "prorated"
        return point * Fraction(months, SCALE) / 12 if prorated else point

    def market_excess(self, own: ByMember, wholes: ByMember, point: Fraction) -> Fraction:
        """What the market's members have above the point, each by group and member; `wholes` over all groups."""
        excess = ZERO
        for (_, member), (months, items) in own.items():
            whole_months, whole_items = wholes.get((WHOLE, member), (months, items))
            whole, threshold = self.compared(whole_items, None), self.threshold(point, whole_months)
            if whole > threshold:
                excess += (whole - threshold) * self.compared(items, None) / whole
        return excess

    def large_claims(
        self,
        found: Cost,
        own: Totals,
        wholes: Mapping[MemberYear, tuple[int, dict[str, int]]],
        point: Fraction,
        factor: Fraction | None,
    ) -> None:
        """Dollars above the point, or of the members at or above it."""
        assert self.large is not None
        for member, (months, items) in own.members.items():
            amount = self.compared(items, factor)
            whole_months, whole_items = wholes.get(member, (months, items))
            whole, threshold = self.compared(whole_items, factor), self.threshold(point, whole_months)
            if self.large["form"] == "exclude":
                if whole >= threshold:
                    found.excluded += amount
                    found.excluded_months += Fraction(months, SCALE)
                    found.truncated += 1
            elif whole > threshold:
                found.excess += (whole - threshold) * amount / whole
                found.truncated += 1

    def run(
        self,
        own: Totals,
        wholes: Mapping[MemberYear, tuple[int, dict[str, int]]],
        point: Fraction | None,
        factor: Fraction | None,
        outstanding: Callable[[Cost], Fraction] | None = None,
        others: Mapping[str, Callable[[Fraction, Fraction], Fraction]] | None = None,
    ) -> Cost:
        """The contract's steps in its order. `factor` completes in one, `outstanding` is what other factors add;
        `others` are the steps that are told apart by period, from (amount, months)."""
        found = Cost({row["id"]: Fraction(own.items.get(row["id"], 0), 100) for row in self.categories})
        found.months = own.member_months()
        if self.large is not None and point is not None:
            self.large_claims(found, own, wholes, point, factor)
            if self.large["form"] == "exclude" and self.large["months"] == "leave":
                found.months -= found.excluded_months
        raw = sum(found.reported.values(), ZERO)
        normal = sum((factor * Fraction(own.parts.get(id_, 0), 100) for id_, factor in self.factors.items()), ZERO)
        amount = cut = raw
        early = (others or {}).get("before_large_claims")
        for step in self.order:
            if early is not None and step in ("truncate", "adjustments"):
                amount, early = early(amount, found.months), None
            if step == "normalise":
                amount += cut * normal / raw - cut if raw else 0
            elif step == "truncate":
                assert self.large is not None
                taken = found.excluded + found.excess * number(self.large.get("pooled_share", 1))
                amount, cut = amount - taken, cut - taken
            elif step == "complete" and factor is not None:
                assert self.completion is not None
                amount = completed(amount, factor, self.completion["convention"])
            elif step == "complete" and outstanding is not None:
                amount += outstanding(found)
            elif step == "gross_up":
                amount /= 1 - number(self.cost["administrative_share"])
            elif step == "pooling_charge":
                assert self.large is not None
                amount += number(self.large["charge_pmpm"]) * found.months
            elif others and step in others:
                amount = others[step](amount, found.months)
        found.amount = amount
        return found


# ---- one group's settlement


@dataclass
class Result:
    """What a group's settlement is: lines and figures by name, settled amounts unrounded, control totals."""

    group: Group
    contract: str
    lines: Lines
    unrounded: dict[str, Fraction]
    figures: dict[str, Fraction]
    controls: list[Control]
    memo: dict[str, Fraction]
    truncated: int


class Settling(contracts.Settlement):
    """One contract from rows: figures that rows give, then the contract's own course."""

    def __init__(self, document: Terms, tables: Tables, contracted: frozenset[str], asked: Asked) -> None:
        terms = {name: dict(block) for name, block in document["terms"].items()}
        super().__init__(terms, document.get("order", {}), {})
        self.document, self.tables, self.contracted, self.asked = document, tables, contracted, asked
        self.group = document["group"]["id"]
        against = terms.get("benchmark", {})
        self.groups = [cell["id"] for cell in against["cells"]] if against.get("parts") == "groups" else [self.group]
        self.rules = Rules(terms, tables)
        self.steps = Steps(terms, self.moves, tables.references)
        self.found: dict[str, Fraction] = {}
        self.controls: list[Control] = []
        self.windows: list[Window] = []
        self.memo: dict[str, Fraction] = {}
        self.cost: Cost | None = None
        self.truncated = 0
        self.performance = Window("performance", "performance", asked.first, asked.last, "cost")

    def keep(self, name: str, value: Fraction) -> Fraction:
        self.found[name] = value
        self.figures = {**self.figures, name: str(value)}
        return value

    def look(self, window: Window, groups: Iterable[Group]) -> list[Counted]:
        """The rows of a window, and its controls."""
        rows = [one for group in groups for one in self.rules.counted(group, window)]
        rule = "own_members" if window.without == {self.group} else "members_of_contracted_groups"
        all_of_it = replace(window, without=frozenset())
        apart = [one for group in sorted(window.without) for one in self.rules.counted(group, all_of_it)]
        for one in apart:
            one.rule, one.stays = rule, False
        self.controls += control(window.name, rows + apart)
        self.windows.append(window)
        return rows

    def whole_table(self) -> None:
        """Every row of the group: on another roster than that of cost, in some window, or outside them all."""
        rows = [one for group in self.groups for one in self.rules.everything(group)]
        own = [window for window in self.windows if window.kind != "market"]
        for one in rows:
            one.rule = None if any(window.holds(one.row) for window in own) else "outside_the_period"
            if one.row.purpose not in (None, "cost"):
                one.rule = "other_purposes"
            one.items = {WHOLE: one.whole}
        self.controls += control("table", rows)

    def result(self) -> Result:
        self.given_figures()
        self.own = totals(self.look(self.performance, self.groups))
        self.members()
        if {"share", "benchmark", "expenditure", "fee_reset"} & set(self.terms):
            self.benchmark_terms()
        self.settle()
        self.whole_table()
        return Result(
            self.group, self.document["contract"], self.lines, self.unrounded, self.found, self.controls, self.memo,
            self.truncated,
        )  # fmt: skip

    # -- given figures: quality results and the figures table

    def given_figures(self) -> None:
        for record in self.tables.figures:
            if record["group_id"] == self.group and period_months(record["period"]) == (
                self.asked.first,
                self.asked.last,
            ):
                name = f"{record['name']}.{record['key']}" if record.get("key") else record["name"]
                self.figures = {**self.figures, name: record["value"]}
        for record in self.tables.quality:
            first, last = (month_number(record[f"performance_period_{end}"]) for end in ("begin", "end"))
            if record["group_id"] == self.group and (first, last) == (self.asked.first, self.asked.last):
                parts = ("numerator", "denominator", "expected", "score", "prior_rate", "market_rate")
                given = {f"{part}.{record['measure_id']}": record[part] for part in parts if record.get(part)}
                self.figures = {**self.figures, **given}

    # -- members

    def members(self) -> None:
        self.keep("member_months", self.own.member_months())
        self.keep("panel_size", self.panel(self.own))
        self.keep("revenue", Fraction(self.own.revenue, 100))
        for product, months in self.own.cell_months.items():
            if product:
                self.keep(f"stratum_member_months.{product}", Fraction(months, SCALE))
                self.keep(f"stratum_expenditure.{product}", Fraction(self.own.cell_cents[product], 100))
                self.keep(f"stratum_revenue.{product}", Fraction(self.own.cell_revenue[product], 100))
        for cell in self.cells():
            self.part(cell)

    def panel(self, own: Totals) -> Fraction:
        if self.rules.months.get("panel", "members") == "average_members":
            return Fraction(own.months // (SCALE * self.performance.months))
        return Fraction(len({member for (member, _), (months, _) in own.members.items() if months > 0}))

    # -- parts with budgets of their own

    def part(self, cell: str) -> None:
        """Months, revenue and cost of a product, or of a group of the pool."""
        of_groups = self.terms["benchmark"]["parts"] == "groups"
        rows = self.rules.counted(cell if of_groups else self.group, self.performance)
        part = totals(one for one in rows if of_groups or one.row.text["product"] == cell)
        self.keep(f"member_months.{cell}", part.member_months())
        self.keep(f"revenue.{cell}", Fraction(part.revenue, 100))
        self.keep(f"panel_size.{cell}", self.panel(part))
        wholes = self.wholes(self.performance) or ({} if of_groups else self.own.members)
        point = self.steps.point() if self.steps.large is not None else None
        cost = self.steps.run(
            part, wholes, point, self.steps.one_factor(), lambda found: self.outstanding(found, part, f"-{cell}")
        )
        self.truncated += cost.truncated
        self.keep(f"expenditure.{cell}", cost.amount)
        for id_, dollars in cost.reported.items():
            self.keep(f"reported_expenditure.{id_}-{cell}" if id_ else f"reported_expenditure.{cell}", dollars)
        if self.steps.large is not None:
            excluded = self.steps.large["form"] == "exclude"
            self.keep(
                f"large_claims_{'excluded' if excluded else 'excess'}.{cell}",
                cost.excluded if excluded else cost.excess,
            )

    def wholes(self, window: Window) -> dict[MemberYear, tuple[int, dict[str, int]]]:
        """Every member's months and dollars over all groups, by this contract's rules."""
        large = self.steps.large
        if large is None or large.get("across_moves") != "one_threshold":
            return {}
        found: dict[MemberYear, tuple[int, dict[str, int]]] = {}
        for group in self.rules.by_group:
            for member, (months, items) in totals(self.rules.counted(group, window)).members.items():
                before, held = found.get(member, (0, {}))
                found[member] = (
                    before + months,
                    {id_: held.get(id_, 0) + items.get(id_, 0) for id_ in {*held, *items}},
                )
        return found

    # -- fee

    def fee(self) -> None:
        terms = self.terms["care_coordination_fee"]
        by_month, quarter = terms.get("by_month") == "yes", self.asked.fee is not None
        own_roster = terms.get("roster") == "fee"
        first, last = self.asked.fee or (self.asked.first, self.asked.last)
        if own_roster:
            window = Window("fee", "performance", first, last, "fee")
            rows = self.look(window, self.groups)
        else:
            window = Window("performance", "performance", self.asked.first, self.asked.last, "cost")
            counted = [one for group in self.groups for one in self.rules.counted(group, window)]
            rows = [one for one in counted if first <= one.row.month <= last]
            if by_month or quarter or "tiers" in terms:
                self.controls += control("fee", rows)
            for one in rows:
                one.months, one.rule = one.months_used, None
        excluded = {rule["id"] for rule in self.rules.exclusions(window)} if own_roster else set()
        paid = [one for one in rows if one.used or one.rule in excluded]
        self.fee_figures(paid, by_month, own_roster or quarter or "tiers" in terms)
        rate = self.fee_rate(terms)
        amount = sum((rate(one.row) * Fraction(one.months, SCALE) for one in paid), ZERO)
        if own_roster:
            amount -= self.recovered(rows, rate, last)
        if terms.get("quality_adjusted") == "yes":
            amount *= self.score()
        if "at_risk" in terms and not all(self.met.get(id_, False) for id_ in terms["at_risk"]["measures"]):
            amount -= number(terms["at_risk"]["share"]) * amount
        self.settled("care_coordination_fee", amount)

    def fee_figures(self, paid: Sequence[Counted], by_month: bool, asked: bool) -> None:
        if not asked and not by_month:
            return
        keyed: dict[str, int] = defaultdict(int)
        for one in paid:
            keyed["fee_member_months"] += one.months
            if by_month:
                keyed[f"fee_member_months.{month_text(one.row.month)}"] += one.months
            if "tier" in one.row.text:
                keyed[f"fee_member_months.{one.row.text['tier']}"] += one.months
        for name, months in keyed.items():
            self.keep(name, Fraction(months, SCALE))

    def fee_rate(self, terms: Terms) -> Callable[[Row], Fraction]:
        if "pmpm" in terms:
            self.fee_pmpm = number(terms["pmpm"])
            return lambda _: self.fee_pmpm
        if "per_member_per_year" in terms:
            return lambda _: number(terms["per_member_per_year"]) / 12
        if "tiers" in terms:
            rates = {tier["id"]: number(tier["pmpm"]) for tier in terms["tiers"]}
            return lambda row: rates[row.text["tier"]]
        rows = contracts.table(terms["by_panel_size"], "from", "pmpm")
        return lambda _: contracts.last_reached(self.figure("panel_size"), rows)

    def recovered(self, rows: Sequence[Counted], rate: Callable[[Row], Fraction], last: int) -> Fraction:
        taken = ZERO
        for rule in self.rules.exclusions(Window("fee", "performance", 0, 0, "fee")):
            reach = int(rule.get("look_back_months", 10**6))
            months = {True: 0, False: 0}
            dollars = {True: ZERO, False: ZERO}
            for one in rows:
                if one.rule == rule["id"] and not one.stays:
                    within = last - one.row.month <= reach
                    months[within] += one.months
                    dollars[within] += rate(one.row) * Fraction(one.months, SCALE)
            self.keep(f"recovered_member_months.{rule['id']}", Fraction(months[True], SCALE))
            self.memo[f"fee_recovered.{rule['id']}"] = dollars[True]
            if "look_back_months" in rule:
                self.keep(f"unrecovered_member_months.{rule['id']}", Fraction(months[False], SCALE))
                self.memo[f"fee_not_recovered.{rule['id']}"] = dollars[False]
            taken += dollars[True]
        return taken

    # -- expenditure

    def counted_cost(self, cost: Terms) -> Fraction:
        point = self.steps.point() if self.steps.large is not None else None
        self.cost = self.steps.run(
            self.own, self.wholes(self.performance), point, self.steps.one_factor(),
            lambda found: self.outstanding(found, self.own), self.own_steps(),
        )  # fmt: skip
        self.truncated = self.cost.truncated
        self.cost_figures(self.cost, point)
        return self.cost.amount

    def cost_figures(self, cost: Cost, point: Fraction | None) -> None:
        for id_, dollars in cost.reported.items():
            self.keep(f"reported_expenditure.{id_}" if id_ else "reported_expenditure", dollars)
        for row in self.steps.cost.get("benefit_by_product", []):
            self.keep(f"product_expenditure.{row['id']}", Fraction(self.own.parts[row["id"]], 100))
        large = self.steps.large
        if large is None:
            return
        assert point is not None
        self.keep("truncation_point", point)
        if large["form"] == "exclude":
            self.keep("large_claims_excluded", cost.excluded)
            if large["months"] == "leave":
                self.keep("large_claims_excluded_member_months", cost.excluded_months)
                self.keep("member_months_before_exclusion", self.own.member_months())
                self.keep("member_months", cost.months)
        else:
            self.keep("large_claims_excess", cost.excess)

    def outstanding(self, found: Cost, own: Totals, of_part: str = "") -> Fraction:
        """What factors by category or by run-out add to reported dollars."""
        completion = self.steps.completion
        assert completion is not None
        more = ZERO
        for category in self.steps.categories:
            id_ = category["id"]
            dollars = self.steps.factors[id_] * found.reported[id_]
            ladder = category.get("by_run_out") or completion.get("by_run_out")
            if "completion_factor" in category:
                more += completed(dollars, number(category["completion_factor"]), completion["convention"]) - dollars
            elif ladder:
                more += self.run_out(id_, ladder, own, of_part)
        return more

    def run_out(self, id_: str, ladder: Sequence[Terms], own: Totals, of_part: str) -> Fraction:
        assert self.asked.paid_through is not None
        assert self.steps.completion is not None
        rows = [(number(row["from"]), number(row["factor"])) for row in ladder]
        more = ZERO
        for month in range(self.asked.first, self.asked.last + 1):
            factor = contracts.last_reached(Fraction(self.asked.paid_through - month), rows)
            reported = Fraction(own.by_month[id_, month], 100)
            if factor != 1:
                of_category = f"{id_}-" if id_ else ""
                self.keep(f"incurred_expenditure.{of_category}{month_text(month)}{of_part}", reported)
            dollars = self.steps.factors[id_] * reported
            more += completed(dollars, factor, self.steps.completion["convention"]) - dollars
        return more

    def adjusted(self, period: str) -> dict[str, Callable[[Fraction, Fraction], Fraction]]:
        """Named adjustments of the performance period or of a baseline year, before large claims and after."""

        def sum_of(early: bool) -> Callable[[Fraction, Fraction], Fraction]:
            items = [i for i in self.steps.adjustments if (i.get("when") == "before_large_claims") is early]
            return lambda amount, months: amount + sum((self.adjustment(item, months, period) for item in items), ZERO)

        return {"before_large_claims": sum_of(True), "adjustments": sum_of(False)}

    def own_steps(self) -> dict[str, Callable[[Fraction, Fraction], Fraction]]:
        """Steps beside those of `Steps`, of the performance period."""
        return self.adjusted(PERFORMANCE) | {
            "late_claims": lambda amount, _: amount + self.figure("late_claims"),
            "fees_in_cost": lambda amount, _: amount + (self.lines["care_coordination_fee"] or ZERO),
            "risk": lambda amount, _: amount / self.risk_ratio(),
        }

    def months(self) -> Fraction:
        """Member months that the benchmark is multiplied by: those left after large claims."""
        if "expenditure" not in self.terms or self.cells():
            return super().months()
        if self.cost is None:
            self.expenditure()
        assert self.cost is not None
        return self.cost.months

    def expenditure(self) -> Fraction:
        if self.cells():
            self.lines["expenditure"] = sum((self.figure(f"expenditure.{cell}") for cell in self.cells()), ZERO)
            return self.lines["expenditure"] or ZERO
        return (self.lines["expenditure"] or ZERO) if self.cost is not None else super().expenditure()

    # -- benchmark

    def benchmark_terms(self) -> None:
        """Figures of baseline, market, region and risk, and the terms as they read once these are known."""
        terms = self.terms.get("benchmark")
        if terms is None:
            return
        bases: dict[str, tuple[Totals, Cost]] = {}
        for year in terms.get("baseline_periods", []):
            bases[year["id"]] = self.baseline(year)
        changed = dict(terms)
        if bases:
            self.keep("baseline_pmpm", self.base_of(terms, bases))
            for name in ("years", "pooled_years", "categories"):
                changed.pop(name, None)
            changed["given_pmpm"] = "yes"
        market = self.market_trend(terms.get("market_trend"))
        if market is not None:
            changed["trend_given"] = "yes"
            changed.pop("market_trend")
        if "regional" in terms:
            changed["regional_pmpm"] = str(self.region(terms["regional"]))
            changed.pop("regional")
        self.terms = {**self.terms, "benchmark": changed}
        scores = self.terms.get("risk", {}).get("scores")
        if scores is not None:
            self.risk_by_scores(scores, bases)

    def baseline(self, year: Terms) -> tuple[Totals, Cost]:
        first, last = period_months(year["period"])
        window = Window(f"baseline {year['id']}", "baseline", first, last, "cost")
        own = totals(self.look(window, [self.group]))
        point = None
        if self.steps.large is not None:
            point = number(year["point"]) if "point" in year else self.steps.point()
        factor = number(year["factor"]) if "factor" in year else None
        cost = self.steps.run(own, self.wholes(window), point, factor, others=self.adjusted(year["id"]))
        self.keep(f"baseline_member_months.{year['id']}", cost.months)
        for id_, dollars in cost.reported.items():
            name = f"{id_}-{year['id']}" if id_ else year["id"]
            self.keep(f"baseline_reported_expenditure.{name}", dollars)
        for row in self.steps.cost.get("benefit_by_product", []):
            name = f"baseline_product_expenditure.{row['id']}-{year['id']}"
            self.keep(name, Fraction(own.parts[row["id"]], 100))
        if self.steps.large is not None:
            excluded = self.steps.large["form"] == "exclude"
            self.keep(
                f"baseline_large_claims_{'excluded' if excluded else 'excess'}.{year['id']}",
                cost.excluded if excluded else cost.excess,
            )
        return own, cost

    def base_of(self, terms: Terms, bases: Mapping[str, tuple[Totals, Cost]]) -> Fraction:
        """Dollars per member per month of the years, weighted or pooled, by category or in total."""
        trends = {row["id"]: number(row["trend"]) for row in terms.get("categories", [])}

        def parts(year: str) -> dict[str, Fraction]:
            cost = bases[year][1]
            if not trends:
                return {WHOLE: cost.amount}
            weights = {id_: self.steps.factors.get(id_, 1) * dollars for id_, dollars in cost.reported.items()}
            whole = sum(weights.values(), ZERO)
            return {id_: cost.amount * weight / whole for id_, weight in weights.items()}

        def trended(by_part: Mapping[str, Fraction]) -> Fraction:
            return sum((trends.get(id_, Fraction(1)) * dollars for id_, dollars in by_part.items()), ZERO)

        if "pooled_years" in terms:
            dollars = sum((trended(parts(year)) for year in terms["pooled_years"]), ZERO)
            return dollars / sum((bases[year][1].months for year in terms["pooled_years"]), ZERO)
        return sum(
            (
                number(year["weight"]) * trended(parts(year["id"])) / bases[year["id"]][1].months
                * number(year.get("trend", 1))
                for year in terms["years"]
            ),
            ZERO,
        )  # fmt: skip

    def outside(self, exclude: str) -> frozenset[str]:
        return {"group": frozenset({self.group}), "all_contracted": self.contracted, "none": frozenset[str]()}[exclude]

    def market_window(self, name: str, terms: Terms, first: int, last: int) -> Window:
        where = tuple((row["column"], frozenset(row["values"])) for row in terms.get("where", []))
        return Window(name, "market", first, last, "cost", where, self.outside(terms["exclude"]))

    def market_trend(self, terms: Terms | None) -> Fraction | None:
        if terms is None:
            return None
        groups = list(self.rules.by_group)
        windows = {
            "market": self.market_window("market", terms, self.asked.first, self.asked.last),
            "market_base": self.market_window("market base", terms, *period_months(terms["base"])),
        }
        rows = {prefix: self.look(window, groups) for prefix, window in windows.items()}
        markets = {prefix: totals(found) for prefix, found in rows.items()}
        self.market = (markets["market"], markets["market_base"])
        above = below = ZERO
        for cell in terms["cells"]:
            mix = self.keep(f"mix_member_months.{cell}", Fraction(self.own.cell_months[cell], SCALE))
            pmpm = []
            for prefix, market in markets.items():
                dollars = self.keep(f"{prefix}_expenditure.{cell}", Fraction(market.cell_cents[cell], 100))
                months = self.keep(f"{prefix}_member_months.{cell}", Fraction(market.cell_months[cell], SCALE))
                if terms.get("cost") == "same_steps":
                    excess = self.excess_of_market(rows[prefix], windows[prefix], cell)
                    dollars -= self.keep(f"{prefix}_large_claims_excess.{cell}", excess)
                pmpm.append(dollars / months)
            above += mix * pmpm[0]
            below += mix * pmpm[1]
        return self.keep("market_trend", above / below)

    def excess_of_market(self, rows: Sequence[Counted], window: Window, product: str | None) -> Fraction:
        """What the market's members have above the point, in one product or altogether."""
        large = self.steps.large
        assert large is not None
        wholes: ByMember = {}
        if large.get("across_moves") == "one_threshold":
            anywhere = replace(window, without=frozenset())
            everyone = [one for group in self.rules.by_group for one in self.rules.counted(group, anywhere)]
            wholes = by_member(everyone, product, over_moves=True)
        return self.steps.market_excess(by_member(rows, product, over_moves=False), wholes, self.point_of(window))

    def point_of(self, window: Window) -> Fraction:
        """The point of a baseline year of the same months, or of the performance period."""
        years = self.terms["benchmark"].get("baseline_periods", [])
        same = [year for year in years if period_months(year["period"]) == (window.first, window.last)]
        return number(same[0]["point"]) if same and "point" in same[0] else self.steps.point()

    def region(self, terms: Terms) -> Fraction:
        window = self.market_window("region", terms, self.asked.first, self.asked.last)
        rows = self.look(window, list(self.rules.by_group))
        found = totals(rows)
        dollars = self.keep("regional_expenditure", Fraction(sum(found.items.values()), 100))
        if terms.get("cost") == "same_steps":
            dollars -= self.keep("regional_large_claims_excess", self.excess_of_market(rows, window, None))
        return dollars / self.keep("regional_member_months", found.member_months())

    def risk_by_scores(self, terms: Terms, bases: Mapping[str, tuple[Totals, Cost]]) -> None:
        base = bases[terms["base"]][0]

        def growth(now: Totals, then: Totals) -> Fraction:
            return (now.risk_points / now.member_months()) / (then.risk_points / then.member_months())

        self.keep("risk_points", self.own.risk_points)
        self.keep("baseline_risk_points", base.risk_points)
        ratio = growth(self.own, base)
        if terms.get("relative_to") == "market":
            self.keep("market_risk_points", self.market[0].risk_points)
            self.keep("market_base_risk_points", self.market[1].risk_points)
            ratio /= growth(*self.market)
        self.keep("risk_ratio", ratio)


# ---- a workspace


@dataclass(frozen=True)
class Asked:
    """Months settled, the month through which claims are paid, and a quarter's months where the fee is the quarter's."""

    first: int
    last: int
    paid_through: int | None = None
    fee: tuple[int, int] | None = None


def settle_folder(folder: Path, period: str, paid_through: str | None = None) -> dict[Group, Result]:
    """Every group of a workspace for a period such as `2014`, `2013-07 to 2014-06` or `2014Q2`."""
    documents = read_contracts(folder)
    tables = read_tables(folder)
    contracted = frozenset(document["group"]["id"] for document in documents)
    through = None if paid_through is None else month_number(paid_through)
    found = {}
    for document in documents:
        asked = asked_for(period, document, through)
        if asked is not None:
            found[document["group"]["id"]] = Settling(document, tables, contracted, asked).result()
    return found


def asked_for(period: str, document: Terms, through: int | None) -> Asked | None:
    """What is settled of a contract; None where it has no such period."""
    stated = [period_months(written) for written in document.get("performance_periods", [])]
    if "Q" in period:
        year, _, quarter = period.partition("Q")
        last = int(year) * 12 + 3 * int(quarter) - 1
        start = next((first for first, end in stated if first <= last <= end), None)
        return None if start is None else Asked(start, last, through, (last - 2, last))
    first, last = period_months(period)
    return Asked(first, last, through) if (first, last) in stated or not stated else None
