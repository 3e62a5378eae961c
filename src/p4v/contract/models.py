"""What a program file and a contract file may say, key by key. Terms are checked apart, block by block."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, PlainValidator, Tag, model_validator

from p4v.contract.blocks import Kind, Strict
from p4v.contract.order import Order
from p4v.contract.values import Day, Id, LineName, MonthsText, MonthText, Number, People, Text, YesNo, fault
from p4v.periods import Period
from p4v.units import Unit

Status = Literal["projected", "interim", "final"]


CALCULATIONS = ("p4v/calculation/1",)
"""The released formulas that contracts and runs can name, the newest last."""


def _calculation(value: Any) -> str:
    if value not in CALCULATIONS:
        raise fault("P4V-C053", "an unknown calculation", f"one of {', '.join(CALCULATIONS)}")
    return str(value)


def _unit(value: Any) -> Unit:
    if value in [str(unit) for unit in Unit if unit is not Unit.TABLE]:
        return Unit(value)
    raise fault("P4V-C052", "an unknown unit", ", ".join(str(unit) for unit in Unit if unit is not Unit.TABLE))


FigureUnit = Annotated[Unit, PlainValidator(_unit)]


class FigureSpec(Strict):
    """A figure that the program takes as given: its unit, what it may be, and the clause that asks for it."""

    unit: FigureUnit
    clause: Text
    label: Text | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    whole: YesNo = False
    optional: YesNo = False


class InForce(Strict):
    """When a program was made and from when it applies."""

    signed: Day
    effective: Day


class Amendment(Strict):
    """Terms that change on a day, and for which agreements."""

    id: Text
    signed: Day
    effective: Day
    clause: Text
    agreements_from: Day | None = None
    agreement_year: People | None = None
    terms: dict[str, Any]


class Shared(Strict):
    """What programs and contracts say alike."""

    extends: Id | None = None
    """The program whose terms these rest on."""
    kind: Kind | None = None
    """What lines it writes; `pay_for_value` where nothing is said."""
    title: Text | None = None
    """What a statement is headed with; the id where nothing is said."""
    order: Order | None = None
    """The sequence of the steps: a frozen base, and the moves and confirmations with their clauses."""
    labels: dict[LineName, Text] = Field(default_factory=dict)
    """What lines are called on a statement."""
    terms: dict[str, Any] = Field(default_factory=dict)
    """Blocks of terms, each with its clause."""
    amendments: list[Amendment] = Field(default_factory=list)
    """Terms that change on a day."""


class Document(Shared):
    """One program file."""

    program: Id
    in_force: InForce | None = None
    figures: dict[LineName, FigureSpec] = Field(default_factory=dict)


class Span(Strict):
    """Whole months, from one to another."""

    from_: Annotated[MonthText, Field(alias="from")]
    to: MonthText

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.to < self.from_:
            raise fault("P4V-C036", "a month before `from`", "`from`, or a later month", term="to")
        return self

    def period(self) -> Period:
        return Period.from_to(self.from_, self.to)


PeriodText = Annotated[
    Annotated[MonthsText, Tag("<text>")] | Annotated[Span, Tag("<mapping>")],
    Discriminator(lambda written: "<text>" if isinstance(written, str) else "<mapping>"),
]
"""`2014`, `2014-07 to 2015-06`, or `{from: 2014-07, to: 2015-06}`."""


def period_of(written: Period | Span) -> Period:
    return written.period() if isinstance(written, Span) else written


class GroupParty(Strict):
    """The medical group."""

    id: Id
    name: Text


class Party(Strict):
    """The payer, or a purchaser."""

    name: Text


class Agreement(Strict):
    """When the contract was signed, and the days it holds for."""

    signed: Day
    effective: Day
    ends: Day

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.ends < self.effective:
            raise fault("P4V-C036", "a day before `effective`", "`effective`, or a later day", term="ends")
        return self

    def covers(self, period: Period) -> bool:
        return self.effective <= period.first_day and period.last_day <= self.ends


class Stated(Strict):
    """A rule that is printed and not computed."""

    topic: Text
    text: Text
    clause: Text


class CaseDocument(Strict):
    """Figures, and the lines that both parties agreed they give. Numbers are read where they are used, by unit."""

    case: Text
    source: Text
    contract: Id | None = None
    period: PeriodText | None = None
    status: Status = "final"
    known: Day | None = None
    paid_through: Day | None = None
    """The last day of paid claims, where completion goes by run-out."""
    fee_period: PeriodText | None = None
    """The months of the fee, where they are not those of the period."""
    figures: dict[str, Any] = Field(default_factory=dict)
    measures: dict[str, Any] = Field(default_factory=dict)
    paid: Any = None
    prior: dict[str, Any] = Field(default_factory=dict)
    lines: Annotated[dict[LineName, Any], Field(min_length=1)]

    def fee_months(self) -> Period | None:
        """The months whose fee is settled, where they are not those of the period."""
        return None if self.fee_period is None else period_of(self.fee_period)


class ContractDocument(Shared):
    """One contract file: the last part of a chain of programs, for one group."""

    contract: Id
    calculation: Annotated[str | None, PlainValidator(_calculation)] = None
    """The released formulas that the contract was written for."""
    group: GroupParty
    """The medical group."""
    payer: Party
    """Who pays."""
    purchaser: Party | None = None
    """Who funds, if that is another."""
    agreement: Agreement
    """When it was signed, and the days it holds for."""
    performance_periods: list[PeriodText] = Field(default_factory=list)
    """The periods that are settled; any whole months of the agreement where nothing is said."""
    stated: list[Stated] = Field(default_factory=list)
    """Rules that are printed on the statement and not computed."""
    cases: list[CaseDocument] = Field(default_factory=list)
    """Figures with the lines that they give, as both parties agreed; `p4v check` runs them."""

    def periods(self) -> list[Period]:
        return [period_of(written) for written in self.performance_periods]

    def years(self) -> list[Period]:
        """Twelve months after twelve, from the first day on, as far as the agreement holds for all of them."""
        found = [self.first_period()]
        while True:
            last = found[-1].first_day
            following = Period.of_months(last.year + 1, last.month, 12)
            if following.last_day > self.agreement.ends:
                return found
            found.append(following)

    def first_period(self) -> Period:
        """The first performance period; of a contract that names none, its first twelve months, or all if fewer."""
        stated = self.periods()
        if stated:
            return stated[0]
        first, last = self.agreement.effective, self.agreement.ends
        year = Period.of_months(first.year, first.month, 12)
        return year if year.last_day <= last else Period(year.first_day, last)


def days_of(document: Document | ContractDocument) -> Iterator[date]:
    """Every day from which something in a file takes effect."""
    if isinstance(document, ContractDocument):
        yield document.agreement.effective
    elif document.in_force is not None:
        yield document.in_force.effective
    yield from (amendment.effective for amendment in document.amendments)
