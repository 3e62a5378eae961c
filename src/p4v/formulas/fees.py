"""Care coordination fees: what is paid for members, whatever the results."""

from p4v.primitives import count_of, rounded, step, total, when
from p4v.units import Count, Flag, FlagList, MemberMonths, Rate, TableOf, Usd, UsdList, UsdPerPerson, UsdPmpm


def fee_amount(care_coordination_fee_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """A flat fee per member per month.

    Source: HL7 Da Vinci value-based performance reporting: 300 member months at 5 are 1,500.

    >>> fee_amount(Fraction(5), Fraction(300))
    Fraction(1500, 1)
    """
    return care_coordination_fee_pmpm * member_months


def rounded_fee_pmpm(care_coordination_fee_pmpm: UsdPmpm, places: int, rule: str) -> UsdPmpm:
    """A fee rounded before it is multiplied.

    Source: p4v design, order of operations, case O9.

    >>> rounded_fee_pmpm(Fraction(1234567, 100_000), 2, "half_up")
    Fraction(247, 20)
    """
    return rounded(care_coordination_fee_pmpm, places, rule)


def fee_of_tier(tier_fee_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """The fee of one risk tier.

    Source: p4v design, terms of fees: tiered by risk.

    >>> fee_of_tier(Fraction(9, 2), Fraction(100))
    Fraction(450, 1)
    """
    return tier_fee_pmpm * member_months


def fee_of_act(acts: Count, dollars_per_act: UsdPerPerson) -> Usd:
    """Dollars for each act.

    Source: p4v design, nine contracts: visit after discharge 35.00 each.

    >>> fee_of_act(Fraction(40), Fraction(35))
    Fraction(1400, 1)
    """
    return acts * dollars_per_act


def fee_at_panel_size(panel_size: Count, fee_by_panel_size: TableOf) -> UsdPmpm:
    """The fee of the last row that the panel reaches.

    Source: p4v design, terms of fees: tiered by panel size.

    >>> sizes = Table.of_pairs([(Fraction(0), Fraction(3)), (Fraction(5_000), Fraction(9, 4))])
    >>> fee_at_panel_size(Fraction(5_000), sizes)
    Fraction(9, 4)
    """
    return step(panel_size, fee_by_panel_size)


def total_fee(parts: UsdList) -> Usd:
    """All parts of the fee; (p) -> ().

    Source: p4v design, terms of fees.

    >>> total_fee([Fraction(450), Fraction(125)])
    Fraction(575, 1)
    """
    return total(parts)


def fee_of_amount(fee_base: Usd, fee_share_of_amount: Rate) -> Usd:
    """A percentage of an amount.

    Source: p4v design, terms of fees: percentage of an amount.

    >>> fee_of_amount(Fraction(100_000), Fraction(2, 100))
    Fraction(2000, 1)
    """
    return fee_base * fee_share_of_amount


def fee_adjusted_by_quality(amount: Usd, quality_score: Rate) -> Usd:
    """The quality score's part of the fee.

    Source: p4v design, terms of fees: adjusted by quality.

    >>> fee_adjusted_by_quality(Fraction(1_000), Fraction(9, 10))
    Fraction(900, 1)
    """
    return amount * quality_score


def fee_measures_met(thresholds: FlagList, needed: int) -> Flag:
    """Whether every measure that the fee is at risk for was met; (m) -> ().

    Source: p4v design, terms of fees: 85% due if a measure is missed.

    >>> fee_measures_met([Fraction(1), Fraction(0)], 2)
    Fraction(0, 1)
    """
    return when(count_of(thresholds) >= needed, 1, 0)


def claw_back(amount: Usd, fee_at_risk: Rate, fee_measures_met: Flag) -> Usd:
    """What is clawed back of the fee.

    Source: p4v design, terms of fees: 85% due if a measure is missed.

    >>> claw_back(Fraction(1_000), Fraction(15, 100), Fraction(0))
    Fraction(150, 1)
    """
    return when(fee_measures_met == 1, 0, amount * fee_at_risk)


def fee_after_claw_back(amount: Usd, claw_back: Usd) -> Usd:
    """The fee that is due.

    Source: p4v design, terms of fees: 85% due if a measure is missed.

    >>> fee_after_claw_back(Fraction(1_000), Fraction(150))
    Fraction(850, 1)
    """
    return amount - claw_back


def care_coordination_fee(amount: Usd) -> Usd:
    """The fee of the period.

    Source: HL7 Da Vinci value-based performance reporting.

    >>> care_coordination_fee(Fraction(1_500))
    Fraction(1500, 1)
    """
    return amount


def retroactive_fee(retroactive_member_months: MemberMonths, care_coordination_fee_pmpm: UsdPmpm) -> Usd:
    """A change in membership of an earlier month, at the rate of that month.

    Source: p4v design, fifth acceptance scenario: a line of its own, never an edit.

    >>> retroactive_fee(Fraction(-3), Fraction(2))
    Fraction(-6, 1)
    """
    return retroactive_member_months * care_coordination_fee_pmpm


def retroactive_fee_in_reach(retroactive_fee: Usd, months_back: Count, look_back_months: Count) -> Usd:
    """What of it is settled: nothing beyond the look-back.

    Source: p4v design, practice of settlement: beyond the look-back a line at 0.00 with a memo amount.

    >>> retroactive_fee_in_reach(Fraction(-10), Fraction(7), Fraction(6))
    Fraction(0, 1)
    """
    return when(months_back <= look_back_months, retroactive_fee, 0)


def fee_recovered(recovered_member_months: MemberMonths, care_coordination_fee_pmpm: UsdPmpm) -> Usd:
    """What comes off the fee for member months for which none is due.

    Source: p4v design, fifth acceptance scenario: 3 months after death at 2.00 are -6.

    >>> fee_recovered(Fraction(3), Fraction(2))
    Fraction(-6, 1)
    """
    return 0 - recovered_member_months * care_coordination_fee_pmpm


def fee_not_recovered(unrecovered_member_months: MemberMonths, care_coordination_fee_pmpm: UsdPmpm) -> Usd:
    """A memo: the fee of member months that lie beyond the look-back, which stays paid.

    Source: p4v design, fifth acceptance scenario: 5 months beyond the look-back at 2.00, memo 10.00.

    >>> fee_not_recovered(Fraction(5), Fraction(2))
    Fraction(10, 1)
    """
    return unrecovered_member_months * care_coordination_fee_pmpm


def capitation(capitation_pmpm: UsdPmpm, member_months: MemberMonths) -> Usd:
    """A fixed amount per member per month.

    Source: Understanding Healthcare Financial Management, end-of-chapter problem: 20 PMPM for 600 patients.

    >>> capitation(Fraction(20), Fraction(7_200))
    Fraction(144000, 1)
    """
    return capitation_pmpm * member_months
