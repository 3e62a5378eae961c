"""Made-up member months for the nine groups of the demo, and for a programme of many groups."""

from p4v.demo.write import write_demo

__all__ = ["write_demo"]
