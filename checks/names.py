"""Names of network namespaces: what `ip netns` finds in /run/netns, and why it does not find what is elsewhere.

Does not know who keeps the namespaces. Source: ip-netns(8), ln(1).
"""

from __future__ import annotations

from tutor.check import (
    PASSED,
    ROOT,
    Answer,
    Cause,
    Diagnosis,
    Netns,
    NetnsFolder,
    NetworkState,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    question,
)

from .netns import find

NO_FOLDER = Diagnosis("names.no-folder", Cause.EXISTS, "there is nothing at /run/netns")
WRONG_WAY = Diagnosis("names.wrong-way", Cause.EXISTS, "the link is in the other folder, and leads to /run/netns")
WRONG_FOLDER = Diagnosis("names.wrong-folder", Cause.EXISTS, "/run/netns is a link that leads elsewhere")
INSIDE = Diagnosis("names.inside", Cause.EXISTS, "/run/netns was there already, and the link went into it")
COPIES = Diagnosis("names.copies", Cause.EXISTS, "/run/netns has files of these names that are no namespaces")
OWN_FOLDER = Diagnosis("names.own-folder", Cause.EXISTS, "/run/netns is a folder of its own, without these namespaces")
OTHER_NAME = Diagnosis("names.other-name", Cause.EXISTS, "the namespace is listed under another name")
ONLY_SOME = Diagnosis("names.only-some", Cause.EXISTS, "some of the namespaces are listed, and some are not")

_PLACE = "/run/netns"


@check
def given(state: NetworkState, *, netns: tuple[str, ...]) -> Verdict:
    """`ip netns` lists `netns`, by these names."""
    unlisted: list[tuple[str, Netns]] = []
    for place in netns:
        machine, name = state.split_place(place)
        found = _kept_as(state, machine, name) or find(state, place)
        if isinstance(found, Verdict):
            return found
        if name not in found.names:
            unlisted.append((name, found))
    if not unlisted:
        return PASSED
    if len(unlisted) < len(netns) or any(found.names for _, found in unlisted):
        return _one_of_them(*unlisted[0])
    return _none(state, unlisted)


@fact
def processes_shown(state: NetworkState, *, netns: tuple[str, ...]) -> Shown:
    """The output shows the inode of each of `netns`, and a process that lives in it."""
    found = [state.find_netns(place) for place in netns]
    pairs = [(str(it.pids[0]), str(it.inode)) for it in found if it is not None and it.pids]
    if len(pairs) < len(netns):
        return Shown((), "a namespace is gone, or no process lives in it")
    words = ", ".join(f"{pid} in {inode}" for pid, inode in pairs)
    return Shown((tuple(word for pair in pairs for word in pair),), f"the process in each namespace ({words})")


@question
def process_in(state: NetworkState, *, netns: str) -> Answer:
    """Which process lives in `netns` (its number)?"""
    found = state.find_netns(netns)
    if found is None:
        return Answer(())
    return Answer(tuple(map(str, found.pids)) or ("none", "no"))


@question
def count(state: NetworkState, *, netns: tuple[str, ...]) -> Answer:
    """How many of `netns` does `ip netns` list?"""
    found = [(state.split_place(place)[1], state.find_netns(place)) for place in netns]
    number = sum(it is not None and name in it.names for name, it in found)
    return Answer((str(number), *(() if number else ("none", "no"))), f"It looks in {_PLACE}, and nowhere else.")


def _kept_as(state: NetworkState, machine: str, name: str) -> Netns | None:
    """The namespace whose file in a folder of namespaces has this name, whatever `ip netns` calls it."""
    files = ((netns, path.rpartition("/")) for netns in state.of(machine) for path in netns.paths)
    return next((netns for netns, (place, _, file) in files if file == name and place.endswith("/netns")), None)


def _one_of_them(name: str, netns: Netns) -> Verdict:
    """The verdict when others are listed, or this one is, under another name."""
    expected = f"ip netns: {name}"
    if netns.names:
        return failed(
            OTHER_NAME,
            f"`ip netns` lists the namespace {name} as {netns.names[0]}. It is to have the name of its file.",
            found=f"ip netns: {netns.names[0]}",
            expected=expected,
        )
    return failed(
        ONLY_SOME,
        f"`ip netns` does not list {name}, though it lists others. Its file is {_file_of(netns)}. One link to the "
        "folder gives all of them their names at once.",
        found=f"{name}: not listed",
        expected=expected,
    )


def _none(state: NetworkState, unlisted: list[tuple[str, Netns]]) -> Verdict:
    """The verdict when none is listed: what is wrong with the folder."""
    name, first = unlisted[0]
    root = state.find_netns(ROOT, first.machine)
    folders = {folder.path: folder for folder in root.folders} if root is not None else {}
    home = _file_of(first).rpartition("/")[0]
    place = folders.get(_PLACE)
    expected = f"{_PLACE} -> {home}"
    if place is None:
        return _nothing_there(folders.get(home), home, expected)
    if place.target:
        return failed(
            WRONG_FOLDER,
            f"{_PLACE} leads to {place.target}, and that is not where {name} and the others are: they are in {home}. "
            f"Take the link away (rm {_PLACE}) and make it anew.",
            found=f"{_PLACE} -> {place.target}",
            expected=expected,
        )
    return _folder_there(place, home, [name for name, _ in unlisted], expected)


def _nothing_there(other: NetnsFolder | None, home: str, expected: str) -> Verdict:
    """The verdict when there is nothing at the place where `ip netns` looks."""
    back = [name for name, target in other.strangers if _plain(target) == _PLACE] if other is not None else []
    if back:
        return failed(
            WRONG_WAY,
            f"The link is {home}/{back[0]}, and leads to {_PLACE}: that is the wrong way round. `ln -s` takes first "
            f"what there is, then the name that is to lead to it. Take this one away (rm {home}/{back[0]}).",
            found=f"{home}/{back[0]} -> {_PLACE}",
            expected=expected,
        )
    return failed(
        NO_FOLDER,
        f"There is nothing at {_PLACE}, where `ip netns` looks for names. The files are in {home}.",
        found=f"{_PLACE}: not there",
        expected=expected,
    )


def _folder_there(place: NetnsFolder, home: str, names: list[str], expected: str) -> Verdict:
    """The verdict when a folder is in the way."""
    inner = [entry for entry, target in place.strangers if target and _plain(target) == home]
    if inner:
        return failed(
            INSIDE,
            f"{_PLACE} was a folder already, so `ln` put the link into it: it is {_PLACE}/{inner[0]}. The link is to "
            f"be {_PLACE} itself. Take both away (rm {_PLACE}/{inner[0]}, then {_AWAY}) and make it anew.",
            found=f"{_PLACE}/{inner[0]} -> {home}",
            expected=expected,
        )
    copies = [entry for entry, target in place.strangers if entry in names and not target]
    if copies:
        return failed(
            COPIES,
            f"{_PLACE}/{copies[0]} has the name of a namespace, but it is an empty file. The files in {home} are no "
            f"data that could be copied: the kernel has mounted the namespaces on them. Delete the folder "
            f"(rm -r {_PLACE}) and let a link lead to the other one.",
            found=f"{_PLACE}/{copies[0]}: an empty file",
            expected=expected,
        )
    return failed(
        OWN_FOLDER,
        f"{_PLACE} is a folder of its own, and {names[0]} is not in it. A link can't be where a folder is: take it "
        f"away ({_AWAY}) and put the link in its place.",
        found=f"{_PLACE}: a folder",
        expected=expected,
    )


_AWAY = f"rmdir {_PLACE}; where that says `busy`, `ip netns add` has mounted it: umount {_PLACE} first"


def _file_of(netns: Netns) -> str:
    return netns.paths[0] if netns.paths else "none that is kept"


def _plain(path: str) -> str:
    """A path as the machine has it: /var/run is /run."""
    return path.rstrip("/").replace("/var/run/", "/run/", 1)
