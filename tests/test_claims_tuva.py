"""The Tuva data model settled as it comes: the first level of categories counts, and nothing twice."""

import csv
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from p4v.workspace.document import read_asked, read_workspace
from p4v.workspace.results import GroupResult, Request
from p4v.workspace.settle import settle_workspace
from support import ROOT, p4v

TUVA = ROOT / "examples" / "tuva"
LEVELS = {"inpatient": "inpatient", "outpatient": "outpatient", "office_based": "office", "ancillary": "ancillary",
          "other": "other", "pharmacy": "pharmacy"}  # fmt: skip
TERMS = {"lakeside": ("allowed", Fraction(345)), "hillside": ("paid", Fraction(305))}


def rows() -> list[dict[str, str]]:
    with (TUVA / "data" / "pmpm_prep.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def results() -> dict[str, GroupResult]:
    settled = settle_workspace(read_workspace(TUVA), Request(read_asked("2024")))
    return {result.group: result for result in settled.results}


def test_totals_of_the_table_are_its_first_level() -> None:
    """What the map leaves aside repeats what it reads, so that nothing is lost."""
    for row in rows():
        for basis in ("paid", "allowed"):
            level = sum(Fraction(row[f"{theirs}_{basis}"]) for theirs in LEVELS)
            everything = sum(
                Fraction(cell) for name, cell in row.items() if name.endswith((f"_{basis}", f"_{basis}_2"))
            )
            medical = Fraction(row[f"medical_{basis}"])
            assert level == Fraction(row[f"total_{basis}"])
            assert everything == level + Fraction(row[f"total_{basis}"]) + medical + level, "the second level too"


@pytest.mark.parametrize("group", sorted(TERMS))
def test_a_group_settles_as_summed_by_hand(group: str, results: dict[str, GroupResult]) -> None:
    basis, pmpm = TERMS[group]
    own = [row for row in rows() if row["payer_attributed_provider_organization"] == group]
    settlement = results[group].settlement
    assert settlement is not None
    lines = {line["name"]: line for line in settlement.document()["lines"]}
    for theirs, ours in LEVELS.items():
        dollars = sum(Fraction(row[f"{theirs}_{basis}"]) for row in own)
        assert Fraction(lines[f"reported_expenditure.{ours}"]["exact"]) == dollars
    cost = sum(Fraction(row[f"total_{basis}"]) for row in own)
    assert Fraction(lines["member_months"]["exact"]) == len(own)
    assert Fraction(lines["expenditure"]["exact"]) == cost
    saved = pmpm * len(own) - cost
    assert saved >= pmpm * len(own) * Fraction(2, 100)
    assert Fraction(lines["earned"]["exact"]) == saved / 2


def refused(folder: Path, rows_of: Callable[[list[str]], list[str]]) -> str:
    """What settling the example says after a change of its table's lines."""
    shutil.copytree(TUVA, folder, ignore=shutil.ignore_patterns("runs"))
    table = folder / "data" / "pmpm_prep.csv"
    table.write_text("\n".join(rows_of(table.read_text(encoding="utf-8").split("\n"))), encoding="utf-8")
    result = p4v("settle", "--workspace", folder, "--period", "2024", "--dry-run")
    assert result.exit_code == 4
    return result.stderr


def test_what_the_page_says_is_refused(tmp_path: Path) -> None:
    """A person and month of two payers, and dollars as a float wrote them."""
    twice = refused(tmp_path / "a", lambda lines: [*lines[:3], lines[2], *lines[3:]])
    assert "pmpm_prep.csv:4" in twice
    assert "P4V-D030" in twice
    noisy = refused(
        tmp_path / "c", lambda lines: [lines[0], lines[1].replace(",0.00,", ",0.00000000000005,"), *lines[2:]]
    )
    assert "pmpm_prep.csv:2:" in noisy
    assert "P4V-D012" in noisy
