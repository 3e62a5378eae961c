"""The one reader of numbers: what is a number, what is not, and how the fault is named."""

import subprocess
import sys
from fractions import Fraction

import pytest

from p4v.numbers import FIGURE_DECIMALS, TERM_DECIMALS, NumberFault, read_number, read_percent


@pytest.mark.parametrize(
    "text, decimals, number",
    [
        ("0", 6, 0),
        ("-0", 6, 0),
        ("-0.00", 6, 0),
        ("007", 6, 7),
        ("5", 0, 5),
        ("412.34", 6, Fraction(41234, 100)),
        ("-412.34", 6, Fraction(-41234, 100)),
        ("-0.5", 6, Fraction(-1, 2)),
        ("1.50", 2, Fraction(3, 2)),
        ("0.000001", 6, Fraction(1, 10**6)),
        ("1.0625", 4, Fraction(17, 16)),
        ("0.000000000000000001", 18, Fraction(1, 10**18)),
        ("0.30000000000000004", 18, Fraction(30000000000000004, 10**17)),
        ("999999999999999", 6, 999999999999999),
        ("999999999999999.999999", 6, Fraction(999999999999999999999, 10**6)),
    ],
)
def test_number_is_exact(text, decimals, number):
    read = read_number(text, decimals)
    assert isinstance(read, Fraction)
    assert read == number


@pytest.mark.parametrize(
    "text, decimals, found, allowed",
    [
        ("1.5", 0, "1 decimals", "digits, with up to 0 decimals after a point"),
        ("0.0000001", 6, "7 decimals", "digits, with up to 6 decimals after a point"),
        ("1.0000000", 6, "7 decimals", "digits, with up to 6 decimals after a point"),
        ("1.0625000000000000001", 6, "19 decimals", "digits, with up to 6 decimals after a point"),
        ("0.3000000000000000444", 18, "19 decimals", "digits, with up to 18 decimals after a point"),
        ("1000000000000000", 6, "16 digits before the point", "up to 15"),
        ("-0000000000000001", 6, "16 digits before the point", "up to 15"),
    ],
)
def test_too_many_digits_are_a_fault_of_their_own(text, decimals, found, allowed):
    with pytest.raises(NumberFault) as fault:
        read_number(text, decimals)
    assert (fault.value.found, fault.value.allowed, fault.value.digits) == (found, allowed, True)


def test_terms_have_six_decimals_and_figures_eighteen():
    assert (TERM_DECIMALS, FIGURE_DECIMALS) == (6, 18)


NO_NUMBERS = {
    "an empty value": [""],
    "an exponent": ["1e3", "1E3", "-1e3", "+1e3", "1e+3", "1e-3", ".5e1", "4.1234e2", "1e400", "12E05"],
    "a blank in a number": [" 1", "1 ", "1 000", "1\n", "\t1", "\u00a01", "1\u2003", "5 %"],
    "a separator in a number": ["1,000", "1_000", "1'000", "$1,412.34", "1,5"],
    "a currency sign": ["$12.50", "12.50$", "€5", "5€", "£5"],
    "digits of another alphabet": ["٢.٥٠", "５", "1²", "१२"],
    "a % sign": ["5%", "%", "50.5%"],
    "text that is not a number": [
        "inf", ".inf", "-.inf", "nan", ".nan", "+5", "5.00CR", "true", "1.", ".5", "-.5", "-", "--1", "1.2.3", "0x10",
        "0b1", "(5)", "1/2", "1-", "−5", "e3", "1e", "1e3x", "e", ".", "1.e3", "x1e3",
    ],
}  # fmt: skip


@pytest.mark.parametrize("found, text", [(found, text) for found, texts in NO_NUMBERS.items() for text in texts])
def test_other_text_is_no_number(found, text):
    with pytest.raises(NumberFault) as fault:
        read_number(text, 6)
    assert (fault.value.found, fault.value.digits) == (found, False)
    assert fault.value.allowed == "digits, with up to 6 decimals after a point"
    assert str(fault.value) == f"found {found}; allowed digits, with up to 6 decimals after a point"


@pytest.mark.parametrize(
    "text, decimals, share",
    [
        ("0%", 6, 0),
        ("100%", 6, 1),
        ("2%", 6, Fraction(1, 50)),
        ("2.5%", 6, Fraction(1, 40)),
        ("-5%", 6, Fraction(-1, 20)),
        ("0.000001%", 6, Fraction(1, 10**8)),
    ],
)
def test_percent_is_a_share(text, decimals, share):
    read = read_percent(text, decimals)
    assert isinstance(read, Fraction)
    assert read == share


@pytest.mark.parametrize(
    "text, found, allowed, digits",
    [
        ("2", "no % sign", "a number with its sign, such as `2%`", False),
        ("-2.5", "no % sign", "a number with its sign, such as `-2.5%`", False),
        ("", "no % sign", "a share such as `2%`", False),
        ("two", "no % sign", "a share such as `2%`", False),
        (".inf", "no % sign", "a share such as `2%`", False),
        ("2% ", "no % sign", "a share such as `2%`", False),
        ("%", "an empty value", "digits, with up to 6 decimals after a point", False),
        ("2%%", "a % sign", "digits, with up to 6 decimals after a point", False),
        ("2 %", "a blank in a number", "digits, with up to 6 decimals after a point", False),
        ("1e2%", "an exponent", "digits, with up to 6 decimals after a point", False),
        ("0.0000001%", "7 decimals", "digits, with up to 6 decimals after a point", True),
    ],
)
def test_percent_without_its_sign_or_its_number(text, found, allowed, digits):
    with pytest.raises(NumberFault) as fault:
        read_percent(text, 6)
    assert (fault.value.found, fault.value.allowed, fault.value.digits) == (found, allowed, digits)


def test_percent_does_not_repeat_a_text_that_fills_a_page():
    with pytest.raises(NumberFault) as fault:
        read_percent("1" * 50_000, 6)
    assert len(str(fault.value)) < 200


def test_long_text_is_refused_at_once():
    """A file may be 1 MiB, and any of them is read or refused within 5 seconds."""
    program = """
from p4v.numbers import NumberFault, read_number
try:
    read_number("1" * 1_000_000 + "x", 6)
except NumberFault:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=5, check=True)
    assert done.stdout == "refused\n"


@pytest.mark.parametrize(
    "text, allowed",
    [
        ("0.02", "a number with its sign: `2%` if 0.02 is a part of one, or `0.02%`"),
        ("0.025", "a number with its sign: `2.5%` if 0.025 is a part of one, or `0.025%`"),
        ("1", "a number with its sign: `100%` if 1 is a part of one, or `1%`"),
        ("1.01", "a number with its sign, such as `1.01%`"),
        ("60", "a number with its sign, such as `60%`"),
        ("0", "a number with its sign, such as `0%`"),
    ],
)
def test_a_share_without_its_sign_is_told_both_ways_it_could_be_meant(text: str, allowed: str) -> None:
    with pytest.raises(NumberFault) as fault:
        read_percent(text, 6)
    assert fault.value.allowed == allowed
