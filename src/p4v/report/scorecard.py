"""The quality scorecard: what each measure reached, where that lies between threshold and target, and its dollars."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from p4v.report.shown import figure, key_of, part_label, short_value, shown, shown_value
from p4v.report.wording import Lines

_SCORED_BY = ("measure_earned", "points", "rate", "performance")
_LEFT, _RIGHT, _END = 26, 94, 120
_COLUMNS = ("counts", "rate", "prior", "weight", "threshold", "target", "scale", "points", "earned", "not_earned")
_NAMED_BY = (
    ("rate", "Rate"),
    ("performance", "Performance"),
    ("points", "Points"),
    ("measure_earned", "Measure earned"),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the dot stands; threshold and target stand at the ticks, and right is better."""

    dot: int
    missed: bool
    title: str
    threshold: int = _LEFT
    target: int = _RIGHT
    end: int = _END


@dataclass(frozen=True, slots=True)
class MeasureView:
    """One measure; an empty text where the settlement has no such line."""

    id: str
    label: str
    counts: str
    rate: str
    prior: str
    weight: str
    threshold: str
    target: str
    scale: Scale | None
    points: str
    maximum: str
    earned: str
    not_earned: str
    scored: bool


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All measures, which columns have data, and the totals."""

    measures: Sequence[MeasureView]
    columns: Sequence[str]
    points: str
    maximum: str
    earned: str
    not_earned: str
    not_scored: Sequence[str]
    later: str
    """What became of the dollars after quality, where other steps changed them."""


def measure_ids(lines: Lines) -> list[str]:
    """The measures in the order of the settlement."""
    found: dict[str, None] = {}
    for name in lines:
        stem, dot, key = name.partition(".")
        if dot and stem in _SCORED_BY:
            found[key] = None
    return list(found)


def scorecard(lines: Lines) -> Scorecard | None:
    """Nothing where the settlement has no measures."""
    ids = measure_ids(lines)
    if not ids:
        return None
    measures = [_measure(lines, measure) for measure in ids]
    columns = [column for column in _COLUMNS if any(getattr(measure, column) for measure in measures)]
    return Scorecard(
        measures, columns, *_points(lines, ids),
        _total(lines, ids, "earned"), _total(lines, ids, "not_earned"),
        [measure.label for measure in measures if not measure.scored], _later(lines),
    )  # fmt: skip


def _later(lines: Lines) -> str:
    """The reward, where caps, multipliers or other steps after quality made it another amount."""
    after = lines.get("quality_dollars_earned")
    name = next((name for name in ("earned", "quality_incentive") if name in lines), None)
    if after is None or name is None or figure(lines[name]) == figure(after):
        return ""
    return f"Dollars are those that quality decided about; later steps made {shown(lines[name])} of them."


def measure_label(lines: Lines, measure: str) -> str:
    """What a measure is called: its own words where the contract gives some."""
    for stem, words in _NAMED_BY:
        line = lines.get(f"{stem}.{measure}")
        if line is not None:
            return part_label(line, words)
    return measure


def _measure(lines: Lines, measure: str) -> MeasureView:
    def text(stem: str, *others: str) -> str:
        line = lines.get(f"{stem}.{measure}")
        if line is None:
            return ""
        if line["value"] is None:
            return shown(line)
        return short_value(figure(line), line["unit"], *_values(lines, measure, others))

    counts = [text("numerator"), text("denominator") or text("expected")]
    return MeasureView(
        measure, measure_label(lines, measure), " / ".join(count for count in counts if count),
        text("rate", "threshold", "target"), text("prior_rate"), text("weight"), text("threshold"), text("target"),
        _scale(lines, measure), text("points"), text("maximum_points"), text("measure_earned"),
        text("measure_not_earned"), _is_scored(lines, measure),
    )  # fmt: skip


def _values(lines: Lines, measure: str, stems: Sequence[str]) -> list[Fraction]:
    found = [lines.get(f"{stem}.{measure}") for stem in stems]
    return [figure(line) for line in found if line is not None and line["value"] is not None]


def _is_scored(lines: Lines, measure: str) -> bool:
    rate = lines.get(f"rate.{measure}")
    return rate is None or rate["value"] is not None


def _scale(lines: Lines, measure: str) -> Scale | None:
    values = [_values(lines, measure, [stem]) for stem in ("rate", "threshold", "target")]
    if not all(values):
        return None
    rate, threshold, target = (value[0] for value in values)
    if threshold == target:
        return None
    at = _LEFT + int((rate - threshold) / (target - threshold) * (_RIGHT - _LEFT))
    missed = (rate < threshold) if target > threshold else (rate > threshold)
    where = "misses the threshold" if missed else "reaches the target" if at >= _RIGHT else "lies above the threshold"
    if not missed and at < _RIGHT and target < threshold:
        where = "lies on the good side of the threshold"
    return Scale(min(max(at, 6), _END - 6), missed, f"{measure_label(lines, measure)} {where}")


def _points(lines: Lines, ids: Sequence[str]) -> tuple[str, str]:
    """All points and all that counted; where weights differ their plain sum would say nothing."""
    if len({value for measure in ids for value in _values(lines, measure, ["weight"])}) > 1:
        return "", ""
    return _sum(lines, ids, "points", "points"), _sum(lines, ids, "maximum_points", "points")


def _sum(lines: Lines, ids: Sequence[str], stem: str, unit: str) -> str:
    values = [value for measure in ids for value in _values(lines, measure, [stem])]
    return short_value(sum(values, start=Fraction(0)), unit) if values else ""


def _total(lines: Lines, ids: Sequence[str], stem: str) -> str:
    """The total as the settlement has it, else the sum of what stands above it."""
    line = lines.get(f"quality_dollars_{stem}")
    if line is not None and line["value"] is not None:
        return shown(line)
    values = [value for measure in ids for value in _values(lines, measure, [f"measure_{stem}"])]
    return shown_value(sum(values, start=Fraction(0)), "usd") if values else ""


def costliest(lines: Lines) -> tuple[str, str] | None:
    """The measure that left most unearned, and those dollars."""
    left = {
        key_of(name): figure(line)
        for name, line in lines.items()
        if name.startswith("measure_not_earned.") and line["value"] is not None
    }
    most = max(left, key=lambda measure: left[measure], default=None)
    return None if most is None or left[most] <= 0 else (measure_label(lines, most), shown_value(left[most], "usd"))
