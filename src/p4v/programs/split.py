"""Who pays and who gets: savings of categories among parties, accounts that fund, participants that share."""

from fractions import Fraction
from typing import Any

from p4v.contract.blocks.cash import Distribution, Funders
from p4v.contract.blocks.rewards import CategorySplit
from p4v.formulas import (
    category_split,
    distribution,
    distribution_by_contribution,
    distribution_by_months,
    distribution_by_quality,
    each_rounded_by_contribution,
    each_rounded_by_months,
    each_rounded_by_quality,
    each_rounded_by_rate,
    savings,
)
from p4v.programs.course import Course
from p4v.programs.gates import gate_lines
from p4v.units import Unit
from p4v.worksheet import Line

CATEGORIES, FUNDERS, DISTRIBUTION = "category_split", "funders", "distribution"
GROUP = "group"
"""The party that is the medical group itself."""
_EXACTLY: dict[str, Any] = {
    "percent": distribution.participant_share,
    "member_months": distribution_by_months.participant_share,
    "quality": distribution_by_quality.participant_share,
    "contribution": distribution_by_contribution.participant_share,
}
_EACH: dict[str, Any] = {
    "percent": each_rounded_by_rate.participant_share,
    "member_months": each_rounded_by_months.participant_share,
    "quality": each_rounded_by_quality.participant_share,
    "contribution": each_rounded_by_contribution.participant_share,
}


def write_category_split(course: Course) -> Line | None:
    """Savings of each category, each party's part of them, and the group's as `earned`."""
    block = course.block(CATEGORIES, CategorySplit)
    if block is None:
        return None
    parts: dict[str, list[Line]] = {}
    all_savings = []
    for place, category in enumerate(block.categories):
        saved = course.compute(
            category_split.category_savings, CATEGORIES, category.id,
            category_benchmark=course.given(f"category_benchmark.{category.id}", CATEGORIES),
            category_expenditure=course.given(f"category_expenditure.{category.id}", CATEGORIES),
        )  # fmt: skip
        all_savings.append(saved)
        if block.losses == "not_shared":
            saved = course.compute(category_split.savings_that_count, CATEGORIES, category.id, category_savings=saved)
        for index, share in enumerate(category.shares):
            key = f"{category.id}-{share.party}"
            course.sheet.name_key(key, f"{category.id.replace('_', ' ')}, {share.party.replace('_', ' ')}")
            rate = course.item(CATEGORIES, ("categories", place, "shares", index), share, "share", key)
            part = course.compute(category_split.party_part, CATEGORIES, key, amount=saved, party_rate=rate)
            parts.setdefault(share.party, []).append(part)
    course.compute(category_split.gross_savings, CATEGORIES, categories=all_savings)
    totals = {
        party: course.compute(category_split.party_savings, CATEGORIES, party, parts=lines)
        for party, lines in parts.items()
    }
    if GROUP not in totals:
        raise course.terms.lacks(CATEGORIES, "categories", "one of the parties is `group`")
    own = totals[GROUP]
    if course.has("quality_gate"):
        own = gate_lines(course, "quality_gate", "quality", course.sheet["all_gates_met"], own)
    return course.settle(savings.earned, "earned", amount=own)


def write_funders(course: Course, earned: Line | None) -> None:
    """What each account bears of what is earned, less what it has paid."""
    block = course.block(FUNDERS, Funders)
    if block is None or earned is None:
        return
    ordered = sorted(block.items, key=lambda item: item.id)
    rates = {
        item.id: course.item(FUNDERS, ("items", block.items.index(item)), item, "share", item.id) for item in ordered
    }
    for i, item in enumerate(ordered):
        share = course.compute(
            distribution.funder_share, FUNDERS, item.id, amount=earned, funder_rates=list(rates.values()), i=i
        )
        if course.has_figure(f"paid_by.{item.id}", FUNDERS):
            paid = course.given(f"paid_by.{item.id}", FUNDERS)
            course.compute(distribution.funder_net, FUNDERS, item.id, funder_share=share, paid_by=paid)


def write_distribution(course: Course) -> None:
    """What each participant gets, to the cent."""
    block = course.block(DISTRIBUTION, Distribution)
    if block is None:
        return
    if block.of not in course.sheet:
        raise course.terms.lacks(DISTRIBUTION, "of", f"nothing called `{block.of}` is settled")
    amount = course.sheet[block.of]
    if block.expenses_first is not None:
        expenses = course.term(DISTRIBUTION, "expenses_first")
        amount = course.compute(distribution.distributable, DISTRIBUTION, amount=amount, expenses_first=expenses)
    ordered = sorted(block.participants, key=lambda participant: participant.id)
    weights = {participant.id: _weight(course, block, participant.id) for participant in ordered}
    shares: list[Line] = []
    for i, participant in enumerate(ordered):
        inputs: dict[str, Any] = {"amount": amount, "weights": list(weights.values())}
        if block.remainder == "largest_remainder":
            shares.append(course.compute(_EXACTLY[block.by], DISTRIBUTION, participant.id, i=i, **inputs))
        else:
            rounding = {"places": 2, "rule": "half_up", "weight": weights[participant.id]}
            shares.append(course.compute(_EACH[block.by], DISTRIBUTION, participant.id, **rounding, **inputs))
    if block.remainder == "each_rounded":
        course.compute(distribution.residual_cents, DISTRIBUTION, block.residual_holder, amount=amount, shares=shares)


def _weight(course: Course, block: Distribution, id_: str) -> Line:
    if block.by == "percent":
        place = next(place for place, row in enumerate(block.participants) if row.id == id_)
        share = block.participants[place].share or Fraction(0)
        return course.named(f"participant_rate.{id_}", share, Unit.RATE, DISTRIBUTION, "participants", place, "share")
    return course.given(f"participant_{block.by}.{id_}", DISTRIBUTION)
