"""Expressions as text: canonical, for a reader, and as a spreadsheet formula.

All three walk the tree that the formula itself returned, so what is printed is what ran.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from p4v.symbols import Arithmetic, Call, Comparison, Joined, Name, Symbol, Whole, Word

_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2}
_READER_SIGN = {"+": "+", "-": "\N{MINUS SIGN}", "*": "\N{MULTIPLICATION SIGN}", "/": "/"}
_READER_COMPARISON = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "==": "="}
_READER_JOINED = {"&": "and", "|": "or"}
_READER_CALL = {
    "lower_of": "the lower of",
    "higher_of": "the higher of",
    "size": "the size of",
    "total": "the total of",
    "weighted_total": "the weighted total of",
    "count_of": "the count of",
    "negated": "not",
}

COMPARED_PLACES = 6
"""A spreadsheet calculates in binary: what is compared or rounded is first rounded to this many places."""
COMPARED_CENT_PLACES = 4
"""The same for dollars in cents."""
LOOKED_UP_PLACES = 9
"""The same for a figure that is looked up in a table or divided by, which may be a small rate."""


def expression_text(node: Symbol) -> str:
    """The canonical text: valid Python, made of names, whole numbers, operators and primitives."""
    match node:
        case Name():
            return node.name
        case Whole():
            return str(node.number)
        case Word():
            return node.word
        case Arithmetic():
            return _arithmetic(node, f" {node.operator} ", expression_text)
        case Comparison():
            return f"{expression_text(node.left)} {node.operator} {expression_text(node.right)}"
        case Joined():
            return _joined(node, node.operator, expression_text)
        case Call():
            return f"{node.primitive}({', '.join(expression_text(argument) for argument in node.arguments)})"
    raise TypeError(f"no expression: {type(node).__name__}")


def reader_text(node: Symbol, shown: Mapping[str, str]) -> str:
    """The expression as a person reads it, each name replaced by what is shown for it."""
    return Reader(shown).whole(node)


class Reader:
    """Words for signs, and parentheses wherever a choice or a quotient could be read across what stands beside it."""

    def __init__(self, shown: Mapping[str, str]) -> None:
        self.shown = shown

    def whole(self, node: Symbol) -> str:
        match node:
            case Name():
                return self.shown[node.name]
            case Whole() | Word():
                return expression_text(node)
            case Arithmetic():
                return _arithmetic(node, f" {_READER_SIGN[node.operator]} ", self.operand)
            case Comparison():
                sign = _READER_COMPARISON[node.operator]
                return f"{self.operand(node.left)} {sign} {self.operand(node.right)}"
            case Joined():
                return _joined(node, _READER_JOINED[node.operator], self.part)
            case Call():
                return self.call(node.primitive, node.arguments)
        raise TypeError(f"no expression: {type(node).__name__}")

    def part(self, node: Symbol) -> str:
        """As part of something larger a choice stands in parentheses."""
        text = self.whole(node)
        return f"({text})" if isinstance(node, Call) and node.primitive == "when" else text

    def operand(self, node: Symbol) -> str:
        """Between operators a quotient does too, for what it adds about dividing by 0."""
        text = self.part(node)
        return f"({text})" if isinstance(node, Call) and node.primitive == "ratio" else text

    def factor(self, node: Symbol) -> str:
        return f"({self.operand(node)})" if isinstance(node, Arithmetic) else self.operand(node)

    def call(self, primitive: str, arguments: tuple[Symbol, ...]) -> str:
        if primitive == "when":
            condition, if_true, if_false = arguments
            return f"{self.part(if_true)} if {self.part(condition)}, else {self.whole(if_false)}"
        if primitive == "ratio":
            numerator, denominator, if_zero = arguments
            return f"{self.factor(numerator)} / {self.factor(denominator)} ({self.part(if_zero)} if divided by 0)"
        name = _READER_CALL.get(primitive, primitive)
        return f"{name} ({', '.join(self.part(argument) for argument in arguments)})"


@dataclass(frozen=True, slots=True)
class Block:
    """Where a list or a table stands in a workbook: one column of cells each, absolute references.

    A table has three columns: x, y, and the rise of y over the row before (from 0), a live formula.
    """

    values: str
    xs: str = ""
    rises: str = ""
    rows: int = 0


def spreadsheet_formula(node: Symbol, cells: Mapping[str, str], blocks: Mapping[str, Block]) -> str:
    """The expression as a spreadsheet formula without its `=`; a condition gives 1 or 0."""
    printer = _Spreadsheet(cells, blocks)
    return printer.number(node)


class _Spreadsheet:
    """Excel's function names; the same formulas are read by LibreOffice and by the package `formulas`."""

    def __init__(self, cells: Mapping[str, str], blocks: Mapping[str, Block]) -> None:
        self.cells = cells
        self.blocks = blocks

    def number(self, node: Symbol) -> str:
        """A formula that gives a number."""
        match node:
            case Name():
                return self.cells[node.name]
            case Whole():
                return str(node.number)
            case Arithmetic():
                return _arithmetic(node, node.operator, self.number)
            case Comparison() | Joined() | Call(primitive="negated"):
                return f"IF({self.condition(node)},1,0)"
            case Call():
                calls: dict[str, Callable[..., str]] = {
                    "when": self.when,
                    "lower_of": lambda *of: f"MIN({','.join(map(self.number, of))})",
                    "higher_of": lambda *of: f"MAX({','.join(map(self.number, of))})",
                    "size": lambda x: f"ABS({self.number(x)})",
                    "ratio": self.ratio,
                    "total": lambda listed: f"SUM({self.block(listed).values})",
                    "weighted_total": lambda a, b: f"SUMPRODUCT({self.block(a).values},{self.block(b).values})",
                    "count_of": lambda listed: f'COUNTIF({self.block(listed).values},"<>0")',
                    "step": self.step,
                    "interpolated": self.interpolated,
                    "bands": self.bands,
                    "rounded": self.rounded,
                    "allocated": self.allocated,
                    "footed": self.footed,
                }
                return calls[node.primitive](*node.arguments)
        raise TypeError(f"no spreadsheet formula: {type(node).__name__}")

    def condition(self, node: Symbol) -> str:
        """A formula that gives true or false, or a number of which any but 0 is true."""
        match node:
            case Comparison(operator="=="):
                return f"{self.difference(node)}=0"
            case Comparison():
                return f"{self.difference(node)}{node.operator}0"
            case Joined():
                function = {"&": "AND", "|": "OR"}[node.operator]
                return f"{function}({self.condition(node.left)},{self.condition(node.right)})"
            case Call(primitive="negated"):
                return f"NOT({self.condition(node.arguments[0])})"
        return self.number(node)

    def difference(self, node: Comparison) -> str:
        compared = self.number(node.left)
        if not (isinstance(node.right, Whole) and node.right.number == 0):
            compared = _arithmetic(Arithmetic("-", node.left, node.right), "-", self.number)
        return f"ROUND({compared},{COMPARED_PLACES})"

    def block(self, node: Symbol) -> Block:
        if not isinstance(node, Name):
            raise TypeError("a list or a table is one name of an expression")
        return self.blocks[node.name]

    def when(self, condition: Symbol, if_true: Symbol, if_false: Symbol) -> str:
        return f"IF({self.condition(condition)},{self.number(if_true)},{self.number(if_false)})"

    def ratio(self, numerator: Symbol, denominator: Symbol, if_zero: Symbol) -> str:
        divided = _arithmetic(Arithmetic("/", numerator, denominator), "/", self.number)
        zero = f"ROUND({self.number(denominator)},{LOOKED_UP_PLACES})=0"
        return f"IF({zero},{self.number(if_zero)},{divided})"

    def looked_up(self, x: Symbol) -> str:
        return f"ROUND({self.number(x)},{LOOKED_UP_PLACES})"

    def step(self, x: Symbol, table: Symbol) -> str:
        block = self.block(table)
        return f"INDEX({block.values},MATCH({self.looked_up(x)},{block.xs},1))"

    def interpolated(self, x: Symbol, table: Symbol) -> str:
        block, at = self.block(table), self.number(x)
        row = f"MATCH({self.looked_up(x)},{block.xs},1)"

        def entry(column: str, place: str) -> str:
            return f"INDEX({column},{place})"

        def after(column: str) -> str:
            return entry(column, f"{row}+1")

        slope = (
            f"({after(block.values)}-{entry(block.values, row)})*({at}-{entry(block.xs, row)})"
            f"/({after(block.xs)}-{entry(block.xs, row)})"
        )
        between = f"{entry(block.values, row)}+{slope}"
        below = f"{self.looked_up(x)}<={entry(block.xs, '1')}"
        above = f"{self.looked_up(x)}>={entry(block.xs, str(block.rows))}"
        last = entry(block.values, str(block.rows))
        return f"IF({below},{entry(block.values, '1')},IF({above},{last},{between}))"

    def bands(self, x: Symbol, table: Symbol) -> str:
        block, at = self.block(table), self.number(x)
        paid = f"SUMPRODUCT(({at}>{block.xs})*({at}-{block.xs})*{block.rises})"
        return f"IF({self.looked_up(x)}<0,NA(),{paid})"

    def rounded(self, figure: Symbol, places: Symbol, rule: Symbol) -> str:
        if not (isinstance(places, Whole) and isinstance(rule, Word)):
            raise TypeError("places and rule of a rounding are fixed by the contract")
        return rounded_cell(self.number(figure), places.number, rule.word)

    def allocated(self, whole: Symbol, weights: Symbol, i: Symbol) -> str:
        values = self.block(weights).values
        return self.part(self.number(whole), f"({self.number(whole)}*{values}/SUM({values}))", values, i)

    def footed(self, whole: Symbol, parts: Symbol, i: Symbol) -> str:
        values = self.block(parts).values
        return self.part(self.number(whole), values, values, i)

    def part(self, whole: str, parts: str, values: str, i: Symbol) -> str:
        """Largest remainder: the cut part, and a cent if fewer than the missing cents come before it.

        `SUMPRODUCT(n*(rows=i))` picks part i of an array expression, because INDEX takes a range only.
        """
        place = f"(ROW({values})-MIN(ROW({values})))"
        cut = f"TRUNC(ROUND({parts}*100,{COMPARED_CENT_PLACES}))"
        left = f"({parts}*100-{cut})"
        mine = f"({place}={self.number(i)})"
        missing = f"(ROUND({whole}*100,0)-SUMPRODUCT({cut}))"
        ahead = f"ROUND(SIGN({missing})*({left}-SUMPRODUCT({left}*{mine})),{COMPARED_CENT_PLACES})"
        before = f"SUMPRODUCT(({ahead}>0)+({ahead}=0)*({place}<{self.number(i)}))"
        return f"(SUMPRODUCT({cut}*{mine})+IF({before}<ABS({missing}),SIGN({missing}),0))/100"


def rounded_cell(formula: str, places: int, rule: str) -> str:
    """A spreadsheet's rounding of a formula by one of p4v's rules, ties decided after rounding out binary noise."""
    noise_free = f"ROUND({formula},{max(COMPARED_PLACES, places + 4)})"
    match rule:
        case "half_up":
            return f"ROUND({noise_free},{places})"
        case "up":
            return f"ROUNDUP({noise_free},{places})"
        case "down":
            return f"ROUNDDOWN({noise_free},{places})"
        case "half_even":
            scaled = f"ROUND({noise_free}*{10**places},4)"
            even = f"2*ROUND({scaled}/2,0)/{10**places}"
            return f"IF(ABS({scaled}-TRUNC({scaled}))=0.5,{even},ROUND({noise_free},{places}))"
    raise ValueError(f"no rounding rule: {rule}")


def _arithmetic(node: Arithmetic, sign: str, text: Callable[[Symbol], str]) -> str:
    """Both sides, in parentheses where the tree could be read differently without them."""
    strength = _STRENGTH[node.operator]
    left, right = text(node.left), text(node.right)
    if _weaker(node.left, strength):
        left = f"({left})"
    if _weaker(node.right, strength) or _as_weak(node, strength):
        right = f"({right})"
    return f"{left}{sign}{right}"


def _weaker(side: Symbol, strength: int) -> bool:
    return isinstance(side, Arithmetic) and _STRENGTH[side.operator] < strength


def _as_weak(node: Arithmetic, strength: int) -> bool:
    return isinstance(node.right, Arithmetic) and _STRENGTH[node.right.operator] == strength


def _joined(node: Joined, word: str, text: Callable[[Symbol], str]) -> str:
    return f"({text(node.left)}) {word} ({text(node.right)})"
