"""Tables opened for a roll-up: files found, headers bound, columns typed, everything that is wrong with its place.

Nothing here reads a member's rows into Python, but for the first few places of a fault and the rejected rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Literal, Self

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from p4v.data import places
from p4v.data.engine import Engine, engine_faults
from p4v.data.files import Part, find_parts
from p4v.data.spec import TableInput, TableSpec
from p4v.data.typed import RowRule, row_rules, typed_table
from p4v.errors import Finding, Refusal


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
        self._engine = Engine(threads=threads, memory=memory)
        try:
            with self.working():
                self._open(by_role, root)
        except BaseException:
            self._engine.close()
            raise

    def _open(self, by_role: Mapping[str, TableSpec], root: Path | None) -> None:
        self.con: Backend = self._engine.ibis
        self._parts = find_parts(self._spec, root, self._engine)
        self._death_parts = find_parts(by_role["deaths"], root, self._engine) if "deaths" in by_role else []
        parts = [*self._parts, *self._death_parts]
        self.calendar = self._engine.calendar()
        first = self._parts[0]
        self.yearly = any(source.bound.kind == "year" for source in first.sources)
        self.months_kind: Literal["counted", "covered_days"] = self._spec.months
        self.rules: Sequence[RowRule] = row_rules([source.bound for source in first.sources], self.yearly)
        self.fault_codes: Mapping[int, str] = MappingProxyType({rule.number: rule.code for rule in self.rules})
        self._engine.lock([path for part in parts for path in part.paths])
        self.months: ir.Table = self._union(self._parts, self.rules, self.yearly)
        self.columns = frozenset(self.months.columns) - {"fault"}
        self.deaths: ir.Table | None = self._deaths() if self._death_parts else None

    def _union(self, parts: Sequence[Part], rules: Sequence[RowRule], yearly: bool) -> ir.Table:
        tables = [typed_table(self.con.table(part.view), part.sources, rules, self.calendar, yearly) for part in parts]
        return ibis.union(*tables) if len(tables) > 1 else tables[0]

    def _deaths(self) -> ir.Table:
        """Deaths typed, refused at once if a row is broken: there are few, and every rule needs them whole."""
        rules = row_rules([source.bound for source in self._death_parts[0].sources], yearly=False)
        typed = self._union(self._death_parts, rules, yearly=False)
        counts = places.fault_counts(self.con, typed)
        if counts:
            raise Refusal(places.row_findings(self._death_parts, rules, counts, self.calendar, yearly=False))
        return typed.drop("fault")

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
        return [file.input() for part in (*self._parts, *self._death_parts) for file in part.files]

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around a query: what the engine refuses becomes a finding, and a broken file is named with its line."""
        with engine_faults():
            yield

    def findings(self, counts: Mapping[int, int]) -> list[Finding]:
        """The first places of the row rules that were broken, by their numbers; at most as many as are shown."""
        with self.working():
            return places.row_findings(self._parts, self.rules, counts, self.calendar, self.yearly)


def open_tables(
    specs: Sequence[TableSpec], *, threads: int | None = None, memory: str | None = None, root: Path | None = None
) -> OpenTables:
    """Member months (and deaths) opened. Raises `Refusal` with all that is wrong before any row is rolled up.

    `root` is the folder that places are shown from; `memory` such as `4GB`.
    """
    return OpenTables(specs, threads=threads, memory=memory, root=root)
