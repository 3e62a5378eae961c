"""Terms that rest on members: what they may say, which figures they ask for, and what goes together.

Amounts are under tests/cases/practice and tests/cases/scenarios; here is what no amount shows.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from contract_generators import program_of
from p4v.asked import SETTLED_LATE, figures_asked, figures_ever_asked
from p4v.cases import cases_of, figures_of_case
from p4v.contract.blocks.members import Waiver
from p4v.contract.documents import Library, Program, library_for
from p4v.contract.models import CaseDocument, period_of
from p4v.contract.said import said
from p4v.contract.terms import terms_in_force
from p4v.contract.values import ROW_CODES
from p4v.data.columns import Bound, kind_of
from p4v.data.typed import row_rules
from p4v.drafts import new_contract
from p4v.errors import Finding, Refusal
from p4v.figures import Figure, Figures
from p4v.formulas import market
from p4v.notebook import settle
from p4v.periods import Period, read_months
from p4v.settlement import Settlement, terms_for, worksheet
from p4v.units import Unit
from p4v.worksheet import Worksheet
from spreadsheet import by_formulas, cells_of, write_poisoned
from support import ROOT

YEAR = read_months("2014")
CENTS = {"places": "2", "rule": "half_up"}
SETTLED = ("earned", "care_coordination_fee", "capitation", "next_care_coordination_fee", "net_payment")
BY_RUN_OUT = [{"from": "3", "factor": "0.97"}, {"from": "6", "factor": "1"}]
POOLED = {"pooled_years": ["2013"], "baseline_periods": [{"id": "2013", "period": "2013"}]}
MARKET = {"base": "2013", "cells": ["ppo", "hmo"], "exclude": "group"}
DEATH = {"id": "death", "rule": "after_death", "periods": ["performance"], "rosters": ["fee"], "months": "leave"}
TRUNCATED = {"basis": "paid", "large_claims": {"form": "truncate", "point": "100000"}}
PLANS = [{"id": "ppo", "benefit_factor": "1.1"}, {"id": "hmo", "benefit_factor": "0.9"}]
PARTS = {"cells": [{"id": "a", "pmpm": "5"}], "pooling": "together", "parts": "groups"}
UNSAID = {"cells": [{"id": "a", "pmpm": "5"}], "parts": "groups"}
SMALL = {"smallest_panel": "5", "below": "pool", "pooled_with": "all"}
GROSSED = {"basis": "paid", "administrative_share": "8%"}
ROWS = {
    "id": "hospice", "rule": "rows", "column": "hospice", "values": ["1"], "periods": ["performance"],
    "rosters": ["cost"], "months": "leave",
}  # fmt: skip


def contract(order: Mapping[str, Any] | None = None, **blocks: Mapping[str, Any]) -> dict[str, Any]:
    """A contract that shares half of the savings against a budget, with these terms beside it."""
    terms: dict[str, Mapping[str, Any]] = {
        "benchmark": {"pmpm": "500"},
        "gate": {"form": "cliff", "comparison": "at_least", "minimum_savings_rate": "1%"},
        "share": {"sharing_rate": "50%"},
        "rounding": dict.fromkeys(SETTLED, CENTS),
    }
    return {
        "contract": "drawn",
        "group": {"id": "g1", "name": "Example group"},
        "payer": {"name": "Example payer"},
        "agreement": {"signed": "2013-06-01", "effective": "2014-01-01", "ends": "2016-12-31"},
        "order": {"base": "standard/1", **(order or {})},
        "terms": {name: {"clause": f"§{name}", **block} for name, block in (terms | blocks).items()},
    }


def findings(document: Mapping[str, Any], folder: Path) -> list[Finding]:
    with pytest.raises(Refusal) as refusal:
        program_of(document, folder)
    return list(refusal.value.findings)


def places(document: Mapping[str, Any], folder: Path) -> list[tuple[str, str | None]]:
    return [(finding.code.removeprefix("P4V-"), finding.field) for finding in findings(document, folder)]


def asked(program: Program, **more: Any) -> set[str]:
    """The figures that are needed, without those that are optional."""
    return {name for name, wanted in figures_asked(program, YEAR, **more).items() if not wanted.optional}


def percentile(**more: str) -> dict[str, Any]:
    terms = {"at": "99%", "of": "members", "amounts": "annualised", "reference": "acp-2012", "sha256": "0" * 64}
    return {"form": "truncate", "percentile": {**terms, **more}}


# What terms may say


@pytest.mark.parametrize(
    "rule, code, field",
    [
        ({"rule": "rows", "column": None}, "C023", ""),
        ({"rule": "members", "values": None}, "C023", ""),
        ({"rule": "duplicates"}, "C023", ""),
        ({"rule": "after_death", "values": None}, "C023", ""),
        ({"look_back_months": "6"}, "C023", ""),
        ({"values": ["1", "1"]}, "C046", ".values"),
        ({"periods": ["performance", "performance"]}, "C046", ".periods"),
        ({"rosters": ["cost", "cost"]}, "C046", ".rosters"),
        ({"rosters": []}, "C044", ".rosters"),
        ({"rosters": ["cost", "claims"]}, "C052", ".rosters.1"),
        ({"values": []}, "C044", ".values"),
        ({"months": None}, "C022", ".months"),
        ({"months": "stays"}, "C052", ".months"),
        ({"most_rows": "1.5"}, "C040", ".most_rows"),
        ({"id": "a b"}, "C031", ".id"),
    ],
)
def test_an_exclusion_says_all_that_its_rule_needs(
    tmp_path: Path, rule: Mapping[str, Any], code: str, field: str
) -> None:
    written = {name: value for name, value in (ROWS | rule).items() if value is not None}
    found = places(contract(member_months={"exclusions": [written]}), tmp_path)
    assert set(found) == {(code, f"terms.member_months.exclusions.0{field}")}


@pytest.mark.parametrize(
    "block, terms, code, field",
    [
        ("member_months", {"exclusions": [ROWS, {**ROWS, "id": "Hospice"}]}, "C046", "exclusions"),
        ("member_months", {"exclusions": [{**ROWS, "id": "minimum_months"}]}, "C031", "exclusions"),
        ("member_months", {"products": ["ppo", "ppo"]}, "C046", "products"),
        ("member_months", {"funding": []}, "C044", "funding"),
        ("member_months", {"counting": "last_of_month"}, "C052", "counting"),
        ("member_months", {"panel": "average"}, "C052", "panel"),
        ("member_months", {"minimum_months": "2.5"}, "C040", "minimum_months"),
        ("expenditure", {"basis": "paid", "by": "products"}, "C023", "by"),
        ("expenditure", {"basis": "paid", "large_claims": {"form": "truncate"}}, "C023", "large_claims"),
        ("expenditure", {"basis": "paid", "benefit_by_product": [PLANS[0], PLANS[0]]}, "C046", "benefit_by_product"),
        ("expenditure", {"basis": "paid", "categories": PLANS, "benefit_by_product": PLANS}, "C023",
         "benefit_by_product"),
        ("expenditure", {"basis": "paid", "benefit_by_product": PLANS,
         "completion": {"convention": "multiplier", "by_run_out": BY_RUN_OUT}}, "C023", "benefit_by_product"),
        ("expenditure", {"basis": "paid", "large_claims": percentile() | {"point": "1"}}, "C023",
         "large_claims.percentile"),
        ("expenditure", {"basis": "paid", "large_claims": percentile(at="0%")}, "C040", "large_claims.percentile.at"),
        ("expenditure", {"basis": "paid", "large_claims": percentile(sha256="0" * 63)}, "C031",
         "large_claims.percentile.sha256"),
        ("expenditure", {"basis": "paid", "large_claims": {"form": "truncate", "point": "1", "months": "stay"}}, "C023",
         "large_claims.months"),
        ("expenditure", {"basis": "paid", "large_claims": {"form": "truncate", "point": "1", "threshold": "half"}},
         "C052", "large_claims.threshold"),
        ("expenditure", {"basis": "paid", "completion": {"convention": "multiplier", "factor": "1.1",
         "by_run_out": BY_RUN_OUT}}, "C023", "completion.by_run_out"),
        ("expenditure", {"basis": "paid", "completion": {"convention": "multiplier", "by_run_out": BY_RUN_OUT[::-1]}},
         "C045", "completion.by_run_out"),
        ("expenditure", {"basis": "paid", "completion": {"convention": "multiplier"}}, "C022", "completion"),
        ("expenditure", {"basis": "paid", "categories": [{"id": "a", "by_run_out": BY_RUN_OUT}]}, "C023", "categories"),
        ("expenditure", {"basis": "paid", "categories": [{"id": "a", "by_run_out": BY_RUN_OUT}],
         "completion": {"convention": "multiplier", "by_run_out": BY_RUN_OUT}}, "C023", "categories"),
        ("expenditure", {"basis": "paid", "categories": [{"id": "a", "by_run_out": BY_RUN_OUT,
         "completion_factor": "0.9"}], "completion": {"convention": "multiplier"}}, "C023", "categories.0.by_run_out"),
        ("benchmark", {"pmpm": "500", "parts": "products"}, "C023", "parts"),
        ("benchmark", {"pmpm": "500", "trend": "1.02", "market_trend": MARKET}, "C023", "market_trend"),
        ("benchmark", {"pmpm": "500", "trend_given": "yes", "market_trend": MARKET}, "C023", "market_trend"),
        ("benchmark", {"given": "yes", "market_trend": MARKET}, "C023", "market_trend"),
        ("benchmark", {"pmpm": "500", "market_trend": {**MARKET, "cells": ["ppo", "PPO"]}}, "C046",
         "market_trend.cells"),
        ("benchmark", {"pmpm": "500", "market_trend": {**MARKET, "base": "2013-13"}}, "C035", "market_trend.base"),
        ("benchmark", {"pmpm": "500", "regional": {"exclude": "none"}}, "C023", "regional"),
        ("benchmark", {"pmpm": "500", "own_weight": "50%", "regional_pmpm": "1", "regional": {"exclude": "none"}},
         "C023", "regional_pmpm"),
        ("benchmark", {"pmpm": "500", "own_weight": "50%", "regional": {"exclude": "none",
         "where": [{"column": "a", "values": ["1"]}, {"column": "a", "values": ["2"]}]}}, "C046", "regional.where"),
        ("benchmark", POOLED | {"pooled_years": ["2012"]}, "C023", "baseline_periods"),
        ("benchmark", {"pmpm": "500", "baseline_periods": POOLED["baseline_periods"]}, "C023", "baseline_periods"),
        ("benchmark", {"pooled_years": ["a", "b"], "baseline_periods": [{"id": "a", "period": "2012"},
         {"id": "b", "period": "2012-12 to 2013-11"}]}, "C023", "baseline_periods"),
        ("benchmark", POOLED | {"years": [{"id": "2013", "weight": "100%"}],
         "categories": [{"id": "a", "trend": "1"}]}, "C023", "pooled_years"),
        ("benchmark", {"years": [{"id": "2013", "weight": "100%"}], "categories": [{"id": "a", "trend": "1"}]}, "C023",
         "years"),
        ("benchmark", POOLED | {"categories": [{"id": "a", "trend": "1", "pmpm": "5"}]}, "C023", "categories"),
        ("waivers", {"items": [{"id": "late", "finding": "D012", "most_rows": "5", "reason": "r"}]}, "C052",
         "items.0.finding"),
        ("waivers", {"items": [{"id": "late", "finding": "P4V-D012", "most_rows": "5", "reason": "r"}] * 2}, "C046",
         "items"),
        ("waivers", {"items": [{"id": name, "finding": "P4V-D012", "most_rows": "5", "reason": "r"}
         for name in ("a", "b")]}, "C046", "items"),
    ],
)  # fmt: skip
def test_a_term_is_refused_at_its_place(
    tmp_path: Path, block: str, terms: Mapping[str, Any], code: str, field: str
) -> None:
    found = findings(contract(**{block: terms}), tmp_path)[0]
    assert found.code == f"P4V-{code}"
    if found.field != f"terms.{block}.{field}":
        # what is wrong between terms is told of the block, and points at the term
        assert (found.field, "." in field) == (f"terms.{block}", False)
        assert found.column is not None
        assert (tmp_path / "drawn.yaml").read_text(encoding="utf-8")[: found.column - 1].endswith(f'"{field}": ')


# What goes together


@pytest.mark.parametrize(
    "blocks, code, field",
    [
        ({"benchmark": POOLED, "member_months": {"exclusions": [ROWS]}}, "C067", "member_months.exclusions.0.periods"),
        ({"benchmark": {"pmpm": "500", "market_trend": MARKET}, "member_months": {"exclusions": [ROWS]}}, "C067",
         "member_months.exclusions.0.periods"),
        ({"benchmark": {"pmpm": "500", "own_weight": "50%", "regional": {"exclude": "none"}},
          "member_months": {"exclusions": [ROWS]}}, "C067", "member_months.exclusions.0.periods"),
        ({"member_months": {"exclusions": [DEATH, {**ROWS, "periods": ["baseline", "market"]}]}}, "C067",
         "member_months.exclusions.1.periods"),
        ({"member_months": {"exclusions": [{**DEATH, "periods": ["baseline"]}]}}, "C067",
         "member_months.exclusions.0.periods"),
        ({"expenditure": {"basis": "paid", "benefit_by_product": PLANS}, "member_months": {"products": ["ppo"]}},
         "C066", "expenditure.benefit_by_product"),
        ({"benchmark": {"pmpm": "500", "market_trend": MARKET}, "expenditure": TRUNCATED}, "C022",
         "benchmark.market_trend.cost"),
        ({"benchmark": {"pmpm": "500", "own_weight": "50%", "regional": {"exclude": "none"}}, "expenditure": GROSSED},
         "C022", "benchmark.regional.cost"),
        ({"benchmark": {"pmpm": "500", "market_trend": {**MARKET, "cost": "same_steps"}}}, "C066",
         "benchmark.market_trend.cost"),
        ({"benchmark": {"pmpm": "500", "market_trend": {**MARKET, "cost": "same_steps"}},
          "expenditure": {**TRUNCATED, "completion": {"convention": "multiplier", "by_run_out": BY_RUN_OUT}}}, "C066",
         "benchmark.market_trend.cost"),
        ({"benchmark": {"pmpm": "500", "own_weight": "50%", "regional": {"exclude": "none", "cost": "same_steps"}},
          "expenditure": {"basis": "paid", "large_claims": {"form": "exclude", "point": "1"}}}, "C066",
         "benchmark.regional.cost"),
        ({"benchmark": {**POOLED, "baseline_periods": [{"id": "2013", "period": "2013", "point": "1"}]}}, "C022",
         "benchmark.baseline_periods.0.point"),
        ({"benchmark": {**POOLED, "baseline_periods": [{"id": "2013", "period": "2013", "factor": "0.9"}]},
          "expenditure": {"basis": "paid"}}, "C022", "benchmark.baseline_periods.0.factor"),
        ({"benchmark": POOLED | {"categories": [{"id": "a", "trend": "1"}]}, "expenditure": {"basis": "paid"}}, "C066",
         "benchmark.categories"),
        ({"benchmark": POOLED | {"categories": [{"id": "a", "trend": "1"}]},
          "expenditure": {"basis": "paid", "categories": [{"id": "a"}, {"id": "b"}]}}, "C066", "benchmark.categories"),
        ({"benchmark": POOLED, "expenditure": {"basis": "paid", "categories": [{"id": "2013"}]}}, "C046",
         "benchmark.baseline_periods"),
        ({"benchmark": POOLED, "risk": {"on": "benchmark", "scores": {"base": "2012", "relative_to": "none"}}}, "C022",
         "risk.scores.base"),
        ({"benchmark": POOLED, "risk": {"on": "benchmark", "scores": {"base": "2013", "relative_to": "market"}}},
         "C022", "risk.scores.relative_to"),
        ({"benchmark": PARTS, "care_coordination_fee": {"pmpm": "2"},
          "expenditure": {"basis": "paid", "coordination_fees": "counted_in"}}, "C066",
         "expenditure.coordination_fees"),
        ({"benchmark": PARTS,
          "expenditure": {"basis": "paid", "large_claims": {"form": "exclude", "point": "1", "months": "leave"}}},
         "C066", "expenditure.large_claims.months"),
        ({"benchmark": {**PARTS, "parts": "products"}, "member_months": {"products": ["ppo", "hmo"]},
          "expenditure": {"basis": "paid", "benefit_by_product": PLANS}}, "C066", "expenditure.benefit_by_product"),
        ({"benchmark": {**PARTS, "parts": "products"},
          "expenditure": {**GROSSED, "by": "products", "categories": [{"id": "ppo"}]}}, "C066", "expenditure.by"),
        ({"benchmark": {**PARTS, "parts": "products"},
          "expenditure": {"basis": "paid", "late_claims": "next_period_gross", "by": "products",
                          "categories": [{"id": "ppo"}]}}, "C066", "expenditure.by"),
        ({"benchmark": UNSAID}, "C023", "benchmark.cells"),
        ({"benchmark": UNSAID, "member_months": {"smallest_panel": "5", "below": "no_reward"}}, "C023",
         "benchmark.cells"),
        ({"benchmark": PARTS, "member_months": SMALL}, "C066", "benchmark.pooling"),
        ({"benchmark": {**UNSAID, "parts": "products"}, "member_months": SMALL}, "C066", "member_months.below"),
        ({"benchmark": {"pmpm": "5"}, "member_months": SMALL}, "C066", "member_months.below"),
        ({"benchmark": UNSAID, "member_months": SMALL, "floor": {"dollars": "5"}}, "C066", "floor"),
        ({"benchmark": UNSAID, "member_months": SMALL, "cap_payment": {"pmpm": "5"}}, "C066", "cap_payment.pmpm"),
        ({"benchmark": UNSAID, "member_months": SMALL, "gate": {
            "form": "cliff", "comparison": "at_least", "between_sizes": "row_below",
            "minimum_savings_rates_by_size": [{"at": "0", "rate": "2%"}]}}, "C066",
         "gate.minimum_savings_rates_by_size"),
        ({"benchmark": {**UNSAID, "cells": [{"id": "a", "pmpm": "5"}, {"id": "a-apart", "pmpm": "5"}]},
          "member_months": SMALL}, "C046", "benchmark.cells"),
        ({"benchmark": PARTS, "risk": {"on": "benchmark"}}, "C066", "risk"),
        ({"benchmark": PARTS, "adjustments": {"items": [{"id": "x", "side": "expenditure", "given": "yes"}]}}, "C066",
         "adjustments"),
        ({"benchmark": {**PARTS, "cells": [{"id": "a", "pmpm": "5"}, {"id": "b-a", "pmpm": "5"}]},
          "expenditure": {"basis": "paid", "categories": [{"id": "x-b"}, {"id": "x"}]}}, "C046", "benchmark.cells"),
    ],
)  # fmt: skip
def test_terms_that_rest_on_others(tmp_path: Path, blocks: Mapping[str, Any], code: str, field: str) -> None:
    assert places(contract(**blocks), tmp_path) == [(code, f"terms.{field}")]


def test_a_one_sided_exclusion_is_told_with_what_it_lacks(tmp_path: Path) -> None:
    against = POOLED | {"market_trend": MARKET}
    rule = {**ROWS, "periods": ["market", "performance"]}
    (finding,) = findings(contract(benchmark=against, member_months={"exclusions": [DEATH, rule]}), tmp_path)
    assert finding.found == "`hospice`, which does not apply to baseline"
    assert finding.allowed.startswith("`[performance, baseline, market]`")
    assert finding.frame


@pytest.mark.parametrize(
    "blocks",
    [
        {"member_months": {"exclusions": [ROWS]}},
        {"benchmark": POOLED, "member_months": {"exclusions": [{**ROWS, "periods": ["performance", "baseline"]}]}},
        {"benchmark": POOLED, "member_months": {"exclusions": [DEATH]}},
        {
            "benchmark": PARTS,
            "expenditure": {"basis": "paid", "categories": [{"id": "x"}], "late_claims": "ignored"},
        },
        {"benchmark": PARTS, "expenditure": GROSSED},
        {"benchmark": UNSAID, "member_months": SMALL, "cap_payment": {"of_benchmark": "5%"}},
        {
            "benchmark": {**PARTS, "parts": "products"},
            "expenditure": {"basis": "paid", "by": "products", "categories": [{"id": "a"}]},
        },
        {"share": {"sharing_rate": "50%"}, "member_months": {"counting": "any_day", "minimum_months": "3"}},
        {"benchmark": {"pmpm": "500", "market_trend": MARKET}, "expenditure": {"basis": "paid"}},
        {"benchmark": {"pmpm": "500", "market_trend": {**MARKET, "cost": "as_reported"}}, "expenditure": GROSSED},
        {"benchmark": {"pmpm": "500", "market_trend": {**MARKET, "cost": "same_steps"}}, "expenditure": TRUNCATED},
    ],
)
def test_terms_that_go_together(tmp_path: Path, blocks: Mapping[str, Any]) -> None:
    assert program_of(contract(**blocks), tmp_path).findings == ()


@pytest.mark.parametrize("terms", [{"below": "pool"}, {"below": "no_reward", "pooled_with": "all"}])
def test_a_pool_says_who_is_in_it(tmp_path: Path, terms: Mapping[str, str]) -> None:
    document = contract(benchmark=UNSAID, member_months={"smallest_panel": "5", **terms})
    assert [code for code, _ in places(document, tmp_path)] == ["C023"]


@pytest.mark.parametrize(
    "pooled_with, text", [("all", "Where any group has"), ("those_below", "Groups with a smaller panel")]
)
def test_who_is_pooled_is_said(tmp_path: Path, pooled_with: str, text: str) -> None:
    program = program_of(contract(benchmark=UNSAID, member_months={**SMALL, "pooled_with": pooled_with}), tmp_path)
    assert said(terms_for(program, YEAR, None))[0].text.startswith(text)


def test_what_cannot_be_counted_by_part_is_told_with_what_can(tmp_path: Path) -> None:
    steps = {"basis": "paid", "large_claims": {"form": "exclude", "point": "1", "months": "leave"}}
    (finding,) = findings(contract(benchmark=PARTS, expenditure=steps), tmp_path)
    assert finding.found == "`months: leave` beside a benchmark with `cells`"
    assert "large claims (`months: stay`), completion" in finding.allowed


def test_parts_ask_for_the_figures_before_the_steps_only_where_there_are_steps(tmp_path: Path) -> None:
    cells = {**PARTS, "cells": [{"id": "a", "pmpm": "5"}, {"id": "b", "pmpm": "5"}]}
    counted = {"member_months.a", "member_months.b", "expenditure.a", "expenditure.b"}
    for cost in ({"basis": "paid"}, {"basis": "paid", "categories": [{"id": "x"}], "late_claims": "ignored"}):
        assert asked(program_of(contract(benchmark=cells, expenditure=cost), tmp_path)) == counted
    cost = {"basis": "paid", "large_claims": percentile(), "categories": [{"id": "x"}, {"id": "y"}]}
    assert asked(program_of(contract(benchmark=cells, expenditure=cost), tmp_path)) == {
        "member_months.a", "member_months.b", "truncation_point", "large_claims_excess.a", "large_claims_excess.b",
        "reported_expenditure.x-a", "reported_expenditure.y-a", "reported_expenditure.x-b", "reported_expenditure.y-b",
    }  # fmt: skip


def test_members_of_a_fee_alone_need_no_share(tmp_path: Path) -> None:
    document = contract(care_coordination_fee={"pmpm": "2"}, member_months={"counting": "counted"})
    for block in ("share", "gate", "benchmark"):
        del document["terms"][block]
    assert asked(program_of(document, tmp_path)) == {"member_months"}
    document["terms"]["member_months"] = {"smallest_panel": "5", "below": "no_reward", "clause": "1"}
    assert places(document, tmp_path) == [("C065", "terms.member_months")]


def test_an_exclusion_of_a_roster_that_no_fee_counts_is_noted(tmp_path: Path) -> None:
    rules = {"exclusions": [DEATH, ROWS], "minimum_months": "0"}
    idle = terms_for(program_of(contract(member_months=rules), tmp_path), YEAR, None).idle()
    assert [field for _, field, _ in idle] == ["terms.member_months.minimum_months", "terms.member_months.exclusions"]
    fee = {"pmpm": "2", "roster": "fee"}
    program = program_of(contract(member_months={"exclusions": [DEATH]}, care_coordination_fee=fee), tmp_path)
    assert list(terms_for(program, YEAR, None).idle()) == []


# Run-out


def completed(**more: Any) -> dict[str, Any]:
    large = {"form": "truncate", "point": "100000"}
    completion = {"convention": "percent_complete", "by_run_out": BY_RUN_OUT}
    return contract(expenditure={"basis": "paid", "large_claims": large, "completion": completion} | more)


def test_run_out_and_truncation_need_no_word_about_their_order(tmp_path: Path) -> None:
    document = completed()
    program = program_of(document, tmp_path)
    assert terms_for(program, YEAR, None).cost_order == ("truncate", "complete")
    document["terms"]["expenditure"]["completion"] = {"convention": "percent_complete", "factor": "0.97"}
    assert places(document, tmp_path) == [("C062", "order")]
    # one category by a factor of its own completes before truncation, so the sequence counts again
    document = completed(
        completion={"convention": "percent_complete"},
        categories=[{"id": "a", "completion_factor": "0.9"}, {"id": "b", "by_run_out": BY_RUN_OUT}],
    )
    assert places(document, tmp_path) == [("C062", "order")]


ONE_FACTOR = {"convention": "percent_complete", "factor": "0.97"}
COMPLETE_FIRST = {"moves": [{"step": "complete", "before": "truncate", "clause": "§1"}]}
TRUNCATE_FIRST = {"confirms": [{"pair": ["truncate", "complete"], "clause": "§1"}]}


@pytest.mark.parametrize(
    "order, basis, more, fits",
    [
        (COMPLETE_FIRST, "as_reported", {}, True),
        (COMPLETE_FIRST, "truncated", {}, False),
        (TRUNCATE_FIRST, "as_reported", {}, False),
        (TRUNCATE_FIRST, "truncated", {}, True),
        ({}, "as_reported", {"large_claims": None}, True),
        ({}, "truncated", {"large_claims": None}, False),
        ({}, "as_reported", {"completion": {"convention": "multiplier", "by_run_out": BY_RUN_OUT}}, True),
        ({}, "truncated", {"completion": {"convention": "multiplier", "by_run_out": BY_RUN_OUT}}, False),
        (COMPLETE_FIRST, "as_reported", {"categories": [{"id": "a", "completion_factor": "0.9"}],
         "completion": {"convention": "multiplier"}}, True),
        (COMPLETE_FIRST, "truncated", {"categories": [{"id": "a", "completion_factor": "0.9"}],
         "completion": {"convention": "multiplier"}}, False),
    ],
)  # fmt: skip
def test_the_basis_of_completion_agrees_with_the_sequence_of_the_steps(
    tmp_path: Path, order: Mapping[str, Any], basis: str, more: Mapping[str, Any], fits: bool
) -> None:
    terms = {"completion": ONE_FACTOR} | more
    document = completed(**{**terms, "completion": {**terms["completion"], "basis": basis}})
    cost = document["terms"]["expenditure"]
    document["terms"]["expenditure"] = {name: value for name, value in cost.items() if value is not None}
    document["order"] |= order
    if fits:
        program = program_of(document, tmp_path)
        assert program.findings == ()
        assert "Completion" in [rule.topic for rule in said(terms_for(program, YEAR, None))]
    else:
        assert places(document, tmp_path) == [("C066", "terms.expenditure.completion.basis")]


@pytest.mark.parametrize(
    "paid_through, months",
    [
        (date(2015, 3, 31), ["2014-10", "2014-11", "2014-12"]),  # run-outs of 5, 4 and 3; September has 6
        (date(2015, 3, 1), ["2014-10", "2014-11", "2014-12"]),
        (date(2015, 5, 31), ["2014-12"]),
        (date(2015, 6, 1), []),
        (SETTLED_LATE, []),
    ],
)
def test_the_months_that_are_not_complete(tmp_path: Path, paid_through: date, months: list[str]) -> None:
    names = asked(program_of(completed(), tmp_path), paid_through=paid_through)
    wanted = {f"incurred_expenditure.{month}" for month in months}
    assert names == {"member_months", "reported_expenditure", "large_claims_excess"} | wanted


def test_run_out_is_of_reported_cost_whatever_the_sequence(tmp_path: Path) -> None:
    given = {
        "member_months": 1000, "reported_expenditure": 400_000, "large_claims_excess": 20_000,
        "incurred_expenditure.2014-10": 30_000, "incurred_expenditure.2014-11": 29_100,
        "incurred_expenditure.2014-12": 33_300,
    }  # fmt: skip
    sheet = worksheet(program_of(completed(), tmp_path), YEAR, None, figures(given), paid_through=date(2015, 3, 31))
    outstanding = (30_000 + 29_100 + 33_300) * (Fraction(100, 97) - 1)
    assert sheet["expenditure"].figure == 380_000 + outstanding
    for move in ({"step": "complete", "before": "truncate"}, {"step": "truncate", "after": "complete"}):
        order = {"base": "standard/1", "moves": [move | {"clause": "§1"}]}
        with pytest.raises(Refusal) as refusal:
            program_of(completed() | {"order": order}, tmp_path)
        assert [finding.code for finding in refusal.value.findings] == ["P4V-C064"]


def figures(given: Mapping[str, int]) -> Figures:
    origin = {"table": "figures", "column": ""}
    return Figures({name: Figure(Fraction(value), Unit.USD, "§1", origin) for name, value in given.items()})


def test_completion_by_run_out_asks_for_the_day_of_paid_claims(tmp_path: Path) -> None:
    program = program_of(completed(), tmp_path)
    with pytest.raises(Refusal) as refusal:
        figures_asked(program, YEAR)
    (finding,) = refusal.value.findings
    assert (finding.code, finding.field) == ("P4V-C022", "terms.expenditure.completion.by_run_out")
    assert "--paid-through" in finding.allowed
    assert "incurred_expenditure" not in " ".join(figures_ever_asked(program))


@pytest.mark.parametrize(
    "paid_through, found",
    [
        (date(2015, 2, 28), "no factor for a run-out of 2 months, that of 2014-12"),
        (date(2015, 1, 31), "no factor for a run-out of 2 months, that of 2014-11"),
        (date(2014, 3, 31), "no factor for a run-out of 2 months, that of 2014-01"),
    ],
)
def test_a_month_below_the_first_factor_is_refused(tmp_path: Path, paid_through: date, found: str) -> None:
    with pytest.raises(Refusal) as refusal:
        figures_asked(program_of(completed(), tmp_path), YEAR, paid_through=paid_through)
    (finding,) = refusal.value.findings
    assert (finding.code, finding.found) == ("P4V-C044", found)


def test_one_month_is_told_in_the_singular(tmp_path: Path) -> None:
    rows = [{"from": "2", "factor": "0.9"}]
    document = completed(completion={"convention": "multiplier", "by_run_out": rows})
    with pytest.raises(Refusal) as refusal:
        figures_asked(program_of(document, tmp_path), read_months("2014-12"), paid_through=date(2015, 1, 31))
    assert refusal.value.findings[0].found == "no factor for a run-out of 1 month, that of 2014-12"


def test_a_benefit_factor_asks_for_outstanding_claims_by_category(tmp_path: Path) -> None:
    categories = [{"id": "a", "benefit_factor": "1.1"}, {"id": "b"}]
    document = completed(categories=categories)
    document["order"]["confirms"] = [{"pair": ["normalise", "truncate"], "clause": "§1"}]
    names = asked(program_of(document, tmp_path), paid_through=date(2015, 5, 31))
    assert {"incurred_expenditure.a-2014-12", "incurred_expenditure.b-2014-12"} <= names


# Large claims


def test_a_percentile_takes_its_point_as_given(tmp_path: Path) -> None:
    large = percentile() | {"threshold": "prorated", "across_moves": "one_threshold"}
    program = program_of(contract(expenditure={"basis": "paid", "large_claims": large}), tmp_path)
    assert asked(program) == {"member_months", "reported_expenditure", "large_claims_excess", "truncation_point"}
    given = {"member_months": 10, "reported_expenditure": 100, "large_claims_excess": 5, "truncation_point": 95}
    line = worksheet(program, YEAR, None, figures(given))["truncation_point"]
    assert (line.kind, line.unit, line.figure, line.clause) == ("given", Unit.USD, 95, "§expenditure")


def test_nor_can_the_revenue_of_the_other_budget_of_a_blend(tmp_path: Path) -> None:
    large = {"form": "exclude", "point": "200000", "months": "leave"}
    blend = {"pmpm": "500", "own_weight": "50%", "blended_with": {"loss_ratio": "84%"}}
    document = contract(expenditure={"basis": "paid", "large_claims": large}, benchmark=blend)
    assert places(document, tmp_path) == [("C066", "terms.expenditure.large_claims.months")]


@pytest.mark.parametrize("months, refused", [("leave", True), ("stay", False)])
def test_the_revenue_of_excluded_members_cannot_leave_so_their_months_stay(
    tmp_path: Path, months: str, refused: bool
) -> None:
    """84% of 12,000 is 10,080 for all; the cost of those who are left would be compared with everybody's revenue."""
    large = {"form": "exclude", "point": "200000", "months": months}
    document = contract(expenditure={"basis": "paid", "large_claims": large}, benchmark={"loss_ratio": "84%"})
    document["terms"]["benchmark"].pop("pmpm", None)
    if refused:
        (finding,) = findings(document, tmp_path)
        assert (finding.code, finding.field) == ("P4V-C066", "terms.expenditure.large_claims.months")
        assert finding.allowed.startswith("`months: stay`")
        return
    given = {"member_months": 24, "reported_expenditure": 5_400 + 300_000, "large_claims_excluded": 300_000,
             "revenue": 12_000}  # fmt: skip
    sheet = worksheet(program_of(document, tmp_path), YEAR, None, figures(given))
    assert [sheet[name].figure for name in ("benchmark", "expenditure", "earned")] == [10_080, 5_400, 2_340]


@pytest.mark.parametrize(
    "months, names",
    [
        ("leave", {"member_months_before_exclusion", "large_claims_excluded_member_months"}),
        ("stay", {"member_months"}),
    ],
)
def test_months_leave_with_excluded_members_or_stay(tmp_path: Path, months: str, names: set[str]) -> None:
    """Who is left out of the cost is a member all the same: what is paid for members is paid for 100 months."""
    large = {"form": "exclude", "point": "200000", "months": months}
    program = program_of(
        contract(expenditure={"basis": "paid", "large_claims": large}, capitation={"pmpm": "10"}), tmp_path
    )
    assert asked(program) == {"reported_expenditure", "large_claims_excluded"} | names
    given = dict.fromkeys(asked(program), 100) | {"large_claims_excluded_member_months": 12}
    sheet = worksheet(program, YEAR, None, figures(given))
    assert sheet["member_months"].figure == (88 if months == "leave" else 100)
    assert sheet["capitation"].figure == 10 * 100


# The baseline and the market


def test_baseline_years_have_figures_of_their_own(tmp_path: Path) -> None:
    cost = {
        "basis": "paid", "categories": [{"id": "a"}, {"id": "b"}], "large_claims": {"form": "truncate", "point": "9"}
    }  # fmt: skip
    against = {
        "years": [{"id": "2012", "weight": "40%", "trend": "1.1"}, {"id": "2013", "weight": "60%"}],
        "categories": [{"id": "b", "trend": "1"}, {"id": "a", "trend": "1.2"}],
        "baseline_periods": [{"id": "2013", "period": "2013"}, {"id": "2012", "period": "2012"}],
    }
    program = program_of(contract(benchmark=against, expenditure=cost), tmp_path)
    of_years = {
        f"baseline_{name}" for year in ("2012", "2013")
        for name in (f"member_months.{year}", f"large_claims_excess.{year}", f"reported_expenditure.a-{year}",
                     f"reported_expenditure.b-{year}")
    }  # fmt: skip
    own = {"member_months", "large_claims_excess", "reported_expenditure.a", "reported_expenditure.b"}
    assert asked(program) == of_years | own


def test_a_year_trend_stands_with_given_years_too(tmp_path: Path) -> None:
    against = {"years": [{"id": "2012", "weight": "40%", "trend": "1.1"}, {"id": "2013", "weight": "60%"}]}
    program = program_of(contract(benchmark=against), tmp_path)
    given = {"member_months": 10, "expenditure": 100, "baseline_pmpm.2012": 100, "baseline_pmpm.2013": 200}
    assert asked(program) == set(given)
    sheet = worksheet(program, YEAR, None, figures(given))
    assert sheet["baseline_pmpm_trended.2012"].figure == 110
    assert sheet["baseline_pmpm"].figure == 44 + 120


@pytest.mark.parametrize(
    "against, field",
    [
        (POOLED | {"baseline_periods": [{"id": "2013", "period": "2013-02 to 2014-01"}]}, "baseline_periods.0.period"),
        ({"pmpm": "500", "market_trend": {**MARKET, "base": "2014-12 to 2015-11"}}, "market_trend.base"),
    ],
)
def test_a_base_that_shares_months_with_the_period_is_refused(
    tmp_path: Path, against: Mapping[str, Any], field: str
) -> None:
    program = program_of(contract(benchmark=against), tmp_path)
    with pytest.raises(Refusal) as refusal:
        figures_asked(program, YEAR)
    (finding,) = refusal.value.findings
    assert (finding.code, finding.field) == ("P4V-C023", f"terms.benchmark.{field}")
    assert figures_asked(program, read_months("2016"))


def test_a_trend_gate_takes_the_market_of_the_benchmark(tmp_path: Path) -> None:
    gate = {"comparison": "at_most", "limit_from": "market"}
    program = program_of(contract(trend_gate=gate, benchmark={"pmpm": "500", "market_trend": MARKET}), tmp_path)
    names = asked(program)
    assert "market_trend" not in names
    assert {"prior_expenditure_pmpm", "mix_member_months.ppo", "market_base_member_months.hmo"} <= names
    given = asked(program_of(contract(trend_gate=gate, benchmark={"pmpm": "500", "trend_given": "yes"}), tmp_path))
    assert "market_trend" in given


def test_what_a_crude_trend_would_have_paid() -> None:
    """PPO 400 to 412, HMO 300 to 303; the market's mix moves from 50/50 to 60/40, the group has 70/30."""
    months = [Fraction(8400), Fraction(3600)]
    now, base = [Fraction(412), Fraction(303)], [Fraction(400), Fraction(300)]
    own = market.market_trend(months, now, base)
    crude = (Fraction(60, 100) * 412 + Fraction(40, 100) * 303) / (Fraction(1, 2) * 400 + Fraction(1, 2) * 300)
    assert own == Fraction(3793, 3700)
    assert crude == Fraction(3684, 3500)
    assert 370 * 12_000 * (crude - own) == Fraction(85_272, Fraction(7, 10))
    assert abs(370 * 12_000 * (crude - own) - Fraction("121817.14")) < Fraction(1, 200)


def test_risk_of_scores_asks_for_points(tmp_path: Path) -> None:
    risk = {"on": "expenditure", "scores": {"base": "2013", "relative_to": "none"}}
    program = program_of(contract(benchmark=POOLED, risk=risk), tmp_path)
    assert asked(program) == {
        "member_months", "reported_expenditure", "risk_points", "baseline_risk_points", "baseline_member_months.2013",
        "baseline_reported_expenditure.2013",
    }  # fmt: skip
    given = dict.fromkeys(asked(program), 100) | {"risk_points": 125}
    sheet = worksheet(program, YEAR, None, figures(given))
    assert sheet["risk_ratio"].figure == Fraction(125, 100)
    assert sheet["expenditure"].figure == 80


# The fee


FEE_RULES = {"exclusions": [DEATH, {**DEATH, "id": "twice", "rule": "duplicates", "look_back_months": "6"}, ROWS]}


@pytest.mark.parametrize(
    "fee, suffixes",
    [
        ({"pmpm": "2"}, [""]),
        ({"per_member_per_year": "24"}, [""]),
        ({"by_panel_size": [{"from": "0", "pmpm": "2"}]}, [""]),
        ({"pmpm": "2", "by_month": "yes"}, [""]),
        ({"tiers": [{"id": "low", "pmpm": "2"}, {"id": "high", "pmpm": "2"}]}, ["-low", "-high"]),
    ],
)
def test_what_is_recovered_of_a_fee(tmp_path: Path, fee: Mapping[str, Any], suffixes: list[str]) -> None:
    document = contract(member_months=FEE_RULES, care_coordination_fee={"roster": "fee", **fee})
    program = program_of(document, tmp_path)
    names = {name for name in asked(program) if "recovered" in name}
    assert names == {
        *(f"recovered_member_months.{id_}{suffix}" for id_ in ("death", "twice") for suffix in suffixes),
        *(f"unrecovered_member_months.twice{suffix}" for suffix in suffixes),
    }
    given = dict.fromkeys(asked(program), 12) | dict.fromkeys(names, 1)
    sheet = worksheet(program, YEAR, None, figures(given))
    whole = sum(given[name] for name in given if name.startswith("fee_member_months"))
    assert sheet["care_coordination_fee"].figure == 2 * (whole - 2 * len(suffixes))
    assert sheet[f"fee_not_recovered.twice{suffixes[0]}"].figure == 2
    assert sheet["look_back_months.twice"].figure == 6


def test_nothing_is_recovered_of_a_fee_on_the_roster_of_the_cost(tmp_path: Path) -> None:
    stays = {"exclusions": [{**DEATH, "months": "stay"}]}
    for rules, roster in ((FEE_RULES, "cost"), (stays, "fee")):
        document = contract(member_months=rules, care_coordination_fee={"pmpm": "2", "roster": roster})
        assert not any("recovered" in name for name in asked(program_of(document, tmp_path)))


def test_what_is_recovered_at_each_rate_of_a_fee_that_changes(tmp_path: Path) -> None:
    document = contract(
        member_months={"exclusions": [DEATH]}, care_coordination_fee={"pmpm": "2", "roster": "fee", "by_month": "yes"}
    )
    change = {"care_coordination_fee": {"pmpm": "3"}}
    document["amendments"] = [
        {"id": "A1", "signed": "2014-05-01", "effective": "2014-07-01", "clause": "A1", "terms": change}
    ]
    program = program_of(document, tmp_path)
    names = [name for name in asked(program) if name.startswith("recovered")]
    assert sorted(names) == ["recovered_member_months.death-2014-01", "recovered_member_months.death-2014-07"]
    given = dict.fromkeys(asked(program), 10)
    sheet = worksheet(program, YEAR, None, figures(given))
    assert sheet["fee_recovered.death-2014-07"].figure == -30
    assert sheet["care_coordination_fee"].figure == 6 * 10 * (2 + 3) - 10 * (2 + 3)


TIERS = {"tiers": [{"id": "low", "pmpm": "1"}, {"id": "high", "pmpm": "2"}]}
CHANGE = {
    "id": "A1", "signed": "2014-05-01", "effective": "2014-07-01", "clause": "A1",
    "terms": {"care_coordination_fee": {"pmpm": "3"}},
}  # fmt: skip


@pytest.mark.parametrize(
    "fee, amendments, lines",
    [
        # 72 x 1 + 48 x 2 = 168; one of six and one of four are left out, January beyond the look-back of 10: 11 + 22
        (TIERS, [], {"fee_recovered.out-low": -11, "fee_recovered.out-high": -22, "fee_not_recovered.out-high": 2,
                     "care_coordination_fee": 135}),
        # 60 x 2 + 60 x 3 = 300; 2 x 5 months at 2 and 2 x 6 at 3 come off, January's 2 x 2 stay
        ({"pmpm": "2", "by_month": "yes"}, [CHANGE],
         {"fee_recovered.out-2014-01": -20, "fee_recovered.out-2014-07": -36, "fee_not_recovered.out-2014-01": 4,
          "fee_not_recovered.out-2014-07": 0, "care_coordination_fee": 244}),
    ],
)  # fmt: skip
def test_what_rows_recover_by_tier_and_by_rate(
    tmp_path: Path, fee: Mapping[str, Any], amendments: list[Any], lines: Mapping[str, int]
) -> None:
    rule = {
        "id": "out", "rule": "rows", "column": "cohort", "values": ["x"], "periods": ["performance"],
        "rosters": ["fee"], "months": "leave", "look_back_months": "10",
    }  # fmt: skip
    document = contract(
        member_months={"counting": "counted", "exclusions": [rule]}, care_coordination_fee={"roster": "fee", **fee}
    )
    for block in ("share", "gate", "benchmark"):
        del document["terms"][block]
    program_of(document | {"amendments": amendments}, tmp_path)
    rows = [
        {"group_id": "g1", "member_id": f"m{member}", "month": f"2014-{month:02}", "allowed": "0.00",
         "tier": "low" if member < 6 else "high", "cohort": "x" if member in (0, 9) else "a"}
        for month in range(1, 13) for member in range(10)
    ]  # fmt: skip
    result = settle(tmp_path / "drawn.yaml", period="2014", member_months=pd.DataFrame(rows))
    found = {line["name"]: line["value"] for line in result.document["lines"]}
    assert {name: Fraction(found[name]) for name in lines} == lines


QUARTER = read_months("2014-04 to 2014-06")


@pytest.mark.parametrize(
    "fee, names",
    [
        ({"pmpm": "2"}, {"fee_member_months"}),
        ({"pmpm": "2", "roster": "fee"}, {"fee_member_months"}),
        ({"pmpm": "2", "by_month": "yes"}, {f"fee_member_months.2014-{month}" for month in ("04", "05", "06")}),
    ],
)
def test_the_fee_of_a_quarter_counts_its_months(tmp_path: Path, fee: Mapping[str, Any], names: set[str]) -> None:
    document = contract(care_coordination_fee=fee, capitation={"pmpm": "1"})
    program, half_year = program_of(document, tmp_path), read_months("2014-01 to 2014-06")
    found = figures_asked(program, half_year, status="interim", fee_period=QUARTER)
    needed = {name for name, wanted in found.items() if not wanted.optional}
    assert needed == {"member_months", "expenditure", "capitation_member_months"} | names


def test_changes_of_earlier_months_are_those_before_the_quarter(tmp_path: Path) -> None:
    program = program_of(contract(care_coordination_fee={"pmpm": "2", "look_back_months": "2"}), tmp_path)
    given = {"member_months": 1, "expenditure": 1, "fee_member_months": 100}
    changes = {f"retroactive_member_months.2014-0{month}": -1 for month in (1, 2, 3)}
    sheet = worksheet(program, read_months("2014-01 to 2014-06"), None, figures(given | changes), fee_period=QUARTER)
    assert sheet["months_back.2014-03"].figure == 1
    assert sheet["retroactive_fee_in_reach.2014-01"].figure == 0
    assert sheet["care_coordination_fee"].figure == 200 - 4


@pytest.mark.parametrize("block", [{"fee_offset": {"fees": "of_this_contract"}}, {}])
def test_fees_of_the_period_are_given_where_a_quarter_is_settled(tmp_path: Path, block: Mapping[str, Any]) -> None:
    order = {"moves": [{"step": "fee_offset", "after": "share", "clause": "§1"}]} if block else {}
    cost = {} if block else {"expenditure": {"basis": "paid", "coordination_fees": "counted_in"}}
    document = contract(order, care_coordination_fee={"pmpm": "2"}, **block, **cost)
    program = program_of(document, tmp_path)
    assert "coordination_fees_paid" not in asked(program)
    assert "coordination_fees_paid" in asked(program, fee_period=QUARTER)


def test_the_strata_of_a_fee_are_those_of_a_whole_period(tmp_path: Path) -> None:
    strata = {"items": [{"id": "hmo", "name": "HMO"}]}
    program = program_of(contract(care_coordination_fee={"pmpm": "2"}, strata=strata), tmp_path)
    given = dict.fromkeys(asked(program) | asked(program, fee_period=QUARTER), 1)
    assert "stratum_fee.hmo" in worksheet(program, YEAR, None, figures(given))
    assert "stratum_fee.hmo" not in worksheet(program, YEAR, None, figures(given), fee_period=QUARTER)


# Occasions


def test_what_terms_are_asked_for(tmp_path: Path) -> None:
    program = program_of(completed(), tmp_path)
    terms = terms_in_force(program, YEAR, None, None, date(2015, 3, 31), QUARTER)
    assert (terms.fee_period, terms_in_force(program, YEAR, None).fee_period) == (QUARTER, YEAR)
    december = Period.of_months(2014, 12, 1)
    assert terms.run_out_of(december) == 3
    assert terms.run_out_of(Period.of_months(2015, 4, 1)) == -1
    assert terms_in_force(program, YEAR, None).run_out_of(december) is None


# Waivers, and what is said in words


@pytest.mark.parametrize("code", ["P4V-D099", "P4V-D030", "P4V-D073", "P4V-D031", "D012", "P4V-C012", ""])
def test_a_waiver_of_another_fault_than_a_row_s_is_refused_with_those_that_can_be(tmp_path: Path, code: str) -> None:
    item = {"id": "late-file", "finding": code, "most_rows": "5", "reason": "cut off"}
    (finding,) = findings(contract(waivers={"items": [item]}), tmp_path)
    assert (finding.code, finding.field) == ("P4V-C052", "terms.waivers.items.0.finding")
    assert finding.found == "no fault of a single row, which alone can be waived"
    assert finding.allowed == "one of P4V-D012, P4V-D013, P4V-D015, P4V-D033, P4V-D034, P4V-D036"


def test_what_can_be_waived_is_what_can_be_wrong_with_a_row() -> None:
    columns = ["group_id", "member_id", "month", "year", "purpose", "product", "member_months", "first_day", "last_day",
               "risk_score", "allowed", "paid.pharmacy", "revenue"]  # fmt: skip
    bound = [
        Bound(name, kind, name, place)
        for place, name in enumerate(columns, start=1)
        if (kind := kind_of("member_months", name)) is not None
    ]
    assert len(bound) == len(columns)
    codes = {rule.code for yearly in (False, True) for rule in row_rules(bound, yearly)}
    assert codes == set(ROW_CODES)
    for code in ROW_CODES:
        assert Waiver(id="a", finding=code, most_rows="1", reason="r").finding == code  # type: ignore[arg-type]


def test_waivers_change_nothing_that_is_paid(tmp_path: Path) -> None:
    item = {"id": "late-file", "finding": "P4V-D012", "most_rows": "5", "reason": "cut off"}
    document = contract(waivers={"items": [item]})
    program = program_of(document, tmp_path)
    found = figures_asked(program, YEAR)
    assert found["waived_rows.late-file"].optional
    assert found["waived_dollars.late-file"].optional
    assert (found["waived_rows.late-file"].unit, found["waived_dollars.late-file"].unit) == (Unit.COUNT, Unit.USD)
    given = {"member_months": 10, "expenditure": 4000}
    waived = {"waived_rows.late-file": 3, "waived_dollars.late-file": 1250}
    sheets = [worksheet(program, YEAR, None, figures(numbers)) for numbers in (given, given | waived)]
    assert [sheet["earned"].figure for sheet in sheets] == [500, 500]
    assert ["waived_rows.late-file" in sheet for sheet in sheets] == [False, True]


def test_what_counts_is_said_in_words(tmp_path: Path) -> None:
    members = {
        "counting": "fifteenth_of_month", "products": ["ppo", "hmo"], "funding": ["insured"], "minimum_months": "3",
        "panel": "average_members",
        "exclusions": [
            {**ROWS, "values": ["1", "2"], "periods": ["performance", "baseline", "market"], "clause": "Ex. A"},
            {**DEATH, "look_back_months": "6"},
        ],
    }  # fmt: skip
    large = percentile() | {"threshold": "full", "across_moves": "each_group"}
    where = [{"column": "area", "values": ["MA", "CT"]}]
    against = POOLED | {
        "market_trend": MARKET | {"cost": "as_reported"}, "own_weight": "50%",
        "regional": {"exclude": "none", "where": where, "cost": "same_steps"},
    }  # fmt: skip
    document = contract(
        member_months=members, expenditure={"basis": "paid", "large_claims": large}, benchmark=against,
        risk={"on": "expenditure", "scores": {"base": "2013", "relative_to": "market"}},
    )  # fmt: skip
    program = program_of(document, tmp_path)
    assert [(rule.topic, rule.text, rule.clause) for rule in said(terms_for(program, YEAR, None))] == [
        ("Member months", "A month counts for a member who is covered on its 15th day.", "§member_months"),
        ("Products that count", "ppo, hmo", "§member_months"),
        ("Funding that counts", "insured", "§member_months"),
        ("Panel", "Member months over the months of the period, rounded down.", "§member_months"),
        ("Minimum months", "Members with fewer than 3 member months in a period leave it, with all of theirs.",
         "§member_months"),
        ("Exclusion: hospice", ("Months where hospice is 1 or 2 are left out of the cost, with their member months; "
         "periods: performance, baseline and market."), "Ex. A"),
        ("Exclusion: death", ("Months after the month of death are left out of the fee, with their member months; "
         "periods: performance. A fee is recovered up to 6 months back."), "§member_months"),
        ("Truncation point", ("The amount at 99% of the members of reference acp-2012, annualised, by the nearest "
         "rank."), "§expenditure"),
        ("Large claims", ("The point holds in full for members with fewer months than the period; a member who moves "
         "between groups has a point with each."), "§expenditure"),
        ("Baseline year 2013", "2013-01 to 2013-12, by the cost steps of this contract.", "§benchmark"),
        ("Market trend", ("From the months 2013-01 to 2013-12 to the performance period, by ppo and hmo at the "
         "group\N{RIGHT SINGLE QUOTATION MARK}s own mix; without the group\N{RIGHT SINGLE QUOTATION MARK}s own "
         "members; its cost as reported, without the cost steps of this contract."), "§benchmark"),
        ("Region", ("Cost of the performance period, with all members, where area is MA or CT; its members truncated "
         "as the group\N{RIGHT SINGLE QUOTATION MARK}s are."), "§benchmark"),
        ("Risk", "Average risk score of members against that of baseline year 2013, beyond the change of the market.",
         "§risk"),
    ]  # fmt: skip


def test_the_months_of_a_quarter_s_fee_are_said(tmp_path: Path) -> None:
    program = program_of(contract(care_coordination_fee={"pmpm": "2"}, capitation={"pmpm": "1"}), tmp_path)
    half_year = read_months("2014-01 to 2014-06")
    text = "2014-04 to 2014-06; all else is for 2014-01 to 2014-06."
    assert said(terms_for(program, half_year, None, fee_period=QUARTER)) == [
        ("Months of the fee", text, "§care_coordination_fee"),
        ("Months of the capitation", text, "§capitation"),
    ]
    assert said(terms_for(program, half_year, None)) == []


def test_nothing_is_said_where_no_term_of_members_stands(tmp_path: Path) -> None:
    document = contract(member_months={"smallest_panel": "5000", "below": "no_reward"})
    assert said(terms_for(program_of(document, tmp_path), YEAR, None)) == []


def test_parts_and_products_are_said(tmp_path: Path) -> None:
    cells = {"cells": [{"id": "a", "pmpm": "5"}], "pooling": "together", "parts": "groups"}
    cost = {"basis": "paid", "by": "products", "categories": [{"id": "ppo"}]}
    program = program_of(contract(benchmark=cells, expenditure=cost), tmp_path)
    texts = [rule.text for rule in said(terms_for(program, YEAR, None))]
    assert texts == ["Each category is a product.", "Each part is one of the groups."]
    for parts, text in (
        ("groups", "groups; large claims are those of each group\u2019s own members."),
        (
            "products",
            "products; a member is above the point with all products, and the products bear it by their dollars.",
        ),
    ):
        program = program_of(contract(benchmark={**PARTS, "parts": parts}, expenditure=TRUNCATED), tmp_path)
        assert [rule.text for rule in said(terms_for(program, YEAR, None))] == [f"Each part is one of the {text}"]


def test_a_published_program_says_nothing_of_members() -> None:
    program = Library([ROOT / "configs"]).program("mssp-track-1")
    assert said(terms_in_force(program, YEAR, date(2013, 1, 1))) == []


def test_an_amendment_can_change_an_exclusion(tmp_path: Path) -> None:
    document = deepcopy(contract(benchmark=POOLED))
    document["amendments"] = [
        {"id": "A1", "signed": "2014-05-01", "effective": "2015-01-01", "clause": "A1",
         "terms": {"member_months": {"exclusions": [ROWS], "clause": "A1"}}}
    ]  # fmt: skip
    assert places(document, tmp_path) == [("C067", "terms.member_months.exclusions.0.periods")]


# The other readings: estimates, and the workbook's own formulas

PRACTICE = ROOT / "tests" / "cases"
OF_MEMBERS = (
    "practice/baseline-pooled-by-product", "practice/baseline-weighted-by-category",
    "practice/baseline-with-cost-steps", "practice/excluded-and-months-leave", "practice/fee-of-a-quarter",
    "practice/market-trend-own-mix", "practice/regional-blend-of-members", "practice/risk-of-scores",
    "practice/run-out-by-category", "practice/run-out-multiplier", "practice/run-out-percent-complete",
    "practice/waived-rows", "scenarios/5-fee-guard",
)  # fmt: skip


def first_case(name: str) -> tuple[Program, CaseDocument, Figures]:
    """A contract, its first case, and the figures of it."""
    path = PRACTICE / f"{name}.yaml"
    program = library_for(path).contract(path)
    case = cases_of(program)[0]
    assert program.contract is not None
    period = period_of(case.document.period) if case.document.period else program.contract.first_period()
    return program, case.document, figures_of_case(program, case, period)


def sheet_of(name: str, arrays: bool = False) -> Worksheet:
    program, case, given = first_case(name)
    assert program.contract is not None
    period = period_of(case.period) if case.period else program.contract.first_period()
    if arrays:
        given = Figures(
            {key: replace(figure, value=np.asarray([float(figure.value)] * 2)) for key, figure in given.by_name.items()}
        )
    days = (case.known, case.paid_through, case.fee_months())
    return worksheet(program, period, None, given, "arrays" if arrays else "exact", *days)


@pytest.mark.parametrize("name", OF_MEMBERS)
def test_estimates_give_the_same_lines(name: str) -> None:
    exact, estimated = sheet_of(name), sheet_of(name, arrays=True)
    assert [line.name for line in estimated.lines] == [line.name for line in exact.lines]
    for line in exact.lines:
        if line.kind in ("computed", "settled"):
            assert estimated[line.name].figure == pytest.approx(float(line.figure), rel=1e-12, abs=1e-6), line.name


@pytest.mark.parametrize("name", OF_MEMBERS)
def test_the_formulas_of_the_workbook_give_the_same_lines(name: str, tmp_path: Path) -> None:
    lines = sheet_of(name).lines
    document = Settlement("group", Path(name).name, YEAR, "final", lines).document()
    book = tmp_path / "book.xlsx"
    assert write_poisoned(document, book) >= 2
    cells, places_of = by_formulas(book), cells_of(document, book)
    computed = [line for line in lines if line.kind in ("computed", "settled")]
    assert {line.name for line in computed} <= set(places_of)
    for line in computed:
        found = Fraction(float(cells[places_of[line.name]]))
        assert abs(found - line.figure) <= Fraction(1, 10**6), line.name


def test_what_a_new_contract_shows_as_examples_is_sound(tmp_path: Path) -> None:
    draft = new_contract(library_for(tmp_path / "x.yaml").program("pay-for-value"))
    shown = dict(re.findall(r"^    # (exclusions|minimum_months|large_claims|completion): (.+)$", draft, re.MULTILINE))
    assert set(shown) == {"exclusions", "minimum_months", "large_claims", "completion"}
    read = {name: yaml.load(text, Loader=yaml.BaseLoader) for name, text in shown.items()}
    members = {name: read[name] for name in ("exclusions", "minimum_months")}
    cost = {"basis": "paid", "large_claims": read["large_claims"], "completion": read["completion"]}
    assert program_of(contract(member_months=members, expenditure=cost), tmp_path).findings == ()
