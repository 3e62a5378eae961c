"""Frozen amounts that a contract reads its truncation point from: a file with a digest that the contract names."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np

from p4v.contract.blocks.cost import Percentile
from p4v.contract.documents import shown_path
from p4v.data.table import CsvTable, Row, read_table
from p4v.errors import Finding, Refusal
from p4v.kernels.ranks import annualised_rank, nearest_rank
from p4v.numbers import NumberFault, read_number

_CENTS = 100
_DIGITS = 11
"""Before the point, as in every table of amounts: so many, in cents or millionths, fit whole numbers of 64 bits."""
_UNITS = 10**6
_YEAR = 12
_MONTHS = "member_months"
AMOUNTS: Mapping[str, str] = {"members": "amount_of_member", "member_years": "amount_of_member_year"}
"""What a reference is of to the column of its amounts: the file says it, and the contract says the same."""


def point_of(path: Path, wanted: Percentile) -> Fraction:
    """The point in dollars: the nearest rank of the amounts, each for itself or brought to twelve member months.

    Raises `Refusal` where the file is another than the contract's, or holds something else.
    """
    table = read_table(path, shown_path(path))
    if table.digest != wanted.sha256:
        found, allowed = f"digest {table.digest}", f"digest {wanted.sha256}, which the contract names"
        raise Refusal([Finding("P4V-D070", table.shown, found, allowed, "sha256")])
    amounts = _whole(table, _amounts_of(table, wanted), 2, _CENTS)
    if wanted.amounts == "actual":
        return Fraction(nearest_rank(np.array(amounts, dtype="i8"), wanted.at), _CENTS)
    months = _whole(table, _MONTHS, 6, _UNITS)
    try:
        rank = annualised_rank(np.array(amounts, dtype="i8"), np.array(months, dtype="i8"), _YEAR * _UNITS, wanted.at)
    except ValueError:
        found, allowed = "a row without member months", "more than 0 in each row: amounts are annualised"
        raise Refusal([Finding("P4V-D034", table.shown, found, allowed, _MONTHS)]) from None
    return rank / _CENTS


def _amounts_of(table: CsvTable, wanted: Percentile) -> str:
    """The column of the amounts. Raises `Refusal` where the file is of something else than the contract says."""
    column = AMOUNTS[wanted.of]
    others = [what for what, name in AMOUNTS.items() if name in table.columns and name != column]
    if others:
        found = f"amounts of {others[0].replace('_', ' ')}, in `{AMOUNTS[others[0]]}`"
        allowed = f"`{column}` alone: the contract reads a percentile of {wanted.of.replace('_', ' ')}"
        raise Refusal([Finding("P4V-D004", table.shown, found, allowed, line=1)])
    return column


def _whole(table: CsvTable, column: str, decimals: int, scale: int) -> list[int]:
    """A column in whole units. Raises `Refusal` with every cell that is no such number."""
    if column not in table.columns:
        raise Refusal([Finding("P4V-D004", table.shown, f"no column `{column}`", f"`{column}`", line=1)])
    place = list(table.columns).index(column)
    found: list[int] = []
    findings: list[Finding] = []
    for row in table.rows:
        try:
            found.append(_number(row, place, decimals, scale))
        except NumberFault as error:
            findings.append(table.finding("P4V-D012", row, column, error.found, error.allowed))
    if findings:
        raise Refusal(findings)
    return found


def _number(row: Row, place: int, decimals: int, scale: int) -> int:
    number = read_number(row.cells[place], decimals)
    if number < 0:
        raise NumberFault("a number below 0", "0 or more")
    if number >= 10**_DIGITS:
        raise NumberFault(f"more than {_DIGITS} digits before the point", f"up to {_DIGITS}")
    return int(number * scale)
