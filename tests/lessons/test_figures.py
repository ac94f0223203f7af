"""What the paper's figures 1 to 3 show, asserted from the kernel after the lessons' own commands."""

from __future__ import annotations

import pytest

from tests.lessons.conftest import TUNNELS, Figures, ipv4, link_in, links, root_of
from tutor.session.workshop import run_script

pytestmark = pytest.mark.netns


def test_figure_1_lo_and_eth0_and_nothing_else(figures: Figures) -> None:
    state = figures.after("initial-state/links")
    root = root_of(state)
    assert {link.name for link in root.links} - TUNNELS == {"lo", "eth0"}
    scopes = {str(address.interface): address.scope for address in root.addresses}
    assert scopes["127.0.0.1/8"] == "host"
    assert scopes["10.1.0.4/24"] == "global"
    assert len(list(state.of())) == 1


def test_figure_2_both_ends_in_the_root_namespace_one_up_and_no_carrier(figures: Figures) -> None:
    for place in ("veth-pair/one-end-up", "veth-pair/unplug"):
        root = root_of(figures.after(place))
        a, b = link_in(root, "veth-a-ns1"), link_in(root, "veth-b-ns1")
        assert (a.up, b.up) == (True, False)
        assert not a.carrier
        assert not b.carrier


def test_figure_3_the_two_ends_are_each_others_peer(figures: Figures) -> None:
    state = figures.after("veth-pair/look")
    root = root_of(state)
    a, b = link_in(root, "veth-a-ns1"), link_in(root, "veth-b-ns1")
    assert state.find_peer(a) == (root, b)
    assert state.find_peer(b) == (root, a)


def test_figure_3_ip_a_prints_both_ends_with_their_peers(figures: Figures) -> None:
    with figures.at("veth-pair/look", done=False) as live:
        lines = [line for line in run_script(live.lab, "ip a").output.splitlines() if "@veth-" in line]
    assert [line.split()[1] for line in lines] == ["veth-b-ns1@veth-a-ns1:", "veth-a-ns1@veth-b-ns1:"]
    assert "DOWN" in lines[0]
    assert "NO-CARRIER" in lines[1]


def test_the_first_lesson_ends_as_it_began_with_figure_1(figures: Figures) -> None:
    begun, ended = (figures.after(f"initial-state/{step}") for step in ("links", "outside"))
    assert links(begun) == links(ended) == [("root", {"lo", "eth0"})]
    assert not root_of(ended).forwarding
    assert not root_of(ended).chains


def test_the_second_lesson_ends_as_the_paper_does_before_it_moves_an_end(figures: Figures) -> None:
    ended = figures.after("veth-pair/unplug")
    root = root_of(ended)
    assert links(ended) == [("root", {"lo", "eth0", "veth-a-ns1", "veth-b-ns1"})]
    for name, up in (("veth-a-ns1", True), ("veth-b-ns1", False)):
        end = link_in(root, name)
        assert (end.kind, end.up, end.carrier, end.master) == ("veth", up, False, None)
        # The kernel gives a link that has had a carrier an IPv6 address; the paper's are not there yet.
        assert not ipv4(root, name)
