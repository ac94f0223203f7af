"""What is asked of the script that makes roots, and what is read of a root."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.machines import roots


def a_root(path: Path, python: str) -> Path:
    with tarfile.open(path, mode="w") as archive:
        link = tarfile.TarInfo("./usr/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, python
        archive.addfile(link)
    return path


def test_wheels_are_those_for_the_python_of_the_root(tmp_path: Path) -> None:
    assert roots.python_version(a_root(tmp_path / "root.tar", "python3.11")) == "3.11"
    with pytest.raises(KeyError, match="Python"):
        roots.python_version(a_root(tmp_path / "root.tar", "pypy3"))


def test_a_root_for_another_processor_is_asked_for_by_debians_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, f"{tmp_path}/root.tar\n")

    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("subprocess.run", run)
    for arch in ("", "x86_64", "aarch64"):
        assert roots.make("bookworm", ["make", "sudo"], arch) == tmp_path / "root.tar"
    wanted = ["--suite", "bookworm", "--include", "make,sudo"]
    assert [command[1:] for command in asked] == [wanted, wanted, [*wanted, "--arch", "arm64"]]


def test_what_is_made_once_is_kept_where_the_user_keeps_such_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert roots.kept("boxes") == tmp_path / "tutor/boxes"
    assert roots.kept("boxes").is_dir()
