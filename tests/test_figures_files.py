"""Figures files: what a group's summary may say, as YAML and as CSV, and every fault at its place without its value."""

from fractions import Fraction
from pathlib import Path

import pytest

from contracts import CONTRACT, FIGURES, Desk
from p4v.contract.models import FigureSpec
from p4v.data.figures_file import read_figures
from p4v.data.given import Fault, check_range, given_figures, number_of
from p4v.errors import Refusal
from p4v.numbers import NumberFault
from p4v.units import Unit
from support import exact

CSV = """\
name,key,value
group,,axene
period,,2014
member_months,,125000
expenditure,,61875000.00
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_yaml_and_csv_give_the_same_settlement(desk):
    desk.write("figures.csv", CSV)
    first = desk.settle()
    second = desk.settle(figures="figures.csv")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.split("\n")[0] == second.stdout.split("\n")[0]
    digests = {path.name.rsplit("-", 1)[1] for path in (desk.folder / "runs").glob("*-v1-????????????")}
    assert len(digests) == 1


def test_a_run_keeps_the_bytes_that_were_read(desk, monkeypatch):
    """A file that is written while it is read: what is settled is what is kept."""
    read = []

    def changing(path: Path) -> bytes:
        with path.open("rb") as stream:
            content = stream.read()
        read.append(path.name)
        path.write_text(CSV.replace("61875000.00", f"{len(read)}.00"))
        return content

    desk.write("figures.csv", CSV)
    monkeypatch.setattr(Path, "read_bytes", changing)
    given = read_figures(Path("figures.csv"))
    assert (given.written["expenditure"].text, given.content) == ("61875000.00", CSV.encode())


def test_names_of_figures_in_every_section(desk):
    text = FIGURES + (
        "  share_of.x: 3.5%\nmeasures:\n  bcs: {numerator: 210, denominator: 300, prior_rate: 78.4%}\n"
        "prior: {care_coordination_fee: 1.50}\npaid: {care_coordination_fee: 24.00}\n"
        "status: interim\nknown_at: 2014-12-31\nsource: the payer's statement\n"
    )
    desk.write("figures.yaml", text)
    given = read_figures(Path("figures.yaml"))
    assert {name: number.text for name, number in given.written.items()} == {
        "member_months": "125000", "expenditure": "61875000.00", "share_of.x": "3.5%",
        "numerator.bcs": "210", "denominator.bcs": "300", "prior_rate.bcs": "78.4%",
        "prior.care_coordination_fee": "1.50", "paid.care_coordination_fee": "24.00",
    }  # fmt: skip
    assert (given.group, str(given.period), given.status) == ("axene", "2014-01 to 2014-12", "interim")
    rows = [("status", "", "interim"), ("known_at", "", "2014-12-31"), ("source", "", "the payer's statement"),
            ("share_of", "x", "3.5%"), ("numerator", "bcs", "210"), ("denominator", "bcs", "300"),
            ("prior_rate", "bcs", "78.4%"), ("prior", "care_coordination_fee", "1.50"), ("paid", "care_coordination_fee", "24.00")]  # fmt: skip
    desk.write("figures.csv", CSV + "".join(f"{','.join(row)}\n" for row in rows))
    again = read_figures(Path("figures.csv"))
    assert {name: number.text for name, number in again.written.items()} == {
        name: number.text for name, number in given.written.items()
    }
    assert (again.status, again.known_at, again.period) == (given.status, given.known_at, given.period)


@pytest.mark.parametrize(
    "written, months",
    [
        ("2014", ("2014-01", "2014-12")),
        ("2014-07 to 2015-06", ("2014-07", "2015-06")),
        ("2014-03", ("2014-03", "2014-03")),
        ("{from: 2014-07, to: 2015-06}", ("2014-07", "2015-06")),
    ],
)
def test_periods(desk, written, months):
    desk.edit("figures.yaml", "period: 2014", f"period: {written}")
    period = read_figures(Path("figures.yaml")).period
    assert (period.first_month, period.last_month) == months


@pytest.mark.parametrize(
    "text, unit, value",
    [
        ("78.4%", Unit.RATE, Fraction(784, 1000)),
        ("0.784", Unit.RATE, Fraction(784, 1000)),
        ("0.000000000000000001", Unit.FACTOR, Fraction(1, 10**18)),
        ("-2118244.00", Unit.USD, Fraction(-2118244)),
    ],
)
def test_numbers_are_exact(text, unit, value):
    assert number_of(text, unit) == value


@pytest.mark.parametrize(
    "text, unit", [("50%", Unit.USD), ("1e3", Unit.USD), ("0.0000000000000000001", Unit.FACTOR), ("", Unit.USD)]
)
def test_numbers_that_are_none(text, unit):
    with pytest.raises(NumberFault):
        number_of(text, unit)


def spec(unit: str, **bounds: str) -> FigureSpec:
    return FigureSpec.model_validate({"unit": unit, "clause": "§1"} | bounds)


@pytest.mark.parametrize(
    "asked, inside, outside",
    [
        (spec("flag"), ("0", "1"), ("2", "0.5", "-1")),
        (spec("rate", at_least="0", at_most="1"), ("0", "1", "0.5"), ("-0.000001", "1.000001")),
        (spec("count", whole="yes", at_least="0"), ("0", "7"), ("0.5", "-1")),
    ],
)
def test_bounds(asked, inside, outside):
    for text in inside:
        check_range(asked, Fraction(text))
    for text in outside:
        with pytest.raises(NumberFault):
            check_range(asked, Fraction(text))


@pytest.mark.parametrize("numerator, kinds", [("299", []), ("300", []), ("301", ["above"]), ("299.5", ["people"])])
def test_people_among_people(desk, numerator, kinds):
    desk.write("figures.yaml", FIGURES + f"measures:\n  bcs: {{numerator: {numerator}, denominator: 300}}\n")
    people = spec("count", whole="yes", at_least="0")
    asked = {
        "numerator.bcs": people,
        "denominator.bcs": people,
        "member_months": spec("member_months"),
        "expenditure": spec("usd"),
    }
    faults: list[Fault] = []
    given_figures(read_figures(Path("figures.yaml")).written, asked, faults.append)
    assert [fault.kind for fault in faults] == kinds


@pytest.mark.parametrize(
    "find, replace, place, code, field",
    [
        ("group: axene", "group: axena", "1:8", "D038", "group"),
        ("group: axene", "group: a b", "1:8", "D020", "group"),
        ("group: axene\n", "", "1:1", "D013", "group"),
        ("period: 2014", "period: 2014-13", "2:9", "D033", "period"),
        ("period: 2014", "period: {from: 2014-12, to: 2014-01}", "2:29", "D033", "period.to"),
        ("period: 2014", "period: 2013", "2:9", "D035", "period"),
        ("period: 2014", "period: 2015-01 to 2016-01", "2:9", "D035", "period"),
        ("period: 2014", "period: 2014\nstatus: finale", "3:9", "D036", "status"),
        ("expenditure:", "expenditur:", "4:3", "D013", "figures"),
        ("125000", "125,000", "4:18", "D012", "figures.member_months"),
        ("125000", "-1", "4:18", "D012", "figures.member_months"),
        ("125000", "", "4:17", "D013", "figures.member_months"),
        ("125000", "[125000]", "4:18", "D016", "figures.member_months"),
        ("125000", "125000\n  member_months: 1", "5:3", "D030", "member_months"),
        ("figures:", "figuers: {}\nfigures:", "3:1", "D011", "figuers"),
        ("figures:", "prior: {fee: x}\nfigures:", "3:14", "D012", "prior.fee"),
        ("figures:\n", "figures: &a\n", "3:10", "D016", None),
        ("figures:", "\tfigures:", "3:1", "D005", None),
    ],
)
def test_faults_of_yaml(desk, find, replace, place, code, field):
    desk.edit("figures.yaml", find, replace)
    found = desk.refused(4)
    assert (f"figures.yaml:{place}", code, field) in found, found
    before = desk.settle()
    assert " |" not in before.stderr, "data files never get a frame"


@pytest.mark.parametrize(
    "find, replace, place, code, field",
    [
        ("name,key", "nam,key", "1", "D004", None),
        ("group,,axene", "group,,axena", "2:3", "D038", "group"),
        ("group,,axene\n", "", "1:1", "D013", "group"),
        ("period,,2014", "period,,2014-13", "3:3", "D033", "period"),
        ("125000", "1 25000", "4:3", "D012", "member_months"),
        ("member_months,,125000\n", "member_months,,125000\nmember_months,,1\n", "5:1", "D030", "name"),
        ("expenditure,,", "expenditur,,", "5:3", "D011", "expenditur"),
        ("125000", "125000,1", "4", "D003", None),
    ],
)
def test_faults_of_csv(desk, find, replace, place, code, field):
    assert find in CSV
    desk.write("figures.csv", CSV.replace(find, replace, 1))
    found = desk.refused(4, figures="figures.csv")
    assert (f"figures.csv:{place}", code, field) in found, found


def test_all_faults_at_once_and_no_value_in_any(desk):
    desk.write(
        "figures.yaml", "group: other\nperiod: 2014\nfigures:\n  member_months: 7654321x\n  expenditur: 61875000.00\n"
    )
    result = desk.settle()
    assert [line.split("error[")[1][:8] for line in result.stderr.splitlines() if "error[" in line] == [
        "P4V-D038", "P4V-D013", "P4V-D012", "P4V-D011",
    ]  # fmt: skip
    assert "did you mean `expenditure`?" in result.stderr
    assert "7654321" not in result.stderr
    assert "61875000" not in result.stderr


def test_a_file_that_is_not_there_or_empty(desk):
    assert desk.refused(4, figures="missing.yaml") == [("missing.yaml", "D007", None)]
    assert desk.refused(4, figures="missing.csv") == [("missing.csv", "D007", None)]
    desk.write("figures.yaml", "# later\n")
    assert desk.refused(4) == [("figures.yaml:1:1", "D006", None)]


@pytest.mark.parametrize(
    "period, status, settles",
    [
        ("2014-01 to 2014-06", "final", True),
        ("2014-07 to 2014-12", "final", True),
        ("2014", "final", False),
        ("2014-01 to 2014-03", "final", False),
        ("2014-01 to 2014-03", "interim", True),
        ("2014-02 to 2014-03", "interim", False),
        ("2014-05 to 2014-08", "interim", False),
    ],
)
def test_performance_periods(desk, period, status, settles):
    stated = "performance_periods: [{from: 2014-01, to: 2014-06}, {from: 2014-07, to: 2014-12}]\n"
    desk.write("configs/contracts/axene.yaml", CONTRACT + stated)
    desk.edit("figures.yaml", "period: 2014", f"period: {period}\nstatus: {status}")
    result = desk.settle()
    assert result.exit_code == (0 if settles else 4)
    assert settles or "error[P4V-D032] period:" in result.stderr


def test_reading_raises_one_refusal(tmp_path):
    path = tmp_path / "figures.yaml"
    path.write_text("group: axene\nperiod: soon\nstatus: done\n")
    with pytest.raises(Refusal) as refused:
        read_figures(path)
    assert [finding.code for finding in refused.value.findings] == ["P4V-D033", "P4V-D036"]


def test_given_lines_say_where_they_come_from(desk):
    import json

    assert desk.settle().exit_code == 0
    (run,) = (desk.folder / "runs").glob("*-v1-????????????")
    lines = {line["name"]: line for line in json.loads((run / "settlement.json").read_bytes())["lines"]}
    assert lines["expenditure"]["origin"] == {"table": "figures", "column": "expenditure"}
    assert exact(lines, "expenditure") == 61_875_000


def test_events_may_exceed_members_and_fractions_where_nobody_is_counted(desk):
    """1,052 events of 720 member months, and 12.5 expected readmissions, are possible; 12.5 people are not."""
    quality = (
        '  quality:\n    clause: "§5"\n    weights: equal\n    unscored: weight_shared_in_proportion\n    measures:\n'
        "      - {id: ed, kind: per_1000, better: lower, threshold: 190, target: 165}\n"
        "      - {id: oe, kind: ratio, better: lower, threshold: 1.1, target: 0.9}\n"
    )
    desk.write("configs/contracts/axene.yaml", CONTRACT.partition("amendments:")[0] + quality)
    measures = "measures:\n  ed: {numerator: 1052, denominator: 720}\n  oe: {numerator: 13, expected: 12.5}\n"
    desk.write("figures.yaml", FIGURES + measures)
    assert desk.settle().exit_code == 0


def test_keys_of_its_own_are_asked_for_by_a_star(desk):
    desk.write("figures.yaml", FIGURES + "paid: {a: 1.00, b: 2.00}\n")
    asked = {"paid.*": spec("usd", optional="yes"), "member_months": spec("member_months"), "expenditure": spec("usd")}
    faults: list[Fault] = []
    given = given_figures(read_figures(Path("figures.yaml")).written, asked, faults.append, "interim")
    assert faults == []
    assert (given.by_name["paid.b"].value, given.status) == (2, "interim")
