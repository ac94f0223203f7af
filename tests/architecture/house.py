"""The files of the project, as the tests of its architecture look at them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

# From the bottom up: a package may use what stands before it. The static half of this is import-linter's.
LAYERS = ("errors", "check", "lesson", "netmap", "kernel", "lab", "shell", "store", "walk", "session", "tui", "cli")
SIDE_BY_SIDE = {"kernel", "lab", "shell", "store"}

OWNERS = {
    "textual": "tui",
    "pyroute2": "kernel",
    "pexpect": "shell",
    "ptyprocess": "shell",
    "pyghostty": "shell",
    "markdown_it": "lesson",
}


def packages() -> list[str]:
    """The packages right under tutor/ that have any code."""
    return sorted(folder.name for folder in (ROOT / "tutor").iterdir() if any(folder.glob("*.py")))


def modules_of(package: str) -> list[str]:
    """All modules of a package, with dots; those that run when imported are left out."""
    files = (ROOT / "tutor" / package).rglob("*.py")
    names = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in sorted(files))
    return [name.removesuffix(".__init__") for name in names if not name.endswith(".__main__")]


def may_use(package: str) -> set[str]:
    """The packages whose code a package may load: itself and those below."""
    below = set(LAYERS[: LAYERS.index(package) + 1])
    return below - (SIDE_BY_SIDE - {package}) if package in SIDE_BY_SIDE else below


def sources(*folders: str) -> list[Path]:
    """The Python files under these folders."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Each import of a file, wherever it stands in it, with its line: `from a.b import c` is `a.b.c`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (f"{node.module}." if node.module else "")
            yield from ((node.lineno, f"{start}{alias.name}") for alias in node.names)


def loaded_after(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after `code`."""
    ending = "\nimport sys\nprint('loaded:', *sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code + ending], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())
