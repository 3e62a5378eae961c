"""The next period's care coordination fee, from this period's results."""

from p4v.primitives import higher_of, lower_of, when
from p4v.units import Flag, MemberMonths, Rate, Usd, UsdPmpm


def decrease_pmpm(benchmark_pmpm: UsdPmpm, expenditure_pmpm: UsdPmpm) -> UsdPmpm:
    """The decrease per member per month against the benchmark; negative is an increase.

    Source: p4v design, first acceptance scenario: 422.40 less 418.23 is 4.17.

    >>> decrease_pmpm(Fraction(42240, 100), Fraction(41823, 100))
    Fraction(417, 100)
    """
    return benchmark_pmpm - expenditure_pmpm


def decrease_that_counts(decrease_pmpm: UsdPmpm) -> UsdPmpm:
    """A cost above the benchmark leaves the fee as it is.

    Source: HealthLeaders Media, 8 July 2013: the fee rises by a part of the decrease.

    >>> decrease_that_counts(Fraction(-1))
    Fraction(0, 1)
    """
    return higher_of(decrease_pmpm, 0)


def fee_change_pmpm(decrease_pmpm: UsdPmpm, share_of_decrease: Rate) -> UsdPmpm:
    """The share of the decrease.

    Source: HealthLeaders Media, 8 July 2013: half of 4.00 is 2.00.

    >>> fee_change_pmpm(Fraction(4), Fraction(1, 2))
    Fraction(2, 1)
    """
    return decrease_pmpm * share_of_decrease


def fee_change_past_gate(fee_change_pmpm: UsdPmpm, gate_met: Flag) -> UsdPmpm:
    """No increase where quality fell; a decrease stays, since worse quality cannot save a group from it.

    Source: HealthLeaders Media, 8 July 2013: quality must be maintained or improved.

    >>> fee_change_past_gate(Fraction(2), Fraction(0)), fee_change_past_gate(Fraction(-2), Fraction(0))
    (Fraction(0, 1), Fraction(-2, 1))
    """
    return when(gate_met == 1, fee_change_pmpm, lower_of(fee_change_pmpm, 0))


def fee_change_not_earned(fee_change_pmpm: UsdPmpm, gate_met: Flag) -> UsdPmpm:
    """What the gate stopped, per member per month.

    Source: p4v design, terms of quality: a failed gate is a line of its own.

    >>> fee_change_not_earned(Fraction(2), Fraction(0))
    Fraction(2, 1)
    """
    return when(gate_met == 1, 0, higher_of(fee_change_pmpm, 0))


def next_fee_pmpm(care_coordination_fee_pmpm: UsdPmpm, fee_change_pmpm: UsdPmpm) -> UsdPmpm:
    """The fee of this period and the change.

    Source: HealthLeaders Media, 8 July 2013: 1.50 becomes 3.50.

    >>> next_fee_pmpm(Fraction(3, 2), Fraction(2))
    Fraction(7, 2)
    """
    return care_coordination_fee_pmpm + fee_change_pmpm


def fee_with_floor(amount: UsdPmpm, fee_floor: UsdPmpm) -> UsdPmpm:
    """Never less than the floor.

    Source: p4v design, nine contracts: floor 1.50.

    >>> fee_with_floor(Fraction(1), Fraction(3, 2))
    Fraction(3, 2)
    """
    return higher_of(amount, fee_floor)


def fee_with_ceiling(amount: UsdPmpm, fee_ceiling: UsdPmpm) -> UsdPmpm:
    """Never more than the ceiling.

    Source: p4v design, nine contracts: ceiling 5.00.

    >>> fee_with_ceiling(Fraction(6), Fraction(5))
    Fraction(5, 1)
    """
    return lower_of(amount, fee_ceiling)


def next_care_coordination_fee(amount: UsdPmpm) -> UsdPmpm:
    """The fee of the next period, per member per month.

    Source: HealthLeaders Media, 8 July 2013.

    >>> next_care_coordination_fee(Fraction(7, 2))
    Fraction(7, 2)
    """
    return amount


def fee_reset_true_up(
    next_care_coordination_fee: UsdPmpm, care_coordination_fee_pmpm: UsdPmpm, fee_reset_member_months: MemberMonths
) -> Usd:
    """The difference for the months since the new fee began.

    Source: p4v design, first acceptance scenario: 2.09 x 102,000 is 213,180.00.

    >>> fee_reset_true_up(Fraction(359, 100), Fraction(150, 100), Fraction(102_000))
    Fraction(213180, 1)
    """
    return (next_care_coordination_fee - care_coordination_fee_pmpm) * fee_reset_member_months
