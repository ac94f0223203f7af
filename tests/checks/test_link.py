from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.conftest import NS1_INODE, Say, link, moved, pair, state
from tutor.check import Fault
from tutor.store.checks import load_checks
from tutor.store.packs import our_pack

Ask = Callable[..., Fault]


def test_a_link_that_is_there_exists(say: Say) -> None:
    assert say("link.exists", state(link(2, "eth0", "tun")), link="eth0").passed
    assert say("link.exists", state(link(2, "eth0", "tun")), link="eth0", kind="tun").passed


def test_a_link_of_another_kind_is_named_with_both_kinds(fault: Ask) -> None:
    found = fault("link.exists", state(link(2, "x", "bridge")), link="x", kind="veth")
    assert found.diagnosis.id == "link.wrong-kind"
    assert "bridge" in found.message
    assert "veth" in found.message


def test_a_missing_link_is_named(fault: Ask) -> None:
    found = fault("link.is_up", state(), link="veth-a-ns1")
    assert found.diagnosis.id == "link.missing"
    assert "veth-a-ns1" in found.message


@pytest.mark.parametrize("typo", ["veth-ans1", "veth-a-ns11", "VETH-A-NS1", "veth-1-nsa"])
def test_a_link_whose_name_is_nearly_right_is_offered(fault: Ask, typo: str) -> None:
    assert f"one called {typo}" in fault("link.is_up", state(link(2, typo)), link="veth-a-ns1").message


def test_a_link_of_quite_another_name_is_not_offered(fault: Ask) -> None:
    assert "one called" not in fault("link.is_up", state(link(2, "eth0")), link="veth-a-ns1").message


def test_a_link_in_another_namespace_is_found_there(fault: Ask) -> None:
    a, b = pair()
    found = fault("link.is_up", state(moved(a, NS1_INODE), ns1=(b,)), link="veth-b-ns1")
    assert found.diagnosis.id == "link.elsewhere"
    assert "ns1" in found.message
    assert "root namespace" in found.message


def test_a_namespace_that_is_missing_is_named(fault: Ask) -> None:
    found = fault("link.is_up", state(), link="lo", netns="ns1")
    assert found.diagnosis.id == "link.no-netns"
    assert "ns1" in found.message


def test_up_and_down(say: Say, fault: Ask) -> None:
    up, down = state(link(2, "x", up=True)), state(link(2, "x"))
    assert say("link.is_up", up, link="x").passed
    assert say("link.is_down", down, link="x").passed
    assert fault("link.is_up", down, link="x").diagnosis.id == "link.down"
    assert fault("link.is_down", up, link="x").diagnosis.id == "link.up"


def test_no_carrier_is_blamed_on_the_end_that_is_down(fault: Ask) -> None:
    found = fault("link.has_carrier", state(*pair(a_up=True)), link="veth-a-ns1")
    assert found.diagnosis.id == "link.down"
    assert found.message.startswith("veth-b-ns1 is down")
    assert "veth-a-ns1 has no carrier" in found.message
    assert fault("link.has_carrier", state(*pair(b_up=True)), link="veth-a-ns1").message.startswith(
        "veth-a-ns1 is down"
    )


def test_no_carrier_without_a_reason_in_sight_is_said_as_such(fault: Ask) -> None:
    assert fault("link.has_carrier", state(link(2, "x", "tun", up=True)), link="x").diagnosis.id == "link.no-carrier"


def test_carrier_of_a_whole_pair(say: Say, fault: Ask) -> None:
    whole = state(*pair(a_up=True, b_up=True))
    assert say("link.has_carrier", whole, link="veth-a-ns1").passed
    assert fault("link.has_no_carrier", whole, link="veth-a-ns1").diagnosis.id == "link.carrier"
    assert say("link.has_no_carrier", state(*pair(a_up=True)), link="veth-a-ns1").passed


@pytest.mark.parametrize(
    "id_", ["link.exists", "link.is_up", "link.is_down", "link.has_carrier", "link.has_no_carrier"]
)
def test_every_check_says_that_a_link_is_missing(fault: Ask, id_: str) -> None:
    assert fault(id_, state(), link="gone").diagnosis.id == "link.missing"


def test_facts_are_shown_by_what_ip_prints(say: Say) -> None:
    waiting = state(*pair(a_up=True))
    assert say("link.name", waiting, link="veth-a-ns1").is_in("3: veth-a-ns1@veth-b-ns1: <UP>")
    assert say("link.no_carrier", waiting, link="veth-a-ns1").is_in("veth-a-ns1@x: <NO-CARRIER,UP>")
    assert not say("link.no_carrier", waiting, link="veth-a-ns1").is_in("veth-a-ns1: <UP,LOWER_UP>")
    assert not say("link.no_carrier", state(*pair(a_up=True, b_up=True)), link="veth-a-ns1").is_in(
        "veth-a-ns1 NO-CARRIER"
    )
    assert not say("link.name", waiting, link="gone").is_in("gone")


def test_questions_are_answered_from_the_state(say: Say) -> None:
    there = state(link(7, "x", up=True, operstate="lowerlayerdown", mtu=1400))
    assert say("link.index", there, link="x").accepts("7")
    assert say("link.operstate", there, link="x").accepts("lowerlayerdown ")
    assert say("link.mtu", there, link="x").accepts("1400")
    for id_ in ("link.index", "link.operstate", "link.mtu"):
        assert say(id_, there, link="gone").accepted == ()


@given(st.booleans(), st.booleans())
def test_a_pair_has_a_carrier_exactly_while_both_ends_are_up(a_up: bool, b_up: bool) -> None:
    function = load_checks(our_pack()).definitions["link.has_carrier"].function
    assert function(state(*pair(a_up=a_up, b_up=b_up)), link="veth-a-ns1").passed is (a_up and b_up)
