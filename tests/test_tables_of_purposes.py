"""One table of member months to each purpose: the same settlement as from one table with a column `purpose`."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import p4v
from p4v.data.open import OpenTables, open_tables
from p4v.data.spec import TableSpec
from p4v.errors import Finding, Refusal
from p4v.settlement import digest_of
from p4v.workspace.document import read_asked, read_workspace
from p4v.workspace.results import Request, Settled
from p4v.workspace.settle import settle_workspace
from support import p4v as command

CONTRACT = """\
contract: A
extends: shared-savings
group: {id: A, name: Example Medical Group}
payer: {name: Example payer}
agreement: {signed: 2013-11-01, effective: 2014-01-01, ends: 2014-12-31}
terms:
  member_months:
    counting: counted
    panel: members
    exclusions:
      - {id: transplant, rule: rows, column: cohort, values: [transplant], periods: [performance], rosters: [cost], months: leave}
    clause: "§3"
  care_coordination_fee: {roster: fee, pmpm: 1.50, clause: "§7"}
  expenditure: {basis: allowed, clause: "§2"}
  benchmark: {pmpm: 400.00, clause: "§4"}
  gate: {minimum_savings_rate: 2%, clause: "§5"}
  share: {sharing_rate: 50%, clause: "§6"}
"""
MONTHS = [f"2014-{month:02}" for month in range(1, 13)]
COST = "group_id,member_id,month,allowed_inpatient,allowed_other,cohort,risk_score,revenue"
FEE = "grp,person,ym,note"
BOUND = "columns: {group_id: grp, member_id: person, month: ym}, ignore: [note]"
WHOLE = f"{COST},purpose"
COST_ROWS = [
    *(f"A,m1,{month},60.00,40.25,,1.0,10.00" for month in MONTHS),
    *(f"A,m2,{month},500.00,0.00,{'transplant' if month < '2014-07' else ''},2.0,10.00" for month in MONTHS),
]
FEE_ROWS = [*(f"A,m1,{month},x" for month in MONTHS), *(f"A,m9,{month},x" for month in MONTHS[:3])]
WHOLE_ROWS = [
    *(f"{row},cost" for row in COST_ROWS),
    *(f"{row.rpartition(',')[0]},0.00,0.00,,0,0.00,fee" for row in FEE_ROWS),
]


def text(header: str, rows: Iterable[str]) -> str:
    return "\n".join([header, *rows, ""])


def workspace(folder: Path, months: str, contract: str = CONTRACT, more: str = "", **files: str | bytes) -> Path:
    """A workspace of one contract. `months` is what `p4v.yaml` says of the member months."""
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts/A.yaml").write_text(contract, encoding="utf-8")
    (folder / "p4v.yaml").write_text(f"workspace: p4v-workspace/1\ntables:\n  member_months:{months}\n{more}")
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_csv", ".csv")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


APART = f"\n  - {{files: fee.csv, purpose: fee, {BOUND}}}\n  - {{files: cost.csv, purpose: cost}}"


def apart(folder: Path, months: str = APART, **changes: Any) -> Path:
    files = {"fee_csv": text(FEE, FEE_ROWS), "cost_csv": text(COST, COST_ROWS)}
    return workspace(folder, months, **(files | changes))


def in_one(folder: Path, **changes: Any) -> Path:
    return workspace(folder, " {files: all.csv}", all_csv=text(WHOLE, WHOLE_ROWS), **changes)


def settled(folder: Path, known: date | None = None) -> Settled:
    return settle_workspace(read_workspace(folder, known), Request(read_asked("2014"), known=known))


def content(done: Settled) -> bytes:
    (result,) = done.results
    assert result.settlement is not None
    return result.settlement.content()


def refused(folder: Path, known: date | None = None) -> list[Finding]:
    with pytest.raises(Refusal) as caught:
        settled(folder, known)
    return list(caught.value.findings)


def places(findings: Iterable[Finding]) -> list[tuple[str, str, int | None, int | None, str | None, int]]:
    """Each with the file's name, its line and column, the field and the exit code."""
    return [
        (one.code, Path(one.file).name, one.line, one.column, one.field, one.exit_code) for one in findings
    ]  # fmt: skip


# The same settlement


def test_figures_worked_by_hand(tmp_path: Path) -> None:
    """Cost: m1 twelve months of 100.25, m2 six of 500.00 (six leave): 18 months, 4,203.00; 18 x 400 = 7,200.00; half of
    2,997.00 is 1,498.50. Fee: 12 + 3 months at 1.50 are 22.50.
    """
    (result,) = settled(apart(tmp_path / "w")).results
    assert result.settlement is not None
    lines = {line.name: line.figure for line in result.settlement.lines}
    names = ("member_months", "expenditure", "benchmark", "fee_member_months", "care_coordination_fee", "earned")
    assert [lines[name] for name in names] == [18, 4203, 7200, 15, Fraction(45, 2), Fraction(2997, 2)]
    controls = {
        (entry["window"], entry["entry"], entry["rule"]): (entry["rows"], entry["member_months"], entry["dollars"])
        for entry in result.settlement.controls
    }
    assert controls["table", "in", None] == (39, "39", "7203.00")
    assert controls["table", "excluded", "other_purposes"] == (15, "15", "0.00")
    assert controls["performance", "excluded", "transplant"] == (6, "6", "3000.00")
    assert controls["fee", "used", None] == (15, "15", "0.00")


def packed(folder: Path) -> Path:
    folder = apart(folder, APART.replace("fee.csv", "fee.csv.gz"))
    (folder / "fee.csv.gz").write_bytes(gzip.compress(text(FEE, FEE_ROWS).encode()))
    return folder


def in_parquet(folder: Path) -> Path:
    folder = apart(folder, APART.replace("fee.csv", "fee.parquet"))
    header, *rows = [row.split(",") for row in text(FEE, FEE_ROWS).split()]
    pq.write_table(pa.table(dict(zip(header, zip(*rows, strict=True), strict=True))), folder / "fee.parquet")
    return folder


def in_a_database(folder: Path) -> Path:
    """Both tables in one DuckDB file."""
    months = APART.replace("fee.csv", "all.duckdb, table: fee_roster").replace("cost.csv", "all.duckdb, table: claims")
    folder = apart(folder, months)
    with duckdb.connect(str(folder / "all.duckdb")) as database:
        for table, name in (("fee_roster", "fee"), ("claims", "cost")):
            rows = f"read_csv('{folder / name}.csv', all_varchar = true, nullstr = 'none')"
            database.execute(f"CREATE TABLE {table} AS SELECT * FROM {rows}")
    return folder


def the_other_way_round(folder: Path) -> Path:
    first, second = APART.strip().split("\n")
    return apart(folder, f"\n{second}\n  {first}")


def with_numbers_of_months(folder: Path) -> Path:
    """A table without a column `member_months` has one to each row, whatever another has."""
    rows = [f"{row},1" for row in COST_ROWS]
    return apart(folder, cost_csv=text(f"{COST},member_months", rows))


@pytest.mark.parametrize(
    "form", [apart, packed, in_parquet, in_a_database, the_other_way_round, with_numbers_of_months]
)
def test_the_digest_is_that_of_one_table(tmp_path: Path, form: Any) -> None:
    assert digest_of(content(settled(form(tmp_path / "w")))) == digest_of(content(settled(in_one(tmp_path / "one"))))


def test_a_table_of_one_purpose_needs_no_list(tmp_path: Path) -> None:
    contract = CONTRACT.replace("roster: fee, ", "")
    one = workspace(tmp_path / "one", " {files: all.csv}", contract, all_csv=text(WHOLE, WHOLE_ROWS[:24]))
    alone = workspace(tmp_path / "w", " {files: cost.csv, purpose: cost}", contract, cost_csv=text(COST, COST_ROWS))
    assert content(settled(one)) == content(settled(alone))


def test_the_notebook_has_the_same_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = apart(tmp_path / "w")
    frames = {name: pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in ("fee", "cost")}
    own = {"group_id": "grp", "member_id": "person", "month": "ym"}
    result = p4v.settle(
        folder / "contracts/A.yaml", period="2014", member_months=frames, columns={"fee": own}, ignore={"fee": ["note"]}
    )
    assert result.digest == digest_of(content(settled(folder)))
    renamed = frames["fee"].rename(columns={theirs: name for name, theirs in own.items()})
    said = {"member_months": {"cost": frames["cost"], "fee": renamed}, "ignore": ["note"]}
    again = p4v.settle(folder / "contracts/A.yaml", period="2014", **said)  # type: ignore[arg-type]
    assert again.digest == result.digest
    tables = [
        (entry["role"], entry["name"], entry["purpose"], entry["rows"]) for entry in again.run.manifest()["tables"]
    ]
    assert tables == [
        ("member_months", "member_months (cost) in memory", "cost", 24),
        ("member_months", "member_months (fee) in memory", "fee", 15),
    ]  # fmt: skip


def test_the_notebook_says_which_table(tmp_path: Path) -> None:
    contract = apart(tmp_path / "w") / "contracts/A.yaml"
    names = ("group_id", "member_id", "month", "allowed", "cohort")
    cost = pd.DataFrame([("A", "m1", month, Decimal("1.00"), "") for month in MONTHS], columns=names)
    fee = cost[["group_id", "member_id", "month"]]
    with pytest.raises(Refusal) as caught:
        p4v.settle(contract, period="2014", member_months={"fee": fee.assign(month="x"), "cost": cost})
    assert {finding.file for finding in caught.value.findings} == {"member_months (fee) in memory"}
    with pytest.raises(Refusal, match="U008"):
        p4v.settle(contract, period="2014", member_months={"fees": fee, "cost": cost})
    with pytest.raises(Refusal, match="U008"):
        p4v.settle(contract, period="2014", member_months={"fee": fee, "cost": cost}, columns={"quality": {}})
    with pytest.raises(TypeError, match=r"member_months \(fee\): a pandas DataFrame"):
        p4v.settle(contract, period="2014", member_months={"fee": [1], "cost": cost})
    with pytest.raises(TypeError, match="by purpose"):
        p4v.settle(contract, period="2014", member_months=cost, ignore={"fee": ["x"]})


# What commands say


def test_check_describe_settle_and_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(apart(tmp_path / "w"))
    assert command("data", "check").stdout.splitlines() == [
        "ok  member_months (fee): fee.csv, 15 rows", "ok  member_months (cost): cost.csv, 24 rows",
        "not tied to source",
    ]  # fmt: skip
    lines = command("data", "describe", "--fingerprint").stdout.splitlines()
    digests = {name: sha256(Path(f"{name}.csv").read_bytes()).hexdigest() for name in ("fee", "cost")}
    assert lines[:2] == [
        f"member_months ({name})  {name}.csv  {rows} rows  {digests[name][:12]}" for name, rows in (("fee", 15), ("cost", 24))
    ]  # fmt: skip
    assert lines[2:5] == [
        "columns (fee)  group_id = grp, member_id = person, month = ym",
        "ignored (fee)  note",
        "columns (cost)  allowed.inpatient, allowed.other, cohort, group_id, member_id, month, revenue, risk_score",
    ]
    assert command("settle", "--period", "2014").exit_code == 0
    (manifest,) = Path("runs").glob("A-*/manifest.json")
    tables = json.loads(manifest.read_text())["tables"]
    assert [(entry["name"], entry["purpose"], entry["sha256"]) for entry in tables] == [
        (f"{name}.csv", name, digests[name]) for name in ("fee", "cost")
    ]
    (run,) = {path.parent for path in Path("runs").glob("A-*/manifest.json")}
    assert command("rerun", run).exit_code == 0
    assert command("rerun", run, "--workspace", ".").exit_code == 0


def test_the_fingerprint_is_that_of_one_table(tmp_path: Path) -> None:
    def fingerprint(folder: Path) -> str:
        with open_tables(list(read_workspace(folder).tables.values())) as tables:
            return tables.fingerprint()

    assert fingerprint(apart(tmp_path / "w")) == fingerprint(in_one(tmp_path / "one"))


@pytest.mark.parametrize("rows, passes", [(39, True), (24, False)])
def test_expected_totals_are_those_of_all_tables(tmp_path: Path, rows: int, passes: bool) -> None:
    stated = f"table,rows,member_months,dollars,owner,date\nmember_months,{rows},39,7203.00,Finance,2015-06-30\n"
    folder = apart(tmp_path / "w", more="  expected_totals: {files: totals.csv}\n", totals_csv=stated)
    if passes:
        assert settled(folder).results[0].settlement is not None
    else:
        assert places(refused(folder)) == [("P4V-D072", "totals.csv", 2, 1, "table", 4)]


# Places


def changed(rows: list[str], at: int, old: str, new: str) -> list[str]:
    assert old in rows[at]
    return [row.replace(old, new) if place == at else row for place, row in enumerate(rows)]


def test_faults_of_rows_with_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of the fee, an amount and a risk score of the cost."""
    fee = changed(FEE_ROWS, 3, "2014-04", "2014-4")
    cost = changed(changed(COST_ROWS, 0, "60.00", "60.001"), 1, "1.0,", "x,")
    folder = apart(tmp_path / "w", fee_csv=text(FEE, fee), cost_csv=text(COST, cost))
    wanted = [
        ("P4V-D033", "fee.csv", 5, 3, "ym", 4), ("P4V-D012", "cost.csv", 2, 4, "allowed_inpatient", 4),
        ("P4V-D015", "cost.csv", 3, 7, "risk_score", 4),
    ]  # fmt: skip
    assert places(refused(folder)) == wanted
    monkeypatch.chdir(folder)
    result = command("data", "check", "--rejected", "rejected.csv")
    assert result.exit_code == 4
    assert [f"{name}:{line}:{column}: error[{code}]" in result.stderr for code, name, line, column, _, _ in wanted] == [
        True
    ] * 3
    rejected = list(csv.DictReader(io.StringIO(Path("rejected.csv").read_text())))
    kept = [(row["file"], row["line_or_row"], row["code"], row["purpose"], row["cohort"]) for row in rejected]
    assert kept == [
        ("fee.csv", "5", "P4V-D033", "fee", ""), ("cost.csv", "2", "P4V-D012", "cost", ""),
        ("cost.csv", "3", "P4V-D015", "cost", ""),
    ]  # fmt: skip


def test_amounts_in_cents_beside_dollars(tmp_path: Path) -> None:
    """Each file's own words; 100 cents on the roster of the fee are dollars of other purposes."""
    header, rows = f"{FEE},allowed_other_cents", [f"{row},100" for row in FEE_ROWS]
    (result,) = settled(apart(tmp_path / "w", fee_csv=text(header, rows))).results
    assert result.settlement is not None
    assert [entry["dollars"] for entry in result.settlement.controls if entry["rule"] == "other_purposes"] == ["15.00"]
    fee, cost = changed(rows, 0, ",100", ",1.00"), changed(COST_ROWS, 0, "40.25", "40.255")
    findings = refused(apart(tmp_path / "v", fee_csv=text(header, fee), cost_csv=text(COST, cost)))
    assert [(one.found, one.line, one.field) for one in findings] == [
        ("no whole number of cents", 2, "allowed_other_cents"), ("no amount in whole cents", 2, "allowed_other"),
    ]  # fmt: skip


def test_a_row_may_stand_once_in_each_roster(tmp_path: Path) -> None:
    folder = apart(tmp_path / "w", fee_csv=text(FEE, [*FEE_ROWS, FEE_ROWS[2]]))
    (finding,) = refused(folder)
    assert places([finding]) == [("P4V-D030", "fee.csv", 17, 2, "person", 4)]
    assert finding.found.endswith("fee.csv:4 again")
    assert finding.allowed == "one row for each member and month and purpose"


def test_ids_that_differ_in_case_between_tables(tmp_path: Path) -> None:
    folder = apart(tmp_path / "w", fee_csv=text(FEE, changed(FEE_ROWS, 0, "m1", "M1")))
    findings = refused(folder)
    assert ("P4V-D020", "cost.csv", 2, 2, "member_id", 4) in places(findings)


def test_a_group_that_is_missing_from_one_roster(tmp_path: Path) -> None:
    no_rows = apart(tmp_path / "w", fee_csv=text(FEE, [row.replace("A,", "B,", 1) for row in FEE_ROWS]),
                    months=APART.replace("purpose: fee", "purpose: fee, other_groups: allowed"))  # fmt: skip
    assert places(refused(no_rows)) == [("P4V-D038", "fee.csv", None, None, None, 4)]
    no_month = apart(tmp_path / "v", fee_csv=text(FEE, FEE_ROWS[1:12]))
    assert places(refused(no_month)) == [("P4V-D039", "fee.csv", None, None, "month", 4)]


def test_each_table_says_which_other_groups_it_may_have(tmp_path: Path) -> None:
    """The market's rows are of the cost alone; the same group on the roster of the fee is refused."""
    months = APART.replace("purpose: cost", "purpose: cost, other_groups: [market]")
    cost = text(COST, [*COST_ROWS, "market,x1,2014-01,1.00,1.00,,1.0,1.00"])
    assert settled(apart(tmp_path / "w", months, cost_csv=cost)).results[0].settlement is not None
    both = apart(tmp_path / "v", months, cost_csv=cost, fee_csv=text(FEE, [*FEE_ROWS, "market,x1,2014-01,x"]))
    assert places(refused(both)) == [("P4V-D038", "fee.csv", 17, 1, "grp", 4)]


# What a table may lack, and what it may not


def test_a_cost_table_may_not_lack_what_another_has(tmp_path: Path) -> None:
    """An amount, revenue and a risk score on the roster of the fee alone, and a category that the cost has not."""
    header, rows = f"{FEE},allowed_pharmacy,revenue,risk_score", [f"{row},1.00,1.00,1.0" for row in FEE_ROWS]
    cost = [",".join(row.split(",")[:6]) for row in COST_ROWS]
    folder = apart(
        tmp_path / "w", fee_csv=text(header, rows), cost_csv=text(",".join(COST.split(",")[:6]), cost)
    )  # fmt: skip
    findings = refused(folder)
    assert places(findings) == [
        ("P4V-D004", "cost.csv", 1, None, name, 4) for name in ("allowed.pharmacy", "revenue", "risk_score")
    ]
    assert findings[0].help == "bind it here, or name it under `ignore` there"


def test_a_cost_column_that_no_table_has(tmp_path: Path) -> None:
    folder = apart(tmp_path / "w", contract=CONTRACT.replace("basis: allowed", "basis: paid"))
    assert places(refused(folder)) == [("P4V-D004", "member_months", None, None, "paid", 4)]


@pytest.mark.parametrize(
    "old, new, field",
    [
        ("rosters: [cost]", "rosters: [cost, fee]", "cohort"),
        ("    exclusions", "    products: [ppo]\n    exclusions", "product"),
        ("pmpm: 1.50", "tiers: [{id: low, pmpm: 1.50}]", "tier"),
    ],
)
def test_a_text_that_the_contract_looks_at_on_that_roster(tmp_path: Path, old: str, new: str, field: str) -> None:
    """The cost has the column, the roster of the fee has not: each row would be of no product, tier or cohort."""
    contract = CONTRACT.replace(old, new)
    assert contract != CONTRACT
    cost = text(f"{COST},product,tier", [f"{row},ppo,low" for row in COST_ROWS])
    folder = apart(tmp_path / "w", contract=contract, cost_csv=cost)
    findings = refused(folder)
    assert places(findings) == [("P4V-D004", "fee.csv", None, None, field, 4)]
    assert findings[0].help == "bind the column under `columns` of the table"
    fee = text(f"{FEE},cohort,product,tier", [f"{row},,ppo,low" for row in FEE_ROWS])
    there = apart(tmp_path / "v", contract=contract, cost_csv=cost, fee_csv=fee)
    assert settled(there).results[0].settlement is not None


def test_a_text_that_only_the_fee_has_is_no_text_of_the_cost(tmp_path: Path) -> None:
    contract = CONTRACT.replace("column: cohort", "column: ward")
    folder = apart(
        tmp_path / "w",
        contract=contract,
        months=APART.replace("month: ym", "month: ym, ward: note").replace(", ignore: [note]", ""),
    )
    assert places(refused(folder)) == [("P4V-D004", "cost.csv", None, None, "ward", 4)]


def test_a_table_with_a_purpose_has_no_column_of_purposes(tmp_path: Path) -> None:
    cost = text(WHOLE, WHOLE_ROWS[:24])
    (finding,) = refused(apart(tmp_path / "w", cost_csv=cost))
    assert places([finding]) == [("P4V-D002", "cost.csv", 1, 9, "purpose", 4)]
    assert finding.help == "name the column under `ignore`, or take `purpose` away"
    ignored = apart(tmp_path / "v", APART.replace("purpose: cost", "purpose: cost, ignore: [purpose]"), cost_csv=cost)
    assert content(settled(ignored)) == content(settled(in_one(tmp_path / "one")))


def test_months_beside_years(tmp_path: Path) -> None:
    folder = apart(tmp_path / "w", APART.replace("month: ym", "year: ym"), fee_csv=text(FEE, ["A,m1,2014,x"]))
    assert places(refused(folder)) == [("P4V-D004", "cost.csv", 1, None, "month", 4)]


def test_all_tables_are_looked_at_before_any_is_refused(tmp_path: Path) -> None:
    folder = apart(tmp_path / "w", fee_csv=text(FEE, ["A,m1"]), cost_csv=text(f"{COST},x", [f"{COST_ROWS[0]},1"]))
    assert places(refused(folder)) == [
        ("P4V-D003", "fee.csv", 2, None, None, 4), ("P4V-D011", "cost.csv", 1, 9, "x", 4),
    ]  # fmt: skip


def by_days(folder: Path, **changes: Any) -> OpenTables:
    header = "group_id,member_id,month,first_day,last_day"
    for name, more, cells in (("fee", "", ""), ("cost", ",allowed", ",5.00")):
        rows = text(header + more, [f"A,m1,2014-01,3,{31 if name == 'fee' else 32}{cells}"])
        (folder / f"{name}.csv").write_text(rows)
    usual = TableSpec("member_months", months="covered_days")
    tables = tuple(
        TableSpec("member_months", (folder / f"{name}.csv",), months="covered_days", purpose=name)  # type: ignore[arg-type]
        for name in ("fee", "cost")
    )
    return open_tables([TableSpec(usual.role, months=usual.months, purposes=tables)], root=folder)


def test_covered_days_in_both(tmp_path: Path) -> None:
    with by_days(tmp_path) as tables:
        assert (tables.months_kind, tables.lacking) == (
            "covered_days", {"fee": frozenset({"allowed"}), "cost": frozenset()},
        )  # fmt: skip
        rows = tables.con.fetch(tables.months.order_by("purpose")).to_pylist()
        assert [(row["purpose"], row["allowed"], row["last_day"], row["fault"] > 0) for row in rows] == [
            ("cost", 500, 0, True), ("fee", 0, 31, False),
        ]  # fmt: skip
        assert tables.fault_codes[rows[0]["fault"]] == "P4V-D034"


# What p4v.yaml may not say


FAULTS: Mapping[str, tuple[str, tuple[str, int, int, str]]] = {
    "no purpose": (APART.replace("purpose: fee, ", ""), ("P4V-C022", 4, 5, "tables.member_months.0.purpose")),
    "twice": (APART.replace("purpose: fee", "purpose: cost"), ("P4V-C023", 5, 32, "tables.member_months.1.purpose")),
    "another word": (APART.replace("purpose: fee", "purpose: fees"), ("P4V-C052", 4, 31, "tables.member_months.0.purpose")),
    "months": (
        APART.replace("purpose: cost", "months: covered_days, purpose: cost"),
        ("P4V-C023", 5, 31, "tables.member_months.1.months"),
    ),
    "months of the first": (
        APART.replace("purpose: fee", "months: covered_days, purpose: fee"),
        ("P4V-C023", 5, 5, "tables.member_months.1.months"),
    ),
    "an unknown key": (APART.replace("ignore:", "ignor:"), ("P4V-C020", 4, 92, "tables.member_months.0.ignor")),
    "no table": (" []", ("P4V-C044", 3, 18, "tables.member_months")),
    "a text": (" all.csv", ("P4V-C021", 3, 18, "tables.member_months")),
    "a path": (APART.replace("cost.csv", "/etc/passwd"), ("P4V-X012", 5, 13, "tables.member_months.1.files")),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_p4v_yaml_may_not_say(tmp_path: Path, name: str) -> None:
    months, wanted = FAULTS[name]
    (finding,) = refused(apart(tmp_path / "w", months))
    assert (finding.code, finding.line, finding.column, finding.field) == wanted
    assert finding.exit_code == (8 if finding.code == "P4V-X012" else 3)


# What is known on a day


def test_a_table_that_knows_more_than_the_day(tmp_path: Path) -> None:
    months = APART.replace("purpose: fee", "purpose: fee, known_at: 2015-03-31").replace(
        "purpose: cost", "purpose: cost, known_at: 2015-06-30"
    )
    folder = apart(tmp_path / "w", months)
    done = settled(folder, date(2015, 6, 30))
    assert [(table.purpose, table.known_at) for table in done.inputs] == [
        ("fee", date(2015, 3, 31)), ("cost", date(2015, 6, 30)),
    ]  # fmt: skip
    (finding,) = refused(folder, date(2015, 3, 31))
    assert places([finding]) == [("P4V-C050", "p4v.yaml", None, None, "tables.member_months.1.known_at", 3)]


def test_each_purpose_has_its_extracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    months = APART.replace("fee.csv", "store").replace("cost.csv", "store")
    folder = apart(tmp_path / "w", months)
    monkeypatch.chdir(folder)
    missing = command("data", "check")
    assert missing.exit_code == 4
    assert "p4v.yaml:4:13: error[P4V-D007] tables.member_months.0.files" in missing.stderr
    assert "--table member_months --purpose fee` keeps one" in missing.stderr
    Path("new.csv").write_text(text(FEE, FEE_ROWS[:14]))
    for purpose, file, day in (
        ("fee", "fee.csv", "2015-03-31"),
        ("cost", "cost.csv", "2015-03-31"),
        ("fee", "new.csv", "2015-06-30"),
    ):
        assert command("data", "add", file, "--known-at", day, "--purpose", purpose).exit_code == 0
    assert content(settled(folder, date(2015, 3, 31))) == content(settled(in_one(tmp_path / "one")))
    assert [table.rows for table in settled(folder, date(2015, 6, 30)).inputs] == [14, 24]
    assert command("data", "add", "fee.csv", "--known-at", "2015-03-31", "--purpose", "fees").exit_code == 2
    options = ("--known-at", "2015-03-31", "--purpose", "fee", "--table", "quality")
    assert command("data", "add", "fee.csv", *options).exit_code == 2
