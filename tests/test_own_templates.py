"""A user's own templates: before the built-in ones, in a sandbox, from their folder alone, within limits."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from p4v.errors import Finding, Refusal
from p4v.report import own_templates
from p4v.report.own_templates import own_statements, template_digests
from p4v.report.reports import reports, reports_with
from p4v.report.statement import HTML, MARKDOWN
from p4v.report.templates import leads_out, markdown_text
from statement_samples import failed_gate, happy

PAGE, MESSAGE = f"{HTML}.j2", f"{MARKDOWN}.j2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "own"
    place.mkdir()
    return place


def refused(folder: Path) -> list[Finding]:
    with pytest.raises(Refusal) as caught:
        own_statements(folder, [happy()])
    return list(caught.value.findings)


def the_finding(folder: Path) -> tuple[str, str, int | None]:
    (finding,) = refused(folder)
    return finding.code, finding.file, finding.line


def test_a_template_of_the_folder_comes_first(folder: Path) -> None:
    (folder / PAGE).write_text("<p>{{ statement.group_name }}: {{ statement.headline.figure }}</p>", encoding="utf-8")
    first, second = own_statements(folder, [happy(group_name="A & B"), failed_gate()])
    assert first[HTML] == b"<p>A &amp; B: $713,393.41</p>"
    assert second[HTML] == b"<p>Harbor Physicians: $0.00</p>"
    assert first[MARKDOWN] == reports(*happy(group_name="A & B"))[MARKDOWN]


def test_the_built_in_page_can_be_extended_and_its_parts_replaced(folder: Path) -> None:
    text = '{% extends "p4v/statement.html.j2" %}{% block tiles %}<p class="own">ours</p>{% endblock %}'
    (folder / PAGE).write_text(text, encoding="utf-8")
    (folder / "_prior.html.j2").write_text("<p>no prior</p>", encoding="utf-8")
    content = own_statements(folder, [happy()])[0][HTML].decode()
    assert '<p class="own">ours</p>' in content
    assert 'class="tiles"' not in content
    assert "<p>no prior</p>" in content
    assert "Against the prior period" not in content


def test_the_workbook_is_the_built_in_one(folder: Path) -> None:
    (folder / MESSAGE).write_text("{{ statement.digest }}", encoding="utf-8")
    sample = happy()
    assert reports_with(folder, [sample]) == [reports(*sample) | {MARKDOWN: sample[2].encode()}]


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "parts/../../x", "a\\b", "..", "./x", "p4v/../x"]
)
@pytest.mark.parametrize("tag", ["include", "extends", "import"])
def test_a_file_outside_the_folder_is_refused_with_its_line(folder: Path, name: str, tag: str) -> None:
    name = name.replace("\\", "\\\\")
    ending = " as x" if tag == "import" else ""
    (folder / "report.html.j2").write_text(f'first\n{{% {tag} "{name}"{ending} %}}\n', encoding="utf-8")
    assert the_finding(folder) == ("P4V-X001", f"{folder}/report.html.j2", 2)


def test_also_under_a_name_made_while_it_runs(folder: Path) -> None:
    (folder / PAGE).write_text('\n\n{% include "." ~ "./secret" %}\n', encoding="utf-8")
    assert the_finding(folder) == ("P4V-X001", f"{folder}/{PAGE}", 3)


def test_links_out_of_the_folder_are_not_followed(folder: Path) -> None:
    secret = folder.parent / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    (folder / PAGE).write_text('{% include "link.txt" %}\n', encoding="utf-8")
    (folder / "link.txt").symlink_to(secret)
    assert the_finding(folder) == ("P4V-X001", f"{folder}/{PAGE}", 1)
    (folder / PAGE).unlink()
    (folder / PAGE).symlink_to(secret)
    assert the_finding(folder) == ("P4V-X001", f"{folder}/{PAGE}", None)


def test_a_link_within_the_folder_is_a_name_of_its_own(folder: Path) -> None:
    (folder / "one.txt").write_text("one", encoding="utf-8")
    (folder / "two.txt").symlink_to(folder / "one.txt")
    (folder / PAGE).write_text('{% include "two.txt" %}', encoding="utf-8")
    assert own_statements(folder, [happy()])[0][HTML] == b"one"


@pytest.mark.parametrize(
    "text",
    [
        "\n{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "\n{{ statement.__init__.__globals__ }}",
        "\n{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "\n{{ statement.sentences.append('x') }}",
        "\n{% for i in range(10000000) %}x{% endfor %}",
    ],
)
def test_what_a_sandbox_forbids(folder: Path, text: str) -> None:
    (folder / PAGE).write_text(text, encoding="utf-8")
    code, file, line = the_finding(folder)
    assert (file, line) == (f"{folder}/{PAGE}", 2)
    assert code in ("P4V-X002", "P4V-C090")


FAULTS = [
    ("{% if %}", "no template: Expected an expression, got 'end of statement block'", None),
    ("{{ statement.no_such_thing }}", "a name that a statement does not have", "no_such_thing"),
    ("{{ nothing }}", "a name that a statement does not have", "nothing"),
    ("{{ 1 / 0 }}", "an expression that fails (ZeroDivisionError)", None),
    ("{{ statement.group_name + 1 }}", "an expression that fails (TypeError)", None),
    ("{{ statement.facts[99] }}", "a name that a statement does not have", None),
    ('{% include "no-such.j2" %}', "no such template", None),
    ("{{ statement.group_name | no_filter }}", "no template: No filter named 'no_filter'.", None),
]


@pytest.mark.parametrize("text, found, field", FAULTS)
def test_faults_of_a_template_are_findings_with_file_and_line(
    folder: Path, text: str, found: str, field: str | None
) -> None:
    (folder / PAGE).write_text(f"<p>\n\n{text}\n</p>", encoding="utf-8")
    (finding,) = refused(folder)
    assert (finding.code, finding.file, finding.line) == ("P4V-C090", f"{folder}/{PAGE}", 3)
    assert (finding.found, finding.field) == (found, field)
    assert finding.exit_code == 3


def test_no_value_of_the_data_in_a_message(folder: Path) -> None:
    (folder / PAGE).write_text("{{ statement[statement.group_name] }}", encoding="utf-8")
    (finding,) = refused(folder)
    assert "Riverbend" not in finding.text()


def test_bytes_that_are_no_text(folder: Path) -> None:
    (folder / PAGE).write_bytes(b"\xff\xfe")
    assert the_finding(folder)[0] == "P4V-C090"


def test_too_long_or_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_templates, "SECONDS", 2)
    loops = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    for text in (loops, "{{ 'x' * 3000000000 }}"):
        (folder / PAGE).write_text(text, encoding="utf-8")
        code, file, _ = the_finding(folder)
        assert (code, file) == ("P4V-X003", str(folder))


def test_a_folder_without_templates(folder: Path) -> None:
    assert the_finding(folder) == ("P4V-U020", str(folder), None)
    assert the_finding(folder / "nowhere") == ("P4V-U020", str(folder / "nowhere"), None)


def test_names_of_templates_are_shown_as_the_user_gave_them(folder: Path) -> None:
    (folder / PAGE).write_text("{{ nothing }}", encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder.parent)
    try:
        assert the_finding(Path("own")) == ("P4V-C090", f"own/{PAGE}", 1)
    finally:
        os.chdir(before)


def test_digests_of_templates(folder: Path) -> None:
    (folder / PAGE).write_text("a", encoding="utf-8")
    (folder / "parts").mkdir()
    (folder / "parts" / "b.j2").write_text("b", encoding="utf-8")
    digests = {name: sha256(text).hexdigest() for name, text in ((PAGE, b"a"), ("parts/b.j2", b"b"))}
    assert template_digests(folder) == digests


def test_names_that_lead_out() -> None:
    assert [
        name for name in ("a", "a/b.j2", "a//b", "/a", "../a", "a/.", "a\0", "a\\b", "") if not leads_out(name)
    ] == [
        "a",
        "a/b.j2",
    ]


def test_text_in_markdown() -> None:
    assert markdown_text("a|b*c_<d>") == "a\\|b\\*c\\_\\<d\\>"
