"""Drafts to be filled in: a commented contract of a program, and an empty figures file of a contract."""

import csv
import inspect
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from textwrap import wrap

from pydantic import BaseModel

from p4v.asked import figures_asked
from p4v.check import TO_FILL_IN
from p4v.contract.blocks import KINDS, NEEDED, Block
from p4v.contract.described import descriptions
from p4v.contract.documents import Program
from p4v.contract.terms import rule_findings
from p4v.contract.written import Shape, shape_of
from p4v.data.figures_file import HEADER
from p4v.errors import Finding
from p4v.figures import Wanted
from p4v.money import decimal_text
from p4v.periods import Period
from p4v.units import Unit

_WIDTH = 110
_COMMENTS = 36
_MEASURE_PARTS = ("numerator", "denominator", "prior_rate", "score", "expected", "market_rate")
_EXAMPLES: Mapping[tuple[str, str], str] = {
    ("member_months", "exclusions"): (
        '[{id: hospice, rule: rows, column: hospice, values: ["1"], periods: [performance], rosters: [cost], '
        "months: leave}]"
    ),
    ("member_months", "minimum_months"): "3",
    ("expenditure", "large_claims"): "{form: truncate, point: 125000.00}",
    ("expenditure", "completion"): (
        "{convention: percent_complete, by_run_out: [{from: 3, factor: 0.97}, {from: 6, factor: 1}]}"
    ),
}
"""Block and term to an example, where what all of its keys must be says too little."""
_HEAD = f"""\
contract: {TO_FILL_IN}                 # the contract's id
extends: {{program}}
group: {{{{id: {TO_FILL_IN}, name: {TO_FILL_IN}}}}}
payer: {{{{name: {TO_FILL_IN}}}}}
# purchaser: {{{{name: …}}}}             # who funds, if that is another
agreement: {{{{signed: {TO_FILL_IN}, effective: {TO_FILL_IN}, ends: {TO_FILL_IN}}}}}   # days, as YYYY-MM-DD
# performance_periods: [{{{{from: YYYY-MM, to: YYYY-MM}}}}]    # whole months; without it any of the agreement
# stated:                              # rules that are printed and not computed
#   - {{{{topic: Attribution, text: …, clause: …}}}}
# order: {{{{moves: [{{{{step: …, before: …, clause: …}}}}], confirms: [{{{{pair: [first, second], clause: …}}}}]}}}}
"""
_TAIL = """\
# amendments:
#   - {id: Amendment 1, signed: YYYY-MM-DD, effective: YYYY-MM-DD, clause: …, terms: {block: {term: value}}}
# cases:                               # figures, and the lines that both parties agree they give
#   - case: What it shows
#     source: who worked it out
#     figures: {name: number}
#     lines: {earned: 0.00}
"""


def new_contract(program: Program, blocks: Sequence[str] | None = None) -> str:
    """A contract that extends a program: what it needs with places to fill in, what it may say as comments.

    `blocks` limits what it may say to some blocks.
    """
    set_here = _set_terms(program)
    wanting = {str(finding.field).split(".")[1]: finding for finding in rule_findings(program) if _is_term(finding)}
    text = _HEAD.format(program=program.id)
    terms = ""
    for name, block in KINDS[program.kind].items():
        needed = name in NEEDED[program.kind] or name in wanting
        if blocks is not None and not needed and name not in blocks:
            continue
        lines = _block(name, block, set_here.get(name, {}), needed, wanting.get(name))
        terms += "".join(f"{line}\n" for line in lines)
    return f"{text}{'' if TO_FILL_IN in terms else '# '}terms:\n{terms}{_TAIL}"


def _is_term(finding: Finding) -> bool:
    return finding.field is not None and finding.field.startswith("terms.")


def _set_terms(program: Program) -> dict[str, dict[str, str]]:
    """What the program's files set already: block, term, and the place."""
    found: dict[str, dict[str, str]] = {}
    for part in program.parts:
        for name, block in part.document.terms.items():
            if isinstance(block, dict):
                found.setdefault(name, {}).update(dict.fromkeys(block, part.file.relative))
    return found


def _block(
    name: str, block: type[Block], already: Mapping[str, str], needed: bool, wanting: Finding | None
) -> Iterator[str]:
    """A block's lines: live where the contract needs it, with what the program sets already as comments."""
    missing = [key for key, spec in block.model_fields.items() if spec.is_required() and key not in already]
    live = needed and bool(missing or wanting)
    mark = "" if live else "# "
    yield ""
    yield from _comment("  ", inspect.getdoc(block) or "")
    if already:
        yield f"  # {', '.join(key for key in already)}: set by {next(iter(already.values()))}"
    if wanting is not None:
        yield from _comment("  ", f"Needed: {wanting.allowed}.")
    yield f"  {mark}{name}:"
    for key, spec in block.model_fields.items():
        shape = shape_of(spec.annotation, spec.metadata)
        wants = (live and key in missing) or (live and key == "clause")
        if key != "clause":
            yield from _comment("    ", _said(shape, descriptions(block).get(key), spec.is_required()))
            yield from _inner(shape, "    ")
        example = _EXAMPLES.get((name, key)) or _example(shape)
        yield f"    {spec.alias or key}: {TO_FILL_IN}" if wants else f"    # {spec.alias or key}: {example}"


def _said(shape: Shape, description: str | None, required: bool) -> str:
    """What a key means and takes."""
    unit = f", {shape.unit}" if shape.unit is not None and str(shape.unit) not in shape.says else ""
    return f"{description or ''} [{shape.says}{unit}{'' if required else '; optional'}]"


def _inner(shape: Shape, indent: str) -> Iterator[str]:
    """The keys of a mapping, each with what it means."""
    if shape.model is None:
        return
    for key, spec in shape.model.model_fields.items():
        inner = shape_of(spec.annotation, spec.metadata)
        said = _said(inner, descriptions(shape.model).get(key), spec.is_required())
        yield from _comment(f"{indent}# ", f"{spec.alias or key}: {said}")
        yield from _inner(inner, f"{indent}# ")


def _example(shape: Shape) -> str:
    """An example of what stands after a key."""
    if shape.model is not None:
        inner = ", ".join(
            f"{spec.alias or key}: {_example(shape_of(spec.annotation, spec.metadata))}"
            for key, spec in shape.model.model_fields.items()
            if spec.is_required() or not _some_required(shape.model)
        )
        text = f"{{{inner}}}"
    else:
        text = shape.example or "…"
    return f"[{text}]" if shape.listed else text


def _some_required(model: type[BaseModel]) -> bool:
    return any(spec.is_required() for spec in model.model_fields.values())


def _comment(indent: str, text: str) -> Iterator[str]:
    for line in wrap(" ".join(text.split()), _WIDTH - len(indent)):
        yield f"{indent}# {line}"


def empty_figures(program: Program, period: Period | None, paid_through: date | None = None) -> str:
    """A figures file in YAML, without its numbers: each figure with its unit, clause and name.

    Which months of outstanding claims it asks for depends on the last day of paid claims.
    """
    contract = program.contract
    assert contract is not None
    period = period or contract.first_period()
    asked = figures_asked(program, period, paid_through=paid_through)
    measures = {name: spec for name, spec in asked.items() if name.partition(".")[0] in _MEASURE_PARTS}
    other = {name: spec for name, spec in asked.items() if name not in measures and not _is_section(name)}
    text = f"# Figures of contract {program.id}, {contract.group.name}.\ngroup: {contract.group.id}\n"
    text += f"period: {period}\nstatus: final              # projected, interim or final\n"
    text += "# known_at: YYYY-MM-DD     # the newest day that the figures know about\n"
    if paid_through is not None:
        text += f"paid_through: {paid_through}\n"
    if other:
        text += "figures:\n" + "".join(_figure("  ", name, spec) for name, spec in other.items())
    if measures:
        text += "measures:\n" + _measures(measures)
    for section in ("prior", "paid"):
        text += _section(section, asked)
    return text


def _is_section(name: str) -> bool:
    return name.partition(".")[0] in ("prior", "paid")


def _figure(indent: str, name: str, spec: Wanted) -> str:
    label = f" · {spec.label}" if spec.label else ""
    optional = " · optional" if spec.optional else ""
    stated = [("from", spec.at_least), ("to", spec.at_most)]
    bounds = "".join(f", {word} {_bound(bound, spec.unit)}" for word, bound in stated if bound is not None)
    kind = {Unit.FLAG: "1 or 0", Unit.RATE: "rate, such as 78.4%"}.get(spec.unit, str(spec.unit))
    mark = "# " if spec.optional else ""
    start = f"{indent}{mark}{name.replace('.*', '.YYYY-MM')}:"
    return f"{start + ' ':<{_COMMENTS}}# {kind}{bounds}{label} · {spec.clause}{optional}\n"


def _bound(bound: Fraction, unit: Unit) -> str:
    return f"{decimal_text(bound * 100)}%" if unit is Unit.RATE else decimal_text(bound)


def _measures(measures: Mapping[str, Wanted]) -> str:
    text = ""
    for measure in dict.fromkeys(name.partition(".")[2] for name in measures):
        parts = {name: spec for name, spec in measures.items() if name.partition(".")[2] == measure}
        mark = "" if any(not spec.optional for spec in parts.values()) else "# "
        text += f"  {mark}{measure}:\n"
        text += "".join(_figure("    ", name.partition(".")[0], spec) for name, spec in parts.items())
    return text


def _section(section: str, asked: Mapping[str, Wanted]) -> str:
    """`prior` or `paid`: one number, or one to each name."""
    own = {name: spec for name, spec in asked.items() if name.partition(".")[0] == section}
    text = "".join(_figure("", name, spec) for name, spec in own.items() if name == section)
    keyed = {name.partition(".")[2]: spec for name, spec in own.items() if name != section}
    if keyed:
        mark = "" if any(not spec.optional for spec in keyed.values()) else "# "
        text += f"{mark}{section}:\n" + "".join(_figure("  ", name, spec) for name, spec in keyed.items())
    return text


def empty_figures_csv(program: Program, period: Period | None, paid_through: date | None = None) -> str:
    """The same as CSV: the numbers go into the last column."""
    contract = program.contract
    assert contract is not None
    period = period or contract.first_period()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([("group", "", contract.group.id), ("period", "", str(period)), ("status", "", "final")])
    if paid_through is not None:
        writer.writerow(("paid_through", "", paid_through.isoformat()))
    for name, spec in figures_asked(program, period, paid_through=paid_through).items():
        if not spec.optional:
            stem, _, key = name.partition(".")
            writer.writerow((stem, key, ""))
    return text.getvalue()
