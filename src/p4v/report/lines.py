"""The lines of a stored settlement as text, and which part of the statement each stands in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from p4v.money import decimal_text
from p4v.report.shown import figure, origin_text, shown
from p4v.report.wording import RULE_WORDS, Lines, formula_in_numbers, formula_in_words

_WORKING = ("savings_change", "losses_change", "rounding_change", "waterfall")
_GATES = ("gate_met", "gate_distance", "not_earned")
_AGAINST = {"baseline": ("baseline_", "year_"), "market": ("market_", "mix_", "regional_")}
"""Lines that a benchmark is made from, year by year or cell by cell."""
_OF_YEAR = ("baseline_member_months.", "baseline_expenditure.")
"""Lines whose key is a baseline year, alone or behind a category."""
_FEW = 12
"""So many of them are read where they stand; more stand apart."""


@dataclass(frozen=True, slots=True)
class LineView:
    """One line, as text."""

    number: int
    name: str
    label: str
    kind: str
    unit: str
    value: str
    negative: bool
    formula: str | None
    formula_with_numbers: str | None
    rounding: str | None
    clause: str
    origin: str
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The lines by where they stand; every line stands in one part."""

    main: Sequence[LineView]
    given: Sequence[LineView]
    terms: Sequence[LineView]
    working: Sequence[LineView]
    quality: Sequence[LineView]
    baseline: Sequence[LineView]
    market: Sequence[LineView]


def line_view(line: Mapping[str, Any], lines: Lines) -> LineView:
    """One line, with its formula in words and in numbers."""
    words = numbers = None
    if line["expression"] is not None:
        words, numbers = formula_in_words(line, lines), formula_in_numbers(line, lines)
    pairs = line["value"] if line["unit"] == "table" else []
    return LineView(
        line["number"], line["name"], line["label"], line["kind"], line["unit"], shown(line), is_negative(line), words,
        numbers, rounding_text(line), line["clause"], origin_text(line["origin"]), [(x, y) for x, y in pairs],
    )  # fmt: skip


def parts_of(document: Mapping[str, Any], measures: Sequence[str]) -> Parts:
    """Every line in its part, in the order of the settlement."""
    lines = {line["name"]: line for line in document["lines"]}
    parts: dict[str, list[LineView]] = {field.name: [] for field in fields(Parts)}
    years = tuple(name.partition(".")[2] for name in lines if name.startswith(_OF_YEAR))
    against = [_against(line, years) for line in document["lines"]]
    apart = {part for part in _AGAINST if against.count(part) > _FEW}
    for line, part in zip(document["lines"], against, strict=True):
        parts[part if part in apart else _part(line, measures)].append(line_view(line, lines))
    return Parts(**parts)


def rounding_text(line: Mapping[str, Any]) -> str | None:
    """How a settled line was rounded."""
    if line["rounding"] is None:
        return None
    rule = RULE_WORDS[line["rounding"]["rule"]]
    unrounded = decimal_text(Fraction(line["exact"]))
    return f"rounded {rule} to {line['rounding']['places']} places, once, from {unrounded}"


def is_negative(line: Mapping[str, Any]) -> bool:
    return line["value"] is not None and line["unit"] != "table" and figure(line) < 0


def _against(line: Mapping[str, Any], years: Sequence[str]) -> str:
    """The baseline or the market, of a line that is given or computed for one year, category or cell of it."""
    stem, _, key = line["name"].partition(".")
    if not key or line["kind"] not in ("given", "computed"):
        return ""
    if key in years or any(key.endswith(f"-{year}") for year in years):
        return "baseline"
    return next((part for part, stems in _AGAINST.items() if stem.startswith(stems)), "")


def _part(line: Mapping[str, Any], measures: Sequence[str]) -> str:
    stem, _, key = line["name"].partition(".")
    if (key in measures or stem.startswith("quality_dollars")) and line["kind"] != "settled":
        return "quality"
    if line["kind"] in ("term", "given"):
        return "terms" if line["kind"] == "term" else "given"
    stopped = stem == "not_earned" and line["value"] is not None and figure(line) != 0
    return "working" if stem in _WORKING or (stem in _GATES and not stopped) else "main"
