"""What every block of terms is made of: strict models, their clause, the names of their lines, rules between terms."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from p4v.contract.values import People, Places, Share, Text, fault
from p4v.money import Rounding, Rule, decimal_text


@dataclass(frozen=True, slots=True)
class Called:
    """The line name of a term, where the field's own would say too little outside its block."""

    name: str


class Strict(BaseModel):
    """Unknown keys are refused, and nothing changes after reading."""

    # A contract has a few of the hundred models: a validator is built when the first one of its kind is read.
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)


class Block(Strict):
    """Terms under one clause."""

    clause: Text
    """Where the contract says so, as a reader of the contract would look it up."""


class RoundingRule(Strict):
    """To how many places, and in which direction."""

    places: Places
    """2 for cents, 0 for whole dollars."""
    rule: Rule
    """`half_up` is away from zero."""

    def rounding(self) -> Rounding:
        return Rounding(self.places, self.rule)


class RateFrom(Strict):
    """One row of a table that is read between its rows."""

    at: People
    """A number of people."""
    rate: Share
    """The rate at that number."""


class ShareFrom(Strict):
    """One marginal band: the share paid from this bound to the next."""

    above: Share
    """Where the band begins, as a share of the benchmark."""
    share: Share
    """The share of what lies in the band."""


def needs_together(block: BaseModel, first: str, second: str) -> None:
    """Raises a fault where one of two terms stands without the other."""
    if (getattr(block, first) is None) is not (getattr(block, second) is None):
        present = first if getattr(block, second) is None else second
        raise fault("P4V-C023", f"one of `{first}` and `{second}`", "both or neither", term=present)


def needs_one(block: BaseModel, *fields: str) -> None:
    """Raises a fault where not exactly one of several terms is set."""
    present = [name for name in fields if getattr(block, name) is not None]
    if len(present) != 1:
        found = " and ".join(f"`{name}`" for name in present) or "none of them"
        named = ", ".join(f"`{name}`" for name in fields)
        raise fault("P4V-C023", found, f"one of {named}", term=present[-1] if present else None)


def needs_rising(name: str, bounds: list[Fraction]) -> None:
    """Raises a fault where the rows of a table are out of order."""
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        raise fault("P4V-C045", f"`{name}` out of order", "each row above the one before", term=name)


def needs_start(name: str, bounds: list[Fraction], start: str = "0%") -> None:
    """Raises a fault where a table does not say what applies from zero on."""
    if bounds and bounds[0] != 0:
        raise fault("P4V-C044", f"no row of `{name}` from {start}", f"a first row from {start}", term=name)


def needs_whole(name: str, weights: list[Fraction]) -> None:
    """Raises a fault where weights do not sum to exactly 100%."""
    whole = sum(weights, start=Fraction(0))
    if whole != 1:
        found = f"weights that sum to {decimal_text(whole * 100)}%"
        raise fault("P4V-C042", found, "weights that sum to exactly 100%", term=name)


def needs_each_once(name: str, ids: list[str]) -> None:
    """Raises a fault where one id stands twice, also in another case."""
    lowered = [id_.lower() for id_ in ids]
    twice = next((id_ for id_, low in zip(ids, lowered, strict=True) if lowered.count(low) > 1), None)
    if twice is not None:
        raise fault("P4V-C046", f"`{twice}` twice", "each id once", term=name)


Bands = Annotated[list[ShareFrom], Field(min_length=1)]
