"""The way of a packet from a namespace to an address and back, through all that is known of the network.

Within a machine, and where the cloud joins several, from one to the other.
All that stands in its way is collected, not only the first: whoever asks names the earliest cause. Where something is
broken the walk goes on as if it were mended, as far as that makes sense.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from tutor.check import CloudCard, Fault, LinkConf, Netns, NetworkState

from . import _cloud_faults, address, bridge, forwarding, link, nat, route
from ._cloud import Crossing, card_at, cross, end_of, joins_machines
from ._firewall import Packet, filtered, translated
from ._known import Known
from ._natting import Translation, undone
from ._routing import Way, find_source, find_way, on_loopback, owns, unfiltered
from ._wire import End, bridge_of, leads_outside, passes
from .filter import dropped

_HOPS = 8


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Where a packet has come to."""

    end: End
    """The link that it arrived by, or by which it left for the world."""
    packet: Packet
    """The packet as it is there."""
    outside: bool = False
    """Whether it left for the world."""


@dataclass(slots=True)
class Walk:
    """What was met on a packet's way and on its answer's."""

    state: NetworkState
    """The network."""
    translate: bool = True
    """Whether the source must be translated where the packet leaves the machine."""
    protocol: str = "icmp"
    """What is sent: `icmp`, `tcp` or `udp`."""
    port: int = 0
    """The port that is asked; 0 for `icmp`."""
    faults: list[Fault] = field(default_factory=list)
    """What stands in the way, in the order in which it was met."""
    unsure: list[str] = field(default_factory=list)
    """What could not be judged: rules that could not be read, and the like."""
    translations: list[Translation] = field(default_factory=list)
    """How the source was changed on the way there, in the order in which it was."""
    known: Known | None = None
    """What has been found out about the state already; several walks through one state share it."""
    _crossed: set[CloudCard] = field(default_factory=set)
    """The cards by which the packet that is followed has left for the cloud."""
    _known: Known = field(init=False)

    def __post_init__(self) -> None:
        self._known = self.known or Known(self.state)

    def there_and_back(self, start: Netns, dst: IPv4Address) -> None:
        """Send a packet from `start` to `dst`, and its answer back."""
        way = find_way(start, dst)
        src = find_source(start, dst, way) if way is not None else None
        if way is not None and src is None and not way.refusal:
            self.faults.append(address.none_at_all(start))
            return
        # Without a route there is no source yet, but there is a fault to be found on the way.
        packet = Packet(src or dst, dst, self.protocol, port=self.port)
        arrived = self._send(start, packet, None)
        if arrived is None or src is None or arrived.end.link.kind == "loopback":
            return
        there = arrived.packet
        back = replace(there, src=there.dst, dst=there.src, reply=True)
        self._send(arrived.end.netns, back, arrived.end if arrived.outside else None)

    def _send(self, start: Netns, packet: Packet, came_by: End | None) -> _Arrival | None:
        """Follow a packet to where it arrives, or where it leaves for the world; None where it got stuck."""
        here = start
        self._crossed.clear()
        if came_by is not None:
            here = came_by.netns
            packet = self._let_in(came_by, packet)
        for _ in range(_HOPS):
            way = find_way(here, packet.dst, src=packet.src, iif=came_by.link.name if came_by else "lo")
            if way is not None and way.local:
                end = self._arrive(here, packet, came_by)
                return _Arrival(end, packet) if end is not None else None
            if way is None or way.refusal or way.link is None:
                self._stuck(here, packet, way)
                return None
            out = End(here, way.link)
            if came_by is not None:
                if way.link.index == came_by.link.index and not leads_outside(self.state, out):
                    self.faults.append(route.wrong_gateway(self.state, start, self._gateway(start, packet)))
                    return None
                self._pass_on(came_by, way, packet)
            else:
                self._filter(here, "output", replace(packet, oif=way.link.name))
            leaving = replace(packet, iif=came_by.link.name if came_by else "", oif=way.link.name)
            if leads_outside(self.state, out):
                left = self._leave(out, leaving, came_by)
                if left is None or left.outside:
                    return left
                came_by, packet = left.end, left.packet
            else:
                # A gateway that is oneself is none: the kernel takes the route for one by the link alone.
                next_hop = way.gateway if way.gateway is not None and not owns(here, way.gateway) else packet.dst
                packet = self._translate(out, leaving)
                came_by = self._next(out, way, next_hop, packet)
                if came_by is None:
                    return None
            here = came_by.netns
            packet = self._let_in(came_by, packet)
        self.faults.append(route.wrong_gateway(self.state, start, self._gateway(start, packet)))
        return None

    def _gateway(self, start: Netns, packet: Packet) -> IPv4Address:
        way = find_way(start, packet.dst, src=packet.src)
        return way.gateway if way is not None and way.gateway is not None else packet.dst

    def _arrive(self, here: Netns, packet: Packet, came_by: End | None) -> End | None:
        lo = here.find_link("lo")
        on_lo = on_loopback(here, packet.dst)
        if on_lo is not None and not any(each.interface.ip == packet.dst for each in here.addresses):
            self.faults.append(address.swallowed(here, on_lo))
            return None
        if came_by is None:
            # What one sends to oneself passes the loopback, whatever link the address hangs on.
            if lo is not None and not lo.up:
                self.faults.append(link.down(here, lo, f"packets to an address of {link.called(here)}'s own"))
            for each in (packet, replace(packet, src=packet.dst, dst=packet.src, reply=True)):
                self._filter(here, "output", replace(each, oif="lo"))
                self._filter(here, "input", replace(each, iif="lo"))
            return End(here, lo) if lo is not None else None
        self._filter(here, "input", replace(packet, iif=came_by.link.name))
        return came_by

    def _stuck(self, here: Netns, packet: Packet, way: Way | None) -> None:
        """There is no route, or one that refuses; an address that is missing or too narrow explains it."""
        if way is not None and way.refusal:
            self.faults.append(route.refused(here, packet.dst, way.refusal))
            return
        own = [(each, one) for each in here.links for one in address.interfaces_of(here, each) if not one.is_loopback]
        if not own:
            self.faults.append(address.none_at_all(here))
        for each in here.links:
            bare = leads_outside(self.state, End(here, each)) and not address.interfaces_of(here, each)
            if bare and each.up and self._known.owner(packet.dst, here.machine) is None:
                self.faults.append(address.none_towards(here, each, packet.dst))
        for each, one in own:
            if one.network.prefixlen == 32 and any(packet.dst in network for network in _networks(self.state, one.ip)):
                self.faults.append(address.too_narrow(here, each, one, packet.dst))
        for each, _ in own:
            if not each.up:
                self.faults.append(link.down(here, each, f"packets to {packet.dst}"))
        self.faults.append(route.missing(here, packet.dst))

    def _leave(self, out: End, leaving: Packet, came_by: End | None) -> _Arrival | None:
        """The packet leaves the machine by `out`, if there is no one inside whom it is for."""
        dst = leaving.dst
        owner = self._known.owner(dst, out.netns.machine)
        if owner is not None and not dst.is_loopback:
            owners = self._known.owners(dst)
            if len(owners) > 1 and owners[0].machine != owners[-1].machine:
                self.faults.append(address.duplicate(dst, owners[0], owners[-1]))
            self._inside_after_all(out, dst, owner, came_by)
            return None
        if not out.link.up:
            self.faults.append(link.down(out.netns, out.link, f"packets to {dst}"))
        self._filter(out.netns, "postrouting", leaving)
        card = card_at(self.state, out)
        crossing = cross(self.state.cloud, card, dst) if card is not None else None
        if card is not None and crossing is not None and not crossing.outside:
            return self._across(out, card, crossing, leaving)
        if self.translate and not leaving.reply:
            fate = translated(out.netns, "postrouting", leaving)
            fault = nat.untranslated(self.state, out.netns, out.link, leaving, fate)
            self.unsure += fate.unsure
            if fault is not None and not fate.unsure:
                self.faults.append(fault)
        return _Arrival(out, self._translate(out, leaving), outside=True)

    def _across(self, out: End, card: CloudCard, crossing: Crossing, leaving: Packet) -> _Arrival | None:
        """The cloud takes a packet that leaves by the link `out`, which is `card`, to another card."""
        packet, route_, to = self._translate(out, leaving), crossing.route, crossing.card
        if packet.src != card.address and not card.ip_forwarding:
            self.faults.append(_cloud_faults.forwarding_off(card, packet, leaves=True))
        if to is None:
            self.faults.append(_cloud_faults.not_delivered(self.state, card, crossing, packet.dst))
            return None
        if card in self._crossed and route_ is not None and route_.name:
            self.faults.append(_cloud_faults.led_astray(self.state, route_, to, packet.dst))
            return None
        self._crossed.add(card)
        if packet.dst != to.address and not to.ip_forwarding:
            self.faults.append(_cloud_faults.forwarding_off(to, packet, leaves=False))
        end = end_of(self.state, to)
        if end is None or (packet.dst == to.address and not owns(end.netns, packet.dst)):
            self.faults.append(_cloud_faults.not_its_address(to, end))
            return None
        if not end.link.up:
            self.faults.append(link.down(end.netns, end.link, f"packets to {packet.dst}"))
        return _Arrival(end, packet)

    def _translate(self, out: End, leaving: Packet) -> Packet:
        """The packet with the source that it has once it has left by `out`."""
        packet = replace(leaving, iif="", oif="")
        if leaving.reply:
            return packet
        translation = Translation.of(out, leaving)
        if translation is None:
            return packet
        self.translations.append(translation)
        return replace(packet, src=translation.src)

    def _inside_after_all(self, out: End, dst: IPv4Address, owner: Netns, came_by: End | None) -> None:
        """The packet leaves the machine, but it is for somebody inside."""
        from_cloud = came_by is not None and card_at(self.state, came_by) is not None
        for holder in owner.links:
            for interface in address.interfaces_of(owner, holder):
                near = self._known.wire(End(owner, holder), broken_too=True).find(out.netns)
                if interface.ip == dst and near is not None:
                    own = address.interfaces_of(near.netns, near.link)
                    if from_cloud and not near.link.up:
                        self.faults.append(link.down(near.netns, near.link, f"packets to {dst}"))
                    narrow = next((each for each in own if from_cloud and each.ip in interface.network), None)
                    if not any(dst in each.network for each in own):
                        self.faults.append(
                            address.too_narrow(near.netns, near.link, narrow, dst)
                            if narrow is not None
                            else address.none_towards(near.netns, near.link, dst)
                        )
        self.faults.append(route.wrong_link(out.netns, dst, out.link, owner))

    def _next(self, out: End, way: Way, target: IPv4Address, packet: Packet) -> End | None:
        """The link by which whoever has the address `target` hears what leaves by `out`, as `way` says."""
        here = out.netns
        bridged = bridge_of(out)
        if bridged is not None:
            self.faults.append(address.on_port(here, out.link, bridged.name))
            return None
        wire = self._known.wire(out)
        hearing = [end for end in wire.stacks if owns(end.netns, target) and end.netns.inode != here.inode]
        if not hearing:
            wire = self._known.wire(out, broken_too=True)
            hearing = [end for end in wire.stacks if owns(end.netns, target) and end.netns.inode != here.inode]
        if not hearing:
            self._nobody(out, way, target)
            return None
        if len({end.netns.inode for end in hearing}) > 1:
            self.faults.append(address.duplicate(target, hearing[0].netns, hearing[1].netns))
        along = wire.way_to(hearing[0])
        for end in along:
            if not end.link.up:
                self.faults.append(link.down(end.netns, end.link, f"frames for {target}"))
            elif not passes(end) and end.link.port is not None:
                self.faults.append(bridge.blocked(end.netns, end.link))
            if end.link.kind == "bridge" and end.netns.bridge_nf and end not in (along[0], along[-1]):
                # With bridge netfilter what a bridge passes on is asked for at the hook of what is routed.
                self._filter(end.netns, "forward", replace(packet, iif=end.link.name, oif=end.link.name))
        return hearing[0]

    def _not_taken_on(self, out: End, way: Way, target: IPv4Address) -> Fault:
        """Why there is nobody at all whom the packet could be handed to."""
        if way.gateway is not None and owns(out.netns, way.gateway):
            return route.wrong_gateway(self.state, out.netns, way.gateway)
        neighbours = [interface.network for interface in address.interfaces_of(out.netns, out.link)]
        if way.gateway is None and not any(target in network for network in neighbours):
            return route.without_gateway(out.netns, out.link)
        return address.missing(out.netns, target)

    def _router_beside(self, out: End) -> End | None:
        """The node's end of the bridge that what leaves by `out` comes to; None where there is no bridge."""
        hearing = (end for end in self._known.wire(out, broken_too=True).stacks if end.netns.inode != out.netns.inode)
        return next((end for end in hearing if end.link.kind == "bridge"), None)

    def _no_such_gateway(self, out: End, gateway: IPv4Address, router: End) -> Fault:
        """Nobody is the gateway: is it the one who sends that has the wrong one, or the router the wrong address?"""
        own = address.interfaces_of(out.netns, out.link)
        right = [i.ip for i in address.interfaces_of(router.netns, router.link) if any(i.ip in o.network for o in own)]
        if right:
            return route.wrong_gateway(self.state, out.netns, gateway, right[0])
        return address.none_towards(router.netns, router.link, own[0].ip if own else gateway)

    def _nobody(self, out: End, way: Way, target: IPv4Address) -> None:
        """Nobody on the wire has the address: it is nowhere, or behind a cable that is not plugged in here."""
        here = out.netns
        owner = self._known.owner(target, here.machine)
        elsewhere = self._known.owner(target, "*") if owner is None else None
        if elsewhere is not None:
            self.faults.append(route.wrong_link(here, target, out.link, elsewhere))
            return
        if owner is None or owner.inode == here.inode:
            proxies = (end for end in self._known.wire(out).stacks)
            if any(end.netns.conf.get(end.link.name, LinkConf()).proxy_arp for end in proxies):
                self.unsure.append("proxy_arp")
                return
            router = self._router_beside(out) if way.gateway is not None and joins_machines(self.state) else None
            self.faults.append(
                self._not_taken_on(out, way, target) if router is None else self._no_such_gateway(out, target, router)
            )
            return
        near = any(target in interface.network for interface in address.interfaces_of(here, out.link))
        reached = self._known.wire(out, broken_too=True).ends
        holders = [each for each in owner.links if any(i.ip == target for i in address.interfaces_of(owner, each))]
        for holder in holders:
            around = self._known.wire(End(owner, holder), broken_too=True).ends
            if joins_machines(self.state) and not near and any(end.netns is here for end in around):
                break  # it is behind another link, and nothing but the route says that it should be behind this one
            gaps = [*_gaps(reached, around), *_gaps(around, reached)]
            if gaps:
                # Of two bridges that both hold a part, the one with an address is the one that the others are for.
                ours = max(gaps, key=lambda gap: len(address.interfaces_of(gap[0].netns, gap[0].link)))
                self.faults.append(bridge.not_its_port(ours[1].netns, ours[1].link, ours[0].link))
                return
        self.faults.append(route.wrong_link(here, target, out.link, owner))

    def _let_in(self, by: End, packet: Packet) -> Packet:
        """A packet comes in: is its source believed, and does the firewall let it pass?

        Returns:
            The packet with the destination that it has inside: an answer finds its way back through a translation.
        """
        packet = undone(self.translations, by.netns, packet)
        if owns(by.netns, packet.src) and not leads_outside(self.state, by):
            other = self._known.owner(packet.src, "*", but=by.netns)
            if other is not None:
                self.faults.append(address.duplicate(packet.src, by.netns, other))
        elif not unfiltered(by.netns, by.link, packet.src):
            self.faults.append(forwarding.reverse_path(by.netns, by.link, str(packet.src)))
        self._filter(by.netns, "prerouting", replace(packet, iif=by.link.name))
        return packet

    def _pass_on(self, came_by: End, way: Way, packet: Packet) -> None:
        """A packet is not for this namespace: does it forward, and does the firewall let it pass?"""
        if not forwarding.forwards(came_by.netns, came_by.link):
            self.faults.append(forwarding.off(self.state, came_by.netns, came_by.link))
        out = way.link.name if way.link is not None else ""
        self._filter(came_by.netns, "forward", replace(packet, iif=came_by.link.name, oif=out))

    def _filter(self, netns: Netns, hook: str, packet: Packet) -> None:
        fate = filtered(netns, hook, packet)
        self.unsure += fate.unsure
        if fate.action != "accept" and not fate.unsure:
            self.faults.append(dropped(netns, packet, fate))


def _gaps(some: tuple[End, ...], others: tuple[End, ...]) -> list[tuple[End, End]]:
    """Bridges among `some`, each with a link among `others` that would make one wire of two as its port."""
    return [
        (end, other)
        for end in some
        if end.link.kind == "bridge"
        for other in others
        if other.netns.inode == end.netns.inode and other.link.kind == "veth" and other.link.master != end.link.index
    ]


def _networks(state: NetworkState, own: IPv4Address) -> list[IPv4Network]:
    """The networks that others' addresses make, and that `own` lies in."""
    interfaces = [each.interface for netns in state.namespaces for each in netns.addresses]
    every = (each.network for each in interfaces if isinstance(each, IPv4Interface))
    return [network for network in every if network.prefixlen < 32 and own in network]
