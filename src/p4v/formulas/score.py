"""Scores over measures and domains."""

from p4v.primitives import count_of, lower_of, ratio, rounded, weighted_total
from p4v.units import FlagList, PointsList, Rate, RateList, Test


def any_scored(measures_scored: FlagList) -> Test:
    """Whether there is a score at all; (m) -> ().

    Source: p4v design, terms of quality: small denominators.

    >>> any_scored([Fraction(0), Fraction(1)])
    True
    """
    return count_of(measures_scored) > 0


def quality_points(points: PointsList, maximum_points: PointsList, weights: RateList) -> Rate:
    """Weighted points over the weighted points that counted: the weight of others falls to them in proportion.

    Source: CMS QualityNet, hospital value-based purchasing: weight / sum of the remaining weights.

    >>> third = Fraction(1, 4)
    >>> quality_points([Fraction(4, 5), Fraction(0)], [Fraction(1), Fraction(0)], [third, third])
    Fraction(4, 5)
    """
    return ratio(weighted_total(points, weights), weighted_total(maximum_points, weights), 0)


def quality_score(quality_points: Rate) -> Rate:
    """The score, never above 100%.

    Source: MassHealth ACO contract, domain score: capped at 100%.

    >>> quality_score(Fraction(11, 10))
    Fraction(1, 1)
    """
    return lower_of(quality_points, 1)


def rounded_quality_points(quality_points: Rate, digits: int, rule: str) -> Rate:
    """The score to the contract's digits.

    Source: p4v design, terms of quality: scores are rounded only where the contract says so.

    >>> rounded_quality_points(Fraction(78349, 100_000), 3, "half_up")
    Fraction(783, 1000)
    """
    return rounded(quality_points, digits, rule)


def bonus_points(bonus: PointsList, bonus_weights: RateList, maximum_points: PointsList, weights: RateList) -> Rate:
    """Improvement points outside the denominator, over the points that counted; (b), (b), (m), (m) -> ().

    Source: MassHealth ACO contract, domain score: improvement points are added above the line only.

    >>> half = [Fraction(1, 2), Fraction(1, 2)]
    >>> bonus_points([Fraction(0), Fraction(5)], half, [Fraction(10), Fraction(10)], half)
    Fraction(1, 4)
    """
    return ratio(weighted_total(bonus, bonus_weights), weighted_total(maximum_points, weights), 0)


def quality_points_with_bonus(quality_points: Rate, bonus_points: Rate) -> Rate:
    """Attainment and bonus.

    Source: MassHealth ACO contract, domain score: 1.5 and 5 points of 20 are 32.5%.

    >>> quality_points_with_bonus(Fraction(75, 1000), Fraction(25, 100))
    Fraction(13, 40)
    """
    return quality_points + bonus_points
