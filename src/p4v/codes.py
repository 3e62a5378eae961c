"""What every code of a finding means: `p4v explain P4V-C047`. The texts stand in `codes.yaml` beside this module."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from p4v.contract.yaml_tree import plain, read_yaml


class Code(NamedTuple):
    """One code: what it is called, what it means, what brings it about, and what to do."""

    title: str
    meaning: str
    example: list[str]
    remedy: str


@lru_cache(maxsize=1)
def codes() -> Mapping[str, Code]:
    """Every code that a finding can have."""
    path = Path(__file__).with_suffix(".yaml")
    texts = plain(read_yaml(path, path.name, path.name).root)
    return {
        code: Code(
            text["title"], text["meaning"], [text["example"]] if isinstance(text["example"], str) else text["example"],
            text["remedy"],
        )
        for code, text in texts.items()
    }  # fmt: skip


def explained(code: str) -> str:
    """What a code means, as text. Raises `KeyError` for an unknown one."""
    entry = codes()[code]
    example = "\n".join(f"    {line}" for line in entry.example)
    return f"{code}  {entry.title}\n\n{entry.meaning}\n\nFor example:\n{example}\n\nWhat to do: {entry.remedy}"
