"""From claims to what a group earns: the example, imported and settled, against sums of its own."""

import csv
import shutil
from fractions import Fraction
from pathlib import Path

from p4v.workspace.document import read_asked, read_workspace
from p4v.workspace.results import Request
from p4v.workspace.settle import settle_workspace
from support import ROOT, p4v

CLAIMS = ROOT / "examples" / "claims"
BUDGET = Fraction(580)


def test_the_claims_example_settles(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    shutil.copytree(CLAIMS, folder, ignore=shutil.ignore_patterns("data", "runs"))
    result = p4v(
        "import", "claims", "--eligibility", folder / "eligibility.csv", "--medical", folder / "medical_claim.csv",
        "--pharmacy", folder / "pharmacy_claim.csv", "--map", "tuva-claims", "--period", "2018",
        "--float-noise", "to_cent", "--out", folder / "data",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    (settled,) = settle_workspace(read_workspace(folder), Request(read_asked("2018"))).results
    assert settled.settlement is not None
    lines = {line["name"]: line for line in settled.settlement.document()["lines"]}
    with (folder / "data" / "controls.csv").open(encoding="utf-8", newline="") as file:
        placed = sum(Fraction(row["paid"]) for row in csv.DictReader(file) if row["entry"] == "placed")
    months, cost = Fraction(lines["member_months"]["exact"]), Fraction(lines["expenditure"]["exact"])
    assert (months, cost) == (465, placed)
    assert cost == Fraction("260093.14")
    saved = BUDGET * months - cost
    assert saved >= BUDGET * months / 50
    assert Fraction(lines["earned"]["value"]) == saved / 2 == Fraction("4803.43")
