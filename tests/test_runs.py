"""Run folders: what is in them, that they come out identical anywhere, and that every change is named."""

import csv
import json
import os
import shutil
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from support import CONFIGS, MEDICARE, ROOT, p4v

ONLY = "performance_year=2014,aco_id=A67373"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results, the run and the reports of one real organisation."""
    folder = tmp_path_factory.mktemp("written")
    result = settle(folder)
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def run(written: Path, tmp_path: Path) -> Path:
    """A copy of the run, in another folder."""
    copy = tmp_path / "elsewhere" / run_of(written).name
    shutil.copytree(run_of(written), copy)
    return copy


def settle(folder: Path, *more: str) -> Any:
    table = MEDICARE / "mssp_inputs.csv"
    return p4v(
        "settle-table", "mssp", table, "--out", folder / "R.csv", "--statements", folder / "runs", "--only", ONLY, *more
    )


def run_of(folder: Path) -> Path:
    (found,) = (path for path in (folder / "runs").iterdir() if not path.name.endswith(".reports"))
    return found


def codes(text: str) -> list[str]:
    return [part.split("]")[0] for part in text.split("error[")[1:]]


def test_what_a_run_holds(written: Path) -> None:
    run = run_of(written)
    digest = sha256((run / "settlement.json").read_bytes()).hexdigest()
    assert run.name == f"A67373-2014-01-2014-12-final-v1-{digest[:12]}"
    names = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
    programs = sorted(f"inputs/programs/{path.name}" for path in (CONFIGS / "programs").glob("mssp*.yaml"))
    assert names == sorted(
        ["inputs/row.csv", "inputs/tables/mssp.yaml", *programs, "lines.csv", "manifest.json", "settlement.json"]
    )
    reports = run.with_name(f"{run.name}.reports")
    assert sorted(path.name for path in reports.iterdir()) == ["statement.html", "statement.md", "workbook.xlsx"]
    for report in ("statement.html", "statement.md"):
        assert digest in (reports / report).read_text(encoding="utf-8")


def test_the_settlement_is_canonical_and_complete(written: Path) -> None:
    content = (run_of(written) / "settlement.json").read_bytes()
    document = json.loads(content)
    assert rfc8785.dumps(document) == content
    assert {key: document[key] for key in document if key != "lines"} == {
        "schema": "p4v/settlement/1",
        "group": "A67373",
        "contract": "mssp-track-1",
        "period": {"from": "2014-01", "to": "2014-12"},
        "status": "final",
        "version": 1,
        "replaces": None,
        "controls": [],
    }
    assert str(ROOT) not in content.decode()


def test_the_row_is_kept_as_it_stood(written: Path) -> None:
    lines = (MEDICARE / "mssp_inputs.csv").read_bytes().split(b"\n")
    assert (run_of(written) / "inputs" / "row.csv").read_bytes() == lines[0] + b"\n" + lines[1] + b"\n"


def test_the_manifest_names_everything(written: Path) -> None:
    run = run_of(written)
    manifest = json.loads((run / "manifest.json").read_bytes())
    assert rfc8785.dumps(manifest) == (run / "manifest.json").read_bytes()
    for entry in [*manifest["inputs"], *manifest["outputs"]]:
        content = (run / entry["path"]).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])
        assert set(entry) == {"role", "path", "bytes", "sha256", "rows", "control_total_cents", "known_at"}
    assert {entry["role"] for entry in manifest["inputs"]} == {"binding", "program", "row"}
    table = (MEDICARE / "mssp_inputs.csv").read_bytes()
    assert manifest["table"] == {
        "name": "mssp_inputs.csv", "sha256": sha256(table).hexdigest(), "bytes": len(table), "rows": 1334, "row": 1, "line": 2,
    }  # fmt: skip
    assert manifest["lock"] == sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()
    assert (manifest["version"], manifest["replaces"], manifest["ledger_head"]) == (1, None, None)
    assert {"statement.html.j2", "statement.md.j2"} < set(manifest["templates"])


def test_lines_as_a_table(written: Path) -> None:
    run = run_of(written)
    document = json.loads((run / "settlement.json").read_bytes())
    with (run / "lines.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = ["number", "name", "label", "kind", "value", "exact", "unit", "expression", "clause", "state"]
    assert list(rows[0]) == columns
    for row, line in zip(rows, document["lines"], strict=True):
        for column in columns:
            if line["unit"] != "table" or column != "value":
                assert row[column] == ("" if line[column] is None else str(line[column]))


def test_files_are_for_their_owner_alone(written: Path) -> None:
    for path in [written / "R.csv", *(written / "runs").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_settled_again_it_is_already_settled(written: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (written / "runs").rglob("*") if path.is_file()}
    result = settle(written)
    assert result.exit_code == 0
    assert "already settled" in result.stdout
    assert {path: path.read_bytes() for path in (written / "runs").rglob("*") if path.is_file()} == before
    other = settle(tmp_path)
    assert "already settled" not in other.stdout
    again = {
        path.relative_to(tmp_path / "runs"): path.read_bytes()
        for path in (tmp_path / "runs").rglob("*")
        if path.is_file()
    }
    assert again == {path.relative_to(written / "runs"): content for path, content in before.items()}


def test_another_content_under_the_same_run_is_not_overwritten(tmp_path: Path) -> None:
    settle(tmp_path)
    lines = run_of(tmp_path) / "lines.csv"
    lines.write_bytes(b"changed")
    result = settle(tmp_path)
    assert result.exit_code == 6
    assert codes(result.stderr) == ["P4V-V001"]
    assert str(lines) in result.stderr
    assert lines.read_bytes() == b"changed"


def test_rerun_elsewhere_is_identical(run: Path) -> None:
    result = p4v("rerun", run)
    assert (result.exit_code, result.stdout) == (0, "identical\n"), result.stderr


@pytest.mark.parametrize(
    "environment, flags",
    [
        ({"TZ": "Pacific/Kiritimati"}, []),
        ({"TZ": "America/New_York", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}, []),
        ({"PYTHONHASHSEED": "1"}, []),
        ({"PYTHONHASHSEED": "4294967295", "LC_ALL": "tr_TR.UTF-8"}, []),
        ({}, ["-O"]),
        ({"PYTHONOPTIMIZE": "2", "TZ": "Asia/Kolkata"}, []),
    ],
    ids=["time zone", "locale", "hash seed", "another hash seed and locale", "-O", "-OO"],
)
def test_rerun_is_identical_anywhere(run: Path, tmp_path: Path, environment: dict[str, str], flags: list[str]) -> None:
    command = [sys.executable, *flags, "-m", "p4v", "rerun", str(run)]
    here = {**os.environ, **environment}
    done = subprocess.run(command, cwd=tmp_path, env=here, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "identical\n"), done.stderr


def test_settling_anywhere_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "LC_ALL": "tr_TR.UTF-8"}
    table = MEDICARE / "mssp_inputs.csv"
    command = [sys.executable, "-O", "-m", "p4v", "settle-table", "mssp", str(table), "--only", ONLY]
    command += ["--out", str(tmp_path / "R.csv"), "--statements", str(tmp_path / "runs")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for path in written.rglob("*"):
        if path.is_file():
            assert (tmp_path / path.relative_to(written)).read_bytes() == path.read_bytes(), path.name


def input_files() -> list[str]:
    programs = [f"inputs/programs/{path.name}" for path in sorted((CONFIGS / "programs").glob("mssp*.yaml"))]
    return ["inputs/row.csv", "inputs/tables/mssp.yaml", *programs, "settlement.json", "lines.csv"]


@pytest.mark.parametrize("name", input_files())
def test_a_flipped_byte_is_named(run: Path, name: str) -> None:
    path = run / name
    content = bytearray(path.read_bytes())
    for place in (0, len(content) // 2, len(content) - 1):
        flipped = bytearray(content)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        result = p4v("rerun", run)
        assert result.exit_code == 6
        assert codes(result.stderr) == ["P4V-V001"]
        assert f"{path}: error" in result.stderr
        assert sha256(content).hexdigest() in result.stderr
        assert sha256(flipped).hexdigest() in result.stderr


@pytest.mark.parametrize(
    "name", ["inputs/row.csv", "inputs/tables/mssp.yaml", "settlement.json", "lines.csv", "manifest.json"]
)
def test_a_missing_file_is_named_bad_265(run: Path, name: str) -> None:
    digest = sha256((run / name).read_bytes()).hexdigest()
    (run / name).unlink()
    result = p4v("rerun", run)
    assert result.exit_code == 6
    assert codes(result.stderr) == ["P4V-V002"]
    assert str(run / name) in result.stderr
    assert name == "manifest.json" or digest in result.stderr


def sealed(manifest: dict[str, Any]) -> bytes:
    """What somebody would write who knows how the seal is made."""
    rest = {key: value for key, value in manifest.items() if key != "seal"}
    return rfc8785.dumps(rest | {"seal": sha256(rfc8785.dumps(rest)).hexdigest()})


def rewritten(run: Path, /, **entries: Any) -> None:
    manifest = json.loads((run / "manifest.json").read_bytes())
    (run / "manifest.json").write_bytes(sealed(manifest | entries))


@pytest.mark.parametrize(
    "entries, named",
    [
        ({"calculation": "p4v/calculation/99"}, ["p4v/calculation/99", "p4v/calculation/1"]),
        ({"p4v": "99.0.0"}, ["99.0.0", "0.1.0"]),
        ({"p4v": "not a release"}, ["not a release"]),
        ({"schema": "p4v/manifest/2"}, ["p4v/manifest/2", "p4v/manifest/1"]),
    ],
    ids=["formulas", "release", "no release", "shape"],
)
def test_a_run_of_a_later_release_is_refused_bad_268(run: Path, entries: dict[str, str], named: list[str]) -> None:
    rewritten(run, **entries)
    result = p4v("rerun", run)
    assert result.exit_code == 6
    assert codes(result.stderr) == ["P4V-V003"]
    for version in named:
        assert version in result.stderr


def test_a_run_of_an_earlier_release_is_verified(run: Path) -> None:
    rewritten(run, p4v="0.0.9", lock="0" * 64, templates={})
    assert p4v("rerun", run).stdout == "identical\n"


@pytest.mark.parametrize("entries", [{"group_name": "Other"}, {"lock": "0" * 64}, {"run": "x"}, {"surprise": 1}])
def test_a_changed_manifest_is_named(run: Path, entries: dict[str, Any]) -> None:
    rewritten(run, **entries)
    result = p4v("rerun", run)
    assert result.exit_code == 6
    assert codes(result.stderr) == ["P4V-V001"]
    assert next(iter(entries)) in result.stderr
    assert "manifest.json" in result.stderr


def with_digests(run: Path) -> None:
    """What somebody would do who changes a file and mends the manifest."""
    manifest = json.loads((run / "manifest.json").read_bytes())
    for entry in [*manifest["inputs"], *manifest["outputs"]]:
        content = (run / entry["path"]).read_bytes()
        entry |= {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    (run / "manifest.json").write_bytes(sealed(manifest))


@pytest.mark.parametrize(
    "entry, value", [("row", 2), ("line", 1), ("rows", 7), ("name", "other.csv"), ("sha256", "0" * 64)]
)
def test_what_no_input_gives_again_is_sealed(run: Path, entry: str, value: Any) -> None:
    manifest = json.loads((run / "manifest.json").read_bytes())
    manifest["table"][entry] = value
    (run / "manifest.json").write_bytes(rfc8785.dumps(manifest))
    result = p4v("rerun", run)
    assert (result.exit_code, codes(result.stderr)) == (6, ["P4V-V001"])
    assert "manifest.json: error[P4V-V001] seal:" in result.stderr


def test_a_changed_figure_is_not_explained(run: Path) -> None:
    path = run / "settlement.json"
    path.write_bytes(path.read_bytes().replace(b"14455932.81", b"14455932.91"))
    result = p4v("explain", run, "earned")
    assert (result.exit_code, result.stdout, codes(result.stderr)) == (6, "", ["P4V-V001"])


def test_a_changed_figure_with_a_mended_manifest_names_the_first_line_that_differs(run: Path) -> None:
    content = (run / "settlement.json").read_text(encoding="utf-8")
    assert content.count("14455932.81") >= 1
    (run / "settlement.json").write_text(
        content.replace('"value":"14455932.81"', '"value":"14455933.81"'), encoding="utf-8"
    )
    with_digests(run)
    result = p4v("rerun", run)
    assert result.exit_code == 6
    assert codes(result.stderr) == ["P4V-V006"]
    assert "earned, value: found 14455933.81 in the run; allowed 14455932.81, computed again" in result.stderr


def test_a_changed_row_with_a_mended_manifest_is_found(run: Path) -> None:
    row = run / "inputs" / "row.csv"
    row.write_bytes(row.read_bytes().replace(b"418729017", b"418729018"))
    with_digests(run)
    result = p4v("rerun", run)
    assert result.exit_code == 6
    assert codes(result.stderr) == ["P4V-V006"]
    assert "expenditure" in result.stderr


def test_a_row_that_no_longer_settles_is_found(run: Path) -> None:
    row = run / "inputs" / "row.csv"
    row.write_bytes(row.read_bytes().replace(b"418729017", b"a lot"))
    with_digests(run)
    result = p4v("rerun", run)
    assert (result.exit_code, codes(result.stderr)[0]) == (6, "P4V-V005")


def test_a_planted_program_is_named(run: Path) -> None:
    planted = run / "inputs" / "programs" / "planted.yaml"
    planted.write_text("program: planted\n", encoding="utf-8")
    result = p4v("rerun", run)
    assert (result.exit_code, codes(result.stderr)) == (6, ["P4V-V004"])
    assert str(planted) in result.stderr


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_manifest_that_cannot_be_read(run: Path, content: bytes) -> None:
    (run / "manifest.json").write_bytes(content)
    result = p4v("rerun", run)
    assert (result.exit_code, codes(result.stderr)) == (6, ["P4V-V001"])


def test_no_such_run(tmp_path: Path) -> None:
    for command in ("rerun", "explain"):
        result = p4v(command, tmp_path / "nowhere")
        assert (result.exit_code, codes(result.stderr)) == (2, ["P4V-U004"])


class TestExplain:
    def test_the_lines_that_a_figure_rests_on(self, written: Path) -> None:
        shown = p4v("explain", run_of(written), "generated_savings").stdout
        names = [
            line.split(" (")[0].strip() for line in shown.split("\n") if line.startswith("     ") and line.endswith(")")
        ]
        assert [name for name in names if "=" not in name and ":" not in name] == [
            "smallest_population_of_table",
            "minimum_savings_rates_by_size",
            "benchmark",
            "expenditure",
            "assigned_beneficiaries",
            "printed_minimum_savings_rate",
            "gross_savings",
            "minimum_savings_rate",
            "generated_savings",
        ] or set(names) >= {"benchmark", "gross_savings", "minimum_savings_rate", "generated_savings"}
        assert "= gross_savings if gross_savings ≥ minimum_savings_rate × benchmark, else 0" in shown
        assert "= $32,173,449.00 if $32,173,449.00 ≥ 2.353985132838% × $450,902,466.00, else 0" in shown
        assert "clause: 42 CFR 425.604(b), (c)" in shown
        assert "origin: formula savings.generated_savings" in shown
        assert "origin: table mssp, column benchmark" in shown
        assert "earned" not in shown

    def test_by_number_and_all(self, written: Path) -> None:
        document = json.loads((run_of(written) / "settlement.json").read_bytes())
        number = next(line["number"] for line in document["lines"] if line["name"] == "generated_savings")
        by_name = p4v("explain", run_of(written), "generated_savings").stdout
        assert p4v("explain", run_of(written), str(number)).stdout == by_name
        everything = p4v("explain", run_of(written)).stdout
        for line in document["lines"]:
            assert f"     {line['name']} ({line['kind']})" in everything
        assert "rounded half up to 2 places, once, from 14455932.80831678286" in everything

    def test_an_unknown_line(self, written: Path) -> None:
        result = p4v("explain", run_of(written), "earnd")
        assert (result.exit_code, codes(result.stderr)) == (2, ["P4V-U005"])
        assert "did you mean `earned`?" in result.stderr
