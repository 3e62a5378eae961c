"""Which member months count: how they are counted, who is left out of them, and the smallest panel."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import Block, Called, Strict, needs_each_once, needs_together
from p4v.contract.values import Id, People, RowCode, Text, fault

Window = Literal["performance", "baseline", "market"]
Roster = Literal["cost", "fee", "quality"]
COUNTED_BY_P4V = (
    "used", "rejected", "minimum_months", "outside_the_period", "not_covered_by_the_contract", "month_rule",
    "categories_not_counted", "products_not_compared", "other_purposes", "own_members", "members_of_contracted_groups",
)  # fmt: skip
"""What the controls of a settlement say beside the exclusions of a contract."""


class Exclusion(Strict):
    """A named rule by which rows or members are left out; what it takes is counted under its id."""

    id: Id
    """The exclusion's id, such as hospice. Figures where a fee rests on it: `recovered_member_months.<id>`."""
    rule: Literal["rows", "members", "after_death", "duplicates"]
    """Rows with one of the `values`; all of a member who has such a row in the period; months after the month of
    death; rows of a member and month after the first."""
    column: Id | None = None
    """The column that `rows` and `members` look at."""
    values: Annotated[list[Text], Field(min_length=1)] | None = None
    """What stands there where the rule takes a row or a member."""
    periods: Annotated[list[Window], Field(min_length=1)]
    """The periods that it applies to; a benchmark that rests on members has the same exclusions on both sides."""
    rosters: Annotated[list[Roster], Field(min_length=1)]
    """The rosters that it applies to: members whose cost counts, for whom a fee is paid, whose quality counts."""
    months: Literal["leave", "stay"]
    """Whether member months leave with the dollars."""
    most_rows: People | None = None
    """More rows than this are no exclusion but a fault of the file."""
    look_back_months: People | None = None
    """How far back a fee is recovered. Figure: `unrecovered_member_months.<id>`, for what lies beyond."""
    clause: Text | None = None
    """Its own clause, if it has one."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        by_column = self.rule in ("rows", "members")
        for term in ("column", "values"):
            if (getattr(self, term) is not None) is not by_column:
                found = f"rule `{self.rule}` {'without' if by_column else 'with'} `{term}`"
                raise fault("P4V-C023", found, "`column` and `values` with `rows` and `members` alone")
        if self.look_back_months is not None and "fee" not in self.rosters:
            raise fault("P4V-C023", "`look_back_months` without the roster `fee`", "`fee` among the `rosters`")
        for name, listed in (("values", self.values or []), ("periods", self.periods), ("rosters", self.rosters)):
            _each_once(name, listed)
        return self


def _each_once(name: str, listed: Sequence[str]) -> None:
    """Raises a fault where one word stands twice; letters of another case are another value."""
    if len(set(listed)) < len(listed):
        raise fault("P4V-C046", f"one of the `{name}` twice", "each once", term=name)


class MemberMonths(Block):
    """How member months are counted, whose count, and the smallest panel that can earn a reward."""

    counting: (
        Literal["counted", "any_day", "first_of_month", "fifteenth_of_month", "full_month", "pro_rata_days"] | None
    ) = None
    """When a month of a member counts: by the days covered, or `counted` before the data come."""
    products: Annotated[list[Id], Field(min_length=1)] | None = None
    """The products that count; without them all."""
    funding: Annotated[list[Id], Field(min_length=1)] | None = None
    """The kinds of funding that count, such as insured; without them all."""
    panel: Literal["members", "average_members"] | None = None
    """What a panel is: members with a counted month, of a pool those of any of its groups, each once; or member months
    over the months of the period, rounded down."""
    exclusions: Annotated[list[Exclusion], Field(min_length=1)] | None = None
    """Named rules by which rows or members are left out, in their order: what one takes the next does not see."""
    minimum_months: People | None = None
    """Members with fewer member months in a period leave it, with their months and dollars."""
    smallest_panel: Annotated[People | None, Called("smallest_panel")] = None
    """Fewer members than this earn no cost reward. Figure: `panel_size`; with `below: pool` that of each group,
    `panel_size.<id>`."""
    below: Literal["no_reward", "neither_reward_nor_loss", "pool"] | None = None
    """What happens below the smallest panel: no savings count, or no losses either; or, of groups that are parts of a
    benchmark, some are settled together, whatever their panel comes to, and each of the others apart."""
    pooled_with: Literal["those_below", "all"] | None = None
    """With `below: pool`: whether a group whose own panel is too small is settled with the others that are too small,
    or with all."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        needs_together(self, "smallest_panel", "below")
        if (self.below == "pool") is not (self.pooled_with is not None):
            found = (
                "`below: pool` without `pooled_with`" if self.below == "pool" else "`pooled_with` without `below: pool`"
            )
            raise fault("P4V-C023", found, "`pooled_with` with `below: pool` alone")
        _each_once("products", self.products or [])
        _each_once("funding", self.funding or [])
        ids = [exclusion.id for exclusion in self.exclusions or []]
        needs_each_once("exclusions", ids)
        taken = next((id_ for id_ in ids if id_ in COUNTED_BY_P4V), None)
        if taken is not None:
            raise fault("P4V-C031", f"`{taken}`, which p4v counts itself", "another id", term="exclusions")
        return self

    def pools(self) -> bool:
        """Whether groups with too small a panel are settled together."""
        return self.below == "pool"

    def of_rows(self) -> bool:
        """Whether anything here says how rows are counted, which a contract without a gate of its panel needs too."""
        fields = (self.counting, self.products, self.funding, self.panel, self.exclusions, self.minimum_months)
        return any(field is not None for field in fields)


class Waiver(Strict):
    """Rows with a known fault, which do not stop a settlement: they are rejected and counted."""

    id: Id
    """The waiver's id, such as late-file. Figures: `waived_rows.<id>`, `waived_dollars.<id>`."""
    finding: RowCode
    """The code of the fault, such as P4V-D012: one of a single row, not of a file or of what tables say together."""
    most_rows: Annotated[People, Called("waived_rows_at_most")]
    """More rows than this stop the settlement."""
    reason: Text
    """Why the parties let it pass."""


class Waivers(Block):
    """Faults of the data that the parties let pass; what they hold back is printed, and nothing paid changes."""

    items: Annotated[list[Waiver], Field(min_length=1)]
    """Each fault, up to how many rows, and why."""

    @model_validator(mode="after")
    def _each(self) -> Self:
        needs_each_once("items", [item.id for item in self.items])
        _each_once("items", [item.finding for item in self.items])
        return self
