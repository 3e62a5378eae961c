"""What many tests need: rows written as a table, settled through the program's own front door."""

import csv
import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from p4v.batch import settle_table
from p4v.cli import app

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"
MEDICARE = ROOT / "examples" / "medicare"
DATA = Path(__file__).resolve().parent / "data"

MSSP_COLUMNS = (MEDICARE / "mssp_inputs.csv").read_text(encoding="utf-8").split("\n", 1)[0].split(",")
REACH_COLUMNS = (MEDICARE / "reach_inputs.csv").read_text(encoding="utf-8").split("\n", 1)[0].split(",")
HOSPITAL_COLUMNS = (MEDICARE / "hospital_scores_inputs.csv").read_text(encoding="utf-8").split("\n", 1)[0].split(",")
COLUMNS = {"mssp": MSSP_COLUMNS, "reach": REACH_COLUMNS, "hospital-scores": HOSPITAL_COLUMNS}

MSSP_ROW = {
    "performance_year": "2014",
    "aco_id": "A1",
    "aco_name": "Example",
    "track": "T1",
    "assigned_beneficiaries": "10000",
    "benchmark": "100000000",
    "expenditure": "100000000",
    "minimum_savings_rate": "0.03",
    "quality_score": "1",
    "met_quality_standard": "1",
    "met_alternative_standard": "",
    "guardrail": "0",
    "disaster_adjustment": "0",
}
"""A row that a test changes; cells it does not name are empty."""


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def settled(binding: str, rows: Sequence[Mapping[str, str]], folder: Path) -> list[dict[str, dict[str, Any]]]:
    """The lines of each row as `settlement.json` holds them, by name."""
    table = folder / "table.csv"
    table.write_text(csv_text(COLUMNS[binding], rows), encoding="utf-8")
    batch = settle_table(CONFIGS / "tables" / f"{binding}.yaml", table, [])
    documents = [row.settlement.document() for row in batch.rows]
    return [{line["name"]: line for line in document["lines"]} for document in documents]


def mssp(folder: Path, **cells: str) -> dict[str, dict[str, Any]]:
    """The lines of one Shared Savings row, the default row but for the given cells."""
    return settled("mssp", [MSSP_ROW | cells], folder)[0]


def exact(lines: Mapping[str, Mapping[str, Any]], name: str) -> Fraction:
    """The unrounded figure of a line."""
    return Fraction(lines[name]["exact"])


def value(lines: Mapping[str, Mapping[str, Any]], name: str) -> Fraction:
    """The figure that a line shows."""
    return Fraction(lines[name]["value"])


def p4v(*arguments: str | Path) -> Result:
    """The command line, in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
