"""p4v: the open calculator for pay-for-value settlements in health care."""

__version__ = "0.1.0"
