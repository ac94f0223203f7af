"""Carries bytes between a terminal's descriptor and the event loop. Does not know what they mean."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

_READ_SECONDS = 0.0005
_CHUNK = 65536


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
        self._open = True
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    def close(self) -> None:
        """Neither read nor write any more."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)

    def write(self, data: bytes) -> None:
        """Send bytes, as fast as the terminal takes them."""
        if self._open and data:
            self._unsent += data
            self._send()

    def _send(self) -> None:
        try:
            del self._unsent[: os.write(self._fd, self._unsent)]
        except BlockingIOError:
            pass
        except OSError:  # it has hung up, as the reader will find out
            self._unsent.clear()
        if self._unsent:
            self._loop.add_writer(self._fd, self._send)
        else:
            self._loop.remove_writer(self._fd)

    def _read(self) -> None:
        """Read for at most half a millisecond: a flood of output must leave room for keys."""
        until = time.perf_counter() + _READ_SECONDS
        while self._open:
            try:
                data = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                return
            except OSError:  # EIO: the last program that had it open is gone
                data = b""
            if not data:
                self.close()
                self._on_end()
                return
            self._on_output(data)
            if time.perf_counter() >= until:
                return
