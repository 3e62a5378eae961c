"""A sharing rate by the number of thresholds met."""

from p4v.primitives import step
from p4v.units import Count, Rate, TableOf


def final_sharing_rate(thresholds_met: Count, sharing_rates_by_thresholds_met: TableOf) -> Rate:
    """The share of the last row that the count reaches.

    Source: JAMA Intern Med 2015;175(8):1362, appendix table B2: 50% for 14 down to nothing below 9.

    >>> ladder = Table.of_pairs([(Fraction(0), Fraction(0)), (Fraction(9), Fraction(41, 100))])
    >>> final_sharing_rate(Fraction(9), ladder)
    Fraction(41, 100)
    """
    return step(thresholds_met, sharing_rates_by_thresholds_met)
