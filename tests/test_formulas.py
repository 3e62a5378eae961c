"""Formulas that no table of this release reaches through its figures, called with fractions; worked by hand."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from p4v.expressions import expression_text
from p4v.formulas import benchmark, losses, losses_by_revenue, quality, savings, waterfall
from p4v.worksheet import formula_expression

F = Fraction
LIMITS = {"loss_limit_by_benchmark": F(4_000_000), "loss_limit_by_revenue": F(1_600_000)}

CALLS: list[tuple[Callable[..., Any], dict[str, Any], Fraction]] = [
    (benchmark.benchmark, {"benchmark_pmpm": F("431.25"), "member_months": F(120_000)}, F(51_750_000)),
    (losses.loss_limit_by_revenue, {"revenue": F(20_000_000), "loss_limit_of_revenue": F("0.08")}, F(1_600_000)),
    (losses_by_revenue.limited_losses, {"amount": F(3_000_000)} | LIMITS, F(1_600_000)),
    (losses_by_revenue.limited_losses, {"amount": F(1_600_000) - F("0.01")} | LIMITS, F("1599999.99")),
    (losses_by_revenue.limited_losses, {"amount": F(9), "loss_limit_by_benchmark": F(5), "loss_limit_by_revenue": F(6)}, F(5)),
    (waterfall.rounding_change, {"earned": F(10), "changes": [F(12), F("-1.25")]}, F("-0.75")),
    (savings.savings_rate, {"gross_savings": F(5), "benchmark": F(0)}, F(0)),
    (savings.savings_rate, {"gross_savings": F(5), "benchmark": F(8)}, F("0.625")),
    # A benchmark below zero never settles; the formulas still pay nothing on a loss and owe nothing on savings.
    (savings.qualified_savings, {"gross_savings": F(-1), "benchmark": F(-100), "minimum_savings_rate": F("0.02")}, F(0)),
    (losses.qualified_losses, {"gross_savings": F(1), "benchmark": F(-100), "minimum_loss_rate": F("-0.02")}, F(0)),
    (quality.total_performance_score, {"domain_scores": [F(0)], "domain_weights": [F(1)], "domains_scored": [F(0)]}, F(0)),
    (savings.generated_savings, {"gross_savings": F(625_000), "benchmark": F(62_500_000), "minimum_savings_rate": F("0.01")},
     F(625_000)),
    (savings.generated_savings, {"gross_savings": F("624999.99"), "benchmark": F(62_500_000), "minimum_savings_rate": F("0.01")},
     F(0)),
]  # fmt: skip

EXPRESSIONS = [
    (benchmark.benchmark, (), "benchmark_pmpm * member_months"),
    (losses.loss_limit_by_revenue, (), "loss_limit_of_revenue * revenue"),
    (losses_by_revenue.limited_losses, (), "lower_of(amount, loss_limit_by_benchmark, loss_limit_by_revenue)"),
    (waterfall.rounding_change, (), "earned - total(changes)"),
    (waterfall.waterfall, (("i", 2),), "footed(earned, changes, 2)"),
    (losses.losses_after_disaster, (), "higher_of(amount * (1 - relieved_share_of_losses) - disaster_adjustment, 0)"),
]


@pytest.mark.parametrize("formula, figures, expected", CALLS)
def test_figures(formula: Callable[..., Any], figures: dict[str, Any], expected: Fraction) -> None:
    assert formula(**figures) == expected


@pytest.mark.parametrize("formula, constants, text", EXPRESSIONS, ids=[text for _, _, text in EXPRESSIONS])
def test_expressions(formula: Callable[..., Any], constants: Any, text: str) -> None:
    assert expression_text(formula_expression(formula, constants)) == text
