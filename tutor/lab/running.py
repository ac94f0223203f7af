"""A program in a machine whose input and output somebody in the agent carries: on a terminal, or on pipes.

Does not know who carries them, nor where to.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tutor.lab import terminals
from tutor.lab.loop import Loop
from tutor.lab.machine import Machine

_CHUNK = 65536

Enter = Callable[[], None]
"""Moves the program's process, once it is in the machine, further in: into a pod."""


@dataclass(slots=True)
class Running:
    """A program that runs, by descriptors that do not block."""

    pid: int
    """As the agent counts."""
    stdin: int
    """To be written to; -1 once closed."""
    stdout: int
    """To be read; of a terminal the same as `stdin`."""
    stderr: int = -1
    """To be read; -1 on a terminal, where there is one output only."""
    _loop: Loop | None = None
    _open: set[int] = field(default_factory=set)
    _ended: bool = False

    def __post_init__(self) -> None:
        self._open = {each for each in (self.stdin, self.stdout, self.stderr) if each >= 0}

    @property
    def is_terminal(self) -> bool:
        """Whether it runs on a terminal."""
        return self.stdin == self.stdout

    @property
    def sources(self) -> tuple[int, ...]:
        """What it prints to and has not closed."""
        return tuple(each for each in (self.stdout, self.stderr) if each in self._open)

    def on_exit(self, call: Callable[[int], None]) -> None:
        """Call `call` with its exit status (negative: the signal that ended it) once it has ended."""

        def ended(status: int) -> None:
            self._ended = True
            call(status)

        if self._loop is not None:
            self._loop.on_exit(self.pid, ended)

    def read(self, source: int) -> bytes | None:
        """What it has printed to one of its `sources`: empty at the end, None where nothing waits."""
        try:
            return os.read(source, _CHUNK)
        except BlockingIOError:
            return None
        except OSError:  # of a terminal: the last program that had it open is gone
            return b""

    def has_more(self, source: int) -> bool:
        """Whether something waits to be read."""
        try:
            (waiting,) = struct.unpack("i", fcntl.ioctl(source, termios.FIONREAD, bytes(4)))
        except OSError:
            return False
        return bool(waiting)

    def resize(self, columns: int, rows: int) -> None:
        """Tell it how large its terminal is."""
        if self.is_terminal and self.stdin in self._open:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self.stdin, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close_stdin(self) -> None:
        """End its input. A terminal's has no end but the key that says so."""
        if self.is_terminal:
            with contextlib.suppress(OSError):
                os.write(self.stdin, b"\x04")
        else:
            self.close(self.stdin)

    def close(self, descriptor: int) -> None:
        """Close one of its descriptors; a terminal's stays until it is let go."""
        if descriptor in self._open and not self.is_terminal:
            self._open.discard(descriptor)
            os.close(descriptor)

    def hang_up(self) -> None:
        """Tell it that whom it spoke to is gone."""
        if not self._ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGHUP)

    def let_go(self) -> None:
        """Close all; what still runs is hung up by that, if it was on a terminal."""
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()


def run_on_terminal(
    machine: Machine,
    argv: Sequence[str],
    environment: Mapping[str, str],
    size: tuple[int, int],
    loop: Loop,
    enter: Enter | None = None,
) -> Running:
    """Start a program on a new terminal of a machine, of so many columns and rows; raises as `Machine.spawn` does."""
    master, slave = terminals.open_pair(machine, *size)
    try:
        pid = machine.spawn(argv, environment, (slave, slave, slave), terminal=True, enter=enter)
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    return Running(pid, master, master, -1, loop)


def run_on_pipes(
    machine: Machine,
    argv: Sequence[str],
    environment: Mapping[str, str],
    loop: Loop,
    enter: Enter | None = None,
) -> Running:
    """Start a program of a machine with a pipe for each of its three standard files; raises as `Machine.spawn` does."""
    given, output, errors = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
    theirs, ours = (given[0], output[1], errors[1]), (given[1], output[0], errors[0])
    for end in theirs:
        os.fchmod(end, 0o666)  # or who opens /dev/stderr there may not
    try:
        pid = machine.spawn(argv, environment, theirs, enter=enter)
    except BaseException:
        for end in ours:
            os.close(end)
        raise
    finally:
        for end in theirs:
            os.close(end)
    for end in ours:
        os.set_blocking(end, False)
    return Running(pid, *ours, loop)
