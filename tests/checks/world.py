"""A machine's network as a value that operations turn into another one, and what the reader would tell of it.

States for checks come about here the way real ones do: by what one types. What a cable or a bridge needs to have a
carrier is known here; what an operation brings about is in `world_rules`. Does not know what any check wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from tutor.check import (
    ROOT,
    Address,
    BridgePort,
    Chain,
    Link,
    LinkConf,
    Netns,
    NetworkState,
    PolicyRule,
    Route,
)
from tutor.check.state import IFF_LOOPBACK, IFF_LOWER_UP, IFF_RUNNING, IFF_UP

MAIN, LOCAL = 254, 255
OFF = LinkConf()
RULES = (PolicyRule(0, LOCAL), PolicyRule(32766, MAIN), PolicyRule(32767, 253))


class Refused(Exception):
    """The kernel says no, and nothing has changed."""


class Op(Protocol):
    """Something that is done to a network."""

    def on(self, world: World) -> World:
        """What becomes of `world`; raises `Refused` where the kernel would not do it."""

    def commands(self) -> tuple[str, ...]:
        """What one types for it: several spellings of the same."""


@dataclass(frozen=True, slots=True)
class Dev:
    """A link."""

    uid: int
    """Its identity, wherever it is moved."""
    index: int
    name: str
    kind: str
    up: bool = False
    master: int | None = None
    """ifindex of its bridge."""
    peer: int | None = None
    """uid of a veth's other end."""
    port_state: str = ""
    """Set by hand, or by the spanning tree; empty where the bridge forwards if it can."""
    stp: bool = False
    """Whether this bridge takes part in a spanning tree."""


@dataclass(frozen=True, slots=True)
class Space:
    """A network namespace."""

    inode: int
    name: str
    """Empty for one that `ip netns` does not list."""
    devs: tuple[Dev, ...] = ()
    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[PolicyRule, ...] = RULES
    conf: Mapping[int | str, LinkConf] = field(default_factory=lambda: {"all": OFF, "default": OFF})
    """By ifindex, with `all` and `default`."""
    chains: tuple[Chain, ...] = ()
    last_index: int = 0
    pids: tuple[int, ...] = ()
    bridge_nf: bool = True

    def dev(self, name: str) -> Dev:
        """The link of this name."""
        for dev in self.devs:
            if dev.name == name:
                return dev
        raise Refused(f'Cannot find device "{name}"')

    def with_dev(self, dev: Dev) -> Space:
        """The namespace with a link as it is now."""
        return replace(self, devs=tuple(dev if each.index == dev.index else each for each in self.devs))

    def free_name(self, stem: str) -> str:
        """The first of `stem`0, `stem`1 ... that no link has."""
        taken = {dev.name for dev in self.devs}
        return next(name for number in range(100) if (name := f"{stem}{number}") not in taken)


@dataclass(frozen=True, slots=True)
class World:
    """A machine's namespaces."""

    spaces: tuple[Space, ...]
    made: int = 10
    """How many things have been made: the source of uids, inodes and pids."""

    def apply(self, *ops: Op) -> World:
        """What becomes of it by these operations, in order; raises `Refused` where the kernel would."""
        world = self
        for op in ops:
            world = op.on(world)
        return world

    def space(self, name: str) -> Space:
        """The namespace of this name."""
        for space in self.spaces:
            if space.name == name:
                return space
        raise Refused(f'Cannot open network namespace "{name}"')

    def with_space(self, space: Space) -> World:
        """The world with a namespace as it is now."""
        return replace(self, spaces=tuple(space if each.inode == space.inode else each for each in self.spaces))

    def home_of(self, uid: int) -> tuple[Space, Dev]:
        """A link by its identity, and where it is."""
        return next((space, dev) for space in self.spaces for dev in space.devs if dev.uid == uid)

    def state(self) -> NetworkState:
        """The state as the reader would give it."""
        return NetworkState(tuple(_netns(self, space) for space in self.spaces), home="vm")


def _netns(world: World, space: Space) -> Netns:
    names = {dev.index: dev.name for dev in space.devs}
    return Netns(
        "vm",
        space.inode,
        names=(space.name,) if space.name else (),
        paths=(f"/run/netns/{space.name}",) if space.name and space.name != ROOT else (),
        pids=space.pids,
        links=tuple(_link(world, space, dev) for dev in space.devs),
        addresses=space.addresses,
        routes=tuple(sorted(space.routes, key=lambda route: (route.table, -route.dst.prefixlen, route.metric))),
        rules=tuple(sorted(space.rules, key=lambda rule: rule.priority)),
        conf=MappingProxyType({names[key] if isinstance(key, int) else key: conf for key, conf in space.conf.items()}),
        chains=space.chains,
        bridge_nf=space.bridge_nf,
    )


def _link(world: World, space: Space, dev: Dev) -> Link:
    carrier = _carrier(world, space, dev)
    flags = (IFF_UP if dev.up else 0) | (IFF_LOWER_UP | IFF_RUNNING if carrier else 0)
    there, peer = world.home_of(dev.peer) if dev.peer is not None else (None, None)
    return Link(
        dev.index,
        dev.name,
        dev.kind,
        flags | (IFF_LOOPBACK if dev.kind == "loopback" else 0),
        operstate=_operstate(dev, carrier, there is space),
        mtu=65536 if dev.kind == "loopback" else 1500,
        mac="" if dev.kind == "loopback" else f"02:00:00:00:00:{dev.uid:02x}",
        master=dev.master,
        peer_index=peer.index if peer else None,
        peer_netns=there.inode if there else None,
        peer_nsid=0 if there is not None and there is not space else None,
        port=BridgePort(_port_state(world, space, dev)) if dev.master is not None else None,
    )


def _operstate(dev: Dev, carrier: bool, peer_here: bool) -> str:
    if dev.kind == "loopback":
        return "unknown" if dev.up else "down"
    if carrier:
        return "up"
    return "lowerlayerdown" if dev.up and peer_here else "down"


def _carrier(world: World, space: Space, dev: Dev) -> bool:
    """A cable needs both its ends up, and a bridge a port that forwards (or none: it is not looked for before)."""
    if not dev.up:
        return False
    if dev.peer is not None:
        return world.home_of(dev.peer)[1].up
    if dev.kind == "bridge":
        ports = [each for each in space.devs if each.master == dev.index]
        return not ports or any(_port_state(world, space, port) == "forwarding" for port in ports)
    return True


def _port_state(world: World, space: Space, dev: Dev) -> str:
    bridge = next(each for each in space.devs if each.index == dev.master)
    if not bridge.up or not _carrier(world, space, dev):
        return "disabled"
    return dev.port_state or "forwarding"
