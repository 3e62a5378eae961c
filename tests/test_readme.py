"""What the README shows: its contracts, tables and commands, as printed, give what it says they give."""

import re
import shlex
import shutil
import stat
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support import ROOT, p4v
from test_demo_settled import EXPECTED
from workspaces_started import started

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRACT, FIGURES, *_ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
WORKSPACE, MEMBERS = (
    next(block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if block.startswith(start))
    for start in ("workspace: p4v-workspace/1", "contract: hillside")
)
START = README.partition("```console\n$ p4v init x && cd x && p4v settle --period 2014\n")[2].partition("```")[0]
"""What the first three commands of a new user print."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "riverside.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "riverside-2014.yaml").write_text(FIGURES, encoding="utf-8")
    return tmp_path


def test_the_contract_is_sound_and_its_case_comes_out(desk: Path) -> None:
    result = p4v("check", "riverside.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("ok  riverside.yaml  (1 case)\n")


def test_the_amounts_are_those_printed(desk: Path) -> None:
    """401.74 x 117,404 - 44,525,643.28 = 2,640,239.68; half is 1,320,119.84.

    76.67% is above the target of 76%, so 60% of the weight is full. 143 of 712 is 20.0843% against 30% and 18%:
    (30 - 20.0843) / 12 = 0.826311 of 40%. The score is 0.930524, and 1,320,119.84 x 0.930524 = 1,228,403.65.
    """
    result = p4v("settle", "riverside.yaml", "--figures", "riverside-2014.yaml", "--out", "runs")
    assert result.exit_code == 0
    printed = README.partition("`settle` prints what is settled and where it lies:")[2].partition("```\n")[2]
    amounts = re.findall(r"\$[0-9,.]+", printed.partition("```")[0])
    assert amounts == re.findall(r"\$[0-9,.]+", result.stdout) == ["$1,228,403.65", "$978,403.65"]


def test_the_misspelling_is_reported_as_shown(desk: Path) -> None:
    (desk / "riverside.yaml").write_text(CONTRACT.replace("  benchmark:", "  benchmrak:"), encoding="utf-8")
    found = p4v("check", "riverside.yaml").stderr.split("\n")
    shown = README.partition("```\nriverside.yaml:7:3:")[2].partition("```")[0].split("\n")
    assert found[0].startswith("riverside.yaml:7:3:" + shown[0].removesuffix("…"))
    assert found[1 : len(shown) - 1] == shown[1:-1]


def test_a_period_outside_the_agreement_is_refused_or_stated_on_a_page(desk: Path) -> None:
    (desk / "late.yaml").write_text(FIGURES.replace("period: 2014", "period: 2018"), encoding="utf-8")
    arguments = ("settle", "riverside.yaml", "--figures", "late.yaml", "--out", "runs")
    refused = p4v(*arguments)
    assert (refused.exit_code, (desk / "runs").exists()) == (4, False)
    assert refused.stderr.startswith("late.yaml:2:9: error[P4V-D035] period:")
    stated = p4v(*arguments, "--notice")
    assert (stated.exit_code, stated.stderr) == (0, "")
    assert stated.stdout.startswith("not in force\npage ")
    (folder,) = (desk / "runs").iterdir()
    page = (folder / "statement.html").read_text(encoding="utf-8")
    assert "The agreement holds from 1 January 2014 to 31 December 2016" in page
    assert {path.name for path in folder.iterdir()} == {"statement.html", "statement.md"}


# From member months


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = started(tmp_path / "x")
    monkeypatch.chdir(folder)
    return folder


def section(title: str) -> str:
    """A part of the README, up to the next title."""
    return re.split(r"\n##+ ", README.partition(f"\n{title}\n")[2])[0]


def commands(title: str) -> list[str]:
    """The commands of a section's first block, without what is said of them."""
    block = section(title).partition("```\n")[2].partition("```")[0].replace("\\\n", " ")
    return [line.partition("#")[0].strip() for line in block.splitlines() if line.startswith("p4v ")]


def run(line: str) -> Any:
    return p4v(*shlex.split(line)[1:])


def test_a_new_user_sees_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = p4v("init", "x").stdout
    monkeypatch.chdir(tmp_path / "x")
    assert made + p4v("settle", "--period", "2014").stdout == START


def test_what_the_demo_earns_is_what_its_contracts_work_out() -> None:
    shown = re.findall(
        r"^([a-z]+) +20\d\d-\d\d to 20\d\d-\d\d +\$([\d,.]+) +\$([\d,.]+)", section("## Two commands"), re.MULTILINE
    )
    assert len(shown) == 4
    for group, *amounts in shown:
        assert [amount.replace(",", "") for amount in amounts] == [
            EXPECTED[group][name] for name in ("earned", "net_payment")
        ]


def test_the_workspace_file_settles_what_init_makes(workspace: Path) -> None:
    (workspace / "p4v.yaml").write_text(WORKSPACE, encoding="utf-8")
    assert p4v("settle", "--period", "2014").stdout == START.partition("2014\n")[2]


def test_the_contract_of_members_is_sound(workspace: Path) -> None:
    (workspace / "hillside.yaml").write_text(MEMBERS, encoding="utf-8")
    result = p4v("check", "hillside.yaml")
    assert (result.exit_code, result.stderr) == (0, "")


def test_every_command_of_a_workspace_runs(workspace: Path) -> None:
    shutil.copy("data/member_months.csv", "extract.csv")
    lines = commands("### Settle")
    assert len(lines) == 9
    for line in lines:
        result = run(line)
        assert result.exit_code == 0, (line, result.output)


def test_faults_are_reported_as_shown(workspace: Path) -> None:
    table = workspace / "data/member_months.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    cells = [line.split(",") for line in lines]
    cells[4][7], cells[8][2] = "12.345", "2014-13"
    table.write_text("\n".join(",".join(row) for row in cells) + "\n", encoding="utf-8")
    shown = re.findall(r"^data/member_months.csv:.*$", section("### Settle"), re.MULTILINE)
    result = p4v("data", "check", "--rejected", "rejected.csv")
    assert (result.exit_code, result.stderr.splitlines()) == (4, ["rejected   rejected.csv", *shown])
    assert stat.S_IMODE((workspace / "rejected.csv").stat().st_mode) == 0o600
    assert len((workspace / "rejected.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_claims_are_imported_and_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples/claims", tmp_path / "claims", ignore=shutil.ignore_patterns("data", "runs"))
    monkeypatch.chdir(tmp_path / "claims")
    (line,) = commands("### From claims")
    assert run(line).exit_code == 0
    assert p4v("settle", "--period", "2018").exit_code == 0


def test_the_notebook(workspace: Path) -> None:
    """The cell of the README, with the tables of the workspace as frames."""
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    frames: dict[str, Any] = {
        name: pd.read_csv(f"data/{file}.csv", dtype=str, keep_default_na=False)
        for name, file in (("frame", "member_months"), ("quality", "quality"), ("figures", "figures"))
    }
    exec(code, frames)
    result = frames["result"]
    said = re.search(r"# (Decimal\(.*\)), (Fraction\(.*\))", code)
    assert said is not None
    assert (repr(result["earned"]), repr(result.exact("earned"))) == said.groups()
    assert (result["earned"], result.exact("earned")) == (Decimal("4253.83"), Fraction(170153, 40))


def test_every_picture_and_file_that_is_named_is_there() -> None:
    named = [name for name in re.findall(r"\]\(([^)]+)\)", README) if not name.startswith(("#", "http"))]
    assert len(named) > 6
    assert [name for name in named if not (ROOT / name).exists()] == []
    for anchor in re.findall(r"\]\(#([^)]+)\)", README):
        titles = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
        assert anchor in {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
