"""The agent's event loop: what can be read or written, which children have ended, and what was put off until later.

One thread. Does not know what anything is read or written for.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

_FAULTS_KEPT = 20

Call = Callable[[], None]
File = socket.socket | int


_GONE = select.EPOLLHUP | select.EPOLLERR  # always reported, whatever was asked for


@dataclass(slots=True)
class _Watched:
    """What to call for one descriptor."""

    readable: Call | None = None
    writable: Call | None = None
    leaving: Call | None = None
    failing: Call | None = None

    @property
    def is_wanted(self) -> bool:
        return bool(self.readable or self.writable or self.leaving or self.failing)

    @property
    def events(self) -> int:
        reads = select.EPOLLIN if self.readable else 0
        return reads | (select.EPOLLOUT if self.writable else 0) | (select.EPOLLRDHUP if self.leaving else 0)

    def calls(self, events: int) -> Iterator[Call]:
        """Whom to call for what was reported. Looked up when its turn comes: who was called before may change it."""
        if self.leaving and events & (select.EPOLLRDHUP | _GONE):
            yield self.leaving
        if self.readable and events & (select.EPOLLIN | _GONE):
            yield self.readable
        if self.writable and events & (select.EPOLLOUT | _GONE):
            yield self.writable
        if self.failing and events & _GONE:
            yield self.failing


class Loop:
    """Waits, and calls."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._watched: dict[int, _Watched] = {}
        self._later: list[tuple[float, int, Call]] = []
        self._numbers = count()
        self._on_exit: dict[int, Callable[[int], None]] = {}
        self.faults: list[str] = []
        """What has gone wrong in what was called: errors of ours, the last ones."""
        self._wake = -1

    def close(self) -> None:
        """Watch nothing any more."""
        self._watched.clear()
        self._epoll.close()

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

    def watch_leaving(self, file: File, call: Call) -> None:
        """Call `call` when the other side of a socket has nothing more to say, though nothing is read from it."""
        self._set(file, lambda watched: setattr(watched, "leaving", call))

    def watch_errors(self, file: File, call: Call) -> None:
        """Call `call` when `file` reports an error condition, and for nothing else."""
        self._set(file, lambda watched: setattr(watched, "failing", call))

    def unwatch_readable(self, file: File) -> None:
        """Do not look at what can be read from `file` any more; the rest goes on."""
        self._set(file, lambda watched: setattr(watched, "readable", None))

    def unwatch_writable(self, file: File) -> None:
        """Do not look at whether `file` can be written any more; the rest goes on."""
        self._set(file, lambda watched: setattr(watched, "writable", None))

    def unwatch_leaving(self, file: File) -> None:
        """Do not look at whether the other side leaves any more; the rest goes on."""
        self._set(file, lambda watched: setattr(watched, "leaving", None))

    def unwatch(self, file: File) -> None:
        """Look at `file` no more. Before it is closed."""
        descriptor = _descriptor(file)
        if self._watched.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

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
        ready = [(fd, self._watched[fd], events) for fd, events in self._epoll.poll(timeout) if fd in self._watched]
        for descriptor, watched, events in ready:
            for call in watched.calls(events):
                # What is called may unwatch others, and itself, whose turn in this round is still to come.
                if self._watched.get(descriptor) is not watched:
                    break
                self._call(call, descriptor)
        due = time.monotonic()  # what is put off in here waits for the next turn
        while self._later and self._later[0][0] <= due:
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

    def _set(self, file: File, change: Callable[[_Watched], None]) -> None:
        descriptor = _descriptor(file)
        known = self._watched.get(descriptor)
        watched = known or _Watched()
        before = watched.events
        change(watched)
        if not watched.is_wanted:
            self.unwatch(file)
        elif known is None:
            self._epoll.register(descriptor, watched.events)
            self._watched[descriptor] = watched
        elif watched.events != before:
            self._epoll.modify(descriptor, watched.events)

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
        descriptor = _descriptor(self._file)
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


def _descriptor(file: File) -> int:
    return file if isinstance(file, int) else file.fileno()


def _signals_as_readable() -> int:
    """A descriptor that can be read when a child has ended."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    return readable
