"""The agent's side: takes requests from the FIFO of a machine, has them answered, and writes the answers.

Does not know what any command does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tutor.lab import syscalls as sc
from tutor.lab.brought.client import ASK, REPLIES, SEPARATOR, START, client
from tutor.lab.loop import Loop, Outbox
from tutor.lab.machine import Machine

_PIPE_BYTES = 1 << 20
_MOST_FIELDS = 2048


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed."""

    machine: Machine
    """Where."""
    arguments: tuple[str, ...]
    """The words behind the command's name."""
    columns: int
    """How wide the terminal is."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What is printed."""

    output: str = ""
    """To standard output."""
    errors: str = ""
    """To standard error."""
    status: int = 0
    """The exit status."""


Reply = Callable[[Answered], None]
"""To be called once, now or later."""
Command = Callable[[Asked, Reply], None]
"""Answers a request."""


def serve(machine: Machine, commands: Mapping[str, Command], loop: Loop) -> None:
    """Install commands in a machine, and answer them for as long as the lab lives."""
    for name in commands:
        machine.write_file(f"/usr/local/bin/{name}", client(name), 0o755)
    descriptor = sc.open_in_root(machine.root, ASK, os.O_RDWR | os.O_NONBLOCK)
    loop.watch(descriptor, partial(_read, machine, commands, loop, descriptor))


def _read(machine: Machine, commands: Mapping[str, Command], loop: Loop, descriptor: int) -> None:
    try:
        data = os.read(descriptor, 65536)
    except BlockingIOError:
        return
    for fields in parse_requests(data):
        path, name, columns, *arguments = fields
        command = commands.get(name)
        if command is None or not path.startswith(f"{REPLIES}/"):
            continue
        width = int(columns[:6]) if columns.isdecimal() else 80
        reply = partial(_answer, machine, loop, path)
        try:
            command(Asked(machine, tuple(arguments), width), reply)
        except Exception as error:
            text = " ".join(f"{type(error).__name__}: {error}".split())
            reply(Answered(errors=f"{name}: this is an error of the lab's, not yours: {text}\n", status=2))


def parse_requests(data: bytes) -> Iterator[Sequence[str]]:
    """The fields of each request in what was read: the reply's path, the command, the columns, its arguments.

    Whatever is no request is passed over.
    """
    parts = data.split(SEPARATOR)[:-1]
    at = 0
    while at < len(parts):
        if parts[at] != START or at + 1 >= len(parts) or not parts[at + 1].isdigit():
            at += 1
            continue
        number = int(parts[at + 1][:6])
        fields = parts[at + 2 : at + 2 + number]
        if 3 <= number <= _MOST_FIELDS and len(fields) == number:
            yield [field.decode(errors="replace") for field in fields]
            at += 2 + number
        else:
            at += 1


def _answer(machine: Machine, loop: Loop, path: str, answered: Answered) -> None:
    try:
        descriptor = sc.open_in_root(machine.root, path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # who asked is gone
        return
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    output, errors = answered.output.encode(errors="replace"), answered.errors.encode(errors="replace")
    outbox = Outbox(loop, descriptor)
    outbox.send(b"%d %d %d\n" % (answered.status & 0xFF, len(output), len(errors)) + output + errors)
    outbox.then(lambda: os.close(descriptor))
