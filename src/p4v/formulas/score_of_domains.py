"""A score of domains."""

from p4v.primitives import lower_of, ratio, weighted_total
from p4v.units import Flag, FlagList, Rate, RateList


def domain_score(quality_points: Rate) -> Rate:
    """A domain's score, never above 100%.

    Source: MassHealth ACO contract, domain score: capped at 100%.

    >>> domain_score(Fraction(325, 1000))
    Fraction(13, 40)
    """
    return lower_of(quality_points, 1)


def quality_points(domain_scores: RateList, domain_weights: RateList, domains_scored: FlagList) -> Rate:
    """The weighted score of the domains that could be scored, over their weights; (d), (d), (d) -> ().

    Source: CMS QualityNet, hospital value-based purchasing: domain weights.

    >>> quality_points([Fraction(1, 2), Fraction(0)], [Fraction(1, 4), Fraction(3, 4)], [Fraction(1), Fraction(0)])
    Fraction(1, 2)
    """
    return ratio(weighted_total(domain_scores, domain_weights), weighted_total(domains_scored, domain_weights), 0)


def capped_domain_score(domain_score: Rate, domain_cap: Rate) -> Rate:
    """A domain's score within its cap.

    Source: p4v design, contract shapes: domain caps.

    >>> capped_domain_score(Fraction(9, 10), Fraction(8, 10))
    Fraction(4, 5)
    """
    return lower_of(domain_score, domain_cap)


def effective_weight(domain_weight: Rate, domain_scored: Flag, weights_scored: Rate) -> Rate:
    """A domain's weight among those that could be scored.

    Source: CMS QualityNet, hospital value-based purchasing: 40 of 75 is 53.3%.

    >>> effective_weight(Fraction(40, 100), Fraction(1), Fraction(75, 100))
    Fraction(8, 15)
    """
    return ratio(domain_weight * domain_scored, weights_scored, 0)


def weights_scored(domain_weights: RateList, domains_scored: FlagList) -> Rate:
    """The weight of the domains that could be scored; (d), (d) -> ().

    Source: CMS QualityNet, hospital value-based purchasing: sum of the remaining weights.

    >>> weights_scored([Fraction(1, 4), Fraction(3, 4)], [Fraction(1), Fraction(0)])
    Fraction(1, 4)
    """
    return weighted_total(domain_weights, domains_scored)
