"""What a contract wants of member months: data rules, and the arrays that they give.

Contracts with equal rules are served by one pass over the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from p4v.kernels.checked import Ints
from p4v.periods import Period

Roster = Literal["fee", "cost", "quality"]
WindowKind = Literal["performance", "baseline", "market", "market_base", "fee"]
USED = "used"
OUTSIDE = "outside_the_period"
"""Rows of no window."""
OTHER_MEMBERS = "not_covered_by_the_contract"
"""Rows of a product or funding that the contract does not count."""
OTHER_DAYS = "month_rule"
"""Rows whose covered days do not make a member month."""
MINIMUM_MONTHS = "minimum_months"
STANDING = (USED, OUTSIDE, OTHER_MEMBERS, OTHER_DAYS)
"""The statuses of every roll-up; those of its own exclusions follow, then the minimum months, then the exclusions
again, for rows whose months would stay but for the minimum. A rejected row has minus the number of its fault."""
MONTH_UNITS = 10**6
"""Units of a ready member month: millionths."""
DAY_UNITS = 28 * 29 * 15 * 31
"""Units of a month that is counted by days: every length of a month divides it."""


@dataclass(frozen=True, slots=True)
class Window:
    """Months that are rolled up as one member-year. Windows of one rule set do not overlap."""

    id: str
    kind: WindowKind
    period: Period


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A named rule. `rows`, `after_death` and `duplicates` take rows out, `members` whole members of a window."""

    id: str
    rule: Literal["rows", "members", "after_death", "duplicates"]
    windows: frozenset[WindowKind]
    months_leave: bool
    column: str | None = None
    values: tuple[str, ...] = ()
    most_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost columns that are added up, and whether the contract counts them."""

    name: str
    sources: tuple[str, ...]
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a member's amount that a contract scales by one factor: the places of its costs, and its cells."""

    costs: tuple[int, ...]
    cells: tuple[str, ...] = ()
    """Where any is named, the dollars of other cells are no part of it."""
    year: int | None = None
    """Which twelve months of a window, from 0; None where no window is longer."""


@dataclass(frozen=True, slots=True)
class DataRules:
    """How rows become member months and dollars."""

    roster: Roster
    counting: str
    windows: tuple[Window, ...]
    costs: tuple[Cost, ...] = ()
    parts: tuple[Part, ...] = ()
    """How a member's dollars are kept apart: what a contract scales by other factors is in another part, and so is
    each year of a longer window; all parts of the first year come first.
    """
    products: tuple[str, ...] = ()
    funding: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """A market's filter: rows that do not match are no part of it and are not counted."""
    groups: tuple[str, ...] = ()
    """The groups whose rows are wanted; all if none is named."""
    exclusions: tuple[Exclusion, ...] = ()
    minimum_months: int | None = None
    """In millionths of a member month."""
    by_month: bool = False
    """Whether cells are kept apart by month."""
    across_moves: bool = False
    cell: str | None = None
    """The text column by which cells are kept apart: product, cohort or tier."""
    one_panel: tuple[str, ...] = ()
    """Groups whose members are counted together, so that who moves between them is one member."""

    @property
    def years(self) -> int:
        """How many years a member's dollars are kept apart by."""
        return 1 + max((part.year or 0 for part in self.parts), default=0)


@dataclass(frozen=True, slots=True)
class Cells:
    """One row for each group, window, month, cell and status, all arrays of one length.

    `window` is -1 outside all windows, `month` counts months from year 0 (-1 where they are not kept apart), `months`
    counts in units of 1 / `Experience.months_scale`, `dollars` is `(n, len(rules.costs))` in cents, `risk` is the score
    in ten-thousandths times units of months, `revenue` is cents.
    """

    group: Ints
    window: Ints
    month: Ints
    cell: Ints
    status: Ints
    rows: Ints
    months: Ints
    dollars: Ints
    risk: Ints
    revenue: Ints


@dataclass(frozen=True, slots=True)
class MemberYears:
    """One row for each group, window and member with months or dollars, without ids, in the order of groups and then
    windows; all arrays of one length.

    `months` as in `Cells`; `amount` is `(n, len(rules.parts))` in cents, `year_months` `(n, rules.years)`; `whole` and
    `whole_year_months` are the same over all groups that the member was with in the window, equal to those of the group
    where one threshold over a move is not wanted.
    """

    group: Ints
    window: Ints
    months: Ints
    amount: Ints
    year_months: Ints
    whole: Ints
    whole_year_months: Ints


@dataclass(frozen=True, slots=True)
class Experience:
    """What one pass over the data gave."""

    rules: DataRules
    groups: Sequence[str]
    cells_named: Sequence[str]
    statuses: Sequence[str]
    months_scale: int
    cells: Cells
    member_years: MemberYears
    months_seen: Mapping[tuple[int, int], int]
    """(group, window) to the months with rows, as a sum of bits 2^place."""
    other_purposes: Cells | None = None
    """The rows of the same groups that are of another roster."""
    panel: Mapping[int, int] = field(default_factory=dict)
    """Window to the members with a counted month in any group of `rules.one_panel`."""
