"""Every *do* step of the course against networks that are made, not thought up: equal ways, and ways with one fault.

The networks come about by operations on a model of the kernel; that the kernel does the same is for
`test_by_construction_on_the_kernel`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checks import mistakes_links, mistakes_packets, ways_links, ways_packets
from tests.checks.ways import Thread, Way, Wrong, among_others, attempt, detours, flat, interleaved, noise
from tests.checks.world import Op, World
from tests.checks.world_rules import machine
from tutor.check import Link, Netns, NetworkState, Probe, Replies, Reply
from tutor.lesson import StepKind
from tutor.session.judge import StepVerdict
from tutor.session.material import load_material

WAYS = {**ways_links.WAYS, **ways_packets.WAYS}
WRONG = {**mistakes_links.WRONG, **mistakes_packets.WRONG}
PLACES = tuple(WAYS)
MATERIAL = load_material("")
CHECKS = {f"{lesson.id}/{step.id}": step.checks for lesson in MATERIAL.course.lessons() for step in lesson.steps}
PINGING = [place for place in PLACES if any(use.id == "reach.pings" for use in CHECKS[place])]
BY_HAND = {"link.no-netns", "link.no-carrier", "link.carrier"}
"""Diagnoses that no single fault in a step of the course leads to; `test_every` has a state for each."""
KINDS = {"link", "veth", "netns", "bridge", "address", "route", "forwarding", "filter", "nat", "reach"}
"""What the lessons on one machine are about: the first halves of the ids of diagnoses."""
OF_A_CLUSTER = {"link.not-promiscuous", "nat.too-wide", "reach.disguised"}
"""Diagnoses of what only several nodes can do to one another: `test_cluster` and `test_every` lead to each."""

at_every_place = pytest.mark.parametrize("place", PLACES)
each_mistake = pytest.mark.parametrize(
    ("place", "wrong"),
    [pytest.param(place, wrong, id=f"{place}: {wrong.kind}") for place in PLACES for wrong in WRONG[place]],
)
each_way = pytest.mark.parametrize(
    ("place", "way"),
    [pytest.param(place, way, id=f"{place}-{number}") for place in PLACES for number, way in enumerate(WAYS[place])],
)


@cache
def before(place: str) -> World:
    """The machine at the start of a step, by the lessons' own ways."""
    reached = PLACES[: PLACES.index(place)]
    return machine().apply(*(op for each in reached for op in flat(WAYS[each][0])))


def answered(probes: Iterable[Probe]) -> Replies:
    return {probe: Reply(True) for probe in probes}


def unanswered(probes: Iterable[Probe]) -> Replies:
    return {probe: Reply(False, "timed out") for probe in probes}


def judge(place: str, state: NetworkState, *, replies: bool) -> StepVerdict:
    lesson, step = MATERIAL.place(place)
    assert step is not None
    verdict = MATERIAL.judge.step(step, state, answered if replies else unanswered, lesson=lesson)
    assert not verdict.error
    return verdict


def require_passed(place: str, ops: Iterable[Op]) -> None:
    verdict = judge(place, before(place).apply(*ops).state(), replies=True)
    assert verdict.passed, verdict.fault


def require_named(place: str, ops: Thread, wrong: Wrong) -> None:
    fault = judge(place, attempt(before(place), ops).state(), replies=False).fault
    assert fault is not None, "it passes"
    assert fault.diagnosis.id == wrong.diagnosis, fault.message
    unsaid = [name for name in wrong.names if name not in fault.message]
    assert not unsaid, fault.message


def test_every_do_step_of_the_course_is_here() -> None:
    lessons = MATERIAL.course.lessons()
    of_one_machine = [one for one in lessons if one.lab == "vm"]
    steps = [f"{one.id}/{step.id}" for one in of_one_machine for step in one.steps if step.kind is StepKind.DO]
    assert [*PLACES] == steps
    assert WRONG.keys() == WAYS.keys()
    for place in PLACES:
        assert len({wrong.kind for wrong in WRONG[place]}) == len(WRONG[place]), place


def test_every_diagnosis_is_led_to_by_some_fault() -> None:
    found = {wrong.diagnosis for wrongs in WRONG.values() for wrong in wrongs}
    of_one_machine = {id_ for id_ in MATERIAL.checks.diagnoses if id_.partition(".")[0] in KINDS} - OF_A_CLUSTER
    assert found == of_one_machine - BY_HAND - {"reach.unanswered"}


@at_every_place
def test_a_step_is_not_passed_before_anything_is_done(place: str) -> None:
    assert not judge(place, before(place).state(), replies=True).passed


@each_way
def test_a_way_of_ones_own_is_accepted(place: str, way: Way) -> None:
    require_passed(place, flat(way))


@at_every_place
@settings(max_examples=60)
@given(st.data())
def test_a_way_is_accepted_in_any_order_and_among_other_things(place: str, data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(WAYS[place]), label="way")
    require_passed(place, data.draw(among_others(place, way), label="operations"))


@each_mistake
def test_a_single_fault_is_named(place: str, wrong: Wrong) -> None:
    require_named(place, flat(wrong.way), wrong)


@at_every_place
@settings(max_examples=60)
@given(st.data())
def test_a_single_fault_is_named_among_other_things(place: str, data: st.DataObject) -> None:
    wrong = data.draw(st.sampled_from(WRONG[place]), label="wrong")
    earlier = data.draw(st.lists(st.sampled_from(detours(place)), max_size=2), label="before")
    mixed = data.draw(interleaved((*wrong.way, *data.draw(noise()))), label="operations")
    require_named(place, (*flat(tuple(earlier)), *mixed), wrong)


@pytest.mark.parametrize("place", PINGING)
@settings(max_examples=20)
@given(st.data())
def test_silence_is_named_only_where_nothing_else_is_wrong(place: str, data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(WAYS[place]))
    fault = judge(place, before(place).apply(*flat(way)).state(), replies=False).fault
    assert fault is not None
    assert fault.diagnosis.id == "reach.unanswered"


@st.composite
def _cases(draw: st.DrawFn) -> tuple[str, Thread]:
    """A step, and the operations of some way or mistake there."""
    place = draw(st.sampled_from(PLACES))
    ways = (*WAYS[place], *(wrong.way for wrong in WRONG[place]))
    return place, flat(draw(st.sampled_from(ways)))


def _ids(verdict: StepVerdict) -> list[str]:
    """Everything that a verdict says, but for the words."""
    faults = (fault for check in verdict.checks for fault in check.verdict.faults)
    return [fault.diagnosis.id for fault in (*verdict.groundwork, *faults)]


@settings(max_examples=400)
@given(_cases(), noise(), st.booleans())
def test_what_has_nothing_to_do_with_a_step_never_changes_its_verdict(
    case: tuple[str, Thread], others: list[Thread], replies: bool
) -> None:
    place, ops = case
    world = attempt(before(place), ops)
    alone = judge(place, world.state(), replies=replies)
    among = judge(place, world.apply(*flat(tuple(others))).state(), replies=replies)
    assert _ids(among) == _ids(alone)


@settings(max_examples=400)
@given(_cases(), st.integers(1, 1000), st.integers(1, 1000), st.booleans())
def test_the_numbers_that_the_kernel_gives_never_change_a_verdict(
    case: tuple[str, Thread], more: int, inodes: int, replies: bool
) -> None:
    place, ops = case
    state = attempt(before(place), ops).state()
    other = _renumbered(state, more, inodes)
    assert _ids(judge(place, state, replies=replies)) == _ids(judge(place, other, replies=replies))


def _renumbered(state: NetworkState, more: int, inodes: int) -> NetworkState:
    """The state with other ifindexes and inodes."""

    def other(index: int | None) -> int | None:
        return index if index in (None, 1) else index + more

    def link(each: Link) -> Link:
        return replace(
            each,
            index=each.index if each.index == 1 else each.index + more,
            master=other(each.master),
            peer_index=other(each.peer_index),
            peer_netns=None if each.peer_netns is None else each.peer_netns + inodes,
        )

    def netns(each: Netns) -> Netns:
        return replace(
            each,
            inode=each.inode + inodes,
            links=tuple(map(link, each.links)),
            addresses=tuple(replace(one, link=other(one.link) or 0) for one in each.addresses),
            routes=tuple(replace(one, oif=other(one.oif)) for one in each.routes),
            conf=MappingProxyType(dict(reversed([*each.conf.items()]))),
        )

    return replace(state, namespaces=tuple(map(netns, state.namespaces)))
