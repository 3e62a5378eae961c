"""The register: every group of a workspace on one page and in one table, with totals that foot.

It is made for the payer's finance department, which pays all groups; a group receives its own statement.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from p4v.contract.documents import Program
from p4v.data.spec import TableInput
from p4v.money import Rule, decimal_text, rounded_exact
from p4v.report.controls import EXCLUDED, IN, USED, Control, number, table_digests, tied_text, window_table, windows
from p4v.report.fonts import font_data
from p4v.report.gates import GateView, caps_applied, gates
from p4v.report.sentences import NEXT_FEE
from p4v.report.shown import date_text, figure, period_text, short_value, shown, shown_value, with_dates
from p4v.report.tables import Row, SmallTable
from p4v.report.templates import environment
from p4v.report.waterfall import REWARDS, bars_of
from p4v.report.wording import Lines
from p4v.runs.folder import Run
from p4v.spreadsheets import safe_text
from p4v.workspace.results import GroupResult

HTML, CSV = "register.html", "register.csv"
_FEE, _NET, _UPLIFT = "care_coordination_fee", "net_payment", "fee_schedule_uplift"
_FEE_NOW, _TAKEN_BACK = "care_coordination_fee_pmpm", "claw_back"
_CENT_PLACES = 2
_PREFIX = 12
AMOUNTS = ("member_months", "benchmark", "expenditure", "gross_savings", "earned", "fee", "paid_and_other", "net")
"""What is added up. `paid_and_other` is what leads from what is earned and the fee to the net payment."""
_COLUMNS = (
    "group", "group_name", "contract", "period_from", "period_to", "status", "state", "member_months", "benchmark",
    "expenditure", "gross_savings", "quality_score", "gates_met", "gates_missed", "earned", "fee", "paid_and_other",
    "net", "why", "run", "settlement_sha256",
)  # fmt: skip
_TEXTS = frozenset({"group_name", "why"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One contract of the register, with its run where it was settled."""

    result: GroupResult
    run: Run | None


@dataclass(frozen=True, slots=True)
class About:
    """What the register is of: the period that was asked for, and the days that it knows."""

    period: str
    paid_through: str | None = None
    known: str | None = None


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One contract. Amounts are exact, to the cent, and None where the settlement has none."""

    group: str
    name: str
    contract: str
    period: Mapping[str, str] | None
    status: str
    state: str
    why: str
    amounts: Mapping[str, Fraction | None]
    quality_score: str
    quality: str
    gates: Sequence[GateView]
    run: str
    digest: str

    @property
    def gates_met(self) -> int:
        return sum(gate.met for gate in self.gates)

    @property
    def gates_missed(self) -> int:
        return sum(gate.applies and not gate.met for gate in self.gates)


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of the page, as text; `cells` by the name of the amount."""

    name: str
    group: str
    about: str
    why: str
    link: str
    cells: Mapping[str, str]
    owed: bool


@dataclass(frozen=True, slots=True)
class RegisterView:
    """Everything that the page prints."""

    payer: str
    facts: Sequence[tuple[str, str]]
    label: str
    figure: str
    note: str
    kind: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[RowView]
    total: Mapping[str, str]
    waiting: Sequence[Row]
    controls: Sequence[SmallTable]
    tied: str
    is_tied: bool
    tables: Sequence[tuple[str, str]]
    font: str


def register_rows(entries: Sequence[Entry]) -> list[RegisterRow]:
    """The rows in the order of the groups' ids."""
    rows = [_settled(entry) if entry.run is not None else _waiting(entry.result) for entry in entries]
    return sorted(rows, key=lambda row: (row.group, row.contract))


def totals(rows: Sequence[RegisterRow]) -> dict[str, Fraction | None]:
    """The sum of each amount, over the cents that the rows show; None where no row has any."""
    found: dict[str, Fraction | None] = {}
    for name in AMOUNTS:
        values = [value for row in rows if (value := row.amounts.get(name)) is not None]
        found[name] = sum(values, start=Fraction(0)) if values else None
    return found


def register_files(entries: Sequence[Entry], inputs: Sequence[TableInput], about: About) -> dict[str, bytes]:
    """File name to bytes: the page and the table."""
    rows = register_rows(entries)
    view = register_view(rows, entries, inputs, about)
    page = environment().get_template(f"{HTML}.j2").render(register=view).encode()
    return {HTML: page, CSV: register_csv(rows)}


def register_csv(rows: Sequence[RegisterRow]) -> bytes:
    """UTF-8, LF, header; a row to each contract, and the totals in a last row without a group."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        period = row.period or {"from": "", "to": ""}
        settled = row.state == "settled"
        cells = {
            "group": row.group, "group_name": row.name, "contract": row.contract, "period_from": period["from"],
            "period_to": period["to"], "status": row.status, "state": row.state, "quality_score": row.quality_score,
            "gates_met": str(row.gates_met) if settled else "",
            "gates_missed": str(row.gates_missed) if settled else "", "why": row.why, "run": row.run,
            "settlement_sha256": row.digest,
        }  # fmt: skip
        writer.writerow([_cell(column, cells, row.amounts) for column in _COLUMNS])
    last = {"group_name": "Total"}
    writer.writerow([_cell(column, last, totals(rows)) for column in _COLUMNS])
    return text.getvalue().encode()


def _cell(column: str, cells: Mapping[str, str], amounts: Mapping[str, Fraction | None]) -> str:
    if column not in AMOUNTS:
        text = cells.get(column, "")
        return safe_text(text) if column in _TEXTS else text
    value = amounts.get(column)
    if value is None:
        return ""
    return decimal_text(value) if column == "member_months" else decimal_text(value, _CENT_PLACES)


def why(lines: Lines) -> str:
    """In a few words why a group earned what it earned."""
    gate_views = gates(lines)
    missed = [_missed(gate) for gate in gate_views if gate.applies and not gate.met]
    earned = [figure(lines[name]) for name in REWARDS if _has(lines, name)]
    found = [*_fees_and_points(lines)]
    if missed:
        found.append(f"missed {'; '.join(missed)}")
    if any(value < 0 for value in earned):
        found.append(_rate_text(lines, "lost"))
    elif any(value > 0 for value in earned):
        found += [_rate_text(lines, "saved"), _quality_text(lines), _met_text(lines)]
    elif earned and not missed:
        found.append(_rate_text(lines, "saved") if _has(lines, "savings_rate") else "nothing earned")
    found += [f"limited by {bar.label[:1].lower()}{bar.label[1:]}" for bar in caps_applied(bars_of(lines))]
    return "; ".join(text for text in found if text)


def _missed(gate: GateView) -> str:
    label = f"{gate.label[:1].lower()}{gate.label[1:]}"
    return f"{label} ({gate.compared} of {gate.required})" if gate.compared and gate.required else label


def _fees_and_points(lines: Lines) -> Iterator[str]:
    if _has(lines, NEXT_FEE):
        raised = _has(lines, _FEE_NOW) and figure(lines[NEXT_FEE]) > figure(lines[_FEE_NOW])
        for_less = ""
        if raised and _has(lines, "decrease_pmpm"):
            for_less = f" for {shown(lines['decrease_pmpm'])} less cost than the benchmark"
        yield f"new fee {shown(lines[NEXT_FEE])} per member per month{for_less}"
    if _has(lines, _TAKEN_BACK) and figure(lines[_TAKEN_BACK]) > 0:
        yield f"{shown(lines[_TAKEN_BACK])} of the fee taken back"
    if _has(lines, _UPLIFT):
        yield f"fee schedule up {shown(lines[_UPLIFT])}"


def _rate_text(lines: Lines, word: str) -> str:
    if not _has(lines, "savings_rate"):
        return ""
    rate = figure(lines["savings_rate"])
    if rate == 0 or (rate < 0) != (word == "lost"):
        return "no savings"
    return f"{word} {short_value(abs(rate), 'rate')}"


def _quality_text(lines: Lines) -> str:
    return f"quality {short_value(figure(lines['quality_score']), 'rate')}" if _has(lines, "quality_score") else ""


def _met_text(lines: Lines) -> str:
    name = next((name for name in ("measures_met", "thresholds_met") if _has(lines, name)), None)
    if name is None or _has(lines, "quality_score"):
        return ""
    return f"{shown(lines[name])} measure{'' if figure(lines[name]) == 1 else 's'} met"


def _has(lines: Lines, name: str) -> bool:
    return name in lines and lines[name]["value"] is not None


def _settled(entry: Entry) -> RegisterRow:
    assert entry.run is not None
    result, document = entry.result, entry.run.document()
    lines = {line["name"]: line for line in document["lines"]}
    score = lines["quality_score"] if _has(lines, "quality_score") else None
    return RegisterRow(
        document["group"], result.group_name, document["contract"], document["period"], document["status"],
        result.state, why(lines), _amounts(lines), "" if score is None else score["value"],
        "" if score is None else short_value(figure(score), score["unit"]), gates(lines), entry.run.id,
        entry.run.id.rpartition("-")[2][:_PREFIX],
    )  # fmt: skip


def _waiting(result: GroupResult) -> RegisterRow:
    return RegisterRow(
        result.group, result.group_name, result.contract_id, None, "", result.state, result.reason, {}, "", "", (), "",
        "",
    )  # fmt: skip


def _amounts(lines: Lines) -> dict[str, Fraction | None]:
    """The amounts of a row, each to the cent as it is shown; cost stands beside a benchmark alone, so that it foots."""
    found: dict[str, Fraction | None] = {"benchmark": _cents(lines, "benchmark")}
    for name in ("expenditure", "gross_savings"):
        found[name] = _cents(lines, name) if found["benchmark"] is not None else None
    found["member_months"] = figure(lines["member_months"]) if _has(lines, "member_months") else None
    rewards = [value for name in REWARDS if (value := _cents(lines, name)) is not None]
    earned, fee = (sum(rewards, start=Fraction(0)) if rewards else None), _cents(lines, _FEE)
    net = _cents(lines, _NET) if _has(lines, _NET) else _alone(lines)
    found |= {"earned": earned, "fee": fee, "net": net, "paid_and_other": None}
    if net is not None:
        found["paid_and_other"] = net - (earned or 0) - (fee or 0)
    return found


def _alone(lines: Lines) -> Fraction | None:
    """Of a settlement without a net payment: the one amount in dollars that it settles."""
    settled = [name for name, line in lines.items() if line["kind"] == "settled" and line["unit"] == "usd"]
    whole = [name for name in settled if "." not in name]
    return _cents(lines, whole[-1]) if whole else None


def _cents(lines: Lines, name: str) -> Fraction | None:
    if not _has(lines, name):
        return None
    return rounded_exact(figure(lines[name]), _CENT_PLACES, Rule.HALF_UP)


# The page

_HEADS = {
    "member_months": "Member months", "benchmark": "Benchmark", "expenditure": "Expenditure",
    "gross_savings": "Gross savings", "quality": "Quality", "gates": "Gates met", "earned": "Earned", "fee": "Fee",
    "paid_and_other": "Paid before and other", "net": "Net",
}  # fmt: skip
_STATES = {"not_in_force": "No agreement in force", "other_period": "Another performance period"}


def register_view(
    rows: Sequence[RegisterRow], entries: Sequence[Entry], inputs: Sequence[TableInput], about: About
) -> RegisterView:
    """The page, from its rows."""
    settled = [row for row in rows if row.state == "settled"]
    added = totals(settled)
    columns = [(name, head) for name, head in _HEADS.items() if any(_shown(row, name) for row in settled)]
    if not any(row.amounts.get("paid_and_other") for row in settled):
        columns = [(name, head) for name, head in columns if name != "paid_and_other"]
    net = added["net"] or Fraction(0)
    kind = "owed" if net < 0 else "paid" if net > 0 else "nothing"
    words = {"owed": "Net owed by the groups", "paid": "Net payable to the groups", "nothing": "Nothing payable"}
    tied = next((entry.run.manifest()["tied"] for entry in entries if entry.run is not None), None)
    digests = table_digests({"tables": [_table_entry(table) for table in inputs]})
    return RegisterView(
        ", ".join(sorted({_payer(entry.result.program) for entry in entries})), list(_facts(rows, about)), words[kind],
        shown_value(abs(net), "usd"), f"{len(settled)} of {len(rows)} contracts settled", kind, columns,
        [_row_view(row, about) for row in settled],
        {name: _amount_text(name, added.get(name)) for name, _ in columns},
        [Row(row.name, row.contract, [_STATES.get(row.state, row.state), _in_words(row.why)]) for row in rows
         if row.state != "settled"],
        list(_controls(entries, inputs)), tied_text(tied), tied is not None, list(digests), font_data(),
    )  # fmt: skip


def _payer(program: Program) -> str:
    return program.contract.payer.name if program.contract else ""


def _facts(rows: Sequence[RegisterRow], about: About) -> Iterator[tuple[str, str]]:
    yield "For", "the payer's finance department: it shows every group"
    first, _, last = about.period.partition(" to ")
    yield "Period", period_text({"from": first, "to": last or first})
    statuses = sorted({row.status for row in rows if row.status})
    if statuses:
        yield "Status", ", ".join(status.capitalize() for status in statuses)
    if about.paid_through:
        yield "Claims paid through", date_text(about.paid_through)
    if about.known:
        yield "As known on", date_text(about.known)


def _shown(row: RegisterRow, name: str) -> bool:
    if name == "quality":
        return bool(row.quality)
    return bool(row.gates) if name == "gates" else row.amounts.get(name) is not None


def _row_view(row: RegisterRow, about: About) -> RowView:
    cells = {name: _amount_text(name, row.amounts.get(name)) for name in AMOUNTS}
    gated = row.gates_met + row.gates_missed
    met = f"{row.gates_met} of {gated}" if gated else ""
    assert row.period is not None
    period = f"{row.period['from']} to {row.period['to']}"
    texts = [row.contract, *([period_text(row.period)] if period != about.period else []), row.digest]
    net = row.amounts.get("net")
    return RowView(
        row.name, row.group, " · ".join(texts), row.why, f"{row.run}.reports/statement.html",
        cells | {"quality": row.quality, "gates": met}, net is not None and net < 0,
    )  # fmt: skip


def _amount_text(name: str, value: Fraction | None) -> str:
    return "" if value is None else shown_value(value, "member_months" if name == "member_months" else "usd")


def _in_words(reason: str) -> str:
    return with_dates(f"{reason[:1].upper()}{reason[1:]}")


def _table_entry(table: TableInput) -> dict[str, Any]:
    return {
        "role": table.role, "name": table.name, "rows": table.rows, "sha256": table.sha256,
        "known_at": table.known_at and table.known_at.isoformat(),
    }  # fmt: skip


def _controls(entries: Sequence[Entry], inputs: Sequence[TableInput]) -> Iterator[SmallTable]:
    """What became of the rows of the whole table, then of those of the performance periods."""
    documents = [(entry.result.group, entry.run.document()) for entry in entries if entry.run is not None]
    by_group = {group: document["controls"] for group, document in documents}
    mine = _added(by_group.values(), "table")
    if mine:
        whole = sum(table.rows for table in inputs if table.role == "member_months")
        rows = int(next(number(control, "rows") for control in mine if control["entry"] == IN))
        rest = _control("file", EXCLUDED, "of_no_group_that_is_settled_here", whole - rows)
        file: list[Control] = [_control("file", IN, None, whole), rest, _control("file", USED, None, rows)]
        for place, (controls, title) in enumerate(((file, "The whole table"), (mine, "Rows of the groups"))):
            yield replace(window_table(windows(controls)[0], place), title=title)
    performance = _added((document["controls"] for _, document in documents), "performance")
    if performance:
        yield replace(window_table(windows(performance)[0], 2), title="Performance periods together")


def _control(window: str, entry: str, rule: str | None, rows: int) -> dict[str, Any]:
    return {
        "table": "member_months", "window": window, "entry": entry, "rule": rule, "rows": rows, "member_months": None,
        "dollars": None,
    }  # fmt: skip


def _added(controls: Any, window: str) -> list[Control]:
    """The controls of one window over all groups, added up by entry and rule."""
    found: dict[tuple[str, str | None], dict[str, Any]] = {}
    for control in (control for group in controls for control in group if control["window"] == window):
        key = (control["entry"], control["rule"])
        sums = found.setdefault(key, {**control, "rows": 0, "member_months": "0", "dollars": "0"})
        for name in ("rows", "member_months", "dollars"):
            sums[name] = str(Fraction(str(sums[name])) + number(control, name))
    order = {IN: 0, USED: 2}
    return sorted(found.values(), key=lambda control: order.get(control["entry"], 1))
