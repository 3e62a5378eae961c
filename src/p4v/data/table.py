"""A CSV table, read strictly: every row counted, every cell text, every fault with its line and field.

Messages never repeat a cell: a table of groups today is a table of members tomorrow.
"""

import csv
import gzip
import io
import stat
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from p4v.data.headers import looks_like_data, no_header, shown_name
from p4v.errors import Finding, Refusal

SIZE_LIMIT = 256 * 1024 * 1024
CELL_LIMIT = 1000
GZIP = b"\x1f\x8b"
"""How a file in gzip begins."""
_OTHER_DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "vertical bar"}
_MAGIC = {
    b"PK\x03\x04": "a zip file or workbook",
    GZIP: "a gzip file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
}
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number from 1, the line it starts on, its cells, and its bytes as they stand in the file."""

    number: int
    line: int
    cells: Sequence[str]
    content: bytes


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table with its header; `header_content` is the header's bytes as they stand in the file."""

    shown: str
    name: str
    columns: Sequence[str]
    rows: Sequence[Row]
    header_content: bytes
    digest: str
    size: int

    def finding(
        self, code: str, row: Row | None, column: str | None, found: str, allowed: str, remedy: str | None = None
    ) -> Finding:
        """A finding at a cell: line of the row, number of the field."""
        place = self.columns.index(column) + 1 if column in self.columns else None
        return Finding(code, self.shown, found, allowed, column, row.line if row else 1, place, help=remedy)


def read_table(path: Path, shown: str) -> CsvTable:
    """The table of a file. Raises `Refusal` with all that is wrong in its structure."""
    return table_of(read_bytes(path, shown), path.name, shown)


def table_of(content: bytes, name: str, shown: str) -> CsvTable:
    """The table of a file's bytes. Raises `Refusal` with all that is wrong in its structure."""
    _refuse_other_encodings(content, shown)
    body = content.removeprefix(_BOM)
    records = list(_records(body, shown))
    if not records:
        raise Refusal([Finding("P4V-D006", shown, "no content", "a header and at least one row", line=1)])
    header, *rest = records
    columns = list(header.cells)
    findings = list(header_findings(columns, shown)) or list(_row_findings(columns, rest, shown))
    if findings:
        raise Refusal(findings)
    return CsvTable(shown, name, columns, rest, header.content, sha256(content).hexdigest(), len(content))


def read_bytes(path: Path, shown: str) -> bytes:
    """The bytes of a file of a table. Raises `Refusal` if there are none, or too many."""
    try:
        status = path.stat()
    except OSError as error:
        raise Refusal([Finding("P4V-D007", shown, "no such file", "a CSV file")]) from error
    if not stat.S_ISREG(status.st_mode):
        raise Refusal([Finding("P4V-D009", shown, file_kind(status.st_mode), "a CSV file")])
    if status.st_size > SIZE_LIMIT:
        raise Refusal([Finding("P4V-D010", shown, f"{status.st_size} bytes", f"up to {SIZE_LIMIT} bytes")])
    try:
        return path.read_bytes()
    except OSError as error:
        found = error.strerror or "an error of the disk"
        raise Refusal([Finding("P4V-S005", shown, found, "a file that can be read")]) from error


def unpacked(content: bytes, shown: str) -> bytes:
    """The bytes of a CSV, taken out of gzip if they lie in it. Raises `Refusal` if it is damaged, or too large."""
    if not content.startswith(GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            body = stream.read(SIZE_LIMIT + 1)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        found = "a gzip file that is damaged or cut short"
        raise Refusal([Finding("P4V-D009", shown, found, "a CSV file, or one in gzip")]) from error
    if len(body) > SIZE_LIMIT:
        found = f"more than {SIZE_LIMIT} bytes when unpacked"
        raise Refusal([Finding("P4V-D010", shown, found, f"up to {SIZE_LIMIT} bytes")])
    return body


def file_kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _refuse_other_encodings(content: bytes, shown: str) -> None:
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            raise Refusal([Finding("P4V-D009", shown, kind, "a CSV file", help="save the table as CSV, UTF-8")])
    if b"\x00" in content:
        offset = content.index(b"\x00")
        raise Refusal([Finding("P4V-D009", shown, f"a zero byte at byte offset {offset}", "a CSV file of text")])
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"a byte that is not UTF-8, at byte offset {error.start}"
        raise Refusal(
            [Finding("P4V-D008", shown, found, "UTF-8", line=line, help="save the table as CSV, UTF-8")]
        ) from error


def _records(body: bytes, shown: str) -> Iterator[Row]:
    """The records with the lines that they took; a quoted cell may hold line breaks."""
    lines = body.splitlines(keepends=True) if b"\r" not in body else _physical_lines(body)
    longest = CELL_LIMIT * 400
    for number, line in enumerate(lines, start=1):
        if len(line) > longest:
            found = f"a line of {len(line)} bytes"
            raise Refusal(
                [
                    Finding(
                        "P4V-D020",
                        shown,
                        found,
                        f"up to {CELL_LIMIT} characters in a cell",
                        line=number,
                        column=long_cell(line),
                    )
                ]
            )
    taken: list[bytes] = []

    def fed() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line.decode("utf-8")

    reader = csv.reader(fed(), strict=True)
    started = 0
    try:
        for number, cells in enumerate(reader):
            yield Row(number, started + 1, cells, b"".join(taken))
            started = reader.line_num
            taken.clear()
    except csv.Error as error:
        if "field limit" in str(error):
            found, allowed = "a cell without end", f"up to {CELL_LIMIT} characters"
            place = long_cell(b"".join(taken))
            raise Refusal([Finding("P4V-D020", shown, found, allowed, line=started + 1, column=place)]) from error
        found = "a quote that does not close, or text after one" if started < len(lines) else "a row that does not end"
        raise Refusal([Finding("P4V-D005", shown, found, "well-formed CSV", line=started + 1)]) from error


def _physical_lines(body: bytes) -> list[bytes]:
    """Lines ending in LF; a CR before it belongs to the line."""
    lines = body.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def long_cell(line: bytes) -> int:
    """The number of the first field that is too long."""
    for place, cell in enumerate(line.split(b","), start=1):
        if len(cell) > CELL_LIMIT:
            return place
    return 1


def header_findings(columns: Sequence[str], shown: str) -> Iterator[Finding]:
    """What is wrong with the first line of a CSV, whatever table it is."""
    if len(columns) == 1:
        for delimiter, name in _OTHER_DELIMITERS.items():
            if delimiter in columns[0]:
                remedy = "save the table with commas"
                yield Finding(
                    "P4V-D001", shown, f"columns separated by a {name}", "commas", line=1, column=1, help=remedy
                )
                return
    findings = list(_name_findings(columns, shown))
    yield from [no_header(shown, 1)] if findings and any(map(looks_like_data, columns)) else findings


def _name_findings(columns: Sequence[str], shown: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for place, column in enumerate(columns, start=1):
        if column in first:
            found = f"the column name of field {first[column]} again"
            name = shown_name(columns, place)
            yield Finding("P4V-D002", shown, found, "each column name once", name, 1, place)
        elif not column.strip() or not column.isprintable() or column != column.strip():
            yield Finding(
                "P4V-D002", shown, "a column name that is empty or has blanks around it", "a name", line=1, column=place
            )
        first.setdefault(column, place)


def _row_findings(columns: Sequence[str], rows: Sequence[Row], shown: str) -> Iterator[Finding]:
    if not rows:
        yield Finding("P4V-D006", shown, "a header and no rows", "at least one row", line=1)
    for row in rows:
        if len(row.cells) != len(columns):
            found = f"{len(row.cells)} fields" if row.cells else "a blank line"
            yield Finding("P4V-D003", shown, found, f"{len(columns)} fields, as in the header", line=row.line)
            continue
        for place, cell in enumerate(row.cells, start=1):
            if len(cell) > CELL_LIMIT:
                found, allowed = f"{len(cell)} characters", f"up to {CELL_LIMIT}"
                yield Finding("P4V-D020", shown, found, allowed, shown_name(columns, place), row.line, place)
            elif not (cell.isascii() and cell.isprintable()) and hides(cell):
                found, allowed = "a line break or a character that does not show", "characters that show, on one line"
                yield Finding("P4V-D020", shown, found, allowed, shown_name(columns, place), row.line, place)


def hides(cell: str) -> bool:
    return any(not character.isprintable() for character in cell)
