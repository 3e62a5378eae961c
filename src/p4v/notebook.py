"""p4v in a notebook: settle from pandas tables, read the worksheet as a table or as the statement's page.

import p4v

result = p4v.settle("riverside.yaml", period="2014", member_months=frame)
result["earned"]      # Decimal('1228403.65')
result.worksheet      # a pandas DataFrame, one row to each line
result                # the statement, where the notebook shows pages
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from p4v.contract.models import Status
from p4v.data.spec import Role, TableInput, TableSpec
from p4v.errors import Finding, Refusal
from p4v.periods import read_day
from p4v.report.statement import statement_html
from p4v.runs.folder import SETTLEMENT, Run, experience_run
from p4v.settlement import digest_of
from p4v.single import read_contract
from p4v.workspace.document import Asked, read_asked, read_workspace
from p4v.workspace.results import GroupResult, Request, Settled
from p4v.workspace.settle import Sources, settle_contracts, settle_workspace

_NOTEBOOK = "the notebook"
_ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Result:
    """One settlement: its lines as a table, its figures by name, its statement as a page."""

    group: str
    contract: str
    notes: Sequence[str]
    document: Mapping[str, Any]
    """What `settlement.json` would hold."""
    run: Run

    @property
    def worksheet(self) -> pd.DataFrame:
        """One row to each line: number, name, label, kind, value (a decimal as text), unit, expression, clause."""
        columns = ["number", "name", "label", "kind", "value", "exact", "unit", "expression", "clause", "state"]
        return pd.DataFrame([{name: line[name] for name in columns} for line in self.document["lines"]])

    @property
    def controls(self) -> pd.DataFrame:
        """What came in, what each rule took out, and what was used: rows, member months, dollars."""
        return pd.DataFrame(list(self.document["controls"]))

    def exact(self, name: str) -> Fraction:
        """The unrounded value of a line. Raises `KeyError` for a line without a number, or none of that name."""
        return Fraction(self._line(name)["exact"])

    def __getitem__(self, name: str) -> Decimal:
        """The value of a line as it is printed: of a settled one the rounded amount."""
        return Decimal(self._line(name)["value"])

    def _line(self, name: str) -> Mapping[str, Any]:
        found = [line for line in self.document["lines"] if line["name"] == name and line["exact"] is not None]
        if not found:
            raise KeyError(name)
        return found[0]  # type: ignore[no-any-return]

    @property
    def html(self) -> str:
        """The statement, one page that needs nothing else."""
        manifest = self.run.manifest()
        return statement_html(self.document, manifest, digest_of(self.run.files[SETTLEMENT])).decode()

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True, slots=True)
class Results:
    """All groups of a workspace, by group; `not_settled` says why there is nothing for others."""

    settled: Mapping[str, Result]
    not_settled: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, group: str) -> Result:
        return self.settled[group]

    @property
    def lines(self) -> pd.DataFrame:
        """The settled amounts of all groups, one row to each."""
        rows = [
            {"group": result.group, "name": line["name"], "value": Decimal(line["value"]), "clause": line["clause"]}
            for result in self.settled.values()
            for line in result.document["lines"]
            if line["kind"] == "settled"
        ]
        return pd.DataFrame(rows)


def settle(
    contract: str | Path, *, period: str, member_months: Any, columns: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (), months: str = "counted", references: Mapping[str, str | Path] | None = None,
    paid_through: str | None = None, known: str | None = None, status: Status | None = None, **tables: Any,
) -> Result:  # fmt: skip
    """Settles one contract from tables in memory.

    `member_months` and the further `tables` (`quality`, `figures`, `deaths`, `lag_triangle`, `expected_totals`) are
    pandas DataFrames or pyarrow Tables; money is Decimal, text or whole cents in a column named `…_cents`, never float.
    `columns` says what p4v's columns are called in `member_months`, as `p4v.yaml` does. Raises `Refusal` with every
    finding, and `TypeError` for a table of another name.
    """
    unknown = set(tables) - set(_ROLES)
    if unknown:
        raise TypeError(f"no table {', '.join(sorted(unknown))}; there are {', '.join(_ROLES)}")
    kind: Any = months
    specs = [TableSpec("member_months", months=kind, columns=columns or {}, ignore=tuple(ignore), frame=member_months)]
    specs += [TableSpec(role, frame=tables[role]) for role in _ROLES if tables.get(role) is not None]
    named = {name: Path(path) for name, path in (references or {}).items()}
    sources = Sources(specs, named, _NOTEBOOK)
    request = Request(_asked(period), _day(paid_through), (), status, _day(known))
    done = settle_contracts([read_contract(Path(contract))], sources, request)
    (result,) = done.results
    if result.state != "settled":
        raise Refusal([Finding("P4V-D035", str(contract), f"the period {period}", result.reason)])
    return _result(result, done.inputs)


def settle_folder(
    workspace: str | Path, *, period: str, groups: Sequence[str] = (), paid_through: str | None = None,
    known: str | None = None, status: Status | None = None,
) -> Results:  # fmt: skip
    """Settles the contracts of a workspace, as `p4v settle` does, and writes nothing. Raises `Refusal`."""
    request = Request(_asked(period), _day(paid_through), tuple(groups), status, _day(known))
    done: Settled = settle_workspace(read_workspace(Path(workspace), request.known), request)
    settled = {result.group: _result(result, done.inputs) for result in done.results if result.state == "settled"}
    return Results(settled, {result.group: result.reason for result in done.results if result.state != "settled"})


def _result(result: GroupResult, inputs: Sequence[TableInput]) -> Result:
    run = experience_run(result, inputs)
    document = json.loads(run.files[SETTLEMENT])
    return Result(result.group, result.contract_id, result.notes, document, run)


def _asked(period: str) -> Asked:
    try:
        return read_asked(period)
    except ValueError:
        allowed = "a year, a quarter such as 2014Q2, or months such as 2014-07 to 2015-06"
        raise Refusal([Finding("P4V-U012", "period", "no such period", allowed)]) from None


def _day(text: str | None) -> date | None:
    return None if text is None else read_day(text)
