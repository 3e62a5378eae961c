"""One program, two readings: arrays agree with fractions away from gates, bounds and rounding ties."""

from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest

from p4v.contract.documents import Library
from p4v.figures import Figure, Figures
from p4v.periods import Period
from p4v.settlement import worksheet
from p4v.worksheet import Worksheet
from support import CONFIGS

LIBRARY = Library([CONFIGS])
SCENARIOS = 400
YEARS = (2014, 2018, 2019, 2021, 2023, 2024)
BASES = ("mssp", "mssp-two-sided", "mssp-basic-two-sided", "reach", "pay-for-value", "shared-savings")
PROGRAMS = [name for name in LIBRARY.known() if name not in BASES]
NEAR = Fraction(1, 10**9)


def drawn(name: str, unit: str, random: Random) -> Fraction:
    """A figure in the range where a program pays, owes and does neither."""
    match name.split(".", maxsplit=1)[0]:
        case "benchmark" | "final_benchmark":
            return Fraction(random.randrange(5_000_000_000, 90_000_000_000), 100)
        case "expenditure":
            return Fraction(0)
        case "assigned_beneficiaries":
            return Fraction(random.choice([random.randrange(300, 80_000), random.randrange(4_000, 9_000)]))
        case "printed_minimum_savings_rate":
            return random.choice(
                [Fraction(0), Fraction(1, 100), Fraction(2, 100), Fraction(random.randrange(1, 40_000), 10**6)]
            )
        case "quality_score":
            return Fraction(random.randrange(0, 10**9 + 1), 10**9)
        case "domain_score":
            return Fraction(random.randrange(0, 1001), 10)
        case "health_equity_adjustment_up":
            return Fraction(random.randrange(0, 50_000_000), 100)
        case "health_equity_adjustment_down":
            return -Fraction(random.randrange(0, 50_000_000), 100)
        case "disaster_adjustment":
            return Fraction(random.choice([0, random.randrange(0, 200_000_000)]), 100)
    if unit == "flag":
        return Fraction(random.random() < 0.8)
    return Fraction(random.randrange(1_000_000_00, 40_000_000_00), 100)


def scenarios(program: str, random: Random) -> list[dict[str, Fraction]]:
    specs = LIBRARY.program(program).figures()
    rows = []
    for _ in range(SCENARIOS):
        row = {name: drawn(name, str(spec.unit), random) for name, (spec, _) in specs.items()}
        against = row.get("benchmark") or row.get("final_benchmark")
        if against:
            row["expenditure"] = against * (1 + Fraction(random.randrange(-300_000, 150_000), 10**6)).limit_denominator(
                10**4
            )
        rows.append(row)
    return rows


def figures(program: str, values: dict[str, Any]) -> Figures:
    specs = LIBRARY.program(program).figures()
    origin = {"table": "t", "column": "c"}
    return Figures({name: Figure(value, specs[name][0].unit, "§1", origin) for name, value in values.items()})


def as_float(figure: Fraction | None) -> float:
    """A figure without a value is not a number in arrays."""
    return float("nan") if figure is None else float(figure)


def near_an_edge(sheet: Worksheet) -> bool:
    """Whether an input lies so close to a gate, bound or tie that only the exact reading may decide."""

    def close(a: Any, b: Any, scale: Any) -> bool:
        return abs(a - b) <= NEAR * max(abs(scale), 1)

    lines = {line.name: line.figure for line in sheet.lines}
    if "earned" not in lines:
        return False
    benchmark = lines["benchmark"]
    cents = sheet["earned"].exact * 100
    tie = abs(cents - (cents.numerator // cents.denominator) - Fraction(1, 2)) < Fraction(1, 10**4)
    gates = [lines[name] * benchmark for name in ("minimum_savings_rate", "minimum_loss_rate") if name in lines]
    return tie or any(close(lines["gross_savings"], gate, benchmark) for gate in gates)


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_arrays_agree_with_fractions(program: str, year: int) -> None:
    random = Random(f"{program} {year}")
    period = Period.of_months(year, 1, 12)
    if LIBRARY.program(program).parts[0].document.in_force.effective > period.first_day:
        return
    rows = scenarios(program, random)
    start = period.first_day.replace(year=year - random.randrange(0, 3))
    sheets = [worksheet(LIBRARY.program(program), period, start, figures(program, row)) for row in rows]
    columns = {name: np.asarray([row[name] for row in rows], dtype="f8") for name in rows[0]}
    estimates = worksheet(LIBRARY.program(program), period, start, figures(program, columns), "arrays")
    away = np.array([not near_an_edge(sheet) for sheet in sheets])
    assert away.sum() >= 0.7 * len(rows)
    compared = 0
    for line in estimates.lines:
        if line.unit == "table" or line.kind == "term" or line.figure is None:
            continue
        expected = np.array([as_float(sheet[line.name].figure) for sheet in sheets])
        found = np.broadcast_to(line.figure, expected.shape)
        scale = columns.get("benchmark", columns.get("final_benchmark", np.ones(len(rows))))
        if line.name.startswith("waterfall."):
            # A bar is allocated in cents: the last cent may fall to another bar where remainders tie in binary.
            assert np.all(np.abs(found - expected)[away] <= 0.0101), line.name
        else:
            assert np.array_equal(np.isnan(found), np.isnan(expected)), line.name
            found, expected = np.nan_to_num(found), np.nan_to_num(expected)
            assert np.all(np.abs(found - expected)[away] <= 1e-9 * np.maximum(scale, 1)[away]), line.name
        compared += 1
    assert compared >= 3
    assert [line.name for line in estimates.lines] == [line.name for line in sheets[0].lines]


def test_a_year_of_scenarios_in_one_call() -> None:
    """Three scenarios worked by hand: savings at a quarter, exactly nothing, and a loss of a one-sided track."""
    values = {
        "assigned_beneficiaries": np.full(3, 10_000.0),
        "benchmark": np.full(3, 100_000_000.0),
        "expenditure": np.array([90_000_000.0, 100_000_000.0, 110_000_000.0]),
        "printed_minimum_savings_rate": np.full(3, 0.03),
        "quality_score": np.full(3, 0.5),
        "met_quality_standard": np.ones(3),
        "met_alternative_standard": np.zeros(3),
    }
    sheet = worksheet(
        LIBRARY.program("mssp-track-1"), Period.of_months(2014, 1, 12), None, figures("mssp-track-1", values), "arrays"
    )
    assert sheet["earned"].figure.tolist() == [2_450_000.0, 0.0, 0.0]
    assert sheet["final_sharing_rate"].figure.tolist() == [0.25, 0.25, 0.25]
