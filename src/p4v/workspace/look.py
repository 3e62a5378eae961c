"""What the tables of a workspace hold, and what is wrong in them, before any contract is settled.

The engine adds up whole cents and millionths; only sums by group, month or category come out of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import ibis

from p4v.data.columns import COSTS
from p4v.data.expected import read_expected
from p4v.data.given_table import read_given
from p4v.data.lag import LagCell, read_lag
from p4v.data.open import OpenTables, open_tables
from p4v.data.places import fault_counts
from p4v.data.quality_table import read_quality
from p4v.data.spec import TableInput, TableSpec
from p4v.errors import Finding, Refusal
from p4v.money import decimal_text
from p4v.numbers import NumberFault, read_number
from p4v.workspace.contracts import contracted_groups
from p4v.workspace.copies import excused_groups
from p4v.workspace.document import Workspace
from p4v.workspace.given import without_contract
from p4v.workspace.run_out import paid_shares
from p4v.workspace.tie import Tied, rows_of, tie

POINTS = ("25000", "50000", "100000", "250000")
"""Dollars of a member and year, if nobody names others."""
_CENTS, _MILLIONTHS, _YEAR = 100, 10**6, 12
_CENT_PLACES = 2
_SHOWN_DIGEST = 12
_PLACES = 6
Table = Any
"""An Ibis table."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that is wrong, the rows at fault as CSV, and what is said where nothing is."""

    findings: Sequence[Finding]
    rejected: bytes | None
    lines: Sequence[str]


def check_tables(workspace: Workspace) -> Checked:
    """Opens every table and looks at every row. What cannot be opened is among the findings."""
    specs, known = list(workspace.tables.values()), contracted_groups(workspace.contracts)
    findings: list[Finding] = []
    inputs: list[TableInput] = []
    rejected = None
    for spec in specs:
        if spec.role in _SMALL:
            found = _read(spec, findings)
            inputs += found.inputs if found is not None else ()
            if found is not None and known is not None and spec.role in ("quality", "figures"):
                findings += without_contract(spec, getattr(found, _VALUES[spec.role]), known)
    try:
        with open_tables(specs) as tables:
            inputs = [*tables.inputs, *inputs]
            counts = _fault_counts(tables)
            findings += [*(tables.findings(counts) if counts else ()), *tables.id_findings()]
            if known is not None:
                findings += tables.group_findings(known)
            if not counts and _stands_twice(tables):
                findings += tables.duplicate_findings(excused_groups(workspace, tables))
            rejected = tables.rejected_csv(sorted(counts)) if counts else None
            tied = None if findings else _tied(specs, tables, inputs)
    except Refusal as refusal:
        return Checked([*refusal.findings, *findings], None, ())
    lines = [f"ok  {_table_name(entry)}: {entry.name}, {entry.rows:,} rows" for entry in inputs]
    words = f"tied to the expected totals of {tied.owner}, {tied.date}" if tied else "not tied to source"
    words += f", for {len(tied.months)} months alone" if tied and tied.months else ""
    return Checked(findings, rejected, [*lines, words])


_SMALL: Mapping[str, Callable[[TableSpec], Any]] = {
    "quality": read_quality, "figures": read_given, "lag_triangle": read_lag, "expected_totals": read_expected,
}  # fmt: skip
"""Tables that are read whole."""
_VALUES = {"quality": "values", "figures": "figures"}
"""What a table of groups calls its values."""


def _read(spec: TableSpec, findings: list[Finding]) -> Any:
    try:
        return _SMALL[spec.role](spec)
    except Refusal as refusal:
        findings += refusal.findings
        return None


def _fault_counts(tables: OpenTables) -> Mapping[int, int]:
    with tables.working():
        return fault_counts(tables.con, tables.months)


def _tied(specs: Sequence[TableSpec], tables: OpenTables, inputs: Sequence[TableInput]) -> Tied | None:
    with tables.working():
        return tie(specs, rows_of(tables), inputs)


def _stands_twice(tables: OpenTables) -> bool:
    """Whether a member's month stands twice in one roster."""
    months = tables.months
    keys = [*(["purpose"] if "purpose" in tables.columns else []), "member_id", "month"]
    grouped = months.group_by(keys).agg(rows=months.count())
    with tables.working():
        return bool(tables.con.fetch(grouped.filter(grouped.rows > 1).count()).as_py())


def described(workspace: Workspace, points: Sequence[str], fingerprint: bool = False) -> Iterator[str]:
    """What the tables hold, as lines of text. Raises `Refusal`."""
    limits = [_point(text) for text in points or POINTS]
    with open_tables(list(workspace.tables.values())) as tables:
        yield from _files(tables)
        yield from _columns(workspace, tables)
        if fingerprint:
            yield f"fingerprint  {tables.fingerprint()}"
        yield ""
        yield from _by(tables, "group", tables.months.group_id)
        yield ""
        yield from _by(tables, "year" if tables.yearly else "month", tables.months.month)
        yield ""
        yield from _categories(tables)
        yield ""
        yield from _above(tables, limits)
    if "lag_triangle" in workspace.tables:
        yield ""
        yield from _completion(read_lag(workspace.tables["lag_triangle"]).cells)


def _point(text: str) -> Fraction:
    try:
        return read_number(text, _CENT_PLACES)
    except NumberFault as error:
        raise Refusal([Finding("P4V-U008", "--point", error.found, error.allowed)]) from None


def _files(tables: OpenTables) -> Iterator[str]:
    for entry in tables.inputs:
        known = f", known at {entry.known_at}" if entry.known_at else ""
        yield f"{_table_name(entry)}  {entry.name}  {entry.rows:,} rows  {entry.sha256[:_SHOWN_DIGEST]}{known}"


def _table_name(entry: TableInput) -> str:
    return entry.role if entry.purpose is None else f"{entry.role} ({entry.purpose})"


def _columns(workspace: Workspace, tables: OpenTables) -> Iterator[str]:
    """Which columns are bound, and to what where a workspace says so; of each table where there is one to a purpose."""
    for spec in workspace.tables["member_months"].apart():
        bound = [
            f"{name} = {spec.columns[name]}" if spec.columns.get(name, name) != name else name
            for name in sorted(tables.bound[spec.purpose])
        ]
        whose = "" if spec.purpose is None else f" ({spec.purpose})"
        yield f"columns{whose}  {', '.join(bound)}"
        if spec.ignore:
            yield f"ignored{whose}  {', '.join(spec.ignore)}"


def _costs(tables: OpenTables, basis: str) -> list[str]:
    return sorted(name for name in tables.columns if name == basis or name.startswith(f"{basis}."))


def _bases(tables: OpenTables) -> list[str]:
    return [basis for basis in COSTS if _costs(tables, basis)]


def _sum(table: Table, names: Sequence[str]) -> Table:
    total = table[names[0]]
    for name in names[1:]:
        total = total + table[name]
    return total


def _sums(tables: OpenTables, table: Table) -> dict[str, Table]:
    found = {"rows": table.count()}
    if "member_months" in tables.columns:
        found["months"] = table.member_months.sum()
    for basis in _bases(tables):
        found[basis] = _sum(table, _costs(tables, basis)).sum()
    return found


def _by(tables: OpenTables, head: str, key: Table) -> Iterator[str]:
    """Rows, member months and dollars by group or month, and together."""
    table = tables.months
    grouped = table.group_by(key=key).agg(members=table.member_id.nunique(), **_sums(tables, table)).order_by("key")
    with tables.working():
        rows = tables.con.fetch(grouped).to_pylist()
    bases = _bases(tables)
    lines = [[head, "rows", "members", "member months", *bases]]
    lines += [[_key_text(head, row["key"]), *_counted(row, _members(row["members"]), bases)] for row in rows]
    whole = {
        name: sum(int(row[name] or 0) for row in rows)
        for name in ("rows", "months", *bases)
        if rows and name in rows[0]
    }
    lines.append(["together", *_counted(whole, "", bases)])
    yield from _aligned(lines)


def _members(count: int) -> str:
    return _SO_FEW if 0 < count <= _FEW else f"{count:,}"


def _counted(row: Any, members: str, bases: Sequence[str]) -> list[str]:
    if members == _SO_FEW:
        return ["-", members, "-", *("-" for _ in bases)]
    months = _number(Fraction(int(row["months"] or 0), _MILLIONTHS)) if "months" in row else f"{row['rows']:,}"
    return [f"{row['rows']:,}", members, months, *(_dollars(row[basis]) for basis in bases)]


def _key_text(head: str, key: Any) -> str:
    if head == "group":
        return str(key) or "(empty)"
    if key is None or key < 0:
        return "(no month)"
    return str(key // _YEAR) if head == "year" else f"{key // _YEAR}-{key % _YEAR + 1:02}"


def _categories(tables: OpenTables) -> Iterator[str]:
    """Dollars of each category."""
    table = tables.months
    names = [name for basis in _bases(tables) for name in _costs(tables, basis)]
    with tables.working():
        (row,) = tables.con.fetch(table.agg(**{name: table[name].sum() for name in names})).to_pylist()
    yield from _aligned([["category", "dollars"], *([name, _dollars(row[name])] for name in names)])


def _above(tables: OpenTables, limits: Sequence[Fraction]) -> Iterator[str]:
    """The share of member-years whose cost lies above each point, and of the dollars that do."""
    basis = next(iter(_bases(tables)), None)
    if basis is None:
        return
    table = tables.months
    year = table.mutate(cents=_sum(table, _costs(tables, basis)), year=table.month - table.month % _YEAR)
    years = year.group_by("member_id", "year").agg(cents=year.cents.sum())
    sums = {"members": years.count(), "dollars": years.cents.sum()}
    for place, limit in enumerate(limits):
        cents = int(limit * _CENTS)
        above = years.cents > cents
        sums[f"above{place}"] = above.cast("int64").sum()
        sums[f"excess{place}"] = ibis.ifelse(above, years.cents - cents, 0).sum()
    with tables.working():
        (row,) = tables.con.fetch(years.agg(**sums)).to_pylist()
    lines = [["a member's year above", "members", "share of members", "share of dollars above"]]
    for place, limit in enumerate(limits):
        members = int(row[f"above{place}"] or 0)
        shares = (_share(members, row["members"]), _share(row[f"excess{place}"], row["dollars"]))
        few = 0 < members <= _FEW
        lines.append([_dollars(int(limit * _CENTS)), *((_SO_FEW, "-", "-") if few else (f"{members:,}", *shares))])
    yield f"{basis}, members by calendar year"
    yield from _aligned(lines)


def _completion(cells: Sequence[LagCell]) -> Iterator[str]:
    """How much of a month's dollars was paid after so many months, by the chain ladder of all months."""
    if not cells:
        return
    last = max(cell.paid for cell in cells)
    categories = sorted({cell.category for cell in cells if cell.category is not None})
    columns = {"all": paid_shares(cells, last)}
    if len(categories) > 1:
        columns |= {name: paid_shares([c for c in cells if c.category == name], last) for name in categories}
    yield f"lag_triangle, paid through {_key_text('month', last)}: complete after so many months, by chain ladder"
    lines = [["months", *columns]]
    for age in range(max(len(shares) for shares in columns.values())):
        shown = (shares[age] if age < len(shares) else None for shares in columns.values())
        lines.append([str(age), *("-" if share is None else _percent(share) for share in shown)])
    yield from _aligned(lines)


def _percent(share: Fraction) -> str:
    return f"{decimal_text(share * 100, _CENT_PLACES)}%"


_FEW = 10
_SO_FEW = "1 to 10"
"""Of so few members no number is said, no share and no amount: it could be one member's."""


def _share(part: Any, whole: Any) -> str:
    if not whole:
        return "-"
    return _percent(Fraction(int(part or 0), int(whole)))


def _dollars(cents: Any) -> str:
    return _number(Fraction(int(cents or 0), _CENTS), _CENT_PLACES)


def _number(value: Fraction, places: int | None = None) -> str:
    text = decimal_text(abs(value), places)
    whole, point, rest = text.partition(".")
    return f"{'-' if value < 0 else ''}{int(whole):,}{point}{rest}"


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        first = f"{line[0]:<{widths[0]}}"
        yield "  ".join(
            [first, *(f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))]
        ).rstrip()
