"""What one does to a firewall, with iptables or with nft: as operations of the model, and as what one types.

Conditions are written once, in the words of `Match`, and spelled for either tool. Does not know whether any of it is
right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.checks.ways_ops import within
from tests.checks.world import Refused, World
from tutor.check import ROOT, Chain, FirewallRule, Match

_HOOKS = {
    "nat": {"PREROUTING": -100, "INPUT": 100, "OUTPUT": -100, "POSTROUTING": 100},
    "filter": {"INPUT": 0, "FORWARD": 0, "OUTPUT": 0},
}
_NFT_PLACES = {"input": "filter", "forward": "filter", "output": "filter", "postrouting": "nat"}


def match(field: str, *values: str, negated: bool = False) -> Match:
    """A condition."""
    return Match(field, values, negated)


def out(*links: str, negated: bool = False) -> Match:
    """It leaves by this link, or one of these."""
    return match("oifname", *links, negated=negated)


def came_in(link: str, *, negated: bool = False) -> Match:
    """It came in by this link."""
    return match("iifname", link, negated=negated)


def src(*networks: str, negated: bool = False) -> Match:
    """Its source."""
    return match("ip saddr", *networks, negated=negated)


def dst(*networks: str, negated: bool = False) -> Match:
    """Its destination."""
    return match("ip daddr", *networks, negated=negated)


def proto(*protocols: str, negated: bool = False) -> Match:
    """The protocol above IP."""
    return match("meta l4proto", *protocols, negated=negated)


_OPTIONS = {
    "oifname": "-o",
    "iifname": "-i",
    "ip saddr": "-s",
    "ip daddr": "-d",
    "meta l4proto": "-p",
    "ct state": "--ctstate",
    "fib daddr type": "--dst-type",
}
_EXTENSIONS = {"ct state": "-m conntrack ", "fib daddr type": "-m addrtype "}


def _for_iptables(given: Match) -> str:
    value = ",".join(given.values)
    if given.field == "fib daddr type":
        value = value.upper()
    if given.field == "ct state":
        value = value.upper()
    no = "! " if given.negated else ""
    return f"{_EXTENSIONS.get(given.field, '')}{no}{_OPTIONS[given.field]} {value.replace('*', '+')}"


def _for_nft(given: Match) -> str:
    values = [f'"{value}"' if given.field in ("oifname", "iifname") else value for value in given.values]
    some = values[0] if len(values) == 1 else f"{{ {', '.join(values)} }}"
    return f"{given.field} {'!= ' if given.negated else ''}{some}"


def _changed(
    world: World,
    netns: str,
    key: tuple[str, str, str, str],
    change: Callable[[Chain], Chain],
    base: Chain | None = None,
    jumps_to: str = "",
) -> World:
    """The world with a chain changed; `base` is made first where it is not there yet."""
    space = world.space(netns)
    if base is not None and not any(_key(chain) == key for chain in space.chains):
        space = replace(space, chains=(*space.chains, base))
    targets = {key, (*key[:3], jumps_to)} if jumps_to else {key}
    if not targets <= {_key(chain) for chain in space.chains}:
        raise Refused("No chain/target/match by that name")
    chains = tuple(change(chain) if _key(chain) == key else chain for chain in space.chains)
    return world.with_space(replace(space, chains=chains))


def _with_chain(world: World, netns: str, chain: Chain) -> World:
    space = world.space(netns)
    if any(_key(each) == _key(chain) for each in space.chains):
        raise Refused("Chain already exists")
    return world.with_space(replace(space, chains=(*space.chains, chain)))


def _key(chain: Chain) -> tuple[str, str, str, str]:
    return chain.origin, chain.family, chain.table, chain.name


def _base(table: str, name: str, origin: str) -> Chain | None:
    """A chain that iptables makes by itself when it is first spoken of."""
    priority = _HOOKS[table].get(name)
    if priority is None:
        return None
    return Chain("ip", table, name, (), name.lower(), table, priority, "accept", origin)


@dataclass(frozen=True, slots=True)
class Ipt:
    """Add a rule with iptables: at the end of its chain, or first."""

    table: str
    chain: str
    action: str
    matches: tuple[Match, ...] = ()
    target: str = ""
    netns: str = ROOT
    first: bool = False
    legacy: bool = False

    def on(self, world: World) -> World:
        if self.action == "masquerade" and self.chain in ("PREROUTING", "INPUT", "OUTPUT"):
            raise Refused("MASQUERADE only in POSTROUTING")
        origin = "legacy" if self.legacy else "nft"
        rule = FirewallRule(self.action, self.target, self.matches)

        def with_rule(chain: Chain) -> Chain:
            return replace(chain, rules=(rule, *chain.rules) if self.first else (*chain.rules, rule))

        key = (origin, "ip", self.table, self.chain)
        base, jumps_to = _base(self.table, self.chain, origin), self.target if self.action in ("jump", "goto") else ""
        return _changed(world, self.netns, key, with_rule, base, jumps_to)

    def commands(self) -> tuple[str, ...]:
        verbs = {
            "jump": f"-j {self.target}",
            "goto": f"-g {self.target}",
            "snat": f"-j SNAT --to-source {self.target}",
        }
        verb = verbs.get(self.action, f"-j {self.action.upper()}")
        words = [_for_iptables(each) for each in self.matches]
        start = within(self.netns)
        program = "iptables-legacy" if self.legacy else "iptables"
        where = f"{'-I' if self.first else '-A'} {self.chain}"
        table = "" if self.table == "filter" else f"-t {self.table} "
        return (
            f"{start}{program} {table}{where} {' '.join((*words, verb))}",
            f"{start}{program} -t {self.table} {where} {' '.join((*reversed(words), verb))}",
        )


def masquerade(*matches: Match, **more: Any) -> Ipt:
    """The rule of the lesson, with these conditions."""
    return Ipt("nat", "POSTROUTING", "masquerade", matches, **more)


def snat(target: str, *matches: Match) -> Ipt:
    """Put this address in place of the source."""
    return Ipt("nat", "POSTROUTING", "snat", matches, target)


def forward(action: str, *matches: Match, **more: Any) -> Ipt:
    """A rule for what is forwarded."""
    return Ipt("filter", "FORWARD", action, matches, **more)


@dataclass(frozen=True, slots=True)
class IptChain:
    """Make a chain of one's own with iptables."""

    table: str
    name: str

    def on(self, world: World) -> World:
        return _with_chain(world, ROOT, Chain("ip", self.table, self.name))

    def commands(self) -> tuple[str, ...]:
        return f"iptables -t {self.table} -N {self.name}", f"iptables -t {self.table} --new-chain {self.name}"


@dataclass(frozen=True, slots=True)
class IptPolicy:
    """What happens to packets that no rule of a chain decides about."""

    chain: str
    policy: str
    netns: str = ROOT

    def on(self, world: World) -> World:
        def with_policy(chain: Chain) -> Chain:
            return replace(chain, policy=self.policy)

        key = ("nft", "ip", "filter", self.chain)
        return _changed(world, self.netns, key, with_policy, _base("filter", self.chain, "nft"))

    def commands(self) -> tuple[str, ...]:
        start = within(self.netns)
        return f"{start}iptables -P {self.chain} {self.policy.upper()}", (
            f"{start}iptables -t filter --policy {self.chain} {self.policy.upper()}"
        )


@dataclass(frozen=True, slots=True)
class IptFlush:
    """Remove the rules of a chain."""

    table: str
    chain: str

    def on(self, world: World) -> World:
        key = ("nft", "ip", self.table, self.chain)
        return _changed(world, ROOT, key, lambda chain: replace(chain, rules=()), _base(self.table, self.chain, "nft"))

    def commands(self) -> tuple[str, ...]:
        return f"iptables -t {self.table} -F {self.chain}", f"iptables -t {self.table} --flush {self.chain}"


@dataclass(frozen=True, slots=True)
class NftChain:
    """Make a table of one's own, and a chain in it; one without a hook is only jumped to."""

    name: str
    hook: str = ""
    family: str = "ip"
    priority: int = 0
    policy: str = "accept"
    table: str = "mine"
    netns: str = ROOT

    def on(self, world: World) -> World:
        base = ("", "", 0, "")
        if self.hook:
            base = (self.hook, _NFT_PLACES[self.hook], self.priority, self.policy)
        return _with_chain(world, self.netns, Chain(self.family, self.table, self.name, (), *base))

    def commands(self) -> tuple[str, ...]:
        start = within(self.netns)
        table, chain = f"{self.family} {self.table}", f"{self.family} {self.table} {self.name}"
        spec = ""
        if self.hook:
            kind = _NFT_PLACES[self.hook]
            spec = f" '{{ type {kind} hook {self.hook} priority {self.priority}; policy {self.policy}; }}'"
        return (f"{start}nft add table {table}\n{start}nft add chain {chain}{spec}",)


@dataclass(frozen=True, slots=True)
class Nft:
    """Add a rule with nft to a chain of one's own table."""

    chain: str
    action: str
    matches: tuple[Match, ...] = ()
    target: str = ""
    family: str = "ip"
    table: str = "mine"
    netns: str = ROOT

    def on(self, world: World) -> World:
        said: list[Match] = []
        for each in self.matches:
            version = match("meta nfproto", "ipv4")
            if self.family == "inet" and each.field.startswith("ip ") and version not in said:
                said.append(version)
            said.append(each)
        rule = FirewallRule(self.action, self.target, tuple(said))

        def with_rule(chain: Chain) -> Chain:
            return replace(chain, rules=(*chain.rules, rule))

        jumps_to = self.target if self.action in ("jump", "goto") else ""
        return _changed(world, self.netns, ("nft", self.family, self.table, self.chain), with_rule, jumps_to=jumps_to)

    def commands(self) -> tuple[str, ...]:
        start = within(self.netns)
        targets = {"snat": f"snat {'ip ' if self.family == 'inet' else ''}to {self.target}"}
        action = targets.get(self.action, f"{self.action} {self.target}".strip())
        words = " ".join((*map(_for_nft, self.matches), action))
        rule = f"{start}nft add rule {self.family} {self.table} {self.chain} "
        return f"{rule}'{words}'", f"{rule}'counter {words}'"
