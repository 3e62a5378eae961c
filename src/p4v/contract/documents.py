"""Programs and contracts as documents: found, read, and checked in every part, each part with its place.

A contract is the last part of a chain: it extends a program, which may extend another.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from p4v.contract.blocks import KINDS, Block, Kind
from p4v.contract.models import ContractDocument, Document, FigureSpec
from p4v.contract.order import Order
from p4v.contract.values import ID_ALLOWED, ID_PATTERN
from p4v.contract.yaml_tree import Listing, Mapping, Node, Place, Scalar, YamlFile, place_at, plain, read_yaml
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.resources import resource

CHOICES = ("<text>", "<mapping>")
"""Marks that tell pydantic which of two shapes was written; they are no part of a path."""
USUAL_KIND: Any = "pay_for_value"
"""The kind of a program or contract that names none."""
BETWEEN = ("P4V-C041", "P4V-C045", "P4V-C046", "P4V-C047")
"""Faults between terms that stay faults whatever else is mended."""
REMOVED = "none"
"""What a block says that takes away the block of the program it extends, or of an earlier date."""


@dataclass(frozen=True, slots=True)
class Part:
    """A document and the file it was read from."""

    file: YamlFile
    document: Document | ContractDocument


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A kind of contract, or one contract: the files that say what it is, the one it rests on first, and what is wrong
    in their terms.
    """

    id: str
    kind: Kind
    title: str
    order: Order
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def contract(self) -> ContractDocument | None:
        """The contract that the last part is, if it is one."""
        leaf = self.parts[-1].document
        return leaf if isinstance(leaf, ContractDocument) else None

    @property
    def file(self) -> YamlFile:
        """The file of the last part."""
        return self.parts[-1].file

    def figures(self) -> dict[str, tuple[FigureSpec, Part]]:
        """The figures that a program of a published kind asks for."""
        return {
            name: (spec, part)
            for part in self.parts
            if isinstance(part.document, Document)
            for name, spec in part.document.figures.items()
        }

    def ordering(self, item: str) -> list[tuple[YamlFile, tuple[str | int, ...]]]:
        """Where each of the merged order's `moves` (or `confirms`) stands."""
        found: list[tuple[YamlFile, tuple[str | int, ...]]] = []
        for part in self.parts:
            if part.document.order is not None:
                count = len(getattr(part.document.order, item, ()))
                found += [(part.file, ("order", item, index)) for index in range(count)]
        return found

    def labels(self) -> dict[str, str]:
        named = {name: spec.label for name, (spec, _) in self.figures().items() if spec.label}
        return named | {name: label for part in self.parts for name, label in part.document.labels.items()}


class Library:
    """Where programs are found: the folders `programs/` of one or more configs roots, the nearest first."""

    def __init__(self, roots: Sequence[Path], beside: Path | None = None) -> None:
        self.roots = roots
        self.beside = beside
        self._read: dict[str, Program] = {}
        self._files: dict[Path, YamlFile] = {}

    def known(self, room: str = "programs") -> list[str]:
        return sorted({path.stem for root in self.roots for path in (root / room).glob("*.yaml")})

    def path(self, room: str, name: str) -> Path | None:
        for root in self.roots:
            path = root / room / f"{name}.yaml"
            if path.exists():
                return path
        if self.beside is not None and (self.beside / f"{name}.yaml").exists():
            return self.beside / f"{name}.yaml"
        return None

    def file(self, path: Path) -> YamlFile:
        """A program file, read once: many programs rest on the same one."""
        if path not in self._files:
            self._files[path] = read_yaml(path, shown_path(path), f"programs/{path.name}")
        return self._files[path]

    def program(self, name: str) -> Program:
        """The program of that id, with the findings of its terms.

        Raises `Refusal` where its files cannot be read as a program, `KeyError` if there is none.
        """
        if name not in self._read:
            path = self.path("programs", name)
            if path is None:
                raise KeyError(name)
            self._read[name] = _program(self, self.file(path), name)
        return self._read[name]

    def program_at(self, path: Path) -> Program:
        """The program of a file, wherever it lies. Raises `Refusal` where it cannot be read as one."""
        return _program(self, self.file(path), path.stem)

    def contract(self, path: Path) -> Program:
        """The contract of a file, with the findings of its terms. Raises `Refusal` where it cannot be read as one."""
        file = read_yaml(path, shown_path(path), f"contracts/{path.name}")
        if not ID_PATTERN.fullmatch(path.stem):
            raise Refusal([file.finding("P4V-C031", Place(1, 1), None, "a file name that is no id", ID_ALLOWED)])
        return _program(self, file, None)


def library_for(path: Path) -> Library:
    """Where the programs of a contract or binding are looked for: `programs/` beside its folder, beside itself, and
    its own folder; then the built-in ones.
    """
    folder = path.parent
    return Library([folder.parent, folder, resource("configs")], beside=folder)


def _program(library: Library, leaf: YamlFile, name: str | None) -> Program:
    """The chain that ends in a file: a program of that name, or a contract (None)."""
    files = _chain(library, leaf)
    findings: list[Finding] = []
    documents = [
        _document(file, ContractDocument if name is None and file is leaf else Document, findings) for file in files
    ]
    kind = plain(files[0].root).get("kind", USUAL_KIND)
    terms = [finding for file in files for finding in _term_findings(file, KINDS[kind])] if kind in KINDS else []
    for file, document in zip(files, documents, strict=True):
        if document is not None:
            findings += _whole_findings(file, document, base=file is files[0])
    findings += _order_findings(files, documents)
    if findings:
        raise Refusal([*findings, *terms])
    parts = tuple(Part(file, document) for file, document in zip(files, documents, strict=True) if document is not None)
    last = parts[-1].document
    id_ = last.contract if isinstance(last, ContractDocument) else last.program
    return Program(id_, parts[0].document.kind or USUAL_KIND, last.title or id_, _order_of(parts), parts, tuple(terms))


def _order_of(parts: Sequence[Part]) -> Order:
    """The base of one part, and the moves and confirmations of all."""
    stated = [part.document.order for part in parts if part.document.order is not None]
    joined: dict[str, Any] = {
        item: [entry for order in stated for entry in getattr(order, item)]
        for item in ("moves", "confirms")
        if item in Order.model_fields
    }
    base = next(order for order in stated if order.base is not None)
    return base.model_copy(update=joined)


def _chain(library: Library, leaf: YamlFile) -> list[YamlFile]:
    """The files of a program or contract, the one it rests on first."""
    files = [leaf]
    wanted: Any = plain(leaf.root).get("extends")
    while wanted is not None:
        if not (isinstance(wanted, str) and ID_PATTERN.fullmatch(wanted)):
            checked(files[-1], ContractDocument if "contract" in files[-1].root.entries else Document)
        path = library.path("programs", wanted)
        if path is None:
            raise Refusal([_unknown_parent(files[-1], str(wanted), library), *_alone(files[-1])])
        if any(file.path == path for file in files):
            place = place_at(files[-1].root, ("extends",))
            found = "a program that extends itself"
            raise Refusal([files[-1].finding("P4V-C013", place, "extends", found, "a program that rests on another")])
        files.append(library.file(path))
        wanted = plain(files[-1].root).get("extends")
    files.reverse()
    return files


def _alone(file: YamlFile) -> Iterator[Finding]:
    """What is wrong in a file whatever it rests on: its keys, and its terms as those of a usual contract."""
    found: list[Finding] = []
    _document(file, ContractDocument if "contract" in file.root.entries else Document, found)
    yield from found
    if "contract" in file.root.entries:
        yield from _term_findings(file, KINDS[USUAL_KIND])


def _unknown_parent(file: YamlFile, wanted: str, library: Library) -> Finding:
    place = place_at(file.root, ("extends",))
    remedy = did_you_mean(wanted, library.known())
    return file.finding("P4V-C014", place, "extends", "an unknown program", "the id of a program", remedy=remedy)


AnyDocument = Document | ContractDocument


def _document(file: YamlFile, model: type[AnyDocument], findings: list[Finding]) -> AnyDocument | None:
    try:
        return checked(file, model)
    except Refusal as refusal:
        findings += refusal.findings
        return None


def _whole_findings(file: YamlFile, document: AnyDocument, base: bool) -> Iterator[Finding]:
    """What is said once, in the file that all rests on, and under its file's name."""
    if isinstance(document, Document) and document.program != file.path.stem:
        place = place_at(file.root, ("program",))
        yield file.finding("P4V-C015", place, "program", "another id than the file's name", f"`{file.path.stem}`")
    for name in ("kind", "in_force"):
        if not base and getattr(document, name, None) is not None:
            place = place_at(file.root, (name,))
            yield file.finding("P4V-C024", place, name, f"`{name}` again", f"`{name}` in the program that it extends")


def _order_findings(files: Sequence[YamlFile], documents: Sequence[AnyDocument | None]) -> Iterator[Finding]:
    """A chain has one base of the order; what rests on it may only move and confirm."""
    pairs = list(zip(files, documents, strict=True))
    with_base = [(file, document) for file, document in pairs if document and document.order and document.order.base]
    for file, _ in with_base[1:]:
        place = place_at(file.root, ("order",))
        allowed = "`base` in the program that it extends; here `moves` and `confirms`"
        yield file.finding("P4V-C024", place, "order", "`base` again", allowed)
    if not with_base and all(document is not None for document in documents):
        remedy = None
        if "extends" not in files[0].root.entries:
            remedy = "add `extends: shared-savings`, or `extends: pay-for-value`"
        place, allowed = Place(1, 1), "`order`, with its `base`"
        yield files[0].finding("P4V-C022", place, "order", "no `order`", allowed, remedy=remedy)


def shown_path(path: Path) -> str:
    """The path as a message names it: from the working folder, where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


Model = TypeVar("Model", bound=BaseModel)


def checked(file: YamlFile, model: type[Model]) -> Model:
    """The file as a model. Raises `Refusal` with every fault at its place."""
    try:
        return model.model_validate(plain(file.root))
    except ValidationError as error:
        raise Refusal(findings_of(file, file.root, (), error, model)) from error


def findings_of(
    file: YamlFile, node: Node, path: tuple[str | int, ...], error: ValidationError, model: type[BaseModel]
) -> list[Finding]:
    """The faults that pydantic found, in p4v's words. `node` was validated; `path` leads to it."""
    return [_finding_of(file, node, path, dict(fault), model) for fault in error.errors()]


def _finding_of(
    file: YamlFile, node: Node, path: tuple[str | int, ...], fault: dict[str, Any], model: type[BaseModel]
) -> Finding:
    loc = tuple(part for part in fault["loc"] if part not in ("[key]", *CHOICES))
    place = place_at(node, loc)
    field = ".".join(str(part) for part in (*path, *loc)) or None
    context = fault.get("ctx", {})
    match fault["type"]:
        case "p4v" if (about := node_at(node, (*loc, context.get("term") or ""))) is not None:
            return file.finding(
                context["code"], about.place, ".".join(map(str, (*path, *loc, context["term"]))), context["found"],
                context["allowed"], remedy=context["help"],
            )  # fmt: skip
        case "p4v":
            return file.finding(
                context["code"], place, field, context["found"], context["allowed"], remedy=context["help"]
            )
        case "extra_forbidden":
            known = _known_keys(model, loc[:-1])
            remedy = did_you_mean(str(loc[-1]), known)
            place = _key_place(node, loc)
            return file.finding("P4V-C020", place, field, "an unknown key", ", ".join(known), remedy=remedy)
        case "missing":
            return file.finding("P4V-C022", place_at(node, loc[:-1]), field, f"no `{loc[-1]}`", f"`{loc[-1]}`")
        case "literal_error" | "enum":
            remedy = did_you_mean(str(fault["input"]), re.findall(r"'([^']*)'", context["expected"]))
            return file.finding("P4V-C052", place, field, "another word", context["expected"], remedy=remedy)
        case "too_short":
            return file.finding("P4V-C044", place, field, "an empty list", "at least one item")
    return file.finding("P4V-C021", place, field, "another shape", _shape_wanted(fault["type"]))


def _shape_wanted(kind: str) -> str:
    return {"list_type": "a list", "dict_type": "a mapping", "model_type": "a mapping"}.get(kind, "one value")


def _known_keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys of the model that a path leads to."""
    for part in loc:
        field = model.model_fields.get(str(part))
        inner = _models_in(field.annotation) if field else [model]
        if inner:
            model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models_in(inner)]


def _key_place(node: Node, loc: tuple[str | int, ...]) -> Place:
    for part in loc[:-1]:
        if isinstance(node, Mapping) and part in node.entries:
            node = node.entries[str(part)].value
        elif isinstance(node, Listing) and isinstance(part, int):
            node = node.items[part]
    if isinstance(node, Mapping) and str(loc[-1]) in node.entries:
        return node.entries[str(loc[-1])].key
    return node.place


def node_at(node: Node, path: Sequence[str | int]) -> Node | None:
    for part in path:
        if isinstance(node, Mapping) and part in node.entries:
            node = node.entries[str(part)].value
        elif isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            return None
    return node


def _term_findings(file: YamlFile, blocks: MappingOf[str, type[Block]]) -> Iterator[Finding]:
    """Each term checked where it stands, also one that a later date replaces."""
    amendments = node_at(file.root, ("amendments",))
    count = len(amendments.items) if isinstance(amendments, Listing) else 0
    for path in [("terms",), *(("amendments", i, "terms") for i in range(count))]:
        node = node_at(file.root, path)
        if not isinstance(node, Mapping):
            continue
        for name, entry in node.entries.items():
            field = ".".join(str(step) for step in (*path, name))
            if name not in blocks:
                remedy = did_you_mean(name, blocks)
                yield file.finding("P4V-C020", entry.key, field, "an unknown block", ", ".join(blocks), remedy=remedy)
            elif isinstance(entry.value, Mapping):
                yield from _block_findings(file, (*path, name), entry.value, blocks[name])
            elif not (isinstance(entry.value, Scalar) and entry.value.text == REMOVED):
                yield file.finding("P4V-C021", entry.value.place, field, "another shape", f"terms, or `{REMOVED}`")


def _block_findings(
    file: YamlFile, path: tuple[str | int, ...], node: Mapping, block: type[Block]
) -> Iterator[Finding]:
    for name, entry in node.entries.items():
        spec = block.model_fields.get(name)
        if spec is None:
            remedy = did_you_mean(name, block.model_fields)
            known = ", ".join(block.model_fields)
            yield file.finding(
                "P4V-C020", entry.key, ".".join(map(str, (*path, name))), "an unknown key", known, remedy=remedy
            )
            continue
        models = _models_in(spec.annotation) or [block]
        for error in _errors_of(_adapter(block, name), plain(entry.value)):
            yield from findings_of(file, entry.value, (*path, name), error, models[0])


@cache
def _adapter(block: type[Block], name: str) -> TypeAdapter[Any]:
    """Checks one term of a block. Building one takes longer than reading a contract."""
    spec = block.model_fields[name]
    annotated: Any = Annotated[spec.annotation, *spec.metadata] if spec.metadata else spec.annotation
    return TypeAdapter(annotated)


def _errors_of(adapter: TypeAdapter[Any], value: Any) -> Iterator[ValidationError]:
    """What is wrong with a value; then what stays wrong between its parts once the faulty ones are left out."""
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        yield error
        rest = _without(value, [fault["loc"] for fault in error.errors() if fault["loc"]])
        try:
            adapter.validate_python(rest)
        except ValidationError as other:
            between = [fault for fault in other.errors() if fault.get("ctx", {}).get("code") in BETWEEN]
            seen = [fault["loc"] for fault in error.errors()]
            fresh: list[Any] = [
                {"type": PydanticCustomError("p4v", "", fault["ctx"]), "loc": fault["loc"], "input": None}
                for fault in between
                if fault["loc"] not in seen
            ]
            if fresh:
                yield ValidationError.from_exception_data("", fresh)


def _without(value: Any, locations: Sequence[tuple[str | int, ...]]) -> Any:
    """The value without the keys of mappings that these locations lead to."""
    if isinstance(value, dict):
        gone = {loc[0] for loc in locations if len(loc) == 1}
        inner = {key: [loc[1:] for loc in locations if loc[0] == key and len(loc) > 1] for key in value}
        return {key: _without(part, inner[key]) for key, part in value.items() if key not in gone}
    if isinstance(value, list):
        return [
            _without(part, [loc[1:] for loc in locations if loc[0] == place and len(loc) > 1])
            for place, part in enumerate(value)
        ]
    return value
