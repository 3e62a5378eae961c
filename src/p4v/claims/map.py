"""The map of a claims extract: what its columns mean, and the rules by which spans and claims become member months.

Nothing that changes dollars is guessed: whether an amount is the line's or the claim's own, what happens to lines given
twice, and whether a float's noise is taken, the map says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, model_validator

from p4v.contract.blocks import Strict
from p4v.contract.blocks.base import needs_each_once, needs_one
from p4v.contract.documents import checked, shown_path
from p4v.contract.values import Id, Text, fault
from p4v.contract.yaml_tree import YamlFile, read_yaml

Counting = Literal["any_day", "first_of_month", "fifteenth_of_month", "full_month", "pro_rata_days", "covered_days"]
AmountOn = Literal["line", "header"]
Taken = Literal["refuse", "drop"]
MEASURES = ("allowed", "paid")
_OWN = ("member_id", "start", "end")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_RESERVED = frozenset(
    ("group_id", "month", "year", "purpose", "member_months", "first_day", "last_day", "risk_score", "revenue")
) | set(MEASURES)
"""Columns that the import makes itself, or that a span cannot have."""
_ON = ("line", "header")
_TYPES_LIMIT = 40


def _amount_on(value: Any) -> Any:
    """`line`, `header`, or one of them for each claim type."""
    words = value.values() if isinstance(value, dict) else [value]
    if not all(isinstance(word, str) and word in _ON for word in words):
        raise fault("P4V-C052", "another word", "`line` or `header`, or one of them for each claim type")
    if isinstance(value, dict) and not 0 < len(value) <= _TYPES_LIMIT:
        raise fault("P4V-C044", f"{len(value)} claim types", f"1 to {_TYPES_LIMIT}")
    return value


class GroupFrom(Strict):
    """Where a member's group comes from."""

    column: Text | None = None
    """A column of the eligibility file."""
    constant: Id | None = None
    """One group for all."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        needs_one(self, "column", "constant")
        return self


class MonthsMade(Strict):
    """How spans become member months, and to which month a claim belongs."""

    counting: Counting
    """Which months of a span count. `covered_days` leaves that to the contract: first and last day are written."""
    claims_by: Literal["month", "day"]
    """Whether a claim belongs to a month that has a span, or only to a day within one."""
    group_id: GroupFrom
    """The medical group of a span."""


class Eligibility(Strict):
    """The eligibility file."""

    columns: dict[str, Text]
    """`member_id`, `start` and `end` of a span; any other name, such as `product`, is carried into the months."""
    overlaps: Literal["refuse", "merge"] = "refuse"
    """What happens to spans of one member that have days in common; merged only where they agree in all they say."""
    end_before_start: Taken = "refuse"
    """What happens to a span that ends before it starts."""

    @model_validator(mode="after")
    def _columns(self) -> Self:
        _needs_columns(self.columns, _OWN)
        for name in self.columns:
            if name not in _OWN and (name in _RESERVED or not _ATTRIBUTE.fullmatch(name)):
                allowed = "a name such as product, funding, cohort or area"
                raise fault("P4V-C031", "a column that a span cannot have", allowed, term="columns")
        return self

    def attributes(self) -> tuple[str, ...]:
        """The columns that are carried into the member months, by p4v's names."""
        return tuple(sorted(name for name in self.columns if name not in _OWN))


class Claims(Strict):
    """A file of claim lines."""

    columns: dict[str, Text]
    """`claim_id`, `line`, `member_id`, `date`, `paid` or `allowed` or both, and `claim_type` where there is one."""
    amount_on: Annotated[Any, PlainValidator(_amount_on)] = None
    """`header` where every line repeats the amount of the whole claim; for each claim type, or for all."""
    duplicates: Taken = "refuse"
    """What happens to a line that stands twice with the same content."""
    empty: Literal["refuse", "zero"] = "refuse"
    """What an empty amount is."""

    @model_validator(mode="after")
    def _columns(self) -> Self:
        _needs_columns(self.columns, ("claim_id", "line", "member_id", "date"))
        known = ("claim_id", "line", "member_id", "date", "claim_type", *MEASURES)
        for name in self.columns:
            if name not in known:
                raise fault("P4V-C020", "an unknown column", ", ".join(known), term="columns")
        if not self.measures():
            raise fault("P4V-C022", "no amount", "`paid`, `allowed` or both", term="columns")
        if isinstance(self.amount_on, dict) and "claim_type" not in self.columns:
            raise fault("P4V-C022", "no `claim_type`", "the column of the claim types", term="columns")
        return self

    def measures(self) -> tuple[str, ...]:
        return tuple(measure for measure in MEASURES if measure in self.columns)

    def stated(self, claim_type: str) -> AmountOn | None:
        """What the map says of the amounts of a claim type. Raises `KeyError` for a type that it does not know."""
        if isinstance(self.amount_on, dict):
            found: AmountOn = self.amount_on[claim_type]
            return found
        given: AmountOn | None = self.amount_on
        return given


class Category(Strict):
    """A service category, and which claims are of it. The first that fits is taken."""

    id: Id
    """The category's id, as contracts name it."""
    claims: Literal["medical", "pharmacy"]
    """The file whose claims these are."""
    where: dict[Text, Annotated[list[Text], Field(min_length=1)]] = Field(default_factory=dict)
    """A column of that file to the values that fit; `11*` fits all that begin so. Without it all claims fit."""


class MapDocument(Strict):
    """A map of claims as it is written."""

    claims: Literal["p4v-claims/1"]
    """The form of this file."""
    member_months: MonthsMade
    """How spans become member months."""
    float_noise: Literal["refuse", "to_cent"] = "refuse"
    """What happens to an amount such as 46.620000000000005."""
    eligibility: Eligibility
    """The spans."""
    medical: Claims | None = None
    """Medical claim lines."""
    pharmacy: Claims | None = None
    """Pharmacy claim lines."""
    categories: Annotated[list[Category], Field(min_length=1)]
    """The service categories, in the order in which they are tried."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needs_each_once("categories", [category.id for category in self.categories])
        tables = self.tables()
        if not tables:
            raise fault("P4V-C022", "no claims", "`medical`, `pharmacy` or both")
        if len({table.measures() for table in tables.values()}) > 1:
            allowed = "the same amounts of both files: what one of them lacks would be counted as nothing"
            raise fault("P4V-C023", "`paid` or `allowed` of one file alone", allowed, term="pharmacy")
        for category in self.categories:
            if category.claims not in tables:
                raise fault("P4V-C023", f"a category of {category.claims} claims", "a file that the map has")
        return self

    def tables(self) -> dict[str, Claims]:
        """The files of claims by their role."""
        named = {"medical": self.medical, "pharmacy": self.pharmacy}
        return {role: table for role, table in named.items() if table is not None}

    def columns_of_categories(self, role: str) -> list[str]:
        """The columns that tell the categories of a file apart."""
        return [header for category in self.categories if category.claims == role for header in category.where]

    def measures(self) -> tuple[str, ...]:
        return next(iter(self.tables().values())).measures()


def _needs_columns(columns: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in columns:
            raise fault("P4V-C022", f"no `{name}`", f"the column of {name}", term="columns")


@dataclass(frozen=True, slots=True)
class ClaimsMap:
    """A map as it was read."""

    document: MapDocument
    file: YamlFile


def read_map(path: Path) -> ClaimsMap:
    """The map of a file. Raises `Refusal` with all that is wrong in it."""
    file = read_yaml(path, shown_path(path), path.name)
    return ClaimsMap(checked(file, MapDocument), file)


def with_noise(claims_map: ClaimsMap, noise: str | None) -> ClaimsMap:
    """The map with another word on a float's noise, if there is one."""
    if noise is None:
        return claims_map
    return ClaimsMap(claims_map.document.model_copy(update={"float_noise": noise}), claims_map.file)
