from __future__ import annotations

import os
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from tutor.tui.terminal.outlet import Outlet

pytestmark = pytest.mark.pty


@pytest.fixture
def terminal() -> Iterator[tuple[int, Outlet]]:
    """Our end of a terminal, and an outlet to its other end."""
    master, slave = os.openpty()
    tty.setraw(slave)
    with os.fdopen(slave, "w") as file:
        outlet = Outlet(file)
        outlet.start()
        yield master, outlet
        outlet.stop()
    os.close(master)


def test_what_a_terminal_takes_is_written_before_write_returns(terminal: tuple[int, Outlet]) -> None:
    master, outlet = terminal
    outlet.write("häb")
    assert outlet.behind == 0
    assert os.read(master, 100) == "häb".encode()


def test_a_terminal_that_does_not_read_keeps_nobody_waiting_and_gets_all_in_order(
    terminal: tuple[int, Outlet],
) -> None:
    master, outlet = terminal
    pieces = [f"{number:06d}" for number in range(20_000)]
    for piece in pieces:  # nobody reads: a write that waited would wait for ever
        outlet.write(piece)
    assert outlet.behind > 0
    read = b""
    while len(read) < 6 * len(pieces):
        read += os.read(master, 65536)
    assert read == "".join(pieces).encode()
    while outlet.behind:
        time.sleep(0.001)
    outlet.write("at once again")
    assert os.read(master, 100) == b"at once again"


def test_the_terminal_itself_stays_blocking(terminal: tuple[int, Outlet]) -> None:
    _, outlet = terminal
    assert os.get_blocking(outlet.fileno())


def test_a_terminal_that_is_very_far_behind_is_waited_for(terminal: tuple[int, Outlet]) -> None:
    master, outlet = terminal
    size = 3 << 20
    done = threading.Event()

    def write() -> None:
        for _ in range(3):
            outlet.write("x" * (1 << 20))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert not done.wait(0.2)
    read = 0
    while read < size:
        read += len(os.read(master, 65536))
    writer.join(60)
    assert done.is_set()


def test_what_waits_is_written_before_it_ends() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    with os.fdopen(slave, "w") as file:
        outlet = Outlet(file)
        outlet.start()
        outlet.write("y" * 50_000)
        stopper = threading.Thread(target=outlet.stop)
        stopper.start()
        read = 0
        while read < 50_000:
            read += len(os.read(master, 65536))
        stopper.join(60)
        assert not stopper.is_alive()
    os.close(master)
