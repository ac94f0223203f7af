"""The virtual network, the cards, and where packets go."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.azure.az import IN_TABLE, NETWORK, ROUTE, SUBSCRIPTION, aks, answer, az, refusal
from tutor.lab.cloud import Subnet

HOP = "network watcher show-next-hop -g MC_lab --vm node0 --source-ip 10.240.0.4 --dest-ip"
SUBNET = "network vnet subnet update -g MC_lab --vnet-name aks-vnet -n aks-subnet"


def test_a_card_is_shown_with_the_real_keys() -> None:
    assert answer(aks(), "network nic show -g MC_lab -n node0-nic") == {
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": True,
        "id": f"{NETWORK}/networkInterfaces/node0-nic",
        "ipConfigurations": [
            {
                "id": f"{NETWORK}/networkInterfaces/node0-nic/ipConfigurations/ipconfig1",
                "name": "ipconfig1",
                "primary": True,
                "privateIPAddress": "10.240.0.4",
                "privateIPAddressVersion": "IPv4",
                "privateIPAllocationMethod": "Dynamic",
                "provisioningState": "Succeeded",
                "resourceGroup": "MC_lab",
                "subnet": {
                    "id": f"{NETWORK}/virtualNetworks/aks-vnet/subnets/aks-subnet",
                    "resourceGroup": "MC_lab",
                },
                "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
            }
        ],
        "location": "westeurope",
        "macAddress": "00-0D-3A-24-00-04",
        "name": "node0-nic",
        "primary": True,
        "provisioningState": "Succeeded",
        "resourceGroup": "MC_lab",
        "type": "Microsoft.Network/networkInterfaces",
        "virtualMachine": {
            "id": f"{SUBSCRIPTION}/resourceGroups/MC_lab/providers/Microsoft.Compute/virtualMachines/node0",
            "resourceGroup": "MC_lab",
        },
    }


@pytest.mark.parametrize("no", ["false", "f", "no", "n", "0", "False"])
def test_ip_forwarding_is_switched_off_and_on_again(no: str) -> None:
    cloud = aks()
    card = cloud.cards[1]
    ran = az(cloud, f"network nic update -g MC_lab -n node1-nic --ip-forwarding {no}")
    assert (ran.status, ran.changed) == (0, True)
    assert cloud.cards[1] is card
    assert not card.ip_forwarding
    assert answer(cloud, "network nic show -g MC_lab -n node1-nic")["enableIPForwarding"] is False
    assert not az(cloud, "network nic update -g MC_lab -n node1-nic --ip-forwarding false").changed
    assert az(cloud, "network nic update -g MC_lab -n node1-nic --ip-forwarding").changed
    assert cloud.as_message() == aks().as_message()


def test_ip_forwarding_is_set_as_a_property_too() -> None:
    cloud = aks()
    line = "network nic update -g MC_lab -n node1-nic --set"
    assert answer(cloud, f"{line} enableIPForwarding=false")["enableIPForwarding"] is False
    assert answer(cloud, f"{line} enableIpForwarding=True")["enableIPForwarding"] is True
    assert "there is only enableIPForwarding to set, not 'primary'" in refusal(cloud, f"{line} primary=false")
    assert "'maybe' is not a valid value" in refusal(cloud, f"{line} enableIPForwarding=maybe")


def test_an_update_without_anything_to_update_changes_nothing() -> None:
    assert not az(aks(), "network nic update -g MC_lab -n node1-nic").changed
    assert not az(aks(), SUBNET).changed


def test_several_cards_are_updated_by_their_ids_or_none_is() -> None:
    cloud = aks()
    ids = " ".join(card["id"] for card in answer(cloud, "network nic list -g MC_lab"))
    assert refusal(cloud, f"network nic update --ids {ids}x --ip-forwarding false").startswith(
        "ERROR: (ResourceNotFound)"
    )
    answers = answer(cloud, f"network nic update --ids {ids} --ip-forwarding false")
    assert [each["enableIPForwarding"] for each in answers] == [False, False]
    assert [each["name"] for each in answer(cloud, f"network nic show --ids '{ids}'")] == ["node0-nic", "node1-nic"]


@pytest.mark.parametrize(
    "identifier",
    [
        "node0-nic",
        f"{NETWORK}/routeTables/aks-routetable",
        f"{NETWORK}/networkInterfaces/node0-nic/ipConfigurations/ipconfig1",
        f"{NETWORK}/networkInterfaces/",
        "/",
    ],
)
def test_an_id_of_another_kind_is_refused(identifier: str) -> None:
    text = refusal(aks(), f"network nic show --ids {identifier}")
    assert text == f"ERROR: argument --ids: invalid ResourceId value: '{identifier}'"


def test_an_id_of_another_subscription_or_group_is_not_found() -> None:
    identifier = f"{NETWORK}/networkInterfaces/node0-nic"
    other = identifier.replace("00000000-0000", "11111111-0000")
    assert "(SubscriptionNotFound)" in refusal(aks(), f"network nic show --ids {other}")
    assert "(ResourceGroupNotFound)" in refusal(aks(), f"network nic show --ids {identifier.replace('MC_lab', 'MC_x')}")
    assert "expected at least one argument" in refusal(aks(), "network nic show --ids ''")


def test_names_are_found_in_any_case_of_letters() -> None:
    assert answer(aks(), "network nic show -g mc_LAB -n NODE0-nic")["name"] == "node0-nic"


def test_the_network_and_its_subnet_are_shown() -> None:
    network = answer(aks(), "network vnet list -g MC_lab")[0]
    assert network == answer(aks(), "network vnet show -g MC_lab -n aks-vnet")
    assert network["addressSpace"] == {"addressPrefixes": ["10.0.0.0/8"]}
    subnet = answer(aks(), "network vnet subnet show -g MC_lab --vnet-name aks-vnet -n aks-subnet")
    assert network["subnets"] == [subnet]
    assert answer(aks(), "network vnet subnet list -g MC_lab --vnet-name aks-vnet") == [subnet]
    assert subnet["addressPrefix"] == "10.240.0.0/16"
    assert subnet["routeTable"] == {"id": f"{NETWORK}/routeTables/aks-routetable", "resourceGroup": "MC_lab"}


def test_the_table_of_networks_has_the_real_columns() -> None:
    lines = az(aks(), "network vnet list -o table").stdout.splitlines()
    assert lines[0].split() == (
        ["Name", "ResourceGroup", "Location", "NumSubnets", "Prefixes", "DnsServers", "DDOSProtection", "VMProtection"]
    )
    assert lines[2].split() == ["aks-vnet", "MC_lab", "westeurope", "1", "10.0.0.0/8", "False"]


@pytest.mark.parametrize("nothing", ["--route-table null", "--route-table ''", "--remove routeTable"])
def test_a_route_table_is_taken_from_a_subnet_and_given_back(nothing: str) -> None:
    cloud = aks()
    subnet = cloud.subnets[0]
    made = answer(cloud, f"{SUBNET} {nothing}")
    assert "routeTable" not in made
    assert subnet.route_table == ""
    assert "subnets" not in answer(cloud, "network route-table show -g MC_lab -n aks-routetable")
    assert az(cloud, f"{SUBNET} --route-table {NETWORK}/routeTables/aks-routetable").changed
    assert cloud.as_message() == aks().as_message()
    assert not az(cloud, f"{SUBNET} --route-table AKS-routetable").changed


@pytest.mark.parametrize(
    "table",
    ["other", f"{NETWORK}/routeTables/other", f"{NETWORK}x/networkInterfaces/aks-routetable", "a/aks-routetable"],
)
def test_a_route_table_that_is_not_there_is_not_given_to_a_subnet(table: str) -> None:
    assert refusal(aks(), f"{SUBNET} --route-table {table}").startswith("ERROR: (InvalidResourceReference) Resource ")


def test_a_route_table_that_is_misspelled_is_told_the_right_one() -> None:
    assert az(aks(), f"{SUBNET} --route-table aks-routetabel").stderr.endswith("Did you mean 'aks-routetable' ?\n")


def test_a_subnet_that_is_not_there_is_not_found() -> None:
    ran = az(aks(), "network vnet subnet show -g MC_lab --vnet-name aks-vnet -n subnet")
    assert (ran.status, ran.stderr.splitlines()[0]) == (
        3,
        f"ERROR: (NotFound) Resource {NETWORK}/virtualNetworks/aks-vnet/subnets/subnet not found.",
    )


def test_what_a_cloud_does_not_have_is_not_shown() -> None:
    cloud = aks()
    cloud.network, cloud.subnets[:], cloud.tables[:] = "", [], []
    cloud.cards[:] = [replace(card, subnet="") for card in cloud.cards if card.machine == "node1"]
    assert answer(cloud, "network vnet list") == []
    assert "(ResourceNotFound)" in refusal(cloud, "network vnet show -g MC_lab -n ''")
    assert "subnet" not in answer(cloud, "network nic show -g MC_lab -n node1-nic")["ipConfigurations"][0]
    assert len(answer(cloud, "resource list")) == 3
    assert "(TargetHasNoNic) VM node0 has no network interface." in refusal(cloud, f"{HOP} 8.8.8.8")
    assert az(cloud, "network route-table list -g MC_lab -o table").stdout == "\n"


def test_a_subnet_without_cards_has_no_ip_configurations() -> None:
    cloud = aks()
    cloud.subnets.append(Subnet("spare", IPv4Network("10.241.0.0/16")))
    made = answer(cloud, "network vnet subnet show -g MC_lab --vnet-name aks-vnet -n spare")
    assert "ipConfigurations" not in made
    assert "routeTable" not in made


@pytest.mark.parametrize(
    ("dst", "kind", "hop", "table"),
    [
        ("10.244.1.2", "VirtualAppliance", "10.240.0.5", f"{NETWORK}/routeTables/aks-routetable"),
        ("10.240.0.5", "VnetLocal", None, "System Route"),
        ("8.8.8.8", "Internet", None, "System Route"),
        ("192.168.1.1", "None", None, "System Route"),
    ],
)
def test_the_next_hop_is_told(dst: str, kind: str, hop: str | None, table: str) -> None:
    told = answer(aks(), f"{HOP} {dst}")
    assert (told["nextHopType"], told.get("nextHopIpAddress"), told["routeTableId"]) == (kind, hop, table)


def test_a_route_of_a_user_goes_before_the_systems() -> None:
    cloud = aks()
    answer(cloud, f"{ROUTE} create {IN_TABLE} -n dark --address-prefix 0.0.0.0/0 --next-hop-type None")
    told = answer(cloud, f"{HOP} 8.8.8.8")
    assert told == {"nextHopType": "None", "routeTableId": f"{NETWORK}/routeTables/aks-routetable"}


def test_the_next_hop_from_a_card_is_that_of_its_machine() -> None:
    line = f"{HOP} 10.244.1.2 --nic {NETWORK}/networkInterfaces/node0-nic"
    assert answer(aks(), line)["nextHopIpAddress"] == "10.240.0.5"
    assert "not attached to VM node0" in refusal(aks(), f"{HOP} 10.244.1.2 --nic node1-nic")
    assert "(ResourceNotFound)" in refusal(aks(), f"{HOP} 10.244.1.2 --nic node2-nic")
    assert "is not an IPv4 address" in refusal(aks(), f"{HOP} example.com")


@given(st.ip_addresses(v=4))
def test_the_next_hop_is_that_of_the_most_specific_effective_route(dst: IPv4Address) -> None:
    cloud = aks()
    told = answer(cloud, f"{HOP} {dst}")
    assert told["nextHopType"] == cloud.route_for(cloud.cards[0], dst).next_hop_type


def test_effective_routes_are_those_of_the_system_and_of_the_table() -> None:
    routes = answer(aks(), "network nic show-effective-route-table -g MC_lab -n node0-nic")["value"]
    assert routes[0] == {
        "addressPrefix": ["10.0.0.0/8"],
        "disableBgpRoutePropagation": False,
        "hasBgpOverride": False,
        "nextHopIpAddress": [],
        "nextHopType": "VnetLocal",
        "source": "Default",
        "state": "Active",
    }
    assert [route["name"] for route in routes if route["source"] == "User"] == ["to-node0", "to-node1"]


def test_the_table_of_effective_routes_has_the_real_columns() -> None:
    lines = az(aks(), "network nic show-effective-route-table -g MC_lab -n node0-nic -o table").stdout.splitlines()
    assert lines[0] == "Source    State    Address Prefix    Next Hop Type     Next Hop IP"
    assert lines[-1] == "User      Active   10.244.1.0/24     VirtualAppliance  10.240.0.5"


def test_the_ip_configuration_of_a_card_is_shown() -> None:
    config = answer(aks(), "network nic ip-config list -g MC_lab --nic-name node0-nic")[0]
    assert config == answer(aks(), "network nic ip-config show -g MC_lab --nic-name node0-nic -n ipconfig1")
    assert config == answer(aks(), f"network nic ip-config show --ids {config['id']}")
    assert "(NotFound)" in refusal(aks(), "network nic ip-config show -g MC_lab --nic-name node0-nic -n other")
