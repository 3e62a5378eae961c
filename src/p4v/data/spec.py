"""Which files hold a table, what its columns mean, and what was read: shared by whoever opens, checks or lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

Role = Literal["member_months", "quality", "figures", "deaths", "lag_triangle", "expected_totals"]


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table as a workspace names it. `columns` is canonical name to the table's own; `frame` a table in memory."""

    role: Role
    files: tuple[Path, ...] = ()
    table: str | None = None
    months: Literal["counted", "covered_days"] = "counted"
    columns: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    known_at: date | None = None
    newest_known_at: date | None = None
    """The newest day that anything kept of the table knows about."""
    frame: Any = None
    other_groups: frozenset[str] | None = None
    """Groups without a contract that may have rows; None is any."""
    map: str | None = None
    """The name of a ready column map."""


@dataclass(frozen=True, slots=True)
class TableInput:
    """One file that was read: what a manifest says of it."""

    role: Role
    name: str
    size: int
    sha256: str
    rows: int
    known_at: date | None = None
