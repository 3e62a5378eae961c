"""What a contract's terms want of member months: the sets of data rules, and the months that each serves."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from p4v.contract.blocks.benchmark import BaselinePeriod, Benchmark, Market, Risk
from p4v.contract.blocks.cost import CostCategory, Expenditure, ProductBenefit
from p4v.contract.blocks.members import Exclusion as Rule
from p4v.contract.blocks.members import MemberMonths
from p4v.contract.blocks.rewards import CareCoordinationFee
from p4v.contract.terms import Terms
from p4v.errors import Finding, Refusal
from p4v.experience.rules import MONTH_UNITS, Cost, DataRules, Exclusion, Part, Roster, Window, WindowKind
from p4v.figures import Wanted

PERFORMANCE, FEE, MARKET, MARKET_BASE, REGION = "performance", "fee", "market", "market_base", "region"
CENTS = 100
MOST_MONTHS = 48
"""The longest window: its months, and the rows of a member, are counted in one whole number."""
_YEAR = 12
_KINDS: Mapping[str, tuple[WindowKind, ...]] = {
    "performance": ("performance", "fee"), "baseline": ("baseline",), "market": ("market", "market_base"),
}  # fmt: skip
_OWN = frozenset({
    "member_months", "member_months_before_exclusion", "panel_size", "capitation_member_months", "mix_member_months",
    "expenditure", "reported_expenditure", "incurred_expenditure", "revenue",
    "product_expenditure", "baseline_product_expenditure",
    "large_claims_excess", "large_claims_excluded", "large_claims_excluded_member_months",
    "baseline_member_months", "baseline_member_months_before_exclusion", "baseline_reported_expenditure",
    "baseline_large_claims_excess", "baseline_large_claims_excluded", "baseline_large_claims_excluded_member_months",
    "risk_points", "baseline_risk_points", "stratum_member_months", "stratum_expenditure", "stratum_revenue",
    "waived_rows", "waived_dollars",
})  # fmt: skip
"""Stems of figures that the group's own members give."""
_OF_FEE = frozenset({"fee_member_months", "recovered_member_months", "unrecovered_member_months"})
_BY_PRODUCT = (
    "product_expenditure",
    "mix_member_months",
    "stratum_member_months",
    "stratum_expenditure",
    "stratum_revenue",
)
_BY_MONTH = ("incurred_expenditure", "capitation_member_months")


@dataclass(frozen=True, slots=True)
class Served:
    """A window and the rules that serve it, and how the parts of a member's amount are added up.

    `weights` are whole numbers, one to each part; `unit` is the dollars of one cent times weight.
    """

    rules: DataRules
    window: int
    weights: tuple[int, ...]
    unit: Fraction


@dataclass(frozen=True, slots=True)
class Plan:
    """What one contract wants: each window by its name, with the rules that serve it."""

    terms: Terms
    asked: Mapping[str, Wanted]
    windows: Mapping[str, Served]
    groups: frozenset[str]
    """Whose rows the group's own windows want; a market's rules want those of all."""

    def rules(self) -> list[DataRules]:
        return list(dict.fromkeys(served.rules for served in self.windows.values()))

    def cost_columns(self) -> frozenset[str]:
        """The columns whose dollars any of its rules adds up."""
        return frozenset(column for rules in self.rules() for cost in rules.costs for column in cost.sources)

    def stems(self) -> set[str]:
        return {name.partition(".")[0] for name in self.asked}


def plan_of(terms: Terms, asked: Mapping[str, Wanted], group: str, columns: Collection[str]) -> Plan:
    """The rules of a contract, for rows with these canonical columns. Raises `Refusal` for terms that they lack."""
    planner = _Planner(terms, asked, group, columns)
    return Plan(terms, asked, planner.windows(), planner.groups())


@dataclass(frozen=True, slots=True)
class _Planner:
    """Reads the terms of one contract."""

    terms: Terms
    asked: Mapping[str, Wanted]
    group: str
    columns: Collection[str]

    def windows(self) -> dict[str, Served]:
        stems = {name.partition(".")[0] for name in self.asked}
        found: dict[str, Served] = {}
        if stems & _OWN:
            found |= self._own()
        if stems & _OF_FEE:
            found |= self._fee()
        found |= self._market()
        return found

    # The group's own members

    def _own(self) -> dict[str, Served]:
        """The performance period and the baseline years; those with the same parts are served together."""
        worths = {window: self._worths(year) for window, year in self._own_windows()}
        groups: dict[tuple[Part, ...], list[Window]] = {}
        for window, worth in worths.items():
            groups.setdefault(tuple(self._parts(worth)), []).append(window)
        found: dict[str, Served] = {}
        for parts, windows in groups.items():
            rules = replace(self._rules("cost", tuple(windows), parts), one_panel=self._one_panel(windows))
            for place, window in enumerate(windows):
                found[window.id] = Served(rules, place, *_weights(self._parts(worths[window]).values()))
        return found

    def _one_panel(self, windows: Sequence[Window]) -> tuple[str, ...]:
        """The groups of a pool whose panel is its members, where these windows have the period that it is of."""
        members, groups = self.terms.block("member_months", MemberMonths), self.groups()
        counts = "panel_size" in self.asked and members is not None and members.panel == "members"
        of_period = any(window.id == PERFORMANCE for window in windows)
        return tuple(sorted(groups)) if counts and of_period and len(groups) > 1 else ()

    def _own_windows(self) -> Iterator[tuple[Window, BaselinePeriod | None]]:
        yield Window(PERFORMANCE, "performance", self.terms.period), None
        against = self.terms.block("benchmark", Benchmark)
        for year in (against.baseline_periods or []) if against else []:
            yield Window(baseline_window(year.id), "baseline", year.period), year

    def _rules(
        self, roster: Roster, windows: tuple[Window, ...], parts: Iterable[Part], where: Market | None = None
    ) -> DataRules:
        members = self.terms.block("member_months", MemberMonths)
        large = self._large_claims()
        market = where is not None
        return DataRules(
            roster=roster,
            counting=members.counting or "" if members else "",
            windows=windows,
            costs=self._costs(),
            parts=tuple(self._of_years(parts, windows)),
            products=tuple(members.products or []) if members else (),
            funding=tuple(members.funding or []) if members else (),
            where=tuple((row.column, tuple(row.values)) for row in where.where or []) if where else (),
            exclusions=tuple(_exclusion(rule) for rule in (members.exclusions or []) if roster in rule.rosters)
            if members else (),
            minimum_months=int(members.minimum_months * MONTH_UNITS)
            if members and members.minimum_months is not None and roster != "fee" else None,
            by_month=self._by_month(roster),
            across_moves=large is not None and large.across_moves == "one_threshold" and (not market or bool(parts)),
            cell=self._cell(roster),
        )  # fmt: skip

    def groups(self) -> frozenset[str]:
        """The group, and the others of a pool that is settled from its members."""
        against = self.terms.block("benchmark", Benchmark)
        parts = (against.cells or []) if against is not None and against.parts == "groups" else []
        return frozenset(cell.id for cell in parts) or frozenset({self.group})

    def _by_month(self, roster: Roster) -> bool:
        if roster == "fee" or any(name.startswith("fee_member_months") for name in self.asked):
            return True
        return any(name.startswith(_BY_MONTH) for name in self.asked)

    def _cell(self, roster: Roster) -> str | None:
        fee = self.terms.block("care_coordination_fee", CareCoordinationFee)
        if roster == "fee" and fee is not None and fee.tiers:
            return "tier"
        by_product = any(name.startswith(_BY_PRODUCT) for name in self.asked) or self._by_products()
        against = self.terms.block("benchmark", Benchmark)
        parts = against is not None and against.cells is not None and against.parts == "products"
        return "product" if by_product or parts or self._market_trend() else None

    def _market_trend(self) -> bool:
        against = self.terms.block("benchmark", Benchmark)
        return against is not None and against.market_trend is not None

    # Dollars

    def _cost(self) -> Expenditure | None:
        return self.terms.block("expenditure", Expenditure)

    def _by_products(self) -> bool:
        cost = self._cost()
        return cost is not None and cost.by == "products" and cost.categories is not None

    def _large_claims(self) -> Any:
        cost = self._cost()
        return cost.large_claims if cost is not None else None

    def basis_columns(self) -> list[str]:
        """The cost columns of the contract's basis: those by category, or the single one."""
        cost = self._cost()
        basis = cost.basis if cost is not None else self._usual_basis()
        by_category = sorted(column for column in self.columns if column.startswith(f"{basis}."))
        return by_category or [column for column in self.columns if column == basis]

    def _usual_basis(self) -> str:
        """What controls count in dollars where nothing that is paid rests on cost."""
        return "allowed" if any(column.partition(".")[0] == "allowed" for column in self.columns) else "paid"

    def _worths(self, year: BaselinePeriod | None) -> list[Fraction]:
        """What one reported dollar of each category, or of each product with a factor, is when large claims are dealt
        with: in a baseline year, or else in the performance period.
        """
        cost = self._cost()
        if cost is not None and cost.benefit_by_product is not None:
            return [self._worth(item, year) for item in cost.benefit_by_product]
        items: Sequence[CostCategory | None] = (cost.categories if cost is not None else None) or [None]
        return [self._worth(item, year) for item in items]

    def _worth(self, item: CostCategory | ProductBenefit | None, year: BaselinePeriod | None) -> Fraction:
        cost, order = self._cost(), self.terms.cost_order
        worth = Fraction(1)
        if cost is None or "truncate" not in order:
            return worth
        before = order[: order.index("truncate")]
        if item is not None and item.benefit_factor is not None and "normalise" in before:
            worth *= item.benefit_factor
        completion = cost.completion
        if completion is None or "complete" not in before:
            return worth
        factor = completion.factor if year is None else year.factor
        if year is None and isinstance(item, CostCategory) and item.completion_factor is not None:
            factor = item.completion_factor
        if factor is None:
            return worth
        return worth / factor if completion.convention == "percent_complete" else worth * factor

    def _parts(self, worths: Sequence[Fraction]) -> dict[Part, Fraction]:
        """The parts of a member's amount, one to each worth, in the order of the categories."""
        cost, counted = self._cost(), [place for place, one in enumerate(self._costs()) if one.counted]
        if not counted:
            return {}
        by_worth: dict[Fraction, list[int]] = {}
        for place, worth in enumerate(worths):
            by_worth.setdefault(worth, []).append(place)
        products = self._cells_of_products()
        if products:
            return {
                Part(tuple(counted[place] for place in places), (product,)): worth
                for product in products
                for worth, places in by_worth.items()
            }
        by_product = cost.benefit_by_product if cost is not None else None
        if cost is not None and (by_product is not None or self._by_products()):
            ids = [item.id for item in by_product or cost.categories or []]
            return {
                Part(tuple(counted), tuple(ids[place] for place in places)): worth for worth, places in by_worth.items()
            }
        return {Part(tuple(counted[place] for place in places)): worth for worth, places in by_worth.items()}

    def _cells_of_products(self) -> list[str]:
        """The products with budgets of their own, where a member's dollars in each are truncated or excluded."""
        against = self.terms.block("benchmark", Benchmark)
        if against is None or against.parts != "products" or self._large_claims() is None:
            return []
        return [cell.id for cell in against.cells or []]

    def _of_years(self, parts: Iterable[Part], windows: Sequence[Window]) -> Iterator[Part]:
        """Large claims are those of a member and year: a period of several years has the parts of each."""
        months = max(len(window.period.months()) for window in windows)
        if months > MOST_MONTHS:
            found, allowed = f"a period of {months} months", f"up to {MOST_MONTHS} months settled as one"
            raise Refusal([Finding("P4V-C040", self.terms.program.file.shown, found, allowed, "period")])
        known = list(parts)
        if self._large_claims() is None or months <= _YEAR:
            yield from known
            return
        for year in range(-(-months // _YEAR)):
            yield from (replace(part, year=year) for part in known)

    def _costs(self) -> tuple[Cost, ...]:
        """The categories that count, and all others together, which do not."""
        cost, columns = self._cost(), self.basis_columns()
        if not columns:
            return ()
        if cost is None or cost.categories is None or cost.by == "products":
            return (Cost("", tuple(columns)),)
        named = [f"{cost.basis}.{item.id}" for item in cost.categories]
        missing = [name for name in named if name not in columns]
        if missing:
            lacking, allowed = f"no column {missing[0]} in the member months", "categories with a bound column"
            raise self.terms.refused("P4V-C022", "expenditure", ("categories",), lacking, allowed)
        found = [Cost(item.id, (name,)) for item, name in zip(cost.categories, named, strict=True)]
        others = tuple(column for column in columns if column not in named)
        return (*found, *([Cost("", others, counted=False)] if others else []))

    # The fee's roster, and markets

    def _fee(self) -> dict[str, Served]:
        """Members whose cost counts, in the months of the fee; or those of a roster of its own."""
        fee = self.terms.need("care_coordination_fee", CareCoordinationFee)
        if fee.roster == "cost":
            own = self._own()[PERFORMANCE]
            return {FEE: replace(own, rules=replace(own.rules, cell="tier")) if fee.tiers else own}
        parts = self._parts(self._worths(None))
        rules = self._rules("fee", (Window(FEE, "fee", self.terms.fee_period),), parts)
        return {FEE: Served(rules, 0, *_weights(parts.values()))}

    def _market(self) -> dict[str, Served]:
        """A market's members are taken one by one only where they are truncated as the group's are, cell by cell."""
        against = self.terms.block("benchmark", Benchmark)
        if against is None:
            return {}
        found: dict[str, Served] = {}
        now = Window(MARKET, "market", self.terms.period)
        if against.market_trend is not None:
            windows = (now, Window(MARKET_BASE, "market_base", against.market_trend.base))
            parts = self._parts_of_market(against.market_trend, against.market_trend.cells)
            rules = self._rules("cost", windows, parts, against.market_trend)
            worth = _weights(Fraction(1) for _ in parts)
            found |= {window.id: Served(rules, place, *worth) for place, window in enumerate(windows)}
        if against.regional is not None:
            parts = self._parts_of_market(against.regional, None)
            rules = self._rules("cost", (now,), parts, against.regional)
            found[REGION] = Served(rules, 0, *_weights(Fraction(1) for _ in parts))
        risk = self.terms.block("risk", Risk)
        if risk is not None and risk.scores is not None and risk.scores.relative_to == "market" and not found:
            raise self.terms.lacks("benchmark", "market_trend", "risk is taken relative to the market's")
        return found

    def _parts_of_market(self, market: Market, cells: Sequence[str] | None) -> list[Part]:
        """A member's dollars in each of a market's cells, in their order."""
        if market.cost != "same_steps":
            return []
        counted = tuple(place for place, one in enumerate(self._costs()) if one.counted)
        return [Part(counted)] if cells is None else [Part(counted, (cell,)) for cell in cells]


def baseline_window(year: str) -> str:
    """The name of a baseline year's window, which no other window has: an id has no blank."""
    return f"baseline {year}"


def _weights(worths: Iterable[Fraction]) -> tuple[tuple[int, ...], Fraction]:
    """Whole numbers without a common divisor in the proportion of what the parts are worth, and the dollars of one
    cent times weight.
    """
    known = list(worths)
    scale = lcm(*(worth.denominator for worth in known))
    whole = [int(worth * scale) for worth in known]
    common = gcd(*whole) or 1
    return tuple(weight // common for weight in whole), Fraction(common, scale * CENTS)


def _exclusion(rule: Rule) -> Exclusion:
    return Exclusion(
        rule.id, rule.rule, frozenset(kind for window in rule.periods for kind in _KINDS[window]),
        rule.months == "leave", rule.column, tuple(rule.values or ()),
        None if rule.most_rows is None else int(rule.most_rows),
    )  # fmt: skip
