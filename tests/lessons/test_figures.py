"""What the paper's figures show, asserted from the kernel after the lessons' own commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tutor.check import Netns, NetworkState
from tutor.lab.nursery import Nursery
from tutor.session.live import Live
from tutor.session.material import Material, load_material
from tutor.session.workshop import Workshop, run_script

pytestmark = pytest.mark.netns

# A kernel with tunnel drivers adds their links to every namespace (net.core.fb_tunnels_only_for_init_net).
TUNNELS = {"sit0", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0"}


@pytest.fixture(scope="module")
def material() -> Material:
    return load_material("")


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


def after(nursery: Nursery, material: Material, place: str) -> NetworkState:
    """The state at the end of `lesson/step`, reached by the lesson's own commands."""
    lesson, step = material.place(place)
    with Workshop(nursery, material.course).at(lesson, step) as lab:
        run_script(lab, "\n".join(step.solution if step is not None else ()))
        live = Live(lab)
        try:
            return live.state(rescan=True)
        finally:
            live.close()


def test_figure_1_lo_and_eth0_and_nothing_else(nursery: Nursery, material: Material) -> None:
    root = after(nursery, material, "initial-state/links").namespaces[0]
    assert {link.name for link in root.links} - TUNNELS == {"lo", "eth0"}
    scopes = {str(address.interface): address.scope for address in root.addresses}
    assert scopes["127.0.0.1/8"] == "host"
    assert scopes["10.1.0.4/24"] == "global"
    assert len(list(after(nursery, material, "initial-state").of())) == 1


def test_figure_2_both_ends_in_the_root_namespace_one_up_and_no_carrier(nursery: Nursery, material: Material) -> None:
    for place in ("veth-pair/one-end-up", "veth-pair/unplug"):
        root = after(nursery, material, place).namespaces[0]
        a, b = root.find_link("veth-a-ns1"), root.find_link("veth-b-ns1")
        assert a is not None
        assert b is not None
        assert (a.up, b.up) == (True, False)
        assert not a.carrier
        assert not b.carrier


def test_figure_3_the_two_ends_are_each_others_peer(nursery: Nursery, material: Material) -> None:
    state = after(nursery, material, "veth-pair/look")
    root = state.namespaces[0]
    a, b = root.find_link("veth-a-ns1"), root.find_link("veth-b-ns1")
    assert a is not None
    assert b is not None
    assert state.find_peer(a) == (root, b)
    assert state.find_peer(b) == (root, a)


def test_figure_3_ip_a_prints_both_ends_with_their_peers(nursery: Nursery, material: Material) -> None:
    lesson, step = material.place("veth-pair/look")
    assert step is not None
    with Workshop(nursery, material.course).at(lesson, step) as lab:
        (command,) = step.solution
        lines = [line for line in run_script(lab, command).output.splitlines() if "@veth-" in line]
    assert [line.split()[1] for line in lines] == ["veth-b-ns1@veth-a-ns1:", "veth-a-ns1@veth-b-ns1:"]
    assert "DOWN" in lines[0]
    assert "NO-CARRIER" in lines[1]


def test_the_first_lesson_ends_as_it_began_with_figure_1(nursery: Nursery, material: Material) -> None:
    begun, ended = (after(nursery, material, f"initial-state/{step}") for step in ("links", "outside"))
    assert _names(begun) == _names(ended) == [("root", {"lo", "eth0"})]
    assert not _root(ended).forwarding
    assert not _root(ended).chains


def test_the_second_lesson_ends_as_the_paper_does_before_it_moves_an_end(nursery: Nursery, material: Material) -> None:
    ended = after(nursery, material, "veth-pair/unplug")
    assert _names(ended) == [("root", {"lo", "eth0", "veth-a-ns1", "veth-b-ns1"})]
    state = {}
    for name in ("veth-a-ns1", "veth-b-ns1"):
        found = _root(ended).find_link(name)
        assert found is not None
        state[name] = (found.kind, found.up, found.carrier, found.master)
        # The kernel gives a link that has had a carrier an IPv6 address; the paper's are not there yet.
        assert {address.interface.version for address in _root(ended).addresses_of(found)} <= {6}
    assert state == {"veth-a-ns1": ("veth", True, False, None), "veth-b-ns1": ("veth", False, False, None)}


def _root(state: NetworkState) -> Netns:
    return state.namespaces[0]


def _names(state: NetworkState) -> list[tuple[str, set[str]]]:
    """The machine's namespaces with the links in each."""
    return [(netns.label, {link.name for link in netns.links} - TUNNELS) for netns in state.of()]
