"""A stored settlement as a reader sees it: everything a statement prints, as text. Templates only loop over this."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from p4v.report.controls import ControlsView, controls_view, table_digests
from p4v.report.fonts import font_data
from p4v.report.gates import GateView, gates
from p4v.report.lines import LineView, Parts, parts_of
from p4v.report.scorecard import Scorecard, measure_ids, scorecard
from p4v.report.sentences import NEXT_FEE, Headline, headline, main_line, sentences
from p4v.report.shown import (
    change_text,
    date_text,
    figure,
    period_text,
    short_value,
    shown_value,
    tile_value,
    with_dates,
)
from p4v.report.tables import SmallTable, tables
from p4v.report.waterfall import Waterfall, bars_of, step_words, waterfall
from p4v.report.wording import Lines, spans_text

_UNBROKEN = "\N{NO-BREAK SPACE}"
_THE_PAYER = "the payer"


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure beside the one that it is measured against."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class PriorView:
    """A figure of the period before beside this one's."""

    label: str
    before: str
    now: str
    change: str


@dataclass(frozen=True, slots=True)
class StatementView:
    """Everything a statement prints; a section without data is empty."""

    heading: str
    program: str
    reached: str
    facts: Sequence[tuple[str, str]]
    group: str
    group_name: str
    period: str
    headline: Headline
    sentences: Sequence[str]
    tiles: Sequence[Tile]
    waterfall: Waterfall | None
    settled: Sequence[LineView]
    main: str
    gates: Sequence[GateView]
    gates_columns: Sequence[str]
    prior: Sequence[PriorView]
    scorecard: Scorecard | None
    parts: Parts
    numbering: str
    tables: Sequence[SmallTable]
    controls: ControlsView | None
    order: Sequence[tuple[str, str]]
    rounding: Sequence[LineView]
    stated: Sequence[Mapping[str, str]]
    digest: str
    run: str
    inputs: Sequence[tuple[str, str]]
    release: str
    font: str


def statement_view(document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> StatementView:
    """The statement of a run, from its settlement and its manifest alone."""
    lines = {line["name"]: line for line in document["lines"]}
    bars, gate_views, parts = bars_of(lines), gates(lines), parts_of(document, measure_ids(lines))
    group, period = manifest["group_name"] or document["group"], period_text(document["period"])
    payer = _name(manifest.get("payer")) or _THE_PAYER
    settled = [line for line in parts.main if line.kind == "settled"]
    small = tables(lines)
    return StatementView(
        heading="Settlement statement" if settled else manifest["title"],
        program=" · ".join(
            part for part in (_name(manifest.get("payer")), manifest["title"] if settled else "") if part
        ),
        reached="How the amount was reached" if settled else "How the figure was reached",
        facts=list(_facts(document, manifest, group, period)),
        group=document["group"],
        group_name=group,
        period=period,
        headline=headline(lines, group, payer),
        sentences=sentences(lines, bars, gate_views, group, payer, period),
        tiles=list(_tiles(lines)),
        waterfall=waterfall(lines),
        settled=[] if _shown_elsewhere(settled, [table.id for table in small]) else settled,
        main=main_line(lines),
        gates=gate_views,
        gates_columns=[
            column
            for column in ("compared", "distance", "not_earned")
            if any(getattr(gate, column) for gate in gate_views)
        ],
        prior=list(_prior(lines, manifest.get("prior") or {})),
        scorecard=scorecard(lines),
        parts=parts,
        numbering=_numbering(parts),
        tables=small,
        controls=controls_view(document, manifest, lines),
        order=[_step(step) for step in manifest.get("order") or ()],
        rounding=[line for line in parts.main if line.rounding],
        stated=list(manifest.get("stated") or ()),
        digest=digest,
        run=str(manifest.get("run") or ""),
        inputs=[*((entry["path"], entry["sha256"]) for entry in manifest["inputs"]), *table_digests(manifest)],
        release=manifest["p4v"],
        font=font_data(),
    )


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A group that is listed and has no settlement, because its contract was not in force."""

    group: str
    group_name: str
    contract: str
    title: str
    period: str
    reason: str
    font: str


def notice_view(
    group: str, group_name: str | None, contract: str, title: str, period: Mapping[str, str], reason: str
) -> NoticeView:
    words = with_dates(reason)
    return NoticeView(group, group_name or group, contract, title, period_text(period), words, font_data())


def _facts(
    document: Mapping[str, Any], manifest: Mapping[str, Any], group: str, period: str
) -> Iterator[tuple[str, str]]:
    """What the statement is about; each where it is known."""
    yield "Medical group", group if group == document["group"] else f"{group} ({document['group']})"
    purchaser = _name(manifest.get("purchaser"))
    if purchaser:
        yield "Purchaser", purchaser
    yield "Contract", document["contract"]
    agreement = manifest.get("agreement") or {}
    dates = [
        f"{word} {date_text(str(agreement[key])).replace(' ', _UNBROKEN)}"
        for key, word in (("signed", "signed"), ("effective", "effective"), ("ends", "ends"))
        if agreement.get(key)
    ]
    if dates:
        yield "Agreement", ", ".join(dates)
    yield "Performance period", period
    if manifest.get("fee_period") and any(line["name"] == "care_coordination_fee" for line in document["lines"]):
        yield "Months of the care coordination fee", period_text(manifest["fee_period"])
    if manifest.get("known"):
        yield "As known on", date_text(str(manifest["known"]))
    replaces = f", replaces {document['replaces'][:12]}" if document["replaces"] else ""
    if manifest.get("paid_through"):
        yield "Claims paid through", date_text(str(manifest["paid_through"]))
    yield "Status", f"{document['status'].capitalize()}, version {document['version']}{replaces}"


def _shown_elsewhere(settled: Sequence[LineView], tables: Sequence[str]) -> bool:
    """Whether a table that foots shows the settled amounts already."""
    parts = "parts" in tables and all(line.name.partition(".")[0] == "earned" for line in settled)
    return "net" in tables or parts


def _name(party: Any) -> str:
    """A party's name, stated alone or in a mapping."""
    return str(party.get("name") or "") if isinstance(party, Mapping) else str(party or "")


def _tiles(lines: Lines) -> Iterator[Tile]:
    """The new fee, members, cost, savings and quality, each where its lines exist."""
    fee = _first(lines, NEXT_FEE)
    if fee:
        yield _fee_tile(lines, fee)
    members = _first(lines, "member_months", "assigned_beneficiaries")
    if members:
        yield Tile(_short_label(members), short_value(figure(members), members["unit"]), "")
    cost, against = _first(lines, "expenditure_pmpm", "expenditure"), None
    if cost:
        against = _first(lines, "benchmark_pmpm" if cost["unit"] == "usd_pmpm" else "benchmark")
        label = "Cost per member per month" if cost["unit"] == "usd_pmpm" else "Cost"
        note = f"benchmark {tile_value(figure(against), against['unit'], figure(cost))}" if against else ""
        others = [figure(against)] if against else []
        yield Tile(label, tile_value(figure(cost), cost["unit"], *others), note)
    savings = _first(lines, "savings_rate")
    if savings:
        yield _rate_tile(lines, savings)
    gross = _first(lines, "gross_savings", "quality_pool")
    if gross and not (savings and cost):
        yield Tile(_short_label(gross), tile_value(figure(gross), "usd"), "")
    quality = _first(lines, "quality_score")
    if quality:
        yield _score_tile(lines, quality)
    met = _first(lines, "measures_met", "thresholds_met")
    if met and not quality:
        of = len([name for name in lines if name.startswith("threshold_met.")])
        note = f"of {of}" if of and met["name"] == "thresholds_met" else ""
        yield Tile(_short_label(met), shown_value(figure(met), met["unit"]), note)


def _fee_tile(lines: Lines, fee: Mapping[str, Any]) -> Tile:
    """The fee of the next period, beside that of this one."""
    now = _first(lines, *((lines["next_fee_pmpm"]["inputs"] or {}).values() if "next_fee_pmpm" in lines else ()))
    note = f"per member per month; {tile_value(figure(now), now['unit'])} now" if now else "per member per month"
    return Tile("Care coordination fee, next period", shown_value(figure(fee), fee["unit"]), note)


def _rate_tile(lines: Lines, savings: Mapping[str, Any]) -> Tile:
    value = figure(savings)
    minimum = _first(lines, "minimum_savings_rate") if value >= 0 else _first(lines, "minimum_loss_rate")
    label = "Savings rate" if value >= 0 else "Loss rate"
    others = [abs(figure(minimum))] if minimum else []
    apart = any(name.startswith("savings_rate.") for name in lines)
    note = f"minimum {short_value(others[0], 'rate', abs(value))}" if others and not apart else ""
    return Tile(label, short_value(abs(value), "rate", *others), note)


def _score_tile(lines: Lines, quality: Mapping[str, Any]) -> Tile:
    gate = next((gate for gate in gates(lines) if gate.key == "quality_score"), None)
    note = f"{'meets' if gate.met else 'misses'} the gate of {gate.required}" if gate and gate.required else ""
    return Tile("Quality score", short_value(figure(quality), quality["unit"]), note)


def _short_label(line: Mapping[str, Any]) -> str:
    return str(line["label"]).partition(" (")[0]


def _first(lines: Lines, *names: str) -> Mapping[str, Any] | None:
    """The first of the lines that is there and has a value."""
    found = (lines[name] for name in names if name in lines)
    return next((line for line in found if line["value"] is not None), None)


def _prior(lines: Lines, prior: Mapping[str, Any]) -> Iterator[PriorView]:
    for name, text in prior.items():
        line = lines.get(name)
        before = Fraction(str(text))
        if line is not None and line["value"] is not None and line["unit"] != "table":
            now, unit = figure(line), line["unit"]
            texts = tile_value(before, unit, now), tile_value(now, unit, before)
            yield PriorView(_short_label(line), *texts, change_text(before, now, unit))


def _step(step: Any) -> tuple[str, str]:
    """A step in words, and the clause that moved it."""
    if isinstance(step, Mapping):
        clause = str(step.get("clause") or "")
        return step_words(str(step["step"])), f"{step['how']} by {clause}" if clause else ""
    return step_words(str(step)), ""


def _numbering(parts: Parts) -> str:
    """Where the numbers that the lines above leave out stand."""
    found = [
        ("terms", parts.terms), ("figures taken as given", parts.given), ("lines of the scorecard", parts.quality),
        ("lines of the baseline", parts.baseline), ("lines of the market", parts.market),
        ("working lines", parts.working),
    ]  # fmt: skip
    texts = [f"{title} ({spans_text([line.number for line in lines])})" for title, lines in found if lines]
    return (
        f"Numbers are those of the settlement file. Elsewhere on this statement: {', '.join(texts)}." if texts else ""
    )
