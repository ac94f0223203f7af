"""A shell or one command in the lab, on the caller's own terminal or pipes. Does not know lessons.

Nothing of the caller's is handed into the lab: input and output are carried over a terminal or pipes that belong to
the lab's side,
so that no program in it ever holds a descriptor of the host's terminal or files.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from types import FrameType

from tutor.errors import LabGone
from tutor.lab.client import Lab
from tutor.lab.opened_shell import Shell

_CHUNK = 65536


def interact(lab: Lab, argv: Sequence[str], *, machine: str = "") -> int:
    """Run a program on a terminal of the lab, shown on ours, until it ends; returns its exit status.

    Standard input and output must be terminals.
    """
    columns, rows = _window()
    shell = lab.open_shell(machine=machine, columns=columns, rows=rows, argv=argv, TERM=os.environ.get("TERM", "xterm"))
    try:
        with _raw(sys.stdin.fileno()), _resizes(shell):
            return _carry(lab, shell)
    finally:
        shell.close()


def run_command(lab: Lab, argv: Sequence[str], *, machine: str = "") -> int:
    """Run a program with our standard input, output and error carried to it and from it; returns its exit status.

    What the program leaves running in the background is not waited for.
    """
    given, output, errors = os.pipe(), os.pipe(), os.pipe()
    for end in (given[0], output[1], errors[1]):
        os.fchmod(end, 0o666)  # or who opens /dev/stderr there may not: to the lab, our own id is nobody's
    job = lab.start(argv, (given[0], output[1], errors[1]), machine=machine)
    for descriptor in (given[0], output[1], errors[1]):
        os.close(descriptor)
    os.set_blocking(given[1], False)
    sinks = {output[0]: sys.stdout.fileno(), errors[0]: sys.stderr.fileno()}
    source: int | None = sys.stdin.fileno() if sys.stdin is not None and not sys.stdin.closed else None
    pending = b""
    status: int | None = None
    while status is None:
        readers: list[int] = [lab.fileno(), *sinks]
        if source is not None and not pending:
            readers.append(source)
        writers = [given[1]] if pending else []
        ready, writable, _ = select.select(readers, writers, [])
        for end in [end for end in sinks if end in ready]:
            if not _copy(end, sinks[end]):
                os.close(end)
                del sinks[end]
        if source is not None and source in ready:
            pending = _read(source)
            if not pending:
                source = None
                os.close(given[1])
        if writable or (pending and source is not None):
            try:
                pending = pending[os.write(given[1], pending) :]
            except BlockingIOError:
                pass
            except OSError:  # the program does not read any more
                pending, source = b"", None
                os.close(given[1])
        if lab.fileno() in ready:
            status = lab.wait(job, 0)
    for end, sink in sinks.items():
        os.set_blocking(end, False)
        while _copy(end, sink):
            pass
        os.close(end)
    if source is not None:
        os.close(given[1])
    return status if status >= 0 else 128 - status


def _carry(lab: Lab, shell: Shell) -> int:
    """Carry keys in and output out until the shell ends."""
    keys: int | None = sys.stdin.fileno()
    while True:
        ready, _, _ = select.select([shell.fd, lab.fileno(), *([keys] if keys is not None else [])], [], [])
        if shell.fd in ready:
            _copy(shell.fd, sys.stdout.fileno())
        if keys in ready and keys is not None:
            typed = _read(keys)
            if typed:
                _write_all(shell.fd, typed)
            else:
                keys = None
        if lab.fileno() in ready:
            for notice in lab.notices():
                if notice["notice"] == "shell-ended" and notice["terminal"] == shell.id:
                    while _copy(shell.fd, sys.stdout.fileno()):
                        pass
                    status = int(notice["status"])
                    return status if status >= 0 else 128 - status
                if notice["notice"] == "machine-down":
                    raise LabGone(f"the machine {notice['machine']} went down", hint="start again: the next lab is new")


def _copy(source: int, sink: int) -> bool:
    """Copy one chunk; False at the end, or when there is nothing to read now."""
    data = _read(source)
    _write_all(sink, data)
    return bool(data)


def _read(source: int) -> bytes:
    try:
        return os.read(source, _CHUNK)
    except (BlockingIOError, OSError):
        return b""


def _write_all(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(sink, view) :]
        except BlockingIOError:
            select.select([], [sink], [], 1.0)


def _window() -> tuple[int, int]:
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return 80, 24
    return size.columns or 80, size.lines or 24


@contextlib.contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Our terminal hands every key on, for a while."""
    before = termios.tcgetattr(terminal)
    try:
        tty.setraw(terminal)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _resizes(shell: Shell) -> Iterator[None]:
    """The lab's terminal follows the size of ours, for a while."""

    def follow(number: int, frame: FrameType | None) -> None:
        del number, frame
        size = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
        rows, columns, _, _ = struct.unpack("HHHH", size)
        shell.resize(columns, rows)

    before = signal.signal(signal.SIGWINCH, follow)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
