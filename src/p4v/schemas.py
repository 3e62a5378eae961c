"""JSON Schema of the files that people write, for editors that complete and check while typing."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from p4v.contract.blocks import KINDS, Strict
from p4v.contract.described import descriptions
from p4v.contract.documents import REMOVED
from p4v.contract.models import ContractDocument, Document
from p4v.contract.written import BY_VALIDATOR
from p4v.data.binding import BindingDocument
from p4v.data.figures_file import FiguresDocument

DOCUMENTS: Mapping[str, type[Strict]] = {
    "contract": ContractDocument, "program": Document, "binding": BindingDocument, "figures": FiguresDocument,
}  # fmt: skip
_NUMBER = {"type": ["string", "number"]}


class _Generator(GenerateJsonSchema):
    """Values that p4v reads itself, as the patterns they are written in."""

    def function_plain_schema(self, schema: core_schema.PlainValidatorFunctionSchema) -> JsonSchemaValue:
        written = BY_VALIDATOR.get(schema["function"]["function"])
        if written is None:
            return {}
        found: JsonSchemaValue = {"description": written.says, **_NUMBER}
        return found if written.pattern is None else found | {"pattern": f"^({written.pattern})$"}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A model, and what its source says of each term."""
        found = super().model_schema(schema)
        model: type[Strict] = schema["cls"]
        for name, text in descriptions(model).items():
            found["properties"][model.model_fields[name].alias or name]["description"] = text
        return found


def json_schema(kind: str) -> dict[str, Any]:
    """The schema of a contract, program, binding or figures file; a contract's terms block by block."""
    schema: dict[str, Any] = DOCUMENTS[kind].model_json_schema(schema_generator=_Generator)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    if kind in ("contract", "program"):
        _with_blocks(schema)
    return schema


def _with_blocks(schema: dict[str, Any]) -> None:
    """Blocks by name; none is required to be whole, for the program may set the rest."""
    blocks: dict[str, list[Any]] = {}
    definitions = schema.setdefault("$defs", {})
    for kind, known in KINDS.items():
        for name, block in known.items():
            own = block.model_json_schema(schema_generator=_Generator, ref_template=f"#/$defs/{kind}_{{model}}")
            definitions |= {f"{kind}_{model}": inner for model, inner in own.pop("$defs", {}).items()}
            own.pop("required", None)
            blocks.setdefault(name, []).append(own)
    terms = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"anyOf": [*shapes, {"const": REMOVED}]} for name, shapes in blocks.items()},
    }
    schema["properties"]["terms"] = terms
    amendment = definitions.get("Amendment")
    if amendment is not None:
        amendment["properties"]["terms"] = terms
