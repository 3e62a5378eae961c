"""What savings are measured against, and how many member months: terms.md, sections 2 and 5."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import (
    Block,
    Called,
    RoundingRule,
    Strict,
    needs_each_once,
    needs_one,
    needs_together,
    needs_whole,
)
from p4v.contract.values import DollarsPmpm, Factor, Id, People, Share, Text, YesNo, fault


class MemberMonths(Block):
    """How member months are counted, and the smallest panel that can earn a reward."""

    smallest_panel: Annotated[People | None, Called("smallest_panel")] = None
    """Fewer members than this earn no cost reward. Figure: `panel_size`."""
    below: Literal["no_reward", "neither_reward_nor_loss"] | None = None
    """What happens below the smallest panel: no savings count, or no losses either."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        needs_together(self, "smallest_panel", "below")
        return self


class WeightedYear(Strict):
    """One baseline year and its weight."""

    id: Id
    """The year's id, such as 2012. Figure: `baseline_pmpm.<id>`."""
    weight: Annotated[Share, Called("baseline_weight")]
    """Its weight; all weights sum to 100%."""


class CategoryBase(Strict):
    """One service category: its own base and trend."""

    id: Id
    """The category's id, such as inpatient."""
    pmpm: Annotated[DollarsPmpm | None, Called("category_pmpm")] = None
    """The base per member per month; without it, the pooled years give it."""
    trend: Annotated[Factor, Called("category_trend")]
    """The trend from the base to the performance period, such as 1.045."""


class Cell(Strict):
    """One part of the population with a budget and member months of its own: a product, a group of a pool."""

    id: Id
    """The part's id. Figures: `member_months.<id>`, `expenditure.<id>`."""
    pmpm: Annotated[DollarsPmpm | None, Called("cell_pmpm")] = None
    """Its budget per member per month; with `loss_ratio` the revenue of the part gives it."""


_PMPM_CHANGES = ("trend", "trend_given", "lowest_trend", "prior_savings_adjustment", "own_weight")
"""What changes a budget per member per month, and not one in dollars."""


class Benchmark(Block):
    """The amount savings are measured against: one basis, then what changes it."""

    pmpm: Annotated[DollarsPmpm | None, Called("benchmark_pmpm")] = None
    """A budget, or a base year's cost, per member per month."""
    given: YesNo | None = None
    """`yes`: dollars given by the payer. Figure: `benchmark`; `unadjusted_benchmark` where other terms change it."""
    given_pmpm: YesNo | None = None
    """`yes`: dollars per member per month given by the payer. Figure: `baseline_pmpm`."""
    loss_ratio: Annotated[Share | None, Called("loss_ratio_target")] = None
    """A medical loss ratio target of revenue. Figure: `revenue`."""
    years: Annotated[list[WeightedYear], Field(min_length=1)] | None = None
    """One to three baseline years and their weights."""
    pooled_years: Annotated[list[Id], Field(min_length=1)] | None = None
    """Baseline years pooled: their dollars over their member months. Figures: `baseline_expenditure.<id>` (with
    `categories`: `.<category>-<id>`), `baseline_member_months.<id>`."""
    categories: Annotated[list[CategoryBase], Field(min_length=1)] | None = None
    """Service categories with their own trends."""
    cells: Annotated[list[Cell], Field(min_length=1)] | None = None
    """Parts of the population with budgets of their own."""
    pooling: Literal["together", "apart"] | None = None
    """Whether the parts are settled together or each on its own."""
    trend: Annotated[Factor | None, Called("trend")] = None
    """A fixed trend, such as 1.0240."""
    trend_given: YesNo | None = None
    """`yes`: the market's own trend. Figure: `market_trend`."""
    lowest_trend: Factor | None = None
    """The lower end of the collar."""
    highest_trend: Factor | None = None
    """The upper end of the collar."""
    prior_savings_adjustment: YesNo | None = None
    """`yes`: an amount per member per month for earlier savings is added. Figure: `prior_savings_pmpm`."""
    own_weight: Share | None = None
    """A blend: the weight of the group's own budget; the rest is the region's."""
    regional_pmpm: DollarsPmpm | None = None
    """The region's cost per member per month, for a blend."""
    discount: Annotated[Share | None, Called("benchmark_discount")] = None
    """What the purchaser takes off the top."""
    pmpm_rounding: RoundingRule | None = None
    """How the budget per member per month is rounded before it is multiplied; without it it is not."""
    held_by: Literal["payer", "group"] = "payer"
    """Who holds the budget: with `group` the shares are what the payer takes of a gain and makes good of a loss."""

    @model_validator(mode="after")
    def _one_basis(self) -> Self:
        if self.categories is None and self.cells is None:
            needs_one(self, "pmpm", "given", "given_pmpm", "loss_ratio", "years", "pooled_years")
        self._unused()
        if self.cells is not None:
            self._cells()
        elif self.pooling is not None:
            raise fault("P4V-C023", "`pooling` without `cells`", "`cells` with it", term="pooling")
        if self.years is not None:
            needs_whole("years", [year.weight for year in self.years])
            needs_each_once("years", [year.id for year in self.years])
        if self.categories is not None:
            self._categories()
        if self.trend is not None and self.trend_given is not None:
            raise fault("P4V-C023", "`trend` and `trend_given`", "one of them", term="trend_given")
        needs_together(self, "lowest_trend", "highest_trend")
        needs_together(self, "own_weight", "regional_pmpm")
        low, high = self.lowest_trend, self.highest_trend
        if low is not None and high is not None and low > high:
            raise fault("P4V-C041", "`lowest_trend` above `highest_trend`", "at or below it", term="lowest_trend")
        return self

    def _unused(self) -> None:
        """Refuses what the basis has no use for: it would be left out without a word."""
        bases = ("pmpm", "given", "given_pmpm", "years")
        if self.cells is not None:
            self._without("cells", *bases, "pooled_years", "categories", *_PMPM_CHANGES, "discount")
        elif self.categories is not None:
            self._without("categories", *bases, "loss_ratio")
        elif self.given or self.loss_ratio is not None:
            self._without("given" if self.given else "loss_ratio", *_PMPM_CHANGES)
        if self.lowest_trend is not None and self.trend is None and self.trend_given is None and self.cells is None:
            raise fault("P4V-C023", "a collar without a trend", "`trend` or `trend_given` with it", term="lowest_trend")

    def _without(self, basis: str, *terms: str) -> None:
        for term in terms:
            if getattr(self, term) is not None:
                raise fault("P4V-C023", f"`{term}` with `{basis}`", f"`{basis}` without it: it has no use", term=term)

    def _cells(self) -> None:
        cells = self.cells or []
        needs_each_once("cells", [cell.id for cell in cells])
        if self.pooling is None:
            raise fault("P4V-C023", "`cells` without `pooling`", "`pooling: together` or `apart`", term="cells")
        if any((cell.pmpm is None) is not (self.loss_ratio is not None) for cell in cells):
            raise fault(
                "P4V-C023", "a cell without its budget", "`pmpm` of each cell, or one `loss_ratio`", term="cells"
            )

    def _categories(self) -> None:
        categories = self.categories or []
        needs_each_once("categories", [category.id for category in categories])
        pooled = self.pooled_years is not None
        if any((category.pmpm is None) is not pooled for category in categories):
            allowed = "`pmpm` of each category, or `pooled_years` for all"
            raise fault("P4V-C023", "categories with and without a base", allowed, term="categories")

    def changes_pmpm(self) -> bool:
        """Whether anything stands between the base and the budget per member per month."""
        fields = (
            self.trend,
            self.trend_given,
            self.prior_savings_adjustment,
            self.own_weight,
            self.discount,
            self.pmpm_rounding,
        )
        return any(value is not None for value in fields)


class Risk(Block):
    """The change of the population's risk, and where it is taken into account. Figure: `risk_ratio`."""

    on: Literal["benchmark", "expenditure"]
    """Multiplies the benchmark, or divides the expenditure: the two give different money."""
    lowest: Annotated[Factor | None, Called("lowest_risk_ratio")] = None
    """The lower cap of the ratio."""
    highest: Annotated[Factor | None, Called("highest_risk_ratio")] = None
    """The upper cap of the ratio."""
    model: str | None = None
    """Model and version, for the reader."""

    @model_validator(mode="after")
    def _caps(self) -> Self:
        needs_together(self, "lowest", "highest")
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise fault("P4V-C041", "`lowest` above `highest`", "at or below it", term="lowest")
        return self


class Stratum(Strict):
    """One part of the population that is reported apart. Figures: `stratum_member_months.<id>` and its like."""

    id: Id
    """The stratum's id, such as hmo."""
    name: Text
    """What it is called on the statement."""


class Strata(Block):
    """Parts of the population for which fee and savings are printed; they change nothing that is paid."""

    items: Annotated[list[Stratum], Field(min_length=1)]
    """The strata. Figures: `stratum_member_months.<id>`, `stratum_expenditure.<id>`, `stratum_revenue.<id>`."""

    @model_validator(mode="after")
    def _ids(self) -> Self:
        needs_each_once("items", [item.id for item in self.items])
        return self
