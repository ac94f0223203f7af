"""Measures the terminal pane in a real (pseudo) terminal: from a key to its echo, Ctrl-C in a flood, and throughput.

Run: python -m benchmarks.terminal
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_COLUMNS, _ROWS = 160, 45
_SECONDS = 30.0
_MEGABYTES = 8


class Outer:
    """The outer terminal: sends keys, and reads what the application draws."""

    def __init__(self, fd: int, record: Path) -> None:
        self._fd, self._record = fd, record

    def press(self, keys: bytes) -> None:
        """Send keys."""
        os.write(self._fd, keys)

    def until_drawn(self, pattern: bytes) -> float:
        """Wait until it is drawn; returns the seconds that it took."""
        began = time.perf_counter()
        drawn = b""
        while not re.search(pattern, drawn):
            ready, _, _ = select.select([self._fd], [], [], _SECONDS)
            if not ready:
                raise TimeoutError(pattern)
            drawn = drawn[-4096:] + os.read(self._fd, 65536)
        return time.perf_counter() - began

    def until_told(self, text: str, since: int) -> float:
        """Wait until the application was told something; returns the seconds that it took."""
        began = time.perf_counter()
        while not self._told_end(since).endswith(text):
            if select.select([self._fd], [], [], 0.0005)[0]:
                os.read(self._fd, 65536)
            if time.perf_counter() - began > _SECONDS:
                raise TimeoutError(text)
        return time.perf_counter() - began

    @property
    def told(self) -> int:
        """How many bytes the application was told of its shell."""
        return self._record.stat().st_size if self._record.exists() else 0

    def _told_end(self, since: int) -> str:
        size = self.told
        if size <= since:
            return ""
        with self._record.open("rb") as file:
            file.seek(max(since, size - 64))
            return file.read().decode(errors="replace").removesuffix("prompt\n")

    def settle(self) -> None:
        """Read until nothing more is drawn."""
        while select.select([self._fd], [], [], 0.1)[0]:
            os.read(self._fd, 65536)


@contextmanager
def opened() -> Iterator[Outer]:
    """The application of the tests, with a bash in it."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "told"
        master, slave = pty.openpty()
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        process = subprocess.Popen(
            ["setsid", "--ctty", sys.executable, "-m", "tests.tui.terminal_app", folder, str(record)],
            stdin=slave, stdout=slave, stderr=slave, env=os.environ | {"TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(slave)
        outer = Outer(master, record)
        try:
            outer.until_drawn(b"[#$] ")
            outer.settle()
            yield outer
        finally:
            process.terminate()
            with contextlib.suppress(OSError):  # EIO: it has ended
                while process.poll() is None:
                    outer.settle()
            process.wait(_SECONDS)
            os.close(master)


def keys_to_echo(outer: Outer, count: int = 300) -> list[float]:
    """Milliseconds from a key to its echo, at an idle prompt."""
    taken: list[float] = []
    for number in range(count):
        key = b"uvwxyz"[number % 6 :][:1]
        time.sleep(0.02 + number % 7 * 0.005)
        outer.press(key)
        taken.append(outer.until_drawn(key) * 1000)
        if number % 40 == 39:
            outer.press(b"\x15")
            outer.settle()
    outer.press(b"\x15")
    outer.settle()
    return taken


def interrupts(outer: Outer, count: int = 15) -> list[float]:
    """Milliseconds from Ctrl-C in `yes` to the end of `yes`, as the pane tells it."""
    taken: list[float] = []
    for _ in range(count):
        since = outer.told
        outer.press(b"yes 0123456789012345678901234567890123456789\r")
        for _ in range(10):
            outer.until_drawn(b"0123456789")
        outer.press(b"\x03")
        taken.append(outer.until_told(" 130\n", since) * 1000)
        outer.settle()
    return taken


def throughput(outer: Outer) -> float:
    """Megabytes of plain text per second that a program gets rid of."""
    since = outer.told
    outer.press(b"yes 'some plain text, as it stands in a log file' | head -c %d\r" % (_MEGABYTES * 10**6))
    taken = outer.until_told(" 0\n", since)
    outer.settle()
    return _MEGABYTES / taken


def main() -> None:
    """Measure, and print."""
    with opened() as outer:
        for name, taken in (("key to echo", keys_to_echo(outer)), ("Ctrl-C in yes", interrupts(outer))):
            ordered = sorted(taken)
            p99 = ordered[int(len(ordered) * 0.99)]
            print(f"{name:14} p50 {statistics.median(taken):6.2f} ms   p99 {p99:6.2f} ms   max {ordered[-1]:6.2f} ms")
        print(f"{'throughput':14} {throughput(outer):6.1f} MB/s")


if __name__ == "__main__":
    main()
