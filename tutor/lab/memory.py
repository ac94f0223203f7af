"""Files in memory, as the standard input and output of programs.

Unlike a pipe, such a file never holds a program up, and what a program leaves running in the background may keep it.
"""

from __future__ import annotations

import fcntl
import os


def to_read(text: str) -> int:
    """A descriptor that a program reads this text from; the caller closes it."""
    descriptor = os.memfd_create("given")
    os.write(descriptor, text.encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def to_gather() -> int:
    """A descriptor that gathers what programs print, for `gathered`; the caller closes it.

    Any number may write to it at once: it appends, because the kernel takes no lock on the position of a memfd, and of
    two who write at one position one is lost.
    """
    descriptor = os.memfd_create("output")
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
    return descriptor


def gathered(descriptor: int, most: int | None = None) -> str:
    """What was printed so far; of much of it, the first bytes only."""
    size = os.fstat(descriptor).st_size if most is None else most
    return os.pread(descriptor, size, 0).decode(errors="replace")
