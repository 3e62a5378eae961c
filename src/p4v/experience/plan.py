"""What a contract's terms want of member months: the sets of data rules, and the months that each serves."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from p4v.contract.blocks.benchmark import BaselinePeriod, Benchmark, Market, Risk
from p4v.contract.blocks.cost import CostCategory, Expenditure
from p4v.contract.blocks.members import Exclusion as Rule
from p4v.contract.blocks.members import MemberMonths
from p4v.contract.blocks.rewards import CareCoordinationFee
from p4v.contract.terms import Terms
from p4v.experience.rules import MONTH_UNITS, Cost, DataRules, Exclusion, Roster, Window, WindowKind
from p4v.figures import Wanted

PERFORMANCE, FEE, MARKET, MARKET_BASE, REGION = "performance", "fee", "market", "market_base", "region"
CENTS = 100
_KINDS: Mapping[str, tuple[WindowKind, ...]] = {
    "performance": ("performance", "fee"), "baseline": ("baseline",), "market": ("market", "market_base"),
}  # fmt: skip
_OWN = frozenset({
    "member_months", "member_months_before_exclusion", "panel_size", "capitation_member_months", "mix_member_months",
    "expenditure", "reported_expenditure", "incurred_expenditure", "revenue",
    "large_claims_excess", "large_claims_excluded", "large_claims_excluded_member_months",
    "baseline_member_months", "baseline_member_months_before_exclusion", "baseline_reported_expenditure",
    "baseline_large_claims_excess", "baseline_large_claims_excluded", "baseline_large_claims_excluded_member_months",
    "risk_points", "baseline_risk_points", "stratum_member_months", "stratum_expenditure", "stratum_revenue",
    "waived_rows", "waived_dollars",
})  # fmt: skip
"""Stems of figures that the group's own members give."""
_OF_FEE = frozenset({"fee_member_months", "recovered_member_months", "unrecovered_member_months"})
_BY_PRODUCT = ("mix_member_months", "stratum_member_months", "stratum_expenditure", "stratum_revenue")
_BY_MONTH = ("incurred_expenditure", "capitation_member_months")


@dataclass(frozen=True, slots=True)
class Served:
    """A window and the rules that serve it: `unit` is the dollars of one unit of a member's amount."""

    rules: DataRules
    window: int
    unit: Fraction


@dataclass(frozen=True, slots=True)
class Plan:
    """What one contract wants: each window by its id, with the rules that serve it."""

    terms: Terms
    asked: Mapping[str, Wanted]
    windows: Mapping[str, Served]
    groups: frozenset[str]
    """Whose rows the group's own windows want; a market's rules want those of all."""

    def rules(self) -> list[DataRules]:
        return list(dict.fromkeys(served.rules for served in self.windows.values()))

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
        """The performance period and the baseline years; those with the same weights are served together."""
        groups: dict[tuple[Any, ...], list[Window]] = {}
        for window, year in self._own_windows():
            weights, unit = self._weights(year, window.id == PERFORMANCE)
            groups.setdefault((weights, unit), []).append(window)
        found: dict[str, Served] = {}
        for (weights, unit), windows in groups.items():
            rules = self._rules("cost", tuple(windows), self._costs(weights), self._cell_weights(weights))
            found |= {window.id: Served(rules, place, unit) for place, window in enumerate(windows)}
        return found

    def _own_windows(self) -> Iterator[tuple[Window, BaselinePeriod | None]]:
        yield Window(PERFORMANCE, "performance", self.terms.period), None
        against = self.terms.block("benchmark", Benchmark)
        for year in (against.baseline_periods or []) if against else []:
            yield Window(year.id, "baseline", year.period), year

    def _rules(
        self, roster: Roster, windows: tuple[Window, ...], costs: tuple[Cost, ...],
        cell_weights: tuple[tuple[str, int], ...] = (), where: Market | None = None,
    ) -> DataRules:  # fmt: skip
        members = self.terms.block("member_months", MemberMonths)
        large = self._large_claims()
        market = where is not None
        return DataRules(
            roster=roster,
            counting=members.counting or "" if members else "",
            windows=windows,
            costs=costs,
            cell_weights=cell_weights,
            products=tuple(members.products or []) if members else (),
            funding=tuple(members.funding or []) if members else (),
            where=tuple((row.column, tuple(row.values)) for row in where.where or []) if where else (),
            exclusions=tuple(_exclusion(rule) for rule in (members.exclusions or []) if roster in rule.rosters)
            if members else (),
            minimum_months=int(members.minimum_months * MONTH_UNITS)
            if members and members.minimum_months is not None and roster != "fee" else None,
            by_month=self._by_month(roster),
            across_moves=large is not None and large.across_moves == "one_threshold" and not market,
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

    def _weights(self, year: BaselinePeriod | None, performance: bool) -> tuple[tuple[Fraction, ...], Fraction]:
        """What each category's cents are worth in a member's amount when large claims are dealt with: whole numbers
        without a common divisor, and the dollars of one unit.
        """
        cost = self._cost()
        items: Sequence[CostCategory | None] = (cost.categories if cost is not None else None) or [None]
        worth = [self._worth(item, year, performance) for item in items]
        scale = lcm(*(value.denominator for value in worth))
        common = gcd(*(int(value * scale) for value in worth)) or 1
        return tuple(value * scale / common for value in worth), Fraction(common, scale * CENTS)

    def _worth(self, item: CostCategory | None, year: BaselinePeriod | None, performance: bool) -> Fraction:
        """What one reported dollar of a category is when large claims are dealt with."""
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
        factor = completion.factor if performance else (year.factor if year is not None else None)
        if performance and item is not None and item.completion_factor is not None:
            factor = item.completion_factor
        if factor is None:
            return worth
        return worth / factor if completion.convention == "percent_complete" else worth * factor

    def _costs(self, weights: tuple[Fraction, ...]) -> tuple[Cost, ...]:
        """The categories that count, and all others together, which do not."""
        cost, columns = self._cost(), self.basis_columns()
        if not columns:
            return ()
        if cost is None or cost.categories is None:
            return (Cost("", tuple(columns), int(weights[0])),)
        if cost.by == "products":
            return (Cost("", tuple(columns), 1),)
        named = [f"{cost.basis}.{item.id}" for item in cost.categories]
        missing = [name for name in named if name not in columns]
        if missing:
            raise self.terms.lacks("expenditure", "categories", f"the member months have no column {missing[0]}")
        found = [
            Cost(item.id, (name,), int(weight))
            for item, name, weight in zip(cost.categories, named, weights, strict=True)
        ]
        others = tuple(column for column in columns if column not in named)
        return (*found, *([Cost("", others, 0)] if others else []))

    def _cell_weights(self, weights: tuple[Fraction, ...]) -> tuple[tuple[str, int], ...]:
        cost = self._cost()
        if cost is None or not self._by_products():
            return ()
        return tuple((item.id, int(weight)) for item, weight in zip(cost.categories or [], weights, strict=True))

    # The fee's roster, and markets

    def _fee(self) -> dict[str, Served]:
        """Members whose cost counts, in the months of the fee; or those of a roster of its own."""
        fee = self.terms.need("care_coordination_fee", CareCoordinationFee)
        weights, unit = self._weights(None, True)
        if fee.roster == "cost":
            own = self._own()[PERFORMANCE]
            return {FEE: replace(own, rules=replace(own.rules, cell="tier")) if fee.tiers else own}
        rules = self._rules("fee", (Window(FEE, "fee", self.terms.fee_period),), self._costs(weights))
        return {FEE: Served(rules, 0, unit)}

    def _market(self) -> dict[str, Served]:
        against = self.terms.block("benchmark", Benchmark)
        if against is None:
            return {}
        found: dict[str, Served] = {}
        costs = tuple(Cost(cost.name, cost.sources, min(cost.weight, 1)) for cost in self._costs(self._ones()))
        now = Window(MARKET, "market", self.terms.period)
        if against.market_trend is not None:
            windows = (now, Window(MARKET_BASE, "market_base", against.market_trend.base))
            rules = self._rules("cost", windows, costs, where=against.market_trend)
            found |= {window.id: Served(rules, place, Fraction(1, CENTS)) for place, window in enumerate(windows)}
        if against.regional is not None:
            rules = self._rules("cost", (now,), costs, where=against.regional)
            found[REGION] = Served(rules, 0, Fraction(1, CENTS))
        risk = self.terms.block("risk", Risk)
        if risk is not None and risk.scores is not None and risk.scores.relative_to == "market" and not found:
            raise self.terms.lacks("benchmark", "market_trend", "risk is taken relative to the market's")
        return found

    def _ones(self) -> tuple[Fraction, ...]:
        cost = self._cost()
        return (Fraction(1),) * len((cost.categories if cost else None) or [None])


def _exclusion(rule: Rule) -> Exclusion:
    return Exclusion(
        rule.id, rule.rule, frozenset(kind for window in rule.periods for kind in _KINDS[window]),
        rule.months == "leave", rule.column, tuple(rule.values or ()),
        None if rule.most_rows is None else int(rule.most_rows),
    )  # fmt: skip
