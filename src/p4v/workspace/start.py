"""A first workspace: two small contracts and a made-up year of member months, so that it settles at once."""

import csv
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from p4v.errors import Finding, Refusal
from p4v.money import decimal_text
from p4v.resources import resource
from p4v.runs.store import finish_killed, refuse_link, write_all

PERIOD = "2014"
_HEADER = (
    "group", "person", "year_month", "cohort", "allowed_inpatient", "allowed_outpatient", "allowed_professional",
    "allowed_pharmacy", "note",
)  # fmt: skip
_MONTHS = 12
_GROUPS = (("riverside", 30), ("lakeside", 20))
_CENTS = 100
_STAY_EVERY, _STAY = 71, 1_450_000
_USUAL = (0, 17_000, 15_500, 6_500)
"""Cents of a month: outpatient, professional and pharmacy are drawn around these; inpatient comes as whole stays."""
_SEED, _FACTOR, _STEP, _SIZE = 20_140_101, 1_103_515_245, 12_345, 2**31


class Row(NamedTuple):
    """A member and month: the cells before the dollars, and cents by category."""

    cells: Sequence[str]
    cents: Sequence[int]


def write_workspace(folder: Path) -> None:
    """Writes a workspace into a new or empty folder. Raises `Refusal` (a folder with something in it, safety, disk)."""
    refuse_link(folder)
    if folder.is_dir():
        finish_killed(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        found = "a folder that is not empty" if folder.is_dir() else "a file"
        raise Refusal([Finding("P4V-U006", str(folder), found, "a new folder, or an empty one")])
    start, rows = resource("configs", "start"), list(_rows())
    copied = {str(path.relative_to(start)): path.read_bytes() for path in sorted(start.rglob("*")) if path.is_file()}
    made = {"data/member_months.csv": _member_months(rows), "data/expected_totals.csv": _expected(rows)}
    folders: dict[str, dict[str, bytes]] = {}
    files: dict[str, bytes] = {}
    for name, content in {**copied, **made}.items():
        below, _, rest = name.partition("/")
        if rest:
            folders.setdefault(below, {})[rest] = content
        else:
            files[name] = content
    write_all(folder, folders, files)


def _rows() -> Iterator[Row]:
    """The same rows every time: members come and go, a stay in hospital is rare and costly."""
    draw = _SEED
    for group, members in _GROUPS:
        for member in range(1, members + 1):
            draw = (draw * _FACTOR + _STEP) % _SIZE
            first, last = (
                (1 + draw // 7 % 6 if member % 9 == 0 else 1),
                (6 + draw // 11 % 6 if member % 11 == 0 else 12),
            )
            for month in range(first, last + 1):
                cents = [_STAY if draw // 1009 % _STAY_EVERY == 0 else 0]
                for usual in _USUAL[1:]:
                    draw = (draw * _FACTOR + _STEP) % _SIZE
                    cents.append(usual * (draw // 17 % 201) // _CENTS)
                cohort = "hospice" if (group, member) == ("riverside", 7) and month > last - 2 else ""
                yield Row((group, f"{group[0].upper()}{member:03}", f"{PERIOD}-{month:02}", cohort), cents)


def _member_months(rows: Sequence[Row]) -> bytes:
    note = "made up"
    return _csv(_HEADER, [[*row.cells, *(_dollars(cents) for cents in row.cents), note] for row in rows])


def _expected(rows: Sequence[Row]) -> bytes:
    """What the source would say that it sent: each month, and the whole file."""
    header = ("table", "month", "rows", "member_months", "dollars", "owner", "date")
    months = sorted({row.cells[2] for row in rows})
    lines = []
    for month in [*months, ""]:
        mine = [row for row in rows if month in ("", row.cells[2])]
        total = sum(sum(row.cents) for row in mine)
        lines.append(["member_months", month, len(mine), len(mine), _dollars(total), "Example data desk", "2015-07-01"])
    return _csv(header, lines)


def _dollars(cents: int) -> str:
    return decimal_text(Fraction(cents, _CENTS), 2)


def _csv(header: Sequence[str], lines: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue().encode()
