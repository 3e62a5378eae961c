"""YAML as text with places: what is read, what is refused, and where the finding points."""

import ast
import errno
import os
import subprocess
import sys
import time
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from p4v.contract.yaml_tree import Entry, Listing, Mapping, Place, Scalar, YamlFile, place_at, plain, read_yaml
from p4v.errors import Finding, Refusal

MIB = 1024 * 1024


@pytest.fixture
def read(tmp_path):
    """Reads a text (or bytes) as a file."""

    def _read(content: str | bytes) -> YamlFile:
        path = tmp_path / "file.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_yaml(path, "shown/file.yaml", "programs/file.yaml")

    return _read


@pytest.fixture
def refused(read):
    """All findings of a text that is refused."""

    def _refused(content: str | bytes) -> list[Finding]:
        with pytest.raises(Refusal) as refusal:
            read(content)
        assert all(finding.file == "shown/file.yaml" for finding in refusal.value.findings)
        assert refusal.value.exit_code == 3
        return list(refusal.value.findings)

    return _refused


def where(findings: list[Finding]) -> list[tuple[str, int | None, int | None]]:
    return [(finding.code, finding.line, finding.column) for finding in findings]


# What is read


def test_every_node_and_key_has_its_place(read):
    text = "ab: 1\n'c d': \"e\"\nlist:\n  - x\n  - {y: zz, w: []}\nmap:\n  deep:\n    er: value\n"
    assert read(text).root == Mapping(
        Place(1, 1),
        {
            "ab": Entry(Place(1, 1, 2), Scalar("1", Place(1, 5, 1))),
            "c d": Entry(Place(2, 1, 5), Scalar("e", Place(2, 8, 3))),
            "list": Entry(
                Place(3, 1, 4),
                Listing(
                    Place(4, 3),
                    [
                        Scalar("x", Place(4, 5, 1)),
                        Mapping(
                            Place(5, 5),
                            {
                                "y": Entry(Place(5, 6, 1), Scalar("zz", Place(5, 9, 2))),
                                "w": Entry(Place(5, 13, 1), Listing(Place(5, 16), [])),
                            },
                        ),
                    ],
                ),
            ),
            "map": Entry(
                Place(6, 1, 3),
                Mapping(
                    Place(7, 3),
                    {
                        "deep": Entry(
                            Place(7, 3, 4),
                            Mapping(Place(8, 5), {"er": Entry(Place(8, 5, 2), Scalar("value", Place(8, 9, 5)))}),
                        )
                    },
                ),
            ),
        },
    )


def test_value_over_several_lines_has_the_place_of_its_start(read):
    entries = read("a: 'x\n  yy'\nb: c\n  d\n  e\n").root.entries
    assert entries["a"].value == Scalar("x yy", Place(1, 4, 1))
    assert entries["b"].value == Scalar("c d e", Place(3, 4, 1))


def test_absent_value_is_empty_text_after_the_colon(read):
    assert read("a:\nb: ''\n").root.entries["a"] == Entry(Place(1, 1, 1), Scalar("", Place(1, 3, 1)))


def test_places_count_characters_not_bytes(read):
    entries = read("é: ü漢\nx: {é: 1, ü: '😀', z: 2}\n").root.entries
    assert entries["é"] == Entry(Place(1, 1, 1), Scalar("ü漢", Place(1, 4, 2)))
    inner = entries["x"].value
    assert isinstance(inner, Mapping)
    assert inner.entries["z"] == Entry(Place(2, 19, 1), Scalar("2", Place(2, 22, 1)))


@pytest.mark.parametrize(
    "text",
    [
        "NO", "no", "yes", "Yes", "on", "off", "true", "false", "null", "~", "01234", "0o17", "0x10", "1e3", "1_000",
        "-0.00", ".inf", "-.inf", ".nan", "+5", "2014-01-01", "2024-02-30", "12:30:45", "2.50", "1.0625000000000000001",
        "50%", "GRP-001", "=", "<", "é", "٢.٥٠", "$1,412.34", "a  b",
    ],
)  # fmt: skip
def test_scalar_stays_text_bare_or_quoted(read, text):
    assert plain(read(f"a: {text}\nb: '{text}'\nc: \"{text}\"\n").root) == {"a": text, "b": text, "c": text}


@pytest.mark.parametrize("key", ["1", "01", "null", "yes", "2014-01-01", "1.0", "~"])
def test_key_stays_text(read, key):
    assert plain(read(f"{key}: x\n").root) == {key: "x"}


@pytest.mark.parametrize(
    "text", ["a: 1\nb: 2\n", "a: 1\r\nb: 2\r\n", "---\na: 1\nb: 2\n...\n", "# c\na: 1 # d\n\nb: 2", "{a: 1, b: 2}"]
)
def test_one_document_however_it_is_laid_out(read, text):
    assert plain(read(text).root) == {"a": "1", "b": "2"}


def test_key_may_be_marked_or_stand_without_value(read):
    assert plain(read("? a\n: 1\nb: {c, d: 2}\n").root) == {"a": "1", "b": {"c": "", "d": "2"}}


def test_nothing_changes_after_reading(read):
    file = read("a: [x]\n")
    entry = file.root.entries["a"]
    item = entry.value.items[0]
    for part in (file, file.root, entry, entry.value, item, item.place):
        with pytest.raises(FrozenInstanceError):
            setattr(part, next(iter(part.__slots__)), None)


def test_order_of_the_file_is_kept(read):
    assert list(read("c: 1\na: 2\nb: 3\n").root.entries) == ["c", "a", "b"]


def test_file_keeps_its_names_and_bytes(read, tmp_path):
    content = "# ü\r\na: 1\r\n".encode()
    file = read(content)
    assert file.path == tmp_path / "file.yaml"
    assert (file.shown, file.relative, file.content) == ("shown/file.yaml", "programs/file.yaml", content)


# Keys


@pytest.mark.parametrize(
    "text, places",
    [
        ("a: 1\na: 2\n", [(2, 1, "a", "`a` again, first on line 1")]),
        ("a: 1\n\nb: 2\n'a': 3\n", [(4, 1, "a", "`a` again, first on line 1")]),
        ("n:\n  1: a\n  '1': b\n", [(3, 3, "1", "`1` again, first on line 2")]),
        ("n: {1: a, '1': b}\n", [(1, 11, "1", "`1` again, first on line 1")]),
        ("a: 1\na: 2\na: 3\n", [(2, 1, "a", "`a` again, first on line 1"), (3, 1, "a", "`a` again, first on line 1")]),
        ("x: [{b: 1}, {b: 1, b: 2}]\n", [(1, 20, "b", "`b` again, first on line 1")]),
        (
            "a: {c: 1}\na: {d: 1, d: 2}\nb: 1\nb: 2\n",
            [
                (2, 1, "a", "`a` again, first on line 1"),
                (2, 11, "d", "`d` again, first on line 2"),
                (4, 1, "b", "`b` again, first on line 3"),
            ],
        ),
        ("a: [1]\na: [2]\nc: 1\n", [(2, 1, "a", "`a` again, first on line 1")]),
    ],
)
def test_repeated_key_names_both_lines(refused, text, places):
    findings = refused(text)
    assert [(f.line, f.column, f.field, f.found) for f in findings] == places
    assert {(f.code, f.allowed) for f in findings} == {("P4V-C001", "each key once")}


def test_keys_that_repeat_on_other_levels_or_in_another_case_are_keys(read):
    assert plain(read("a: {a: {a: 1}, b: [{a: 1}, {a: 2}]}\nA: 2\n").root) == {
        "a": {"a": {"a": "1"}, "b": [{"a": "1"}, {"a": "2"}]},
        "A": "2",
    }


@pytest.mark.parametrize("text, column", [("? [a, b]\n: 1\n", 3), ("? {a: b}\n: {c: 1}\n", 3), ("{[a]: 1}\n", 2)])
def test_key_is_plain_text(refused, text, column):
    (finding,) = refused(text)
    assert (finding.code, finding.line, finding.column) == ("P4V-C021", 1, column)
    assert (finding.found, finding.allowed) == ("a key that is no plain text", "a name")


def test_reading_goes_on_behind_a_key_that_is_no_text(refused):
    findings = refused("? [a]\n: {b: 1, b: 2}\n? {c: d}\n: e\nf: 1\nf: &x 2\n")
    assert where(findings) == [
        ("P4V-C021", 1, 3),
        ("P4V-C001", 2, 10),
        ("P4V-C021", 3, 3),
        ("P4V-C001", 6, 1),
        ("P4V-C003", 6, 4),
    ]


# What lets a file say one thing and mean another

WRITTEN_OUT = "every term written out"
NO_TAG = "text, lists and mappings without tags"


@pytest.mark.parametrize(
    "text, findings",
    [
        ("x:\n  <<: {m: 1}\n", [("P4V-C002", 2, 3, "a merge key", WRITTEN_OUT, "^^")]),
        ("'<<': 1\n", [("P4V-C002", 1, 1, "a merge key", WRITTEN_OUT, "^^^^")]),
        (
            "<<: 1\n<<: 2\n",
            [
                ("P4V-C002", 1, 1, "a merge key", WRITTEN_OUT, "^^"),
                ("P4V-C002", 2, 1, "a merge key", WRITTEN_OUT, "^^"),
            ],
        ),
        (
            "base: &b {mode: cliff}\nx:\n  <<: *b\n",
            [
                ("P4V-C003", 1, 7, "the anchor &b", WRITTEN_OUT, "^^^^"),
                ("P4V-C002", 3, 3, "a merge key", WRITTEN_OUT, "^^"),
                ("P4V-C003", 3, 7, "the alias *b", WRITTEN_OUT, "^^"),
            ],
        ),
        ("a: &x 1\n", [("P4V-C003", 1, 4, "the anchor &x", WRITTEN_OUT, "^^^^")]),
        ("a: &x [1]\n", [("P4V-C003", 1, 4, "the anchor &x", WRITTEN_OUT, "^^^^")]),
        ("a: &x\n  b: 1\n", [("P4V-C003", 1, 4, "the anchor &x", WRITTEN_OUT, "^")]),
        ("&x a: 1\n", [("P4V-C003", 1, 1, "the anchor &x", WRITTEN_OUT, "^^^^")]),
        ("&x {a: 1}\n", [("P4V-C003", 1, 1, "the anchor &x", WRITTEN_OUT, "^^^^")]),
        ("a: *nowhere\n", [("P4V-C003", 1, 4, "the alias *nowhere", WRITTEN_OUT, "^^^^^^^^")]),
        ("a: [*x, 1]\n", [("P4V-C003", 1, 5, "the alias *x", WRITTEN_OUT, "^^")]),
        (
            "a: *x\nb: 1\nb: 2\n",
            [
                ("P4V-C003", 1, 4, "the alias *x", WRITTEN_OUT, "^^"),
                ("P4V-C001", 3, 1, "`b` again, first on line 2", "each key once", "^"),
            ],
        ),
        (
            "*x : 1\n*y : 2\n",
            [
                ("P4V-C003", 1, 1, "the alias *x", WRITTEN_OUT, "^^"),
                ("P4V-C003", 2, 1, "the alias *y", WRITTEN_OUT, "^^"),
            ],
        ),
        ("*x : 1\n", [("P4V-C003", 1, 1, "the alias *x", WRITTEN_OUT, "^^")]),
        ("a: !!str 1\n", [("P4V-C004", 1, 4, "a tag", NO_TAG, "^^^^^^^")]),
        ("a: !own 1\n", [("P4V-C004", 1, 4, "a tag", NO_TAG, "^^^^^^")]),
        ("a: ! 1\n", [("P4V-C004", 1, 4, "a tag", NO_TAG, "^^^")]),
        ("a: !own {b: 1}\n", [("P4V-C004", 1, 4, "a tag", NO_TAG, "^^^^^^")]),
        ("a: !!omap [1]\n", [("P4V-C004", 1, 4, "a tag", NO_TAG, "^^^^^^^^")]),
        ("!!str a: 1\n", [("P4V-C004", 1, 1, "a tag", NO_TAG, "^^^^^^^")]),
        ("a: !!python/name:os.x ''\n", [("P4V-C004", 1, 4, "a tag", NO_TAG, "^" * 21)]),
        ("!!python/object/apply:os.system ['true']\n", [("P4V-C004", 1, 1, "a tag", NO_TAG, "^" * 33)]),
        (
            "a: &x !own 1\n",
            [
                ("P4V-C003", 1, 4, "the anchor &x", WRITTEN_OUT, "^" * 9),
                ("P4V-C004", 1, 4, "a tag", NO_TAG, "^" * 9),
            ],
        ),
        ("a: 1\n---\nb: 2\n", [("P4V-C006", 2, 1, "a second document", "one document in a file", "^^^")]),
        ("a: 1\n--- # again\n", [("P4V-C006", 2, 1, "a second document", "one document in a file", "^^^")]),
        ("a: 1\n---\nb: &x 1\n---\nc: 1\n", [("P4V-C006", 2, 1, "a second document", "one document in a file", "^^^")]),
    ],
)
def test_second_meanings_are_refused(refused, text, findings):
    found = [f for f in refused(text) if f.code != "P4V-C021"]
    marks = [f.frame[-1].split("| ")[1].strip() for f in found]
    assert [(f.code, f.line, f.column, f.found, f.allowed) for f in found] == [finding[:5] for finding in findings]
    assert marks == [finding[5] for finding in findings]


def test_no_tag_is_obeyed(refused, tmp_path):
    refused(f"!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{tmp_path / 'made'}']]\n")
    assert not (tmp_path / "made").exists()


# Characters


@pytest.mark.parametrize(
    "text, line, column",
    [("a:\n\tb: 1\n", 2, 1), ("a: 1\t# c\n", 1, 5), ("a:\t1\n", 1, 3), ("# x\ty\n", 1, 4), ("a: 'x\ty'\n", 1, 6)],
)
def test_tab_is_refused(refused, text, line, column):
    (finding,) = refused(text)
    assert (finding.code, finding.line, finding.column) == ("P4V-C005", line, column)
    assert (finding.found, finding.allowed, finding.help) == ("a tab", "blanks", "indent with blanks")
    assert finding.field is None


@pytest.mark.parametrize("blank", ["\u00a0", "\u1680", "\u2003", "\u2007", "\u202f", "\u205f", "\u3000"])
def test_blank_that_is_none_is_refused_with_its_code_point(refused, blank):
    (finding,) = refused(f"a: 1\nmode:{blank}cliff\n")
    assert (finding.code, finding.line, finding.column) == ("P4V-C005", 2, 6)
    assert (finding.found, finding.allowed) == (f"the blank U+{ord(blank):04X}", "plain blanks")
    assert (finding.field, finding.help) == (None, "type the blank again")


HIDDEN = {
    "U+0000": "\x00", "U+0007": "\x07", "U+000B": "\x0b", "U+000C": "\x0c", "U+001B": "\x1b", "U+007F": "\x7f",
    "U+0085": "\x85", "U+009B": "\x9b", "U+00AD": "\xad", "U+061C": "\u061c", "U+200B": "\u200b", "U+200D": "\u200d",
    "U+200F": "\u200f", "U+2028": "\u2028", "U+2029": "\u2029", "U+202A": "\u202a", "U+202E": "\u202e",
    "U+2060": "\u2060", "U+2066": "\u2066", "U+2069": "\u2069", "U+E000": "\ue000", "U+FEFF": "\ufeff",
    "U+E0001": "\U000e0001",
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_character_that_does_not_show_is_refused_with_its_code_point(refused, name):
    (finding,) = refused(f"a: 1\nname: x{HIDDEN[name]}y\nb: 2\n")
    assert (finding.code, finding.line, finding.column) == ("P4V-C011", 2, 8)
    assert (finding.found, finding.allowed) == (f"the character {name}", "characters that show")
    assert (finding.field, finding.help) == (None, None)
    assert HIDDEN[name] not in finding.text()


@pytest.mark.parametrize("character", ["\ufffe", "\uffff"])
def test_code_point_that_is_no_character_is_refused(refused, character):
    assert where(refused(f"a: 1\nname: x{character}y\n")) == [("P4V-C011", 2, 8)]


@pytest.mark.parametrize("escape", ["\\0", "\\a", "\\e", "\\x07", "\\r", "\\u200b", "\\u202e", "\\ufeff", "\\u2028"])
@pytest.mark.parametrize("text", ['name: "x{}y"\n', '"x{}y": name\n'])
def test_character_that_does_not_show_is_refused_where_it_is_escaped(refused, text, escape):
    (finding,) = refused("a: 1\n" + text.format(escape))
    assert (finding.code, finding.line) == ("P4V-C011", 2)
    hidden = ast.literal_eval('"' + escape.replace("\\e", "\\x1b") + '"')
    assert (finding.found, finding.allowed) == (
        f"the character U+{ord(hidden):04X}",
        "characters that show, on one line",
    )


def test_lone_carriage_return_is_no_line_end(refused):
    assert where(refused("a: 1\rb: 2\n")) == [("P4V-C011", 1, 5)]
    assert where(refused("a: 1\r\r\nb: 2\r\n")) == [("P4V-C011", 1, 5)]


def test_other_alphabets_and_signs_are_characters(read):
    text = "§ é ü 漢 ж 😀 – − “x” ½"
    assert plain(read(f"a: {text}\n").root) == {"a": text}


def test_every_such_character_is_reported(refused):
    assert where(refused("a:\t\t1\nb:\u00a02\nc: \u202e\n")) == [
        ("P4V-C005", 1, 3),
        ("P4V-C005", 1, 4),
        ("P4V-C005", 2, 3),
        ("P4V-C011", 3, 4),
    ]


@pytest.mark.parametrize("faults, reported", [(999, 999), (1000, 1000), (1001, 1000)])
def test_file_that_is_all_faults_is_not_read_to_its_end(refused, faults, reported):
    assert len(refused("a:" + "\t" * faults)) == reported


# Files


def test_file_of_one_mebibyte_is_read_and_one_byte_more_is_not(read, refused):
    head = "a: 1\n#"
    assert plain(read(head + "x" * (MIB - len(head))).root) == {"a": "1"}
    (finding,) = refused(head + "x" * (MIB - len(head) + 1))
    assert finding.text() == "shown/file.yaml: error[P4V-C009]: found 1048577 bytes; allowed up to 1048576 bytes"


def test_size_is_checked_before_reading(tmp_path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(200 * MIB)
    started = time.monotonic()
    with pytest.raises(Refusal) as refusal:
        read_yaml(path, "large.yaml", "large.yaml")
    assert [finding.found for finding in refusal.value.findings] == ["209715200 bytes"]
    assert time.monotonic() - started < 0.05


@pytest.mark.parametrize(
    "content, line, offset",
    [
        (b"\xff", 1, 0),
        (b"\n\xff", 2, 1),
        (b"a: Mu\xf1oz\n", 1, 5),
        (b"a: 1\nb: 2\nc: \xe9\xff\n", 3, 13),
        ("ü: 1\n".encode() + b"b: \xc3", 2, 9),
        (b"a: \xed\xa0\x80\n", 1, 3),
        ("a: 1\n".encode("utf-16"), 1, 0),
    ],
)
def test_other_encodings_are_refused_with_byte_offset_and_line(refused, content, line, offset):
    (finding,) = refused(content)
    assert finding.text() == (
        f"shown/file.yaml:{line}: error[P4V-C010]: found a byte that is not UTF-8, at byte offset {offset}; "
        "allowed UTF-8\n   = help: save the file as UTF-8"
    )


def _none(path: Path) -> None:
    assert not path.exists()


def _below_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("a: 1\n")


@pytest.mark.parametrize(
    "make, found",
    [
        (_none, "no such file"),
        (_below_a_file, "no such file"),
        (lambda path: path.symlink_to("nowhere"), "no such file"),
        (Path.mkdir, "a folder, pipe or device"),
        (os.mkfifo, "a folder, pipe or device"),
        (lambda path: path.symlink_to(os.devnull), "a folder, pipe or device"),
    ],
)
def test_what_is_no_file_is_refused_without_waiting(tmp_path, make, found):
    path = tmp_path / "folder" / "file.yaml"
    path.parent.mkdir()
    make(path)
    with pytest.raises(Refusal) as refusal:
        read_yaml(path, "shown.yaml", "file.yaml")
    assert refusal.value.text(as_json=False) == f"shown.yaml: error[P4V-C008]: found {found}; allowed a YAML file"


@pytest.mark.parametrize(
    "error, found",
    [(OSError(errno.EIO, "Input/output error"), "Input/output error"), (OSError(), "an error of the disk")],
)
def test_file_that_the_disk_does_not_give(tmp_path, monkeypatch, error, found):
    path = tmp_path / "file.yaml"
    path.write_text("a: 1\n")

    def failing(_: Path) -> bytes:
        raise error

    monkeypatch.setattr(Path, "read_bytes", failing)
    with pytest.raises(Refusal) as refusal:
        read_yaml(path, "shown.yaml", "file.yaml")
    assert refusal.value.exit_code == 5
    assert refusal.value.text(as_json=False) == (
        f"shown.yaml: error[P4V-S005]: found {found}; allowed a file that can be read"
    )


# Shape


@pytest.mark.parametrize("text", ["", "\n", "# to be filled in\n", "\n\n# a\n# b", "  \n"])
def test_file_without_content_is_refused(refused, text):
    (finding,) = refused(text)
    assert finding.text() == "shown/file.yaml:1:1: error[P4V-C007]: found no content; allowed a mapping of terms"


@pytest.mark.parametrize(
    "text, line, column, mark",
    [("- a\n", 1, 1, "^"), ("text\n", 1, 1, "^^^^"), ("\n 'a b'\n", 2, 2, "^^^^^"), ("[1]\n", 1, 1, "^")],
)
def test_top_of_the_file_is_a_mapping(refused, text, line, column, mark):
    (finding,) = refused(text)
    assert (finding.code, finding.line, finding.column) == ("P4V-C021", line, column)
    assert (finding.found, finding.allowed, finding.field) == ("no mapping", "`key: value` at the top", None)
    assert finding.frame[-1].strip() == f"| {' ' * (column - 1)}{mark}"


@pytest.mark.parametrize("text", ["---\n", "--- # nothing\n"])
def test_document_without_content_is_refused(refused, text):
    assert len(refused(text)) == 1


NESTS = {
    "lists": lambda levels: "a: " + "[" * (levels - 1) + "]" * (levels - 1),
    "mappings": lambda levels: "{a: " * levels + "1" + "}" * levels,
    "blocks": lambda levels: "".join(f"{' ' * level}a:\n" for level in range(levels - 1)) + " " * levels + "a: 1",
    "both": lambda levels: "{a: [" * (levels // 2) + "[" * (levels % 2) + "]" * (levels % 2) + "]}" * (levels // 2),
}


@pytest.mark.parametrize("nest", NESTS)
def test_twenty_levels_are_read_and_one_more_is_not(read, refused, nest):
    assert isinstance(read(NESTS[nest](20)).root, Mapping)
    (finding,) = refused(NESTS[nest](21))
    assert (finding.code, finding.found, finding.allowed) == ("P4V-C012", "deep nesting", "up to 20 levels")


def test_depth_counts_what_is_open_not_what_was(read):
    assert len(read("a: [" + "[1], {b: [2]}, " * 50 + "]\n").root.entries["a"].value.items) == 100


def test_reading_stops_at_the_first_level_too_many(refused):
    (finding,) = refused("[" * 100_000)
    assert (finding.code, finding.line, finding.column) == ("P4V-C012", 1, 21)


@pytest.mark.parametrize(
    "text, line, column",
    [
        ("a: [1\n", 2, 1),
        ("a: }\n", 1, 4),
        ("a: 1\n b: 2\n", 2, 3),
        ("a: b: c\n", 1, 5),
        ("a: 1\nb: @x\n", 2, 4),
        ('a: "\\q"\n', 1, 5),
        ("a: 'x", 1, 6),
        ("...\n", 1, 1),
    ],
)
def test_malformed_yaml_is_refused_at_its_place(refused, text, line, column):
    (finding,) = refused(text)
    assert (finding.code, finding.line, finding.column) == ("P4V-C005", line, column)
    assert finding.found.startswith("YAML that cannot be read (")
    assert finding.found.removeprefix("YAML that cannot be read (").removesuffix(")") not in ("", "None")
    assert (finding.allowed, finding.field) == ("well-formed YAML", None)


def test_findings_before_a_malformed_place_are_reported_too(refused):
    assert where(refused("a: 1\na: 2\nb: &x 1\nc: }\n")) == [
        ("P4V-C001", 2, 1),
        ("P4V-C003", 3, 4),
        ("P4V-C005", 4, 4),
    ]


# Frames


def test_frame_shows_the_line_the_line_before_and_a_mark(refused):
    (finding,) = refused("kind: x\na:\n  bc: 1\n  'bc': 2\nd: 3\n")
    assert finding.text() == (
        "shown/file.yaml:4:3: error[P4V-C001] bc: found `bc` again, first on line 3; allowed each key once\n"
        "  |\n"
        "3 |   bc: 1\n"
        "4 |   'bc': 2\n"
        "  |   ^^^^"
    )


def test_frame_of_the_first_line_has_no_line_before(refused):
    (finding,) = refused("a: &x 1\nb: 2\n")
    assert finding.frame == ("  |", "1 | a: &x 1", "  |    ^^^^")


@pytest.mark.parametrize(
    "before, frame",
    [
        (8, ("  |", "8 | # 7", "9 | a: *x", "  |    ^^")),
        (9, ("   |", " 9 | # 8", "10 | a: *x", "   |    ^^")),
        (10, ("   |", "10 | # 9", "11 | a: *x", "   |    ^^")),
        (99, ("    |", " 99 | # 98", "100 | a: *x", "    |    ^^")),
    ],
)
def test_frame_aligns_line_numbers(refused, before, frame):
    (finding,) = refused("".join(f"# {number}\n" for number in range(before)) + "a: *x\n")
    assert finding.frame == frame


def test_frame_shows_blanks_for_what_does_no_good_on_a_terminal(refused):
    first, second = refused("a: 1 # \x1b[31m\nb:\tx\n")
    assert first.frame == ("  |", "1 | a: 1 #  [31m", "  |        ^")
    assert second.frame == ("  |", "1 | a: 1 #  [31m", "2 | b: x", "  |   ^")


def test_empty_line_before_ends_without_a_blank(refused):
    (finding,) = refused("b: 1\n\na: *x\n")
    assert finding.frame == ("  |", "2 |", "3 | a: *x", "  |    ^^")


def test_long_lines_and_marks_are_cut(read):
    file = read(f"a: '{'x' * 300}'\nb: 1\n")
    place = file.root.entries["a"].value.place
    assert place == Place(1, 4, 302)
    frame = file.finding("P4V-C030", place, "a", "x", "y").frame
    assert frame == ("  |", f"1 | a: '{'x' * 156}", f"  |    {'^' * 60}")
    assert file.finding("P4V-C030", Place(1, 1, 60), "a", "x", "y").frame[-1] == f"  | {'^' * 60}"
    assert file.finding("P4V-C030", Place(1, 1, 59), "a", "x", "y").frame[-1] == f"  | {'^' * 59}"


@pytest.mark.parametrize("column", [1, 4, 80, 159, 160, 161, 162, 240, 241, 400, 503])
def test_mark_is_under_what_it_means_on_a_long_line(read, column):
    line = "a: " + "".join(chr(0x4E00 + place) for place in range(500))
    shown, mark = read(f"{line}\n").finding("P4V-C030", Place(1, column), "a", "x", "y").frame[-2:]
    assert shown[mark.index("^")] == line[column - 1]
    assert len(shown) <= len("1 | ") + 160


def test_finding_carries_field_note_and_remedy(read):
    file = read("a: 1\nbb: 25%\n")
    finding = file.finding("P4V-C047", Place(2, 5, 3), "bb", "25%", "below 15%", "threshold is 15%", "swap the two")
    assert finding == Finding(
        "P4V-C047", "shown/file.yaml", "25%", "below 15%", "bb", 2, 5,
        ("  |", "1 | a: 1", "2 | bb: 25%", "  |     ^^^ threshold is 15%"), "swap the two",
    )  # fmt: skip
    assert finding.text().splitlines()[0] == "shown/file.yaml:2:5: error[P4V-C047] bb: found 25%; allowed below 15%"
    assert finding.text().splitlines()[-1] == "   = help: swap the two"
    bare = file.finding("P4V-C047", Place(1, 1), None, "x", "y")
    assert (bare.field, bare.help, bare.frame[-1]) == (None, None, "  | ^")


@pytest.mark.parametrize("line, lines_shown", [(0, 0), (1, 3), (2, 4), (3, 4), (4, 0)])
def test_place_outside_of_the_file_has_no_frame(read, line, lines_shown):
    assert len(read("a: 1\nb: 2\n").finding("P4V-C022", Place(line, 1), None, "x", "y").frame) == lines_shown


# Ways into the tree


def test_plain_is_text_dictionaries_and_lists(read):
    tree = read("a: 1\nb: [x, {c: ''}, []]\nd: {e: {f: no}}\n").root
    assert plain(tree) == {"a": "1", "b": ["x", {"c": ""}, []], "d": {"e": {"f": "no"}}}


@pytest.mark.parametrize(
    "path, place",
    [
        ((), Place(1, 1)),
        (("a",), Place(1, 4, 1)),
        (("b",), Place(2, 4)),
        (("b", 0), Place(2, 5, 1)),
        (("b", 1), Place(2, 8)),
        (("b", 1, "c"), Place(2, 12, 2)),
        (("b", 2), Place(2, 4)),
        (("b", "c"), Place(2, 4)),
        (("b", 1, "z", "c"), Place(2, 8)),
        (("z",), Place(1, 1)),
        (("z", "a"), Place(1, 1)),
        ((0,), Place(1, 1)),
        (("a", "b"), Place(1, 4, 1)),
        (("a", 0), Place(1, 4, 1)),
        (("3",), Place(3, 4, 1)),
    ],
)
def test_place_at_leads_as_far_as_the_path_exists(read, path, place):
    assert place_at(read("a: 1\nb: [x, {c: yy}]\n3: z\n").root, path) == place


@pytest.mark.parametrize("character", ["\t", "\u00a0"])
def test_file_full_of_faults_is_refused_in_little_time_and_memory(tmp_path, character):
    """Within 5 seconds and 1 GiB, also where every character is a fault."""
    path = tmp_path / "full.yaml"
    path.write_bytes((character.encode() * MIB)[:MIB])
    program = f"""
import resource
from pathlib import Path
from p4v.contract.yaml_tree import read_yaml
from p4v.errors import Refusal
resource.setrlimit(resource.RLIMIT_DATA, ({1024 * MIB}, {1024 * MIB}))
try:
    read_yaml(Path({str(path)!r}), "full.yaml", "full.yaml")
except Refusal as refusal:
    print(refusal.exit_code, len(refusal.text(as_json=False)) < {MIB})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=5, check=True)
    assert done.stdout == "3 True\n"


@pytest.mark.parametrize(
    "column, start", [(1, 0), (159, 0), (160, 0), (161, 80), (300, 219)], ids=lambda number: str(number)
)
def test_frame_of_a_long_line_shows_160_characters_around_the_mark(read, column, start):
    line = "a: " + "".join(chr(ord("a") + number % 26) for number in range(500))
    finding = read(line + "\n").finding("P4V-C047", Place(1, column), None, "x", "y")
    assert finding.frame == ("  |", f"1 | {line[start : start + 160]}", f"  | {' ' * (column - 1 - start)}^")


def test_hidden_character_in_words(refused):
    (finding,) = refused('a: "x\\u202ey"\n')
    assert (finding.found, finding.allowed) == ("the character U+202E", "characters that show, on one line")
    assert (finding.line, finding.column) == (1, 4)


@pytest.mark.parametrize("character", "\u115f\u1160\u2800\u3164\uffa0")
@pytest.mark.parametrize("written", ["name: x{}y\n", 'name: "x{}y"\n'])
def test_letter_that_shows_as_nothing_is_refused(refused, character, written):
    shown = character if '"' not in written else f"\\u{ord(character):04x}"
    (finding,) = refused(written.format(shown))
    assert (finding.code, finding.found) == ("P4V-C011", f"the character U+{ord(character):04X}")
