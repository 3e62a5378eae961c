"""A user's own templates, rendered in a process of their own with limits of time and memory.

Started as a module it is that process: it reads jobs from standard input as JSON, and writes what they give, or what is
wrong with a template, to standard output.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from p4v.errors import Finding, Refusal
from p4v.report.statement import HTML, MARKDOWN, statements
from p4v.report.templates import FAULTS, SUFFIX, fault_finding, folder_findings

Job = tuple[Mapping[str, Any], Mapping[str, Any], str]
"""Settlement, manifest, and digest of the settlement."""
MEMORY_BYTES = 1 << 30
SECONDS = 20
_JOBS_A_SECOND = 10
_KEPT = ("PATH", "PYTHONPATH", "LANG", "TMPDIR")


def own_statements(folder: Path, jobs: Sequence[Job]) -> list[dict[str, bytes]]:
    """The statements of all jobs from the templates of a folder, in the order of the jobs.

    Raises `Refusal` for a folder without templates, for what is wrong in a template, and where one takes too long.
    """
    refuse_folder(folder)
    seconds = SECONDS + len(jobs) // _JOBS_A_SECOND
    request = json.dumps({"folder": str(folder.resolve()), "jobs": jobs, "seconds": seconds})
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "p4v.report.own_templates"]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=request.encode(), capture_output=True, timeout=seconds * 2, env=kept, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Refusal([_too_much(folder, seconds)]) from error
    if done.returncode != 0:
        raise Refusal([_too_much(folder, seconds)])
    answer = json.loads(done.stdout)
    if answer["findings"]:
        raise Refusal([_shown_as_given(Finding(**entry), folder) for entry in answer["findings"]])
    return [{name: text.encode() for name, text in files.items()} for files in answer["files"]]


def refuse_folder(folder: Path) -> None:
    """Before anything is computed: a folder without a template. Raises `Refusal`."""
    if not folder.is_dir() or not any(folder.rglob(f"*{SUFFIX}")):
        found = "no template" if folder.is_dir() else "no such folder"
        allowed = f"a folder with {HTML}{SUFFIX}, {MARKDOWN}{SUFFIX} or parts of them"
        raise Refusal([Finding("P4V-U020", str(folder), found, allowed, "--templates")])


def template_digests(folder: Path) -> dict[str, str]:
    """The digest of each template of a user's folder, by its path in it."""
    paths = [path for path in sorted(folder.rglob(f"*{SUFFIX}")) if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in paths}


def _shown_as_given(finding: Finding, folder: Path) -> Finding:
    """The file under the name that the user gave the folder."""
    file = finding.file.replace(str(folder.resolve()), str(folder), 1)
    return Finding(**{**asdict(finding), "file": file, "frame": tuple(finding.frame)})


def _too_much(folder: Path, seconds: int) -> Finding:
    found = "templates that take more time or memory than they may have"
    return Finding("P4V-X003", str(folder), found, f"{seconds} seconds and {MEMORY_BYTES >> 20} megabytes")


def _limit(seconds: int) -> None:
    """What this process may use from here on."""
    import resource  # noqa: PLC0415  there is none on every system, and only this process needs it

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    folder = Path(request["folder"])
    findings = list(folder_findings(folder))
    files = []
    if not findings:
        try:
            for document, manifest, digest in request["jobs"]:
                made = statements(document, manifest, digest, folder)
                files.append({name: content.decode() for name, content in made.items()})
        except FAULTS as error:
            findings, files = [fault_finding(error, folder)], []
    return {"findings": [asdict(finding) for finding in findings], "files": files}


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    _limit(request["seconds"])
    sys.stdout.write(json.dumps(_answer(request)))


if __name__ == "__main__":
    main()
