"""A sample of what `test_by_construction` does to the model, done to real labs: the same states, the same verdicts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from tests.checks.test_by_construction import MATERIAL, PLACES, WAYS, WRONG, before
from tests.checks.ways import NOISE, Wrong, attempt, detours, flat
from tests.checks.ways_ops import Ifconfig, NetnsDel, Rename
from tests.checks.ways_routes import BridgeNetfilter
from tests.checks.world import Op, Refused, World
from tests.checks.world_rules import machine
from tutor.check import Chain, Netns, NetworkState, Probe, Reply, Verdict
from tutor.lab.nursery import Nursery
from tutor.session.judge import StepVerdict
from tutor.session.live import Live
from tutor.session.workshop import Workshop, run_script

pytestmark = pytest.mark.netns

PROGRAMS = ("brctl", "bridge", "ifconfig", "iptables", "iptables-legacy", "nft", "nsenter", "route")
WALKS = 4
RANDOM_LABS = 6
PINGED_LABS = 12
SETTLED_SECONDS = 60.0
TUNNELS = {"sit0", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0"}


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    nursery = Nursery()
    yield Workshop(nursery, MATERIAL.course)
    nursery.close()


def spelled(ops: Sequence[Op], turn: int) -> str | None:
    """A script for the operations, each in another of its spellings; None where a program for one is missing."""
    lines = []
    for number, op in enumerate(ops):
        able = [command for command in op.commands() if not _missing(command)]
        if not able:
            return None
        lines.append(able[(turn + number) % len(able)])
    return "\n".join(lines)


def _missing(command: str) -> bool:
    words = re.findall(r"(?:^|;|\n|ns\d )\s*(\S+)", command)
    return any(word in PROGRAMS and shutil.which(word) is None for word in words)


# What checks look at, by name: numbers are the kernel's own, and IPv6 is not in the model.


def seen(state: NetworkState) -> dict[tuple[str, str], Any]:
    """What a state says of each namespace."""
    found: dict[tuple[str, str], Any] = {}
    for netns in state.of():
        name = netns.names[0] if netns.names else "without a name"
        found[name, "links"] = _links(state, netns)
        found[name, "addresses"] = {
            (_name(netns, each.link), str(each.interface), each.scope)
            for each in netns.addresses
            if each.interface.version == 4
        }
        found[name, "routes"] = {
            (
                each.dst,
                each.gateway,
                _name(netns, each.oif),
                each.table,
                each.scope,
                each.metric,
                each.prefsrc,
                each.kind,
            )
            for each in netns.routes
            if each.dst.version == 4
        }
        found[name, "rules"] = netns.rules
        found[name, "chains"] = {_chain(chain) for chain in netns.chains if not _is_idle(chain)}
    # Only here: a new namespace copies its settings from the host.
    found["root", "conf"] = {name: conf for name, conf in state.namespaces[0].conf.items() if name not in TUNNELS}
    return found


def _name(netns: Netns, index: int | None) -> str:
    link = netns.find_link_by_index(index)
    return link.name if link is not None else ""


def _links(state: NetworkState, netns: Netns) -> dict[str, tuple[object, ...]]:
    links: dict[str, tuple[object, ...]] = {}
    for link in netns.links:
        peer = state.find_peer(link)
        if link.name == "eth0":  # a TAP, or a veth where there are none
            links["eth0"] = (link.up, link.carrier)
        elif link.name not in TUNNELS:
            alone = link.kind == "bridge" and not netns.ports_of(link)  # its carrier depends on what it once had
            links[link.name] = (
                link.kind,
                link.up,
                link.carrier and not alone,
                _name(netns, link.master),
                link.port,
                (peer[0].names, peer[1].name) if peer is not None else None,
            )
    return links


def _chain(chain: Chain) -> tuple[object, ...]:
    rules = tuple((rule.action, rule.target, frozenset(rule.matches), rule.not_understood) for rule in chain.rules)
    named = (chain.origin, chain.family, chain.table, chain.name)
    return *named, chain.hook, chain.kind, chain.priority, chain.policy, rules


def _is_idle(chain: Chain) -> bool:
    """Versions of iptables differ in which of the chains they make that nobody asked for."""
    return bool(chain.hook) and chain.policy == "accept" and not chain.rules


def settled(live: Live, world: World) -> NetworkState:
    """The kernel's state, which must come to what the model says; it finishes some things later."""
    wanted = seen(world.state())
    state = live.until(lambda state: state if seen(state) == wanted else None, SETTLED_SECONDS)
    if state is None:
        assert seen(live.state(rescan=True)) == wanted
    assert state is not None
    return state


def judge(live: Live, place: str, state: NetworkState) -> StepVerdict:
    lesson, step = MATERIAL.place(place)
    assert step is not None
    verdict = MATERIAL.judge.step(step, state, live.ask, lesson=lesson)
    assert not verdict.error
    return verdict


@pytest.mark.parametrize("walk", range(WALKS))
def test_walks_through_the_course_by_other_ways_are_accepted(workshop: Workshop, walk: int) -> None:
    world, done = machine(), 0
    lesson, _ = MATERIAL.place("veth-pair")
    with workshop.at(lesson) as lab:
        live = Live(lab)
        try:
            settled(live, world)
            for place in PLACES:
                ops, after = _next_way(place, world, walk)
                script = spelled(ops, walk)
                assert script is not None
                ran = run_script(lab, script)
                state = settled(live, after)
                verdict = judge(live, place, state)
                assert verdict.passed, f"{place}: {script}\n{ran.output}\n{verdict.fault}"
                world, done = after, done + 1
        finally:
            live.close()
    assert done == len(PLACES)


def _next_way(place: str, world: World, walk: int) -> tuple[tuple[Op, ...], World]:
    """The first way, counted from another one each time, that can be gone from here and leads to the step's end."""
    _, step = MATERIAL.place(place)
    assert step is not None
    ways = WAYS[place]
    for number in range(len(ways)):
        ops = flat(ways[(7 * walk + number) % len(ways)])
        try:
            after = world.apply(*ops)
        except Refused:
            continue
        verdict = MATERIAL.judge.step(step, after.state(), lambda probes: {each: Reply(True) for each in probes})
        if verdict.passed and spelled(ops, walk) is not None:
            return ops, after
    raise AssertionError(f"no way leads through {place}")


@pytest.mark.parametrize("place", PLACES)
def test_each_kind_of_fault_is_named(workshop: Workshop, place: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(lambda wrong: _fault(workshop, place, wrong), _sample(place)))
    assert not any(said), "\n".join(filter(None, said))


def _sample(place: str) -> list[Wrong]:
    """One mistake for each diagnosis of a step, of those in which something is done."""
    by_diagnosis: dict[str, list[Wrong]] = {}
    for wrong in WRONG[place]:
        if wrong.way and spelled(flat(wrong.way), 0) is not None:
            by_diagnosis.setdefault(wrong.diagnosis, []).append(wrong)
    chosen = Random(place)
    return [chosen.choice(wrongs) for wrongs in by_diagnosis.values()]


def _fault(workshop: Workshop, place: str, wrong: Wrong) -> str:
    """What is not as it must be when this mistake is made; empty if nothing."""
    lesson, step = MATERIAL.place(place)
    ops = flat(wrong.way)
    script = spelled(ops, len(wrong.kind)) or ""
    with workshop.at(lesson, step) as lab:
        live = Live(lab)
        try:
            if BridgeNetfilter() in ops and live.state().namespaces[0].bridge_nf is None:
                return ""
            ran = run_script(lab, script)
            verdict = judge(live, place, settled(live, attempt(before(place), ops)))
        finally:
            live.close()
    fault = verdict.fault
    if fault is not None and fault.diagnosis.id == wrong.diagnosis:
        return ""
    got = f"{fault.diagnosis.id}: {fault.message}" if fault is not None else "it passes"
    return f"{place}, {wrong.kind}: {wrong.diagnosis} expected, {got}\n{script}\n{ran.output}"


OPS = sorted(
    {
        op
        for place in PLACES
        for way in (*WAYS[place], *(wrong.way for wrong in WRONG[place]), NOISE, detours(place))
        for op in flat(way)
        # Not every kernel renames what is up; ifconfig may replace; what a deleted namespace held goes in its own time.
        if not isinstance(op, Rename | Ifconfig | NetnsDel)
    },
    key=repr,
)


def test_whatever_is_done_the_model_becomes_what_the_kernel_does(workshop: Workshop) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda seed: _stumble(workshop, seed), range(RANDOM_LABS)))


def _stumble(workshop: Workshop, seed: int) -> None:
    """Do things at random from where a step begins, most of which fit nowhere."""
    random = Random(seed)
    place = random.choice(PLACES)
    lesson, step = MATERIAL.place(place)
    world = before(place)
    with workshop.at(lesson, step) as lab:
        live = Live(lab)
        try:
            for _ in range(10):
                ops = [op for op in random.choices(OPS, k=4) if spelled((op,), 0) is not None]
                if BridgeNetfilter() not in ops:
                    run_script(lab, spelled(ops, 0) or "")
                    world = attempt(world, ops)
                    settled(live, world)
        finally:
            live.close()


@pytest.mark.slow
def test_what_is_said_of_a_ping_is_what_becomes_of_it(workshop: Workshop) -> None:
    """After things done at random: nobody is accused where a ping is answered, and silence has a reason."""
    with ThreadPoolExecutor(4) as pool:
        said = [line for lines in pool.map(lambda seed: _oracle(workshop, seed), range(PINGED_LABS)) for line in lines]
    assert not said, "\n".join(said)


def _oracle(workshop: Workshop, seed: int) -> list[str]:
    random = Random(seed)
    place = random.choice(PLACES[-2:])
    lesson, step = MATERIAL.place(place)
    world = attempt(before(place), done := flat(WAYS[place][0]))
    found: list[str] = []
    with workshop.at(lesson, step) as lab:
        live = Live(lab)
        try:
            run_script(lab, spelled(done, 0) or "")
            for _ in range(3):
                ops = [op for op in random.choices(OPS, k=2) if spelled((op,), 0) is not None]
                run_script(lab, f"{spelled(ops, 0)}\nip neigh flush all\nip -all netns exec ip neigh flush all")
                world = attempt(world, ops)
                found += [f"seed {seed}, {place}: {each}" for each in _wrongly_judged(live, settled(live, world))]
        finally:
            live.close()
    return found


def _wrongly_judged(live: Live, state: NetworkState) -> list[str]:
    """Pings of which the state alone says another thing than the kernel."""
    pings = MATERIAL.checks.definitions["reach.pings"]
    said: dict[Probe, Verdict] = {}
    assert pings.probes is not None
    here = {str(address.interface.ip) for netns in state.of() for address in netns.addresses}
    for src in ("root", "ns1", "ns2"):
        # What nobody here has may be somebody's in the cloud, for all that can be read.
        there = [dst for dst in ("10.0.0.1", "10.0.0.2", "10.0.0.3", "8.8.8.8") if dst in here or dst == "8.8.8.8"]
        for dst in there if state.find_netns(src) is not None else ():
            given = pings.bind({"src": src, "dst": dst})
            said[pings.probes(**given)[0]] = pings.function(state, {}, **given)
    return [
        f"{probe.src} to {probe.dst}: {said[probe].root_cause or 'nothing is wrong'}, but {reply}"
        for probe, reply in live.ask(said).items()
        # Of two that have one address, it is chance who answers.
        if said[probe].passed is not reply.answered and "address.duplicate" not in _ids(said[probe])
    ]


def _ids(verdict: Verdict) -> list[str]:
    return [fault.diagnosis.id for fault in verdict.faults]


def test_who_hears_and_does_not_answer_is_silent_only(workshop: Workshop) -> None:
    lesson, step = MATERIAL.place("second-namespace/plug")
    assert step is not None
    with workshop.at(lesson, step) as lab:
        live = Live(lab)
        try:
            run_script(lab, "\n".join(step.solution))
            run_script(lab, "ip netns exec ns2 sysctl net.ipv4.icmp_echo_ignore_all=1")
            fault = judge(live, "second-namespace/plug", live.state(rescan=True)).fault
        finally:
            live.close()
    assert fault is not None
    assert fault.diagnosis.id == "reach.unanswered"
