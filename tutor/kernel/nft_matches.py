"""A comparison in an nftables rule, as a `Match` in nft's words; None where there are no words for it.

Does not know how expressions are encoded, nor what a rule does once it matches.

Source: nft(8).
"""

from __future__ import annotations

from collections.abc import Mapping

from tutor.check import Match
from tutor.kernel.nft_loads import Load
from tutor.kernel.nft_sets import Contents
from tutor.kernel.packet_words import (
    Field,
    Kind,
    find_bits,
    find_network,
    find_range,
    find_value,
    has_bits,
    has_order,
    prefix_length,
)

LinkNames = Mapping[int, str]
"""Names of links by ifindex."""


def match_value(load: Load, data: bytes, negated: bool, links: LinkNames) -> Match | None:
    """`load == data`, or != when negated."""
    field = load.field
    if field is None:
        return None
    if field.kind is Kind.NAME:
        name = _name(load, data)
        return None if name is None else Match(field.name, (name,), negated)
    if len(data) != load.size:
        return None
    number = _number(load, data)
    mask = _number(load, load.mask) if load.mask is not None else None
    if has_bits(field.kind):
        return _match_bits(field, number, mask, negated)
    if field.kind in (Kind.IPV4, Kind.IPV6):
        return _match_address(field, load.size, number, mask, negated)
    if mask is not None and mask != (1 << 8 * load.size) - 1:
        known = field.kind is Kind.MARK
        return Match(field.name, (f"{number:#x}/{mask:#x}",), negated) if known else None
    value = links.get(number) if field.kind is Kind.LINK_INDEX else find_value(field.kind, number)
    return None if value is None else Match(field.name, (value,), negated)


def _match_bits(field: Field, number: int, mask: int | None, negated: bool) -> Match | None:
    """`ct state new` is `state & new != 0`; a tracked packet has one state, so `state == new` says the same."""
    if mask is not None and number == 0:
        words = find_bits(field.kind, mask)
        return None if words is None else Match(field.name, words, not negated)
    if mask is None and field.kind is Kind.CT_STATE:
        word = find_value(field.kind, number)
        return None if word is None else Match(field.name, (word,), negated)
    if field.kind is Kind.TCP_FLAGS:
        wanted = find_bits(field.kind, number)
        asked = find_bits(field.kind, 0xFF if mask is None else mask)
        if wanted is not None and asked is not None:
            return Match(field.name, (f"{','.join(wanted)} / {','.join(asked)}",), negated)
    return None


def _match_address(field: Field, size: int, number: int, mask: int | None, negated: bool) -> Match | None:
    """A prefix is either bytes that were not loaded, or a mask."""
    missing = 8 * (field.size - size)
    prefix = 8 * size if mask is None else prefix_length(mask, 8 * size)
    if prefix is None or (mask is not None and number & ~mask):
        return None
    network = find_network(field.kind, number << missing, prefix)
    return None if network is None else Match(field.name, (network,), negated)


def bounds(load: Load, first: bytes | None, last: bytes | None) -> tuple[int, int] | None:
    """The range from `first` to `last` (None: from the least, to the greatest), where the field has an order."""
    whole = load.field is not None and load.mask is None and load.size == load.field.size and has_order(load.field.kind)
    if not whole or any(data is not None and len(data) != load.size for data in (first, last)):
        return None
    if not load.big_endian and load.size > 1:
        return None  # such values are compared byte by byte, which is not their order
    low = 0 if first is None else _number(load, first)
    high = (1 << 8 * load.size) - 1 if last is None else _number(load, last)
    return low, high


def match_range(load: Load, low: int, high: int, negated: bool) -> Match | None:
    """`load` lies between `low` and `high`, both included."""
    if load.field is None:
        return None
    values = find_range(load.field.kind, low, high)
    return None if values is None else Match(load.field.name, values, negated)


def match_set(load: Load, contents: Contents, negated: bool, links: LinkNames) -> Match | None:
    """`load` is one of a set."""
    field = load.field
    if field is None or load.mask is not None or load.size != field.size or not contents.certain:
        return None
    if contents.key_size != load.size:
        return None  # the set's key is a concatenation of several fields
    values: list[str] = []
    for first, last in contents.intervals:
        words = _words_of_interval(load, field, first, last, links)
        if words is None:
            return None
        values += words
    return Match(field.name, tuple(values), negated)


def _words_of_interval(load: Load, field: Field, first: bytes, last: bytes, links: LinkNames) -> tuple[str, ...] | None:
    if field.kind is Kind.NAME:
        start = first.rstrip(b"\0")
        if first == last:
            return (start.decode(errors="replace"),)
        wild = start + b"\xff" * (field.size - len(start)) == last
        return (start.decode(errors="replace") + "*",) if wild else None
    if field.kind is Kind.LINK_INDEX:
        name = links.get(_number(load, first)) if first == last else None
        return None if name is None else (name,)
    if first != last and not load.big_endian and load.size > 1:
        return None
    return find_range(field.kind, _number(load, first), _number(load, last))


def _name(load: Load, data: bytes) -> str | None:
    """A name; one that is compared without the zero at its end is a wildcard."""
    if load.mask is not None or not data:
        return None
    name, zero, _ = data.partition(b"\0")
    return name.decode(errors="replace") + ("" if zero else "*")


def _number(load: Load, data: bytes) -> int:
    return int.from_bytes(data, "big" if load.big_endian else "little")
