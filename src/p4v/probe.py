"""What the order of a contract is worth: each two neighbouring steps swapped, on the contract's own cases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from p4v.cases import PlacedCase, figures_of_case
from p4v.contract.documents import Program
from p4v.contract.models import period_of
from p4v.contract.order import BEFORE
from p4v.contract.terms import NotInForce, Terms
from p4v.errors import Refusal
from p4v.figures import FigureMissing, Figures
from p4v.periods import Period
from p4v.programs import PROGRAMS
from p4v.settlement import terms_for
from p4v.units import Unit
from p4v.worksheet import LineFault, Worksheet


@dataclass(frozen=True, slots=True)
class Moved:
    """Two steps the other way round, and the dollars that move in one case."""

    case: str
    earlier: str
    later: str
    line: str
    dollars: Fraction


def moved_dollars(program: Program, case: PlacedCase) -> Iterator[Moved]:
    """The settled dollars that move for each two neighbouring steps; steps that cannot be swapped are left out."""
    period = period_of(case.document.period) if case.document.period else _first_period(program)
    try:
        said = case.document
        terms = terms_for(program, period, None, said.known, said.paid_through, said.fee_months())
        figures = figures_of_case(program, case, period)
        as_written = _settled(program, terms, figures)
        for cost in (True, False):
            steps = terms.cost_order if cost else terms.order
            for place in range(len(steps) - 1):
                earlier, later = steps[place], steps[place + 1]
                if (earlier, later) in BEFORE:
                    continue
                swapped = (*steps[:place], later, earlier, *steps[place + 2 :])
                other = _settled(program, terms.reordered(swapped, cost), figures)
                for name, dollars in as_written.items():
                    if other.get(name, dollars) != dollars:
                        yield Moved(case.document.case, earlier, later, name, other[name] - dollars)
    except (Refusal, NotInForce, FigureMissing, LineFault):
        return


def _first_period(program: Program) -> Period:
    assert program.contract is not None
    return program.contract.first_period()


def _settled(program: Program, terms: Terms, figures: Figures) -> Mapping[str, Fraction]:
    """What is settled in dollars under these terms."""
    sheet = Worksheet("exact")
    PROGRAMS[program.kind](sheet, terms, figures)
    return {line.name: line.figure for line in sheet.lines if line.kind == "settled" and line.unit is Unit.USD}
