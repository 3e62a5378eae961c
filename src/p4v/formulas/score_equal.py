"""The weight of measures that are not scored, spread equally."""

from p4v.primitives import count_of, ratio, total, weighted_total
from p4v.units import FlagList, Points, Rate, RateList


def quality_points(attained: RateList, weights: RateList, measures_scored: FlagList) -> Rate:
    """Each scored measure gets its own weight and an equal part of the weight of those that are not; (m) -> ().

    Source: p4v design, terms of quality: the weight is spread equally.

    >>> half, quarter = Fraction(1, 2), Fraction(1, 4)
    >>> scored = [Fraction(1), Fraction(1), Fraction(0)]
    >>> quality_points([Fraction(1), Fraction(0), Fraction(0)], [half, quarter, quarter], scored)
    Fraction(5, 8)
    """
    return weighted_total(attained, weights) + total(attained) * ratio(
        total(weights) - weighted_total(measures_scored, weights), count_of(measures_scored), 0
    )


def attained(points: Points, full_points: Points) -> Rate:
    """A measure's points as a part of its full points.

    Source: p4v design, terms of quality: points.

    >>> attained(Fraction(5), Fraction(10))
    Fraction(1, 2)
    """
    return ratio(points, full_points, 0)
