"""What a CNI plugin leaves behind: a link in the pod, a port of a bridge outside, and a note of the address.

Does not know what the plugin was told. Source: the CNI specification, and the manuals of the plugins `bridge` and
`host-local`.
"""

from __future__ import annotations

from tutor.check import (
    PASSED,
    ROOT,
    Cause,
    Diagnosis,
    NetworkState,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    failed_with,
)

from . import bridge as bridges
from .address import interfaces_of
from .link import called, down, in_words, locate
from .netns import find

NO_LINK = Diagnosis("cni.no-link", Cause.EXISTS, "the plugin has made no link of this name in the pod")
NO_CABLE = Diagnosis("cni.no-cable", Cause.EXISTS, "the pod's link is no cable that leads to the node")


@check
def added(state: NetworkState, *, netns: str, bridge: str, link: str = "eth0") -> Verdict:
    """`link` of `netns` leads to a port of `bridge`."""
    pod = find(state, netns)
    if isinstance(pod, Verdict):
        return pod
    it = pod.find_link(link)
    if it is None:
        others = ", ".join(each.name for each in pod.links)
        return failed(
            NO_LINK,
            f"{called(pod)} has no link called {link}, only {others}. A plugin that could not do its work prints why, "
            "behind `msg`. It takes the link's name from CNI_IFNAME, and the namespace from CNI_NETNS.",
            found=f"{called(pod)}: {others}",
            expected=f"{called(pod)}: {link}",
        )
    place = f"{pod.machine}:{ROOT}" if not pod.is_home else ROOT
    found = locate(state, bridge, place)
    if isinstance(found, Verdict):
        return found
    root, it_bridge = found
    peer = state.find_peer(it)
    if peer is None or peer[0] is not root:
        return failed(
            NO_CABLE,
            f"{link} of {in_words(state, netns)} is a {it.kind}, and has no other end in {called(root)} that could be "
            f"a port of {bridge}.",
            found=f"{link}: {it.kind}",
            expected=f"{link}: one end of a veth pair, the other in {called(root)}",
        )
    if peer[1].master != it_bridge.index:
        return failed_with(bridges.not_its_port(root, peer[1], it_bridge))
    dead = next(((where, each) for where, each in ((pod, it), peer) if not each.up), None)
    return failed_with(down(*dead, "what the pod sends")) if dead is not None else PASSED


@fact
def reservation_shown(state: NetworkState, *, netns: str, link: str = "eth0") -> Shown:
    """The output names the file in which `host-local` has reserved the address of `netns`, and that of the last one."""
    pod = state.find_netns(netns)
    it = pod.find_link(link) if pod is not None else None
    own = interfaces_of(pod, it) if pod is not None and it is not None else []
    if not own:
        return Shown((), f"{in_words(state, netns)} has no address")
    return Shown(((str(own[0].ip), "last_reserved_ip.0"),), f"a file called {own[0].ip}, after the address of {netns}")
