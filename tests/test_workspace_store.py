"""The store: a copy by digest, one content to a day, owner alone, and nothing half written."""

import errno
import gzip
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import disk_changes
import disks
from disks import failing
from p4v.errors import Refusal
from p4v.runs import store as files
from p4v.workspace.store import add, extracts, newest
from support import ROOT, p4v
from workspaces_started import started

DAY = date(2014, 3, 31)
SOURCE = str(ROOT / "src")
ROWS = b"group_id,member_id,month,allowed\naxene,M1,2014-01,5.00\n"


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_bytes(ROWS)
    return path


def below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_by_its_digest(tmp_path: Path, extract: Path) -> None:
    made = add(tmp_path / "store", "member_months", extract, DAY)
    digest = sha256(ROWS).hexdigest()
    assert made.fresh
    assert below(tmp_path / "store") == {f"member_months/2014-03-31/{digest}.csv": ROWS}
    assert stat.S_IMODE(made.extract.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.extract.path.parent.stat().st_mode) == 0o700


def test_the_same_again_is_there_already(tmp_path: Path, extract: Path) -> None:
    add(tmp_path / "store", "member_months", extract, DAY)
    before = below(tmp_path)
    other_name = tmp_path / "b.csv"
    other_name.write_bytes(ROWS)
    again = add(tmp_path / "store", "member_months", other_name, DAY)
    assert not again.fresh
    other_name.unlink()
    assert below(tmp_path) == before


def test_other_content_of_a_known_day(tmp_path: Path, extract: Path) -> None:
    """BAD-172: both digests are named, and nothing is written."""
    add(tmp_path / "store", "member_months", extract, DAY)
    other = tmp_path / "b.csv"
    other.write_bytes(ROWS.replace(b"5.00", b"6.00"))
    before = below(tmp_path)
    with pytest.raises(Refusal) as caught:
        add(tmp_path / "store", "member_months", other, DAY)
    (finding,) = caught.value.findings
    assert (finding.code, finding.exit_code) == ("P4V-R002", 7)
    assert sha256(other.read_bytes()).hexdigest() in finding.found
    assert sha256(ROWS).hexdigest() in finding.allowed
    assert below(tmp_path) == before


def test_a_database_is_not_copied_without_its_log(tmp_path: Path) -> None:
    """Its last rows lie in the log: the copy would lack them."""
    database = tmp_path / "m.duckdb"
    database.write_bytes(b"rows")
    log = tmp_path / "m.duckdb.wal"
    log.write_bytes(b"more rows")
    with pytest.raises(Refusal) as caught:
        add(tmp_path / "store", "member_months", database, DAY)
    assert [finding.code for finding in caught.value.findings] == ["P4V-D009"]
    assert not (tmp_path / "store").exists()
    log.write_bytes(b"")
    assert add(tmp_path / "store", "member_months", database, DAY).fresh


def test_tables_and_days_are_kept_apart(tmp_path: Path, extract: Path) -> None:
    store = tmp_path / "store"
    add(store, "quality", extract, DAY)
    packed = tmp_path / "c.csv.gz"
    packed.write_bytes(gzip.compress(ROWS, mtime=0))
    add(store, "member_months", packed, DAY)
    add(store, "member_months", extract, date(2014, 1, 31))
    assert [found.known_at for found in extracts(store, "member_months")] == [date(2014, 1, 31), DAY]
    found = newest(store, "member_months", None)
    assert found is not None
    assert found.path.name.endswith(".csv.gz")
    assert newest(store, "member_months", date(2014, 1, 30)) is None
    assert newest(store, "deaths", None) is None


@pytest.mark.parametrize(
    "name, code", [("missing.csv", "P4V-D007"), ("a.xlsx", "P4V-D009"), ("folder.csv", "P4V-D009")]
)
def test_what_is_no_table(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(Refusal) as caught:
        add(tmp_path / "store", "member_months", tmp_path / name, DAY)
    assert [finding.code for finding in caught.value.findings] == [code]
    assert not (tmp_path / "store").exists()


def test_a_store_behind_a_link(tmp_path: Path, extract: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal) as caught:
        add(tmp_path / "store", "member_months", extract, DAY)
    assert [finding.code for finding in caught.value.findings] == ["P4V-X010"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_that_changes_on_the_way(tmp_path: Path, extract: Path) -> None:
    with pytest.raises(Refusal) as caught:
        files.copy_file(extract, tmp_path / "store" / "x.csv", "0" * 64)
    assert [finding.code for finding in caught.value.findings] == ["P4V-S003"]
    assert below(tmp_path / "store") == {}


def test_the_command(tmp_path: Path, extract: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "p4v.yaml").write_text("workspace: p4v-workspace/1\ntables:\n  member_months: {files: store}\n")
    digest = sha256(ROWS).hexdigest()
    place = f"data/store/member_months/2014-03-31/{digest}.csv"
    first, again = (p4v("data", "add", "a.csv", "--known-at", "2014-03-31") for _ in range(2))
    assert (first.exit_code, first.stdout) == (0, f"added  {place}\ndigest {digest}, known at 2014-03-31\n")
    assert (again.exit_code, again.stdout) == (0, f"already there  {place}\ndigest {digest}, known at 2014-03-31\n")
    assert p4v("data", "add", "a.csv", "--known-at", "2014-02-30").exit_code == 2
    wrong = p4v("data", "add", "a.csv", "--known-at", "2014-03-31", "--table", "member_month")
    assert (wrong.exit_code, "did you mean `member_months`?" in wrong.stderr) == (2, True)


class TestAllOrNothing:
    def test_folders_and_files_at_once(self, tmp_path: Path) -> None:
        out = tmp_path / "runs"
        files.write_all(out, {"a": {"x/y.txt": b"1"}, "b": {"z.txt": b"2"}}, {"r.csv": b"3"})
        assert below(out) == {"a/x/y.txt": b"1", "b/z.txt": b"2", "r.csv": b"3"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()} == {0o600}
        files.write_all(out, {"b": {"new.txt": b"4"}}, {"r.csv": b"5"})
        assert below(out) == {"a/x/y.txt": b"1", "b/new.txt": b"4", "r.csv": b"5"}
        assert sorted(path.name for path in out.iterdir()) == ["a", "b", "r.csv"]

    def test_a_failure_leaves_what_was_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        out = tmp_path / "runs"
        files.write_all(out, {"a": {"x.txt": b"1"}}, {"r.csv": b"3"})
        before = below(tmp_path)

        def stopped(_: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(files.os, "fsync", stopped)
        for place in (out, tmp_path / "fresh"):
            with pytest.raises(KeyboardInterrupt):
                files.write_all(place, {"a": {"x.txt": b"2"}}, {"r.csv": b"4"})
        assert below(tmp_path) == before
        assert [path.name for path in tmp_path.iterdir()] == ["runs"]
        assert sorted(path.name for path in out.iterdir()) == ["a", "r.csv"]

    def test_a_link_in_the_place_of_one(self, tmp_path: Path) -> None:
        out = tmp_path / "runs"
        out.mkdir()
        (out / "r.csv").symlink_to(tmp_path / "elsewhere.csv")
        with pytest.raises(Refusal) as caught:
            files.write_all(out, {"a": {"x.txt": b"2"}}, {"r.csv": b"4"})
        assert [finding.code for finding in caught.value.findings] == ["P4V-X010"]
        assert [path.name for path in out.iterdir()] == ["r.csv"]

    @pytest.mark.parametrize("there", [False, True])
    def test_an_interruption_waits_for_the_renames(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
    ) -> None:
        """Then it is told to whoever waits for it, with everything in its place."""
        real, out = Path.rename, tmp_path / "runs"
        if there:
            files.write_all(out, {"a": {"old.txt": b"1"}}, {"r.csv": b"old"})
        files.written.clear()

        def interrupted(self: Path, target: Path) -> Path:
            signal.raise_signal(signal.SIGINT)
            return real(self, target)

        monkeypatch.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            files.write_all(out, {"a": {"x.txt": b"1"}, "b": {"y.txt": b"2"}}, {"r.csv": b"3"})
        assert everything(out) == {"a/x.txt": b"1", "b/y.txt": b"2", "r.csv": b"3"}
        assert files.written == [out]

    def test_an_interruption_and_a_failure_at_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is undone was not written."""
        out = settled_once(tmp_path)
        files.written.clear()
        real, calls = Path.rename, []

        def interrupted(self: Path, target: Path) -> Path:
            calls.append(target)
            if len(calls) == 4:
                signal.raise_signal(signal.SIGINT)
                raise OSError(errno.EIO, "Input/output error")
            return real(self, target)

        monkeypatch.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            disk_changes.settle(out)
        assert (everything(out), files.written) == (disk_changes.OLD, [])


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; an empty folder counts as one, with a name that ends in a slash."""
    empty = [path for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir())]
    return below(folder) | {f"{path.relative_to(folder)}/": b"" for path in empty}


def settled_once(folder: Path) -> Path:
    out = folder / "runs"
    for name, content in disk_changes.OLD.items():
        files.write_file(out / name, content)
    return out


def in_sight(folder: Path) -> dict[str, bytes]:
    """The same without what lies under a temporary name."""
    return {name: content for name, content in everything(folder).items() if not name.startswith(".settle")}


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed loses nothing of what it wrote: these tests need no wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


STEPS = [(disk_changes.settle, disk_changes.NEW), (disk_changes.write_reports, disk_changes.NEW_REPORTS)]


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("change, new", STEPS, ids=lambda step: getattr(step, "__name__", ""))
class TestEveryStep:
    """Each call that changes the disk in turn: the old files or the new ones, and after a repeat the new ones."""

    @pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
    def test_a_call_that_fails(self, tmp_path: Path, change: Any, new: dict[str, bytes], error: int) -> None:
        failed = set()
        for at in range(1, 1000):
            out = settled_once(tmp_path / str(at))
            refused: list[str] = []
            with failing(at, error) as calls:
                try:
                    change(out)
                except Refusal as refusal:
                    refused = [finding.code for finding in refusal.findings]
            if len(calls) < at:
                break
            failed.add(calls[at - 1])
            assert refused in ([], ["P4V-S003"])
            assert in_sight(out) == (disk_changes.OLD if refused else new), (at, calls)
            assert everything(out) == disk_changes.OLD or not refused, (at, calls)
            change(out)
            assert everything(out) == new, (at, calls)
        assert not refused
        assert everything(out) == new
        assert failed >= {"mkdir", "open", "write", "fsync", "rename"}

    def test_a_disk_that_is_gone_from_then_on(self, tmp_path: Path, change: Any, new: dict[str, bytes]) -> None:
        """Nothing can be put back then; whatever p4v writes there next, all is old or all is new."""
        for at in range(1, 1000):
            out = settled_once(tmp_path / str(at))
            with failing(at, errno.EIO, on=True) as calls, suppress(Refusal):
                change(out)
            if len(calls) < at:
                break
            disk_changes.settle_another(out)
            assert everything(out) in [content | disk_changes.ANOTHER for content in (disk_changes.OLD, new)], at
            change(out)
            assert everything(out) == new | disk_changes.ANOTHER, at
        assert at > 20

    def test_a_kill(self, tmp_path: Path, change: Any, new: dict[str, bytes]) -> None:
        """Killed between two renames, a name is old, new, or away; the next that writes there finishes all of them."""
        before = settled_once(tmp_path)
        (tmp_path / "killed").mkdir()
        command = [sys.executable, Path(disks.__file__), before, tmp_path / "killed", change.__name__]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": SOURCE}, timeout=120)
        folders = sorted((tmp_path / "killed").iterdir())
        assert everything(folders[-1]) == new
        assert len(folders) > 20
        mixed = 0
        for place, out in enumerate(folders):
            seen = in_sight(out)
            mixed += seen not in (disk_changes.OLD, new)
            assert all(content in (disk_changes.OLD.get(name), new.get(name)) for name, content in seen.items()), out
            if place % 2:
                disk_changes.settle_another(out)
                assert everything(out) in [content | disk_changes.ANOTHER for content in (disk_changes.OLD, new)], out
                (out / "r3/d.txt").unlink()
                (out / "r3").rmdir()
            change(out)
            assert everything(out) == new, out
        assert mixed <= len(new)


@pytest.mark.usefixtures("without_waiting")
def test_two_at_once(tmp_path: Path) -> None:
    """The second waits, and does not take what the first is writing for what a killed process left."""
    out = settled_once(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(change, out) for change in (disk_changes.settle, disk_changes.settle_another) * 20]:
            done.result()
    assert everything(out) == disk_changes.NEW | disk_changes.ANOTHER


def test_a_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process left is left alone there: it may be alive."""

    def unknown(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    out = settled_once(tmp_path)
    (out / ".settle.other").mkdir()
    monkeypatch.setattr(files.fcntl, "flock", unknown)
    disk_changes.settle(out)
    assert everything(out) == disk_changes.NEW | {".settle.other/": b""}


def test_a_planted_link_among_what_was_left(tmp_path: Path) -> None:
    out = settled_once(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.txt").write_bytes(b"x")
    (out / ".settle-ready.x").mkdir()
    (out / ".settle-ready.x/new").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal) as caught:
        disk_changes.settle(out)
    assert [finding.code for finding in caught.value.findings] == ["P4V-X010"]
    assert below(tmp_path / "elsewhere") == {"x.txt": b"x"}


def test_init_after_a_killed_one(tmp_path: Path) -> None:
    whole = started(tmp_path / "whole")
    out = tmp_path / "out"
    (out / ".settle.x/new/data").mkdir(parents=True)
    assert everything(started(out)) == everything(whole)
