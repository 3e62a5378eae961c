"""Real person-years of six sites, settled, against the terms worked out over the same file in plain fractions."""

import csv
import importlib.util
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from p4v.workspace.document import read_asked, read_workspace
from p4v.workspace.results import GroupResult, Request
from p4v.workspace.settle import settle_workspace
from support import ROOT, p4v

RAND = ROOT / "examples" / "rand-hie"
CATEGORIES = ("outpatient", "drugs", "supplies", "mental_health", "inpatient")
YEAR = 12


@dataclass(frozen=True)
class PersonYear:
    months: Fraction
    dollars: Fraction


@cache
def person_years() -> dict[tuple[str, str], list[PersonYear]]:
    """By site and year."""
    found: dict[tuple[str, str], list[PersonYear]] = {}
    with (RAND / "data" / "person_years.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            dollars = sum((Fraction(row[f"allowed_{category}"]) for category in CATEGORIES), Fraction(0))
            people = found.setdefault((row["group_id"], row["year"]), [])
            people.append(PersonYear(Fraction(row["member_months"]), dollars))
    return found


@dataclass(frozen=True)
class Year:
    """What one year comes to: months that count, dollars that count, and what large claims took."""

    months: Fraction
    dollars: Fraction
    taken: Fraction


Cost = Callable[[Sequence[PersonYear]], Year]


def total(amounts: Any) -> Fraction:
    return sum(amounts, Fraction(0))


def truncated(point: int, prorated: bool) -> Cost:
    def cost(people: Sequence[PersonYear]) -> Year:
        points = [point * person.months / YEAR if prorated else Fraction(point) for person in people]
        excess = total(max(person.dollars - at, Fraction(0)) for person, at in zip(people, points, strict=True))
        return Year(total(p.months for p in people), total(p.dollars for p in people) - excess, excess)

    return cost


def left_out(people: Sequence[PersonYear]) -> Year:
    """People of 5,000 a year or more, with their months."""
    stay = [person for person in people if person.dollars < 5000 * person.months / YEAR or person.dollars == 0]
    gone = total(person.dollars for person in people) - total(person.dollars for person in stay)
    return Year(total(p.months for p in stay), total(p.dollars for p in stay), gone)


def pooled(people: Sequence[PersonYear]) -> Year:
    """80% of what lies above 2,500 a year to a pool, for 0.60 a month."""
    excess = truncated(2500, True)(people).taken
    months = total(p.months for p in people)
    dollars = total(p.dollars for p in people) - excess * Fraction(80, 100) + Fraction(60, 100) * months
    return Year(months, dollars, excess)


TREND = Fraction(110, 100)
COSTS: dict[str, Cost] = {
    "site-1": truncated(5000, True), "site-2": truncated(5000, True), "site-3": left_out,
    "site-4": truncated(5000, True), "site-5": truncated(3000, False), "site-6": pooled,
}  # fmt: skip


@dataclass(frozen=True)
class Worked:
    now: Year
    benchmark: Fraction
    savings: Fraction
    earned: Fraction


def cents(amount: Fraction) -> Fraction:
    """Half up, away from zero."""
    size = int(abs(amount) * 100 + Fraction(1, 2))
    return Fraction(size if amount >= 0 else -size, 100)


def base_pmpm(site: str) -> Fraction:
    """The baseline per member per month, brought to 1977."""
    earlier = {year: COSTS[site](person_years()[site, year]) for year in ("1975", "1976")}
    if site == "site-2":
        parts = ((Fraction(40, 100), "1975", Fraction(121, 100)), (Fraction(60, 100), "1976", TREND))
        return total(weight * earlier[year].dollars / earlier[year].months * trend for weight, year, trend in parts)
    if site == "site-5":
        years = list(earlier.values())
        return total(y.dollars for y in years) / total(y.months for y in years) * Fraction(115, 100)
    return earlier["1976"].dollars / earlier["1976"].months * TREND


LOSSES = {
    "site-2": (Fraction(30, 100), Fraction(4, 100)),
    "site-3": (Fraction(40, 100), Fraction(5, 100)),
    "site-5": (Fraction(30, 100), Fraction(6, 100)),
}
"""The share of a loss, and its limit as a share of the benchmark; the other sites are one-sided."""


def worked(site: str) -> Worked:
    now = COSTS[site](person_years()[site, "1977"])
    benchmark = base_pmpm(site) * now.months
    savings = benchmark - now.dollars
    minimum = Fraction(2, 100) * benchmark
    earned = Fraction(0)
    if savings >= minimum:
        counted = savings - minimum if site == "site-4" else savings
        earned = min(counted / 2, Fraction(5, 100) * benchmark)
    elif -savings >= minimum and site in LOSSES:
        share, limit = LOSSES[site]
        earned = -min(-savings * share, limit * benchmark)
    return Worked(now, benchmark, savings, cents(earned))


SITES = sorted(COSTS)


@pytest.fixture(scope="module")
def results() -> dict[str, GroupResult]:
    settled = settle_workspace(read_workspace(RAND), Request(read_asked("1977")))
    return {result.group: result for result in settled.results}


def line(result: GroupResult, name: str) -> Fraction:
    assert result.settlement is not None
    found = [line for line in result.settlement.document()["lines"] if line["name"] == name]
    assert len(found) == 1, name
    return Fraction(found[0]["exact"])


@pytest.mark.parametrize("site", SITES)
def test_a_site_settles_as_worked_in_fractions(site: str, results: dict[str, GroupResult]) -> None:
    result, own = results[site], worked(site)
    assert result.state == "settled"
    assert line(result, "member_months") == own.now.months
    assert line(result, "expenditure") == own.now.dollars
    assert line(result, "benchmark") == own.benchmark
    assert line(result, "gross_savings") == own.savings
    taken = "large_claims_excluded" if site == "site-3" else "large_claims_excess"
    assert line(result, taken) == own.now.taken
    assert result.settlement is not None
    earned = [row for row in result.settlement.document()["lines"] if row["name"] == "earned"]
    assert Fraction(earned[0]["value"]) == own.earned


def test_the_sites_show_every_outcome() -> None:
    """A change of the terms that makes all sites alike would test nothing."""
    found = {site: worked(site) for site in SITES}
    assert found["site-1"].earned == cents(found["site-1"].benchmark / 20), "the cap is reached"
    assert 0 < found["site-2"].savings < found["site-2"].benchmark / 50, "saved, but below the gate"
    assert found["site-2"].earned == 0
    assert found["site-3"].earned == -cents(found["site-3"].benchmark / 20), "the loss limit is reached"
    assert 0 < found["site-4"].earned < cents(found["site-4"].savings / 2), "the deductible"
    assert found["site-5"].earned == cents(found["site-5"].savings * 30 / 100) < 0, "a loss within the limit"
    assert found["site-6"].earned == cents(found["site-6"].savings / 2) > 0, "half of what is saved"


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def test_the_table_of_the_page_is_what_was_worked() -> None:
    page = (RAND / "README.md").read_text(encoding="utf-8").split("\n")
    shown = {
        cells[1]: [Fraction(cell) for cell in cells[2:7]]
        for cells in map(cells_of, page)
        if cells[1:2] and cells[1] in SITES
    }
    assert list(shown) == SITES
    for site, figures in shown.items():
        own = worked(site)
        assert figures == [own.now.months, *map(cents, (own.benchmark, own.now.dollars, own.savings)), own.earned]
    assert cents(worked("site-1").savings / 2) == Fraction("20040.62")


def test_the_file_has_all_person_years_and_their_dollars() -> None:
    """20,190 person-years of 5,912 persons, as the sample has them."""
    people = [person for years in person_years().values() for person in years]
    assert len(people) == 20_190
    assert (RAND / "data" / "person_years.csv").stat().st_size < 1_400_000
    assert {site for site, _ in person_years()} == set(SITES)
    assert {year for _, year in person_years()} == {"1975", "1976", "1977", "1978", "1979"}
    # Summed over the source's own columns, before anything was converted.
    assert total(person.dollars for person in people) == Fraction("3602650.48")
    assert total(person.months for person in people) == Fraction("242027.083848")


def test_costs_are_as_skewed_as_real_ones() -> None:
    """A tenth of the person-years has most of the dollars, and many have none."""
    dollars = sorted((p.dollars for years in person_years().values() for p in years), reverse=True)
    assert sum(dollars[: len(dollars) // 10]) > Fraction(60, 100) * sum(dollars)
    assert sum(1 for amount in dollars if amount == 0) > len(dollars) // 6


@pytest.mark.parametrize(
    "share, months",
    [("1.0", "12"), ("0.268493", "3.221916"), ("0.0767120", "0.920544"), ("0.0000000417", "0.000001"), ("0", "0")],
)
def test_shares_of_a_year_become_member_months(share: str, months: str) -> None:
    spec = importlib.util.spec_from_file_location("convert", RAND / "convert.py")
    assert spec is not None
    assert spec.loader is not None
    convert = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(convert)
    assert convert.member_months(share) == months
    row = {"person_id": "7", "year": "3", "site": "2", "eligible_share_of_year": share, "outpatient": "1.00",
           "drugs": "2.00", "supplies": "3.00", "mental_health": "4.00", "inpatient": "5.00", "age": "x"}  # fmt: skip
    assert convert.converted(row) == ["site-2", "7", "1977", months, "1.00", "2.00", "3.00", "4.00", "5.00"]


def test_the_command_settles_the_example(tmp_path: Path) -> None:
    folder = tmp_path / "rand-hie"
    shutil.copytree(RAND, folder, ignore=shutil.ignore_patterns("runs", "__pycache__"))
    result = p4v("settle", "--workspace", folder, "--period", "1977")
    assert result.exit_code == 0, result.stderr
    for site in SITES:
        (shown,) = [line for line in result.stdout.split("\n") if line.startswith(f"{site} ")]
        earned = shown.split()[4].replace("$", "").replace(",", "").replace("\N{MINUS SIGN}", "-")
        assert Fraction(earned) == worked(site).earned
    assert (folder / "runs" / "register.html").exists()
