"""What the cloud's command line changes the fabric's kernel does, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab.aks.conftest import Ask, namespace_of, needs_plugins, plain
from tests.lab.conftest import run
from tests.waiting import until
from tutor.lab.client import Lab

pytestmark = [pytest.mark.netns, needs_plugins]

ROUTE = "az network route-table route {verb} -g MC_lab --route-table-name aks-routetable"
TO_NODE1 = "-n to-node1 --address-prefix 10.244.1.0/24 --next-hop-type"


def _answered(lab: Lab, pod: str = "1c29ea39686a", dst: str = "10.244.1.2") -> bool:
    return run(lab, f"ping -c 1 -W 1 {dst}", netns=namespace_of(lab, pod))[0] == 0


def _dropped(lab: Lab, pod: str = "1c29ea39686a", dst: str = "10.244.1.2") -> set[str]:
    """The reasons for which something is dropped while a pod pings."""
    before = lab.drops()
    assert not _answered(lab, pod, dst)
    after = lab.drops()
    return {reason for reason in after if after[reason] > before[reason]}


def test_pods_of_two_nodes_reach_each_other_under_their_own_addresses(aks: Lab) -> None:
    one, other = namespace_of(aks, "1c29ea39686a"), namespace_of(aks, "5e0f3c6b1a27")
    assert aks.send_datagrams([(one, other, "10.244.1.2"), (other, one, "10.244.0.3")]) == [
        ("10.244.0.3", True),
        ("10.244.1.2", True),
    ]


def test_outside_a_pod_is_its_node(aks: Lab) -> None:
    status, page = run(aks, "curl -s -m 20 http://8.8.8.8/", netns=namespace_of(aks, "1c29ea39686a"))
    assert status == 0
    assert "203.0.113.20" in page


def test_without_a_route_nobody_owns_a_pods_address(variant: Callable[[str], Lab]) -> None:
    assert _dropped(variant("unrouted")) == {"no-owner"}


def test_a_route_that_is_made_carries_at_once_and_one_that_is_deleted_no_more(variant: Callable[[str], Lab]) -> None:
    lab = variant("unrouted")
    create = ROUTE.format(verb="create")
    for name, prefix, hop in (("a", "10.244.0.0/24", "10.240.0.4"), ("b", "10.244.1.0/24", "10.240.0.5")):
        assert not _answered(lab)
        command = f"{create} -n {name} --address-prefix {prefix} --next-hop-type VirtualAppliance"
        status, printed = run(lab, f"{command} --next-hop-ip-address {hop}")
        assert status == 0, printed
    assert _answered(lab)
    assert run(lab, f"{ROUTE.format(verb='delete')} -n b")[0] == 0
    assert _dropped(lab) == {"no-owner"}


@pytest.mark.parametrize(
    ("hop", "reason"),
    [
        ("VirtualAppliance --next-hop-ip-address 10.240.0.99", "dead-next-hop"),
        ("None", "next-hop-none"),
        ("VirtualNetworkGateway", "next-hop-none"),
        ("VnetLocal", "no-owner"),
        ("Internet", "no-owner"),
    ],
)
def test_a_route_to_elsewhere_drops_with_a_reason_of_its_own(aks: Lab, hop: str, reason: str) -> None:
    status, printed = run(aks, f"{ROUTE.format(verb='create')} {TO_NODE1} {hop}")
    assert status == 0, printed
    assert _dropped(aks) == {reason}


@pytest.mark.parametrize(("nic", "reason"), [("node0-nic", "spoofed-source"), ("node1-nic", "not-this-nic")])
def test_a_card_without_ip_forwarding_lets_nothing_foreign_pass(aks: Lab, nic: str, reason: str) -> None:
    update = f"az network nic update -g MC_lab -n {nic} --ip-forwarding"
    assert run(aks, f"{update} false")[0] == 0
    assert _dropped(aks) == {reason}
    assert run(aks, f"{update} true")[0] == 0
    assert _answered(aks)


def test_a_default_route_of_the_user_leaves_the_virtual_network_alone(aks: Lab) -> None:
    create = f"{ROUTE.format(verb='create')} -n all --address-prefix 0.0.0.0/0 --next-hop-type None"
    assert run(aks, create)[0] == 0
    assert run(aks, "ping -c 1 -W 1 10.240.0.5")[0] == 0
    assert _answered(aks)
    assert _dropped(aks, dst="8.8.8.8") == {"next-hop-none"}


def test_a_route_for_a_cards_own_subnet_goes_before_the_systems(aks: Lab) -> None:
    create = f"{ROUTE.format(verb='create')} -n own --address-prefix 10.240.0.0/16 --next-hop-type None"
    assert run(aks, create)[0] == 0
    before = aks.drops()["next-hop-none"]
    assert run(aks, "ping -c 1 -W 1 10.240.0.5")[0] == 1
    assert aks.drops()["next-hop-none"] > before


def test_a_table_that_is_taken_from_the_subnet_counts_no_more(aks: Lab) -> None:
    update = "az network vnet subnet update -g MC_lab --vnet-name aks-vnet -n aks-subnet"
    assert run(aks, f"{update} --remove routeTable")[0] == 0
    assert _dropped(aks) == {"no-owner"}
    assert run(aks, f"{update} --route-table aks-routetable")[0] == 0
    assert _answered(aks)


def test_a_change_is_told_and_can_be_read(aks: Lab) -> None:
    aks.notices()
    assert run(aks, f"{ROUTE.format(verb='delete')} -n to-node1")[0] == 0
    until(lambda: {"notice": "cloud"} in aks.notices())
    (table,) = aks.cloud()["tables"]
    assert [route["name"] for route in table["routes"]] == ["to-node0"]


def test_a_command_that_fails_changes_nothing(aks: Lab) -> None:
    before = aks.cloud()
    status, printed = run(aks, f"{ROUTE.format(verb='create')} -n x --address-prefix 10.244.1.7/24")
    assert status
    assert printed.strip()
    assert aks.cloud() == before
    assert _answered(aks)


def test_az_works_on_both_nodes_and_in_a_pod(aks: Lab) -> None:
    list_ = f"{ROUTE.format(verb='list')} -o tsv --query '[].name'"
    for machine in aks.machines:
        assert run(aks, list_, machine=machine)[1].split() == ["to-node0", "to-node1"]
    assert run(aks, list_, netns=namespace_of(aks, "1c29ea39686a"))[1].split() == ["to-node0", "to-node1"]


def test_drops_says_what_was_thrown_away_and_what_of_it_is_new(ask: Ask, aks: Lab) -> None:
    assert "not thrown" in ask("drops")[1]
    ask(f"{ROUTE.format(verb='delete')} -n to-node1")
    assert not _answered(aks)
    (line,) = (line.split() for line in ask("drops")[1].splitlines() if "no-owner" in line)
    assert line[:2] == ["1", "1"]
    (line,) = (line.split() for line in ask("drops")[1].splitlines() if "no-owner" in line)
    assert line[:2] == ["1", "0"]
    assert ask("drops now")[0] == 2


def test_the_matrix_tells_who_reaches_whom_and_under_which_address(ask: Ask) -> None:
    status, printed = ask("matrix")
    assert status == 0
    assert plain(printed).count(" ok") == 42
    ask("iptables -t nat -I POSTROUTING -o eth0 -j MASQUERADE")
    status, printed = ask("matrix")
    assert status == 1
    assert plain(printed).count(" NAT") == 10
    ask("iptables -t nat -D POSTROUTING 1; iptables -P FORWARD DROP")
    status, printed = ask("matrix")
    assert status == 1
    assert plain(printed).count(" --") == 20
