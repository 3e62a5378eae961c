"""Three sentences for the top of a statement: what was earned, what decided it, and which step took most."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from p4v.report.gates import GateView, caps_applied, knows_caps
from p4v.report.scorecard import costliest
from p4v.report.shown import figure, key_of, shown, shown_value
from p4v.report.waterfall import REWARDS, Bar, biggest, start_of, start_words
from p4v.report.wording import Lines

_SHORT_FIGURE = 12


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
    """One to three, each from lines of the settlement; one without its lines is left out."""
    found = [_earned(lines, group, payer, period), _decided(bars, gates), _took_most(lines, bars)]
    return [sentence for sentence in found if sentence]


def _earned(lines: Lines, group: str, payer: str, period: str) -> str:
    name = main_line(lines)
    line = lines[name]
    if name == "net_payment" and any(reward in lines for reward in REWARDS):
        value = figure(line)
        words = "what the group owes on balance" if value < 0 else "the net payment"
        net = "nothing is payable" if value == 0 else f"{words} is {shown_value(abs(value), 'usd')}"
        return f"{_reward(lines, group, payer, period)}; {net}."
    if name in REWARDS:
        return f"{_reward(lines, group, payer, period)}."
    if name == "next_care_coordination_fee":
        paid = lines.get("care_coordination_fee")
        before = f", after fees of {shown(paid)} for {period}" if paid is not None else ""
        return f"The next care coordination fee of {group} is {shown(line)} per member per month{before}."
    if name == "fee_schedule_uplift":
        rises = figure(line) > 0
        change = f"rises by {shown(line)}" if rises else "does not rise"
        return f"The fee schedule of {group} {change} after {period}."
    return f"{line['label']} of {group} for {period}: {shown(line)}."


def _reward(lines: Lines, group: str, payer: str, period: str) -> str:
    value = figure(next(lines[name] for name in REWARDS if name in lines))
    if value < 0:
        return f"{group} owes {payer} {shown_value(abs(value), 'usd')} for {period}"
    if value > 0:
        return f"{group} earned {shown_value(value, 'usd')} for {period}"
    return f"{group} earned nothing for {period}, and owes nothing"


def _decided(bars: Sequence[Bar], gates: Sequence[GateView]) -> str:
    missed = [_missed(gate) for gate in gates if not gate.met]
    caps = [_capped(bar) for bar in caps_applied(bars)]
    if missed or caps:
        text = "; ".join([*missed, *caps])
        return f"{text[:1].upper()}{text[1:]}."
    if gates:
        names = ", ".join(f"{gate.label} {_against(gate)}".strip() for gate in gates)
        every = "Every gate was met" if len(gates) > 1 else "The gate was met"
        return f"{every} ({names}){', and no cap applied' if knows_caps(bars) else ''}."
    return _decided_by_bar(bars)


def _decided_by_bar(bars: Sequence[Bar]) -> str:
    """Where the settlement shows its gate as a bar alone."""
    gate = next((bar for bar in bars if key_of(bar.name).partition("-")[0] == "gate"), None)
    if gate is None:
        return "No cap applied." if knows_caps(bars) else ""
    if gate.change != 0:
        word = "took" if gate.change < 0 else "relieved"
        return f"“{gate.label}” was not met, which {word} {shown_value(abs(gate.change), 'usd')}."
    return f"“{gate.label}” was met{', and no cap applied' if knows_caps(bars) else ''}."


def _missed(gate: GateView) -> str:
    against = f": {_against(gate)}" if gate.compared else ""
    stopped = f", which stopped {gate.not_earned}" if gate.stopped else ""
    return f"the gate “{gate.label}” was not met{against}{stopped}"


def _against(gate: GateView) -> str:
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
