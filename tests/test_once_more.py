"""What fails beside other tests is tried once more, alone: tests/once_more.sh."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("once_more.sh")
PASSES = "def test_sound(): pass\n"
PASSES_ALONE = "import os\ndef test_racy(): assert 'PYTEST_XDIST_WORKER' not in os.environ\n"
FAILS = "def test_wrong(): assert False\n"
FAILS_OFTEN = "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_each(n): assert n < 0\n"
ONCE_MORE = "== what failed, once more and alone"
RACE = "there is a race in it or in what it tests"


def _run(folder: Path, *tests: str) -> tuple[int, str]:
    for number, text in enumerate(tests):
        (folder / f"test_{number}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:asyncio", "--rootdir", str(folder)]
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(
        [SCRIPT, *command, "--config-file=/dev/null", str(folder)],
        env=outside,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("tests", "status", "tried_again"),
    [
        ([PASSES, PASSES_ALONE, FAILS], 1, True),
        ([PASSES, FAILS_OFTEN], 1, False),
        (["import nothing_of_the_kind\n"], 2, True),
    ],
)
def test_what_fails_alone_too_or_often_fails_the_run(
    tests: list[str], status: int, tried_again: bool, tmp_path: Path
) -> None:
    ended, printed = _run(tmp_path, *tests)
    assert ended == status, printed
    assert (ONCE_MORE in printed) == tried_again
    assert RACE not in printed


def test_what_passes_alone_is_named(tmp_path: Path) -> None:
    ended, printed = _run(tmp_path, PASSES, PASSES_ALONE)
    assert ended == 0, printed
    assert ONCE_MORE in printed
    assert printed.splitlines()[-1].endswith(f"{RACE}: test_1.py::test_racy")
