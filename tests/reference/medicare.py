"""Slow, plain reference settlement of three Medicare rule sets, written from the published README alone.

Every number is an exact Fraction.  Rows are read as CSV text; an empty or missing cell is an absent value.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

ZERO = Fraction(0)
ONE = Fraction(1)

ONE_SIDED = ("T1", "A", "B")
BASIC = ("A", "B", "C", "D", "E")
EMERGENCY_YEARS = (2020, 2021, 2022)
UNSEQUESTERED_YEARS = (2019, 2020)
LOSS_PRINTED_FOR_ONE_SIDED_YEARS = (2018, 2019)
ELECTIONS = (ZERO, Fraction("0.005"), Fraction("0.01"), Fraction("0.015"), Fraction("0.02"))

# First head count, last head count, percent at the first, percent at the last.
RATE_BANDS = (
    (500, 999, "12.2", "8.7"),
    (1000, 2999, "8.7", "5.0"),
    (3000, 4999, "5.0", "3.9"),
    (5000, 5999, "3.9", "3.6"),
    (6000, 6999, "3.6", "3.4"),
    (7000, 7999, "3.4", "3.2"),
    (8000, 8999, "3.2", "3.1"),
    (9000, 9999, "3.1", "3.0"),
    (10000, 14999, "3.0", "2.7"),
    (15000, 19999, "2.7", "2.5"),
    (20000, 49999, "2.5", "2.2"),
    (50000, 59999, "2.2", "2.0"),
)

# Track: maximum sharing rate, payment cap as a share of the benchmark.
SAVINGS_TERMS = {
    "T1": (Fraction("0.50"), Fraction("0.10")),
    "T2": (Fraction("0.60"), Fraction("0.15")),
    "T3": (Fraction("0.75"), Fraction("0.20")),
    "EN": (Fraction("0.75"), Fraction("0.20")),
    "T1P": (Fraction("0.50"), Fraction("0.10")),
    "A": (Fraction("0.40"), Fraction("0.10")),
    "B": (Fraction("0.40"), Fraction("0.10")),
    "C": (Fraction("0.50"), Fraction("0.10")),
    "D": (Fraction("0.50"), Fraction("0.10")),
    "E": (Fraction("0.50"), Fraction("0.10")),
}

# Upper edge of the band as a share of the benchmark (None: no edge), and the share of that band.
CORRIDORS: dict[str, tuple[tuple[str | None, str], ...]] = {
    "Global": (("0.25", "1.00"), ("0.35", "0.50"), ("0.50", "0.25"), (None, "0.10")),
    "Professional": (("0.05", "0.50"), ("0.10", "0.35"), ("0.15", "0.15"), (None, "0.05")),
}

DOMAINS = (
    "clinical_outcomes",
    "person_and_community_engagement",
    "safety",
    "efficiency_and_cost_reduction",
)


def _text(row: dict[str, str], name: str) -> str:
    """Return the cell as text, empty when the cell is empty or the column is missing."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, float):
        raise TypeError(f"{name}: a float is not exact; give the number as text")
    return str(value).strip()


def _number(row: dict[str, str], name: str) -> Fraction:
    """Return a cell that must be present as an exact number."""
    text = _text(row, name)
    if text == "":
        raise ValueError(f"{name}: the cell may not be empty")
    return Fraction(text)


def _number_or_zero(row: dict[str, str], name: str) -> Fraction:
    """Return a cell as an exact number, zero when it is absent."""
    if _text(row, name) == "":
        return ZERO
    return _number(row, name)


def _flag(row: dict[str, str], name: str) -> bool:
    """Return whether a 1/0 cell is 1; an absent cell is not."""
    return _number_or_zero(row, name) == 1


def _cents(amount: Fraction) -> Fraction:
    """Round to whole cents, half away from zero."""
    doubled = abs(amount) * 200
    cents = (doubled.numerator // doubled.denominator + 1) // 2
    if amount < 0:
        return Fraction(-cents, 100)
    return Fraction(cents, 100)


def _table_rate(beneficiaries: Fraction) -> Fraction | None:
    """Return the published minimum savings rate for a head count, None below the first band."""
    if beneficiaries.denominator != 1:
        raise ValueError("assigned_beneficiaries: must be a whole number")
    if beneficiaries < 500:
        return None
    for first, last, at_first, at_last in RATE_BANDS:
        if first <= beneficiaries <= last:
            start = Fraction(at_first)
            slope = (Fraction(at_last) - start) / (last - first)
            return (start + slope * (beneficiaries - first)) / 100
    return Fraction("0.02")


def _minimum_savings_rate(row: dict[str, str], two_sided: bool) -> Fraction:
    """Return the minimum savings rate: the election, the table's figure, or the printed one below 500."""
    table = _table_rate(_number(row, "assigned_beneficiaries"))
    if table is None:
        return _number(row, "minimum_savings_rate")
    if two_sided:
        printed = _number(row, "minimum_savings_rate")
        if printed in ELECTIONS:
            return printed
    return table


def _agreement_year(start: date, year: int) -> int:
    """Return 1 + the number of anniversaries of the start reached by January 1 of the year."""
    anniversaries = year - start.year
    if (start.month, start.day) != (1, 1):
        anniversaries -= 1
    return 1 + max(anniversaries, 0)


def _loss_rate(track: str, quality: Fraction, any_standard_met: bool) -> Fraction | None:
    """Return the final loss rate, None for one-sided tracks."""
    if track in ONE_SIDED:
        return None
    if track in ("T1P", "C", "D", "E"):
        return Fraction("0.30")
    if track == "T2":
        slope = Fraction("0.60")
        upper = Fraction("0.60")
    else:
        slope = Fraction("0.75")
        upper = Fraction("0.75")
    lower = Fraction("0.40")
    if not any_standard_met:
        return upper
    rate = 1 - slope * quality
    if rate < lower:
        return lower
    if rate > upper:
        return upper
    return rate


def _loss_limit(track: str, year: int, start: date | None) -> Fraction:
    """Return the loss limit of a two-sided track as a share of the benchmark."""
    if track == "T2":
        if start is not None:
            agreement_year = _agreement_year(start, year)
            if agreement_year == 1:
                return Fraction("0.05")
            if agreement_year == 2:
                return Fraction("0.075")
        return Fraction("0.10")
    if track in ("T3", "EN"):
        return Fraction("0.15")
    if track in ("T1P", "E"):
        return Fraction("0.04")
    if track == "D":
        return Fraction("0.02")
    if track == "C":
        return Fraction("0.01")
    raise ValueError(f"track {track} has no loss limit")


def shared_savings(row: dict[str, str]) -> dict[str, Fraction | None]:
    """Settle one Medicare Shared Savings Program row; `earned` is rounded to cents, the rest is exact."""
    year = int(_text(row, "performance_year"))
    track = _text(row, "track")
    if track not in SAVINGS_TERMS:
        raise ValueError(f"track: unknown {track!r}")
    two_sided = track not in ONE_SIDED
    maximum, cap = SAVINGS_TERMS[track]
    benchmark = _number(row, "benchmark")
    savings = benchmark - _number(row, "expenditure")
    savings_rate = savings / benchmark
    quality = _number(row, "quality_score")
    start_text = _text(row, "agreement_start")
    start = None if start_text == "" else date.fromisoformat(start_text)
    minimum = _minimum_savings_rate(row, two_sided)

    # Quality standard and final sharing rate.
    standard_met = _flag(row, "met_quality_standard")
    alternative_met = year >= 2023 and _flag(row, "met_alternative_standard")
    any_standard_met = standard_met or alternative_met
    if standard_met:
        sharing_rate = maximum * quality if year <= 2020 else maximum
    elif alternative_met:
        sharing_rate = maximum * quality
    else:
        sharing_rate = ZERO

    # Rules from 2024: half rate and guardrail.
    half_rate = (
        year >= 2024
        and start is not None
        and start >= date(2024, 1, 1)
        and track in BASIC
        and _text(row, "revenue_category") == "Low Revenue"
        and _number(row, "assigned_beneficiaries") >= 5000
        and 0 < savings_rate < minimum
    )
    if half_rate:
        sharing_rate = sharing_rate / 2
    guardrail = year >= 2024 and _flag(row, "guardrail") and savings > 0

    # Generated savings.
    if guardrail:
        generated = ZERO
    elif savings_rate >= minimum or half_rate:
        generated = savings
    elif savings_rate <= -minimum and (two_sided or year in LOSS_PRINTED_FOR_ONE_SIDED_YEARS):
        generated = savings
    else:
        generated = ZERO

    # Earned.
    loss_rate = _loss_rate(track, quality, any_standard_met)
    earned = ZERO
    if savings > 0:
        if not guardrail and any_standard_met and (savings_rate >= minimum or half_rate):
            sequestration = ONE if year in UNSEQUESTERED_YEARS else Fraction("0.98")
            earned = min(sequestration * sharing_rate * savings, cap * benchmark)
    elif loss_rate is not None and savings_rate <= -minimum and year not in EMERGENCY_YEARS:
        owed = min(loss_rate * -savings, _loss_limit(track, year, start) * benchmark)
        owed = max(owed - _number_or_zero(row, "disaster_adjustment"), ZERO)
        earned = -owed

    return {
        "minimum_savings_rate": minimum,
        "gross_savings": savings,
        "generated_savings": generated,
        "final_sharing_rate": sharing_rate,
        "final_loss_rate": loss_rate,
        "earned": _cents(earned),
        "earned_exact": earned,
    }


def reach(row: dict[str, str]) -> dict[str, Fraction | None]:
    """Settle one ACO REACH row exactly, before and after sequestration."""
    arrangement = _text(row, "risk_arrangement")
    if arrangement not in CORRIDORS:
        raise ValueError(f"risk_arrangement: unknown {arrangement!r}")
    benchmark = _number(row, "final_benchmark")
    benchmark += _number_or_zero(row, "health_equity_adjustment_up")
    benchmark += _number_or_zero(row, "health_equity_adjustment_down")
    gross = benchmark - _number(row, "expenditure")
    size = abs(gross)
    shared = ZERO
    lower = ZERO
    for edge, share in CORRIDORS[arrangement]:
        if size > lower:
            upper = size if edge is None else min(size, Fraction(edge) * benchmark)
            shared += Fraction(share) * (upper - lower)
        if edge is not None:
            lower = Fraction(edge) * benchmark
    if gross > 0:
        after = shared * Fraction("0.98")
    else:
        shared = -shared
        after = shared
    return {
        "gross_savings": gross,
        "shared_savings": shared,
        "shared_savings_after_sequestration": after,
    }


def hospital_score(row: dict[str, str]) -> Fraction | None:
    """Return the exact total performance score, None when no domain is scored."""
    total = ZERO
    weight = ZERO
    for domain in DOMAINS:
        if _text(row, domain) != "":
            total += Fraction(1, 4) * _number(row, domain)
            weight += Fraction(1, 4)
    if weight == 0:
        return None
    return total / weight
