"""What a contract wants of member months: data rules, and the arrays that they give.

Contracts with equal rules are served by one pass over the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from p4v.periods import Period

Ints = NDArray[np.int64]
Roster = Literal["fee", "cost", "quality"]
WindowKind = Literal["performance", "baseline", "market", "market_base", "fee"]
USED = "used"
OUTSIDE = "outside_the_period"
"""Rows of no window."""
MINIMUM_MONTHS = "minimum_months"
OTHER_MEMBERS = "not_covered_by_the_contract"
"""Rows of a product or funding that the contract does not count."""
WEIGHT_SCALE = 10**6
"""A weight of 1 on a cost column, in millionths."""


@dataclass(frozen=True, slots=True)
class Window:
    """Months that are rolled up as one member-year. Windows of one rule set do not overlap."""

    id: str
    kind: WindowKind
    period: Period


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A named rule. `rows` and `after_death` and `duplicates` take rows out, `members` whole members of a window."""

    id: str
    rule: Literal["rows", "members", "after_death", "duplicates"]
    windows: frozenset[WindowKind]
    months_leave: bool
    column: str | None = None
    values: tuple[str, ...] = ()
    most_rows: int | None = None


@dataclass(frozen=True, slots=True)
class DataRules:
    """How rows become member months and dollars. `columns` are cost columns such as `allowed.inpatient`, each with the
    weight (millionths) at which it enters a member's dollars; `product_weights` multiply further by product."""

    roster: Roster
    counting: str
    windows: tuple[Window, ...]
    columns: tuple[tuple[str, int], ...] = ()
    product_weights: tuple[tuple[str, int], ...] = ()
    products: tuple[str, ...] = ()
    funding: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """A market's filter: rows that do not match are no part of it and are not counted."""
    exclusions: tuple[Exclusion, ...] = ()
    minimum_months: int | None = None
    """In millionths of a member month."""
    member_years: bool = False
    across_moves: bool = False
    cell: str = "product"
    """The text column by which cells are kept apart: product, cohort, or tier."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One row for each group, window, month, cell and status. All arrays have one length; `dollars` is
    `(n, len(rules.columns))` in cents. `months` counts in units of 1 / `Experience.months_scale`."""

    group: Ints
    window: Ints
    month: Ints
    cell: Ints
    status: Ints
    rows: Ints
    months: Ints
    dollars: Ints
    risk: Ints
    """Risk score x member months, in ten-thousandths x units of months."""
    revenue: Ints


@dataclass(frozen=True, slots=True)
class MemberYears:
    """One row for each group, window and member that is counted, without ids. `amount` is cents x millionths;
    `whole` is the same over all groups that the member was with in the window (equal to `amount` where
    `across_moves` is off)."""

    group: Ints
    window: Ints
    months: Ints
    amount: Ints
    whole: Ints


@dataclass(frozen=True, slots=True)
class Experience:
    """What one pass over the data gave."""

    rules: DataRules
    groups: Sequence[str]
    cells_named: Sequence[str]
    statuses: Sequence[str]
    months_scale: int
    cells: Cells
    member_years: MemberYears | None
    members: Mapping[tuple[int, int], int]
    """(group, window) to the number of members with a counted month."""
    columns_present: frozenset[str] = frozenset()
