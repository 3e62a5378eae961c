"""Tables of member months: what each format gives, and what is refused, with its code and place."""

import gzip
import os
import random
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from p4v.data.engine import Engine
from p4v.data.files import Found
from p4v.data.open import OpenTables, open_tables
from p4v.data.parts import find_parts
from p4v.data.scan import scan_csv
from p4v.data.spec import TableSpec
from p4v.errors import Finding, Refusal

BASE = """member_id,group_id,month,allowed,risk_score
M0000001,GRP-001,2024-01,512.34,1.0210
M0000001,GRP-001,2024-02,0.00,1.0210
M0000002,GRP-001,2024-01,1280.05,0.8745
M0000002,GRP-001,2024-02,-20.00,0.8745
M0000003,GRP-001,2024-03,99.99,2.4000
"""
JANUARY = 2024 * 12
ROWS = [
    ("GRP-001", "M0000001", JANUARY, 51234, 10210),
    ("GRP-001", "M0000001", JANUARY + 1, 0, 10210),
    ("GRP-001", "M0000002", JANUARY, 128005, 8745),
    ("GRP-001", "M0000002", JANUARY + 1, -2000, 8745),
    ("GRP-001", "M0000003", JANUARY + 2, 9999, 24000),
]
NAMES = ("group_id", "member_id", "month", "allowed", "risk_score")


def opened(*paths: Path, **changes: Any) -> OpenTables:
    return open_tables([TableSpec("member_months", files=paths, **changes)], threads=2, root=paths[0].parent)


def in_memory(frame: Any, **changes: Any) -> OpenTables:
    return open_tables([TableSpec("member_months", frame=frame, **changes)], threads=2)


def table_of(tables: OpenTables) -> list[dict[str, Any]]:
    """The rows, ordered by group, member and month, as most tables here are."""
    with tables.working():
        rows = tables.con.fetch(tables.months).to_pylist()
    return sorted(rows, key=lambda row: (row["group_id"], row["member_id"], row["month"]))


def rows_of(tables: OpenTables, names: Sequence[str] = NAMES) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in table_of(tables)]


def faults_of(tables: OpenTables) -> list[Finding]:
    """What a roll-up would be told: counts of the rules that rows broke, then their places, then ids."""
    counts: dict[int, int] = {}
    for row in table_of(tables):
        if row["fault"]:
            counts[row["fault"]] = counts.get(row["fault"], 0) + 1
    findings = tables.findings(counts) or tables.id_findings()
    assert {tables.fault_codes[number] for number in counts} <= {finding.code for finding in findings}
    return findings


def refused(*paths: Path, **changes: Any) -> list[Finding]:
    """Every finding of files, whether found on opening or in the rows."""
    try:
        with opened(*paths, **changes) as tables:
            findings = faults_of(tables)
    except Refusal as refusal:
        findings = list(refusal.findings)
    assert findings
    assert {finding.exit_code for finding in findings} <= {3, 4}
    return findings


def places(findings: Sequence[Finding]) -> list[tuple[str, int | None, str | None]]:
    return [(finding.code, finding.line, finding.field) for finding in findings]


def write(folder: Path, text: str | bytes, name: str = "member_months.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def columns_of(text: str) -> dict[str, list[str]]:
    header, *lines = text.strip().split("\n")
    cells = [line.split(",") for line in lines]
    return {name: [row[place] for row in cells] for place, name in enumerate(header.split(","))}


def parquet(folder: Path, columns: dict[str, Any], name: str = "member_months.parquet", **options: Any) -> Path:
    pq.write_table(pa.table(columns), folder / name, **options)
    return folder / name


def money(texts: Sequence[str], digits: int = 18, decimals: int = 2) -> pa.Array:
    return pa.array([Decimal(text) for text in texts], pa.decimal128(digits, decimals))


# What good tables give


def test_a_csv_becomes_whole_cents_and_numbers_of_months(tmp_path: Path) -> None:
    path = write(tmp_path, BASE)
    with opened(path) as tables:
        assert rows_of(tables) == ROWS
        assert {row["fault"] for row in table_of(tables)} == {0}
        assert tables.columns == set(NAMES)
        assert (tables.yearly, tables.months_kind, tables.deaths) == (False, "counted", None)
        (read,) = tables.inputs
        assert (read.role, read.name, read.rows, read.size) == ("member_months", "member_months.csv", 5, len(BASE))
        assert read.sha256 == sha256(BASE.encode()).hexdigest()
        assert tables.id_findings() == tables.duplicate_findings() == []
        types = {name: str(kind) for name, kind in tables.months.schema().items()}
        assert types == {
            "group_id": "string", "member_id": "string", "month": "int32", "allowed": "int64",
            "risk_score": "int64", "fault": "int16",
        }  # fmt: skip


def all_formats(folder: Path, text: str) -> dict[str, list[Path]]:
    """The same rows in every format and split."""
    columns = columns_of(text)
    header, *lines = text.strip().split("\n")
    shuffled = random.Random(4).sample(lines, len(lines))
    whole = len(lines)
    parts = [shuffled[start::10] for start in range(10) if shuffled[start::10]]
    typed = {
        **columns,
        "month": [date(int(text[:4]), int(text[5:]), 1) for text in columns["month"]],
        "allowed": money(columns["allowed"]),
        "risk_score": money(columns["risk_score"], 9, 4),
    }
    coded = {
        **{name: cells for name, cells in columns.items() if name != "allowed"},
        "month": [int(text.replace("-", "")) for text in columns["month"]],
        "allowed_cents": [int(Decimal(text) * 100) for text in columns["allowed"]],
    }
    file = folder / "tables.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.register("coming", pa.table(typed))
        connection.execute("CREATE TABLE member_months AS SELECT * FROM coming")
    many = [write(folder, "\n".join([header, *part, ""]), f"part-{number}.csv") for number, part in enumerate(parts)]
    assert sum(len(part) for part in parts) == whole
    return {
        "csv": [write(folder, text)],
        "csv with CRLF": [write(folder, text.replace("\n", "\r\n"), "crlf.csv")],
        "csv without a last line end": [write(folder, text.rstrip("\n"), "end.csv")],
        "csv with a BOM": [write(folder, b"\xef\xbb\xbf" + text.encode(), "bom.csv")],
        "csv in quotes": [write(folder, "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.strip().split("\n")), "quoted.csv")],
        "shuffled": [write(folder, "\n".join([header, *shuffled, ""]), "shuffled.csv")],
        "gz": [write(folder, gzip.compress(text.encode()), "months.csv.gz")],
        "gz in two members": [write(folder, gzip.compress(text[:40].encode()) + gzip.compress(text[40:].encode()), "two.csv.gz")],
        "ten files": many,
        "text in parquet": [parquet(folder, columns, "text.parquet")],
        "typed parquet": [parquet(folder, typed, "typed.parquet", row_group_size=2)],
        "cents in parquet": [parquet(folder, coded, "cents.parquet")],
        "parquet without statistics": [parquet(folder, coded, "bare.parquet", write_statistics=False)],
        "parquet in two layouts": [parquet(folder, {name: cells[:2] for name, cells in coded.items()}, "a.parquet"), parquet(folder, {name: cells[2:] for name, cells in columns.items()}, "b.parquet")],
        "duckdb": [file],
    }  # fmt: skip


def test_the_same_rows_are_the_same_table_in_every_format(tmp_path: Path) -> None:
    draw = random.Random(3)
    lines = [
        f"M{draw.randrange(60):07},GRP-{draw.randrange(4):03},{2013 + number % 3}-{number % 12 + 1:02},"
        f"{draw.choice(['0.00', '-0.00', '12', '7.5', '-3.10', '99999999999.99'])},{draw.randrange(30000) / 10000:.4f}"
        for number in range(500)
    ]
    text = "\n".join(["member_id,group_id,month,allowed,risk_score", *lines, ""])
    prints = {}
    for name, paths in all_formats(tmp_path, text).items():
        for threads in (1, 2):
            spec = TableSpec("member_months", files=tuple(paths), table="member_months")
            with open_tables([spec], threads=threads) as tables:
                assert sum(read.rows for read in tables.inputs) == 500
                assert not any(row["fault"] for row in table_of(tables)), name
                prints[name, threads] = tables.fingerprint()
    frame = pd.DataFrame(columns_of(text))
    for name, given in {"pandas": frame, "arrow": pa.Table.from_pandas(frame)}.items():
        with in_memory(given) as tables:
            prints[name, 2] = tables.fingerprint()
    assert len(set(prints.values())) == 1, prints
    assert len(prints) == 32


def test_a_fingerprint_tells_a_cent_a_row_and_a_pair_of_rows_apart(tmp_path: Path) -> None:
    pair = "M0000004,GRP-001,2024-03,1.00,1.0000\n" * 2
    texts = [BASE, BASE.replace("512.34", "512.35"), BASE + pair[:37], BASE + pair, BASE.replace("-20.00", "20.00")]
    prints = []
    for text in texts:
        with opened(write(tmp_path, text)) as tables:
            prints.append(tables.fingerprint())
    assert len(set(prints)) == len(texts)


def test_minus_zero_is_zero(tmp_path: Path) -> None:
    prints = []
    for cell in ("0.00", "-0.00", "0", "-0"):
        with opened(write(tmp_path, BASE.replace("0.00,", f"{cell},", 1))) as tables:
            assert rows_of(tables)[1][3] == 0
            prints.append(tables.fingerprint())
    assert len(set(prints)) == 1


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_cents_after_many_whole_dollars_stay(tmp_path: Path, packed: bool, threads: int) -> None:
    lines = [f"M{number:07},G1,2024-01,{number % 900}" for number in range(20_480)]
    text = "\n".join(["member_id,group_id,month,allowed", *lines, "M9999999,G1,2024-01,5.75", ""]).encode()
    path = write(tmp_path, gzip.compress(text) if packed else text, "months.csv.gz" if packed else "months.csv")
    with open_tables([TableSpec("member_months", files=(path,))], threads=threads) as tables:
        rows = tables.months.filter(tables.months["member_id"] == "M9999999")
        assert tables.con.fetch(rows)["allowed"].to_pylist() == [575]
        total = sum(number % 900 for number in range(20_480)) * 100 + 575
        assert tables.con.fetch(tables.months.agg(total=tables.months["allowed"].sum())).to_pylist() == [
            {"total": total}
        ]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_tenth_of_a_cent_is_refused_with_its_line(tmp_path: Path, packed: bool, threads: int) -> None:
    lines = [f"M{number:07},G1,2024-01,{number % 900}" for number in range(50_000)]
    lines[41_234] = "M0041234,G1,2024-01,12.345"
    text = "\n".join(["member_id,group_id,month,allowed", *lines, ""]).encode()
    path = write(tmp_path, gzip.compress(text) if packed else text, "months.csv.gz" if packed else "months.csv")
    with open_tables([TableSpec("member_months", files=(path,))], threads=threads) as tables:
        (finding,) = faults_of(tables)
    assert (finding.code, finding.line, finding.column, finding.field) == ("P4V-D012", 41_236, 4, "allowed")
    assert "12.345" not in finding.text()


def test_amounts_by_category_and_in_cents(tmp_path: Path) -> None:
    text = "group_id,member_id,year_month,allowed_inpatient,paid_inpatient_cents,allowed.drugs,revenue\nG,M,202401,1.5,-250,0.250,10\n"
    with opened(write(tmp_path, text)) as tables:
        (row,) = table_of(tables)
    assert row == {
        "group_id": "G", "member_id": "M", "month": JANUARY, "allowed.inpatient": 150, "paid.inpatient": -250,
        "allowed.drugs": 25, "revenue": 1000, "fault": 0,
    }  # fmt: skip


def test_cents_with_a_point_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "group_id,member_id,month,paid_cents\nG,M,2024-01,2.50\n")
    assert places(refused(path)) == [("P4V-D012", 2, "paid_cents")]


def test_a_yearly_table(tmp_path: Path) -> None:
    text = "group_id,member_id,year,member_months,allowed\nG,M1,1974,12,1.00\nG,M2,1975,11.500001,2.00\nG,M3,1975,0.000000,0\n"
    with opened(write(tmp_path, text)) as tables:
        assert tables.yearly
        names = ("member_id", "month", "member_months")
        assert rows_of(tables, names) == [
            ("M1", 1974 * 12, 12_000_000), ("M2", 1975 * 12, 11_500_001), ("M3", 1975 * 12, 0),
        ]  # fmt: skip
    bad = text.replace("11.500001", "12.000001").replace(",12,", ",-1,").replace("M3,1975", "M3,1975-01")
    assert places(refused(write(tmp_path, bad))) == [
        ("P4V-D034", 2, "member_months"), ("P4V-D034", 3, "member_months"), ("P4V-D033", 4, "year"),
    ]  # fmt: skip


def test_days_of_a_month(tmp_path: Path) -> None:
    header = "group_id,member_id,month,first_day,last_day\n"
    good = header + "G,M1,2024-02,1,29\nG,M2,1900-02,28,28\nG,M3,2000-02,2,29\nG,M4,2023-04,30,30\nG,M5,2023-12,31,31\n"
    with opened(write(tmp_path, good), months="covered_days") as tables:
        assert rows_of(tables, ("first_day", "last_day", "fault")) == [
            (1, 29, 0),
            (28, 28, 0),
            (2, 29, 0),
            (30, 30, 0),
            (31, 31, 0),
        ]
        assert tables.months_kind == "covered_days"
    bad = (
        header
        + "G,M1,2023-02,1,29\nG,M2,1900-02,1,29\nG,M3,2024-04,1,31\nG,M4,2024-04,9,8\nG,M5,2024-04,0,8\nG,M6,2024-04,1,32\n"
    )
    assert places(refused(write(tmp_path, bad), months="covered_days")) == [
        ("P4V-D034", 2, "last_day"), ("P4V-D034", 3, "last_day"), ("P4V-D034", 4, "last_day"),
        ("P4V-D034", 5, "last_day"), ("P4V-D034", 6, "first_day"), ("P4V-D034", 7, "last_day"),
    ]  # fmt: skip
    assert places(refused(write(tmp_path, BASE), months="covered_days")) == [
        ("P4V-D004", 1, "first_day"), ("P4V-D004", 1, "last_day"),
    ]  # fmt: skip


def test_columns_are_mapped_ignored_or_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "grp,person,ym,alw_inp,hosp,note\nG,M,2024-01,1.00,,x\n")
    columns = {
        "group_id": "grp",
        "member_id": "person",
        "month": "ym",
        "allowed.inpatient": "alw_inp",
        "hospice": "hosp",
    }
    with opened(path, columns=columns, ignore=("note",)) as tables:
        assert table_of(tables)[0] == {
            "group_id": "G", "member_id": "M", "month": JANUARY, "allowed.inpatient": 100, "hospice": "", "fault": 0,
        }  # fmt: skip
    assert places(refused(path, columns=columns)) == [("P4V-D011", 1, "note")]
    found = refused(path, columns={**columns, "paid": "paid_total", "Allowed": "note"})
    assert places(found) == [("P4V-D004", 1, "Allowed"), ("P4V-D004", 1, "paid_total")]
    missing = refused(write(tmp_path, "member_id,allowed\nM,1\n"))
    assert places(missing) == [("P4V-D004", 1, "group_id"), ("P4V-D004", 1, "month")]


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, BASE.replace("risk_score", "allowed_cents"))
    assert places(refused(path)) == [("P4V-D002", 1, "allowed_cents")]


def test_the_map_of_the_tuva_data_model(tmp_path: Path) -> None:
    header = (
        "member_month_key,person_id,member_id,year_month,payer,plan,data_source,payer_attributed_provider,"
        "payer_attributed_provider_organization,custom_attributed_provider_organization,total_paid,medical_paid,"
        "inpatient_paid,office_based_paid,acute_inpatient_paid,other_paid_2,total_allowed,inpatient_allowed,"
        "pharmacy_allowed,skilled_nursing_allowed,tuva_last_run"
    )
    line = "1,P1,X9,202403,aetna,ppo,feed,N1,ORG1,ORG2,9.00,8.00,5.00,3.00,5.00,0.00,12.00,7.00,5.00,1.00,2024-05-01"
    path = write(tmp_path, f"{header}\n{line}\n")
    with opened(path, map="tuva") as tables:
        assert table_of(tables)[0] == {
            "group_id": "ORG1", "member_id": "P1", "month": JANUARY + 2, "product": "ppo", "paid.inpatient": 500,
            "paid.office": 300, "allowed.inpatient": 700, "allowed.pharmacy": 500, "fault": 0,
        }  # fmt: skip
    with opened(path, map="tuva", columns={"group_id": "custom_attributed_provider_organization"}) as tables:
        assert table_of(tables)[0]["group_id"] == "ORG2"


def test_deaths(tmp_path: Path) -> None:
    months = TableSpec("member_months", files=(write(tmp_path, BASE),))
    deaths = write(tmp_path, "member_id,death_month\nM0000002,2024-01\n", "deaths.csv")
    with open_tables([months, TableSpec("deaths", files=(deaths,))], threads=1) as tables:
        assert tables.deaths is not None
        assert tables.con.fetch(tables.deaths).to_pylist() == [{"member_id": "M0000002", "death_month": JANUARY}]
        assert [read.role for read in tables.inputs] == ["member_months", "deaths"]
    deaths.write_text("member_id,death_month\nM0000002,2024-00\nM 3,2024-01\n")
    with pytest.raises(Refusal) as refusal:
        open_tables([months, TableSpec("deaths", files=(deaths,))])
    assert places(refusal.value.findings) == [("P4V-D033", 2, "death_month")]
    deaths.write_text("member_id,death_month\nM 3,2024-01\n")
    with pytest.raises(Refusal) as refusal:
        open_tables([months, TableSpec("deaths", files=(deaths,))])
    assert places(refusal.value.findings) == [("P4V-D020", 2, "member_id")]


def test_a_folder_of_files_is_one_table(tmp_path: Path) -> None:
    folder = tmp_path / "months"
    folder.mkdir()
    header, *lines = BASE.strip().split("\n")
    for number, line in enumerate(lines):
        write(folder, f"{header}\n{line}\n", f"{number}.csv")
    write(folder, "left by a job", "_SUCCESS")
    with opened(folder) as tables:
        assert rows_of(tables) == ROWS
        assert [read.name for read in tables.inputs] == [f"{number}.csv" for number in range(5)]
    write(folder, f"{header}\n{lines[0]}x\nM,G,2024-01,1.0,1.00005\n", "5.csv")
    assert [(finding.file, finding.line) for finding in refused(folder)] == [("months/5.csv", 2), ("months/5.csv", 3)]


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "months"
    folder.mkdir()
    write(folder, BASE, "a.csv")
    (folder / "b.csv").symlink_to(write(tmp_path, BASE, "elsewhere.csv"))
    with pytest.raises(Refusal) as refusal:
        opened(folder)
    assert [(finding.code, finding.file, finding.exit_code) for finding in refusal.value.findings] == [
        ("P4V-X010", "months/b.csv", 8)
    ]


@pytest.mark.parametrize("name", ["months[1].csv", "month*s.csv", 'it\'s {a} "table".csv', "a=b.csv"])
def test_the_name_of_a_file_is_no_pattern_and_no_sql(tmp_path: Path, name: str) -> None:
    write(tmp_path, "never read", "months1.csv")
    for path in (write(tmp_path, BASE, name), parquet(tmp_path, columns_of(BASE), name)):
        with opened(path) as tables:
            assert rows_of(tables) == ROWS


# Structure of a CSV


STRUCTURES: dict[str, tuple[str | bytes, list[tuple[str, int | None, str | None]]]] = {
    "duplicate column": (BASE.replace("allowed,risk_score", "allowed,allowed"), [("P4V-D002", 1, "allowed")]),
    "short row": (BASE + "M0000004,GRP-001,2024-01\n", [("P4V-D003", 7, None)]),
    "long rows": (BASE + "M4,G,2024-01,1,1,1\nM5,G,2024-01,1,1,\n", [("P4V-D003", 7, None), ("P4V-D003", 8, None)]),
    "tabs": (BASE.replace(",", "\t"), [("P4V-D001", 1, None)]),
    "semicolons": (BASE.replace(",", ";"), [("P4V-D001", 1, None)]),
    "bars": (BASE.replace(",", "|"), [("P4V-D001", 1, None)]),
    "blank lines": (BASE.replace("M0000002,GRP-001,2024-01", "\n\nM0000002,GRP-001,2024-01"), [("P4V-D003", 4, None), ("P4V-D003", 5, None)]),
    "a blank line with a return": (BASE.replace("\n", "\r\n") + "\r\n", [("P4V-D003", 7, None)]),
    "blank line at the end": (BASE + "\n", [("P4V-D003", 7, None)]),
    "header only": (BASE.split("\n", maxsplit=1)[0] + "\n", [("P4V-D006", 1, None)]),
    "empty": ("", [("P4V-D006", 1, None)]),
    "line break in an id": (BASE + '"M00\n00004",GRP-001,2024-01,5.00,1.0\n', [("P4V-D020", 7, "member_id")]),
    "line break in an id in the middle": (BASE.replace("M0000002,GRP-001,2024-02", '"M00\n2",GRP-001,2024-02'), [("P4V-D020", 5, "member_id")]),
    "two encodings": (BASE.encode() + "Mu\u00f1oz,GRP-001,2024-01,5.00,1.0\n".encode("latin-1"), [("P4V-D008", 7, None)]),
    "utf-16": (BASE.encode("utf-16"), [("P4V-D009", None, None)]),
    "zero byte": (BASE.replace("512", "5\x002"), [("P4V-D009", None, None)]),
    "a quote that does not close": (BASE + 'M4,"G,2024-01,1,1\n', [("P4V-D005", 7, None)]),
    "text after a quote": (BASE + 'M4,"G"1,2024-01,1,1\n', [("P4V-D005", 7, None)]),
    "two kinds of line ends": (BASE + "M4,G,2024-01,1,1\r\nM5,G,2024-01,1,1\n", [("P4V-D005", 7, None)]),
    "a return alone": (BASE + "M4,G,2024-01,1,1\rM5,G,2024-01,1,1\n", [("P4V-D005", 7, None), ("P4V-D003", 7, None)]),
    "a hidden character": (BASE.replace("M0000002,GRP-001,2024-02", "M0000002,GRP\u202e001,2024-02"), [("P4V-D020", 5, "group_id")]),
    "a tab in a cell": (BASE.replace("M0000002,GRP-001,2024-02", "M0000002,GRP\t001,2024-02"), [("P4V-D020", 5, "group_id")]),
    "a long cell": (BASE + f"M4,G,2024-01,{'1' * 1001},1\n", [("P4V-D020", 7, "allowed")]),
    "a comma too many after a quote": (BASE + 'M4,"G",2024-01,1,1,\n', [("P4V-D003", 7, None)]),
    "a comma too many after quotes elsewhere": ('"member_id"' + BASE[9:] + "M4,G,2024-01,1,1,\n", [("P4V-D003", 7, None)]),
    "a comma too many at the end of a file with quotes": (BASE + '"M4",G,2024-01,1,1,', [("P4V-D003", 7, None)]),
    "a field too few, and a comma in quotes": (BASE + 'M4,"G,1",2024-01,1\n', [("P4V-D003", 7, None)]),
    "quotes within cells around a comma": (BASE + 'M4,G"1,2"G,2024-01,1,\n', [("P4V-D003", 7, None)]),
    "a long cell in quotes": (BASE + f'M4,"{"G," * 501}",2024-01,1,1\n', [("P4V-D020", 7, "group_id")]),
    "a column without a name": (BASE.replace("risk_score", ""), [("P4V-D002", 1, None)]),
}  # fmt: skip


@pytest.mark.parametrize("title", STRUCTURES)
@pytest.mark.parametrize("packed", [False, True])
def test_structure_of_a_csv(tmp_path: Path, title: str, packed: bool) -> None:
    text, expected = STRUCTURES[title]
    content = text.encode() if isinstance(text, str) else text
    path = write(tmp_path, gzip.compress(content) if packed else content)
    assert places(refused(path)) == expected


def test_the_same_faults_far_into_a_file(tmp_path: Path) -> None:
    """Blocks of the quick look begin and end anywhere: the place of a fault is the same."""
    lines = [f"M{number:07},GRP-001,2024-01,1.00,1.0000" for number in range(150_000)]
    faults = {3: "", 120_000: "M4,G", 149_998: '"M\n4",G,2024-01,1,1', 149_999: "M4,G,2024-01,1,\x7f1"}
    for number, line in faults.items():
        lines[number] = line
    path = write(tmp_path, "\n".join(["member_id,group_id,month,allowed,risk_score", *lines, ""]))
    assert path.stat().st_size > 4 * 1024 * 1024
    assert places(refused(path)) == [
        ("P4V-D003", 5, None), ("P4V-D003", 120_002, None), ("P4V-D020", 150_000, "member_id"),
        ("P4V-D020", 150_002, "risk_score"),
    ]  # fmt: skip


@pytest.mark.parametrize("fault", ["", "M4,G", '"M\n4",G,2024-01,1,1', "M4,G,2024-01,1,\x7f1", "M\xa04,G,2024-01,1,1", 'M4,G,2024-01,1,"1', "M4,G,2024-01,1,1\r", "x" * 1001 + ",G,2024-01,1,1", ",".join("123456"), 'M4,"G",2024-01,1,1,', 'M4,"G,",2024-01,1', 'M4,G"1,2"G,2024-01,1,'])  # fmt: skip
def test_one_fault_anywhere_is_seen(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With small blocks the fault meets every edge of a block."""
    for block in (7, 64, 1001, 1 << 20):
        monkeypatch.setattr("p4v.data.scan._BLOCK", block)
        lines = [f"M{number:07},GRP-001,2024-01,1.00,1.0000" for number in range(200)]
        path = write(tmp_path, "\n".join(["member_id,group_id,month,allowed,risk_score", *lines, ""]))
        assert scan_csv(path, path.name).rows == 200
        for place in (0, 1, 57, 199):
            broken = [*lines[:place], fault, *lines[place + 1 :]]
            path = write(tmp_path, "\n".join(["member_id,group_id,month,allowed,risk_score", *broken, ""]))
            with pytest.raises(Refusal) as refusal:
                scan_csv(path, path.name)
            assert refusal.value.findings[0].line == place + 2


def test_quotes_where_they_may_stand_cost_no_slow_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around cells, with commas and pairs of quotes in them, in every block and at every edge of one."""
    monkeypatch.setattr("p4v.data.scan.refuse_faults", lambda *_: pytest.fail("the whole file is read again"))
    lines = [f'"M{number:07}","a,""b"",c",2024-01,"","1.0000"' for number in range(200)]
    text = "\r\n".join(['"member_id","group_id",month,"allowed","risk_score"', *lines, ""])
    for block in (7, 64, 1001, 1 << 20):
        monkeypatch.setattr("p4v.data.scan._BLOCK", block)
        for start in ("", "\ufeff"):
            for end in ("", "\r\n"):
                path = write(tmp_path, start + text.rstrip() + end)
                assert scan_csv(path, path.name).rows == 200


def test_a_field_of_fifty_megabytes(tmp_path: Path) -> None:
    path = write(tmp_path, BASE + "M" * 50_000_000 + ",GRP-001,2024-01,5.00,1.0\n")
    (finding,) = refused(path)
    assert (finding.code, finding.line, finding.column) == ("P4V-D020", 7, 1)
    assert len(finding.text()) < 200


def test_no_more_findings_are_collected_than_are_shown(tmp_path: Path) -> None:
    assert len(refused(write(tmp_path, BASE + "M4\n" * 200))) == 51
    months = refused(write(tmp_path, BASE + "M4,G,2024-13,1,1\n" * 200))
    assert (len(months), months[-1].found) == (50, "no month, and 150 more")


# Numbers, months and ids in rows


CELLS = [
    *(("allowed", cell, "P4V-D012") for cell in ["0.30000000000000004", "$12.50", "5.00CR", "1e3", "inf", "nan", "1_000", "1 000", " 1", "1 ", "+1", "12.345", "1.", ".5", "--1", "0x10", "123456789012", "1,5", "(5.00)", "5.00-", "٢", "TRUE", "0.001", "12.3400000001"]),
    *(("risk_score", cell, "P4V-D015") for cell in ["1.00005", "-1", "1e0", "x", "10000", "nan", "1."]),
    *(("month", cell, "P4V-D033") for cell in ["2024-13", "2024-00", "45292", "2024", "2024-1", "2024-01-02", "2024/01", "24-01", "Jan 2024", "202413", "2024-01-01 00:00", "2024-01 ", "0000-01", "1899-12", "2200-01", "20240101"]),
    *(("member_id", cell, "P4V-D020") for cell in ["M 1", "m0000001 ", "-M1", "M/1", "../x", "é1", "M" * 65, "=1+1"]),
    *(("group_id", cell, "P4V-D020") for cell in ["GRP 1", "G.1"]),
]  # fmt: skip


GOOD = {"member_id": "M0000009", "group_id": "GRP-001", "month": "2024-01", "allowed": "5.00", "risk_score": "1.0"}


def with_cells(column: str, cells: Sequence[str]) -> str:
    """The base with a row more for each of these cells."""
    quoted = [f'"{cell}"' if "," in cell else cell for cell in cells]
    return BASE + "".join(",".join({**GOOD, column: cell}.values()) + "\n" for cell in quoted)


@pytest.mark.parametrize("column", GOOD)
def test_cells_that_are_refused(tmp_path: Path, column: str) -> None:
    """Each in a row of its own: an empty one among them, so that ids are looked at apart."""
    wanted = [(cell, code) for name, cell, code in CELLS if name == column and cell]
    findings = refused(write(tmp_path, with_cells(column, [cell for cell, _ in wanted])))
    place = list(GOOD).index(column) + 1
    for line, ((cell, code), finding) in enumerate(zip(wanted, findings, strict=True), start=7):
        assert (finding.code, finding.file, finding.line, finding.column) == (code, "member_months.csv", line, place), (
            cell
        )
        assert finding.field == column
        assert cell not in finding.found
    columns = {name: [*cells, *(cell if name == column else GOOD[name] for cell, _ in wanted)] for name, cells in columns_of(BASE).items()}  # fmt: skip
    found = refused(parquet(tmp_path, columns))
    for row, ((_, code), finding) in enumerate(zip(wanted, found, strict=True), start=6):
        assert (finding.code, finding.line, finding.column, finding.field) == (code, None, None, column)
        assert finding.found.endswith(f", in row {row}")


@pytest.mark.parametrize("column", GOOD)
def test_an_empty_cell_is_refused_in_every_format(tmp_path: Path, column: str) -> None:
    assert places(refused(write(tmp_path, with_cells(column, [""])))) == [("P4V-D013", 7, column)]
    for empty in ("", None):
        columns = {name: [*cells, empty if name == column else GOOD[name]] for name, cells in columns_of(BASE).items()}
        no_id = empty == "" and column.endswith("_id")
        whole = {name: cells[:-1] for name, cells in columns.items()}
        last = {name: cells[-1:] for name, cells in columns.items()}
        # A footer says which part of a file, or of a table, has no empty cell; the others have one.
        for paths in (
            [parquet(tmp_path, columns)],
            [parquet(tmp_path, columns, "parts.parquet", row_group_size=2)],
            [parquet(tmp_path, columns, "no-statistics.parquet", write_statistics=False)],
            [parquet(tmp_path, whole, "a.parquet"), parquet(tmp_path, last, "b.parquet")],
        ):
            (finding,) = refused(*paths)
            assert (finding.code, finding.field) == ("P4V-D020" if no_id else "P4V-D013", column)


@pytest.mark.parametrize(
    "column, cell, value",
    [
        ("allowed", "99999999999.99", 9_999_999_999_999), ("allowed", "-99999999999.99", -9_999_999_999_999),
        ("allowed", "00012.5", 1250), ("allowed", "12.3400", 1234), ("allowed", "7", 700),
        ("risk_score", "9999.9999", 99_999_999), ("risk_score", "0", 0), ("risk_score", "1.00010000", 10_001),
        ("month", "2024-02-01", JANUARY + 1), ("month", "202402", JANUARY + 1), ("month", "2199-12", 2200 * 12 - 1),
        ("member_id", "12345678901234567890", "12345678901234567890"), ("member_id", "0007", "0007"),
        ("member_id", "A" * 64, "A" * 64),
    ],
)  # fmt: skip
def test_a_cell_that_is_taken(tmp_path: Path, column: str, cell: str, value: object) -> None:
    for path in (
        write(tmp_path, with_cells(column, [cell])),
        parquet(tmp_path, columns_of(with_cells(column, [cell]))),
    ):
        with opened(path) as tables:
            rows = table_of(tables)
            assert value in [row[column] for row in rows]
            assert {row["fault"] for row in rows} == {0}
            assert tables.id_findings() == []


def test_broken_rows_are_never_null_and_say_which_rule(tmp_path: Path) -> None:
    path = write(tmp_path, "group_id,member_id,month,allowed,risk_score,product\n,M,x,y,z,\nG,M,2024-01,1,1,ppo\n")
    with opened(path) as tables:
        broken, good = table_of(tables)
        assert tables.fault_codes[broken["fault"]] == "P4V-D013"
        assert good["fault"] == 0
        assert {**broken, "fault": 1} == {
            "group_id": "", "member_id": "M", "month": -1, "allowed": 0, "risk_score": 0, "product": "", "fault": 1,
        }  # fmt: skip
        assert places(tables.findings({broken["fault"]: 1})) == [("P4V-D013", 2, "group_id")]
        assert places(tables.findings(dict.fromkeys(tables.fault_codes, 1))) == [
            ("P4V-D013", 2, "group_id"), ("P4V-D013", 2, "product"), ("P4V-D012", 2, "allowed"),
            ("P4V-D033", 2, "month"), ("P4V-D015", 2, "risk_score"),
        ]  # fmt: skip


def test_words_of_purpose_and_months_outside(tmp_path: Path) -> None:
    header = "group_id,member_id,month,purpose,member_months\n"
    good = header + "G,M,2024-01,fee,1\nG,M,2024-01,cost,0.5\nG,M,2024-01,quality,0.000001\n"
    with opened(write(tmp_path, good)) as tables:
        assert rows_of(tables, ("purpose", "member_months")) == [("fee", 10**6), ("cost", 500_000), ("quality", 1)]
        assert tables.duplicate_findings() == []
    bad = header + "G,M,2024-01,Fee,1\nG,M,2024-01,cost,-1\nG,M,2024-01,fee,1.000001\nG,M,2024-01,fee,0.0000001\n"
    assert places(refused(write(tmp_path, bad))) == [
        ("P4V-D036", 2, "purpose"), ("P4V-D034", 3, "member_months"), ("P4V-D034", 4, "member_months"),
        ("P4V-D034", 5, "member_months"),
    ]  # fmt: skip


def test_ids_that_differ_only_in_case(tmp_path: Path) -> None:
    text = BASE + "m0000002,GRP-001,2024-03,1,1\nM0000004,grp-001,2024-03,1,1\nm5,G2,2024-03,1,1\nm5,G2,2024-04,1,1\n"
    findings = refused(write(tmp_path, text))
    assert places(findings) == [("P4V-D020", 8, "group_id"), ("P4V-D020", 7, "member_id")]
    assert ["member_months.csv:2" in findings[0].found, "member_months.csv:4" in findings[1].found] == [True, True]


def test_rows_that_stand_twice(tmp_path: Path) -> None:
    header, *lines = BASE.strip().split("\n")
    text = BASE + lines[0] + "\n" + lines[0].replace("512.34", "1.00").replace("2024-01", "202401") + "\n"
    with opened(write(tmp_path, text)) as tables:
        findings = tables.duplicate_findings()
    assert places(findings) == [("P4V-D030", 7, "member_id"), ("P4V-D030", 8, "member_id")]
    assert "member_months.csv:2" in findings[0].found
    second = write(tmp_path, f"{header}\n{lines[2]}\n", "second.csv")
    with opened(write(tmp_path, BASE), second) as tables:
        (finding,) = tables.duplicate_findings()
    assert (finding.file, finding.line, "member_months.csv:4" in finding.found) == ("second.csv", 2, True)
    assert "M0000001" not in " ".join(found.text() for found in (*findings, finding))
    moved = lines[0].replace("GRP-001", "GRP-002")
    with opened(write(tmp_path, f"{BASE}{moved}\n")) as tables:
        (finding,) = tables.duplicate_findings()
    assert (finding.line, finding.found) == (7, "the member and month of member_months.csv:2 again, with another group")


def test_rejected_rows_as_a_table(tmp_path: Path) -> None:
    text = BASE + '=1+1,GRP-001,2024-13,"5,00",1\nM9,GRP-001,2024-13,-1,1\nM9,GRP-001,2024-12,x,1\n'
    with opened(write(tmp_path, text)) as tables:
        month = next(row["fault"] for row in table_of(tables) if row["month"] == -1 and row["allowed"] == -100)
        money_rule = next(row["fault"] for row in table_of(tables) if row["month"] != -1 and row["fault"])
        assert (tables.fault_codes[month], tables.fault_codes[money_rule]) == ("P4V-D033", "P4V-D012")
        table = tables.rejected_csv([month, money_rule]).decode()
        assert table.split("\n") == [
            "file,line_or_row,code,field,allowed,group_id,member_id,month,risk_score",
            'member_months.csv,7,P4V-D012,allowed,"5,00",GRP-001,\'=1+1,2024-13,1',
            "member_months.csv,8,P4V-D033,month,-1,GRP-001,M9,2024-13,1",
            "member_months.csv,9,P4V-D012,allowed,x,GRP-001,M9,2024-12,1",
            "",
        ]
        assert tables.rejected_csv([month]).count(b"\n") == 2


# Parquet, DuckDB, memory, and what is none of them


def test_types_of_columns_are_judged_before_any_row(tmp_path: Path) -> None:
    good = columns_of(BASE)
    floats = [0.1 + 0.2] * 5
    for column, cells in [
        ("allowed", floats), ("allowed", [1] * 5), ("member_id", [123] * 5), ("risk_score", floats), ("group_id", floats),
        ("month", floats), ("allowed", [True] * 5), ("allowed", [b"1"] * 5), ("risk_score", [1] * 5),
    ]:  # fmt: skip
        findings = refused(parquet(tmp_path, {**good, column: cells}))
        assert places(findings) == [("P4V-D051", None, column)]
        with pytest.raises(Refusal) as refusal:
            in_memory(pd.DataFrame({**good, column: cells}))
        assert places(refusal.value.findings) == [("P4V-D051", None, column)]
    assert places(refused(parquet(tmp_path, {"member_id": [123], "group_id": ["G"], "month": ["2024-01"]}))) == [
        ("P4V-D051", None, "member_id")
    ]


def test_column_names_twice_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "member_months.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["allowed", "allowed"]), path)
    assert places(refused(path)) == [("P4V-D002", None, "allowed")]


def test_missing_columns_are_seen_without_reading_a_page(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"allowed_cents": np.zeros(1_000_000, dtype=np.int64)}, compression="zstd")
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    content[4:-footer] = bytes(len(content) - footer - 4)
    path.write_bytes(content)
    assert places(refused(path)) == [("P4V-D004", None, name) for name in ("group_id", "member_id", "month")]


def test_decimals_below_the_cent_and_nulls_in_parquet(tmp_path: Path) -> None:
    good = columns_of(BASE)
    amounts = pa.array(
        [Decimal("1.2300"), Decimal("1.2345"), None, Decimal(123456789012), Decimal("-0.0100")], pa.decimal128(30, 4)
    )
    path = parquet(tmp_path, {**good, "allowed": amounts})
    with opened(path) as tables:
        assert [row["allowed"] for row in table_of(tables)] == [123, 0, 0, 0, -1]
        findings = faults_of(tables)
    assert [(finding.code, finding.found[-5:]) for finding in findings] == [
        ("P4V-D012", "row 2"),
        ("P4V-D013", "row 3"),
        ("P4V-D012", "row 4"),
    ]
    cents = pa.array([1, None, 10**13, -(10**13) + 1, 2**63 - 1], pa.int64())
    for statistics in (True, False):
        del_allowed = {name: cells for name, cells in good.items() if name != "allowed"}
        path = parquet(tmp_path, {**del_allowed, "allowed_cents": cents}, write_statistics=statistics)
        with opened(path) as tables:
            assert [row["allowed"] for row in table_of(tables)] == [1, 0, 0, -(10**13) + 1, 0]
            codes = [(finding.code, finding.found[-5:]) for finding in faults_of(tables)]
            assert codes == [("P4V-D013", "row 2"), ("P4V-D012", "row 3"), ("P4V-D012", "row 5")]


def test_statistics_of_one_file_do_not_speak_for_another(tmp_path: Path) -> None:
    good = {name: cells for name, cells in columns_of(BASE).items() if name != "allowed"}
    first = parquet(tmp_path, {**good, "allowed_cents": [1] * 5}, "1.parquet")
    second = parquet(tmp_path, {**good, "allowed_cents": pa.array([1, None, 10**15, 1, 1], pa.int64())}, "2.parquet")
    with opened(first, second) as tables:
        assert [(found.file, found.code) for found in faults_of(tables)] == [
            ("2.parquet", "P4V-D013"),
            ("2.parquet", "P4V-D012"),
        ]


def in_two_files(folder: Path, first: pa.Array, second: pa.Array, name: str = "allowed") -> tuple[Path, Path]:
    """The rows of the base in two Parquet files, with these cells in one column, each stored in its own way."""
    good = {column: cells for column, cells in columns_of(BASE).items() if column != "allowed" or name == "risk_score"}
    cut = len(first)
    return (
        parquet(folder, {**{column: cells[:cut] for column, cells in good.items()}, name: first}, "1.parquet"),
        parquet(folder, {**{column: cells[cut:] for column, cells in good.items()}, name: second}, "2.parquet"),
    )


def test_files_with_other_types_keep_their_cents(tmp_path: Path) -> None:
    """An engine casts the cells of all files to the types of the first: each type is read for itself."""
    wide, narrow = money(["512.34", "0.00", "1280.05"], 12, 2), money(["-20", "7"], 12, 0)
    whole, small = pa.array([51234, 0, 3 * 10**9], pa.int64()), pa.array([-2000, 700], pa.int32())
    for first, second, name, third in ((wide, narrow, "allowed", 128005), (whole, small, "allowed_cents", 3 * 10**9)):
        one, two = in_two_files(tmp_path, first, second, name)
        for paths in ((one, two), (two, one)):
            with opened(*paths) as tables:
                assert [row["allowed"] for row in table_of(tables)] == [51234, 0, third, -2000, 700]
                assert faults_of(tables) == []


def test_a_part_of_a_cent_is_refused_beside_files_of_whole_cents(tmp_path: Path) -> None:
    one, two = in_two_files(tmp_path, money(["1.00", "2.00", "3.00"], 12, 2), money(["12.3400", "12.3440"], 12, 4))
    for paths in ((one, two), (two, one)):
        (finding,) = refused(*paths)
        assert (finding.code, finding.file, finding.field) == ("P4V-D012", "2.parquet", "allowed")
        assert finding.found.endswith("in row 2")


def test_a_risk_score_keeps_its_decimals_beside_coarser_ones(tmp_path: Path) -> None:
    coarse, fine = money(["1.0", "0.9", "2.4"], 6, 1), money(["1.0210", "0.8745"], 6, 4)
    one, two = in_two_files(tmp_path, coarse, fine, "risk_score")
    for paths in ((one, two), (two, one)):
        with opened(*paths) as tables:
            assert [row["risk_score"] for row in table_of(tables)] == [10000, 9000, 24000, 10210, 8745]


def test_files_of_one_schema_are_read_in_one_go(tmp_path: Path) -> None:
    """As many parts as there are schemas, so that a folder of a thousand files is one."""
    spec = TableSpec("member_months")
    paths = [
        parquet(tmp_path, {**columns_of(BASE), "allowed": money(["1.00"] * 5)}, f"{name}.parquet") for name in "abc"
    ]
    paths.append(parquet(tmp_path, {**columns_of(BASE), "allowed": money(["1.00"] * 5, 17)}, "d.parquet"))
    engine = Engine(threads=1, memory=None)
    try:
        parts = find_parts(spec, [Found(path, path.name, "parquet") for path in paths], engine)
        assert [[file.path.name for file in part.files] for part in parts] == [
            ["a.parquet", "b.parquet", "c.parquet"], ["d.parquet"],
        ]  # fmt: skip
    finally:
        engine.close()


def test_an_ignored_column_of_one_csv_alone_does_not_hinder(tmp_path: Path) -> None:
    header, *lines = BASE.strip().split("\n")
    noted = "\n".join([f"{header},note", *(f"{line},x" for line in lines[:2]), ""])
    paths = write(tmp_path, noted, "a.csv"), write(tmp_path, "\n".join([header, *lines[2:], ""]), "b.csv")
    for given in (paths, paths[::-1]):
        with opened(*given, ignore=("note",)) as tables:
            assert rows_of(tables) == ROWS


def test_months_and_member_months_in_parquet(tmp_path: Path) -> None:
    good = columns_of(BASE)
    first = [
        datetime(2024, 1, 1),
        datetime(2024, 2, 1),
        datetime(2024, 1, 1),
        datetime(2024, 2, 1),
        datetime(2024, 3, 1),
    ]
    for cells in (
        pa.array(first, pa.timestamp("us")),
        pa.array(first, pa.timestamp("ns")),
        pa.array(first, pa.date32()),
        pa.array(first, pa.date64()),
    ):
        with opened(parquet(tmp_path, {**good, "month": cells})) as tables:
            assert rows_of(tables) == ROWS
    late = pa.array([*first[:4], datetime(2024, 3, 1, 12)], pa.timestamp("us"))
    assert [found.found for found in refused(parquet(tmp_path, {**good, "month": late}))] == ["no month, in row 5"]
    for cells, expected in [
        (pa.array([1, 0, 1, 1, 2], pa.int8()), [10**6, 0, 10**6, 10**6, 0]),
        (money(["1", "0.5", "0.000001", "1.000001", "-1"], 10, 6), [10**6, 500_000, 1, 0, 0]),
    ]:
        with opened(parquet(tmp_path, {**good, "member_months": cells})) as tables:
            assert [row["member_months"] for row in table_of(tables)] == expected
            assert {found.code for found in faults_of(tables)} == {"P4V-D034"}


def test_dictionary_columns_and_all_null_ones(tmp_path: Path) -> None:
    good = columns_of(BASE)
    columns = {
        **good,
        "month": pa.array(good["month"]).dictionary_encode(),
        "cohort": pa.nulls(5),
        "tier": pa.array(["a", None, "b", "", "a"]),
    }
    with in_memory(pa.table(columns)) as tables:
        assert rows_of(tables) == ROWS
        assert [(row["cohort"], row["tier"]) for row in table_of(tables)] == [
            ("", "a"),
            ("", ""),
            ("", "b"),
            ("", ""),
            ("", "a"),
        ]


def test_a_frame_of_mixed_values_is_refused() -> None:
    frame = pd.DataFrame({**columns_of(BASE), "allowed": pd.Series([1, "2", 3.5, None, Decimal(1)], dtype=object)})
    with pytest.raises(Refusal) as refusal:
        in_memory(frame)
    assert places(refusal.value.findings) == [("P4V-D051", None, "allowed")]


def test_a_duckdb_file_wants_the_name_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    write(tmp_path, "group_id\nx\n", "secret.csv")
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE m AS SELECT 'G' AS group_id, 'M' AS member_id, '2024-01' AS month, CAST(12 AS HUGEINT) AS allowed_cents"
        )
        connection.execute(
            f"CREATE VIEW v AS SELECT * FROM read_csv('{tmp_path / 'secret.csv'}', columns = {{'group_id': 'VARCHAR'}})"
        )
        connection.execute(
            "CREATE TABLE wide AS SELECT 'G' AS group_id, 'M' AS member_id, '2024-01' AS month, CAST(12 AS HUGEINT) AS allowed"
        )
    before = path.read_bytes()
    assert places(refused(path)) == [("P4V-D009", None, None)]
    assert places(refused(path, table="/etc/passwd")) == [("P4V-C031", None, "table")]
    assert places(refused(path, table="other")) == [("P4V-D004", None, "table")]
    assert places(refused(path, table="v")) == [("P4V-D009", None, "table")]
    assert places(refused(path, table="wide")) == [("P4V-D051", None, "allowed")]
    with opened(path, table="m") as tables:
        assert rows_of(tables, ("group_id", "member_id", "month", "allowed")) == [("G", "M", JANUARY, 12)]
    assert path.read_bytes() == before
    write(tmp_path, before[:5000], "y.duckdb")
    assert places(refused(tmp_path / "y.duckdb", table="m")) == [("P4V-D009", None, None)]


def with_a_log(folder: Path) -> Path:
    """A DuckDB file of two rows, the second of which lies in its log, as a program leaves it that is killed."""
    path = folder / "x.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE m AS SELECT 'G' AS group_id, 'M1' AS member_id, '2024-01' AS month, '1.00' AS allowed"
        )
        connection.execute("CHECKPOINT")
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("INSERT INTO m VALUES ('G', 'M2', '2024-01', '500.00')")
    assert (folder / "x.duckdb.wal").stat().st_size
    return path


def test_a_duckdb_file_whose_last_rows_lie_in_a_log(tmp_path: Path) -> None:
    """The digest of the file would not tell these rows from others."""
    path = with_a_log(tmp_path)
    (tmp_path / "link.duckdb").symlink_to(path)
    for given in (path, tmp_path / "link.duckdb"):
        (finding,) = refused(given, table="m")
        assert (finding.code, finding.file, finding.exit_code) == ("P4V-D009", given.name, 4)
        assert (".wal" in finding.found, "CHECKPOINT" in str(finding.help)) == (True, True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CHECKPOINT")
    write(tmp_path, "", "x.duckdb.wal")
    with opened(path, table="m") as tables:
        assert [row["allowed"] for row in table_of(tables)] == [100, 50_000]


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", BASE)


NO_TABLES: dict[str, Callable[[Path], object]] = {
    "a zip file": zipped,
    "a PDF": lambda path: path.write_bytes(b"%PDF-1.7\n"),
    "an old workbook": lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600)),
    "a pipe": lambda path: os.mkfifo(path),
    "a damaged gzip file": lambda path: path.write_bytes(gzip.compress(BASE.encode() * 9999)[:-100]),
    "gzip with something after it": lambda path: path.write_bytes(gzip.compress(BASE.encode()) + b"left over"),
    "half a Parquet file": lambda path: path.write_bytes(b"PAR1" + bytes(100)),
    "a folder of folders": lambda path: (path / "inner").mkdir(parents=True),
}


@pytest.mark.parametrize("title", NO_TABLES)
def test_what_is_no_table(tmp_path: Path, title: str) -> None:
    path = tmp_path / "member_months.csv"
    NO_TABLES[title](path)
    (finding,) = refused(path)
    assert (finding.code, finding.exit_code) == ("P4V-D009", 4)


def test_a_workbook_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "member_months.xlsx"
    zipped(path)
    (finding,) = refused(path)
    assert (finding.code, finding.found, finding.help) == ("P4V-D009", "a workbook", "save the table as CSV, UTF-8")
    path.write_text(BASE)
    assert refused(path)[0].code == "P4V-D009"


def test_a_device_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        open_tables([TableSpec("member_months", files=(Path("/dev/zero"),))])
    assert places(refusal.value.findings) == [("P4V-D009", None, None)]


def test_files_that_are_missing_twice_or_unlike(tmp_path: Path) -> None:
    path = write(tmp_path, BASE)
    assert places(refused(tmp_path / "none.csv")) == [("P4V-D007", None, None)]
    assert places(refused(path, path)) == [("P4V-D030", None, None)]
    other = write(tmp_path, BASE.replace("risk_score", "revenue"), "other.csv")
    assert places(refused(path, other)) == [("P4V-D004", None, "revenue"), ("P4V-D004", None, "risk_score")]
    (tmp_path / "empty").mkdir()
    assert places(refused(tmp_path / "empty")) == [("P4V-D006", None, None)]


def mixed(folder: Path) -> Path:
    """The rows of `BASE` in a folder: two in a CSV, two in gzip, one in Parquet with decimals and a date."""
    header, *lines = BASE.strip().split("\n")
    (folder / "mixed").mkdir()
    write(folder / "mixed", "\n".join([header, *lines[:2], ""]), "a.csv")
    write(folder / "mixed", gzip.compress("\n".join([header, *lines[2:4], ""]).encode()), "b.csv.gz")
    last = columns_of("\n".join([header, lines[4]]))
    typed = {"allowed": money(last["allowed"]), "month": [date(2024, 3, 1)]}
    parquet(folder / "mixed", last | typed, "c.parquet")
    return folder / "mixed"


def test_a_folder_of_csv_and_parquet(tmp_path: Path) -> None:
    folder, alone = mixed(tmp_path), write(tmp_path, BASE)
    with opened(folder) as tables, opened(alone) as whole:
        assert rows_of(tables) == rows_of(whole) == ROWS
        assert tables.fingerprint() == whole.fingerprint()
        assert [(read.name, read.rows) for read in tables.inputs] == [("a.csv", 2), ("b.csv.gz", 2), ("c.parquet", 1)]
    write(folder, BASE.split("\n", maxsplit=1)[0] + "\nM0000004,GRP-001,2024-04,1.001,1.0\n", "d.csv")
    parquet(folder, columns_of(BASE.split("\n", maxsplit=1)[0] + "\nM0000003,GRP-001,2024-03,1.00,x\n"), "e.parquet")
    assert [(one.code, one.file, one.line, one.field) for one in refused(folder)] == [
        ("P4V-D012", "mixed/d.csv", 2, "allowed"), ("P4V-D015", "mixed/e.parquet", None, "risk_score"),
    ]  # fmt: skip


def test_a_folder_with_a_file_of_another_kind(tmp_path: Path) -> None:
    folder = mixed(tmp_path)
    with zipfile.ZipFile(folder / "d.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    (finding,) = refused(folder)
    assert (finding.code, finding.file, finding.exit_code) == ("P4V-D009", "mixed/d.xlsx", 4)
    (folder / "d.xlsx").unlink()
    with duckdb.connect(str(folder / "d.duckdb")) as database:
        database.execute(f"CREATE TABLE t AS SELECT * FROM read_csv('{folder / 'a.csv'}', all_varchar = true)")
    (finding,) = refused(folder, table="t")
    assert (finding.code, finding.file, finding.exit_code) == ("P4V-D009", "mixed/d.duckdb", 4)
    assert finding.allowed == "CSV, in gzip or not, and Parquet together; or DuckDB files alone"
    (folder / "d.duckdb").unlink()
    parquet(folder, columns_of(BASE.replace("risk_score", "revenue")), "e.parquet")
    assert places(refused(folder)) == [("P4V-D004", None, "revenue"), ("P4V-D004", None, "risk_score")]


def test_all_files_are_looked_at_before_any_is_refused(tmp_path: Path) -> None:
    files = [write(tmp_path, BASE + "M4\n", f"{number}.csv") for number in range(3)]
    assert [(finding.file, finding.line) for finding in refused(*files)] == [
        (f"{number}.csv", 7) for number in range(3)
    ]


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, BASE)
    with opened(path) as tables:
        write(tmp_path, BASE.replace("512.34", "512.3"))
        with pytest.raises(Refusal) as refusal:
            _ = tables.inputs
    assert (refusal.value.findings[0].code, refusal.value.exit_code) == ("P4V-S005", 5)


# The engine


def test_nothing_but_the_named_files_is_reached(tmp_path: Path) -> None:
    secret = write(tmp_path, BASE, "secret.csv")
    with opened(write(tmp_path, BASE)) as tables:
        for command in (
            f"SELECT * FROM read_csv('{secret}')",
            f"SELECT * FROM '{secret}'",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'new.duckdb'}'",
            "SET threads = 1",
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "SELECT * FROM tables",
        ):
            with pytest.raises(duckdb.Error):
                tables.con.backend.raw_sql(command)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["member_months.csv", "secret.csv"]


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    path = write(tmp_path, BASE, "months[1].csv")
    with opened(path):
        (private,) = spill.iterdir()
        assert private.stat().st_mode & 0o777 == 0o700
    assert list(spill.iterdir()) == []
    with pytest.raises(Refusal):
        opened(write(tmp_path, BASE + "M4\n"))
    assert list(spill.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), opened(path):
        raise KeyboardInterrupt
    assert list(spill.iterdir()) == []


@pytest.mark.parametrize(
    "error, code",
    [
        (duckdb.IOException("IO Error: Cannot open file: Too many open files"), "P4V-S002"),
        (OSError(24, "Too many open files"), "P4V-S002"),
        (duckdb.IOException("Could not write all bytes to file: No space left on device"), "P4V-S003"),
        (OSError(28, "No space left on device"), "P4V-S003"),
        (duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block"), "P4V-S002"),
        (OSError(5, "Input/output error"), "P4V-S005"),
    ],
)
def test_what_the_machine_refuses_is_a_finding(tmp_path: Path, error: Exception, code: str) -> None:
    with opened(write(tmp_path, BASE)) as tables, pytest.raises(Refusal) as refusal, tables.working():
        raise error
    assert (refusal.value.findings[0].code, refusal.value.exit_code) == (code, 5)


def test_our_own_mistakes_are_no_findings(tmp_path: Path) -> None:
    with opened(write(tmp_path, BASE)) as tables, pytest.raises(duckdb.BinderException), tables.working():
        tables.con.backend.raw_sql("SELECT nothing FROM member_months_1")


def test_a_limit_on_open_files(tmp_path: Path) -> None:
    import resource

    path = write(tmp_path, BASE)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, limits[1]))
        with pytest.raises(Refusal) as refusal:
            opened(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    (finding,) = refusal.value.findings
    assert (finding.code, finding.file, finding.found) == ("P4V-S002", "open files", "a limit of 16")


def test_a_parquet_file_that_is_damaged_inside(tmp_path: Path) -> None:
    path = parquet(tmp_path, {**columns_of(BASE), "allowed": money(columns_of(BASE)["allowed"])}, use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(255 - byte for byte in content[4:60])
    path.write_bytes(content)
    with opened(path) as tables, pytest.raises(Refusal) as refusal, tables.working():
        table_of(tables)
    assert places(refusal.value.findings) == [("P4V-D009", None, None)]


def test_little_memory_is_enough(tmp_path: Path) -> None:
    number = np.arange(400_000)
    columns = {
        "group_id": pa.array(["G1"] * 400_000),
        "member_id": pa.array([f"M{member:07}" for member in number // 12]),
        "month": pa.array(number % 12 + 202_401),
        "allowed_cents": pa.array(number),
    }
    spec = TableSpec("member_months", files=(parquet(tmp_path, columns),))
    with open_tables([spec], threads=1, memory="100MB") as tables:
        whole = tables.months.agg(cents=tables.months["allowed"].sum(), bad=(tables.months["fault"] != 0).sum())
        assert tables.con.fetch(whole).to_pylist() == [{"cents": 399_999 * 200_000, "bad": 0}]
