from __future__ import annotations

import errno
import os
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.kernel.netlink import (
    EventSocket,
    RequestSocket,
    iterate_attributes,
    iterate_messages,
    pack_attribute,
    parse_attributes,
)

DONE, ERROR, ITEM = 3, 2, 16
INTERRUPTED = 0x10

attributes = st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=40)))


@given(attributes)
def test_packed_attributes_are_read_back_in_order(given_attributes: list[tuple[int, bytes]]) -> None:
    packed = b"".join(pack_attribute(kind, payload) for kind, payload in given_attributes)
    assert list(iterate_attributes(packed)) == given_attributes


@given(st.binary(max_size=200))
def test_any_bytes_are_attributes_or_ignored(data: bytes) -> None:
    assert sum(4 + len(payload) for _, payload in iterate_attributes(data)) <= len(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_ignored(data: bytes) -> None:
    assert all(message.end <= len(data) for message, _, _ in iterate_messages(data))


def test_nested_flag_is_not_part_of_the_type() -> None:
    assert parse_attributes(struct.pack("=HH", 4, 0x8000 | 7)) == {7: b""}


def message(kind: int, sequence: int, body: bytes = b"", flags: int = 0) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body


class Kernel:
    """The other end of a socket pair, which answers requests as scripted: one list of datagrams for each."""

    def __init__(self, *answers: list[bytes]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.asking = RequestSocket(ours)
        self.asked: list[bytes] = []
        self._answers = answers
        self._socket = theirs
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for datagrams in self._answers:
            self.asked.append(self._socket.recv(1000))
            for datagram in datagrams:
                self._socket.send(datagram)

    def close(self) -> None:
        self._thread.join(5)
        self.asking.close()
        self._socket.close()


def test_dump_is_all_messages_until_done() -> None:
    kernel = Kernel([message(ITEM, 1, b"aaaa") + message(ITEM, 1, b"bbbb"), message(DONE, 1, bytes(4))])
    found = kernel.asking.dump(18, b"")
    kernel.close()
    assert [one.data[one.start + 16 : one.end] for one in found] == [b"aaaa", b"bbbb"]


def test_interrupted_dump_is_repeated() -> None:
    kernel = Kernel(
        [message(ITEM, 1, b"olds", INTERRUPTED), message(DONE, 1, bytes(4))],
        [message(ITEM, 2, b"news"), message(DONE, 2, bytes(4))],
    )
    found = kernel.asking.dump(18, b"")
    kernel.close()
    assert [one.data[one.start + 16 : one.end] for one in found] == [b"news"]


def test_dump_that_is_interrupted_for_ever_is_given_up_with_what_there_is() -> None:
    kernel = Kernel(*([message(ITEM, n, b"some", INTERRUPTED), message(DONE, n, bytes(4))] for n in range(1, 6)))
    found = kernel.asking.dump(18, b"")
    kernel.close()
    assert len(found) == 1
    assert len(kernel.asked) == 5


@pytest.mark.parametrize("kind", [ERROR, DONE])
def test_refused_dump_is_an_error_with_the_kernels_number(kind: int) -> None:
    kernel = Kernel([message(kind, 1, struct.pack("=i", -errno.EPERM))])
    with pytest.raises(PermissionError):
        kernel.asking.dump(18, b"")
    kernel.close()


def test_rest_of_an_earlier_answer_is_passed_over() -> None:
    kernel = Kernel([message(ITEM, 77, b"past"), message(ITEM, 1, b"here"), message(DONE, 1, bytes(4))])
    found = kernel.asking.dump(18, b"")
    kernel.close()
    assert [one.data[one.start + 16 : one.end] for one in found] == [b"here"]


class Overrun(socket.socket):
    """A socket that lost messages once."""

    lost = True

    def recvfrom(self, *_: object) -> tuple[bytes, object]:
        if self.lost:
            self.lost = False
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        raise BlockingIOError

    def bind(self, _: object) -> None:
        """There is nothing to bind."""


def test_overrun_of_an_event_socket_is_told() -> None:
    events = EventSocket(Overrun(socket.AF_UNIX, socket.SOCK_DGRAM), (1,))
    assert events.drain() == ([], True)
    assert events.drain() == ([], False)
    events.close()
