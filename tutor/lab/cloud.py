"""The cloud's resources as they are now: cards, subnets, route tables, and which route of them a packet takes.

Values that the cloud's command line changes and that the fabric's kernel is told of. Does not know how either works.

Source: what Azure documents of virtual network traffic routing (longest prefix first, a user's route before the
system's) and of IP forwarding of a network interface.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from tutor.lab.topology import Topology

APPLIANCE, LOCAL, INTERNET, GATEWAY, NONE = (
    "VirtualAppliance",
    "VnetLocal",
    "Internet",
    "VirtualNetworkGateway",
    "None",
)
"""Types of a next hop, in the cloud's own words."""

_EVERYTHING = IPv4Network("0.0.0.0/0")
_NOWHERE = tuple(map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")))
"""Private ranges that the cloud throws away where they are not the virtual network's own."""


@dataclass(slots=True)
class Card:
    """A network interface (NIC)."""

    name: str
    """`node0-nic`; the cloud's name, not that of the link."""
    machine: str
    """The virtual machine that it is plugged into."""
    link: str
    """Its link in the machine."""
    port: str
    """The fabric's end of its cable."""
    address: IPv4Address
    """The one address that the cloud gives it."""
    mac: str
    """Its link-layer address."""
    public: IPv4Address | None
    """The address that stands for it in the internet."""
    subnet: str
    """Name of its subnet; empty where the lab's file names none."""
    ip_forwarding: bool
    """Whether packets for or from other addresses pass it."""


@dataclass(slots=True)
class Route:
    """A route of a table."""

    name: str
    """Unique in its table."""
    prefix: IPv4Network
    """What it is for."""
    next_hop_type: str = APPLIANCE
    """One of the words above."""
    next_hop: IPv4Address | None = None
    """For an appliance: the address of the card that gets the packets."""


@dataclass(slots=True)
class RouteTable:
    """A route table."""

    name: str
    """Unique in the group."""
    routes: list[Route] = field(default_factory=list)
    """In the order in which they were made."""


@dataclass(slots=True)
class Subnet:
    """A part of the virtual network."""

    name: str
    """Its name."""
    prefix: IPv4Network
    """Its range."""
    route_table: str = ""
    """Name of the table that is associated with it; empty for none."""


@dataclass(frozen=True, slots=True)
class Effective:
    """A route that counts for a card."""

    source: str
    """`Default` for the system's own, `User` for one of a route table."""
    state: str
    """`Active`, or `Invalid` where another one for the same prefix goes before it."""
    prefix: IPv4Network
    """What it is for."""
    next_hop_type: str
    """Of its next hop."""
    next_hop: IPv4Address | None = None
    """For an appliance."""
    name: str = ""
    """Of a user's route."""


@dataclass(slots=True)
class Cloud:
    """All resources of a lab's resource group."""

    group: str
    """The resource group; empty for a lab whose cloud has no command line."""
    location: str
    """The region."""
    network: str
    """Name of the virtual network."""
    networks: tuple[IPv4Network, ...]
    """Its ranges."""
    machines: tuple[str, ...]
    """The virtual machines."""
    cards: list[Card]
    """In the order of the machines."""
    subnets: list[Subnet]
    """In order."""
    tables: list[RouteTable]
    """In the order in which they were made."""

    def find_card(self, name: str) -> Card | None:
        """The card of this name, or None."""
        return next((card for card in self.cards if card.name == name), None)

    def card_of(self, address: IPv4Address) -> Card | None:
        """The card that has this address, or None."""
        return next((card for card in self.cards if card.address == address), None)

    def find_subnet(self, name: str) -> Subnet | None:
        """The subnet of this name, or None."""
        return next((subnet for subnet in self.subnets if subnet.name == name), None)

    def find_table(self, name: str) -> RouteTable | None:
        """The route table of this name, or None."""
        return next((table for table in self.tables if table.name == name), None)

    def table_for(self, card: Card) -> RouteTable | None:
        """The table that is associated with the card's subnet, or None."""
        subnet = self.find_subnet(card.subnet)
        return self.find_table(subnet.route_table) if subnet is not None and subnet.route_table else None

    def effective_routes(self, card: Card) -> list[Effective]:
        """All routes for a card: the system's first, then those of its subnet's table."""
        table = self.table_for(card)
        own = table.routes if table is not None else []
        taken = {route.prefix for route in own}
        system = [
            Effective("Default", "Invalid" if prefix in taken else "Active", prefix, kind)
            for prefix, kind in self.system_routes()
        ]
        users = [
            Effective("User", "Active", route.prefix, route.next_hop_type, route.next_hop, route.name) for route in own
        ]
        return [*system, *users]

    def route_for(self, card: Card, dst: IPv4Address) -> Effective:
        """The route that a packet to `dst` takes once it has left a card."""
        fitting = (each for each in self.effective_routes(card) if each.state == "Active" and dst in each.prefix)
        return max(fitting, key=lambda each: each.prefix.prefixlen)

    def system_routes(self) -> Iterator[tuple[IPv4Network, str]]:
        """The routes that each card has without anybody's doing: prefix and type of the next hop."""
        for network in self.networks:
            yield network, LOCAL
        yield _EVERYTHING, INTERNET
        for network in _NOWHERE:
            if not any(network.overlaps(own) for own in self.networks):
                yield network, NONE

    def as_message(self) -> dict[str, Any]:
        """As plain values, for whoever reads the lab from outside."""
        return {
            "networks": [str(network) for network in self.networks],
            "system": [{"prefix": str(prefix), "next_hop_type": kind} for prefix, kind in self.system_routes()],
            "cards": [
                {
                    "name": card.name,
                    "machine": card.machine,
                    "link": card.link,
                    "address": str(card.address),
                    "subnet": card.subnet,
                    "public": str(card.public) if card.public is not None else "",
                    "ip_forwarding": card.ip_forwarding,
                }
                for card in self.cards
            ],
            "subnets": [
                {"name": subnet.name, "prefix": str(subnet.prefix), "route_table": subnet.route_table}
                for subnet in self.subnets
            ],
            "tables": [
                {
                    "name": table.name,
                    "routes": [
                        {
                            "name": route.name,
                            "prefix": str(route.prefix),
                            "next_hop_type": route.next_hop_type,
                            "next_hop": str(route.next_hop) if route.next_hop is not None else "",
                        }
                        for route in table.routes
                    ],
                }
                for table in self.tables
            ],
        }


def cloud_of(topology: Topology) -> Cloud:
    """The resources that a lab begins with."""
    spec = topology.cloud
    subnets = [Subnet(each.name, each.prefix, each.route_table) for each in spec.subnets]
    cards = []
    for number, machine in enumerate(topology.machines):
        for place, nic in enumerate(machine.nics):
            subnet = next((each.name for each in subnets if nic.address.ip in each.prefix), "")
            name = f"{machine.name}-nic" if place == 0 else f"{machine.name}-nic{place}"
            # The fabric's end: numbers, since machines' names may be long and begin alike.
            port = f"nic-{number}.{place}"
            cards.append(
                Card(name, machine.name, nic.link, port, nic.address.ip, nic.mac, nic.public, subnet, nic.ip_forwarding)
            )
    tables = [
        RouteTable(
            each.name, [Route(route.name, route.prefix, route.next_hop_type, route.next_hop) for route in each.routes]
        )
        for each in spec.route_tables
    ]
    names = tuple(machine.name for machine in topology.machines)
    return Cloud(spec.group, spec.location, spec.network, spec.networks, names, cards, subnets, tables)
