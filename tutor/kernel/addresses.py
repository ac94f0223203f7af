"""Addresses of links and policy rules as rtnetlink tells of them, decoded with pyroute2.

A namespace has few of either. Does not know the links' names.

Source: rtnetlink(7), linux/if_addr.h, linux/fib_rules.h.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import (
    IPv4Interface,
    IPv4Network,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Any

from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from tutor.check import Address, PolicyRule
from tutor.kernel.netlink import Message, RequestSocket
from tutor.kernel.routes import name_of_scope

_RTM_GETADDR, _RTM_GETRULE = 22, 34
_AF_INET, _AF_INET6 = 2, 10
_FIB_RULE_INVERT = 0x2
_FR_ACT_TO_TBL = 1
_ACTIONS = {1: "to_tbl", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_SELECTORS_WITHOUT_WORDS = frozenset(
    f"FRA_{name}" for name in ("TUN_ID", "L3MDEV", "UID_RANGE", "IP_PROTO", "SPORT_RANGE", "DPORT_RANGE")
)

_interface = lru_cache(1024)(ip_interface)
_address = lru_cache(1024)(ip_address)
_network = lru_cache(1024)(ip_network)


def read_addresses(socket: RequestSocket) -> tuple[Address, ...]:
    """All addresses, IPv4 and IPv6, in the kernel's order."""
    return tuple(
        parse_address(message)
        for message in socket.dump(_RTM_GETADDR, bytes(8))
        if message.data[message.start + 16] in (_AF_INET, _AF_INET6)
    )


def parse_address(message: Message) -> Address:
    """An address, from RTM_NEWADDR."""
    decoded = ifaddrmsg(message.data, offset=message.start)
    decoded.decode()
    attributes = {slot[0]: slot[1] for slot in decoded["attrs"] if slot[0] in ("IFA_LOCAL", "IFA_ADDRESS")}
    # IFA_ADDRESS is the other end where there is one; then IFA_LOCAL is our own. IPv6 has IFA_LOCAL only then.
    other = attributes.get("IFA_ADDRESS", attributes.get("IFA_LOCAL"))
    own = attributes.get("IFA_LOCAL", other)
    interface: IPv4Interface | IPv6Interface = _interface(f"{own}/{decoded['prefixlen']}")
    return Address(
        link=int(decoded["index"]),
        interface=interface,
        scope=name_of_scope(int(decoded["scope"])),
        peer=None if own == other else _address(str(other)),
    )


def read_rules(socket: RequestSocket) -> tuple[PolicyRule, ...]:
    """The policy rules of IPv4, by priority: `PolicyRule` has no family, those of IPv6 would look the same."""
    rules = [parse_rule(message) for message in socket.dump(_RTM_GETRULE, bytes((_AF_INET, *bytes(11))))]
    return tuple(sorted(rules, key=lambda rule: rule.priority))


def parse_rule(message: Message) -> PolicyRule:
    """A policy rule, from RTM_NEWRULE; its action is `unknown` when it has a selector that there is no word for."""
    decoded = fibmsg(message.data, offset=message.start)
    decoded.decode()
    attributes: dict[str, Any] = {slot[0]: slot[1] for slot in decoded["attrs"]}
    mark = int(attributes.get("FRA_FWMARK", 0))
    understood = (
        not decoded["flags"] & _FIB_RULE_INVERT
        and not decoded["tos"]
        and not _SELECTORS_WITHOUT_WORDS & attributes.keys()
        and (not mark or attributes.get("FRA_FWMASK", 0xFFFFFFFF) == 0xFFFFFFFF)
    )
    number = int(decoded["action"])
    return PolicyRule(
        priority=int(attributes.get("FRA_PRIORITY", 0)),
        table=int(attributes.get("FRA_TABLE", decoded["table"])) if number == _FR_ACT_TO_TBL and understood else 0,
        action=_ACTIONS.get(number, "unknown") if understood else "unknown",
        src=_selector(attributes.get("FRA_SRC"), decoded["src_len"]),
        dst=_selector(attributes.get("FRA_DST"), decoded["dst_len"]),
        iif=str(attributes.get("FRA_IIFNAME", "")),
        oif=str(attributes.get("FRA_OIFNAME", "")),
        mark=mark,
    )


def _selector(address: str | None, length: int) -> IPv4Network | IPv6Network | None:
    return None if address is None else _network(f"{address}/{length}")
