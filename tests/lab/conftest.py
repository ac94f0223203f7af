from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery

VM = Path(__file__).parents[2] / "lessons" / "labs" / "vm.toml"


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def lab(nursery: Nursery) -> Iterator[Lab]:
    with Lab(nursery.launch()) as made:
        made.build("vm", VM.read_text(), {})
        yield made


@pytest.fixture
def sh(lab: Lab) -> Callable[..., tuple[int, str]]:
    return lambda command, **options: run(lab, command, **options)


def run(lab: Lab, command: str, *, seconds: float = 10.0, netns: int = 0) -> tuple[int, str]:
    """Run a bash command in the learner's machine: its exit status, and what it printed."""
    output = os.memfd_create("output")
    empty = os.open("/dev/null", os.O_RDONLY)
    try:
        status = lab.wait(lab.start(["bash", "-c", command], (empty, output, output), netns=netns), seconds)
        assert status is not None, f"{command!r} did not end"
        return status, os.pread(output, 1 << 20, 0).decode()
    finally:
        os.close(output)
        os.close(empty)
