"""The pictures of the README: a statement of the contract that it prints, the demo's register, and how one group ties.

`make picture` makes them again; each page is taken as the program writes it.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
P4V = ROOT / ".venv" / "bin" / "p4v"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb",
    "--virtual-time-budget=5000",
)  # fmt: skip
WIDTH = 1100
_WINDOW = """<!doctype html>
<style>body {{ margin: 0; overflow: hidden; }} iframe {{ border: 0; width: {width}px; height: {height}px; }}</style>
<iframe scrolling="no" src="{address}"></iframe>"""
"""Shows a page as if it were as wide, scrolled to a section."""


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
    command = [P4V, "settle", folder / "contract.yaml", "--figures", folder / "figures.yaml", "--out", folder / "runs"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next((folder / "runs").glob("*/statement.html"))


def demo(folder: Path) -> Path:
    """Settles the nine groups; the folder of their runs."""
    subprocess.run([P4V, "demo", folder / "demo"], check=True, stdout=subprocess.DEVNULL)
    return folder / "demo" / "runs"


def take(page: Path, name: str, height: int, folder: Path, section: str = "", width: int = WIDTH) -> None:
    """One picture of the top of a page, or from a section of it on."""
    browser = shutil.which("chromium")
    if browser is None:
        raise SystemExit("make picture needs Chromium (Debian: chromium)")
    window = folder / "window.html"
    address = f"{page.as_uri()}#{section}"
    window.write_text(_WINDOW.format(width=width, height=height, address=address), encoding="utf-8")
    options = [f"--window-size={width},{height}", f"--screenshot={ROOT / 'docs' / name}"]
    profile = f"--user-data-dir={folder / 'profile'}"
    subprocess.run([browser, *FLAGS, profile, *options, window.as_uri()], check=True, capture_output=True)


def main() -> None:
    """All pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        take(statement(folder), "statement.png", 1240, folder)
        runs = demo(folder)
        take(runs / "register.html", "register.png", 1170, folder, width=1280)
        take(next(runs.glob("baycare-*.reports/statement.html")), "tie-out.png", 880, folder, section="h-controls")


if __name__ == "__main__":
    main()
