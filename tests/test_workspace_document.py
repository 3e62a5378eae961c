"""`p4v.yaml`: what it says, every mistake with its place, and paths that lead nowhere else; periods as they are asked for."""

from datetime import date
from pathlib import Path

import pytest

from p4v.errors import Refusal
from p4v.workspace.document import read_asked, read_workspace

WHOLE = """\
workspace: p4v-workspace/1
contracts: contracts
runs: out
templates: templates
store: kept
references:
  acp-2012: {file: references/acp-2012.csv}
tables:
  member_months:
    files: [data/a.csv, ../beside/b.csv]
    months: covered_days
    map: tuva
    columns: {group_id: group, allowed.inpatient: inp_cents}
    ignore: [note]
    known_at: 2015-06-30
  quality: {files: data/quality.csv}
  deaths: {files: data/people.duckdb, table: deaths}
"""
LEAST = "workspace: p4v-workspace/1\ntables:\n  member_months: {files: data}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "w"
    (place / "contracts").mkdir(parents=True)
    return place


def write(folder: Path, text: str) -> Path:
    (folder / "p4v.yaml").write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path) -> list[tuple[str, int | None, int | None, str | None]]:
    with pytest.raises(Refusal) as caught:
        read_workspace(folder)
    return [(finding.code, finding.line, finding.column, finding.field) for finding in caught.value.findings]


def test_what_it_says(folder: Path) -> None:
    found = read_workspace(write(folder, WHOLE))
    assert (found.root, found.contracts, found.runs) == (folder, folder / "contracts", folder / "out")
    assert (found.templates, found.store) == (folder / "templates", folder / "kept")
    assert found.references == {"acp-2012": folder / "references/acp-2012.csv"}
    months = found.tables["member_months"]
    assert months.files == (folder / "data/a.csv", folder / "../beside/b.csv")
    assert (months.role, months.months, months.map) == ("member_months", "covered_days", "tuva")
    assert months.columns == {"group_id": "group", "allowed.inpatient": "inp_cents"}
    assert (months.ignore, months.known_at) == (("note",), date(2015, 6, 30))
    deaths = found.tables["deaths"]
    assert (deaths.files, deaths.table, deaths.known_at) == ((folder / "data/people.duckdb",), "deaths", None)
    assert list(found.tables) == ["member_months", "quality", "deaths"]


def test_what_it_says_where_it_says_little(folder: Path) -> None:
    found = read_workspace(write(folder, LEAST))
    assert (found.contracts, found.runs, found.templates) == (folder / "contracts", folder / "runs", None)
    assert found.store == folder / "data/store"
    months = found.tables["member_months"]
    assert (months.files, months.months, months.map, months.columns, months.ignore) == (
        (folder / "data",), "counted", None, {}, (),
    )  # fmt: skip


def test_every_mistake_at_once(folder: Path) -> None:
    text = """\
workspace: p4v-workspace/2
members_table: /etc/passwd
tables:
  member_months:
    files: data/a.csv
    table: /etc/passwd
    months: counts
    colums: {group_id: group}
    known_at: yesterday
  quality: {}
"""
    assert sorted(faults(write(folder, text)), key=lambda fault: fault[1] or 0) == [
        ("P4V-C052", 1, 12, "workspace"),
        ("P4V-C020", 2, 1, "members_table"),
        ("P4V-C031", 6, 12, "tables.member_months.table"),
        ("P4V-C052", 7, 13, "tables.member_months.months"),
        ("P4V-C020", 8, 5, "tables.member_months.colums"),
        ("P4V-C035", 9, 15, "tables.member_months.known_at"),
        ("P4V-C022", 10, 12, "tables.quality.files"),
    ]


def test_a_workspace_needs_member_months(folder: Path) -> None:
    assert faults(write(folder, "workspace: p4v-workspace/1\ntables: {}\n")) == [
        ("P4V-C022", 2, 9, "tables.member_months")
    ]


def test_no_workspace_here(folder: Path) -> None:
    with pytest.raises(Refusal) as caught:
        read_workspace(folder)
    (finding,) = caught.value.findings
    assert (finding.code, finding.help) == ("P4V-C008", "`p4v init DIR` makes a workspace; --workspace names one")


def test_no_folder_of_contracts(folder: Path) -> None:
    (folder / "contracts").rmdir()
    assert faults(write(folder, LEAST)) == [("P4V-C008", 1, 1, "contracts")]


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../../a.csv", "data/../../../a.csv", "..", "../x/../..", "data/../a.csv", "../x/../a.csv", "./.."],
)
def test_a_path_that_leads_elsewhere(folder: Path, path: str) -> None:
    assert faults(write(folder, LEAST.replace("files: data", f'files: "{path}"')))[0][0] == "P4V-X012"


@pytest.mark.parametrize("path", ["data", "../beside", "./data/other.csv", "../beside/deep/er.csv", "."])
def test_a_path_below_or_beside(folder: Path, path: str) -> None:
    found = read_workspace(write(folder, LEAST.replace("files: data", f"files: {path}")))
    assert found.tables["member_months"].files == (folder / path,)


def test_each_path_of_a_list_has_its_place(folder: Path) -> None:
    text = LEAST.replace("{files: data}", "{files: [a.csv, /b.csv, c.csv, /d.csv]}")
    assert faults(write(folder, text)) == [
        ("P4V-X012", 3, 34, "tables.member_months.files.1"),
        ("P4V-X012", 3, 49, "tables.member_months.files.3"),
    ]


@pytest.mark.parametrize("where", ["contracts", "runs", "store", "files", "references"])
def test_no_way_leads_back_out_of_a_link(folder: Path, where: str) -> None:
    """`link/..` is the folder above the link's other end, not the workspace."""
    (folder.parent / "elsewhere" / "below").mkdir(parents=True)
    (folder / "link").symlink_to(folder.parent / "elsewhere" / "below")
    lines = {
        "files": LEAST.replace("files: data", "files: link/../mm.csv"),
        "references": LEAST + "references:\n  x: {file: link/../mm.csv}\n",
    }
    faulty = faults(write(folder, lines.get(where, LEAST + f"{where}: link/../mm\n")))
    assert [code for code, *_ in faulty] == ["P4V-X012"]


def test_a_planted_link_beside_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "beside").symlink_to(folder.parent / "elsewhere")
    write(folder, LEAST.replace("files: data", "files: ../beside/mm.csv"))
    monkeypatch.chdir(folder)
    assert [code for code, *_ in faults(Path())] == ["P4V-X010"]


def test_a_planted_link_beside_a_workspace_that_a_link_leads_to(folder: Path, tmp_path: Path) -> None:
    """`..` is the folder above the workspace itself, as the system opens it."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "beside").symlink_to(tmp_path / "elsewhere")
    write(folder, LEAST.replace("files: data", "files: ../beside/mm.csv"))
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "w").symlink_to(folder)
    assert [code for code, *_ in faults(tmp_path / "a" / "b" / "w")] == ["P4V-X010"]


@pytest.mark.parametrize("where", ["contracts", "runs", "store", "files", "references"])
def test_a_planted_link(folder: Path, where: str) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder / "link").symlink_to(folder.parent / "elsewhere")
    text = WHOLE.replace("map: tuva\n    ", "")
    replaced = {
        "contracts": text.replace("contracts: contracts", "contracts: link/contracts"),
        "runs": text.replace("runs: out", "runs: link"),
        "store": text.replace("store: kept", "store: link/kept"),
        "files": text.replace("data/a.csv", "link/a.csv"),
        "references": text.replace("references/acp", "link/acp"),
    }[where]
    assert "P4V-X010" in [code for code, *_ in faults(write(folder, replaced))]


def test_the_newest_extract_that_was_known(folder: Path) -> None:
    text = LEAST.replace("files: data", "files: store")
    names = {"2015-03-31": "a" * 64, "2015-06-30": "b" * 64, "2015-09-30": "c" * 64}
    for day, digest in names.items():
        place = folder / "data/store/member_months" / day
        place.mkdir(parents=True)
        (place / f"{digest}.csv.gz").write_bytes(b"")
        (place / ".half.csv").write_bytes(b"")
    write(folder, text)
    for known, day in ((None, "2015-09-30"), (date(2015, 6, 30), "2015-06-30"), (date(2015, 6, 29), "2015-03-31")):
        table = read_workspace(folder, known).tables["member_months"]
        assert table.files == (folder / f"data/store/member_months/{day}/{names[day]}.csv.gz",)
        assert table.known_at == date.fromisoformat(day)
    none = read_workspace(folder, date(2015, 1, 1), stored=False).tables["member_months"]
    assert (none.files, none.known_at) == ((), None)
    with pytest.raises(Refusal) as caught:
        read_workspace(folder, date(2015, 1, 1))
    (finding,) = caught.value.findings
    assert (finding.code, finding.line, finding.field) == ("P4V-D007", 3, "tables.member_months.files")
    assert finding.found == "no extract in the store that was known on 2015-01-01"


@pytest.mark.parametrize(
    "text, period, quarter",
    [
        ("2014", "2014-01 to 2014-12", None),
        ("2014-03", "2014-03 to 2014-03", None),
        ("2014-07 to 2015-06", "2014-07 to 2015-06", None),
        ("2014Q1", "2014-01 to 2014-03", "2014-01 to 2014-03"),
        ("2014Q4", "2014-10 to 2014-12", "2014-10 to 2014-12"),
    ],
)
def test_a_period_as_it_is_asked_for(text: str, period: str, quarter: str | None) -> None:
    asked = read_asked(text)
    assert (str(asked), asked.quarter and str(asked.quarter)) == (period, quarter)


@pytest.mark.parametrize(
    "text", ["2014Q0", "2014Q5", "2014q1", "Q1", "14", "2014-13", "2014-07 to 2014-01", "", "2014 Q1"]
)
def test_no_period(text: str) -> None:
    with pytest.raises(ValueError):
        read_asked(text)
