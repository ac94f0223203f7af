"""What the tests of the screen share: a nursery, and homes that are empty."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor.lab.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A learner's files, with nothing in them; a socket lies there, so the path is short."""
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR"):
        (folder / name.lower()).mkdir(mode=0o700)
        monkeypatch.setenv(f"XDG_{name}", str(folder / name.lower()))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
