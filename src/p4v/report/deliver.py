"""What settling a workspace leaves behind: runs, reports, register, rejected rows; all of it or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from p4v.report.register import About, Entry, register_files
from p4v.report.reports import reports, reports_with
from p4v.runs.folder import MANIFEST, SETTLEMENT, Run, experience_run, is_written, read_json
from p4v.runs.store import write_all
from p4v.settlement import digest_of
from p4v.workspace.results import Settled

REJECTED = "rejected.csv"


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where things lie. `fresh` counts the runs that were not there before."""

    folder: Path
    fresh: int
    runs: int
    register: Path | None
    rejected: Path | None


def entries_of(settled: Settled) -> list[Entry]:
    """Every contract with its run, where it was settled. Nothing is written."""
    return [
        Entry(result, experience_run(result, settled.inputs) if result.settlement is not None else None)
        for result in settled.results
    ]


def deliver(
    entries: Sequence[Entry],
    settled: Settled,
    about: About,
    folder: Path,
    step: Callable[[str], None],
    templates: Path | None = None,
    whole: bool = True,
) -> Delivered:
    """Writes everything once all of it is computed; runs that are there already stay as they are.

    `whole` says that all contracts were asked for: the register is of all groups or is left alone, and so it is where
    none of them was settled. Raises `Refusal`.
    """
    runs = [entry.run for entry in entries if entry.run is not None]
    fresh = [run for run in runs if not is_written(run, folder)]
    folders: dict[str, Mapping[str, bytes]] = {run.id: run.files for run in fresh}
    made = _reports(runs, {run.id for run in fresh}, folder, templates, step)
    folders |= {f"{run.id}.reports": files for run, files in zip(runs, made, strict=True)}
    whole = whole and bool(runs)
    files = register_files(entries, settled.inputs, about) if whole else {}
    name = f"{about.period.replace(' to ', '-')}.{REJECTED}"
    if settled.rejected is not None:
        files[name] = settled.rejected
    step("writing")
    if folders or files:
        write_all(folder, folders, files)
    return Delivered(
        folder, len(fresh), len(runs), folder / "register.html" if whole else None,
        folder / name if settled.rejected is not None else None,
    )  # fmt: skip


def _reports(
    runs: Sequence[Run], fresh: set[str], folder: Path, templates: Path | None, step: Callable[[str], None]
) -> list[dict[str, bytes]]:
    """The reports of each run; of one that is there already with the manifest that it has."""
    manifests = [run.manifest() if run.id in fresh else read_json(folder / run.id / MANIFEST) for run in runs]
    jobs = [
        (run.document(), manifest, digest_of(run.files[SETTLEMENT]))
        for run, manifest in zip(runs, manifests, strict=True)
    ]
    if templates is not None:
        return reports_with(templates, jobs)
    made = []
    for place, job in enumerate(jobs, start=1):
        step(f"writing {place} of {len(jobs)}")
        made.append(reports(*job))
    return made
