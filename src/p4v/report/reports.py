"""The reports of a run: the statement as a page and as Markdown, and the workbook."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from p4v.report.statement import statement_html, statement_markdown
from p4v.report.workbook import workbook
from p4v.runs.store import write_folder


def reports(document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> dict[str, bytes]:
    """File name to bytes."""
    return {
        "statement.html": statement_html(document, manifest, digest),
        "statement.md": statement_markdown(document, manifest, digest),
        "workbook.xlsx": workbook(document, digest),
    }


def write_reports(folder: Path, run_id: str, files: Mapping[str, bytes]) -> Path:
    """Writes the reports beside their run; earlier ones are replaced."""
    place = folder / f"{run_id}.reports"
    write_folder(place, files, replace=True)
    return place
