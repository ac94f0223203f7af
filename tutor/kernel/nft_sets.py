"""What is in the sets that nftables rules look up, from their elements (intervals among them).

Does not know what the keys mean.

Source: linux/netfilter/nf_tables.h (NFTA_SET_*, NFTA_SET_ELEM_*).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from tutor.kernel.netlink import iterate_attributes, parse_attributes

_NFT_SET_INTERVAL, _NFT_SET_MAP, _NFT_SET_TIMEOUT, _NFT_SET_EVAL = 0x4, 0x8, 0x10, 0x20
_INTERVAL_END, _CATCHALL = 0x1, 0x2
_SET_ELEM_KEY, _SET_ELEM_FLAGS, _SET_ELEM_KEY_END = 1, 3, 10
_DATA_VALUE = 1


@dataclass(frozen=True, slots=True)
class Element:
    """An element as the kernel keeps it."""

    key: bytes
    """Its key, or the first one of an interval."""
    ends: bool = False
    """Whether it is no key but the end of the interval before it."""
    last: bytes | None = None
    """Last key of an interval that has one (sets of concatenations)."""
    catchall: bool = False
    """Whether it stands for every other key."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a set holds."""

    key_size: int
    """Bytes of a key."""
    intervals: tuple[tuple[bytes, bytes], ...] = ()
    """First and last key of each interval; the same twice for a single key."""
    certain: bool = True
    """False where packets or time change it (no event tells), or where something in it is not understood."""


def parse_set(flags: int, key_size: int, elements: Iterable[Element]) -> Contents:
    """Say what a set holds.

    Args:
        flags: NFTA_SET_FLAGS.
        key_size: NFTA_SET_KEY_LEN.
        elements: in any order.
    """
    found = list(elements)
    strange = any(element.catchall or element.last is not None or len(element.key) != key_size for element in found)
    if strange or flags & (_NFT_SET_MAP | _NFT_SET_TIMEOUT | _NFT_SET_EVAL):
        return Contents(key_size, certain=False)
    if not flags & _NFT_SET_INTERVAL:
        return Contents(key_size, tuple((element.key, element.key) for element in sorted(found, key=lambda e: e.key)))
    return Contents(key_size, tuple(_intervals(found, key_size)))


def _intervals(elements: list[Element], size: int) -> Iterable[tuple[bytes, bytes]]:
    opened: bytes | None = None
    # Where one interval ends and the next begins at the same key, the end counts first.
    for element in sorted(elements, key=lambda element: (element.key, not element.ends)):
        if opened is not None:
            yield opened, (int.from_bytes(element.key, "big") - 1).to_bytes(size, "big")
        opened = None if element.ends else element.key
    if opened is not None:
        yield opened, b"\xff" * size


def parse_elements(attribute: bytes) -> Iterable[Element]:
    """The elements in NFTA_SET_ELEM_LIST_ELEMENTS."""
    for _, nested in iterate_attributes(attribute):
        found = parse_attributes(nested)
        flags = struct.unpack(">I", found[_SET_ELEM_FLAGS])[0] if _SET_ELEM_FLAGS in found else 0
        key_end = found.get(_SET_ELEM_KEY_END)
        yield Element(
            key=_value(found.get(_SET_ELEM_KEY, b"")),
            ends=bool(flags & _INTERVAL_END),
            last=None if key_end is None else _value(key_end),
            catchall=bool(flags & _CATCHALL),
        )


def _value(data: bytes) -> bytes:
    return parse_attributes(data).get(_DATA_VALUE, b"")
