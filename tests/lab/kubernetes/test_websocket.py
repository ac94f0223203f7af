from __future__ import annotations

import base64
import hashlib
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lab.kubernetes import websocket
from tutor.lab.kubernetes.websocket import BadFrame, Message, MessageReader


def masked(kind: int, data: bytes, *, last: bool = True, mask: bytes = b"\x01\xfe\x80\x7f") -> bytes:
    """A frame as a client sends it."""
    length = len(data)
    if length < 126:
        size = struct.pack("!B", 0x80 | length)
    elif length < 1 << 16:
        size = struct.pack("!BH", 0x80 | 126, length)
    else:
        size = struct.pack("!BQ", 0x80 | 127, length)
    return bytes((0x80 * last | kind,)) + size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


def read(*parts: bytes) -> list[Message]:
    reader, found = MessageReader(), []
    for part in parts:
        reader.feed(part)
        while (message := reader.next()) is not None:
            found.append(message)
    return found


@given(st.text(st.characters(max_codepoint=127), max_size=300))
def test_the_proof_of_a_handshake_is_the_hash_that_the_standard_wants(key: str) -> None:
    wanted = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    assert websocket.accept_key(key) == base64.b64encode(wanted).decode()


@given(st.lists(st.binary(max_size=400), max_size=5), st.data())
def test_it_does_not_matter_in_what_pieces_messages_come(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(masked(websocket.BINARY, message) for message in messages)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    edges = sorted({0, *cuts, len(stream)})
    found = read(*(stream[a:b] for a, b in pairwise(edges)))
    assert [message.data for message in found] == messages


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_whatever_comes_is_a_message_or_refused(parts: list[bytes]) -> None:
    reader = MessageReader()
    try:
        for part in parts:
            reader.feed(part)
            while reader.next() is not None:
                pass
    except BadFrame as error:
        code = error.code
    else:
        code = 0
    assert code in (0, websocket.PROTOCOL_ERROR, websocket.TOO_BIG)


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536])
def test_a_frame_of_any_length_says_its_length(length: int) -> None:
    sent = websocket.frame(websocket.BINARY, b"x" * length)
    head = 2 if length < 126 else 4 if length < 1 << 16 else 10
    assert len(sent) == head + length
    assert read(masked(websocket.BINARY, b"x" * length)) == [Message(websocket.BINARY, b"x" * length)]


def test_a_message_in_fragments_is_put_together_and_may_be_interrupted_by_a_ping() -> None:
    found = read(
        masked(websocket.TEXT, b"a", last=False),
        masked(websocket.PING, b"?"),
        masked(websocket.CONTINUATION, b"b", last=False) + masked(websocket.CONTINUATION, b"c"),
    )
    assert found == [Message(websocket.PING, b"?"), Message(websocket.TEXT, b"abc")]


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"\x82\x00", websocket.PROTOCOL_ERROR),  # no mask
        (b"\xc2\x80", websocket.PROTOCOL_ERROR),  # a reserved bit
        (b"\x83\x80", websocket.PROTOCOL_ERROR),  # no such frame
        (masked(websocket.PING, b"x" * 126), websocket.PROTOCOL_ERROR),
        (masked(websocket.PING, b"x", last=False), websocket.PROTOCOL_ERROR),
        (masked(websocket.CONTINUATION, b"x"), websocket.PROTOCOL_ERROR),
        (masked(websocket.TEXT, b"x", last=False) + masked(websocket.TEXT, b"x"), websocket.PROTOCOL_ERROR),
        (b"\x82\xff" + b"\xff" * 8, websocket.TOO_BIG),
        (
            masked(websocket.TEXT, bytes(600_000), last=False) + masked(websocket.CONTINUATION, bytes(600_000)),
            websocket.TOO_BIG,
        ),
    ],
)
def test_what_breaks_the_protocol_is_refused(stream: bytes, code: int) -> None:
    with pytest.raises(BadFrame) as caught:
        read(stream)
    assert caught.value.code == code
