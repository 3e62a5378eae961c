"""From the columns of a table as they stand to the canonical typed table, as Ibis expressions.

Text is matched in full before it is cast, because engines read `1e3`, ` 5` and `1_000` as numbers. Where an engine
knows how large a table is, months are looked up in a small calendar, because matching every row costs more; a CSV's
size it cannot know, and it would build its lookup from the wrong side.

A broken cell reads 0, a broken month -1 and a missing text an empty one: nothing is null, and `fault` tells the row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import ibis
from ibis.expr import types as ir

from p4v.data.columns import Bound, Kind
from p4v.data.spec import Purpose

Form = Literal["text", "integer", "decimal", "date"]
"""How the cells of a column are stored; a float is no form, because cents are lost in it."""
Check = Literal["null", "form", "days"]
MONEY_PATTERN = r"^-?[0-9]{1,11}(\.[0-9]{1,2}0*)?\z"
_CENTS_PATTERN = r"^-?[0-9]{1,13}\z"
CENTS_LIMIT = 10**13 - 1
"""The largest amount in a row, in cents: eleven digits before the point."""
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
NO_MONTH = -1
ROW = "row"
"""The number of a row in its file, from 1, where places are looked for."""
_FIRST_YEAR, _YEARS = 1900, 300
_MONTH_PATTERN = r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])(-01)?\z"
_CODE_PATTERN = r"^(19|20|21)[0-9]{2}(0[1-9]|1[0-2])\z"
_YEAR_PATTERN = r"^(19|20|21)[0-9]{2}\z"
_PATTERNS: Mapping[Kind, str] = {
    "money": MONEY_PATTERN,
    "risk": r"^[0-9]{1,4}(\.[0-9]{1,4}0*)?\z",
    "months": r"^[0-9]{1,2}(\.[0-9]{1,6}0*)?\z",
    "day": r"^[0-9]{1,2}\z",
}
MONTH_UNITS = 10**6
"""Units of a member month."""
_DIGITS: Mapping[Kind, tuple[int, int]] = {"money": (13, 2), "risk": (8, 4), "months": (8, 6), "day": (2, 0)}
"""Digits and decimals of the fixed-point numbers."""
_TYPES: Mapping[Kind, str] = {"money": "int64", "risk": "int64", "months": "int64", "day": "int32"}


@dataclass(frozen=True, slots=True)
class Source:
    """A column and what its files say of it: how cells are stored, and what their footers prove of all rows."""

    bound: Bound
    form: Form
    counted: bool = True
    """Whether an engine knows how many rows there are."""
    never_null: bool = False
    within: bool = False
    """No cell outside of what a number of this kind may be."""

    @property
    def in_cents(self) -> bool:
        """Whether its own header says that an amount is in whole cents, in whatever form."""
        return self.bound.kind == "money" and self.bound.in_cents


@dataclass(frozen=True, slots=True)
class RowRule:
    """What a cell of a row must not be. Rules are numbered from 1; `fault` is the first one broken."""

    number: int
    column: str
    check: Check
    code: str
    found: str
    allowed: str


def highest_of(kind: Kind, yearly: bool) -> int:
    """The largest typed number of a kind."""
    limits: Mapping[Kind, int] = {
        "money": CENTS_LIMIT,
        "risk": 10**8 - 1,
        "months": (12 if yearly else 1) * MONTH_UNITS,
        "day": 31,
    }
    return limits[kind]


def lowest_of(kind: Kind) -> int:
    """The smallest typed number of a kind."""
    lowest: Mapping[Kind, int] = {"money": -CENTS_LIMIT, "day": 1}
    return lowest.get(kind, 0)


def row_rules(columns: Sequence[Bound], yearly: bool) -> list[RowRule]:
    """All rules for rows with these columns, in the order in which they are tried."""
    names = {column.name for column in columns}
    days = {"first_day", "last_day", "month"} <= names
    found = [
        *(("null", column, _NULL) for column in columns if column.kind != "text"),
        *(("form", column, _forms(yearly)["purpose"]) for column in columns if column.name == "purpose"),
        *(("form", column, _words(column, yearly)) for column in columns if column.kind in _forms(yearly)),
        *(("days", column, _DAYS) for column in columns if days and column.name == "last_day"),
    ]
    return [
        RowRule(number, column.name, check, *words)  # type: ignore[arg-type]
        for number, (check, column, words) in enumerate(found, start=1)
    ]


_NULL = ("P4V-D013", "an empty cell", "a value in every row; zero is a number")
_DAYS = ("P4V-D034", "a last day before the first, or after the month's end", "days of the month, in order")


_CENTS = ("P4V-D012", "no whole number of cents", "digits, up to 13, with `-` if negative: the column is in cents")


def _words(column: Bound, yearly: bool) -> tuple[str, str, str]:
    return _CENTS if column.kind == "money" and column.in_cents else _forms(yearly)[column.kind]


def words_of(rule: RowRule, column: Bound, yearly: bool) -> tuple[str, str]:
    """What is found and allowed in a column of one file: another may have its amounts in cents, or not."""
    if rule.check == "form" and column.kind == "money":
        _, found, allowed = _words(column, yearly)
        return found, allowed
    return rule.found, rule.allowed


@lru_cache
def _forms(yearly: bool) -> Mapping[str, tuple[str, str, str]]:
    months = "0 to 12" if yearly else "0 to 1"
    return {
        "purpose": ("P4V-D036", "another word", ", ".join(PURPOSES)),
        "money": (
            "P4V-D012",
            "no amount in whole cents",
            "digits, up to 11 before a point and 2 after it, with `-` if negative",
        ),
        "month": ("P4V-D033", "no month", "a month as YYYY-MM, YYYY-MM-01 or YYYYMM"),
        "year": ("P4V-D033", "no year", "a year of four digits"),
        "risk": ("P4V-D015", "no risk score", "digits, with up to 4 decimals after a point"),
        "months": ("P4V-D034", "no number of member months", f"{months}, with up to 6 decimals after a point"),
        "day": ("P4V-D034", "no day of a month", "1 to 31"),
    }


@lru_cache
def calendar_lookups() -> Mapping[str, Mapping[str, Sequence[Any]]]:
    """Every month and every year as it may be written, as text and as a whole number, with its number:
    year * 12 + month - 1. By the names that the tables have in an engine.
    """
    years = {f"{year:04}": year * 12 for year in range(_FIRST_YEAR, _FIRST_YEAR + _YEARS)}
    months = {f"{text}{month + 1:02}": first + month for text, first in years.items() for month in range(12)}
    dashed = {f"{text[:4]}-{text[4:]}": number for text, number in months.items()}
    first_days = {f"{text}-01": number for text, number in dashed.items()}
    return {
        _calendar_of("month", "text"): _lookup(months, dashed, first_days),
        _calendar_of("month", "integer"): _lookup({int(text): number for text, number in months.items()}),
        _calendar_of("year", "text"): _lookup(years),
        _calendar_of("year", "integer"): _lookup({int(text): number for text, number in years.items()}),
    }


def _calendar_of(kind: Kind, form: Form) -> str:
    """The name of the table in which a column's months or years are looked up."""
    return f"p4v_{kind}s_{'integer' if form == 'integer' else 'text'}"


LOOKUP: Mapping[str, Mapping[str, str]] = {
    _calendar_of(kind, form): {"written": "string" if form == "text" else "int64", "number": "int32"}
    for kind in ("month", "year")
    for form in ("text", "integer")
}
"""The columns of each of these tables and their types."""


def _lookup(*ways: Mapping[Any, int]) -> Mapping[str, Sequence[Any]]:
    """What may be written, in each of its ways, beside its number."""
    return {
        "written": [written for way in ways for written in way],
        "number": [number for way in ways for number in way.values()],
    }


def typed_table(
    raw: ir.Table, sources: Sequence[Source], rules: Sequence[RowRule], calendar: Mapping[str, ir.Table], yearly: bool
) -> ir.Table:
    """The canonical table of one kind of file. `raw` has its columns under canonical names, and `row` if wanted."""
    typed = with_cells(raw, sources, calendar, yearly)
    broken = broken_rules(typed, sources, rules)
    fault = ibis.cases(*((sign, rule.number) for rule, sign in broken), else_=0) if broken else ibis.literal(0)
    columns = {_canonical(source.bound): _filled(typed, source) for source in sources}
    rows = {ROW: typed[ROW]} if ROW in raw.columns else {}
    return typed.select(**columns, fault=fault.cast("int16"), **rows)


def with_lacking(table: ir.Table, columns: Sequence[Bound], purpose: Purpose) -> ir.Table:
    """A typed table with its rows' purpose, and with the columns that it lacks beside tables of other purposes.

    What rows of this purpose cannot need is 0 there; a row without a number of member months is one; a text that a
    contract looks at is refused before it is looked at.
    """
    others = {_canonical(bound): _nothing(bound.kind) for bound in columns if _canonical(bound) not in table.columns}
    whole = table.mutate(purpose=ibis.literal(purpose), **others)
    return whole.select(*sorted(whole.columns))


def _nothing(kind: Kind) -> ir.Value:
    if kind not in _TYPES:
        return ibis.literal("")
    return ibis.literal(MONTH_UNITS if kind == "months" else 0, type=_TYPES[kind])


def _canonical(bound: Bound) -> str:
    return "month" if bound.kind == "year" else bound.name


def with_cells(raw: ir.Table, sources: Sequence[Source], calendar: Mapping[str, ir.Table], yearly: bool) -> ir.Table:
    """Each column as it stands, as `cell <name>`, and typed, as `<name>`, null where it cannot be."""
    cells = raw.select(**{f"cell {name}": raw[name] for name in raw.columns})
    looked_up = [source for source in sources if _looked_up(source)]
    for source in looked_up:
        cells = _with_month(cells, source, calendar)
    typed = {source.bound.name: _typed(cells, source, yearly) for source in sources if source not in looked_up}
    rows = {ROW: cells[f"cell {ROW}"]} if ROW in raw.columns else {}
    return cells.mutate(**typed, **rows)


def _looked_up(source: Source) -> bool:
    return source.bound.kind in ("month", "year") and (source.counted or source.form != "text")


def _with_month(cells: ir.Table, source: Source, calendar: Mapping[str, ir.Table]) -> ir.Table:
    name = source.bound.name
    cell = cells[f"cell {name}"]
    lookup = calendar[_calendar_of(source.bound.kind, source.form)]
    key = cell.cast("int64") if source.form == "integer" else cell.cast("string")
    keyed = cells.mutate(**{"month key": key})
    joined = keyed.left_join(lookup, keyed["month key"] == lookup["written"])
    return joined.select(**{column: keyed[column] for column in cells.columns}, **{name: lookup["number"]})


def _typed(cells: ir.Table, source: Source, yearly: bool) -> ir.Value:
    cell, kind = cells[f"cell {source.bound.name}"], source.bound.kind
    if kind in ("month", "year"):
        return _month_of_text(cell, kind)
    if source.bound.name == "purpose":
        return ibis.cases((cell.isin(PURPOSES), cell))
    if kind not in _PATTERNS:
        return cell.cast("string")
    number = _number(cell, source)
    if source.within or (source.form == "text" and kind in ("money", "risk")):
        return number.cast(_TYPES[kind])
    within = number.between(lowest_of(kind), highest_of(kind, yearly))
    return ibis.cases((within, number)).cast(_TYPES[kind])


def _month_of_text(cell: ir.Value, kind: Kind) -> ir.Value:
    year = cell.substr(0, 4).try_cast("int32")
    if kind == "year":
        return ibis.cases((cell.re_search(_YEAR_PATTERN), year * 12)).cast("int32")
    with_dash = year * 12 + cell.substr(5, 2).try_cast("int32") - 1
    without = year * 12 + cell.substr(4, 2).try_cast("int32") - 1
    return ibis.cases((cell.re_search(_MONTH_PATTERN), with_dash), (cell.re_search(_CODE_PATTERN), without)).cast(
        "int32"
    )


def _number(cell: ir.Value, source: Source) -> ir.Value:
    """The number in its typed unit, null where the cell is none or not exact in that unit."""
    kind = source.bound.kind
    digits, decimals = _DIGITS[kind]
    decimals = 0 if source.in_cents else decimals
    match source.form:
        case "integer":
            if source.within:
                return cell.cast("int64") * 10**decimals if decimals else cell.cast("int64")
            small = cell.try_cast("int64")
            return small if decimals == 0 else ibis.cases((small.between(-1000, 1000), small)) * 10**decimals
        case "text":
            pattern = _CENTS_PATTERN if source.in_cents else _PATTERNS[kind]
            exact = ibis.cases((cell.re_search(pattern), cell.try_cast(f"decimal({digits}, {decimals})")))
        case _:
            fixed = cell.try_cast(f"decimal({digits}, {decimals})")
            exact = ibis.cases((_same(fixed, cell), fixed))
    return (exact * 10**decimals).cast("int64") if decimals else exact.cast("int64")


def _same(fixed: ir.Value, cell: ir.Value) -> ir.BooleanValue:
    """Whether a decimal lost nothing. Where neither type holds the other, both are widened, which is slower."""
    here, there = fixed.type(), cell.type()
    if here.castable(there) or there.castable(here):
        return fixed == cell
    wide = f"decimal(38, {max(here.scale, there.scale)})"
    return fixed.try_cast(wide) == cell.try_cast(wide)


def broken_rules(
    typed: ir.Table, sources: Sequence[Source], rules: Sequence[RowRule]
) -> list[tuple[RowRule, ir.BooleanValue]]:
    """For each rule that a row can break at all, whether it does. A form is broken by an empty cell too.

    A rule of a column that the table lacks, beside another that has it, is broken by none of its rows.
    """
    by_name = {source.bound.name: source for source in sources}
    mine = (rule for rule in rules if by_name.keys() >= _columns_of(rule))
    signs = ((rule, _broken(typed, by_name[rule.column], rule.check)) for rule in mine)
    return [(rule, sign) for rule, sign in signs if sign is not None]


def _columns_of(rule: RowRule) -> set[str]:
    return {rule.column, "first_day"} if rule.check == "days" else {rule.column}


def _broken(typed: ir.Table, source: Source, check: Check) -> ir.BooleanValue | None:
    name = source.bound.name
    cell = typed[f"cell {name}"]
    match check:
        case "null":
            return None if source.never_null else cell.isnull()
        case "form":
            return None if source.within and source.never_null else typed[name].isnull()
        case _:
            return (typed["last_day"] < typed["first_day"]) | (typed["last_day"] > _days_of(typed["month"]))


def _days_of(month: ir.Value) -> ir.Value:
    """The days of a month by its number, without date functions: February is month 1 of each twelve."""
    leap = (month % 48 == 1) & ((month % 1200 != 1) | (month % 4800 == 1))
    return ibis.cases((leap, 29), (month % 12 == 1, 28), ((month % 12).isin([3, 5, 8, 10]), 30), else_=31)


def _filled(typed: ir.Table, source: Source) -> ir.Value:
    value, kind = typed[source.bound.name], source.bound.kind
    if source.never_null and (source.within or kind in ("id", "word", "text")) and source.bound.name != "purpose":
        return value
    empty: Any = {"month": NO_MONTH, "year": NO_MONTH}.get(kind, 0 if kind in _PATTERNS else "")
    filled = value.fill_null(empty)
    return filled.cast("int32") if kind in ("month", "year") else filled
