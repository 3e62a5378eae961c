"""The same in pandas, as a good analyst writes it: Arrow types, keys as categories and small numbers, no row loops.

`with_pandas.py FILE`.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from same import COLUMNS, COSTS, ID, MONTHS, POINTS, WINDOWS, Windows, report

_KEYS = ["group_id", "member_id", "year_month", "product"]


def compute(path: str) -> tuple[Mapping[str, Windows], Mapping[str, int]]:
    rows = pd.read_parquet(path, columns=list(COLUMNS), dtype_backend="pyarrow")
    checks = {"nulls": int(rows.isna().sum().sum())}
    for key in _KEYS:
        rows[key] = rows[key].astype("category")
    numbers = ["member_months", *COSTS]
    rows[numbers] = rows[numbers].astype("int64")
    checks["member_months"] = int((~rows["member_months"].between(0, 1)).sum())
    months = rows["year_month"].cat.categories
    known = [MONTHS.get(month) for month in months]
    windows = np.array([WINDOWS.index(month[0]) if month else -1 for month in known], dtype="i1")
    bits = np.array([2 ** month[1] if month else 0 for month in known], dtype="i8")
    codes = rows["year_month"].cat.codes.to_numpy()
    rows["window"], rows["bit"] = windows[codes], bits[codes]
    checks["month"] = int((rows["window"] < 0).sum())
    for key in ("group_id", "member_id"):
        checks[key] = int((~rows[key].cat.categories.to_series().str.fullmatch(ID)).sum())
    ids = rows["member_id"].cat.categories.to_series()
    checks["equal_but_for_case"] = len(ids) - ids.str.lower().nunique()
    rows["amount"] = rows[list(COSTS)].sum(axis=1)
    rows["n"] = 1
    cells = rows.groupby(["group_id", "window"], observed=True)[["n", *numbers]].sum()
    there = rows.groupby(["group_id", "year_month"], observed=True).size()
    checks["months_without_rows"] = len(MONTHS) * len(rows["group_id"].cat.categories) - len(there)
    keys = ["group_id", "member_id", "window"]
    years = rows.groupby(keys, observed=True, sort=False)[["n", "bit", "amount"]].sum().reset_index()
    checks["twice"] = int((np.bitwise_count(years["bit"].to_numpy()) != years["n"].to_numpy()).sum())
    moved = years[years.duplicated(["member_id", "window"], keep=False)]
    both = moved.groupby(["member_id", "window"], observed=True, sort=False)[["n", "bit"]].sum()
    checks["in_two_groups"] = int((np.bitwise_count(both["bit"].to_numpy()) != both["n"].to_numpy()).sum())
    points = np.array(list(POINTS.values()))
    years["excess"] = (years["amount"] - points[years["window"].to_numpy()]).clip(lower=0)
    excess = years.groupby(["group_id", "window"], observed=True)["excess"].sum()
    found: dict[str, dict[str, list[int]]] = {}
    for group, window, *values in _flat(cells.join(excess)):
        found.setdefault(group, {})[WINDOWS[window]] = values
    return found, checks


def _flat(table: pd.DataFrame) -> list[tuple[str, int, int]]:
    return list(table.reset_index().itertuples(index=False, name=None))


if __name__ == "__main__":
    report(compute)
