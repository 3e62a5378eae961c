"""The handful of primitives that formulas are made of, each with its three readings.

Exact fractions give exact fractions (a condition: a bool), arrays give float64 arrays, symbols give a node.
Domain errors are `ValueError`, in the exact and in the array reading alike.
"""

from bisect import bisect_right
from collections.abc import Sequence
from enum import Enum
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from p4v import money
from p4v.symbols import Call, Symbol, Word, symbol
from p4v.units import Condition, Quantity, Table


class Reading(Enum):
    """How a formula is called."""

    EXACT = "exact"
    ARRAYS = "arrays"
    SYMBOLS = "symbols"


def when(condition: Condition | Quantity, if_true: Quantity, if_false: Quantity) -> Quantity:
    """One of two figures; any condition but 0 is true. Both are evaluated."""
    match _reading(condition, if_true, if_false):
        case Reading.SYMBOLS:
            return _call("when", condition, if_true, if_false)
        case Reading.ARRAYS:
            return np.where(_array(condition) != 0, _array(if_true), _array(if_false))
        case Reading.EXACT:
            return _exact(if_true) if _exact(condition) != 0 else _exact(if_false)


def lower_of(first: Quantity, *others: Quantity) -> Quantity:
    """The lowest of the figures."""
    match _reading(first, *others):
        case Reading.SYMBOLS:
            return _call("lower_of", first, *others)
        case Reading.ARRAYS:
            return reduce(np.minimum, (_array(figure) for figure in (first, *others)))
        case Reading.EXACT:
            return min(_exact(figure) for figure in (first, *others))


def higher_of(first: Quantity, *others: Quantity) -> Quantity:
    """The highest of the figures."""
    match _reading(first, *others):
        case Reading.SYMBOLS:
            return _call("higher_of", first, *others)
        case Reading.ARRAYS:
            return reduce(np.maximum, (_array(figure) for figure in (first, *others)))
        case Reading.EXACT:
            return max(_exact(figure) for figure in (first, *others))


def size(figure: Quantity) -> Quantity:
    """The figure without its sign."""
    match _reading(figure):
        case Reading.SYMBOLS:
            return _call("size", figure)
        case Reading.ARRAYS:
            return np.abs(_array(figure))
        case Reading.EXACT:
            return abs(_exact(figure))


def ratio(numerator: Quantity, denominator: Quantity, if_zero: Quantity) -> Quantity:
    """Numerator / denominator, and `if_zero` where the denominator is 0."""
    match _reading(numerator, denominator, if_zero):
        case Reading.SYMBOLS:
            return _call("ratio", numerator, denominator, if_zero)
        case Reading.ARRAYS:
            divisor = _array(denominator)
            safe = np.where(divisor == 0, 1.0, divisor)
            return np.where(divisor == 0, _array(if_zero), _array(numerator) / safe)
        case Reading.EXACT:
            divided = _exact(denominator)
            return _exact(if_zero) if divided == 0 else _exact(numerator) / divided


def total(figures: Any) -> Quantity:
    """The sum of a list."""
    match _reading(figures):
        case Reading.SYMBOLS:
            return _call("total", figures)
        case Reading.ARRAYS:
            return sum((_array(figure) for figure in figures), start=_array(0))
        case Reading.EXACT:
            return sum((_exact(figure) for figure in figures), start=Fraction(0))


def weighted_total(values: Any, weights: Any) -> Quantity:
    """The sum of value x weight over two lists of one length."""
    match _reading(values, weights):
        case Reading.SYMBOLS:
            return _call("weighted_total", values, weights)
        case Reading.ARRAYS:
            pairs = zip(values, weights, strict=True)
            return sum((_array(value) * _array(weight) for value, weight in pairs), start=_array(0))
        case Reading.EXACT:
            exact_pairs = zip(values, weights, strict=True)
            return sum((_exact(value) * _exact(weight) for value, weight in exact_pairs), start=Fraction(0))


def count_of(conditions: Any) -> Quantity:
    """How many of the conditions hold."""
    match _reading(conditions):
        case Reading.SYMBOLS:
            return _call("count_of", conditions)
        case Reading.ARRAYS:
            return sum(((_array(condition) != 0) * 1.0 for condition in conditions), start=_array(0))
        case Reading.EXACT:
            return Fraction(sum(_exact(condition) != 0 for condition in conditions))


def negated(condition: Condition | Quantity) -> Condition:
    """1 where the condition does not hold, else 0."""
    match _reading(condition):
        case Reading.SYMBOLS:
            return _call("negated", condition)
        case Reading.ARRAYS:
            return _array(condition) == 0
        case Reading.EXACT:
            return _exact(condition) == 0


def step(x: Quantity, table: Any) -> Quantity:
    """The y of the last x at or below; below the first bound is an error."""
    match _reading(x, table):
        case Reading.SYMBOLS:
            return _call("step", x, table)
        case Reading.ARRAYS:
            places = np.searchsorted(table.xs, _array(x), side="right") - 1
            if np.any(places < 0):
                raise ValueError("below the first bound of the table")
            return table.ys[places]
        case Reading.EXACT:
            place = bisect_right(table.xs, _exact(x)) - 1
            if place < 0:
                raise ValueError("below the first bound of the table")
            return _exact(table.ys[place])


def interpolated(x: Quantity, table: Any) -> Quantity:
    """The y on the straight line between the neighbours of x, flat beyond the ends."""
    match _reading(x, table):
        case Reading.SYMBOLS:
            return _call("interpolated", x, table)
        case Reading.ARRAYS:
            return np.interp(_array(x), table.xs, table.ys)
        case Reading.EXACT:
            return _interpolated_exact(_exact(x), table)


def bands(x: Quantity, table: Any) -> Quantity:
    """The sum of y x the part of x from one bound to the next, the last without end; x below 0 is an error."""
    match _reading(x, table):
        case Reading.SYMBOLS:
            return _call("bands", x, table)
        case Reading.ARRAYS:
            figures = _array(x)
            if np.any(figures < 0):
                raise ValueError("a band applies to 0 or more")
            ends = [*table.xs[1:], np.inf]
            parts = zip(table.xs, ends, table.ys, strict=True)
            return sum((y * np.clip(figures - bound, 0.0, end - bound) for bound, end, y in parts), start=_array(0))
        case Reading.EXACT:
            return _bands_exact(_exact(x), table)


def rounded(figure: Quantity, places: int, rule: str) -> Quantity:
    """The figure at so many places, by a rule of `money.Rule`."""
    match _reading(figure):
        case Reading.SYMBOLS:
            return Call("rounded", (symbol(figure), symbol(places), _word(rule)))
        case Reading.ARRAYS:
            return money.rounded_array(_array(figure), places, rule)
        case Reading.EXACT:
            return money.rounded_exact(_exact(figure), places, rule)


def allocated(whole: Quantity, weights: Any, i: int) -> Quantity:
    """Part `i`, from 0, of an amount split by weights into cents that add up."""
    match _reading(whole, weights):
        case Reading.SYMBOLS:
            return _call("allocated", whole, weights, i)
        case Reading.ARRAYS:
            return money.allocated_array(_array(whole), [_array(weight) for weight in weights], i)
        case Reading.EXACT:
            return money.allocated_exact(_exact(whole), [_exact(weight) for weight in weights])[i]


def footed(whole: Quantity, parts: Any, i: int) -> Quantity:
    """Part `i`, from 0, in cents such that the parts add up to the whole."""
    match _reading(whole, parts):
        case Reading.SYMBOLS:
            return _call("footed", whole, parts, i)
        case Reading.ARRAYS:
            return money.footed_array(_array(whole), [_array(part) for part in parts], i)
        case Reading.EXACT:
            return money.footed_exact(_exact(whole), [_exact(part) for part in parts])[i]


PRIMITIVES = (
    when, lower_of, higher_of, size, ratio, total, weighted_total, count_of, negated, step, interpolated, bands,
    rounded, allocated, footed,
)  # fmt: skip
"""Every primitive there is."""


def _reading(*figures: Any) -> Reading:
    reading = Reading.EXACT
    for figure in figures:
        if type(figure) is Fraction:  # by far the most frequent
            continue
        if isinstance(figure, Symbol):
            return Reading.SYMBOLS
        if isinstance(figure, np.ndarray | np.generic):
            reading = Reading.ARRAYS
        elif isinstance(figure, list | tuple):
            within = _reading(*figure)
            if within is Reading.SYMBOLS:
                raise TypeError("a list is one name of an expression, not several")
            if within is Reading.ARRAYS:
                reading = Reading.ARRAYS
    return reading


def _exact(value: Any) -> Fraction:
    if type(value) is Fraction:
        return value
    if isinstance(value, int):
        return Fraction(value)
    raise TypeError(f"the exact reading takes fractions and whole numbers, not {type(value).__name__}")


def _array(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value
    if isinstance(value, int):
        return np.asarray(value, dtype="f8")
    raise TypeError(f"the array reading takes arrays and whole numbers, not {type(value).__name__}")


def _call(primitive: str, *arguments: Any) -> Call:
    return Call(primitive, tuple(symbol(argument) for argument in arguments))


def _word(rule: Any) -> Symbol:
    return rule if isinstance(rule, Symbol) else Word(money.Rule(rule).value)


def _interpolated_exact(x: Fraction, table: Table) -> Fraction:
    xs: Sequence[Fraction] = table.xs
    right = bisect_right(xs, x)
    if right == 0:
        return _exact(table.ys[0])
    if right == len(xs):
        return _exact(table.ys[-1])
    x0, x1, y0, y1 = xs[right - 1], xs[right], table.ys[right - 1], table.ys[right]
    return _exact(y0 + (y1 - y0) * (x - x0) / (x1 - x0))


def _bands_exact(x: Fraction, table: Table) -> Fraction:
    if x < 0:
        raise ValueError("a band applies to 0 or more")
    paid = Fraction(0)
    ends = [*table.xs[1:], x]
    for bound, end, y in zip(table.xs, ends, table.ys, strict=True):
        paid += y * max(min(x, end) - bound, Fraction(0))
    return paid
