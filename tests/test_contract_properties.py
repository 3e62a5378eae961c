"""What must hold of every pay-for-value contract: bounds, monotone, to scale, cents that add up, and time.

Known exceptions: better quality may lower a reward where a measure crosses its minimum denominator, so that denominators
stand still here; a higher benchmark may raise what is owed where the loss limit is a share of it, so that rewards are
compared; dollars to scale leave out contracts with fixed amounts.
"""

import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contract_generators import (
    Drawn,
    Lines,
    drawn_sample,
    figures_of,
    lines_of,
    program_of,
    sheet_of,
)
from generators import text
from p4v.asked import figures_asked
from p4v.batch import settle_table
from p4v.settlement import digest_of, worksheet
from reference.contracts import number
from support import exact, p4v, value

CONTRACTS = max(int(os.environ.get("P4V_EXAMPLES", "300")) // 4, 1)
CENT = Fraction(1, 100)
REWARDS = ("earned", "quality_incentive", "next_care_coordination_fee")
MONTHS = ("member_months", "fee_member_months")


@cache
def sample() -> tuple[Drawn, ...]:
    return tuple(drawn_sample(CONTRACTS, seed=2029))


def having(*blocks: str) -> list[Drawn]:
    return [drawn for drawn in sample() if set(blocks) <= drawn.terms.keys()]


def one_sided(drawn: Drawn) -> bool:
    return "share" in drawn.terms and "loss_share" not in drawn.terms


def apart(drawn: Drawn) -> bool:
    return drawn.terms.get("benchmark", {}).get("pooling") == "apart"


def reward(lines: Lines, name: str = "earned") -> Fraction:
    """What is paid before it is rounded; what is owed counts as nothing."""
    return max(exact(lines, name), Fraction(0))


def rewards(lines: Lines) -> dict[str, Fraction]:
    return {name: exact(lines, name) for name in REWARDS if name in lines}


def pairs(
    contracts: list[Drawn], change: Callable[[Drawn], Drawn | None], folder: Path
) -> Iterator[tuple[Drawn, Lines, Lines]]:
    """Each contract settled as it is, and with the change; those that it does not apply to are left out."""
    compared = 0
    for drawn in contracts:
        other = change(drawn)
        if other is not None:
            compared += 1
            yield drawn, lines_of(drawn, folder), lines_of(other, folder)
    assert compared >= max(len(contracts) // 10, 1)


def figures_changed(drawn: Drawn, change: Callable[[str, Fraction], Fraction | None]) -> Drawn | None:
    """The figures as a function changes them; None where it changes none."""
    changed = {name: change(name, Fraction(written)) for name, written in drawn.figures.items()}
    new = {name: text(amount) for name, amount in changed.items() if amount is not None}
    return drawn.given(**new) if new else None


def stem(name: str) -> str:
    return name.partition(".")[0]


# Exactness.


def permuted(drawn: Drawn, draw: Random) -> Drawn:
    """The same with its blocks, terms, lists of named things and figures in another order."""

    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: shuffled(node[key]) for key in draw.sample(list(node), len(node))}
        if isinstance(node, list) and node and isinstance(node[0], dict) and ("id" in node[0] or "measure" in node[0]):
            return [shuffled(item) for item in draw.sample(node, len(node))]
        return [shuffled(item) for item in node] if isinstance(node, list) else node

    return replace(drawn, terms=shuffled(drawn.terms), figures=shuffled(drawn.figures))


def test_permuted_measures_parts_participants_and_blocks_change_nothing(tmp_path: Path) -> None:
    draw = Random(2)
    for drawn, lines, other in pairs(list(sample()), lambda drawn: permuted(drawn, draw), tmp_path):
        assert {name: (line["value"], line["exact"], line["state"]) for name, line in lines.items()} == {
            name: (line["value"], line["exact"], line["state"]) for name, line in other.items()
        }, drawn


def write_binding(drawn: Drawn, names: list[str], folder: Path) -> Path:
    """A binding of the contract to a table whose columns are its figures."""
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "tables").mkdir(exist_ok=True)
    program = program_of(drawn.document(), folder / "contracts")
    assert program.contract is not None
    asked = figures_asked(program, program.contract.first_period())
    binding = {
        "keys": ["year", "group"],
        "group": {"id": "group"},
        "period": {"year": "year"},
        "contract": "drawn",
        "figures": {name: {"column": name, "unit": str(asked[name].unit)} for name in names if name in asked},
        "ignore": [name for name in names if name not in asked],
    }
    path = folder / "tables" / "drawn.yaml"
    path.write_text(json.dumps(binding), encoding="utf-8")
    return path


def test_a_group_settled_alone_is_the_group_in_a_table(tmp_path: Path) -> None:
    def digests(binding: Path, rows: list[str], names: list[str]) -> dict[str, str]:
        table = tmp_path / "table.csv"
        table.write_text("\n".join([",".join(["year", "group", *names]), *rows]) + "\n", encoding="utf-8")
        settled = settle_table(binding, table, []).rows
        return {row.settlement.group: digest_of(row.settlement.content()) for row in settled}

    for drawn in sample()[:12]:
        names = list(drawn.figures)
        binding = write_binding(drawn, names, tmp_path)
        cells = [drawn.figures[name] for name in names]
        rows = [",".join(["2014", f"g{number}", *cells]) for number in range(4)]
        together = digests(binding, rows, names)
        assert len(together) == 4
        assert len(set(together.values())) == 4
        for row, group in zip(rows, together, strict=True):
            assert digests(binding, [row], names) == {group: together[group]}


# Bounds.


def test_a_one_sided_reward_is_never_owed(tmp_path: Path) -> None:
    for drawn in filter(one_sided, having("share")):
        assert value(lines_of(drawn, tmp_path), "earned") >= 0, drawn
    for drawn in having("pay_for_performance"):
        assert value(lines_of(drawn, tmp_path), "quality_incentive") >= 0, drawn


def test_rewards_and_losses_stay_within_their_bounds(tmp_path: Path) -> None:
    for drawn in having("share"):
        if apart(drawn) or "floor" in drawn.terms:
            continue
        lines, terms = lines_of(drawn, tmp_path), drawn.terms
        benchmark, gross = exact(lines, "benchmark"), exact(lines, "gross_savings")
        cap = terms.get("cap_payment", {})
        of = {
            "of_benchmark": benchmark, "of_gross_savings": max(gross, Fraction(0)),
            "pmpm": number(drawn.figures["member_months"]), "dollars": Fraction(1),
        }  # fmt: skip
        for form, written in cap.items():
            assert reward(lines) <= number(written) * of[form], drawn
        assert reward(lines) <= highest_share(terms) * max(gross, Fraction(0)), drawn
        owed = max(-exact(lines, "earned"), Fraction(0))
        for form, against in (("of_benchmark", benchmark), ("of_revenue", number(drawn.figures.get("revenue", "0")))):
            if form in terms.get("loss_limit", {}):
                assert owed <= number(terms["loss_limit"][form]) * against, drawn


def highest_share(terms: Mapping[str, Any]) -> Fraction:
    """The most of a dollar saved that the contract can pay."""
    share = terms["share"]
    rows = [number(row["share"]) for name in share for row in share[name] if isinstance(share[name], list)]
    shifts = [number(row["shift"]) for row in terms.get("quality_effect", {}).get("shifts", [])]
    return max([*rows, number(share.get("sharing_rate", "0"))]) + max([*shifts, Fraction(0)])


def test_no_savings_or_a_failed_gate_pay_nothing(tmp_path: Path) -> None:
    stopped = 0
    for drawn in having("share"):
        if apart(drawn) or "floor" in drawn.terms:
            continue
        lines = lines_of(drawn, tmp_path)
        failed = [name for name in lines if name.startswith("gate_met.") and lines[name]["exact"] == "0"]
        if failed or exact(lines, "gross_savings") <= 0:
            assert reward(lines) == 0, (failed, drawn)
            stopped += 1
    assert stopped >= CONTRACTS // 10


def at_the_gate(drawn: Drawn, off: Fraction) -> Drawn:
    """Savings of exactly the minimum rate, or off it."""
    benchmark = drawn.reference()[0]["benchmark"]
    assert benchmark is not None
    least = number(drawn.terms["gate"]["minimum_savings_rate"]) * benchmark
    return drawn.given(expenditure=text(benchmark - least - off))


def test_at_the_minimum_rate_savings_count_as_written(tmp_path: Path) -> None:
    plain = [
        drawn
        for drawn in having("gate")
        if "minimum_savings_rate" in drawn.terms["gate"]
        and not {"expenditure", "adjustments", "risk", "fee_offset", "prior_deficit"} & drawn.terms.keys()
        and not drawn.terms["benchmark"].keys() & {"cells", "pooled_years"}
    ]
    assert len(plain) >= CONTRACTS // 20
    for drawn in plain:
        gate = drawn.terms["gate"]
        for off, counts in ((-CENT, False), (Fraction(0), gate["comparison"] == "at_least"), (CENT, True)):
            lines = lines_of(at_the_gate(drawn, off), tmp_path)
            gross = exact(lines, "gross_savings")
            least = number(gate["minimum_savings_rate"]) * exact(lines, "benchmark")
            counted = gross - least if gate["form"] == "deductible" else gross
            assert exact(lines, "generated_savings") == (counted if counts and gross > 0 else 0), (off, drawn)


def test_no_member_months_no_fee_and_no_reward(tmp_path: Path) -> None:
    seen = 0
    for drawn in sample():
        basis = drawn.terms.get("benchmark", {}).keys()
        fee = drawn.terms.get("care_coordination_fee", {}).keys()
        fixed = {"floor", "expenditure", "adjustments", "fee_reset"} & drawn.terms.keys()
        if fixed or basis & {"given", "loss_ratio"} or "pay_for_performance" in drawn.terms:
            continue
        none = {
            name: "0" for name in drawn.figures
            if stem(name) in (*MONTHS, "expenditure", "baseline_member_months", "baseline_expenditure")
        }  # fmt: skip
        lines = lines_of(drawn.given(**none), tmp_path)
        if "earned" in lines:
            assert reward(lines) == 0, drawn
            seen += 1
        if fee & {"pmpm", "per_member_per_year", "tiers", "by_panel_size"}:
            assert value(lines, "care_coordination_fee") == 0, drawn
    assert seen >= CONTRACTS // 8


# Monotone.


@pytest.mark.parametrize("more", [CENT, Fraction(1000), Fraction(10**7)])
def test_more_cost_never_raises_a_reward(more: Fraction, tmp_path: Path) -> None:
    def dearer(drawn: Drawn) -> Drawn | None:
        first = sorted(name for name in drawn.figures if stem(name) in ("expenditure", "reported_expenditure"))
        return figures_changed(drawn, lambda name, amount: amount + more if name in first else None)

    for drawn, lines, other in pairs(having("benchmark"), dearer, tmp_path):
        for name, before in rewards(lines).items():
            assert exact(other, name) <= before, (name, drawn)


def better_results(drawn: Drawn) -> Drawn | None:
    """One more of whatever is better, one less of whatever is worse; denominators as they are."""
    figures: dict[str, str] = {}
    for measure in drawn.terms.get("quality", {}).get("measures", []):
        sign = 1 if measure["better"] == "higher" else -1
        name = f"{'score' if measure['kind'] == 'score' else 'numerator'}.{measure['id']}"
        amount = max(Fraction(drawn.figures[name]) + sign, Fraction(0))
        if measure["kind"] == "rate":
            amount = min(amount, Fraction(drawn.figures[f"denominator.{measure['id']}"]))
        figures[name] = text(amount)
    if "quality_score" in drawn.figures and drawn.terms["quality"]["score"] == "given":
        figures["quality_score"] = text(min(Fraction(drawn.figures["quality_score"]) + Fraction(1, 100), Fraction(1)))
    return drawn.given(**figures) if figures else None


def test_better_quality_never_lowers_a_reward(tmp_path: Path) -> None:
    plain = [
        drawn
        for drawn in having("quality")
        if not drawn.terms.get("care_coordination_fee", {}).keys() & {"quality_adjusted", "at_risk"}
    ]
    higher = 0
    for drawn, lines, other in pairs(plain, better_results, tmp_path):
        for name, before in rewards(lines).items():
            assert exact(other, name) >= before, (name, drawn)
            higher += exact(other, name) > before
    assert higher >= 3


AGAINST = (
    "benchmark",
    "unadjusted_benchmark",
    "revenue",
    "baseline_pmpm",
    "market_trend",
    "prior_savings_pmpm",
    "risk_ratio",
)


def test_a_higher_benchmark_trend_or_risk_never_lowers_a_reward(tmp_path: Path) -> None:
    def higher(drawn: Drawn) -> Drawn | None:
        return figures_changed(
            drawn, lambda name, amount: amount * Fraction(103, 100) if stem(name) in AGAINST else None
        )

    for drawn, lines, other in pairs(having("benchmark"), higher, tmp_path):
        for name in rewards(lines):
            assert reward(other, name) >= reward(lines, name), (name, drawn)


def times(written: str, factor: Fraction) -> str:
    sign = "%" if written.endswith("%") else ""
    amount = Fraction(written.rstrip("%")) * factor
    return text(amount if (amount * 10**6).denominator == 1 else Fraction(round(amount * 10**6), 10**6)) + sign


@pytest.mark.parametrize("block", ["cap_payment", "cap_gross"])
def test_a_lower_cap_never_pays_more(block: str, tmp_path: Path) -> None:
    def lower(drawn: Drawn) -> Drawn | None:
        return drawn.under(**{block: {name: times(cap, Fraction(4, 5)) for name, cap in drawn.terms[block].items()}})

    less = 0
    for drawn, lines, other in pairs(having(block), lower, tmp_path):
        assert reward(other) <= reward(lines), drawn
        less += reward(other) < reward(lines)
    assert less >= 3


def test_a_lower_loss_limit_never_owes_more(tmp_path: Path) -> None:
    def lower(drawn: Drawn) -> Drawn | None:
        limits = {name: times(limit, Fraction(1, 2)) for name, limit in drawn.terms["loss_limit"].items()}
        return drawn.under(loss_limit=limits)

    for drawn, lines, other in pairs(having("loss_limit"), lower, tmp_path):
        assert exact(other, "earned") >= exact(lines, "earned"), drawn


def test_a_cliff_pays_at_least_a_deductible_and_the_same_at_no_minimum(tmp_path: Path) -> None:
    for drawn in having("gate"):
        if number(drawn.figures.get("expenditure", "0")) == 0 or apart(drawn):
            continue
        cliff = lines_of(drawn.under(gate={"form": "cliff"}), tmp_path)
        deductible = lines_of(drawn.under(gate={"form": "deductible"}), tmp_path)
        assert reward(cliff) >= reward(deductible), drawn
        if drawn.terms["gate"].get("minimum_savings_rate") == "0%":
            assert reward(cliff) == reward(deductible), drawn


def test_a_higher_share_never_lowers(tmp_path: Path) -> None:
    def higher(drawn: Drawn) -> Drawn | None:
        rate = number(drawn.terms["share"].get("sharing_rate", "100%"))
        return drawn.under(share={"sharing_rate": f"{text(rate * 100 + 10)}%"}) if rate <= Fraction(9, 10) else None

    for drawn, lines, other in pairs(having("share"), higher, tmp_path):
        assert exact(other, "earned") >= exact(lines, "earned"), drawn


def test_a_measure_below_its_minimum_denominator_has_no_effect(tmp_path: Path) -> None:
    small = 0
    for drawn in having("quality"):
        lines = lines_of(drawn, tmp_path)
        unscored = [name for name, line in lines.items() if stem(name) == "scored" and line["exact"] == "0"]
        ids = [name.partition(".")[2] for name in unscored]
        other = {f"numerator.{id_}": drawn.figures[f"numerator.{id_}"] for id_ in ids}
        if not other:
            continue
        kinds = {measure["id"]: measure["kind"] for measure in drawn.terms["quality"]["measures"]}
        for id_ in ids:
            below = drawn.figures.get(f"denominator.{id_}", "0")
            other[f"numerator.{id_}"] = below if kinds[id_] == "rate" else "999"
        changed = lines_of(drawn.given(**other), tmp_path)
        for name in (*REWARDS, "quality_score", "thresholds_met", "care_coordination_fee"):
            if name in lines:
                assert changed[name]["exact"] == lines[name]["exact"], (name, drawn)
        small += 1
    assert small >= CONTRACTS // 10


# Scale.


FIXED = {
    "pmpm", "dollars", "regional_pmpm", "charge_pmpm", "per_member_per_year", "tiers", "by_panel_size", "acts", "floor",
}  # fmt: skip


def fixed_amounts(node: Any) -> bool:
    if isinstance(node, dict):
        return bool(FIXED & node.keys()) or any(map(fixed_amounts, node.values()))
    return isinstance(node, list) and any(map(fixed_amounts, node))


@pytest.mark.parametrize("factor", [2, 1000])
def test_dollars_to_scale_give_the_unrounded_reward_to_scale(factor: int, tmp_path: Path) -> None:
    scaled = 0
    for drawn in having("share"):
        rests_on = {
            name: block for name, block in drawn.terms.items()
            if name != "care_coordination_fee" or {"fee_offset", "expenditure"} & drawn.terms.keys()
        }  # fmt: skip
        if fixed_amounts(rests_on):
            continue
        sheet = sheet_of(drawn, tmp_path)
        dollars = {line.name for line in sheet.lines if line.kind == "given" and line.unit.startswith("usd")}
        other = drawn.given(
            **{name: text(factor * Fraction(drawn.figures[name])) for name in dollars if name in drawn.figures}
        )
        lines, larger = lines_of(drawn, tmp_path), lines_of(other, tmp_path)
        name = "earned.acp" if apart(drawn) else "earned"
        assert exact(larger, name) == factor * exact(lines, name), drawn
        scaled += 1
    assert scaled >= CONTRACTS // 15


def test_a_fee_is_its_months_within_half_a_unit(tmp_path: Path) -> None:
    seen = 0
    for drawn in having("care_coordination_fee"):
        fee = drawn.terms["care_coordination_fee"]
        if "pmpm" not in fee or fee.keys() & {"quality_adjusted", "at_risk"}:
            continue
        rounding = drawn.terms["rounding"]["care_coordination_fee"]
        unit = Fraction(1, 10 ** int(rounding["places"]))
        months = number(drawn.figures["fee_member_months" if fee.get("roster") == "fee" else "member_months"])
        off = abs(value(lines_of(drawn, tmp_path), "care_coordination_fee") - number(fee["pmpm"]) * months)
        assert off <= unit / 2 if rounding["rule"].startswith("half") else off < unit, drawn
        seen += 1
    assert seen >= CONTRACTS // 20


def test_weights_of_participants_times_a_factor_change_nothing(tmp_path: Path) -> None:
    def scaled(drawn: Drawn) -> Drawn | None:
        return figures_changed(drawn, lambda name, amount: 7 * amount if name.startswith("participant_m") else None)

    splits = [drawn for drawn in having("distribution") if drawn.terms["distribution"]["by"] == "member_months"]
    for drawn, lines, other in pairs(splits, scaled, tmp_path):
        assert shares(other) == shares(lines), drawn


# Conservation.


def shares(lines: Lines, of: str = "participant_share") -> dict[str, Fraction]:
    return {name.partition(".")[2]: value(lines, name) for name in lines if stem(name) == of}


def test_shares_of_participants_and_funders_add_up(tmp_path: Path) -> None:
    seen = 0
    for drawn in having("distribution"):
        terms, lines = drawn.terms["distribution"], lines_of(drawn, tmp_path)
        found, whole = shares(lines), value(lines, terms["of"])
        assert sum(found.values()) == whole, drawn
        weights = {
            row["id"]: number(row["share"]) if "share" in row
            else number(drawn.figures[f"participant_{terms['by']}.{row['id']}"])
            for row in terms["participants"]
        }  # fmt: skip
        for id_, share in found.items():
            assert abs(share - whole * weights[id_] / sum(weights.values())) < CENT, drawn
        heavy = sorted(weights, key=lambda id_: weights[id_])  # type: ignore[index]
        for less, more in itertools.pairwise(heavy):
            assert weights[less] == weights[more] or abs(found[less]) <= abs(found[more]), drawn
        seen += 1
    for drawn in having("funders"):
        lines = lines_of(drawn, tmp_path)
        assert sum(shares(lines, "funder_share").values()) == value(lines, "earned"), drawn
        seen += 1
    assert seen >= CONTRACTS // 10


def test_bars_sum_to_what_is_earned_and_dollars_of_measures_foot(tmp_path: Path) -> None:
    for drawn in sample():
        lines = lines_of(drawn, tmp_path)
        bars = {name: value(lines, name) for name in lines if stem(name) == "waterfall"}
        reward_line = "earned" if "earned" in lines else "quality_incentive"
        if bars:
            assert sum(bars.values()) == value(lines, reward_line), drawn
            assert all((bar * 100).denominator == 1 for bar in bars.values())
        for part, whole in (
            ("measure_earned", "quality_dollars_earned"),
            ("measure_not_earned", "quality_dollars_not_earned"),
        ):
            if any(stem(name) == part for name in lines):
                assert sum(value(lines, name) for name in lines if stem(name) == part) == value(lines, whole), drawn


def test_pooled_parts_are_the_sum_of_the_parts(tmp_path: Path) -> None:
    """Benchmark, cost and gross savings always; what is earned where the share is flat both ways and nothing else is."""
    pooled = [drawn for drawn in having("benchmark") if "cells" in drawn.terms["benchmark"]]
    assert len(pooled) >= 3
    for drawn in pooled:
        terms = {
            "benchmark": drawn.terms["benchmark"],
            "share": {"sharing_rate": "40%"},
            "loss_share": {"sharing_rate": "40%"},
            "rounding": {"earned": {"places": "2", "rule": "half_up"}},
        }
        alone = replace(drawn, terms=terms, order={"base": "standard/1"})
        own = lines_of(alone.under(benchmark={"pooling": "apart"}), tmp_path)
        together = lines_of(alone.under(benchmark={"pooling": "together"}), tmp_path)
        for name in ("benchmark", "expenditure", "gross_savings"):
            assert exact(own, name) == exact(together, name), drawn
        assert exact(own, "earned.acp") + exact(own, "earned.azcc") == exact(together, "earned"), drawn


def test_what_is_withheld_is_returned_or_forfeited(tmp_path: Path) -> None:
    seen = 0
    for drawn in drawn_sample(CONTRACTS * 4, seed=34):
        if "withhold" in drawn.terms:
            lines = lines_of(drawn, tmp_path)
            back, lost = value(lines, "withhold_returned"), exact(lines, "withhold_forfeited")
            assert number(drawn.figures["withheld"]) == back + lost, drawn
            seen += 1
    assert seen >= 3


# Time.


def amended(drawn: Drawn, signed: str, effective: str) -> Drawn:
    """With an amendment that makes the share 1%."""
    terms = {"share": {"sharing_rate": "1%", "clause": "Am. 1"}}
    amendment = {"id": "Amendment 1", "signed": signed, "effective": effective, "clause": "Am. 1", "terms": terms}
    return replace(drawn, more={"amendments": [amendment], "performance_periods": ["2014", "2015"]})


def flat(contracts: tuple[Drawn, ...]) -> list[Drawn]:
    return [drawn for drawn in contracts if "sharing_rate" in drawn.terms.get("share", {})][:12]


def settled_on(drawn: Drawn, folder: Path, period: int = 0, known: date | None = None) -> dict[str, Fraction | None]:
    program = program_of(drawn.document(), folder)
    assert program.contract is not None
    when = [*program.contract.periods(), program.contract.first_period()][period]
    asking = {"known": known} if known else {}
    sheet = worksheet(program, when, None, figures_of(program, drawn.figures, **asking), known=known)
    return {line.name: line.exact if isinstance(line.exact, Fraction) else None for line in sheet.lines}


def test_as_known_on_a_day_later_amendments_are_not_there(tmp_path: Path) -> None:
    changed = 0
    for drawn in flat(sample()):
        later = amended(drawn, "2014-09-01", "2014-01-01")
        plain = settled_on(replace(drawn, more={"performance_periods": ["2014", "2015"]}), tmp_path)
        assert settled_on(later, tmp_path, known=date(2014, 8, 31)) == plain, drawn
        with_it = settled_on(later, tmp_path, known=date(2014, 9, 1))
        assert with_it == settled_on(later, tmp_path)
        assert with_it["sharing_rate"] == Fraction(1, 100)
        changed += with_it["earned"] != plain["earned"]
    assert changed >= 3


def test_an_amendment_for_later_periods_leaves_earlier_ones(tmp_path: Path) -> None:
    for drawn in flat(sample()):
        plain = replace(drawn, more={"performance_periods": ["2014", "2015"]})
        later = amended(drawn, "2013-07-01", "2015-01-01")
        assert settled_on(later, tmp_path, 0) == settled_on(plain, tmp_path, 0), drawn
        assert settled_on(later, tmp_path, 1)["sharing_rate"] == Fraction(1, 100)
        assert settled_on(plain, tmp_path, 1)["sharing_rate"] != Fraction(1, 100)


# Runs.


def written_run(drawn: Drawn, folder: Path) -> Path:
    """The run of a drawn contract, through the command line."""
    folder.mkdir(parents=True)
    (folder / "drawn.yaml").write_text(json.dumps(drawn.document()), encoding="utf-8")
    program = program_of(drawn.document(), folder)
    assert program.contract is not None
    asked = figures_asked(program, program.contract.first_period())
    figures = {name: written for name, written in drawn.figures.items() if name in asked}
    document = {"group": "g1", "period": "2014", "figures": figures}
    (folder / "figures.yaml").write_text(json.dumps(document), encoding="utf-8")
    result = p4v("settle", folder / "drawn.yaml", "--figures", folder / "figures.yaml", "--out", folder / "runs")
    assert result.exit_code == 0, result.output
    (run,) = (path for path in (folder / "runs").iterdir() if not path.name.endswith(".reports"))
    return run


@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_run_is_computed_again_identically_and_any_changed_byte_is_found(place: int, tmp_path: Path) -> None:
    draw, run = Random(place), written_run(sample()[place], tmp_path / "here")
    again = written_run(sample()[place], tmp_path / "there")
    result = p4v("rerun", run)
    assert (result.exit_code, result.stdout) == (0, "identical\n"), result.stderr
    files = sorted(path for path in run.rglob("*") if path.is_file())
    assert len(files) >= 5
    for path in files:
        content = path.read_bytes()
        assert (again / path.relative_to(run)).read_bytes() == content, path.name
        for at in draw.sample(range(len(content)), 3):
            path.write_bytes(content[:at] + bytes([content[at] ^ (1 << draw.randrange(7))]) + content[at + 1 :])
            assert p4v("rerun", run).exit_code == 6, (path.name, at)
        path.write_bytes(content)
    assert p4v("rerun", run).exit_code == 0
