"""The figures that a program or contract asks a group for: those that its file declares, or that its lines take."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from p4v.contract.documents import Program
from p4v.contract.models import FigureSpec, days_of
from p4v.contract.terms import NotInForce
from p4v.periods import Period

_YEAR = 12


@lru_cache(maxsize=4096)
def figures_asked(
    program: Program, period: Period, agreement_start: date | None = None, known: date | None = None
) -> Mapping[str, FigureSpec]:
    """Name to unit, clause and bounds. Raises `Refusal` and `NotInForce` as the terms do."""
    del period, agreement_start, known
    return {name: spec for name, (spec, _) in program.figures().items()}


@lru_cache(maxsize=1024)
def figures_ever_asked(program: Program) -> Mapping[str, FigureSpec]:
    """What is asked for in any period: with the first terms, and after each amendment."""
    asked: dict[str, FigureSpec] = {}
    for period in _periods(program):
        try:
            asked |= figures_asked(program, period)
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
