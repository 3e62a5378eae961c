"""A settlement: the worksheet of one group and period, and its canonical document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any

import rfc8785

from p4v.contract.documents import Program
from p4v.contract.terms import Terms, terms_in_force
from p4v.figures import Figures
from p4v.periods import Period
from p4v.programs import PROGRAMS
from p4v.programs.labels import LABELS
from p4v.worksheet import Line, Worksheet, WorksheetReading

SCHEMA = "p4v/settlement/1"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The lines of one settlement, and what they are for."""

    group: str
    contract: str
    period: Period
    status: str
    lines: Sequence[Line]
    version: int = 1
    replaces: str | None = None
    controls: Sequence[Mapping[str, Any]] = ()
    """What became of every row of the tables, in rows, member months and dollars; nothing where a summary was given."""

    def document(self) -> dict[str, Any]:
        """`settlement.json`, every key present."""
        return {
            "schema": SCHEMA,
            "group": self.group,
            "contract": self.contract,
            "period": {"from": self.period.first_month, "to": self.period.last_month},
            "status": self.status,
            "version": self.version,
            "replaces": self.replaces,
            "lines": [line.document(number) for number, line in enumerate(self.lines, start=1)],
            "controls": [dict(control) for control in self.controls],
        }

    def content(self) -> bytes:
        """The canonical bytes (RFC 8785); their digest is the settlement digest."""
        return rfc8785.dumps(self.document())

    def id(self, digest: str) -> str:
        first, last = self.period.first_month, self.period.last_month
        return f"{self.group}-{first}-{last}-{self.status}-v{self.version}-{digest[:12]}"


def digest_of(content: bytes) -> str:
    return sha256(content).hexdigest()


@lru_cache(maxsize=4096)
def terms_for(
    program: Program,
    period: Period,
    agreement_start: date | None,
    known: date | None = None,
    paid_through: date | None = None,
    fee_period: Period | None = None,
) -> Terms:
    """The terms in force, worked out once for each occasion that they are asked for."""
    return terms_in_force(program, period, agreement_start, known, paid_through, fee_period)


@lru_cache(maxsize=1024)
def _labels(program: Program) -> Mapping[str, str]:
    usual = LABELS if program.kind == "pay_for_value" else {}
    return {**usual, **program.labels()}


def worksheet(
    program: Program,
    period: Period,
    agreement_start: date | None,
    figures: Figures,
    reading: WorksheetReading = "exact",
    known: date | None = None,
    paid_through: date | None = None,
    fee_period: Period | None = None,
) -> Worksheet:
    """The lines of a program for one group's figures (`exact`), or for scenarios of shape `(n,)` (`arrays`).

    `known` takes the terms as known on a day; without it, all that is signed. `paid_through` is the last day of paid
    claims, for completion by run-out; `fee_period` the months of the fee, where they are not those of the period.

    Raises `Refusal` for terms that are missing, `NotInForce`, and `LineFault` where a figure lies outside what a
    formula allows.
    """
    sheet = Worksheet(reading, _labels(program))
    terms = terms_for(program, period, agreement_start, known, paid_through, fee_period)
    PROGRAMS[program.kind](sheet, terms, figures)
    return sheet
