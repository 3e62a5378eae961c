"""A blend of any two budgets, each per member month."""

from p4v.primitives import ratio
from p4v.units import MemberMonths, Rate, Usd, UsdPmpm


def own_budget(revenue: Usd, loss_ratio_target: Rate) -> Usd:
    """The medical loss ratio target of revenue, as one of two budgets.

    Source: HL7 Da Vinci value-based performance reporting: target is revenue x 85%.

    >>> own_budget(Fraction(1_200_000), Fraction(85, 100))
    Fraction(1020000, 1)
    """
    return revenue * loss_ratio_target


def own_budget_pmpm(own_budget: Usd, member_months: MemberMonths) -> UsdPmpm:
    """A budget in dollars per member month.

    Source: p4v design, terms of a benchmark: a blend of any two.

    >>> own_budget_pmpm(Fraction(1_020_000), Fraction(2_000))
    Fraction(510, 1)
    """
    return ratio(own_budget, member_months, 0)


def other_budget(revenue: Usd, other_loss_ratio_target: Rate) -> Usd:
    """The medical loss ratio target of revenue, as the other of two budgets.

    Source: HL7 Da Vinci value-based performance reporting: target is revenue x 85%.

    >>> other_budget(Fraction(1_000_000), Fraction(85, 100))
    Fraction(850000, 1)
    """
    return revenue * other_loss_ratio_target


def other_budget_pmpm(other_budget: Usd, member_months: MemberMonths) -> UsdPmpm:
    """The other budget in dollars per member month.

    Source: p4v design, terms of a benchmark: a blend of any two.

    >>> other_budget_pmpm(Fraction(850_000), Fraction(2_000))
    Fraction(425, 1)
    """
    return ratio(other_budget, member_months, 0)


def blended_pmpm(pmpm: UsdPmpm, other_budget_pmpm: UsdPmpm, own_weight: Rate) -> UsdPmpm:
    """The two budgets by weight.

    Source: p4v design, terms of a benchmark: a blend of any two.

    >>> blended_pmpm(Fraction(400), Fraction(425), Fraction(1, 2))
    Fraction(825, 2)
    """
    return own_weight * pmpm + (1 - own_weight) * other_budget_pmpm
