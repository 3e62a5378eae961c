"""What the contract counts as expenditure, from a group's summary figures: terms.md, section 4."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import Block, Called, Strict, needs_each_once, needs_one, needs_together
from p4v.contract.values import Dollars, DollarsPmpm, Factor, Id, Share, SignedDollars, Text, YesNo, fault


class CostCategory(Strict):
    """One service category or plan. Figure: `reported_expenditure.<id>`."""

    id: Id
    """The category's id, such as inpatient, pharmacy or cdhp."""
    benefit_factor: Factor | None = None
    """Benefit richness: the reported dollars are multiplied by it."""
    completion_factor: Annotated[Factor | None, Called("category_completion_factor")] = None
    """The category's own completion, by the contract's convention."""


class LargeClaims(Strict):
    """What is done with members of very high cost; their dollars come as a summary figure."""

    form: Literal["truncate", "exclude", "pool"]
    """Truncate at the point, exclude the members, or pool a share of what lies above it."""
    point: Annotated[Dollars, Called("truncation_point")]
    """Dollars of a member and year. Figure: `large_claims_excess` (truncate, pool) or `large_claims_excluded`."""
    pooled_share: Share | None = None
    """The share of the excess that leaves the group's cost."""
    charge_pmpm: Annotated[DollarsPmpm | None, Called("pooling_charge_pmpm")] = None
    """What the pool costs each group per member per month."""

    @model_validator(mode="after")
    def _pool(self) -> Self:
        needs_together(self, "pooled_share", "charge_pmpm")
        if (self.form == "pool") is not (self.pooled_share is not None):
            raise fault("P4V-C023", f"form `{self.form}`", "`pooled_share` and `charge_pmpm` with form `pool` alone")
        return self


class Completion(Strict):
    """What claims still outstanding are taken to be, as one factor for the year."""

    convention: Literal["percent_complete", "multiplier"]
    """`percent_complete` divides (96,000 at 0.96 is 100,000), `multiplier` multiplies."""
    factor: Annotated[Factor | None, Called("completion_factor")] = None
    """One factor for all; without it each category has its own."""


class Expenditure(Block):
    """From reported dollars to what the contract counts."""

    basis: Literal["allowed", "paid"]
    """Allowed and paid are different contracts."""
    categories: Annotated[list[CostCategory], Field(min_length=1)] | None = None
    """The service categories that count; without them one figure: `reported_expenditure`, or `expenditure` where
    nothing changes it."""
    large_claims: LargeClaims | None = None
    """What is done with members of very high cost."""
    completion: Completion | None = None
    """How claims still outstanding are counted."""
    administrative_share: Share | None = None
    """Gross-up: the dollars are divided by one less this share."""
    coordination_fees: Literal["counted_in", "left_out"] | None = None
    """Whether the care coordination fees of the period are part of the cost."""
    late_claims: Literal["ignored", "next_period_gross", "next_period_net_of_accrued"] | None = None
    """Claims of earlier periods that were paid late. Figure: `late_claims`, unless they are ignored."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        needs_each_once("categories", [category.id for category in self.categories or []])
        own = [category for category in self.categories or [] if category.completion_factor is not None]
        if own and (self.completion is None or self.completion.factor is not None):
            raise fault("P4V-C023", "completion of categories and in total", "one of the two", term="categories")
        if self.completion is not None and self.completion.factor is None and not own:
            raise fault("P4V-C022", "no completion factor", "`factor`, or one of each category", term="completion")
        if self.completion is not None and self.late_claims == "next_period_gross":
            raise fault(
                "P4V-C063",
                "completion and gross late claims",
                "late claims `ignored` or `next_period_net_of_accrued`: the same claims would count twice",
                term="late_claims",
            )
        return self


class Adjustment(Strict):
    """A named amount on one side, such as rebates, recoveries, capitation or reinsurance."""

    id: Id
    """The adjustment's id. Figure, unless the contract states it: `adjustment.<id>`."""
    side: Literal["expenditure", "benchmark"]
    """Which side it changes."""
    dollars: Annotated[SignedDollars | None, Called("adjustment_dollars")] = None
    """A stated amount; negative takes off."""
    pmpm: Annotated[DollarsPmpm | None, Called("adjustment_pmpm")] = None
    """A stated amount per member per month, which is added."""
    given: YesNo | None = None
    """`yes`: the payer gives the amount."""
    when: Annotated[Literal["before_large_claims", "after_large_claims"], Called("when")] = "after_large_claims"
    """Before or after large claims are dealt with."""
    clause: Text | None = None
    """Its own clause, if it has one."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        needs_one(self, "dollars", "pmpm", "given")
        return self


class Adjustments(Block):
    """Named adjustments of either side."""

    items: Annotated[list[Adjustment], Field(min_length=1)]
    """Each a line of its own."""

    @model_validator(mode="after")
    def _ids(self) -> Self:
        needs_each_once("items", [item.id for item in self.items])
        return self
