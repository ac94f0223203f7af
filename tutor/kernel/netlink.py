"""Netlink on the wire: requests, dumps, multicast messages and their attributes, over descriptors that others opened.

Does not know what any message means.

Sources: netlink(7), linux/netlink.h.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tutor.patience import patiently

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12

_NLM_F_REQUEST, _NLM_F_DUMP, _NLM_F_DUMP_INTR = 0x1, 0x300, 0x10
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLA_TYPE_MASK = 0x3FFF

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERRNO = struct.Struct("=i")
HEADER_SIZE = _HEADER.size
"""Bytes before a message's own header (struct nlmsghdr)."""

_DUMP_BUFFER = 1 << 16
_EVENT_BUFFER = 4 << 20
_DUMP_ATTEMPTS = 5
_ANSWER_SECONDS = 5
_DATAGRAMS_PER_DRAIN = 256
_SO_RCVBUFFORCE = 33


class Message(NamedTuple):
    """One message, as a place in a datagram."""

    kind: int
    """nlmsg_type."""
    data: bytes
    """The datagram."""
    start: int
    """Where its nlmsghdr starts in `data`."""
    end: int
    """Where it ends."""

    def attributes(self, header: int) -> dict[int, bytes]:
        """Its attributes by type, behind a header of `header` bytes of its own."""
        return parse_attributes(self.data, self.start + HEADER_SIZE + header, self.end)


def parse_attributes(data: bytes, start: int = 0, end: int | None = None) -> dict[int, bytes]:
    """Attributes by type (flags removed); of several with the same type the last."""
    return dict(iterate_attributes(data, start, end))


def iterate_attributes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each attribute in turn; what is cut off is left out."""
    at, stop = start, len(data) if end is None else end
    unpack = _ATTRIBUTE.unpack_from
    while at + 4 <= stop:
        length, kind = unpack(data, at)
        if length < 4 or at + length > stop:
            return
        yield kind & _NLA_TYPE_MASK, data[at + 4 : at + length]
        at += (length + 3) & ~3


def pack_attribute(kind: int, payload: bytes) -> bytes:
    """One attribute, padded."""
    return _ATTRIBUTE.pack(4 + len(payload), kind) + payload + b"\0" * (-len(payload) % 4)


def iterate_messages(data: bytes) -> Iterator[tuple[Message, int, int]]:
    """Each message of a datagram with its flags and sequence number."""
    at, size = 0, len(data)
    while at + HEADER_SIZE <= size:
        length, kind, flags, sequence, _port = _HEADER.unpack_from(data, at)
        if length < HEADER_SIZE or at + length > size:
            return
        yield Message(kind, data, at, at + length), flags, sequence
        at += (length + 3) & ~3


class RequestSocket:
    """A netlink socket that asks and waits for the answer."""

    def __init__(self, raw: socket.socket) -> None:
        self._socket = raw
        # A receive timeout of the kernel's: settimeout() would cost a poll(2) for every datagram.
        timeout = struct.pack("@ll", round(patiently(_ANSWER_SECONDS)), 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        self._sequence = 0

    def dump(self, kind: int, body: bytes) -> list[Message]:
        """All objects that a dump request of this type yields.

        An interrupted dump (something changed meanwhile) is repeated a few times; the last one is taken as it is,
        because each of those changes is an event of its own that will have it read again.

        Args:
            kind: nlmsg_type of the request.
            body: the header of the message's family and its attributes.

        Raises:
            OSError: with the kernel's error number.
        """
        messages: list[Message] = []
        for _ in range(_DUMP_ATTEMPTS):
            messages, interrupted = self._dump_once(kind, body)
            if not interrupted:
                break
        return messages

    def _dump_once(self, kind: int, body: bytes) -> tuple[list[Message], bool]:
        self._sequence += 1
        sequence = self._sequence
        flags = _NLM_F_REQUEST | _NLM_F_DUMP
        self._socket.send(_HEADER.pack(HEADER_SIZE + len(body), kind, flags, sequence, 0) + body)
        found: list[Message] = []
        interrupted = False
        while True:
            try:
                data, sender = self._socket.recvfrom(_DUMP_BUFFER)
            except BlockingIOError as error:
                raise TimeoutError(errno.ETIMEDOUT, "no answer") from error
            if _is_forged(sender):
                continue
            for message, flags, answers in iterate_messages(data):
                if answers != sequence:
                    continue  # the rest of an answer that was given up
                if message.kind in (_NLMSG_ERROR, _NLMSG_DONE):
                    number = -_error_of(message)
                    if number == errno.EINTR:
                        interrupted = True
                    elif number:
                        raise OSError(number, f"netlink request {kind:#x}")
                    return found, interrupted or bool(flags & _NLM_F_DUMP_INTR)
                interrupted = interrupted or bool(flags & _NLM_F_DUMP_INTR)
                found.append(message)

    def close(self) -> None:
        """Let go of the namespace."""
        self._socket.close()


class EventSocket:
    """A netlink socket that listens to multicast groups."""

    def __init__(self, raw: socket.socket, groups: Iterable[int]) -> None:
        self._socket = raw
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, _SO_RCVBUFFORCE):  # the second goes beyond rmem_max, but not for everybody
            with contextlib.suppress(PermissionError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _EVENT_BUFFER)
        self._socket.bind((0, sum(1 << (group - 1) for group in groups)))

    def fileno(self) -> int:
        """Readable when there are messages."""
        return self._socket.fileno()

    def drain(self) -> tuple[list[Message], bool]:
        """The messages that wait, at most so many that nobody starves; and whether some were lost (ENOBUFS)."""
        found: list[Message] = []
        lost = False
        for _ in range(_DATAGRAMS_PER_DRAIN):
            try:
                data, sender = self._socket.recvfrom(_DUMP_BUFFER)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                lost = True
                continue
            if not _is_forged(sender):
                found += (message for message, _, _ in iterate_messages(data))
        return found, lost

    def close(self) -> None:
        """Let go of the namespace."""
        self._socket.close()


def _is_forged(sender: tuple[int, int] | None) -> bool:
    """Whether a process has sent it: who is root in the namespace may write to any socket there. The kernel is 0."""
    return bool(sender and sender[0])


def _error_of(message: Message) -> int:
    at = message.start + HEADER_SIZE
    return int(_ERRNO.unpack_from(message.data, at)[0]) if at + 4 <= message.end else 0
