"""The kernel's rules for its configuration: what each operation brings about beside what was asked for.

What a move drops, which routes come and go by themselves, whom a gateway must be. Each function takes a `World` and
gives another, or raises `Refused`. Does not know the commands that ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from tests.checks.world import LOCAL, MAIN, Dev, Refused, Space, World
from tutor.check import ROOT, Address, Route


def machine() -> World:
    """The machine of the lab `vm`: lo, eth0, and the way out."""
    world = add_space(World(()), ROOT, bridge_nf=False)
    world = add_link(world, ROOT, "eth0", "tun")
    world = set_up(set_up(world, ROOT, "lo", True), ROOT, "eth0", True)
    world = add_address(world, ROOT, "eth0", "10.1.0.4/24")
    return add_route(world, ROOT, "0.0.0.0/0", via="10.1.0.1")


# Namespaces


def add_space(world: World, name: str, **more: Any) -> World:
    """A new namespace holds lo alone, and that is down."""
    if name and any(space.name == name for space in world.spaces):
        raise Refused(f'Cannot create namespace file "/run/netns/{name}": File exists')
    space = Space(world.made + 1, name, **more)
    # As the reader orders them: root, then by name, then those without one.
    spaces = sorted((*world.spaces, space), key=lambda each: (each.name != ROOT, not each.name, each.name))
    return _attach(World(tuple(spaces), world.made + 2), space.inode, Dev(world.made + 2, 1, "lo", "loopback"))


def delete_space(world: World, name: str) -> World:
    """Its links end with it, and so do the other ends of its cables."""
    gone = world.space(name)
    for dev in gone.devs:
        if dev.kind == "veth" and any(dev.uid == each.uid for each in world.space(name).devs):
            world = delete_link(world, name, dev.name)
    return replace(world, spaces=tuple(space for space in world.spaces if space.inode != gone.inode))


# Links


def add_link(world: World, netns: str, name: str, kind: str) -> World:
    """A new link is down."""
    space = world.space(netns)
    _require_free(space, name)
    return _attach(replace(world, made=world.made + 1), space.inode, Dev(world.made + 1, 0, name, kind))


def add_veth(world: World, netns: str, name: str, peer: str, peer_netns: str) -> World:
    """Both ends at once; the kernel makes the peer first."""
    there = world.space(peer_netns)
    world = add_link(world, peer_netns, peer or there.free_name("veth"), "veth")
    world = add_link(world, netns, name or world.space(netns).free_name("veth"), "veth")
    one, other = world.made, world.made - 1
    for uid, its in ((one, other), (other, one)):
        space, dev = world.home_of(uid)
        world = world.with_space(space.with_dev(replace(dev, peer=its)))
    return world


def delete_link(world: World, netns: str, name: str) -> World:
    """Of a veth both ends go; a bridge lets its ports go."""
    dev = world.space(netns).dev(name)
    if dev.kind == "loopback":
        raise Refused("Operation not supported")
    for uid in (dev.uid, dev.peer) if dev.peer is not None else (dev.uid,):
        space, each = world.home_of(uid)
        world = _detach(world, space, each)
    return world


def set_up(world: World, netns: str, name: str, up: bool) -> World:
    """Up brings the connected routes, down takes all routes by the link but those to its own addresses."""
    space = world.space(netns)
    dev = space.dev(name)
    if dev.up == up:
        return world
    space = space.with_dev(replace(dev, up=up, port_state=dev.port_state.replace("disabled", "")))
    if not up:
        kept = tuple(route for route in space.routes if route.oif != dev.index or route.kind == "local")
        return world.with_space(replace(space, routes=kept))
    own = [address for address in space.addresses if address.link == dev.index]
    for address in own:
        space = _with_routes_of(space, address)
    world = world.with_space(space)
    itself = "127.0.0.1/8"
    if dev.kind == "loopback" and all(str(address.interface) != itself for address in own):
        return add_address(world, netns, name, itself)
    return world


def rename(world: World, netns: str, name: str, new: str) -> World:
    """Not every kernel renames a link that is up."""
    space = world.space(netns)
    _require_free(space, new)
    dev = space.dev(name)
    if dev.up:
        raise Refused("Device or resource busy")
    return world.with_space(space.with_dev(replace(dev, name=new)))


def set_master(world: World, netns: str, name: str, bridge: str) -> World:
    """Make a link a port; an empty name of a bridge frees it."""
    space = world.space(netns)
    dev, master = space.dev(name), space.dev(bridge) if bridge else None
    if master is not None and (master.kind != "bridge" or dev.kind in ("bridge", "loopback")):
        raise Refused("Operation not supported")
    if master is not None and dev.master == master.index:
        return world
    state = "listening" if master is not None and master.stp else ""
    return world.with_space(space.with_dev(replace(dev, master=master.index if master else None, port_state=state)))


def disable_port(world: World, name: str) -> World:
    """Set the state of a port by hand; without a spanning tree the bridge undoes any other state at once."""
    space = world.space(ROOT)
    dev = space.dev(name)
    if dev.master is None or any(each.stp for each in space.devs if each.index == dev.master):
        raise Refused("Operation not supported")
    return world.with_space(space.with_dev(replace(dev, port_state="disabled")))


def turn_on_stp(world: World, name: str) -> World:
    """Ports that forward go on; one that is added waits and listens, for half a minute."""
    space = world.space(ROOT)
    return world.with_space(space.with_dev(replace(space.dev(name), stp=True)))


def move(world: World, netns: str, name: str, to: str) -> World:
    """A link that moves is taken from its master, goes down, and loses its addresses and routes."""
    space, target = world.space(netns), world.space(to)
    dev = space.dev(name)
    if dev.kind in ("bridge", "loopback"):
        raise Refused("The interface netns is immutable")
    if space is target:
        return world
    _require_free(target, name)
    index = 0 if any(each.index == dev.index for each in target.devs) else dev.index
    moved = replace(dev, index=index, up=False, master=None, port_state="")
    return _attach(_detach(world, space, dev), target.inode, moved)


def _require_free(space: Space, name: str) -> None:
    if any(dev.name == name for dev in space.devs):
        raise Refused("File exists")


def _attach(world: World, inode: int, dev: Dev) -> World:
    space = next(each for each in world.spaces if each.inode == inode)
    index = dev.index or space.last_index + 1
    return world.with_space(
        replace(
            space,
            devs=tuple(sorted((*space.devs, replace(dev, index=index)), key=lambda each: each.index)),
            conf={**space.conf, index: space.conf["default"]},
            last_index=max(index, space.last_index),
        )
    )


def _detach(world: World, space: Space, dev: Dev) -> World:
    devs = tuple(
        replace(each, master=None) if each.master == dev.index else each for each in space.devs if each.uid != dev.uid
    )
    return world.with_space(
        replace(
            space,
            devs=devs,
            addresses=tuple(address for address in space.addresses if address.link != dev.index),
            routes=tuple(route for route in space.routes if route.oif != dev.index),
            conf={key: conf for key, conf in space.conf.items() if key != dev.index},
        )
    )


# Addresses


def add_address(world: World, netns: str, name: str, text: str) -> World:
    """An address brings the route to itself, and that to its network while the link is up."""
    space = world.space(netns)
    interface = IPv4Interface(text)
    address = Address(space.dev(name).index, interface, "host" if interface.ip.is_loopback else "global")
    if address in space.addresses:
        raise Refused("File exists")
    return world.with_space(_with_routes_of(replace(space, addresses=(*space.addresses, address)), address))


def delete_address(world: World, netns: str, name: str, text: str) -> World:
    """The first address of a network takes the others of that network along; the last of a link all its routes."""
    space = world.space(netns)
    index, gone = space.dev(name).index, IPv4Interface(text)
    own = [address.interface for address in space.addresses if address.link == index]
    if gone not in own:
        raise Refused("Cannot assign requested address")
    first = next(each for each in own if each.network == gone.network) == gone
    left = [each for each in own if (each.network != gone.network if first else each != gone)]
    lost = {each.ip for each in own} - {each.ip for each in left}
    stale = set() if gone.network in {each.network for each in left} else _connected(gone)
    kept = tuple(
        route
        for route in space.routes
        if route.oif != index
        or (
            left
            and route.prefsrc not in lost
            and route.dst.network_address not in lost
            and not (route.scope == "link" and route.dst in stale)
        )
    )
    addresses = tuple(each for each in space.addresses if each.link != index or each.interface in left)
    return world.with_space(replace(space, addresses=addresses, routes=kept))


def _connected(interface: IPv4Interface) -> set[IPv4Network]:
    return {interface.network, IPv4Network(interface.network.broadcast_address)}


def _with_routes_of(space: Space, address: Address) -> Space:
    dev = next(each for each in space.devs if each.index == address.link)
    interface = IPv4Interface(str(address.interface))
    earlier = [
        other.interface.ip
        for other in space.addresses
        if other.link == address.link and other.interface.network == interface.network
    ]
    source = IPv4Address(str(earlier[0]))
    by: dict[str, Any] = {"oif": dev.index, "protocol": "kernel", "prefsrc": source}
    new = [Route(IPv4Network(interface.ip), table=LOCAL, scope="host", kind="local", **by)]
    if dev.up and source == interface.ip and interface.network.prefixlen < 32:
        network = interface.network
        if dev.kind == "loopback":
            new.append(Route(network, table=LOCAL, scope="host", kind="local", **by))
        else:
            new.append(Route(network, scope="link", **by))
        last = IPv4Network(network.broadcast_address)
        new.append(Route(last, table=LOCAL, scope="link", kind="broadcast", **by))
    return replace(space, routes=(*space.routes, *(route for route in new if route not in space.routes)))


# Routes and settings


def add_route(
    world: World,
    netns: str,
    dst: str,
    *,
    via: str = "",
    dev: str = "",
    onlink: bool = False,
    exists_ok: bool = False,
    **more: Any,
) -> World:
    """A gateway has to be a neighbour (or oneself), or the kernel refuses it; `more` are fields of `Route`."""
    space = world.space(netns)
    link = space.dev(dev) if dev else None
    if link is not None and not link.up:
        raise Refused("Network is down")
    oif = link.index if link is not None else None
    gateway = IPv4Address(via) if via else None
    if gateway is not None and not onlink:
        oif = _neighbour_link(space, gateway, oif)
    if oif is None and more.get("kind", "unicast") == "unicast":
        raise Refused("No such device")
    scope = "link" if gateway is None and oif is not None else "global"
    route = Route(IPv4Network(dst), gateway, oif, scope=scope, **more)
    same = [each for each in space.routes if _key(each) == _key(route)]
    if same and not exists_ok:
        raise Refused("File exists")
    kept = tuple(each for each in space.routes if not same or each is not same[0])
    return world.with_space(replace(space, routes=(*kept, route)))


def delete_route(world: World, netns: str, dst: str) -> World:
    """Take away the first route to exactly this destination from the main table."""
    space = world.space(netns)
    found = [route for route in space.routes if route.dst == IPv4Network(dst) and route.table == MAIN]
    if not found:
        raise Refused("No such process")
    gone = min(found, key=lambda route: route.metric)
    return world.with_space(replace(space, routes=tuple(route for route in space.routes if route is not gone)))


def _key(route: Route) -> tuple[object, ...]:
    return route.dst, route.table, route.metric


def _neighbour_link(space: Space, gateway: IPv4Address, oif: int | None) -> int | None:
    # Routes that lead on, or nowhere, are not asked: their scope is too wide for a gateway.
    found = [
        route
        for route in space.routes
        if route.scope != "global"
        and gateway in IPv4Network(str(route.dst))
        and (oif is None or route.oif == oif or route.table == LOCAL)
    ]
    best = max(found, key=lambda route: (route.table == LOCAL, route.dst.prefixlen), default=None)
    if best is None or best.kind not in ("unicast", "local"):
        raise Refused("Nexthop has invalid gateway")
    if not any(dev.up for dev in space.devs if dev.index == best.oif):
        raise Refused("Network is down")
    return best.oif


def set_conf(world: World, netns: str, links: Iterable[str], **values: Any) -> World:
    """Settings under net.ipv4.conf; when forwarding of `all` (the same as ip_forward) changes, so does every link's."""
    space = world.space(netns)
    conf = dict(space.conf)
    for name in links:
        key = name if name in conf else space.dev(name).index
        every = name == "all" and values.get("forwarding") not in (None, conf["all"].forwarding)
        keys = list(conf) if every else [key]
        conf |= {each: replace(conf[each], **values) for each in keys}
    return world.with_space(replace(space, conf=conf))
