"""Tables opened for a roll-up: files found, headers bound, columns typed, everything that is wrong with its place.

Nothing here reads a member's rows into Python, but for the first few places of a fault and the rejected rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Literal, Self

import ibis
from ibis.expr import types as ir

from p4v.data.engine import Embedded, Engine, engine_faults
from p4v.data.files import Found, find_files
from p4v.data.fingerprint import fingerprint
from p4v.data.parts import Part, find_parts, lacking, unlike
from p4v.data.places import (
    Opened,
    broken_files,
    columns_of,
    deaths_twice,
    duplicate_findings,
    fault_counts,
    group_findings,
    id_findings,
    rejected_csv,
    row_findings,
)
from p4v.data.spec import TableInput, TableSpec
from p4v.data.typed import row_rules, typed_table, with_lacking
from p4v.errors import Finding, Refusal

_TYPED = "typed_member_months"


class OpenTables:
    """Member months, and deaths if given, ready to be rolled up. A context manager; leaving it closes the engine.

    `months` is the canonical typed table: one row per row of the files, no nulls. `fault` is 0, or the number of the
    first row rule that the row breaks; a broken cell reads 0, a broken month -1, a missing text an empty one.
    """

    def __init__(
        self, specs: Sequence[TableSpec], *, threads: int | None, memory: str | None, root: Path | None
    ) -> None:
        by_role: dict[str, TableSpec] = {spec.role: spec for spec in specs}
        self._spec = by_role["member_months"]
        self._opened: Opened | None = None
        self._dead: Opened | None = None
        self._engine = Engine(threads=threads, memory=memory)
        try:
            with self.working():
                self._open(by_role, root)
        except BaseException:
            self._engine.close()
            raise

    def _open(self, by_role: Mapping[str, TableSpec], root: Path | None) -> None:
        self.con: Embedded = self._engine.tables
        self._calendar = self._engine.calendar()
        found = {
            role: [(one, find_files(one, root)) for one in spec.apart()]
            for role, spec in by_role.items()
            if role in ("member_months", "deaths")
        }
        listed = [file for tables in found.values() for _, files in tables for file in files]
        self._engine.lock([self._engine.linked(file.path) for file in listed])
        if "deaths" in found:
            self._dead = self._table(found["deaths"])
        self._opened = opened = self._table(found["member_months"])
        self.yearly = opened.yearly
        self.months_kind: Literal["counted", "covered_days"] = self._spec.months
        self.lacking: Mapping[str, frozenset[str]] = MappingProxyType(lacking(opened.parts))
        """Purpose to the columns that its table lacks and another has."""
        self.fault_codes: Mapping[int, str] = MappingProxyType({rule.number: rule.code for rule in opened.rules})
        # As a view, so that what is asked of it is not long to be written out for the engine.
        self.months: ir.Table = self.con.view(_TYPED, self._typed(opened))
        self.columns = frozenset(self.months.columns) - {"fault"}
        self.deaths: ir.Table | None = self._deaths(self._dead) if self._dead else None

    def _table(self, tables: Sequence[tuple[TableSpec, Sequence[Found]]]) -> Opened:
        """A table in one piece, or in one table to each purpose. Raises `Refusal` with what is wrong in any of them."""
        parts: list[Part] = []
        findings: list[Finding] = []
        for spec, found in tables:
            try:
                parts += find_parts(spec, found, self._engine)
            except Refusal as refusal:
                findings += refusal.findings
        findings = findings or list(unlike(parts))
        if findings:
            raise Refusal(findings)
        bound = columns_of(parts)
        yearly = any(column.kind == "year" for column in bound)
        return Opened(parts, row_rules(bound, yearly), self._calendar, yearly)

    def _typed(self, opened: Opened) -> ir.Table:
        tables = [self._typed_part(opened, part) for part in opened.parts]
        return ibis.union(*tables) if len(tables) > 1 else tables[0]

    def _typed_part(self, opened: Opened, part: Part) -> ir.Table:
        view = self.con.table(part.view)
        typed = typed_table(view, part.sources, opened.rules, opened.calendar, opened.yearly)
        return typed if part.purpose is None else with_lacking(typed, opened.columns(), part.purpose)

    def _deaths(self, opened: Opened) -> ir.Table:
        """Deaths typed, refused at once if a row is broken: there are few, and every rule needs them whole."""
        typed = self._typed(opened)
        counts = fault_counts(self.con, typed)
        findings = row_findings(opened, counts) if counts else id_findings(opened, typed)
        findings = findings or deaths_twice(opened, typed)
        if findings:
            raise Refusal(findings)
        return typed.select("member_id", "death_month")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the engine and removes what it spilled."""
        self._engine.close()

    @property
    def inputs(self) -> list[TableInput]:
        """Every file that was read, in the order of the tables."""
        return [file.input() for opened in self._tables() for _, file, _ in opened.files()]

    @property
    def bound(self) -> Mapping[str | None, frozenset[str]]:
        """The columns that each table of member months has itself, by its purpose; of a table in one piece, by none."""
        parts = self._months_opened().parts
        return {part.purpose: frozenset(map(self._canonical, part.names())) for part in parts}

    @staticmethod
    def _canonical(name: str) -> str:
        return "month" if name == "year" else name

    def _tables(self) -> list[Opened]:
        return [opened for opened in (self._opened, self._dead) if opened is not None]

    def _months_opened(self) -> Opened:
        assert self._opened is not None
        return self._opened

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around a query: what the engine refuses becomes a finding, and a broken file is named with its line."""
        with engine_faults(lambda: broken_files(self._tables())):
            yield

    def findings(self, counts: Mapping[int, int]) -> list[Finding]:
        """The first places of the row rules that were broken, given by their numbers; one more than is shown."""
        with self.working():
            return row_findings(self._months_opened(), counts)

    def id_findings(self, keys: ir.Table | None = None) -> list[Finding]:
        """What is wrong with group and member ids. `keys` has each id at least once: the rows, or what they give."""
        with self.working():
            return id_findings(self._months_opened(), self.months if keys is None else keys)

    def group_findings(self, contracted: frozenset[str]) -> list[Finding]:
        """Groups without a contract that their table does not name either, each with its first row."""
        with self.working():
            return group_findings(self._months_opened(), contracted)

    def duplicate_findings(self, excused: Sequence[str] = ()) -> list[Finding]:
        """Rows of a member, month and purpose that stand twice, with both places.

        Of groups that are `excused` a row may stand twice, but not in another group too.
        """
        with self.working():
            return duplicate_findings(self._months_opened(), excused)

    def fingerprint(self) -> str:
        """What the member months hold, whatever their format, file split and order: equal rows give equal texts."""
        with self.working():
            return fingerprint(self.con, self.months.drop("fault"))

    def rejected_csv(self, rules: Iterable[int]) -> bytes:
        """The rows that break one of these rules first, with file, line or row, and code."""
        with self.working():
            return rejected_csv(self._months_opened(), rules)


def open_tables(
    specs: Sequence[TableSpec], *, threads: int | None = None, memory: str | None = None, root: Path | None = None
) -> OpenTables:
    """Member months (and deaths) opened. Raises `Refusal` with all that is wrong before any row is rolled up.

    `root` is the folder that places are shown from; `memory` such as `4GB`.
    """
    return OpenTables(specs, threads=threads, memory=memory, root=root)
