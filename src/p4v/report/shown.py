"""Figures as a reader sees them.

Dollars that are not whole cents are shown to a hundredth of a cent, rates to a ten-thousandth of a per cent; the exact
fraction stands in `settlement.json`.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from p4v.money import decimal_text

NO_VALUE = {"not_scored": "not scored", "not_applicable": "does not apply", "not_given": "not given"}
MINUS = "\N{MINUS SIGN}"
UNIT_WORDS = {
    "usd": "dollars",
    "usd_pmpm": "dollars per member per month",
    "usd_per_person": "dollars per person",
    "rate": "rate",
    "factor": "factor",
    "count": "count",
    "member_months": "member months",
    "points": "points",
    "flag": "yes or no",
    "table": "table",
}
_DOLLARS = ("usd", "usd_pmpm", "usd_per_person")
_UNFINISHED_CENT_PLACES = 4
_RATE_PLACES = 6
_SHORT_PLACES = 2
_FACTOR_PLACES = 4
_MOST_PLACES = 12
_LARGE = 100_000
_ACRONYM = 4
"""A key of so few letters stands as it is written."""
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def figure(line: Mapping[str, Any]) -> Fraction:
    """What later formulas take of a stored line: the value of a settled one, the exact of every other."""
    return _fraction(line["value"] if line["kind"] == "settled" else line["exact"])


def shown(line: Mapping[str, Any], full: bool = False) -> str:
    """A line's value with its unit."""
    if line["value"] is None:
        return NO_VALUE[line["state"]]
    if line["unit"] == "table":
        return f"table of {len(line['value'])} rows"
    return shown_value(figure(line), line["unit"], full)


def shown_value(value: Fraction, unit: str, full: bool = False) -> str:
    """A figure as its unit is written; in `full` with all the decimals that a value is shown with.

    >>> [shown_value(Fraction(1), unit) for unit in ("usd", "rate", "flag", "count")]
    ['$1.00', '100%', 'yes', '1']
    """
    if unit == "flag":
        return "yes" if value else "no"
    if unit in _DOLLARS:
        text = f"${_grouped(decimal_text(abs(value), _dollar_places(value, full)))}"
    elif unit == "rate":
        text = f"{_trimmed(decimal_text(abs(value) * 100, None if full else _RATE_PLACES - 2))}%"
    else:
        text = _grouped(_trimmed(decimal_text(abs(value), None if full else _RATE_PLACES)))
    return f"{MINUS}{text}" if value < 0 else text


def _dollar_places(value: Fraction, full: bool) -> int | None:
    """Cents, or as many decimals as an unfinished cent needs."""
    if (value * 100).denominator == 1:
        return 2
    if full:
        return None
    return 3 if (value * 1000).denominator == 1 else _UNFINISHED_CENT_PLACES


def short_value(value: Fraction, unit: str, *others: Fraction) -> str:
    """A figure in short, with as many decimals as tell it from the figures that it is measured against.

    >>> short_value(Fraction(19999, 1_000_000), "rate", Fraction(2, 100)), short_value(Fraction(56, 1000), "rate")
    ('1.9999%', '5.60%')
    """
    if unit in ("count", "member_months", "flag"):
        return shown_value(value, unit)
    scale = 100 if unit == "rate" else 1
    places = _FACTOR_PLACES if unit == "factor" else _SHORT_PLACES
    others = () if (value * scale * 10**places).denominator == 1 else others
    while places < _MOST_PLACES and any(
        other != value and decimal_text(other * scale, places) == decimal_text(value * scale, places)
        for other in others
    ):
        places += 1
    text = _grouped(decimal_text(abs(value) * scale, places))
    text = f"${text}" if unit in _DOLLARS else f"{text}%" if unit == "rate" else _trimmed(text)
    return f"{MINUS}{text}" if value < 0 else text


def tile_value(value: Fraction, unit: str, *others: Fraction) -> str:
    """A figure in short; large sums in whole dollars, unless that hides what tells it from the others.

    >>> tile_value(Fraction("418729017.25"), "usd"), tile_value(Fraction("379.25"), "usd_pmpm")
    ('$418,729,017', '$379.25')
    """
    whole = decimal_text(abs(value), 0)
    if unit == "usd" and abs(value) >= _LARGE and all(decimal_text(abs(other), 0) != whole for other in others):
        return f"{MINUS if value < 0 else ''}${_grouped(whole)}"
    return short_value(value, unit, *others)


def change_text(before: Fraction, after: Fraction, unit: str) -> str:
    """What changed from one period to the next: points of a rate, per cent of anything else."""
    if unit == "rate":
        return f"{_signed((after - before) * 100, 2)} pts"
    if unit in ("flag", "points", "factor"):
        return _trimmed(_signed(after - before, 4)) if unit != "flag" else ""
    return "" if before == 0 else f"{_signed((after - before) / abs(before) * 100, 1)}%"


def period_text(period: Mapping[str, str]) -> str:
    """A period in words.

    >>> period_text({"from": "2013-07", "to": "2014-06"}), period_text({"from": "2014-01", "to": "2014-12"})
    ('July 2013 to June 2014', 'January to December 2014')
    """
    first_year, _, first = period["from"].partition("-")
    last_year, _, last = period["to"].partition("-")
    if period["from"] == period["to"]:
        return f"{_MONTHS[int(first) - 1]} {first_year}"
    start = _MONTHS[int(first) - 1] + (f" {first_year}" if first_year != last_year else "")
    return f"{start} to {_MONTHS[int(last) - 1]} {last_year}"


def date_text(text: str) -> str:
    """A date as 1 January 2014; any other text as it stands."""
    parts = text.split("-")
    if len(parts) == 3 and all(part.isdigit() for part in parts) and 1 <= int(parts[1]) <= len(_MONTHS):
        return f"{int(parts[2])} {_MONTHS[int(parts[1]) - 1]} {parts[0]}"
    return text


def with_dates(text: str) -> str:
    """A sentence with its dates in words.

    >>> with_dates("signed on 2014-01-01")
    'signed on 1 January 2014'
    """
    return _DAY.sub(lambda day: date_text(day.group()), text)


def origin_text(origin: Mapping[str, Any]) -> str:
    """Where a line comes from, in words."""
    if "contract" in origin:
        amended = f", {origin['amendment']}" if origin.get("amendment") else ""
        return f"{origin['contract']} line {origin['line']}{amended}"
    if "table" in origin:
        return f"table {origin['table']}, column {origin['column']}"
    if "formula" in origin:
        return f"formula {origin['formula']}"
    return ", ".join(f"{key} {value}" for key, value in origin.items() if value is not None)


def key_of(name: str) -> str:
    """The key of a repeated line: `bcs` of `rate.bcs`."""
    return name.partition(".")[2]


def key_words(line: Mapping[str, Any], within: bool = False) -> str:
    """What the key of a repeated line is called: a month in words, else as its label has it.

    >>> key_words({"name": "fee_amount.2014-03", "label": "Fee: 2014-03"})
    'March 2014'
    """
    key = key_of(line["name"])
    year, _, month = key.partition("-")
    if year.isdigit() and month.isdigit() and 1 <= int(month) <= len(_MONTHS):
        return f"{_MONTHS[int(month) - 1]} {year}"
    words = str(line["label"]).partition(": ")[2] or key.replace("_", " ")
    as_written = within or len(words) <= _ACRONYM or any(sign.isdigit() for sign in words)
    return words if as_written else words[:1].upper() + words[1:]


def parts_of_key(name: str) -> tuple[str, str]:
    """The key of a repeated line, and the part that it is of where parts are settled apart.

    >>> parts_of_key("waterfall.gate-hmo"), parts_of_key("waterfall.gate")
    (('gate', 'hmo'), ('gate', ''))
    """
    base, _, part = key_of(name).partition("-")
    return base, part


def part_label(line: Mapping[str, Any], stem: str) -> str:
    """What a repeated line is about: "Minimum savings rate" of "Gate met, minimum savings rate"."""
    label = str(line["label"])
    for sign in (", ", ": "):
        label = label.removeprefix(f"{stem}{sign}")
    return label[:1].upper() + label[1:]


@lru_cache(maxsize=4096)
def _fraction(text: str) -> Fraction:
    return Fraction(text)


def _signed(value: Fraction, places: int) -> str:
    text = _grouped(decimal_text(abs(value), places))
    return f"{MINUS}{text}" if value < 0 else f"+{text}"


def _grouped(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
