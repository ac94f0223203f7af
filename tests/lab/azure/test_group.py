"""What there is in the group, and what needs no account."""

from __future__ import annotations

import json

import pytest

import tutor
from tests.lab.azure.az import SUBSCRIPTION, aks, answer, az, refusal
from tutor.lab.cloud import Cloud


def test_the_group_has_two_machines_two_cards_a_route_table_and_a_network() -> None:
    resources = answer(aks(), "resource list -g MC_lab")
    assert [(each["name"], each["type"].split("/")[1]) for each in resources] == [
        ("node0", "virtualMachines"),
        ("node1", "virtualMachines"),
        ("node0-nic", "networkInterfaces"),
        ("node1-nic", "networkInterfaces"),
        ("aks-routetable", "routeTables"),
        ("aks-vnet", "virtualNetworks"),
    ]


def test_resources_are_listed_by_their_name_or_type() -> None:
    assert [each["name"] for each in answer(aks(), "resource list -n NODE0")] == ["node0"]
    tables = answer(aks(), "resource list --resource-type Microsoft.Network/routeTables")
    assert [each["name"] for each in tables] == ["aks-routetable"]
    assert answer(aks(), "resource list --location eastus") == []


def test_machines_are_listed_with_their_cards_and_on_demand_with_details() -> None:
    machines = answer(aks(), "vm list")
    assert [machine["name"] for machine in machines] == ["node0", "node1"]
    assert machines[0]["networkProfile"]["networkInterfaces"][0]["id"].endswith("/networkInterfaces/node0-nic")
    assert "powerState" not in machines[0]
    machine = answer(aks(), "vm show -g MC_lab -n node1 -d")
    assert (machine["powerState"], machine["privateIps"]) == ("VM running", "10.240.0.5")
    assert machine["macAddresses"] == "00-0D-3A-24-00-05"


def test_addresses_of_machines_are_listed() -> None:
    assert answer(aks(), "vm list-ip-addresses -n node0") == [
        {
            "virtualMachine": {
                "name": "node0",
                "network": {"privateIpAddresses": ["10.240.0.4"], "publicIpAddresses": []},
                "resourceGroup": "MC_lab",
            }
        }
    ]
    ids = az(aks(), "vm list --query [].id -o tsv").stdout
    assert answer(aks(), f"vm list-ip-addresses --ids '{ids}'") == answer(aks(), "vm list-ip-addresses")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            "vm list -o table",
            "Name    ResourceGroup    Location\n"
            "------  ---------------  ----------\n"
            "node0   MC_lab           westeurope\n"
            "node1   MC_lab           westeurope\n",
        ),
        (
            "vm show -g MC_lab -n node0 -d -o table",
            "Name    ResourceGroup    PowerState    PublicIps    Fqdns    Location\n"
            "------  ---------------  ------------  -----------  -------  ----------\n"
            "node0   MC_lab           VM running                          westeurope\n",
        ),
        (
            "vm list-ip-addresses -o table",
            "VirtualMachine    PrivateIPAddresses\n"
            "----------------  --------------------\n"
            "node0             10.240.0.4\n"
            "node1             10.240.0.5\n",
        ),
        (
            "group list -o table",
            "Name    Location    Status\n------  ----------  ---------\nMC_lab  westeurope  Succeeded\n",
        ),
        (
            "resource list -n node0 -o table",
            "Name    ResourceGroup    Location    Type                               Status\n"
            "------  ---------------  ----------  ---------------------------------  ---------\n"
            "node0   MC_lab           westeurope  Microsoft.Compute/virtualMachines  Succeeded\n",
        ),
    ],
)
def test_tables_have_the_real_columns(line: str, text: str) -> None:
    assert az(aks(), line).stdout == text


@pytest.mark.parametrize("line", ["group show -n MC_lab", "group show -g mc_lab", "group show --resource-group MC_lab"])
def test_the_group_is_shown(line: str) -> None:
    group = answer(aks(), line)
    assert (group["name"], group["location"]) == ("MC_lab", "westeurope")
    assert group["id"] == f"{SUBSCRIPTION}/resourceGroups/MC_lab"
    assert [group] == answer(aks(), "group list")


@pytest.mark.parametrize(
    "line",
    [
        "group show -n MC_other",
        "network nic list -g MC_other",
        "network nic show -g MC_other -n node0-nic",
        "network vnet list -g MC_other",
        "network route-table list -g MC_other",
        "network route-table create -g MC_other -n x",
        "network route-table route list -g MC_other --route-table-name aks-routetable",
        "resource list -g MC_other",
        "vm list -g MC_other",
    ],
)
def test_a_group_that_is_not_there_is_not_found(line: str) -> None:
    assert refusal(aks(), line) == "ERROR: (ResourceGroupNotFound) Resource group 'MC_other' could not be found."
    assert az(aks(), line).status == 3


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("vm show -g MC_lab -n node2", "Compute/virtualMachines/node2"),
        ("network nic show -g MC_lab -n node2", "Network/networkInterfaces/node2"),
        ("network vnet show -g MC_lab -n vnet", "Network/virtualNetworks/vnet"),
        ("network route-table show -g MC_lab -n table", "Network/routeTables/table"),
    ],
)
def test_a_resource_that_is_not_there_is_not_found(line: str, kind: str) -> None:
    assert refusal(aks(), line) == (
        f"ERROR: (ResourceNotFound) The Resource 'Microsoft.{kind}' under resource group 'MC_lab' was not found."
    )
    assert az(aks(), line).status == 3


def test_there_is_nothing_to_log_in_to() -> None:
    ran = az(aks(), "login")
    assert ran.status == 0
    assert ran.stderr == "WARNING: This lab's cloud needs no account: there is nothing to log in to.\n"
    assert json.loads(ran.stdout) == [answer(aks(), "account show")]
    assert az(aks(), "login --only-show-errors").stderr == ""


def test_the_subscription_is_the_labs_own() -> None:
    assert answer(aks(), "account show --subscription lab")["name"] == "lab"
    assert "The subscription of 'other' doesn't exist" in refusal(aks(), "vm list --subscription other")


@pytest.mark.parametrize("line", ["version", "--version", "-v"])
def test_the_version_is_that_of_the_tutor(line: str) -> None:
    assert answer(aks(), line)["tutor"] == tutor.__version__


def test_a_lab_without_a_resource_group_has_no_command_line() -> None:
    cloud = Cloud("", "westeurope", "", (), (), [], [], [])
    assert refusal(cloud, "group list") == "ERROR: this lab's cloud has no command line"
