"""The kernels give the same on every processor: no linear algebra, and the same result without each kind of instruction."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from numpy._core import _multiarray_umath as umath

from support import ROOT

KERNELS = sorted((ROOT / "src" / "p4v" / "kernels").glob("*.py"))
BLAS = {
    "dot",
    "vdot",
    "inner",
    "outer",
    "matmul",
    "einsum",
    "tensordot",
    "linalg",
    "matvec",
    "vecmat",
    "convolve",
    "cov",
}
FLOATS = {"mean", "average", "std", "var", "quantile", "median", "divide", "true_divide", "float64", "float32", "sqrt"}
SCRIPT = """
from fractions import Fraction
from hashlib import sha256
import numpy as np
from p4v.kernels.checked import grouped_totals, scaled, total
from p4v.kernels.lag_triangle import cumulative_paid, percent_complete
from p4v.kernels.large_claims import excess, excluded
from p4v.kernels.months import months_twice
from p4v.kernels.ranks import annualised_rank, nearest_rank

n = 20_011
place = np.arange(n, dtype=np.int64)
# Skewed amounts from whole numbers alone: most small, a few in the hundred thousands, some below zero.
step = place * 48_271 % 65_537
amount = (step**3 // 90_000_000 + step - 500) * 100 * 10**6 + place
months = (step % 12 + 1) * 10**6
whole = amount + (place % 50 == 0) * 10**13
group = step % 7
point = Fraction(125_000_00 * 10**6)
twelve = 12 * 10**6
results = [
    total(amount), total(amount * 600), grouped_totals(group, amount, 7), grouped_totals(group, amount * 600, 7),
    scaled(months, 31).tolist(), scaled(amount, 10**9)[:50].tolist(),
    excess(amount, months, amount, point, None), excess(amount, months, whole, point, twelve),
    excess(amount, months, whole, Fraction(10**15, 7), twelve, months + 1),
    excluded(amount, months, point, None), excluded(amount, months, point, twelve),
    nearest_rank(amount, Fraction(99, 100)), annualised_rank(amount, months, twelve, Fraction(99, 100)),
    percent_complete(cumulative_paid(group, group + step % 5, abs(amount), 11)),
    months_twice(step, step % 9).tolist(),
]
print(sha256(repr(results).encode()).hexdigest())
"""


def kinds_of_processor() -> list[dict[str, str]]:
    """Settings under which numpy and BLAS run as on other processors, besides as they are."""
    found = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name]]
    without = [{"NPY_DISABLE_CPU_FEATURES": " ".join(found[place:])} for place in range(len(found))]
    return [{}, *without, {"OPENBLAS_CORETYPE": "Prescott", "OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "4"}]


@pytest.fixture(scope="module")
def processors() -> list[dict[str, str]]:
    return kinds_of_processor()


def digest(setting: dict[str, str], *flags: str) -> str:
    done = subprocess.run(
        [sys.executable, *flags, "-c", SCRIPT],
        env={**os.environ, **setting},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_kernels_give_the_same_on_every_processor(processors: list[dict[str, str]]) -> None:
    plain = digest({}, "-O")
    assert len(plain) == 64
    assert [digest(setting) for setting in processors] == [plain] * len(processors)


def test_other_processors_are_really_tried(processors: list[dict[str, str]]) -> None:
    """A setting that is not known to numpy would change nothing."""
    show = "from numpy._core._multiarray_umath import __cpu_features__ as f; print(*sorted(k for k in f if f[k]))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", show], env={**os.environ, **setting}, capture_output=True, text=True, check=True
        ).stdout
        for setting in processors
    }
    switched = [setting for setting in processors if "NPY_DISABLE_CPU_FEATURES" in setting]
    assert len(seen) == len(switched) + 1


@pytest.mark.parametrize("path", KERNELS, ids=[path.stem for path in KERNELS])
def test_no_kernel_uses_linear_algebra_or_floats(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not isinstance(node, ast.MatMult), f"{path.name}: a matrix product"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path.name
        if isinstance(node, ast.Attribute):
            assert node.attr not in BLAS | FLOATS, f"{path.name}:{node.lineno}: {node.attr}"


def test_no_kernel_divides_arrays() -> None:
    """`/` is for fractions; numpy's would be float64."""
    divisions = [
        f"{path.stem}: {ast.unparse(node)}"
        for path in KERNELS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    ]
    assert sorted(divisions) == [
        "lag_triangle: part * now / later",
        "large_claims: point / full_months",
    ]
