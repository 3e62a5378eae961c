"""What each measure earned and did not earn: dollars in cents that foot to what quality decided about."""

from typing import Any

from p4v.formulas import scorecard
from p4v.programs.course import Course
from p4v.programs.quality import Scored
from p4v.worksheet import Line

_CENTS: dict[str, Any] = {"places": 2, "rule": "half_up"}


def write_scorecard(
    course: Course, counted: list[Scored], before: Line, after: Line, block: str, in_proportion: bool = True
) -> None:
    """Splits what quality left of an amount by weighted points, and what it took by what each measure could have had.

    Where the reward does not follow the points in proportion (a ladder, a count), by the points each fell short.
    """
    if not counted or "quality_dollars_possible" in course.sheet:
        return
    possible, earned, missed = _totals(course, before, after, block)
    points = [
        course.compute(scorecard.weighted_points, block, row.measure.id, points=row.points, weight=row.weight)
        for row in counted
    ]
    maxima = [
        course.compute(scorecard.weighted_maximum, block, row.measure.id, maximum_points=row.maximum, weight=row.weight)
        for row in counted
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
    if in_proportion:
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
