"""What a formula takes and gives: quantities, and the units that a worksheet checks.

A `Quantity` is an exact fraction (the settlement), a numpy array (an estimate) or a symbol (the expression itself).
It is a protocol, because a formula uses nothing of it but its operators.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Protocol, Self


class Unit(StrEnum):
    """The units that a line can have; the text is what `settlement.json` says."""

    USD = "usd"
    USD_PMPM = "usd_pmpm"
    USD_PER_PERSON = "usd_per_person"
    RATE = "rate"
    FACTOR = "factor"
    COUNT = "count"
    MEMBER_MONTHS = "member_months"
    POINTS = "points"
    FLAG = "flag"
    TABLE = "table"


class Condition(Protocol):
    """What a comparison gives; it can be joined by `&` and `|`, chosen by, or counted."""

    def __and__(self, other: Any, /) -> "Condition": ...
    def __or__(self, other: Any, /) -> "Condition": ...
    def __rand__(self, other: Any, /) -> "Condition": ...
    def __ror__(self, other: Any, /) -> "Condition": ...


class Quantity(Protocol):
    """The operators of a formula, whatever the reading."""

    def __add__(self, other: Any, /) -> "Quantity": ...
    def __radd__(self, other: Any, /) -> "Quantity": ...
    def __sub__(self, other: Any, /) -> "Quantity": ...
    def __rsub__(self, other: Any, /) -> "Quantity": ...
    def __mul__(self, other: Any, /) -> "Quantity": ...
    def __rmul__(self, other: Any, /) -> "Quantity": ...
    def __truediv__(self, other: Any, /) -> "Quantity": ...
    def __ge__(self, other: Any, /) -> Condition: ...
    def __gt__(self, other: Any, /) -> Condition: ...
    def __le__(self, other: Any, /) -> Condition: ...
    def __lt__(self, other: Any, /) -> Condition: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """Marks a parameter that takes a list of lines of one unit."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a parameter that takes a line of one of several units; all such parameters of a call share one."""

    units: tuple[Unit, ...]


class Table:
    """Pairs (x, y) with x rising: one input, never unrolled numbers. `xs` and `ys` have equal length."""

    __slots__ = ("xs", "ys")

    def __init__(self, xs: Any, ys: Any) -> None:
        if len(xs) != len(ys) or len(xs) == 0:
            raise ValueError("a table has as many x as y, and at least one")
        if any(later <= earlier for earlier, later in pairwise(xs)):
            raise ValueError("the x of a table rise")
        self.xs = xs
        self.ys = ys

    @classmethod
    def of_pairs(cls, pairs: Sequence[tuple[Any, Any]]) -> Self:
        return cls(tuple(x for x, _ in pairs), tuple(y for _, y in pairs))

    def pairs(self) -> list[tuple[Any, Any]]:
        return list(zip(self.xs, self.ys, strict=True))


Usd = Annotated[Quantity, Unit.USD]
UsdPmpm = Annotated[Quantity, Unit.USD_PMPM]
UsdPerPerson = Annotated[Quantity, Unit.USD_PER_PERSON]
Rate = Annotated[Quantity, Unit.RATE]
Factor = Annotated[Quantity, Unit.FACTOR]
Count = Annotated[Quantity, Unit.COUNT]
MemberMonths = Annotated[Quantity, Unit.MEMBER_MONTHS]
Points = Annotated[Quantity, Unit.POINTS]
Flag = Annotated[Quantity, Unit.FLAG]
Test = Annotated[Condition, Unit.FLAG]
"""What a formula returns that is one comparison; its line is 1 or 0."""

Size = Annotated[Quantity, OneOf((Unit.COUNT, Unit.MEMBER_MONTHS))]
"""How many members or member months a measure rests on."""
Measured = Annotated[Quantity, OneOf((Unit.RATE, Unit.FACTOR, Unit.POINTS))]
"""What a quality measure is measured in: a rate, events or a ratio, or a score."""

# A list or a table is a plain name in the symbol reading, so no sequence type fits all three readings.
TableOf = Annotated[Any, Unit.TABLE]
UsdList = Annotated[Any, Listed(Unit.USD)]
PointsList = Annotated[Any, Listed(Unit.POINTS)]
RateList = Annotated[Any, Listed(Unit.RATE)]
FlagList = Annotated[Any, Listed(Unit.FLAG)]
MemberMonthsList = Annotated[Any, Listed(Unit.MEMBER_MONTHS)]
UsdPmpmList = Annotated[Any, Listed(Unit.USD_PMPM)]
