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
