"""What a point is worth in the score of a domain whose measures share missing weight equally."""

from p4v.units import Rate


def weight_in_score(weight_with_equal_part: Rate, effective_weight: Rate) -> Rate:
    """The measure's own weight and its equal part, at the domain's weight.

    Source: p4v's own reading of a scorecard.

    >>> weight_in_score(Fraction(3, 8), Fraction(40, 75))
    Fraction(1, 5)
    """
    return weight_with_equal_part * effective_weight
