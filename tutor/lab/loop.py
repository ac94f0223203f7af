"""The agent's event loop: what can be read or written, which children have ended, and what was put off until later.

One thread. Does not know what anything is read or written for.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count

_FAULTS_KEPT = 20

Call = Callable[[], None]
File = socket.socket | int


@dataclass(slots=True)
class _Watched:
    """What to call for one descriptor."""

    readable: Call | None = None
    writable: Call | None = None

    @property
    def events(self) -> int:
        return (selectors.EVENT_READ if self.readable else 0) | (selectors.EVENT_WRITE if self.writable else 0)


class Loop:
    """Waits, and calls."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._later: list[tuple[float, int, Call]] = []
        self._numbers = count()
        self._on_exit: dict[int, Callable[[int], None]] = {}
        self.faults: list[str] = []
        """What has gone wrong in what was called: errors of ours, the last ones."""
        self._wake = -1

    def take_signals(self) -> None:
        """Have the process hear of its children's ends here, and of nothing that would end it: once in its life."""
        self._wake = _signals_as_readable()
        self.watch(self._wake, self.reap)

    def watch(self, file: File, call: Call) -> None:
        """Call `call` whenever `file` can be read."""
        self._set(file, lambda watched: setattr(watched, "readable", call))

    def watch_writable(self, file: File, call: Call) -> None:
        """Call `call` whenever `file` can be written."""
        self._set(file, lambda watched: setattr(watched, "writable", call))

    def unwatch_readable(self, file: File) -> None:
        """Do not look at what can be read from `file` any more; writing goes on."""
        if file in self._selector.get_map():
            self._set(file, lambda watched: setattr(watched, "readable", None))

    def unwatch_writable(self, file: File) -> None:
        """Stop doing so; reading goes on."""
        if file in self._selector.get_map():
            self._set(file, lambda watched: setattr(watched, "writable", None))

    def unwatch(self, file: File) -> None:
        """Look at `file` no more."""
        if file in self._selector.get_map():
            self._selector.unregister(file)

    def watch_errors(self, file: int, call: Call) -> None:
        """Call `call` when `file` reports an error condition, and for nothing else (epoll always reports those)."""
        self.watch_writable(file, call)

    def call_later(self, seconds: float, call: Call) -> None:
        """Call `call` once, in so many seconds."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._numbers), call))

    def on_exit(self, pid: int, call: Callable[[int], None]) -> None:
        """Call `call` with the exit status of a child (negative: the signal that ended it) once it has ended."""
        self._on_exit[pid] = call

    def turn(self, until: float | None = None) -> None:
        """Wait for something to happen, but not longer than until then (time.monotonic), and call who wants to know."""
        ends = [end for end in (until, self._later[0][0] if self._later else None) if end is not None]
        timeout = max(0.0, min(ends) - time.monotonic()) if ends else None
        for key, events in self._selector.select(timeout):
            watched: _Watched = key.data
            # What is called may unwatch others whose turn in this round is still to come.
            if events & selectors.EVENT_READ and watched.readable and self._is_watched(key):
                self._call(watched.readable, key.fd)
            if events & selectors.EVENT_WRITE and watched.writable and self._is_watched(key):
                self._call(watched.writable, key.fd)
        while self._later and self._later[0][0] <= time.monotonic():
            self._call(heapq.heappop(self._later)[2])

    def _call(self, call: Call, descriptor: int = -1) -> None:
        """Call it; a fault of ours in there must not take the lab away: it is noted, and that is looked at no more."""
        try:
            call()
        except Exception as error:
            at = error.__traceback__
            while at is not None and at.tb_next is not None:
                at = at.tb_next
            where = f"{os.path.basename(at.tb_frame.f_code.co_filename)}:{at.tb_lineno}" if at is not None else "?"
            self.faults.append(f"{where}: {type(error).__name__}: {error}")
            del self.faults[:-_FAULTS_KEPT]
            if descriptor >= 0:
                self.unwatch(descriptor)

    def _is_watched(self, key: selectors.SelectorKey) -> bool:
        found = self._selector.get_map().get(key.fd)
        return found is not None and found.data is key.data

    def _set(self, file: File, change: Callable[[_Watched], None]) -> None:
        known = self._selector.get_map().get(file)
        watched = known.data if known is not None else _Watched()
        change(watched)
        if not watched.events:
            self.unwatch(file)
        elif known is None:
            self._selector.register(file, watched.events, watched)
        else:
            self._selector.modify(file, watched.events, watched)

    def reap(self) -> None:
        """Take in which children have ended, and tell who wants to know."""
        if self._wake >= 0:
            os.read(self._wake, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            call = self._on_exit.pop(pid, None)
            if call is not None:
                self._call(partial(call, os.waitstatus_to_exitcode(status)))


class Outbox:
    """Writes to a descriptor that does not block, and keeps what it does not take yet."""

    def __init__(self, loop: Loop, file: File, *, most: int = 4 << 20) -> None:
        """Send nothing yet.

        Args:
            loop: tells when more can be written.
            file: a socket or descriptor.
            most: how many bytes may wait; who lets more wait than that is taken for gone.
        """
        self._loop, self._file, self._most = loop, file, most
        self._waiting = bytearray()
        self._then: Call | None = None
        self.broken = False
        """Whether the other side is gone, or took too little for too long."""

    @property
    def waiting(self) -> int:
        """How many bytes have not been taken yet."""
        return len(self._waiting)

    def send(self, data: bytes) -> None:
        """Write `data`, now or as soon as it is taken."""
        if self.broken:
            return
        self._waiting += data
        if len(self._waiting) > self._most:
            self._break()
        elif len(self._waiting) == len(data):
            self._write()

    def then(self, call: Call) -> None:
        """Call `call` once all has been taken, or nothing will be any more."""
        self._then = call
        self._finish()

    def _write(self) -> None:
        descriptor = self._file if isinstance(self._file, int) else self._file.fileno()
        try:
            while self._waiting:
                del self._waiting[: os.write(descriptor, self._waiting[:65536])]
        except BlockingIOError:
            self._loop.watch_writable(self._file, self._write)
            return
        except OSError:
            self._break()
            return
        self._loop.unwatch_writable(self._file)
        self._finish()

    def _break(self) -> None:
        self.broken = True
        self._waiting.clear()
        self._loop.unwatch_writable(self._file)
        self._finish()

    def _finish(self) -> None:
        if not self._waiting and self._then is not None:
            then, self._then = self._then, None
            with contextlib.suppress(OSError):
                then()


def _signals_as_readable() -> int:
    """A descriptor that can be read when a child has ended."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    return readable
