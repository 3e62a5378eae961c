"""The commands about what a contract says: new, show, diff, figures, schema."""

from pathlib import Path
from typing import Annotated, Any

import typer

from p4v.cli import app, day_option, json_option, reported
from p4v.errors import Refusal

contract_app = typer.Typer(name="contract", help="Write, read and compare contracts.", no_args_is_help=True)
app.add_typer(contract_app)
_Out = Annotated[Path | None, typer.Option("--out", help="A file for it; otherwise it is printed.")]


@contract_app.command()
@reported
def new(
    program: Annotated[str, typer.Option("--program", help="The program that it follows: a file, or a built-in id.")],
    blocks: Annotated[
        str | None, typer.Option("--blocks", help="NAME[,NAME…]: only these blocks, and what the program needs.")
    ] = None,
    out: _Out = None,
) -> None:
    """Print a contract to be filled in, every block that its program knows with a comment."""
    from p4v.contract.blocks import KINDS
    from p4v.drafts import new_contract
    from p4v.errors import Finding, did_you_mean

    found = _program(program)
    known = KINDS[found.kind]
    wanted = None if blocks is None else blocks.split(",")
    for name in wanted or []:
        if name not in known:
            remedy = did_you_mean(name, known)
            raise Refusal([Finding("P4V-U001", "--blocks", "no such block", ", ".join(known), name[:80], help=remedy)])
    _give(new_contract(found, wanted), out)


def _program(named: str) -> Any:
    """A program by its file or its id. Raises `Refusal`."""
    from p4v.contract.documents import library_for
    from p4v.errors import Finding, did_you_mean

    path = Path(named)
    library = library_for(path if path.suffix else Path("contracts") / "new.yaml")
    if path.suffix:
        return library.program_at(path)
    try:
        return library.program(named)
    except KeyError:
        known = library.known()
        remedy = did_you_mean(named, known)
        allowed = f"a file, or one of {', '.join(known)}"
        raise Refusal([Finding("P4V-U001", "--program", "no such program", allowed, named[:80], help=remedy)]) from None


def _give(text: str, out: Path | None) -> None:
    """Prints a text, or writes it to a file that is not there yet."""
    from p4v.errors import Finding
    from p4v.runs.store import refuse_place, write_file

    if out is None:
        typer.echo(text, nl=False)
        return
    refuse_place(out, folder=False)
    if out.exists():
        raise Refusal([Finding("P4V-U006", "--out", "a file that is there already", "another file", str(out))])
    write_file(out, text.encode())
    typer.echo(f"written    {out}")


@contract_app.command()
@reported
def show(
    contract: Annotated[Path, typer.Argument(help="A contract file.")],
    on: Annotated[str | None, typer.Option("--on", help="YYYY-MM-DD; otherwise its first day.")] = None,
    known: Annotated[str | None, typer.Option("--known", help="YYYY-MM-DD: as known that day.")] = None,
    origin: Annotated[bool, typer.Option("--origin", help="With file, line and amendment.")] = False,
    json_lines: json_option = False,
) -> None:
    """Print every term in force on a day."""
    from p4v.contract.terms import NotInForce
    from p4v.errors import Finding
    from p4v.single import read_contract
    from p4v.terms_shown import shown_terms

    day, as_known = day_option("--on", on), day_option("--known", known)
    program = read_contract(contract)
    try:
        for line in shown_terms(program, day, as_known, origin):
            typer.echo(line)
    except NotInForce as error:
        option, found = ("--known", known) if error.signed else ("--on", on)
        raise Refusal([Finding("P4V-U010", option, f"{found}, a day outside the contract", error.allowed)]) from None


@contract_app.command()
@reported
def diff(
    first: Annotated[Path, typer.Argument(help="A contract file.")],
    second: Annotated[Path, typer.Argument(help="Another.")],
    json_lines: json_option = False,
) -> None:
    """Print what two contracts say differently, with the clause of both."""
    from p4v.single import read_contract
    from p4v.terms_shown import differences

    typer.echo(f"{first} | {second}")
    for line in differences(read_contract(first), read_contract(second)):
        typer.echo(line)


@app.command()
@reported
def figures(
    contract: Annotated[Path, typer.Argument(help="A contract file.")],
    period: Annotated[str | None, typer.Option("--period", help="2014, or 2014-07 to 2015-06.")] = None,
    paid_through: Annotated[
        str | None, typer.Option("--paid-through", help="YYYY-MM-DD: the last day of the claims' payments.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    out: _Out = None,
    json_lines: json_option = False,
) -> None:
    """Print an empty figures file of a contract: names, units and clauses."""
    from p4v.contract.terms import NotInForce
    from p4v.drafts import empty_figures, empty_figures_csv
    from p4v.errors import Finding
    from p4v.periods import read_months
    from p4v.single import read_contract

    try:
        months = None if period is None else read_months(period)
    except ValueError:
        allowed = "a year, or two months as YYYY-MM to YYYY-MM"
        raise Refusal([Finding("P4V-U007", "--period", "no such period", allowed)]) from None
    program = read_contract(contract)
    try:
        paid = day_option("--paid-through", paid_through)
        _give((empty_figures_csv if as_csv else empty_figures)(program, months, paid), out)
    except NotInForce as error:
        raise Refusal([Finding("P4V-U010", "--period", f"{months}, outside the contract", error.allowed)]) from None


@app.command()
@reported
def schema(
    of: Annotated[str, typer.Argument(help="contract, program, binding or figures.")] = "contract",
    out: _Out = None,
) -> None:
    """Print the JSON Schema of a file, for editors."""
    import json

    from p4v.errors import Finding, did_you_mean
    from p4v.schemas import DOCUMENTS, json_schema

    if of not in DOCUMENTS:
        remedy = did_you_mean(of, DOCUMENTS)
        raise Refusal([Finding("P4V-U008", "SCHEMA", "another word", ", ".join(DOCUMENTS), help=remedy)])
    _give(json.dumps(json_schema(of), indent=2) + "\n", out)
