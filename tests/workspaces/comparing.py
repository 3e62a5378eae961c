"""The program's settlement of a workspace beside the reference's: lines and control totals by name, exactly."""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from p4v.errors import Refusal
from p4v.settlement import digest_of
from p4v.workspace.document import read_asked, read_workspace
from p4v.workspace.results import Request
from p4v.workspace.settle import settle_workspace
from workspaces.building import Draft
from workspaces.reference import Control, Result, settle_folder

Lines = dict[str, dict[str, Any]]
MUST = (
    "benchmark",
    "expenditure",
    "gross_savings",
    "earned",
    "care_coordination_fee",
    "quality_score",
    "net_payment",
    "thresholds_met",
)
"""Lines that both must have where one has them."""


@dataclass(frozen=True)
class Settled:
    """One group as the program settled it."""

    document: Mapping[str, Any]
    digest: str
    lines: Lines

    @property
    def controls(self) -> list[Mapping[str, Any]]:
        return list(self.document["controls"])


def last_day(text: str) -> date:
    year, month = int(text[:4]), int(text[5:7])
    return date(year, month, calendar.monthrange(year, month)[1])


def settled(
    folder: Path, period: str, paid_through: str | None = None, groups: tuple[str, ...] = (), threads: int | None = None
) -> dict[str, Settled]:
    """Every group of a workspace as the program settles it. Raises `Refusal`."""
    request = Request(read_asked(period), last_day(paid_through) if paid_through else None, groups, threads=threads)
    found = {}
    for result in settle_workspace(read_workspace(folder), request, lambda _: None).results:
        if result.settlement is not None:
            content = result.settlement.content()
            document = json.loads(content)
            lines = {line["name"]: line for line in document["lines"]}
            found[result.group] = Settled(document, digest_of(content), lines)
    return found


def refusal(folder: Path, period: str, paid_through: str | None = None) -> set[str]:
    """The codes with which the program refuses a workspace; none where it settles."""
    try:
        settled(folder, period, paid_through)
    except Refusal as refused:
        return {finding.code for finding in refused.findings}
    return set()


def shown(line: Mapping[str, Any]) -> Fraction | None:
    """What later formulas take: the rounded value of a settled line, the unrounded one of every other."""
    text = line["value"] if line["kind"] == "settled" else line["exact"]
    return None if text is None else Fraction(text)


def line_differences(program: Settled, reference: Result) -> dict[str, tuple[Any, Any]]:
    """Name to the program's figure and the reference's, where both have the line and differ, or one lacks it that must not."""
    expected: dict[str, Fraction | None] = {**reference.figures, **reference.lines}
    wrong: dict[str, tuple[Any, Any]] = {}
    for name, figure in expected.items():
        if name in program.lines:
            found = shown(program.lines[name])
            if found != figure:
                wrong[name] = (found, figure)
        elif name in MUST:
            wrong[name] = ("no line", figure)
    for name in MUST:
        if name in program.lines and name not in expected:
            wrong[name] = (shown(program.lines[name]), "no line")
    for name, figure in reference.unrounded.items():
        if name in program.lines and Fraction(program.lines[name]["exact"]) != figure:
            wrong[f"{name}, unrounded"] = (Fraction(program.lines[name]["exact"]), figure)
    return wrong


Key = tuple[str, str, str | None]


def amounts(control: Mapping[str, Any]) -> tuple[int, Fraction, Fraction | None]:
    dollars = control["dollars"]
    return control["rows"], Fraction(control["member_months"]), None if dollars is None else Fraction(dollars)


def by_key(controls: list[Any]) -> dict[Key, tuple[int, Fraction, Fraction | None]]:
    found = {(one["window"], one["entry"], one["rule"]): amounts(one) for one in controls}
    assert len(found) == len(controls), "one control twice"
    return {key: value for key, value in found.items() if value[0] or value[1] or value[2]}


def control_differences(program: Settled, reference: list[Control]) -> dict[Key, tuple[Any, Any]]:
    """Window, entry and rule to rows, member months and dollars of the program and of the reference."""
    found, expected = by_key(program.controls), by_key(reference)
    return {
        key: (found.get(key), expected.get(key))
        for key in sorted({*found, *expected}, key=str)
        if found.get(key) != expected.get(key)
    }


def differences(draft: Draft, folder: Path) -> dict[str, dict[Any, tuple[Any, Any]]]:
    """Group to what differs; the workspace is written to the folder."""
    draft.write(folder)
    program = settled(folder, draft.period, draft.paid_through)
    reference = settle_folder(folder, draft.period, draft.paid_through)
    found: dict[str, dict[Any, tuple[Any, Any]]] = {}
    for group in sorted({*program, *reference}):
        if group not in program or group not in reference:
            found[group] = {"settled": (group in program, group in reference)}
            continue
        wrong = {
            **line_differences(program[group], reference[group]),
            **control_differences(program[group], reference[group].controls),
        }
        if wrong:
            found[group] = wrong
    return found
