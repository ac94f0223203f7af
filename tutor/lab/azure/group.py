"""`az vm`, `group`, `resource`, `account`, `login` and `version`: what there is, and who asks.

Does not know the network.

Source: Azure CLI 2.91.0. A lab's cloud has no accounts, and says so.
"""

from __future__ import annotations

from typing import Any

import tutor
from tutor.lab.azure.commands import FLAG, GROUP, SUBSCRIPTION, SUBSCRIPTION_NAME, Call, Command, Option
from tutor.lab.azure.resources import (
    SUCCEEDED,
    cards_of,
    group_json,
    machine_json,
    require_group,
    require_machine,
    resources_json,
)

FOLLOWS = "2.91.0"
"""The real command line whose words these are."""

_GROUP = Option(GROUP.names, GROUP.text, required=True, part="resourceGroups")
_VM = Option(("--name", "-n"), "The name of the Virtual Machine.", required=True, part="virtualMachines")
_DETAILS = Option(("--show-details", "-d"), "Show public ip address, FQDN, and power states.", takes=FLAG)


def _details(call: Call) -> bool:
    return call.truth("show-details") is True


def _list_machines(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    return [machine_json(call.cloud, machine, details=_details(call)) for machine in call.cloud.machines]


def _show_machine(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    return machine_json(call.cloud, require_machine(call.cloud, call.text("name")), details=_details(call))


def _list_addresses(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    name = call.text("name")
    machines = [require_machine(call.cloud, name)] if name else call.cloud.machines
    return [
        {
            "virtualMachine": {
                "name": machine,
                "network": {
                    "privateIpAddresses": [str(card.address) for card in cards_of(call.cloud, machine)],
                    # What the cloud puts in place of a card's address outside is no resource of the group's.
                    "publicIpAddresses": [],
                },
                "resourceGroup": call.cloud.group,
            }
        }
        for machine in machines
    ]


def _list_groups(call: Call) -> Any:
    return [group_json(call.cloud)]


def _show_group(call: Call) -> Any:
    require_group(call.cloud, call.text("name"))
    return group_json(call.cloud)


def _list_resources(call: Call) -> Any:
    require_group(call.cloud, call.text("resource-group"))
    wanted = {"name": call.text("name"), "type": call.text("resource-type"), "location": call.text("location")}
    asked = {key: text.casefold() for key, text in wanted.items() if text}
    return [each for each in resources_json(call.cloud) if all(each[key].casefold() == asked[key] for key in asked)]


def _account() -> dict[str, Any]:
    return {"id": SUBSCRIPTION, "isDefault": True, "name": SUBSCRIPTION_NAME, "state": "Enabled"}


def _show_account(_call: Call) -> Any:
    return _account()


def _log_in(_call: Call) -> Any:
    return [_account()]


def _version(_call: Call) -> Any:
    return {"follows azure-cli": FOLLOWS, "tutor": tutor.__version__}


def _machine_columns(answer: Any) -> Any:
    machines = answer if isinstance(answer, list) else [answer]
    keys = ("name", "resourceGroup", "powerState", "publicIps", "fqdns", "location")
    rows = [{key: each.get(key) for key in keys} for each in machines]
    return rows if isinstance(answer, list) else rows[0]


def _address_columns(answer: Any) -> Any:
    return [
        {
            "virtualMachine": each["virtualMachine"]["name"],
            "publicIPAddresses": None,
            "privateIPAddresses": ",".join(each["virtualMachine"]["network"]["privateIpAddresses"]),
        }
        for each in answer
    ]


def _group_columns(answer: Any) -> Any:
    return [{"Name": each["name"], "Location": each["location"], "Status": SUCCEEDED} for each in answer]


def _resource_columns(answer: Any) -> Any:
    return [
        {
            "Name": each["name"],
            "ResourceGroup": each["resourceGroup"],
            "Location": each["location"],
            "Type": each["type"],
            "Status": each["provisioningState"],
        }
        for each in answer
    ]


COMMANDS = (
    Command(
        "vm list",
        "List details of Virtual Machines.",
        _list_machines,
        (GROUP, _DETAILS),
        (
            ("List all VMs.", "az vm list"),
            ("List all VMs by resource group with details.", "az vm list -g MyResourceGroup -d"),
        ),
        columns=_machine_columns,
    ),
    Command(
        "vm list-ip-addresses",
        "List IP addresses associated with a VM.",
        _list_addresses,
        (
            Option(_VM.names, _VM.text, part=_VM.part),
            Option(GROUP.names, GROUP.text, part="resourceGroups"),
        ),
        (("Get the IP addresses for a VM.", "az vm list-ip-addresses -g MyResourceGroup -n MyVm"),),
        columns=_address_columns,
    ),
    Command(
        "vm show",
        "Get the details of a VM.",
        _show_machine,
        (_VM, _GROUP, _DETAILS),
        (("Show information about a VM.", "az vm show -g MyResourceGroup -n MyVm -d"),),
        columns=_machine_columns,
    ),
    Command(
        "group list",
        "List resource groups.",
        _list_groups,
        columns=_group_columns,
        examples=(("List all resource groups.", "az group list"),),
    ),
    Command(
        "group show",
        "Get a resource group.",
        _show_group,
        (Option(("--name", "--resource-group", "-g", "-n"), "Name of resource group.", required=True),),
        (("Get a resource group.", "az group show -n MyResourceGroup"),),
    ),
    Command(
        "resource list",
        "List resources.",
        _list_resources,
        (
            GROUP,
            Option(("--name", "-n"), "The resource name."),
            Option(("--location", "-l"), "Location."),
            Option(("--resource-type",), "The resource type. Ex: 'Microsoft.Network/virtualNetworks'."),
        ),
        (
            ("List all resources of a group.", "az resource list -g MyResourceGroup"),
            ("List all resources with the name 'resourceName'.", "az resource list --name 'resourceName'"),
        ),
        columns=_resource_columns,
    ),
    Command("account show", "Get the details of a subscription.", _show_account, note="The lab's cloud has one."),
    Command("login", "Log in to Azure.", _log_in, note="The lab's cloud needs no account: this has nothing to do."),
    Command("version", "Show the version of the lab's az.", _version),
)
"""All of these commands."""
