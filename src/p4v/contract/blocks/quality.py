"""Quality measures, points, scores and gates: terms.md, section 8."""

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import (
    Block,
    Called,
    Strict,
    needs_each_once,
    needs_one,
    needs_rising,
    needs_whole,
)
from p4v.contract.values import Digits, Id, MeasureLevel, Number, People, PointsValue, Share, Text, YesNo, fault
from p4v.money import Rule
from p4v.units import Table, Unit


class DigitsRule(Strict):
    """How rates or scores are rounded before they are compared."""

    digits: Digits
    """Digits of the percent (78.4% has 1), or of the number where the measure is no rate."""
    rule: Rule
    """`half_up` is away from zero."""


class CutPoint(Strict):
    """One cut point of a measure, such as a star."""

    at: MeasureLevel
    """The level that must be reached; for a measure where lower is better, not exceeded."""
    points: PointsValue
    """What it earns."""


class Improvement(Strict):
    """Points for improving on the group's own prior result. Figure: `prior_rate.<measure>`, the best prior year."""

    form: Literal["share_of_gap", "gap_closed", "fixed", "fraction_of_goal"]
    """`share_of_gap`: met once this share of the gap to the target is closed. `gap_closed`: points in proportion to the
    gap closed. `fixed`: met once improved by so much. `fraction_of_goal`: met once improved by a fraction of target
    less threshold."""
    share: Annotated[Share | None, Called("improvement_share")] = None
    """The share of the gap, or the fraction of target less threshold."""
    by: MeasureLevel | None = None
    """The fixed improvement, in the measure's own unit."""
    points: Annotated[PointsValue, Called("improvement_points_if_met")]
    """What improvement earns, at most."""
    counts: Literal["better_of", "bonus"]
    """The better of attainment and improvement, or points on top that are not in the denominator."""
    change_rounding: DigitsRule | None = None
    """How the change, and the change wanted, are rounded before they are compared."""

    @model_validator(mode="after")
    def _own_term(self) -> Self:
        wants_share = self.form in ("share_of_gap", "fraction_of_goal")
        if wants_share is not (self.share is not None) or (self.form == "fixed") is not (self.by is not None):
            allowed = "`share` with share_of_gap and fraction_of_goal, `by` with fixed, neither with gap_closed"
            raise fault("P4V-C023", f"form `{self.form}` with other terms", allowed)
        return self


class Measure(Strict):
    """One quality measure. Figures: `numerator.<id>` and `denominator.<id>`, or `score.<id>`."""

    id: Id
    """The measure's id, such as bcs."""
    name: Text | None = None
    """What it is called on the statement."""
    kind: Literal["rate", "per_1000", "score", "ratio"]
    """A share of members; events per 1,000 members and year (numerator: events, denominator: member months; p4v takes
    them times 12,000); a score as given; or observed events to expected ones
    (figures: numerator and `expected.<id>`)."""
    better: Literal["higher", "lower"]
    """Whether a higher or a lower result is better."""
    weight: Share | None = None
    """Its weight in the score; all weights sum to 100%. None: every measure counts alike."""
    domain: Id | None = None
    """The domain it belongs to."""
    threshold: MeasureLevel | None = None
    """Where points begin, or the one level to be met."""
    target: MeasureLevel | None = None
    """Where points are full; between threshold and target they are linear."""
    threshold_from: Literal["market"] | None = None
    """The market's average as the threshold. Figure: `market_rate.<id>`."""
    cut_points: Annotated[list[CutPoint], Field(min_length=1)] | None = None
    """Levels with points, from the least to the best."""
    points_below: PointsValue | None = None
    """What is earned below the first cut point."""
    full_points: PointsValue | None = None
    """The most points of the measure; 1 if the contract does not count in points."""
    improvement: Improvement | None = None
    """Points for improvement."""
    minimum_denominator: People | None = None
    """Below it the measure is not scored."""
    treatment: Literal["scored", "reported_only", "dropped", "full_credit", "prior_specification"] = "scored"
    """`dropped`: retired in the year, its weight is spread; `full_credit`: retired, counted as met."""
    sample: Literal["all", "hybrid"] | None = None
    """Whether all members or a sample of records were counted, for the reader."""

    @model_validator(mode="after")
    def _levels(self) -> Self:
        needs_level = self.treatment not in ("reported_only", "dropped", "full_credit")
        if needs_level:
            needs_one(self, "threshold", "threshold_from", "cut_points")
        levels = {"threshold": self.threshold, "target": self.target}
        percents = {level.percent for level in levels.values() if level} | {
            cut.at.percent for cut in self.cut_points or []
        }
        if len(percents) > 1 or (self.kind == "rate" and percents == {False}) or self._bare_kind(percents):
            wanted = (
                "levels with a % sign"
                if self.kind == "rate"
                else "levels of one form, bare where the measure is no share"
            )
            raise fault("P4V-C030", "levels of another form than the measure's kind", wanted)
        self._order_of_levels()
        if (self.cut_points is None) is not (self.points_below is None):
            raise fault("P4V-C023", "one of `cut_points` and `points_below`", "both or neither", term="cut_points")
        return self

    def _bare_kind(self, percents: set[bool]) -> bool:
        return self.kind in ("per_1000", "ratio") and percents == {True}

    def _order_of_levels(self) -> None:
        higher = self.better == "higher"
        if self.threshold is not None and self.target is not None:
            low, high = self.threshold.value, self.target.value
            if not (low < high if higher else low > high):
                side = "above" if higher else "below"
                remedy = "set `better` to the other direction, or swap the two"
                found = "a target on the wrong side of the threshold"
                allowed = f"a target {side} the threshold: {self.better} is better"
                raise fault("P4V-C047", found, allowed, remedy, term="target")
        levels = [cut.at.value for cut in self.cut_points or []]
        needs_rising("cut_points", levels if higher else [-level for level in levels])

    def unit(self) -> Unit:
        """What its result is measured in."""
        if self.kind == "rate":
            return Unit.RATE
        if self.kind in ("per_1000", "ratio"):
            return Unit.FACTOR
        levels = [self.threshold, self.target, *(cut.at for cut in self.cut_points or [])]
        return Unit.RATE if any(level is not None and level.percent for level in levels) else Unit.POINTS

    def cuts(self) -> Table:
        """Cut points as a table; where lower is better both sides of every comparison are negative."""
        sign = 1 if self.better == "higher" else -1
        return Table.of_pairs([(sign * cut.at.value, cut.points) for cut in self.cut_points or []])


class QualityDomain(Strict):
    """A domain of measures."""

    id: Id
    """The domain's id."""
    weight: Annotated[Share, Called("domain_weight")]
    """Its weight in the score."""
    cap: Annotated[Share | None, Called("domain_cap")] = None
    """The most that the domain's score can be."""


class Quality(Block):
    """How quality is scored: from the measures, or as the payer gives it."""

    score: Literal["from_measures", "given", "none"] = "from_measures"
    """`given`: figure `quality_score`; `none`: measures are only counted or paid one by one."""
    measures: Annotated[list[Measure], Field(min_length=1)] | None = None
    """The measures."""
    weights: Literal["sum_to_100%", "equal"] | None = None
    """Whether measures have weights of their own or count alike."""
    unscored: Literal["weight_shared_in_proportion", "weight_shared_equally"] | None = None
    """Who gets the weight of a measure that is not scored."""
    domains: Annotated[list[QualityDomain], Field(min_length=1)] | None = None
    """The domains; without them one score over all measures."""
    rate_rounding: DigitsRule | None = None
    """How results are rounded before they are compared; without it they are not."""
    score_rounding: DigitsRule | None = None
    """How the score is rounded; without it it is not."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        measures = self.measures or []
        if (self.score == "given") is not (self.measures is None):
            raise fault("P4V-C023", f"score `{self.score}`", "`measures`, or score `given` without them", term="score")
        needs_each_once("measures", [measure.id for measure in measures])
        counted = [measure for measure in measures if measure.treatment != "reported_only"]
        if self.score == "from_measures":
            if self.weights is None or self.unscored is None:
                missing = "weights" if self.weights is None else "unscored"
                raise fault("P4V-C022", f"no `{missing}`", f"`{missing}`, because measures make a score")
            self._weights(counted)
        self._domains(counted)
        return self

    def _weights(self, counted: list[Measure]) -> None:
        weighted = [measure.weight for measure in counted if measure.weight is not None]
        if self.weights == "equal":
            if weighted:
                raise fault("P4V-C023", "a weight, although measures count alike", "no weights", term="measures")
            return
        if len(weighted) < len(counted):
            raise fault("P4V-C022", "a measure without a weight", "a weight of each measure", term="measures")
        if self.unscored == "weight_shared_in_proportion" and len({_most(measure) for measure in counted}) > 1:
            allowed = "the same full points of each measure, `weights: equal` or `unscored: weight_shared_equally`"
            raise fault("P4V-C023", "weights and full points that differ", allowed, term="measures")
        for domain in sorted({measure.domain for measure in counted}, key=str) if self.domains else [None]:
            within = [m.weight for m in counted if m.weight is not None and (not self.domains or m.domain == domain)]
            needs_whole("measures", within)

    def _domains(self, counted: list[Measure]) -> None:
        domains = self.domains or []
        needs_each_once("domains", [domain.id for domain in domains])
        known = {domain.id for domain in domains}
        for measure in counted:
            if (measure.domain in known) is not bool(domains):
                raise fault(
                    "P4V-C023", f"the measure `{measure.id}` in no known domain", "one of `domains`", term="measures"
                )
        if domains:
            needs_whole("domains", [domain.weight for domain in domains])


class QualityGate(Block):
    """What quality must be before anything is paid; all that are set must be met."""

    minimum_score: Annotated[Share | None, Called("minimum_quality_score")] = None
    """The least quality score."""
    minimum_thresholds_met: People | None = None
    """The least number of thresholds met."""
    thresholds_given: YesNo = False
    """`yes`: the number of thresholds met is given. Figure: `thresholds_met`."""
    must_pass: Annotated[list[Id], Field(min_length=1)] | None = None
    """Measures whose thresholds must be met."""
    no_decline: Literal["score", "each_measure"] | None = None
    """Quality must not fall against the prior period. Figures: `prior_quality_score`, or `prior_rate.<measure>`."""
    tolerance: Annotated[Share | None, Called("decline_tolerance")] = None
    """The decline that is still no decline."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        gates = (self.minimum_score, self.minimum_thresholds_met, self.must_pass, self.no_decline)
        if all(gate is None for gate in gates):
            allowed = "`minimum_score`, `minimum_thresholds_met`, `must_pass` or `no_decline`"
            raise fault("P4V-C023", "a gate of nothing", allowed)
        if (self.no_decline is None) is not (self.tolerance is None):
            raise fault("P4V-C023", "one of `no_decline` and `tolerance`", "both or neither", term="no_decline")
        return self


class TrendGate(Block):
    """The group's own cost trend must not be above a limit. Figure: `prior_expenditure_pmpm`."""

    limit: Annotated[Number | None, Called("trend_limit"), Unit.FACTOR] = None
    """The highest trend that passes, such as 1.03."""
    limit_from: Literal["market"] | None = None
    """The market's own trend as the limit. Figure: `market_trend`."""
    comparison: Literal["at_most", "below"]
    """Whether a trend of exactly the limit passes."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        needs_one(self, "limit", "limit_from")
        return self


def _most(measure: Measure) -> Fraction:
    """The most points of a measure, stated or those of its best cut point."""
    best = max((cut.points for cut in measure.cut_points or []), default=Fraction(1))
    return best if measure.full_points is None else measure.full_points
