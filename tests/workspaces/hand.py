"""Small workspaces whose figures somebody worked out by hand, or the design prints.

Sources: `practice.md`, 2 (member months and cost) and 9 (scenario 5), and the order cases O1 and O7, copied here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from workspaces.building import CENTS, CLAUSE, Draft, Record, contract

GROUP = "g1"
YEAR = [f"2014-{month:02d}" for month in range(1, 13)]
BASE = [f"2013-{month:02d}" for month in range(1, 13)]


@dataclass(frozen=True)
class Hand:
    """A workspace, the lines that it gives, and why."""

    name: str
    draft: Draft
    lines: Mapping[str, str]
    places: int | None = None


def rows(member: str, months: list[str], dollars: str, first_month_only: bool = True, **more: str) -> list[Record]:
    """A member's months; the dollars in the first of them, or in each."""
    found = []
    for place, month in enumerate(months):
        amount = dollars if place == 0 or not first_month_only else "0.00"
        found.append({"group_id": GROUP, "member_id": member, "month": month, **more, "allowed": amount})
    return found


def draft(terms: Mapping[str, Any], table: list[Record], order: Mapping[str, Any] | None = None, **more: Any) -> Draft:
    period = more.pop("period", "2014")
    given = {"member_months": {"counting": "counted"}, "rounding": {"earned": CENTS}, **terms}
    return Draft([contract(GROUP, period, given, order)], table, period, **more)


def shared(pmpm: str, rate: str = "50%") -> dict[str, Any]:
    return {"benchmark": {"pmpm": pmpm}, "gate": GATE, "share": {"sharing_rate": rate}}


GATE = {"form": "cliff", "comparison": "at_least", "minimum_savings_rate": "0%"}


def large(**terms: Any) -> dict[str, Any]:
    return {
        "expenditure": {
            "basis": "allowed",
            "large_claims": {"threshold": "full", "across_moves": "each_group", **terms},
        }
    }


def thousand(whole: str, costly: str) -> list[Record]:
    """1,000 members with all twelve months, one of them costly, with these dollars altogether."""
    rest = Fraction(whole) - Fraction(costly)
    each = int(rest * 100) // 999
    cents = [each + (place < int(rest * 100) - 999 * each) for place in range(999)]
    found = rows("m-costly", YEAR, costly, cohort="transplant")
    for place, amount in enumerate(cents):
        found += rows(f"m{place:03d}", YEAR, f"{amount // 100}.{amount % 100:02d}", cohort="none")
    return found


def out(months: str) -> dict[str, Any]:
    rule = {
        "id": "transplant", "rule": "members", "column": "cohort", "values": ["transplant"],
        "periods": ["performance"], "rosters": ["cost"], "months": months,
    }  # fmt: skip
    return {"member_months": {"counting": "counted", "exclusions": [rule]}, "expenditure": {"basis": "allowed"}}


def completed(convention: str, factor: str, dollars: str) -> Draft:
    terms = {"expenditure": {"basis": "allowed", "completion": {"convention": convention, "factor": factor}}}
    return draft({**terms, **shared("10000.00")}, rows("m1", YEAR, dollars))


def case_o1(first: str, second: str) -> Draft:
    """`order_cases`, O1: percent complete 0.95, truncation 100,000, benchmark 120,000, half of what is saved."""
    cost = {
        "basis": "allowed",
        "completion": {"convention": "percent_complete", "factor": "0.95"},
        "large_claims": {"form": "truncate", "point": "100000.00", "threshold": "full", "across_moves": "each_group"},
    }
    order = {"moves": [{"step": second, "after": first, "clause": CLAUSE}]}
    table = rows("m1", YEAR, "96000.00") + rows("m2", YEAR, "10000.00")
    return draft({"expenditure": cost, **shared("5000.00")}, table, order)


def case_o7(first: str, second: str, dollars: str = "96000.00") -> Draft:
    """`order_cases`, O7: factor 1.125, truncation 100,000, one member of 96,000."""
    cost = {
        "basis": "allowed",
        "categories": [{"id": "all", "benefit_factor": "1.125"}],
        "large_claims": {"form": "truncate", "point": "100000.00", "threshold": "full", "across_moves": "each_group"},
    }
    order = {"moves": [{"step": second, "after": first, "clause": CLAUSE}]}
    table = [
        {**{name: cell for name, cell in row.items() if name != "allowed"}, "allowed.all": row["allowed"]}
        for row in rows("m1", YEAR, dollars)
    ]
    return draft({"expenditure": cost, **shared("10000.00")}, table, order)


def half_year(threshold: str) -> Draft:
    """A point of 100,000 in a first period of six months."""
    period = "2014-01 to 2014-06"
    terms = {**large(form="truncate", point="100000.00", threshold=threshold), **shared("30000.00")}
    return draft(terms, rows("m1", YEAR[:6], "160000.00"), period=period)


def market_mix() -> Draft:
    """PPO 400 to 412, HMO 300 to 303; the market's mix moves from 50/50 to 60/40, the group's is 70/30 of 12,000."""
    table: list[Record] = []

    def block(group: str, product: str, members: int, months: list[str], pmpm: int) -> None:
        for place in range(members):
            member = f"{group}-{product}-{place}"
            table.extend(
                {"group_id": group, "member_id": member, "month": month, "product": product, "allowed": f"{pmpm}.00"}
                for month in months
            )

    block("rest", "ppo", 5, BASE, 400)
    block("rest", "hmo", 5, BASE, 300)
    block("rest", "ppo", 6, YEAR, 412)
    block("rest", "hmo", 4, YEAR, 303)
    block(GROUP, "ppo", 7, YEAR, 350)
    block(GROUP, "hmo", 3, YEAR, 280)
    block(GROUP, "ppo", 7, BASE, 500)
    block(GROUP, "hmo", 3, BASE, 200)
    terms = {
        "expenditure": {"basis": "allowed"}, "gate": GATE, "share": {"sharing_rate": "50%"},
        "benchmark": {
            "pmpm": "370.00", "market_trend": {"base": "2013", "cells": ["ppo", "hmo"], "exclude": "group"},
        },
    }  # fmt: skip
    return draft(terms, table)


def moved(across: str) -> Draft:
    """150,000 of which 100,000 with the group and 50,000 elsewhere, a point of 120,000."""
    table = rows("m1", YEAR[:6], "100000.00") + rows("m2", YEAR, "0.00")
    table += [{**row, "group_id": "rest"} for row in rows("m1", YEAR[6:], "50000.00")]
    return draft({**large(form="truncate", point="120000.00", across_moves=across), **shared("20000.00")}, table)


def fee_guard() -> Draft:
    """Scenario 5: 10,000 months at 2.00; 3 after death, 12 twice, 8 in another programme, 20 ended, 5 of them too long ago."""
    table: list[Record] = []

    def months(member: str, count: int, **more: str) -> list[Record]:
        return [{
            "group_id": GROUP, "member_id": member, "month": month, "purpose": "fee",
            "program": "none", "status": "kept", **more, "allowed": "0.00",
        } for month in YEAR[-count:]]  # fmt: skip

    table += months("dead", 5)
    table += months("other", 8, program="other")
    twelve = months("twice", 12)
    table += twelve + twelve
    table += (
        months("ended1", 12, status="ended") + months("ended2", 7, status="ended") + months("ended3", 1, status="ended")
    )
    plain = 10_000 - 5 - 8 - 24 - 20
    for place in range(-(-plain // 12)):
        table += months(f"m{place:03d}", min(12, plain - 12 * place))
    exclusions = [
        {"id": "death", "rule": "after_death"},
        {"id": "twice", "rule": "duplicates"},
        {"id": "program", "rule": "rows", "column": "program", "values": ["other"]},
        {"id": "ended", "rule": "rows", "column": "status", "values": ["ended"], "look_back_months": "6"},
    ]
    common = {"periods": ["performance"], "rosters": ["fee"], "months": "leave"}
    terms = {
        "member_months": {"counting": "counted", "exclusions": [rule | common for rule in exclusions]},
        "care_coordination_fee": {"pmpm": "2.00", "roster": "fee"}, "rounding": {"care_coordination_fee": CENTS},
    }  # fmt: skip
    return draft(terms, table, deaths=[{"member_id": "dead", "death_month": "2014-09"}])


def half_cent() -> Draft:
    """Partial months of six decimals: 0.333333 + 0.5 + 1 at 0.75 is 1.37499975, to the cent 1.37."""
    table = [
        {"group_id": GROUP, "member_id": "m1", "month": month, "member_months": months, "allowed": "0.00"}
        for month, months in zip(YEAR, ("0.333333", "0.5", "1"), strict=False)
    ]
    terms = {"care_coordination_fee": {"pmpm": "0.75"}, "rounding": {"care_coordination_fee": CENTS}}
    return draft(terms, table, period="2014-01 to 2014-03")


TWO_YEARS = [{"id": "y1", "period": "2012"}, {"id": "y2", "period": "2013"}]


def of_years(base: dict[str, Any]) -> Draft:
    """2012: 1,200 over 12 months. 2013: 4,800 over 24 months. 2014: 12 months, nothing spent."""
    table = rows("m1", [month.replace("2014", "2012") for month in YEAR], "1200.00")
    table += rows("m1", BASE, "3000.00") + rows("m2", BASE, "1800.00") + rows("m1", YEAR, "0.00")
    terms = {**shared("0"), "expenditure": {"basis": "allowed"}, "benchmark": {**base, "baseline_periods": TWO_YEARS}}
    return draft(terms, table)


def run_out() -> Draft:
    """100 in each of three months, paid through the last: 100, 100 / 0.8 and 100 / 0.5."""
    ladder = [{"from": "0", "factor": "0.5"}, {"from": "1", "factor": "0.8"}, {"from": "2", "factor": "1"}]
    cost = {"basis": "allowed", "completion": {"convention": "percent_complete", "by_run_out": ladder}}
    table = rows("m1", YEAR[:3], "100.00", first_month_only=False)
    return draft(
        {"expenditure": cost, **shared("200.00")}, table, period="2014-01 to 2014-03", paid_through="2014-03-31"
    )


def by_scores(**caps: str) -> Draft:
    """Score 1.0 in the base year; 1.2 in half of this year's months and 1.0 in the other half: 1.1."""
    table = rows("m1", BASE, "1200.00", risk_score="1.0000")
    table += rows("m1", YEAR[:6], "0.00", risk_score="1.2000") + rows("m1", YEAR[6:], "0.00", risk_score="1.0000")
    terms = {
        **shared("0"), "expenditure": {"basis": "allowed"},
        "benchmark": {"years": [{"id": "y1", "weight": "100%"}], "baseline_periods": [{"id": "y1", "period": "2013"}]},
        "risk": {"on": "benchmark", "scores": {"base": "y1", "relative_to": "none"}, **caps},
    }  # fmt: skip
    return draft(terms, table)


def short_stays(least: str) -> Draft:
    """One member with all months and 1,200, one with two months and 999."""
    table = rows("m1", YEAR, "1200.00") + rows("m2", YEAR[:2], "999.00")
    members = {"counting": "counted", "minimum_months": least}
    return draft({**shared("200.00"), "member_months": members, "expenditure": {"basis": "allowed"}}, table)


def at_percentile(at: str, amounts: str) -> Draft:
    """Ten reference amounts of 1,000 to 10,000; the fifth for six months only, 10,000 a year. A member of 12,000."""
    content = "amount_of_member,member_months\n" + "".join(
        f"{n * 1000}.00,{6 if n == 5 else 12}\n" for n in range(1, 11)
    )
    percentile = {
        "at": at, "of": "members", "amounts": amounts, "reference": "frozen",
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
    }  # fmt: skip
    table = rows("m1", YEAR, "12000.00")
    terms = {**large(form="truncate", percentile=percentile), **shared("2000.00")}
    return draft(terms, table, references={"frozen": content})


def blended() -> Draft:
    """Half own 400, half the region's: 4,200 over 10 months in MA; 9,999 in CT does not count."""
    table = rows("m1", YEAR, "0.00", area="MA")
    table += [{**row, "group_id": "rest"} for row in rows("m2", YEAR[:10], "4200.00", area="MA")]
    table += [{**row, "group_id": "rest"} for row in rows("m3", YEAR, "9999.00", area="CT")]
    region = {"exclude": "group", "where": [{"column": "area", "values": ["MA"]}]}
    terms = {
        **shared("0"),
        "expenditure": {"basis": "allowed"},
        "benchmark": {"pmpm": "400.00", "own_weight": "50%", "regional": region},
    }
    return draft(terms, table)


def died() -> Draft:
    """Dead in March: April to December leave with 90, the month of death stays."""
    table = rows("m1", YEAR, "10.00", first_month_only=False) + rows("m2", YEAR, "0.00")
    rule = {"id": "death", "rule": "after_death", "periods": ["performance"], "rosters": ["cost"], "months": "leave"}
    members = {"counting": "counted", "exclusions": [rule], "panel": "average_members"}
    terms = {
        **shared("100.00"),
        "member_months": {**members, "smallest_panel": "1", "below": "no_reward"},
        "expenditure": {"basis": "allowed"},
    }
    return draft(terms, table, deaths=[{"member_id": "m1", "death_month": "2014-03"}])


COSTLY = thousand("4800000.00", "300000.00")
HANDS = [
    Hand("a member is out, the months stay", draft({**out("stay"), **shared("400.00")}, COSTLY),
         {"member_months": "12000", "expenditure": "4500000", "gross_savings": "300000"}),
    Hand("a member is out with the months", draft({**out("leave"), **shared("400.00")}, COSTLY),
         {"member_months": "11988", "expenditure": "4500000", "gross_savings": "295200"}),
    Hand("excluded at the point, the months stay",
         draft({**large(form="exclude", point="300000.00", months="stay"), **shared("400.00")}, COSTLY),
         {"large_claims_excluded": "300000", "expenditure": "4500000", "gross_savings": "300000"}),
    Hand("excluded at the point with the months",
         draft({**large(form="exclude", point="300000.00", months="leave"), **shared("400.00")}, COSTLY),
         {"large_claims_excluded": "300000", "large_claims_excluded_member_months": "12", "gross_savings": "295200"}),
    Hand("a cent below the point stays",
         draft({**large(form="exclude", point="300000.01", months="leave"), **shared("400.00")}, COSTLY),
         {"large_claims_excluded": "0", "expenditure": "4800000", "gross_savings": "0"}),
    # 710,000 less 300,000 is 410,000 above the point; all of it pooled against 24.50 a month.
    Hand("pooled against a charge",
         draft({**large(form="pool", point="300000.00", pooled_share="100%", charge_pmpm="24.50"), **shared("400.00")},
               thousand("4800000.00", "710000.00")),
         {"large_claims_excess": "410000", "expenditure": "4684000", "gross_savings": "116000"}),
    Hand("percent complete", completed("percent_complete", "0.96", "96000.00"), {"expenditure": "100000"}),
    Hand("multiplier", completed("multiplier", "0.96", "96000.00"), {"expenditure": "92160"}),
    Hand("O1, complete then truncate", case_o1("complete", "truncate"),
         {"expenditure": "110526.32", "earned": "4736.84"}, places=2),
    Hand("O1, truncate then complete", case_o1("truncate", "complete"),
         {"expenditure": "111578.95", "earned": "4210.53"}, places=2),
    Hand("O7, normalise then truncate", case_o7("normalise", "truncate"), {"expenditure": "100000"}),
    Hand("O7, truncate then normalise", case_o7("truncate", "normalise"), {"expenditure": "108000"}),
    # 120,000 is cut to 100,000, and that is multiplied; the other way round 135,000 is cut.
    Hand("O7 above the point, truncate then normalise", case_o7("truncate", "normalise", "120000.00"),
         {"large_claims_excess": "20000", "expenditure": "112500"}),
    Hand("O7 above the point, normalise then truncate", case_o7("normalise", "truncate", "120000.00"),
         {"large_claims_excess": "35000", "expenditure": "100000"}),
    Hand("six months, full threshold", half_year("full"), {"large_claims_excess": "60000", "expenditure": "100000"}),
    Hand("six months, prorated threshold", half_year("prorated"), {"large_claims_excess": "110000", "expenditure": "50000"}),
    # 379.3 / 370 at the group's mix; 120 months x 370 x that is 45,516.
    Hand("market trend at the group's own mix", market_mix(), {"market_trend": "1.025135", "benchmark": "45516.000000"}, places=6),
    # 30,000 above the one threshold, two thirds of it the group's; alone it has 100,000, below the point.
    Hand("one threshold over a move", moved("one_threshold"), {"large_claims_excess": "20000", "expenditure": "80000"}),
    Hand("a threshold with each group", moved("each_group"), {"large_claims_excess": "0", "expenditure": "100000"}),
    Hand("scenario 5, the fee guard", fee_guard(),
         {"fee_member_months": "10000", "recovered_member_months.death": "3", "recovered_member_months.twice": "12",
          "recovered_member_months.program": "8", "recovered_member_months.ended": "15",
          "unrecovered_member_months.ended": "5", "care_coordination_fee": "19924"}),
    # 40% x 100 x 1.1025 + 60% x 200 x 1.05 = 44.10 + 126.
    Hand("weighted years, each brought forward",
         of_years({"years": [{"id": "y1", "weight": "40%", "trend": "1.1025"}, {"id": "y2", "weight": "60%", "trend": "1.05"}]}),
         {"baseline_reported_expenditure.y1": "1200", "baseline_member_months.y2": "24", "benchmark": "2041.2"}),
    # 6,000 / 36 x 1.08 = 180.
    Hand("pooled years", of_years({"pooled_years": ["y1", "y2"], "trend": "1.08"}), {"benchmark": "2160"}),
    Hand("completion by run-out", run_out(), {"expenditure": "425"}),
    Hand("risk by scores", by_scores(), {"risk_points": "13.2", "benchmark": "1320"}),
    Hand("risk by scores, capped", by_scores(lowest="0.97", highest="1.03"), {"benchmark": "1236"}),
    Hand("members with fewer months leave", short_stays("3"), {"member_months": "12", "expenditure": "1200"}),
    Hand("members with just enough months stay", short_stays("2"), {"member_months": "14", "expenditure": "2199"}),
    Hand("the rank above nine tenths and a bit", at_percentile("90.01%", "actual"), {"truncation_point": "10000", "expenditure": "10000"}),
    Hand("the rank at nine tenths", at_percentile("90%", "actual"), {"truncation_point": "9000", "large_claims_excess": "3000"}),
    # Annualised, the amounts are 1 to 4, 6 to 9 thousand and twice 10: the eighth is 9, the ninth 10.
    Hand("the rank of annualised amounts", at_percentile("90%", "annualised"), {"truncation_point": "10000"}),
    Hand("half own, half regional", blended(), {"benchmark": "4920"}),
    Hand("months after death", died(), {"member_months": "15", "expenditure": "30", "panel_size": "1"}),
    Hand("partial months", half_cent(), {"member_months": "1.833333", "care_coordination_fee": "1.37"}),
]  # fmt: skip
