"""Every code of a finding: in the catalogue, and with an input under `tests/errors` that brings it about word by word."""

import json
import os
import re
import shlex
import shutil
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
import yaml

from p4v.codes import codes
from p4v.errors import EXIT_CODES
from support import ROOT, p4v

ERRORS = Path(__file__).parent / "errors"
CODES = sorted(path.name for path in ERRORS.iterdir() if path.name.startswith("P4V-"))
_DIGEST = re.compile(r"[0-9a-f]{64}|(?<=-v1-)[0-9a-f]{12}")


def codes_in_source() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "src" / "p4v").rglob("*.py"))]
    return {code for text in texts for code in re.findall(r"\"(P4V-[A-Z][0-9]{3})\"", text)}


def test_the_catalogue_has_every_code_and_no_other() -> None:
    assert codes_in_source() == set(codes())
    assert {code[4] for code in codes()} <= set(EXIT_CODES)


def test_every_code_has_an_example_under_tests() -> None:
    assert set(codes()) == set(CODES)


@pytest.mark.parametrize("code", sorted(codes()))
def test_a_code_is_explained(code: str) -> None:
    result = p4v("explain", code)
    entry = codes()[code]
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{code}  {entry.title}\n\n{entry.meaning}\n")
    assert result.stdout.endswith(f"What to do: {entry.remedy}\n")
    for text in entry[:2]:
        assert text == " ".join(text.split())


def prepared(code: str, folder: Path) -> list[str]:
    """The files of a code over the common ones, what happens before, and the command."""
    shutil.copytree(ERRORS / "common", folder, dirs_exist_ok=True)
    shutil.copytree(ERRORS / code, folder, dirs_exist_ok=True)
    recipe = yaml.safe_load((folder / "case.yaml").read_text()) if (folder / "case.yaml").exists() else {}
    for step in recipe.get("before", []):
        take(step, folder)
    return [named(word, folder) for word in shlex.split(recipe.get("command", "check contract.yaml"))]


def named(word: str, folder: Path) -> str:
    """RUN is the only run there is."""
    if not word.startswith("RUN"):
        return word
    (run,) = (path for path in (folder / "runs").iterdir() if not path.name.endswith(".reports"))
    return word.replace("RUN", f"runs/{run.name}", 1)


def take(step: dict[str, Any], folder: Path) -> None:
    """One step of what happens before the command."""
    (action, name), *_ = step.items()
    if action == "p4v":
        assert p4v(*shlex.split(name)).exit_code == 0
        return
    if action == "manifest":
        mend_manifest(folder / named("RUN/manifest.json", folder), name, step.get("value"))
        return
    path = folder / named(name, folder)
    match action:
        case "grow":
            os.truncate(path, step["bytes"])
        case "write":
            path.write_text("a note\n")
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(folder / step["to"])
        case "remove":
            path.unlink()
        case "edit":
            text = path.read_text(encoding="utf-8")
            assert step["find"] in text
            path.write_text(text.replace(step["find"], step["replace"], 1), encoding="utf-8")
        case _:
            raise AssertionError(action)


def mend_manifest(path: Path, name: str, value: str | None) -> None:
    """What somebody would do who changes a run and hides it: entries, digests and the seal made to fit."""
    manifest = json.loads(path.read_bytes())
    if value is not None:
        manifest[name] = value
    for entry in [*manifest["inputs"], *manifest["outputs"]]:
        content = (path.parent / entry["path"]).read_bytes()
        entry |= {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    manifest.pop("seal")
    manifest["seal"] = sha256(rfc8785.dumps(manifest)).hexdigest()
    path.write_bytes(rfc8785.dumps(manifest))


def files_below(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if _readable(path) else b"")
        for path in sorted(folder.rglob("*"))
    }


def _readable(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) and bool(mode & stat.S_IRUSR)


def masked(text: str) -> str:
    """Digests change with every release; the words do not."""
    return _DIGEST.sub("<digest>", text)


@pytest.mark.parametrize("code", CODES)
def test_the_exact_text_of_a_code(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if code == "P4V-X003":
        monkeypatch.setattr("p4v.report.own_templates.SECONDS", 1)
    if code == "P4V-S002":
        monkeypatch.setattr("resource.getrlimit", lambda _: (16, 1024))
    command = prepared(code, tmp_path)
    before = files_below(tmp_path)
    result = p4v(*command)
    assert masked(result.stderr) == (ERRORS / code / "expected.txt").read_text(encoding="utf-8")
    assert f"error[{code}]" in result.stderr
    assert (result.exit_code, result.stdout) == (EXIT_CODES[code[4]], "")
    assert files_below(tmp_path) == before
