"""The contracts of a workspace: which files of its folder are one, and whose they are."""

from pathlib import Path

from p4v.contract.documents import Program, library_for, shown_path
from p4v.contract.yaml_tree import SIZE_LIMIT, place_at
from p4v.errors import Finding, Refusal
from p4v.single import read_contract

_OTHER_KINDS = (b"program:", b"case:", b"keys:", b"figures:")
"""What a YAML file says that is no contract."""
_OF_CONTRACTS = (b"extends:", b"agreement:", b"amendments:", b"payer:")
"""What no file says but a contract, or what a program says beside `program:`."""


def read_contracts(folder: Path) -> list[Program]:
    """The contracts of a folder, sound, each with an id of its own. Raises `Refusal` with all that is wrong."""
    findings: list[Finding] = []
    programs: dict[str, Program] = {}
    library = library_for(folder / "any.yaml")
    for path in sorted(folder.glob("*.y*ml")):
        if path.suffix == ".yml":
            findings.append(Finding("P4V-C008", shown_path(path), "a name that ends in .yml", "one that ends in .yaml"))
        if path.suffix != ".yaml" or not _is_contract(path):
            continue
        try:
            program = read_contract(path, library)
        except Refusal as refusal:
            findings += refusal.findings
            continue
        if program.id in programs:
            found = f"`{program.id}`, the id of {programs[program.id].file.shown} too"
            place = place_at(program.file.root, ("contract",))
            findings.append(program.file.finding("P4V-C046", place, "contract", found, "each id once"))
        programs[program.id] = program
    if findings:
        raise Refusal(findings)
    if not programs:
        raise Refusal([Finding("P4V-C008", shown_path(folder), "no contract", "a contract in the folder")])
    return list(programs.values())


def _is_contract(path: Path) -> bool:
    """Whether a file is to be read as a contract: a program or case beside it says what it is.

    What is no file, too large to be one, or says nothing goes on to its reader, which says what is wrong; so does a
    contract that says something of another kind of file too.
    """
    try:
        if not path.is_file() or path.stat().st_size > SIZE_LIMIT:
            return True
        lines = path.read_bytes().split(b"\n")
        is_contract, is_other, says = (
            any(line.startswith(words) for line in lines) for words in (b"contract:", _OTHER_KINDS, _OF_CONTRACTS)
        )
        return (is_contract and says) or not is_other
    except OSError as error:
        found = error.strerror or "an error of the disk"
        raise Refusal([Finding("P4V-S005", shown_path(path), found, "a file that can be read")]) from error


def group_of(program: Program) -> str:
    """The group that a contract is of."""
    assert program.contract is not None
    return program.contract.group.id


def contracted_groups(folder: Path) -> frozenset[str] | None:
    """The groups that have a contract; none are known where a contract is unsound, which is not the tables' matter."""
    try:
        return frozenset(group_of(program) for program in read_contracts(folder))
    except Refusal:
        return None
