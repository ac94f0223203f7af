"""What holds for every check, fact, question and diagnosis of the course, present and to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.conftest import NS1_INODE, ROOT_INODE, Say, link, moved, pair, state
from tutor.check import Answer, Definition, Kind, Link, NetworkState, Outcome, Shown, Verdict
from tutor.store.checks import Checks, load_checks
from tutor.store.packs import our_pack

ENDS = {"a": "veth-a-ns1", "b": "veth-b-ns1"}
A, B = pair()
B_MOVED = moved(B, ROOT_INODE)

WRONG: Mapping[str, tuple[str, NetworkState, dict[str, Any], tuple[str, ...]]] = {
    "link.missing": ("link.exists", state(), {"link": "eth7"}, ("eth7",)),
    "link.wrong-kind": (
        "link.exists",
        state(link(2, "br0", "bridge")),
        {"link": "br0", "kind": "veth"},
        ("br0", "bridge", "veth"),
    ),
    "link.no-netns": ("link.exists", state(), {"link": "lo", "netns": "ns1"}, ("ns1", "lo")),
    "link.elsewhere": (
        "link.is_up",
        state(moved(A, NS1_INODE), ns1=(B_MOVED,)),
        {"link": "veth-b-ns1"},
        ("veth-b-ns1", "ns1", "the root namespace"),
    ),
    "link.down": ("link.is_up", state(A, B), {"link": "veth-a-ns1"}, ("veth-a-ns1", "down")),
    "link.up": (
        "link.is_down",
        state(*pair(a_up=True)),
        {"link": "veth-a-ns1"},
        ("veth-a-ns1", "ip link set veth-a-ns1 down"),
    ),
    "link.no-carrier": (
        "link.has_carrier",
        state(link(2, "eth0", "tun", up=True)),
        {"link": "eth0"},
        ("eth0", "cable"),
    ),
    "link.carrier": (
        "link.has_no_carrier",
        state(*pair(a_up=True, b_up=True)),
        {"link": "veth-b-ns1"},
        ("veth-b-ns1", "carrier"),
    ),
    "veth.missing": ("veth.pair", state(), ENDS, ("veth-a-ns1", "veth-b-ns1")),
    "veth.end-missing": ("veth.pair", state(*pair(b="veth9")), ENDS, ("veth-a-ns1", "veth9", "veth-b-ns1")),
    "veth.wrong-kind": ("veth.pair", state(link(2, "veth-a-ns1", "dummy")), ENDS, ("veth-a-ns1", "dummy")),
    "veth.no-pair": (
        "veth.pair",
        state(*pair(b="veth8"), *pair("veth9", "veth-b-ns1", first=7)),
        ENDS,
        ("veth-a-ns1", "veth-b-ns1", "veth8"),
    ),
}
"""A state for each diagnosis: the check that gives it, its arguments, and the names that its message must say."""


def test_every_diagnosis_is_given_here(checks: Checks) -> None:
    assert set(WRONG) == set(checks.diagnoses)


@pytest.mark.parametrize("id_", WRONG)
def test_each_diagnosis_names_the_names(say: Say, id_: str) -> None:
    check, wrong, arguments, names = WRONG[id_]
    verdict = say(check, wrong, **arguments)
    assert verdict.outcome is Outcome.FAILED
    assert [fault.diagnosis.id for fault in verdict.faults] == [id_]
    message = verdict.faults[0].message
    for name in names:
        assert name in message
    assert message.endswith((".", "?"))
    assert "\n" not in message
    assert verdict.faults[0].found
    assert verdict.faults[0].expected


@pytest.mark.parametrize("id_", WRONG)
def test_a_link_in_a_named_namespace_is_said_to_be_there(say: Say, id_: str) -> None:
    check, wrong, arguments, _ = WRONG[id_]
    if not check.startswith("link.") or id_ in ("link.no-netns", "link.elsewhere", "link.wrong-kind"):
        return
    root = wrong.namespaces[0]
    inside = replace(root, inode=NS1_INODE, names=("ns1",), links=tuple(map(_inside, root.links)))
    there = NetworkState((replace(root, links=root.links[:1]), inside), home="vm")
    verdict = say(check, there, **{**arguments, "netns": "ns1"})
    assert verdict.faults[0].diagnosis.id == id_
    assert "in ns1" in verdict.faults[0].message


def _inside(end: Link) -> Link:
    return replace(end, peer_netns=NS1_INODE) if end.peer_netns == ROOT_INODE else end


NAMES = ("lo", "veth-a-ns1", "veth-b-ns1", "eth0", "br0")
DEFINITIONS = load_checks(our_pack()).definitions
DIAGNOSES = load_checks(our_pack()).diagnoses


@st.composite
def _links(draw: st.DrawFn) -> tuple[Link, ...]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    inodes = st.sampled_from([None, ROOT_INODE, NS1_INODE, 99])
    return tuple(
        link(
            index,
            name,
            draw(st.sampled_from(["veth", "bridge", "tun", "loopback", "dummy"])),
            up=draw(st.booleans()),
            carrier=draw(st.booleans()),
            peer_index=draw(st.integers(1, 6)),
            peer_netns=draw(inodes),
        )
        for index, name in enumerate(names, 2)
    )


@st.composite
def _states(draw: st.DrawFn) -> NetworkState:
    if draw(st.integers(0, 9)) == 0:
        return NetworkState(())
    return state(*draw(_links()), ns1=draw(st.none() | _links()))


def _arguments(definition: Definition) -> st.SearchStrategy[dict[str, Any]]:
    """What a lesson could write."""
    texts = {"netns": ["root", "ns1", "ns9"], "kind": ["", "veth", "bridge"], "dst": ["8.8.8.8"]}
    return st.fixed_dictionaries(
        {name: st.sampled_from(texts.get(name, [*NAMES, "gone"])) for name in definition.parameters}
    )


@given(st.data())
def test_whatever_the_network_is_like_everything_says_something_that_makes_sense(data: st.DataObject) -> None:
    """No definition ever breaks; the same state gets the same words; a failed check names what it was asked about."""
    definition = DEFINITIONS[data.draw(st.sampled_from(sorted(DEFINITIONS)))]
    network, given_ = data.draw(_states()), data.draw(_arguments(definition))
    said = definition.function(network, **definition.bind(given_))
    assert said == definition.function(network, **definition.bind(given_))
    match definition.kind:
        case Kind.CHECK:
            _makes_sense(said, given_)
        case Kind.FACT:
            assert isinstance(said, Shown)
            assert said.what
            assert all(said.is_in(" \n".join(way)) for way in said.forms)
            assert not said.is_in("nothing of it")
        case Kind.QUESTION:
            assert isinstance(said, Answer)
            assert all(said.accepts(f" {answer} ") for answer in said.accepted)
            assert not said.accepts("")


def _makes_sense(verdict: Verdict, arguments: dict[str, Any]) -> None:
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is not Outcome.ERRORED
    assert verdict.passed is not bool(verdict.faults)
    for fault in verdict.faults:
        assert DIAGNOSES[fault.diagnosis.id] == fault.diagnosis
        assert any(str(value) in fault.message for value in arguments.values() if value)


@given(_states(), st.sampled_from(NAMES))
def test_a_link_is_up_or_down_and_never_both(network: NetworkState, name: str) -> None:
    up, down, there = (
        DEFINITIONS[f"link.{id_}"].function(network, link=name) for id_ in ("is_up", "is_down", "exists")
    )
    assert (up.passed != down.passed) is there.passed
    carrier, none = (
        DEFINITIONS[f"link.{id_}"].function(network, link=name) for id_ in ("has_carrier", "has_no_carrier")
    )
    assert not (carrier.passed and none.passed)
    assert not carrier.passed or up.passed


@given(_states(), st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_a_pair_needs_two_links_that_are_veths(network: NetworkState, a: str, b: str) -> None:
    if DEFINITIONS["veth.pair"].function(network, a=a, b=b).passed:
        for name in (a, b):
            found = network.find_link(name)
            assert found is not None
            assert found[1].kind == "veth"
