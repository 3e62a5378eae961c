"""`p4v check`: what it says of sound files, of faults in several, and of cases that come out otherwise."""

import json
from pathlib import Path

import pytest

from contracts import CASE, CONTRACT, Desk
from support import p4v

FILE = "configs/contracts/axene.yaml"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    found = Desk(tmp_path)
    found.write(FILE, CONTRACT + CASE)
    return found


def test_sound_files_are_named_with_their_cases(desk):
    result = p4v("check", "configs")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "ok  configs/contracts/axene.yaml  (1 case)",
        "ok  configs/programs/shared-savings.yaml",
    ]


@pytest.mark.parametrize(
    "find, replace, code, field",
    [
        ("earned: 312500.00", "earned: 312500.01", "V007", "cases.0.lines.earned"),
        ("earned: 312500.00", "earned: 312499.99", "V007", "cases.0.lines.earned"),
        (" savings_rate: 1%, earned", " savings_rate: 1.000001%, earned", "V007", "cases.0.lines.savings_rate"),
        (" savings_rate: 1%, earned", " savings_rat: 1%, earned", "V007", "cases.0.lines.savings_rat"),
    ],
)
def test_a_case_that_comes_out_otherwise(desk, find, replace, code, field):
    line, _ = desk.edit(FILE, find, replace)
    ((place, found_code, found_field),) = desk.refused(6, FILE, command="check")
    assert (found_code, found_field) == (code, field)
    assert place.startswith(f"{FILE}:{line}:")


@pytest.mark.parametrize(
    "find, replace, code, field",
    [
        ("expenditure: 61875000.00", "expenditur: 61875000.00", "C020", "cases.0.figures.expenditur"),
        ("member_months: 125000", "member_months: x", "C030", "cases.0.figures.member_months"),
        ("member_months: 125000", "member_months: -1", "C040", "cases.0.figures.member_months"),
        ("member_months: 125000, ", "", "C022", "cases.0.figures"),
        ("earned: 312500.00", "earned: much", "C030", "cases.0.lines.earned"),
        ("    source:", "    period: 2031\n    source:", "C037", "cases.0.period"),
        ("    source:", "    perod: 2014\n    source:", "C020", "cases.0.perod"),
    ],
)
def test_a_case_that_cannot_be_computed(desk, find, replace, code, field):
    desk.edit(FILE, find, replace)
    found = desk.refused(3, FILE, command="check")
    assert (code, field) in [(found_code, found_field) for _, found_code, found_field in found], found


@pytest.mark.parametrize(
    "stated, earned",
    [
        ("", "312500.00"),
        ("    period: 2015\n", "343750.00"),
        ("    period: 2015\n    known: 2014-08-31\n", "312500.00"),
    ],
)
def test_period_and_day_of_knowledge_of_a_case(desk, stated, earned):
    """55% of 625,000 is 343,750 once the amendment is known."""
    desk.edit(FILE, "    source:", f"{stated}    source:")
    desk.edit(FILE, "earned: 312500.00", f"earned: {earned}")
    assert p4v("check", FILE).exit_code == 0


def test_every_faulty_file_is_reported_and_the_sound_ones_named(desk):
    desk.write("configs/contracts/b.yaml", CONTRACT.replace("50%", "150%"))
    desk.write("configs/contracts/c.yaml", CONTRACT + CASE.replace("312500.00", "1.00"))
    desk.write("configs/contracts/d.yaml", "a: 1\n")
    result = p4v("check", "configs")
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "ok  configs/contracts/axene.yaml  (1 case)",
        "ok  configs/programs/shared-savings.yaml",
    ]
    codes = [line.split("error[")[1].split("]")[0] for line in result.stderr.splitlines() if "error[" in line]
    assert codes == ["P4V-C040", "P4V-V007", "P4V-C022"]
    as_json = p4v("check", "configs", "--json")
    assert [json.loads(line)["code"] for line in as_json.stderr.splitlines()] == codes


def test_a_case_in_a_file_of_its_own(desk):
    case = "case: Half\nsource: by hand\ncontract: axene\nfigures: {member_months: 125000, expenditure: 61875000.00}\nlines: {earned: 312500.00}\n"
    desk.write("configs/cases/half.yaml", case)
    assert p4v("check", "configs/cases/half.yaml").stdout == "ok  configs/cases/half.yaml  (1 case)\n"
    desk.write("configs/cases/half.yaml", case.replace("312500.00", "1.00"))
    assert desk.refused(6, "configs/cases/half.yaml", command="check")[0][1] == "V007"
    desk.write("configs/cases/half.yaml", case.replace("contract: axene", "contract: axena"))
    assert desk.refused(3, "configs/cases/half.yaml", command="check")[0][1] == "C014"


def test_a_folder_without_files(desk):
    (desk.folder / "empty").mkdir()
    assert desk.refused(2, "empty", command="check") == [("empty", "U009", None)]
