from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.shell.plain import plain_text


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"a\r\r\nb", "a\nb"),
        (b"\x1b[01;34mdir\x1b[0m\r\n", "dir\n"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1bP1$r0m\x1b\\ok", "ok"),
        (b"\x1b(Bplain\x1b=\x1b7", "plain"),
        (b" 10%\r 50%\r100%\r\n", "100%\n"),
        (b"downloading\r\x1b[Kdone\r\n", "done\n"),
        (b"abcdef\x1b[3D\x1b[Kx", "abcx"),
        (b"abc\x1b[1K\x1b[2Ddef", " def"),
        (b"a\x1b[5Cb\x1b[2G-", "a-    b"),
        (b"wrong\x1b[2K\rright", "right"),
        (b"typp\b\bpe", "type"),
        (b"man\b\bn page", "mn page"),
        (b"DCGK\rd", "dCGK"),
        (b"tab\there\x07\x00", "tab\there"),
        ("häß 漢字".encode(), "häß 漢字"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\x1b]0;no end\r\nnext", "\nnext"),
        (b"\x1bPno end\r\nnext", "\nnext"),
        (b"cut off \x1b[3", "cut off "),
        (b"\x1b[999999999Cfar", " " * 4096 + "far"),
    ],
)
def test_output_reads_as_on_the_screen(output: bytes, text: str) -> None:
    assert plain_text(output) == text


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))).map(lambda text: text + "\n\tend\n"))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert plain_text(text.encode()) == text


CONTROL = st.sampled_from(
    [b"\x1b", b"\x1b[", b"\x1b[K", b"\x1b[12D", b"\r", b"\n", b"\b", b"\x07", b"[", b"1", b"K", b"\x9b"]
)


@given(st.lists(st.binary(max_size=8) | CONTROL, max_size=30).map(b"".join))
def test_no_control_character_but_line_ends_and_tabs_is_left(output: bytes) -> None:
    left = {character for character in plain_text(output) if unicodedata.category(character) == "Cc"}
    assert left <= {"\n", "\t"}
