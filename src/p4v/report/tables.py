"""Small tables of a statement that foot: what a net payment, a fee or an incentive is made up of, and who gets it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from p4v.report.shown import figure, key_of, key_words, shown, shown_value
from p4v.report.wording import Lines

Line = Mapping[str, Any]
_ZERO = Fraction(0)
_BROAD = 5
_ENOUGH = 2
"""Fewer rows than this need no table."""
_TAKEN_ON_THE_WAY = ("paid", "held_in_reserve", "carried_forward")
_PARTS_OF_SCORE = ("domain_score", "capped_domain_score", "effective_weight")


@dataclass(frozen=True, slots=True)
class Row:
    """What a row is about, its clause, and a cell to each further column."""

    label: str
    clause: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class SmallTable:
    """A table with its headings; `total` is empty where there is nothing to add up."""

    id: str
    title: str
    aside: str
    columns: Sequence[str]
    rows: Sequence[Row]
    total: Row | None

    @property
    def broad(self) -> bool:
        return len(self.columns) >= _BROAD


def tables(lines: Lines) -> list[SmallTable]:
    """All that have data, in the order in which a reader asks."""
    made = (
        _net_payment, _fee, _incentive, _uplift, _withhold, _interim, _baseline, _market, _parts, _categories, _domains,
        _funders, _participants,
    )  # fmt: skip
    return [table for make in made if (table := make(lines)) is not None]


def net_parts(lines: Lines) -> list[tuple[Line, Fraction]]:
    """The lines that a net payment is made up of, each as it counts; nothing where they do not add up to it."""
    net, due = lines.get("net_payment"), lines.get("amounts_due")
    if net is None or due is None:
        return []
    parts = [(lines[name], figure(lines[name])) for name in _inputs(due)] + list(_on_the_way(lines))
    parts = [(line, value) for line, value in parts if line["name"] != "amounts_due"]
    return parts if sum((value for _, value in parts), start=_ZERO) == figure(net) else []


def _on_the_way(lines: Lines) -> Iterator[tuple[Line, Fraction]]:
    """What was added and taken between what is due and what is paid."""
    used = {name for line in lines.values() if line["kind"] != "term" for name in _inputs(line)}
    for name in ("paid", "late_interest", "held_in_reserve", "carried_payment", "carried_forward"):
        line = lines.get(name)
        if line is None or line["value"] is None or (name == "paid" and "due_less_paid" not in lines):
            continue
        if name in used or name == "carried_forward":
            yield line, -figure(line) if name in _TAKEN_ON_THE_WAY else figure(line)


def _inputs(line: Line) -> list[str]:
    """The lines that a line is computed from."""
    given = list((line["inputs"] or {}).values())
    return [name for one in given for name in (one if isinstance(one, list) else [one])]


def _net_payment(lines: Lines) -> SmallTable | None:
    parts = net_parts(lines)
    words = {"paid": "Already paid", "carried_forward": "Carried to the next statement"}
    rows = [
        Row(words.get(line["name"]) or str(line["label"]), line["clause"], [shown_value(value, "usd")])
        for line, value in parts
        if value != 0 or line["name"] not in ("carried_payment", "carried_forward")
    ]
    if len(rows) < _ENOUGH:
        return None
    net = lines["net_payment"]
    return SmallTable("net", "From what was settled to the net payment", "", ["Amount", "Dollars"], rows,
                      Row(net["label"], net["clause"], [shown(net)]))  # fmt: skip


def _fee(lines: Lines) -> SmallTable | None:
    """The fee by month, tier or kind of act, and what was clawed back."""
    fee = lines.get("care_coordination_fee")
    total = lines.get("total_fee")
    names = _inputs(total) if total is not None else ["fee_amount"]
    if fee is None or any(name not in lines for name in names):
        return None
    rows = [_fee_row(lines, lines[name]) for name in names]
    clawed = lines.get("claw_back")
    if clawed is not None:
        rows.append(Row(clawed["label"], clawed["clause"], ["", "", shown_value(-figure(clawed), "usd")]))
    found = sum((figure(lines[name]) for name in names), start=_ZERO) - (figure(clawed) if clawed else _ZERO)
    rest = figure(fee) - found
    if rest != 0:
        words = "Adjusted by quality" if "fee_adjusted_by_quality" in lines else "Rounding"
        rows.append(Row(words, fee["clause"], ["", "", shown_value(rest, "usd")]))
    if len(rows) < _ENOUGH:
        return None
    late = [line for name, line in lines.items() if name.startswith("retroactive_fee.")]
    aside = "A change of an earlier month counts within the look-back; the memo is what it would be." if late else ""
    last = Row(fee["label"], fee["clause"], ["", "", shown(fee)])
    return _without_empty(
        "fee", "Care coordination fee", aside, ["Part", _counted(names), "Fee", "Dollars"], rows, last
    )


def _counted(names: Sequence[str]) -> str:
    return "Number" if any(name.startswith("fee_of_act") for name in names) else "Member months"


def _fee_row(lines: Lines, line: Line) -> Row:
    stem, _, key = line["name"].partition(".")
    label = {"fee_amount": "Months of the period", "retroactive_fee_in_reach": "Earlier month"}.get(stem)
    words = key_words(line)
    if stem == "fee_of_tier":  # a short key may be an abbreviation, but no tier is
        words = words[:1].upper() + words[1:]
    text = label or str(line["label"])
    if key:
        text = f"{words}, changed since" if stem == "retroactive_fee_in_reach" else words
    source = line
    memo = lines.get(f"retroactive_fee.{key}") if stem == "retroactive_fee_in_reach" else None
    if memo is not None:
        source = memo
        if figure(memo) != figure(line):
            text = f"{text} (memo {shown(memo)})"
    return Row(text, line["clause"], [*_number_and_rate(lines, source), shown(line)])


def _number_and_rate(lines: Lines, line: Line) -> list[str]:
    """How many there were, and the dollars of each."""
    given = [lines[name] for name in _inputs(line)]
    many = [shown(one) for one in given if one["unit"] in ("member_months", "count")]
    each = [shown(one) for one in given if one["unit"] in ("usd_pmpm", "usd_per_person")]
    return [many[0] if len(many) == 1 else "", each[0] if len(each) == 1 else ""]


def _incentive(lines: Lines) -> SmallTable | None:
    total, settled = lines.get("total_incentive"), lines.get("quality_incentive")
    if total is None or settled is None:
        return None
    rows = []
    for line in (lines[name] for name in _inputs(total)):
        paid_for = _number_and_rate(lines, _before_gates(lines, line))
        rows.append(Row(_part_of_incentive(line), line["clause"], [*paid_for, shown(line)]))
    last = Row(settled["label"], settled["clause"], ["", "", shown(settled)])
    title = "Parts of the quality incentive"
    return _without_empty("incentive", title, "", ["Part", "Number", "Each", "Dollars"], rows, last)


def _part_of_incentive(line: Line) -> str:
    words = key_words(line, within=True)
    stem = line["name"].partition(".")[0]
    if stem in ("gap_incentive", "fee_of_act", "measure_incentive"):
        named = {"gap_incentive": "Gaps closed", "fee_of_act": "Acts"}.get(stem)
        return f"{named}: {words}" if named else key_words(line)
    return str(line["label"])


def _before_gates(lines: Lines, line: Line) -> Line:
    """The line whose dollars a gate lets through."""
    while line["name"].startswith("savings_past_gate") and "amount" in line["inputs"]:
        line = lines[line["inputs"]["amount"]]
    return line


def _uplift(lines: Lines) -> SmallTable | None:
    settled, points = lines.get("fee_schedule_uplift"), lines.get("uplift_points")
    if settled is None or points is None or "carried_uplift" not in lines:
        return None
    on, before = lines["uplift_carried_forward"], lines["carried_uplift"]
    rows = [Row(line["label"], line["clause"], [shown(line)]) for line in (points, before)]
    rows.append(Row("Carried forward, above the highest uplift", on["clause"], [shown_value(-figure(on), "rate")]))
    if figure(points) + figure(before) - figure(on) != figure(settled):
        return None
    return SmallTable("uplift", "Points on the fee schedule", "", ["Points", "Rate"], rows,
                      Row(settled["label"], settled["clause"], [shown(settled)]))  # fmt: skip


def _withhold(lines: Lines) -> SmallTable | None:
    names = ("withhold_returned", "withhold_forfeited")
    held = lines.get("withheld")
    if held is None or any(name not in lines for name in names) or figure(held) == 0:
        return None
    rows = [Row(lines[name]["label"], lines[name]["clause"], [shown(lines[name])]) for name in names]
    if sum((figure(lines[name]) for name in names), start=_ZERO) != figure(held):
        return None
    interest = lines.get("withhold_interest")
    aside = f"Interest of {shown(interest)} on what is returned comes on top." if interest is not None else ""
    return SmallTable("withhold", "What became of the withhold", aside, ["Part", "Dollars"], rows,
                      Row(held["label"], held["clause"], [shown(held)]))  # fmt: skip


def _interim(lines: Lines) -> SmallTable | None:
    """What is released at an interim settlement."""
    target, moved = lines.get("interim_target"), lines.get("movement")
    if target is None or moved is None:
        return None
    paid = lines["paid"]
    rows = [
        Row(target["label"], target["clause"], [shown(target)]),
        Row("Released before", paid["clause"], [shown_value(-figure(paid), "usd")]),
    ]
    now = lines.get("movement_held", moved)
    kept = figure(now) - figure(moved)
    if kept != 0:
        rows.append(Row("Held until the final settlement, not taken back", now["clause"], [shown_value(kept, "usd")]))
    last = Row("Released now", now["clause"], [shown(now)])
    return SmallTable("interim", "Interim release", "", ["Amount", "Dollars"], rows, last)


def _baseline(lines: Lines) -> SmallTable | None:
    """The years that the baseline rests on, where their cost comes from members."""
    stems = ("baseline_member_months", "baseline_expenditure", "baseline_pmpm", "baseline_weight", "year_trend")
    keys = [key for key in _keys(lines, stems[0]) if f"{stems[1]}.{key}" in lines]
    whole = lines.get("baseline_pmpm")
    if len(keys) < _ENOUGH or whole is None:
        return None
    rows = [_keyed(lines, f"{stems[1]}.{key}", [f"{stem}.{key}" for stem in stems]) for key in keys]
    last = Row(whole["label"], whole["clause"], ["", "", shown(whole), "", ""])
    heads = ["Year", "Member months", "Expenditure", "Per member per month", "Weight", "Trend"]
    made = _without_empty("baseline", "The baseline by year", "", heads, rows, last)
    by_year = any(f"{stems[2]}.{key}" in lines for key in keys)
    return made if by_year else replace(made, total=None)


def _market(lines: Lines) -> SmallTable | None:
    """The market's cost now and in the base period, cell by cell at the group's own mix."""
    stems = ("mix_member_months", "market_base_pmpm", "market_pmpm")
    keys, trend = _keys(lines, stems[0]), lines.get("market_trend")
    if not keys or trend is None or any(f"{stem}.{key}" not in lines for stem in stems for key in keys):
        return None
    rows = [_keyed(lines, f"{stems[0]}.{key}", [f"{stem}.{key}" for stem in stems]) for key in keys]
    last = Row(trend["label"], trend["clause"], ["", "", shown(trend)])
    heads = ["Product", "Member months of the group", "Market, base period", "Market now"]
    return SmallTable(
        "market", "Market trend at the group's own mix", "Dollars per member per month", heads, rows, last
    )


def _parts(lines: Lines) -> SmallTable | None:
    """The parts that are settled apart."""
    keys = _keys(lines, "earned")
    stems = ("benchmark", "expenditure", "gross_savings", "savings_rate", "earned")
    if not keys or any(f"{stem}.{key}" not in lines for stem in stems for key in keys):
        return None
    rows = [_keyed(lines, f"earned.{key}", [f"{stem}.{key}" for stem in stems]) for key in keys]
    last = Row("Together", lines["earned"]["clause"], [_shown_of(lines, stem) for stem in stems])
    heads = ["Part", "Benchmark", "Expenditure", "Gross savings", "Savings rate", "Earned"]
    return SmallTable("parts", "By part, settled apart", "", heads, rows, last)


def _categories(lines: Lines) -> SmallTable | None:
    keys, parties = _keys(lines, "category_savings"), _keys(lines, "party_savings")
    if not keys or not parties:
        return None
    stems = ["category_benchmark", "category_expenditure", "category_savings", "savings_that_count"]
    rows = [
        _keyed(
            lines, f"category_savings.{key}",
            [*(f"{stem}.{key}" for stem in stems), *(f"party_part.{key}-{party}" for party in parties)],
        )
        for key in keys
    ]  # fmt: skip
    cells = [*(_sum(lines, stem) for stem in stems), *(_shown_of(lines, f"party_savings.{party}") for party in parties)]
    heads = ["Category", "Benchmark", "Expenditure", "Savings", "Of which count", *map(_capital, parties)]
    last = Row("All categories", lines["party_savings.group"]["clause"], cells)
    return _without_empty("categories", "By category and party", "", heads, rows, last)


def _domains(lines: Lines) -> SmallTable | None:
    """The score by domain."""
    keys = _keys(lines, "domain_score")
    if not keys or "quality_score" not in lines:
        return None
    rows, found = [], _ZERO
    for key in keys:
        counted = lines.get(f"capped_domain_score.{key}", lines[f"domain_score.{key}"])
        weight = lines.get(f"effective_weight.{key}")
        if weight is None or counted["value"] is None:
            return None
        part = figure(counted) * figure(weight)
        found += part
        row = _keyed(lines, f"domain_score.{key}", [f"{stem}.{key}" for stem in _PARTS_OF_SCORE])
        rows.append(Row(row.label, row.clause, [*row.cells, shown_value(part, "rate")]))
    score = lines["quality_score"]
    if found != figure(score):
        return None
    heads = ["Domain", "Score", "Within its cap", "Weight", "Adds to the score"]
    last = Row(score["label"], score["clause"], ["", "", "", shown(score)])
    return _without_empty("domains", "Quality by domain", "", heads, rows, last)


def _funders(lines: Lines) -> SmallTable | None:
    keys = _keys(lines, "funder_share")
    if not keys:
        return None
    stems = ("funder_rate", "funder_share", "paid_by", "funder_net")
    rows = [_keyed(lines, f"funder_share.{key}", [f"{stem}.{key}" for stem in stems]) for key in keys]
    last = Row("All funders", lines[f"funder_share.{keys[0]}"]["clause"], [_sum(lines, stem) for stem in stems])
    heads = ["Funder", "Part", "Bears", "Already paid", "Still to pay"]
    return _without_empty("funders", "By funder", "", heads, rows, last)


def _participants(lines: Lines) -> SmallTable | None:
    keys = _keys(lines, "participant_share")
    if not keys:
        return None
    weights = {
        "participant_rate": "Part", "participant_member_months": "Member months", "participant_quality": "Quality",
        "participant_contribution": "Contribution",
    }  # fmt: skip
    stem = next((stem for stem in weights if f"{stem}.{keys[0]}" in lines), "participant_rate")
    rows = [_keyed(lines, f"participant_share.{key}", [f"{stem}.{key}", f"participant_share.{key}"]) for key in keys]
    total = sum((figure(lines[f"participant_share.{key}"]) for key in keys), start=_ZERO)
    for key in _keys(lines, "residual_cents"):
        line = lines[f"residual_cents.{key}"]
        total += figure(line)
        if figure(line) != 0:
            rows.append(Row(f"Cents left by rounding, to {key_words(line)}", line["clause"], ["", shown(line)]))
    clause = lines[f"participant_share.{keys[0]}"]["clause"]
    last = Row("All participants", clause, [_sum(lines, stem), shown_value(total, "usd")])
    first = lines.get("expenses_first")
    aside = f"After {shown(first)} for expenses, which come first." if first is not None else ""
    return _without_empty(
        "participants", "Split among participants", aside, ["Participant", weights[stem], "Gets"], rows, last
    )


def _keys(lines: Lines, stem: str) -> list[str]:
    return [key_of(name) for name in lines if name.startswith(f"{stem}.")]


def _capital(key: str) -> str:
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


def _keyed(lines: Lines, name: str, names: Sequence[str]) -> Row:
    line = lines[name]
    return Row(key_words(line), line["clause"], [_shown_of(lines, other) for other in names])


def _shown_of(lines: Lines, name: str) -> str:
    return shown(lines[name]) if name in lines else ""


def _sum(lines: Lines, stem: str) -> str:
    """All lines of a stem together."""
    found = [lines[f"{stem}.{key}"] for key in _keys(lines, stem)]
    known = [line for line in found if line["value"] is not None]
    return shown_value(sum(map(figure, known), start=_ZERO), known[0]["unit"]) if known else ""


def _without_empty(
    id_: str, title: str, aside: str, columns: Sequence[str], rows: Sequence[Row], total: Row
) -> SmallTable:
    """A column in which no row has a figure is left out."""
    kept = [place for place in range(len(columns) - 1) if any(row.cells[place] for row in rows)]

    def of(row: Row) -> Row:
        return Row(row.label, row.clause, [row.cells[place] for place in kept])

    heads = [columns[0], *(columns[place + 1] for place in kept)]
    return SmallTable(id_, title, aside, heads, [of(row) for row in rows], of(total))
