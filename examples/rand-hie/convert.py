"""Makes the yearly table of this example from the person-years of the RAND Health Insurance Experiment.

python convert.py PERSON_YEARS.csv > data/person_years.csv

The file has one row for each person and study year: person_id, year (1 to 5), site (1 to 6), eligible_share_of_year,
and dollars of outpatient care, drugs, supplies, mental health care and inpatient care.
"""

import csv
import sys
from fractions import Fraction
from pathlib import Path

FIRST_YEAR = 1974
"""Study year 1 is 1975; an illustration, for people entered the study in different years."""
CATEGORIES = ("outpatient", "drugs", "supplies", "mental_health", "inpatient")
MILLION = 10**6


def member_months(share: str) -> str:
    """The share of a year as member months, to six decimals, half up.

    >>> member_months("0.268493"), member_months("1.0")
    ('3.221916', '12')
    """
    millionths, rest = divmod(Fraction(share) * 12 * MILLION, 1)
    whole, places = divmod(int(millionths) + (2 * rest >= 1), MILLION)
    return f"{whole}.{places:06d}".rstrip("0").rstrip(".")


def converted(row: dict[str, str]) -> list[str]:
    """A row of the yearly table."""
    return [
        f"site-{row['site']}",
        row["person_id"],
        str(FIRST_YEAR + int(row["year"])),
        member_months(row["eligible_share_of_year"]),
        *(row[category] for category in CATEGORIES),
    ]


def main(path: str) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        ["group_id", "member_id", "year", "member_months", *(f"allowed_{category}" for category in CATEGORIES)]
    )
    with Path(path).open(encoding="utf-8", newline="") as file:
        writer.writerows(converted(row) for row in csv.DictReader(file))


if __name__ == "__main__":
    main(sys.argv[1])
