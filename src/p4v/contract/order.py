"""The order of the steps: a frozen base and the contract's moves, each with its clause.

The base is p4v's own convention; it never changes under its name. What a contract places differently is a move; what it
leaves where the base has it although the money depends on it, it confirms.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import Field

from p4v.contract.blocks import Block, Strict
from p4v.contract.blocks.benchmark import Benchmark, Risk
from p4v.contract.blocks.cost import Expenditure
from p4v.contract.values import Text
from p4v.errors import did_you_mean

COST: Mapping[str, tuple[str, ...]] = {
    "standard/1": ("normalise", "truncate", "complete", "gross_up", "adjustments", "pooling_charge", "late_claims",
                   "fees_in_cost", "risk"),
}  # fmt: skip
"""Base to the steps from reported dollars to expenditure."""
SAVINGS: Mapping[str, tuple[str, ...]] = {
    "standard/1": (
        "gate", "cap_gross", "share", "quality", "cap_payment", "loss_limit", "disaster", "final_multiplier", "floor",
    ),
}  # fmt: skip
"""Base to the steps from gross savings to what is earned."""
UNPLACED = ("fee_offset", "prior_deficit")
"""Steps for which practice differs, so that the base has no place for them."""
BEFORE: frozenset[tuple[str, str]] = frozenset(
    {("gate", "share"), ("cap_gross", "share"), ("gate", "quality")}
    | {("share", later) for later in ("cap_payment", "loss_limit", "disaster", "floor")}
)
"""What can only come in this sequence: a payment cap before sharing, say, is a cap on gross savings."""
DEPENDENT = (
    ("truncate", "complete"), ("normalise", "truncate"), ("collar", "benchmark_risk"), ("quality", "cap_payment"),
    ("cap_payment", "final_multiplier"), ("loss_limit", "disaster"), ("withhold", "minimum_payment"),
)  # fmt: skip
"""Pairs that give other money the other way round: a contract that has both says which way it means."""


BANDS = "bands"
"""No step, but where savings are shared by bands it matters whether quality comes before or after."""
BY_RUN_OUT = "by_run_out"
"""No step either: outstanding claims are an amount of their own beside reported dollars, so they and truncation give
the same in either sequence."""


class Move(Strict):
    """One step before or after another."""

    step: Text
    """The step that is placed."""
    before: Text | None = None
    """The step that it comes before."""
    after: Text | None = None
    """The step that it comes after."""
    clause: Text
    """Where the contract says so."""


class Confirm(Strict):
    """Two steps that stay in the sequence of the base."""

    pair: Annotated[list[Text], Field(min_length=2, max_length=2)]
    """Their names."""
    clause: Text
    """Where the contract says so."""


class Order(Strict):
    """What a contract says about the sequence of its steps."""

    base: Literal["standard/1"] | None = None
    """The frozen base."""
    moves: list[Move] = Field(default_factory=list)
    """What is placed otherwise."""
    confirms: list[Confirm] = Field(default_factory=list)
    """What stays although the money depends on it."""


class OrderFault(ValueError):
    """Something wrong with an order; `path` leads to it from `order`."""

    def __init__(
        self, code: str, path: tuple[str | int, ...], found: str, allowed: str, remedy: str | None = None
    ) -> None:
        super().__init__(found)
        self.remedy = remedy
        self.code = code
        self.path = path
        self.found = found
        self.allowed = allowed


_MEDICARE = ("gate", "share", "cap_payment", "loss_limit", "disaster", "final_multiplier")


def active_steps(kind: str, blocks: Mapping[str, Any]) -> frozenset[str]:
    """The steps that a contract's blocks make part of it."""
    if kind == "risk_corridor":
        steps = {"share": "corridor", "final_multiplier": "final_multiplier"}
        return frozenset(step for step, block in steps.items() if block in blocks)
    if kind == "medicare_shared_savings":
        return frozenset(step for step in _MEDICARE if step in blocks)
    if kind != "pay_for_value":
        return frozenset()
    return frozenset({*_savings_steps(blocks), *_cost_steps(blocks), *_other_steps(blocks)})


def _savings_steps(blocks: Mapping[str, Any]) -> Iterator[str]:
    if "share" not in blocks:
        return
    yield "gate"
    if {"quality_effect", "quality_gate"} & set(blocks):
        effect = blocks.get("quality_effect")
        if "quality_gate" in blocks or getattr(effect, "form", None) != "split_shift":
            yield "quality"
    for step in ("cap_gross", "share", "cap_payment", "final_multiplier", "floor", *UNPLACED):
        if step in blocks:
            yield step
    if "loss_share" in blocks:
        yield from (step for step in ("loss_limit", "disaster") if step in blocks)
    if getattr(blocks["share"], "bands", None) is not None:
        yield BANDS


def _cost_steps(blocks: Mapping[str, Any]) -> Iterator[str]:
    cost = blocks.get("expenditure")
    if isinstance(cost, Expenditure):
        present = {
            "normalise": cost.normalises(),
            "truncate": cost.large_claims is not None,
            "complete": cost.completion is not None,
            "gross_up": cost.administrative_share is not None,
            "pooling_charge": cost.large_claims is not None and cost.large_claims.form == "pool",
            "late_claims": cost.late_claims not in (None, "ignored"),
            "fees_in_cost": cost.coordination_fees == "counted_in",
        }
        yield from (step for step, is_there in present.items() if is_there)
        if cost.completes_by_run_out():
            yield BY_RUN_OUT
    adjustments = getattr(blocks.get("adjustments"), "items", None)
    if adjustments and any(item.side == "expenditure" for item in adjustments):
        yield "adjustments"
    risk = blocks.get("risk")
    if isinstance(risk, Risk) and risk.on == "expenditure":
        yield "risk"


def _other_steps(blocks: Mapping[str, Any]) -> Iterator[str]:
    """What takes part in pairs although it is no step of its own."""
    against = blocks.get("benchmark")
    if isinstance(against, Benchmark) and against.lowest_trend is not None:
        yield "collar"
    if getattr(blocks.get("risk"), "on", None) == "benchmark":
        yield "benchmark_risk"
    if "withhold" in blocks:
        yield "withhold"
    if getattr(blocks.get("cash"), "minimum_payment", None) is not None:
        yield "minimum_payment"


def ordered_steps(order: Order, active: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The active cost steps and savings steps in the contract's sequence. Raises `OrderFault`.

    >>> moved = Order(base="standard/1", moves=[Move(step="cap_payment", after="final_multiplier", clause="§1")])
    >>> ordered_steps(moved, {"gate", "share", "cap_payment", "final_multiplier"})[1]
    ('gate', 'share', 'final_multiplier', 'cap_payment')
    """
    base = order.base or ""
    stages = [[step for step in stage[base] if step in active] for stage in (COST, SAVINGS)]
    waiting = [step for step in UNPLACED if step in active]
    for index, move in enumerate(order.moves):
        if BY_RUN_OUT in active and {move.step, move.before or move.after} == {"truncate", "complete"}:
            found = "a move that changes nothing: what is outstanding by run-out is worked out from reported cost"
            raise OrderFault("P4V-C064", ("moves", index), found, "no move of `complete` beside `truncate`")
        _make(move, index, stages, waiting, active)
    if waiting:
        where = "`moves` that place it, such as `{step: " + waiting[0] + ", after: share, clause: …}`"
        raise OrderFault("P4V-C061", (), f"no place for `{waiting[0]}`, which practice places differently", where)
    for stage in stages:
        _refuse_impossible(stage)
    _refuse_unknown(order)
    return tuple(stages[0]), tuple(stages[1])


def _refuse_unknown(order: Order) -> None:
    """A confirmation of what is no step would confirm nothing."""
    base = order.base or ""
    known = [*COST[base], *SAVINGS[base], *UNPLACED]
    known += sorted({step for pair in DEPENDENT for step in pair} - set(known))
    for index, confirm in enumerate(order.confirms):
        for step in confirm.pair:
            if step not in known:
                path, allowed = ("confirms", index), ", ".join(known)
                raise OrderFault("P4V-C060", path, f"`{step}`, which is no step", allowed, did_you_mean(step, known))


def _make(move: Move, index: int, stages: list[list[str]], waiting: list[str], active: Collection[str]) -> None:
    path = ("moves", index)
    if (move.before is None) is (move.after is None):
        raise OrderFault("P4V-C060", path, "both or neither of `before` and `after`", "one of them")
    anchor = move.before or move.after or ""
    for step in (move.step, anchor):
        if step not in active:
            known = ", ".join(step for stage in stages for step in stage) or "none"
            raise OrderFault("P4V-C060", path, f"the step `{step}`, which has no terms", f"one of {known}")
    if move.step == anchor:
        raise OrderFault("P4V-C060", path, "a step moved next to itself", "two steps")
    stage = next((stage for stage in stages if anchor in stage), None)
    if stage is None or (move.step not in stage and move.step not in waiting):
        found = f"`{move.step}` placed beside `{anchor}`, which is another stage"
        raise OrderFault("P4V-C064", path, found, "two steps of the cost, or two steps of the savings")
    if move.step in waiting:
        waiting.remove(move.step)
    else:
        stage.remove(move.step)
    stage.insert(stage.index(anchor) + (move.after is not None), move.step)


def _refuse_impossible(stage: list[str]) -> None:
    for earlier, later in combinations(stage, 2):
        if (later, earlier) in BEFORE:
            found = f"`{earlier}` before `{later}`"
            raise OrderFault("P4V-C064", (), found, f"`{later}` before `{earlier}`: the other way round means nothing")


def silent_pairs(order: Order, active: Collection[str]) -> Iterator[tuple[str, str]]:
    """Pairs of active steps whose sequence changes the money, and which the contract neither moves nor confirms."""
    moved = {move.step for move in order.moves}
    confirmed = {frozenset(confirm.pair) for confirm in order.confirms}
    pairs = [*DEPENDENT, ("share", "quality")] if BANDS in active else list(DEPENDENT)
    if BY_RUN_OUT in active:
        pairs.remove(("truncate", "complete"))
    for pair in pairs:
        if set(pair) <= set(active) and not moved & set(pair) and frozenset(pair) not in confirmed:
            yield pair


def counted_twice(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Blocks that together count the same dollars twice: block, what was found, what is allowed."""
    cost = blocks.get("expenditure")
    if isinstance(cost, Expenditure) and cost.coordination_fees == "counted_in" and "fee_offset" in blocks:
        found = "coordination fees in the cost and offset against savings"
        yield "fee_offset", found, "one of the two: the same dollars would count twice"
