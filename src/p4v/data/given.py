"""The numbers of a summary held against the figures that the terms need: every fault at once, then the figures."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from p4v.data.figures_file import ORIGIN_TABLE, Written
from p4v.errors import did_you_mean
from p4v.figures import Figure, Figures, Wanted
from p4v.numbers import FIGURE_DECIMALS, NumberFault, read_number, read_percent
from p4v.units import Unit

PRIOR = "prior."
"""Figures of the period before: shown on the statement whether or not a formula takes them."""
_PEOPLE_COUNTED = ("numerator.", "denominator.")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a figure: `kind` is number, empty, range, missing, unknown, people or above."""

    kind: str
    name: str
    written: Written | None
    found: str
    allowed: str
    remedy: str | None = None


def given_figures(
    written: Mapping[str, Written],
    asked: Mapping[str, Wanted],
    report: Callable[[Fault], None],
    status: str = "final",
) -> Figures:
    """The figures that the terms need, from what is written. Each fault goes to `report`."""
    figures: dict[str, Figure] = {}
    for name, number in written.items():
        spec = wanted(asked, name)
        if spec is None:
            if not name.startswith(PRIOR):
                report(_unknown(name, number, asked))
            continue
        try:
            value = number_of(number.text, spec.unit)
            _check_people(name, spec, value)
            check_range(spec, value)
        except NumberFault as error:
            kind = "empty" if number.text == "" else _kind(error)
            report(Fault(kind, name, number, error.found, error.allowed))
            continue
        origin = {"table": ORIGIN_TABLE, "column": name}
        figures[name] = Figure(value, spec.unit, spec.clause, origin, spec.label)
    for fault in (*_missing(written, asked), *_above(written, figures)):
        report(fault)
    return Figures(figures, status)


def wanted(asked: Mapping[str, Wanted], name: str) -> Wanted | None:
    """What is asked of a figure; `stem.*` asks for figures with keys of their own."""
    return asked.get(name) or asked.get(f"{name.partition('.')[0]}.*")


class PeopleFault(NumberFault):
    """People are counted whole."""


def _kind(error: NumberFault) -> str:
    if isinstance(error, PeopleFault):
        return "people"
    return "range" if isinstance(error, RangeFault) else "number"


class RangeFault(NumberFault):
    """A number, but not one that the terms take."""


def number_of(text: str, unit: Unit) -> Fraction:
    """The exact number; a rate may carry its sign. Raises `NumberFault`."""
    if unit is Unit.RATE and text.endswith("%"):
        return read_percent(text, FIGURE_DECIMALS)
    return read_number(text, FIGURE_DECIMALS)


def prior_numbers(written: Mapping[str, Written], report: Callable[[Fault], None]) -> dict[str, Fraction]:
    """The figures of the period before, by their names then."""
    found: dict[str, Fraction] = {}
    for name, number in written.items():
        if name.startswith(PRIOR):
            try:
                found[name.removeprefix(PRIOR)] = number_of(number.text, Unit.RATE)
            except NumberFault as error:
                report(Fault("number", name, number, error.found, error.allowed))
    return found


def check_range(spec: Wanted, value: Fraction | None) -> None:
    """Raises `NumberFault` for a figure outside what is asked; messages name the bound, not the figure."""
    if value is None:
        return
    if spec.unit is Unit.FLAG and value not in (0, 1):
        raise RangeFault("a number that is no flag", "1 or 0")
    if spec.whole and value.denominator != 1:
        raise RangeFault("a fraction", "a whole number")
    if spec.at_least is not None and value < spec.at_least:
        raise RangeFault(f"a number below {spec.at_least}", f"{spec.at_least} or more")
    if spec.at_most is not None and value > spec.at_most:
        raise RangeFault(f"a number above {spec.at_most}", f"{spec.at_most} or less")


def _check_people(name: str, spec: Wanted, value: Fraction) -> None:
    if spec.whole and name.startswith(_PEOPLE_COUNTED) and value.denominator != 1:
        raise PeopleFault("a fraction of a person", "a whole number")


def _unknown(name: str, number: Written, asked: Mapping[str, Wanted]) -> Fault:
    remedy = did_you_mean(name, asked)
    if name.replace(".", "").isdigit():
        remedy = "a comma in a number? write it without separators"
    return Fault("unknown", name, number, "a figure that the terms do not ask for", _listed(asked), remedy)


def _listed(asked: Mapping[str, Wanted]) -> str:
    return f"one of {', '.join(asked)}" if asked else "no figures"


def _missing(written: Mapping[str, Written], asked: Mapping[str, Wanted]) -> Iterator[Fault]:
    for name, spec in asked.items():
        if name not in written and not spec.optional:
            allowed = f"`{name}`, in {spec.unit}: {spec.clause} asks for it"
            yield Fault("missing", name, None, f"no `{name}`", allowed, None)


def _above(written: Mapping[str, Written], figures: Mapping[str, Figure]) -> Iterator[Fault]:
    """A rate counts people among people: no more than there are."""
    for name, figure in figures.items():
        stem, _, key = name.partition(".")
        below = figures.get(f"denominator.{key}")
        people = figure.unit is Unit.COUNT and below is not None and below.unit is Unit.COUNT
        if stem == "numerator" and people and below is not None and figure.value > below.value:
            yield Fault("above", name, written[name], "a numerator above its denominator", "at most the denominator")
