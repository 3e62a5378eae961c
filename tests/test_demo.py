"""The demo: nine groups of the published sizes, costs as skewed as real ones, the same on every machine."""

import csv
import hashlib
import io
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from p4v.check import check_file
from p4v.contract.blocks.cost import Expenditure
from p4v.data.reference import point_of
from p4v.demo import write_demo
from p4v.demo.blocks import CATEGORIES, MONTHS, Block, Large, Window, demo_blocks, person_years
from p4v.demo.draws import Draws
from p4v.demo.members import Rows, counted_cents, make, settled_at
from p4v.demo.programme import programme
from p4v.demo.references import reference_csv
from p4v.errors import Refusal
from p4v.settlement import terms_for
from p4v.single import read_contract
from support import CONFIGS, ROOT

DEMO = CONFIGS / "demo"
CONTRACTS = sorted((DEMO / "contracts").glob("*.yaml"))
REAL = ROOT / "examples" / "rand-hie" / "data" / "person_years.csv"
PUBLISHED = {"baycare": 17000, "acp azcc": 12000, "primed gpa": 12000, "scripps": 10000, "ucla": 5900, "facey": 2500}
"""Members, as the groups' arrangements were announced; of two pairs the number of both together."""
ROWS = 1_660_219
DIGEST = "4cc7c4a7564b048094e82f797914b5c86b619cfa6ec51be958c3b2a8a3e793c7"
PROGRAMME_DIGEST = "361dcbb71f0854b2c5e68eb8b3143735bd9ffdf146dcd105b12fc30efa584bcd"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "workspace"
    write_demo(folder)
    return folder


@pytest.fixture(scope="module")
def table(workspace: Path) -> pa.Table:
    return pq.read_table(workspace / "data" / "member_months.parquet")


def digest_of(path: Path) -> str:
    """The digest of a table's cells, column by column; not of the file, which names the library that wrote it."""
    digest = hashlib.sha256()
    table = pq.read_table(path)
    for name in table.column_names:
        digest.update(name.encode())
        column = table[name]
        if pa.types.is_decimal(column.type):
            column = pc.cast(column, pa.string())
        if pa.types.is_string(column.type):
            encoded = column.combine_chunks().dictionary_encode()
            digest.update("\n".join(encoded.dictionary.to_pylist()).encode())
            column = pa.chunked_array([encoded.indices])
        digest.update(np.ascontiguousarray(column.to_numpy(), dtype="<i8").tobytes())
    return digest.hexdigest()


# Contracts


def test_the_nine_contracts_are_those_of_the_groups() -> None:
    assert [path.stem for path in CONTRACTS] == [
        "acp", "azcc", "baycare", "cornerstone", "facey", "gpa", "primed", "scripps", "ucla",
    ]  # fmt: skip
    for path in CONTRACTS:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert (document["contract"], document["group"]["id"], document["payer"]["name"]) == (
            path.stem, path.stem, "Cigna",
        )  # fmt: skip


@pytest.mark.parametrize("path", [*CONTRACTS, DEMO / "pooled" / "acp-azcc.yaml"], ids=lambda path: path.stem)
def test_a_contract_is_sound_and_its_cases_come_out(path: Path) -> None:
    checked = check_file(path)
    assert list(checked.findings) == []
    assert checked.cases >= 2


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_says_what_is_published_and_what_is_illustrative(path: Path) -> None:
    head = path.read_text(encoding="utf-8").split("\ncontract:")[0].replace("\n#", "")
    assert "Published: the group" in head
    assert "Illustrative: everything else" in head
    stated = [
        rule for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["stated"] if rule["topic"] == "Illustrative"
    ]
    assert len(stated) == 1
    assert "All other terms and all figures are illustrative." in " ".join(stated[0]["text"].split())


def test_published_facts_stand_in_the_contracts_as_published() -> None:
    starts = {
        path.stem: str(yaml.safe_load(path.read_text(encoding="utf-8"))["agreement"]["effective"]) for path in CONTRACTS
    }
    july, january, next_january = "2013-07-01", "2014-01-01", "2015-01-01"
    assert starts == {
        "baycare": july, "acp": july, "azcc": july, "primed": january, "gpa": january, "scripps": next_january,
        "ucla": next_january, "facey": next_january, "cornerstone": "2013-01-01",
    }  # fmt: skip
    terms = yaml.safe_load((DEMO / "contracts" / "baycare.yaml").read_text(encoding="utf-8"))["terms"]
    assert terms["care_coordination_fee"]["pmpm"] == 1.50
    assert terms["fee_reset"]["share"] == "50%"
    assert terms["quality_gate"]["no_decline"] == "score"


def test_the_point_of_two_contracts_is_what_99_percent_of_the_reference_stay_at_or_below() -> None:
    for id_ in ("acp", "azcc"):
        program = read_contract(DEMO / "contracts" / f"{id_}.yaml")
        assert program.contract is not None
        block = terms_for(program, program.contract.first_period(), None).need("expenditure", Expenditure)
        assert block.large_claims is not None
        assert block.large_claims.percentile is not None
        path = DEMO / "references" / f"{block.large_claims.percentile.reference}.csv"
        assert point_of(path, block.large_claims.percentile) == 56616
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    annual = sorted(Fraction(row["amount_of_member_year"]) * 12 / int(row["member_months"]) for row in rows)
    assert (len(rows), annual[1979]) == (2000, 56616)
    assert {block.large.point for block in demo_blocks() if block.large.form == "prorated"} == {5661600}


def test_the_reference_is_made_and_not_written_by_hand() -> None:
    assert (DEMO / "references" / "arizona-2012.csv").read_bytes() == reference_csv(person_years())


# Sizes


def counted(table: pa.Table, group: str) -> pa.Table:
    """Rows of a group that its contract counts: insured, of no exclusion."""
    mask = pc.and_(pc.equal(table["group_id"], group), pc.equal(table["funding"], "insured"))
    return table.filter(pc.and_(mask, pc.equal(table["cohort"], "general")))


@pytest.mark.parametrize("groups, members", PUBLISHED.items())
def test_a_panel_is_as_large_as_published_every_month(table: pa.Table, groups: str, members: int) -> None:
    months: Counter[str] = Counter()
    for group in groups.split():
        sums = counted(table, group).group_by("month").aggregate([("member_months", "sum")])
        months.update(dict(zip(sums["month"].to_pylist(), sums["member_months_sum"].to_pylist(), strict=True)))
    last = sorted(months)[-12:]
    # of baycare 3 months after a death and 12 rows that stand twice are in the table, and leave by their own rules
    twice = 15 if groups == "baycare" else 0
    assert sum(months[month] for month in last) == 12 * members + twice
    assert all(members <= months[month] <= members + twice for month in last)


def test_members_come_and_go_and_the_panel_stays(table: pa.Table) -> None:
    rows = counted(table, "gpa")
    assert len(rows) == 72000
    months = Counter(rows["member_id"].to_pylist())
    assert len(months) > 6000
    assert 0.90 < sum(number == 12 for number in months.values()) / 6000 < 0.94


def test_half_months_are_fractions(table: pa.Table) -> None:
    rows = counted(table, "primed")
    halves = pc.sum(pc.equal(rows["member_months"], pa.scalar(Decimal("0.5")))).as_py()
    assert halves == 2 * (len(rows) - 72000) > 0
    assert pc.sum(rows["member_months"]).as_py() == 72000


def test_no_one_is_in_two_groups_and_every_id_is_text(table: pa.Table) -> None:
    pairs = table.group_by(["member_id", "group_id"]).aggregate([])
    assert len(pairs) == len(set(pairs["member_id"].to_pylist()))
    assert pc.all(pc.match_substring_regex(pairs["member_id"], "^M[0-9]{7}$")).as_py()


# The same on every machine


def test_the_table_is_the_same_every_time(workspace: Path, table: pa.Table, tmp_path: Path) -> None:
    assert len(table) == ROWS
    assert digest_of(workspace / "data" / "member_months.parquet") == DIGEST
    threads = pa.cpu_count()
    try:
        pa.set_cpu_count(1)
        write_demo(tmp_path / "again")
    finally:
        pa.set_cpu_count(threads)
    for path in sorted(workspace.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(workspace)).read_bytes(), path.name


def test_draws_are_those_of_the_raw_stream() -> None:
    assert Draws("an example").below(6, 8).tolist() == Draws("an example").below(6, (2, 4)).ravel().tolist()
    assert Draws("an example").below(6, 1000).tolist() != Draws("another").below(6, 1000).tolist()
    found = Counter(Draws("an example").below(6, 60_000).tolist())
    assert sorted(found) == list(range(6))
    assert all(9_600 < number < 10_400 for number in found.values())
    assert sorted(Draws("an example").shuffled(1000).tolist()) == list(range(1000))


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, workspace: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        write_demo(tmp_path)
    assert [finding.code for finding in refused.value.findings] == ["P4V-U006"]
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


# Costs as skewed as real ones


def real_person_years() -> list[tuple[int, ...]]:
    """Cents of each real person-year: total, inpatient, outpatient, pharmacy, other."""
    found = []
    with REAL.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cents = {name: int(row[name].replace(".", "")) for name in row if name.startswith("allowed_")}
            other = cents["allowed_supplies"] + cents["allowed_mental_health"]
            parts = (cents["allowed_inpatient"], cents["allowed_outpatient"], cents["allowed_drugs"], other)
            found.append((sum(parts), *parts))
    return sorted(found)


def test_the_person_years_that_costs_are_drawn_from_are_of_the_real_sample() -> None:
    """One for all that cost nothing; one for each 25 in order of cost, 5 in the top 5%, each of the top 0.5%."""
    real = real_person_years()
    zeros = sum(person[0] == 0 for person in real)
    wanted: list[tuple[int, ...]] = [(zeros, 0, 0, 0, 0)]
    place = zeros
    while place < len(real):
        size = 25 if place < len(real) * 95 // 100 else 5 if place < len(real) * 995 // 1000 else 1
        block = real[place : place + size]
        total = sum(person[0] for person in block)
        nearest = min(block, key=lambda person: (abs(person[0] * len(block) - total), person))
        wanted.append((len(block), *nearest[1:]))
        place += len(block)
    sample = person_years()
    persons = np.diff(sample.upto, prepend=0).tolist()
    assert [(number, *cents) for number, cents in zip(persons, sample.cents.tolist(), strict=True)] == wanted
    assert sample.persons == len(real) == 20190


def shares_at_the_top(costs: np.ndarray) -> tuple[float, float, float]:
    """The share of the cost of the top 1% and 10%, and the share of persons without any."""
    falling = np.sort(costs)[::-1]
    total = falling.sum()
    top = [falling[: len(costs) * share // 100].sum() / total for share in (1, 10)]
    return top[0], top[1], (costs == 0).mean()


REAL_SKEW = (0.2825, 0.7162, 0.2191)


def test_how_skewed_the_real_sample_is() -> None:
    real = np.array([person[0] for person in real_person_years()])
    assert shares_at_the_top(real) == pytest.approx(REAL_SKEW, abs=0.00005)
    sample = person_years()
    drawn = np.repeat(sample.cents.sum(axis=1), np.diff(sample.upto, prepend=0))
    assert shares_at_the_top(drawn) == pytest.approx(REAL_SKEW, abs=0.0002)


@pytest.mark.parametrize("group", ["baycare", "acp", "gpa", "scripps", "cornerstone"])
def test_a_year_of_a_group_is_as_skewed(table: pa.Table, group: str) -> None:
    """Within 3 points at the top 1% and 2 points elsewhere, over members who were there all year."""
    basis = "paid" if group in ("scripps", "cornerstone") else "allowed"
    rows = counted(table, group)
    last = sorted(set(rows["month"].to_pylist()))[-12:]
    rows = rows.filter(pc.is_in(rows["month"], pa.array(last)))
    sums = rows.group_by("member_id").aggregate(
        [("member_months", "sum"), *((f"{basis}_{name}_cents", "sum") for name in CATEGORIES)]
    )
    sums = sums.filter(pc.equal(pc.cast(sums["member_months_sum"], pa.float64()), 12.0))
    costs = sum(sums[f"{basis}_{name}_cents_sum"].to_numpy() for name in CATEGORIES)
    top, tenth, none = shares_at_the_top(costs)
    assert top == pytest.approx(REAL_SKEW[0], abs=0.03)
    assert tenth == pytest.approx(REAL_SKEW[1], abs=0.02)
    assert none == pytest.approx(REAL_SKEW[2], abs=0.02)


# Tables beside the member months


def test_expected_totals_are_those_of_the_table(workspace: Path, table: pa.Table) -> None:
    with (workspace / "data" / "expected_totals.csv").open(encoding="utf-8", newline="") as file:
        told = {
            row["month"]: (int(row["rows"]), Decimal(row["member_months"]), Decimal(row["dollars"]))
            for row in csv.DictReader(file)
        }
    allowed = [table[f"allowed_{name}_cents"] for name in CATEGORIES]
    cents = allowed[0]
    for column in allowed[1:]:
        cents = pc.add(cents, column)
    sums = (
        table.append_column("cents", cents)
        .group_by("month")
        .aggregate([("month", "count"), ("member_months", "sum"), ("cents", "sum")])
    )
    found = {
        row["month"]: (row["month_count"], row["member_months_sum"], Decimal(row["cents_sum"]) / 100)
        for row in sums.to_pylist()
    }
    assert told == found
    assert sum(rows for rows, _, _ in told.values()) == ROWS


def test_the_lag_triangle_is_the_claims_by_month_of_payment(workspace: Path, table: pa.Table) -> None:
    with (workspace / "data" / "lag_triangle.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["group_id"] for row in rows} == {"acp", "azcc"}
    assert max(row["paid_month"] for row in rows) == "2014-12"
    for group in ("acp", "azcc"):
        mine = counted(table, group)
        for month in ("2013-07", "2014-03", "2014-06"):
            here = mine.filter(pc.equal(mine["month"], month))
            incurred = sum(pc.sum(here[f"allowed_{name}_cents"]).as_py() for name in CATEGORIES)
            paid = [
                Decimal(row["amount"]) for row in rows if (row["group_id"], row["incurred_month"]) == (group, month)
            ]
            assert sum(paid) == Decimal(incurred) / 100
    # what its contract takes as paid after three, six and nine months, of what is paid after twelve
    july = [Decimal(row["amount"]) for row in rows if (row["group_id"], row["incurred_month"]) == ("acp", "2013-07")]
    complete = [sum(july[: lag + 1]) / sum(july[:13]) for lag in (3, 6, 9, 12)]
    assert [round(share, 4) for share in complete] == [Decimal("0.94"), Decimal("0.97"), Decimal("0.99"), 1]


def test_who_died_was_there_and_has_rows_afterwards(workspace: Path, table: pa.Table) -> None:
    with (workspace / "data" / "deaths.csv").open(encoding="utf-8", newline="") as file:
        deaths = {row["member_id"]: row["death_month"] for row in csv.DictReader(file)}
    assert len(deaths) == 3
    rows = table.filter(pc.is_in(table["member_id"], pa.array(list(deaths)))).to_pylist()
    after = [row for row in rows if row["month"] > deaths[row["member_id"]]]
    assert len(after) == 3
    assert {row["group_id"] for row in rows} == {"baycare"}
    assert {row["member_id"] for row in rows if row["month"] == deaths[row["member_id"]]} == set(deaths)


def test_rows_that_stand_twice_are_baycares_alone(table: pa.Table) -> None:
    keys = table.group_by(["group_id", "member_id", "month"]).aggregate([("product", "count")])
    twice = keys.filter(pc.greater(keys["product_count"], 1))
    assert twice["group_id"].to_pylist() == ["baycare"] * 12
    assert twice["product_count"].to_pylist() == [2] * 12


# A block on its own


def small(form: str = "none", **more: object) -> Block:
    large = Large(form, 6_000_000, 80)  # type: ignore[arg-type]
    return Block("example", "ppo", "XX", 400, (Window(2014 * MONTHS, 150_000_000),), large, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["none", "capped", "truncate", "prorated", "pool"])
def test_a_block_costs_what_it_says(form: str) -> None:
    block = small(form)
    made = make(block, person_years())
    assert made.counted == (150_000_000,)
    totals = np.zeros(made.persons, dtype=np.int64)
    months = np.zeros(made.persons, dtype=np.int64)
    np.add.at(totals, made.rows.person, made.rows.cents.sum(axis=1))
    np.add.at(months, made.rows.person, made.rows.tenths)
    points = {"prorated": months * 6_000_000 // 120}.get(form, np.full(made.persons, 6_000_000))
    excess = int(np.maximum(totals - points, 0).sum())
    part = {"truncate": 100, "prorated": 100, "pool": 80}.get(form, 0)
    assert int(totals.sum()) * 100 - part * excess == 150_000_000 * 100
    assert made.rows.cents.min() >= 0
    assert int(months.sum()) == 400 * 12 * 10


def test_a_block_that_is_far_from_its_cost_is_a_fault() -> None:
    block = small()
    rows = Rows(
        np.arange(3), np.full(3, 2014 * MONTHS), np.full(3, 10), np.full((3, 4), 1000), np.zeros(3, dtype=np.int64),
        np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64),
    )  # fmt: skip
    assert counted_cents(block, block.windows[0], rows) == 12_000
    with pytest.raises(AssertionError, match="far from what they should be"):
        settled_at(block, block.windows[0], rows)


# A programme of many groups


def test_a_programme_has_the_members_of_its_scale() -> None:
    groups = list(programme(114))
    assert len({group.id for group in groups}) == 114
    assert sum(group.members for group in groups) == 1_200_000
    assert min(group.members for group in groups) >= 2500
    assert sum(group.members for group in programme(19)) == 200_000


def test_a_programme_is_written_group_by_group(tmp_path: Path) -> None:
    steps: list[str] = []
    write_demo(tmp_path / "programme", 3, steps.append)
    assert steps[-1] == "making member months 3 of 3"
    assert digest_of(tmp_path / "programme" / "data" / "member_months.parquet") == PROGRAMME_DIGEST
    contracts = sorted((tmp_path / "programme" / "contracts").glob("*.yaml"))
    assert [path.stem for path in contracts] == ["g0001", "g0002", "g0003"]
    assert all(check_file(path).findings == [] for path in contracts)
    assert pq.ParquetFile(tmp_path / "programme" / "data" / "member_months.parquet").num_row_groups == 3
    with pytest.raises(Refusal):
        write_demo(tmp_path / "programme", 2)


def test_most_groups_of_a_programme_save_more_than_their_minimum_and_some_do_not() -> None:
    """By the table of the contract: 3.5% at 5,000 members, 2.5% at 10,000, 2% at 20,000, in proportion between."""
    rates = [(2500, 45), (5000, 35), (10000, 25), (20000, 20)]

    def minimum(members: int) -> Fraction:
        (low, first), (high, last) = next(pair for pair in pairwise(rates) if pair[0][0] <= members <= pair[1][0])
        return first + Fraction((members - low) * (last - first), high - low)

    groups = list(programme(114))
    assert sum(group.saved >= minimum(group.members) and group.score >= 60 for group in groups) == 66
    assert (sum(group.saved < 0 for group in groups), sum(group.score < 60 for group in groups)) == (7, 8)
