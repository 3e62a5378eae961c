"""What must hold for rows, whatever the workspace: through the program, on drawn workspaces.

Numbers are those of the design's list of invariants.
"""

import csv
import gzip
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from workspaces import comparing, generator
from workspaces.building import CENTS, Draft, Record, contract
from workspaces.comparing import Settled, refusal, settled, shown
from workspaces.reference import asked_for
from workspaces.tables import is_amount

SEEDS = range(300, 300 + int(os.environ.get("P4V_ROW_SEEDS", "2")))
Groups = dict[str, Settled]


def settle(draft: Draft, folder: Path, form: str = "csv", parts: int = 1, **asking: Any) -> Groups:
    return settled(draft.write(folder, form, parts), draft.period, draft.paid_through, **asking)


def drawn(seed: int) -> Draft:
    """A drawn workspace with its first two contracts."""
    found = generator.draft(seed)
    return replace(found, contracts=found.contracts[:2])


def digests(groups: Groups) -> dict[str, str]:
    return {group: one.digest for group, one in groups.items()}


def exact(one: Settled, name: str) -> Fraction:
    figure = shown(one.lines[name])
    assert figure is not None
    return figure


def unrounded(one: Settled, name: str) -> Fraction:
    return Fraction(one.lines[name]["exact"])


def with_terms(draft: Draft, change: Any) -> Draft:
    """The same workspace, each contract's terms changed in place by a function."""
    contracts = json.loads(json.dumps(draft.contracts))
    for document in contracts:
        change(document["terms"])
    return replace(draft, contracts=contracts)


# 2, 3, 4, 6: what the file looks like changes nothing.


@pytest.mark.parametrize("seed", SEEDS)
def test_order_files_forms_and_threads_change_nothing(seed: int, tmp_path: Path) -> None:
    draft = drawn(seed)
    shuffled = list(draft.rows)
    Random(seed).shuffle(shuffled)
    again = draft.with_rows(shuffled)
    wanted = digests(settle(draft, tmp_path / "one", threads=1))
    found = {
        "shuffled": digests(settle(again, tmp_path / "shuffled")),
        "ten files": digests(settle(again, tmp_path / "ten", parts=10)),
        "csv.gz": digests(settle(again, tmp_path / "gz", form="csv.gz")),
        "parquet": digests(settle(draft, tmp_path / "parquet", form="parquet")),
        "duckdb": digests(settle(draft, tmp_path / "duckdb", form="duckdb")),
        "parquet in ten": digests(settle(again, tmp_path / "parquet-ten", form="parquet", parts=10)),
        "two threads": digests(settle(draft, tmp_path / "two", threads=2)),
    }
    assert dict.fromkeys(found, wanted) == found


@pytest.mark.parametrize("seed", SEEDS)
def test_names_of_members_change_nothing(seed: int, tmp_path: Path) -> None:
    draft = drawn(seed)
    names = sorted({row["member_id"] for row in draft.rows} | {row["member_id"] for row in draft.deaths})
    other = names[:]
    Random(seed).shuffle(other)
    new = {name: f"x{found}" for name, found in zip(names, other, strict=True)}
    renamed = replace(
        draft,
        rows=[row | {"member_id": new[row["member_id"]]} for row in draft.rows],
        deaths=[row | {"member_id": new[row["member_id"]]} for row in draft.deaths],
    )
    assert digests(settle(renamed, tmp_path / "other")) == digests(settle(draft, tmp_path / "own"))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_measures_changes_nothing(seed: int, tmp_path: Path) -> None:
    """2: measures in the table of results."""
    draft = drawn(seed)
    turned = replace(draft, quality=draft.quality[::-1], figures=draft.figures[::-1], deaths=draft.deaths[::-1])
    assert digests(settle(turned, tmp_path / "other")) == digests(settle(draft, tmp_path / "own"))


# 5: dollars of a member in one row or in two.


@pytest.mark.parametrize("seed", SEEDS)
def test_dollars_moved_between_two_rows_of_a_member_keep_the_expenditure(seed: int, tmp_path: Path) -> None:
    """Two months of a member alike in everything else: a cell's dollars over both or in one."""
    draft = with_terms(drawn(seed), without_run_out)
    moved = draft.with_rows(dollars_in_the_second(draft))
    assert moved.rows != draft.rows
    own, other = settle(draft, tmp_path / "own"), settle(moved, tmp_path / "other")
    assert {group: exact(one, "expenditure") for group, one in other.items()} == {
        group: exact(one, "expenditure") for group, one in own.items()
    }


def without_run_out(terms: dict[str, Any]) -> None:
    """Factors by run-out tell months apart, so they are one factor here."""
    cost = terms["expenditure"]
    cost.get("completion", {}).pop("basis", None)
    for part in [cost.get("completion", {}), *cost.get("categories", [])]:
        ladder = part.pop("by_run_out", None)
        if ladder is not None:
            part["factor" if "convention" in part else "completion_factor"] = ladder[0]["factor"]


def dollars_in_the_second(draft: Draft) -> list[Record]:
    rows = [dict(row) for row in draft.rows]
    last: dict[Any, Record] = {}
    for row in sorted(rows, key=lambda row: row["month"]):
        alike = tuple(
            (name, cell)
            for name, cell in row.items()
            if not is_amount(name) and name not in ("month", "revenue", "risk_score")
        )
        earlier = last.get((alike, row["month"][:4]))
        if (
            earlier is not None
            and earlier["month"] != row["month"]
            and same_window(draft, earlier, row)
            and rows.count(row) == rows.count(earlier) == 1
        ):
            for name in [name for name in row if is_amount(name)]:
                both = Fraction(row[name]) + Fraction(earlier[name])
                row[name], earlier[name] = generator.money(int(both * 100)), "0.00"
        last[alike, row["month"][:4]] = row
    return rows


def same_window(draft: Draft, first: Record, second: Record) -> bool:
    """Whether two months are of one year of the contract and settled alike, and whoever died did so in neither."""
    start, end = (generator.month_number(month) for month in period_of(draft))
    months = [generator.month_number(row["month"]) for row in (first, second)]
    years = {((month - start) // 12, month <= end) for month in months}
    return len(years) == 1 and first["member_id"] not in {row["member_id"] for row in draft.deaths}


# 7: a group alone, and in a batch.


@pytest.mark.parametrize("seed", SEEDS)
def test_a_group_alone_is_the_same_group_in_a_batch(seed: int, tmp_path: Path) -> None:
    draft = drawn(seed)
    batch = settle(draft, tmp_path)
    for group, one in batch.items():
        alone = settled(tmp_path, draft.period, draft.paid_through, groups=(group,))
        assert digests(alone) == {group: one.digest}


# 20, 21: truncation.


def pointed(draft: Draft, point: str | None) -> Draft:
    """Every contract truncates at one point, in the performance period alone; or not at all."""

    def change(terms: dict[str, Any]) -> None:
        terms["benchmark"] = {"pmpm": "400.00", "clause": "§1"}
        terms.pop("risk", None)
        terms.pop("adjustments", None)
        terms["expenditure"].get("completion", {}).pop("basis", None)
        for name in ("smallest_panel", "below", "pooled_with"):
            terms["member_months"].pop(name, None)
        terms["expenditure"].pop("large_claims", None)
        for rule in terms["member_months"].get("exclusions", []):
            rule["periods"] = ["performance"]
        if point is not None:
            terms["expenditure"]["large_claims"] = {
                "form": "truncate", "point": point, "threshold": "full", "across_moves": "each_group",
            }  # fmt: skip

    found = with_terms(draft, change)
    for document in found.contracts:
        document["order"].pop("moves", None)
        document["order"]["confirms"] = [{"pair": list(pair), "clause": "§9"} for pair in generator.PAIRS]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_truncation_never_raises_expenditure_nor_does_a_lower_point(seed: int, tmp_path: Path) -> None:
    draft = drawn(seed)
    points = (None, "40000.00", "12000.00", "3000.00")
    found = [settle(pointed(draft, point), tmp_path / str(place)) for place, point in enumerate(points)]
    by_group = [[exact(groups[group], "expenditure") for groups in found] for group in found[0]]
    assert by_group == [sorted(dollars, reverse=True) for dollars in by_group]
    assert any(dollars[0] > dollars[-1] for dollars in by_group)


# 26: every member twice.


def doubled(draft: Draft) -> Draft:
    return replace(
        draft,
        rows=[row | {"member_id": f"{row['member_id']}{end}"} for row in draft.rows for end in ("-a", "-b")],
        deaths=[row | {"member_id": f"{row['member_id']}{end}"} for row in draft.deaths for end in ("-a", "-b")],
    )


def without_fixed_amounts(terms: dict[str, Any]) -> None:
    """Neither adjustments nor given budgets."""
    terms.pop("adjustments", None)
    against = terms["benchmark"]
    for budget in (against, against.get("blended_with", {})):
        if budget.pop("given", None):
            budget["pmpm"] = "400.00"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_member_twice_doubles_months_expenditure_benchmark_and_fee(seed: int, tmp_path: Path) -> None:
    draft = with_terms(drawn(seed), without_fixed_amounts)
    own, twice = settle(draft, tmp_path / "own"), settle(doubled(draft), tmp_path / "twice")
    for group, one in own.items():
        for name in ("member_months", "expenditure", "benchmark", "care_coordination_fee"):
            if name in one.lines:
                assert unrounded(twice[group], name) == 2 * unrounded(one, name), name


# 33: pooled groups.


def test_a_pool_of_groups_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    draft = pair_of_groups()
    apart = settle(draft, tmp_path / "apart")
    pooled = settle(replace(draft, contracts=[pool_of(draft)]), tmp_path / "pooled")
    (pool,) = pooled.values()
    for name in ("benchmark", "expenditure", "gross_savings"):
        assert exact(pool, name) == sum(exact(one, name) for one in apart.values())


def pair_of_groups() -> Draft:
    draft = generator.draft(300)
    rows = [
        {name: row[name] for name in ("group_id", "member_id", "month")} | {"product": "ppo", "allowed": f"{300 + place % 150}.{place % 100:02d}"}
        for place, row in enumerate(draft.rows)
        if row.get("purpose", "cost") == "cost"
    ]  # fmt: skip
    keys = {(row["group_id"], row["member_id"], row["month"]): row for row in rows}
    plain = Draft([], list(keys.values()), draft.period)
    groups = sorted({row["group_id"] for row in rows})[:2]
    return replace(plain, contracts=[contract(group, draft.period, terms("400.00")) for group in groups])


def terms(pmpm: str) -> dict[str, Any]:
    gate = {"form": "cliff", "comparison": "at_least", "minimum_savings_rate": "0%"}
    return {
        "member_months": {"counting": "counted"}, "expenditure": {"basis": "allowed"}, "benchmark": {"pmpm": pmpm},
        "gate": gate, "share": {"sharing_rate": "50%"}, "rounding": {"earned": CENTS},
    }  # fmt: skip


def pool_of(draft: Draft) -> Mapping[str, Any]:
    """One contract for both groups, each a part of the benchmark."""
    groups = [document["group"]["id"] for document in draft.contracts]
    blocks = terms("400.00")
    blocks["benchmark"] = {
        "cells": [{"id": group, "pmpm": "400.00"} for group in groups], "pooling": "together", "parts": "groups",
    }  # fmt: skip
    return contract(groups[0], draft.period, blocks)


# 39: a member's month twice.


@pytest.mark.parametrize("seed", SEEDS)
def test_a_member_month_twice_is_refused(seed: int, tmp_path: Path) -> None:
    """With the same content or with other dollars, at the end or in another file; nothing but D030 is said."""
    draft = with_terms(drawn(seed), without_duplicates_rule)
    rows = list({key_of(row): row for row in draft.rows}.values())
    first, last = (comparing.last_day(month).isoformat()[:7] for month in period_of(draft))
    group = draft.contracts[0]["group"]["id"]
    of_cost = [
        row
        for row in rows
        if row["group_id"] == group and row.get("purpose", "cost") == "cost" and first <= row["month"] <= last
    ]
    assert refusal(draft.with_rows(rows).write(tmp_path / "once"), draft.period, draft.paid_through) == set()
    for place, parts in ((0, 1), (len(rows), 10)):
        twice = [*rows[:place], Random(seed).choice(of_cost), *rows[place:]]
        folder = draft.with_rows(twice).write(tmp_path / f"twice-{parts}", parts=parts)
        assert refusal(folder, draft.period, draft.paid_through) == {"P4V-D030"}


def period_of(draft: Draft) -> tuple[str, str]:
    """First and last month that are settled: of a quarter the year to date."""
    asked = asked_for(draft.period, draft.contracts[0], None)
    assert asked is not None
    return generator.month_text(asked.first), generator.month_text(asked.last)


def key_of(row: Record) -> tuple[str | None, ...]:
    return (row.get("purpose"), row["group_id"], row["member_id"], row["month"])


def without_duplicates_rule(terms: dict[str, Any]) -> None:
    members = terms["member_months"]
    kept = [rule for rule in members.get("exclusions", []) if rule["rule"] != "duplicates"]
    members.pop("exclusions", None)
    if kept:
        members["exclusions"] = kept


# What the other tests rest on: the drawn workspaces have rows of each kind.


def test_drawn_workspaces_have_rows_of_every_kind() -> None:
    drafts = [generator.draft(seed) for seed in range(60)]
    rows = [row for draft in drafts for row in draft.rows]
    assert any(row.get("member_months") == "0" for row in rows)
    assert any(len(row.get("member_months", "1")) == len("0.333333") for row in rows)
    assert any(cell.startswith("-") for row in rows for name, cell in row.items() if is_amount(name))
    assert {row.get("purpose") for row in rows} == {None, "cost", "fee", "quality"}
    for name in ("first_day", "risk_score", "revenue", "tier", "funding", "area", "hospice", "cohort"):
        assert any(name in row for row in rows), name
    assert sum(bool(draft.deaths) for draft in drafts) >= 10
    assert sum(moves(draft) for draft in drafts) >= 30
    assert sum(len({key_of(row) for row in draft.rows}) < len(draft.rows) for draft in drafts) >= 5


def moves(draft: Draft) -> bool:
    homes: dict[str, set[str]] = {}
    for row in draft.rows:
        homes.setdefault(row["member_id"], set()).add(row["group_id"])
    return any(len(groups) > 1 for groups in homes.values())


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "duckdb"])
def test_a_written_workspace_has_its_rows_in_every_form(tmp_path: Path, form: str, parts: int) -> None:
    draft = generator.draft(1)
    folder = draft.write(tmp_path, form, parts)
    paths = sorted((folder / "data").glob(f"member_months*.{form}"))
    assert len(paths) == parts
    names = {draft.header(name): name for name in draft.rows[0]}
    found = [{names[theirs]: cell for theirs, cell in row.items()} for path in paths for row in written_rows(path)]
    assert [cells_of(row) for row in found] == [cells_of(row) for row in draft.rows]


def written_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, not as p4v reads them."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            return con.sql("FROM months").to_arrow_table().to_pylist()
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        return list(csv.DictReader(file))


def cells_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as numbers, whatever they were written as."""
    numbers = ("member_months", "risk_score", "revenue", "first_day", "last_day")
    return {name: Fraction(cell) if is_amount(name) or name in numbers else cell for name, cell in row.items()}
