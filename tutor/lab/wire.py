"""Messages between the tutor and a lab's agent: JSON over a SEQPACKET socket, with descriptors beside it.

A message too long for a datagram travels in a memfd. Does not know what messages mean.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Message = dict[str, Any]
"""What is sent: a JSON object."""

_DATAGRAM = 48 * 1024
_MAX_DESCRIPTORS = 64


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected ends."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Another name for `path`, short enough for the address of a unix socket (108 bytes: unix(7))."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def send(end: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Send one message.

    Raises:
        BlockingIOError: `end` does not block and the other side does not read.
        OSError: the other side is gone.
    """
    payload = json.dumps(message, separators=(",", ":")).encode()
    if len(payload) <= _DATAGRAM:
        socket.send_fds(end, [payload], list(descriptors))
        return
    memory = os.memfd_create("message")
    try:
        view = memoryview(payload)
        while view:
            view = view[os.write(memory, view) :]
        socket.send_fds(end, [b"*"], [memory, *descriptors])
    finally:
        os.close(memory)


def receive(end: socket.socket) -> tuple[Message, list[int]] | None:
    """Receive one message with its descriptors, close-on-exec; None when the other side has closed."""
    payload, descriptors, _, _ = socket.recv_fds(end, _DATAGRAM, _MAX_DESCRIPTORS)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    if not payload:
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    if payload == b"*":
        memory = descriptors.pop(0)
        try:
            payload = os.pread(memory, os.fstat(memory).st_size, 0)
        finally:
            os.close(memory)
    message: Message = json.loads(payload)
    return message, descriptors
