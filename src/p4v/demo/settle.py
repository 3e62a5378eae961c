"""The demo's workspace settled: each group's first full performance period, one register over all of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from p4v.contract.documents import shown_path
from p4v.contract.models import ContractDocument
from p4v.periods import Period
from p4v.report.deliver import Delivered, deliver, entries_of
from p4v.report.register import About, Entry
from p4v.single import read_contract
from p4v.workspace.document import Asked, Workspace, read_workspace
from p4v.workspace.results import Request, Settled
from p4v.workspace.settle import settle_workspace

Step = Callable[[str], None]
_RUN_OUT = 6
"""Months after the period through which claims are paid."""


@dataclass(frozen=True, slots=True)
class DemoSettled:
    """Every contract with its run, and where everything was written."""

    entries: Sequence[Entry]
    delivered: Delivered


def settle_demo(folder: Path, step: Step = lambda _: None) -> DemoSettled:
    """Settles the groups of a demo's workspace, and writes runs, statements and register. Raises `Refusal`."""
    workspace = read_workspace(folder)
    parts = [
        settle_workspace(workspace, Request(Asked(period), _paid_through(period), groups), step)
        for period, groups in first_periods(workspace)
    ]
    settled = Settled(
        [result for part in parts for result in part.results if result.settlement is not None],
        parts[0].inputs,
        next((part.rejected for part in parts if part.rejected is not None), None),
    )
    entries = entries_of(settled)
    return DemoSettled(entries, deliver(entries, settled, About(_over_all(settled)), workspace.runs, step))


def first_periods(workspace: Workspace) -> Iterator[tuple[Period, tuple[str, ...]]]:
    """Each period that is the first of some contract, with the groups of these."""
    groups: dict[Period, list[str]] = {}
    for path in sorted(workspace.contracts.glob("*.yaml")):
        contract = read_contract(path).contract
        assert isinstance(contract, ContractDocument), f"{shown_path(path)} is no contract"
        groups.setdefault(contract.first_period(), []).append(contract.group.id)
    for period in sorted(groups, key=lambda period: (period.first_day, period.last_day)):
        yield period, tuple(groups[period])


def _paid_through(period: Period) -> date:
    last = period.last_day
    return Period.of_months(last.year, last.month, 1 + _RUN_OUT).last_day


def _over_all(settled: Settled) -> str:
    """The months from the first to the last of all periods that were settled."""
    periods = [result.settlement.period for result in settled.results if result.settlement is not None]
    first, last = min(period.first_day for period in periods), max(period.last_day for period in periods)
    return str(Period(first, last))
