"""Rows, groups, contracts and totals that a settlement must not pass over in silence: each refused or accounted for.

Figures are worked out by hand from the few rows of each test.
"""

import json
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from desk import BUDGET, SHARE, Desk
from p4v.errors import Finding, Refusal
from p4v.runs.folder import stored_run
from p4v.workspace.results import Settled
from p4v.workspace.store import add
from support import p4v

HEAD = "group_id,member_id,month,allowed"
COST = '  expenditure: {basis: allowed, clause: "§3"}\n'
MONTHS = tuple(f"2014-{month:02}" for month in range(1, 13))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def year(
    member: str, amount: str = "100.00", group: str = "A", more: str = "", months: Sequence[str] = MONTHS
) -> list[str]:
    """A member's rows, each with the same amount."""
    return [f"{group},{member},{month},{amount}{more}" for month in months]


def refused(desk: Desk, period: str = "2014", **more: Any) -> list[Finding]:
    with pytest.raises(Refusal) as caught:
        desk.settled(period, **more)
    return list(caught.value.findings)


def codes(findings: Sequence[Finding]) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.line) for finding in findings]


def controls(done: Settled, window: str = "table") -> dict[tuple[str, str | None], tuple[int, str, str]]:
    """Entry and rule to rows, member months and dollars, of the one group that was settled."""
    (settlement,) = [result.settlement for result in done.results if result.settlement is not None]
    return {
        (entry["entry"], entry["rule"]): (entry["rows"], entry["member_months"], entry["dollars"])
        for entry in settlement.controls
        if entry["window"] == window
    }


def given(done: Settled) -> dict[str, Any]:
    content = done.results[0].figures_json
    assert content is not None
    found: dict[str, Any] = json.loads(content)
    return found


# Groups without a contract


def test_a_group_that_no_contract_is_of(desk: Desk) -> None:
    """One row of A says a, another AA; the first row of each is named, with what was meant."""
    desk.more = ""
    desk.contract(SHARE + BUDGET + COST, group="alder")
    rows = year("m1", group="alder")
    desk.rows(HEAD, [*rows, "adler,m2,2014-01,5.00", "adler,m2,2014-02,5.00", "X,m3,2014-01,1.00"])
    findings = refused(desk)
    assert codes(findings) == [("P4V-D038", 14), ("P4V-D038", 16)]
    assert "on 2 rows" in findings[0].found
    assert findings[0].help == "did you mean `alder`?"
    assert p4v("data", "check", "--workspace", str(desk.root)).exit_code == 4


def test_groups_that_the_table_names(desk: Desk) -> None:
    desk.more = ", other_groups: [X]"
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, [*year("m1"), "X,m3,2014-01,1.00"])
    assert desk.lines()["expenditure"] == 1200
    assert p4v("data", "check", "--workspace", str(desk.root)).exit_code == 0
    desk.rows(HEAD, [*year("m1"), "Y,m3,2014-01,1.00"])
    assert codes(refused(desk)) == [("P4V-D038", 14)]


@pytest.mark.parametrize(
    "table, header, row",
    [
        ("figures", "group_id,period,name,key,value", "B,2014,paid,,1.00"),
        (
            "quality", "group_id,measure_id,performance_period_begin,performance_period_end,numerator,denominator",
            "B,bcs,2014-01,2014-12,1,2",
        ),
    ],
)  # fmt: skip
def test_figures_of_a_group_that_no_contract_is_of(desk: Desk, table: str, header: str, row: str) -> None:
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1")).rows(header, [row], table)
    assert codes(refused(desk)) == [("P4V-D038", 2)]
    assert "P4V-D038" in p4v("data", "check", "--workspace", str(desk.root)).stderr


# Contracts


def test_a_contract_that_says_something_of_another_kind_of_file_is_no_contract_passed_over(desk: Desk) -> None:
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1"))
    desk.contracts["A"] += "figures: {}\n"
    assert [finding.code for finding in refused(desk)] == ["P4V-C020"]


def test_a_contract_with_another_ending(desk: Desk) -> None:
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1")).write()
    (desk.root / "contracts/b.yml").write_text("contract: b\n")
    (finding,) = refused(desk)
    assert (finding.code, finding.found) == ("P4V-C008", "a name that ends in .yml")


# Products and tiers that no line has


PRODUCTS = "group_id,member_id,month,allowed,product"
BY_PRODUCT = '  expenditure: {basis: allowed, by: products, categories: [{id: ppo}], clause: "§3"}\n'
CELLS = '  benchmark: {cells: [{id: ppo, pmpm: 400.00}], parts: products, pooling: together, clause: "§4"}\n'


@pytest.mark.parametrize("terms", [BUDGET + BY_PRODUCT, CELLS + COST], ids=["cost by products", "parts of a benchmark"])
def test_products_that_the_contract_does_not_name(desk: Desk, terms: str) -> None:
    """12 rows of ppo, and 3 of hmo whose months would count without their dollars."""
    rows = [*year("m1", more=",ppo"), *year("m2", "300.00", more=",hmo", months=MONTHS[:3])]
    desk.contract(SHARE + terms).rows(PRODUCTS, rows)
    (finding,) = refused(desk)
    assert (finding.code, finding.field) == ("P4V-D036", "product")
    assert finding.found == "3 rows of group `A` with another product than the contract names"
    counted = '  member_months: {counting: counted, products: [ppo], clause: "§2"}\n'
    desk.contract(SHARE + terms + counted)
    lines = desk.lines()
    assert (lines["benchmark"], lines["gross_savings"]) == (4800, 4800 - 1200)


@pytest.mark.parametrize("tier", ["medium", ""])
def test_a_fee_tier_that_the_contract_does_not_name(desk: Desk, tier: str) -> None:
    fee = '  care_coordination_fee: {roster: cost, tiers: [{id: low, pmpm: 1.00}], clause: "§7"}\n'
    rows = [*year("m1", more=",low"), *year("m2", more=f",{tier}", months=MONTHS[:1])]
    desk.contract(SHARE + BUDGET + COST + fee).rows("group_id,member_id,month,allowed,tier", rows)
    (finding,) = refused(desk)
    assert (finding.code, finding.field) == ("P4V-D036", "tier")


def test_a_markets_other_products_are_a_control(desk: Desk) -> None:
    """The market's ppo cost 200 in 2013 and 220 now: 1.1. Its 12 rows of pos, 50.00 each, are compared with nothing."""
    trend = "market_trend: {base: 2013, cells: [ppo], exclude: group, cost: as_reported}"
    benchmark = f'  benchmark: {{pmpm: 400.00, {trend}, clause: "§4"}}\n'
    before = [month.replace("2014", "2013") for month in MONTHS]
    market = [
        *year("x", "200.00", "X", ",ppo", before), *year("x", "220.00", "X", ",ppo"), *year("y", "50.00", "X", ",pos"),
    ]  # fmt: skip
    desk.contract(SHARE + benchmark + COST).rows(PRODUCTS, [*year("m1", more=",ppo"), *market])
    done = desk.settled()
    (settlement,) = [result.settlement for result in done.results]
    assert settlement is not None
    assert {line.name: line.figure for line in settlement.lines}["market_trend"] == Fraction(11, 10)
    found = controls(done, "market")
    assert found["in", None] == (36, "36", "4440.00")
    assert found["excluded", "own_members"] == (12, "12", "1200.00")
    assert found["excluded", "products_not_compared"] == (12, "12", "600.00")
    assert found["used", None] == (12, "12", "2640.00")


# Rosters


def test_rows_of_another_purpose_are_rows_of_the_group(desk: Desk) -> None:
    """12 rows of cost, 3 of the fee and 1 of quality: 16 in the table, 12 in the period."""
    rows = [
        *year("m1", more=",cost"), *year("m2", "7.00", more=",fee", months=MONTHS[:3]),
        *year("m3", "2.00", more=",quality", months=MONTHS[:1]),
    ]  # fmt: skip
    desk.contract(SHARE + BUDGET + COST).rows("group_id,member_id,month,allowed,purpose", rows)
    found = controls(desk.settled())
    assert found == {
        ("in", None): (16, "16", "1223.00"), ("excluded", "other_purposes"): (4, "4", "23.00"),
        ("excluded", "outside_the_period"): (0, "0", "0.00"), ("used", None): (12, "12", "1200.00"),
    }  # fmt: skip


# Waivers


WAIVER = '  waivers: {{items: [{{id: late, finding: P4V-D012, most_rows: {most}, reason: "Lost"}}], clause: "§9"}}\n'
FOUR = "group_id,member_id,month,allowed_a,allowed_b,allowed_c,allowed_d"


@pytest.mark.parametrize("most, passes", [(4, True), (3, False), (1, False)])
def test_a_waiver_counts_the_rows_of_its_code_whatever_the_column(desk: Desk, most: int, passes: bool) -> None:
    """Four rows, each with a broken amount in another of four columns."""
    broken = [
        f"A,m2,{month}," + ",".join("x" if place == at else "1.00" for place in range(4))
        for at, month in enumerate(MONTHS[:4])
    ]
    desk.contract(SHARE + BUDGET + COST + WAIVER.format(most=most)).rows(
        FOUR, [*year("m1", "1.00,1.00,1.00,1.00"), *broken]
    )
    if not passes:
        assert codes(refused(desk)) == [("P4V-D012", line) for line in (14, 15, 16, 17)]
        return
    lines = desk.lines()
    assert (lines["expenditure"], lines["waived_rows.late"], lines["waived_dollars.late"]) == (48, 4, 12)


@pytest.mark.parametrize("most, passes", [(4, True), (3, False)])
def test_a_waiver_counts_a_row_once_over_all_rosters(desk: Desk, most: int, passes: bool) -> None:
    """Two broken rows on the roster of cost, and two on that of the fee."""
    fee = '  care_coordination_fee: {roster: fee, pmpm: 1.00, clause: "§7"}\n'
    rows = [
        f"A,m{n},{month},{'x' if n == 2 and month < '2014-03' else '1.00'},{purpose}"
        for purpose in ("cost", "fee")
        for n in (1, 2)
        for month in MONTHS
    ]
    desk.contract(SHARE + BUDGET + COST + fee + WAIVER.format(most=most))
    desk.rows("group_id,member_id,month,allowed,purpose", rows)
    if not passes:
        assert [finding.code for finding in refused(desk)] == ["P4V-D012"] * 4
        return
    lines = desk.lines()
    assert (lines["waived_rows.late"], lines["member_months"], lines["fee_member_months"]) == (4, 22, 22)


# Parts of years and of time


@pytest.mark.parametrize("period", ["2014-01 to 2014-03", "2014Q1", "2014Q4"])
def test_a_yearly_table_has_no_months(desk: Desk, period: str) -> None:
    desk.contract(SHARE + BUDGET + COST + '  care_coordination_fee: {pmpm: 1.00, clause: "§7"}\n')
    desk.rows("group_id,member_id,year,member_months,allowed", ["A,m1,2014,12,1200.00"])
    (finding,) = refused(desk, period)
    assert (finding.code, finding.field) == ("P4V-D039", "year")
    assert desk.lines()["expenditure"] == 1200


def test_a_period_of_more_years_than_can_be_counted(desk: Desk) -> None:
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1"))
    (finding,) = refused(desk, "2012-01 to 2016-01")
    assert (finding.code, finding.found) == ("P4V-C040", "a period of 49 months")


def test_tables_that_know_more_than_the_day_that_is_asked_for(desk: Desk) -> None:
    desk.more += ", known_at: 2015-06-30"
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1"))
    (finding,) = refused(desk, known=date(2015, 6, 29))
    assert (finding.code, finding.field) == ("P4V-C050", "tables.member_months.known_at")
    desk.settled(known=date(2015, 6, 30))
    (finding,) = refused(desk, known=date(2015, 7, 1))
    assert (finding.code, finding.file) == ("P4V-C050", "--known")


def test_the_store_gives_what_was_known_between_two_extracts(desk: Desk) -> None:
    """1,200 known in March, 1,260 in June: 1 April knows the first, 1 July lies after all."""
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1", "105.00")).write()
    desk.tables["member_months"] = "\n".join([HEAD, *year("m1"), ""])
    for name, day in (("march", date(2015, 3, 31)), ("june", date(2015, 6, 30))):
        (desk.root / f"{name}.csv").write_text(
            "\n".join([HEAD, *year("m1", "100.00" if name == "march" else "105.00"), ""])
        )
        add(desk.root / "data/store", "member_months", desk.root / f"{name}.csv", day)
    workspace = "workspace: p4v-workspace/1\ntables:\n  member_months: {files: store}\n"
    for known, expected in ((None, "1260"), ("2015-04-01", "1200"), ("2015-06-30", "1260")):
        (desk.root / "p4v.yaml").write_text(workspace)
        options = ["--known", known] if known else []
        done = p4v("settle", "--workspace", str(desk.root), "--period", "2014", "--dry-run", "--json", *options)
        assert (done.exit_code, json.loads(done.stdout)["expenditure"]) == (0, f"{expected}.00")
    late = p4v("settle", "--workspace", str(desk.root), "--period", "2014", "--known", "2015-07-01")
    assert (late.exit_code, "2015-06-30 or earlier" in late.stderr) == (3, True)


# Totals of the source


TOTALS = "table,month,rows,member_months,dollars,allowed,paid,owner,date"


def stated(table: str, month: str = "", **totals: str) -> str:
    cells = [totals.get(name, "") for name in ("rows", "member_months", "dollars", "allowed", "paid")]
    return ",".join([table, month, *cells, "Data desk", "2015-07-01"])


@pytest.mark.parametrize(
    "rows, months",
    [
        ([stated("member_months", rows="12")], None),
        ([stated("member_months", month, rows="1") for month in MONTHS], None),
        ([stated("member_months", "2014-01", rows="1")], ["2014-01"]),
    ],
)
def test_what_is_tied_is_said(desk: Desk, rows: list[str], months: list[str] | None) -> None:
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1")).rows(TOTALS, rows, "expected_totals")
    assert given(desk.settled())["tied"].get("months") == months


PAID = "group_id,member_id,month,allowed,paid"
LAG = "incurred_month,paid_month,amount"


@pytest.mark.parametrize(
    "good, bad",
    [
        (stated("member_months", dollars="1200.00"), stated("member_months", dollars="1199.99")),
        (stated("member_months", paid="840.00", allowed="1200.00"), stated("member_months", paid="1200.00")),
        (stated("member_months", "2014-03", paid="70.00"), stated("member_months", "2014-03", paid="70.01")),
        (stated("figures", rows="1"), stated("figures", rows="2")),
        (stated("lag_triangle", rows="2", dollars="15.00"), stated("lag_triangle", dollars="15.01")),
        (stated("lag_triangle", "2014-02", dollars="5.00"), stated("lag_triangle", "2014-03", dollars="5.00")),
        (stated("member_months", "2015-01", rows="0"), stated("quality", rows="0")),
        (stated("member_months", rows="12"), stated("figures", "2014-01", rows="1")),
        (stated("member_months", rows="12"), stated("figures", dollars="1.00")),
    ],
)
def test_totals_of_every_table_are_held_against_it(desk: Desk, good: str, bad: str) -> None:
    desk.contract(SHARE + BUDGET + COST).rows(PAID, year("m1", "100.00,70.00"))
    desk.rows("group_id,period,name,key,value", ["A,2014,paid,,1.00"], "figures")
    desk.rows(LAG, ["2014-01,2014-01,10.00", "2014-02,2014-03,5.00"], "lag_triangle")
    desk.rows(TOTALS, [good], "expected_totals").settled()
    desk.rows(TOTALS, [bad], "expected_totals")
    assert codes(refused(desk)) == [("P4V-D072", 2)]


# Years, and ids that look alike


LARGE = "large_claims: {form: truncate, point: 100000.00, threshold: %s, across_moves: each_group}"


@pytest.mark.parametrize("threshold, period, excess", [
    ("full", "2013-01 to 2014-12", 40_000), ("prorated", "2013-01 to 2014-12", 40_000),
    ("full", "2013-07 to 2014-12", 10_000), ("prorated", "2013-07 to 2014-12", 60_000),
])  # fmt: skip
def test_large_claims_are_of_a_member_and_year(desk: Desk, threshold: str, period: str, excess: int) -> None:
    """10,000 a month. Two calendar years of 120,000, each 20,000 above 100,000. From July: 120,000 in the first twelve
    months, 60,000 in the last six, whose point is 100,000 or 50,000."""
    months = [f"{y}-{m:02}" for y in (2013, 2014) for m in range(1, 13)]
    cost = f'  expenditure: {{basis: allowed, {LARGE % threshold}, clause: "§3"}}\n'
    desk.contract(SHARE + BUDGET + cost).rows(HEAD, year("m1", "10000.00", months=months))
    expected = {10_000: 20_000, 60_000: 30_000}.get(excess, excess)
    assert desk.lines(period)["large_claims_excess"] == expected


@pytest.mark.parametrize("first, second", [("fee", "performance"), ("market", "region"), ("12", "11-12")])
def test_a_baseline_year_may_have_any_id(desk: Desk, first: str, second: str) -> None:
    """100 and 40 a month by category in 2012, 200 and 40 in 2013: 140 and 240, at half each 190."""
    periods = f"baseline_periods: [{{id: {first!r}, period: 2012}}, {{id: {second!r}, period: 2013}}]"
    years = f"years: [{{id: {first!r}, weight: 50%}}, {{id: {second!r}, weight: 50%}}]"
    terms = f'  benchmark: {{{periods}, {years}, clause: "§4"}}\n'
    cost = '  expenditure: {basis: allowed, categories: [{id: inpatient}, {id: inpatient-11}], clause: "§3"}\n'
    rows = [
        row for y, amount in ((2012, "100.00"), (2013, "200.00"), (2014, "150.00"))
        for row in year("m1", f"{amount},40.00", months=[f"{y}-{m:02}" for m in range(1, 13)])
    ]  # fmt: skip
    cost = cost if first != "12" else cost.replace(", {id: inpatient-11}", ", {id: other}")
    name = "other" if first == "12" else "inpatient-11"
    desk.contract(SHARE + terms + cost).rows(f"group_id,member_id,month,allowed_inpatient,allowed_{name}", rows)
    lines = desk.lines()
    assert (lines["benchmark"], lines["expenditure"]) == (190 * 12, 190 * 12)


# The lag triangle


def test_the_contracts_completion_stands_beside_the_triangle(desk: Desk) -> None:
    """January: 60 at once, 20 a month later, 20 two months later; February: 60 and 20. So 60% of it is paid in its own
    month ((60 + 60) / (80 + 80) = 75% of 80%), 80% after one, all after two. The contract says 50%, 80% and 100%."""
    completion = "completion: {convention: percent_complete, by_run_out: [{from: 0, factor: 0.5}, {from: 1, factor: 0.8}, {from: 2, factor: 1}]}"
    cost = f'  expenditure: {{basis: allowed, {completion}, clause: "§3"}}\n'
    lag = [
        "2014-01,2014-01,60.00", "2014-01,2014-02,20.00", "2014-01,2014-03,20.00", "2014-02,2014-02,60.00",
        "2014-02,2014-03,20.00",
    ]  # fmt: skip
    desk.contract(SHARE + BUDGET + cost).rows(HEAD, year("m1")).rows(LAG, lag, "lag_triangle")
    done = desk.settled(paid_through=date(2015, 6, 30))
    assert given(done)["completion"] == [
        {"category": None, "months": 0, "contract": "1/2", "triangle": "3/5"},
        {"category": None, "months": 1, "contract": "4/5", "triangle": "4/5"},
        {"category": None, "months": 2, "contract": "1", "triangle": "1"},
    ]
    assert stored_run(done.results[0], []).manifest()["completion"] == given(done)["completion"]
    desk.rows(LAG, ["2014-02,2014-01,1.00"], "lag_triangle")
    assert codes(refused(desk, paid_through=date(2015, 6, 30))) == [("P4V-D033", 2)]


# What is said of a group that is settled alone, and of figures of other months


def test_the_register_is_of_all_groups(desk: Desk) -> None:
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1")).write()
    alone = p4v("settle", "--workspace", str(desk.root), "--period", "2014", "--group", "A")
    assert "register   not renewed" in alone.stdout
    assert not (desk.root / "runs/register.html").exists()


@pytest.mark.parametrize(
    "period, noted", [("2014-04 to 2014-06", True), ("2014-01 to 2014-06", False), ("2013", False), ("2014", False)]
)
def test_figures_of_other_months_are_noted(desk: Desk, period: str, noted: bool) -> None:
    desk.contract(SHARE + BUDGET + COST).rows(HEAD, year("m1"))
    desk.rows("group_id,period,name,key,value", [f"A,{period},paid,,1.00"], "figures")
    notes = desk.settle()["A"].notes
    assert notes == ((f"figures of {period} are not those of 2014-01 to 2014-12, and were not used",) if noted else ())


# Every rule that is broken


def test_a_fault_of_a_few_rows_is_seen_among_many(desk: Desk) -> None:
    """120 broken amounts before two broken months and one member month: examples of each rule, and how many more.

    Fifty places are shown, sixteen for each of the three rules.
    """
    broken = [f"A,m{place},2014-01,x,1" for place in range(120)]
    few = ["A,n,2014-13,1.00,1", "A,n,201401x,1.00,1", "A,n,2014-01,1.00,2"]
    desk.contract(SHARE + BUDGET + COST).rows(f"{HEAD},member_months", [*year("m", more=",1"), *broken, *few])
    findings = refused(desk)
    amounts = [finding for finding in findings if finding.code == "P4V-D012"]
    assert [finding.line for finding in amounts] == list(range(14, 30))
    assert amounts[-1].found == "no amount in whole cents, and 104 more"
    assert {finding.found for finding in amounts[:-1]} == {"no amount in whole cents"}
    assert codes(findings[-3:]) == [("P4V-D033", 134), ("P4V-D033", 135), ("P4V-D034", 136)]
