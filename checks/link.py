"""Links: whether they are there, in which namespace, set up, and able to carry frames.

Source: ip-link(8); flags and operational states in RFC 2863 and linux/if.h.
"""

from __future__ import annotations

from tutor.check import (
    PASSED,
    ROOT,
    Answer,
    Cause,
    Diagnosis,
    Fault,
    Link,
    Netns,
    NetworkState,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    question,
)

MISSING = Diagnosis("link.missing", Cause.EXISTS, "no namespace has a link of this name")
WRONG_KIND = Diagnosis("link.wrong-kind", Cause.EXISTS, "a link of this name is there, but it is of another kind")
NO_NETNS = Diagnosis("link.no-netns", Cause.EXISTS, "the namespace that the link should be in does not exist")
ELSEWHERE = Diagnosis("link.elsewhere", Cause.WHERE, "the link is in another namespace than the lesson needs")
DOWN = Diagnosis("link.down", Cause.UP, "the link is there, but it has not been set up")
UP = Diagnosis("link.up", Cause.UP, "the link is set up, but should not be yet")
NO_CARRIER = Diagnosis(
    "link.no-carrier", Cause.UP, "the link is set up, but nothing is alive at the other end of its cable"
)
NOT_PROMISCUOUS = Diagnosis("link.not-promiscuous", Cause.UP, "the link takes only frames that are meant for it")
CARRIER = Diagnosis("link.carrier", Cause.UP, "the link has a carrier, but should not have one yet")


@check
def exists(state: NetworkState, *, link: str, kind: str = "", netns: str = ROOT) -> Verdict:
    """`link` is in `netns`, and of this `kind` if one is given."""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return found
    where, it = found
    if kind and it.kind != kind:
        return failed(
            WRONG_KIND,
            f"{link} is there, but it is a {it.kind}, not a {kind}. A link can't change its kind: delete it "
            f"(ip link del {link}{on_machine(where)}) and make it anew.",
            found=f"{link}: {it.kind}",
            expected=f"{link}: {kind}",
        )
    return PASSED


@check
def is_up(state: NetworkState, *, link: str, netns: str = ROOT) -> Verdict:
    """`link` is up."""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return found
    where, it = found
    if it.up:
        return PASSED
    return failed(
        DOWN,
        f"{link} is down{inside(where)}. A new link starts down; somebody has to set it up.",
        found=f"{link}: down",
        expected=f"{link}: up",
    )


@check
def is_down(state: NetworkState, *, link: str, netns: str = ROOT) -> Verdict:
    """`link` is down."""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return found
    where, it = found
    if not it.up:
        return PASSED
    return failed(
        UP,
        f"{link} is up{inside(where)}. This step wants it down for now: ip link set {link} down.",
        found=f"{link}: up",
        expected=f"{link}: down",
    )


@check
def has_carrier(state: NetworkState, *, link: str, netns: str = ROOT) -> Verdict:
    """`link` has a carrier."""
    up = is_up(state, link=link, netns=netns)
    if not up.passed:
        return up
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return found
    where, it = found
    if it.carrier:
        return PASSED
    peer = state.find_peer(it)
    if peer is not None and not peer[1].up:
        return failed(
            DOWN,
            f"{peer[1].name} is down{inside(peer[0])}, so {link} has no carrier{inside(where)}. A pair carries frames "
            "only while both of its ends are up.",
            found=f"{peer[1].name}: down",
            expected=f"{peer[1].name}: up",
        )
    return failed(
        NO_CARRIER,
        f"{link} is up{inside(where)}, but it has no carrier: nothing is alive at the other end of its cable.",
        found=f"{link}: NO-CARRIER",
        expected=f"{link}: LOWER_UP",
    )


@check
def has_no_carrier(state: NetworkState, *, link: str, netns: str = ROOT) -> Verdict:
    """`link` has no carrier."""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return found
    where, it = found
    if not it.carrier:
        return PASSED
    return failed(
        CARRIER,
        f"{link} has a carrier already{inside(where)}: both ends of its cable are up.",
        found=f"{link}: LOWER_UP",
        expected=f"{link}: NO-CARRIER",
    )


@check
def promiscuous(state: NetworkState, *, link: str, netns: str = ROOT) -> Verdict:
    """`link` takes all frames, whoever they are meant for."""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return found
    where, it = found
    if it.promiscuous:
        return PASSED
    return failed(
        NOT_PROMISCUOUS,
        f"{link} is not promiscuous{inside(where)}: {by_ip(where, f'link set {link} promisc on')} makes it so.",
        found=f"{link}: no PROMISC",
        expected=f"{link}: PROMISC",
    )


@fact
def all_listed(state: NetworkState, *, links: tuple[str, ...], netns: str = ROOT) -> Shown:
    """The output names all of `links`."""
    found = [locate(state, each, netns) for each in links]
    if any(isinstance(each, Verdict) for each in found):
        return Shown((), f"not all of {', '.join(links)} are there")
    return Shown((tuple(links),), f"{', '.join(links)} are in the list")


@fact
def name(state: NetworkState, *, link: str, netns: str = ROOT) -> Shown:
    """The output names `link`, as the kernel has it."""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return _nowhere(link)
    return Shown(((found[1].name,),), f"{link} is in the list")


@fact
def no_carrier(state: NetworkState, *, link: str, netns: str = ROOT) -> Shown:
    """The output shows that `link` is up but has no carrier."""
    found = locate(state, link, netns)
    if isinstance(found, Verdict) or not found[1].up or found[1].carrier:
        return _nowhere(link)
    return Shown(
        ((found[1].name, "NO-CARRIER"), (found[1].name, "LOWERLAYERDOWN"), (found[1].name, "no carrier")),
        f"{link} says NO-CARRIER",
    )


@question
def index(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """Which ifindex has `link`?"""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return Answer(())
    return Answer((str(found[1].index),), f"The number before the name is the ifindex: {found[1].index}: {link}.")


@question
def name_of(state: NetworkState, *, index: int, netns: str = ROOT) -> Answer:
    """Which link of `netns` has the ifindex `index`?"""
    where = state.find_netns(netns)
    found = where.find_link_by_index(index) if where is not None else None
    return Answer((found.name,)) if found is not None else Answer(())


@question
def operstate(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """In which operational state is `link`?"""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return Answer(())
    return Answer((found[1].operstate.upper(),))


@question
def mtu(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """How many bytes may a packet have to pass `link` in one piece?"""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return Answer(())
    return Answer((str(found[1].mtu),), f"The MTU of {link} is {found[1].mtu} bytes.")


def locate(state: NetworkState, link: str, netns: str) -> tuple[Netns, Link] | Verdict:
    """`link` in `netns`, or the verdict that says why it is not there."""
    where = state.find_netns(netns)
    if where is None:
        return failed(
            NO_NETNS,
            f"There is no network namespace {in_words(state, netns)}, so {link} can't be in it.",
            found=f"{netns}: missing",
            expected=f"{link} in {netns}",
        )
    it = where.find_link(link)
    if it is not None:
        return where, it
    other = state.find_link(link, where.machine)
    if other is not None:
        return failed(
            ELSEWHERE,
            f"{link} is in {called(other[0])}, not in {called(where)}. A link is in one namespace at a time; "
            "`ip link set ... netns ...` moves it.",
            found=f"{link} in {called(other[0])}",
            expected=f"{link} in {called(where)}",
        )
    return failed(
        MISSING,
        f"There is no link called {link}{inside(where)}.{_similar(state, link, where.machine)}",
        found=f"{link}: missing",
        expected=f"{link} in {called(where)}",
    )


def down(netns: Netns, link: Link, what: str) -> Fault:
    """The fault of a link that is down and that `what` has to pass."""
    return Fault(
        DOWN,
        f"{link.name} is down{inside(netns)}, so {what} can't pass.",
        found=f"{link.name}: down",
        expected=f"{link.name}: up",
    )


def called(netns: Netns) -> str:
    """What a message calls a namespace."""
    if netns.label == ROOT:
        return "the root namespace" if netns.is_home else f"{netns.machine}'s root namespace"
    return f"{netns.label}{on_machine(netns)}"


def beginning(netns: Netns) -> str:
    """What a message calls a namespace that it begins with."""
    words = called(netns)
    return words.replace("the", "The", 1) if netns.is_home and netns.label == ROOT else words


def inside(netns: Netns) -> str:
    """Where a thing is, for the end of a clause; nothing for the root namespace, where things are by default."""
    return on_machine(netns) if netns.label == ROOT else f" in {called(netns)}"


def on_machine(netns: Netns) -> str:
    """On which machine a thing is, for the end of a clause; nothing for the learner's, where things are by default."""
    return "" if netns.is_home else f" on {netns.machine}"


def by_ip(netns: Netns, arguments: str) -> str:
    """A command of `ip` that is to be typed for a namespace, as a message quotes it."""
    place = "" if netns.label == ROOT else f" -n {netns.label}"
    return f"`ip{place} {arguments}`{on_machine(netns)}"


def in_words(state: NetworkState, place: str) -> str:
    """The name that a lesson gives a place, as a message says it."""
    machine, name = state.split_place(place)
    return f"{name} on {machine}" if machine else name


def _similar(state: NetworkState, link: str, machine: str) -> str:
    """A hint at a link whose name differs by little: one letter too many, another order, another case."""
    letters = sorted(link.lower().replace("-", ""))
    for netns in state.of(machine):
        for it in netns.links:
            other = sorted(it.name.lower().replace("-", ""))
            if it.name != link and _distance(letters, other) <= 1:
                return (
                    f" There is one called {it.name}{inside(netns)}: `ip link set {it.name} name {link}` renames it, "
                    "while it is down."
                )
    return ""


def _distance(some: list[str], others: list[str]) -> int:
    """How many letters one has and the other has not."""
    left = list(others)
    extra = 0
    for letter in some:
        if letter in left:
            left.remove(letter)
        else:
            extra += 1
    return max(extra, len(left))


def _nowhere(link: str) -> Shown:
    """Nothing can show a link that is not there."""
    return Shown((), f"{link} does not exist")
