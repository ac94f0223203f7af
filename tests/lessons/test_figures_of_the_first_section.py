"""What the paper's figures 4 to 20 show, asserted from the kernel after the lessons' own commands."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

import pytest

from tests.lessons.conftest import Figures, answered, inside, ipv4, link_in, links, root_of
from tutor.check import Netns
from tutor.lab.client import Lab
from tutor.session.workshop import run_script

pytestmark = pytest.mark.netns

BUILT = [
    ("root", {"lo", "eth0", "br-rootns", "veth-a-ns1", "veth-c-ns2"}),
    ("ns1", {"lo", "veth-b-ns1"}),
    ("ns2", {"lo", "veth-d-ns2"}),
]


def test_figure_4_the_new_namespace_holds_only_lo_and_it_is_down(figures: Figures) -> None:
    state = figures.after("network-namespace/make")
    assert dict(links(state))["ns1"] == {"lo"}
    assert not link_in(inside(state, "ns1"), "lo").up


def test_figure_5_the_end_is_in_ns1_up_with_its_address_and_lo_is_up(figures: Figures) -> None:
    state = figures.after("network-namespace/lo")
    ns1 = inside(state, "ns1")
    assert dict(links(state))["ns1"] == {"lo", "veth-b-ns1"}
    assert link_in(ns1, "veth-b-ns1").carrier
    assert ipv4(ns1, "veth-b-ns1") == ["10.0.0.2/24"]
    assert link_in(ns1, "lo").up


def test_figure_5_without_lo_a_namespace_does_not_answer_itself(figures: Figures) -> None:
    with figures.at("network-namespace/lo", done=False) as live:
        assert not answered(live, "ns1", "10.0.0.2")
    with figures.at("network-namespace/lo") as live:
        assert answered(live, "ns1", "10.0.0.2")


def test_moving_an_end_drops_its_address_and_takes_it_down(figures: Figures) -> None:
    with figures.at("network-namespace/up") as live:
        run_script(live.lab, "ip -n ns1 link set veth-b-ns1 netns 1")
        root = root_of(live.state(rescan=True))
        assert not ipv4(root, "veth-b-ns1")
        assert not link_in(root, "veth-b-ns1").up


def test_figure_6_the_number_behind_the_at_is_the_peers_ifindex_in_ns1(figures: Figures) -> None:
    with figures.at("network-namespace/whole") as live:
        state = live.state(rescan=True)
        a, b = link_in(root_of(state), "veth-a-ns1"), link_in(inside(state, "ns1"), "veth-b-ns1")
        assert (a.peer_index, a.peer_netns) == (b.index, inside(state, "ns1").inode)
        printed = run_script(live.lab, "ip a show veth-a-ns1").output
        assert f"veth-a-ns1@if{b.index}:" in printed
        assert "link-netns ns1" in printed


def test_figure_7_the_part_from_the_at_on_is_not_in_the_name(figures: Figures) -> None:
    with figures.at("network-namespace/not-a-name") as live:
        number = link_in(root_of(live.state(rescan=True)), "veth-a-ns1").peer_index
        ran = run_script(live.lab, f"ip a show veth-a-ns1@if{number}")
        assert ran.status not in (0, None)
        assert "does not exist" in ran.output
        assert run_script(live.lab, "ip a show veth-a-ns1").status == 0


def test_figure_8_the_bridge_is_up_with_its_port_and_its_address(figures: Figures) -> None:
    root = root_of(figures.after("bridge/address"))
    bridge = link_in(root, "br-rootns")
    assert (bridge.kind, bridge.up) == ("bridge", True)
    assert ipv4(root, "br-rootns") == ["10.0.0.1/24"]
    assert [port.name for port in root.ports_of(bridge)] == ["veth-a-ns1"]
    assert not ipv4(root, "veth-a-ns1")


def test_figure_9_the_bridge_has_one_port(figures: Figures) -> None:
    root = root_of(figures.after("bridge/plug"))
    assert [port.name for port in root.ports_of(link_in(root, "br-rootns"))] == ["veth-a-ns1"]


def test_figure_10_the_kernel_itself_added_the_route(figures: Figures) -> None:
    assert not _routes(root_of(figures.after("bridge/plug")), "br-rootns")
    assert _routes(root_of(figures.after("bridge/address")), "br-rootns") == [("10.0.0.0/24", None, "kernel")]


def test_figure_11_three_of_three_pings_are_answered(figures: Figures) -> None:
    with figures.at("bridge/address") as live:
        assert "3 received" in run_script(live.lab, "ping -i 0.2 -c 3 10.0.0.2").output


def test_before_it_has_the_bridges_address_the_machine_sends_to_the_cloud(figures: Figures) -> None:
    with figures.at("bridge/address", done=False) as live:
        assert not answered(live, "root", "10.0.0.2")
        assert "dev eth0" in run_script(live.lab, "ip route get 10.0.0.2").output


def test_figure_12_the_second_namespace_is_as_the_first(figures: Figures) -> None:
    state = figures.after("second-namespace/plug")
    root, ns2 = root_of(state), inside(state, "ns2")
    assert ipv4(ns2, "veth-d-ns2") == ["10.0.0.3/24"]
    assert link_in(ns2, "veth-d-ns2").carrier
    assert link_in(ns2, "lo").up
    assert state.find_peer(link_in(ns2, "veth-d-ns2")) == (root, link_in(root, "veth-c-ns2"))
    assert {port.name for port in root.ports_of(link_in(root, "br-rootns"))} == {"veth-a-ns1", "veth-c-ns2"}


def test_figure_13_the_drawing_shows_all_that_there_is(figures: Figures) -> None:
    state = figures.after("second-namespace/plug")
    assert sorted(links(state)) == sorted(BUILT)
    addresses = {
        str(address.interface.ip)
        for netns in state.of()
        for address in netns.addresses
        if address.interface.version == 4 and not address.interface.is_loopback
    }
    assert addresses == {"10.1.0.4", "10.0.0.1", "10.0.0.2", "10.0.0.3"}


def test_figures_14_to_16_everybody_answers_everybody(figures: Figures) -> None:
    with figures.at("second-namespace/plug") as live:
        for src, dst in (("root", "10.0.0.2"), ("root", "10.0.0.3"), ("ns1", "10.0.0.3"), ("ns2", "10.0.0.2")):
            assert answered(live, src, dst), (src, dst)


def test_figure_17_ns1_knows_its_own_network_and_nothing_else(figures: Figures) -> None:
    ns1 = inside(figures.after("second-namespace/plug"), "ns1")
    assert _routes(ns1) == [("10.0.0.0/24", None, "kernel")]


def test_figure_18_without_a_route_the_kernel_says_so_at_once(figures: Figures) -> None:
    with figures.at("forwarding/gateway", done=False) as live:
        ran = run_script(live.lab, "ip netns exec ns1 ping -c 1 8.8.8.8")
        assert ran.status == 2
        assert "Network is unreachable" in ran.output


def test_figure_18_without_forwarding_the_packet_dies_in_the_root_namespace(figures: Figures) -> None:
    with figures.at("forwarding/forward", done=False) as live:
        assert root_of(live.state(rescan=True)).forwarding is False
        assert _seen(live.lab, "br-rootns", "ns1") == "10.0.0.2"
        assert _seen(live.lab, "eth0", "ns1", seconds=1) == ""
        assert not answered(live, "ns1", "8.8.8.8")
        assert answered(live, "ns1", "10.1.0.4")


def test_figure_18_without_masquerade_it_leaves_with_a_source_that_nobody_can_answer(figures: Figures) -> None:
    with figures.at("forwarding/forward") as live:
        assert _seen(live.lab, "eth0", "ns1") == "10.0.0.2"
        assert not answered(live, "ns1", "8.8.8.8")


def test_figure_18_with_masquerade_both_are_answered_and_eth0s_address_stands_on_it(figures: Figures) -> None:
    with figures.at("masquerade/masquerade") as live:
        for name in ("ns1", "ns2"):
            assert answered(live, name, "8.8.8.8")
            assert _seen(live.lab, "eth0", name) == "10.1.0.4"


def test_figure_19_the_default_route_goes_to_the_bridges_address(figures: Figures) -> None:
    state = figures.after("forwarding/gateway-ns2")
    for name in ("ns1", "ns2"):
        assert ("0.0.0.0/0", "10.0.0.1", "boot") in _routes(inside(state, name))


def test_figure_20_is_figure_13_with_forwarding_masquerade_and_the_outside(figures: Figures) -> None:
    state = figures.after("masquerade/masquerade")
    root = root_of(state)
    assert sorted(links(state)) == sorted(BUILT)
    assert root.forwarding
    assert [rule.action for chain in root.chains if chain.hook == "postrouting" for rule in chain.rules] == [
        "masquerade"
    ]
    assert not any(netns.chains for netns in state.of() if netns is not root)


def test_ip_ns_is_no_command_and_a_count_is_wanted(figures: Figures) -> None:
    with figures.at("network-namespace/list") as live:
        assert 'Object "ns" is unknown' in run_script(live.lab, "ip ns show").output
        assert run_script(live.lab, "ping -c 8.8.8.8").status not in (0, None)


def _routes(netns: Netns, link: str = "") -> list[tuple[str, str | None, str]]:
    """The main table, or its lines for one link: for what, by which gateway, put there by whom."""
    index = link_in(netns, link).index if link else None
    return [
        (str(route.dst), str(route.gateway) if route.gateway else None, route.protocol)
        for route in netns.routes
        if route.table == 254 and isinstance(route.dst, IPv4Network) and index in (None, route.oif)
    ]


def _seen(lab: Lab, link: str, src: str, seconds: int = 20) -> str:
    """The source that a ping of `src` to 8.8.8.8 carries when it passes `link`; empty where none of them does."""
    script = (
        f"ip netns exec {src} ping -i 0.1 -W 1 8.8.8.8 > /dev/null & "
        f"timeout {seconds} tcpdump -l -n -c 1 -i {link} 'icmp[icmptype] == icmp-echo' 2> /dev/null; kill $!"
    )
    found = re.search(r"IP (\S+) > 8\.8\.8\.8:", run_script(lab, script).output)
    return found[1] if found else ""
