"""The gate of a count of thresholds met."""

from p4v.primitives import count_of
from p4v.units import Count, FlagList, Test


def thresholds_met(thresholds: FlagList) -> Count:
    """How many thresholds were met; (m) -> ().

    Source: JAMA Intern Med 2015;175(8):1362, appendix table B2: a count of thresholds.

    >>> thresholds_met([Fraction(1), Fraction(0), Fraction(1)])
    Fraction(2, 1)
    """
    return count_of(thresholds)


def gate_met(thresholds_met: Count, minimum_thresholds_met: Count) -> Test:
    """Whether enough thresholds were met.

    Source: JAMA Intern Med 2015;175(8):1362, appendix table B2.

    >>> gate_met(Fraction(9), Fraction(9))
    True
    """
    return thresholds_met >= minimum_thresholds_met


def gate_distance(thresholds_met: Count, minimum_thresholds_met: Count) -> Count:
    """Thresholds more than needed; negative is what was missing.

    Source: p4v's own reading of a gate.

    >>> gate_distance(Fraction(8), Fraction(9))
    Fraction(-1, 1)
    """
    return thresholds_met - minimum_thresholds_met
