"""The frozen reference that two contracts read their truncation point from: made up, as skewed as real costs."""

import csv
import io

import numpy as np

from p4v.data.reference import AMOUNTS
from p4v.demo.blocks import MONTHS, PersonYears
from p4v.demo.draws import Draws

ROWS = 2_000
_LEVEL = 455_000
"""Cents of an average member-year."""
_STEP = 1_200
"""Annual amounts are whole multiples of 12 dollars, so that a month's part is whole dollars."""
_CENTS = 100


def reference_csv(sample: PersonYears) -> bytes:
    """Amounts of member-years with their member months, as `configs/demo/references` holds them."""
    draws = Draws("reference")
    place = (2 * draws.shuffled(ROWS) + 1) * sample.persons // (2 * ROWS)
    raw = sample.cents[np.searchsorted(sample.upto, place, side="right")].sum(axis=1)
    annual = raw * _LEVEL // (sample.total // sample.persons) // _STEP * _STEP
    # one in ten was there for a part of the year, and cost that part
    months = np.where(draws.below(10, ROWS) == 0, 1 + draws.below(MONTHS - 1, ROWS), MONTHS)
    amounts = annual // MONTHS * months
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([AMOUNTS["member_years"], "member_months"])
    for cents, number in zip(amounts.tolist(), months.tolist(), strict=True):
        writer.writerow([f"{cents // _CENTS}.{cents % _CENTS:02d}", number])
    return text.getvalue().encode()
