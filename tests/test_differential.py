"""The program against an independent slow reference, written from the published rules: every figure exactly equal."""

import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from generators import IDS, MSSP_YEARS, Row, numbered, sample, tables
from p4v.batch import settle_table
from p4v.settlement import digest_of
from reference import medicare
from support import COLUMNS, CONFIGS, csv_text, settled

EXAMPLES = int(os.environ.get("P4V_EXAMPLES", "300"))
ROWS_OF_A_TABLE = 15
PROGRAMS = tuple(COLUMNS)
differential = settings(
    max_examples=max(EXAMPLES // ROWS_OF_A_TABLE, 1),
    derandomize=True,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Figures = dict[str, Fraction | None]


def _hospital(row: Row) -> Figures:
    return {"total_performance_score": medicare.hospital_score(row)}


REFERENCE: Mapping[str, Callable[[Row], Figures]] = {
    "mssp": medicare.shared_savings,
    "reach": medicare.reach,
    "hospital-scores": _hospital,
}


def figures_of(lines: Mapping[str, Any], names: Figures) -> Figures:
    """The figures of the reference's names: `earned` is the amount paid, every other one unrounded."""
    found: Figures = {}
    for name in names:
        line = lines.get(name.removesuffix("_exact"), {"exact": None})
        shown = line["value"] if name == "earned" else line["exact"]
        found[name] = None if shown is None else Fraction(shown)
    return found


def differences(binding: str, rows: list[Row], folder: Path) -> list[tuple[Row, Figures, Figures]]:
    """The rows that the program and the reference settle differently."""
    pairs = zip(rows, settled(binding, rows, folder), strict=True)
    both = [(row, figures_of(lines, REFERENCE[binding](row)), REFERENCE[binding](row)) for row, lines in pairs]
    return [(row, found, expected) for row, found, expected in both if found != expected]


def digests(binding: str, rows: list[Row], folder: Path) -> dict[str, str]:
    """The settlement digest of each id."""
    table = folder / "table.csv"
    table.write_text(csv_text(COLUMNS[binding], rows), encoding="utf-8")
    batch = settle_table(CONFIGS / "tables" / f"{binding}.yaml", table, [])
    return {row.settlement.group: digest_of(row.settlement.content()) for row in batch.rows}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("differential")


@pytest.mark.parametrize("binding", PROGRAMS)
@differential
@given(data=st.data())
def test_drawn_tables_settle_as_the_reference_does(binding: str, data: st.DataObject, folder: Path) -> None:
    rows = data.draw(tables(binding, ROWS_OF_A_TABLE))
    assert differences(binding, rows, folder) == []


@pytest.mark.parametrize(("binding", "count"), [("mssp", 1000), ("reach", 600), ("hospital-scores", 600)])
def test_a_seeded_table_settles_as_the_reference_does(binding: str, count: int, folder: Path) -> None:
    assert differences(binding, sample(binding, count * max(EXAMPLES // 300, 1), seed=7), folder) == []


def _every_start(track: str, year: int) -> list[Row]:
    """Savings and a loss in the middle, for each start of an agreement from three years before to the year itself."""
    starts = ["", *(f"{year - ago}-{day}" for ago in range(4) for day in ("01-01", "01-02", "07-01"))]
    amounts = ("79000000", "97500000", "98900000", "100000000", "102500000", "140000000")
    shared = {"performance_year": str(year), "track": track, "assigned_beneficiaries": "12001", "quality_score": "0.7"}
    figures = {"benchmark": "100000000", "minimum_savings_rate": "0.01", "revenue_category": "Low Revenue"}
    flags = {"met_quality_standard": "1", "guardrail": "0", "disaster_adjustment": "1000.005"}
    row = shared | figures | flags
    return [row | {"agreement_start": start, "expenditure": amount} for start in starts for amount in amounts]


@pytest.mark.parametrize("track", list(medicare.SAVINGS_TERMS))
def test_every_track_year_and_start_settles_as_the_reference_does(track: str, folder: Path) -> None:
    rows = numbered(
        "mssp", [row for year in MSSP_YEARS for row in _every_start(track, year)[:: 1 if track == "T2" else 5]]
    )
    assert differences("mssp", rows, folder) == []


@pytest.mark.parametrize("binding", PROGRAMS)
def test_a_group_settled_alone_is_the_group_settled_in_a_batch(binding: str, folder: Path) -> None:
    rows = sample(binding, 40, seed=11)
    together = digests(binding, rows, folder)
    alone = [digests(binding, [row], folder) for row in rows[::4]]
    assert alone == [{row[IDS[binding]]: together[row[IDS[binding]]]} for row in rows[::4]]


@pytest.mark.parametrize("binding", PROGRAMS)
def test_permuted_rows_have_the_same_digests(binding: str, folder: Path) -> None:
    rows = sample(binding, 60, seed=13)
    permuted = Random(17).sample(rows, len(rows))
    assert permuted != rows
    assert digests(binding, permuted, folder) == digests(binding, rows, folder)
