"""What output leaves switched on in a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lab.modes import LONGEST, in_force, safe_cut

LEAVES = {
    "nothing of text": (b"plain text\r\n", b""),
    "a mode": (b"\x1b[?25l", b"\x1b[?25l"),
    "the last word on a mode": (b"\x1b[?25l\x1b[?7l\x1b[?25h", b"\x1b[?7l\x1b[?25h"),
    "each mode of several at once": (b"\x1b[?1000;1006h\x1b[?1006l", b"\x1b[?1000h\x1b[?1006l"),
    "the screen before all else": (b"\x1b[?1h\x1b[?1049h", b"\x1b[?1049h\x1b[?1h"),
    "one screen, however it was asked for": (b"\x1b[?47h\x1b[?1049l", b"\x1b[?1049l"),
    "no passing mode": (b"\x1b[?2026h\x1b[?3h\x1b[?1048h", b""),
    "a title": (b"\x1b]0;old\x07\x1b]2;new\x1b\\", b"\x1b]2;new\x07"),
    "a colour of the whole screen": (b"\x1b]11;#000\x07\x1b]10;#fff\x07\x1b]110\x07", b"\x1b]11;#000\x07"),
    "a cursor's shape": (b"\x1b[5 q\x1b[2 q", b"\x1b[2 q"),
    "no shape in words": (b"\x1b[6 q a q and a quick q", b"\x1b[6 q"),
    "colours": (b"\x1b[0m\x1b[1m\x1b[31mred", b"\x1b[1m\x1b[31m"),
    "colours from far back": (b"\x1b[0;31m" + b"x" * 9000, b"\x1b[0;31m"),
    "no colours that have ended": (b"\x1b[31mred\x1b[m", b""),
    "nothing from before a reset": (b"\x1b[?25l\x1b]2;x\x07\x1bc\x1b[?7l", b"\x1b[?7l"),
    "a command that runs": (
        b"\x1b]133;C;1.2;0;7;ping\x07\x1b]133;C;3.4;0;1;ls\x07\x1b]133;D;3.4;0\x07",
        b"\x1b]133;C;1.2;0;7;ping\x07",
    ),
    "no command that has ended, nor what ran in it": (
        b"\x1b]133;C;1.2;0;7;bash\x07\x1b]133;C;3.4;0;1;ls\x07\x1b]133;B;1.2;0\x07",
        b"",
    ),
    "no prompt": (b"\x1b]133;A;1.2\x07\x1b]133;B;1.2;0\x07", b""),
    "no sequence that has not ended": (b"\x1b[?25", b""),
}


@pytest.mark.parametrize("name", LEAVES)
def test_output_leaves_in_force(name: str) -> None:
    output, left = LEAVES[name]
    assert in_force(output) == left


PARTS = [b"text\r\n", b"\xc3\xa9", *(output for output, _ in LEAVES.values()), b"\x1b[32m", b"\x1b[m", b"y" * 700]
streams = st.lists(st.sampled_from(PARTS), max_size=30).map(b"".join)


@given(streams, streams)
def test_what_is_in_force_stands_for_what_was_printed_before(before: bytes, after: bytes) -> None:
    before += b"\n"
    assert in_force(in_force(before) + after) == in_force(before + after)


@given(streams)
def test_what_is_in_force_is_in_force(output: bytes) -> None:
    left = in_force(output)
    assert in_force(left) == left


@given(st.lists(st.sampled_from([b"\x1b[?%dh" % number for number in range(400)] + PARTS), max_size=500), st.binary())
def test_what_is_in_force_is_short(parts: list[bytes], noise: bytes) -> None:
    assert len(in_force(b"".join(parts) + noise)) <= LONGEST
    huge = b"".join(b"\x1b]%d;%s\x07" % (number, b"t" * 3000) for number in (2, 10, 11, 12))
    marks = b"".join(b"\x1b]133;C;%d.1;0;1;%s\x07" % (number, b"t" * 3000) for number in range(40))
    assert len(in_force(b"".join(parts) + huge + marks + b"\x1b[38;2;001;002;003m" * 40)) <= LONGEST


@pytest.mark.parametrize(
    ("output", "least", "cut"),
    [
        (b"one\ntwo\n", 0, 4),
        (b"one\ntwo\n", 4, 8),
        (b"abc\x1b[1mdef", 1, 3),
        ("aéb".encode(), 2, 3),
        (b"\x1b]2;a\nb\x07rest\n", 3, 8),
        (b"\x1bPq\n\n\n\x1b\\rest", 4, 8),
        (b"abc", 3, 3),
        (b"abc", 2, 2),
    ],
)
def test_a_stream_is_cut_where_nothing_is_cut_in_two(output: bytes, least: int, cut: int) -> None:
    assert safe_cut(output, least) == cut


@given(st.binary(max_size=300), st.integers(0, 300))
def test_a_cut_is_never_before_what_was_asked_for(output: bytes, least: int) -> None:
    least = min(least, len(output))
    assert least <= safe_cut(output, least) <= len(output)
