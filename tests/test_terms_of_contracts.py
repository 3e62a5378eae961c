"""What single terms of a pay-for-value contract give: small contracts whose amounts were worked out by hand.

Each is a contract of a few lines with one case, and goes through `p4v check`, as a reader's own contract would.
"""

from pathlib import Path
from textwrap import indent

import pytest

from support import p4v

HEAD = """\
contract: small
extends: pay-for-value
group: {id: small, name: Example Medical Group}
payer: {name: Example payer}
agreement: {signed: 2012-10-01, effective: 2013-01-01, ends: 2016-12-31}
"""
CENTS = "{places: 2, rule: half_up}"
EARNED = f'rounding: {{earned: {CENTS}, clause: "9"}}\n'
FEE = f'rounding: {{care_coordination_fee: {CENTS}, clause: "9"}}\n'
INCENTIVE = f'rounding: {{quality_incentive: {CENTS}, clause: "9"}}\n'
HALF = 'share: {sharing_rate: 50%, clause: "3"}\n'
GIVEN = 'benchmark: {given: yes, clause: "1"}\n'


def check(folder: Path, terms: str, figures: str, lines: str, more: str = "", case: str = "") -> str:
    """What `p4v check` says of a contract with one case; empty if all is well."""
    text = HEAD + more + "terms:\n" + indent(terms, "  ") + "cases:\n  - case: By hand\n    source: worked by hand\n"
    text += indent(case, "    ") + f"    figures: {{{figures}}}\n    lines: {{{lines}}}\n"
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    result = p4v("check", path)
    return "" if result.exit_code == 0 else result.output


def agrees(folder: Path, terms: str, figures: str, lines: str, more: str = "", case: str = "") -> None:
    assert check(folder, terms, figures, lines, more, case) == ""


# Care coordination fees

MONTHS = [*(f"2013-{month:02}" for month in range(7, 13)), *(f"2014-{month:02}" for month in range(1, 7))]
AMENDED = """\
amendments:
  - id: Amendment 1
    signed: 2014-03-20
    effective: 2014-01-01
    clause: "Am. 1"
    terms: {care_coordination_fee: {pmpm: 2.00}}
"""


@pytest.mark.parametrize(
    "known, lines",
    [
        # six months of 5,000 at 1.75 are 52,500; six at 2.00 are 60,000
        ("", "care_coordination_fee: 112500.00, fee_amount.2013-12: 8750, fee_amount.2014-01: 10000"),
        ("known: 2014-03-20\n", "care_coordination_fee: 112500.00"),
        ("known: 2014-03-19\n", "care_coordination_fee: 105000.00, fee_amount.2014-01: 8750"),
    ],
)
def test_a_fee_amended_inside_the_period(tmp_path, known, lines):
    terms = 'care_coordination_fee: {pmpm: 1.75, roster: fee, by_month: yes, clause: "2"}\n' + FEE
    figures = ", ".join(f"fee_member_months.{month}: 5000" for month in MONTHS)
    agrees(tmp_path, terms, figures, lines, AMENDED, "period: 2013-07 to 2014-06\n" + known)


def test_a_fee_amended_inside_the_period_needs_its_months(tmp_path):
    terms = 'care_coordination_fee: {pmpm: 1.75, clause: "2"}\n' + FEE
    found = check(
        tmp_path, terms, "member_months: 60000", "care_coordination_fee: 1", AMENDED, "period: 2013-07 to 2014-06\n"
    )
    assert "P4V-C022" in found
    assert "by_month" in found


def test_earlier_months_at_their_own_rate_within_the_look_back(tmp_path):
    """1,000 months at 2.00; two members less in December 2013 at 1.75 are -3.50; July 2013 is six months back, three
    more are 5.25; June is seven months back: a memo of -7.00 and 0.00."""
    terms = 'care_coordination_fee: {pmpm: 1.75, look_back_months: 6, clause: "2"}\n' + FEE
    figures = (
        "member_months: 1000, retroactive_member_months.2013-12: -2, retroactive_member_months.2013-07: 3, "
        "retroactive_member_months.2013-06: -4"
    )
    lines = (
        "care_coordination_fee: 2001.75, retroactive_fee.2013-06: -7, retroactive_fee_in_reach.2013-06: 0, "
        "retroactive_fee_in_reach.2013-07: 5.25"
    )
    agrees(tmp_path, terms, figures, lines, AMENDED, "period: 2014-01 to 2014-06\n")


@pytest.mark.parametrize(
    "fee, figures, lines",
    [
        # 100 x 1.25 + 200 x 2.00 + 10.5 x 4.50 = 125 + 400 + 47.25
        (
            "tiers: [{id: low, pmpm: 1.25}, {id: middle, pmpm: 2.00}, {id: high, pmpm: 4.50}]",
            "fee_member_months.low: 100, fee_member_months.middle: 200, fee_member_months.high: 10.5",
            "fee_of_tier.high: 47.25, care_coordination_fee: 572.25",
        ),
        ("by_panel_size: [{from: 0, pmpm: 3}, {from: 5000, pmpm: 2.25}]", "panel_size: 4999, member_months: 100",
         "care_coordination_fee: 300.00"),
        ("by_panel_size: [{from: 0, pmpm: 3}, {from: 5000, pmpm: 2.25}]", "panel_size: 5000, member_months: 100",
         "care_coordination_fee: 225.00"),
        # 36 a year is 3 a month
        ("per_member_per_year: 36", "member_months: 100.5", "care_coordination_fee: 301.50"),
        ("acts: [{id: visit, dollars: 35}, {id: call, dollars: 4.50}]", "acts.visit: 3, acts.call: 7",
         "fee_of_act.call: 31.50, care_coordination_fee: 136.50"),
        # 2% of 12,345.67 is 246.9134
        ("share_of_amount: 2%", "fee_base: 12345.67", "care_coordination_fee: 246.91"),
        ("pmpm: 2, roster: fee", "fee_member_months: 7", "care_coordination_fee: 14.00"),
        ("pmpm: 2, quality_adjusted: yes", "member_months: 100, quality_score: 87.5%", "care_coordination_fee: 175.00"),
    ],
)  # fmt: skip
def test_the_forms_of_a_fee(tmp_path, fee, figures, lines):
    agrees(tmp_path, f'care_coordination_fee: {{{fee}, clause: "2"}}\n' + FEE, figures, lines)


# A blend of any two budgets


@pytest.mark.parametrize(
    "terms, figures, lines",
    [
        # 85% of 1,200,000 over 2,000 months is 510.00; 60% of it and 40% of 490.00 are 502.00; half of 44,000
        ("loss_ratio: 85%, own_weight: 60%, regional_pmpm: 490", "revenue: 1200000, expenditure: 960000",
         "own_budget: 1020000, own_budget_pmpm: 510, benchmark_pmpm: 502, benchmark: 1004000, earned: 22000"),
        # 400.00 and 85% of 1,000,000, 425.00: 412.50; half of 25,000
        ("pmpm: 400, own_weight: 50%, blended_with: {loss_ratio: 85%}", "revenue: 1000000, expenditure: 800000",
         "other_budget: 850000, other_budget_pmpm: 425, benchmark: 825000, earned: 12500"),
        # 450.00 at a quarter, 400.00 at three: 412.50; 1% off is 408.375
        ("given: yes, own_weight: 25%, blended_with: {given: yes}, discount: 1%",
         "own_budget: 900000, other_budget: 800000, expenditure: 800000",
         "own_budget_pmpm: 450, other_budget_pmpm: 400, benchmark: 816750, earned: 8375"),
        # 80% of 900,000 is 360.00; with 440.00 in equal parts 400.00
        ("loss_ratio: 80%, own_weight: 50%, blended_with: {pmpm: 440}", "revenue: 900000, expenditure: 790000",
         "own_budget_pmpm: 360, benchmark: 800000, earned: 5000"),
        # a base year of 390.00 at 1.10 is 429.00; with 425.00 in equal parts 427.00
        ("given_pmpm: yes, trend: 1.10, own_weight: 50%, blended_with: {loss_ratio: 85%}",
         "baseline_pmpm: 390, revenue: 1000000, expenditure: 844000", "benchmark: 854000, earned: 5000"),
    ],
)  # fmt: skip
def test_any_two_budgets_are_blended_per_member_month(tmp_path, terms, figures, lines):
    agrees(tmp_path, f'benchmark: {{{terms}, clause: "1"}}\n' + HALF + EARNED, "member_months: 2000, " + figures, lines)


@pytest.mark.parametrize(
    "terms",
    [
        "loss_ratio: 85%, own_weight: 60%",
        "loss_ratio: 85%, blended_with: {pmpm: 400}",
        "loss_ratio: 85%, own_weight: 60%, blended_with: {pmpm: 400}, regional_pmpm: 490",
        "loss_ratio: 85%, own_weight: 60%, blended_with: {pmpm: 400, given: yes}",
        "loss_ratio: 85%, own_weight: 60%, blended_with: {pmpm: 400}, trend: 1.02",
    ],
)
def test_a_blend_has_two_budgets(tmp_path, terms):
    found = check(tmp_path, f'benchmark: {{{terms}, clause: "1"}}\n' + HALF + EARNED, "member_months: 1", "earned: 1")
    assert "P4V-C023" in found


# Named adjustments

OF_MEMBERS = """\
benchmark: {pooled_years: ["2012"], baseline_periods: [{id: "2012", period: 2012}], clause: "1"}
expenditure: {basis: paid, large_claims: {form: truncate, point: 100000}, clause: "4"}
"""
REBATES = "{id: rebates, side: expenditure, periods: [{id: performance, pmpm: -4.50}, {id: '2012', pmpm: -10}]}"
RECOVERIES = "{id: recoveries, side: expenditure, when: before_large_claims, periods: [{id: '2012', dollars: 5000}]}"
COST_OF_BOTH = (
    "member_months: 2000, reported_expenditure: 900000, large_claims_excess: 40000, baseline_member_months.2012: 1000, "
    "baseline_reported_expenditure.2012: 480000, baseline_large_claims_excess.2012: 20000"
)


def adjusted(*items: str) -> str:
    return OF_MEMBERS + f'adjustments: {{items: [{", ".join(items)}], clause: "5"}}\n' + HALF + EARNED


def test_an_adjustment_of_a_baseline_year_in_its_place_among_the_steps(tmp_path):
    """480,000 + 5,000 less 20,000 less 10 x 1,000 is 455,000: 455.00 x 2,000 is 910,000. The cost of the period is
    900,000 less 40,000 less 4.50 x 2,000, 851,000; half of 59,000."""
    lines = (
        "adjusted_expenditure.before_large_claims-2012: 485000, adjustment_dollars.recoveries-2012: 5000, "
        "adjustment_of_months.rebates-2012: -10000, baseline_expenditure.2012: 455000, baseline_pmpm: 455, "
        "adjustment_of_months.rebates: -9000, expenditure: 851000, benchmark: 910000, earned: 29500"
    )
    agrees(tmp_path, adjusted(REBATES, RECOVERIES), COST_OF_BOTH, lines)


def test_an_adjustment_without_periods_is_of_the_performance_period_alone(tmp_path):
    """900,000 less 40,000 less 9,000 is 851,000, against 460.00 x 2,000: half of 69,000."""
    rebates = "{id: rebates, side: expenditure, pmpm: -4.50}"
    agrees(tmp_path, adjusted(rebates), COST_OF_BOTH, "baseline_expenditure.2012: 460000, earned: 34500")


def test_an_adjustment_of_a_year_can_be_given(tmp_path):
    """460,000 less 15,000 is 445.00 x 2,000, 890,000, against 860,000: half of 30,000. None for the period."""
    one_sided = "{id: capitation, side: expenditure, periods: [{id: '2012', given: yes}]}"
    given = COST_OF_BOTH + ", adjustment.capitation-2012: -15000"
    agrees(tmp_path, adjusted(one_sided), given, "expenditure: 860000, benchmark: 890000, earned: 15000")


@pytest.mark.parametrize(
    "item, code",
    [
        ("{id: a, side: expenditure, periods: [{id: '2011', dollars: 1}]}", "P4V-C022"),
        ("{id: a, side: benchmark, periods: [{id: '2012', dollars: 1}]}", "P4V-C023"),
        ("{id: a, side: expenditure, dollars: 1, periods: [{id: '2012', dollars: 1}]}", "P4V-C023"),
        ("{id: a, side: expenditure, periods: [{id: '2012', dollars: 1, pmpm: 1}]}", "P4V-C023"),
        ("{id: a, side: expenditure, periods: [{id: '2012', dollars: 1}, {id: '2012', dollars: 2}]}", "P4V-C046"),
        ("{id: a-2012, side: expenditure, dollars: 1}, {id: a, side: expenditure, periods: [{id: '2012', dollars: 1}]}",
         "P4V-C046"),
    ],
)  # fmt: skip
def test_periods_of_an_adjustment_that_cannot_be(tmp_path, item, code):
    assert code in check(tmp_path, adjusted(item), COST_OF_BOTH, "earned: 1")


# Quality


def quality(*measures: str, more: str = "weights: equal, unscored: weight_shared_in_proportion") -> str:
    listed = "".join(f"    - {{{measure}}}\n" for measure in measures)
    more_lines = "".join(f"  {entry}\n" for entry in more.split(", "))
    return "quality:\n" + more_lines + "  measures:\n" + listed + '  clause: "5"\n'


def scored(folder: Path, terms: str, figures: str, lines: str) -> None:
    """Quality on its own: a pool of 1,000.00 that stays with the payer where it is not earned."""
    pool = 'pay_for_performance: {pool_given: yes, left_over: stays_with_payer, clause: "6"}\n'
    agrees(folder, terms + pool + INCENTIVE, "quality_pool: 1000, " + figures, lines)


HIGHER = "id: m, kind: rate, better: higher, points_below: 0, cut_points: [{at: 60%, points: 3}, {at: 70%, points: 5}]"
LOWER = "id: m, kind: rate, better: lower, points_below: 1, cut_points: [{at: 30%, points: 3}, {at: 20%, points: 5}]"


@pytest.mark.parametrize(
    "measure, numerator, points, paid",
    [
        (HIGHER, 599, 0, "0.00"), (HIGHER, 600, 3, "600.00"), (HIGHER, 699, 3, "600.00"), (HIGHER, 700, 5, "1000.00"),
        (HIGHER, 1000, 5, "1000.00"), (LOWER, 301, 1, "200.00"), (LOWER, 300, 3, "600.00"), (LOWER, 201, 3, "600.00"),
        (LOWER, 200, 5, "1000.00"), (LOWER, 0, 5, "1000.00"),
    ],
)  # fmt: skip
def test_cut_points(tmp_path, measure, numerator, points, paid):
    scored(tmp_path, quality(measure), f"numerator.m: {numerator}, denominator.m: 1000",
           f"points.m: {points}, quality_incentive: {paid}")  # fmt: skip


PLAIN = "id: m, kind: rate, better: higher, threshold: 60%, target: 80%"
DOWN = "id: m, kind: rate, better: lower, threshold: 30%, target: 10%"


@pytest.mark.parametrize(
    "measure, rule, numerator, prior, points",
    [
        # a fifth of the gap of 20 from 60 to 80 is 4
        (PLAIN, "form: share_of_gap, share: 20%, points: 0.9, counts: better_of", 640, "60%", "0.9"),
        (PLAIN, "form: share_of_gap, share: 20%, points: 0.9, counts: better_of", 639, "60%", "0.195"),
        # the better of two: attainment 15/20
        (PLAIN, "form: share_of_gap, share: 20%, points: 0.5, counts: better_of", 750, "60%", "0.75"),
        # from 50 to 62 are 12 of 30: 0.4; attainment 0.1
        (PLAIN, "form: gap_closed, points: 1, counts: better_of", 620, "50%", "0.4"),
        # worse than before: nothing of the gap; attainment 0.1
        (PLAIN, "form: gap_closed, points: 1, counts: better_of", 620, "65%", "0.1"),
        # lower: from 34 to 28 are 6 of 24: 0.25; attainment 2/20
        (DOWN, "form: gap_closed, points: 1, counts: better_of", 280, "34%", "0.25"),
        (PLAIN, "form: fixed, by: 3%, points: 0.5, counts: better_of", 550, "52%", "0.5"),
        (PLAIN, "form: fixed, by: 3%, points: 0.5, counts: better_of", 549, "52%", "0"),
        (DOWN, "form: fixed, by: 3%, points: 0.5, counts: better_of", 310, "34%", "0.5"),
        # a fifth of goal less threshold is 4
        (PLAIN, "form: fraction_of_goal, share: 20%, points: 0.5, counts: better_of", 560, "52%", "0.5"),
        (PLAIN, "form: fraction_of_goal, share: 20%, points: 0.5, counts: better_of", 559, "52%", "0"),
        (DOWN, "form: fraction_of_goal, share: 20%, points: 0.5, counts: better_of", 320, "36%", "0.5"),
        # 3.96 and 4.00 wanted: to one digit of the percent both are 4.0
        (PLAIN, ("form: fraction_of_goal, share: 20%, points: 0.5, counts: better_of, "
                "change_rounding: {digits: 1, rule: half_up}"), 560, "52.04%", "0.5"),
        (PLAIN, ("form: fraction_of_goal, share: 20%, points: 0.5, counts: better_of, "
                "change_rounding: {digits: 1, rule: half_up}"), 560, "52.06%", "0"),
    ],
)  # fmt: skip
def test_improvement(tmp_path, measure, rule, numerator, prior, points):
    figures = f"numerator.m: {numerator}, denominator.m: 1000, prior_rate.m: {prior}"
    scored(tmp_path, quality(f"{measure}, improvement: {{{rule}}}"), figures, f"points.m: {points}")


def test_improvement_as_a_bonus_outside_the_denominator(tmp_path):
    """Attainment 0.5 and 0, a bonus of 0.5 on the first: (0.5 + 0 + 0.5) of 2 points is 50%."""
    first = f"{PLAIN}, improvement: {{form: fixed, by: 1%, points: 0.5, counts: bonus}}"
    second = PLAIN.replace("id: m", "id: n")
    figures = "numerator.m: 700, denominator.m: 1000, prior_rate.m: 69%, numerator.n: 600, denominator.n: 1000"
    scored(tmp_path, quality(first, second), figures, "bonus_points: 25%, quality_score: 50%, points.m: 0.5")


def test_a_bonus_never_lifts_the_score_above_all(tmp_path):
    first = f"{PLAIN}, improvement: {{form: fixed, by: 1%, points: 0.5, counts: bonus}}"
    figures = "numerator.m: 800, denominator.m: 1000, prior_rate.m: 69%"
    scored(tmp_path, quality(first), figures, "quality_points: 100%, quality_score: 100%, quality_incentive: 1000.00")


THREE = (
    "id: a, kind: rate, better: higher, weight: 50%, threshold: 60%, target: 80%",
    "id: b, kind: rate, better: higher, weight: 30%, threshold: 60%, target: 80%",
    "id: c, kind: rate, better: higher, weight: 20%, threshold: 60%, target: 80%, minimum_denominator: 30",
)
"""a earns 1, b 0.5."""
AB = "numerator.a: 80, denominator.a: 100, numerator.b: 70, denominator.b: 100"


@pytest.mark.parametrize(
    "spread, size, score",
    [
        # c not scored: (0.5 + 0.15) / 0.8
        ("weight_shared_in_proportion", 29, "81.25%"),
        # a and b get 10% each: 0.6 x 1 + 0.4 x 0.5
        ("weight_shared_equally", 29, "80%"),
        # c scored with nothing: 0.5 + 0.15
        ("weight_shared_in_proportion", 30, "65%"),
        ("weight_shared_equally", 30, "65%"),
        ("weight_shared_equally", 0, "80%"),
    ],
)
def test_small_denominators(tmp_path, spread, size, score):
    terms = quality(*THREE, more=f"weights: sum_to_100%, unscored: {spread}")
    state = "not_scored" if size < 30 else "0%"
    scored(tmp_path, terms, f"{AB}, numerator.c: 0, denominator.c: {size}", f"quality_score: {score}, rate.c: {state}")


def test_nothing_scored_at_all(tmp_path):
    """A zero denominator is a state; a score of nothing is 0%, and the dollars of each measure still foot."""
    scored(tmp_path, quality(PLAIN, PLAIN.replace("id: m", "id: n")),
           "numerator.m: 0, denominator.m: 0, numerator.n: 0, denominator.n: 0",
           "rate.m: not_scored, quality_score: 0%, quality_incentive: 0.00, measure_not_earned.m: 500.00")  # fmt: skip


@pytest.mark.parametrize(
    "treatment, figures, score",
    [
        # full credit: 0.5 + 0.15 + 0.2; dropped: 0.65 / 0.8
        ("full_credit", "", "85%"),
        ("dropped", ", numerator.c: 0, denominator.c: 100", "81.25%"),
        ("prior_specification", ", numerator.c: 80, denominator.c: 100", "85%"),
    ],
)
def test_retired_measures(tmp_path, treatment, figures, score):
    terms = quality(*THREE[:2], f"{THREE[2]}, treatment: {treatment}",
                    more="weights: sum_to_100%, unscored: weight_shared_in_proportion")  # fmt: skip
    scored(tmp_path, terms, AB + figures, f"quality_score: {score}")


def test_a_dropped_measure_needs_no_levels(tmp_path):
    terms = quality(*THREE[:2], "id: c, kind: rate, better: higher, weight: 20%, treatment: dropped",
                    more="weights: sum_to_100%, unscored: weight_shared_in_proportion")  # fmt: skip
    scored(tmp_path, terms, AB + ", numerator.c: 0, denominator.c: 100", "quality_score: 81.25%")


def test_a_measure_that_is_only_reported(tmp_path):
    terms = quality(PLAIN, "id: n, kind: rate, better: higher, treatment: reported_only")
    figures = "numerator.m: 700, denominator.m: 1000, numerator.n: 1, denominator.n: 4"
    scored(tmp_path, terms, figures, "rate.n: 25%, quality_score: 50%")


@pytest.mark.parametrize(
    "kind, figures, lines",
    [
        # 1,052 x 12,000 / 72,000 = 175.33...: half way from 185 1/3 would be another; from 190 to 165: 14.67 of 25
        ("kind: per_1000, better: lower, threshold: 190, target: 165", "numerator.m: 1050, denominator.m: 72000",
         "rate.m: 175, points.m: 0.6"),
        # 9 observed of 10 expected, from 1.0 to 0.8
        ("kind: ratio, better: lower, threshold: 1, target: 0.8", "numerator.m: 9, expected.m: 10",
         "rate.m: 0.9, points.m: 0.5"),
        ("kind: score, better: higher, threshold: 70, target: 90", "score.m: 75", "points.m: 0.25"),
        ("kind: score, better: higher, threshold: 70%, target: 90%", "score.m: 75%", "points.m: 0.25"),
        ("kind: rate, better: higher, threshold_from: market, target: 80%",
         "numerator.m: 70, denominator.m: 100, market_rate.m: 60%", "points.m: 0.5"),
        ("kind: rate, better: higher, threshold_from: market",
         "numerator.m: 60, denominator.m: 100, market_rate.m: 60%", "points.m: 1"),
        ("kind: rate, better: higher, threshold: 60%, full_points: 4", "numerator.m: 60, denominator.m: 100",
         "points.m: 4, quality_score: 100%"),
    ],
)  # fmt: skip
def test_kinds_of_measures(tmp_path, kind, figures, lines):
    scored(tmp_path, quality(f"id: m, {kind}"), figures, lines)


def test_rates_and_scores_are_rounded_only_where_the_contract_says_so(tmp_path):
    """59.96% is 60.0% to one digit: met; without the rule it is missed. The score 2/3 to no digit is 67%."""
    level = "id: m, kind: rate, better: higher, threshold: 60%"
    others = [f"id: {id_}, kind: rate, better: higher, threshold: 60%" for id_ in ("n", "o")]
    figures = (
        "numerator.m: 5996, denominator.m: 10000, numerator.n: 60, denominator.n: 100, numerator.o: 1, denominator.o: 9"
    )
    both = (
        "weights: equal, unscored: weight_shared_in_proportion, "
        "rate_rounding: {digits: 1; rule: half_up}, score_rounding: {digits: 0; rule: half_up}"
    )
    terms = quality(level, *others, more=both).replace(";", ",")
    scored(tmp_path, terms, figures, "points.m: 1, quality_score: 67%, quality_incentive: 670.00, rate.m: 59.96%")
    bare = quality(level, *others)
    scored(tmp_path, bare, figures, "points.m: 0, quality_incentive: 333.33")


def test_domains_with_one_that_cannot_be_scored(tmp_path):
    """Clinical: 1, capped at 80%, weight 60; survey too small, weight 40: 0.8 x 60 / 60."""
    terms = """\
quality:
  weights: sum_to_100%
  unscored: weight_shared_in_proportion
  domains: [{id: clinical, weight: 60%, cap: 80%}, {id: survey, weight: 40%}]
  measures:
    - {id: a, domain: clinical, weight: 100%, kind: rate, better: higher, threshold: 60%, target: 80%}
    - {id: s, domain: survey, weight: 100%, kind: score, better: higher, threshold: 60%, minimum_denominator: 50}
  clause: "5"
"""
    scored(tmp_path, terms, "numerator.a: 80, denominator.a: 100, score.s: 90%, denominator.s: 49",
           "any_scored.survey: 0, effective_weight.clinical: 100%, quality_score: 80%")  # fmt: skip
    scored(tmp_path, terms, "numerator.a: 80, denominator.a: 100, score.s: 90%, denominator.s: 50",
           "effective_weight.clinical: 60%, quality_score: 88%")  # fmt: skip


# Gates of quality, before a share of given savings: benchmark 1,000,000, expenditure 900,000, half is 50,000

SAVED = "benchmark: 1000000, expenditure: 900000"
MEASURES = quality("id: a, kind: rate, better: higher, threshold: 60%",
                   "id: b, kind: rate, better: lower, threshold: 10%, minimum_denominator: 30")  # fmt: skip


@pytest.mark.parametrize(
    "gate, figures, earned",
    [
        ("must_pass: [b]", "numerator.b: 10, denominator.b: 100", "50000.00"),
        ("must_pass: [b]", "numerator.b: 11, denominator.b: 100", "0.00"),
        ("must_pass: [a, b]", "numerator.b: 11, denominator.b: 100", "0.00"),
        ("minimum_thresholds_met: 1", "numerator.b: 11, denominator.b: 100", "50000.00"),
        ("minimum_thresholds_met: 2", "numerator.b: 11, denominator.b: 100", "0.00"),
        ("minimum_score: 50%", "numerator.b: 11, denominator.b: 100", "50000.00"),
        ("no_decline: each_measure, tolerance: 1%", "numerator.b: 11, denominator.b: 100", "50000.00"),
        ("no_decline: each_measure, tolerance: 1%", "numerator.b: 12, denominator.b: 100", "0.00"),
    ],
)
def test_gates_of_quality(tmp_path, gate, figures, earned):
    prior = ", prior_rate.a: 61%, prior_rate.b: 10%" if "each_measure" in gate else ""
    terms = GIVEN + MEASURES + f'quality_gate: {{{gate}, clause: "6"}}\n' + HALF + EARNED
    agrees(tmp_path, terms, f"{SAVED}, numerator.a: 60, denominator.a: 100, {figures}{prior}", f"earned: {earned}")


def test_no_decline_says_nothing_of_a_measure_that_is_not_scored(tmp_path):
    """29 members are too few to be scored, so a worse result of theirs is no decline."""
    terms = GIVEN + MEASURES + 'quality_gate: {no_decline: each_measure, tolerance: 0%, clause: "6"}\n' + HALF + EARNED
    figures = "numerator.a: 61, denominator.a: 100, numerator.b: 29, denominator.b: 29"
    agrees(tmp_path, terms, f"{SAVED}, {figures}, prior_rate.a: 61%, prior_rate.b: 10%", "earned: 50000.00")


# Minimum rates


@pytest.mark.parametrize(
    "gate, figures, lines",
    [
        # only what lies above 2%: 100,000 - 20,000 = 80,000
        ("form: deductible, comparison: at_least, minimum_savings_rate: 2%", SAVED, "earned: 40000.00"),
        ("form: deductible, comparison: at_least, minimum_savings_rate: 10%", SAVED, "earned: 0.00"),
        ("form: cliff, comparison: at_least, minimum_savings_rate: 10%", SAVED, "earned: 50000.00"),
        ("form: cliff, comparison: more_than, minimum_savings_rate: 10%", SAVED,
         "not_earned.minimum_savings_rate: 100000.00, earned: 0.00"),
        # at 7,500 of 5,000 to 10,000: half way from 12% to 9%
        (("form: cliff, comparison: at_least, between_sizes: interpolated, "
         "minimum_savings_rates_by_size: [{at: 5000, rate: 12%}, {at: 10000, rate: 9%}]"),
         SAVED + ", panel_size: 7500", "minimum_savings_rate: 10.5%, earned: 0.00"),
        (("form: cliff, comparison: at_least, between_sizes: row_below, "
         "minimum_savings_rates_by_size: [{at: 5000, rate: 12%}, {at: 7500, rate: 9%}]"),
         SAVED + ", panel_size: 7500", "minimum_savings_rate: 9%, earned: 50000.00"),
        (("form: cliff, comparison: at_least, between_sizes: row_below, "
         "minimum_savings_rates_by_size: [{at: 5000, rate: 12%}, {at: 7500, rate: 9%}]"),
         SAVED + ", panel_size: 7499", "minimum_savings_rate: 12%, earned: 0.00"),
        (("form: cliff, comparison: at_least, between_sizes: interpolated, "
         "minimum_savings_rates_by_size: [{at: 5000, rate: 12%}, {at: 10000, rate: 9%}]"),
         SAVED + ", panel_size: 4000", "minimum_savings_rate: 12%"),
    ],
)  # fmt: skip
def test_the_minimum_savings_rate(tmp_path, gate, figures, lines):
    agrees(tmp_path, GIVEN + f'gate: {{{gate}, clause: "2"}}\n' + HALF + EARNED, figures, lines)


@pytest.mark.parametrize("size, earned", [(5000, "50000.00"), (4999, "0.00")])
def test_the_smallest_panel(tmp_path, size, earned):
    terms = GIVEN + HALF + EARNED + 'member_months: {smallest_panel: 5000, below: no_reward, clause: "1"}\n'
    agrees(tmp_path, terms, f"{SAVED}, panel_size: {size}", f"earned: {earned}")


LOST = "benchmark: 1000000, expenditure: 1100000"


@pytest.mark.parametrize(
    "gate, earned",
    [
        # a loss of 100,000, 10% of the benchmark; 40% of what counts
        ("form: cliff, minimum_loss_rate: 10%", "-40000.00"),
        ("form: cliff, minimum_loss_rate: 10.01%", "0.00"),
        ("form: cliff, losses: same_as_savings", "-40000.00"),
        ("form: cliff, losses: from_the_first_dollar", "-40000.00"),
        ("form: deductible, minimum_loss_rate: 4%", "-24000.00"),
        ("form: deductible, losses: same_as_savings", "-32000.00"),
    ],
)
def test_the_minimum_loss_rate(tmp_path, gate, earned):
    loss = 'loss_share: {sharing_rate: 40%, clause: "4"}\n'
    terms = GIVEN + f'gate: {{{gate}, comparison: at_least, minimum_savings_rate: 2%, clause: "2"}}\n' + HALF + loss
    agrees(tmp_path, terms + EARNED, LOST, f"earned: {earned}")


# Shares, caps and limits


@pytest.mark.parametrize(
    "terms, figures, lines",
    [
        # the complement of 70% is 30%, but at least 40%; of 45% it is 55%
        ('share: {sharing_rate: 70%, clause: "3"}\nloss_share: {lowest: 40%, highest: 60%, clause: "4"}\n', LOST,
         "final_loss_rate: 40%, earned: -40000.00"),
        ('share: {sharing_rate: 45%, clause: "3"}\nloss_share: {lowest: 40%, highest: 60%, clause: "4"}\n', LOST,
         "earned: -55000.00"),
        ('share: {sharing_rate: 20%, clause: "3"}\nloss_share: {lowest: 40%, highest: 60%, clause: "4"}\n', LOST,
         "earned: -60000.00"),
        (HALF + 'cap_payment: {of_benchmark: 4%, clause: "4"}\n', SAVED, "earned: 40000.00"),
        (HALF + 'cap_payment: {of_gross_savings: 30%, clause: "4"}\n', SAVED, "earned: 30000.00"),
        (HALF + 'cap_payment: {dollars: 12345.67, clause: "4"}\n', SAVED, "earned: 12345.67"),
        (HALF + 'cap_payment: {pmpm: 3, clause: "4"}\n', SAVED + ", member_months: 4000", "earned: 12000.00"),
        # 4% of 1,000,000 before sharing; a loss is cut alike
        (HALF + 'cap_gross: {of_benchmark: 4%, clause: "4"}\n', SAVED, "earned: 20000.00"),
        (HALF + 'cap_gross: {of_benchmark: 4%, clause: "4"}\nloss_share: {sharing_rate: 25%, clause: "4"}\n', LOST,
         "earned: -10000.00"),
        (HALF + 'floor: {dollars: 60000, clause: "4"}\n', SAVED, "waterfall.floor: 10000.00, earned: 60000.00"),
        (HALF + 'floor: {dollars: 60000, clause: "4"}\n', LOST, "earned: 60000.00"),
        (HALF + 'loss_share: {sharing_rate: 50%, clause: "4"}\nfinal_multiplier: {savings: 98%, clause: "5"}\n', LOST,
         "earned: -50000.00"),
        (HALF + 'loss_share: {sharing_rate: 50%, clause: "4"}\n'
         'final_multiplier: {savings: 98%, losses: 96%, clause: "5"}\n', LOST, "earned: -48000.00"),
        # the lower of 3% of 1,000,000 and 2% of 2,000,000
        (HALF + 'loss_share: {sharing_rate: 50%, clause: "4"}\n'
         'loss_limit: {of_benchmark: 3%, of_revenue: 2%, clause: "5"}\n', LOST + ", revenue: 2000000",
         "earned: -30000.00"),
        (HALF + 'loss_share: {sharing_rate: 50%, clause: "4"}\n'
         'loss_limit: {of_benchmark: 3%, of_revenue: 2%, clause: "5"}\n', LOST + ", revenue: 1400000",
         "earned: -28000.00"),
        # 50,000 less 10%, less 5,000
        (HALF + 'loss_share: {sharing_rate: 50%, clause: "4"}\ndisaster: {relieved_share_of_losses: 10%, clause: "5"}\n',
         LOST + ", disaster_adjustment: 5000", "earned: -40000.00"),
        # a band that makes a loss good: 0 to 4% none, beyond half: 30,000 to the group that holds the budget
        (HALF + 'loss_share: {bands: [{above: 0%, share: 0%}, {above: 4%, share: 50%}], clause: "4"}\n', LOST,
         "earned: -30000.00"),
    ],
)  # fmt: skip
def test_shares_caps_and_limits(tmp_path, terms, figures, lines):
    agrees(tmp_path, GIVEN + terms + EARNED, figures, lines)


def test_a_group_that_holds_the_budget(tmp_path):
    """Of a loss of 100,000 the payer makes good half of what lies beyond 4%: 30,000. Of a gain it takes the same."""
    bands = "bands: [{above: 0%, share: 0%}, {above: 4%, share: 50%}]"
    terms = f'benchmark: {{given: yes, held_by: group, clause: "1"}}\nshare: {{{bands}, clause: "3"}}\n'
    terms += f'loss_share: {{{bands}, clause: "4"}}\n' + EARNED
    agrees(tmp_path, terms, LOST, "earned: 30000.00")
    agrees(tmp_path, terms, SAVED, "earned: -30000.00")


@pytest.mark.parametrize(
    "score, saved, lost",
    [("59.9%", "40000.00", "-60000.00"), ("60%", "50000.00", "-50000.00"), ("80%", "60000.00", "-40000.00")],
)
def test_a_shift_of_the_split(tmp_path, score, saved, lost):
    terms = GIVEN + 'quality: {score: given, clause: "5"}\n' + HALF + 'loss_share: {sharing_rate: 50%, clause: "4"}\n'
    terms += "quality_effect: {form: split_shift, clause: '6', shifts: [{from: 0%, shift: -10%}, "
    terms += "{from: 60%, shift: 0%}, {from: 80%, shift: 10%}]}\n" + EARNED
    agrees(tmp_path, terms, f"{SAVED}, quality_score: {score}", f"earned: {saved}")
    agrees(tmp_path, terms, f"{LOST}, quality_score: {score}", f"earned: {lost}")


@pytest.mark.parametrize(
    "share, field",
    [
        ('share: {bands: [{above: 0%, share: 50%}], clause: "3"}\n', "terms.share.sharing_rate"),
        ('share: {by_quality_score: [{from: 0%, share: 50%}], clause: "3"}\n', "terms.share.sharing_rate"),
        (HALF + 'loss_share: {bands: [{above: 0%, share: 50%}], clause: "4"}\n', "terms.loss_share.sharing_rate"),
    ],
)
def test_a_shift_of_something_that_is_no_rate_is_refused(tmp_path, share, field):
    shift = "quality_effect: {form: split_shift, clause: '6', shifts: [{from: 0%, shift: -10%}]}\n"
    found = check(tmp_path, GIVEN + share + shift + EARNED, f"{SAVED}, quality_score: 80%", "earned: 50000.00")
    assert f"error[P4V-C022] {field}" in found


def test_a_gap_and_an_act_of_one_id_are_refused(tmp_path):
    terms = 'pay_for_performance: {gaps: [{id: a, dollars: 5}], acts: [{id: A, dollars: 1}], clause: "6"}\n'
    found = check(tmp_path, terms + INCENTIVE, "gaps_closed.a: 1, acts.A: 1", "quality_incentive: 6.00")
    assert "error[P4V-C046]" in found


@pytest.mark.parametrize("score, earned", [("69.9%", "0.00"), ("70%", "25000.00"), ("90%", "50000.00")])
def test_a_ladder_of_quality(tmp_path, score, earned):
    rows = "ladder: [{from: 0%, share: 0%}, {from: 70%, share: 50%}, {from: 90%, share: 100%}]"
    terms = GIVEN + HALF + f'quality_effect: {{form: ladder, {rows}, clause: "5"}}\n' + EARNED
    agrees(tmp_path, terms, f"{SAVED}, quality_score: {score}", f"earned: {earned}")


@pytest.mark.parametrize(
    "place, earned, left",
    [
        # deficit 95,000 of 100,000 saved; minimum 2% = 20,000, half is shared
        ("before: gate", "0.00", "0"),
        ("after: gate", "2500.00", "0"),
        ("after: share", "0.00", "45000"),
    ],
)
def test_where_a_prior_deficit_is_taken(tmp_path, place, earned, left):
    terms = GIVEN + 'gate: {form: cliff, comparison: at_least, minimum_savings_rate: 2%, clause: "2"}\n' + HALF
    terms += 'prior_deficit: {years: 3, carry_forward: yes, clause: "4"}\n' + EARNED
    more = f'order: {{moves: [{{step: prior_deficit, {place}, clause: "4"}}]}}\n'
    agrees(tmp_path, terms, f"{SAVED}, prior_deficit: 95000", f"earned: {earned}, prior_deficit_left: {left}", more)


# Benchmark and cost


@pytest.mark.parametrize(
    "benchmark, figures, pmpm",
    [
        ("years: [{id: 2011, weight: 40%}, {id: 2012, weight: 60%}]",
         "baseline_pmpm.2011: 400, baseline_pmpm.2012: 410", "406"),
        ("pooled_years: [2011, 2012]",
         ("baseline_expenditure.2011: 400000, baseline_member_months.2011: 1000, baseline_expenditure.2012: 1230000, "
         "baseline_member_months.2012: 3000"), "407.5"),
        ("pmpm: 400, trend: 1.05, own_weight: 50%, regional_pmpm: 400", "", "410"),
        ("pmpm: 400, trend_given: yes, lowest_trend: 1.00, highest_trend: 1.04", "market_trend: 1.05", "416"),
        ("pmpm: 400, trend_given: yes, lowest_trend: 1.00, highest_trend: 1.04", "market_trend: 0.98", "400"),
        ("pmpm: 400, discount: 2%", "", "392"),
        ("pmpm: 400, prior_savings_adjustment: yes", "prior_savings_pmpm: 2.50", "402.5"),
        ("given_pmpm: yes", "baseline_pmpm: 399.99", "399.99"),
        ("categories: [{id: ip, pmpm: 100, trend: 1.02}, {id: op, pmpm: 200, trend: 1.03}]", "", "308"),
    ],
)  # fmt: skip
def test_the_benchmark_per_member_per_month(tmp_path, benchmark, figures, pmpm):
    comma = ", " if figures else ""
    agrees(tmp_path, f'benchmark: {{{benchmark}, clause: "1"}}\n' + HALF + EARNED,
           f"member_months: 1000, expenditure: 300000{comma}{figures}", f"benchmark_pmpm: {pmpm}")  # fmt: skip


@pytest.mark.parametrize(
    "risk, ratio, lines",
    [
        ("on: benchmark", "1.1", "benchmark: 1100000, gross_savings: 200000"),
        ("on: expenditure", "1.25", "expenditure: 720000, gross_savings: 280000"),
        ("on: benchmark, lowest: 0.97, highest: 1.03", "1.1", "benchmark: 1030000"),
        ("on: benchmark, lowest: 0.97, highest: 1.03", "0.9", "benchmark: 970000"),
    ],
)
def test_risk(tmp_path, risk, ratio, lines):
    terms = f'benchmark: {{pmpm: 500, clause: "1"}}\nrisk: {{{risk}, clause: "2"}}\n' + HALF + EARNED
    cost = "reported_expenditure" if "expenditure" in risk else "expenditure"
    agrees(tmp_path, terms, f"member_months: 2000, {cost}: 900000, risk_ratio: {ratio}", lines)


@pytest.mark.parametrize(
    "cost, figures, expenditure",
    [
        ("completion: {convention: percent_complete, factor: 0.96}", "reported_expenditure: 96000", "100000"),
        ("completion: {convention: multiplier, factor: 0.96}", "reported_expenditure: 96000", "92160"),
        ("large_claims: {form: truncate, point: 100000}", "reported_expenditure: 900000, large_claims_excess: 40000",
         "860000"),
        ("large_claims: {form: exclude, point: 100000}", "reported_expenditure: 900000, large_claims_excluded: 240000",
         "660000"),
        # 80% of 500,000 leave, 24.50 x 2,000 come back
        ("large_claims: {form: pool, point: 150000, pooled_share: 80%, charge_pmpm: 24.50}",
         "reported_expenditure: 900000, large_claims_excess: 500000, member_months: 2000", "549000"),
        ("administrative_share: 10%", "reported_expenditure: 900000", "1000000"),
        ("late_claims: next_period_gross", "reported_expenditure: 900000, late_claims: -1000", "899000"),
        ("late_claims: ignored", "expenditure: 900000", "900000"),
        ("categories: [{id: a, benefit_factor: 1.1}, {id: b}]", "reported_expenditure.a: 1000, reported_expenditure.b: 1",
         "1101"),
        (("categories: [{id: a, completion_factor: 0.5}, {id: b, completion_factor: 0.8}], "
         "completion: {convention: percent_complete}"), "reported_expenditure.a: 100, reported_expenditure.b: 100",
         "325"),
    ],
)  # fmt: skip
def test_the_cost_that_counts(tmp_path, cost, figures, expenditure):
    terms = GIVEN + f'expenditure: {{basis: paid, {cost}, clause: "2"}}\n' + HALF + EARNED
    agrees(tmp_path, terms, f"benchmark: 1000000, {figures}", f"expenditure: {expenditure}")


def test_named_adjustments_of_both_sides(tmp_path):
    """Benchmark 500 x 2,000 + 1 x 2,000 = 1,002,000; cost 900,000 - 5,000 + 300."""
    items = (
        "items: [{id: capitation, side: benchmark, pmpm: 1}, {id: rebates, side: expenditure, dollars: -5000}, "
        "{id: audit, side: expenditure, given: yes}]"
    )
    terms = f'benchmark: {{pmpm: 500, clause: "1"}}\nadjustments: {{{items}, clause: "2"}}\n' + HALF + EARNED
    agrees(tmp_path, terms, "member_months: 2000, reported_expenditure: 900000, adjustment.audit: 300",
           "benchmark: 1002000, expenditure: 895300, gross_savings: 106700")  # fmt: skip


@pytest.mark.parametrize("term", ["trend: 1.05", "prior_savings_adjustment: yes", "trend_given: yes"])
def test_a_term_that_a_basis_does_not_use_is_refused(tmp_path, term):
    """A trend on dollars that are given would be left out without a word."""
    terms = f'benchmark: {{given: yes, {term}, clause: "1"}}\n' + HALF + EARNED
    assert check(tmp_path, terms, SAVED, "earned: 50000.00") != ""


CELLS = "cells: [{id: hmo, pmpm: 100}, {id: ppo, pmpm: 200}]"
BOTH = "member_months.hmo: 1000, member_months.ppo: 1000, expenditure.hmo: 90000, expenditure.ppo: 205000"


@pytest.mark.parametrize(
    "pooling, lines",
    [
        # apart: 10,000 saved, 5,000 lost: half of 10,000. Together 5,000: half of it.
        ("apart", "earned.hmo: 5000.00, earned.ppo: 0.00, earned: 5000.00"),
        ("together", "gross_savings: 5000, earned: 2500.00"),
    ],
)
def test_parts_together_or_apart(tmp_path, pooling, lines):
    agrees(tmp_path, f'benchmark: {{{CELLS}, pooling: {pooling}, clause: "1"}}\n' + HALF + EARNED, BOTH, lines)


APART = f'benchmark: {{{CELLS}, pooling: apart, clause: "1"}}\n' + HALF
GAINS = BOTH.replace("205000", "180000")
"""10,000 and 20,000 saved."""
BEFORE_SHARE = 'order: {{moves: [{{step: {step}, before: share, clause: "4"}}]}}\n'


@pytest.mark.parametrize(
    "terms, figures, lines",
    [
        # half of 10,000 - 6,000, and of 20,000 - 1,000
        (
            'prior_deficit: {years: 3, carry_forward: no, clause: "4"}\n',
            ", prior_deficit.hmo: 6000, prior_deficit.ppo: 1000",
            "earned.hmo: 2000.00, earned.ppo: 9500.00, earned: 11500.00",
        ),
        (
            'fee_offset: {fees: given, clause: "4"}\n',
            ", coordination_fees_paid.hmo: 0, coordination_fees_paid.ppo: 4000",
            "earned.hmo: 5000.00, earned.ppo: 8000.00, earned: 13000.00",
        ),
        # at most 7.00 x 1,000 of each
        ('cap_payment: {pmpm: 7, clause: "4"}\n', "", "earned.hmo: 5000.00, earned.ppo: 7000.00, earned: 12000.00"),
    ],
)
def test_parts_settled_apart_have_figures_of_their_own(tmp_path, terms, figures, lines):
    step = terms.partition(":")[0]
    more = "" if step == "cap_payment" else BEFORE_SHARE.format(step=step)
    agrees(tmp_path, APART + EARNED + terms, GAINS + figures, lines, more)


PANELS = (
    'benchmark: {cells: [{id: acp, pmpm: 352.40}, {id: azcc, pmpm: 341.15}], parts: groups, clause: "1"}\n'
    'gate: {form: cliff, comparison: at_least, minimum_savings_rate: 1.5%, clause: "5"}\n'
    + HALF
    + EARNED
    + 'quality: {score: given, clause: "6"}\nquality_effect: {form: multiplier, clause: "6"}\n'
)
OF_PANELS = (
    "member_months.acp: 84000, expenditure.acp: 28710000, member_months.azcc: 60000, expenditure.azcc: 20530000, "
    "quality_score: 86%, panel_size.acp: 7000, panel_size.azcc: 5000"
)


@pytest.mark.parametrize(
    "smallest, pooled_with, lines",
    [
        # 891,600 x 50% x 86% = 383,388; the loss of 61,000 is the payer's
        (5000, "all", "earned.acp-apart: 383388.00, earned.azcc-apart: 0.00, earned.pooled: 0.00, earned: 383388.00"),
        # azcc is one member short: 830,600 of 50,070,600 x 50% x 86% = 357,158
        (5001, "all", "gross_savings.acp-apart: 0, waterfall.gross_savings-pooled: 830600, earned.pooled: 357158.00"),
        # alone in the pool
        (5001, "those_below", "gross_savings.pooled: -61000, earned.acp-apart: 383388.00, earned: 383388.00"),
        (7001, "those_below", "gross_savings.pooled: 830600, earned.acp-apart: 0.00, earned: 357158.00"),
    ],
)  # fmt: skip
def test_groups_with_too_small_a_panel_are_settled_together(tmp_path, smallest, pooled_with, lines):
    panel = f'member_months: {{smallest_panel: {smallest}, below: pool, pooled_with: {pooled_with}, clause: "2"}}\n'
    agrees(tmp_path, PANELS + panel, OF_PANELS, lines)


@pytest.mark.parametrize(
    "pooled_with, lines",
    [
        # a saves 20,000: half. b and c lose 4,000 together: a quarter.
        (
            "those_below",
            "earned.a-apart: 10000.00, gross_savings.pooled: -4000, earned.pooled: -1000.00, earned: 9000.00",
        ),
        # 16,000 together
        ("all", "earned.a-apart: 0.00, gross_savings.pooled: 16000, earned.pooled: 8000.00, earned: 8000.00"),
    ],
)
def test_gains_and_losses_of_a_pool_of_small_groups(tmp_path, pooled_with, lines):
    cells = "cells: [{id: a, pmpm: 100}, {id: b, pmpm: 100}, {id: c, pmpm: 100}]"
    terms = f'benchmark: {{{cells}, parts: groups, clause: "1"}}\n' + HALF + EARNED
    terms += 'loss_share: {sharing_rate: 25%, clause: "3"}\nloss_limit: {of_benchmark: 5%, clause: "3"}\n'
    terms += f'member_months: {{smallest_panel: 5000, below: pool, pooled_with: {pooled_with}, clause: "2"}}\n'
    figures = ", ".join(
        f"member_months.{id_}: 1000, expenditure.{id_}: {spent}, panel_size.{id_}: {panel}"
        for id_, spent, panel in (("a", 80_000, 6000), ("b", 112_000, 100), ("c", 92_000, 200))
    )
    agrees(tmp_path, terms, figures, lines)


COSTS = (
    "member_months.hmo: 1000, member_months.ppo: 1000, reported_expenditure.hmo: 90000, large_claims_excess.hmo: 10000, "
    "reported_expenditure.ppo: 190000, large_claims_excess.ppo: 0"
)


@pytest.mark.parametrize(
    "steps, figures, lines",
    [
        # 80,000 / 0.8 = 100,000 and 190,000 / 0.8 = 237,500
        ("large_claims: {form: truncate, point: 50000}, completion: {convention: percent_complete, factor: 0.8}", "",
         "expenditure_without_excess.hmo: 80000, expenditure.hmo: 100000, expenditure.ppo: 237500, earned: 0.00"),
        # 90,000 - 8,000 + 2 x 1,000 = 84,000; 192,000: half of 16,000 and of 8,000
        ("large_claims: {form: pool, point: 50000, pooled_share: 80%, charge_pmpm: 2}", "",
         "expenditure.hmo: 84000, expenditure.ppo: 192000, earned.hmo: 8000.00, earned.ppo: 4000.00"),
        # 80,000 + 500 and 190,000 - 1,000
        ("large_claims: {form: truncate, point: 50000}, late_claims: next_period_gross",
         ", late_claims.hmo: 500, late_claims.ppo: -1000",
         "expenditure.hmo: 80500, expenditure.ppo: 189000, expenditure: 269500"),
    ],
)  # fmt: skip
def test_each_part_takes_the_steps_of_the_cost(tmp_path, steps, figures, lines):
    order = 'order: {confirms: [{pair: [truncate, complete], clause: "4"}]}\n'
    cost = f'expenditure: {{basis: paid, {steps}, clause: "2"}}\n'
    agrees(tmp_path, APART + EARNED + cost, COSTS + figures, lines, order)


def test_one_fee_of_the_contract_is_not_taken_off_each_part(tmp_path):
    terms = APART + f'rounding: {{earned: {CENTS}, care_coordination_fee: {CENTS}, clause: "9"}}\n'
    terms += 'care_coordination_fee: {pmpm: 1, clause: "2"}\nfee_offset: {fees: of_this_contract, clause: "4"}\n'
    more = BEFORE_SHARE.format(step="fee_offset")
    found = check(tmp_path, terms, f"{GAINS}, member_months: 2000", "earned: 14000.00", more)
    assert "P4V-C022" in found
    assert "terms.fee_offset.fees" in found


# Pay for performance


@pytest.mark.parametrize(
    "pays, figures, lines",
    [
        ("tiers: [{from: 0%, pmpm: 0}, {from: 70%, pmpm: 1.50}]", "quality_score: 69.9%, member_months: 1000",
         "quality_incentive: 0.00"),
        ("tiers: [{from: 0%, pmpm: 0}, {from: 70%, pmpm: 1.50}]", "quality_score: 70%, member_months: 1000",
         "quality_incentive: 1500.00"),
        ("gaps: [{id: 1, dollars: 20}, {id: 5plus, dollars: 300}]", "gaps_closed.1: 3, gaps_closed.5plus: 2",
         "gap_incentive.1: 60, quality_incentive: 660.00"),
        ("acts: [{id: visit, dollars: 35}]", "acts.visit: 4", "quality_incentive: 140.00"),
        ("pool_pmpm: 2, left_over: stays_with_payer", "member_months: 1000, quality_score: 75%",
         "pool_left_over: 500, quality_incentive: 1500.00"),
    ],
)  # fmt: skip
def test_forms_of_pay_for_performance(tmp_path, pays, figures, lines):
    agrees(tmp_path, f'pay_for_performance: {{{pays}, clause: "6"}}\n' + INCENTIVE, figures, lines)


def test_dollars_by_measure_foot(tmp_path):
    """a: 100.00 x 0.5; b: 0.333 x 1,000 = 333.00 x 1."""
    terms = quality("id: a, kind: rate, better: higher, threshold: 60%, target: 80%",
                    "id: b, kind: rate, better: lower, threshold: 10%", more="score: none")  # fmt: skip
    terms += 'pay_for_performance: {measures: [{measure: a, dollars: 100}, {measure: b, pmpm: 0.333}], clause: "6"}\n'
    figures = "member_months: 1000, numerator.a: 70, denominator.a: 100, numerator.b: 10, denominator.b: 100"
    lines = (
        "measure_earned.a: 50.00, measure_not_earned.a: 50.00, measure_earned.b: 333.00, measure_not_earned.b: 0.00, "
        "quality_dollars_earned: 383.00, quality_dollars_not_earned: 50.00, quality_incentive: 383.00"
    )
    agrees(tmp_path, terms + INCENTIVE, figures, lines)


def test_half_points_on_a_fee_schedule(tmp_path):
    """Half a point is half a point: it is not rounded to a whole one unless the contract says so."""
    rows = "by_quality: [{id: all, from: 0%, by_savings: [{from: 0%, points: 1.5%}]}], most: 5%, carry_forward: no"
    terms = GIVEN + f'fee_schedule_uplift: {{{rows}, clause: "6"}}\n'
    terms += f'rounding: {{fee_schedule_uplift: {CENTS}, clause: "9"}}\n'
    agrees(tmp_path, terms, f"{SAVED}, quality_score: 80%", "fee_schedule_uplift: 1.5%")


# Cash


def test_a_capitation_less_what_is_withheld(tmp_path):
    """10 x 1,000 = 10,000, of which 10% is withheld; 85% of 1,000 come back: the group has 9,850 in all."""
    terms = (
        'capitation: {pmpm: 10, clause: "1"}\nwithhold: {of_capitation: 10%, returned: by_quality_score, clause: "2"}\n'
    )
    terms += f'rounding: {{capitation: {CENTS}, withhold_returned: {CENTS}, net_payment: {CENTS}, clause: "9"}}\n'
    figures, lines = "member_months: 1000, quality_score: 85%", "withheld: 1000, withhold_returned: 850.00"
    agrees(tmp_path, terms, figures, lines + ", compensation: 9850, net_payment: 9850.00")
    agrees(tmp_path, terms, figures, lines + ", net_payment: 850.00", case="paid: 9000\n")


@pytest.mark.parametrize(
    "amount, carried, net, forward",
    [
        (900, "0", "0.00", "450"), (1000, "0", "500.00", "0"), (998, "1", "500.00", "0"), (998, "0", "0.00", "499"),
        (1000, "-1", "0.00", "499"), (0, "-500", "-500.00", "0"),
    ],
)  # fmt: skip
def test_a_minimum_payment_carries_what_is_below(tmp_path, amount, carried, net, forward):
    terms = GIVEN + HALF + 'cash: {minimum_payment: 500, clause: "8"}\n' + EARNED
    figures = f"benchmark: 100000, expenditure: {100000 - amount}, carried_payment: {carried}"
    agrees(tmp_path, terms, figures, f"net_payment: {net}, carried_forward: {forward}")


@pytest.mark.parametrize(
    "negative, paid, net", [("hold", 20000, "5000.00"), ("hold", 26000, "0.00"), ("recover", 26000, "-1000.00")]
)
def test_interim_settlements(tmp_path, negative, paid, net):
    """50,000 are earned so far, and half of it is the target. The final settlement pays all of it, less what was."""
    terms = GIVEN + HALF + f'interim: {{share: 50%, negative: {negative}, clause: "8"}}\n' + EARNED
    agrees(
        tmp_path, terms, SAVED, f"interim_target: 25000.00, net_payment: {net}", case=f"status: interim\npaid: {paid}\n"
    )
    agrees(tmp_path, terms, SAVED, "net_payment: 10000.00", case="paid: 40000\n")


def test_an_interim_share_of_a_loss(tmp_path):
    """50,000 owed so far: half of it."""
    terms = GIVEN + HALF + 'loss_share: {sharing_rate: 50%, clause: "4"}\n'
    terms += 'interim: {share: 50%, negative: recover, clause: "8"}\n' + EARNED
    agrees(
        tmp_path, terms, LOST, "interim_target: -25000.00, net_payment: -25000.00", case="status: interim\npaid: 0\n"
    )


def test_funders_and_participants(tmp_path):
    """100.01 by a third each: 33.34, 33.34, 33.33, the cents to the ids that sort first; 60/40 of the funders."""
    terms = GIVEN + HALF + EARNED
    terms += 'funders: {items: [{id: insured, share: 60%}, {id: self_funded, share: 40%}], clause: "7"}\n'
    terms += (
        "distribution: {of: earned, by: member_months, remainder: largest_remainder, "
        'participants: [{id: c}, {id: b}, {id: a}], clause: "8"}\n'
    )
    figures = (
        "benchmark: 1000, expenditure: 799.98, participant_member_months.a: 5, participant_member_months.b: 5, "
        "participant_member_months.c: 5, paid_by.insured: 60.00"
    )
    lines = (
        "earned: 100.01, funder_share.insured: 60.01, funder_share.self_funded: 40.00, funder_net.insured: 0.01, "
        "participant_share.a: 33.34, participant_share.b: 33.34, participant_share.c: 33.33"
    )
    agrees(tmp_path, terms, figures, lines)


def test_participants_after_expenses_each_rounded(tmp_path):
    """100.00 - 10.00 = 90.00 by 1/3... at 33.335% each and 33.33%: 30.00(15), 30.00(15), 29.997 = 30.00: none left."""
    terms = GIVEN + HALF + EARNED
    terms += (
        "distribution: {of: earned, by: contribution, expenses_first: 10, remainder: each_rounded, "
        'residual_holder: a, participants: [{id: a}, {id: b}, {id: c}], clause: "8"}\n'
    )
    figures = (
        "benchmark: 1000, expenditure: 800.02, participant_contribution.a: 1, participant_contribution.b: 1, "
        "participant_contribution.c: 1"
    )
    # 99.99 - 10 = 89.99; a third is 29.99666: 30.00 each, one cent too much
    agrees(tmp_path, terms, figures, "participant_share.a: 30.00, residual_cents.a: -0.01")


def test_other_amounts_and_interest(tmp_path):
    """50,000 and -2,000 for an audit; 36.5 days... 48,000 x 5% x 73 / 365 = 480."""
    terms = GIVEN + HALF + EARNED
    terms += (
        "cash: {late_interest: 5%, days_of_year: 365, "
        'other_amounts: [{id: audit, reason: "Audit of 2012"}], clause: "8"}\n'
    )
    agrees(tmp_path, terms, f"{SAVED}, other_amount.audit: -2000, days_late: 73",
           "late_interest: 480, net_payment: 48480.00")  # fmt: skip
