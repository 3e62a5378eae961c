"""The roll-up on rows small enough to add up by hand: each status, each rule, months, moves and controls."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import ibis
import pyarrow as pa
import pytest

from p4v.experience.rollup import RolledUp, Rows, roll_up
from p4v.experience.rules import DAY_UNITS, STANDING, Cost, DataRules, Exclusion, Part, Window
from p4v.experience.tables import Tables
from p4v.periods import Period

JANUARY = 2014 * 12
QUARTER = Window("performance", "performance", Period.of_months(2014, 1, 3))
BASE = Window("2013", "baseline", Period.of_months(2013, 1, 3))
PLAIN = DataRules("cost", "counted", (QUARTER,), (Cost("", ("allowed",)),), (Part((0,)),))
TYPES = {
    "group_id": pa.string(), "member_id": pa.string(), "month": pa.int32(), "fault": pa.int16(),
    "product": pa.string(), "cohort": pa.string(), "purpose": pa.string(), "funding": pa.string(),
    "first_day": pa.int32(), "last_day": pa.int32(), "death_month": pa.int32(),
}  # fmt: skip


@pytest.fixture(params=["duckdb", "polars"])
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Engines that share nothing: the roll-up is written once, in what all of them do alike."""
    con = getattr(ibis, request.param).connect()
    yield con
    con.disconnect()


def table_of(rows: list[Mapping[str, Any]]) -> Any:
    names = list(rows[0])
    columns = {name: pa.array([row[name] for row in rows], TYPES.get(name, pa.int64())) for name in names}
    return ibis.memtable(pa.table(columns))


def row(member: str, month: int, cents: int, group: str = "A", **more: Any) -> dict[str, Any]:
    """A row of a month from January 2014 on, counted from 0."""
    return {"group_id": group, "member_id": member, "month": JANUARY + month, "fault": 0, "allowed": cents, **more}


def rolled(
    engine: Any, rules: DataRules, rows: list[dict[str, Any]], deaths: Any = None, days: bool = False
) -> RolledUp:
    table = engine.create_table("rows", table_of(rows), temp=True, overwrite=True)
    dead = None if deaths is None else engine.create_table("dead", table_of(deaths), temp=True, overwrite=True)
    return roll_up(Rows(Tables(engine), table, dead, frozenset(rows[0]), days), rules)


def by_status(found: RolledUp, window: int = 0) -> dict[str, tuple[int, int, int]]:
    """Status to rows, months (units) and cents of a window."""
    cells, totals = found.experience.cells, {}
    for place in range(len(cells.rows)):
        if cells.window[place] != window:
            continue
        status = int(cells.status[place])
        name = found.experience.statuses[status] if status >= 0 else f"fault {-status}"
        old = totals.get(name, (0, 0, 0))
        new = (int(cells.rows[place]), int(cells.months[place]), int(cells.dollars[place].sum()))
        totals[name] = tuple(a + b for a, b in zip(old, new, strict=True))
    return totals


MILLION = 10**6


def test_rows_of_a_period_and_of_none(engine: Any) -> None:
    found = rolled(
        engine, PLAIN, [row("m1", 0, 500), row("m1", 1, -20), row("m2", 2, 7), row("m2", 3, 99), row("m2", -1, 1)]
    )
    assert by_status(found) == {"used": (3, 3 * MILLION, 487)}
    assert by_status(found, window=-1) == {"outside_the_period": (2, 2 * MILLION, 100)}
    years = found.experience.member_years
    assert sorted(zip(years.months.tolist(), years.amount[:, 0].tolist(), strict=True)) == [
        (MILLION, 7),
        (2 * MILLION, 480),
    ]
    assert found.experience.months_seen == {(0, 0): 0b111}
    assert (found.twice, found.in_two_groups, found.faults) == ({}, 0, {})


def test_two_windows_are_two_member_years_and_other_groups_stand_apart(engine: Any) -> None:
    rules = replace(PLAIN, windows=(QUARTER, BASE))
    rows = [row("m1", 0, 500), row("m1", -12, 40), row("m1", -11, 2), row("m9", 0, 3, group="B")]
    found = rolled(engine, rules, rows)
    assert found.experience.groups == ["A", "B"]
    years = found.experience.member_years
    assert sorted(zip(years.group.tolist(), years.window.tolist(), years.amount[:, 0].tolist(), strict=True)) == [
        (0, 0, 500), (0, 1, 42), (1, 0, 3),
    ]  # fmt: skip
    assert found.experience.months_seen == {(0, 0): 1, (0, 1): 0b11, (1, 0): 1}
    alone = rolled(engine, replace(rules, groups=("B",)), rows)
    assert alone.experience.groups == ["B"]
    assert by_status(alone) == {"used": (1, MILLION, 3)}


def test_a_rejected_row_counts_under_its_fault_alone(engine: Any) -> None:
    found = rolled(engine, PLAIN, [row("m1", 0, 500), row("m1", 0, 9) | {"fault": 4}, row("m2", 1, 1) | {"fault": 4}])
    assert by_status(found) == {"used": (1, MILLION, 500), "fault 4": (2, 2 * MILLION, 10)}
    assert found.faults == {("A", 4): 2}
    assert found.twice == {}


@pytest.mark.parametrize("months_leave", [True, False])
def test_rows_taken_out_by_a_column(engine: Any, months_leave: bool) -> None:
    """The row counts as excluded with its month either way; of the member's year the month leaves or stays."""
    rule = Exclusion("hospice", "rows", frozenset({"performance"}), months_leave, "cohort", ("hospice", "snf"))
    rules = replace(PLAIN, exclusions=(rule,))
    found = rolled(
        engine, rules, [row("m1", 0, 500, cohort=""), row("m1", 1, 60, cohort="snf"), row("m2", 0, 7, cohort="x")]
    )
    assert by_status(found) == {
        "used": (2, 2 * MILLION, 507), "hospice": (1, MILLION, 60),
    }  # fmt: skip
    months = {True: [MILLION, MILLION], False: [MILLION, 2 * MILLION]}[months_leave]
    assert sorted(found.experience.member_years.months.tolist()) == months
    assert sorted(found.experience.member_years.amount[:, 0].tolist()) == [7, 500]


def test_an_exclusion_of_one_period_leaves_the_other(engine: Any) -> None:
    rule = Exclusion("x", "rows", frozenset({"baseline"}), True, "cohort", ("x",))
    rules = replace(PLAIN, windows=(QUARTER, BASE), exclusions=(rule,))
    found = rolled(engine, rules, [row("m1", 0, 5, cohort="x"), row("m1", -12, 7, cohort="x")])
    assert by_status(found) == {"used": (1, MILLION, 5)}
    assert by_status(found, 1) == {"x": (1, MILLION, 7)}


@pytest.mark.parametrize("by_month", [False, True])
def test_a_member_leaves_with_all_rows_of_the_period(engine: Any, by_month: bool) -> None:
    rule = Exclusion("transplant", "members", frozenset({"performance", "baseline"}), True, "cohort", ("transplant",))
    rules = replace(PLAIN, windows=(QUARTER, BASE), exclusions=(rule,), by_month=by_month)
    rows = [
        row("m1", 0, 5, cohort=""), row("m1", 1, 70, cohort="transplant"), row("m1", -12, 11, cohort=""),
        row("m2", 0, 1, cohort=""),
    ]  # fmt: skip
    found = rolled(engine, rules, rows)
    assert by_status(found) == {"used": (1, MILLION, 1), "transplant": (2, 2 * MILLION, 75)}
    assert by_status(found, 1) == {"used": (1, MILLION, 11)}
    stays = rolled(engine, replace(rules, exclusions=(replace(rule, months_leave=False),)), rows)
    years = stays.experience.member_years
    assert sorted(zip(years.months.tolist(), years.amount[:, 0].tolist(), strict=True)) == [
        (MILLION, 1), (MILLION, 11), (2 * MILLION, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("by_month", [False, True])
@pytest.mark.parametrize(
    "minimum, used, below",
    [
        (2, {"used": (2, 2 * MILLION, 3)}, (1, MILLION, 4)),
        (3, {}, (3, 3 * MILLION, 7)),
        (1, {"used": (3, 3 * MILLION, 7)}, None),
    ],
)
def test_members_below_the_minimum_months_leave(
    engine: Any, minimum: int, used: dict[str, Any], below: tuple[int, int, int] | None, by_month: bool
) -> None:
    rules = replace(PLAIN, minimum_months=minimum * MILLION, by_month=by_month)
    found = rolled(engine, rules, [row("m1", 0, 1), row("m1", 1, 2), row("m2", 0, 4)])
    assert by_status(found) == used | ({} if below is None else {"minimum_months": below})


def test_months_after_the_month_of_death(engine: Any) -> None:
    rule = Exclusion("death", "after_death", frozenset({"performance"}), True)
    rules = replace(PLAIN, exclusions=(rule,))
    rows = [row("m1", 0, 1), row("m1", 1, 2), row("m1", 2, 4), row("m2", 2, 8)]
    found = rolled(engine, rules, rows, deaths=[{"member_id": "m1", "death_month": JANUARY + 1}])
    assert by_status(found) == {"used": (3, 3 * MILLION, 11), "death": (1, MILLION, 4)}


def test_duplicates_are_counted_and_taken_out_only_by_a_rule(engine: Any) -> None:
    rows = [row("m1", 0, 5), row("m1", 0, 5), row("m1", 1, 6), row("m1", 0, 5)]
    assert rolled(engine, PLAIN, rows).twice == {"A": 1}
    rule = Exclusion("twice", "duplicates", frozenset({"performance"}), True)
    found = rolled(engine, replace(PLAIN, exclusions=(rule,)), rows)
    assert by_status(found) == {"used": (2, 2 * MILLION, 11), "twice": (2, 2 * MILLION, 10)}
    assert found.twice == {}
    differing = rolled(engine, replace(PLAIN, exclusions=(rule,)), [row("m1", 0, 5), row("m1", 0, 6)])
    assert differing.twice == {"A": 1}


def test_a_member_in_two_groups(engine: Any) -> None:
    moved = [row("m1", 0, 5), row("m1", 1, 6, group="B"), row("m2", 0, 9)]
    assert rolled(engine, PLAIN, moved).in_two_groups == 0
    assert rolled(engine, PLAIN, [*moved, row("m1", 1, 1)]).in_two_groups == 1


def test_one_threshold_over_a_move_sees_the_whole_member(engine: Any) -> None:
    rules = replace(PLAIN, across_moves=True)
    found = rolled(
        engine, rules, [row("m1", 0, 5), row("m1", 1, 6, group="B"), row("m2", 0, 9)]
    ).experience.member_years
    assert sorted(zip(found.amount[:, 0].tolist(), found.whole[:, 0].tolist(), found.whole_year_months[:, 0].tolist(), strict=True)) == [
        (5, 11, 2 * MILLION), (6, 11, 2 * MILLION), (9, 9, MILLION),
    ]  # fmt: skip


def test_what_is_scaled_apart_is_kept_apart(engine: Any) -> None:
    costs = (Cost("a", ("allowed",)), Cost("b", ("paid",)), Cost("", ("allowed.x",), counted=False))
    rows = [
        row("m1", 0, 5, paid=100, **{"allowed.x": 9}, product="hmo"),
        row("m1", 1, 7, paid=200, **{"allowed.x": 9}, product="ppo"),
        row("m1", 2, 1, paid=0, **{"allowed.x": 9}, product="pos"),
    ]
    found = rolled(engine, replace(PLAIN, costs=costs, parts=(Part((0,)), Part((1,)))), rows).experience
    assert found.member_years.amount.tolist() == [[13, 300]]
    assert found.cells.dollars.sum(axis=0).tolist() == [13, 300, 27]
    by_product = (Part((0, 1), ("hmo", "pos")), Part((0, 1), ("ppo",)))
    found = rolled(engine, replace(PLAIN, costs=costs, parts=by_product, cell="product"), rows).experience
    assert found.member_years.amount.tolist() == [[106, 207]]
    assert found.cells_named == ["hmo", "pos", "ppo"]


def test_each_year_of_a_longer_window_is_kept_apart(engine: Any) -> None:
    """July 2014 to December 2015: months 6 to 17 of the table are the first year, 18 to 23 the second."""
    window = Window("performance", "performance", Period.of_months(2014, 7, 18))
    parts = tuple(Part((0,), (), year) for year in (0, 1))
    rules = replace(PLAIN, windows=(window,), parts=parts, across_moves=True)
    rows = [row("m1", 6, 1), row("m1", 17, 10), row("m1", 18, 100), row("m1", 20, 1000, group="B"), row("m2", 23, 7)]
    years = rolled(engine, rules, rows).experience.member_years
    found = zip(
        years.group, years.months, years.amount, years.year_months, years.whole, years.whole_year_months, strict=True
    )
    assert sorted((int(g), int(m), *(list(map(int, one)) for one in of)) for g, m, *of in found) == [
        (0, MILLION, [0, 7], [0, MILLION], [0, 7], [0, MILLION]),
        (0, 3 * MILLION, [11, 100], [2 * MILLION, MILLION], [11, 1100], [2 * MILLION, 2 * MILLION]),
        (1, MILLION, [0, 1000], [0, MILLION], [11, 1100], [2 * MILLION, 2 * MILLION]),
    ]  # fmt: skip


def test_more_groups_than_a_small_number_holds(engine: Any) -> None:
    """Of 70,000 groups three have rows: the first two, and the last, whose number is beyond 16 bits."""
    many = [row("m", 0, 1, group=f"g{place:05}") for place in range(2)] + [row("m1", 0, 5, group="z")]
    ids = tuple(sorted({f"g{place:05}" for place in range(70_000)} | {"z"}))
    found = rolled(engine, replace(PLAIN, groups=ids), many).experience
    assert list(found.groups) == ["g00000", "g00001", "z"]
    assert found.cells.dollars[:, 0].tolist().count(5) == 1
    assert found.cells.dollars[found.cells.group == 2, 0].tolist() == [5]


@pytest.mark.parametrize(
    "rule, months",
    [
        ("any_day", [1, 1, 1, 1]), ("first_of_month", [1, 0, 1, 0]), ("fifteenth_of_month", [1, 0, 1, 0]),
        ("full_month", [1, 0, 0, 0]),
    ],
)  # fmt: skip
def test_month_rules_where_days_are_known(engine: Any, rule: str, months: list[int]) -> None:
    """February of 28 days: all of it; 16th to 28th; 1st to 15th; 27th to 28th."""
    days = [(1, 28), (16, 28), (1, 15), (27, 28)]
    rows = [row(f"m{i}", 1, 10**i, first_day=first, last_day=last) for i, (first, last) in enumerate(days)]
    found = rolled(engine, replace(PLAIN, counting=rule), rows, days=True)
    counted = [place for place, month in enumerate(months) if month]
    expected = {"used": (len(counted), len(counted) * MILLION, sum(10**place for place in counted))}
    left = [place for place, month in enumerate(months) if not month]
    if left:
        expected["month_rule"] = (len(left), 0, sum(10**place for place in left))
    assert by_status(found) == expected


def test_days_of_the_month_are_exact(engine: Any) -> None:
    """One day of January, one of February, all of March: 1/31 + 1/28 + 1."""
    rows = [row("m1", month, 1, first_day=1, last_day=last) for month, last in ((0, 1), (1, 1), (2, 31))]
    found = rolled(engine, replace(PLAIN, counting="pro_rata_days"), rows, days=True).experience
    assert found.months_scale == DAY_UNITS
    assert found.cells.months.sum() == DAY_UNITS // 31 + DAY_UNITS // 28 + DAY_UNITS


def test_other_products_funding_and_purposes(engine: Any) -> None:
    rules = replace(PLAIN, products=("hmo",), funding=("insured",))
    rows = [
        row("m1", 0, 1, product="hmo", funding="insured", purpose="cost"),
        row("m2", 0, 2, product="ppo", funding="insured", purpose="cost"),
        row("m3", 0, 4, product="hmo", funding="self", purpose="cost"),
        row("m4", 0, 8, product="hmo", funding="insured", purpose="fee"),
    ]
    assert by_status(rolled(engine, rules, rows)) == {
        "used": (1, MILLION, 1), "not_covered_by_the_contract": (2, 2 * MILLION, 6),
    }  # fmt: skip
    assert by_status(rolled(engine, replace(rules, roster="fee"), rows)) == {"used": (1, MILLION, 8)}


def test_a_market_is_a_filter(engine: Any) -> None:
    rules = replace(PLAIN, where=(("product", ("ppo",)),))
    rows = [row("m1", 0, 1, product="hmo"), row("m2", 0, 2, product="ppo"), row("m3", 0, 4, group="B", product="ppo")]
    assert by_status(rolled(engine, rules, rows)) == {"used": (2, 2 * MILLION, 6)}


def test_risk_and_revenue_come_along(engine: Any) -> None:
    rows = [
        row("m1", 0, 1, risk_score=15000, member_months=500000, revenue=12),
        row("m1", 1, 1, risk_score=8000, member_months=MILLION, revenue=3),
    ]
    cells = rolled(engine, PLAIN, rows).experience.cells
    assert cells.risk.sum() == 15000 * 500000 + 8000 * MILLION
    assert cells.revenue.sum() == 15


def test_months_apart(engine: Any) -> None:
    cells = rolled(
        engine, replace(PLAIN, by_month=True), [row("m1", 0, 1), row("m1", 2, 4), row("m2", 2, 8)]
    ).experience.cells
    assert sorted(zip(cells.month.tolist(), cells.dollars[:, 0].tolist(), strict=True)) == [
        (JANUARY, 1),
        (JANUARY + 2, 12),
    ]


def test_the_statuses_have_their_names(engine: Any) -> None:
    found = rolled(engine, replace(PLAIN, minimum_months=0), [row("m1", 0, 1)])
    assert found.experience.statuses == (*STANDING, "minimum_months")
