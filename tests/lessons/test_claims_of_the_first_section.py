"""What lessons 3 to 7 claim beside the figures, held against the kernel."""

from __future__ import annotations

import re

import pytest

from tests.lessons.conftest import Figures, answered, inside, link_in, root_of
from tutor.session.workshop import run_script

pytestmark = pytest.mark.netns


def test_a_number_behind_netns_stands_for_the_namespace_of_a_process(figures: Figures) -> None:
    with figures.at("network-namespace/move") as live:
        run_script(live.lab, "ip -n ns1 link set veth-b-ns1 netns 1")
        assert root_of(live.state(rescan=True)).find_link("veth-b-ns1") is not None


def test_ip_netns_lists_what_lies_in_run_netns_and_nothing_else(figures: Figures) -> None:
    with figures.at("network-namespace/make") as live:
        assert run_script(live.lab, "ls /run/netns").output.split() == ["ns1"]
        run_script(live.lab, "unshare --net sleep 60 &")
        assert run_script(live.lab, "ip netns").output.split() == ["ns1"]


def test_an_address_without_a_length_is_a_network_of_one(figures: Figures) -> None:
    with figures.at("network-namespace/address", done=False) as live:
        run_script(live.lab, "ip -n ns1 addr add 10.0.0.2 dev veth-b-ns1")
        assert "10.0.0.2/32" in run_script(live.lab, "ip -n ns1 addr").output


def test_what_one_sends_to_oneself_passes_the_loopback(figures: Figures) -> None:
    with figures.at("network-namespace/lo") as live:
        assert "dev lo" in run_script(live.lab, "ip netns exec ns1 ip route get 10.0.0.2").output


def test_the_bridge_has_learnt_the_address_behind_its_port(figures: Figures) -> None:
    with figures.at("bridge/address") as live:
        run_script(live.lab, "ping -c 1 10.0.0.2")
        mac = link_in(inside(live.state(rescan=True), "ns1"), "veth-b-ns1").mac
        lines = run_script(live.lab, "bridge fdb show br br-rootns").output.splitlines()
        learnt = [line for line in lines if "dev veth-a-ns1" in line and "permanent" not in line]
        assert [line.split()[0] for line in learnt] == [mac]


@pytest.mark.parametrize(("promote", "stays"), [(0, False), (1, True)])
def test_with_the_first_address_of_a_network_the_others_go_or_one_takes_its_place(
    figures: Figures, promote: int, stays: bool
) -> None:
    """A new namespace copies promote_secondaries from the host: systemd sets it, the kernel does not."""
    with figures.at("second-namespace/inside", done=False) as live:
        run_script(
            live.lab,
            f"ip netns exec ns2 sysctl -q -w net.ipv4.conf.veth-d-ns2.promote_secondaries={promote}; "
            "ip netns exec ns2 sysctl -q -w net.ipv4.conf.all.promote_secondaries=0; "
            "ip -n ns2 addr add 10.0.0.2/24 dev veth-d-ns2; ip -n ns2 addr add 10.0.0.3/24 dev veth-d-ns2",
        )
        run_script(live.lab, "ip -n ns2 addr del 10.0.0.2/24 dev veth-d-ns2")
        assert ("10.0.0.3" in run_script(live.lab, "ip -n ns2 addr").output) is stays


def test_between_two_ports_a_packet_is_not_in_the_roots_ip_stack(figures: Figures) -> None:
    with figures.at("second-namespace/plug") as live:
        script = "grep ^Ip: /proc/net/snmp | tail -1 | cut -d' ' -f4"
        before = run_script(live.lab, script).output
        assert answered(live, "ns1", "10.0.0.3")
        assert run_script(live.lab, script).output == before


def test_a_machine_that_does_not_forward_tells_nobody(figures: Figures) -> None:
    with figures.at("forwarding/silence", done=False) as live:
        ran = run_script(live.lab, "ip netns exec ns1 ping -c 1 -W 1 8.8.8.8")
        assert ran.status == 1
        assert "From" not in ran.output


@pytest.mark.parametrize("link", ["br-rootns", "eth0"])
def test_a_question_and_its_answer_come_in_by_different_links(figures: Figures, link: str) -> None:
    with figures.at("masquerade/masquerade") as live:
        run_script(live.lab, f"sysctl -w net.ipv4.conf.{link}.forwarding=0")
        assert not answered(live, "ns1", "8.8.8.8")


def test_the_rule_counts_connections_and_not_packets(figures: Figures) -> None:
    with figures.at("masquerade/masquerade") as live:
        run_script(live.lab, "ip netns exec ns1 ping -c 5 -i 0.05 8.8.8.8")
        listed = run_script(live.lab, "iptables -t nat -nvL POSTROUTING").output
        found = re.search(r"^\s*(\d+)\s+\d+ MASQUERADE", listed, re.MULTILINE)
        assert found is not None
        assert found[1] == "1"


def test_each_of_the_two_iptables_shows_its_own_rules_only(figures: Figures) -> None:
    with figures.at("masquerade/masquerade") as live:
        legacy = run_script(live.lab, "iptables-legacy -t nat -S")
        if legacy.status == 127:
            pytest.skip("iptables-legacy is not installed")
        assert "MASQUERADE" not in legacy.output
        assert "masquerade" in run_script(live.lab, "nft list ruleset").output


def test_the_cloud_puts_its_own_address_on_what_goes_on(figures: Figures) -> None:
    with figures.at("masquerade/masquerade") as live:
        assert "203.0.113.10" in run_script(live.lab, "ip netns exec ns1 curl -s -m 20 example.com").output


def test_the_firewall_of_the_lab_begins_empty(figures: Figures) -> None:
    with figures.at("forwarding/forward") as live:
        assert not any(netns.chains for netns in live.state(rescan=True).of())
        assert run_script(live.lab, "iptables -S FORWARD").output.strip() == "-P FORWARD ACCEPT"


def test_the_papers_slips_fail_as_the_notes_say(figures: Figures) -> None:
    with figures.at("second-namespace/plug") as live:
        assert "unknown" in run_script(live.lab, "ip ns show").output
        assert "does not exist" in run_script(live.lab, "ip a show veth-a-ns").output
        assert "invalid argument: '8.8.8.8'" in run_script(live.lab, "ping -c 8.8.8.8").output
        assert live.state(rescan=True).find_link("veth-d-ns1") is None
