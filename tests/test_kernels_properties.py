"""What must hold of the kernels for any members: a slow reference in fractions, and what may not change a result."""

import os
from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p4v.kernels.checked import Ints, grouped_totals, scaled, total
from p4v.kernels.lag_triangle import cumulative_paid, percent_complete
from p4v.kernels.large_claims import Excess, Excluded, excess, excluded
from p4v.kernels.months import months_twice
from p4v.kernels.ranks import annualised_rank, nearest_rank

EXAMPLES = int(os.environ.get("P4V_EXAMPLES", "300"))
of_members = settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
FULL = 12
LEAST_COUNTED = 5
"""One generated case in so many, at the least, is of the kind that a property is about."""


class Member(NamedTuple):
    """One member with one group; `elsewhere` is what came with other groups."""

    amount: int
    months: int
    elsewhere: int = 0
    months_elsewhere: int = 0


def ints(values: list[int]) -> Ints:
    return np.array(values, np.int64)


POINT = 1_200
amounts = st.one_of(
    st.integers(-50, 3 * POINT),
    st.sampled_from([POINT - 1, POINT, POINT + 1, POINT // 2, POINT // 2 + 1, 0]),
    st.integers(-(2**62), 2**62),
)
movers = st.builds(Member, amounts, st.integers(0, FULL), st.integers(-100, 2 * POINT), st.integers(0, FULL))
others = st.builds(lambda amount, months: Member(amount, months), amounts, st.integers(0, FULL))
at_the_threshold = st.builds(
    lambda months: Member(months * POINT // FULL, months), st.one_of(st.just(FULL), st.integers(1, FULL))
)
members = st.lists(st.one_of(movers, others, at_the_threshold), max_size=12)
the_point = st.just(Fraction(POINT))
points = st.one_of(
    the_point,
    the_point,
    st.fractions(0, 3 * POINT, max_denominator=36),
    st.integers(0, 2**62).map(Fraction),
)
prorated = st.sampled_from([None, FULL])
shares = st.fractions(Fraction(1, 1000), 1, max_denominator=1000)


class Columns(NamedTuple):
    amount: Ints
    months: Ints
    whole: Ints
    whole_months: Ints


def columns(of: list[Member]) -> Columns:
    return Columns(
        ints([member.amount for member in of]),
        ints([member.months for member in of]),
        ints([member.amount + member.elsewhere for member in of]),
        ints([member.months + member.months_elsewhere for member in of]),
    )


def excess_of(of: list[Member], point: Fraction, full: int | None) -> Excess:
    rows = columns(of)
    return excess(rows.amount, rows.months, rows.whole, point, full, rows.whole_months)


def excluded_of(of: list[Member], point: Fraction, full: int | None) -> Excluded:
    rows = columns(of)
    return excluded(rows.amount, rows.months, point, full, rows.whole, rows.whole_months)


def alone(of: list[Member]) -> list[Member]:
    """The same members, who were with one group only."""
    return [Member(member.amount, member.months) for member in of]


def threshold(member: Member, point: Fraction, full: int | None) -> Fraction:
    return point if full is None else point * Fraction(member.months + member.months_elsewhere, full)


def slow_excess(of: list[Member], point: Fraction, full: int | None) -> Excess:
    """Member by member, in fractions."""
    dollars, count = Fraction(0), 0
    for member in of:
        whole = member.amount + member.elsewhere
        over = whole - threshold(member, point, full)
        if whole > 0 and over > 0:
            dollars += over * member.amount / whole
            count += 1
    return Excess(dollars, count)


def slow_excluded(of: list[Member], point: Fraction, full: int | None) -> Excluded:
    gone = [
        member
        for member in of
        if member.amount + member.elsewhere > 0 and member.amount + member.elsewhere >= threshold(member, point, full)
    ]
    return Excluded(
        sum((Fraction(member.amount) for member in gone), start=Fraction(0)),
        sum(member.months for member in gone),
        len(gone),
    )


# 1: the kernel equals a slow reference.


@of_members
@given(of=members, point=points, full=prorated)
def test_large_claims_equal_a_slow_reference(of: list[Member], point: Fraction, full: int | None) -> None:
    assert excess_of(of, point, full) == slow_excess(of, point, full)
    assert excluded_of(of, point, full) == slow_excluded(of, point, full)
    single = alone(of)
    rows = columns(single)
    assert excess(rows.amount, rows.months, rows.amount, point, full) == slow_excess(single, point, full)
    assert excluded(rows.amount, rows.months, point, full) == slow_excluded(single, point, full)


def test_enough_generated_members_are_above_below_and_moved() -> None:
    seen: dict[str, int] = defaultdict(int)

    @of_members
    @given(of=members, point=points, full=prorated)
    def count(of: list[Member], point: Fraction, full: int | None) -> None:
        over = slow_excess(of, point, full).members
        seen["all"] += 1
        seen["above"] += over > 0
        seen["below"] += over < len(of)
        seen["moved"] += slow_excess([m for m in of if m.elsewhere], point, full).members > 0
        seen["tied"] += any(m.amount + m.elsewhere == threshold(m, point, full) > 0 for m in of)

    count()
    assert seen["all"] >= min(EXAMPLES, 100)
    assert all(seen[kind] * LEAST_COUNTED >= seen["all"] for kind in ("above", "below", "moved", "tied")), sorted(
        seen.items()
    )


@of_members
@given(values=st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**63), 2**63 - 1)), max_size=20))
def test_sums_equal_those_of_python(values: list[tuple[int, int]]) -> None:
    codes, numbers = ints([code for code, _ in values]), ints([number for _, number in values])
    plain = [number for _, number in values]
    assert total(numbers) == sum(plain)
    assert grouped_totals(codes, numbers, 4) == [sum(n for c, n in values if c == code) for code in range(4)]
    assert scaled(numbers, -3).tolist() == [-3 * number for number in plain]


@of_members
@given(
    of=st.lists(st.tuples(st.one_of(st.integers(-4, 4), st.integers(-(2**62), 2**62)), st.integers(1, 24)), min_size=1),
    share=shares,
)
def test_ranks_equal_a_sorted_list(of: list[tuple[int, int]], share: Fraction) -> None:
    k = -(-share.numerator * len(of) // share.denominator)
    values, some = ints([amount for amount, _ in of]), ints([count for _, count in of])
    assert nearest_rank(values, share) == sorted(amount for amount, _ in of)[k - 1]
    a_year = sorted(Fraction(amount * FULL, count) for amount, count in of)
    assert annualised_rank(values, some, FULL, share) == a_year[k - 1]
    assert annualised_rank(values[::-1], some[::-1], FULL, share) == a_year[k - 1]


@of_members
@given(rows=st.lists(st.integers(0, 23), max_size=30))
def test_month_bits_tell_whether_a_month_repeats(rows: list[int]) -> None:
    bits = sum(2**month for month in rows)
    assert months_twice(ints([bits]), ints([len(rows)])).tolist() == [len(set(rows)) < len(rows)]


@of_members
@given(
    payments=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(-20, 100)), max_size=30),
    through=st.integers(0, 8),
)
def test_a_triangle_equals_a_slow_reference(payments: list[tuple[int, int, int]], through: int) -> None:
    made = [(month, month + age, amount) for month, age, amount in payments]
    rows = [ints(list(column)) for column in zip(*made, strict=True)] if made else [ints([])] * 3
    triangle = cumulative_paid(*rows, through)
    assert list(triangle.months) == sorted({month for month, when, _ in made if when <= through})
    for month, paid in zip(triangle.months, triangle.paid, strict=True):
        assert list(paid) == [
            sum(amount for start, when, amount in made if start == month and when <= month + age)
            for age in range(through - month + 1)
        ]
    parts = percent_complete(triangle)
    assert parts[-1] == 1
    assert len(parts) == max((len(paid) for paid in triangle.paid), default=1)
    # Completing by age undoes the growth: each month's dollars over its part, against a development by hand.
    for age, part in enumerate(parts[:-1]):
        reached = [paid for paid in triangle.paid if len(paid) > age + 1]
        now, later = sum(paid[age] for paid in reached), sum(paid[age + 1] for paid in reached)
        after = parts[age + 1]
        assert part == (None if after is None or now <= 0 or later <= 0 else after / Fraction(later, now))


# 2 and 5: the order of rows, and a member's dollars over two rows, change nothing.


@of_members
@given(of=members, point=points, full=prorated, data=st.data())
def test_the_order_of_members_changes_nothing(
    of: list[Member], point: Fraction, full: int | None, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(of))
    assert excess_of(shuffled, point, full) == excess_of(of, point, full)
    assert excluded_of(shuffled, point, full) == excluded_of(of, point, full)
    if of:
        share = data.draw(shares)
        assert nearest_rank(columns(shuffled).amount, share) == nearest_rank(columns(of).amount, share)


@of_members
@given(of=members, point=points, full=prorated, data=st.data())
def test_a_members_dollars_over_two_rows_keep_the_expenditure(
    of: list[Member], point: Fraction, full: int | None, data: st.DataObject
) -> None:
    codes, parts = [], []
    for place, member in enumerate(of):
        first = data.draw(st.integers(-(2**60), 2**60))
        codes += [place, place]
        parts += [first, member.amount - first]
    joined = grouped_totals(ints(codes), np.array(parts, object), len(of))
    assert joined == [member.amount for member in of]
    single = alone(of)
    again = [Member(amount, member.months) for amount, member in zip(joined, single, strict=True)]
    assert excess_of(again, point, full) == excess_of(single, point, full)
    assert total(np.array(parts, object)) == total(columns(of).amount)


# 20 and 21: truncation never raises expenditure, nor does a lower point.


@of_members
@given(of=members, points=st.tuples(points, points), full=prorated)
def test_truncation_and_a_lower_point_never_raise_expenditure(
    of: list[Member], points: tuple[Fraction, Fraction], full: int | None
) -> None:
    low, high = sorted(points)
    single = alone(of)
    assert 0 <= excess_of(single, high, full).dollars <= excess_of(single, low, full).dollars
    assert excess_of(single, high, full).members <= excess_of(single, low, full).members
    assert 0 <= excluded_of(single, high, full).dollars <= excluded_of(single, low, full).dollars
    assert excess_of(single, low, full).dollars <= excluded_of(single, low, full).dollars


@of_members
@given(
    parts=st.lists(st.tuples(st.integers(0, 3 * POINT), st.integers(0, 6)), min_size=1, max_size=4),
    point=points,
    full=prorated,
)
def test_the_parts_of_a_move_add_up_to_one_threshold(
    parts: list[tuple[int, int]], point: Fraction, full: int | None
) -> None:
    whole, all_months = sum(amount for amount, _ in parts), sum(count for _, count in parts)
    of = [Member(amount, count, whole - amount, all_months - count) for amount, count in parts]
    once = excess_of([Member(whole, all_months)], point, full).dollars
    assert sum(excess_of([part], point, full).dollars for part in of) == once
    assert excess_of(of, point, full).dollars == once
    # What is left of each is the same part of what it was.
    for part in of:
        left = part.amount - excess_of([part], point, full).dollars
        assert left * whole == part.amount * (whole - once)


# 6: slices of any size add up to the whole; 26: all members twice is everything twice.


@of_members
@given(of=members, point=points, full=prorated, size=st.integers(1, 5))
def test_slices_add_up(of: list[Member], point: Fraction, full: int | None, size: int) -> None:
    slices = [of[start : start + size] for start in range(0, len(of), size)]
    found = [excess_of(part, point, full) for part in slices]
    assert excess_of(of, point, full) == Excess(
        sum((part.dollars for part in found), start=Fraction(0)), sum(part.members for part in found)
    )
    assert total(columns(of).amount) == sum(total(columns(part).amount) for part in slices)


@of_members
@given(of=members, point=points, full=prorated, share=shares)
def test_all_members_twice_is_everything_twice(
    of: list[Member], point: Fraction, full: int | None, share: Fraction
) -> None:
    once, twice = excess_of(of, point, full), excess_of([*of, *of], point, full)
    assert twice == Excess(2 * once.dollars, 2 * once.members)
    gone, both = excluded_of(of, point, full), excluded_of([*of, *of], point, full)
    assert both == Excluded(2 * gone.dollars, 2 * gone.months, 2 * gone.members)
    if of:
        amount = columns(of).amount
        ordered = sorted(amount.tolist() * 2)
        assert (
            nearest_rank(np.concatenate([amount, amount]), share)
            == ordered[-(-share.numerator * len(ordered) // share.denominator) - 1]
        )


@of_members
@given(of=members, point=points, full=prorated, factor=st.fractions(Fraction(1, 4), 4, max_denominator=100))
def test_scaling_first_is_the_same_at_a_scaled_point(
    of: list[Member], point: Fraction, full: int | None, factor: Fraction
) -> None:
    small = [Member(member.amount % (10 * POINT), member.months) for member in of]
    grown = [Member(member.amount * factor.numerator, member.months) for member in small]
    # Cost x n / d at a point is cost x n at point x d, over d.
    first = excess_of(grown, point * factor.denominator, full).dollars / factor.denominator
    assert first == factor * excess_of(small, point / factor, full).dollars


@pytest.mark.parametrize("size", [1, 999, 1000, 1001])
def test_size_changes_nothing(size: int) -> None:
    numbers = np.arange(size, dtype=np.int64) * (2**62 // size) * 2 - 2**62
    assert total(numbers) == sum(numbers.tolist())
    amount = abs(numbers) + 1
    year = np.full(size, FULL)
    found = excess(amount, year, amount, Fraction(2**61, 3), FULL)
    assert found.dollars == sum(
        (max(Fraction(value) - Fraction(2**61, 3), Fraction(0)) for value in amount.tolist()), start=Fraction(0)
    )
