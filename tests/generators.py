"""Rows of the three programs, drawn near the gates, caps, bands, bounds and half cents that decide them.

Every function takes a `random.Random`: a seeded one for a fixed sample, hypothesis' own for a property.
"""

from collections.abc import Callable
from fractions import Fraction
from random import Random

from hypothesis import strategies as st

from reference.medicare import (
    BASIC,
    CORRIDORS,
    DOMAINS,
    ELECTIONS,
    RATE_BANDS,
    SAVINGS_TERMS,
    UNSEQUESTERED_YEARS,
    shared_savings,
)

Row = dict[str, str]
CENT = Fraction(1, 100)
TINY = Fraction(1, 10**9)
MICRO = Fraction(1, 10**6)
MSSP_YEARS = range(2013, 2025)
REACH_YEARS = range(2021, 2025)
STARTS = ("", "2012-04-01", "2015-12-31", "2019-07-01", "2023-12-31", "2024-01-01", "2024-01-01", "2024-01-02")
QUALITY_EDGES = ("0", "1", "0.8", "0.800000001", "0.799999999", "0.333333333", "0.333333334", "0.666666666")
SIZE_EDGES = [end for band in RATE_BANDS for end in band[:2]]
BELOW_THE_GATE = {"performance_year": "2024", "agreement_start": "2024-01-01", "revenue_category": "Low Revenue"}
LOSS_LIMITS = {"T2": ("0.05", "0.075", "0.1"), "T3": ("0.15",), "EN": ("0.15",), "T1P": ("0.04",)} | {
    "C": ("0.01",), "D": ("0.02",), "E": ("0.04",),
}  # fmt: skip


def text(number: Fraction | int) -> str:
    """A decimal of up to eighteen places in full; any other is a mistake of the generator."""
    units = Fraction(number) * 10**18
    assert units.denominator == 1, number
    digits = str(abs(units.numerator)).rjust(19, "0")
    return ("-" if units < 0 else "") + f"{digits[:-18]}.{digits[-18:]}".rstrip("0").rstrip(".")


def is_decimal(number: Fraction) -> bool:
    """Whether eighteen places hold all of it."""
    return (number * 10**18).denominator == 1


def whole_cents(amount: Fraction) -> Fraction:
    """The amount cut to cents, toward zero."""
    return Fraction(int(amount * 100), 100)


def half_cent_near(rate: Fraction, target: Fraction) -> Fraction:
    """The figure at or above the target that times the rate, above 0, is whole cents and a half."""
    finer = 1
    while (rate / finer).denominator % 2:
        finer *= 2
    step = rate / finer
    modulus = step.denominator
    wanted = modulus // 2 * pow(step.numerator, -1, modulus) % modulus
    units = int(target * 100 * finer)
    return Fraction(units + (wanted - units) % modulus, 100 * finer)


def _quality(draw: Random) -> str:
    kind = draw.randint(0, 9)
    if kind < 2:
        return draw.choice(QUALITY_EDGES)
    places = 9 if kind == 9 else 4
    return text(Fraction(draw.randint(10**places // 3, 10**places), 10**places))


def _printed_rate(draw: Random) -> str:
    kind, election = draw.randint(0, 5), draw.choice(ELECTIONS)
    if kind < 3:
        return text(election)
    if kind == 3:
        return text(election + draw.choice([TINY, -TINY if election else TINY]))
    return text(Fraction(draw.randint(0, 130_000), 10**6))


def mssp_row(draw: Random) -> Row:
    """One organisation and year, aimed at a cap or limit, at half a cent, at a gate, or anywhere."""
    year = draw.choice([*MSSP_YEARS, 2023, 2024, 2024])
    size = draw.choice(SIZE_EDGES) + draw.randint(-1, 1) if draw.randint(0, 1) else draw.randint(1, 90_000)
    start = f"{year - draw.randint(0, 3)}-{draw.choice(['01', '04', '07'])}-01"
    row = {
        "performance_year": str(year),
        "aco_name": "Example",
        "track": draw.choice(list(SAVINGS_TERMS)),
        "assigned_beneficiaries": str(size),
        "minimum_savings_rate": _printed_rate(draw),
        "quality_score": _quality(draw),
        "met_quality_standard": "0" if draw.randint(0, 9) == 0 else "1",
        "met_alternative_standard": draw.choice(["", "0", "1"]),
        "revenue_category": draw.choice(["", "Low Revenue", "Low Revenue", "High Revenue"]),
        "agreement_start": draw.choice([*STARTS, start, start]),
        "guardrail": "1" if draw.randint(0, 9) == 0 else "0",
        "disaster_adjustment": draw.choice(["0", "0", "0.01", "0.005", text(Fraction(draw.randint(0, 10**9), 100))]),
    }
    if draw.randint(0, 11) == 0:
        row |= BELOW_THE_GATE | {"track": draw.choice(BASIC), "assigned_beneficiaries": str(draw.randint(4999, 9000))}
    even = shared_savings(row | {"benchmark": "1", "expenditure": "1"})
    minimum, loss_rate, sharing_rate = even["minimum_savings_rate"], even["final_loss_rate"], even["final_sharing_rate"]
    assert minimum is not None
    assert sharing_rate is not None
    track = row["track"]
    if loss_rate is not None and draw.randint(0, 3) == 0:
        benchmark, loss = _aimed(draw, minimum, loss_rate, Fraction(draw.choice(LOSS_LIMITS[track])))
        owed = loss_rate * loss
        if draw.randint(0, 1) and owed > 0 and is_decimal(owed):
            row["disaster_adjustment"] = text(owed - whole_cents(owed) + CENT / 2)
        savings = -loss
    else:
        paid_rate = sharing_rate * (1 if int(row["performance_year"]) in UNSEQUESTERED_YEARS else Fraction(98, 100))
        benchmark, savings = _aimed(draw, minimum, paid_rate, SAVINGS_TERMS[track][1])
    return row | {"benchmark": text(benchmark), "expenditure": text(max(benchmark - savings, Fraction(0)))}


def _aimed(draw: Random, minimum: Fraction, rate: Fraction, limit: Fraction) -> tuple[Fraction, Fraction]:
    """A benchmark, and savings or a loss of it, near what the minimum rate, the share and the limit decide."""
    aim = draw.choice([*["limit"] * 4, *["half_cent"] * 6, *["gate"] * 5, "any"])
    if aim == "gate":
        benchmark = Fraction(minimum.denominator * draw.randint(1, 10**9 // minimum.denominator))
        at = minimum * benchmark
        return benchmark, at + draw.choice([-CENT, -CENT, 0, CENT, -MICRO, -whole_cents(at / 3), -whole_cents(at / 2)])
    benchmark = Fraction(draw.randint(10**7, 10**9))
    at, most = minimum * benchmark, limit * benchmark / rate if rate else benchmark
    if aim == "limit":
        if draw.randint(0, 2) == 0:
            return benchmark, whole_cents(most) + draw.choice([-CENT, Fraction(0), CENT])
        return benchmark, whole_cents(max(at, most) * (1 + Fraction(draw.randint(1, 20), 20)))
    if aim == "half_cent" and rate and rate.denominator <= 10**6:
        target = at + max(most - at, Fraction(0)) * Fraction(draw.randint(1, 9), 10)
        return benchmark, half_cent_near(rate, target) + draw.choice([*[0] * 10, -MICRO, MICRO])
    cents = Fraction(draw.randint(1, 10**11), 100)
    return cents, whole_cents(cents * Fraction(draw.randint(-60, 60), 100))


def reach_row(draw: Random) -> Row:
    """One entity and year, aimed at the edge of a band, at half a cent, at zero, or anywhere."""
    arrangement = draw.choice(list(CORRIDORS))
    up = draw.choice([Fraction(0), Fraction(draw.randint(0, 10**9), 10**4)])
    down = -draw.choice([Fraction(0), Fraction(draw.randint(0, 10**9), 10**4)])
    benchmark = Fraction(draw.randint(10**6, 10**9), draw.choice([1, 100, 10**4])) + 2 * 10**5
    aim = draw.choice(["edge", "edge", "half_cent", "half_cent", "half_cent", "zero", "any"])
    sign = draw.choice([1, 1, -1])
    band = draw.randint(0, 3)
    adjusted = benchmark + up + down
    if aim == "edge":
        edge = CORRIDORS[arrangement][draw.randint(0, 2)][0]
        gross = Fraction(edge or 0) * adjusted + draw.choice([-CENT, Fraction(0), CENT, MICRO])
    elif aim == "half_cent":
        gross = _half_cent_in_band(draw, arrangement, band, adjusted, Fraction(98, 100) if sign > 0 else Fraction(1))
    elif aim == "zero":
        gross = draw.choice([-CENT, Fraction(0), CENT, CENT / 2])
    else:
        gross = whole_cents(adjusted * Fraction(draw.randint(0, 90), 100))
    return {
        "performance_year": str(draw.choice(REACH_YEARS)),
        "aco_name": "Example",
        "aco_type": "Standard",
        "risk_arrangement": arrangement,
        "final_benchmark": text(benchmark),
        "health_equity_adjustment_up": text(up) if up else draw.choice(["", "0"]),
        "health_equity_adjustment_down": text(down) if down else draw.choice(["", "0"]),
        "expenditure": text(max(adjusted - sign * gross, Fraction(0))),
    }


def _half_cent_in_band(draw: Random, arrangement: str, band: int, benchmark: Fraction, kept: Fraction) -> Fraction:
    """Savings inside a band of which what is kept is whole cents and a half, where a decimal gives that."""
    bands = CORRIDORS[arrangement]
    below = [Fraction(0), *(Fraction(edge) * benchmark for edge, _ in bands if edge is not None)]
    share = Fraction(bands[band][1])
    paid = sum((Fraction(bands[i][1]) * (below[i + 1] - below[i]) for i in range(band)), start=Fraction(0))
    top = below[band + 1] if band < 3 else benchmark * Fraction(9, 10)
    middle = below[band] + (top - below[band]) * Fraction(draw.randint(2, 8), 10)
    cents = int(kept * (paid + share * (middle - below[band])) * 100)
    for odd in range(2 * cents + 1, 2 * cents + 4200, 2):
        gross = below[band] + (Fraction(odd, 200) / kept - paid) / share
        if is_decimal(gross):
            return gross
    return whole_cents(middle)


def hospital_row(draw: Random) -> Row:
    """One hospital and fiscal year; every domain may be missing."""
    row = {"fiscal_year": str(draw.choice(MSSP_YEARS))}
    for domain in DOMAINS:
        some = text(Fraction(draw.randint(0, 10**11), 10**9))
        row[domain] = draw.choice(["", "0", "100", "0.000000001", some, some, some])
    return row


ROWS: dict[str, Callable[[Random], Row]] = {"mssp": mssp_row, "reach": reach_row, "hospital-scores": hospital_row}
IDS = {"mssp": "aco_id", "reach": "aco_id", "hospital-scores": "facility_id"}


def numbered(binding: str, rows: list[Row], letter: str = "A") -> list[Row]:
    """The rows with ids of their own."""
    return [row | {IDS[binding]: f"{letter}{number}"} for number, row in enumerate(rows)]


def sample(binding: str, count: int, seed: int) -> list[Row]:
    """A fixed sample."""
    draw = Random(seed)
    return numbered(binding, [ROWS[binding](draw) for _ in range(count)])


def tables(binding: str, count: int) -> st.SearchStrategy[list[Row]]:
    """Tables of so many rows, as hypothesis draws them."""
    draws = st.randoms(use_true_random=False)
    return draws.map(lambda draw: numbered(binding, [ROWS[binding](draw) for _ in range(count)]))
