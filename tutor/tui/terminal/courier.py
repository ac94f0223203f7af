"""Hands what the keyboard's thread has read to the event loop, in order. Does not know what is done with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


class Courier:
    """On its way between two threads; each of them counts for itself, so that none has to wait."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sent = self._delivered = 0

    def start(self) -> None:
        """Deliver to the running event loop."""
        self._loop = asyncio.get_running_loop()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way: for the thread that sends."""
        return self._sent == self._delivered

    def send(self, do: Callable[[bytes], None], data: bytes) -> None:
        """Let `do` take `data` on the event loop."""
        if self._loop is not None:
            self._sent += 1
            with contextlib.suppress(RuntimeError):  # the application ends, and its loop with it
                self._loop.call_soon_threadsafe(self._deliver, do, data)

    def _deliver(self, do: Callable[[bytes], None], data: bytes) -> None:
        try:
            do(data)
        finally:
            self._delivered += 1
