"""Performance periods: whole months from one to another."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day of `first_day`'s month to the last day of the last month."""

    first_day: date
    last_day: date

    @classmethod
    def of_months(cls, year: int, month: int, months: int) -> "Period":
        after = year * 12 + month - 1 + months
        return cls(date(year, month, 1), date(after // 12, after % 12 + 1, 1) - timedelta(days=1))

    @property
    def first_month(self) -> str:
        return self.first_day.isoformat()[:7]

    @property
    def last_month(self) -> str:
        return self.last_day.isoformat()[:7]

    def __str__(self) -> str:
        return f"{self.first_month} to {self.last_month}"


def agreement_year(start: date, period: Period) -> int:
    """Which year of an agreement a period is: 1 and the anniversaries reached by its first day.

    >>> agreement_year(date(2012, 4, 1), Period.of_months(2014, 1, 12))
    2
    """
    day = period.first_day
    anniversaries = day.year - start.year - ((day.month, day.day) < (start.month, start.day))
    return 1 + max(anniversaries, 0)
