"""Quality results, figures, lag triangles and expected totals: exact numbers with places, or every fault at once."""

import gzip
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from p4v.data.expected import read_expected
from p4v.data.given_table import read_given
from p4v.data.lag import read_lag
from p4v.data.quality_table import read_quality
from p4v.data.spec import Role, TableSpec
from p4v.errors import Finding, Refusal
from p4v.periods import Period

QUALITY = """group_id,measure_id,performance_period_begin,performance_period_end,numerator,denominator,score
GRP-001,BCS,2024-01-01,2024-12-31,210,300,
GRP-001,CDC,2024-01,2024-12,0,0,
GRP-001,survey,2024-01-01,2024-12-31,,,87.25%
GRP-002,BCS,2023-07,2024-06,20.5,200,0.5
"""
YEAR = Period.of_months(2024, 1, 12)


def spec(role: Role, folder: Path, text: str, **changes: Any) -> TableSpec:
    path = folder / f"{role}.csv"
    path.write_text(text, encoding="utf-8")
    return TableSpec(role, files=(path,), **changes)


def refused(read: Callable[..., object], table: TableSpec) -> list[tuple[str, int | None, str | None]]:
    with pytest.raises(Refusal) as refusal:
        read(table, root=table.files[0].parent if table.files else None)
    assert refusal.value.exit_code == 4
    assert all(finding.file == f"{table.role}.csv" for finding in refusal.value.findings if table.files)
    return [(finding.code, finding.line, finding.field) for finding in refusal.value.findings]


def test_quality_results_are_exact_with_their_places(tmp_path: Path) -> None:
    table = read_quality(spec("quality", tmp_path, QUALITY), tmp_path)
    found = [(value.group, value.measure, value.period, value.part, value.value, value.text) for value in table.values]
    late = Period.from_to("2023-07", "2024-06")
    assert found == [
        ("GRP-001", "BCS", YEAR, "numerator", 210, "210"), ("GRP-001", "BCS", YEAR, "denominator", 300, "300"),
        ("GRP-001", "CDC", YEAR, "numerator", 0, "0"), ("GRP-001", "CDC", YEAR, "denominator", 0, "0"),
        ("GRP-001", "survey", YEAR, "score", Fraction(8725, 10000), "87.25%"),
        ("GRP-002", "BCS", late, "numerator", Fraction(41, 2), "20.5"), ("GRP-002", "BCS", late, "denominator", 200, "200"),
        ("GRP-002", "BCS", late, "score", Fraction(1, 2), "0.5"),
    ]  # fmt: skip
    place = table.values[4].place
    assert (str(place), place.field, place.column) == ("quality.csv:4", 7, "score")
    finding = place.finding("P4V-D042", "a fraction", "a whole number")
    assert finding == Finding("P4V-D042", "quality.csv", "a fraction", "a whole number", "score", 4, 7)
    assert [(read.role, read.rows) for read in table.inputs] == [("quality", 4)]


def test_quality_results_in_other_formats_say_the_same(tmp_path: Path) -> None:
    plain = read_quality(spec("quality", tmp_path, QUALITY), tmp_path)
    header, *lines = QUALITY.strip().split("\n")
    cells = [line.split(",") for line in lines]
    columns: dict[str, Any] = {
        name: [row[place] or None for row in cells] for place, name in enumerate(header.split(","))
    }
    columns["performance_period_begin"] = [date(2024, 1, 1)] * 3 + [date(2023, 7, 1)]
    columns["performance_period_end"] = [date(2024, 12, 31)] * 3 + [date(2024, 6, 30)]
    columns["numerator"] = pa.array([Decimal(210), Decimal(0), None, Decimal("20.5")], pa.decimal128(9, 1))
    columns["denominator"] = pa.array([300, 0, None, 200], pa.int64())
    path = tmp_path / "quality.parquet"
    pq.write_table(pa.table(columns), path)
    with duckdb.connect(str(tmp_path / "q.duckdb")) as connection:
        connection.register("coming", pa.table(columns))
        connection.execute("CREATE TABLE quality AS SELECT * FROM coming")
    for table in (
        TableSpec("quality", files=(path,)),
        TableSpec("quality", files=(tmp_path / "q.duckdb",), table="quality"),
        TableSpec("quality", frame=pa.table(columns)),
        TableSpec("quality", frame=pd.DataFrame({name: [row[place] for row in cells] for place, name in enumerate(header.split(","))})),
    ):  # fmt: skip
        read = read_quality(table, tmp_path)
        assert [(value.group, value.period, value.measure, value.part, value.value) for value in read.values] == [
            (value.group, value.period, value.measure, value.part, value.value) for value in plain.values
        ]
        assert (read.values[4].place.line, read.values[4].place.row) == (None, 3)
        assert read.values[4].place.finding("P4V-D042", "a fraction", "x").found == "a fraction, in row 3"


TEXTS: dict[Role, tuple[Callable[..., Any], str]] = {
    "quality": (read_quality, QUALITY),
    "figures": (read_given, "group_id,period,name,value\nG1,2024,paid,-12.50\n"),
    "lag_triangle": (read_lag, "category,incurred_month,paid_month,amount\ndrugs,2024-01,2024-03,10.50\n"),
    "expected_totals": (read_expected, "table,rows,dollars,owner,date\nmember_months,5,-1872.38,Finance,2024-07-31\n"),
}


def said(read: Any) -> list[Any]:
    """What the rows of a small table say, whatever file they lie in."""
    rows = next(getattr(read, name) for name in ("values", "figures", "cells", "totals") if hasattr(read, name))
    return [
        {name: getattr(row, name) for name in row.__dataclass_fields__ if name not in ("place", "text")} for row in rows
    ]


@pytest.mark.parametrize("role", TEXTS)
def test_small_tables_in_gzip_and_parquet_say_the_same(tmp_path: Path, role: Role) -> None:
    reader, text = TEXTS[role]
    plain = reader(spec(role, tmp_path, text), tmp_path)
    content = gzip.compress(text[:30].encode()) + gzip.compress(text[30:].encode())
    packed = tmp_path / f"{role}.csv.gz"
    packed.write_bytes(content)
    read = reader(TableSpec(role, files=(packed,)), tmp_path)
    assert said(read) == said(plain)
    (entry,) = read.inputs
    assert (entry.name, entry.size, entry.sha256) == (packed.name, len(content), sha256(content).hexdigest())
    header, *lines = text.strip().split("\n")
    columns = {name: [line.split(",")[place] for line in lines] for place, name in enumerate(header.split(","))}
    pq.write_table(pa.table(columns), tmp_path / f"{role}.parquet")
    assert said(reader(TableSpec(role, files=(tmp_path / f"{role}.parquet",)), tmp_path)) == said(plain)


def test_small_tables_of_several_formats_together(tmp_path: Path) -> None:
    """The first two results in a CSV, the others in Parquet."""
    header, *lines = QUALITY.strip().split("\n")
    whole = read_quality(spec("quality", tmp_path, QUALITY), tmp_path)
    columns = {name: [line.split(",")[place] for line in lines[2:]] for place, name in enumerate(header.split(","))}
    files = (tmp_path / "a.parquet", tmp_path / "b.csv")
    pq.write_table(pa.table(columns), files[0])
    files[1].write_text("\n".join([header, *lines[:2], ""]), encoding="utf-8")
    read = read_quality(TableSpec("quality", files=files), tmp_path)
    assert sorted(map(str, said(read))) == sorted(map(str, said(whole)))
    assert [(entry.name, entry.rows) for entry in read.inputs] == [("a.parquet", 2), ("b.csv", 2)]


def test_a_fault_in_a_packed_table_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "quality.csv.gz"
    path.write_bytes(gzip.compress(QUALITY.replace("210,300", "210,3x0").encode()))
    with pytest.raises(Refusal) as refusal:
        read_quality(TableSpec("quality", files=(path,)), tmp_path)
    (finding,) = refusal.value.findings
    assert (finding.code, finding.file, finding.line, finding.field) == ("P4V-D012", path.name, 2, "denominator")
    whole = gzip.compress(QUALITY.encode())
    for damaged in (whole[:-9], whole[:12] + b"xxxx" + whole[16:]):
        path.write_bytes(damaged)
        with pytest.raises(Refusal) as refusal:
            read_quality(TableSpec("quality", files=(path,)), tmp_path)
        assert [finding.code for finding in refusal.value.findings] == ["P4V-D009"]


def test_a_packed_table_is_unpacked_no_further_than_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p4v.data.table.SIZE_LIMIT", len(QUALITY))
    path = tmp_path / "quality.csv.gz"
    path.write_bytes(gzip.compress(QUALITY.encode()))
    assert read_quality(TableSpec("quality", files=(path,)), tmp_path).inputs[0].rows == 4
    path.write_bytes(gzip.compress(QUALITY.encode() + b" " * 10**6))
    with pytest.raises(Refusal) as refusal:
        read_quality(TableSpec("quality", files=(path,)), tmp_path)
    assert [finding.code for finding in refusal.value.findings] == ["P4V-D010"]


@pytest.mark.parametrize("role, name", [("lag_triangle", "amount"), ("expected_totals", "dollars")])
def test_whole_numbers_are_cents_where_the_column_says_so(tmp_path: Path, role: Role, name: str) -> None:
    """1,050 is 10.50 in `x_cents`, 1,050.00 as text, and in a column of whole numbers nobody knows."""
    reader, text = TEXTS[role]
    header, line = text.strip().split("\n")
    cells: dict[str, Any] = {column: [cell] for column, cell in zip(header.split(","), line.split(","), strict=True)}
    path = tmp_path / "small.parquet"

    def amount(**changes: Any) -> Any:
        pq.write_table(pa.table({**{key: cell for key, cell in cells.items() if key != name}, **changes}), path)
        theirs = next(iter(changes))
        (row,) = said(reader(TableSpec(role, files=(path,), columns={name: theirs}), tmp_path))
        return row["cents"] if role == "lag_triangle" else row["totals"]["dollars"] * 100

    assert amount(x_cents=[1050]) == 1050
    assert amount(x_cents=["1050"]) == 1050
    assert amount(x=["1050"]) == 105_000
    assert amount(x=pa.array([Decimal("10.50")], pa.decimal128(12, 2))) == 1050
    for changes, code in (
        ({"x": [1050]}, "P4V-D051"),
        ({"x_cents": ["10.50"]}, "P4V-D012"),
        ({"x": [10.5]}, "P4V-D051"),
    ):
        with pytest.raises(Refusal) as refusal:
            amount(**changes)
        assert [(finding.code, finding.field) for finding in refusal.value.findings] == [(code, next(iter(changes)))]


def test_every_fault_of_quality_results_at_once(tmp_path: Path) -> None:
    text = QUALITY + (
        "GRP 1,BCS,2024-01,2024-12,1,2,\n"
        "G,,2024-01,2024-12,1,2,\n"
        "G,M,2024-01-02,2024-12-30,1,2,\n"
        "G,M,2024-13,2024-12,1,2,\n"
        "G,M,2024-12,2024-01,1,2,\n"
        "G,M,2024-01,2024-12,,,\n"
        "G,M,2024-02,2024-12,1%,1e3,50 %\n"
        "GRP-001,BCS,2024-01,2024-12-31,1,2,\n"
    )
    assert refused(read_quality, spec("quality", tmp_path, text)) == [
        ("P4V-D020", 6, "group_id"), ("P4V-D013", 7, "measure_id"),
        ("P4V-D033", 8, "performance_period_begin"), ("P4V-D033", 8, "performance_period_end"),
        ("P4V-D033", 9, "performance_period_begin"), ("P4V-D033", 10, "performance_period_end"),
        ("P4V-D013", 11, "measure_id"), ("P4V-D012", 12, "numerator"), ("P4V-D012", 12, "denominator"),
        ("P4V-D012", 12, "score"), ("P4V-D030", 13, "measure_id"),
    ]  # fmt: skip


def test_columns_of_quality_results(tmp_path: Path) -> None:
    text = QUALITY.replace("group_id", "grp").replace("score", "strata_1")
    assert refused(read_quality, spec("quality", tmp_path, text)) == [
        ("P4V-D011", 1, "grp"), ("P4V-D011", 1, "strata_1"), ("P4V-D004", 1, "group_id"),
    ]  # fmt: skip
    table = spec("quality", tmp_path, text.replace("%", ""), columns={"group_id": "grp", "stratum.one": "strata_1"})
    assert {value.part for value in read_quality(table).values} == {"numerator", "denominator", "stratum.one"}
    table = spec(
        "quality", tmp_path, text, columns={"group_id": "grp", "numerator": "denominator"}, ignore=("strata_1",)
    )
    assert refused(read_quality, table) == [("P4V-D002", 1, "denominator")]
    assert refused(read_quality, spec("quality", tmp_path, QUALITY.split("\n", maxsplit=1)[0] + "\n")) == [
        ("P4V-D006", 1, None)
    ]


def test_floats_are_no_numbers_of_a_measure() -> None:
    frame = pd.DataFrame({"group_id": ["G"], "measure_id": ["M"], "performance_period_begin": ["2024-01"], "performance_period_end": ["2024-12"], "numerator": [0.1 + 0.2]})  # fmt: skip
    assert refused(read_quality, TableSpec("quality", frame=frame)) == [("P4V-D051", None, "numerator")]


def test_figures_of_many_groups(tmp_path: Path) -> None:
    text = "group_id,period,name,key,value\nG1,2024,paid,,-12.50\nG1,2024,paid,2024-01,3\nG2,2023-07 to 2024-06,prior_quality_score,,78.4%\n"
    table = read_given(spec("figures", tmp_path, text), tmp_path)
    assert [(figure.group, figure.period, figure.name, figure.value, figure.text) for figure in table.figures] == [
        ("G1", YEAR, "paid", Fraction(-25, 2), "-12.50"), ("G1", YEAR, "paid.2024-01", 3, "3"),
        ("G2", Period.from_to("2023-07", "2024-06"), "prior_quality_score", Fraction(784, 1000), "78.4%"),
    ]  # fmt: skip
    bad = text + "G1,2024,paid,,1\nG1,2024-1,Paid,,1\nG1,2024,paid,a.b,1\nG1,2024,paid,x,\nG1,2024,paid,y,$5\n"
    assert refused(read_given, spec("figures", tmp_path, bad)) == [
        ("P4V-D020", 6, "name"), ("P4V-D033", 6, "period"), ("P4V-D020", 7, "key"), ("P4V-D013", 8, "value"),
        ("P4V-D012", 9, "value"), ("P4V-D030", 5, "value"),
    ]  # fmt: skip


def test_a_lag_triangle(tmp_path: Path) -> None:
    text = "product,category,incurred_month,paid_month,amount\nppo,drugs,2024-01,2024-01,10.5\nppo,drugs,202401,2024-03-01,-0.01\n"
    triangle = read_lag(spec("lag_triangle", tmp_path, text), tmp_path)
    january = 2024 * 12
    assert [(cell.group, cell.product, cell.category, cell.incurred, cell.paid, cell.cents) for cell in triangle.cells] == [
        (None, "ppo", "drugs", january, january, 1050), (None, "ppo", "drugs", january, january + 2, -1),
    ]  # fmt: skip
    bad = (
        text
        + "ppo,drugs,2024-01,2023-12,1\nppo,,2024-01,2024-02,1.005\nppo,drugs,2024-01,2024-01,9\nppo,drugs,x,2024-1,\n"
    )
    assert refused(read_lag, spec("lag_triangle", tmp_path, bad)) == [
        ("P4V-D033", 4, "paid_month"), ("P4V-D013", 5, "category"), ("P4V-D012", 5, "amount"),
        ("P4V-D033", 7, "incurred_month"), ("P4V-D033", 7, "paid_month"), ("P4V-D013", 7, "amount"),
        ("P4V-D030", 6, "amount"),
    ]  # fmt: skip


def test_expected_totals(tmp_path: Path) -> None:
    text = "table,month,rows,member_months,dollars,owner,date\nmember_months,,5,4.5,-1872.38,Finance,2024-07-31\nmember_months,2024-01,2,,,Finance,2024-07-31\n"
    table = read_expected(spec("expected_totals", tmp_path, text), tmp_path)
    first, second = table.totals
    assert (first.table, first.month) == ("member_months", None)
    assert first.totals == {"rows": 5, "member_months": Fraction(9, 2), "dollars": Fraction(-187238, 100)}
    assert (first.owner, first.date) == ("Finance", date(2024, 7, 31))
    assert (second.month, second.totals) == (2024 * 12, {"rows": 2})
    bad = text + (
        "members,,1,,,F,2024-07-31\nquality,,-1,,,F,2024-07-32\nquality,2024-00,1.5,1.0000001,1.001,,2024-07-31\n"
        "quality,,,,,F,2024-07-31\nmember_months,202401,2,,,Finance,2024-07-31\n"
    )
    assert refused(read_expected, spec("expected_totals", tmp_path, bad)) == [
        ("P4V-D036", 4, "table"), ("P4V-D033", 5, "date"), ("P4V-D012", 5, "rows"), ("P4V-D013", 6, "owner"),
        ("P4V-D033", 6, "month"), ("P4V-D012", 6, "rows"), ("P4V-D012", 6, "member_months"), ("P4V-D012", 6, "dollars"),
        ("P4V-D013", 7, "table"), ("P4V-D030", 8, "table"),
    ]  # fmt: skip
