"""From reported dollars to the expenditure that a contract counts."""

from p4v.primitives import ratio, total
from p4v.units import Factor, MemberMonths, Rate, Usd, UsdList, UsdPmpm


def normalised_expenditure(reported_expenditure: Usd, benefit_factor: Factor) -> Usd:
    """A plan's dollars at the richness of the reference plan.

    Source: City of Everett, near-site clinic agreement, exhibit C-2: 1.125 x the high-deductible plan's cost.

    >>> normalised_expenditure(Fraction(1_500_000), Fraction(1125, 1000))
    Fraction(1687500, 1)
    """
    return reported_expenditure * benefit_factor


def total_reported_expenditure(categories: UsdList) -> Usd:
    """All categories that count; (c) -> ().

    Source: City of Everett, near-site clinic agreement, exhibit C-2.

    >>> total_reported_expenditure([Fraction(10_187_500), Fraction(3_200_000)])
    Fraction(13387500, 1)
    """
    return total(categories)


def expenditure_at_reference_benefit(amount: Usd, reported: UsdList, normalised: UsdList) -> Usd:
    """The dollars of all categories, with those of each product at the richness of the reference plan; (p), (p) -> ().

    Source: p4v design, terms of expenditure: benefit richness factor per plan.

    >>> expenditure_at_reference_benefit(Fraction(900), [Fraction(600), Fraction(300)], [Fraction(660), Fraction(270)])
    Fraction(930, 1)
    """
    return amount - total(reported) + total(normalised)


def expenditure_without_excess(amount: Usd, large_claims_excess: Usd) -> Usd:
    """What is left when each member's dollars are truncated.

    Source: p4v design, terms of expenditure: truncate at an amount.

    >>> expenditure_without_excess(Fraction(4_800_000), Fraction(300_000))
    Fraction(4500000, 1)
    """
    return amount - large_claims_excess


def large_claims_at_reference_benefit(large_claims: Usd, reported: UsdList, normalised: UsdList) -> Usd:
    """Dollars that were taken out as reported, at the richness of the reference plan: (c), (c) -> ().

    Where members are truncated first and dollars normalised afterwards, in the proportion of all dollars.

    Source: p4v design, cases of orders, O7: truncate, then normalise.

    >>> large_claims_at_reference_benefit(Fraction(20_000), [Fraction(120_000)], [Fraction(135_000)])
    Fraction(22500, 1)
    """
    return ratio(large_claims * total(normalised), total(reported), 0)


def expenditure_without_excluded(amount: Usd, large_claims_excluded: Usd) -> Usd:
    """What is left when members at or above an amount are excluded.

    Source: City of Everett, near-site clinic agreement, exhibit C-1.

    >>> expenditure_without_excluded(Fraction(4_800_000), Fraction(300_000))
    Fraction(4500000, 1)
    """
    return amount - large_claims_excluded


def expenditure_after_pooling(amount: Usd, large_claims_excess: Usd, pooled_share: Rate) -> Usd:
    """What is left when a share of each member's excess goes to a pool.

    Source: p4v design, terms of expenditure: pool a share of the excess.

    >>> expenditure_after_pooling(Fraction(4_800_000), Fraction(512_500), Fraction(80, 100))
    Fraction(4390000, 1)
    """
    return amount - pooled_share * large_claims_excess


def expenditure_with_pooling_charge(amount: Usd, pooling_charge_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """What the pool costs is added back.

    Source: p4v design, practice of settlement: 4,390,000 + 24.50 x 12,000 is 4,684,000.

    >>> expenditure_with_pooling_charge(Fraction(4_390_000), Fraction(2450, 100), Fraction(12_000))
    Fraction(4684000, 1)
    """
    return amount + pooling_charge_pmpm * member_months


def expenditure_with_outstanding_claims(amount: Usd, outstanding: UsdList) -> Usd:
    """The cost with claims that are still outstanding, month by month; (m) -> ().

    Source: p4v design, terms of expenditure: completion applies to month totals, a line against reported cost.

    >>> expenditure_with_outstanding_claims(Fraction(4_600_000), [Fraction(4_000), Fraction(6_000)])
    Fraction(4610000, 1)
    """
    return amount + total(outstanding)


def expenditure_grossed_up(amount: Usd, administrative_share: Rate) -> Usd:
    """Cost with the share of administration in it.

    Source: 42 U.S.C. 18062 as worked in the press: 8,800,000 / (1 - 20%) is 11,000,000.

    >>> expenditure_grossed_up(Fraction(8_800_000), Fraction(20, 100))
    Fraction(11000000, 1)
    """
    return ratio(amount, 1 - administrative_share, 0)


def adjustment_of_months(adjustment_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """A named adjustment that is stated per member per month.

    Source: p4v design, practice of settlement: named adjustments.

    >>> adjustment_of_months(Fraction(3, 2), Fraction(12_000))
    Fraction(18000, 1)
    """
    return adjustment_pmpm * member_months


def adjusted_expenditure(amount: Usd, adjustments: UsdList) -> Usd:
    """The cost with named adjustments; (a) -> ().

    Source: p4v design, practice of settlement: named adjustments.

    >>> adjusted_expenditure(Fraction(4_684_000), [Fraction(-84_000)])
    Fraction(4600000, 1)
    """
    return amount + total(adjustments)


def expenditure_with_coordination_fees(amount: Usd, care_coordination_fee: Usd) -> Usd:
    """The cost with the care coordination fees of the period.

    Source: p4v design, terms of expenditure: coordination fees counted in.

    >>> expenditure_with_coordination_fees(Fraction(4_600_000), Fraction(18_000))
    Fraction(4618000, 1)
    """
    return amount + care_coordination_fee


def expenditure_with_late_claims(amount: Usd, late_claims: Usd) -> Usd:
    """The cost with claims of earlier periods that were paid late.

    Source: p4v design, practice of settlement: late claims, gross or net of what was accrued.

    >>> expenditure_with_late_claims(Fraction(4_600_000), Fraction(25_000))
    Fraction(4625000, 1)
    """
    return amount + late_claims


def risk_adjusted_expenditure(amount: Usd, risk_ratio: Factor) -> Usd:
    """The cost at the risk of the baseline.

    Source: p4v design, order of operations, case O6: risk on expenditure.

    >>> risk_adjusted_expenditure(Fraction(4_200_000), Fraction(105, 100))
    Fraction(4000000, 1)
    """
    return ratio(amount, risk_ratio, 0)


def expenditure(amount: Usd) -> Usd:
    """What the contract counts, after everything that changes it.

    Source: p4v design, order of operations: the cost steps.

    >>> expenditure(Fraction(4_600_000))
    Fraction(4600000, 1)
    """
    return amount


def expenditure_pmpm(expenditure: Usd, member_months: MemberMonths) -> UsdPmpm:
    """Expenditure per member per month, for the reader and where a reward is per member.

    Source: p4v design, first acceptance scenario.

    >>> expenditure_pmpm(Fraction(41_823), Fraction(100))
    Fraction(41823, 100)
    """
    return ratio(expenditure, member_months, 0)
