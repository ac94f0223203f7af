"""One client's connection: what it sends is handed on, what it is sent waits for it, within bounds.

Does not know what is said.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from tutor.lab.kubernetes.poller import GONE, LEFT, READ, WRITE, Poller

PIECE = 64 * 1024
PLENTY = 256 * 1024
"""Bytes that may wait for a client before nothing more is taken from it."""

_LEFTOVERS = 1024 * 1024  # read over after the last answer, so that the client gets to read that


class Connection:
    """A connection. Its owner sets `heard`, `gone`, `turn` and `closed`."""

    def __init__(self, end: socket.socket, poller: Poller) -> None:
        """Take over a connected, non-blocking socket."""
        self.heard: Callable[[bytes], None] = lambda _: None
        """Is called with what the client has sent."""
        self.gone: Callable[[], None] = lambda: None
        """Is called once, when the client is heard of no more or `close` was called."""
        self.turn: Callable[[], None] = lambda: None
        """Is called when everything was sent, after `ask_for_turn` and after `is_full` was true."""
        self.closed: Callable[[], object] = lambda: None
        """Is called once, when there is no connection any more."""
        self.paused = False
        """Whether nothing is taken from the client for a while."""
        self._end, self._poller = end, poller
        self._waiting = bytearray()
        self._is_open, self._is_gone = True, False
        self._turn_wanted = self._finishing = self._lingering = False
        self._leftovers = _LEFTOVERS
        poller.watch(end.fileno(), READ, self._ready)

    @property
    def is_open(self) -> bool:
        """Whether anything can still be sent."""
        return self._is_open and not self._finishing

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the client that it should get no more for now."""
        return len(self._waiting) > PLENTY

    @property
    def waiting(self) -> int:
        """Bytes that wait for the client."""
        return len(self._waiting)

    def send(self, data: bytes) -> None:
        """Send, now or when the client can take it."""
        if not self.is_open:
            return
        self._waiting += data
        self._flush()

    def finish(self) -> None:
        """Close once all was sent. What the client still says is read over: else it might lose the answer."""
        if self.is_open:
            self._finishing = True
            self._flush()

    def close(self) -> None:
        """Close now."""
        if self._is_open:
            self._is_open = False
            self._poller.unwatch(self._end.fileno())
            self._end.close()
            self._waiting.clear()
            self.closed()
        self._tell_gone()

    def pause(self, paused: bool) -> None:
        """Take nothing from the client for a while, or do so again."""
        self.paused = paused
        self._set_interest()

    def ask_for_turn(self) -> None:
        """Have `turn` called soon: when others had theirs, and all was sent."""
        self._turn_wanted = True
        self._set_interest()

    def _ready(self, mask: int) -> None:
        try:
            self._serve(mask)
        except Exception:  # noqa: BLE001  # the lab's first process must not end for one client
            self.close()

    def _serve(self, mask: int) -> None:
        if mask & LEFT or (mask & GONE and not mask & READ):
            self.close()
            return
        if mask & WRITE:
            self._flush()
        if mask & READ and self._is_open:
            self._read()
        if mask & WRITE and self._is_open and self._turn_wanted and not self._waiting:
            self._turn_wanted = False
            self.turn()
        self._set_interest()

    def _read(self) -> None:
        try:
            data = self._end.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if self._finishing:
            self._leftovers -= len(data)
            if not data or self._leftovers < 0:
                self.close()
        elif data:
            self.heard(data)
        else:
            self._tell_gone()
            self._finishing = True
            self._flush()
            if not self._waiting:
                self.close()

    def _flush(self) -> None:
        was_full = self.is_full
        try:
            while self._waiting:
                with memoryview(self._waiting) as view, view[:PIECE] as piece:
                    sent = self._end.send(piece)
                del self._waiting[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if self._finishing and not self._waiting and not self._lingering:
            self._lingering = True
            with contextlib.suppress(OSError):
                self._end.shutdown(socket.SHUT_WR)
            if self._is_gone:
                self.close()
                return
        if was_full and not self.is_full:
            self._turn_wanted = True  # not at once: whoever is called sends more
        self._set_interest()

    def _set_interest(self) -> None:
        if not self._is_open:
            return
        reads = (self._finishing and not self._is_gone) or (
            not self._finishing and not self.paused and not self.is_full
        )
        writes = bool(self._waiting) or self._turn_wanted
        # Whoever is not read from can't be seen leaving otherwise.
        leaves = self.paused and not self._finishing
        mask = (READ if reads else 0) | (WRITE if writes else 0) | (LEFT if leaves else 0)
        self._poller.change(self._end.fileno(), mask)

    def _tell_gone(self) -> None:
        if not self._is_gone:
            self._is_gone = True
            self.gone()
