"""How fast p4v is, measured in one run on this machine: start, tables, statements, a million scenarios, and from
member months to all worksheets beside others (experience.py).

Prints wall time and, as a yardstick that moves with the machine, its ratio to a fixed piece of plain Python work.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np

from p4v.batch import settle_table
from p4v.check import check_file
from p4v.contract.documents import Library
from p4v.figures import Figure, Figures
from p4v.periods import Period
from p4v.report.results import results_csv
from p4v.report.statement import statements as made
from p4v.runs.folder import SETTLEMENT, run_of
from p4v.settlement import digest_of, worksheet

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"
MEDICARE = ROOT / "examples" / "medicare"
SCENARIOS = 1_000_000
CHUNK = 50_000
CORES = 2
GROUPS = 114


def timed(work: Callable[[], object], times: int = 3) -> float:
    """The best of a few runs, in seconds."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def yardstick() -> None:
    total = Fraction(0)
    for number in range(1, 60_000):
        total += Fraction(number % 97, 100)


def help_page() -> None:
    subprocess.run([sys.executable, "-m", "p4v", "--help"], check=True, capture_output=True)


def table() -> None:
    batch = settle_table(CONFIGS / "tables" / "mssp.yaml", MEDICARE / "mssp_inputs.csv", [])
    assert len(batch.rows) == 1334
    results_csv(batch, terms=False)


def statements() -> Callable[[], None]:
    """Statements, as a page and as Markdown, of the first rows of the same table."""
    batch = settle_table(CONFIGS / "tables" / "mssp.yaml", MEDICARE / "mssp_inputs.csv", [])
    runs = [run_of(batch, row) for row in batch.rows[:GROUPS]]
    jobs = [(run.document(), run.manifest(), digest_of(run.files[SETTLEMENT])) for run in runs]

    def render() -> None:
        for document, manifest, digest in jobs:
            made(document, manifest, digest)

    return render


def contract() -> None:
    """A contract with measures, from its files to what it gives."""
    path = CONFIGS / "contracts" / "corridor-bands.yaml"
    assert not check_file(path).findings


def scenarios(program_id: str) -> Callable[[], None]:
    """A million draws of cost, quality and size through every line of a program."""
    program = Library([CONFIGS]).program(program_id)
    random = np.random.default_rng(1)
    benchmark = np.full(SCENARIOS, 100_000_000.0)
    drawn = {
        "assigned_beneficiaries": np.trunc(random.uniform(5_000, 60_000, SCENARIOS)),
        "benchmark": benchmark,
        "expenditure": benchmark * random.normal(0.99, 0.04, SCENARIOS),
        "printed_minimum_savings_rate": np.zeros(SCENARIOS),
        "quality_score": random.uniform(0.4, 1, SCENARIOS),
        "met_quality_standard": np.ones(SCENARIOS),
        "met_alternative_standard": np.zeros(SCENARIOS),
        "low_revenue": np.zeros(SCENARIOS),
        "guardrail": np.zeros(SCENARIOS),
        "disaster_adjustment": np.zeros(SCENARIOS),
    }
    specs = program.figures()
    period = Period.of_months(2018, 1, 12)

    def chunk(start: int) -> float:
        origin = {"table": "scenarios", "column": "drawn"}
        given = {
            name: Figure(values[start : start + CHUNK], specs[name][0].unit, specs[name][0].clause, origin)
            for name, values in drawn.items()
        }
        return float(worksheet(program, period, None, Figures(given), "arrays")["earned"].figure.sum())

    def run() -> None:
        with ThreadPoolExecutor(CORES) as pool:
            total = sum(pool.map(chunk, range(0, SCENARIOS, CHUNK)))
        assert total != 0

    return run


def main() -> None:
    unit = timed(yardstick)
    rows: list[tuple[str, float, str]] = [
        ("p4v --help", timed(help_page), "under 0.3 s"),
        ("1,334 Shared Savings rows, read, settled and written out", timed(table), "under 2 s"),
        (f"{GROUPS} statements, as a page and as Markdown", timed(statements()), "under 5 s"),
        ("a contract with measures, checked with its four cases", timed(contract), ""),
        (f"{SCENARIOS:,} scenarios of Track 1, {CORES} cores", timed(scenarios("mssp-track-1")), "under 1 s"),
        (f"{SCENARIOS:,} scenarios of Track 3, {CORES} cores", timed(scenarios("mssp-track-3")), "under 1 s"),
    ]
    print(f"{'measured':<62}{'seconds':>9}{'x yardstick':>13}   asked for")
    for name, seconds, wanted in rows:
        print(f"{name:<62}{seconds:>9.3f}{seconds / unit:>13.1f}   {wanted}")
    print(f"{'yardstick: 60,000 additions of fractions':<62}{unit:>9.3f}{1:>13.1f}")
    print(flush=True)
    subprocess.run([sys.executable, str(ROOT / "benchmarks" / "experience.py")], check=True)


if __name__ == "__main__":
    main()
