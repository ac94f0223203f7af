"""All commands of the lab's `az` in one table, and what their groups are for."""

from __future__ import annotations

from tutor.lab.azure import group, network, route_tables
from tutor.lab.azure.commands import Catalogue

CATALOGUE = Catalogue(
    commands={command.words: command for module in (network, route_tables, group) for command in module.COMMANDS},
    groups={
        "": "The part of the Azure command line that this lab has.",
        "account": "Manage Azure subscription information.",
        "group": "Manage resource groups and template deployments.",
        "network": "Manage Azure Network resources.",
        "network nic": "Manage network interfaces.",
        "network nic ip-config": "Manage IP configurations of a network interface.",
        "network route-table": "Manage route tables.",
        "network route-table route": "Manage routes in a route table.",
        "network vnet": "Manage Azure Virtual Networks.",
        "network vnet subnet": "Manage subnets in an Azure Virtual Network.",
        "network watcher": "Manage the Azure Network Watcher, which tells where packets go.",
        "resource": "Manage Azure resources.",
        "vm": "Manage Linux or Windows virtual machines.",
    },
)
"""Everything there is."""
