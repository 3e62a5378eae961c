"""The statement, as a page and as Markdown, from the same view through Jinja."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from p4v.report.templates import environment
from p4v.report.view import notice_view, statement_view

HTML, MARKDOWN = "statement.html", "statement.md"


def statement_html(document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> bytes:
    """One self-contained page."""
    return statements(document, manifest, digest)[HTML]


def statement_markdown(document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str) -> bytes:
    """The same in short, for a message."""
    return statements(document, manifest, digest)[MARKDOWN]


def statements(
    document: Mapping[str, Any], manifest: Mapping[str, Any], digest: str, folder: Path | None = None
) -> dict[str, bytes]:
    """File name to bytes, of page and message; `folder` has templates that come before the built-in ones."""
    view = statement_view(document, manifest, digest)
    made = environment(folder)
    return {name: made.get_template(f"{name}.j2").render(statement=view).encode() for name in (HTML, MARKDOWN)}


def not_in_force(
    group: str, group_name: str | None, contract: str, title: str, period: Mapping[str, str], reason: str
) -> dict[str, bytes]:
    """What a group receives that is listed for a period in which its contract was not in force.

    `period` has `from` and `to` as a settlement has them; `reason` is a sentence.
    """
    view = notice_view(group, group_name, contract, title, period, reason)
    made = environment()
    names = {HTML: "not-in-force.html.j2", MARKDOWN: "not-in-force.md.j2"}
    return {name: made.get_template(template).render(notice=view).encode() for name, template in names.items()}
