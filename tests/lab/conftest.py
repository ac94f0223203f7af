from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tutor.lab import memory
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery

VM = Path(__file__).parents[2] / "lessons" / "labs" / "vm.toml"

Sh = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(params=["best ids", *(["single id"] if os.geteuid() else [])])
def lab(nursery: Nursery, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A `vm` lab, with the best ids that this user can have, and with a single one unless this is root."""
    with Lab(nursery.launch(single=request.param == "single id")) as made:
        made.build("vm", VM.read_text(), {})
        yield made


@pytest.fixture
def sh(lab: Lab) -> Sh:
    return lambda command, **options: run(lab, command, **options)


def run(lab: Lab, command: str, *, seconds: float = 60.0, machine: str = "", netns: int = 0) -> tuple[int, str]:
    """Run a bash command in a machine (default: the learner's): its exit status, and what it printed."""
    output = memory.to_gather()
    empty = os.open("/dev/null", os.O_RDONLY)
    try:
        status = lab.wait(
            lab.start(["bash", "-c", command], (empty, output, output), machine=machine, netns=netns), seconds
        )
        assert status is not None, f"{command!r} did not end"
        return status, memory.gathered(output)
    finally:
        os.close(output)
        os.close(empty)
