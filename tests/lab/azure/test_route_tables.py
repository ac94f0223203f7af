"""Route tables and their routes, as the lessons alter them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.azure.az import IN_TABLE, NETWORK, ROUTE, aks, answer, az, refusal
from tutor.lab.azure.route_tables import MOST_ROUTES
from tutor.lab.cloud import Route

CREATE = f"{ROUTE} create {IN_TABLE}"
HOP = "--next-hop-type VirtualAppliance --next-hop-ip-address"


def test_a_route_is_created_shown_listed_and_deleted() -> None:
    cloud = aks()
    ran = az(cloud, f"{CREATE} -n to-node2 --address-prefix 10.244.2.0/24 {HOP} 10.240.0.6")
    assert (ran.status, ran.stderr, ran.changed) == (0, "", True)
    made = {
        "addressPrefix": "10.244.2.0/24",
        "hasBgpOverride": False,
        "id": f"{NETWORK}/routeTables/aks-routetable/routes/to-node2",
        "name": "to-node2",
        "nextHopIpAddress": "10.240.0.6",
        "nextHopType": "VirtualAppliance",
        "provisioningState": "Succeeded",
        "resourceGroup": "MC_lab",
        "type": "Microsoft.Network/routeTables/routes",
    }
    assert answer(cloud, f"{ROUTE} show {IN_TABLE} -n to-node2") == made
    assert [route["name"] for route in answer(cloud, f"{ROUTE} list {IN_TABLE}")] == [
        "to-node0",
        "to-node1",
        "to-node2",
    ]
    assert cloud.tables[0].routes[2].next_hop == IPv4Address("10.240.0.6")
    gone = az(cloud, f"{ROUTE} delete {IN_TABLE} --name to-node2")
    assert (gone.status, gone.stdout, gone.changed) == (0, "", True)
    assert cloud.as_message() == aks().as_message()


def test_a_route_of_the_same_name_is_replaced_in_its_place() -> None:
    cloud = aks()
    assert az(cloud, f"{CREATE} -n TO-NODE0 --address-prefix 10.244.0.0/24 {HOP} 10.240.0.5").changed
    assert cloud.tables[0].routes[0] == Route(
        "to-node0", IPv4Network("10.244.0.0/24"), next_hop=IPv4Address("10.240.0.5")
    )
    assert len(cloud.tables[0].routes) == 2


def test_the_same_route_once_more_changes_nothing() -> None:
    ran = az(aks(), f"{CREATE} -n to-node0 --address-prefix 10.244.0.0/24 {HOP} 10.240.0.4")
    assert (ran.status, ran.changed) == (0, False)


@pytest.mark.parametrize("kind", ["Internet", "None", "VirtualNetworkGateway", "VnetLocal", "vnetlocal"])
def test_a_route_of_another_type_has_no_next_hop_address(kind: str) -> None:
    cloud = aks()
    made = answer(cloud, f"{CREATE} -n x --address-prefix 192.0.2.0/24 --next-hop-type {kind}")
    assert made["nextHopType"].lower() == kind.lower()
    assert "nextHopIpAddress" not in made
    assert cloud.tables[0].routes[2].next_hop is None


@pytest.mark.parametrize("hop", ["10.240.0.99", "192.0.2.1"])
def test_a_next_hop_that_is_nobodys_address_is_taken(hop: str) -> None:
    assert answer(aks(), f"{CREATE} -n x --address-prefix 192.0.2.0/24 {HOP} {hop}")["nextHopIpAddress"] == hop


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (f"-n x --address-prefix 10.244.1.0/24 {HOP} 10.240.0.5", "RouteConflict"),
        (f"-n x --address-prefix 10.244.2.7/24 {HOP} 10.240.0.5", "InvalidCIDRNotation"),
        (f"-n x --address-prefix 10.244.2.0 {HOP} 10.240.0.5", "InvalidAddressPrefixFormat"),
        (f"-n x --address-prefix 10.244.2.0/33 {HOP} 10.240.0.5", "InvalidAddressPrefixFormat"),
        (f"-n x --address-prefix 10.244.2.0/255.255.255.0 {HOP} 10.240.0.5", "InvalidAddressPrefixFormat"),
        (f"-n x --address-prefix fd00::/8 {HOP} 10.240.0.5", "InvalidAddressPrefixFormat"),
        ("-n x --address-prefix 10.244.2.0/24 --next-hop-type VirtualAppliance", "MissingNextHopIpAddress"),
        (f"-n x --address-prefix 10.244.2.0/24 {HOP} node1", "InvalidIPAddressFormat"),
        (
            "-n x --address-prefix 10.244.2.0/24 --next-hop-type None --next-hop-ip-address 10.240.0.5",
            "NextHopIpAddressNotAllowed",
        ),
        (f"-n 'a b' --address-prefix 10.244.2.0/24 {HOP} 10.240.0.5", "InvalidResourceName"),
        (f"-n {'x' * 81} --address-prefix 10.244.2.0/24 {HOP} 10.240.0.5", "InvalidResourceName"),
    ],
)
def test_what_the_cloud_refuses_has_its_code(options: str, code: str) -> None:
    assert refusal(aks(), f"{CREATE} {options}").startswith(f"ERROR: ({code}) ")


def test_a_prefix_with_host_bits_is_told_the_right_one() -> None:
    text = refusal(aks(), f"{CREATE} -n x --address-prefix 10.244.2.7/24 {HOP} 10.240.0.5")
    assert text.endswith("For the given prefix length, the address prefix should be 10.244.2.0/24.")


def test_the_conflicting_route_is_named() -> None:
    text = refusal(aks(), f"{CREATE} -n x --address-prefix 10.244.1.0/24 {HOP} 10.240.0.5")
    assert text == (
        "ERROR: (RouteConflict) Route: x conflicts with Route: to-node1. Routes cannot have the same AddressPrefix."
    )


def test_a_table_has_room_for_so_many_routes_and_no_more() -> None:
    cloud = aks()
    for number in range(len(cloud.tables[0].routes), MOST_ROUTES):
        prefix = IPv4Network((IPv4Address("172.16.0.0") + 256 * number, 24))
        cloud.tables[0].routes.append(Route(f"r{number}", prefix, "None"))
    text = refusal(cloud, f"{CREATE} -n one-more --address-prefix 192.0.2.0/24 --next-hop-type None")
    assert "more than 400 routes" in text
    assert az(cloud, f"{CREATE} -n r7 --address-prefix 192.0.2.0/24 --next-hop-type None").changed


def test_a_route_is_updated_in_what_is_said_and_in_nothing_else() -> None:
    cloud = aks()
    made = answer(cloud, f"{ROUTE} update {IN_TABLE} -n to-node1 --next-hop-ip-address 10.240.0.4")
    assert (made["addressPrefix"], made["nextHopIpAddress"]) == ("10.244.1.0/24", "10.240.0.4")
    made = answer(cloud, f"{ROUTE} update {IN_TABLE} -n to-node1 --address-prefix 10.244.9.0/24")
    assert (made["addressPrefix"], made["nextHopIpAddress"]) == ("10.244.9.0/24", "10.240.0.4")
    assert "NextHopIpAddressNotAllowed" in refusal(cloud, f"{ROUTE} update {IN_TABLE} -n to-node1 --next-hop-type None")
    made = answer(cloud, f"{ROUTE} update {IN_TABLE} -n to-node1 --next-hop-type None --next-hop-ip-address null")
    assert (made["nextHopType"], "nextHopIpAddress" in made) == ("None", False)
    assert "RouteConflict" in refusal(cloud, f"{ROUTE} update {IN_TABLE} -n to-node1 --address-prefix 10.244.0.0/24")


def test_a_route_that_is_not_there_is_not_found_and_its_deletion_is_no_error() -> None:
    cloud = aks()
    ran = az(cloud, f"{ROUTE} show {IN_TABLE} -n to-nod1")
    assert ran.status == 3
    assert ran.stderr.splitlines()[0] == (
        f"ERROR: (NotFound) Resource {NETWORK}/routeTables/aks-routetable/routes/to-nod1 not found."
    )
    assert ran.stderr.endswith("Did you mean 'to-node1' ?\n")
    ran = az(cloud, f"{ROUTE} delete {IN_TABLE} -n to-nod1")
    assert (ran.status, ran.stdout, ran.changed) == (0, "", False)


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_a_route_needs_its_table(verb: str) -> None:
    more = "--address-prefix 10.0.0.0/24 --next-hop-type None" if verb == "create" else ""
    ran = az(aks(), f"{ROUTE} {verb} -g MC_lab --route-table-name aks-routetabel -n x {more}")
    assert ran.status == 3
    assert ran.stderr.startswith("ERROR: (ParentResourceNotFound) ")
    assert "Did you mean 'aks-routetable' ?" in ran.stderr


def test_a_table_is_created_filled_and_deleted() -> None:
    cloud = aks()
    made = answer(cloud, "network route-table create -g MC_lab -n spare --location westeurope")
    assert made == {
        "disableBgpRoutePropagation": False,
        "id": f"{NETWORK}/routeTables/spare",
        "location": "westeurope",
        "name": "spare",
        "provisioningState": "Succeeded",
        "resourceGroup": "MC_lab",
        "routes": [],
        "type": "Microsoft.Network/routeTables",
    }
    assert az(
        cloud, f"{ROUTE} create -g MC_lab --route-table-name spare -n x --address-prefix 0.0.0.0/0 --next-hop-type None"
    ).changed
    again = az(cloud, "network route-table create -g MC_lab -n Spare")
    assert (again.status, again.changed) == (0, False)
    assert len(answer(cloud, "network route-table show -g MC_lab -n spare")["routes"]) == 1
    assert [table["name"] for table in answer(cloud, "network route-table list -g MC_lab")] == [
        "aks-routetable",
        "spare",
    ]
    assert az(cloud, "network route-table delete -g MC_lab -n spare").changed
    assert az(cloud, "network route-table delete -g MC_lab -n spare").status == 0
    assert cloud.as_message() == aks().as_message()


def test_a_table_in_another_region_is_refused() -> None:
    text = refusal(aks(), "network route-table create -g MC_lab -n spare -l eastus")
    assert text.startswith("ERROR: (LocationNotAvailableForResourceType) ")


def test_a_table_that_is_in_use_is_not_deleted() -> None:
    text = refusal(aks(), "network route-table delete -g MC_lab -n aks-routetable")
    assert text == (
        "ERROR: (InUseRouteTableCannotBeDeleted) Route table aks-routetable is in use and cannot be deleted."
    )


def test_a_table_says_which_subnets_have_it() -> None:
    subnets = answer(aks(), "network route-table show -g MC_lab -n aks-routetable")["subnets"]
    assert subnets == [{"id": f"{NETWORK}/virtualNetworks/aks-vnet/subnets/aks-subnet", "resourceGroup": "MC_lab"}]


def test_the_table_of_routes_has_the_real_columns() -> None:
    assert az(aks(), f"{ROUTE} list {IN_TABLE} -o table").stdout == (
        "AddressPrefix    HasBgpOverride    Name      NextHopIpAddress    NextHopType       ProvisioningState    "
        "ResourceGroup\n"
        "---------------  ----------------  --------  ------------------  ----------------  -------------------  "
        "---------------\n"
        "10.244.0.0/24    False             to-node0  10.240.0.4          VirtualAppliance  Succeeded            "
        "MC_lab\n"
        "10.244.1.0/24    False             to-node1  10.240.0.5          VirtualAppliance  Succeeded            "
        "MC_lab\n"
    )


def test_an_alteration_that_need_not_be_waited_for_prints_nothing() -> None:
    ran = az(aks(), f"{CREATE} -n x --address-prefix 192.0.2.0/24 --next-hop-type None --no-wait")
    assert (ran.status, ran.stdout, ran.changed) == (0, "", True)


PREFIXES = st.builds(
    lambda number, length: IPv4Network((number, length), strict=False), st.integers(0, 2**32 - 1), st.integers(0, 32)
)


@given(st.lists(PREFIXES, unique=True, max_size=8))
def test_routes_keep_their_order_and_go_one_by_one(prefixes: list[IPv4Network]) -> None:
    cloud = aks()
    taken = {route.prefix for route in cloud.tables[0].routes}
    mine = [prefix for prefix in prefixes if prefix not in taken]
    for number, prefix in enumerate(mine):
        answer(cloud, f"{CREATE} -n r{number} --address-prefix {prefix} {HOP} 10.240.0.5")
    listed = [route["addressPrefix"] for route in answer(cloud, f"{ROUTE} list {IN_TABLE}")]
    assert listed == ["10.244.0.0/24", "10.244.1.0/24", *map(str, mine)]
    for number in reversed(range(len(mine))):
        assert az(cloud, f"{ROUTE} delete {IN_TABLE} -n r{number}").changed
    assert cloud.as_message() == aks().as_message()
