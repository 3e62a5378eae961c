"""For which months each contract is settled, when a workspace is asked for a period."""

from dataclasses import dataclass
from datetime import date

from p4v.contract.documents import Program
from p4v.contract.models import ContractDocument, Status
from p4v.periods import Period
from p4v.workspace.document import Asked
from p4v.workspace.results import State


@dataclass(frozen=True, slots=True)
class Occasion:
    """The months of the reward and of the fee, and the status."""

    period: Period
    fee_period: Period | None
    status: Status


@dataclass(frozen=True, slots=True)
class NotNow:
    """Why a contract is not settled for the period that was asked for."""

    state: State
    reason: str


def occasion_of(program: Program, asked: Asked, status: Status | None, known: date | None) -> Occasion | NotNow:
    """What a contract settles when a period is asked for.

    Of a quarter, the reward counts from the start of the performance period, and the fee the quarter alone.
    """
    contract = program.contract
    assert contract is not None
    agreement = contract.agreement
    if known is not None and known < agreement.signed:
        return NotNow("not_in_force", f"signed on {agreement.signed}, not known on {known}")
    if not agreement.covers(asked.period):
        return NotNow("not_in_force", f"the agreement holds from {agreement.effective} to {agreement.ends}")
    if asked.quarter is not None:
        return _of_quarter(contract, asked.quarter, status)
    stated = contract.periods()
    wanted = status or "final"
    if stated and asked.period not in stated and not (wanted != "final" and _begins_one(stated, asked.period)):
        return NotNow("other_period", f"its performance periods are {', '.join(str(period) for period in stated)}")
    return Occasion(asked.period, None, wanted)


def _begins_one(stated: list[Period], period: Period) -> bool:
    """Whether months are the first of a performance period."""
    return any(whole.first_day == period.first_day and period.last_day <= whole.last_day for whole in stated)


def _of_quarter(contract: ContractDocument, quarter: Period, status: Status | None) -> Occasion | NotNow:
    for whole in contract.periods() or contract.years():
        if whole.first_day <= quarter.first_day and quarter.last_day <= whole.last_day:
            return Occasion(Period(whole.first_day, quarter.last_day), quarter, status or "interim")
    return NotNow("other_period", "no performance period has the quarter")
