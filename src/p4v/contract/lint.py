"""What in a contract's terms has no effect: worth a second look before it is signed, though nothing is wrong."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from p4v.contract.blocks import Block

_WHOLE, _NONE = Fraction(1), Fraction(0)
_IDLE: Mapping[tuple[str, str], tuple[Fraction, str]] = {
    ("gate", "minimum_savings_rate"): (_NONE, "savings count from the first dollar"),
    ("final_multiplier", "savings"): (_WHOLE, "nothing is taken off"),
    ("final_multiplier", "losses"): (_WHOLE, "nothing is taken off"),
    ("benchmark", "discount"): (_NONE, "nothing is taken off"),
    ("benchmark", "trend"): (_WHOLE, "the base stays as it is"),
    ("benchmark", "own_weight"): (_WHOLE, "the region has no weight"),
    ("cap_gross", "of_benchmark"): (_WHOLE, "savings are never more than the benchmark"),
    ("cap_payment", "of_benchmark"): (_WHOLE, "a share of savings is never more than the benchmark"),
    ("cap_payment", "of_gross_savings"): (_WHOLE, "a share of savings is never more than the savings"),
    ("loss_limit", "of_benchmark"): (_WHOLE, "a loss is rarely more than the benchmark"),
    ("disaster", "relieved_share_of_losses"): (_NONE, "no share is relieved; only given dollars are"),
    ("quality_gate", "minimum_score"): (_NONE, "every score meets it"),
    ("quality_gate", "minimum_thresholds_met"): (_NONE, "every count meets it"),
    ("expenditure", "administrative_share"): (_NONE, "the cost stays as it is"),
    ("interim", "share"): (_NONE, "nothing is paid before the final settlement"),
    ("floor", "dollars"): (_NONE, "a payment is never below zero"),
    ("cash", "minimum_payment"): (_NONE, "every amount is paid"),
}
"""Block and term to the value that changes nothing, and why."""


def idle_terms(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Block, term and reason of each term whose value changes nothing."""
    for (block, term), (value, why) in _IDLE.items():
        if block in blocks and getattr(blocks[block], term, None) == value:
            yield block, term, why


_SAVINGS = frozenset({"share"})
_REWARDS = frozenset({"share", "category_split", "fee_reset", "pay_for_performance", "fee_schedule_uplift"})
USED_BY: Mapping[str, frozenset[str]] = {
    "gate": _SAVINGS,
    "cap_gross": _SAVINGS,
    "quality_effect": _SAVINGS,
    "cap_payment": _SAVINGS,
    "loss_share": _SAVINGS,
    "final_multiplier": _SAVINGS,
    "floor": _SAVINGS,
    "fee_offset": _SAVINGS,
    "prior_deficit": _SAVINGS,
    "member_months": _SAVINGS,
    "loss_limit": frozenset({"loss_share"}),
    "disaster": frozenset({"loss_share"}),
    "risk": frozenset({"benchmark"}),
    "adjustments": frozenset({"benchmark", "trend_gate", "fee_reset"}),
    "expenditure": frozenset({"benchmark", "trend_gate", "fee_reset"}),
    "benchmark": frozenset({"share", "fee_reset", "fee_schedule_uplift", "withhold"}),
    "quality_gate": _REWARDS | {"withhold"},
    "trend_gate": frozenset({"share", "fee_reset", "pay_for_performance"}),
    "strata": frozenset({"care_coordination_fee", "benchmark"}),
    "interim": frozenset({"share", "category_split"}),
    "funders": frozenset({"share", "category_split", "pay_for_performance"}),
    "distribution": frozenset({"share", "category_split", "pay_for_performance"}),
}
"""Block to those of which one must be there: without them it would change nothing."""


def unused_blocks(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Blocks that nothing uses: block, what was found, what is allowed."""
    for name, users in USED_BY.items():
        if name in blocks and not users & set(blocks):
            named = " or ".join(f"`{user}`" for user in sorted(users))
            yield name, f"`{name}`, which nothing here uses", f"`{name}` together with {named}"


def missing_partners(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Blocks whose own words need another one: block, what was found, what is allowed."""
    fee = blocks.get("care_coordination_fee")
    wanting = {
        "fee_reset": True,
        "fee_offset": getattr(blocks.get("fee_offset"), "fees", None) == "of_this_contract",
        "expenditure": getattr(blocks.get("expenditure"), "coordination_fees", None) == "counted_in",
    }
    for name, wants in wanting.items():
        if fee is None and name in blocks and wants:
            yield name, "no `care_coordination_fee`", f"the block `care_coordination_fee`, which `{name}` rests on"
    if "fee_reset" in blocks and fee is not None and getattr(fee, "pmpm", None) is None:
        yield "fee_reset", "`fee_reset` on a fee that is not flat", "`care_coordination_fee` with `pmpm`"


def ill_matched(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Blocks that do not go together: block, what was found, what is allowed."""
    against = blocks.get("benchmark")
    if getattr(against, "cells", None) is not None:
        for name in ("risk", "adjustments", "expenditure", "fee_reset"):
            if name in blocks:
                yield (
                    name,
                    f"`{name}` beside a benchmark with `cells`",
                    "figures of each part as the contract counts them",
                )
    in_dollars = getattr(against, "given", None) or getattr(against, "loss_ratio", None) is not None
    if "fee_reset" in blocks and in_dollars and getattr(blocks["fee_reset"], "decrease", None) == "from_costs":
        yield "fee_reset", "`fee_reset` against a benchmark in dollars", "a benchmark per member per month"
    gate = blocks.get("gate")
    losses = getattr(gate, "minimum_loss_rate", None) is not None or getattr(gate, "losses", None) is not None
    if losses and "loss_share" not in blocks:
        yield "gate", "a minimum loss rate without a `loss_share`", "`loss_share` with it, or neither"
    if "floor" in blocks and "loss_share" in blocks:
        yield "floor", "a guaranteed amount beside shared losses", "one of the two: the loss would be taken off it"
    paid = {act.id for act in getattr(blocks.get("care_coordination_fee"), "acts", None) or []}
    for act in getattr(blocks.get("pay_for_performance"), "acts", None) or []:
        if act.id in paid:
            yield "pay_for_performance", f"the act `{act.id}` that the fee pays too", "each act in one block"
