"""A workspace as plain lists, and the folder that it is written to, in any form that a table can have."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from workspaces.tables import is_amount

Record = dict[str, str]
Document = dict[str, Any]
CLAUSE = "§1"
AGREEMENT = {"signed": "2010-06-01", "effective": "2011-01-01", "ends": "2018-12-31"}
CENTS = {"places": "2", "rule": "half_up"}

CANONICAL = {
    "group_id", "member_id", "month", "purpose", "product", "funding", "cohort", "area", "tier", "member_months",
    "first_day", "last_day", "risk_score", "revenue",
}  # fmt: skip
"""Columns that a table may have under their own names; any other is named in `p4v.yaml`."""


ANY_GROUP: dict[str, Any] = {"other_groups": "allowed"}
"""Drawn tables have groups that no drawn contract is of."""


@dataclass(frozen=True)
class Draft:
    """A workspace to be written. Rows are by canonical name; `columns` renames them in the file; `apart`: one table to
    each purpose, of which only that of the cost has dollars, scores and revenue."""

    contracts: list[Document]
    rows: list[Record]
    period: str
    paid_through: str | None = None
    by_days: bool = False
    quality: list[Record] = field(default_factory=list)
    figures: list[Record] = field(default_factory=list)
    deaths: list[Record] = field(default_factory=list)
    references: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    apart: bool = False

    def with_rows(self, rows: list[Record]) -> "Draft":
        return replace(self, rows=rows)

    def write(self, folder: Path, form: str = "csv", parts: int = 1) -> Path:
        """The folder of the workspace; the member months as CSV, CSV.gz, Parquet or DuckDB, in one file or several."""
        for name in ("contracts", "data", "references"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for document in self.contracts:
            path = folder / "contracts" / f"{document['contract']}.yaml"
            path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        for id_, text in self.references.items():
            (folder / "references" / f"{id_}.csv").write_text(text, encoding="utf-8")
        tables: dict[str, Any] = {"member_months": self._tables(folder, form, parts)}
        for role in ("quality", "figures", "deaths"):
            records: list[Record] = getattr(self, role)
            if records:
                (folder / "data" / f"{role}.csv").write_bytes(csv_of(records, names_of(records)))
                tables[role] = {"files": f"data/{role}.csv"} | ({} if role == "deaths" else ANY_GROUP)
        workspace: Document = {"workspace": "p4v-workspace/1", "contracts": "contracts", "tables": tables}
        if self.references:
            workspace["references"] = {id_: {"file": f"references/{id_}.csv"} for id_ in self.references}
        (folder / "p4v.yaml").write_text(json.dumps(workspace, ensure_ascii=False), encoding="utf-8")
        return folder

    def header(self, name: str) -> str:
        """What a column is called in the file."""
        return self.columns.get(name, name.replace(".", "_") if is_amount(name) else name)

    def _tables(self, folder: Path, form: str, parts: int) -> dict[str, Any] | list[dict[str, Any]]:
        if not self.apart:
            return self._bound(folder, form, parts, "member_months")
        return [
            {"purpose": purpose} | replace(self, rows=rows)._bound(folder, form, parts, f"{purpose}_months")
            for purpose, rows in by_purpose(self.rows).items()
        ]

    def _bound(self, folder: Path, form: str, parts: int, name: str) -> dict[str, Any]:
        """A table of member months, written, as `p4v.yaml` says where it lies and what its columns are."""
        bound: dict[str, Any] = {"files": self._months(folder, form, parts, name)} | ANY_GROUP
        if form == "duckdb":
            bound["table"] = "months"
        if self.by_days:
            bound["months"] = "covered_days"
        names = names_of(self.rows)
        if self.columns or not set(names) <= CANONICAL | {name for name in names if is_amount(name)}:
            bound["columns"] = {name: self.header(name) for name in names}
        return bound

    def _months(self, folder: Path, form: str, parts: int, name: str) -> str | list[str]:
        names = names_of(self.rows)
        theirs = [self.header(name) for name in names]
        found = []
        for part in range(parts):
            rows = self.rows[len(self.rows) * part // parts : len(self.rows) * (part + 1) // parts]
            found.append(f"data/{name}{'' if parts == 1 else f'-{part:02d}'}.{form}")
            path = folder / found[-1]
            if form == "parquet":
                pq.write_table(parquet_of(rows, names, theirs), path)
            elif form == "duckdb":
                with duckdb.connect(str(path)) as con:
                    con.register("part", parquet_of(rows, names, theirs))
                    con.execute("CREATE TABLE months AS FROM part")
            else:
                content = csv_of(rows, names, theirs)
                path.write_bytes(gzip.compress(content, mtime=0) if form == "csv.gz" else content)
        return found[0] if parts == 1 else found


def by_purpose(rows: Sequence[Record]) -> dict[str, list[Record]]:
    """Rows of each purpose without saying it, and without dollars, scores and revenue but for the cost."""
    found: dict[str, list[Record]] = {}
    for row in rows:
        own = {
            name: cell
            for name, cell in row.items()
            if name != "purpose"
            and (row["purpose"] == "cost" or not (is_amount(name) or name in ("risk_score", "revenue")))
        }
        found.setdefault(row["purpose"], []).append(own)
    return found


def names_of(records: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in record))


def csv_of(records: Sequence[Record], names: Sequence[str], theirs: Sequence[str] | None = None) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(theirs or names)
    writer.writerows([record.get(name, "") for name in names] for record in records)
    return text.getvalue().encode()


def parquet_of(records: Sequence[Record], names: Sequence[str], theirs: Sequence[str]) -> pa.Table:
    """Amounts, months and scores as decimals, days as whole numbers, everything else as text."""

    def column(name: str) -> pa.Array:
        cells = [record[name] for record in records]
        if is_amount(name) or name == "revenue":
            return pa.array([Decimal(cell) for cell in cells], pa.decimal128(13, 2))
        if name == "member_months":
            return pa.array([Decimal(cell) for cell in cells], pa.decimal128(8, 6))
        if name == "risk_score":
            return pa.array([Decimal(cell) for cell in cells], pa.decimal128(8, 4))
        if name in ("first_day", "last_day"):
            return pa.array([int(cell) for cell in cells], pa.int32())
        return pa.array(cells, pa.string())

    return pa.table([column(name) for name in names], names=list(theirs))


def contract(
    group: str, period: str, terms: Mapping[str, Mapping[str, Any]], order: Mapping[str, Any] | None = None
) -> Document:
    """A contract of one group; each block gets its clause."""
    first, _, last = period.partition(" to ")
    return {
        "contract": f"c-{group}",
        "extends": "pay-for-value",
        "group": {"id": group, "name": f"Group {group}"},
        "payer": {"name": "Example payer"},
        "agreement": AGREEMENT,
        "performance_periods": [f"{first} to {last}" if last else first],
        "order": dict(order or {}),
        "terms": {name: {"clause": CLAUSE, **block} for name, block in terms.items()},
    }
