"""How tests wait for what comes in its own time."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable

SECONDS = 60.0
"""How long something may take at most on a machine that has much else to do. Nothing lasts longer for it."""


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it never was"
        time.sleep(0.01)


def read_until(descriptor: int, what: bytes) -> bytes:
    """What a program prints up to `what`; without it where that does not come."""
    seen, end = b"", time.monotonic() + SECONDS
    while what not in seen and time.monotonic() < end:
        if select.select([descriptor], [], [], 0.1)[0]:
            seen += os.read(descriptor, 65536)
    return seen
