"""The blocks of terms that each kind of program knows: what they are called, how they are written, what they need.

A block is one clause's worth of terms. A term is a line of the settlement under the name of its field, unless it says
another (`Called`). Rules between terms of one block stand with it; whether a block is needed at all says its program.
"""

from collections.abc import Mapping
from typing import Literal

from p4v.contract.blocks import benchmark, cash, cost, medicare, members, quality, rewards, savings
from p4v.contract.blocks.base import Block, Called, Strict

__all__ = ["KINDS", "NEEDED", "Block", "Called", "Kind", "Strict"]

Kind = Literal["pay_for_value", "medicare_shared_savings", "risk_corridor", "quality_score"]
"""What a program can be."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    "pay_for_value": ("rounding",),
    "medicare_shared_savings": ("benchmark", "gate", "quality_standard", "share", "rounding"),
    "risk_corridor": ("benchmark", "corridor", "rounding"),
    "quality_score": ("domains",),
}
"""Kind of program to the blocks that it cannot do without."""
KINDS: Mapping[str, Mapping[str, type[Block]]] = {
    "pay_for_value": {
        "care_coordination_fee": rewards.CareCoordinationFee,
        "capitation": rewards.Capitation,
        "member_months": members.MemberMonths,
        "expenditure": cost.Expenditure,
        "adjustments": cost.Adjustments,
        "benchmark": benchmark.Benchmark,
        "risk": benchmark.Risk,
        "quality": quality.Quality,
        "quality_gate": quality.QualityGate,
        "trend_gate": quality.TrendGate,
        "gate": savings.Gate,
        "cap_gross": savings.GrossCap,
        "share": savings.SavingsShare,
        "quality_effect": savings.QualityEffect,
        "cap_payment": savings.PaymentCap,
        "loss_share": savings.LossShare,
        "loss_limit": savings.LossLimit,
        "disaster": savings.Disaster,
        "final_multiplier": savings.FinalMultiplier,
        "floor": savings.Floor,
        "fee_offset": savings.FeeOffset,
        "prior_deficit": savings.PriorDeficit,
        "category_split": rewards.CategorySplit,
        "fee_reset": rewards.FeeReset,
        "pay_for_performance": rewards.PayForPerformance,
        "fee_schedule_uplift": rewards.FeeScheduleUplift,
        "strata": benchmark.Strata,
        "waivers": members.Waivers,
        "interim": cash.Interim,
        "withhold": cash.Withhold,
        "cash": cash.Cash,
        "funders": cash.Funders,
        "distribution": cash.Distribution,
        "rounding": cash.SettledRoundings,
    },
    "medicare_shared_savings": {
        "benchmark": medicare.Benchmark,
        "gate": medicare.Gate,
        "quality_standard": medicare.QualityStandard,
        "share": medicare.SavingsShare,
        "cap_payment": medicare.PaymentCap,
        "loss_share": medicare.LossShare,
        "loss_limit": medicare.LossLimit,
        "disaster": medicare.Disaster,
        "final_multiplier": medicare.FinalMultiplier,
        "rounding": medicare.SettledRounding,
    },
    "risk_corridor": {
        "benchmark": medicare.Benchmark,
        "corridor": medicare.Corridor,
        "final_multiplier": medicare.FinalMultiplier,
        "rounding": medicare.SettledRounding,
    },
    "quality_score": {"domains": medicare.Domains},
}
"""Kind of program to the blocks that it knows."""
