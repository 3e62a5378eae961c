"""Performance periods: whole months from one to another."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)
_YEAR = re.compile(r"[1-9][0-9]{3}", re.ASCII)
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)


def read_day(text: str) -> date:
    """The day that a text names, as YYYY-MM-DD. Raises `ValueError`."""
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError("no date")
    return date(*(int(part) for part in match.groups()))


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day of `first_day`'s month to the last day of the last month."""

    first_day: date
    last_day: date

    @classmethod
    def of_months(cls, year: int, month: int, months: int) -> "Period":
        first, last = year * 12 + month - 1, year * 12 + month - 1 + months - 1
        last_year, last_month = last // 12, last % 12 + 1
        return cls(
            date(first // 12, first % 12 + 1, 1), date(last_year, last_month, monthrange(last_year, last_month)[1])
        )

    @classmethod
    def from_to(cls, first: str, last: str) -> "Period":
        """From one month to another, each as YYYY-MM."""
        year, month = int(first[:4]), int(first[5:])
        last_year, last_month = int(last[:4]), int(last[5:])
        return cls(date(year, month, 1), date(last_year, last_month, monthrange(last_year, last_month)[1]))

    @property
    def first_month(self) -> str:
        return self.first_day.isoformat()[:7]

    @property
    def last_month(self) -> str:
        return self.last_day.isoformat()[:7]

    def months(self) -> "list[Period]":
        """Each month of the period, as a period of its own."""
        count = (self.last_day.year - self.first_day.year) * 12 + self.last_day.month - self.first_day.month + 1
        return [Period.of_months(self.first_day.year, self.first_day.month + place, 1) for place in range(count)]

    def months_since(self, earlier: "Period") -> int:
        """How many months this period begins after another; negative if before it."""
        years = self.first_day.year - earlier.first_day.year
        return years * 12 + self.first_day.month - earlier.first_day.month

    def __str__(self) -> str:
        return f"{self.first_month} to {self.last_month}"


def read_month(text: str) -> str:
    """A month as YYYY-MM. Raises `ValueError`."""
    if not _MONTH.fullmatch(text) or text.startswith("0000"):
        raise ValueError("no month")
    return text


def read_months(text: str) -> Period:
    """A period as it is written in one text. Raises `ValueError`.

    >>> str(read_months("2014")), str(read_months("2014-07 to 2015-06"))
    ('2014-01 to 2014-12', '2014-07 to 2015-06')
    """
    if _YEAR.fullmatch(text):
        return Period.of_months(int(text), 1, 12)
    first, between, last = text.partition(" to ")
    period = Period.from_to(read_month(first), read_month(last if between else first))
    if period.last_day < period.first_day:
        raise ValueError("a period that ends before it begins")
    return period


def agreement_year(start: date, period: Period) -> int:
    """Which year of an agreement a period is: 1 and the anniversaries reached by its first day.

    >>> agreement_year(date(2012, 4, 1), Period.of_months(2014, 1, 12))
    2
    """
    day = period.first_day
    anniversaries = day.year - start.year - ((day.month, day.day) < (start.month, start.day))
    return 1 + max(anniversaries, 0)
