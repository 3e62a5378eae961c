"""The blocks of the published Medicare programs and of hospital scores."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import (
    Block,
    Called,
    RateFrom,
    RoundingRule,
    ShareFrom,
    Strict,
    needs_each_once,
    needs_rising,
    needs_together,
    needs_whole,
)
from p4v.contract.values import DollarsPmpm, Id, People, Share, YesNo, fault
from p4v.units import Table


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
        needs_together(self, "minimum_savings_rates_by_size", "smallest_population_of_table")
        needs_together(self, "reduced_share_multiplier", "reduced_share_smallest_population")
        needs_rising("minimum_savings_rates_by_size", [row.at for row in self.minimum_savings_rates_by_size or []])
        needs_rising("minimum_savings_rate_elections", self.minimum_savings_rate_elections or [])
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
        needs_together(self, "lowest", "highest")
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


class SettledRounding(Block):
    """How the amount earned is rounded, once."""

    earned: RoundingRule


class Corridor(Block):
    """The group's share of each marginal band of savings or losses, both ways alike."""

    bands: Annotated[list[ShareFrom], Field(min_length=1), Called("corridor")]

    @model_validator(mode="after")
    def _from_the_first_dollar(self) -> Self:
        bounds = [band.above for band in self.bands]
        needs_rising("bands", bounds)
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
        needs_whole("weights", [domain.weight for domain in self.weights])
        needs_each_once("weights", [domain.id for domain in self.weights])
        return self
