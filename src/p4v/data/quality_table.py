"""Quality results of many groups: what each measure gave, as exact numbers with their places.

Whether a numerator may be a fraction, or stand above its denominator, the measure says: its reader asks.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from p4v.data.small import Columns, Place, SmallRow, read_small
from p4v.data.spec import TableInput, TableSpec
from p4v.errors import Finding
from p4v.periods import Period, read_day, read_month

RATES = ("score", "rate", "prior_rate", "market_rate", "prior_score")
"""Parts that may carry a % sign."""
PARTS = ("numerator", "denominator", "exclusions", "expected", "prior_numerator", "prior_denominator", *RATES)
_BEGIN, _END = "performance_period_begin", "performance_period_end"
_COLUMNS = Columns(("group_id", "measure_id", _BEGIN, _END), PARTS, others=True)


@dataclass(frozen=True, slots=True)
class QualityValue:
    """One number of a measure: `part` is numerator, denominator, score and so on; `text` as it was written."""

    group: str
    period: Period
    measure: str
    part: str
    value: Fraction
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class QualityTable:
    """All numbers of a table of quality results. Zero is a number; an empty cell is none."""

    values: Sequence[QualityValue]
    inputs: Sequence[TableInput]


def read_quality(spec: TableSpec, root: Path | None = None) -> QualityTable:
    """The quality results of a table. Raises `Refusal` with every fault at its place."""
    table = read_small(spec, _COLUMNS, root)
    values: list[QualityValue] = []
    keys: list[tuple[object, Place]] = []
    for row in table.rows:
        group, measure = row.id("group_id"), row.id("measure_id")
        period = _period(row)
        here = _parts(row)
        if group is None or measure is None or period is None:
            continue
        keys.append(((group, measure, period), row.places["measure_id"]))
        values += [
            QualityValue(group, period, measure, part, number, row.cells[part], row.places[part])
            for part, number in here.items()
        ]
    table.refuse_twice(keys, "one row for each group, measure and period")
    table.refuse()
    return QualityTable(values, table.inputs)


def _parts(row: SmallRow) -> dict[str, Fraction]:
    names = [name for name in row.cells if name not in _COLUMNS.required]
    if not any(row.has(name) for name in names):
        place = row.places["measure_id"]
        row.findings.append(place.finding("P4V-D013", "a measure without a number", "at least one number"))
    read = {name: row.number(name, percent=name in RATES) for name in names if row.has(name)}
    return {name: number for name, number in read.items() if number is not None}


def _period(row: SmallRow) -> Period | None:
    """Whole months from one day or month to another."""
    allowed = "whole months: the first day of one, or YYYY-MM"
    first = row.read(_BEGIN, _first_day, "P4V-D033", "no first day of a month", allowed)
    allowed = "whole months: the last day of one, or YYYY-MM"
    last = row.read(_END, _last_day, "P4V-D033", "no last day of a month", allowed)
    if first is None or last is None:
        return None
    if last < first:
        row.findings.append(_backwards(row))
        return None
    return Period(first, last)


def _backwards(row: SmallRow) -> Finding:
    return row.places[_END].finding("P4V-D033", "an end before the begin", "a period that ends after it begins")


def _first_day(text: str) -> date:
    day = read_day(f"{read_month(text)}-01") if len(text) == len("YYYY-MM") else read_day(text)
    if day.day != 1:
        raise ValueError("no first day")
    return day


def _last_day(text: str) -> date:
    if len(text) == len("YYYY-MM"):
        month = read_day(f"{read_month(text)}-01")
        return month.replace(day=monthrange(month.year, month.month)[1])
    day = read_day(text)
    if day.day != monthrange(day.year, day.month)[1]:
        raise ValueError("no last day")
    return day
