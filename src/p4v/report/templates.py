"""Where templates come from, and what they may do: loop over a statement and format it, nothing else.

A template is found in a user's folder first, then among the built-in ones; `p4v/NAME` is always the built-in one, so
that a user's template can extend what it replaces. None is read from outside these folders, also not through a link.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from p4v.errors import Finding
from p4v.resources import resource

BUILT_IN = "p4v/"
SUFFIX = ".j2"
FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a faulty template raises."""
_MARKDOWN_SIGNS = "\\`*_{}[]<>#|!"
_MOST_BYTES = 1_000_000
_NAME = re.compile(r"'(\w+)'(?: is undefined|$)")
_WAYS_OUT = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)


class OutsideError(TemplateError):
    """A template asked for a file outside the folders."""


class Folders(BaseLoader):
    """Reads templates from folders, the first that has one, and from nowhere else."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = [folder.resolve() for folder in folders]

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        del environment
        folders = self.folders
        if template.startswith(BUILT_IN):
            template, folders = template.removeprefix(BUILT_IN), self.folders[-1:]
        if leads_out(template):
            raise OutsideError(template)
        for folder in folders:
            path = folder / template
            if path.is_symlink() or path.exists():
                return _read(folder, path), str(path), lambda: True
        raise TemplateNotFound(template)


def leads_out(name: str) -> bool:
    """Whether a name is anything but a path downward from a folder."""
    parts = name.split("/")
    return "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts)


def _read(folder: Path, path: Path) -> str:
    real = path.resolve()
    if not real.is_relative_to(folder) or not real.is_file() or real.stat().st_size > _MOST_BYTES:
        raise OutsideError(path.name)
    return real.read_text(encoding="utf-8")


def environment(folder: Path | None = None) -> ImmutableSandboxedEnvironment:
    """The environment of the built-in templates, or of a user's folder before them."""
    return _environment(() if folder is None else (folder,))


@lru_cache(maxsize=4)
def _environment(folders: tuple[Path, ...]) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        loader=Folders([*folders, resource("reports", "templates")]),
        undefined=StrictUndefined,
        autoescape=lambda name: name is None or ".html" in name,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=64,
    )
    made.filters["md"] = markdown_text
    return made


def markdown_text(text: str) -> str:
    """Text that no Markdown reader takes for markup."""
    return "".join(f"\\{character}" if character in _MARKDOWN_SIGNS else character for character in text)


def folder_findings(folder: Path) -> Iterator[Finding]:
    """What is wrong with a user's templates before any is rendered: syntax, and files from outside the folder."""
    made = environment(folder)
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        try:
            tree = made.parse(_read(folder.resolve(), path), filename=str(path))
        except OutsideError:
            yield _outside(str(path), None)
        except UnicodeDecodeError:
            yield Finding("P4V-C090", str(path), "a file that is not UTF-8", "a template in UTF-8")
        except TemplateSyntaxError as error:
            yield Finding("P4V-C090", str(path), f"no template: {error.message}", "a Jinja template", line=error.lineno)
        else:
            for node in tree.find_all(_WAYS_OUT):
                named = getattr(node, "template", None)
                if isinstance(named, nodes.Const) and isinstance(named.value, str) and leads_out(named.value):
                    yield _outside(str(path), node.lineno)


def fault_finding(error: Exception, folder: Path) -> Finding:
    """What a user's template did wrong, and the line where it did; never a value of the data."""
    file, line = _place(error.__traceback__, folder)
    if isinstance(error, TemplateSyntaxError):
        return Finding(
            "P4V-C090", error.filename or file, f"no template: {error.message}", "a Jinja template", line=error.lineno
        )
    if isinstance(error, OutsideError):
        return _outside(file, line)
    if isinstance(error, SecurityError):
        return Finding(
            "P4V-X002", file, "something that a template may not do", "loops, conditions and formats", line=line
        )
    if isinstance(error, TemplateNotFound):
        return Finding("P4V-C090", file, "no such template", "a file of the folder, or a built-in one", line=line)
    if isinstance(error, UndefinedError):
        name = _NAME.search(error.message or "")
        return Finding(
            "P4V-C090", file, "a name that a statement does not have", "a name of the view", _written(name, file), line
        )
    found = f"an expression that fails ({type(error).__name__})"
    return Finding("P4V-C090", file, found, "an expression that holds for every statement", line=line)


def _outside(file: str, line: int | None) -> Finding:
    allowed = "files of the template folder and built-in ones"
    return Finding("P4V-X001", file, "a file outside the template folder", allowed, line=line)


def _place(trace: TracebackType | None, folder: Path) -> tuple[str, int | None]:
    """The last line of the user's own templates that ran."""
    place: tuple[str, int | None] = (str(folder), None)
    own = str(folder.resolve())
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith(own):
            place = (name, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _written(name: re.Match[str] | None, file: str) -> str | None:
    """The missing name, if the template itself spells it."""
    path = Path(file)
    if name is None or not path.is_file():
        return None
    return name.group(1) if name.group(1) in path.read_text(encoding="utf-8") else None
