"""Random small workspaces with contracts drawn near what decides them: points, gates, caps, half cents.

`draft(seed)` is the same for the same seed, whatever the machine. Every contract is drawn first, then steered: its rows
are settled by the reference, and a benchmark adjustment, a cap or a point is set where it matters.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from reference.contracts import number
from workspaces.building import CENTS, Document, Draft, Record, contract
from workspaces.reference import Asked, Result, Settling
from workspaces.tables import Tables, days_of_month, is_amount, month_number, month_text, period_months, row_of

CENT = Fraction(1, 100)
PERIODS = (
    *["2014"] * 8, *["2013-07 to 2014-06"] * 2, *["2014-01 to 2014-06"] * 2, "2013-01 to 2014-12", "2013-07 to 2014-12",
)  # fmt: skip
RULES = ("half_up", "half_up", "half_even", "down", "up")
AIMS = (*["tie"] * 4, *["far"] * 7, *["below"] * 7, "gate", "gate", "loss", "any")
CATEGORIES = ("inpatient", "outpatient", "professional", "pharmacy")
COUNTING = ("any_day", "first_of_month", "fifteenth_of_month", "full_month", "pro_rata_days")
PAIRS = (
    ("truncate", "complete"), ("normalise", "truncate"), ("collar", "benchmark_risk"), ("quality", "cap_payment"),
    ("cap_payment", "final_multiplier"), ("loss_limit", "disaster"),
)  # fmt: skip


def text(value: Fraction, places: int = 6) -> str:
    """A decimal cut to so many places, without needless zeros."""
    units = int(value * 10**places)
    digits = str(abs(units)).rjust(places + 1, "0")
    whole, part = digits[:-places], digits[-places:].rstrip("0")
    return ("-" if units < 0 else "") + whole + (f".{part}" if part else "")


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def percent(value: Fraction, places: int = 4) -> str:
    return f"{text(value * 100, places)}%"


@dataclass
class World:
    """What the tables of one workspace hold."""

    draw: Random
    period: str
    asked: str
    first: int
    last: int
    end: int
    start: int
    groups: list[str]
    contracted: list[str]
    by_days: bool
    purposes: bool
    apart: bool
    duplicates: bool
    deaths: bool
    columns: frozenset[str]
    categories: tuple[str, ...]
    bases: tuple[str, ...]
    partial: tuple[str, ...]

    def chance(self, percents: int) -> bool:
        return self.draw.randint(1, 100) <= percents


def world_of(draw: Random) -> World:
    def chance(percents: int) -> bool:
        return draw.randint(1, 100) <= percents

    period = draw.choice(PERIODS)
    first, end = period_months(period)
    quarter = draw.randint(1, 4) if period == "2014" and chance(20) else None
    last = end if quarter is None else first + 3 * quarter - 1
    before = 12 if end - first >= 12 else draw.choice([12, 24])
    groups = [f"g{number}" for number in range(1, draw.randint(3, 6) + 1)]
    names = {
        name for name, often in (("funding", 40), ("cohort", 60), ("area", 50), ("tier", 40), ("risk_score", 50), ("revenue", 40), ("hospice", 40))
        if chance(often)
    }  # fmt: skip
    return World(
        draw=draw, period=period, asked=f"{period}Q{quarter}" if quarter else period, first=first, last=last, end=end, start=first - before,
        groups=groups, contracted=groups[: draw.randint(2, len(groups) - 1)],
        by_days=chance(25), purposes=(purposes := chance(35)), apart=purposes and chance(40), duplicates=chance(25), deaths=chance(50),
        columns=frozenset(names), categories=CATEGORIES[: draw.randint(2, 4)] if chance(75) else (),
        bases=draw.choice([("allowed",), ("allowed",), ("paid",), ("allowed", "paid")]),
        partial=("0.5", "0.25", "0.1", "0.75") if chance(65) else ("0.333333", "0.5", "0.999999", "0.000001"),
    )  # fmt: skip


# ---- rows


def rows_of(world: World) -> tuple[list[Record], list[Record]]:
    """Member months and deaths. A member has one group in a month, and may move."""
    draw, found, deaths = world.draw, [], []
    for group in world.groups:  # somebody in every month: a month without rows is refused
        traits = traits_of(world)
        for month in range(world.start, world.end + 1):
            found += [
                row_at(world, f"s-{group}", group, month, purpose, traits, Fraction(1)) for purpose in rosters_of(world)
            ]
    for place in range(draw.randint(20, 80)):
        member = f"m{place:03d}"
        home, other = draw.choice(world.groups), draw.choice(world.groups)
        joins = world.start if world.chance(75) else draw.randint(world.start, world.end)
        leaves = world.end if world.chance(75) else draw.randint(joins, world.end)
        moves = draw.randint(joins, leaves) if world.chance(25) else leaves + 1
        if world.deaths and world.chance(8):
            deaths.append({"member_id": member, "death_month": month_text(max(leaves - draw.randint(0, 3), joins))})
        traits = traits_of(world)
        costly = Fraction(draw.choice([5, 20, 50, 100, 100, 200, 600]), 100)
        for month in range(joins, leaves + 1):
            if world.chance(3):
                continue
            if world.chance(2):
                traits |= traits_of(world)
            group = other if month >= moves else home
            for purpose in purposes_of(world):
                roster = home if purpose == "fee" else group
                found.append(row_at(world, member, roster, month, purpose, traits, costly))
    if world.duplicates:
        for row in draw.sample(found, min(len(found), draw.randint(1, 6))):
            if row.get("purpose") != "quality":
                found.insert(draw.randint(0, len(found)), dict(row))
    return found, deaths


def rosters_of(world: World) -> list[str | None]:
    return ["cost", "fee", *(["quality"] if world.apart else [])] if world.purposes else [None]


def purposes_of(world: World) -> list[str | None]:
    rosters = rosters_of(world)
    return rosters if world.draw.randint(1, 10) < 10 else rosters[:1]


def traits_of(world: World) -> Record:
    draw = world.draw
    values = {
        "funding": ["insured", "insured", "self_funded"], "cohort": ["none"] * 12 + ["transplant"], "area": ["MA", "MA", "CT"],
        "tier": ["low", "high"], "hospice": ["0"] * 15 + ["1"],
    }  # fmt: skip
    found = {"product": draw.choice(["ppo", "ppo", "hmo"])}
    for name, choices in values.items():
        if name in world.columns:
            found[name] = draw.choice(choices)
    if "risk_score" in world.columns:
        found["risk_score"] = f"{draw.randint(3000, 30000) / 10000:.4f}"
    return found


def row_at(
    world: World, member: str, group: str, month: int, purpose: str | None, traits: Record, costly: Fraction
) -> Record:
    draw = world.draw
    row = {"group_id": group, "member_id": member, "month": month_text(month)}
    if purpose is not None:
        row["purpose"] = purpose
    row |= traits
    zero = False
    if world.by_days:
        length = days_of_month(month)
        first, last = (1, length) if world.chance(80) else sorted(draw.sample(range(1, length + 1), 2))
        row |= {"first_day": str(first), "last_day": str(last)}
    else:
        zero = world.chance(3)
        part = draw.choice(world.partial) if world.chance(8) else "1"
        row["member_months"] = "0" if zero else part
    if "revenue" in world.columns:
        row["revenue"] = money(draw.randint(30000, 60000))
    for basis in world.bases:
        for category in world.categories or ("",):
            cents = 0 if purpose in ("fee", "quality") else cents_of(world, costly, zero)
            row[f"{basis}.{category}" if category else basis] = money(cents)
    return row


def cents_of(world: World, costly: Fraction, zero: bool) -> int:
    draw = world.draw
    if zero or world.chance(3):
        return -draw.randint(0, 30000)
    if world.chance(1):
        return draw.randint(500_000, 6_000_000)
    cents = 0 if world.chance(25) else int(draw.randint(1000, 40000) * costly)
    return cents // 100 * 100 if world.chance(50) else cents


# ---- contracts


def terms_of(world: World, group: str) -> tuple[Document, Document]:
    """Terms and order of one contract; steered afterwards."""
    draw = world.draw
    if world.chance(12):
        return of_parts(world, group)
    exact = world.chance(40)
    terms: Document = {"member_months": {}, "expenditure": expenditure(world)}
    terms["benchmark"] = {"pmpm": "400.00"} if exact else benchmark(world, terms["expenditure"])
    if exact:
        simplify(terms["expenditure"])
    terms["gate"] = {
        "form": draw.choice(["cliff", "cliff", "deductible"]), "comparison": draw.choice(["at_least", "more_than"]),
        "minimum_savings_rate": draw.choice(["0%", "1%", "2%", "2.5%", "3%"]),
    }  # fmt: skip
    terms["share"] = {"sharing_rate": draw.choice(["50%", "50%", "50%", "40%", "60%", "35%", "100%"])}
    if world.chance(25):
        terms["loss_share"] = {"sharing_rate": draw.choice(["50%", "40%"])}
        terms["gate"]["losses"] = draw.choice(["same_as_savings", "from_the_first_dollar"])
        if world.chance(50):
            terms["loss_limit"] = {"of_benchmark": draw.choice(["1%", "5%"])}
    if world.chance(10):
        terms["final_multiplier"] = {"savings": "98%"}
    if world.chance(35) and not exact:
        terms |= quality(world)
    if world.chance(65):
        terms["care_coordination_fee"] = fee(world)
    if world.chance(20):
        terms["adjustments"] = {"items": adjustments(world, terms["benchmark"])}
    if "baseline_periods" in terms["benchmark"] and "risk_score" in world.columns and world.chance(50):
        terms["risk"] = risk(world, terms)
    terms["member_months"] = members(world, terms)
    terms["rounding"] = {
        "earned": {"places": draw.choice(["2", "2", "2", "0"]), "rule": draw.choice(RULES)},
        "net_payment": CENTS,
    }
    if "care_coordination_fee" in terms:
        terms["rounding"]["care_coordination_fee"] = {"places": "2", "rule": draw.choice(RULES)}
    order = order_of(world, terms)
    say_basis(world, terms["expenditure"], order)
    return terms, order


def of_parts(world: World, group: str) -> tuple[Document, Document]:
    """A contract whose benchmark has parts: the products of a group, or the groups of a pool."""
    draw = world.draw
    parts = draw.choice(["products", "groups", "groups"])
    others = [other for other in world.groups if other != group]
    ids = ["ppo", "hmo"] if parts == "products" else [group, *draw.sample(others, draw.randint(1, len(others)))]
    cost = cost_of_parts(world, parts)
    terms: Document = {
        "expenditure": cost,
        "benchmark": {
            "cells": [{"id": id_, "pmpm": "400.00"} for id_ in ids], "pooling": draw.choice(["together", "apart"]), "parts": parts,
        },
        "gate": {"form": "cliff", "comparison": "at_least", "minimum_savings_rate": draw.choice(["0%", "2%"])},
        "share": {"sharing_rate": "50%"},
        "rounding": {name: {"places": "2", "rule": draw.choice(RULES)} for name in ("earned", "care_coordination_fee")},
    }  # fmt: skip
    terms["rounding"]["net_payment"] = CENTS
    if world.chance(25):
        terms["loss_share"] = {"sharing_rate": "40%"}
        terms["gate"]["losses"] = draw.choice(["same_as_savings", "from_the_first_dollar"])
    if world.chance(50):
        terms["care_coordination_fee"] = {"roster": draw.choice(["cost", "fee"]), "pmpm": "1.505"}
    terms["member_months"] = members(world, terms)
    if "benefit_by_product" not in cost:
        terms["member_months"].pop("products", None)
    if parts == "groups" and world.chance(65):
        del terms["benchmark"]["pooling"]
        terms["member_months"] |= {
            "smallest_panel": "10", "below": "pool", "pooled_with": draw.choice(["those_below", "those_below", "all"]),
        }  # fmt: skip
    order = order_of(world, terms)
    say_basis(world, cost, order)
    return terms, order


def cost_of_parts(world: World, parts: str) -> Document:
    """Cost as drawn; what is one amount of the whole, or of products beside parts that are products, is left out."""
    cost = expenditure(world)
    while parts == "products" and {"by", "benefit_by_product"} & set(cost):
        cost = expenditure(world)
    keep_months(cost)
    return cost


def simplify(cost: Document) -> None:
    """Takes out what leaves amounts without an end, so that an exact half cent can be reached."""
    leave_uncompleted(cost)
    if "large_claims" in cost:
        cost["large_claims"] |= {"threshold": "full", "across_moves": "each_group"}


def leave_uncompleted(cost: Document) -> None:
    """Takes out completion and gross-up."""
    for name in ("administrative_share", "completion"):
        cost.pop(name, None)
    for row in cost.get("categories", []):
        row.pop("completion_factor", None)
        row.pop("by_run_out", None)


def leave_only_truncation(cost: Document) -> None:
    """Takes out every other step of the cost, so that a market can have the same."""
    leave_uncompleted(cost)
    cost.pop("benefit_by_product", None)
    for row in cost.get("categories", []):
        row.pop("benefit_factor", None)


def members(world: World, terms: Document) -> Document:
    draw = world.draw
    found: Document = {
        "counting": draw.choice(COUNTING) if world.by_days else "counted",
        "panel": draw.choice(["members", "average_members"]),
    }
    if world.chance(8):
        found["products"] = ["ppo"] if world.chance(50) else ["ppo", "hmo"]
    if "benefit_by_product" in terms["expenditure"]:
        found["products"] = [row["id"] for row in terms["expenditure"]["benefit_by_product"]]
    if "funding" in world.columns and world.chance(25):
        found["funding"] = ["insured"]
    periods = windows_of(terms)
    exclusions: list[Document] = []
    rosters = ["cost", "fee"] if "tiers" not in terms.get("care_coordination_fee", {}) else ["cost"]
    if world.deaths:  # rows after a death that no contract has a rule for are refused
        exclusions.append({"id": "death", "rule": "after_death", "rosters": rosters})
    if "hospice" in world.columns and world.chance(70):
        exclusions.append({"id": "hospice", "rule": "rows", "column": "hospice", "values": ["1"], "rosters": ["cost"]})
    if "cohort" in world.columns and world.chance(70):
        exclusions.append(
            {"id": "transplant", "rule": "members", "column": "cohort", "values": ["transplant"], "rosters": ["cost"]}
        )
    draw.shuffle(exclusions)
    if world.duplicates:  # first, so that no other rule takes both copies
        exclusions.insert(0, {"id": "twice", "rule": "duplicates", "rosters": ["cost", "fee"]})
    for rule in exclusions:
        leave = rule["rule"] in ("duplicates", "after_death") or world.chance(60)
        rule |= {"periods": periods, "months": "leave" if leave else "stay"}
        if "fee" in rule["rosters"] and world.chance(30):
            rule["look_back_months"] = str(draw.randint(0, 8))
    if exclusions:
        found["exclusions"] = exclusions
    if world.chance(20):
        found["minimum_months"] = str(draw.randint(2, 5))
    return found


def windows_of(terms: Document) -> list[str]:
    against = terms["benchmark"]
    found = ["performance"]
    if "baseline_periods" in against:
        found.append("baseline")
    if "market_trend" in against or "regional" in against:
        found.append("market")
    return found


def expenditure(world: World) -> Document:
    draw = world.draw
    found: Document = {"basis": draw.choice(world.bases)}
    by_products = world.chance(15)
    if by_products:
        found["by"] = "products"
        found["categories"] = [{"id": "ppo"}, {"id": "hmo"}]
    elif world.categories and world.chance(75):
        ids = world.categories if world.chance(70) else world.categories[:-1]
        found["categories"] = [{"id": id_} for id_ in ids]
    rows: list[Document] = found.get("categories", [])
    if not by_products and world.chance(12):
        found["benefit_by_product"] = benefits(world)
    elif rows and world.chance(20):
        for row in rows:
            row["benefit_factor"] = draw.choice(["1.125", "0.96", "1.05"])
    if world.chance(65):
        found["large_claims"] = large_claims(world)
    if world.chance(45):
        completion(world, found, rows)
    if world.chance(8):
        found["administrative_share"] = "8%"
    if found.get("large_claims", {}).get("form") == "exclude":
        one_factor(found, rows)
    if "benefit_by_product" in found and "completion" in found and "factor" not in found["completion"]:
        leave_uncompleted(found)
    return found


def benefits(world: World) -> list[Document]:
    """Benefit richness of the products that count."""
    ids = world.draw.choice([["ppo", "hmo"], ["ppo", "hmo"], ["ppo", "hmo"], ["hmo"]])
    return [{"id": id_, "benefit_factor": world.draw.choice(["1.05", "0.96", "1.125", "1.031"])} for id_ in ids]


def one_factor(cost: Document, rows: list[Document]) -> None:
    """Months cannot be completed without the members who are excluded from them: one factor in place of many."""
    for part, name in ((cost.get("completion", {}), "factor"), *((row, "completion_factor") for row in rows)):
        ladder = part.pop("by_run_out", None)
        if ladder is not None:
            part[name] = ladder[0]["factor"]


def large_claims(world: World) -> Document:
    draw = world.draw
    found: Document = {
        "form": draw.choice(["truncate", "truncate", "truncate", "exclude", "pool"]),
        "threshold": draw.choice(["full", "full", "prorated"]),
        "across_moves": draw.choice(["each_group", "one_threshold"]),
    }
    if found["form"] == "exclude":
        found["months"] = draw.choice(["leave", "stay"])
    if found["form"] == "pool":
        found |= {"pooled_share": "80%", "charge_pmpm": "18.40"}
    if world.chance(15):
        found["percentile"] = {
            "at": draw.choice(["99%", "95%", "90%", "97.5%"]), "of": draw.choice(["members", "member_years"]),
            "amounts": draw.choice(["annualised", "actual"]), "reference": "frozen", "sha256": "",
        }  # fmt: skip
    else:
        found["point"] = money(draw.randint(200_000, 3_000_000))
    return found


def completion(world: World, cost: Document, rows: list[Document]) -> None:
    draw = world.draw
    convention = draw.choice(["percent_complete", "multiplier"])

    def factor() -> str:
        value = Fraction(draw.randint(800, 999), 1000)
        return text(value if convention == "percent_complete" else 2 - value, 3)

    def ladder() -> list[Document]:
        return [{"from": "0", "factor": factor()}, {"from": "3", "factor": factor()}, {"from": "6", "factor": "1"}]

    cost["completion"] = {"convention": convention}
    form = (
        draw.choice(["one", "one", "ladder", "ladder", "own", "own_ladder"]) if rows else draw.choice(["one", "ladder"])
    )
    if form == "one":
        cost["completion"]["factor"] = factor()
    elif form == "ladder":
        cost["completion"]["by_run_out"] = ladder()
    else:
        for row in rows:
            if row is rows[0] or world.chance(70):
                row["completion_factor" if form == "own" else "by_run_out"] = factor() if form == "own" else ladder()


def benchmark(world: World, cost: Document) -> Document:
    draw = world.draw
    found: Document = {}
    if cost.get("large_claims", {}).get("form") == "truncate" and world.chance(35):
        leave_only_truncation(cost)
    kind = draw.choice(["pmpm", "pmpm", "baseline", "baseline", "baseline", "loss_ratio"])
    if kind == "loss_ratio" and "revenue" in world.columns:
        found["loss_ratio"] = "85%"
        if world.chance(50):
            blend(world, found, cost)
    elif kind == "baseline":
        baseline(world, found, cost, max((world.first - world.start) // 12, 1))
    else:
        found["pmpm"] = "400.00"
    if "loss_ratio" not in found:
        trend(world, found, cost)
        if world.chance(25):
            blend(world, found, cost)
        if world.chance(10):
            found["discount"] = "1.5%"
    if "loss_ratio" in found or "loss_ratio" in found.get("blended_with", {}):
        keep_months(cost)
    return found


def keep_months(cost: Document) -> None:
    """Members who are excluded leave their months behind: revenue, and budgets of parts, are not told apart."""
    if cost.get("large_claims", {}).get("form") == "exclude":
        cost["large_claims"]["months"] = "stay"


def trend(world: World, found: Document, cost: Document) -> None:
    draw = world.draw
    base = f"{month_text(world.start)} to {month_text(world.start + 11)}"
    form = draw.choice(["none", "fixed", "market", "market"])
    if "categories" in found and form == "fixed":
        form = "none"
    if form == "fixed":
        found["trend"] = "1.024"
    elif form == "market":
        found["market_trend"] = {"base": base, "cells": ["ppo", "hmo"], **market(world, cost)}
    if form != "none" and world.chance(40):
        found |= {"lowest_trend": "0.9", "highest_trend": draw.choice(["1.02", "1.1", "1.5"])}


def blend(world: World, found: Document, cost: Document) -> None:
    """A region or another budget; the first may then be given in dollars."""
    draw = world.draw
    found["own_weight"] = draw.choice(["50%", "50%", "25%", "66.6667%"])
    if world.chance(40):
        found["regional"] = market(world, cost)
        return
    others = [{"pmpm": "387.25"}, {"loss_ratio": "84%"}, {"given": "yes"}]
    if "revenue" not in world.columns:
        others.pop(1)
    if world.asked != world.period:
        others.pop()
    found["blended_with"] = draw.choice(others)
    if "pmpm" in found and world.asked == world.period and not {"trend", "market_trend"} & set(found):
        del found["pmpm"]
        found["given"] = "yes"


def market(world: World, cost: Document) -> Document:
    found: Document = {"exclude": world.draw.choice(["group", "group", "all_contracted", "none"])}
    if "area" in world.columns and world.chance(40):
        found["where"] = [{"column": "area", "values": ["MA"]}]
    same = truncates_alone(cost) and world.chance(80)
    return found | {"cost": "same_steps" if same else "as_reported"}


def truncates_alone(cost: Document) -> bool:
    """Whether large claims are cut at a point, and nothing else changes dollars."""
    others = "completion" in cost or "administrative_share" in cost
    factors = "benefit_by_product" in cost or any("benefit_factor" in row for row in cost.get("categories", []))
    return cost.get("large_claims", {}).get("form") == "truncate" and not others and not factors


def baseline(world: World, found: Document, cost: Document, years: int) -> None:
    draw = world.draw
    ids = [f"y{number}" for number in range(1, years + 1)]
    found["baseline_periods"] = []
    for place, id_ in enumerate(ids):
        first = world.first - 12 * (years - place)
        year = {"id": id_, "period": f"{month_text(first)} to {month_text(first + 11)}"}
        if "large_claims" in cost and world.chance(50):
            year["point"] = money(draw.randint(200_000, 3_000_000))
        if "completion" in cost and world.chance(40):
            year["factor"] = "0.98" if cost["completion"]["convention"] == "percent_complete" else "1.02"
        found["baseline_periods"].append(year)
    if world.chance(40):
        found["pooled_years"] = ids
    else:
        weights = ["100%"] if years == 1 else ["40%", "60%"]
        found["years"] = [{"id": id_, "weight": weight} for id_, weight in zip(ids, weights, strict=True)]
        if world.chance(40):
            for year in found["years"]:
                year["trend"] = draw.choice(["1.05", "1.1025", "0.99"])
    if "categories" in cost and world.chance(35):
        found["categories"] = [
            {"id": row["id"], "trend": draw.choice(["1.02", "1.06", "0.97"])} for row in cost["categories"]
        ]


def risk(world: World, terms: Document) -> Document:
    draw = world.draw
    against = terms["benchmark"]
    relative = "market" if "market_trend" in against and world.chance(50) else "none"
    found: Document = {
        "on": draw.choice(["benchmark", "benchmark", "expenditure"]),
        "scores": {"base": against["baseline_periods"][0]["id"], "relative_to": relative},
    }
    if world.chance(60):
        found |= {"lowest": "0.97", "highest": "1.03"}
    return found


def quality(world: World) -> Document:
    draw = world.draw
    weights = draw.choice([["100%"], ["50%", "50%"], ["25%", "75%"], ["20%", "30%", "50%"]])
    measures = [
        {
            "id": id_, "kind": "rate", "better": "higher", "weight": weight,
            "threshold": f"{draw.randint(40, 60)}%", "target": f"{draw.randint(70, 90)}%",
        }
        for id_, weight in zip(("bcs", "col", "a1c"), weights, strict=False)
    ]  # fmt: skip
    block = {"weights": "sum_to_100%", "unscored": "weight_shared_in_proportion", "measures": measures}
    found: Document = {"quality": block, "quality_effect": {"form": "multiplier"}}
    if world.chance(50):
        found["quality_gate"] = {"minimum_score": draw.choice(["30%", "60%", "80%"])}
    return found


def results_of(world: World, group: str, terms: Document) -> list[Record]:
    """Quality results of the group; of another period too, which must not count."""
    found = []
    for measure in terms.get("quality", {}).get("measures", []):
        whole = world.draw.choice([100, 200, 250, 80])
        for years_before in (0, 2):
            first, last = world.first - 12 * years_before, world.last - 12 * years_before
            found.append({
                "group_id": group, "measure_id": measure["id"], "performance_period_begin": month_text(first),
                "performance_period_end": month_text(last), "numerator": str(world.draw.randint(whole // 2, whole)),
                "denominator": str(whole),
            })  # fmt: skip
    return found


def fee(world: World) -> Document:
    draw = world.draw
    roster = "fee" if world.chance(60) else "cost"
    form = draw.choice(["flat", "flat", "flat", "by_month", "tiers", "year"])
    found: Document = {"roster": roster}
    if form == "tiers" and "tier" in world.columns:
        found["tiers"] = [{"id": "low", "pmpm": "1.25"}, {"id": "high", "pmpm": "4.505"}]
    elif form == "year":
        found["per_member_per_year"] = draw.choice(["24.00", "30.06"])
    else:
        found["pmpm"] = draw.choice(["2.00", "1.505", "2.125", "1.50"])
        if form == "by_month":
            found["by_month"] = "yes"
    return found


def adjustments(world: World, against: Document) -> list[Document]:
    draw = world.draw
    found: list[Document] = [{"id": "rebates", "side": "expenditure", "dollars": "-1250.50"}]
    if world.chance(50):
        found.append({"id": "capitation", "side": draw.choice(["expenditure", "benchmark"]), "pmpm": "1.25"})
    if world.chance(30):
        found[0]["when"] = "before_large_claims"
    years = [year["id"] for year in against.get("baseline_periods", [])]
    for item in found:
        if world.chance(50):
            by_period(world, item, years if item["side"] == "expenditure" else [])
    return found


def by_period(world: World, item: Document, years: list[str]) -> None:
    """An amount of its own for the performance period, baseline years, or some of them."""
    draw = world.draw
    amounts = [{"dollars": "-800.25"}, {"dollars": "333.33"}, {"pmpm": "-2.35"}, {"pmpm": "4.5"}]
    if world.asked == world.period:
        amounts.append({"given": "yes"})
    named = [id_ for id_ in ("performance", *years) if world.chance(75)] or ["performance"]
    for amount in ("dollars", "pmpm"):
        item.pop(amount, None)
    item["periods"] = [{"id": id_, **draw.choice(amounts)} for id_ in named]


def given_of(world: World, group: str, terms: Document) -> list[Record]:
    """Budgets and amounts of named adjustments that the payer gives."""
    found = []
    against = terms["benchmark"]
    for name, budget in (("own_budget", against), ("other_budget", against.get("blended_with", {}))):
        if "given" in budget:
            found.append(figure(world, group, name, "", money(world.draw.randint(5_000_000, 30_000_000))))
    for item in terms.get("adjustments", {}).get("items", []):
        for period in item.get("periods", []):
            if "given" in period:
                of_year = "" if period["id"] == "performance" else f"-{period['id']}"
                value = money(world.draw.randint(-200_000, 100_000))
                found.append(figure(world, group, "adjustment", item["id"] + of_year, value))
    return found


def order_of(world: World, terms: Document) -> Document:
    """Moves where two sequences mean two contracts, and confirmations of all the rest."""
    moves = []
    cost = terms["expenditure"]
    large, completed = "large_claims" in cost, "factor" in cost.get("completion", {})
    rows = [*cost.get("categories", []), *cost.get("benefit_by_product", [])]
    factors = any("benefit_factor" in row for row in rows)
    if large and completed and world.chance(50):
        moves.append({"step": "complete", "before": "truncate"})
    if large and factors and not moves and world.chance(50):
        moves.append({"step": "normalise", "after": "truncate"})
    confirms = [
        {"pair": list(pair), "clause": "§9"} for pair in PAIRS if not {move["step"] for move in moves} & set(pair)
    ]
    found: Document = {"confirms": confirms}
    if moves:
        found["moves"] = [{**move, "clause": "§9"} for move in moves]
    return found


def say_basis(world: World, cost: Document, order: Document) -> None:
    """What completion was measured on, as the sequence of the steps has it."""
    if "completion" not in cost or not world.chance(60):
        return
    first = any(move["step"] == "complete" for move in order.get("moves", []))
    truncated = "factor" in cost["completion"] and "large_claims" in cost and not first
    cost["completion"]["basis"] = "truncated" if truncated else "as_reported"


# ---- steering


def tables_of(found: Draft) -> Tables:
    return Tables(
        rows=[row_of(line, row, found.by_days) for line, row in enumerate(found.rows, start=2)],
        by_days=found.by_days,
        deaths={row["member_id"]: month_number(row["death_month"]) for row in found.deaths},
        quality=list(found.quality),
        figures=list(found.figures),
        references={id_: reference_rows(content) for id_, content in found.references.items()},
    )


def reference_rows(content: str) -> list[Record]:
    header, *lines = content.splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def settled(document: Document, tables: Tables, contracted: frozenset[str], asked: Asked) -> tuple[Settling, Result]:
    settling = Settling(document, tables, contracted, asked)
    return settling, settling.result()


def steered(world: World, document: Document, tables: Tables, asked: Asked) -> bool:
    """Sets point, benchmark and cap where they decide something. False where the rows give nothing to settle."""
    draw, contracted = world.draw, frozenset(world.contracted)
    terms = document["terms"]
    large = terms["expenditure"].get("large_claims", {})
    if "point" in large and world.chance(75):
        large["point"] = point_near(world, document, tables)
    try:
        settling, result = settled(document, tables, contracted, asked)
    except ZeroDivisionError:
        return False
    if "cells" in terms["benchmark"]:
        return budgets(world, terms, result)
    against, spent = result.lines.get("benchmark"), result.lines.get("expenditure")
    months = settling.months()
    if against is None or spent is None or months <= 0 or spent <= 0:
        return False
    exact = set(terms["benchmark"]) == {"clause", "pmpm"} and "completion" not in terms["expenditure"]
    aim = "tie" if exact and world.chance(45) else draw.choice(AIMS)
    rate = number(terms["gate"]["minimum_savings_rate"])
    wanted = {
        "tie": spent * (1 + rate + Fraction(draw.randint(2, 15), 100)),
        "far": spent * (1 + rate + Fraction(draw.randint(3, 25), 100)),
        "below": spent * (1 + rate * Fraction(draw.randint(1, 90), 100)),
        "gate": spent / (1 - rate) + draw.choice([CENT, Fraction(0), Fraction(0), -CENT]),
        "loss": spent * (1 - Fraction(draw.randint(1, 12), 100)),
        "any": against,
    }[aim]
    if aim != "any":
        if terms["benchmark"].get("pmpm") and against > 0 and world.chance(70):
            terms["benchmark"]["pmpm"] = text(number(terms["benchmark"]["pmpm"]) * wanted / against, 2)
            settling, result = settled(document, tables, contracted, asked)
            against = result.lines["benchmark"]
            assert against is not None
        if aim in ("tie", "gate") or abs(wanted - against) > abs(wanted) / 50:
            steer_benchmark(settling, document, against, wanted, aim)
    if aim in ("tie", "far", "any") and world.chance(95) and not ties(document, tables, contracted, asked):
        capped(world, document, tables, asked)
    panel(world, terms, result)
    return True


def budgets(world: World, terms: Document, result: Result) -> bool:
    """Budgets of the parts near what each has cost."""
    for cell in terms["benchmark"]["cells"]:
        spent, months = result.figures[f"expenditure.{cell['id']}"], result.figures[f"member_months.{cell['id']}"]
        if months <= 0 or spent <= 0:
            return False
        cell["pmpm"] = text(spent / months * (1 + Fraction(world.draw.randint(-4, 15), 100)), 2)
    if terms["member_months"].get("below") == "pool":
        cell = world.draw.choice(terms["benchmark"]["cells"])
        least = int(result.figures[f"panel_size.{cell['id']}"]) + world.draw.choice([0, 1, 1])
        terms["member_months"]["smallest_panel"] = str(least)
    else:
        panel(world, terms, result)
    return True


def ties(document: Document, tables: Tables, contracted: frozenset[str], asked: Asked) -> bool:
    """Whether what is earned is exactly between two units of its last place."""
    _, result = settled(document, tables, contracted, asked)
    places = int(document["terms"]["rounding"]["earned"]["places"])
    return (result.unrounded["earned"] * 10**places).denominator == 2


def point_near(world: World, document: Document, tables: Tables) -> str:
    """A point at the dollars of a costly member, or a cent beside."""
    settling = Settling(document, tables, frozenset(), Asked(world.first, world.last))
    dollars: dict[str, int] = defaultdict(int)
    for one in settling.rules.counted(document["group"]["id"], settling.performance):
        dollars[one.row.member] += one.cents
    costly = sorted((cents for cents in dollars.values() if cents > 0), reverse=True)
    if not costly:
        return "5000.00"
    return money(
        max(costly[min(world.draw.randint(0, 4), len(costly) - 1)] + world.draw.choice([0, 0, -1, 1, -10000]), 1)
    )


def steer_benchmark(settling: Settling, document: Document, against: Fraction, wanted: Fraction, aim: str) -> None:
    """An adjustment of the benchmark that makes it what is wanted, to the cent or to the half cent of what is earned."""
    spent, months = settling.lines["expenditure"] or Fraction(0), settling.months()
    knob = Fraction(round((wanted - against) * 100), 100)
    if aim == "gate":
        knob = Fraction(round((wanted - against) * 10**6), 10**6)
    if aim == "tie":
        knob = tie_near(settling, against, spent, months, knob) or knob
    item = {"id": "agreed", "side": "benchmark", "dollars": text(knob)}
    document["terms"].setdefault("adjustments", {"clause": "§1", "items": []})["items"].append(item)


def tie_near(
    settling: Settling, against: Fraction, spent: Fraction, months: Fraction, knob: Fraction
) -> Fraction | None:
    """An adjustment of up to six places with which exactly half a unit of the last place is earned."""
    unit = Fraction(1, 10 ** int(settling.terms["rounding"]["earned"]["places"]))

    def earned(at: Fraction) -> Fraction:
        return settling.course(against + at, spent, months)

    here = earned(knob)
    slope = earned(knob + 1) - here
    if slope <= 0:
        return None
    half = (here // unit) * unit + unit / 2
    for more in range(60):
        at = knob + (half + more * unit - here) / slope
        if (at * 10**6).denominator == 1 and earned(at) == half + more * unit:
            return at
    return None


def capped(world: World, document: Document, tables: Tables, asked: Asked) -> None:
    """A cap on the payment near what is shared: most of them below it, some at it."""
    _, result = settled(document, tables, frozenset(world.contracted), asked)
    shared, against = result.lines.get("earned"), result.lines["benchmark"]
    if not shared or shared <= 0 or not against:
        return
    part = world.draw.choice([Fraction(1), Fraction(3, 4), Fraction(9, 10), Fraction(1, 2), Fraction(3, 2)])
    form = world.draw.choice(["half_unit", "half_unit", "dollars", "of_benchmark", "pmpm"])
    if form == "half_unit":
        unit = Fraction(1, 10 ** int(document["terms"]["rounding"]["earned"]["places"]))
        most = shared * part // unit * unit + unit / 2
        document["terms"]["cap_payment"] = {"clause": "§1", "dollars": text(most)}
        return
    months = result.lines.get("member_months") or result.figures["member_months"]
    cap = {
        "dollars": text(shared * part, 2), "of_benchmark": percent(shared * part / against), "pmpm": text(shared * part / months, 2),
    }[form]  # fmt: skip
    if number(cap) > 0 and (form != "of_benchmark" or number(cap) <= 1):
        document["terms"]["cap_payment"] = {"clause": "§1", form: cap}


def panel(world: World, terms: Document, result: Result) -> None:
    """A smallest panel at the group's own size, or one member more."""
    if world.chance(12):
        least = int(result.figures["panel_size"]) + world.draw.choice([0, 0, 1])
        below = world.draw.choice(["no_reward", "no_reward", "neither_reward_nor_loss"])
        terms["member_months"] |= {"smallest_panel": str(least), "below": below}


# ---- a workspace


def draft(seed: int) -> Draft:
    """The workspace of a seed."""
    for again in range(100):
        found = attempt(Random(f"workspace {seed} {again}"))
        if found is not None:
            return found
    raise AssertionError(seed)


def attempt(draw: Random) -> Draft | None:
    world = world_of(draw)
    rows, deaths = rows_of(world)
    content = frozen(draw)
    through = world.last + draw.randint(0, 5)
    drawn = [(group, *terms_of(world, group)) for group in world.contracted]
    rules = [{rule["rule"] for rule in terms["member_months"].get("exclusions", [])} for _, terms, _ in drawn]
    if not rows or (world.deaths and not (deaths and all("after_death" in named for named in rules))):
        return None
    found = Draft(
        contracts=[],
        rows=rows,
        period=world.asked,
        paid_through=f"{month_text(through)}-{days_of_month(through):02d}",
        by_days=world.by_days,
        deaths=deaths if world.deaths else [],
        references={"frozen": content},
        quality=[record for group, terms, _ in drawn for record in results_of(world, group, terms)],
        figures=[
            record for group, terms, _ in drawn for record in (*paid_of(world, group), *given_of(world, group, terms))
        ],
        columns=renamed(world, rows),
        apart=world.apart,
    )
    tables = tables_of(found)
    asked = Asked(
        world.first, world.last, through, None if world.asked == world.period else (world.last - 2, world.last)
    )
    for group, terms, order in drawn:
        percentile = terms["expenditure"].get("large_claims", {}).get("percentile")
        if percentile is not None:
            percentile["of"] = "members" if "amount_of_member," in content else "member_years"
            percentile["sha256"] = hashlib.sha256(content.encode()).hexdigest()
        document = contract(group, world.period, terms, order)
        if steered(world, document, tables, asked):
            found.contracts.append(document)
    return found if len(found.contracts) >= 2 and len(found.contracts) == len(drawn) else None


def frozen(draw: Random) -> str:
    """Frozen amounts of a reference, skewed as costs are."""
    amounts = [
        draw.choice([50_000, 400_000, 1_500_000]) + draw.randint(0, 400_000) for _ in range(draw.randint(20, 60))
    ]
    of = draw.choice(["amount_of_member", "amount_of_member_year"])
    lines = [f"{of},member_months", *(f"{money(cents)},{draw.choice(['12', '12', '6', '3.5'])}" for cents in amounts)]
    return "\n".join(lines) + "\n"


def paid_of(world: World, group: str) -> list[Record]:
    if not world.chance(30) or world.asked != world.period:
        return []
    return [figure(world, group, "paid", "", money(world.draw.randint(0, 2_000_000)))]


def figure(world: World, group: str, name: str, key: str, value: str) -> Record:
    """One line of the table of figures."""
    return {"group_id": group, "period": world.period, "name": name, "key": key, "value": value}


def renamed(world: World, rows: list[Record]) -> dict[str, str]:
    """Names of their own for some columns."""
    if not world.chance(40):
        return {}
    found = {"group_id": "practice", "member_id": "person", "month": "ym"}
    return found | {name: f"amt_{name.replace('.', '_')}" for name in rows[0] if is_amount(name)}
