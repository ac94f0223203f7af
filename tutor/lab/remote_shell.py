"""What answers on port 22 of the machines: a shell on another machine of the lab, over the lab's own network.

Not SSH: nothing is encrypted, no key or password is asked for, and the client is a script that the lab brings along
under that name. But these are real connections between the machines, and where the network is cut they hang as any do.
Runs in the agent. Does not know what is typed.

Three connections make a session, each begun by the client with a line: `run TERM COLUMNS ROWS LENGTH` and the command's
bytes (TERM is `-` without a terminal; no bytes for a login shell), which is answered with `session N` and then with the
output; `lines N`, on which the server says `E LENGTH` and bytes for standard error, and at the end `X STATUS`, and the
client `W COLUMNS ROWS` when its window changes; and `input N`, whose end is the end of the input.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from functools import partial
from itertools import count

from tutor.errors import LabGone
from tutor.lab import netns
from tutor.lab.environment import ENVIRONMENT
from tutor.lab.loop import Loop, Outbox
from tutor.lab.machine import Machine
from tutor.lab.running import Running, run_on_pipes, run_on_terminal

PORT = 22
"""Where the machines listen."""

_SESSIONS = 16
_CHUNK = 65536
_LONGEST_HEAD, _LONGEST_COMMAND = 256, 65536
_MUCH = 1 << 20  # bytes that wait for a client before its program's output is left unread for a while
_AGAIN_SECONDS = 0.02
_NO_STATUS = 255


class RemoteShells:
    """The listeners of all machines, and the sessions."""

    def __init__(self, machines: Mapping[str, Machine], loop: Loop) -> None:
        """Listen on every machine."""
        self._loop = loop
        self._numbers = count(1)
        self._sessions: dict[int, _Session] = {}
        for machine in machines.values():
            with netns.inside(machine.netns):
                listener = socket.create_server(("0.0.0.0", PORT), backlog=16)  # noqa: S104
            listener.setblocking(False)
            loop.watch(listener, partial(self._accept, machine, listener))

    def _accept(self, machine: Machine, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end, _ = listener.accept()
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._loop.watch(end, partial(self._hear, machine, end, bytearray()))

    def _hear(self, machine: Machine, end: socket.socket, heard: bytearray) -> None:
        """Take in a connection's first line, and what belongs to it."""
        data = _receive(end)
        if data is None:
            return
        heard += data
        line, newline, rest = bytes(heard).partition(b"\n")
        words = line.decode(errors="replace").split()
        if not data or not newline:
            if not data or len(heard) > _LONGEST_HEAD:
                self._refuse(end)
            return
        session = self._sessions.get(int(words[1][:9])) if len(words) == 2 and words[1].isdecimal() else None
        if words[0:1] == ["run"] and len(words) == 5 and all(word.isdecimal() for word in words[2:]):
            length = int(words[4][:9])
            if length > _LONGEST_COMMAND or len(self._sessions) >= _SESSIONS:
                self._refuse(end)
            elif len(rest) >= length:
                self._begin(machine, end, words[1], (_bounded(words[2]), _bounded(words[3])), rest[:length].decode())
        elif session is None or not session.join(words[0], end, rest):
            self._refuse(end)

    def _refuse(self, end: socket.socket) -> None:
        self._loop.unwatch(end)
        end.close()

    def _begin(self, machine: Machine, end: socket.socket, term: str, size: tuple[int, int], command: str) -> None:
        number = next(self._numbers)
        self._loop.unwatch(end)
        argv = ["bash", "-c", command] if command else ["bash"]
        if term == "-":
            start = partial(run_on_pipes, machine, argv, ENVIRONMENT, self._loop)
        else:
            start = partial(run_on_terminal, machine, argv, {**ENVIRONMENT, "TERM": term}, size, self._loop)
        self._sessions[number] = _Session(end, start, self._loop, partial(self._sessions.pop, number, None))
        with contextlib.suppress(OSError):
            end.send(b"session %d\n" % number)


class _Session:
    """A program on a machine, and the connections that belong to it."""

    def __init__(self, data: socket.socket, start: partial[Running], loop: Loop, forget: partial[object]) -> None:
        self._start, self._loop, self._forget = start, loop, forget
        self._data, self._out = data, Outbox(loop, data)
        self._lines: socket.socket | None = None
        self._says: Outbox | None = None
        self._input: socket.socket | None = None
        self._heard = b""
        self._running: Running | None = None
        self._sink: Outbox | None = None
        self._ended = False
        loop.watch(data, self._hear_data)

    def join(self, word: str, end: socket.socket, rest: bytes) -> bool:
        """Take another connection; False where it has it, or knows none of that name."""
        if word == "lines" and self._lines is None:
            self._lines, self._says, self._heard = end, Outbox(self._loop, end), rest
            self._loop.watch(end, self._hear_lines)
            self._begin()
            return True
        if word == "input" and self._input is None and self._sink is not None:
            self._input = end
            self._sink.send(rest)
            self._loop.watch(end, self._hear_input)
            return True
        return False

    def _begin(self) -> None:
        try:
            self._running = self._start()
        except (OSError, LabGone):
            self.end(_NO_STATUS)
            return
        self._sink = Outbox(self._loop, self._running.stdin)
        for source in self._running.sources:
            self._loop.watch(source, partial(self._carry, source))
        self._running.on_exit(self._exited)

    def _carry(self, source: int) -> None:
        """Carry what the program has printed to the client."""
        running, says = self._running, self._says
        if running is None or says is None:
            return
        is_error = source == running.stderr
        if (says if is_error else self._out).waiting > _MUCH:  # the client is slow: so must the program be
            self._loop.unwatch(source)
            self._loop.call_later(_AGAIN_SECONDS, partial(self._look_again, source))
            return
        data = running.read(source)
        if data is None:
            return
        if not data:
            self._loop.unwatch(source)
            running.close(source)
        elif is_error:
            says.send(b"E %d\n" % len(data) + data)
        else:
            self._out.send(data)

    def _look_again(self, source: int) -> None:
        if self._running is not None and source in self._running.sources:
            self._loop.watch(source, partial(self._carry, source))

    def _hear_data(self) -> None:
        if _receive(self._data) == b"":  # nobody speaks here but us: the client is gone
            self._hang_up()

    def _hear_input(self) -> None:
        if self._input is None or self._sink is None or self._running is None:
            return
        data = _receive(self._input)
        if data is None:
            return
        if data:
            self._sink.send(data)
            return
        self._loop.unwatch(self._input)
        self._input.close()
        self._input = None
        self._sink.then(self._running.close_stdin)

    def _hear_lines(self) -> None:
        data = _receive(self._lines) if self._lines is not None else None
        if data is None:
            return
        if not data:
            self._hang_up()
            return
        *lines, self._heard = (self._heard + data)[-_CHUNK:].split(b"\n")
        for line in lines:
            words = line.decode(errors="replace").split()
            resizes = words[0:1] == ["W"] and len(words) == 3 and all(word.isdecimal() for word in words[1:])
            if resizes and self._running is not None:
                self._running.resize(_bounded(words[1]), _bounded(words[2]))

    def _hang_up(self) -> None:
        if self._running is not None:
            self._running.hang_up()
        self.end(_NO_STATUS)

    def _exited(self, status: int) -> None:
        """The program has ended: what it printed last is still to be carried, then how it ended."""
        running = self._running
        if self._ended or running is None:
            return
        waiting = [source for source in running.sources if running.has_more(source)]
        for source in waiting:
            self._carry(source)
        if waiting:
            self._loop.call_later(0, partial(self._exited, status))
        else:
            self.end(status if status >= 0 else 128 - status)

    def end(self, status: int) -> None:
        """Tell the client how it ended, and let go of everything."""
        if self._ended:
            return
        self._ended = True
        self._forget()
        if self._running is not None:
            for source in self._running.sources:
                self._loop.unwatch(source)
            self._loop.unwatch(self._running.stdin)
            self._running.let_go()
        for end in (self._data, self._lines, self._input):
            if end is not None:
                self._loop.unwatch_readable(end)  # what waits to be written still is
        self._out.then(self._data.close)
        if self._input is not None:
            self._input.close()
        if self._lines is not None and self._says is not None:
            self._says.send(b"X %d\n" % status)
            self._says.then(self._lines.close)


def _receive(end: socket.socket) -> bytes | None:
    """What has come; empty at the end, None where there is nothing to read after all."""
    try:
        return end.recv(_CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _bounded(number: str) -> int:
    return max(1, min(int(number[:6]), 1000))
