"""The expressions of an nftables rule, read one after the other like the kernel runs them, into a `FirewallRule`.

Registers hold what was loaded; a comparison of a register becomes a `Match`. Whatever has no words here ends in
`not_understood`. Does not know how rules are fetched, nor the fields of packets.

Source: linux/netfilter/nf_tables.h; `nft --debug=netlink list ruleset` prints what is read here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address

from tutor.check import FirewallRule, Match
from tutor.kernel.netlink import parse_attributes
from tutor.kernel.nft_loads import Load, load_ct, load_fib, load_meta, load_payload
from tutor.kernel.nft_matches import bounds, match_range, match_set, match_value
from tutor.kernel.nft_reading import IPV4, Context, Reading, register_of, u32
from tutor.kernel.packet_words import ports
from tutor.kernel.xtables import parse_xt_match, parse_xt_target

Attributes = dict[int, bytes]

_VERDICT_REGISTER = 0
_VERDICTS = {0: "drop", 1: "accept", -1: "continue", -5: "return"}
_JUMPS = {-3: "jump", -4: "goto"}
_EQ, _NEQ, _LT, _LTE, _GT, _GTE = range(6)
_DATA_VALUE, _DATA_VERDICT = 1, 2
_UNITS = {1: "second", 60: "minute", 3600: "hour", 86400: "day", 604800: "week"}
_OBJECT_COUNTER = 1
_NAT_RANGE_NETMAP = 0x40
_WITHOUT_EFFECT = frozenset({"log"})


def parse_rule(
    expressions: Sequence[tuple[str, Attributes]], context: Context, handle: int = 0, xt_protocol: int | None = None
) -> FirewallRule:
    """Read a rule.

    Args:
        expressions: name (`cmp`) and attributes (NFTA_CMP_*) of each, in order.
        context: what the rule refers to.
        handle: NFTA_RULE_HANDLE.
        xt_protocol: the protocol that iptables-nft wrote into NFTA_RULE_COMPAT.
    """
    reading = Reading(context, xt_protocol)
    for name, attributes in expressions:
        _take(reading, name, attributes)
    rule = reading.rule
    if not rule.action:
        rule = replace(rule, action="unknown" if reading.strange else "continue")
    return replace(rule, matches=tuple(reading.matches), not_understood=tuple(reading.not_understood), handle=handle)


def _take(reading: Reading, name: str, found: Attributes) -> None:
    """Read the next expression."""
    handle = _HANDLERS.get(name)
    if handle is None:
        if name not in _WITHOUT_EFFECT:
            reading.give_up(name, strange=True)
        return
    try:
        handle(reading, found)
    except (KeyError, struct.error, ValueError):
        reading.give_up(name, strange=True)


def _data(attribute: bytes) -> bytes:
    return parse_attributes(attribute)[_DATA_VALUE]


def _text(attribute: bytes) -> str:
    return attribute.rstrip(b"\0").decode(errors="replace")


def _take_meta(reading: Reading, found: Attributes) -> None:
    destination, key, source = found.get(1), u32(found[2]), found.get(3)
    load = load_meta(key)
    if source is not None or destination is None:
        reading.give_up(f"{load.text} set", strange=True)
        return
    reading.registers[register_of(destination)] = load


def _take_ct(reading: Reading, found: Attributes) -> None:
    destination, key, source = found.get(1), u32(found[2]), found.get(4)
    load = load_ct(key, 3 in found)
    if source is not None or destination is None:
        reading.give_up(f"{load.text} set", strange=True)
        return
    reading.registers[register_of(destination)] = load


def _take_payload(reading: Reading, found: Attributes) -> None:
    load = load_payload(u32(found[2]), u32(found[3]), u32(found[4]), reading.network, reading.transport)
    if 1 not in found:
        reading.give_up(f"{load.text} set", strange=True)
        return
    reading.registers[register_of(found[1])] = load


def _take_fib(reading: Reading, found: Attributes) -> None:
    reading.registers[register_of(found[1])] = load_fib(u32(found[2]), u32(found[3]))


def _take_bitwise(reading: Reading, found: Attributes) -> None:
    load = reading.loaded(found[1])
    operation = u32(found[6]) if 6 in found else 0
    plain = operation == 0 and 4 in found and not any(_data(found[5]))
    known = load is not None and load.mask is None and plain
    text = load.text if load is not None else "register"
    if load is None or not known:
        reading.registers[register_of(found[2])] = Load(f"{text} (computed)", None, 0)
        return
    mask = _data(found[4])
    reading.registers[register_of(found[2])] = replace(load, mask=mask, text=f"{text} & 0x{mask.hex()}")


def _take_byteorder(reading: Reading, found: Attributes) -> None:
    load = reading.loaded(found[1])
    if load is None or load.mask is not None or u32(found[4]) != u32(found[5]):
        reading.registers[register_of(found[2])] = Load("register (swapped)", None, 0)
        return
    reading.registers[register_of(found[2])] = replace(load, big_endian=True)


def _take_immediate(reading: Reading, found: Attributes) -> None:
    nested = parse_attributes(found[2])
    if register_of(found[1]) != _VERDICT_REGISTER:
        reading.registers[register_of(found[1])] = nested[_DATA_VALUE]
        return
    verdict = parse_attributes(nested[_DATA_VERDICT])
    code = int(struct.unpack(">i", verdict[1])[0])
    if code in _JUMPS:
        reading.set_action(_JUMPS[code], _text(verdict[2]))
    elif code in _VERDICTS:
        reading.set_action(_VERDICTS[code])
    else:
        reading.give_up(f"verdict {code}", strange=True)


def _take_cmp(reading: Reading, found: Attributes) -> None:
    load, operation, data = reading.loaded(found[1]), u32(found[2]), _data(found[3])
    if load is None:
        reading.give_up("cmp of a constant")
        return
    if operation in (_EQ, _NEQ):
        negated = operation == _NEQ
        reading.add(match_value(load, data, negated, reading.context.links), _compared(load, operation, data))
        if not negated:
            reading.learn(load, data)
        return
    _compare_order(reading, load, operation, data)


def _compared(load: Load, operation: int, data: bytes) -> str:
    return f"{load.text} {('==', '!=', '<', '<=', '>', '>=')[operation]} 0x{data.hex()}"


def _compare_order(reading: Reading, load: Load, operation: int, data: bytes) -> None:
    """One bound of a range; nft writes `a-b` as >= a and <= b of the same register."""
    lower = operation in (_GT, _GTE)
    found = bounds(load, data if lower else None, None if lower else data)
    before = reading.half_range
    if found is None:
        reading.add(None, _compared(load, operation, data))
        return
    low, high = found[0] + (operation == _GT), found[1] - (operation == _LT)
    if before is not None and before[0] is load:
        low, high = max(low, before[1]), min(high, before[2])
        reading.matches.pop()
    match = match_range(load, low, high, negated=False)
    reading.add(match, _compared(load, operation, data))
    if match is not None:
        reading.half_range = (load, low, high)


def _take_range(reading: Reading, found: Attributes) -> None:
    load, negated = reading.loaded(found[1]), u32(found[2]) == _NEQ
    first, last = _data(found[3]), _data(found[4])
    text = load.text if load is not None else "register"
    limits = bounds(load, first, last) if load is not None else None
    match = match_range(load, *limits, negated) if load is not None and limits is not None else None
    reading.add(match, f"{text} {'!=' if negated else '=='} 0x{first.hex()}-0x{last.hex()}")


def _take_lookup(reading: Reading, found: Attributes) -> None:
    name = _text(found[1])
    load = reading.loaded(found[2])
    if 3 in found:  # a map: what it gives depends on the packet
        if register_of(found[3]) == _VERDICT_REGISTER:
            reading.give_up(f"{load.text if load else 'register'} vmap @{name}", strange=True)
        else:
            reading.registers[register_of(found[3])] = Load(f"map @{name}", None, 0)
        return
    negated = bool(5 in found and u32(found[5]) & 1)
    contents = reading.context.sets.get(name)
    known = load is not None and contents is not None
    match = match_set(load, contents, negated, reading.context.links) if known and load and contents else None
    reading.add(match, f"{load.text if load else 'register'} {'!=' if negated else '=='} @{name}")


def _take_counter(reading: Reading, found: Attributes) -> None:
    reading.rule = replace(reading.rule, packets=int(struct.unpack(">Q", found[2])[0]))


def _take_limit(reading: Reading, found: Attributes) -> None:
    rate, unit = (struct.unpack(">Q", found[kind])[0] for kind in (1, 2))
    of_bytes = 4 in found and u32(found[4]) == 1
    over = 5 in found and bool(u32(found[5]) & 1)
    per = _UNITS.get(unit, f"{unit}s")
    reading.add(Match("limit rate", (f"{rate}{' bytes' if of_bytes else ''}/{per}",), over), "limit")


def _take_reject(reading: Reading, _found: Attributes) -> None:
    reading.set_action("reject")


def _take_masquerade(reading: Reading, found: Attributes) -> None:
    reading.set_action("masquerade", _port_target(reading, found.get(2), found.get(3)))


def _take_redirect(reading: Reading, found: Attributes) -> None:
    reading.set_action("redirect", _port_target(reading, found.get(1), found.get(2)))


def _port_target(reading: Reading, first: bytes | None, last: bytes | None) -> str:
    if first is None:
        return ""
    low, high = reading.constant(first), reading.constant(last or first)
    if low is None or high is None:
        reading.give_up("port from a map")
        return ""
    # A port lies in the first two bytes of its register, whatever the register's size.
    return ":" + ports(int.from_bytes(low[:2], "big"), int.from_bytes(high[:2], "big"))


def _take_nat(reading: Reading, found: Attributes) -> None:
    action = {0: "snat", 1: "dnat"}[u32(found[1])]
    target = ""
    if 3 in found:
        low, high = reading.constant(found[3]), reading.constant(found.get(4, found[3]))
        if low is None or high is None or (7 in found and u32(found[7]) & _NAT_RANGE_NETMAP):
            reading.give_up(f"{action} address from a map")
        else:
            size = 4 if u32(found[2]) == IPV4 else 16
            first, last = ip_address(low[:size]), ip_address(high[:size])
            target = str(first) if first == last else f"{first}-{last}"
    behind = _port_target(reading, found.get(5), found.get(6))
    if behind and ":" in target:
        target = f"[{target}]"
    reading.set_action(action, target + behind)


def _take_object(reading: Reading, found: Attributes) -> None:
    if 1 not in found or u32(found[1]) != _OBJECT_COUNTER:
        reading.give_up("objref", strange=True)


def _take_xt_match(reading: Reading, found: Attributes) -> None:
    name, revision = _text(found[1]), u32(found[2])
    matches = parse_xt_match(name, revision, found[3], reading.transport)
    if matches is None:
        reading.give_up(f"match {name}")
        return
    reading.half_range = None
    reading.matches += matches


def _take_xt_target(reading: Reading, found: Attributes) -> None:
    name, revision = _text(found[1]), u32(found[2])
    parsed = parse_xt_target(name, revision, found[3])
    if parsed is None:
        reading.give_up(f"target {name}", strange=True)
        return
    reading.set_action(*parsed)


_HANDLERS: Mapping[str, Callable[[Reading, Attributes], None]] = {
    "bitwise": _take_bitwise,
    "byteorder": _take_byteorder,
    "cmp": _take_cmp,
    "counter": _take_counter,
    "ct": _take_ct,
    "fib": _take_fib,
    "immediate": _take_immediate,
    "limit": _take_limit,
    "lookup": _take_lookup,
    "masq": _take_masquerade,
    "match": _take_xt_match,
    "meta": _take_meta,
    "nat": _take_nat,
    "objref": _take_object,
    "payload": _take_payload,
    "range": _take_range,
    "redir": _take_redirect,
    "reject": _take_reject,
    "target": _take_xt_target,
}
