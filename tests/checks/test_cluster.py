"""Pods that reach one another under their own addresses, on nodes and through a cloud of which one thing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checks.cluster_faults import FAULTS, Fault
from tests.checks.cluster_world import PODS, cluster
from tests.checks.conftest import Say
from tutor.check import Fault as Named
from tutor.check import NetworkState, Outcome, Probe, Reply, Verdict
from tutor.store.checks import load_checks
from tutor.store.packs import our_pack

ALL = {"pods": list(PODS), "addresses": list(PODS.values())}
COMMUNICATE = load_checks(our_pack()).definitions["pods.communicate"]
FAR = {"src": "1c29ea39686a", "dst": "10.244.1.2"}


def communicate(state: NetworkState, replies: dict[Probe, Reply] | None = None) -> Verdict:
    verdict: Verdict = COMMUNICATE.function(state, replies or {}, **COMMUNICATE.bind(ALL))
    assert verdict.outcome is not Outcome.ERRORED
    return verdict


def broken(*faults: Fault) -> NetworkState:
    state = cluster()
    for fault in faults:
        state = fault.breaks(state)
    return state


def is_named(fault: Fault, by: Named) -> bool:
    return by.diagnosis.id == fault.diagnosis and all(name in by.message for name in fault.names)


def test_all_pods_of_a_sound_cluster_communicate() -> None:
    assert communicate(cluster()).passed


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.kind) for fault in FAULTS])
def test_a_single_fault_of_the_cluster_is_named(fault: Fault) -> None:
    verdict = communicate(broken(fault))
    assert verdict.root_cause is not None, "it passes"
    assert is_named(fault, verdict.root_cause), verdict.root_cause


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(FAULTS), min_size=2, max_size=4, unique_by=lambda fault: fault.group))
def test_mending_what_is_named_ends_in_a_sound_cluster(faults: list[Fault]) -> None:
    left = list(faults)
    while left:
        cause = communicate(broken(*left)).root_cause
        assert cause is not None, f"it passes with {[fault.kind for fault in left]}"
        named = [fault for fault in left if is_named(fault, cause)]
        assert named, (cause, [fault.kind for fault in left])
        left.remove(named[0])


def _replies(**changes: Any) -> dict[Probe, Reply]:
    """What comes back of each datagram: it has been seen under the address that its sender has."""
    assert COMMUNICATE.probes is not None
    sent = COMMUNICATE.probes(**COMMUNICATE.bind(ALL))
    assert len(sent) == 42
    places = {(place.rpartition(":")[0], place.rpartition(":")[2]): own for place, own in PODS.items()}
    return {
        probe: Reply(**{"answered": True, "seen_as": places[probe.machine, probe.src], **changes}) for probe in sent
    }


def test_datagrams_that_arrive_as_they_are_sent_prove_it() -> None:
    assert communicate(cluster(), _replies()).passed


def test_an_answer_is_stronger_than_any_theory() -> None:
    closed = next(fault for fault in FAULTS if fault.diagnosis == "filter.policy")
    assert communicate(broken(closed), _replies()).passed


def test_a_source_that_the_receiver_does_not_see_is_named() -> None:
    cause = communicate(cluster(), _replies(seen_as="10.240.0.4")).root_cause
    assert cause is not None
    assert cause.diagnosis.id == "reach.disguised"
    for name in ("10.240.0.4", "1c29ea39686a", "10.244.0.3"):
        assert name in cause.message


def test_silence_is_named_where_all_that_can_be_read_is_right() -> None:
    cause = communicate(cluster(), _replies(answered=False, reason="timed out", seen_as="")).root_cause
    assert cause is not None
    assert cause.diagnosis.id == "reach.unanswered"
    assert "timed out" in cause.message


def test_pods_of_which_no_address_is_said_are_walked_between_and_not_probed() -> None:
    given = COMMUNICATE.bind({"pods": list(PODS)})
    assert COMMUNICATE.probes is not None
    assert COMMUNICATE.probes(**given) == ()
    assert COMMUNICATE.function(cluster(), {}, **given).passed


def test_a_pod_that_is_not_there_is_named(fault: Callable[..., Named]) -> None:
    gone = fault("pods.communicate", cluster(), pods=["1c29ea39686a", "node1:5e0f3c6b1a28"])
    assert gone.diagnosis.id == "netns.missing"
    for name in ("5e0f3c6b1a28 on node1", "5e0f3c6b1a27", "d41b97e20c58"):
        assert name in gone.message


@pytest.mark.parametrize("src", ["root", "node1:root", *PODS])
@pytest.mark.parametrize("dst", ["8.8.8.8", "10.240.0.4", "10.240.0.5", *PODS.values()])
def test_everybody_reaches_everybody_in_a_sound_cluster(say: Say, src: str, dst: str) -> None:
    assert say("reach.carried", cluster(), src=src, dst=dst).passed


@pytest.mark.parametrize(("machine", "place"), [("node0", "1c29ea39686a"), ("node1", "node1:5e0f3c6b1a27")])
def test_a_pod_is_translated_towards_the_world_by_its_node(say: Say, machine: str, place: str) -> None:
    root = "root" if machine == "node0" else f"{machine}:root"
    assert say("nat.translates", cluster(), src=[place], out="eth0", netns=root).passed
    own = "10.240.0.4" if machine == "node0" else "10.240.0.5"
    assert say("nat.source_outside", cluster(), src=place, dst="8.8.8.8", out="eth0", netns=root).accepts(own)
