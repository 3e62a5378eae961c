"""Every gate, tier, cap, bound and threshold of a contract: at it, one unit below, one above.

Expected figures are worked in the tables below from the terms' words, on 10,000 member months at 400.00, which is a
benchmark of 4,000,000.00, unless a row says otherwise.
"""

import doctest
import importlib
import pkgutil
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import p4v.formulas
from contract_generators import Drawn, lines_of
from generators import text
from p4v.formulas import (
    baseline_pooled,
    expenditure,
    fee_reset,
    gate_at_least,
    gate_more_than,
    improvement_closed,
    score_equal,
)
from p4v.formulas import score as scores
from p4v.units import Table

F = Fraction
CENT = F("0.01")
MICRO = F("0.000001")
BENCHMARK = 4_000_000
CENTS = {"places": "2", "rule": "half_up"}
BASE = {"base": "standard/1"}
BOUNDS = {"benchmark": {"pmpm": "400.00"}, "rounding": {"earned": CENTS}}
MONTHS = {"member_months": "10000"}
CLIFF = {"form": "cliff", "comparison": "at_least", "minimum_savings_rate": "2%"}


@dataclass(frozen=True)
class Case:
    """A contract, figures, and the lines they must give: settled ones rounded, every other one unrounded."""

    why: str
    terms: dict[str, Any]
    figures: dict[str, str]
    lines: dict[str, Any]
    order: dict[str, Any] = field(default_factory=lambda: dict(BASE))


def saving(why: str, savings: Any, lines: dict[str, Any], figures: dict[str, Any] | None = None, **terms: Any) -> Case:
    """A shared savings contract with a share of one half, and savings (or a loss) against the benchmark."""
    written = {name: figure if isinstance(figure, str) else text(F(figure)) for name, figure in (figures or {}).items()}
    spent = MONTHS | {"expenditure": text(BENCHMARK - F(savings))} | written
    blocks = BOUNDS | {"share": {"sharing_rate": "50%"}} | terms
    order = blocks.pop("order", BASE)
    return Case(f"{why}, {text(F(savings))}", blocks, spent, lines, order)


def around(at: Any, unit: Any) -> tuple[Fraction, Fraction, Fraction]:
    return F(at) - F(unit), F(at), F(at) + F(unit)


# ---- gates of savings and losses


def minimum_rates() -> list[Case]:
    """2% of 4,000,000 is 80,000."""
    cases = []
    for form, comparison, counted in (
        ("cliff", "at_least", (0, 80_000, F("80000.01"))),
        ("cliff", "more_than", (0, 0, F("80000.01"))),
        ("deductible", "at_least", (0, 0, CENT)),
        ("deductible", "more_than", (0, 0, CENT)),
    ):
        met = (0, int(comparison == "at_least"), 1)
        for savings, dollars, flag in zip(around(80_000, CENT), counted, met, strict=True):
            lines = {
                "generated_savings": dollars, "earned": settled(F(dollars) / 2), "gate_met.minimum_savings_rate": flag,
                "gate_distance.minimum_savings_rate": savings - 80_000,
                "not_earned.minimum_savings_rate": 0 if flag else savings,
            }  # fmt: skip
            gate = {"form": form, "comparison": comparison, "minimum_savings_rate": "2%"}
            cases.append(saving(f"{form}, {comparison}", savings, lines, gate=gate))
    for savings in (-CENT, F(0), CENT):
        lines = {"generated_savings": max(savings, F(0)), "earned": settled(max(savings, F(0)) / 2)}
        cases.append(saving("no gate at all", savings, lines))
        none = CLIFF | {"minimum_savings_rate": "0%"}
        cases.append(saving("a gate of nothing", savings, lines, gate=none))
    return cases


def settled(amount: Fraction) -> Fraction:
    """Half up, away from zero, to the cent."""
    cents = abs(amount) * 100
    whole = int(cents) + (cents - int(cents) >= F("0.5"))
    return F(whole if amount >= 0 else -whole, 100)


def minimum_loss_rates() -> list[Case]:
    """Losses at 1.5% (60,000), at the savings' own 2% (80,000), or from the first dollar; 30% of what counts."""
    cases = []
    owns = {"minimum_loss_rate": "1.5%"}, {"losses": "same_as_savings"}
    for own, at in zip(owns, (60_000, 80_000), strict=True):
        for form, comparison, counted in (
            ("cliff", "at_least", (0, at, at + CENT)),
            ("cliff", "more_than", (0, 0, at + CENT)),
            ("deductible", "at_least", (0, 0, CENT)),
        ):
            for loss, dollars in zip(around(at, CENT), counted, strict=True):
                lines = {
                    "generated_losses": dollars, "shared_losses": F("0.3") * dollars,
                    "earned": -settled(F("0.3") * dollars), "generated_savings": 0,
                }  # fmt: skip
                gate = CLIFF | own | {"form": form, "comparison": comparison}
                share = {"sharing_rate": "30%"}
                cases.append(saving(f"losses, {form} {comparison} {own}", -loss, lines, gate=gate, loss_share=share))
    for savings, lost in ((CENT, 0), (F(0), 0), (-CENT, CENT), (F(-1000), 1000)):
        lines = {"generated_losses": lost, "shared_losses": F(lost) / 2}
        gate = CLIFF | {"losses": "from_the_first_dollar"}
        cases.append(saving("from the first dollar", savings, lines, gate=gate, loss_share={"sharing_rate": "50%"}))
    return cases


def sizes() -> list[Case]:
    """3.9% at 5,000 people, 3.6% at 6,000: one person is 0.0003% between the rows; flat beyond them."""
    rows = [{"at": "5000", "rate": "3.9%"}, {"at": "6000", "rate": "3.6%"}]
    cases = []
    for between, table in (
        ("interpolated", ((4999, "0.039"), (5000, "0.039"), (5001, "0.038997"), (5999, "0.036003"), (6000, "0.036"),
                          (6001, "0.036"))),
        ("row_below", ((5000, "0.039"), (5001, "0.039"), (5999, "0.039"), (6000, "0.036"), (6001, "0.036"))),
    ):  # fmt: skip
        gate = {
            "form": "cliff", "comparison": "at_least", "minimum_savings_rates_by_size": rows, "between_sizes": between,
        }  # fmt: skip
        for size, rate in table:
            least = F(rate) * BENCHMARK
            for savings, counted in ((least - CENT, 0), (least, least)):
                lines = {"minimum_savings_rate": rate, "generated_savings": counted}
                cases.append(saving(f"{size} people, {between}", savings, lines, {"panel_size": size}, gate=gate))
    return cases


def panels() -> list[Case]:
    """5,000 members or no reward; a fee of 2.00 below 5,000 members and 1.50 from there."""
    cases = []
    panel = {"smallest_panel": "5000", "below": "no_reward"}
    fee = {"by_panel_size": [{"from": "0", "pmpm": "2.00"}, {"from": "5000", "pmpm": "1.50"}]}
    rounding = {"earned": CENTS, "care_coordination_fee": CENTS}
    for size, earned, paid in ((4999, 0, 20_000), (5000, 50_000, 15_000), (5001, 50_000, 15_000)):
        lines = {
            "earned": earned, "gate_met.panel_size": int(size >= 5000), "gate_distance.panel_size": size - 5000,
            "not_earned.panel_size": 0 if earned else 100_000, "care_coordination_fee": paid,
        }  # fmt: skip
        blocks = {"member_months": panel, "care_coordination_fee": fee, "rounding": rounding}
        cases.append(saving(f"a panel of {size}", 100_000, lines, {"panel_size": size}, **blocks))
    return cases


def trend_gates() -> list[Case]:
    """The cost trend 1.03, or the market's own: 412.00 on 400.00, against a budget of 422.00."""
    cases = []
    for comparison, met in (("at_most", (1, 1, 0)), ("below", (1, 0, 0))):
        for spent, flag in zip(around(4_120_000, CENT), met, strict=True):
            for limit, market in (({"limit": "1.03"}, {}), ({"limit_from": "market"}, {"market_trend": "1.03"})):
                blocks = BOUNDS | {
                    "benchmark": {"pmpm": "422.00"}, "share": {"sharing_rate": "50%"},
                    "trend_gate": limit | {"comparison": comparison},
                }  # fmt: skip
                figures = MONTHS | market | {"expenditure": text(spent), "prior_expenditure_pmpm": "400"}
                lines = {
                    "gate_met.trend": flag, "gate_distance.trend": F("1.03") - spent / 4_000_000,
                    "earned": settled((4_220_000 - spent) / 2) * flag,
                }  # fmt: skip
                cases.append(Case(f"trend of {text(spent)}, {comparison} {limit}", blocks, figures, lines))
    return cases


# ---- shares, caps and limits


def caps() -> list[Case]:
    """Half of the savings meets each cap at 200,000 of savings: 100,000 paid."""
    cases = []
    for cap in (
        {"of_benchmark": "2.5%"},
        {"pmpm": "10.00"},
        {"dollars": "100000.00"},
    ):
        for savings, paid in (
            (200_000 - 2 * CENT, 100_000 - CENT), (F(200_000), 100_000), (200_000 + 2 * CENT, 100_000), (F(900_000), 100_000),
        ):  # fmt: skip
            cases.append(saving(f"cap {cap}", savings, {"capped_savings": paid, "earned": paid}, cap_payment=cap))
    for share, paid in (("39.999999%", F("39999.999")), ("40%", 40_000), ("40.000001%", 40_000)):
        lines = {"capped_savings": paid, "earned": settled(F(paid))}
        blocks = {"share": {"sharing_rate": share}, "cap_payment": {"of_gross_savings": "40%"}}
        cases.append(saving(f"cap of gross savings, {share}", 100_000, lines, **blocks))
    for savings, counted in zip(around(200_000, CENT), (200_000 - CENT, 200_000, 200_000), strict=True):
        lines = {"savings_within_cap": counted, "shared_savings": F(counted) / 2}
        cases.append(saving("cap on gross", savings, lines, cap_gross={"of_benchmark": "5%"}))
    return cases


def limits() -> list[Case]:
    """All of a loss is shared: the limit is 50,000 of the benchmark (1.25%), 40,000 of revenue (1%), or the lower."""
    cases = []
    share = {"sharing_rate": "100%"}
    for limit, at in (
        ({"of_benchmark": "1.25%"}, 50_000),
        ({"of_revenue": "1%"}, 40_000),
        ({"of_benchmark": "1.25%", "of_revenue": "1%"}, 40_000),
    ):
        figures = {"revenue": 4_000_000} if "of_revenue" in limit else {}
        for loss, owed in zip(around(at, CENT), (at - CENT, at, at), strict=True):
            lines = {"limited_losses": owed, "earned": -F(owed)}
            cases.append(saving(f"limit {limit}", -loss, lines, figures, loss_share=share, loss_limit=limit))
    both = {"of_benchmark": "1.25%", "of_revenue": "1%"}
    for revenue, owed in ((F("4999999"), F("49999.99")), (F(5_000_000), 50_000), (F("5000001"), 50_000)):
        lines = {"limited_losses": owed}
        figures = {"revenue": revenue}
        cases.append(saving(f"revenue {revenue}", -90_000, lines, figures, loss_share=share, loss_limit=both))
    return cases


def disasters() -> list[Case]:
    """A loss of 10,000, a quarter of it relieved: 7,500 before the dollars given."""
    cases = []
    blocks = {"loss_share": {"sharing_rate": "100%"}, "disaster": {"relieved_share_of_losses": "25%"}}
    for given, owed in (("0", 7500), ("7499.99", CENT), ("7500", 0), ("7500.01", 0)):
        lines = {"losses_after_disaster": owed, "earned": -F(owed)}
        cases.append(saving(f"disaster {given}", -10_000, lines, {"disaster_adjustment": given}, **blocks))
    return cases


def bands() -> list[Case]:
    """Nothing to 2% (80,000), half to 5% (200,000), then 30%: at 200,000 it is 60,000."""
    rows = [("0%", "0%"), ("2%", "50%"), ("5%", "30%")]
    table = {"bands": [{"above": at, "share": share} for at, share in rows]}
    cases = []
    for dollars, shared in (
        (F(0), 0), (CENT, 0), (80_000 - CENT, 0), (F(80_000), 0), (80_000 + CENT, CENT / 2),
        (200_000 - CENT, 60_000 - CENT / 2), (F(200_000), 60_000), (200_000 + CENT, 60_000 + F("0.3") * CENT),
        (F(300_000), 90_000),
    ):  # fmt: skip
        cases.append(saving("bands", dollars, {"shared_savings": shared, "earned": settled(F(shared))}, share=table))
        lines = {"shared_losses": shared, "earned": -settled(F(shared))}
        cases.append(saving("bands of a loss", -dollars, lines, loss_share=table))
    return cases


def ladders() -> list[Case]:
    """The last bound reached applies: by thresholds met, by score; the same ladder as an effect, and points of the split."""
    cases = []
    by_count = {"by_thresholds_met": [{"from": "0", "share": "41%"}, {"from": "10", "share": "47%"}]}
    given = {"minimum_thresholds_met": "0", "thresholds_given": "yes"}
    for count, rate in ((0, "0.41"), (9, "0.41"), (10, "0.47"), (11, "0.47")):
        lines = {"final_sharing_rate": rate, "shared_savings": F(rate) * 100_000}
        figures = {"thresholds_met": count}
        cases.append(saving(f"{count} met", 100_000, lines, figures, share=by_count, quality_gate=given))
    by_score = {"by_quality_score": [{"from": "0%", "share": "40%"}, {"from": "80%", "share": "50%"}]}
    effect = {"form": "ladder", "ladder": [{"from": "0%", "share": "80%"}, {"from": "80%", "share": "100%"}]}
    shifts = {"form": "split_shift", "shifts": [{"from": "0%", "shift": "-10%"}, {"from": "80%", "shift": "10%"}]}
    quality = {"score": "given"}
    for score, at_or_above in ((F(0), 0), (F("0.799999"), 0), (F("0.8"), 1), (F("0.800001"), 1), (F(1), 1)):
        figures = {"quality_score": score}
        lines = {"shared_savings": 50_000 if at_or_above else 40_000}
        cases.append(saving(f"share by score {score}", 100_000, lines, figures, quality=quality, share=by_score))
        lines = {"savings_after_quality": 50_000 if at_or_above else 40_000}
        blocks = {"quality": quality, "quality_effect": effect}
        cases.append(saving(f"ladder at {score}", 100_000, lines, figures, **blocks))
        lines = {
            "final_sharing_rate": "0.6" if at_or_above else "0.4",
            "shared_savings": 60_000 if at_or_above else 40_000,
        }
        blocks = {"quality": quality, "quality_effect": shifts}
        cases.append(saving(f"shift at {score}", 100_000, lines, figures, **blocks))
        lines = {"final_loss_rate": "0.2" if at_or_above else "0.4", "earned": -20_000 if at_or_above else -40_000}
        blocks |= {"loss_share": {"sharing_rate": "30%"}}
        cases.append(saving(f"shift of losses at {score}", -100_000, lines, figures, **blocks))
    return cases


def complements() -> list[Case]:
    """A loss is shared at what the group's share leaves, within 40% and 75%."""
    cases = []
    for share, rate in (
        ("24.9999%", "0.75"), ("25%", "0.75"), ("25.0001%", "0.749999"), ("59.9999%", "0.400001"), ("60%", "0.4"),
        ("60.0001%", "0.4"),
    ):  # fmt: skip
        blocks = {"share": {"sharing_rate": share}, "loss_share": {"lowest": "40%", "highest": "75%"}}
        lines = {"final_loss_rate": rate, "earned": -settled(F(rate) * 100_000)}
        cases.append(saving(f"complement of {share}", -100_000, lines, **blocks))
    return cases


def floors_and_offsets() -> list[Case]:
    """Half of the savings against a floor, fees of 1,000 and a deficit of 1,000, wherever the order puts them."""
    cases = []
    for savings, paid in ((F("1999.98"), 1000), (F(2000), 1000), (F("2000.02"), 1000 + CENT), (F(-5), 1000)):
        cases.append(saving("floor", savings, {"earned": paid}, floor={"dollars": "1000.00"}))
    for step, block, figure in (
        ("fee_offset", {"fees": "given"}, "coordination_fees_paid"),
        ("prior_deficit", {"years": "3", "carry_forward": "no"}, "prior_deficit"),
    ):
        for where, table in (
            ({"after": "share"}, ((F("1999.98"), 0), (F(2000), 0), (F("2000.02"), CENT))),
            ({"before": "share"}, ((F("999.99"), 0), (F(1000), 0), (F("1000.02"), CENT))),
            ({"before": "gate"}, ((F(80_999), 0), (F("80999.99"), 0), (F(81_000), 40_000), (F(81_002), 40_001))),
        ):
            gate = {"gate": CLIFF} if where == {"before": "gate"} else {}
            for savings, paid in table:
                order = BASE | {"moves": [{"step": step} | where | {"clause": "§1"}]}
                blocks = {step: block, "order": order} | gate
                cases.append(saving(f"{step} {where}", savings, {"earned": paid}, {figure: "1000"}, **blocks))
    order = BASE | {"moves": [{"step": "prior_deficit", "before": "gate", "clause": "§1"}]}
    for savings, earned, left in ((F(-5000), -2500, 1000), (F(400), 0, 600), (F(1000), 0, 0), (F(3000), 1000, 0)):
        blocks = {"prior_deficit": {"years": "3", "carry_forward": "yes"}, "loss_share": {"sharing_rate": "50%"}}
        lines = {"earned": earned, "prior_deficit_left": left, "deficit_carried_forward": left + max(-savings, F(0))}
        cases.append(saving("deficit first", savings, lines, {"prior_deficit": "1000"}, order=order, **blocks))
    return cases


def multipliers() -> list[Case]:
    """98% of savings; 98% of losses only where the contract says so."""
    losses = {"sharing_rate": "50%"}
    return [
        saving("savings", 1, {"earned": F("0.49")}, final_multiplier={"savings": "98%"}),
        saving("losses carry none", -1, {"earned": F("-0.5")}, final_multiplier={"savings": "98%"}, loss_share=losses),
        saving("losses too", -1, {"earned": F("-0.49")}, final_multiplier={"savings": "98%", "losses": "98%"},
               loss_share=losses),
    ]  # fmt: skip


# ---- the benchmark


def benchmarks() -> list[Case]:
    """A collar of 0.98 and 1.05, a risk ratio within 0.97 and 1.03, on either side."""
    cases = []
    for trend, pmpm in (
        ("0.979999", 392), ("0.98", 392), ("0.980001", F("392.0004")), ("1.049999", F("419.9996")), ("1.05", 420),
        ("1.050001", 420),
    ):  # fmt: skip
        terms = {"pmpm": "400.00", "trend_given": "yes", "lowest_trend": "0.98", "highest_trend": "1.05"}
        lines = {"benchmark_pmpm": pmpm, "benchmark": F(pmpm) * 10_000}
        cases.append(saving(f"collar {trend}", 0, lines, {"market_trend": trend}, benchmark=terms))
    for ratio, used in (
        ("0.969999", "0.97"), ("0.97", "0.97"), ("0.970001", "0.970001"), ("1.029999", "1.029999"), ("1.03", "1.03"),
        ("1.030001", "1.03"),
    ):  # fmt: skip
        risk = {"lowest": "0.97", "highest": "1.03"}
        lines = {"benchmark": F(used) * BENCHMARK}
        cases.append(saving(f"risk {ratio}", 0, lines, {"risk_ratio": ratio}, risk=risk | {"on": "benchmark"}))
        lines = {"benchmark": BENCHMARK, "expenditure": BENCHMARK / F(used)}
        figures = {"risk_ratio": ratio, "reported_expenditure": BENCHMARK}
        cases.append(saving(f"risk {ratio} of cost", 0, lines, figures, risk=risk | {"on": "expenditure"}))
    return cases


# ---- quality


def measure(better: str = "higher", kind: str = "rate", **terms: Any) -> dict[str, Any]:
    return {"id": "m", "kind": kind, "better": better} | terms


def scoring(
    why: str, measures: list[dict[str, Any]], figures: dict[str, Any], lines: dict[str, Any], **terms: Any
) -> Case:
    """A pool of 1,000 by the quality score."""
    quality = {"measures": measures, "weights": "equal", "unscored": "weight_shared_in_proportion"} | terms
    gate = quality.pop("gate", None)
    blocks = {
        "quality": quality, "pay_for_performance": {"pool_given": "yes", "left_over": "stays_with_payer"},
        "rounding": {"quality_incentive": CENTS},
    } | ({"quality_gate": gate} if gate else {})  # fmt: skip
    written = {name: text(F(figure)) for name, figure in figures.items()}
    return Case(why, blocks, {"quality_pool": "1000"} | written, lines)


def result(numerator: Any, denominator: Any = 1000) -> dict[str, Any]:
    return {"numerator.m": numerator, "denominator.m": denominator}


def thresholds() -> list[Case]:
    """70% and 80% of 1,000: one member is a hundredth of the way; where lower is better 30% and 20%."""
    cases = []
    for numerator, points, met in (
        (699, 0, 0), (700, 0, 1), (701, F("0.01"), 1), (750, F("0.5"), 1), (799, F("0.99"), 1), (800, 1, 1), (801, 1, 1),
    ):  # fmt: skip
        lines = {
            "points.m": points,
            "threshold_met.m": met,
            "quality_score": points,
            "quality_incentive": 1000 * F(points),
        }
        levels = {"threshold": "70%", "target": "80%"}
        cases.append(scoring(f"{numerator} of 1,000", [measure(**levels)], result(numerator), lines))
        levels = {"threshold": "30%", "target": "20%"}
        cases.append(
            scoring(f"not {numerator} of 1,000", [measure("lower", **levels)], result(1000 - numerator), lines)
        )
        met_only = {"points.m": met, "quality_incentive": 1000 * met}
        cases.append(scoring(f"met with {numerator}", [measure(threshold="70%")], result(numerator), met_only))
    for rule, digits, numerator, met in (
        ("half_up", "0", 694, 0), ("half_up", "0", 695, 1), ("down", "0", 699, 0), ("down", "0", 700, 1),
        ("up", "0", 690, 0), ("up", "0", 691, 1), ("half_even", "0", 695, 1), ("half_even", "0", 694, 0),
    ):  # fmt: skip
        rounding = {"digits": digits, "rule": rule}
        why = f"rounded {rule}, {numerator}"
        lines = {"threshold_met.m": met}
        cases.append(scoring(why, [measure(threshold="70%")], result(numerator), lines, rate_rounding=rounding))
    return cases


def cut_points() -> list[Case]:
    """Stars at 60% and 80%: half a point below the first, 2 of 4 from it, 4 of 4 from the second."""
    cases = []
    for numerator, points in ((599, "0.5"), (600, 2), (601, 2), (799, 2), (800, 4), (801, 4)):
        rows = [{"at": "60%", "points": "2"}, {"at": "80%", "points": "4"}]
        lines = {"points.m": points, "quality_score": F(points) / 4}
        cuts = measure(cut_points=rows, points_below="0.5")
        cases.append(scoring(f"cut points at {numerator}", [cuts], result(numerator), lines))
        rows = [{"at": "40%", "points": "2"}, {"at": "20%", "points": "4"}]
        cuts = measure("lower", cut_points=rows, points_below="0.5")
        cases.append(scoring(f"cut points below {1000 - numerator}", [cuts], result(1000 - numerator), lines))
    return cases


def kinds() -> list[Case]:
    """180 events per 1,000 are 180 in 12,000 member months; a ratio of observed to expected of 1.00."""
    cases = []
    per_1000 = measure("lower", "per_1000", threshold="180")
    for events, met in ((179, 1), (180, 1), (181, 0)):
        lines = {"rate.m": events, "threshold_met.m": met}
        cases.append(scoring(f"{events} events", [per_1000], result(events, 12_000), lines))
    ratio = measure("lower", "ratio", threshold="1.00")
    for observed, met in ((99, 1), (100, 1), (101, 0)):
        lines = {"rate.m": F(observed, 100), "threshold_met.m": met}
        cases.append(scoring(f"{observed} observed", [ratio], {"numerator.m": observed, "expected.m": 100}, lines))
    score = measure("higher", "score", threshold="75")
    for given, met in (("74.999999", 0), ("75", 1), ("75.000001", 1)):
        cases.append(scoring(f"score {given}", [score], {"score.m": given}, {"threshold_met.m": met}))
    return cases


def small_denominators() -> list[Case]:
    """Below 30 members a measure of 60% weight leaves it to the others: 25% and 15% weights, of which one is met."""
    cases = []
    small = measure(threshold="50%", minimum_denominator="30", weight="60%")
    others = [
        measure(threshold="50%", weight="25%") | {"id": "a"}, measure(threshold="50%", weight="15%") | {"id": "b"},
    ]  # fmt: skip
    held = {"numerator.a": 60, "denominator.a": 100, "numerator.b": 10, "denominator.b": 100}
    for unscored, below in (("weight_shared_in_proportion", F(25, 40)), ("weight_shared_equally", F("0.55"))):
        for size, score in ((0, below), (29, below), (30, F("0.85")), (31, F("0.85"))):
            lines = {"scored.m": int(size >= 30), "quality_score": score, "quality_incentive": settled(1000 * score)}
            figures = held | result(size, size)
            terms = {"weights": "sum_to_100%", "unscored": unscored}
            cases.append(scoring(f"{size} members, {unscored}", [small, *others], figures, lines, **terms))
    alone = measure(threshold="50%")
    for size, flag in ((0, 0), (1, 1)):
        lines = {"scored.m": flag, "quality_score": flag, "rate.m": 1 if flag else None}
        cases.append(scoring(f"{size} members alone", [alone], result(size, size), lines))
    return cases


def improvements() -> list[Case]:
    """From 50%, to a target of 80%: 10% of the gap is 3 points; fixed 2 points; half of 80% less 70% is 5 points."""
    cases = []
    levels = {"threshold": "70%", "target": "80%"}
    for rule, table in (
        ({"form": "share_of_gap", "share": "10%"}, ((529, 0), (530, 1), (531, 1))),
        ({"form": "fixed", "by": "2%"}, ((519, 0), (520, 1), (521, 1))),
        ({"form": "fraction_of_goal", "share": "50%"}, ((549, 0), (550, 1), (551, 1))),
        ({"form": "gap_closed"}, ((499, 0), (500, 0), (503, F("0.01")), (650, F("0.5")))),
    ):
        for numerator, points in table:
            for counts in ("better_of", "bonus"):
                own = measure(improvement=rule | {"points": "1", "counts": counts}, **levels)
                lines = {"quality_score": points, "quality_incentive": settled(1000 * F(points))}
                figures = result(numerator) | {"prior_rate.m": "0.5"}
                cases.append(scoring(f"{rule}, {counts}, {numerator}", [own], figures, lines))
    rounded = {"form": "fixed", "by": "2%", "points": "1", "counts": "better_of"}
    rounded["change_rounding"] = {"digits": "0", "rule": "half_up"}  # type: ignore[assignment]
    for numerator, points in ((514, 0), (515, 1), (516, 1)):
        figures = result(numerator) | {"prior_rate.m": "0.5"}
        why = f"rounded change, {numerator}"
        cases.append(scoring(why, [measure(improvement=rounded, **levels)], figures, {"quality_score": points}))
    return cases


def quality_gates() -> list[Case]:
    """60% or nothing; two thresholds of three; one that must pass; no decline from 80% by more than 2 points."""
    cases = []
    half = [measure(threshold="0%", target="100%")]
    for numerator, flag in ((599, 0), (600, 1), (601, 1)):
        lines = {
            "gate_met.quality_score": flag, "gate_distance.quality_score": F(numerator - 600, 1000),
            "quality_incentive": numerator * flag,
        }  # fmt: skip
        cases.append(scoring(f"score {numerator}", half, result(numerator), lines, gate={"minimum_score": "60%"}))
    for numerator, flag in ((779, 0), (780, 1), (781, 1)):
        gate = {"no_decline": "score", "tolerance": "2%"}
        figures = result(numerator) | {"prior_quality_score": "0.8"}
        lines = {"gate_met.no_decline": flag, "gate_distance.no_decline": F(numerator - 780, 1000)}
        cases.append(scoring(f"decline to {numerator}", half, figures, lines, gate=gate))
        gate = {"no_decline": "each_measure", "tolerance": "2%"}
        figures = result(numerator) | {"prior_rate.m": "0.8"}
        cases.append(
            scoring(f"decline of each to {numerator}", half, figures, {"gate_met.no_decline": flag}, gate=gate)
        )
    three = [measure(threshold="50%") | {"id": id_} for id_ in ("a", "b", "m")]
    for met in range(4):
        counts = {f"numerator.{id_}": 50 if place < met else 49 for place, id_ in enumerate(("a", "b", "m"))}
        figures = counts | {f"denominator.{id_}": 100 for id_ in ("a", "b", "m")}
        lines = {
            "thresholds_met": met,
            "gate_met.thresholds_met": int(met >= 2),
            "gate_distance.thresholds_met": met - 2,
        }
        cases.append(scoring(f"{met} met", three, figures, lines, gate={"minimum_thresholds_met": "2"}))
        lines = {"gate_met.must_pass": int(met == 3)}
        cases.append(scoring(f"{met} met, m must", three, figures, lines, gate={"must_pass": ["m"]}))
    return cases


def domains() -> list[Case]:
    """A domain of half the weight, capped at 60%, and one without a cap."""
    cases = []
    parts = [{"id": "x", "weight": "50%", "cap": "60%"}, {"id": "y", "weight": "50%"}]
    two = [
        measure(threshold="0%", target="100%", domain="x"),
        measure(threshold="0%", target="100%", domain="y") | {"id": "n"},
    ]  # fmt: skip
    for numerator, score in ((599, F("0.2995")), (600, F("0.3")), (601, F("0.3"))):
        figures = result(numerator) | {"numerator.n": 0, "denominator.n": 10}
        cases.append(scoring(f"domain cap {numerator}", two, figures, {"quality_score": score}, domains=parts))
    for digits, rule, numerator, score in (
        ("0", "half_up", 784, "0.78"), ("0", "half_up", 785, "0.79"), ("1", "down", 784, "0.784"),
        ("0", "down", 789, "0.78"), ("0", "up", 781, "0.79"), ("0", "half_even", 785, "0.78"),
    ):  # fmt: skip
        rounding = {"digits": digits, "rule": rule}
        own = [measure(threshold="0%", target="100%")]
        why = f"score rounded {rule}, {numerator}"
        cases.append(scoring(why, own, result(numerator), {"quality_score": score}, score_rounding=rounding))
    return cases


# ---- other rewards, fees and cash


def rewards() -> list[Case]:
    """Tiers at 60%; pools by a count; a fee at risk."""
    cases = []
    tiers = {"tiers": [{"from": "0%", "pmpm": "0"}, {"from": "60%", "pmpm": "1.25"}]}
    rounding = {"quality_incentive": CENTS}
    for score, paid in (("0.599999", 0), ("0.6", 12_500), ("0.600001", 12_500)):
        blocks = {"quality": {"score": "given"}, "pay_for_performance": tiers, "rounding": rounding}
        figures = MONTHS | {"quality_score": score}
        cases.append(Case(f"tier at {score}", blocks, figures, {"quality_incentive": paid}))
    measures = [measure(threshold="50%") | {"id": id_} for id_ in ("a", "b", "m")]
    rows = [{"from": "0", "share": "0%"}, {"from": "2", "share": "60%"}, {"from": "3", "share": "100%"}]
    pool = {"pool_pmpm": "2.00", "left_over": "stays_with_payer", "by_measures_met": rows}
    for met, paid in ((1, 0), (2, 12_000), (3, 20_000)):
        figures = MONTHS | {
            f"numerator.{id_}": "50" if place < met else "49" for place, id_ in enumerate(("a", "b", "m"))
        }
        figures |= {f"denominator.{id_}": "100" for id_ in ("a", "b", "m")}
        blocks = {"quality": {"score": "none", "measures": measures}, "pay_for_performance": pool, "rounding": rounding}
        cases.append(Case(f"pool by {met} met", blocks, figures, {"quality_incentive": paid}))
    fee = {"pmpm": "3.00", "at_risk": {"share": "15%", "measures": ["a", "b"]}}
    for met, paid in ((0, 25_500), (1, 25_500), (2, 30_000)):
        figures = MONTHS | {
            f"numerator.{id_}": "50" if place < met else "49" for place, id_ in enumerate(("a", "b", "m"))
        }
        figures |= {f"denominator.{id_}": "100" for id_ in ("a", "b", "m")}
        quality = {"score": "none", "measures": measures}
        blocks = {"quality": quality, "care_coordination_fee": fee, "rounding": {"care_coordination_fee": CENTS}}
        cases.append(Case(f"fee at risk, {met} met", blocks, figures, {"care_coordination_fee": paid}))
    return cases


def fee_resets() -> list[Case]:
    """From 2.00 by half of the decrease, between 1.50 and 5.00; a cost increase lowers it, or leaves it; quality gates it."""
    cases = []
    for increase, decrease, fee in (
        ("lowers_the_fee", "-1.02", "1.5"), ("lowers_the_fee", "-1", "1.5"), ("lowers_the_fee", "-0.98", "1.51"),
        ("lowers_the_fee", "0", "2"), ("lowers_the_fee", "0.01", "2.01"), ("lowers_the_fee", "5.98", "4.99"),
        ("lowers_the_fee", "6", "5"), ("lowers_the_fee", "6.02", "5"), ("leaves_the_fee", "-0.02", "2"),
        ("leaves_the_fee", "0", "2"), ("leaves_the_fee", "0.02", "2.01"),
    ):  # fmt: skip
        blocks = reset(increase)
        figures = MONTHS | {"decrease_pmpm": decrease}
        cases.append(Case(f"{increase} {decrease}", blocks, figures, {"next_care_coordination_fee": fee}))
    for score, decrease, fee in (
        ("0.783999", "1", "2"), ("0.784", "1", "2.5"), ("0.784001", "1", "2.5"), ("0.783999", "-1", "1.5"),
        ("0.784", "-1", "1.5"),
    ):  # fmt: skip
        blocks = reset("lowers_the_fee") | {
            "quality": {"score": "given"}, "quality_gate": {"no_decline": "score", "tolerance": "0%"},
        }  # fmt: skip
        figures = MONTHS | {"decrease_pmpm": decrease, "quality_score": score, "prior_quality_score": "0.784"}
        cases.append(Case(f"quality {score}, {decrease}", blocks, figures, {"next_care_coordination_fee": fee}))
    return cases


def reset(increase: str) -> dict[str, Any]:
    terms = {"share": "50%", "base": "current_fee", "decrease": "given", "floor": "1.50", "ceiling": "5.00"}
    return {
        "care_coordination_fee": {"pmpm": "2.00"},
        "fee_reset": terms | {"cost_increase": increase},
        "rounding": {"care_coordination_fee": CENTS, "next_care_coordination_fee": CENTS},
    }


def uplifts() -> list[Case]:
    """Points by savings rate in rows by quality: 2% and 5%, from 0% and from 80% quality; at most 4 points."""
    rows = [
        {"id": "low", "from": "0%", "by_savings": [{"from": "0%", "points": "0%"}, {"from": "2%", "points": "1%"}]},
        {"id": "high", "from": "80%", "by_savings": [
            {"from": "0%", "points": "1%"}, {"from": "2%", "points": "3%"}, {"from": "5%", "points": "6%"},
        ]},
    ]  # fmt: skip
    cases = []
    for score, savings, points in (
        ("0.799999", 80_000 - CENT, 0), ("0.799999", F(80_000), "0.01"), ("0.8", 80_000 - CENT, "0.01"),
        ("0.8", F(80_000), "0.03"), ("0.8", 80_000 + CENT, "0.03"), ("0.8", 200_000 - CENT, "0.03"),
        ("0.800001", F(200_000), "0.04"),
    ):  # fmt: skip
        blocks = {
            "benchmark": {"pmpm": "400.00"}, "quality": {"score": "given"},
            "fee_schedule_uplift": {"by_quality": rows, "most": "4%", "carry_forward": "no"},
            "rounding": {"fee_schedule_uplift": {"places": "2", "rule": "half_up"}},
        }  # fmt: skip
        figures = MONTHS | {"quality_score": score, "expenditure": text(BENCHMARK - savings)}
        cases.append(Case(f"uplift {score} {text(savings)}", blocks, figures, {"fee_schedule_uplift": points}))
    return cases


def cash() -> list[Case]:
    """A smaller net than 500 is carried on; what is owed is taken 1,000 a month; interest by 365 days; withholds."""
    cases = []
    for savings, net in (("999.98", 0), ("1000", 500), ("1000.02", F("500.01"))):
        blocks = {"cash": {"minimum_payment": "500.00"}, "rounding": {"earned": CENTS, "net_payment": CENTS}}
        lines = {"net_payment": net}
        cases.append(saving("minimum payment", F(savings), lines, {"carried_payment": "0"}, **blocks))
    for loss, full, last in (("1999.98", 0, F("999.99")), ("2000", 1, 0), ("2000.02", 1, CENT), ("7000", 3, 500)):
        blocks = {
            "cash": {"setoff": "1000.00"}, "loss_share": {"sharing_rate": "50%"},
            "rounding": {"earned": CENTS, "net_payment": CENTS},
        }  # fmt: skip
        lines = {"net_payment": -F(loss) / 2, "full_setoffs": full, "last_setoff": last}
        cases.append(saving("setoff", -F(loss), lines, **blocks))
    for days, net in (("0", 50_000), ("1", F("50008.22")), ("365", 53_000)):
        blocks = {
            "cash": {"late_interest": "6%", "days_of_year": "365"}, "rounding": {"earned": CENTS, "net_payment": CENTS},
        }  # fmt: skip
        cases.append(saving(f"{days} days late", 100_000, {"net_payment": net}, {"days_late": days}, **blocks))
    for score, flag in (("0.599999", 0), ("0.6", 1), ("0.600001", 1)):
        blocks = {
            "quality": {"score": "given"}, "quality_gate": {"minimum_score": "60%"},
            "withhold": {"given": "yes", "returned": "if_gates_are_met"}, "rounding": {"withhold_returned": CENTS},
        }  # fmt: skip
        lines = {"withhold_returned": 900 * flag, "withhold_forfeited": 900 - 900 * flag}
        cases.append(Case(f"withhold at {score}", blocks, {"withheld": "900", "quality_score": score}, lines))
    return cases


def roundings() -> list[Case]:
    """Half a cent below, at and above the tie, to every rule and both signs; 0.01 of savings is half a cent."""
    cases = []
    for rule, below, at, above in (
        ("half_up", "0", "0.01", "0.01"), ("half_even", "0", "0", "0.01"), ("down", "0", "0", "0"),
        ("up", "0.01", "0.01", "0.01"),
    ):  # fmt: skip
        for savings, paid in (("0.009998", below), ("0.01", at), ("0.010002", above), ("0", "0")):
            rounding = {"earned": {"places": "2", "rule": rule}}
            both = {"loss_share": {"sharing_rate": "50%"}, "rounding": rounding}
            cases.append(saving(f"{rule}", F(savings), {"earned": paid}, **both))
            cases.append(saving(f"{rule} owed", -F(savings), {"earned": -F(paid)}, **both))
    for savings, paid in (("0.98", 0), ("1", 1), ("2.98", 1), ("3", 2)):
        whole = {"earned": {"places": "0", "rule": "half_up"}}
        cases.append(saving("whole dollars", F(savings), {"earned": paid}, rounding=whole))
    return cases


def caps_of_gross() -> list[Case]:
    """5% of the benchmark, 200,000, limits savings and losses alike, after the gate and before it."""
    cases = []
    for moves in ([], [{"step": "cap_gross", "before": "gate", "clause": "§1"}]):
        blocks = {
            "cap_gross": {"of_benchmark": "5%"}, "loss_share": {"sharing_rate": "50%"}, "order": BASE | {"moves": moves},
        }  # fmt: skip
        for dollars, counted in zip(around(200_000, CENT), (200_000 - CENT, 200_000, 200_000), strict=True):
            for sign in (1, -1):
                lines = {"earned": settled(sign * F(counted) / 2)}
                cases.append(saving(f"cap on gross {len(moves)}", sign * dollars, lines, **blocks))
    return cases


CALLS: list[tuple[Any, dict[str, Any], Any]] = [
    (baseline_pooled.baseline_pmpm, {"expenditures": [F(5)], "member_months": [F(0)]}, 0),
    (baseline_pooled.category_pmpm, {"expenditures": [F(5)], "member_months": [F(0)]}, 0),
    (expenditure.expenditure_grossed_up, {"amount": F(5), "administrative_share": F(1)}, 0),
    (expenditure.risk_adjusted_expenditure, {"amount": F(5), "risk_ratio": F(0)}, 0),
    (expenditure.expenditure_pmpm, {"expenditure": F(5), "member_months": F(0)}, 0),
    (fee_reset.fee_change_not_earned, {"fee_change_pmpm": F(2), "gate_met": F(1)}, 0),
    (fee_reset.fee_change_not_earned, {"fee_change_pmpm": F("0.5"), "gate_met": F(0)}, F("0.5")),
    (fee_reset.fee_change_not_earned, {"fee_change_pmpm": F("-0.5"), "gate_met": F(0)}, 0),
    (scores.any_scored, {"measures_scored": [F(0), F(0)]}, 0),
    (scores.bonus_points, {"bonus": [F(5)], "bonus_weights": [F(1)], "maximum_points": [F(0)], "weights": [F(1)]}, 0),
    (score_equal.attained, {"points": F(5), "full_points": F(0)}, 0),
    (score_equal.quality_points, {"attained": [F(1)], "weights": [F(1)], "measures_scored": [F(0)]}, 1),
    *(
        (
            improvement_closed.improvement_points,
            {
                "performance": F(now), "prior_rate": F(prior), "target": F(target), "better": F(better),
                "improvement_points_if_met": F(2), "scored": F(1),
            },
            points,
        )
        for prior, target, now, better, points in (
            ("0.85", "0.8", "0.8", 1, 2), ("0.85", "0.8", "0.79", 1, 0), ("0.85", "0.8", "0.81", 1, 2),
            ("0.8", "0.8", "0.8", 1, 2), ("0.8", "0.8", "0.7", 1, 0), ("0.5", "0.6", "0.8", 1, 2),
            ("0.3", "0.2", "0.25", -1, 1), ("0.3", "0.2", "0.35", -1, 0), ("0.15", "0.2", "0.2", -1, 2),
            ("0.15", "0.2", "0.21", -1, 0),
        )
    ),
    # A benchmark below zero never settles; the formulas still pay nothing on a loss and owe nothing on savings.
    *(
        (formula, {"amount": amount, "benchmark": against, rate: F("0.02")}, expected)
        for module in (gate_at_least, gate_more_than)
        for name, rate, sign in (
            ("generated_savings", "minimum_savings_rate", 1), ("generated_losses", "minimum_loss_rate", -1),
        )
        for formula in [getattr(module, name, None)]
        if formula is not None
        for amount, against, expected in (
            (-sign * F(1), F(-100), 0), (sign * F("0.5"), F(0), F("0.5")), (sign * F(1), F(100), 0),
        )
    ),
]  # fmt: skip
"""Formulas at figures that no settlement above has: nothing to divide by, and no benchmark."""


TABLES = (
    minimum_rates, minimum_loss_rates, sizes, panels, trend_gates, caps, limits, disasters, bands, ladders, complements,
    floors_and_offsets, multipliers, benchmarks, thresholds, cut_points, kinds, small_denominators, improvements,
    quality_gates, domains, rewards, fee_resets, uplifts, cash, roundings, caps_of_gross,
)  # fmt: skip


def differences(case: Case, folder: Path) -> dict[str, Any]:
    """The lines that are not as the table says: as found, and as expected."""
    lines = lines_of(Drawn(case.terms, case.order, case.figures), folder)
    wrong: dict[str, Any] = {}
    for name, expected in case.lines.items():
        line = lines[name]
        shown = line["value"] if line["kind"] == "settled" else line["exact"]
        found = None if shown is None else F(shown)
        if found != (None if expected is None else F(expected)):
            wrong[name] = (found, expected)
    return wrong


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_boundaries(table: Any, tmp_path: Path) -> None:
    assert {case.why: wrong for case in table() if (wrong := differences(case, tmp_path))} == {}


def test_the_examples_of_every_formula() -> None:
    """Each formula's own example, which a reader checks by head; and the calls above."""
    wrong = [(formula.__module__, given) for formula, given, expected in CALLS if formula(**given) != expected]
    assert wrong == []
    attempted = 0
    for module in pkgutil.iter_modules(p4v.formulas.__path__, "p4v.formulas."):
        found = doctest.testmod(
            importlib.import_module(module.name),
            extraglobs={"Fraction": Fraction, "Table": Table},
            optionflags=doctest.NORMALIZE_WHITESPACE,
        )
        assert found.failed == 0, module.name
        attempted += found.attempted
    assert attempted >= 150


def test_all_contract_boundaries_in_one() -> None:
    """All tables as one test, for the search for faults that no test finds."""
    with TemporaryDirectory() as folder:
        wrong = [
            (case.why, found) for table in TABLES for case in table() if (found := differences(case, Path(folder)))
        ]
    assert wrong == []
