"""Rounding, splitting and printing of money, against figures worked by hand."""

from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest

from p4v.money import (
    SHOWN_PLACES,
    Rounding,
    Rule,
    allocated_array,
    allocated_exact,
    decimal_text,
    footed_array,
    footed_exact,
    fraction_text,
    rounded_array,
    rounded_exact,
)

F = Fraction

# value, places: half_up, half_even, down, up
ROUNDED = [
    ("0", 2, "0", "0", "0", "0"),
    ("7", 2, "7", "7", "7", "7"),
    ("0.12", 2, "0.12", "0.12", "0.12", "0.12"),
    ("0.124999999999", 2, "0.12", "0.12", "0.12", "0.13"),
    ("0.125", 2, "0.13", "0.12", "0.12", "0.13"),
    ("0.125000000001", 2, "0.13", "0.13", "0.12", "0.13"),
    ("0.134999999999", 2, "0.13", "0.13", "0.13", "0.14"),
    ("0.135", 2, "0.14", "0.14", "0.13", "0.14"),
    ("0.135000000001", 2, "0.14", "0.14", "0.13", "0.14"),
    ("0.004999", 2, "0", "0", "0", "0.01"),
    ("0.005", 2, "0.01", "0", "0", "0.01"),
    ("0.005001", 2, "0.01", "0.01", "0", "0.01"),
    ("0.000000001", 2, "0", "0", "0", "0.01"),
    ("0.995", 2, "1", "1", "0.99", "1"),
    ("9.999", 2, "10", "10", "9.99", "10"),
    ("1/3", 2, "0.33", "0.33", "0.33", "0.34"),
    ("2/3", 2, "0.67", "0.67", "0.66", "0.67"),
    ("123456789012345.675", 2, "123456789012345.68", "123456789012345.68", "123456789012345.67", "123456789012345.68"),
    ("123456789012345.665", 2, "123456789012345.67", "123456789012345.66", "123456789012345.66", "123456789012345.67"),
    ("0.4", 0, "0", "0", "0", "1"),
    ("0.5", 0, "1", "0", "0", "1"),
    ("0.6", 0, "1", "1", "0", "1"),
    ("1.5", 0, "2", "2", "1", "2"),
    ("2.5", 0, "3", "2", "2", "3"),
    ("3", 0, "3", "3", "3", "3"),
    ("0.0000004", 6, "0", "0", "0", "0.000001"),
    ("0.0000005", 6, "0.000001", "0", "0", "0.000001"),
    ("0.0000015", 6, "0.000002", "0.000002", "0.000001", "0.000002"),
    ("0.1234564", 6, "0.123456", "0.123456", "0.123456", "0.123457"),
    ("0.1234565", 6, "0.123457", "0.123456", "0.123456", "0.123457"),
    ("0.1234575", 6, "0.123458", "0.123458", "0.123457", "0.123458"),
]
RULES = ("half_up", "half_even", "down", "up")
CASES = [
    (sign * F(row[0]), row[1], rule, sign * F(row[2 + place]))
    for row in ROUNDED
    for place, rule in enumerate(RULES)
    for sign in (1, -1)
]


@pytest.mark.parametrize(("amount", "places", "rule", "expected"), CASES)
def test_rounded(amount: Fraction, places: int, rule: str, expected: Fraction) -> None:
    found = rounded_exact(amount, places, rule)
    assert (found, type(found)) == (expected, Fraction)


def test_rules_and_places_have_their_words() -> None:
    assert [str(rule) for rule in Rule] == ["half_up", "half_even", "down", "up"]
    assert SHOWN_PLACES == 12
    assert Rounding(2, Rule("half_up")) == Rounding(places=2, rule=Rule.HALF_UP)
    with pytest.raises(FrozenInstanceError):
        Rounding(2, Rule.HALF_UP).places = 3  # type: ignore[misc]


@pytest.mark.parametrize("rule", ["nearest", "", "HALF_UP"])
def test_unknown_rules_are_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="is not a valid Rule"):
        rounded_exact(F(1), 2, rule)
    with pytest.raises(ValueError, match="is not a valid Rule"):
        rounded_array(np.ones(1), 2, rule)


# Off ties, and ties that float64 holds exactly: value, places, half_up, half_even, down, up.
ROUNDED_ARRAYS = [
    (0.0, 2, 0.0, 0.0, 0.0, 0.0),
    (0.5, 2, 0.5, 0.5, 0.5, 0.5),
    (0.121, 2, 0.12, 0.12, 0.12, 0.13),
    (0.129, 2, 0.13, 0.13, 0.12, 0.13),
    (0.125, 2, 0.13, 0.12, 0.12, 0.13),
    (0.375, 2, 0.38, 0.38, 0.37, 0.38),
    (1234567.891, 2, 1234567.89, 1234567.89, 1234567.89, 1234567.9),
    (0.5, 0, 1.0, 0.0, 0.0, 1.0),
    (1.5, 0, 2.0, 2.0, 1.0, 2.0),
    (2.5, 0, 3.0, 2.0, 2.0, 3.0),
    (2.4, 0, 2.0, 2.0, 2.0, 3.0),
    (0.1234561, 6, 0.123456, 0.123456, 0.123456, 0.123457),
    (0.1234569, 6, 0.123457, 0.123457, 0.123456, 0.123457),
]


@pytest.mark.parametrize(("place", "rule"), list(enumerate(RULES)))
@pytest.mark.parametrize("places", [0, 2, 6])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_rounded_arrays(place: int, rule: str, places: int, sign: float) -> None:
    rows = [row for row in ROUNDED_ARRAYS if row[1] == places]
    values = sign * np.array([row[0] for row in rows])
    expected = [sign * row[2 + place] for row in rows]
    found = rounded_array(values, places, rule)
    assert found.tolist() == pytest.approx(expected, rel=1e-15, abs=0)
    assert found.dtype == np.float64
    exactly = [float(rounded_exact(F(repr(float(amount))), places, rule)) for amount in values]
    assert found.tolist() == pytest.approx(exactly, rel=1e-15, abs=0)


def test_rounded_arrays_keep_the_sign_of_zero_and_the_values_given() -> None:
    values = np.array([-0.001, 0.001])
    assert np.signbit(rounded_array(values, 2, "half_up")).tolist() == [True, False]
    assert values.tolist() == [-0.001, 0.001]


# total, parts, the parts in cents
FOOTED = [
    ("1", ["1/3", "1/3", "1/3"], ["0.34", "0.33", "0.33"]),
    ("-1", ["-1/3", "-1/3", "-1/3"], ["-0.34", "-0.33", "-0.33"]),
    ("1", ["1/3", "2/3"], ["0.33", "0.67"]),
    ("1", ["2/3", "1/3"], ["0.67", "0.33"]),
    ("-1", ["-1/3", "-2/3"], ["-0.33", "-0.67"]),
    ("2", ["2/3", "2/3", "2/3"], ["0.67", "0.67", "0.66"]),
    ("1", ["1"], ["1"]),
    ("0", ["0", "0"], ["0", "0"]),
    ("0", [], []),
    ("0", ["1000.005", "-1000.005"], ["1000", "-1000"]),
    ("0.01", ["0.005"], ["0.01"]),
    ("-0.01", ["-0.005"], ["-0.01"]),
    ("0.01", ["0.006", "-0.001"], ["0.01", "0"]),
    ("-0.01", ["0.001", "-0.006"], ["0", "-0.01"]),
    ("0", ["0.004", "0.0009"], ["0", "0"]),
    ("1.25", ["0.75", "0.5"], ["0.75", "0.5"]),
    ("0.29", ["0.19", "0.1"], ["0.19", "0.1"]),
    ("1.15", ["0.29", "0.86"], ["0.29", "0.86"]),
    ("10.01", ["3.333", "3.334", "3.343"], ["3.33", "3.34", "3.34"]),
    ("10.02", ["3.336", "3.334", "3.345"], ["3.34", "3.33", "3.35"]),
    ("138", ["3487/6", "3886", "-15142/3", "4309/6"], ["581.17", "3886", "-5047.33", "718.16"]),
    ("-138", ["-3487/6", "-3886", "15142/3", "-4309/6"], ["-581.17", "-3886", "5047.33", "-718.16"]),
    ("0.02", ["0.004", "0.008", "-0.002", "0.007"], ["0", "0.01", "0", "0.01"]),
    ("-0.02", ["-0.004", "-0.008", "0.002", "-0.007"], ["0", "-0.01", "0", "-0.01"]),
    ("0.01", ["-0.019", "0.029"], ["-0.01", "0.02"]),
    ("0.02", ["0", "0"], ["0.01", "0.01"]),
    ("-0.02", ["0", "0"], ["-0.01", "-0.01"]),
    (
        "5000000",
        ["15000000.004", "-7500000.002", "-2499999.997", "-0.005"],
        ["15000000", "-7500000", "-2500000", "0"],
    ),
]


@pytest.mark.parametrize(("total", "parts", "expected"), FOOTED)
def test_footed(total: str, parts: list[str], expected: list[str]) -> None:
    found = footed_exact(F(total), [F(part) for part in parts])
    assert found == tuple(F(part) for part in expected)
    assert sum(found) == F(total)


@pytest.mark.parametrize(("total", "parts", "expected"), [row for row in FOOTED if row[1]])
def test_footed_arrays(total: str, parts: list[str], expected: list[str]) -> None:
    arrays = [np.array([float(F(part)), 0.0]) for part in parts]
    found = [footed_array(np.array([float(F(total)), 0.0]), arrays, i) for i in range(len(arrays))]
    assert [part[0] for part in found] == pytest.approx([float(F(part)) for part in expected], rel=1e-12, abs=1e-9)
    assert [part[1] for part in found] == [0.0] * len(parts)


def test_footed_arrays_asked_for_again_and_of_other_figures() -> None:
    total, one, two, three = (np.array([amount]) for amount in (1.0, 0.333, 0.667, 0.0))
    asked = [(total, [one, two]), (total, [one, two]), (total, [two, one]), (total, [one, two, three])]
    asked += [(total, [one, two]), (np.array([1.01]), [one, two]), (total, [one, two])]
    found = [[float(footed_array(whole, parts, i)[0]) for i in range(len(parts))] for whole, parts in asked]
    again = [0.33, 0.67]
    assert found == [again, again, [0.67, 0.33], [0.33, 0.67, 0.0], again, [0.34, 0.67], again]


def test_footed_takes_a_list_or_a_tuple() -> None:
    assert footed_exact(F(1), (F(1, 2), F(1, 2))) == footed_exact(F(1), [F(1, 2), F(1, 2)]) == (F(1, 2), F(1, 2))


@pytest.mark.parametrize("total", ["0.001", "0.005", "-0.005", "1/3", "100.0000001", "-0.019"])
def test_a_total_that_is_not_whole_cents_is_refused(total: str) -> None:
    with pytest.raises(ValueError, match="^only a total in whole cents can be footed$"):
        footed_exact(F(total), [F(total)])
    with pytest.raises(ValueError, match="^only a total in whole cents can be footed$"):
        allocated_exact(F(total), [F(1)])


@pytest.mark.parametrize(
    ("total", "parts"),
    [("0.03", ["0", "0"]), ("-0.03", ["0", "0"]), ("1", ["0.5"]), ("0.02", ["0"]), ("-0.02", ["0"]), ("0", ["5"])],
)
def test_more_missing_than_parts_is_refused(total: str, parts: list[str]) -> None:
    with pytest.raises(ValueError, match="^the parts do not add up to the total but for rounding$"):
        footed_exact(F(total), [F(part) for part in parts])
    with pytest.raises(ValueError, match="^the parts do not add up to the total but for rounding$"):
        footed_array(np.array([0.0, float(F(total))]), [np.array([0.0, float(F(part))]) for part in parts], 0)


def test_a_total_without_parts_is_refused_unless_it_is_0() -> None:
    with pytest.raises(ValueError, match="^the parts do not add up to the total but for rounding$"):
        footed_exact(F(1, 100), [])


# total, weights, the parts
ALLOCATED = [
    ("100", ["1", "1", "1"], ["33.34", "33.33", "33.33"]),
    ("-100", ["1", "1", "1"], ["-33.34", "-33.33", "-33.33"]),
    ("0.01", ["1", "1"], ["0.01", "0"]),
    ("-0.01", ["1", "1"], ["-0.01", "0"]),
    ("0.05", ["1", "1", "1"], ["0.02", "0.02", "0.01"]),
    ("0.05", ["1", "2", "1"], ["0.01", "0.03", "0.01"]),
    ("10", ["0", "3", "1"], ["0", "7.5", "2.5"]),
    ("1000", ["0.5", "0.3", "0.2"], ["500", "300", "200"]),
    ("1", ["1/7", "2/7", "4/7"], ["0.14", "0.29", "0.57"]),
    ("0", ["1", "2"], ["0", "0"]),
    ("12.34", ["5"], ["12.34"]),
    ("10", ["-1", "3"], ["-5", "15"]),
    ("10", ["-2", "-3"], ["4", "6"]),
]


@pytest.mark.parametrize(("total", "weights", "expected"), ALLOCATED)
def test_allocated(total: str, weights: list[str], expected: list[str]) -> None:
    found = allocated_exact(F(total), [F(weight) for weight in weights])
    assert found == tuple(F(part) for part in expected)


@pytest.mark.parametrize(("total", "weights", "expected"), ALLOCATED)
def test_allocated_arrays(total: str, weights: list[str], expected: list[str]) -> None:
    arrays = [np.array([float(F(weight)), 1.0]) for weight in weights]
    whole = np.array([float(F(total)), float(len(weights))])
    found = [allocated_array(whole, arrays, i) for i in range(len(arrays))]
    assert [part[0] for part in found] == pytest.approx([float(F(part)) for part in expected], rel=1e-12, abs=1e-9)
    assert [part[1] for part in found] == [1.0] * len(weights)


@pytest.mark.parametrize("weights", [["0"], ["0", "0"], ["1", "-1"], []])
def test_weights_that_sum_to_0_are_refused(weights: list[str]) -> None:
    with pytest.raises(ValueError, match="^weights that sum to 0 split nothing$"):
        allocated_exact(F(1), [F(weight) for weight in weights])


@pytest.mark.parametrize("weights", [[[0.0, 0.0]], [[1.0, 1.0], [1.0, -1.0]], [[0.0, 0.0], [1.0, 0.0]]])
def test_weights_that_sum_to_0_in_one_scenario_are_refused(weights: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="^weights that sum to 0 split nothing$"):
        allocated_array(np.ones(2), [np.array(weight) for weight in weights], 0)


# value, places, text
SHOWN: list[tuple[str, int | None, str]] = [
    ("0", None, "0"),
    ("-0", None, "0"),
    ("5", None, "5"),
    ("-5", None, "-5"),
    ("10", None, "10"),
    ("1000000", None, "1000000"),
    ("100.10", None, "100.1"),
    ("1/8", None, "0.125"),
    ("-1/8", None, "-0.125"),
    ("0.5", None, "0.5"),
    ("0.05", None, "0.05"),
    ("-0.05", None, "-0.05"),
    ("12.000000000001", None, "12.000000000001"),
    ("0.000000000001", None, "0.000000000001"),
    ("0.123456789012", None, "0.123456789012"),
    ("1/3", None, "0.333333333333"),
    ("2/3", None, "0.666666666667"),
    ("-2/3", None, "-0.666666666667"),
    ("100/3", None, "33.333333333333"),
    ("0.0000000000005", None, "0"),
    ("-0.0000000000005", None, "0"),
    ("-0.0000000000004", None, "0"),
    ("0.0000000000015", None, "0.000000000002"),
    ("0.0000000000025", None, "0.000000000002"),
    ("-0.0000000000025", None, "-0.000000000002"),
    ("0.0000000000025000001", None, "0.000000000003"),
    ("1.1234567890125", None, "1.123456789012"),
    ("1.1234567890135", None, "1.123456789014"),
    ("0.9999999999996", None, "1"),
    ("14397/499900", None, "0.028799759952"),
    ("0", 2, "0.00"),
    ("5", 2, "5.00"),
    ("-5", 2, "-5.00"),
    ("0.01", 2, "0.01"),
    ("-0.01", 2, "-0.01"),
    ("0.1", 2, "0.10"),
    ("123456.7", 2, "123456.70"),
    ("0.125", 2, "0.12"),
    ("0.135", 2, "0.14"),
    ("-0.001", 2, "0.00"),
    ("1/3", 4, "0.3333"),
    ("20", 0, "20"),
    ("0", 0, "0"),
    ("-20", 0, "-20"),
    ("2.5", 0, "2"),
    ("1.5", 6, "1.500000"),
    ("0.5", 12, "0.500000000000"),
]


@pytest.mark.parametrize(("amount", "places", "expected"), SHOWN)
def test_decimal_text(amount: str, places: int | None, expected: str) -> None:
    assert decimal_text(F(amount), places) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (F(0), "0"),
        (F(5), "5"),
        (F(-5), "-5"),
        (F(10, 4), "5/2"),
        (F(-1, 3), "-1/3"),
        (F("0.05"), "1/20"),
        (F(14397, 499900), "14397/499900"),
    ],
)
def test_fraction_text(amount: Fraction, expected: str) -> None:
    assert fraction_text(amount) == expected
