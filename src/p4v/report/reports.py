"""The reports of a run: the statement as a page and as Markdown, and the workbook."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from p4v.report.own_templates import Job, own_statements
from p4v.report.statement import statements
from p4v.report.workbook import workbook
from p4v.runs.store import write_folder

WORKBOOK = "workbook.xlsx"


def reports(document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> dict[str, bytes]:
    """File name to bytes."""
    return {**statements(document, manifest, digest), WORKBOOK: workbook(document, digest, manifest)}


def reports_with(folder: Path, jobs: Sequence[Job]) -> list[dict[str, bytes]]:
    """The same for all jobs, from a user's templates first. Raises `Refusal` before anything is written."""
    made = own_statements(folder, jobs)
    return [
        {**files, WORKBOOK: workbook(document, digest, manifest)}
        for files, (document, manifest, digest) in zip(made, jobs, strict=True)
    ]


def write_reports(folder: Path, run_id: str, files: Mapping[str, bytes]) -> Path:
    """Writes the reports beside their run; earlier ones are replaced."""
    place = folder / f"{run_id}.reports"
    write_folder(place, files, replace=True)
    return place
