"""A table without a header: its first row is one finding, and no message repeats a cell."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from p4v.data.expected import read_expected
from p4v.data.given_table import read_given
from p4v.data.headers import looks_like_data, shown_name, shown_names
from p4v.data.lag import read_lag
from p4v.data.open import open_tables
from p4v.data.quality_table import read_quality
from p4v.data.spec import Role, TableSpec
from p4v.data.table import read_table
from p4v.errors import Finding, Refusal

HEADER = "group_id,member_id,month,purpose,cohort,allowed,paid"
ROWS = """\
riverside,R001,2014-01,fee,none,35.70,272.80
riverside,R002,2014-02,fee,none,98.60,280.55
"""
SECRETS = ("riverside", "R001", "R002", "2014-0", "none", "35.70", "272.80", "98.60")


def found(
    read: Callable[[], object], secrets: tuple[str, ...] = SECRETS
) -> list[tuple[str, int | None, int | None, str | None]]:
    """Code, line, column and field of what is found, none of which says what stands in a cell."""
    with pytest.raises(Refusal) as refusal:
        read()
    text = " ".join(f"{finding.text()} {finding.help}" for finding in refusal.value.findings)
    assert not [cell for cell in secrets if cell in text], text
    assert refusal.value.exit_code == 4
    return [(finding.code, finding.line, finding.column, finding.field) for finding in refusal.value.findings]


def write(folder: Path, text: str, name: str = "member_months.csv") -> Path:
    content = text.encode()
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder / name


def months(*paths: Path, **changes: Any) -> Callable[[], object]:
    return lambda: open_tables([TableSpec("member_months", files=paths, **changes)], root=paths[0].parent)


NO_HEADER = [("P4V-D004", 1, None, None)]


@pytest.mark.parametrize("name", ["member_months.csv", "member_months.csv.gz"])
@pytest.mark.parametrize("columns", [{}, {"group_id": "group", "member_id": "person"}])
def test_member_months_without_a_header(tmp_path: Path, name: str, columns: dict[str, str]) -> None:
    assert found(months(write(tmp_path, ROWS, name), columns=columns, ignore=("none",))) == NO_HEADER


@pytest.mark.parametrize(
    "first",
    [
        "riverside,R001,2014-01,fee,none,0.00,0.00\n",  # a cell twice
        "riverside,R001,2014-01,fee,,35.70,272.80\n",  # an empty cell
    ],
)
def test_cells_that_could_be_no_names_are_no_header_either(tmp_path: Path, first: str) -> None:
    assert found(months(write(tmp_path, first + ROWS))) == NO_HEADER


@pytest.mark.parametrize("word", ["product", "paid", "allowed_drugs"])
def test_a_cell_that_is_the_name_of_a_column(tmp_path: Path, word: str) -> None:
    """The first number tells that the others are no names."""
    assert found(months(write(tmp_path, ROWS.replace("fee", word, 1)))) == [("P4V-D004", 1, 3, None)]


def test_a_fault_far_below_names_no_cell_of_the_first_row(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS + "riverside,R003,2014-01,fee,a\tb,1.00,2.00\n" + f"riverside,{'9' * 1001},,,,,\n")
    assert found(months(path)) == [("P4V-D020", 3, 5, None), ("P4V-D020", 4, 2, None)]
    assert found(lambda: read_table(path, path.name)) == [("P4V-D020", 3, 5, None), ("P4V-D020", 4, 2, None)]


def test_a_frame_or_a_parquet_file_made_from_a_table_without_a_header(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    frame = pd.read_csv(path, dtype=str)
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), tmp_path / "m.parquet")
    assert found(months(tmp_path / "m.parquet")) == [("P4V-D004", None, None, None)]
    assert found(lambda: open_tables([TableSpec("member_months", frame=frame)])) == [("P4V-D004", None, None, None)]
    twice = pa.Table.from_arrays([pa.array(["x"]), pa.array(["x"])], names=["35.70", "35.70"])
    pq.write_table(twice, tmp_path / "m.parquet")
    assert found(months(tmp_path / "m.parquet")) == [("P4V-D002", None, None, None)]


def test_one_header_that_a_cell_stands_in_for(tmp_path: Path) -> None:
    month = write(tmp_path, HEADER.replace("month", "2014-01") + "\n" + ROWS)
    assert found(months(month)) == [("P4V-D004", 1, 3, None)]
    member = write(tmp_path, HEADER.replace("member_id", "R001") + "\n" + ROWS)
    assert found(months(member)) == [("P4V-D011", 1, 2, None), ("P4V-D004", 1, None, "member_id")]
    columns = {"member_id": "person"}
    assert found(months(member, columns=columns)) == [("P4V-D011", 1, 2, None), ("P4V-D004", 1, None, "person")]


def test_a_near_name_among_the_cells_is_not_suggested(tmp_path: Path) -> None:
    """`person_101` is near to `person_id`, and an id."""
    path = write(tmp_path, HEADER.replace("member_id", "person_101") + "\n" + ROWS)
    wanted = [("P4V-D011", 1, 2, None), ("P4V-D004", 1, None, "person_id")]
    assert found(months(path, columns={"member_id": "person_id"}), secrets=("person_101",)) == wanted


def test_a_name_that_nobody_asked_for_is_still_named(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER.replace("cohort", "note").replace("allowed", "alowed") + "\n" + ROWS)
    with pytest.raises(Refusal) as refusal:
        months(path)()
    assert [(finding.field, finding.help) for finding in refusal.value.findings] == [
        ("note", "bind it under `columns`, or name it under `ignore`"), ("alowed", "did you mean `allowed`?"),
    ]  # fmt: skip


def test_a_number_that_is_bound_or_ignored_is_a_name(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER.replace("cohort", "2014").replace("allowed", "2013") + "\n" + ROWS)
    with months(path, columns={"allowed": "2013"}, ignore=("2014",))() as tables:  # type: ignore[attr-defined]
        assert "allowed" in tables.columns


SMALL: dict[Role, tuple[Callable[..., object], str]] = {
    "quality": (read_quality, "riverside,R001,2014-01,2014-12,35.70,98.60\n"),
    "figures": (read_given, "riverside,2014-01,paid,,35.70\n"),
    "lag_triangle": (read_lag, "riverside,2014-01,2014-02,35.70\n"),
    "expected_totals": (read_expected, "member_months,35.70,98.60,riverside,2014-01-01\n"),
}


@pytest.mark.parametrize("role", SMALL)
@pytest.mark.parametrize("name", ["small.csv", "small.csv.gz"])
def test_small_tables_without_a_header(tmp_path: Path, role: Role, name: str) -> None:
    read, row = SMALL[role]
    path = write(tmp_path, row + row, name)
    ((code, line, _, field),) = found(lambda: read(TableSpec(role, files=(path,)), tmp_path))
    assert (code, line, field) == ("P4V-D004", 1, None)
    frame = pa.Table.from_arrays(
        [pa.array(["x"])] * row.count(","), names=row.strip().replace(",,", ",").split(",")[: row.count(",")]
    )
    assert found(lambda: read(TableSpec(role, frame=frame))) == [("P4V-D004", None, None, None)]


def test_deaths_without_a_header(tmp_path: Path) -> None:
    rows = write(tmp_path, HEADER + "\n" + ROWS)
    deaths = write(tmp_path, "R001,2014-01\nR002,2014-02\n", "deaths.csv")
    specs = [TableSpec("member_months", files=(rows,)), TableSpec("deaths", files=(deaths,))]
    assert found(lambda: open_tables(specs)) == NO_HEADER


@pytest.mark.parametrize(
    "cell", ["35.70", "-2.00", "2014-01", "01/02/2014", "(5)", "12%", "$1,000.00", "0", "٢", "=1+1"]
)
def test_what_is_a_number_a_day_or_a_month(cell: str) -> None:
    assert looks_like_data(cell)
    assert shown_name(["member_id", cell, "month"], 3) is None


@pytest.mark.parametrize(
    "cell", ["R001", "M1", "GRP-001", "1e3", "5.00CR", "a@b.org", "x" * 65, "AB12", "a\tb", "M" + "0" * 7]
)
def test_what_could_be_a_cell_is_not_repeated(cell: str) -> None:
    assert shown_names(["member_id", cell, "month"]) == ["member_id", "month"]


@pytest.mark.parametrize(
    "name", ["note", "_x", "strata_1", "Plan (old)", "HCC22", "Año", "allowed.inpatient", "paid-to"]
)
def test_what_is_a_name(name: str) -> None:
    assert not looks_like_data(name)
    assert shown_name([name], 1) == name


def test_a_finding_without_a_name_says_which_column(tmp_path: Path) -> None:
    table = pa.table({name: ["x"] for name in HEADER.replace("cohort", "R001").split(",")})
    pq.write_table(table, tmp_path / "m.parquet")
    with pytest.raises(Refusal) as refusal:
        months(tmp_path / "m.parquet")()
    assert list(refusal.value.findings) == [
        Finding(
            "P4V-D011", "m.parquet", "column 5, which nobody asked for", "a column that is bound, or ignored by name",
            help="bind it under `columns`, or name it under `ignore`",
        )
    ]  # fmt: skip
