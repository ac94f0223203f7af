"""Carries bytes between a terminal's descriptor and the event loop. Does not know what they mean."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable

_READ_SECONDS = 0.0005
_CHUNK, _PARTS = 65536, 8


class Stream:
    """An open terminal on the running event loop. The descriptor stays its owner's."""

    def __init__(self, fd: int, on_output: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        """Begin to read.

        Args:
            fd: the master of a pseudo terminal; becomes non-blocking.
            on_output: is given what is printed.
            on_end: is called once, when nothing has the terminal open any more; the stream is closed then.
        """
        self._fd = fd
        self._on_output, self._on_end = on_output, on_end
        self._loop = asyncio.get_running_loop()
        self._unsent = bytearray()
        self._writing = threading.Lock()
        self._open = True
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    def close(self) -> None:
        """Neither read nor write any more."""
        with self._writing:
            was_open, self._open = self._open, False
        if was_open:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)

    def write(self, data: bytes) -> None:
        """Send bytes, as fast as the terminal takes them."""
        if self._open and data:
            with self._writing:
                self._unsent += data
            self._send()

    def write_from_thread(self, data: bytes) -> bool:
        """Send bytes at once, from any thread; returns whether that was possible: nothing may overtake what waits."""
        with self._writing:
            if not self._open or self._unsent:
                return False
            sent = self._try(data)
            if sent < len(data):
                self._unsent += data[sent:]
                self._loop.call_soon_threadsafe(self._send)
            return True

    def _send(self) -> None:
        with self._writing:
            if not self._open:
                return
            if self._unsent:
                del self._unsent[: self._try(self._unsent)]
            if self._unsent:
                self._loop.add_writer(self._fd, self._send)
            else:
                self._loop.remove_writer(self._fd)

    def _try(self, data: bytes | bytearray) -> int:
        """Write; returns how much of it needs no more thought."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:  # it has hung up, as the reader will find out
            return len(data)

    def _read(self) -> None:
        """Read for at most half a millisecond: a flood of output must leave room for keys."""
        until = time.perf_counter() + _READ_SECONDS
        more = True
        while more and self._open:
            data, more = self._gather()
            if data:
                self._on_output(data)
            more = more and time.perf_counter() < until

    def _gather(self) -> tuple[bytes, bool]:
        """What there is, a good piece of it at once: a terminal gives 4 KiB at a time. And whether there is more."""
        parts: list[bytes] = []
        for _ in range(_PARTS):
            try:
                data = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                return b"".join(parts), False
            except OSError:  # EIO: the last program that had it open is gone
                data = b""
            if not data:
                if parts:
                    break  # what it has printed comes first; the end will be read again
                self.close()
                self._on_end()
                return b"", False
            parts.append(data)
        return b"".join(parts), True
