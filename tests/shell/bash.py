"""A real bash in a pseudo terminal, with the lab's bashrc and a home of its own."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.processes import name_of
from tests.waiting import SECONDS
from tutor.shell.bashrc import bashrc
from tutor.shell.typist import Typist


@dataclass(frozen=True, slots=True)
class Bash:
    """A bash that runs."""

    fd: int
    """Our end of its terminal, non-blocking."""
    pid: int
    """Its process, which leads a session."""

    @property
    def foreground(self) -> str:
        """The name of the program that has the terminal: bash itself until the job really is what was typed.

        Between fork(2) and execve(2) bash loses what Ctrl-Z sends.
        """
        return name_of(os.tcgetpgrp(self.fd))


def listen(typist: Typist, is_so: Callable[[], bool]) -> None:
    """Read what is printed until it is so. What the marks tell meanwhile is not kept."""
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        typist.drain()
        time.sleep(0.01)


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a learner's shell has in its environment, with `home` for /root."""
    fixed = {"HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
    return fixed | more


@contextmanager
def open_bash(
    home: Path, argv: Sequence[str] = ("bash",), *, columns: int = 80, rows: int = 24, text: str | None = None
) -> Iterator[Bash]:
    """Start `argv` in a terminal; whatever is left of it is gone in the end."""
    (home / ".bashrc").write_text(bashrc() if text is None else text, encoding="utf-8")
    master, slave = os.openpty()
    os.set_blocking(master, False)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        ["setsid", "--ctty", *argv], stdin=slave, stdout=slave, stderr=slave, cwd=home, env=environment(home)
    )
    os.close(slave)
    try:
        yield Bash(master, process.pid)
    finally:
        _end_session(process.pid)
        process.wait(10)
        os.close(master)


def _end_session(leader: int) -> None:
    """End the processes of a session; job control gives each job a group of its own."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(after_name[3]) == leader:
                os.kill(int(entry.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue
