"""Two hundred settlements for workbooks: published rows of every program, gate ties, caps and half cents."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from p4v.batch import settle_table
from support import COLUMNS, CONFIGS, MEDICARE, MSSP_ROW, csv_text

PUBLISHED = {
    "mssp": ("mssp_inputs.csv", 90),
    "reach": ("reach_inputs.csv", 15),
    "hospital-scores": ("hospital_scores_inputs.csv", 11),
}
FILLED = MSSP_ROW | {"revenue_category": "Low Revenue", "agreement_start": "2024-01-01"}


def tie_rows() -> list[dict[str, str]]:
    """Rows exactly at a gate, a cent off it, at a cap or a limit, and whose earned amount is exactly half a cent."""
    rows: list[dict[str, str]] = []

    def add(**cells: str) -> None:
        rows.append(FILLED | {"aco_id": f"T{len(rows)}"} | cells)

    for track, year in (("T1", "2014"), ("A", "2023"), ("B", "2024"), ("EN", "2024"), ("T3", "2018"), ("E", "2023")):
        rate = "0.02"
        for spent in ("98000000", "97999999.99", "98000000.01", "102000000", "102000000.01", "101999999.99"):
            add(
                track=track,
                performance_year=year,
                minimum_savings_rate=rate,
                assigned_beneficiaries="70000",
                expenditure=spent,
            )
    for spent in ("40000000.00", "79591836.73", "79591836.74", "150000000", "70000000"):
        for track in ("T1", "T3", "EN", "D"):
            add(track=track, performance_year="2018", minimum_savings_rate="0", expenditure=spent)
    # 0.98 x 0.5 x S is x.xx5 for S = 2,000,000.50 + k
    for k in range(28):
        spent = Fraction(98_000_000) - Fraction(1, 2) - k * 1001
        add(track="T1", performance_year="2018", expenditure=str(float(spent)), assigned_beneficiaries="70000")
    return rows


def documents(folder: Path) -> list[dict[str, Any]]:
    """Exactly two hundred settlement documents."""
    found: list[dict[str, Any]] = []
    for binding, (name, wanted) in PUBLISHED.items():
        batch = settle_table(CONFIGS / "tables" / f"{binding}.yaml", MEDICARE / name, [])
        step = len(batch.rows) // wanted
        found += [row.settlement.document() for row in batch.rows[::step][:wanted]]
    table = folder / "ties.csv"
    table.write_text(csv_text(COLUMNS["mssp"], tie_rows()), encoding="utf-8")
    batch = settle_table(CONFIGS / "tables" / "mssp.yaml", table, [])
    found += [row.settlement.document() for row in batch.rows]
    return found


def settled_line(document: dict[str, Any]) -> dict[str, Any] | None:
    """The line of the payable amount; a quality score has none."""
    return next((line for line in document["lines"] if line["kind"] == "settled"), None)


def is_half_cent(document: dict[str, Any]) -> bool:
    """Whether the settled amount was exactly between two cents."""
    line = settled_line(document)
    return line is not None and Fraction(line["exact"]) * 200 % 2 == 1
