"""The only place that rounds, and the only place that splits an amount into cents.

Exact values are `Fraction`; the array versions serve estimates and take float64 arrays of one shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

SHOWN_PLACES = 12
"""Places to which a value without a finite decimal form is shown."""


class Rule(StrEnum):
    """How a figure that lies between two is rounded: `half_up` and `up` away from zero, `down` toward it."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Rounding:
    """The rounding of one settled line, a term of the contract."""

    places: int
    rule: Rule


def rounded_exact(value: Fraction, places: int, rule: str) -> Fraction:
    """The value at so many decimal places.

    >>> rounded_exact(Fraction(1, 8), 2, "half_up"), rounded_exact(Fraction(1, 8), 2, "half_even")
    (Fraction(13, 100), Fraction(3, 25))
    """
    return Fraction(_rounded_units(value, places, Rule(rule)), 10**places)


def _rounded_units(value: Fraction, places: int, rule: Rule) -> int:
    """The rounded value in units of its last place."""
    scale: int = 10**places
    whole, rest = divmod(abs(value.numerator) * scale, value.denominator)
    twice = 2 * rest
    match rule:
        case Rule.HALF_UP:
            away = twice >= value.denominator
        case Rule.HALF_EVEN:
            away = twice > value.denominator or (twice == value.denominator and whole % 2 == 1)
        case Rule.UP:
            away = rest > 0
        case Rule.DOWN:
            away = False
    return (whole + away) * (-1 if value.numerator < 0 else 1)


def rounded_array(values: Any, places: int, rule: str) -> Any:
    """`rounded_exact` for estimates; ties belong to the exact reading."""
    scale = 10**places
    sizes = np.abs(values) * scale
    match Rule(rule):
        case Rule.HALF_UP:
            sizes = np.floor(sizes + 0.5)
        case Rule.HALF_EVEN:
            sizes = np.rint(sizes)
        case Rule.UP:
            sizes = np.ceil(sizes)
        case Rule.DOWN:
            sizes = np.floor(sizes)
    return np.copysign(sizes / scale, values)


def footed_exact(total: Fraction, parts: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The parts in whole cents, adding up to the total: largest remainder, ties to the earlier part.

    Each part is cut toward zero; the cents still missing go, with their sign, to the largest remainders in that
    direction. Raises `ValueError` where the total is not whole cents or the parts do not add up to it but for rounding.

    >>> footed_exact(Fraction(1), [Fraction(1, 3)] * 3)
    (Fraction(17, 50), Fraction(33, 100), Fraction(33, 100))
    """
    return _footed_lately(total, tuple(parts))


def _footed(total: Fraction, parts: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    cents, fraction_of_cent = divmod(total.numerator * 100, total.denominator)
    if fraction_of_cent != 0:
        raise ValueError("only a total in whole cents can be footed")
    cut = [_cents_toward_zero(part) for part in parts]
    missing = cents - sum(cut)
    if abs(missing) > len(parts):
        raise ValueError("the parts do not add up to the total but for rounding")
    if missing:
        sign = 1 if missing > 0 else -1
        by_remainder = sorted(range(len(parts)), key=lambda i: sign * (cut[i] - parts[i] * 100))
        for i in by_remainder[: abs(missing)]:
            cut[i] += sign
    return tuple(Fraction(c, 100) for c in cut)


_footed_lately = lru_cache(maxsize=256)(_footed)
"""Kept for a while, because a program asks for one part after the other."""


def _cents_toward_zero(amount: Fraction) -> int:
    cents = abs(amount.numerator) * 100 // amount.denominator
    return cents if amount.numerator >= 0 else -cents


def footed_array(total: Any, parts: Sequence[Any], i: int) -> Any:
    """Part `i` of `footed_exact` for estimates: total `(n,)`, m parts `(n,)` -> `(n,)`."""
    cut = [np.trunc(part * 100.0) for part in parts]
    missing = np.rint(total * 100.0) - sum(cut)
    if np.any(np.abs(missing) > len(parts)):
        raise ValueError("the parts do not add up to the total but for rounding")
    sign = np.sign(missing)
    mine = sign * (parts[i] * 100.0 - cut[i])
    before = np.zeros_like(missing)
    for j, part in enumerate(parts):
        left = sign * (part * 100.0 - cut[j])
        # The rank of part i: how many come before it. In a tie the earlier one does.
        before += (left >= mine) if j < i else (left > mine)
    return (cut[i] + sign * (before < np.abs(missing))) / 100.0


def allocated_exact(total: Fraction, weights: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The total split by weights, in whole cents that add up. Raises `ValueError` for weights that sum to 0.

    >>> allocated_exact(Fraction(100), [Fraction(1)] * 3)
    (Fraction(1667, 50), Fraction(3333, 100), Fraction(3333, 100))
    """
    whole = sum(weights, start=Fraction(0))
    if whole == 0:
        raise ValueError("weights that sum to 0 split nothing")
    return footed_exact(total, [total * weight / whole for weight in weights])


def allocated_array(total: Any, weights: Sequence[Any], i: int) -> Any:
    """Part `i` of `allocated_exact` for estimates."""
    whole = sum(weights)
    if np.any(whole == 0):
        raise ValueError("weights that sum to 0 split nothing")
    return footed_array(total, [total * weight / whole for weight in weights], i)


def decimal_text(value: Fraction, places: int | None = None) -> str:
    """The value as a plain decimal: to the given places, else in full if it ends within twelve, else to twelve.

    >>> decimal_text(Fraction(1, 8)), decimal_text(Fraction(2, 3)), decimal_text(Fraction(5), places=2)
    ('0.125', '0.666666666667', '5.00')
    """
    shown = SHOWN_PLACES if places is None else places
    units = _rounded_units(value, shown, Rule.HALF_EVEN)
    digits = str(abs(units)).rjust(shown + 1, "0")
    whole, fraction = digits[: len(digits) - shown], digits[len(digits) - shown :]
    if places is None:
        fraction = fraction.rstrip("0")
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def fraction_text(value: Fraction) -> str:
    """The unrounded value as "p/q", or "p" where q is 1."""
    return str(value)
