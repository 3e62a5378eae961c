"""A workspace of the demo: contracts, tables and references, the same bytes on every machine."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from p4v.demo.blocks import MONTHS, Block, demo_blocks, person_years
from p4v.demo.members import GENERAL, TENTHS, Made, Rows, make
from p4v.demo.programme import contract_template, programme, year_of
from p4v.demo.tables import Totals, month_text, written_member_months
from p4v.errors import Finding, Refusal
from p4v.resources import resource
from p4v.runs.store import refuse_place, write_file

Step = Callable[[str], None]
WORKSPACE, MEMBER_MONTHS = "p4v.yaml", "data/member_months.parquet"
_MANY = b"many"
"""What the workspace of a programme says in place of the number of its groups."""
_OWNER, _AS_OF = "demonstration data", "2016-06-30"
_CENTS = 100
_COMPLETE = (40, 70, 85, 94, 95, 96, 97, 97, 98, 99, 99, 99, 100)
"""Percent of a month's claims that are paid in that month and each later one."""
_TRIANGLES = ("acp", "azcc")
_RUN_OUT = 6


def write_demo(folder: Path, scale: int | None = None, step: Step = lambda _: None) -> None:
    """Writes a workspace into a folder: the nine groups, or with `scale` a programme of so many made-up ones.

    What a demo left there before is written again. Raises `Refusal` (a folder with something else, safety, or disk).
    """
    source = resource("configs", "demo") if scale is None else resource("configs", "demo", "programme")
    workspace = (source / WORKSPACE).read_bytes()
    if scale is not None:
        workspace = workspace.replace(_MANY, b"%d" % scale, 1)
    _refuse_other(folder, workspace)
    # first, so that a demo that was interrupted is known again
    write_file(folder / WORKSPACE, workspace)
    if scale is None:
        _write_groups(folder, source, step)
    else:
        _write_programme(folder, scale, step)


def _refuse_other(folder: Path, workspace: bytes) -> None:
    refuse_place(folder, folder=True)
    file = folder / WORKSPACE
    if folder.exists() and any(folder.iterdir()) and not (file.is_file() and file.read_bytes() == workspace):
        found, allowed = "a folder that is not empty", "a new folder, an empty one, or that of an earlier demo"
        raise Refusal([Finding("P4V-U006", str(folder), found, allowed)])


def _write_groups(folder: Path, source: Path, step: Step) -> None:
    for path in sorted((source / "contracts").glob("*.yaml")):
        write_file(folder / "contracts" / path.name, path.read_bytes())
    for name in ("quality.csv", "figures.csv"):
        write_file(folder / "data" / name, (source / name).read_bytes())
    for path in sorted((source / "references").glob("*.csv")):
        write_file(folder / "references" / path.name, path.read_bytes())
    sample = person_years()
    lags: list[tuple[str, ...]] = []
    counted: dict[str, tuple[int, ...]] = {}
    with written_member_months(folder / MEMBER_MONTHS) as table:
        for block in demo_blocks():
            step(f"making member months of {block.group}")
            made = make(block, sample, counted.get(block.group, ()))
            counted[block.group] = made.counted
            table.add(block, made)
            if block.group in _TRIANGLES:
                lags += _triangle(block, made)
    write_file(folder / "data" / "deaths.csv", _csv(["member_id", "death_month"], table.deaths))
    write_file(folder / "data" / "expected_totals.csv", expected_totals_csv(table.totals))
    header = ["group_id", "incurred_month", "paid_month", "amount"]
    write_file(folder / "data" / "lag_triangle.csv", _csv(header, lags))


def expected_totals_csv(totals: Totals) -> bytes:
    """What the source says that it sent, month by month."""
    header = ["table", "month", "rows", "member_months", "dollars", "owner", "date"]
    rows = [
        (
            "member_months", month_text(month), f"{totals.rows[month]}", _tenths(totals.tenths[month]),
            dollars_text(totals.cents[month]), _OWNER, _AS_OF,
        )
        for month in sorted(totals.rows)
    ]  # fmt: skip
    return _csv(header, rows)


def _triangle(block: Block, made: Made) -> Iterable[tuple[str, ...]]:
    """The claims of the last window by month of care and of payment, as far as they were paid by its run-out."""
    first = block.windows[-1].first
    through = first + MONTHS - 1 + _RUN_OUT
    for month in range(first, first + MONTHS):
        paid = _paid_in(made.rows, month)
        known = _COMPLETE[: through - month + 1]
        before = 0
        for lag, percent in enumerate(known):
            so_far = paid * percent // known[-1]
            yield block.group, month_text(month), month_text(month + lag), dollars_text(so_far - before)
            before = so_far


def _paid_in(rows: Rows, month: int) -> int:
    return int(rows.cents[(rows.month == month) & (rows.cohort == GENERAL)].sum())


def _tenths(tenths: int) -> str:
    return f"{tenths // TENTHS}.{tenths % TENTHS}"


def dollars_text(cents: int) -> str:
    """Cents, none below zero, as dollars."""
    return f"{cents // _CENTS}.{cents % _CENTS:02d}"


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _write_programme(folder: Path, groups: int, step: Step) -> None:
    """One group after the other, so that memory holds one."""
    sample, template = person_years(), contract_template()
    year = year_of(template)
    given: list[tuple[str, ...]] = []
    with written_member_months(folder / MEMBER_MONTHS) as table:
        for number, group in enumerate(programme(groups), start=1):
            step(f"making member months {number} of {groups}")
            write_file(folder / "contracts" / f"{group.id}.yaml", group.contract(template))
            block = group.block(year * MONTHS)
            table.add(block, make(block, sample))
            given.append((group.id, f"{year}", "quality_score", "", f"{group.score}%"))
    header = ["group_id", "period", "name", "key", "value"]
    write_file(folder / "data" / "figures.csv", _csv(header, given))
    write_file(folder / "data" / "expected_totals.csv", expected_totals_csv(table.totals))
