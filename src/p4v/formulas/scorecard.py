"""What each measure earned and did not earn, in cents that foot."""

from p4v.primitives import count_of, footed, higher_of, ratio, rounded, total, weighted_total
from p4v.units import FlagList, Points, PointsList, Rate, RateList, Usd, UsdList


def points_with_bonus(points: Points, improvement_points: Points) -> Points:
    """A measure's points and its bonus for improvement.

    Source: MassHealth ACO contract, domain score: improvement points are added above the line.

    >>> points_with_bonus(Fraction(0), Fraction(5))
    Fraction(5, 1)
    """
    return points + improvement_points


def weight_in_score(weight: Rate, effective_weight: Rate, maximum_points: PointsList, weights: RateList) -> Rate:
    """What one point of a measure is worth in the score: its part of the domain's points, at the domain's weight.

    Both lists are of the domain's measures; (m), (m) -> ().

    Source: p4v's own reading of a scorecard.

    >>> weight_in_score(Fraction(1, 2), Fraction(40, 75), [Fraction(1), Fraction(0)], [Fraction(1, 2), Fraction(1, 2)])
    Fraction(8, 15)
    """
    return effective_weight * ratio(weight, weighted_total(maximum_points, weights), 0)


def weight_with_equal_part(weight: Rate, full_points: Points, weights: RateList, measures_scored: FlagList) -> Rate:
    """What one point of a measure is worth where the weight of those not scored is spread equally; (m), (m) -> ().

    Source: p4v design, terms of quality: the weight is spread equally.

    >>> half, quarter = Fraction(1, 2), Fraction(1, 4)
    >>> scored = [Fraction(1), Fraction(1), Fraction(0)]
    >>> weight_with_equal_part(quarter, Fraction(1), [half, quarter, quarter], scored)
    Fraction(3, 8)
    """
    return ratio(
        weight + ratio(total(weights) - weighted_total(measures_scored, weights), count_of(measures_scored), 0),
        full_points,
        0,
    )


def weighted_points(points: Points, weight: Rate) -> Points:
    """A measure's points at its weight.

    Source: p4v's own reading of a scorecard.

    >>> weighted_points(Fraction(3, 4), Fraction(1, 5))
    Fraction(3, 20)
    """
    return points * weight


def weighted_maximum(maximum_points: Points, weight: Rate) -> Points:
    """The points that counted at their weight.

    Source: p4v's own reading of a scorecard.

    >>> weighted_maximum(Fraction(1), Fraction(1, 5))
    Fraction(1, 5)
    """
    return maximum_points * weight


def quality_dollars_possible(before: Usd, places: int, rule: str) -> Usd:
    """The dollars that quality decides about, in cents.

    Source: p4v's own reading of a scorecard.

    >>> quality_dollars_possible(Fraction(2, 3), 2, "half_up")
    Fraction(67, 100)
    """
    return rounded(before, places, rule)


def quality_dollars_earned(after: Usd, places: int, rule: str) -> Usd:
    """What quality left of them, in cents.

    Source: p4v's own reading of a scorecard.

    >>> quality_dollars_earned(Fraction(1, 3), 2, "half_up")
    Fraction(33, 100)
    """
    return rounded(after, places, rule)


def quality_dollars_not_earned(quality_dollars_possible: Usd, quality_dollars_earned: Usd) -> Usd:
    """What quality took, in cents.

    Source: p4v's own reading of a scorecard.

    >>> quality_dollars_not_earned(Fraction(67, 100), Fraction(33, 100))
    Fraction(17, 50)
    """
    return quality_dollars_possible - quality_dollars_earned


def measure_part(
    quality_dollars_earned: Usd,
    weighted_points: Points,
    all_points: PointsList,
    weighted_maximum: Points,
    all_maxima: PointsList,
    weight: Rate,
    weights: RateList,
) -> Usd:
    """A measure's part of what was earned, by weighted points; (m) -> ().

    Where no measure earned a point, each has the part of its most points; where none counted, that of its weight.

    Source: p4v's own reading of a scorecard.

    >>> half, points = Fraction(1, 2), [Fraction(1, 4), Fraction(3, 4)]
    >>> measure_part(Fraction(100), points[0], points, half, [half, half], half, [half, half])
    Fraction(25, 1)
    """
    return quality_dollars_earned * ratio(
        weighted_points,
        total(all_points),
        ratio(weighted_maximum, total(all_maxima), ratio(weight, total(weights), 0)),
    )


def measure_part_missed(
    quality_dollars_possible: Usd,
    weighted_maximum: Points,
    all_maxima: PointsList,
    weight: Rate,
    weights: RateList,
    measure_part: Usd,
) -> Usd:
    """A measure's part of what was possible, less its part of what was earned; (m) -> ().

    Where no measure counted, each has the part of its weight.

    Source: p4v's own reading of a scorecard.

    >>> half = Fraction(1, 2)
    >>> measure_part_missed(Fraction(100), half, [half, half], half, [half, half], Fraction(25))
    Fraction(25, 1)
    """
    return (
        quality_dollars_possible * ratio(weighted_maximum, total(all_maxima), ratio(weight, total(weights), 0))
        - measure_part
    )


def weighted_shortfall(weighted_maximum: Points, weighted_points: Points) -> Points:
    """The points that a measure could have had and did not; none where a bonus lifts it above its full points.

    Source: p4v's own reading of a scorecard.

    >>> weighted_shortfall(Fraction(1, 5), Fraction(3, 20))
    Fraction(1, 20)
    """
    return higher_of(weighted_maximum - weighted_points, 0)


def measure_part_short(
    quality_dollars_not_earned: Usd,
    weighted_shortfall: Points,
    all_shortfalls: PointsList,
    weight: Rate,
    weights: RateList,
) -> Usd:
    """A measure's part of what was not earned, by the points it fell short; (m) -> ().

    For rewards that do not follow the points in proportion, such as a ladder or a count. Where no measure fell short,
    each has the part of its weight.

    Source: p4v's own reading of a scorecard.

    >>> half = Fraction(1, 2)
    >>> measure_part_short(Fraction(100), Fraction(1, 4), [Fraction(1, 4), Fraction(3, 4)], half, [half, half])
    Fraction(25, 1)
    """
    return quality_dollars_not_earned * ratio(
        weighted_shortfall, total(all_shortfalls), ratio(weight, total(weights), 0)
    )


def measure_earned(quality_dollars_earned: Usd, parts: UsdList, i: int) -> Usd:
    """Measure `i` of the parts in cents that add up; (m) -> ().

    Source: p4v's own convention: splits by largest remainder.

    >>> measure_earned(Fraction(1), [Fraction(1, 3), Fraction(2, 3)], 1)
    Fraction(67, 100)
    """
    return footed(quality_dollars_earned, parts, i)


def measure_not_earned(quality_dollars_not_earned: Usd, parts: UsdList, i: int) -> Usd:
    """Measure `i` of the parts that were missed, in cents that add up; (m) -> ().

    Source: p4v's own convention: splits by largest remainder.

    >>> measure_not_earned(Fraction(1), [Fraction(1, 3), Fraction(2, 3)], 0)
    Fraction(33, 100)
    """
    return footed(quality_dollars_not_earned, parts, i)


def measure_missed(measure_dollars: Usd, measure_incentive: Usd) -> Usd:
    """What a measure could pay and did not.

    Source: p4v's own reading of a scorecard.

    >>> measure_missed(Fraction(1_000), Fraction(400))
    Fraction(600, 1)
    """
    return measure_dollars - measure_incentive


def total_measure_dollars(measures: UsdList) -> Usd:
    """What all measures could pay; (m) -> ().

    Source: p4v's own reading of a scorecard.

    >>> total_measure_dollars([Fraction(1_000), Fraction(500)])
    Fraction(1500, 1)
    """
    return total(measures)
