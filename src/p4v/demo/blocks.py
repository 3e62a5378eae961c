"""What the demo says about its members: blocks of one group and product, read from `configs/demo`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import yaml

from p4v.demo.draws import Ints
from p4v.resources import resource

Form = Literal["none", "capped", "truncate", "prorated", "exclude", "pool"]
CATEGORIES = ("inpatient", "outpatient", "pharmacy", "other")
MONTHS = 12
_CENTS = 100


@dataclass(frozen=True, slots=True)
class Large:
    """What the contract does with members of high cost. `capped` is the market: nobody in it costs so much."""

    form: Form = "none"
    point: int = 0
    """In cents of a member and year."""
    share: int = 0
    """Percent of the excess that is pooled."""


@dataclass(frozen=True, slots=True)
class Window:
    """Twelve months of a block, and what they cost as the contract counts them."""

    first: int
    """Year x 12 + month - 1 of the first month."""
    cents: int | None
    """What it costs; None where `cents_pmpm` says it for each month that the contract counts."""
    cents_pmpm: int = 0
    about: bool = False
    """The cost need not be met to the cent."""
    of_group: bool = False
    """`cents` are those of the group's blocks up to this one together."""
    complete: tuple[int, ...] = (100,) * MONTHS
    """Percent of the claims of each month that are paid; what is counted has the rest on top."""
    mix: tuple[int, ...] = ()
    """Categories' dollars times these numbers come to nothing; the first two are -1 and 1, the last is 0."""
    risk: int = 1000
    """Risk scores in thousandths of what they were."""


@dataclass(frozen=True, slots=True)
class Block:
    """Members of one group and product."""

    group: str
    product: str
    area: str
    members: int
    windows: tuple[Window, ...]
    large: Large = field(default_factory=Large)
    basis: Literal["allowed", "paid"] = "allowed"
    funding: str = "insured"
    factor: int = 100
    """Benefit richness, in percent: the contract counts so much of what was paid."""
    revenue: int = 0
    """Cents per member month."""
    half_months: bool = False
    """Who joins or leaves in the middle of a month counts half of it."""
    oddities: Mapping[str, int] = field(default_factory=dict)
    """Rows or members that the contract's exclusions take out again."""


def demo_blocks() -> list[Block]:
    """The blocks of the nine groups and of the markets beside them."""
    document = yaml.safe_load(resource("configs", "demo", "members.yaml").read_text(encoding="utf-8"))
    return [_block(written) for written in document["blocks"]]


def _block(written: Mapping[str, Any]) -> Block:
    rest = {key: value for key, value in written.items() if key not in ("windows", "large")}
    large = written.get("large", {})
    return Block(
        **rest,
        windows=tuple(_window(window) for window in written["windows"]),
        large=Large(large.get("form", "none"), large.get("point", 0) * _CENTS, large.get("share", 0)),
    )


def _window(written: Mapping[str, Any]) -> Window:
    year, month = written["from"].split("-")
    dollars = written.get("dollars")
    return Window(
        int(year) * MONTHS + int(month) - 1,
        None if dollars is None else dollars * _CENTS,
        written.get("cents_pmpm", 0),
        written.get("about", False),
        written.get("of_group", False),
        tuple(written.get("complete", (_CENTS,) * MONTHS)),
        tuple(written.get("mix", ())),
        written.get("risk", 1000),
    )


@dataclass(frozen=True, slots=True)
class PersonYears:
    """Real person-years, sorted by cost, each standing for those around it."""

    upto: Ints
    """How many persons there are up to and with each row."""
    cents: Ints
    """Rows by `CATEGORIES`."""

    @property
    def persons(self) -> int:
        return int(self.upto[-1])

    @property
    def total(self) -> int:
        """Cents of all persons together."""
        return int((self.cents.sum(axis=1) * np.diff(self.upto, prepend=0)).sum())


def person_years() -> PersonYears:
    """The sample that costs are drawn from."""
    text = resource("configs", "demo", "person_years.csv").read_text(encoding="utf-8")
    header, *lines = text.split()
    assert header == "persons," + ",".join(CATEGORIES)
    rows: Sequence[Sequence[str]] = [line.split(",") for line in lines]
    numbers = np.array(rows, dtype=np.int64)
    return PersonYears(np.cumsum(numbers[:, 0]), numbers[:, 1:])
