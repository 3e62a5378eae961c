"""A fee per member and year."""

from p4v.units import MemberMonths, Usd, UsdPerPerson


def fee_amount(care_coordination_fee_per_year: UsdPerPerson, member_months: MemberMonths) -> Usd:
    """A twelfth of the yearly fee for each member month.

    Source: p4v design, terms of fees: per member per year.

    >>> fee_amount(Fraction(18), Fraction(1_200))
    Fraction(1800, 1)
    """
    return care_coordination_fee_per_year * member_months / 12


def fee_recovered(recovered_member_months: MemberMonths, care_coordination_fee_per_year: UsdPerPerson) -> Usd:
    """What comes off the fee for member months for which none is due.

    Source: p4v design, fifth acceptance scenario: each exclusion is recovered under its own named line.

    >>> fee_recovered(Fraction(6), Fraction(18))
    Fraction(-9, 1)
    """
    return 0 - recovered_member_months * care_coordination_fee_per_year / 12


def fee_not_recovered(unrecovered_member_months: MemberMonths, care_coordination_fee_per_year: UsdPerPerson) -> Usd:
    """A memo: the fee of member months that lie beyond the look-back, which stays paid.

    Source: p4v design, fifth acceptance scenario: beyond the look-back a memo amount.

    >>> fee_not_recovered(Fraction(2), Fraction(18))
    Fraction(3, 1)
    """
    return unrecovered_member_months * care_coordination_fee_per_year / 12
