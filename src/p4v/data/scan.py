"""A CSV of any size, looked over once as bytes: its digest, its rows, and whether it is built as a table should be.

What a CSV engine lets pass in silence - blank lines, line breaks within a cell, lines that end in two ways, characters
that do not show - is found here. The quick look works on blocks of bytes; where it has a doubt, the whole file is read
again in Python, slowly, and every fault gets its line and field.
"""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from p4v.data.headers import shown_name
from p4v.data.table import CELL_LIMIT, GZIP, header_findings, hides, long_cell
from p4v.errors import SHOWN_FINDINGS, Finding, Refusal

_BLOCK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_LINE_LIMIT = CELL_LIMIT * 400
_NEWLINE, _COMMA, _BLANK, _QUOTE = 10, 44, 32, 34
_BEFORE_A_CELL = np.isin(np.arange(256), (_NEWLINE, _COMMA, _QUOTE))
"""Which bytes may stand before a quote that opens: where a cell begins, or the first of a pair within one."""


@dataclass(frozen=True, slots=True)
class CsvScan:
    """What a look at all bytes of a CSV gave. Rows are its lines but the header's."""

    headers: Sequence[str]
    rows: int
    size: int
    sha256: str
    compressed: bool


def scan_csv(path: Path, shown: str) -> CsvScan:
    """The scan of a file. Raises `Refusal` with all that is wrong in its structure, and `OSError`."""
    with path.open("rb") as stream:
        compressed = stream.read(2) == GZIP
    headers = _headers(path, shown)
    look = _Look(len(headers))
    try:
        with path.open("rb") as stream:
            read = _Digesting(stream)
            content: Any = gzip.GzipFile(fileobj=read) if compressed else read  # type: ignore[call-overload]
            while block := content.read(_BLOCK):
                look.take(block, shown)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        found = "a gzip file that is damaged or cut short"
        raise Refusal([Finding("P4V-D009", shown, found, "a CSV file, or one in gzip")]) from error
    look.end(shown)
    if look.doubtful():
        refuse_faults(path, shown)
    rows = look.lines - 1
    return CsvScan(headers, rows, path.stat().st_size, read.digest.hexdigest(), compressed)


def refuse_faults(path: Path, shown: str) -> None:
    """Reads a file slowly and strictly. Raises `Refusal` with its faults, if there are any."""
    findings = []
    for finding in _faults(path, shown):
        findings.append(finding)
        if len(findings) > SHOWN_FINDINGS:
            break
    if findings:
        raise Refusal(findings)


def content_of(path: Path) -> BufferedIOBase:
    """The content of a CSV, unpacked if it is in gzip."""
    with path.open("rb") as stream:
        compressed = stream.read(2) == GZIP
    return gzip.open(path, "rb") if compressed else path.open("rb")


class _Digesting:
    """A file whose bytes go to a digest as they are read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.digest = sha256()

    def read(self, size: int = -1) -> bytes:
        content = self.stream.read(size)
        self.digest.update(content)
        return content


def _headers(path: Path, shown: str) -> list[str]:
    """The headers. Raises `Refusal` if there are none, or they cannot be columns."""
    try:
        with content_of(path) as stream:
            line = stream.readline(_LINE_LIMIT)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise Refusal(
            [Finding("P4V-D009", shown, "a gzip file that is damaged", "a CSV file, or one in gzip")]
        ) from error
    line = line.removeprefix(_BOM)
    if b"\x00" in line:
        offset = line.index(b"\x00")
        raise Refusal([Finding("P4V-D009", shown, f"a zero byte at byte offset {offset}", "a CSV file of text")])
    if not line.strip():
        raise Refusal([Finding("P4V-D006", shown, "no content", "a header and at least one row", line=1)])
    try:
        headers = next(csv.reader([line.decode("utf-8")], strict=True))
    except UnicodeDecodeError as error:
        raise Refusal([_not_utf8(shown, error.start, 1)]) from error
    except csv.Error as error:
        found = "a quote that does not close, or text after one"
        raise Refusal([Finding("P4V-D005", shown, found, "well-formed CSV", line=1)]) from error
    findings = list(header_findings(headers, shown))
    if findings:
        raise Refusal(findings)
    return headers


def _not_utf8(shown: str, offset: int, line: int) -> Finding:
    found = f"a byte that is not UTF-8, at byte offset {offset}"
    return Finding("P4V-D008", shown, found, "UTF-8", line=line, help="save the table as CSV, UTF-8")


@dataclass(slots=True)
class _Look:
    """What has been seen of a file, block by block."""

    fields: int
    offset: int = 0
    lines: int = 0
    returns: int = 0
    pairs: int = 0
    quoted: bool = False
    """Whether the last block ended within quotes."""
    hidden: bool = False
    shape: bool = False
    """Lines that are blank or very long, end within quotes, or have another number of fields; quotes within a cell."""
    line_start: int = 0
    commas: int = 0
    """Commas between cells in the line that the last block left open."""
    last: bytes = b""
    decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def take(self, block: bytes, shown: str) -> None:
        if b"\x00" in block:
            found = f"a zero byte at byte offset {self.offset + block.index(bytes(1))}"
            raise Refusal([Finding("P4V-D009", shown, found, "a CSV file of text")])
        values = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(values == _NEWLINE)
        returns = block.count(b"\r") if b"\r" in block else 0
        below = int(np.count_nonzero(values < _BLANK)) - len(ends) - returns
        self.hidden |= below > 0 or b"\x7f" in block
        self._text(block, shown)
        self._line_ends(block, returns)
        self._shape(block, values, ends)
        self.last = block[-1:]
        self.offset += len(block)

    def end(self, shown: str) -> None:
        try:
            self.decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise Refusal([_not_utf8(shown, self.offset - 1, self.lines + 1)]) from error
        if self.last != b"\n":
            self.shape |= self.quoted or self.commas != self.fields - 1
            self.shape |= self.offset - self.line_start > CELL_LIMIT
            self.lines += 1

    def doubtful(self) -> bool:
        """Whether the quick look found anything that a slow one should name."""
        two_ends = self.returns != self.pairs or self.pairs not in (0, self.lines, self.lines - 1)
        return self.hidden or self.shape or two_ends

    def _text(self, block: bytes, shown: str) -> None:
        pending = self.decoder.getstate()[0]
        if block.isascii() and not pending:
            return
        try:
            text = self.decoder.decode(block)
        except UnicodeDecodeError as error:
            at = error.start - len(pending)
            line = self.lines + block.count(b"\n", 0, max(at, 0)) + 1
            raise Refusal([_not_utf8(shown, self.offset + at, line)]) from error
        text = text.removeprefix("\ufeff") if self.offset == 0 else text
        self.hidden |= not text.replace("\n", "").replace("\r", "").isprintable()

    def _line_ends(self, block: bytes, returns: int) -> None:
        self.returns += returns
        self.pairs += block.count(b"\r\n") if returns else 0
        self.pairs += self.last == b"\r" and block[:1] == b"\n"

    def _shape(self, block: bytes, values: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        commas = np.flatnonzero(values == _COMMA)
        if self.quoted or b'"' in block:
            commas = self._between_cells(commas, values, ends)
        if not len(ends):
            self.commas += len(commas)
            self.shape |= self.offset + len(block) - self.line_start > _LINE_LIMIT
            return
        lengths = np.diff(ends, prepend=self.line_start - self.offset - 1)
        self.shape |= bool(lengths.min() <= 1 + (self.returns > 0))
        if lengths.max() > CELL_LIMIT:
            self._long(commas, ends)
        counts = np.diff(np.searchsorted(commas, ends), prepend=-self.commas)
        self.shape |= bool((counts != self.fields - 1).any())
        self.lines += len(ends)
        self.commas = int(np.count_nonzero(commas > ends[-1]))
        self.line_start = self.offset + int(ends[-1]) + 1

    def _long(self, commas: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        marks = np.sort(np.concatenate((commas, ends)))
        cells = np.diff(marks, prepend=min(self.line_start - self.offset, 0) - 1)
        self.shape |= bool(cells.max() > CELL_LIMIT)

    def _between_cells(
        self, commas: NDArray[np.int64], values: NDArray[np.uint8], ends: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The commas that do not stand within quotes; a line break there, and a quote in mid-cell, is doubtful."""
        quotes = np.flatnonzero(values == _QUOTE)
        # Every other quote opens, and a comma stands within quotes if an odd number of them came before it.
        opening = quotes[int(self.quoted) :: 2]
        before = values[opening - 1]
        if len(opening) and opening[0] == 0:
            before[0] = ord(self.last or b"\n")
        fine = _BEFORE_A_CELL[before]
        if self.offset == 0 and len(opening) and opening[0] == len(_BOM):
            fine[0] |= values[: len(_BOM)].tobytes() == _BOM
        self.shape |= not fine.all() or bool(self._within(quotes, ends).any())
        between = commas[~self._within(quotes, commas)]
        self.quoted ^= len(quotes) % 2 == 1
        return between

    def _within(self, quotes: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.bool_]:
        odd: NDArray[np.bool_] = (np.searchsorted(quotes, places) + self.quoted) % 2 == 1
        return odd


def _faults(path: Path, shown: str) -> Iterator[Finding]:
    """Every fault of a file's structure, in the order of its lines."""
    lines = _Lines(path, shown)
    reader = csv.reader(lines, strict=True)
    headers: list[str] = []
    started = 0
    try:
        for cells in reader:
            yield from lines.findings
            lines.findings.clear()
            if not started:
                headers = cells
            yield from _row_faults(cells, headers, shown, started + 1, reader.line_num - started)
            started = reader.line_num
    except csv.Error as error:
        if "field limit" in str(error):
            place = long_cell(lines.last.encode())
            yield _long_cell(f"more than {csv.field_size_limit()} characters", headers, shown, started + 1, place)
            return
        found = "a quote that does not close, or text after one"
        yield Finding("P4V-D005", shown, found, "well-formed CSV", line=started + 1)
    except _LineWithoutEnd as end:
        yield from lines.findings
        yield _long_cell(f"a line of more than {_LINE_LIMIT} bytes", headers, shown, end.line, end.place)
        return
    yield from lines.findings


def _long_cell(found: str, headers: Sequence[str], shown: str, line: int, place: int) -> Finding:
    """A cell that is too long; `place` is the number of its field."""
    name = shown_name(headers, place) if place <= len(headers) else None
    return Finding("P4V-D020", shown, found, f"up to {CELL_LIMIT} characters in a cell", name, line, place)


class _LineWithoutEnd(Exception):
    """A line so long that no more is read, and the number of the field that makes it so."""

    def __init__(self, line: int, place: int) -> None:
        self.line, self.place = line, place
        super().__init__()


@dataclass(slots=True)
class _Lines:
    """The lines of a file as text; what is wrong with a line as such goes to `findings`."""

    path: Path
    shown: str
    findings: list[Finding] = field(default_factory=list)
    last: str = ""

    def __iter__(self) -> Iterator[str]:
        first_end = b""
        with content_of(self.path) as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LINE_LIMIT + 1), b""), start=1):
                if len(line) > _LINE_LIMIT:
                    raise _LineWithoutEnd(number, long_cell(line))
                line = line.removeprefix(_BOM) if number == 1 else line
                end = b"\r\n" if line.endswith(b"\r\n") else line[-1:] if line.endswith(b"\n") else b""
                first_end = first_end or end
                if b"\r" in line.removesuffix(end) or (end and end != first_end):
                    found, allowed = "a line that ends in another way than the first", "one kind of line end"
                    remedy = "save the table again as CSV, UTF-8"
                    self.findings.append(Finding("P4V-D005", self.shown, found, allowed, line=number, help=remedy))
                    line = line.replace(b"\r", b"")
                self.last = line.decode("utf-8")
                yield self.last


def _row_faults(cells: list[str], headers: list[str], shown: str, line: int, lines: int) -> Iterator[Finding]:
    if len(cells) != len(headers):
        found = f"{len(cells)} fields" if cells else "a blank line"
        yield Finding("P4V-D003", shown, found, f"{len(headers)} fields, as in the header", line=line)
        return
    joined = "".join(cells)
    if lines == 1 and len(joined) <= CELL_LIMIT and joined.isprintable():
        return
    for place, cell in enumerate(cells, start=1):
        if len(cell) > CELL_LIMIT:
            found, allowed = f"{len(cell)} characters", f"up to {CELL_LIMIT}"
        elif hides(cell):
            found, allowed = "a line break or a character that does not show", "characters that show, on one line"
        else:
            continue
        yield Finding("P4V-D020", shown, found, allowed, shown_name(headers, place), line, place)
