from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, imports, sources

LONGEST = 400
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME|X{3})\b")


def tracked_files() -> list[Path]:
    """What git keeps or would keep; outside of a repository, what is there less what tools leave behind."""
    argv = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
    left = {".venv", "__pycache__", ".git"}
    found = (path for path in ROOT.rglob("*") if not left & set(path.relative_to(ROOT).parts) and path.is_file())
    return [path for path in found if not any("_cache" in part for part in path.relative_to(ROOT).parts)]


@pytest.mark.parametrize("kind", [".py", ".tcss"])
def test_files_stay_short_enough_to_read(kind: str) -> None:
    files = (file for folder in ("tutor", "checks") for file in (ROOT / folder).rglob(f"*{kind}"))
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert not {name: length for name, length in lengths.items() if length >= LONGEST}


def test_a_module_says_what_it_is_about() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in sources("tutor", "checks")
        if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert not silent


def test_a_folder_with_code_is_a_package() -> None:
    folders = {file.parent for file in sources("tutor")}
    assert not [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()]


def test_a_module_has_a_name_that_says_something() -> None:
    parts = {part for file in sources("tutor", "checks") for part in file.relative_to(ROOT).with_suffix("").parts}
    assert not {part for part in parts if VAGUE & set(part.split("_"))}


def test_nothing_is_left_for_later() -> None:
    found = []
    for path in tracked_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # no text
        found += [
            f"{path.relative_to(ROOT)}:{number}" for number, line in enumerate(lines, 1) if UNFINISHED.search(line)
        ]
    assert not found


def test_tests_that_look_at_the_whole_machine_run_alone() -> None:
    careless = [
        str(file.relative_to(ROOT))
        for file in sources("tests")
        if any(name.startswith("tests.lab.host.") for _, name in imports(file))
        and "mark.alone" not in file.read_text(encoding="utf-8")
    ]
    assert not careless


def test_the_top_level_is_the_one_that_was_agreed_on() -> None:
    agreed = {"tutor", "lessons", "checks", "tests", "benchmarks", "docs", "pyproject.toml", "Vagrantfile", "Makefile"}
    agreed |= {"README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md", "Containerfile"}
    top = {path.relative_to(ROOT).parts[0] for path in tracked_files()}
    assert {name for name in top if not name.startswith(".")} <= agreed
