"""Figures that no roll-up gives - paid, withheld, a prior score - for many groups in one table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from p4v.data.small import Columns, Place, SmallRow, read_small
from p4v.data.spec import TableInput, TableSpec
from p4v.periods import Period, read_months

_COLUMNS = Columns(("group_id", "period", "name", "value"), ("key",))
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GivenFigure:
    """One figure of a group and period. `name` has its key after a point, such as `paid.2014-01`."""

    group: str
    period: Period
    name: str
    value: Fraction
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class GivenTable:
    """All figures of a table."""

    figures: Sequence[GivenFigure]
    inputs: Sequence[TableInput]


def read_given(spec: TableSpec, root: Path | None = None) -> GivenTable:
    """The figures of a table. Raises `Refusal` with every fault at its place."""
    table = read_small(spec, _COLUMNS, root)
    figures: list[GivenFigure] = []
    keys: list[tuple[object, Place]] = []
    for row in table.rows:
        group, name = row.id("group_id"), _name(row)
        allowed = "a year, or YYYY-MM to YYYY-MM"
        period = row.read("period", read_months, "P4V-D033", "no period", allowed)
        value = row.number("value", percent=True)
        if group is None or name is None or period is None or value is None:
            continue
        keys.append(((group, period, name), row.places["value"]))
        figures.append(GivenFigure(group, period, name, value, row.cells["value"], row.places["value"]))
    table.refuse_twice(keys, "one figure of a name for each group and period")
    table.refuse()
    return GivenTable(figures, table.inputs)


def _name(row: SmallRow) -> str | None:
    def matching(pattern: re.Pattern[str], text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError("no name")
        return text

    allowed = "lower-case letters, digits and _"
    name = row.read("name", lambda text: matching(_NAME, text), "P4V-D020", "no name of a figure", allowed)
    if not row.has("key"):
        return name
    allowed = "letters, digits, _ and -"
    key = row.read("key", lambda text: matching(_KEY, text), "P4V-D020", "no key of a figure", allowed)
    return None if name is None or key is None else f"{name}.{key}"
