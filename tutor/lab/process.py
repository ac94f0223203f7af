"""Small steps that a freshly forked process takes before it becomes something else. Does not know what."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterable

_MOST_DESCRIPTORS = 65536

FAILED = "failed"
"""The word with which a child begins its last line when something went wrong."""


def detach() -> None:
    """Leave the session, and read from and write to nothing."""
    os.setsid()
    silence()


def silence() -> None:
    """Read from and write to nothing: a lab must not hold on to the terminal or pipes of whoever started it."""
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    if null > 2:
        os.close(null)


def close_descriptors(*, keep: Iterable[int] = ()) -> None:
    """Close every descriptor but standard input, output and error, and those in `keep`."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    last = min(soft, _MOST_DESCRIPTORS) if soft != resource.RLIM_INFINITY else _MOST_DESCRIPTORS
    first = 3
    for kept in sorted(set(keep)):
        os.closerange(first, max(first, kept))
        first = max(first, kept + 1)
    os.closerange(first, last)


def default_signals() -> None:
    """Give every signal that Python or we have changed its default meaning, as an exec'd program expects."""
    for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def fork_to(work: Callable[[], None], say: int = 2) -> int:
    """Fork a child that does `work` and ends; returns its pid.

    The child never comes back into its parent's code: whatever `work` raises is told as one line on the descriptor
    `say`, which
    begins with `FAILED`, and the child exits with 1.
    """
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException as error:
        os.write(say, f"{FAILED} {_one_line(error)}\n".encode(errors="replace")[:500])
    finally:
        os._exit(status)


def fork_and_stand_in() -> None:
    """Go on in a child, which is in the pid namespace that was set for children; the parent only waits for it.

    Whoever watches the parent sees the child's end: its exit status, or the signal that ended it. Signals to the parent
    that would end it are handed on.
    """
    pid = os.fork()
    if not pid:
        return
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: os.kill(pid, number))
    close_descriptors()
    silence()
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


def _one_line(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
    return " ".join(text.split())
