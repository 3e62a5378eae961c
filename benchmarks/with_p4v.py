"""p4v end to end: contracts, tables, checks, roll-up, and every line of every worksheet; it ends as the command does.

`with_p4v.py FOLDER`.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

from same import BASELINE, CATEGORIES, PERFORMANCE, THREADS, write

from p4v.ending import leave
from p4v.workspace.document import read_asked, read_workspace
from p4v.workspace.results import GroupResult, Request
from p4v.workspace.settle import settle_workspace

_OF = {str(PERFORMANCE): ("", ""), str(BASELINE): ("baseline_", f".{BASELINE}")}
"""What a window's figures begin and end with."""


def integers(result: GroupResult) -> dict[str, list[int]]:
    """Rows from the control totals, everything else from the figures that the worksheet rests on."""
    assert result.settlement is not None, result.reason
    assert result.figures_json is not None
    exact = {row["name"]: Fraction(row["exact"] or 0) for row in json.loads(result.figures_json)["figures"]}
    rows = {row["window"]: row["rows"] for row in result.settlement.controls if row["entry"] == "used"}
    found = {}
    for window, (before, after) in _OF.items():
        name = f"baseline {window}" if before else "performance"
        costs = [f"reported_expenditure.{category}{after.replace('.', '-')}" for category in CATEGORIES]
        figures = [exact[f"{before}{cost}"] * 100 for cost in costs]
        months, excess = exact[f"{before}member_months{after}"], exact[f"{before}large_claims_excess{after}"] * 100
        whole = [Fraction(rows[name]), months, *figures, excess]
        assert all(figure.denominator == 1 for figure in whole)
        found[window] = [int(figure) for figure in whole]
    return found


def main() -> None:
    workspace = read_workspace(Path(sys.argv[1]))
    settled = settle_workspace(workspace, Request(read_asked(str(PERFORMANCE)), threads=THREADS))
    write({result.group: integers(result) for result in settled.results})


if __name__ == "__main__":
    main()
    leave(0)
