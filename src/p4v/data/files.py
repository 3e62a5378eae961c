"""The files of a table: found, told apart by their first bytes, and never another kind of thing than a file."""

import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Literal

from p4v.contract.documents import shown_path
from p4v.data.spec import TableInput, TableSpec
from p4v.data.table import file_kind
from p4v.errors import Finding, Refusal

Format = Literal["csv", "csv.gz", "parquet", "duckdb", "frame"]
_SAVE_AS_CSV = "save the table as CSV, UTF-8"
_FOREIGN = {
    b"PK\x03\x04": "a zip file or workbook",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel",
    b"SQLite format 3": "an SQLite file",
    b"\xfd7zXZ": "an xz file",
    b"(\xb5/\xfd": "a zstd file",
}
_BLOCK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be a table, how messages name it, and what its first bytes say that it is."""

    path: Path
    shown: str
    format: Format


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file of a table, or a frame: how it is shown, how large it is, how many rows it has."""

    spec: TableSpec
    path: Path
    shown: str
    format: Format
    size: int
    rows: int
    digest: str | Future[str]
    """SHA-256, or where it is being computed while the rows are."""
    changed: int = 0

    @property
    def has_lines(self) -> bool:
        """Whether a row has a line, rather than a number."""
        return self.format in ("csv", "csv.gz")

    def input(self) -> TableInput:
        """What a manifest says of it. Raises `Refusal` if somebody wrote the file since it was opened."""
        digest = self.digest if isinstance(self.digest, str) else self.digest.result()
        if self.format != "frame":
            status = self.path.stat()
            if (status.st_size, status.st_mtime_ns) != (self.size, self.changed):
                found = "a file that changed while it was read"
                raise Refusal([Finding("P4V-S005", self.shown, found, "a file at rest", help="run it again")])
        spec = self.spec
        return TableInput(spec.role, self.path.name, self.size, digest, self.rows, spec.known_at, spec.purpose)


def refuse_log(path: Path, shown: str) -> None:
    """Raises `Refusal` for a DuckDB file whose last rows still lie in its log.

    The engine would read them too, and the file's digest would not know of them.
    """
    for place in {path, path.resolve()}:
        log = place.with_name(f"{place.name}.wal")
        if log.exists() and log.stat().st_size:
            found, allowed = "a DuckDB file with rows in a log beside it (.wal)", "a file that holds all its rows"
            remedy = "run CHECKPOINT in that database, or close it where it is open"
            raise Refusal([Finding("P4V-D009", shown, found, allowed, help=remedy)])


def digest_of(path: Path, stop: Event) -> str:
    """SHA-256 of a file's bytes; nothing of use once `stop` is set."""
    digest = sha256()
    with path.open("rb") as stream:
        while not stop.is_set() and (block := stream.read(_BLOCK)):
            digest.update(block)
    return digest.hexdigest()


def find_files(spec: TableSpec, root: Path | None) -> list[Found]:
    """The files of a table, folders opened, in order. Raises `Refusal` for what is no table."""
    paths: list[Path] = []
    for path in spec.files:
        paths += _of_folder(path, _shown(path, root)) if path.is_dir() else [path]
    found: list[Found] = []
    findings: list[Finding] = []
    seen: set[Path] = set()
    for path in paths:
        shown = _shown(path, root)
        try:
            found.append(Found(path, shown, _format(path, shown)))
        except Refusal as refusal:
            findings += refusal.findings
        if path.resolve() in seen:
            findings.append(Finding("P4V-D030", shown, "the same file again", "each file once"))
        seen.add(path.resolve())
    findings = findings or list(_other_formats(found))
    if findings:
        raise Refusal(findings)
    return found


def _other_formats(found: Sequence[Found]) -> Iterator[Finding]:
    """CSV and Parquet may lie together, each read in its own way; a database has a table that they have not."""
    for file in found:
        if (file.format == "duckdb") is not (found[0].format == "duckdb"):
            allowed = "CSV, in gzip or not, and Parquet together; or DuckDB files alone"
            yield Finding("P4V-D009", file.shown, "another format than the first file's", allowed)


def _shown(path: Path, root: Path | None) -> str:
    return shown_path(path) if root is None else _relative(path, root)


def _relative(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def _of_folder(folder: Path, shown: str) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    if not paths:
        raise Refusal([Finding("P4V-D006", shown, "a folder without files", "at least one table")])
    # A link that lies in the folder leads out of it just as one that a workspace names.
    if links := [path for path in paths if path.is_symlink()]:
        raise Refusal(
            [Finding("P4V-X010", f"{shown}/{link.name}", "a symbolic link", "a file of its own") for link in links]
        )
    return paths


def _format(path: Path, shown: str) -> Format:
    try:
        status = path.stat()
    except OSError as error:
        raise Refusal([Finding("P4V-D007", shown, "no such file", "a table")]) from error
    if not stat.S_ISREG(status.st_mode):
        raise Refusal([Finding("P4V-D009", shown, file_kind(status.st_mode), "a table")])
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
    except OSError as error:
        found = error.strerror or "an error of the disk"
        raise Refusal([Finding("P4V-S005", shown, found, "a file that can be read")]) from error
    for magic, kind in _FOREIGN.items():
        if start.startswith(magic):
            kind = "a workbook" if path.suffix.lower() in (".xlsx", ".xls") else kind
            raise Refusal([Finding("P4V-D009", shown, kind, "CSV, Parquet or DuckDB", help=_SAVE_AS_CSV)])
    if start.startswith(b"PAR1"):
        return "parquet"
    if start[8:12] == b"DUCK":
        return "duckdb"
    if path.suffix.lower() in (".parquet", ".duckdb", ".xlsx", ".xls"):
        found = f"no {path.suffix.lower().removeprefix('.')} file, by its first bytes"
        raise Refusal([Finding("P4V-D009", shown, found, "CSV, Parquet or DuckDB", help=_SAVE_AS_CSV)])
    return "csv.gz" if start.startswith(b"\x1f\x8b") else "csv"
