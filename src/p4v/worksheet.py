"""The worksheet: the numbered lines of one settlement.

A program asks it for terms and given figures and has it compute and settle lines. It calls each formula with the values
of one reading, and once with names, so that every line carries the expression that ran.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from inspect import signature
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from p4v import money
from p4v.expressions import expression_text
from p4v.money import Rounding
from p4v.symbols import Name, Symbol, Whole, Word
from p4v.units import Listed, OneOf, Table, Unit

Kind = Literal["term", "given", "computed", "settled"]
State = Literal["not_scored", "not_applicable", "not_given"]
WorksheetReading = Literal["exact", "arrays", "names"]
Origin = Mapping[str, Any]
Formula = Callable[..., Any]
_NOTHING = Fraction(0)
"""What stands for every computed figure where only names are asked for."""
_CONSTANT = "a whole number or a word"
_SHOWN_FIRST: Mapping[Kind, int] = {"term": 0, "given": 1, "computed": 2, "settled": 2}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a term or a given figure comes from: what `clause` and `origin` of its line say."""

    clause: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a settlement.

    `exact` is the unrounded value; `figure` is what later formulas take: the rounded value of a settled line, the
    unrounded one of every other. Both are `Fraction`, float64 array or `Table`, and None where `state` says why.
    """

    name: str
    label: str
    kind: Kind
    unit: Unit
    exact: Any
    figure: Any
    clause: str
    origin: Origin
    rounding: Rounding | None = None
    expression: Symbol | None = None
    inputs: Mapping[str, str | list[str]] = field(default_factory=dict)
    state: State | None = None

    def value_text(self) -> str | list[list[str]] | None:
        """`value` of `settlement.json`: a decimal, a list of pairs, or None."""
        if self.exact is None:
            return None
        if isinstance(self.exact, Table):
            return [[money.decimal_text(x), money.decimal_text(y)] for x, y in self.exact.pairs()]
        return money.decimal_text(self.figure, self.rounding.places if self.rounding else None)

    def exact_text(self) -> str | None:
        return money.fraction_text(self.exact) if isinstance(self.exact, Fraction) else None

    def document(self, number: int) -> dict[str, Any]:
        """The line as `settlement.json` holds it, every key present. `number` counts from 1 within the settlement."""
        rounding = self.rounding and {"places": self.rounding.places, "rule": str(self.rounding.rule)}
        return {
            "number": number,
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "value": self.value_text(),
            "exact": self.exact_text(),
            "unit": str(self.unit),
            "rounding": rounding,
            "expression": None if self.expression is None else expression_text(self.expression),
            "inputs": dict(self.inputs),
            "clause": self.clause,
            "origin": dict(self.origin),
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class FormulaShape:
    """What a formula's annotations say: unit or list of each parameter, unit of the result, its name and origin."""

    units: Mapping[str, Unit | Listed | OneOf | None]
    result: Unit | OneOf
    name: str
    origin: str
    line_origin: Origin
    takes_constants: bool


class LineFault(Exception):
    """A line that cannot be computed, because a figure lies outside what a primitive allows."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class Worksheet:
    """The lines of one settlement, in the order computed.

    `reading="exact"` settles; `reading="arrays"` runs the same program on float64 arrays of shape `(scenarios,)` and
    gives estimates; `reading="names"` computes nothing and shows which lines and figures there are. Units are checked
    in all of them.
    """

    def __init__(self, reading: WorksheetReading = "exact", labels: Mapping[str, str] | None = None) -> None:
        self.reading = reading
        self._labels = labels or {}
        self._keys: dict[str, str] = {}
        self._by_name: dict[str, Line] = {}

    def __getitem__(self, name: str) -> Line:
        return self._by_name[name]

    @property
    def lines(self) -> list[Line]:
        """All lines: the terms, the given figures, then what was computed and settled, each in the order asked for."""
        return sorted(self._by_name.values(), key=lambda line: _SHOWN_FIRST[line.kind])

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def name_key(self, key: str, shown: str) -> None:
        """What a key is called in the labels of its lines, such as a measure's name."""
        self._keys[key] = shown

    def term(self, name: str, value: Fraction | Table, unit: Unit, source: Source) -> Line:
        """A line for a term of the contract, once: asked for again it is the line that stands."""
        if name in self._by_name:
            return self._by_name[name]
        figure = _as_estimate(value) if self.reading == "arrays" else value
        return self._add(Line(name, self._label(name), "term", unit, figure, figure, source.clause, source.origin))

    def given(self, name: str, value: Any, unit: Unit, source: Source, label: str | None = None) -> Line:
        """A line for a figure taken as given: `Fraction`, or an array where the worksheet reads arrays."""
        if self.reading != "arrays" and not isinstance(value, Fraction):
            raise TypeError(f"{name}: a settlement takes exact fractions, not {type(value).__name__}")
        figure = value if isinstance(value, np.ndarray) else _as_estimate(value) if self.reading == "arrays" else value
        shown = label or self._label(name)
        return self._add(Line(name, shown, "given", unit, figure, figure, source.clause, source.origin))

    def absent(self, name: str, unit: Unit, state: State, source: Source) -> Line:
        """A line that says why a figure has no value. No formula takes it."""
        return self._add(
            Line(name, self._label(name), "given", unit, None, None, source.clause, source.origin, state=state)
        )

    def compute(
        self, formula: Formula, *, clause: str, key: str | None = None, scored_if: Line | None = None, **inputs: Any
    ) -> Line:
        """The line that a formula gives.

        Inputs are lines, lists of lines, or the whole numbers and words of a primitive. Where the flag `scored_if` is 0
        the line has no value and the state `not_scored` (in arrays: not a number).
        """
        line = self._run(formula, "computed", clause, key, inputs, None)
        return self._add(line if scored_if is None else _scored(line, scored_if, self.reading))

    def settle(
        self, formula: Formula, *, clause: str, rounding: Rounding, key: str | None = None, **inputs: Any
    ) -> Line:
        """A payable amount: computed, then rounded once by the contract's rule."""
        return self._add(self._run(formula, "settled", clause, key, inputs, rounding))

    def _run(
        self,
        formula: Formula,
        kind: Kind,
        clause: str,
        key: str | None,
        inputs: Mapping[str, Any],
        rounding: Rounding | None,
    ) -> Line:
        shape = formula_shape(formula)
        figures: dict[str, Any] = {}
        names: dict[str, str | list[str]] = {}
        unit = _result_unit(shape, inputs)
        for parameter, given in inputs.items():
            _check_unit(shape, parameter, given)
            if isinstance(given, Line):
                figures[parameter], names[parameter] = given.figure, given.name
            elif isinstance(given, list):
                figures[parameter], names[parameter] = [line.figure for line in given], [line.name for line in given]
            else:
                figures[parameter] = given
        try:
            result = _NOTHING if self.reading == "names" else formula(**figures)
        except ValueError as error:
            raise LineFault(shape.name, str(error)) from error
        exact = result if self.reading == "arrays" else _as_number(result)
        if isinstance(exact, np.ndarray) and exact.dtype == bool:
            exact = exact * 1.0
        figure = exact if rounding is None else self._rounded(exact, rounding)
        name = shape.name if key is None else f"{shape.name}.{key}"
        expression = formula_expression(formula, _constants(shape, inputs) if shape.takes_constants else ())
        return Line(
            name, self._label(name), kind, unit, exact, figure, clause, shape.line_origin,
            rounding, expression, names,
        )  # fmt: skip

    def _rounded(self, value: Any, rounding: Rounding) -> Any:
        rounded = money.rounded_array if self.reading == "arrays" else money.rounded_exact
        return rounded(value, rounding.places, rounding.rule)

    def _add(self, line: Line) -> Line:
        if line.name in self._by_name:
            raise ValueError(f"{line.name}: a worksheet has one line of a name")
        if not line.clause:
            raise ValueError(f"{line.name}: every figure has a clause")
        self._by_name[line.name] = line
        return line

    def _label(self, name: str) -> str:
        known = self._labels.get(name)
        stem, _, key = name.partition(".")
        if known is None and key and (stem in self._labels or key in self._keys):
            known = f"{self._labels.get(stem) or label_of(stem)}: {self._keys.get(key, key.replace('_', ' '))}"
        return known or label_of(name)


def _label_of(name: str) -> str:
    stem, _, key = name.partition(".")
    words = ["PMPM" if word == "pmpm" else word for word in stem.split("_")]
    label = " ".join(words)
    label = label[:1].upper() + label[1:]
    return f"{label}, {key.replace('_', ' ')}" if key else label


label_of = cache(_label_of)
"""What a name is called on a statement where the program says nothing else: `rate.bcs` is "Rate, bcs"."""


def _formula_shape(formula: Formula) -> FormulaShape:
    hints = get_type_hints(formula, include_extras=True)
    units = {
        parameter: _unit_of(formula, parameter, hints.get(parameter)) for parameter in signature(formula).parameters
    }
    result = _unit_of(formula, "its result", hints.get("return"))
    if not isinstance(result, Unit | OneOf):
        raise TypeError(f"{formula.__name__}: the result has one unit")
    module = formula.__module__.rsplit(".", 1)[-1]
    origin = f"{module}.{formula.__name__}"
    return FormulaShape(units, result, formula.__name__, origin, {"formula": origin}, None in units.values())


formula_shape = cache(_formula_shape)
"""Reads the annotations of a formula once. Raises `TypeError` for a parameter or result without a unit."""


def _formula_expression(formula: Formula, constants: tuple[tuple[str, int | str], ...]) -> Symbol:
    fixed: dict[str, Symbol] = {
        name: Word(fixed) if isinstance(fixed, str) else Whole(fixed) for name, fixed in constants
    }
    names = {name: fixed.get(name, Name(name)) for name in formula_shape(formula).units}
    expression = formula(**names)
    if not isinstance(expression, Symbol):
        raise TypeError(f"{formula.__name__}: a formula uses its parameters")
    return expression


def _scored(line: Line, flag: Line, reading: WorksheetReading) -> Line:
    if reading == "names":
        return line
    if reading == "arrays":
        figure = np.where(flag.figure != 0, line.figure, np.nan)
        return replace(line, exact=figure, figure=figure)
    return line if flag.figure != 0 else replace(line, exact=None, figure=None, state="not_scored")


formula_expression = cache(_formula_expression)
"""The expression of a formula: itself, called with the names of its parameters."""


def _unit_of(formula: Formula, parameter: str, hint: Any) -> Unit | Listed | OneOf | None:
    if hint in (int, str):
        return None
    if get_origin(hint) is Annotated:
        for mark in get_args(hint)[1:]:
            if isinstance(mark, Unit | Listed | OneOf):
                return mark
    raise TypeError(f"{formula.__name__}: {parameter} has no unit")


def _result_unit(shape: FormulaShape, inputs: Mapping[str, Any]) -> Unit:
    """The unit of the result: the formula's own, or that which its measured inputs share."""
    measured = {given.unit for name, given in inputs.items() if isinstance(shape.units[name], OneOf)}
    if len(measured) > 1:
        raise TypeError(f"{shape.origin}: one unit is wanted, not {' and '.join(sorted(measured))}")
    return shape.result if isinstance(shape.result, Unit) else measured.pop()


def _check_unit(shape: FormulaShape, parameter: str, given: Any) -> None:
    """Raises `TypeError` where a line, or one of a list, has another unit than the formula takes, or no value."""
    wanted = shape.units[parameter]
    if isinstance(given, Line) and given.figure is not None and _takes(wanted, given.unit):
        return
    if wanted is None and isinstance(given, int | str):
        return
    if isinstance(wanted, Listed) is not isinstance(given, list):
        raise TypeError(
            f"{shape.origin}: {parameter} takes {'a list of lines' if isinstance(wanted, Listed) else 'one line'}"
        )
    lines, unit = (given, wanted.unit) if isinstance(wanted, Listed) else ([given], wanted)
    for line in lines:
        if not isinstance(line, Line):
            raise TypeError(f"{shape.origin}: {parameter} takes {unit}, not {type(line).__name__}")
        if not _takes(unit, line.unit):
            raise TypeError(f"{shape.origin}: {parameter} takes {unit or _CONSTANT}, not {line.unit}")
        if line.figure is None:
            raise TypeError(f"{shape.origin}: {parameter} has no value ({line.state})")


def _takes(wanted: Unit | Listed | OneOf | None, unit: Unit) -> bool:
    return unit in wanted.units if isinstance(wanted, OneOf) else unit is wanted


def _constants(shape: FormulaShape, inputs: Mapping[str, Any]) -> tuple[tuple[str, int | str], ...]:
    return tuple((parameter, given) for parameter, given in inputs.items() if shape.units[parameter] is None)


def _as_number(result: Any) -> Fraction:
    if isinstance(result, Fraction):
        return result
    if isinstance(result, int):
        return Fraction(result)
    raise TypeError(f"the exact reading gives fractions, not {type(result).__name__}")


def _as_estimate(value: Fraction | Table) -> Any:
    """The one place where an exact term becomes float64."""
    if isinstance(value, Table):
        return Table(np.asarray(value.xs, dtype="f8"), np.asarray(value.ys, dtype="f8"))
    return np.asarray(value, dtype="f8")
