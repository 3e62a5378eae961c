"""Files as p4v leaves them: whole or not at all, readable by their owner, never through a planted link."""

import fcntl
import hashlib
import os
import signal
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp, mkstemp
from threading import current_thread, main_thread

from p4v.errors import Finding, Refusal

_SYSTEM_PARTS = 2
SEALED, SETTLED = "manifest.json", "settlement.json"
"""What every run has."""
FILE_MODE = 0o600
FOLDER_MODE = 0o700
_PIECE = 1024 * 1024
_STAGED, _READY = ".settle.", ".settle-ready."
"""How the folder is called in which everything is written first; and once it is whole, until all has its place."""
written: list[Path] = []
"""What was put in its place since the command began: an interruption says whether there is any."""


def write_file(path: Path, content: bytes) -> None:
    """Writes a file beside its place and renames it there. Raises `Refusal` (safety, or disk)."""
    refuse_link(path)
    make_folder(path.parent)
    try:
        handle, temporary = mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(FILE_MODE)
            _put(Path(temporary), path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _disk(path, error) from error


def copy_file(source: Path, path: Path, sha256: str) -> None:
    """Copies a file, piece by piece, and renames it into its place once it has the digest that was promised.

    Raises `Refusal` (safety, or disk), also where the file changed on the way.
    """
    refuse_link(path)
    make_folder(path.parent)
    try:
        handle, temporary = mkstemp(prefix=f".{path.name[:12]}.", dir=path.parent)
        try:
            digest = hashlib.sha256()
            with os.fdopen(handle, "wb") as file, source.open("rb") as content:
                while piece := content.read(_PIECE):
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if digest.hexdigest() != sha256:
                raise Refusal([Finding("P4V-S003", str(source), "a file that changes", "a file that is whole")])
            Path(temporary).chmod(FILE_MODE)
            _put(Path(temporary), path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _disk(path, error) from error


def write_folder(path: Path, files: Mapping[str, bytes], replace: bool = False) -> None:
    """Writes a folder of files under a temporary name and renames it; `replace` says whether an older one goes."""
    if replace:
        write_all(path.parent, {path.name: files}, {})
        return
    refuse_link(path)
    make_folder(path.parent)
    try:
        temporary = Path(mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            _fill(temporary, files)
            _put(temporary, path)
        except BaseException:
            rmtree(temporary, ignore_errors=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _disk(path, error) from error


def write_all(folder: Path, folders: Mapping[str, Mapping[str, bytes]], files: Mapping[str, bytes]) -> None:
    """Writes folders and files into a folder, all of them or none; what is there under one of the names goes.

    They are written under a temporary name. One rename says that they are whole, then each gets its place. Where
    that fails, what was there is back. An interruption leaves nothing until the renames begin, and then waits for
    them. What a killed process left is finished, or cleared away, before anything else. Raises `Refusal` (safety, or
    disk).
    """
    for name in (*folders, *files):
        refuse_link(folder / name)
    there = folder.exists()
    make_folder(folder)
    try:
        with _alone(folder) as alone:
            if alone:
                _finish(folder)
            _stage(folder, folders, files)
    except BaseException as error:
        if not there:
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise _disk(folder, error) from error
        raise


def finish_killed(folder: Path) -> None:
    """Finishes or clears away what a killed process left in a folder. Raises `Refusal` (safety, or disk)."""
    try:
        with _alone(folder) as alone:
            if alone:
                _finish(folder)
    except OSError as error:
        raise _disk(folder, error) from error


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Waits until no other p4v writes into the folder; False where the disk knows no locks."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _finish(folder: Path) -> None:
    """What a killed process left: renames that it began are made, and what was not yet whole goes."""
    for ready in sorted(folder.glob(f"{_READY}*")):
        refuse_link(ready / "new")
        with _uninterrupted():
            _rename(_places(ready, folder), folder)
            rmtree(ready, ignore_errors=True)
    for staging in folder.glob(f"{_STAGED}*"):
        rmtree(staging, ignore_errors=True)


def _stage(folder: Path, folders: Mapping[str, Mapping[str, bytes]], files: Mapping[str, bytes]) -> None:
    staging = Path(mkdtemp(prefix=_STAGED, dir=folder))
    ready = folder / staging.name.replace(_STAGED, _READY, 1)
    try:
        for name, inner in [*folders.items(), ("", files)]:
            _fill(staging / "new" / name, inner)
        for inside, _, _ in os.walk(staging):
            _sync_folder(Path(inside))
        with _uninterrupted():
            _rename(_made_ready(staging, ready, folder), folder)
            written.append(folder)
            rmtree(ready, ignore_errors=True)
    except BaseException:
        rmtree(staging, ignore_errors=True)
        raise


def _made_ready(staging: Path, ready: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    """The rename from which on a killed process is finished, then those of each name."""
    yield staging, ready
    _sync_folder(folder)
    yield from _places(ready, folder)


def _places(ready: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    """What has no place yet gets it: folders, then files. What is there makes room."""
    new = ready / "new"
    old = Path(mkdtemp(prefix="old.", dir=ready))
    for path in sorted(new.iterdir() if new.is_dir() else (), key=lambda path: (path.is_file(), path.name)):
        place = folder / path.name
        if place.is_symlink() or place.exists():
            yield place, old / path.name
        yield path, place


def _rename(moves: Iterable[tuple[Path, Path]], folder: Path) -> None:
    """Renames one after the other, so that it lasts; after a failure, back again in reverse."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.rename(target)
            done.append((source, target))
        _sync_folder(folder)
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        raise


def _put(temporary: Path, path: Path) -> None:
    with _uninterrupted():
        temporary.replace(path)
        written.append(path)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        make_folder(path.parent)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Holds an interruption back until a few renames are done, or undone; then it is as if it came just now."""
    if current_thread() is not main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)


def make_folder(path: Path) -> None:
    """Makes a folder and those above it, for the owner alone. A link in its place or above it is refused."""
    refuse_link(path)
    try:
        for folder in [*reversed(path.parents), path]:
            if not folder.exists():
                folder.mkdir(mode=FOLDER_MODE)
    except OSError as error:
        raise _disk(path, error) from error


def refuse_place(path: Path, folder: bool) -> None:
    """Before anything is computed: a place that cannot hold a file, or a folder. Raises `Refusal`."""
    refuse_link(path)
    if any((above / SEALED).is_file() and (above / SETTLED).is_file() for above in [path, *path.parents]):
        allowed = "a folder beside it: a run is never added to"
        raise Refusal([Finding("P4V-X011", str(path), "a place within a run", allowed)])
    for above in [path, *path.parents]:
        try:
            status = above.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _disk(path, error) from error
        is_folder = stat.S_ISDIR(status.st_mode)
        if is_folder is not (folder if above == path else True):
            found, allowed = ("a folder", "a file") if is_folder else ("a file", "a folder")
            raise Refusal([Finding("P4V-S001", str(above), found, f"{allowed}, or a place for one")])
        return


def refuse_link(path: Path) -> None:
    """A link in the place of an output or above it is refused, also one that leads nowhere.

    Links directly below the root of the disk are the system's own.
    """
    for place in [path, *path.parents]:
        try:
            planted = len(place.absolute().parts) > _SYSTEM_PARTS and place.is_symlink()
        except OSError as error:
            raise _disk(path, error) from error
        if planted:
            allowed = "a file or folder of its own"
            raise Refusal([Finding("P4V-X010", str(place), "a symbolic link", allowed, help="name another place")])


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _disk(path: Path, error: OSError) -> Refusal:
    found = error.strerror or "an error of the disk"
    return Refusal([Finding("P4V-S003", str(path), found, "a place that can be written")])
