"""Care coordination fees, and the forms in which a reward is paid: terms.md, sections 3 and 7."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import (
    Block,
    Called,
    RoundingRule,
    Strict,
    needs_each_once,
    needs_one,
    needs_rising,
    needs_start,
    needs_whole,
)
from p4v.contract.values import Dollars, DollarsPerPerson, DollarsPmpm, Id, People, Share, YesNo, fault
from p4v.units import Table


class TierFee(Strict):
    """One risk tier and its fee. Figure: `fee_member_months.<id>`."""

    id: Id
    """The tier's id, such as low."""
    pmpm: Annotated[DollarsPmpm, Called("tier_fee_pmpm")]
    """Its fee per member per month."""


class SizeFee(Strict):
    """From this panel size, this fee."""

    from_: Annotated[People, Field(alias="from")]
    """The panel size from which the row applies."""
    pmpm: DollarsPmpm
    """The fee per member per month."""


class Act(Strict):
    """Dollars for each act. Figure: `acts.<id>`."""

    id: Id
    """The act's id, such as visit_after_discharge."""
    dollars: Annotated[DollarsPerPerson, Called("dollars_per_act")]
    """Dollars for each."""


class AtRisk(Strict):
    """A part of the fee that is due only where measures are met."""

    share: Annotated[Share, Called("fee_at_risk")]
    """The share of the fee that is clawed back."""
    measures: Annotated[list[Id], Field(min_length=1)]
    """The measures that must all be met."""


class CareCoordinationFee(Block):
    """What the payer pays for coordination, whatever the results."""

    pmpm: Annotated[DollarsPmpm | None, Called("care_coordination_fee_pmpm")] = None
    """Flat, per member per month."""
    per_member_per_year: Annotated[DollarsPerPerson | None, Called("care_coordination_fee_per_year")] = None
    """Flat, per member and year of twelve member months."""
    tiers: Annotated[list[TierFee], Field(min_length=1)] | None = None
    """By risk tier."""
    by_panel_size: Annotated[list[SizeFee] | None, Called("fee_by_panel_size")] = None
    """By panel size. Figure: `panel_size`."""
    share_of_amount: Annotated[Share | None, Called("fee_share_of_amount")] = None
    """A percentage of an amount. Figure: `fee_base`."""
    acts: Annotated[list[Act], Field(min_length=1)] | None = None
    """Per act."""
    roster: Literal["cost", "fee"] = "cost"
    """Whose member months count: those of the cost side, or a roster of its own (figure `fee_member_months`)."""
    by_month: YesNo = False
    """`yes`: a line for each month, at the rate of that month. Figures: `fee_member_months.<YYYY-MM>`."""
    pmpm_rounding: RoundingRule | None = None
    """How a flat fee per member per month is rounded before it is multiplied; without it it is not."""
    quality_adjusted: YesNo = False
    """`yes`: the fee is multiplied by the quality score."""
    at_risk: AtRisk | None = None
    """A part of the fee that is clawed back where a measure is missed."""
    look_back_months: People | None = None
    """How far back a change in membership is paid or recovered. Figures: `retroactive_member_months.<YYYY-MM>`."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        needs_one(self, "pmpm", "per_member_per_year", "tiers", "by_panel_size", "share_of_amount", "acts")
        rows = [row.from_ for row in self.by_panel_size or []]
        needs_rising("by_panel_size", rows)
        needs_start("by_panel_size", rows, "0")
        needs_each_once("tiers", [tier.id for tier in self.tiers or []])
        needs_each_once("acts", [act.id for act in self.acts or []])
        if (self.by_month or self.look_back_months is not None) and self.pmpm is None:
            raise fault(
                "P4V-C023", "months apart without a flat `pmpm`", "`by_month` and `look_back_months` with `pmpm`"
            )
        return self

    def sizes(self) -> Table:
        return Table.of_pairs([(row.from_, row.pmpm) for row in self.by_panel_size or []])


class Capitation(Block):
    """A fee of its own name: a fixed amount per member per month for services."""

    pmpm: Annotated[DollarsPmpm, Called("capitation_pmpm")]
    """Per member per month."""


class FeeReset(Block):
    """The reward is next period's care coordination fee: this period's and a share of the decrease per member."""

    share: Annotated[Share, Called("share_of_decrease")]
    """The share of the decrease against the benchmark that is added."""
    base: Literal["current_fee"]
    """What it is added to. The fee of `care_coordination_fee`."""
    decrease: Literal["from_costs", "given"] = "from_costs"
    """Benchmark less expenditure per member, or figure `decrease_pmpm`."""
    floor: Annotated[DollarsPmpm | None, Called("fee_floor")] = None
    """The least that the fee can be."""
    ceiling: Annotated[DollarsPmpm | None, Called("fee_ceiling")] = None
    """The most that the fee can be."""
    cost_increase: Literal["lowers_the_fee", "leaves_the_fee"]
    """What a cost above the benchmark does."""
    months: Annotated[People | None, Called("fee_reset_months")] = None
    """How long the new fee lasts."""
    known_late: YesNo = False
    """`yes`: months since the start are paid at once. Figure: `fee_reset_member_months`."""


class GapClosure(Strict):
    """Dollars for each member of one group of conditions whose gap was closed. Figure: `gaps_closed.<id>`."""

    id: Id
    """The tier's id, such as 1 or 5plus."""
    dollars: Annotated[DollarsPerPerson, Called("dollars_per_gap_closed")]
    """Dollars for each."""


class MeasurePay(Strict):
    """What one measure pays."""

    measure: Id
    """The measure's id."""
    dollars: Annotated[Dollars | None, Called("measure_dollars")] = None
    """Dollars at full points."""
    pmpm: Annotated[DollarsPmpm | None, Called("measure_pmpm")] = None
    """Dollars per member per month at full points."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        needs_one(self, "dollars", "pmpm")
        return self


class PoolAtCount(Strict):
    """From this number of measures met, this share of the pool."""

    from_: Annotated[People, Field(alias="from")]
    """The number of measures met from which the row applies."""
    share: Share
    """The share of the pool."""


class TierAtScore(Strict):
    """From this quality score, this rate."""

    from_: Annotated[Share, Field(alias="from")]
    """The quality score from which the row applies."""
    pmpm: DollarsPmpm
    """Dollars per member per month."""


class Challenge(Strict):
    """A pool of what other groups and this one left over, shared by challenge measures."""

    measures: Annotated[list[Id], Field(min_length=1)]
    """The challenge measures. Figures: `challenge_pool`, `challenge_points_of_all_groups`."""


class PayForPerformance(Block):
    """Dollars for quality itself."""

    pool_pmpm: Annotated[DollarsPmpm | None, Called("quality_pool_pmpm")] = None
    """A pool per member per month, earned by the quality score, or by `by_measures_met`."""
    pool_given: YesNo | None = None
    """`yes`: a pool of dollars. Figure: `quality_pool`."""
    by_measures_met: Annotated[list[PoolAtCount] | None, Called("pool_shares_by_measures_met")] = None
    """The share of the pool by the number of measures met."""
    tiers: Annotated[list[TierAtScore] | None, Called("pmpm_by_quality_score")] = None
    """A rate per member per month by the quality score."""
    measures: Annotated[list[MeasurePay], Field(min_length=1)] | None = None
    """Dollars by measure."""
    gaps: Annotated[list[GapClosure], Field(min_length=1)] | None = None
    """Gap closure by the number of conditions."""
    acts: Annotated[list[Act], Field(min_length=1)] | None = None
    """Dollars for each act."""
    left_over: Literal["stays_with_payer", "to_challenge_pool"] | None = None
    """What becomes of the part of a pool that is not earned."""
    challenge: Challenge | None = None
    """The group's part of the challenge pool."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        forms = ("pool_pmpm", "pool_given", "tiers", "measures", "gaps", "acts", "challenge")
        if all(getattr(self, name) is None for name in forms):
            raise fault("P4V-C023", "nothing that pays", f"one or more of {', '.join(forms)}")
        if self.pool_pmpm is not None and self.pool_given is not None:
            raise fault("P4V-C023", "two pools", "`pool_pmpm` or `pool_given`", term="pool_given")
        pool = self.pool_pmpm is not None or self.pool_given is not None
        if pool is not (self.left_over is not None):
            raise fault("P4V-C023", "one of a pool and `left_over`", "both or neither", term="left_over")
        if self.by_measures_met is not None and not pool:
            raise fault("P4V-C023", "`by_measures_met` without a pool", "a pool with it", term="by_measures_met")
        for name in ("by_measures_met", "tiers"):
            bounds = [row.from_ for row in getattr(self, name) or []]
            needs_rising(name, bounds)
            needs_start(name, bounds, "0")
        self._ids()
        return self

    def _ids(self) -> None:
        measures = [row.measure for row in self.measures or []]
        gaps = [row.id for row in self.gaps or []]
        needs_each_once("measures", measures)
        needs_each_once("gaps", [*measures, *gaps])
        needs_each_once("acts", [*measures, *gaps, *(row.id for row in self.acts or [])])


class UpliftAtSavings(Strict):
    """From this savings rate, these percentage points."""

    from_: Annotated[Share, Field(alias="from")]
    """The savings rate from which the row applies."""
    points: Share
    """Percentage points on the fee schedule."""


class UpliftRow(Strict):
    """One row of a savings-by-quality table: from this quality score, points by savings rate."""

    id: Id
    """The row's id, such as three_stars."""
    from_: Annotated[Share, Field(alias="from")]
    """The quality score from which the row applies."""
    by_savings: Annotated[list[UpliftAtSavings], Field(min_length=1)]
    """Points by savings rate; a loss reads the first row."""

    @model_validator(mode="after")
    def _rows(self) -> Self:
        bounds = [row.from_ for row in self.by_savings]
        needs_rising("by_savings", bounds)
        needs_start("by_savings", bounds)
        return self

    def table(self) -> Table:
        return Table.of_pairs([(row.from_, row.points) for row in self.by_savings])


class FeeScheduleUplift(Block):
    """The reward is percentage points on the next period's fee schedule."""

    by_quality: Annotated[list[UpliftRow], Field(min_length=1)]
    """A table of savings rate by quality score; the last row reached applies."""
    most: Annotated[Share, Called("highest_uplift")]
    """The most points in one period."""
    carry_forward: YesNo
    """Whether points above the most are carried to the next period. Figure: `carried_uplift`."""

    @model_validator(mode="after")
    def _rows(self) -> Self:
        bounds = [row.from_ for row in self.by_quality]
        needs_rising("by_quality", bounds)
        needs_start("by_quality", bounds)
        needs_each_once("by_quality", [row.id for row in self.by_quality])
        return self


class PartyShare(Strict):
    """One party's share of a category's savings."""

    party: Id
    """The party's id; `group` is the medical group."""
    share: Annotated[Share, Called("party_rate")]
    """Its share."""


class SplitCategory(Strict):
    """One category and how its savings are split. Figures: `category_benchmark.<id>`, `category_expenditure.<id>`."""

    id: Id
    """The category's id."""
    shares: Annotated[list[PartyShare], Field(min_length=1)]
    """The parties' shares; they sum to 100%."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needs_whole("shares", [row.share for row in self.shares])
        needs_each_once("shares", [row.party for row in self.shares])
        return self


class CategorySplit(Block):
    """Savings by category, each split among parties in its own way."""

    categories: Annotated[list[SplitCategory], Field(min_length=1)]
    """The categories."""
    losses: Literal["shared_alike", "not_shared"]
    """Whether a category's loss is split in the same way, or counts as nothing."""

    @model_validator(mode="after")
    def _ids(self) -> Self:
        needs_each_once("categories", [row.id for row in self.categories])
        return self
