"""What answers beyond the cloud: DNS and HTTP, served by the agent from sockets opened in the internet's namespace.

Ping is answered by that namespace's own kernel. Does not know who asks, nor what the cloud did to the packet before.

Source: RFC 1035 (DNS messages), RFC 9112 (HTTP/1.1).
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Mapping

from tutor.lab import netns
from tutor.lab.loop import Loop
from tutor.lab.topology import InternetSpec

_A, _PTR, _IN = 1, 12, 1
_NO_ERROR, _FORMAT_ERROR, _NO_SUCH_NAME = 0, 1, 3
_TTL_SECONDS = 60
_REQUEST_BYTES = 8192
_CONNECTIONS_AT_ONCE = 64


def ip_batch(internet: InternetSpec) -> str:
    """Addresses of the internet's namespace, for `ip -batch`."""
    lines = ["link set lo up", f"addr add {internet.address} dev eth0", "link set eth0 up"]
    lines += [f"addr add {host}/32 dev lo" for host in internet.hosts]
    return "\n".join(lines) + "\n"


def answer_dns(query: bytes, zone: Mapping[str, str]) -> bytes | None:
    """The answer to one DNS query; None for what is no query at all.

    Args:
        query: the message.
        zone: addresses by lower-case name. Reverse look-ups of these are answered too, all others at once with
        NXDOMAIN:
            a tool that looks names up must not wait.
    """
    if len(query) < 12:
        return None
    ident, flags, questions = struct.unpack_from("!HHH", query)
    if flags & 0x8000 or questions != 1:
        return None
    labels, at = [], 12
    while at < len(query) and query[at]:
        length = query[at]
        if length > 63 or at + 1 + length > len(query):
            return struct.pack("!HHHHHH", ident, 0x8180 | _FORMAT_ERROR, 0, 0, 0, 0)
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += length + 1
    if at + 5 > len(query):
        return struct.pack("!HHHHHH", ident, 0x8180 | _FORMAT_ERROR, 0, 0, 0, 0)
    kind, class_ = struct.unpack_from("!HH", query, at + 1)
    data, known = _look_up(".".join(labels), kind if class_ == _IN else 0, zone)
    code = _NO_ERROR if known else _NO_SUCH_NAME
    header = struct.pack("!HHHHHH", ident, 0x8180 | code, 1, 1 if data else 0, 0, 0)
    record = struct.pack("!HHHIH", 0xC00C, kind, _IN, _TTL_SECONDS, len(data)) + data if data else b""
    return header + query[12 : at + 5] + record


def _look_up(name: str, kind: int, zone: Mapping[str, str]) -> tuple[bytes, bool]:
    """The data of the one record that answers, empty if there is none; and whether the name exists at all."""
    if name.endswith(".in-addr.arpa"):
        address = ".".join(reversed(name.removesuffix(".in-addr.arpa").split(".")))
        owner = next((owner for owner, value in zone.items() if value == address), None)
        if owner is None:
            return b"", False
        encoded = b"".join(bytes([len(label)]) + label.encode() for label in owner.split(".")) + b"\0"
        return (encoded if kind == _PTR else b""), True
    if name not in zone:
        return b"", False
    return (socket.inet_aton(zone[name]) if kind == _A else b""), True


def answer_http(request: bytes, peer: str) -> bytes:
    """The answer to one HTTP request: a page that tells from which address it was asked."""
    method, _, rest = request.partition(b" ")
    body = f"Hello from the internet of this lab. You came from {peer}.\n".encode()
    if method not in (b"GET", b"HEAD") or not rest:
        status, body = b"405 Method Not Allowed", b"This server only knows GET and HEAD.\n"
    else:
        status = b"200 OK"
    head = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (
        status,
        len(body),
    )
    return head + (b"" if method == b"HEAD" else body)


class Internet:
    """The services, on the agent's own event loop: a lab needs no process for them, and no learner can kill them."""

    def __init__(self, namespace: int, spec: InternetSpec, loop: Loop) -> None:
        """Open the sockets.

        Args:
            namespace: descriptor of the internet's network namespace, with its addresses already set.
            spec: what answers there.
            loop: tells when somebody asks.
        """
        self._zone = {name: str(address) for name, address in spec.zone.items()}
        self._loop = loop
        self._open = 0
        with netns.inside(namespace):
            for host in spec.hosts:
                datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                datagrams.bind((str(host), 53))
                self._on(datagrams, self._serve_dns)
                listener = socket.create_server((str(host), 80), backlog=16)
                listener.setblocking(False)
                self._on(listener, self._accept)

    def _on(self, end: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        self._loop.watch(end, lambda: serve(end))

    def _serve_dns(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            query, peer = end.recvfrom(_REQUEST_BYTES)
            answer = answer_dns(query, self._zone)
            if answer is not None:
                end.sendto(answer, peer)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end, _ = listener.accept()
            if self._open >= _CONNECTIONS_AT_ONCE:
                end.close()
                return
            end.setblocking(False)
            self._open += 1
            self._on(end, self._serve_http)

    def _serve_http(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            request = end.recv(_REQUEST_BYTES)
            if request:
                end.send(answer_http(request, end.getpeername()[0]))
        self._loop.unwatch(end)
        end.close()
        self._open -= 1
