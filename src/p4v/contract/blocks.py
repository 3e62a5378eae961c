"""The blocks of terms that each kind of program knows: what they are called, how they are written, what they need.

A block is one clause's worth of terms. A term is a line of the settlement under the name of its field, unless it says
another (`LineName`). Rules between terms of one block stand here; whether a block is needed at all says its program.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from p4v.contract.values import DollarsPmpm, Id, People, Places, Share, Text, YesNo, fault
from p4v.money import Rounding, Rule, decimal_text
from p4v.units import Table


@dataclass(frozen=True, slots=True)
class Called:
    """The line name of a term, where the field's own would say too little outside its block."""

    name: str


class Strict(BaseModel):
    """Unknown keys are refused, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Block(Strict):
    """Terms under one clause."""

    clause: Text


class RateFrom(Strict):
    """One row of a table that is read between its rows."""

    at: People
    rate: Share


class ShareFrom(Strict):
    """One marginal band: the share paid from this bound to the next."""

    above: Share
    share: Share


class Benchmark(Block):
    """What savings are measured against: dollars given by the payer, or a budget per member per month."""

    basis: Literal["given", "pmpm"]
    pmpm: Annotated[DollarsPmpm | None, Called("benchmark_pmpm")] = None

    @model_validator(mode="after")
    def _pmpm_with_its_basis(self) -> Self:
        if (self.basis == "pmpm") is not (self.pmpm is not None):
            raise fault(
                "P4V-C023",
                f"basis `{self.basis}` {'without' if self.pmpm is None else 'with'} `pmpm`",
                "`pmpm` with basis `pmpm` alone",
            )
        return self


class Gate(Block):
    """When savings or losses count at all."""

    form: Literal["cliff"]
    comparison: Literal["at_least"]
    minimum_savings_rate: Share | None = None
    minimum_savings_rates_by_size: list[RateFrom] | None = None
    smallest_population_of_table: People | None = None
    minimum_savings_rate_elections: list[Share] | None = None
    minimum_loss_rate: Literal["same_as_savings"] | None = None
    losses_printed_though_not_owed: YesNo = False
    guardrail: YesNo = False
    reduced_share_multiplier: Share | None = None
    reduced_share_smallest_population: People | None = None

    @model_validator(mode="after")
    def _one_minimum_rate(self) -> Self:
        if (self.minimum_savings_rate is None) is (self.minimum_savings_rates_by_size is None):
            raise fault("P4V-C023", "both or neither", "`minimum_savings_rate` or `minimum_savings_rates_by_size`")
        _together(self, "minimum_savings_rates_by_size", "smallest_population_of_table")
        _together(self, "reduced_share_multiplier", "reduced_share_smallest_population")
        _rising("minimum_savings_rates_by_size", [row.at for row in self.minimum_savings_rates_by_size or []])
        _rising("minimum_savings_rate_elections", self.minimum_savings_rate_elections or [])
        return self

    def rates_by_size(self) -> Table:
        rows = self.minimum_savings_rates_by_size or []
        return Table.of_pairs([(row.at, row.rate) for row in rows])

    def elections(self) -> Table:
        rates = self.minimum_savings_rate_elections or []
        return Table.of_pairs([(rate, rate) for rate in rates])


class QualityStandard(Block):
    """What the quality standard does to the sharing rate."""

    score_scales_sharing_rate: YesNo
    alternative_standard_counts: YesNo


class SavingsShare(Block):
    """The group's share of savings, before quality."""

    maximum_sharing_rate: Share


class PaymentCap(Block):
    """The most that is paid."""

    of_benchmark: Annotated[Share, Called("payment_cap_of_benchmark")]


class FinalMultiplier(Block):
    """A multiplier on what would be paid, such as sequestration; losses carry none."""

    savings: Annotated[Share, Called("final_multiplier")]


class LossShare(Block):
    """The group's share of losses: fixed, or what the quality-adjusted sharing rate leaves, within bounds."""

    loss_sharing_rate: Share | None = None
    lowest: Annotated[Share | None, Called("lowest_loss_sharing_rate")] = None
    highest: Annotated[Share | None, Called("highest_loss_sharing_rate")] = None

    @model_validator(mode="after")
    def _fixed_or_within_bounds(self) -> Self:
        _together(self, "lowest", "highest")
        if (self.loss_sharing_rate is None) is (self.lowest is None):
            raise fault("P4V-C023", "both or neither", "`loss_sharing_rate`, or `lowest` and `highest`")
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise fault("P4V-C041", "`lowest` above `highest`", "`lowest` at or below `highest`", term="lowest")
        return self


class LossLimit(Block):
    """The most that is owed: a share of the benchmark, and of revenue where it is given and lower."""

    of_benchmark: Annotated[Share, Called("loss_limit_of_benchmark")]
    of_revenue: Annotated[Share | None, Called("loss_limit_of_revenue")] = None


class Disaster(Block):
    """What disasters take off a loss: a share of it, then the dollars given for the group."""

    relieved_share_of_losses: Share


class RoundingRule(Strict):
    """To how many places, and in which direction."""

    places: Places
    rule: Rule

    def rounding(self) -> Rounding:
        return Rounding(self.places, self.rule)


class SettledRounding(Block):
    """How the amount earned is rounded, once."""

    earned: RoundingRule


class Corridor(Block):
    """The group's share of each marginal band of savings or losses, both ways alike."""

    bands: Annotated[list[ShareFrom], Field(min_length=1), Called("corridor")]

    @model_validator(mode="after")
    def _from_the_first_dollar(self) -> Self:
        bounds = [band.above for band in self.bands]
        _rising("bands", bounds)
        if bounds[0] != 0:
            raise fault("P4V-C044", "no band from 0%", "a first band `above: 0%`", term="bands")
        return self

    def table(self) -> Table:
        return Table.of_pairs([(band.above, band.share) for band in self.bands])


class Domain(Strict):
    """A domain of quality and its weight in the total."""

    id: Id
    weight: Share


class Domains(Block):
    """The domains of a total score; a domain that could not be scored leaves its weight to the others in proportion."""

    weights: Annotated[list[Domain], Field(min_length=1)]
    unscored: Literal["weight_shared_in_proportion"]

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> Self:
        whole = sum((domain.weight for domain in self.weights), start=Fraction(0))
        if whole != 1:
            raise fault(
                "P4V-C042", f"weights that sum to {decimal_text(whole * 100)}%", "weights that sum to exactly 100%"
            )
        ids = [domain.id.lower() for domain in self.weights]
        if len(set(ids)) < len(ids):
            raise fault("P4V-C046", "one domain twice", "each domain once")
        return self


Kind = Literal["medicare_shared_savings", "risk_corridor", "quality_score"]
"""What a program can be."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    "medicare_shared_savings": ("benchmark", "gate", "quality_standard", "share", "rounding"),
    "risk_corridor": ("benchmark", "corridor", "rounding"),
    "quality_score": ("domains",),
}
"""Kind of program to the blocks that it cannot do without."""
KINDS: Mapping[str, Mapping[str, type[Block]]] = {
    "medicare_shared_savings": {
        "benchmark": Benchmark,
        "gate": Gate,
        "quality_standard": QualityStandard,
        "share": SavingsShare,
        "cap_payment": PaymentCap,
        "loss_share": LossShare,
        "loss_limit": LossLimit,
        "disaster": Disaster,
        "final_multiplier": FinalMultiplier,
        "rounding": SettledRounding,
    },
    "risk_corridor": {
        "benchmark": Benchmark,
        "corridor": Corridor,
        "final_multiplier": FinalMultiplier,
        "rounding": SettledRounding,
    },
    "quality_score": {"domains": Domains},
}
"""Kind of program to the blocks that it knows."""


def _together(block: Block, first: str, second: str) -> None:
    if (getattr(block, first) is None) is not (getattr(block, second) is None):
        present = first if getattr(block, second) is None else second
        raise fault("P4V-C023", f"one of `{first}` and `{second}`", "both or neither", term=present)


def _rising(name: str, bounds: list[Fraction]) -> None:
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        raise fault("P4V-C045", f"`{name}` out of order", "each row above the one before", term=name)
