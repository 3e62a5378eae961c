"""The names that the worked examples in docstrings use."""

import signal
from fractions import Fraction

import pytest

from p4v.units import Table


@pytest.fixture(autouse=True)
def _names_of_examples(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(Fraction=Fraction, Table=Table)


def pytest_configure() -> None:
    """A shell that starts the suite in the background lets it ignore interruptions; tests of them want them back."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
