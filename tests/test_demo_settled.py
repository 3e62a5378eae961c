"""The demo settled: what each group earns from its member months is what its contract's comments work out by hand."""

import csv
import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml
from pyarrow import parquet
from typer.testing import Result

from support import p4v

EXPECTED: Mapping[str, Mapping[str, str]] = {
    # 412.50 x 1.024 = 422.40; 418.23; 4.17 / 2 + 1.50 = 3.585; 102,000 x 2.09. The fee: 204,023 rows on the roster less
    # 2 months after death and 7 that stand twice, within six months of the end of the period, x 1.50.
    "baycare": {
        "member_months": "204000", "market_trend": "1.024", "benchmark_pmpm": "422.40", "expenditure_pmpm": "418.23",
        "quality_score": "0.784", "next_care_coordination_fee": "3.59", "fee_reset_true_up": "213180.00",
        "care_coordination_fee": "306021.00", "net_payment": "213166.50",
    },
    # 352.40 x 84,000 - 28,710,000 = 891,600; x 50% x 86%
    "acp": {
        "benchmark_pmpm": "352.40", "expenditure": "28710000.00", "gross_savings": "891600.00", "earned": "383388.00",
        "truncation_point": "56616.00", "care_coordination_fee": "151200.00", "net_payment": "383388.00",
    },
    # 341.15 x 60,000 - 20,530,000; 30,000 x 1.75 + 30,000 x 2.00
    "azcc": {
        "panel_size": "5000", "minimum_savings_rate": "0.039", "gross_savings": "-61000.00", "earned": "0.00",
        "thresholds_met": "13", "care_coordination_fee": "112500.00", "net_payment": "0.00",
    },
    # 2.00 x 72,000 x 70% + 31,500 / 3
    "primed": {
        "member_months": "72000", "quality_score": "0.7", "earned_of_pool": "100800.00",
        "challenge_incentive": "10500.00", "quality_incentive": "111300.00", "net_payment": "111300.00",
    },
    # 1.75 x 72,000 x 75% + 31,500 x 2 / 3
    "gpa": {
        "measures_met": "9", "earned_of_pool": "94500.00", "pool_left_over": "31500.00",
        "challenge_incentive": "21000.00", "quality_incentive": "115500.00", "net_payment": "115500.00",
    },
    # 431.25 x 120,000 - 48,300,000 = 3,450,000; 776,250 + 258,750, x 90%
    "scripps": {
        "expenditure_after_pooling": "46092000.00", "expenditure": "48300000.00", "gross_savings": "3450000.00",
        "shared_savings": "1035000.00", "earned": "931500.00", "net_payment": "1041660.00",
    },
    # Eleven members left with 132 months: 402.60 x 70,668 = 28,450,936.80; less 26,800,000 is 1,650,936.80; less 3% is
    # 797,408.696. 40% of 569,018.736 and 60% of 228,389.96 are 364,641.4704; x 80% = 291,713.17632.
    "ucla": {
        "member_months": "70668", "benchmark_pmpm": "402.60", "gross_savings": "1650936.80",
        "shared_savings": "364641.4704", "earned": "291713.18", "care_coordination_fee": "177000.00",
        "net_payment": "291713.18",
    },
    # 395 x 30,000 - 11,400,000 = 450,000, too few members; 85% of 90,000; 9,050 + 6,300
    "facey": {
        "panel_size": "2500", "gross_savings": "450000.00", "not_earned.panel_size": "450000.00", "earned": "0.00",
        "claw_back": "13500.00", "quality_incentive": "15350.00", "net_payment": "1850.00",
    },
    # 84% of 86,400,000 less 200,000; 1,809,400 of 72,376,000 is 2.5%: two points and two
    "cornerstone": {
        "member_months": "192000", "revenue": "86400000.00", "benchmark": "72376000.00", "savings_rate": "0.025",
        "quality_score": "0.72", "fee_schedule_uplift": "0.04", "care_coordination_fee": "432000.00",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "groups"


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return p4v("demo", str(folder))


@pytest.fixture(scope="module")
def documents(folder: Path, result: Result) -> dict[str, dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    found = [json.loads(path.read_bytes()) for path in sorted((folder / "runs").glob("*/settlement.json"))]
    return {document["group"]: document for document in found}


@pytest.mark.parametrize("group", EXPECTED)
def test_a_group_earns_what_was_worked_out(documents: dict[str, dict[str, Any]], group: str) -> None:
    lines = {line["name"]: line for line in documents[group]["lines"]}
    found = {name: Fraction(lines[name]["value"]) for name in EXPECTED[group]}
    assert found == {name: Fraction(value) for name, value in EXPECTED[group].items()}


def test_each_group_is_settled_for_its_first_full_period(documents: dict[str, dict[str, Any]]) -> None:
    periods = {group: (document["period"]["from"], document["period"]["to"]) for group, document in documents.items()}
    july, year, next_year = ("2013-07", "2014-06"), ("2014-01", "2014-12"), ("2015-01", "2015-12")
    assert periods == {
        "baycare": july, "acp": july, "azcc": july, "primed": year, "gpa": year, "scripps": next_year,
        "ucla": next_year, "facey": next_year, "cornerstone": ("2013-01", "2014-12"),
    }  # fmt: skip


def test_what_is_printed_and_written(folder: Path, result: Result, documents: dict[str, dict[str, Any]]) -> None:
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"workspace  {folder}: nobody in its tables exists")
    assert lines[1].split() == ["group", "period", "earned", "net", "why"]
    assert [line.split()[0] for line in lines[2:]] == [*sorted(EXPECTED), "runs", "register"]
    assert next(line for line in lines if line.startswith("acp")).split()[4:6] == ["$383,388.00", "$383,388.00"]
    assert lines[-1].split() == ["register", str(folder / "runs" / "register.html")]
    with (folder / "runs" / "register.csv").open(encoding="utf-8", newline="") as file:
        register = list(csv.DictReader(file))
    assert [row["group"] for row in register] == [*sorted(EXPECTED), ""]
    assert len(documents) == 9
    for reports in (folder / "runs").glob("*.reports"):
        page = " ".join((reports / "statement.html").read_text(encoding="utf-8").split())
        assert "All other terms and all figures are illustrative." in page
        assert "Tied to the expected totals of demonstration data" in page


def test_the_rows_of_the_table_are_all_accounted_for(folder: Path, documents: dict[str, dict[str, Any]]) -> None:
    """A panel's months are rows, but for the halves of primed; whoever leaves them leaves under a rule with a name."""
    used = {
        group: next(
            (control["rows"], control["member_months"])
            for control in document["controls"]
            if control["window"] == "performance" and control["entry"] == "used"
        )
        for group, document in documents.items()
        if group not in ("primed", "gpa")
    }
    assert used == {
        "baycare": (204000, "204000"), "acp": (84000, "84000"), "azcc": (60000, "60000"),
        "scripps": (120000, "120000"), "ucla": (70800, "70800"), "facey": (30000, "30000"),
        "cornerstone": (192000, "192000"),
    }  # fmt: skip
    excluded = {
        (group, control["rule"]): control["rows"]
        for group, document in documents.items()
        for control in document["controls"]
        if control["window"] == "performance" and control["entry"] == "excluded" and control["rows"]
    }
    assert excluded == {
        ("baycare", "after_death"): 3, ("baycare", "counted_twice"): 12, ("baycare", "other_programme"): 8,
        ("acp", "transplant"): 36, ("azcc", "transplant"): 24, ("cornerstone", "not_covered_by_the_contract"): 48000,
    }  # fmt: skip


def test_a_programme_of_many_groups_and_the_same_again(tmp_path: Path) -> None:
    folder = tmp_path / "programme"
    first = p4v("demo", str(folder), "--scale", "2")
    assert first.exit_code == 0, first.stderr
    assert [line.split()[0] for line in first.stdout.splitlines()[2:4]] == ["g0001", "g0002"]
    assert "runs: 2 written" in first.stdout
    again = p4v("demo", str(folder), "--scale", "2")
    assert "runs: 0 written, 2 already settled" in again.stdout
    assert first.stdout.splitlines()[:4] == again.stdout.splitlines()[:4]
    refused = p4v("demo", str(folder))
    assert refused.exit_code == 2
    assert "P4V-U006" in refused.stderr


POOL = """\
contract: pair
extends: shared-savings
group: {id: pair, name: Arizona Community Physicians and Arizona Connected Care}
payer: {name: Cigna}
agreement: {signed: 2013-05-15, effective: 2013-07-01, ends: 2016-06-30}
performance_periods: [2013-07 to 2014-06]
terms:
"""


def test_a_pair_is_pooled_from_its_members(folder: Path, result: Result) -> None:
    """Each by the steps of its own contract: 891,600 saved and 61,000 lost, 1.6589% of 50,070,600; half of 830,600."""
    assert result.exit_code == 0, result.stderr
    terms = yaml.safe_load((folder / "contracts" / "acp.yaml").read_text(encoding="utf-8"))["terms"]
    blocks = {
        "member_months": terms["member_months"], "expenditure": terms["expenditure"],
        "benchmark": {
            "cells": [{"id": "acp", "pmpm": 352.4}, {"id": "azcc", "pmpm": 341.15}], "parts": "groups",
            "pooling": "together", "clause": "§4",
        },
        "gate": {"minimum_savings_rate": "1.5%", "clause": "§6.1"}, "share": {"sharing_rate": "50%", "clause": "§6.2"},
    }  # fmt: skip
    text = POOL + indent(yaml.safe_dump(blocks, sort_keys=False, allow_unicode=True), "  ")
    beside = folder.parent / "pair"
    (beside / "contracts").mkdir(parents=True)
    (beside / "contracts" / "pair.yaml").write_text(text, encoding="utf-8")
    workspace = yaml.safe_load((folder / "p4v.yaml").read_text(encoding="utf-8"))
    months = workspace["tables"]["member_months"]
    rows = parquet.read_table(folder / months["files"], filters=[("group_id", "in", ["acp", "azcc"])])
    parquet.write_table(rows, beside / "rows.parquet")
    months |= {"files": "rows.parquet", "other_groups": "allowed"}
    reference = workspace["references"]["arizona-2012"]
    reference["file"] = f"../{folder.name}/{reference['file']}"
    (beside / "p4v.yaml").write_text(yaml.safe_dump(workspace | {"tables": {"member_months": months}}), "utf-8")
    run = p4v("settle", "--workspace", str(beside), "--period", "2013-07 to 2014-06", "--paid-through", "2014-12-31")
    assert run.exit_code == 0, run.stderr
    (path,) = (beside / "runs").glob("*/settlement.json")
    lines = {line["name"]: line["value"] for line in json.loads(path.read_bytes())["lines"]}
    assert (lines["truncation_point"], lines["member_months.acp"], lines["member_months.azcc"]) == (
        "56616", "84000", "60000",
    )  # fmt: skip
    assert (lines["expenditure.acp"], lines["expenditure.azcc"]) == ("28710000", "20530000")
    assert (lines["gross_savings"], lines["earned"]) == ("830600", "415300.00")
