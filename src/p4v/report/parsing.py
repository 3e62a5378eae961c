"""Printed expressions read back as trees, so that reports are made from `settlement.json` alone."""

import ast
from functools import lru_cache

from p4v.money import Rule
from p4v.primitives import PRIMITIVES
from p4v.symbols import Arithmetic, Call, Comparison, Joined, Name, Symbol, Whole, Word

_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISON = {ast.GtE: ">=", ast.Gt: ">", ast.LtE: "<=", ast.Lt: "<", ast.Eq: "=="}
_JOINED = {ast.BitAnd: "&", ast.BitOr: "|"}
_PRIMITIVES = frozenset(primitive.__name__ for primitive in PRIMITIVES)
_RULES = frozenset(str(rule) for rule in Rule)


@lru_cache(maxsize=1024)
def parsed(expression: str) -> Symbol:
    """The tree of a canonical expression. Raises `ValueError` for any other text."""
    try:
        return _node(ast.parse(expression, mode="eval").body)
    except SyntaxError as error:
        raise ValueError("not an expression") from error


def _node(node: ast.expr) -> Symbol:
    match node:
        case ast.Name(id=name):
            return Word(name) if name in _RULES else Name(name)
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return Whole(number)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
            return Arithmetic(_ARITHMETIC[type(operator)], _node(left), _node(right))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _JOINED:
            return Joined(_JOINED[type(operator)], _node(left), _node(right))
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISON:
            return Comparison(_COMPARISON[type(operator)], _node(left), _node(right))
        case ast.Call(func=ast.Name(id=primitive), args=arguments, keywords=[]) if primitive in _PRIMITIVES:
            return Call(primitive, tuple(_node(argument) for argument in arguments))
    raise ValueError(f"not part of an expression: {type(node).__name__}")
