"""Dollars for quality itself: pools, tiers, measures, gaps and acts."""

from p4v.primitives import count_of, ratio, step, total
from p4v.units import (
    Count,
    FlagList,
    MemberMonths,
    Points,
    Rate,
    TableOf,
    Usd,
    UsdList,
    UsdPerPerson,
    UsdPmpm,
)


def quality_pool(quality_pool_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """A pool per member per month, for the months of the period.

    Source: p4v design, nine contracts: 2.00 PMPM pool.

    >>> quality_pool(Fraction(2), Fraction(72_000))
    Fraction(144000, 1)
    """
    return quality_pool_pmpm * member_months


def earned_of_pool(quality_pool: Usd, quality_score: Rate) -> Usd:
    """The quality score's part of the pool.

    Source: p4v design, nine contracts: pool by weight.

    >>> earned_of_pool(Fraction(144_000), Fraction(3, 4))
    Fraction(108000, 1)
    """
    return quality_pool * quality_score


def measures_met(thresholds: FlagList) -> Count:
    """How many measures were met; (m) -> ().

    Source: p4v design, nine contracts: pool by count of 12 met.

    >>> measures_met([Fraction(1), Fraction(1), Fraction(0)])
    Fraction(2, 1)
    """
    return count_of(thresholds)


def share_of_pool(measures_met: Count, pool_shares_by_measures_met: TableOf) -> Rate:
    """The share of the last row that the count reaches.

    Source: p4v design, nine contracts: pool by count of 12 met.

    >>> ladder = Table.of_pairs([(Fraction(0), Fraction(0)), (Fraction(6), Fraction(1, 2))])
    >>> share_of_pool(Fraction(7), ladder)
    Fraction(1, 2)
    """
    return step(measures_met, pool_shares_by_measures_met)


def pool_left_over(quality_pool: Usd, earned_of_pool: Usd) -> Usd:
    """The part of the pool that was not earned.

    Source: p4v design, nine contracts: the rest to a challenge pool.

    >>> pool_left_over(Fraction(144_000), Fraction(108_000))
    Fraction(36000, 1)
    """
    return quality_pool - earned_of_pool


def pmpm_at_score(quality_score: Rate, pmpm_by_quality_score: TableOf) -> UsdPmpm:
    """The rate of the last tier that the score reaches.

    Source: p4v design, terms of reward: a rate per tier.

    >>> tiers = Table.of_pairs([(Fraction(0), Fraction(0)), (Fraction(7, 10), Fraction(3, 2))])
    >>> pmpm_at_score(Fraction(8, 10), tiers)
    Fraction(3, 2)
    """
    return step(quality_score, pmpm_by_quality_score)


def incentive_of_tier(pmpm_at_score: UsdPmpm, member_months: MemberMonths) -> Usd:
    """The tier's rate, for the months of the period.

    Source: p4v design, terms of reward: a PMPM tier.

    >>> incentive_of_tier(Fraction(3, 2), Fraction(1_000))
    Fraction(1500, 1)
    """
    return pmpm_at_score * member_months


def measure_dollars_of_months(measure_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """What a measure pays at full points, for the months of the period.

    Source: p4v design, terms of reward: dollars or PMPM per measure.

    >>> measure_dollars_of_months(Fraction(1, 4), Fraction(1_000))
    Fraction(250, 1)
    """
    return measure_pmpm * member_months


def measure_incentive(measure_dollars: Usd, points: Points, full_points: Points) -> Usd:
    """The measure's dollars in proportion to its points.

    Source: p4v design, terms of reward: dollars per measure.

    >>> measure_incentive(Fraction(1_000), Fraction(1, 2), Fraction(1))
    Fraction(500, 1)
    """
    return measure_dollars * ratio(points, full_points, 0)


def gap_incentive(gaps_closed: Count, dollars_per_gap_closed: UsdPerPerson) -> Usd:
    """Members of one tier whose gap was closed, at the tier's rate.

    Source: HL7 Da Vinci value-based performance reporting: 20 members at 20, 30 at 50.

    >>> gap_incentive(Fraction(30), Fraction(50))
    Fraction(1500, 1)
    """
    return gaps_closed * dollars_per_gap_closed


def challenge_points(challenge_measures_met: Count, member_months: MemberMonths) -> MemberMonths:
    """Challenge measures met, counted once for each member month.

    Source: p4v design, nine contracts: challenge pool.

    >>> challenge_points(Fraction(2), Fraction(72_000))
    Fraction(144000, 1)
    """
    return challenge_measures_met * member_months


def challenge_measures_met(thresholds: FlagList) -> Count:
    """How many challenge measures were met; (m) -> ().

    Source: p4v design, nine contracts: 2 challenge measures.

    >>> challenge_measures_met([Fraction(1), Fraction(1)])
    Fraction(2, 1)
    """
    return count_of(thresholds)


def challenge_incentive(
    challenge_pool: Usd, challenge_points: MemberMonths, challenge_points_of_all_groups: MemberMonths
) -> Usd:
    """The group's part of the challenge pool, by points.

    Source: p4v design, nine contracts: challenge pool shared with another group.

    >>> challenge_incentive(Fraction(36_000), Fraction(144_000), Fraction(216_000))
    Fraction(24000, 1)
    """
    return challenge_pool * ratio(challenge_points, challenge_points_of_all_groups, 0)


def total_incentive(parts: UsdList) -> Usd:
    """All parts of the reward for quality; (p) -> ().

    Source: HL7 Da Vinci value-based performance reporting: the tiers sum to 11,900.

    >>> total_incentive([Fraction(400), Fraction(1_500), Fraction(2_000), Fraction(2_000), Fraction(6_000)])
    Fraction(11900, 1)
    """
    return total(parts)


def quality_incentive(amount: Usd) -> Usd:
    """The reward for quality.

    Source: HL7 Da Vinci value-based performance reporting.

    >>> quality_incentive(Fraction(11_900))
    Fraction(11900, 1)
    """
    return amount
