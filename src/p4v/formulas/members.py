"""Member months without those of members whose cost is excluded."""

from p4v.units import MemberMonths


def member_months(
    member_months_before_exclusion: MemberMonths, large_claims_excluded_member_months: MemberMonths
) -> MemberMonths:
    """The member months that count: those of excluded members leave with their dollars.

    Source: p4v design, practice of settlement: a member of 12 months out of 12,000 leaves 11,988.

    >>> member_months(Fraction(12_000), Fraction(12))
    Fraction(11988, 1)
    """
    return member_months_before_exclusion - large_claims_excluded_member_months


def baseline_member_months(
    baseline_member_months_before_exclusion: MemberMonths, baseline_large_claims_excluded_member_months: MemberMonths
) -> MemberMonths:
    """The same for a baseline year.

    Source: p4v design, practice of settlement: exclusions are symmetric.

    >>> baseline_member_months(Fraction(12_000), Fraction(24))
    Fraction(11976, 1)
    """
    return baseline_member_months_before_exclusion - baseline_large_claims_excluded_member_months
