"""Every published settlement, recomputed from its inputs through the command line, and every line by its own text."""

import csv
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from agreement import differences

from evaluator import evaluate_line
from p4v.batch import Batch, settle_table
from p4v.expressions import expression_text
from p4v.report.parsing import parsed
from support import CONFIGS, HOSPITAL_COLUMNS, MEDICARE, MSSP_COLUMNS, REACH_COLUMNS, exact, p4v, settled, value

TABLES = {"mssp": "mssp_inputs.csv", "reach": "reach_inputs.csv", "hospital-scores": "hospital_scores_inputs.csv"}


@pytest.fixture(scope="module", params=sorted(TABLES))
def table(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def results(table: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp(table) / "RESULTS.csv"
    run = p4v("settle-table", table, MEDICARE / TABLES[table], "--out", out)
    assert run.exit_code == 0, run.stderr
    return out


@pytest.fixture(scope="module")
def batch(table: str) -> Batch:
    return settle_table(CONFIGS / "tables" / f"{table}.yaml", MEDICARE / TABLES[table], [])


def test_all_comparable_rows_agree_with_what_was_published(table: str, results: Path) -> None:
    rows, published, texts = differences(table, results)
    assert texts == []
    assert (rows, published) == {"mssp": (1331, 1334), "reach": (53, 53), "hospital-scores": (2676, 2676)}[table]


def test_the_comparison_finds_what_differs(table: str, results: Path, tmp_path: Path) -> None:
    with results.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    column, change = {
        "mssp": ("gross_savings", 2),
        "reach": ("shared_savings", 2),
        "hospital-scores": ("total_performance_score", Fraction(1, 10**8)),
    }[table]
    rows[5][column] = str(Fraction(rows[5][column]) + change)
    other = tmp_path / "RESULTS.csv"
    with other.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows[:9], *rows[10:]])
    _, _, texts = differences(table, other)
    assert sum(f": {column} is" in text for text in texts) >= 2
    assert len({text.split(":")[0] for text in texts}) == 2


def test_results_hold_the_keys_then_one_column_a_line(table: str, results: Path) -> None:
    content = results.read_bytes()
    assert content.endswith(b"\n")
    assert b"\r" not in content
    with results.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    with (MEDICARE / TABLES[table]).open(newline="", encoding="utf-8") as file:
        inputs = list(csv.DictReader(file))
    keys = header[:2]
    assert [row[:2] for row in rows] == [[given[key] for key in keys] for given in inputs]
    assert len(set(header)) == len(header)
    wanted = {
        "mssp": {"gross_savings", "generated_savings", "final_sharing_rate", "final_loss_rate", "earned"},
        "reach": {"gross_savings", "shared_savings", "shared_savings_after_sequestration"},
        "hospital-scores": {"total_performance_score"},
    }[table]
    assert wanted <= set(header)
    assert "minimum_savings_rates_by_size" not in header
    assert "final_multiplier" not in header


def test_every_line_follows_from_its_own_text(batch: Batch) -> None:
    evaluated = 0
    for row in batch.rows:
        lines = {line["name"]: line for line in row.settlement.document()["lines"]}
        for line in lines.values():
            if line["expression"] is not None:
                assert evaluate_line(line, lines) == Fraction(line["exact"]), (row.settlement.group, line["name"])
                assert expression_text(parsed(line["expression"])) == line["expression"]
                evaluated += 1
    assert evaluated >= 2 * len(batch.rows)


def test_every_line_is_whole(batch: Batch) -> None:
    keys = {
        "number", "name", "label", "kind", "value", "exact", "unit", "rounding", "expression", "inputs", "clause", "origin",
        "state",
    }  # fmt: skip
    for row in batch.rows:
        document = row.settlement.document()
        lines = document["lines"]
        assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
        names = {line["name"] for line in lines}
        assert len(names) == len(lines)
        for line in lines:
            assert set(line) == keys
            assert line["clause"]
            assert line["label"]
            assert len(line["origin"]) in (1, 2, 3)
            if line["kind"] in ("term", "given"):
                assert (line["expression"], line["inputs"]) == (None, {})
            assert (line["rounding"] is not None) == (line["kind"] == "settled")
            assert (line["state"] is None) == (line["value"] is not None)
            for given in line["inputs"].values():
                assert set(given if isinstance(given, list) else [given]) <= names


def test_waterfall_bars_foot(batch: Batch) -> None:
    for row in batch.rows:
        lines = {line["name"]: line for line in row.settlement.document()["lines"]}
        bars = [Fraction(line["value"]) for name, line in lines.items() if name.startswith("waterfall.")]
        if "earned" in lines:
            assert len(bars) >= 3
            assert sum(bars) == Fraction(lines["earned"]["value"])


class TestOneRealOrganisation:
    """Palm Beach Accountable Care Organization, 2014: worked by hand from the published inputs."""

    def test_lines(self, tmp_path: Path) -> None:
        with (MEDICARE / "mssp_inputs.csv").open(newline="", encoding="utf-8") as file:
            row = next(
                row for row in csv.DictReader(file) if row["aco_id"] == "A67373" and row["performance_year"] == "2014"
            )
        lines = settled("mssp", [row], tmp_path)[0]
        savings = 450902466 - 418729017
        assert exact(lines, "gross_savings") == savings == 32173449
        rate = Fraction(25, 1000) - Fraction(3, 1000) * (34601 - 20000) / (49999 - 20000)
        assert exact(lines, "minimum_savings_rate") == rate
        assert exact(lines, "final_sharing_rate") == Fraction("0.458482143")
        assert exact(lines, "earned") == Fraction("0.98") * Fraction("0.458482143") * savings
        assert lines["earned"]["value"] == "14455932.81"
        assert lines["minimum_savings_rate"]["value"] == "0.023539851328"


def worked(program: str, row: dict[str, str]) -> dict[str, str]:
    columns = {"shared_savings": MSSP_COLUMNS, "reach": REACH_COLUMNS, "hospital_scores": HOSPITAL_COLUMNS}[program]
    common = {"aco_id": "A1", "aco_name": "Example", "facility_id": "010001", "fiscal_year": "2021"}
    given = common | {"guardrail": "0", "disaster_adjustment": "0", "aco_type": "Standard"} | row
    return {key: cell for key, cell in given.items() if key in columns}


WORKED: dict[str, list[dict[str, str]]] = yaml.load(
    (MEDICARE / "worked_rows.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
)
ANSWERS = {
    "shared_savings": ("mssp", ["generated_savings", "final_sharing_rate", "final_loss_rate", "earned"]),
    "reach": ("reach", ["gross_savings", "shared_savings", "shared_savings_after_sequestration"]),
    "hospital_scores": ("hospital-scores", ["total_performance_score"]),
}


def test_all_worked_rows_are_there() -> None:
    assert {program: len(rows) for program, rows in WORKED.items()} == {
        "shared_savings": 11,
        "reach": 2,
        "hospital_scores": 1,
    }


@pytest.mark.parametrize(
    "program, row", [pytest.param(program, row, id=row["why"]) for program, rows in WORKED.items() for row in rows]
)
def test_rows_worked_by_hand_for_rules_that_the_published_years_never_reach(
    program: str, row: dict[str, str], tmp_path: Path
) -> None:
    binding, answers = ANSWERS[program]
    inputs: dict[str, Any] = {key: cell for key, cell in worked(program, row).items() if key not in {*answers, "why"}}
    lines = settled(binding, [inputs], tmp_path)[0]
    compared = [name for name in answers if name in row]
    assert compared
    for name in compared:
        assert value(lines, name) == Fraction(row[name]), name


def test_a_loss_shows_the_revenue_limit_that_was_not_given(batch: Batch, table: str) -> None:
    if table != "mssp":
        return
    owing = [
        {line["name"]: line for line in row.settlement.document()["lines"]}
        for row in batch.rows
        if row.case.program.id
        in ("mssp-track-1-plus", "mssp-basic-level-c", "mssp-basic-level-d", "mssp-basic-level-e")
    ]
    losses = [lines for lines in owing if Fraction(lines["earned"]["value"]) < 0]
    assert len(losses) >= 10
    for lines in losses:
        assert (lines["loss_limit_by_revenue"]["state"], lines["loss_limit_by_revenue"]["value"]) == ("not_given", None)
