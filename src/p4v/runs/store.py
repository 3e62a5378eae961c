"""Files as p4v leaves them: whole or not at all, readable by their owner, never through a planted link."""

import hashlib
import os
import signal
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
            Path(temporary).replace(path)
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
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _disk(path, error) from error


def write_folder(path: Path, files: Mapping[str, bytes], replace: bool = False) -> None:
    """Writes a folder of files under a temporary name and renames it; `replace` says whether an older one goes."""
    refuse_link(path)
    make_folder(path.parent)
    try:
        temporary = Path(mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            _fill(temporary, files)
            if replace and path.exists():
                rmtree(path)
            temporary.rename(path)
        except BaseException:
            rmtree(temporary, ignore_errors=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _disk(path, error) from error


def write_all(folder: Path, folders: Mapping[str, Mapping[str, bytes]], files: Mapping[str, bytes]) -> None:
    """Writes folders and files into a folder: all of them under a temporary name, then each by one rename.

    What is there under one of the names goes. Until the renames begin an interruption leaves nothing; they are not
    interrupted. Raises `Refusal` (safety, or disk).
    """
    names = [*folders, *files]
    for name in names:
        refuse_link(folder / name)
    there = folder.exists()
    make_folder(folder)
    try:
        staging = Path(mkdtemp(prefix=".settle.", dir=folder))
        try:
            for name, inner in [*folders.items(), ("", files)]:
                _fill(staging / "new" / name, inner)
            (staging / "old").mkdir()
            with _uninterrupted():
                for name in names:
                    if (folder / name).exists():
                        (folder / name).rename(staging / "old" / name)
                    (staging / "new" / name).rename(folder / name)
                rmtree(staging, ignore_errors=True)
        except BaseException:
            rmtree(staging if there else folder, ignore_errors=True)
            raise
        _sync_folder(folder)
    except OSError as error:
        raise _disk(folder, error) from error


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
    """Holds an interruption back until a few renames are done."""
    if current_thread() is not main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
