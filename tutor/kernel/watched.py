"""One namespace that is watched: its four sockets, what is known of it, and what of that is dirty.

Sockets keep a namespace alive, so whoever has one of these closes it as soon as the namespace has no other holder.
Does not know the other namespaces.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import TypeVar

from tutor.check import Address, Chain, Flow, Link, LinkConf, Neighbour, Netns, NetnsFolder, PolicyRule, Route
from tutor.errors import KernelReadError, LabError, LabGone
from tutor.kernel.addresses import read_addresses, read_rules
from tutor.kernel.change import Change, Part
from tutor.kernel.conntrack import read_flows
from tutor.kernel.events import (
    NETFILTER_GROUPS,
    ROUTE_GROUPS,
    Events,
    interpret_netfilter_messages,
    interpret_route_messages,
)
from tutor.kernel.legacy import parse_legacy_rules
from tutor.kernel.links import read_links, resolve_peers
from tutor.kernel.netlink import NETLINK_NETFILTER, NETLINK_ROUTE, EventSocket, RequestSocket
from tutor.kernel.nftables import read_chains
from tutor.kernel.routes import CONF_ALL, CONF_DEFAULT, read_conf, read_neighbours, read_routes
from tutor.kernel.source import NamespaceSource, Sighting

T = TypeVar("T")

_BRIDGE_NF = "net/bridge/bridge-nf-call-iptables"
_PROTOCOLS = (NETLINK_ROUTE, NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_NETFILTER)


class Watched:
    """A namespace with its sockets open; nothing is read before `refresh`.

    Args:
        inode: which namespace.
        source: opens the sockets.

    Raises:
        LabError: it is gone.
        KernelReadError: its sockets can't be used.
    """

    def __init__(self, inode: int, source: NamespaceSource) -> None:
        self._inode = inode
        self._source = source
        opened = [socket.socket(fileno=descriptor) for descriptor in source.open_sockets(inode, _PROTOCOLS)]
        try:
            route, route_events, netfilter, netfilter_events = opened
            self._route, self._netfilter = RequestSocket(route), RequestSocket(netfilter)
            # Listening comes before the first dump: what changes in between is read twice rather than never.
            self._route_events = EventSocket(route_events, ROUTE_GROUPS)
            self._netfilter_events = EventSocket(netfilter_events, NETFILTER_GROUPS)
        except (OSError, ValueError) as error:
            for one in opened:
                one.close()
            raise _unreadable(inode, error) from error
        self.dirty = set(Part)
        """What has to be read again."""
        self._links: tuple[Link, ...] = ()
        self._link_names: Mapping[int, str] = {}
        self._addresses: tuple[Address, ...] = ()
        self._routes: tuple[Route, ...] = ()
        self._neighbours: tuple[Neighbour, ...] = ()
        self._rules: tuple[PolicyRule, ...] = ()
        self._conf: Mapping[int, LinkConf] = {}
        self._nft: tuple[Chain, ...] = ()
        self._legacy: tuple[Chain, ...] = ()
        self._legacy_text = ""
        self._flows: tuple[Flow, ...] = ()
        self._bridge_nf: bool | None = None
        self._nsids: Mapping[int, int] = {}
        self._nsids_without_answer: set[int] = set()
        self._netns = Netns("", inode)

    def filenos(self) -> tuple[int, int]:
        """Descriptors that become readable with an event."""
        return self._route_events.fileno(), self._netfilter_events.fileno()

    def close(self) -> None:
        """Let go of the namespace."""
        for one in (self._route, self._route_events, self._netfilter, self._netfilter_events):
            one.close()

    def drain(self) -> Events:
        """Read the events that wait, and mark what they make dirty. Does not wait for any.

        Raises:
            KernelReadError: a socket failed.
        """
        try:
            messages, lost = self._route_events.drain()
            netfilter_messages, netfilter_lost = self._netfilter_events.drain()
        except OSError as error:
            raise _unreadable(self._inode, error) from error
        if lost or netfilter_lost:
            events = Events(set(Part), Change(network=True, traffic=True), link_moved=True, nsid_taken=True)
        else:
            events = interpret_route_messages(messages, self._link_names)
            netfilter = interpret_netfilter_messages(netfilter_messages)
            events.dirty |= netfilter.dirty
            events.change |= netfilter.change
        if events.nsid_taken:
            self._nsids = {}
        if events.nsid_taken or events.nsid_given:
            self.ask_nsids_again()
        self.dirty |= events.dirty
        return events

    def ask_nsids_again(self) -> None:
        """Have numbers of namespaces that nobody knew asked once more: there may be new namespaces."""
        self._nsids_without_answer.clear()

    def read_silent(self) -> bool:
        """Read what changes without an event: legacy iptables and bridge netfilter. Returns whether it did change.

        Raises:
            LabError: the namespace is gone.
        """
        text = self._source.legacy_rules(self._inode)
        sysctls = self._source.read_sysctls(self._inode, (_BRIDGE_NF,))
        bridge_nf = sysctls[_BRIDGE_NF].strip() != "0" if _BRIDGE_NF in sysctls else None
        legacy = self._legacy if text == self._legacy_text else _kept(self._legacy, parse_legacy_rules(text))
        changed = bridge_nf != self._bridge_nf or legacy is not self._legacy
        self._legacy, self._legacy_text, self._bridge_nf = legacy, text, bridge_nf
        return changed

    def refresh(self, *, flows: bool) -> None:
        """Read what is dirty.

        Args:
            flows: read what packets change without an event, too: tracked connections, and the counters of rules.

        Raises:
            KernelReadError: the kernel refused, or said what can't be decoded.
        """
        if flows and self._nft:
            self.dirty.add(Part.CHAINS)
        try:
            self._flows = _kept(self._flows, read_flows(self._netfilter)) if flows else ()
            for part in Part:  # in their order: the rules of a firewall want the names of links
                if part in self.dirty:
                    self._read(part)
                    self.dirty.discard(part)
        except (OSError, LookupError, ValueError, struct.error) as error:
            raise _unreadable(self._inode, error) from error

    def _read(self, part: Part) -> None:
        match part:
            case Part.LINKS:
                self._read_links()
            case Part.ADDRESSES:
                self._addresses = _kept(self._addresses, read_addresses(self._route))
            case Part.ROUTES:
                self._routes = _kept(self._routes, read_routes(self._route))
            case Part.NEIGHBOURS:
                self._neighbours = _kept(self._neighbours, read_neighbours(self._route))
            case Part.RULES:
                self._rules = _kept(self._rules, read_rules(self._route))
            case Part.CONF:
                self._conf = read_conf(self._route)
            case Part.CHAINS:
                self._nft = _kept(self._nft, read_chains(self._netfilter, self._link_names))

    def _read_links(self) -> None:
        self._links = _kept(self._links, read_links(self._route))
        self.ask_nsids_again()
        names = {link.index: link.name for link in self._links}
        if names != self._link_names and self._nft:
            self.dirty.add(Part.CHAINS)  # rules may name links by ifindex
        self._link_names = names

    def put_together(self, sighting: Sighting, readable: Container[int], *, is_home: bool = True) -> Netns:
        """The namespace as it was last read; the very same object as before where nothing is another.

        Args:
            sighting: where it was found this time.
            readable: inodes of all namespaces that are read; the peers of veths elsewhere are left out.
            is_home: whether it is one of the learner's machine.
        """

        def find_peer(nsid: int | None) -> int | None:
            inode = self._find_inode(nsid)
            return inode if inode in readable else None

        before = self._netns
        conf = {self._conf_name(index): conf for index, conf in self._conf.items()}
        netns = Netns(
            machine=sighting.machine,
            inode=sighting.inode,
            names=sighting.names,
            paths=sighting.paths,
            pids=sighting.pids,
            links=_kept(before.links, resolve_peers(self._links, find_peer)),
            addresses=self._addresses,
            routes=self._routes,
            neighbours=self._neighbours,
            rules=self._rules,
            conf=before.conf if conf == before.conf else MappingProxyType(conf),
            chains=_kept(before.chains, self._nft + self._legacy),
            flows=self._flows,
            bridge_nf=self._bridge_nf,
            is_home=is_home,
            folders=tuple(NetnsFolder(*folder) for folder in sighting.folders),
        )
        self._netns = _kept(before, netns)
        return self._netns

    def _conf_name(self, index: int) -> str:
        return {CONF_ALL: "all", CONF_DEFAULT: "default"}.get(index) or self._link_names.get(index, str(index))

    def _find_inode(self, nsid: int | None) -> int | None:
        """The namespace that a `link-netnsid` means, asked of the source only when it is a new one."""
        if nsid is None:
            return self._inode
        if nsid not in self._nsids and nsid not in self._nsids_without_answer:
            try:
                self._nsids = self._source.nsids(self._inode)
            except LabGone:
                raise
            except LabError:  # gone since it was sighted: the next scan finds that out
                self._nsids = {}
            if nsid not in self._nsids:
                self._nsids_without_answer.add(nsid)
        return self._nsids.get(nsid)


def _kept(before: T, now: T) -> T:
    """`before` where it equals `now`, so that the same things stay the same objects."""
    return before if before == now else now


def _unreadable(inode: int, error: Exception) -> KernelReadError:
    if isinstance(error, OSError):
        hint = "only the owner of the lab's user namespace may look" if error.errno == errno.EPERM else ""
        return KernelReadError(f"the kernel does not tell of net:[{inode}]: {error.strerror or error}", hint=hint)
    return KernelReadError(f"what the kernel tells of net:[{inode}] can't be decoded: {error!r}")
