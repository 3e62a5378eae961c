"""Quality scores."""

from p4v.primitives import count_of, ratio, weighted_total
from p4v.units import FlagList, Points, PointsList, RateList, Test


def any_domain_scored(domains_scored: FlagList) -> Test:
    """Whether there is a score at all.

    Source: CMS QualityNet, hospital value-based purchasing: a domain may be missing, not all of them.

    >>> any_domain_scored([Fraction(0), Fraction(1)])
    True
    """
    return count_of(domains_scored) > 0


def total_performance_score(domain_scores: PointsList, domain_weights: RateList, domains_scored: FlagList) -> Points:
    """The weighted score of the domains that could be scored, over their weights; (d), (d), (d) -> ().

    A domain that could not be scored is 0 with the flag 0, so its weight falls to the others in proportion.

    Source: CMS QualityNet, hospital value-based purchasing, total performance score.

    >>> quarter = Fraction(1, 4)
    >>> total_performance_score([Fraction(40), Fraction(0)], [quarter, quarter], [Fraction(1), Fraction(0)])
    Fraction(40, 1)
    """
    return ratio(weighted_total(domain_scores, domain_weights), weighted_total(domains_scored, domain_weights), 0)
