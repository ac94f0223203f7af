"""Runs a program in a terminal that answers it, and keeps what it prints. Does not know what is done with that."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.shell.bash import environment
from tests.tui.final_screens import Recording, Size, Step
from tests.waiting import SECONDS
from tutor.shell.screen import Screen

_QUIET = 0.06


class Recorder:
    """A program that runs, and its screen."""

    def __init__(self, argv: Sequence[str], folder: Path, size: Size) -> None:
        self._master, slave = os.openpty()
        self._set_size(size)
        self._screen = Screen(size.columns, size.rows, self._reply)
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *argv], stdin=slave, stdout=slave, stderr=slave, cwd=folder,
            env=environment(folder, LC_ALL="C.UTF-8"),
        )  # fmt: skip
        os.close(slave)
        self._parts: list[bytes | Size] = []

    @property
    def recording(self) -> Recording:
        """What was printed until now."""
        return tuple(self._parts)

    def do(self, step: Step) -> None:
        """Do a step, and wait until the program has done what it does about it."""
        if isinstance(step, str):
            self._read_until(lambda: step in self._screen.text(), step)
        elif isinstance(step, bytes):
            os.write(self._master, step)
        elif isinstance(step, Size):
            self._parts.append(step)
            self._screen.resize(step.columns, step.rows)
            self._set_size(step)
        else:
            self._read_for(step)
        self._read_for(_QUIET)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._master)
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(SECONDS)

    def _read_until(self, is_so: object, what: str) -> None:
        assert callable(is_so)
        end = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < end, f"{what!r} did not appear:\n{self._screen.text()}"
            self._read(0.05)

    def _read_for(self, quiet: float) -> None:
        """Read until nothing more comes."""
        end = time.monotonic() + SECONDS
        while self._read(quiet):
            assert time.monotonic() < end, "it prints all the time"

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: it has ended
            return False
        self._screen.feed(data)
        if self._parts and isinstance(self._parts[-1], bytes):
            self._parts[-1] += data
        else:
            self._parts.append(data)
        return True

    def _reply(self, data: bytes) -> None:
        os.write(self._master, data)

    def _set_size(self, size: Size) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size.rows, size.columns, 0, 0))
