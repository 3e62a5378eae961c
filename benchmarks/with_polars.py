"""The same in Polars, lazy and streaming. `with_polars.py FILE`."""

import os
from collections.abc import Mapping

from same import COLUMNS, COSTS, ID, MONTHS, POINTS, THREADS, WINDOWS, Windows, report

os.environ["POLARS_MAX_THREADS"] = str(THREADS)
import polars as pl


def compute(path: str) -> tuple[Mapping[str, Windows], Mapping[str, int]]:
    months = pl.scan_parquet(path)
    calendar = pl.LazyFrame(
        [(month, WINDOWS.index(window), 2**place) for month, (window, place) in MONTHS.items()],
        schema={"year_month": pl.String, "window": pl.Int8, "bit": pl.Int32}, orient="row",
    )  # fmt: skip
    cells = (
        months.group_by("group_id", "year_month")
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            pl.col("member_months").cast(pl.Int64).sum(),
            *(pl.col(cost).sum() for cost in COSTS),
            pl.sum_horizontal(pl.col(name).null_count() for name in COLUMNS if name not in ("group_id", "year_month"))
            .cast(pl.Int64).alias("nulls"),
            (~pl.col("member_months").is_between(0, 1)).sum().cast(pl.Int64).alias("wrong"),
        )
        .join(calendar, on="year_month", how="left")
    )  # fmt: skip
    amount = pl.sum_horizontal(COSTS)
    years = (
        months.join(calendar, on="year_month", how="left")
        .select("group_id", "member_id", "window", "bit", amount.alias("amount"))
        .group_by("group_id", "member_id", "window")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("bit").cast(pl.Int64).sum(), pl.col("amount").sum())
    )
    small, members = cells.collect(engine="streaming"), years.collect(engine="streaming")
    ids, groups = members.select(pl.col("member_id").unique()), small["group_id"].unique()
    mixed = ids.filter((pl.col("member_id").str.to_lowercase() != pl.col("member_id"))
                       | (pl.col("member_id").str.to_uppercase() != pl.col("member_id")))  # fmt: skip
    lowered = mixed["member_id"].str.to_lowercase().n_unique() if len(mixed) else 0
    both = members.group_by("member_id", "window").agg(pl.len().alias("groups"), pl.col("n", "bit").sum())
    bits = pl.col("bit").bitwise_count_ones().cast(pl.Int64)
    checks = {
        "nulls": int(small["nulls"].sum()) + small["group_id"].null_count() + small["year_month"].null_count(),
        "member_months": int(small["wrong"].sum()),
        "month": small["window"].null_count(),
        "group_id": int((~groups.str.contains(f"^(?:{ID})$")).sum()),
        "member_id": int((~ids["member_id"].str.contains(f"^(?:{ID})$")).sum()),
        "equal_but_for_case": len(mixed) - lowered,
        "twice": members.filter(bits != pl.col("n")).height,
        "in_two_groups": both.filter((pl.col("groups") > 1) & (bits != pl.col("n"))).height,
        "months_without_rows": len(MONTHS) * len(groups) - small.height,
    }
    point = pl.col("window").replace_strict(dict(enumerate(POINTS.values())), return_dtype=pl.Int64)
    excess = members.group_by("group_id", "window").agg((pl.col("amount") - point).clip(lower_bound=0).sum())
    sums = small.group_by("group_id", "window").agg(pl.col("n", "member_months", *COSTS).sum())
    found: dict[str, dict[str, list[int]]] = {}
    for group, window, *values in sums.join(excess, on=["group_id", "window"]).iter_rows():
        found.setdefault(group, {})[WINDOWS[window]] = values
    return found, checks


if __name__ == "__main__":
    report(compute)
