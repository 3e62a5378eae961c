"""A fee per member and year."""

from p4v.units import MemberMonths, Usd, UsdPerPerson


def fee_amount(care_coordination_fee_per_year: UsdPerPerson, member_months: MemberMonths) -> Usd:
    """A twelfth of the yearly fee for each member month.

    Source: p4v design, terms of fees: per member per year.

    >>> fee_amount(Fraction(18), Fraction(1_200))
    Fraction(1800, 1)
    """
    return care_coordination_fee_per_year * member_months / 12
