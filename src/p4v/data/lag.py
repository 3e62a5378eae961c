"""The lag triangle: what was paid in which month for services of which month. No person is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from p4v.data.small import Columns, Place, SmallRow, read_small
from p4v.data.spec import TableInput, TableSpec

_KEYS = ("group_id", "product", "category")
_COLUMNS = Columns(("incurred_month", "paid_month", "amount"), _KEYS, money=("amount",))
_CENTS = 100


@dataclass(frozen=True, slots=True)
class LagCell:
    """One amount in cents. Months are year * 12 + month - 1; what the table does not tell apart is None."""

    group: str | None
    product: str | None
    category: str | None
    incurred: int
    paid: int
    cents: int
    place: Place


@dataclass(frozen=True, slots=True)
class LagTriangle:
    """All amounts of a lag triangle."""

    cells: Sequence[LagCell]
    inputs: Sequence[TableInput]


def read_lag(spec: TableSpec, root: Path | None = None) -> LagTriangle:
    """The lag triangle of a table. Raises `Refusal` with every fault at its place."""
    table = read_small(spec, _COLUMNS, root)
    cells: list[LagCell] = []
    keys: list[tuple[object, Place]] = []
    for row in table.rows:
        group, product, category = (row.id(name) if name in row.cells else None for name in _KEYS)
        incurred, paid, cents = row.month("incurred_month"), row.month("paid_month"), _cents(row)
        if incurred is None or paid is None or cents is None:
            continue
        if paid < incurred:
            place = row.places["paid_month"]
            row.findings.append(place.finding("P4V-D033", "a month before the incurred one", "the same or a later one"))
        keys.append(((group, product, category, incurred, paid), row.places["amount"]))
        cells.append(LagCell(group, product, category, incurred, paid, cents, row.places["amount"]))
    table.refuse_twice(keys, "one amount for each cell of the triangle")
    table.refuse()
    return LagTriangle(cells, table.inputs)


def _cents(row: SmallRow) -> int | None:
    amount = row.dollars("amount")
    return None if amount is None else _whole(amount * _CENTS)


def _whole(number: Fraction) -> int:
    assert number.denominator == 1
    return number.numerator
