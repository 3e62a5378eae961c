"""The bad tables that the design lists: exit code, file, line, field, no value repeated, and nothing written.

The ids BAD-… are those of the list. Its sketch of a contract is mapped here once to ours, its rows are taken as they
are, and quality results name their period. Where the design says otherwise than the list:

- BAD-082: the day of knowledge is the option --known, so the place is the option.
- BAD-106: there is no --allow-empty; a month without rows is never a settlement.
- BAD-142: all rows of the list lie in January, and a month without rows is refused (P4V-D039): January is settled.
- BAD-166: without a rule for deaths rows after one are refused as P4V-D073.
- BAD-172: `p4v data add` for `p4v ingest`, and P4V-R002.
- BAD-196: a workbook is refused whole, as P4V-D009, with the remedy; so no cell is named.
- BAD-208: a file where a table's name is wanted is P4V-C031; a path of a file that leads elsewhere is P4V-X012 (8).
- BAD-226: a folder is taken as the files in it (P4V-D006 if there are none); a link is refused as P4V-X010 (8).
"""

import csv
import gzip
import json
import os
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from contracts import Found, findings_in
from p4v.data.open import open_tables
from p4v.data.spec import TableSpec
from p4v.money import decimal_text, rounded_exact
from support import ROOT, p4v

PERIOD = "2024-01 to 2024-03"
DATA = """\
member_id,group_id,month,allowed,risk
M0000001,GRP-001,2024-01,512.34,1.0210
M0000001,GRP-001,2024-02,0.00,1.0210
M0000002,GRP-001,2024-01,1280.05,0.8745
M0000002,GRP-001,2024-02,-20.00,0.8745
M0000003,GRP-001,2024-03,99.99,2.4000
"""
HEAD = DATA.partition("\n")[0] + "\n"
QUALITY = """\
group_id,measure_id,performance_period_begin,performance_period_end,numerator,denominator
GRP-001,BCS,2024-01,2024-03,210,300
GRP-001,CDC,2024-01,2024-03,150,240
GRP-001,READM,2024-01,2024-03,20,200
"""
LARGE = "large_claims: {form: truncate, point: 250000.00, threshold: full, across_moves: each_group}, "
CONTRACT = f"""\
contract: C-2024
extends: shared-savings
group: {{id: GRP-001, name: Example Medical Group}}
payer: {{name: Example payer}}
agreement: {{signed: 2023-10-01, effective: 2024-01-01, ends: 2024-12-31}}
performance_periods: [2024-01 to 2024-03]
order: {{confirms: [{{pair: [quality, cap_payment], clause: "§9"}}]}}
terms:
  care_coordination_fee: {{pmpm: 2.50, clause: "§2"}}
  expenditure: {{basis: allowed, {LARGE}clause: "§3"}}
  benchmark: {{pmpm: 412.34, trend: 1.0625, clause: "§4"}}
  gate: {{minimum_savings_rate: 2%, clause: "§5"}}
  share: {{by_quality_score: [{{from: 0%, share: 30%}}, {{from: 50%, share: 40%}}, {{from: 80%, share: 50%}}], clause: "§6"}}
  cap_payment: {{of_benchmark: 10%, clause: "§6"}}
  quality:
    clause: "§7"
    weights: sum_to_100%
    unscored: weight_shared_in_proportion
    measures:
      - {{id: BCS, kind: rate, better: higher, weight: 40%, threshold: 60%, target: 80%, minimum_denominator: 30}}
      - {{id: CDC, kind: rate, better: higher, weight: 35%, threshold: 50%, target: 75%, minimum_denominator: 30}}
      - {{id: READM, kind: rate, better: lower, weight: 25%, threshold: 12%, target: 8%, minimum_denominator: 30}}
  quality_gate: {{minimum_score: 30%, clause: "§7"}}
  distribution:
    {{of: earned, by: percent, remainder: largest_remainder, clause: "§8",
     participants: [{{id: P1, share: 60%}}, {{id: P2, share: 40%}}]}}
"""
WORKSPACE = """\
workspace: p4v-workspace/1
tables:
  member_months: {files: member_months.csv, columns: {risk_score: risk}, known_at: 2024-07-31}
  quality: {files: quality.csv}
"""
FILE, PARQUET = "member_months.csv", "member_months.parquet"
MIB = 1024 * 1024
SECONDS = 120
"""The list gives 5 s on a machine of its own; what must not happen is a hang."""
CPU_SECONDS = 30
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


class Desk:
    """The list's three bases as a workspace, in the working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "contracts").mkdir()
        self.contract = folder / "contracts/c-2024.yaml"
        self.contract.write_text(CONTRACT, encoding="utf-8")
        (folder / "p4v.yaml").write_text(WORKSPACE, encoding="utf-8")
        (folder / FILE).write_text(DATA, encoding="utf-8")
        (folder / "quality.csv").write_text(QUALITY, encoding="utf-8")

    def edit(self, name: str, find: str, replace: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(find) >= 1, f"{find!r} is not in {name}"
        path.write_text(text.replace(find, replace, 1), encoding="utf-8")

    def append(self, text: str) -> None:
        with (self.folder / FILE).open("a", encoding="utf-8") as file:
            file.write(text)

    def parquet(self, table: pa.Table, **options: Any) -> None:
        pq.write_table(table, self.folder / PARQUET, **options)
        self.edit("p4v.yaml", FILE, PARQUET)

    def settle(self, *more: str, period: str = PERIOD) -> Result:
        return p4v("settle", "--workspace", ".", "--period", period, *more)

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Everything below: kind and mode, and bytes of files (of huge ones their digest)."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            mode = path.lstat().st_mode
            content = path.read_bytes() if stat.S_ISREG(mode) else b""
            found[str(path.relative_to(self.folder))] = (mode, content if len(content) < MIB else _digest(content))
        return found

    def refused(
        self, exit_code: int, *more: str, period: str = PERIOD, command: tuple[str, ...] = ()
    ) -> tuple[list[Found], str]:
        """What is found, and the whole text; nothing is written, and nothing of the rows repeated."""
        before = self.files()
        result = p4v(*command) if command else self.settle(*more, period=period)
        assert (result.exit_code, result.stdout) == (exit_code, ""), result.output
        self.silent(result.stderr)
        assert self.files() == before
        return findings_in(result.stderr), result.stderr

    def silent(self, text: str) -> None:
        """No traceback, no id of a member and no value of a row."""
        assert "Traceback" not in text
        assert "internal error" not in text
        assert not [cell for cell in self.secrets() if re.search(rf"(?<![\w.]){re.escape(cell)}(?![\w.])", text)]

    def secrets(self) -> set[str]:
        path = self.folder / FILE
        content = path.read_bytes() if path.is_file() else b""
        if len(content) > MIB or not content.startswith(b"member_id,"):
            return {"M0000001"}
        rows = [line.split(",") for line in content.decode("latin-1").splitlines()[1:]]
        cells = {
            cell.strip('" ') for row in rows for cell in row if not re.fullmatch(r"20[0-9]{2}-0[123]|[a-z]+", cell)
        }
        return cells - {"", "GRP-001", "OTHER", "1", "0.00"}

    def run(self) -> Path:
        (run,) = (path for path in (self.folder / "runs").iterdir() if (path / "settlement.json").is_file())
        return run

    def lines(self, *more: str, period: str = PERIOD) -> dict[str, str]:
        """The exact figures of the lines of a settlement that goes through."""
        return self.read(self.settle(*more, period=period))

    def read(self, result: Result) -> dict[str, str]:
        """The exact figures of what was settled."""
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        self.silent(result.output)
        document = json.loads((self.run() / "settlement.json").read_bytes())
        return {line["name"]: line["exact"] for line in document["lines"]}

    def digest(self) -> str:
        """The settlement digest of the one run."""
        return _digest((self.run() / "settlement.json").read_bytes()).hex()


def _digest(content: bytes) -> bytes:
    return sha256(content).digest()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    folder = tmp_path / "w"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Desk(folder)


def cents(text: str) -> str:
    """An amount of a line, to the cent."""
    return decimal_text(rounded_exact(Fraction(text), 2, "half_up"), 2)


def test_the_bases_settle_as_by_hand(desk: Desk) -> None:
    """Cost 512.34 + 1,280.05 - 20.00 + 99.99 = 1,872.38 in five months; 412.34 x 1.0625 x 5 = 2,190.55625; saved
    318.17625; each measure half way: 50%, so 40%: 127.2705; the fee 12.50; P1 60%."""
    lines = desk.lines()
    assert (lines["expenditure"], lines["benchmark"]) == ("93619/50", "350489/160")
    assert (lines["quality_score"], lines["shared_savings"]) == ("1/2", "254541/2000")
    assert [lines[f"participant_share.{who}"] for who in ("P1", "P2")] == ["1909/25", "5091/100"]
    assert lines["net_payment"] == "13977/100"


# One row or one word that is wrong: place, code, field, and words of the message


def row(text: str) -> Callable[[Desk], None]:
    return lambda desk: desk.append(text)


def whole(content: str | bytes) -> Callable[[Desk], None]:
    data = content if isinstance(content, bytes) else content.encode()
    return lambda desk: (desk.folder / FILE).write_bytes(data) and None


def edited(find: str, replace: str, name: str = FILE) -> Callable[[Desk], None]:
    return lambda desk: desk.edit(name, find, replace)


def zipped(desk: Desk) -> None:
    with zipfile.ZipFile(desk.folder / FILE, "w") as archive:
        archive.writestr("a.csv", DATA)


def workbook(desk: Desk) -> None:
    book = openpyxl.Workbook()
    book.active.append([date(2024, 2, 29)])
    book.save(desk.folder / "quality.xlsx")
    desk.edit("p4v.yaml", "quality.csv", "quality.xlsx")


def amount(text: str) -> Callable[[Desk], None]:
    return row(f"M0000009,GRP-001,2024-01,{text},1.0000\n")


MONEY = ("no amount in whole cents; allowed digits, up to 11 before a point and 2 after it",)
MONTH = ("allowed a month as YYYY-MM",)
MONTHS = (
    DATA.replace("risk\n", "risk,member_months\n").replace("1.0210\n", "1.0210,-1\n")
    .replace("0.8745\n", "0.8745,1\n").replace("2.4000\n", "2.4000,1\n")
)  # fmt: skip


@pytest.mark.parametrize(
    "make, found, words",
    [
        pytest.param(edited("allowed,risk", "allowed,allowed"), [(f"{FILE}:1:5", "D002", "allowed")], ("field 4",), id="BAD-094"),
        pytest.param(row("M0000004,GRP-001,2024-01\n"), [(f"{FILE}:7", "D003", None)], ("found 3 fields; allowed 5",), id="BAD-097"),
        pytest.param(whole(DATA.replace(",", "\t")), [(f"{FILE}:1:1", "D001", None)], ("by a tab",), id="BAD-100"),
        pytest.param(
            edited("M0000002,GRP-001,2024-01", "\n\nM0000002,GRP-001,2024-01"),
            [(f"{FILE}:4", "D003", None), (f"{FILE}:5", "D003", None)], ("a blank line",), id="BAD-103",
        ),
        pytest.param(whole(HEAD), [(f"{FILE}:1", "D006", None)], ("a header and no rows",), id="BAD-106"),
        pytest.param(
            row('"M00\n00004",GRP-001,2024-01,5.00,1.0\n'), [(f"{FILE}:7:1", "D020", "member_id")], ("line break",), id="BAD-109"
        ),
        pytest.param(
            whole(DATA.encode() + "Muñoz,GRP-001,2024-01,5.00,1.0\n".encode("latin-1")),
            [(f"{FILE}:7", "D008", None)], (f"byte offset {len(DATA) + 2}",), id="BAD-112",
        ),
        pytest.param(zipped, [(FILE, "D009", None)], ("a zip file",), id="BAD-115"),
        pytest.param(amount("0.30000000000000004"), [(f"{FILE}:7:4", "D012", "allowed")], MONEY, id="BAD-121"),
        pytest.param(amount("$12.50"), [(f"{FILE}:7:4", "D012", "allowed")], MONEY, id="BAD-124"),
        pytest.param(amount("5.00CR"), [(f"{FILE}:7:4", "D012", "allowed")], MONEY, id="BAD-127"),
        pytest.param(amount("1e3"), [(f"{FILE}:7:4", "D012", "allowed")], MONEY, id="BAD-130"),
        pytest.param(amount("inf"), [(f"{FILE}:7:4", "D012", "allowed")], MONEY, id="BAD-133"),
        pytest.param(amount("1_000"), [(f"{FILE}:7:4", "D012", "allowed")], MONEY, id="BAD-136"),
        pytest.param(
            row("M0000009,GRP-001,2024-01,5.00,1.00005\n"), [(f"{FILE}:7:5", "D015", "risk")], ("up to 4 decimals",), id="BAD-145"
        ),
        pytest.param(
            row("M0000001,GRP-001,2024-01,512.34,1.0210\n"), [(f"{FILE}:7:1", "D030", "member_id")], (f"{FILE}:2 again",), id="BAD-148"
        ),
        pytest.param(row("m0000001 ,GRP-001,2024-01,5.00,1.0000\n"), [(f"{FILE}:7:1", "D020", "member_id")], ("no id",), id="BAD-151"),
        pytest.param(
            row("m0000001,GRP-001,2024-03,5.00,1.0000\n"), [(f"{FILE}:7:1", "D020", "member_id")],
            (f"the id of {FILE}:2 but for upper and lower case",), id="BAD-151-case",
        ),
        pytest.param(row("M0000009,GRP-001,2024-13,5.00,1.0000\n"), [(f"{FILE}:7:3", "D033", "month")], MONTH, id="BAD-157"),
        pytest.param(row("M0000009,GRP-001,2024-00,5.00,1.0000\n"), [(f"{FILE}:7:3", "D033", "month")], MONTH, id="BAD-157-zero"),
        pytest.param(row("M0000009,GRP-001,45292,5.00,1.0000\n"), [(f"{FILE}:7:3", "D033", "month")], MONTH, id="BAD-160"),
        pytest.param(
            whole(MONTHS), [(f"{FILE}:2:6", "D034", "member_months"), (f"{FILE}:3:6", "D034", "member_months")],
            ("allowed 0 to 1, with up to 6 decimals",), id="BAD-163",
        ),
        pytest.param(
            edited("id: GRP-001", "id: GRP-777", "contracts/c-2024.yaml"), [("quality.csv:2", "D038", "group_id")], ("a group without a contract",), id="BAD-169"
        ),
        pytest.param(
            edited("210,300", "210.5,300", "quality.csv"), [("quality.csv:2:5", "D042", "numerator")], ("a whole number",), id="BAD-178"
        ),
        pytest.param(workbook, [("quality.xlsx", "D009", None)], ("a workbook", "save the table as CSV"), id="BAD-196"),
    ],
)  # fmt: skip
def test_a_bad_row(desk: Desk, make: Callable[[Desk], None], found: list[Found], words: tuple[str, ...]) -> None:
    make(desk)
    seen, text = desk.refused(4)
    assert seen == found
    assert all(word in text for word in words)


def arrow(**columns: list[Any]) -> Callable[[Desk], None]:
    return lambda desk: desk.parquet(pa.table(columns))


def columns_twice(desk: Desk) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["allowed", "allowed"])
    desk.parquet(table)


@pytest.mark.parametrize(
    "make, found, words",
    [
        pytest.param(
            arrow(member_id=["a"], group_id=["GRP-001"], month=["2024-01"], allowed=[0.1 + 0.2], risk=[1.0]),
            (PARQUET, "D051", "allowed"), "cells of type double; allowed text or decimal, or whole cents", id="BAD-184",
        ),
        pytest.param(
            arrow(member_id=[123], group_id=["GRP-001"], month=["2024-01"]),
            (PARQUET, "D051", "member_id"), "cells of type int64; allowed text", id="BAD-187",
        ),
        pytest.param(columns_twice, (PARQUET, "D002", "allowed"), "the column name of field 1 again", id="BAD-190"),
    ],
)  # fmt: skip
def test_a_bad_column(desk: Desk, make: Callable[[Desk], None], found: Found, words: str) -> None:
    make(desk)
    seen, text = desk.refused(4)
    assert found in seen
    assert words in text


# What goes through, and with what effect


def fingerprint(folder: Path, name: str = FILE) -> str:
    spec = TableSpec("member_months", (folder / name,), columns={"risk_score": "risk"})
    with open_tables([spec]) as tables:
        return tables.fingerprint()


def test_bad_139_minus_zero_is_zero(desk: Desk) -> None:
    """Six months: 2,628.6675, saved 756.2875, 40% of it above the cap of 262.86675."""
    marks = []
    for text in ("-0.00", "0.00"):
        whole(DATA)(desk)
        amount(text)(desk)
        marks.append(fingerprint(desk.folder))
        assert cents(desk.lines()["earned"]) == "262.87"
    assert marks[0] == marks[1]
    assert len(list((desk.folder / "runs").glob("*/settlement.json"))) == 1


def january(desk: Desk, terms: str) -> None:
    """The contract for January alone, with other terms of expenditure."""
    desk.edit("contracts/c-2024.yaml", "2024-01 to 2024-03", "2024-01 to 2024-01")
    desk.edit("contracts/c-2024.yaml", LARGE, terms)
    (desk.folder / "quality.csv").write_text(QUALITY.replace("2024-03", "2024-01"), encoding="utf-8")


MANY = 95_000
COMPLETED = "completion: {convention: multiplier, factor: 1.062511}"


def many(money: str, risk: str = "1.0000") -> str:
    return HEAD + "".join(f"M{place:07d},GRP-001,2024-01,{money},{risk}\n" for place in range(MANY))


def test_bad_142_sums_beyond_64_bits_stay_exact(desk: Desk) -> None:
    """95,000 x 999,999,999.99 = 95e12 - 950; times 1.062511 that is 100,938,545,000,000 - 1,009.38545."""
    whole(many("999999999.99"))(desk)
    assert desk.refused(4)[0] == [(FILE, "D039", "month")]
    january(desk, f"{COMPLETED}, ")
    lines = desk.lines(period="2024-01")
    assert Fraction(lines["reported_expenditure"]) == 95 * 10**12 - 950
    assert Fraction(lines["expenditure"]) == 100_938_545_000_000 - Fraction("1009.38545")
    assert Fraction(lines["benchmark"]) == 95_000 * Fraction("438.11125")


def test_bad_142_what_no_longer_fits_is_refused(desk: Desk) -> None:
    """Risk scores of 9,999.9999 are 9.5e18 in ten-thousandths times millionths of a month: beyond 64 bits."""
    whole(many("999999999.99", "9999.9999"))(desk)
    january(desk, f"{COMPLETED}, ")
    seen, _ = desk.refused(4, period="2024-01")
    assert seen == [("member_months", "D045", None)]


@pytest.mark.parametrize("money", ["9999.99", "999999999.99", "99999999999.99"])
def test_bad_142_categories_with_two_factors_of_six_decimals(desk: Desk, money: str) -> None:
    """A member's amount is cents times both factors in whole numbers, 10^12: beyond 64 bits above 92,233 dollars."""
    rows = [f"M{place},GRP-001,2024-01,{money},1,0.01\n" for place in range(3)]
    whole("".join([HEAD.replace("allowed,risk", "allowed_a,risk,allowed_b"), *rows]))(desk)
    both = "{id: a, benefit_factor: 1.000003, completion_factor: 1.000007}, {id: b, benefit_factor: 1.000013, completion_factor: 1.000009}"
    january(desk, f"categories: [{both}], completion: {{convention: multiplier}}, {LARGE.replace('250000', '5000')}")
    move = '{moves: [{step: truncate, after: complete, clause: "§9"}], confirms:'
    desk.edit("contracts/c-2024.yaml", "{confirms:", move)
    lines = desk.read(desk.settle(period="2024-01"))
    first = Fraction(money) * Fraction("1.000003") * Fraction("1.000007")
    second = Fraction("0.01") * Fraction("1.000013") * Fraction("1.000009")
    assert Fraction(lines["large_claims_excess"]) == 3 * (first + second - 5000)
    assert Fraction(lines["expenditure"]) == 15_000


def test_bad_142_large_claims_with_factors_of_six_decimals(desk: Desk) -> None:
    """Members are cut off at 250,000 after two factors: a member's amount in whole units has 25 digits."""
    whole(many("99999999999.99").replace("allowed", "allowed_all"))(desk)
    january(desk, f"categories: [{{id: all, benefit_factor: 1.123457}}], {COMPLETED}, {LARGE}")
    desk.edit(
        "contracts/c-2024.yaml", "{confirms:", '{moves: [{step: truncate, after: complete, clause: "§9"}], confirms:'
    )
    result = desk.settle(period="2024-01")
    lines = desk.read(result)
    assert "note       GRP-001: more than 10% of members lie above the truncation point" in result.stdout
    member = Fraction("99999999999.99") * Fraction("1.123457") * Fraction("1.062511")
    assert Fraction(lines["large_claims_excess"]) == MANY * (member - 250_000)
    assert Fraction(lines["expenditure"]) == MANY * 250_000


def test_bad_154_ids_of_twenty_digits_are_text(desk: Desk) -> None:
    """Two ids that are one number once a float has them: a panel of four and of five, and no row twice."""
    for place, extra in enumerate(("12345678901234567890", "12345678901234567891")):
        desk.append(f"{extra},GRP-001,2024-01,5.00,1.0000\n")
        lines = desk.lines()
        assert lines["member_months"] == str(6 + place)
        (desk.run() / "settlement.json").rename(desk.folder / f"kept-{place}.json")
    assert Fraction(lines["expenditure"]) == Fraction("1882.38")


DEATH = """\
terms:
  member_months:
    clause: "§1"
    exclusions:
      - {id: death, rule: after_death, periods: [performance], rosters: [cost], months: leave}
"""
FEE_ROSTER = ("{pmpm: 2.50, clause", "{pmpm: 2.50, roster: fee, clause")


def with_deaths(desk: Desk, *rows: str) -> None:
    (desk.folder / "deaths.csv").write_text("\n".join(("member_id,death_month", *rows, "")))
    if "deaths" not in (desk.folder / "p4v.yaml").read_text():
        with (desk.folder / "p4v.yaml").open("a") as file:
            file.write("  deaths: {files: deaths.csv}\n")


def test_bad_166_months_after_death_leave_by_a_named_rule(desk: Desk) -> None:
    """One row of -20.00 leaves: 1,892.38 in four months. The fee was paid for five, and 2.50 are recovered."""
    with_deaths(desk, "M0000002,2024-01")
    desk.edit("contracts/c-2024.yaml", "terms:\n", DEATH.replace("[cost]", "[cost, fee]"))
    desk.edit("contracts/c-2024.yaml", *FEE_ROSTER)
    lines = desk.lines()
    assert Fraction(lines["expenditure"]) == Fraction("1892.38")
    assert (lines["member_months"], lines["fee_member_months"]) == ("4", "5")
    assert abs(Fraction(lines["fee_recovered.death"])) == Fraction("2.50")
    controls = json.loads((desk.run() / "settlement.json").read_bytes())["controls"]
    taken = [entry for entry in controls if entry["rule"] == "death" and entry["window"] == "performance"]
    assert [(entry["rows"], entry["member_months"], entry["dollars"]) for entry in taken] == [(1, "1", "-20.00")]


def test_bad_166_without_a_rule_they_are_refused(desk: Desk) -> None:
    with_deaths(desk, "M0000002,2024-01")
    seen, text = desk.refused(4)
    assert seen == [(FILE, "D073", "month")]
    assert "1 row of contract C-2024 after the month of a death; allowed none, or an exclusion" in text
    with_deaths(desk, "M0000002,2024-02")
    assert desk.settle().exit_code == 0


def test_deaths_are_one_to_a_member(desk: Desk) -> None:
    """A death that stands twice would count its member's rows twice."""
    with_deaths(desk, "M0000002,2024-03", "M0000001,2024-03", "M0000002,2024-03")
    desk.edit("contracts/c-2024.yaml", "terms:\n", DEATH)
    seen, text = desk.refused(4)
    assert seen == [("deaths.csv:4:1", "D030", "member_id")]
    assert "the member of deaths.csv:2 again" in text


def test_a_rule_for_deaths_wants_a_table_of_them(desk: Desk) -> None:
    desk.edit("contracts/c-2024.yaml", "terms:\n", DEATH)
    assert desk.refused(3)[0] == [("p4v.yaml", "C022", "tables.deaths")]


def test_bad_172_another_content_of_a_known_day(desk: Desk) -> None:
    for name, content in (("a.csv", DATA), ("b.csv", DATA.replace("512.34", "512.35"))):
        (desk.folder / name).write_text(content)
    assert p4v("data", "add", "a.csv", "--known-at", "2024-07-31").exit_code == 0
    seen, text = desk.refused(7, command=("data", "add", "b.csv", "--known-at", "2024-07-31"))
    assert seen == [("b.csv", "R002", "--known-at")]
    assert all(sha256((desk.folder / name).read_bytes()).hexdigest() in text for name in ("a.csv", "b.csv"))


def test_bad_175_a_denominator_of_zero_is_too_small(desk: Desk) -> None:
    """BCS is not scored; its weight goes to the two others, half way both."""
    desk.edit("quality.csv", "210,300", "0,0")
    lines = desk.lines()
    assert (lines["scored.BCS"], lines["scored.CDC"], lines["quality_score"]) == ("0", "1", "1/2")
    assert lines["earned"] == "254541/2000"
    assert "nan" not in (desk.run() / "settlement.json").read_text().lower()


def test_bad_082_a_day_later_than_the_tables_know(desk: Desk) -> None:
    seen, text = desk.refused(3, "--known", "2999-01-01")
    assert seen == [("--known", "C050", None)]
    assert "allowed 2024-07-31 or earlier" in text
    assert desk.refused(3, "--known", "2024-08-01")[0] == seen
    assert desk.settle("--known", "2024-07-31").exit_code == 0


def test_bad_088_a_point_below_a_month_is_noted(desk: Desk) -> None:
    """Three members above one dollar: 3.00 are left; 40% of nearly all is above the cap of 219.055625."""
    desk.edit("contracts/c-2024.yaml", "250000.00", "1.00")
    result = desk.settle()
    lines = desk.read(result)
    assert "note       GRP-001: more than 10% of members lie above the truncation point" in result.stdout
    assert (lines["expenditure"], cents(lines["earned"])) == ("3", "219.06")


@pytest.mark.parametrize(
    "find, replace, exit_code, found",
    [
        (f"files: {FILE}", f'files: {FILE}, table: "/etc/passwd"', 3, ("p4v.yaml:3:52", "C031", "tables.member_months.table")),
        (f"files: {FILE}", "files: /etc/passwd", 8, ("p4v.yaml:3:26", "X012", "tables.member_months.files")),
        (f"files: {FILE}", "files: ../../../../../etc/passwd", 8, ("p4v.yaml:3:26", "X012", "tables.member_months.files")),
        ("risk_score: risk", '"allowed\'; ATTACH \'x": risk', 3, None),
    ],
)  # fmt: skip
def test_bad_208_a_file_name_as_a_table(desk: Desk, find: str, replace: str, exit_code: int, found: Found) -> None:
    desk.edit("p4v.yaml", find, replace)
    seen, text = desk.refused(exit_code)
    assert "allowed" in text
    assert found is None or seen == [found]


# Numbers that a float would lose


def test_cents_after_twenty_thousand_whole_dollars(desk: Desk) -> None:
    """A reader that guesses a type from the first 20,480 rows reads 5.75 as 6."""
    rows = [f"M{place:07d},GRP-001,2024-0{place % 3 + 1},7,1\n" for place in range(20_480)]
    whole("".join([HEAD, *rows, "M9,GRP-001,2024-01,5.75,1\n"]))(desk)
    lines = desk.lines()
    assert Fraction(lines["expenditure"]) == 7 * 20_480 + Fraction("5.75")
    assert Fraction(lines["member_months"]) == 20_481
    desk.append("M10,GRP-001,2024-01,12.345,1\n")
    seen, text = desk.refused(4)
    assert seen == [(f"{FILE}:20483:4", "D012", "allowed")]
    assert "12.345" not in text


# The program itself: its time and memory, signals, limits of the system


@dataclass(frozen=True)
class Ended:
    """How a process ended: exit code, texts, seconds of the processor, bytes of memory at most."""

    code: int
    out: str
    err: str
    cpu: float
    memory: int


def program(desk: Desk, *python: str, environment: Mapping[str, str] = ENVIRONMENT, **options: Any) -> Ended:
    arguments = [sys.executable, *python, "-m", "p4v", "settle", "--workspace", ".", "--period", PERIOD]
    out, err = desk.folder.parent / "out.txt", desk.folder.parent / "err.txt"
    with out.open("w") as stdout, err.open("w") as stderr:
        process = subprocess.Popen(arguments, stdout=stdout, stderr=stderr, env=environment, cwd=desk.folder, **options)
        with killed_after(process):
            _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Ended(
        process.returncode, out.read_text(), err.read_text(), used.ru_utime + used.ru_stime, used.ru_maxrss * unit
    )


@contextmanager
def killed_after(process: subprocess.Popen[Any]) -> Iterator[None]:
    def late(*_: object) -> None:
        process.kill()
        raise AssertionError(f"no end after {SECONDS} seconds")

    old = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


def large_cell(desk: Desk) -> None:
    with (desk.folder / FILE).open("a") as file:
        file.write("M" * 50_000_000 + ",GRP-001,2024-01,5.00,1.0\n")


def run_length(desk: Desk) -> None:
    table = pa.table({"allowed_cents": np.zeros(50_000_000, dtype=np.int64)})
    desk.parquet(table, compression="zstd")


@pytest.mark.parametrize(
    "make, found, words",
    [
        pytest.param(large_cell, [(f"{FILE}:7:1", "D020", "member_id")], "up to 1000 characters", id="BAD-118"),
        pytest.param(
            run_length, [(PARQUET, "D004", name) for name in ("risk", "group_id", "member_id", "month")],
            "no such column", id="BAD-193",
        ),
    ],
)  # fmt: skip
def test_a_file_that_swells(desk: Desk, make: Callable[[Desk], None], found: list[Found], words: str) -> None:
    make(desk)
    before = desk.files()
    ended = program(desk)
    assert (ended.code, ended.out) == (4, "")
    assert findings_in(ended.err) == found
    assert words in ended.err
    assert len(ended.err) < 2000
    assert ended.cpu < CPU_SECONDS
    assert ended.memory < 1024 * MIB
    assert desk.files() == before


def test_bad_142_in_time_and_memory(desk: Desk) -> None:
    rows = many("999999999.99").splitlines(keepends=True)[1:]
    split = [line.replace("2024-01", f"2024-0{place % 3 + 1}") for place, line in enumerate(rows)]
    whole("".join([HEAD, *split]))(desk)
    ended = program(desk)
    assert ended.code == 0, ended.err
    assert "more than 10% of members lie above the truncation point" in ended.out
    assert ended.cpu < CPU_SECONDS
    assert ended.memory < 1024 * MIB


@contextmanager
def within(seconds: int) -> Iterator[None]:
    def late(*_: object) -> None:
        raise AssertionError("it hangs")

    old = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


@pytest.mark.parametrize(
    "name, exit_code, code",
    [
        (FILE, 4, "D009"), ("quality.csv", 4, "D009"), ("deaths.csv", 4, "D009"), ("contracts/c-2024.yaml", 3, "C008"),
        ("p4v.yaml", 3, "C008"),
    ],
)  # fmt: skip
def test_bad_226_a_pipe(desk: Desk, name: str, exit_code: int, code: str) -> None:
    with_deaths(desk, "M0000002,2024-03")
    (desk.folder / name).unlink()
    os.mkfifo(desk.folder / name)
    with within(60):
        seen, text = desk.refused(exit_code)
    assert [(place, found) for place, found, _ in seen] == [(name, code)]
    assert "pipe" in text


def test_bad_226_a_pipe_for_the_program(desk: Desk) -> None:
    (desk.folder / FILE).unlink()
    os.mkfifo(desk.folder / FILE)
    ended = program(desk)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith(f"{FILE}: error[P4V-D009]: found a pipe; allowed a table")


def test_bad_226_a_socket_a_folder_and_a_link(desk: Desk) -> None:
    path = desk.folder / FILE
    path.unlink()
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(FILE)
        seen, text = desk.refused(4)
        assert (seen, "a socket" in text) == ([(FILE, "D009", None)], True)
    path.unlink()
    path.mkdir()
    assert desk.refused(4)[0] == [(FILE, "D006", None)]
    path.rmdir()
    path.symlink_to("/dev/zero")
    with within(60):
        assert desk.refused(8)[0] == [("p4v.yaml:3:26", "X010", "tables.member_months.files")]


def test_bad_241_sixteen_files_at_once(desk: Desk) -> None:
    before = desk.files()
    ended = program(desk, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
    assert (ended.code, ended.out) == (5, "")
    assert "error[P4V-S002]: found a limit of 16; allowed at least 64 at once" in ended.err
    assert ended.err.startswith("open files: ")
    assert desk.files() == before


def test_bad_244_an_interruption_in_the_middle(desk: Desk) -> None:
    """The signal comes once the engine has its folder; nothing is left of that either."""
    group = [f"M{place:07d},GRP-001,2024-0{month},7.25,1\n" for place in range(150_000) for month in (1, 2, 3)]
    whole("".join([HEAD, *group]))(desk)
    (desk.folder.parent / "tmp").mkdir()
    before = desk.files()
    environment = {**ENVIRONMENT, "TMPDIR": str(desk.folder.parent / "tmp")}
    process = subprocess.Popen(
        [sys.executable, "-m", "p4v", "settle", "--workspace", ".", "--period", PERIOD, "--threads", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=desk.folder,
    )  # fmt: skip
    with killed_after(process):
        while not list((desk.folder.parent / "tmp").iterdir()) and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "interrupted; nothing was written\n")
    assert desk.files() == before
    assert list((desk.folder.parent / "tmp").iterdir()) == []


# The same settlement from whatever form of the rows


def rows_of_many() -> list[list[str]]:
    """Members with cents, negative amounts, partial scores; some above the point of 900."""
    return [
        [
            f"M{place:05d}",
            "GRP-001",
            f"2024-0{month}",
            f"{(place * 7919 + month * 104729) % 90000 / 100 - 20:.2f}",
            "1.0210",
        ]
        for place in range(400)
        for month in (1, 2, 3)
        if (place + month) % 7
    ]


def text_of(rows: list[list[str]]) -> str:
    return HEAD + "".join(",".join(cells) + "\n" for cells in rows)


def as_text(rows: list[list[str]]) -> pa.Table:
    """BAD-262: every column as text."""
    return pa.table({name: [cells[place] for cells in rows] for place, name in enumerate(HEAD.strip().split(","))})


def as_numbers(rows: list[list[str]]) -> pa.Table:
    """Money as a decimal, months as dates, scores as decimals."""
    table = as_text(rows)
    return pa.table(
        {
            "risk": pa.array([Decimal(cells[4]) for cells in rows], pa.decimal128(10, 4)),
            "month": pa.array([date.fromisoformat(f"{cells[2]}-01") for cells in rows]),
            "allowed": pa.array([Decimal(cells[3]) for cells in rows], pa.decimal128(18, 2)),
            "group_id": table["group_id"].combine_chunks().dictionary_encode(), "member_id": table["member_id"],
        }
    )  # fmt: skip


def one_csv(folder: Path, rows: list[list[str]]) -> str:
    (folder / FILE).write_text(text_of(rows))
    return FILE


def shuffled(folder: Path, rows: list[list[str]]) -> str:
    order = sorted(range(len(rows)), key=lambda place: sha256(str(place).encode()).digest())
    return one_csv(folder, [rows[place] for place in order])


def packed(folder: Path, rows: list[list[str]]) -> str:
    (folder / "m.csv.gz").write_bytes(gzip.compress(text_of(rows).encode()))
    return "m.csv.gz"


def ten(folder: Path, rows: list[list[str]]) -> str:
    (folder / "ten").mkdir()
    for part in range(10):
        (folder / f"ten/{part}.csv").write_text(text_of(rows[part::10]))
    return "ten"


def parquet_of_text(folder: Path, rows: list[list[str]]) -> str:
    pq.write_table(as_text(rows), folder / PARQUET)
    return PARQUET


def parquet_of_numbers(folder: Path, rows: list[list[str]]) -> str:
    pq.write_table(as_numbers(rows), folder / PARQUET, row_group_size=100)
    return PARQUET


def ten_parquet(folder: Path, rows: list[list[str]]) -> str:
    (folder / "ten").mkdir()
    for part in range(10):
        pq.write_table(as_numbers(rows[part::10]), folder / f"ten/{part}.parquet")
    return "ten"


def parquet_of_two_types(folder: Path, rows: list[list[str]], coarse: str = "1", fine: str = "2") -> str:
    """Amounts in tenths of a dollar stored with one decimal in a file of their own, the rest to the cent."""
    (folder / "two").mkdir()
    tenths = [cells for cells in rows if cells[3].endswith("0")]
    table = as_numbers(tenths)
    place = table.column_names.index("allowed")
    narrow = table["allowed"].cast(pa.decimal128(12, 1))
    assert 0 < len(tenths) < len(rows)
    pq.write_table(table.set_column(place, "allowed", narrow), folder / f"two/{coarse}.parquet")
    cents = [cells for cells in rows if not cells[3].endswith("0")]
    pq.write_table(as_numbers(cents), folder / f"two/{fine}.parquet")
    return "two"


def parquet_of_two_types_reversed(folder: Path, rows: list[list[str]]) -> str:
    return parquet_of_two_types(folder, rows, "2", "1")


def duckdb_file(folder: Path, rows: list[list[str]]) -> str:
    table = as_numbers(rows)
    with duckdb.connect(str(folder / "m.duckdb")) as con:
        con.register("given", table)
        con.execute("CREATE TABLE months AS SELECT * FROM given")
    return "m.duckdb, table: months"


FORMS = [one_csv, shuffled, packed, ten, parquet_of_text, parquet_of_numbers, ten_parquet, parquet_of_two_types, parquet_of_two_types_reversed, duckdb_file]  # fmt: skip


def formed(desk: Desk, form: Callable[[Path, list[list[str]]], str]) -> None:
    (desk.folder / FILE).unlink()
    desk.edit("p4v.yaml", FILE, form(desk.folder, rows_of_many()))
    desk.edit("contracts/c-2024.yaml", "250000.00", "900.00")


@pytest.fixture(scope="module")
def digest_of_csv(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("csv")
    desk = Desk(folder)
    formed(desk, one_csv)
    assert p4v("settle", "--workspace", folder, "--period", PERIOD).exit_code == 0
    return desk.digest()


def test_the_rows_that_forms_are_compared_by_have_something_to_lose(desk: Desk) -> None:
    formed(desk, one_csv)
    rows = [(cells[0], Fraction(cells[3])) for cells in rows_of_many()]
    by_member: dict[str, Fraction] = {}
    for member, money in rows:
        by_member[member] = by_member.get(member, Fraction(0)) + money
    lines = desk.read(desk.settle())
    counted = sum((min(dollars, Fraction(900)) for dollars in by_member.values()), Fraction(0))
    assert Fraction(lines["expenditure"]) == counted
    assert sum(dollars > 900 for dollars in by_member.values()) > 40


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("threads", ["1", "2"])
def test_bad_262_the_same_settlement_from_any_form(
    desk: Desk, digest_of_csv: str, form: Callable[[Path, list[list[str]]], str], threads: str
) -> None:
    formed(desk, form)
    result = desk.settle("--threads", threads)
    assert result.exit_code == 0, result.output
    assert desk.digest() == digest_of_csv


def test_bad_262_equal_rows_have_equal_fingerprints(desk: Desk) -> None:
    """The list's own rows, as text."""
    rows = list(csv.reader(DATA.splitlines()))[1:]
    before = fingerprint(desk.folder)
    for form in (shuffled, parquet_of_text, parquet_of_numbers):
        assert fingerprint(desk.folder, form(desk.folder, rows)) == before
    (desk.folder / FILE).write_text(DATA.replace("99.99", "99.98"))
    assert fingerprint(desk.folder) != before


@pytest.mark.parametrize(
    "python, environment",
    [
        ((), {"TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "7"}),
        (("-O",), {"TZ": "America/Los_Angeles", "LC_ALL": "C", "PYTHONHASHSEED": "0"}),
    ],
    ids=["elsewhere", "optimised"],
)
def test_the_same_settlement_on_another_machine(
    desk: Desk, digest_of_csv: str, python: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    formed(desk, one_csv)
    ended = program(desk, *python, environment={**ENVIRONMENT, **environment})
    assert (ended.code, ended.err) == (0, "")
    assert desk.digest() == digest_of_csv


@pytest.mark.parametrize("python", [(), ("-O",)], ids=["as usual", "optimised"])
def test_the_same_findings_on_another_machine(desk: Desk, python: tuple[str, ...]) -> None:
    amount("1.234,56")(desk)
    here = desk.settle().stderr
    environment = {**ENVIRONMENT, "TZ": "Asia/Kolkata", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "3"}
    ended = program(desk, *python, environment=environment)
    assert (ended.code, ended.err) == (4, here)


# What a contract wants and the tables lack


MARKET = "market_trend: {base: 2023-01 to 2023-03, cells: [ppo, hmo], exclude: none, cost: as_reported}"
EXCLUSION = DEATH.replace("rule: after_death", "rule: {rule}, column: {column}, values: [x]").replace("{id:", "{{id:")
EXCLUSION = EXCLUSION.replace("leave}", "leave}}")


@pytest.mark.parametrize(
    "find, replace, code, field",
    [
        ("basis: allowed", "basis: paid", "D004", "paid"),
        ("basis: allowed, ", "basis: allowed, by: products, categories: [{id: ppo}], ", "D004", "product"),
        ("terms:\n", 'terms:\n  member_months: {products: [ppo], clause: "§1"}\n', "D004", "product"),
        ("terms:\n", 'terms:\n  member_months: {funding: [insured], clause: "§1"}\n', "D004", "funding"),
        ("terms:\n", EXCLUSION.format(rule="rows", column="hospice"), "D004", "hospice"),
        ("terms:\n", EXCLUSION.format(rule="members", column="hospice"), "D004", "hospice"),
        ("terms:\n", EXCLUSION.format(rule="rows", column="allowed"), "D051", "allowed"),
    ],
)  # fmt: skip
def test_a_column_that_a_contract_looks_at(desk: Desk, find: str, replace: str, code: str, field: str) -> None:
    """A cost that no column gives would be a cost of nothing, and the largest savings there can be."""
    desk.edit("contracts/c-2024.yaml", find, replace)
    seen, text = desk.refused(4)
    assert seen == [(FILE, code, field)]
    assert "of contract C-2024" in text


@pytest.mark.parametrize(
    "terms, found",
    [
        ('terms:\n  member_months: {panel: members, clause: "§1"}\n', "no `counting`"),
        ('terms:\n  member_months: {counting: counted, clause: "§1"}\n', "`counted`, and member months by covered days"),
        ("terms:\n", "no block `member_months`"),
    ],
)  # fmt: skip
def test_covered_days_want_a_rule(desk: Desk, terms: str, found: str) -> None:
    desk.edit("contracts/c-2024.yaml", "terms:\n", terms)
    desk.edit("p4v.yaml", "known_at", "months: covered_days, known_at")
    whole(DATA.replace("risk\n", "risk,first_day,last_day\n").replace("0\n", "0,1,28\n").replace("5\n", "5,1,28\n"))(
        desk
    )
    _, text = desk.refused(3)
    assert f"found {found}" in text


def market_rows(*cells: tuple[int, str]) -> str:
    head = "member_id,group_id,month,allowed,risk,product\n"
    own = "".join(f"A{month},GRP-001,2024-0{month},400.00,1,ppo\n" for month in (1, 2, 3))
    others = "".join(
        f"B{product}{year},OTHER,{year}-0{month},{year - 1700}.00,1,{product}\n"
        for year, product in cells
        for month in (1, 2, 3)
    )
    return head + own + others


def with_others(desk: Desk) -> None:
    """There are groups without a contract."""
    desk.edit("p4v.yaml", "known_at", "other_groups: allowed, known_at")


FULL = ((2023, "ppo"), (2024, "ppo"), (2023, "hmo"), (2024, "hmo"))


@pytest.mark.parametrize("gone", [(2023, "hmo"), (2024, "hmo"), None])
def test_a_market_cell_without_members(desk: Desk, gone: tuple[int, str] | None) -> None:
    desk.edit("contracts/c-2024.yaml", "trend: 1.0625", MARKET)
    with_others(desk)
    whole(market_rows(*(cell for cell in FULL if cell != gone)))(desk)
    if gone is None:
        # The market's ppo: 323.00 in 2023; 324.00 and the group's own 400.00 in 2024.
        assert Fraction(desk.lines()["market_trend"]) == Fraction(362, 323)
        return
    seen, text = desk.refused(4)
    assert seen == [(FILE, "D039", "month")]
    assert f"no member month in cell `hmo` of the market of group `GRP-001` in {gone[0]}-01 to {gone[0]}-03" in text


def test_a_region_without_members(desk: Desk) -> None:
    regional = "regional: {where: [{column: area, values: [MA]}], exclude: group, cost: as_reported}, own_weight: 50%"
    desk.edit("contracts/c-2024.yaml", "trend: 1.0625", regional)
    with_others(desk)
    whole(market_rows(*FULL).replace("product\n", "area\n"))(desk)
    seen, text = desk.refused(4)
    assert seen == [(FILE, "D039", "month")]
    assert "no member month in the market of group `GRP-001`" in text


# Copies that a contract takes out


TWICE = DEATH.replace("id: death, rule: after_death", "id: twice, rule: duplicates")
COPY = "M0000001,GRP-001,2024-01,512.34,1.0210\n"


def checked(desk: Desk) -> tuple[int, list[Found]]:
    result = p4v("data", "check", "--workspace", ".")
    desk.silent(result.output)
    return result.exit_code, findings_in(result.stderr)


def test_the_check_of_tables_passes_copies_that_a_contract_takes_out(desk: Desk) -> None:
    desk.append(COPY)
    found = [(f"{FILE}:7:1", "D030", "member_id")]
    assert checked(desk) == (4, found)
    desk.edit("contracts/c-2024.yaml", "terms:\n", TWICE)
    assert checked(desk) == (0, [])
    assert desk.settle().exit_code == 0


def test_the_check_of_tables_counts_copies(desk: Desk) -> None:
    desk.edit("contracts/c-2024.yaml", "terms:\n", TWICE.replace("months: leave", "months: leave, most_rows: 1"))
    desk.append(COPY)
    assert checked(desk) == (0, [])
    desk.append(COPY)
    assert checked(desk) == (4, [(f"{FILE}:{line}:1", "D030", "member_id") for line in (7, 8)])
    assert [code for _, code, _ in desk.refused(4)[0]] == ["D071"]


@pytest.mark.parametrize(
    "row",
    ["M0000001,GRP-001,2024-01,512.35,1.0210\n", "M0000001,GRP-001,2024-01,512.34,1.0211\n", "M0000001,OTHER,2024-01,512.34,1.0210\n"],
    ids=["another amount", "another score", "another group"],
)  # fmt: skip
def test_a_row_that_differs_is_no_copy(desk: Desk, row: str) -> None:
    """Which of two rows that differ is the first, no order says."""
    desk.edit("contracts/c-2024.yaml", "terms:\n", TWICE)
    with_others(desk)
    desk.append(row)
    found = [(f"{FILE}:7:1", "D030", "member_id")]
    assert checked(desk) == (4, found)
    if "OTHER" not in row:
        assert desk.refused(4)[0] == found


def test_the_check_of_tables_tells_groups_apart(desk: Desk) -> None:
    """Another group's copies are reported, and a contract that is wrong excuses none."""
    desk.edit("contracts/c-2024.yaml", "terms:\n", TWICE)
    with_others(desk)
    desk.append(COPY + "X1,OTHER,2024-01,1.00,1\n" * 2)
    assert checked(desk) == (4, [(f"{FILE}:9:1", "D030", "member_id")])
    desk.edit("contracts/c-2024.yaml", "extends:", "extents:")
    assert checked(desk) == (4, [(f"{FILE}:{line}:1", "D030", "member_id") for line in (7, 9)])


# `p4v check` of a whole workspace


def test_a_folder_is_checked_without_what_is_no_contract(desk: Desk) -> None:
    (desk.folder / "maps").mkdir()
    (desk.folder / "maps/claims.yaml").write_text("claims: p4v-claims/1\n")
    (desk.folder / "compose.yaml").write_text("services: {web: {image: nginx}}\n")
    (desk.folder / "broken.yaml").write_text("- &a [1, *a]\nx: {\n")
    result = p4v("check", ".")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line for line in result.stdout.splitlines() if line.startswith("ok")] == ["ok  contracts/c-2024.yaml"]


@pytest.mark.parametrize(
    "find, replace, code",
    [("contract: C-2024", "contrakt: C-2024", "C022"), ("payer: {", "payer: [", "C005"), ("contract: C", "contract:\tC", "C005")],
)  # fmt: skip
def test_a_contract_that_is_hard_to_know_is_still_one(desk: Desk, find: str, replace: str, code: str) -> None:
    desk.edit("contracts/c-2024.yaml", find, replace)
    result = p4v("check", ".")
    assert result.exit_code == 3
    assert findings_in(result.stderr)[0][1] == code


def test_what_lies_among_contracts_is_meant_to_be_one(desk: Desk) -> None:
    (desk.folder / "contracts/other.yaml").write_text("services: {}\n")
    (desk.folder / "contracts/figures.yaml").write_text("figures: {}\n")
    result = p4v("check", ".")
    assert findings_in(result.stderr) == [("contracts/other.yaml:1:1", "C022", None)]


@pytest.mark.parametrize("name", ["p4v.yaml", "compose.yaml"])
def test_a_file_that_is_named_is_not_passed_over(desk: Desk, name: str) -> None:
    (desk.folder / "compose.yaml").write_text("services: {}\n")
    assert p4v("check", name).exit_code == 3
