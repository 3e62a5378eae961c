"""Results of a workspace without its tables: example contracts settled from the figures of their own cases."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import rfc8785
import yaml

from controls_samples import CONTROLS
from p4v.data.spec import TableInput
from p4v.single import SettledContract, settle_contract
from p4v.workspace.results import GroupResult, Settled
from support import CONFIGS

INPUTS = (
    TableInput("member_months", "member_months.csv", 5_120_044, "ab" * 32, 200_000, date(2015, 6, 30)),
    TableInput("quality", "quality.csv", 410, "cd" * 32, 9, None),
)
CASES = {"gated-share": 0, "fee-reset": 1, "claw-back-fee": 2, "withhold-pool": 4, "two-sided-loss-ratio": 5}
"""Example contracts, and the case of each that is settled: an amount earned, a gate missed, months, an interim, a loss."""


def settled_case(name: str, folder: Path, group: str | None = None) -> SettledContract:
    """A case of an example contract, settled from a figures file; `group` renames the group."""
    text = (CONFIGS / "contracts" / f"{name}.yaml").read_text(encoding="utf-8")
    written = yaml.load(text, Loader=yaml.BaseLoader)
    own = written["group"]["id"]
    if group is not None:
        text = text.replace(f"id: {own}, name: {written['group']['name']}", f"id: {group}, name: {group.title()} Group")
    contract = folder / "contracts" / f"{name}.yaml"
    contract.parent.mkdir(parents=True, exist_ok=True)
    contract.write_text(text, encoding="utf-8")
    case = written["cases"][CASES[name]]
    whole = {"from": written["agreement"]["effective"][:7], "to": written["agreement"]["ends"][:7]}
    period = case.get("period") or next(iter(written.get("performance_periods", ())), whole)
    kept = {key: case[key] for key in ("status", "figures", "measures", "paid") if key in case}
    figures = folder / f"{name}.figures.yaml"
    figures.write_text(yaml.safe_dump({"group": group or own, "period": period} | kept), encoding="utf-8")
    return settle_contract(contract, figures)


def result_of(settled: SettledContract, controls: Any = CONTROLS, **heads: Any) -> GroupResult:
    """The same as if tables had given the figures."""
    settlement, contract = settled.settlement, settled.program.contract
    assert contract is not None
    given = [line for line in settlement.lines if line.kind == "given"]
    content = {
        "schema": "p4v/figures/1", "group": settlement.group, "period": str(settlement.period), "fee_period": None,
        "status": settlement.status, "paid_through": None, "known": None, "controls": list(controls),
        "figures": [
            {
                "name": line.name, "exact": line.exact_text(),
                "unit": str(line.unit), "origin": dict(line.origin), "label": None,
            }
            for line in given
        ],
        "tables": [],
    } | heads  # fmt: skip
    again = type(settlement)(
        settlement.group, settlement.contract, settlement.period, settlement.status, settlement.lines,
        controls=tuple(controls),
    )  # fmt: skip
    return GroupResult(
        settled.program.id, settlement.group, contract.group.name, settled.program, "settled", "", again,
        rfc8785.dumps(content),
    )  # fmt: skip


def waiting_of(settled: SettledContract, state: Any, reason: str) -> GroupResult:
    contract = settled.program.contract
    assert contract is not None
    return GroupResult(settled.program.id, "zz-late", "Late Group", settled.program, state, reason)


def many(folder: Path) -> Settled:
    """Five groups settled, and one that is not."""
    names = {"gated-share": "alder", "fee-reset": "birch", "claw-back-fee": "cedar", "withhold-pool": "dogwood",
             "two-sided-loss-ratio": "elm"}  # fmt: skip
    cases = {name: settled_case(name, folder, group) for name, group in names.items()}
    results = [result_of(case) for case in cases.values()]
    late = waiting_of(cases["gated-share"], "not_in_force", "the agreement holds from 2015-01-01 to 2016-12-31")
    return Settled([*results, late], INPUTS, b"file,line,code\nmember_months.csv,17,P4V-D012\n")


def figures_of(result: GroupResult) -> dict[str, Any]:
    assert result.figures_json is not None
    found: dict[str, Any] = json.loads(result.figures_json)
    return found
