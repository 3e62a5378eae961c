"""The completion that a contract states, beside what the lag triangle says: so that its factors can be looked over.

Nothing here is paid on: a settlement takes the contract's factors.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np

from p4v.contract.blocks.cost import Expenditure, RunOutFactor
from p4v.contract.blocks.members import MemberMonths
from p4v.contract.terms import Terms
from p4v.data.lag import LagCell
from p4v.kernels.lag_triangle import cumulative_paid, percent_complete
from p4v.money import fraction_text

_YEAR = 12


def paid_shares(cells: Sequence[LagCell], through: int) -> tuple[Fraction | None, ...]:
    """The share of a month's dollars that was paid after 0, 1, 2… months, by the chain ladder of all months.

    `through` is the last month of payments that is known, year * 12 + month - 1.
    """
    columns = np.array([(cell.incurred, cell.paid, cell.cents) for cell in cells], dtype="i8").reshape(-1, 3)
    return percent_complete(cumulative_paid(columns[:, 0], columns[:, 1], columns[:, 2], through))


def completion_beside(
    terms: Terms, cells: Sequence[LagCell], group: str, paid_through: date | None
) -> list[dict[str, Any]]:
    """Each factor by run-out: its category, months, the share that it takes as paid, and the triangle's, if it says."""
    cost = terms.block("expenditure", Expenditure)
    if cost is None or cost.completion is None or not cells:
        return []
    mine = list(_of_contract(terms, cells, group))
    through = max(cell.paid for cell in mine) if mine else 0
    if paid_through is not None:
        through = min(through, paid_through.year * _YEAR + paid_through.month - 1)
    found = _rows(cost, None, cost.completion.by_run_out, paid_shares(mine, through))
    for item in cost.categories or []:
        of_category = [cell for cell in mine if cell.category == item.id]
        found += _rows(cost, item.id, item.by_run_out, paid_shares(of_category, through))
    return found


def _of_contract(terms: Terms, cells: Sequence[LagCell], group: str) -> Iterator[LagCell]:
    """The group's own cells where the triangle tells groups apart and has them, of the products that count."""
    members = terms.block("member_months", MemberMonths)
    products = members.products if members is not None else None
    has_group = any(cell.group == group for cell in cells)
    for cell in cells:
        if (cell.group == group or not has_group) and (products is None or cell.product in (None, *products)):
            yield cell


def _rows(
    cost: Expenditure, category: str | None, stated: Sequence[RunOutFactor] | None, shares: Sequence[Fraction | None]
) -> list[dict[str, Any]]:
    assert cost.completion is not None
    over = cost.completion.convention == "percent_complete"
    return [
        {
            "category": category, "months": int(row.from_),
            "contract": fraction_text(row.factor if over else 1 / row.factor), "triangle": _at(shares, int(row.from_)),
        }
        for row in stated or []
    ]  # fmt: skip


def _at(shares: Sequence[Fraction | None], months: int) -> str | None:
    share = shares[months] if months < len(shares) else None
    return None if share is None else fraction_text(share)
