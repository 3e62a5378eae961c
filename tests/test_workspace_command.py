"""A new user's way: `p4v init`, `p4v settle --period`, the same again, rerun, and everything that can go wrong."""

import csv
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from p4v import cli_workspace
from p4v.report import deliver
from p4v.runs import store
from support import p4v
from workspaces_started import files_below, settled_runs, started


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh workspace, settled for its year."""
    folder = started(tmp_path_factory.mktemp("init") / "mine")
    result = p4v("settle", "--workspace", folder, "--period", "2014")
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = started(tmp_path / "mine")
    monkeypatch.chdir(folder)
    return folder


def rows_of(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "runs/register.csv").open(newline="", encoding="utf-8") as file:
        return {row["group"]: row for row in csv.DictReader(file)}


def independent(folder: Path, group: str, point: int) -> tuple[int, int]:
    """Member months and cents of a group, added up from the file by hand: hospice out, each member cut at the point."""
    members: dict[str, int] = {}
    months = 0
    with (folder / "data/member_months.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["group"] != group or row["cohort"] == "hospice":
                continue
            months += 1
            cents = sum(int(row[name].replace(".", "")) for name in row if name.startswith("allowed_"))
            members[row["person"]] = members.get(row["person"], 0) + cents
    return months, sum(min(cents, point * 100) for cents in members.values())


def test_what_init_makes_settles_as_a_hand_would(done: Path) -> None:
    rows = rows_of(done)
    months, cents = independent(done, "riverside", 20_000)
    saved = 58_000 * months - cents
    assert rows["riverside"]["member_months"] == str(months)
    assert rows["riverside"]["gross_savings"] == f"{saved // 100}.{saved % 100:02}"
    assert saved * 100 > 2 * 58_000 * months
    earned = (saved + 1) // 2
    assert rows["riverside"]["earned"] == f"{earned // 100}.{earned % 100:02}"
    net = earned + 200 * months - 60_000
    assert rows["riverside"]["net"] == f"{net // 100}.{net % 100:02}"
    months, cents = independent(done, "lakeside", 20_000)
    saved = 44_000 * months - cents
    assert 0 < saved * 100 < 3 * 44_000 * months
    assert (rows["lakeside"]["earned"], rows["lakeside"]["gates_missed"]) == ("0.00", "1")


def test_what_is_printed(done: Path) -> None:
    result = p4v("settle", "--workspace", done, "--period", "2014")
    lines = result.stdout.splitlines()
    rows = rows_of(done)
    assert lines[0].split() == ["group", "period", "earned", "net", "why"]
    assert lines[1].startswith("lakeside   2014-01 to 2014-12")
    assert lines[1].endswith("missed minimum savings rate (1.75% of 3.00%)")
    assert f"${int(rows['riverside']['net'].split('.')[0]):,}." in lines[2]
    assert lines[3] == f"runs       {done}/runs: 0 written, 2 already settled"
    assert lines[4] == f"register   {done}/runs/register.html"
    assert result.stderr == ""


def test_what_a_run_of_tables_holds(done: Path) -> None:
    run = settled_runs(done)["riverside"]
    manifest = json.loads((run / "manifest.json").read_bytes())
    assert {entry["path"] for entry in manifest["inputs"]} == {
        "inputs/contracts/riverside.yaml", "inputs/programs/shared-savings.yaml", "inputs/figures.json",
    }  # fmt: skip
    (months,) = (entry for entry in manifest["tables"] if entry["role"] == "member_months")
    assert (months["rows"], months["known_at"]) == (578, "2015-06-30")
    assert months["sha256"] in (run.with_name(f"{run.name}.reports") / "statement.html").read_text()
    document = json.loads((run / "settlement.json").read_bytes())
    hospice = [entry for entry in document["controls"] if entry["rule"] == "hospice"]
    assert [(entry["window"], entry["rows"]) for entry in hospice] == [("performance", 2)]
    assert "M001" not in (run / "inputs/figures.json").read_text()
    for path in run.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_rerun_from_the_figures_and_from_the_tables(done: Path, tmp_path: Path) -> None:
    for run in settled_runs(done).values():
        assert p4v("rerun", run).stdout == "identical\n"
        assert p4v("rerun", run, "--workspace", done).stdout == "identical\n"


def test_rerun_from_other_tables_names_the_first_line(done: Path, tmp_path: Path) -> None:
    other = started(tmp_path / "other")
    table = other / "data/member_months.csv"
    lines = table.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith("riverside") and ",0.00," in line)
    lines[place] = lines[place].replace(",0.00,", ",1.00,", 1)
    table.write_text("".join(lines))
    (other / "p4v.yaml").write_text(
        (other / "p4v.yaml").read_text().replace("  expected_totals", "  # expected_totals")
    )
    run = settled_runs(done)["riverside"]
    result = p4v("rerun", run, "--workspace", other)
    assert result.exit_code == 6
    assert "error[P4V-V006]" in result.stderr
    assert "reported_expenditure.inpatient, exact" in result.stderr
    assert p4v("rerun", settled_runs(done)["lakeside"], "--workspace", other).stdout == "identical\n"


def test_a_changed_figure_of_a_run(done: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / settled_runs(done)["riverside"].name
    shutil.copytree(settled_runs(done)["riverside"], copy)
    (copy / "inputs/figures.json").write_bytes((copy / "inputs/figures.json").read_bytes().replace(b"342", b"343"))
    result = p4v("rerun", copy)
    assert (result.exit_code, "error[P4V-V001]" in result.stderr) == (6, True)


def test_nothing_changes_when_it_is_settled_again(fresh: Path) -> None:
    assert p4v("settle", "--period", "2014").exit_code == 0
    before = files_below(fresh)
    assert p4v("settle", "--period", "2014").exit_code == 0
    assert files_below(fresh) == before


def test_a_dry_run_writes_nothing(fresh: Path) -> None:
    before = files_below(fresh)
    result = p4v("settle", "--period", "2014", "--dry-run")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "dry run: nothing was written")
    assert files_below(fresh) == before


def test_one_object_to_each_group(fresh: Path) -> None:
    result = p4v("settle", "--period", "2014", "--json")
    lakeside, riverside = (json.loads(line) for line in result.stdout.splitlines())
    assert (lakeside["group"], lakeside["state"], lakeside["earned"]) == ("lakeside", "settled", "0.00")
    assert riverside["run"] == settled_runs(fresh)["riverside"].name
    assert riverside["period"] == {"from": "2014-01", "to": "2014-12"}
    assert result.stderr.splitlines()[-1] == "register   runs/register.html"


def test_one_group_leaves_the_register_alone(fresh: Path) -> None:
    assert p4v("settle", "--period", "2014", "--group", "lakeside").exit_code == 0
    assert list(settled_runs(fresh)) == ["lakeside"]
    assert not (fresh / "runs/register.html").exists()


def test_an_unknown_group(fresh: Path) -> None:
    before = files_below(fresh)
    result = p4v("settle", "--period", "2014", "--group", "riversde")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "error[P4V-D038] --group riversde" in result.stderr
    assert "did you mean `riverside`?" in result.stderr
    assert files_below(fresh) == before


def test_a_period_without_an_agreement(fresh: Path) -> None:
    before = files_below(fresh)
    result = p4v("settle", "--period", "2017")
    assert result.exit_code == 0
    assert result.stdout.count("not settled: the agreement holds from 2014-01-01 to 2016-12-31") == 2
    assert files_below(fresh) == before


def test_a_quarter(fresh: Path) -> None:
    assert p4v("settle", "--period", "2014Q2").exit_code == 0
    run = settled_runs(fresh)["lakeside"]
    assert run.name.startswith("lakeside-2014-01-2014-06-interim-v1-")
    lines = {line["name"]: line for line in json.loads((run / "settlement.json").read_bytes())["lines"]}
    with (fresh / "data/member_months.csv").open(newline="") as file:
        months = [row["year_month"] for row in csv.DictReader(file) if row["group"] == "lakeside"]
    quarter = sum(month in ("2014-04", "2014-05", "2014-06") for month in months)
    assert lines["fee_member_months"]["value"] == str(quarter)
    assert lines["member_months"]["value"] == str(sum(month <= "2014-06" for month in months))
    statement = (fresh / "runs" / f"{run.name}.reports" / "statement.md").read_text(encoding="utf-8")
    assert "| Performance period | January to June 2014 |" in statement
    assert "| Months of the care coordination fee | April to June 2014 |" in statement
    assert p4v("rerun", run).stdout == "identical\n"
    assert p4v("rerun", run, "--workspace", fresh).stdout == "identical\n"


@pytest.mark.parametrize(
    "options, code",
    [
        ([], "U012"), (["--period", "2014Q5"], "U007"), (["--period", "2014", "--known", "x"], "U007"),
        (["--period", "2014", "--paid-through", "2015-02-30"], "U007"), (["--period", "2014", "--status", "done"], "U008"),
        (["--period", "2014", "--out", "runs"], "U012"), (["--period", "2014", "--notice"], "U012"),
        (["contracts/lakeside.yaml", "--period", "2014"], "U012"), (["--period", "2014", "--templates", "no"], "U020"),
    ],
)  # fmt: skip
def test_options_that_do_not_go(fresh: Path, options: list[str], code: str) -> None:
    before = files_below(fresh)
    result = p4v("settle", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error[P4V-{code}]" in result.stderr
    assert files_below(fresh) == before


def test_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = p4v("settle", "--period", "2014")
    assert result.exit_code == 3
    assert "p4v.yaml: error[P4V-C008]: found no such file" in result.stderr


def test_runs_behind_a_planted_link(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (fresh / "runs").symlink_to(tmp_path / "elsewhere")
    assert p4v("settle", "--period", "2014").exit_code == 3 + 5
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_own_templates_of_the_workspace(fresh: Path) -> None:
    (fresh / "mine").mkdir()
    (fresh / "mine/statement.md.j2").write_text("for {{ statement.group_name | md }}\n")
    assert p4v("settle", "--period", "2014", "--templates", "mine").exit_code == 0
    reports = settled_runs(fresh)["lakeside"].with_name(f"{settled_runs(fresh)['lakeside'].name}.reports")
    assert (reports / "statement.md").read_text() == "for Lakeside Physicians (illustrative)\n"


def test_a_template_at_fault_writes_nothing(fresh: Path) -> None:
    (fresh / "mine").mkdir()
    (fresh / "mine/statement.md.j2").write_text("{{ statement.amount }}\n")
    before = files_below(fresh)
    assert p4v("settle", "--period", "2014", "--templates", "mine").exit_code == 3
    assert files_below(fresh) == before


@pytest.mark.parametrize("where", ["reports", "register_files", "write_all"])
def test_interrupted_at_any_step(fresh: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deliver, where, interrupted)
    before = files_below(fresh)
    result = p4v("settle", "--period", "2014")
    assert (result.exit_code, result.stderr) == (130, "interrupted; nothing was written\n")
    assert files_below(fresh) == before


INTERRUPTING = """
import importlib, signal, sys
module, name, number = sys.argv.pop(1).split(":")
owner, calls = importlib.import_module(module), []
*classes, name = name.split(".")
for inner in classes:
    owner = getattr(owner, inner)
real = getattr(owner, name)
def interrupted(*arguments, **options):
    calls.append(name)
    if len(calls) == int(number):
        signal.raise_signal(signal.SIGINT)
    return real(*arguments, **options)
setattr(owner, name, interrupted)
from p4v.__main__ import main
main()
"""
"""The program, interrupted as it calls a function for the n-th time: MODULE:FUNCTION:NUMBER, then its arguments."""


@pytest.mark.parametrize(
    "where, written",
    [
        ("typer:Typer.__init__:1", False), ("p4v.workspace.settle:settle_contracts:1", False),
        ("p4v.experience.rollup:roll_up:1", False), ("p4v.settlement:worksheet:2", False),
        ("p4v.report.workbook:workbook:2", False), ("p4v.runs.store:_fill:2", False), ("p4v.runs.store:_rename:1", True),
        ("pathlib:Path.rename:1", True), ("pathlib:Path.rename:4", True), ("p4v.cli_workspace:written_lines:1", True),
    ],
)  # fmt: skip
def test_an_interruption_of_the_program(fresh: Path, where: str, written: bool) -> None:
    """BAD-244: at whatever step it comes, whole runs or none, and never a traceback once p4v is read."""
    before = files_below(fresh)
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTING, where, "settle", "--period", "2014"], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(cli_workspace.__file__).parents[1])}, timeout=120,
    )  # fmt: skip
    left = "what was written until then is whole" if written else "nothing was written"
    assert (ended.returncode, ended.stderr) == (130, f"interrupted; {left}\n")
    after = files_below(fresh)
    assert not [name for name in after if "/." in name]
    if not written:
        assert after == before
        return
    again = p4v("settle", "--period", "2014")
    assert again.stdout.splitlines()[-2:] == [
        "runs       runs: 0 written, 2 already settled", "register   runs/register.html",
    ]  # fmt: skip
    assert files_below(fresh) == after


def test_a_disk_that_is_full(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 9:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(store.os, "fsync", full)
    before = files_below(fresh)
    result = p4v("settle", "--period", "2014")
    assert result.exit_code == 5
    assert "error[P4V-S003]: found No space left on device" in result.stderr
    assert files_below(fresh) == before


def test_init_wants_an_empty_folder(fresh: Path) -> None:
    before = files_below(fresh)
    result = p4v("init", fresh)
    assert result.exit_code == 2
    assert "found a folder that is not empty" in result.stderr
    assert files_below(fresh) == before


def test_init_is_the_same_every_time_and_checks_clean(fresh: Path, tmp_path: Path) -> None:
    other = started(tmp_path / "with blank")
    assert files_below(other) == files_below(fresh)
    result = p4v("init", tmp_path / "an other")
    assert result.stdout.splitlines()[-1] == f"next       cd '{tmp_path}/an other' && p4v settle --period 2014"
    assert p4v("check", other / "contracts").exit_code == 0
    assert p4v("data", "check", "--workspace", other).exit_code == 0


def test_the_bar_is_for_terminals_alone() -> None:
    class Screen:
        def __init__(self, terminal: bool) -> None:
            self.terminal, self.text = terminal, ""

        def isatty(self) -> bool:
            return self.terminal

        def write(self, text: str) -> None:
            self.text += text

        def flush(self) -> None:
            pass

    for terminal in (True, False):
        screen: Any = Screen(terminal)
        with cli_workspace.Stages(screen) as step:
            for what in ("reading tables", "rolling up 1 of 2", "settling 57 of 114", "writing"):
                step(what)
        if not terminal:
            assert screen.text == ""
            continue
        shown = [part.rstrip() for part in screen.text.split("\r") if part.strip()]
        assert shown == [
            "[........................] reading tables", "[#########...............] rolling up 1 of 2",
            "[###############.........] settling 57 of 114", "[##################......] writing",
        ]  # fmt: skip
        assert screen.text.endswith("\r")


WITHOUT_PANDAS = """
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise AssertionError("settling loads pandas, which takes longer than a small settlement")
sys.meta_path.insert(0, Refusing())
from p4v.__main__ import main
main()
"""


def test_settling_loads_no_pandas(fresh: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANDAS, "settle", "--period", "2014"], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(cli_workspace.__file__).parents[1])}, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
