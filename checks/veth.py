"""veth pairs: two links that are the two ends of one cable.

Source: veth(4), ip-link(8).
"""

from __future__ import annotations

from tutor.check import (
    PASSED,
    ROOT,
    Answer,
    Cause,
    Diagnosis,
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

from .link import by_ip, called, in_words, locate
from .netns import find

MISSING = Diagnosis("veth.missing", Cause.EXISTS, "neither end of the pair exists")
NO_PAIR = Diagnosis("veth.no-pair", Cause.EXISTS, "both links exist, but they are not the two ends of one pair")
NOT_A_VETH = Diagnosis("veth.wrong-kind", Cause.EXISTS, "a link of this name is there, but it is no veth")
END_MISSING = Diagnosis("veth.end-missing", Cause.EXISTS, "one end is there, but its peer has another name")
WRONG_END = Diagnosis("veth.wrong-end", Cause.WHERE, "the other end of the pair was moved to the namespace")
NOT_MOVED = Diagnosis("veth.not-moved", Cause.WHERE, "both ends of the pair are still in the root namespace")

_Found = tuple[Netns, Link]


@check
def pair(state: NetworkState, *, a: str, b: str, machine: str = "") -> Verdict:
    """`a` and `b` are the two ends of one veth pair."""
    here, there = _both_ends(state, a, b, machine)
    if here is None and there is None:
        return failed(MISSING, _neither(state, a, b, machine), found="no such links", expected=f"{a} and {b}, a pair")
    for found, wanted in ((here, a), (there, b)):
        if found is not None and found[1].kind != "veth":
            return failed(
                NOT_A_VETH,
                f"{wanted} is there, but it is a {found[1].kind}, not one end of a veth pair. Delete it "
                f"(ip link del {wanted}) and make the pair anew.",
                found=f"{wanted}: {found[1].kind}",
                expected=f"{wanted}: veth",
            )
    if here is None or there is None:
        return _one_end(state, here or there, a if here else b, b if here else a)
    peer = state.find_peer(here[1])
    if peer is not None and (peer[0].inode, peer[1].index) == (there[0].inode, there[1].index):
        return PASSED
    other = peer[1].name if peer is not None else "a link outside of this machine"
    return failed(
        NO_PAIR,
        f"{a} and {b} both exist, but they are not the two ends of one pair: the peer of {a} is {other}.",
        found=f"{a}@{other}",
        expected=f"{a}@{b}",
    )


@check
def leads_into(state: NetworkState, *, outer: str, inner: str, netns: str) -> Verdict:
    """`inner`, the other end of `outer`, is in `netns`."""
    there = find(state, netns)
    machine, name = state.split_place(netns)
    whole = pair(state, a=outer, b=inner, machine=machine)
    if isinstance(there, Verdict):
        return there
    if not whole.passed:
        return whole
    where = {end: found[0] for end, found in _ends_by_name(state, outer, inner, machine).items()}
    at_outer, at_inner = called(where[outer]), called(where[inner])
    there_is, expected = f"{outer} in {at_outer}, {inner} in {at_inner}", f"{inner} in {called(there)}"
    if where[outer].label == name and where[inner].label == ROOT:
        return failed(
            WRONG_END,
            f"{outer} was moved to {in_words(state, netns)}, but it is {inner} that belongs there. "
            f"{by_ip(there, f'link set {outer} netns 1')} brings {outer} back.",
            found=there_is,
            expected=expected,
        )
    if where[outer].label == where[inner].label == ROOT:
        return failed(
            NOT_MOVED,
            f"Both ends are still in {called(where[inner])}: {inner} is to be moved to {in_words(state, netns)}.",
            found=there_is,
            expected=expected,
        )
    for name, wanted in ((outer, f"{machine}:{ROOT}" if machine else ROOT), (inner, netns)):
        located = locate(state, name, wanted)
        if isinstance(located, Verdict):
            return located
    return PASSED


@fact
def with_number(state: NetworkState, *, link: str, netns: str = ROOT) -> Shown:
    """The command has the name of `link` with what `ip` writes behind it for a peer elsewhere."""
    found = _veth(state, link, netns)
    if found is None or found[1].peer_index is None:
        return Shown((), f"{link} is no veth here")
    written = f"{found[1].name}@if{found[1].peer_index}"
    return Shown(((written,),), f"the command was to be about {written}")


@fact
def ends(state: NetworkState, *, link: str, netns: str = ROOT) -> Shown:
    """The output shows `link` and, behind the @, the other end of its pair."""
    found = _veth(state, link, netns)
    if found is None:
        return Shown((), f"{link} is no veth here")
    where, it = found
    peer = state.find_peer(it)
    if peer is not None and peer[0].inode == where.inode:
        return Shown(((f"{it.name}@{peer[1].name}",),), f"{link}@{peer[1].name}: the link, and its peer")
    return Shown(
        ((f"{it.name}@if{it.peer_index}",),), f"{link}@if{it.peer_index}: the link, and the ifindex of its peer"
    )


@fact
def nsids_shown(state: NetworkState, *, bridge: str, netns: str = ROOT) -> Shown:
    """The output shows every port of `bridge` with the id of its peer's namespace (or its name, once it has one)."""
    found = locate(state, bridge, netns)
    ports = found[0].ports_of(found[1]) if not isinstance(found, Verdict) else ()
    known = [(port, peer[0]) for port in ports if (peer := state.find_peer(port)) is not None]
    if not known or any(port.peer_nsid is None for port, _ in known):
        return Shown((), f"{bridge} has no port whose peer is elsewhere")
    ids = [word for port, _ in known for word in (port.name, f"link-netnsid {port.peer_nsid}")]
    # `ip` says the name in place of the id as soon as there is one under /run/netns.
    said = [word for port, there in known for word in (port.name, _as_ip_says(port, there))]
    words = ", ".join(f"{port.name}: {port.peer_nsid}" for port, _ in known)
    return Shown((tuple(ids), tuple(said)), f"the link-netnsid of each port of {bridge} ({words})")


@question
def peer_netns(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """Which namespace holds the other end of `link`'s pair?"""
    found = _veth(state, link, netns)
    peer = state.find_peer(found[1]) if found is not None else None
    if peer is None:
        return Answer(())
    forms = dict.fromkeys((peer[0].label, *peer[0].names, called(peer[0]), state.place_of(peer[0])))
    return Answer(tuple(forms), f"It is {peer[1].name} of {called(peer[0])}.")


@question
def nsid(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """By which link-netnsid does `link` name the namespace of its peer?"""
    found = _veth(state, link, netns)
    if found is None or found[1].peer_nsid is None:
        return Answer(())
    return Answer((str(found[1].peer_nsid),))


@question
def link_to(state: NetworkState, *, netns: str) -> Answer:
    """Which link of the machine's root namespace is the other end of a cable into `netns`?"""
    there = state.find_netns(netns)
    root = state.find_netns(ROOT, there.machine) if there is not None else None
    found = [it.name for it in root.links if there and it.peer_netns == there.inode] if root is not None else []
    return Answer(tuple(found[:1]), f"Its peer is in {called(there)}." if there and found else "")


@question
def peer_index(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """Which ifindex has the other end of `link`'s pair, in its own namespace?"""
    found = _veth(state, link, netns)
    if found is None or found[1].peer_index is None:
        return Answer(())
    number = str(found[1].peer_index)
    return Answer((number, f"if{number}"), f"The peer of {link} has the ifindex {number}.")


@question
def peer_name(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """What is the other end of `link`'s pair called?"""
    found = _veth(state, link, netns)
    peer = state.find_peer(found[1]) if found is not None else None
    return Answer((peer[1].name,)) if peer is not None else Answer(())


def _as_ip_says(port: Link, there: Netns) -> str:
    return f"link-netns {there.names[0]}" if there.names else f"link-netnsid {port.peer_nsid}"


def _both_ends(state: NetworkState, a: str, b: str, machine: str) -> tuple[_Found | None, _Found | None]:
    """The links called `a` and `b`: of several of one name those that are the ends of one pair, if there are such."""
    starts = [(netns, here) for netns in state.of(machine) if (here := netns.find_link(a)) is not None]
    ends = [(netns, there) for netns in state.of(machine) if (there := netns.find_link(b)) is not None]
    for each in starts:
        peer = state.find_peer(each[1])
        if peer in ends:
            return each, peer
    # Namespaces may have links of one name, such as eth0: that of the machine's own card is no end of any pair here.
    return (
        next((each for each in starts if not _is_card(state, *each)), None),
        next((each for each in ends if not _is_card(state, *each)), None),
    )


def _is_card(state: NetworkState, netns: Netns, link: Link) -> bool:
    return netns.label == ROOT and state.cloud.card_of(netns.machine, link.name) is not None


def _ends_by_name(state: NetworkState, a: str, b: str, machine: str) -> dict[str, _Found]:
    found = zip((a, b), _both_ends(state, a, b, machine), strict=True)
    return {name: end for name, end in found if end is not None}


def _neither(state: NetworkState, a: str, b: str, machine: str) -> str:
    """What to say where neither end of a pair is there."""
    cards = [name for name in (a, b) if (found := state.find_link(name, machine)) and _is_card(state, *found)]
    if cards:
        return (
            f"There is no pair of {a} and {b}: the {cards[0]} that is there is the machine's card, and no two links of "
            "one namespace have the same name. `netns` and a namespace, behind its name, make an end where it belongs."
        )
    return f"There is no link called {a}, and none called {b}. A veth pair is made with both of its ends at once."


def _veth(state: NetworkState, link: str, netns: str) -> _Found | None:
    found = locate(state, link, netns)
    return None if isinstance(found, Verdict) or found[1].kind != "veth" else found


def _one_end(state: NetworkState, found: _Found | None, there: str, missing: str) -> Verdict:
    """The verdict when one of the two names exists."""
    peer = state.find_peer(found[1]) if found is not None else None
    if peer is None:
        return failed(
            END_MISSING,
            f"{there} is there, but no link of this machine is called {missing}.",
            found=f"{there} alone",
            expected=f"{there} and {missing}, a pair",
        )
    return failed(
        END_MISSING,
        f"{there} is one end of a pair whose other end is called {peer[1].name}, not {missing}. Rename that end while "
        f"it is down (ip link set {peer[1].name} name {missing}), or delete the pair and make it anew.",
        found=f"{there}@{peer[1].name}",
        expected=f"{there}@{missing}",
    )
