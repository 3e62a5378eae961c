"""What a contract wants of tables that they may not have: columns, deaths, days, the members of a market.

What is missing is refused, because a cost column that nobody gave would be a cost of nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from p4v.contract.blocks.benchmark import Benchmark, Market
from p4v.contract.blocks.cost import Expenditure
from p4v.contract.blocks.members import MemberMonths
from p4v.contract.blocks.rewards import CareCoordinationFee
from p4v.contract.terms import Terms
from p4v.errors import Finding, Refusal
from p4v.experience.figures import GroupReader
from p4v.experience.plan import FEE, MARKET, MARKET_BASE, PERFORMANCE, REGION, Plan
from p4v.experience.rollup import Rows
from p4v.experience.rules import DataRules
from p4v.periods import Period


class Named(Protocol):
    """What messages call the member months: all of them, or those of a roster."""

    def __call__(self, roster: str | None = None) -> str: ...


_MARKETS = (MARKET, MARKET_BASE, REGION)
_OF_COST = frozenset({
    "expenditure", "reported_expenditure", "incurred_expenditure", "large_claims_excess", "large_claims_excluded",
    "market_expenditure", "regional_expenditure", "stratum_expenditure",
})  # fmt: skip
"""Stems of figures that cost columns give."""
_OF_RISK = frozenset({"risk_points", "baseline_risk_points", "market_risk_points", "market_base_risk_points"})
_YEAR = 12


def refuse_unmet(
    terms: Terms, plan: Plan, rows: Rows, contract: str, named: Named, workspace: str, yearly: bool
) -> None:
    """Raises `Refusal` with what the terms want of member months that these do not have.

    `workspace` is the file that names the tables.
    """
    shown = named()
    if rows.by_days:
        _refuse_without_day_rule(terms)
    if rows.deaths is None and any(rule.rule == "after_death" for rules in plan.rules() for rule in rules.exclusions):
        allowed = f"`deaths`, which an exclusion of contract {contract} looks at"
        raise Refusal([Finding("P4V-C022", workspace, "no table `deaths`", allowed, "tables.deaths")])
    if yearly:
        _refuse_parts_of_years(plan, shown)
    wanted = {**_columns(plan), **_figure_columns(plan)}
    remedy = "bind the column under `columns` of the table"
    findings = [
        Finding("P4V-D004", shown, "no such column", f"a column for {why} of contract {contract}", name, help=remedy)
        for name, why in wanted.items()
        if name not in rows.columns
    ]
    findings += [
        Finding(
            "P4V-D004", named(roster), "no such column", f"a column for {why} of contract {contract}", name, help=remedy
        )
        for (roster, name), why in _lacking(plan, rows).items()
    ]
    types = rows.months.schema()
    findings += [
        Finding("P4V-D051", shown, "a column of numbers", f"text for {why} of contract {contract}", name)
        for name, why in _columns(plan).items()
        if name in rows.columns and not types[name].is_string()
    ]
    if findings:
        raise Refusal(findings)


def _refuse_without_day_rule(terms: Terms) -> None:
    """Days make a member month only by a rule of the contract."""
    members = terms.need("member_months", MemberMonths)
    if members.counting is None:
        raise terms.lacks("member_months", "counting", "the member months are given by their covered days")
    if members.counting == "counted":
        found, allowed = "`counted`, and member months by covered days", "a rule by which covered days are counted"
        raise terms.refused("P4V-C023", "member_months", ("counting",), found, allowed)


def _refuse_parts_of_years(plan: Plan, shown: str) -> None:
    """A row of a yearly table has the whole year in it, of which no part can be told."""
    periods = {served.rules.windows[served.window].period for served in plan.windows.values()}
    periods |= {plan.terms.fee_period} if FEE in plan.windows else set()
    parts = sorted(str(period) for period in periods if not _whole_years(period))
    if parts:
        found, allowed = f"a yearly table for {', '.join(parts)}", "whole calendar years, or a table by month"
        raise Refusal([Finding("P4V-D039", shown, found, allowed, "year")])


def _whole_years(period: Period) -> bool:
    return period.first_day.month == 1 and period.last_day.month == _YEAR


def _columns(plan: Plan) -> dict[str, str]:
    """Each text column that the rules look at, and what for."""
    return {column: why for rules in plan.rules() for column, why in _looked_at(rules)}


def _lacking(plan: Plan, rows: Rows) -> dict[tuple[str, str], str]:
    """Each text column that the rules of a roster look at and its own table has not, and what for.

    It would be an empty text in every row, which no rule names: members would be passed over in silence.
    """
    return {
        (rules.roster, column): why
        for rules in plan.rules()
        for column, why in _looked_at(rules)
        if column in rows.lacking.get(rules.roster, ())
    }


def _looked_at(rules: DataRules) -> Iterator[tuple[str, str]]:
    if rules.products:
        yield "product", "the `products`"
    if rules.funding:
        yield "funding", "the `funding`"
    if rules.cell is not None:
        yield rules.cell, f"what is kept apart by {rules.cell}"
    for column, _ in rules.where:
        yield column, "the market"
    for exclusion in rules.exclusions:
        if exclusion.column is not None:
            yield exclusion.column, f"the exclusion `{exclusion.id}`"


def _figure_columns(plan: Plan) -> Mapping[str, str]:
    """The columns of numbers that figures are added up from."""
    found: dict[str, str] = {}
    if plan.stems() & _OF_COST and not all(rules.costs for rules in plan.rules() if rules.roster == "cost"):
        found[_basis(plan)] = "the `expenditure`"
    if plan.stems() & _OF_RISK:
        found["risk_score"] = "the `risk`"
    return found


def _basis(plan: Plan) -> str:
    cost = plan.terms.block("expenditure", Expenditure)
    return cost.basis if cost is not None else "allowed"


def market_findings(reader: GroupReader, shown: str) -> Iterator[Finding]:
    """Markets, or cells of one, in which nobody has a member month that counts: they have no cost to compare with."""
    against = reader.plan.terms.block("benchmark", Benchmark)
    if against is None:
        return
    if against.market_trend is not None:
        for window in (MARKET, MARKET_BASE):
            yield from _empty(reader, window, against.market_trend, against.market_trend.cells, shown)
    if against.regional is not None:
        yield from _empty(reader, REGION, against.regional, [None], shown)


def _empty(
    reader: GroupReader, window: str, market: Market, cells: Iterable[str | None], shown: str
) -> Iterator[Finding]:
    if not reader.has(window):
        return
    rows = reader.market(window, market.exclude)
    period = rows.served.rules.windows[rows.served.window].period
    for cell in cells:
        if not (rows if cell is None else rows.of_cell(cell)).months():
            where = "the market" if cell is None else f"cell `{cell}` of the market"
            found = f"no member month in {where} of group `{reader.group}` in {period}"
            yield Finding("P4V-D039", shown, found, "member months of the market to compare with", "month")


def unnamed_findings(reader: GroupReader, named: Named) -> Iterator[Finding]:
    """Rows that count and whose product or tier the contract does not name, so that no line would have them."""
    for window, served in reader.plan.windows.items():
        cells = _named(reader.plan, window)
        if window in _MARKETS or not cells:
            continue
        rows = reader.rows(window).of_other_cells(cells)
        count = rows.counted_rows()
        if count:
            what, number = served.rules.cell or "cell", "1 row" if count == 1 else f"{count} rows"
            found = f"{number} of group `{reader.group}` with another {what} than the contract names"
            allowed = f"{', '.join(sorted(cells))}; or `products` of `member_months`, which leave the others out"
            yield Finding("P4V-D036", named(served.rules.roster), found, allowed, what)


def _named(plan: Plan, window: str) -> frozenset[str]:
    """The cells that a contract's lines have figures of, where those are all that there may be."""
    against, cost = plan.terms.block("benchmark", Benchmark), plan.terms.block("expenditure", Expenditure)
    if window == FEE:
        fee = plan.terms.need("care_coordination_fee", CareCoordinationFee)
        return frozenset(tier.id for tier in fee.tiers or [])
    if against is not None and against.parts == "products":
        return frozenset(cell.id for cell in against.cells or [])
    if cost is not None and cost.by == "products" and cost.categories is not None:
        return frozenset(item.id for item in cost.categories)
    if window == PERFORMANCE and against is not None and against.market_trend is not None:
        return frozenset(against.market_trend.cells)
    return frozenset()


def refuse_unruled_deaths(rows: Rows, plans: Mapping[str, Plan], shown: str) -> None:
    """Raises `Refusal` for rows after a member's month of death, where the contract has no rule for them."""
    unruled = {contract: plan for contract, plan in plans.items() if not _rules_deaths(plan)}
    if rows.deaths is None or not unruled:
        return
    cells = _after_death(rows)
    findings = []
    for contract, plan in unruled.items():
        count = sum(cell["rows"] for cell in cells if _counts(plan, cell))
        if count:
            found = f"{count} {'row' if count == 1 else 'rows'} of contract {contract} after the month of a death"
            allowed = "none, or an exclusion with `rule: after_death` in the contract"
            findings.append(Finding("P4V-D073", shown, found, allowed, "month"))
    if findings:
        raise Refusal(findings)


def _rules_deaths(plan: Plan) -> bool:
    members = plan.terms.block("member_months", MemberMonths)
    return any(rule.rule == "after_death" for rule in (members.exclusions or [] if members else []))


def _after_death(rows: Rows) -> list[dict[str, Any]]:
    """Rows after their member's month of death, counted by what contracts tell apart."""
    deaths: Any = rows.deaths
    deaths = deaths.select(dead_member=deaths.member_id, death_month=deaths.death_month)
    joined = rows.months.inner_join(deaths, rows.months.member_id == deaths.dead_member)
    late = joined.filter((joined.month > joined.death_month) & (joined.fault == 0))
    keys = ["group_id", "month", *(name for name in ("purpose", "product", "funding") if name in rows.columns)]
    found: list[dict[str, Any]] = rows.engine.fetch(late.group_by(*keys).agg(rows=late.count())).to_pylist()
    return found


def _counts(plan: Plan, cell: Mapping[str, Any]) -> bool:
    """Whether a contract would count such rows."""
    return cell["group_id"] in plan.groups and any(
        _in_months(served.rules.windows[served.window].period, cell["month"])
        and cell.get("purpose", served.rules.roster) == served.rules.roster
        and (not served.rules.products or cell["product"] in served.rules.products)
        and (not served.rules.funding or cell["funding"] in served.rules.funding)
        for window, served in plan.windows.items()
        if window not in _MARKETS
    )


def _in_months(period: Period, month: int) -> bool:
    first, last = period.first_day, period.last_day
    return first.year * _YEAR + first.month - 1 <= month <= last.year * _YEAR + last.month - 1
