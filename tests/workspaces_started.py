"""The workspace that `p4v init` makes, for tests."""

from pathlib import Path

from support import p4v


def started(folder: Path) -> Path:
    result = p4v("init", folder)
    assert result.exit_code == 0, result.output
    return folder


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
    }


def settled_runs(folder: Path) -> dict[str, Path]:
    """Group to the folder of its run."""
    runs = sorted(path for path in (folder / "runs").iterdir() if (path / "settlement.json").is_file())
    return {run.name.partition("-")[0]: run for run in runs}
