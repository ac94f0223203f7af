"""The script that makes roots: what it asks of mmdebstrap, what it keeps, and what it refuses."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("root.sh")
STANDS_IN = """#!/bin/sh
# In mmdebstrap's place: what it was asked for becomes the archive.
for last; do :; done
echo "$@" >"$last"
[ ! -e "$HOME/no-network" ] || { echo 'E: no network' >&2; exit 1; }
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    program = tmp_path / "bin/mmdebstrap"
    program.parent.mkdir()
    program.write_text(STANDS_IN)
    program.chmod(0o755)
    return tmp_path


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}"}
    return subprocess.run([SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False)


def made(home: Path, *arguments: str) -> Path:
    done = run(home, *arguments)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.removesuffix("\n"))


def test_a_root_has_python_and_what_the_lab_runs(home: Path) -> None:
    asked = made(home).read_text()
    assert asked.split()[-2] == "bookworm"
    packages = asked.partition("--include=")[2].split()[0].split(",")
    assert {"python3", "python3-venv", "iproute2", "nftables", "uidmap", "containernetworking-plugins"} <= {*packages}
    assert packages == sorted(packages)


def test_a_root_is_made_once(home: Path) -> None:
    first = made(home, "--include", "git,make")
    before = first.stat().st_mtime_ns
    assert made(home, "--include", "make", "--include", "git") == first
    assert first.stat().st_mtime_ns == before


def test_other_packages_and_other_releases_are_other_roots(home: Path) -> None:
    roots = [made(home), made(home, "--include", "git"), made(home, "--suite", "trixie")]
    assert len(set(roots)) == 3
    assert roots[2].read_text().split()[-2] == "trixie"


def test_half_a_root_is_not_kept(home: Path) -> None:
    (home / "no-network").touch()
    failed = run(home)
    assert failed.returncode == 2
    assert "E: no network" in failed.stderr
    assert failed.stdout == ""
    (home / "no-network").unlink()
    assert made(home).exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--suite", "buster"], "buster"), (["--release"], "--release"), (["--include"], "--include needs a value")],
)
def test_what_it_can_not_do_is_said(home: Path, arguments: list[str], words: str) -> None:
    refused = run(home, *arguments)
    assert refused.returncode == 2
    assert words in refused.stderr
