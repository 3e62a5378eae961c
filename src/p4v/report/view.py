"""A stored settlement as a reader sees it: every line with its figures as text. Templates only loop over this.

Figures that are not whole cents are shown to a hundredth of a cent; the exact fraction stands in `settlement.json`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from p4v.expressions import reader_text
from p4v.money import decimal_text
from p4v.report.parsing import parsed
from p4v.symbols import Name

NO_VALUE = {"not_scored": "not scored", "not_applicable": "does not apply", "not_given": "not given"}
_UNFINISHED_CENT_PLACES = 4
_RATE_PLACES = 8
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class LineView:
    """One line, as text."""

    number: int
    name: str
    label: str
    kind: str
    value: str
    formula: str | None
    formula_with_numbers: str | None
    rounding: str | None
    clause: str
    origin: str
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class BarView:
    """One bar of the waterfall: what it changed, and where it hangs, in parts of a thousand of the whole width."""

    number: int | None
    label: str
    value: str
    start: int
    width: int
    falls: bool


@dataclass(frozen=True, slots=True)
class StatementView:
    """Everything a statement prints."""

    group: str
    group_name: str
    title: str
    contract: str
    period: str
    status: str
    version: int
    headline_label: str
    headline: str
    settled: Sequence[LineView]
    computed: Sequence[LineView]
    given: Sequence[LineView]
    terms: Sequence[LineView]
    bars: Sequence[BarView]
    total_bar: BarView | None
    digest: str
    inputs: Sequence[tuple[str, str]]
    release: str


def figure(line: Mapping[str, Any]) -> Fraction:
    """What later formulas take of a stored line: the value of a settled one, the exact of every other."""
    return Fraction(line["value"] if line["kind"] == "settled" else line["exact"])


def shown(line: Mapping[str, Any], full: bool = False) -> str:
    """A line's value with its unit."""
    if line["value"] is None:
        return NO_VALUE[line["state"]]
    if line["unit"] == "table":
        return f"table of {len(line['value'])} rows"
    return shown_value(figure(line), line["unit"], full)


def shown_value(value: Fraction, unit: str, full: bool = False) -> str:
    """A figure as its unit is written; in `full` with all the decimals that a value is shown with.

    >>> shown_value(Fraction(62_500_000), "usd"), shown_value(Fraction(1, 100), "rate")
    ('$62,500,000.00', '1%')
    """
    match unit:
        case "usd" | "usd_pmpm" | "usd_per_person":
            places = 2 if (value * 100).denominator == 1 else None if full else _UNFINISHED_CENT_PLACES
            text = f"${_grouped(decimal_text(abs(value), places))}"
        case "rate":
            text = f"{_trimmed(decimal_text(abs(value) * 100, None if full else _RATE_PLACES))}%"
        case _:
            text = _grouped(_trimmed(decimal_text(abs(value))))
    return f"{_MINUS}{text}" if value < 0 else text


def statement_view(document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> StatementView:
    """The statement of a run."""
    lines = {line["name"]: line for line in document["lines"]}
    views = {name: line_view(line, lines) for name, line in lines.items()}
    settled = [view for view in views.values() if view.kind == "settled"]
    bars = list(_bars(document["lines"]))
    main = settled[0] if settled else _last_figure(views)
    return StatementView(
        group=document["group"],
        group_name=manifest["group_name"] or document["group"],
        title=manifest["title"],
        contract=document["contract"],
        period=f"{document['period']['from']} to {document['period']['to']}",
        status=document["status"],
        version=document["version"],
        headline_label=_headline_label(main, lines),
        headline=_headline(main, lines),
        settled=settled,
        computed=[view for view in views.values() if view.kind in ("computed", "settled") and not _is_bar(view.name)],
        given=[view for view in views.values() if view.kind == "given"],
        terms=[view for view in views.values() if view.kind == "term"],
        bars=bars,
        total_bar=_total_bar(document["lines"]) if bars else None,
        digest=digest,
        inputs=[(entry["path"], entry["sha256"]) for entry in manifest["inputs"]],
        release=manifest["p4v"],
    )


def line_view(line: Mapping[str, Any], lines: Mapping[str, Mapping[str, Any]]) -> LineView:
    """One line, with its formula in names and in numbers."""
    formula = numbers = None
    if line["expression"] is not None:
        tree = parsed(line["expression"])
        formula = reader_text(tree, {parameter: parameter for parameter in line["inputs"]})
        shown_inputs = {parameter: _input_shown(given, lines) for parameter, given in line["inputs"].items()}
        if not isinstance(tree, Name):
            shown_inputs = {parameter: _as_operand(text) for parameter, text in shown_inputs.items()}
        numbers = reader_text(tree, shown_inputs)
    pairs = line["value"] if line["unit"] == "table" else []
    return LineView(
        line["number"], line["name"], line["label"], line["kind"], shown(line), formula, numbers, _rounding(line),
        line["clause"], origin_text(line["origin"]), [(x, y) for x, y in pairs],
    )  # fmt: skip


def origin_text(origin: Mapping[str, Any]) -> str:
    """Where a line comes from, in words."""
    if "contract" in origin:
        amended = f", {origin['amendment']}" if origin["amendment"] else ""
        return f"{origin['contract']} line {origin['line']}{amended}"
    if "table" in origin:
        return f"table {origin['table']}, column {origin['column']}"
    return f"formula {origin['formula']}"


def _input_shown(given: str | list[str], lines: Mapping[str, Mapping[str, Any]]) -> str:
    if isinstance(given, list):
        return f"[{', '.join(shown(lines[name], full=True) for name in given)}]"
    return shown(lines[given], full=True)


def _as_operand(text: str) -> str:
    """A negative number in an expression stands in parentheses."""
    return f"({text})" if text.startswith(_MINUS) else text


def _rounding(line: Mapping[str, Any]) -> str | None:
    if line["rounding"] is None:
        return None
    words = {"half_up": "half up", "half_even": "half even", "down": "down", "up": "up"}
    unrounded = decimal_text(Fraction(line["exact"]))
    return f"rounded {words[line['rounding']['rule']]} to {line['rounding']['places']} places, once, from {unrounded}"


def _headline_label(main: LineView, lines: Mapping[str, Mapping[str, Any]]) -> str:
    if main.kind != "settled":
        return main.label
    amount = figure(lines[main.name])
    return "Owed by the group" if amount < 0 else "Earned by the group" if amount > 0 else "Nothing earned or owed"


def _headline(main: LineView, lines: Mapping[str, Mapping[str, Any]]) -> str:
    """The amount without its sign: the words above it say who owes it."""
    return shown_value(abs(figure(lines[main.name])), "usd") if main.kind == "settled" else main.value


def _last_figure(views: Mapping[str, LineView]) -> LineView:
    return list(views.values())[-1]


def _is_bar(name: str) -> bool:
    return name.startswith(("waterfall.", "savings_change.", "losses_change.", "rounding_change"))


def _bars(lines: Sequence[Mapping[str, Any]]) -> Iterator[BarView]:
    bars = [line for line in lines if line["name"].startswith("waterfall.")]
    low, scale = _scale(bars)
    at = Fraction(0)
    for line in bars:
        after = at + figure(line)
        label = line["label"].removeprefix("Waterfall, ")
        label = label[:1].upper() + label[1:]
        yield _bar(line["number"], label, figure(line), min(at, after), low, scale)
        at = after


def _total_bar(lines: Sequence[Mapping[str, Any]]) -> BarView:
    bars = [line for line in lines if line["name"].startswith("waterfall.")]
    low, scale = _scale(bars)
    total = sum((figure(line) for line in bars), start=Fraction(0))
    return _bar(None, "Earned", total, min(total, Fraction(0)), low, scale)


def _bar(number: int | None, label: str, value: Fraction, start: Fraction, low: Fraction, scale: Fraction) -> BarView:
    size = int(abs(value) * scale)
    return BarView(number, label, shown_value(value, "usd"), int((start - low) * scale), size, value < 0)


def _scale(bars: Sequence[Mapping[str, Any]]) -> tuple[Fraction, Fraction]:
    at, low, high = Fraction(0), Fraction(0), Fraction(0)
    for line in bars:
        at += figure(line)
        low, high = min(low, at), max(high, at)
    return low, Fraction(1000) / (high - low) if high > low else Fraction(0)


def _grouped(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
