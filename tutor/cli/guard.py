"""Watches over the screen, which runs in a process of its own: what ends it costs the learner nothing.

When the screen is killed, the terminal becomes what it was; when it crashes, that too, and a new screen is started.
Small, and forked before anything large is loaded. Does not know what the screen shows.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tutor.errors import TutorError
from tutor.lab import syscalls as sc
from tutor.session.comeback import Comeback
from tutor.shell.outer_terminal import OuterTerminal

FAULT = 1
"""The exit status of a screen that an exception has ended: Python's own, and Textual's."""

_CRASHES = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGSYS}
)
_PASSED_ON = frozenset({signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTSTP})
_ENDING = _PASSED_ON - {signal.SIGTSTP}
_HEARD = _PASSED_ON | {signal.SIGCHLD}

_QUICK_SECONDS = 10.0
_MOST_CRASHES = 3
_PATIENCE_SECONDS = 5.0
_CANNOT = 2
_REPORT_BYTES = 64 * 1024


class Guard:
    """The process that `tutor start` is for the shell outside."""

    def __init__(self, screen: Callable[[Comeback | None], int], waiting: Callable[[], str], report: Path) -> None:
        """Prepare.

        Args:
            screen: is called in a process of its own, and returns its exit status.
            waiting: says what of the sitting goes on without a screen.
            report: the file for what is known of a crash.
        """
        self._screen, self._waiting, self._report = screen, waiting, report
        self._terminal = OuterTerminal()
        self._hear, self._say = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(self._say, True)
        self._wake, self._woken = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._said = b""
        self._asked: signal.Signals | None = None
        self._deadline = 0.0

    def run(self) -> int:
        """Run the screen until it ends; returns the exit status. Returns in the screen's own process too, with its."""
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        comeback: Comeback | None = None
        crashes = 0
        while True:
            started = time.monotonic()
            pid = self._fork()
            if pid == 0:
                return self._be_the_screen(comeback)
            ended = os.waitstatus_to_exitcode(self._await_end(pid))
            if not (ended == FAULT or -ended in _CRASHES) or self._asked is not None:
                return self._after(ended)
            self._terminal.restore()
            crashes = crashes + 1 if time.monotonic() - started < _QUICK_SECONDS and crashes else 1
            told = self._write_report(ended, crashes)
            if crashes == _MOST_CRASHES:
                known = f" (what is known of it: {told})" if told else ""
                _tell(f"the screen crashed {crashes} times in a row; {self._waiting()}{known}")
                return _CANNOT
            comeback = Comeback(told, blank=crashes > 1)

    def _fork(self) -> int:
        """Fork the screen's process."""
        # A signal that comes to the child before it has its own handlers must not be told to us.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        guard = os.getpid()
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for number in _HEARD - {signal.SIGINT}:
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sc.die_with_parent(signal.SIGTERM)
            if os.getppid() != guard:  # it may have died before the line above
                os.kill(os.getpid(), signal.SIGTERM)
        else:
            for number in _HEARD:
                signal.signal(number, _awake)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid

    def _be_the_screen(self, comeback: Comeback | None) -> int:
        # What a library or the interpreter has to say when it breaks must not be painted over the screen.
        outside = os.dup(2)
        os.dup2(self._say, 2)
        for descriptor in (self._hear, self._say, self._wake, self._woken):
            os.close(descriptor)
        faulthandler.enable()
        try:
            status = self._screen(comeback)
        except (TutorError, KeyboardInterrupt):
            os.dup2(outside, 2)
            raise
        if status == FAULT:
            sys.stderr.flush()
            os._exit(FAULT)  # at once: a thread that waits for the lab would keep us
        os.dup2(outside, 2)
        return status

    def _await_end(self, pid: int) -> int:
        """Wait for the end of the screen's process, and pass on to it what is sent to us."""
        self._said, self._deadline = b"", 0.0
        while True:
            left = max(0.0, self._deadline - time.monotonic()) if self._deadline else None
            ready = select.select([self._hear, self._wake], [], [], left)[0]
            if self._hear in ready:
                self._listen()
            if self._wake in ready:
                for number in os.read(self._wake, 512):
                    self._pass_on(pid, number)
            if self._deadline and time.monotonic() >= self._deadline:
                os.kill(pid, signal.SIGKILL)
            ended, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if ended and os.WIFSTOPPED(status):
                self._stop_too(pid)
            elif ended:
                self._listen()
                return status

    def _listen(self) -> None:
        """Take in what the screen's process says on its standard error."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._hear, _REPORT_BYTES):
                self._said = (self._said + data)[-_REPORT_BYTES:]

    def _pass_on(self, pid: int, number: int) -> None:
        if number not in _PASSED_ON:
            return
        if number in _ENDING and self._asked is None:
            self._asked = signal.Signals(number)
            self._deadline = time.monotonic() + _PATIENCE_SECONDS
        os.kill(pid, number)

    def _stop_too(self, pid: int) -> None:
        """The screen was stopped: give the shell outside its terminal, and go on together."""
        if self._terminal.is_taken:
            self._terminal.restore()
        os.kill(os.getpid(), signal.SIGSTOP)
        if not os.waitpid(pid, os.WNOHANG | os.WCONTINUED)[0]:
            os.kill(pid, signal.SIGCONT)

    def _after(self, ended: int) -> int:
        """The screen has ended, or was ended: see to the terminal, say what goes on, and return the exit status."""
        killed = -ended if ended < 0 else ended - 128
        if ended < 0 or self._terminal.is_taken:
            self._terminal.restore()
        if killed <= 0:
            return ended
        number = self._asked or killed
        if number != signal.SIGHUP:  # then there is no terminal to tell it on
            _tell(f"the screen was {'killed' if ended < 0 else 'ended'}; {self._waiting()}")
        return 128 + number

    def _write_report(self, ended: int, crashes: int) -> str:
        """Write down what is known of a crash; returns where, empty if nowhere."""
        what = f"signal {signal.Signals(-ended).name}" if ended < 0 else "an exception"
        head = f"tutor's screen was ended by {what}, {time.strftime('%F %T')}, Python {sys.version.split()[0]}\n\n"
        try:
            self._report.parent.mkdir(parents=True, exist_ok=True)
            with self._report.open("ab" if crashes > 1 else "wb") as file:
                file.write(head.encode() + self._said + b"\n")
        except OSError:
            return ""
        return str(self._report)


def _awake(number: int, frame: object) -> None:
    """Do nothing: that it was called has woken us."""
    del number, frame


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):
        print(f"tutor: {text}", file=sys.stderr, flush=True)
