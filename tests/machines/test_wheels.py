"""Which packages are fetched, for which Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.machines import wheels

CHECKOUT = Path(__file__).parents[2]


def test_wheels_are_those_that_our_project_names() -> None:
    wanted = wheels.requirements((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"click", "hatchling", "textual", "editables"} <= {name.partition(">")[0] for name in wanted}
    assert not any(name.startswith("pytest") for name in wanted)


def test_they_are_fetched_once_for_each_python_and_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        Path(command[-1 - len(wanted)].removeprefix("--dest=")).mkdir()
        return subprocess.CompletedProcess(command, 0)

    wanted = wheels.requirements((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    monkeypatch.setattr("subprocess.run", run)
    folders = [
        wheels.fetch(version, machine)
        for version, machine in [("3.11", "x86_64"), ("3.13", "x86_64"), ("3.11", "aarch64"), ("3.11", "x86_64")]
    ]
    assert folders[0] == folders[3]
    assert len({*folders}) == len(asked) == 3
    assert all(folder.is_dir() for folder in folders)
    assert "--python-version=3.13" in asked[1]
    assert "--platform=manylinux_2_28_aarch64" in asked[2]
