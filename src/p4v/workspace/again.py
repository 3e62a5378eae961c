"""A settlement again, from the figures that its tables gave: without the tables, and without any member."""

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from p4v.data.given import PRIOR
from p4v.figures import Figure, Figures
from p4v.periods import Period, read_day, read_months
from p4v.settlement import Settlement, worksheet
from p4v.single import read_contract
from p4v.units import Unit
from p4v.workspace.document import Asked
from p4v.workspace.results import GroupResult, Request

SCHEMA = "p4v/figures/1"


def settle_again(contract: Path, content: bytes) -> GroupResult:
    """The settlement of a contract with the figures that a run keeps. Raises `Refusal`, `KeyError`, `ValueError`."""
    program = read_contract(contract)
    given = json.loads(content)
    if given["schema"] != SCHEMA:
        raise ValueError(f"schema {SCHEMA}")
    period = read_months(given["period"])
    known, paid_through = (read_day(text) if text else None for text in (given["known"], given["paid_through"]))
    figures = Figures({entry["name"]: _figure(entry) for entry in _own(given)}, given["status"])
    sheet = worksheet(program, period, None, figures, "exact", known, paid_through, fee_period(given))
    settlement = Settlement(
        given["group"], program.id, period, given["status"], sheet.lines, controls=tuple(given["controls"])
    )
    name = program.contract.group.name if program.contract else given["group"]
    return GroupResult(program.id, given["group"], name, program, "settled", "", settlement, content)


def _own(given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The figures of this period; those of the period before stand beside them on a statement."""
    return [entry for entry in given["figures"] if not entry["name"].startswith(PRIOR)]


def _figure(entry: Mapping[str, Any]) -> Figure:
    exact = entry["exact"]
    value = None if exact is None else Fraction(exact)
    return Figure(value, Unit(entry["unit"]), "", entry["origin"], entry.get("label"))


def fee_period(given: Mapping[str, Any]) -> Period | None:
    """The months of the fee, where they are not those of the period."""
    text = given["fee_period"]
    return read_months(text) if text else None


def request_of(given: Mapping[str, Any]) -> Request:
    """What was asked of the workspace when a run was made."""
    fee = fee_period(given)
    asked = Asked(read_months(given["period"]), None) if fee is None else Asked(fee, fee)
    known, paid_through = (read_day(text) if text else None for text in (given["known"], given["paid_through"]))
    return Request(asked, paid_through, (given["group"],), given["status"], known)
