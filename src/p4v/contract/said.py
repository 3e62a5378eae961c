"""Terms that say which members and dollars count, in sentences for a reader: no line of a settlement shows them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from p4v.contract.blocks import Block
from p4v.contract.blocks.benchmark import BaselinePeriod, Benchmark, Market, MarketTrend, Risk
from p4v.contract.blocks.cost import Expenditure, LargeClaims
from p4v.contract.blocks.members import Exclusion, MemberMonths
from p4v.contract.terms import Terms
from p4v.money import decimal_text

_COUNTING = {
    "counted": "Member months come counted.",
    "any_day": "A month counts for a member who is covered on any day of it.",
    "first_of_month": "A month counts for a member who is covered on its first day.",
    "fifteenth_of_month": "A month counts for a member who is covered on its 15th day.",
    "full_month": "A month counts for a member who is covered on every day of it.",
    "pro_rata_days": "A month counts by the days on which a member is covered, over all its days.",
}
_PANEL = {
    "members": "Members with a counted month.",
    "average_members": "Member months over the months of the period, rounded down.",
}
_POOLED = {
    "those_below": "Groups with a smaller panel of their own are settled together, the others apart.",
    "all": "Where any group has a smaller panel of its own, all are settled together; else each apart.",
}
_ROSTERS = {"cost": "the cost", "fee": "the fee", "quality": "quality"}
_MARKET = {
    "group": "without the group\N{RIGHT SINGLE QUOTATION MARK}s own members",
    "all_contracted": "without members of contracted groups",
    "none": "with all members",
}
_MARKET_COST = {
    "as_reported": "its cost as reported, without the cost steps of this contract",
    "same_steps": "its members truncated as the group\N{RIGHT SINGLE QUOTATION MARK}s are",
}
_POINT = {
    "full": "The point holds in full for members with fewer months than the period",
    "prorated": "The point holds in proportion to a member\N{RIGHT SINGLE QUOTATION MARK}s months",
}
_BASIS = {
    "as_reported": "Factors measured on dollars as reported.",
    "truncated": "Factors measured on dollars after large claims, which complete less.",
}
_MOVES = {
    "one_threshold": "a member who moves between groups has one point for both",
    "each_group": "a member who moves between groups has a point with each",
}


class Said(NamedTuple):
    """One rule in words, and where the contract says so."""

    topic: str
    text: str
    clause: str


def said(terms: Terms) -> list[Said]:
    """What the terms of members say, topic by topic; nothing where a contract has none of them."""
    if terms.program.kind != "pay_for_value":
        return []
    return [*_fee(terms), *_members(terms), *_cost(terms), *_benchmark(terms)]


def _stated(terms: Terms, block: str, field: str, topic: str, text: str, *within: str | int) -> Said:
    return Said(topic, text, terms.source(block, field, *within).clause)


def _fee(terms: Terms) -> Iterator[Said]:
    """Whose months a fee is for, where they are not those of the period."""
    months = terms.occasion.fee_period
    for block, topic in (("care_coordination_fee", "Months of the fee"), ("capitation", "Months of the capitation")):
        if months is not None and terms.block(block, Block) is not None:
            text = f"{months}; all else is for {terms.period}."
            yield Said(topic, text, terms.source(block, "clause").clause)


def _members(terms: Terms) -> Iterator[Said]:
    block = terms.block("member_months", MemberMonths)
    if block is None:
        return
    sentences = {
        "counting": ("Member months", _COUNTING.get(block.counting or "")),
        "products": ("Products that count", _listed(block.products)),
        "funding": ("Funding that counts", _listed(block.funding)),
        "panel": ("Panel", _PANEL.get(block.panel or "")),
        "minimum_months": ("Minimum months", _minimum(block)),
        "pooled_with": ("Smallest panel", _POOLED.get(block.pooled_with or "")),
    }
    for field, (topic, text) in sentences.items():
        if text is not None:
            yield _stated(terms, "member_months", field, topic, text)
    for place, rule in enumerate(block.exclusions or []):
        known = _stated(terms, "member_months", "exclusions", f"Exclusion: {_words(rule.id)}", _exclusion(rule), place)
        yield known if rule.clause is None else known._replace(clause=rule.clause)


def _minimum(block: MemberMonths) -> str | None:
    if block.minimum_months is None:
        return None
    return f"Members with fewer than {block.minimum_months} member months in a period leave it, with all of theirs."


def _exclusion(rule: Exclusion) -> str:
    where = f"{_words(rule.column or '')} is {_or(rule.values or [])}"
    who = {
        "rows": f"Months where {where}",
        "members": f"Members for whom {where} in any month of a period",
        "after_death": "Months after the month of death",
        "duplicates": "Rows of a member and month after the first",
    }[rule.rule]
    rosters = _and(_ROSTERS[roster] for roster in rule.rosters)
    leave = "with their member months" if rule.months == "leave" else "and their member months stay"
    text = f"{who} are left out of {rosters}, {leave}; periods: {_and(rule.periods)}."
    if rule.look_back_months is not None:
        text += f" A fee is recovered up to {rule.look_back_months} months back."
    return text


def _cost(terms: Terms) -> Iterator[Said]:
    block = terms.block("expenditure", Expenditure)
    if block is None:
        return
    if block.by == "products":
        yield _stated(terms, "expenditure", "by", "Cost", "Each category is a product.")
    if block.completion is not None and block.completion.basis is not None:
        yield _stated(terms, "expenditure", "completion", "Completion", _BASIS[block.completion.basis], "basis")
    large = block.large_claims
    if large is not None:
        if large.percentile is not None:
            yield _stated(terms, "expenditure", "large_claims", "Truncation point", _percentile(large), "percentile")
        text = _and_then(_POINT.get(large.threshold or ""), _MOVES.get(large.across_moves or ""))
        if text:
            yield _stated(terms, "expenditure", "large_claims", "Large claims", text)


def _percentile(large: LargeClaims) -> str:
    point = large.percentile
    assert point is not None
    return (
        f"The amount at {decimal_text(point.at * 100)}% of the {_words(point.of)} of reference {point.reference}, "
        f"{point.amounts}, by the nearest rank."
    )


def _benchmark(terms: Terms) -> Iterator[Said]:
    block = terms.block("benchmark", Benchmark)
    if block is None:
        return
    for place, year in enumerate(block.baseline_periods or []):
        yield _stated(terms, "benchmark", "baseline_periods", f"Baseline year {year.id}", _year(year), place)
    trend = block.market_trend
    if trend is not None:
        text = (
            f"From the months {trend.base} to the performance period, by {_and(trend.cells)} "
            f"at the group\N{RIGHT SINGLE QUOTATION MARK}s own mix; {_whose(trend)}{_counted(trend)}."
        )
        yield _stated(terms, "benchmark", "market_trend", "Market trend", text)
    if block.regional is not None:
        text = f"Cost of the performance period, {_whose(block.regional)}{_counted(block.regional)}."
        yield _stated(terms, "benchmark", "regional", "Region", text)
    if block.parts is not None:
        text = f"Each part is one of the {block.parts}{_large_claims_of(terms, block.parts)}."
        yield _stated(terms, "benchmark", "parts", "Parts of the population", text)
    risk = terms.block("risk", Risk)
    if risk is not None and risk.scores is not None:
        beyond = "" if risk.scores.relative_to == "none" else ", beyond the change of the market"
        text = f"Average risk score of members against that of baseline year {risk.scores.base}{beyond}."
        yield _stated(terms, "risk", "scores", "Risk", text)


def _large_claims_of(terms: Terms, parts: str) -> str:
    """Whose dollars are above the point, where members of very high cost are dealt with part by part."""
    cost = terms.block("expenditure", Expenditure)
    if cost is None or cost.large_claims is None:
        return ""
    return {
        "groups": "; large claims are those of each group\N{RIGHT SINGLE QUOTATION MARK}s own members",
        "products": "; a member is above the point with all products, and the products bear it by their dollars",
    }[parts]


def _year(year: BaselinePeriod) -> str:
    return f"{year.period}, by the cost steps of this contract."


def _whose(market: Market) -> str:
    rows = [f"{_words(where.column)} is {_or(where.values)}" for where in market.where or []]
    return f"{_MARKET[market.exclude]}{', where ' + _and(rows) if rows else ''}"


def _counted(market: Market) -> str:
    """How the market's cost is counted beside the group's, where the contract says so."""
    if market.cost is None:
        return ""
    apart = ", in each product" if market.cost == "same_steps" and isinstance(market, MarketTrend) else ""
    return f"; {_MARKET_COST[market.cost]}{apart}"


def _and_then(first: str | None, second: str | None) -> str:
    parts = [part for part in (first, second) if part is not None]
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _words(name: str) -> str:
    return name.replace("_", " ")


def _listed(words: Iterable[str] | None) -> str | None:
    return None if words is None else ", ".join(words)


def _and(words: Iterable[str]) -> str:
    return _joined(list(words), "and")


def _or(words: Iterable[str]) -> str:
    return _joined(list(words), "or")


def _joined(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""
