"""Links as rtnetlink tells of them, decoded with pyroute2; and in which namespace the peer of a veth is.

The message of a link is the deepest of rtnetlink (kinds with data of their own), and there are few links: here
pyroute2's knowledge is worth its time, some 100 us a link. Does not know how a number of a namespace becomes an inode.

Source: rtnetlink(7), linux/if_link.h.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from tutor.check import BridgePort, Link
from tutor.check.state import IFF_LOOPBACK
from tutor.kernel.netlink import Message, RequestSocket, pack_attribute

_RTM_GETLINK = 18
_IFLA_EXT_MASK, _RTEXT_FILTER_SKIP_STATS = 29, 8
_REQUEST = bytes(16) + pack_attribute(_IFLA_EXT_MASK, struct.pack("=I", _RTEXT_FILTER_SKIP_STATS))
_PORT_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")

FindPeer = Callable[[int | None], int | None]
"""From the `link-netnsid` of a veth's peer (None: the same namespace) to the inode of that namespace, where known."""


def read_links(socket: RequestSocket) -> tuple[Link, ...]:
    """All links by ifindex; `peer_netns` is left to `resolve_peers`."""
    links = [parse_link(message) for message in socket.dump(_RTM_GETLINK, _REQUEST)]
    return tuple(sorted(links, key=lambda link: link.index))


def parse_link(message: Message) -> Link:
    """A link, from RTM_NEWLINK."""
    decoded = ifinfmsg(message.data, offset=message.start)
    decoded.decode()
    # One pass: get_attr() walks the list of some forty attributes anew for each name.
    slots = {slot[0]: slot for slot in decoded["attrs"] if slot[0] in _WANTED}

    def get(name: str, default: Any = None) -> Any:
        slot = slots.get(name)
        return default if slot is None else slot[1]

    info = get("IFLA_LINKINFO")
    flags = int(decoded["flags"])
    kind = info.get_attr("IFLA_INFO_KIND") if info is not None else None
    veth = kind == "veth"
    properties = get("IFLA_PROP_LIST")
    return Link(
        index=int(decoded["index"]),
        name=str(get("IFLA_IFNAME", "")),
        kind=str(kind or ("loopback" if flags & IFF_LOOPBACK else "ether")),
        flags=flags,
        operstate=str(get("IFLA_OPERSTATE", "unknown")).lower(),
        mtu=int(get("IFLA_MTU", 0)),
        mac=str(get("IFLA_ADDRESS", "")),
        master=get("IFLA_MASTER"),
        peer_index=get("IFLA_LINK") if veth else None,
        peer_nsid=get("IFLA_LINK_NETNSID") if veth else None,
        port=_parse_port(info) if info is not None else None,
        altnames=tuple(map(str, properties.get_attrs("IFLA_ALT_IFNAME"))) if properties is not None else (),
    )


_WANTED = frozenset(
    f"IFLA_{name}"
    for name in (
        *("IFNAME", "MTU", "ADDRESS", "MASTER", "OPERSTATE"),
        *("LINK", "LINK_NETNSID", "LINKINFO", "PROP_LIST"),
    )
)


def _parse_port(info: Any) -> BridgePort | None:
    if info.get_attr("IFLA_INFO_SLAVE_KIND") != "bridge":
        return None
    data = info.get_attr("IFLA_INFO_SLAVE_DATA")
    state = data.get_attr("IFLA_BRPORT_STATE")
    name = _PORT_STATES[state] if isinstance(state, int) and state < len(_PORT_STATES) else str(state)
    return BridgePort(name, bool(data.get_attr("IFLA_BRPORT_MODE")))


def resolve_peers(links: tuple[Link, ...], find_peer: FindPeer) -> tuple[Link, ...]:
    """The same links with `peer_netns`."""
    return tuple(
        link if link.peer_index is None else replace(link, peer_netns=find_peer(link.peer_nsid)) for link in links
    )
