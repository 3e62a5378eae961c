"""Member-level figures that the design prints, from rows: orders O1 and O7, large claims, completion, trend, fee guard.

The figures are those of the design's practice of settlement, section 2 and 9, and its cases of orders, worked by hand.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest

from desk import BUDGET, SHARE, Desk
from p4v.errors import Refusal
from p4v.report.gates import gates
from p4v.runs.folder import stored_run


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def year_of(members: Mapping[str, int], months: int = 12, year: int = 2014) -> list[str]:
    """Rows of members who are there all months, their cents all in the last one."""
    return [
        f"A,{member},{year}-{month:02},{cents // 100 if month == months else 0}.{cents % 100 if month == months else 0:02}"
        for member, cents in members.items()
        for month in range(1, months + 1)
    ]


HEAD = "group_id,member_id,month,allowed"
LARGE = "large_claims: {{form: {form}, point: {point}, threshold: {threshold}, across_moves: each_group{more}}}"


def cost(large: str = "", more: str = "") -> str:
    parts = ", ".join(part for part in (large, more) if part)
    return f'  expenditure: {{basis: allowed, {parts + ", " if parts else ""}clause: "§3"}}\n'


def large(form: str, point: str, threshold: str = "full", more: str = "") -> str:
    return LARGE.format(form=form, point=point, threshold=threshold, more=more)


COMPLETE = "completion: {convention: percent_complete, factor: 0.95}"
TRUNCATE = '{moves: [{step: truncate, after: complete, clause: "§9"}]}'
COMPLETE_LATER = '{confirms: [{pair: [truncate, complete], clause: "§9"}]}'


@pytest.mark.parametrize(
    "order, expenditure, reward",
    [(TRUNCATE, "110526.32", "4736.84"), (COMPLETE_LATER, "111578.95", "4210.53")],
    ids=["complete, truncate", "truncate, complete"],
)
def test_order_o1(desk: Desk, order: str, expenditure: str, reward: str) -> None:
    """Members of 96,000 and 10,000 at 0.95 and a point of 100,000, against 120,000 (24 months at 5,000)."""
    desk.rows(HEAD, year_of({"m1": 9_600_000, "m2": 1_000_000}))
    budget = '  benchmark: {pmpm: 5000.00, clause: "§4"}\n'
    desk.contract(SHARE + budget + cost(large("truncate", "100000.00"), COMPLETE), order=order)
    lines = desk.lines()
    assert lines["benchmark"] == 120_000
    assert abs(lines["expenditure"] - Fraction(expenditure)) < Fraction(1, 200)  # printed to the cent
    assert lines["earned"] == Fraction(reward)


@pytest.mark.parametrize(
    "order, expenditure",
    [
        ('{confirms: [{pair: [normalise, truncate], clause: "§9"}]}', 100_000),
        ('{moves: [{step: normalise, after: truncate, clause: "§9"}]}', 108_000),
    ],
    ids=["normalise, truncate", "truncate, normalise"],
)
def test_order_o7(desk: Desk, order: str, expenditure: int) -> None:
    """A member of 96,000 at a factor of 1.125 and a point of 100,000."""
    desk.rows("group_id,member_id,month,allowed_all", year_of({"m1": 9_600_000}))
    categories = "categories: [{id: all, benefit_factor: 1.125}]"
    desk.contract(SHARE + BUDGET + cost(large("truncate", "100000.00"), categories), order=order)
    assert desk.lines()["expenditure"] == expenditure


def test_truncating_first_the_excess_is_normalised_too(desk: Desk) -> None:
    """A member of 120,000: 100,000 are left, and 112,500 after the factor of 1.125."""
    desk.rows("group_id,member_id,month,allowed_all", year_of({"m1": 12_000_000}))
    categories = "categories: [{id: all, benefit_factor: 1.125}]"
    order = '{moves: [{step: normalise, after: truncate, clause: "§9"}]}'
    desk.contract(SHARE + BUDGET + cost(large("truncate", "100000.00"), categories), order=order)
    assert desk.lines()["expenditure"] == 112_500


THOUSAND = {"big": 30_000_000} | {f"m{place:03}": 450_450 if place else 450_450 + 450 for place in range(999)}
"""1,000 members all year: 4,800,000.00 over 12,000 months, of which one member 300,000.00."""


def test_the_thousand_members_cost_what_the_design_says() -> None:
    assert sum(THOUSAND.values()) == 480_000_000


@pytest.mark.parametrize("months, pmpm", [("stay", Fraction(375)), ("leave", Fraction(4_500_000, 11_988))])
def test_a_member_out_with_or_without_months(desk: Desk, months: str, pmpm: Fraction) -> None:
    """4,500,000 over 12,000 is 375.00; over 11,988 it is 375.375375."""
    desk.rows(HEAD, year_of(THOUSAND))
    desk.contract(SHARE + BUDGET + cost(large("exclude", "300000.00", more=f", months: {months}")))
    lines = desk.lines()
    assert lines["expenditure"] / lines["member_months"] == pmpm


def test_no_member_is_out_one_cent_below_the_amount(desk: Desk) -> None:
    desk.rows(HEAD, year_of(THOUSAND))
    desk.contract(SHARE + BUDGET + cost(large("exclude", "300000.01", more=", months: stay")))
    assert desk.lines()["expenditure"] == 4_800_000


def test_pooling_adds_its_charge(desk: Desk) -> None:
    """4,800,000 less 410,000 and 24.50 x 12,000: the excess is 512,500 (812,500 less 300,000), 80% of it pooled."""
    others = {f"m{place:03}": 399_149 + (1 if place < 149 else 0) for place in range(999)}
    members = {"big": 480_000_000 - sum(others.values())} | others
    excess = members["big"] - 30_000_000
    share = Fraction(41_000_000, excess)
    assert sum(members.values()) == 480_000_000
    desk.rows(HEAD, year_of(members))
    percent = f"{Fraction(80)}%"
    point = Fraction(members["big"], 100) - 512_500
    desk.contract(
        SHARE + BUDGET
        + cost(large("pool", f"{int(point * 100) // 100}.{int(point * 100) % 100:02}",
                     more=f", pooled_share: {percent}, charge_pmpm: 24.50"))
    )  # fmt: skip
    assert share > 0
    lines = desk.lines()
    assert lines["large_claims_excess"] == 512_500
    assert lines["expenditure"] == 4_684_000


@pytest.mark.parametrize("threshold, counted", [("prorated", 50_000), ("full", 100_000)])
def test_a_threshold_in_a_first_period_of_six_months(desk: Desk, threshold: str, counted: int) -> None:
    desk.rows(HEAD, year_of({"m1": 12_000_000}, months=6))
    desk.contract(SHARE + BUDGET + cost(large("truncate", "100000.00", threshold)))
    assert desk.lines("2014-01 to 2014-06")["expenditure"] == counted


@pytest.mark.parametrize("moves, counted", [("one_threshold", Fraction(75_000)), ("each_group", Fraction(120_000))])
def test_one_threshold_over_a_move_or_each(desk: Desk, moves: str, counted: Fraction) -> None:
    """A member has 120,000 with A and 40,000 with B. One threshold of 100,000: an excess of 60,000, of which A bears
    120/160, 45,000; each for itself at 120,000: nothing is above it."""
    rows = [f"A,m1,2014-{month:02},{'120000.00' if month == 1 else '0.00'}" for month in range(1, 10)]
    rows += [f"A,m2,2014-{month:02},0.00" for month in range(1, 13)]
    rows += [f"B,m1,2014-{month:02},{'40000.00' if month == 12 else '0.00'}" for month in range(10, 13)]
    point = "100000.00" if moves == "one_threshold" else "120000.00"
    block = f"large_claims: {{form: truncate, point: {point}, threshold: full, across_moves: {moves}}}"
    desk.rows(HEAD, rows).contract(SHARE + BUDGET + cost(block))
    assert desk.lines()["expenditure"] == counted


@pytest.mark.parametrize("convention, counted", [("percent_complete", "100000.00"), ("multiplier", "92160.00")])
def test_completion_states_its_convention(desk: Desk, convention: str, counted: str) -> None:
    desk.rows(HEAD, year_of({"m1": 9_600_000}))
    desk.contract(SHARE + BUDGET + cost("", f"completion: {{convention: {convention}, factor: 0.96}}"))
    assert desk.lines()["expenditure"] == Fraction(counted)


def test_completion_by_run_out_counts_from_the_incurred_month(desk: Desk) -> None:
    """Paid through March 2015: December has three months of run-out, November four, January fourteen. At 0.80 from
    three on and 0.90 from four to eleven: 800 / 0.80 and 900 / 0.90 and the rest as it is."""
    spent = {1: 700, 11: 900, 12: 800}
    rows = [f"A,m1,2014-{month:02},{spent.get(month, 0)}.00" for month in range(1, 13)]
    ladder = "[{from: 3, factor: 0.80}, {from: 4, factor: 0.90}, {from: 12, factor: 1}]"
    block = f"completion: {{convention: percent_complete, by_run_out: {ladder}}}"
    desk.rows(HEAD, rows).contract(SHARE + BUDGET + cost("", block))
    lines = desk.lines(paid_through=date(2015, 3, 31))
    assert lines["expenditure"] == 700 + 1000 + 1000
    assert lines["outstanding_claims.2014-12"] == 200
    with pytest.raises(Refusal) as refused:
        desk.lines(paid_through=date(2015, 2, 28))
    assert refused.value.exit_code == 3


def product_rows(group: str, year: int, members: Mapping[str, int], dollars: Mapping[str, int]) -> list[str]:
    """Rows of a product's members, each with the dollars of its product every month."""
    return [
        f"{group},{group}{product}{place},{year}-{month:02},{product},{dollars[product]}.00"
        for product, count in members.items()
        for place in range(count)
        for month in range(1, 13)
    ]


def test_the_market_trend_at_the_groups_own_mix(desk: Desk) -> None:
    """PPO 400 to 412, HMO 300 to 303; the market goes from 5 and 5 members to 6 and 4, the group has 7 and 3 of 10.

    At the group's mix 1.025135; crude, with one cell for all, 1.052571. On 12,000 months at 370.00 that is 121,817.14.
    """
    rows = product_rows("B", 2013, {"ppo": 5, "hmo": 5}, {"ppo": 400, "hmo": 300})
    rows += product_rows("B", 2014, {"ppo": 6, "hmo": 4}, {"ppo": 412, "hmo": 303})
    rows += product_rows("A", 2014, {"ppo": 7, "hmo": 3}, {"ppo": 399, "hmo": 299})
    trend = "market_trend: {base: 2013, cells: [ppo, hmo], exclude: group}"
    desk.rows("group_id,member_id,month,product,allowed", rows)
    desk.contract(SHARE + f'  benchmark: {{pmpm: 370.00, {trend}, clause: "§4"}}\n' + cost())
    lines = desk.lines()
    mix = Fraction(7 * 412 + 3 * 303, 7 * 400 + 3 * 300)
    crude = Fraction(6 * 412 + 4 * 303, 10) / 350
    assert lines["market_trend"] == mix
    assert (round(mix, 6), round(crude, 6)) == (Fraction(1025135, 10**6), Fraction(1052571, 10**6))
    assert round((crude - mix) * 370 * 12_000, 2) == Fraction(12181714, 100)
    assert lines["benchmark"] == 370 * mix * 120


def test_the_groups_own_members_are_out_of_its_market_or_in_it(desk: Desk) -> None:
    rows = product_rows("B", 2013, {"ppo": 1}, {"ppo": 100}) + product_rows("A", 2013, {"ppo": 1}, {"ppo": 300})
    rows += product_rows("B", 2014, {"ppo": 1}, {"ppo": 110}) + product_rows("A", 2014, {"ppo": 1}, {"ppo": 450})
    desk.rows("group_id,member_id,month,product,allowed", rows)
    found = {}
    for exclude in ("group", "none"):
        trend = f"market_trend: {{base: 2013, cells: [ppo], exclude: {exclude}}}"
        desk.contract(SHARE + f'  benchmark: {{pmpm: 100.00, {trend}, clause: "§4"}}\n' + cost())
        found[exclude] = desk.lines()["market_trend"]
    assert found == {"group": Fraction(11, 10), "none": Fraction(560, 400)}


GUARD = """\
  rounding: {care_coordination_fee: {places: 2, rule: half_up}, clause: "§9"}
  care_coordination_fee: {pmpm: 2.00, roster: fee, clause: "§2"}
  member_months:
    clause: "§1"
    exclusions:
      - {id: death,    rule: after_death, periods: [performance], rosters: [fee], months: leave}
      - {id: twice,    rule: duplicates,  periods: [performance], rosters: [fee], months: leave}
      - {id: other,    rule: rows, column: other_program, values: ["1"], periods: [performance], rosters: [fee], months: leave}
      - {id: ended,    rule: rows, column: terminated, values: ["1"], periods: [performance], rosters: [fee], months: leave,
         look_back_months: 6}
"""


def test_scenario_5_the_fee_guard(desk: Desk) -> None:
    """10,000 months at 2.00: 3 after death, 12 twice, 8 in another programme, 20 terminated of which 5 too far back."""
    rows: list[str] = []

    def add(count: int, month: int, other: str = "0", ended: str = "0", prefix: str = "m") -> None:
        rows.extend(f"A,{prefix}{place},2014-{month:02},{other},{ended}" for place in range(count))

    add(3, 12, prefix="dead")
    add(12, 11, prefix="copy")
    rows.extend(row for row in list(rows) if row.startswith("A,copy"))
    add(8, 10, other="1", prefix="other")
    add(15, 6, ended="1", prefix="late")
    add(5, 5, ended="1", prefix="long")
    for month in range(1, 13):
        add(820, month)
    add(10_000 - len(rows), 12, prefix="rest")
    assert len(rows) == 10_000
    desk.rows("group_id,member_id,month,other_program,terminated", rows)
    desk.rows("member_id,death_month", [f"dead{place},2014-11" for place in range(3)], table="deaths")
    desk.more = ", columns: {other_program: other_program, terminated: terminated}"
    lines = desk.contract(GUARD, program="pay-for-value").lines()
    recovered = {name.partition(".")[2]: value for name, value in lines.items() if name.startswith("fee_recovered.")}
    assert {name: abs(value) for name, value in recovered.items()} == {
        "death": 6,
        "twice": 24,
        "other": 16,
        "ended": 30,
    }
    assert abs(lines["fee_not_recovered.ended"]) == 10
    assert lines["fee_member_months"] == 10_000
    assert lines["care_coordination_fee"] == Fraction(1_992_400, 100)


def test_expected_totals_tie_the_file_or_stop_it(desk: Desk) -> None:
    desk.rows(HEAD, year_of({"m1": 1_234}))
    desk.contract(SHARE + BUDGET + cost())
    head = "table,month,rows,member_months,dollars,owner,date"
    desk.rows(head, ["member_months,,12,12,12.34,Example payer,2015-04-01"], table="expected_totals")
    figures = desk.settle()["A"].figures_json
    assert figures is not None
    assert b'"tied":{"date":"2015-04-01","owner":"Example payer"}' in figures
    desk.rows(head, ["member_months,,12,12,12.35,Example payer,2015-04-01"], table="expected_totals")
    with pytest.raises(Refusal) as refused:
        desk.settle()
    assert [(finding.code, finding.line) for finding in refused.value.findings] == [("P4V-D072", 2)]


def test_a_month_without_rows_is_no_month_without_cost(desk: Desk) -> None:
    desk.rows(HEAD, year_of({"m1": 1_234}, months=11))
    desk.contract(SHARE + BUDGET + cost())
    with pytest.raises(Refusal) as refused:
        desk.lines()
    assert [finding.code for finding in refused.value.findings] == ["P4V-D039"]
    assert "2014-12" in refused.value.findings[0].found


def test_a_group_that_is_not_in_the_rows(desk: Desk) -> None:
    desk.rows(HEAD, [row.replace("A,", "B,", 1) for row in year_of({"m1": 1_234})])
    desk.contract(SHARE + BUDGET + cost())
    with pytest.raises(Refusal) as refused:
        desk.lines()
    assert [(finding.code, finding.exit_code) for finding in refused.value.findings] == [("P4V-D038", 4)]


WAIVED = """\
  waivers: {items: [{id: late-file, finding: P4V-D012, most_rows: 2, reason: "Known fault of the March file"}], clause: "§8"}
"""


@pytest.mark.parametrize("broken, settles", [(2, True), (3, False)])
def test_a_waiver_lets_so_many_rows_pass_and_no_more(desk: Desk, broken: int, settles: bool) -> None:
    rows = year_of({"m1": 120_000}) + [f"A,x{place},2014-03,$5" for place in range(broken)]
    desk.rows(HEAD, rows).contract(SHARE + BUDGET + cost() + WAIVED)
    if not settles:
        with pytest.raises(Refusal) as refused:
            desk.lines()
        assert {finding.code for finding in refused.value.findings} == {"P4V-D012"}
        assert [finding.line for finding in refused.value.findings] == [14, 15, 16]
        return
    result = desk.settle()["A"]
    assert result.settlement is not None
    lines = {line.name: line.figure for line in result.settlement.lines}
    assert (lines["waived_rows.late-file"], lines["expenditure"]) == (2, 1200)
    rejected = [entry for entry in result.settlement.controls if entry["entry"] == "rejected"]
    assert [(entry["rule"], entry["rows"]) for entry in rejected] == [("P4V-D012", 2)]


@pytest.mark.parametrize("point, noted", [("1.00", True), ("100.00", False)])
def test_a_point_below_what_many_members_cost_is_noted(desk: Desk, point: str, noted: bool) -> None:
    """BAD-088: settles, with a note where more than a tenth of the members lie above the point."""
    desk.rows(HEAD, year_of({f"m{place}": 5_000 for place in range(10)} | {"m10": 20_000}))
    desk.contract(SHARE + BUDGET + cost(large("truncate", point)))
    assert bool(desk.settle()["A"].notes) is noted


def of_market(member: str, year: int, product: str, dollars: int, months: range = range(1, 13)) -> list[str]:
    """Rows of a member of the market whose dollars are all in the last of some months."""
    return [f"rest,{member},{year}-{month:02},{product},{dollars if month == months[-1] else 0}.00" for month in months]


MARKET_ROWS = [
    *(f"A,a,{year}-{month:02},ppo,{400 if year == 2013 else 300}.00" for year in (2013, 2014) for month in range(1, 13)),
    *of_market("m1", 2013, "ppo", 4_800), *of_market("m2", 2013, "ppo", 4_800),
    *of_market("m1", 2014, "ppo", 4_800), *of_market("m2", 2014, "ppo", 500_000),
]  # fmt: skip
WITH_PRODUCT = "group_id,member_id,month,product,allowed"
POINT = large("truncate", "5040.00")
OWN_YEAR = """\
  benchmark: {years: [{id: base, weight: 100%}], baseline_periods: [{id: base, period: 2013POINT}],
    market_trend: {base: 2013, cells: [ppo], exclude: group, cost: COST}, clause: "§4"}
"""


@pytest.mark.parametrize(
    "counted, point, pmpm_now, pmpm_then, benchmark",
    [
        # 4,800 and 5,040 over 24 months now, 400.00 then; 400 x 12 x 1.025
        ("same_steps", "", Fraction(410), Fraction(400), 4_920),
        # at 4,000 in the base, of the market as of the group: 333.33 then; 4,000 x 410 / 333.33
        ("same_steps", ", point: 4000", Fraction(410), Fraction(1_000, 3), 4_920),
        # 504,800 over 24 months: the market's one member is in the trend with all that he cost
        ("as_reported", "", Fraction(504_800, 24), Fraction(400), 252_400),
    ],
)
def test_the_market_is_truncated_as_the_group_is_or_not_at_all(
    desk: Desk, counted: str, point: str, pmpm_now: Fraction, pmpm_then: Fraction, benchmark: int
) -> None:
    desk.rows(WITH_PRODUCT, MARKET_ROWS)
    desk.contract(SHARE + OWN_YEAR.replace("POINT", point).replace("COST", counted) + cost(POINT))
    lines = desk.lines()
    assert (lines["market_pmpm.ppo"], lines["market_base_pmpm.ppo"]) == (pmpm_now, pmpm_then)
    assert lines["market_trend"] == pmpm_now / pmpm_then
    assert (lines["benchmark"], lines["expenditure"]) == (benchmark, 3_600)


def test_a_region_is_truncated_member_by_member(desk: Desk) -> None:
    """504,800 less 494,960 over 24 months is 410.00; half of it and half of 400.00 is 405.00."""
    desk.rows(WITH_PRODUCT, MARKET_ROWS)
    against = "benchmark: {pmpm: 400.00, own_weight: 50%, regional: {exclude: group, cost: same_steps}"
    desk.contract(SHARE + f'  {against}, clause: "§4"}}\n' + cost(POINT))
    lines = desk.lines()
    assert (lines["regional_large_claims_excess"], lines["regional_pmpm"]) == (494_960, 410)
    assert lines["benchmark_pmpm"] == 405


@pytest.mark.parametrize(
    "threshold, excess",
    [
        ("full", {"ppo": 960, "hmo": 0}),
        # ten months of twelve: 4,200 in each
        ("prorated", {"ppo": 1_800, "hmo": 800}),
    ],
)
def test_a_member_of_the_market_with_two_products_has_the_point_in_each(
    desk: Desk, threshold: str, excess: dict[str, int]
) -> None:
    both = of_market("m1", 2014, "ppo", 6_000, range(1, 7)) + of_market("m1", 2014, "hmo", 5_000, range(7, 11))
    before = of_market("m2", 2013, "ppo", 1_200) + of_market("m3", 2013, "hmo", 1_200)
    cover = of_market("m4", 2014, "hmo", 0, range(11, 13)) + of_market("m5", 2014, "ppo", 0, range(7, 13))
    own = [row for row in MARKET_ROWS if row.startswith("A,")]
    desk.rows(WITH_PRODUCT, own + both + before + cover)
    trend = "{base: 2013, cells: [ppo, hmo], exclude: group, cost: same_steps}"
    against = f'  benchmark: {{pmpm: 400.00, market_trend: {trend}, clause: "§4"}}\n'
    desk.contract(SHARE + against + cost(large("truncate", "5040.00", threshold)))
    lines = desk.lines()
    assert {cell: lines[f"market_large_claims_excess.{cell}"] for cell in excess} == excess
    assert lines["market_base_large_claims_excess.hmo"] == 0


def test_a_percentile_of_a_frozen_reference(desk: Desk) -> None:
    """The 99th percentile of 1 to 200 dollars is 198; annualised from half-years 396; another file is refused."""
    content = "amount_of_member,member_months\n" + "".join(f"{place}.00,6\n" for place in range(1, 201))
    (desk.root / "ref.csv").write_text(content)
    digest = sha256(content.encode()).hexdigest()
    desk.rows(HEAD, year_of({"m1": 100_000}))
    desk.more = "}\nreferences: {frozen: {file: ref.csv}"
    for amounts, counted in (("actual", 198), ("annualised", 396)):
        percentile = f"percentile: {{at: 99%, of: members, amounts: {amounts}, reference: frozen, sha256: {digest}}}"
        block = f"large_claims: {{form: truncate, {percentile}, threshold: full, across_moves: each_group}}"
        desk.contract(SHARE + BUDGET + cost(block))
        lines = desk.lines()
        assert (lines["truncation_point"], lines["expenditure"]) == (counted, counted)
    (desk.root / "ref.csv").write_text(content.replace("200.00", "200.01"))
    with pytest.raises(Refusal) as refused:
        desk.lines()
    assert [finding.code for finding in refused.value.findings] == ["P4V-D070"]


@pytest.mark.parametrize("of, column", [("members", "amount_of_member_year"), ("member_years", "amount_of_member")])
def test_a_reference_says_what_its_amounts_are_of(desk: Desk, of: str, column: str) -> None:
    """A percentile of members is no percentile of member-years; a file that says neither is refused too."""
    desk.rows(HEAD, year_of({"m1": 100_000}))
    desk.more = "}\nreferences: {frozen: {file: ref.csv}"
    found = []
    for header in (column, "amount"):
        content = f"{header}\n1.00\n2.00\n"
        (desk.root / "ref.csv").write_text(content)
        digest = sha256(content.encode()).hexdigest()
        percentile = f"percentile: {{at: 99%, of: {of}, amounts: actual, reference: frozen, sha256: {digest}}}"
        block = f"large_claims: {{form: truncate, {percentile}, threshold: full, across_moves: each_group}}"
        desk.contract(SHARE + BUDGET + cost(block))
        with pytest.raises(Refusal) as refused:
            desk.lines()
        found += [(finding.code, finding.found) for finding in refused.value.findings]
    other = {"members": "member years", "member_years": "members"}[of]
    wanted = {"members": "amount_of_member", "member_years": "amount_of_member_year"}[of]
    assert found == [("P4V-D004", f"amounts of {other}, in `{column}`"), ("P4V-D004", f"no column `{wanted}`")]


@pytest.mark.parametrize(
    "order, excess, expenditure",
    [
        # 6,600 and 2,700 at their plans' richness; above 5,000 are 1,600
        ('{confirms: [{pair: [normalise, truncate], clause: "§9"}]}', 1_600, 7_700),
        # 1,000 above 5,000 as reported, brought to 9,300 of 9,000: 1,033.33
        ('{moves: [{step: normalise, after: truncate, clause: "§9"}]}', 1_000, Fraction(24_800, 3)),
    ],
)
def test_benefit_richness_by_plan_beside_categories_of_service(
    desk: Desk, order: str, excess: int, expenditure: Fraction
) -> None:
    """A member of 6,000 in a plan at 1.1, one of 3,000 in one at 0.9; the year before 4,000 and 2,000, 6,200 together
    over 24 months, so that the benchmark is 6,200 too."""
    rows = [
        f"A,{member},{year}-{month:02},{product},{inpatient if month == 12 else 0}.00,{other if month == 12 else 0}.00"
        for year, member, product, inpatient, other in [
            (2014, "m1", "ppo", 5_000, 1_000), (2014, "m2", "hmo", 500, 2_500),
            (2013, "m1", "ppo", 1_000, 3_000), (2013, "m2", "hmo", 2_000, 0),
        ]
        for month in range(1, 13)
    ]  # fmt: skip
    desk.rows("group_id,member_id,month,product,allowed_inpatient,allowed_other", rows)
    members = '  member_months: {counting: counted, products: [ppo, hmo], clause: "§2"}\n'
    against = '  benchmark: {pooled_years: [base], baseline_periods: [{id: base, period: 2013}], clause: "§4"}\n'
    parts = "categories: [{id: inpatient}, {id: other}]"
    factors = "benefit_by_product: [{id: ppo, benefit_factor: 1.1}, {id: hmo, benefit_factor: 0.9}]"
    block = cost(large("truncate", "5000.00"), f"{parts}, {factors}")
    lines = desk.contract(SHARE + members + against + block, order=order).lines()
    assert (lines["reported_expenditure.inpatient"], lines["reported_expenditure.other"]) == (5_500, 3_500)
    assert (lines["product_expenditure.ppo"], lines["normalised_expenditure.ppo"]) == (6_000, 6_600)
    assert (lines["product_expenditure.hmo"], lines["normalised_expenditure.hmo"]) == (3_000, 2_700)
    assert lines["expenditure_at_reference_benefit"] == 9_300
    assert (lines["large_claims_excess"], lines["expenditure"]) == (excess, expenditure)
    assert lines["baseline_product_expenditure.ppo-base"] == 4_000
    assert (lines["baseline_expenditure.base"], lines["benchmark"]) == (6_200, 6_200)


# Parts with budgets of their own


def of_parts(parts: str, pmpms: Mapping[str, str], pooling: str = "together") -> str:
    cells = ", ".join(f"{{id: {id_}, pmpm: {pmpm}}}" for id_, pmpm in pmpms.items())
    return f'  benchmark: {{cells: [{cells}], parts: {parts}, pooling: {pooling}, clause: "§4"}}\n'


PAIR = {"A": "10000.00", "B": "6000.00"}
OF_PAIR = [
    *year_of({"m1": 15_000_000, "m2": 3_000_000}),
    *(row.replace("A,", "B,") for row in [*year_of({"m3": 8_000_000}, months=6), *year_of({"m4": 2_000_000})]),
]
"""A has 180,000 in 24 months, of which a member 150,000; B has 100,000 in 18, of which a member of six months 80,000."""


@pytest.mark.parametrize(
    "form, excess, own, pooled, apart",
    [
        # A: 180,000 - 50,000; B's member of six months has a point of 50,000: 100,000 - 30,000. Both / 0.8 / 0.8.
        # 240,000 - 203,125 and 108,000 - 109,375: half of 35,500, or of 36,875
        (large("truncate", "100000.00", "prorated"), (50_000, 30_000), (203_125, 109_375), "17750.00", "18437.50"),
        # B: 100,000 / 0.64 = 156,250, of 108,000: nobody is above the point
        (large("truncate", "100000.00"), (50_000, 0), (203_125, 156_250), "0.00", "18437.50"),
        # A: 180,000 - 40,000 = 140,000, / 0.64 = 218,750, + 24 x 50; B: (100,000 - 24,000) / 0.64 = 118,750, + 18 x 50.
        # Of 240,000 are left 20,050; B loses 11,650
        (large("pool", "100000.00", "prorated", ", pooled_share: 80%, charge_pmpm: 50.00"), (50_000, 30_000),
         (219_950, 119_650), "4200.00", "10025.00"),
    ],
    ids=["prorated", "full", "pool"],
)  # fmt: skip
@pytest.mark.parametrize("pooling", ["together", "apart"])
def test_large_claims_of_a_pool_are_those_of_each_group(
    desk: Desk, form: str, excess: tuple[int, int], own: tuple[int, int], pooled: str, apart: str, pooling: str
) -> None:
    desk.rows(HEAD, OF_PAIR)
    steps = cost(form, "completion: {convention: percent_complete, factor: 0.8}, administrative_share: 20%")
    lines = desk.contract(SHARE + of_parts("groups", PAIR, pooling) + steps, order=COMPLETE_LATER).lines()
    assert (lines["reported_expenditure.A"], lines["reported_expenditure.B"]) == (180_000, 100_000)
    assert (lines["large_claims_excess.A"], lines["large_claims_excess.B"]) == excess
    assert (lines["expenditure.A"], lines["expenditure.B"], lines["expenditure"]) == (*own, sum(own))
    assert (lines["benchmark.A"], lines["benchmark.B"]) == (240_000, 108_000)
    assert lines["earned"] == Fraction(pooled if pooling == "together" else apart)


def test_months_of_a_pool_are_completed_group_by_group(desk: Desk) -> None:
    """Half of what December brings is paid by its end: 180,000 more of A; 20,000 of B, whose other
    80,000 are June's; beside what is truncated."""
    desk.rows(HEAD, OF_PAIR)
    by_run_out = (
        "completion: {convention: percent_complete, by_run_out: [{from: 0, factor: 0.5}, {from: 1, factor: 1}]}"
    )
    steps = cost(large("truncate", "100000.00", "prorated"), by_run_out)
    lines = desk.contract(SHARE + of_parts("groups", PAIR) + steps).lines(paid_through=date(2014, 12, 31))
    assert (lines["incurred_expenditure.2014-12-A"], lines["incurred_expenditure.2014-12-B"]) == (180_000, 20_000)
    assert (lines["outstanding_claims.2014-12-A"], lines["outstanding_claims.2014-12-B"]) == (180_000, 20_000)
    assert (lines["expenditure.A"], lines["expenditure.B"]) == (310_000, 90_000)


def test_categories_of_a_pool_have_their_own_factors(desk: Desk) -> None:
    """A: 9,000 / 0.9 and 1,000 / 0.5; B: 1,800 / 0.9 and 500 / 0.5. Before that A's member of 10,000 is above 6,000:
    4,000, and B's of 2,300 is not."""
    rows = [f"{group},{group}1,2014-{month:02},{ip if month == 1 else 0}.00,{rx if month == 1 else 0}.00,7.00"
            for group, ip, rx in (("A", 9_000, 1_000), ("B", 1_800, 500)) for month in range(1, 13)]  # fmt: skip
    desk.rows("group_id,member_id,month,allowed_ip,allowed_rx,allowed_left_out", rows)
    categories = "categories: [{id: ip, completion_factor: 0.9}, {id: rx, completion_factor: 0.5}]"
    steps = cost(large("truncate", "6000.00"), f"{categories}, completion: {{convention: percent_complete}}")
    lines = desk.contract(SHARE + of_parts("groups", PAIR) + steps, order=COMPLETE_LATER).lines()
    assert (lines["reported_expenditure.ip-A"], lines["completed_expenditure.ip-A"]) == (9_000, 10_000)
    assert (lines["reported_expenditure.rx-B"], lines["completed_expenditure.rx-B"]) == (500, 1_000)
    assert (lines["large_claims_excess.A"], lines["large_claims_excess.B"]) == (4_000, 0)
    assert (lines["expenditure.A"], lines["expenditure.B"]) == (10_000 + 2_000 - 4_000, 2_000 + 1_000)


@pytest.mark.parametrize(
    "order, excess, counted",
    [
        # 12,000 x 1.1 + 4,000 x 0.5 = 15,200, of which 5,200 above 10,000
        ('{confirms: [{pair: [normalise, truncate], clause: "§9"}]}', 5_200, 10_000),
        # 6,000 above 10,000 as reported, of 16,000 that are 15,200: 5,700
        ('{moves: [{step: normalise, after: truncate, clause: "§9"}]}', 6_000, 9_500),
    ],
)
def test_plans_of_each_group_of_a_pool(desk: Desk, order: str, excess: int, counted: int) -> None:
    """A's member has 12,000 in one plan and 4,000 in another; B's twice 1,000 in the second."""
    rows = [f"{group},{member},2014-{month:02},{product},{dollars if month in (1, 12) else 0}.00"
            for group, member, product, dollars, months in (
                ("A", "m1", "ppo", 12_000, range(1, 7)), ("A", "m1", "hmo", 4_000, range(7, 13)),
                ("B", "m2", "hmo", 1_000, range(1, 13)),
            ) for month in months]  # fmt: skip
    desk.rows("group_id,member_id,month,product,allowed", rows)
    by_product = "by: products, categories: [{id: ppo, benefit_factor: 1.1}, {id: hmo, benefit_factor: 0.5}]"
    beside = "benefit_by_product: [{id: ppo, benefit_factor: 1.1}, {id: hmo, benefit_factor: 0.5}]"
    members = '  member_months: {counting: counted, products: [ppo, hmo], clause: "§2"}\n'
    for more in (by_product, beside):
        steps = cost(large("truncate", "10000.00"), more)
        lines = desk.contract(SHARE + members + of_parts("groups", PAIR) + steps, order=order).lines()
        assert lines["normalised_expenditure.ppo-A"] == 13_200
        assert (lines["large_claims_excess.A"], lines["expenditure.A"]) == (excess, counted)
        assert (lines["large_claims_excess.B"], lines["expenditure.B"]) == (0, 1_000)


@pytest.mark.parametrize(
    "months, threshold, excess",
    [(12, "full", (40_000, 10_000)), (6, "prorated", (80_000, 20_000))],
)
def test_what_a_member_has_above_the_point_falls_on_products_by_dollars(
    desk: Desk, months: int, threshold: str, excess: tuple[int, int]
) -> None:
    """A member of 150,000, of which 120,000 in one product: 50,000 above 100,000, in six months 100,000 above 50,000.
    One of 20,000 all year in the first is below either."""
    half = months // 2
    rows = [
        *(f"A,m1,2014-{month:02},ppo,{120_000 if month == 1 else 0}.00" for month in range(1, half + 1)),
        *(f"A,m1,2014-{month:02},hmo,{30_000 if month == months else 0}.00" for month in range(half + 1, months + 1)),
        *(f"A,m2,2014-{month:02},ppo,{20_000 if month == 1 else 0}.00" for month in range(1, 13)),
    ]
    desk.rows("group_id,member_id,month,product,allowed", rows)
    steps = cost(large("truncate", "100000.00", threshold))
    lines = desk.contract(SHARE + of_parts("products", {"ppo": "1000.00", "hmo": "1000.00"}) + steps).lines()
    assert (lines["large_claims_excess.ppo"], lines["large_claims_excess.hmo"]) == excess
    assert (lines["expenditure.ppo"], lines["expenditure.hmo"]) == (140_000 - excess[0], 30_000 - excess[1])
    assert desk.contract(SHARE + BUDGET + steps).lines()["expenditure"] == lines["expenditure"]


def test_a_member_out_of_a_pool_leaves_the_dollars_of_the_own_group(desk: Desk) -> None:
    desk.rows(HEAD, OF_PAIR)
    steps = cost(large("exclude", "100000.00", more=", months: stay"))
    lines = desk.contract(SHARE + of_parts("groups", PAIR) + steps).lines()
    assert (lines["large_claims_excluded.A"], lines["large_claims_excluded.B"]) == (150_000, 0)
    assert (lines["expenditure.A"], lines["expenditure.B"]) == (30_000, 100_000)
    assert (lines["member_months.A"], lines["member_months.B"]) == (24, 18)


@pytest.mark.parametrize("least, earned", [(3, 360), (4, 0)])
def test_who_moves_between_groups_of_a_pool_is_one_member_of_its_panel(desk: Desk, least: int, earned: int) -> None:
    """Three members of 36 months at 120.00 are 4,320 against 3,600. One of them is half a year with each group; one
    without a counted month, and one of a group outside, are nobody of the panel."""
    rows = [
        *(f"{'A' if month < 7 else 'B'},m1,2014-{month:02},1,100.00" for month in range(1, 13)),
        *(f"{group},{member},2014-{month:02},1,100.00" for group, member in (("A", "m2"), ("B", "m3"), ("C", "m4"))
          for month in range(1, 13)),
        "A,m5,2014-01,0,0.00", "B,m5,2014-02,0,0.00",
    ]  # fmt: skip
    desk.rows("group_id,member_id,month,member_months,allowed", rows)
    panel = f"panel: members, smallest_panel: {least}, below: no_reward"
    members = f'  member_months: {{counting: counted, {panel}, clause: "§2"}}\n'
    against = of_parts("groups", {"A": "120.00", "B": "120.00"})
    lines = desk.contract(SHARE + members + against + cost()).lines()
    assert (lines["panel_size"], lines["gross_savings"], lines["earned"]) == (3, 720, earned)


@pytest.mark.parametrize("pooled_with, reward", [("all", "17750.00"), ("those_below", "18437.50")])
def test_groups_are_pooled_by_their_own_panels(desk: Desk, pooled_with: str, reward: str) -> None:
    """24 and 18 months over 12 are panels of 2 and 1: B's is below 2, and its loss of 1,375 is taken off, or B's alone."""
    desk.rows(HEAD, OF_PAIR)
    steps = cost(
        large("truncate", "100000.00", "prorated"),
        "completion: {convention: percent_complete, factor: 0.8}, administrative_share: 20%",
    )
    panel = f"panel: average_members, smallest_panel: 2, below: pool, pooled_with: {pooled_with}"
    against = of_parts("groups", PAIR).replace("pooling: together, ", "")
    members = f'  member_months: {{counting: counted, {panel}, clause: "§2"}}\n'
    result = desk.contract(SHARE + members + against + steps, order=COMPLETE_LATER).settle()["A"]
    assert result.settlement is not None
    lines = {line.name: line.figure for line in result.settlement.lines}
    assert (lines["panel_size.A"], lines["panel_size.B"]) == (2, 1)
    assert lines["earned"] == Fraction(reward)
    shown = {line["name"]: line for line in stored_run(result, []).document()["lines"]}
    of_parts_settled = {"all": ["pooled"], "those_below": ["pooled", "A-apart"]}[pooled_with]
    gated = [gate.label.rpartition(", ")[2] for gate in gates(shown) if gate.key == "minimum_savings_rate"]
    assert sorted(gated) == sorted(of_parts_settled)
