"""The one reader of numbers, for YAML, tables and figures: from text to an exact `Fraction`.

No sign `+`, separator, underscore, exponent, blank or other alphabet's digits; a number is what a contract prints.
"""

import re
from decimal import Decimal
from fractions import Fraction

TERM_DECIMALS = 6
FIGURE_DECIMALS = 18
WHOLE_DIGITS = 15
_SHOWN = 40
"""A text longer than this is no number worth describing."""
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)


class NumberFault(ValueError):
    """Why a text is no number here. `found` never repeats the text; `digits` says that it has too many."""

    def __init__(self, found: str, allowed: str, digits: bool = False) -> None:
        super().__init__(f"found {found}; allowed {allowed}")
        self.found = found
        self.allowed = allowed
        self.digits = digits


def read_number(text: str, decimals: int) -> Fraction:
    """The exact number. Raises `NumberFault` for any other text, or for more digits than allowed.

    >>> read_number("412.34", 6)
    Fraction(20617, 50)
    """
    allowed = f"digits, with up to {decimals} decimals after a point"
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise NumberFault(_kind_of(text), allowed)
    sign, whole, places = match.group(1), match.group(2), match.group(3) or ""
    if len(places) > decimals:
        raise NumberFault(f"{len(places)} decimals", allowed, digits=True)
    if len(whole) > WHOLE_DIGITS:
        raise NumberFault(f"{len(whole)} digits before the point", f"up to {WHOLE_DIGITS}", digits=True)
    number = Fraction(int(whole + places), 10 ** len(places))
    return -number if sign else number


def read_percent(text: str, decimals: int) -> Fraction:
    """A share written with its sign.

    >>> read_percent("2.5%", 6)
    Fraction(1, 40)
    """
    if not text.endswith("%"):
        number = _NUMBER.fullmatch(text[:_SHOWN]) if len(text) <= _SHOWN else None
        raise NumberFault("no % sign", _shares_meant(text) if number else "a share such as `2%`")
    return read_number(text.removesuffix("%"), decimals) / 100


def _shares_meant(text: str) -> str:
    """How a bare number would be written: a fraction of one can mean two things."""
    number = read_number(text, FIGURE_DECIMALS)
    if not 0 < number <= 1:
        return f"a number with its sign, such as `{text}%`"
    hundredfold = f"{Decimal(text).scaleb(2).normalize():f}%"
    return f"a number with its sign: `{hundredfold}` if {text} is a part of one, or `{text}%`"


def _kind_of(text: str) -> str:
    if text == "":
        return "an empty value"
    if len(text) > _SHOWN:
        return f"a text of {len(text)} characters"
    if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+[eE][+-]?[0-9]+", text):
        return "an exponent"
    if text.strip() != text or " " in text:
        return "a blank in a number"
    if "," in text or "_" in text or "'" in text:
        return "a separator in a number"
    if any(sign in text for sign in "$€£"):
        return "a currency sign"
    if any(character.isdigit() and not character.isascii() for character in text):
        return "digits of another alphabet"
    if text.endswith("%"):
        return "a % sign"
    return "text that is not a number"
