"""What p4v asks of an engine: a name for an expression, a table kept, rows fetched. Any Ibis backend can do it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends import BaseBackend

Table = Any
"""An Ibis table; Ibis states no types that a checker could follow through an expression."""


class Tables:
    """Tables in an engine, by way of Ibis alone."""

    def __init__(self, backend: BaseBackend) -> None:
        self.backend = backend

    def table(self, name: str) -> Table:
        return self.backend.table(name)

    def view(self, name: str, expression: Table) -> Table:
        """A name for a long expression, which is then not written out each time."""
        return self.backend.create_view(name, expression, overwrite=True)

    def keep(self, name: str, expression: Table) -> Table:
        """A table that the engine keeps, in the place of an earlier one of that name."""
        return self.backend.create_table(name, expression, temp=True, overwrite=True)

    def lookup(self, name: str, columns: Mapping[str, Sequence[Any]], types: Mapping[str, str]) -> Table:
        """A small table of values, kept so that the engine knows its size."""
        schema = ibis.schema(dict(types))
        table = pa.table({column: list(values) for column, values in columns.items()}, schema=schema.to_pyarrow())
        return self.backend.create_table(name, ibis.memtable(table), temp=True, overwrite=True)

    def fetch(self, expression: Any) -> Any:
        """The rows of a table as an Arrow table, or the one value of a sum."""
        return self.backend.to_pyarrow(expression)

    def fetch_later(self, expression: Any) -> Callable[[], Any]:
        """As `fetch`, for what is wanted only later: an engine that can works on it meanwhile."""
        found = self.fetch(expression)
        return lambda: found
