"""The values that a term can have: how each is written in YAML, and what it is in a formula.

pydantic's own messages repeat values and speak of Python; each fault here carries its code, what was found and what is
allowed, in a reader's words.
"""

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, NamedTuple

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from p4v.numbers import TERM_DECIMALS, NumberFault, read_number, read_percent
from p4v.periods import Period, read_day, read_month, read_months
from p4v.units import Unit

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
ID_ALLOWED = "a letter or digit, then up to 63 letters, digits, _ or -"
_NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[A-Za-z0-9][A-Za-z0-9_-]{0,63})?", re.ASCII)
ROW_CODES = ("P4V-D012", "P4V-D013", "P4V-D015", "P4V-D033", "P4V-D034", "P4V-D036")
"""Faults of a single row, which can be left out and the others settled; those of `p4v.data.typed.row_rules`."""
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TEXT_LIMIT = 400


def fault(
    code: str, found: str, allowed: str, remedy: str | None = None, term: str | None = None
) -> PydanticCustomError:
    """An error that keeps its code and its words through pydantic, and the term that it is about."""
    context = {"code": code, "found": found, "allowed": allowed, "help": remedy, "term": term}
    return PydanticCustomError("p4v", "", context)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise fault("P4V-C021", "a list or a mapping", "one value")


def _number(
    read: Callable[[str, int], Fraction],
    lowest: Fraction | None,
    highest: Fraction | None,
    allowed: str,
    whole: bool = False,
) -> Callable[[Any], Fraction]:
    def parse(value: Any) -> Fraction:
        text = _scalar(value)
        try:
            number = read(text, TERM_DECIMALS)
        except NumberFault as error:
            code = "P4V-C032" if error.digits else "P4V-C030"
            raise fault(code, error.found, error.allowed) from error
        outside = (lowest is not None and number < lowest) or (highest is not None and number > highest)
        if outside or (whole and number.denominator != 1):
            raise fault("P4V-C040", text, allowed)
        return number

    return parse


def _id(value: Any) -> str:
    text = _scalar(value)
    if not ID_PATTERN.fullmatch(text):
        raise fault("P4V-C031", f"{len(text)} characters that are no id", ID_ALLOWED)
    return text


def _row_code(value: Any) -> str:
    text = _scalar(value)
    if text not in ROW_CODES:
        raise fault("P4V-C052", "no fault of a single row, which alone can be waived", f"one of {', '.join(ROW_CODES)}")
    return text


def _digest(value: Any) -> str:
    text = _scalar(value)
    if not _DIGEST.fullmatch(text):
        raise fault("P4V-C031", f"{len(text)} characters that are no digest", "64 digits and letters a to f")
    return text


def _line_name(value: Any) -> str:
    text = _scalar(value)
    if not _NAME_PATTERN.fullmatch(text):
        raise fault(
            "P4V-C031", f"{len(text)} characters that are no name", "a name such as `member_months` or `rate.bcs`"
        )
    return text


def _text(value: Any) -> str:
    text = _scalar(value)
    if not 0 < len(text) <= _TEXT_LIMIT:
        raise fault("P4V-C033", "no text" if not text else f"{len(text)} characters", f"1 to {_TEXT_LIMIT} characters")
    return text


def _date(value: Any) -> date:
    try:
        return read_day(_scalar(value))
    except ValueError as error:
        raise fault("P4V-C035", "no such date", "a date, as YYYY-MM-DD") from error


def _month(value: Any) -> str:
    try:
        return read_month(_scalar(value))
    except ValueError as error:
        raise fault("P4V-C035", "no such month", "a month, as YYYY-MM") from error


def _months(value: Any) -> Period:
    try:
        return read_months(_scalar(value))
    except ValueError as error:
        allowed = "a year, two months as YYYY-MM to YYYY-MM, or {from: YYYY-MM, to: YYYY-MM}"
        raise fault("P4V-C035", "no such period", allowed) from error


def _yes_no(value: Any) -> bool:
    text = _scalar(value)
    if text not in ("yes", "no"):
        raise fault("P4V-C052", "another word", "`yes` or `no`")
    return text == "yes"


_ZERO, _ONE = Fraction(0), Fraction(1)
_ABOVE_ZERO = Fraction(1, 10**6)
"""The smallest number above 0 that a term can be written as."""

Share = Annotated[Fraction, PlainValidator(_number(read_percent, _ZERO, _ONE, "0% to 100%")), Unit.RATE]
DollarsPmpm = Annotated[Fraction, PlainValidator(_number(read_number, _ZERO, None, "0.00 or more")), Unit.USD_PMPM]
People = Annotated[
    Fraction, PlainValidator(_number(read_number, _ZERO, None, "a whole number, 0 or more", whole=True)), Unit.COUNT
]
YesNo = Annotated[bool, PlainValidator(_yes_no), Unit.FLAG]
Number = Annotated[Fraction, PlainValidator(_number(read_number, None, None, "a number"))]
Places = Annotated[
    int,
    PlainValidator(
        lambda v: int(_number(read_number, _ZERO, Fraction(2), "0 to 2: whole dollars to cents", whole=True)(v))
    ),
]
Dollars = Annotated[Fraction, PlainValidator(_number(read_number, _ZERO, None, "0.00 or more")), Unit.USD]
SignedDollars = Annotated[Fraction, PlainValidator(_number(read_number, None, None, "a number of dollars")), Unit.USD]
SignedDollarsPmpm = Annotated[
    Fraction,
    PlainValidator(_number(read_number, None, None, "a number of dollars per member per month")),
    Unit.USD_PMPM,
]
DollarsPerPerson = Annotated[
    Fraction, PlainValidator(_number(read_number, _ZERO, None, "0.00 or more")), Unit.USD_PER_PERSON
]
Factor = Annotated[Fraction, PlainValidator(_number(read_number, _ABOVE_ZERO, None, "a number above 0")), Unit.FACTOR]
PointsValue = Annotated[Fraction, PlainValidator(_number(read_number, _ZERO, None, "0 or more")), Unit.POINTS]
Shift = Annotated[Fraction, PlainValidator(_number(read_percent, -_ONE, _ONE, "\N{MINUS SIGN}100% to 100%")), Unit.RATE]
Digits = Annotated[
    int,
    PlainValidator(lambda v: int(_number(read_number, _ZERO, Fraction(6), "0 to 6 digits", whole=True)(v))),
]


class Level(NamedTuple):
    """A measure's threshold, target or cut point: a share with its sign, or a bare number."""

    value: Fraction
    percent: bool


def _level(value: Any) -> Level:
    percent = isinstance(value, str) and value.endswith("%")
    read = read_percent if percent else read_number
    highest, allowed = (_ONE, "0% to 100%") if percent else (None, "0 or more")
    return Level(_number(read, _ZERO, highest, allowed)(value), percent)


MeasureLevel = Annotated[Level, PlainValidator(_level)]
Id = Annotated[str, PlainValidator(_id)]
RowCode = Annotated[str, PlainValidator(_row_code)]
Digest = Annotated[str, PlainValidator(_digest)]
LineName = Annotated[str, PlainValidator(_line_name)]
Text = Annotated[str, PlainValidator(_text)]
Day = Annotated[date, PlainValidator(_date)]
MonthText = Annotated[str, PlainValidator(_month)]
MonthsText = Annotated[Period, PlainValidator(_months)]
