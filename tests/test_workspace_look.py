"""What `p4v data check` finds and `p4v data describe` says, against sums worked out from the rows."""

import csv
import io
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from support import p4v
from workspaces_started import files_below, started


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = started(tmp_path / "mine")
    monkeypatch.chdir(folder)
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "data/member_months.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cents(row: dict[str, str]) -> int:
    return sum(int(row[name].replace(".", "")) for name in row if name.startswith("allowed_"))


def dollars(amount: int) -> str:
    return f"{amount // 100:,}.{amount % 100:02}"


def test_described(fresh: Path) -> None:
    rows = rows_of(fresh)
    lines = [line.split() for line in p4v("data", "describe").stdout.splitlines()]
    for group in ("lakeside", "riverside"):
        mine = [row for row in rows if row["group"] == group]
        members = len({row["person"] for row in mine})
        assert [group, str(len(mine)), str(members), str(len(mine)), dollars(sum(map(cents, mine)))] in lines
    for month in ("2014-01", "2014-12"):
        mine = [row for row in rows if row["year_month"] == month]
        assert [month, str(len(mine)), str(len(mine)), str(len(mine)), dollars(sum(map(cents, mine)))] in lines
    whole = ["together", "578", "578", dollars(sum(map(cents, rows)))]
    assert lines.count(whole) == 2
    inpatient = sum(int(row["allowed_inpatient"].replace(".", "")) for row in rows)
    assert ["allowed.inpatient", dollars(inpatient)] in lines
    assert "group_id = group, member_id = person, month = year_month" in p4v("data", "describe").stdout


def fingerprint_of(rows: list[dict[str, str]]) -> str:
    """The sum of the SHA-256 of every row under p4v's names, amounts in cents, months counted from year 0."""
    total = 0
    for row in rows:
        cells = {
            name.replace("_", ".", 1): int(row[name].replace(".", "")) for name in row if name.startswith("allowed_")
        }
        month = int(row["year_month"][:4]) * 12 + int(row["year_month"][5:]) - 1
        whole = {**cells, "cohort": row["cohort"], "group_id": row["group"], "member_id": row["person"], "month": month}
        text = chr(31).join(f"{name}={whole[name]}" for name in sorted(whole))
        total += int(sha256(text.encode()).hexdigest(), 16)
    return f"{total % 2**256:064x}-{len(rows)}"


def test_the_fingerprint_is_that_of_the_rows_in_any_order(fresh: Path) -> None:
    wanted = f"fingerprint  {fingerprint_of(rows_of(fresh))}"
    assert wanted in p4v("data", "describe", "--fingerprint").stdout.splitlines()
    path = fresh / "data/member_months.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *reversed(lines), ""]), encoding="utf-8")
    assert wanted in p4v("data", "describe", "--fingerprint").stdout.splitlines()


def test_members_above_a_point(fresh: Path) -> None:
    rows = rows_of(fresh)
    years = Counter[str]()
    for row in rows:
        years[row["person"]] += cents(row)
    point = 400_000
    above = [amount for amount in years.values() if amount > point]
    assert len(above) > 10
    shares = (
        100 * len(above) / len(years),
        100 * sum(amount - point for amount in above) / sum(years.values()),
    )
    lines = [line.split() for line in p4v("data", "describe", "--point", "4000").stdout.splitlines()]
    assert lines[-1] == ["4,000.00", str(len(above)), f"{shares[0]:.2f}%", f"{shares[1]:.2f}%"]


def test_of_few_members_nothing_is_said(fresh: Path) -> None:
    years = Counter[str]()
    for row in rows_of(fresh):
        years[row["person"]] += cents(row)
    highest = max(years.values())
    result = p4v("data", "describe", "--point", dollars(highest - 1).replace(",", ""))
    assert result.stdout.splitlines()[-1].split()[1:] == ["1", "to", "10", "-", "-"]
    assert p4v("data", "describe", "--point", "1,000").exit_code == 2


def test_faults_with_their_rows(fresh: Path) -> None:
    table = fresh / "data/member_months.csv"
    lines = table.read_text().splitlines(keepends=True)
    cells = lines[4].split(",")
    cells[5] = "12.345"
    lines[4] = ",".join(cells)
    table.write_text("".join(lines))
    before = files_below(fresh)
    result = p4v("data", "check")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "data/member_months.csv:5" in result.stderr
    assert "error[P4V-D012]" in result.stderr
    assert "12.345" not in result.stderr
    assert files_below(fresh) == before
    assert p4v("data", "check", "--rejected", "rejected.csv").exit_code == 4
    (row,) = list(csv.DictReader(io.StringIO((fresh / "rejected.csv").read_text())))
    assert "P4V-D012" in row.values()
    assert (fresh / "rejected.csv").stat().st_mode & 0o777 == 0o600


def test_a_member_month_that_stands_twice(fresh: Path) -> None:
    table = fresh / "data/member_months.csv"
    text = table.read_text()
    table.write_text(text + text.splitlines()[3] + "\n")
    result = p4v("data", "check")
    assert result.exit_code == 4
    assert "error[P4V-D030]" in result.stderr
    assert "R001" not in result.output


def test_nothing_wrong(fresh: Path) -> None:
    result = p4v("data", "check")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "ok  member_months: member_months.csv, 578 rows", "ok  quality: quality.csv, 4 rows",
        "ok  figures: figures.csv, 2 rows", "ok  expected_totals: expected_totals.csv, 13 rows",
        "tied to the expected totals of Example data desk, 2015-07-01",
    ]  # fmt: skip


def test_a_lost_row_does_not_tie(fresh: Path) -> None:
    table = fresh / "data/member_months.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join([*lines[:4], *lines[5:]]))
    result = p4v("data", "check")
    assert result.exit_code == 4
    assert result.stderr.count("error[P4V-D072]") == 6


def test_faults_of_all_tables_at_once(fresh: Path) -> None:
    for name, find, replace in (("quality", ",9,12", ",9,x"), ("figures", "600.00", "six")):
        path = fresh / f"data/{name}.csv"
        path.write_text(path.read_text().replace(find, replace))
    (fresh / "data/member_months.csv").write_text(
        (fresh / "data/member_months.csv").read_text().replace("R002", "R 2", 1)
    )
    result = p4v("data", "check")
    assert result.exit_code == 4
    for name in ("quality.csv", "figures.csv", "member_months.csv"):
        assert f"data/{name}:" in result.stderr


def test_completion_is_printed(fresh: Path) -> None:
    (fresh / "data/lag.csv").write_text(
        "category,incurred_month,paid_month,amount\n"
        "rx,2014-01,2014-01,9.00\nrx,2014-01,2014-02,1.00\nrx,2014-02,2014-02,5.00\n"
        "ip,2014-01,2014-01,1.00\nip,2014-01,2014-02,3.00\n"
    )
    config = fresh / "p4v.yaml"
    config.write_text(config.read_text() + "  lag_triangle: {files: data/lag.csv}\n")
    lines = p4v("data", "describe").stdout.splitlines()
    assert lines[-4:] == [
        "lag_triangle, paid through 2014-02: complete after so many months, by chain ladder",
        "months      all       ip       rx", "0        71.43%   25.00%   90.00%", "1       100.00%  100.00%  100.00%",
    ]  # fmt: skip
