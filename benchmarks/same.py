"""What all contestants of the benchmark compute, check and write, so that it can be compared."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

BASELINE, PERFORMANCE = 2013, 2014
WINDOWS = (str(BASELINE), str(PERFORMANCE))
CATEGORIES = ("inpatient", "outpatient", "office", "pharmacy", "ancillary", "emergency", "home", "other")
COSTS = tuple(f"allowed_{name}_cents" for name in CATEGORIES)
COLUMNS = ("group_id", "member_id", "year_month", "product", "member_months", *COSTS)
POINTS = {str(BASELINE): 11_800_000, str(PERFORMANCE): 12_500_000}
"""Above this many cents of a member and year lies the excess."""
ID = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
MONTHS = {f"{year}-{month:02d}": (str(year), month - 1) for year in (BASELINE, PERFORMANCE) for month in range(1, 13)}
"""Every month with rows: its window and its place there."""
CHECKS = (
    "nulls", "member_months", "month", "group_id", "member_id", "equal_but_for_case", "twice", "in_two_groups",
    "months_without_rows",
)  # fmt: skip
"""Each contestant counts what breaks these rules; all are 0, or there is no settlement."""
THREADS = 2
MEMORY = "1GB"

Windows = Mapping[str, list[int]]
"""Of a group, by window: rows, member months, cents by category, excess in cents."""


def report(compute: Callable[[str], tuple[Mapping[str, Windows], Mapping[str, int]]]) -> None:
    """Runs a contestant: `NAME.py FILE`; writes its integers in one order."""
    groups, checks = compute(sys.argv[1])
    assert sorted(checks) == sorted(CHECKS), checks
    assert not any(checks.values()), checks
    write(groups)


def write(groups: Mapping[str, Mapping[str, Any]]) -> None:
    plain = {group: {window: [int(n) for n in values] for window, values in of.items()} for group, of in groups.items()}
    print(json.dumps(plain, sort_keys=True))
