"""Exact arithmetic on many members at once, against figures worked by hand."""

import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from p4v.kernels.checked import LARGEST, Ints, exact, grouped_totals, largest, same_length, scaled, total, weighted
from p4v.kernels.lag_triangle import Triangle, cumulative_paid, percent_complete
from p4v.kernels.large_claims import Excess, Excluded, excess, excluded
from p4v.kernels.months import months_twice
from p4v.kernels.ranks import annualised_rank, nearest_rank, rank

F = Fraction
CENT = 10**6
"""A cent in the unit of member-years, cents x millionths."""
DOLLAR = 100 * CENT
MONTH = 10**6
YEAR = 12 * MONTH
SMALLEST = -(2**63)


def ints(*values: int) -> Ints:
    return np.array(values, np.int64)


def dollars(*texts: str) -> Ints:
    """Amounts in cents x millionths."""
    return ints(*(int(F(text) * DOLLAR) for text in texts))


def point(text: str) -> Fraction:
    return F(text) * DOLLAR


def months(*counts: int) -> Ints:
    return ints(*(count * MONTH for count in counts))


# Sums and products.


def test_95_000_of_the_largest_amounts_do_not_wrap() -> None:
    amounts = np.full(95_000, 99_999_999_999 * CENT)
    # 999,999,999.99 x 95,000 = 94,999,999,999,050.00, which is 9,499,999,999,905,000 cents.
    expected = 9_499_999_999_905_000 * CENT
    assert expected > 2**63
    assert total(amounts) == expected
    assert grouped_totals(np.zeros(95_000, np.int64), amounts, 1) == [expected]
    assert excess(amounts, months(12).repeat(95_000), amounts, point("0"), None).dollars == expected
    assert scaled(amounts[:1], 10**6).tolist() == [99_999_999_999 * 10**12]


@pytest.mark.parametrize(
    "values, expected",
    [
        ([], 0),
        ([LARGEST], LARGEST),
        ([LARGEST, 1], 2**63),
        ([LARGEST, LARGEST, LARGEST], 3 * LARGEST),
        ([SMALLEST], SMALLEST),
        ([SMALLEST, SMALLEST], 2 * SMALLEST),
        ([SMALLEST, LARGEST], -1),
        ([2**62, 2**62 - 1], LARGEST),
        ([2**62, 2**62], 2**63),
        ([-(2**62), -(2**62), -1], SMALLEST - 1),
        ([2**61] * 7, 7 * 2**61),
    ],
)
def test_sums_at_the_edge_of_int64(values: list[int], expected: int) -> None:
    assert total(ints(*values)) == expected
    assert grouped_totals(np.zeros(len(values), np.int64), ints(*values), 1) == [expected]


def test_sums_of_any_shape_and_of_numbers_that_are_whole_already() -> None:
    assert total(np.arange(6).reshape(2, 3)) == 15
    assert total(np.array([True, False, True])) == 2
    assert total(np.array([100, 100], np.int8)) == 200
    assert total(np.array([2**64 - 1, 1], np.uint64)) == 2**64
    assert total(np.array([2**70, -1], object)) == 2**70 - 1
    assert total(np.arange(10)[::-3]) == 9 + 6 + 3 + 0
    assert type(total(ints(1))) is int
    assert type(total(np.array([True], object))) is int


@pytest.mark.parametrize("values", [[0.5], [1.0], ["1"], [1j]])
def test_only_whole_numbers(values: list[object]) -> None:
    with pytest.raises(TypeError, match="^whole numbers wanted, not (float64|<U1|complex128)$"):
        total(np.array(values))


def test_a_float_among_objects_is_no_sum() -> None:
    with pytest.raises(TypeError):
        total(np.array([1.5], object))


def test_whole_numbers_keep_their_array() -> None:
    values = ints(1, 2)
    assert exact(values) is values
    assert exact(np.array([1], np.int16)).dtype == np.int64
    assert exact([]).dtype == np.int64
    assert exact(np.array([1], np.uint64)).dtype == object
    assert exact(np.array([1], np.uint32)).dtype == np.int64


def test_the_largest_size() -> None:
    assert largest(ints()) == 0
    assert largest(ints(0)) == 0
    assert largest(ints(-1)) == 1
    assert largest(ints(5, -4)) == 5
    assert largest(ints(4, -5)) == 5
    assert largest(ints(SMALLEST)) == 2**63
    assert type(largest(ints(3))) is int


@pytest.mark.parametrize(
    "values, factor, kind",
    [
        ([3, -3], 7, "int64"),
        ([], 2**80, "object"),
        ([], 5, "int64"),
        ([0], 2**63, "object"),
        ([2**62], 1, "int64"),
        ([2**62], 2, "object"),
        ([-(2**62)], 2, "object"),
        ([2**62], -2, "object"),
        ([2**31], 2**32 - 1, "int64"),
        ([2**31], 2**32, "object"),
        ([LARGEST], 1, "int64"),
        ([SMALLEST], 1, "object"),
        ([SMALLEST], -1, "object"),
        ([7], 0, "int64"),
        ([1], LARGEST, "int64"),
        ([1], -LARGEST, "int64"),
        ([1], LARGEST + 1, "object"),
    ],
)
def test_a_product_is_int64_where_it_fits_and_exact_always(values: list[int], factor: int, kind: str) -> None:
    product = scaled(ints(*values), factor)
    assert product.dtype == np.dtype(kind)
    assert product.tolist() == [value * factor for value in values]


@pytest.mark.parametrize(
    "columns, weights, expected, kind",
    [
        ([[1, 2], [3, -4]], [10, 1], [12, 26], "int64"),
        ([[5], [-7]], [1], [5, -7], "int64"),
        ([[5], [-7]], [3], [15, -21], "int64"),
        ([[5], [-7]], [-1], [-5, 7], "int64"),
        ([[2**61, 2**61]], [2, 1], [3 * 2**61], "int64"),
        ([[2**62, 2**62 - 1]], [1, 1], [LARGEST], "int64"),
        ([[2**62, 2**62]], [1, 1], [2**63], "object"),
        ([[2**62, -(2**62)]], [1, 1], [0], "object"),
        ([[10_000_000_000_000, 1]], [10**12, 10**12], [10**25 + 10**12], "object"),
        ([[SMALLEST]], [1], [SMALLEST], "int64"),
        ([[SMALLEST]], [-1], [2**63], "object"),
        ([[7, 9, 11]], [0, 2, 0], [18], "int64"),
    ],
)
def test_weighted_columns_are_exact(
    columns: list[list[int]], weights: list[int], expected: list[int], kind: str
) -> None:
    """A column of weight 1 alone is itself; what may not fit is added as Python's own numbers."""
    found = weighted(np.array(columns, np.int64), weights)
    assert found.tolist() == expected
    assert found.dtype == np.dtype(kind)
    assert found.shape == (len(columns),)


@pytest.mark.parametrize("columns, weights", [([[1, 2]], [1]), ([[1]], [1, 2]), ([[1]], []), ([1, 2], [1, 2])])
def test_as_many_weights_as_columns(columns: list[object], weights: list[int]) -> None:
    shape = re.escape(str(np.array(columns).shape))
    with pytest.raises(ValueError, match=rf"^{len(weights)} columns wanted, not the shape {shape}$"):
        weighted(np.array(columns, np.int64), weights)


def test_no_columns_weigh_nothing() -> None:
    assert weighted(np.zeros((3, 0), np.int64), []).tolist() == [0, 0, 0]


def test_arrays_of_one_length() -> None:
    same_length(ints(1, 2), ints(3, 4), ints(5, 6))
    same_length()
    with pytest.raises(ValueError, match=r"\(2,\) and \(2,\) and \(1,\)"):
        same_length(ints(1, 2), ints(3, 4), ints(5))


def test_totals_by_group() -> None:
    assert grouped_totals(ints(2, 0, 2, 3), ints(10, 20, 30, -5), 5) == [20, 0, 40, -5, 0]
    assert grouped_totals(ints(), ints(), 2) == [0, 0]
    assert grouped_totals(ints(), ints(), 0) == []
    many = grouped_totals(ints(0, 0, 1, 1, 2), ints(LARGEST, LARGEST, SMALLEST, SMALLEST, -1), 4)
    assert many == [2 * LARGEST, 2 * SMALLEST, -1, 0]
    assert [type(value) for value in many] == [int] * 4
    huge = np.array([2**100, 2**100, -(2**90), 7], object)
    assert grouped_totals(ints(1, 1, 0, 0), huge, 2) == [7 - 2**90, 2**101]
    # Two of 2^62 - 1 fit, two of 2^62 do not.
    assert grouped_totals(ints(0, 0), ints(2**62 - 1, 2**62 - 1), 1) == [2**63 - 2]
    assert grouped_totals(ints(0, 0), ints(2**62, 2**62), 1) == [2**63]
    assert grouped_totals([0, 0, 1], ints(2**62 - 1, 2**62 - 1, 2**62 - 1), 2) == [2**63 - 2, 2**62 - 1]
    assert grouped_totals(np.array([1, 0], np.int8), np.array([True, True]), 2) == [1, 1]


@pytest.mark.parametrize("codes, groups", [([0, 3], 3), ([-1, 0], 3), ([0, 0], 0), ([5, -1], 3)])
def test_a_code_outside_the_groups_is_refused(codes: list[int], groups: int) -> None:
    with pytest.raises(ValueError, match=f"^codes from 0 to below {groups} wanted$"):
        grouped_totals(ints(*codes), ints(1, 2), groups)


def test_totals_by_group_want_a_code_for_each_value() -> None:
    with pytest.raises(ValueError, match="arrays of one length"):
        grouped_totals(ints(0), ints(1, 2), 1)
    with pytest.raises(ValueError, match="arrays of one length"):
        grouped_totals(ints(0, 0), ints(1), 1)


# Large claims.

AT_THE_POINT = [
    # amount, excess in cents x millionths, excluded
    (point("100000.00") - 1, 0, False),
    (point("99999.99"), 0, False),
    (point("100000.00"), 0, True),
    (point("100000.00") + 1, 1, True),
    (point("100000.01"), CENT, True),
    (point("0"), 0, False),
    (point("-0.01"), 0, False),
    (point("-200000.00"), 0, False),
]


@pytest.mark.parametrize("amount, over, leaves", AT_THE_POINT)
def test_at_the_point_there_is_no_excess_and_exclusion(amount: Fraction, over: int, leaves: bool) -> None:
    one, year = ints(int(amount)), months(12)
    assert excess(one, year, one, point("100000"), None) == Excess(F(over), int(over > 0))
    gone = excluded(one, year, point("100000"), None)
    assert gone == (Excluded(amount, YEAR, 1) if leaves else Excluded(F(0), 0, 0))


@pytest.mark.parametrize("of_the_year, threshold", [(12, "100000"), (6, "50000"), (1, "25000/3"), (7, "175000/3")])
@pytest.mark.parametrize("above", [-1, 0, 1])
def test_a_prorated_threshold_at_one_unit_below_and_one_above(of_the_year: int, threshold: str, above: int) -> None:
    limit = point(threshold)
    below = limit.numerator // limit.denominator
    one, some = ints(below + above), months(of_the_year)
    over = max(below + above - limit, F(0))
    assert excess(one, some, one, point("100000"), YEAR) == Excess(over, int(over > 0))
    at = below + above >= limit
    assert excluded(one, some, point("100000"), YEAR) == Excluded(
        F((below + above) * at), of_the_year * MONTH * at, int(at)
    )


def test_a_point_between_two_units() -> None:
    # A point read off annualised amounts may be any fraction: 7/2 lies between 3 and 4.
    amounts, year = ints(3, 4), ints(12, 12)
    assert excess(amounts, year, amounts, F(7, 2), None) == Excess(F(1, 2), 1)
    assert excluded(amounts, year, F(7, 2), None) == Excluded(F(4), 12, 1)
    assert excess(amounts, ints(6, 12), amounts, F(7, 2), 12) == Excess(F(3) - F(7, 4) + F(1, 2), 2)


def test_a_threshold_of_100_000_in_six_months_is_50_000_or_100_000() -> None:
    amounts, six = dollars("120000"), months(6)
    assert excess(amounts, six, amounts, point("100000"), YEAR).dollars == point("70000")
    assert excess(amounts, six, amounts, point("100000"), None).dollars == point("20000")


def test_a_member_without_months_has_a_prorated_threshold_of_nothing() -> None:
    amounts, none = dollars("30.00", "0", "-12.00"), months(0, 0, 0)
    assert excess(amounts, none, amounts, point("100000"), YEAR) == Excess(point("30"), 1)
    assert excluded(amounts, none, point("100000"), YEAR) == Excluded(point("30"), 0, 1)
    assert excess(amounts, none, amounts, point("100000"), None) == Excess(F(0), 0)
    assert excluded(amounts, none, point("100000"), None) == Excluded(F(0), 0, 0)


def test_a_point_of_nothing_leaves_whoever_has_no_dollars() -> None:
    amounts = ints(5, 0, -3)
    assert excess(amounts, ints(1, 1, 1), amounts, F(0), None) == Excess(F(5), 1)
    assert excluded(amounts, ints(1, 1, 1), F(0), None) == Excluded(F(5), 1, 1)
    assert excess(ints(1), ints(1), ints(1), F(0), None) == Excess(F(1), 1)
    assert excluded(ints(1), ints(1), F(0), 12) == Excluded(F(1), 1, 1)


def test_one_threshold_over_a_move() -> None:
    # 150,000 and 50,000 in two groups: 75,000 above 125,000, three quarters of it with the first group.
    whole = dollars("200000", "200000")
    first = excess(dollars("150000"), months(6), whole[:1], point("125000"), None)
    second = excess(dollars("50000"), months(6), whole[1:], point("125000"), None)
    assert first == Excess(point("56250"), 1)
    assert second == Excess(point("18750"), 1)
    # Each group by itself: 25,000 and nothing.
    assert excess(dollars("150000"), months(6), dollars("150000"), point("125000"), None).dollars == point("25000")
    assert excess(dollars("50000"), months(6), dollars("50000"), point("125000"), None).dollars == 0


def test_one_prorated_threshold_over_a_move_counts_the_months_of_the_whole() -> None:
    # Four months here and five there: the threshold is 120,000 x 9 / 12 = 90,000, the excess of 100,000 is 10,000.
    amount, whole = dollars("30000"), dollars("100000")
    moved = excess(amount, months(4), whole, point("120000"), YEAR, whole_months=months(9))
    assert moved == Excess(point("3000"), 1)
    # By its own four months it would be 40,000 and the excess 60,000.
    assert excess(amount, months(4), whole, point("120000"), YEAR).dollars == point("18000")
    # All dollars here, and months elsewhere.
    assert excess(whole, months(4), whole, point("120000"), YEAR, whole_months=months(9)).dollars == point("10000")


def test_moved_members_and_others_are_added_up() -> None:
    amounts, whole = dollars("300000", "1", "-50000", "90000"), dollars("300000", "3", "250000", "150000")
    # 200,000 of the first; of the third -50,000 / 250,000 of 150,000; of the fourth 90,000 / 150,000 of 50,000.
    found = excess(amounts, months(12, 12, 12, 12), whole, point("100000"), None)
    assert found == Excess(point("200000") - point("30000") + point("30000"), 3)
    prorated = excess(amounts, months(12, 12, 6, 6), whole, point("100000"), YEAR)
    # 200,000; -1/5 of 200,000; 3/5 of 100,000.
    assert prorated == Excess(point("220000"), 3)


def test_a_member_is_excluded_by_all_dollars_over_a_move() -> None:
    amount, whole = dollars("150000", "70000"), dollars("200000", "70000")
    assert excluded(amount, months(4, 12), point("200000"), None) == Excluded(F(0), 0, 0)
    assert excluded(amount, months(4, 12), point("200000"), None, whole=whole) == Excluded(
        point("150000"), 4 * MONTH, 1
    )
    # 200,000 x 11 / 12 = 183,333.33 is reached; by the months with the group alone 70,000 would be above 66,666.67.
    some = excluded(amount, months(4, 4), point("200000"), YEAR, whole=whole, whole_months=months(11, 12))
    assert some == Excluded(point("150000"), 4 * MONTH, 1)
    assert excluded(amount, months(4, 4), point("200000"), YEAR, whole=whole).members == 2


def test_excluded_dollars_with_and_without_their_months() -> None:
    amounts = dollars("300000", *["4500"] * 1000)
    gone = excluded(amounts, months(12).repeat(1001), point("200000"), None)
    assert gone == Excluded(point("300000"), YEAR, 1)
    left, all_months = F(total(amounts) - gone.dollars, DOLLAR), 12_000
    assert left == 4_500_000
    assert left / all_months == 375
    assert left / (all_months - F(gone.months, MONTH)) == F(125_000, 333)  # 375.375375


def test_pooling_adds_back_a_charge() -> None:
    amounts = dollars("300000", "260000", "300000", *["4130"] * 952, "8240")
    assert total(amounts) == point("4800000")
    above = excess(amounts, months(12).repeat(amounts.size), amounts, point("150000"), None)
    assert above == Excess(point("410000"), 3)
    assert F(total(amounts) - above.dollars, DOLLAR) + F("24.50") * 12_000 == F("4684000.00")


def test_case_o1_completing_before_or_after_truncation() -> None:
    amounts, year, complete = dollars("96000.00", "10000.00"), months(12, 12), F("0.95")
    reported = F(total(amounts))
    scaled_first = excess(amounts, year, amounts, point("100000") * complete, None).dollars / complete
    cases = {
        "complete, truncate": reported / complete - scaled_first,
        "truncate, complete": (reported - excess(amounts, year, amounts, point("100000"), None).dollars) / complete,
    }
    assert {order: rounded_cents(amount) for order, amount in cases.items()} == {
        "complete, truncate": F("110526.32"),
        "truncate, complete": F("111578.95"),
    }
    # Half of what is left of a benchmark of 120,000.00.
    assert {order: rounded_cents((point("120000") - amount) / 2) for order, amount in cases.items()} == {
        "complete, truncate": F("4736.84"),
        "truncate, complete": F("4210.53"),
    }


def test_case_o7_normalising_before_or_after_truncation() -> None:
    amounts, year, factor = dollars("96000.00"), months(12), F("1.125")
    before = factor * excess(amounts, year, amounts, point("100000") / factor, None).dollars
    assert total(amounts) * factor - before == point("100000.00")
    after = excess(amounts, year, amounts, point("100000"), None).dollars
    assert (total(amounts) - after) * factor == point("108000.00")
    # A factor of 1.125 as a whole number in millionths, which is how rows carry it.
    carried = ints(96_000_00 * 1_125_000)
    assert total(carried) - excess(carried, year, carried, point("100000"), None).dollars == point("100000.00")


def rounded_cents(amount: Fraction) -> Fraction:
    """Half up, for amounts above 0."""
    return F((amount / DOLLAR * 200 + 1).__floor__() // 2, 100)


def test_large_claims_near_the_edge_of_int64() -> None:
    amounts, few = ints(LARGEST, LARGEST - 1, SMALLEST, 5), ints(1, 2, 3, 3)
    assert excess(amounts, few, amounts, F(LARGEST), None) == Excess(F(0), 0)
    assert excess(amounts, few, amounts, F(LARGEST - 1), None) == Excess(F(1), 1)
    assert excess(amounts, few, amounts, F(1, 3), None) == Excess(F(2 * LARGEST - 1 + 5) - 1, 3)
    assert excess(amounts, few, amounts, F(2**70), 3) == Excess(F(0), 0)
    assert excluded(amounts, few, F(3 * (LARGEST - 1), 2), 3) == Excluded(F(2 * LARGEST - 1), 3, 2)
    assert excluded(amounts, few, F(LARGEST), None) == Excluded(F(LARGEST), 1, 1)
    assert excluded(amounts, few, F(2**63), None) == Excluded(F(0), 0, 0)


def test_nobody_has_no_excess() -> None:
    none = ints()
    assert excess(none, none, none, point("1"), YEAR) == Excess(F(0), 0)
    assert excluded(none, none, point("1"), None) == Excluded(F(0), 0, 0)
    assert isinstance(excess(none, none, none, point("1"), YEAR).dollars, Fraction)


@pytest.mark.parametrize(
    "at, count, full",
    [(F(-1, 10), 12, None), (F(-1, 10), 12, 12), (F(1), -1, None), (F(1), -1, 12), (F(1), 12, 0), (F(1), 12, -12)],
)
def test_points_and_months_below_nothing_are_refused(at: Fraction, count: int, full: int | None) -> None:
    one = ints(5)
    wanted = "^a point and months of 0 or more wanted, and full months of 1 or more$"
    with pytest.raises(ValueError, match=wanted):
        excess(one, ints(count), one, at, full)
    with pytest.raises(ValueError, match=wanted):
        excluded(one, ints(count), at, full)
    assert excess(one, ints(1), one, F(0), 1).dollars == 5


def test_arrays_of_members_have_one_length() -> None:
    one, two = ints(5), ints(5, 5)
    for amount, counted, whole, whole_months in (
        (two, one, one, None),
        (one, two, one, None),
        (one, one, two, None),
        (one, one, one, two),
    ):
        with pytest.raises(ValueError, match="arrays of one length wanted"):
            excess(amount, counted, whole, F(1), None, whole_months)
        with pytest.raises(ValueError, match="arrays of one length wanted"):
            excluded(amount, counted, F(1), None, whole, whole_months)
    with pytest.raises(ValueError, match="arrays of one length wanted"):
        excluded(one, two, F(1), None, one, one)


# Ranks.


@pytest.mark.parametrize(
    "share, count, place",
    [
        ("1/2", 4, 2), ("1/2", 5, 3), ("99/100", 100, 99), ("99/100", 101, 100), ("99/100", 199, 198),
        ("99/100", 200, 198), ("99/100", 201, 199), ("1", 7, 7), ("1/1000000", 7, 1), ("1/7", 7, 1), ("1/7", 8, 2),
        ("999999/1000000", 7, 7), ("99/100", 2_000_000, 1_980_000), ("1", 1, 1),
    ],
)  # fmt: skip
def test_the_rank_is_a_share_of_the_members_rounded_up(share: str, count: int, place: int) -> None:
    assert rank(F(share), count) == place
    descending = np.arange(count, 0, -1) * 10
    assert nearest_rank(descending, F(share)) == 10 * place
    assert annualised_rank(descending, np.full(count, 6), 12, F(share)) == 20 * place


@pytest.mark.parametrize("share", ["0", "-1/2", "1000001/1000000", "99"])
def test_a_share_is_above_0_and_at_most_1(share: str) -> None:
    with pytest.raises(ValueError, match="^a share above 0 and at most 1 wanted$"):
        nearest_rank(ints(1, 2), F(share))
    with pytest.raises(ValueError, match="^a share above 0 and at most 1 wanted$"):
        annualised_rank(ints(1, 2), ints(1, 1), 12, F(share))


def test_there_is_no_rank_of_nobody() -> None:
    with pytest.raises(ValueError, match="^there are no amounts to rank$"):
        nearest_rank(ints(), F(1, 2))
    with pytest.raises(ValueError, match="^there are no amounts to rank$"):
        annualised_rank(ints(), ints(), 12, F(1, 2))


def test_ranks_of_ties_and_of_negative_and_large_amounts() -> None:
    amounts = ints(LARGEST, -5, 7, 7, SMALLEST, 7)
    assert [nearest_rank(amounts, F(k, 6)) for k in range(1, 7)] == [SMALLEST, -5, 7, 7, 7, LARGEST]
    assert type(nearest_rank(amounts, F(1))) is int
    ones = np.ones(6, np.int64)
    assert annualised_rank(amounts, ones, 12, F(1)) == 12 * LARGEST
    assert annualised_rank(amounts, ones, 12, F(1, 6)) == 12 * SMALLEST


def test_ranks_of_many_in_no_order() -> None:
    count = 5_003
    scattered = np.arange(count, dtype=np.int64) * 48_271 % 65_537
    ordered = sorted(scattered.tolist())
    assert [nearest_rank(scattered, F(place, count)) for place in range(1, count + 1)] == ordered
    for place in (1, 2, 100, 2_502, 4_953, 5_002, 5_003):
        assert annualised_rank(scattered * 7, np.full(count, 7), 12, F(place, count)) == 12 * ordered[place - 1]


def test_annualised_amounts_are_compared_exactly() -> None:
    # 100 in 3, 100.01 in 3, 233.33 in 7 months: a year of 400, 400.04, 399.994...
    amounts, some = ints(10_000, 10_001, 23_333), ints(3, 3, 7)
    wanted = [F(23_333 * 12, 7), F(40_000), F(40_004)]
    assert [annualised_rank(amounts, some, 12, F(k, 3)) for k in (1, 2, 3)] == wanted
    # Equal once annualised, whatever the months; whole parts alike, rests apart.
    amounts, some = ints(-7, 1, 2, 4, 3, 0), ints(2, 3, 6, 12, 8, 5)
    wanted = [F(-7, 2), F(0), F(1, 3), F(1, 3), F(1, 3), F(3, 8)]
    assert [annualised_rank(amounts, some, 1, F(k, 6)) for k in range(1, 7)] == wanted


@pytest.mark.parametrize("count", [0, -1])
def test_a_member_without_months_has_no_annualised_amount(count: int) -> None:
    with pytest.raises(ValueError, match="^a member without months has no annualised amount$"):
        annualised_rank(ints(5, 6), ints(1, count), 12, F(1, 2))
    with pytest.raises(ValueError, match="arrays of one length wanted"):
        annualised_rank(ints(5, 6), ints(1), 12, F(1, 2))


# Lag triangle. Four months from number 10, paid through 13.
#   paid at age   0    1    2    3       added up
#   month 10     50   30   15    5       50  80  95 100
#   month 11     60   36   18            60  96 114
#   month 12     40   24                 40  64
#   month 13     70                      70
PAYMENTS = [
    (10, 10, 50), (10, 11, 30), (10, 12, 15), (10, 13, 5), (11, 11, 60), (11, 12, 36), (11, 13, 18),
    (12, 12, 40), (12, 13, 24), (13, 13, 70),
]  # fmt: skip
TRIANGLE = Triangle((10, 11, 12, 13), ((50, 80, 95, 100), (60, 96, 114), (40, 64), (70,)))


def triangle_of(payments: Sequence[tuple[int, int, int]], through: int) -> Triangle:
    columns = [ints(*column) for column in zip(*payments, strict=True)] if payments else [ints()] * 3
    return cumulative_paid(*columns, through)


def test_payments_add_up_by_run_out_age() -> None:
    assert triangle_of(PAYMENTS, 13) == TRIANGLE
    assert triangle_of(PAYMENTS[::-1], 13) == TRIANGLE
    # As it was a month earlier: what was paid later is unknown, and month 13 is not there.
    assert triangle_of(PAYMENTS, 12) == Triangle((10, 11, 12), ((50, 80, 95), (60, 96), (40,)))
    assert triangle_of([], 13) == Triangle((), ())
    assert triangle_of(PAYMENTS, 9) == Triangle((), ())


def test_payments_of_one_cell_are_added_and_a_month_may_have_none() -> None:
    # Month 1 paid nothing; month 2 took 5 back a month later.
    assert triangle_of([(0, 2, 7), (0, 2, 3), (2, 2, 20), (2, 3, -5)], 4) == Triangle(
        (0, 2), ((0, 0, 10, 10, 10), (20, 15, 15))
    )


def test_a_payment_before_its_month_is_refused() -> None:
    with pytest.raises(ValueError, match="^a claim is paid in its month or later$"):
        triangle_of([(5, 5, 1), (5, 4, 1)], 9)
    with pytest.raises(ValueError, match="arrays of one length wanted"):
        cumulative_paid(ints(1), ints(1, 2), ints(1, 2), 3)
    with pytest.raises(ValueError, match="arrays of one length wanted"):
        cumulative_paid(ints(1), ints(1), ints(1, 2), 3)
    with pytest.raises(ValueError, match="arrays of one length wanted"):
        cumulative_paid(ints(1), ints(1, 2), ints(1), 3)


def test_percent_complete_by_chain_ladder() -> None:
    # From age 0: (80 + 96 + 64) / (50 + 60 + 40) = 1.6; from 1: (95 + 114) / (80 + 96) = 209/176; from 2: 100/95.
    third = F(95, 100)
    second = third * F(176, 209)
    assert percent_complete(TRIANGLE) == (second / F("1.6"), second, third, F(1))
    assert second == F(4, 5)
    assert percent_complete(Triangle((10,), ((50, 80, 95, 100),))) == (F(1, 2), F(4, 5), F(19, 20), F(1))


def test_percent_complete_where_nothing_was_paid() -> None:
    assert percent_complete(Triangle((), ())) == (F(1),)
    assert percent_complete(Triangle((1,), ((0,),))) == (F(1),)
    assert percent_complete(Triangle((1,), ((0, 10, 20),))) == (None, F(1, 2), F(1))
    assert percent_complete(Triangle((1,), ((5, 0, 20),))) == (None, None, F(1))
    assert percent_complete(Triangle((1,), ((5, 10, 0),))) == (None, None, F(1))
    assert percent_complete(Triangle((1,), ((5, 10, -1),))) == (None, None, F(1))
    assert percent_complete(Triangle((1,), ((5, 1, 1),))) == (F(5), F(1), F(1))


# Members.


@pytest.mark.parametrize(
    "rows, twice",
    [
        ([], False), ([0], False), ([0, 1, 2], False), ([0, 0], True), ([0, 0, 1], True), ([3, 4, 4, 5], True),
        (list(range(62)), False), ([61], False), ([0, 0, 0, 0], True), ([0, 1, 0, 1], True), ([11, 0, 11], True),
    ],
)  # fmt: skip
def test_a_month_twice_shows_in_the_sum_of_month_bits(rows: list[int], twice: bool) -> None:
    bits = ints(sum(2**month for month in rows))
    assert months_twice(bits, ints(len(rows))).tolist() == [twice]


def test_month_bits_are_not_below_0() -> None:
    assert months_twice(ints(), ints()).tolist() == []
    for bits, count in (([-1], [1]), ([1], [-1])):
        with pytest.raises(ValueError, match="^sums of month bits and counts of 0 or more wanted$"):
            months_twice(ints(*bits), ints(*count))
    with pytest.raises(ValueError, match="arrays of one length wanted"):
        months_twice(ints(1), ints(1, 1))
