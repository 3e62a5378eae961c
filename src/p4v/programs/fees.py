"""Care coordination fees and capitation: what is paid for members, with or without a part at risk."""

from fractions import Fraction
from typing import Any

from p4v.contract.blocks.members import Exclusion, MemberMonths
from p4v.contract.blocks.rewards import Capitation, CareCoordinationFee
from p4v.contract.terms import NotInForce, Terms
from p4v.formulas import fee_by_size, fee_per_year, fees
from p4v.periods import Period, read_month
from p4v.programs.course import Course
from p4v.programs.quality import Scored, thresholds_of
from p4v.units import Unit
from p4v.worksheet import Line, LineFault

BLOCK, MEMBERS = "care_coordination_fee", "member_months"
STATED = "care_coordination_fee_pmpm"


def write_fee(course: Course, counted: list[Scored]) -> Line | None:
    """The settled line `care_coordination_fee`, or None where the contract has none."""
    block = course.block(BLOCK, CareCoordinationFee)
    if block is None:
        return None
    if course.terms.changes_inside(BLOCK) and not block.by_month:
        raise course.terms.lacks(BLOCK, "by_month", "its terms change inside the period")
    amount = _amount(course, block)
    if block.quality_adjusted:
        amount = course.compute(fees.fee_adjusted_by_quality, BLOCK, amount=amount, quality_score=course.score(BLOCK))
    if block.at_risk is not None:
        amount = _after_claw_back(course, block, amount, counted)
    return course.settle(fees.care_coordination_fee, BLOCK, amount=amount)


def write_capitation(course: Course) -> Line | None:
    """The settled line `capitation`, or None where the contract has none."""
    if course.block("capitation", Capitation) is None:
        return None
    part = course.terms.occasion.fee_period is not None
    of = "capitation"
    months = course.given("capitation_member_months", of) if part else course.paid_months(of)
    return course.settle(
        fees.capitation, "capitation", capitation_pmpm=course.term("capitation", "pmpm"), member_months=months
    )


def _amount(course: Course, block: CareCoordinationFee) -> Line:
    if block.by_month or block.look_back_months is not None:
        return _by_month(course, block)
    if block.pmpm is not None:
        rate = _rounded(course, block, course.term(BLOCK, "pmpm"))
        amount = course.compute(
            fees.fee_amount, BLOCK, care_coordination_fee_pmpm=rate, member_months=_months(course, block)
        )
        return _less_recovered(course, block, amount, rate)
    if block.per_member_per_year is not None:
        rate = course.term(BLOCK, "per_member_per_year")
        amount = course.compute(
            fee_per_year.fee_amount, BLOCK, care_coordination_fee_per_year=rate, member_months=_months(course, block)
        )
        return _less_recovered(course, block, amount, rate)
    if block.share_of_amount is not None:
        return course.compute(
            fees.fee_of_amount, BLOCK, fee_base=course.given("fee_base", BLOCK),
            fee_share_of_amount=course.term(BLOCK, "share_of_amount"),
        )  # fmt: skip
    if block.by_panel_size is not None:
        table = course.named("fee_by_panel_size", block.sizes(), Unit.TABLE, BLOCK, "by_panel_size")
        rate = course.compute(
            fees.fee_at_panel_size, BLOCK, panel_size=course.given("panel_size", BLOCK), fee_by_panel_size=table
        )
        amount = course.compute(
            fee_by_size.fee_amount, BLOCK, fee_at_panel_size=rate, member_months=_months(course, block)
        )
        return _less_recovered(course, block, amount, rate)
    return course.compute(fees.total_fee, BLOCK, parts=_parts(course, block))


def _rounded(course: Course, block: CareCoordinationFee, rate: Line) -> Line:
    rule = block.pmpm_rounding
    if rule is None:
        return rate
    return course.compute(
        fees.rounded_fee_pmpm, BLOCK, care_coordination_fee_pmpm=rate, places=rule.places, rule=str(rule.rule)
    )


def _parts(course: Course, block: CareCoordinationFee) -> list[Line]:
    """A line for each risk tier, or each kind of act."""
    tiers: list[Line] = []
    for place, tier in enumerate(block.tiers or []):
        rate = course.item(BLOCK, ("tiers", place), tier, "pmpm", tier.id)
        months = course.given(f"fee_member_months.{tier.id}", BLOCK)
        tiers.append(course.compute(fees.fee_of_tier, BLOCK, tier.id, tier_fee_pmpm=rate, member_months=months))
        tiers += _recovered(course, block, rate, tier.id)
    acts = [
        course.compute(
            fees.fee_of_act, BLOCK, act.id, acts=course.given(f"acts.{act.id}", BLOCK),
            dollars_per_act=course.item(BLOCK, ("acts", place), act, "dollars", act.id),
        )
        for place, act in enumerate(block.acts or [])
    ]  # fmt: skip
    return [*tiers, *acts]


def _months(course: Course, block: CareCoordinationFee) -> Line:
    """The months of the cost side, unless the fee has a roster or a period of its own."""
    own = block.roster == "fee" or course.terms.occasion.fee_period is not None
    return course.given("fee_member_months", BLOCK) if own else course.paid_months(BLOCK)


def _less_recovered(course: Course, block: CareCoordinationFee, amount: Line, rate: Line) -> Line:
    recovered = _recovered(course, block, rate, None)
    return course.compute(fees.total_fee, BLOCK, parts=[amount, *recovered]) if recovered else amount


def _recovered(course: Course, block: CareCoordinationFee, rate: Line, part: str | None) -> list[Line]:
    """What comes off the fee for each exclusion of its roster, and the memo of what lies beyond its look-back.

    `part` is a risk tier, or the first month of a rate where rates change.
    """
    of_members = course.block(MEMBERS, MemberMonths)
    if of_members is None or block.roster != "fee":
        return []
    return [
        _recovered_by(course, item, place, rate, part)
        for place, item in enumerate(of_members.exclusions or [])
        if "fee" in item.rosters and item.months == "leave"
    ]


def _recovered_by(course: Course, item: Exclusion, place: int, rate: Line, part: str | None) -> Line:
    key = item.id
    if part is not None:
        key = f"{item.id}-{part}"
        course.sheet.name_key(key, f"{item.id.replace('_', ' ')}, {part.replace('_', ' ')}")
    formulas: Any = fee_per_year if rate.unit is Unit.USD_PER_PERSON else fees
    at = {"care_coordination_fee_per_year" if formulas is fee_per_year else STATED: rate}
    if item.look_back_months is not None:
        course.item(MEMBERS, ("exclusions", place), item, "look_back_months", item.id)
        beyond = course.given(f"unrecovered_member_months.{key}", BLOCK)
        course.compute(formulas.fee_not_recovered, BLOCK, key, unrecovered_member_months=beyond, **at)
    months = course.given(f"recovered_member_months.{key}", BLOCK)
    return course.compute(formulas.fee_recovered, BLOCK, key, recovered_member_months=months, **at)


def _by_month(course: Course, block: CareCoordinationFee) -> Line:
    """A line to each month at the rate of that month, and to each change of an earlier month."""
    parts: list[Line] = []
    rates: dict[str, Line] = {}
    if block.by_month:
        for month in course.terms.fee_period.months():
            rate = rate_of_month(course, month)
            rates[rate.name] = rate
            months = course.given(f"fee_member_months.{month.first_month}", BLOCK)
            parts.append(
                course.compute(
                    fees.fee_amount, BLOCK, month.first_month, care_coordination_fee_pmpm=rate, member_months=months
                )
            )
    else:
        rate = course.term(BLOCK, "pmpm")
        rates[rate.name] = rate
        months = _months(course, block)
        parts.append(course.compute(fees.fee_amount, BLOCK, care_coordination_fee_pmpm=rate, member_months=months))
    for name, rate in rates.items():
        parts += _recovered(course, block, rate, name.partition(".")[2] or None)
    if block.look_back_months is not None:
        parts += _retroactive(course)
    return course.compute(fees.total_fee, BLOCK, parts=parts)


def _retroactive(course: Course) -> list[Line]:
    stem = "retroactive_member_months"
    keys = course.figures.keys(stem, course.wanted(f"{stem}.*", BLOCK, optional=True))
    return [_of_earlier_month(course, f"{stem}.{key}", key) for key in keys]


def _of_earlier_month(course: Course, name: str, key: str) -> Line:
    """A change in an earlier month: its memo amount, and what of it is settled."""
    month = _earlier_month(course, name, key)
    source = course.terms.source(BLOCK, "look_back_months")
    since = Fraction(course.terms.fee_period.months_since(month))
    back = course.sheet.term(f"months_back.{key}", since, Unit.COUNT, source)
    memo = course.compute(
        fees.retroactive_fee, BLOCK, key, retroactive_member_months=course.given(name, BLOCK),
        care_coordination_fee_pmpm=rate_of_month(course, month),
    )  # fmt: skip
    return course.compute(
        fees.retroactive_fee_in_reach, BLOCK, key,
        retroactive_fee=memo, months_back=back, look_back_months=course.term(BLOCK, "look_back_months"),
    )  # fmt: skip


def _earlier_month(course: Course, name: str, key: str) -> Period:
    """The month of a key. Raises `LineFault` unless it lies before the period and the contract covers it."""
    try:
        first = read_month(key)
        month = Period.from_to(first, first)
        course.terms.for_month(month)
    except (ValueError, NotInForce) as error:
        raise LineFault(name, "no month of the contract") from error
    if course.terms.fee_period.months_since(month) <= 0:
        raise LineFault(name, "a month that is not before the period")
    return month


def rate_of_month(course: Course, month: Period) -> Line:
    """The fee's rate in a month: one line for all months of a rate, named by its first month where rates change."""
    terms = course.terms.for_month(month)
    term = terms.term(BLOCK, "pmpm")
    if not course.terms.changes_inside(BLOCK) and month.first_day >= course.terms.period.first_day:
        return course.term(BLOCK, "pmpm")
    began = _began(course.terms, month, term.source.origin)
    return course.sheet.term(f"{STATED}.{began}", term.value, term.unit, term.source)


def _began(terms: Terms, month: Period, origin: object) -> str:
    """The first month of this period, or before it the month itself, from which the rate was the same term."""
    began = month
    for earlier in reversed([other for other in terms.period.months() if other.first_day < month.first_day]):
        if terms.for_month(earlier).term(BLOCK, "pmpm").source.origin != origin:
            break
        began = earlier
    return began.first_month


def _after_claw_back(course: Course, block: CareCoordinationFee, amount: Line, counted: list[Scored]) -> Line:
    rule = block.at_risk
    assert rule is not None
    flags = thresholds_of(course, counted, rule.measures, BLOCK, "at_risk")
    met = course.compute(fees.fee_measures_met, BLOCK, thresholds=flags, needed=len(flags))
    share = course.item(BLOCK, ("at_risk",), rule, "share", None)
    back = course.compute(fees.claw_back, BLOCK, amount=amount, fee_at_risk=share, fee_measures_met=met)
    return course.compute(fees.fee_after_claw_back, BLOCK, amount=amount, claw_back=back)
