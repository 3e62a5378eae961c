"""What must hold of every settlement: bounds, monotone, to scale, and cents that add up; with rows that pay."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from generators import CENT, IDS, Row, mssp_row, numbered, sample, tables, text
from p4v.batch import settle_table
from p4v.money import Rule, allocated_exact, footed_exact, rounded_exact
from support import COLUMNS, CONFIGS, csv_text, exact, settled, value

EXAMPLES = int(os.environ.get("P4V_EXAMPLES", "300"))
ROWS_OF_A_TABLE = 20
ONE_SIDED = ("T1", "A", "B")
BASIC = ("A", "B", "C", "D", "E")
HIGHEST_SHARE = {"T1": "0.5", "T2": "0.6", "T3": "0.75", "EN": "0.75", "T1P": "0.5"} | {
    "A": "0.4", "B": "0.4", "C": "0.5", "D": "0.5", "E": "0.5",
}  # fmt: skip
PAYMENT_CAP = {"T1": "0.1", "T2": "0.15", "T3": "0.2", "EN": "0.2", "T1P": "0.1"} | dict.fromkeys(BASIC, "0.1")
LOSS_LIMIT = {"T2": "0.1", "T3": "0.15", "EN": "0.15", "T1P": "0.04", "C": "0.01", "D": "0.02", "E": "0.04"}
LEAST_COUNTED = Fraction(1, 5)

Lines = Mapping[str, Any]
of_tables = settings(
    max_examples=max(EXAMPLES // 3 // ROWS_OF_A_TABLE, 1),
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
of_amounts = settings(max_examples=max(EXAMPLES * 2 // 3, 1), derandomize=True, deadline=None)
settlements = tables("mssp", ROWS_OF_A_TABLE)
corridors = tables("reach", ROWS_OF_A_TABLE)
scores = tables("hospital-scores", ROWS_OF_A_TABLE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("properties")


def earned(lines: Lines) -> Fraction:
    """What is earned before it is rounded."""
    return exact(lines, "earned")


def reward(lines: Lines) -> Fraction:
    return max(earned(lines), Fraction(0))


def pairs(
    binding: str, rows: list[Row], change: Callable[[Row], Row], folder: Path
) -> Iterator[tuple[Row, Lines, Lines]]:
    """Each row settled as it is, and with the change."""
    changed = numbered(binding, [row | change(row) for row in rows], "B")
    lines = settled(binding, rows + changed, folder)
    return zip(rows, lines[: len(rows)], lines[len(rows) :], strict=True)


def changed(row: Row, column: str, change: Fraction) -> Row:
    return {column: text(max(Fraction(row[column] or 0) + change, Fraction(0)))}


# The generators pay.


def tied(lines: Lines) -> bool:
    return (earned(lines) * 100).denominator == 2


def capped(lines: Lines) -> bool:
    bars = ("savings_change.cap_payment", "losses_change.loss_limit")
    return any(name in lines and exact(lines, name) != 0 for name in bars)


def gated(lines: Lines) -> bool:
    return exact(lines, "gross_savings") != 0 == exact(lines, "generated_savings")


def at_an_edge(lines: Lines) -> bool:
    """Within a cent of the edge of a band, or of no savings at all."""
    edges = [Fraction(bound) for bound, _ in lines["corridor"]["value"]]
    gross, benchmark = exact(lines, "gross_savings"), exact(lines, "benchmark")
    return any(abs(abs(gross) - edge * benchmark) <= CENT for edge in edges)


def test_drawn_settlements_earn_are_capped_gated_and_tied(folder: Path) -> None:
    found = settled("mssp", sample("mssp", 600, seed=2023), folder)
    counted = Counter(test.__name__ for test in (capped, gated, tied) for lines in found if test(lines))
    assert Fraction(sum(earned(lines) != 0 for lines in found), len(found)) >= Fraction(1, 2)
    assert {test: Fraction(count, len(found)) >= LEAST_COUNTED for test, count in counted.items()} == {
        "capped": True, "gated": True, "tied": True,
    }  # fmt: skip
    assert sum(lines.get("meets_reduced_share", {"value": "0"})["value"] == "1" for lines in found) >= 5
    assert sum(earned(lines) < 0 for lines in found) >= 50


def test_drawn_corridors_earn_are_at_edges_and_tied(folder: Path) -> None:
    found = settled("reach", sample("reach", 400, seed=2023), folder)
    counted = Counter(test.__name__ for test in (at_an_edge, tied) for lines in found if test(lines))
    assert Fraction(sum(earned(lines) != 0 for lines in found), len(found)) >= Fraction(1, 2)
    assert {test: Fraction(count, len(found)) >= LEAST_COUNTED for test, count in counted.items()} == {
        "at_an_edge": True, "tied": True,
    }  # fmt: skip
    assert Fraction(sum(earned(lines) < 0 for lines in found), len(found)) >= LEAST_COUNTED


# Shared savings: bounds.


@of_tables
@given(rows=settlements)
def test_rewards_and_losses_stay_within_their_bounds(rows: list[Row], folder: Path) -> None:
    for row, lines in zip(rows, settled("mssp", rows, folder), strict=True):
        track, benchmark, gross = row["track"], exact(lines, "benchmark"), exact(lines, "gross_savings")
        assert earned(lines) <= Fraction(PAYMENT_CAP[track]) * benchmark
        assert earned(lines) <= Fraction(HIGHEST_SHARE[track]) * max(gross, Fraction(0))
        assert -earned(lines) <= Fraction(LOSS_LIMIT.get(track, "0")) * benchmark
        assert -earned(lines) <= max(-gross, Fraction(0))


@of_tables
@given(rows=settlements)
def test_the_gate_decides_what_is_earned(rows: list[Row], folder: Path) -> None:
    for row, lines in zip(rows, settled("mssp", rows, folder), strict=True):
        gross, gate = exact(lines, "gross_savings"), exact(lines, "minimum_savings_rate") * exact(lines, "benchmark")
        year, standard = int(row["performance_year"]), row["met_quality_standard"] == "1"
        alternative = year >= 2023 and row["met_alternative_standard"] == "1" and row["quality_score"] != "0"
        half = lines.get("meets_reduced_share", {"value": "0"})["value"] == "1"
        raised = year >= 2024 and row["guardrail"] == "1"
        if -gate < gross < gate and not half:
            assert earned(lines) == 0
        if gross >= gate and gross > 0 and (standard or alternative) and not raised:
            assert (earned(lines) > 0) is (row["quality_score"] != "0" or (standard and year >= 2021))
        if half:
            assert gross < gate
            assert (year, row["track"] in BASIC, row["revenue_category"]) == (2024, True, "Low Revenue")
            assert int(row["assigned_beneficiaries"]) >= 5000
            assert row["agreement_start"] >= "2024-01-01"
        if (raised and gross > 0) or not (standard or alternative):
            assert reward(lines) == 0
        if gross <= 0:
            assert earned(lines) <= 0
        if row["track"] in ONE_SIDED:
            assert earned(lines) == reward(lines)


# Shared savings: monotone.


@of_tables
@given(rows=settlements, more=st.sampled_from([CENT, Fraction(1), Fraction(10**6), Fraction(10**8)]))
def test_more_cost_never_earns_more(rows: list[Row], more: Fraction, folder: Path) -> None:
    for row, lines, dearer in pairs("mssp", rows, lambda row: changed(row, "expenditure", more), folder):
        assert earned(dearer) <= earned(lines), row


@of_tables
@given(rows=settlements, better=st.sampled_from([Fraction(1, 10**9), Fraction(1, 100), Fraction(1)]))
def test_better_quality_never_earns_less(rows: list[Row], better: Fraction, folder: Path) -> None:
    def scored_higher(row: Row) -> Row:
        return {"quality_score": text(min(Fraction(row["quality_score"]) + better, Fraction(1)))}

    for row, lines, higher in pairs("mssp", rows, scored_higher, folder):
        assert earned(higher) >= earned(lines), row
    for flag in ("met_quality_standard", "met_alternative_standard"):
        for row, lines, met in pairs("mssp", rows, lambda _row, flag=flag: {flag: "1"}, folder):  # type: ignore[misc]
            assert earned(met) >= earned(lines), row


@of_tables
@given(rows=settlements, more=st.sampled_from([CENT, Fraction(10**6), Fraction(10**8)]))
def test_a_higher_benchmark_never_lowers_the_reward(rows: list[Row], more: Fraction, folder: Path) -> None:
    for row, lines, higher in pairs("mssp", rows, lambda row: changed(row, "benchmark", more), folder):
        if row["guardrail"] == "0":
            assert reward(higher) >= reward(lines), row
        if not capped(lines) and row["guardrail"] == "0":
            assert earned(higher) >= earned(lines), row


@of_tables
@given(rows=settlements, more=st.sampled_from([CENT, Fraction(10**5), Fraction(10**9)]))
def test_more_disaster_relief_never_owes_more_and_pays_nothing(rows: list[Row], more: Fraction, folder: Path) -> None:
    for row, lines, relieved in pairs("mssp", rows, lambda row: changed(row, "disaster_adjustment", more), folder):
        assert earned(lines) <= earned(relieved) <= reward(lines), row


@of_tables
@given(rows=settlements)
def test_a_cliff_pays_at_least_what_a_deductible_would(rows: list[Row], folder: Path) -> None:
    for row, lines in zip(rows, settled("mssp", rows, folder), strict=True):
        benchmark, minimum = exact(lines, "benchmark"), exact(lines, "minimum_savings_rate")
        above = exact(lines, "generated_savings") - minimum * benchmark
        if above >= 0 and exact(lines, "generated_savings") > 0:
            rate = exact(lines, "final_sharing_rate") * exact(lines, "final_multiplier")
            deductible = min(rate * above, Fraction(PAYMENT_CAP[row["track"]]) * benchmark)
            assert earned(lines) >= deductible
            assert minimum != 0 or earned(lines) == deductible


# The same rows under programs that differ in one term.


def settled_under(terms: str, rows: list[Row], folder: Path) -> list[Lines]:
    """The rows under programs that extend the published ones with other terms."""
    named = f"varied-{crc32(terms.encode()):x}"
    for part in ("tables", "programs"):
        (folder / "varied" / part).mkdir(parents=True, exist_ok=True)
    for program in sorted((CONFIGS / "programs").glob("mssp-*.yaml")):
        varied = f"program: {named}-{program.stem}\nextends: {program.stem}\ntitle: Varied\nterms:\n  {terms}\n"
        (folder / "varied" / "programs" / f"{named}-{program.stem}.yaml").write_text(varied, encoding="utf-8")
    binding = (CONFIGS / "tables" / "mssp.yaml").read_text(encoding="utf-8")
    path = folder / "varied" / "tables" / f"{named}.yaml"
    path.write_text(re.sub(r": (mssp-[\w-]+)\n", rf": {named}-\1\n", binding), encoding="utf-8")
    table = folder / "varied.csv"
    table.write_text(csv_text(COLUMNS["mssp"], rows), encoding="utf-8")
    documents = [row.settlement.document() for row in settle_table(path, table, []).rows]
    return [{line["name"]: line for line in document["lines"]} for document in documents]


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        (
            'cap_payment: {of_benchmark: 2%, clause: "varied"}',
            'cap_payment: {of_benchmark: 2.000001%, clause: "varied"}',
        ),
        ('cap_payment: {of_benchmark: 0%, clause: "varied"}', 'cap_payment: {of_benchmark: 100%, clause: "varied"}'),
        (
            'share: {maximum_sharing_rate: 30%, clause: "varied"}',
            'share: {maximum_sharing_rate: 31%, clause: "varied"}',
        ),
        (
            'share: {maximum_sharing_rate: 0%, clause: "varied"}',
            'share: {maximum_sharing_rate: 100%, clause: "varied"}',
        ),
    ],
)
def test_a_lower_cap_or_share_never_pays_more(lower: str, higher: str, folder: Path) -> None:
    rows = sample("mssp", 100, seed=19)
    less, more = settled_under(lower, rows, folder), settled_under(higher, rows, folder)
    rewards = [(reward(low), reward(high)) for low, high in zip(less, more, strict=True)]
    assert [pair for pair in rewards if pair[0] > pair[1]] == []
    assert sum(low < high for low, high in rewards) >= len(rows) // 5


def test_a_lower_loss_limit_never_owes_more(folder: Path) -> None:
    draw = Random(23)
    losses = [row for row in (mssp_row(draw) for _ in range(600)) if row["track"] in ("C", "D", "E")]
    rows = numbered("mssp", losses)
    by_level = [settled("mssp", [row | {"track": level} for row in rows], folder) for level in ("C", "D", "E")]
    for level_c, level_d, level_e in zip(*by_level, strict=True):
        assert earned(level_c) >= earned(level_d) >= earned(level_e)
    assert sum(earned(c) > earned(d) for c, d, _ in zip(*by_level, strict=True)) >= 10
    assert sum(earned(d) > earned(e) for _, d, e in zip(*by_level, strict=True)) >= 10


# Scale and conservation.


def dollars_times(row: Row, columns: tuple[str, ...], factor: int) -> Row:
    return {column: text(Fraction(row[column]) * factor) for column in columns if row[column]}


@of_tables
@given(rows=settlements, factor=st.integers(2, 1000))
def test_dollars_to_scale_give_what_is_earned_to_scale(rows: list[Row], factor: int, folder: Path) -> None:
    columns = ("benchmark", "expenditure", "disaster_adjustment")
    for row, lines, scaled in pairs("mssp", rows, lambda row: dollars_times(row, columns, factor), folder):
        for name in ("gross_savings", "generated_savings", "earned"):
            assert exact(scaled, name) == factor * exact(lines, name), row
        for name in ("savings_rate", "minimum_savings_rate", "final_sharing_rate"):
            assert exact(scaled, name) == exact(lines, name), row


def assert_nearest_cent(lines: Lines) -> None:
    """What is paid is the nearest cent, and a tie goes away from zero."""
    paid = value(lines, "earned")
    assert (paid * 100).denominator == 1
    assert abs(paid - earned(lines)) <= CENT / 2
    assert not tied(lines) or abs(paid) > abs(earned(lines))


def assert_bars_foot(lines: Lines) -> None:
    """Bars sum to what is earned, to the cent, and each is less than a cent off its unrounded change."""
    bars = {name.partition(".")[2]: value(lines, name) for name in lines if name.startswith("waterfall.")}
    changes = {"gross_savings": exact(lines, "gross_savings")} | {
        name.partition(".")[2]: exact(lines, name) for name in lines if "_change." in name
    }
    assert bars.keys() == changes.keys()
    assert sum(bars.values()) == value(lines, "earned")
    assert sum(changes.values()) == earned(lines)
    assert [name for name, bar in bars.items() if (bar * 100).denominator != 1] == []
    assert [name for name, bar in bars.items() if abs(bar - changes[name]) >= CENT] == []


@pytest.mark.parametrize("binding", ["mssp", "reach"])
@of_tables
@given(data=st.data())
def test_earned_is_the_nearest_cent_and_the_bars_foot(binding: str, data: st.DataObject, folder: Path) -> None:
    for lines in settled(binding, data.draw(tables(binding, ROWS_OF_A_TABLE)), folder):
        assert_nearest_cent(lines)
        assert_bars_foot(lines)


# Risk corridors.


@of_tables
@given(rows=corridors, more=st.sampled_from([CENT, Fraction(10**5), Fraction(10**8)]))
def test_corridors_share_no_more_than_there_is_and_fall_with_cost(
    rows: list[Row], more: Fraction, folder: Path
) -> None:
    for row, lines, dearer in pairs("reach", rows, lambda row: changed(row, "expenditure", more), folder):
        gross, shared = exact(lines, "gross_savings"), exact(lines, "shared_savings")
        assert 0 <= shared * (1 if gross > 0 else -1) <= abs(gross), row
        assert (shared == 0) is (gross == 0), row
        assert earned(lines) == (shared * Fraction("0.98") if gross > 0 else shared), row
        assert 0 <= shared - exact(dearer, "shared_savings") <= more, row
        assert earned(dearer) < earned(lines), row


@of_tables
@given(rows=corridors)
def test_corridors_treat_losses_as_savings_before_sequestration(rows: list[Row], folder: Path) -> None:
    def mirrored(row: Row) -> Row:
        columns = ("final_benchmark", "health_equity_adjustment_up", "health_equity_adjustment_down")
        benchmark = sum((Fraction(row[column] or 0) for column in columns), start=Fraction(0))
        return {"expenditure": text(2 * benchmark - Fraction(row["expenditure"]))}

    for row, lines, other in pairs("reach", rows, mirrored, folder):
        assert exact(other, "gross_savings") == -exact(lines, "gross_savings"), row
        assert exact(other, "shared_savings") == -exact(lines, "shared_savings"), row


@of_tables
@given(rows=corridors, factor=st.integers(2, 1000))
def test_corridors_to_scale(rows: list[Row], factor: int, folder: Path) -> None:
    columns = ("final_benchmark", "health_equity_adjustment_up", "health_equity_adjustment_down", "expenditure")
    for row, lines, scaled in pairs("reach", rows, lambda row: dollars_times(row, columns, factor), folder):
        assert earned(scaled) == factor * earned(lines), row


# Quality scores.


def domain_scores(row: Row) -> dict[str, str]:
    return {name: cell for name, cell in row.items() if name not in ("fiscal_year", IDS["hospital-scores"]) and cell}


def total_score(lines: Lines) -> Fraction | None:
    shown = lines["total_performance_score"]["exact"]
    return None if shown is None else Fraction(shown)


@of_tables
@given(rows=scores)
def test_a_total_score_lies_between_its_domains(rows: list[Row], folder: Path) -> None:
    for row, lines in zip(rows, settled("hospital-scores", rows, folder), strict=True):
        scored = [Fraction(cell) for cell in domain_scores(row).values()]
        total = total_score(lines)
        assert (total is None) is (not scored)
        if total is not None:
            assert min(scored) <= total <= max(scored)


@of_tables
@given(rows=scores, better=st.sampled_from([Fraction(1, 10**9), Fraction(7)]))
def test_a_better_domain_gives_its_part_of_a_better_total(rows: list[Row], better: Fraction, folder: Path) -> None:
    def improved(row: Row) -> Row:
        raised = {name: cell for name, cell in domain_scores(row).items() if Fraction(cell) + better <= 100}
        return {name: text(Fraction(cell) + better) for name, cell in list(raised.items())[:1]}

    for row, lines, higher in pairs("hospital-scores", rows, improved, folder):
        before, after, scored = total_score(lines), total_score(higher), domain_scores(row)
        if before is not None and after is not None:
            assert after - before == (better / len(scored) if improved(row) else 0)


@of_tables
@given(rows=scores)
def test_a_domain_that_is_not_scored_has_no_effect(rows: list[Row], folder: Path) -> None:
    """A missing domain counts as the total of the others: it moves their total nowhere."""

    def filled(row: Row) -> Row:
        scored = domain_scores(row)
        missing = [name for name in COLUMNS["hospital-scores"][2:] if name not in scored]
        mean = sum((Fraction(cell) for cell in scored.values()), start=Fraction(0)) / max(len(scored), 1)
        return dict.fromkeys(missing, text(mean)) if scored and (mean * 10**18).denominator == 1 else {}

    for row, lines, other in pairs("hospital-scores", rows, filled, folder):
        assert total_score(other) == total_score(lines), row


# Cents.

any_amount = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6)
ties = st.integers(-(10**9), 10**9).map(lambda half: Fraction(half, 200))
amounts = st.one_of(any_amount, ties)
places = st.integers(0, 6)


@of_amounts
@given(amount=amounts, at=places, rule=st.sampled_from(list(Rule)))
def test_rounding_is_near_mirrored_and_done_once(amount: Fraction, at: int, rule: Rule) -> None:
    unit = Fraction(1, 10**at)
    found = rounded_exact(amount, at, rule)
    assert (found / unit).denominator == 1
    assert rounded_exact(-amount, at, rule) == -found
    assert rounded_exact(found, at, rule) == found
    least, most = {
        Rule.HALF_UP: (-unit / 2, unit / 2),
        Rule.HALF_EVEN: (-unit / 2, unit / 2),
        Rule.DOWN: (-unit, Fraction(0)),
        Rule.UP: (Fraction(0), unit),
    }[rule]
    assert least <= abs(found) - abs(amount) <= most
    assert abs(found - amount) < unit


@of_amounts
@given(one=amounts, other=amounts, at=places, rule=st.sampled_from(list(Rule)))
def test_rounding_keeps_the_order(one: Fraction, other: Fraction, at: int, rule: Rule) -> None:
    lower, higher = sorted((one, other))
    assert rounded_exact(lower, at, rule) <= rounded_exact(higher, at, rule)


@of_amounts
@given(parts=st.lists(amounts, min_size=1, max_size=12))
def test_footed_parts_add_up_within_a_cent_and_mirrored(parts: list[Fraction]) -> None:
    total = rounded_exact(sum(parts, start=Fraction(0)), 2, Rule.HALF_UP)
    found = footed_exact(total, parts)
    assert sum(found) == total
    assert [part for part in found if (part * 100).denominator != 1] == []
    assert [pair for pair in zip(found, parts, strict=True) if abs(pair[0] - pair[1]) >= CENT] == []
    assert footed_exact(-total, [-part for part in parts]) == tuple(-part for part in found)


@of_amounts
@given(
    cents=st.integers(-(10**9), 10**9),
    weights=st.lists(st.integers(0, 50).map(Fraction), min_size=1, max_size=12).filter(any),
    factor=st.fractions(min_value=Fraction(1, 1000), max_value=1000),
)
def test_allocated_parts_add_up_in_the_order_of_their_weights(
    cents: int, weights: list[Fraction], factor: Fraction
) -> None:
    total, whole = Fraction(cents, 100), sum(weights)
    found = allocated_exact(total, weights)
    assert sum(found) == total
    assert [p for p, weight in zip(found, weights, strict=True) if abs(p - total * weight / whole) >= CENT] == []
    assert allocated_exact(-total, weights) == tuple(-part for part in found)
    assert allocated_exact(total, [weight * factor for weight in weights]) == found
    by_weight = sorted(zip(weights, found, strict=True), key=lambda pair: pair[0])
    for (lighter, less), (heavier, more) in pairwise(by_weight):
        assert lighter == heavier or abs(less) <= abs(more)


@of_amounts
@given(parts=st.lists(amounts, min_size=1, max_size=10), draw=st.randoms(use_true_random=False))
def test_permuted_parts_get_the_same_cents_apart_from_ties(parts: list[Fraction], draw: Random) -> None:
    total = rounded_exact(sum(parts, start=Fraction(0)), 2, Rule.HALF_UP)
    order = draw.sample(range(len(parts)), len(parts))
    found = footed_exact(total, parts)
    permuted = footed_exact(total, [parts[i] for i in order])
    given_cents = sorted(
        part - rounded_exact(exact_part, 2, Rule.DOWN) for part, exact_part in zip(found, parts, strict=True)
    )
    assert given_cents == sorted(
        part - rounded_exact(parts[i], 2, Rule.DOWN) for part, i in zip(permuted, order, strict=True)
    )
    remainders = [part - rounded_exact(part, 2, Rule.DOWN) for part in parts]
    if len(set(remainders)) == len(remainders):
        assert permuted == tuple(found[i] for i in order)
