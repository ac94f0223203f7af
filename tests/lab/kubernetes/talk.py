"""A client that says exactly what a test wants it to say."""

from __future__ import annotations

import json
import socket
from typing import Any, Self

Headers = dict[str, str]


class Talk:
    """A connection to the server."""

    def __init__(self, port: int, *, receive_bytes: int = 0) -> None:
        self.end = socket.socket()
        if receive_bytes:
            self.end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.end.settimeout(60)
        self.end.connect(("127.0.0.1", port))
        self.buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end.close()

    def say(self, data: bytes) -> None:
        self.end.sendall(data)

    def until(self, mark: bytes) -> bytes:
        """What comes before `mark`, which is read over."""
        while mark not in self.buffer:
            more = self.end.recv(65536)
            assert more, f"ended before {mark!r}: {self.buffer[-200:]!r}"
            self.buffer += more
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            more = self.end.recv(65536)
            assert more, "ended too early"
            self.buffer += more
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def head(self) -> tuple[int, Headers]:
        first, *lines = self.until(b"\r\n\r\n").decode().split("\r\n")
        return int(first.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    def answer(self) -> tuple[int, bytes]:
        code, headers = self.head()
        return code, self.take(int(headers["content-length"]))

    def get(self, path: str, *headers: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
        more = "".join(f"{header}\r\n" for header in headers)
        self.say(f"{method} {path} HTTP/1.1\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return self.answer()

    def json(self, path: str, *headers: str, method: str = "GET") -> Any:
        return json.loads(self.get(path, *headers, method=method)[1])

    def chunk(self) -> bytes:
        size = int(self.until(b"\r\n"), 16)
        data = self.take(size)
        self.until(b"\r\n")
        return data

    def is_closed(self) -> bool:
        """Whether the server has closed; waits for that."""
        try:
            while more := self.end.recv(65536):
                self.buffer += more
        except ConnectionError:
            pass
        return True
