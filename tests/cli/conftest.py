from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Tutor = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tutor(tmp_path: Path) -> Tutor:
    """Run `tutor`, as a user who has never run it before."""

    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tutor.cli", *arguments],
            cwd=ROOT,
            env=environment(tmp_path),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def environment(folder: Path) -> dict[str, str]:
    """The environment of a user whose files lie in `folder`."""
    folder.joinpath("run").mkdir(mode=0o700, exist_ok=True)
    own = {"XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run")}
    return {**os.environ, **own, "COLUMNS": "200"}
