"""What the tests of the shell share: a home for its bash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell.bash import Bash, open_bash
from tests.waiting import SECONDS
from tutor.shell.typist import Typist


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    """An interactive bash with the lab's bashrc."""
    with open_bash(tmp_path) as running:
        yield running


@pytest.fixture
def heard() -> list[bytes]:
    """What the terminal has printed so far."""
    return []


@pytest.fixture
def typist(bash: Bash, heard: list[bytes]) -> Typist:
    """Somebody who types into it, and waits at its prompt."""
    typing = Typist(bash.fd, heard.append)
    typing.wait_for_prompt(SECONDS)
    return typing
