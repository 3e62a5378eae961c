"""The published test vectors of the primitives, and each of them as a small settlement of one computed line."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import yaml

from p4v.money import decimal_text
from support import DATA

_FILE = yaml.load((DATA / "primitives.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
VECTORS: list[dict[str, Any]] = _FILE["vectors"]
REFUSED: list[dict[str, Any]] = _FILE["errors"]


def is_table(given: Any) -> bool:
    return isinstance(given, list) and isinstance(given[0], list)


def exact_inputs(vector: Mapping[str, Any]) -> dict[str, Any]:
    """Fractions, lists of fractions, and lists of pairs."""
    return {name: _exact(given) for name, given in vector["inputs"].items()}


def _exact(given: Any) -> Any:
    if is_table(given):
        return [(Fraction(x), Fraction(y)) for x, y in given]
    return [Fraction(item) for item in given] if isinstance(given, list) else Fraction(given)


def as_document(vector: Mapping[str, Any], exact: str) -> dict[str, Any]:
    """A settlement whose one computed line is the vector's expression."""
    lines: list[dict[str, Any]] = []
    inputs: dict[str, Any] = {}
    for name, given in vector["inputs"].items():
        if is_table(given):
            lines.append(_line(name, "term", given, None, "table"))
            inputs[name] = name
        elif isinstance(given, list):
            inputs[name] = [f"{name}.{place}" for place in range(len(given))]
            lines += [_given(f"{name}.{place}", item) for place, item in enumerate(given)]
        else:
            inputs[name] = name
            lines.append(_given(name, given))
    computed = _line("result", "computed", decimal_text(Fraction(exact)), exact, "factor")
    lines.append(computed | {"expression": vector["expression"], "inputs": inputs})
    numbered = [line | {"number": number} for number, line in enumerate(lines, start=1)]
    return {"group": "G1", "contract": "c", "period": {"from": "2014-01", "to": "2014-12"}, "lines": numbered}


def _given(name: str, text: str) -> dict[str, Any]:
    number = Fraction(text)
    return _line(name, "given", decimal_text(number), str(number), "factor")


def _line(name: str, kind: str, value: Any, exact: str | None, unit: str) -> dict[str, Any]:
    return {
        "name": name, "label": name, "kind": kind, "value": value, "exact": exact, "unit": unit, "rounding": None,
        "expression": None, "inputs": {}, "clause": "§1", "origin": {"formula": "test.result"}, "state": None,
    }  # fmt: skip
