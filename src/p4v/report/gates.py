"""Gates and caps: what was compared with what, by how much it was met or missed, and the dollars that were stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from p4v.report.shown import figure, key_of, part_label, short_value, shown_value
from p4v.report.waterfall import Bar
from p4v.report.wording import Lines, part_in_numbers, tree_of
from p4v.symbols import Arithmetic, Comparison, Name, Symbol

_CAPS = ("cap_gross", "cap_payment", "loss_limit")


@dataclass(frozen=True, slots=True)
class GateView:
    """One gate. `compared`, `required` and `distance` are empty where the settlement does not say."""

    number: int
    label: str
    clause: str
    compared: str
    required: str
    distance: str
    met: bool
    not_earned: str
    stopped: bool


def gates(lines: Lines) -> list[GateView]:
    """The gates in the order of the settlement."""
    return [_gate(lines, line) for name, line in lines.items() if name.startswith("gate_met.") and line["value"]]


def caps_applied(bars: Sequence[Bar]) -> list[Bar]:
    """The caps that took something, and the loss limit that spared something."""
    return [bar for bar in bars if key_of(bar.name) in _CAPS and bar.change != 0]


def knows_caps(bars: Sequence[Bar]) -> bool:
    return any(key_of(bar.name) in _CAPS for bar in bars)


def _gate(lines: Lines, line: Mapping[str, Any]) -> GateView:
    key = key_of(line["name"])
    distance = lines.get(f"gate_distance.{key}")
    stopped = lines.get(f"not_earned.{key}")
    compared, required = _sides(lines, line, distance)
    lost = figure(stopped) if stopped is not None and stopped["value"] is not None else Fraction(0)
    return GateView(
        line["number"], part_label(line, "Gate met"), line["clause"], compared, required, _distance(distance),
        figure(line) != 0, shown_value(lost, "usd") if stopped is not None else "", lost != 0,
    )  # fmt: skip


def _distance(line: Mapping[str, Any] | None) -> str:
    if line is None or line["value"] is None:
        return ""
    value = figure(line)
    text = short_value(value, line["unit"], Fraction(0))
    text = text.replace("%", " pts") if line["unit"] == "rate" else text
    return f"+{text}" if value > 0 else text


def _sides(lines: Lines, gate: Mapping[str, Any], distance: Mapping[str, Any] | None) -> tuple[str, str]:
    """What was compared and what was required, from the formula of the distance or of the gate itself."""
    for line in (distance, gate):
        if line is not None and line["expression"] is not None:
            match tree_of(line):
                case Arithmetic(operator="-", left=left, right=right) | Comparison(left=left, right=right):
                    return _side(left, right, line, lines), _side(right, left, line, lines)
    return "", ""


def _side(node: Symbol, other: Symbol, line: Mapping[str, Any], lines: Lines) -> str:
    """A single figure in short, with the decimals that tell it from the other side; anything else as it stands."""
    if not isinstance(node, Name):
        return part_in_numbers(node, line, lines)
    own = lines[line["inputs"][node.name]]
    others = [figure(lines[line["inputs"][other.name]])] if isinstance(other, Name) else []
    return short_value(figure(own), own["unit"], *others)
