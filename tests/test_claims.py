"""Member months from claims: the sample against a count of its own, then every rule in a small file."""

import csv
import gzip
import json
import random
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from p4v.claims.reading import Money, money_of
from support import CONFIGS, ROOT, p4v

SAMPLE = ROOT / "examples" / "claims"
CENT = Fraction(1, 100)


def records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def import_sample(out: Path, *options: str) -> Result:
    return p4v(
        "import", "claims", "--eligibility", SAMPLE / "eligibility.csv", "--medical", SAMPLE / "medical_claim.csv",
        "--pharmacy", SAMPLE / "pharmacy_claim.csv", "--map", "tuva-claims", "--out", out, *options,
    )  # fmt: skip


# The sample: counted again with nothing of p4v


def to_cent(text: str) -> Fraction:
    """The nearest cent, for amounts that a float made."""
    return Fraction(int(Fraction(text) * 100 + Fraction(1, 2)), 100)


def months_of_spans() -> dict[str, set[str]]:
    """Every month that a span touches, walking day by day."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in records(SAMPLE / "eligibility.csv"):
        day = date.fromisoformat(row["enrollment_start_date"])
        while day <= date.fromisoformat(row["enrollment_end_date"]):
            found[row["patient_id"]].add(day.isoformat()[:7])
            day += timedelta(days=1)
    return found


@dataclass
class Counted:
    """What the sample's files come to."""

    naive: Fraction = Fraction(0)
    once: Fraction = Fraction(0)
    rows: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    outside: Fraction = Fraction(0)
    other_period: Fraction = Fraction(0)


def category_of(row: Mapping[str, str]) -> str:
    if row["claim_type"] == "institutional":
        return "inpatient" if row["bill_type_code"][:2] in ("11", "12", "18", "21") else "outpatient"
    return "office" if row["place_of_service_code"] == "11" else "other"


def sample_charges(role: str) -> Iterator[tuple[str, str, str, Fraction, bool]]:
    """Member, day, category, dollars and whether the amount counts, of every line."""
    if role == "pharmacy":
        for row in records(SAMPLE / "pharmacy_claim.csv"):
            yield row["patient_id"], row["dispensing_date"], "pharmacy", to_cent(row["paid_amount"]), True
        return
    seen: set[str] = set()
    for row in records(SAMPLE / "medical_claim.csv"):
        counts = row["claim_type"] == "professional" or row["claim_id"] not in seen
        seen.add(row["claim_id"])
        yield row["patient_id"], row["claim_start_date"], category_of(row), to_cent(row["paid_amount"]), counts


def counted(role: str, year: str | None) -> Counted:
    found, spans = Counted(), months_of_spans()
    for member, day, category, dollars, counts in sample_charges(role):
        found.naive += dollars
        if not counts:
            continue
        found.once += dollars
        if year is not None and day[:4] != year:
            found.other_period += dollars
        elif day[:7] in spans[member]:
            found.rows[member, day[:7], category] += dollars
        else:
            found.outside += dollars
    return found


@pytest.mark.parametrize("year", [None, "2018"])
def test_the_sample_ties_to_a_count_of_its_own(year: str | None, tmp_path: Path) -> None:
    out = tmp_path / "months"
    result = import_sample(out, "--float-noise", "to_cent", *(["--period", year] if year else []))
    assert result.exit_code == 0, result.stderr
    controls = {(row["file"], row["entry"]): Fraction(row["paid"]) for row in records(out / "controls.csv")}
    placed: Counter[tuple[str, str, str]] = Counter()
    for role in ("medical", "pharmacy"):
        own = counted(role, year)
        assert controls[role, "lines"] == own.naive
        assert controls[role, "repeated_header_amounts"] == own.naive - own.once
        assert controls[role, "claims"] == own.once
        assert controls[role, "placed"] == sum(own.rows.values())
        assert controls[role, "outside_every_span"] == own.outside
        assert controls[role, "outside_the_period"] == own.other_period
        placed += own.rows
    spans = {(member, month) for member, months in months_of_spans().items() for month in months}
    table = records(out / "member_months.csv")
    assert {(row["member_id"], row["month"]) for row in table} == {
        (member, month) for member, month in spans if year is None or month[:4] == year
    }
    for row in table:
        for category in ("inpatient", "outpatient", "office", "other", "pharmacy"):
            cents = placed[row["member_id"], row["month"], category] * 100
            assert Fraction(row[f"paid_{category}_cents"]) == cents


def test_the_figures_of_the_sample_in_print(tmp_path: Path) -> None:
    """Summed line by line the medical claims would be almost five times what they are."""
    medical, pharmacy = counted("medical", "2018"), counted("pharmacy", "2018")
    assert medical.naive == Fraction("2062858.60")
    assert medical.once == Fraction("439910.52")
    assert medical.outside == Fraction("270118.01")
    assert pharmacy.once == Fraction("190140.41")
    assert pharmacy.outside == Fraction("97766.28")
    result = import_sample(tmp_path / "months", "--float-noise", "to_cent", "--period", "2018")
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    shown = result.stdout.split("\n\n")[0]
    assert shown in readme
    assert "465 member months of 66 members, 465 rows" in result.stdout


def test_float_noise_is_refused_with_its_lines_and_counted_where_taken(tmp_path: Path) -> None:
    lines = records(SAMPLE / "pharmacy_claim.csv")
    noisy = [place for place, row in enumerate(lines, start=2) if len(row["paid_amount"].partition(".")[2]) > 2]
    moved = sum(
        abs(Fraction(lines[place - 2]["paid_amount"]) - to_cent(lines[place - 2]["paid_amount"])) for place in noisy
    )
    refused = import_sample(tmp_path / "refused")
    assert refused.exit_code == 4
    assert not (tmp_path / "refused").exists()
    first = [line for line in refused.stderr.split("\n") if "P4V-D064" in line]
    assert [int(line.split(":")[1]) for line in first] == noisy
    assert len(noisy) == 49
    taken = import_sample(tmp_path / "taken", "--float-noise", "to_cent")
    line = next(line for line in taken.stdout.split("\n") if "noise" in line)
    assert line.startswith("pharmacy: 49 amounts with the noise of a float, taken to the cent; ")
    assert Fraction(line.split("; ")[1].split(" ")[0]) == moved


def test_parquet_holds_what_the_csv_holds(tmp_path: Path) -> None:
    import_sample(tmp_path / "csv", "--float-noise", "to_cent")
    assert import_sample(tmp_path / "parquet", "--float-noise", "to_cent", "--format", "parquet").exit_code == 0
    table = pq.read_table(tmp_path / "parquet" / "member_months.parquet")
    rows = [{name: str(cell) for name, cell in row.items()} for row in table.to_pylist()]
    assert rows == records(tmp_path / "csv" / "member_months.csv")
    assert {str(table.schema.field(name).type) for name in table.column_names if name.endswith("_cents")} == {"int64"}


def test_every_file_is_for_its_owner_alone_and_written_the_same_twice(tmp_path: Path) -> None:
    import_sample(tmp_path / "a", "--float-noise", "to_cent")
    import_sample(tmp_path / "b", "--float-noise", "to_cent")
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"member_months.csv", "controls.csv", "not_placed.csv", "report.md"}
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert (tmp_path / "a" / name).stat().st_mode & 0o777 == 0o600


def test_claims_without_a_place_are_listed_by_line(tmp_path: Path) -> None:
    import_sample(tmp_path / "months", "--float-noise", "to_cent", "--period", "2018")
    spans = months_of_spans()
    expected = [
        place
        for place, (member, day, _, _, _) in enumerate(sample_charges("pharmacy"), start=2)
        if day[:7] not in spans[member] and day[:4] == "2018"
    ]
    listed = records(tmp_path / "months" / "not_placed.csv")
    found = [int(r["line"]) for r in listed if (r["file"], r["entry"]) == ("pharmacy", "outside_every_span")]
    assert found == expected
    assert set(listed[0]) == {"file", "line", "entry", "paid"}


# Small files


MAP: dict[str, Any] = {
    "claims": "p4v-claims/1",
    "member_months": {"counting": "any_day", "claims_by": "month", "group_id": {"constant": "acme"}},
    "eligibility": {"columns": {"member_id": "who", "start": "from", "end": "to"}},
    "medical": {
        "columns": {"claim_id": "claim", "line": "line", "member_id": "who", "date": "day", "paid": "paid"},
        "amount_on": "line",
    },
    "categories": [{"id": "medical", "claims": "medical"}],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The map with one term changed, or taken away."""
    document: dict[str, Any] = json.loads(json.dumps(MAP))
    place = document
    *above, last = path.split(".")
    for part in above:
        place = place.setdefault(part, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


def table_text(headers: str, rows: Sequence[str]) -> str:
    return "\n".join([headers, *rows]) + "\n"


def run(
    folder: Path, document: Mapping[str, Any], spans: Sequence[str], claims: Sequence[str], *options: str,
    headers: tuple[str, str] = ("who,from,to", "claim,line,who,day,paid"),
) -> Result:  # fmt: skip
    """An import of small files into `out`."""
    (folder / "map.yaml").write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    (folder / "spans.csv").write_text(table_text(headers[0], spans), encoding="utf-8")
    (folder / "claims.csv").write_text(table_text(headers[1], claims), encoding="utf-8")
    return p4v(
        "import", "claims", "--eligibility", folder / "spans.csv", "--medical", folder / "claims.csv",
        "--map", folder / "map.yaml", "--out", folder / "out", *options,
    )  # fmt: skip


def months(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["member_id"], row["month"]): row for row in records(folder / "out" / "member_months.csv")}


def controls(folder: Path) -> dict[str, tuple[int, Fraction]]:
    rows = records(folder / "out" / "controls.csv")
    return {row["entry"]: (int(row["amounts"]), Fraction(row["paid"])) for row in rows}


def found_at(result: Result) -> list[tuple[str, int, int, str]]:
    """File, line, field and code of every finding."""
    lines = [line for line in result.stderr.split("\n") if ": error[" in line]
    places = [(line.split(": error[")[0].split(":"), line.split("[")[1].split("]")[0]) for line in lines]
    return [(Path(place[0]).name, int(place[1]), int(place[2]), code) for place, code in places if len(place) == 3]


@pytest.mark.parametrize(
    "rule, expected",
    [
        ("any_day", {"2018-01": "1", "2018-02": "1", "2018-03": "1", "2018-04": "1"}),
        ("first_of_month", {"2018-02": "1", "2018-03": "1", "2018-04": "1"}),
        ("fifteenth_of_month", {"2018-01": "1", "2018-02": "1", "2018-03": "1"}),
        ("full_month", {"2018-02": "1", "2018-03": "1"}),
        ("pro_rata_days", {"2018-01": "0.548387", "2018-02": "1", "2018-03": "1", "2018-04": "0.466667"}),
    ],
)
def test_month_rules(rule: str, expected: dict[str, str], tmp_path: Path) -> None:
    """From 15 January to 14 April 2018: 17 of 31 days, two months, 14 of 30 days."""
    document = changed("member_months.counting", rule)
    result = run(tmp_path, document, ["a,2018-01-15,2018-04-14"], ["c1,1,a,2018-02-03,10.00"])
    assert result.exit_code == 0, result.stderr
    assert {month: row.get("member_months", "1") for (_, month), row in months(tmp_path).items()} == expected


@pytest.mark.parametrize(
    "rule, first, last, counts",
    [
        ("any_day", "01-31", "01-31", True),
        ("first_of_month", "01-01", "01-01", True),
        ("first_of_month", "01-02", "01-31", False),
        ("fifteenth_of_month", "01-15", "01-31", True),
        ("fifteenth_of_month", "01-16", "01-31", False),
        ("fifteenth_of_month", "01-01", "01-15", True),
        ("fifteenth_of_month", "01-01", "01-14", False),
        ("full_month", "01-01", "01-31", True),
        ("full_month", "01-01", "01-30", False),
        ("full_month", "01-02", "01-31", False),
        ("full_month", "02-01", "02-28", True),
        ("full_month", "12-01", "12-31", True),
    ],
)
def test_month_rules_at_their_edges(rule: str, first: str, last: str, counts: bool, tmp_path: Path) -> None:
    document = changed("member_months.counting", rule)
    run(tmp_path, document, [f"a,2018-{first},2018-{last}", "b,2018-06-01,2018-06-30"], ["c1,1,b,2018-06-03,1.00"])
    assert set(months(tmp_path)) == {("b", "2018-06"), *([("a", f"2018-{first[:2]}")] if counts else [])}


@pytest.mark.parametrize(
    "day, entry", [("15", "placed"), ("20", "placed"), ("14", "outside_every_span"), ("21", "outside_every_span")]
)
def test_days_at_the_edges_of_a_span(day: str, entry: str, tmp_path: Path) -> None:
    document = changed("member_months.claims_by", "day")
    run(tmp_path, document, ["a,2018-01-15,2018-01-20"], [f"c1,1,a,2018-01-{day},10.00"])
    assert controls(tmp_path)[entry] == (1, Fraction(10))


@pytest.mark.parametrize("start, overlaps", [("2018-01-19", True), ("2018-01-20", True), ("2018-01-21", False)])
def test_spans_that_share_a_single_day(start: str, overlaps: bool, tmp_path: Path) -> None:
    spans = ["a,2018-01-15,2018-01-20", f"a,{start},2018-02-20"]
    result = run(tmp_path, MAP, spans, ["c1,1,a,2018-01-16,10.00"])
    assert found_at(result) == ([("spans.csv", 3, 2, "P4V-D063")] if overlaps else [])


def test_a_span_within_a_longer_one_does_not_end_it(tmp_path: Path) -> None:
    """The third span overlaps the first, though not the second."""
    spans = ["a,2018-01-01,2018-03-31", "a,2018-01-05,2018-01-06", "a,2018-03-31,2018-04-30"]
    result = run(tmp_path, MAP, spans, ["c1,1,a,2018-01-16,10.00"])
    assert [place[1] for place in found_at(result)] == [3, 4]
    assert "the span on line 2 has too" in result.stderr.split("spans.csv:4")[1]


@pytest.mark.parametrize(
    "spans, days",
    [
        (["a,2018-01-05,2018-01-10", "a,2018-01-11,2018-01-20"], ("5", "20")),
        (["a,2018-01-05,2018-01-10", "a,2018-01-12,2018-01-20"], None),
        (["a,2018-01-05,2018-01-20", "a,2018-01-08,2018-01-10"], ("5", "20")),
    ],
)
def test_stretches_of_days_that_touch_are_one(spans: list[str], days: tuple[str, str] | None, tmp_path: Path) -> None:
    document = changed("member_months.counting", "covered_days")
    document["eligibility"]["overlaps"] = "merge"
    result = run(tmp_path, document, spans, ["c1,1,a,2018-01-16,10.00"])
    assert result.exit_code == (0 if days else 4)
    if days:
        row = months(tmp_path)["a", "2018-01"]
        assert (row["first_day"], row["last_day"]) == days


def test_a_period_keeps_its_first_and_last_day(tmp_path: Path) -> None:
    spans = ["a,2017-12-01,2018-01-01", "b,2018-03-31,2018-04-30", "c,2017-01-01,2017-12-31", "d,2018-04-01,2018-04-30"]
    claims = ["c1,1,a,2018-01-01,1.00", "c2,1,b,2018-03-31,2.00", "c3,1,b,2018-04-01,4.00", "c4,1,a,2017-12-31,8.00"]
    run(tmp_path, MAP, spans, claims, "--period", "2018-01 to 2018-03")
    assert set(months(tmp_path)) == {("a", "2018-01"), ("b", "2018-03")}
    assert controls(tmp_path)["placed"] == (2, Fraction(3))
    assert controls(tmp_path)["outside_the_period"] == (2, Fraction(12))


@pytest.mark.parametrize("last, taken", [("2099-12-31", True), ("2100-01-02", False)])
def test_a_span_of_a_hundred_years(last: str, taken: bool, tmp_path: Path) -> None:
    """From the first day of 2000, 36,525 days later is the first day of 2100."""
    result = run(tmp_path, MAP, [f"a,2000-01-01,{last}"], ["c1,1,a,2018-01-16,10.00"])
    assert result.exit_code == (0 if taken else 4)


def test_covered_days_are_written_for_the_contract_to_count(tmp_path: Path) -> None:
    document = changed("member_months.counting", "covered_days")
    run(tmp_path, document, ["a,2018-01-15,2018-02-10"], ["c1,1,a,2018-02-03,10.00"])
    days = {month: (row["first_day"], row["last_day"]) for (_, month), row in months(tmp_path).items()}
    assert days == {"2018-01": ("15", "31"), "2018-02": ("1", "10")}
    assert "months: covered_days" in (tmp_path / "out" / "report.md").read_text()


def test_two_stretches_of_days_in_one_month_are_no_covered_days(tmp_path: Path) -> None:
    spans = ["a,2018-01-01,2018-01-05", "a,2018-01-20,2018-01-31"]
    document = changed("member_months.counting", "covered_days")
    result = run(tmp_path, document, spans, ["c1,1,a,2018-01-03,10.00"])
    assert (result.exit_code, found_at(result)) == (4, [("spans.csv", 3, 2, "P4V-D063")])
    document = changed("member_months.counting", "pro_rata_days")
    run(tmp_path, document, spans, ["c1,1,a,2018-01-03,10.00"])
    assert months(tmp_path)["a", "2018-01"]["member_months"] == "0.548387"


def test_spans_that_touch_make_a_full_month(tmp_path: Path) -> None:
    document = changed("member_months.counting", "full_month")
    run(tmp_path, document, ["a,2018-01-01,2018-01-14", "a,2018-01-15,2018-01-31"], ["c1,1,a,2018-01-03,10.00"])
    assert list(months(tmp_path)) == [("a", "2018-01")]


@pytest.mark.parametrize(
    "by, day, entry",
    [
        ("month", "2018-01-20", "placed"),
        ("month", "2018-01-03", "placed"),
        ("month", "2018-02-01", "month_not_counted"),
        ("month", "2018-03-01", "outside_every_span"),
        ("month", "2017-12-31", "outside_the_period"),
        ("month", "2019-01-01", "outside_the_period"),
        ("day", "2018-01-20", "placed"),
        ("day", "2018-01-15", "placed"),
        ("day", "2018-01-14", "outside_every_span"),
        ("day", "2018-02-10", "month_not_counted"),
        ("day", "2018-02-11", "outside_every_span"),
        ("day", "2017-12-31", "outside_the_period"),
    ],
)
def test_where_a_claim_goes(by: str, day: str, entry: str, tmp_path: Path) -> None:
    """A span from 15 January to 10 February, counted by the 15th: January counts, February does not."""
    document = changed("member_months.claims_by", by)
    document["member_months"]["counting"] = "fifteenth_of_month"
    result = run(
        tmp_path, document, ["a,2018-01-15,2018-02-10"], [f"c1,1,a,{day},10.00", "c2,1,b,2018-01-20,7.00"],
        "--period", "2018",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    found = {name: value for name, value in controls(tmp_path).items() if value[0]}
    expected = {"lines": (2, Fraction(17)), "claims": (2, Fraction(17)), "outside_every_span": (1, Fraction(7))}
    expected[entry] = (2, Fraction(17)) if entry == "outside_every_span" else (1, Fraction(10))
    assert found == expected
    assert months(tmp_path)["a", "2018-01"]["paid_medical_cents"] == ("1000" if entry == "placed" else "0")


def test_a_period_cuts_spans_and_says_so(tmp_path: Path) -> None:
    result = run(
        tmp_path, MAP, ["a,2017-11-01,9999-12-31", "b,2017-01-01,2017-12-31"], ["c1,1,a,2018-01-03,10.00"],
        "--period", "2018-01 to 2018-03",
    )  # fmt: skip
    assert list(months(tmp_path)) == [("a", "2018-01"), ("a", "2018-02"), ("a", "2018-03")]
    assert "eligibility: 2 spans reaching beyond the period, cut to it" in result.stdout


def test_an_open_span_needs_a_period(tmp_path: Path) -> None:
    result = run(tmp_path, MAP, ["a,2017-11-01,9999-12-31"], ["c1,1,a,2018-01-03,10.00"])
    assert (result.exit_code, found_at(result)) == (4, [("spans.csv", 2, 3, "P4V-D033")])
    assert "--period" in result.stderr


def test_header_amounts_count_once(tmp_path: Path) -> None:
    document = changed("medical.amount_on", {"inst": "header", "prof": "line"})
    document["medical"]["columns"]["claim_type"] = "type"
    claims = [
        "c1,1,a,2018-01-03,inst,100.00", "c1,2,a,2018-01-03,inst,100.00", "c1,3,a,2018-01-03,inst,100.00",
        "c2,1,a,2018-01-04,prof,5.00", "c2,2,a,2018-01-04,prof,5.00", "c3,1,a,2018-01-05,inst,1.00",
    ]  # fmt: skip
    headers = ("who,from,to", "claim,line,who,day,type,paid")
    result = run(tmp_path, document, ["a,2018-01-01,2018-01-31"], claims, headers=headers)
    assert months(tmp_path)["a", "2018-01"]["paid_medical_cents"] == "11100"
    found = controls(tmp_path)
    assert (found["lines"], found["repeated_header_amounts"]) == ((6, Fraction(311)), (2, Fraction(200)))
    assert "medical: 1 claim with one amount on several lines, added line by line" in result.stdout
    result = run(
        tmp_path, document, ["a,2018-01-01,2018-01-31"], [*claims, "c4,1,a,2018-01-05,dme,1.00"], headers=headers
    )
    assert result.exit_code == 2  # the folder has files
    (tmp_path / "new").mkdir()
    result = run(
        tmp_path / "new",
        document,
        ["a,2018-01-01,2018-01-31"],
        [*claims, "c4,1,a,2018-01-05,dme,1.00"],
        headers=headers,
    )
    assert (result.exit_code, found_at(result)) == (4, [("claims.csv", 8, 5, "P4V-D036")])


@pytest.mark.parametrize(
    "second, place",
    [
        ("c1,2,a,2018-01-03,90.00", (3, 5)),
        ("c1,2,b,2018-01-03,100.00", (3, 3)),
        ("c1,2,a,2018-01-04,100.00", (3, 4)),
    ],
)
def test_lines_of_a_claim_with_one_amount_must_agree(second: str, place: tuple[int, int], tmp_path: Path) -> None:
    document = changed("medical.amount_on", "header")
    result = run(tmp_path, document, ["a,2018-01-01,2018-01-31"], ["c1,1,a,2018-01-03,100.00", second])
    assert (result.exit_code, found_at(result)) == (4, [("claims.csv", *place, "P4V-D061")])


def test_a_claim_with_one_amount_is_of_one_category(tmp_path: Path) -> None:
    document = changed("medical.amount_on", "header")
    document["categories"] = [{"id": "drugs", "claims": "medical", "where": {"rev": ["025*"]}}, *MAP["categories"]]
    claims = ["c1,1,a,2018-01-03,0120,100.00", "c1,2,a,2018-01-03,0250,100.00"]
    result = run(
        tmp_path, document, ["a,2018-01-01,2018-01-31"], claims, headers=("who,from,to", "claim,line,who,day,rev,paid")
    )
    assert (result.exit_code, found_at(result)) == (4, [("claims.csv", 3, 1, "P4V-D061")])


@pytest.mark.parametrize(
    "claims, refused",
    [
        (["c1,1,a,2018-01-03,5.00", "c1,2,a,2018-01-03,5.00"], True),
        (["c1,1,a,2018-01-03,5.00", "c1,2,a,2018-01-03,6.00"], False),
        (["c1,1,a,2018-01-03,0.00", "c1,2,a,2018-01-03,0.00"], False),
        (["c1,1,a,2018-01-03,5.00", "c2,1,a,2018-01-03,5.00"], False),
        (["c1,1,a,2018-01-03,5.00", "c1,2,a,2018-01-03,5.00", "c1,3,a,2018-01-03,0.00"], False),
    ],
)
def test_repeated_amounts_of_which_the_map_is_silent_are_refused(
    claims: list[str], refused: bool, tmp_path: Path
) -> None:
    result = run(tmp_path, changed("medical.amount_on", None), ["a,2018-01-01,2018-01-31"], claims)
    assert found_at(result) == ([("claims.csv", 2, 5, "P4V-D060")] if refused else [])
    assert ("of a claim, first on lines 2 and 3" in result.stderr) is refused
    assert result.exit_code == (4 if refused else 0)
    assert (tmp_path / "out").exists() is not refused


def test_lines_given_twice(tmp_path: Path) -> None:
    claims = ["c1,1,a,2018-01-03,5.00", "c1,2,a,2018-01-03,6.00", "c1,1,a,2018-01-03,5.00"]
    result = run(tmp_path, MAP, ["a,2018-01-01,2018-01-31"], claims)
    assert (result.exit_code, found_at(result)) == (4, [("claims.csv", 4, 2, "P4V-D030")])
    document = changed("medical.duplicates", "drop")
    run(tmp_path, document, ["a,2018-01-01,2018-01-31"], claims)
    found = controls(tmp_path)
    assert (found["duplicates_dropped"], found["claims"]) == ((1, Fraction(5)), (2, Fraction(11)))
    (tmp_path / "other").mkdir()
    result = run(tmp_path / "other", document, ["a,2018-01-01,2018-01-31"], [*claims, "c1,2,a,2018-01-03,7.00"])
    assert (result.exit_code, found_at(result)) == (4, [("claims.csv", 5, 2, "P4V-D030")])


def test_spans_that_overlap(tmp_path: Path) -> None:
    spans = ["a,2018-01-01,2018-03-10", "a,2018-02-01,2018-02-05", "a,2018-03-05,2018-03-31"]
    claims = ["c1,1,a,2018-01-03,5.00"]
    result = run(tmp_path, MAP, spans, claims)
    assert found_at(result) == [("spans.csv", 3, 2, "P4V-D063"), ("spans.csv", 4, 2, "P4V-D063")]
    document = changed("eligibility.overlaps", "merge")
    document["member_months"]["counting"] = "pro_rata_days"
    result = run(tmp_path, document, spans, claims)
    assert {row["member_months"] for row in months(tmp_path).values()} == {"1"}
    assert "eligibility: 2 spans with days that another has too, merged" in result.stdout


def test_overlapping_spans_of_two_groups_are_never_merged(tmp_path: Path) -> None:
    document = changed("eligibility.overlaps", "merge")
    document["member_months"]["group_id"] = {"column": "team"}
    spans = ["a,2018-01-01,2018-03-10,g1", "a,2018-03-05,2018-03-31,g2"]
    headers = ("who,from,to,team", "claim,line,who,day,paid")
    result = run(tmp_path, document, spans, ["c1,1,a,2018-01-03,5.00"], headers=headers)
    assert (result.exit_code, found_at(result)) == (4, [("spans.csv", 3, 2, "P4V-D063")])


@pytest.mark.parametrize(
    "rule, groups",
    [
        ("first_of_month", {"2018-03": "g1", "2018-04": "g2"}),
        ("fifteenth_of_month", {"2018-03": "g2", "2018-04": "g2"}),
        ("full_month", {"2018-04": "g2"}),
        ("any_day", None),
        ("pro_rata_days", None),
        ("covered_days", None),
    ],
)
def test_a_move_within_a_month_gives_it_to_one_group(rule: str, groups: dict[str, str] | None, tmp_path: Path) -> None:
    document = changed("member_months.counting", rule)
    document["member_months"]["group_id"] = {"column": "team"}
    spans = ["a,2018-03-01,2018-03-10,g1", "a,2018-03-11,2018-04-30,g2"]
    headers = ("who,from,to,team", "claim,line,who,day,paid")
    result = run(tmp_path, document, spans, ["c1,1,a,2018-04-03,5.00"], headers=headers)
    if groups is None:
        assert (result.exit_code, found_at(result)) == (4, [("spans.csv", 3, 2, "P4V-D063")])
    else:
        assert {month: row["group_id"] for (_, month), row in months(tmp_path).items()} == groups


def test_spans_that_end_before_they_start(tmp_path: Path) -> None:
    spans = ["a,2018-01-01,2018-01-31", "a,2018-05-01,2018-04-30", "b,2018-05-01,2018-05-01"]
    result = run(tmp_path, MAP, spans, ["c1,1,a,2018-01-03,5.00"])
    assert (result.exit_code, found_at(result)) == (4, [("spans.csv", 3, 3, "P4V-D062")])
    result = run(tmp_path, changed("eligibility.end_before_start", "drop"), spans, ["c1,1,a,2018-01-03,5.00"])
    assert list(months(tmp_path)) == [("a", "2018-01"), ("b", "2018-05")]
    assert "eligibility: 1 span with an end before the start, dropped" in result.stdout


def test_attributes_are_carried_and_both_amounts_read(tmp_path: Path) -> None:
    document = changed("eligibility.columns.product", "plan")
    document["eligibility"]["columns"]["area"] = "state"
    document["medical"]["columns"]["allowed"] = "allowed"
    run(
        tmp_path, document, ["a,2018-01-01,2018-01-31,ppo,New York"], ["c1,1,a,2018-01-03,5.00,7.50"],
        headers=("who,from,to,plan,state", "claim,line,who,day,paid,allowed"),
    )  # fmt: skip
    assert records(tmp_path / "out" / "member_months.csv") == [
        {
            "group_id": "acme", "member_id": "a", "month": "2018-01", "area": "New York", "product": "ppo",
            "allowed_medical_cents": "750", "paid_medical_cents": "500",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line, place, code",
    [
        ("c1,1,a,2018-01-03,12.345", (2, 5), "P4V-D012"),
        ("c1,1,a,2018-01-03,$5", (2, 5), "P4V-D012"),
        ("c1,1,a,2018-01-03,", (2, 5), "P4V-D013"),
        ("c1,1,a,2018-01-03,5.0e1", (2, 5), "P4V-D012"),
        ("c1,1,a,2018-01-03,123456789012", (2, 5), "P4V-D012"),
        ("c1,1,a,2018-02-30,5.00", (2, 4), "P4V-D033"),
        ("c1,1,a,,5.00", (2, 4), "P4V-D033"),
        ("c1,1,../a,2018-01-03,5.00", (2, 3), "P4V-D020"),
        ("c1,1,M7Q,2018-01-03,5.00", (2, 3), "P4V-D020"),
    ],
)
def test_cells_that_are_refused(line: str, place: tuple[int, int], code: str, tmp_path: Path) -> None:
    result = run(tmp_path, MAP, ["m7q,2018-01-01,2018-01-31"], [line])
    assert (result.exit_code, found_at(result)) == (4, [("claims.csv", *place, code)])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "line, place, code",
    [
        ("a,2018-01-32,2018-03-31", (3, 2), "P4V-D033"),
        ("a,2018-02-01,", (3, 3), "P4V-D033"),
        ("a b,2018-01-01,2018-01-31", (3, 1), "P4V-D020"),
        ("M7Q,2018-02-01,2018-02-28", (3, 1), "P4V-D020"),
    ],
)
def test_spans_that_are_refused(line: str, place: tuple[int, int], code: str, tmp_path: Path) -> None:
    result = run(tmp_path, MAP, ["m7q,2018-01-01,2018-01-31", line], ["c1,1,m7q,2018-01-03,5.00"])
    assert (result.exit_code, found_at(result)) == (4, [("spans.csv", *place, code)])


def test_labels_and_groups_that_are_refused(tmp_path: Path) -> None:
    document = changed("eligibility.columns.product", "plan")
    document["member_months"]["group_id"] = {"column": "team"}
    spans = ["a,2018-01-01,2018-01-31,ppo,g1", "b,2018-01-01,2018-01-31,=1+1,g1", "c,2018-01-01,2018-01-31,@x,G1"]
    spans += ["d,2018-01-01,2018-01-31,hmo,", "e,2018-01-01,2018-01-31,1-a,g1"]
    headers = ("who,from,to,plan,team", "claim,line,who,day,paid")
    result = run(tmp_path, document, spans, ["c1,1,a,2018-01-03,5.00"], headers=headers)
    expected = [(3, 4), (4, 5), (4, 4), (5, 5)]
    assert found_at(result) == [("spans.csv", line, place, "P4V-D020") for line, place in expected]


def test_findings_of_both_files_of_claims_come_together_without_ids_or_amounts(tmp_path: Path) -> None:
    document = json.loads(json.dumps(MAP))
    document["pharmacy"] = document["medical"]
    document["categories"].append({"id": "drugs", "claims": "pharmacy"})
    (tmp_path / "drugs.csv").write_text("claim,line,who,day,paid\nq9,1,m7q,2018-01-03,831.4159\n")
    result = run(
        tmp_path, document, ["m7q,2018-01-01,2018-01-31"], ["q8,1,m7q,2018-01-03,831.415"],
        "--pharmacy", str(tmp_path / "drugs.csv"),
    )  # fmt: skip
    assert found_at(result) == [("claims.csv", 2, 5, "P4V-D012"), ("drugs.csv", 2, 5, "P4V-D012")]
    for hidden in ("m7q", "831", "q8", "q9"):
        assert hidden not in result.stderr


def test_empty_amounts_are_zero_only_where_the_map_says_so(tmp_path: Path) -> None:
    result = run(
        tmp_path, changed("medical.empty", "zero"), ["a,2018-01-01,2018-01-31"],
        ["c1,1,a,2018-01-03,", "c2,1,a,2018-01-03,5.00"],
    )  # fmt: skip
    assert months(tmp_path)["a", "2018-01"]["paid_medical_cents"] == "500"
    assert "medical: 1 empty amount, taken as zero" in result.stdout


def test_negative_amounts_and_gzip(tmp_path: Path) -> None:
    run(tmp_path, MAP, ["a,2018-01-01,2018-01-31"], ["c1,1,a,2018-01-03,5.00", "c2,1,a,2018-01-03,-7.01"])
    assert months(tmp_path)["a", "2018-01"]["paid_medical_cents"] == "-201"
    assert controls(tmp_path)["placed"] == (2, Fraction("-2.01"))
    packed = tmp_path / "claims.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "claims.csv").read_bytes()))
    result = p4v(
        "import", "claims", "--eligibility", tmp_path / "spans.csv", "--medical", packed,
        "--map", tmp_path / "map.yaml", "--out", tmp_path / "again",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    for name in ("member_months.csv", "controls.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_claim_of_no_category_is_refused(tmp_path: Path) -> None:
    document = changed("categories", [{"id": "er", "claims": "medical", "where": {"day": ["2018-01-0*", "x"]}}])
    claims = ["c1,1,a,2018-01-03,5.00", "c2,1,a,2018-01-13,5.00"]
    result = run(tmp_path, document, ["a,2018-01-01,2018-01-31"], claims)
    assert (result.exit_code, found_at(result)) == (4, [("claims.csv", 3, 1, "P4V-D036")])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("46.62", Money(4662)),
        ("46.6200000000", Money(4662)),
        ("0", Money(0)),
        ("-0.01", Money(-1)),
        ("46.620000000000005", Money(4662, Fraction(5, 10**15))),
        ("46.619999999999997", Money(4662, -Fraction(3, 10**15))),
        ("-46.620000000000005", Money(-4662, -Fraction(5, 10**15))),
        ("46.62000099", Money(4662, Fraction(99, 10**8))),
        ("46.62000100", None),
        ("46.6200001", None),
        ("12.345", None),
        ("46.625000000000000", None),
        ("1e2", None),
        ("", None),
        ("١٢", None),
    ],
)
def test_amounts(text: str, expected: Money | None) -> None:
    assert money_of(text) == expected


# The map and the command


@pytest.mark.parametrize(
    "path, value, code",
    [
        ("claims", "p4v-claims/2", "P4V-C052"),
        ("member_months", None, "P4V-C022"),
        ("member_months.counting", "anyday", "P4V-C052"),
        ("member_months.claims_by", None, "P4V-C022"),
        ("member_months.group_id", {"constant": "acme", "column": "who"}, "P4V-C023"),
        ("member_months.group_id", {}, "P4V-C023"),
        ("eligibility.columns", {"member_id": "who", "start": "from"}, "P4V-C022"),
        ("eligibility.columns.month", "from", "P4V-C031"),
        ("eligibility.columns.Area", "from", "P4V-C031"),
        ("medical.columns.member_id", None, "P4V-C022"),
        ("medical.columns.paid", None, "P4V-C022"),
        ("medical.columns.charges", "paid", "P4V-C020"),
        ("medical.amount_on", "claim", "P4V-C052"),
        ("medical.amount_on", {"inst": "header"}, "P4V-C022"),
        ("medical.amount_on", {}, "P4V-C044"),
        ("medical.duplicates", "ignore", "P4V-C052"),
        ("medical", None, "P4V-C022"),
        ("pharmacy", {"columns": {**MAP["medical"]["columns"], "allowed": "a"}}, "P4V-C023"),
        ("categories", [], "P4V-C044"),
        ("categories", [*MAP["categories"], *MAP["categories"]], "P4V-C046"),
        ("categories", [{"id": "rx", "claims": "pharmacy"}], "P4V-C023"),
        ("note", "x", "P4V-C020"),
    ],
)
def test_maps_that_are_refused(path: str, value: Any, code: str, tmp_path: Path) -> None:
    result = run(tmp_path, changed(path, value), ["a,2018-01-01,2018-01-31"], ["c1,1,a,2018-01-03,5.00"])
    assert result.exit_code == 3
    assert f"error[{code}]" in result.stderr, result.stderr
    assert not (tmp_path / "out").exists()


def test_columns_that_the_files_lack(tmp_path: Path) -> None:
    document = changed("medical.columns.paid", "piad")
    result = run(tmp_path, document, ["a,2018-01-01,2018-01-31"], ["c1,1,a,2018-01-03,5.00"])
    assert result.exit_code == 4
    assert "error[P4V-D004] piad" in result.stderr
    assert "did you mean `paid`?" in result.stderr


@pytest.mark.parametrize(
    "options, code, exit_code",
    [
        (["--map", "tuva"], "P4V-U001", 2),
        (["--format", "xlsx"], "P4V-U008", 2),
        (["--float-noise", "yes"], "P4V-U008", 2),
        (["--period", "spring"], "P4V-U007", 2),
        (["--pharmacy", "claims.csv"], "P4V-C022", 3),
        (["--medical", "none.csv"], "P4V-D007", 4),
        (["--medical", "."], "P4V-D009", 4),
        (["--out", "map.yaml"], "P4V-S001", 5),
        (["--out", "."], "P4V-U006", 2),
    ],
)
def test_commands_that_are_refused(
    options: list[str], code: str, exit_code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, MAP, ["a,2018-01-01,2018-01-31"], ["c1,1,a,2018-01-03,x"])
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    given = {"--eligibility": "spans.csv", "--medical": "claims.csv", "--map": "map.yaml", "--out": "out"}
    given |= {options[0]: options[1]}
    result = p4v("import", "claims", *[word for pair in given.items() for word in pair])
    assert (result.exit_code, f"error[{code}]" in result.stderr) == (exit_code, True), result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_file_that_the_map_has_must_be_given(tmp_path: Path) -> None:
    result = p4v(
        "import", "claims", "--eligibility", SAMPLE / "eligibility.csv", "--medical", SAMPLE / "medical_claim.csv",
        "--map", "tuva-claims", "--out", tmp_path / "out",
    )  # fmt: skip
    assert result.exit_code == 2
    assert "--pharmacy: error[P4V-U001]" in result.stderr


def test_ready_maps_are_what_the_message_lists() -> None:
    result = p4v("import", "claims", "--eligibility", "x", "--map", "none", "--out", "y")
    for path in (CONFIGS / "maps").glob("*.yaml"):
        assert path.stem in result.stderr


# Random extracts against days walked one by one


@dataclass
class Extract:
    spans: list[tuple[str, date, date, str]]
    claims: list[tuple[str, int, str, date, int, bool]]
    """Claim, line, member, day, cents, and whether the claim's amount is its header's."""


FIRST = date(2019, 12, 20)


def extract_of(seed: int) -> Extract:
    dice = random.Random(seed)
    spans: list[tuple[str, date, date, str]] = []
    for member in ("a", "b", "c"):
        day = FIRST + timedelta(days=dice.randrange(40))
        for _ in range(dice.randrange(1, 4)):
            last = day + timedelta(days=dice.choice([0, 3, 20, 45, 70]))
            spans.append((member, day, last, dice.choice(["g1", "g1", "g2"])))
            day = last + timedelta(days=dice.choice([1, 1, 2, 18, 40]))
    claims: list[tuple[str, int, str, date, int, bool]] = []
    for number in range(dice.randrange(1, 12)):
        header, cents = dice.random() < 0.4, dice.randrange(-50, 90000)
        member, day = dice.choice(["a", "b", "c", "d"]), FIRST + timedelta(days=dice.randrange(200))
        lines = range(1, dice.randrange(2, 5))
        claims += [(f"c{number}", line, member, day, cents if header else cents + line, header) for line in lines]
    dice.shuffle(spans)
    dice.shuffle(claims)
    return Extract(spans, claims)


def rule_share(rule: str, days: set[int], length: int) -> Fraction:
    return {
        "any_day": Fraction(bool(days)),
        "first_of_month": Fraction(1 in days),
        "fifteenth_of_month": Fraction(15 in days),
        "full_month": Fraction(len(days) == length),
        "pro_rata_days": Fraction(len(days), length),
    }[rule]


def by_hand(
    extract: Extract, rule: str, by: str
) -> tuple[dict[tuple[str, str], tuple[str, Fraction, int]], Counter[str]] | None:
    """Rows and controls of an extract, from sets of days; nothing if two groups claim one month."""
    days: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for member, first, last, group in extract.spans:
        for step in range((last - first).days + 1):
            day = first + timedelta(days=step)
            days[member, day.isoformat()[:7]][group].add(day.day)
    rows: dict[tuple[str, str], tuple[str, Fraction, int]] = {}
    for key, groups in days.items():
        length = monthrange(int(key[1][:4]), int(key[1][5:]))[1]
        shares = {group: rule_share(rule, covered, length) for group, covered in groups.items()}
        counted_for = [group for group, share in shares.items() if share]
        if len(counted_for) > 1:
            return None
        if counted_for:
            rows[key] = (counted_for[0], shares[counted_for[0]], 0)
    totals: Counter[str] = Counter()
    seen: set[str] = set()
    for claim, _, member, day, cents, header in extract.claims:
        totals["lines"] += cents
        if header and claim in seen:
            totals["repeated_header_amounts"] += cents
            continue
        seen.add(claim)
        totals["claims"] += cents
        key = (member, day.isoformat()[:7])
        covered_by = [group for group, covered in days.get(key, {}).items() if by == "month" or day.day in covered]
        if not covered_by:
            totals["outside_every_span"] += cents
        elif key not in rows or (by == "day" and rows[key][0] not in covered_by):
            totals["month_not_counted"] += cents
        else:
            totals["placed"] += cents
            group, share, before = rows[key]
            rows[key] = (group, share, before + cents)
    return rows, totals


def dollars_of(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def test_random_extracts_agree_with_days_walked_one_by_one(tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(json.dumps(MAP))
    document["member_months"]["group_id"] = {"column": "team"}
    document["medical"]["columns"]["claim_type"] = "type"
    document["medical"]["amount_on"] = {"h": "header", "l": "line"}
    headers = ("who,from,to,team", "claim,line,who,day,paid,type")
    rules = ["any_day", "first_of_month", "fifteenth_of_month", "full_month", "pro_rata_days"]
    settled = with_money = 0
    for seed in range(200):
        extract, rule, by = extract_of(seed), rules[seed % 5], ["month", "day"][seed // 5 % 2]
        document["member_months"] |= {"counting": rule, "claims_by": by}
        folder = tmp_path / str(seed)
        folder.mkdir()
        spans = [f"{member},{first},{last},{group}" for member, first, last, group in extract.spans]
        claims = [
            f"{claim},{line},{member},{day},{dollars_of(cents)},{'h' if header else 'l'}"
            for claim, line, member, day, cents, header in extract.claims
        ]
        result = run(folder, document, spans, claims, headers=headers)
        expected = by_hand(extract, rule, by)
        if expected is None:
            assert (result.exit_code, {place[3] for place in found_at(result)}) == (4, {"P4V-D063"})
            continue
        assert result.exit_code == 0, (seed, result.stderr)
        rows, totals = expected
        settled += 1
        with_money += totals["placed"] > 0
        written = {
            key: (row["group_id"], Fraction(row.get("member_months", "1")), int(row["paid_medical_cents"]))
            for key, row in months(folder).items()
        }
        assert set(written) == set(rows), seed
        for key, (group, share, cents) in rows.items():
            assert written[key][0] == group
            assert abs(written[key][1] - share) <= Fraction(1, 2 * 10**6)
            assert written[key][2] == cents
        assert {name: value[1] * 100 for name, value in controls(folder).items() if value[1]} == {
            name: cents for name, cents in totals.items() if cents
        }
    assert settled > 100
    assert with_money > 50
