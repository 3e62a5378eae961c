"""The bars from gross savings to what is earned: what each step gave or took, in cents that foot."""

from p4v.primitives import footed, total
from p4v.units import Usd, UsdList


def savings_change(before: Usd, after: Usd) -> Usd:
    """What a step did to the savings, unrounded.

    Source: p4v's own reading of a waterfall: after less before.

    >>> savings_change(Fraction(625_000), Fraction(312_500))
    Fraction(-312500, 1)
    """
    return after - before


def losses_change(before: Usd, after: Usd) -> Usd:
    """What a step did to the losses, as the group sees it: a smaller loss is a gain.

    Source: p4v's own reading of a waterfall: before less after.

    >>> losses_change(Fraction(6_000_000), Fraction(2_400_000))
    Fraction(3600000, 1)
    """
    return before - after


def rounding_change(earned: Usd, changes: UsdList) -> Usd:
    """What rounding to more than a cent gave or took; (c) -> ().

    Source: p4v's own reading of a waterfall: a rounding to dollars is a bar of its own.

    >>> rounding_change(Fraction(10), [Fraction(12), Fraction(-5, 4)])
    Fraction(-3, 4)
    """
    return earned - total(changes)


def held_change(earned: Usd, changes: UsdList) -> Usd:
    """What a group that holds the budget has already, or has spent itself; (c) -> ().

    Source: p4v's own reading of a waterfall: what is settled is the payer's part alone.

    >>> held_change(Fraction(410_000), [Fraction(-1_000_000), Fraction(590_000)])
    Fraction(820000, 1)
    """
    return earned - total(changes)


def waterfall(earned: Usd, changes: UsdList, i: int) -> Usd:
    """Bar `i` of the changes in cents that add up to what is earned; (c) -> ().

    The changes come in the order of their names, so that a tie falls to the one that sorts first.

    Source: p4v's own convention: splits by largest remainder.

    >>> waterfall(Fraction(1), [Fraction(1, 3), Fraction(2, 3)], 1)
    Fraction(67, 100)
    """
    return footed(earned, changes, i)
