"""Sentences that only some settlements need: a rate that quality chose, a claw-back, a setoff, what is carried on."""

from collections.abc import Iterator
from fractions import Fraction

from p4v.report.shown import figure, short_value, shown, shown_value
from p4v.report.tables import net_parts
from p4v.report.waterfall import REWARDS
from p4v.report.wording import Lines

_NEXT_FEE = "next_care_coordination_fee"
_ENOUGH_TO_NAME = 2


def further(lines: Lines, period: str) -> list[str]:
    """Each where it has its lines."""
    found = (_payment_beside_new_fee(lines, period), *_chosen_by_quality(lines), *_of_cash(lines))
    return [sentence for sentence in found if sentence]


def _payment_beside_new_fee(lines: Lines, period: str) -> str:
    """What is paid for the period itself, where the settlement is about the next period's fee."""
    if _NEXT_FEE not in lines or any(reward in lines for reward in REWARDS):
        return ""
    line = lines.get("net_payment") or lines.get("care_coordination_fee")
    if line is None:
        return ""
    parts = [f"{_small(part['label'])} {shown_value(value, 'usd')}" for part, value in net_parts(lines) if value != 0]
    made_of = f": {', '.join(parts)}" if len(parts) >= _ENOUGH_TO_NAME else ""
    return f"The {_small(line['label'])} for {period} is {shown(line)}{made_of}."


def _chosen_by_quality(lines: Lines) -> Iterator[str]:
    """The rate or part of a pool that quality chose."""
    rate = lines.get("final_sharing_rate")
    if rate is not None and "sharing_rates_by_thresholds_met" in lines:
        met = lines["thresholds_met"]
        yield f"{_times(figure(met), 'threshold')} met: the sharing rate is {short_value(figure(rate), 'rate')}."
    if rate is not None and "sharing_rates_by_quality_score" in lines:
        score = short_value(figure(lines["quality_score"]), "rate")
        yield f"With a quality score of {score} the sharing rate is {short_value(figure(rate), 'rate')}."
    if "split_shift" in lines:
        yield _shifted(lines)
    part = lines.get("share_of_pool")
    if part is not None:
        met = lines["measures_met"]
        yield f"{_times(figure(met), 'measure')} met: {shown(part)} of the pool is earned."
    if "uplift_points" in lines:
        yield _points(lines)


def _shifted(lines: Lines) -> str:
    """How quality moved the split; of losses where there was a loss."""
    lost = figure(lines["gross_savings"]) < 0 and "final_loss_rate" in lines
    rate = lines["final_loss_rate" if lost else "final_sharing_rate"]
    score, share = short_value(figure(lines["quality_score"]), "rate"), short_value(figure(rate), "rate")
    side = "losses" if lost else "savings"
    return f"With a quality score of {score} the group's share of {side} is {share}."


def _points(lines: Lines) -> str:
    score, savings = (short_value(figure(lines[name]), "rate") for name in ("quality_score", "savings_rate"))
    text = f"A quality score of {score} and a savings rate of {savings} give {shown(lines['uplift_points'])}"
    carried, on = lines.get("carried_uplift"), lines.get("uplift_carried_forward")
    if carried is not None and figure(carried) != 0:
        text += f"; {shown(carried)} was carried from before"
    if on is not None and figure(on) != 0:
        text += f"; {shown(on)} above the highest uplift is carried forward"
    return f"{text}."


def _of_cash(lines: Lines) -> Iterator[str]:
    """What was clawed back, returned, set off and carried."""
    clawed = lines.get("claw_back")
    if clawed is not None and figure(clawed) != 0:
        yield f"{shown(clawed)} of the care coordination fee is clawed back, as not all of its measures were met."
    returned, held = lines.get("withhold_returned"), lines.get("withheld")
    if returned is not None and held is not None and figure(held) != 0:
        lost = shown(lines["withhold_forfeited"])
        yield f"Of {shown(held)} withheld, {shown(returned)} is returned and {lost} is forfeited."
    moved = lines.get("movement")
    if moved is not None and figure(moved) < 0 and "movement_held" in lines:
        yield f"{shown_value(-figure(moved), 'usd')} too much was released; it is held until the final settlement."
    months = lines.get("full_setoffs")
    if months is not None and figure(lines["owed_by_group"]) > 0:
        yield _setoff(lines, figure(months))
    on = lines.get("carried_forward")
    if on is not None and figure(on) != 0:
        least = shown(lines["minimum_payment"])
        yield f"{shown(on)} is below the minimum payment of {least} and is carried to the next statement."


def _setoff(lines: Lines, months: Fraction) -> str:
    """Full monthly amounts, and what is left for the last month."""
    each, last = shown(lines["setoff_per_month"]), lines["last_setoff"]
    full = f"{_times(months, 'payment')} of {each}" if months else ""
    rest = f"{shown(last)} in the last month" if figure(last) != 0 else ""
    return f"Set off against other payments: {' and '.join(text for text in (full, rest) if text)}."


def _times(number: Fraction, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _small(label: str) -> str:
    return label[:1].lower() + label[1:]
