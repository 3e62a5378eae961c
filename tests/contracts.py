"""What tests of contracts share: a small program, a contract, figures, and a folder that holds them."""

import re
from pathlib import Path

from typer.testing import Result

from support import p4v

PROGRAM = """\
program: shared-savings
order: {base: standard/1}
terms:
  gate:     {comparison: at_least, form: cliff, clause: "program §2"}
  rounding: {earned: {places: 2, rule: half_up}, clause: "program §5"}
"""
CONTRACT = """\
contract: axene
extends: shared-savings
group: {id: axene, name: "Example of Axene Health Partners"}
payer: {name: Example payer}
agreement: {signed: 2013-10-01, effective: 2014-01-01, ends: 2015-12-31}
terms:
  benchmark: {pmpm: 500.00, clause: "§4.1"}
  gate:      {minimum_savings_rate: 1%, clause: "§4.2"}
  share:     {sharing_rate: 50%, clause: "§4.3"}
amendments:
  - {id: Amendment 1, signed: 2014-09-01, effective: 2015-01-01, clause: "Am. 1 §1", terms: {share: {sharing_rate: 55%}}}
"""
FIGURES = """\
group: axene
period: 2014
figures:
  member_months: 125000
  expenditure: 61875000.00
"""
CASE = """\
cases:
  - case: Exactly the minimum is enough
    source: Axene Health Partners
    figures: {member_months: 125000, expenditure: 61875000.00}
    lines: {gross_savings: 625000.00, savings_rate: 1%, earned: 312500.00}
"""
Found = tuple[str, str, str | None]
"""Place (FILE:LINE:COL), code and field of a finding."""
_FINDING = re.compile(r"(\S+): error\[P4V-([A-Z][0-9]{3})\](?: ([^:]+))?: found (.+); allowed (.+)")


def findings_in(text: str) -> list[Found]:
    found = [match for match in map(_FINDING.fullmatch, text.splitlines()) if match]
    return [(match[1], match[2], match[3]) for match in found]


class Desk:
    """A configs root with a program, a contract and figures, in the working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("configs/programs/shared-savings.yaml", PROGRAM)
        self.write("configs/contracts/axene.yaml", CONTRACT)
        self.write("figures.yaml", FIGURES)

    def write(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def edit(self, name: str, find: str, replace: str) -> tuple[int, int]:
        """Replaces a text that stands there, once. Returns line and column of its start."""
        before, found, after = (self.folder / name).read_text(encoding="utf-8").partition(find)
        assert found, f"{find!r} is not in {name}"
        self.write(name, before + replace + after)
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def settle(self, *more: str, figures: str = "figures.yaml") -> Result:
        return p4v("settle", "configs/contracts/axene.yaml", "--figures", figures, "--out", "runs", *more)

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            if path.is_file() and path.stat().st_size < 1 << 21
            else b""
            for path in sorted(self.folder.rglob("*"))
        }

    def refused(
        self, exit_code: int, *more: str, figures: str = "figures.yaml", command: str = "settle"
    ) -> list[Found]:
        """What a command finds that is refused; it writes nothing, and says nothing of its own accord."""
        before = self.files()
        result = self.settle(*more, figures=figures) if command == "settle" else p4v(command, *more)
        assert (result.exit_code, result.stdout) == (exit_code, ""), result.output
        assert "Traceback" not in result.output
        assert self.files() == before
        return findings_in(result.stderr)
