"""Expected totals: what the source system says that a file holds, so that the file itself can be tied to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import get_args

from p4v.data.small import Columns, Place, SmallRow, read_small
from p4v.data.spec import Role, TableInput, TableSpec
from p4v.numbers import NumberFault, read_number
from p4v.periods import read_day

_TOTALS = ("rows", "member_months", "dollars")
_COLUMNS = Columns(("table", "owner", "date"), ("month", *_TOTALS), money=("dollars",))
_TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class ExpectedTotal:
    """Totals of a table, or of one of its months (year * 12 + month - 1). None is a total that is not stated."""

    table: str
    month: int | None
    rows: int | None
    member_months: Fraction | None
    dollars: Fraction | None
    owner: str
    date: date
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedTotals:
    """All totals that a source states."""

    totals: Sequence[ExpectedTotal]
    inputs: Sequence[TableInput]


def read_expected(spec: TableSpec, root: Path | None = None) -> ExpectedTotals:
    """The expected totals of a table. Raises `Refusal` with every fault at its place."""
    table = read_small(spec, _COLUMNS, root)
    totals = [total for row in table.rows if (total := _total(row)) is not None]
    table.refuse_twice([((total.table, total.month), total.place) for total in totals], "one row for table and month")
    table.refuse()
    return ExpectedTotals(totals, table.inputs)


def _total(row: SmallRow) -> ExpectedTotal | None:
    name = row.read("table", _role, "P4V-D036", "no table of a workspace", ", ".join(get_args(Role)))
    owner = row.read("owner", _owner, "P4V-D020", "no name", f"up to {_TEXT_LIMIT} characters that show")
    day = row.read("date", read_day, "P4V-D033", "no day", "a day as YYYY-MM-DD")
    month = row.month("month") if row.has("month") else None
    rows = row.read("rows", _count, "P4V-D012", "no count", "a whole number") if row.has("rows") else None
    member_months = row.number("member_months", decimals=6) if row.has("member_months") else None
    dollars = row.dollars("dollars") if row.has("dollars") else None
    if not any(row.has(total) for total in _TOTALS):
        place = row.places["table"]
        row.findings.append(place.finding("P4V-D013", "a row without a total", "rows, member_months or dollars"))
    if name is None or owner is None or day is None:
        return None
    return ExpectedTotal(name, month, rows, member_months, dollars, owner, day, row.places["table"])


def _role(text: str) -> str:
    if text not in get_args(Role):
        raise ValueError("no table")
    return text


def _owner(text: str) -> str:
    if len(text) > _TEXT_LIMIT or not text.isprintable():
        raise ValueError("no name")
    return text


def _count(text: str) -> int:
    number = read_number(text, 0)
    if number < 0:
        raise NumberFault("a negative number", "a whole number")
    return number.numerator
