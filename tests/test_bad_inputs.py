"""Programs, bindings and tables that are wrong: exit code, place, field, every finding, and nothing written.

The ids BAD-… are those of the list of bad inputs that the design asks for.
"""

import csv
import errno
import io
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import Result

from support import CONFIGS, MEDICARE, ROOT, csv_text, p4v

MSSP = "configs/programs/mssp.yaml"
TRACK_1 = "configs/programs/mssp-track-1.yaml"
TRACK_2 = "configs/programs/mssp-track-2.yaml"
GLOBAL = "configs/programs/reach-global.yaml"
HOSPITAL = "configs/programs/hospital-value-based-purchasing.yaml"
BINDING = "configs/tables/mssp.yaml"
TABLE, OUT, STATEMENTS = "table.csv", "out/RESULTS.csv", "statements"
OLD_RESULTS = b"results of an earlier day\n"
MIB = 1024 * 1024
Found = tuple[str, str, str | None]
"""Place (FILE:LINE:COL), code and field of a finding."""

_FINDING = re.compile(r"(\S+): error\[P4V-([A-Z][0-9]{3})\](?: ([^:]+))?: found (.+); allowed (.+)")


def _example_rows() -> dict[str, list[dict[str, str]]]:
    def rows(name: str) -> list[dict[str, str]]:
        with (MEDICARE / f"{name}_inputs.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    mssp = rows("mssp")
    two_sided = next(row for row in mssp if row["track"] == "T2")
    return {
        "mssp": [*mssp[:3], two_sided],
        "reach": rows("reach")[:2],
        "hospital-scores": rows("hospital_scores")[:2],
    }


ROWS = _example_rows()
COLUMN = {name: place for place, name in enumerate(ROWS["mssp"][0], start=1)}


class Workspace:
    """A configs root, a table and the results of an earlier day, in the working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for room in ("programs", "tables"):
            shutil.copytree(CONFIGS / room, folder / "configs" / room)
        (folder / "out").mkdir()
        (folder / OUT).write_bytes(OLD_RESULTS)
        other_tracks = r"\n    (T1P|T3|A|B|C|D|E|EN): [a-z0-9-]+(?=\n)"
        self.write(BINDING, re.sub(other_tracks, "", self.text(BINDING)))
        self.write_rows(ROWS["mssp"])

    def write_rows(self, rows: list[dict[str, str]]) -> None:
        self.write(TABLE, csv_text(list(rows[0]), rows))

    def set(self, column: str, value: str, row: int = 0) -> None:
        """Writes the example table with one cell changed; `row` counts from 0."""
        rows = [dict(cells) for cells in ROWS["mssp"]]
        rows[row][column] = value
        self.write_rows(rows)

    def write(self, name: str, content: str | bytes) -> None:
        (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def edit(self, name: str, find: str, replace: str) -> tuple[int, int]:
        """Replaces a text that stands there, once. Returns line and column of its start."""
        before, found, after = self.text(name).partition(find)
        assert found, f"{find!r} is not in {name}"
        self.write(name, before + replace + after)
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def append(self, name: str, text: str) -> int:
        """Adds text at the end. Returns the number of its first line."""
        before = self.text(name)
        self.write(name, before + text)
        return before.count("\n") + 1

    def settle(
        self, *more: str, binding: str = BINDING, table: str = TABLE, out: str = OUT, to: str = STATEMENTS
    ) -> Result:
        return p4v("settle-table", binding, table, "--out", out, "--statements", to, *more)

    def results(self, *more: str, binding: str = BINDING) -> list[dict[str, str]]:
        """The results of a command that finds nothing wrong, without statements."""
        result = p4v("settle-table", binding, TABLE, "--out", OUT, *more)
        assert (result.exit_code, result.stderr) == (0, "")
        return list(csv.DictReader(io.StringIO(self.text(OUT))))

    def files(self) -> dict[str, tuple[int, int, bytes]]:
        """Every file, link and folder below: mode, size, and the bytes of those that are not huge."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            status = path.lstat()
            small = stat.S_ISREG(status.st_mode) and status.st_size < 2 * MIB
            found[str(path.relative_to(self.folder))] = (
                status.st_mode,
                0 if stat.S_ISDIR(status.st_mode) else status.st_size,
                path.read_bytes() if small else b"",
            )
        return found

    def refused(self, exit_code: int, *more: str, secrets: tuple[str, ...] = (), **places: str) -> list[Found]:
        """What is found by a command that is refused; it may write nothing, and repeat nothing of the table."""
        before = self.files()
        result = self.settle(*more, **places)
        assert (result.exit_code, result.stdout) == (exit_code, ""), result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        assert self.files() == before
        for cell in {*long_cells(self.folder / TABLE), *secrets}:
            assert cell not in result.stderr
        return findings_in(result.stderr)


def long_cells(path: Path) -> set[str]:
    """The cells of a table below its header that are long enough to be told from other text."""
    if not path.is_file() or path.stat().st_size > MIB:
        return set()
    text = path.read_bytes().decode("latin-1").split("\n", 1)[-1]
    cells = {cell.strip() for cell in re.split(r"[,\n\r\t;\"]", text)}
    return {cell for cell in cells if len(cell) >= 6 and not cell.isalpha()}


def findings_in(text: str) -> list[Found]:
    found = [match for match in map(_FINDING.fullmatch, text.splitlines()) if match]
    return [(match[1], match[2], match[3]) for match in found]


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


def test_workspace_is_settled_when_nothing_is_wrong(workspace):
    result = workspace.settle()
    assert (result.exit_code, result.stderr) == (0, "")
    assert workspace.text(OUT).count("\n") == 1 + len(ROWS["mssp"])
    assert len(list((workspace.folder / STATEMENTS).iterdir())) == 2 * len(ROWS["mssp"])


# YAML: what the text may hold


@pytest.mark.parametrize("name", [TRACK_1, BINDING])
@pytest.mark.parametrize(
    "text, line, column, code, field",
    [
        pytest.param("notes: {a: 1}\nnotes: {b: 1}\n", 1, 1, "C001", "notes", id="BAD-001"),
        pytest.param("notes: {1: a, '1': b}\n", 0, 15, "C001", "1", id="BAD-004"),
        pytest.param("notes:\n  <<: {a: 1}\n", 1, 3, "C002", None, id="BAD-007-merge"),
        pytest.param("notes: *b\n", 0, 8, "C003", None, id="BAD-007-alias"),
        pytest.param("notes: &b {mode: cliff}\n", 0, 8, "C003", None, id="BAD-007-anchor"),
        pytest.param("notes: !!python/object/apply:os.mkdir ['pwned']\n", 0, 8, "C004", None, id="BAD-010"),
        pytest.param("notes:\n\ta: 1\n", 1, 1, "C005", None, id="BAD-013"),
        pytest.param("notes:\u00a0cliff\n", 0, 7, "C005", None, id="BAD-025"),
        pytest.param("notes: Example \u202epuorG\n", 0, 16, "C011", None, id="BAD-205"),
        pytest.param('notes: "Example \\u202epuorG"\n', 0, None, "C011", None, id="BAD-205-escaped"),
        pytest.param("notes: x\uffff\n", 0, 9, "C011", None, id="no-character"),
        pytest.param("---\nnotes: 1\n", 0, 1, "C006", None, id="second-document"),
        pytest.param("notes: [1\n", 1, 1, "C005", None, id="malformed"),
        pytest.param("notes: " + "[" * 20 + "]" * 20 + "\n", 0, 27, "C012", None, id="deep"),
    ],
)
def test_yaml_syntax(workspace, name, text, line, column, code, field):
    first = workspace.append(name, text)
    ((place, found_code, found_field),) = workspace.refused(3)
    assert place.startswith(f"{name}:{first + line}:{column or ''}")
    assert column is None or place == f"{name}:{first + line}:{column}"
    assert (found_code, found_field) == (code, field)
    assert not (workspace.folder / "pwned").exists()


@pytest.mark.parametrize("name", [TRACK_1, BINDING])
@pytest.mark.parametrize(
    "content, place, code",
    [
        pytest.param(b"# to be filled in\n", ":1:1", "C007", id="BAD-016"),
        pytest.param(b"", ":1:1", "C007", id="empty"),
        pytest.param(b"- a\n", ":1:1", "C021", id="a-list"),
        pytest.param(b"title: Mu\xf1oz\n", ":1", "C010", id="BAD-022"),
        pytest.param(None, "", "C009", id="BAD-019"),
    ],
)
def test_yaml_file(workspace, name, content, place, code):
    if content is None:
        with (workspace.folder / name).open("wb") as file:
            file.truncate(200 * MIB)
    else:
        workspace.write(name, content)
    assert workspace.refused(3) == [(f"{name}{place}", code, None)]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "fifo"])
@pytest.mark.parametrize("name, exit_code, code", [(TRACK_1, 3, "C008"), (BINDING, 3, "C008"), (TABLE, 4, "D009")])
def test_what_is_no_file_is_not_waited_for(workspace, make, name, exit_code, code):
    """BAD-226."""
    (workspace.folder / name).unlink()
    make(workspace.folder / name)
    assert workspace.refused(exit_code) == [(name, code, None)]


# YAML: values

ORDER = "order.moves.0"
RATES = "terms.gate.minimum_savings_rates_by_size.0"
NUMBERS = {
    "percent": (MSSP, "rate: 12.2%", "rate: {0}{1}%{0}", f"{RATES}.rate"),
    "people": (MSSP, "at: 500,", "at: {0}{1}{0},", f"{RATES}.at"),
    "figure": (BINDING, "empty: 0,", "empty: {0}{1}{0},", "figures.met_alternative_standard.empty"),
}
"""File, a number in it, the same with quote and number left open, and its field."""


@pytest.mark.parametrize(
    "bad, value, code",
    [
        ("BAD-034", "1e1", "C030"),
        ("BAD-037", ".inf", "C030"),
        ("BAD-040", "1.0625000000000000001", "C032"),
        ("BAD-043", "true", "C030"),
        ("BAD-046", "٢.٥٠", "C030"),
        ("BAD-049", "$1,412.34", "C030"),
        ("blank", "1 0", "C030"),
        ("underscore", "1_0", "C030"),
        ("plus", "+1", "C030"),
        ("nothing", "", "C030"),
    ],
)
@pytest.mark.parametrize("target", NUMBERS)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_yaml_number(workspace, bad, value, code, target, quote):
    name, find, written, field = NUMBERS[target]
    line, column = workspace.edit(name, find, written.format(quote, value))
    found = workspace.refused(3)
    expected = code if target != "figure" else "C030"
    assert found == [(f"{name}:{line}:{column + written.index('{')}", expected, field)]


@pytest.mark.parametrize("value", ["1e1%", ".inf", "true", "٢%", "$2%", "2", "2.0000001%", "2 %"])
def test_yaml_number_bare(workspace, value):
    """BAD-034, 037, 043, 046, 049: bare and quoted are the same."""
    line, column = workspace.edit(MSSP, "12.2%", value)
    code = "C032" if value == "2.0000001%" else "C030"
    assert workspace.refused(3) == [(f"{MSSP}:{line}:{column}", code, f"{RATES}.rate")]


@pytest.mark.parametrize(
    "value", ["2024-02-30", "2024-13-01", "2024-1-1", "45292", "2018-01-01T00:00:00", "01.01.2018"]
)
def test_yaml_date(workspace, value):
    """BAD-052, BAD-079, BAD-160."""
    line, column = workspace.edit(MSSP, "signed: 2018-01-01", f"signed: {value}")
    assert workspace.refused(3) == [(f"{MSSP}:{line}:{column + 8}", "C035", "amendments.0.signed")]


def test_text_that_looks_like_another_type_stays_text(workspace):
    """BAD-028, BAD-031: NO is a track, 01234 an organisation."""
    workspace.edit(BINDING, "T1: mssp-track-1\n", "NO: mssp-track-1\n    1e3: mssp-track-1\n    T1: mssp-track-1\n")
    rows = [dict(row) for row in ROWS["mssp"][:2]]
    rows[0] |= {"aco_id": "01234", "track": "NO"}
    rows[1] |= {"aco_id": "12345678901234567890", "track": "1e3"}
    workspace.write_rows(rows)
    assert [row["aco_id"] for row in workspace.results()] == ["01234", "12345678901234567890"]


# Programs: what terms may say

MOVE = "step: cap_payment, after: final_multiplier"


@pytest.mark.parametrize(
    "name, find, replace, shift, code, field",
    [
        pytest.param(
            TRACK_1, 'maximum_sharing_rate: 50%, clause: "42 CFR 425.604(d)"', "maximum_sharing_rate: 50%", None,
            "C022", "terms.share.clause", id="BAD-055",
        ),
        pytest.param(TRACK_1, "50%", "50", 0, "C030", "terms.share.maximum_sharing_rate", id="BAD-058"),
        pytest.param(TRACK_1, "50%", "-50%", 0, "C040", "terms.share.maximum_sharing_rate", id="BAD-061"),
        pytest.param(TRACK_1, "50%", "100.000001%", 0, "C040", "terms.share.maximum_sharing_rate", id="BAD-076"),
        pytest.param(GLOBAL, "share: 50%", "to: 35%, share: 50%", 0, "C020", "terms.corridor.bands.1.to", id="BAD-067"),
        pytest.param(GLOBAL, "above: 35%", "above: 25%", None, "C045", "terms.corridor", id="BAD-070"),
        pytest.param(GLOBAL, "above: 0%", "above: 1%", None, "C044", "terms.corridor", id="first-band"),
        pytest.param(MSSP, "{at: 999, ", "{at: 500, ", None, "C045", "terms.gate", id="rows-out-of-order"),
        pytest.param(TRACK_2, "lowest: 40%", "lowest: 60.1%", None, "C041", "terms.loss_share", id="lowest-above"),
        pytest.param(TRACK_2, "lowest: 40%, ", "", None, "C023", "terms.loss_share", id="one-of-two"),
        pytest.param(HOSPITAL, "y, weight: 25%", "y, weight: 25.0001%", None, "C042", "terms.domains", id="BAD-064"),
        pytest.param(HOSPITAL, "id: safety, ", "id: Clinical_outcomes, ", None, "C046", "terms.domains", id="BAD-151"),
        pytest.param(MSSP, "at_least\n", "at_leest\n", 0, "C052", "terms.gate.comparison", id="BAD-085"),
        pytest.param(MSSP, "base: standard/1", "base: standard/0", 6, "C052", "order.base", id="BAD-091"),
        pytest.param(MSSP, "rule: half_up", "rule: half_op", 6, "C052", "terms.rounding.earned.rule", id="rounding-rule"),
        pytest.param(MSSP, "places: 2", "places: 7", 8, "C040", "terms.rounding.earned.places", id="rounding-places"),
        pytest.param(MSSP, "at: 500,", "at: 500.5,", 4, "C040", f"{RATES}.at", id="half-a-person"),
        pytest.param(MSSP, "  rounding: {", "  ruonding: {}\n  rounding: {", 2, "C020", "terms.ruonding", id="unknown-block"),
        pytest.param(TRACK_1, "title:", "colour: red\ntitle:", 0, "C020", "colour", id="unknown-key"),
        pytest.param(TRACK_1, "10%, ", "10%, of: 1%, ", 5, "C020", "terms.cap_payment.of", id="unknown-term"),
        pytest.param(TRACK_1, "program: mssp-track-1\n", "", None, "C022", "program", id="no-program"),
        pytest.param(TRACK_1, "program: mssp-track-1", "program: mssp-track-2", 9, "C015", "program", id="other-id"),
        pytest.param(TRACK_1, "program: mssp-track-1", "program: ../x", 9, "C031", "program", id="BAD-199"),
        pytest.param(TRACK_1, "program: mssp-track-1", "program: " + "A" * 300, 9, "C031", "program", id="BAD-202"),
        pytest.param(TRACK_1, "extends: mssp", "extends: msssp", 9, "C014", "extends", id="extends-missing"),
        pytest.param(TRACK_1, "extends: mssp", "extends: mssp-track-1", 9, "C013", "extends", id="extends-itself"),
        pytest.param(TRACK_1, "extends: mssp", "extends: ../tables/mssp", 9, "C031", "extends", id="extends-a-path"),
        pytest.param(TRACK_1, "title:", "kind: medicare_shared_savings\ntitle:", 6, "C024", "kind", id="kind-again"),
        pytest.param(TRACK_1, "title:", "order: {base: standard/1}\ntitle:", 7, "C024", "order", id="order-again"),
        pytest.param(MSSP, "    signed: 2018-01-01\n", "", None, "C022", "amendments.0.signed", id="undated"),
        pytest.param(MSSP, "    effective: 2018-01-01\n", "", None, "C022", "amendments.0.effective", id="without-day"),
        pytest.param(
            MSSP, "effective: 2019-01-01", "effective: 2014-01-02", 11, "C051", "amendments.1.effective",
            id="inside-a-period",
        ),
        pytest.param(MSSP, MOVE, "step: cap_gross, after: share", -1, "C060", ORDER, id="step-without-terms"),
        pytest.param(MSSP, MOVE, "step: cap_payment, after: floor", -1, "C060", ORDER, id="anchor-without-terms"),
        pytest.param(MSSP, MOVE, "step: share, after: share", -1, "C060", ORDER, id="next-to-itself"),
        pytest.param(MSSP, MOVE, "step: share", -1, "C060", ORDER, id="moved-nowhere"),
        pytest.param(MSSP, MOVE, "step: share, before: gate, after: gate", -1, "C060", ORDER, id="moved-twice"),
        pytest.param(TRACK_1, "cap_payment: {of_benchmark", "share: {of_benchmark", 0, "C001", "share", id="again"),
        pytest.param(MSSP, "unit: usd,", "unit: euro,", 6, "C052", "figures.benchmark.unit", id="unknown-unit"),
    ],
)  # fmt: skip
def test_program(workspace, name, find, replace, shift, code, field):
    binding, rows = BINDING, ROWS["mssp"][3:] if name == TRACK_2 else ROWS["mssp"][:3]
    if name == GLOBAL:
        binding, rows = "configs/tables/reach.yaml", ROWS["reach"]
    elif name == HOSPITAL:
        binding, rows = "configs/tables/hospital-scores.yaml", ROWS["hospital-scores"]
    workspace.write_rows(rows)
    line, column = workspace.edit(name, find, replace)
    ((place, found, found_field),) = workspace.refused(3, binding=binding)
    assert (found, found_field) == (code, field)
    assert place.split(":")[0] == name
    if shift is not None:
        assert place == f"{name}:{line}:{column + shift}"


def test_fault_of_a_file_that_programs_share_is_reported_once(workspace):
    workspace.edit(MSSP, "{at: 999, ", "{at: 500, ")
    ((place, code, field),) = workspace.refused(3)
    assert (place.split(":")[0], code, field) == (MSSP, "C045", "terms.gate")


def test_weights_name_the_sum_that_was_found(workspace):
    """BAD-064."""
    workspace.edit(HOSPITAL, "safety, weight: 25%", "safety, weight: 25.0001%")
    workspace.write_rows(ROWS["hospital-scores"])
    result = workspace.settle(binding="configs/tables/hospital-scores.yaml")
    assert "found weights that sum to 100.0001%; allowed weights that sum to exactly 100%" in result.stderr


@pytest.mark.parametrize(
    "name, find, replace, remedy",
    [
        (TRACK_1, "title:", "titel:", "did you mean `title`?"),
        (TRACK_1, "extends: mssp", "extends: msssp", "did you mean `mssp`?"),
        (TRACK_1, "{maximum_sharing_rate", "{maximum_sharing_rat", "did you mean `maximum_sharing_rate`?"),
        (MSSP, "  rounding: {", "  roundin: {", "did you mean `rounding`?"),
        (
            MSSP,
            "kind: medicare_shared_savings",
            "kind: medicare_shared_saving",
            "did you mean `medicare_shared_savings`?",
        ),
        (MSSP, "rule: half_up", "rule: halfup", "did you mean `half_up`?"),
        (BINDING, "ignore:", "ingore:", "did you mean `ignore`?"),
        (BINDING, "  guardrail: {", "  guard_rail: {", "did you mean `guardrail`?"),
        (BINDING, "T1: mssp-track-1\n", "T1: mssp-trak-1\n", "did you mean `mssp-track-1`?"),
        (BINDING, "column: track", "column: tracks", "did you mean `track`?"),
    ],
)
def test_misspelled_name_is_answered_with_the_near_one(workspace, name, find, replace, remedy):
    workspace.edit(name, find, replace)
    assert f"   = help: {remedy}\n" in workspace.settle().stderr


def test_rules_between_terms_are_checked_where_no_row_needs_them(workspace):
    """Each term is checked where it stands, also one that no group of this table has, or a later date brings."""
    workspace.write_rows(ROWS["mssp"][:3])
    workspace.edit(TRACK_2, "lowest: 40%", "lowest: 60.1%")
    assert [found[1:] for found in workspace.refused(3)] == [("C041", "terms.loss_share")]


def test_none_takes_a_block_away(workspace):
    """BAD-037: absence is written none."""
    workspace.write_rows(ROWS["mssp"][3:])
    workspace.edit(TRACK_2, 'loss_limit: {of_benchmark: 10%, clause: "42 CFR 425.606(g)"}', "loss_limit: none")
    for year in ("5%", "7.5%"):
        workspace.edit(TRACK_2, f"{{loss_limit: {{of_benchmark: {year}}}}}", "{loss_limit: none}")
    columns = workspace.results()[0]
    assert "limited_losses" not in columns
    assert "losses_after_disaster" in columns


@pytest.mark.parametrize("word", ["None", "no", "''", "[]", "0%"])
def test_only_none_takes_a_block_away(workspace, word):
    line, column = workspace.edit(TRACK_1, '{of_benchmark: 10%, clause: "42 CFR 425.604(e)"}', word)
    assert workspace.refused(3) == [(f"{TRACK_1}:{line}:{column}", "C021", "terms.cap_payment")]


# Every finding at once

DOCUMENT_FAULTS = [
    ("title: Medicare", "colour: red\ntitle: Medicare", "C020", "colour"),
    ("signed: 2011-11-02", "signed: 2011-11-31", "C035", "in_force.signed"),
    ("unit: usd, at_least: 0, clause: \"42 CFR 425.602\"", "unit: euro, clause: x", "C052", "figures.benchmark.unit"),
    ("    signed: 2018-01-01\n", "", "C022", "amendments.0.signed"),
    ("base: standard/1", "base: standard/0", "C052", "order.base"),
]  # fmt: skip
TERM_FAULTS = [
    ("comparison: at_least", "comparison: at_leest", "C052", "terms.gate.comparison"),
    ("at: 500,", "at: 5e2,", "C030", f"{RATES}.at"),
    ("savings: 98%", "savings: 98", "C030", "terms.final_multiplier.savings"),
    ("places: 2", "places: 7", "C040", "terms.rounding.earned.places"),
    ("  benchmark: {basis", "  bench_mark: {}\n  benchmark: {basis", "C020", "terms.bench_mark"),
    ("rate: 12.2%", "rate: 112.2%", "C040", f"{RATES}.rate"),
    ("guardrail: no", "guardrail: false", "C052", "terms.gate.guardrail"),
    ("{gate: {guardrail: yes}}", "{gate: {gard: yes}}", "C020", "amendments.6.terms.gate.gard"),
    ("{final_multiplier: {savings: 100%}}", "{final: none}", "C020", "amendments.1.terms.final"),
    ("score_scales_sharing_rate: yes", "score_scales_sharing_rate: [yes]", "C021",
     "terms.quality_standard.score_scales_sharing_rate"),
]  # fmt: skip
RULE_FAULTS = [("{at: 9999, ", "{at: 9000, ", "C045", "terms.gate")]


@pytest.mark.parametrize(
    "faults",
    [DOCUMENT_FAULTS, TERM_FAULTS, DOCUMENT_FAULTS + TERM_FAULTS[:5], TERM_FAULTS[2:4] + RULE_FAULTS],
    ids=["document", "terms", "document-and-terms", "terms-and-rules"],
)
def test_every_fault_of_a_program_is_reported(workspace, faults):
    for find, replace, _, _ in faults:
        workspace.edit(MSSP, find, replace)
    found = workspace.refused(3)
    assert sorted(finding[1:] for finding in found) == sorted((code, field) for _, _, code, field in faults)
    assert all(place.startswith(f"{MSSP}:") for place, _, _ in found)


def test_every_faulty_file_is_reported(workspace):
    workspace.edit(TRACK_2, "60%", "60")
    workspace.edit(BINDING, "T1: mssp-track-1\n", "T1: mssp-track-1\n    T7: mssp-track-7\n")
    workspace.edit(BINDING, "benchmark, unit: usd", "benchmark, unit: rate")
    assert sorted((place.split(":")[0], *rest) for place, *rest in workspace.refused(3)) == [
        (TRACK_2, "C030", "terms.share.maximum_sharing_rate"),
        (BINDING, "C014", "program.choose.T7"),
        (BINDING, "C025", "figures.benchmark.unit"),
    ]


def test_faulty_program_makes_no_figure_unknown(workspace):
    """A figure that only one program knows is no fault of the binding where that program has another one."""
    workspace.append(TRACK_2, "figures: {withhold: {unit: usd, clause: §1}}\n")
    workspace.edit(BINDING, "  guardrail: {", "  withhold: {column: benchmark, unit: usd}\n  guardrail: {")
    workspace.results()
    workspace.edit(TRACK_2, "60%", "60")
    assert [finding[1:] for finding in workspace.refused(3)] == [("C030", "terms.share.maximum_sharing_rate")]


@pytest.mark.parametrize("count, more", [(50, None), (51, "and 1 more"), (60, "and 10 more")])
@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_fifty_findings_are_shown_and_the_rest_counted(workspace, kind, count, more):
    if kind == "yaml":
        workspace.append(TRACK_1, "".join(f"unknown_{number}: 1\n" for number in range(count)))
    else:
        row = ROWS["mssp"][0]
        workspace.write_rows([row | {"aco_id": f"B{number}", "benchmark": "1e3"} for number in range(count)])
    result = workspace.settle()
    assert result.exit_code == (3 if kind == "yaml" else 4)
    assert len(findings_in(result.stderr)) == 50
    last = result.stderr.splitlines()[-1]
    assert last == more if more else "more" not in last


def test_findings_as_json_lines(workspace):
    workspace.edit(TRACK_1, "50%", "50")
    line, column = workspace.edit(TRACK_1, "10%", "1e1%")
    result = workspace.settle("--json")
    assert (result.exit_code, result.stdout) == (3, "")
    first, second = [json.loads(text) for text in result.stderr.splitlines()]
    assert first["field"] == "terms.share.maximum_sharing_rate"
    assert second == {
        "code": "P4V-C030", "file": TRACK_1, "line": line, "column": column, "field": "terms.cap_payment.of_benchmark",
        "found": "an exponent", "allowed": "digits, with up to 6 decimals after a point", "help": None,
    }  # fmt: skip
    workspace.write_rows([ROWS["mssp"][0] | {"aco_id": f"B{number}", "benchmark": ""} for number in range(3)])
    workspace.edit(TRACK_1, "50,", "50%,")
    workspace.edit(TRACK_1, "1e1%", "10%")
    places = [json.loads(text) for text in workspace.settle("--json").stderr.splitlines()]
    assert [(place["file"], place["line"], place["column"], place["field"]) for place in places] == [
        (TABLE, number, COLUMN["benchmark"], "benchmark") for number in (2, 3, 4)
    ]


# Bindings


@pytest.mark.parametrize(
    "find, replace, shift, code, field",
    [
        ("ignore:\n", "ignored: []\nignore:\n", 0, "C020", "ignored"),
        ("  column: track\n", "  column: track\n  colunm: track\n", 18, "C020", "program.colunm"),
        ("{id: aco_id, name", "{id: aco_id, nom", 13, "C020", "group.nom"),
        ("agreement: {start: agreement_start, ", "agreement: {", None, "C022", "agreement.start"),
        ("keys: [performance_year, aco_id]\n", "", None, "C022", "keys"),
        ("keys: [performance_year, aco_id]", "keys: []", 6, "C044", "keys"),
        ("keys: [performance_year, aco_id]", "keys: aco_id", 6, "C021", "keys"),
        ("period: {year: performance_year}", "period: {fiscal_year: performance_year}", 8, "C023", "period"),
        ("period: {year: performance_year}", "period: {year: a, fiscal_year: b, first_month: 1}", 8, "C023", "period"),
        ("{year: performance_year}", "{fiscal_year: x, first_month: 13}", 30, "C035", "period.first_month"),
        ("{year: performance_year}", "{fiscal_year: x, first_month: 0}", 30, "C035", "period.first_month"),
        ("{year: performance_year}", "{fiscal_year: x, first_month: ١}", 30, "C035", "period.first_month"),
        ("T1: mssp-track-1\n", "T1: mssp-trak-1\n", 4, "C014", "program.choose.T1"),
        ("T1: mssp-track-1\n", "T1: ../tables/mssp\n", 4, None, "program.choose.T1"),
        ("T1: mssp-track-1\n", f"T1: {'A' * 300}\n", 4, None, "program.choose.T1"),
        ("T1: mssp-track-1\n", "T1: /etc/passwd\n", 4, None, "program.choose.T1"),
        ("T1: mssp-track-1\n", "T1: [mssp-track-1]\n", 4, "C021", "program.choose.T1"),
        ("empty: not_known", "empty: unknown", 7, "C052", "agreement.empty"),
        (", because: rules that need the start of an agreement do not apply", "", None, "C023", "agreement"),
        ("  guardrail: {", "  guard: {column: guardrail, unit: flag}\n  guardrail: {", 2, "C020", "figures.guard"),
        ("  guardrail: {column: guardrail, unit: flag}\n", "", None, "C022", "figures"),
        ("benchmark, unit: usd", "benchmark, unit: rate", 17, "C025", "figures.benchmark.unit"),
        ("benchmark, unit: usd", "benchmark, unit: dollars", 17, "C052", "figures.benchmark.unit"),
        ("benchmark, unit: usd", "benchmark, unit: usd, empty: 0", None, "C023", "figures.benchmark"),
        ("benchmark, unit: usd", "benchmark, unit: usd, because: of rain", None, "C023", "figures.benchmark"),
        ("benchmark, unit: usd", "benchmark, unit: usd, empty: no, because: x", 29, "C030", "figures.benchmark.empty"),
        ("benchmark, unit: usd", "benchmark, unit: usd, empty: not_given, because: x", None, None, "figures.benchmark"),
        ("High Revenue: 0", "High Revenue: none", 14, "C030", "figures.low_revenue.choose.High Revenue"),
        ("High Revenue: 0", "High Revenue: 7", None, None, "figures.low_revenue"),
        ("guardrail, unit: flag", "guardrail, unit: flag, given: 7", None, None, "figures.guardrail"),
        ("guardrail, unit: flag", "guardrail, unit: flag, empty: 7, because: x", None, None, "figures.guardrail"),
        ("figures:\n", "figures:\n  Bench mark: {column: a, unit: usd}\n", None, "C031", "figures.Bench mark"),
        ("ignore:\n", "status: finished\nignore:\n", 8, "C052", "status"),
    ],
)  # fmt: skip
def test_fault_of_the_binding_itself(workspace, find, replace, shift, code, field):
    line, column = workspace.edit(BINDING, find, replace)
    ((place, found, found_field),) = workspace.refused(3)
    assert place.startswith(f"{BINDING}:")
    assert code in (None, found)
    assert found_field is not None
    assert found_field == field or (code is None and found_field.startswith(field))
    if shift is not None:
        before = replace[:shift].split("\n")
        column = shift + column if len(before) == 1 else len(before[-1]) + 1
        assert place == f"{BINDING}:{line + len(before) - 1}:{column}"


def test_binding_whose_name_is_no_id(workspace):
    shutil.copy(BINDING, "configs/tables/_mssp.yaml")
    found = workspace.refused(3, binding="configs/tables/_mssp.yaml")
    assert found == [("configs/tables/_mssp.yaml:1:1", "C031", None)]


@pytest.mark.parametrize("name", ["msp", "nothing-like-it", "A" * 300, "../mssp", "mssp.yaml"])
def test_unknown_binding(workspace, name):
    ((place, code, field),) = workspace.refused(2, binding=name)
    assert (place, code) == ("BINDING", "U001")
    assert field is not None
    assert name.startswith(field)


def test_built_in_binding_by_name(workspace):
    shutil.rmtree(workspace.folder / "configs")
    assert len(workspace.results(binding="mssp")) == len(ROWS["mssp"])


# Tables: structure

HEADER, *LINES = csv_text(list(ROWS["mssp"][0]), ROWS["mssp"]).splitlines(keepends=True)
AFTER = len(LINES) + 2
"""The line of a row added at the end."""
FILLED = "".join([HEADER, *LINES])
LAST_BYTES = len(FILLED.encode())


def _row(**cells: str) -> str:
    return csv_text(list(ROWS["mssp"][0]), [ROWS["mssp"][0] | {"aco_id": "B1"} | cells]).split("\n", 1)[1]


def _zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("a.csv", FILLED)
    return content.getvalue()


@pytest.mark.parametrize(
    "content, place, code, field",
    [
        pytest.param(FILLED.replace(",expenditure,", ",benchmark,", 1), ":1:8", "D002", "benchmark", id="BAD-094"),
        pytest.param(FILLED.replace(",expenditure,", ",,", 1), ":1:8", "D002", None, id="column-without-name"),
        pytest.param(FILLED.replace(",expenditure,", ", expenditure,", 1), ":1:8", "D002", None, id="blank-in-a-name"),
        pytest.param(FILLED + "2014,B1,x,T1\n", f":{AFTER}", "D003", None, id="BAD-097"),
        pytest.param(FILLED + _row().rstrip("\n") + ",1\n", f":{AFTER}", "D003", None, id="long-row"),
        pytest.param(FILLED.replace(",", "\t"), ":1:1", "D001", None, id="BAD-100"),
        pytest.param(FILLED.replace(",", ";"), ":1:1", "D001", None, id="semicolons"),
        pytest.param(FILLED.replace(",", "|"), ":1:1", "D001", None, id="bars"),
        pytest.param(HEADER + LINES[0] + "\n" + "".join(LINES[1:]), ":3", "D003", None, id="BAD-103"),
        pytest.param(HEADER, ":1", "D006", None, id="BAD-106"),
        pytest.param("", ":1", "D006", None, id="empty"),
        pytest.param(FILLED + _row(aco_id="B\n1"), f":{AFTER}:2", "D020", "aco_id", id="BAD-109"),
        pytest.param(FILLED + _row(aco_name="x\u202ey"), f":{AFTER}:3", "D020", "aco_name", id="BAD-205"),
        pytest.param(FILLED + _row(aco_name="x\u200by"), f":{AFTER}:3", "D020", "aco_name", id="zero-width"),
        pytest.param(FILLED.encode() + b"2014,B1,Mu\xf1oz,T1\n", f":{AFTER}", "D008", None, id="BAD-112"),
        pytest.param(FILLED.encode("utf-16"), "", "D009", None, id="utf-16"),
        pytest.param(_zipped(), "", "D009", None, id="BAD-115"),
        pytest.param(b"PAR1" + FILLED.encode(), "", "D009", None, id="parquet"),
        pytest.param(b"\x1f\x8b\x08\x00" + FILLED.encode(), "", "D009", None, id="gzip"),
        pytest.param(FILLED.replace("T1", "T\x001", 1), "", "D009", None, id="zero-byte"),
        pytest.param(FILLED + '2014,"B1\n', f":{AFTER}", "D005", None, id="open-quote"),
        pytest.param(FILLED + '2014,"B1"x,y\n', f":{AFTER}", "D005", None, id="text-after-a-quote"),
        pytest.param(FILLED + _row(aco_name="M" * 1001), f":{AFTER}:3", "D020", "aco_name", id="1001-characters"),
    ],
)  # fmt: skip
def test_csv_structure(workspace, content, place, code, field):
    workspace.write(TABLE, content)
    assert workspace.refused(4) == [(f"{TABLE}{place}", code, field)]


@pytest.mark.parametrize("length", [1001, 131_072, 131_073, 390_000, 500_000])
def test_long_cell_is_refused_at_its_place(workspace, length):
    workspace.write(TABLE, FILLED + _row(aco_name="M" * length))
    assert [finding[:2] for finding in workspace.refused(4)] == [(f"{TABLE}:{AFTER}:3", "D020")]


@pytest.mark.parametrize("cell", ["M" * 50_000_000, '"' + "M\n" * 500_000 + '"'], ids=["one-line", "many-lines"])
def test_field_of_fifty_megabytes(workspace, cell):
    """BAD-118: line, field and allowed length, within 5 seconds; the value is not repeated."""
    workspace.write(TABLE, f"{FILLED}2014,{cell},x,T1\n")
    result = workspace.settle()
    assert result.exit_code == 4
    assert result.stderr.startswith(f"{TABLE}:{AFTER}:2: error[P4V-D020]")
    assert "1000 characters" in result.stderr or "up to 1000" in result.stderr
    assert len(result.stderr) < 500


def test_table_that_is_too_large_is_not_read(workspace):
    with (workspace.folder / TABLE).open("wb") as file:
        file.truncate(256 * MIB + 1)
    assert workspace.refused(4) == [(TABLE, "D010", None)]


def test_table_that_is_not_there(workspace):
    assert workspace.refused(4, table="nowhere.csv") == [("nowhere.csv", "D007", None)]
    assert workspace.refused(4, table="x" * 300) == [("x" * 300, "D007", None)]


@pytest.mark.parametrize(
    "content, needed",
    [
        (FILLED.encode() + b"2014,B1,Mu\xf1oz,T1\n", f"byte offset {LAST_BYTES + 10}"),
        (FILLED.replace(",", "\t").encode(), "a tab"),
        (_zipped(), "a zip file"),
        ((FILLED + "2014,B1,x,T1\n").encode(), "found 4 fields; allowed 26 fields"),
        ((HEADER + LINES[0] + "\n" + LINES[1]).encode(), "found a blank line; allowed 26 fields"),
        ((FILLED + _row(aco_name="M" * 1001)).encode(), "found 1001 characters; allowed up to 1000"),
    ],
    ids=["BAD-112", "BAD-100", "BAD-115", "BAD-097", "BAD-103", "length"],
)
def test_csv_message_says_what_was_seen(workspace, content, needed):
    workspace.write(TABLE, content)
    assert needed in workspace.settle().stderr


@pytest.mark.parametrize(
    "content",
    [
        FILLED.encode(),
        b"\xef\xbb\xbf" + FILLED.encode(),
        FILLED.replace("\n", "\r\n").encode(),
        FILLED.rstrip("\n").encode(),
        (FILLED + _row(aco_name="é ü 漢")).encode(),
        (FILLED + _row(aco_name="M" * 1000)).encode(),
        (FILLED + _row(aco_id="B" * 64)).encode(),
    ],
    ids=["plain", "byte-order-mark", "crlf", "no-last-line-end", "alphabets", "1000-characters", "64-characters"],
)
def test_table_that_is_right(workspace, content):
    workspace.write(TABLE, content)
    assert len(workspace.results()) >= len(ROWS["mssp"])


def test_column_name_that_hides_is_not_repeated(workspace):
    hidden = "x\u202ey"
    workspace.write(TABLE, FILLED.replace("person_years_esrd", hidden).replace("per_capita_esrd", hidden))
    result = workspace.settle()
    assert result.exit_code == 4
    assert {place for place, _, _ in findings_in(result.stderr)} == {f"{TABLE}:1:17", f"{TABLE}:1:18"}
    assert "\u202e" not in result.stderr


def test_every_row_of_another_length_is_reported(workspace):
    workspace.write(TABLE, HEADER + "1,2\n" + LINES[0] + "\n" + LINES[1] + "1,2,3\n")
    assert workspace.refused(4) == [(f"{TABLE}:{line}", "D003", None) for line in (2, 4, 6)]


def test_lines_are_counted_across_cells_with_line_breaks(workspace):
    workspace.write(TABLE, HEADER + _row(aco_name="a\nb\nc") + _row(aco_id="B2", aco_name="d\ne"))
    assert workspace.refused(4) == [(f"{TABLE}:2:3", "D020", "aco_name"), (f"{TABLE}:5:3", "D020", "aco_name")]


def test_table_without_header_does_not_show_its_first_row(workspace):
    row = "2014,B77777,Secret Group,T1,777777\n"
    workspace.write(TABLE, row + row.replace("7", "8"))
    result = workspace.settle()
    assert result.exit_code == 4
    assert [cell for cell in ("B77777", "Secret Group", "777777", "B88888") if cell in result.output] == []


# Tables: numbers

WRONG_NUMBERS = {
    "BAD-121": "0.3000000000000000444", "BAD-124": "$12345.50", "BAD-127": "12345.00CR", "BAD-130": "1.2345e3",
    "BAD-133": "inf", "BAD-136": "123_000", "BAD-046": "٢.٥٠", "nan": "nan", "plus": "+123456", "comma": "123,456",
    "blank": " 123456", "blank-after": "123456 ", "point": "123456.", "no-digit": ".123456", "hex": "0x123456",
    "brackets": "(123456)", "percent": "123456%", "true": "true", "16-digits": "1234567890123456", "minus": "--123456",
}  # fmt: skip


@pytest.mark.parametrize("bad", WRONG_NUMBERS)
@pytest.mark.parametrize("column", ["benchmark", "quality_score"])
def test_csv_number(workspace, bad, column):
    workspace.set(column, WRONG_NUMBERS[bad], row=1)
    secrets = (WRONG_NUMBERS[bad],) if len(WRONG_NUMBERS[bad]) > 4 else ()
    assert workspace.refused(4, secrets=secrets) == [(f"{TABLE}:3:{COLUMN[column]}", "D012", column)]


def test_empty_cell_is_missing_not_zero(workspace):
    workspace.set("benchmark", "", row=2)
    assert workspace.refused(4) == [(f"{TABLE}:4:{COLUMN['benchmark']}", "D013", "benchmark")]


@pytest.mark.parametrize(
    "column, value",
    [
        ("assigned_beneficiaries", "-1"),  # BAD-163
        ("assigned_beneficiaries", "10000.5"),  # BAD-178
        ("benchmark", "-0.01"),
        ("quality_score", "1.000000000000000001"),
        ("quality_score", "-0.000000000000000001"),
        ("minimum_savings_rate", "2"),
        ("met_quality_standard", "2"),
        ("met_quality_standard", "0.5"),
        ("guardrail", "-1"),
    ],
)
def test_figure_outside_what_the_program_allows(workspace, column, value):
    workspace.set(column, value)
    assert workspace.refused(4) == [(f"{TABLE}:2:{COLUMN[column]}", "D012", column)]


@pytest.mark.parametrize(
    "column, value, same",
    [
        ("disaster_adjustment", "-0.00", "0"),  # BAD-139
        ("benchmark", "450902466.000000000000000000", "450902466"),
        ("benchmark", "000450902466", "450902466"),
        ("quality_score", "1.0", "1"),
    ],
)
def test_one_number_written_in_two_ways_gives_one_result(workspace, column, value, same):
    workspace.set(column, value)
    results = workspace.results()
    workspace.set(column, same)
    assert workspace.results() == results


def test_number_of_eighteen_decimals_is_exact(workspace):
    """BAD-121, within the figure's 18 decimals; BAD-142: large numbers never wrap."""
    workspace.set("benchmark", "999999999999999.000000000000000001")
    assert ROWS["mssp"][0]["expenditure"] == "418729017"
    assert Fraction(workspace.results()[0]["gross_savings"]) == 999999581270982


# Tables: rows


@pytest.mark.parametrize(
    "column, value, code",
    [
        ("aco_id", "../../etc/cron.d/x", "D020"),  # BAD-199
        ("aco_id", "A" * 65, "D020"),  # BAD-202
        ("aco_id", "A 12345", "D020"),  # BAD-151
        ("aco_id", "_A12345", "D020"),
        ("aco_id", "Ä123456", "D020"),
        ("aco_id", "", "D020"),
        ("performance_year", "", "D020"),
        ("performance_year", "2014-13", "D033"),  # BAD-157
        ("performance_year", "45292", "D033"),  # BAD-160
        ("performance_year", "14", "D033"),
        ("performance_year", "0999", "D033"),
        ("performance_year", "2012", "D035"),
        ("track", "T9", "D036"),
        ("track", "", "D036"),
        ("track", "t1", "D036"),
        ("revenue_category", "Middling Revenue", "D012"),
        ("agreement_start", "2013-02-30", "D033"),  # BAD-052
        ("agreement_start", "45292", "D033"),  # BAD-160
        ("agreement_start", "20130101", "D033"),
        ("agreement_start", "01/01/2013", "D033"),
        ("agreement_start", "2013-W01-1", "D033"),
    ],
)
def test_cell_that_does_not_fit(workspace, column, value, code):
    workspace.set(column, value, row=1)
    found = workspace.refused(4)
    assert (f"{TABLE}:3:{COLUMN[column]}", code, column) in found
    assert {place for place, _, _ in found} == {f"{TABLE}:3:{COLUMN[column]}"}


def test_last_year_of_four_digits_is_a_year(workspace):
    workspace.set("performance_year", "9999")
    assert workspace.settle().exit_code in (0, 4)


def test_key_of_another_line_names_both(workspace):
    """BAD-148."""
    workspace.write_rows([*ROWS["mssp"], ROWS["mssp"][1]])
    result = workspace.settle()
    assert result.exit_code == 4
    assert findings_in(result.stderr) == [(f"{TABLE}:{AFTER}:2", "D030", "aco_id")]
    assert "line 3" in result.stderr
    assert ROWS["mssp"][1]["aco_id"] not in result.stderr


def test_ids_that_differ_only_in_case(workspace):
    """BAD-151."""
    workspace.set("aco_id", ROWS["mssp"][0]["aco_id"].lower(), row=2)
    assert workspace.refused(4) == [(f"{TABLE}:4:2", "D020", "aco_id")]


def test_one_group_in_two_years_is_two_rows(workspace):
    workspace.write_rows([ROWS["mssp"][0], ROWS["mssp"][0] | {"performance_year": "2015"}])
    assert [row["performance_year"] for row in workspace.results()] == ["2014", "2015"]


def test_group_that_is_no_key_is_an_id_too(workspace):
    workspace.edit(BINDING, "group: {id: aco_id, name: aco_name}", "group: {id: aco_name}")
    rows = [row | {"aco_name": name} for row, name in zip(ROWS["mssp"], ("../../x", "B2", "B3", "B4"), strict=True)]
    workspace.write_rows(rows)
    assert workspace.refused(4) == [(f"{TABLE}:2:3", "D020", "aco_name")]


def test_column_that_is_missing(workspace):
    workspace.write_rows([{k: v for k, v in row.items() if k != "expenditure"} for row in ROWS["mssp"]])
    assert workspace.refused(4) == [(f"{TABLE}:1", "D004", "expenditure")]


def test_column_that_is_ignored_and_missing(workspace):
    workspace.write_rows([{k: v for k, v in row.items() if k != "person_years"} for row in ROWS["mssp"]])
    assert workspace.refused(4) == [(f"{TABLE}:1", "D004", "person_years")]


def test_column_that_is_neither_bound_nor_ignored(workspace):
    workspace.write_rows([row | {"note": "x", "other": "y"} for row in ROWS["mssp"]])
    assert workspace.refused(4) == [(f"{TABLE}:1:27", "D011", "note"), (f"{TABLE}:1:28", "D011", "other")]


def test_column_whose_name_could_be_a_cell(workspace):
    workspace.write_rows([row | {"note": "x", "1234.50": "y"} for row in ROWS["mssp"]])
    found = workspace.refused(4, secrets=("1234.50", "note"))
    assert found == [(f"{TABLE}:1:27", "D011", None), (f"{TABLE}:1:28", "D011", None)]


def test_every_fault_of_a_table_is_reported(workspace):
    """Ten faults of the cells of four rows, in the order of the file."""
    changes = [
        {"assigned_beneficiaries": "-1", "benchmark": "1e3", "quality_score": "2"},
        {"track": "T9"},
        {"performance_year": "14", "agreement_start": "soon", "expenditure": ""},
        {"met_quality_standard": "yes", "guardrail": "2", "revenue_category": "?"},
    ]
    workspace.write_rows([row | change for row, change in zip(ROWS["mssp"], changes, strict=True)])
    expected = {
        (f"{TABLE}:{line}:{COLUMN[column]}", column)
        for line, change in enumerate(changes, start=2)
        for column in change
    }
    found = workspace.refused(4)
    assert len(found) == 10
    assert {(place, field) for place, _, field in found} == expected
    assert [int(place.split(":")[1]) for place, _, _ in found] == [2, 2, 2, 3, 4, 4, 4, 5, 5, 5]


def test_faults_of_keys_and_of_cells_are_reported_together(workspace):
    rows = [*ROWS["mssp"], ROWS["mssp"][1]]
    rows[0] = rows[0] | {"benchmark": "1e3"}
    workspace.write_rows(rows)
    assert {finding[:2] for finding in workspace.refused(4)} == {
        (f"{TABLE}:2:{COLUMN['benchmark']}", "D012"),
        (f"{TABLE}:{AFTER}:2", "D030"),
    }


# The command line


def test_unknown_option(workspace):
    """BAD-229."""
    before = workspace.files()
    result = workspace.settle("--forse")
    assert (result.exit_code, workspace.files()) == (2, before)
    assert "--forse" in result.stderr


@pytest.mark.parametrize(
    "only, code, field",
    [
        ("aco", "U002", "aco"),
        ("=A1", "U002", "=A1"),
        ("aco_id=A1,track", "U002", "track"),
        ("aco_id=A1,aco_id=A2", "U002", "aco_id"),
        ("nothing=1", "U003", "nothing"),
        ("earned=1", "U003", "earned"),
    ],
)
def test_only_that_cannot_be_read(workspace, only, code, field):
    assert workspace.refused(2, "--only", only) == [("--only", code, field)]


FIRST, SECOND = ROWS["mssp"][0]["aco_id"], ROWS["mssp"][1]["aco_id"]


@pytest.mark.parametrize(
    "only",
    [
        ["aco_id=B1"],
        [f"aco_id={FIRST.lower()}"],
        [f"aco_id={FIRST}", f"aco_id={SECOND}"],
        [f"aco_id={FIRST},track=T2"],
        [f"aco_id={FIRST}", "track=T2"],
        ["aco_id="],
    ],
)
def test_only_that_leaves_no_row(workspace, only):
    assert workspace.refused(4, *(word for text in only for word in ("--only", text))) == [(TABLE, "D037", None)]


@pytest.mark.parametrize(
    "only, settled",
    [
        ([f"aco_id={FIRST}"], [FIRST]),
        ([f"aco_id={FIRST},track=T1"], [FIRST]),
        ([f"aco_id={SECOND}", "track=T1"], [SECOND]),
        (["track=T1"], [row["aco_id"] for row in ROWS["mssp"][:3]]),
        (["agreement_start=", "track=T1"], [row["aco_id"] for row in ROWS["mssp"][:3] if not row["agreement_start"]]),
    ],
)
def test_only_joins_with_and(workspace, only, settled):
    rows = workspace.results(*(word for text in only for word in ("--only", text)))
    assert [row["aco_id"] for row in rows] == settled


def test_fault_of_a_row_that_is_not_asked_for_is_left(workspace):
    workspace.set("benchmark", "1e3", row=1)
    assert len(workspace.results("--only", f"aco_id={FIRST}")) == 1
    assert workspace.refused(4, "--only", f"aco_id={SECOND}") == [(f"{TABLE}:3:7", "D012", "benchmark")]


@pytest.mark.parametrize("name", [TABLE, BINDING, TRACK_1, MSSP])
def test_results_do_not_overwrite_an_input(workspace, name):
    assert workspace.refused(2, out=name) == [("--out", "U006", name)]


def test_results_do_not_overwrite_an_input_under_another_name(workspace):
    os.link(TABLE, "linked.csv")
    assert workspace.refused(2, out="linked.csv") == [("--out", "U006", "linked.csv")]
    assert workspace.refused(2, out="configs/../table.csv") == [("--out", "U006", "configs/../table.csv")]


# Safety and the disk


def _link(name: str, to: str) -> Callable[[], None]:
    def make() -> None:
        Path("elsewhere/inner").mkdir(parents=True)
        Path("elsewhere/file.csv").write_text("kept")
        Path(name).symlink_to(to)

    return make


@pytest.mark.parametrize(
    "make, places",
    [
        (_link("linked.csv", "elsewhere/file.csv"), {"out": "linked.csv"}),
        (_link("linked.csv", "elsewhere/nowhere.csv"), {"out": "linked.csv"}),
        (_link("linked", "elsewhere"), {"out": "linked/RESULTS.csv"}),
        (_link("linked", "elsewhere"), {"out": "linked/inner/RESULTS.csv"}),
        (_link("linked", "elsewhere"), {"to": "linked"}),
        (_link("linked", "nowhere"), {"to": "linked"}),
        (_link("linked", "elsewhere"), {"to": "linked/made"}),
        (_link("linked", "elsewhere"), {"to": "linked/inner"}),
    ],
    ids=["file", "file-to-be", "folder-of-file", "above", "folder", "folder-to-be", "made-within", "within"],
)
def test_planted_link_is_not_followed(workspace, make, places):
    """BAD-223. Nothing at all is written: neither the results nor a statement."""
    make()
    ((place, code, _),) = workspace.refused(8, **places)
    assert (place.split("/")[0], code) == (next(iter(places.values())).split("/")[0], "X010")


@pytest.mark.parametrize("out", ["out", "out/RESULTS.csv/below.csv", "x" * 300, STATEMENTS])
def test_results_that_have_no_place(workspace, out):
    Path(STATEMENTS).mkdir()
    before = workspace.files()
    result = workspace.settle(out=out)
    assert result.exit_code in (2, 5)
    assert workspace.files() == before


@pytest.mark.parametrize("name", [TABLE, BINDING, TRACK_1])
def test_disk_that_cannot_be_read(workspace, monkeypatch, name):
    read, before = Path.read_bytes, workspace.files()

    def failing(path: Path) -> bytes:
        if path.name == Path(name).name:
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    with monkeypatch.context() as disk:
        disk.setattr(Path, "read_bytes", failing)
        result = workspace.settle()
    assert result.exit_code == 5
    assert "P4V-S" in result.stderr
    assert workspace.files() == before


def test_disk_that_is_full(workspace, monkeypatch):
    before = workspace.files()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        result = workspace.settle()
    assert result.exit_code == 5
    assert "No space left on device" in result.stderr
    left = {name for name in workspace.files() if name not in before}
    assert left <= {STATEMENTS}
    assert (workspace.folder / OUT).read_bytes() == OLD_RESULTS


def test_what_is_written_is_for_its_owner_alone(workspace):
    old = os.umask(0o022)
    try:
        assert workspace.settle(out="results/of/today.csv", to="runs/of/today").exit_code == 0
    finally:
        os.umask(old)
    made = {name: mode for name, (mode, _, _) in workspace.files().items() if name.startswith(("results", "runs"))}
    files = {name for name, mode in made.items() if stat.S_ISREG(mode)}
    assert len(files) >= 10 * len(ROWS["mssp"])
    assert {name for name in files if stat.S_IMODE(made[name]) != 0o600} == set()
    folders = made.keys() - files
    assert {name for name in folders if stat.S_IMODE(made[name]) != 0o700} == set()


@pytest.mark.parametrize("mode", [0o022, 0o000])
def test_results_replace_those_of_an_earlier_day_for_their_owner_alone(workspace, mode):
    (workspace.folder / OUT).chmod(0o666)
    old = os.umask(mode)
    try:
        workspace.results()
    finally:
        os.umask(old)
    assert stat.S_IMODE((workspace.folder / OUT).stat().st_mode) == 0o600
    assert [path.name for path in (workspace.folder / "out").iterdir()] == ["RESULTS.csv"]


def test_correction_of_one_row_leaves_the_runs_of_the_others(workspace):
    """Nothing is overwritten and nothing is refused: what a row says is settled already, whatever stands beside it."""
    assert workspace.settle("--only", "track=T1").exit_code == 0
    before = workspace.files()
    workspace.set("expenditure", "400000000", row=0)
    result = workspace.settle("--only", "track=T1")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("already settled") == 2
    after = workspace.files()
    assert {name for name in before if name.startswith("statements/") and after[name] != before[name]} == set()


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (1024 * MIB, 1024 * MIB))
    resource.setrlimit(resource.RLIMIT_CPU, (5, 5))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\t" * (MIB - 1), id="tabs"),
        pytest.param(f"share: {{maximum_sharing_rate: {'1' * 900_000}x%}}", id="digits"),
    ],
)
def test_bad_input_takes_five_seconds_and_a_gibibyte_at_most(workspace, content):
    head = "program: mssp-track-1\nextends: mssp\ntitle: x\nterms:\n  "
    workspace.write(TRACK_1, head[: MIB - len(content)] + content)
    command = [sys.executable, "-m", "p4v", "settle-table", BINDING, TABLE, "--out", OUT]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False, preexec_fn=_limited)
    assert done.returncode == 3
    assert len(done.stderr) < MIB
    assert (workspace.folder / OUT).read_bytes() == OLD_RESULTS
