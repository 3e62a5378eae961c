"""p4v: the open calculator for pay-for-value settlements in health care."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from p4v.errors import Refusal
    from p4v.notebook import Result, Results, settle, settle_folder

__version__ = "0.1.0"
__all__ = ["Refusal", "Result", "Results", "settle", "settle_folder"]
_FROM = dict.fromkeys(("Result", "Results", "settle", "settle_folder"), "p4v.notebook") | {"Refusal": "p4v.errors"}


def __getattr__(name: str) -> Any:
    """`p4v.settle` and its like, read when they are first used: the command line needs none of pandas."""
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
