"""Program files as documents: read from a configs root, checked in every part, each part with its place."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, PlainValidator, TypeAdapter, ValidationError

from p4v.contract.blocks import KINDS, Block, Kind, Strict
from p4v.contract.order import Order
from p4v.contract.values import ID_PATTERN, Day, Id, LineName, Number, People, Text, YesNo, fault
from p4v.contract.yaml_tree import Listing, Mapping, Node, Place, Scalar, YamlFile, place_at, plain, read_yaml
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.units import Unit

CHOICES = ("<text>", "<mapping>")
"""Marks that tell pydantic which of two shapes was written; they are no part of a path."""
REMOVED = "none"
"""What a block says that takes away the block of the program it extends, or of an earlier date."""


def _unit(value: Any) -> Unit:
    if value in [str(unit) for unit in Unit if unit is not Unit.TABLE]:
        return Unit(value)
    raise fault("P4V-C052", "an unknown unit", ", ".join(str(unit) for unit in Unit if unit is not Unit.TABLE))


FigureUnit = Annotated[Unit, PlainValidator(_unit)]


class FigureSpec(Strict):
    """A figure that the program takes as given: its unit, what it may be, and the clause that asks for it."""

    unit: FigureUnit
    clause: Text
    label: Text | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    whole: YesNo = False
    optional: YesNo = False


class InForce(Strict):
    """When a program was made and from when it applies."""

    signed: Day
    effective: Day


class Amendment(Strict):
    """Terms that change on a day, and for which agreements."""

    id: Text
    signed: Day
    effective: Day
    clause: Text
    agreements_from: Day | None = None
    agreement_year: People | None = None
    terms: dict[str, Any]


class Document(Strict):
    """One program file."""

    program: Id
    extends: Id | None = None
    kind: Kind | None = None
    title: Text | None = None
    in_force: InForce | None = None
    order: Order | None = None
    figures: dict[LineName, FigureSpec] = Field(default_factory=dict)
    labels: dict[LineName, Text] = Field(default_factory=dict)
    terms: dict[str, Any] = Field(default_factory=dict)
    amendments: list[Amendment] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A document and the file it was read from."""

    file: YamlFile
    document: Document


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A kind of contract: the files that say what it is, the one it rests on first, and what is wrong in its terms."""

    id: str
    kind: Kind
    title: str
    order: Order
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...] = ()

    def figures(self) -> dict[str, tuple[FigureSpec, Part]]:
        return {name: (spec, part) for part in self.parts for name, spec in part.document.figures.items()}

    def labels(self) -> dict[str, str]:
        named = {name: spec.label for name, (spec, _) in self.figures().items() if spec.label}
        return named | {name: label for part in self.parts for name, label in part.document.labels.items()}


class Library:
    """Where programs are found: the folders `programs/` of one or more configs roots, the nearest first."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = roots
        self._read: dict[str, Program] = {}
        self._files: dict[Path, YamlFile] = {}

    def known(self, room: str = "programs") -> list[str]:
        return sorted({path.stem for root in self.roots for path in (root / room).glob("*.yaml")})

    def path(self, room: str, name: str) -> Path | None:
        for root in self.roots:
            path = root / room / f"{name}.yaml"
            if path.exists():
                return path
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
            self._read[name] = _program(self, name)
        return self._read[name]


def _program(library: Library, name: str) -> Program:
    files = _chain(library, name)
    findings: list[Finding] = []
    documents = [_document(file, findings) for file in files]
    kind = plain(files[0].root).get("kind")
    terms = [finding for file in files for finding in _term_findings(file, KINDS[kind])] if kind in KINDS else []
    for file, document in zip(files, documents, strict=True):
        if document is not None:
            findings += _whole_findings(file, document, base=file is files[0], leaf=file is files[-1])
    if findings:
        raise Refusal([*findings, *terms])
    parts = tuple(Part(file, document) for file, document in zip(files, documents, strict=True) if document is not None)
    base, leaf = parts[0].document, parts[-1].document
    assert base.kind is not None
    assert base.order is not None
    assert leaf.title is not None
    return Program(name, base.kind, leaf.title, base.order, parts, tuple(terms))


def _chain(library: Library, name: str) -> list[YamlFile]:
    """The files of a program, the one it rests on first. Raises `KeyError` if there is no such program."""
    files: list[YamlFile] = []
    wanted: Any = name
    while wanted is not None:
        if not (isinstance(wanted, str) and ID_PATTERN.fullmatch(wanted)):
            checked(files[-1], Document)
        path = library.path("programs", wanted)
        if path is None:
            if not files:
                raise KeyError(name)
            raise Refusal([_unknown_parent(files[-1], str(wanted), library)])
        if any(file.path == path for file in files):
            place = place_at(files[-1].root, ("extends",))
            found = "a program that extends itself"
            raise Refusal([files[-1].finding("P4V-C013", place, "extends", found, "a program that rests on another")])
        files.append(library.file(path))
        wanted = plain(files[-1].root).get("extends")
    files.reverse()
    return files


def _unknown_parent(file: YamlFile, wanted: str, library: Library) -> Finding:
    place = place_at(file.root, ("extends",))
    remedy = did_you_mean(wanted, library.known())
    return file.finding("P4V-C014", place, "extends", "an unknown program", "the id of a program", remedy=remedy)


def _document(file: YamlFile, findings: list[Finding]) -> Document | None:
    try:
        return checked(file, Document)
    except Refusal as refusal:
        findings += refusal.findings
        return None


def _whole_findings(file: YamlFile, document: Document, base: bool, leaf: bool) -> Iterator[Finding]:
    """What a program says once, in the file it rests on or in its own, and under its file's name."""
    if document.program != file.path.stem:
        place = place_at(file.root, ("program",))
        yield file.finding("P4V-C015", place, "program", "another id than the file's name", f"`{file.path.stem}`")
    for name in ("kind", "order", "in_force"):
        stated = getattr(document, name) is not None
        if base and not stated and name != "in_force":
            yield file.finding("P4V-C022", Place(1, 1), name, f"no `{name}`", f"`{name}`")
        elif stated and not base:
            place = place_at(file.root, (name,))
            yield file.finding("P4V-C024", place, name, f"`{name}` again", f"`{name}` in the program that it extends")
    if leaf and document.title is None:
        yield file.finding("P4V-C022", Place(1, 1), "title", "no `title`", "`title`")


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
    return list(model.model_fields)


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
        elif isinstance(node, Listing) and isinstance(part, int):
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
        annotated: Any = Annotated[spec.annotation, *spec.metadata] if spec.metadata else spec.annotation
        try:
            TypeAdapter(annotated).validate_python(plain(entry.value))
        except ValidationError as error:
            models = _models_in(spec.annotation) or [block]
            yield from findings_of(file, entry.value, (*path, name), error, models[0])
