"""Frozen amounts that a truncation point is read off: how large they may be, and what is refused with its place."""

from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from p4v.contract.blocks.cost import Percentile
from p4v.data.reference import point_of
from p4v.errors import Refusal


def wanted(path: Path, **changes: Any) -> Percentile:
    digest = sha256(path.read_bytes()).hexdigest()
    given = {"at": "50%", "of": "members", "amounts": "actual", "reference": "frozen", "sha256": digest, **changes}
    return Percentile(**given)


def write(folder: Path, text: str) -> Path:
    path = folder / "frozen.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_largest_amount_that_a_table_may_hold(tmp_path: Path) -> None:
    """The second of three amounts, whole; and 99,999,999,999.99 in 6 months, 199,999,999,999.98 a year."""
    path = write(tmp_path, "amount_of_member\n1.00\n99999999999.99\n99999999999.99\n")
    assert point_of(path, wanted(path)) == Fraction(9_999_999_999_999, 100)
    path = write(tmp_path, "amount_of_member,member_months\n99999999999.99,6\n")
    assert point_of(path, wanted(path, amounts="annualised")) == Fraction(19_999_999_999_998, 100)


@pytest.mark.parametrize("digits", [12, 15])
def test_an_amount_of_too_many_digits_is_refused_at_its_place(tmp_path: Path, digits: int) -> None:
    path = write(tmp_path, f"amount_of_member,member_months\n5.00,12\n{'9' * digits}.99,12\n6.00,{'1' * digits}\n")
    for amounts, line, field in (("actual", 3, "amount_of_member"), ("annualised", 3, "amount_of_member")):
        with pytest.raises(Refusal) as caught:
            point_of(path, wanted(path, amounts=amounts))
        (finding,) = caught.value.findings
        assert (finding.code, finding.line, finding.field, finding.exit_code) == ("P4V-D012", line, field, 4)
        assert "999" not in finding.text()
    path = write(tmp_path, f"amount_of_member,member_months\n6.00,{'1' * digits}\n")
    with pytest.raises(Refusal) as caught:
        point_of(path, wanted(path, amounts="annualised"))
    assert [(finding.code, finding.line, finding.field) for finding in caught.value.findings] == [
        ("P4V-D012", 2, "member_months")
    ]
