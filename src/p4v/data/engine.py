"""The embedded engine: memory-bounded, shut off from everything but the named files, its faults as findings."""

import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import ibis
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr import types as ir
from ibis.expr.datatypes import DataType

from p4v.data.files import digest_of
from p4v.data.typed import LOOKUP, calendar_lookups
from p4v.errors import Finding, Refusal
from p4v.experience.tables import Table, Tables

MEGABYTE = 1024 * 1024
_LEAST_MEMORY, _SPARED_MEMORY, _MOST_MEMORY = 256 * MEGABYTE, 1024 * MEGABYTE, 2 * 1024 * MEGABYTE
_MOMENT = 1
"""Seconds between two interruptions of a query."""
_FEWEST_FILES = 64
"""With fewer open files than this allowed, nothing of any size can be rolled up."""
_SENSELESS = (duckdb.IOException, duckdb.SerializationException, duckdb.InvalidInputException, duckdb.Error)
"""How the engine says that bytes are not what a file of that kind has."""
_FULL = re.compile(r"no space left|disk full|could not write|max_temp_directory_size", re.IGNORECASE)
_BOUNDS = re.compile(r"out of range for the destination type|integer value out of bounds", re.IGNORECASE)
_TOO_MANY = re.compile(r"too many open files", re.IGNORECASE)


class Engine:
    """DuckDB in memory, with a private folder to spill into; `close` removes it."""

    def __init__(self, *, threads: int | None, memory: str | None) -> None:
        check_open_files()
        self._stack = ExitStack()
        self._views = 0
        self._links: dict[Path, Path] = {}
        self._databases: dict[Path, str] = {}
        self._closing = Event()
        self._hashing = ThreadPoolExecutor(max_workers=1)
        self._stack.callback(self._hashing.shutdown, cancel_futures=True)
        self._stack.callback(self._closing.set)
        self.threads = threads or os.cpu_count() or 1
        try:
            with engine_faults():
                self._private = Path(tempfile.mkdtemp(prefix="p4v-"))
                self._stack.callback(shutil.rmtree, self._private, ignore_errors=True)
                self.raw = duckdb.connect(
                    ":memory:",
                    config={
                        "threads": self.threads,
                        "memory_limit": memory or f"{default_memory() // MEGABYTE}MiB",
                        "temp_directory": str(self._private / "spill"),
                        "autoinstall_known_extensions": False,
                        "autoload_known_extensions": False,
                        "python_scan_all_frames": False,
                        "python_enable_replacements": False,
                    },
                )
                self._stack.callback(self.raw.close)
                self.tables = Embedded(self.raw)
                self._stack.callback(self.tables.stop)
        except BaseException:
            self.close()
            raise

    def linked(self, path: Path) -> Path:
        """A name for a file that no engine takes for a pattern: its own, or a link to it in the private folder."""
        whole = path.resolve()
        if not re.search(r"[*?\[\]{}]", str(whole)):
            return whole
        if whole not in self._links:
            self._links[whole] = self._private / f"input-{len(self._links)}"
            self._links[whole].symlink_to(whole)
        return self._links[whole]

    def attach(self, path: Path) -> str:
        """A DuckDB file opened for reading alone, and the name by which its tables are reached."""
        file = self.linked(path)
        if file not in self._databases:
            name = f"input_{len(self._databases) + 1}"
            self.raw.execute(f"ATTACH {text_literal(str(file))} AS {name} (READ_ONLY)")
            self._databases[file] = name
        return self._databases[file]

    def view(self, sql: str) -> ir.Table:
        """What a query gives, as a table to build upon."""
        self._views += 1
        name = f"view_{self._views}"
        self.raw.execute(f"CREATE VIEW {name} AS {sql}")
        return self.tables.table(name)

    def digest(self, path: Path) -> Future[str]:
        """SHA-256 of a file, computed beside everything else."""
        return self._hashing.submit(digest_of, path, self._closing)

    def calendar(self) -> Mapping[str, ir.Table]:
        """The calendar's tables, of a size that the engine knows."""
        found = calendar_lookups()
        return {name: self.tables.lookup(name, columns, LOOKUP[name]) for name, columns in found.items()}

    def lock(self, files: Iterable[Path]) -> None:
        """From here on nothing but these files can be reached, and nothing of this can be changed."""
        # A DuckDB file is opened only if its log may be looked for.
        allowed = ", ".join(text_literal(f"{path}{end}") for path in files for end in ("", ".wal"))
        for command in (
            f"SET allowed_paths = [{allowed}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self.raw.execute(command)

    def close(self) -> None:
        self._stack.close()


class Embedded(Tables):
    """DuckDB runs by itself what Ibis writes: Ibis's own way there loads pandas, which takes longer than most queries
    do. Nothing is temporary, since only one connection would see that; all is gone with the engine.
    """

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        super().__init__(ibis.duckdb.from_connection(raw))
        self._raw = raw
        self._beside = ThreadPoolExecutor(max_workers=1)
        self._working: list[tuple[duckdb.DuckDBPyConnection, Future[pa.Table]]] = []
        self._frames: dict[str, pa.Table] = {}

    def register(self, name: str, frame: pa.Table) -> None:
        """A table in memory under a name, which each connection has to be told."""
        self._frames[name] = frame
        self._raw.register(name, frame)

    def view(self, name: str, expression: Table) -> Table:
        self._raw.execute(f"CREATE OR REPLACE VIEW {name} AS {self._sql(expression)}")
        return self.table(name)

    def keep(self, name: str, expression: Table) -> Table:
        columns = ", ".join(f"{name_literal(column)} {_type(kind)}" for column, kind in expression.schema().items())
        self._raw.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
        self._raw.execute(f"INSERT INTO {name} {self._sql(expression)}")
        return self.table(name)

    def lookup(self, name: str, columns: Mapping[str, Sequence[Any]], types: Mapping[str, str]) -> Table:
        kinds = [_type(kind) for kind in ibis.schema(dict(types)).types]
        parts = [f"unnest(${place}::{kind}[]) AS {name_literal(column)}"
                 for place, (column, kind) in enumerate(zip(types, kinds, strict=True), start=1)]  # fmt: skip
        sql = f"CREATE OR REPLACE TABLE {name} AS SELECT {', '.join(parts)}"
        self._raw.execute(sql, [list(columns[column]) for column in types])
        return self.table(name)

    def fetch(self, expression: Any) -> Any:
        return _result(expression, self._raw.sql(self._typed(expression)).to_arrow_table())

    def fetch_later(self, expression: Any) -> Callable[[], Any]:
        """On a connection of its own, beside whatever comes next."""
        sql, connection = self._typed(expression), self._raw.cursor()
        for name, frame in self._frames.items():
            connection.register(name, frame)
        found = self._beside.submit(lambda: connection.sql(sql).to_arrow_table())
        self._working.append((connection, found))
        return lambda: _result(expression, found.result())

    def stop(self) -> None:
        """Ends what still runs beside everything else, which nobody waits for any more."""
        self._beside.shutdown(wait=False, cancel_futures=True)
        for connection, found in self._working:
            while not found.done():  # an interruption that comes before the query begins is lost
                connection.interrupt()
                wait([found], timeout=_MOMENT)
            connection.close()

    def _sql(self, expression: Any) -> str:
        return str(self.backend.compile(expression.as_table()))

    def _typed(self, expression: Any) -> str:
        """With whole numbers of the size that Ibis says they have: the engine's own sums are wider."""
        columns = expression.as_table().schema().items()
        wanted = ", ".join(
            f"CAST({name_literal(name)} AS {_type(kind)}) AS {name_literal(name)}"
            if kind.is_integer() else name_literal(name)
            for name, kind in columns
        )  # fmt: skip
        return f"SELECT {wanted} FROM ({self._sql(expression)})"  # noqa: S608 - names of our own


def _result(expression: Any, table: pa.Table) -> Any:
    return table if isinstance(expression, ir.Table) else table[0][0]


def _type(kind: DataType) -> str:
    """What DuckDB calls a type."""
    return str(DuckDBType.to_string(kind))


def text_literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def name_literal(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def engine_faults(broken_file: Callable[[], Sequence[Finding]] = tuple) -> Iterator[None]:
    """What the engine or the system refuses while it works, as a finding: memory, disk, open files.

    `broken_file` is asked what is wrong with the files if the engine cannot make sense of one.
    """
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except (duckdb.Error, OSError, pa.ArrowInvalid) as error:
        finding = _too_large(error) or _finding(error)
        senseless = type(error) in _SENSELESS and not finding
        findings = broken_file() if senseless else [finding] if finding else []
        if not findings:
            raise
        raise Refusal(findings) from error


def _too_large(error: Exception) -> Finding | None:
    """A sum or product that does not fit. It is never cut: the engine and Arrow refuse it each in its own words."""
    if not isinstance(error, duckdb.OutOfRangeException) and not _BOUNDS.search(str(error)):
        return None
    allowed = "sums that fit 64 bits, in cents (times the factors of their categories) or millionths of a month"
    return Finding("P4V-D045", "member_months", "sums that are too large", allowed)


def _finding(error: Exception) -> Finding | None:
    text = str(error)
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.EMFILE, errno.ENFILE) or _TOO_MANY.search(text):
        return _too_few_files("no more of them")
    if number in (errno.ENOSPC, errno.EDQUOT) or _FULL.search(text):
        remedy = "make room, or name another place in TMPDIR"
        return Finding(
            "P4V-S003", "temporary folder", "a full disk", "room for what does not fit in memory", help=remedy
        )
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return Finding("P4V-S002", "memory", "not enough", "enough for the tables", help="give p4v more with --memory")
    if isinstance(error, OSError):
        return Finding(
            "P4V-S005", "temporary folder", error.strerror or "a fault of the disk", "a folder to write into"
        )
    return None


def check_open_files() -> None:
    """Raises `Refusal` if the system lets too few files be open at once."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - there is none on Windows

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit != resource.RLIM_INFINITY and limit < _FEWEST_FILES:
        raise Refusal([_too_few_files(f"a limit of {limit}")])


def _too_few_files(found: str) -> Finding:
    remedy = f"raise the limit, for example with `ulimit -n {_FEWEST_FILES * 16}`"
    return Finding("P4V-S002", "open files", found, f"at least {_FEWEST_FILES} at once", help=remedy)


def default_memory() -> int:
    """Bytes that the engine may take: a gigabyte less than the machine gives, at most two."""
    given = [_MOST_MEMORY + _SPARED_MEMORY, *_given_by_the_machine()]
    return max(_LEAST_MEMORY, min(given) - _SPARED_MEMORY)


def _given_by_the_machine() -> Iterator[int]:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    try:
        text = limit.read_text(encoding="ascii").strip()
    except OSError:
        return
    if text.isdigit():
        yield int(text)
