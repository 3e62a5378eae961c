"""A fee by the size of the panel."""

from p4v.units import MemberMonths, Usd, UsdPmpm


def fee_amount(fee_at_panel_size: UsdPmpm, member_months: MemberMonths) -> Usd:
    """The fee at the panel's size, for its member months.

    Source: p4v design, terms of fees: tiered by panel size.

    >>> fee_amount(Fraction(9, 4), Fraction(60_000))
    Fraction(135000, 1)
    """
    return fee_at_panel_size * member_months
