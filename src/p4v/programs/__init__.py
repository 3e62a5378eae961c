"""The order of lines: one module to each kind of program. No arithmetic here, and no branch on data."""

from collections.abc import Callable, Mapping

from p4v.contract.terms import Terms
from p4v.figures import Figures
from p4v.programs import medicare_shared_savings, pay_for_value, quality_score, risk_corridor
from p4v.worksheet import Worksheet

PROGRAMS: Mapping[str, Callable[[Worksheet, Terms, Figures], None]] = {
    "pay_for_value": pay_for_value.settle,
    "medicare_shared_savings": medicare_shared_savings.settle,
    "risk_corridor": risk_corridor.settle,
    "quality_score": quality_score.settle,
}
"""Kind of program to what writes its lines."""
