"""The API server: HTTP connections on the nodes' loopback, answered on the agent's own loop.

Nothing that a client does may hold the loop up or end it: sizes, connections and what waits for a client are bounded.
Does not know where the cluster's view comes from.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Iterable
from functools import partial

from tutor.errors import TutorError
from tutor.lab.kubernetes import websocket
from tutor.lab.kubernetes.answers import ExecOrder, Reply, WatchOrder, answer, refuse
from tutor.lab.kubernetes.connection import Connection
from tutor.lab.kubernetes.execution import ERROR, Execute, Execution, refusal_document
from tutor.lab.kubernetes.history import History
from tutor.lab.kubernetes.request import BadRequest, Request, RequestReader
from tutor.lab.kubernetes.view import ClusterView
from tutor.lab.kubernetes.watching import Watching
from tutor.lab.loop import Loop

_CONNECTIONS_AT_ONCE = 64
_PHRASES = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
}

Look = Callable[[], ClusterView]
"""Tells what the cluster looks like now."""


class ApiServer:
    """The server."""

    def __init__(
        self,
        listeners: Iterable[socket.socket],
        look: Look,
        execute: Execute,
        loop: Loop,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Begin to serve.

        Args:
            listeners: sockets that listen, one for each node; they are this server's from now on.
            look: see `Look`. Asked for each request, so it should not take long.
            execute: see `Execute`.
            loop: on which it answers.
            now: the time in seconds of the epoch, which ages are counted from.
        """
        self._look, self._execute, self._loop, self.now = look, execute, loop, now
        self._listeners = tuple(listeners)
        self._history = History()
        self._clients: dict[Connection, _Client] = {}  # those heard of last stand last
        for listener in self._listeners:
            listener.setblocking(False)
            loop.watch(listener, partial(self._accept, listener))

    def look_again(self) -> None:
        """Something may have changed: tell those who watch. Costs nothing while nobody does."""
        watching = [client.watching for client in self._clients.values() if client.watching is not None]
        if not watching:
            return
        try:
            snapshot = self._history.see(self._look())
        except (OSError, TutorError):
            return  # whoever asks next is told
        for watch in watching:
            watch.tell(snapshot, self.now())

    def close(self) -> None:
        """End: all connections, and what runs for them."""
        for connection in list(self._clients):
            connection.close()
        for listener in self._listeners:
            self._loop.unwatch(listener)
            listener.close()

    def answer(self, connection: Connection, request: Request) -> Reply | Watching | None:
        """Answer a request: with a whole answer or a watch that is to begin; None where an execution has begun."""
        try:
            snapshot = self._history.see(self._look())
            given = answer(request, snapshot, self.now())
        except (OSError, TutorError) as error:
            return refuse(500, "InternalError", f"the lab can't tell what the cluster looks like: {error}")
        except Exception as error:  # noqa: BLE001  # the lab's first process must not end for one request
            return refuse(500, "InternalError", f"the lab's API server failed: {type(error).__name__}: {error}")
        if isinstance(given, WatchOrder):
            return Watching(given, self._history.find(given.since), snapshot, connection, is_chunked=not request.is_old)
        if isinstance(given, ExecOrder):
            self._begin(connection, given)
            return None
        return given

    def touch(self, connection: Connection) -> None:
        """A client was heard of: it is not among the idle ones."""
        self._clients[connection] = self._clients.pop(connection)

    def _accept(self, listener: socket.socket) -> None:
        try:
            end, _peer = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):  # the next turn finds one more
                self._make_room()
            return
        if len(self._clients) >= _CONNECTIONS_AT_ONCE and not self._make_room():
            end.close()
            return
        end.setblocking(False)
        connection = Connection(end, self._loop)
        self._clients[connection] = _Client(self, connection)
        connection.closed = partial(self._clients.pop, connection, None)

    def _make_room(self) -> bool:
        """Close the connection that has been idle for longest; False where none is idle."""
        idle = next((one for one, client in self._clients.items() if client.is_idle), None)
        if idle is not None:
            idle.close()
        return idle is not None

    def _begin(self, connection: Connection, order: ExecOrder) -> None:
        handshake = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {websocket.accept_key(order.key)}\r\n"
            f"Sec-WebSocket-Protocol: {order.protocol}\r\n\r\n"
        )
        try:
            running = self._execute(order.pod, order.command, order.tty)
        except (OSError, TutorError) as error:
            why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            message = refusal_document(f"can't run {order.command[0]} in {order.pod.name}: {why}")
            connection.send(handshake.encode())
            connection.send(websocket.frame(websocket.BINARY, bytes((ERROR,)) + message))
            connection.send(websocket.close_frame(websocket.NORMAL))
            connection.finish()
            return
        connection.send(handshake.encode())
        client = self._clients.get(connection)
        if client is not None and connection.is_open:
            client.has_begun(Execution(connection, self._loop, running, order))
        else:  # it has gone meanwhile
            Execution(connection, self._loop, running, order).hang_up()


class _Client:
    """What a connection is about now: requests, a watch, or an execution."""

    def __init__(self, server: ApiServer, connection: Connection) -> None:
        self._server, self._connection = server, connection
        self._reader = RequestReader()
        self._is_executing = False
        self.watching: Watching | None = None
        connection.heard, connection.turn = self._hear, self._go_on

    @property
    def is_idle(self) -> bool:
        """Whether nobody would miss it."""
        return not self._connection.is_open or (not self._is_executing and self.watching is None)

    def has_begun(self, execution: Execution) -> None:
        """The connection belongs to an execution from now on."""
        self._is_executing = True
        execution.hear(self._reader.rest())

    def _hear(self, data: bytes) -> None:
        self._server.touch(self._connection)
        if self.watching is None:  # whoever watches has nothing more to say
            self._reader.feed(data)
            self._go_on()

    def _go_on(self) -> None:
        """Answer one request; the next has to wait until this answer is sent and others had their turn."""
        if not self.is_idle or not self._connection.is_open or self._connection.waiting:
            return
        try:
            request = self._reader.next()
        except BadRequest as error:
            self._send(refuse(error.code, "BadRequest", error.message), keep=False)
            return
        if request is None:
            return
        given = self._server.answer(self._connection, request)
        if isinstance(given, Reply):
            self._send(given, keep=request.keep, is_old=request.is_old, has_body=request.method != "HEAD")
            if request.keep:
                self._connection.ask_for_turn()
        elif given is not None:
            self.watching = given
            given.begin(self._server.now())

    def _send(self, reply: Reply, *, keep: bool, is_old: bool = False, has_body: bool = True) -> None:
        fields = [
            ("Content-Type", reply.content_type),
            ("Content-Length", str(len(reply.body))),
            *reply.headers,
        ]
        if not keep or is_old:
            fields.append(("Connection", "keep-alive" if keep else "close"))
        head = f"HTTP/1.1 {reply.code} {_PHRASES[reply.code]}\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields
        )
        self._connection.send(head.encode() + b"\r\n" + (reply.body if has_body else b""))
        if not keep:
            self._connection.finish()
