"""Small tables in memory, read as their text: what a CSV file would say."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any

from p4v.data.table import CsvTable, Row
from p4v.errors import Finding, Refusal


def rows_of_frame(frame: Any, name: str) -> CsvTable:
    """A pandas DataFrame or pyarrow Table as a table of text; None is an empty cell.

    Raises `Refusal` for floating numbers: their digits are not what someone wrote.
    """
    columns, rows = _content(frame)
    shown = f"table {name}"
    found: list[Row] = []
    findings: list[Finding] = []
    for number, row in enumerate(rows, start=1):
        cells = [_text(value) for value in row]
        findings += [
            Finding(
                "P4V-D051",
                shown,
                "a floating number",
                "text, whole numbers or Decimal",
                columns[place],
                number,
                place + 1,
            )
            for place, cell in enumerate(cells)
            if cell is None
        ]
        found.append(Row(number, number + 1, [cell or "" for cell in cells], b""))
    if findings:
        raise Refusal(findings)
    content = _csv(columns, found)
    return CsvTable(shown, name, columns, found, b"", sha256(content).hexdigest(), len(content))


def _content(frame: Any) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    if hasattr(frame, "itertuples"):
        return [str(column) for column in frame.columns], frame.itertuples(index=False, name=None)
    columns = [str(name) for name in frame.column_names]
    return columns, zip(*(frame[name].to_pylist() for name in columns), strict=True)


def _text(value: Any) -> str | None:
    """A cell as text; None for a floating number that stands for one."""
    if value is None or value != value:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if hasattr(value, "is_integer") and not isinstance(value, int):
        return None
    return str(value)


def _csv(columns: list[str], rows: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(row.cells for row in rows)
    return text.getvalue().encode()
