"""Where a rule was broken: the slow way, file by file and row by row, once it is known that there is something.

A place is a file with its line (CSV) or row (Parquet, DuckDB, memory). Cells and ids are never repeated.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import ibis
from ibis.expr import types as ir

from p4v.contract.values import ID_ALLOWED
from p4v.data.columns import Bound
from p4v.data.engine import Embedded
from p4v.data.files import TableFile
from p4v.data.parts import Part
from p4v.data.scan import refuse_faults
from p4v.data.typed import ROW, RowRule, broken_rules, with_cells, words_of
from p4v.errors import SHOWN_FINDINGS, Finding, Refusal, did_you_mean
from p4v.spreadsheets import safe_text

_EXAMPLES = 3
"""Rows that are named of each rule, however many are broken."""
_MOST = SHOWN_FINDINGS + 1
"""Findings that are looked for: one more than is shown says that there are more."""
_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\z"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def fault_counts(con: Embedded, typed: ir.Table) -> dict[int, int]:
    """How many rows break each rule first."""
    broken = typed.filter(typed["fault"] != 0).group_by("fault").agg(rows=lambda table: table.count())
    return {int(row["fault"]): int(row["rows"]) for row in con.fetch(broken).to_pylist()}


def columns_of(parts: Sequence[Part]) -> list[Bound]:
    """Every column that any part has, in the order of their names."""
    by_name = {source.bound.name: source.bound for part in reversed(parts) for source in part.sources}
    return [by_name[name] for name in sorted(by_name)]


@dataclass(frozen=True, slots=True)
class Opened:
    """Parts of a table, and what it takes to type them again with the number of each row."""

    parts: Sequence[Part]
    rules: Sequence[RowRule]
    calendar: Mapping[str, ir.Table]
    yearly: bool

    @property
    def con(self) -> Embedded:
        return self.parts[0].engine.tables

    def columns(self) -> list[Bound]:
        """Every column that any of its parts has, in the order of their names."""
        return columns_of(self.parts)

    def files(self) -> list[tuple[Part, TableFile, str]]:
        """Each file with its part and the SQL that reads it alone."""
        return [
            (part, file, sql)
            for part in self.parts
            for file, sql in zip(part.files, part.relation.values(), strict=True)
        ]

    def typed(self, part: Part, sql: str) -> ir.Table:
        """A file typed, with `row`, each cell as it stands beside it as `cell <name>`."""
        return with_cells(part.engine.view(sql), part.sources, self.calendar, self.yearly)


def row_findings(opened: Opened, counts: Mapping[int, int]) -> list[Finding]:
    """Of each of these rules the first rows that break it, in their order, and how many more do."""
    wanted = [rule for rule in opened.rules if counts.get(rule.number)]
    examples = max(_EXAMPLES, SHOWN_FINDINGS // max(len(wanted), 1))
    found: dict[tuple[int, int, int], Finding] = {}
    for rule in wanted:
        mine: dict[tuple[int, int, int], Finding] = {}
        rows = 0
        for number, (part, file, sql) in enumerate(opened.files()):
            first, count = _broken_rows(opened, part, sql, rule, examples - len(mine))
            rows += count
            column = part.column(rule.column)
            found_here, allowed = (
                (rule.found, rule.allowed) if column is None else words_of(rule, column, opened.yearly)
            )
            for row in first:
                mine[number, row, rule.number] = at(file, row, rule.code, found_here, allowed, column)
        if rows > len(mine):
            place, last = mine.popitem()
            mine[place] = replace(last, found=f"{last.found}, and {rows - len(mine) - 1:,} more")
        found |= mine
    return [found[place] for place in sorted(found)]


def _broken_rows(opened: Opened, part: Part, sql: str, rule: RowRule, limit: int) -> tuple[list[int], int]:
    """The first rows of a file that break a rule, and how many do. An empty cell breaks no rule of form besides."""
    typed = opened.typed(part, sql)
    broken = broken_rules(typed, part.sources, [rule])
    if not broken:
        return [], 0
    ((_, sign),) = broken
    sign = sign.fill_null(False)
    if rule.check == "form" and _has_null_rule(opened, rule):
        sign = sign & typed[f"cell {rule.column}"].notnull()
    rows = typed.filter(sign).select(typed[ROW])
    count = int(opened.con.fetch(rows.count()).as_py())
    if not count or limit <= 0:
        return [], count
    return opened.con.fetch(rows.order_by(ROW).limit(limit))[ROW].to_pylist(), count


def _has_null_rule(opened: Opened, rule: RowRule) -> bool:
    return any(other.check == "null" and other.column == rule.column for other in opened.rules)


def id_findings(opened: Opened, keys: ir.Table) -> list[Finding]:
    """What is wrong with ids, given each at least once: their form, and two that differ only in case."""
    findings: list[Finding] = []
    for name in (name for name in ("group_id", "member_id") if name in keys.columns):
        key = keys[name]
        seen = opened.con.fetch(
            keys.agg(
                wrong=(~key.re_search(_ID)).sum(),
                lower=(key != key.upper()).sum(),
                upper=(key != key.lower()).sum(),
            )
        ).to_pylist()[0]
        if seen["wrong"]:
            findings += _wrong_ids(opened, name)
        if seen["lower"] and seen["upper"]:
            findings += _ids_but_for_case(opened, name, keys)
    return findings[:_MOST]


def _wrong_ids(opened: Opened, name: str) -> Iterator[Finding]:
    found = "no id"
    for part, file, sql in opened.files():
        typed = opened.typed(part, sql)
        wrong = typed.filter(~typed[name].re_search(_ID)).order_by(ROW).select(ROW).limit(_MOST)
        for row in opened.con.fetch(wrong)[ROW].to_pylist():
            yield at(file, row, "P4V-D020", found, ID_ALLOWED, part.column(name))


def _ids_but_for_case(opened: Opened, name: str, keys: ir.Table) -> Iterator[Finding]:
    folded = keys.select(id=keys[name], folded=keys[name].lower())
    both = folded.group_by("folded").agg(least=folded["id"].min(), most=folded["id"].max())
    pairs = opened.con.fetch(both.filter(both["least"] != both["most"]).limit(_MOST))["folded"].to_pylist()
    first: dict[str, tuple[str, str]] = {}
    for part, file, sql in opened.files() if pairs else ():
        typed = opened.typed(part, sql)
        spelled = typed.select(id=typed[name], folded=typed[name].lower(), row=typed[ROW])
        spelled = spelled.filter(spelled["folded"].isin(pairs))
        places = spelled.group_by(["id", "folded"]).agg(row=spelled["row"].min()).order_by("row")
        for row in opened.con.fetch(places).to_pylist():
            spelling, where = first.setdefault(row["folded"], (row["id"], place(file, row["row"])))
            if spelling != row["id"]:
                found = f"the id of {where} but for upper and lower case"
                yield at(file, row["row"], "P4V-D020", found, "one spelling of an id", part.column(name))


NO_CONTRACT = "a group without a contract"
WITH_CONTRACT = "groups with a contract, and those that the table names as `other_groups`"


def group_findings(opened: Opened, contracted: frozenset[str]) -> list[Finding]:
    """Groups that no contract is of, nor their table names, each with its first row and how many there are in the file.

    Each table says for itself which other groups it may have.
    """
    findings: list[Finding] = []
    for part, file, sql in opened.files():
        if file.spec.other_groups is None:
            continue
        known = contracted | file.spec.other_groups
        typed = opened.typed(part, sql)
        others = typed.filter(typed["group_id"].notnull() & typed["group_id"].notin(sorted(known)))
        by_group = others.group_by("group_id").agg(row=others[ROW].min(), rows=others.count())
        for row in opened.con.fetch(by_group.order_by("row").limit(_MOST)).to_pylist():
            found = f"{NO_CONTRACT}, on {row['rows']} row{'' if row['rows'] == 1 else 's'}"
            finding = at(file, row["row"], "P4V-D038", found, WITH_CONTRACT, part.column("group_id"))
            findings.append(replace(finding, help=did_you_mean(row["group_id"], known)))
    return findings[:_MOST]


def duplicate_findings(opened: Opened, excused: Sequence[str] = ()) -> list[Finding]:
    """Rows of a member, month and purpose that have been there before, in the same group or in another.

    Of groups that are `excused` only the first row is looked at.
    """
    files = opened.files()
    numbered = ibis.union(*(_keys(opened, part, sql, number) for number, (part, _, sql) in enumerate(files)))
    keys = [name for name in numbered.columns if name not in ("file", ROW, "group_id")]
    if excused:
        same = ibis.window(group_by=[*keys, "group_id"], order_by=["file", ROW])
        copies = numbered.mutate(copy_number=ibis.row_number().over(same))
        copies = copies.filter((copies["copy_number"] == 0) | copies["group_id"].notin(excused))
        numbered = copies.drop("copy_number")
    grouped = numbered.group_by(keys).agg(rows=lambda table: table.count())
    twice = grouped.filter(grouped["rows"] > 1).limit(_MOST).drop("rows")
    rows = numbered.semi_join(twice, keys).order_by(["file", ROW])
    first: dict[tuple[object, ...], tuple[str, str]] = {}
    findings = []
    for row in opened.con.fetch(rows).to_pylist():
        part, file, _ = files[row["file"]]
        here = place(file, row[ROW])
        where, group = first.setdefault(tuple(row[key] for key in keys), (here, row["group_id"]))
        if where != here:
            elsewhere = "" if group == row["group_id"] else ", with another group"
            found = f"the member and month of {where} again{elsewhere}"
            allowed = "one row for each member and month" + (" and purpose" if "purpose" in keys else "")
            findings.append(at(file, row[ROW], "P4V-D030", found, allowed, part.column("member_id")))
    return findings[:_MOST]


def deaths_twice(opened: Opened, typed: ir.Table) -> list[Finding]:
    """Members who stand in the table of deaths a second time: each would count all their rows again."""
    grouped = typed.group_by("member_id").agg(rows=typed.count())
    twice = grouped.filter(grouped["rows"] > 1).limit(_MOST).drop("rows")
    first: dict[str, str] = {}
    findings = []
    for part, file, sql in opened.files():
        rows = opened.typed(part, sql).semi_join(twice, "member_id").order_by(ROW).select("member_id", ROW)
        for row in opened.con.fetch(rows).to_pylist():
            here = place(file, row[ROW])
            where = first.setdefault(row["member_id"], here)
            if where != here:
                found, allowed = f"the member of {where} again", "one row for each member"
                findings.append(at(file, row[ROW], "P4V-D030", found, allowed, part.column("member_id")))
    return findings[:_MOST]


def _keys(opened: Opened, part: Part, sql: str, number: int) -> ir.Table:
    typed = opened.typed(part, sql)
    month = "year" if opened.yearly else "month"
    names = [name for name in ("group_id", "member_id", month, "purpose") if part.column(name)]
    whole = typed.filter([typed[name].notnull() for name in names])
    purpose = {} if part.purpose is None else {"purpose": ibis.literal(part.purpose)}
    return whole.select(*names, **purpose, file=ibis.literal(number, "int32"), row=whole[ROW].cast("int64"))


def rejected_csv(opened: Opened, rules: Iterable[int]) -> bytes:
    """The rows whose first broken rule is one of these, each with its file, line or row, code and cells."""
    numbers = sorted(rules)
    by_number = {rule.number: rule for rule in opened.rules}
    own = {"purpose"} if any(part.purpose for part in opened.parts) else set()
    names = sorted({column.name for column in opened.columns()} | own)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "line_or_row", "code", "field", *names])
    for part, file, sql in opened.files():
        typed = opened.typed(part, sql)
        broken = broken_rules(typed, part.sources, opened.rules)
        fault = ibis.cases(*((sign, rule.number) for rule, sign in broken), else_=0) if broken else ibis.literal(0)
        nothing = {"purpose": ibis.literal(part.purpose or "")}
        cells = {
            name: typed[f"cell {name}"].cast("string") if part.column(name) else nothing.get(name, ibis.literal(""))
            for name in names
        }
        rows = typed.select(row=typed[ROW], fault=fault, **cells)
        rows = rows.filter(rows["fault"].isin(numbers)).order_by("row")
        for row in opened.con.fetch(rows).to_pylist():
            rule = by_number[row["fault"]]
            line = row["row"] + file.has_lines
            writer.writerow([file.shown, line, rule.code, rule.column, *(_cell(row[name]) for name in names)])
    return text.getvalue().encode()


def _cell(text: str | None) -> str:
    """A cell as it stands, but for what a spreadsheet would take for a formula; a number is none."""
    if text is None:
        return ""
    return text if _NUMBER.fullmatch(text) else safe_text(text)


def place(file: TableFile, row: int) -> str:
    """A place in words."""
    return f"{file.shown}:{row + 1}" if file.has_lines else f"{file.shown}, row {row}"


def at(file: TableFile, row: int, code: str, found: str, allowed: str, column: Bound | None) -> Finding:
    """A finding at a cell: the line in a CSV, after its header; elsewhere the row, in words."""
    theirs = column.theirs if column else None
    place = column.place if column else None
    if file.has_lines:
        return Finding(code, file.shown, found, allowed, theirs, row + 1, place)
    return Finding(code, file.shown, f"{found}, in row {row}", allowed, theirs)


def broken_files(tables: Sequence[Opened]) -> list[Finding]:
    """What is wrong with files that the engine cannot read to their end, though they began well."""
    findings: list[Finding] = []
    for opened in tables:
        for _, file, sql in opened.files():
            try:
                opened.con.backend.raw_sql(f"SELECT count(*), max(COLUMNS(*)) FROM ({sql})")  # noqa: S608 - our own SQL
            except duckdb.Error:
                findings += _broken_file(file)
    return findings


def _broken_file(file: TableFile) -> Sequence[Finding]:
    if not file.has_lines:
        return [Finding("P4V-D009", file.shown, f"a damaged {file.format} file", "a whole file, as it was written")]
    try:
        refuse_faults(file.path, file.shown)
    except Refusal as refusal:
        return refusal.findings
    return [Finding("P4V-D005", file.shown, "rows that cannot be told apart", "well-formed CSV")]
