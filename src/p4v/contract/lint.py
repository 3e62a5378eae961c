"""What in a contract's terms has no effect: worth a second look before it is signed, though nothing is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from p4v.contract.blocks import Block
from p4v.contract.blocks.benchmark import Benchmark, Market, Risk
from p4v.contract.blocks.cost import PERFORMANCE, Adjustments, Expenditure
from p4v.contract.blocks.members import Exclusion, MemberMonths
from p4v.contract.blocks.rewards import CareCoordinationFee

_WHOLE, _NONE = Fraction(1), Fraction(0)
_IDLE: Mapping[tuple[str, str], tuple[Fraction, str]] = {
    ("gate", "minimum_savings_rate"): (_NONE, "savings count from the first dollar"),
    ("final_multiplier", "savings"): (_WHOLE, "nothing is taken off"),
    ("final_multiplier", "losses"): (_WHOLE, "nothing is taken off"),
    ("benchmark", "discount"): (_NONE, "nothing is taken off"),
    ("benchmark", "trend"): (_WHOLE, "the base stays as it is"),
    ("benchmark", "own_weight"): (_WHOLE, "the region has no weight"),
    ("cap_gross", "of_benchmark"): (_WHOLE, "savings are never more than the benchmark"),
    ("cap_payment", "of_benchmark"): (_WHOLE, "a share of savings is never more than the benchmark"),
    ("cap_payment", "of_gross_savings"): (_WHOLE, "a share of savings is never more than the savings"),
    ("loss_limit", "of_benchmark"): (_WHOLE, "a loss is rarely more than the benchmark"),
    ("disaster", "relieved_share_of_losses"): (_NONE, "no share is relieved; only given dollars are"),
    ("quality_gate", "minimum_score"): (_NONE, "every score meets it"),
    ("quality_gate", "minimum_thresholds_met"): (_NONE, "every count meets it"),
    ("expenditure", "administrative_share"): (_NONE, "the cost stays as it is"),
    ("interim", "share"): (_NONE, "nothing is paid before the final settlement"),
    ("floor", "dollars"): (_NONE, "a payment is never below zero"),
    ("cash", "minimum_payment"): (_NONE, "every amount is paid"),
    ("member_months", "minimum_months"): (_NONE, "every member has as many"),
}
"""Block and term to the value that changes nothing, and why."""


def idle_terms(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Block, term and reason of each term whose value changes nothing."""
    for (block, term), (value, why) in _IDLE.items():
        if block in blocks and getattr(blocks[block], term, None) == value:
            yield block, term, why
    fee = blocks.get("care_coordination_fee")
    if not isinstance(fee, CareCoordinationFee) or fee.roster != "fee":
        for exclusion in _exclusions(blocks):
            if exclusion.rosters == ["fee"] or (fee is not None and "fee" in exclusion.rosters):
                why = f"`{exclusion.id}` is for a roster of the fee, and no fee counts one of its own (`roster: fee`)"
                yield "member_months", "exclusions", why


def _exclusions(blocks: Mapping[str, Block]) -> Sequence[Exclusion]:
    members = blocks.get("member_months")
    return members.exclusions or [] if isinstance(members, MemberMonths) else []


_SAVINGS = frozenset({"share"})
_REWARDS = frozenset({"share", "category_split", "fee_reset", "pay_for_performance", "fee_schedule_uplift"})
USED_BY: Mapping[str, frozenset[str]] = {
    "gate": _SAVINGS,
    "cap_gross": _SAVINGS,
    "quality_effect": _SAVINGS,
    "cap_payment": _SAVINGS,
    "loss_share": _SAVINGS,
    "final_multiplier": _SAVINGS,
    "floor": _SAVINGS,
    "fee_offset": _SAVINGS,
    "prior_deficit": _SAVINGS,
    "member_months": _SAVINGS,
    "loss_limit": frozenset({"loss_share"}),
    "disaster": frozenset({"loss_share"}),
    "risk": frozenset({"benchmark"}),
    "adjustments": frozenset({"benchmark", "trend_gate", "fee_reset"}),
    "expenditure": frozenset({"benchmark", "trend_gate", "fee_reset"}),
    "benchmark": frozenset({"share", "fee_reset", "fee_schedule_uplift", "withhold"}),
    "quality_gate": _REWARDS | {"withhold"},
    "trend_gate": frozenset({"share", "fee_reset", "pay_for_performance"}),
    "strata": frozenset({"care_coordination_fee", "benchmark"}),
    "interim": frozenset({"share", "category_split"}),
    "funders": frozenset({"share", "category_split", "pay_for_performance"}),
    "distribution": frozenset({"share", "category_split", "pay_for_performance"}),
}
"""Block to those of which one must be there: without them it would change nothing."""


def unused_blocks(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Blocks that nothing uses: block, what was found, what is allowed."""
    members = blocks.get("member_months")
    needed_anyway = {"member_months"} if isinstance(members, MemberMonths) and members.of_rows() else set()
    for name, users in USED_BY.items():
        if name in blocks and name not in needed_anyway and not users & set(blocks):
            named = " or ".join(f"`{user}`" for user in sorted(users))
            yield name, f"`{name}`, which nothing here uses", f"`{name}` together with {named}"


def missing_partners(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Blocks whose own words need another one: block, what was found, what is allowed."""
    fee = blocks.get("care_coordination_fee")
    wanting = {
        "fee_reset": True,
        "fee_offset": getattr(blocks.get("fee_offset"), "fees", None) == "of_this_contract",
        "expenditure": getattr(blocks.get("expenditure"), "coordination_fees", None) == "counted_in",
    }
    for name, wants in wanting.items():
        if fee is None and name in blocks and wants:
            yield name, "no `care_coordination_fee`", f"the block `care_coordination_fee`, which `{name}` rests on"
    if "fee_reset" in blocks and fee is not None and getattr(fee, "pmpm", None) is None:
        yield "fee_reset", "`fee_reset` on a fee that is not flat", "`care_coordination_fee` with `pmpm`"
    yield from _missing_for_years(blocks)
    yield from _missing_for_scores(blocks)
    yield from _missing_for_adjustments(blocks)
    for name, market in _markets(blocks):
        steps = _steps_of_cost(blocks)
        if steps and market.cost is None:
            found = f"no `cost`, although the contract has {' and '.join(steps)}"
            allowed = "`cost: as_reported`, or `same_steps`: how the market's cost is counted beside the group's"
            yield f"benchmark.{name}.cost", found, allowed


def _markets(blocks: Mapping[str, Block]) -> Iterator[tuple[str, Market]]:
    against = blocks.get("benchmark")
    if isinstance(against, Benchmark):
        for name, market in (("market_trend", against.market_trend), ("regional", against.regional)):
            if market is not None:
                yield name, market


def _steps_of_cost(blocks: Mapping[str, Block]) -> list[str]:
    """What the contract does with the group's dollars, by the terms that say so."""
    cost = blocks.get("expenditure")
    if not isinstance(cost, Expenditure):
        return []
    terms = {
        "`large_claims`": cost.large_claims is not None,
        "`completion`": cost.completion is not None,
        "`benefit_factor`": cost.normalises(),
        "`administrative_share`": cost.administrative_share is not None,
    }
    return [term for term, stated in terms.items() if stated]


def _other_steps_of_market(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """A market's members can be truncated one by one, and no more."""
    cost = blocks.get("expenditure")
    large = cost.large_claims if isinstance(cost, Expenditure) else None
    steps = _steps_of_cost(blocks)
    fits = steps == ["`large_claims`"] and large is not None and large.form == "truncate"
    for name, market in _markets(blocks):
        if market.cost == "same_steps" and not fits:
            found = f"`same_steps` with {' and '.join(steps) or 'no step of the cost'}"
            if large is not None and large.form != "truncate":
                found += f" of form `{large.form}`"
            yield (
                f"benchmark.{name}.cost",
                found,
                "`as_reported`; `same_steps` with form `truncate` of `large_claims` alone",
            )


def _missing_for_years(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Terms of a baseline year that rest on how the contract counts cost."""
    against, cost = blocks.get("benchmark"), blocks.get("expenditure")
    for place, year in enumerate(against.baseline_periods or [] if isinstance(against, Benchmark) else []):
        for term, partner in (("point", "large_claims"), ("factor", "completion")):
            if getattr(year, term) is not None and getattr(cost, partner, None) is None:
                found, allowed = f"no `{partner}` of `expenditure`", f"`{partner}` there, which says how it counts"
                yield f"benchmark.baseline_periods.{place}.{term}", found, allowed


def _missing_for_scores(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """What the change of risk scores is measured from."""
    risk, against = blocks.get("risk"), blocks.get("benchmark")
    if not isinstance(risk, Risk) or risk.scores is None or not isinstance(against, Benchmark):
        return
    if risk.scores.base not in [year.id for year in against.baseline_periods or []]:
        allowed = "one of the `baseline_periods` of `benchmark`"
        yield "risk.scores.base", f"`{risk.scores.base}`, which is no baseline year", allowed
    if risk.scores.relative_to == "market" and against.market_trend is None:
        yield "risk.scores.relative_to", "no market", "`market_trend` of `benchmark`, whose market it is"


def _missing_for_adjustments(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Baseline years of an adjustment whose cost does not come from members."""
    block, against = blocks.get("adjustments"), blocks.get("benchmark")
    years = [year.id for year in against.baseline_periods or []] if isinstance(against, Benchmark) else []
    for place, item in enumerate(block.items if isinstance(block, Adjustments) else []):
        for number, period in enumerate(item.periods or []):
            if period.id not in (PERFORMANCE, *years):
                allowed = f"`{PERFORMANCE}`, or one of the `baseline_periods` of `benchmark`"
                path = f"adjustments.items.{place}.periods.{number}.id"
                yield path, f"`{period.id}`, which is no baseline year", allowed


def one_sided(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Exclusions of the cost that leave members out on one side of the comparison alone."""
    against = blocks.get("benchmark")
    wanted = ["performance"]
    if isinstance(against, Benchmark):
        if against.baseline_periods is not None:
            wanted.append("baseline")
        if against.market_trend is not None or against.regional is not None:
            wanted.append("market")
    for place, exclusion in enumerate(_exclusions(blocks)):
        concerned = wanted if "cost" in exclusion.rosters else ["performance"]
        missing = [period for period in concerned if period not in exclusion.periods]
        if missing:
            found = f"`{exclusion.id}`, which does not apply to {' and '.join(missing)}"
            allowed = f"`[{', '.join(concerned)}]`: the same members are left out wherever costs are compared"
            yield f"member_months.exclusions.{place}.periods", found, allowed


def other_basis(blocks: Mapping[str, Block], cost_steps: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """A basis of completion that is not what the steps complete, in their sequence."""
    cost = blocks.get("expenditure")
    completion = cost.completion if isinstance(cost, Expenditure) else None
    if completion is None or completion.basis is None:
        return
    found = f"basis `{completion.basis}`, but "
    if completion.basis == "truncated" and "truncate" not in cost_steps:
        yield "expenditure.completion.basis", found + "no large claims are taken out", "`as_reported`"
    elif completion.factor is None:
        if completion.basis == "truncated":
            what = "months by run-out and categories are completed as reported"
            yield "expenditure.completion.basis", found + what, "`as_reported`, or one `factor`"
    elif "truncate" in cost_steps:
        before = cost_steps.index("complete") < cost_steps.index("truncate")
        if before is not (completion.basis == "as_reported"):
            first, second = ("complete", "truncate") if before else ("truncate", "complete")
            allowed = (
                f"the other basis, or a move: `{{step: complete, {'after' if before else 'before'}: truncate, …}}`"
            )
            yield "expenditure.completion.basis", found + f"`{first}` before `{second}`", allowed


def named_alike(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Baseline years, or parts, whose lines would have the names of a category's."""
    against, cost = blocks.get("benchmark"), blocks.get("expenditure")
    if not isinstance(against, Benchmark):
        return
    years = [year.id for year in against.baseline_periods or []]
    by_category = (cost.categories or []) if isinstance(cost, Expenditure) else []
    by_product = (cost.benefit_by_product or []) if isinstance(cost, Expenditure) else []
    categories = [category.id for category in by_category]
    cells = [cell.id for cell in against.cells or []]
    items = [*categories, *(item.id for item in by_product)]
    of_cells = [*cells, *(f"{item}-{cell}" for item in items for cell in cells)]
    members = blocks.get("member_months")
    if isinstance(members, MemberMonths) and members.pools():
        of_cells += ["pooled", *(f"{cell}-apart" for cell in cells)]
    if len(set(of_cells)) < len(of_cells):
        found = "a part whose lines would have the names of another's"
        yield "benchmark.cells", found, "ids that differ from `<category>-<part>`, `<part>-apart` and `pooled`"
    names = [*years, *categories, *(f"{category}-{year}" for category in categories for year in years)]
    if years and len(set(names)) < len(names):
        yield "benchmark.baseline_periods", "a year with the id of a category", "ids that differ from the categories'"


_OF_THE_WHOLE: Mapping[str, str] = {
    "risk": "the change of risk is the whole population's, and not that of any part",
    "adjustments": "a named amount is the whole population's, and not that of any part",
    "fee_reset": "it compares one cost per member with one budget",
}
"""Blocks that know no parts, and why."""


def _beside_cells(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """What is one amount of the whole, where each part is counted on its own."""
    against, cost = blocks.get("benchmark"), blocks.get("expenditure")
    if not isinstance(against, Benchmark) or against.cells is None:
        return
    for name, why in _OF_THE_WHOLE.items():
        if name in blocks:
            yield name, f"`{name}` beside a benchmark with `cells`", f"no `{name}`: {why}"
    if isinstance(cost, Expenditure):
        yield from (
            (f"expenditure.{term}", f"{found} beside a benchmark with `cells`", f"{allowed}; of each part, {_EACH}")
            for term, found, allowed in _whole_cost(cost, against.parts == "products")
        )


_EACH = "large claims (`months: stay`), completion, benefit factors, `administrative_share` and late claims"


def _whole_cost(cost: Expenditure, by_product: bool) -> Iterator[tuple[str, str, str]]:
    """Terms of the cost that are not told apart by part: the term, what was found, what is allowed."""
    large = cost.large_claims
    if cost.coordination_fees == "counted_in":
        yield "coordination_fees", "`coordination_fees: counted_in`", "`left_out`: the fee is not paid by part"
    if large is not None and large.months == "leave":
        yield "large_claims.months", "`months: leave`", "`stay`: budget and fee rest on the same member months"
    if by_product and cost.benefit_by_product is not None:
        yield "benefit_by_product", "`benefit_by_product`", "no factors: each part is a product, with its own budget"
    changed = _steps_of_cost({"expenditure": cost}) or cost.late_claims not in (None, "ignored")
    if by_product and cost.by == "products" and changed:
        yield "by", "`by: products`", "`categories` of service, or none: each part is a product already"


def _other_categories(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Trends by category need the dollars of each category, of every baseline year."""
    against, cost = blocks.get("benchmark"), blocks.get("expenditure")
    if isinstance(against, Benchmark) and against.baseline_periods is not None and against.categories is not None:
        counted = [category.id for category in cost.categories or []] if isinstance(cost, Expenditure) else []
        if sorted(counted) != sorted(category.id for category in against.categories):
            found, allowed = "other categories than those of `expenditure`", "the same, each with its trend"
            yield "benchmark.categories", found, allowed


def _excluded_by_run_out(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Run-out completes the dollars of whole months, in which members who leave cannot be told from the others."""
    cost = blocks.get("expenditure")
    if not isinstance(cost, Expenditure) or cost.large_claims is None or cost.large_claims.form != "exclude":
        return
    if (cost.completion is not None and cost.completion.by_run_out is not None) or any(
        category.by_run_out is not None for category in cost.categories or []
    ):
        found = "`by_run_out` beside members who are excluded: months are completed with their dollars"
        yield "expenditure.large_claims", found, "one `factor`, or another form than `exclude`"


def _other_products(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Each product that counts has its benefit factor: another's dollars would be counted at none."""
    members, cost = blocks.get("member_months"), blocks.get("expenditure")
    if isinstance(cost, Expenditure) and cost.benefit_by_product is not None:
        counted = members.products or [] if isinstance(members, MemberMonths) else []
        if sorted(counted) != sorted(item.id for item in cost.benefit_by_product):
            found = "other products than the `products` of `member_months`"
            yield "expenditure.benefit_by_product", found, "the same, each with its factor"


def _revenue_of_excluded(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Revenue is not counted member by member, so that it stays where members leave."""
    against, cost = blocks.get("benchmark"), blocks.get("expenditure")
    large = cost.large_claims if isinstance(cost, Expenditure) else None
    rests = isinstance(against, Benchmark) and against.revenue_counts()
    if rests and large is not None and large.months == "leave":
        found = "members who leave with their months beside a `loss_ratio`, whose revenue would stay"
        yield "expenditure.large_claims.months", found, "`months: stay`: months and revenue stay, dollars leave"


def pooling_unsaid(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Parts of which nothing says whether they are settled together."""
    against, members = blocks.get("benchmark"), blocks.get("member_months")
    unsaid = isinstance(against, Benchmark) and against.cells is not None and against.pooling is None
    if unsaid and not (isinstance(members, MemberMonths) and members.pools()):
        allowed = "`pooling: together` or `apart`, or `below: pool` of `member_months`"
        yield "benchmark.cells", "`cells` without `pooling`", allowed


_AMOUNTS_OF_PARTS: Mapping[str, str | None] = {
    "fee_offset": None, "prior_deficit": None, "disaster": None, "floor": None, "cap_payment": "pmpm",
    "loss_limit": "of_revenue", "gate": "minimum_savings_rates_by_size",
}  # fmt: skip
"""Block, or a term of it, with an amount or a size of each part, which a pool of some of the parts has none of."""


def _pooled_by_panel(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Groups that are settled together only where a panel is too small."""
    against, members = blocks.get("benchmark"), blocks.get("member_months")
    if not isinstance(members, MemberMonths) or not members.pools():
        return
    if not isinstance(against, Benchmark) or against.cells is None or against.parts != "groups":
        allowed = "`cells` of `benchmark` with `parts: groups`; or `no_reward`"
        yield "member_months.below", "`below: pool` without groups to pool", allowed
    elif against.pooling is not None:
        yield "benchmark.pooling", "`pooling` beside `below: pool`", "one of the two, which say the same in two ways"
    for name, term in _AMOUNTS_OF_PARTS.items():
        block = blocks.get(name)
        if block is not None and (term is None or getattr(block, term) is not None):
            where = name if term is None else f"{name}.{term}"
            found = f"`{where}` beside `below: pool`: an amount, or a size, that the pool has none of"
            yield where, found, "terms on savings, benchmark and quality alone; or `no_reward`"


def ill_matched(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """Blocks that do not go together: block, what was found, what is allowed."""
    against = blocks.get("benchmark")
    yield from _excluded_by_run_out(blocks)
    yield from _beside_cells(blocks)
    yield from _pooled_by_panel(blocks)
    yield from _other_categories(blocks)
    yield from _revenue_of_excluded(blocks)
    yield from _other_steps_of_market(blocks)
    yield from _other_products(blocks)
    in_dollars = isinstance(against, Benchmark) and against.in_dollars()
    if "fee_reset" in blocks and in_dollars and getattr(blocks["fee_reset"], "decrease", None) == "from_costs":
        yield "fee_reset", "`fee_reset` against a benchmark in dollars", "a benchmark per member per month"
    gate = blocks.get("gate")
    losses = getattr(gate, "minimum_loss_rate", None) is not None or getattr(gate, "losses", None) is not None
    if losses and "loss_share" not in blocks:
        yield "gate", "a minimum loss rate without a `loss_share`", "`loss_share` with it, or neither"
    if "floor" in blocks and "loss_share" in blocks:
        yield "floor", "a guaranteed amount beside shared losses", "one of the two: the loss would be taken off it"
    paid = {act.id for act in getattr(blocks.get("care_coordination_fee"), "acts", None) or []}
    for act in getattr(blocks.get("pay_for_performance"), "acts", None) or []:
        if act.id in paid:
            yield "pay_for_performance", f"the act `{act.id}` that the fee pays too", "each act in one block"
