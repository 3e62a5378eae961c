"""Whether the member months are what their source says it sent: rows, member months and dollars, in all or by month."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from p4v.data.expected import ExpectedTotal, read_expected
from p4v.data.spec import TableInput, TableSpec
from p4v.errors import Finding, Refusal
from p4v.experience.rollup import MonthTotal, Rows, totals_by_month

_TABLE = "member_months"
_YEAR = 12


@dataclass(frozen=True, slots=True)
class Tied:
    """Whose totals the tables agree with, and of which day; `inputs` are the files that say so."""

    owner: str
    date: date
    inputs: Sequence[TableInput]


def tie(specs: Sequence[TableSpec], rows: Rows) -> Tied | None:
    """Holds the member months against the totals of their source. Raises `Refusal` with every one that differs."""
    spec = next((spec for spec in specs if spec.role == "expected_totals"), None)
    if spec is None:
        return None
    expected = read_expected(spec)
    stated = [total for total in expected.totals if total.table == _TABLE]
    found = totals_by_month(rows)
    findings = [finding for total in stated for finding in _differences(total, found)]
    if findings:
        raise Refusal(findings)
    if not stated:
        return None
    newest = max(stated, key=lambda total: total.date)
    return Tied(newest.owner, newest.date, expected.inputs)


def _differences(stated: ExpectedTotal, months: Sequence[MonthTotal]) -> Iterator[Finding]:
    mine = [month for month in months if stated.month in (None, month.month)]
    found = {
        "rows": Fraction(sum(month.rows for month in mine)),
        "member_months": sum((month.member_months for month in mine), Fraction(0)),
        "dollars": sum((month.dollars for month in mine), Fraction(0)),
    }
    where = "" if stated.month is None else f" in {stated.month // _YEAR:04}-{stated.month % _YEAR + 1:02}"
    for name, total in found.items():
        wanted = getattr(stated, name)
        if wanted is not None and wanted != total:
            words = (
                f"{name.replace('_', ' ')}{where} that the member months do not have",
                "the totals of the same extract",
            )
            yield stated.place.finding("P4V-D072", *words, "ask the source for totals of this extract")
