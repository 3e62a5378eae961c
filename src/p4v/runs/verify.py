"""Whether a run is what it was: every file by its digest, then everything computed again from its own inputs."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import p4v
from p4v.batch import settle_table
from p4v.errors import Finding, Refusal
from p4v.runs.folder import (
    CALCULATION,
    FIGURES,
    INPUTS,
    LINES,
    MANIFEST,
    SCHEMA,
    SETTLEMENT,
    Run,
    changed,
    contract_run,
    file_findings,
    read_json,
    row_run,
    seal,
    stored_run,
)
from p4v.settlement import digest_of
from p4v.single import settle_contract
from p4v.workspace.again import settle_again

_SOFTWARE = ("p4v", "lock", "templates")
"""What a later release may change about a manifest without changing a figure."""


def verify(folder: Path) -> None:
    """Returns if the run comes out identical.

    Raises `Refusal` naming every file that is missing or changed, or the first line that differs.
    """
    manifest = _manifest(folder)
    findings = [*_version_findings(folder, manifest)] or [*file_findings(folder, manifest)]
    findings = findings or [*_seal_findings(folder, manifest)]
    if findings:
        raise Refusal(findings)
    again = _again(folder, manifest)
    compare(folder, again.files[SETTLEMENT])
    if again.files[LINES] != (folder / LINES).read_bytes():
        raise Refusal([changed(folder / LINES, digest_of(again.files[LINES]))])
    findings = [*_manifest_findings(folder, manifest, again.manifest())]
    if findings:
        raise Refusal(findings)


def compare(folder: Path, again: bytes) -> None:
    """Returns if a settlement is that of the run. Raises `Refusal` naming the first line or control that differs."""
    stored = (folder / SETTLEMENT).read_bytes()
    if again != stored:
        raise Refusal([_first_difference(folder, json.loads(stored), json.loads(again))])


def read_run(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settlement and manifest of a run folder. Raises `Refusal` if they are not there, or not as they were written."""
    manifest = _manifest(folder)
    findings = list(file_findings(folder, manifest))
    if findings:
        raise Refusal(findings)
    return read_json(folder / SETTLEMENT), manifest


def _manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise Refusal([Finding("P4V-U004", str(folder), "no such folder", "the folder of a run")])
    return read_json(folder / MANIFEST)


def _version_findings(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """What this release cannot verify: another shape of manifest, other formulas, or a later release."""
    path = str(folder / MANIFEST)
    for key, known in (("schema", SCHEMA), ("calculation", CALCULATION)):
        if manifest.get(key) != known:
            yield Finding(
                "P4V-V003", path, f"version {manifest.get(key)}", known, key, help="use the release that made the run"
            )
    if _release(manifest.get("p4v")) > _release(p4v.__version__):
        found, allowed = f"version {manifest.get('p4v')}", f"{p4v.__version__} or earlier"
        yield Finding("P4V-V003", path, found, allowed, "p4v", help="use the release that made the run")


def _seal_findings(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """What no input can give again, such as the table that a row stood in, is held by the manifest's own digest."""
    if manifest.get("seal") != seal(manifest):
        path = str(folder / MANIFEST)
        yield Finding(
            "P4V-V001", path, "entries that its seal does not cover", "the manifest, as it was written", "seal"
        )


def _release(version: Any) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in str(version).split("."))
    except ValueError:
        return (10**9,)


def _again(folder: Path, manifest: Mapping[str, Any]) -> Run:
    try:
        return _row_again(folder, manifest) if manifest["table"] is not None else _contract_again(folder, manifest)
    except (Refusal, KeyError, ValueError) as error:
        first = error.findings[0].text() if isinstance(error, Refusal) else f"no {error}"
        finding = Finding(
            "P4V-V005", str(folder), f"inputs that cannot be settled again: {first}", "inputs that settle"
        )
        raise Refusal([finding]) from error


def _row_again(folder: Path, manifest: Mapping[str, Any]) -> Run:
    inputs = folder / INPUTS
    batch = settle_table(inputs / "tables" / f"{manifest['binding']}.yaml", inputs / "row.csv", [])
    return row_run(batch, batch.rows[0], manifest["table"])


def _contract_again(folder: Path, manifest: Mapping[str, Any]) -> Run:
    paths = {entry["role"]: folder / entry["path"] for entry in manifest["inputs"]}
    if paths["figures"].name == FIGURES:
        return stored_run(settle_again(paths["contract"], paths["figures"].read_bytes()), manifest["tables"])
    known = manifest["known"] and date.fromisoformat(manifest["known"])
    return contract_run(settle_contract(paths["contract"], paths["figures"], known, manifest["status"]))


def _first_difference(folder: Path, stored: Mapping[str, Any], again: Mapping[str, Any]) -> Finding:
    path = str(folder / SETTLEMENT)
    for part, named in (("lines", _named_line), ("controls", _named_control)):
        for before, after in zip(stored.get(part, ()), again[part], strict=False):
            for key, value in after.items():
                if before.get(key) != value:
                    found, allowed = f"{before.get(key)} in the run", f"{value}, computed again"
                    return Finding("P4V-V006", path, found, allowed, f"{named(after)}, {key}")
        if len(stored.get(part, ())) != len(again[part]):
            counts = f"{len(stored.get(part, ()))} {part} in the run", f"{len(again[part])} {part}, computed again"
            return Finding("P4V-V006", path, *counts, part)
    return Finding("P4V-V006", path, "another heading in the run", "that of the run, computed again", "status")


def _named_line(line: Mapping[str, Any]) -> str:
    return f"line {line['number']} {line['name']}"


def _named_control(control: Mapping[str, Any]) -> str:
    rule = f" {control['rule']}" if control.get("rule") else ""
    return f"control {control['window']} {control['entry']}{rule}"


def _manifest_findings(folder: Path, stored: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[Finding]:
    same_release = stored.get("p4v") == again["p4v"]
    path = str(folder / MANIFEST)
    for key in sorted({*stored, *again}):
        if key == "seal" or (key in _SOFTWARE and not same_release):
            continue
        if stored.get(key) != again.get(key):
            yield Finding(
                "P4V-V001", path, "another entry than the inputs give", "the manifest, as it was written", key
            )
