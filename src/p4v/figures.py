"""Given figures: what a group's summary says, each with the program's unit and clause, and where it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from p4v.units import Unit
from p4v.worksheet import Line, Origin, Source, Worksheet


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `Fraction`, or an array of scenarios; None where it is not given. `label` if it says more."""

    value: Any
    unit: Unit
    clause: str
    origin: Origin
    label: str | None = None


class FigureMissing(Exception):
    """A figure that the lines need and that the program does not ask for, or that is not given for this group."""

    def __init__(self, name: str, asked_for: bool) -> None:
        super().__init__(name)
        self.name = name
        self.asked_for = asked_for


@dataclass(slots=True)
class Figures:
    """The figures of one group. A program writes a line for each one that it uses."""

    by_name: Mapping[str, Figure]

    def line(self, sheet: Worksheet, name: str) -> Line:
        """The figure's line, made when first asked for. Raises `FigureMissing`."""
        if name in sheet:
            return sheet[name]
        figure = self.by_name.get(name)
        if figure is None or figure.value is None:
            raise FigureMissing(name, asked_for=figure is not None)
        return sheet.given(name, figure.value, figure.unit, Source(figure.clause, figure.origin), figure.label)

    def has(self, name: str) -> bool:
        """Whether an optional figure is given."""
        return name in self.by_name and self.by_name[name].value is not None
