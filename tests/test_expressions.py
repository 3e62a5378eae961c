"""Expressions: what a symbol refuses, and how a tree is printed for a machine, a reader and a spreadsheet."""

import numpy as np
import pytest

from p4v.expressions import Block, expression_text, reader_text, rounded_cell, spreadsheet_formula
from p4v.primitives import (
    allocated,
    bands,
    count_of,
    footed,
    higher_of,
    interpolated,
    lower_of,
    negated,
    ratio,
    rounded,
    size,
    step,
    total,
    weighted_total,
    when,
)
from p4v.report.parsing import parsed
from p4v.symbols import Name, Symbol, Word

a, b, c, d = (Name(letter) for letter in "abcd")

TEXTS = [
    (a + b - c, "a + b - c"),
    (a - (b - c), "a - (b - c)"),
    (a - (b + c), "a - (b + c)"),
    (a + (b + c), "a + (b + c)"),
    ((a + b) * c, "(a + b) * c"),
    (a * (b - c), "a * (b - c)"),
    (a * b + c, "a * b + c"),
    (a / (b * c), "a / (b * c)"),
    (a / b / c, "a / b / c"),
    (a * (b / c), "a * (b / c)"),
    (1 - a, "1 - a"),
    (2 * a, "2 * a"),
    (3 + a, "3 + a"),
    (-a, "0 - a"),
    (a >= b, "a >= b"),
    (a > 0, "a > 0"),
    (a <= b + c, "a <= b + c"),
    (a < b, "a < b"),
    (a == 1, "a == 1"),
    ((a > b) & (c > d), "(a > b) & (c > d)"),
    ((a > b) | ((c > d) & (a == 1)), "(a > b) | ((c > d) & (a == 1))"),
    (negated(a > b) & (c > d), "(negated(a > b)) & (c > d)"),
    (when((a >= b) & (c == 1), a * b, 0), "when((a >= b) & (c == 1), a * b, 0)"),
    (rounded(a * b, 2, "half_even"), "rounded(a * b, 2, half_even)"),
    (footed(a, b, 3), "footed(a, b, 3)"),
]


@pytest.mark.parametrize("tree, text", TEXTS, ids=[text for _, text in TEXTS])
def test_canonical_text_and_back(tree: Symbol, text: str) -> None:
    assert expression_text(tree) == text
    assert expression_text(parsed(text)) == text


READERS = [
    (when(a >= b * c, a, 0), "$5 if $5 ≥ 2% × $7, else 0"),
    (when(a > b, when(a < c, 1, 2), 3), "(1 if $5 < $7, else 2) if $5 > 2%, else 3"),
    (when((a > b) | (a == c), 1, 0), "1 if ($5 > 2%) or ($5 = $7), else 0"),
    (when((a > b) & (a <= c), 1, 0), "1 if ($5 > 2%) and ($5 ≤ $7), else 0"),
    (lower_of(a, b * c), "the lower of ($5, 2% × $7)"),
    (higher_of(a - b, 0), "the higher of ($5 \N{MINUS SIGN} 2%, 0)"),
    (ratio(a, b + c, 0), "$5 / (2% + $7) (0 if divided by 0)"),
    (ratio(a + b, c, 0), "($5 + 2%) / $7 (0 if divided by 0)"),
    (size(a), "the size of ($5)"),
    (total(a), "the total of ($5)"),
    (weighted_total(a, b), "the weighted total of ($5, 2%)"),
    (count_of(a), "the count of ($5)"),
    (negated(a > b), "not ($5 > 2%)"),
    (step(a, b), "step ($5, 2%)"),
    (rounded(a, 2, "half_up"), "rounded ($5, 2, half_up)"),
    ((a + b) / 12, "($5 + 2%) / 12"),
    (when(a < 0, 0 - b, b) * c, "(0 \N{MINUS SIGN} 2% if $5 < 0, else 2%) × $7"),
    (c - when(a < 0, 1, 2), "$7 \N{MINUS SIGN} (1 if $5 < 0, else 2)"),
    (a * ratio(b, c, 0), "$5 × (2% / $7 (0 if divided by 0))"),
    (ratio(a, b, 0) >= c, "($5 / 2% (0 if divided by 0)) ≥ $7"),
    (lower_of(when(a > b, 1, 2), ratio(a, b, 0)), "the lower of ((1 if $5 > 2%, else 2), $5 / 2% (0 if divided by 0))"),
    (when(a > b, 1, when(a < c, 2, 3)), "1 if $5 > 2%, else 2 if $5 < $7, else 3"),
    (ratio(when(a > b, 1, 2), c, 0), "(1 if $5 > 2%, else 2) / $7 (0 if divided by 0)"),
]


@pytest.mark.parametrize("tree, text", READERS, ids=[text for _, text in READERS])
def test_reader_text(tree: Symbol, text: str) -> None:
    assert reader_text(tree, {"a": "$5", "b": "2%", "c": "$7"}) == text


CELLS = {"a": "p4v.a", "b": "p4v.b", "c": "p4v.c", "d": "p4v.d"}
SHEET = [
    (when(a >= b * c, a, 0), "IF(ROUND(p4v.a-p4v.b*p4v.c,6)>=0,p4v.a,0)"),
    (when(a > b + c, a, 0), "IF(ROUND(p4v.a-(p4v.b+p4v.c),6)>0,p4v.a,0)"),
    (when(a == 1, b, c), "IF(ROUND(p4v.a-1,6)=0,p4v.b,p4v.c)"),
    (when(a > 0, b, c), "IF(ROUND(p4v.a,6)>0,p4v.b,p4v.c)"),
    (when(a <= b - c, 1, 0), "IF(ROUND(p4v.a-(p4v.b-p4v.c),6)<=0,1,0)"),
    (when(a, b, c), "IF(p4v.a,p4v.b,p4v.c)"),
    (when(negated((a > b) | (c < d)), 1, 0), "IF(NOT(OR(ROUND(p4v.a-p4v.b,6)>0,ROUND(p4v.c-p4v.d,6)<0)),1,0)"),
    ((a > b) & (c > d), "IF(AND(ROUND(p4v.a-p4v.b,6)>0,ROUND(p4v.c-p4v.d,6)>0),1,0)"),
    (negated(a), "IF(NOT(p4v.a),1,0)"),
    (a > b, "IF(ROUND(p4v.a-p4v.b,6)>0,1,0)"),
    (lower_of(a, b, 3), "MIN(p4v.a,p4v.b,3)"),
    (higher_of(0 - a, b), "MAX(0-p4v.a,p4v.b)"),
    (size(a - b), "ABS(p4v.a-p4v.b)"),
    (ratio(a, b + c, 0), "IF(ROUND(p4v.b+p4v.c,9)=0,0,p4v.a/(p4v.b+p4v.c))"),
    (rounded(a, 2, "half_up"), "ROUND(ROUND(p4v.a,6),2)"),
    (rounded(a, 4, "down"), "ROUNDDOWN(ROUND(p4v.a,8),4)"),
    (rounded(a, 0, "up"), "ROUNDUP(ROUND(p4v.a,6),0)"),
    (total(Name("l")), "SUM(Lists!$A$1:$A$3)"),
    (weighted_total(Name("l"), Name("l")), "SUMPRODUCT(Lists!$A$1:$A$3,Lists!$A$1:$A$3)"),
    (count_of(Name("l")), 'COUNTIF(Lists!$A$1:$A$3,"<>0")'),
    (step(a, Name("t")), "INDEX(Lists!$C$1:$C$2,MATCH(ROUND(p4v.a,9),Lists!$B$1:$B$2,1))"),
    (
        bands(a, Name("t")),
        "IF(ROUND(p4v.a,9)<0,NA(),SUMPRODUCT((p4v.a>Lists!$B$1:$B$2)*(p4v.a-Lists!$B$1:$B$2)*Lists!$D$1:$D$2))",
    ),
]
BLOCKS = {
    "l": Block(values="Lists!$A$1:$A$3", rows=3),
    "t": Block(values="Lists!$C$1:$C$2", xs="Lists!$B$1:$B$2", rises="Lists!$D$1:$D$2", rows=2),
}


@pytest.mark.parametrize("tree, formula", SHEET, ids=[formula for _, formula in SHEET])
def test_spreadsheet_formula(tree: Symbol, formula: str) -> None:
    assert spreadsheet_formula(tree, CELLS, BLOCKS) == formula


def test_half_even_in_a_spreadsheet_halves_and_doubles_at_a_tie() -> None:
    assert rounded_cell("x", 2, "half_even") == (
        "IF(ABS(ROUND(ROUND(x,6)*100,4)-TRUNC(ROUND(ROUND(x,6)*100,4)))=0.5,"
        "2*ROUND(ROUND(ROUND(x,6)*100,4)/2,0)/100,ROUND(ROUND(x,6),2))"
    )
    with pytest.raises(ValueError, match="no rounding rule: nearest"):
        rounded_cell("x", 2, "nearest")


class TestRefusals:
    def test_truth_order_and_iteration(self) -> None:
        with pytest.raises(TypeError, match="use when"):
            bool(a > b)
        with pytest.raises(TypeError, match="use when"):
            a if a else b
        with pytest.raises(TypeError, match="use when"):
            max(a, b)
        with pytest.raises(TypeError, match="use when"):
            (a < b) and (b < c)
        with pytest.raises(TypeError, match="cannot walk"):
            sum(a)
        with pytest.raises(TypeError, match="negated"):
            a != b

    def test_conditions_are_not_calculated_with(self) -> None:
        for wrong in (lambda: (a > b) + 1, lambda: 2 * (a > b), lambda: (a > b) > c, lambda: negated(a) - 1):
            with pytest.raises(TypeError, match="a condition is chosen by or counted"):
                wrong()

    def test_conditions_alone_are_joined(self) -> None:
        for wrong in (lambda: (a > b) & c, lambda: c | (a > b), lambda: a & b, lambda: True & (a > b)):
            with pytest.raises(TypeError, match="join comparisons|names and whole numbers"):
                wrong()

    def test_only_whole_numbers_stand_in_an_expression(self) -> None:
        for wrong in (lambda: a * 0.5, lambda: a + True, lambda: "x" + a, lambda: when(a > b, 0.5, 1)):
            with pytest.raises(TypeError, match="names and whole numbers, not"):
                wrong()

    def test_a_numpy_scalar_does_not_swallow_a_symbol(self) -> None:
        for wrong in (lambda: np.float64(2) * a, lambda: np.ones(2) + a):
            with pytest.raises(TypeError, match="names and whole numbers|unsupported operand"):
                wrong()

    def test_a_list_is_a_name_in_a_spreadsheet(self) -> None:
        for tree in (total(a + b), step(a, b + c)):
            with pytest.raises(TypeError, match="one name of an expression"):
                spreadsheet_formula(tree, CELLS, BLOCKS)

    def test_text_that_is_no_expression(self) -> None:
        for text in (
            "a if b else c",
            "a.b",
            "f(a)",
            "a ** b",
            "a and b",
            "1.5",
            "a < b < c",
            "a !=b",
            "size(x=a)",
            "(",
        ):
            with pytest.raises(ValueError, match="not (an|part of an) expression"):
                parsed(text)

    def test_words_and_bare_symbols_have_no_spreadsheet_formula(self) -> None:
        for tree in (Word("half_up"), Symbol()):
            with pytest.raises(TypeError, match="no spreadsheet formula"):
                spreadsheet_formula(tree, CELLS, BLOCKS)
        for printing in (expression_text, lambda tree: reader_text(tree, {})):
            with pytest.raises(TypeError, match="no expression"):
                printing(Symbol())

    def test_the_rounding_of_an_expression_is_fixed(self) -> None:
        with pytest.raises(TypeError, match="fixed by the contract"):
            spreadsheet_formula(parsed("rounded(a, b, half_up)"), CELLS, BLOCKS)

    def test_parts_and_interpolation_name_their_blocks(self) -> None:
        part = spreadsheet_formula(footed(a, Name("l"), 1), CELLS, BLOCKS)
        assert "TRUNC(ROUND(Lists!$A$1:$A$3*100,4))" in part
        share = spreadsheet_formula(allocated(a, Name("l"), 1), CELLS, BLOCKS)
        assert "(p4v.a*Lists!$A$1:$A$3/SUM(Lists!$A$1:$A$3))" in share
        assert spreadsheet_formula(interpolated(a, Name("t")), CELLS, BLOCKS).startswith("IF(ROUND(p4v.a,9)<=INDEX(")
