"""How many deliberate faults the tests find in formulas, money, worksheet, kernels and the YAML loader.

Runs mutmut (on its own copy, in `mutants/`) and prints the score of each module and every survivor with its reason from
`mutants.yaml`. Exits 1 where a score is below 95% or a survivor has no reason.
"""

import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
REASONS = Path(__file__).with_name("mutants.yaml")
WANTED = 95
CORES = "2"


def mutmut(*arguments: str) -> str:
    """The program's output; a test run that fails to start is an error."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("mutmut")), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and arguments[0] == "run":
        print(done.stdout[-2000:], done.stderr[-2000:])
        sys.exit(1)
    return done.stdout


def room_of(mutant: str) -> str:
    """`p4v.formulas.savings.x_earned__mutmut_1` belongs to formulas."""
    parts = mutant.split(".")
    return parts[2] if parts[1] == "contract" else parts[1]


def main() -> None:
    print("running mutmut; about twenty minutes on two cores", flush=True)
    mutmut("run", "--max-children", CORES)
    results: dict[str, Counter[str]] = defaultdict(Counter)
    survivors: list[str] = []
    for line in mutmut("results", "--all", "true").splitlines():
        mutant, separator, status = line.strip().partition(": ")
        if separator and "__mutmut_" in mutant:
            killed = status in ("killed", "timeout", "caught by type check")
            results[room_of(mutant)]["killed" if killed else "alive"] += 1
            if not killed:
                survivors.append(mutant)
    reasons: dict[str, str] = yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {}
    unexplained = [mutant for mutant in survivors if mutant not in reasons]
    low = False
    print(f"{'room':<14}{'mutants':>9}{'killed':>9}{'score':>9}")
    for room, count in sorted(results.items()):
        total = count.total()
        low |= 100 * count["killed"] < WANTED * total
        print(f"{room:<14}{total:>9}{count['killed']:>9}{100 * count['killed'] / total:>8.1f}%")
    for mutant in survivors:
        print(f"survivor {mutant}: {reasons.get(mutant, 'NO REASON GIVEN')}")
    if not results:
        print("no mutant was made")
    sys.exit(bool(unexplained) or low or not results)


if __name__ == "__main__":
    main()
