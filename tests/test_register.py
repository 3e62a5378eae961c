"""The register: a row to each contract, columns that foot down and across, and reasons where nothing was settled."""

import csv
import io
from collections.abc import Mapping
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import pytest

from controls_samples import control
from p4v.report.deliver import entries_of
from p4v.report.register import (
    AMOUNTS,
    About,
    Entry,
    register_csv,
    register_files,
    register_rows,
    register_view,
    totals,
)
from p4v.workspace.results import Settled
from workspace_samples import INPUTS, many, result_of, settled_case, waiting_of

ABOUT = About("2014-01 to 2014-12", "2015-03-31", "2015-06-30")


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Settled:
    return many(tmp_path_factory.mktemp("many"))


@pytest.fixture(scope="module")
def entries(settled: Settled) -> list[Entry]:
    return entries_of(settled)


@pytest.fixture(scope="module")
def table(entries: list[Entry]) -> list[Mapping[str, str]]:
    return list(csv.DictReader(io.StringIO(register_csv(register_rows(entries)).decode())))


def amount(text: str) -> Fraction:
    return Fraction(text or 0)


def test_the_rows(table: list[Mapping[str, str]]) -> None:
    shown = [
        (row["group"], row["state"], row["earned"], row["fee"], row["paid_and_other"], row["net"]) for row in table
    ]
    assert shown == [
        ("alder", "settled", "312500.00", "", "0.00", "312500.00"),
        ("birch", "settled", "", "18000.00", "0.00", "18000.00"),
        ("cedar", "settled", "0.00", "29988.00", "0.00", "29988.00"),
        ("dogwood", "settled", "40000.00", "", "-40000.00", "0.00"),
        ("elm", "settled", "-360000.00", "", "0.00", "-360000.00"),
        ("zz-late", "not_in_force", "", "", "", ""),
        ("", "", "-7500.00", "47988.00", "-40000.00", "488.00"),
    ]


def test_why(table: list[Mapping[str, str]]) -> None:
    assert [row["why"] for row in table] == [
        "saved 1.00%",
        "new fee $1.50 per member per month; missed no decline of quality (78.30% of 78.40%)",
        "nothing earned",
        "saved 3.33%; quality 85.00%",
        "lost 9.80%; limited by loss limit",
        "the agreement holds from 2015-01-01 to 2016-12-31",
        "",
    ]


def test_a_missed_minimum_says_by_how_much(tmp_path: Path) -> None:
    case = settled_case("gated-share", tmp_path)
    (tmp_path / "gated-share.figures.yaml").write_text(
        "group: example-group\nperiod: 2014\nfigures: {member_months: 125000, expenditure: 61937500.00}\n"
    )
    from p4v.single import settle_contract

    missed = settle_contract(tmp_path / "contracts/gated-share.yaml", tmp_path / "gated-share.figures.yaml")
    assert case.program.id == missed.program.id
    (row,) = register_rows(entries_of(Settled([result_of(missed)], INPUTS)))
    assert row.why == "missed minimum savings rate (0.90% of 1.00%)"
    assert (row.gates_met, row.gates_missed) == (0, 1)


def test_it_foots_down_and_across(table: list[Mapping[str, str]]) -> None:
    *rows, last = table
    for name in AMOUNTS:
        assert sum(amount(row[name]) for row in rows) == amount(last[name])
    for row in table:
        assert amount(row["benchmark"]) - amount(row["expenditure"]) == amount(row["gross_savings"])
        assert amount(row["earned"]) + amount(row["fee"]) + amount(row["paid_and_other"]) == amount(row["net"])


def test_runs_and_digests(entries: list[Entry], table: list[Mapping[str, str]]) -> None:
    runs = {entry.result.group: entry.run for entry in entries if entry.run is not None}
    for row in table[:5]:
        run = runs[row["group"]]
        assert row["run"] == run.id
        assert run.id.endswith(row["settlement_sha256"])
        assert (row["period_from"], row["period_to"]) == tuple(run.document()["period"].values())
    assert (table[5]["run"], table[5]["status"], table[5]["period_from"]) == ("", "", "")


def test_cells_of_text_do_no_harm(tmp_path: Path) -> None:
    case = settled_case("gated-share", tmp_path)
    waiting = waiting_of(case, "other_period", "=HYPERLINK(1)")
    from dataclasses import replace

    rows = register_rows(entries_of(Settled([replace(waiting, group_name="@cmd")], INPUTS)))
    row = next(csv.DictReader(io.StringIO(register_csv(rows).decode())))
    assert (row["group_name"], row["why"]) == ("'@cmd", "'=HYPERLINK(1)")
    page = register_files(entries_of(Settled([replace(waiting, group_name="<b>x</b>")], INPUTS)), INPUTS, ABOUT)
    assert b"<b>x" not in page["register.html"]


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] != "style":
            self.text += data


@pytest.fixture(scope="module")
def page(entries: list[Entry]) -> Page:
    parser = Page()
    parser.feed(register_files(entries, INPUTS, ABOUT)["register.html"].decode())
    return parser


def test_the_page_needs_nothing_else(page: Page, entries: list[Entry]) -> None:
    assert "script" not in page.tags
    assert page.links == [f"{entry.run.id}.reports/statement.html" for entry in entries if entry.run is not None]


def test_the_page_says_what_it_is(page: Page) -> None:
    for text in (
        "the payer's finance department: it shows every group", "January to December 2014", "31 March 2015",
        "30 June 2015", "Net payable to the groups", "$488.00", "5 of 6 contracts settled", "No agreement in force",
        "The agreement holds from 1 January 2015 to 31 December 2016", "Late Group",
        "member months: member_months.csv, 200,000 rows, known on 30 June 2015", "Not tied to source",
    ):  # fmt: skip
        assert text in page.text


def test_nothing_settled_at_all(tmp_path: Path) -> None:
    case = settled_case("gated-share", tmp_path)
    entries = entries_of(Settled([waiting_of(case, "other_period", "its performance periods are 2015")], INPUTS))
    made = register_files(entries, INPUTS, ABOUT)
    assert b"0 of 1 contracts settled" in made["register.html"]
    assert b"Settled groups" not in made["register.html"]
    assert made["register.csv"].decode().splitlines()[-1].strip(",") == "Total"


def test_totals_of_the_whole_table(tmp_path: Path) -> None:
    """200,000 rows, of which 900 are the two groups'; 100 of these lie in no period."""
    names = {"gated-share": "alder", "two-sided-loss-ratio": "elm"}
    results = [
        result_of(
            settled_case(name, tmp_path, group),
            [
                control("table", "in", 450, "450", "9000.00"),
                control("table", "excluded", 50, "50", "1000.00", "outside_the_period"),
                control("table", "used", 400, "400", "8000.00"),
                control("performance", "in", 400, "400", "8000.00"),
                control("performance", "excluded", 10 * place, "1", "2.00", f"rule{place}"),
                control("performance", "used", 400 - 10 * place, "399", "7998.00"),
            ],
        )
        for place, (name, group) in enumerate(names.items())
    ]
    entries = entries_of(Settled(results, INPUTS))
    view = register_view(register_rows(entries), entries, INPUTS, ABOUT)
    shown = {
        table.title: [(row.label, list(row.cells)) for row in (*table.rows, *([table.total] if table.total else []))]
        for table in view.controls
    }
    assert shown == {
        "The whole table": [
            ("In the table", ["200,000"]), ("Of no group that is settled here", ["−199,100"]),
            ("Rows of the groups settled here", ["900"]),
        ],
        "Rows of the groups": [
            ("In the table", ["900", "900", "$18,000.00"]),
            ("Outside every period of the contract", ["−100", "−100", "−$2,000.00"]),
            ("In the periods of the contract", ["800", "800", "$16,000.00"]),
        ],
        "Performance periods together": [
            ("In the table", ["800", "800", "$16,000.00"]), ("Rule0", ["0", "−1", "−$2.00"]),
            ("Rule1", ["−10", "−1", "−$2.00"]), ("Used", ["790", "798", "$15,996.00"]),
        ],
    }  # fmt: skip


def test_tied_to_the_totals_of_the_source(tmp_path: Path) -> None:
    result = result_of(settled_case("gated-share", tmp_path), tied={"owner": "Data desk", "date": "2015-07-01"})
    made = register_files(entries_of(Settled([result], INPUTS)), INPUTS, ABOUT)
    assert b"<span>Tied to the expected totals of Data desk, 1 July 2015.</span>" in made["register.html"]


def test_totals_where_nobody_has_an_amount() -> None:
    assert set(totals([]).values()) == {None}
