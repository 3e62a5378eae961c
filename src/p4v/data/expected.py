"""Expected totals: what the source system says that a file holds, so that the file itself can be tied to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import get_args

from p4v.data.small import Columns, Place, SmallRow, read_small
from p4v.data.spec import Role, TableInput, TableSpec
from p4v.numbers import NumberFault, read_number
from p4v.periods import read_day

_AMOUNTS = ("dollars", "allowed", "paid")
_TOTALS = ("rows", "member_months", *_AMOUNTS)
_MONTH_PLACES = 6
_COLUMNS = Columns(("table", "owner", "date"), ("month", *_TOTALS), money=_AMOUNTS)
_TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class ExpectedTotal:
    """What is stated of a table, or of one of its months (year * 12 + month - 1), by the name of the total.

    `dollars` are the allowed ones, the paid ones where the table has no others, or the only amounts of a table.
    """

    table: Role
    month: int | None
    totals: Mapping[str, Fraction]
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
    stated = {total: _number(row, total) for total in _TOTALS if row.has(total)}
    if not stated:
        row.findings.append(row.places["table"].finding("P4V-D013", "a row without a total", ", ".join(_TOTALS)))
    if name is None or owner is None or day is None:
        return None
    totals = {total: value for total, value in stated.items() if value is not None}
    return ExpectedTotal(name, month, totals, owner, day, row.places["table"])


def _number(row: SmallRow, total: str) -> Fraction | None:
    if total == "rows":
        return row.read("rows", _count, "P4V-D012", "no count", "a whole number")
    return row.dollars(total) if total in _AMOUNTS else row.number(total, decimals=_MONTH_PLACES)


def _role(text: str) -> Role:
    role: Role | None = next((role for role in get_args(Role) if role == text), None)
    if role is None:
        raise ValueError("no table")
    return role


def _owner(text: str) -> str:
    if len(text) > _TEXT_LIMIT or not text.isprintable():
        raise ValueError("no name")
    return text


def _count(text: str) -> Fraction:
    number = read_number(text, 0)
    if number < 0:
        raise NumberFault("a negative number", "a whole number")
    return number
