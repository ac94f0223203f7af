"""What the kernel's network looks like, as one frozen value: the only thing a check looks at.

Owns the nouns of the kernel (link, address, route, neighbour, rule, chain ...). Does not know how they were read, nor
what anybody wants them to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from types import MappingProxyType

from tutor.check.cloud import Cloud
from tutor.check.folder import NetnsFolder

ROOT = "root"
"""The name by which lessons call a machine's first network namespace."""

IFF_UP, IFF_LOOPBACK, IFF_RUNNING, IFF_PROMISC, IFF_LOWER_UP = 0x1, 0x8, 0x40, 0x100, 0x10000
"""Flags of a link (linux/if.h)."""


@dataclass(frozen=True, slots=True)
class BridgePort:
    """What the bridge driver says of a link that is one of its ports (IFLA_INFO_SLAVE_DATA)."""

    state: str
    """`disabled`, `listening`, `learning`, `forwarding` or `blocking` (linux/if_bridge.h)."""
    hairpin: bool = False
    """Whether a frame may leave through the port that it came in by."""


@dataclass(frozen=True, slots=True)
class Link:
    """A network link, as `ip -d link` shows it."""

    index: int
    """Its ifindex, unique within its namespace only."""
    name: str
    """Its name, without the `@...` that `ip` adds."""
    kind: str
    """`veth`, `bridge`, `tun` ... (IFLA_INFO_KIND); `loopback` for lo; `ether` where the driver gives none."""
    flags: int = 0
    """IFF_* bits."""
    operstate: str = "unknown"
    """`up`, `down`, `lowerlayerdown`, `unknown` ... (RFC 2863), lower case."""
    mtu: int = 1500
    """Bytes of payload per frame."""
    mac: str = ""
    """Link-layer address, lower case with colons; empty where it has none."""
    master: int | None = None
    """ifindex of the bridge (or bond) that owns it."""
    peer_index: int | None = None
    """For a veth: ifindex of its peer, in the peer's own namespace (IFLA_LINK)."""
    peer_netns: int | None = None
    """For a veth: `Netns.inode` of the namespace that holds the peer; None where that is outside of what was read."""
    peer_nsid: int | None = None
    """For a veth with its peer elsewhere: the `link-netnsid` that `ip` shows."""
    port: BridgePort | None = None
    """Set when its master is a bridge."""
    altnames: tuple[str, ...] = ()
    """Further names (IFLA_PROP_LIST)."""

    @property
    def up(self) -> bool:
        """Whether somebody set it up (IFF_UP). Says nothing of the cable."""
        return bool(self.flags & IFF_UP)

    @property
    def promiscuous(self) -> bool:
        """Whether it takes in what is for others, too (IFF_PROMISC)."""
        return bool(self.flags & IFF_PROMISC)

    @property
    def carrier(self) -> bool:
        """Whether frames can pass (IFF_LOWER_UP): for a veth, whether both ends are up."""
        return bool(self.flags & IFF_LOWER_UP)


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a link."""

    link: int
    """ifindex of its link."""
    interface: IPv4Interface | IPv6Interface
    """The address with its prefix length."""
    scope: str = "global"
    """`global`, `site`, `link`, `host` or `nowhere`."""
    peer: IPv4Address | IPv6Address | None = None
    """The other end of a point-to-point address."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route. `dst` 0.0.0.0/0 is the default route."""

    dst: IPv4Network | IPv6Network
    """What it is for."""
    gateway: IPv4Address | IPv6Address | None = None
    """The next router, None when the destination is on the link."""
    oif: int | None = None
    """ifindex of the link that packets leave by; None for `blackhole` and the like."""
    table: int = 254
    """254 main, 255 local, 253 default, or an own one."""
    scope: str = "global"
    """`global`, `link`, `host` ..."""
    protocol: str = "boot"
    """Who put it there: `kernel`, `boot` (an administrator), `static`, `dhcp` ..."""
    metric: int = 0
    """Lower wins among equals."""
    prefsrc: IPv4Address | IPv6Address | None = None
    """The source address for packets that we send ourselves."""
    kind: str = "unicast"
    """`unicast`, `local`, `broadcast`, `blackhole`, `unreachable`, `prohibit`, `throw` ..."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry of the neighbour (ARP) table."""

    link: int
    """ifindex."""
    address: IPv4Address | IPv6Address
    """Whose link-layer address is asked."""
    mac: str
    """Empty while unknown."""
    state: str
    """`reachable`, `stale`, `failed`, `incomplete`, `permanent` ..."""


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """An entry of `ip rule`: which table is asked for which packets."""

    priority: int
    """Lower is asked first."""
    table: int
    """Table that it sends to; 0 when `action` is not `to_tbl`."""
    action: str = "to_tbl"
    """`to_tbl`, `blackhole`, `unreachable`, `prohibit`, `goto` ..."""
    src: IPv4Network | IPv6Network | None = None
    """Source selector."""
    dst: IPv4Network | IPv6Network | None = None
    """Destination selector."""
    iif: str = ""
    """Name of the link that the packet came in by."""
    oif: str = ""
    """Name of the link that the packet leaves by."""
    mark: int = 0
    """Firewall mark selector, 0 for none."""


@dataclass(frozen=True, slots=True)
class LinkConf:
    """net.ipv4.conf.NAME of one link (or of `all`, `default`)."""

    forwarding: bool = False
    """Whether packets that came in by this link may be forwarded."""
    rp_filter: int = 0
    """0 off, 1 strict, 2 loose (RFC 3704). The effective value is the maximum of `all` and the link's own."""
    proxy_arp: bool = False
    """Whether ARP requests for others are answered here."""


@dataclass(frozen=True, slots=True)
class Match:
    """One condition of a firewall rule, whatever tool wrote it."""

    field: str
    """`iifname`, `ip saddr`, `meta l4proto`, `ct state`, `tcp dport`, `fib daddr type` ... in nft's words."""
    values: tuple[str, ...]
    """Any of them matches. Networks in CIDR, names as they are (a trailing `*` is a wildcard), ranges as `a-b`."""
    negated: bool = False
    """Whether it matches when none of `values` does."""


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """One rule of a chain, from nftables or legacy iptables, in one language."""

    action: str
    """`accept`, `drop`, `reject`, `return`, `jump`, `goto`, `masquerade`, `snat`, `dnat`, `redirect`, `continue`
    (counts or logs only) or `unknown`."""
    target: str = ""
    """The chain of a jump or goto; the address (range) of snat and dnat."""
    matches: tuple[Match, ...] = ()
    """All must match."""
    not_understood: tuple[str, ...] = ()
    """Expressions that the reader has no words for: whoever judges by this rule must say that it can't be sure."""
    handle: int = 0
    """nft's handle; 0 for legacy rules."""
    packets: int | None = None
    """Of its counter, where it has one."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of a firewall table."""

    family: str
    """`ip`, `ip6`, `inet`, `arp`, `bridge`, `netdev`."""
    table: str
    """Name of its table."""
    name: str
    """Its own name."""
    rules: tuple[FirewallRule, ...] = ()
    """In order."""
    hook: str = ""
    """`prerouting`, `input`, `forward`, `output`, `postrouting`, `ingress`; empty for a chain that must be jumped
    to."""
    kind: str = ""
    """`filter`, `nat` or `route`, for a chain with a hook."""
    priority: int = 0
    """Lower runs first."""
    policy: str = ""
    """`accept` or `drop`, for a chain with a hook."""
    origin: str = "nft"
    """`nft` (nftables, and iptables-nft with it) or `legacy` (iptables-legacy)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection that the kernel tracks (`conntrack -L`)."""

    protocol: str
    """`icmp`, `tcp`, `udp` ..."""
    src: IPv4Address | IPv6Address
    """Source as the first packet carried it."""
    dst: IPv4Address | IPv6Address
    """Destination as the first packet carried it."""
    reply_src: IPv4Address | IPv6Address
    """Who is expected to answer."""
    reply_dst: IPv4Address | IPv6Address
    """To which address; differs from `src` when the source was translated."""
    replied: bool = False
    """Whether an answer has been seen."""


@dataclass(frozen=True, slots=True)
class Netns:
    """A network namespace and all that is in it."""

    machine: str
    """The machine that it belongs to."""
    inode: int
    """Its identity: the inode of its nsfs file, as in `readlink /proc/PID/ns/net`."""
    names: tuple[str, ...] = ()
    """Under which names `ip netns` lists it; `root` alone for a machine's first namespace."""
    paths: tuple[str, ...] = ()
    """Other files that it is bind-mounted on."""
    pids: tuple[int, ...] = ()
    """Processes that live in it, as the machine numbers them (not kept for the root namespace)."""
    links: tuple[Link, ...] = ()
    """By ifindex."""
    addresses: tuple[Address, ...] = ()
    """In the kernel's order."""
    routes: tuple[Route, ...] = ()
    """Of all tables, in the kernel's order."""
    neighbours: tuple[Neighbour, ...] = ()
    """In the kernel's order."""
    rules: tuple[PolicyRule, ...] = ()
    """By priority."""
    conf: Mapping[str, LinkConf] = field(default_factory=lambda: MappingProxyType({}))
    """net.ipv4.conf by link name, with `all` and `default`."""
    chains: tuple[Chain, ...] = ()
    """Firewall chains, nftables first."""
    flows: tuple[Flow, ...] = ()
    """Tracked connections."""
    bridge_nf: bool | None = None
    """net.bridge.bridge-nf-call-iptables; None where the kernel has no bridge netfilter."""
    is_home: bool = True
    """Whether its machine is the learner's."""
    folders: tuple[NetnsFolder, ...] = ()
    """Of a machine's first namespace: `/run/netns`, where it is there, and other folders with namespaces in them."""

    @property
    def label(self) -> str:
        """What to call it in a message: a name, else the file that it is mounted on, else a process.

        Of a file in a folder called `netns`, where programs that run containers keep such files, the name is enough.
        """
        if self.names:
            return self.names[0]
        if self.paths:
            folder, _, name = self.paths[0].rpartition("/")
            return name if folder.endswith("/netns") else self.paths[0]
        return f"the namespace of process {self.pids[0]}" if self.pids else f"net:[{self.inode}]"

    @property
    def forwarding(self) -> bool:
        """net.ipv4.ip_forward."""
        return self.conf.get("all", LinkConf()).forwarding

    def find_link(self, name: str) -> Link | None:
        """The link called `name` (altnames count), or None."""
        return next((link for link in self.links if link.name == name or name in link.altnames), None)

    def find_link_by_index(self, index: int | None) -> Link | None:
        """The link with this ifindex, or None."""
        return next((link for link in self.links if link.index == index), None)

    def addresses_of(self, link: Link) -> tuple[Address, ...]:
        """The addresses of `link`."""
        return tuple(address for address in self.addresses if address.link == link.index)

    def ports_of(self, bridge: Link) -> tuple[Link, ...]:
        """The links whose master is `bridge`."""
        return tuple(link for link in self.links if link.master == bridge.index)


@dataclass(frozen=True, slots=True)
class NetworkState:
    """All namespaces of the machines of a lab, at one moment."""

    namespaces: tuple[Netns, ...]
    """Each machine's root namespace comes before the machine's others."""
    home: str = ""
    """The learner's machine; where empty, the machine of the first namespace."""
    cloud: Cloud = field(default_factory=Cloud)
    """The network between the machines."""

    def find_netns(self, name: str = ROOT, machine: str = "") -> Netns | None:
        """The namespace that `machine` (default: the learner's) calls `name`, or None.

        `name` is `root`, a name that `ip netns` lists, the path of a file that it is bind-mounted on, or the name of
        such a file in a folder called `netns`. `node1:root` is the one that the machine `node1` calls `root`.
        """
        if not machine:
            machine, name = self.split_place(name)
        found = next((netns for netns in self.of(machine) if name in netns.names or name in netns.paths), None)
        return found or next((netns for netns in self.of(machine) if name and name == netns.label), None)

    def split_place(self, place: str) -> tuple[str, str]:
        """The machine that a place such as `node1:root` names (empty for the learner's), and what it calls it."""
        machine, colon, name = place.partition(":")
        if colon and any(netns.machine == machine for netns in self.namespaces):
            return machine, name
        return "", place

    def place_of(self, netns: Netns) -> str:
        """By what name `find_netns` finds a namespace."""
        home = self.home or (self.namespaces[0].machine if self.namespaces else "")
        return netns.label if netns.machine == home else f"{netns.machine}:{netns.label}"

    def of(self, machine: str = "") -> Iterator[Netns]:
        """The namespaces of `machine` (default: the learner's)."""
        machine = machine or self.home or (self.namespaces[0].machine if self.namespaces else "")
        return (netns for netns in self.namespaces if netns.machine == machine)

    def find_link(self, name: str, machine: str = "") -> tuple[Netns, Link] | None:
        """The first link called `name` in any namespace of `machine`, root first; or None."""
        for netns in self.of(machine):
            link = netns.find_link(name)
            if link is not None:
                return netns, link
        return None

    def find_peer(self, link: Link) -> tuple[Netns, Link] | None:
        """The other end of a veth and where it is; None when it is not a veth or its peer was not read."""
        if link.peer_netns is None:
            return None
        for netns in self.namespaces:
            if netns.inode == link.peer_netns:
                peer = netns.find_link_by_index(link.peer_index)
                return (netns, peer) if peer is not None else None
        return None
