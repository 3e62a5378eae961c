"""Pay-for-value contracts with figures, drawn near the gates, caps, tiers and half cents that decide what they pay.

A drawn contract is its own text: every number as it would be written. Every function takes a `random.Random`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from generators import CENT, is_decimal, text, whole_cents
from p4v.asked import figures_asked
from p4v.contract.documents import Program
from p4v.contract.order import DEPENDENT
from p4v.figures import Figure, Figures
from p4v.settlement import Settlement, worksheet
from p4v.single import read_contract
from p4v.worksheet import Worksheet
from reference import contracts as reference

Lines = dict[str, dict[str, Any]]
CLAUSE = {"clause": "§1"}
AGREEMENT = {"signed": "2013-06-01", "effective": "2014-01-01", "ends": "2016-12-31"}
FORMS = (*["shared_savings"] * 5, *["two_sided"] * 4, "pay_for_performance", "pay_for_performance", "fee_reset")
RULES = ("half_up", "half_up", "half_even", "down", "up")


@dataclass(frozen=True)
class Drawn:
    """One contract and one group's figures; `aim` is what the figures were drawn for."""

    terms: dict[str, dict[str, Any]]
    order: dict[str, Any]
    figures: dict[str, str]
    aim: str = "any"
    more: dict[str, Any] = field(default_factory=dict)

    def document(self, name: str = "drawn") -> dict[str, Any]:
        return {
            "contract": name,
            "group": {"id": "g1", "name": "Example group"},
            "payer": {"name": "Example payer"},
            "agreement": AGREEMENT,
            "order": self.order,
            "terms": {block: CLAUSE | terms for block, terms in self.terms.items()},
        } | self.more

    def under(self, **blocks: dict[str, Any]) -> "Drawn":
        """The same with other terms of the named blocks."""
        return replace(
            self, terms=self.terms | {name: self.terms.get(name, {}) | block for name, block in blocks.items()}
        )

    def without(self, *blocks: str) -> "Drawn":
        return replace(self, terms={name: block for name, block in self.terms.items() if name not in blocks})

    def given(self, **figures: str) -> "Drawn":
        return replace(self, figures=self.figures | figures)

    def reference(self) -> tuple[reference.Lines, dict[str, Fraction]]:
        return reference.settle(self.terms, self.order, self.figures)


# ---- the program's own settlement of a drawn contract


def program_of(document: Mapping[str, Any], folder: Path, name: str = "drawn") -> Program:
    """The contract, read as a file. Raises `Refusal` with whatever is wrong in it."""
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return read_contract(path)


def figures_of(program: Program, written: Mapping[str, Any], **asking: Any) -> Figures:
    """The figures that the contract asks for; a missing one is refused, others are left aside."""
    assert program.contract is not None
    asked = figures_asked(program, program.contract.first_period(), **asking)
    origin = {"table": "figures", "column": ""}
    found = {}
    for name, value in written.items():
        spec = asked.get(name) or asked.get(f"{name.partition('.')[0]}.*")
        if spec is None:
            continue
        number = reference.number(value) if isinstance(value, str) else value
        found[name] = Figure(number, spec.unit, spec.clause, origin | {"column": name}, spec.label)
    return Figures(found)


def sheet_of(drawn: Drawn, folder: Path) -> Worksheet:
    program = program_of(drawn.document(), folder)
    assert program.contract is not None
    return worksheet(program, program.contract.first_period(), None, figures_of(program, drawn.figures))


def document_of(drawn: Drawn, folder: Path) -> dict[str, Any]:
    """`settlement.json` of a drawn contract."""
    program = program_of(drawn.document(), folder)
    assert program.contract is not None
    period = program.contract.first_period()
    sheet = worksheet(program, period, None, figures_of(program, drawn.figures))
    return Settlement("g1", "drawn", period, "final", sheet.lines).document()


def lines_of(drawn: Drawn, folder: Path) -> Lines:
    """The lines as `settlement.json` holds them, by name."""
    return {line["name"]: line for line in document_of(drawn, folder)["lines"]}


# ---- numbers as contracts write them


def percent(draw: Random, low: int, high: int, step: int = 1) -> str:
    """A whole or half percent."""
    return f"{text(Fraction(draw.randrange(low * 2, high * 2 + 1, step), 2))}%"


def dollars(draw: Random, low: int, high: int) -> str:
    return text(Fraction(draw.randint(low * 100, high * 100), 100))


def chance(draw: Random, percents: int) -> bool:
    return draw.randint(1, 100) <= percents


def rounding(draw: Random) -> dict[str, str]:
    return {"places": draw.choice(["2", "2", "2", "2", "0", "1"]), "rule": draw.choice(RULES)}


def ladder(draw: Random, at: list[str], low: int, high: int, result: str) -> list[dict[str, str]]:
    """Rows from each bound on; the last bound reached applies. The results rise."""
    shares = sorted(draw.randint(low, high) for _ in at)
    return [{"from": bound, result: f"{share}%"} for bound, share in zip(at, shares, strict=True)]


# ---- blocks


def quality(draw: Random, figures: dict[str, str], wants_score: bool) -> dict[str, Any]:
    """Measures of every kind, or a given score; the figures are near thresholds and minimum denominators."""
    if wants_score and chance(draw, 25):
        figures["quality_score"] = text(Fraction(draw.choice([0, 500000, 600000, 800000, 1000000]), 10**6))
        if chance(draw, 60):
            figures["quality_score"] = text(Fraction(draw.randint(400000, 1000000), 10**6))
        return {"score": "given"}
    ids = draw.sample(["bcs", "a1c", "bp", "ed", "amr", "col", "cahps"], draw.randint(2, 5))
    most = draw.choice([1, 1, 1, 5, 10])
    measures = [measure(draw, id_, figures, most) for id_ in ids]
    if not any("threshold" in each for each in measures):
        figures["thresholds_met"] = str(draw.randint(0, 4))
    block: dict[str, Any] = {"measures": measures, "score": "from_measures" if wants_score else "none"}
    if wants_score:
        block |= {
            "unscored": draw.choice(["weight_shared_in_proportion", "weight_shared_equally"]),
            "weights": draw.choice(["sum_to_100%", "equal"]),
        }
        if block["unscored"] == "weight_shared_equally":
            for each in measures:
                if "improvement" in each:
                    each["improvement"]["counts"] = "better_of"
        with_domains = chance(draw, 25) and len(ids) > 2
        if with_domains:
            domains(draw, block)
        weights(draw, block, with_domains)
    for name in ("rate_rounding", "score_rounding") if wants_score else ("rate_rounding",):
        if chance(draw, 20):
            block[name] = {"digits": draw.choice(["0", "1", "2"]), "rule": draw.choice(RULES)}
    return block


def domains(draw: Random, block: dict[str, Any]) -> None:
    first = draw.randint(1, 9) * 10
    block["domains"] = [{"id": "clinical", "weight": f"{first}%"}, {"id": "access", "weight": f"{100 - first}%"}]
    if chance(draw, 50):
        block["domains"][0]["cap"] = percent(draw, 30, 90)
    for index, each in enumerate(block["measures"]):
        each["domain"] = ("clinical", "access")[index % 2]


def weights(draw: Random, block: dict[str, Any], with_domains: bool) -> None:
    if block["weights"] == "equal":
        return
    parts = [[m for m in block["measures"] if m.get("domain") == id_] for id_ in ("clinical", "access")]
    for within in parts if with_domains else [block["measures"]]:
        cuts = sorted(draw.sample(range(1, 100), len(within) - 1))
        for each, low, high in zip(within, [0, *cuts], [*cuts, 100], strict=True):
            each["weight"] = f"{high - low}%"


def measure(draw: Random, id_: str, figures: dict[str, str], most: int) -> dict[str, Any]:
    """One measure: a rate, events per 1,000, a ratio or a score, with levels of its kind and points up to `most`."""
    kind = {"ed": "per_1000", "amr": "ratio", "cahps": "score"}.get(id_, "rate")
    higher = id_ not in ("ed", "a1c", "amr")
    found: dict[str, Any] = {"id": id_, "kind": kind, "better": "higher" if higher else "lower"}
    low, high, unit = {"rate": (40, 90, "%"), "per_1000": (120, 260, ""), "ratio": (1, 4, ""), "score": (20, 90, "")}[
        kind
    ]
    worse = draw.randint(low, (low + high) // 2)
    best = draw.randint(worse + 1, high)
    first, last = (worse, best) if higher else (best, worse)
    form = draw.choice(["linear", "linear", "met", "cuts"])
    if form == "cuts":
        middle = Fraction(first + last, 2)
        levels = [Fraction(first), middle, Fraction(last)]
        earned = [Fraction(draw.randint(1, 4) * most, 10), Fraction(draw.randint(5, 9) * most, 10), Fraction(most)]
        cuts = [{"at": f"{text(at)}{unit}", "points": text(p)} for at, p in zip(levels, earned, strict=True)]
        found |= {"cut_points": cuts, "points_below": draw.choice(["0", "0", "0.1"])}
    else:
        found["threshold"] = f"{first}{unit}"
        if form == "linear":
            found["target"] = f"{last}{unit}"
        if most > 1 or chance(draw, 30):
            found["full_points"] = str(most)
    if chance(draw, 40) and kind == "rate":
        found["minimum_denominator"] = draw.choice(["30", "60", "100"])
    if form == "linear" and chance(draw, 35):
        improvement(draw, found, figures, (first, last), most)
    result(draw, found, figures, (first, last))
    return found


def improvement(
    draw: Random, found: dict[str, Any], figures: dict[str, str], levels: tuple[int, int], most: int
) -> None:
    kind, form = found["kind"], draw.choice(["share_of_gap", "gap_closed", "fixed", "fraction_of_goal"])
    block = {"form": form, "points": draw.choice(["0.5", str(most)]), "counts": draw.choice(["better_of", "bonus"])}
    if form in ("share_of_gap", "fraction_of_goal"):
        block["share"] = draw.choice(["10%", "25%", "50%"])
    if form == "fixed":
        block["by"] = draw.choice(["2%", "5%"]) if kind == "rate" else draw.choice(["0.5", "5"])
    if chance(draw, 30) and form != "gap_closed":
        block["change_rounding"] = {"digits": draw.choice(["0", "1"]), "rule": draw.choice(RULES)}
    found["improvement"] = block
    scale = 100 if kind == "rate" else 1
    worse = levels[0] + (levels[0] - levels[1]) * Fraction(draw.randint(-8, 4), 8)
    figures[f"prior_rate.{found['id']}"] = text(max(whole_cents(worse / scale * 100) / 100, Fraction(1, 100)))


def result(draw: Random, found: dict[str, Any], figures: dict[str, str], levels: tuple[int, int]) -> None:
    """A result at a level, one count off it, between the levels, or anywhere; sometimes too small to be scored."""
    id_, kind = found["id"], found["kind"]
    level = Fraction(draw.choice([levels[0], levels[1], levels[1], sum(levels) // 2]))
    if kind == "score":
        figures[f"score.{id_}"] = text(
            max(level + draw.choice([0, 0, Fraction(-1, 10), Fraction(1, 10), 3]), Fraction(0))
        )
        return
    least = int(found.get("minimum_denominator", "30"))
    below = draw.choice([0, least - 1, least, least + 1, 100, 200, 200, 400, 1000, 1000])
    at = {"rate": level / 100, "per_1000": level / 12000, "ratio": level}[kind]
    count = max(0, int(at * below) + draw.choice([-1, 0, 0, 0, 1, 2]))
    figures[f"numerator.{id_}"] = str(min(count, below) if kind == "rate" else count)
    figures[f"{'expected' if kind == 'ratio' else 'denominator'}.{id_}"] = str(below)


def quality_gate(draw: Random, block: dict[str, Any], figures: dict[str, str]) -> dict[str, Any]:
    """One or two gates of quality that are met as often as not."""
    gate: dict[str, Any] = {}
    scored = block.get("score") != "none"
    with_levels = block.get("measures", [])
    if scored and chance(draw, 60):
        gate["minimum_score"] = draw.choice(["0%", "25%", "50%", "60%", "80%"])
    if with_levels and chance(draw, 40):
        gate["minimum_thresholds_met"] = str(draw.randint(0, 2))
    with_threshold = [m for m in with_levels if "threshold" in m]
    if with_threshold and chance(draw, 20):
        gate["must_pass"] = [draw.choice(with_threshold)["id"]]
    if not gate or (scored and chance(draw, 20)):
        if scored:
            gate |= {"no_decline": "score", "tolerance": draw.choice(["0%", "2%"])}
            figures["prior_quality_score"] = draw.choice(["0", "0.5", "0.8", figures.get("quality_score", "0.6")])
        else:
            gate["minimum_thresholds_met"] = "1"
    return gate


def fee(draw: Random, figures: dict[str, str], blocks: dict[str, Any], scored: bool) -> dict[str, Any]:
    """A care coordination fee in one of its forms."""
    form = draw.choice(["pmpm", "pmpm", "pmpm", "per_member_per_year", "tiers", "by_panel_size", "share", "acts"])
    if form == "pmpm":
        block: dict[str, Any] = {"pmpm": dollars(draw, 1, 5)}
    elif form == "per_member_per_year":
        block = {"per_member_per_year": dollars(draw, 10, 60)}
    elif form == "tiers":
        block = {"tiers": [{"id": id_, "pmpm": dollars(draw, 1, 6)} for id_ in ("low", "high")]}
        figures |= {f"fee_member_months.{id_}": text(Fraction(draw.randint(0, 10**6), 4)) for id_ in ("low", "high")}
    elif form == "by_panel_size":
        block = {"by_panel_size": [{"from": "0", "pmpm": "3.25"}, {"from": "5000", "pmpm": dollars(draw, 1, 3)}]}
        figures.setdefault("panel_size", str(draw.choice([4999, 5000, 5001, 12000])))
    elif form == "share":
        block = {"share_of_amount": percent(draw, 1, 20)}
        figures["fee_base"] = dollars(draw, 1000, 10**6)
    else:
        block = {"acts": [{"id": "visit", "dollars": dollars(draw, 10, 90)}]}
        figures["acts.visit"] = str(draw.randint(0, 4000))
    if form in ("pmpm", "per_member_per_year", "by_panel_size") and chance(draw, 30):
        block["roster"] = "fee"
        figures["fee_member_months"] = text(Fraction(draw.randint(10**5, 10**6), 4))
    if scored and chance(draw, 20):
        block["quality_adjusted"] = "yes"
    measures = [m for m in blocks.get("quality", {}).get("measures", []) if "threshold" in m]
    if measures and chance(draw, 25):
        block["at_risk"] = {"share": percent(draw, 5, 50), "measures": [draw.choice(measures)["id"]]}
    return block


def benchmark(draw: Random, figures: dict[str, str]) -> dict[str, Any]:
    """A basis and what changes it."""
    forms = ["pmpm"] * 3 + [
        "given",
        "loss_ratio",
        "given_pmpm",
        "years",
        "pooled",
        "categories",
        "cells",
        "cells",
        "apart",
    ]
    form = draw.choice(forms)
    figures["member_months"] = text(Fraction(draw.randint(20_000, 200_000) * 4 + draw.choice([0, 0, 1, 2]), 4))
    if form in ("cells", "apart"):
        return cells(draw, figures, form)
    block: dict[str, Any] = {}
    if form == "pmpm":
        block["pmpm"] = dollars(draw, 200, 500)
    elif form == "given":
        figures["benchmark"] = figures["unadjusted_benchmark"] = dollars(draw, 10**6, 9 * 10**7)
        return {"given": "yes"}
    elif form == "loss_ratio":
        figures["revenue"] = dollars(draw, 10**6, 9 * 10**7)
        return {"loss_ratio": percent(draw, 80, 90)}
    elif form == "given_pmpm":
        block["given_pmpm"] = "yes"
        figures["baseline_pmpm"] = dollars(draw, 200, 500)
    elif form == "years":
        first = draw.randint(1, 60)
        block["years"] = [
            {"id": "2012", "weight": f"{first}%"}, {"id": "2013", "weight": f"{100 - first}%"},
        ]  # fmt: skip
        figures |= {f"baseline_pmpm.{year}": dollars(draw, 200, 500) for year in ("2012", "2013")}
    elif form == "pooled":
        block["pooled_years"] = ["2012", "2013"]
        pooled_years(draw, figures, ("2012", "2013"))
    else:
        categories(draw, block, figures)
    changes_of_pmpm(draw, block, figures)
    return block


def pooled_years(draw: Random, figures: dict[str, str], keys: tuple[str, ...]) -> None:
    figures |= {f"baseline_expenditure.{key}": dollars(draw, 10**7, 3 * 10**7) for key in keys}
    figures |= {f"baseline_member_months.{year}": str(draw.randint(50_000, 90_000)) for year in ("2012", "2013")}


def categories(draw: Random, block: dict[str, Any], figures: dict[str, str]) -> None:
    pooled = chance(draw, 40)
    rows = [{"id": id_, "trend": text(Fraction(draw.randint(950, 1100), 1000))} for id_ in ("inpatient", "other")]
    if pooled:
        block["pooled_years"] = ["2012", "2013"]
        pooled_years(
            draw, figures, tuple(f"{id_}-{year}" for id_ in ("inpatient", "other") for year in ("2012", "2013"))
        )
    else:
        rows = [row | {"pmpm": dollars(draw, 100, 250)} for row in rows]
    block["categories"] = rows


def cells(draw: Random, figures: dict[str, str], form: str) -> dict[str, Any]:
    rows = []
    for id_ in ("acp", "azcc"):
        rows.append({"id": id_, "pmpm": dollars(draw, 200, 500)})
        figures[f"member_months.{id_}"] = str(draw.randint(20_000, 90_000))
    figures["member_months"] = str(sum(int(figures[f"member_months.{row['id']}"]) for row in rows))
    return {"cells": rows, "pooling": "together" if form == "cells" else "apart"}


def changes_of_pmpm(draw: Random, block: dict[str, Any], figures: dict[str, str]) -> None:
    if "categories" not in block and chance(draw, 50):
        if chance(draw, 50):
            block["trend"] = text(Fraction(draw.randint(980, 1060), 1000))
        else:
            block["trend_given"] = "yes"
            figures["market_trend"] = draw.choice(["0.97", "0.98", "1.025135", "1.05", "1.06"])
        if chance(draw, 50):
            block |= {"lowest_trend": "0.98", "highest_trend": "1.05"}
    if chance(draw, 15):
        block |= {"own_weight": percent(draw, 30, 70), "regional_pmpm": dollars(draw, 200, 500)}
    if chance(draw, 15):
        block["prior_savings_adjustment"] = "yes"
        figures["prior_savings_pmpm"] = dollars(draw, 0, 9)
    if chance(draw, 15):
        block["discount"] = percent(draw, 1, 3)


def cost(draw: Random, figures: dict[str, str], has_fee: bool) -> dict[str, Any]:
    """The steps from reported dollars; the reported dollars themselves are drawn last, from what is aimed at."""
    block: dict[str, Any] = {"basis": draw.choice(["allowed", "paid"])}
    if chance(draw, 35):
        form = draw.choice(["truncate", "exclude", "pool"])
        large = {"form": form, "point": "125000"}
        if form == "pool":
            large |= {"pooled_share": "80%", "charge_pmpm": dollars(draw, 1, 25)}
        block["large_claims"] = large
        name = "large_claims_excluded" if form == "exclude" else "large_claims_excess"
        figures[name] = dollars(draw, 0, 400_000)
    if chance(draw, 35):
        convention = draw.choice(["percent_complete", "multiplier"])
        factor = {"percent_complete": ["0.96", "0.9915", "0.8"], "multiplier": ["1.04", "1.0085", "1.25"]}[convention]
        block["completion"] = {"convention": convention, "factor": draw.choice(factor)}
    elif chance(draw, 40):
        block["late_claims"] = draw.choice(["ignored", "next_period_gross", "next_period_net_of_accrued"])
        if block["late_claims"] != "ignored":
            figures["late_claims"] = dollars(draw, 0, 90_000)
    if chance(draw, 20):
        block["administrative_share"] = draw.choice(["2%", "5%", "20%"])
    if has_fee and chance(draw, 25):
        block["coordination_fees"] = draw.choice(["counted_in", "left_out"])
    if chance(draw, 30):
        block["categories"] = [{"id": "medical"}, {"id": "pharmacy"}]
        if chance(draw, 50):
            block["categories"][0]["benefit_factor"] = "1.125"
    return block


def adjustments(draw: Random, figures: dict[str, str]) -> dict[str, Any]:
    items = []
    for id_ in draw.sample(["rebates", "reinsurance", "recoveries"], draw.randint(1, 2)):
        item: dict[str, Any] = {"id": id_, "side": draw.choice(["expenditure", "benchmark"])}
        form = draw.choice(["dollars", "pmpm", "given"])
        item[form] = {"dollars": f"-{dollars(draw, 0, 50_000)}", "pmpm": dollars(draw, 0, 3), "given": "yes"}[form]
        if form == "given":
            figures[f"adjustment.{id_}"] = f"-{dollars(draw, 0, 50_000)}"
        items.append(item)
    return {"items": items}


def gate(draw: Random, figures: dict[str, str], two_sided: bool) -> dict[str, Any]:
    block: dict[str, Any] = {
        "form": draw.choice(["cliff", "cliff", "deductible"]),
        "comparison": draw.choice(["at_least", "more_than"]),
    }
    if chance(draw, 30):
        rows = [{"at": "5000", "rate": "3.9%"}, {"at": "6000", "rate": "3.6%"}, {"at": "10000", "rate": "3%"}]
        block |= {
            "minimum_savings_rates_by_size": rows,
            "between_sizes": draw.choice(["interpolated", "row_below"]),
        }
        figures.setdefault("panel_size", str(draw.choice([5000, 5001, 5999, 6000, 6001, 8000, 10000, 20000])))
        if int(figures["panel_size"]) < 5000:
            block["between_sizes"] = "interpolated"
    else:
        block["minimum_savings_rate"] = draw.choice(["0%", "1%", "2%", "2%", "2.5%", "3.9%"])
    if two_sided:
        losses = draw.choice(["same_as_savings", "from_the_first_dollar", "own"])
        block |= {"minimum_loss_rate": "1.5%"} if losses == "own" else {"losses": losses}
    return block


def share(draw: Random, blocks: dict[str, Any]) -> dict[str, Any]:
    forms = ["sharing_rate"] * 3 + ["bands"]
    quality_block = blocks.get("quality")
    if quality_block and quality_block["score"] != "given":
        forms.append("by_thresholds_met")
    if quality_block and quality_block["score"] != "none":
        forms.append("by_quality_score")
    form = draw.choice(forms)
    if form == "sharing_rate":
        return {"sharing_rate": draw.choice(["50%", "50%", "40%", "30%", "62.5%", "100%"])}
    if form == "bands":
        bounds, shares = draw.choice(
            [(("0%", "2%", "5%"), ("0%", "50%", "30%")), (("0%", "3%"), ("40%", "60%")), (("0%",), ("50%",))]
        )
        return {"bands": [{"above": at, "share": part} for at, part in zip(bounds, shares, strict=True)]}
    bounds = ["0", "1", "3"] if form == "by_thresholds_met" else ["0%", "50%", "80%"]
    return {form: ladder(draw, bounds, 20, 60, "share")}


def savings_blocks(draw: Random, blocks: dict[str, Any], figures: dict[str, str], two_sided: bool) -> None:
    """Caps, limits, effects and offsets of a shared savings contract."""
    if chance(draw, 85):
        blocks["gate"] = gate(draw, figures, two_sided)
    blocks["share"] = share(draw, blocks)
    if two_sided:
        blocks["loss_share"] = loss_share(draw, blocks)
        if chance(draw, 60):
            limits = {"of_benchmark": draw.choice(["1%", "1.25%", "5%"]), "of_revenue": draw.choice(["1%", "8%"])}
            kept = draw.choice([("of_benchmark",), ("of_revenue",), ("of_benchmark", "of_revenue")])
            blocks["loss_limit"] = {name: limits[name] for name in kept}
            if "of_revenue" in kept:
                figures.setdefault("revenue", dollars(draw, 10**6, 5 * 10**7))
        if chance(draw, 30):
            blocks["disaster"] = {"relieved_share_of_losses": draw.choice(["0%", "10%", "25%"])}
            figures["disaster_adjustment"] = draw.choice(["0", "0.01", dollars(draw, 0, 50_000)])
    if chance(draw, 25):
        blocks["cap_gross"] = {"of_benchmark": draw.choice(["2.5%", "4%", "5%"])}
    if chance(draw, 65):
        form = draw.choice(["of_benchmark", "of_benchmark", "of_gross_savings", "pmpm", "dollars", "dollars"])
        whole = blocks["benchmark"].get("pooling") != "apart" and chance(draw, 50)
        low = {
            "of_benchmark": "1%", "of_gross_savings": "25%", "pmpm": dollars(draw, 2, 6),
            "dollars": "150000.50" if whole else "150000.005",
        }  # fmt: skip
        blocks["cap_payment"] = {form: low[form]}
    if chance(draw, 25):
        blocks["final_multiplier"] = {"savings": draw.choice(["98%", "90%"])}
        if two_sided and chance(draw, 50):
            blocks["final_multiplier"]["losses"] = "98%"
    if not two_sided and chance(draw, 8):
        blocks["floor"] = {"dollars": "1000.00"}
    counted_in = blocks.get("expenditure", {}).get("coordination_fees") == "counted_in"
    if not counted_in and chance(draw, 15):
        apart = blocks["benchmark"].get("pooling") == "apart"
        own = "care_coordination_fee" in blocks and not apart and chance(draw, 50)
        blocks["fee_offset"] = {"fees": "of_this_contract" if own else "given"}
        if not own:
            figures["coordination_fees_paid"] = dollars(draw, 0, 50_000)
    if chance(draw, 15):
        blocks["prior_deficit"] = {"years": "3", "carry_forward": "no"}
        figures["prior_deficit"] = dollars(draw, 0, 90_000)


def loss_share(draw: Random, blocks: dict[str, Any]) -> dict[str, Any]:
    form = draw.choice(["sharing_rate", "bounds", "bands"])
    if form == "bands":
        rows = [("0%", "0%"), ("2%", "50%"), ("5%", "30%")]
        return {"bands": [{"above": at, "share": part} for at, part in rows]}
    if form == "bounds" and "bands" not in blocks["share"] and "quality" not in blocks:
        return {"lowest": "40%", "highest": "75%"}
    return {"sharing_rate": draw.choice(["30%", "50%", "100%"])}


def quality_effect(draw: Random, blocks: dict[str, Any]) -> dict[str, Any] | None:
    if blocks.get("quality", {}).get("score", "none") == "none":
        return None
    form = draw.choice(["multiplier", "multiplier", "ladder", "split_shift", "none"])
    if form == "multiplier":
        return {"form": form}
    if form == "ladder":
        return {"form": form, "ladder": ladder(draw, ["0%", "50%", "80%"], 30, 100, "share")}
    flat = "sharing_rate" in blocks["share"]
    losses = blocks.get("loss_share", {"sharing_rate": "50%"})
    if form == "split_shift" and flat and "sharing_rate" in losses:
        rows = [("0%", "-10%"), ("50%", "0%"), ("80%", "10%")]
        return {"form": form, "shifts": [{"from": at, "shift": shift} for at, shift in rows]}
    return None


def order_of(draw: Random, blocks: dict[str, Any]) -> dict[str, Any]:
    """The base, moves that place what has no place, now and then another move, and a word on every silent pair."""
    moves: list[dict[str, str]] = []
    for step in ("fee_offset", "prior_deficit"):
        if step in blocks and "share" in blocks:
            side, anchor = draw.choice([("after", "gate"), ("before", "share"), ("after", "share"), ("before", "gate")])
            moves.append({"step": step, side: anchor} | CLAUSE)
    if "cap_payment" in blocks and "final_multiplier" in blocks and chance(draw, 50):
        moves.append({"step": "cap_payment", "after": "final_multiplier"} | CLAUSE)
    moved = {move["step"] for move in moves}
    pairs = [
        {"pair": list(pair)} | CLAUSE for pair in (*DEPENDENT, ("share", "quality")) if not set(pair) & moved
    ]  # fmt: skip
    return {"base": "standard/1", "moves": moves, "confirms": pairs}


# ---- whole contracts


def drawn_contract(draw: Random) -> Drawn:
    """A contract of any form with figures aimed at what decides it."""
    form = draw.choice(FORMS)
    figures: dict[str, str] = {}
    blocks: dict[str, Any] = {}
    if form == "pay_for_performance" or chance(draw, 70):
        blocks["quality"] = quality(draw, figures, form == "pay_for_performance" or chance(draw, 85))
    scored = blocks.get("quality", {}).get("score", "none") != "none"
    if form == "fee_reset":
        return fee_reset(draw, blocks, figures)
    if chance(draw, 45):
        blocks["care_coordination_fee"] = fee(draw, figures, blocks, scored)
    if form == "pay_for_performance":
        return pay_for_performance(draw, blocks, figures)
    blocks["benchmark"] = benchmark(draw, figures)
    apart = blocks["benchmark"].get("pooling") == "apart"
    plain = "cells" not in blocks["benchmark"]
    if plain and chance(draw, 40):
        blocks["expenditure"] = cost(draw, figures, "care_coordination_fee" in blocks)
        if chance(draw, 30):
            blocks["adjustments"] = adjustments(draw, figures)
    dollars_given = {"given", "loss_ratio"} & blocks["benchmark"].keys()
    if plain and not dollars_given and chance(draw, 25):
        on = "expenditure" if "expenditure" in blocks and chance(draw, 50) else "benchmark"
        blocks["risk"] = {"on": on} | ({"lowest": "0.97", "highest": "1.03"} if chance(draw, 60) else {})
        figures["risk_ratio"] = draw.choice(["0.95", "0.969999", "0.97", "1", "1.012", "1.03", "1.030001", "1.1"])
    savings_blocks(draw, blocks, figures, form == "two_sided")
    if chance(draw, 10) and not apart:
        blocks["member_months"] = {"smallest_panel": "5000", "below": "no_reward"}
        figures.setdefault("panel_size", str(draw.choice([4999, 5000, 5001, 9000])))
    if "quality" in blocks and chance(draw, 40):
        blocks["quality_gate"] = quality_gate(draw, blocks["quality"], figures)
    if effect := quality_effect(draw, blocks):
        blocks["quality_effect"] = effect
    if chance(draw, 40):
        figures["paid"] = dollars(draw, 0, 90_000)
    if chance(draw, 20):
        blocks["distribution"] = distribution(draw, figures, "earned")
    if chance(draw, 15):
        blocks["funders"] = {"items": [{"id": "insured", "share": "60.5%"}, {"id": "employer", "share": "39.5%"}]}
    unused(blocks, figures)
    if apart:
        of_parts(figures)
    blocks["rounding"] = roundings(draw, blocks)
    drawn = Drawn(blocks, order_of(draw, blocks), figures)
    return aimed(draw, drawn, form == "two_sided")


def of_parts(figures: dict[str, str]) -> None:
    """Dollars of each part, where the parts are settled on their own."""
    for name in ("revenue", "disaster_adjustment", "coordination_fees_paid", "prior_deficit"):
        if name in figures:
            figures |= {f"{name}.{id_}": figures[name] for id_ in ("acp", "azcc")}


def unused(blocks: dict[str, Any], figures: dict[str, str]) -> None:
    """Figures that no term takes are not given."""
    takes_size = (
        "member_months" in blocks
        or "minimum_savings_rates_by_size" in blocks.get("gate", {})
        or "by_panel_size" in blocks.get("care_coordination_fee", {})
    )
    if not takes_size:
        figures.pop("panel_size", None)


def roundings(draw: Random, blocks: dict[str, Any]) -> dict[str, Any]:
    names = {
        "earned": "share", "care_coordination_fee": "care_coordination_fee",
        "quality_incentive": "pay_for_performance", "next_care_coordination_fee": "fee_reset",
        "withhold_returned": "withhold",
    }  # fmt: skip
    found = {line: rounding(draw) for line, block in names.items() if block in blocks}
    found["net_payment"] = {"places": "2", "rule": "half_up"}
    if blocks.get("fee_reset", {}).get("known_late") == "yes":
        found["fee_reset_true_up"] = rounding(draw)
    return found


def distribution(draw: Random, figures: dict[str, str], of: str) -> dict[str, Any]:
    by = draw.choice(["percent", "member_months", "quality", "contribution"])
    ids = draw.sample(["north", "south", "west"], draw.randint(2, 3))
    people: list[dict[str, str]] = [{"id": id_} for id_ in ids]
    if by == "percent":
        for row, part in zip(people, ["33.3%", "66.7%"] if len(ids) == 2 else ["33.3%", "33.3%", "33.4%"], strict=True):
            row["share"] = part
    else:
        figures |= {f"participant_{by}.{id_}": text(Fraction(draw.randint(1, 900), 1000)) for id_ in ids}
    return {"of": of, "by": by, "remainder": "largest_remainder", "participants": people}


def pay_for_performance(draw: Random, blocks: dict[str, Any], figures: dict[str, str]) -> Drawn:
    figures["member_months"] = text(Fraction(draw.randint(20_000, 200_000) * 4 + draw.choice([0, 1, 2]), 4))
    block: dict[str, Any] = {}
    measures = blocks["quality"].get("measures", [])
    form = draw.choice(["pool", "pool", "tiers", "measures", "gaps", "count"])
    if form == "measures" and measures:
        for each in measures:
            if "improvement" in each:
                each["improvement"]["counts"] = "better_of"
        kinds = [{"dollars": "40000.00"}, {"pmpm": "0.25"}]
        block["measures"] = [{"measure": m["id"]} | draw.choice(kinds) for m in measures]
    elif form == "tiers":
        rows = [("0%", "0"), ("50%", "0.75"), ("80%", "1.255")]
        block["tiers"] = [{"from": at, "pmpm": pmpm} for at, pmpm in rows]
    elif form == "gaps":
        block["gaps"] = [{"id": "1", "dollars": "20.00"}, {"id": "5plus", "dollars": "300.00"}]
        figures |= {"gaps_closed.1": str(draw.randint(0, 900)), "gaps_closed.5plus": str(draw.randint(0, 90))}
        block["acts"] = [{"id": "visit14", "dollars": "35.00"}]
        figures["acts.visit14"] = str(draw.randint(0, 900))
    else:
        given_pool = chance(draw, 40)
        block |= {"pool_given": "yes"} if given_pool else {"pool_pmpm": dollars(draw, 1, 3)}
        if given_pool:
            figures["quality_pool"] = dollars(draw, 10_000, 400_000)
        block["left_over"] = "stays_with_payer"
        if form == "count" and any("threshold" in each for each in measures):
            block["by_measures_met"] = ladder(draw, ["0", "1", "3"], 0, 100, "share")
    blocks["pay_for_performance"] = block
    if chance(draw, 25):
        blocks["quality_gate"] = quality_gate(draw, blocks["quality"], figures)
    if chance(draw, 25):
        blocks["withhold"] = {"given": "yes", "returned": draw.choice(["by_quality_score", "if_gates_are_met"])}
        if blocks["withhold"]["returned"] == "if_gates_are_met":
            blocks.setdefault("quality_gate", quality_gate(draw, blocks["quality"], figures))
        if chance(draw, 50):
            blocks["withhold"]["interest"] = "1.5%"
        figures["withheld"] = dollars(draw, 1000, 90_000)
    if chance(draw, 20):
        blocks["distribution"] = distribution(draw, figures, "quality_incentive")
    blocks["rounding"] = roundings(draw, blocks)
    return Drawn(blocks, order_of(draw, blocks), figures, "quality")


def fee_reset(draw: Random, blocks: dict[str, Any], figures: dict[str, str]) -> Drawn:
    blocks["care_coordination_fee"] = {"pmpm": dollars(draw, 1, 3)}
    reset: dict[str, Any] = {
        "share": draw.choice(["50%", "25%", "33.5%"]),
        "base": "current_fee",
        "cost_increase": draw.choice(["lowers_the_fee", "leaves_the_fee"]),
    }
    if chance(draw, 60):
        reset |= {"floor": "1.50", "ceiling": "5.00"}
    if chance(draw, 50):
        reset["known_late"] = "yes"
        figures["fee_reset_member_months"] = str(draw.randint(1000, 90_000))
    blocks["fee_reset"] = reset
    blocks["benchmark"] = {"pmpm": dollars(draw, 300, 450), "trend": "1.0240"}
    months = draw.randint(20_000, 90_000)
    figures["member_months"] = str(months)
    against = Fraction(blocks["benchmark"]["pmpm"]) * Fraction("1.024")
    decrease = Fraction(2 * draw.randint(-100, 500) + 1, 100) + draw.choice([Fraction(0)] * 3 + [Fraction(1, 1000)])
    figures["expenditure"] = text((against - decrease) * months)
    if "quality" in blocks and chance(draw, 60):
        blocks["quality_gate"] = quality_gate(draw, blocks["quality"], figures)
    blocks["rounding"] = roundings(draw, blocks)
    if chance(draw, 60):
        blocks["rounding"]["next_care_coordination_fee"]["places"] = "2"
    return Drawn(blocks, order_of(draw, blocks), figures, "fee")


# ---- figures aimed at what decides them


def with_expenditure(drawn: Drawn, spent: Fraction) -> Drawn:
    """The figures that give this expenditure, as nearly as decimals can; exactly where no step changes it."""
    terms = drawn.terms
    if "expenditure" in terms:
        return drawn.given(**reported(drawn, spent))
    rows = terms["benchmark"].get("cells")
    if rows is None:
        return drawn.given(expenditure=text(spent))
    months = {row["id"]: Fraction(row["pmpm"]) * Fraction(drawn.figures[f"member_months.{row['id']}"]) for row in rows}
    first, second = months
    part = whole_cents(spent * months[first] / sum(months.values()))
    return drawn.given(**{f"expenditure.{first}": text(part), f"expenditure.{second}": text(spent - part)})


def reported(drawn: Drawn, spent: Fraction) -> dict[str, str]:
    names = [
        f"reported_expenditure.{row['id']}" for row in drawn.terms["expenditure"].get("categories", [])
    ] or ["reported_expenditure"]  # fmt: skip

    def found(dollars_of_all: Fraction) -> Fraction:
        parts = {name: text(dollars_of_all if name == names[0] else Fraction(0)) for name in names}
        amount = drawn.given(**parts).reference()[0]["expenditure"]
        assert amount is not None
        return amount

    at_zero, slope = found(Fraction(0)), found(Fraction(1)) - found(Fraction(0))
    wanted = (spent - at_zero) / slope
    kept = wanted if is_decimal(wanted) else whole_cents(wanted)
    kept = max(kept, Fraction(0))
    found_parts = {name: text(kept if name == names[0] else Fraction(0)) for name in names}
    return found_parts | {"expenditure": text(kept)}


def earned_at(drawn: Drawn, spent: Fraction) -> Fraction:
    settled = with_expenditure(drawn, spent)
    return settled.reference()[1].get("earned", Fraction(0))


def aimed(draw: Random, drawn: Drawn, two_sided: bool) -> Drawn:
    """An expenditure at the gate or a cent off it, one that pays half a cent, or anything from a loss to large savings."""
    against = with_expenditure(drawn, Fraction(0)).reference()[0]["benchmark"]
    assert against is not None
    aim = draw.choice(["gate", "gate", *["tie"] * 5, "far", "far", "far", "far", "loss" if two_sided else "tie", "any"])
    at_gate = gate_of(drawn) * against
    if aim == "gate":
        sign = draw.choice([1, 1, -1]) if two_sided else 1
        spent = against - sign * at_gate + draw.choice([CENT, Fraction(0), Fraction(0), -CENT, CENT, at_gate / 2])
    elif aim == "tie":
        beyond = [Fraction(draw.randint(low, 2 * low), 1000) for low in (2, 5, 10, 20, 40)]
        tries = [tie_near(drawn, against - at_gate - against * part) for part in beyond]
        spent = next((found for found in tries if found is not None), against - at_gate - against * beyond[0])
    elif aim == "far":
        spent = against - against * Fraction(draw.randint(60, 160), 1000)
    elif aim == "loss":
        spent = against + against * Fraction(draw.randint(1, 100), 1000)
    else:
        spent = against - against * Fraction(draw.randint(-30, 60), 1000)
    spent = max(spent if is_decimal(spent) else whole_cents(spent), Fraction(0))
    return replace(with_expenditure(drawn, spent), aim=aim)


def gate_of(drawn: Drawn) -> Fraction:
    terms = drawn.terms.get("gate", {})
    if "minimum_savings_rate" in terms:
        return reference.number(terms["minimum_savings_rate"])
    return Fraction(3, 100) if terms else Fraction(0)


def tie_near(drawn: Drawn, spent: Fraction) -> Fraction | None:
    """An expenditure near the given one that earns exactly half a unit of the last place, where a decimal does."""
    if drawn.terms["benchmark"].get("pooling") == "apart":
        return None
    spent = whole_cents(spent)
    unit = Fraction(1, 10 ** int(drawn.terms["rounding"]["earned"]["places"]))
    here = earned_at(drawn, spent)
    slope = here - earned_at(drawn, spent + 1)
    if slope <= 0:
        return None
    half = (here // unit) * unit + unit / 2
    for more in range(80):
        at = spent - (half - more * unit - here) / slope
        if is_decimal(at) and earned_at(drawn, at) == half - more * unit:
            return at
    return None


def drawn_sample(count: int, seed: int) -> list[Drawn]:
    """A fixed sample."""
    draw = Random(seed)
    return [drawn_contract(draw) for _ in range(count)]
