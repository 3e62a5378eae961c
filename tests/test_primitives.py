"""Every vector of the primitives in all three readings: fractions, arrays, and symbols (text and workbook)."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluator import ExpressionError, evaluate
from p4v.expressions import expression_text
from p4v.primitives import (
    PRIMITIVES,
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
from p4v.symbols import Name, Symbol
from p4v.units import Table
from spreadsheet import by_formulas, cells_of, write_poisoned
from vectors import REFUSED, VECTORS, as_document, exact_inputs

# Each vector written once as a formula, by hand: this is what a contract's author writes.
FORMULAS: dict[str, Any] = {
    "when(a >= b, a, 0)": lambda a, b: when(a >= b, a, 0),
    "when(a > b, a, 0)": lambda a, b: when(a > b, a, 0),
    "when((a > b) | (a == b), 7, 8)": lambda a, b: when((a > b) | (a == b), 7, 8),
    "when(negated((a > b) & (b > 0)), 1, 0)": lambda a, b: when(negated((a > b) & (b > 0)), 1, 0),
    "lower_of(a, b, 3)": lambda a, b: lower_of(a, b, 3),
    "higher_of(0 - a, b)": lambda a, b: higher_of(-a, b),
    "size(a - b)": lambda a, b: size(a - b),
    "ratio(n, d, 0)": lambda n, d: ratio(n, d, 0),
    "ratio(n, d, z)": lambda n, d, z: ratio(n, d, z),
    "total(x)": lambda x: total(x),
    "weighted_total(points, weights)": lambda points, weights: weighted_total(points, weights),
    "count_of(met)": lambda met: count_of(met),
    "step(x, t)": lambda x, t: step(x, t),
    "interpolated(n, t)": lambda n, t: interpolated(n, t),
    "bands(x, t)": lambda x, t: bands(x, t),
    "rounded(x, 2, half_up)": lambda x: rounded(x, 2, "half_up"),
    "rounded(x, 2, half_even)": lambda x: rounded(x, 2, "half_even"),
    "rounded(x, 2, down)": lambda x: rounded(x, 2, "down"),
    "rounded(x, 2, up)": lambda x: rounded(x, 2, "up"),
    "rounded(x, 0, half_up)": lambda x: rounded(x, 0, "half_up"),
    "allocated(total, weights, 0)": lambda total, weights: allocated(total, weights, 0),
    "allocated(total, weights, 2)": lambda total, weights: allocated(total, weights, 2),
    "footed(total, parts, 1)": lambda total, parts: footed(total, parts, 1),
    "footed(total, parts, 2)": lambda total, parts: footed(total, parts, 2),
    "footed(total, parts, 3)": lambda total, parts: footed(total, parts, 3),
}
IDS = [f"{number}: {vector['expression']}" for number, vector in enumerate(VECTORS)]


def test_every_vector_has_a_formula_and_every_primitive_a_vector() -> None:
    assert {vector["expression"] for vector in VECTORS} == set(FORMULAS)
    for primitive in PRIMITIVES:
        assert any(f"{primitive.__name__}(" in vector["expression"] for vector in VECTORS), primitive.__name__


def as_tables(inputs: dict[str, Any], make: Any) -> dict[str, Any]:
    return {
        name: Table.of_pairs(given) if isinstance(given, list) and isinstance(given[0], tuple) else make(given)
        for name, given in inputs.items()
    }


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_exact_reading(vector: dict[str, Any]) -> None:
    result = FORMULAS[vector["expression"]](**as_tables(exact_inputs(vector), lambda given: given))
    assert type(result) is Fraction
    assert result == Fraction(vector["exact"])


@pytest.mark.parametrize("shape", ["scalar", "three scenarios"])
@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_array_reading(vector: dict[str, Any], shape: str) -> None:
    def array(given: Any) -> Any:
        if isinstance(given, list):
            return [array(item) for item in given]
        return np.asarray(given, dtype="f8") if shape == "scalar" else np.full(3, given, dtype="f8")

    inputs = as_tables(exact_inputs(vector), array)
    for name, given in inputs.items():
        if isinstance(given, Table):
            inputs[name] = Table(np.asarray(given.xs, dtype="f8"), np.asarray(given.ys, dtype="f8"))
    result = FORMULAS[vector["expression"]](**inputs)
    expected = np.asarray(Fraction(vector["exact"]), dtype="f8")
    assert result.shape == (() if shape == "scalar" else (3,))
    # Binary fractions: the array reading is an estimate to 1e-9, relative.
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_symbol_reading_prints_the_expression_and_it_evaluates(vector: dict[str, Any]) -> None:
    tree = FORMULAS[vector["expression"]](**{name: Name(name) for name in vector["inputs"]})
    assert isinstance(tree, Symbol)
    text = expression_text(tree)
    assert text == vector["expression"]
    assert evaluate(text, exact_inputs(vector)) == Fraction(vector["exact"])
    assert expression_text(parsed(text)) == text


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_workbook_reading(vector: dict[str, Any], tmp_path: Path) -> None:
    document = as_document(vector, vector["exact"])
    book = tmp_path / "vector.xlsx"
    assert write_poisoned(document, book) >= 1
    computed = by_formulas(book)[cells_of(document, book)["result"]]
    # A spreadsheet calculates in binary: equal to twelve digits.
    assert abs(float(computed) - float(Fraction(vector["exact"]))) <= 1e-12 * max(1.0, abs(float(computed)))


@pytest.mark.parametrize("vector", REFUSED, ids=[vector["because"] for vector in REFUSED])
def test_outside_the_domain_is_an_error_in_every_reading(vector: dict[str, Any], tmp_path: Path) -> None:
    formula = FORMULAS[vector["expression"]]
    inputs = exact_inputs(vector)
    with pytest.raises(ValueError, match="."):
        formula(**as_tables(inputs, lambda given: given))
    arrays = as_tables(inputs, lambda given: [np.full(2, item) for item in given] if isinstance(given, list) else given)
    arrays = {
        name: np.full(2, given, dtype="f8") if isinstance(given, Fraction) else given for name, given in arrays.items()
    }
    arrays = {
        name: Table(np.asarray(given.xs, dtype="f8"), np.asarray(given.ys, dtype="f8"))
        if isinstance(given, Table)
        else [np.asarray(item, dtype="f8") for item in given]
        if isinstance(given, list)
        else given
        for name, given in arrays.items()
    }
    with pytest.raises(ValueError, match="."):
        formula(**arrays)
    with pytest.raises(ExpressionError):
        evaluate(vector["expression"], inputs)
    document = as_document(vector, "0")
    book = tmp_path / "refused.xlsx"
    write_poisoned(document, book)
    computed = by_formulas(book)[cells_of(document, book)["result"]]
    assert not isinstance(computed, (int, float)) or np.isnan(computed), computed


class TestArguments:
    def test_floats_are_refused_in_the_exact_reading(self) -> None:
        for primitive, arguments in ((size, (0.5,)), (when, (True, 0.5, 1)), (total, ([0.5],)), (lower_of, (1, 0.5))):
            with pytest.raises(TypeError, match="fractions and whole numbers, not float"):
                primitive(*arguments)

    def test_fractions_are_refused_in_the_array_reading(self) -> None:
        with pytest.raises(TypeError, match="arrays and whole numbers, not Fraction"):
            lower_of(np.full(2, 1.0), Fraction(1, 2))

    def test_whole_numbers_give_fractions(self) -> None:
        for result in (when(True, 1, 2), lower_of(1, 2), higher_of(1, 2), size(-1), ratio(1, 2, 0), count_of([True])):
            assert type(result) is Fraction

    def test_lists_of_two_lengths_are_refused(self) -> None:
        one, two = [Fraction(1)], [Fraction(1), Fraction(2)]
        with pytest.raises(ValueError, match="zip"):
            weighted_total(one, two)
        with pytest.raises(ValueError, match="zip"):
            weighted_total([np.ones(2)], [np.ones(2), np.ones(2)])

    def test_a_list_of_symbols_is_refused(self) -> None:
        with pytest.raises(TypeError, match="one name of an expression"):
            total([Name("a"), Name("b")])

    def test_an_unknown_rounding_rule_is_refused(self) -> None:
        for figure in (Fraction(1), np.ones(1), Name("x")):
            with pytest.raises(ValueError, match="'nearest' is not a valid Rule"):
                rounded(figure, 2, "nearest")

    def test_both_sides_are_evaluated_and_any_number_but_zero_is_true(self) -> None:
        assert when(Fraction(-3), 1, 2) == 1
        assert when(Fraction(0), 1, 2) == 2
        assert when(np.array([-3.0, 0.0]), 1, 2).tolist() == [1.0, 2.0]
        assert negated(Fraction(5)) is False
        assert negated(Fraction(0)) is True
        assert negated(np.array([5.0, 0.0])).tolist() == [False, True]
        assert count_of([np.array([1.0, 0.0]), np.array([True, True])]).tolist() == [2.0, 1.0]

    def test_the_lowest_and_highest_of_many(self) -> None:
        assert lower_of(Fraction(3), Fraction(2), Fraction(1)) == 1
        assert higher_of(Fraction(1), Fraction(3), Fraction(2)) == 3
        arrays = np.array([3.0, 1.0]), np.array([2.0, 2.0]), np.array([1.0, 3.0])
        assert lower_of(*arrays).tolist() == [1.0, 1.0]
        assert higher_of(*arrays).tolist() == [3.0, 3.0]

    def test_arrays_where_some_are_divided_by_zero(self) -> None:
        quotients = ratio(np.array([1.0, 1.0]), np.array([4.0, 0.0]), np.array([7.0, 7.0]))
        assert quotients.tolist() == [0.25, 7.0]

    def test_tables_in_arrays_at_and_around_their_bounds(self) -> None:
        table = Table(np.array([0.0, 1.0, 3.0]), np.array([0.5, 0.25, 0.125]))
        x = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 5.0])
        assert step(x, table).tolist() == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
        assert interpolated(x, table).tolist() == [0.5, 0.375, 0.25, 0.1875, 0.125, 0.125]
        assert bands(x, table).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]

    def test_tables_in_fractions_at_and_around_their_bounds(self) -> None:
        table = Table.of_pairs(
            [(Fraction(0), Fraction(1, 2)), (Fraction(1), Fraction(1, 4)), (Fraction(3), Fraction(1, 8))]
        )
        x = [Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(3), Fraction(5)]
        assert [step(each, table) for each in x] == [Fraction(n, 8) for n in (4, 4, 2, 2, 1, 1)]
        assert [interpolated(each, table) for each in x] == [Fraction(n, 16) for n in (8, 6, 4, 3, 2, 2)]
        assert interpolated(Fraction(-1), table) == Fraction(1, 2)
        assert [bands(each, table) for each in x] == [Fraction(n, 4) for n in (0, 1, 2, 3, 4, 5)]
