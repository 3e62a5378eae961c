"""The waterfall from gross savings to what is earned, also where a contract rounds to dollars; worked by hand."""

from fractions import Fraction
from pathlib import Path

import pytest

from evaluator import evaluate_line
from p4v.contract.documents import Library
from p4v.errors import Refusal
from p4v.figures import Figure, Figures
from p4v.periods import Period
from p4v.settlement import worksheet
from p4v.units import Unit
from p4v.worksheet import Worksheet
from support import CONFIGS

GIVEN = {
    "assigned_beneficiaries": ("10000", Unit.COUNT),
    "benchmark": ("100000000", Unit.USD),
    "expenditure": ("95999999.99", Unit.USD),
    "printed_minimum_savings_rate": ("0.03", Unit.RATE),
    "quality_score": ("0.9", Unit.RATE),
    "met_quality_standard": ("1", Unit.FLAG),
    "met_alternative_standard": ("0", Unit.FLAG),
}


def settled(folder: Path, rounding: str) -> Worksheet:
    """Gross savings of 4,000,000.01: 0.45 of it is 1,800,000.0045, and 98% of that 1,764,000.00441."""
    child = f"program: child\nextends: mssp-track-1\ntitle: Child\nterms:\n  rounding: {{earned: {rounding}}}\n"
    (folder / "programs").mkdir()
    (folder / "programs" / "child.yaml").write_text(child, encoding="utf-8")
    program = Library([folder, CONFIGS]).program("child")
    origin = {"table": "t", "column": "c"}
    figures = {name: Figure(Fraction(text), unit, "§1", origin) for name, (text, unit) in GIVEN.items()}
    return worksheet(program, Period.of_months(2014, 1, 12), None, Figures(figures))


def bars(sheet: Worksheet) -> dict[str, str]:
    return {line.name: str(line.value_text()) for line in sheet.lines if line.name.startswith("waterfall.")}


def test_rounded_to_cents(tmp_path: Path) -> None:
    sheet = settled(tmp_path, "{places: 2, rule: half_up}")
    assert sheet["earned"].value_text() == "1764000.00"
    # Cut to cents the bars give 4,000,000.01 - 2,200,000.00 - 36,000.00 = 1,764,000.01: the cent too much comes off the
    # share, whose remainder of 0.55 cents is the largest.
    assert bars(sheet) == {
        "waterfall.gross_savings": "4000000.01",
        "waterfall.gate": "0",
        "waterfall.share": "-2200000.01",
        "waterfall.final_multiplier": "-36000",
        "waterfall.cap_payment": "0",
    }


@pytest.mark.parametrize("rule, earned, rest", [("down", "1764000", "0"), ("up", "1764001", "1")])
def test_rounded_to_dollars_the_rounding_is_a_bar(tmp_path: Path, rule: str, earned: str, rest: str) -> None:
    sheet = settled(tmp_path, f"{{places: 0, rule: {rule}}}")
    assert sheet["earned"].value_text() == earned
    assert sheet["rounding_change"].exact == Fraction(earned) - Fraction("1764000.00441")
    found = bars(sheet)
    assert sum(Fraction(text) for text in found.values()) == Fraction(earned)
    assert abs(Fraction(found["waterfall.rounding"]) - Fraction(rest)) <= Fraction(1, 100)
    documents = {line.name: line.document(number) for number, line in enumerate(sheet.lines, start=1)}
    for name, document in documents.items():
        if name.startswith(("waterfall.", "rounding_change")):
            assert evaluate_line(document, documents) == Fraction(document["exact"])


def test_more_places_than_cents_are_no_payable_amount(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        settled(tmp_path, "{places: 3, rule: half_up}")
    assert [(finding.code, finding.field) for finding in refused.value.findings] == [
        ("P4V-C040", "terms.rounding.earned.places")
    ]
