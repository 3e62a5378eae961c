"""The command `p4v demo`: made-up member months of nine medical groups, settled by their contracts."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from p4v.cli import app, json_option, reported

_FOLDER = Path("p4v-demo")


@app.command()
@reported
def demo(
    folder: Annotated[Path, typer.Argument(help="A new folder, or that of an earlier demo.")] = _FOLDER,
    scale: Annotated[
        int | None, typer.Option("--scale", min=1, help="A programme of so many made-up groups, such as 114.")
    ] = None,
    json_lines: json_option = False,
) -> None:
    """Make a workspace of nine medical groups with made-up members, and settle each group's first full period."""
    from p4v.cli_workspace import Stages, table_lines, written_lines
    from p4v.demo.settle import settle_demo
    from p4v.demo.write import write_demo
    from p4v.report.register import register_rows

    with Stages(sys.stderr) as step:
        write_demo(folder, scale, step)
        settled = settle_demo(folder, step)
    typer.echo(f"workspace  {folder}: nobody in its tables exists; each contract says what of it is published")
    for line in [*table_lines(register_rows(settled.entries)), *written_lines(settled.delivered)]:
        typer.echo(line)
