"""From member months to all worksheets: p4v beside pandas, SQL by hand, Polars, and nothing but reading.

Each contestant runs in a process of its own, three times, in turns, with the file in the page cache; all must give
the same integers. ROWS says how many rows (1,000,000); beyond 50 million only p4v runs. 100 million rows want about
1.5 GB in the temporary folder, which is removed.
"""

import os
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from same import PERFORMANCE

HERE = Path(__file__).resolve().parent
ROWS = int(os.environ.get("ROWS", "1000000"))
TIMES = int(os.environ.get("TIMES", "3"))
ALONE = 50_000_000
"""From so many rows on nobody but p4v runs."""
FULL = 20_000_000
"""The ratios are wanted from so many rows on; below, starting up is most of the time."""
P4V, COMMAND, ONE = "p4v, 114 contracts", "p4v settle --dry-run", "p4v, 1 contract"
PANDAS, SQL, POLARS = "pandas", "DuckDB SQL by hand", "Polars, streaming"
READING, ARROW = "reading the columns, DuckDB", "reading the columns, Arrow"
SAME = (P4V, PANDAS, SQL, POLARS)
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Python keeps what it compiled, as it does unless it is told not to: of every contestant from its second run on."""


class Run(NamedTuple):
    """One run of a process: seconds of the clock, seconds of the processors, megabytes at most, and what it wrote."""

    wall: float
    cpu: float
    memory: float
    written: str


def run(command: list[str]) -> Run:
    """A child's own figures. Whoever starts it stays small: a child begins with its parent's memory."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, cwd=HERE, env=ENVIRONMENT)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)}: exit {child.returncode}")
        output.seek(0)
        written = sha256(output.read()).hexdigest()
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, written)


def warm(path: Path) -> None:
    with path.open("rb") as stream:
        while stream.read(8 * 1024 * 1024):
            pass


def contestants(folder: Path) -> dict[str, list[str]]:
    data, all_of_them, one = (str(folder / name) for name in ("member_months.parquet", "all", "one"))
    settle = ["-m", "p4v", "settle", "--workspace", all_of_them, "--period", str(PERFORMANCE), "--dry-run"]
    commands = {P4V: ["with_p4v.py", all_of_them], COMMAND: settle, ONE: ["with_p4v.py", one]}
    if ROWS <= ALONE:
        commands |= {
            SQL: ["with_sql.py", data],
            POLARS: ["with_polars.py", data],
            PANDAS: ["with_pandas.py", data],
            READING: ["reading.py", data, "duckdb"],
            ARROW: ["reading.py", data, "arrow"],
        }
    return {name: [sys.executable, *command] for name, command in commands.items()}


def measured(folder: Path) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {}
    for _ in range(TIMES):
        for name, command in contestants(folder).items():
            warm(folder / "member_months.parquet")
            runs.setdefault(name, []).append(run(command))
    return runs


def print_runs(runs: dict[str, list[Run]]) -> None:
    print(f"{'':<30}{'seconds':>9}{'CPU':>8}{'MB':>8}   all runs: seconds (CPU)")
    for name, of in runs.items():
        every = "  ".join(f"{one.wall:.2f} ({one.cpu:.2f})" for one in of)
        print(f"{name:<30}{best(of):>9.2f}{best(of, 'cpu'):>8.2f}{most(of):>8.0f}   {every}")


def best(runs: list[Run], of: str = "wall") -> float:
    return float(min(getattr(one, of) for one in runs))


def most(runs: list[Run]) -> float:
    return max(one.memory for one in runs)


def print_ratios(runs: dict[str, list[Run]]) -> None:
    limit = 1_500 if ROWS <= ALONE else 3_000
    print(f"{'peak memory of p4v':<44}{max(most(runs[P4V]), most(runs[COMMAND])):>7.0f} MB   under {limit:,} MB")
    compared = [
        (P4V, SQL, "at most 1.15"), (PANDAS, P4V, "at least 6"), (P4V, READING, "at most 6"),
        (P4V, ONE, "at most 1.3"),
    ]  # fmt: skip
    for one, other, wanted in compared:
        if other in runs and one in runs:
            clock = best(runs[one]) / best(runs[other])
            processors = best(runs[one], "cpu") / best(runs[other], "cpu")
            print(f"{f'{one} / {other}':<44}{clock:>7.2f} by the clock, {processors:.2f} in CPU   {wanted}")
    if ROWS < FULL:
        print(f"These ratios are wanted of {FULL:,} rows (ROWS={FULL}): below, starting Python is most of p4v's time.")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="p4v-bench-") as name:
        folder = Path(name)
        made = subprocess.run(
            [sys.executable, "member_months.py", name, str(ROWS)], check=True, capture_output=True, cwd=HERE
        )
        size = (folder / "member_months.parquet").stat().st_size / 1e6
        print(f"{int(made.stdout):,} rows of member months, {size:,.0f} MB of Parquet, 114 groups, 8 categories")
        runs = measured(folder)
        print_runs(runs)
        integers = {one.written for contestant in SAME for one in runs.get(contestant, [])}
        assert len(integers) == 1, "contestants with different integers"
        together = ", ".join(contestant for contestant in SAME if contestant in runs)
        print(f"Equal integers (rows, member months, dollars by category, excess; every group and year): {together}")
        print_ratios(runs)


if __name__ == "__main__":
    main()
