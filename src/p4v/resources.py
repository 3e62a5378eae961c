"""Where p4v finds its own programs, tables, templates and lock: in an installed copy and in an editable one alike."""

from pathlib import Path


def resource(*parts: str) -> Path:
    """A file or folder that p4v carries, such as `resource("configs", "programs")`."""
    package = Path(__file__).parent
    installed = package / "_resources"
    root = installed if installed.is_dir() else package.parent.parent
    return root.joinpath(*parts)
