"""YAML as a tree of text with places: what a contract file says, and where.

Scalars stay text, so that `NO` is a group's name and 01234 keeps its zero. Whatever lets a file say one thing and mean
another is refused: repeated keys, anchors, merges, tags, several documents, tabs and characters that do not show.
"""

import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from p4v.errors import Finding, Refusal

SIZE_LIMIT = 1024 * 1024
DEPTH_LIMIT = 20
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters of scripts and Braille that show as nothing."""
_HIDDEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_FRAME_WIDTH = 160
_MARK_WIDTH = 60
FINDINGS_LIMIT = 1000
"""A file that is all faults is not read to its end."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node starts, from 1, and how many characters of its line it takes."""

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value, as text whether quoted or bare."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place, and its value."""

    key: Place
    value: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in the order of the file."""

    place: Place
    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """Items in the order of the file."""

    place: Place
    items: list["Node"] = field(default_factory=list)


Node = Scalar | Mapping | Listing


@dataclass(frozen=True, slots=True)
class YamlFile:
    """One file: its path, as shown to the user, and from the configs root; its bytes and its tree."""

    path: Path
    shown: str
    relative: str
    content: bytes
    root: Mapping

    def finding(
        self,
        code: str,
        place: Place,
        field: str | None,
        found: str,
        allowed: str,
        note: str = "",
        remedy: str | None = None,
    ) -> Finding:
        """A finding with its source frame: the line, the line before, and a mark under what is meant."""
        return _finding(self.shown, _lines(self.content), code, place, field, found, allowed, note, remedy)


def read_yaml(path: Path, shown: str, relative: str) -> YamlFile:
    """The tree of a file. Raises `Refusal` with all that is wrong in it."""
    content = _read_bytes(path, shown)
    text = _decoded(content, shown)
    lines = _lines(content)
    findings = list(islice(_unseen_characters(text, shown, lines), FINDINGS_LIMIT))
    if findings:
        raise Refusal(findings)
    composer = _Composer(shown, lines)
    root = composer.compose(text)
    if composer.findings:
        raise Refusal(composer.findings)
    if root is None:
        raise Refusal([Finding("P4V-C007", shown, "no content", "a mapping of terms", line=1, column=1)])
    if not isinstance(root, Mapping):
        raise Refusal([_finding(shown, lines, "P4V-C021", root.place, None, "no mapping", "`key: value` at the top")])
    return YamlFile(path, shown, relative, content, root)


def plain(node: Node) -> Any:
    """The tree as text, dictionaries and lists."""
    match node:
        case Scalar():
            return node.text
        case Mapping():
            return {key: plain(entry.value) for key, entry in node.entries.items()}
        case Listing():
            return [plain(item) for item in node.items]


def place_at(node: Node, path: tuple[str | int, ...]) -> Place:
    """The place of the node that a path leads to, or of the last one on the way that exists."""
    for part in path:
        if isinstance(node, Mapping) and part in node.entries:
            node = node.entries[str(part)].value
        elif isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            break
    return node.place


def _read_bytes(path: Path, shown: str) -> bytes:
    def refused(code: str, found: str, allowed: str) -> Refusal:
        return Refusal([Finding(code, shown, found, allowed)])

    try:
        status = path.stat()
    except OSError as error:
        raise refused("P4V-C008", "no such file", "a YAML file") from error
    if not stat.S_ISREG(status.st_mode):
        raise refused("P4V-C008", "a folder, pipe or device", "a YAML file")
    if status.st_size > SIZE_LIMIT:
        raise refused("P4V-C009", f"{status.st_size} bytes", f"up to {SIZE_LIMIT} bytes")
    try:
        return path.read_bytes()
    except OSError as error:
        raise refused("P4V-S005", error.strerror or "an error of the disk", "a file that can be read") from error


def _decoded(content: bytes, shown: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"a byte that is not UTF-8, at byte offset {error.start}"
        finding = Finding("P4V-C010", shown, found, "UTF-8", line=line, help="save the file as UTF-8")
        raise Refusal([finding]) from error


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").split("\n")


def _unseen_characters(text: str, shown: str, lines: list[str]) -> Iterator[Finding]:
    """Tabs, blanks that are no blanks, and characters that hide or turn text around."""
    for number, whole in enumerate(text.split("\n"), start=1):
        line = whole.removesuffix("\r")
        for column, character in () if _plain(line) else enumerate(line, start=1):
            if _plain(character):
                continue
            place = Place(number, column)
            if character == "\t":
                yield _finding(shown, lines, "P4V-C005", place, None, "a tab", "blanks", remedy="indent with blanks")
            elif unicodedata.category(character) == "Zs":
                named = f"the blank U+{ord(character):04X}"
                yield _finding(
                    shown, lines, "P4V-C005", place, None, named, "plain blanks", remedy="type the blank again"
                )
            elif _hides(character):
                named = f"the character U+{ord(character):04X}"
                yield _finding(shown, lines, "P4V-C011", place, None, named, "characters that show")


def _plain(text: str) -> bool:
    """Whether all of it are letters of a plain keyboard, and blanks."""
    return text.isascii() and text.isprintable()


def _hides(character: str) -> bool:
    return character in _BLANK_LETTERS or unicodedata.category(character) in _HIDDEN


class _Composer:
    """Builds the tree from parser events, with a stack, so that no file can exhaust the interpreter's."""

    def __init__(self, shown: str, lines: list[str]) -> None:
        self.shown = shown
        self.lines = lines
        self.findings: list[Finding] = []
        self.root: Node | None = None
        self.stack: list[Mapping | Listing] = []
        self.keys: list[Scalar | None] = []
        self.documents = 0

    def compose(self, text: str) -> Node | None:
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                if not self.take(event, self.place(event)):
                    break
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            found = f"YAML that cannot be read ({error.problem or error.context})"
            self.refuse("P4V-C005", Place(mark.line + 1, mark.column + 1), found, "well-formed YAML")
        return self.root

    def take(self, event: yaml.Event, place: Place) -> bool:
        """Puts one event into the tree; False where reading on makes no sense."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents == 2:
                self.refuse("P4V-C006", place, "a second document", "one document in a file")
                return False
        if isinstance(event, yaml.NodeEvent):
            self.refuse_marks(event, place)
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()
            self.keys.pop()
            return True
        node = self.node(event, place)
        if node is None:
            return True
        if isinstance(node, Scalar):
            self.refuse_hidden(node)
        is_value = True
        if self.stack:
            is_value = self.attach(self.stack[-1], node)
        else:
            self.root = node
        if is_value and not isinstance(node, Scalar):
            self.stack.append(node)
            self.keys.append(None)
        if len(self.stack) > DEPTH_LIMIT:
            self.refuse("P4V-C012", place, "deep nesting", f"up to {DEPTH_LIMIT} levels")
            return False
        return True

    def node(self, event: yaml.Event, place: Place) -> Node | None:
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, place)
        if isinstance(event, yaml.AliasEvent):
            return Scalar(f"*{event.anchor}", place)
        if isinstance(event, yaml.MappingStartEvent):
            return Mapping(place)
        return Listing(place) if isinstance(event, yaml.SequenceStartEvent) else None

    def attach(self, parent: Mapping | Listing, node: Node) -> bool:
        """Puts a node where it belongs: a mapping takes a key, then its value. False for a key."""
        if isinstance(parent, Listing):
            parent.items.append(node)
            return True
        key = self.keys[-1]
        if key is None:
            if not isinstance(node, Scalar):
                self.refuse("P4V-C021", node.place, "a key that is no plain text", "a name")
                node = Scalar("?", node.place)
                self.keys[-1] = node
                return True
            if node.text == "<<":
                self.refuse("P4V-C002", node.place, "a merge key", "every term written out")
            elif node.text in parent.entries:
                first = parent.entries[node.text].key.line
                found = f"`{node.text}` again, first on line {first}"
                self.refuse("P4V-C001", node.place, found, "each key once", field=node.text)
            self.keys[-1] = node
            return False
        if key.text in parent.entries:
            self.keys[-1] = None
            return True
        parent.entries[key.text] = Entry(key.place, node)
        self.keys[-1] = None
        return True

    def refuse_marks(self, event: yaml.NodeEvent, place: Place) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.refuse("P4V-C003", place, f"the alias *{event.anchor}", "every term written out")
        elif event.anchor is not None:
            self.refuse("P4V-C003", place, f"the anchor &{event.anchor}", "every term written out")
        if getattr(event, "tag", None) is not None:
            self.refuse("P4V-C004", place, "a tag", "text, lists and mappings without tags")

    def refuse_hidden(self, scalar: Scalar) -> None:
        """Also a character that the file writes as an escape must show."""
        for character in "" if _plain(scalar.text) else scalar.text:
            if _hides(character):
                named = f"the character U+{ord(character):04X}"
                self.refuse("P4V-C011", scalar.place, named, "characters that show, on one line")
                return

    def place(self, event: yaml.Event) -> Place:
        start: Any = event.start_mark
        end: Any = event.end_mark
        length = end.column - start.column if start.line == end.line else 1
        return Place(start.line + 1, start.column + 1, max(length, 1))

    def refuse(self, code: str, place: Place, found: str, allowed: str, field: str | None = None) -> None:
        self.findings.append(_finding(self.shown, self.lines, code, place, field, found, allowed))


def _finding(
    shown: str,
    lines: list[str],
    code: str,
    place: Place,
    field: str | None,
    found: str,
    allowed: str,
    note: str = "",
    remedy: str | None = None,
) -> Finding:
    return Finding(code, shown, found, allowed, field, place.line, place.column, _frame(lines, place, note), remedy)


def _frame(lines: list[str], place: Place, note: str) -> tuple[str, ...]:
    """The line, the line before, and a mark; of a long line the part around the mark."""
    if not 0 < place.line <= len(lines):
        return ()
    width = len(str(place.line))
    gutter = " " * width
    start = 0 if place.column <= _FRAME_WIDTH else place.column - 1 - _FRAME_WIDTH // 2
    numbers = range(max(1, place.line - 1), place.line + 1)
    shown = [f"{number:>{width}} | {_visible(lines[number - 1], start)}".rstrip() for number in numbers]
    mark = " " * (place.column - 1 - start) + "^" * min(place.length, _MARK_WIDTH)
    return (f"{gutter} |", *shown, f"{gutter} | {mark} {note}".rstrip())


def _visible(line: str, start: int) -> str:
    """Part of a source line that can do no harm on a terminal."""
    part = line[start : start + _FRAME_WIDTH]
    return "".join(character if character.isprintable() else " " for character in part)
