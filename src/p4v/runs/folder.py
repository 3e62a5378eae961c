"""A run: the settlement, its manifest, its lines as a table, and copies of everything it was made from.

The bytes depend on the inputs alone. Reports are derived from a run, lie beside it, and may be made again.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

import p4v
from p4v.batch import Batch, SettledRow
from p4v.errors import Finding, Refusal
from p4v.resources import resource
from p4v.runs.store import write_folder
from p4v.settlement import digest_of

SCHEMA = "p4v/manifest/1"
CALCULATION = "p4v/calculation/1"
"""The released formulas that a run was made with; a run that names another cannot be verified by this release."""
SETTLEMENT, MANIFEST, LINES, INPUTS = "settlement.json", "manifest.json", "lines.csv", "inputs"
_LINE_COLUMNS = ("number", "name", "label", "kind", "value", "exact", "unit", "expression", "clause", "state")
_TEXT_COLUMNS = frozenset({"name", "label", "expression", "clause"})


@dataclass(frozen=True, slots=True)
class Run:
    """The files of a run, by their path in its folder."""

    id: str
    files: Mapping[str, bytes]

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.files[SETTLEMENT])
        return document

    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads(self.files[MANIFEST])
        return manifest


def run_of(batch: Batch, row: SettledRow) -> Run:
    """The run of one row of a table."""
    table = {
        "name": batch.table.name,
        "sha256": batch.table.digest,
        "bytes": batch.table.size,
        "rows": len(batch.table.rows),
        "row": row.case.row.number,
        "line": row.case.row.line,
    }
    return make_run(batch, row, table)


def make_run(batch: Batch, row: SettledRow, table: Mapping[str, Any]) -> Run:
    """The run of a row that stands in a table described by `table`: from the table itself, or as a manifest says."""
    content = row.settlement.content()
    digest = digest_of(content)
    run_id = row.settlement.id(digest)
    files = {SETTLEMENT: content, LINES: _lines_csv(row.settlement.document())}
    inputs = _inputs(batch, row)
    manifest = {
        "schema": SCHEMA,
        "calculation": CALCULATION,
        "run": run_id,
        "p4v": p4v.__version__,
        "lock": digest_of(resource("requirements.lock").read_bytes()),
        "templates": template_digests(),
        "binding": batch.binding.name,
        "group_name": row.case.group_name,
        "title": row.case.program.title,
        "version": row.settlement.version,
        "replaces": row.settlement.replaces,
        "ledger_head": None,
        "known": None,
        "table": dict(table),
        "inputs": [_named(role, path, content) for path, (role, content) in inputs.items()],
        "outputs": [_named("settlement", SETTLEMENT, content), _named("lines", LINES, files[LINES])],
    }
    files[MANIFEST] = rfc8785.dumps(manifest | {"seal": seal(manifest)})
    return Run(run_id, files | {path: content for path, (_, content) in inputs.items()})


def write_run(run: Run, folder: Path) -> bool:
    """Writes the run, once: False where the same settlement is there already, whole.

    Raises `Refusal` where its files are not what its manifest says.
    """
    place = folder / run.id
    if not place.exists():
        write_folder(place, run.files)
        return True
    findings = list(file_findings(place, read_json(place / MANIFEST)))
    if not findings and (place / SETTLEMENT).read_bytes() != run.files[SETTLEMENT]:
        findings = [changed(place / SETTLEMENT, digest_of(run.files[SETTLEMENT]))]
    if findings:
        raise Refusal(findings)
    return False


def seal(manifest: Mapping[str, Any]) -> str:
    """The digest of everything else that a manifest says."""
    return digest_of(rfc8785.dumps({key: value for key, value in manifest.items() if key != "seal"}))


def read_json(path: Path) -> dict[str, Any]:
    """A file of a run. Raises `Refusal` (verification) if it is not there or no JSON object."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise Refusal([Finding("P4V-V002", str(path), "no such file", "the file, as it was written")]) from error
    except ValueError as error:
        raise Refusal(
            [Finding("P4V-V001", str(path), "a file that is no JSON", "the file, as it was written")]
        ) from error
    if not isinstance(document, dict):
        raise Refusal([Finding("P4V-V001", str(path), "a file of another shape", "the file, as it was written")])
    return document


def file_findings(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Every file of a run that is missing, changed, or not in its manifest."""
    named = [*manifest.get("inputs", ()), *manifest.get("outputs", ())]
    for entry in named:
        path = folder / str(entry["path"])
        if not path.is_file():
            yield Finding("P4V-V002", str(path), "no such file", f"the file with digest {entry['sha256']}")
        elif digest_of(path.read_bytes()) != entry["sha256"]:
            yield changed(path, entry["sha256"])
    known = {str(entry["path"]) for entry in named}
    for path in sorted((folder / INPUTS).rglob("*")):
        if path.is_file() and str(path.relative_to(folder)) not in known:
            yield Finding("P4V-V004", str(path), "a file that the manifest does not name", "the files of the manifest")


def changed(path: Path, expected: str) -> Finding:
    """A file with another digest than expected."""
    found = f"digest {digest_of(path.read_bytes())}"
    return Finding("P4V-V001", str(path), found, f"digest {expected}", help="restore the file from a copy")


def template_digests() -> dict[str, str]:
    folder = resource("reports", "templates")
    return {path.name: digest_of(path.read_bytes()) for path in sorted(folder.glob("*.j2"))}


def safe_text(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _inputs(batch: Batch, row: SettledRow) -> dict[str, tuple[str, bytes]]:
    binding = batch.binding
    files = {f"{INPUTS}/{binding.file.relative}": ("binding", binding.file.content)}
    for program in binding.programs.values():
        files |= {f"{INPUTS}/{part.file.relative}": ("program", part.file.content) for part in program.parts}
    header = batch.table.header_content
    files[f"{INPUTS}/row.csv"] = ("row", header + row.case.row.content)
    return dict(sorted(files.items()))


def _named(role: str, path: str, content: bytes) -> dict[str, Any]:
    rows = 1 if role == "row" else None
    return {
        "role": role, "path": path, "bytes": len(content), "sha256": digest_of(content), "rows": rows,
        "control_total_cents": None, "known_at": None,
    }  # fmt: skip


def _lines_csv(document: Mapping[str, Any]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_LINE_COLUMNS)
    for line in document["lines"]:
        writer.writerow([_cell(column, line[column]) for column in _LINE_COLUMNS])
    return text.getvalue().encode()


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(f"{x}: {y}" for x, y in value)
    return safe_text(str(value)) if column in _TEXT_COLUMNS else str(value)
