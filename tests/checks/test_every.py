"""What holds for every check, fact, question and diagnosis of the course, present and to come."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks import wrong, wrong_cluster, wrong_kubenet, wrong_names
from tests.checks.cluster_faults import FAULTS
from tests.checks.cluster_world import PODS, cloud, cluster
from tests.checks.conftest import NS1_INODE, ROOT_INODE, Say, link, state
from tests.checks.finished import address, chain, route, rule
from tutor.check import (
    Answer,
    Cloud,
    Definition,
    Kind,
    Link,
    LinkConf,
    Netns,
    NetworkState,
    Outcome,
    Probe,
    Reply,
    Shown,
    Verdict,
)
from tutor.store.checks import Checks, load_checks
from tutor.store.packs import our_pack

WRONG = {**wrong.WRONG, **wrong_cluster.WRONG, **wrong_kubenet.WRONG, **wrong_names.WRONG}


def test_every_diagnosis_is_given_here(checks: Checks) -> None:
    # What another address is seen under only a probe that has arrived can tell: `test_cluster` has one.
    assert set(WRONG) == set(checks.diagnoses) - {"reach.disguised"}


@pytest.mark.parametrize("id_", WRONG)
def test_each_diagnosis_names_the_names(say: Say, id_: str) -> None:
    check, network, arguments, names = WRONG[id_]
    verdict = say(check, network, **arguments)
    assert verdict.outcome is Outcome.FAILED
    cause = verdict.root_cause
    assert cause is not None
    assert cause.diagnosis.id == id_
    message = cause.message
    for name in names:
        assert name in message
    assert message.endswith((".", "?"))
    assert "\n" not in message
    assert cause.found
    assert cause.expected


@pytest.mark.parametrize("id_", WRONG)
def test_a_link_in_a_named_namespace_is_said_to_be_there(say: Say, id_: str) -> None:
    check, network, arguments, _ = WRONG[id_]
    if not check.startswith("link.") or id_ in ("link.no-netns", "link.elsewhere", "link.wrong-kind"):
        return
    root = network.namespaces[0]
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
    made = state(*draw(_links()), ns1=draw(st.none() | _links()))
    found = tuple(draw(_furnished(netns)) for netns in made.namespaces)
    return replace(made, namespaces=found, cloud=draw(st.sampled_from([Cloud(), cloud()])))


def _clusters() -> st.SearchStrategy[NetworkState]:
    """The cluster with up to three things wrong."""
    some = st.lists(st.sampled_from(FAULTS), max_size=3, unique_by=lambda fault: fault.group)
    return some.map(lambda faults: reduce(lambda state, fault: fault.breaks(state), faults, cluster()))


ADDRESSES = ("10.0.0.1/24", "10.0.0.2/24", "10.0.0.2/32", "10.1.0.4/24", "127.0.0.1/8")
RULES = ("masquerade", "snat", "accept", "drop", "return", "jump", "unknown")
FIELDS = (("oifname", "eth0"), ("ip saddr", "10.0.0.0/24"), ("meta l4proto", "tcp"), ("meta mark", "0x1"))


@st.composite
def _furnished(draw: st.DrawFn, netns: Netns) -> Netns:
    """A namespace with some addresses, routes, settings and rules, which need not fit together."""
    indexes = st.sampled_from([link.index for link in netns.links] or [1])
    gateways = st.sampled_from(["", "10.0.0.1", "10.0.0.3", "10.1.0.1"])
    networks = st.sampled_from(["0.0.0.0/0", "10.0.0.0/24", "10.0.0.2/32", "0.0.0.0/1"])
    kinds = st.sampled_from(["unicast", "unicast", "blackhole", "throw"])
    confs = st.builds(LinkConf, st.booleans(), st.integers(0, 2), st.booleans())
    rules = st.builds(
        rule, st.sampled_from(RULES), st.sampled_from(FIELDS), target=st.sampled_from(["", "MINE", "10.1.0.4"])
    )
    hooks = st.sampled_from(["forward", "postrouting", "input", ""])
    chains = st.builds(
        lambda name, hook, rules, policy: chain(name, hook, *rules, policy=policy),
        st.sampled_from(["MINE", "POSTROUTING"]),
        hooks,
        st.lists(rules, max_size=3),
        st.sampled_from(["accept", "drop", ""]),
    )
    return replace(
        netns,
        addresses=tuple(draw(st.lists(st.builds(address, indexes, st.sampled_from(ADDRESSES)), max_size=4))),
        routes=tuple(
            draw(
                st.lists(
                    st.builds(lambda d, o, g, k: route(d, o, g, kind=k), networks, indexes, gateways, kinds), max_size=4
                )
            )
        ),
        conf=MappingProxyType(draw(st.dictionaries(st.sampled_from([*NAMES, "all"]), confs, max_size=4))),
        chains=tuple(draw(st.lists(chains, max_size=3))),
    )


TEXTS: Mapping[str, list[Any]] = {
    "netns": ["root", "ns1", "ns9", *PODS, "node1:root"],
    "kind": ["", "veth", "bridge"],
    "dst": ["8.8.8.8", "10.0.0.2", "10.0.0.3", "10.1.0.4", "127.0.0.1", "10.244.0.3", "10.244.1.2", "10.240.0.5"],
    "src": ["root", "ns1", "ns9", *PODS],
    "pods": ["root", "ns1", "ns9", *PODS],
    "between": ["br0", "eth0", "gone"],
    "machine": ["", "vm", "gone"],
    "nic": ["node0-nic", "node1", "gone"],
    "table": ["aks-routetable", "gone"],
    "subnet": ["aks-subnet", "gone"],
}
ADDRESSES_OF: Mapping[Any, list[Any]] = {
    IPv4Address: ["10.0.0.1", "10.0.0.3", "10.1.0.4", "10.244.1.2", "10.240.0.5"],
    IPv4Interface: ["10.0.0.1/24", "10.0.0.2/24"],
    IPv4Network: ["10.0.0.0/24", "10.0.0.2/32", "0.0.0.0/0", "10.244.0.0/16"],
}


def _arguments(definition: Definition) -> st.SearchStrategy[dict[str, Any]]:
    """What a lesson could write."""
    return st.fixed_dictionaries({name: _values(name, definition.types[name]) for name in definition.parameters})


def _values(name: str, type_: Any) -> st.SearchStrategy[Any]:
    if type_ in (int, bool):
        return st.sampled_from([3, 80] if type_ is int else [True, False])
    if type_ is IPv4Network:
        return st.sampled_from(ADDRESSES_OF[type_])
    if typing.get_origin(type_) is tuple:
        one = TEXTS.get(name, ADDRESSES_OF.get(typing.get_args(type_)[0], [*NAMES, "gone"]))
        return st.lists(st.sampled_from(one), min_size=1, max_size=2)
    return st.sampled_from(TEXTS.get(name, ADDRESSES_OF.get(type_, [*NAMES, "gone"])))


@given(st.data())
def test_whatever_the_network_is_like_everything_says_something_that_makes_sense(data: st.DataObject) -> None:
    """No definition ever breaks; the same state gets the same words; a failed check names what it was asked about."""
    definition = DEFINITIONS[data.draw(st.sampled_from(sorted(DEFINITIONS)))]
    network, given_ = data.draw(_states() | _clusters()), data.draw(_arguments(definition))
    replies: tuple[dict[Probe, Reply], ...] = ({},) if definition.wants_replies else ()
    said = definition.function(network, *replies, **definition.bind(given_))
    assert said == definition.function(network, *replies, **definition.bind(given_))
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
        assert fault.message.endswith((".", "?"))


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
