"""The sentences at the top of a statement: what was earned, what decided it, and which step took most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from p4v.report.further import further
from p4v.report.gates import LIMIT_WORDS, GateView, caps_applied, knows_caps
from p4v.report.scorecard import costliest
from p4v.report.shown import figure, shown, shown_value
from p4v.report.tables import net_parts
from p4v.report.waterfall import NOT_SHARED, REWARDS, Bar, biggest, start_of, start_words, telling, together
from p4v.report.wording import Lines

NEXT_FEE = "next_care_coordination_fee"
_SHORT_FIGURE = 12
_MOST_PARTS, _MOST_GATES = 4, 3
_LESS = {
    "paid": "already paid",
    "carried_forward": "carried to the next statement",
    "held_in_reserve": "held in reserve",
}
"""What is taken off on the way to a net payment."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The main figure: in whose favour it is, in words and without its sign."""

    label: str
    figure: str
    note: str
    kind: str

    @property
    def size(self) -> str:
        """A long figure is set smaller, so that it stays on one line."""
        return "long" if len(self.figure) > _SHORT_FIGURE else "short"


def main_line(lines: Lines) -> str:
    """The line that the statement is about."""
    settled = [name for name, line in lines.items() if line["kind"] == "settled"]
    for name in ("net_payment", *REWARDS):
        if name in settled:
            return name
    return settled[-1] if settled else list(lines)[-1]


def headline(lines: Lines, group: str, payer: str) -> Headline:
    """What stands in the box."""
    name = main_line(lines)
    line = lines[name]
    if line["kind"] != "settled" or line["unit"] != "usd":
        note = {"usd_pmpm": "per member per month", "rate": "of the fee schedule"}.get(line["unit"], "")
        return Headline(line["label"], shown(line), note if line["kind"] == "settled" else "", "paid")
    value = figure(line)
    kind = "owed" if value < 0 else "paid" if value > 0 else "nothing"
    words = {
        "earned": {"owed": "Owed by the group", "paid": "Earned by the group", "nothing": "Nothing earned or owed"},
        "quality_incentive": {"owed": "Owed by the group", "paid": "Earned by the group", "nothing": "Nothing earned"},
        "net_payment": {
            "owed": "Net owed by the group",
            "paid": "Net payable to the group",
            "nothing": "Nothing payable",
        },
    }
    label = words[name][kind] if name in words else line["label"]
    ends = {"owed": f"From {group} to {payer}", "paid": f"From {payer} to {group}", "nothing": ""}
    return Headline(label, shown_value(abs(value), "usd"), ends[kind], kind)


def sentences(
    lines: Lines, bars: Sequence[Bar], gates: Sequence[GateView], group: str, payer: str, period: str
) -> list[str]:
    """What was earned, what decided it, what took most, and what else a reader asks; each from lines alone."""
    shown_bars = telling(lines, bars)
    found = [
        _earned(lines, group, payer, period), _decided(shown_bars, gates), _took_most(lines, together(shown_bars)),
        *further(lines, period),
    ]  # fmt: skip
    return [sentence for sentence in found if sentence]


def _earned(lines: Lines, group: str, payer: str, period: str) -> str:
    name = main_line(lines)
    line = lines[name]
    if any(reward in lines for reward in REWARDS) and (name == "net_payment" or name in REWARDS):
        return f"{_reward(lines, group, payer, period)}{_net(lines)}."
    if NEXT_FEE in lines:
        fee = f"{shown(lines[NEXT_FEE])} per member per month{_than_now(lines)}"
        return f"The care coordination fee of the next period is {fee}."
    if name == "fee_schedule_uplift":
        change = f"rises by {shown(line)}" if figure(line) > 0 else "does not rise"
        return f"The fee schedule of {group} {change} for its results of {period}."
    return _other(lines, line, group, period)


def _other(lines: Lines, line: Mapping[str, Any], group: str, period: str) -> str:
    """What is neither a reward nor a new rate: a fee, a capitation, a score."""
    if line["kind"] != "settled" or line["unit"] != "usd":
        return f"{line['label']} of {group} for {period}: {shown(line)}."
    parts = [f"{_small(part['label'])} {_dollars(value)}" for part, value in net_parts(lines) if value != 0]
    made_of = f": {', '.join(parts)}" if 1 < len(parts) <= _MOST_PARTS else ""
    return f"The {_small(line['label'])} of {group} for {period} is {shown(line)}{made_of}."


def _than_now(lines: Lines) -> str:
    """How the new fee compares with the present one."""
    before = lines.get("next_fee_pmpm")
    now = lines.get((before["inputs"] or {}).get("care_coordination_fee_pmpm", "")) if before is not None else None
    if now is None:
        return ""
    change = figure(lines[NEXT_FEE]) - figure(now)
    if change == 0:
        return ", as now"
    return f", {shown_value(abs(change), 'usd')} {'more' if change > 0 else 'less'} than now"


def _reward(lines: Lines, group: str, payer: str, period: str) -> str:
    value = figure(next(lines[name] for name in REWARDS if name in lines))
    so_far = " so far" if "interim_target" in lines else ""
    if value < 0:
        return f"{group} owes {payer} {shown_value(abs(value), 'usd')}{so_far} for {period}"
    if value > 0:
        return f"{group} earned {shown_value(value, 'usd')}{so_far} for {period}"
    return f"{group} earned nothing{so_far} for {period}{'' if 'net_payment' in lines else ', and owes nothing'}"


def _net(lines: Lines) -> str:
    """How the net payment follows from what was earned; nothing where it is the same."""
    reward, net = next(lines[name] for name in REWARDS if name in lines), lines.get("net_payment")
    if net is None or (figure(net) == figure(reward) and "interim_target" not in lines):
        return "; nothing is payable" if net is not None and figure(net) == 0 else ""
    value = figure(net)
    result = "nothing is payable" if value == 0 else f"{_net_words(value)} is {shown_value(abs(value), 'usd')}"
    if "interim_target" in lines:
        return f"; {_released(lines)}; {result}"
    others = [(line, amount) for line, amount in net_parts(lines) if line["name"] != reward["name"] and amount != 0]
    if figure(reward) == 0 and len(others) == 1 and value > 0:
        return f"; the {_small(others[0][0]['label'])} of {_dollars(value)} is payable"
    made_of = _made_of(others)
    return f"; {made_of}, {result}" if made_of else f"; {result}"


def _net_words(value: Fraction) -> str:
    return "what the group owes on balance" if value < 0 else "the net payment"


def _released(lines: Lines) -> str:
    paid = lines.get("paid")
    before = f", and {shown(paid)} was released before" if "movement" in lines and paid is not None else ""
    return f"the interim share of that is {shown(lines['interim_target'])}{before}"


def _made_of(others: Sequence[tuple[Mapping[str, Any], Fraction]]) -> str:
    """What is added to the reward, and what is taken off; nothing where that is too much for a sentence."""
    added = [f"{_small(line['label'])} {_dollars(value)}" for line, value in others if line["name"] not in _LESS]
    less = [f"{_dollars(-value)} {_LESS[line['name']]}" for line, value in others if line["name"] in _LESS]
    if not others or len(others) > _MOST_PARTS:
        return ""
    texts = [f"with {_listed(added)}"] if added else []
    return " and ".join([*texts, *([f"less {_listed(less)}"] if less else [])])


def _dollars(value: Fraction) -> str:
    return shown_value(value, "usd")


def _small(label: str) -> str:
    return label[:1].lower() + label[1:]


def _listed(texts: Sequence[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _decided(bars: Sequence[Bar], gates: Sequence[GateView]) -> str:
    gates = [gate for gate in gates if gate.applies]
    missed = [_missed(gate) for gate in gates if not gate.met]
    if len(missed) > _MOST_GATES:
        missed = [f"{len(missed)} gates were not met: {_listed([gate.label for gate in gates if not gate.met])}"]
    caps = [_capped(bar) for bar in caps_applied(bars)]
    if missed or caps:
        text = "; ".join([*missed, *caps])
        return f"{text[:1].upper()}{text[1:]}."
    if gates:
        names = ", ".join(f"{gate.label} {_against(gate)}".strip() for gate in gates)
        every = f"Every gate was met ({names})" if len(gates) > 1 else f"The gate was met ({names})"
        if len(gates) > _MOST_GATES:
            every = f"All {len(gates)} gates were met"
        return f"{every}{', and no cap applied' if knows_caps(bars) else ''}."
    return _decided_by_bar(bars)


def _decided_by_bar(bars: Sequence[Bar]) -> str:
    """Where the settlement shows its gate as a bar alone."""
    gate = next((bar for bar in bars if bar.step == "gate"), None)
    if gate is None:
        return _no_cap(bars)
    if gate.label.startswith(NOT_SHARED):
        return f"Losses of {_dollars(gate.change)} are not shared."
    if gate.change != 0:
        word = "took" if gate.change < 0 else "relieved"
        return f"“{gate.label}” was not met, which {word} {shown_value(abs(gate.change), 'usd')}."
    return f"“{gate.label}” was met{', and no cap applied' if knows_caps(bars) else ''}."


def _no_cap(bars: Sequence[Bar]) -> str:
    if any(bar.step == "loss_limit" for bar in bars):
        return "The loss limit was not reached."
    return "No cap applied." if knows_caps(bars) else ""


def _missed(gate: GateView) -> str:
    against = f": {_against(gate)}" if gate.compared else ""
    against += f" (missed by {', '.join(gate.missed_by)})" if gate.missed_by else ""
    stopped = f", which stopped {gate.stopped_in_words}" if gate.stopped else ""
    return f"the gate “{gate.label}” was not met{against}{stopped}"


def _against(gate: GateView) -> str:
    if gate.compared and gate.required.startswith(LIMIT_WORDS):
        return f"{gate.compared}, {gate.required} required"
    return f"{gate.compared} against {gate.required}" if gate.compared else ""


def _capped(bar: Bar) -> str:
    if bar.change > 0:
        return f"“{bar.label}” decided the amount and spared {shown_value(bar.change, 'usd')}"
    return f"“{bar.label}” decided the amount and took {shown_value(abs(bar.change), 'usd')}"


def _took_most(lines: Lines, bars: Sequence[Bar]) -> str:
    bar = biggest(bars)
    if bar is None:
        worst = costliest(lines)
        return f"The measure that left most unearned is “{worst[0]}”: {worst[1]}." if worst else ""
    start = start_of(bars)
    whole = shown_value(abs(start), "usd")
    size = shown_value(abs(bar.change), "usd")
    if start < Fraction(0):
        return f"Of the loss of {whole}, the step that took most off was “{bar.label}”: {size}."
    return f"Of the {start_words(bars)} of {whole}, the step that took most was “{bar.label}”: {size}."
