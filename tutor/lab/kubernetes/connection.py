"""One client's connection: what it sends is handed on, what it is sent waits for it, within bounds.

Does not know what is said.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from tutor.lab.loop import Loop, Outbox

PLENTY = 256 * 1024
"""Bytes that may wait for a client before nothing more is taken from it."""

_PIECE = 64 * 1024
_MOST = 16 << 20  # waits for a client at all: more than the longest answer
_LEFTOVERS = 1024 * 1024  # read over after the last answer, so that the client gets to read that


class Connection:
    """A connection. Its owner sets `heard`, `gone`, `turn` and `closed`."""

    def __init__(self, end: socket.socket, loop: Loop) -> None:
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
        self._end, self._loop, self._outbox = end, loop, Outbox(loop, end, most=_MOST)
        self._is_open, self._is_gone = True, False
        self._turn_wanted = self._finishing = self._lingering = False
        self._leftovers = _LEFTOVERS
        self._set_interest()

    @property
    def is_open(self) -> bool:
        """Whether anything can still be sent."""
        return self._is_open and not self._finishing

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the client that it should get no more for now."""
        return self.waiting > PLENTY

    @property
    def waiting(self) -> int:
        """Bytes that wait for the client."""
        return self._outbox.waiting

    def send(self, data: bytes) -> None:
        """Send, now or when the client can take it."""
        if self.is_open:
            self._outbox.send(data)
            self._turn_wanted |= self.is_full
            self._outbox.then(self._sent)
            self._set_interest()

    def finish(self) -> None:
        """Close once all was sent. What the client still says is read over: else it might lose the answer."""
        if self.is_open:
            self._finishing = True
            self._outbox.then(self._sent)
            self._set_interest()

    def close(self) -> None:
        """Close now."""
        if self._is_open:
            self._is_open = False
            self._loop.unwatch(self._end)
            self._end.close()
            self.closed()
        self._tell_gone()

    def pause(self, paused: bool) -> None:
        """Take nothing from the client for a while, or do so again."""
        self.paused = paused
        self._set_interest()

    def ask_for_turn(self) -> None:
        """Have `turn` called soon: when others had theirs, and all was sent."""
        self._turn_wanted = True
        self._outbox.then(self._sent)

    def _sent(self) -> None:
        """All was sent, or can't be."""
        if self._outbox.broken or (self._finishing and self._is_gone):
            self.close()
        elif self._finishing and not self._lingering:
            self._lingering = True
            with contextlib.suppress(OSError):
                self._end.shutdown(socket.SHUT_WR)
        elif self._turn_wanted:
            self._loop.call_later(0, self._give_turn)
        self._set_interest()

    def _give_turn(self) -> None:
        if self._turn_wanted and self.is_open and not self.waiting:
            self._turn_wanted = False
            self._guard(self.turn)

    def _read(self) -> None:
        try:
            data = self._end.recv(_PIECE)
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
            self._guard(lambda: self.heard(data))
        else:
            self._tell_gone()
            self.finish()

    def _guard(self, call: Callable[[], None]) -> None:
        """Call it; a fault of ours in there is the loop's to note, but no client shall wait for what never comes."""
        try:
            call()
        except Exception:
            self.close()
            raise

    def _set_interest(self) -> None:
        if not self._is_open:
            return
        if self._listens:
            self._loop.watch(self._end, self._read)
        else:
            self._loop.unwatch_readable(self._end)
        # Whoever is not read from can't be seen leaving otherwise.
        if self.paused and not self._finishing:
            self._loop.watch_leaving(self._end, self.close)
        else:
            self._loop.unwatch_leaving(self._end)

    @property
    def _listens(self) -> bool:
        if self._finishing:
            return not self._is_gone
        return not (self.paused or self.is_full)

    def _tell_gone(self) -> None:
        if not self._is_gone:
            self._is_gone = True
            self.gone()
