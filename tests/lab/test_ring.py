"""The record of a terminal's output: what is kept of it, and what a new screen has to be shown."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import LabError
from tutor.lab.ring import KEPT, SIZE, Piece, Ring


@pytest.fixture
def ring() -> Iterator[Ring]:
    made = Ring.create(80, 24)
    yield made
    made.close()


def lines(count: int, size: int = 100) -> bytes:
    return b"".join(b"%0*d\r\n" % (size - 2, number) for number in range(count))


@pytest.mark.parametrize("length", [0, 1, KEPT, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE + 7])
def test_a_ring_keeps_the_end_of_one_long_output(length: int, ring: Ring) -> None:
    written = bytes(number % 251 for number in range(length))
    ring.write(b"before")
    ring.write(written)
    kept = ring.replay().output
    assert (b"before" + written).endswith(kept)
    assert len(kept) >= min(KEPT, length)
    assert ring.since(length + 6 - 20) == ((b"before" + written)[-20:], length + 6)
    other = Ring(os.dup(ring.descriptor))
    other.write(b"from the other side")
    assert ring.replay().output.endswith(b"from the other side")
    other.close()


@given(st.lists(st.binary(max_size=SIZE // 3), max_size=12))
def test_a_ring_keeps_the_last_bytes(pieces: list[bytes]) -> None:
    ring = Ring.create()
    written = b""
    for piece in pieces:
        fresh, total = ring.since(len(written))
        assert (fresh, total) == (b"", len(written))
        ring.write(piece)
        assert ring.since(len(written))[0] == piece
        written += piece
    assert ring.replay().output.endswith(written[-KEPT:])
    ring.close()


def test_what_is_kept_is_whole_until_there_is_too_much_of_it(ring: Ring) -> None:
    ring.write(lines(SIZE // 100))
    assert ring.replay().whole
    ring.write(lines(2))
    assert not ring.replay().whole


def test_what_was_switched_on_long_ago_is_on_where_the_replay_begins(ring: Ring) -> None:
    ring.write(b"\x1b[?1049h\x1b[?1h\x1b[?2004h\x1b[?25l\x1b]2;vim\x07")
    ring.write(lines(5 * SIZE // 100))
    ring.write(b"\x1b[?2004l")
    output = ring.replay().output
    assert output.startswith(b"\x1b[?1049h")
    begin = output.index(b"0000")
    for sequence in (b"\x1b[?1h", b"\x1b[?25l", b"\x1b[?2004h", b"\x1b]2;vim\x07"):
        assert output.count(sequence, 0, begin) == 1
    assert output.endswith(b"\x1b[?2004l")


def test_a_replay_begins_with_a_whole_line(ring: Ring) -> None:
    written = lines(4 * SIZE // 97, size=97)
    for at in range(0, len(written), 1013):
        ring.write(written[at : at + 1013])
        output = ring.replay().output
        assert (b"\r\n" + written).find(b"\r\n" + output) >= 0


@pytest.mark.parametrize("seed", range(8))
def test_output_without_lines_is_cut_in_no_character_and_no_sequence(seed: int, ring: Ring) -> None:
    chance = random.Random(seed)
    word = "\x1b[38;5;196mé日本\x1b[0m\x1b]8;;http://x\x07語".encode()
    written = word * (2 * SIZE // len(word))
    at = 0
    while at < len(written):
        size = chance.randrange(1, 60_000)
        ring.write(written[at : at + size])
        at += size
    output = ring.replay().output
    assert not ring.replay().whole
    assert output.decode().startswith(("\x1b", "é", "日", "本", "語"))


def test_each_piece_has_the_size_that_it_was_printed_for(ring: Ring) -> None:
    ring.write(b"one")
    ring.note_size(80, 24)
    ring.write(b"two")
    ring.note_size(100, 30)
    ring.note_size(101, 30)
    ring.write(b"three")
    ring.note_size(60, 20)
    assert ring.replay().pieces == (
        Piece(80, 24, b"onetwo"),
        Piece(101, 30, b"three"),
        Piece(60, 20, b""),
    )


def test_sizes_of_what_is_not_kept_any_more_go_with_it(ring: Ring) -> None:
    for columns in range(80, 100):
        ring.note_size(columns, 24)
        ring.write(lines(SIZE // 1000))
    pieces = ring.replay().pieces
    assert len(pieces) < 12
    assert [piece.columns for piece in pieces] == list(range(100 - len(pieces), 100))
    assert all(len(piece.output) == SIZE // 1000 * 100 for piece in pieces[1:])


def test_more_sizes_than_can_be_noted_lose_those_in_the_middle(ring: Ring) -> None:
    for columns in range(80, 280):
        ring.note_size(columns, 24)
        ring.write(b"x")
    pieces = ring.replay().pieces
    assert (pieces[0].columns, pieces[-1].columns) == (80, 279)
    assert ring.replay().output == b"x" * 200


def test_what_is_forgotten_leaves_what_is_in_force(ring: Ring) -> None:
    ring.write(b"\x1b[?1049h\x1b[?1000hpoison")
    ring.note_size(90, 30)
    ring.forget()
    assert ring.replay().pieces == (Piece(90, 30, b"\x1b[?1049h\x1b[?1000h"),)
    assert not ring.replay().whole
    ring.write(b"more")
    assert ring.replay().output == b"\x1b[?1049h\x1b[?1000hmore"


def test_whoever_is_far_behind_gets_what_is_kept(ring: Ring) -> None:
    ring.write(b"\x1b[?1049h" + lines(3 * SIZE // 100))
    output, total = ring.since(5)
    assert output == ring.replay().output
    assert ring.since(total) == (b"", total)


def test_a_writer_that_is_killed_leaves_a_ring_that_can_be_read(ring: Ring) -> None:
    """At whatever moment: all that is read was written, in that order."""
    block = lines(700)
    for delay in (0.002, 0.005, 0.011, 0.023):
        pid = os.fork()
        if pid == 0:
            signal.setitimer(signal.ITIMER_REAL, delay)
            signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            columns = 80
            while True:
                ring.write(block)
                ring.note_size(columns, 24)
                columns = columns % 200 + 1
        os.waitpid(pid, 0)
        output = ring.replay().output
        rows = output.split(b"\r\n")[1:-1]
        steps = {int(after) - int(before) for before, after in pairwise(rows)}
        assert steps <= {1, -699}
        assert len(output) >= KEPT - len(block)  # what it was about to write when it was killed may be missing


def test_memory_of_another_version_is_refused() -> None:
    descriptor = os.memfd_create("other")
    os.ftruncate(descriptor, 4096)
    with pytest.raises(LabError, match="another version"):
        Ring(descriptor)
