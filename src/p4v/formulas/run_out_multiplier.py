"""Outstanding claims of a month: the factor multiplies."""

from p4v.units import Factor, Usd


def outstanding_claims(incurred_expenditure: Usd, run_out_factor: Factor) -> Usd:
    """What a month's dollars will still grow by: dollars x the factor less those that are reported.

    Source: p4v design, practice of settlement: 96,000 at 0.96 is 92,160.00 under this convention, 3,840 less.

    >>> outstanding_claims(Fraction(96_000), Fraction(96, 100))
    Fraction(-3840, 1)
    """
    return incurred_expenditure * run_out_factor - incurred_expenditure
