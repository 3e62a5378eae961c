"""Cases with an answer that somebody else worked out, under tests/cases/, each through both front doors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts import findings_in
from p4v.check import check_file
from p4v.contract.documents import library_for
from p4v.money import Rule, rounded_exact
from p4v.runs.folder import contract_run
from p4v.single import settle_contract
from support import DATA, ROOT, p4v

CASES = ROOT / "tests" / "cases"
FOLDERS = ("published", "orders", "scenarios", "practice")
PRINTED = "published_examples.yaml"
SHOWN_PLACES = 12
"""Decimals to which a line without an end of its own is shown."""


def plain(path: Path) -> Any:
    """A file with every scalar as the text that stands there."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def number(text: str) -> Fraction:
    return Fraction(text.removesuffix("%")) / 100 if text.endswith("%") else Fraction(text)


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a contract; `place` counts from 1."""

    path: Path
    place: int

    @property
    def written(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = plain(self.path)["cases"][self.place - 1]
        return found

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}/{self.place}"


CONTRACTS = [path for folder in FOLDERS for path in sorted((CASES / folder).glob("*.yaml"))]
ALL = [Case(path, place) for path in CONTRACTS for place in range(1, len(plain(path)["cases"]) + 1)]


@cache
def settled(case: Case, folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The lines of `settlement.json` that a figures file with the case's figures gives."""
    contract = library_for(case.path).contract(case.path).contract
    assert contract is not None
    first = contract.first_period()
    document = {
        "group": contract.group.id,
        "period": case.written.get("period", f"{first.first_month} to {first.last_month}"),
        **{
            name: case.written[name]
            for name in ("status", "paid_through", "fee_period", "figures", "measures", "paid", "prior")
            if name in case.written
        },
    }
    figures = folder / "figures.yaml"
    figures.write_text(yaml.safe_dump(document), encoding="utf-8")
    known = date.fromisoformat(case.written["known"]) if "known" in case.written else None
    lines = settle_contract(case.path, figures, known).settlement.document()["lines"]
    return {line["name"]: line for line in lines}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("figures")


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_contract_passes_its_own_cases(path: Path) -> None:
    checked = check_file(path)
    assert list(checked.findings) == []
    assert checked.cases == len(plain(path)["cases"])


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_figures_file_gives_the_same_lines(case: Case, folder: Path) -> None:
    lines = settled(case, folder)
    assert case.written["source"]
    for name, expected in case.written["lines"].items():
        line = lines[name]
        if line["value"] is None:
            assert expected == line["state"], name
            continue
        assert number(expected) == Fraction(line["value"]), name
        places = line["rounding"]["places"] if line["rounding"] else SHOWN_PLACES
        assert abs(number(expected) - Fraction(line["exact"])) < Fraction(1, 10**places), name


def test_all_cases_pass_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = p4v("check", "tests/cases")
    assert (result.exit_code, result.stderr) == (0, "")
    named = [line.split()[1] for line in result.stdout.splitlines() if line.startswith("ok ")]
    assert {f"tests/cases/{path.relative_to(CASES)}" for path in CONTRACTS} <= set(named)


def another(text: str) -> str:
    """The number next to it, in the last digit that is written; of a state, a number."""
    if not text.removesuffix("%").removeprefix("-").replace(".", "").isdigit():
        return "1"
    digits = text.removesuffix("%")
    step = Fraction(1, 10 ** len(digits.partition(".")[2]))
    whole, places = Fraction(digits) + step, len(digits.partition(".")[2])
    sign = "-" if whole < 0 else ""
    scaled = str(int(abs(whole) * 10**places)).rjust(places + 1, "0")
    cut = len(scaled) - places
    return sign + scaled[:cut] + (f".{scaled[cut:]}" if places else "") + ("%" if text.endswith("%") else "")


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_wrong_figure_is_found(path: Path, tmp_path: Path) -> None:
    """Each expected figure of a contract is off by one in its last digit; each is found, and nothing else."""
    for program in (CASES / "programs").glob("*.yaml"):
        copy = tmp_path / "programs" / program.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(program.read_bytes())
    document = plain(path)
    wanted = set()
    for place, case in enumerate(document["cases"]):
        case["lines"] = {name: another(text) for name, text in case["lines"].items()}
        wanted |= {f"cases.{place}.lines.{name}" for name in case["lines"]}
    (tmp_path / "contracts").mkdir()
    wrong = tmp_path / "contracts" / path.name
    wrong.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    result = p4v("check", wrong)
    assert result.exit_code == 6
    found = findings_in(result.stderr)
    assert {code for _, code, _ in found} == {"V007"}
    assert {field for _, _, field in found} == wanted


# What the sources print, held against the lines


def printed() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for example in plain(DATA / PRINTED):
        assert example["address"]
        for row in example["printed"]:
            yield example["example"], row


@pytest.mark.parametrize(
    "example, row", [pytest.param(name, row, id=f"{name}: {row['what']}") for name, row in printed()]
)
def test_what_a_source_prints(example: str, row: Mapping[str, Any], folder: Path) -> None:
    path = CASES / "published" / f"{row.get('contract', example)}.yaml"
    figure = Fraction(0)
    for place in row.get("cases", [row.get("case", "1")]):
        case = Case(path, int(place))
        lines = settled(case, folder)
        own = Fraction(lines[row["line"]]["exact"])
        figure += own / Fraction(lines[row["of"]]["exact"]) if "of" in row else own
        assert row["line"] in case.written["lines"] or "of" in row or lines[row["line"]]["kind"] == "term"
    figure *= 100 if row.get("percent") else 1
    if "places" in row:
        assert row["why"]
        assert rounded_exact(figure, int(row["places"]), Rule.HALF_UP) == Fraction(row["figure"])
        assert figure != Fraction(row["figure"]), "a figure that needs no rounding is compared exactly"
    elif "taken" in row:
        assert row["why"]
        assert figure == Fraction(row["taken"]) != Fraction(row["figure"])
    elif lines[row["line"]]["rounding"] and "of" not in row:
        places = lines[row["line"]]["rounding"]["places"]
        assert rounded_exact(figure, places, Rule.HALF_UP) == Fraction(row["figure"])
    else:
        assert figure == Fraction(row["figure"])


def test_all_fifteen_examples_are_there() -> None:
    examples = plain(DATA / PRINTED)
    assert len({example["example"] for example in examples}) == len(examples) == 15
    assert all(example["printed"] for example in examples)
    used = {row.get("contract", name) for name, row in printed()}
    by_hand = {"pacci-offset-per-month"}
    assert {path.stem for path in CONTRACTS if path.parent.name == "published"} == used | by_hand


def test_printed_weights_are_rounded_and_add_up_to_less(folder: Path) -> None:
    """13.3, 33.3 and 53.3 are 99.9; the weights themselves are 10/75, 25/75 and 40/75, and add up to 1."""
    lines = settled(Case(CASES / "published" / "hvbp-domain-reweight.yaml", 1), folder)
    names = ("clinical_process", "patient_experience", "outcome")
    weights = [Fraction(lines[f"effective_weight.{name}"]["exact"]) for name in names]
    assert weights == [Fraction(10, 75), Fraction(25, 75), Fraction(40, 75)]
    assert sum(weights) == 1
    assert sum(
        Fraction(row["figure"]) for name, row in printed() if name.startswith("hvbp") and "places" in row
    ) == Fraction("99.9")


def test_the_cent_that_two_regions_lack(folder: Path) -> None:
    """The two HMO regions make 3,966.66; the HMO total is 3,966.67."""
    whole = settled(Case(CASES / "published" / "hl7-vbpr-allocation-by-product.yaml", 1), folder)
    parts = settled(Case(CASES / "published" / "hl7-vbpr-allocation-by-region.yaml", 1), folder)
    regions = sum(Fraction(parts[f"participant_share.{name}"]["value"]) for name in ("hmo_r1", "hmo_r2"))
    assert Fraction(whole["participant_share.hmo"]["value"]) - regions == Fraction("0.01")


@pytest.mark.parametrize(
    "contract, place, line, shown",
    [
        ("scenarios/3-two-sided", 1, "savings_rate", "-4.9275%"),
        ("scenarios/4-pair-together", 1, "savings_rate", "1.6589%"),
        ("scenarios/4-pair-together-at-1-5", 1, "savings_rate", "1.6589%"),
        ("orders/o6-risk-on-expenditure", 1, "gross_savings", "181818.18"),
        ("practice/per-1000", 1, "rate.ed", "175.33"),
        ("practice/excluded-with-months", 1, "expenditure_pmpm", "375.375375"),
    ],
)
def test_figures_that_are_printed_rounded(contract, place, line, shown, folder):
    exact = Fraction(settled(Case(CASES / f"{contract}.yaml", place), folder)[line]["exact"])
    figure = exact * 100 if shown.endswith("%") else exact
    digits = shown.removesuffix("%")
    assert rounded_exact(figure, len(digits.partition(".")[2]), Rule.HALF_UP) == Fraction(digits) != figure


def test_a_run_keeps_the_days_that_a_figures_file_states(tmp_path: Path) -> None:
    """Without them nobody could settle it again: what is outstanding rests on the day through which claims are paid."""
    (case,) = (one for one in ALL if str(one) == "practice/run-out-multiplier/1")
    figures = tmp_path / "figures.yaml"
    written = {"group": "group", "period": "2014", **{name: case.written[name] for name in ("paid_through", "figures")}}
    figures.write_text(yaml.safe_dump({**written, "fee_period": "2014-10 to 2014-12"}), encoding="utf-8")
    run = contract_run(settle_contract(case.path, figures))
    manifest = run.manifest()
    assert manifest["paid_through"] == "2015-03-31"
    assert manifest["fee_period"] == {"from": "2014-10", "to": "2014-12"}
