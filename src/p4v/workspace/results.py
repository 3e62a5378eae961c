"""What is asked of a workspace, and what settling it gave: one result to each contract, and what was read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from p4v.contract.documents import Program
from p4v.contract.models import Status
from p4v.data.spec import TableInput
from p4v.settlement import Settlement
from p4v.workspace.document import Asked

State = Literal["settled", "not_in_force", "other_period"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be settled: a period, as of which days, for which groups (all where none is named)."""

    period: Asked
    paid_through: date | None = None
    groups: tuple[str, ...] = ()
    status: Status | None = None
    known: date | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class GroupResult:
    """One contract: its settlement with the figures that it was made from, or why there is none."""

    contract_id: str
    group: str
    group_name: str
    program: Program
    state: State
    reason: str = ""
    settlement: Settlement | None = None
    figures_json: bytes | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """All contracts of a workspace, the files that were read, and the rejected rows as CSV where there are any."""

    results: Sequence[GroupResult]
    inputs: Sequence[TableInput] = field(default_factory=tuple)
    rejected: bytes | None = None
