"""Disks that fail and processes that are killed: at the n-th call that changes or writes a file, counted from 1."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any, Self

CALLS = ("mkdir", "open", "fdopen", "fsync", "rename", "replace", "unlink", "rmdir")


class _Writer:
    """A file whose first write fails, or is where the process dies."""

    def __init__(self, file: Any, before: Callable[[], None]) -> None:
        self.file, self.before = file, before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> int:
        self.before()
        written: int = self.file.write(content)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@contextmanager
def counted(act: Callable[[int], None]) -> Iterator[list[str]]:
    """Calls `act` with the number of each call before it is made; the calls so far are in the list."""
    calls: list[str] = []

    def before(name: str) -> None:
        calls.append(name)
        act(len(calls))

    def watched(name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            before(name)
            return real[name](*arguments, **options)

        return call

    real = {name: getattr(os, name) for name in CALLS}
    for name in CALLS:
        setattr(os, name, watched(name))
    os.fdopen = lambda *arguments, **options: _Writer(  # type: ignore[assignment]
        real["fdopen"](*arguments, **options), lambda: before("write")
    )
    try:
        yield calls
    finally:
        for name in CALLS:
            setattr(os, name, real[name])


def failing(at: int, error: int, on: bool = False) -> Any:
    """The disk's call that fails; `on` says that all after it fail too."""

    def act(number: int) -> None:
        if number == at or (on and number > at):
            raise OSError(error, os.strerror(error))

    return counted(act)


def killed_everywhere(before: Path, folder: Path, change: Callable[[Path], None]) -> list[Path]:
    """Copies of a folder, each changed by a process that was killed at one call; in the last it lived to the end.

    Forks, so it is for a process of its own.
    """
    found: list[Path] = []
    while True:
        found.append(folder / f"{len(found) + 1:03d}")
        copytree(before, found[-1])
        child = os.fork()
        if child == 0:
            with counted(lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == len(found) else None):
                change(found[-1])
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert status == 0, status
            return found


def main() -> None:
    """`disks.py BEFORE FOLDER FUNCTION`: the function of `disk_changes` in every copy, killed at each call."""
    import disk_changes

    before, folder, name = sys.argv[1:]
    os.fsync = lambda _: None  # a killed process loses nothing that it wrote
    print(len(killed_everywhere(Path(before), Path(folder), getattr(disk_changes, name))))


if __name__ == "__main__":
    main()
