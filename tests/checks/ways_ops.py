"""What one does to namespaces, links and addresses: each as an operation of the model, and as what one types.

Does not know whether any of it is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface

from tests.checks import world_rules as rules
from tests.checks.world import World
from tutor.check import ROOT


def in_ip(netns: str, *arguments: str) -> tuple[str, ...]:
    """Commands of `ip`, each in the next of the ways to be in a namespace."""
    places = (f"ip -n {netns} ", f"ip netns exec {netns} ip ", f"nsenter --net=/run/netns/{netns} ip ")
    if netns == ROOT:
        return tuple(f"ip {each}" for each in arguments)
    return tuple(places[number % len(places)] + each for number, each in enumerate((*arguments, *arguments)))


def within(netns: str) -> str:
    """What stands in front of a command that is run in a namespace."""
    return "" if netns == ROOT else f"ip netns exec {netns} "


@dataclass(frozen=True, slots=True)
class NetnsAdd:
    """Make a namespace with a name."""

    name: str

    def on(self, world: World) -> World:
        return rules.add_space(world, self.name)

    def commands(self) -> tuple[str, ...]:
        file = f"/run/netns/{self.name}"
        by_hand = f"[ -e {file} ] || {{ mkdir -p /run/netns; touch {file}; unshare --net={file} true; }}"
        return f"ip netns add {self.name}", f"ip net a {self.name}", by_hand


@dataclass(frozen=True, slots=True)
class NetnsDel:
    """Take a namespace away with all that is in it."""

    name: str

    def on(self, world: World) -> World:
        return rules.delete_space(world, self.name)

    def commands(self) -> tuple[str, ...]:
        return f"ip netns del {self.name}", f"ip netns delete {self.name}", f"ip net d {self.name}"


@dataclass(frozen=True, slots=True)
class NetnsOfProcess:
    """Make a namespace that has a process and no name."""

    def on(self, world: World) -> World:
        return rules.add_space(world, "", pids=(world.made,))

    def commands(self) -> tuple[str, ...]:
        return ("unshare --net sleep 60 &",)


@dataclass(frozen=True, slots=True)
class LinkAdd:
    """Make a link that is no veth."""

    name: str
    kind: str = "bridge"
    netns: str = ROOT
    up: bool = False

    def on(self, world: World) -> World:
        world = rules.add_link(world, self.netns, self.name, self.kind)
        return rules.set_up(world, self.netns, self.name, True) if self.up else world

    def commands(self) -> tuple[str, ...]:
        up = " up" if self.up else ""
        type_ = f"type {self.kind}"
        ways = in_ip(self.netns, f"link add {self.name}{up} {type_}", f"l add name {self.name}{up} {type_}")
        return (*ways, f"brctl addbr {self.name}") if self == LinkAdd(self.name) else ways


@dataclass(frozen=True, slots=True)
class VethAdd:
    """Make a cable; `up` is its first end."""

    name: str
    peer: str = ""
    netns: str = ROOT
    peer_netns: str = ""
    up: bool = False

    def on(self, world: World) -> World:
        world = rules.add_veth(world, self.netns, self.name, self.peer, self.peer_netns or self.netns)
        return rules.set_up(world, self.netns, self.name, True) if self.up else world

    def commands(self) -> tuple[str, ...]:
        up = " up" if self.up else ""
        place = {"": "", ROOT: " netns 1"}.get(self.peer_netns, f" netns {self.peer_netns}")
        if not self.peer:
            return in_ip(self.netns, f"link add {self.name}{up} type veth")
        end = f"{self.peer}{place}"
        return in_ip(
            self.netns,
            f"link add {self.name}{up} type veth peer name {end}",
            f"link add dev {self.name}{up} type veth peer {end}",
        )


@dataclass(frozen=True, slots=True)
class LinkDel:
    """Delete a link."""

    name: str
    netns: str = ROOT

    def on(self, world: World) -> World:
        return rules.delete_link(world, self.netns, self.name)

    def commands(self) -> tuple[str, ...]:
        return in_ip(self.netns, f"link del {self.name}", f"link delete dev {self.name}", f"l d {self.name}")


@dataclass(frozen=True, slots=True)
class Up:
    """Set a link up, or down."""

    name: str
    netns: str = ROOT
    up: bool = True

    def on(self, world: World) -> World:
        return rules.set_up(world, self.netns, self.name, self.up)

    def commands(self) -> tuple[str, ...]:
        word = "up" if self.up else "down"
        old = f"{within(self.netns)}ifconfig {self.name} {word}"
        return (
            *in_ip(self.netns, f"link set {self.name} {word}", f"link set dev {self.name} {word}"),
            *in_ip(self.netns, f"l s {word} {self.name}"),
            old,
        )


def down(name: str, netns: str = ROOT) -> Up:
    """Set a link down."""
    return Up(name, netns, up=False)


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a link another name."""

    name: str
    new: str
    netns: str = ROOT

    def on(self, world: World) -> World:
        return rules.rename(world, self.netns, self.name, self.new)

    def commands(self) -> tuple[str, ...]:
        return in_ip(self.netns, f"link set {self.name} name {self.new}", f"l set dev {self.name} name {self.new}")


@dataclass(frozen=True, slots=True)
class Master:
    """Make a link a port of a bridge; of none where `bridge` is empty."""

    name: str
    bridge: str

    def on(self, world: World) -> World:
        return rules.set_master(world, ROOT, self.name, self.bridge)

    def commands(self) -> tuple[str, ...]:
        if not self.bridge:
            return in_ip(ROOT, f"link set {self.name} nomaster", f"l set dev {self.name} nomaster")
        ways = in_ip(ROOT, f"link set {self.name} master {self.bridge}", f"l set dev {self.name} master {self.bridge}")
        return *ways, f"brctl addif {self.bridge} {self.name}"


@dataclass(frozen=True, slots=True)
class PortOff:
    """Have a bridge forward nothing on a port."""

    name: str

    def on(self, world: World) -> World:
        return rules.disable_port(world, self.name)

    def commands(self) -> tuple[str, ...]:
        return f"bridge link set dev {self.name} state 0", f"bridge link set dev {self.name} state disabled"


@dataclass(frozen=True, slots=True)
class SpanningTree:
    """Have a bridge look for loops before it forwards on a new port."""

    bridge: str

    def on(self, world: World) -> World:
        return rules.turn_on_stp(world, self.bridge)

    def commands(self) -> tuple[str, ...]:
        return f"ip link set {self.bridge} type bridge stp_state 1", f"brctl stp {self.bridge} on"


@dataclass(frozen=True, slots=True)
class Move:
    """Move a link to another namespace."""

    name: str
    to: str
    netns: str = ROOT

    def on(self, world: World) -> World:
        return rules.move(world, self.netns, self.name, self.to)

    def commands(self) -> tuple[str, ...]:
        places = ("1",) if self.to == ROOT else (self.to, f"/run/netns/{self.to}")
        return tuple(
            way
            for place in places
            for way in in_ip(self.netns, f"link set {self.name} netns {place}", f"l set dev {self.name} netns {place}")
        )


@dataclass(frozen=True, slots=True)
class AddrAdd:
    """Give a link an address."""

    address: str
    link: str
    netns: str = ROOT

    def on(self, world: World) -> World:
        return rules.add_address(world, self.netns, self.link, self.address)

    def commands(self) -> tuple[str, ...]:
        given = IPv4Interface(self.address)
        short = str(given.ip) if given.network.prefixlen == 32 else f"{given.with_netmask} brd +"
        return in_ip(
            self.netns,
            f"addr add {self.address} dev {self.link}",
            f"address add {short} dev {self.link}",
            f"a a {self.address} dev {self.link}",
        )


@dataclass(frozen=True, slots=True)
class Ifconfig:
    """Give a link its first address with ifconfig, which sets it up as well."""

    address: str
    link: str
    netns: str = ROOT

    def on(self, world: World) -> World:
        return Up(self.link, self.netns).on(AddrAdd(self.address, self.link, self.netns).on(world))

    def commands(self) -> tuple[str, ...]:
        given = IPv4Interface(self.address)
        start = f"{within(self.netns)}ifconfig {self.link} "
        return f"{start}{given.ip} netmask {given.netmask}", f"{start}{self.address} up"


@dataclass(frozen=True, slots=True)
class AddrDel:
    """Take an address from a link."""

    address: str
    link: str
    netns: str = ROOT

    def on(self, world: World) -> World:
        return rules.delete_address(world, self.netns, self.link, self.address)

    def commands(self) -> tuple[str, ...]:
        return in_ip(
            self.netns, f"addr del {self.address} dev {self.link}", f"address delete {self.address} dev {self.link}"
        )
