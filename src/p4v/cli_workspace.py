"""The commands about a workspace: init, settle for all its groups, and its tables: data add, check, describe.

What a command needs is imported inside it, so that `p4v --help` answers at once.
"""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from p4v.cli import app, day_option, json_option, reported
from p4v.errors import Finding, Refusal

data = typer.Typer(name="data", help="Keep, check and describe the tables of a workspace.", no_args_is_help=True)
app.add_typer(data)
workspace_option = Annotated[Path, typer.Option("--workspace", help="The folder with p4v.yaml.")]
_HERE = Path()
_BAR = 24
_STAGES = ("reading", "rolling up", "settling", "writing")


@app.command()
@reported
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder, or an empty one.")],
    json_lines: json_option = False,
) -> None:
    """Make a workspace that settles at once: contracts, tables, and a p4v.yaml that says what is what."""
    from p4v.workspace.start import PERIOD, write_workspace

    write_workspace(folder)
    typer.echo(f"workspace  {folder}")
    typer.echo(f"next       cd {shlex.quote(str(folder))} && p4v settle --period {PERIOD}")


def settle_workspace_command(
    folder: Path,
    period: str | None,
    *,
    paid_through: str | None,
    groups: list[str] | None,
    status: Any,
    known: Any,
    dry_run: bool,
    as_json: bool,
    threads: int | None,
    templates: Path | None,
) -> None:
    """All groups of a workspace: settled, printed, and unless it is a dry run written."""
    from p4v.cases import refuse_disagreed
    from p4v.report.deliver import deliver, entries_of
    from p4v.report.register import About, register_rows
    from p4v.runs.store import refuse_place
    from p4v.workspace.document import read_workspace
    from p4v.workspace.results import Request
    from p4v.workspace.settle import settle_workspace

    asked = _asked(period)
    paid = day_option("--paid-through", paid_through)
    workspace = read_workspace(folder, known)
    templates = templates or workspace.templates
    _refuse_templates(templates)
    if not dry_run:
        refuse_place(workspace.runs, folder=True)
    request = Request(asked, paid, tuple(groups or ()), status, known, threads)
    about = About(str(asked), paid and paid.isoformat(), known and known.isoformat())
    with Stages(sys.stderr) as step:
        settled = settle_workspace(workspace, request, step)
        refuse_disagreed(result.program for result in settled.results)
        entries = entries_of(settled)
        made = (
            None if dry_run
            else deliver(entries, settled, about, workspace.runs, step, templates, whole=not request.groups)
        )  # fmt: skip
    rows = register_rows(entries)
    notes = {(entry.result.group, entry.result.contract_id): entry.result.notes for entry in entries}
    lines = _json_lines(rows, notes) if as_json else [*table_lines(rows), *_noted(rows, notes)]
    for line in lines:
        typer.echo(line)
    for line in ["dry run: nothing was written"] if made is None else written_lines(made):
        typer.echo(line, err=as_json)


def _asked(period: str | None) -> Any:
    from p4v.workspace.document import read_asked

    allowed = "2014, 2014Q2, 2014-03 or 2014-07 to 2015-06"
    if period is None:
        raise Refusal([Finding("P4V-U012", "--period", "no period", allowed)])
    try:
        return read_asked(period)
    except ValueError:
        raise Refusal([Finding("P4V-U007", "--period", "no such period", allowed)]) from None


def _refuse_templates(templates: Path | None) -> None:
    from p4v.report.own_templates import refuse_folder

    if templates is not None:
        refuse_folder(templates)


def written_lines(made: Any) -> list[str]:
    """Where runs, register and rejected rows lie."""
    if not made.runs:
        return ["nothing to settle for this period; nothing was written"]
    there = made.runs - made.fresh
    runs = f"{made.fresh} written" + (f", {there} already settled" if there else "")
    lines = [f"runs       {made.folder}: {runs}"]
    if made.register is not None:
        lines.append(f"register   {made.register}")
    elif made.fresh:
        lines.append("register   not renewed: it is made when all groups are settled")
    if made.rejected is not None:
        lines.append(f"rejected   {made.rejected}")
    return lines


_MONEY, _CENT_PLACES = ("earned", "net"), 2


def table_lines(rows: list[Any]) -> list[str]:
    """Group, period, what was earned, what is paid now, and why."""
    from p4v.report.shown import shown_value

    cells = [("group", "period", "earned", "net", "why")]
    for row in rows:
        period = f"{row.period['from']} to {row.period['to']}" if row.period else "-"
        money = [row.amounts.get(name) for name in _MONEY]
        shown = ["-" if value is None else shown_value(value, "usd") for value in money]
        why = row.why if row.state == "settled" else f"not settled: {row.why}"
        cells.append((row.group, period, shown[0], shown[1], why))
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    return [
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in cells
    ]


def _noted(rows: list[Any], notes: Any) -> list[str]:
    return [f"note       {row.group}: {note}" for row in rows for note in notes[(row.group, row.contract)]]


def _json_lines(rows: list[Any], notes: Any) -> list[str]:
    """One object to each contract; amounts as decimals in text, exactly as printed."""
    return [
        json.dumps(
            {
                "group": row.group, "group_name": row.name, "contract": row.contract, "state": row.state,
                "period": row.period, "status": row.status or None,
                **{name: _amount(name, value) for name, value in row.amounts.items()},
                "quality_score": row.quality_score or None, "why": row.why,
                "notes": list(notes[row.group, row.contract]),
                "run": row.run or None,
            }
        )
        for row in rows
    ]  # fmt: skip


def _amount(name: str, value: Any) -> str | None:
    """Dollars with their cents; member months as they are."""
    from p4v.money import decimal_text

    if value is None:
        return None
    return decimal_text(value) if name == "member_months" else decimal_text(value, _CENT_PLACES)


class Stages:
    """A bar on a terminal that says what is being done; nothing where the error stream is a file."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.shown = 0

    def __enter__(self) -> Any:
        return self.step

    def step(self, what: str) -> None:
        """`what` begins with a stage, and may count: `settling 3 of 114`."""
        if not self.stream.isatty():
            return
        stage = next((place for place, name in enumerate(_STAGES) if what.startswith(name)), 0)
        words = what.split()
        done, of = (int(words[-3]), int(words[-1])) if words[-2:-1] == ["of"] else (0, 1)
        filled = _BAR * (stage * of + done) // (len(_STAGES) * of)
        text = f"[{'#' * filled}{'.' * (_BAR - filled)}] {what}"
        self.stream.write(f"\r{text:<{self.shown}}")
        self.stream.flush()
        self.shown = len(text)

    def __exit__(self, *_: object) -> None:
        if self.shown:
            self.stream.write("\r" + " " * self.shown + "\r")
            self.stream.flush()


def rolled_up_again(run: Path, folder: Path) -> None:
    """Settles a run again from the tables of a workspace. Raises `Refusal` naming the first line that differs."""
    from p4v.runs.folder import FIGURES, INPUTS, read_json
    from p4v.runs.verify import compare, read_run
    from p4v.workspace.again import request_of
    from p4v.workspace.document import read_workspace
    from p4v.workspace.settle import settle_workspace

    document, manifest = read_run(run)
    if not any(entry["path"] == f"{INPUTS}/{FIGURES}" for entry in manifest["inputs"]):
        found, allowed = "a run that was not settled from tables", "a run of `p4v settle --period`"
        raise Refusal([Finding("P4V-U012", str(run), found, allowed, "--workspace")])
    request = request_of(read_json(run / INPUTS / FIGURES))
    settled = settle_workspace(read_workspace(folder, request.known), request)
    again = [result.settlement for result in settled.results if result.contract_id == document["contract"]]
    if not again or again[0] is None:
        raise Refusal([Finding("P4V-V005", str(run), "a contract that settles no such period", "the run's contract")])
    compare(run, again[0].content())


# Tables

_Table = Annotated[str, typer.Option("--table", help="Which table it is.")]


@data.command("add")
@reported
def data_add(
    file: Annotated[Path, typer.Argument(help="A file of a table: CSV, CSV.gz, Parquet or DuckDB.")],
    known_at: Annotated[str, typer.Option("--known-at", help="YYYY-MM-DD: the newest day that the file knows about.")],
    table: _Table = "member_months",
    purpose: Annotated[
        str | None, typer.Option("--purpose", help="fee, cost or quality: of which roster, if each has a table.")
    ] = None,
    workspace: workspace_option = _HERE,
    json_lines: json_option = False,
) -> None:
    """Keep a copy of an extract under its digest, with the day up to which it knows."""
    from p4v.workspace.document import read_workspace
    from p4v.workspace.store import add

    store, role = read_workspace(workspace, stored=False).store, _role(table)
    made = add(store, role, file, day_option("--known-at", known_at), _purpose(role, purpose))
    typer.echo(f"{'added' if made.fresh else 'already there'}  {made.extract.path}")
    typer.echo(f"digest {made.extract.sha256}, known at {made.extract.known_at}")


def _role(table: str) -> Any:
    from typing import get_args

    from p4v.data.spec import Role
    from p4v.errors import did_you_mean

    if table not in get_args(Role):
        known = ", ".join(get_args(Role))
        raise Refusal(
            [
                Finding(
                    "P4V-U008", "--table", "another word", known, table[:80], help=did_you_mean(table, get_args(Role))
                )
            ]
        )
    return table


def _purpose(role: str, purpose: str | None) -> Any:
    from typing import get_args

    from p4v.data.spec import Purpose
    from p4v.errors import did_you_mean

    known = get_args(Purpose)
    if purpose is None:
        return None
    if purpose not in known:
        remedy = did_you_mean(purpose, known)
        raise Refusal([Finding("P4V-U008", "--purpose", "another word", ", ".join(known), purpose[:80], help=remedy)])
    if role != "member_months":
        raise Refusal([Finding("P4V-U012", "--purpose", f"a purpose of the table {role}", "of member_months alone")])
    return purpose


@data.command("check")
@reported
def data_check(
    workspace: workspace_option = _HERE,
    rejected: Annotated[Path | None, typer.Option("--rejected", help="A CSV for the rows that are at fault.")] = None,
    known: Annotated[str | None, typer.Option("--known", help="YYYY-MM-DD: the extracts known that day.")] = None,
    json_lines: json_option = False,
) -> None:
    """Report everything that is wrong in the tables of a workspace."""
    from p4v.runs.store import refuse_place, write_file
    from p4v.workspace.document import read_workspace
    from p4v.workspace.look import check_tables

    if rejected is not None:
        refuse_place(rejected, folder=False)
    checked = check_tables(read_workspace(workspace, day_option("--known", known)))
    if rejected is not None and checked.rejected is not None:
        write_file(rejected, checked.rejected)
        typer.echo(f"rejected   {rejected}", err=True)
    if checked.findings:
        raise Refusal(checked.findings)
    for line in checked.lines:
        typer.echo(line)


@data.command("describe")
@reported
def data_describe(
    workspace: workspace_option = _HERE,
    known: Annotated[str | None, typer.Option("--known", help="YYYY-MM-DD: the extracts known that day.")] = None,
    point: Annotated[
        list[str] | None, typer.Option("--point", help="Dollars: the share of members whose year costs more.")
    ] = None,
    fingerprint: Annotated[
        bool, typer.Option("--fingerprint", help="What all rows come to, in any order and form: 5 s a million.")
    ] = False,
    json_lines: json_option = False,
) -> None:
    """Say what the tables hold: rows, member months and dollars by group and month, columns, shares, completion."""
    from p4v.workspace.document import read_workspace
    from p4v.workspace.look import described

    for line in described(read_workspace(workspace, day_option("--known", known)), point or (), fingerprint):
        typer.echo(line)
