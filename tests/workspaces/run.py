"""Random workspaces, the program beside the reference: `python tests/workspaces/run.py --seeds 1000 [--first 0]`.

Prints what differs, seed by seed, and how the sample pays; exits 1 if anything differs. `--keep DIR` keeps the folders
of the workspaces that do.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from p4v.errors import Refusal  # noqa: E402
from workspaces.comparing import differences  # noqa: E402
from workspaces.counting import counted  # noqa: E402
from workspaces.generator import draft  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    wrong, kinds, settlements, started = 0, Counter[str](), Counter[str](), time.monotonic()
    for seed in range(asked.first, asked.first + asked.seeds):
        found = draft(seed)
        settlements.update(counted(found))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            try:
                differing = differences(found, folder)
            except Refusal as refused:
                differing = {"refused": {finding.code: (finding.field, finding.found) for finding in refused.findings}}
            except Exception as error:
                differing = {"failed": {type(error).__name__: (str(error), traceback.format_exc(limit=-1))}}
            if differing:
                wrong += 1
                kinds.update({str(key) for each in differing.values() for key in each})
                for group, each in differing.items():
                    for key, (program, reference) in each.items():
                        print(f"seed {seed} {group} {key}: program {program}, reference {reference}")
                if asked.keep is not None:
                    shutil.copytree(folder, asked.keep / f"seed-{seed}", dirs_exist_ok=True)
    print(f"{asked.seeds} workspaces, {wrong} differ, {time.monotonic() - started:.0f} s; {dict(settlements)}")
    for kind, count in kinds.most_common():
        print(f"{count:6} {kind}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
