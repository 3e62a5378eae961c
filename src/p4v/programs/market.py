"""What comes from the market's members: its trend at the group's own mix, the region's cost, the change of risk."""

from p4v.contract.blocks.benchmark import Benchmark, Market, MarketTrend, RiskScores
from p4v.formulas import market, risk_scores, risk_scores_to_market
from p4v.programs.baseline import BEFORE, months_of_year
from p4v.programs.course import BEFORE_EXCLUSION, Course
from p4v.worksheet import Formula, Line

BLOCK, RISK = "benchmark", "risk"


def market_trend(course: Course, clause_of: str) -> Line:
    """The line `market_trend`: from the market's members cell by cell, or given."""
    against = course.block(BLOCK, Benchmark)
    if "market_trend" in course.sheet or against is None or against.market_trend is None:
        return course.given("market_trend", clause_of)
    block = against.market_trend
    course.refuse_shared_months(BLOCK, ("market_trend", "base"), block.base)
    return course.compute(
        market.market_trend, BLOCK,
        mix_member_months=[course.given(f"mix_member_months.{cell}", BLOCK) for cell in block.cells],
        market_pmpm=[
            course.compute(
                market.market_pmpm, BLOCK, cell,
                market_expenditure=_counted(course, block, market.market_expenditure_without_excess, cell),
                market_member_months=course.given(f"market_member_months.{cell}", BLOCK),
            )
            for cell in block.cells
        ],
        market_base_pmpm=[
            course.compute(
                market.market_base_pmpm, BLOCK, cell,
                market_base_expenditure=_counted(course, block, market.market_base_expenditure_without_excess, cell),
                market_base_member_months=course.given(f"market_base_member_months.{cell}", BLOCK),
            )
            for cell in block.cells
        ],
    )  # fmt: skip


def _counted(course: Course, block: Market, formula: Formula, cell: str | None) -> Line:
    """Dollars as the contract counts a market's: as reported, or without what lies above the point, one by one."""
    stem = formula.__name__.removesuffix("_expenditure_without_excess")
    key = "" if cell is None else f".{cell}"
    reported = course.given(f"{stem}_expenditure{key}", BLOCK)
    if block.cost != "same_steps":
        return reported
    excess = course.given(f"{stem}_large_claims_excess{key}", BLOCK)
    return course.compute(formula, BLOCK, cell, reported=reported, excess=excess)


def regional_pmpm(course: Course, block: Benchmark) -> Line:
    """The region's cost per member per month: stated, or from its members."""
    if block.regional is None:
        return course.term(BLOCK, "regional_pmpm")
    return course.compute(
        market.regional_pmpm, BLOCK,
        regional_expenditure=_counted(course, block.regional, market.regional_expenditure_without_excess, None),
        regional_member_months=course.given("regional_member_months", BLOCK),
    )  # fmt: skip


def risk_of_scores(course: Course, scores: RiskScores) -> Line:
    """The line `risk_ratio` from members' scores, with or without the change of the market's."""
    if "risk_ratio" in course.sheet:
        return course.sheet["risk_ratio"]
    leave = course.months_leave()
    months = course.given("member_months", RISK)
    base_months = months_of_year(course, scores.base)
    own = course.compute(
        risk_scores.average_risk_score, RISK, risk_points=course.given("risk_points", RISK),
        member_months=course.sheet[BEFORE_EXCLUSION] if leave else months,
    )  # fmt: skip
    base = course.compute(
        risk_scores.baseline_average_risk_score, RISK,
        baseline_risk_points=course.given("baseline_risk_points", RISK),
        baseline_member_months=course.sheet[f"{BEFORE}.{scores.base}"] if leave else base_months,
    )  # fmt: skip
    if scores.relative_to == "none":
        return course.compute(risk_scores.risk_ratio, RISK, average_risk_score=own, baseline_average_risk_score=base)
    change = course.compute(
        risk_scores_to_market.own_risk_change, RISK, average_risk_score=own, baseline_average_risk_score=base
    )
    return course.compute(
        risk_scores_to_market.risk_ratio, RISK, own_risk_change=change, market_risk_change=_market_change(course)
    )


def _market_change(course: Course) -> Line:
    """The change of the market's average score, from the base of its trend."""
    of_market = course.need(BLOCK, Benchmark).market_trend
    assert isinstance(of_market, MarketTrend)
    now, base = "market_member_months", "market_base_member_months"
    return course.compute(
        risk_scores_to_market.market_risk_change, RISK,
        market_average_risk_score=course.compute(
            risk_scores.market_average_risk_score, RISK, market_risk_points=course.given("market_risk_points", RISK),
            market_member_months=course.compute(
                market.market_member_months, RISK,
                cells=[course.given(f"{now}.{cell}", BLOCK) for cell in of_market.cells],
            ),
        ),
        market_base_average_risk_score=course.compute(
            risk_scores.market_base_average_risk_score, RISK,
            market_base_risk_points=course.given("market_base_risk_points", RISK),
            market_base_member_months=course.compute(
                market.market_base_member_months, RISK,
                cells=[course.given(f"{base}.{cell}", BLOCK) for cell in of_market.cells],
            ),
        ),
    )  # fmt: skip
