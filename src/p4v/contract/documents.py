"""Program files as documents: read from a configs root, checked in every part, each part with its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, PlainValidator, TypeAdapter, ValidationError

from p4v.contract.blocks import KINDS, Block, Strict
from p4v.contract.order import Order
from p4v.contract.values import Day, Id, LineName, Number, People, Text, YesNo, fault
from p4v.contract.yaml_tree import Listing, Mapping, Node, Place, Scalar, YamlFile, place_at, plain, read_yaml
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.units import Unit

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
    kind: Literal["shared_savings", "risk_corridor", "quality_score"] | None = None
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
    """A kind of contract: the files that say what it is, the one it rests on first."""

    id: str
    kind: Literal["shared_savings", "risk_corridor", "quality_score"]
    title: str
    order: Order
    parts: tuple[Part, ...]

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

    def known(self, room: str = "programs") -> list[str]:
        return sorted({path.stem for root in self.roots for path in (root / room).glob("*.yaml")})

    def path(self, room: str, name: str) -> Path | None:
        for root in self.roots:
            path = root / room / f"{name}.yaml"
            if path.exists():
                return path
        return None

    def program(self, name: str) -> Program:
        """The program of that id. Raises `Refusal` with all that is wrong in its files, `KeyError` if there is none."""
        if name not in self._read:
            self._read[name] = _program(self, name)
        return self._read[name]


def _program(library: Library, name: str) -> Program:
    parts: list[Part] = []
    wanted: str | None = name
    while wanted is not None:
        path = library.path("programs", wanted)
        if path is None:
            if not parts:
                raise KeyError(name)
            raise Refusal([_unknown_parent(parts[-1], wanted, library)])
        if any(part.document.program == wanted for part in parts):
            place = place_at(parts[-1].file.root, ("extends",))
            found = "a program that extends itself"
            raise Refusal(
                [parts[-1].file.finding("P4V-C013", place, "extends", found, "a program that rests on another")]
            )
        part = _part(path, wanted)
        parts.append(part)
        wanted = part.document.extends
    parts.reverse()
    kind, title, order = parts[0].document.kind, parts[-1].document.title, parts[0].document.order
    for needed, value, at in (("kind", kind, parts[0]), ("order", order, parts[0]), ("title", title, parts[-1])):
        if value is None:
            finding = at.file.finding("P4V-C022", Place(1, 1), needed, f"no `{needed}`", f"`{needed}`")
            raise Refusal([finding])
    assert kind is not None
    assert order is not None
    assert title is not None
    findings = [finding for part in parts for finding in _term_findings(part, KINDS[kind])]
    findings += [finding for part in parts[1:] for finding in _base_only(part)]
    if findings:
        raise Refusal(findings)
    return Program(name, kind, title, order, tuple(parts))


def _unknown_parent(part: Part, wanted: str, library: Library) -> Finding:
    remedy = did_you_mean(wanted, library.known())
    place = place_at(part.file.root, ("extends",))
    return part.file.finding("P4V-C014", place, "extends", "an unknown program", "the id of a program", remedy=remedy)


def _part(path: Path, name: str) -> Part:
    file = read_yaml(path, shown_path(path), f"programs/{path.name}")
    document = checked(file, Document)
    if document.program != name:
        place = place_at(file.root, ("program",))
        raise Refusal([file.finding("P4V-C015", place, "program", "another id than the file's name", f"`{name}`")])
    return Part(file, document)


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
    loc = tuple(part for part in fault["loc"] if part != "[key]")
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
            remedy = did_you_mean(str(fault["input"]), context["expected"].replace("'", "").split(" or "))
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


def terms_of(part: Part) -> Iterator[tuple[tuple[str | int, ...], Mapping]]:
    """The mappings of blocks in a file, each with its path: its own terms, then those of each amendment."""
    for path in [("terms",), *(("amendments", i, "terms") for i in range(len(part.document.amendments)))]:
        node = node_at(part.file.root, path)
        if isinstance(node, Mapping):
            yield path, node


def node_at(node: Node, path: Sequence[str | int]) -> Node | None:
    for part in path:
        if isinstance(node, Mapping) and part in node.entries:
            node = node.entries[str(part)].value
        elif isinstance(node, Listing) and isinstance(part, int):
            node = node.items[part]
        else:
            return None
    return node


def _term_findings(part: Part, blocks: Any) -> Iterator[Finding]:
    """Each term checked where it stands, also one that a later date replaces."""
    for path, node in terms_of(part):
        for name, entry in node.entries.items():
            field = ".".join(str(step) for step in (*path, name))
            if name not in blocks:
                remedy = did_you_mean(name, blocks)
                yield part.file.finding(
                    "P4V-C020", entry.key, field, "an unknown block", ", ".join(blocks), remedy=remedy
                )
            elif isinstance(entry.value, Mapping):
                yield from _block_findings(part.file, (*path, name), entry.value, blocks[name])
            elif not (isinstance(entry.value, Scalar) and entry.value.text == REMOVED):
                yield part.file.finding("P4V-C021", entry.value.place, field, "another shape", f"terms, or `{REMOVED}`")


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


def _base_only(part: Part) -> Iterator[Finding]:
    for name in ("kind", "order", "in_force"):
        if getattr(part.document, name) is not None:
            place = place_at(part.file.root, (name,))
            yield part.file.finding(
                "P4V-C024", place, name, f"`{name}` again", f"`{name}` in the program that it extends"
            )
