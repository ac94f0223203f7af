"""Labs in the state that a step of a lesson leaves behind, reached by the lesson's own commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tutor.check import Link, Netns, NetworkState, Probe
from tutor.lab.nursery import Nursery
from tutor.session.live import Live
from tutor.session.material import Material, load_material
from tutor.session.workshop import Workshop, run_script

# A kernel with tunnel drivers adds their links to every namespace (net.core.fb_tunnels_only_for_init_net).
TUNNELS = {"sit0", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0"}


@pytest.fixture(scope="package")
def material() -> Material:
    return load_material("")


@pytest.fixture(scope="package")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


class Figures:
    """Makes labs for figures."""

    def __init__(self, nursery: Nursery, material: Material) -> None:
        self._workshop, self._material = Workshop(nursery, material.course), material

    @contextmanager
    def at(self, place: str, *, done: bool = True) -> Iterator[Live]:
        """A lab at the end of `lesson/step`; at its start where it is not `done`."""
        lesson, step = self._material.place(place)
        with self._workshop.at(lesson, step) as lab:
            if done and step is not None:
                run_script(lab, "\n".join(step.solution))
            live = Live(lab)
            try:
                yield live
            finally:
                live.close()

    def after(self, place: str) -> NetworkState:
        """The state at the end of `lesson/step`."""
        with self.at(place) as live:
            return live.state(rescan=True)


@pytest.fixture(scope="package")
def figures(nursery: Nursery, material: Material) -> Figures:
    return Figures(nursery, material)


def root_of(state: NetworkState) -> Netns:
    return state.namespaces[0]


def inside(state: NetworkState, name: str) -> Netns:
    found = state.find_netns(name)
    assert found is not None, name
    return found


def link_in(netns: Netns, name: str) -> Link:
    found = netns.find_link(name)
    assert found is not None, name
    return found


def ipv4(netns: Netns, name: str) -> list[str]:
    """The IPv4 addresses of a link."""
    own = netns.addresses_of(link_in(netns, name))
    return [str(address.interface) for address in own if address.interface.version == 4]


def links(state: NetworkState) -> list[tuple[str, set[str]]]:
    """The machine's namespaces with the links in each."""
    return [(netns.label, {link.name for link in netns.links} - TUNNELS) for netns in state.of()]


def answered(live: Live, src: str, dst: str) -> bool:
    """Whether a ping is answered."""
    probe = Probe("ping", src, dst)
    return live.ask([probe])[probe].answered
