"""p4v in a notebook: the same settlement from tables in memory as from files, and a refusal that can be read."""

import csv
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import p4v
from p4v.settlement import digest_of
from support import ROOT
from support import p4v as command
from workspaces_started import files_below, settled_runs, started

CONTRACT = """
contract: hand
extends: shared-savings
group: {id: g, name: Example Medical Group}
payer: {name: Example payer}
agreement: {signed: 2013-11-01, effective: 2014-01-01, ends: 2014-12-31}
terms:
  member_months: {counting: counted, panel: members, clause: "1"}
  care_coordination_fee: {pmpm: 1.50, clause: "2"}
  expenditure: {basis: allowed, clause: "3"}
  benchmark: {pmpm: 400.00, clause: "4"}
  gate: {minimum_savings_rate: 2%, clause: "5"}
  share: {sharing_rate: 50%, clause: "6"}
"""
BOUND = {"group_id": "group", "member_id": "person", "month": "year_month"}
MONTHS = [f"2014-{month:02}" for month in range(1, 13)]
Frames = Mapping[str, Any]


def months(**columns: Any) -> pd.DataFrame:
    """One member of group g, twelve months of $100.25."""
    usual = {"group_id": ["g"] * 12, "member_id": ["a"] * 12, "month": MONTHS, "allowed": [Decimal("100.25")] * 12}
    kept = {name: values for name, values in (usual | columns).items() if values is not None}
    return pd.DataFrame(kept)


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hand.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh workspace, settled by the command."""
    folder = started(tmp_path_factory.mktemp("notebook") / "mine")
    assert command("settle", "--workspace", folder, "--period", "2014").exit_code == 0
    return folder


def texts(workspace: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(workspace / f"data/{name}.csv", dtype=str, keep_default_na=False)


def in_decimals(frame: pd.DataFrame) -> pd.DataFrame:
    dollars = [name for name in frame.columns if name.startswith("allowed_")]
    return frame.assign(**{name: [Decimal(text) for text in frame[name]] for name in dollars})


def in_cents(frame: pd.DataFrame) -> pd.DataFrame:
    dollars = [name for name in frame.columns if name.startswith("allowed_")]
    cents = {f"{name}_cents": [int(text.replace(".", "")) for text in frame[name]] for name in dollars}
    return frame.drop(columns=dollars).assign(**cents).astype(dict.fromkeys(cents, "Int64"))


def with_days(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(year_month=pd.to_datetime(frame["year_month"] + "-01"))


def with_categories(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({"group": "category", "cohort": "category"})


SHAPES: Mapping[str, Callable[[pd.DataFrame], Any]] = {
    "text": lambda frame: frame, "string": lambda frame: frame.astype("string"), "object": lambda frame: frame.astype(object),
    "Decimal": in_decimals, "cents": in_cents, "days": with_days, "categories": with_categories,
    "pyarrow": lambda frame: pa.Table.from_pandas(in_decimals(frame), preserve_index=False),
    "shuffled": lambda frame: frame.iloc[::-1], "empty cohort as NA": lambda frame: frame.replace({"cohort": {"": pd.NA}}),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_settlement_as_from_files(workspace: Path, shape: str) -> None:
    """Byte for byte what the command wrote, from whatever the frame holds."""
    frame = SHAPES[shape](texts(workspace, "member_months"))
    tables = {name: texts(workspace, name) for name in ("quality", "figures")}
    result = p4v.settle(
        workspace / "contracts/riverside.yaml",
        period="2014",
        member_months=frame,
        columns=BOUND,
        ignore=["note"],
        **tables,
    )
    written = (settled_runs(workspace)["riverside"] / "settlement.json").read_bytes()
    assert result.run.files["settlement.json"] == written
    assert result.digest == digest_of(written)


def test_what_the_command_prints_and_what_the_notebook_has(workspace: Path) -> None:
    results = p4v.settle_folder(workspace, period="2014")
    with (workspace / "runs/register.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["group"]: row for row in csv.DictReader(file) if row["group"]}
    assert list(results) == ["lakeside", "riverside"] == list(rows)
    register = results.register.set_index("group")
    for group, row in rows.items():
        assert results[group].run.id == row["run"]
        for name in ("member_months", "benchmark", "expenditure", "gross_savings", "earned", "fee", "net"):
            assert str(register.loc[group, name]) == row[name], name
        assert register.loc[group, "why"] == row["why"]
    assert {str(kind) for kind in results.register[["group", "state", "why"]].dtypes} == {"string"}
    lines = results.lines.set_index(["group", "name"])["value"]
    assert lines["riverside", "earned"] == Decimal(rows["riverside"]["earned"])
    assert lines["lakeside", "net_payment"] == Decimal(rows["lakeside"]["net"])


def test_figures_worked_by_hand(contract: Path) -> None:
    """400 x 12 = 4,800.00; 12 x 100.25 = 1,203.00; half of 3,597.00 is 1,798.50; the fee is 18.00, of which 10.50 is paid."""
    figures = pd.DataFrame({"group_id": ["g"], "period": [2014], "name": ["paid"], "value": [Decimal("10.50")]})
    result = p4v.settle(contract, period="2014", member_months=months(), figures=figures)
    assert [result[name] for name in ("benchmark", "expenditure", "earned", "net_payment")] == [
        Decimal(4800), Decimal(1203), Decimal("1798.50"), Decimal("1806.00"),
    ]  # fmt: skip
    assert str(result["earned"]) == "1798.50"
    assert (result.group, result.contract, result.period, result.status) == ("g", "hand", "2014-01 to 2014-12", "final")
    assert repr(result) == (
        "<p4v g 2014-01 to 2014-12 final: care_coordination_fee $18.00, earned $1,798.50, net_payment $1,806.00>"
    )


def test_an_exact_value_is_not_rounded(contract: Path) -> None:
    """Half of 4,800.00 - 1,203.01 is 1,798.495."""
    dollars = ["100.26", *["100.25"] * 11]
    result = p4v.settle(str(contract), period="2014", member_months=months(allowed=dollars))
    assert (result["earned"], result.exact("earned")) == (Decimal("1798.50"), Fraction("1798.495"))
    assert "earned" in result
    assert "earnd" not in result
    with pytest.raises(KeyError, match="no number 'earnd'; did you mean `earned`"):
        result["earnd"]
    with pytest.raises(KeyError, match="no number 'zzz'"):
        result.exact("zzz")


def test_the_worksheet(contract: Path) -> None:
    result = p4v.settle(contract, period="2014", member_months=months())
    sheet = result.worksheet
    assert list(sheet["number"]) == list(range(1, len(result.document["lines"]) + 1))
    assert {name: str(kind) for name, kind in sheet.dtypes.items()} == {
        "number": "int64", "name": "string", "label": "string", "kind": "string", "value": "object", "exact": "object",
        "shown": "string", "unit": "string", "expression": "string", "clause": "string", "state": "string",
    }  # fmt: skip
    line = sheet.set_index("name").loc["gross_savings"]
    assert (line["value"], line["exact"], line["shown"]) == (Decimal(3597), Fraction(3597), "$3,597.00")
    assert (line["expression"], line["clause"], line["unit"]) == ("benchmark - expenditure", "4", "usd")
    given = sheet[sheet["kind"] == "given"]
    assert given["expression"].isna().all()
    assert list(given["name"]) == ["member_months", "expenditure"]


def test_the_controls(contract: Path) -> None:
    """A row of the next year is outside the period: 13 rows in, 12 used."""
    more = pd.concat([months(), months().iloc[:1].assign(month="2015-01", allowed=Decimal("7.00"))])
    controls = p4v.settle(contract, period="2014", member_months=more).controls
    assert list(controls.columns) == ["table", "window", "entry", "rule", "rows", "member_months", "dollars"]
    assert {str(controls[name].dtype) for name in ("table", "window", "entry", "rule")} == {"string"}
    whole = controls[controls["window"] == "table"].set_index("entry")
    assert list(whole["rows"]) == [13, 1, 12]
    assert whole["rule"].isna().tolist() == [True, False, True]
    assert list(whole["dollars"]) == [Decimal("1210.00"), Decimal("7.00"), Decimal("1203.00")]
    for _, window in controls.groupby("window"):
        by = window.groupby("entry")["dollars"].sum()
        assert by["in"] == by["used"] + by.get("excluded", 0) + by.get("rejected", 0)


def test_days_as_text_and_as_dates(contract: Path) -> None:
    for day in ("2015-06-30", date(2015, 6, 30)):
        result = p4v.settle(contract, period="2014", member_months=months(), paid_through=day, known=day)
        manifest = result.run.manifest()
        assert (manifest["paid_through"], manifest["known"]) == ("2015-06-30", "2015-06-30")


def test_a_quarter(contract: Path) -> None:
    """Rewards to June: 2,400.00 - 601.50 = 1,798.50, half is 899.25. The fee is of April to June: 4.50."""
    result = p4v.settle(contract, period="2014Q2", member_months=months())
    assert (result.period, result.status) == ("2014-01 to 2014-06", "interim")
    assert (result["earned"], result["care_coordination_fee"]) == (Decimal("899.25"), Decimal("4.50"))


def test_deaths_references_and_totals(contract: Path) -> None:
    """The member died in October: two months leave, 4,000.00 - 1,002.50 = 2,997.50, cut to 600.00 of a year's cost.

    The point is the highest of the reference, 600.00; so 4,000.00 - 600.00 = 3,400.00, and half is 1,700.00.
    """
    reference = contract.with_name("frozen.csv")
    reference.write_text("amount_of_member\n100.00\n600.00\n", encoding="utf-8")
    sha256 = digest_of(reference.read_bytes())
    text = CONTRACT.replace(
        'panel: members, clause: "1"',
        "panel: members, exclusions: [{id: death, rule: after_death, periods: [performance], rosters: [cost], "
        'months: leave}], clause: "1"',
    ).replace(
        "{basis: allowed,",
        "{basis: allowed, large_claims: {form: truncate, percentile: {at: 99%, of: members, amounts: actual, reference: "
        f"frozen, sha256: {sha256}}}, threshold: full, across_moves: each_group}},",
    )
    contract.write_text(text, encoding="utf-8")
    deaths = pd.DataFrame({"member_id": ["a"], "death_month": ["2014-10"]})
    totals = pd.DataFrame({"table": ["member_months"], "rows": [12], "owner": ["Data desk"], "date": ["2015-07-01"]})
    tables: Any = {"member_months": months(), "deaths": deaths, "expected_totals": totals}
    result = p4v.settle(contract, period="2014", references={"frozen": reference}, **tables)
    assert (result["member_months"], result["earned"]) == (Decimal(10), Decimal("1700.00"))
    assert result.run.manifest()["tied"] == {"date": "2015-07-01", "owner": "Data desk"}
    assert result.notes == ("more than 10% of members lie above the truncation point",)
    tables["expected_totals"] = totals.assign(rows=13)
    with pytest.raises(p4v.Refusal, match="expected_totals in memory: error.P4V-D072"):
        p4v.settle(contract, period="2014", references={"frozen": reference}, **tables)


def test_a_ready_map() -> None:
    """The columns of Tuva's pmpm_prep, as the example has them."""
    folder = ROOT / "examples/tuva"
    frame = pd.read_csv(folder / "data/pmpm_prep.csv", dtype=str, keep_default_na=False)
    by_file = p4v.settle_folder(folder, period="2024")
    for group, wanted in by_file.items():
        (path,) = (folder / "contracts").glob(f"{wanted.contract}.yaml")
        assert p4v.settle(path, period="2024", member_months=frame, column_map="tuva").digest == wanted.digest, group


def test_the_page(contract: Path) -> None:
    result = p4v.settle(contract, period="2014", member_months=months())
    assert "$1,798.50" in result.html
    assert result.html.startswith("<!doctype html>")
    shown = result._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "<html" not in shown
    assert unescape(shown.split('"')[1]) == result.html


def test_the_lines_that_a_figure_rests_on(contract: Path) -> None:
    result = p4v.settle(contract, period="2014", member_months=months())
    text = result.explain("gross_savings")
    assert "= $4,800.00 − $1,203.00" in text
    assert "sharing_rate" not in text
    assert "sharing_rate" in result.explain()


def test_nothing_is_written(contract: Path, workspace: Path) -> None:
    before = files_below(contract.parent), files_below(workspace)
    p4v.settle(contract, period="2014", member_months=months())
    p4v.settle_folder(workspace, period="2014")
    assert (files_below(contract.parent), files_below(workspace)) == before


# A folder


def test_one_group_of_a_folder(workspace: Path) -> None:
    for groups in ("lakeside", ["lakeside"]):
        assert list(p4v.settle_folder(workspace, period="2014", groups=groups)) == ["lakeside"]


def test_groups_that_are_not_settled(workspace: Path) -> None:
    results = p4v.settle_folder(workspace, period="2017")
    assert len(results) == 0
    assert results.not_settled["lakeside"] == "the agreement holds from 2014-01-01 to 2016-12-31"
    with pytest.raises(KeyError, match="'lakeside' is not settled: the agreement holds"):
        results["lakeside"]
    with pytest.raises(KeyError, match="no group 'zzz'"):
        results["zzz"]
    assert list(results.register["state"]) == ["not_in_force", "not_in_force"]
    assert list(results.lines.columns) == ["group", "name", "value", "unit", "clause"]
    assert repr(results) == "<p4v 2017-01 to 2017-12: 0 settled, 2 not>"


def test_the_register_as_a_page(workspace: Path) -> None:
    page = unescape(p4v.settle_folder(workspace, period="2014")._repr_html_())
    assert "Settlement register" in page
    assert "Riverside Medical Group" in page


# Refusals

REFUSED: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "float dollars": ({"allowed": [100.25] * 12}, "P4V-D051", "a float has lost its cents"),
    "whole dollars without a name": ({"allowed": [100] * 12}, "P4V-D051", "a column whose name ends in _cents"),
    "Decimal and float mixed": ({"allowed": [Decimal("1.00"), 2.5] * 6}, "P4V-D051", "cells of type several"),
    "three decimals in text": ({"allowed": ["12.345", *["1.00"] * 11]}, "P4V-D012", "in row 1"),
    "three decimals in Decimal": ({"allowed": [Decimal("12.345"), *[Decimal("1.00")] * 11]}, "P4V-D012", "in row 1"),
    "no amount": ({"allowed": ["1.00"] * 11 + [None]}, "P4V-D013", "an empty cell, in row 12"),
    "Decimal that is no number": ({"allowed": [Decimal("NaN"), *[Decimal(1)] * 11]}, "P4V-D013", "in row 1"),
    "no whole cents": (
        {"allowed": None, "allowed_cents": pd.array([1] * 11 + [None], dtype="Int64")}, "P4V-D013", "in row 12",
    ),
    "no id": ({"member_id": ["a"] * 11 + [None]}, "P4V-D013", "member_id: found an empty cell, in row 12"),
    "an id that is none": ({"member_id": ["a b", *["a"] * 11]}, "P4V-D020", "member_id"),
    "ids as numbers": ({"member_id": [7] * 12}, "P4V-D051", "member_id: found cells of type int64; allowed text"),
    "a month within": ({"month": pd.to_datetime([f"{month}-15" for month in MONTHS])}, "P4V-D033", "in row 1"),
    "a month with a zone": ({"month": pd.to_datetime([f"{month}-01" for month in MONTHS], utc=True)}, "P4V-D051", "month"),
    "member months as floats": ({"member_months": [0.5] * 12}, "P4V-D051", "member_months"),
    "member months above one": ({"member_months": [2] * 12}, "P4V-D034", "in row 1"),
    "risk as a float": ({"risk_score": [1.0] * 12}, "P4V-D051", "risk_score"),
    "no such column": ({"member_id": None}, "P4V-D004", "member_id"),
    "a column that nobody asked for": ({"note": ["x"] * 12}, "P4V-D011", "note"),
    "a month twice": ({"month": ["2014-01", *MONTHS[:11]]}, "P4V-D030", "row 1 again, in row 2"),
    "another group": ({"group_id": ["h"] * 12}, "P4V-D038", "no rows of group `g`"),
    "a month without rows": ({"month": [*MONTHS[:11], "2015-01"]}, "P4V-D039", "in 2014-12"),
}  # fmt: skip


@pytest.mark.parametrize("columns, code, words", REFUSED.values(), ids=REFUSED.keys())
def test_member_months_that_are_refused(contract: Path, columns: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(p4v.Refusal) as refused:
        p4v.settle(contract, period="2014", member_months=months(**columns))
    assert {finding.code for finding in refused.value.findings} == {code}
    text = str(refused.value)
    assert text.startswith("member_months")
    assert f"error[{code}]" in text
    assert words in text
    assert "100.25" not in text


OPTIONS: Mapping[str, tuple[dict[str, Any], str]] = {
    "period": ({"period": "2014Q5"}, "P4V-U007"), "paid_through": ({"paid_through": "soon"}, "P4V-U007"),
    "known": ({"known": "2015-02-30"}, "P4V-U007"), "status": ({"status": "finale"}, "P4V-U008"),
    "months": ({"months": "days"}, "P4V-U008"), "column_map": ({"column_map": "tuba"}, "P4V-U008"),
    "columns": ({"columns": {"cohort": "grp"}}, "P4V-D004"), "another period": ({"period": "2017"}, "P4V-D035"),
    "not known yet": ({"known": "2013-01-01"}, "P4V-D035"),
}  # fmt: skip


@pytest.mark.parametrize("options, code", OPTIONS.values(), ids=OPTIONS.keys())
def test_options_that_are_refused(contract: Path, options: dict[str, Any], code: str) -> None:
    with pytest.raises(p4v.Refusal) as refused:
        p4v.settle(contract, **{"period": "2014", "member_months": months()} | options)
    assert refused.value.findings[0].code == code


FIGURES: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "a float": ({"value": [10.5]}, "P4V-D051", "value"), "no number": ({"value": ["ten"]}, "P4V-D012", "in row 1"),
    "an unknown figure": ({"name": ["payd"]}, "P4V-D011", "did you mean `paid`?"),
    "no period": ({"period": ["soon"]}, "P4V-D033", "in row 1"),
}  # fmt: skip


@pytest.mark.parametrize("columns, code, words", FIGURES.values(), ids=FIGURES.keys())
def test_figures_that_are_refused(contract: Path, columns: dict[str, Any], code: str, words: str) -> None:
    usual = {"group_id": ["g"], "period": ["2014"], "name": ["paid"], "key": [None], "value": ["10.50"]}
    with pytest.raises(p4v.Refusal, match="^figures in memory: error") as refused:
        p4v.settle(contract, period="2014", member_months=months(), figures=pd.DataFrame(usual | columns))
    assert (refused.value.findings[0].code, words in str(refused.value)) == (code, True)


def test_quality_that_is_missing_or_refused(workspace: Path) -> None:
    usual: dict[str, Any] = {"member_months": texts(workspace, "member_months"), "columns": BOUND, "ignore": ["note"]}
    path = workspace / "contracts/riverside.yaml"
    with pytest.raises(p4v.Refusal, match="the notebook: error.P4V-D013. tables: found no `denominator.bcs`"):
        p4v.settle(path, period="2014", **usual)
    floats = pd.read_csv(workspace / "data/quality.csv").astype({"numerator": float})
    with pytest.raises(p4v.Refusal, match="quality in memory: error.P4V-D051. numerator"):
        p4v.settle(path, period="2014", quality=floats, **usual)


def test_what_is_no_table(contract: Path) -> None:
    with pytest.raises(TypeError, match="member_months: a pandas DataFrame or a pyarrow Table, not dict"):
        p4v.settle(contract, period="2014", member_months={"group_id": ["g"]})
    with pytest.raises(TypeError, match="qualty"):
        p4v.settle(contract, period="2014", member_months=months(), qualty=months())  # type: ignore[call-arg]


def test_a_contract_at_fault(contract: Path) -> None:
    with pytest.raises(p4v.Refusal, match="no.yaml: error.P4V-C008"):
        p4v.settle("no.yaml", period="2014", member_months=months())
    contract.write_text(CONTRACT.replace("benchmark:", "benchmrak:"), encoding="utf-8")
    with pytest.raises(p4v.Refusal, match="hand.yaml:11:3: error.P4V-C020") as refused:
        p4v.settle(contract, period="2014", member_months=months())
    assert "did you mean `benchmark`?" in str(refused.value)


def test_a_case_that_does_not_come_out(contract: Path) -> None:
    """400 x 100 = 40,000.00, and half of 10,000.00 is 5,000.00: a contract that says 4,000.00 settles nothing."""
    case = "cases: [{case: wrong, source: by hand, figures: {member_months: 100, expenditure: 30000.00}, lines: {earned: EARNED}}]"
    contract.write_text(f"{CONTRACT}{case.replace('EARNED', '5000.00')}", encoding="utf-8")
    p4v.settle(contract, period="2014", member_months=months())
    contract.write_text(f"{CONTRACT}{case.replace('EARNED', '4000.00')}", encoding="utf-8")
    with pytest.raises(p4v.Refusal, match="hand.yaml:.*error.P4V-V007"):
        p4v.settle(contract, period="2014", member_months=months())
    folder = contract.parent
    (folder / "contracts").mkdir()
    contract.rename(folder / "contracts/hand.yaml")
    months().to_csv(folder / "months.csv", index=False)
    (folder / "p4v.yaml").write_text("workspace: p4v-workspace/1\ntables: {member_months: {files: months.csv}}\n")
    with pytest.raises(p4v.Refusal, match="hand.yaml:.*error.P4V-V007"):
        p4v.settle_folder(folder, period="2014")


def test_decimals_of_any_width(contract: Path) -> None:
    """1.20 stays 1.20, in however many digits a table stores it: 4,800.00 - 14.40 = 4,785.60, half is 2,392.80."""
    for digits, places in ((3, 2), (5, 3), (4, 1), (13, 2), (15, 6), (18, 4), (22, 3), (38, 10), (38, 37)):
        cells = pa.array([Decimal("1.20")] * 12, pa.decimal128(digits, places))
        table = pa.Table.from_pandas(months(allowed=None), preserve_index=False).append_column("allowed", cells)
        assert p4v.settle(contract, period="2014", member_months=table)["earned"] == Decimal("2392.80"), (
            digits,
            places,
        )


def test_importing_is_light() -> None:
    """The command line imports p4v, and needs none of pandas."""
    code = (
        "import sys, p4v; assert not {'pandas', 'pyarrow', 'duckdb', 'numpy'} & set(sys.modules); "
        "assert {'settle', 'settle_folder', 'Refusal'} <= set(dir(p4v)); p4v.Refusal; assert 'pandas' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(AttributeError, match="no attribute 'settel'"):
        p4v.settel  # type: ignore[attr-defined]
