"""What one does to routes and settings: each as an operation of the model, and as what one types.

Does not know whether any of it is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from tests.checks import world_rules as rules
from tests.checks.ways_ops import in_ip, within
from tests.checks.world import MAIN, Refused, Space, World
from tutor.check import ROOT, PolicyRule

EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class RouteAdd:
    """Add a route: by a gateway, by a link, or one that refuses (`kind`)."""

    dst: str = EVERYWHERE
    via: str = ""
    dev: str = ""
    netns: str = ROOT
    metric: int = 0
    kind: str = "unicast"
    table: int = MAIN
    onlink: bool = False
    replace: bool = False

    def on(self, world: World) -> World:
        how = {"metric": self.metric, "kind": self.kind, "table": self.table}
        return rules.add_route(
            world, self.netns, self.dst, via=self.via, dev=self.dev, onlink=self.onlink, exists_ok=self.replace, **how
        )

    def commands(self) -> tuple[str, ...]:
        verb = "replace" if self.replace else "add"
        kind = "" if self.kind == "unicast" else f"{self.kind} "
        rest = "".join(
            f" {word} {value}"
            for word, value in (
                ("via", self.via),
                ("dev", self.dev),
                ("metric", self.metric or ""),
                ("table", self.table if self.table != MAIN else ""),
            )
            if value
        )
        rest += " onlink" if self.onlink else ""
        short = "default" if self.dst == EVERYWHERE else self.dst.removesuffix("/32")
        ways = in_ip(self.netns, f"route {verb} {kind}{short}{rest}", f"r {verb} {kind}{self.dst}{rest}")
        if self != RouteAdd(self.dst, self.via, netns=self.netns):
            return ways
        network = IPv4Network(self.dst)
        old = "default" if self.dst == EVERYWHERE else f"-net {network.network_address} netmask {network.netmask}"
        return *ways, f"{within(self.netns)}route add {old} gw {self.via}"


@dataclass(frozen=True, slots=True)
class RouteDel:
    """Delete the route to exactly this destination."""

    dst: str = EVERYWHERE
    netns: str = ROOT

    def on(self, world: World) -> World:
        return rules.delete_route(world, self.netns, self.dst)

    def commands(self) -> tuple[str, ...]:
        return in_ip(self.netns, f"route del {self.dst}", f"r d {self.dst}")


@dataclass(frozen=True, slots=True)
class RuleAdd:
    """Have another table asked."""

    priority: int
    table: int
    to: str = ""
    iif: str = ""
    netns: str = ROOT

    def on(self, world: World) -> World:
        space: Space = world.space(self.netns)
        dst = IPv4Network(self.to) if self.to else None
        rule = PolicyRule(self.priority, self.table, dst=dst, iif=self.iif)
        if rule in space.rules:
            raise Refused("File exists")
        return world.with_space(replace(space, rules=(*space.rules, rule)))

    def commands(self) -> tuple[str, ...]:
        selectors = (f" to {self.to}" if self.to else "") + (f" iif {self.iif}" if self.iif else "")
        return in_ip(self.netns, f"rule add pref {self.priority}{selectors} lookup {self.table}")


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Turn forwarding on or off: for all links, or for one."""

    on_: bool = True
    link: str = "all"
    netns: str = ROOT

    def on(self, world: World) -> World:
        return rules.set_conf(world, self.netns, (self.link,), forwarding=self.on_)

    def commands(self) -> tuple[str, ...]:
        value, start = int(self.on_), within(self.netns)
        keys = [f"net.ipv4.conf.{self.link}.forwarding"]
        if self.link == "all":
            keys.insert(0, "net.ipv4.ip_forward")
        return tuple(
            way
            for key in keys
            for way in (
                f"{start}sh -c 'echo {value} > /proc/sys/{key.replace('.', '/')}'",
                f"{start}sysctl -q -w {key}={value}",
                f"{start}sysctl {key}={value}",
            )
        )


@dataclass(frozen=True, slots=True)
class RpFilter:
    """Have sources checked: 0 not, 1 strictly, 2 loosely."""

    value: int
    link: str = "all"
    netns: str = ROOT

    def on(self, world: World) -> World:
        return rules.set_conf(world, self.netns, (self.link,), rp_filter=self.value)

    def commands(self) -> tuple[str, ...]:
        return (f"{within(self.netns)}sysctl -q net.ipv4.conf.{self.link}.rp_filter={self.value}",)


@dataclass(frozen=True, slots=True)
class BridgeNetfilter:
    """Have iptables asked about what only passes a bridge."""

    def on(self, world: World) -> World:
        return world.with_space(replace(world.space(ROOT), bridge_nf=True))

    def commands(self) -> tuple[str, ...]:
        return ("sysctl -q net.bridge.bridge-nf-call-iptables=1",)
