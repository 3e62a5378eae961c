"""Given figures: what a group's summary says, each with its unit and clause, and where it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure that the lines of a contract ask for: its unit, what it may be, and the clause that asks for it."""

    unit: Unit
    clause: str
    label: str | None = None
    at_least: Fraction | None = None
    at_most: Fraction | None = None
    whole: bool = False
    optional: bool = False


class FigureMissing(Exception):
    """A figure that the lines need and that the program does not ask for, or that is not given for this group."""

    def __init__(self, name: str, asked_for: bool) -> None:
        super().__init__(name)
        self.name = name
        self.asked_for = asked_for


@dataclass(slots=True)
class Figures:
    """The figures of one group, and their status. A program writes a line for each one that it uses."""

    by_name: Mapping[str, Figure]
    status: str = "final"

    def line(self, sheet: Worksheet, name: str) -> Line:
        """The figure's line, made when first asked for. Raises `FigureMissing`."""
        if name in sheet:
            return sheet[name]
        figure = self._figure(name)
        return sheet.given(name, figure.value, figure.unit, Source(figure.clause, figure.origin), figure.label)

    def wanted(self, sheet: Worksheet, name: str, wanted: Wanted) -> Line:
        """The line of a figure whose unit and clause the contract's own lines say. Raises `FigureMissing`."""
        if name in sheet:
            return sheet[name]
        figure = self._figure(name)
        return sheet.given(name, figure.value, wanted.unit, Source(wanted.clause, figure.origin), figure.label)

    def has(self, name: str, wanted: Wanted | None = None) -> bool:  # noqa: ARG002
        """Whether an optional figure is given."""
        return name in self.by_name and self.by_name[name].value is not None

    def keys(self, stem: str, wanted: Wanted) -> list[str]:  # noqa: ARG002
        """The keys of the optional figures `stem.key` that are given, in order."""
        return sorted(name.removeprefix(f"{stem}.") for name in self.by_name if name.startswith(f"{stem}."))

    def _figure(self, name: str) -> Figure:
        figure = self.by_name.get(name)
        if figure is None or figure.value is None:
            raise FigureMissing(name, asked_for=figure is not None)
        return figure


@dataclass(slots=True)
class PlannedFigures(Figures):
    """Stands for figures that are not there yet, and keeps what was asked for."""

    by_name: Mapping[str, Figure] = field(default_factory=dict)
    specs: dict[str, Wanted] = field(default_factory=dict)

    def wanted(self, sheet: Worksheet, name: str, wanted: Wanted) -> Line:
        if name in sheet:
            return sheet[name]
        if name not in self.specs:
            self.specs[name] = wanted
        return sheet.given(name, Fraction(0), wanted.unit, Source(wanted.clause, {"figures": None, "name": name}))

    def has(self, name: str, wanted: Wanted | None = None) -> bool:
        if wanted is not None:
            self.specs.setdefault(name, wanted)
        return wanted is not None

    def keys(self, stem: str, wanted: Wanted) -> list[str]:
        self.specs.setdefault(f"{stem}.*", wanted)
        return []
