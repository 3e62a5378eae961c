"""p4v in a notebook: settle from pandas tables, read the worksheet as a table or as the statement's page.

import p4v

result = p4v.settle("riverside.yaml", period="2014", member_months=frame)
result["earned"]      # Decimal('1228403.65')
result.worksheet      # a pandas DataFrame, one row to each line
result                # the statement, where the notebook shows pages

Nothing is written. What is wrong is a `Refusal`, whose text has every finding with its table, column and row; rows are
counted from 1.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from p4v.cases import refuse_disagreed
from p4v.contract.models import Status
from p4v.data.columns import READY_MAPS
from p4v.data.spec import Purpose, Role, TableSpec
from p4v.data.typed import PURPOSES
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.money import decimal_text
from p4v.periods import read_day
from p4v.report.deliver import entries_of
from p4v.report.explanation import explained
from p4v.report.register import AMOUNTS, HTML, About, Entry, register_files, register_rows
from p4v.report.shown import shown
from p4v.report.statement import statement_html
from p4v.runs.folder import SETTLEMENT, Run
from p4v.settlement import digest_of
from p4v.single import read_contract
from p4v.workspace.document import Asked, read_asked, read_workspace
from p4v.workspace.results import Request, Settled
from p4v.workspace.settle import Sources, settle_contracts, settle_workspace

_NOTEBOOK = "the notebook"
_ROLES: tuple[Role, ...] = get_args(Role)
_STATUSES: tuple[Status, ...] = get_args(Status)
_MONTHS = ("counted", "covered_days")
_PERIODS = "a year, a quarter such as 2014Q2, a month, or months such as 2014-07 to 2015-06"
_PAGE = '<iframe srcdoc="{}" sandbox="" style="width:100%;height:{}px;border:1px solid #ccc;resize:vertical"></iframe>'
_PAGE_HEIGHT, _REGISTER_HEIGHT = 900, 600
"""Pixels."""
_CENT_PLACES = 2
_TEXTS = ("name", "label", "kind", "shown", "unit", "expression", "clause", "state")
Frame = Any
"""A pandas DataFrame, a pyarrow Table, or a polars DataFrame."""


@dataclass(frozen=True, repr=False)
class Result:
    """One settlement: its lines as a table, its figures by name, its statement as a page."""

    group: str
    contract: str
    notes: Sequence[str]
    """What is worth a look, in words."""
    run: Run
    """Every file that `p4v settle` would write of it, by its path in the run's folder."""

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """`settlement.json`."""
        return json.loads(self.run.files[SETTLEMENT])  # type: ignore[no-any-return]

    @property
    def digest(self) -> str:
        """SHA-256 of `settlement.json`: the same for the same rows, from whatever tables they come."""
        return digest_of(self.run.files[SETTLEMENT])

    @property
    def period(self) -> str:
        """The months that are settled, such as `2014-01 to 2014-12`."""
        return "{from} to {to}".format(**self.document["period"])

    @property
    def status(self) -> str:
        """projected, interim or final."""
        return str(self.document["status"])

    @property
    def worksheet(self) -> pd.DataFrame:
        """One row to each line, in their order; what is not rounded is exact.

        `number` (int), `name`, `label`, `kind` (term, given, computed or settled), `value` (Decimal in `unit`, of a
        settled line the rounded one), `exact` (Fraction), `shown` (as printed), `unit`, `expression`, `clause`,
        `state` (why there is no value). Of a line without a number `value` and `exact` are None.
        """
        rows = [
            {
                "number": line["number"], "name": line["name"], "label": line["label"], "kind": line["kind"],
                "value": None if line["exact"] is None else Decimal(line["value"]),
                "exact": None if line["exact"] is None else Fraction(line["exact"]),
                "shown": shown(line), "unit": line["unit"], "expression": line["expression"],
                "clause": line["clause"], "state": line["state"],
            }
            for line in self.document["lines"]
        ]  # fmt: skip
        return pd.DataFrame(rows).astype({"number": "int64", **dict.fromkeys(_TEXTS, "string")})

    @property
    def controls(self) -> pd.DataFrame:
        """What came in, what each rule took out, and what was used; in = used + excluded + rejected of each window.

        `table`, `window`, `entry`, `rule`, `rows` (int), `member_months` and `dollars` (Decimal, or None where there
        are none).
        """
        columns = ("table", "window", "entry", "rule", "rows", "member_months", "dollars")
        rows = [{name: control[name] for name in columns} for control in self.document["controls"]]
        for row in rows:
            for name in ("member_months", "dollars"):
                row[name] = None if row[name] is None else Decimal(row[name])
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"rows": "int64", **dict.fromkeys(columns[:4], "string")})

    def __getitem__(self, name: str) -> Decimal:
        """The value of a line: of a settled one the rounded amount, of another the decimals that it is shown with.

        Raises `KeyError` for a line without a number, or none of that name.
        """
        return Decimal(self._line(name)["value"])

    def __contains__(self, name: object) -> bool:
        """Whether there is a number of that name."""
        return any(line["name"] == name and line["exact"] is not None for line in self.document["lines"])

    def exact(self, name: str) -> Fraction:
        """The unrounded value of a line. Raises `KeyError` as `[]` does."""
        return Fraction(self._line(name)["exact"])

    def explain(self, name: str | None = None) -> str:
        """What a figure rests on, line by line, as `p4v explain` prints it; all lines where none is named."""
        if name is not None:
            self._line(name)
        return "\n".join(explained(self.document, name))

    def _line(self, name: str) -> Mapping[str, Any]:
        names = [line["name"] for line in self.document["lines"] if line["exact"] is not None]
        if name not in names:
            remedy = did_you_mean(name, names)
            raise KeyError(f"no number {name!r}" + (f"; {remedy}" if remedy else ""))
        return next(line for line in self.document["lines"] if line["name"] == name)

    @property
    def html(self) -> str:
        """The statement, one page that needs nothing else: write it to a file, or look at it in the notebook."""
        return statement_html(self.document, self.run.manifest(), self.digest).decode()

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that its looks stay its own."""
        return _PAGE.format(escape(self.html), _PAGE_HEIGHT)

    def __repr__(self) -> str:
        amounts = [
            f"{line['name']} {shown(line)}" for line in self.document["lines"]
            if line["kind"] == "settled" and line["value"] is not None
        ]  # fmt: skip
        return f"<p4v {self.group} {self.period} {self.status}: {', '.join(amounts)}>"


@dataclass(frozen=True, repr=False)
class Results(Mapping[str, Result]):
    """All groups of a workspace by their id. `not_settled` says of the others why there is nothing."""

    by_group: Mapping[str, Result]
    not_settled: Mapping[str, str]
    entries: Sequence[Entry]
    settled: Settled
    about: About

    def __getitem__(self, group: str) -> Result:
        if group not in self.by_group:
            why = self.not_settled.get(group)
            raise KeyError(f"{group!r} is not settled: {why}" if why else f"no group {group!r}")
        return self.by_group[group]

    def __iter__(self) -> Any:
        return iter(self.by_group)

    def __len__(self) -> int:
        return len(self.by_group)

    @property
    def register(self) -> pd.DataFrame:
        """`group`, `contract`, `period`, `state`, amounts as in register.csv (Decimal), `why`; one row each."""
        rows = [
            {
                "group": row.group, "contract": row.contract,
                "period": "{from} to {to}".format(**row.period) if row.period else None,
                "state": row.state,
                **{name: _decimal(name, row.amounts.get(name)) for name in AMOUNTS},
                "why": row.why,
            }
            for row in register_rows(self.entries)
        ]  # fmt: skip
        return pd.DataFrame(rows).astype(dict.fromkeys(("group", "contract", "period", "state", "why"), "string"))

    @property
    def lines(self) -> pd.DataFrame:
        """The settled amounts of all groups: `group`, `name`, `value` (Decimal), `unit`, `clause`."""
        names = ("group", "name", "value", "unit", "clause")
        found = [result.worksheet.assign(group=result.group) for result in self.values()]
        if not found:
            return pd.DataFrame(columns=names)
        together = pd.concat(found, ignore_index=True)
        return together.loc[together["kind"] == "settled", list(names)].reset_index(drop=True)

    def _repr_html_(self) -> str:
        """The register, in a frame of its own."""
        page = register_files(self.entries, self.settled.inputs, self.about)[HTML].decode()
        return _PAGE.format(escape(page), _REGISTER_HEIGHT)

    def __repr__(self) -> str:
        return f"<p4v {self.about.period}: {len(self)} settled, {len(self.not_settled)} not>"


def settle(
    contract: str | Path,
    *,
    period: str,
    member_months: Frame | Mapping[str, Frame],
    columns: Mapping[str, str] | Mapping[str, Mapping[str, str]] | None = None,
    ignore: Sequence[str] | Mapping[str, Sequence[str]] = (),
    column_map: str | None = None,
    months: Literal["counted", "covered_days"] = "counted",
    quality: Frame | None = None,
    figures: Frame | None = None,
    deaths: Frame | None = None,
    expected_totals: Frame | None = None,
    lag_triangle: Frame | None = None,
    references: Mapping[str, str | Path] | None = None,
    paid_through: str | date | None = None,
    known: str | date | None = None,
    status: Status | None = None,
) -> Result:
    """Settles one contract from tables in memory, each with one row as `p4v.yaml` describes it, and writes nothing.

    `member_months` has a row for each member, month and group; money is Decimal, text, or whole cents in a column whose
    name ends in `_cents`, never float; ids are text; months are text, dates or whole numbers YYYYMM. `columns` says
    what p4v's columns are called in it (`{"group_id": "grp"}`), `ignore` which are not read, `column_map` names a ready
    map (`tuva`). Where each roster has a table, `member_months` is `{"fee": frame, "cost": frame}`, and `columns` and
    `ignore` hold for each, or are by purpose too: `{"fee": {…}}`. The other tables have p4v's own column names.
    `references` has the file of each frozen reference that the contract names. `period` is a year, a quarter
    (`2014Q2`), a month or `2014-07 to 2015-06`; `paid_through` and `known` are days, as text or date.

    Raises `Refusal` with every finding, and `TypeError` for what is no table.
    """
    given = {"quality": quality, "figures": figures, "deaths": deaths, "expected_totals": expected_totals,
             "lag_triangle": lag_triangle}  # fmt: skip
    frames = {role: frame for role, frame in given.items() if frame is not None}
    apart = _by_purpose(member_months)
    own = {f"member_months ({purpose})": frame for purpose, frame in apart.items()}
    for role, frame in ((own or {"member_months": member_months}) | frames).items():
        _refuse_no_table(role, frame)
    kind: Any = _word("months", months, _MONTHS)
    ready = None if column_map is None else _word("column_map", column_map, tuple(READY_MAPS))
    usual = TableSpec("member_months", months=kind, map=ready)
    specs = [
        _member_months(usual, member_months, columns or {}, ignore),
        *(TableSpec(role, frame=frames[role]) for role in _ROLES if role in frames),
    ]
    sources = Sources(specs, {name: Path(path) for name, path in (references or {}).items()}, _NOTEBOOK)
    request = _request(period, (), paid_through, known, status)
    done = settle_contracts([read_contract(Path(contract))], sources, request)
    refuse_disagreed(result.program for result in done.results)
    (entry,) = entries_of(done)
    if entry.run is None:
        raise Refusal([Finding("P4V-D035", str(contract), f"the period {period}", entry.result.reason)])
    return _result(entry)


def settle_folder(
    workspace: str | Path = ".",
    *,
    period: str,
    groups: str | Sequence[str] = (),
    paid_through: str | date | None = None,
    known: str | date | None = None,
    status: Status | None = None,
) -> Results:
    """Settles the contracts of a workspace as `p4v settle --period` does, and writes nothing.

    `groups` is one id or several, all where none is named; the rest as in `settle`. Raises `Refusal`.
    """
    wanted = (groups,) if isinstance(groups, str) else tuple(groups)
    request = _request(period, wanted, paid_through, known, status)
    done = settle_workspace(read_workspace(Path(workspace), request.known), request)
    refuse_disagreed(result.program for result in done.results)
    entries = entries_of(done)
    settled = {entry.result.group: _result(entry) for entry in entries if entry.run is not None}
    waiting = {entry.result.group: entry.result.reason for entry in entries if entry.run is None}
    about = About(str(request.period), _iso(request.paid_through), _iso(request.known))
    return Results(settled, waiting, entries, done, about)


def _result(entry: Entry) -> Result:
    assert entry.run is not None
    result = entry.result
    return Result(result.group, result.contract_id, result.notes, entry.run)


def _request(
    period: str,
    groups: tuple[str, ...],
    paid_through: str | date | None,
    known: str | date | None,
    status: Status | None,
) -> Request:
    if status is not None:
        _word("status", status, _STATUSES)
    return Request(_asked(period), _day("paid_through", paid_through), groups, status, _day("known", known))


def _by_purpose(member_months: Any) -> dict[Purpose, Frame]:
    """The tables of member months by their purpose; none where there is one table."""
    if not isinstance(member_months, Mapping) or not any(name in PURPOSES for name in member_months):
        return {}
    for name in member_months:
        _word("member_months", name, PURPOSES)
    return dict(member_months)


def _member_months(usual: TableSpec, member_months: Any, columns: Any, ignore: Any) -> TableSpec:
    """One table, or one to each purpose, with columns of its own or those of all."""
    apart = _by_purpose(member_months)
    if not apart:
        if isinstance(ignore, Mapping) or any(isinstance(value, Mapping) for value in columns.values()):
            raise TypeError("columns and ignore by purpose: member_months by purpose too")
        return replace(usual, columns=columns, ignore=tuple(ignore), frame=member_months)
    own = any(isinstance(value, Mapping) for value in columns.values())
    bound = _of_each("columns", columns, own, apart)
    left = _of_each("ignore", ignore, isinstance(ignore, Mapping), apart)
    tables = (
        replace(usual, purpose=purpose, columns=bound[purpose] or {}, ignore=tuple(left[purpose] or ()), frame=frame)
        for purpose, frame in apart.items()
    )
    return replace(usual, purposes=tuple(tables))


def _of_each(name: str, said: Any, own: bool, apart: Mapping[Purpose, Frame]) -> dict[Purpose, Any]:
    """What is said of each table: by itself, or of all."""
    by_purpose: Any = {_word(name, word, tuple(apart)): of for word, of in said.items()} if own else {}
    return {purpose: by_purpose.get(purpose) if own else said for purpose in apart}


def _refuse_no_table(role: str, frame: object) -> None:
    if not hasattr(frame, "columns"):
        raise TypeError(f"{role}: a pandas DataFrame or a pyarrow Table, not {type(frame).__name__}")


def _asked(period: str) -> Asked:
    try:
        return read_asked(str(period))
    except ValueError:
        raise Refusal([Finding("P4V-U007", "period", "no such period", _PERIODS)]) from None


def _day(name: str, day: str | date | None) -> date | None:
    if day is None or type(day) is date:
        return day
    try:
        return read_day(str(day))
    except ValueError:
        raise Refusal([Finding("P4V-U007", name, "no such date", "a date, or text as YYYY-MM-DD")]) from None


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _word(name: str, word: str, known: Sequence[str]) -> str:
    if word not in known:
        remedy = did_you_mean(str(word), known)
        raise Refusal([Finding("P4V-U008", name, "another word", ", ".join(known), help=remedy)])
    return word


def _decimal(name: str, value: Fraction | None) -> Decimal | None:
    """An amount of the register: dollars to the cent, as they are there."""
    if value is None:
        return None
    return Decimal(decimal_text(value) if name == "member_months" else decimal_text(value, _CENT_PLACES))
