"""The names that the worked examples in docstrings use."""

from fractions import Fraction

import pytest

from p4v.units import Table


@pytest.fixture(autouse=True)
def _names_of_examples(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(Fraction=Fraction, Table=Table)
