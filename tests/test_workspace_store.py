"""The store: a copy by digest, one content to a day, owner alone, and nothing half written."""

import gzip
import signal
import stat
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from p4v.errors import Refusal
from p4v.runs import store as files
from p4v.workspace.store import add, extracts, newest
from support import p4v

DAY = date(2014, 3, 31)
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

    def test_an_interruption_waits_for_the_renames(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Path.rename

        def interrupted(self: Path, target: Path) -> Path:
            signal.raise_signal(signal.SIGINT)
            return real(self, target)

        monkeypatch.setattr(Path, "rename", interrupted)
        files.write_all(tmp_path / "runs", {"a": {"x.txt": b"1"}, "b": {"y.txt": b"2"}}, {"r.csv": b"3"})
        assert below(tmp_path / "runs") == {"a/x.txt": b"1", "b/y.txt": b"2", "r.csv": b"3"}
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
