"""Bridges and their ports. Source: bridge(8), ip-link(8)."""

from __future__ import annotations

from tutor.check import (
    PASSED,
    ROOT,
    Answer,
    Cause,
    Diagnosis,
    Fault,
    Link,
    Netns,
    NetworkState,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    failed_with,
    question,
)

from .link import WRONG_KIND, inside, locate
from .link import exists as is_there

NO_MASTER = Diagnosis("bridge.no-master", Cause.MASTER, "the link is no port of any bridge")
PORT_OF_ANOTHER = Diagnosis("bridge.port-of-another", Cause.MASTER, "the link is a port of another bridge")
PORT_BLOCKED = Diagnosis("bridge.port-blocked", Cause.MASTER, "the bridge does not pass frames on at this port")


@check
def exists(state: NetworkState, *, bridge: str, netns: str = ROOT) -> Verdict:
    """There is a bridge called `bridge`."""
    return is_there(state, link=bridge, kind="bridge", netns=netns)


@check
def has_port(state: NetworkState, *, bridge: str, port: str, netns: str = ROOT) -> Verdict:
    """`port` is a port of `bridge`."""
    found = locate(state, bridge, netns)
    if isinstance(found, Verdict):
        return found
    where, it = found
    if it.kind != "bridge":
        return failed(
            WRONG_KIND,
            f"{bridge} is a {it.kind}, not a bridge, so it has no ports.",
            found=f"{bridge}: {it.kind}",
            expected=f"{bridge}: bridge",
        )
    located = locate(state, port, netns)
    if isinstance(located, Verdict):
        return located
    end = located[1]
    if end.master == it.index:
        return PASSED
    return failed_with(not_its_port(where, end, it))


@fact
def port_shown(state: NetworkState, *, bridge: str, port: str, netns: str = ROOT) -> Shown:
    """The output shows `bridge` and its port `port`."""
    if not has_port(state, bridge=bridge, port=port, netns=netns).passed:
        return Shown((), f"{port} is no port of {bridge}")
    return Shown(((bridge, port),), f"{bridge} and its port {port}")


@fact
def ports_shown(state: NetworkState, *, bridge: str, without: tuple[str, ...] = (), netns: str = ROOT) -> Shown:
    """The output shows all ports of `bridge`, and the bridges `without`, which have none."""
    found = locate(state, bridge, netns)
    ports = [port.name for port in found[0].ports_of(found[1])] if not isinstance(found, Verdict) else []
    if isinstance(found, Verdict) or not ports or not all(_is_empty(found[0], name) for name in without):
        return Shown((), f"{bridge} has no port, or {' or '.join(without) or 'another'} has one")
    none = f"; {', '.join(without)} {'has' if len(without) == 1 else 'have'} none" if without else ""
    # `brctl show` lists bridges with their ports; `ip link` and `bridge link` list ports with their bridge.
    return Shown(((bridge, *ports, *without), (f"master {bridge}", *ports)), f"{bridge} has {', '.join(ports)}{none}")


@question
def ports(state: NetworkState, *, bridge: str, netns: str = ROOT) -> Answer:
    """How many ports has `bridge`?"""
    found = locate(state, bridge, netns)
    if isinstance(found, Verdict):
        return Answer(())
    names = [port.name for port in found[0].ports_of(found[1])]
    return Answer((str(len(names)), *(() if names else ("none", "no"))), f"Its ports: {', '.join(names) or 'none'}.")


@question
def of_port(state: NetworkState, *, port: str, netns: str = ROOT) -> Answer:
    """Of which bridge is `port` a port?"""
    found = locate(state, port, netns)
    master = found[0].find_link_by_index(found[1].master) if not isinstance(found, Verdict) else None
    return Answer((master.name,)) if master is not None else Answer(())


def _is_empty(netns: Netns, name: str) -> bool:
    it = netns.find_link(name)
    return it is not None and it.kind == "bridge" and not netns.ports_of(it)


def not_its_port(netns: Netns, link: Link, bridge: Link) -> Fault:
    """The fault of a link that should be a port of `bridge` and is not."""
    master = netns.find_link_by_index(link.master)
    if master is None:
        return Fault(
            NO_MASTER,
            f"{link.name} has no master{inside(netns)}: it is no port of {bridge.name}. A bridge passes frames on only "
            "between its ports.",
            found=f"{link.name}: no master",
            expected=f"{link.name}: master {bridge.name}",
        )
    return Fault(
        PORT_OF_ANOTHER,
        f"{link.name} is a port of {master.name}, not of {bridge.name}{inside(netns)}. A link has one master at a "
        "time: set the new one and it moves.",
        found=f"{link.name}: master {master.name}",
        expected=f"{link.name}: master {bridge.name}",
    )


def blocked(netns: Netns, port: Link) -> Fault:
    """The fault of a port at which its bridge passes nothing on."""
    state = port.port.state if port.port is not None else "unknown"
    return Fault(
        PORT_BLOCKED,
        f"{port.name} is a port, but its state is {state}{inside(netns)}: the bridge passes frames on only at ports "
        f"that are forwarding. `bridge link set dev {port.name} state 3` says so; with the spanning tree (STP) on it "
        "takes a while by itself.",
        found=f"{port.name}: {state}",
        expected=f"{port.name}: forwarding",
    )
