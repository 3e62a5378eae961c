"""What a figure rests on, line by line, as text for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from p4v.expressions import reader_text
from p4v.report.lines import rounding_text
from p4v.report.parsing import parsed
from p4v.report.shown import origin_text, shown
from p4v.report.wording import formula_in_numbers


def explained(document: Mapping[str, Any], wanted: str | None) -> Iterator[str]:
    """The lines that a figure rests on, itself last; all lines where none is named. Raises `KeyError`."""
    lines = {line["name"]: line for line in document["lines"]}
    shown = set(lines) if wanted is None else _rests_on(lines, _name_of(document, wanted))
    for line in document["lines"]:
        if line["name"] in shown:
            yield from _text(line, lines)


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


def _text(line: Mapping[str, Any], lines: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line with its formula in names, which are those of the contract file and of the workbook."""
    yield f"{line['number']:>3}  {line['label']}: {shown(line)}"
    yield f"     {line['name']} ({line['kind']})"
    if line["expression"] is not None:
        names = {parameter: parameter for parameter in line["inputs"]}
        yield f"     = {reader_text(parsed(line['expression']), names)}"
        yield f"     = {formula_in_numbers(line, lines)}"
    rounding = rounding_text(line)
    if rounding is not None:
        yield f"     {rounding}"
    if line["unit"] == "table":
        yield f"     {'; '.join(f'{x}: {y}' for x, y in line['value'])}"
    yield f"     clause: {line['clause']}"
    yield f"     origin: {origin_text(line['origin'])}"
