"""Where a rule was broken: the slow way, file by file and row by row, once it is known that there is something.

A place is a file with its line (CSV) or row (Parquet, DuckDB, memory). Cells and ids are never repeated.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from p4v.data.columns import Bound
from p4v.data.files import Part, TableFile
from p4v.data.typed import ROW, RowRule, broken_rules, with_cells
from p4v.errors import SHOWN_FINDINGS, Finding


def fault_counts(con: Backend, typed: ir.Table) -> dict[int, int]:
    """How many rows break each rule first."""
    broken = typed.filter(typed["fault"] != 0).group_by("fault").agg(rows=lambda table: table.count())
    return {int(row["fault"]): int(row["rows"]) for row in con.to_pyarrow(broken).to_pylist()}


def row_findings(
    parts: Sequence[Part],
    rules: Sequence[RowRule],
    counts: Mapping[int, int],
    calendar: Mapping[str, ir.Table],
    yearly: bool,
) -> list[Finding]:
    """The first rows that break one of these rules, with every rule that they break."""
    wanted = [rule for rule in rules if counts.get(rule.number)]
    findings: list[Finding] = []
    for part in parts:
        for file, sql in zip(part.files, part.relation.values(), strict=True):
            left = SHOWN_FINDINGS + 1 - len(findings)
            if left > 0 and wanted:
                findings += list(_of_file(part, file, sql, wanted, calendar, yearly, left))[:left]
    return findings


def _of_file(
    part: Part,
    file: TableFile,
    sql: str,
    rules: Sequence[RowRule],
    calendar: Mapping[str, ir.Table],
    yearly: bool,
    limit: int,
) -> Iterator[Finding]:
    typed = with_cells(part.engine.ibis.sql(sql), part.sources, calendar, yearly)
    broken = broken_rules(typed, part.sources, rules)
    if not broken:
        return
    signs = {f"rule {rule.number}": sign.fill_null(False) for rule, sign in broken}
    flagged = typed.select(typed[ROW], **signs)
    first = flagged.filter(reduce(or_, (flagged[name] for name in signs))).order_by(ROW).limit(limit)
    by_column = {source.bound.name: source.bound for source in part.sources}
    for row in part.engine.ibis.to_pyarrow(first).to_pylist():
        empty = {rule.column for rule, _ in broken if rule.check == "null" and row[f"rule {rule.number}"]}
        for rule, _ in broken:
            if row[f"rule {rule.number}"] and not (rule.check == "form" and rule.column in empty):
                yield at(file, row[ROW], rule.code, rule.found, rule.allowed, by_column[rule.column])


def at(file: TableFile, row: int, code: str, found: str, allowed: str, column: Bound | None) -> Finding:
    """A finding at a cell: the line in a CSV, after its header; elsewhere the row, in words."""
    theirs = column.theirs if column else None
    place = column.place if column else None
    if file.format in ("csv", "csv.gz"):
        return Finding(code, file.shown, found, allowed, theirs, row + 1, place)
    return Finding(code, file.shown, f"{found}, in row {row}", allowed, theirs)
