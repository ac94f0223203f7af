"""Many descriptors behind one: the agent's loop knows when something can be read, and this when it can be written too.

Its own epoll, whose descriptor can itself be read whenever something in it is ready. Does not know what is watched.

Source: epoll(7), on nested epoll instances.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Callable

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
LEFT = select.EPOLLRDHUP
"""The other side has nothing more to say."""
GONE = select.EPOLLHUP | select.EPOLLERR
"""Always reported: the other side is gone."""

_AT_ONCE = 32  # then the agent's other duties have their turn

Ready = Callable[[int], None]
"""Is called with what a descriptor is ready for: a mask of `READ`, `WRITE`, `LEFT` and `GONE`."""


class Poller:
    """Descriptors, and whom to call when one is ready."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._calls: dict[int, Ready] = {}
        self._masks: dict[int, int] = {}

    def fileno(self) -> int:
        """The descriptor that can be read when anything is ready."""
        return self._epoll.fileno()

    def watch(self, descriptor: int, mask: int, call: Ready) -> None:
        """Have `call` called when `descriptor` is ready for something in `mask`."""
        self._epoll.register(descriptor, mask)
        self._calls[descriptor], self._masks[descriptor] = call, mask

    def change(self, descriptor: int, mask: int) -> None:
        """Watch for something else."""
        if self._masks[descriptor] != mask:
            self._epoll.modify(descriptor, mask)
            self._masks[descriptor] = mask

    def unwatch(self, descriptor: int) -> None:
        """Forget a descriptor. Before it is closed."""
        if self._calls.pop(descriptor, None) is not None:
            del self._masks[descriptor]
            with contextlib.suppress(OSError):
                self._epoll.unregister(descriptor)

    def turn(self) -> None:
        """Call whoever is to be called now."""
        for descriptor, mask in self._epoll.poll(0, _AT_ONCE):
            call = self._calls.get(descriptor)
            if call is not None:
                call(mask)

    def close(self) -> None:
        """End."""
        self._calls.clear()
        self._epoll.close()
