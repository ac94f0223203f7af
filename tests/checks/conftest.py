"""The checks of the course, and states for them, built by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tutor.check import Fault, Link, Netns, NetworkState, Outcome, Reply
from tutor.store.checks import Checks, load_checks
from tutor.store.packs import our_pack

UP, LOWER_UP = 0x1, 0x10000
ROOT_INODE, NS1_INODE = 1, 2

Say = Callable[..., Any]


@pytest.fixture(scope="session")
def checks() -> Checks:
    return load_checks(our_pack())


@pytest.fixture
def say(checks: Checks) -> Say:
    """Ask a check, fact or question by its id. No probe is answered."""

    def ask(id_: str, state: NetworkState, **arguments: Any) -> Any:
        definition = checks.definitions[id_]
        bound = definition.bind(arguments)
        if definition.probes is None:
            return definition.function(state, **bound)
        replies = {probe: Reply(False, "timed out") for probe in definition.probes(**bound)}
        return definition.function(state, replies, **bound)

    return ask


@pytest.fixture
def fault(say: Say) -> Callable[..., Fault]:
    """The fault that a check finds."""

    def ask(id_: str, state: NetworkState, **arguments: Any) -> Fault:
        verdict = say(id_, state, **arguments)
        assert verdict.outcome is Outcome.FAILED
        assert verdict.root_cause is not None
        cause: Fault = verdict.root_cause
        return cause

    return ask


def link(index: int, name: str, kind: str = "veth", *, up: bool = False, carrier: bool = False, **more: Any) -> Link:
    flags = (UP if up else 0) | (LOWER_UP if carrier else 0)
    return Link(index, name, kind, flags, **more)


def pair(
    a: str = "veth-a-ns1", b: str = "veth-b-ns1", *, a_up: bool = False, b_up: bool = False, first: int = 3
) -> list[Link]:
    """Both ends of a pair in the root namespace."""
    carrier = a_up and b_up
    one = link(first, a, up=a_up, carrier=carrier, peer_index=first + 1, peer_netns=ROOT_INODE)
    other = link(first + 1, b, up=b_up, carrier=carrier, peer_index=first, peer_netns=ROOT_INODE)
    return [one, other]


def state(*links: Link, ns1: tuple[Link, ...] | None = None) -> NetworkState:
    """A machine with these links in its root namespace, and perhaps a namespace ns1."""
    lo = link(1, "lo", "loopback", up=True, carrier=True)
    root = Netns("vm", ROOT_INODE, ("root",), links=(lo, *links))
    others = (Netns("vm", NS1_INODE, ("ns1",), links=ns1),) if ns1 is not None else ()
    return NetworkState((root, *others), home="vm")


def moved(end: Link, there: int) -> Link:
    """An end of a pair whose peer has been moved to another namespace."""
    return replace(end, peer_netns=there)
