"""Where a settlement stands while its lines are written: the sheet, the terms, the figures, and the steps so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from p4v.contract.blocks.base import Block, Called, RoundingRule, Strict
from p4v.contract.blocks.benchmark import Benchmark, Cell
from p4v.contract.blocks.cash import SettledRoundings
from p4v.contract.blocks.cost import Expenditure
from p4v.contract.terms import Known, Terms
from p4v.figures import Figures, Wanted
from p4v.formulas import benchmark_of_cells, members
from p4v.money import Rounding
from p4v.periods import Period
from p4v.programs.steps import Bar, term_line
from p4v.programs.vocabulary import FIGURES
from p4v.units import Table, Unit
from p4v.worksheet import Formula, Line, Worksheet

BEFORE_EXCLUSION = "member_months_before_exclusion"
"""The group's member months where those of excluded members leave."""


@dataclass(slots=True)
class Course:
    """The lines of one contract and period as they are written. `key` names a part that is settled apart."""

    sheet: Worksheet
    terms: Terms
    figures: Figures
    key: str | None = None
    bars: list[Bar] = field(default_factory=list)
    later: list[Callable[[], None]] = field(default_factory=list)
    """Lines that explain and that nothing rests on: written when the amount stands."""

    def block(self, name: str, kind: type[Known]) -> Known | None:
        """A block that the contract may have."""
        return self.terms.block(name, kind)

    def need(self, name: str, kind: type[Known]) -> Known:
        """A block that other terms make necessary."""
        return self.terms.need(name, kind)

    def has(self, name: str) -> bool:
        return self.terms.block(name, Block) is not None

    def clause(self, block: str, *path: str | int) -> str:
        """The clause of a block, or of one of its items that has its own."""
        if path:
            return self.terms.source(block, str(path[0]), *path[1:]).clause
        return self.terms.source(block, "clause").clause

    def term(self, block: str, field: str) -> Line:
        """The line of a term of a block."""
        return term_line(self.sheet, self.terms, block, field)

    def item(self, block: str, path: Sequence[str | int], model: Strict, field: str, key: str | None) -> Line:
        """The line of a term of an item in a list, or of a part of a block: named by its field and the item's key."""
        marks = list(type(model).model_fields[field].metadata)
        for inner in getattr(type(model).model_fields[field].annotation, "__args__", ()):
            marks += getattr(inner, "__metadata__", ())
        stem = next((mark.name for mark in marks if isinstance(mark, Called)), field)
        unit = next(mark for mark in marks if isinstance(mark, Unit))
        source = self.terms.source(block, str(path[0]), *path[1:], field)
        return self.sheet.term(stem if key is None else f"{stem}.{key}", getattr(model, field), unit, source)

    def named(self, name: str, value: Fraction | Table, unit: Unit, block: str, *path: str | int) -> Line:
        """The line of a term whose name or unit its contract decides."""
        return self.sheet.term(name, value, unit, self.terms.source(block, str(path[0]), *path[1:]))

    def wanted(self, name: str, block: str, optional: bool = False, unit: Unit | None = None) -> Wanted:
        """What a figure of the vocabulary must be."""
        known = FIGURES.get(name) or FIGURES[name.split(".", 1)[0]]
        most = Fraction(1) if unit is Unit.RATE else known.at_most
        label = known.label if "." not in name else None
        whole = known.whole and unit in (None, known.unit)
        return Wanted(unit or known.unit, self.clause(block), label, known.at_least, most, whole, optional)

    def given(self, name: str, block: str, unit: Unit | None = None, parts: bool = False) -> Line:
        """The line of a given figure, which the clause of a block asks for; with `parts` it need not be whole."""
        if name == "member_months" and name not in self.sheet:
            if self._cells():
                return self._months_of_cells(block)
            if self.months_leave():
                return self._months_without_excluded()
        wanted = self.wanted(name, block, unit=unit)
        return self.figures.wanted(self.sheet, name, replace(wanted, whole=wanted.whole and not parts))

    def given_of_part(self, name: str, block: str) -> Line:
        """A given figure; of a part that is settled apart the part's own, so that none counts twice."""
        if self.key is None:
            return self.given(name, block)
        _, _, key = name.partition(".")
        if key:
            self.sheet.name_key(f"{key}-{self.key}", f"{key.replace('_', ' ')}, {self.key}")
        return self.given(f"{name}-{self.key}" if key else f"{name}.{self.key}", block)

    def _cells(self) -> list[Cell]:
        against = self.block("benchmark", Benchmark)
        return (against.cells or []) if against is not None else []

    def _months_of_cells(self, block: str) -> Line:
        """The member months of all parts that have their own: one figure is never given twice."""
        parts = [self.given(f"member_months.{cell.id}", block) for cell in self._cells()]
        clause = self.clause(block)
        return self.sheet.compute(benchmark_of_cells.member_months, clause=clause, parts=parts)

    def months_leave(self) -> bool:
        """Whether the member months of those whose cost is excluded leave with their dollars."""
        cost = self.block("expenditure", Expenditure)
        return cost is not None and cost.large_claims is not None and cost.large_claims.months == "leave"

    def paid_months(self, block: str) -> Line:
        """The months of members for whom a fee is paid: who is left out of the cost is a member all the same."""
        return self.given(BEFORE_EXCLUSION if self.months_leave() and not self._cells() else "member_months", block)

    def _months_without_excluded(self) -> Line:
        """The member months that count, of those there were and those that left."""
        left = "large_claims_excluded_member_months"
        return self.sheet.compute(
            members.member_months, clause=self.clause("expenditure"),
            member_months_before_exclusion=self.given(BEFORE_EXCLUSION, "expenditure"),
            large_claims_excluded_member_months=self.given(left, "expenditure"),
        )  # fmt: skip

    def fees_of_period(self, block: str) -> Line:
        """The care coordination fees of the whole period: the settled ones, or given where a part of it is settled."""
        if self.terms.occasion.fee_period is not None:
            return self.given("coordination_fees_paid", block)
        return self.sheet["care_coordination_fee"]

    def refuse_shared_months(self, block: str, path: tuple[str | int, ...], other: Period) -> None:
        """Raises `Refusal` for a period to compare with that shares months with the one that is settled."""
        period = self.terms.period
        if other.first_day <= period.last_day and period.first_day <= other.last_day:
            found, allowed = f"months of the period settled, {period}", "months before or after it"
            raise self.terms.refused("P4V-C023", block, path, found, allowed)

    def has_figure(self, name: str, block: str) -> bool:
        """Whether an optional figure is given."""
        return self.figures.has(name, self.wanted(name, block, optional=True))

    def compute(self, formula: Formula, block: str, key: str | None = None, **inputs: Any) -> Line:
        """A computed line under the clause of a block; in a part that is settled apart, with the part's key."""
        whole = self.key if key is None else key if self.key is None else f"{key}-{self.key}"
        return self.sheet.compute(formula, clause=self.clause(block), key=whole, **inputs)

    def line(self, name: str) -> Line:
        """A line that stands already: that of this part, or the common one."""
        if self.key is not None and f"{name}.{self.key}" in self.sheet:
            return self.sheet[f"{name}.{self.key}"]
        return self.sheet[name]

    def score(self, block: str) -> Line:
        """The quality score: computed from measures, or given."""
        return self.sheet["quality_score"] if "quality_score" in self.sheet else self.given("quality_score", block)

    def thresholds_met(self, block: str) -> Line:
        """The number of thresholds met: counted, or given."""
        return self.sheet["thresholds_met"] if "thresholds_met" in self.sheet else self.given("thresholds_met", block)

    def explain(self) -> None:
        """Writes what was left for later."""
        for write in self.later:
            write()
        self.later.clear()

    def rounding(self, settled: str) -> Rounding:
        """The contract's rounding of a settled line. Raises `Refusal` where it says none."""
        rule: RoundingRule | None = getattr(self.need("rounding", SettledRoundings), settled)
        if rule is None:
            raise self.terms.lacks("rounding", settled, f"`{settled}` is settled")
        return rule.rounding()

    def settle(self, formula: Formula, settled: str, **inputs: Any) -> Line:
        """A payable amount, rounded once by the contract's rule."""
        rounding = self.rounding(settled)
        clause = self.clause("rounding", settled)
        return self.sheet.settle(formula, clause=clause, rounding=rounding, key=self.key, **inputs)
