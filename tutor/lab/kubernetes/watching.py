"""A client that watches: it is told what changes, line by line, for as long as it listens.

Does not know when something changes; it is told what there is now.
"""

from __future__ import annotations

import json

from tutor.lab.kubernetes.answers import WatchOrder, too_old
from tutor.lab.kubernetes.connection import Connection
from tutor.lab.kubernetes.history import Snapshot, changes

_PATIENCE_BYTES = 4 * 1024 * 1024  # that wait for a client that does not read


class Watching:
    """One such client."""

    def __init__(
        self, order: WatchOrder, known: Snapshot | None, now: Snapshot, connection: Connection, *, is_chunked: bool
    ) -> None:
        """Prepare to tell.

        Args:
            order: what it wants to know.
            known: what it knows already; None where that is nothing, or nobody remembers.
            now: what there is.
            connection: where it listens.
            is_chunked: whether it understands chunks (HTTP/1.1); else the end of the connection is the end.
        """
        self._order, self._known, self._first = order, known, now
        self._connection, self._is_chunked = connection, is_chunked
        self._is_first = True

    def begin(self, now: float) -> None:
        """Send the head of the answer, and what is different already."""
        coding = "Transfer-Encoding: chunked" if self._is_chunked else "Connection: close"
        self._connection.send(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{coding}\r\n\r\n".encode())
        if self._order.since and self._known is None:
            self._say(json.dumps(too_old(self._order.since)).encode() + b"\n")
            self._connection.send(b"0\r\n\r\n" if self._is_chunked else b"")
            self._connection.finish()
            return
        self.tell(self._first, now)

    def tell(self, snapshot: Snapshot, now: float) -> None:
        """Say what has changed since the last time."""
        lines = []
        for what, thing in changes(self._known, snapshot, self._order.resource.name, self._order.is_meant):
            lines.append(self._order.event(what, thing, now, first=self._is_first))
            self._is_first = False
        self._known = snapshot
        if lines:
            self._say(b"".join(lines))
        if self._connection.waiting > _PATIENCE_BYTES:
            self._connection.close()

    def _say(self, data: bytes) -> None:
        self._connection.send(b"%x\r\n%s\r\n" % (len(data), data) if self._is_chunked else data)
