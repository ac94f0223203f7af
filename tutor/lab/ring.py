"""The last output of a terminal, in memory that two processes share and that outlives either of them.

Whoever reads the terminal (the screen, or the agent while there is no screen) appends here what it has read; the next
screen replays it. Does not know what the bytes mean.
"""

from __future__ import annotations

import mmap
import os
import struct

SIZE = 256 * 1024
"""Bytes of output that are kept."""

_HEADER = struct.Struct("<Q")


class Ring:
    """A ring of the last `SIZE` bytes over a memfd."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        """The memfd; owned by this object."""
        self._memory = mmap.mmap(descriptor, _HEADER.size + SIZE)

    @classmethod
    def create(cls) -> Ring:
        """A new, empty ring."""
        descriptor = os.memfd_create("terminal-output")
        os.ftruncate(descriptor, _HEADER.size + SIZE)
        return cls(descriptor)

    def write(self, data: bytes) -> None:
        """Append output; only its last `SIZE` bytes are kept."""
        (total,) = _HEADER.unpack_from(self._memory, 0)
        kept = data[-SIZE:]
        at = (total + len(data) - len(kept)) % SIZE
        first = min(len(kept), SIZE - at)
        start = _HEADER.size
        self._memory[start + at : start + at + first] = kept[:first]
        self._memory[start : start + len(kept) - first] = kept[first:]
        _HEADER.pack_into(self._memory, 0, total + len(data))

    def read(self) -> bytes:
        """What is kept, oldest first."""
        (total,) = _HEADER.unpack_from(self._memory, 0)
        data = self._memory[_HEADER.size :]
        if total <= SIZE:
            return data[:total]
        at = total % SIZE
        return data[at:] + data[:at]

    def since(self, total: int) -> tuple[bytes, int]:
        """What was written after the first `total` bytes, as far as it is kept; and how many bytes that makes."""
        (now,) = _HEADER.unpack_from(self._memory, 0)
        fresh = min(now - total, SIZE)
        return (self.read()[-fresh:] if fresh > 0 else b""), now

    def close(self) -> None:
        """Give up this side's hold of the memory."""
        self._memory.close()
        os.close(self.descriptor)
