"""p4v: the open calculator for pay-for-value settlements in health care."""

from typing import Any

__version__ = "0.1.0"
_NOTEBOOK = ("settle", "settle_folder")


def __getattr__(name: str) -> Any:
    """`p4v.settle` and `p4v.settle_folder`, read when they are first used: the command line needs none of pandas."""
    if name in _NOTEBOOK:
        from p4v import notebook  # noqa: PLC0415

        return getattr(notebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
