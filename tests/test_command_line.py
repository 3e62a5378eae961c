"""The command line and the packaging: help, exit codes of bugs and interruptions, statements, and a wheel that works."""

import json
import os
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from p4v import __version__, batch
from support import CONFIGS, MEDICARE, MSSP_COLUMNS, MSSP_ROW, ROOT, csv_text, p4v


def written(folder: Path, **cells: str) -> Path:
    """The reports of one row."""
    table = folder / "table.csv"
    table.write_text(csv_text(MSSP_COLUMNS, [MSSP_ROW | cells]), encoding="utf-8")
    result = p4v("settle-table", "mssp", table, "--out", folder / "R.csv", "--statements", folder / "runs")
    assert result.exit_code == 0, result.stderr
    (reports,) = (folder / "runs").glob("*.reports")
    return reports


class Text(HTMLParser):
    """The tags of a page, and its text outside the style sheet."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] != "style":
            self.text += data


def page(reports: Path) -> Text:
    parser = Text()
    parser.feed((reports / "statement.html").read_text(encoding="utf-8"))
    return parser


def test_help_names_the_commands_and_loads_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['p4v', '--help']\nimport p4v.cli\ntry:\n    p4v.cli.main()\nexcept SystemExit as end:\n"
    code += "    print(end.code, sorted({'numpy', 'pydantic', 'yaml', 'jinja2', 'xlsxwriter', 'pandas'} & set(sys.modules)))\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.rstrip().endswith("0 []")
    for command in ("settle-table", "explain", "rerun"):
        assert command in done.stdout


def test_version() -> None:
    assert p4v("--version").stdout == f"p4v {__version__}\n"


def test_usage() -> None:
    assert p4v("settle-table", "mssp").exit_code == 2
    assert p4v("rerun", "--forse").exit_code == 2
    assert p4v("no-such-command").exit_code == 2


def test_a_bug_says_so_without_a_value_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("member M0000001 cost 512.34")

    monkeypatch.setattr(batch, "settle_table", broken)
    result = p4v("settle-table", "mssp", MEDICARE / "mssp_inputs.csv", "--out", tmp_path / "R.csv")
    assert result.exit_code == 1
    assert "internal error, a bug of p4v: RuntimeError at test_command_line.py:" in result.stderr
    assert "M0000001" not in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_interrupted_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "settle_table", interrupted)
    result = p4v("settle-table", "mssp", MEDICARE / "mssp_inputs.csv", "--out", tmp_path / "R.csv")
    assert (result.exit_code, result.stderr) == (130, "interrupted; nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_results_with_terms(tmp_path: Path) -> None:
    only = "performance_year=2014,aco_id=A67373"
    arguments = ("settle-table", "mssp", MEDICARE / "mssp_inputs.csv", "--only", only, "--out")
    assert p4v(*arguments, tmp_path / "a.csv").stdout == f"1 of 1334 rows settled\nresults    {tmp_path / 'a.csv'}\n"
    assert p4v(*arguments, tmp_path / "b.csv", "--terms").exit_code == 0
    without, with_terms = ((tmp_path / name).read_text().split("\n")[0].split(",") for name in ("a.csv", "b.csv"))
    assert set(with_terms) - set(without) == {
        "smallest_population_of_table", "score_scales_sharing_rate", "alternative_standard_counts", "maximum_sharing_rate",
        "final_multiplier", "payment_cap_of_benchmark",
    }  # fmt: skip
    assert [name for name in with_terms if name in without] == without


class TestStatements:
    def test_what_a_statement_shows(self, tmp_path: Path) -> None:
        reports = written(tmp_path, expenditure="96000000.01", quality_score="0.9")
        document = json.loads((reports.with_suffix("") / "settlement.json").read_bytes())
        shown = page(reports)
        markdown = (reports / "statement.md").read_text(encoding="utf-8")
        # 0.98 x 0.5 x 0.9 x 3,999,999.99 = 1,763,999.99559
        assert "Earned by the group" in shown.text
        assert "$1,764,000.00" in shown.text
        assert "**Earned by the group: $1,764,000.00**" in markdown
        assert "rounded half up to 2 places, once, from 1763999.99559" in shown.text
        assert "$3,999,999.99 if $3,999,999.99 ≥ 3% × $100,000,000.00, else 0" in " ".join(shown.text.split())
        for line in document["lines"]:
            if not line["name"].startswith(("waterfall.", "savings_change.")):
                assert line["label"] in shown.text
                assert line["clause"] in shown.text
        assert "script" not in shown.tags
        assert not any(name.startswith("on") or name in ("src", "href") for name in shown.attributes)

    @pytest.mark.parametrize(
        "cells, headline",
        [
            ({"expenditure": "99999999"}, "Nothing earned or owed"),
            ({"track": "T3", "performance_year": "2018", "expenditure": "110000000"}, "Owed by the group"),
        ],
    )
    def test_unhappy_cases(self, tmp_path: Path, cells: dict[str, str], headline: str) -> None:
        shown = page(written(tmp_path, **cells)).text
        assert headline in shown
        assert ("\N{MINUS SIGN}$4,000,000.00" in shown) is (headline == "Owed by the group")

    @pytest.mark.parametrize(
        "name",
        [
            '<script>alert(1)</script> "x" onmouseover="alert(1)',
            "{{ cycler.__init__ }}",
            "=cmd|'/c calc'!A1",
            "| a | **b** |",
        ],
    )
    def test_names_are_text_everywhere(self, tmp_path: Path, name: str) -> None:
        reports = written(tmp_path, aco_name=name)
        shown = page(reports)
        assert name in shown.text
        assert "script" not in shown.tags
        assert not any(attribute.startswith("on") for attribute in shown.attributes)
        markdown = (reports / "statement.md").read_text(encoding="utf-8")
        assert "<script>" not in markdown
        assert "| **b** |" not in markdown
        with zipfile.ZipFile(reports / "workbook.xlsx") as book:
            assert not any(b"<f>cmd" in book.read(part) for part in book.namelist())


def test_a_wheel_carries_programs_tables_templates_and_the_lock(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
    ]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("p4v-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    for folder in ("programs", "tables"):
        names = {path.name for path in (CONFIGS / folder).iterdir()}
        assert {path.name for path in (installed / "p4v" / "_resources" / "configs" / folder).iterdir()} == names
    code = "import p4v; print(p4v.__file__)\nfrom p4v.cli import app; app()"
    arguments = ["settle-table", "reach", str(MEDICARE / "reach_inputs.csv"), "--out", str(tmp_path / "R.csv")]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(installed))
    assert "53 of 53 rows settled" in done.stdout
    arguments += ["--statements", str(tmp_path / "runs"), "--only", "aco_id=D0004"]
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, env=environment, check=True, timeout=60)
    (run,) = (path for path in (tmp_path / "runs").iterdir() if not path.name.endswith(".reports"))
    assert p4v("rerun", run).stdout == "identical\n"


class TestFiguresThatTheTermsNeed:
    """A user's own program and binding: what the terms need must be asked for, and given."""

    PROGRAM = """\
program: own
kind: medicare_shared_savings
title: Own program (illustrative)
order: {base: standard/1}
figures:
  expenditure: {unit: usd, clause: "§1"}
  member_months: {unit: member_months, clause: "§1"}
  quality_score: {unit: rate, clause: "§3"}
  met_quality_standard: {unit: flag, clause: "§3"}
  met_alternative_standard: {unit: flag, clause: "§3"}
terms:
  benchmark: {basis: pmpm, pmpm: 500.00, clause: "§1"}
  gate: {form: cliff, comparison: at_least, minimum_savings_rate: 1%, clause: "§2"}
  quality_standard: {score_scales_sharing_rate: no, alternative_standard_counts: no, clause: "§3"}
  share: {maximum_sharing_rate: 50%, clause: "§4"}
  rounding: {earned: {places: 2, rule: half_up}, clause: "§5"}
"""
    BINDING = """\
keys: [year, group]
group: {id: group}
period: {year: year}
program: own
figures:
  expenditure: {column: paid, unit: usd, empty: not_given, because: not known yet}
  member_months: {column: months, unit: member_months}
  quality_score: {column: quality, unit: rate}
  met_quality_standard: {column: met, unit: flag}
  met_alternative_standard: {column: met, unit: flag}
"""
    TABLE = (
        "year,group,months,paid,quality,met\n2014,axene,125000,61937500.00,1,1\n2014,axene-2,125000,61875000.00,1,1\n"
    )

    def settle(self, folder: Path, program: str, binding: str, table: str) -> tuple[int, str, str]:
        (folder / "programs").mkdir()
        (folder / "programs" / "own.yaml").write_text(program, encoding="utf-8")
        (folder / "own.yaml").write_text(binding, encoding="utf-8")
        (folder / "table.csv").write_text(table, encoding="utf-8")
        result = p4v("settle-table", folder / "own.yaml", folder / "table.csv", "--out", folder / "R.csv")
        written = (folder / "R.csv").read_text() if (folder / "R.csv").exists() else ""
        return result.exit_code, result.stderr, written

    def test_a_published_example_of_a_budget(self, tmp_path: Path) -> None:
        """Axene Health Partners: 0.9% of savings pay nothing, exactly 1% pays $312,500."""
        binding = self.BINDING.replace(", empty: not_given, because: not known yet", "")
        code, errors, written = self.settle(tmp_path, self.PROGRAM, binding, self.TABLE)
        assert code == 0, errors
        header, first, second = (line.split(",") for line in written.splitlines())
        assert dict(zip(header, first, strict=True))["earned"] == "0.00"
        assert dict(zip(header, second, strict=True))["earned"] == "312500.00"
        assert dict(zip(header, first, strict=True))["savings_rate"] == "0.009"
        assert dict(zip(header, second, strict=True))["benchmark"] == "62500000"

    def test_a_figure_that_the_program_does_not_ask_for(self, tmp_path: Path) -> None:
        program = self.PROGRAM.replace('  member_months: {unit: member_months, clause: "§1"}\n', "")
        binding = self.BINDING.replace("  member_months: {column: months, unit: member_months}\n", "ignore: [months]\n")
        binding = binding.replace("ignore: [months]\n", "") + "ignore: [months]\n"
        binding = binding.replace(", empty: not_given, because: not known yet", "")
        code, errors, written = self.settle(tmp_path, program, binding, self.TABLE)
        assert (code, written) == (3, "")
        assert "error[P4V-C022] figures: found no `member_months`" in errors

    def test_a_figure_that_a_row_does_not_give(self, tmp_path: Path) -> None:
        program = self.PROGRAM.replace("expenditure: {unit: usd,", "expenditure: {unit: usd, optional: yes,")
        code, errors, written = self.settle(tmp_path, program, self.BINDING, self.TABLE.replace("61937500.00", ""))
        assert (code, written) == (4, "")
        assert "table.csv:2: error[P4V-D013] expenditure: found a figure that is not given" in errors
