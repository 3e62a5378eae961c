"""Gates and caps: what was compared with what, by how much it was met or missed, and the dollars that were stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from p4v.report.shown import figure, key_of, part_label, parts_of_key, short_value, shown_value
from p4v.report.waterfall import Bar
from p4v.report.wording import Lines, part_in_numbers, tree_of
from p4v.symbols import Arithmetic, Call, Comparison, Name, Symbol

_MINIMUM_RATES = ("minimum_savings_rate", "minimum_loss_rate")
_QUALITY_GATES = ("quality_score", "thresholds_met", "must_pass", "no_decline")
_CAPS = ("cap_gross", "cap_payment", "loss_limit")
_LIMITS = {">=": "", ">": "more than ", "<=": "at most ", "<": "below "}
LIMIT_WORDS = ("more than", "at most", "below")
_LOSS_RATE = "Minimum loss rate"
_PMPM = " PMPM"


@dataclass(frozen=True, slots=True)
class GateView:
    """One gate. `compared`, `required` and `distance` are empty where the settlement does not say.

    `applies` is false of a minimum savings rate where there was a loss, and of a minimum loss rate that no loss
    reached; `missed_by` are measures that a gate names.
    """

    key: str
    number: int
    label: str
    clause: str
    compared: str
    required: str
    distance: str
    met: bool
    not_earned: str
    stopped: bool
    applies: bool = True
    missed_by: Sequence[str] = ()

    @property
    def result(self) -> str:
        if not self.applies:
            return "no loss counts" if self.key == _MINIMUM_RATES[1] else "no savings"
        return "yes" if self.met else "not met"

    @property
    def stopped_in_words(self) -> str:
        return self.not_earned.replace(_PMPM, " per member per month")


def gates(lines: Lines) -> list[GateView]:
    """The gates in the order of the settlement."""
    found = [line for name, line in lines.items() if name.startswith("gate_met.") and line["value"] is not None]
    return [_loss_gate(lines, line) or _gate(lines, line) for line in found if _is_settled(lines, line)]


def _is_settled(lines: Lines, line: Mapping[str, Any]) -> bool:
    """Whether a gate is of a part that is settled: with a panel that is pooled, apart stands without a benchmark."""
    _, part = parts_of_key(line["name"])
    budget = lines.get(f"benchmark.{part}") if part else None
    return budget is None or budget["value"] is None or figure(budget) != 0


def caps_applied(bars: Sequence[Bar]) -> list[Bar]:
    """The caps that took something, and the loss limit that spared something."""
    return [bar for bar in bars if bar.step in _CAPS and bar.change != 0]


def knows_caps(bars: Sequence[Bar]) -> bool:
    return any(bar.step in _CAPS for bar in bars)


def gate_label(line: Mapping[str, Any]) -> str:
    """What a gate is called, as a thing that can be met or not."""
    label = part_label(line, "Gate met")
    _, part = parts_of_key(line["name"])
    if part and label.endswith(f"-{part}"):
        label = f"{label.removesuffix(f'-{part}')}, {part}"
    return label.removesuffix(" met") if not label.lower().startswith("thresholds") else label


def _gate(lines: Lines, line: Mapping[str, Any]) -> GateView:
    base, part = parts_of_key(line["name"])
    met = figure(line) != 0
    distance = lines.get(f"gate_distance.{key_of(line['name'])}")
    compared, required = _rates(lines, line, base, part) or _sides(lines, line, distance)
    lost, text = _stopped(lines, line, base, met)
    applies = not (base == _MINIMUM_RATES[0] and not met and _is_loss(lines, part))
    return GateView(
        base, line["number"], gate_label(line), line["clause"], compared, required, _distance(distance), met,
        text, lost != 0, applies, _missed_by(lines, line),
    )  # fmt: skip


def _stopped(lines: Lines, gate: Mapping[str, Any], base: str, met: bool) -> tuple[Fraction, str]:
    """What a gate stopped: dollars, or a change of a fee per member per month."""
    keys = [key_of(gate["name"]), *(["quality"] if base in _QUALITY_GATES and not met else [])]
    names = [f"{stem}.{key}" for key in keys for stem in ("not_earned", "fee_change_not_earned")]
    line = next((lines[name] for name in names if name in lines and lines[name]["value"] is not None), None)
    if line is None:
        return Fraction(0), ""
    unit = _PMPM if line["unit"] == "usd_pmpm" else ""
    return figure(line), f"{shown_value(figure(line), line['unit'])}{unit}"


def _loss_gate(lines: Lines, line: Mapping[str, Any]) -> GateView | None:
    """Of a loss the minimum loss rate says whether it counts, where the contract has one."""
    base, part = parts_of_key(line["name"])
    dot = f".{part}" if part else ""
    minimum, counted, rate = lines.get("minimum_loss_rate"), lines.get(f"generated_losses{dot}"), _rate(lines, part)
    if base != _MINIMUM_RATES[0] or minimum is None or counted is None or rate is None or rate >= 0:
        return None
    least = figure(minimum)
    label = f"{_LOSS_RATE}, {part}" if part else _LOSS_RATE
    return GateView(
        _MINIMUM_RATES[1], counted["number"], label, minimum["clause"], short_value(-rate, "rate", least),
        short_value(least, "rate", -rate), _signed(-rate - least, "rate"), figure(counted) != 0, "", False,
        figure(counted) != 0,
    )  # fmt: skip


def _rate(lines: Lines, part: str) -> Fraction | None:
    line = lines.get(f"savings_rate.{part}" if part else "savings_rate")
    return None if line is None or line["value"] is None else figure(line)


def _is_loss(lines: Lines, part: str) -> bool:
    rate = _rate(lines, part)
    return rate is not None and rate < 0


def _rates(lines: Lines, line: Mapping[str, Any], base: str, part: str) -> tuple[str, str] | None:
    """A minimum rate is read as a rate, also where the formula compares dollars."""
    minimum, reached = lines.get(base), _rate(lines, part)
    if base not in _MINIMUM_RATES or minimum is None or minimum["value"] is None or reached is None:
        return None
    rate, least = reached * (-1 if base == _MINIMUM_RATES[1] else 1), abs(figure(minimum))
    claim = tree_of(line) if line["expression"] is not None else None
    word = _LIMITS.get(claim.operator, "") if isinstance(claim, Comparison) else ""
    return short_value(rate, "rate", least), word + short_value(least, "rate", rate)


def _distance(line: Mapping[str, Any] | None) -> str:
    return "" if line is None or line["value"] is None else _signed(figure(line), line["unit"])


def _signed(value: Fraction, unit: str) -> str:
    text = short_value(value, unit, Fraction(0))
    text = text.replace("%", " pts") if unit == "rate" else text
    return f"+{text}" if value > 0 else text


def _sides(lines: Lines, gate: Mapping[str, Any], distance: Mapping[str, Any] | None) -> tuple[str, str]:
    """What was compared and what was required: two figures where a distance tells one from the other."""
    claim = tree_of(gate) if gate["expression"] is not None else None
    if not isinstance(claim, Comparison):
        return _from_distance(lines, distance)
    if distance is not None and distance["value"] is not None:
        above = figure(distance) * (-1 if claim.operator in ("<=", "<") else 1)
        left, right = _figure(claim.left, gate, lines), _figure(claim.right, gate, lines)
        left = right + above if left is None and right is not None else left
        if left is not None:
            right, unit = left - above, distance["unit"]
            return short_value(left, unit, right), _LIMITS.get(claim.operator, "") + short_value(right, unit, left)
    reached, required = (part_in_numbers(side, gate, lines) for side in (claim.left, claim.right))
    if isinstance(claim.left, Call) and claim.left.primitive == "count_of":
        required = f"{required} of {reached.rpartition(' of ')[2]}"
    return reached, required


def _from_distance(lines: Lines, distance: Mapping[str, Any] | None) -> tuple[str, str]:
    """The two sides of a difference, where the gate itself is given."""
    tree = tree_of(distance) if distance is not None and distance["expression"] is not None else None
    if distance is None or not isinstance(tree, Arithmetic) or tree.operator != "-":
        return "", ""
    left, right = _figure(tree.left, distance, lines), _figure(tree.right, distance, lines)
    if left is None or right is None:
        return "", ""
    return short_value(left, distance["unit"], right), short_value(right, distance["unit"], left)


def _figure(node: Symbol, line: Mapping[str, Any], lines: Lines) -> Fraction | None:
    """The figure of one side, if it is a single line."""
    return figure(lines[line["inputs"][node.name]]) if isinstance(node, Name) else None


def _missed_by(lines: Lines, gate: Mapping[str, Any]) -> list[str]:
    """The measures that a gate of several measures was missed by."""
    names = [name for given in gate["inputs"].values() if isinstance(given, list) for name in given]
    missed = [lines[name] for name in names if lines[name]["unit"] == "flag" and figure(lines[name]) == 0]
    return [str(line["label"]).partition(": ")[2] or key_of(line["name"]) for line in missed]
