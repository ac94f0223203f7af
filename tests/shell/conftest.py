"""What the tests of the shell share: a home for its bash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell.bash import Bash, open_bash
from tutor.shell.typist import Typist


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    """An interactive bash with the lab's bashrc."""
    with open_bash(tmp_path) as running:
        yield running


@pytest.fixture
def typist(bash: Bash) -> Typist:
    """Somebody who types into it, and waits at its prompt."""
    typing = Typist(bash.fd)
    typing.wait_for_prompt(10)
    return typing
