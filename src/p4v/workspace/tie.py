"""Whether the tables are what their source says it sent: rows, member months and dollars, in all or by month."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from p4v.data.expected import ExpectedTotal, read_expected
from p4v.data.lag import LagCell, read_lag
from p4v.data.open import OpenTables
from p4v.data.spec import Role, TableInput, TableSpec
from p4v.errors import Finding, Refusal
from p4v.experience.rollup import Rows, totals_by_month

_YEAR, _CENTS = 12, 100
_BY_MONTH: Sequence[Role] = ("member_months", "lag_triangle")
"""Tables whose totals may be stated month by month."""
Totals = Mapping[str, Fraction]
Counted = Mapping[int | None, Totals]
"""What a table has in each month, and in all as None, by the name of the total."""


@dataclass(frozen=True, slots=True)
class Tied:
    """Whose totals the member months agree with, and of which day; `inputs` are the files that say so.

    `months` are those that were stated (year * 12 + month - 1); none where the whole table was, or every month of it.
    """

    owner: str
    date: date
    months: Sequence[int]
    inputs: Sequence[TableInput]


def rows_of(tables: OpenTables) -> Rows:
    """The member months of open tables, to be added up."""
    by_days = tables.months_kind == "covered_days"
    return Rows(tables.con, tables.months, tables.deaths, tables.columns, by_days, tables.lacking)


def tie(specs: Sequence[TableSpec], rows: Rows, inputs: Sequence[TableInput]) -> Tied | None:
    """Holds the tables against the totals of their source. Raises `Refusal` with every one that differs.

    `inputs` are the files that were read, with their rows.
    """
    by_role = {spec.role: spec for spec in specs}
    if "expected_totals" not in by_role:
        return None
    expected = read_expected(by_role["expected_totals"])
    stated = [total for total in expected.totals if total.table == "member_months"]
    counted = {role: _counted(by_role[role], rows, inputs) for role in dict.fromkeys(t.table for t in expected.totals)
               if role in by_role}  # fmt: skip
    findings = [finding for total in expected.totals for finding in _differences(total, counted.get(total.table))]
    if findings:
        raise Refusal(findings)
    if not stated:
        return None
    newest = max(stated, key=lambda total: total.date)
    months = sorted(total.month for total in stated if total.month is not None)
    whole = len(months) < len(stated) or set(months) == set(counted["member_months"]) - {None}
    return Tied(newest.owner, newest.date, () if whole else months, expected.inputs)


def _counted(spec: TableSpec, rows: Rows, inputs: Sequence[TableInput]) -> Counted:
    if spec.role == "member_months":
        return _with_all({month.month: _of_month(month.totals) for month in totals_by_month(rows)})
    if spec.role == "lag_triangle":
        cells: dict[int, list[LagCell]] = {}
        for cell in read_lag(spec).cells:
            cells.setdefault(cell.incurred, []).append(cell)
        return _with_all({
            month: {"rows": Fraction(len(of)), "dollars": Fraction(sum(cell.cents for cell in of), _CENTS)}
            for month, of in cells.items()
        })  # fmt: skip
    return {None: {"rows": Fraction(sum(table.rows for table in inputs if table.role == spec.role))}}


def _of_month(totals: Totals) -> Totals:
    dollars = totals.get("allowed", totals.get("paid"))
    return {**totals, **({} if dollars is None else {"dollars": dollars})}


def _with_all(months: Mapping[int, Totals]) -> Counted:
    names = dict.fromkeys(name for totals in months.values() for name in totals)
    whole = {name: sum((totals[name] for totals in months.values()), Fraction(0)) for name in names}
    return {month: whole if month is None else months[month] for month in (None, *months)}


def _differences(stated: ExpectedTotal, counted: Counted | None) -> Iterator[Finding]:
    place, remedy = stated.place, "ask the source for totals of this extract"
    if counted is None:
        yield place.finding("P4V-D072", "totals of a table that is not there", "tables of the workspace", remedy)
        return
    if stated.month is not None and stated.table not in _BY_MONTH:
        yield place.finding("P4V-D072", "totals by month of a table that has none", "its totals in all", remedy)
        return
    known, nothing = counted[None], dict.fromkeys(counted[None], Fraction(0))
    found = counted.get(stated.month, nothing)
    where = "" if stated.month is None else f" in {stated.month // _YEAR:04}-{stated.month % _YEAR + 1:02}"
    what = stated.table.replace("_", " ")
    for name, wanted in stated.totals.items():
        words = f"{name.replace('_', ' ')}{where} that the {what} do{'es' if what[-1] != 's' else ''} not have"
        if name not in known or wanted != found[name]:
            yield place.finding("P4V-D072", words, "the totals of the same extract", remedy)
