"""`az network vnet`, `nic` and `watcher`: the virtual network, the cards in it, and where their packets go.

Does not know route tables, save by name.

Source: Azure CLI 2.91.0; Network Watcher's documentation of next hop (`System Route` for a route of nobody's table).
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from tutor.lab.azure.commands import GROUP, NO, SEVERAL, TRUTH, YES, Call, Command, Option
from tutor.lab.azure.refusals import answered, did_you_mean, usage
from tutor.lab.azure.resources import (
    IP_CONFIG,
    NICS,
    TABLES,
    VNETS,
    card_json,
    cards_of,
    effective_json,
    find,
    identify,
    ip_config_json,
    network_json,
    require_card,
    require_group,
    require_machine,
    require_network,
    require_subnet,
    subnet_json,
)
from tutor.lab.cloud import Card, Cloud

SYSTEM_ROUTE = "System Route"
"""What stands for the id of a route table where the route is the system's own."""

_GROUP = Option(GROUP.names, GROUP.text, required=True, part="resourceGroups")
_GROUP_NEEDED = GROUP.needed()
_NIC = Option(("--name", "-n"), "Name of the network interface (NIC).", required=True, part="networkInterfaces")
_NIC_OF = Option(("--nic-name",), "Name of the network interface (NIC).", required=True)
_VNET = Option(("--name", "-n"), "The virtual network (VNet) name.", required=True, part="virtualNetworks")
_VNET_OF = Option(("--vnet-name",), "The virtual network (VNet) name.", required=True, part="virtualNetworks")
_SUBNET = Option(("--name", "-n"), "The subnet name.", required=True, part="subnets")
_NULLS = ("", "null")
_FORWARDING = "enableIPForwarding"


def _vnet(call: Call) -> Cloud:
    require_group(call.cloud, call.text("resource-group"))
    require_network(call.cloud, call.text("vnet-name") or call.text("name"))
    return call.cloud


def _list_networks(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    return [network_json(call.cloud)] if call.cloud.network else []


def _show_network(call: Call) -> Any:
    return network_json(_vnet(call))


def _list_subnets(call: Call) -> Any:
    cloud = _vnet(call)
    return [subnet_json(cloud, subnet) for subnet in cloud.subnets]


def _show_subnet(call: Call) -> Any:
    cloud = _vnet(call)
    return subnet_json(cloud, require_subnet(cloud, call.text("name")))


def _update_subnet(call: Call) -> Any:
    cloud = _vnet(call)
    subnet = require_subnet(cloud, call.text("name"))
    if "remove" in call.values:
        wanted = "null"
    elif "route-table" in call.values:
        wanted = call.text("route-table")
    else:
        return subnet_json(cloud, subnet)
    if wanted in _NULLS:
        subnet.route_table = ""
        return subnet_json(cloud, subnet)
    table = find(cloud.tables, _name_of(wanted, "routeTables", cloud))
    if table is None:
        missing = wanted if "/" in wanted else identify(cloud, TABLES, wanted)
        user = identify(cloud, VNETS, cloud.network, "subnets", subnet.name)
        message = (
            f"Resource {missing} referenced by resource {user} was not found. Please make sure that the referenced "
            "resource exists, and that both resources are in the same region."
        )
        raise answered("InvalidResourceReference", message, *did_you_mean(wanted, [each.name for each in cloud.tables]))
    subnet.route_table = table.name
    return subnet_json(cloud, subnet)


def _name_of(text: str, part: str, cloud: Cloud) -> str:
    """A name, given as itself or at the end of an id of the group's; else empty, which is the name of nothing."""
    if "/" not in text:
        return text
    words = text.split("/")
    begins = identify(cloud, "", "").split("/providers")[0].casefold()
    is_ours = text.casefold().startswith(f"{begins}/") and len(words) > 1 and words[-2].casefold() == part.casefold()
    return words[-1] if is_ours else ""


def _card(call: Call) -> Card:
    require_group(call.cloud, call.text("resource-group"))
    return require_card(call.cloud, call.text("nic-name") or call.text("name"))


def _list_cards(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    return [card_json(call.cloud, card) for card in call.cloud.cards]


def _show_card(call: Call) -> Any:
    return card_json(call.cloud, _card(call))


def _update_card(call: Call) -> Any:
    card = _card(call)
    wanted = call.truth("ip-forwarding")
    for setting in call.values.get("set", ()):
        wanted = _parse_setting(setting)
    if wanted is not None:
        card.ip_forwarding = wanted
    return card_json(call.cloud, card)


def _parse_setting(text: str) -> bool:
    """What `--set enableIPForwarding=…` says: the one property of a card that can be another."""
    key, _, value = text.partition("=")
    if key.casefold() != _FORWARDING.casefold():
        raise usage(f"argument --set: in this lab there is only {_FORWARDING} to set, not '{key}'")
    if value.lower() not in (*YES, *NO):
        raise usage(f"argument --set: '{value}' is not a valid value for '{key}': true or false")
    return value.lower() in YES


def _list_ip_configs(call: Call) -> Any:
    return [ip_config_json(call.cloud, _card(call))]


def _show_ip_config(call: Call) -> Any:
    card = _card(call)
    name = call.text("name")
    if name.casefold() != IP_CONFIG:
        identifier = identify(call.cloud, NICS, card.name, "ipConfigurations", name)
        raise answered("NotFound", f"Resource {identifier} not found.", f"Did you mean '{IP_CONFIG}' ?", status=3)
    return ip_config_json(call.cloud, card)


def _effective_routes(call: Call) -> Any:
    return {"value": [effective_json(route) for route in call.cloud.effective_routes(_card(call))]}


def _next_hop(call: Call) -> Any:
    cloud = call.cloud
    require_group(cloud, call.text("resource-group"))
    machine = require_machine(cloud, _name_of(call.text("vm"), "virtualMachines", cloud))
    cards = cards_of(cloud, machine)
    if call.text("nic"):
        card = require_card(cloud, _name_of(call.text("nic"), "networkInterfaces", cloud))
        if card not in cards:
            raise answered("InvalidTargetNic", f"Network interface {card.name} is not attached to VM {machine}.")
    elif cards:
        card = cards[0]
    else:
        raise answered("TargetHasNoNic", f"VM {machine} has no network interface.")
    _parse_address(call, "source-ip")
    route = cloud.route_for(card, _parse_address(call, "dest-ip"))
    table = cloud.table_for(card) if route.source == "User" else None
    answer: dict[str, Any] = {
        "nextHopType": route.next_hop_type,
        "routeTableId": identify(cloud, TABLES, table.name) if table is not None else SYSTEM_ROUTE,
    }
    if route.next_hop is not None:
        answer["nextHopIpAddress"] = str(route.next_hop)
    return dict(sorted(answer.items()))


def _parse_address(call: Call, key: str) -> IPv4Address:
    text = call.text(key)
    try:
        return IPv4Address(text)
    except ValueError:
        raise usage(f"argument --{key}: '{text}' is not an IPv4 address") from None


def _network_columns(answer: Any) -> Any:
    return [
        {
            "Name": each["name"],
            "ResourceGroup": each["resourceGroup"],
            "Location": each["location"],
            "NumSubnets": len(each["subnets"]),
            "Prefixes": ", ".join(each["addressSpace"]["addressPrefixes"]),
            "DnsServers": " ",
            "DDOSProtection": each["enableDdosProtection"],
            "VMProtection": " ",
        }
        for each in answer
    ]


def _effective_columns(answer: Any) -> Any:
    return [
        {
            "Source": each["source"],
            "State": each["state"],
            "Address Prefix": " ".join(each["addressPrefix"]),
            "Next Hop Type": each["nextHopType"],
            "Next Hop IP": " ".join(each["nextHopIpAddress"]),
        }
        for each in answer["value"]
    ]


COMMANDS = (
    Command(
        "network vnet list",
        "List virtual networks.",
        _list_networks,
        (GROUP,),
        (("List all virtual networks in a resource group.", "az network vnet list -g MyResourceGroup"),),
        columns=_network_columns,
    ),
    Command(
        "network vnet show",
        "Get the details of a virtual network.",
        _show_network,
        (_VNET, _GROUP),
        (("Get details for MyVNet.", "az network vnet show -g MyResourceGroup -n MyVNet"),),
    ),
    Command(
        "network vnet subnet list",
        "List the subnets in a virtual network.",
        _list_subnets,
        (_GROUP_NEEDED, Option(_VNET_OF.names, _VNET_OF.text, required=True)),
        (
            (
                "List the subnets in a virtual network.",
                "az network vnet subnet list -g MyResourceGroup --vnet-name MyVNet",
            ),
        ),
    ),
    Command(
        "network vnet subnet show",
        "Show details of a subnet.",
        _show_subnet,
        (_SUBNET, _GROUP, _VNET_OF),
        (
            (
                "Show the details of a subnet associated with a virtual network.",
                "az network vnet subnet show -g MyResourceGroup -n MySubnet --vnet-name MyVNet",
            ),
        ),
    ),
    Command(
        "network vnet subnet update",
        "Update a subnet.",
        _update_subnet,
        (
            _SUBNET,
            _GROUP,
            _VNET_OF,
            Option(
                ("--route-table",),
                "Name or ID of a route table to associate with the subnet. Use null to detach it.",
            ),
            Option(("--remove",), "Remove a property.", choices=("routeTable",)),
        ),
        (
            (
                "Associate a route table with a subnet.",
                "az network vnet subnet update -g MyResourceGroup -n MySubnet --vnet-name MyVNet "
                "--route-table MyRouteTable",
            ),
        ),
        alters=True,
    ),
    Command(
        "network nic list",
        "List network interfaces.",
        _list_cards,
        (GROUP,),
        (("List all NICs in a resource group.", "az network nic list -g MyResourceGroup"),),
    ),
    Command(
        "network nic show",
        "Get the details of a network interface.",
        _show_card,
        (_NIC, _GROUP),
        (("Get the details of a network interface.", "az network nic show -g MyResourceGroup -n MyNic"),),
    ),
    Command(
        "network nic update",
        "Update a network interface.",
        _update_card,
        (
            _NIC,
            _GROUP,
            Option(("--ip-forwarding",), "Whether to enable IP forwarding.", takes=TRUTH, choices=(*YES, *NO)),
            Option(("--set",), f"Set a property. Example: `--set {_FORWARDING}=true`.", takes=SEVERAL),
        ),
        (
            (
                "Let packets for other addresses pass a network interface.",
                "az network nic update -g MyResourceGroup -n MyNic --ip-forwarding true",
            ),
        ),
        alters=True,
    ),
    Command(
        "network nic show-effective-route-table",
        "Show the effective route table applied to a network interface.",
        _effective_routes,
        (_NIC, _GROUP),
        (
            (
                "Show the effective routes applied to a network interface.",
                "az network nic show-effective-route-table -g MyResourceGroup -n MyNic",
            ),
        ),
        columns=_effective_columns,
    ),
    Command(
        "network nic ip-config list",
        "List the IP configurations of an NIC.",
        _list_ip_configs,
        (_GROUP_NEEDED, _NIC_OF),
        (
            (
                "List the IP configurations of an NIC.",
                "az network nic ip-config list -g MyResourceGroup --nic-name MyNic",
            ),
        ),
    ),
    Command(
        "network nic ip-config show",
        "Show the details of an IP configuration.",
        _show_ip_config,
        (
            Option(("--name", "-n"), "Name of the IP configuration.", required=True, part="ipConfigurations"),
            _GROUP,
            Option(_NIC_OF.names, _NIC_OF.text, required=True, part="networkInterfaces"),
        ),
        (
            (
                "Show the details of an IP configuration of an NIC.",
                "az network nic ip-config show -g MyResourceGroup -n MyIpConfig --nic-name MyNic",
            ),
        ),
    ),
    Command(
        "network watcher show-next-hop",
        "Get information on the `next hop` of a VM.",
        _next_hop,
        (
            Option(("--dest-ip",), "Destination IPv4 address.", required=True),
            Option(("--source-ip",), "Source IPv4 address.", required=True),
            Option(("--vm",), "Name or ID of the VM to target.", required=True),
            Option(("--nic",), "Name or ID of the NIC resource to test; the first one of the VM where none is given."),
            Option(GROUP.names, "Name of the resource group the target VM is in."),
        ),
        (
            (
                "Get the next hop from a VMs assigned IP address to a destination at 10.1.0.4.",
                "az network watcher show-next-hop -g MyResourceGroup --vm MyVm --source-ip 10.0.0.4 --dest-ip 10.1.0.4",
            ),
        ),
    ),
)
"""All of these commands."""
