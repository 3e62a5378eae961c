"""The statement, as a page and as Markdown, from the same view through Jinja."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from p4v.report.view import statement_view
from p4v.resources import resource

_MARKDOWN_SIGNS = "\\`*_{}[]<>#|!"


def statement_html(document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> bytes:
    """One self-contained page."""
    return _rendered("statement.html.j2", document, manifest, digest)


def statement_markdown(document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> bytes:
    """The same for a message."""
    return _rendered("statement.md.j2", document, manifest, digest)


def _rendered(template: str, document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> bytes:
    view = statement_view(document, manifest, digest)
    return _environment().get_template(template).render(statement=view).encode()


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(resource("reports", "templates")),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and ".html" in name,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = _markdown
    return environment


def _markdown(text: str) -> str:
    """Text that no Markdown reader takes for markup."""
    return "".join(f"\\{character}" if character in _MARKDOWN_SIGNS else character for character in text)
