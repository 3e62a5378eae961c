"""Statements of the example contracts: their small tables foot, and their sentences and gates say what was settled."""

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from p4v.report.shown import figure
from p4v.report.tables import SmallTable
from p4v.report.view import StatementView, statement_view
from p4v.runs.folder import SETTLEMENT, contract_run
from p4v.settlement import digest_of
from p4v.single import settle_contract
from support import CONFIGS, ROOT

MANY_GATES = """\
contract: many-gates
extends: pay-for-value
title: Shared savings with many gates
group: {id: g, name: Example Medical Group}
payer: {name: Example payer}
agreement: {signed: 2013-10-01, effective: 2014-01-01, ends: 2015-12-31}
performance_periods: [2014, 2015]
terms:
  member_months: {smallest_panel: 5000, below: no_reward, clause: "§2"}
  benchmark: {pmpm: 430.00, clause: "§4.1"}
  gate: {form: cliff, comparison: at_least, minimum_savings_rate: 2%, clause: "§4.2"}
  trend_gate: {limit: 1.03, comparison: below, clause: "§4.3"}
  quality:
    weights: sum_to_100%
    unscored: weight_shared_in_proportion
    measures:
      - {id: bcs, name: Breast cancer screening, kind: rate, better: higher, weight: 40%, threshold: 68%, target: 76%}
      - {id: a1c_test, name: HbA1c testing, kind: rate, better: higher, weight: 40%, threshold: 86%, target: 92%}
      - {id: readmit, name: Readmissions, kind: rate, better: lower, weight: 20%, threshold: 8%, target: 6.5%,
         minimum_denominator: 30}
    clause: "§5.1"
  quality_gate: {minimum_score: 60%, minimum_thresholds_met: 2, must_pass: [bcs, readmit], no_decline: each_measure, tolerance: 1%, clause: "§5.2"}
  share: {sharing_rate: 50%, clause: "§6.1"}
  quality_effect: {form: multiplier, clause: "§6.2"}
  cap_payment: {of_benchmark: 3%, clause: "§6.3"}
  funders:
    items: [{id: insured, share: 40%}, {id: self_funded, share: 60%}]
    clause: "§7"
  distribution:
    of: earned
    by: percent
    remainder: largest_remainder
    expenses_first: 1000
    participants: [{id: north, share: 50%}, {id: south, share: 30%}, {id: hospital, share: 20%}]
    clause: "§7.2"
  rounding: {earned: {places: 2, rule: half_up}, clause: "§8"}
order: {confirms: [{pair: [quality, cap_payment], clause: "§6"}]}
"""
MANY_FIGURES: Mapping[str, str] = {
    "member_months": "24000", "expenditure": "9713600.00", "panel_size": "4999", "prior_expenditure_pmpm": "390.00",
    "paid_by.insured": "0", "paid_by.self_funded": "5000",
}  # fmt: skip
MANY_MEASURES: Mapping[str, Mapping[str, str]] = {
    "bcs": {"numerator": "330", "denominator": "500", "prior_rate": "70%"},
    "a1c_test": {"numerator": "184", "denominator": "200", "prior_rate": "90%"},
    "readmit": {"numerator": "29", "denominator": "400", "prior_rate": "7%"},
}
MINUS = "\N{MINUS SIGN}"
Sample = tuple[dict[str, Any], dict[str, Any], str]


def folders() -> Iterator[Path]:
    yield from sorted((CONFIGS / "contracts").glob("*.yaml"))
    yield from sorted((ROOT / "tests" / "cases" / "scenarios").glob("*.yaml"))


def written(path: Path) -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return read


CASES = [(path, place) for path in folders() for place in range(len(written(path)["cases"]))]
IDS = [f"{path.stem}-{place}" for path, place in CASES]
BY_NAME = {path.stem: path for path, _ in CASES}


@cache
def settled(path: Path, place: int) -> Sample:
    """A case of a contract, settled from a figures file of its own."""
    contract = written(path)
    case = contract["cases"][place]
    whole = {"from": contract["agreement"]["effective"][:7], "to": contract["agreement"]["ends"][:7]}
    period = case.get("period") or next(iter(contract.get("performance_periods", ())), whole)
    kept = {key: case[key] for key in ("status", "figures", "measures", "paid") if key in case}
    with TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.yaml"
        figures.write_text(yaml.safe_dump({"group": contract["group"]["id"], "period": period} | kept), "utf-8")
        run = contract_run(settle_contract(path, figures))
    return json.loads(run.files[SETTLEMENT]), run.manifest(), digest_of(run.files[SETTLEMENT])


def view(name: str, place: int) -> StatementView:
    return statement_view(*settled(BY_NAME[name], place))


def table(name: str, place: int, id_: str) -> SmallTable:
    return next(small for small in view(name, place).tables if small.id == id_)


def number(text: str) -> Fraction:
    """A printed amount, or a printed rate."""
    plain = text.replace("$", "").replace(",", "").replace(MINUS, "-")
    return Fraction(plain.removesuffix("%"))


@pytest.mark.parametrize("path, place", CASES, ids=IDS)
class TestEveryCase:
    def test_the_last_column_of_each_small_table_foots(self, path: Path, place: int) -> None:
        for small in statement_view(*settled(path, place)).tables:
            assert small.total is not None
            assert sum(number(row.cells[-1]) for row in small.rows) == number(small.total.cells[-1]), small.id
            for row in [*small.rows, small.total]:
                assert len(row.cells) == len(small.columns) - 1

    def test_the_bars_that_are_shown_foot(self, path: Path, place: int) -> None:
        fall = statement_view(*settled(path, place)).waterfall
        if fall is not None:
            assert sum((bar.change for bar in fall.bars), start=Fraction(0)) == fall.total.change
            assert [bar.after for bar in fall.bars][-1] == fall.total.change

    def test_a_gate_is_met_as_its_sides_say(self, path: Path, place: int) -> None:
        for gate in statement_view(*settled(path, place)).gates:
            if gate.compared and "of" not in gate.compared.split():
                reached, word = number(gate.compared), gate.required.rpartition(" ")[0]
                required = number(gate.required.rpartition(" ")[2])
                holds = {
                    "": reached >= required, "more than": reached > required, "at most": reached <= required,
                    "below": reached < required,
                }  # fmt: skip
                assert holds[word] is gate.met, gate.label

    def test_what_a_failed_gate_stopped_is_a_line(self, path: Path, place: int) -> None:
        document, _, _ = settled(path, place)
        stopped = {
            figure(line)
            for line in document["lines"]
            if line["name"].partition(".")[0] in ("not_earned", "fee_change_not_earned")
        }
        for gate in statement_view(*settled(path, place)).gates:
            if gate.stopped:
                assert number(gate.not_earned.removesuffix(" PMPM")) in stopped


SENTENCES = {
    ("fee-reset", 0): [
        "The care coordination fee of the next period is $3.59 per member per month, $2.09 more than now.",
        "The gate was met (No decline of quality 78.40% against 78.40%).",
        "The net payment for July 2013 to June 2014 is $30,540.00: care coordination fee $18,000.00, new fee for months that have passed $12,540.00.",
    ],
    ("fee-reset", 1): [
        "The care coordination fee of the next period is $1.50 per member per month, as now.",
        "The gate “No decline of quality” was not met: 78.30% against 78.40%, which stopped $2.085 per member per month.",
        "The net payment for July 2013 to June 2014 is $18,000.00.",
    ],
    ("trend-gate", 1): [
        "Example Medical Group earned nothing for January to December 2014, and owes nothing.",
        "The gate “Cost trend within the limit” was not met: 1.03, at most 1.0299 required, which stopped $29,100.00.",
        "Of the quality pool of $48,000.00, the step that took most was “Cost trend gate”: $29,100.00.",
    ],
    ("two-sided-loss-ratio", 3): [
        "Example Medical Group owes Example payer $200,000.00 for January to December 2014.",
        "The gate was met (Minimum loss rate 4.90% against 2.00%), and no cap applied.",
        "Of the loss of $500,000.00, the step that took most off was “Payer's share of losses”: $300,000.00.",
        "Set off against other payments: 3 payments of $60,000.00 and $20,000.00 in the last month.",
    ],
    ("withhold-pool", 0): [
        "Example Medical Group earned $100,000.00 for January to December 2014; with withhold returned $40,800.00 and interest on what is returned $816.00 and less $50,000.00 already paid, the net payment is $91,616.00.",
        "The gate was met (Minimum savings rate 4.17% against 2.00%).",
        "Of the gross savings of $200,000.00, the step that took most was “Payer's share”: $100,000.00.",
        "Of $48,000.00 withheld, $40,800.00 is returned and $7,200.00 is forfeited.",
    ],
    ("withhold-pool", 4): [
        "Example Medical Group earned $40,000.00 so far for January to June 2014; the interim share of that is $20,000.00, and $26,000.00 was released before; nothing is payable.",
        "The gate was met (Minimum savings rate 3.33% against 2.00%).",
        "Of the gross savings of $80,000.00, the step that took most was “Payer's share”: $40,000.00.",
        "$6,000.00 too much was released; it is held until the final settlement.",
    ],
    ("claw-back-fee", 1): [
        "Example Medical Group earned $1,400.00 for January to December 2015; with care coordination fee $76,500.00 and less $90,000.00 already paid, what the group owes on balance is $12,100.00.",
        "$13,500.00 of the care coordination fee is clawed back, as not all of its measures were met.",
    ],
    ("claw-back-fee", 2): [
        "Example Medical Group earned nothing for January to December 2016; the care coordination fee of $29,988.00 is payable.",
    ],
    ("fee-schedule-points", 1): [
        "The fee schedule of Example Medical Group rises by 5% for its results of January to December 2013.",
        "A quality score of 90.00% and a savings rate of 4.00% give 6%; 1% above the highest uplift is carried forward.",
    ],
    ("count-gate-challenge", 0): [
        "Example Medical Group earned $37,500.00 for January to December 2014.",
        "The measure that left most unearned is “Generic dispensing”: $10,500.00.",
        "3 measures met: 75% of the pool is earned.",
    ],
    ("budget-split-shift", 2): [
        "Example Medical Group owes Example payer $120,000.00 for January to December 2014.",
        "The loss limit was not reached.",
        "Of the loss of $200,000.00, the step that took most off was “Payer's share of losses”: $80,000.00.",
        "With a quality score of 40.00% the group's share of losses is 60.00%.",
    ],
    ("3-two-sided", 0): [
        "A group of 10000 members owes A payer $646,875.00 for January to December 2015.",
        "“Loss limit” decided the amount and spared $110,625.00.",
        "Of the loss of $2,550,000.00, the step that took most off was “Payer's share of losses”: $1,792,500.00.",
        "Set off against other payments: 10 payments of $60,000.00 and $46,875.00 in the last month.",
    ],
}


@pytest.mark.parametrize("name, place", SENTENCES)
def test_sentences(name: str, place: int) -> None:
    assert list(view(name, place).sentences) == SENTENCES[name, place]


class TestTables:
    def test_earlier_months_and_their_memo(self) -> None:
        rows = [(row.label, *row.cells) for row in table("claw-back-fee", 2, "fee").rows]
        assert rows == [
            ("Months of the period", "10,000", "$3.00", "$30,000.00"),
            (f"June 2015, changed since (memo {MINUS}$15.00)", f"{MINUS}5", "$3.00", "$0.00"),
            ("July 2015, changed since", f"{MINUS}4", "$3.00", f"{MINUS}$12.00"),
            ("Clawed back of the fee", "", "", "$0.00"),
        ]

    def test_parts_of_an_incentive(self) -> None:
        rows = [(row.label, *row.cells) for row in table("claw-back-fee", 0, "incentive").rows]
        assert rows[0] == ("Gaps closed: one", "20", "$20.00", "$400.00")
        assert rows[-1] == ("Acts: visit after discharge", "40", "$35.00", "$1,400.00")

    def test_categories_and_parties(self) -> None:
        small = table("category-split", 0, "categories")
        assert small.columns == [
            "Category", "Benchmark", "Expenditure", "Savings", "Of which count", "Group", "Hospital", "Payer"
        ]  # fmt: skip
        assert small.total is not None
        assert small.total.cells[-3:] == ["$40,000.00", "$30,000.00", "$70,000.00"]

    def test_participants_and_parts(self) -> None:
        small = table("4-pair-together-at-1-5", 0, "participants")
        assert [row.cells for row in small.rows] == [["84,000", "$208,342.17"], ["60,000", "$148,815.83"]]
        apart = view("4-pair-apart", 0)
        assert apart.waterfall is not None
        assert len(apart.waterfall.wide.bars) == 6
        assert [(gate.label, gate.compared, gate.result) for gate in apart.gates] == [
            ("Minimum savings rate, acp", "3.01%", "yes"),
            ("Minimum savings rate, azcc", f"{MINUS}0.30%", "no savings"),
        ]

    def test_the_new_fee_has_its_tile(self) -> None:
        tile = view("fee-reset", 0).tiles[0]
        assert (tile.label, tile.value, tile.note) == (
            "Care coordination fee, next period", "$3.59", "per member per month; $1.50 now"
        )  # fmt: skip
        gate = view("fee-reset", 1).gates[0]
        assert (gate.not_earned, gate.stopped) == ("$2.085 PMPM", True)


def many_gates(folder: Path, figures: Mapping[str, str], bcs: str) -> StatementView:
    """A contract with a gate of every kind."""
    measures = {**MANY_MEASURES, "bcs": {**MANY_MEASURES["bcs"], "numerator": bcs}}
    given = {"group": "g", "period": "2014", "figures": {**MANY_FIGURES, **figures}, "measures": measures}
    (folder / "contract.yaml").write_text(MANY_GATES, "utf-8")
    (folder / "figures.yaml").write_text(yaml.safe_dump(given), "utf-8")
    run = contract_run(settle_contract(folder / "contract.yaml", folder / "figures.yaml"))
    return statement_view(run.document(), run.manifest(), digest_of(run.files[SETTLEMENT]))


class TestGatesOfEveryKind:
    def test_missed(self, tmp_path: Path) -> None:
        seen = many_gates(tmp_path, {}, "330")
        assert [(g.label, g.compared, g.required, g.distance, g.result, g.not_earned) for g in seen.gates] == [
            ("Minimum quality score", "50.00%", "60.00%", f"{MINUS}10.00 pts", "not met", "$0.00"),
            ("Enough thresholds", "2", "2", "0", "yes", ""),
            ("Must-pass measures", "1 of 2", "2 of 2", "", "not met", "$0.00"),
            ("No decline of quality", "2 of 3", "3 of 3", "", "not met", "$0.00"),
            ("Panel large enough", "4,999", "5,000", f"{MINUS}1", "not met", "$606,400.00"),
            ("Cost trend within the limit", "1.0378", "below 1.03", f"{MINUS}0.0078", "not met", "$0.00"),
            ("Minimum savings rate", "5.88%", "2.00%", "+$400,000.00", "yes", "$0.00"),
        ]
        assert [list(gate.missed_by) for gate in seen.gates[2:4]] == [["Breast cancer screening"]] * 2
        assert seen.sentences[1:] == [
            "5 gates were not met: Minimum quality score, Must-pass measures, No decline of quality, Panel large enough and Cost trend within the limit.",
            "Of the gross savings of $606,400.00, the step that took most was “Gates”: $606,400.00.",
        ]

    def test_met(self, tmp_path: Path) -> None:
        seen = many_gates(tmp_path, {"panel_size": "5000", "prior_expenditure_pmpm": "400.00"}, "380")
        assert seen.sentences[1] == "All 7 gates were met, and no cap applied."
        funders, participants = seen.tables
        assert funders.total is not None
        assert funders.total.cells == ["100%", "$272,880.00", "$5,000.00", "$267,880.00"]
        assert participants.total is not None
        assert participants.total.cells == ["100%", "$271,880.00"]
        assert participants.aside == "After $1,000.00 for expenses, which come first."
