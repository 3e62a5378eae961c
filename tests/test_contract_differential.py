"""Pay-for-value contracts against an independent slow reference: every settled line, and every main one, exactly equal."""

import os
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contract_generators import Drawn, Lines, drawn_contract, drawn_sample, lines_of

EXAMPLES = int(os.environ.get("P4V_EXAMPLES", "300"))
SEEDS = (7, 11, 13, 17)
LEAST_COUNTED = Fraction(1, 5)
CAPS = (
    "savings_change.cap_gross", "savings_change.cap_payment", "losses_change.loss_limit", "losses_change.cap_gross_losses",
)  # fmt: skip
REWARDS = ("earned", "quality_incentive", "next_care_coordination_fee")


def shown(line: Mapping[str, Any]) -> Fraction | None:
    """What later formulas take: the rounded value of a settled line, the unrounded one of every other."""
    text = line["value"] if line["kind"] == "settled" else line["exact"]
    return None if text is None else Fraction(text)


def differences(drawn: Drawn, lines: Lines) -> dict[str, tuple[Fraction | None, Fraction | None]]:
    """The lines that the program and the reference work out differently: the program's figure, then the reference's."""
    expected, unrounded = drawn.reference()
    found = {name: shown(lines[name]) if name in lines else Fraction(-1, 7) for name in expected}
    wrong = {name: (found[name], figure) for name, figure in expected.items() if found[name] != figure}
    for name, figure in unrounded.items():
        if Fraction(lines[name]["exact"]) != figure:
            wrong[f"{name}, unrounded"] = (Fraction(lines[name]["exact"]), figure)
    return wrong


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_contracts_settle_as_the_reference_does(seed: int, tmp_path: Path) -> None:
    draw = Random(seed)
    for number in range(max(EXAMPLES // len(SEEDS), 1)):
        drawn = drawn_contract(draw)
        lines = lines_of(drawn, tmp_path)
        assert differences(drawn, lines) == {}, (seed, number, drawn)
        settled = {name for name, line in lines.items() if line["kind"] == "settled"}
        assert settled <= drawn.reference()[0].keys(), (seed, number, drawn)


def test_a_sample_in_one(tmp_path: Path) -> None:
    """A short sample as one test, for the search for faults that no test finds."""
    assert [
        found for drawn in drawn_sample(60, seed=3) if (found := differences(drawn, lines_of(drawn, tmp_path)))
    ] == []


# The generators pay.


def pays(lines: Lines) -> bool:
    return any(name in lines and Fraction(lines[name]["value"]) != 0 for name in REWARDS)


def capped(lines: Lines) -> bool:
    return any(name in lines and Fraction(lines[name]["exact"]) != 0 for name in CAPS)


def gated(lines: Lines) -> bool:
    return any(name.startswith("gate_met.") and line["exact"] == "0" for name, line in lines.items())


def tied(lines: Lines) -> bool:
    """Whether a reward was exactly between two units of its last place."""
    rewards = [lines[name] for name in REWARDS if name in lines]
    return any((Fraction(line["exact"]) * 10 ** line["rounding"]["places"]).denominator == 2 for line in rewards)


def test_drawn_contracts_pay_are_capped_gated_and_tied(tmp_path: Path) -> None:
    found = [lines_of(drawn, tmp_path) for drawn in drawn_sample(200, seed=2023)]
    counted = Counter(test.__name__ for test in (capped, gated, tied) for lines in found if test(lines))
    assert sum(map(pays, found)) * 2 >= len(found)
    assert {name: Fraction(count, len(found)) >= LEAST_COUNTED for name, count in counted.items()} == {
        "capped": True, "gated": True, "tied": True,
    }  # fmt: skip
    assert sum("earned" in lines and Fraction(lines["earned"]["value"]) < 0 for lines in found) >= 5


def test_the_sample_has_every_block_and_form() -> None:
    """What the generator never draws, the reference never proves."""
    blocks: Counter[str] = Counter()
    for drawn in drawn_sample(300, seed=2023):
        blocks.update(drawn.terms.keys())
        for name in ("benchmark", "share", "loss_share", "cap_payment", "care_coordination_fee"):
            blocks.update(f"{name}.{term}" for term in drawn.terms.get(name, {}))
    wanted = {
        "care_coordination_fee", "expenditure", "adjustments", "benchmark", "risk", "quality", "quality_gate", "gate",
        "cap_gross", "share", "quality_effect", "cap_payment", "loss_share", "loss_limit", "disaster",
        "final_multiplier", "floor", "fee_offset", "prior_deficit", "fee_reset", "pay_for_performance", "withhold",
        "distribution", "funders", "member_months", "benchmark.pmpm", "benchmark.given", "benchmark.given_pmpm",
        "benchmark.loss_ratio", "benchmark.years", "benchmark.pooled_years", "benchmark.categories", "benchmark.cells",
        "benchmark.lowest_trend", "benchmark.own_weight", "benchmark.discount", "share.sharing_rate", "share.bands",
        "share.by_thresholds_met", "share.by_quality_score", "loss_share.sharing_rate", "loss_share.lowest",
        "loss_share.bands", "cap_payment.of_benchmark", "cap_payment.of_gross_savings", "cap_payment.pmpm",
        "cap_payment.dollars", "care_coordination_fee.pmpm", "care_coordination_fee.tiers",
        "care_coordination_fee.by_panel_size", "care_coordination_fee.per_member_per_year",
        "care_coordination_fee.at_risk", "care_coordination_fee.share_of_amount", "care_coordination_fee.acts",
    }  # fmt: skip
    assert {name for name in wanted if blocks[name] == 0} == set()
