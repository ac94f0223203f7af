"""A lab with a cluster in it, and how to ask it things."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.conftest import run
from tutor.lab.client import Lab
from tutor.lab.kubenet.plugins import PLUGINS, find_plugin
from tutor.lab.nursery import Nursery

AKS = Path(__file__).parents[3] / "lessons" / "labs" / "aks.toml"

needs_plugins = pytest.mark.skipif(
    any(find_plugin(name) is None for name in PLUGINS), reason="the CNI plugins are not installed"
)

Ask = Callable[..., tuple[int, str]]


@pytest.fixture(params=["best ids", *(["single id"] if os.geteuid() else [])])
def aks(nursery: Nursery, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The lab as lessons find it; nothing of ours may have gone wrong in it by the end."""
    with Lab(nursery.launch(single=request.param == "single id")) as made:
        made.build("aks", AKS.read_text(), {})
        yield made
        assert made.status().faults == ()


@pytest.fixture
def variant(nursery: Nursery) -> Iterator[Callable[[str], Lab]]:
    """Makes a lab in a state that it names."""
    made: list[Lab] = []

    def make(name: str) -> Lab:
        lab = Lab(nursery.launch())
        made.append(lab)
        lab.build("aks", AKS.read_text(), {}, variant=name)
        return lab

    yield make
    for lab in made:
        assert lab.status().faults == ()
        lab.close()


@pytest.fixture
def ask(aks: Lab) -> Ask:
    return lambda command, **options: run(aks, command, **options)


def told(lab: Lab, command: str, **options: Any) -> Any:
    """What a command prints as JSON."""
    status, printed = run(lab, command, **options)
    assert status == 0, printed
    return json.loads(printed)


def namespace_of(lab: Lab, pod: str) -> int:
    """The inode of a pod's network namespace."""
    (found,) = (each for each in lab.scan() if any(path.endswith(f"/{pod}") for path in each.paths))
    return found.inode


def words(text: str) -> list[list[str]]:
    """The words of each line."""
    return [line.split() for line in text.splitlines()]


def plain(text: str) -> str:
    """Text without colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)
