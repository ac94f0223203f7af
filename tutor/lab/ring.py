"""The last output of a terminal, in memory that two processes share and that outlives either of them.

Whoever reads the terminal (the screen, or the agent while there is no screen) appends here what it has read; the next
screen replays it: the output that is kept, what was in force before it, and the sizes it was printed for. A writer may
be killed at any moment, so what belongs together is changed by one byte. Does not know who reads it.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass

from tutor.errors import LabError
from tutor.lab.modes import LONGEST, in_force, safe_cut

SIZE = 320 * 1024
"""Bytes of output for which there is room."""

KEPT = 256 * 1024
"""Bytes of output that are kept at least."""

_STEP = SIZE - KEPT
_SLACK = 8192  # within which a safe place to cut is looked for
_MOST_SIZES = 64

_TOTAL = struct.Struct("<Q")
_CURRENT = _TOTAL.size  # one byte: which of the two records counts
_RECORD = struct.Struct("<QHH")  # start, number of sizes, bytes in force
_SIZE = struct.Struct("<QHH")  # from which byte on, columns, rows
_RECORD_BYTES = _RECORD.size + _MOST_SIZES * _SIZE.size + LONGEST
_RECORDS = 16
_DATA = 16 * 1024
_ALL = _DATA + SIZE

Sizes = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Output that was printed for one size of the terminal."""

    columns: int
    """Its width."""
    rows: int
    """Its height."""
    output: bytes
    """The output."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What a new screen has to be shown to look like the one before."""

    pieces: tuple[Piece, ...]
    """Oldest first; the last one's size is the terminal's present one."""
    whole: bool
    """Whether this is everything; else rows may be missing that a program drew long ago and will not draw again."""

    @property
    def output(self) -> bytes:
        """All of it, whatever size it was printed for."""
        return b"".join(piece.output for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept, beside the output itself."""

    start: int
    """The first byte that is kept, counted from the very beginning."""
    sizes: Sizes
    """From which byte on which size; the first is that of the start."""
    in_force: bytes
    """What was printed before the start and is still in force there."""


class Ring:
    """A ring of the last output over a memfd. One process writes at a time."""

    def __init__(self, descriptor: int) -> None:
        """Map what another process has made.

        Raises:
            LabError: it is not one of ours.
        """
        self.descriptor = descriptor
        """The memfd; owned by this object."""
        if os.fstat(descriptor).st_size != _ALL:
            os.close(descriptor)
            raise LabError("this lab was made by another version of tutor", hint="`tutor reset` ends it")
        self._memory = mmap.mmap(descriptor, _ALL)

    @classmethod
    def create(cls, columns: int = 80, rows: int = 24) -> Ring:
        """A new, empty ring, for a terminal of this size."""
        descriptor = os.memfd_create("terminal-output")
        os.ftruncate(descriptor, _ALL)
        ring = cls(descriptor)
        ring._put(_Kept(0, ((0, columns, rows),), b""))
        return ring

    def write(self, data: bytes) -> None:
        """Append output; at least its last `KEPT` bytes are kept."""
        for at in range(0, len(data), _STEP):
            self._append(data[at : at + _STEP])

    def note_size(self, columns: int, rows: int) -> None:
        """What is written from now on is printed for a terminal of this size."""
        kept, total = self._kept(), self._total()
        if kept.sizes[-1][1:] == (columns, rows):
            return
        # Of sizes that nothing was printed for, and of more than can be noted, the last ones count.
        sizes = tuple(size for size in kept.sizes if size[0] < total)
        sizes = (*sizes, (total, columns, rows))
        self._put(_Kept(kept.start, sizes[:1] + sizes[1:][1 - _MOST_SIZES :], kept.in_force))

    def replay(self) -> Replay:
        """What is kept, ready to be shown."""
        kept, total = self._kept(), self._total()
        output = self._read(kept.start, total)
        pieces: list[Piece] = []
        ends = [size[0] for size in kept.sizes[1:]] + [total]
        for (begin, columns, rows), end in zip(kept.sizes, ends, strict=True):
            part = output[max(0, begin - kept.start) : max(0, end - kept.start)]
            pieces.append(Piece(columns, rows, part if pieces else kept.in_force + part))
        return Replay(tuple(pieces), whole=kept.start == 0)

    def since(self, total: int) -> tuple[bytes, int]:
        """What was written after the first `total` bytes, as far as it is kept; and how many bytes that makes."""
        kept, now = self._kept(), self._total()
        if total < kept.start:
            return kept.in_force + self._read(kept.start, now), now
        return self._read(total, now), now

    def forget(self) -> None:
        """Keep nothing of what was printed but what is in force."""
        replay, kept, total = self.replay(), self._kept(), self._total()
        self._put(_Kept(total, ((total, *kept.sizes[-1][1:]),), in_force(replay.output)))

    def close(self) -> None:
        """Give up this side's hold of the memory."""
        self._memory.close()
        os.close(self.descriptor)

    def _append(self, data: bytes) -> None:
        memory = self._memory
        (total,) = _TOTAL.unpack_from(memory, 0)
        (start,) = _TOTAL.unpack_from(memory, _RECORDS + memory[_CURRENT] * _RECORD_BYTES)
        if total + len(data) - start > SIZE:
            self._cut(self._kept(), total)
        at = total % SIZE
        first = min(len(data), SIZE - at)
        memory[_DATA + at : _DATA + at + first] = data[:first]
        if first < len(data):
            memory[_DATA : _DATA + len(data) - first] = data[first:]
        _TOTAL.pack_into(memory, 0, total + len(data))

    def _cut(self, kept: _Kept, total: int) -> None:
        """Give up the oldest output, and remember what of it is in force."""
        least = total - KEPT - kept.start
        output = self._read(kept.start, min(total, kept.start + least + _SLACK))
        cut = safe_cut(output, least)
        start = kept.start + cut
        older = [size for size in kept.sizes if size[0] <= start]
        sizes = ((start, *older[-1][1:]), *kept.sizes[len(older) :])
        self._put(_Kept(start, sizes, in_force(kept.in_force + output[:cut])))

    def _total(self) -> int:
        (total,) = _TOTAL.unpack_from(self._memory, 0)
        return int(total)

    def _read(self, begin: int, end: int) -> bytes:
        """The output from one byte to another, counted from the very beginning."""
        at, size = begin % SIZE, end - begin
        head = self._memory[_DATA + at : _DATA + min(SIZE, at + size)]
        return head + self._memory[_DATA : _DATA + size - len(head)]

    def _kept(self) -> _Kept:
        at = _RECORDS + self._memory[_CURRENT] * _RECORD_BYTES
        start, count, length = _RECORD.unpack_from(self._memory, at)
        at += _RECORD.size
        sizes = tuple(_SIZE.unpack_from(self._memory, at + number * _SIZE.size) for number in range(count))
        at += _MOST_SIZES * _SIZE.size
        return _Kept(start, sizes, self._memory[at : at + length])

    def _put(self, kept: _Kept) -> None:
        """Write the record that does not count now, and then let it count."""
        other = 1 - self._memory[_CURRENT]
        at = _RECORDS + other * _RECORD_BYTES
        _RECORD.pack_into(self._memory, at, kept.start, len(kept.sizes), len(kept.in_force))
        at += _RECORD.size
        for number, size in enumerate(kept.sizes):
            _SIZE.pack_into(self._memory, at + number * _SIZE.size, *size)
        at += _MOST_SIZES * _SIZE.size
        self._memory[at : at + len(kept.in_force)] = kept.in_force
        self._memory[_CURRENT] = other
