"""Findings: what is wrong in a user's file, where, what is allowed, and what to do; and what exit code that is.

Findings are collected values; a `Refusal` carries all of one run, and nothing has been written when it is raised.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

SHOWN_FINDINGS = 50
EXIT_CODES = {"U": 2, "C": 3, "D": 4, "S": 5, "V": 6, "R": 7, "X": 8}
"""First letter of a code to exit code: command line, configuration, data, store, verification, conflict, safety."""
INTERRUPTED = 130
CODE_PATTERN = re.compile(r"P4V-[A-Z][0-9]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `line` and `column` count from 1; `column` is the field's number in a CSV."""

    code: str
    file: str
    found: str
    allowed: str
    field: str | None = None
    line: int | None = None
    column: int | None = None
    frame: tuple[str, ...] = ()
    help: str | None = None

    def text(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        field = f" {self.field}" if self.field else ""
        first = f"{place}: error[{self.code}]{field}: found {self.found}; allowed {self.allowed}"
        remedy = (f"   = help: {self.help}",) if self.help else ()
        return "\n".join(_harmless(line) for line in (first, *self.frame, *remedy))

    def json_text(self) -> str:
        return json.dumps(
            {
                "code": self.code, "file": self.file, "line": self.line, "column": self.column, "field": self.field,
                "found": self.found, "allowed": self.allowed, "help": self.help,
            }
        )  # fmt: skip

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.code.removeprefix("P4V-")[0]]


def _harmless(text: str) -> str:
    """What does not show, or turns a terminal's text around, spelled out."""
    return "".join(sign if sign.isprintable() else f"<U+{ord(sign):04X}>" for sign in text)


class Refusal(Exception):
    """Everything that kept a command from its work."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: Sequence[Finding] = tuple(findings)
        super().__init__(f"{len(self.findings)} findings")

    def __str__(self) -> str:
        return self.text(as_json=False)

    @property
    def exit_code(self) -> int:
        return min(finding.exit_code for finding in self.findings)

    def text(self, as_json: bool) -> str:
        shown = self.findings[:SHOWN_FINDINGS]
        rest = len(self.findings) - len(shown)
        texts = [finding.json_text() if as_json else finding.text() for finding in shown]
        if rest:
            texts.append(json.dumps({"more": rest}) if as_json else f"and {rest} more")
        return "\n".join(texts)


def did_you_mean(found: str, known: Iterable[str]) -> str | None:
    """A remedy for a misspelled name, if one of the known names is near."""
    near = get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None
