"""The waterfall: its bars as figures, and the same drawn, once across the page and once for a narrow screen.

Coordinates are those of the drawing; a template only writes them down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from p4v.money import decimal_text
from p4v.report.shown import MINUS, figure, part_label, parts_of_key, shown_value
from p4v.report.wording import Lines

_WIDTH, _TOP, _BOTTOM = 620, 26, 218
_NARROW_WIDTH, _ROW, _BAR, _GAP = 340, 42, 16, 9
_SCALES = ((10_000_000, 1_000_000, 2, "$ millions"), (100_000, 1000, 0, "$ thousands"), (0, 1, 0, "$"))
REWARDS = ("earned", "quality_incentive")
"""The lines that the bars of a waterfall add up to."""
NOT_SHARED = "Losses that are not shared"
_NO = Fraction(0)
_STARTS = ("gross_savings", "quality_pool")
_STEPS = {
    "gross_savings": "Gross savings",
    "quality_pool": "Quality pool",
    "gate": "Minimum savings or loss rate",
    "cap_gross": "Cap on gross savings",
    "share": "Payer's share",
    "quality": "Quality",
    "quality_gate": "Quality gate",
    "cap_payment": "Cap on payment",
    "loss_share": "Payer's share of losses",
    "loss_limit": "Loss limit",
    "disaster": "Disaster relief",
    "final_multiplier": "Final multiplier",
    "floor": "Floor",
    "fee_offset": "Fees offset",
    "prior_deficit": "Prior deficit",
    "rounding": "Rounding",
    "cap_gross_losses": "Cap on losses",
    "final_multiplier_losses": "Final multiplier of losses",
    "held_by_group": "Held by the group already",
}
_GATES = {
    "minimum_savings_rate": "Minimum savings rate",
    "minimum_loss_rate": "Minimum loss rate",
    "gate_met.panel_size": "Smallest panel",
    "gate_met.trend": "Cost trend gate",
}
"""What the step of the gate may require."""
_OTHER_GATES, _BOTH = ("gate_met.panel_size", "gate_met.trend"), 2
_OF_LOSSES = ("loss_share", "loss_limit", "disaster", "cap_gross_losses", "final_multiplier_losses")
_OF_SAVINGS = (
    "share", "cap_gross", "cap_payment", "quality", "quality_gate", "final_multiplier", "floor", "fee_offset",
    "prior_deficit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: what it gave or took, and the sum before and after it."""

    number: int | None
    name: str
    label: str
    clause: str
    change: Fraction
    before: Fraction
    after: Fraction
    kind: str

    @property
    def value(self) -> str:
        return shown_value(self.change, "usd")

    @property
    def step(self) -> str:
        """The step, without the part that it is of."""
        return parts_of_key(self.name)[0]


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """Where a bar stands, its figure in short, and its label in lines."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    short: str
    short_x: int
    short_y: int
    label: Sequence[tuple[int, str]]
    label_x: int
    link: tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing of the bars."""

    width: int
    height: int
    zero: int
    bars: Sequence[DrawnBar]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The section of a statement that shows how the steps lead to what is earned."""

    title: str
    unit: str
    note: str
    description: str
    bars: Sequence[Bar]
    total: Bar
    wide: Drawing
    narrow: Drawing


def waterfall(lines: Lines) -> Waterfall | None:
    """Nothing where the settlement has no bars."""
    bars = telling(lines, bars_of(lines))
    if not bars:
        return None
    at = bars[-1].after
    whole = next((lines[name] for name in REWARDS if name in lines), None)
    number, label = (whole["number"], str(whole["label"])) if whole else (None, "Total")
    total = Bar(number, "earned", label, "", at, Fraction(0), at, "owed" if at < 0 else "total")
    drawn = [*together(bars), total]
    unit, shorts = _shorts(drawn)
    listed = "; ".join(f"{bar.label} {bar.value}" for bar in drawn)
    note = "" if len(drawn) == len(bars) + 1 else "; the parts that are settled apart are drawn together"
    return Waterfall(
        f"From {start_words(bars)} to what is earned", unit, note, f"{listed}.", bars, total,
        _wide(drawn, shorts), _narrow(drawn, shorts),
    )  # fmt: skip


def bars_of(lines: Lines) -> list[Bar]:
    """The bars in the order of the steps."""
    named = [(name, line, figure(line)) for name, line in lines.items() if name.startswith("waterfall.")]
    kinds = ["start" if not place or _is_start(name) else "" for place, (name, _, _) in enumerate(named)]
    return _stacked(
        [
            Bar(line["number"], name, step_label(line, lines), line["clause"], change, _NO, _NO, kind)
            for (name, line, change), kind in zip(named, kinds, strict=True)
        ]
    )


def _stacked(bars: Sequence[Bar]) -> list[Bar]:
    """Each bar begins where the one before it ends."""
    stacked: list[Bar] = []
    at = _NO
    for bar in bars:
        kind = bar.kind if bar.kind == "start" else _direction(bar.change)
        stacked.append(replace(bar, before=at, after=at + bar.change, kind=kind))
        at += bar.change
    return stacked


def telling(lines: Lines, bars: Sequence[Bar]) -> list[Bar]:
    """Without steps that took nothing as they are of the other side of zero, or as nothing is required."""
    starts = {parts_of_key(bar.name)[1]: bar.change for bar in bars if bar.kind == "start"}

    def tells(bar: Bar) -> bool:
        if bar.change != 0 or bar.kind == "start":
            return True
        start = starts.get(parts_of_key(bar.name)[1], _NO)
        other = _OF_LOSSES if start >= 0 else _OF_SAVINGS
        return bar.step not in other and not (bar.step == "gate" and not _gates_of_savings(lines))

    return [bar for bar in bars if tells(bar)]


def together(bars: Sequence[Bar]) -> list[Bar]:
    """One bar to a step where parts are settled apart."""
    by_label: dict[str, Bar] = {}
    for bar in bars:
        _, part = parts_of_key(bar.name)
        label = bar.label.removesuffix(f", {part}") if part else bar.label
        before = by_label.get(label)
        change = bar.change + (before.change if before else _NO)
        by_label[label] = replace(bar, label=label, change=change, kind=before.kind if before else bar.kind)
    return _stacked(list(by_label.values()))


def _direction(change: Fraction) -> str:
    return "falls" if change < 0 else "rises" if change > 0 else "even"


def step_label(line: Mapping[str, Any], lines: Lines) -> str:
    """What a step is called: the contract's own label, else common words."""
    if not str(line["label"]).startswith("Waterfall, "):
        return str(line["label"])
    step, part = parts_of_key(line["name"])
    if step == "gate":
        words = _gate_words(lines, part)
    elif step == "quality_gate" and "not_earned.trend" in lines and "quality_incentive" in lines:
        words = "Quality and cost trend gates" if "not_earned.quality" in lines else "Cost trend gate"
    else:
        words = _STEPS.get(step) or part_label(line, "Waterfall")
    return f"{words}, {part}" if part and step in _STEPS else words


def _gates_of_savings(lines: Lines) -> list[str]:
    """What the step of the gate requires."""
    return [words for name, words in _GATES.items() if name in lines]


def _gate_words(lines: Lines, part: str) -> str:
    start = lines.get(f"waterfall.gross_savings-{part}" if part else "waterfall.gross_savings")
    if start is not None and figure(start) < 0 and "minimum_loss_rate" not in lines:
        return NOT_SHARED
    found = _gates_of_savings(lines)
    lost = start is not None and figure(start) < 0
    if len(found) != 1:
        rates = len(found) == _BOTH and not any(name in lines for name in _OTHER_GATES)
        return ("Minimum loss rate" if lost else "Minimum savings rate") if rates else "Gates" if found else "Gate"
    return found[0]


def start_of(bars: Sequence[Bar]) -> Fraction:
    """What the steps start from: gross savings, of all parts where they are settled apart."""
    return sum((bar.change for bar in bars if bar.kind == "start"), start=Fraction(0))


def start_words(bars: Sequence[Bar]) -> str:
    """Gross savings, or a quality pool, within a sentence."""
    label = bars[0].label.partition(",")[0]
    return label[:1].lower() + label[1:]


def step_words(step: str) -> str:
    """A step of the order in words."""
    words = step.replace("_", " ")
    return _STEPS.get(step) or words[:1].upper() + words[1:]


def biggest(bars: Sequence[Bar]) -> Bar | None:
    """The step that took most of the savings, or most off the losses."""
    sign = 1 if start_of(bars) >= 0 else -1
    steps = [bar for bar in bars if bar.kind != "start" and bar.change * sign < 0]
    return max(steps, key=lambda bar: abs(bar.change), default=None)


def _is_start(name: str) -> bool:
    return parts_of_key(name)[0] in _STARTS


def _shorts(bars: Sequence[Bar]) -> tuple[str, list[str]]:
    """The unit of the drawing, and each bar's figure in it."""
    most = max(max(abs(bar.change), abs(bar.after)) for bar in bars)
    _, divisor, places, unit = next(scale for scale in _SCALES if most >= scale[0])
    return unit, [_short(bar, divisor, places) for bar in bars]


def _short(bar: Bar, divisor: int, places: int) -> str:
    whole, point, part = decimal_text(abs(bar.change) / divisor, places).partition(".")
    sign = MINUS if bar.change < 0 else "+" if bar.kind == "rises" and bar.change > 0 else ""
    return f"{sign}{int(whole):,}{point}{part}"


def _extent(bars: Sequence[Bar]) -> tuple[Fraction, Fraction]:
    ends = [Fraction(0), *(bar.after for bar in bars)]
    return min(ends), max(ends)


def _wide(bars: Sequence[Bar], shorts: Sequence[str]) -> Drawing:
    """Bars that stand side by side."""
    low, high = _extent(bars)
    scale = Fraction(_BOTTOM - _TOP) / (high - low) if high > low else Fraction(0)
    slot = _WIDTH // len(bars)
    width = min(slot * 3 // 4, 70)

    def height(value: Fraction) -> int:
        return _BOTTOM - int((value - low) * scale)

    drawn = []
    for place, (bar, short) in enumerate(zip(bars, shorts, strict=True)):
        x = place * slot + (slot - width) // 2
        top, bottom = height(max(bar.before, bar.after)), height(min(bar.before, bar.after))
        link = (x + width, height(bar.after), x + slot, height(bar.after)) if place < len(bars) - 1 else None
        middle = x + width // 2
        label = [(_BOTTOM + 18 + 13 * row, text) for row, text in enumerate(_wrapped(bar.label, max(slot // 6, 9)))]
        size = max(bottom - top, 1)
        drawn.append(DrawnBar(x, top, width, size, bar.kind, short, middle, top - 7, label, middle, link))
    lowest = max(y for bar in drawn for y, _ in bar.label)
    return Drawing(_WIDTH, lowest + 8, height(Fraction(0)), drawn)


def _narrow(bars: Sequence[Bar], shorts: Sequence[str]) -> Drawing:
    """Bars that lie below one another, each under its label."""
    low, high = _extent(bars)
    scale = Fraction(_NARROW_WIDTH) / (high - low) if high > low else Fraction(0)
    drawn = []
    for place, (bar, short) in enumerate(zip(bars, shorts, strict=True)):
        x = int((min(bar.before, bar.after) - low) * scale)
        y = place * _ROW + 18
        width = max(int(abs(bar.change) * scale), 1)
        end = int((bar.after - low) * scale)
        link = (end, y + _BAR, end, y + _BAR + _GAP) if place < len(bars) - 1 else None
        drawn.append(DrawnBar(x, y, width, _BAR, bar.kind, short, _NARROW_WIDTH, y - 5, [(y - 5, bar.label)], 0, link))
    return Drawing(_NARROW_WIDTH, len(bars) * _ROW, int(-low * scale), drawn)


def _wrapped(text: str, letters: int) -> list[str]:
    """At most four lines of about so many letters."""
    rows: list[str] = []
    for word in text.split():
        if rows and len(rows[-1]) + 1 + len(word) <= letters:
            rows[-1] = f"{rows[-1]} {word}"
        else:
            rows.append(word)
    rows = [row if len(row) <= letters + 3 else f"{row[: letters + 1]}\N{HORIZONTAL ELLIPSIS}" for row in rows]
    return rows if len(rows) <= 4 else [*rows[:3], f"{rows[3]}\N{HORIZONTAL ELLIPSIS}"]
