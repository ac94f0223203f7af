"""Types commands into an interactive bash, as a learner would, and waits for each to end.

Does not know where the shell runs: it is given an open terminal.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable

import pexpect
from pexpect.fdpexpect import fdspawn

from tutor.errors import ShellError
from tutor.shell.keys import as_typed
from tutor.shell.marks import Command, Continued, Ended, Event, Marks, Prompt, Started

_CHUNK = 65536
_AT_ONCE = 1024  # a terminal holds 4096 bytes that nobody has read yet
_INTERRUPTS, _INTERRUPT_SECONDS = 10, 0.2
_INTERRUPT = b"\x03"


class Typist:
    """Types into the bash behind one terminal."""

    def __init__(self, fd: int, on_output: Callable[[bytes], None] | None = None) -> None:
        """Take the terminal over.

        Args:
            fd: the master of a pseudo terminal in which a bash with the lab's bashrc runs; stays the caller's.
            on_output: is given everything that is printed.
        """
        self._terminal = fdspawn(fd, use_poll=True)
        # pexpect waits 50 ms before each send, for programs that switch the echo off late; bash does not.
        self._terminal.delaybeforesend = None
        self._on_output = on_output
        self._marks = Marks()

    def close(self) -> None:
        """Type no more; the terminal stays open."""

    def fileno(self) -> int:
        """The terminal, to wait until there is something for `drain`."""
        return int(self._terminal.fileno())

    def drain(self) -> list[Event]:
        """Read what has been printed, without waiting.

        Raises:
            ShellError: the shell has ended.
        """
        events: list[Event] = []
        while data := self._read():
            events += self._marks.feed(data)
        return events

    def wait_for_prompt(self, seconds: float) -> None:
        """Wait until the shell waits for a command.

        Raises:
            ShellError: it does not within `seconds`, or has ended.
        """
        if not self._await(_is_prompt, seconds):
            raise ShellError(f"the shell showed no prompt within {seconds:g} s", hint="is its bashrc broken?")

    def run(self, text: str, seconds: float) -> Command:
        """Type one command, which may have several lines, and wait for its end.

        Of several commands the last one's status counts, and the output of all. A command that opens another shell has
        ended, for this purpose, when that shell shows its prompt.

        Raises:
            ShellError: it has not ended within `seconds`, or is not complete (it is interrupted then); or the shell has
                ended.
        """
        until = time.monotonic() + seconds
        self.drain()
        ended: list[Command] = []
        waits: Event | None = None
        for line in text.rstrip("\n").split("\n"):
            waits = self._enter(line, ended, until)
            if waits is None:
                self._interrupt()
                raise ShellError(
                    f"`{text}` had not ended after {seconds:g} s", hint="give ping a -c, and end what runs for ever"
                )
        if isinstance(waits, Continued):
            self._interrupt()
            raise ShellError(f"`{text}` is not complete", hint="bash waits for more: a quote, `done`, `fi` ...")
        if len(ended) == 1 and ended[0].text:
            return ended[0]
        return Command(text, "".join(command.output for command in ended), ended[-1].status if ended else 0)

    def _enter(self, line: str, ended: list[Command], until: float) -> Event | None:
        """Type one line; adds the commands that it ended, and returns what bash waits for then.

        The next line must not be typed before bash asks for it: the terminal would echo it into the output of the
        command that still runs, which might even read it.
        """
        shell = ""
        waits: Event | None = None

        def look(event: Event) -> bool:
            nonlocal shell, waits
            if isinstance(event, Started):
                shell = shell or event.shell
            elif isinstance(event, Ended) and event.shell == shell:
                ended.append(event.command)
            elif isinstance(event, Prompt) and not shell and event.status:
                ended.append(Command(line, "", event.status))  # it never ran: a syntax error
            waits = event if isinstance(event, Prompt | Continued) else None
            return waits is not None

        self._await(look, until - time.monotonic(), as_typed(line) + b"\r")
        return waits

    def _interrupt(self) -> None:
        """Press Ctrl-C until there is a prompt.

        Once may not do: readline heeds one that comes just when it has drawn a prompt only with the next key.
        """
        for _ in range(_INTERRUPTS):
            if self._await(_is_prompt, _INTERRUPT_SECONDS, _INTERRUPT):
                return

    def _await(self, is_it: Callable[[Event], bool], seconds: float, typed: bytes = b"") -> bool:
        """Type, and read until an event is the one; False when `seconds` have passed."""
        until = time.monotonic() + seconds
        poll = select.poll()
        while (left := until - time.monotonic()) > 0:
            poll.register(self.fileno(), select.POLLIN | (select.POLLOUT if typed else 0))
            ready = dict(poll.poll(left * 1000)).get(self.fileno(), 0)
            if typed and ready & select.POLLOUT:
                typed = self._type(typed)
            if ready & ~select.POLLOUT:
                found = [is_it(event) for event in self._marks.feed(self._read())]
                if any(found):
                    return True
        return False

    def _type(self, typed: bytes) -> bytes:
        """Type what the terminal takes now; returns the rest."""
        try:
            return typed[self._terminal.send(typed[:_AT_ONCE]) :]
        except BlockingIOError:
            return typed
        except OSError as error:
            raise _gone() from error

    def _read(self) -> bytes:
        """What there is to read now; nothing if there is nothing."""
        try:
            data: bytes = self._terminal.read_nonblocking(_CHUNK, timeout=0)
        except (pexpect.TIMEOUT, BlockingIOError):
            return b""
        except (pexpect.EOF, OSError) as error:
            raise _gone() from error
        if self._on_output is not None:
            self._on_output(data)
        return data


def _is_prompt(event: Event) -> bool:
    return isinstance(event, Prompt)


def _gone() -> ShellError:
    return ShellError("the shell has ended", hint="`exit` is no command for a lesson's solution")
