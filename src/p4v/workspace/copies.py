"""Rows that stand twice, and the groups whose contract takes copies out by a rule of its own."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

import ibis

from p4v.contract.blocks.members import Exclusion, MemberMonths
from p4v.contract.documents import Program
from p4v.contract.terms import NotInForce
from p4v.data.open import OpenTables
from p4v.errors import Refusal
from p4v.settlement import terms_for
from p4v.single import read_contract
from p4v.workspace.document import Workspace

_KEYS = ("group_id", "member_id", "month", "purpose")


def excused_groups(workspace: Workspace, tables: OpenTables) -> list[str]:
    """Groups whose copies a contract's exclusion takes out: all of them equal, and no more than it says."""
    rules = _rules(workspace)
    copies: dict[str, list[dict[str, Any]]] = {}
    for entry in _copies(tables) if rules else ():
        copies.setdefault(entry["group_id"], []).append(entry)
    return [group for group, found in copies.items() if any(_takes(rule, found) for rule in rules.get(group, ()))]


def _takes(rule: Exclusion, copies: list[dict[str, Any]]) -> bool:
    rows = sum(entry["rows"] for entry in copies)
    return (
        not any(entry["differing"] for entry in copies)
        and all(entry.get("purpose", rule.rosters[0]) in rule.rosters for entry in copies)
        and (rule.most_rows is None or rows <= rule.most_rows)
    )


def _rules(workspace: Workspace) -> dict[str, list[Exclusion]]:
    """Each group's rules for copies. What is wrong in a contract is not the matter of its tables."""
    found: dict[str, list[Exclusion]] = {}
    for path in sorted(workspace.contracts.glob("*.yaml")):
        try:
            program = read_contract(path)
        except Refusal:
            continue
        assert program.contract is not None
        found.setdefault(program.contract.group.id, []).extend(_of_contract(program))
    return {group: rules for group, rules in found.items() if rules}


def _of_contract(program: Program) -> Iterator[Exclusion]:
    assert program.contract is not None
    for period in program.contract.periods() or program.contract.years():
        try:
            members = terms_for(program, period, None).block("member_months", MemberMonths)
        except (Refusal, NotInForce):
            continue
        exclusions = members.exclusions or [] if members is not None else []
        yield from (rule for rule in exclusions if rule.rule == "duplicates")


def _copies(tables: OpenTables) -> list[dict[str, Any]]:
    """By group (and purpose) the rows beyond the first of a member and month, and how many of them differ."""
    months = tables.months
    keys = [name for name in _KEYS if name in months.columns]
    others = [name for name in months.columns if name not in keys]
    ends = {f"{end} {name}": getattr(months[name], end)() for name in others for end in ("min", "max")}
    rows = months.group_by(keys).agg(rows=months.count(), **ends)
    rows = rows.filter(rows.rows > 1)
    differ = reduce(or_, (rows[f"min {name}"] != rows[f"max {name}"] for name in others), ibis.literal(False))
    rows = rows.mutate(differs=differ.cast("int64"))
    by_group = rows.group_by([name for name in keys if name in ("group_id", "purpose")])
    counted = by_group.agg(rows=rows.rows.sum() - rows.count(), differing=rows.differs.sum())
    with tables.working():
        found: list[dict[str, Any]] = tables.con.fetch(counted).to_pylist()
    return found
