"""The picture of a statement in the README, from the contract and the figures that the README itself prints."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "statement.png"
SIZE = (1100, 1240)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb")


def blocks(readme: str) -> list[str]:
    """The README's blocks of YAML."""
    return re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)


def statement(folder: Path) -> Path:
    """Settles the README's example; the page."""
    found = blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    contract = next(block for block in found if block.startswith("contract:"))
    figures = next(block for block in found if block.startswith("group:"))
    (folder / "contract.yaml").write_text(contract, encoding="utf-8")
    (folder / "figures.yaml").write_text(figures, encoding="utf-8")
    p4v = ROOT / ".venv" / "bin" / "p4v"
    command = [p4v, "settle", folder / "contract.yaml", "--figures", folder / "figures.yaml", "--out", folder / "runs"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next((folder / "runs").glob("*/statement.html"))


def take(page: Path, folder: Path) -> None:
    """One picture of the top of the page."""
    browser = shutil.which("chromium")
    if browser is None:
        raise SystemExit("make picture needs Chromium (Debian: chromium)")
    size = f"--window-size={SIZE[0]},{SIZE[1]}"
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [browser, *FLAGS, profile, size, f"--screenshot={PICTURE}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        take(statement(Path(name)), Path(name))
