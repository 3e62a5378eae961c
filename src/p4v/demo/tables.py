"""Member months as Parquet, block by block, and the sums of what was written, month by month."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkstemp

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from p4v.demo.blocks import CATEGORIES, MONTHS, Block
from p4v.demo.draws import Ints
from p4v.demo.members import COHORTS, TENTHS, TIERS, Made
from p4v.runs.store import FILE_MODE, make_folder, refuse_link

_MONTHS_TYPE, _RISK_TYPE = pa.decimal128(4, 1), pa.decimal128(7, 4)
_TEXTS = ("group_id", "member_id", "month", "product", "funding", "area", "tier", "cohort")
_COSTS = [f"{basis}_{category}_cents" for basis in ("allowed", "paid") for category in CATEGORIES]
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        ("member_months", _MONTHS_TYPE),
        ("risk_score", _RISK_TYPE),
        *((name, pa.int64()) for name in ("revenue_cents", *_COSTS)),
    ]
)
_PAID, _ALLOWED = 6, 7
"""Members pay a seventh of what is allowed."""


@dataclass(slots=True)
class Totals:
    """Rows, member months in tenths and allowed cents, by month: what the source would say that it sent."""

    rows: dict[int, int] = field(default_factory=dict)
    tenths: dict[int, int] = field(default_factory=dict)
    cents: dict[int, int] = field(default_factory=dict)

    def add(self, made: Made, allowed: Ints) -> None:
        """Counts one block in."""
        months, place = np.unique(made.rows.month, return_inverse=True)
        for sums, values in (
            (self.rows, np.ones_like(made.rows.month)), (self.tenths, made.rows.tenths), (self.cents, allowed),
        ):  # fmt: skip
            found = np.zeros(len(months), dtype=np.int64)
            np.add.at(found, place, values)
            for month, value in zip(months.tolist(), found.tolist(), strict=True):
                sums[month] = sums.get(month, 0) + value


class MemberMonths:
    """A Parquet file that blocks are added to. Members of later blocks are others than those of earlier ones."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self._known = 0
        self.totals = Totals()
        self.deaths: list[tuple[str, str]] = []

    def add(self, block: Block, made: Made) -> None:
        """Writes the rows of one block."""
        ids = [f"M{self._known + person:07d}" for person in range(made.persons)]
        self._known += made.persons
        self.deaths += [(ids[person], month_text(month)) for person, month in made.deaths]
        costs = _costs(block, made.rows.cents)
        self.totals.add(made, costs[:, : len(CATEGORIES)].sum(axis=1))
        self._writer.write_table(_table(block, made, ids, costs))


@contextmanager
def written_member_months(path: Path) -> Iterator[MemberMonths]:
    """A file under a temporary name, which takes its place once all is written."""
    refuse_link(path)
    make_folder(path.parent)
    handle, temporary = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        with pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
            yield MemberMonths(writer)
        Path(temporary).chmod(FILE_MODE)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def month_text(month: int) -> str:
    """A month as YYYY-MM, of year x 12 + month - 1."""
    return f"{month // MONTHS:04d}-{month % MONTHS + 1:02d}"


def _costs(block: Block, cents: Ints) -> Ints:
    """Allowed and paid by category: what the contract counts is as it was made, the other follows from it."""
    if block.basis == "allowed":
        return np.hstack([cents, cents * _PAID // _ALLOWED])
    return np.hstack([cents * _ALLOWED // _PAID, cents])


def _table(block: Block, made: Made, ids: list[str], costs: Ints) -> pa.Table:
    rows = made.rows
    first = int(rows.month.min())
    months = [month_text(month) for month in range(first, int(rows.month.max()) + 1)]
    size = len(rows)
    revenue = rows.tenths * block.revenue // TENTHS
    columns: Mapping[str, pa.Array] = {
        "group_id": _same(block.group, size),
        "member_id": _of(ids, rows.person),
        "month": _of(months, rows.month - first),
        "product": _same(block.product, size),
        "funding": _same(block.funding, size),
        "area": _same(block.area, size),
        "tier": _of(TIERS, rows.tier),
        "cohort": _of(COHORTS, rows.cohort),
        "member_months": _decimals(rows.tenths, _MONTHS_TYPE),
        "risk_score": _decimals(rows.risk, _RISK_TYPE),
        "revenue_cents": pa.array(revenue),
        **{name: pa.array(costs[:, place]) for place, name in enumerate(_COSTS)},
    }
    return pa.table(columns, schema=SCHEMA)


def _of(names: list[str] | tuple[str, ...], places: Ints) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(names, pa.string())).dictionary_decode()


def _same(name: str, size: int) -> pa.Array:
    return pa.repeat(pa.scalar(name), size)


def _decimals(values: Ints, kind: pa.Decimal128Type) -> pa.Array:
    """Whole numbers of the last digit, none below zero, as decimals: two words each, the upper one empty."""
    words = np.zeros((len(values), 2), dtype=np.int64)
    words[:, 0] = values
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(words.tobytes())])
