"""The cloud's resources as checks see them, from the plain values that the lab tells.

Does not know who changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType
from typing import Any

from tutor.check import Cloud, CloudCard, CloudRoute, CloudSubnet


def read_cloud(resources: Mapping[str, Any], drops: Mapping[str, int]) -> Cloud:
    """The cloud.

    Args:
        resources: `networks` (texts), `system`, `cards`, `subnets` and `tables` (each a list of tables of texts), or
            nothing.
        drops: packets dropped, by reason.
    """
    return Cloud(
        MappingProxyType(dict(drops)),
        tuple(map(IPv4Network, resources.get("networks", ()))),
        tuple(
            CloudRoute("", IPv4Network(each["prefix"]), each["next_hop_type"]) for each in resources.get("system", ())
        ),
        tuple(map(_card, resources.get("cards", ()))),
        tuple(
            CloudSubnet(each["name"], IPv4Network(each["prefix"]), each["route_table"])
            for each in resources.get("subnets", ())
        ),
        MappingProxyType(
            {each["name"]: tuple(map(_route, each["routes"])) for each in resources.get("tables", ())},
        ),
    )


def _card(said: Mapping[str, Any]) -> CloudCard:
    return CloudCard(
        said["name"],
        said["machine"],
        said["link"],
        IPv4Address(said["address"]),
        said["ip_forwarding"],
        said["subnet"],
        IPv4Address(said["public"]) if said["public"] else None,
    )


def _route(said: Mapping[str, Any]) -> CloudRoute:
    hop = IPv4Address(said["next_hop"]) if said["next_hop"] else None
    return CloudRoute(said["name"], IPv4Network(said["prefix"]), said["next_hop_type"], hop)
