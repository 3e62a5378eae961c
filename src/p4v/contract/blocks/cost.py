"""What the contract counts as expenditure, from a group's summary figures or its members: terms.md, section 4."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import (
    Block,
    Called,
    Strict,
    needs_each_once,
    needs_one,
    needs_rising,
    needs_together,
)
from p4v.contract.values import (
    Digest,
    Dollars,
    DollarsPmpm,
    Factor,
    Id,
    People,
    Share,
    SignedDollars,
    SignedDollarsPmpm,
    Text,
    YesNo,
    fault,
)


class RunOutFactor(Strict):
    """From this run-out on, this factor."""

    from_: Annotated[People, Field(alias="from")]
    """Months from the month in which a claim was incurred to the month through which claims are paid."""
    factor: Annotated[Factor, Called("run_out_factor")]
    """The factor, by the contract's convention."""


RunOut = Annotated[list[RunOutFactor], Field(min_length=1)]
"""Factors by run-out; the last row reached applies, and below the first there is none."""


class CostCategory(Strict):
    """One service category or plan. Figure: `reported_expenditure.<id>`."""

    id: Id
    """The category's id, such as inpatient, pharmacy or cdhp."""
    benefit_factor: Factor | None = None
    """Benefit richness: the reported dollars are multiplied by it."""
    completion_factor: Annotated[Factor | None, Called("category_completion_factor")] = None
    """The category's own completion, by the contract's convention."""
    by_run_out: RunOut | None = None
    """The category's own completion by run-out. Figures: `incurred_expenditure.<id>-<YYYY-MM>`."""

    @model_validator(mode="after")
    def _one_completion(self) -> Self:
        if self.completion_factor is not None and self.by_run_out is not None:
            raise fault("P4V-C023", "`completion_factor` and `by_run_out`", "one of them", term="by_run_out")
        needs_rising("by_run_out", [row.from_ for row in self.by_run_out or []])
        return self

    def changes_dollars(self) -> bool:
        """Whether its reported dollars are changed at all."""
        return any(term is not None for term in (self.benefit_factor, self.completion_factor, self.by_run_out))


class ProductBenefit(Strict):
    """The benefit richness of one plan, beside service categories. Figure: `product_expenditure.<id>`, of a baseline
    year `baseline_product_expenditure.<id>-<year>`.
    """

    id: Id
    """The product, one of `products` of `member_months`."""
    benefit_factor: Factor
    """Benefit richness: the product's dollars, of all categories that count, are multiplied by it."""


class Percentile(Strict):
    """A point that is read off a frozen reference, by the nearest rank."""

    at: Share
    """The share of the reference that lies at or below the point."""
    of: Literal["members", "member_years"]
    """What the amounts of the reference are of, as its file says: in a column `amount_of_member`, or
    `amount_of_member_year`."""
    amounts: Literal["annualised", "actual"]
    """Whether an amount is brought to twelve member months before it is ranked."""
    reference: Id
    """The reference's id in the workspace."""
    sha256: Digest
    """The digest of the reference's file, so that nobody changes it unseen."""

    @model_validator(mode="after")
    def _above(self) -> Self:
        if self.at == 0:
            raise fault("P4V-C040", "0%", "a share above 0%, up to 100%", term="at")
        return self


class LargeClaims(Strict):
    """What is done with members of very high cost; their dollars come as a figure."""

    form: Literal["truncate", "exclude", "pool"]
    """Truncate at the point, exclude the members, or pool a share of what lies above it."""
    point: Annotated[Dollars | None, Called("truncation_point")] = None
    """Dollars of a member and year. Figure: `large_claims_excess` (truncate, pool) or `large_claims_excluded`."""
    percentile: Percentile | None = None
    """The point as a percentile of a reference. Figure: `truncation_point`."""
    threshold: Literal["full", "prorated"] | None = None
    """Whether the point holds in full for a member with fewer months than the period, or in proportion."""
    across_moves: Literal["one_threshold", "each_group"] | None = None
    """One point for a member who moves between groups, or one with each group."""
    months: Literal["leave", "stay"] | None = None
    """Whether the member months of those who are excluded leave too; with form `exclude` alone. Figures of `leave`:
    `member_months_before_exclusion`, `large_claims_excluded_member_months`. Not `leave` beside a `loss_ratio`: revenue
    would stay."""
    pooled_share: Share | None = None
    """The share of the excess that leaves the group's cost."""
    charge_pmpm: Annotated[DollarsPmpm | None, Called("pooling_charge_pmpm")] = None
    """What the pool costs each group per member per month."""

    @model_validator(mode="after")
    def _form(self) -> Self:
        needs_one(self, "point", "percentile")
        if self.months is not None and self.form != "exclude":
            raise fault("P4V-C023", f"`months` with form `{self.form}`", "`months` with form `exclude`", term="months")
        needs_together(self, "pooled_share", "charge_pmpm")
        if (self.form == "pool") is not (self.pooled_share is not None):
            raise fault("P4V-C023", f"form `{self.form}`", "`pooled_share` and `charge_pmpm` with form `pool` alone")
        return self


class Completion(Strict):
    """What claims still outstanding are taken to be: as one factor for the year, or by the run-out of each month."""

    convention: Literal["percent_complete", "multiplier"]
    """`percent_complete` divides (96,000 at 0.96 is 100,000), `multiplier` multiplies."""
    basis: Literal["as_reported", "truncated"] | None = None
    """What the factors were measured on: dollars as reported, or those left after large claims. The sequence of the
    steps must agree; months by run-out and categories are completed as reported."""
    factor: Annotated[Factor | None, Called("completion_factor")] = None
    """One factor for all; without it each category has its own."""
    by_run_out: RunOut | None = None
    """Factors by run-out for all. Figures: `incurred_expenditure.<YYYY-MM>` (where a category has a `benefit_factor`:
    `.<category>-<YYYY-MM>`), for months whose factor is not 1."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.factor is not None and self.by_run_out is not None:
            raise fault("P4V-C023", "`factor` and `by_run_out`", "one of them", term="by_run_out")
        needs_rising("by_run_out", [row.from_ for row in self.by_run_out or []])
        return self

    @property
    def for_all(self) -> bool:
        """Whether all dollars are completed alike."""
        return self.factor is not None or self.by_run_out is not None


class Expenditure(Block):
    """From reported dollars to what the contract counts."""

    basis: Literal["allowed", "paid"]
    """Allowed and paid are different contracts."""
    by: Literal["categories", "products"] = "categories"
    """What the ids of `categories` are."""
    categories: Annotated[list[CostCategory], Field(min_length=1)] | None = None
    """The service categories (or products) that count; without them one figure: `reported_expenditure`, or
    `expenditure` where nothing changes it."""
    benefit_by_product: Annotated[list[ProductBenefit], Field(min_length=1)] | None = None
    """Benefit richness by plan, where `categories` are of service or there are none."""
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
        if self.by == "products" and self.categories is None:
            raise fault("P4V-C023", "`by: products` without `categories`", "`categories`, one to a product", term="by")
        self._benefit_by_product()
        own = any(row.completion_factor is not None or row.by_run_out is not None for row in self.categories or [])
        if own and (self.completion is None or self.completion.for_all):
            raise fault("P4V-C023", "completion of categories and in total", "one of the two", term="categories")
        if self.completion is not None and not self.completion.for_all and not own:
            allowed = "`factor` or `by_run_out`, or one of each category"
            raise fault("P4V-C022", "no completion factor", allowed, term="completion")
        if self.completion is not None and self.late_claims == "next_period_gross":
            raise fault(
                "P4V-C063",
                "completion and gross late claims",
                "late claims `ignored` or `next_period_net_of_accrued`: the same claims would count twice",
                term="late_claims",
            )
        return self

    def _benefit_by_product(self) -> None:
        """Factors by product change the dollars of all categories together."""
        if self.benefit_by_product is None:
            return
        needs_each_once("benefit_by_product", [item.id for item in self.benefit_by_product])
        term = "benefit_by_product"
        if self.by == "products" or any(row.benefit_factor is not None for row in self.categories or []):
            found = "`benefit_by_product` beside categories with factors of their own, or of products"
            raise fault("P4V-C023", found, "`benefit_factor` of each, or `benefit_by_product`", term=term)
        if self.completion is not None and self.completion.factor is None:
            found = "`benefit_by_product` with completion by run-out or by category"
            raise fault(
                "P4V-C023", found, "completion by one `factor`: a product's months are not told apart", term=term
            )

    def normalises(self) -> bool:
        """Whether anything brings dollars to the reference benefit."""
        by_category = any(category.benefit_factor is not None for category in self.categories or [])
        return by_category or self.benefit_by_product is not None

    def completes_by_run_out(self) -> bool:
        """Whether outstanding claims are an amount of their own, month by month, for all that is completed."""
        if self.completion is None or self.completion.factor is not None:
            return False
        return all(category.completion_factor is None for category in self.categories or [])


PERFORMANCE = "performance"
"""The period that is settled, among those of a named adjustment."""


class AdjustedPeriod(Strict):
    """A named adjustment's own amount in one period. Figure, unless the contract states it: `adjustment.<id>`; of a
    baseline year `adjustment.<id>-<year>`.
    """

    id: Id
    """`performance`, or the id of one of the benchmark's `baseline_periods`."""
    dollars: Annotated[SignedDollars | None, Called("adjustment_dollars")] = None
    """A stated amount; negative takes off."""
    pmpm: Annotated[SignedDollarsPmpm | None, Called("adjustment_pmpm")] = None
    """A stated amount per member month of that period; negative takes off."""
    given: YesNo | None = None
    """`yes`: the payer gives the amount."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        needs_one(self, "dollars", "pmpm", "given")
        return self


class Adjustment(Strict):
    """A named amount on one side, such as rebates, recoveries, capitation or reinsurance: of the performance period
    alone, unless `periods` says of which, with the amount of each.
    """

    id: Id
    """The adjustment's id. Figure, unless the contract states it: `adjustment.<id>`."""
    side: Literal["expenditure", "benchmark"]
    """Which side it changes: the cost, of a baseline year too where `periods` names it, or the benchmark in dollars."""
    dollars: Annotated[SignedDollars | None, Called("adjustment_dollars")] = None
    """A stated amount; negative takes off."""
    pmpm: Annotated[SignedDollarsPmpm | None, Called("adjustment_pmpm")] = None
    """A stated amount per member per month; negative, such as a rebate, takes off."""
    given: YesNo | None = None
    """`yes`: the payer gives the amount."""
    periods: Annotated[list[AdjustedPeriod], Field(min_length=1)] | None = None
    """The periods that it is of, each with its own amount; without it, the performance period."""
    when: Annotated[Literal["before_large_claims", "after_large_claims"], Called("when")] = "after_large_claims"
    """Before or after large claims are dealt with."""
    clause: Text | None = None
    """Its own clause, if it has one."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        needs_one(self, "dollars", "pmpm", "given", "periods")
        needs_each_once("periods", [period.id for period in self.periods or []])
        if self.side == "benchmark" and any(self.years()):
            found = "a baseline year of an adjustment of the benchmark"
            raise fault("P4V-C023", found, "side `expenditure`, or the performance period alone", term="periods")
        return self

    def years(self) -> Iterator[str]:
        """The baseline years that it is of."""
        return (period.id for period in self.periods or [] if period.id != PERFORMANCE)


class Adjustments(Block):
    """Named adjustments of either side."""

    items: Annotated[list[Adjustment], Field(min_length=1)]
    """Each a line of its own."""

    @model_validator(mode="after")
    def _ids(self) -> Self:
        of_years = [f"{item.id}-{year}" for item in self.items for year in item.years()]
        needs_each_once("items", [*(item.id for item in self.items), *of_years])
        return self
