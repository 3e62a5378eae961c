"""What each measure earned and did not earn: dollars in cents that foot to what quality decided about."""

from typing import Any

from p4v.contract.blocks.quality import Quality
from p4v.formulas import scorecard, scorecard_equal
from p4v.programs.course import Course
from p4v.programs.quality import Scored
from p4v.worksheet import Line

_CENTS: dict[str, Any] = {"places": 2, "rule": "half_up"}


def write_scorecard(
    course: Course, counted: list[Scored], before: Line, after: Line, block: str, in_proportion: bool = True
) -> None:
    """Splits what quality left of an amount by weighted points, and what it took by what each measure could have had.

    Where the reward does not follow the points in proportion (a ladder, a count, a bonus), by the points each fell
    short.
    """
    if not counted or "quality_dollars_possible" in course.sheet:
        return
    possible, earned, missed = _totals(course, before, after, block)
    worth = [_worth(course, counted, row, block) for row in counted]
    points = [
        course.compute(
            scorecard.weighted_points, block, row.measure.id, points=_with_bonus(course, row, block), weight=weight
        )
        for row, weight in zip(counted, worth, strict=True)
    ]
    maxima = [
        course.compute(scorecard.weighted_maximum, block, row.measure.id, maximum_points=row.maximum, weight=weight)
        for row, weight in zip(counted, worth, strict=True)
    ]
    weights = [row.weight for row in counted]
    parts = [
        course.compute(
            scorecard.measure_part, block, row.measure.id,
            quality_dollars_earned=earned, weighted_points=own, all_points=points,
            weighted_maximum=most, all_maxima=maxima, weight=row.weight, weights=weights,
        )
        for row, own, most in zip(counted, points, maxima, strict=True)
    ]  # fmt: skip
    if in_proportion and all(row.bonus is None for row in counted):
        lost = [
            course.compute(
                scorecard.measure_part_missed, block, row.measure.id, quality_dollars_possible=possible,
                weighted_maximum=most, all_maxima=maxima, weight=row.weight, weights=weights, measure_part=part,
            )
            for row, most, part in zip(counted, maxima, parts, strict=True)
        ]  # fmt: skip
    else:
        lost = _by_shortfall(course, counted, missed, points, maxima, block)
    _foot(course, counted, earned, missed, parts, lost, block)


def _worth(course: Course, counted: list[Scored], row: Scored, block: str) -> Line:
    """What a point of a measure is worth in the score, against those of the others."""
    rule, id_, domain = course.need("quality", Quality), row.measure.id, row.measure.domain
    alike = [other for other in counted if rule.domains is None or other.measure.domain == domain]
    weights = [other.weight for other in alike]
    worth = row.weight
    equally = rule.unscored == "weight_shared_equally"
    if equally:
        worth = course.compute(
            scorecard.weight_with_equal_part, block, id_, weight=worth, weights=weights,
            full_points=course.sheet[f"full_points.{id_}"], measures_scored=[other.flag for other in alike],
        )  # fmt: skip
    if rule.domains is None or rule.score != "from_measures":
        return worth
    effective = course.sheet[f"effective_weight.{domain}"]
    if equally:
        return course.compute(
            scorecard_equal.weight_in_score, block, id_, weight_with_equal_part=worth, effective_weight=effective
        )
    maxima = [other.maximum for other in alike]
    return course.compute(
        scorecard.weight_in_score, block, id_,
        weight=worth, effective_weight=effective, maximum_points=maxima, weights=weights,
    )  # fmt: skip


def _with_bonus(course: Course, row: Scored, block: str) -> Line:
    if row.bonus is None:
        return row.points
    id_ = row.measure.id
    return course.compute(scorecard.points_with_bonus, block, id_, points=row.points, improvement_points=row.bonus)


def _by_shortfall(
    course: Course, counted: list[Scored], missed: Line, points: list[Line], maxima: list[Line], block: str
) -> list[Line]:
    short = [
        course.compute(scorecard.weighted_shortfall, block, row.measure.id, weighted_maximum=most, weighted_points=own)
        for row, most, own in zip(counted, maxima, points, strict=True)
    ]
    return [
        course.compute(
            scorecard.measure_part_short, block, row.measure.id, quality_dollars_not_earned=missed,
            weighted_shortfall=own, all_shortfalls=short, weight=row.weight,
            weights=[other.weight for other in counted],
        )
        for row, own in zip(counted, short, strict=True)
    ]  # fmt: skip


def write_measure_pay(course: Course, counted: list[Scored], dollars: list[Line], paid: list[Line], block: str) -> None:
    """The same where each measure has dollars of its own."""
    if "quality_dollars_possible" in course.sheet:
        return
    before = course.compute(scorecard.total_measure_dollars, block, "possible", measures=dollars)
    after = course.compute(scorecard.total_measure_dollars, block, "earned", measures=paid)
    _, earned, missed = _totals(course, before, after, block)
    lost = [
        course.compute(scorecard.measure_missed, block, row.measure.id, measure_dollars=most, measure_incentive=part)
        for row, most, part in zip(counted, dollars, paid, strict=True)
    ]
    _foot(course, counted, earned, missed, paid, lost, block)


def _totals(course: Course, before: Line, after: Line, block: str) -> tuple[Line, Line, Line]:
    possible = course.compute(scorecard.quality_dollars_possible, block, before=before, **_CENTS)
    earned = course.compute(scorecard.quality_dollars_earned, block, after=after, **_CENTS)
    missed = course.compute(
        scorecard.quality_dollars_not_earned, block,
        quality_dollars_possible=possible, quality_dollars_earned=earned,
    )  # fmt: skip
    return possible, earned, missed


def _foot(
    course: Course, counted: list[Scored], earned: Line, missed: Line, parts: list[Line], lost: list[Line], block: str
) -> None:
    """In cents; a cent that is left goes by remainder, ties to the measure whose id sorts first."""
    by_id = sorted(range(len(counted)), key=lambda place: counted[place].measure.id)
    in_order = [parts[place] for place in by_id]
    lost_in_order = [lost[place] for place in by_id]
    for place, row in enumerate(counted):
        i = by_id.index(place)
        course.compute(
            scorecard.measure_earned, block, row.measure.id, quality_dollars_earned=earned, parts=in_order, i=i
        )
        course.compute(
            scorecard.measure_not_earned, block, row.measure.id,
            quality_dollars_not_earned=missed, parts=lost_in_order, i=i,
        )  # fmt: skip
