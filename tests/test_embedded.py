"""The embedded engine: what it gives later is what it gives now, and closing it waits for nobody."""

import subprocess
import sys
from collections.abc import Callable

import ibis
import pyarrow as pa
import pytest

from p4v.data.engine import Engine, engine_faults
from p4v.errors import Refusal
from p4v.experience.tables import Tables

_MOST = 2**63 - 1
_FRAME = pa.table({"group": ["a", "b", "a"], "cents": pa.array([5, 75, -5], pa.int64())})


@pytest.fixture
def engine() -> object:
    with_one = Engine(threads=2, memory="256MB")
    yield with_one
    with_one.close()


def sums(table: object) -> object:
    return table.group_by("group").agg(cents=table.cents.sum(), rows=table.count()).order_by("group")


def test_a_frame_is_seen_by_what_runs_beside_everything_else(engine: Engine) -> None:
    engine.tables.register("a frame", _FRAME)
    expected = [{"group": "a", "cents": 0, "rows": 2}, {"group": "b", "cents": 75, "rows": 1}]
    table = engine.tables.table("a frame")
    later = engine.tables.fetch_later(sums(table))
    assert engine.tables.fetch(sums(table)).to_pylist() == expected
    assert later().to_pylist() == expected
    assert engine.tables.fetch(table.count()).as_py() == 3


def test_a_kept_table_is_seen_too_and_makes_room_for_the_next_of_its_name(engine: Engine) -> None:
    kinds = {"name": "string", "number": "int16"}
    engine.tables.lookup("numbers", {"name": ["x"], "number": [1]}, kinds)
    table = engine.tables.lookup("numbers", {"name": ["y", "it's"], "number": [2, 3]}, kinds)
    kept = engine.tables.keep("kept", table.filter(table.number > 2))
    assert engine.tables.fetch_later(kept)().to_pylist() == [{"name": "it's", "number": 3}]
    assert engine.tables.fetch(kept).schema == pa.schema([("name", pa.string()), ("number", pa.int16())])
    kept = engine.tables.keep("kept", table.select("number"))
    assert sorted(engine.tables.fetch(kept)["number"].to_pylist()) == [2, 3]


@pytest.mark.parametrize("way", ["fetch", "fetch_later", "keep"])
def test_a_sum_beyond_64_bits_is_refused_and_never_cut(engine: Engine, way: str) -> None:
    engine.tables.register("a frame", pa.table({"cents": pa.array([_MOST, 1], pa.int64())}))
    table = engine.tables.table("a frame")
    whole = table.agg(cents=table.cents.sum())
    ways: dict[str, Callable[[], object]] = {
        "fetch": lambda: engine.tables.fetch(whole),
        "fetch_later": lambda: engine.tables.fetch_later(whole)(),
        "keep": lambda: engine.tables.keep("kept", whole),
    }
    with pytest.raises(Refusal) as refused, engine_faults():
        ways[way]()
    assert [finding.code for finding in refused.value.findings] == ["P4V-D045"]


def test_closing_ends_what_still_runs() -> None:
    """A hundred billion pairs would take an hour."""
    engine = Engine(threads=2, memory="256MB")
    engine.tables.register("many", pa.table({"number": pa.array(range(330_000), pa.int64())}))
    one = engine.tables.table("many")
    pairs = one.cross_join(one.view().rename(other="number"))
    engine.tables.fetch_later(pairs.agg(found=(pairs.number * pairs.other % 7).sum()))
    engine.close()


def test_any_backend_gives_the_same() -> None:
    tables = Tables(ibis.duckdb.connect())
    table = tables.lookup("numbers", {"group": ["a", "a"], "cents": [1, 2]}, {"group": "string", "cents": "int64"})
    kept = tables.keep("kept", sums(tables.view("summed", table)))
    assert tables.fetch(kept).to_pylist() == [{"group": "a", "cents": 3, "rows": 2}]
    assert tables.fetch_later(kept)().to_pylist() == [{"group": "a", "cents": 3, "rows": 2}]


def run_of(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("code", [0, 6])
def test_leaving_loses_nothing_that_was_said(code: int) -> None:
    said = "import sys\nfrom p4v.ending import leave\nsys.stdout.write('a' * 100_000)\nsys.stderr.write('b')\n"
    ended = run_of(f"{said}leave({code})")
    assert (ended.returncode, len(ended.stdout), ended.stderr) == (code, 100_000, "b")


def test_collections_are_as_before_whatever_happened() -> None:
    program = (
        "import gc\nfrom p4v.garbage import NEW_OBJECTS, collected_seldom\ngc.set_threshold(500, 5, 7)\n"
        "try:\n    with collected_seldom():\n        print(gc.get_threshold() == (NEW_OBJECTS, 5, 7))\n        raise ValueError\n"
        "except ValueError:\n    print(gc.get_threshold())\n"
    )
    assert run_of(program).stdout == "True\n(500, 5, 7)\n"
