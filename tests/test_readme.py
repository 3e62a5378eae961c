"""What the README shows: its contract and figures, as printed, give what it says they give."""

import re
from pathlib import Path

import pytest

from support import ROOT, p4v

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRACT, FIGURES, *_ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


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
