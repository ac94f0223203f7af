from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernel.sandbox import Sandbox
from tutor.kernel import Reader


@pytest.fixture
def vm() -> Iterator[Sandbox]:
    try:
        made = Sandbox()
    except OSError as error:
        pytest.skip(f"no user namespaces here: {error}")
    yield made
    made.close()


@pytest.fixture
def reader(vm: Sandbox) -> Iterator[Reader]:
    with Reader(vm) as made:
        yield made
