"""Settlements made up for the looks of a statement: every kind of section, happy and unhappy. Names and terms are invented.

Each line is evaluated from its own expression by the independent evaluator, so that the figures on a page hang together.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import rfc8785

from evaluator import evaluate_line
from p4v.money import decimal_text, fraction_text, rounded_exact
from p4v.settlement import digest_of
from p4v.worksheet import label_of

Document = dict[str, Any]
Sample = tuple[Document, dict[str, Any], str]
CENTS = {"places": 2, "rule": "half_up"}
ORDER = ["gate", "cap_gross", "share", "quality", "cap_payment", "round"]


class Book:
    """The lines of one made-up settlement."""

    def __init__(self, contract: str, group: str, title: str, period: tuple[str, str] = ("2025-01", "2025-12")) -> None:
        self.lines: dict[str, dict[str, Any]] = {}
        self.contract, self.group, self.title, self.period = contract, group, title, period

    def add(self, name: str, kind: str, value: Any, unit: str, clause: str, **more: Any) -> None:
        is_table = isinstance(value, list)
        rounding = more.get("rounding")
        places = rounding["places"] if rounding else None
        text = value if is_table or value is None else decimal_text(
            rounded_exact(value, places, rounding["rule"]) if rounding else value, places
        )  # fmt: skip
        self.lines[name] = {
            "number": len(self.lines) + 1, "name": name, "label": more.get("label") or label_of(name), "kind": kind,
            "value": text, "exact": None if is_table or value is None else fraction_text(value), "unit": unit,
            "rounding": rounding, "expression": more.get("expression"), "inputs": more.get("inputs") or {},
            "clause": clause, "origin": more["origin"], "state": "not_scored" if value is None else None,
        }  # fmt: skip

    def term(self, name: str, value: Any, unit: str, clause: str, label: str | None = None) -> None:
        origin = {"contract": f"contracts/{self.contract}.yaml", "line": len(self.lines) + 8, "amendment": None}
        figure = value if isinstance(value, list) else Fraction(value)
        self.add(name, "term", figure, unit, clause, label=label, origin=origin)

    def given(self, name: str, value: str, unit: str, clause: str, label: str | None = None) -> None:
        origin = {"contract": "figures.yaml", "line": len(self.lines) + 3, "amendment": None}
        self.add(name, "given", Fraction(value), unit, clause, label=label, origin=origin)

    def compute(
        self, name: str, expression: str, unit: str, clause: str, label: str | None = None, **inputs: Any
    ) -> None:
        self._formula("computed", name, expression, unit, clause, label, inputs, None)

    def settle(self, name: str, amount: str, clause: str, unit: str = "usd", label: str | None = None) -> None:
        rounding = {"places": 4, "rule": "half_up"} if unit == "rate" else CENTS
        self._formula("settled", name, "amount", unit, clause, label, {"amount": amount}, rounding)

    def _formula(
        self, kind: str, name: str, expression: str, unit: str, clause: str, label: str | None,
        inputs: dict[str, Any], rounding: Any,
    ) -> None:  # fmt: skip
        line = {"expression": expression, "inputs": inputs, "name": name}
        value = evaluate_line(line, self.lines)
        self.add(
            name, kind, value, unit, clause, label=label, expression=expression, inputs=inputs, rounding=rounding,
            origin={"formula": f"savings.{name.partition('.')[0]}"},
        )  # fmt: skip

    def not_scored(self, name: str, unit: str, clause: str, label: str | None = None) -> None:
        origin = {"formula": "quality.rate"}
        self.add(name, "given", None, unit, clause, label=label, origin=origin)

    def waterfall(self, changes: Mapping[str, tuple[str, str]], clause: str, total: str = "earned") -> None:
        """`changes` is step to the line of its change and its label, as the steps ran."""
        by_name = sorted(changes)
        for step, (_, label) in changes.items():
            parts = [changes[other][0] for other in by_name]
            self._formula(
                "computed", f"waterfall.{step}", f"footed(earned, changes, {by_name.index(step)})", "usd", clause, label,
                {"earned": total, "changes": parts}, None,
            )  # fmt: skip

    def sample(self, group_name: str, **manifest: Any) -> Sample:
        document = {
            "schema": "p4v/settlement/1", "group": self.group, "contract": self.contract,
            "period": {"from": self.period[0], "to": self.period[1]}, "status": "final", "version": 1, "replaces": None,
            "lines": list(self.lines.values()), "controls": [],
        }  # fmt: skip
        digest = digest_of(rfc8785.dumps(document))
        entry = {"path": f"inputs/contracts/{self.contract}.yaml", "sha256": digest_of(self.contract.encode())}
        known = {
            "group_name": group_name, "title": self.title, "inputs": [entry], "p4v": "0.1.0", "run": "r",
            "payer": {"name": "Northlake Health Plan"},
        }  # fmt: skip
        return document, known | manifest, digest


MEASURES: Mapping[str, tuple[str, str, str, str, str, str, str]] = {
    "bcs": ("Breast cancer screening", "1124", "1466", "0.742", "0.70", "0.80", "1"),
    "col": ("Colorectal cancer screening", "2391", "3420", "0.671", "0.60", "0.72", "1"),
    "a1c": ("Diabetes, A1c over 9%", "143", "812", "0.205", "0.25", "0.15", "1.5"),
    "cbp": ("Controlling high blood pressure", "1388", "1904", "0.701", "0.62", "0.76", "1.5"),
    "spc": ("Statin therapy, cardiovascular", "402", "471", "0.839", "0.78", "0.86", "1"),
    "wcv": ("Child well-care visits", "1093", "1720", "0.598", "0.55", "0.68", "1"),
    "pcr": ("All-cause readmissions", "41", "509", "0.091", "0.105", "0.075", "1.5"),
    "amr": ("Asthma medication ratio", "151", "233", "0.664", "0.68", "0.78", "0.5"),
}
"""Label, numerator, denominator, prior rate, threshold, target, maximum points."""
_POINTS = "when(rate == threshold, 0, lower_of(higher_of(ratio(rate - threshold, target - threshold, 0), 0), 1)) * maximum_points"


def _quality(book: Book, pool: str, few: str = "") -> None:
    """Rates, points and dollars of the eight measures; `few` has too few members to be scored."""
    for key, (label, numerator, denominator, prior, threshold, target, points) in MEASURES.items():
        book.term(f"threshold.{key}", threshold, "rate", "Ex. C", f"Threshold, {label}")
        book.term(f"target.{key}", target, "rate", "Ex. C", f"Target, {label}")
        book.given(f"numerator.{key}", numerator, "count", "Ex. C", f"Numerator, {label}")
        book.given(f"denominator.{key}", denominator, "count", "Ex. C", f"Denominator, {label}")
        book.given(f"prior_rate.{key}", prior, "rate", "Ex. C", f"Prior rate, {label}")
        book.term(f"maximum_points.{key}", "0" if key == few else points, "points", "Ex. C", f"Maximum points, {label}")
        if key == few:
            book.not_scored(f"rate.{key}", "rate", "Ex. C", f"Rate, {label}")
            book.term(f"points.{key}", "0", "points", "Ex. C", f"Points, {label}")
            continue
        inputs = {"numerator": f"numerator.{key}", "denominator": f"denominator.{key}"}
        book.compute(f"rate.{key}", "ratio(numerator, denominator, 0)", "rate", "Ex. C", f"Rate, {label}", **inputs)
        inputs = {name: f"{name}.{key}" for name in ("rate", "threshold", "target", "maximum_points")}
        book.compute(f"points.{key}", _POINTS, "points", "Ex. C", f"Points, {label}", **inputs)
    points = [f"points.{key}" for key in MEASURES]
    most = [f"maximum_points.{key}" for key in MEASURES]
    book.compute("quality_points", "total(points)", "points", "§6.4", "Points earned", points=points)
    book.compute("possible_points", "total(points)", "points", "§6.4", "Points possible", points=most)
    share = {"earned": "quality_points", "possible": "possible_points"}
    book.compute("quality_score", "ratio(earned, possible, 0)", "rate", "§6.4", "Quality score", **share)
    book.compute(
        "quality_dollars_earned", "rounded(pool * score, 2, half_up)", "usd", "§6.4", "Quality dollars earned",
        pool=pool, score="quality_score",
    )  # fmt: skip
    book.compute(
        "quality_dollars_not_earned", "pool - earned", "usd", "§6.4", "Quality dollars not earned",
        pool=pool, earned="quality_dollars_earned",
    )  # fmt: skip
    for key, (label, *_) in MEASURES.items():
        book.compute(
            f"points_left.{key}", "most - points", "points", "Ex. C", f"Points left, {label}",
            most=f"maximum_points.{key}", points=f"points.{key}",
        )  # fmt: skip
    left = [f"points_left.{key}" for key in MEASURES]
    for place, key in enumerate(sorted(MEASURES)):
        label = MEASURES[key][0]
        for stem, whole, weights in (
            ("measure_earned", "quality_dollars_earned", points), ("measure_not_earned", "quality_dollars_not_earned", left)
        ):  # fmt: skip
            stem_words = label_of(stem)
            book.compute(
                f"{stem}.{key}", f"allocated(whole, weights, {place})", "usd", "§6.4", f"{stem_words}, {label}",
                whole=whole, weights=sorted(weights),
            )  # fmt: skip


def _cost(book: Book, benchmark: str, spent: str, minimum: str = "0.02") -> None:
    book.term("benchmark_pmpm", benchmark, "usd_pmpm", "§4.1", "Benchmark PMPM")
    book.term("minimum_savings_rate", minimum, "rate", "§4.2", "Minimum savings rate")
    book.given("member_months", "117404", "member_months", "§2", "Member months")
    book.given("expenditure", spent, "usd", "§5", "Actual expenditures")
    book.compute(
        "benchmark",
        "pmpm * months",
        "usd",
        "§4.1",
        "Benchmark expenditures",
        pmpm="benchmark_pmpm",
        months="member_months",
    )
    book.compute(
        "expenditure_pmpm",
        "ratio(spent, months, 0)",
        "usd_pmpm",
        "§5",
        "Expenditure PMPM",
        spent="expenditure",
        months="member_months",
    )
    book.compute(
        "gross_savings", "benchmark - expenditure", "usd", "§6.1", benchmark="benchmark", expenditure="expenditure"
    )
    book.compute(
        "savings_rate",
        "ratio(gross_savings, benchmark, 0)",
        "rate",
        "§6.1",
        gross_savings="gross_savings",
        benchmark="benchmark",
    )
    two = {"savings_rate": "savings_rate", "minimum_savings_rate": "minimum_savings_rate"}
    key = "minimum_savings_rate"
    book.compute(f"gate_met.{key}", "savings_rate >= minimum_savings_rate", "flag", "§4.2", **two)
    book.compute(f"gate_distance.{key}", "savings_rate - minimum_savings_rate", "rate", "§4.2", **two)
    book.compute(
        "generated_savings", "when(met == 1, gross_savings, 0)", "usd", "§4.2", "Savings that met the minimum",
        met=f"gate_met.{key}", gross_savings="gross_savings",
    )  # fmt: skip


def _change(book: Book, step: str, before: str, after: str) -> str:
    name = f"savings_change.{step}"
    book.compute(name, "after - before", "usd", "p4v", before=before, after=after)
    return name


def happy(few: str = "", group_name: str = "Riverbend Medical Group") -> Sample:
    """The settlement of the sketch, more or less: gates met, quality scored, an interim payment netted."""
    book = Book("cac-rvb-2024-01", "rvb", "Pay-for-value program")
    _cost(book, "401.74", "44525643.28")
    book.term("sharing_rate", "0.5", "rate", "§6.3", "Sharing rate")
    book.term("quality_gate", "0.5", "rate", "§6.4", "Quality score required")
    book.term("payment_cap_rate", "0.1", "rate", "§6.6", "Cap on payment, of the benchmark")
    book.term("tiers", [["0", "0"], ["0.5", "0.5"], ["0.7", "1"]], "table", "§6.4", "Quality tiers")
    book.given("paid", "250000", "usd", "§7.2", "Interim payment of 31 October 2025")
    book.compute(
        "shared_savings",
        "sharing_rate * savings",
        "usd",
        "§6.3",
        sharing_rate="sharing_rate",
        savings="generated_savings",
    )
    _quality(book, "shared_savings", few)
    two = {"quality_score": "quality_score", "quality_gate": "quality_gate"}
    book.compute("gate_met.quality_score", "quality_score >= quality_gate", "flag", "§6.4", **two)
    book.compute("gate_distance.quality_score", "quality_score - quality_gate", "rate", "§6.4", **two)
    for gate, amount in (("minimum_savings_rate", "gross_savings"), ("quality_score", "shared_savings")):
        book.compute(
            f"not_earned.{gate}", "when(met == 1, 0, amount)", "usd", "§6", met=f"gate_met.{gate}", amount=amount
        )
    book.compute(
        "savings_after_quality",
        "when(met == 1, amount, 0)",
        "usd",
        "§6.4",
        "Savings after quality",
        met="gate_met.quality_score",
        amount="quality_dollars_earned",
    )
    book.compute(
        "capped_savings", "lower_of(amount, rate * benchmark)", "usd", "§6.6", "Savings within the cap",
        amount="savings_after_quality", rate="payment_cap_rate", benchmark="benchmark",
    )  # fmt: skip
    changes = {
        "gross_savings": ("gross_savings", "Gross savings"),
        "gate": (_change(book, "gate", "gross_savings", "generated_savings"), "Minimum savings rate"),
        "share": (_change(book, "share", "generated_savings", "shared_savings"), "Payer's share"),
        "quality": (_change(book, "quality", "shared_savings", "savings_after_quality"), "Quality"),
        "cap_payment": (_change(book, "cap_payment", "savings_after_quality", "capped_savings"), "Cap on payment"),
    }
    book.settle("earned", "capped_savings", "§6", label="Shared savings earned")
    book.compute(
        "net_before_rounding", "earned - paid", "usd", "§7.3", "Earned less paid", earned="earned", paid="paid"
    )
    book.settle("net_payment", "net_before_rounding", "§7.3", label="Net payable to the group")
    book.waterfall(changes, "§6")
    prior = {
        "member_months": "112806",
        "expenditure_pmpm": "371.90",
        "savings_rate": "0.0384",
        "quality_score": "0.681",
        "earned": "574206",
    }
    return book.sample(
        group_name, prior=prior, known="2026-04-15",
        agreement={"signed": "2024-01-12", "effective": "2024-01-01", "ends": "2026-12-31"},
        order=[*ORDER[:4], {"step": "cap_payment", "how": "moved", "clause": "§6.6"}, "round"],
        stated=[
            {"topic": "Attribution", "text": "Plurality of primary care visits over 24 months.", "clause": "§2.1"},
            {"topic": "Due", "text": "Sixty days after the statement.", "clause": "§7.4"},
            {"topic": "Dispute", "text": "Within 60 days of receipt, in writing.", "clause": "§9"},
        ],
    )  # fmt: skip


def not_scored() -> Sample:
    """A measure with too few members."""
    return happy(few="amr")


def failed_gate() -> Sample:
    """Savings of 1.5% where 2% are required."""
    book = Book("harbor-2025", "harbor", "Pay-for-value program")
    _cost(book, "401.74", "46458100.00")
    book.term("sharing_rate", "0.5", "rate", "§6.3", "Sharing rate")
    book.compute(
        "shared_savings",
        "sharing_rate * savings",
        "usd",
        "§6.3",
        sharing_rate="sharing_rate",
        savings="generated_savings",
    )
    book.compute(
        "not_earned.minimum_savings_rate", "when(met == 1, 0, rate * gross_savings)", "usd", "§4.2",
        "Not earned, minimum savings rate", met="gate_met.minimum_savings_rate", rate="sharing_rate", gross_savings="gross_savings",
    )  # fmt: skip
    changes = {
        "gross_savings": ("gross_savings", "Gross savings"),
        "gate": (_change(book, "gate", "gross_savings", "generated_savings"), "Minimum savings rate"),
        "share": (_change(book, "share", "generated_savings", "shared_savings"), "Payer's share"),
    }
    book.settle("earned", "shared_savings", "§6", label="Shared savings earned")
    book.waterfall(changes, "§6")
    return book.sample("Harbor Physicians", order=["gate", "share", "round"])


def nothing_earned() -> Sample:
    """Cost exactly at the benchmark."""
    book = Book("quiet-2025", "quiet", "Pay-for-value program")
    _cost(book, "400.00", "46961600.00", "0")
    changes = {
        "gross_savings": ("gross_savings", "Gross savings"),
        "gate": (_change(book, "gate", "gross_savings", "generated_savings"), "Minimum savings rate"),
    }
    book.settle("earned", "generated_savings", "§6", label="Shared savings earned")
    book.waterfall(changes, "§6")
    return book.sample("Quiet Valley Clinic")


def loss_owed() -> Sample:
    """A loss of 4.9%, in bands, and above its limit: scenario 3 of the design."""
    book = Book("coastal-2015", "coastal", "Two-sided risk", ("2015-01", "2015-12"))
    book.term("benchmark_pmpm", "431.25", "usd_pmpm", "§4.1", "Benchmark PMPM")
    book.term("loss_bands", [["0", "0"], ["0.02", "0.5"], ["0.05", "0.3"]], "table", "§6.2", "Shares of losses by band")
    book.term("loss_limit_rate", "0.0125", "rate", "§6.5", "Loss limit, of the benchmark")
    book.term("minimum_loss_rate", "0.02", "rate", "§4.2", "Minimum loss rate")
    book.given("member_months", "120000", "member_months", "§2", "Member months")
    book.given("expenditure", "54300000", "usd", "§5", "Actual expenditures")
    book.compute(
        "benchmark",
        "pmpm * months",
        "usd",
        "§4.1",
        "Benchmark expenditures",
        pmpm="benchmark_pmpm",
        months="member_months",
    )
    book.compute(
        "gross_savings", "benchmark - expenditure", "usd", "§6.1", benchmark="benchmark", expenditure="expenditure"
    )
    book.compute(
        "savings_rate",
        "ratio(gross_savings, benchmark, 0)",
        "rate",
        "§6.1",
        gross_savings="gross_savings",
        benchmark="benchmark",
    )
    two = {"savings_rate": "savings_rate", "minimum_loss_rate": "minimum_loss_rate"}
    book.compute("gate_met.minimum_loss_rate", "0 - savings_rate >= minimum_loss_rate", "flag", "§4.2", **two)
    book.compute("gate_distance.minimum_loss_rate", "(0 - savings_rate) - minimum_loss_rate", "rate", "§4.2", **two)
    book.compute(
        "shared_losses", "benchmark * bands(higher_of(0 - savings_rate, 0), loss_bands)", "usd", "§6.2",
        benchmark="benchmark", savings_rate="savings_rate", loss_bands="loss_bands",
    )  # fmt: skip
    book.compute(
        "limited_losses", "lower_of(amount, loss_limit_rate * benchmark)", "usd", "§6.5", "Losses within the limit",
        amount="shared_losses", loss_limit_rate="loss_limit_rate", benchmark="benchmark",
    )  # fmt: skip
    book.compute("signed", "0 - losses", "usd", "§6", "Losses as the group sees them", losses="limited_losses")
    book.compute(
        "losses_change.loss_share",
        "(0 - gross_savings) - after",
        "usd",
        "p4v",
        gross_savings="gross_savings",
        after="shared_losses",
    )
    book.compute(
        "losses_change.loss_limit", "before - after", "usd", "p4v", before="shared_losses", after="limited_losses"
    )
    book.settle("earned", "signed", "§6", label="Earned")
    changes = {
        "gross_savings": ("gross_savings", "Gross savings"),
        "loss_share": ("losses_change.loss_share", "Payer's share of losses"),
        "loss_limit": ("losses_change.loss_limit", "Loss limit"),
    }
    book.waterfall(changes, "§6")
    return book.sample("Coastal Medical Foundation", order=["gate", "loss_share", "loss_limit", "round"])


def fee_reset() -> Sample:
    """The next period's fee by half of the decrease of cost: scenario 1 of the design."""
    book = Book("baycare-2013", "baycare", "Care coordination fee with reset", ("2013-07", "2014-06"))
    book.term("care_coordination_fee_pmpm", "1.50", "usd_pmpm", "§3.1", "Care coordination fee PMPM")
    book.term("reset_share", "0.5", "rate", "§5.2", "Group's share of the decrease")
    book.term("market_trend", "1.024", "factor", "§5.1", "Market trend")
    book.term("baseline_pmpm", "412.50", "usd_pmpm", "§5.1", "Baseline PMPM")
    book.given("member_months", "204000", "member_months", "§2", "Member months")
    book.given("expenditure_pmpm", "418.23", "usd_pmpm", "§5.1", "Expenditure PMPM")
    book.compute(
        "benchmark_pmpm",
        "baseline_pmpm * market_trend",
        "usd_pmpm",
        "§5.1",
        "Benchmark PMPM",
        baseline_pmpm="baseline_pmpm",
        market_trend="market_trend",
    )
    book.compute(
        "decrease_pmpm",
        "benchmark_pmpm - expenditure_pmpm",
        "usd_pmpm",
        "§5.2",
        "Decrease against the market",
        benchmark_pmpm="benchmark_pmpm",
        expenditure_pmpm="expenditure_pmpm",
    )
    book.compute(
        "next_fee_pmpm", "care_coordination_fee_pmpm + reset_share * decrease_pmpm", "usd_pmpm", "§5.2",
        "Fee and share of the decrease", care_coordination_fee_pmpm="care_coordination_fee_pmpm",
        reset_share="reset_share", decrease_pmpm="decrease_pmpm",
    )  # fmt: skip
    book.compute(
        "fee_amount", "fee * member_months", "usd", "§3.1", "Fee × member months", fee="care_coordination_fee_pmpm",
        member_months="member_months",
    )  # fmt: skip
    book.settle("care_coordination_fee", "fee_amount", "§3.1", label="Care coordination fee")
    book.settle("next_care_coordination_fee", "next_fee_pmpm", "§5.2", "usd_pmpm", "Next care coordination fee")
    return book.sample("BayCare Example Group")


def uplift() -> Sample:
    """A higher fee schedule by points."""
    book = Book("cornerstone-2012", "cornerstone", "Fee schedule uplift", ("2012-04", "2014-03"))
    book.term("uplift_by_points", [["0", "0"], ["3", "0.02"], ["5", "0.035"]], "table", "Ex. D", "Uplift by points")
    book.given("clinical_points", "3", "points", "Ex. D", "Clinical points")
    book.given("financial_points", "2", "points", "Ex. D", "Financial points")
    book.compute(
        "points_earned",
        "clinical + financial",
        "points",
        "Ex. D",
        "Points earned",
        clinical="clinical_points",
        financial="financial_points",
    )
    book.compute(
        "uplift",
        "step(points, uplift_by_points)",
        "rate",
        "Ex. D",
        "Uplift",
        points="points_earned",
        uplift_by_points="uplift_by_points",
    )
    book.settle("fee_schedule_uplift", "uplift", "Ex. D", "rate", "Fee schedule uplift")
    return book.sample("Cornerstone Example Physicians")


def pay_for_performance() -> Sample:
    """A pool by quality alone, nothing of cost."""
    book = Book("primed-2014", "primed", "Pay for performance", ("2014-01", "2014-12"))
    book.term("pool_pmpm", "2.00", "usd_pmpm", "§3", "Pool PMPM")
    book.given("member_months", "72000", "member_months", "§2", "Member months")
    book.compute(
        "quality_pool",
        "pool_pmpm * member_months",
        "usd",
        "§3",
        "Quality pool",
        pool_pmpm="pool_pmpm",
        member_months="member_months",
    )
    _quality(book, "quality_pool")
    book.settle("earned", "quality_dollars_earned", "§3", label="Quality reward earned")
    changes = {
        "quality_pool": ("quality_pool", "Quality pool"),
        "quality": (_change(book, "quality", "quality_pool", "earned"), "Quality"),
    }
    book.waterfall(changes, "§3")
    return book.sample("Primed Example Physicians")


SAMPLES: Mapping[str, Callable[[], Sample]] = {
    "happy": happy,
    "not_scored": not_scored,
    "failed_gate": failed_gate,
    "nothing_earned": nothing_earned,
    "loss_owed": loss_owed,
    "fee_reset": fee_reset,
    "uplift": uplift,
    "pay_for_performance": pay_for_performance,
}
