"""What is done to a folder of runs while the disk fails or the process is killed."""

from pathlib import Path

from p4v.runs.store import write_all, write_folder

OLD = {"r1/a.txt": b"1", "r1.reports/s.html": b"old", "register.html": b"old", "register.csv": b"old", "mine.txt": b"x"}
NEW = {
    "r1/a.txt": b"1", "r1.reports/s.html": b"new", "register.html": b"new", "register.csv": b"new", "mine.txt": b"x",
    "r2/b/c.txt": b"2", "r2.reports/s.html": b"2",
}  # fmt: skip
NEW_REPORTS = OLD | {"r1.reports/s.html": b"new"}
ANOTHER = {"r3/d.txt": b"3"}


def settle(folder: Path) -> None:
    """New reports of a run that is there, a new run, and a new register."""
    write_all(
        folder,
        {"r2": {"b/c.txt": b"2"}, "r1.reports": {"s.html": b"new"}, "r2.reports": {"s.html": b"2"}},
        {"register.html": b"new", "register.csv": b"new"},
    )


def settle_another(folder: Path) -> None:
    """Something else that is written into the same folder."""
    write_all(folder, {"r3": {"d.txt": b"3"}}, {})


def write_reports(folder: Path) -> None:
    """The reports of one run, made again."""
    write_folder(folder / "r1.reports", {"s.html": b"new"}, replace=True)
