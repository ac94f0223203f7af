"""nftables over nfnetlink: tables, chains, rules and the sets that rules look up, fetched and put together as `Chain`s.

iptables-nft writes into the same tables. Does not know what expressions mean.

Source: linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping
from typing import NamedTuple

from tutor.check import Chain, FirewallRule
from tutor.kernel.netlink import (
    HEADER_SIZE,
    Message,
    RequestSocket,
    iterate_attributes,
    pack_attribute,
    parse_attributes,
)
from tutor.kernel.nft_expressions import Attributes, parse_rule
from tutor.kernel.nft_matches import LinkNames
from tutor.kernel.nft_reading import Context
from tutor.kernel.nft_sets import Contents, Element, parse_elements, parse_set

_SUBSYSTEM = 10 << 8
_GETTABLE, _GETCHAIN, _GETRULE, _GETSET, _GETSETELEM = (_SUBSYSTEM | number for number in (1, 4, 7, 10, 13))
_NFGENMSG_SIZE = 4
_TABLE_DORMANT = 0x1
_COMPAT_INVERTED = 0x2
_ABSENT = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT})
"""How a kernel without the subsystem answers."""

_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_HOOKS = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
_HOOKS_OF = {3: ("input", "output", "forward"), 5: ("ingress", "egress")}
_POLICIES = {0: "drop", 1: "accept"}

Expressions = tuple[tuple[str, Attributes], ...]


class TableKey(NamedTuple):
    """Which table."""

    family: int
    """NFPROTO_*."""
    name: str
    """Its name."""


class RawRule(NamedTuple):
    """A rule with its expressions."""

    table: TableKey
    """Its table."""
    chain: str
    """Its chain."""
    handle: int
    """The kernel's number."""
    expressions: Expressions
    """Name and attributes of each."""
    xt_protocol: int | None
    """The protocol that iptables-nft meant it for."""


def read_chains(socket: RequestSocket, links: LinkNames) -> tuple[Chain, ...]:
    """All chains of all tables that are not dormant, in the kernel's order, with their rules.

    Args:
        socket: NETLINK_NETFILTER.
        links: names of links by ifindex.

    Raises:
        OSError: with the kernel's error number.
    """
    try:
        tables = [_parse_table(message) for message in _dump(socket, _GETTABLE)]
    except OSError as error:
        if error.errno in _ABSENT:
            return ()
        raise
    active = {key for key, dormant in tables if not dormant}
    if not active:
        return ()
    chains = [chain for message in _dump(socket, _GETCHAIN) if (chain := parse_chain(message))[0] in active]
    rules = [rule for message in _dump(socket, _GETRULE) if (rule := parse_raw_rule(message)).table in active]
    sets = _read_sets(socket, rules)
    by_chain: dict[tuple[TableKey, str], list[FirewallRule]] = {}
    for raw in rules:
        context = Context(raw.table.family, links, sets.get(raw.table, {}))
        understood = parse_rule(raw.expressions, context, raw.handle, raw.xt_protocol)
        by_chain.setdefault((raw.table, raw.chain), []).append(understood)
    return tuple(
        Chain(_FAMILIES.get(key.family, str(key.family)), key.name, name, tuple(by_chain.get((key, name), ())), *base)
        for key, name, base in chains
    )


def _dump(socket: RequestSocket, kind: int, family: int = 0, attributes: bytes = b"") -> list[Message]:
    return socket.dump(kind, bytes((family, 0, 0, 0)) + attributes)


def _family(message: Message) -> int:
    return message.data[message.start + HEADER_SIZE]


def _text(attribute: bytes) -> str:
    return attribute.rstrip(b"\0").decode(errors="replace")


def _u32(attribute: bytes | None) -> int:
    return 0 if attribute is None else int(struct.unpack(">I", attribute)[0])


def _parse_table(message: Message) -> tuple[TableKey, bool]:
    found = message.attributes(_NFGENMSG_SIZE)
    return TableKey(_family(message), _text(found[1])), bool(_u32(found.get(2)) & _TABLE_DORMANT)


def parse_chain(message: Message) -> tuple[TableKey, str, tuple[str, str, int, str]]:
    """Table and name of a chain; hook, kind, priority and policy (NFTA_CHAIN_*)."""
    found = message.attributes(_NFGENMSG_SIZE)
    family = _family(message)
    key, name = TableKey(family, _text(found[1])), _text(found[3])
    if 4 not in found:
        return key, name, ("", "", 0, "")
    hook = parse_attributes(found[4])
    number = _u32(hook.get(1))
    hooks = _HOOKS_OF.get(family, _HOOKS)
    priority = int(struct.unpack(">i", hook[2])[0])
    policy = _POLICIES.get(_u32(found.get(5)), "") if 5 in found else "accept"
    return key, name, (hooks[number] if number < len(hooks) else str(number), _text(found[7]), priority, policy)


def parse_raw_rule(message: Message) -> RawRule:
    """A rule, from NFT_MSG_NEWRULE (NFTA_RULE_*)."""
    found = message.attributes(_NFGENMSG_SIZE)
    compat = parse_attributes(found.get(5, b""))
    protocol = None if _u32(compat.get(2)) & _COMPAT_INVERTED else _u32(compat.get(1)) or None
    return RawRule(
        TableKey(_family(message), _text(found[1])),
        _text(found[2]),
        int(struct.unpack(">Q", found[3])[0]),
        tuple(_parse_expression(nested) for _, nested in iterate_attributes(found.get(4, b""))),
        protocol,
    )


def _parse_expression(data: bytes) -> tuple[str, Attributes]:
    found = parse_attributes(data)
    return _text(found[1]), parse_attributes(found.get(2, b""))


def _read_sets(socket: RequestSocket, rules: list[RawRule]) -> Mapping[TableKey, Mapping[str, Contents]]:
    wanted = {
        (rule.table, _text(attributes[1]))
        for rule in rules
        for name, attributes in rule.expressions
        if name == "lookup" and 1 in attributes
    }
    sets: dict[TableKey, dict[str, Contents]] = {}
    for message in _dump(socket, _GETSET) if wanted else ():
        found = message.attributes(_NFGENMSG_SIZE)
        key, name = TableKey(_family(message), _text(found[1])), _text(found[2])
        if (key, name) in wanted:
            contents = parse_set(_u32(found.get(3)), _u32(found.get(5)), _read_elements(socket, key, name))
            sets.setdefault(key, {})[name] = contents
    return sets


def _read_elements(socket: RequestSocket, key: TableKey, name: str) -> list[Element]:
    asked = pack_attribute(1, key.name.encode() + b"\0") + pack_attribute(2, name.encode() + b"\0")
    try:
        messages = _dump(socket, _GETSETELEM, key.family, asked)
    except FileNotFoundError:
        return []  # deleted since we saw it: the event that tells so has the rules read again
    return [
        element
        for message in messages
        for kind, data in iterate_attributes(message.data, message.start + HEADER_SIZE + _NFGENMSG_SIZE, message.end)
        if kind == 3
        for element in parse_elements(data)
    ]
