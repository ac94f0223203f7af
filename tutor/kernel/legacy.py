"""What `iptables-legacy-save` prints, as the same `Chain`s that nftables gives.

Options without words here end in `not_understood`, with their arguments. Does not know how the text was got;
iptables-legacy tells nobody when it changes something, so it has to be asked.

Source: iptables-save(8), iptables-extensions(8).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from tutor.check import Chain, FirewallRule, Match
from tutor.kernel.packet_words import PROTOCOLS, Kind, find_value

_HOOKS = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}
# NF_IP_PRI_* (linux/netfilter_ipv4.h): where nft would put a chain of that table.
_PRIORITIES = {"raw": -300, "mangle": -150, "filter": 0, "security": 50}
_NAT_PRIORITIES = {"PREROUTING": -100, "OUTPUT": -100, "INPUT": 100, "POSTROUTING": 100}
_CHAIN = re.compile(r":(\S+) (\S+)(?: \[\d+:\d+\])?$")
_COUNTED = re.compile(r"\[(\d+):\d+\] ")

_ACTIONS = {
    "ACCEPT": "accept",
    "DROP": "drop",
    "REJECT": "reject",
    "RETURN": "return",
    "MASQUERADE": "masquerade",
    "SNAT": "snat",
    "DNAT": "dnat",
    "REDIRECT": "redirect",
    "LOG": "continue",
    "NFLOG": "continue",
}
_NOT_CHAINS = frozenset(
    {
        *("AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNMARK", "CONNSECMARK", "CT", "DSCP", "ECN", "HL", "HMARK"),
        *("IDLETIMER", "LED", "MARK", "NETMAP", "NFQUEUE", "NOTRACK", "QUEUE", "RATEEST", "SECMARK", "SET", "SYNPROXY"),
        *("TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "TTL", "ULOG"),
    }
)


@dataclass(slots=True)
class _Base:
    """A chain while its rules come in."""

    table: str
    """Its table."""
    name: str
    """Its name."""
    policy: str
    """As it is printed: `-` for one that must be jumped to."""
    rules: list[FirewallRule] = field(default_factory=list)
    """So far."""


def parse_legacy_rules(text: str) -> tuple[Chain, ...]:
    r"""The chains of all tables, in the order printed.

    >>> [chain] = parse_legacy_rules("*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT")
    >>> chain.hook, chain.rules[0].action, chain.rules[0].matches[0].field
    ('postrouting', 'masquerade', 'oifname')
    """
    table = ""
    chains: dict[tuple[str, str], _Base] = {}
    for line in map(str.strip, text.splitlines()):
        if line.startswith("*"):
            table = line[1:]
        elif declared := _CHAIN.match(line):
            name, policy = declared[1], declared[2]
            chains[table, name] = _Base(table, name, policy)
        else:
            counted = _COUNTED.match(line)
            rest = line[counted.end() :] if counted else line
            if rest.startswith("-A "):
                name, rule = parse_legacy_rule(rest, int(counted[1]) if counted else None)
                chains.setdefault((table, name), _Base(table, name, "-")).rules.append(rule)
    return tuple(_finish(chain) for chain in chains.values())


def _finish(chain: _Base) -> Chain:
    hook = _HOOKS.get(chain.name, "") if chain.policy != "-" else ""
    if not hook:
        return Chain("ip", chain.table, chain.name, tuple(chain.rules), origin="legacy")
    nat = chain.table == "nat"
    reroutes = chain.table == "mangle" and hook == "output"
    return Chain(
        family="ip",
        table=chain.table,
        name=chain.name,
        rules=tuple(chain.rules),
        hook=hook,
        kind="nat" if nat else "route" if reroutes else "filter",
        priority=_NAT_PRIORITIES.get(chain.name, 0) if nat else _PRIORITIES.get(chain.table, 0),
        policy=chain.policy.lower(),
        origin="legacy",
    )


def parse_legacy_rule(line: str, packets: int | None = None) -> tuple[str, FirewallRule]:
    """The chain that a line `-A CHAIN ...` belongs to, and its rule."""
    try:
        words = shlex.split(line)
    except ValueError:
        return line.split()[1], FirewallRule("unknown", not_understood=(line,), packets=packets)
    reading = _Line(words[2:])
    while reading.words:
        reading.take()
    target = reading.target
    if reading.action in ("masquerade", "redirect") and target:
        target = f":{target}"
    rule = FirewallRule(reading.action, target, tuple(reading.matches), tuple(reading.not_understood), packets=packets)
    return words[1], rule


@dataclass(slots=True)
class _Line:
    """A rule's options, and what was made of those before them."""

    words: list[str]
    """Still to be read."""
    action: str = "continue"
    """What the rule does."""
    target: str = ""
    """Where to."""
    protocol: str = ""
    """As `-p` gave it, for the fields that bear its name."""
    matches: list[Match] = field(default_factory=list)
    """Understood conditions."""
    not_understood: list[str] = field(default_factory=list)
    """The others."""

    def take(self) -> None:
        """Read the next option with its arguments."""
        start = list(self.words)
        negated = self.words[0] == "!"
        if negated:
            self.words.pop(0)
        option = self.words.pop(0) if self.words else ""
        try:
            known = self._take_option(option, negated)
        except (IndexError, ValueError):
            known = False
        if not known:
            self._skip_arguments()
            self.not_understood.append(" ".join(start[: len(start) - len(self.words)]))

    def _take_option(self, option: str, negated: bool) -> bool:
        if option in _IGNORED:
            del self.words[: _IGNORED[option]]
            return not negated
        if option in ("-j", "-g"):
            return self._take_target(self.words.pop(0), goto=option == "-g")
        if option in ("--to-source", "--to-destination", "--to-ports"):
            self.target = _ports(self.words.pop(0)) if option == "--to-ports" else self.words.pop(0)
            return True
        if option in ("-p", "--protocol"):
            self.protocol = "" if negated else self.words[0]
        read = _MATCHES.get(option)
        if read is None:
            return False
        match = read(self.words[0], self.protocol, negated)
        if match is None:
            return False
        self.words.pop(0)
        self.matches.append(match)
        return True

    def _take_target(self, name: str, *, goto: bool) -> bool:
        if goto:
            self.action, self.target = "goto", name
        elif name in _ACTIONS:
            self.action = _ACTIONS[name]
        elif name in _NOT_CHAINS:
            self.action = "unknown"
            return False
        else:
            self.action, self.target = "jump", name
        return True

    def _skip_arguments(self) -> None:
        while self.words and self.words[0] != "!" and not self.words[0].startswith("-"):
            self.words.pop(0)


# Options that say how, not whether; and how many arguments they take. `-m NAME` itself asks for nothing.
_IGNORED: Mapping[str, int] = {
    "-m": 1,
    "--match": 1,
    "--comment": 1,
    "--reject-with": 1,
    "--limit-burst": 1,
    "--random": 0,
    "--persistent": 0,
    "--random-fully": 0,
    "--log-prefix": 1,
    "--log-level": 1,
    "--log-tcp-sequence": 0,
    "--log-tcp-options": 0,
    "--log-ip-options": 0,
    "--log-uid": 0,
    "--nflog-group": 1,
    "--nflog-prefix": 1,
    "--nflog-threshold": 1,
}

_ReadMatch = Callable[[str, str, bool], Match | None]


def _ports(text: str) -> str:
    return text.replace(":", "-")


def _address(name: str) -> _ReadMatch:
    def read(value: str, _protocol: str, negated: bool) -> Match | None:
        network = ip_network(value)  # a mask with holes is a ValueError
        single = network.prefixlen == network.max_prefixlen
        return Match(name, (str(network.network_address if single else network),), negated)

    return read


def _link(name: str) -> _ReadMatch:
    def read(value: str, _protocol: str, negated: bool) -> Match | None:
        return Match(name, (value[:-1] + "*" if value.endswith("+") else value,), negated)

    return read


def _port(side: str) -> _ReadMatch:
    def read(value: str, protocol: str, negated: bool) -> Match | None:
        return Match(f"{protocol or 'th'} {side}", tuple(map(_ports, value.split(","))), negated)

    return read


def _lower(name: str) -> _ReadMatch:
    def read(value: str, _protocol: str, negated: bool) -> Match | None:
        return Match(name, tuple(value.lower().split(",")), negated)

    return read


def _read_protocol(value: str, _protocol: str, negated: bool) -> Match | None:
    return Match("meta l4proto", (PROTOCOLS.get(int(value), value) if value.isdigit() else value,), negated)


def _read_mark(value: str, _protocol: str, negated: bool) -> Match | None:
    number, _, mask = value.partition("/")
    masked = f"/{int(mask, 0):#x}" if mask and int(mask, 0) != 0xFFFFFFFF else ""
    return Match("meta mark", (f"{int(number, 0):#x}{masked}",), negated)


def _read_icmp_type(value: str, _protocol: str, negated: bool) -> Match | None:
    if not value.isdigit():
        return None
    return Match("icmp type", (str(find_value(Kind.ICMP_TYPE, int(value))),), negated)


def _read_limit(value: str, _protocol: str, negated: bool) -> Match | None:
    rate, _, unit = value.partition("/")
    units = {"sec": "second", "min": "minute", "hour": "hour", "day": "day"}
    return Match("limit rate", (f"{rate}/{units[unit]}",), negated) if unit in units else None


_MATCHES: Mapping[str, _ReadMatch] = {
    "-s": _address("ip saddr"),
    "-d": _address("ip daddr"),
    "-i": _link("iifname"),
    "-o": _link("oifname"),
    "-p": _read_protocol,
    "--sport": _port("sport"),
    "--dport": _port("dport"),
    "--sports": _port("sport"),
    "--dports": _port("dport"),
    "--ctstate": _lower("ct state"),
    "--state": _lower("ct state"),
    "--src-type": _lower("fib saddr type"),
    "--dst-type": _lower("fib daddr type"),
    "--mark": _read_mark,
    "--icmp-type": _read_icmp_type,
    "--limit": _read_limit,
}
