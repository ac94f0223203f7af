"""A shell of a lab that this process shows: its terminal, and the record of what it has printed.

Does not know the lab's agent.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import termios

from tutor.lab.ring import Replay, Ring


class Shell:
    """A terminal of the lab that this process reads: its descriptor, and the record of what it has printed."""

    def __init__(self, terminal: int, machine: str, master: int, ring: Ring) -> None:
        self.id = terminal
        """Number within the lab."""
        self.machine = machine
        """Whose shell it is."""
        self.fd = master
        """The terminal, non-blocking. Whatever is read from it should be handed to `keep`."""
        self._ring = ring

    def keep(self, data: bytes) -> None:
        """Record output, for a screen that comes after this one."""
        self._ring.write(data)

    def replay(self) -> Replay:
        """The last output, with what was in force before it."""
        return self._ring.replay()

    def forget(self) -> None:
        """Keep nothing of the last output: it may be what no screen can draw."""
        self._ring.forget()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the programs in the terminal how large it is."""
        self._ring.note_size(columns, rows)
        self._set_size(columns, rows)

    def narrow(self, columns: int, rows: int) -> None:
        """Say for a moment that it is one column less wide than it is: at `resize`, programs draw everything anew.

        The kernel tells them of a size only when it is another one (SIGWINCH, ioctl_tty(2)).
        """
        self._set_size(max(1, columns - 1), rows)

    def _set_size(self, columns: int, rows: int) -> None:
        with contextlib.suppress(OSError):
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self) -> None:
        """Let go of the terminal; what runs in it goes on."""
        os.close(self.fd)
        self._ring.close()
