"""A run: the settlement, its manifest, its lines as a table, and copies of everything it was made from.

The bytes depend on the inputs alone. Reports are derived from a run, lie beside it, and may be made again.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import rfc8785

import p4v
from p4v.batch import Batch, SettledRow
from p4v.contract.blocks.members import Waivers
from p4v.contract.documents import Part, Program
from p4v.contract.models import CALCULATIONS, ContractDocument
from p4v.contract.said import said
from p4v.contract.terms import Terms
from p4v.data.given import PRIOR
from p4v.data.spec import TableInput
from p4v.errors import Finding, Refusal
from p4v.money import decimal_text
from p4v.periods import Period, read_day
from p4v.resources import resource
from p4v.runs.store import SEALED, SETTLED, write_folder
from p4v.settlement import Settlement, digest_of, terms_for
from p4v.single import SettledContract
from p4v.spreadsheets import safe_text
from p4v.workspace.again import fee_period
from p4v.workspace.results import GroupResult

SCHEMA = "p4v/manifest/1"
CALCULATION = CALCULATIONS[-1]
"""The released formulas that a run was made with; a run that names another cannot be verified by this release."""
SETTLEMENT, MANIFEST, LINES, INPUTS = SETTLED, SEALED, "lines.csv", "inputs"
FIGURES = "figures.json"
"""The figures that tables gave, as a run keeps them."""
_LINE_COLUMNS = ("number", "name", "label", "kind", "value", "exact", "unit", "expression", "clause", "state")
_TEXT_COLUMNS = frozenset({"name", "label", "expression", "clause"})


@dataclass(frozen=True, slots=True)
class Run:
    """The files of a run, by their path in its folder."""

    id: str
    files: Mapping[str, bytes]

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.files[SETTLEMENT])
        return document

    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads(self.files[MANIFEST])
        return manifest


@dataclass(frozen=True, slots=True)
class Input:
    """A file that a run keeps a copy of."""

    role: str
    content: bytes
    rows: int | None = None
    known_at: date | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A settlement, and what it was made from: a row of a table through a binding, or a contract with figures."""

    settlement: Settlement
    program: Program
    inputs: Mapping[str, Input]
    group_name: str | None
    agreement_start: date | None = None
    known: date | None = None
    paid_through: date | None = None
    fee_period: Period | None = None
    """The months of the fee, where they are not those of the period."""
    prior: Mapping[str, Fraction] = field(default_factory=dict)
    binding: str | None = None
    table: Mapping[str, Any] | None = None
    read: "Read | None" = None


@dataclass(frozen=True, slots=True)
class Read:
    """What a settlement from tables was read from; none of it is part of the settlement."""

    tables: Sequence[Mapping[str, Any]]
    tied: Mapping[str, Any] | None = None
    """Whose expected totals the tables agree with, and of which date."""
    completion: Sequence[Mapping[str, Any]] = ()
    """The contract's completion by run-out, beside what the lag triangle says."""


def run_of(batch: Batch, row: SettledRow) -> Run:
    """The run of one row of a table."""
    table = {
        "name": batch.table.name,
        "sha256": batch.table.digest,
        "bytes": batch.table.size,
        "rows": len(batch.table.rows),
        "row": row.case.row.number,
        "line": row.case.row.line,
    }
    return row_run(batch, row, table)


def row_run(batch: Batch, row: SettledRow, table: Mapping[str, Any]) -> Run:
    """The run of a row that stands in a table described by `table`: from the table itself, or as a manifest says."""
    binding = batch.binding
    inputs = {binding.file.relative: Input("binding", binding.file.content)}
    for program in binding.programs.values():
        inputs |= _program_inputs(program)
    inputs["row.csv"] = Input("row", batch.table.header_content + row.case.row.content, rows=1)
    case = row.case
    return make_run(
        Made(
            row.settlement, case.program, inputs, case.group_name, agreement_start=case.agreement_start,
            binding=binding.name, table=table,
        )
    )  # fmt: skip


def contract_run(settled: SettledContract) -> Run:
    """The run of a contract with a figures file."""
    given, contract = settled.given, settled.program.contract
    inputs = _program_inputs(settled.program)
    inputs[given.name] = Input("figures", given.content, known_at=given.known_at)
    name = contract.group.name if contract else None
    return make_run(
        Made(
            settled.settlement, settled.program, inputs, name, known=settled.known, paid_through=given.paid_through,
            fee_period=given.fee_period, prior=settled.prior,
        )
    )  # fmt: skip


def experience_run(result: GroupResult, tables: Sequence[TableInput]) -> Run:
    """The run of a contract that was settled from the tables of a workspace."""
    entries = [
        {
            "role": table.role, "name": table.name, "bytes": table.size, "sha256": table.sha256, "rows": table.rows,
            "known_at": table.known_at and table.known_at.isoformat(),
            **({} if table.purpose is None else {"purpose": table.purpose}),
        }
        for table in tables
    ]  # fmt: skip
    return stored_run(result, entries)


def stored_run(result: GroupResult, tables: Sequence[Mapping[str, Any]]) -> Run:
    """The run of a contract with the figures that the tables gave; `tables` as a manifest has them."""
    assert result.settlement is not None
    assert result.figures_json is not None
    given = json.loads(result.figures_json)
    inputs = _program_inputs(result.program)
    inputs[FIGURES] = Input("figures", result.figures_json)
    prior = {
        entry["name"].removeprefix(PRIOR): Fraction(entry["exact"])
        for entry in given["figures"]
        if entry["name"].startswith(PRIOR)
    }
    known, paid_through = (given[name] and read_day(given[name]) for name in ("known", "paid_through"))
    read = Read(tables, given.get("tied"), given.get("completion", ()))
    return make_run(
        Made(
            result.settlement, result.program, inputs, result.group_name, known=known, paid_through=paid_through,
            fee_period=fee_period(given), prior=prior, read=read,
        )
    )  # fmt: skip


def _program_inputs(program: Program) -> dict[str, Input]:
    def role(part: Part) -> str:
        return "contract" if isinstance(part.document, ContractDocument) else "program"

    return {part.file.relative: Input(role(part), part.file.content) for part in program.parts}


def make_run(made: Made) -> Run:
    """The files of a run."""
    settlement = made.settlement
    content = settlement.content()
    run_id = settlement.id(digest_of(content))
    files = {SETTLEMENT: content, LINES: _lines_csv(settlement.document())}
    inputs = {f"{INPUTS}/{path}": given for path, given in sorted(made.inputs.items())}
    manifest = {
        "schema": SCHEMA,
        "calculation": CALCULATION,
        "run": run_id,
        "p4v": p4v.__version__,
        "lock": digest_of(resource("requirements.lock").read_bytes()),
        "templates": template_digests(),
        "binding": made.binding,
        "group_name": made.group_name,
        "title": made.program.title,
        "status": settlement.status,
        "version": settlement.version,
        "replaces": settlement.replaces,
        "ledger_head": None,
        "known": made.known and made.known.isoformat(),
        "prior": {name: decimal_text(number) for name, number in made.prior.items()},
        "order": _order_that_ran(made),
        "table": None if made.table is None else dict(made.table),
        **_read(made),
        "inputs": [_named(path, given) for path, given in inputs.items()],
        "outputs": [_named(SETTLEMENT, Input("settlement", content)), _named(LINES, Input("lines", files[LINES]))],
        **_agreed(made),
    }
    files[MANIFEST] = rfc8785.dumps(manifest | {"seal": seal(manifest)})
    return Run(run_id, files | {path: given.content for path, given in inputs.items()})


def _order_that_ran(made: Made) -> list[dict[str, str | None]]:
    """The cost steps, then the savings steps, in their sequence; each with the clause that placed or confirmed it."""
    terms = _terms(made)
    order = made.program.order
    said = {step: ("confirmed", confirm.clause) for confirm in order.confirms for step in confirm.pair}
    said |= {move.step: ("moved", move.clause) for move in order.moves}
    steps = (*terms.cost_order, *terms.order)
    return [{"step": step, "how": said.get(step, (None, None))[0], "clause": said.get(step, (None, None))[1]}
            for step in steps]  # fmt: skip


def _terms(made: Made) -> Terms:
    """The terms that the settlement was made with."""
    days = (made.agreement_start, made.known, made.paid_through, made.fee_period)
    return terms_for(made.program, made.settlement.period, *days)


def _read(made: Made) -> dict[str, Any]:
    """The tables of a workspace that were read, and what the contract lets pass in them."""
    read = made.read or Read(())
    block = None if made.read is None else _terms(made).block("waivers", Waivers)
    return {
        "tables": [dict(entry) for entry in read.tables],
        "paid_through": made.paid_through and made.paid_through.isoformat(),
        "fee_period": made.fee_period and {"from": made.fee_period.first_month, "to": made.fee_period.last_month},
        "tied": read.tied and dict(read.tied),
        "completion": [dict(row) for row in read.completion],
        "waivers": []
        if block is None
        else [
            {"id": item.id, "finding": item.finding, "reason": item.reason, "clause": block.clause}
            for item in block.items
        ],
    }


def _agreed(made: Made) -> dict[str, Any]:
    """What a contract says in words: who pays, from when to when, and the rules that are printed."""
    contract = made.program.contract
    if contract is None:
        return {"payer": None, "purchaser": None, "agreement": None, "stated": []}
    days = contract.agreement
    return {
        "payer": contract.payer.name,
        "purchaser": contract.purchaser.name if contract.purchaser else None,
        "agreement": {name: getattr(days, name).isoformat() for name in ("signed", "effective", "ends")},
        "stated": [*(rule.model_dump() for rule in contract.stated), *(rule._asdict() for rule in said(_terms(made)))],
    }


def write_run(run: Run, folder: Path) -> bool:
    """Writes the run, once: False where the same settlement is there already, whole.

    Raises `Refusal` where its files are not what its manifest says.
    """
    if is_written(run, folder):
        return False
    write_folder(folder / run.id, run.files)
    return True


def is_written(run: Run, folder: Path) -> bool:
    """Whether the same settlement is there already, whole.

    Raises `Refusal` where its files are not what its manifest says.
    """
    place = folder / run.id
    if not place.exists():
        return False
    findings = list(file_findings(place, read_json(place / MANIFEST)))
    if not findings and (place / SETTLEMENT).read_bytes() != run.files[SETTLEMENT]:
        findings = [changed(place / SETTLEMENT, digest_of(run.files[SETTLEMENT]))]
    if findings:
        raise Refusal(findings)
    return True


def seal(manifest: Mapping[str, Any]) -> str:
    """The digest of everything else that a manifest says."""
    return digest_of(rfc8785.dumps({key: value for key, value in manifest.items() if key != "seal"}))


def read_json(path: Path) -> dict[str, Any]:
    """A file of a run. Raises `Refusal` (verification) if it is not there or no JSON object."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise Refusal([Finding("P4V-V002", str(path), "no such file", "the file, as it was written")]) from error
    except ValueError as error:
        raise Refusal(
            [Finding("P4V-V001", str(path), "a file that is no JSON", "the file, as it was written")]
        ) from error
    if not isinstance(document, dict):
        raise Refusal([Finding("P4V-V001", str(path), "a file of another shape", "the file, as it was written")])
    return document


def file_findings(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Every file of a run that is missing, changed, or not in its manifest."""
    named = [*manifest.get("inputs", ()), *manifest.get("outputs", ())]
    for entry in named:
        path = folder / str(entry["path"])
        if not path.is_file():
            yield Finding("P4V-V002", str(path), "no such file", f"the file with digest {entry['sha256']}")
        elif digest_of(path.read_bytes()) != entry["sha256"]:
            yield changed(path, entry["sha256"])
    known = {str(entry["path"]) for entry in named}
    for path in sorted((folder / INPUTS).rglob("*")):
        if path.is_file() and str(path.relative_to(folder)) not in known:
            yield Finding("P4V-V004", str(path), "a file that the manifest does not name", "the files of the manifest")


def changed(path: Path, expected: str) -> Finding:
    """A file with another digest than expected."""
    found = f"digest {digest_of(path.read_bytes())}"
    return Finding("P4V-V001", str(path), found, f"digest {expected}", help="restore the file from a copy")


def template_digests() -> dict[str, str]:
    folder = resource("reports", "templates")
    return {path.name: digest_of(path.read_bytes()) for path in sorted(folder.glob("*.j2"))}


def _named(path: str, given: Input) -> dict[str, Any]:
    return {
        "role": given.role, "path": path, "bytes": len(given.content), "sha256": digest_of(given.content),
        "rows": given.rows, "control_total_cents": None, "known_at": given.known_at and given.known_at.isoformat(),
    }  # fmt: skip


def _lines_csv(document: Mapping[str, Any]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_LINE_COLUMNS)
    for line in document["lines"]:
        writer.writerow([_cell(column, line[column]) for column in _LINE_COLUMNS])
    return text.getvalue().encode()


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(f"{x}: {y}" for x, y in value)
    return safe_text(str(value)) if column in _TEXT_COLUMNS else str(value)
