"""HTTP/1.1 requests, as they come in over a connection piece by piece. Does not know what they ask for.

Nothing that a peer sends makes it keep more than the head of one request and what came with it. Bodies are read over:
no request that is served needs its own.

Source: RFC 9112.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

HEAD_BYTES = 16 * 1024
BODY_BYTES = 1024 * 1024

_LINE_BYTES = 1024  # of a chunk's size, or of a trailer
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_FIRST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.([01])")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")


class BadRequest(Exception):
    """What came is no request that can be served. The connection is of no more use."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        """The HTTP status that says so."""
        self.message = message
        """The same in words."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    method: str
    """`GET`."""
    path: tuple[str, ...]
    """What stands between the slashes, decoded."""
    query: dict[str, list[str]] = field(default_factory=dict)
    """Decoded; a name may stand there more than once."""
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name; values of a name that stands there more than once are joined by commas."""
    keep: bool = True
    """Whether the connection serves further requests afterwards."""
    is_old: bool = False
    """Whether it is HTTP/1.0."""

    def first(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return self.query.get(name, [default])[0]

    def asks(self, name: str) -> bool:
        """Whether a parameter is switched on."""
        return self.first(name).lower() in ("1", "true")

    def header(self, name: str) -> str:
        """The value of a header, in lower case; empty for none."""
        return self.headers.get(name, "").lower()


class RequestReader:
    """Cuts what comes in into requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._request: Request | None = None  # its head was read, its body is still being read over
        self._left = 0  # bytes of the body, or of a chunk with the end of its line
        self._read = 0  # bytes of a chunked body
        self._chunked = self._trailing = False

    def feed(self, data: bytes) -> None:
        """Take in what the peer has sent."""
        self._buffer += data

    def rest(self) -> bytes:
        """What came after the last request: another protocol's, once the peer has been promised one."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def next(self) -> Request | None:
        """The next request; None while it is not all there.

        Raises:
            BadRequest: it never will be.
        """
        if self._request is None:
            self._request = self._read_head()
        if self._request is None or not self._read_over_body():
            return None
        request, self._request = self._request, None
        return request

    def _read_head(self) -> Request | None:
        while self._buffer and self._buffer[0] in b"\r\n":  # RFC 9112, 2.2: empty lines before a request mean nothing
            del self._buffer[0]
        end = _END_OF_HEAD.search(self._buffer, 0, HEAD_BYTES + 4)
        if end is None:
            if len(self._buffer) > HEAD_BYTES:
                raise BadRequest(431, "the head of the request is longer than 16 KiB")
            return None
        text = self._buffer[: end.start()].decode("latin-1")
        del self._buffer[: end.end()]
        first, *lines = text.replace("\r\n", "\n").split("\n")
        found = _FIRST_LINE.fullmatch(first)
        if found is None:
            raise BadRequest(400, "this is no HTTP/1.1 request")
        headers = _read_fields(lines)
        self._prepare_body(headers)
        return _request(found[1], found[2], headers, is_old=found[3] == "0")

    def _prepare_body(self, headers: dict[str, str]) -> None:
        length, coding = headers.get("content-length"), headers.get("transfer-encoding")
        self._chunked, self._trailing, self._left, self._read = coding is not None, False, 0, 0
        if coding is not None and (coding.lower() != "chunked" or length is not None):
            raise BadRequest(400, "the body has to be chunked, or to have a Content-Length")
        if length is not None:
            if not re.fullmatch(r"[0-9]{1,15}", length):
                raise BadRequest(400, "Content-Length is no number")
            self._left = int(length)
        if self._left > BODY_BYTES:
            raise BadRequest(413, "the body of the request is longer than 1 MiB")

    def _read_over_body(self) -> bool:
        """Whether all of it has gone by."""
        while True:
            taken = min(self._left, len(self._buffer))
            del self._buffer[:taken]
            self._left -= taken
            if self._left:
                return False
            if not self._chunked:
                return True
            line = self._read_line()
            if line is None:
                return False
            if self._trailing:
                if not line:
                    return True
            elif line or not self._read:
                self._begin_chunk(line)

    def _begin_chunk(self, line: bytes) -> None:
        found = _CHUNK.fullmatch(line)
        if found is None:
            raise BadRequest(400, "a chunk of the body has no size")
        self._left = int(found[1], 16)
        self._trailing = not self._left
        self._count(self._left)

    def _read_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", 0, _LINE_BYTES)
        if end < 0:
            if len(self._buffer) >= _LINE_BYTES:
                raise BadRequest(400, "a line of the chunked body is too long")
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        self._count(end + 1)
        return line

    def _count(self, length: int) -> None:
        self._read += length
        if self._read > BODY_BYTES:
            raise BadRequest(413, "the body of the request is longer than 1 MiB")


def _read_fields(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise BadRequest(400, "a line of the request's head is no header")
        name = found[1].lower()
        headers[name] = f"{headers[name]},{found[2]}" if name in headers else found[2]
    return headers


def _request(method: str, target: str, headers: dict[str, str], *, is_old: bool) -> Request:
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        raise BadRequest(400, "the request has to name a path")
    try:
        parameters = parse_qs(query, keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        raise BadRequest(400, "the query is not understood") from error
    connection = headers.get("connection", "").lower()
    keep = "keep-alive" in connection if is_old else "close" not in connection
    steps = tuple(unquote(step) for step in path.split("/") if step)
    return Request(method, steps, parameters, headers, keep, is_old)
