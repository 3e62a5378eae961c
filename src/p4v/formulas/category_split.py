"""Savings by category, each split among parties in its own way."""

from p4v.primitives import higher_of, total
from p4v.units import Rate, Usd, UsdList


def category_savings(category_benchmark: Usd, category_expenditure: Usd) -> Usd:
    """A category's benchmark less its expenditure; negative is a loss.

    Source: p4v design, contract shapes: per-category split among parties.

    >>> category_savings(Fraction(1_000), Fraction(900))
    Fraction(100, 1)
    """
    return category_benchmark - category_expenditure


def savings_that_count(category_savings: Usd) -> Usd:
    """A category's loss counts as nothing.

    Source: p4v design, contract shapes: per-category split among parties.

    >>> savings_that_count(Fraction(-100))
    Fraction(0, 1)
    """
    return higher_of(category_savings, 0)


def party_part(amount: Usd, party_rate: Rate) -> Usd:
    """One party's share of one category.

    Source: p4v design, contract shapes: per-category split among parties.

    >>> party_part(Fraction(100), Fraction(30, 100))
    Fraction(30, 1)
    """
    return amount * party_rate


def gross_savings(categories: UsdList) -> Usd:
    """All categories; (c) -> ().

    Source: p4v design, contract shapes: per-category split among parties.

    >>> gross_savings([Fraction(100), Fraction(-40)])
    Fraction(60, 1)
    """
    return total(categories)


def party_savings(parts: UsdList) -> Usd:
    """One party's shares of all categories; (c) -> ().

    Source: p4v design, contract shapes: per-category split among parties.

    >>> party_savings([Fraction(30), Fraction(-12)])
    Fraction(18, 1)
    """
    return total(parts)
