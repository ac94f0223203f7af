from __future__ import annotations

from collections.abc import Callable

from tests.checks.conftest import NS1_INODE, ROOT_INODE, Say, link, moved, pair, state
from tutor.check import Fault

Ask = Callable[..., Fault]
ENDS = {"a": "veth-a-ns1", "b": "veth-b-ns1"}


def test_a_pair_is_a_pair_wherever_its_ends_are(say: Say) -> None:
    a, b = pair()
    assert say("veth.pair", state(a, b), **ENDS).passed
    assert say("veth.pair", state(moved(a, NS1_INODE), ns1=(moved(b, ROOT_INODE),)), **ENDS).passed


def test_nothing_at_all(fault: Ask) -> None:
    found = fault("veth.pair", state(), **ENDS)
    assert found.diagnosis.id == "veth.missing"
    assert all(name in found.message for name in ENDS.values())


def test_one_end_with_another_name_is_told_with_the_command_that_renames_it(fault: Ask) -> None:
    found = fault("veth.pair", state(*pair(b="veth0")), **ENDS)
    assert found.diagnosis.id == "veth.end-missing"
    assert "ip link set veth0 name veth-b-ns1" in found.message
    other = fault("veth.pair", state(*pair(a="veth-a-ns")), **ENDS)
    assert "ip link set veth-a-ns name veth-a-ns1" in other.message


def test_an_end_whose_peer_is_out_of_sight(fault: Ask) -> None:
    found = fault("veth.pair", state(link(3, "veth-a-ns1", peer_index=9)), **ENDS)
    assert found.diagnosis.id == "veth.end-missing"
    assert "veth-b-ns1" in found.message


def test_a_link_of_another_kind(fault: Ask) -> None:
    for name in ENDS.values():
        found = fault("veth.pair", state(link(3, name, "bridge")), **ENDS)
        assert found.diagnosis.id == "veth.wrong-kind"
        assert name in found.message
        assert "bridge" in found.message


def test_two_pairs_are_not_one(fault: Ask) -> None:
    found = fault("veth.pair", state(*pair(b="veth0"), *pair("veth-b-ns1", "veth1", first=5)), **ENDS)
    assert found.diagnosis.id == "veth.no-pair"
    assert "veth0" in found.message


def test_two_ends_with_peers_out_of_sight_are_no_pair(fault: Ask) -> None:
    both = state(link(3, "veth-a-ns1", peer_index=9), link(4, "veth-b-ns1", peer_index=9))
    assert fault("veth.pair", both, **ENDS).diagnosis.id == "veth.no-pair"


def test_the_ends_are_shown_as_ip_shows_them(say: Say) -> None:
    a, b = pair()
    assert say("veth.ends", state(a, b), link="veth-a-ns1").is_in("4: veth-a-ns1@veth-b-ns1: <BROADCAST>")
    away = say("veth.ends", state(moved(a, NS1_INODE), ns1=(b,)), link="veth-a-ns1")
    assert away.is_in("4: veth-a-ns1@if4: <BROADCAST>")
    assert not away.is_in("veth-a-ns1@if41")
    assert not say("veth.ends", state(), link="lo").is_in("lo")


def test_questions_about_the_peer(say: Say) -> None:
    a, b = pair()
    assert say("veth.peer_index", state(a, b), link="veth-a-ns1").accepts("4")
    assert say("veth.peer_index", state(a, b), link="veth-a-ns1").accepts("if4")
    assert say("veth.peer_name", state(a, b), link="veth-a-ns1").accepts("veth-b-ns1")
    assert say("veth.peer_index", state(), link="lo").accepted == ()
    assert say("veth.peer_name", state(), link="lo").accepted == ()
