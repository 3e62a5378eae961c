"""Makes the member months of the benchmark: a Parquet file of any size in bounded memory, the same rows each
time, and a workspace with 114 contracts (or one) that share one set of rules.

The file lies as extracts are appended: month after month, members in the order of their ids, groups mixed. Costs are
skewed as real ones: most cells are 0, a few members hold much of the dollars.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from same import BASELINE, CATEGORIES, COSTS, PERFORMANCE, POINTS, WINDOWS

GROUPS = 114
MONTHS = 24
CHUNK = 500_000
"""Members made at a time."""
ROW_GROUP = 250_000
SEED = 20_140_101
_STAYS = 0.93
"""A little less than the share of the 24 months that a member has on average: what turns rows into members."""
_FILLED = (0.012, 0.08, 0.22, 0.35, 0.10, 0.03, 0.02, 0.04)
"""In how many member months a category has dollars."""
_TYPICAL = (900_000, 60_000, 12_000, 9_000, 15_000, 20_000, 40_000, 30_000)
"""The median of a category's filled cells, in cents."""
_PRODUCTS = ("ppo", "hmo", "pos", "cdhp")


def members_of(rows: int) -> int:
    return max(round(rows / (MONTHS * _STAYS)), 10 * GROUPS)


class Members:
    """Who is with which group in which of the 24 months; a few bytes to each member."""

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(SEED)
        weights = 1 / np.arange(2, GROUPS + 2)
        self.count = count
        self.group = random.choice(GROUPS, count, p=weights / weights.sum()).astype("i2")
        self.group[: 10 * GROUPS] = np.arange(10 * GROUPS) % GROUPS
        self.other = random.integers(0, GROUPS, count).astype("i2")
        self.moves = np.where(random.random(count) < 0.03, random.integers(1, MONTHS, count), MONTHS).astype("i1")
        self.joins = np.where(random.random(count) < 0.08, random.integers(0, MONTHS, count), 0).astype("i1")
        self.leaves = np.where(random.random(count) < 0.06, random.integers(1, MONTHS, count), MONTHS).astype("i1")
        self.joins[: 10 * GROUPS], self.leaves[: 10 * GROUPS], self.moves[: 10 * GROUPS] = 0, MONTHS, MONTHS
        self.leaves = np.maximum(self.leaves, self.joins + 1)
        self.product = random.choice(len(_PRODUCTS), count, p=(0.55, 0.25, 0.05, 0.15)).astype("i1")
        self.sick = random.lognormal(-0.5, 1.0, count).astype("f4")

    def rows(self) -> Iterator[pa.Table]:
        ids = np.array([f"g{number:03d}" for number in range(GROUPS)])
        for month in range(MONTHS):
            year = (BASELINE, PERFORMANCE)[month // 12]
            text = f"{year}-{month % 12 + 1:02d}"
            for start in range(0, self.count, CHUNK):
                yield self._chunk(month, text, start, pa.array(ids))

    def _chunk(self, month: int, text: str, start: int, ids: pa.Array) -> pa.Table:
        whole = slice(start, start + CHUNK)
        here = np.flatnonzero((self.joins[whole] <= month) & (self.leaves[whole] > month)) + start
        random = np.random.default_rng((SEED, month, start))
        group = np.where(self.moves[here] <= month, self.other[here], self.group[here])
        count, sick = len(here), self.sick[here]
        columns = {
            "group_id": ids.take(pa.array(group)),
            "member_id": pa.array([f"M{number:09d}" for number in here.tolist()], pa.string()),
            "year_month": pa.array([text]).take(pa.array(np.zeros(count, "i1"))),
            "product": pa.array(_PRODUCTS).take(pa.array(self.product[here])),
            "member_months": pa.array((random.random(count) >= 0.002).astype("i4")),
        }
        for name, filled, typical in zip(COSTS, _FILLED, _TYPICAL, strict=True):
            cents = np.zeros(count, "i8")
            some = np.flatnonzero(random.random(count) < np.minimum(filled * sick, 0.95))
            cents[some] = np.rint(typical * sick[some] ** 0.5 * random.lognormal(0, 1.1, len(some)))
            if name == COSTS[0]:
                large = np.flatnonzero(random.random(count) < 0.00025)
                cents[large] += np.rint(random.lognormal(16.3, 0.8, len(large))).astype("i8")
            if name == COSTS[1]:  # corrections of earlier months
                back = some[random.random(len(some)) < 0.01]
                cents[back] = -cents[back]
            columns[name] = pa.array(cents)
        return pa.table(columns)


def write_rows(path: Path, rows: int) -> int:
    """Writes the file and gives the number of its rows, a little more than was asked for."""
    members = Members(members_of(rows))
    written = 0
    writer: pq.ParquetWriter | None = None
    for table in members.rows():
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table, row_group_size=ROW_GROUP)
        written += table.num_rows
    assert writer is not None
    writer.close()
    return written


def contract(number: int) -> dict[str, object]:
    """One of the contracts that share their rules of data; trends, gates and shares are their own."""
    group = f"g{number:03d}"
    clause = {"clause": "§1"}
    return {
        "contract": f"c-{group}",
        "extends": "pay-for-value",
        "group": {"id": group, "name": f"Group {number}"},
        "payer": {"name": "Example payer"},
        "agreement": {
            "signed": f"{BASELINE}-10-01", "effective": f"{PERFORMANCE}-01-01", "ends": f"{PERFORMANCE}-12-31",
        },
        "performance_periods": [str(PERFORMANCE)],
        "terms": {
            "member_months": {"counting": "counted", "panel": "average_members", **clause},
            "expenditure": {
                "basis": "allowed",
                "categories": [{"id": name} for name in CATEGORIES],
                "large_claims": {
                    "form": "truncate", "point": f"{POINTS[str(PERFORMANCE)] // 100}", "threshold": "full",
                    "across_moves": "each_group",
                },
                **clause,
            },
            "benchmark": {
                "years": [{"id": str(BASELINE), "weight": "100%"}],
                "baseline_periods": [
                    {"id": str(BASELINE), "period": str(BASELINE), "point": f"{POINTS[str(BASELINE)] // 100}"}
                ],
                "trend": f"1.0{number % 9 + 1}",
                **clause,
            },
            "gate": {"minimum_savings_rate": f"{number % 3}%", "form": "cliff", "comparison": "at_least", **clause},
            "share": {"sharing_rate": f"{40 + number % 5 * 5}%", **clause},
            "rounding": {"earned": {"places": 2, "rule": "half_up"}, **clause},
        },
    }  # fmt: skip


def write_workspace(folder: Path, data: str, contracts: int) -> None:
    (folder / "contracts").mkdir(parents=True)
    for number in range(contracts):
        document = json.dumps(contract(number), indent=1, ensure_ascii=False)
        (folder / "contracts" / f"c-g{number:03d}.yaml").write_text(document, encoding="utf-8")
    months = {"files": data, "other_groups": "allowed"}
    document = json.dumps({"workspace": "p4v-workspace/1", "tables": {"member_months": months}}, indent=1)
    (folder / "p4v.yaml").write_text(document, encoding="utf-8")


def main() -> None:
    """member_months.py FOLDER ROWS: the file and two workspaces beside it; prints the number of rows."""
    folder, rows = Path(sys.argv[1]), int(sys.argv[2])
    print(write_rows(folder / "member_months.parquet", rows))
    for name, count in (("all", GROUPS), ("one", 1)):
        write_workspace(folder / name, "../member_months.parquet", count)


assert len(WINDOWS) * 12 == MONTHS

if __name__ == "__main__":
    main()
