"""Workspaces against an independent slow reference: every line that both have and every control total, exactly equal."""

import os
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from workspaces import comparing, generator, reference
from workspaces.counting import counted
from workspaces.hand import GROUP, HANDS, Hand

SEEDS = int(os.environ.get("P4V_WORKSPACES", "20"))
"""Workspaces settled by both; `python tests/workspaces/run.py` settles any number."""
CHUNK = 5
DRAWN = 80
"""Workspaces drawn where nothing but the reference settles them."""
LEAST_COUNTED = Fraction(1, 5)


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_drawn_workspaces_settle_as_the_reference_does(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + CHUNK):
        assert comparing.differences(generator.draft(seed), tmp_path / str(seed)) == {}, seed


def test_drawn_settlements_pay_are_truncated_capped_gated_and_tied() -> None:
    found: Counter[str] = Counter()
    for seed in range(DRAWN):
        found.update(counted(generator.draft(seed)))
    assert found["pays"] * 2 >= found["settlements"]
    for name in ("truncated", "capped", "gated", "tied"):
        assert Fraction(found[name], found["settlements"]) >= LEAST_COUNTED, (name, found)


FORMS = {
    "member_months": (
        "counting.counted", "counting.any_day", "counting.first_of_month", "counting.fifteenth_of_month",
        "counting.full_month", "counting.pro_rata_days", "panel.members", "panel.average_members", "products", "funding",
        "minimum_months", "smallest_panel", "below.no_reward", "below.pool", "exclusions.rows", "exclusions.members", "exclusions.after_death",
        "exclusions.duplicates",
    ),
    "expenditure": (
        "by.products", "categories", "large_claims.truncate", "large_claims.exclude", "large_claims.pool",
        "large_claims.percentile", "large_claims.prorated", "large_claims.one_threshold", "large_claims.leave",
        "large_claims.stay", "completion.percent_complete", "completion.multiplier", "completion.factor",
        "completion.by_run_out", "completion.truncated", "completion.as_reported", "benefit_by_product",
        "administrative_share", "basis.allowed", "basis.paid",
    ),
    "benchmark": (
        "pmpm", "years", "pooled_years", "categories", "cells", "parts.products", "parts.groups", "pooling.together",
        "pooling.apart", "trend", "market_trend", "market_trend.group", "market_trend.all_contracted",
        "market_trend.none", "market_trend.where", "market_trend.same_steps", "regional", "blended_with.pmpm",
        "blended_with.loss_ratio", "blended_with.given", "given", "loss_ratio", "lowest_trend", "discount",
    ),
    "risk": ("on.benchmark", "on.expenditure", "scores.none", "scores.market"),
    "care_coordination_fee": ("roster.cost", "roster.fee", "pmpm", "by_month", "tiers", "per_member_per_year"),
    "adjustments": ("items.periods",), "quality": (), "quality_gate": (), "cap_payment": (), "loss_share": (), "loss_limit": (),
}  # fmt: skip


def forms_of(block: dict[str, Any]) -> Iterator[str]:
    """Terms of a block, with their word, their inner terms and the words of these."""
    for term, value in block.items():
        yield term
        if isinstance(value, str):
            yield f"{term}.{value}"
        parts = value if isinstance(value, list) else [value]
        for part in parts:
            if isinstance(part, dict):
                yield from (f"{term}.{name}" for name in part)
                yield from (f"{term}.{word}" for word in part.values() if isinstance(word, str))


def test_the_sample_has_every_form() -> None:
    """What the generator never draws, the reference never proves."""
    found: Counter[str] = Counter()
    asked = set()
    for seed in range(DRAWN):
        draft = generator.draft(seed)
        asked.add(draft.period)
        for document in draft.contracts:
            for name, block in document["terms"].items():
                found.update({name, *(f"{name}.{form}" for form in forms_of(block))})
    wanted = set(FORMS) | {f"{name}.{form}" for name, forms in FORMS.items() for form in forms}
    assert {name for name in wanted if not found[name]} == set()
    assert {"2014", "2013-07 to 2014-06", "2014-01 to 2014-06", "2013-01 to 2014-12", "2013-07 to 2014-12"} <= asked
    assert any("Q" in period for period in asked)


# Figures worked out by hand, or printed in the design, from rows.


def agrees(figure: Fraction | None, hand: Hand, text: str) -> bool:
    """Equal; or, where the figure is printed rounded, equal to as many places."""
    if figure is None or hand.places is None:
        return figure == Fraction(text)
    return abs(figure - Fraction(text)) * 10**hand.places <= Fraction(1, 2)


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.name)
def test_the_reference_gives_figures_worked_by_hand(hand: Hand, tmp_path: Path) -> None:
    folder = hand.draft.write(tmp_path)
    result = reference.settle_folder(folder, hand.draft.period, hand.draft.paid_through)[GROUP]
    found = {**result.figures, **result.lines}
    assert {name: found.get(name) for name, text in hand.lines.items() if not agrees(found.get(name), hand, text)} == {}


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.name)
def test_the_program_gives_figures_worked_by_hand(hand: Hand, tmp_path: Path) -> None:
    folder = hand.draft.write(tmp_path)
    lines = comparing.settled(folder, hand.draft.period, hand.draft.paid_through)[GROUP].lines
    found = {name: comparing.shown(lines[name]) for name in hand.lines if name in lines}
    assert {name: found.get(name) for name, text in hand.lines.items() if not agrees(found.get(name), hand, text)} == {}


def test_the_year_that_is_drawn_is_the_same_every_time() -> None:
    first, again = generator.draft(3), generator.draft(3)
    assert (first.rows, first.contracts, first.quality) == (again.rows, again.contracts, again.quality)
