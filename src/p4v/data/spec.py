"""Which files hold a table, what its columns mean, and what was read: shared by whoever opens, checks or lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

Role = Literal["member_months", "quality", "figures", "deaths", "lag_triangle", "expected_totals"]
Purpose = Literal["fee", "cost", "quality"]
"""What a member month counts for."""


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
    purpose: Purpose | None = None
    """What all of its rows count for; without it a row is of all purposes, or says itself."""
    number: int | None = None
    """Its place in the list of tables that it was named in, from 0."""
    purposes: "tuple[TableSpec, ...]" = ()
    """One table to each purpose, in place of files of its own."""

    def apart(self) -> "tuple[TableSpec, ...]":
        """The tables that have files: those of each purpose, or this one."""
        return self.purposes or (self,)

    def path(self) -> tuple[str | int, ...]:
        """What leads to it in a workspace's file."""
        return ("tables", self.role, *(() if self.number is None else (self.number,)))

    @property
    def shown(self) -> str:
        """What a message calls it where it has no file."""
        return self.role if self.purpose is None else f"{self.role} ({self.purpose})"


@dataclass(frozen=True, slots=True)
class TableInput:
    """One file that was read: what a manifest says of it."""

    role: Role
    name: str
    size: int
    sha256: str
    rows: int
    known_at: date | None = None
    purpose: Purpose | None = None
