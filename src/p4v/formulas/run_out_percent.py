"""Outstanding claims of a month: the factor is the part that is complete at its run-out."""

from p4v.primitives import ratio
from p4v.units import Factor, Usd


def outstanding_claims(incurred_expenditure: Usd, run_out_factor: Factor) -> Usd:
    """What a month's dollars will still grow by: complete dollars less those that are reported.

    Source: p4v design, practice of settlement: 96,000 at 0.96 is 100,000.00, so 4,000 are outstanding.

    >>> outstanding_claims(Fraction(96_000), Fraction(96, 100))
    Fraction(4000, 1)
    """
    return ratio(incurred_expenditure, run_out_factor, 0) - incurred_expenditure
