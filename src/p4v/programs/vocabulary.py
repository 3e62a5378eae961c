"""The figures that a contract can ask for: what each is measured in, and what it may be.

A keyed figure, such as `numerator.bcs`, is that of its stem.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from p4v.units import Unit

_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Known:
    """Unit and bounds of a figure, and what it is called where its name says too little."""

    unit: Unit
    at_least: Fraction | None = _ZERO
    at_most: Fraction | None = None
    whole: bool = False
    label: str | None = None


_DOLLARS = Known(Unit.USD)
_SIGNED = Known(Unit.USD, at_least=None)
_PEOPLE = Known(Unit.COUNT, whole=True)
_MONTHS = Known(Unit.MEMBER_MONTHS)
_SHARE = Known(Unit.RATE, at_most=_ONE)
_FACTOR = Known(Unit.FACTOR)

FIGURES: Mapping[str, Known] = {
    "member_months": _MONTHS,
    "member_months_before_exclusion": _MONTHS,
    "large_claims_excluded_member_months": _MONTHS,
    "baseline_member_months_before_exclusion": _MONTHS,
    "baseline_large_claims_excluded_member_months": _MONTHS,
    "fee_member_months": _MONTHS,
    "capitation_member_months": _MONTHS,
    "recovered_member_months": _MONTHS,
    "unrecovered_member_months": _MONTHS,
    "mix_member_months": _MONTHS,
    "market_member_months": _MONTHS,
    "market_base_member_months": _MONTHS,
    "regional_member_months": _MONTHS,
    "risk_points": _MONTHS,
    "baseline_risk_points": _MONTHS,
    "market_risk_points": _MONTHS,
    "market_base_risk_points": _MONTHS,
    "retroactive_member_months": Known(Unit.MEMBER_MONTHS, at_least=None),
    "fee_reset_member_months": _MONTHS,
    "baseline_member_months": _MONTHS,
    "participant_member_months": _MONTHS,
    "stratum_member_months": _MONTHS,
    "stratum_revenue": _DOLLARS,
    "stratum_benchmark": _DOLLARS,
    "stratum_expenditure": _SIGNED,
    "panel_size": Known(Unit.COUNT, whole=True, label="Panel size (members)"),
    "benchmark": _DOLLARS,
    "own_budget": _DOLLARS,
    "other_budget": _DOLLARS,
    "baseline_pmpm": Known(Unit.USD_PMPM),
    "baseline_expenditure": _DOLLARS,
    "baseline_reported_expenditure": _SIGNED,
    "baseline_large_claims_excess": _DOLLARS,
    "baseline_large_claims_excluded": _DOLLARS,
    "market_large_claims_excess": _DOLLARS,
    "market_base_large_claims_excess": _DOLLARS,
    "regional_large_claims_excess": _DOLLARS,
    "market_expenditure": _SIGNED,
    "market_base_expenditure": _SIGNED,
    "regional_expenditure": _SIGNED,
    "market_trend": _FACTOR,
    "prior_savings_pmpm": Known(Unit.USD_PMPM, at_least=None),
    "risk_ratio": _FACTOR,
    "revenue": _DOLLARS,
    "expenditure": _SIGNED,
    "reported_expenditure": _SIGNED,
    "product_expenditure": _SIGNED,
    "baseline_product_expenditure": _SIGNED,
    "truncation_point": _DOLLARS,
    "incurred_expenditure": _SIGNED,
    "large_claims_excess": _DOLLARS,
    "large_claims_excluded": _DOLLARS,
    "late_claims": _SIGNED,
    "waived_rows": _PEOPLE,
    "waived_dollars": _SIGNED,
    "adjustment": _SIGNED,
    "category_benchmark": _DOLLARS,
    "category_expenditure": _SIGNED,
    "prior_expenditure_pmpm": Known(Unit.USD_PMPM),
    "decrease_pmpm": Known(Unit.USD_PMPM, at_least=None),
    "fee_base": _DOLLARS,
    "acts": _PEOPLE,
    "coordination_fees_paid": _DOLLARS,
    "prior_deficit": _DOLLARS,
    "disaster_adjustment": _DOLLARS,
    "quality_score": _SHARE,
    "prior_quality_score": _SHARE,
    "thresholds_met": _PEOPLE,
    "numerator": Known(Unit.COUNT, whole=True),
    "denominator": Known(Unit.COUNT, whole=True),
    "expected": Known(Unit.COUNT),
    "score": Known(Unit.RATE),
    "prior_rate": Known(Unit.RATE),
    "market_rate": Known(Unit.RATE),
    "gaps_closed": _PEOPLE,
    "quality_pool": _DOLLARS,
    "challenge_pool": _DOLLARS,
    "challenge_points_of_all_groups": Known(Unit.MEMBER_MONTHS),
    "carried_uplift": _SHARE,
    "withheld": _DOLLARS,
    "unadjusted_benchmark": _DOLLARS,
    "other_amount": _SIGNED,
    "carried_payment": _SIGNED,
    "days_late": _PEOPLE,
    "paid": Known(Unit.USD, at_least=None, label="Already paid"),
    "paid_by": _SIGNED,
    "participant_quality": Known(Unit.POINTS),
    "participant_contribution": _DOLLARS,
}
"""Name, or stem of a keyed name, to what it is."""
