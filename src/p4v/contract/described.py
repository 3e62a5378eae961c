"""What a term's docstring says of it, read from the source when somebody asks: reading it for every model would be a
fifth of each start.
"""

import ast
import inspect
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from textwrap import dedent

from pydantic import BaseModel


@lru_cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """Field to the text below it in its class, or in the class that it comes from; a field may have none."""
    known: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            known |= _own(base)
    return {name: text for name, text in known.items() if name in model.model_fields}


def _own(model: type[BaseModel]) -> dict[str, str]:
    body = ast.parse(dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        line.target.id: inspect.cleandoc(below.value.value)
        for line, below in pairwise(body.body)
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }
