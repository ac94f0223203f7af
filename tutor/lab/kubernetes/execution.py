"""A command that runs in a pod, and the client that talks with it: `kubectl exec`, over the channels of a WebSocket.

Does not know how a process is started in a pod; that is given.

Source: Kubernetes' `remotecommand` protocols v4 and v5 (`k8s.io/apimachinery/pkg/util/remotecommand`): the first byte
of a message is its channel.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from tutor.lab.kubernetes import websocket
from tutor.lab.kubernetes.answers import ExecOrder
from tutor.lab.kubernetes.connection import PLENTY, Connection
from tutor.lab.kubernetes.view import PodView
from tutor.lab.loop import Loop, Outbox

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSED = 0, 1, 2, 3, 4, 255
"""Channels. `CLOSED` (v5) says which of the others the client has closed."""

_PIECE = 32 * 1024
_LAST_WORDS = 1024 * 1024  # the most that a pipe holds (pipe(7)): what the process had said before it ended


class Running(Protocol):
    """A process that was started in a pod. Whoever started it reaps it; whoever got this closes the descriptors.

    These are non-blocking pipes, sockets or terminals.
    """

    stdin: int
    """Where it reads from, our end; -1 for none. For a terminal: its master, the same as `stdout`."""
    stdout: int
    """What it prints, our end."""
    stderr: int
    """What it complains, our end; -1 where that goes to `stdout` too, as on a terminal."""

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size. Only called for a terminal."""

    def on_exit(self, call: Callable[[int], None]) -> None:
        """Have `call` called once it has ended, at once if it already has.

        Given is its exit status, 128 and the number of the signal if one has ended it.
        """

    def hang_up(self) -> None:
        """The client is gone, and the descriptors are closed: see to it that it ends. It may have done so already."""


Execute = Callable[[PodView, list[str], bool], Running]
"""Starts a command in a pod, on a terminal of its own if the last argument is true. All descriptors are non-blocking.

Raises OSError or TutorError where it can't.
"""


class Execution:
    """The conversation. Ends with the process, or when the client is gone."""

    def __init__(self, connection: Connection, loop: Loop, running: Running, order: ExecOrder) -> None:
        """Begin it; the handshake was answered."""
        self._connection, self._loop, self._running = connection, loop, running
        self._order = order
        self._reader = websocket.MessageReader()
        self._stdin, self._stdin_ends = running.stdin, not order.stdin and not order.tty
        self._sink = Outbox(loop, running.stdin)
        self._outputs = {running.stdout: STDOUT}
        if running.stderr >= 0:
            self._outputs[running.stderr] = STDERR
        self._status: int | None = None
        connection.heard, connection.gone, connection.turn = self.hear, self.hang_up, self._set_interest
        self._written()
        running.on_exit(self._ended)

    def hear(self, data: bytes) -> None:
        """Take in what the client sends."""
        self._reader.feed(data)
        try:
            while self._connection.is_open and (message := self._reader.next()) is not None:
                self._obey(message)
        except websocket.BadFrame as error:
            self._connection.send(websocket.close_frame(error.code))
            self._connection.finish()
            self.hang_up()
        self._set_interest()

    def _obey(self, message: websocket.Message) -> None:
        if message.kind == websocket.PING:
            self._connection.send(websocket.frame(websocket.PONG, message.data))
        elif message.kind == websocket.CLOSE:
            self._connection.send(websocket.close_frame(websocket.NORMAL))
            self._connection.finish()
            self.hang_up()
        elif message.kind in (websocket.BINARY, websocket.TEXT) and message.data:
            channel, data = message.data[0], message.data[1:]
            if channel == STDIN and self._stdin >= 0:
                self._sink.send(data)
                self._sink.then(self._written)
            elif channel == CLOSED and data == bytes((STDIN,)):
                self._stdin_ends = True
                self._sink.then(self._written)
            elif channel == RESIZE and self._order.tty:
                self._resize(data)

    def _resize(self, data: bytes) -> None:
        try:
            size = json.loads(data)
            columns, rows = int(size["Width"]), int(size["Height"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return  # no size
        if 0 < columns < 1 << 16 and 0 < rows < 1 << 16 and self._outputs:
            with suppress(OSError):
                self._running.resize(columns, rows)

    def _written(self) -> None:
        """What the client has sent was handed on, or can't be: the process reads no more."""
        if self._stdin_ends or self._sink.broken:
            self._close_stdin()
        self._set_interest()

    def _close_stdin(self) -> None:
        descriptor, self._stdin = self._stdin, -1
        if descriptor >= 0 and descriptor not in self._outputs:  # a terminal stays open: it is read, too
            self._loop.unwatch(descriptor)
            os.close(descriptor)

    def _read(self, descriptor: int) -> int:
        """Hand on what the process says; how much that was, 0 for nothing (yet, or any more)."""
        try:
            data = os.read(descriptor, _PIECE)
        except BlockingIOError:
            return 0
        except OSError:  # EIO: nobody has the terminal open any more
            data = b""
        if data:
            self._connection.send(websocket.frame(websocket.BINARY, bytes((self._outputs[descriptor],)) + data))
        else:
            self._close_output(descriptor)
        return len(data)

    def _close_output(self, descriptor: int) -> None:
        self._outputs.pop(descriptor, None)
        if descriptor == self._stdin:
            self._stdin = -1
        self._loop.unwatch(descriptor)
        os.close(descriptor)

    def _set_interest(self) -> None:
        """Read as long as whoever gets it can take it."""
        for descriptor in self._outputs:
            if self._connection.is_full:
                self._loop.unwatch_readable(descriptor)
            else:
                self._loop.watch(descriptor, partial(self._carry, descriptor))
        too_much = self._stdin >= 0 and self._sink.waiting > PLENTY
        if self._connection.is_open and self._connection.paused != too_much:
            self._connection.pause(too_much)

    def _carry(self, descriptor: int) -> None:
        self._read(descriptor)
        self._set_interest()

    def _ended(self, status: int) -> None:
        """The process has ended. What it had said before lies in the pipes; others may hold their ends for ever."""
        if not self._connection.is_open:
            return
        self._status = status
        for descriptor in list(self._outputs):
            left = _LAST_WORDS
            while left > 0 and descriptor in self._outputs and (count := self._read(descriptor)):
                left -= count
        self._connection.send(websocket.frame(websocket.BINARY, bytes((ERROR,)) + status_document(status)))
        self._connection.send(websocket.close_frame(websocket.NORMAL))
        self._connection.finish()
        self.hang_up()

    def hang_up(self) -> None:
        """End it, as far as it has not."""
        if self._stdin >= 0:
            self._close_stdin()
        for descriptor in list(self._outputs):
            self._close_output(descriptor)
        self._connection.heard = self._connection_over
        if self._status is None:
            self._status = -1
            self._running.hang_up()

    def _connection_over(self, data: bytes) -> None:
        """What a client says after the end matters no more."""


def status_document(status: int) -> bytes:
    """How a process ended, for the channel `ERROR`."""
    if not status:
        return json.dumps({"metadata": {}, "status": "Success"}).encode()
    message = f"command terminated with non-zero exit code: {status}"
    details = {"causes": [{"reason": "ExitCode", "message": str(status)}]}
    return _failure(message, reason="NonZeroExitCode", details=details)


def refusal_document(message: str) -> bytes:
    """Why a process could not be started, for the channel `ERROR`."""
    return _failure(message, reason="InternalError")


def _failure(message: str, **more: object) -> bytes:
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, **more}
    return json.dumps(status).encode()
