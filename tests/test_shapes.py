"""Thirteen shapes of contract: each checks, settles and is verified, and is worked out again here from its own terms."""

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import CONFIGS, p4v, value

CONTRACTS = CONFIGS / "contracts"
FIRST_PERIOD = {
    "fee-reset": "2013-07 to 2014-06",
    "corridor-bands": "2015",
    "claw-back-fee": "2015",
    "fee-schedule-points": "2013",
}
"""The period of a shape's first case, where it is not 2014."""
Lines = dict[str, Fraction]


def number(text: str) -> Fraction:
    """A number or percent as it is written."""
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


class Case:
    """The first case of a contract, and the terms it rests on, as numbers."""

    def __init__(self, shape: str) -> None:
        written = yaml.load((CONTRACTS / f"{shape}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
        self.terms: Mapping[str, Any] = written["terms"]
        self.case: Mapping[str, Any] = written["cases"][0]
        self.group = written["group"]["id"]
        self.expected = {name: number(text) for name, text in self.case["lines"].items()}

    def term(self, block: str, *path: str | int) -> Fraction:
        found: Any = self.terms[block]
        for step in path:
            found = found[step]
        return number(found)

    def figure(self, name: str) -> Fraction:
        return number(self.case["figures"][name])

    def share_of_members(self, measure: str) -> Fraction:
        counted = self.case["measures"][measure]
        return Fraction(counted["numerator"]) / Fraction(counted["denominator"])

    def per_1000(self, measure: str) -> Fraction:
        return self.share_of_members(measure) * 12_000

    def measure(self, id_: str) -> Mapping[str, Any]:
        return next(row for row in self.terms["quality"]["measures"] if row["id"] == id_)

    def attained(self, id_: str, result: Fraction) -> Fraction:
        """Between threshold and target, as a part of the way."""
        low, high = number(self.measure(id_)["threshold"]), number(self.measure(id_)["target"])
        return min(max((result - low) / (high - low), Fraction(0)), Fraction(1))

    def row_reached(self, rows: list[Mapping[str, str]], at: Fraction, start: str = "from") -> Mapping[str, str]:
        return [row for row in rows if number(row[start]) <= at][-1]

    def in_bands(self, block: str, dollars: Fraction, whole: Fraction) -> Fraction:
        """What marginal bands give of an amount, band by band."""
        rows = self.terms[block]["bands"]
        bounds = [number(row["above"]) * whole for row in rows]
        ends = [*bounds[1:], max(dollars, bounds[-1])]
        parts = zip(rows, bounds, ends, strict=True)
        return sum(
            (max(min(dollars, end) - begin, Fraction(0)) * number(row["share"]) for row, begin, end in parts),
            start=Fraction(0),
        )

    def file(self, shape: str) -> str:
        """A figures file with the case's figures."""
        period = self.case.get("period", FIRST_PERIOD.get(shape, "2014"))
        lines = [f"group: {self.group}", f"period: {period}", "status: final", "figures:"]
        lines += [f"  {name}: {text}" for name, text in self.case["figures"].items()]
        if "measures" in self.case:
            lines.append("measures:")
        for id_, counted in self.case.get("measures", {}).items():
            lines.append(f"  {id_}: {{{', '.join(f'{name}: {text}' for name, text in counted.items())}}}")
        if "paid" in self.case:
            lines.append(f"paid: {self.case['paid']}")
        return "\n".join(lines) + "\n"


def fee_reset(case: Case) -> Lines:
    trend = min(
        max(case.figure("market_trend"), case.term("benchmark", "lowest_trend")),
        case.term("benchmark", "highest_trend"),
    )
    less = case.term("benchmark", "pmpm") * trend - case.figure("expenditure") / case.figure("member_months")
    assert case.figure("quality_score") >= case.figure("prior_quality_score")
    fee = case.term("care_coordination_fee", "pmpm") + max(less, Fraction(0)) * case.term("fee_reset", "share")
    fee = min(max(fee, case.term("fee_reset", "floor")), case.term("fee_reset", "ceiling"))
    cents = Fraction(int(fee * 100 + Fraction(1, 2)), 100)
    more = cents - case.term("care_coordination_fee", "pmpm")
    return {
        "next_care_coordination_fee": cents,
        "fee_reset_true_up": more * case.figure("fee_reset_member_months"),
        "care_coordination_fee": case.term("care_coordination_fee", "pmpm") * case.figure("member_months"),
    }


def gated_share(case: Case) -> Lines:
    benchmark = case.term("benchmark", "pmpm") * case.figure("member_months")
    saved = benchmark - case.figure("expenditure")
    counted = saved if saved >= case.term("gate", "minimum_savings_rate") * benchmark else Fraction(0)
    cap = case.term("cap_payment", "of_benchmark") * benchmark
    return {"generated_savings": counted, "earned": min(counted * case.term("share", "sharing_rate"), cap)}


def two_sided(case: Case) -> Lines:
    benchmark = case.figure("revenue") * case.term("benchmark", "loss_ratio")
    saved = benchmark - case.figure("expenditure")
    assert saved >= case.term("gate", "minimum_savings_rate") * benchmark
    paid = saved * case.term("share", "sharing_rate") * case.term("final_multiplier", "savings")
    return {"gross_savings": saved, "earned": min(paid, case.term("cap_payment", "of_benchmark") * benchmark)}


def split_shift(case: Case) -> Lines:
    budget = case.term("benchmark", "pmpm") * (1 - case.term("benchmark", "discount"))
    saved = budget * case.figure("member_months") - case.figure("expenditure")
    score = sum(
        number(case.measure(id_)["weight"]) * case.attained(id_, case.share_of_members(id_))
        for id_ in ("bcs", "a1c_test", "readmit")
    )
    assert isinstance(score, Fraction)
    shift = number(case.row_reached(case.terms["quality_effect"]["shifts"], score)["shift"])
    earned = saved * (case.term("share", "sharing_rate") + shift)
    own = earned * case.term("funders", "items", 1, "share")
    return {"quality_score": score, "earned": earned, "funder_share.self_funded": own}


def uplift(case: Case) -> Lines:
    benchmark = case.figure("revenue") * case.term("benchmark", "loss_ratio")
    rate = 1 - case.figure("expenditure") / benchmark
    stars = []
    for id_, sign in (("bcs", 1), ("a1c_poor", -1)):
        result = case.share_of_members(id_) * sign
        cuts = [row for row in case.measure(id_)["cut_points"] if number(row["at"]) * sign <= result]
        stars.append(number(cuts[-1]["points"]) if cuts else number(case.measure(id_)["points_below"]))
    score = sum(stars, start=Fraction(0)) / 10
    row: Any = case.row_reached(case.terms["fee_schedule_uplift"]["by_quality"], score)
    points = number(case.row_reached(row["by_savings"], rate)["points"]) + case.figure("carried_uplift")
    most = case.term("fee_schedule_uplift", "most")
    return {"fee_schedule_uplift": min(points, most), "uplift_carried_forward": max(points - most, Fraction(0))}


def ladder(case: Case) -> Lines:
    benchmark = case.term("benchmark", "pmpm") * case.figure("member_months")
    saved = benchmark - case.figure("expenditure")
    assert case.figure("panel_size") == case.term("gate", "minimum_savings_rates_by_size", 1, "at")
    minimum = case.term("gate", "minimum_savings_rates_by_size", 1, "rate")
    assert saved >= minimum * benchmark
    fees = case.term("care_coordination_fee", "pmpm") * case.figure("member_months")
    share = number(case.row_reached(case.terms["share"]["by_thresholds_met"], case.figure("thresholds_met"))["share"])
    earned = (saved - fees) * share
    return {
        "minimum_savings_rate": minimum,
        "care_coordination_fee": fees,
        "waterfall.fee_offset": -fees,
        "earned": earned,
        "net_payment": fees + earned - number(case.case["paid"]),
    }


def trend_gate(case: Case) -> Lines:
    own = case.figure("expenditure") / case.figure("member_months") / case.figure("prior_expenditure_pmpm")
    assert own <= case.figure("market_trend")
    result = {id_: case.share_of_members(id_) for id_ in ("bcs", "a1c_poor", "statin")}
    before = {id_: number(case.case["measures"][id_]["prior_rate"]) for id_ in result}
    rule = {id_: case.measure(id_)["improvement"] for id_ in result}
    to_target = {id_: number(case.measure(id_)["target"]) - before[id_] for id_ in result}
    rose = {id_: result[id_] - before[id_] for id_ in result}
    improved = {
        "bcs": number(rule["bcs"]["points"]) * (rose["bcs"] >= to_target["bcs"] * number(rule["bcs"]["share"])),
        "a1c_poor": number(rule["a1c_poor"]["points"]) * rose["a1c_poor"] / to_target["a1c_poor"],
        "statin": number(rule["statin"]["points"]) * (rose["statin"] >= number(rule["statin"]["by"])),
    }
    points = {id_: max(case.attained(id_, result[id_]), improved[id_]) for id_ in result}
    score = sum((number(case.measure(id_)["weight"]) * points[id_] for id_ in result), start=Fraction(0))
    pool = case.term("pay_for_performance", "pool_pmpm") * case.figure("member_months")
    each = {f"points.{id_}": earned for id_, earned in points.items()}
    return {"cost_trend": own, **each, "quality_score": score, "quality_incentive": pool * score}


def corridor(case: Case) -> Lines:
    benchmark = case.term("benchmark", "pmpm") * case.figure("member_months")
    shared = case.in_bands("share", benchmark - case.figure("expenditure"), benchmark)
    result = {
        "bcs": case.share_of_members("bcs"),
        "bp": case.share_of_members("bp"),
        "survey": number(case.case["measures"]["survey"]["score"]),
        "ed": case.per_1000("ed"),
    }
    score = Fraction(0)
    for domain in case.terms["quality"]["domains"]:
        within = [row for row in case.terms["quality"]["measures"] if row["domain"] == domain["id"]]
        own = sum(number(row["weight"]) * case.attained(row["id"], result[row["id"]]) for row in within)
        score += number(domain["weight"]) * min(own, number(domain.get("cap", "100%")))
    return {"rate.ed": result["ed"], "shared_savings": shared, "quality_score": score, "earned": shared * score}


def withhold(case: Case) -> Lines:
    benchmark = case.term("benchmark", "pmpm") * case.figure("member_months")
    saved = benchmark - case.figure("expenditure")
    assert saved >= benchmark * case.term("gate", "minimum_savings_rate")
    earned = saved * case.term("share", "sharing_rate")
    back = case.figure("withheld") * case.figure("quality_score")
    interest = back * case.term("withhold", "interest")
    net = earned + back + interest - number(case.case["paid"])
    assert net >= case.term("cash", "minimum_payment")
    return {
        "earned": earned,
        "withhold_returned": back,
        "withhold_forfeited": case.figure("withheld") - back,
        "withhold_interest": interest,
        "net_payment": net,
    }


def pooled(case: Case) -> Lines:
    years = case.terms["benchmark"]["pooled_years"]
    months = sum(case.figure(f"baseline_member_months.{year}") for year in years)
    budget = Fraction(0)
    for category in case.terms["benchmark"]["categories"]:
        dollars = sum(case.figure(f"baseline_expenditure.{category['id']}-{year}") for year in years)
        budget += dollars / months * number(category["trend"])
    benchmark = budget * case.figure("member_months")
    saved = benchmark - case.figure("expenditure")
    assert saved >= case.term("gate", "minimum_savings_rate") * benchmark
    score = case.figure("quality_score")
    assert score >= case.term("quality_gate", "minimum_score")
    cap = case.term("cap_payment", "pmpm") * case.figure("member_months")
    earned = min(saved * case.term("share", "sharing_rate") * score, cap)
    return {"benchmark_pmpm": budget, "benchmark": benchmark, "earned": earned}


def challenge(case: Case) -> Lines:
    rule = case.terms["pay_for_performance"]
    met = {}
    for row in case.terms["quality"]["measures"]:
        result = case.per_1000(row["id"]) if row["kind"] == "per_1000" else case.share_of_members(row["id"])
        above = result >= number(row["threshold"])
        met[row["id"]] = above if row["better"] == "higher" else result <= number(row["threshold"])
    apart = rule["challenge"]["measures"]
    core = sum(flag for id_, flag in met.items() if id_ not in apart)
    pool = number(rule["pool_pmpm"]) * case.figure("member_months")
    earned = pool * number(case.row_reached(rule["by_measures_met"], Fraction(core))["share"])
    own = sum(met[id_] for id_ in apart) * case.figure("member_months")
    extra = case.figure("challenge_pool") * own / case.figure("challenge_points_of_all_groups")
    return {
        "measures_met": Fraction(core),
        "earned_of_pool": earned,
        "pool_left_over": pool - earned,
        "challenge_incentive": extra,
        "quality_incentive": earned + extra,
    }


def category_split(case: Case) -> Lines:
    assert case.figure("quality_score") >= case.term("quality_gate", "minimum_score")
    parts: Lines = {}
    for row in case.terms["category_split"]["categories"]:
        saved = case.figure(f"category_benchmark.{row['id']}") - case.figure(f"category_expenditure.{row['id']}")
        for share in row["shares"]:
            own = max(saved, Fraction(0)) * number(share["share"])
            parts[share["party"]] = parts.get(share["party"], Fraction(0)) + own
    return {
        "party_savings.hospital": parts["hospital"],
        "party_savings.payer": parts["payer"],
        "earned": parts["group"],
    }


def claw_back(case: Case) -> Lines:
    fee = case.term("care_coordination_fee", "pmpm") * case.figure("member_months")
    missed = case.share_of_members("readmit") > number(case.measure("readmit")["threshold"])
    missed = missed or case.per_1000("ed") > number(case.measure("ed")["threshold"])
    fee -= fee * case.term("care_coordination_fee", "at_risk", "share") * missed
    rule = case.terms["pay_for_performance"]
    incentive = sum(case.figure(f"gaps_closed.{row['id']}") * number(row["dollars"]) for row in rule["gaps"])
    incentive += sum(case.figure(f"acts.{row['id']}") * number(row["dollars"]) for row in rule["acts"])
    net = fee + incentive - number(case.case["paid"])
    return {"care_coordination_fee": fee, "quality_incentive": Fraction(incentive), "net_payment": net}


SHAPES: Mapping[str, Callable[[Case], Lines]] = {
    "fee-reset": fee_reset,
    "gated-share": gated_share,
    "two-sided-loss-ratio": two_sided,
    "budget-split-shift": split_shift,
    "fee-schedule-points": uplift,
    "threshold-ladder": ladder,
    "trend-gate": trend_gate,
    "corridor-bands": corridor,
    "withhold-pool": withhold,
    "pooled-baseline": pooled,
    "count-gate-challenge": challenge,
    "category-split": category_split,
    "claw-back-fee": claw_back,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_checks_with_its_cases(shape):
    result = p4v("check", CONTRACTS / f"{shape}.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    written = yaml.load((CONTRACTS / f"{shape}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
    assert len(written["cases"]) >= 3
    assert f"({len(written['cases'])} cases)" in result.stdout
    assert "Illustrative: " in (CONTRACTS / f"{shape}.yaml").read_text(encoding="utf-8").split("\ncontract: ")[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_settles_and_is_verified(shape, tmp_path: Path):
    """Its first case as a figures file: a statement, the amounts worked out here, and the same bytes again."""
    case = Case(shape)
    figures = tmp_path / "figures.yaml"
    figures.write_text(case.file(shape), encoding="utf-8")
    out = tmp_path / "runs"
    result = p4v("settle", CONTRACTS / f"{shape}.yaml", "--figures", figures, "--out", out)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    (run,) = (path for path in out.iterdir() if not path.name.endswith(".reports"))
    page = (out / f"{run.name}.reports" / "statement.html").read_text(encoding="utf-8")
    assert "Example Medical Group" in page
    document = json.loads((run / "settlement.json").read_bytes())
    lines = {line["name"]: line for line in document["lines"]}
    worked = SHAPES[shape](case)
    assert {name: value(lines, name) for name in worked} == worked
    assert worked.keys() & case.expected.keys(), "what is worked out here is also what the contract's case says"
    assert {name: case.expected[name] for name in worked if name in case.expected} == {
        name: amount for name, amount in worked.items() if name in case.expected
    }
    assert p4v("rerun", run).stdout.strip() == "identical"


def test_every_contract_of_the_folder_is_a_shape():
    assert {path.stem for path in CONTRACTS.glob("*.yaml")} >= set(SHAPES)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_empty_figures_file_asks_for_what_the_first_case_gives(shape):
    """Every figure that it names stands in the case too, and is called there as it is here."""
    case = Case(shape)
    asked = yaml.load(p4v("figures", CONTRACTS / f"{shape}.yaml").stdout, yaml.BaseLoader)
    assert set(asked["figures"]) == set(case.case["figures"])
    assert set(asked.get("measures", {})) == set(case.case.get("measures", {}))
