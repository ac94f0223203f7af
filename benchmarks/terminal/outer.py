"""The outer terminal of a measurement: a pseudo terminal that is read at full speed. Does not know what draws on it.

Imported by the rows of the table; `python -m benchmarks.terminal` runs them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

COLUMNS, ROWS = 160, 45
SECONDS = 30.0
_CHUNK = 65536
_LONGEST_MARK = 256


class Outer:
    """The outer terminal: sends keys, and reads what is drawn."""

    def __init__(self, fd: int, process: subprocess.Popen[bytes]) -> None:
        self._fd = fd
        self.process = process
        """What draws."""

    def press(self, keys: bytes) -> None:
        """Send keys."""
        os.write(self._fd, keys)

    def until_drawn(self, mark: bytes, seconds: float = SECONDS) -> float:
        """Wait until `mark` is drawn; returns the seconds that it took.

        Raises:
            TimeoutError: it was not drawn in time, or the program has ended.
        """
        began = time.perf_counter()
        end = began + seconds
        tail = b""
        while True:
            data = self._read(end - time.perf_counter())
            now = time.perf_counter()
            if mark in tail + data:
                return now - began
            if not data:
                raise TimeoutError(f"not drawn within {now - began:.1f} s: {mark.decode(errors='replace')!r}")
            tail = (tail + data)[-_LONGEST_MARK:]

    def read_for(self, seconds: float) -> int:
        """Read whatever is drawn for a while; returns how many bytes it was."""
        end = time.perf_counter() + seconds
        count = 0
        while (left := end - time.perf_counter()) > 0:
            data = self._read(left)
            if not data and self.process.poll() is not None:
                return count
            count += len(data)
        return count

    def settle(self, quiet: float = 0.1, seconds: float = SECONDS) -> bytes:
        """Read until nothing more has been drawn for `quiet` seconds; returns the last of it."""
        end = time.perf_counter() + seconds
        tail = b""
        while time.perf_counter() < end:
            data = self._read(quiet)
            if not data:
                return tail
            tail = (tail + data)[-_CHUNK:]
        raise TimeoutError(f"it still draws after {seconds:.0f} s")

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, and tell the programs."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, seconds: float) -> bytes:
        """Something that was drawn; nothing when there is nothing in time, or when the terminal was hung up."""
        if not select.select([self._fd], [], [], max(0.0, seconds))[0]:
            return b""
        try:
            return os.read(self._fd, _CHUNK)
        except OSError:  # EIO: nothing has the terminal open any more
            return b""


@contextmanager
def opened(
    argv: Sequence[str], environment: Mapping[str, str], *, columns: int = COLUMNS, rows: int = ROWS
) -> Iterator[Outer]:
    """Run `argv` on an outer terminal of its own; it is asked to end afterwards."""
    master, slave = os.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(["setsid", "--ctty", *argv], stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    outer = Outer(master, process)
    try:
        yield outer
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        _await_end(outer)
        os.close(master)


def _await_end(outer: Outer) -> None:
    """Read on while it ends: what it restores has to go somewhere."""
    end = time.perf_counter() + SECONDS
    while outer.process.poll() is None and time.perf_counter() < end:
        outer.read_for(0.02)
    if outer.process.poll() is None:
        outer.process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        outer.process.wait(SECONDS)
