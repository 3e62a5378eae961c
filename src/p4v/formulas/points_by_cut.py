"""Points by cut points."""

from p4v.primitives import higher_of, step, when
from p4v.units import Factor, Flag, Measured, Points, TableOf


def attainment_points(
    performance: Measured, better: Factor, cut_points: TableOf, first_cut: Measured, points_below: Points, scored: Flag
) -> Points:
    """The points of the last cut point reached; where lower is better both sides are negative.

    Source: p4v design, terms of quality: cut points with points.

    >>> cuts = Table.of_pairs([(Fraction(60, 100), Fraction(1)), (Fraction(80, 100), Fraction(3))])
    >>> attainment_points(Fraction(79, 100), Fraction(1), cuts, Fraction(60, 100), Fraction(0), Fraction(1))
    Fraction(1, 1)
    """
    return when(
        scored == 1,
        when(
            performance * better >= first_cut,
            step(higher_of(performance * better, first_cut), cut_points),
            points_below,
        ),
        0,
    )
