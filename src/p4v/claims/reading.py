"""The files of a claims extract, read strictly and row by row: every cell text, every fault with its line and field."""

import csv
import io
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import cast

from p4v.contract.values import ID_ALLOWED, ID_PATTERN
from p4v.data.headers import shown_names
from p4v.data.scan import content_of, scan_csv
from p4v.data.table import file_kind
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.numbers import NumberFault, read_number
from p4v.periods import read_day
from p4v.spreadsheets import SIGNS, is_formula

MONEY_ALLOWED = "dollars with up to two decimals, such as 46.62"
_MONEY = re.compile(r"-?[0-9]{1,11}(\.[0-9]{1,2}0*)?", re.ASCII)
_LONG = re.compile(r"-?[0-9]{1,11}\.[0-9]{8,30}", re.ASCII)
_NEAR = Fraction(1, 10**6)
"""How near to a whole cent a long number lies that a float made of it, in dollars."""
_NOISE_DECIMALS = 30
_NONE = Fraction(0)
_FAULTS_LIMIT = 1000


@dataclass(slots=True)
class Faults:
    """Findings as they are met. A file that is all faults is not read to its end."""

    found: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        self.found.append(finding)
        if len(self.found) >= _FAULTS_LIMIT:
            self.refuse()

    def refuse(self) -> None:
        """Raises `Refusal` if there is any."""
        if self.found:
            raise Refusal(self.found)


@dataclass(frozen=True, slots=True)
class Source:
    """A file of an extract: its headers, its rows, and what its columns mean."""

    role: str
    path: Path
    shown: str
    headers: Sequence[str]
    rows: int
    size: int
    sha256: str
    columns: Mapping[str, str]
    """p4v's name of a column to the file's own."""

    def place(self, name: str) -> int:
        """The number of a column from 1, by p4v's name."""
        return self.headers.index(self.columns[name]) + 1

    def finding(self, code: str, line: int, name: str, found: str, allowed: str, remedy: str | None = None) -> Finding:
        """A finding at a cell."""
        return Finding(code, self.shown, found, allowed, self.columns[name], line, self.place(name), help=remedy)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with the number of its line."""
        with content_of(self.path) as content:
            text = io.TextIOWrapper(cast("io.BufferedReader", content), "utf-8-sig", newline="")
            reader = csv.reader(text, strict=True)
            next(reader)
            before = reader.line_num
            for cells in reader:
                yield before + 1, cells
                before = reader.line_num


def opened(role: str, path: Path, shown: str, columns: Mapping[str, str], more: Sequence[str] = ()) -> Source:
    """A file with the columns that a map names; `more` are columns that it names without a meaning of p4v.

    Raises `Refusal` with all that is wrong in the file's structure, and with the columns that it lacks.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Refusal([Finding("P4V-D009", shown, file_kind(status.st_mode), "a CSV file")])
        scan = scan_csv(path, shown)
    except FileNotFoundError as error:
        raise Refusal([Finding("P4V-D007", shown, "no such file", "a CSV file")]) from error
    except OSError as error:
        found = error.strerror or "an error of the disk"
        raise Refusal([Finding("P4V-S005", shown, found, "a file that can be read")]) from error
    if not scan.rows:
        raise Refusal([Finding("P4V-D006", shown, "a header and no rows", "at least one row", line=1)])
    findings = [
        _no_column(name, shown, scan.headers)
        for name in dict.fromkeys((*columns.values(), *more))
        if name not in scan.headers
    ]
    if findings:
        raise Refusal(findings)
    return Source(role, path, shown, scan.headers, scan.rows, scan.size, scan.sha256, columns)


def _no_column(name: str, shown: str, headers: Sequence[str]) -> Finding:
    remedy = did_you_mean(name, shown_names(headers)) or "correct the map: its columns are the file's own headers"
    return Finding("P4V-D004", shown, "no such column", "a column that the map names", name, 1, help=remedy)


def read_id(
    source: Source, line: int, name: str, text: str, faults: Faults, known: dict[str, str] | None = None
) -> str | None:
    """A member's or group's id, or nothing and a finding. `known` remembers ids by their small letters."""
    if not ID_PATTERN.fullmatch(text):
        faults.add(source.finding("P4V-D020", line, name, f"{len(text)} characters that are no id", ID_ALLOWED))
        return None
    if known is not None and known.setdefault(text.casefold(), text) != text:
        found = "an id that differs from an earlier one in case alone"
        faults.add(source.finding("P4V-D020", line, name, found, "one spelling of each id"))
    return text


def read_label(source: Source, line: int, name: str, text: str, faults: Faults) -> str:
    """A text that is carried along: one that a spreadsheet would run as a formula is refused."""
    if is_formula(text):
        found, allowed = "a text that a spreadsheet takes for a formula", f"one that does not begin with {SIGNS}"
        faults.add(source.finding("P4V-D020", line, name, found, allowed))
    return text


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    """A day. Raises `ValueError`; the same few days stand on many lines."""
    return read_day(text)


def read_date(source: Source, line: int, name: str, text: str, faults: Faults) -> date | None:
    """A day, or nothing and a finding."""
    try:
        return _day(text)
    except ValueError:
        found = "an empty cell" if not text else "no such date"
        faults.add(source.finding("P4V-D033", line, name, found, "a day as YYYY-MM-DD"))
        return None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole cents, and what a float's noise added to it, in dollars."""

    cents: int
    noise: Fraction = _NONE


def money_of(text: str) -> Money | None:
    """The amount of a text, or nothing if it is none. Noise is what lies within a millionth of a dollar of a cent.

    >>> money_of("46.62"), money_of("46.620000000000005").noise, money_of("12.345")
    (Money(cents=4662, noise=Fraction(0, 1)), Fraction(1, 200000000000000), None)
    """
    if _MONEY.fullmatch(text):
        whole, _, decimals = text.partition(".")
        return Money(int(whole + decimals[:2].ljust(2, "0")))
    if not _LONG.fullmatch(text):
        return None
    exact = read_number(text, _NOISE_DECIMALS)
    cents = int(abs(exact) * 100 + Fraction(1, 2)) * (-1 if exact < 0 else 1)
    noise = exact - Fraction(cents, 100)
    return Money(cents, noise) if abs(noise) < _NEAR else None


def money_finding(source: Source, line: int, name: str, text: str) -> Finding:
    """What is wrong with a text that is no amount."""
    if not text:
        remedy = "an empty cell is no zero; `empty: zero` in the map says that it is"
        return source.finding("P4V-D013", line, name, "an empty cell", "an amount", remedy)
    try:
        read_number(text, _NOISE_DECIMALS)
    except NumberFault as error:
        return source.finding("P4V-D012", line, name, error.found, MONEY_ALLOWED)
    decimals = len(text.partition(".")[2])
    found = f"{decimals} decimals" if decimals else "more than eleven digits before the point"
    return source.finding("P4V-D012", line, name, found, MONEY_ALLOWED)
