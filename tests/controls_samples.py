"""Controls made up for statements, registers and workbooks; each window foots. Names and figures are invented."""

from typing import Any

Control = dict[str, Any]


def control(
    window: str,
    entry: str,
    rows: int,
    months: str,
    dollars: str | None,
    rule: str | None = None,
    table: str = "member_months",
) -> Control:
    return {
        "table": table, "window": window, "entry": entry, "rule": rule, "rows": rows, "member_months": months,
        "dollars": dollars,
    }  # fmt: skip


PERFORMANCE = [
    control("performance", "in", 118_204, "117931.5", "46203118.07"),
    control("performance", "excluded", 310, "310", "402115.55", "death"),
    control("performance", "excluded", 96, "94.5", "1210040.10", "transplant"),
    control("performance", "excluded", 118, "118", "65319.14", "minimum_months"),
    control("performance", "excluded", 271, "0", "0", "duplicate_rows"),
    control("performance", "rejected", 5, "5", "0", "P4V-D012"),
    control("performance", "used", 117_404, "117404", "44525643.28"),
]
"""in = used + excluded + rejected: 118204 = 117404 + 310 + 96 + 118 + 271 + 5, and so for months and dollars."""
BASELINE = [
    control("baseline 2012", "in", 98_000, "98000", "37000000.00"),
    control("baseline 2012", "excluded", 200, "200", "300000.00", "death"),
    control("baseline 2012", "used", 97_800, "97800", "36700000.00"),
]
MARKET = [
    control("market", "in", 2_400_017, "2400017", "987654321.09"),
    control("market", "excluded", 17, "17", "54321.09", "death"),
    control("market", "used", 2_400_000, "2400000", "987600000.00"),
]
FEE = [
    control("fee", "in", 10_031, "10031", None),
    control("fee", "excluded", 31, "31", None, "death"),
    control("fee", "used", 10_000, "10000", None),
]
CONTROLS = [*PERFORMANCE, *BASELINE, *MARKET, *FEE]
TABLES = [
    {
        "role": "member_months", "name": "member_months.csv.gz", "bytes": 3_120_044, "sha256": "ab" * 32,
        "rows": 2_626_252, "known_at": "2015-06-30",
    },
    {"role": "quality", "name": "quality.csv", "bytes": 410, "sha256": "cd" * 32, "rows": 9, "known_at": None},
]  # fmt: skip
READ = {
    "tables": TABLES, "paid_through": "2015-03-31",
    "tied": {"owner": "Northlake data warehouse", "date": "2015-07-02"},
    "waivers": [{"id": "late-file", "finding": "P4V-D012", "reason": "One file of a hospital came damaged", "clause": "Am. 2 §3"}],
}  # fmt: skip
"""What a manifest says of the tables."""
