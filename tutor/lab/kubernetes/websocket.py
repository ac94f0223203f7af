"""WebSocket: the handshake's answer, and frames in both directions. Does not know what the messages mean.

Source: RFC 6455; FIPS 180-4 for SHA-1.
"""

from __future__ import annotations

import struct
from binascii import b2a_base64
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, PROTOCOL_ERROR, TOO_BIG = 1000, 1002, 1009

MESSAGE_BYTES = 1024 * 1024

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_WORD = 0xFFFFFFFF


class BadFrame(Exception):
    """The peer broke the protocol: the connection has to be closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code
        """`PROTOCOL_ERROR` or `TOO_BIG`."""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message, or a control frame."""

    kind: int
    """`TEXT`, `BINARY`, `CLOSE`, `PING` or `PONG`."""
    data: bytes
    """What it says."""


def accept_key(key: str) -> str:
    """The proof that the handshake was understood.

    >>> accept_key("dGhlIHNhbXBsZSBub25jZQ==")
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    return b2a_base64(_sha1(key.encode("latin-1", "replace") + _GUID), newline=False).decode()


def frame(kind: int, data: bytes) -> bytes:
    """A frame from a server: whole, not masked."""
    length = len(data)
    if length < 126:
        head = struct.pack("!BB", 0x80 | kind, length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", 0x80 | kind, 126, length)
    else:
        head = struct.pack("!BBQ", 0x80 | kind, 127, length)
    return head + data


def close_frame(code: int) -> bytes:
    """A frame that ends the conversation."""
    return frame(CLOSE, struct.pack("!H", code))


class MessageReader:
    """Puts together what a client sends in frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._kind = CONTINUATION  # of the message that is being put together; CONTINUATION for none
        self._parts = bytearray()

    def feed(self, data: bytes) -> None:
        """Take in what the peer has sent."""
        self._buffer += data

    def next(self) -> Message | None:
        """The next message; None while it is not all there.

        Raises:
            BadFrame: the peer does not keep to the protocol, or says too much at once.
        """
        while True:
            cut = self._next_frame()
            if cut is None:
                return None
            is_last, kind, data = cut
            if kind >= CLOSE:
                return Message(kind, data)
            if (kind == CONTINUATION) != (self._kind != CONTINUATION):
                raise BadFrame(PROTOCOL_ERROR)
            if len(self._parts) + len(data) > MESSAGE_BYTES:
                raise BadFrame(TOO_BIG)
            self._kind = self._kind or kind
            self._parts += data
            if is_last:
                whole = Message(self._kind, bytes(self._parts))
                self._kind = CONTINUATION
                self._parts.clear()
                return whole

    def _next_frame(self) -> tuple[bool, int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        is_last, kind, length = bool(buffer[0] & 0x80), buffer[0] & 0x0F, buffer[1] & 0x7F
        is_control = kind >= CLOSE
        if buffer[0] & 0x70 or not buffer[1] & 0x80 or kind not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise BadFrame(PROTOCOL_ERROR)  # reserved bits, no mask, or no such frame
        if is_control and (length > 125 or not is_last):
            raise BadFrame(PROTOCOL_ERROR)
        start = 2
        if length >= 126:
            form = "!H" if length == 126 else "!Q"
            start += struct.calcsize(form)
            if len(buffer) < start:
                return None
            (length,) = struct.unpack_from(form, buffer, 2)
        if length > MESSAGE_BYTES:
            raise BadFrame(TOO_BIG)
        if len(buffer) < start + 4 + length:
            return None
        mask, data = bytes(buffer[start : start + 4]), bytes(buffer[start + 4 : start + 4 + length])
        del buffer[: start + 4 + length]
        return is_last, kind, _unmask(data, mask)


def _unmask(data: bytes, mask: bytes) -> bytes:
    """As one large number: byte by byte would take milliseconds of the loop's time."""
    length = len(data)
    repeated = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(data, "little") ^ int.from_bytes(repeated, "little")).to_bytes(length, "little")


def _sha1(data: bytes) -> bytes:
    """SHA-1 of a short text. `hashlib` would load OpenSSL, 4 MB of it, into every lab's first process."""
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    padded = data + b"\x80" + b"\0" * (-(len(data) + 9) % 64) + struct.pack("!Q", 8 * len(data))
    for start in range(0, len(padded), 64):
        words = list(struct.unpack_from("!16L", padded, start))
        for index in range(16, 80):
            words.append(_turn(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
        a, b, c, d, e = state
        for index, word in enumerate(words):
            if index < 20:
                mixed, constant = (b & c) | (~b & d), 0x5A827999
            elif index < 40:
                mixed, constant = b ^ c ^ d, 0x6ED9EBA1
            elif index < 60:
                mixed, constant = (b & c) | (b & d) | (c & d), 0x8F1BBCDC
            else:
                mixed, constant = b ^ c ^ d, 0xCA62C1D6
            a, b, c, d, e = (_turn(a, 5) + (mixed & _WORD) + e + constant + word) & _WORD, a, _turn(b, 30), c, d
        state = [(old + new) & _WORD for old, new in zip(state, (a, b, c, d, e), strict=True)]
    return struct.pack("!5L", *state)


def _turn(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _WORD
