"""Sends datagrams between namespaces of a lab, and tells under which source address each has arrived.

Each is a real UDP datagram from a socket in one namespace to a socket in another, and is sent back from there to
whoever it seems to come from. So what counts is the whole way: there, and back. Runs in the agent. Does not know what
anybody makes of it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from tutor.lab import netns
from tutor.lab.loop import Loop

PORT = 30700
"""The UDP port that is asked: one of those that Kubernetes keeps for services, where nothing of a lab listens."""

WAIT_SECONDS = 1.0
"""How long an answer is waited for."""

_AGAIN_SECONDS = 0.3  # the first datagram may have been lost while somebody asked for a neighbour's MAC
_HEAD = struct.Struct("!8sH")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A datagram that is to be sent."""

    source: int
    """Descriptor of the namespace that it comes from; of each namespace always the same one."""
    target: int
    """Descriptor of the namespace that is to get it."""
    address: str
    """The address that it is sent to."""


@dataclass(slots=True)
class Arrival:
    """What became of a datagram."""

    seen_as: str = ""
    """The source address under which the target got it; empty where it did not."""
    answered: bool = False
    """Whether its answer came back to the source."""


def send(exchanges: Sequence[Exchange], loop: Loop, done: Callable[[list[Arrival]], None]) -> None:
    """Send datagrams, and call `done` with what became of each, in their order, at most `WAIT_SECONDS` later."""
    _Round(exchanges, loop, done).begin()


@dataclass(slots=True)
class _Round:
    """Some datagrams that are under way."""

    exchanges: Sequence[Exchange]
    loop: Loop
    done: Callable[[list[Arrival]], None]
    arrivals: list[Arrival] = field(default_factory=list)
    secret: bytes = field(default_factory=lambda: os.urandom(8))
    senders: dict[int, socket.socket] = field(default_factory=dict)
    listeners: dict[int, socket.socket] = field(default_factory=dict)
    over: bool = False

    def begin(self) -> None:
        self.arrivals = [Arrival() for _ in self.exchanges]
        for exchange in self.exchanges:
            if exchange.target not in self.listeners:
                listener = self.listeners[exchange.target] = _open(exchange.target)
                # A program of the learner may have the port: then nothing arrives.
                with contextlib.suppress(OSError):
                    listener.bind(("0.0.0.0", PORT))  # noqa: S104
            if exchange.source not in self.senders:
                self.senders[exchange.source] = _open(exchange.source)
        for target, listener in self.listeners.items():
            self.loop.watch(listener, partial(self._heard, target))
        for source, sender in self.senders.items():
            self.loop.watch(sender, partial(self._answered, source))
        self._send()
        self.loop.call_later(_AGAIN_SECONDS, self._send)
        self.loop.call_later(WAIT_SECONDS if self.exchanges else 0, self._finish)

    def _send(self) -> None:
        if self.over:
            return
        for number, exchange in enumerate(self.exchanges):
            if not self.arrivals[number].answered:
                # No route, or a link that is down: then nothing arrives, and that is all there is to tell.
                with contextlib.suppress(OSError):
                    data = _HEAD.pack(self.secret, number)
                    self.senders[exchange.source].sendto(data, (exchange.address, PORT))

    def _heard(self, target: int) -> None:
        for number, data, peer in self._received(self.listeners[target]):
            # Where two have the same address it may have come to the wrong one.
            if self.exchanges[number].target == target:
                self.arrivals[number].seen_as = peer[0]
                with contextlib.suppress(OSError):
                    self.listeners[target].sendto(data, peer)

    def _answered(self, source: int) -> None:
        for number, _, _ in self._received(self.senders[source]):
            if self.exchanges[number].source == source:
                self.arrivals[number].answered = True
        if all(arrival.answered for arrival in self.arrivals):
            self._finish()

    def _received(self, end: socket.socket) -> Iterator[tuple[int, bytes, tuple[str, int]]]:
        while True:
            try:
                data, peer = end.recvfrom(64)
            except BlockingIOError:
                return
            except OSError:  # what an ICMP error has said of one that was sent before
                continue
            secret, number = _HEAD.unpack(data) if len(data) == _HEAD.size else (b"", 0)
            if secret == self.secret and number < len(self.exchanges):
                yield number, data, peer

    def _finish(self) -> None:
        if self.over:
            return
        self.over = True
        for opened in (*self.senders.values(), *self.listeners.values()):
            self.loop.unwatch(opened)
            opened.close()
        self.done(self.arrivals)


def _open(namespace: int) -> socket.socket:
    with netns.inside(namespace):
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
