"""What becomes of savings and losses, step by step: terms.md, section 6."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import (
    Bands,
    Block,
    Called,
    RateFrom,
    Strict,
    needs_one,
    needs_rising,
    needs_start,
    needs_together,
)
from p4v.contract.values import Dollars, DollarsPmpm, People, Share, Shift, YesNo, fault
from p4v.units import Table


class Gate(Block):
    """Whether savings and losses count at all: the minimum savings rate and the minimum loss rate."""

    form: Literal["cliff", "deductible"]
    """A cliff counts every dollar once the rate is met; a deductible only what lies above it."""
    comparison: Literal["at_least", "more_than"]
    """Whether savings of exactly the minimum rate count."""
    minimum_savings_rate: Share | None = None
    """A flat rate."""
    minimum_savings_rates_by_size: Annotated[list[RateFrom], Field(min_length=1)] | None = None
    """Rates by the size of the panel. Figure: `panel_size`."""
    between_sizes: Literal["interpolated", "row_below"] | None = None
    """How the table of sizes is read between its rows."""
    minimum_loss_rate: Share | None = None
    """The rate from which losses count, where losses are shared."""
    losses: Literal["same_as_savings", "from_the_first_dollar"] | None = None
    """The minimum loss rate, where it is not a rate of its own."""

    @model_validator(mode="after")
    def _one_minimum_rate(self) -> Self:
        needs_one(self, "minimum_savings_rate", "minimum_savings_rates_by_size")
        needs_together(self, "minimum_savings_rates_by_size", "between_sizes")
        needs_rising("minimum_savings_rates_by_size", [row.at for row in self.minimum_savings_rates_by_size or []])
        if self.minimum_loss_rate is not None and self.losses is not None:
            raise fault("P4V-C023", "`minimum_loss_rate` and `losses`", "one of them", term="losses")
        return self

    def sizes(self) -> Table:
        return Table.of_pairs([(row.at, row.rate) for row in self.minimum_savings_rates_by_size or []])


class ShareAtCount(Strict):
    """One row of a ladder: from this number of thresholds met, this share."""

    from_: Annotated[People, Field(alias="from")]
    """The number of thresholds met from which the row applies."""
    share: Share
    """The group's share."""


class ShareAtScore(Strict):
    """One row of a ladder: from this quality score, this share."""

    from_: Annotated[Share, Field(alias="from")]
    """The quality score from which the row applies."""
    share: Share
    """The group's share."""


class ShiftAtScore(Strict):
    """One row of a table: from this quality score, these points more for the group."""

    from_: Annotated[Share, Field(alias="from")]
    """The quality score from which the row applies."""
    shift: Shift
    """Points added to the sharing rate; negative takes off."""


class SavingsShare(Block):
    """The group's share of the savings that count."""

    sharing_rate: Share | None = None
    """One share."""
    by_thresholds_met: Annotated[list[ShareAtCount] | None, Called("sharing_rates_by_thresholds_met")] = None
    """A share by the number of quality thresholds met."""
    by_quality_score: Annotated[list[ShareAtScore] | None, Called("sharing_rates_by_quality_score")] = None
    """A share by the quality score."""
    bands: Annotated[Bands | None, Called("savings_bands")] = None
    """Marginal bands of savings as a share of the benchmark, each with its own share; the last is without end."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        needs_one(self, "sharing_rate", "by_thresholds_met", "by_quality_score", "bands")
        for name in ("by_thresholds_met", "by_quality_score"):
            bounds = [row.from_ for row in getattr(self, name) or []]
            needs_rising(name, bounds)
            needs_start(name, bounds, "0")
        bounds = [band.above for band in self.bands or []]
        needs_rising("bands", bounds)
        needs_start("bands", bounds)
        return self

    def ladder(self) -> Table:
        """The one ladder that the contract has, by count or by score."""
        rows: list[ShareAtCount] | list[ShareAtScore] = self.by_thresholds_met or self.by_quality_score or []
        return Table.of_pairs([(row.from_, row.share) for row in rows])


class LossShare(Block):
    """The group's share of the losses that count."""

    sharing_rate: Annotated[Share | None, Called("loss_sharing_rate")] = None
    """One share."""
    lowest: Annotated[Share | None, Called("lowest_loss_sharing_rate")] = None
    """The complement of the final sharing rate, and at least this."""
    highest: Annotated[Share | None, Called("highest_loss_sharing_rate")] = None
    """The complement of the final sharing rate, and at most this."""
    bands: Annotated[Bands | None, Called("loss_bands")] = None
    """Marginal bands of losses as a share of the benchmark, each with its own share."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        needs_together(self, "lowest", "highest")
        needs_one(self, "sharing_rate", "lowest", "bands")
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise fault("P4V-C041", "`lowest` above `highest`", "`lowest` at or below `highest`", term="lowest")
        bounds = [band.above for band in self.bands or []]
        needs_rising("bands", bounds)
        needs_start("bands", bounds)
        return self


class GrossCap(Block):
    """The most savings, and the most losses, that count before sharing."""

    of_benchmark: Annotated[Share, Called("savings_cap_of_benchmark")]
    """As a share of the benchmark."""


class PaymentCap(Block):
    """The most that is paid after sharing: a different contract than a cap before it."""

    of_benchmark: Annotated[Share | None, Called("payment_cap_of_benchmark")] = None
    """As a share of the benchmark."""
    of_gross_savings: Annotated[Share | None, Called("payment_cap_of_gross_savings")] = None
    """As a share of gross savings."""
    pmpm: Annotated[DollarsPmpm | None, Called("payment_cap_pmpm")] = None
    """Per member per month."""
    dollars: Annotated[Dollars | None, Called("payment_cap")] = None
    """As an amount."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        needs_one(self, "of_benchmark", "of_gross_savings", "pmpm", "dollars")
        return self


class LossLimit(Block):
    """The most that the group owes; of two limits the lower one."""

    of_benchmark: Annotated[Share | None, Called("loss_limit_of_benchmark")] = None
    """As a share of the benchmark."""
    of_revenue: Annotated[Share | None, Called("loss_limit_of_revenue")] = None
    """As a share of the group's revenue. Figure: `revenue`."""

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.of_benchmark is None and self.of_revenue is None:
            raise fault("P4V-C023", "no limit", "`of_benchmark`, `of_revenue` or both")
        return self


class Disaster(Block):
    """What disasters take off a loss: a share of it, then dollars given. Figure: `disaster_adjustment`."""

    relieved_share_of_losses: Share
    """The share of the loss that is relieved."""


class FinalMultiplier(Block):
    """A multiplier at the end, such as sequestration."""

    savings: Annotated[Share, Called("final_multiplier")]
    """What is left of savings."""
    losses: Annotated[Share | None, Called("final_multiplier_of_losses")] = None
    """What is left of losses; without it losses carry none."""


class Floor(Block):
    """The least that is paid, whatever the savings."""

    dollars: Annotated[Dollars, Called("payment_floor")]
    """The guaranteed amount."""


class FeeOffset(Block):
    """Care coordination fees that come off the savings; where, the order says."""

    fees: Literal["given", "of_this_contract"]
    """`given`: figure `coordination_fees_paid`; or the fee that this contract settles for the period."""


class PriorDeficit(Block):
    """A deficit of earlier periods that is made up first; where, the order says. Figure: `prior_deficit`."""

    years: Annotated[People, Called("deficit_years")]
    """How many years a deficit is carried before it expires."""
    carry_forward: YesNo
    """Whether a loss of this period is added to what is carried on."""


class QualityEffect(Block):
    """What quality does to the group's share."""

    form: Literal["multiplier", "ladder", "split_shift"]
    """The score as a multiplier, a ladder of multipliers, or points that move the split on both sides."""
    ladder: Annotated[list[ShareAtScore] | None, Called("quality_ladder")] = None
    """The share that is paid from each quality score on."""
    shifts: Annotated[list[ShiftAtScore] | None, Called("split_shifts")] = None
    """The points that are added to the sharing rate, and taken off the loss sharing rate, from each score on."""

    @model_validator(mode="after")
    def _table_of_its_form(self) -> Self:
        for form, name in (("ladder", "ladder"), ("split_shift", "shifts")):
            if (self.form == form) is not (getattr(self, name) is not None):
                found = f"form `{form}` without `{name}`" if self.form == form else f"`{name}` with form `{self.form}`"
                raise fault("P4V-C023", found, f"`{name}` with form `{form}`, and with no other")
            bounds = [row.from_ for row in getattr(self, name) or []]
            needs_rising(name, bounds)
            needs_start(name, bounds)
        return self

    def table(self) -> Table:
        if self.shifts is not None:
            return Table.of_pairs([(row.from_, row.shift) for row in self.shifts])
        return Table.of_pairs([(row.from_, row.share) for row in self.ladder or []])
