"""What holds for all tests: nothing of this user's is touched, and what can't share the machine does not (`alone`)."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

TRIED = bool(os.environ.get("TRIED_AS_AN_ORDINARY_USER"))
"""Whether an ordinary user has just run what touches the kernel, so that root need not do all of it again."""

_SHARED = pytest.StashKey[Path]()
_XDG = ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")

# How long an example takes is no property of the code; the same examples everywhere in continuous integration.
settings.register_profile("tutor", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("tutor")


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests a home for progress, configuration and kept labs that is not the user's."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        shared = Path(tempfile.mkdtemp(prefix="tutor-"))
        config.add_cleanup(lambda: shutil.rmtree(shared, ignore_errors=True))
    else:
        shared = Path(worker["shared"])
    config.stash[_SHARED] = shared
    own = shared / os.environ.get("PYTEST_XDIST_WORKER", "main")
    for name in _XDG:
        folder = own / name.lower()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ[f"XDG_{name}"] = str(folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not depend on who runs it, where somebody else has just run it here: see tests/run.sh."""
    if not TRIED:
        return
    again = [item for item in items if not _is_for_anybody(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(again)])
    items[:] = again


def _is_for_anybody(item: pytest.Item) -> bool:
    """Whether a test is marked so, or is about the screen, a lesson or a check: what root has of its own is the lab."""
    marks = {mark.name for mark in item.iter_markers()}
    above_the_lab = any(f"/tests/{folder}/" in item.path.as_posix() for folder in ("tui", "lessons", "checks"))
    return "anybody" in marks or (above_the_lab and bool(marks & {"netns", "pty"}))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a process of pytest-xdist which folder it shares with the others."""
    node.workerinput["shared"] = str(node.config.stash[_SHARED])  # type: ignore[attr-defined]  # xdist has no types


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a test marked `alone` wait for those that other processes run, and keep their next ones waiting.

    A group of pytest-xdist would not do: its tests share a process, but not the machine.
    """
    shared = item.config.stash[_SHARED]
    alone = item.get_closest_marker("alone") is not None
    # The door makes it fair: whoever waits for the room keeps it shut meanwhile.
    with _locked(shared / "door", fcntl.LOCK_EX) as door, _locked(shared / "room", _mode(alone)):
        fcntl.flock(door, fcntl.LOCK_UN)
        return (yield)


def _mode(alone: bool) -> int:
    return fcntl.LOCK_EX if alone else fcntl.LOCK_SH


@contextmanager
def _locked(path: Path, how: int) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough: a process that the test forked may have it too
        os.close(descriptor)
