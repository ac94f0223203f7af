"""`az network route-table …`: route tables and their routes.

The rules are the cloud's own, and so are the codes and the words of its refusals. Does not know what the fabric makes
of a route.

Source: Azure CLI 2.91.0 for the commands; for what the service refuses, its answers as they are on record
(`RouteConflict`, `InvalidCIDRNotation`, `MissingNextHopIpAddress`, `InUseRouteTableCannotBeDeleted`, …).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from tutor.lab.azure.commands import GROUP, Call, Command, Option
from tutor.lab.azure.refusals import Refused, answered, did_you_mean
from tutor.lab.azure.resources import (
    TABLES,
    find,
    identify,
    require_group,
    require_route,
    require_table,
    route_json,
    table_json,
)
from tutor.lab.cloud import APPLIANCE, GATEWAY, INTERNET, LOCAL, NONE, Cloud, Route, RouteTable

MOST_ROUTES = 400
"""Routes that one table may have."""

_NAME = re.compile(r"\w(?:[\w.-]{0,78}\w)?", re.ASCII)
_PREFIX = re.compile(r"[0-9.]+/[0-9]{1,2}", re.ASCII)
_NULLS = ("", "null")

HOPS = (INTERNET, NONE, APPLIANCE, GATEWAY, LOCAL)

_GROUP = Option(GROUP.names, GROUP.text, required=True, part="resourceGroups")
_TABLE = Option(("--name", "-n"), "Name of the route table.", required=True, part="routeTables")
_ROUTE = Option(("--name", "-n"), "Route name.", required=True, part="routes")
_TABLE_OF = Option(("--route-table-name",), "Route table name.", required=True, part="routeTables")
_PREFIX_OF = Option(("--address-prefix",), "The destination CIDR to which the route applies.")
_HOP = Option(
    ("--next-hop-ip-address",),
    "The IP address packets should be forwarded to when using the VirtualAppliance hop type.",
)
_HOP_TYPE = Option(("--next-hop-type",), "The type of Azure hop the packet should be sent to.", choices=HOPS)


def _plain(*options: Option) -> tuple[Option, ...]:
    """The same options where no resource id can stand for them."""
    return tuple(Option(each.names, each.text, each.required, each.takes, each.choices) for each in options)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise answered(
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
            "character, and it must end with a word character or with '_'. The name may contain word characters or "
            "'.', '-', '_'.",
        )


def _parse_prefix(text: str, identifier: str) -> IPv4Network:
    try:
        if not _PREFIX.fullmatch(text):
            raise ValueError
        network = IPv4Network(text, strict=False)
    except ValueError:
        message = (
            f"Address prefix {text} of resource {identifier} is not formatted correctly. "
            "It should follow CIDR notation, for example 10.0.0.0/24."
        )
        raise answered("InvalidAddressPrefixFormat", message) from None
    if text.partition("/")[0] != str(network.network_address):
        message = (
            f"The address prefix {text} in resource {identifier} has an invalid CIDR notation. "
            f"For the given prefix length, the address prefix should be {network}."
        )
        raise answered("InvalidCIDRNotation", message)
    return network


def _parse_hop(text: str, kind: str, name: str, identifier: str) -> IPv4Address | None:
    if text in _NULLS:
        if kind == APPLIANCE:
            message = f"NextHopIpAddress cannot be Null or Empty in route {name} when NextHopType is {APPLIANCE}."
            raise answered("MissingNextHopIpAddress", message, "Give it with --next-hop-ip-address.")
        return None
    if kind != APPLIANCE:
        message = f"NextHopIpAddress is only allowed in route {name} when NextHopType is {APPLIANCE}, not {kind}."
        raise answered("NextHopIpAddressNotAllowed", message, "To have none: --next-hop-ip-address null")
    try:
        return IPv4Address(text)
    except ValueError:
        message = f"NextHopIpAddress {text} of resource {identifier} is not an IPv4 address."
        raise answered("InvalidIPAddressFormat", message) from None


def _check_conflict(table: RouteTable, route: Route, but: Route | None) -> None:
    for other in table.routes:
        if other is not but and other.prefix == route.prefix:
            message = (
                f"Route: {route.name} conflicts with Route: {other.name}. Routes cannot have the same AddressPrefix."
            )
            raise answered("RouteConflict", message)
    if but is None and len(table.routes) >= MOST_ROUTES:
        message = f"Cannot create more than {MOST_ROUTES} routes in route table {table.name}."
        raise answered("RouteTableRouteLimitReached", message)


def _put(table: RouteTable, route: Route, old: Route | None) -> None:
    """A route of this name keeps its place, a new one comes last."""
    if old is None:
        table.routes.append(route)
    else:
        table.routes[table.routes.index(old)] = route


def _no_parent(cloud: Cloud, table: str, verb: str, known: Iterable[str]) -> Refused:
    message = (
        f"Failed to perform '{verb}' on resource(s) of type 'routeTables/routes', because the parent resource "
        f"'{identify(cloud, TABLES, table)}' could not be found."
    )
    return answered("ParentResourceNotFound", message, *did_you_mean(table, known), status=3)


def _parent(call: Call, verb: str) -> RouteTable:
    require_group(call.cloud, call.text("resource-group"))
    name = call.text("route-table-name")
    table = find(call.cloud.tables, name)
    if table is None:
        raise _no_parent(call.cloud, name, verb, [each.name for each in call.cloud.tables])
    return table


def _create_route(call: Call) -> Any:
    table = _parent(call, "write")
    name = call.text("name")
    _check_name(name)
    old = find(table.routes, name)
    identifier = identify(call.cloud, TABLES, table.name, "routes", name)
    prefix = _parse_prefix(call.text("address-prefix"), identifier)
    kind = call.text("next-hop-type")
    hop = _parse_hop(call.text("next-hop-ip-address"), kind, name, identifier)
    route = Route(old.name if old is not None else name, prefix, kind, hop)
    _check_conflict(table, route, old)
    _put(table, route, old)
    return route_json(call.cloud, table, route)


def _update_route(call: Call) -> Any:
    table = _parent(call, "write")
    old = require_route(call.cloud, table, call.text("name"))
    identifier = identify(call.cloud, TABLES, table.name, "routes", old.name)
    prefix = old.prefix
    if "address-prefix" in call.values:
        prefix = _parse_prefix(call.text("address-prefix"), identifier)
    kind = call.text("next-hop-type") or old.next_hop_type
    hop = str(old.next_hop) if old.next_hop is not None else ""
    hop = call.text("next-hop-ip-address") if "next-hop-ip-address" in call.values else hop
    route = Route(old.name, prefix, kind, _parse_hop(hop, kind, old.name, identifier))
    _check_conflict(table, route, old)
    _put(table, route, old)
    return route_json(call.cloud, table, route)


def _delete_route(call: Call) -> Any:
    # The service answers 204 to the deletion of what is not there: no error.
    table = _parent(call, "delete")
    route = find(table.routes, call.text("name"))
    if route is not None:
        table.routes.remove(route)


def _list_routes(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    table = require_table(call.cloud, call.text("route-table-name"))
    return [route_json(call.cloud, table, route) for route in table.routes]


def _show_route(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    table = require_table(call.cloud, call.text("route-table-name"))
    return route_json(call.cloud, table, require_route(call.cloud, table, call.text("name")))


def _create_table(call: Call) -> Any:
    cloud = call.cloud
    require_group(cloud, call.text("resource-group"))
    name = call.text("name")
    _check_name(name)
    location = call.text("location") or cloud.location
    if location.replace(" ", "").casefold() != cloud.location.casefold():
        message = (
            f"The provided location '{location}' is not available for resource type '{TABLES}'. "
            f"List of available regions for the resource type is '{cloud.location}'."
        )
        raise answered("LocationNotAvailableForResourceType", message)
    table = find(cloud.tables, name)
    if table is None:
        table = RouteTable(name)
        cloud.tables.append(table)
    return table_json(cloud, table)


def _list_tables(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    return [table_json(call.cloud, table) for table in call.cloud.tables]


def _show_table(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    return table_json(call.cloud, require_table(call.cloud, call.text("name")))


def _delete_table(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    table = find(call.cloud.tables, call.text("name"))
    if table is None:
        return
    if any(subnet.route_table == table.name for subnet in call.cloud.subnets):
        message = f"Route table {table.name} is in use and cannot be deleted."
        hint = "Take it from its subnets first: az network vnet subnet update … --route-table null"
        raise answered("InUseRouteTableCannotBeDeleted", message, hint)
    call.cloud.tables.remove(table)


_IN_TABLE = "-g MyResourceGroup --route-table-name MyRouteTable"
COMMANDS = (
    Command(
        "network route-table create",
        "Create a route table.",
        _create_table,
        (*_plain(_TABLE, _GROUP), Option(("--location", "-l"), "Location.")),
        (("Create a route table.", "az network route-table create -g MyResourceGroup -n MyRouteTable"),),
        alters=True,
    ),
    Command(
        "network route-table delete",
        "Delete a route table.",
        _delete_table,
        (_TABLE, _GROUP),
        (("Delete a route table.", "az network route-table delete -g MyResourceGroup -n MyRouteTable"),),
        alters=True,
    ),
    Command(
        "network route-table list",
        "List route tables.",
        _list_tables,
        _plain(_GROUP),
        (("List all route tables in a resource group.", "az network route-table list -g MyResourceGroup"),),
    ),
    Command(
        "network route-table show",
        "Get the details of a route table.",
        _show_table,
        (_TABLE, _GROUP),
        (("Get the details of a route table.", "az network route-table show -g MyResourceGroup -n MyRouteTable"),),
    ),
    Command(
        "network route-table route create",
        "Create a route in a route table.",
        _create_route,
        (*_plain(_ROUTE, _GROUP, _TABLE_OF), _PREFIX_OF.needed(), _HOP, _HOP_TYPE.needed()),
        (
            (
                "Create a route that forces all inbound traffic to a Network Virtual Appliance.",
                f"az network route-table route create {_IN_TABLE} -n MyRoute --next-hop-type VirtualAppliance "
                "--address-prefix 10.0.0.0/16 --next-hop-ip-address 10.0.100.4",
            ),
        ),
        alters=True,
        note="A route of the same name is replaced.",
    ),
    Command(
        "network route-table route delete",
        "Delete a route from a route table.",
        _delete_route,
        (_ROUTE, _GROUP, _TABLE_OF),
        (("Delete a route from a route table.", f"az network route-table route delete {_IN_TABLE} -n MyRoute"),),
        alters=True,
    ),
    Command(
        "network route-table route list",
        "List routes in a route table.",
        _list_routes,
        _plain(_GROUP, _TABLE_OF),
        (("List routes in a route table.", f"az network route-table route list {_IN_TABLE}"),),
    ),
    Command(
        "network route-table route show",
        "Get the details of a route in a route table.",
        _show_route,
        (_ROUTE, _GROUP, _TABLE_OF),
        (("Get the details of a route.", f"az network route-table route show {_IN_TABLE} -n MyRoute"),),
    ),
    Command(
        "network route-table route update",
        "Update a route in a route table.",
        _update_route,
        (_ROUTE, _GROUP, _TABLE_OF, _PREFIX_OF, _HOP, _HOP_TYPE),
        (
            (
                "Update a route in a route table to change the next hop ip address.",
                f"az network route-table route update {_IN_TABLE} -n MyRoute --next-hop-ip-address 10.0.100.5",
            ),
        ),
        alters=True,
    ),
)
"""All of these commands."""
