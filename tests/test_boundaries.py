"""Every gate, cap, band and limit: at it, one unit below, one above. Expected figures are worked from the rules."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from p4v.batch import settle_table
from p4v.errors import Refusal
from support import CONFIGS, MSSP_COLUMNS, MSSP_ROW, csv_text, exact, settled, value

F = Fraction
MILLION = 1_000_000
CENT = F("0.01")
TINY = F("0.000000001")
ONE_SIDED = ("T1", "A", "B")
TWO_SIDED = ("T1P", "T2", "T3", "C", "D", "E", "EN")
HIGHEST_SHARE = {"T1": "0.5", "T1P": "0.5", "T2": "0.6", "T3": "0.75", "EN": "0.75", "A": "0.4", "B": "0.4"} | {
    "C": "0.5", "D": "0.5", "E": "0.5",
}  # fmt: skip
LOSS_RATE_AT_FULL_QUALITY = {"T1P": "0.3", "C": "0.3", "D": "0.3", "E": "0.3", "T2": "0.4", "T3": "0.4", "EN": "0.4"}


@dataclass(frozen=True)
class Case:
    """One row and the figures it must give; `paid` is the rounded amount, every other name an unrounded line."""

    binding: str
    why: str
    cells: dict[str, str]
    figures: dict[str, F | None]


def text(number: F | int | str) -> str:
    """A finite decimal in full."""
    amount = F(number)
    places = next(places for places in range(19) if (amount * 10**places).denominator == 1)
    digits = str(abs(amount.numerator) * 10**places // amount.denominator).rjust(places + 1, "0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{digits[: len(digits) - places]}" + (f".{digits[len(digits) - places :]}" if places else "")


def mssp(
    why: str, savings: F | int | str, figures: dict[str, Any], benchmark: int = 100 * MILLION, **cells: Any
) -> Case:
    """A row with these savings against the benchmark; savings is positive, a loss negative."""
    row = {name: text(cell) if isinstance(cell, F) else str(cell) for name, cell in cells.items()}
    spent = {"benchmark": str(benchmark), "expenditure": text(benchmark - F(savings))}
    expected = {name: None if figure is None else F(figure) for name, figure in figures.items()}
    return Case("mssp", why, MSSP_ROW | spent | row, expected)


def reach(why: str, gross: F | int | str, figures: dict[str, F], benchmark: int = 100 * MILLION, **cells: str) -> Case:
    adjusted = benchmark + sum(F(cells.get(f"health_equity_adjustment_{way}") or 0) for way in ("up", "down"))
    spent = {"final_benchmark": str(benchmark), "expenditure": text(adjusted - F(gross))}
    return Case("reach", why, {"performance_year": "2023", "aco_name": "Example"} | spent | cells, figures)


def savings_gates() -> list[Case]:
    """Gate at 3% of 100 million, one-sided, and two-sided with a printed 3%, which is no election."""
    cases = []
    for track in (*ONE_SIDED, *TWO_SIDED):
        share = F("0.98") * F(HIGHEST_SHARE[track])
        for savings, counted in (
            (3 * MILLION - CENT, 0),
            (3 * MILLION, 3 * MILLION),
            (3 * MILLION + CENT, 3 * MILLION + CENT),
        ):
            figures = {"generated_savings": counted, "earned": share * counted, "minimum_savings_rate": F("0.03")}
            cases.append(mssp(f"{track}, table's gate, {text(savings)}", savings, figures, track=track))
    between = F(14397, 499900)  # (3.0 - 0.3 x 2000 / 4999) / 100 at 12,000 beneficiaries
    for savings, counted in ((14_397_000 - CENT, 0), (14_397_000, 14_397_000), (14_397_000 + CENT, 14_397_000 + CENT)):
        figures = {
            "minimum_savings_rate": between,
            "generated_savings": counted,
            "earned": F("0.98") * F("0.5") * counted,
        }
        why = f"gate between two rows, {text(savings)}"
        cases.append(mssp(why, savings, figures, 499_900_000, assigned_beneficiaries=12000))
    for printed, counted in (("0.124999999", 12_500_000), ("0.125", 12_500_000), ("0.125000001", 0)):
        figures = {
            "minimum_savings_rate": F(printed),
            "generated_savings": counted,
            "earned": F("0.98") * F("0.5") * counted,
        }
        why = f"printed gate below 500, {printed}"
        cases.append(mssp(why, 12_500_000, figures, assigned_beneficiaries=499, minimum_savings_rate=printed))
    return cases


def loss_gates() -> list[Case]:
    """Two-sided at 3% by the table: nothing is owed at -2,999,999.99, 3 million x the loss rate at -3 million."""
    cases = []
    for track in TWO_SIDED:
        rate = F(LOSS_RATE_AT_FULL_QUALITY[track])
        limit = MILLION if track == "C" else 100 * MILLION
        for loss, counted in (
            (3 * MILLION - CENT, 0),
            (3 * MILLION, 3 * MILLION),
            (3 * MILLION + CENT, 3 * MILLION + CENT),
        ):
            owed = {
                "generated_savings": -counted,
                "earned": -min(rate * counted, F(limit)),
                "minimum_loss_rate": F("-0.03"),
            }
            cases.append(mssp(f"{track}, loss gate, {text(loss)}", -loss, owed, track=track))
    return cases


def elections() -> list[Case]:
    """Election E at level E: 98% x 50% of savings from the gate on, 30% of losses from the opposite rate on."""
    cases = []
    for election, at_length, gate in (
        ("0", "0.0000", 0),
        ("0.005", "0.0050", 500_000),
        ("0.01", "0.010", MILLION),
        ("0.015", "0.015000", 1_500_000),
        ("0.02", "0.02000", 2 * MILLION),
    ):
        for savings in (gate - CENT, F(gate), gate + CENT):
            counted = savings if savings >= gate or gate == 0 else F(0)
            earned = F("0.49") * counted if savings > 0 else F("0.30") * counted
            figures = {"minimum_savings_rate": F(election), "generated_savings": counted, "earned": earned}
            why = f"election {election}, savings {text(savings)}"
            cases.append(mssp(why, savings, figures, track="E", minimum_savings_rate=election))
        for loss in (gate - CENT, F(gate), gate + CENT)[0 if gate else 1 :]:
            counted = loss if loss >= gate else F(0)
            figures = {"generated_savings": -counted, "earned": -F("0.30") * counted}
            why = f"election {election}, loss {text(loss)}"
            cases.append(mssp(why, -loss, figures, track="E", minimum_savings_rate=election))
        for printed in (F(election) - TINY, F(election) + TINY)[0 if gate else 1 :]:
            figures = {"minimum_savings_rate": F("0.03"), "generated_savings": 0}
            why = f"no election, {text(printed)}"
            cases.append(mssp(why, 3 * MILLION - CENT, figures, track="EN", minimum_savings_rate=printed))
        for track in TWO_SIDED:
            figures = {"minimum_savings_rate": F(election)}
            cases.append(mssp(f"{track} elects {election}", 0, figures, track=track, minimum_savings_rate=at_length))
        for track in ONE_SIDED:
            figures = {"minimum_savings_rate": F("0.03")}
            why = f"{track} has no election, {election}"
            cases.append(mssp(why, 0, figures, track=track, minimum_savings_rate=election))
    return cases


BANDS = (
    (500, 999, "12.2", "8.7"), (1000, 2999, "8.7", "5.0"), (3000, 4999, "5.0", "3.9"), (5000, 5999, "3.9", "3.6"),
    (6000, 6999, "3.6", "3.4"), (7000, 7999, "3.4", "3.2"), (8000, 8999, "3.2", "3.1"), (9000, 9999, "3.1", "3.0"),
    (10000, 14999, "3.0", "2.7"), (15000, 19999, "2.7", "2.5"), (20000, 49999, "2.5", "2.2"),
    (50000, 59999, "2.2", "2.0"), (60000, 60002, "2.0", "2.0"),
)  # fmt: skip


def sizes() -> list[Case]:
    """Both ends of every band, and one beneficiary inside of each; below 500 the printed rate."""
    cases = []
    for track in ("T1", "EN"):
        rates = [(498, F("0.1234")), (499, F("0.1234")), (1, F("0.1234")), (250_000, F("0.02"))]
        for first, last, highest, lowest in BANDS:
            slope = (F(lowest) - F(highest)) / (last - first)
            rates += [(first, F(highest) / 100), (first + 1, (F(highest) + slope) / 100)]
            rates += [(last - 1, (F(lowest) - slope) / 100), (last, F(lowest) / 100)]
        for size, rate in dict(rates).items():
            gate = {"minimum_savings_rate": rate}
            why = f"{track}, {size} beneficiaries"
            cases.append(mssp(why, 0, gate, track=track, assigned_beneficiaries=size, minimum_savings_rate="0.1234"))
    figures = {"minimum_savings_rate": F("0.01")}
    cells = {"track": "EN", "minimum_savings_rate": "0.01"}
    return cases + [
        mssp(f"election of {size}", 0, figures, assigned_beneficiaries=size, **cells) for size in (499, 500, 60000)
    ]


def quality_standards() -> list[Case]:
    """ENHANCED, quality 0.6: 75% x 0.6 = 45%, loss rate 1 - 45% = 55%, and 75% where no standard is met."""
    table = (
        # (met, alternative): up to 2020, 2021 and 2022, from 2023; then the loss rate in the same three
        ("1", "", "0.45", "0.75", "0.75", "0.55", "0.55", "0.55"),
        ("1", "0", "0.45", "0.75", "0.75", "0.55", "0.55", "0.55"),
        ("1", "1", "0.45", "0.75", "0.75", "0.55", "0.55", "0.55"),
        ("0", "1", "0", "0", "0.45", "0.75", "0.75", "0.55"),
        ("0", "0", "0", "0", "0", "0.75", "0.75", "0.75"),
        ("0", "", "0", "0", "0", "0.75", "0.75", "0.75"),
    )
    eras = ((2013, 0), (2018, 0), (2019, 0), (2020, 0), (2021, 1), (2022, 1), (2023, 2), (2024, 2))
    cases = []
    for met, alternative, *rates in table:
        for year, era in eras:
            flags = {"met_quality_standard": met, "met_alternative_standard": alternative, "quality_score": "0.6"}
            cells = flags | {"track": "EN", "performance_year": year, "minimum_savings_rate": "0"}
            paid = (F(1) if year in (2019, 2020) else F("0.98")) * F(rates[era]) * 10 * MILLION
            owed = 0 if year in (2020, 2021, 2022) else F(rates[era + 3]) * 10 * MILLION
            why = f"{year}, standard {met}, alternative {alternative or 'empty'}"
            rate = {"final_sharing_rate": rates[era], "final_loss_rate": rates[era + 3]}
            kept = rate | {"generated_savings": 10 * MILLION, "earned": paid}
            lost = rate | {"generated_savings": -10 * MILLION, "earned": -owed}
            cases += [
                mssp(f"{why}, savings", 10 * MILLION, kept, **cells),
                mssp(f"{why}, loss", -10 * MILLION, lost, **cells),
            ]
    return cases


HALF = {
    "track": "B", "performance_year": "2024", "agreement_start": "2024-01-01", "revenue_category": "Low Revenue",
    "assigned_beneficiaries": "5000", "quality_score": "0.8",
}  # fmt: skip
"""Level B at 5,000 beneficiaries: gate at 3.9%, 40%, and half of it 20%."""


def half_rates() -> list[Case]:
    whole = {"final_sharing_rate": "0.4", "generated_savings": 0, "earned": 0}
    half = {
        "final_sharing_rate": "0.2",
        "generated_savings": 2 * MILLION,
        "earned": F("0.98") * F("0.2") * 2 * MILLION,
    }
    table: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("4999 beneficiaries", {"assigned_beneficiaries": "4999"}, whole),
        ("5000 beneficiaries", {}, half),
        ("5001 beneficiaries", {"assigned_beneficiaries": "5001"}, half),
        ("agreement of 2023-12-31", {"agreement_start": "2023-12-31"}, whole),
        ("agreement of 2024-01-02", {"agreement_start": "2024-01-02"}, half),
        ("agreement of 2024-07-01", {"agreement_start": "2024-07-01"}, half),
        ("agreement not known", {"agreement_start": ""}, whole),
        ("high revenue", {"revenue_category": "High Revenue"}, whole),
        ("revenue not known", {"revenue_category": ""}, whole),
        ("2023", {"performance_year": "2023"}, whole),
        ("no standard", {"met_quality_standard": "0"}, half | {"final_sharing_rate": 0, "earned": 0}),
        (
            "alternative standard",
            {"met_quality_standard": "0", "met_alternative_standard": "1"},
            half | {"final_sharing_rate": "0.16", "earned": F("0.98") * F("0.16") * 2 * MILLION},
        ),
        ("guardrail", {"guardrail": "1"}, half | {"generated_savings": 0, "earned": 0}),
        ("guardrail, 2023", {"guardrail": "1", "performance_year": "2023"}, whole),
        ("level A", {"track": "A"}, half),
        *((f"level {track}", {"track": track}, half | {"final_sharing_rate": "0.25", "earned": 490_000})
          for track in ("C", "D", "E")),
        ("ENHANCED", {"track": "EN"}, whole | {"final_sharing_rate": "0.75"}),
        ("Track 1", {"track": "T1"}, whole | {"final_sharing_rate": "0.5"}),
        ("Track 1+", {"track": "T1P"}, whole | {"final_sharing_rate": "0.5"}),
    ]  # fmt: skip
    cases = [mssp(f"half rate, {why}", 2 * MILLION, figures, **(HALF | cells)) for why, cells, figures in table]
    for savings, rate in (
        (-CENT, "0.4"),
        (F(0), "0.4"),
        (CENT, "0.2"),
        (3_900_000 - CENT, "0.2"),
        (F(3_900_000), "0.4"),
        (3_900_000 + CENT, "0.4"),
    ):
        counted = max(savings, F(0))
        figures = {
            "final_sharing_rate": rate,
            "generated_savings": counted,
            "earned": F("0.98") * F(rate) * counted,
        }
        cases.append(mssp(f"half rate, savings {text(savings)}", savings, figures, **HALF))
    elects = HALF | {"track": "D", "minimum_savings_rate": "0.02"}
    for savings, rate in ((2 * MILLION - CENT, "0.25"), (F(2 * MILLION), "0.5"), (2 * MILLION + CENT, "0.5")):
        figures = {
            "final_sharing_rate": rate,
            "generated_savings": savings,
            "earned": F("0.98") * F(rate) * savings,
        }
        cases.append(mssp(f"half rate, elected, {text(savings)}", savings, figures, **elects))
    lost = {"final_sharing_rate": "0.5", "generated_savings": -2 * MILLION, "earned": -600_000}
    return [*cases, mssp("half rate, a loss", -2 * MILLION, lost, **elects)]


def guardrails() -> list[Case]:
    """ENHANCED with a minimum rate of 0, and level A at 3%: no savings, losses unchanged."""
    cases = []
    for year, flag, savings, counted, earned in (
        (2024, 1, F(5 * MILLION), 0, 0),
        (2024, 1, CENT, 0, 0),
        (2024, 1, F(0), 0, 0),
        (2024, 1, -CENT, -CENT, -F("0.4") * CENT),
        (2024, 1, F(-5 * MILLION), -5 * MILLION, -2 * MILLION),
        (2024, 0, F(5 * MILLION), 5 * MILLION, F("0.98") * F("0.75") * 5 * MILLION),
        (2024, 0, CENT, CENT, F("0.98") * F("0.75") * CENT),
        (2024, 0, F(-5 * MILLION), -5 * MILLION, -2 * MILLION),
        (2023, 1, F(5 * MILLION), 5 * MILLION, F("0.98") * F("0.75") * 5 * MILLION),
        (2023, 1, F(-5 * MILLION), -5 * MILLION, -2 * MILLION),
    ):
        figures = {"generated_savings": counted, "earned": earned, "final_sharing_rate": F("0.75")}
        cells = {"performance_year": year, "guardrail": flag, "track": "EN", "minimum_savings_rate": "0"}
        cases.append(mssp(f"guardrail {flag} in {year}, {text(savings)}", savings, figures, **cells))
    for year, flag, counted in ((2024, 1, 0), (2024, 0, 5 * MILLION), (2023, 1, 5 * MILLION)):
        figures = {
            "generated_savings": counted,
            "earned": F("0.98") * F("0.4") * counted,
            "final_sharing_rate": F("0.4"),
        }
        cells = {"performance_year": year, "guardrail": flag, "track": "A"}
        cases.append(mssp(f"guardrail {flag} in {year}, level A", 5 * MILLION, figures, **cells))
    return cases


def payment_caps() -> list[Case]:
    """Savings of 20 million pay exactly the cap of the benchmark given; one cent more pays no more."""
    with_sequestration = {"T1": 98_000_000, "T1P": 98_000_000, "C": 98_000_000, "D": 98_000_000, "E": 98_000_000} | {
        "A": 78_400_000, "B": 78_400_000, "T2": 78_400_000, "T3": 73_500_000, "EN": 73_500_000,
    }  # fmt: skip
    without = {"T1": 100_000_000, "T1P": 100_000_000, "C": 100_000_000, "D": 100_000_000, "E": 100_000_000} | {
        "A": 80_000_000, "B": 80_000_000, "T2": 80_000_000, "T3": 75_000_000, "EN": 75_000_000,
    }  # fmt: skip
    cases = []
    for years, multiplier, benchmarks in (
        ((2018, 2021), F("0.98"), with_sequestration),
        ((2019, 2020), F(1), without),
    ):
        for year in years:
            for track, benchmark in benchmarks.items():
                share = multiplier * F(HIGHEST_SHARE[track])
                for savings, paid in (
                    (20 * MILLION - CENT, share * (20 * MILLION - CENT)),
                    (F(20 * MILLION), share * 20 * MILLION),
                    (20 * MILLION + CENT, share * 20 * MILLION),
                    (F(benchmark), share * 20 * MILLION),
                ):
                    figures = {"generated_savings": savings, "earned": paid}
                    why = f"payment cap, {track} in {year}, {text(savings)}"
                    cells = {"track": track, "performance_year": year}
                    cases.append(mssp(why, savings, figures, benchmark, **cells))
    return cases


def loss_rates() -> list[Case]:
    """Track 2: 1 - 0.6 q within 40% and 60%. Track 3 and ENHANCED: 1 - 0.75 q within 40% and 75%."""
    table = [
        ("T2", "0", "0.6"),
        ("T2", "0.666666666", "0.6"),
        ("T2", "0.666666667", "0.5999999998"),
        ("T2", "0.8", "0.52"),
        ("T2", "0.999999999", "0.4000000006"),
        ("T2", "1", "0.4"),
    ]
    for track in ("T3", "EN"):
        table += [
            (track, "0", "0.75"),
            (track, "0.333333333", "0.75"),
            (track, "0.333333334", "0.7499999995"),
            (track, "0.6", "0.55"),
            (track, "0.799999999", "0.40000000075"),
            (track, "0.8", "0.4"),
            (track, "0.800000001", "0.4"),
            (track, "1", "0.4"),
        ]
    table += [(track, score, "0.3") for track in ("T1P", "C", "D", "E") for score in ("0", "0.5", "1")]
    cases = []
    for track, score, rate in table:
        for year in (2018, 2023):
            figures = {"final_loss_rate": rate, "earned": -F(rate) * 3 * MILLION}
            cells = {"track": track, "quality_score": score, "performance_year": year}
            why = f"loss rate, {track} in {year}, quality {score}"
            cases.append(mssp(why, -3 * MILLION, figures, 300 * MILLION, **cells, minimum_savings_rate="0"))
    for track, rate in (("T2", "0.6"), ("T3", "0.75"), ("EN", "0.75"), ("T1P", "0.3"), ("E", "0.3")):
        figures = {"final_loss_rate": rate, "earned": -F(rate) * 3 * MILLION}
        cells = {"track": track, "met_quality_standard": 0, "minimum_savings_rate": "0"}
        cases.append(mssp(f"loss rate, {track}, no standard", -3 * MILLION, figures, 300 * MILLION, **cells))
    return cases


def loss_limits() -> list[Case]:
    """Loss rate x loss is exactly the limit of the benchmark given: 6 or 8 million; one cent more owes no more."""
    cases = []
    for track, loss, rate, benchmark, years in (
        ("T1P", 20, "0.3", 150, ("2018", "2019", "2023")),
        ("E", 20, "0.3", 150, ("2019", "2023", "2024")),
        ("D", 20, "0.3", 300, ("2019", "2023", "2024")),
        ("C", 20, "0.3", 600, ("2019", "2023", "2024")),
        ("T2", 20, "0.4", 80, ("2014", "2018", "2023")),
        ("T3", 15, "0.4", 40, ("2018", "2023")),
        ("EN", 15, "0.4", 40, ("2019", "2023", "2024")),
    ):
        for year in years:
            for change in (-CENT, F(0), CENT, loss * MILLION * F(1)):
                lost = loss * MILLION + change
                owed = F(rate) * (loss * MILLION + min(change, F(0)))
                figures = {"generated_savings": -lost, "earned": -owed}
                cells = {"track": track, "performance_year": year, "minimum_savings_rate": "0.02"}
                why = f"loss limit, {track} in {year}, {text(lost)}"
                cases.append(mssp(why, -lost, figures, benchmark * MILLION, **cells))
    for start, year, limit in (
        ("2016-01-01", 2016, "0.05"),
        ("2016-01-01", 2017, "0.075"),
        ("2016-01-01", 2018, "0.10"),
        ("2016-01-01", 2019, "0.10"),
        ("2012-04-01", 2013, "0.05"),
        ("2012-04-01", 2014, "0.075"),
        ("2012-04-01", 2015, "0.10"),
        ("2015-12-31", 2017, "0.075"),
        ("2016-01-02", 2017, "0.05"),
        ("", 2016, "0.10"),
        ("", 2017, "0.10"),
    ):
        at = F(limit) * 80 * MILLION / F("0.4")
        for lost in (at - CENT, at, at + CENT):
            figures = {"generated_savings": -lost, "earned": -F("0.4") * min(lost, at)}
            cells = {"track": "T2", "performance_year": year, "agreement_start": start, "minimum_savings_rate": "0.02"}
            why = f"Track 2 of {start or 'not known'} in {year}, {text(lost)}"
            cases.append(mssp(why, -lost, figures, 80 * MILLION, **cells))
    for track in ("T3", "EN"):
        figures = {"earned": -15 * MILLION}
        cells = {"track": track, "agreement_start": "2016-01-01", "performance_year": 2016}
        cases.append(mssp(f"{track}, first year, limit", -80 * MILLION, figures, **cells))
    return cases


def disasters() -> list[Case]:
    """ENHANCED, quality 1: 6 million x 40% = 2.4 million owed; 50 million is limited to 15% of 100 million first."""
    cells = {"track": "EN", "performance_year": 2018, "minimum_savings_rate": "0"}
    cases = []
    for loss, adjustment, owed in (
        (6 * MILLION, "0", "2400000"),
        (6 * MILLION, "0.01", "2399999.99"),
        (6 * MILLION, "2399999.99", "0.01"),
        (6 * MILLION, "2400000", "0"),
        (6 * MILLION, "2400000.01", "0"),
        (6 * MILLION, "9999999", "0"),
        (50 * MILLION, "1000000", "14000000"),
        (50 * MILLION, "15000000", "0"),
        (50 * MILLION, "14999999.99", "0.01"),
    ):
        figures = {"generated_savings": -loss, "earned": -F(owed)}
        why = f"disaster adjustment {adjustment} of {loss}"
        cases.append(mssp(why, -loss, figures, **cells, disaster_adjustment=adjustment))
    paid = {"earned": F("0.98") * F("0.75") * 6 * MILLION}
    return [*cases, mssp("disaster adjustment of savings", 6 * MILLION, paid, **cells, disaster_adjustment="1000000")]


def years() -> list[Case]:
    """Emergency of 2020 to 2022; sequestration but for 2019 and 2020; one-sided losses printed in 2018 and 2019."""
    cases = []
    for track, owed in (("EN", 2_400_000), ("T2", 2_400_000), ("T1P", 1_800_000), ("C", 1_000_000)):
        for year in (2013, 2018, 2019, 2020, 2021, 2022, 2023, 2024):
            figures = {"generated_savings": -6 * MILLION, "earned": 0 if year in (2020, 2021, 2022) else -owed}
            cells = {"track": track, "performance_year": year, "minimum_savings_rate": "0"}
            cases.append(mssp(f"{track}, loss in {year}", -6 * MILLION, figures, **cells))
    for year, multiplier in (
        (2013, "0.98"),
        (2017, "0.98"),
        (2018, "0.98"),
        (2019, "1"),
        (2020, "1"),
        (2021, "0.98"),
        (2022, "0.98"),
        (2024, "0.98"),
    ):
        for track in ("T1", "T2", "A", "EN"):
            figures = {"earned": F(multiplier) * F(HIGHEST_SHARE[track]) * 6 * MILLION}
            cells = {"track": track, "performance_year": year}
            cases.append(mssp(f"{track}, sequestration in {year}", 6 * MILLION, figures, **cells))
    for track in ONE_SIDED:
        for year in (2016, 2017, 2018, 2019, 2020, 2021, 2024):
            for loss in (3 * MILLION - CENT, F(3 * MILLION), 3 * MILLION + CENT):
                printed = -loss if year in (2018, 2019) and loss >= 3 * MILLION else 0
                figures = {"generated_savings": printed, "earned": 0, "final_loss_rate": None}
                why = f"{track}, loss {text(loss)} in {year}"
                cases.append(mssp(why, -loss, figures, track=track, performance_year=year))
    return cases


def corridors() -> list[Case]:
    """Edges on 100 million: what is shared up to the edge, and the shares of the bands on either side of it."""
    cases = []
    for arrangement, edge, shared, below, above in (
        ("Global", 25_000_000, 25_000_000, "1", "0.5"),
        ("Global", 35_000_000, 30_000_000, "0.5", "0.25"),
        ("Global", 50_000_000, 33_750_000, "0.25", "0.1"),
        ("Professional", 5_000_000, 2_500_000, "0.5", "0.35"),
        ("Professional", 10_000_000, 4_250_000, "0.35", "0.15"),
        ("Professional", 15_000_000, 5_000_000, "0.15", "0.05"),
    ):
        for gross, part in (
            (edge - CENT, shared - F(below) * CENT),
            (F(edge), F(shared)),
            (edge + CENT, shared + F(above) * CENT),
        ):
            for sign, multiplier in ((1, F("0.98")), (-1, F(1))):
                after = sign * multiplier * part
                figures = {
                    "gross_savings": sign * gross,
                    "shared_savings": sign * part,
                    "shared_savings_after_sequestration": after,
                    "earned": after,
                }
                why = f"{arrangement} {text(sign * gross)}"
                cases.append(reach(why, sign * gross, figures, risk_arrangement=arrangement))
    for arrangement, share in (("Global", F(1)), ("Professional", F("0.5"))):
        for gross, multiplier in ((CENT, F("0.98")), (F(0), F(1)), (-CENT, F(1))):
            figures = {"shared_savings": share * gross, "earned": multiplier * share * gross}
            why = f"{arrangement} sequestration at {text(gross)}"
            cases.append(reach(why, gross, figures, risk_arrangement=arrangement))
    # 90 million + 12 million - 2 million = 100 million, so the edges are those above.
    for up, down, benchmark, gross, shared in (
        ("12000000", "-2000000", 90_000_000, 25_000_000 + CENT, 25_000_000 + F("0.5") * CENT),
        ("10000000", "", 90_000_000, 25_000_000 + CENT, 25_000_000 + F("0.5") * CENT),
        ("", "-10000000", 110_000_000, 25_000_000 + CENT, 25_000_000 + F("0.5") * CENT),
        ("0", "0", 100_000_000, 25_000_000 + CENT, 25_000_000 + F("0.5") * CENT),
    ):
        cells = {"health_equity_adjustment_up": up, "health_equity_adjustment_down": down}
        figures = {"benchmark": F(100_000_000), "gross_savings": gross, "shared_savings": shared}
        why = f"equity adjustments {up or 'empty'} and {down or 'empty'}"
        cases.append(reach(why, gross, figures, benchmark, risk_arrangement="Global", **cells))
    return cases


DOMAINS = {
    "clinical_outcomes": 61,
    "person_and_community_engagement": 45,
    "safety": 40,
    "efficiency_and_cost_reduction": 11,
}


def domains() -> list[Case]:
    """Four equal weights: the mean of the scores that there are; every set of 4, 3, 2, 1 and no domains."""
    cases = []
    for count in range(5):
        for kept in combinations(DOMAINS, count):
            score = F(sum(DOMAINS[name] for name in kept), count) if count else None
            cells = {name: str(DOMAINS[name]) for name in kept} | {"fiscal_year": "2021"}
            why = f"{count} domains: {' '.join(kept) or 'none'}"
            cases.append(Case("hospital-scores", why, cells, {"total_performance_score": score}))
    for score in ("0", "0.000000001", "99.999999999", "100"):
        for year in ("2013", "2024"):
            cells = {"safety": score, "fiscal_year": year}
            why = f"{year}, safety {score} alone"
            cases.append(Case("hospital-scores", why, cells, {"total_performance_score": F(score)}))
    cells = {"safety": "0", "clinical_outcomes": "50", "fiscal_year": "2021"}
    scored = Case("hospital-scores", "a score of 0 counts", cells, {"total_performance_score": F(25)})
    return [*cases, scored]


def half_cents() -> list[Case]:
    """49% of savings at Track 1; 40% of losses, less the adjustment, at ENHANCED; 98% and 100% at REACH."""
    cases = []
    for savings, earned, paid in (
        ("3000000.499998", "1470000.24499902", "1470000.24"),
        ("3000000.50", "1470000.245", "1470000.25"),
        ("3000000.500002", "1470000.24500098", "1470000.25"),
        ("3000001.499998", "1470000.73499902", "1470000.73"),
        ("3000001.50", "1470000.735", "1470000.74"),
        ("3000001.500002", "1470000.73500098", "1470000.74"),
        ("3000000.01", "1470000.0049", "1470000"),
        ("3000000.02", "1470000.0098", "1470000.01"),
    ):
        cases.append(mssp(f"half cent, savings {savings}", F(savings), {"earned": earned, "paid": paid}))
    cells = {"track": "EN", "minimum_savings_rate": "0"}
    for loss, adjustment, earned, paid in (
        ("6000000.012499", "0", "-2400000.0049996", "-2400000"),
        ("6000000.0125", "0", "-2400000.005", "-2400000.01"),
        ("6000000.012501", "0", "-2400000.0050004", "-2400000.01"),
        ("6000000.0375", "0", "-2400000.015", "-2400000.02"),
        ("6000000", "0.005001", "-2399999.994999", "-2399999.99"),
        ("6000000", "0.005", "-2399999.995", "-2400000"),
        ("6000000", "0.004999", "-2399999.995001", "-2400000"),
        ("6000000", "2399999.995", "-0.005", "-0.01"),
        ("6000000", "2399999.995001", "-0.004999", "0"),
    ):
        figures = {"earned": earned, "paid": paid}
        why = f"half cent, loss {loss} less {adjustment}"
        cases.append(mssp(why, -F(loss), figures, **cells, disaster_adjustment=adjustment))
    for gross, earned, paid in (
        ("0.249999", "0.24499902", "0.24"),
        ("0.25", "0.245", "0.25"),
        ("0.250001", "0.24500098", "0.25"),
        ("-0.004999", "-0.004999", "0"),
        ("-0.005", "-0.005", "-0.01"),
        ("-0.005001", "-0.005001", "-0.01"),
        ("-0.015", "-0.015", "-0.02"),
    ):
        figures = {"earned": F(earned), "paid": F(paid)}
        cases.append(reach(f"half cent, gross {gross}", F(gross), figures, risk_arrangement="Global"))
    return cases


CASES = [
    *savings_gates(), *loss_gates(), *elections(), *sizes(), *quality_standards(), *half_rates(), *guardrails(),
    *payment_caps(), *loss_rates(), *loss_limits(), *disasters(), *years(), *corridors(), *domains(), *half_cents(),
]  # fmt: skip
IDS = {"mssp": "aco_id", "reach": "aco_id", "hospital-scores": "facility_id"}


@pytest.fixture(scope="module")
def settlements(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The lines of every case by its name, each program's cases settled as one table."""
    folder = tmp_path_factory.mktemp("boundaries")
    found: dict[str, dict[str, Any]] = {}
    for binding, key in IDS.items():
        cases = [case for case in CASES if case.binding == binding]
        rows = [case.cells | {key: f"A{number}"} for number, case in enumerate(cases)]
        found |= {case.why: lines for case, lines in zip(cases, settled(binding, rows, folder), strict=True)}
    return found


def figure(lines: dict[str, Any], name: str) -> F | None:
    if name == "paid":
        return value(lines, "earned")
    if name not in lines or lines[name]["exact"] is None:
        return None
    return exact(lines, name)


def test_cases_have_names_of_their_own() -> None:
    assert len({case.why for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_boundary(case: Case, settlements: dict[str, dict[str, Any]]) -> None:
    lines = settlements[case.why]
    assert {name: figure(lines, name) for name in case.figures} == case.figures


def test_no_line_is_a_negative_zero(settlements: dict[str, dict[str, Any]]) -> None:
    values = [
        line["value"] for lines in settlements.values() for line in lines.values() if isinstance(line["value"], str)
    ]
    assert [shown for shown in values if shown.startswith("-") and F(shown) == 0] == []


def test_a_score_without_domains_says_why(settlements: dict[str, dict[str, Any]]) -> None:
    line = settlements["0 domains: none"]["total_performance_score"]
    assert (line["value"], line["exact"], line["state"]) == (None, None, "not_scored")


def test_one_sided_tracks_owe_by_no_line(settlements: dict[str, dict[str, Any]]) -> None:
    one_sided = [case for case in CASES if case.cells.get("track") in ONE_SIDED]
    owing = {"final_loss_rate", "shared_losses", "limited_losses", "losses_after_disaster"}
    assert [case.why for case in one_sided if owing & settlements[case.why].keys()] == []


@pytest.mark.parametrize("track", ["T1P", "C", "D", "E"])
def test_the_limit_by_revenue_is_shown_as_not_given(track: str, settlements: dict[str, dict[str, Any]]) -> None:
    line = settlements[f"{track}, loss gate, 3000000"]["loss_limit_by_revenue"]
    assert (line["value"], line["state"]) == (None, "not_given")


REVENUE_LIMITS = {"T1P": ("0.04", "0.08"), "E": ("0.04", "0.08"), "D": ("0.02", "0.04"), "C": ("0.01", "0.02")}


def test_the_lower_of_the_limits_by_benchmark_and_by_revenue_binds(tmp_path: Path) -> None:
    """A loss of 50 million on 100 million: 1%, 2% or 4% of the benchmark is 2%, 4% or 8% of 50 million of revenue."""
    (tmp_path / "tables").mkdir()
    published = (CONFIGS / "tables" / "mssp.yaml").read_text(encoding="utf-8")
    column = "figures:\n  revenue: {column: revenue, unit: usd, empty: not_given, because: not known}\n"
    (tmp_path / "tables" / "mssp.yaml").write_text(published.replace("figures:\n", column), encoding="utf-8")
    rows, expected = [], []
    for track, (of_benchmark, of_revenue) in REVENUE_LIMITS.items():
        for revenue in ("", "0", "49999999.99", "50000000", "50000000.01", "900000000"):
            rows.append(MSSP_ROW | {"aco_id": f"A{len(rows)}", "track": track, "revenue": revenue})
            by_benchmark = F(of_benchmark) * 100 * MILLION
            by_revenue = F(of_revenue) * F(revenue) if revenue else None
            expected.append((by_revenue, -by_benchmark if by_revenue is None else -min(by_revenue, by_benchmark)))
    table = tmp_path / "table.csv"
    spent = [row | {"expenditure": "150000000"} for row in rows]
    table.write_text(csv_text([*MSSP_COLUMNS, "revenue"], spent), encoding="utf-8")
    documents = [row.settlement.document() for row in settle_table(tmp_path / "tables" / "mssp.yaml", table, []).rows]
    found = [{line["name"]: line for line in document["lines"]} for document in documents]
    assert [(figure(lines, "loss_limit_by_revenue"), figure(lines, "earned")) for lines in found] == expected


REFUSED = [
    ("mssp", "quality_score", "0", "1", TINY),
    ("mssp", "met_quality_standard", "0", "1", TINY),
    ("mssp", "guardrail", "0", "1", F(1)),
    ("mssp", "minimum_savings_rate", "0", "1", TINY),
    ("mssp", "disaster_adjustment", "0", None, CENT),
    ("mssp", "expenditure", "0", None, CENT),
    ("mssp", "benchmark", "0", None, CENT),
    ("mssp", "assigned_beneficiaries", "0", None, F(1)),
    ("reach", "final_benchmark", "0", None, CENT),
    ("reach", "expenditure", "0", None, CENT),
    ("reach", "health_equity_adjustment_up", "0", None, CENT),
    ("reach", "health_equity_adjustment_down", None, "0", CENT),
    *(("hospital-scores", domain, "0", "100", TINY) for domain in DOMAINS),
]
VALID = {
    "mssp": MSSP_ROW,
    "reach": reach("valid", 0, {}, risk_arrangement="Global").cells | {"aco_id": "A1"},
    "hospital-scores": {"fiscal_year": "2021", "facility_id": "A1", "safety": "50"},
}


@pytest.mark.parametrize(("binding", "column", "least", "most", "unit"), REFUSED)
def test_figures_outside_their_range_are_refused(
    binding: str, column: str, least: str | None, most: str | None, unit: Fraction, tmp_path: Path
) -> None:
    ends = [end for end in (least, most) if end is not None]
    assert len(settled(binding, [VALID[binding] | {column: ends[0]}], tmp_path)) == 1
    assert len(settled(binding, [VALID[binding] | {column: ends[-1]}], tmp_path)) == 1
    beyond = [F(least) - unit] if least is not None else []
    beyond += [F(most) + unit] if most is not None else []
    for number in beyond:
        with pytest.raises(Refusal):
            settled(binding, [VALID[binding] | {column: text(number)}], tmp_path)


def test_beneficiaries_are_whole(tmp_path: Path) -> None:
    with pytest.raises(Refusal):
        settled("mssp", [MSSP_ROW | {"assigned_beneficiaries": "10000.5"}], tmp_path)


def test_programs_begin_with_their_first_period(tmp_path: Path) -> None:
    """Shared savings in 2013, ACO REACH in 2021, hospital scores in the fiscal year 2013, and not a year before."""
    first = (
        ("mssp", "performance_year", 2013),
        ("reach", "performance_year", 2021),
        ("hospital-scores", "fiscal_year", 2013),
    )
    for binding, column, year in first:
        assert len(settled(binding, [VALID[binding] | {column: str(year)}], tmp_path)) == 1
        with pytest.raises(Refusal):
            settled(binding, [VALID[binding] | {column: str(year - 1)}], tmp_path)


def test_all_boundaries_in_one(tmp_path: Path) -> None:
    """The same once more in one test: `make mutants` runs the tests that execute a line, and this one executes them."""
    wrong = []
    for binding, key in IDS.items():
        cases = [case for case in CASES if case.binding == binding]
        rows = [case.cells | {key: f"A{number}"} for number, case in enumerate(cases)]
        for case, lines in zip(cases, settled(binding, rows, tmp_path), strict=True):
            if {name: figure(lines, name) for name in case.figures} != case.figures:
                wrong.append(case.why)
    assert wrong == []
