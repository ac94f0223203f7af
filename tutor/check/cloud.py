"""What the cloud network between machines is, as checks see it: cards, subnets, routes, and what it has dropped.

Does not know how it was read, nor what anybody wants it to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class CloudCard:
    """A network interface (NIC) of the cloud network."""

    name: str
    """What the cloud calls it (`node0-nic`)."""
    machine: str
    """The machine that it is plugged into."""
    link: str
    """Its link in that machine."""
    address: IPv4Address
    """The one address that the cloud gives it."""
    ip_forwarding: bool = False
    """Whether packets for or from other addresses pass it."""
    subnet: str = ""
    """Name of its subnet; empty for none."""
    public: IPv4Address | None = None
    """The address that stands for it in the internet; None for a card without one."""


@dataclass(frozen=True, slots=True)
class CloudRoute:
    """A route of a route table of the cloud."""

    name: str
    """Unique in its table."""
    prefix: IPv4Network
    """What it is for."""
    next_hop_type: str = "VirtualAppliance"
    """`VirtualAppliance`, `VnetLocal`, `Internet`, `VirtualNetworkGateway` or `None`."""
    next_hop: IPv4Address | None = None
    """For an appliance: the address of the card that gets the packets."""


@dataclass(frozen=True, slots=True)
class CloudSubnet:
    """A part of the virtual network."""

    name: str
    """What the cloud calls it."""
    prefix: IPv4Network
    """Its range."""
    route_table: str = ""
    """Name of the route table that is associated with it; empty for none."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The simulated cloud network, as far as it is looked at."""

    drops: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Packets dropped, by reason: `spoofed-source`, `not-this-nic`, `no-owner`, `dead-next-hop`, `next-hop-none`,
    `untranslated`."""
    networks: tuple[IPv4Network, ...] = ()
    """The virtual network's ranges."""
    system: tuple[CloudRoute, ...] = ()
    """The routes that the cloud has without anybody's doing; they have no names."""
    cards: tuple[CloudCard, ...] = ()
    """In the order of the machines."""
    subnets: tuple[CloudSubnet, ...] = ()
    """In order."""
    tables: Mapping[str, tuple[CloudRoute, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The routes of each route table, by its name."""

    def card_of(self, machine: str, link: str) -> CloudCard | None:
        """The card that is this link of this machine, or None."""
        return next((card for card in self.cards if (card.machine, card.link) == (machine, link)), None)

    def card_with(self, address: IPv4Address) -> CloudCard | None:
        """The card that has this address, or None."""
        return next((card for card in self.cards if card.address == address), None)

    def routes_for(self, card: CloudCard) -> tuple[CloudRoute, ...]:
        """The routes of the table that is associated with a card's subnet."""
        subnet = next((subnet for subnet in self.subnets if subnet.name == card.subnet), None)
        return self.tables.get(subnet.route_table, ()) if subnet is not None else ()

    def route_for(self, card: CloudCard, dst: IPv4Address) -> CloudRoute | None:
        """The user's route that a packet to `dst` takes once it has left `card`; None where the system's own do.

        The longest prefix goes first, and among equals the user's route.
        """
        system = [route.prefix.prefixlen for route in self.system if dst in route.prefix]
        fitting = [route for route in self.routes_for(card) if dst in route.prefix]
        best = max(fitting, key=lambda route: route.prefix.prefixlen, default=None)
        return best if best is not None and best.prefix.prefixlen >= max(system, default=0) else None
