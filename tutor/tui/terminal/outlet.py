"""Writes to the outer terminal: at once where it takes it, else on a thread of its own, in order.

Textual hands every write to a thread; the way there and back costs more than the write. Does not know what is written.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from typing import IO

from textual.drivers._writer_thread import WriterThread

_MOST_BEHIND = 1 << 20


class Outlet(WriterThread):
    """Stands in for Textual's own writer."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(file)
        self._waiting: deque[bytes] = deque()
        self._behind = 0
        self._ending = False
        self._changed = threading.Condition()
        self._terminal = file.fileno()
        # An open of our own: the one that we were given is shared with the shell we come from, which must not find its
        # terminal non-blocking if we are killed.
        self._at_once = -1
        with contextlib.suppress(OSError):
            self._at_once = os.open(f"/proc/self/fd/{self._terminal}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)

    @property
    def behind(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self._behind

    def write(self, text: str) -> None:
        """Write. Waits only for a terminal that is very far behind."""
        data = text.encode("utf-8", "replace")
        with self._changed:
            if not self._behind:
                data = data[self._write_now(data) :]
            if data:
                self._waiting.append(data)
                self._behind += len(data)
                self._changed.notify_all()
                while self._behind > _MOST_BEHIND and not self._ending:
                    self._changed.wait()

    def _write_now(self, data: bytes) -> int:
        """Write as much as the terminal takes without waiting; returns how much that was."""
        if self._at_once < 0:
            return 0
        try:
            return os.write(self._at_once, data)
        except OSError:  # it takes nothing now, or it is gone, which the thread will see
            return 0

    def run(self) -> None:
        """Write what could not be written at once."""
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                if not self._waiting:
                    return
                data = self._waiting[0]
            written = self._write_all(data)
            with self._changed:
                if written:
                    self._waiting.popleft()
                    self._behind -= len(data)
                else:
                    self._waiting.clear()
                    self._behind = 0
                self._changed.notify_all()

    def _write_all(self, data: bytes) -> bool:
        try:
            while data:
                data = data[os.write(self._terminal, data) :]
        except OSError:  # the terminal is gone, as the thread that reads it finds out too
            return False
        return True

    def stop(self) -> None:
        """Write what is waiting, and end."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self.join()
        if self._at_once >= 0:
            os.close(self._at_once)
            self._at_once = -1
