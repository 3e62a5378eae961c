"""A line's formula in readers' words: once with the labels and numbers of other lines, once with their figures."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from p4v.expressions import Reader
from p4v.report.parsing import parsed
from p4v.report.shown import MINUS, figure, shown
from p4v.symbols import Call, Comparison, Name, Symbol, Whole, Word

Lines = Mapping[str, Mapping[str, Any]]
RULE_WORDS = {"half_up": "half up", "half_even": "half even", "down": "down", "up": "up"}


def formula_in_words(line: Mapping[str, Any], lines: Lines) -> str:
    """Such as "Final sharing rate [21] × Generated savings [18]"."""
    return _Labels(line, lines).text(tree_of(line))


def formula_in_numbers(line: Mapping[str, Any], lines: Lines) -> str:
    """The same with the figures of the lines."""
    return _Figures(line, lines).text(tree_of(line))


def part_in_numbers(node: Symbol, line: Mapping[str, Any], lines: Lines) -> str:
    """One side of a line's formula with its figures."""
    return _Figures(line, lines).text(node)


def tree_of(line: Mapping[str, Any]) -> Symbol:
    """The expression of a line."""
    return parsed(line["expression"])


class _Words(Reader, ABC):
    """What the primitives are called on a statement."""

    def __init__(self, line: Mapping[str, Any], lines: Lines) -> None:
        self.inputs = line["inputs"]
        self.lines = lines
        super().__init__({parameter: self.operand_text(given) for parameter, given in self.inputs.items()})
        self.words: dict[str, Callable[..., str]] = {
            "total": self.total,
            "weighted_total": self.weighted_total,
            "count_of": self.count_of,
            "step": lambda x, table: f"{self.shown_of(table)} at {self.part(x)}",
            "interpolated": lambda x, table: f"{self.shown_of(table)} at {self.part(x)}, read between its rows",
            "bands": lambda x, table: f"{self.part(x)} band by band through {self.shown_of(table)}",
            "rounded": self.rounded,
            "allocated": self.allocated,
            "footed": self.footed,
        }

    def text(self, node: Symbol) -> str:
        return self.whole(node)

    def whole(self, node: Symbol) -> str:
        """A flag that equals 1 is the claim that it makes."""
        match node:
            case Comparison(operator="==", left=Name(name=name), right=Whole(number=0 | 1 as number)) if self.is_flag(
                name
            ):
                return self.shown[name] if number else f"not ({self.shown[name]})"
        return super().whole(node)

    def part(self, node: Symbol) -> str:
        """A phrase within an expression stands in parentheses."""
        text = super().part(node)
        return f"({text})" if isinstance(node, Call) and node.primitive in self.words else text

    def is_flag(self, parameter: str) -> bool:
        given = self.inputs[parameter]
        return isinstance(given, str) and self.lines[given]["unit"] == "flag"

    @abstractmethod
    def operand_text(self, given: str | list[str]) -> str: ...

    @abstractmethod
    def listed(self, names: Sequence[str], joined_by: str) -> str: ...

    def call(self, primitive: str, arguments: tuple[Symbol, ...]) -> str:
        words = self.words.get(primitive)
        return words(*arguments) if words else super().call(primitive, arguments)

    def shown_of(self, node: Symbol) -> str:
        return self.part(node)

    def names_of(self, node: Symbol) -> list[str]:
        """The lines of a list."""
        given = self.inputs[node.name] if isinstance(node, Name) else []
        return given if isinstance(given, list) else [given]

    def total(self, listed: Symbol) -> str:
        return self.listed(self.names_of(listed), " + ")

    @abstractmethod
    def weighted_total(self, values: Symbol, weights: Symbol) -> str: ...

    def count_of(self, listed: Symbol) -> str:
        return f"how many of {self.listed(self.names_of(listed), ', ')} hold"

    def rounded(self, value: Symbol, places: Symbol, rule: Symbol) -> str:
        word = RULE_WORDS[rule.word] if isinstance(rule, Word) else self.part(rule)
        text = self.part(value) if isinstance(value, Name | Call) else f"({self.part(value)})"
        return f"{text} rounded {word} to {self.part(places)} places"

    def allocated(self, whole: Symbol, weights: Symbol, i: Symbol) -> str:
        weight = self.operand_text(self.names_of(weights)[_index(i)])
        return f"{self.part(whole)} × {weight} / ({self.listed(self.names_of(weights), ' + ')}), in cents that add up"

    def footed(self, whole: Symbol, parts: Symbol, i: Symbol) -> str:
        return f"{self.operand_text(self.names_of(parts)[_index(i)])}, in cents that add up to {self.part(whole)}"


class _Labels(_Words):
    """Each figure by its label and number."""

    def operand_text(self, given: str | list[str]) -> str:
        if isinstance(given, list):
            return self.listed(given, ", ")
        label = str(self.lines[given]["label"]).partition(" (")[0]
        return f"{label} [{self.lines[given]['number']}]"

    def listed(self, names: Sequence[str], _joined_by: str) -> str:
        numbers = spans_text([self.lines[name]["number"] for name in names])
        return f"line{'s' if len(names) > 1 else ''} {numbers}"

    def total(self, listed: Symbol) -> str:
        return f"the total of {super().total(listed)}"

    def weighted_total(self, values: Symbol, weights: Symbol) -> str:
        by = self.listed(self.names_of(weights), "")
        return f"the total of {self.listed(self.names_of(values), '')}, each × its weight in {by}"


class _Figures(_Words):
    """Each figure by its value."""

    def operand_text(self, given: str | list[str]) -> str:
        if isinstance(given, list):
            return self.listed(given, ", ")
        line = self.lines[given]
        return "the table" if line["unit"] == "table" else shown(line, full=True)

    def text(self, node: Symbol) -> str:
        if not isinstance(node, Name):
            self.shown = {parameter: _as_operand(text) for parameter, text in self.shown.items()}
        return self.whole(node)

    def listed(self, names: Sequence[str], joined_by: str) -> str:
        texts = [self.operand_text(name) for name in names]
        return joined_by.join(map(_as_operand, texts))

    def count_of(self, listed: Symbol) -> str:
        """How many of them hold."""
        names = self.names_of(listed)
        held = [name for name in names if self.lines[name]["value"] is not None and figure(self.lines[name]) != 0]
        return f"{len(held)} of {len(names)}"

    def weighted_total(self, values: Symbol, weights: Symbol) -> str:
        pairs = zip(self.names_of(values), self.names_of(weights), strict=True)
        return " + ".join(f"{self.in_sum(value)} × {self.in_sum(weight)}" for value, weight in pairs)

    def in_sum(self, name: str) -> str:
        """A flag that is added up counts 1 or 0."""
        line = self.lines[name]
        return str(line["value"]) if line["unit"] == "flag" else _as_operand(self.operand_text(name))

    def call(self, primitive: str, arguments: tuple[Symbol, ...]) -> str:
        """A quotient says what applies if divided by 0 only where that may be the case."""
        text = super().call(primitive, arguments)
        if primitive == "ratio" and not self.may_be_zero(arguments[1]):
            return text.removesuffix(f" ({self.part(arguments[2])} if divided by 0)")
        return text

    def may_be_zero(self, node: Symbol) -> bool:
        if not isinstance(node, Name):
            return True
        line = self.lines[self.inputs[node.name]]
        return line["value"] is None or figure(line) == Fraction(0)


def _as_operand(text: str) -> str:
    """A negative number in an expression stands in parentheses."""
    return f"({text})" if text.startswith(MINUS) else text


def _index(i: Symbol) -> int:
    return i.number if isinstance(i, Whole) else 0


def spans_text(numbers: Sequence[int]) -> str:
    """5–8, 11."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], number]
        else:
            spans.append([number, number])
    return ", ".join(f"{first}–{last}" if last > first else str(first) for first, last in spans)
