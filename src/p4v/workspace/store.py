"""The extracts of a workspace: files copied under their digest, each with the day up to which it knows.

A day has one content for each table: what was settled as known on a day can be settled again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import file_digest
from pathlib import Path

from p4v.data.files import refuse_log
from p4v.data.spec import Purpose, Role
from p4v.errors import Finding, Refusal
from p4v.periods import read_day
from p4v.runs.store import copy_file, refuse_link

_EXTRACT = re.compile(r"([0-9a-f]{64})((?:\.[a-z0-9]{1,12}){1,2})", re.ASCII)
KINDS = (".csv", ".csv.gz", ".parquet", ".duckdb", ".db")
"""What a file's name ends with says how it is read."""
_DATABASES = (".duckdb", ".db")


@dataclass(frozen=True, slots=True)
class Extract:
    """A file of the store."""

    role: Role
    known_at: date
    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class Added:
    """An extract, and whether it came in just now."""

    extract: Extract
    fresh: bool


def extracts(store: Path, role: Role, purpose: Purpose | None = None) -> list[Extract]:
    """The extracts of a table, or of its table of one purpose, the oldest knowledge first."""
    return sorted(_extracts(store, role, purpose), key=lambda extract: (extract.known_at, extract.sha256))


def _room(store: Path, role: Role, purpose: Purpose | None) -> Path:
    return store / role if purpose is None else store / role / purpose


def _extracts(store: Path, role: Role, purpose: Purpose | None) -> Iterator[Extract]:
    folder = _room(store, role, purpose)
    for day in folder.iterdir() if folder.is_dir() else ():
        try:
            known_at = read_day(day.name)
        except ValueError:
            continue
        for path in day.iterdir():
            match = _EXTRACT.fullmatch(path.name)
            if match is not None:
                yield Extract(role, known_at, match.group(1), path)


def newest(store: Path, role: Role, known: date | None, purpose: Purpose | None = None) -> Extract | None:
    """The newest extract known on a day, or of all where no day is said."""
    found = [extract for extract in extracts(store, role, purpose) if known is None or extract.known_at <= known]
    return found[-1] if found else None


def add(store: Path, role: Role, path: Path, known_at: date, purpose: Purpose | None = None) -> Added:
    """Keeps a copy of a file under its digest, readable by its owner.

    Raises `Refusal`: no such file, another kind, or a day that has another content (a conflict).
    """
    kind = _kind(path)
    sha256 = _digest(path)
    there = next((extract for extract in extracts(store, role, purpose) if extract.known_at == known_at), None)
    if there is not None:
        if there.sha256 != sha256:
            found, allowed = f"digest {sha256}", f"digest {there.sha256}, which the store has for {known_at}"
            remedy = "other content is known on another day: name that day"
            raise Refusal([Finding("P4V-R002", str(path), found, allowed, "--known-at", help=remedy)])
        return Added(there, fresh=False)
    place = _room(store, role, purpose) / known_at.isoformat() / f"{sha256}{kind}"
    refuse_link(place)
    copy_file(path, place, sha256)
    return Added(Extract(role, known_at, sha256, place), fresh=True)


def _kind(path: Path) -> str:
    kind = next((kind for kind in sorted(KINDS, key=len, reverse=True) if path.name.lower().endswith(kind)), None)
    if not path.exists():
        raise Refusal([Finding("P4V-D007", str(path), "no such file", f"a file: {', '.join(KINDS)}")])
    if kind is None or not path.is_file():
        found = "a file of another kind" if path.is_file() else "a folder, pipe or device"
        raise Refusal([Finding("P4V-D009", str(path), found, f"a file: {', '.join(KINDS)}")])
    if kind in _DATABASES:
        refuse_log(path, str(path))
    return kind


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        found = error.strerror or "an error of the disk"
        raise Refusal([Finding("P4V-S005", str(path), found, "a file that can be read")]) from error
