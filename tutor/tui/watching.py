"""Listens to the lab's descriptors on the event loop. Does not know what they tell."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable


class LabWatch:
    """Calls back when the lab has something to tell."""

    def __init__(self, on_word: Callable[[], None]) -> None:
        """Listen to nothing yet; `on_word` is called whenever a descriptor can be read."""
        self._on_word = on_word
        self._descriptors: tuple[int, ...] = ()

    def over(self, descriptors: Iterable[int]) -> None:
        """Listen to these from now on, and to no others."""
        loop = asyncio.get_running_loop()
        for descriptor in self._descriptors:
            loop.remove_reader(descriptor)
        self._descriptors = tuple(descriptors)
        for descriptor in self._descriptors:
            # One that has been closed meanwhile belongs to a lab that is being left: it has nothing more to tell.
            with contextlib.suppress(OSError):
                loop.add_reader(descriptor, self._on_word)

    def pause(self) -> None:
        """Listen to nothing, until `over` is called again."""
        self.over(())
