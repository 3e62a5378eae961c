"""The bad inputs of contracts that the design lists: exit code, place, field, and nothing written.

Their sketch of a contract is mapped here once to ours; the ids BAD-… are those of the list.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from contracts import CONTRACT, FIGURES, PROGRAM, Desk
from support import ROOT, p4v

FILE = "configs/contracts/axene.yaml"
QUALITY = """\
  quality:
    clause: "§5"
    weights: sum_to_100%
    unscored: weight_shared_in_proportion
    measures:
      - {id: BCS, kind: rate, better: higher, weight: 40%, threshold: 60%, target: 80%, minimum_denominator: 30}
      - {id: CDC, kind: rate, better: higher, weight: 35%, threshold: 50%, target: 75%, minimum_denominator: 30}
      - {id: READM, kind: rate, better: lower, weight: 25%, threshold: 12%, target: 8%, minimum_denominator: 30}
"""
LADDER = "by_quality_score: [{from: 0%, share: 30%}, {from: 50%, share: 40%}, {from: 80%, share: 50%}]"
TREND = "pmpm: 412.34, trend: 1.0625"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


@pytest.fixture
def sketch(desk: Desk) -> Desk:
    """The list's own contract, in our words: quality, a ladder by score, a cap."""
    desk.write(FILE, CONTRACT.partition("amendments:")[0].replace("sharing_rate: 50%", LADDER) + QUALITY)
    assert p4v("check", FILE).exit_code == 0
    return desk


@pytest.mark.parametrize("command", ["check", "settle"])
@pytest.mark.parametrize(
    "find, replace, line, column, code, field",
    [
        pytest.param("sharing_rate: 50%", "sharing_rate: 50%, sharing_rate: 52%", 9, 34, "C001", "sharing_rate", id="BAD-001"),
        pytest.param("amendments:", "notes: {1: a, '1': b}\namendments:", 10, 15, "C001", "1", id="BAD-004"),
        pytest.param("share:     {", "share:     {<<: {form: cliff}, ", 9, 15, "C002", None, id="BAD-007"),
        pytest.param("benchmark: {pmpm: 500.00", "benchmark: {pmpm: !!float 500.00", 7, 21, "C004", None, id="BAD-010-tag"),
        pytest.param("  benchmark:", "\tbenchmark:", 7, 1, "C005", None, id="BAD-013"),
        pytest.param("payer: {", "payer:\u00a0{", 4, 7, "C005", None, id="BAD-025"),
        pytest.param("500.00", '"5.1234e2"', 7, 21, "C030", "terms.benchmark.pmpm", id="BAD-034"),
        pytest.param("sharing_rate: 50%", "sharing_rate: .inf", 9, 29, "C030", "terms.share.sharing_rate", id="BAD-037"),
        pytest.param("500.00", "1.0625000000000000001", 7, 21, "C032", "terms.benchmark.pmpm", id="BAD-040"),
        pytest.param("500.00", "true", 7, 21, "C030", "terms.benchmark.pmpm", id="BAD-043"),
        pytest.param("500.00", "٢.٥٠", 7, 21, "C030", "terms.benchmark.pmpm", id="BAD-046"),
        pytest.param("500.00", '"$1,412.34"', 7, 21, "C030", "terms.benchmark.pmpm", id="BAD-049"),
        pytest.param("signed: 2013-10-01", "signed: 2024-02-30", 5, 21, "C035", "agreement.signed", id="BAD-052"),
        pytest.param(', clause: "§4.3"', "", 9, 15, "C022", "terms.share.clause", id="BAD-055-clause"),
        pytest.param("rate: 1%", "rate: 2", 8, 37, "C030", "terms.gate.minimum_savings_rate", id="BAD-058-no-sign"),
        pytest.param("rate: 1%", "rate: 200%", 8, 37, "C040", "terms.gate.minimum_savings_rate", id="BAD-058"),
        pytest.param("500.00", "-2.50", 7, 21, "C040", "terms.benchmark.pmpm", id="BAD-061"),
        pytest.param(
            "ends: 2015-12-31}", "ends: 2015-12-31}\nperformance_periods: [{from: 2014-01, to: 2014-13}]",
            6, 43, "C035", "performance_periods.0.to", id="BAD-079",
        ),
        pytest.param(
            "  benchmark:",
            "  expenditure: {basis: paid, large_claims: {form: percentil, point: 1.00}, clause: x}\n  benchmark:",
            7, 51, "C052", "terms.expenditure.large_claims.form", id="BAD-085",
        ),
        pytest.param("extends:", "calculation: shared_savings/0\nextends:", 2, 14, "C053", "calculation", id="BAD-091"),
        pytest.param("id: axene", 'id: "../../etc/cron.d/x"', 3, 13, "C031", "group.id", id="BAD-199"),
        pytest.param("id: axene", f'id: "{"A" * 300}"', 3, 13, "C031", "group.id", id="BAD-202"),
        pytest.param('"Example of', '"Example \u202epuorG', 3, 35, "C011", None, id="BAD-205"),
    ],
)  # fmt: skip
def test_a_bad_contract(desk, command, find, replace, line, column, code, field):
    desk.edit(FILE, find, replace)
    more = (FILE,) if command == "check" else ()
    assert desk.refused(3, *more, command=command) == [(f"{FILE}:{line}:{column}", code, field)]


@pytest.mark.parametrize(
    "find, replace, code, field",
    [
        pytest.param("weight: 25%", "weight: 25.0001%", "C042", "terms.quality", id="BAD-064"),
        pytest.param("{from: 50%, share", "{from: 50%, to: 85%, share", "C020", "terms.share.by_quality_score.1.to", id="BAD-067"),
        pytest.param(
            "{from: 50%, share: 40%}, {from: 80%, share: 50%}", "{from: 80%, share: 50%}, {from: 50%, share: 40%}",
            "C045", "terms.share", id="BAD-070",
        ),
        pytest.param("60%, target: 80%", "80%, target: 60%", "C047", "terms.quality.measures.0.target", id="BAD-073"),
        pytest.param("target: 80%", "target: 80", "C030", "terms.quality.measures.0", id="BAD-076-no-sign"),
        pytest.param("target: 80%", "target: 8000%", "C040", "terms.quality.measures.0.target", id="BAD-076"),
        pytest.param("better: lower", "better: lowest", "C052", "terms.quality.measures.2.better", id="BAD-085-word"),
    ],
)  # fmt: skip
def test_a_bad_scorecard_or_ladder(sketch, find, replace, code, field):
    line, _ = sketch.edit(FILE, find, replace)
    ((place, found_code, found_field),) = sketch.refused(3, FILE, command="check")
    assert (found_code, found_field) == (code, field)
    assert place.startswith((f"{FILE}:{line}:", f"{FILE}:15:7"))


@pytest.mark.parametrize(
    "content, place, code",
    [
        pytest.param("!!python/object/apply:os.mkdir ['pwned']\n", ":1:1", "C004", id="BAD-010"),
        pytest.param("# to be filled in\n", ":1:1", "C007", id="BAD-016"),
        pytest.param(None, "", "C009", id="BAD-019"),
        pytest.param(CONTRACT.replace("Example of", "Mu\u00f1oz").encode("latin-1"), ":3", "C010", id="BAD-022"),
    ],
)
def test_a_file_that_is_no_contract(desk, content, place, code):
    if content is None:
        with (desk.folder / FILE).open("wb") as file:
            file.truncate(200 << 20)
    else:
        desk.write(FILE, content)
    found = desk.refused(3, FILE, command="check")
    assert (f"{FILE}{place}", code, None) in found
    assert not (desk.folder / "pwned").exists()


@pytest.mark.parametrize("group", ["NO", "01234"], ids=["BAD-028", "BAD-031"])
def test_ids_stay_text(desk, group):
    """NO is not False and 01234 keeps its zero; then the figures are another group's."""
    desk.edit(FILE, "id: axene", f"id: {group}")
    before = desk.files()
    result = desk.settle()
    assert (result.exit_code, result.stdout) == (4, "")
    assert f"figures.yaml:1:8: error[P4V-D038] group: found another group's figures; allowed `{group}`" in result.stderr
    assert desk.files() == before
    desk.edit("figures.yaml", "group: axene", f"group: {group}")
    assert desk.settle().exit_code == 0
    assert [path.name.split("-2014")[0] for path in (desk.folder / "runs").glob("*-v1-????????????")] == [group]


def test_bad_055_a_money_term_has_no_default(desk):
    desk.edit(FILE, "pmpm: 500.00, ", "")
    found = desk.refused(3, FILE, command="check")
    assert found
    assert {(code, field) for _, code, field in found} <= {("C022", "terms.benchmark"), ("C023", "terms.benchmark")}


def test_bad_082_a_day_later_than_the_figures_know(desk):
    desk.write("figures.yaml", FIGURES + "known_at: 2014-12-31\n")  # BAD-082
    assert desk.refused(3, "--known", "2999-01-01") == [("--known", "C050", None)]
    assert desk.refused(3, "--known", "2015-01-01") == [("--known", "C050", None)]
    assert desk.settle("--known", "2014-12-31").exit_code == 0


NAMES = {
    "BAD-211": "=cmd|'/c calc'!A1",
    "BAD-214": 'x" onmouseover="alert(1)',
    "BAD-217": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_are_text_in_every_report(desk, name):
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    desk.edit(FILE, '"Example of Axene Health Partners"', f'"{quoted}"')
    assert desk.settle().exit_code == 0
    (reports,) = (desk.folder / "runs").glob("*.reports")
    page = (reports / "statement.html").read_text(encoding="utf-8")
    assert "uid=" not in page
    assert ' onmouseover="alert' not in page
    for sheet in load_workbook(reports / "workbook.xlsx"):
        for row in sheet.iter_rows():
            for cell in row:
                assert not (cell.data_type == "f" and "cmd" in str(cell.value))


def test_bad_220_a_template_outside_its_folder(desk):
    desk.write("templates/statement.html.j2", '{% include "../../../etc/passwd" %}')
    found = desk.refused(8, "--templates", "templates")
    assert found == [("templates/statement.html.j2:1", "X001", None)]


def test_bad_223_the_output_is_a_link(desk):
    (desk.folder / "elsewhere").mkdir()
    (desk.folder / "runs").symlink_to(desk.folder / "elsewhere")
    assert desk.refused(8) == [("runs", "X010", None)]
    assert list((desk.folder / "elsewhere").iterdir()) == []


def test_bad_229_an_unknown_option(desk):
    before = desk.files()
    result = p4v("settle", FILE, "--figures", "figures.yaml", "--out", "runs", "--statos", "final")
    assert result.exit_code == 2
    assert "--statos" in result.stderr
    assert "--status" in result.stderr
    assert desk.files() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"},
        {"PYTHONOPTIMIZE": "2"},
        {"TZ": "Pacific/Apia", "PYTHONHASHSEED": "7"},
    ],
    ids=["BAD-232", "BAD-235", "time-zone"],
)
def test_the_environment_changes_no_byte(tmp_path, changes):
    written = []
    for name, more in (("plain", {}), ("changed", changes)):
        folder = tmp_path / name
        desk = Desk(folder)
        shutil.copy(desk.folder / "figures.yaml", folder / "f.yaml")
        environment = os.environ | {"LC_ALL": "C", "PYTHONPATH": str(ROOT / "src")} | more
        command = [sys.executable, "-m", "p4v", "settle", FILE, "--figures", "f.yaml", "--out", "runs"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        files = (folder / "runs").rglob("*")
        written.append({str(path.relative_to(folder)): path.read_bytes() for path in files if path.is_file()})
    assert len(written[0]) == 9
    assert written[0] == written[1]


def test_ten_mistakes_are_ten_findings(desk):
    """Every one with its place, each remedied by what the message says."""
    desk.write("configs/programs/shared-savings.yaml", PROGRAM)
    changes = [
        ("id: axene", "id: ax/ene"), ("{name: Example payer}", "{nam: Example payer}"), ("2013-10-01", "2013-10-32"),
        ("500.00", "$500.00"), ("1%", "1"), ("share:  ", "shares: "), ("2014-09-01", "Sept 1"),
        ('clause: "Am. 1 §1", ', ""), ("55%", "155%"),
    ]  # fmt: skip
    places = [desk.edit(FILE, find, replace) for find, replace in changes]
    found = desk.refused(3, FILE, command="check")
    lines = [int(place.rsplit(":", 2)[1]) for place, _, _ in found]
    assert lines == sorted(lines)
    codes = [code for _, code, _ in found]
    assert codes == ["C031", "C022", "C020", "C035", "C030", "C030", "C020", "C022", "C035", "C040"], found
    assert len(found) == 10
    assert {line for line, _ in places} == set(lines)
