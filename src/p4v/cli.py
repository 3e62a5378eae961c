"""The command `p4v`. Results go to standard output, everything else to standard error.

What a command needs is imported inside it, so that `p4v --help` answers at once.
"""

import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from p4v import __version__
from p4v.errors import INTERRUPTED, Refusal

app = typer.Typer(
    name="p4v",
    help="The open calculator for pay-for-value settlements: what a payer owes a medical group, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_Templates = Annotated[
    Path | None, typer.Option("--templates", help="A folder with templates of your own, before the built-in ones.")
]
json_option = Annotated[bool, typer.Option("--json", help="Print findings, and what was settled, as JSON lines.")]


def main() -> None:
    """Runs a command; its exit code is that of the program."""
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED and not _told:
            typer.echo(_interrupted(), err=True)
        raise


def _interrupted() -> str:
    """What an interruption left: whatever is in its place is whole."""
    from p4v.runs.store import written

    return "interrupted; what was written until then is whole" if written else "interrupted; nothing was written"


_told: list[str] = []
"""Whether an interruption was told: one before a command begins is not."""


def reported(command: Callable[..., None]) -> Callable[..., None]:
    """Turns what goes wrong into messages and exit codes; never a traceback, never a value out of the data."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            from p4v.runs.store import written

            written.clear()
            command(*arguments, **options)
        except Refusal as refusal:
            typer.echo(refusal.text(as_json=bool(options.get("json_lines"))), err=True)
            raise typer.Exit(refusal.exit_code) from None
        except KeyboardInterrupt:
            typer.echo(_interrupted(), err=True)
            _told.append(command.__name__)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            typer.echo(_internal(error), err=True)
            raise typer.Exit(1) from None

    return run


def _internal(error: Exception) -> str:
    """A bug of p4v: its kind and place in the program, nothing of the data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
    return f"p4v: internal error, a bug of p4v: {type(error).__name__} at {place}, release {__version__}"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"p4v {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the release and stop.")
    ] = False,
) -> None:
    """The open calculator for pay-for-value settlements: what a payer owes a medical group, and why."""


@app.command("settle-table")
@reported
def settle_table(
    binding: Annotated[str, typer.Argument(help="What the columns mean: a file, or a built-in name such as mssp.")],
    table: Annotated[Path, typer.Argument(help="A CSV file with one row for each group and period.")],
    out: Annotated[Path, typer.Option("--out", help="Where the results go, as CSV.")],
    statements: Annotated[
        Path | None, typer.Option("--statements", help="A folder for a run, a statement and a workbook of each row.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="KEY=VALUE[,KEY=VALUE…]: settle only the rows that match.")
    ] = None,
    templates: _Templates = None,
    terms: Annotated[bool, typer.Option("--terms", help="Columns for the contract's terms too.")] = False,
    json_lines: json_option = False,
) -> None:
    """Settle every row of a table of groups."""
    from p4v import batch
    from p4v.report.results import results_csv
    from p4v.runs.folder import run_of
    from p4v.runs.store import refuse_place, write_file

    path = _binding_path(binding)
    conditions = [_condition(text) for text in only or []]
    refuse_place(out, folder=False)
    _refuse_templates(templates)
    if statements is not None:
        refuse_place(statements, folder=True)
    _refuse_overwriting(out, [table, path])
    with _Progress("settling", sys.stderr) as step:
        settled = batch.settle_table(path, table, conditions, step)
    _refuse_overwriting(out, settled.binding.paths())
    results = results_csv(settled, terms)
    if statements is not None:
        for line in _write_runs([run_of(settled, row) for row in settled.rows], statements, templates):
            typer.echo(line)
    write_file(out, results)
    typer.echo(f"{len(settled.rows)} of {len(settled.table.rows)} rows settled")
    typer.echo(f"results    {out}")


@app.command()
@reported
def settle(
    contract: Annotated[
        Path | None, typer.Argument(help="A contract file; without it all contracts of the workspace.")
    ] = None,
    figures: Annotated[Path | None, typer.Option("--figures", help="The group's figures, as YAML or CSV.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A folder for the run, its statement and workbook.")] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="The folder with p4v.yaml; without it the working folder.")
    ] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="2014, 2014Q2, 2014-03, or 2014-07 to 2015-06.")
    ] = None,
    paid_through: Annotated[
        str | None, typer.Option("--paid-through", help="YYYY-MM-DD: the last day of the claims' payments.")
    ] = None,
    group: Annotated[list[str] | None, typer.Option("--group", help="One group's id; may be repeated.")] = None,
    known: Annotated[
        str | None,
        typer.Option("--known", help="YYYY-MM-DD: the terms and tables as known that day."),
    ] = None,
    status: Annotated[str | None, typer.Option("--status", help="projected, interim or final.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be settled, and write nothing.")] = False,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="How many threads read the tables.")] = None,
    templates: _Templates = None,
    notice: Annotated[
        bool, typer.Option("--notice", help="Where no agreement is in force, write a page that says so.")
    ] = False,
    json_lines: json_option = False,
) -> None:
    """Settle all groups of a workspace, or one contract with the figures of a period."""
    of_workspace = {
        "--workspace": workspace, "--period": period, "--paid-through": paid_through, "--group": group,
        "--threads": threads, "--dry-run": dry_run or None,
    }  # fmt: skip
    _refuse_mixture(contract, {"--figures": figures, "--out": out}, of_workspace, notice)
    known_day, stated = day_option("--known", known), _status(status)
    if contract is not None and figures is not None and out is not None:
        _settle_contract(contract, figures, out, known_day, stated, templates, notice)
        return
    from p4v.cli_workspace import settle_workspace_command

    settle_workspace_command(
        workspace or Path(), period, paid_through=paid_through, groups=group, status=stated, known=known_day,
        dry_run=dry_run, as_json=json_lines, threads=threads, templates=templates,
    )  # fmt: skip


def _refuse_mixture(
    contract: Path | None, of_contract: dict[str, Any], of_workspace: dict[str, Any], notice: bool
) -> None:
    """One contract takes figures and a place; a workspace has its own. Raises `Refusal`."""
    from p4v.errors import Finding

    allowed = "p4v settle CONTRACT --figures FILE --out DIR, or p4v settle --period PERIOD"
    wrong = of_workspace if contract is not None else of_contract | {"--notice": notice or None}
    found = "an option of a workspace" if contract is not None else "an option of a contract"
    findings = [Finding("P4V-U012", name, found, allowed) for name, value in wrong.items() if value is not None]
    if contract is not None:
        missing = [name for name, value in of_contract.items() if value is None]
        findings += [Finding("P4V-U012", name, "no such option", allowed) for name in missing]
    if findings:
        raise Refusal(findings)


def _settle_contract(
    contract: Path, figures: Path, out: Path, known: Any, status: Any, templates: Path | None, notice: bool
) -> None:
    from p4v.cases import refuse_disagreed
    from p4v.report.shown import shown
    from p4v.runs.folder import contract_run
    from p4v.runs.store import refuse_place
    from p4v.single import OutOfForce, settle_contract

    refuse_place(out, folder=True)
    _refuse_templates(templates)
    try:
        settled = settle_contract(contract, figures, known, status)
    except OutOfForce as error:
        if not notice or len(error.findings) > 1:
            raise
        typer.echo(f"not in force\n{_write_notice(error, out)}")
        return
    refuse_disagreed([settled.program])
    run = contract_run(settled)
    written = _write_runs([run], out, templates)
    lines = [line for line in run.document()["lines"] if line["kind"] == "settled"]
    width = max((len(line["label"]) for line in lines), default=0)
    for line in lines:
        typer.echo(f"{line['label']:<{width}}  {shown(line):>18}  {line['clause']}")
    for text in written:
        typer.echo(text)


@app.command()
@reported
def check(
    paths: Annotated[list[Path], typer.Argument(help="Contracts, programs, bindings, or folders of them.")],
    json_lines: json_option = False,
) -> None:
    """Report everything that is wrong in contracts, and compute their own cases."""
    from p4v.check import check_file, files_below

    refusals = []
    for path in files_below(paths):
        checked = check_file(path)
        if checked.findings:
            refusals.append(Refusal(checked.findings))
            typer.echo(refusals[-1].text(as_json=json_lines), err=True)
        else:
            cases = f"  ({checked.cases} case{'s' if checked.cases != 1 else ''})" if checked.cases else ""
            typer.echo(f"ok  {checked.shown}{cases}")
            for note in checked.notes:
                typer.echo(f"  {note}")
    if refusals:
        raise typer.Exit(min(refusal.exit_code for refusal in refusals))


def day_option(option: str, text: str | None) -> Any:
    from p4v.errors import Finding
    from p4v.periods import read_day

    if text is None:
        return None
    try:
        return read_day(text)
    except ValueError:
        raise Refusal([Finding("P4V-U007", option, "no such date", "a date, as YYYY-MM-DD")]) from None


def _status(text: str | None) -> Any:
    from p4v.errors import Finding, did_you_mean

    words = ("projected", "interim", "final")
    if text is not None and text not in words:
        remedy = did_you_mean(text, words)
        raise Refusal([Finding("P4V-U008", "--status", "another word", ", ".join(words), help=remedy)])
    return text


@app.command()
@reported
def explain(
    run: Annotated[str, typer.Argument(help="The folder of a run, or a code such as P4V-C047.")],
    line: Annotated[str | None, typer.Argument(help="A line's name or number; all lines if none is named.")] = None,
) -> None:
    """Print the lines that a figure rests on: formula, formula with numbers, clause, origin; or what a code means."""
    from p4v.errors import CODE_PATTERN, Finding, did_you_mean
    from p4v.report.explanation import explained
    from p4v.runs.verify import read_run

    if CODE_PATTERN.fullmatch(run):
        _explain_code(run)
        return
    document, _ = read_run(Path(run))
    try:
        typer.echo("\n".join(explained(document, line)))
    except KeyError:
        names = [entry["name"] for entry in document["lines"]]
        remedy = did_you_mean(line or "", names)
        raise Refusal(
            [Finding("P4V-U005", run, "no such line", "a line's name or number", line, help=remedy)]
        ) from None


def _explain_code(code: str) -> None:
    from p4v.codes import codes, explained
    from p4v.errors import Finding, did_you_mean

    if code not in codes():
        raise Refusal(
            [Finding("P4V-U011", code, "no such code", "a code of a message", help=did_you_mean(code, codes()))]
        )
    typer.echo(explained(code))


@app.command()
@reported
def rerun(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Roll the tables of this workspace up again, too.")
    ] = None,
    json_lines: json_option = False,
) -> None:
    """Compute a run again from its own inputs: `identical`, or what differs (exit 6)."""
    from p4v.runs.verify import verify

    verify(run)
    if workspace is not None:
        from p4v.cli_workspace import rolled_up_again

        rolled_up_again(run, workspace)
    typer.echo("identical")


def _write_runs(runs: Sequence[Any], folder: Path, templates: Path | None) -> list[str]:
    """Writes runs and their reports. Gives back where they lie, to be printed once all are written."""
    from p4v.report.reports import reports, reports_with, write_reports
    from p4v.runs.folder import MANIFEST, SETTLEMENT, read_json, write_run
    from p4v.settlement import digest_of

    jobs = [(run.document(), run.manifest(), digest_of(run.files[SETTLEMENT])) for run in runs]
    made = None if templates is None else reports_with(templates, jobs)
    lines: list[str] = []
    with _Progress("writing statements", sys.stderr, len(runs)) as step:
        for index, run in enumerate(runs):
            written = write_run(run, folder)
            if not written and made is None:
                jobs[index] = (jobs[index][0], read_json(folder / run.id / MANIFEST), jobs[index][2])
            place = write_reports(folder, run.id, made[index] if made else reports(*jobs[index]))
            step()
            lines.append(f"{'run       ' if written else 'already settled'} {folder / run.id}")
            lines.append(f"reports    {place}")
    return lines


def _write_notice(error: Any, folder: Path) -> str:
    """The page that a group receives for a period in which its contract was not in force."""
    from p4v.report.reports import write_reports
    from p4v.report.statement import not_in_force

    program, given = error.program, error.given
    party = program.contract.group
    period = {"from": given.period.first_month, "to": given.period.last_month}
    agreement = program.contract.agreement
    reason = f"The agreement holds from {agreement.effective} to {agreement.ends}, and this period lies outside it."
    if agreement.covers(given.period):
        reason = f"The agreement was signed on {agreement.signed}, and was not known on the day that was asked for."
    files = not_in_force(party.id, party.name, program.id, program.title, period, reason)
    name = f"{party.id}-{period['from']}-{period['to']}-not-in-force"
    return f"page       {write_reports(folder, name, files)}"


def _refuse_templates(templates: Path | None) -> None:
    from p4v.report.own_templates import refuse_folder

    if templates is not None:
        refuse_folder(templates)


def _binding_path(binding: str) -> Path:
    """A file, or the built-in binding of that name."""
    from p4v.errors import Finding, did_you_mean
    from p4v.resources import resource

    if _exists(Path(binding)):
        return Path(binding)
    built_in = {path.stem: path for path in sorted(resource("configs", "tables").glob("*.yaml"))}
    if binding in built_in:
        return built_in[binding]
    remedy = did_you_mean(binding, built_in)
    allowed = f"a file, or one of {', '.join(built_in)}"
    raise Refusal([Finding("P4V-U001", "BINDING", "no such file or name", allowed, binding[:80], help=remedy)])


def _condition(text: str) -> dict[str, str]:
    """`KEY=VALUE[,KEY=VALUE…]` as columns and values."""
    from p4v.errors import Finding

    conditions: dict[str, str] = {}
    for part in text.split(","):
        column, equals, value = part.partition("=")
        if not equals or not column:
            raise Refusal([Finding("P4V-U002", "--only", "a part without `=`", "KEY=VALUE[,KEY=VALUE…]", part[:80])])
        if conditions.setdefault(column, value) != value:
            raise Refusal(
                [Finding("P4V-U002", "--only", "one column with two values", "each column once", column[:80])]
            )
    return conditions


def _refuse_overwriting(out: Path, inputs: list[Path]) -> None:
    from p4v.errors import Finding

    for path in inputs:
        if out.exists() and _exists(path) and out.samefile(path):
            raise Refusal([Finding("P4V-U006", "--out", "one of the inputs", "another file", str(out))])


def _exists(path: Path) -> bool:
    """Whether there is such a file; a name that no disk takes is none."""
    try:
        return path.exists()
    except OSError:
        return False


class _Progress:
    """A count on a terminal, at most every hundredth row; nothing where the error stream is a file."""

    def __init__(self, what: str, stream: Any, total: int | None = None) -> None:
        self.what = what
        self.stream = stream
        self.of = "" if total is None else f" of {total}"
        self.done = 0

    def __enter__(self) -> Callable[[], None]:
        return self._step

    def _step(self) -> None:
        self.done += 1
        if self.stream.isatty() and self.done % 100 == 0:
            self.stream.write(f"\r{self.what}: {self.done}{self.of} rows")
            self.stream.flush()

    def __exit__(self, *_: object) -> None:
        if self.stream.isatty() and self.done >= 100:
            self.stream.write("\r" + " " * 60 + "\r")
            self.stream.flush()


from p4v import cli_claims as cli_claims  # noqa: E402, PLC0414
from p4v import cli_contract as cli_contract  # noqa: E402, PLC0414 - its commands join the application
from p4v import cli_demo as cli_demo  # noqa: E402, PLC0414
from p4v import cli_workspace as cli_workspace  # noqa: E402, PLC0414
