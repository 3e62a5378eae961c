"""The gate of the smallest panel."""

from p4v.units import Count, Test


def gate_met(panel_size: Count, smallest_panel: Count) -> Test:
    """Whether the panel is large enough for a cost reward.

    Source: p4v design, terms of member months: minimum panel size.

    >>> gate_met(Fraction(5_000), Fraction(5_000))
    True
    """
    return panel_size >= smallest_panel


def gate_distance(panel_size: Count, smallest_panel: Count) -> Count:
    """Members above the smallest panel; negative is what was missing.

    Source: p4v design, terms of member months: minimum panel size.

    >>> gate_distance(Fraction(2_500), Fraction(5_000))
    Fraction(-2500, 1)
    """
    return panel_size - smallest_panel
