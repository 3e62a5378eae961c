"""The order of the savings steps: a frozen base and the contract's moves, each with its clause.

The base is p4v's own convention; it never changes under its name. What a contract places differently is a move.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from p4v.contract.blocks import Strict
from p4v.contract.values import Text

BASES: Mapping[str, tuple[str, ...]] = {
    "standard/1": (
        "gate", "cap_gross", "share", "quality", "cap_payment", "loss_limit", "disaster", "final_multiplier", "floor",
    ),
}  # fmt: skip
STEP_BLOCKS: Mapping[str, Mapping[str, str]] = {
    "medicare_shared_savings": {
        step: step for step in ("gate", "share", "cap_payment", "loss_limit", "disaster", "final_multiplier")
    },
    "risk_corridor": {"share": "corridor", "final_multiplier": "final_multiplier"},
    "quality_score": {},
}
"""Kind of program to its steps, each with the block whose presence makes it part of the contract."""


class Move(Strict):
    """One step before or after another."""

    step: Text
    before: Text | None = None
    after: Text | None = None
    clause: Text


class Order(Strict):
    """What a contract says about the sequence of its steps."""

    base: Literal["standard/1"]
    moves: list[Move] = Field(default_factory=list)


class OrderFault(ValueError):
    """A move that cannot be made; `index` is its number in the list."""

    def __init__(self, index: int, found: str, allowed: str) -> None:
        super().__init__(found)
        self.index = index
        self.found = found
        self.allowed = allowed


def ordered_steps(order: Order, kind: str, blocks: Iterable[str]) -> tuple[str, ...]:
    """The active steps in the contract's sequence. Raises `OrderFault` for a move of a step that is not there.

    >>> moved = Order(base="standard/1", moves=[Move(step="cap_payment", after="final_multiplier", clause="§1")])
    >>> ordered_steps(moved, "medicare_shared_savings", {"gate", "share", "cap_payment", "final_multiplier"})
    ('gate', 'share', 'final_multiplier', 'cap_payment')
    """
    there = set(blocks)
    active = [step for step in BASES[order.base] if STEP_BLOCKS[kind].get(step) in there]
    for index, move in enumerate(order.moves):
        if (move.before is None) is (move.after is None):
            raise OrderFault(index, "both or neither of `before` and `after`", "one of them")
        anchor = move.before or move.after or ""
        for step in (move.step, anchor):
            if step not in active:
                raise OrderFault(index, f"the step `{step}`, which has no terms", f"one of {', '.join(active)}")
        if move.step == anchor:
            raise OrderFault(index, "a step moved next to itself", "two steps")
        active.remove(move.step)
        active.insert(active.index(anchor) + (move.after is not None), move.step)
    return tuple(active)
