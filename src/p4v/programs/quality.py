"""Quality: each measure's result and points, the score, and the gates that rest on them."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from p4v.contract.blocks.quality import DigitsRule, Improvement, Measure, Quality, QualityGate
from p4v.contract.values import Level
from p4v.formulas import (
    gate_count,
    gate_must_pass,
    gate_no_decline,
    gate_quality,
    gates,
    improvement_closed,
    improvement_gap,
    improvement_met,
    improvement_rounded,
    measure_per_1000,
    measure_rate,
    measure_ratio,
    measure_rounded,
    measure_score,
    points,
    points_alone,
    points_by_cut,
    points_credited,
    points_if_met,
    score,
    score_equal,
    score_of_domains,
    scored,
    scored_at_all,
)
from p4v.programs.course import Course
from p4v.units import Unit
from p4v.worksheet import Line

BLOCK = "quality"
PERCENT_PLACES = 2
"""A share of one percent has two places more than its percent."""


@dataclass(slots=True)
class Scored:
    """The lines of one measure that others rest on; `met` where it has a threshold."""

    measure: Measure
    weight: Line
    flag: Line
    performance: Line | None
    points: Line
    maximum: Line
    bonus: Line | None = None
    met: Line | None = None


def write_quality(course: Course) -> list[Scored]:
    """The lines of all measures and of the score. Measures that are only reported give no points."""
    block = course.block(BLOCK, Quality)
    if block is None:
        return []
    if block.score == "given":
        course.given("quality_score", BLOCK)
        return []
    measures = [_Writer(course, block, place, measure).write() for place, measure in enumerate(block.measures or [])]
    counted = [measure for measure in measures if measure is not None]
    met = [measure.met for measure in counted if measure.met is not None]
    gate = course.block("quality_gate", QualityGate)
    if met and not (gate is not None and gate.thresholds_given):
        course.compute(gate_count.thresholds_met, BLOCK, thresholds=met)
    if block.score == "from_measures":
        _score(course, block, counted)
    return counted


@dataclass(slots=True)
class _Writer:
    """Writes the lines of one measure."""

    course: Course
    block: Quality
    place: int
    measure: Measure

    def write(self) -> Scored | None:
        measure, course = self.measure, self.course
        if measure.name is not None:
            course.sheet.name_key(measure.id, measure.name)
        if measure.treatment == "full_credit":
            full = self.full_points()
            return Scored(
                measure, self.weight(), self.stated_flag(1), None,
                self.compute(points_credited.points, full_points=full),
                self.compute(points_credited.maximum_points, full_points=full),
                met=self.stated("threshold_met", Fraction(1), Unit.FLAG, "treatment"),
            )  # fmt: skip
        flag, performance = self.result()
        if measure.treatment == "reported_only":
            return None
        self.better()
        met = self.threshold_met(performance, flag) if measure.cut_points is None else None
        full = self.full_points()
        attained = self.attainment(performance, flag, met, full)
        found = Scored(
            measure, self.weight(), flag, performance, attained,
            self.compute(points.maximum_points, full_points=full, scored=flag), met=met,
        )  # fmt: skip
        improves = measure.improvement is not None and measure.treatment != "dropped"
        return self.improved(found) if improves else self.alone(found)

    def alone(self, found: Scored) -> Scored:
        found.points = self.compute(points_alone.points, attainment_points=found.points)
        return found

    def compute(self, formula: Any, **inputs: Any) -> Line:
        return self.course.compute(formula, BLOCK, self.measure.id, **inputs)

    def stated(self, name: str, value: Fraction, unit: Unit, field: str) -> Line:
        return self.course.named(f"{name}.{self.measure.id}", value, unit, BLOCK, "measures", self.place, field)

    def level(self, name: str, level: Level | None) -> Line:
        assert level is not None
        return self.stated(name, level.value, self.measure.unit(), name)

    def stated_flag(self, value: int) -> Line:
        return self.stated("scored", Fraction(value), Unit.FLAG, "treatment")

    def better(self) -> Line:
        sign = 1 if self.measure.better == "higher" else -1
        return self.stated("better", Fraction(sign), Unit.FACTOR, "better")

    def weight(self) -> Line:
        if self.measure.weight is not None:
            return self.stated("weight", self.measure.weight, Unit.RATE, "weight")
        alike = [
            other for other in self.block.measures or []
            if other.treatment != "reported_only" and other.domain == self.measure.domain
        ]  # fmt: skip
        name = f"weight.{self.measure.id}"
        return self.course.named(name, Fraction(1, len(alike)), Unit.RATE, BLOCK, "weights")

    def full_points(self) -> Line:
        measure = self.measure
        most = max((cut.points for cut in measure.cut_points or []), default=Fraction(1))
        stated = most if measure.full_points is None else measure.full_points
        return self.stated("full_points", stated, Unit.POINTS, "full_points")

    def result(self) -> tuple[Line, Line]:
        """The flag whether the measure is scored, and its result as it is compared."""
        kind = self.measure.kind
        writers = {"rate": self.of_members, "per_1000": self.per_1000, "score": self.of_score, "ratio": self.of_ratio}
        formulas, inputs, size = writers[kind]()
        flag = self.flag(size)
        self.compute(formulas.rate, scored_if=flag, **inputs)
        performance = self.compute(formulas.performance, **inputs)
        rounding = self.block.rate_rounding
        if rounding is not None:
            places = places_of(rounding, self.measure.unit())
            performance = self.compute(
                measure_rounded.compared, performance=performance, digits=places, rule=str(rounding.rule)
            )
        return flag, performance

    def of_members(self) -> tuple[Any, dict[str, Line], Line | None]:
        denominator = self.course.given(f"denominator.{self.measure.id}", BLOCK)
        numerator = self.course.given(f"numerator.{self.measure.id}", BLOCK)
        return measure_rate, {"numerator": numerator, "denominator": denominator}, denominator

    def per_1000(self) -> tuple[Any, dict[str, Line], Line | None]:
        months = self.course.given(f"denominator.{self.measure.id}", BLOCK, Unit.MEMBER_MONTHS)
        events = self.course.given(f"numerator.{self.measure.id}", BLOCK, parts=True)
        return measure_per_1000, {"events": events, "measure_member_months": months}, months

    def of_ratio(self) -> tuple[Any, dict[str, Line], Line | None]:
        observed = self.course.given(f"numerator.{self.measure.id}", BLOCK, parts=True)
        expected = self.course.given(f"expected.{self.measure.id}", BLOCK)
        return measure_ratio, {"observed": observed, "expected": expected}, expected

    def of_score(self) -> tuple[Any, dict[str, Line], Line | None]:
        given = self.course.given(f"score.{self.measure.id}", BLOCK, self.measure.unit())
        size = None
        if self.measure.minimum_denominator is not None:
            size = self.course.given(f"denominator.{self.measure.id}", BLOCK)
        return measure_score, {"score": given}, size

    def flag(self, size: Line | None) -> Line:
        if self.measure.treatment == "dropped":
            return self.stated_flag(0)
        if size is None:
            return self.stated("scored", Fraction(1), Unit.FLAG, "kind")
        if self.measure.minimum_denominator is None:
            return self.compute(scored_at_all.scored, denominator=size)
        least = self.stated("minimum_denominator", self.measure.minimum_denominator, size.unit, "minimum_denominator")
        return self.compute(scored.scored, denominator=size, minimum_denominator=least)

    def threshold(self) -> Line:
        if self.measure.threshold_from == "market":
            return self.course.given(f"market_rate.{self.measure.id}", BLOCK, self.measure.unit())
        return self.level("threshold", self.measure.threshold)

    def threshold_met(self, performance: Line, flag: Line) -> Line | None:
        if self.measure.threshold is None and self.measure.threshold_from is None:
            return None
        return self.compute(
            points.threshold_met, performance=performance, threshold=self.threshold(), better=self.better(), scored=flag
        )

    def attainment(self, performance: Line, flag: Line, met: Line | None, full: Line) -> Line:
        measure = self.measure
        if measure.treatment == "dropped":
            return self.compute(points_if_met.attainment_points, threshold_met=flag, full_points=full)
        if measure.cut_points is not None:
            table = measure.cuts()
            assert measure.points_below is not None
            return self.compute(
                points_by_cut.attainment_points, performance=performance, better=self.better(), scored=flag,
                cut_points=self.course.named(
                    f"cut_points.{measure.id}", table, Unit.TABLE, BLOCK, "measures", self.place, "cut_points"
                ),
                first_cut=self.stated("first_cut", table.xs[0], measure.unit(), "cut_points"),
                points_below=self.stated("points_below", measure.points_below, Unit.POINTS, "points_below"),
            )  # fmt: skip
        if measure.target is None:
            assert met is not None
            return self.compute(points_if_met.attainment_points, threshold_met=met, full_points=full)
        target = self.level("target", measure.target)
        return self.compute(
            points.attainment_points, performance=performance, threshold=self.threshold(), target=target,
            full_points=full, scored=flag,
        )  # fmt: skip

    def improved(self, found: Scored) -> Scored:
        rule = self.measure.improvement
        assert rule is not None
        assert found.performance is not None
        prior = self.course.given(f"prior_rate.{self.measure.id}", BLOCK, self.measure.unit())
        earned = self.improvement_points(rule, found.performance, prior, found.flag)
        if rule.counts == "bonus":
            found.bonus = earned
            return self.alone(found)
        found.points = self.compute(points.points, attainment_points=found.points, improvement_points=earned)
        return found

    def of_improvement(self, rule: Improvement, field: str, name: str, unit: Unit) -> Line:
        path = ("measures", self.place, "improvement", field)
        value = getattr(rule, field)
        return self.course.named(
            f"{name}.{self.measure.id}", value.value if isinstance(value, Level) else value, unit, BLOCK, *path
        )

    def improvement_points(self, rule: Improvement, performance: Line, prior: Line, flag: Line) -> Line:
        better, most = self.better(), self.of_improvement(rule, "points", "improvement_points_if_met", Unit.POINTS)
        if rule.form == "gap_closed":
            return self.compute(
                improvement_closed.improvement_points, performance=performance, prior_rate=prior,
                target=self.level("target", self.measure.target), better=better,
                improvement_points_if_met=most, scored=flag,
            )  # fmt: skip
        change = self.compute(points.improvement, performance=performance, prior_rate=prior, better=better)
        wanted = self.improvement_wanted(rule, prior, better)
        if rule.change_rounding is not None:
            digits = places_of(rule.change_rounding, self.measure.unit())
            how: dict[str, Any] = {"digits": digits, "rule": str(rule.change_rounding.rule)}
            change = self.compute(points.rounded_improvement, improvement=change, **how)
            wanted = self.compute(improvement_rounded.rounded_improvement_wanted, improvement_wanted=wanted, **how)
        return self.compute(
            improvement_met.improvement_points, improvement=change, improvement_wanted=wanted,
            improvement_points_if_met=most, scored=flag,
        )  # fmt: skip

    def improvement_wanted(self, rule: Improvement, prior: Line, better: Line) -> Line:
        if rule.form == "fixed":
            return self.of_improvement(rule, "by", "improvement_wanted", self.measure.unit())
        share = self.of_improvement(rule, "share", "improvement_share", Unit.RATE)
        target = self.level("target", self.measure.target)
        if rule.form == "share_of_gap":
            return self.compute(
                improvement_gap.improvement_wanted,
                target=target, prior_rate=prior, better=better, improvement_share=share,
            )  # fmt: skip
        return self.compute(
            improvement_met.improvement_wanted,
            target=target, threshold=self.threshold(), better=better, improvement_share=share,
        )  # fmt: skip


def places_of(rounding: DigitsRule, unit: Unit) -> int:
    """Decimal places of the exact number: digits of a percent are two places further."""
    return rounding.digits + (PERCENT_PLACES if unit is Unit.RATE else 0)


def _score(course: Course, block: Quality, counted: list[Scored]) -> None:
    whole = block.domains is None
    amount = _points(course, block, counted, None) if whole else _over_domains(course, block, counted)
    if block.score_rounding is not None:
        amount = course.compute(
            score.rounded_quality_points, BLOCK, quality_points=amount,
            digits=places_of(block.score_rounding, Unit.RATE), rule=str(block.score_rounding.rule),
        )  # fmt: skip
    course.compute(score.quality_score, BLOCK, quality_points=amount)


def _points(course: Course, block: Quality, counted: list[Scored], key: str | None) -> Line:
    """The score of some measures, before it is capped and rounded."""
    weights = [measure.weight for measure in counted]
    maxima = [measure.maximum for measure in counted]
    if block.unscored == "weight_shared_equally":
        parts = [
            course.compute(
                score_equal.attained, BLOCK, measure.measure.id, points=measure.points,
                full_points=course.sheet[f"full_points.{measure.measure.id}"],
            )
            for measure in counted
        ]  # fmt: skip
        flags = [measure.flag for measure in counted]
        amount = course.compute(
            score_equal.quality_points, BLOCK, key, attained=parts, weights=weights, measures_scored=flags
        )
    else:
        earned = [measure.points for measure in counted]
        amount = course.compute(score.quality_points, BLOCK, key, points=earned, maximum_points=maxima, weights=weights)
    extra = [measure for measure in counted if measure.bonus is not None]
    if not extra:
        return amount
    bonus = course.compute(
        score.bonus_points, BLOCK, key, bonus=[measure.bonus for measure in extra],
        bonus_weights=[measure.weight for measure in extra], maximum_points=maxima, weights=weights,
    )  # fmt: skip
    return course.compute(score.quality_points_with_bonus, BLOCK, key, quality_points=amount, bonus_points=bonus)


def _over_domains(course: Course, block: Quality, counted: list[Scored]) -> Line:
    scores, weights, flags = [], [], []
    for place, domain in enumerate(block.domains or []):
        within = [measure for measure in counted if measure.measure.domain == domain.id]
        amount = course.compute(
            score_of_domains.domain_score, BLOCK, domain.id, quality_points=_points(course, block, within, domain.id)
        )
        if domain.cap is not None:
            cap = course.item(BLOCK, ("domains", place), domain, "cap", domain.id)
            amount = course.compute(
                score_of_domains.capped_domain_score, BLOCK, domain.id, domain_score=amount, domain_cap=cap
            )
        flags.append(
            course.compute(score.any_scored, BLOCK, domain.id, measures_scored=[measure.flag for measure in within])
        )
        weights.append(course.item(BLOCK, ("domains", place), domain, "weight", domain.id))
        scores.append(amount)
    all_weights = course.compute(score_of_domains.weights_scored, BLOCK, domain_weights=weights, domains_scored=flags)
    for domain, weight, flag in zip(block.domains or [], weights, flags, strict=True):
        course.compute(
            score_of_domains.effective_weight, BLOCK, domain.id,
            domain_weight=weight, domain_scored=flag, weights_scored=all_weights,
        )  # fmt: skip
    return course.compute(
        score_of_domains.quality_points, BLOCK,
        domain_scores=scores, domain_weights=weights, domains_scored=flags,
    )  # fmt: skip


def thresholds_of(course: Course, counted: list[Scored], ids: list[str], block: str, field: str) -> list[Line]:
    """Whether each of some measures met its threshold. Raises `Refusal` where one is none of `quality`, or has none."""
    known = {measure.measure.id: measure.met for measure in counted}
    flags = [flag for id_ in ids if (flag := known.get(id_)) is not None]
    if len(flags) < len(ids):
        raise course.terms.lacks(block, field, "each of its measures is one of `quality` with a threshold")
    return flags


def write_quality_gate(course: Course, counted: list[Scored]) -> None:
    """Each gate of quality with its distance, and whether all of them were met."""
    block = course.block("quality_gate", QualityGate)
    if block is None:
        return
    met: list[Line] = []
    if block.minimum_score is not None:
        inputs: dict[str, Line] = {
            "quality_score": course.score("quality_gate"),
            "minimum_quality_score": course.term("quality_gate", "minimum_score"),
        }
        met.append(_gate(course, gate_quality, "quality_score", inputs))
    if block.minimum_thresholds_met is not None:
        inputs = {
            "thresholds_met": course.thresholds_met("quality_gate"),
            "minimum_thresholds_met": course.term("quality_gate", "minimum_thresholds_met"),
        }
        met.append(_gate(course, gate_count, "thresholds_met", inputs))
    if block.must_pass is not None:
        met.append(_must_pass(course, block.must_pass, counted))
    if block.no_decline is not None:
        met.append(_no_decline(course, block, counted))
    course.compute(gates.all_gates_met, "quality_gate", gates_met=met, gates=len(met))


def _gate(course: Course, formulas: Any, name: str, inputs: dict[str, Line]) -> Line:
    met = course.compute(formulas.gate_met, "quality_gate", name, **inputs)
    course.compute(formulas.gate_distance, "quality_gate", name, **inputs)
    return met


def _must_pass(course: Course, ids: list[str], counted: list[Scored]) -> Line:
    flags = thresholds_of(course, counted, ids, "quality_gate", "must_pass")
    return course.compute(gate_must_pass.gate_met, "quality_gate", "must_pass", thresholds=flags, needed=len(flags))


def _no_decline(course: Course, block: QualityGate, counted: list[Scored]) -> Line:
    tolerance = course.term("quality_gate", "tolerance")
    if block.no_decline == "score":
        inputs = {
            "quality_score": course.score("quality_gate"),
            "prior_quality_score": course.given("prior_quality_score", "quality_gate"),
            "decline_tolerance": tolerance,
        }
        return _gate(course, gate_no_decline, "no_decline", inputs)
    flags = [
        course.compute(
            gate_no_decline.maintained, "quality_gate", measure.measure.id, performance=measure.performance,
            prior_rate=course.given(f"prior_rate.{measure.measure.id}", "quality_gate", measure.measure.unit()),
            better=course.sheet[f"better.{measure.measure.id}"], decline_tolerance=tolerance, scored=measure.flag,
        )
        for measure in counted
        if measure.performance is not None
    ]  # fmt: skip
    return course.compute(gate_must_pass.gate_met, "quality_gate", "no_decline", thresholds=flags, needed=len(flags))
