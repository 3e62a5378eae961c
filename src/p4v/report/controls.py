"""What became of every row of the tables: in, each exclusion, rejected, used; and whether the source says the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from p4v.money import decimal_text
from p4v.report.shown import MINUS, date_text, figure, shown_value
from p4v.report.tables import Row, SmallTable
from p4v.report.wording import Lines

PARTS = ("rows", "member_months", "dollars")
HEADS = ("Rows", "Member months", "Dollars")
_UNITS = {"rows": "count", "member_months": "member_months", "dollars": "usd"}
IN, EXCLUDED, REJECTED, USED = "in", "excluded", "rejected", "used"
_WINDOWS = {
    "table": "All rows of the group", "performance": "Performance period",
    "fee": "Months of the care coordination fee", "market": "Market", "market base": "Market, base period",
}  # fmt: skip
_RULES = {
    "minimum_months": "Fewer months than the minimum",
    "not_covered_by_the_contract": "Product or funding not covered",
    "outside_the_period": "Outside every period of the contract",
    "own_members": "The group's own members",
    "members_of_contracted_groups": "Members of contracted groups",
    "categories_not_counted": "Categories not counted",
    "products_not_compared": "Products not compared with",
    "other_purposes": "Rows of another purpose than cost",
}
_MEMBER_MONTHS, _FEE = "member_months", "fee"
_USED = {"table": "In the periods of the contract", "file": "Rows of the groups settled here"}
"""What is left of all rows of a group, and of a whole table, in place of what was used."""
_ZERO = Fraction(0)
_PERCENT_PLACES = 2
Control = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of one table for one purpose. `parts` are the excluded, then the rejected; each foots."""

    title: str
    whole: Control
    parts: Sequence[Control]
    used: Control

    @property
    def foots(self) -> bool:
        return all(
            number(self.whole, name) == sum((number(part, name) for part in (*self.parts, self.used)), start=_ZERO)
            for name in PARTS
        )


@dataclass(frozen=True, slots=True)
class ControlsView:
    """The section of a statement. `tied` is in words; `waivers` are what the contract lets pass in the data."""

    windows: Sequence[SmallTable]
    tied: str
    is_tied: bool
    foots: bool
    tables: Sequence[tuple[str, str]]
    waivers: SmallTable | None
    completion: SmallTable | None


def number(control: Control, name: str) -> Fraction:
    """Rows, member months or dollars of a control; dollars that no row shows count as none."""
    value = control.get(name)
    return _ZERO if value is None else Fraction(str(value))


def windows(controls: Sequence[Control]) -> list[Window]:
    """The windows in the order of the settlement."""
    found: dict[tuple[str, str], dict[str, list[Control]]] = {}
    for control in controls:
        kinds = found.setdefault((control["table"], control["window"]), {})
        kinds.setdefault(control["entry"], []).append(control)
    return [
        Window(_title(*key), kinds[IN][0], [*kinds.get(EXCLUDED, ()), *kinds.get(REJECTED, ())], kinds[USED][0])
        for key, kinds in found.items()
        if IN in kinds and USED in kinds
    ]


def shown_windows(controls: Sequence[Control]) -> list[Window]:
    """Without the window of all rows of a group, where it would say no more than the others."""
    return [
        window
        for window in windows(controls)
        if window.whole["window"] not in _USED or any(number(part, "rows") for part in window.parts)
    ]


def controls_view(document: Mapping[str, Any], manifest: Mapping[str, Any], lines: Lines) -> ControlsView | None:
    """The section, where a settlement was made from tables."""
    found = shown_windows(document.get("controls") or ())
    if not found:
        return None
    tied = manifest.get("tied")
    return ControlsView(
        [window_table(window, place) for place, window in enumerate(found, start=1)], tied_text(tied), tied is not None,
        all(window.foots for window in found), list(table_digests(manifest)), _waivers(manifest, lines),
        _completion(manifest),
    )  # fmt: skip


def tied_text(tied: Mapping[str, Any] | None) -> str:
    """Whether the source of the tables says the same, in a sentence."""
    if tied is None:
        return (
            "Not tied to source: nobody gave totals to hold the tables against. "
            "What follows shows only that nothing was lost since they were read."
        )
    months = tied.get("months")
    part = f" For {', '.join(months)} alone: nothing was stated of the other months." if months else ""
    return f"Tied to the expected totals of {tied['owner']}, {date_text(str(tied['date']))}.{part}"


def table_digests(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The files of the tables, in words, and their digests."""
    for entry in manifest.get("tables") or ():
        known = f", known on {date_text(str(entry['known_at']))}" if entry.get("known_at") else ""
        role = str(entry["role"]).replace("_", " ") + (f" ({entry['purpose']})" if entry.get("purpose") else "")
        yield f"{role}: {entry['name']}, {shown_value(Fraction(entry['rows']), 'count')} rows{known}", entry["sha256"]


def rule_words(control: Control) -> str:
    """What an entry of the controls is called."""
    entry, rule = control["entry"], control.get("rule")
    if entry == IN:
        return "In the table"
    if entry == USED:
        return _USED.get(control["window"], "Used")
    if entry == REJECTED:
        return f"Rejected, {rule}" if rule else "Rejected"
    return _RULES.get(str(rule)) or _words(str(rule))


def _title(table: str, window: str) -> str:
    words = _WINDOWS.get(window) or _words(window)
    return words if table == _MEMBER_MONTHS else f"{_words(table)}: {words}"


def _words(name: str) -> str:
    return _capital(name.replace("_", " ").replace("-", " "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def window_table(window: Window, place: int) -> SmallTable:
    """Dollars are left out where none of the rows shows any, and of a fee, which rests on months alone."""
    counted = [window.whole, *window.parts, window.used]
    kept = [name for name in PARTS if any(control.get(name) is not None for control in counted)]
    if window.whole["window"] == _FEE:
        kept = [name for name in kept if name != "dollars"]
    rows = [Row(rule_words(window.whole), "", _cells(window.whole, kept))]
    rows += [Row(rule_words(part), "", _cells(part, kept, taken=True)) for part in window.parts]
    total = Row(rule_words(window.used), "", _cells(window.used, kept))
    heads = [head for name, head in zip(PARTS, HEADS, strict=True) if name in kept]
    return SmallTable(f"controls-{place}", window.title, "", ["", *heads], rows, total)


def _cells(control: Control, kept: Sequence[str], taken: bool = False) -> list[str]:
    """What was taken out stands with a minus, so that the column adds up to what was used."""
    texts = []
    for name in kept:
        value = number(control, name)
        text = "" if control.get(name) is None else shown_value(abs(value), _UNITS[name])
        texts.append(f"{MINUS}{text}" if text and (value < 0) != (taken and value != 0) else text)
    return texts


def _waivers(manifest: Mapping[str, Any], lines: Lines) -> SmallTable | None:
    """Faults of the data that the contract lets pass, with the rows and dollars that they held back."""
    rows = []
    for waiver in manifest.get("waivers") or ():
        cells = [
            shown_value(figure(lines[name]), unit) if (name := f"{stem}.{waiver['id']}") in lines else ""
            for stem, unit in (("waived_rows", "count"), ("waived_dollars", "usd"))
        ]
        label = f"{_words(str(waiver['id']))}, {waiver['finding']}: {waiver['reason']}"
        rows.append(Row(label, str(waiver["clause"]), cells))
    aside = "Rows with these faults were rejected and counted; the contract says why they may pass."
    return SmallTable("waivers", "Waivers", aside, ["Waiver", "Rows", "Dollars"], rows, None) if rows else None


def _completion(manifest: Mapping[str, Any]) -> SmallTable | None:
    """The contract's completion by run-out beside what the lag triangle says."""
    rows = [
        Row(_run_out(entry), "", [_paid(entry["contract"]), _paid(entry["triangle"])])
        for entry in manifest.get("completion") or ()
    ]
    aside = "What is taken as paid by then, and what the lag triangle says was: nothing is paid on the second."
    heads = ["Months after the month of care", "Contract", "Lag triangle"]
    return SmallTable("completion", "Completion beside the lag triangle", aside, heads, rows, None) if rows else None


def _run_out(entry: Mapping[str, Any]) -> str:
    months = f"{entry['months']} month{'' if entry['months'] == 1 else 's'} and more"
    return months if entry["category"] is None else f"{_words(entry['category'])}, {months}"


def _paid(share: str | None) -> str:
    return "not known" if share is None else f"{decimal_text(Fraction(share) * 100, _PERCENT_PLACES)}%"
