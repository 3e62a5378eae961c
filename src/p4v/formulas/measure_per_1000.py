"""A measure of events per 1,000 members and year."""

from p4v.primitives import ratio
from p4v.units import Count, Factor, MemberMonths


def rate(events: Count, measure_member_months: MemberMonths) -> Factor:
    """Events x 12,000 over member months; events may exceed members.

    Source: p4v design, practice of settlement: 1,052 x 12,000 / 72,000 is 175.33.

    >>> rate(Fraction(1_052), Fraction(72_000))
    Fraction(526, 3)
    """
    return ratio(events * 12000, measure_member_months, 0)


def performance(events: Count, measure_member_months: MemberMonths) -> Factor:
    """The result as it is compared: 0 where there are no member months.

    Source: p4v design, practice of settlement: kind `per_1000`.

    >>> performance(Fraction(190), Fraction(12_000))
    Fraction(190, 1)
    """
    return ratio(events * 12000, measure_member_months, 0)
