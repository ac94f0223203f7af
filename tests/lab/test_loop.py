"""The agent's loop: whoever wants to know is called, and nothing that goes wrong in there ends it."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lab.brought.client import LONGEST_REQUEST, client
from tutor.lab.brought.requests import parse_requests
from tutor.lab.loop import Loop, Outbox


@pytest.fixture
def loop() -> Loop:
    """One that takes no signals: they are the whole process's, and this one has other tests to run."""
    return Loop()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    one.setblocking(False)
    yield one, other
    one.close()
    other.close()


def test_who_watches_is_called_until_it_stops(loop: Loop, ends: tuple[socket.socket, socket.socket]) -> None:
    one, other = ends
    heard: list[bytes] = []
    loop.watch(one, lambda: heard.append(one.recv(10)))
    other.send(b"a")
    loop.turn()
    loop.unwatch(one)
    other.send(b"b")
    loop.turn(time.monotonic())
    assert heard == [b"a"]


def test_what_is_unwatched_by_another_in_the_same_turn_is_not_called(loop: Loop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def call(mine: int) -> None:
        called.append(mine)
        loop.unwatch(pairs[1 - mine][0])

    for number, (one, other) in enumerate(pairs):
        loop.watch(one, lambda number=number: call(number))  # type: ignore[misc]
        other.send(b"x")
    loop.turn()
    assert len(called) == 1
    for pair in pairs:
        for end in pair:
            end.close()


def test_a_fault_of_ours_is_noted_and_its_descriptor_looked_at_no_more(
    loop: Loop, ends: tuple[socket.socket, socket.socket]
) -> None:
    one, other = ends
    loop.watch(one, lambda: [][1])
    other.send(b"x")
    loop.turn()
    loop.turn(time.monotonic())
    (fault,) = loop.faults
    assert "test_loop.py" in fault
    assert "IndexError" in fault


def test_what_was_put_off_comes_in_order(loop: Loop) -> None:
    called: list[str] = []
    loop.call_later(0.02, lambda: called.append("late"))
    loop.call_later(0, lambda: called.append("soon"))
    while len(called) < 2:
        loop.turn()
    assert called == ["soon", "late"]


def test_what_puts_itself_off_again_and_again_does_not_keep_others_waiting(loop: Loop) -> None:
    times = 0

    def again() -> None:
        nonlocal times
        times += 1
        if times < 100:
            loop.call_later(0, again)

    again()
    loop.turn()
    assert times == 2


def test_who_leaves_is_seen_though_nothing_is_read(loop: Loop, ends: tuple[socket.socket, socket.socket]) -> None:
    one, other = ends
    left: list[str] = []
    loop.watch(one, lambda: left.append("readable"))
    loop.watch_leaving(one, lambda: left.append("gone"))
    loop.unwatch_readable(one)
    other.send(b"unread")
    loop.turn(time.monotonic())
    assert left == []
    other.shutdown(socket.SHUT_WR)
    loop.turn(time.monotonic())
    assert left == ["gone"]
    loop.unwatch_leaving(one)
    loop.turn(time.monotonic())
    assert left == ["gone"]


def test_the_end_of_a_child_is_told_with_its_status(loop: Loop) -> None:
    ended: list[int] = []
    for status in (3, -signal.SIGKILL):
        pid = os.fork()
        if pid == 0:
            if status < 0:
                os.kill(os.getpid(), -status)
            os._exit(status)
        loop.on_exit(pid, ended.append)
    while len(ended) < 2:
        loop.reap()
    assert sorted(ended) == [-signal.SIGKILL, 3]


@given(st.lists(st.binary(max_size=200_000), max_size=5))
def test_an_outbox_hands_over_all_in_order_however_slowly_it_is_taken(parts: list[bytes]) -> None:
    loop = Loop()
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        outbox, done = Outbox(loop, one), []
        for part in parts:
            outbox.send(part)
        outbox.then(lambda: done.append(True))
        wanted, taken = b"".join(parts), b""
        while len(taken) < len(wanted):
            taken += other.recv(30_000)
            loop.turn(time.monotonic())
        assert taken == wanted
        assert done == [True]


def test_who_takes_nothing_for_too_long_is_taken_for_gone(
    loop: Loop, ends: tuple[socket.socket, socket.socket]
) -> None:
    outbox, done = Outbox(loop, ends[0], most=1 << 20), []
    outbox.then(lambda: done.append("nothing waits"))
    while not outbox.broken:
        outbox.send(bytes(1 << 18))
    outbox.then(lambda: done.append("gone"))
    assert done == ["nothing waits", "gone"]


FIELDS = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20), max_size=6)


@given(st.lists(FIELDS, max_size=4), st.binary(max_size=60))
def test_requests_are_taken_apart_as_they_were_put_together(requests: list[list[str]], noise: bytes) -> None:
    whole = [["/reply", "az", "80", *request] for request in requests]
    data = b"".join(
        b"\0".join((b"tutor", str(len(fields)).encode(), *(field.encode() for field in fields))) + b"\0"
        for fields in whole
    )
    assert list(parse_requests(data)) == whole
    # What comes before may be anything, as long as it ends where a field does.
    quiet = noise.replace(b"tutor", b"")
    assert list(parse_requests(quiet + b"\0" + data)) == whole


@given(st.binary(max_size=300))
def test_anything_at_all_is_requests_or_nothing(data: bytes) -> None:
    for fields in parse_requests(data):
        assert len(fields) >= 3


def test_a_client_asks_for_no_more_than_one_write_can_hold() -> None:
    script = client("az")
    assert "3900" in script
    assert LONGEST_REQUEST >= 3900 + 160
