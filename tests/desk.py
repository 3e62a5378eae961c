"""A workspace of a few rows, written and settled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from p4v.workspace.document import read_asked, read_workspace
from p4v.workspace.results import GroupResult, Request, Settled
from p4v.workspace.settle import settle_workspace

CONTRACT = """\
contract: {group}
extends: {program}
group: {{id: {group}, name: Example Medical Group}}
payer: {{name: Example payer}}
agreement: {{signed: 2011-10-01, effective: 2012-01-01, ends: 2016-12-31}}
order: {order}
terms:
{terms}
"""
SHARE = """\
  gate: {minimum_savings_rate: 0%, clause: "§5"}
  share: {sharing_rate: 50%, clause: "§6"}
"""
BUDGET = '  benchmark: {pmpm: 400.00, clause: "§4"}\n'


@dataclass
class Desk:
    """A workspace that is written before it is settled."""

    root: Path
    contracts: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    more: str = ", other_groups: allowed"
    """What the table of member months says besides."""

    def contract(self, terms: str, group: str = "A", order: str = "{}", program: str = "shared-savings") -> "Desk":
        self.contracts[group] = CONTRACT.format(group=group, terms=terms.rstrip("\n"), order=order, program=program)
        return self

    def rows(self, header: str, rows: Iterable[str], table: str = "member_months") -> "Desk":
        self.tables[table] = "\n".join([header, *rows, ""])
        return self

    def write(self) -> None:
        (self.root / "contracts").mkdir(exist_ok=True)
        for group, text in self.contracts.items():
            (self.root / "contracts" / f"{group}.yaml").write_text(text)
        listed = "".join(f"  {name}: {{files: {name}.csv}}\n" for name in self.tables if name != "member_months")
        months = f"  member_months: {{files: member_months.csv{self.more}}}\n"
        (self.root / "p4v.yaml").write_text(f"workspace: p4v-workspace/1\ntables:\n{months}{listed}")
        for name, text in self.tables.items():
            (self.root / f"{name}.csv").write_text(text)

    def settled(self, period: str = "2014", paid_through: date | None = None, known: date | None = None) -> Settled:
        self.write()
        request = Request(read_asked(period), paid_through, known=known)
        return settle_workspace(read_workspace(self.root, known), request)

    def settle(self, period: str = "2014", paid_through: date | None = None) -> Mapping[str, GroupResult]:
        return {result.group: result for result in self.settled(period, paid_through).results}

    def lines(self, period: str = "2014", paid_through: date | None = None) -> dict[str, Any]:
        settlement = self.settle(period, paid_through)["A"].settlement
        assert settlement is not None
        return {line.name: line.figure for line in settlement.lines}
