"""Gates and caps: what was compared with what, by how much it was met or missed, and the dollars that were stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from p4v.report.shown import figure, key_of, part_label, short_value, shown_value
from p4v.report.waterfall import Bar
from p4v.report.wording import Lines, part_in_numbers, tree_of
from p4v.symbols import Arithmetic, Comparison, Name, Symbol

_MINIMUM_RATES = ("minimum_savings_rate", "minimum_loss_rate")
_QUALITY_GATES = ("quality_score", "thresholds_met", "must_pass", "no_decline")
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
    return [bar for bar in bars if _step(bar) in _CAPS and bar.change != 0]


def knows_caps(bars: Sequence[Bar]) -> bool:
    return any(_step(bar) in _CAPS for bar in bars)


def _step(bar: Bar) -> str:
    """The step of a bar, without the part that it is of."""
    return key_of(bar.name).partition("-")[0]


def _gate(lines: Lines, line: Mapping[str, Any]) -> GateView:
    key = key_of(line["name"])
    distance = lines.get(f"gate_distance.{key}")
    stopped = lines.get(f"not_earned.{key}")
    if stopped is None and key in _QUALITY_GATES and figure(line) == 0:
        stopped = lines.get("not_earned.quality")
    compared, required = _rates(lines, key) or _sides(lines, line, distance)
    lost = figure(stopped) if stopped is not None and stopped["value"] is not None else Fraction(0)
    return GateView(
        line["number"], part_label(line, "Gate met"), line["clause"], compared, required, _distance(distance),
        figure(line) != 0, shown_value(lost, "usd") if stopped is not None else "", lost != 0,
    )  # fmt: skip


def _rates(lines: Lines, key: str) -> tuple[str, str] | None:
    """A minimum rate is read as a rate, also where the formula compares dollars."""
    minimum, reached = lines.get(key), lines.get("savings_rate")
    if key not in _MINIMUM_RATES or minimum is None or reached is None:
        return None
    if minimum["value"] is None or reached["value"] is None:
        return None
    sign = -1 if key == "minimum_loss_rate" else 1
    rate, least = figure(reached) * sign, abs(figure(minimum))
    return short_value(rate, "rate", least), short_value(least, "rate", rate)


def _distance(line: Mapping[str, Any] | None) -> str:
    if line is None or line["value"] is None:
        return ""
    value = figure(line)
    text = short_value(value, line["unit"], Fraction(0))
    text = text.replace("%", " pts") if line["unit"] == "rate" else text
    return f"+{text}" if value > 0 else text


def _sides(lines: Lines, gate: Mapping[str, Any], distance: Mapping[str, Any] | None) -> tuple[str, str]:
    """What was compared and what was required, from the formula of the distance, else from that of the gate."""
    if distance is not None and distance["value"] is not None and distance["expression"] is not None:
        tree = tree_of(distance)
        if isinstance(tree, Arithmetic) and tree.operator == "-":
            left, right = _figure(tree.left, distance, lines), _figure(tree.right, distance, lines)
            left = left if left is not None else None if right is None else right + figure(distance)
            right = right if right is not None or left is None else left - figure(distance)
            if left is not None and right is not None:
                unit = distance["unit"]
                return short_value(left, unit, right), short_value(right, unit, left)
    claim = tree_of(gate) if gate["expression"] is not None else None
    if isinstance(claim, Comparison):
        return part_in_numbers(claim.left, gate, lines), part_in_numbers(claim.right, gate, lines)
    return "", ""


def _figure(node: Symbol, line: Mapping[str, Any], lines: Lines) -> Fraction | None:
    """The figure of one side, if it is a single line."""
    return figure(lines[line["inputs"][node.name]]) if isinstance(node, Name) else None
