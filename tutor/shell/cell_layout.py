"""Reads whole rows of raw cells at once: a row is one large number, and its parts are taken with shifts and masks.

What a raw cell's bits mean is the library's affair, so it is asked for each of them. Where the answers are not such
that this way will do, no row is read here. Does not know what the number of a style stands for.
"""

from __future__ import annotations

from typing import Final

from tutor.shell.native import ffi, lib

_CELL_BITS, _CELL_BYTES = 64, 8
_ORDER: Final = "little"  # as on every machine that the library is built for

_NUMBERS = {"uint32_t*": lib.GHOSTTY_CELL_DATA_CODEPOINT, "uint16_t*": lib.GHOSTTY_CELL_DATA_STYLE_ID}
_ODDITIES = {
    lib.GHOSTTY_CELL_DATA_CONTENT_TAG: "int*",
    lib.GHOSTTY_CELL_DATA_WIDE: "int*",
    lib.GHOSTTY_CELL_DATA_HAS_HYPERLINK: "bool*",
}


class RowReader:
    """Reads rows of one width."""

    def __init__(self, columns: int) -> None:
        """Find out where the parts of a cell are.

        Args:
            columns: how many cells the rows have.
        """
        self.columns = columns
        """How many cells the rows have."""
        self._size = columns * _CELL_BYTES
        each = ((1 << columns * _CELL_BITS) - 1) // ((1 << _CELL_BITS) - 1)  # a 1 in every cell
        fields = [_field(kind, data) for kind, data in _NUMBERS.items()]
        self._knows = None not in fields
        (self._point, points), (self._style, styles) = (field or (0, 0) for field in fields)
        self._points, self._styles = points * each, styles * each
        self._odd = each * sum(1 << bit for data, kind in _ODDITIES.items() for bit, _ in _bits(kind, data))

    def read(self, cells: ffi.CData) -> tuple[str, list[int]] | None:
        """A row: its text, a character for each cell, and the numbers of their styles.

        None if that is not all: where there are wide or composed characters, links, or cells with only a background.

        Args:
            cells: the first cell of the row.
        """
        row = int.from_bytes(ffi.buffer(cells, self._size), _ORDER)
        if row & self._odd or not self._knows:
            return None
        text = self._halves(row >> self._point & self._points).tobytes().decode("utf-32-le", "replace")
        return text.replace("\0", " "), self._halves(row >> self._style & self._styles).tolist()

    def _halves(self, row: int) -> memoryview:
        """The lower halves of the cells."""
        return memoryview(row.to_bytes(self._size, _ORDER)).cast("I")[::2]


def _bits(kind: str, data: int) -> list[tuple[int, int]]:
    """The bits of a cell that something in it depends on, and what each of them alone makes of it."""
    out = ffi.new(kind)
    found: list[tuple[int, int]] = []
    for bit in range(_CELL_BITS):
        lib.ghostty_cell_get(1 << bit, data, out)
        if out[0]:
            found.append((bit, int(out[0])))
    return found


def _field(kind: str, data: int) -> tuple[int, int] | None:
    """The lowest bit of a number in a cell, and its mask; None if it is not simply some of the cell's bits in a row."""
    bits = _bits(kind, data)
    if not bits or [value for _, value in bits] != [1 << place for place in range(len(bits))]:
        return None
    first, mask = bits[0][0], (1 << len(bits)) - 1
    out = ffi.new(kind)
    lib.ghostty_cell_get(mask << first, data, out)
    together = [bit for bit, _ in bits] == list(range(first, first + len(bits))) and out[0] == mask
    return (first, mask) if together else None
