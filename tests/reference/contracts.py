"""Slow, plain reference settlement of pay-for-value contracts, written from the design's words alone.

Terms are the contract's own text (`"50%"`, `"1.0240"`, `"yes"`), figures are text by name. Every number is an exact
Fraction. What a contract leaves out is left out here: a block that is not there does nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

ZERO = Fraction(0)
ONE = Fraction(1)
Terms = Mapping[str, Any]
Given = Mapping[str, str]
Lines = dict[str, Fraction | None]
PERFORMANCE = "performance"
"""The period that is settled, among those of a named adjustment."""
BASE_OF_COST = (
    "normalise", "truncate", "complete", "gross_up", "adjustments", "pooling_charge", "late_claims", "fees_in_cost",
    "risk",
)  # fmt: skip
BASE_OF_SAVINGS = (
    "gate", "cap_gross", "share", "quality", "cap_payment", "loss_limit", "disaster", "final_multiplier", "floor",
)  # fmt: skip


def number(text: object) -> Fraction:
    """A number as it is written: a percent sign means hundredths."""
    written = str(text)
    return Fraction(written[:-1]) / 100 if written.endswith("%") else Fraction(written)


def rounded(amount: Fraction, places: int, rule: str) -> Fraction:
    """`half_up` and `up` are away from zero, `down` toward it, `half_even` to the even neighbour."""
    units = abs(amount) * 10**places
    whole = units.numerator // units.denominator
    rest = units - whole
    if rule == "up":
        more = rest > 0
    elif rule == "half_up":
        more = rest >= Fraction(1, 2)
    elif rule == "half_even":
        more = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1)
    else:
        more = False
    size = Fraction(whole + int(more), 10**places)
    return -size if amount < 0 else size


def by_rule(amount: Fraction, rule: Terms) -> Fraction:
    return rounded(amount, int(rule["places"]), rule["rule"])


def digits_of_percent(value: Fraction, rule: Terms | None, percent: bool = True) -> Fraction:
    """78.44% to one digit is 78.4%; a result that is no share is rounded as it stands."""
    if rule is None:
        return value
    return rounded(value, int(rule["digits"]) + (2 if percent else 0), rule["rule"])


def last_reached(x: Fraction, rows: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """Lower bounds only; the last bound reached applies."""
    found = None
    for bound, result in rows:
        if x >= bound:
            found = result
    if found is None:
        raise ValueError("below the first row")
    return found


def between_rows(x: Fraction, rows: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """Linear between neighbours, flat beyond the ends."""
    if x <= rows[0][0]:
        return rows[0][1]
    for (low, at_low), (high, at_high) in itertools.pairwise(rows):
        if low <= x <= high:
            return at_low + (x - low) / (high - low) * (at_high - at_low)
    return rows[-1][1]


def of_bands(amount: Fraction, against: Fraction, rows: Sequence[Terms]) -> Fraction:
    """Dollar by dollar: what lies between two bounds is shared at the rate of the lower one."""
    bounds = [number(row["above"]) * against for row in rows]
    ends = [*bounds[1:], None]
    shared = ZERO
    for start, end, row in zip(bounds, ends, rows, strict=True):
        inside = (amount if end is None else min(amount, end)) - start
        shared += number(row["share"]) * max(inside, ZERO)
    return shared


def split(cents: Fraction, weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Largest remainder: each cut to the cent toward zero, single cents to the largest remainders, ties by id."""
    whole = sum(weights.values())
    sign = -1 if cents < 0 else 1
    ideal = {id_: abs(cents) * weight / whole for id_, weight in weights.items()}
    parts = {id_: Fraction(int(amount * 100), 100) for id_, amount in ideal.items()}
    missing = int((abs(cents) - sum(parts.values())) * 100)
    for id_ in sorted(ideal, key=lambda id_: (parts[id_] - ideal[id_], id_))[:missing]:
        parts[id_] += Fraction(1, 100)
    return {id_: sign * amount for id_, amount in parts.items()}


def table(rows: Sequence[Terms], at: str, result: str) -> list[tuple[Fraction, Fraction]]:
    return [(number(row[at]), number(row[result])) for row in rows]


def in_order(base: Sequence[str], present: Callable[[str], bool], moves: Sequence[Terms]) -> list[str]:
    """The base's sequence of the steps that the contract has, then its moves one by one."""
    steps = [step for step in base if present(step)]
    for move in moves:
        anchor = move.get("before") or move["after"]
        if anchor not in steps:
            continue
        if move["step"] in steps:
            steps.remove(move["step"])
        steps.insert(steps.index(anchor) + (0 if "before" in move else 1), move["step"])
    return steps


class Settlement:
    """One contract and one group's figures; `lines` holds what was worked out."""

    def __init__(self, terms: Terms, order: Terms, figures: Given) -> None:
        self.terms = terms
        self.moves = order.get("moves", [])
        self.figures = figures
        self.lines: Lines = {}
        self.unrounded: dict[str, Fraction] = {}
        self.fee_pmpm = ZERO
        self.key = ""

    def figure(self, name: str, otherwise: str | None = None) -> Fraction:
        return number(self.figures.get(name, otherwise) if otherwise is not None else self.figures[name])

    def figure_of_part(self, name: str) -> Fraction:
        """Dollars of a part that is settled on its own are given for that part, so that none count twice."""
        return self.figure(name + self.key)

    def settled(self, name: str, amount: Fraction) -> Fraction:
        self.unrounded[name] = amount
        self.lines[name] = by_rule(amount, self.terms["rounding"][name])
        return self.lines[name] or ZERO

    def settle(self) -> Lines:
        if "quality" in self.terms:
            self.quality()
        if "care_coordination_fee" in self.terms:
            self.fee()
        if "share" in self.terms:
            if self.terms.get("member_months", {}).get("below") == "pool":
                self.pooled_by_panel()
            elif self.terms["benchmark"].get("pooling") == "apart":
                self.apart()
            else:
                benchmark, expenditure = self.benchmark(), self.expenditure()
                earned = self.course(benchmark, expenditure, self.months())
                self.settled("earned", earned)
        if "pay_for_performance" in self.terms:
            self.pay_for_performance()
        if "fee_reset" in self.terms:
            self.fee_reset()
        if "withhold" in self.terms:
            self.withhold()
        self.cash()
        return self.lines

    # ---- member months

    def cells(self) -> list[str]:
        return [cell["id"] for cell in self.terms.get("benchmark", {}).get("cells", [])]

    def months(self) -> Fraction:
        if self.cells():
            return sum((self.figure(f"member_months.{cell}") for cell in self.cells()), ZERO)
        return self.figure("member_months", "0")

    # ---- fees

    def fee(self) -> None:
        fee = self.terms["care_coordination_fee"]
        months = self.figure("fee_member_months") if fee.get("roster") == "fee" else None
        amount = ZERO
        if "pmpm" in fee:
            self.fee_pmpm = number(fee["pmpm"])
            amount = self.fee_pmpm * (self.months() if months is None else months)
        elif "per_member_per_year" in fee:
            amount = number(fee["per_member_per_year"]) * (self.months() if months is None else months) / 12
        elif "tiers" in fee:
            for tier in fee["tiers"]:
                amount += number(tier["pmpm"]) * self.figure(f"fee_member_months.{tier['id']}")
        elif "by_panel_size" in fee:
            rate = last_reached(self.figure("panel_size"), table(fee["by_panel_size"], "from", "pmpm"))
            amount = rate * (self.months() if months is None else months)
        elif "share_of_amount" in fee:
            amount = number(fee["share_of_amount"]) * self.figure("fee_base")
        else:
            for act in fee["acts"]:
                amount += number(act["dollars"]) * self.figure(f"acts.{act['id']}")
        if fee.get("quality_adjusted") == "yes":
            amount *= self.score()
        if "at_risk" in fee and not all(self.met.get(id_, False) for id_ in fee["at_risk"]["measures"]):
            amount -= number(fee["at_risk"]["share"]) * amount
        self.settled("care_coordination_fee", amount)

    # ---- expenditure

    def expenditure(self) -> Fraction:
        cost = self.terms.get("expenditure")
        if cost is None:
            if self.cells():
                amount = sum((self.figure(f"expenditure.{cell}") for cell in self.cells()), ZERO)
            else:
                amount = self.figure("expenditure")
        else:
            amount = self.counted_cost(cost)
        self.lines["expenditure"] = amount
        return amount

    def counted_cost(self, cost: Terms) -> Fraction:
        large, completion = cost.get("large_claims"), cost.get("completion")
        adjustments = [
            item for item in self.terms.get("adjustments", {}).get("items", []) if item["side"] == "expenditure"
        ]
        present = {
            "normalise": any("benefit_factor" in category for category in cost.get("categories", [])),
            "truncate": large is not None,
            "complete": completion is not None,
            "gross_up": "administrative_share" in cost,
            "adjustments": bool(adjustments),
            "pooling_charge": large is not None and large["form"] == "pool",
            "late_claims": cost.get("late_claims", "ignored") != "ignored",
            "fees_in_cost": cost.get("coordination_fees") == "counted_in",
            "risk": self.terms.get("risk", {}).get("on") == "expenditure",
        }
        steps = in_order(BASE_OF_COST, present.__getitem__, self.moves)
        amount = ZERO
        for category in cost.get("categories", [{}]):
            dollars = self.figure(f"reported_expenditure.{category['id']}" if category else "reported_expenditure")
            dollars *= number(category.get("benefit_factor", 1))
            if "completion_factor" in category:
                dollars = completed(dollars, number(category["completion_factor"]), completion["convention"])
            amount += dollars
        for item in adjustments:
            if item.get("when") == "before_large_claims":
                amount += self.adjustment(item)
        for step in steps:
            if step == "truncate" and large["form"] == "exclude":
                amount -= self.figure("large_claims_excluded")
            elif step == "truncate":
                amount -= self.figure("large_claims_excess") * number(large.get("pooled_share", 1))
            elif step == "complete" and "factor" in completion:
                amount = completed(amount, number(completion["factor"]), completion["convention"])
            elif step == "gross_up":
                amount /= 1 - number(cost["administrative_share"])
            elif step == "adjustments":
                after = [item for item in adjustments if item.get("when") != "before_large_claims"]
                amount += sum(map(self.adjustment, after), ZERO)
            elif step == "pooling_charge":
                amount += number(large["charge_pmpm"]) * self.months()
            elif step == "late_claims":
                amount += self.figure("late_claims")
            elif step == "fees_in_cost":
                amount += self.lines["care_coordination_fee"] or ZERO
            elif step == "risk":
                amount /= self.risk_ratio()
        return amount

    def adjustment(self, item: Terms, months: Fraction | None = None, period: str = PERFORMANCE) -> Fraction:
        """The amount of one period; without `periods` of the performance period alone."""
        periods = {one["id"]: one for one in item.get("periods", [{**item, "id": PERFORMANCE}])}
        stated = periods.get(period)
        if stated is None:
            return ZERO
        if "dollars" in stated:
            return number(stated["dollars"])
        if "pmpm" in stated:
            return number(stated["pmpm"]) * (self.months() if months is None else months)
        return self.figure(f"adjustment.{item['id']}" + ("" if period == PERFORMANCE else f"-{period}"))

    def risk_ratio(self) -> Fraction:
        risk, ratio = self.terms["risk"], self.figure("risk_ratio")
        if "lowest" in risk:
            ratio = max(number(risk["lowest"]), min(number(risk["highest"]), ratio))
        return ratio

    # ---- benchmark

    def benchmark(self) -> Fraction:
        terms = self.terms["benchmark"]
        amount = self.against(terms)
        for item in self.terms.get("adjustments", {}).get("items", []):
            if item["side"] == "benchmark":
                amount += self.adjustment(item)
        self.lines["benchmark"] = amount
        return amount

    def against(self, terms: Terms) -> Fraction:
        months = self.months()
        if "cells" in terms:
            return sum(map(self.cell_benchmark, terms["cells"]), ZERO)
        if "given" in terms and "own_weight" not in terms:
            return self.through(self.figure("benchmark"), terms, ONE)
        if "loss_ratio" in terms and "own_weight" not in terms:
            return self.through(number(terms["loss_ratio"]) * self.figure("revenue"), terms, ONE)
        return self.through(self.base_pmpm(terms), terms, months) * months

    def cell_benchmark(self, cell: Terms) -> Fraction:
        if "pmpm" in cell:
            return number(cell["pmpm"]) * self.figure(f"member_months.{cell['id']}")
        return number(self.terms["benchmark"]["loss_ratio"]) * self.figure(f"revenue.{cell['id']}")

    def base_pmpm(self, terms: Terms) -> Fraction:
        if "pmpm" in terms:
            return number(terms["pmpm"])
        if "given_pmpm" in terms:
            return self.figure("baseline_pmpm")
        if "given" in terms or "loss_ratio" in terms:
            return self.per_member_month(terms, "own_budget")
        if "years" in terms:
            return sum(
                (number(year["weight"]) * self.figure(f"baseline_pmpm.{year['id']}") for year in terms["years"]), ZERO
            )
        if "categories" in terms:
            return sum((self.category_pmpm(category, terms) for category in terms["categories"]), ZERO)
        dollars = sum((self.figure(f"baseline_expenditure.{year}") for year in terms["pooled_years"]), ZERO)
        return dollars / self.pooled_months(terms)

    def per_member_month(self, budget: Terms, given: str) -> Fraction:
        """A budget of a blend: dollars, given or of revenue, are taken over the member months."""
        if "pmpm" in budget:
            return number(budget["pmpm"])
        if "loss_ratio" in budget:
            return number(budget["loss_ratio"]) * self.figure("revenue") / self.months()
        return self.figure(given) / self.months()

    def pooled_months(self, terms: Terms) -> Fraction:
        return sum((self.figure(f"baseline_member_months.{year}") for year in terms["pooled_years"]), ZERO)

    def category_pmpm(self, category: Terms, terms: Terms) -> Fraction:
        if "pmpm" in category:
            return number(category["pmpm"]) * number(category["trend"])
        years = [f"{category['id']}-{year}" for year in terms["pooled_years"]]
        dollars = sum((self.figure(f"baseline_expenditure.{year}") for year in years), ZERO)
        return dollars / self.pooled_months(terms) * number(category["trend"])

    def through(self, base: Fraction, terms: Terms, months: Fraction) -> Fraction:
        """Trend (collared), the blend, risk (capped), prior savings, discount."""
        amount = base
        if "trend" in terms or "trend_given" in terms:
            trend = number(terms["trend"]) if "trend" in terms else self.figure("market_trend")
            if "lowest_trend" in terms:
                trend = min(max(trend, number(terms["lowest_trend"])), number(terms["highest_trend"]))
            amount *= trend
        if "own_weight" in terms:
            own = number(terms["own_weight"])
            other = {"pmpm": terms["regional_pmpm"]} if "regional_pmpm" in terms else terms["blended_with"]
            amount = own * amount + (1 - own) * self.per_member_month(other, "other_budget")
        if self.terms.get("risk", {}).get("on") == "benchmark":
            amount *= self.risk_ratio()
        if terms.get("prior_savings_adjustment") == "yes":
            amount += self.figure("prior_savings_pmpm")
        if "discount" in terms:
            amount *= 1 - number(terms["discount"])
        return amount

    # ---- quality

    def score(self) -> Fraction:
        score = self.lines["quality_score"]
        assert score is not None
        return score

    def quality(self) -> None:
        terms = self.terms["quality"]
        self.met: dict[str, bool] = {}
        self.result: dict[str, Fraction] = {}
        self.unscored: set[str] = set()
        self.points: dict[str, Fraction] = {}
        self.most: dict[str, Fraction] = {}
        self.bonus: dict[str, Fraction] = {}
        if terms.get("score") == "given":
            self.lines["quality_score"] = self.figure("quality_score")
            return
        for measure in terms["measures"]:
            if measure.get("treatment") not in ("reported_only", "dropped"):
                self.measure(measure)
        if self.met and self.terms.get("quality_gate", {}).get("thresholds_given") != "yes":
            self.lines["thresholds_met"] = Fraction(sum(self.met.values()))
        if terms.get("score") != "none":
            score = self.domains() if "domains" in terms else self.score_of(terms["measures"])
            self.lines["quality_score"] = digits_of_percent(min(score, ONE), terms.get("score_rounding"))

    def measure(self, measure: Terms) -> None:
        id_ = measure["id"]
        full = number(measure.get("full_points", 1))
        if measure.get("treatment") == "full_credit":
            self.met[id_], self.points[id_], self.most[id_] = True, full, full
            return
        scored, result = self.measured(measure)
        percent = measure["kind"] == "rate" or (measure["kind"] == "score" and "%" in str(level_of(measure)))
        self.lines[f"rate.{id_}"] = result if scored else None
        result = digits_of_percent(result, self.terms["quality"].get("rate_rounding"), percent)
        if not scored:
            self.points[id_], self.most[id_] = ZERO, ZERO
            self.lines[f"points.{id_}"] = ZERO
            self.unscored.add(id_)
            if "cut_points" not in measure:
                self.met[id_] = False
            return
        self.result[id_] = result
        sign = 1 if measure["better"] == "higher" else -1
        if "cut_points" in measure:
            points = number(measure["points_below"])
            for cut in measure["cut_points"]:
                if sign * (result - number(cut["at"])) >= 0:
                    points = number(cut["points"])
            best = max(number(cut["points"]) for cut in measure["cut_points"])
        else:
            low = self.figure(f"market_rate.{id_}") if "threshold_from" in measure else number(measure["threshold"])
            self.met[id_] = sign * (result - low) >= 0
            best = full
            if "target" in measure:
                target = number(measure["target"])
                points = full * max(ZERO, min(ONE, (result - low) / (target - low))) if target != low else ZERO
            else:
                points = full if self.met[id_] else ZERO
        self.most[id_] = best
        extra = self.improvement(measure, result, sign, percent)
        if measure.get("improvement", {}).get("counts") == "bonus":
            self.bonus[id_] = extra
        else:
            points = max(points, extra)
        self.points[id_] = points
        self.lines[f"points.{id_}"] = points

    def measured(self, measure: Terms) -> tuple[bool, Fraction]:
        """Whether it is scored, and its result: a zero denominator is a named state, never a 0% rate."""
        id_ = measure["id"]
        if measure["kind"] == "score":
            return True, self.figure(f"score.{id_}")
        below = self.figure(f"expected.{id_}" if measure["kind"] == "ratio" else f"denominator.{id_}")
        if below == 0 or below < number(measure.get("minimum_denominator", 0)):
            return False, ZERO
        return True, self.figure(f"numerator.{id_}") * (12000 if measure["kind"] == "per_1000" else 1) / below

    def improvement(self, measure: Terms, result: Fraction, sign: int, percent: bool) -> Fraction:
        """What the change against the group's own prior result earns."""
        terms, id_ = measure.get("improvement"), measure["id"]
        if terms is None:
            return ZERO
        prior, most = self.figure(f"prior_rate.{id_}"), number(terms["points"])
        change = sign * (result - prior)
        rule = terms.get("change_rounding")
        change = digits_of_percent(change, rule, percent)
        target = number(measure["target"]) if "target" in measure else ZERO
        gap = sign * (target - prior)
        if terms["form"] == "gap_closed":
            held = most if sign * (result - target) >= 0 else ZERO
            earned = most * max(ZERO, min(ONE, change / gap)) if gap > 0 else held
        else:
            if terms["form"] == "share_of_gap":
                wanted = number(terms["share"]) * gap
            elif terms["form"] == "fixed":
                wanted = number(terms["by"])
            else:
                wanted = number(terms["share"]) * sign * (target - number(measure["threshold"]))
            earned = most if change >= digits_of_percent(wanted, rule, percent) else ZERO
        return earned

    def score_of(self, measures: Sequence[Terms]) -> Fraction:
        """Each measure's part of its most points, by weight; the weight of what is not scored goes to the rest."""
        counted = [m for m in measures if m.get("treatment") != "reported_only"]
        equal = self.terms["quality"]["weights"] == "equal"
        weight = {m["id"]: ONE / len(counted) if equal else number(m["weight"]) for m in counted}
        scored = [id_ for id_ in weight if self.most.get(id_, ZERO) > 0]
        if not scored:
            return ZERO
        lost = sum((weight[id_] for id_ in weight if id_ not in scored), ZERO)
        kept = 1 - lost
        score = ZERO
        for id_ in scored:
            if self.terms["quality"]["unscored"] == "weight_shared_equally":
                own = weight[id_] + lost / len(scored)
            else:
                own = weight[id_] / kept
            score += own * (self.points[id_] + self.bonus.get(id_, ZERO)) / self.most[id_]
        return score

    def domains(self) -> Fraction:
        score, weight = ZERO, ZERO
        for domain in self.terms["quality"]["domains"]:
            measures = [m for m in self.terms["quality"]["measures"] if m.get("domain") == domain["id"]]
            if not any(self.most.get(m["id"], ZERO) > 0 for m in measures):
                continue
            own = min(self.score_of(measures), number(domain.get("cap", "100%")))
            score += number(domain["weight"]) * own
            weight += number(domain["weight"])
        return score / weight if weight else ZERO

    def count_met(self) -> Fraction:
        """Thresholds met: computed, or given."""
        count = self.lines.get("thresholds_met")
        return self.figure("thresholds_met") if count is None else count

    def quality_gate_met(self) -> bool:
        gate = self.terms.get("quality_gate")
        if gate is None:
            return True
        passed = []
        if "minimum_score" in gate:
            passed.append(self.score() >= number(gate["minimum_score"]))
        if "minimum_thresholds_met" in gate:
            passed.append(self.count_met() >= number(gate["minimum_thresholds_met"]))
        passed += [self.met[id_] for id_ in gate.get("must_pass", [])]
        if gate.get("no_decline") == "score":
            passed.append(self.score() >= self.figure("prior_quality_score") - number(gate["tolerance"]))
        if gate.get("no_decline") == "each_measure":
            for measure in self.terms["quality"]["measures"]:
                if measure["id"] in self.result and f"prior_rate.{measure['id']}" in self.figures:
                    sign = 1 if measure["better"] == "higher" else -1
                    change = sign * (self.result[measure["id"]] - self.figure(f"prior_rate.{measure['id']}"))
                    passed.append(change >= -number(gate["tolerance"]))
        return all(passed)

    # ---- savings and losses

    def apart(self) -> None:
        """Each part on its own: no part's loss is set against another's savings."""
        self.each_apart({f".{id_}": [id_] for id_ in self.cells()})

    def pooled_by_panel(self) -> None:
        """Groups with too small a panel are settled together, or all where one has; each of the others on its own."""
        terms, cells = self.terms["member_months"], self.cells()
        small = [id_ for id_ in cells if self.figure(f"panel_size.{id_}") < number(terms["smallest_panel"])]
        pooled = cells if small and terms["pooled_with"] == "all" else small
        parts = {f".{id_}-apart": [id_] for id_ in cells if id_ not in pooled}
        self.each_apart(parts | ({".pooled": pooled} if pooled else {}))

    def each_apart(self, parts: Mapping[str, Sequence[str]]) -> None:
        """One course of savings for each: of one cell, or of several together."""
        benchmarks = {cell["id"]: self.cell_benchmark(cell) for cell in self.terms["benchmark"]["cells"]}
        total = against = spent = ZERO
        for key, cells in parts.items():
            benchmark = sum((benchmarks[id_] for id_ in cells), ZERO)
            expenditure = sum((self.figure(f"expenditure.{id_}") for id_ in cells), ZERO)
            months = sum((self.figure(f"member_months.{id_}") for id_ in cells), ZERO)
            total += self.settled_part(f"earned{key}", self.course(benchmark, expenditure, months, key))
            against += benchmark
            spent += expenditure
        self.lines |= {"benchmark": against, "expenditure": spent, "gross_savings": against - spent, "earned": total}

    def settled_part(self, name: str, amount: Fraction) -> Fraction:
        part = by_rule(amount, self.terms["rounding"]["earned"])
        self.unrounded[name] = amount
        self.lines[name] = part
        return part

    def course(self, benchmark: Fraction, expenditure: Fraction, months: Fraction, key: str = "") -> Fraction:
        """What becomes of the savings or losses, in the contract's order. Returns what is earned, unrounded."""
        gross, self.key = benchmark - expenditure, key
        self.lines[f"gross_savings{key}"] = gross
        self.lines[f"savings_rate{key}"] = gross / benchmark if benchmark else ZERO
        steps = in_order(
            BASE_OF_SAVINGS,
            lambda step: step in ("gate", "share", "quality") or (step in self.terms),
            [move for move in self.moves if move["step"] in self.terms or move["step"] in ("gate", "share", "quality")],
        )
        amount, savings, losses, parted = gross, ZERO, ZERO, False
        for step in steps:
            if step == "gate":
                savings, losses = max(amount, ZERO), max(-amount, ZERO)
                parted = True
            if not parted:
                amount = self.before_the_gate(step, amount)
                continue
            savings = self.step_of_savings(step, savings, gross, benchmark, months, key)
            losses = self.step_of_losses(step, losses, benchmark) if "loss_share" in self.terms else ZERO
            if step == "share":
                self.lines[f"shared_savings{key}"] = savings
        return savings - losses

    def before_the_gate(self, step: str, amount: Fraction) -> Fraction:
        """Fees come off whatever there is; a deficit only off savings, since what is left of it is carried on."""
        if step == "fee_offset":
            return amount - self.fees_offset()
        if step == "prior_deficit":
            return max(amount - self.figure_of_part("prior_deficit"), min(amount, ZERO))
        raise ValueError(step)

    def fees_offset(self) -> Fraction:
        if self.terms["fee_offset"]["fees"] == "given":
            return self.figure_of_part("coordination_fees_paid")
        return self.lines["care_coordination_fee"] or ZERO

    def minimum_rate(self) -> Fraction | None:
        gate = self.terms.get("gate")
        if gate is None:
            return None
        if "minimum_savings_rate" in gate:
            return number(gate["minimum_savings_rate"])
        rows = table(gate["minimum_savings_rates_by_size"], "at", "rate")
        size = self.figure("panel_size")
        return between_rows(size, rows) if gate["between_sizes"] == "interpolated" else last_reached(size, rows)

    def past_the_rate(self, amount: Fraction, least: Fraction) -> Fraction:
        gate = self.terms["gate"]
        met = amount >= least if gate["comparison"] == "at_least" else amount > least
        if not met:
            return ZERO
        return amount - least if gate["form"] == "deductible" else amount

    def sharing_rate(self) -> Fraction:
        """The rate of the share, moved by quality where the contract shifts the split."""
        share = self.terms["share"]
        if "sharing_rate" in share:
            rate = number(share["sharing_rate"])
        elif "by_thresholds_met" in share:
            rate = last_reached(self.count_met(), table(share["by_thresholds_met"], "from", "share"))
        else:
            rate = last_reached(self.score(), table(share["by_quality_score"], "from", "share"))
        return min(max(rate + self.shift(), ZERO), ONE)

    def shift(self) -> Fraction:
        effect = self.terms.get("quality_effect", {})
        if effect.get("form") != "split_shift":
            return ZERO
        return last_reached(self.score(), table(effect["shifts"], "from", "shift"))

    def multiplier(self) -> Fraction:
        effect = self.terms.get("quality_effect", {})
        if effect.get("form") == "multiplier":
            return self.score()
        if effect.get("form") == "ladder":
            return last_reached(self.score(), table(effect["ladder"], "from", "share"))
        return ONE

    def step_of_savings(
        self, step: str, savings: Fraction, gross: Fraction, benchmark: Fraction, months: Fraction, key: str
    ) -> Fraction:
        terms = self.terms.get(step, {})
        if step == "gate":
            least = self.minimum_rate()
            if least is not None:
                savings = self.past_the_rate(savings, least * benchmark)
            self.lines[f"generated_savings{key}"] = savings
            return ZERO if self.too_small("no_reward", "neither_reward_nor_loss") else savings
        if step == "cap_gross":
            return min(savings, number(terms["of_benchmark"]) * benchmark)
        if step == "share":
            if "bands" in terms:
                return of_bands(savings, benchmark, terms["bands"])
            return savings * self.sharing_rate()
        if step == "quality":
            return savings * self.multiplier() if self.quality_gate_met() else ZERO
        if step == "cap_payment":
            most = {
                "of_benchmark": benchmark, "of_gross_savings": max(gross, ZERO), "pmpm": months, "dollars": ONE,
            }  # fmt: skip
            form = next(form for form in most if form in terms)
            return min(savings, number(terms[form]) * most[form])
        if step == "final_multiplier":
            return savings * number(terms["savings"])
        if step == "floor":
            return max(savings, number(terms["dollars"]))
        if step == "fee_offset":
            return max(savings - self.fees_offset(), ZERO)
        if step == "prior_deficit":
            return max(savings - self.figure_of_part("prior_deficit"), ZERO)
        return savings

    def too_small(self, *below: str) -> bool:
        """Whether the panel is below the smallest, and this is what then happens."""
        terms = self.terms.get("member_months", {})
        return terms.get("below") in below and self.figure("panel_size") < number(terms["smallest_panel"])

    def step_of_losses(self, step: str, losses: Fraction, benchmark: Fraction) -> Fraction:
        terms = self.terms.get(step, {})
        if step == "gate" and self.too_small("neither_reward_nor_loss"):
            return ZERO
        if step == "gate" and "gate" in self.terms:
            gate = self.terms["gate"]
            if gate.get("losses") == "from_the_first_dollar":
                return losses
            same = gate.get("losses") == "same_as_savings"
            least = self.minimum_rate() if same else number(gate["minimum_loss_rate"]) if losses else ZERO
            return self.past_the_rate(losses, (least or ZERO) * benchmark)
        if step == "cap_gross":
            return min(losses, number(terms["of_benchmark"]) * benchmark)
        if step == "share":
            return self.shared_losses(losses, benchmark)
        if step == "loss_limit":
            limits = []
            if "of_benchmark" in terms:
                limits.append(number(terms["of_benchmark"]) * benchmark)
            if "of_revenue" in terms:
                limits.append(number(terms["of_revenue"]) * self.figure_of_part("revenue"))
            return min(losses, *limits)
        if step == "disaster":
            relieved = losses * (1 - number(terms["relieved_share_of_losses"]))
            return max(relieved - self.figure_of_part("disaster_adjustment"), ZERO)
        if step == "final_multiplier":
            return losses * number(terms.get("losses", 1))
        return losses

    def shared_losses(self, losses: Fraction, benchmark: Fraction) -> Fraction:
        share = self.terms.get("loss_share")
        if share is None:
            return ZERO
        if "bands" in share:
            return of_bands(losses, benchmark, share["bands"])
        if "sharing_rate" in share:
            return losses * min(max(number(share["sharing_rate"]) - self.shift(), ZERO), ONE)
        return losses * min(max(1 - self.sharing_rate(), number(share["lowest"])), number(share["highest"]))

    # ---- other rewards

    def pay_for_performance(self) -> None:
        terms, amount = self.terms["pay_for_performance"], ZERO
        pool = None
        if "pool_pmpm" in terms:
            pool = number(terms["pool_pmpm"]) * self.months()
        elif "pool_given" in terms:
            pool = self.figure("quality_pool")
        if pool is not None and "by_measures_met" in terms:
            amount += pool * last_reached(self.count_met(), table(terms["by_measures_met"], "from", "share"))
        elif pool is not None:
            amount += pool * self.score()
        if "tiers" in terms:
            amount += last_reached(self.score(), table(terms["tiers"], "from", "pmpm")) * self.months()
        for pay in terms.get("measures", []):
            most = self.most[pay["measure"]]
            part = self.points[pay["measure"]] / most if most else ZERO
            worth = number(pay["dollars"]) if "dollars" in pay else number(pay["pmpm"]) * self.months()
            amount += worth * min(part, ONE)
        for gap in terms.get("gaps", []):
            amount += number(gap["dollars"]) * self.figure(f"gaps_closed.{gap['id']}")
        for act in terms.get("acts", []):
            amount += number(act["dollars"]) * self.figure(f"acts.{act['id']}")
        if not self.quality_gate_met():
            amount = ZERO
        self.settled("quality_incentive", amount)

    def fee_reset(self) -> None:
        terms = self.terms["fee_reset"]
        if terms.get("decrease") == "given":
            decrease = self.figure("decrease_pmpm")
        else:
            benchmark = self.through(self.base_pmpm(self.terms["benchmark"]), self.terms["benchmark"], self.months())
            months = self.months()
            decrease = benchmark - (self.expenditure() / months if months else ZERO)
        change = number(terms["share"]) * decrease
        if terms["cost_increase"] == "leaves_the_fee":
            change = max(change, ZERO)
        if change > 0 and not self.quality_gate_met():
            change = ZERO
        fee = self.fee_pmpm + change
        if "floor" in terms:
            fee = max(fee, number(terms["floor"]))
        if "ceiling" in terms:
            fee = min(fee, number(terms["ceiling"]))
        new = self.settled("next_care_coordination_fee", fee)
        if terms.get("known_late") == "yes":
            self.settled("fee_reset_true_up", (new - self.fee_pmpm) * self.figure("fee_reset_member_months"))

    def withhold(self) -> None:
        terms = self.terms["withhold"]
        held = self.figure("withheld")
        if terms["returned"] == "by_quality_score":
            back = held * self.score()
        else:
            back = held if self.quality_gate_met() else ZERO
        returned = self.settled("withhold_returned", back)
        if "interest" in terms:
            interest = returned * number(terms["interest"])
            self.lines["withhold_interest"] = by_rule(interest, self.terms["rounding"]["withhold_returned"])

    def cash(self) -> None:
        names = (
            "care_coordination_fee", "earned", "quality_incentive", "fee_reset_true_up", "withhold_returned",
            "withhold_interest",
        )  # fmt: skip
        due = sum((self.lines.get(name) or ZERO for name in names), ZERO) - self.figure("paid", "0")
        for item in self.terms.get("cash", {}).get("other_amounts", []):
            due += self.figure(f"other_amount.{item['id']}")
        amounts = [name for name in names if name in self.lines]
        if "paid" in self.figures or len(amounts) > 1:
            self.lines["net_payment"] = rounded(due, 2, "half_up")
        distribution = self.terms.get("distribution")
        if distribution is not None:
            self.distribute(distribution)
        funders = self.terms.get("funders")
        if funders is not None:
            shares = split(self.lines["earned"] or ZERO, {f["id"]: number(f["share"]) for f in funders["items"]})
            self.lines |= {f"funder_share.{id_}": amount for id_, amount in shares.items()}

    def distribute(self, terms: Terms) -> None:
        figure = {"member_months": "member_months", "quality": "quality", "contribution": "contribution"}.get(
            terms["by"]
        )
        weights = {
            row["id"]: number(row["share"]) if figure is None else self.figure(f"participant_{figure}.{row['id']}")
            for row in terms["participants"]
        }
        amount = (self.lines[terms["of"]] or ZERO) - number(terms.get("expenses_first", 0))
        if "expenses_first" in terms:
            amount = max(amount, ZERO)
        if terms["remainder"] == "largest_remainder":
            shares = split(amount, weights)
        else:
            whole = sum(weights.values())
            shares = {id_: rounded(amount * weight / whole, 2, "half_up") for id_, weight in weights.items()}
        self.lines |= {f"participant_share.{id_}": share for id_, share in shares.items()}


def completed(dollars: Fraction, factor: Fraction, convention: str) -> Fraction:
    return dollars / factor if convention == "percent_complete" else dollars * factor


def level_of(measure: Terms) -> object:
    """Any level of the measure as it is written, which says whether it is a share."""
    cuts = measure.get("cut_points")
    return cuts[0]["at"] if cuts else measure.get("threshold", "")


def settle(terms: Terms, order: Terms, figures: Given) -> tuple[Lines, dict[str, Fraction]]:
    """The lines of one settlement, settled ones rounded and every other one unrounded; and the settled ones before."""
    settlement = Settlement(terms, order, figures)
    return settlement.settle(), settlement.unrounded
