"""What the tests of the installation share: a wheel of this tree, and a place to install it in."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.cli.conftest import environment

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Place:
    """A fresh virtual environment in which the wheel is, or was, installed, and a user who has never run it."""

    venv: Path
    home: Path

    def pip(self, *arguments: str) -> None:
        """Run pip on it, out of reach of any package index."""
        options = [
            "--isolated",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--python",
            str(self.venv / "bin/python"),
        ]
        run([sys.executable, "-m", "pip", *options, *arguments], cwd=self.home)

    def tutor(self, *arguments: str) -> str:
        """Run the installed `tutor`, in a folder that has nothing to do with a checkout; returns what it prints."""
        return run([str(self.venv / "bin/tutor"), *arguments], cwd=self.home, env=self.environment())

    def python(self, code: str) -> str:
        """Have the environment's Python run `code`; returns what it prints."""
        return run([str(self.venv / "bin/python"), "-c", code], cwd=self.home, env=self.environment())

    def environment(self) -> dict[str, str]:
        """The environment of that user."""
        return {name: value for name, value in environment(self.home).items() if not name.startswith("PYTHON")}

    def files(self) -> set[str]:
        """Everything that is there, less empty folders: pip leaves share/man behind, whoever had a page in it."""
        return {str(path.relative_to(self.venv)) for path in self.venv.rglob("*") if not _is_empty(path)}


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(below.is_file() for below in path.rglob("*"))


def run(argv: list[str], cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a program that must succeed; returns what it prints."""
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(kind: str, source: Path, target: Path) -> Path:
    """Build a wheel or an sdist of a tree with what builds it everywhere; needs no network."""
    argv = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(target)]
    run(argv, cwd=source)
    (built,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


def place_with_dependencies(folder: Path, wheel: Path) -> Place:
    """A fresh environment with what the wheel says that it needs, and nothing else.

    The packages are those of the environment that runs the tests, by links: nothing is fetched.
    """
    home, links = folder / "home", folder / "dependencies"
    home.mkdir()
    links.mkdir()
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    for name in _needed(wheel):
        files = importlib.metadata.distribution(name).files or []
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            (links / top).symlink_to(Path(str(importlib.metadata.distribution(name).locate_file(top))))
    site = next((folder / "venv/lib").glob("python3*/site-packages"))
    (site / "dependencies.pth").write_text(f"{links}\n", encoding="utf-8")
    return Place(folder / "venv", home)


def metadata(wheel: Path) -> str:
    """What a wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


def _needed(wheel: Path) -> set[str]:
    """The packages that a wheel needs, with those that these need."""
    found: set[str] = set()
    asked: set[tuple[str, str]] = set()
    waiting = [(Requirement(line), "") for line in Parser().parsestr(metadata(wheel)).get_all("Requires-Dist", [])]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        found.add(requirement.name.lower())
        for wanted in ("", *requirement.extras):
            if (requirement.name, wanted) not in asked:
                asked.add((requirement.name, wanted))
                below = importlib.metadata.distribution(requirement.name).requires or []
                waiting += [(Requirement(line), wanted) for line in below]
    return found


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The wheel in an environment of its own."""
    place = place_with_dependencies(tmp_path_factory.mktemp("installed"), wheel)
    place.pip("install", "--no-index", "--no-deps", str(wheel))
    return place
