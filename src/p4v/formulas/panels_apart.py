"""Groups whose own panel is large enough, settled apart: one that is not counts for nothing here."""

from p4v.primitives import count_of, when
from p4v.units import Count, Flag, FlagList, Test, Usd


def panel_large_enough(panel_size: Count, smallest_panel: Count) -> Test:
    """Whether a group's own panel reaches the smallest one.

    Source: p4v design, terms of member months: minimum panel size, and what happens below it.

    >>> panel_large_enough(Fraction(4_999), Fraction(5_000))
    False
    """
    return panel_size >= smallest_panel


def all_panels_large_enough(panels: FlagList, groups: int) -> Test:
    """Whether the panel of every group is large enough; (g) -> ().

    Source: p4v design, terms of member months: minimum panel size, and what happens below it.

    >>> all_panels_large_enough([Fraction(1), Fraction(0)], 2)
    False
    """
    return count_of(panels) >= groups


def benchmark(benchmark: Usd, settled_apart: Flag) -> Usd:
    """The benchmark of a group that is settled apart; of one in the pool nothing.

    Source: p4v design, terms of member months: minimum panel size, and what happens below it.

    >>> benchmark(Fraction(29_601_600), Fraction(0))
    Fraction(0, 1)
    """
    return when(settled_apart == 1, benchmark, 0)


def expenditure(expenditure: Usd, settled_apart: Flag) -> Usd:
    """The expenditure of a group that is settled apart; of one in the pool nothing.

    Source: p4v design, terms of member months: minimum panel size, and what happens below it.

    >>> expenditure(Fraction(28_710_000), Fraction(1))
    Fraction(28710000, 1)
    """
    return when(settled_apart == 1, expenditure, 0)
