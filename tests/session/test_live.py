"""The state of a lab as it changes, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tutor.check import NetworkState, Probe, Replies
from tutor.errors import TutorError
from tutor.lab.client import Lab
from tutor.session.live import Live
from tutor.session.probing import send_probes
from tutor.session.workshop import run_script

pytestmark = [pytest.mark.netns, pytest.mark.pty]


def state_of(lab: Lab) -> NetworkState:
    live = Live(lab)
    try:
        return live.state()
    finally:
        live.close()


def test_probes_tell_who_answers_and_why_not(lab: Lab) -> None:
    run_script(lab, "ip netns add ns1")
    wanted = (
        Probe("ping", "root", "8.8.8.8"),
        Probe("ping", "root", "10.1.0.99"),
        Probe("ping", "ns1", "8.8.8.8"),
        Probe("tcp", "root", "8.8.8.8", 80),
        Probe("tcp", "root", "8.8.8.8", 81),
        Probe("http", "root", "1.1.1.1"),
        Probe("dns", "root", "example.com"),
        Probe("dns", "root", "nowhere.test"),
    )
    replies = send_probes(lab, wanted, state_of(lab))
    assert [replies[probe].answered for probe in wanted] == [True, False, False, True, False, True, True, False]
    assert replies[wanted[1]].reason == "timed out"
    assert replies[wanted[2]].reason == "Network is unreachable"
    assert replies[wanted[4]].reason == "Connection refused"


def test_what_was_answered_is_not_asked_again_until_the_network_changes(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Probe] = []

    def send(lab: Lab, wanted: Iterable[Probe], state: NetworkState) -> Replies:
        wanted = list(wanted)
        sent.extend(wanted)
        return send_probes(lab, wanted, state)

    monkeypatch.setattr("tutor.session.live.send_probes", send)
    answers, silent = Probe("ping", "root", "8.8.8.8"), Probe("ping", "root", "10.1.0.99")
    live = Live(lab)
    try:
        for _ in range(2):
            replies = live.ask([answers, silent])
            assert (replies[answers].answered, replies[silent].answered) == (True, False)
        assert sent == [answers, silent, silent]
        run_script(lab, "ip link add veth-x type veth peer name veth-y")
        live.state()
        assert live.ask([answers])[answers].answered
        assert sent[3:] == [answers]
    finally:
        live.close()


def test_a_probe_from_nowhere_is_an_error_of_ours(lab: Lab) -> None:
    with pytest.raises(TutorError, match="ns9"):
        send_probes(lab, [Probe("ping", "ns9", "8.8.8.8")], state_of(lab))


def test_a_state_follows_the_kernel(lab: Lab) -> None:
    live = Live(lab)
    try:
        assert live.state().find_link("veth-x") is None
        run_script(lab, "ip link add veth-x type veth peer name veth-y; ip netns add ns1; ip link set veth-y netns ns1")
        state = live.state()
        found = state.find_link("veth-x")
        assert found is not None
        peer = state.find_peer(found[1])
        assert peer is not None
        assert peer[0].names == ("ns1",)
        run_script(lab, "ip netns del ns1")
        assert live.until(lambda now: True if now.find_link("veth-x") is None else None, 60)
    finally:
        live.close()
