"""How each kind of value is written: in words, by an example, and as a pattern that an editor can hold it to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, PlainValidator

from p4v.contract import models, values
from p4v.units import Unit


@dataclass(frozen=True, slots=True)
class Written:
    """What a value looks like in a file."""

    says: str
    example: str
    pattern: str | None = None


_NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,6})?"
_POSITIVE = r"[0-9]{1,15}(\.[0-9]{1,6})?"
_BY_NAME = {
    "Share": Written("a share with its sign, 0% to 100%", "50%", rf"{_POSITIVE}%"),
    "Shift": Written("points with their sign, from -100% to 100%", "5%", rf"{_NUMBER}%"),
    "DollarsPmpm": Written("dollars per member per month, 0.00 or more", "500.00", _POSITIVE),
    "Dollars": Written("dollars, 0.00 or more", "500.00", _POSITIVE),
    "SignedDollarsPmpm": Written("dollars per member per month", "-4.50", _NUMBER),
    "SignedDollars": Written("dollars", "500.00", _NUMBER),
    "DollarsPerPerson": Written("dollars per person, 0.00 or more", "35.00", _POSITIVE),
    "Factor": Written("a factor above 0, such as 1.0625", "1.0625", _POSITIVE),
    "PointsValue": Written("points, 0 or more", "10", _POSITIVE),
    "People": Written("a whole number, 0 or more", "5000", r"[0-9]{1,15}"),
    "YesNo": Written("yes or no", "yes", "yes|no"),
    "Number": Written("a number", "1", _NUMBER),
    "Places": Written("0 to 2 places: whole dollars to cents", "2", "[0-2]"),
    "Digits": Written("0 to 6 digits", "2", "[0-6]"),
    "MeasureLevel": Written(
        "a share with its sign, or a bare number where the measure is none", "76%", rf"{_POSITIVE}%?"
    ),
    "Id": Written(f"an id: {values.ID_ALLOWED}", "example", values.ID_PATTERN.pattern),
    "RowCode": Written(
        f"the code of a fault of a row: {', '.join(values.ROW_CODES)}", "P4V-D012", "|".join(values.ROW_CODES)
    ),
    "Digest": Written("a SHA-256 digest, 64 digits and letters a to f", "0" * 64, r"[0-9a-f]{64}"),
    "LineName": Written("a line's name, such as earned or rate.bcs", "earned", r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]+)?"),
    "Text": Written("a text of 1 to 400 characters", '"§4.1"'),
    "Day": Written("a day, as YYYY-MM-DD", "YYYY-MM-DD", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "MonthText": Written("a month, as YYYY-MM", "YYYY-MM", r"[0-9]{4}-[0-9]{2}"),
    "MonthsText": Written(
        "a year, or two months as YYYY-MM to YYYY-MM", "YYYY", r"[0-9]{4}(-[0-9]{2})?( to [0-9]{4}-[0-9]{2})?"
    ),
}
_BY_MODEL_NAME = {"FigureUnit": Written("a unit: usd, usd_pmpm, rate, count and so on", "usd")}


def _validators() -> Mapping[Callable[..., Any], Written]:
    found: dict[Callable[..., Any], Written] = {}
    for module, named in ((values, _BY_NAME), (models, _BY_MODEL_NAME)):
        for name, written in named.items():
            for mark in get_args(getattr(module, name, None))[1:]:
                if isinstance(mark, PlainValidator):
                    found[mark.func] = written
    return found


BY_VALIDATOR = _validators()
"""How the values are written that a validator reads."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A key of a model: what it takes. `model` where it holds keys of its own, `listed` where it holds several."""

    says: str
    example: str
    unit: Unit | None = None
    model: type[BaseModel] | None = None
    listed: bool = False


def shape_of(annotation: Any, metadata: list[Any] | None = None) -> Shape:
    """What a key takes, from its annotation."""
    for mark in metadata or []:
        written = BY_VALIDATOR.get(mark.func) if isinstance(mark, PlainValidator) else None
        if written is not None:
            unit = next((unit for unit in metadata or [] if isinstance(unit, Unit)), None)
            return Shape(written.says, written.example, unit)
    origin = get_origin(annotation)
    arguments = [argument for argument in get_args(annotation) if argument is not NoneType]
    if origin is Annotated:
        return shape_of(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return shape_of(arguments[0])
    if origin is Literal:
        return Shape(" | ".join(str(word) for word in arguments), str(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        words = [str(word.value) for word in annotation]
        return Shape(" | ".join(words), words[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape("a mapping", "", model=annotation)
    if origin is list:
        inner = shape_of(arguments[0])
        return Shape(f"a list of: {inner.says}", inner.example, inner.unit, inner.model, listed=True)
    return Shape("a mapping", "")
