"""A share of losses that better quality lowers."""

from p4v.primitives import higher_of, lower_of, when
from p4v.units import Flag, Rate


def final_loss_rate(
    maximum_sharing_rate: Rate,
    quality_score: Rate,
    quality_standard_met: Flag,
    lowest_loss_sharing_rate: Rate,
    highest_loss_sharing_rate: Rate,
) -> Rate:
    """What the quality-adjusted sharing rate leaves, within bounds; the highest where no quality standard is met.

    Source: 42 CFR 425.606(f), 425.610(f).

    >>> final_loss_rate(Fraction(75, 100), Fraction(1, 2), Fraction(1), Fraction(40, 100), Fraction(75, 100))
    Fraction(5, 8)
    """
    return when(
        quality_standard_met == 1,
        lower_of(
            higher_of(1 - maximum_sharing_rate * quality_score, lowest_loss_sharing_rate), highest_loss_sharing_rate
        ),
        highest_loss_sharing_rate,
    )
