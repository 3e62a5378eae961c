"""A risk corridor: one path for savings and losses, shared by marginal bands of the benchmark."""

from collections.abc import Callable, Mapping
from typing import Any

from p4v.contract.blocks.medicare import Corridor, SettledRounding
from p4v.contract.terms import Terms
from p4v.figures import Figures
from p4v.formulas import benchmark_with_equity, corridor, savings, waterfall
from p4v.programs.steps import GROSS, Bar, term_line, write_waterfall
from p4v.units import Unit
from p4v.worksheet import Line, Worksheet

_ADJUSTED = ("final_benchmark", "health_equity_adjustment_up", "health_equity_adjustment_down")


def settle(sheet: Worksheet, terms: Terms, figures: Figures) -> None:
    """Writes the lines of one settlement, from the benchmark to what is earned, and the waterfall."""
    clause = terms.source("benchmark", "clause").clause
    adjusted: dict[str, Any] = {name: figures.line(sheet, name) for name in _ADJUSTED}
    against = sheet.compute(benchmark_with_equity.benchmark, clause=clause, **adjusted)
    spent = figures.line(sheet, "expenditure")
    amount = gross = sheet.compute(savings.gross_savings, clause=clause, benchmark=against, expenditure=spent)
    sheet.compute(savings.savings_rate, clause=clause, gross_savings=gross, benchmark=against)
    bars = [Bar(GROSS, gross, clause)]
    for step in terms.order:
        before, amount = amount, STEPS[step](sheet, terms, amount)
        change = sheet.compute(waterfall.savings_change, key=step, clause=amount.clause, before=before, after=amount)
        bars.append(Bar(step, change, amount.clause))
    rounding = terms.need("rounding", SettledRounding).earned.rounding()
    source = terms.source("rounding", "clause")
    earned = sheet.settle(savings.earned, clause=source.clause, rounding=rounding, amount=amount)
    write_waterfall(sheet, earned, bars)


def share(sheet: Worksheet, terms: Terms, amount: Line) -> Line:
    """The share of each band."""
    source = terms.source("corridor", "bands")
    table = sheet.term("corridor", terms.need("corridor", Corridor).table(), Unit.TABLE, source)
    return sheet.compute(
        corridor.shared_savings, clause=source.clause,
        gross_savings=amount, benchmark=sheet["benchmark"], corridor=table,
    )  # fmt: skip


def final_multiplier(sheet: Worksheet, terms: Terms, amount: Line) -> Line:
    """Sequestration of savings."""
    multiplier = term_line(sheet, terms, "final_multiplier", "savings")
    clause = terms.source("final_multiplier", "clause").clause
    return sheet.compute(
        corridor.shared_savings_after_sequestration, clause=clause, amount=amount, final_multiplier=multiplier
    )


STEPS: Mapping[str, Callable[[Worksheet, Terms, Line], Line]] = {"share": share, "final_multiplier": final_multiplier}
"""The savings steps of this kind of program, by the names that a contract's order uses."""
