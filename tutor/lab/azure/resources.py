"""What the things of the cloud look like in JSON, with the real keys; and how they are found by name.

Only what is so in the lab is said: keys of things that a lab's cloud does not have are left out. Does not know the
commands.

Source: outputs of Azure CLI 2.91.0's models for virtual networks, interfaces, route tables and virtual machines.
"""

from __future__ import annotations

from typing import Any, TypeVar

from tutor.lab.azure.commands import SUBSCRIPTION
from tutor.lab.azure.refusals import no_child, no_group, no_resource
from tutor.lab.cloud import Card, Cloud, Effective, Route, RouteTable, Subnet

VNETS, NICS, TABLES = (
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/routeTables",
)
MACHINES, GROUPS = "Microsoft.Compute/virtualMachines", "Microsoft.Resources/resourceGroups"
SUCCEEDED = "Succeeded"
IP_CONFIG = "ipconfig1"
"""Name of the one IP configuration that a card has."""

Json = dict[str, Any]
_Named = TypeVar("_Named", Card, Subnet, RouteTable, Route)


def group_id(cloud: Cloud) -> str:
    """Id of the resource group."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{cloud.group}"


def identify(cloud: Cloud, kind: str, name: str, *parts: str) -> str:
    """Id of a resource, or of a part of it: `identify(cloud, TABLES, "t", "routes", "r")`."""
    return "/".join((group_id(cloud), "providers", kind, name, *parts))


def require_group(cloud: Cloud, name: str) -> None:
    """Refuse a resource group that is not there; an empty name stands for all."""
    if name and name.casefold() != cloud.group.casefold():
        raise no_group(name)


def find(items: list[_Named], name: str) -> _Named | None:
    """The one of this name, in whatever case of letters: the cloud makes no difference."""
    return next((item for item in items if item.name.casefold() == name.casefold()), None)


def require_network(cloud: Cloud, name: str) -> str:
    """The virtual network's own spelling of its name."""
    if not cloud.network or name.casefold() != cloud.network.casefold():
        raise no_resource(VNETS, name, cloud.group, [cloud.network])
    return cloud.network


def require_subnet(cloud: Cloud, name: str) -> Subnet:
    """The subnet of this name."""
    subnet = find(cloud.subnets, name)
    if subnet is None:
        identifier = identify(cloud, VNETS, cloud.network, "subnets", name)
        raise no_child(identifier, [each.name for each in cloud.subnets])
    return subnet


def require_card(cloud: Cloud, name: str) -> Card:
    """The network interface of this name."""
    card = find(cloud.cards, name)
    if card is None:
        raise no_resource(NICS, name, cloud.group, [each.name for each in cloud.cards])
    return card


def require_table(cloud: Cloud, name: str) -> RouteTable:
    """The route table of this name."""
    table = find(cloud.tables, name)
    if table is None:
        raise no_resource(TABLES, name, cloud.group, [each.name for each in cloud.tables])
    return table


def require_route(cloud: Cloud, table: RouteTable, name: str) -> Route:
    """The route of this name."""
    route = find(table.routes, name)
    if route is None:
        known = [each.name for each in table.routes]
        raise no_child(identify(cloud, TABLES, table.name, "routes", name), known)
    return route


def require_machine(cloud: Cloud, name: str) -> str:
    """The virtual machine's own spelling of its name."""
    for machine in cloud.machines:
        if machine.casefold() == name.casefold():
            return machine
    raise no_resource(MACHINES, name, cloud.group, cloud.machines)


def _reference(cloud: Cloud, identifier: str) -> Json:
    return {"id": identifier, "resourceGroup": cloud.group}


def _resource(cloud: Cloud, kind: str, name: str, *parts: str) -> Json:
    # routeTables/t/routes/r is of the type routeTables/routes.
    return {
        "id": identify(cloud, kind, name, *parts),
        "name": parts[-1] if parts else name,
        "provisioningState": SUCCEEDED,
        "resourceGroup": cloud.group,
        "type": "/".join((kind, *parts[::2])),
    }


def _sorted(value: Json) -> Json:
    return dict(sorted(value.items()))


def route_json(cloud: Cloud, table: RouteTable, route: Route) -> Json:
    """A route of a table."""
    value = _resource(cloud, TABLES, table.name, "routes", route.name)
    value |= {"addressPrefix": str(route.prefix), "hasBgpOverride": False, "nextHopType": route.next_hop_type}
    if route.next_hop is not None:
        value["nextHopIpAddress"] = str(route.next_hop)
    return _sorted(value)


def table_json(cloud: Cloud, table: RouteTable) -> Json:
    """A route table with its routes, and the subnets that it is associated with."""
    value = _resource(cloud, TABLES, table.name)
    value |= {
        "disableBgpRoutePropagation": False,
        "location": cloud.location,
        "routes": [route_json(cloud, table, route) for route in table.routes],
    }
    subnets = [each for each in cloud.subnets if each.route_table == table.name]
    if subnets:
        ids = [identify(cloud, VNETS, cloud.network, "subnets", each.name) for each in subnets]
        value["subnets"] = [_reference(cloud, each) for each in ids]
    return _sorted(value)


def subnet_json(cloud: Cloud, subnet: Subnet) -> Json:
    """A subnet, with the cards in it and its route table."""
    value = _resource(cloud, VNETS, cloud.network, "subnets", subnet.name)
    value["addressPrefix"] = str(subnet.prefix)
    cards = [each for each in cloud.cards if each.subnet == subnet.name]
    if cards:
        ids = [identify(cloud, NICS, each.name, "ipConfigurations", IP_CONFIG) for each in cards]
        value["ipConfigurations"] = [_reference(cloud, each) for each in ids]
    if subnet.route_table:
        value["routeTable"] = _reference(cloud, identify(cloud, TABLES, subnet.route_table))
    return _sorted(value)


def network_json(cloud: Cloud) -> Json:
    """The virtual network with its subnets."""
    value = _resource(cloud, VNETS, cloud.network)
    value |= {
        "addressSpace": {"addressPrefixes": [str(network) for network in cloud.networks]},
        "enableDdosProtection": False,
        "location": cloud.location,
        "subnets": [subnet_json(cloud, subnet) for subnet in cloud.subnets],
        "virtualNetworkPeerings": [],
    }
    return _sorted(value)


def ip_config_json(cloud: Cloud, card: Card) -> Json:
    """The IP configuration of a card."""
    value = _resource(cloud, NICS, card.name, "ipConfigurations", IP_CONFIG)
    value |= {
        "primary": True,
        "privateIPAddress": str(card.address),
        "privateIPAddressVersion": "IPv4",
        "privateIPAllocationMethod": "Dynamic",
    }
    if card.subnet:
        value["subnet"] = _reference(cloud, identify(cloud, VNETS, cloud.network, "subnets", card.subnet))
    return _sorted(value)


def mac_of(card: Card) -> str:
    """A card's link-layer address as the cloud writes it."""
    return card.mac.upper().replace(":", "-")


def card_json(cloud: Cloud, card: Card) -> Json:
    """A network interface."""
    value = _resource(cloud, NICS, card.name)
    value |= {
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": card.ip_forwarding,
        "ipConfigurations": [ip_config_json(cloud, card)],
        "location": cloud.location,
        "macAddress": mac_of(card),
        "primary": cards_of(cloud, card.machine)[0] is card,
        "virtualMachine": _reference(cloud, identify(cloud, MACHINES, card.machine)),
    }
    return _sorted(value)


def cards_of(cloud: Cloud, machine: str) -> list[Card]:
    """The cards of a machine, in order."""
    return [card for card in cloud.cards if card.machine == machine]


def machine_json(cloud: Cloud, machine: str, *, details: bool = False) -> Json:
    """A virtual machine; with details also what else is known of it."""
    cards = cards_of(cloud, machine)
    value = _resource(cloud, MACHINES, machine)
    value |= {
        "location": cloud.location,
        "networkProfile": {
            "networkInterfaces": [_reference(cloud, identify(cloud, NICS, each.name)) for each in cards]
        },
        "osProfile": {"computerName": machine},
    }
    if details:
        value |= {
            "fqdns": "",
            "macAddresses": ",".join(map(mac_of, cards)),
            "powerState": "VM running",
            "privateIps": ",".join(str(each.address) for each in cards),
            "publicIps": "",
        }
    return _sorted(value)


def group_json(cloud: Cloud) -> Json:
    """The resource group."""
    return {
        "id": group_id(cloud),
        "location": cloud.location,
        "managedBy": None,
        "name": cloud.group,
        "properties": {"provisioningState": SUCCEEDED},
        "tags": None,
        "type": GROUPS,
    }


def resources_json(cloud: Cloud) -> list[Json]:
    """All resources of the group, in short."""
    everything = [(MACHINES, each) for each in cloud.machines]
    everything += [(NICS, each.name) for each in cloud.cards]
    everything += [(TABLES, each.name) for each in cloud.tables]
    if cloud.network:
        everything.append((VNETS, cloud.network))
    return [_sorted(_resource(cloud, kind, name) | {"location": cloud.location}) for kind, name in everything]


def effective_json(route: Effective) -> Json:
    """A route that counts for a card."""
    value = {
        "addressPrefix": [str(route.prefix)],
        "disableBgpRoutePropagation": False,
        "hasBgpOverride": False,
        "nextHopIpAddress": [str(route.next_hop)] if route.next_hop is not None else [],
        "nextHopType": route.next_hop_type,
        "source": route.source,
        "state": route.state,
    }
    return _sorted(value | ({"name": route.name} if route.name else {}))
