"""The symbol reading: called with names, a formula returns the expression that it computes.

A symbol refuses whatever would let a formula look at a value: truth, order of evaluation, iteration.
"""

from typing import Any, NoReturn


class Symbol:
    """A node of an expression. Operators build nodes; nothing is evaluated."""

    __slots__ = ()
    __array_ufunc__ = None
    """Without this a numpy scalar on the left would swallow the symbol."""
    __hash__ = object.__hash__

    def __add__(self, other: Any) -> "Symbol":
        return Arithmetic("+", self, other)

    def __radd__(self, other: Any) -> "Symbol":
        return Arithmetic("+", other, self)

    def __sub__(self, other: Any) -> "Symbol":
        return Arithmetic("-", self, other)

    def __rsub__(self, other: Any) -> "Symbol":
        return Arithmetic("-", other, self)

    def __mul__(self, other: Any) -> "Symbol":
        return Arithmetic("*", self, other)

    def __rmul__(self, other: Any) -> "Symbol":
        return Arithmetic("*", other, self)

    def __truediv__(self, other: Any) -> "Symbol":
        return Arithmetic("/", self, other)

    def __neg__(self) -> "Symbol":
        return Arithmetic("-", 0, self)

    def __ge__(self, other: Any) -> "Symbol":
        return Comparison(">=", self, other)

    def __gt__(self, other: Any) -> "Symbol":
        return Comparison(">", self, other)

    def __le__(self, other: Any) -> "Symbol":
        return Comparison("<=", self, other)

    def __lt__(self, other: Any) -> "Symbol":
        return Comparison("<", self, other)

    def __eq__(self, other: object) -> "Symbol":  # type: ignore[override]
        return Comparison("==", self, other)

    def __ne__(self, other: object) -> NoReturn:
        raise TypeError("an expression has no '!='; write negated(a == b)")

    def __and__(self, other: Any) -> "Symbol":
        return Joined("&", self, other)

    def __or__(self, other: Any) -> "Symbol":
        return Joined("|", self, other)

    def __rand__(self, other: Any) -> "Symbol":
        return Joined("&", other, self)

    def __ror__(self, other: Any) -> "Symbol":
        return Joined("|", other, self)

    def __bool__(self) -> NoReturn:
        raise TypeError("a formula cannot look at a value; use when(condition, a, b)")

    def __iter__(self) -> NoReturn:
        raise TypeError("a formula cannot walk through a list; use total, weighted_total or count_of")


class Name(Symbol):
    """A parameter of the formula."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Whole(Symbol):
    """A whole number that stands in the formula."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Word(Symbol):
    """A rounding rule: the only text in an expression."""

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        self.word = word


class Arithmetic(Symbol):
    """`left operator right` with one of `+ - * /`."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Any, right: Any) -> None:
        self.operator = operator
        self.left = operand(left)
        self.right = operand(right)


class Comparison(Symbol):
    """`left operator right` with one of `>= > <= < ==`."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Any, right: Any) -> None:
        self.operator = operator
        self.left = operand(left)
        self.right = operand(right)


class Joined(Symbol):
    """Two conditions, both (`&`) or either (`|`)."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Any, right: Any) -> None:
        self.operator = operator
        self.left = condition(left)
        self.right = condition(right)


class Call(Symbol):
    """A primitive and its arguments."""

    __slots__ = ("arguments", "primitive")

    def __init__(self, primitive: str, arguments: tuple[Symbol, ...]) -> None:
        self.primitive = primitive
        self.arguments = arguments


def is_condition(node: Symbol) -> bool:
    return isinstance(node, Comparison | Joined) or (isinstance(node, Call) and node.primitive == "negated")


def symbol(value: Any) -> Symbol:
    """A node for what may stand in an expression: a symbol or a whole number."""
    if isinstance(value, Symbol):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Whole(value)
    raise TypeError(f"an expression holds names and whole numbers, not {type(value).__name__}")


def operand(value: Any) -> Symbol:
    node = symbol(value)
    if is_condition(node):
        raise TypeError("a condition is chosen by or counted, never calculated with")
    return node


def condition(value: Any) -> Symbol:
    node = symbol(value)
    if not is_condition(node):
        raise TypeError("& and | join comparisons; write (flag == 1)")
    return node
