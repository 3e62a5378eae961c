"""An evaluator of printed formula expressions, written from the design (formulas.md) alone.

It shares no code with the program, so that a test may recompute a line of a settlement independently.
Every number is an exact Fraction. Whatever the design does not allow raises ExpressionError.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

Numbers = list[Fraction]
Table = list[tuple[Fraction, Fraction]]
Value = Fraction | Numbers | Table


class ExpressionError(ValueError):
    """An expression, or its inputs, from which no number follows."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ExpressionError(message)


def _whole(x: Fraction, what: str) -> int:
    _require(x.denominator == 1, f"{what} is not a whole number: {x}")
    return x.numerator


# ---- the primitives


def _weighted_total(values: Numbers, weights: Numbers) -> Fraction:
    _require(len(values) == len(weights), "weighted_total: as many weights as values are needed")
    return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0))


def _step(x: Fraction, table: Table) -> Fraction:
    _require(x >= table[0][0], f"step: {x} is below the first bound, {table[0][0]}")
    return [y for bound, y in table if bound <= x][-1]


def _interpolated(x: Fraction, table: Table) -> Fraction:
    if x <= table[0][0]:
        return table[0][1]
    for (x0, y0), (x1, y1) in pairwise(table):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return table[-1][1]


def _bands(x: Fraction, table: Table) -> Fraction:
    _require(x >= 0, f"bands: a band applies to 0 or more, not to {x}")
    uppers = [min(x, bound) for bound, _ in table[1:]] + [x]
    inside = [max(upper - lower, Fraction(0)) for (lower, _), upper in zip(table, uppers, strict=True)]
    return _weighted_total([y for _, y in table], inside)


def _rounded(x: Fraction, places: Fraction, rule: str) -> Fraction:
    unit = Fraction(10) ** -_whole(places, "rounded: places")
    low, rest = divmod(abs(x) / unit, 1)
    half = Fraction(1, 2)
    away = {
        "half_up": rest >= half,
        "half_even": rest > half or (rest == half and low % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[rule]
    return (low + away) * unit * (-1 if x < 0 else 1)


def _footed(total: Fraction, parts: Numbers, i: Fraction) -> Fraction:
    index = _whole(i, "footed: i")
    _require(0 <= index < len(parts), f"footed: there is no part {index} among {len(parts)}")
    cut = [_rounded(part, Fraction(2), "down") for part in parts]
    cents = _whole((total - sum(cut)) * 100, "footed: the total in cents")
    _require(abs(cents) <= len(parts), f"footed: the parts do not add up to {total}")
    sign = -1 if cents < 0 else 1
    ranked = sorted(range(len(parts)), key=lambda k: (sign * (cut[k] - parts[k]), k))
    return cut[index] + Fraction(sign * (index in ranked[: abs(cents)]), 100)


def _allocated(total: Fraction, weights: Numbers, i: Fraction) -> Fraction:
    whole = sum(weights)
    _require(whole != 0, "allocated: the weights sum to 0")
    return _footed(total, [total * weight / whole for weight in weights], i)


# Each primitive's arguments: n a number, + one number or more, l a list, t a table, r a rounding rule.
PRIMITIVES: dict[str, tuple[str, Callable[..., Fraction]]] = {
    "when": ("nnn", lambda c, a, b: a if c != 0 else b),
    "lower_of": ("+", lambda *a: min(a)),
    "higher_of": ("+", lambda *a: max(a)),
    "size": ("n", abs),
    "negated": ("n", lambda c: Fraction(c == 0)),
    "ratio": ("nnn", lambda n, d, if_zero: if_zero if d == 0 else n / d),
    "total": ("l", lambda numbers: sum(numbers, Fraction(0))),
    "weighted_total": ("ll", _weighted_total),
    "count_of": ("l", lambda numbers: Fraction(sum(n != 0 for n in numbers))),
    "step": ("nt", _step),
    "interpolated": ("nt", _interpolated),
    "bands": ("nt", _bands),
    "rounded": ("nnr", _rounded),
    "allocated": ("nln", _allocated),
    "footed": ("nln", _footed),
}
ROUNDING_RULES = ("half_up", "half_even", "up", "down")
ARITHMETIC: dict[type[ast.AST], Callable[..., Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
LOGIC: dict[type[ast.AST], Callable[..., Fraction]] = {ast.BitAnd: min, ast.BitOr: max}
COMPARISONS: dict[type[ast.AST], Callable[..., bool]] = {
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
    ast.Eq: operator.eq,
}
CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ,()+-*/<>=&|")


# ---- the walk over the tree


class _Walk:
    def __init__(self, text: str, inputs: Mapping[str, Value]) -> None:
        self.text, self.inputs = text, inputs

    def source(self, node: ast.expr) -> str:
        return self.text[node.col_offset : node.end_col_offset]

    def refused(self, node: ast.expr, why: str) -> ExpressionError:
        return ExpressionError(f"{self.source(node)!r} {why}")

    def named(self, node: ast.expr) -> Value:
        if not isinstance(node, ast.Name) or node.id not in self.inputs:
            raise self.refused(node, "is not the name of an input")
        return self.inputs[node.id]

    def numbers(self, node: ast.expr) -> Numbers:
        value = self.named(node)
        found = [] if isinstance(value, Fraction) else [each for each in value if isinstance(each, Fraction)]
        if isinstance(value, Fraction) or len(found) != len(value):
            raise self.refused(node, "is not a list of numbers")
        return found

    def table(self, node: ast.expr) -> Table:
        value = self.named(node)
        pairs = [] if isinstance(value, Fraction) else [each for each in value if isinstance(each, tuple)]
        if isinstance(value, Fraction) or not 0 < len(pairs) == len(value):
            raise self.refused(node, "is not a table")
        if any(a >= b for (a, _), (b, _) in pairwise(pairs)):
            raise self.refused(node, "is a table whose x does not rise")
        return pairs

    def rule(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name) or node.id not in ROUNDING_RULES:
            raise self.refused(node, "is not a rounding rule")
        return node.id

    def call(self, node: ast.Call) -> Fraction:
        if not isinstance(node.func, ast.Name) or node.func.id not in PRIMITIVES or node.keywords:
            raise self.refused(node, "is not a call of a primitive")
        kinds, primitive = PRIMITIVES[node.func.id]
        kinds = "n" * max(len(node.args), 1) if kinds == "+" else kinds
        if len(node.args) != len(kinds):
            raise self.refused(node, "has the wrong number of arguments")
        read: dict[str, Callable[[ast.expr], Any]] = {
            "n": self.number,
            "l": self.numbers,
            "t": self.table,
            "r": self.rule,
        }
        return primitive(*[read[kind](argument) for kind, argument in zip(kinds, node.args, strict=True)])

    def condition(self, node: ast.expr) -> Fraction:
        match node:
            case ast.Compare() | ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
                return self.number(node)
            case ast.Call(func=ast.Name(id="negated")):
                return self.number(node)
        raise self.refused(node, "is not a condition, which & and | need on both sides")

    def number(self, node: ast.expr) -> Fraction:
        match node:
            case ast.Constant() if self.source(node).isdecimal():
                return Fraction(self.source(node))
            case ast.Name():
                value = self.named(node)
                if isinstance(value, Fraction):
                    return value
                raise self.refused(node, "is not a single number")
            case ast.UnaryOp(op=ast.USub()):
                return -self.number(node.operand)
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                left, right = self.number(node.left), self.number(node.right)
                if isinstance(node.op, ast.Div) and right == 0:
                    raise self.refused(node, "divides by zero")
                return ARITHMETIC[type(node.op)](left, right)
            case ast.BinOp() if type(node.op) in LOGIC:
                return LOGIC[type(node.op)](self.condition(node.left), self.condition(node.right))
            case ast.Compare(ops=[sign], comparators=[other]) if type(sign) in COMPARISONS:
                return Fraction(COMPARISONS[type(sign)](self.number(node.left), self.number(other)))
            case ast.Call():
                return self.call(node)
        raise self.refused(node, "is not allowed in an expression")


def evaluate(expression: str, inputs: Mapping[str, Value]) -> Fraction:
    """The exact value of a printed expression on its inputs."""
    strange = sorted(set(expression) - CHARACTERS)
    _require(not strange, f"characters not allowed in an expression: {strange}")
    try:
        return _Walk(expression, inputs).number(ast.parse(expression, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"not an expression: {expression!r} ({error})") from error


# ---- lines of settlement.json


def _fraction(text: object, name: str) -> Fraction:
    _require(isinstance(text, str), f"line {name!r} has no number: {text!r}")
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError) as error:
        raise ExpressionError(f"line {name!r}: {text!r} is not a number") from error


def _line_input(name: str, lines: Mapping[str, Mapping[str, Any]]) -> Fraction | Table:
    _require(name in lines, f"there is no line {name!r}")
    line = lines[name]
    if line["unit"] == "table":
        _require(isinstance(line["value"], list), f"line {name!r} has no pairs: {line['value']!r}")
        return [(_fraction(x, name), _fraction(y, name)) for x, y in line["value"]]
    return _fraction(line["value" if line["kind"] == "settled" else "exact"], name)


def evaluate_line(line: Mapping[str, Any], lines: Mapping[str, Mapping[str, Any]]) -> Fraction:
    """The exact value of a computed or settled line, from its expression and the lines it names."""
    _require(isinstance(line["expression"], str), f"line {line['name']!r} has no expression")
    inputs: dict[str, Any] = {
        parameter: [_line_input(each, lines) for each in name] if isinstance(name, list) else _line_input(name, lines)
        for parameter, name in line["inputs"].items()
    }
    return evaluate(line["expression"], inputs)
