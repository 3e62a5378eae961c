"""The command that makes member months of claims."""

from pathlib import Path
from typing import Annotated, Any

import typer

from p4v.cli import app, json_option, reported

import_app = typer.Typer(name="import", help="Make tables of what other systems give.", no_args_is_help=True)
app.add_typer(import_app)


@import_app.callback()
def imports() -> None:
    """Make tables of what other systems give."""


@import_app.command()
@reported
def claims(
    eligibility: Annotated[Path, typer.Option("--eligibility", help="Spans of enrolment, as CSV or CSV.gz.")],
    claims_map: Annotated[str, typer.Option("--map", help="What the columns mean: a file, or tuva-claims.")],
    out: Annotated[Path, typer.Option("--out", help="A new folder for the member months and the report.")],
    medical: Annotated[Path | None, typer.Option("--medical", help="Medical claim lines.")] = None,
    pharmacy: Annotated[Path | None, typer.Option("--pharmacy", help="Pharmacy claims.")] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="2018, or 2018-01 to 2018-12: other months are cut off.")
    ] = None,
    float_noise: Annotated[
        str | None, typer.Option("--float-noise", help="to_cent: take amounts such as 46.620000000000005.")
    ] = None,
    table_format: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    json_lines: json_option = False,
) -> None:
    """Make member months of eligibility spans and claims."""
    from p4v.claims.map import with_noise
    from p4v.claims.months import import_claims
    from p4v.claims.report import controls_csv, not_placed_csv, report_markdown, summary, table_csv, table_parquet
    from p4v.runs.store import write_folder

    writers = {"csv": table_csv, "parquet": table_parquet}
    _word("--format", table_format, writers)
    if float_noise is not None:
        _word("--float-noise", float_noise, ["to_cent", "refuse"])
    months = _months(period)
    _refuse_there(out)
    found = with_noise(_map(claims_map), float_noise)
    files = {role: path for role, path in (("medical", medical), ("pharmacy", pharmacy)) if path is not None}
    imported = import_claims(found, eligibility, files, months)
    table = f"member_months.{table_format}"
    written = {
        table: writers[table_format](imported),
        "controls.csv": controls_csv(imported),
        "not_placed.csv": not_placed_csv(imported),
        "report.md": report_markdown(imported, table),
    }
    write_folder(out, written)
    for line in summary(imported):
        typer.echo(line)
    typer.echo("")
    for name in written:
        typer.echo(f"written    {out / name}")


def _map(named: str) -> Any:
    """A map by its file, or a ready one by its name."""
    from p4v.claims.map import read_map
    from p4v.errors import Finding, Refusal, did_you_mean
    from p4v.resources import resource

    path = Path(named)
    if path.suffix:
        return read_map(path)
    ready = {file.stem: file for file in sorted(resource("configs", "maps").glob("*.yaml"))}
    if named in ready:
        return read_map(ready[named])
    allowed = f"a file, or one of {', '.join(ready)}"
    raise Refusal([Finding("P4V-U001", "--map", "no such map", allowed, named[:80], help=did_you_mean(named, ready))])


def _word(option: str, text: str, words: Any) -> None:
    from p4v.errors import Finding, Refusal, did_you_mean

    if text not in words:
        allowed = ", ".join(words)
        raise Refusal([Finding("P4V-U008", option, "another word", allowed, help=did_you_mean(text, words))])


def _months(text: str | None) -> Any:
    from p4v.errors import Finding, Refusal
    from p4v.periods import read_months

    try:
        return None if text is None else read_months(text)
    except ValueError:
        allowed = "a year, or two months as YYYY-MM to YYYY-MM"
        raise Refusal([Finding("P4V-U007", "--period", "no such period", allowed)]) from None


def _refuse_there(out: Path) -> None:
    """The folder is a new one: what an import wrote may be settled already."""
    from p4v.errors import Finding, Refusal
    from p4v.runs.store import refuse_place

    refuse_place(out, folder=True)
    if out.exists() and any(out.iterdir()):
        raise Refusal([Finding("P4V-U006", "--out", "a folder that has files already", "a new folder", str(out))])
