"""The figures that a program or contract asks a group for: those that its file declares, or that its lines take."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from p4v.contract.documents import Program
from p4v.contract.models import days_of
from p4v.contract.terms import NotInForce
from p4v.figures import PlannedFigures, Wanted
from p4v.periods import Period
from p4v.settlement import worksheet

_YEAR = 12
SETTLED_LATE = date.max
"""A day through which all claims are paid: for whoever asks what terms want before a day is known."""


@lru_cache(maxsize=4096)
def figures_asked(
    program: Program,
    period: Period,
    agreement_start: date | None = None,
    known: date | None = None,
    status: str = "final",
    paid_through: date | None = None,
    fee_period: Period | None = None,
) -> Mapping[str, Wanted]:
    """The figures that a settlement needs, by name; `stem.*` are optional ones with keys of their own.

    Which months of outstanding claims are asked for depends on `paid_through`, which months of a fee on `fee_period`.

    A program of a published kind says so in its files; of any other the lines themselves do, written without values.

    Raises `Refusal` and `NotInForce` as the terms do.
    """
    if program.kind == "pay_for_value":
        planned = PlannedFigures(status=status)
        worksheet(program, period, agreement_start, planned, "names", known, paid_through, fee_period)
        return planned.specs
    return {
        name: Wanted(spec.unit, spec.clause, spec.label, spec.at_least, spec.at_most, spec.whole, spec.optional)
        for name, (spec, _) in program.figures().items()
    }


@lru_cache(maxsize=1024)
def figures_ever_asked(program: Program, status: str = "final") -> Mapping[str, Wanted]:
    """What is asked for in any period: with the first terms, and after each amendment."""
    asked: dict[str, Wanted] = {}
    for period in _periods(program):
        try:
            asked |= figures_asked(program, period, status=status, paid_through=SETTLED_LATE)
        except NotInForce:
            continue
    return asked


def _periods(program: Program) -> Iterator[Period]:
    contract = program.contract
    if contract is not None:
        yield contract.first_period()
    for day in sorted({day for part in program.parts for day in days_of(part.document)} or {date.min}):
        year = Period.of_months(day.year, day.month, _YEAR)
        if contract is not None and contract.agreement.effective <= day <= contract.agreement.ends:
            yield year if year.last_day <= contract.agreement.ends else Period(year.first_day, contract.agreement.ends)
        elif contract is None:
            yield year
