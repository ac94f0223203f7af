"""Network namespaces. Source: ip-netns(8), network_namespaces(7)."""

from __future__ import annotations

from tutor.check import (
    PASSED,
    ROOT,
    Answer,
    Cause,
    Diagnosis,
    Netns,
    NetworkState,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    question,
)

from .link import by_ip, in_words, on_machine

MISSING = Diagnosis("netns.missing", Cause.EXISTS, "no network namespace of this name is listed by ip netns")
UNNAMED = Diagnosis("netns.unnamed", Cause.EXISTS, "a namespace was made, but it has no name that ip netns could list")
NOT_EMPTY = Diagnosis("netns.not-empty", Cause.WHERE, "there is a link in the namespace that should not be there yet")

_TUNNELS = ("sit0", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0")
"""Links that drivers put into every namespace on hosts that have them loaded."""


@check
def exists(state: NetworkState, *, netns: str) -> Verdict:
    """The namespace `netns` exists."""
    found = find(state, netns)
    return found if isinstance(found, Verdict) else PASSED


@check
def has_only_lo(state: NetworkState, *, netns: str) -> Verdict:
    """`netns` holds nothing but its loopback."""
    found = find(state, netns)
    if isinstance(found, Verdict):
        return found
    others = [link.name for link in found.links if link.kind != "loopback" and link.name not in _TUNNELS]
    if not others:
        return PASSED
    return failed(
        NOT_EMPTY,
        f"{in_words(state, netns)} is to be empty for now, and {', '.join(others)} is in it. "
        f"{by_ip(found, f'link set {others[0]} netns 1')} brings it back.",
        found=f"{netns}: lo, {', '.join(others)}",
        expected=f"{netns}: lo",
    )


@fact
def listed(state: NetworkState, *, netns: str) -> Shown:
    """The output lists `netns`."""
    if isinstance(find(state, netns), Verdict):
        return Shown((), f"{in_words(state, netns)} does not exist")
    return Shown(((state.split_place(netns)[1],),), f"{in_words(state, netns)} is in the list")


@fact
def all_listed(state: NetworkState, *, netns: tuple[str, ...], others: tuple[str, ...] = ()) -> Shown:
    """The output lists all of `netns`, and `others` (such as `default`)."""
    missing = [name for name in netns if isinstance(find(state, name), Verdict)]
    if missing:
        return Shown((), f"{', '.join(missing)} does not exist")
    names = [state.split_place(name)[1] for name in netns]
    return Shown(((*names, *others),), f"{', '.join((*names, *others))} are in the list")


@fact
def ids_listed(state: NetworkState, *, netns: tuple[str, ...], of: str = ROOT) -> Shown:
    """The output lists all of `netns`, each with the id by which `of` knows it, as `ip netns` does."""
    ids = [(state.split_place(name)[1], _id_of(state, name, of)) for name in netns]
    if any(number is None for _, number in ids):
        return Shown((), f"not all of {', '.join(netns)} have an id")
    return Shown((tuple(f"{name} (id: {number})" for name, number in ids),), "each namespace, with its id")


@question
def id_of(state: NetworkState, *, netns: str, of: str = ROOT) -> Answer:
    """Which id has `netns` in `of`?"""
    number = _id_of(state, netns, of)
    if number is None:
        return Answer(())
    return Answer((str(number),), f"A link whose peer is in it says `link-netnsid {number}`.")


@question
def count(state: NetworkState, *, machine: str = "") -> Answer:
    """How many namespaces are there beside the root namespace?"""
    number = sum(each.label != ROOT for each in state.of(machine))
    return Answer((str(number), *(() if number else ("none", "no"))))


@fact
def lo_down(state: NetworkState, *, netns: str) -> Shown:
    """The output shows that the loopback of `netns` is down."""
    where = state.find_netns(netns)
    lo = where.find_link("lo") if where is not None else None
    if lo is None or lo.up:
        return Shown((), f"{netns} has no loopback that is down")
    # "DOWN" alone stands behind other links too: what tells it apart are the flags of a loopback, without UP.
    return Shown((("<LOOPBACK>",), ("flags=8<LOOPBACK>",)), f"lo is down in {netns}: <LOOPBACK>, without UP")


def _id_of(state: NetworkState, netns: str, of: str) -> int | None:
    """The id by which the namespace `of` names another one, as far as a cable into it tells."""
    there = state.find_netns(netns)
    here = state.find_netns(of, there.machine) if there is not None else None
    links = here.links if here is not None else ()
    return next((it.peer_nsid for it in links if there is not None and it.peer_netns == there.inode), None)


def find(state: NetworkState, netns: str) -> Netns | Verdict:
    """The namespace of this name, or the verdict that says why there is none."""
    found = state.find_netns(netns)
    if found is not None:
        return found
    machine, name = state.split_place(netns)
    unnamed = next((each for each in state.of(machine) if not each.names and each.pids and not _is_kept(each)), None)
    if unnamed is not None:
        return failed(
            UNNAMED,
            f"A network namespace was made for process {unnamed.pids[0]}{on_machine(unnamed)}, but it has no name, so "
            f"`ip netns` can't list it as {name}. `ip netns attach {name} {unnamed.pids[0]}` gives it one.",
            found=f"net:[{unnamed.inode}], without a name",
            expected=f"/run/netns/{name}",
        )
    others = [each.label for each in state.of(machine) if each.label != ROOT and (each.names or _is_kept(each))]
    there = f" There is {', '.join(others)}." if others else ""
    return failed(
        MISSING,
        f"There is no network namespace called {in_words(state, netns)}.{there}",
        found=", ".join(others) or "none but the root namespace",
        expected=name,
    )


def _is_kept(netns: Netns) -> bool:
    """Whether a program that runs containers has given it a file of its own: then it has a name, if not for `ip`."""
    return any(path.rpartition("/")[0].endswith("/netns") for path in netns.paths)
