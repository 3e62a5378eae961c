"""A programme of many groups: their sizes, budgets, costs and scores, all made up."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from p4v.demo.blocks import MONTHS, Block, Large, Window
from p4v.demo.draws import Draws
from p4v.resources import resource

GROUPS, MEMBERS = 114, 1_200_000
"""Published: arrangements of January 2015. Its members are illustrative: a million was reached in July 2014."""
_SMALLEST = 2_500
_POINT = 12_500_000
_THOUSAND = 1000
_ID, _PMPM = "made-up", "pmpm: 400.00,"
"""What the contract that gives the shape has in the places that are filled in."""


@dataclass(frozen=True, slots=True)
class MadeUpGroup:
    """One group of the programme."""

    id: str
    members: int
    pmpm_cents: int
    saved: int
    """Thousandths of the budget that it saved; below zero a loss."""
    score: int
    """Quality in percent."""

    def block(self, first: int) -> Block:
        """Its members, for the year that begins with a month."""
        budget = self.members * MONTHS * self.pmpm_cents
        cents = budget * (_THOUSAND - self.saved) // _THOUSAND
        return Block(self.id, "ppo", "US", self.members, (Window(first, cents),), Large("truncate", _POINT))

    def contract(self, template: str) -> bytes:
        """Its contract, from the one shape."""
        dollars = f"{self.pmpm_cents // 100}.{self.pmpm_cents % 100:02d}"
        return template.replace(_ID, self.id).replace(_PMPM, f"pmpm: {dollars},").encode()


def programme(groups: int) -> Iterator[MadeUpGroup]:
    """Groups of 2,500 members and more, 1.2 million of them for each 114 groups."""
    draws = Draws(f"programme of {groups}")
    weights = (1 + draws.below(9, groups)).tolist()
    ids = [f"g{number:04d}" for number in range(1, groups + 1)]
    rest = MEMBERS * groups // GROUPS - _SMALLEST * groups
    sizes = _shared(rest, weights)
    budgets, saved, scores = draws.below(60, groups), draws.below(100, groups), draws.below(42, groups)
    for place, id_ in enumerate(ids):
        yield MadeUpGroup(
            id_, _SMALLEST + sizes[place], 38_000 + 100 * int(budgets[place]), int(saved[place]) - 5,
            57 + int(scores[place]),
        )  # fmt: skip


def _shared(whole: int, weights: list[int]) -> list[int]:
    """A whole number in proportion to weights; what is left over goes to the first."""
    total = sum(weights)
    parts = [whole * weight // total for weight in weights]
    parts[0] += whole - sum(parts)
    return parts


def contract_template() -> str:
    """The contract that gives the shape."""
    return resource("configs", "demo", "programme", "contract.yaml").read_text(encoding="utf-8")


def year_of(template: str) -> int:
    """The one year that the contracts settle."""
    (year,) = yaml.safe_load(template)["performance_periods"]
    return int(year)
