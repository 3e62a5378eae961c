"""Control totals: what came in, what each rule took out, what was used; they tie, or the settlement is a bug."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from p4v.contract.blocks.benchmark import Benchmark
from p4v.experience.figures import TABLE, GroupReader, Selection, among
from p4v.experience.plan import CENTS, FEE, MARKET, MARKET_BASE, PERFORMANCE, REGION
from p4v.experience.rules import MINIMUM_MONTHS, OUTSIDE, STANDING, USED
from p4v.kernels.checked import total
from p4v.money import decimal_text, fraction_text

NOT_COUNTED = "categories_not_counted"
"""Dollars of used rows in categories that the contract leaves out."""
OTHER_PURPOSES = "other_purposes"
"""Rows of the group on a roster that its cost is not counted from."""
NOT_COMPARED = "products_not_compared"
"""Rows of a market with products that the group's are not compared with."""
WHOLE_TABLE = "table"
_SHOWN = 10**12
_CENT_PLACES = 2


class Amounts(NamedTuple):
    """Rows, member months and dollars."""

    rows: int
    months: Fraction
    dollars: Fraction

    def less(self, other: "Amounts") -> "Amounts":
        return Amounts(self.rows - other.rows, self.months - other.months, self.dollars - other.dollars)

    def more(self, other: "Amounts") -> "Amounts":
        return Amounts(self.rows + other.rows, self.months + other.months, self.dollars + other.dollars)


NOTHING = Amounts(0, Fraction(0), Fraction(0))


def controls_of(reader: GroupReader, fault_codes: Mapping[int, str]) -> list[dict[str, Any]]:
    """The control totals of one group, window by window: `in` is what was used, excluded and rejected together."""
    found: list[dict[str, Any]] = []
    own = [window for window in reader.plan.windows if window not in (FEE, MARKET, MARKET_BASE, REGION)]
    if PERFORMANCE in own:
        found += _whole(reader, own)
    for window in reader.plan.windows:
        found += _of_window(reader, window, fault_codes)
    return found


def _whole(reader: GroupReader, own: list[str]) -> Iterator[dict[str, Any]]:
    """All rows of the group, and those that lie in no period of the contract."""
    rows = reader.rows(PERFORMANCE)
    everything = _amounts(_all_windows(reader, rows))
    inside = NOTHING
    for window in own:
        inside = inside.more(_amounts(reader.rows(window)))
    elsewhere = _other_purposes(reader, rows)
    yield _entry(WHOLE_TABLE, "in", None, everything.more(elsewhere))
    if elsewhere.rows:
        yield _entry(WHOLE_TABLE, "excluded", OTHER_PURPOSES, elsewhere)
    yield _entry(WHOLE_TABLE, "excluded", OUTSIDE, everything.less(inside))
    yield _entry(WHOLE_TABLE, "used", None, inside)


def _all_windows(reader: GroupReader, rows: Selection) -> Selection:
    return Selection(rows.experience, rows.served, among(rows.experience.cells.group, _groups(reader, rows)))


def _groups(reader: GroupReader, rows: Selection) -> list[int]:
    return [place for place, name in enumerate(rows.experience.groups) if name in reader.plan.groups]


def _other_purposes(reader: GroupReader, rows: Selection) -> Amounts:
    """The group's rows of another roster than that of its cost."""
    cells = rows.experience.other_purposes
    if cells is None:
        return NOTHING
    experience = replace(rows.experience, cells=cells)
    return _amounts(Selection(experience, rows.served, among(cells.group, _groups(reader, rows))))


def _of_window(reader: GroupReader, window: str, fault_codes: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    rows, outside = _rows_of(reader, window)
    label = _label(reader, window)
    whole = _amounts(rows)
    if outside is not None:
        yield _entry(label, "in", None, whole.more(outside[1]))
        yield _entry(label, "excluded", outside[0], outside[1])
    else:
        yield _entry(label, "in", None, whole)
    used = whole
    for entry, rule, amounts in (*_taken(rows, fault_codes), *_not_compared(reader, window, rows)):
        used = used.less(amounts)
        yield _entry(label, entry, rule, amounts)
    yield _entry(label, "used", None, used)


def _rows_of(reader: GroupReader, window: str) -> tuple[Selection, tuple[str, Amounts] | None]:
    """The rows of a window; of a market also whose rows are no part of it."""
    if window not in (MARKET, MARKET_BASE, REGION):
        return reader.rows(window), None
    against = reader.plan.terms.need("benchmark", Benchmark)
    market = against.regional if window == REGION else against.market_trend
    assert market is not None
    rows = reader.market(window, market.exclude)
    if market.exclude == "none":
        return rows, None
    everyone = reader.market(window, "none")
    name = "own_members" if market.exclude == "group" else "members_of_contracted_groups"
    return rows, (name, _amounts(everyone).less(_amounts(rows)))


def _taken(rows: Selection, fault_codes: Mapping[int, str]) -> Iterator[tuple[str, str, Amounts]]:
    """What each status takes out. A rule of the contract is shown with nothing too: it ran."""
    statuses = rows.experience.statuses
    rules = rows.served.rules.exclusions
    for fault in sorted({int(-status) for status in rows.experience.cells.status[rows.mask] if status < 0}):
        yield "rejected", fault_codes.get(fault, f"{fault}"), _amounts(rows.of_status([-fault]))
    for place, status in enumerate(statuses[: len(STANDING) + len(rules) + 1]):
        if status in (USED, OUTSIDE):
            continue
        rule = rules[place - len(STANDING)] if len(STANDING) <= place < len(STANDING) + len(rules) else None
        amounts = _amounts(rows.of_status([place]))
        if rule is not None:
            amounts = _of_rule(rows, rule.months_leave, amounts, place + len(rules) + 1)
        stated = rule is not None or (status == MINIMUM_MONTHS and rows.served.rules.minimum_months is not None)
        kind = rows.served.rules.windows[rows.served.window].kind
        if amounts.rows or (stated and (rule is None or kind in rule.windows)):
            yield "excluded", status, amounts
    left = _not_counted(rows)
    if left:
        yield "excluded", NOT_COUNTED, Amounts(0, Fraction(0), left)


def _not_compared(reader: GroupReader, window: str, rows: Selection) -> Iterator[tuple[str, str, Amounts]]:
    """Used rows of a market whose products the contract does not compare with."""
    against = reader.plan.terms.block("benchmark", Benchmark)
    if window not in (MARKET, MARKET_BASE) or against is None or against.market_trend is None:
        return
    others = rows.of_other_cells(against.market_trend.cells)
    amounts = _amounts(others.of_status([STANDING.index(USED)]))
    if amounts.rows:
        yield "excluded", NOT_COMPARED, amounts._replace(dollars=amounts.dollars - _not_counted(others))


def _of_rule(rows: Selection, months_leave: bool, amounts: Amounts, below: int) -> Amounts:
    """What a rule takes out; where its months stay, only those of members with too few months."""
    kept = amounts if months_leave else amounts._replace(months=Fraction(0))
    return kept.more(_amounts(rows.of_status([below])))


def _not_counted(rows: Selection) -> Fraction:
    used = rows.of_status([STANDING.index(USED)])
    places = [place for place, cost in enumerate(rows.served.rules.costs) if not cost.counted]
    return Fraction(total(used.experience.cells.dollars[used.mask][:, places]), CENTS)


def _amounts(rows: Selection) -> Amounts:
    cells = rows.experience.cells
    dollars = Fraction(total(cells.dollars[rows.mask]), CENTS)
    return Amounts(total(cells.rows[rows.mask]), rows.all_months(), dollars)


def _label(reader: GroupReader, window: str) -> str:
    served = reader.plan.windows[window]
    kind = served.rules.windows[served.window].kind
    return window if kind == "baseline" else window.replace("_", " ")


def _entry(window: str, entry: str, rule: str | None, amounts: Amounts) -> dict[str, Any]:
    return {
        "table": TABLE, "window": window, "entry": entry, "rule": rule, "rows": amounts.rows,
        "member_months": _text(amounts.months), "dollars": decimal_text(amounts.dollars, _CENT_PLACES),
    }  # fmt: skip


def _text(months: Fraction) -> str:
    """A decimal where it ends, else the fraction: control totals tie exactly."""
    return decimal_text(months) if (months * _SHOWN).denominator == 1 else fraction_text(months)


def ties(controls: list[dict[str, Any]]) -> bool:
    """Whether in is used, excluded and rejected together, in every window and all three counts."""
    for window in {entry["window"] for entry in controls}:
        here = [entry for entry in controls if entry["window"] == window]
        for name in ("rows", "member_months", "dollars"):
            parts = [Fraction(entry[name]) * (1 if entry["entry"] == "in" else -1) for entry in here]
            if sum(parts, Fraction(0)) != 0:
                return False
    return True
