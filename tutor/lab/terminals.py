"""The terminals of a lab's shells. The agent owns them: they outlive every screen.

While a client has a terminal, the client reads it; while none has, the agent does, so that no program in the lab
stops because
nobody looks. Both append to the same `Ring`. Does not know what runs in a terminal.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from dataclasses import dataclass

from tutor.lab import syscalls as sc
from tutor.lab.machine import Machine
from tutor.lab.ring import Ring

_TIOCSPTLCK, _TIOCGPTPEER = 0x40045431, 0x5441
_CHUNK = 65536


@dataclass(slots=True)
class Terminal:
    """A pseudo terminal of a machine, with what runs in it."""

    id: int
    """Number within the lab."""
    machine: str
    """Whose shell it is."""
    master: int
    """Our end, non-blocking."""
    ring: Ring
    """Its last output."""
    pid: int = 0
    """The shell."""
    holder: int | None = None
    """The client that reads it now."""

    def drain(self) -> bool:
        """Keep what has been printed; False once the terminal has hung up."""
        try:
            data = os.read(self.master, _CHUNK)
        except BlockingIOError:
            return True
        except OSError:  # EIO: the last program that had it open is gone
            return False
        self.ring.write(data)
        return bool(data)

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(self.master, termios.TIOCGWINSZ, bytes(8)))
        return columns, rows

    def close(self) -> None:
        """Hang up."""
        os.close(self.master)
        self.ring.close()


def open_pair(machine: Machine, columns: int, rows: int) -> tuple[int, int]:
    """A new pseudo terminal on the machine's own devpts: (our end, its end)."""
    size = struct.pack("HHHH", rows, columns, 0, 0)
    master = sc.open_in_root(machine.terminals, "ptmx", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    fcntl.ioctl(master, termios.TIOCSWINSZ, size)
    slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    return master, slave
