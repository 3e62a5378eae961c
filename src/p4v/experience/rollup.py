"""The roll-up, once, as Ibis expressions: rows of member months to cells and member-years.

The engine only multiplies, adds, compares and counts whole numbers, grouped by keys. Months come from a joined
calendar, so that no date function, division or bit operator is needed, in which engines differ. Member ids do not leave
the engine, but to find the place of a fault.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from p4v.experience.rules import (
    DAY_UNITS,
    MINIMUM_MONTHS,
    MONTH_UNITS,
    OTHER_DAYS,
    OTHER_MEMBERS,
    OUTSIDE,
    STANDING,
    USED,
    Cells,
    DataRules,
    Exclusion,
    Experience,
    MemberYears,
)
from p4v.experience.tables import Table, Tables
from p4v.kernels.checked import Ints
from p4v.kernels.months import months_twice

_KEYS = ("group", "member_id", "window")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_NO_MONTH = -1
GROUPS, CALENDAR = "p4v_groups", "p4v_calendar"
_PURPOSES = ("fee", "cost", "quality")
_KNOWN = frozenset({
    "group_id", "member_id", "month", "fault", "purpose", "product", "funding", "cohort", "area", "tier",
    "member_months", "first_day", "last_day", "risk_score", "revenue",
})  # fmt: skip
"""Columns of member months that mean the same in every table."""
_OF_MEMBERS = ("members", "after_death", "duplicates")
"""Rules for which a row is not enough."""
CENTS = 100


@dataclass(frozen=True, slots=True)
class Rows:
    """The typed rows that a roll-up reads, and what they have. `months` has the canonical columns."""

    engine: Tables
    months: Table
    deaths: Table | None
    columns: frozenset[str]
    by_days: bool
    lacking: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Roster to the columns that no row of it has, where each has a table of its own."""


@dataclass(frozen=True, slots=True)
class RolledUp:
    """An experience, and what the checks of the same pass found."""

    experience: Experience
    faults: Mapping[tuple[str | None, int], int]
    """Group and row rule to the number of rows that break it."""
    twice: Mapping[str, int]
    """Group to members with two rows of a month, unless a rule takes copies out; and to copies that differ."""
    in_two_groups: int
    """Members who are with two groups in one month."""
    groups: Table
    members: Table
    """Ids of groups and members, still in the engine."""

    def rows_of(self, place: int, others: Collection[str]) -> int:
        """Rows that an exclusion takes out, of all groups but some others."""
        cells = self.experience.cells
        here = [number for number, name in enumerate(self.experience.groups) if name not in others]
        rules = self.experience.rules
        mine = [len(STANDING) + place, _left_after_all(len(STANDING) + place, rules)]
        return int(cells.rows[np.isin(cells.status, mine) & np.isin(cells.group, here)].sum())


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """All rows of a month (months from year 0), whoever they are of and whatever becomes of them: their number, member
    months, and dollars of each basis.
    """

    month: int
    totals: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """Rows of a group that break a row rule first, each counted once whatever rosters and windows it is of; and what
    can be read of their dollars, by cost column, in cents.
    """

    group: str
    fault: int
    rows: int
    cents: Mapping[str, int]


def rejected_rows(rows: Rows) -> list[RejectedRows]:
    """All rows that break a rule."""
    broken, costs = rows.months.filter(rows.months.fault != 0), sorted(filter(_is_cost, rows.columns))
    sums = {f"c{place}": broken[name].sum() for place, name in enumerate(costs)}
    found = rows.engine.fetch(broken.group_by("group_id", "fault").agg(rows=broken.count(), **sums)).to_pylist()
    return [
        RejectedRows(
            row["group_id"], int(row["fault"]), int(row["rows"]),
            {name: int(row[f"c{place}"]) for place, name in enumerate(costs)},
        )
        for row in found
    ]  # fmt: skip


def totals_by_month(rows: Rows) -> list[MonthTotal]:
    """Rows, member months, and allowed and paid dollars of each month, as they came in."""
    table, one = rows.months, ibis.literal(MONTH_UNITS, type="int64")
    table = table.mutate(units=table.member_months if "member_months" in rows.columns else one)
    sums = {"rows": table.count(), "member_months": table.units.sum()}
    for basis in ("allowed", "paid"):
        columns = sorted(column for column in rows.columns if column.partition(".")[0] == basis)
        sums |= {basis: _sum_of(table, columns).sum()} if columns else {}
    scales = {"rows": 1, "member_months": MONTH_UNITS, "allowed": CENTS, "paid": CENTS}
    found = rows.engine.fetch(table.group_by("month").agg(**{f"total {name}": value for name, value in sums.items()}))
    return [
        MonthTotal(int(row["month"]), {name: Fraction(int(row[f"total {name}"]), scales[name]) for name in sums})
        for row in found.to_pylist()
    ]


def roll_up(rows: Rows, rules: DataRules) -> RolledUp:
    """One pass over the rows for one set of rules. Its member ids stay in the engine until the next one."""
    kept = rows.engine
    groups = list(rules.groups) or found_groups(rows)()
    table = kept.view("p4v_statuses", _with_status(rows, rules, groups))
    years = table
    taken: list[Table] = []
    if _of_members(rules) or rules.minimum_months is not None:
        sums = {name: table[name].sum() for name in ("months", "stamp", *_month_names(rules), *_amount_names(rules))}
        years = kept.keep("p4v_rows", table.group_by(*_KEYS, "status", *_flag_names(rules)).agg(**sums))
        taken = [kept.keep(f"p4v_{name}", found) for name, found in _taken(years, rules, months_scale(rows, rules))]
    years = kept.keep("p4v_years", _member_years(_without(years, taken, rules), rules))
    apart = bool(taken) or any(exclusion.rule in _OF_MEMBERS for exclusion in rules.exclusions)
    cells = kept.fetch_later(_cells(_without(table, taken, rules) if apart else _few(rows, rules), rules))
    return _collected(rows, rules, groups, cells, years, _differing_copies(rules, kept))


def found_groups(rows: Rows) -> Callable[[], list[str]]:
    """Every group that a row is of, in order, when it is asked for."""
    found = rows.engine.fetch_later(rows.months.select("group_id").distinct())
    return lambda: sorted(found()["group_id"].to_pylist())


# Rows: window, months in units, status


def _with_status(rows: Rows, rules: DataRules, groups: Sequence[str]) -> Table:
    """The rows of the roster with group, window, place of the month, counted months, dollars and status."""
    # Kept tables, of which the engine knows the size, are what it looks rows up in.
    kept = rows.engine
    kept.lookup(GROUPS, {"group_name": groups, "group": range(len(groups))}, _NUMBERED)
    kept.lookup(CALENDAR, _calendar(rows, rules), _CALENDAR)
    table = _dated(_of_roster(rows, rules), kept)
    table = table.mutate(units=_units(rows, rules, table), cell=_cell(rules, table))
    deaths = rows.deaths
    if deaths is not None and any(exclusion.rule == "after_death" for exclusion in rules.exclusions):
        known = deaths.select(dead_member=deaths.member_id, death_month=deaths.death_month)
        table = table.left_join(known, table.member_id == known.dead_member)
    if _of_copies(rules):
        table = _with_copies(table, rules, kept)
    flags = {f"flag{place}": _matches(table, exclusion).cast("int64") for place, exclusion in _of_members(rules)}
    costs = {f"c{place}": _sum_of(table, cost.sources) for place, cost in enumerate(rules.costs)}
    # Half the size, but where one row stands for many.
    months = table.units if _of_copies(rules) else table.units.cast("int32")
    table = table.mutate(status=_row_status(rows, rules, table), months=months, **flags, **costs)
    years = {name: (table.year == year).ifelse(table.months, 0) for year, name in enumerate(_month_names(rules))}
    return table.mutate(**_amounts(table, rules), **years)


def _of_roster(rows: Rows, rules: DataRules) -> Table:
    """The rows that rules look at."""
    table = rows.months
    if "purpose" in rows.columns:
        # A row whose purpose cannot be read is of every roster: its fault must be seen.
        table = table.filter((table.purpose == rules.roster) | ((table.fault != 0) & table.purpose.notin(_PURPOSES)))
    for column, values in rules.where:
        table = table.filter(table[column].isin(values))
    # A table's own columns stand apart from those of the roll-up, whatever they are called.
    own = sorted(column for column in table.columns if _own(column) != column)
    return table.rename({_own(column): column for column in own}) if own else table


def _own(column: str) -> str:
    """What a column of the table is called in the roll-up: one that p4v knows by its name."""
    return column if column in _KNOWN or _is_cost(column) else f"own {column}"


def _is_cost(column: str) -> bool:
    return column.partition(".")[0] in ("allowed", "paid")


def _dated(table: Table, kept: Tables) -> Table:
    """Rows of the groups that are wanted, each with its group's number and its window.

    A row that is grouped by numbers is a third smaller than by names.
    """
    numbers, calendar = kept.table(GROUPS), kept.table(CALENDAR)
    table = table.inner_join(numbers, table.group_id == numbers.group_name)
    table = table.left_join(calendar, table.month == calendar.calendar_month)
    return table.mutate(window=table.window.fill_null(_NO_MONTH), stamp=table.stamp.fill_null(0))


_NUMBERED = {"group_name": "string", "group": "int32"}


def _amounts(table: Table, rules: DataRules) -> dict[str, Any]:
    """What a row adds to the parts of its member's amount."""
    found: dict[str, Any] = {}
    for name, part in zip(_amount_names(rules), rules.parts, strict=True):
        found[name] = _sum_of(table, [f"c{place}" for place in part.costs])
        if part.cells:
            found[name] = table.cell.isin(part.cells).ifelse(found[name], 0)
        if part.year is not None:
            found[name] = (table.year == part.year).ifelse(found[name], 0)
    return found


def _month_names(rules: DataRules) -> list[str]:
    """Months of each year of a window, where it has more than one."""
    return [f"months{year}" for year in range(rules.years)] if rules.years > 1 else []


def _amount_names(rules: DataRules) -> list[str]:
    return [f"amount{place}" for place in range(len(rules.parts))]


_CALENDAR = {
    "calendar_month": "int32",
    "window": "int16",
    "stamp": "int64",
    "days": "int32",
    "day_units": "int64",
    "year": "int16",
}


def _row_bit(rules: DataRules) -> int:
    """The bit above those of a window's months, in which a stamp counts its row."""
    return max((len(window.period.months()) for window in rules.windows), default=0)


def _calendar(rows: Rows, rules: DataRules) -> dict[str, list[int]]:
    """Each month with its window, its stamp, its days, and the units of one of its days.

    A stamp is the month's bit within the window and one row above it, so that one sum counts rows and months.
    """
    row = 2 ** _row_bit(rules)
    places = {
        month.first_day.year * 12 + month.first_day.month - 1: (number, row + 2**place, place // 12)
        for number, window in enumerate(rules.windows)
        for place, month in enumerate(window.period.months())
    }
    months = np.arange(_FIRST_YEAR * 12, (_LAST_YEAR + 1) * 12)
    days = np.diff(np.arange("1900-01", "2200-02", dtype="datetime64[M]").astype("datetime64[D]")).astype("i8")
    # Only days are asked of months outside all windows.
    wanted = np.ones(len(months), dtype=bool) if rows.by_days else np.isin(months, list(places))
    months, days = months[wanted], days[wanted]
    found = [places.get(int(month), (_NO_MONTH, 0, 0)) for month in months]
    return {
        "calendar_month": months.tolist(),
        "window": [window for window, _, _ in found],
        "stamp": [stamp for _, stamp, _ in found],
        "days": days.tolist(),
        "day_units": (DAY_UNITS // days).tolist(),
        "year": [year for _, _, year in found],
    }


def _units(rows: Rows, rules: DataRules, table: Table) -> Any:
    """Member months of a row in whole units."""
    if not rows.by_days:
        return table.member_months if "member_months" in rows.columns else ibis.literal(MONTH_UNITS, type="int64")
    first, last = table.first_day, table.last_day
    whole = ibis.literal(MONTH_UNITS, type="int64")
    if rules.counting == "pro_rata_days":
        return (last - first + 1).cast("int64") * table.day_units.fill_null(0)
    counts = {
        "any_day": last >= first,
        "first_of_month": first == 1,
        "fifteenth_of_month": (first <= _FIFTEENTH) & (last >= _FIFTEENTH),
        "full_month": (first == 1) & (last == table.days),
    }[rules.counting]
    return counts.fill_null(False).ifelse(whole, ibis.literal(0, type="int64"))


_FIFTEENTH = 15


def months_scale(rows: Rows, rules: DataRules) -> int:
    """Units of one member month."""
    return DAY_UNITS if rows.by_days and rules.counting == "pro_rata_days" else MONTH_UNITS


def _cell(rules: DataRules, table: Table) -> Any:
    return table[rules.cell] if rules.cell is not None else ibis.literal("")


def _statuses(rules: DataRules) -> tuple[str, ...]:
    named = [exclusion.id for exclusion in rules.exclusions]
    return (*STANDING, *named, MINIMUM_MONTHS, *named)


def _row_status(rows: Rows, rules: DataRules, table: Table) -> Any:
    """The first reason for which a row is not used, as the number of its status."""
    cases: list[tuple[Any, int]] = [
        (table.fault != 0, -table.fault),
        (table.window == _NO_MONTH, STANDING.index(OUTSIDE)),
    ]
    for column, wanted in (("product", rules.products), ("funding", rules.funding)):
        if wanted:
            cases.append((table[column].notin(wanted), STANDING.index(OTHER_MEMBERS)))
    if rows.by_days:
        cases.append((table.units == 0, STANDING.index(OTHER_DAYS)))
    # Copies first, whatever the order: another rule would take both, and keep the months of both.
    of_rows = [(place, rule) for place, rule in enumerate(rules.exclusions) if rule.rule != "members"]
    for place, exclusion in sorted(of_rows, key=lambda item: item[1].rule != "duplicates"):
        cases.append((_matches(table, exclusion) & _in_windows(table, rules, exclusion), len(STANDING) + place))
    return ibis.cases(*cases, else_=STANDING.index(USED)).cast("int16")  # of a rejected row, less than 0: its fault


def _in_windows(table: Table, rules: DataRules, exclusion: Exclusion) -> Any:
    return table.window.isin([place for place, window in enumerate(rules.windows) if window.kind in exclusion.windows])


def _matches(table: Table, exclusion: Exclusion) -> Any:
    if exclusion.rule == "after_death":
        return (table.month > table.death_month).fill_null(False)
    if exclusion.rule == "duplicates":
        return table.is_copy
    return table[_own(exclusion.column or "")].isin(exclusion.values).fill_null(False)


def _of_copies(rules: DataRules) -> list[Exclusion]:
    return [exclusion for exclusion in rules.exclusions if exclusion.rule == "duplicates"]


def _with_copies(table: Table, rules: DataRules, kept: Tables) -> Table:
    """Rows with how many each stands for, as `rows`, and whether it is the copies that a rule takes out.

    Of the few that stand twice one is kept, and one stands for all others: they are equal, or nothing is settled. What
    a rule takes out is no second row of its month.
    """
    sound = table.filter(table.fault == 0)
    counts = sound.group_by(*_COPY).agg(copies=sound.count())
    twice = kept.keep("p4v_copies", counts.filter(counts.copies > 1))
    again = kept.keep(AGAIN, sound.semi_join(twice, _COPY))
    same = {name: again[name].min() for name in again.columns if name not in _COPY}
    one = again.group_by(*_COPY).agg(**same, all_of_them=again.count())
    single, no, yes = ibis.literal(1, type="int64"), ibis.literal(False), ibis.literal(True)
    kinds = [
        (table.filter(table.fault != 0), single, no), (sound.anti_join(twice, _COPY), single, no), (one, single, no),
        (one, one.all_of_them - 1, yes),
    ]  # fmt: skip
    table = ibis.union(*(of.select(*table.columns, rows=rows, is_copy=is_copy) for of, rows, is_copy in kinds))
    taken = [table.is_copy & _in_windows(table, rules, exclusion) for exclusion in _of_copies(rules)]
    many = {name: table[name] * table["rows"] for name in ("units", "revenue") if name in table.columns}
    many |= {name: table[name] * table["rows"] for name in table.columns if _is_cost(name)}
    if "risk_score" in table.columns:
        many["risk_score"] = table.risk_score * table.units * table["rows"]
    return table.mutate(stamp=ibis.or_(*taken).ifelse(0, table.stamp), **many)


_COPY = ("group_id", "member_id", "month")
"""What rows that are copies of each other have in common, besides all else."""
AGAIN = "p4v_again"


def _differing_copies(rules: DataRules, kept: Tables) -> dict[str, int]:
    """Group to members' months that a rule for copies would take out although they say something else."""
    if not _of_copies(rules):
        return {}
    again = kept.table(AGAIN)
    values = [name for name in again.columns if name not in _COPY]
    ends = {f"{end} {name}": getattr(again[name], end)() for name in values for end in ("min", "max")}
    copies = again.group_by(*_COPY).agg(**ends)
    differ = ibis.or_(*(copies[f"min {name}"] != copies[f"max {name}"] for name in values))
    several = copies.filter(differ)
    found = kept.fetch(several.group_by("group_id").agg(several=several.count()))
    return dict(zip(found["group_id"].to_pylist(), found["several"].to_pylist(), strict=True))


def _of_members(rules: DataRules) -> list[tuple[int, Exclusion]]:
    return [(place, exclusion) for place, exclusion in enumerate(rules.exclusions) if exclusion.rule == "members"]


def _flag_names(rules: DataRules) -> list[str]:
    return [f"flag{place}" for place, _ in _of_members(rules)]


def _sum_of(table: Table, columns: Sequence[str]) -> Any:
    whole = table[columns[0]]
    for column in columns[1:]:
        whole = whole + table[column]
    return whole


def _totals(table: Table, rules: DataRules) -> dict[str, Any]:
    """Counts and sums of whole numbers. A row that stands for several says how many, and has their sums."""
    few = "rows" in table.columns
    found = {"rows": table["rows"].sum() if few else table.count(), "months": table.months.sum()}
    found |= {f"c{place}": table[f"c{place}"].sum() for place in range(len(rules.costs))}
    if "revenue" in table.columns:
        found["revenue"] = table.revenue.sum()
    if "risk_score" in table.columns:
        found["risk_score"] = (table.risk_score if few else table.risk_score * table.units).sum()
    return found


# Members: rules that look at all rows of a member and window


def _taken(grouped: Table, rules: DataRules, scale: int) -> Iterator[tuple[str, Table]]:
    """Members of a window whom a rule takes out whole: first those with a row that it names, then those with too few
    months of what is left; each with the number of the rule's status.
    """
    if _of_members(rules):
        flagged = _flagged(grouped, rules)
        yield "flagged", flagged
        grouped = _without(grouped, [flagged], rules)
    if rules.minimum_months is not None:
        yield "below", _below_minimum(grouped, rules, scale)


def _flagged(grouped: Table, rules: DataRules) -> Table:
    """Rules run in their order: one sees what those before it have left."""
    seen = {
        f"any_{name}": grouped.status.isin(_left_for(place, rules)).ifelse(grouped[name], 0).max()
        for (place, _), name in zip(_of_members(rules), _flag_names(rules), strict=True)
    }
    members = grouped.group_by(*_KEYS).agg(**seen)
    cases = [
        ((members[f"any_flag{place}"] > 0) & _in_windows(members, rules, exclusion), len(STANDING) + place)
        for place, exclusion in _of_members(rules)
    ]
    return _named(members.mutate(taken=ibis.cases(*cases, else_=0).cast("int16")))


def _below_minimum(grouped: Table, rules: DataRules, scale: int) -> Table:
    """Members with fewer months than the contract wants; a fee is paid for them all the same."""
    months = _months_count(grouped, rules).ifelse(grouped.months, 0)
    members = grouped.group_by(*_KEYS).agg(member_units=months.sum())
    of_fee = [place for place, window in enumerate(rules.windows) if window.kind == "fee"]
    below = members.member_units * MONTH_UNITS < (rules.minimum_months or 0) * scale
    below = below & (members.window != _NO_MONTH) & members.window.notin(of_fee)
    return _named(members.mutate(taken=below.ifelse(_minimum_status(rules), 0).cast("int16")))


def _named(members: Table) -> Table:
    found = members.filter(members.taken > 0)
    return found.select(
        taken_group=found.group, taken_member=found.member_id, taken_window=found.window, taken=found.taken
    )


def _without(grouped: Table, taken: Sequence[Table], rules: DataRules) -> Table:
    """Rows that are left for a rule that takes their member out have that rule's status."""
    for members in taken:
        joined = grouped.left_join(
            members,
            (grouped.group == members.taken_group)
            & (grouped.member_id == members.taken_member)
            & (grouped.window == members.taken_window),
        )
        cases = [
            ((joined.taken == len(STANDING) + place) & joined.status.isin(_left_for(place, rules)), joined.taken)
            for place, _ in _of_members(rules)
        ]
        below = joined.taken == _minimum_status(rules)
        cases.append((below & (joined.status == STANDING.index(USED)), joined.taken))
        cases += [(below & (joined.status == status), _left_after_all(status, rules)) for status in _staying(rules)]
        grouped = joined.mutate(status=ibis.cases(*cases, else_=joined.status).cast("int16"))
        grouped = grouped.drop("taken_group", "taken_member", "taken_window", "taken")
    return grouped


def _left_for(place: int, rules: DataRules) -> list[int]:
    """Statuses of rows that no rule before this one has taken."""
    later = [
        len(STANDING) + other
        for other, rule in enumerate(rules.exclusions)
        if other > place and rule.rule != "duplicates"
    ]
    return [STANDING.index(USED), *later]


def _minimum_status(rules: DataRules) -> int:
    return len(STANDING) + len(rules.exclusions)


def _left_after_all(status: int, rules: DataRules) -> int:
    """Of a row whose months stayed, once its member has too few of them: the same rule, and its months leave."""
    return status + len(rules.exclusions) + 1


def _staying(rules: DataRules) -> list[int]:
    """Statuses whose dollars leave and whose months stay."""
    return [len(STANDING) + place for place, rule in enumerate(rules.exclusions) if not rule.months_leave]


def _months_count(table: Table, rules: DataRules) -> Any:
    """Whether a row's months count."""
    return table.status.isin([STANDING.index(USED), *_staying(rules)])


def _member_years(final: Table, rules: DataRules) -> Table:
    """One row for each group, member and window."""
    in_file = (final.status >= 0) & (final.window != _NO_MONTH)
    used, counts = final.status == STANDING.index(USED), _months_count(final, rules)
    columns = {name: counts.ifelse(final[name], 0) for name in ("months", *_month_names(rules))}
    columns |= {name: used.ifelse(final[name], 0) for name in _amount_names(rules)}
    columns["stamp"] = in_file.ifelse(final.stamp, 0)
    found = final.select(*_KEYS, **columns)
    return found.group_by(*_KEYS).agg(**{name: found[name].sum() for name in columns})


def _moved(amounts: Table, rules: DataRules) -> Table:
    """Members who were with more than one group in a window, with their sums over all of them."""
    there = amounts.filter((amounts.stamp > 0) & (amounts.window != _NO_MONTH))
    sums = {name: there[name].sum() for name in ("stamp", *_wholes(rules))}
    by_member = there.group_by("member_id", "window").agg(groups=there.count(), **sums)
    return by_member.filter(by_member.groups > 1)


def _wholes(rules: DataRules) -> list[str]:
    """What is wanted of a member over all groups."""
    return [*(_month_names(rules) or ["months"]), *_amount_names(rules)] if rules.across_moves else []


# Cells


def _cells(table: Table, rules: DataRules) -> Table:
    keys = ["group", "window", "cell", "status", *(["month"] if rules.by_month else [])]
    return table.group_by(*keys).agg(**_totals(table, rules))


def _few(rows: Rows, rules: DataRules) -> Table:
    """The rows added up by all that their status rests on, where that is no member's: few are then looked up."""
    table = _of_roster(rows, rules)
    columns = {_own(rule.column) for rule in rules.exclusions if rule.rule == "rows" and rule.column is not None}
    columns |= {"product"} if rules.products else set()
    columns |= {"funding"} if rules.funding else set()
    columns |= {"first_day", "last_day"} if rows.by_days else set()
    columns |= {rules.cell} if rules.cell is not None else set()
    keys = ["group_id", "month", "fault", *sorted(columns)]
    ready = not rows.by_days and "member_months" in rows.columns
    table = table.mutate(**{f"c{place}": _sum_of(table, cost.sources) for place, cost in enumerate(rules.costs)})
    sums = {f"c{place}": table[f"c{place}"].sum() for place in range(len(rules.costs))}
    sums |= {name: table[name].sum() for name in ("risk_score", "revenue") if name in rows.columns}
    if ready:
        sums["member_months"] = table.member_months.sum()
        if "risk_score" in rows.columns:
            sums["risk_score"] = (table.risk_score * table.member_months).sum()
    few = _dated(table.group_by(*keys).agg(rows=table.count(), **sums), rows.engine)
    each = few.member_months if ready else _units(rows, rules, few)
    few = few.mutate(units=each, months=each if ready else few["rows"] * each, cell=_cell(rules, few))
    if "risk_score" in rows.columns and not ready:  # every row of a kind has the same months
        few = few.mutate(risk_score=few.risk_score * few.units)
    return few.mutate(status=_row_status(rows, rules, few))


# Arrays


def _collected(
    rows: Rows,
    rules: DataRules,
    groups: Sequence[str],
    cells: Callable[[], pa.Table],
    amounts: Table,
    differing: Mapping[str, int],
) -> RolledUp:
    """Everything in numpy, names as numbers in the order of the alphabet. Cells come while members are looked at."""
    years, seen, twice, in_two = _years(rows.engine, amounts, _moved(amounts, rules), rules)
    small = cells()
    number = _ints(small, "group")
    there = np.unique(number)
    present = [groups[place] for place in there]
    # Groups without a row have no number.
    numbers = np.searchsorted(there, np.arange(len(groups)))
    named = sorted(set(small["cell"].to_pylist()) - {None})
    years = replace(years, group=numbers[years.group])
    seen = {(int(numbers[group]), window): months for (group, window), months in seen.items()}
    arrays = _cell_arrays(small, rules, numbers, named)
    elsewhere = _other_purposes(rows, rules, there)
    panel = _panel(rows.engine, amounts, rules, groups)
    experience = Experience(
        rules, present, named, _statuses(rules), months_scale(rows, rules), arrays, years, seen, elsewhere, panel
    )
    doubled = {groups[place]: int(count) for place, count in enumerate(np.bincount(twice)) if count}
    names = rows.engine.table(GROUPS)
    ids = names.select(group_id=names.group_name), amounts.select("member_id")
    return RolledUp(experience, _faults(small, groups), {**doubled, **differing}, in_two, *ids)


def _panel(engine: Tables, amounts: Table, rules: DataRules, groups: Sequence[str]) -> dict[int, int]:
    """Window to the members of all groups of one panel, each counted once."""
    if not rules.one_panel:
        return {}
    pool = [place for place, name in enumerate(groups) if name in rules.one_panel]
    counted = amounts.filter(amounts.group.isin(pool) & (amounts.months > 0)).select("window", "member_id").distinct()
    found = engine.fetch(counted.group_by("window").agg(members=counted.count()))
    return dict(zip(found["window"].to_pylist(), found["members"].to_pylist(), strict=True))


def _other_purposes(rows: Rows, rules: DataRules, there: Ints) -> Cells | None:
    """The rows of these groups that another roster has, so that a group's rows are all accounted for."""
    if "purpose" not in rows.columns or rules.where:
        return None
    others = [purpose for purpose in _PURPOSES if purpose != rules.roster]
    months = rows.months.filter(rows.months.purpose.isin(others)).drop("purpose")
    elsewhere = Rows(rows.engine, months, None, rows.columns - {"purpose"}, rows.by_days)
    plain = replace(rules, exclusions=(), products=(), funding=(), cell=None, by_month=False)
    small = rows.engine.fetch(_cells(_few(elsewhere, plain), plain))
    small = small.filter(np.isin(_ints(small, "group"), there))
    return _cell_arrays(small, plain, np.searchsorted(there, np.arange(there.max(initial=0) + 1)), [""])


def _faults(small: pa.Table, groups: Sequence[str]) -> dict[tuple[str | None, int], int]:
    """Group and row rule to the rows that break it."""
    found: dict[tuple[str | None, int], int] = {}
    for group, status, rows in zip(*(small[name].to_pylist() for name in ("group", "status", "rows")), strict=True):
        if status < 0:
            found[(groups[group], -status)] = found.get((groups[group], -status), 0) + rows
    return found


def _ints(table: pa.Table, name: str) -> Ints:
    # Arrow's own way to numpy loads pandas.
    parts = [np.from_dlpack(chunk) for chunk in table[name].chunks]
    whole: Ints = np.concatenate(parts or [_NOTHING], dtype="i8")
    return whole


_NOTHING = np.zeros(0, dtype="i8")


def _codes(column: pa.ChunkedArray, names: Sequence[str]) -> Ints:
    """Each text as its place among the names; -1 for none."""
    place = {name: number for number, name in enumerate(names)}
    return np.array([place.get(text, -1) for text in column.to_pylist()], dtype="i8")


def _cell_arrays(small: pa.Table, rules: DataRules, numbers: Ints, named: Sequence[str]) -> Cells:
    count = small.num_rows
    nothing = np.zeros(count, dtype="i8")
    return Cells(
        group=numbers[_ints(small, "group")],
        window=_ints(small, "window"),
        month=_ints(small, "month") if rules.by_month else np.full(count, _NO_MONTH, dtype="i8"),
        cell=_codes(small["cell"], named),
        status=_ints(small, "status"),
        rows=_ints(small, "rows"),
        months=_ints(small, "months"),
        dollars=_columns(small, [f"c{place}" for place in range(len(rules.costs))]),
        risk=_ints(small, "risk_score") if "risk_score" in small.column_names else nothing,
        revenue=_ints(small, "revenue") if "revenue" in small.column_names else nothing,
    )


def _years(
    engine: Tables, amounts: Table, moved: Table, rules: DataRules
) -> tuple[MemberYears, dict[tuple[int, int], int], Ints, int]:
    """Member-years as arrays; months with rows; the group of each with two rows of a month; members with two groups."""
    inside = amounts.filter(amounts.window != _NO_MONTH)
    of_years, names = _month_names(rules), _amount_names(rules)
    wholes = [f"whole {name}" for name in _wholes(rules)]
    inside = _with_whole(inside, moved, rules) if rules.across_moves else inside
    fetched = engine.fetch(inside.select("group", "window", "months", "stamp", *of_years, *names, *wholes))
    group, window = _ints(fetched, "group"), _ints(fetched, "window")
    known, seen = _stamped(fetched, rules)
    twice = group[months_twice(seen, known)]
    rows_of_moved, months_of_moved = _stamped(engine.fetch(moved.select("stamp")), rules)
    in_two = int(np.sum(months_twice(months_of_moved, rows_of_moved)))
    months, amount = _ints(fetched, "months"), _columns(fetched, names)
    keep = (months != 0) | np.any(amount != 0, axis=1)
    key = group * len(rules.windows) + window
    # Each group's window in one piece, so that reading a group looks at no other's rows.
    order = _in_order(key)
    seen_of = dict(_months_seen(key[order], seen[order], len(rules.windows)))
    order = order[keep[order]]
    by_year = _columns(fetched, of_years or ["months"])[order]
    own = (amount[order], by_year)
    whole = (
        (_columns(fetched, wholes[rules.years :])[order], _columns(fetched, wholes[: rules.years])[order])
        if wholes
        else own
    )
    years = MemberYears(group[order], window[order], months[order], *own, *whole)
    return years, seen_of, twice, in_two


def _in_order(key: Ints) -> Ints:
    """What puts keys of 0 or more in order, equal ones as they come. Small numbers are sorted by their digits."""
    small = key.size > 0 and int(key.max()) < 2**16
    return np.argsort(key.astype("u2") if small else key, kind="stable")


def _columns(table: pa.Table, names: Sequence[str]) -> Ints:
    """Columns side by side, `(n, len(names))`."""
    columns = [_ints(table, name) for name in names]
    return np.column_stack(columns) if columns else np.zeros((table.num_rows, 0), dtype="i8")


def _stamped(fetched: pa.Table, rules: DataRules) -> tuple[Ints, Ints]:
    """Rows, and the sum of their months' bits. A sum that runs over into the rows only makes them more, so that rows
    which stand twice are found all the same.
    """
    stamps, row_bit = _ints(fetched, "stamp"), _row_bit(rules)
    return stamps >> row_bit, stamps & (2**row_bit - 1)


def _with_whole(inside: Table, moved: Table, rules: DataRules) -> Table:
    """With the sums over all groups of who moved; of who did not, those of the one group."""
    sums = {f"moved {name}": moved[name] for name in _wholes(rules)}
    whole = moved.select(moved_member=moved.member_id, moved_window=moved.window, **sums)
    joined = inside.left_join(whole, (inside.member_id == whole.moved_member) & (inside.window == whole.moved_window))
    return joined.mutate(
        **{f"whole {name}": joined[f"moved {name}"].fill_null(joined[name]) for name in _wholes(rules)}
    )


def _months_seen(key: Ints, seen: Ints, windows: int) -> Iterator[tuple[tuple[int, int], int]]:
    """Each group and window with the union of its members' months; a key is group * windows + window, in order."""
    if not len(key):
        return
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    bits = np.bitwise_or.reduceat(seen, starts)
    for place, union in zip(key[starts], bits, strict=True):
        yield (int(place) // windows, int(place) % windows), int(union)
