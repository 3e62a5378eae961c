"""What savings are measured against: terms.md, section 5."""

from itertools import pairwise
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
from p4v.contract.values import Dollars, DollarsPmpm, Factor, Id, MonthsText, Share, Text, YesNo, fault


class WeightedYear(Strict):
    """One baseline year and its weight."""

    id: Id
    """The year's id, such as 2012. Figure: `baseline_pmpm.<id>`."""
    weight: Annotated[Share, Called("baseline_weight")]
    """Its weight; all weights sum to 100%."""
    trend: Annotated[Factor | None, Called("year_trend")] = None
    """What brings this year to the performance period, such as 1.05."""


class BaselinePeriod(Strict):
    """One baseline year whose cost comes from members: the cost steps run for it, with lines of its own.

    Figures: `baseline_member_months.<id>`, `baseline_reported_expenditure.<id>` (with categories:
    `.<category>-<id>`), `baseline_large_claims_excess.<id>` or `baseline_large_claims_excluded.<id>`.
    """

    id: Id
    """The year's id, such as 2012."""
    period: MonthsText
    """Its months."""
    point: Annotated[Dollars | None, Called("baseline_truncation_point")] = None
    """Its own point for large claims; without it that of the performance period."""
    factor: Annotated[Factor | None, Called("baseline_completion_factor")] = None
    """Its own completion, by the contract's convention; without it nothing is outstanding."""


class Where(Strict):
    """Rows with one of these values count."""

    column: Id
    """A column, such as area or product."""
    values: Annotated[list[Text], Field(min_length=1)]
    """What stands there."""


class Market(Strict):
    """Whose members make a market: a filter over the same table."""

    where: Annotated[list[Where], Field(min_length=1)] | None = None
    """What a row must be, condition by condition; without it every row is of the market."""
    exclude: Literal["group", "all_contracted", "none"]
    """Whose members are no part of it: the group's own, those of every contracted group, or nobody's."""
    cost: Literal["as_reported", "same_steps"] | None = None
    """How its cost is counted where the contract deals with large claims, completes, normalises or grosses up:
    `as_reported`, with none of this, or by the `same_steps`, which goes with `truncate` alone: each member at the
    contract's point, and in the base at that of a baseline year of the same months, if one states its own. Figures of
    `same_steps`: `market_large_claims_excess.<cell>`, `market_base_large_claims_excess.<cell>`,
    `regional_large_claims_excess`."""

    @model_validator(mode="after")
    def _columns(self) -> Self:
        needs_each_once("where", [where.column for where in self.where or []])
        return self


class MarketTrend(Market):
    """The market's cost of the performance period over that of a base period, cell by cell at the group's own mix.

    Figures of each cell: `mix_member_months`, `market_expenditure`, `market_member_months`,
    `market_base_expenditure`, `market_base_member_months`.
    """

    base: MonthsText
    """The months that the performance period is compared with."""
    cells: Annotated[list[Id], Field(min_length=1)]
    """The products whose trends are kept apart, weighted with the group's own member months."""

    @model_validator(mode="after")
    def _cells(self) -> Self:
        needs_each_once("cells", self.cells)
        return self


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
    """The part's id. Figures: `member_months.<id>`, `expenditure.<id>`; where `expenditure` changes dollars, instead of
    the latter what its steps start from, of each part: `reported_expenditure.<id>` (with categories:
    `.<category>-<id>`), `large_claims_excess.<id>`, `incurred_expenditure.<YYYY-MM>-<id>` and their like."""
    pmpm: Annotated[DollarsPmpm | None, Called("cell_pmpm")] = None
    """Its budget per member per month; with `loss_ratio` the revenue of the part gives it."""


class OtherBudget(Strict):
    """The other part of a blend, where it is no region's cost: one of these."""

    pmpm: Annotated[DollarsPmpm | None, Called("other_budget_pmpm")] = None
    """A budget per member per month."""
    loss_ratio: Annotated[Share | None, Called("other_loss_ratio_target")] = None
    """A medical loss ratio target of revenue, over the member months. Figure: `revenue`."""
    given: YesNo | None = None
    """`yes`: dollars given by the payer, over the member months. Figure: `other_budget`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        needs_one(self, "pmpm", "loss_ratio", "given")
        return self


_TRENDS = ("trend", "trend_given", "market_trend")
_PMPM_CHANGES = (*_TRENDS, "lowest_trend", "prior_savings_adjustment", "own_weight")
"""What changes a budget per member per month, and not one in dollars."""


class Benchmark(Block):
    """The amount savings are measured against: one basis, then what changes it."""

    pmpm: Annotated[DollarsPmpm | None, Called("benchmark_pmpm")] = None
    """A budget, or a base year's cost, per member per month."""
    given: YesNo | None = None
    """`yes`: dollars given by the payer. Figure: `benchmark`; `unadjusted_benchmark` where other terms change it;
    `own_budget` where it is blended."""
    given_pmpm: YesNo | None = None
    """`yes`: dollars per member per month given by the payer. Figure: `baseline_pmpm`."""
    loss_ratio: Annotated[Share | None, Called("loss_ratio_target")] = None
    """A medical loss ratio target of revenue. Figure: `revenue`, of everybody whose months count: members of very high
    cost cannot leave it with their months."""
    years: Annotated[list[WeightedYear], Field(min_length=1)] | None = None
    """One to three baseline years and their weights."""
    pooled_years: Annotated[list[Id], Field(min_length=1)] | None = None
    """Baseline years pooled: their dollars over their member months. Figures: `baseline_expenditure.<id>` (with
    `categories`: `.<category>-<id>`), `baseline_member_months.<id>`."""
    baseline_periods: Annotated[list[BaselinePeriod], Field(min_length=1)] | None = None
    """The years of `years` or `pooled_years`, where their cost comes from members."""
    categories: Annotated[list[CategoryBase], Field(min_length=1)] | None = None
    """Service categories with their own trends; beside `years` where there are `baseline_periods`."""
    cells: Annotated[list[Cell], Field(min_length=1)] | None = None
    """Parts of the population with budgets of their own."""
    parts: Literal["products", "groups"] | None = None
    """What the ids of `cells` are, where their figures come from members. Large claims of `groups` are those of each
    group's own members; of `products`, what a member has above the point falls on the products by their dollars."""
    pooling: Literal["together", "apart"] | None = None
    """Whether the parts are settled together or each on its own; without it the size of their panels says so, with
    `below: pool` of `member_months`."""
    trend: Annotated[Factor | None, Called("trend")] = None
    """A fixed trend, such as 1.0240."""
    trend_given: YesNo | None = None
    """`yes`: the market's own trend. Figure: `market_trend`."""
    market_trend: MarketTrend | None = None
    """The market's trend from its members, at the group's own mix."""
    lowest_trend: Factor | None = None
    """The lower end of the collar."""
    highest_trend: Factor | None = None
    """The upper end of the collar."""
    prior_savings_adjustment: YesNo | None = None
    """`yes`: an amount per member per month for earlier savings is added. Figure: `prior_savings_pmpm`."""
    own_weight: Share | None = None
    """A blend: the weight of the budget that stands first, of any kind; the rest is that of `regional_pmpm`, `regional`
    or `blended_with`. A loss ratio, or given dollars, are then taken per member month."""
    regional_pmpm: DollarsPmpm | None = None
    """The region's cost per member per month, for a blend."""
    regional: Market | None = None
    """The region, where its cost comes from members. Figures: `regional_expenditure`, `regional_member_months`."""
    blended_with: OtherBudget | None = None
    """The other budget, for a blend of any two."""
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
        else:
            self._without_cells()
        if self.years is not None:
            needs_whole("years", [year.weight for year in self.years])
            needs_each_once("years", [year.id for year in self.years])
        if self.categories is not None:
            self._categories()
        self._baseline()
        self._trend()
        self._blend()
        return self

    def _without_cells(self) -> None:
        for term in ("pooling", "parts"):
            if getattr(self, term) is not None:
                raise fault("P4V-C023", f"`{term}` without `cells`", "`cells` with it", term=term)

    def _baseline(self) -> None:
        """The years whose cost comes from members are the years of the baseline, each once, and none in another."""
        periods = self.baseline_periods
        if periods is None:
            return
        needs_each_once("baseline_periods", [year.id for year in periods])
        if self.years is not None:
            self._without("years", "pooled_years")
        named = {year.id for year in self.years or []} | set(self.pooled_years or [])
        if named != {year.id for year in periods}:
            allowed = "the years of `years` or `pooled_years`, each with its months"
            raise fault("P4V-C023", "`baseline_periods` of other years", allowed, term="baseline_periods")
        in_order = sorted((year.period for year in periods), key=lambda period: period.first_day)
        if any(later.first_day <= earlier.last_day for earlier, later in pairwise(in_order)):
            found = "`baseline_periods` that share a month"
            raise fault("P4V-C023", found, "each month in one of them", term="baseline_periods")

    def _trend(self) -> None:
        stated = [term for term in _TRENDS if getattr(self, term) is not None]
        if len(stated) > 1:
            found = " and ".join(f"`{term}`" for term in stated)
            raise fault("P4V-C023", found, "one of them", term=stated[-1])
        needs_together(self, "lowest_trend", "highest_trend")
        low, high = self.lowest_trend, self.highest_trend
        if low is not None and high is not None and low > high:
            raise fault("P4V-C041", "`lowest_trend` above `highest_trend`", "at or below it", term="lowest_trend")

    def _blend(self) -> None:
        others = ("regional_pmpm", "regional", "blended_with")
        stated = [term for term in others if getattr(self, term) is not None]
        if len(stated) > 1:
            found = " and ".join(f"`{term}`" for term in stated)
            raise fault("P4V-C023", found, "one of them", term=stated[0])
        needs_together(self, "own_weight", stated[0] if stated else "regional_pmpm")

    def _unused(self) -> None:
        """Refuses what the basis has no use for: it would be left out without a word."""
        bases = ("pmpm", "given", "given_pmpm")
        if self.cells is not None:
            others = ("years", "pooled_years", "baseline_periods", "categories", "discount")
            self._without("cells", *bases, *others, *_PMPM_CHANGES)
        elif self.categories is not None:
            from_summary = () if self.baseline_periods is not None else ("years",)
            self._without("categories", *bases, *from_summary, "loss_ratio")
        elif self.given or self.loss_ratio is not None:
            changes = [term for term in _PMPM_CHANGES if term != "own_weight"]
            self._without("given" if self.given else "loss_ratio", *changes)
        if self.lowest_trend is not None and self.cells is None and not self._has_trend():
            allowed = "`trend`, `trend_given` or `market_trend` with it"
            raise fault("P4V-C023", "a collar without a trend", allowed, term="lowest_trend")

    def _has_trend(self) -> bool:
        return any(getattr(self, term) is not None for term in _TRENDS)

    def _without(self, basis: str, *terms: str) -> None:
        for term in terms:
            if getattr(self, term) is not None:
                raise fault("P4V-C023", f"`{term}` with `{basis}`", f"`{basis}` without it: it has no use", term=term)

    def _cells(self) -> None:
        cells = self.cells or []
        needs_each_once("cells", [cell.id for cell in cells])
        if any((cell.pmpm is None) is not (self.loss_ratio is not None) for cell in cells):
            raise fault(
                "P4V-C023", "a cell without its budget", "`pmpm` of each cell, or one `loss_ratio`", term="cells"
            )

    def _categories(self) -> None:
        categories = self.categories or []
        needs_each_once("categories", [category.id for category in categories])
        of_years = self.pooled_years is not None or self.years is not None
        if any((category.pmpm is None) is not of_years for category in categories):
            allowed = "`pmpm` of each category, or baseline years for all"
            raise fault("P4V-C023", "categories with and without a base", allowed, term="categories")

    def in_dollars(self) -> bool:
        """Whether the budget is one of dollars, which is never taken per member month."""
        stated = self.given is not None or self.loss_ratio is not None
        return stated and self.own_weight is None and self.cells is None

    def revenue_counts(self) -> bool:
        """Whether the benchmark rests on revenue."""
        return self.loss_ratio is not None or (
            self.blended_with is not None and self.blended_with.loss_ratio is not None
        )

    def changes_pmpm(self) -> bool:
        """Whether anything stands between the base and the budget per member per month."""
        fields = (
            self.trend,
            self.trend_given,
            self.market_trend,
            self.prior_savings_adjustment,
            self.own_weight,
            self.discount,
            self.pmpm_rounding,
        )
        return any(value is not None for value in fields)


class RiskScores(Strict):
    """The change of risk from the risk scores of members.

    Figures: `risk_points` and `baseline_risk_points`; against the market also `market_risk_points` and
    `market_base_risk_points`: score x member months, summed over members.
    """

    base: Id
    """The baseline year that the performance period is compared with."""
    relative_to: Literal["none", "market"]
    """Whether the change of the market's own scores is taken out, from the base of its trend."""


class Risk(Block):
    """The change of the population's risk, and where it is taken into account. Figure: `risk_ratio`."""

    on: Literal["benchmark", "expenditure"]
    """Multiplies the benchmark, or divides the expenditure: the two give different money."""
    lowest: Annotated[Factor | None, Called("lowest_risk_ratio")] = None
    """The lower cap of the ratio."""
    highest: Annotated[Factor | None, Called("highest_risk_ratio")] = None
    """The upper cap of the ratio."""
    scores: RiskScores | None = None
    """The change of risk from members' scores; without it the ratio is given."""
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
