"""What a figure rests on, line by line, as text for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from p4v.report.view import LineView, line_view


def explained(document: Mapping[str, Any], wanted: str | None) -> Iterator[str]:
    """The lines that a figure rests on, itself last; all lines where none is named. Raises `KeyError`."""
    lines = {line["name"]: line for line in document["lines"]}
    shown = set(lines) if wanted is None else _rests_on(lines, _name_of(document, wanted))
    for line in document["lines"]:
        if line["name"] in shown:
            yield from _text(line_view(line, lines))


def _name_of(document: Mapping[str, Any], wanted: str) -> str:
    """A line by its name or its number."""
    for line in document["lines"]:
        if wanted in (line["name"], str(line["number"])):
            return str(line["name"])
    raise KeyError(wanted)


def _rests_on(lines: Mapping[str, Mapping[str, Any]], name: str) -> set[str]:
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        line = waiting.pop()
        if line not in needed:
            needed.add(line)
            for given in lines[line]["inputs"].values():
                waiting += given if isinstance(given, list) else [given]
    return needed


def _text(view: LineView) -> Iterator[str]:
    yield f"{view.number:>3}  {view.label}: {view.value}"
    yield f"     {view.name} ({view.kind})"
    if view.formula is not None:
        yield f"     = {view.formula}"
        yield f"     = {view.formula_with_numbers}"
    if view.rounding is not None:
        yield f"     {view.rounding}"
    if view.pairs:
        yield f"     {'; '.join(f'{x}: {y}' for x, y in view.pairs)}"
    yield f"     clause: {view.clause}"
    yield f"     origin: {view.origin}"
