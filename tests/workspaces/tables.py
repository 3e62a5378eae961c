"""What a workspace folder holds, read the slow way: `p4v.yaml`, contracts and tables as rows of plain numbers.

Every scalar of YAML stays text, every amount becomes whole cents, every member month a whole number of `SCALE`ths, which
holds millionths and the days of any month exactly.
"""

from __future__ import annotations

import calendar
import csv
import gzip
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

SCALE = math.lcm(10**6, 28, 29, 30, 31)
"""Units of a member month."""
Document = Mapping[str, Any]
KNOWN = {"group_id", "member_id", "month", "member_months", "first_day", "last_day", "risk_score", "revenue"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of member months as the table holds it. `month` counts from the year 0; `given` is in `SCALE`ths."""

    line: int
    group: str
    member: str
    month: int
    given: int | None
    days: tuple[int, int] | None
    score: Fraction
    revenue: int
    cents: Mapping[str, int]
    text: Mapping[str, str]

    @property
    def purpose(self) -> str | None:
        return self.text.get("purpose")


@dataclass(frozen=True)
class Tables:
    """The tables of a workspace."""

    rows: list[Row]
    by_days: bool
    deaths: Mapping[str, int] = field(default_factory=dict)
    quality: list[Mapping[str, str]] = field(default_factory=list)
    figures: list[Mapping[str, str]] = field(default_factory=list)
    references: Mapping[str, list[Mapping[str, str]]] = field(default_factory=dict)


def month_number(text: str) -> int:
    """`2014-03`, `2014-03-01` and `201403` are the same month."""
    digits = text.replace("-", "")[:6]
    return int(digits[:4]) * 12 + int(digits[4:]) - 1


def month_text(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def days_of_month(month: int) -> int:
    return calendar.monthrange(month // 12, month % 12 + 1)[1]


def period_months(written: Any) -> tuple[int, int]:
    """First and last month of `2014`, `2014-07 to 2015-06` or `{from: …, to: …}`."""
    if isinstance(written, Mapping):
        return month_number(written["from"]), month_number(written["to"])
    text = str(written)
    if len(text) == 4:
        return int(text) * 12, int(text) * 12 + 11
    first, _, last = text.partition(" to ")
    return month_number(first), month_number(last or first)


def read_yaml(path: Path) -> Document:
    found = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


def files_of(folder: Path, spec: Document) -> list[Path]:
    """The files that a table names: one, several, or those of a folder."""
    named = spec["files"]
    paths = [folder / name for name in ([named] if isinstance(named, str) else named)]
    return [part for path in paths for part in (sorted(path.iterdir()) if path.is_dir() else [path])]


def records(folder: Path, spec: Document) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of CSV files by canonical column name."""
    theirs = {name: canonical for canonical, name in spec.get("columns", {}).items()}
    ignored = set(spec.get("ignore", []))
    for path in files_of(folder, spec):
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.name.endswith(".gz") else raw).decode("utf-8")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        for number, record in enumerate(reader, start=2):
            yield (
                number,
                {theirs.get(name, canonical_name(name)): cell for name, cell in record.items() if name not in ignored},
            )


def canonical_name(name: str) -> str:
    if name == "year_month":
        return "month"
    for basis in ("allowed", "paid"):
        if name.startswith(basis + "_"):
            return f"{basis}.{name.removeprefix(basis + '_')}"
    return name


def is_amount(name: str) -> bool:
    return name in ("allowed", "paid") or name.startswith(("allowed.", "paid."))


def cents_of(text: str) -> int:
    cents = Fraction(text) * 100
    assert cents.denominator == 1
    return cents.numerator


def row_of(number: int, record: Mapping[str, str], by_days: bool) -> Row:
    given = None
    if not by_days:
        months = Fraction(record.get("member_months", "1")) * SCALE
        assert months.denominator == 1
        given = months.numerator
    return Row(
        line=number,
        group=record["group_id"],
        member=record["member_id"],
        month=month_number(record["month"]),
        given=given,
        days=(int(record["first_day"]), int(record["last_day"])) if by_days else None,
        score=Fraction(record.get("risk_score", "0")),
        revenue=cents_of(record.get("revenue", "0")),
        cents={name: cents_of(cell) for name, cell in record.items() if is_amount(name)},
        text={name: cell for name, cell in record.items() if name not in KNOWN and not is_amount(name)},
    )


def read_tables(folder: Path) -> Tables:
    """Every table that `p4v.yaml` names."""
    workspace = read_yaml(folder / "p4v.yaml")
    tables = workspace["tables"]
    months = tables["member_months"]
    specs = months if isinstance(months, list) else [months]
    by_days = specs[0].get("months", "counted") == "covered_days"

    def rows_of(role: str) -> list[dict[str, str]]:
        return [record for _, record in records(folder, tables[role])] if role in tables else []

    return Tables(
        rows=[
            row_of(number, record | ({"purpose": spec["purpose"]} if "purpose" in spec else {}), by_days)
            for spec in specs
            for number, record in records(folder, spec)
        ],
        by_days=by_days,
        deaths={record["member_id"]: month_number(record["death_month"]) for record in rows_of("deaths")},
        quality=list(rows_of("quality")),
        figures=list(rows_of("figures")),
        references={
            id_: [record for _, record in records(folder, {"files": written["file"]})]
            for id_, written in workspace.get("references", {}).items()
        },
    )


def read_contracts(folder: Path) -> list[Document]:
    """Every contract of the workspace, in the order of its file name."""
    workspace = read_yaml(folder / "p4v.yaml")
    found = [read_yaml(path) for path in sorted((folder / workspace["contracts"]).glob("*.yaml"))]
    return [document for document in found if "contract" in document]
